//! The command as a user meets it: exit codes, what goes to stdout and to stderr, files.

mod support;

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use support::desk::{Desk, text};

/// An M/M/1 with an objective: quick to simulate, with something to find.
const MODEL: &str = "
knee: 1
name: counter
load: {rate: 50/s, requests: {desk.serve: 1}}
services:
  desk: {workers: 1, endpoints: {serve: [{delay: {exp: 10ms}}]}}
slo: {desk.serve: [p95 < 100ms]}
study: {requests: 2_000}
";

const RESULTS: [&str; 4] = ["sweep.csv", "sweep.json", "sweep.png", "sweep.svg"];

#[test]
fn a_run_prints_its_result_on_stdout_and_nothing_else_there() {
    let desk = Desk::with(MODEL);
    let output = desk.knee("run m.yaml");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("desk"));
    assert_eq!(text(&output.stderr), "", "no terminal, no bar; no fault, no warning");
    assert_eq!(desk.files("."), ["m.yaml"], "a run leaves no file unless asked");
}

/// A cold cache fills during the run, and nothing is limited but a database that is next to idle.
#[test]
fn what_has_yet_to_settle_is_not_taken_for_saturation() {
    let desk = Desk::with(
        "
knee: 1
load: {rate: 1_000/s, requests: {web.get: 1}}
services: {web: {workers: unlimited, endpoints: {get: [{get: items, key: item}]}}}
caches: {items: {entries: 50_000, start: cold, keys: {zipf: {n: 1_000_000, s: 0.9}}, on_miss: [{query: db.read}]}}
databases: {db: {servers: 400, queries: {read: {read: 20ms}}}}
study: {warmup: 1s}
",
    );
    let told = desk.done("run m.yaml --requests 5_000");
    let first = told.lines().next().unwrap();
    assert!(first.ends_with("undecided: something, such as a cache, has yet to settle"), "{first}");
    let point = &desk.json("run m.yaml --requests 5_000 --json")["points"][0];
    assert_eq!((point["state"].as_str(), point["settling"].as_bool()), (Some("undecided"), Some(true)));
}

#[test]
fn json_is_one_document_with_one_point_a_run() {
    let desk = Desk::with(MODEL);
    let document = desk.json("run m.yaml --json --seed 7");
    assert_eq!((&document["model"], &document["seed"]), (&"counter".into(), &7.into()));
    assert_eq!(document["points"].as_array().unwrap().len(), 1);
    assert!(document["points"][0]["total"]["latency_s"]["p95"]["value"].is_number());
}

#[test]
fn a_sweep_prints_the_decision_and_leaves_four_files() {
    let desk = Desk::with(MODEL);
    let output = desk.knee("sweep m.yaml --at 20/s,50/s,80/s");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("output/counter/sweep.svg"), "{}", text(&output.stderr));
    assert!(!text(&output.stdout).contains('\u{1b}'), "no styles where nobody sees them");
    assert_eq!(desk.files("output/counter"), RESULTS);
    let saved = fs::read_to_string(desk.path().join("output/counter/sweep.json")).unwrap();
    let saved: Value = serde_json::from_str(&saved).unwrap();
    let loads: Vec<_> = saved["points"].as_array().unwrap().iter().map(|p| p["load"]["at"].clone()).collect();
    assert_eq!(loads, [20.0, 50.0, 80.0]);
}

#[test]
fn json_on_stdout_is_the_json_of_the_file() {
    let desk = Desk::with(MODEL);
    let printed = desk.done("sweep m.yaml --at 20,50 --json --quiet --out here");
    assert_eq!(printed, fs::read_to_string(desk.path().join("here/sweep.json")).unwrap());
    assert_eq!(desk.files("."), ["here", "m.yaml"]);
}

#[test]
fn quiet_leaves_stderr_empty() {
    let output = Desk::with(MODEL).knee("sweep m.yaml --at 20,50 --quiet");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let desk = Desk::with(MODEL);
    let one = desk.done("sweep m.yaml --at 20,50,80 --threads 1 --out one");
    let two = desk.done("sweep m.yaml --at 20,50,80 --threads 2 --out two");
    assert_eq!(one, two);
    for name in RESULTS {
        let read = |directory: &str| fs::read(desk.path().join(directory).join(name)).unwrap();
        assert_eq!(read("one"), read("two"), "{name}");
    }
}

