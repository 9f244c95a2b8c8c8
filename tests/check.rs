//! `knee check` as a CI server meets it: exit codes, JUnit, annotations, baselines.

mod support;

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;
use support::desk::{Desk, text};

/// An M/M/1 at half load: p95 is 59.9 ms, utilisation 50 %.
const MODEL: &str = "knee: 1
name: counter
load: {rate: 50/s, requests: {desk.serve: 1}}
services:
  desk: {workers: 1, cost: 100 $/month, endpoints: {serve: [{delay: {exp: 10ms}}]}}
slo:
  desk.serve: [p95 < 100ms, errors < 1%]
  desk: [utilization < 80%]
  total: [cost < 150 $/month]
study: {requests: 2_000}
";

impl Desk {
    /// Stdout of a check that ends with this exit code.
    #[track_caller]
    fn checked(&self, code: i32, line: &str) -> String {
        let output = self.knee(&format!("check m.yaml --quiet {line}").trim_end().replace("  ", " "));
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{line}\n{out}\n{err}");
        if code == 2 {
            assert_eq!(out, "");
            return err;
        }
        assert_eq!(err, "");
        out
    }

    fn change(&self, from: &str, to: &str) {
        let model = self.read("m.yaml");
        assert!(model.contains(from));
        self.write("m.yaml", &model.replace(from, to));
    }
}

