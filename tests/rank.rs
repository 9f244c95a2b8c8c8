//! Rankings against elasticities that are known exactly, and the command as a user meets it.

mod support;

use knee::experiment::answer::Estimate;
use knee::experiment::figure::Verdict;
use knee::experiment::options::{Options, Quiet};
use knee::experiment::rank::{Criterion, Doubt, Doubts, Effect, Knob, Ranking, rank};
use knee::model::Statistic;
use knee::queueing::{Mm1, Mmc};
use support::desk::Desk;
use support::model;

/// M/M/c at a place of its own before one that nobody waits at: times in ms.
fn desk(rate: f64, servers: u32, service_ms: f64, idle: u32) -> String {
    format!(
        "knee: 1
load: {{rate: {rate}/s, requests: {{s.x: 1}}}}
services: {{s: {{workers: {servers}, queue: unlimited, endpoints: {{x: [{{delay: {{exp: {service_ms}ms}}}}]}}}}}}
databases: {{d: {{servers: {idle}, queries: {{q: {{read: 1ms}}}}}}}}
"
    )
}

fn knob(path: &str, moved: f64, yaml: &str) -> Knob {
    Knob {
        path: path.to_owned(),
        from: "1".to_owned(),
        to: format!("{}", 1.0 + moved),
        moved: Some(moved),
        is_load: false,
        is_small: true,
        model: model(yaml),
    }
}

fn ranked(base: &str, knobs: &[Knob], doubts: &Doubts, requests: u64) -> Ranking {
    let base = model(base);
    let options = Options { requests: Some(requests), ..Options::from(&base.study) };
    let criterion = Criterion { by: Statistic::Mean, of: None, step: 0.1, limit: true };
    rank(&base, knobs, doubts, &criterion, &options, &Quiet).expect("models that run")
}

#[track_caller]
fn effect<'r>(ranking: &'r Ranking, path: &str) -> &'r Effect {
    ranking.effects.iter().find(|e| e.path == path).expect("it was turned")
}

/// Whether an interval holds the truth, and is narrower than a share of it.
#[track_caller]
fn assert_covers(e: &Estimate, truth: f64, narrow: f64) {
    let (low, high) = (e.low.unwrap(), e.high.unwrap());
    assert!(low <= truth && truth <= high, "{truth} is not within {low}..{high}");
    assert!(high - low < narrow * truth.abs(), "{low}..{high} is wide");
}

/// T = s / (1 - lambda s), so d ln T / d ln s = 1 / (1 - rho): 3.3 at 0.7. Of a finite step it is the quotient of differences.
#[test]
fn the_elasticity_of_an_mm1_is_one_over_what_is_left_idle() {
    let ranking = ranked(
        &desk(70.0, 1, 10.0, 1),
        &[knob("s.x", -0.02, &desk(70.0, 1, 9.8, 1))],
        &Doubts::default(),
        40_000,
    );
    let mean = |s: f64| Mm1::new(70.0, s).unwrap().response_mean_s();
    let exact = (mean(0.009_8) / mean(0.01) - 1.0) / -0.02;
    assert!((exact - 1.0 / 0.3).abs() < 0.2, "{exact}");
    assert_covers(&effect(&ranking, "s.x").elasticity, exact, 0.1);
}

#[test]
fn objectives_that_load_does_not_break_have_no_limit() {
    for slo in ["s.x: [goodput > 20/s]", "s: [cost < 100 $/month]"] {
        let base = desk(70.0, 1, 10.0, 1).replace("workers:", "cost: 10 $/month, workers:");
        let ranking = ranked(&format!("{base}slo: {{{slo}}}\n"), &[], &Doubts::default(), 2_000);
        let limit = ranking.limit_at.expect("it was asked for").at;
        assert_eq!((limit.value, limit.high), (None, None), "{slo}");
        assert_eq!(limit.reason.as_deref(), Some("no objective gets worse with load"), "{slo}");
    }
}

#[test]
fn another_server_helps_as_erlang_says() {
    let ranking = ranked(
        &desk(320.0, 4, 10.0, 1),
        &[knob("s.workers", 0.25, &desk(320.0, 5, 10.0, 1))],
        &Doubts::default(),
        20_000,
    );
    let mean = |c: u32| Mmc::new(320.0, 0.01, c).unwrap().response_mean_s();
    let effect = effect(&ranking, "s.workers");
    assert_eq!(effect.held.verdict, Verdict::Lower);
    assert_covers(&effect.held.difference.relative, mean(5) / mean(4) - 1.0, 0.2);
    // What the bottleneck law allows grows with the servers.
    assert!((effect.bound_relative.unwrap() - 0.25).abs() < 1e-9);
}