#[test]
fn another_seed_gives_other_numbers_and_the_same_seed_the_same() {
    let desk = Desk::with(MODEL);
    let run = |seed: u64| desk.done(&format!("run m.yaml --seed {seed} --json"));
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn results_are_replaced_but_never_a_file_of_somebody_else() {
    let desk = Desk::with(MODEL);
    desk.done("sweep m.yaml --at 20,50");
    desk.done("sweep m.yaml --at 20,50");
    let foreign = desk.path().join("output/counter/sweep.csv");
    fs::write(&foreign, "my own notes\n").unwrap();
    let told = desk.refused("sweep m.yaml --at 20,50");
    assert!(told.contains("sweep.csv") && told.contains("--out"), "{told}");
    assert_eq!(fs::read_to_string(foreign).unwrap(), "my own notes\n");
    assert_eq!(desk.files("output/counter"), RESULTS, "no half-written file is left");
}

#[test]
fn the_name_of_a_model_does_not_lead_out_of_the_output_directory() {
    let desk = Desk::with(MODEL);
    assert!(desk.refused("sweep m.yaml --set name=../../up").contains("../../up"));
    // A model without a name is called like its file, and the stem of this one is `..`.
    let unnamed = MODEL.replace("name: counter", "");
    fs::write(desk.path().join("...yaml"), unnamed).unwrap();
    desk.done("sweep ...yaml --at 20,50");
    assert_eq!(desk.files("."), ["...yaml", "m.yaml", "output"]);
    assert_eq!(desk.files("output"), ["model"]);
}

#[test]
fn a_load_on_the_command_line_takes_the_place_of_the_files() {
    let desk = Desk::with(MODEL);
    let offered = |line: &str| {
        let point = &desk.json(line)["points"][0];
        point["total"]["offered_per_s"]["value"].as_f64().unwrap()
    };
    // 20 replications of 2,000 requests: the standard error of the rate is 0.5 %.
    assert!((offered("run m.yaml --json --rate 20/s") / 20.0 - 1.0).abs() < 0.03);
    assert!((offered("run m.yaml --json --rate 1_200/min --group load") / 20.0 - 1.0).abs() < 0.03);
    assert!((offered("run m.yaml --json --set load.rate=30/s") / 30.0 - 1.0).abs() < 0.03);
    assert!(desk.refused("run m.yaml --users 10").contains("use --rate"));
    assert!(desk.refused("run m.yaml --rate 10/s --group shoppers").contains("`shoppers`"));
}

#[test]
fn several_groups_need_a_name() {
    let two = "load:
  a: {rate: 20/s, requests: {desk.serve: 1}}
  b: {users: 4, think: {exp: 1s}, requests: {desk.serve: 1}}";
    let desk = Desk::with(&MODEL.replace("load: {rate: 50/s, requests: {desk.serve: 1}}", two));
    assert!(desk.refused("run m.yaml --rate 10/s").contains("--group"));
    assert!(desk.refused("run m.yaml --rate 10/s --group b").contains("use --users"));
    assert!(desk.refused("run m.yaml --users 1.5 --group b").contains("whole number"));
    desk.done("run m.yaml --users 8 --group b --requests 200");
    assert!(desk.refused("sweep m.yaml --at 10/s").contains("factor"));
    assert!(desk.refused("sweep m.yaml --group b --to 10/s").contains("users"));
    assert!(desk.refused("sweep m.yaml --group c").contains("`c`"));
}

#[test]
fn any_path_can_be_the_axis() {
    let desk = Desk::with(MODEL);
    let document = desk.json("sweep m.yaml --over desk.workers=1..3 --json");
    let loads: Vec<_> =
        document["points"].as_array().unwrap().iter().map(|p| p["load"]["at"].clone()).collect();
    assert_eq!(loads, [1.0, 2.0, 3.0]);
    assert!(desk.refused("sweep m.yaml --over desk.wrokers=1..3").contains("desk.wrokers=1"));
    assert!(desk.refused("sweep m.yaml --over desk.workers=3..1").contains("range"));
}

#[test]
fn a_path_that_is_no_axis_is_shown_where_it_was_given() {
    let desk = Desk::with(MODEL);
    let told = |over: &str| desk.refused(&format!("sweep m.yaml --over {over}"));
    let has = |told: String, parts: &[&str]| {
        assert!(parts.iter().all(|part| told.contains(part)), "{told}");
    };
    has(told("dsek.workers=1..3"), &["--over:1:1", "unknown name `dsek`", "`desk`"]);
    has(
        told("desk.serve.1.delay=1ms..9ms"),
        &["--over:1:1", "is not a number but a map", "`desk.serve.1.delay.exp`"],
    );
    has(told("desk.serve=1..9"), &["--over:1:1", "is not a number but a list"]);
    has(told("study.requests=100..900"), &["--over:1:1", "how the model is studied"]);
    has(told("desk..workers=1..3"), &["--over:1:1", "is no path"]);
    has(told("desk.serve.1.delay.exp=9..1ms"), &["range"]);
    has(told("desk.serve.1.delay.exp=1/s..5/s"), &["desk.serve.1.delay.exp=1/s", "`/s` is no unit of time"]);
    assert_eq!(desk.files("."), ["m.yaml"]);
}

/// An M/M/1 that serves 100/s has its most power at 50/s, and from there on 1 % more load costs 1 % more and more.
#[test]
fn a_bend_or_an_end_below_the_lowest_load_is_not_found_there() {
    let desk = Desk::with(MODEL);
    let found = |at: &str| desk.json(&format!("sweep m.yaml --at {at} --json"));
    let document = found("80,84,88,92,95");
    let open = |what: &Value, high: f64, reason: &str| {
        assert_eq!((what["value"].as_f64(), what["high"].as_f64()), (None, Some(high)), "{what}");
        assert_eq!(what["reason"], reason);
    };
    open(&document["knee_at"], 80.0, "no knee above 80: power falls from the lowest load on");
    open(&document["elbow_at"], 80.0, "below 80, the lowest load simulated");
    open(&found("150,200")["saturation_at"], 150.0, "below 150, the lowest load simulated");
}

/// M/M/1 at 50/s with work of 2 to 18 ms: a mean response of 1 / (1 / work - 50/s) at each point.
#[test]
fn an_mm1_swept_over_its_service_time_follows_the_closed_form() {
    let desk = Desk::with(MODEL);
    let document = desk.json("sweep m.yaml --over desk.serve.1.delay.exp=2..18 --json --requests 60_000");
    assert_eq!(document["axis"]["path"], "desk.serve.1.delay.exp");
    let points = document["points"].as_array().unwrap();
    assert_eq!(points.len(), 10);
    for (i, point) in points.iter().enumerate() {
        let over = &point["load"]["over"];
        assert_eq!(over["path"], "desk.serve.1.delay.exp");
        assert_eq!(point["load"]["scale"], 1.0);
        let work = over["value"].as_f64().unwrap();
        assert!((work - (0.002 + 0.016 / 9.0 * i as f64)).abs() < 1e-5, "{work} is not evenly spaced");
        let truth = 1.0 / (1.0 / work - 50.0);
        let mean = &point["total"]["latency_s"]["mean"];
        let [value, low, high] = ["value", "low", "high"].map(|end| mean[end].as_f64().unwrap());
        let half = (high - low) / 2.0;
        // At 0.9 busy 1,200,000 requests give 3.6 % by theory, as the spread of 20 replications sees it give or take a sixth.
        assert!(half < 0.05 * truth, "{value} +- {half} is wide");
        // Ten intervals together: 99.9 %, with 20 replications each.
        assert!((value - truth).abs() < 2.5 * half, "{value} +- {half} is not {truth}");
    }
    // p95 = 3.0 times the mean breaks 100 ms at 1 / work = 50 + ln 20 / 100 ms.
    let limit = document["limit_at"]["value"].as_f64().unwrap();
    let exact = 1.0 / (50.0 + 20.0_f64.ln() / 0.1);
    assert!((limit / exact - 1.0).abs() < 0.02, "{limit} is not {exact}");
    for absent in ["knee_at", "saturation_at", "elbow_at", "kneedle_at"] {
        assert!(document.get(absent).is_none(), "{absent}");
    }
    let text = fs::read_to_string(desk.path().join("output/counter/sweep.csv")).unwrap();
    assert!(text.starts_with("desk.serve.1.delay.exp_s,state,"), "{text}");
}

#[test]
fn an_axis_with_saturated_points_claims_no_latency_there_and_nothing_beyond() {
    let desk = Desk::with(MODEL);
    let text = desk.done("sweep m.yaml --over desk.serve.1.delay.exp=5,10,25,30");
    assert!(text.contains("no steady state at 25, 30"), "{text}");
    assert!(text.contains("desk.serve.1.delay.exp ms"), "{text}");
    let saturated: Vec<_> = text.lines().filter(|line| line.contains("saturated")).collect();
    assert_eq!(saturated.len(), 2, "{text}");
    assert!(saturated.iter().all(|line| line.contains(" - ")), "{text}");
    assert!(!text.contains("knee ") && !text.contains("saturation "), "{text}");
    // Where things get better along the axis, no value is the limit.
    let document = desk.json("sweep m.yaml --over desk.workers=1..2 --set load.rate=90/s --json");
    assert!(document["limit_at"]["value"].is_null());
    let reason = document["slo"][0]["met_up_to"]["reason"].as_str().unwrap();
    assert_eq!(reason, "broken at 1; holds at 2");
}

#[test]
fn points_of_an_axis_share_their_seeds() {
    let desk = Desk::with(MODEL);
    // What has no effect makes no difference at all.
    let document = desk.json("sweep m.yaml --over desk.cores=2..4 --json");
    let points = document["points"].as_array().unwrap();
    assert!(points.windows(2).all(|pair| pair[0]["total"] == pair[1]["total"]));
}

#[test]
fn a_trace_has_one_line_a_request_in_the_order_of_their_ends() {
    let desk = Desk::with(MODEL);
    desk.done("run m.yaml --requests 500 --trace t.csv");
    let mut reader = csv::Reader::from_path(desk.path().join("t.csv")).unwrap();
    let head: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(
        head,
        ["request", "group", "serial", "submitted_s", "ended_s", "latency_s", "outcome", "place"]
    );
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert!(rows.len() >= 500, "{}", rows.len());
    let number = |row: &csv::StringRecord, i: usize| row[i].parse::<f64>().unwrap();
    // One worker, first come first served: ends are in the order of submissions, and of serials.
    for pair in rows.windows(2) {
        assert!(number(&pair[0], 4) <= number(&pair[1], 4));
        assert!(number(&pair[0], 2) < number(&pair[1], 2));
    }
    for row in &rows {
        assert_eq!((&row[0], &row[6]), ("desk.serve", "right"));
        assert!((number(row, 4) - number(row, 3) - number(row, 5)).abs() < 1e-6);
    }
}

#[test]
fn a_trace_replaces_the_file_that_was_named_but_not_the_model() {
    let desk = Desk::with(MODEL);
    fs::write(desk.path().join("t.csv"), "old").unwrap();
    desk.done("run m.yaml --requests 100 --trace t.csv");
    assert!(fs::read_to_string(desk.path().join("t.csv")).unwrap().starts_with("request,"));
    assert!(desk.refused("run m.yaml --requests 100 --trace ./m.yaml").contains("is the model"));
    assert!(desk.refused("run m.yaml --requests 100 --trace .").contains("directory"));
    assert!(desk.refused("run m.yaml --requests 100 --trace no/such/t.csv").contains("no such"));
    assert_eq!(desk.files("."), ["m.yaml", "t.csv"]);
}

#[test]
fn a_new_model_is_written_once_and_runs() {
    let desk = Desk::with(MODEL);
    desk.done("new shop.yaml");
    let told = desk.refused("new shop.yaml");
    assert!(told.contains("shop.yaml") && told.contains("exists"), "{told}");
    let told = desk.refused("new .");
    assert!(told.contains("directory"), "{told}");
    let output = desk.knee("run shop.yaml --requests 300");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
    assert!(desk.done("explain shop.yaml").contains("web"));
}

#[test]
fn the_schema_is_json_and_completions_know_the_commands() {
    let desk = Desk::with(MODEL);
    assert!(desk.json("schema")["properties"]["services"].is_object());
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(desk.done(&format!("completions {shell}")).contains("sweep"), "{shell}");
    }
    assert!(desk.refused("completions dos").contains("dos"));
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let desk = Desk::with(MODEL);
    for line in [
        "run m.yaml --rate -5/s",
        "run m.yaml --rate 5ms",
        "run m.yaml --rate 1e12/s",
        "run m.yaml --precision p95",
        "run m.yaml --precision p95=0",
        "run m.yaml --precision q95=5%",
        "run m.yaml --replications 1",
        "run m.yaml --threads 0",
        "run m.yaml --requests 0",
        "run m.yaml --requests -1",
        "run m.yaml --duration 10",
        "run m.yaml --duration 0s",
        "run m.yaml --seed half",
        "run m.yaml --set desk.workers",
        "run m.yaml --bogus",
        "run m.yaml more.yaml",
        "run",
        "sweep m.yaml --from 90/s --to 10/s",
        "sweep m.yaml --at 10/s,x",
        "sweep m.yaml --over desk.workers",
        "compare m.yaml m.yaml",
        "size m.yaml",
        "plan m.yaml",
        "check m.yaml --at-peak --at-file",
        "check m.yaml --annotations --json",
    ] {
        let told = desk.refused(line);
        assert!(told.starts_with("error"), "{line}: {told}");
    }
}

