//! Comparisons against known differences, and the command as a user meets it.
//!
//! The full form of the coverage test, 1,000 seeds:
//!
//! ```text
//! cargo test --release --test compare -- --ignored --nocapture
//! ```

mod support;

use knee::experiment::answer::Estimate;
use knee::experiment::compare;
use knee::experiment::compare::{Comparison, Extent, Held, Side};
use knee::experiment::figure::Verdict;
use knee::experiment::options::{Options, Quiet, Swept};
use knee::queueing::Mm1;
use knee::stats::binomial;
use support::desk::Desk;
use support::model;

/// M/M/1 with a mean service time in milliseconds.
fn mm1(rate: f64, service_ms: f64) -> String {
    format!(
        "knee: 1\nload: {{rate: {rate}/s, requests: {{s.x: 1}}}}\nservices: {{s: {{workers: 1, endpoints: {{x: [{{delay: {{exp: {service_ms}ms}}}}]}}}}}}\n"
    )
}

fn sides(yamls: &[&str]) -> Vec<Side> {
    yamls.iter().enumerate().map(|(i, yaml)| Side { name: format!("side {i}"), model: model(yaml) }).collect()
}

fn at_one_load(yamls: &[&str], requests: u64, seed: u64) -> Comparison {
    let sides = sides(yamls);
    let base = Options::from(&sides[0].model.study);
    let options = Options { requests: Some(requests), seed, ..base };
    compare(&sides, &Extent::OneLoad, &options, &Quiet).expect("models that run")
}

fn total<'c>(comparison: &'c Comparison, key: &str) -> &'c Held {
    &comparison.differences[0].points[0].total[key]
}

/// Whether the intervals of the differences in mean and p95, absolute and relative, cover the truth.
fn covered(seed: u64) -> [bool; 4] {
    let (before, after) = (Mm1::new(0.7, 1.0).unwrap(), Mm1::new(0.7, 0.9).unwrap());
    let comparison = at_one_load(&[&mm1(0.7, 1_000.0), &mm1(0.7, 900.0)], 4_000, seed);
    let inside = |e: &Estimate, truth: f64| e.low.unwrap() <= truth && truth <= e.high.unwrap();
    let one = |key: &str, a: f64, b: f64| {
        let held = total(&comparison, key);
        assert_eq!(held.verdict, Verdict::Lower, "seed {seed}: {held:?}");
        [inside(&held.difference.absolute, b - a), inside(&held.difference.relative, b / a - 1.0)]
    };
    let mean = one("mean_s", before.response_mean_s(), after.response_mean_s());
    let p95 = one("p95_s", before.response_quantile_s(0.95), after.response_quantile_s(0.95));
    [mean[0], mean[1], p95[0], p95[1]]
}

const CLAIMS: [&str; 4] = ["mean", "mean, relative", "p95", "p95, relative"];

fn counts(seeds: u64) -> [u64; 4] {
    let mut counts = [0; 4];
    for seed in 0..seeds {
        for (count, hit) in counts.iter_mut().zip(covered(5_000 + seed)) {
            *count += u64::from(hit);
        }
    }
    counts
}

#[test]
fn the_paired_difference_of_two_mm1_has_the_right_sign_and_covers_the_truth() {
    const SEEDS: u64 = 60;
    let accepted = binomial::acceptance(SEEDS, 0.95, 0.999);
    for (name, count) in CLAIMS.into_iter().zip(counts(SEEDS)) {
        assert!(accepted.contains(&count), "{name}: {count} of {SEEDS} cover, not within {accepted:?}");
    }
}

#[test]
#[ignore = "minutes"]
fn full_coverage_of_paired_differences() {
    const SEEDS: u64 = 1_000;
    let counts = counts(SEEDS);
    for (name, count) in CLAIMS.into_iter().zip(counts) {
        println!("{name:16} covered {:.1} % of {SEEDS}", 100.0 * count as f64 / SEEDS as f64);
    }
    for (name, count) in CLAIMS.into_iter().zip(counts) {
        assert!((0.93..=0.97).contains(&(count as f64 / SEEDS as f64)), "{name}: {count}");
    }
}

/// Three services one after the other at 70, 60 and 50 % of a rate of 70/s; the service time of the last is given.
fn three(last_ms: f64) -> String {
    format!(
        "knee: 1
load: {{rate: 70/s, requests: {{front.x: 1}}}}
externals: {{front: {{endpoints: {{x: [{{call: a.x}}, {{call: b.x}}, {{call: c.x}}]}}}}}}
services:
  a: {{workers: 1, endpoints: {{x: [{{delay: {{exp: 10ms}}}}]}}}}
  b: {{workers: 1, endpoints: {{x: [{{delay: {{exp: 8ms}}}}]}}}}
  c: {{workers: 1, endpoints: {{x: [{{delay: {{exp: {last_ms}ms}}}}]}}}}
"
    )
}

