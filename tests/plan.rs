//! Plans against dates worked by hand.

use knee::calendar::Date;
use knee::compile;
use knee::experiment::Quiet;
use knee::experiment::options::Options;
use knee::experiment::plan::answer::{Break, LimitRow, Plan};
use knee::experiment::plan::{self, Asked};

/// An M/M/1 that serves 100 a second: p95 is ln 20 / (100 - rate), which is 100 ms at 70.04/s.
fn mm1(more: &str) -> String {
    format!(
        "knee: 1\nload: {{rate: 20/s, requests: {{desk.serve: 1}}}}\nservices:\n  desk: {{workers: 1, endpoints: {{serve: [{{delay: {{exp: 10ms}}}}]}}}}\nslo: {{desk.serve: p95 < 100ms}}\n{more}"
    )
}

const LIMIT: f64 = 100.0 - 29.957_323;

#[track_caller]
fn planned(yaml: &str, months: u32) -> Plan {
    let load = |sets: &[(String, String)]| {
        compile::load(yaml.as_bytes(), "test.yaml", sets, &|_| Err("no files here".into()))
    };
    let loaded = load(&[]);
    let model = loaded.model.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let growth = loaded.growth.expect("it says how it grows");
    let values = vec!["1".to_owned(); loaded.knobs.len()];
    let asked = Asked { growth: &growth, months, knobs: loaded.knobs, values };
    let build = |sets: &[(String, String)]| load(sets).model.ok_or("no model");
    let plan = plan::plan(&model, &asked, &build, &Options::from(&model.study), &Quiet);
    plan.unwrap_or_else(|error| panic!("{error:?}"))
}

#[track_caller]
fn p95(plan: &Plan) -> &LimitRow {
    plan.limits.iter().find(|row| row.objective.starts_with("p95")).expect("an objective")
}

/// The first day on which `base` times 1.1 a month exceeds the limit.
fn exact(from: Date, base: f64) -> Date {
    let months = (LIMIT / base).ln() / 1.1f64.ln();
    from.plus((months * 30.4375).floor() as i32 + 1)
}

#[track_caller]
fn holds(b: &Break, exact: Date) {
    let latest = b.latest.expect("an end");
    assert!(b.earliest <= exact && exact <= latest, "{exact} is not in {} to {latest}", b.earliest);
    assert!(latest.since(b.earliest) <= 25, "{} to {latest} is wide", b.earliest);
}

#[test]
fn an_mm1_breaks_on_the_day_of_the_formula() {
    let plan = planned(&mm1("growth: {monthly: 10%, from: 2027-01-01}"), 24);
    // Twice 20/s is 40/s, and 40 x 1.1^5.878 is 70.04: 178.9 days.
    assert_eq!(exact(plan.from, 40.0).since(plan.from), 179);
    let b = p95(&plan).breaks.clone().expect("it breaks");
    holds(&b, exact(plan.from, 40.0));
    assert_eq!((b.campaign, p95(&plan).first.as_deref()), (None, Some("desk workers")));
    // Beyond 100/s there is no steady state.
    assert!(plan.simulated_up_to.is_some_and(|most| most < 100.0), "{:?}", plan.simulated_up_to);
    let saturation = plan.limits.iter().find(|row| row.objective == "saturation").expect("a row");
    assert!(saturation.breaks.as_ref().is_some_and(|later| later.date > b.date));
}

#[test]
fn a_campaign_breaks_on_its_day_and_is_told_apart() {
    let growth = "growth: {monthly: 10%, from: 2027-01-01, campaigns: [{at: 2027-04-11, x: 3, for: 2d}]}";
    let plan = planned(&mm1(growth), 12);
    let row = p95(&plan);
    let b = row.breaks.as_ref().expect("it breaks");
    let day = Date::read("2027-04-11").expect("a day");
    assert_eq!((b.date, b.earliest, b.latest, b.campaign), (day, day, Some(day), Some(3.0)));
    holds(row.without_campaigns.as_ref().expect("it breaks later too"), exact(plan.from, 40.0));
}