#[test]
fn warnings_go_to_stderr_and_quiet_ends_them() {
    let desk = Desk::with(&MODEL.replace("rate: 50/s", "rate: 500/s"));
    let output = desk.knee("run m.yaml --rate 50/s");
    assert!(text(&output.stderr).contains("warning"), "{}", text(&output.stderr));
    assert_eq!(text(&desk.knee("run m.yaml --rate 50/s --quiet").stderr), "");
}

#[test]
fn help_and_version_are_results() {
    let desk = Desk::with(MODEL);
    assert!(desk.done("--help").contains("sweep"));
    assert!(desk.done("sweep --help").contains("--over"));
    assert!(desk.done("--version").starts_with("knee "));
}

#[test]
fn a_full_disk_behind_stdout_is_told() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Desk::with(MODEL).command("schema").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no space left"), "{}", text(&output.stderr));
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let desk = Desk::with(MODEL);
    for line in ["schema", "completions bash", "run m.yaml --json", "--help"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(line).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()), "{line}");
    }
}

#[test]
fn size_prints_its_decision_and_leaves_its_files() {
    let desk = Desk::with(MODEL);
    let line = "size m.yaml --knob desk.workers=1..8 --rate 50/s,150/s --headroom 90%";
    let told = desk.done(line);
    assert!(told.starts_with("50/s: desk workers 1: 1 replica, p95 of desk.serve "), "{told}");
    assert!(told.contains("the model states no prices"), "{told}");
    assert_eq!(desk.files("output/counter"), ["size.csv", "size.json", "size.png", "size.svg"]);
    let document = desk.json(&format!("{line} --json"));
    assert_eq!(document["milestones"][0]["winner"]["values"][0], "1");
    assert_eq!(document["milestones"][1]["winner"]["values"][0], "2");
}