/// As `desk`, with an objective.
fn promised(rate: f64, servers: u32, service_ms: f64, idle: u32, objective: &str) -> String {
    desk(rate, servers, service_ms, idle) + &format!("slo: {{s.x: [{objective}]}}\n")
}

/// p95 of M/M/1 is ln 20 / (mu - lambda), so p95 < b holds up to lambda = mu - ln 20 / b: the elasticity to the service time is
/// that of a difference, -mu / (mu - ln 20 / b), larger than that of the bound, which is -1.
#[test]
fn the_limit_of_an_mm1_moves_as_its_formula_says() {
    let at = |rate, ms, idle| promised(rate, 1, ms, idle, "p95 < 100ms");
    let knobs = [
        knob("small", -0.005, &at(50.0, 9.95, 1)),
        knob("large", -0.1, &at(50.0, 9.0, 1)),
        knob("d.servers", 1.0, &at(50.0, 10.0, 2)),
    ];
    let ranking = ranked(&at(50.0, 10.0, 1), &knobs, &Doubts::default(), 40_000);
    let limit = |ms: f64| 1_000.0 / ms - 20f64.ln() / 0.1;
    let found = ranking.limit_at.as_ref().unwrap();
    assert_eq!((found.load.as_str(), found.by.as_deref()), ("rate", Some("s.x p95 < 100ms")));
    assert_covers(&found.at, limit(10.0), 0.03);
    for (name, ms, moved) in [("small", 9.95, -0.005), ("large", 9.0, -0.1)] {
        let shift = effect(&ranking, name).limit.as_ref().unwrap();
        assert_covers(&shift.elasticity, (limit(ms) / limit(10.0) - 1.0) / moved, 0.15);
    }
    let idle = effect(&ranking, "d.servers").limit.as_ref().unwrap();
    assert_eq!((idle.held.verdict, idle.elasticity.value), (Verdict::Same, Some(0.0)));
}

/// The load at which Erlang's mean response of M/M/c comes to the bar, by bisection. Five servers carry more than 5/4 of what four do.
#[test]
fn the_limit_of_an_mmc_moves_with_its_servers_as_erlang_says() {
    let at = |rate, servers| promised(rate, servers, 10.0, 1, "mean < 20ms");
    let knobs = [knob("s.workers", 0.25, &at(200.0, 5)), knob("load.rate", -0.1, &at(180.0, 4))];
    let knobs = knobs.map(|it| Knob { is_load: it.path.starts_with("load"), ..it });
    let ranking = ranked(&at(200.0, 4), &knobs, &Doubts::default(), 40_000);
    let limit = |c: u32| {
        let (mut low, mut high) = (0.0, 99.999 * f64::from(c));
        for _ in 0..60 {
            let middle = (low + high) / 2.0;
            let holds = Mmc::new(middle, 0.01, c).unwrap().response_mean_s() < 0.02;
            (low, high) = if holds { (middle, high) } else { (low, middle) };
        }
        low
    };
    assert_covers(&ranking.limit_at.as_ref().unwrap().at, limit(4), 0.02);
    let shift = effect(&ranking, "s.workers").limit.as_ref().unwrap();
    let exact = (limit(5) / limit(4) - 1.0) / 0.25;
    assert!(exact > 1.05, "{exact}");
    assert_covers(&shift.elasticity, exact, 0.1);
    // It is counted in load.
    assert_eq!(effect(&ranking, "load.rate").limit, None);
}

#[test]
fn no_limit_is_told_where_the_objectives_end_with_the_steady_state() {
    let at = |ms| promised(50.0, 1, ms, 1, "p95 < 1h");
    let ranking = ranked(&at(10.0), &[knob("s.x", -0.1, &at(9.0))], &Doubts::default(), 4_000);
    let found = ranking.limit_at.as_ref().unwrap();
    assert_eq!(found.at.value, None);
    let reason = found.at.reason.as_deref().unwrap();
    assert!(reason.starts_with("the objectives hold"), "{reason}");
    assert_eq!(effect(&ranking, "s.x").limit, None);
    // Without an objective there is nothing to break.
    assert!(ranked(&desk(50.0, 1, 10.0, 1), &[], &Doubts::default(), 1_000).limit_at.is_none());
}

/// Two desks and a database for 2 $/h each: half as many desks more are a quarter more of the bill, and an elasticity of 1/2.
#[test]
fn the_elasticity_of_the_cost_is_the_share_of_the_bill_that_a_knob_stands_for() {
    let priced = |replicas: u32| {
        desk(50.0, 1, 10.0, 1)
            .replace("{workers: 1,", &format!("{{replicas: {replicas}, cost: 1 $/h, workers: 1,"))
            .replace("servers: 1,", "servers: 1, cost: 2 $/h,")
    };
    let knobs = [knob("s.replicas", 0.5, &priced(3)), knob("s.x", -0.1, &priced(2).replace("10ms", "9ms"))];
    let ranking = ranked(&priced(2), &knobs, &Doubts::default(), 1_000);
    assert_eq!(effect(&ranking, "s.replicas").cost_elasticity, Estimate::exact(0.5));
    assert_eq!(effect(&ranking, "s.replicas").cost_per_month, Some(730.0));
    assert_eq!(effect(&ranking, "s.x").cost_elasticity.value, Some(0.0));
}

