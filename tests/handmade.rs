//! The hand-coded state machines that the engine is timed against compute the right thing, and so does the engine.
//!
//! Expected values and tolerances are those of the reference workloads: M/M/1 and M/M/16 in closed form, the shop as four
//! independent simulators found it.

#[path = "../benches/handmade/mod.rs"]
mod handmade;
mod support;

use knee::engine::{Engine, Seed, Stop};
use knee::measure::layout::Layout;
use knee::measure::{Measurements, Recorder};
use knee::stats::Histogram;
use knee::units::Time;

fn simulate(workload: &str, requests: u64) -> Measurements {
    let path = format!("{}/models/workloads/{workload}.yaml", env!("CARGO_MANIFEST_DIR"));
    let model = &support::model(&std::fs::read_to_string(path).unwrap());
    let layout = Layout::new(model);
    let mut engine = Engine::new(model, Seed { seed: 1, replication: 0 }, Recorder::new(model, &layout));
    assert_eq!(engine.run_requests(requests, u64::MAX), Stop::Idle);
    let now: Time = engine.now();
    engine.into_probe().close(now, std::iter::empty(), std::iter::empty())
}

fn assert_near(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!(
        (found - expected).abs() <= tolerance * expected,
        "{what}: {found}, expected {expected} within {tolerance}"
    );
}

/// Of all requests, whatever they ask for.
fn latency(engine: &Measurements) -> Histogram {
    let mut all = Histogram::new();
    engine.requests.iter().for_each(|request| all.merge(&request.right));
    all
}

/// Both ways find the expected mean (s) within a tolerance, and the same waits, work and residences at every place within another.
fn assert_agree(
    by_hand: &handmade::Results,
    engine: &Measurements,
    mean: f64,
    tolerance: f64,
    at_places: f64,
) {
    let latency = latency(engine);
    assert_near(by_hand.latency.mean_s().unwrap(), mean, tolerance, "mean by hand");
    assert_near(latency.mean_s().unwrap(), mean, tolerance, "mean by engine");
    for (place, (mine, theirs)) in by_hand.places.iter().zip(&engine.places).enumerate() {
        if theirs.residence.is_empty() {
            continue;
        }
        for (what, a, b) in
            [("service", &mine.service, &theirs.service), ("residence", &mine.residence, &theirs.residence)]
        {
            assert_near(
                a.mean_s().unwrap(),
                b.mean_s().unwrap(),
                at_places,
                &format!("{what} at place {place}"),
            );
        }
        // Rare waits vary more than the times they are part of.
        let (a, b) = (mine.wait.mean_s().unwrap(), theirs.wait.mean_s().unwrap());
        let residence = theirs.residence.mean_s().unwrap();
        assert!((a - b).abs() <= at_places * residence, "wait at place {place}: {a} by hand, {b} by engine");
        let little = mine.present.area_s() - mine.residence.tally().sum_s();
        assert!(little.abs() < 1e-6, "Little's law at place {place} by hand: {little}");
    }
    // The system ended empty, so that the area under its level is the sum of all stays.
    assert!((by_hand.open.area_s() - by_hand.latency.tally().sum_s()).abs() < 1e-6);
}

#[test]
fn one_server_has_the_mean_of_the_closed_form() {
    // 6,150 / (1 - rho)^2 requests give 5 % at 95 %; so many give 2.0 %, and 3.3 % at 99.9 %.
    let requests = 4_000_000;
    let by_hand = handmade::queue::mm1(0.9, requests, 1);
    assert_agree(&by_hand, &simulate("w1", requests), 10.0, 0.033, 0.047);
    assert_near(by_hand.latency.quantile_s(0.99).unwrap(), 46.05, 0.05, "p99");
}

#[test]
fn sixteen_servers_have_the_mean_of_the_closed_form() {
    // The wait is 27 % of the response and varies as that of one server does.
    let requests = 4_000_000;
    let by_hand = handmade::queue::mmc(16, 14.4, requests, 1);
    assert_agree(&by_hand, &simulate("w2", requests), 1.369_590, 0.01, 0.015);
}

#[test]
fn the_shop_has_the_mean_and_the_tail_that_four_simulators_found() {
    let requests = 3_000_000;
    let by_hand = handmade::shop::shop(4_000.0, requests, 1);
    let engine = simulate("w3", requests);
    // Between runs of this length the residence at the database has a standard deviation of 0.32 % (24 seeds by hand): two of them
    // differ by less than 1.5 % in 99.9 %.
    assert_agree(&by_hand, &engine, 23.75e-3, 0.003, 0.015);
    for latency in [by_hand.latency.clone(), latency(&engine)] {
        assert_near(latency.quantile_s(0.99).unwrap(), 103.6e-3, 0.003, "p99");
    }
    let pool = engine.resources.last().expect("the pool is the last place").wait.tally();
    assert_near(
        by_hand.places[3].wait.tally().count() as f64,
        pool.count() as f64,
        0.005,
        "connections taken",
    );
}