#[test]
fn pairing_is_worth_four_times_the_requests_where_one_service_in_three_changes() {
    let ratio = |key: &str| {
        let comparison = at_one_load(&[&three(6.0), &three(5.0)], 8_000, 1);
        let held = total(&comparison, key).clone();
        assert_eq!(held.verdict, Verdict::Lower, "{key}");
        held.difference.variance_ratio.unwrap()
    };
    for key in ["mean_s", "p95_s"] {
        let ratio = ratio(key);
        println!("{key}: variance ratio {ratio:.1}");
        assert!(ratio >= 4.0, "{key}: {ratio}");
    }
}

#[test]
fn both_sides_have_the_same_length_cut_and_replications() {
    let sides = sides(&[&mm1(0.7, 1_000.0), &mm1(0.7, 1_250.0)]);
    let options = Options { budget: 4_000_000, ..Options::from(&sides[0].model.study) };
    let comparison = compare(&sides, &Extent::OneLoad, &options, &Quiet).unwrap();
    let of = |side: &knee::experiment::compare::SideAnswer| {
        let point = &side.answer.points[0];
        (point.duration_s.to_bits(), point.warmup_s.to_bits(), point.replications)
    };
    assert_eq!(of(&comparison.a), of(&comparison.b[0]));
}

#[test]
fn identical_sides_differ_by_exactly_zero() {
    let comparison = at_one_load(&[&three(6.0), &three(6.0)], 1_000, 3);
    let point = &comparison.differences[0].points[0];
    let places = point.places.values().flat_map(|rows| rows.values());
    for held in point.total.values().chain(places) {
        assert_eq!(held.verdict, Verdict::Same, "{held:?}");
        assert_eq!(held.difference.absolute, Estimate::exact(0.0));
    }
    assert_eq!(comparison.a.answer.points[0].counts.right, comparison.b[0].answer.points[0].counts.right);
}

#[test]
fn one_more_replica_sees_the_same_arrivals() {
    let with = |replicas: u32| three(6.0).replace("b: {", &format!("b: {{replicas: {replicas}, "));
    let comparison = at_one_load(&[&with(1), &with(2)], 2_000, 9);
    let offered = |side: &knee::experiment::compare::SideAnswer| side.answer.points[0].counts.offered;
    assert_eq!(offered(&comparison.a), offered(&comparison.b[0]));
    let point = &comparison.differences[0].points[0];
    // Nothing changes in front of `b`, and its work is the same.
    assert_eq!(point.places["a"]["utilization"].verdict, Verdict::Same);
    assert_eq!(total(&comparison, "p95_s").verdict, Verdict::Lower);
}

/// The p95 of an M/M/1 is ln 20 / (1/s - rate): an objective T holds up to 1/s - ln 20 / T.
#[test]
fn limits_differ_as_the_formula_says_and_saturations_as_the_capacities() {
    let yaml = |ms: f64| mm1(50.0, ms) + "slo: {s.x: [p95 < 100ms]}\nstudy: {requests: 4_000}\n";
    let sides = sides(&[&yaml(10.0), &yaml(8.0)]);
    let options = Options::from(&sides[0].model.study);
    let extent = Extent::Curve { swept: Swept::All, at: Vec::new() };
    let comparison = compare(&sides, &extent, &options, &Quiet).unwrap();
    let differences = &comparison.differences[0];
    let limit = differences.limit_at.as_ref().unwrap();
    let (low, high) = (limit.difference.absolute.low.unwrap(), limit.difference.absolute.high.unwrap());
    assert!(low <= 25.0 && 25.0 <= high && high - low < 5.0, "{limit:?}");
    assert_eq!(limit.verdict, Verdict::Higher);
    assert!(limit.difference.variance_ratio.is_some(), "paired by replication");
    let end = differences.saturation_at.as_ref().unwrap();
    assert!(end.difference.absolute.low.unwrap() <= 25.0 && 25.0 <= end.difference.absolute.high.unwrap());
    assert!(end.difference.variance_ratio.is_none(), "by brackets");
    // Beyond the first end only one side goes on.
    let most = |side: &knee::experiment::compare::SideAnswer| side.answer.points.last().unwrap().load.at;
    assert!(most(&comparison.a) < 120.0 && most(&comparison.b[0]) > 120.0);
    assert!(differences.points.iter().filter(|p| p.steady).count() > 6);
    assert!(differences.points.iter().all(|p| p.load < 100.0));
}