#[test]
fn size_tells_what_cannot_be_sized() {
    let desk = Desk::with(MODEL);
    let told = |flags: &str| desk.refused(&format!("size m.yaml {flags}"));
    assert!(told("--quiet").contains("nothing to choose: name knobs in the section `size`"));
    let near = told("--knob desk.wrokers=1..8");
    assert!(near.contains("unknown key `wrokers`") && near.contains("`workers`"), "{near}");
    let near = told("--knob dsek.workers=1..8");
    assert!(near.contains("a similar name exists: `desk`"), "{near}");
    assert!(told("--knob desk.workers=8..1").contains("ends where it begins, or before"));
    assert!(told("--knob desk.workers=1..8 --users 100").contains("use --rate"));
    assert!(told("--knob desk.workers=1..8 --survive zone").contains("models know no zones"));
    assert!(told("--knob desk.workers=1..8 --headroom 0%").contains("above 0"));
}

#[test]
fn plan_prints_its_decision_and_leaves_its_files() {
    let growth = "slo: {desk.serve: p95 < 100ms}\nsize: {desk.workers: 1..4}\ngrowth: {rate: 20/s, monthly: 10%, from: 2027-01-01, lead_times: {desk.workers: 7d}}\n";
    let desk = Desk::with(&format!("{PLANNED}{growth}"));
    let told = desk.done("plan m.yaml");
    let first = told.lines().next().unwrap();
    assert!(first.starts_with("p95 of desk.serve breaks 100 ms on 2027-0"), "{told}");
    assert!(told.contains("desk.workers 1 -> 2"), "{told}");
    assert_eq!(desk.files("output/counter"), ["plan.csv", "plan.json", "plan.png", "plan.svg"]);
    let document = desk.json("plan m.yaml --months 3 --dates-only --json");
    assert!(document["limits"][0]["breaks"].is_null() && document["steps"][0].is_null());
}