#[test]
fn what_mends_it_is_ordered_before_by_its_lead_time() {
    let growth = "growth: {rate: 30/s, monthly: 10%, from: 2027-01-01, policy: 1x, lead_times: {desk.workers: 30d}}\nsize: {desk.workers: 1..8}";
    let plan = planned(&mm1(growth), 14);
    let b = p95(&plan).breaks.as_ref().expect("it breaks");
    holds(b, exact(plan.from, 30.0));
    let step = &plan.steps[0];
    assert_eq!((step.needed_from, step.changes.len()), (b.earliest, 1));
    let change = &step.changes[0];
    assert_eq!(
        (change.path.as_str(), change.before.as_str(), change.lead_days),
        ("desk.workers", "1", Some(30))
    );
    assert_eq!(change.order_by, b.earliest.plus(-30));
    // Two servers carry some 170/s, and 30 x 1.1^14 is 114.
    assert_eq!((change.after.as_str(), step.lasts_until, plan.steps.len()), ("2", None, 1));
}

/// 256^8 is 2^64: nothing that 64 bits can count, and told before anything is simulated.
#[test]
fn more_configurations_than_can_be_counted_are_refused_before_the_sweep() {
    let knobs =
        ["desk.workers", "desk.replicas", "desk.queue", "desk.cores", "a.size", "b.size", "c.size", "d.size"];
    let size: Vec<String> = knobs.iter().map(|path| format!("{path}: 1..256")).collect();
    let yaml = mm1(&format!(
        "pools: {{a: {{size: 1}}, b: {{size: 1}}, c: {{size: 1}}, d: {{size: 1}}}}\ngrowth: {{monthly: 10%, from: 2027-01-01}}\nsize: {{{}}}",
        size.join(", ")
    ));
    let loaded = compile::load(yaml.as_bytes(), "test.yaml", &[], &|_| Err(String::new()));
    let (model, growth) = (loaded.model.expect("a model"), loaded.growth.expect("it grows"));
    let values = vec!["1".to_owned(); loaded.knobs.len()];
    let asked = Asked { growth: &growth, months: 12, knobs: loaded.knobs, values };
    let build = |_: &[(String, String)]| -> Result<knee::model::Model, String> { panic!("nothing is built") };
    let error = plan::plan(&model, &asked, &build, &Options::from(&model.study), &Quiet).unwrap_err();
    assert!(format!("{error:?}").contains("and at most 2000000 are put in order"), "{error:?}");
}

#[test]
fn a_load_that_shrinks_breaks_nothing() {
    for growth in ["monthly: -5%", "monthly: 0%", "policy: 3x"] {
        let plan = planned(&mm1(&format!("growth: {{{growth}, from: 2027-01-01}}")), 12);
        assert!(plan.first().is_none() && plan.steps.is_empty(), "{growth}: {:?}", plan.limits);
        assert!(
            knee::report::plan_decision(&plan).starts_with("nothing breaks until 2027-12-31, 12 months on")
        );
    }
}

#[test]
fn growth_changes_nothing_that_is_simulated() {
    let load = |yaml: &str| compile::load(yaml.as_bytes(), "test.yaml", &[], &|_| Err(String::new()));
    let (with, without) = (load(&mm1("growth: {from: 2027-01-01, monthly: 10%}")), load(&mm1("")));
    assert_eq!(with.digest, without.digest);
    assert_eq!(format!("{:?}", with.model), format!("{:?}", without.model));
    let set = ("growth.monthly".to_owned(), "8%".to_owned());
    let yaml = mm1("growth: {from: 2027-01-01, monthly: 10%}");
    let set = compile::load(yaml.as_bytes(), "test.yaml", &[set], &|_| Err(String::new()));
    assert_eq!(set.growth.map(|g| g.monthly), Some(0.08));
}