#[test]
fn all_hold() {
    insta::assert_snapshot!(Desk::with(MODEL).checked(0, ""), @r#"
    PASS at 50/s (the load of the file): 4 of 4 objectives hold

      of          objective            found           95 %  verdict
      desk.serve  p95 < 100ms          60 ms          58-62  holds
      desk.serve  errors < 1%            0 %  0.0000-0.0092  holds
      desk        utilization < 80%   49.7 %      48.9-50.5  holds
      total       cost < 150 $/month    $100                 holds
    "#);
}

#[test]
fn a_breach_is_exit_code_1_and_named_first() {
    let desk = Desk::with(MODEL);
    insta::assert_snapshot!(desk.checked(1, "--rate 90/s"), @r#"
    FAIL at 90/s (the load asked for): desk.serve p95 < 100ms is broken; desk utilization < 80% is
    broken

      of          objective            found           95 %  verdict
      desk.serve  p95 < 100ms         300 ms        240-360  broken
      desk.serve  errors < 1%            0 %  0.0000-0.0093  holds
      desk        utilization < 80%   89.2 %      87.7-90.6  broken
      total       cost < 150 $/month    $100                 holds
    "#);
    let first = desk.checked(1, "--set desk.serve.1.delay.exp=30ms");
    let first = first.lines().next().unwrap();
    assert!(first.starts_with("FAIL at 50") && first.contains("no steady state"), "{first}");
}

#[test]
fn a_breach_is_exit_code_1_though_nobody_reads_it() {
    let desk = Desk::with(MODEL);
    for (line, code) in
        [("--rate 90/s", 1), ("--rate 90/s --json", 1), ("--rate 90/s --annotations", 1), ("--rate 40/s", 0)]
    {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("knee"));
        command.current_dir(desk.path()).args(format!("check m.yaml --quiet {line}").split(' '));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{line}");
    }
}

#[test]
fn what_only_warns_fails_nothing() {
    let desk = Desk::with(&MODEL.replace("p95 < 100ms", "{warn: p95 < 10ms}, {warn: p50 < 1s}"));
    let shown = desk.checked(0, "--annotations");
    assert!(shown.contains("broken (warns)") && shown.contains("::warning file=m.yaml,line=7,"), "{shown}");
}

#[test]
fn an_interval_that_spans_the_bar_decides_nothing() {
    let desk = Desk::with(&MODEL.replace("p95 < 100ms", "p95 < 59.9ms"));
    insta::assert_snapshot!(desk.checked(0, "--requests 500"), @r#"
    PASS at 50/s (the load of the file): 3 of 4 objectives hold, 1 undecided

      of          objective            found         95 %  verdict
      desk.serve  p95 < 59.9ms         59 ms        53-64  undecided
      desk.serve  errors < 1%            0 %  0.000-0.037  holds
      desk        utilization < 80%   49.6 %    47.7-51.5  holds
      total       cost < 150 $/month    $100               holds

      undecided   desk.serve p95 < 59.9ms: the interval spans the bar; about 11,000 requests a
                  replication would tell; --strict makes it fail
    "#);
    let strict = desk.checked(1, "--requests 500 --strict");
    assert!(strict.starts_with("FAIL") && strict.contains("is undecided"), "{strict}");
}

#[test]
fn the_peak_is_the_load_where_one_is_stated() {
    let desk = Desk::with(&format!("{MODEL}peak: {{rate: 90/s}}\n"));
    let first = |out: String| out.lines().next().unwrap().to_owned();
    assert!(first(desk.checked(1, "")).contains("/s (the peak)"));
    assert!(first(desk.checked(1, "--at-peak")).contains("/s (the peak)"));
    assert!(first(desk.checked(0, "--at-file")).contains("/s (the load of the file)"));
    assert!(first(desk.checked(0, "--rate 40/s")).contains("/s (the load asked for)"));
}

#[test]
fn a_run_that_ends_before_it_began_is_no_result() {
    let endless = "knee: 1
load: {rate: 50/s, requests: {web.go: 1}}
services: {web: {endpoints: {go: [{repeat: {times: 900000, do: [{delay: 10ns}]}}]}}}
slo: {web.go: errors < 1%}
study: {budget: 1_000_000, replications: 2}
";
    let told = Desk::with(endless).checked(2, "");
    assert!(
        told.contains("1000000 events are used up before the first requests are answered: raise `budget`"),
        "{told}"
    );
    let desk = Desk::with(&MODEL.replace("requests: 2_000", "warmup: 1d, budget: 100_000, replications: 2"));
    assert!(desk.checked(2, "").contains("100000 events are used up before the end of the warm-up"));
}

#[test]
fn wrong_input_is_exit_code_2() {
    let desk = Desk::with(MODEL);
    assert!(desk.checked(2, "--at-peak").contains("the model states no peak"));
    assert!(desk.checked(2, "--baseline absent.json").contains("absent.json"));
    assert!(desk.checked(2, "--junit m.yaml").contains("is the model and stays"));
    assert!(desk.checked(2, "--set desk.wrokers=3").contains("wrokers"));
    fs::write(desk.path().join("b.json"), "{\"knee\": 1}").unwrap();
    assert!(desk.checked(2, "--baseline b.json").contains("it is not what"));
    let users = Desk::with(&format!("{MODEL}peak: {{users: 90}}\n"));
    assert!(users.checked(2, "").contains("not of one kind"));
    let none = Desk::with(&MODEL[..MODEL.find("slo:").unwrap()]);
    assert!(none.checked(2, "").contains("no objective to check"));
}

#[test]
fn junit_has_a_case_an_objective() {
    let desk = Desk::with(MODEL);
    desk.checked(1, "--rate 90/s --junit out.xml");
    insta::assert_snapshot!(desk.read("out.xml"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="knee" tests="4" failures="2" errors="0" time="0">
      <testsuite name="counter at 90/s (the load asked for)" tests="4" failures="2" errors="0" skipped="0" time="0">
        <testcase classname="desk.serve" name="p95 &lt; 100ms" time="0">
          <failure type="objective" message="broken: 300 ms (240-360)"/>
        </testcase>
        <testcase classname="desk.serve" name="errors &lt; 1%" time="0"/>
        <testcase classname="desk" name="utilization &lt; 80%" time="0">
          <failure type="objective" message="broken: 89.2 % (87.7-90.6)"/>
        </testcase>
        <testcase classname="total" name="cost &lt; 150 $/month" time="0"/>
      </testsuite>
    </testsuites>
    "#);
    // No schema validator here: at least every tag is closed, and the counts are those of the cases.
    let xml = desk.read("out.xml");
    assert_eq!(xml.matches("<testcase ").count(), 4);
    assert_eq!(xml.matches("<failure ").count(), 2);
    assert!(xml.contains("tests=\"4\" failures=\"2\" errors=\"0\""));
}

#[test]
fn annotations_point_at_the_line_of_the_objective() {
    let desk = Desk::with(MODEL);
    let shown = desk.checked(1, "--rate 90/s --annotations");
    let lines: Vec<&str> = shown.lines().filter(|l| l.starts_with("::")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ::error file=m.yaml,line=7,col=16,title=desk.serve p95 < 100ms::broken: 300 ms (240-360)
    ::error file=m.yaml,line=8,col=10,title=desk utilization < 80%25::broken: 89.2 %25 (87.7-90.6)
    "#);
    let set = desk.checked(1, "--rate 90/s --annotations --set slo.total=[mean<1ms]");
    assert!(set.contains("::error file=m.yaml,title=total mean<1ms::broken"), "{set}");
}

#[test]
fn the_same_model_passes_its_baseline_to_the_last_bit() {
    let desk = Desk::with(MODEL);
    desk.checked(0, "--save-baseline base.json");
    let document: Value = serde_json::from_str(&desk.checked(0, "--baseline base.json --json")).unwrap();
    let changes = document["check"]["baseline"]["changes"].as_array().unwrap();
    // p95 of all and of the endpoint, errors, utilisation, cost.
    assert_eq!(changes.len(), 5);
    for change in changes {
        assert_eq!((&change["difference"]["value"], &change["verdict"]), (&0.0.into(), &"same".into()));
    }
    let saved: Value = serde_json::from_str(&desk.read("base.json")).unwrap();
    assert_eq!(saved["samples"]["figures"][0]["each"].as_array().unwrap().len(), 20);
    assert_eq!(saved["points"], document["points"]);
}

#[test]
fn a_model_made_worse_fails_against_its_baseline_though_its_objectives_hold() {
    let desk = Desk::with(MODEL);
    desk.checked(0, "--save-baseline base.json");
    desk.change("exp: 10ms", "exp: 10.5ms");
    insta::assert_snapshot!(desk.checked(1, "--baseline base.json"), @r#"
    FAIL at 50/s (the load of the file): total p95 is worse than the baseline; desk.serve p95 is worse
    than the baseline; and 1 more

      of          objective            found           95 %  verdict
      desk.serve  p95 < 100ms          67 ms          64-70  holds
      desk.serve  errors < 1%            0 %  0.0000-0.0092  holds
      desk        utilization < 80%   52.2 %      51.3-53.1  holds
      total       cost < 150 $/month    $100                 holds

      of          against the baseline  change              95 %  verdict
      total       p95                    +11 %   +9.9 % to +12 %  worse
      desk.serve  p95                    +11 %   +9.9 % to +12 %  worse
      desk.serve  errors                   0 %                    unchanged
      desk        utilization           +5.0 %  +5.0 % to +5.0 %  worse
      total       cost_per_month           0 %                    unchanged
    "#);
    desk.checked(0, "--baseline base.json --tolerance 20%");
    desk.change("exp: 10.5ms", "exp: 8ms");
    assert!(desk.checked(0, "--baseline base.json").contains("better"));
}

#[test]
fn the_document_of_a_run_is_a_baseline_without_pairs() {
    let desk = Desk::with(MODEL);
    let run = desk.knee("run m.yaml --json");
    fs::write(desk.path().join("run.json"), run.stdout).unwrap();
    let same = desk.checked(0, "--baseline run.json");
    assert!(same.contains("compared unpaired") && same.contains("not distinguishable"), "{same}");
    desk.change("exp: 10ms", "exp: 13ms");
    assert!(desk.checked(1, "--baseline run.json").contains("  worse\n"));
}

#[test]
fn a_check_that_fails_is_no_baseline_for_the_next() {
    let desk = Desk::with(MODEL);
    let before = {
        desk.checked(0, "--save-baseline base.json");
        desk.read("base.json")
    };
    desk.change("exp: 10ms", "exp: 11ms");
    for _ in 0..2 {
        desk.checked(1, "--baseline base.json --save-baseline base.json");
        assert_eq!(desk.read("base.json"), before);
    }
    // Nor is one without a steady state, and it is told.
    let told = desk.knee("check m.yaml --rate 120/s --save-baseline new.json");
    assert_eq!(told.status.code(), Some(1));
    assert!(text(&told.stderr).contains("`new.json` is not written: the check failed"));
    assert!(!desk.path().join("new.json").exists());
}

#[test]
fn two_files_of_one_name_are_refused() {
    let desk = Desk::with(MODEL);
    for line in ["--junit a.xml --save-baseline a.xml", "--junit ./a.xml --save-baseline a.xml"] {
        assert!(desk.checked(2, line).contains("are one file"), "{line}");
    }
    assert!(!desk.path().join("a.xml").exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_to_and_stays() {
    use std::os::unix::fs::FileTypeExt;
    let desk = Desk::with(MODEL);
    let pipe = desk.path().join("p.xml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read_to_string(pipe).unwrap())
    };
    desk.checked(0, "--junit p.xml");
    let is_pipe = fs::metadata(&pipe).unwrap().file_type().is_fifo();
    // Lets a reader go that nobody wrote to.
    let _ = fs::OpenOptions::new().read(true).write(true).open(&pipe);
    assert!(is_pipe);
    assert!(reader.join().unwrap().contains("<testsuites name=\"knee\""));
}

impl Desk {
    /// The objectives of a check, as its JSON tells them, and the requests that ended.
    #[track_caller]
    fn judged(&self, code: i32, line: &str) -> (Vec<Value>, u64) {
        let document: Value = serde_json::from_str(&self.checked(code, &format!("{line} --json"))).unwrap();
        let rows = document["check"]["objectives"].as_array().unwrap().clone();
        (rows, document["points"][0]["total"]["latency_offered_s"]["count"].as_u64().unwrap())
    }
}

/// Exponential answers of 10 ms that hardly ever wait.
fn exponential(slo: &str) -> Desk {
    Desk::with(&format!(
        "knee: 1
name: exponential
load: {{rate: 50/s, requests: {{web.go: 1}}}}
services: {{web: {{workers: 64, endpoints: {{go: [{{delay: {{exp: 10ms}}}}]}}}}}}
slo: {slo}
study: {{requests: 1_000}}
"
    ))
}

/// Where no one of `n` independent trials shows it, 1 - 0.025^(1/n) is the exact upper end (Clopper and Pearson).
fn bound(n: u64) -> f64 {
    1.0 - 0.025_f64.powf(1.0 / n as f64)
}

fn number(row: &Value, key: &str) -> f64 {
    row["value"][key].as_f64().unwrap()
}

#[test]
fn each_apdex_is_judged_at_its_own_threshold() {
    // Satisfied within T, tolerating up to 4 T counts half: ((1 - e^-x) + (1 - e^-4x)) / 2 with x = T / 10 ms.
    let exact = |x: f64| (2.0 - (-x).exp() - (-4.0 * x).exp()) / 2.0;
    let (tight, loose) = ("web.go: [apdex(5ms) > 0.95, apdex(20ms) > 0.5]", "total: [apdex(500ms) > 0.95]");
    for slo in [format!("{{{loose}, {tight}}}"), format!("{{{tight}, {loose}}}")] {
        let model = exponential(&slo);
        model.change("web.go: 1}", "web.go: 1, web.slow: 1}");
        model.change("endpoints: {", "endpoints: {slow: [{delay: {exp: 30ms}}], ");
        let (rows, _) = model.judged(1, "");
        let found = |objective: &str| rows.iter().find(|r| r["objective"] == objective).unwrap();
        // 10,000 answers of `go`: a score spreads by 0.34 at 5 ms and by 0.20 at 20 ms, so that four standard errors are 0.014.
        for (objective, x, verdict) in
            [("apdex(5ms) > 0.95", 0.5, "broken"), ("apdex(20ms) > 0.5", 2.0, "holds")]
        {
            let row = found(objective);
            assert!((number(row, "value") - exact(x)).abs() < 0.014, "{slo}: {row}");
            assert_eq!(row["verdict"], verdict, "{slo}");
        }
        let all = found("apdex(500ms) > 0.95");
        assert!(number(all, "value") > 0.9999 && all["verdict"] == "holds", "{all}");
    }
}

#[test]
fn no_error_among_few_requests_proves_little() {
    let desk = exponential("{web.go: [errors < 0.1%]}");
    desk.change("exp: 10ms}}", "exp: 10ms}}, {fail: 0.4%}");
    for seed in 2..=5 {
        let (rows, n) = desk.judged(0, &format!("--replications 2 --requests 20 --seed {seed}"));
        assert_eq!((number(&rows[0], "value"), &rows[0]["verdict"]), (0.0, &"undecided".into()));
        assert!((number(&rows[0], "high") / bound(n) - 1.0).abs() < 1e-9, "{n}: {}", rows[0]);
        // So many that the bound comes below the bar: 0.025^(1/n) = 0.999 has n = 3,687, of two replications.
        let needed = rows[0]["requests_to_decide"].as_f64().unwrap();
        assert!((needed / (3_687.0 / 2.0) - 1.1).abs() < 0.1, "{needed}");
    }
    assert_eq!(desk.judged(1, "").0[0]["verdict"], "broken");
}

#[test]
fn a_share_of_good_answers_varies_less_than_their_rate() {
    // All are good: what 20,000 of them prove is the exact bound.
    let desk = exponential("{web.go: [goodput > 99.9%, apdex(1s) > 0.999]}");
    let (rows, n) = desk.judged(0, "");
    for row in &rows {
        assert_eq!((number(row, "value"), &row["verdict"]), (1.0, &"holds".into()));
        assert!((number(row, "low") - (1.0 - bound(n))).abs() < 1e-9, "{row}");
    }
    // Good within 20 ms: 1 - e^-2, and a half width of t(0.975, 19) binomial standard errors, give or take what 20 replications leave of the
    // spread (chi-square of 19 degrees at 99.9 %).
    let desk = exponential("{web.go: [p95 < 20ms, goodput > 85%]}");
    let (rows, n) = desk.judged(1, "");
    let share = 1.0 - (-2.0_f64).exp();
    let error = (share * (1.0 - share) / n as f64).sqrt();
    let half = (number(&rows[1], "high") - number(&rows[1], "low")) / 2.0;
    assert!((number(&rows[1], "value") - share).abs() < 4.0 * error, "{}", rows[1]);
    assert!((0.53..1.56).contains(&(half / (2.093 * error))), "{half} of {error}");
}

#[test]
fn nothing_seen_decides_nothing_and_says_so() {
    let desk = exponential("{web.go: [goodput > 99%, errors < 50%, p95 < 1s, apdex(1s) > 0.5]}");
    let (rows, n) = desk.judged(0, "--duration 1us");
    assert_eq!(n, 0);
    for row in &rows {
        assert_eq!((&row["verdict"], row["value"]["value"].as_f64()), (&"undecided".into(), None), "{row}");
    }
    let told = desk.checked(0, "--duration 1us");
    assert!(told.contains("nothing to divide by") && told.contains("p95 < 1s: no observations"), "{told}");
    assert!(!told.contains("saturation"), "{told}");
}

#[test]
fn what_holds_too_near_saturation_is_undecided_for_that_reason() {
    let desk = Desk::with(MODEL);
    desk.change("p95 < 100ms, errors < 1%", "p95 < 100s, errors < 5%");
    let (rows, _) = desk.judged(1, "--rate 99/s --requests 500 --seed 1");
    for row in &rows[..2] {
        assert_eq!((&row["verdict"], row.get("requests_to_decide")), (&"undecided".into(), None), "{row}");
    }
    let told = desk.checked(1, "--rate 99/s --requests 500 --seed 1");
    assert_eq!(told.matches("too near saturation").count(), 2, "{told}");
}