#[test]
fn where_one_side_saturates_the_difference_is_said_to_mean_nothing() {
    let comparison = at_one_load(&[&mm1(50.0, 10.0), &mm1(50.0, 30.0)], 4_000, 1);
    assert!(!comparison.differences[0].points[0].steady);
    let text = knee::report::comparison_text(&comparison, knee::report::Paint::Plain);
    assert!(text.starts_with("`side 1`: no steady state at 50/s\n"), "{text}");
    assert!(!text.contains("p95 ms"), "{text}");
}

/// An M/M/1 with an objective, prices and variants.
const MODEL: &str = "
knee: 1
name: counter
load: {rate: 50/s, requests: {desk.serve: 1}}
services:
  desk: {workers: 1, cost: 1 $/h, endpoints: {serve: [{delay: {exp: 10ms}}]}}
slo: {desk.serve: [p95 < 100ms]}
study: {requests: 2_000}
variants:
  faster: {desk.serve.1.delay.exp: 8ms}
  two desks: {desk.replicas: 2, desk.balance: central}
";

#[test]
fn a_model_is_compared_with_each_of_its_variants() {
    let desk = Desk::with(MODEL);
    let text = desk.done("compare m.yaml");
    assert!(text.starts_with("`faster`: p95 "), "{text}");
    assert!(text.contains("\n`two desks`: p95 "), "{text}");
    let unbroken = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unbroken.contains("; $1,460 a month instead of $730 "), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(desk.files("output/counter"), ["compare.csv", "compare.json", "compare.png", "compare.svg"]);
    // Our own files are replaced.
    desk.done("compare m.yaml --one-load");
}

#[test]
fn the_document_has_both_sides_and_their_differences() {
    let desk = Desk::with(MODEL);
    let text = desk.done("compare m.yaml --variant faster --rate 60/s --json --quiet");
    assert_eq!(text, desk.read("output/counter/compare.json"));
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["a"]["at"], 60.0);
    assert_eq!(document["b"].as_array().unwrap().len(), 1);
    assert_eq!(document["b"][0]["cost"]["per_month"], 730.0);
    let p95 = &document["differences"][0]["points"][0]["total"]["p95_s"];
    assert_eq!(p95["verdict"], "lower");
    assert!(p95["relative"]["high"].as_f64().unwrap() < 0.0);
    assert!(document["a"]["points"][0]["total"]["latency_s"]["p95"]["value"].is_number());
}

#[test]
fn a_setting_is_another_side_and_so_is_another_file() {
    let desk = Desk::with(MODEL);
    let text = desk.done("compare m.yaml --set desk.serve.1.delay.exp=8ms --at 20,50,80");
    assert!(text.starts_with("`desk.serve.1.delay.exp=8ms`: p95 "), "{text}");
    let other = MODEL.replace("exp: 10ms", "exp: 8ms").replace("1 $/h", "1 EUR/h");
    desk.write("other.yaml", &other);
    let text = desk.done("compare m.yaml other.yaml --one-load");
    assert!(text.starts_with("`other.yaml`: p95 "), "{text}");
    assert!(text.contains("costs in $ and in EUR are not compared"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let desk = Desk::with(MODEL);
    let told = desk.refused("compare m.yaml --set desk.workers=1");
    assert!(told.contains("`--set desk.workers=1` changes nothing"), "{told}");
    let told = desk.refused("compare m.yaml --variant fastr");
    assert!(told.contains("no variant `fastr`") && told.contains("`faster`"), "{told}");
    let told = desk.refused("compare m.yaml m.yaml");
    assert!(told.contains("`m.yaml` says the same as `m.yaml`"), "{told}");
    let told = desk.refused("compare m.yaml m.yaml --set desk.workers=2");
    assert!(told.contains("other models are the other sides"), "{told}");
    let told = desk.refused("compare m.yaml --rate 9/s --at 9");
    assert!(told.contains("cannot be used with"), "{told}");

    let bare = Desk::with(MODEL.split("variants").next().unwrap());
    let told = bare.refused("compare m.yaml");
    assert!(told.contains("nothing to compare `m.yaml` with"), "{told}");

    let same = Desk::with(&MODEL.replace("exp: 8ms", "exp: 10ms"));
    let told = same.refused("compare m.yaml");
    assert!(told.contains("the variant `faster` changes nothing"), "{told}");

    let broken = Desk::with(&MODEL.replace("desk.balance: central", "desk.balance: fair"));
    let told = broken.refused("compare m.yaml");
    assert!(told.contains("m.yaml:11:") && told.contains("`fair`"), "{told}");

    let closed = MODEL.replace("rate: 50/s", "users: 50, think: 1s").replace("name: counter", "name: people");
    desk.write("closed.yaml", &closed);
    let told = desk.refused("compare m.yaml closed.yaml");
    let expected = "that of `counter` in requests per second, that of `people` in users";
    assert!(told.contains(expected), "{told}");
}
