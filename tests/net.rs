//! Contention, links, regions and pages against what is known about them.
//!
//! A simulated number must lie within 4 half widths of its 95 % interval of 20 replications (once in 10,000 it would not), and the
//! interval must be narrow: a half width under 2 % of the value.

mod support;

use knee::experiment::answer::{Estimate, Point};
use knee::experiment::options::{Options, Quiet};
use knee::queueing::Chain;
use support::model;

fn run(yaml: &str, requests: u64) -> Point {
    let model = model(yaml);
    let options = Options { requests: Some(requests), seed: 4, ..Options::from(&model.study) };
    let point = knee::experiment::run(&model, &options, &Quiet).expect("a model that runs").points.remove(0);
    let broken: Vec<_> = point.audit.iter().filter(|row| !row.holds).collect();
    assert!(broken.is_empty(), "{broken:?}\nin\n{yaml}");
    point
}

#[track_caller]
fn assert_is(estimate: &Estimate, exact: f64) {
    let (value, half_width) = (estimate.value.expect("a value"), estimate.half_width().expect("an interval"));
    // Values that do not vary agree but for rounding to nanoseconds.
    let gap = if (value - exact).abs() < 1e-6 * exact { 0.0 } else { value - exact };
    assert!(gap.abs() <= 4.0 * half_width, "{value} +- {half_width} is not {exact}");
    assert!(half_width <= 0.02 * exact, "{value} +- {half_width} is not narrow");
}

/// Users of one service whose calls slow each other down.
fn contended(users: u32, think: &str, cores: u32) -> String {
    format!(
        "knee: 1
load: {{users: {users}, think: {think}, requests: {{app.x: 1}}}}
services: {{app: {{cores: {cores}, contention: 5%, coherency: 1%, endpoints: {{x: [{{cpu: {{exp: 10ms}}}}]}}}}}}
"
    )
}

fn slowdown(n: f64) -> f64 {
    1.0 + 0.05 * (n - 1.0) + 0.01 * n * (n - 1.0)
}

/// Gunther: n users who never pause are served at n lambda / (1 + sigma (n - 1) + kappa n (n - 1)).
#[test]
fn users_who_never_pause_are_served_at_the_rate_of_the_universal_scalability_law() {
    for users in [1, 2, 4, 8, 16] {
        let n = f64::from(users);
        let point = run(&contended(users, "0s", 64), 5_000);
        assert_is(&point.total.throughput_per_s, 100.0 * n / slowdown(n));
        assert_is(&point.total.latency_s.mean, 0.01 * slowdown(n));
    }
}

/// The number at work is a birth-death chain: up at (users - n) / think, down at min(n, cores) / (work x slowdown).
#[test]
fn users_who_think_meet_the_birth_death_chain_of_the_law() {
    for cores in [3, 64] {
        let (users, think_s) = (12_u32, 0.05);
        let served = |n: u32| f64::from(n.min(cores)) / (0.01 * slowdown(f64::from(n)));
        let chain = Chain::explore(0u32, 100, |&n| {
            let more = (n < users).then(|| (n + 1, f64::from(users - n) / think_s));
            let less = (n > 0).then(|| (n - 1, served(n)));
            more.into_iter().chain(less).collect()
        });
        let law = chain.unwrap().solve().unwrap();
        let point = run(&contended(users, "{exp: 50ms}", cores), 20_000);
        let throughput = law.mean(|&n| if n > 0 { served(n) } else { 0.0 });
        assert_is(&point.total.throughput_per_s, throughput);
        assert_is(&point.places["app"].in_system, law.mean(|&n| f64::from(n)));
        assert_is(&point.total.latency_s.mean, law.mean(|&n| f64::from(n)) / throughput);
        let busy = law.mean(|&n| f64::from(n.min(cores))) / f64::from(cores);
        assert_is(point.places["app"].utilization.as_ref().unwrap(), busy);
    }
}

/// Peak at sqrt((1 - 0.05) / 0.01) = 9.7 calls: no more than 10 / 2.35 seconds of work get done in a second, whatever the cores.
#[test]
fn bottleneck_law_knows_the_peak_of_the_law() {
    for (cores, best) in [(4, 4.0), (10, 10.0), (64, 10.0)] {
        let model = model(&contended(1, "0s", cores));
        let bound = knee::model::Demands::new(&model).bound(&model, &[1.0], &[0.0]).unwrap();
        assert!((bound.factor - 100.0 * best / slowdown(best)).abs() < 1e-9, "{bound:?} on {cores}");
    }
}