#[test]
fn plan_tells_what_cannot_be_planned() {
    let told = |growth: &str| {
        Desk::with(&format!("{PLANNED}slo: {{desk.serve: p95 < 100ms}}\n{growth}"))
            .refused("plan m.yaml --quiet")
    };
    assert!(told("").contains("does not say how its load grows"));
    let factors = "season: [1, 1, 1]";
    for (growth, message) in [
        ("monthly: 5%", "`from` is missing"),
        ("from: 2027-02-30", "there is no day `2027-02-30`"),
        ("from: soon", "`soon` is no date"),
        (
            "from: 2027-02-01, campaigns: [{at: 2027-01-31, x: 2}]",
            "a campaign on 2027-01-31, before 2027-02-01",
        ),
        ("from: 2027-02-01, campaigns: [{at: 2027-03-31, x: 0}]", "`0` is no factor"),
        (&format!("from: 2027-02-01, {factors}"), "a season of 3 factors"),
        ("from: 2027-02-01, users: 5, rate: 5/s", "`users` and `rate` are both stated"),
        ("from: 2027-02-01, users: 5", "has a rate and no users"),
        ("from: 2027-02-01, monthly: -100%", "cannot change by -100 % a month"),
        ("from: 2027-02-01, policy: 0x", "`0x` is no factor"),
        ("from: 2027-02-01, lead_times: {dsek.workers: 1d}", "a similar name exists: `desk`"),
        ("from: 2027-02-01, lead_times: {desk.wrokers: 1d}", "unknown key `wrokers`"),
    ] {
        let told = told(&format!("growth: {{{growth}}}\n"));
        assert!(told.contains(message), "{growth}: {told}");
        assert!(told.contains("m.yaml:7:"), "{growth}: {told}");
    }
}