#[test]
fn effects_are_sorted_and_an_idle_knob_has_none() {
    let knobs = [
        knob("d.servers", 1.0, &desk(70.0, 1, 10.0, 2)),
        knob("s.x", -0.01, &desk(70.0, 1, 9.9, 1)),
        knob("s.workers", 1.0, &desk(70.0, 2, 10.0, 1)),
        knob("load.rate", -0.1, &desk(63.0, 1, 10.0, 1)),
    ];
    let ranking = ranked(&desk(70.0, 1, 10.0, 1), &knobs, &Doubts::default(), 4_000);
    let order: Vec<&str> = ranking.effects.iter().map(|e| e.path.as_str()).collect();
    assert_eq!(order, ["s.workers", "load.rate", "s.x", "d.servers"]);
    let idle = effect(&ranking, "d.servers");
    assert_eq!((idle.held.verdict, idle.held.difference.relative.value), (Verdict::Same, Some(0.0)));
}

#[test]
fn where_there_is_no_steady_state_the_knob_that_gives_one_comes_first() {
    let knobs =
        [knob("s.x", -0.01, &desk(120.0, 1, 9.9, 1)), knob("s.workers", 1.0, &desk(120.0, 2, 10.0, 1))];
    let ranking = ranked(&desk(120.0, 1, 10.0, 1), &knobs, &Doubts::default(), 4_000);
    assert_eq!(ranking.effects[0].path, "s.workers");
    let text = knee::report::ranking_text(&ranking, knee::report::Paint::Plain);
    let expected = "no steady state at 120/s: with `s.workers` 100 % more of it (1 to 2) it has one;";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn the_ends_of_what_is_unknown_are_those_of_the_formula() {
    let at = |ms: f64| model(&desk(50.0, 1, ms, 1));
    let doubt = Doubt {
        path: "s.x.1.delay.exp".to_owned(),
        in_file: "10ms".to_owned(),
        low: ("8ms".to_owned(), at(8.0)),
        high: ("12ms".to_owned(), at(12.0)),
    };
    let doubts = Doubts {
        each: vec![doubt],
        draws: [8.5, 9.5, 10.5, 11.5].map(|ms| (vec![format!("{ms}ms")], at(ms))).into(),
    };
    let ranking = ranked(&desk(50.0, 1, 10.0, 1), &[], &doubts, 20_000);
    let unknown = ranking.uncertain.unwrap();
    let mean = |s: f64| Mm1::new(50.0, s).unwrap().response_mean_s();
    assert_covers(&unknown.swings[0].at_low_s, mean(0.008), 0.1);
    assert_covers(&unknown.swings[0].at_high_s, mean(0.012), 0.1);
    assert_covers(&ranking.base_s, mean(0.01), 0.1);
    assert_eq!((unknown.swings[0].share, unknown.unsteady, unknown.draws.len()), (Some(1.0), 0, 4));
    let (low, high) = (unknown.low_s.unwrap(), unknown.high_s.unwrap());
    assert!((low / mean(0.008_5) - 1.0).abs() < 0.05 && (high / mean(0.011_5) - 1.0).abs() < 0.05);
}

/// A desk, a database that has time, and prices.
const MODEL: &str = "
knee: 1
name: counter
load: {rate: 50/s, requests: {desk.serve: 3, desk.ask: 1}}
services:
  desk:
    workers: 1
    cost: 1 $/h
    endpoints:
      serve: [{delay: {exp: 10ms}}, {query: db.get}]
      ask: [{delay: {exp: 10ms}}]
databases:
  db: {servers: 50, queries: {get: {read: {p50: 1ms, p99: 4ms}}}}
";

#[test]
fn every_knob_of_a_file_is_turned_the_way_that_helps() {
    let desk = Desk::with(MODEL);
    let text = desk.done("rank m.yaml --requests 1000");
    assert!(
        text.starts_with("`desk.workers` moves p95 most: 100 % more of it (1 to 2) lowers p95 by "),
        "{text}"
    );
    for expected in [
        "50/s to 45/s",
        "exp 10ms to 9ms",
        "p50 1ms to 0.9ms",
        "no effect, the same to the last bit in every replication: db.servers",
        "$730 a month",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(desk.files("output/counter"), ["rank.csv", "rank.json", "rank.png", "rank.svg"]);
    // Our own files are replaced.
    let document =
        desk.json("rank m.yaml --requests 500 --knob desk.workers=3 --knob load.rate --rate 20/s --json");
    let effects = document["effects"].as_array().unwrap();
    assert_eq!(effects.len(), 2);
    let of = |path: &str| effects.iter().find(|e| e["path"] == path).unwrap();
    assert_eq!(
        (of("desk.workers")["to"].as_str(), of("desk.workers")["moved"].as_f64()),
        (Some("3"), Some(2.0))
    );
    assert_eq!(
        (of("load.rate")["from"].as_str(), of("load.rate")["to"].as_str()),
        (Some("20/s"), Some("18/s"))
    );
    assert_eq!(of("desk.workers")["cost_per_month"], 0.0);
}

#[test]
fn the_limit_stands_beside_the_latency_unless_nobody_asks() {
    let desk = Desk::with(&format!("{MODEL}slo: {{total: p95 < 100ms}}\n"));
    let line = "rank m.yaml --requests 1000 --knob desk.workers --knob load.rate";
    let text = desk.done(line);
    let second = text.lines().nth(1).unwrap();
    assert!(
        second.starts_with("`desk.workers` moves the limit most: 100 % more of it (1 to 2) takes it"),
        "{text}"
    );
    assert!(text.contains(", where p95 breaks 100 ms") && text.contains("limit %"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    let chart = desk.read("output/counter/rank.svg");
    assert!(chart.contains("Change of the limit, %") && chart.contains("is the load"));
    assert_eq!(text, desk.done(&format!("{line} --threads 1")), "the same for any number of threads");
    for (flags, there) in [("--json", true), ("--json --no-limit", false)] {
        let document = desk.json(&format!("{line} {flags}"));
        assert_eq!(document["limit_at"].is_object(), there);
        let workers = &document["effects"][0];
        assert_eq!(workers["path"], "desk.workers");
        assert_eq!(workers["limit"]["elasticity"]["low"].is_number(), there);
        assert!(workers["bound_relative"].is_number());
    }
}

#[test]
fn what_is_uncertain_is_told_apart_from_noise() {
    let desk = Desk::with(&format!(
        "{MODEL}uncertain: {{desk.serve.1.delay.exp: 8ms..12ms, db.get.read.p50: 500us..2ms}}\n"
    ));
    let text = desk.done("rank m.yaml --requests 1000 --knob desk.workers");
    let second = text.lines().nth(1).unwrap();
    assert!(text.contains("measure `desk.serve.1.delay.exp` first: p95 "), "{second}");
    for expected in ["8ms to 12ms", "500us to 2ms", "over 16 draws", "share of spread", "  noise "] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    let again = desk.done("rank m.yaml --requests 1000 --knob desk.workers --threads 1");
    assert_eq!(text, again, "the same for any number of threads");
}

#[test]
fn what_cannot_be_turned_is_refused() {
    let desk = Desk::with(MODEL);
    let cases = [
        ("--knob desk.wrkers", "a knob with a similar name exists: `desk.workers`"),
        ("--knob dsk.workers", "a similar name exists: `desk`"),
        ("--knob desk.serve", "`desk.serve` is not a number but a list"),
        ("--knob desk.workers=1", "`--knob desk.workers=1` changes nothing"),
        ("--knob desk.workers=many", "`many`"),
        ("--knob slo.total", "says how the model is studied or judged"),
        ("--step 100%", "a step lies between"),
        ("--by p80", "expected `mean`"),
        ("--of desk.srve", "a similar name exists: `desk.serve`"),
    ];
    for (line, expected) in cases {
        let told = desk.refused(&format!("rank m.yaml {line}"));
        assert!(told.contains(expected), "{line}: {told}");
    }
    let bare = Desk::with(
        "knee: 1\nload: {users: 1, think: {exp: 1s}, requests: {s.x: 1}}\nservices: {s: {endpoints: {x: []}}}\n",
    );
    let told = bare.refused("rank m.yaml --quiet");
    assert!(told.contains("`m.yaml` has no knob"), "{told}");
    for (section, expected) in [
        ("desk.workers: 4..2", "the interval `4..2` is empty"),
        ("desk.wrkers: 1..2", "the model has no `desk.wrkers`"),
        ("desk.workers: 1ms..2ms", "the interval does not go together with `1`"),
        ("desk.workers: few", "`few` is no interval"),
        ("desk.serve: 1..2", "`desk.serve` is not a number but a list"),
    ] {
        let told = Desk::with(&format!("{MODEL}uncertain: {{{section}}}\n")).refused("rank m.yaml");
        assert!(
            told.contains(expected) && (told.contains("m.yaml:14:") || told.contains("m.yaml:15:")),
            "{section}: {told}"
        );
    }
}