/// An M/M/1 that serves 100 a second.
const PLANNED: &str = "knee: 1
name: counter
load: {rate: 50/s, requests: {desk.serve: 1}}
services:
  desk: {workers: 1, endpoints: {serve: [{delay: {exp: 10ms}}]}}
";

/// Equal keys and room for all: nothing is missed before the flush.
const FLUSHED: &str = "
knee: 1
name: flushed
load: {rate: 200/s, requests: {web.get: 1}}
services: {web: {workers: unlimited, endpoints: {get: [{delay: 1ms}, {get: c}]}}}
caches: {c: {entries: unlimited, keys: {uniform: 100}, flush: {at: 2s}, on_miss: [{query: db.load}]}}
databases: {db: {servers: unlimited, queries: {load: {read: 5ms}}}}
study: {duration: 6s}
";

#[test]
fn a_model_with_time_in_it_is_shown_over_time_and_drawn() {
    let desk = Desk::with(FLUSHED);
    let told = desk.done("run m.yaml -q --out here");
    for part in ["c is flushed at 2 s", "c hits", "a block for each 100 ms", "checks hold (flow, little)"] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    assert!(told.lines().all(|line| line.chars().count() <= 100), "{told}");
    assert_eq!(desk.files("here"), ["run.json", "timeline.csv", "timeline.png", "timeline.svg"]);
    // They are known again, and replaced.
    desk.done("run m.yaml -q --out here");
    let document: Value =
        serde_json::from_str(&fs::read_to_string(desk.path().join("here/run.json")).unwrap()).unwrap();
    let point = &document["points"][0];
    assert_eq!((&point["state"], &point["changes"][0]["at_s"]), (&"transient".into(), &2.0.into()));
    let timeline = point["timeline"].as_array().unwrap();
    assert_eq!(timeline.len(), 60);
    assert_eq!((&timeline[20]["at_s"], &timeline[20]["until_s"]), (&2.0.into(), &2.1.into()));
    assert!(timeline[20]["latency_s"]["p95"]["value"].as_f64().unwrap() > 0.005);
    assert!(timeline[20]["places"]["c"]["hit_ratio"]["low"].is_number());
    assert_eq!(desk.json("run m.yaml -q --json --threads 1"), desk.json("run m.yaml -q --json --threads 4"));
    assert!(desk.done("explain m.yaml").contains("at 2s  c is flushed"));
}

#[test]
fn only_a_run_takes_a_model_with_time_in_it() {
    let desk = Desk::with(FLUSHED);
    for line in
        ["sweep m.yaml", "rank m.yaml", "size m.yaml", "check m.yaml", "compare m.yaml --set web.workers=2"]
    {
        let told = desk.refused(line);
        assert!(told.contains("m.yaml:6:"), "{line}: {told}");
        assert!(told.contains("time in the model anywhere but in a run"), "{line}: {told}");
        assert!(told.contains("`knee run` shows it over time"), "{line}: {told}");
    }
    assert!(desk.refused("run m.yaml --requests 500").contains("--requests has no effect"));
    assert!(
        desk.refused("run m.yaml --duration 2s").contains("--duration 2s ends before c is flushed at 2s")
    );
}
