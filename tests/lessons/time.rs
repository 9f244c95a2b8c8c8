//! The lessons with time in them.

use super::*;
use knee::dist::Popularity;
use knee::experiment::answer::TimelineRow;

fn window(point: &Point, at_s: f64) -> &TimelineRow {
    point.timeline.iter().find(|row| row.at_s <= at_s && at_s < row.until_s).expect("a window")
}

fn p95(point: &Point, at_s: f64) -> f64 {
    value(&window(point, at_s).total.latency_s.p95)
}

/// The worst p95 of the windows that begin within.
fn worst(point: &Point, from_s: f64, until_s: f64) -> f64 {
    let rows = point.timeline.iter().filter(|row| from_s <= row.at_s && row.at_s < until_s);
    rows.filter_map(|row| row.total.latency_s.p95.value).fold(0.0, f64::max)
}

fn failed(row: &TimelineRow) -> f64 {
    let e = &row.total.errors;
    [&e.timeout, &e.rejected, &e.abandoned, &e.failed].into_iter().map(value).sum()
}

/// 1,000 reads a second; the database bears 8 / 20 ms = 400.
#[test]
fn a_flushed_cache_brings_the_database_down_and_a_restarted_node_does_not() {
    let file = "lessons/flush.yaml";
    let all = run(&model(file), None);
    assert_eq!((all.state, all.timeline.len()), (State::Transient, 60));
    let hits = |row: &TimelineRow| value(row.places["products"].hit_ratio.as_ref().expect("a cache"));
    assert_eq!(hits(window(&all, 20.0)), 1.0);
    assert!(hits(window(&all, 30.0)) < 0.35, "{}", hits(window(&all, 30.0)));
    assert!(p95(&all, 20.0) < 0.008);
    assert!((4.0..7.0).contains(&worst(&all, 30.0, 120.0)), "{}", worst(&all, 30.0, 120.0));
    assert!(p95(&all, 60.0) > 0.05 && p95(&all, 80.0) < 0.05);
    // A quarter of the keys at a time: 250/s of misses at most.
    assert!(worst(&all, 120.0, 150.0) < 0.1, "{}", worst(&all, 120.0, 150.0));

    let one = run(&model_with(file, &[("products.coalesce", "true")]), None);
    let (worst_of_one, worst_of_all) = (worst(&one, 30.0, 120.0), worst(&all, 30.0, 120.0));
    assert!(worst_of_one < 0.65 * worst_of_all, "{worst_of_one} and {worst_of_all}");
    // Each key misses at its first read after the flush, those of the node again after its restart, and at every read while it is gone.
    let keys = Popularity::zipf(20_000, 0.8).expect("a law");
    let asked = |share: f64, seconds: f64| 1.0 - (-1_000.0 * share * seconds).exp();
    let of_key = |(key, share): (u64, f64)| match knee::rng::scramble(key) % 4 {
        0 => asked(share, 90.0) + 1_000.0 * share + asked(share, 29.0),
        _ => asked(share, 120.0),
    };
    let misses: f64 = (0..).zip(keys.shares()).map(of_key).sum();
    let found = value(one.places["products"].misses_per_s.as_ref().expect("a cache")) * 150.0;
    assert!((found / misses - 1.0).abs() < 0.01, "{found} misses, {misses} by the formula");

    let few = run(&model_with(file, &[("catalogue.servers", "4")]), None);
    assert!(failed(window(&few, 90.0)) > 0.2, "{}", failed(window(&few, 90.0)));
}

/// 300 requests a second, a fifth of them writes; the primary is gone from 60 s to 80 s of 150 s.
#[test]
fn retries_make_of_a_failover_of_the_writes_one_of_everything() {
    let file = "lessons/failover.yaml";
    let alone = run(&model_with(file, &[("web.save", "[{query: orders.write}]")]), None);
    let (save, browse) = (&alone.requests["web.save"], &alone.requests["web.browse"]);
    assert!((value(&save.errors.failed) - 20.0 / 150.0).abs() < 0.005, "{}", value(&save.errors.failed));
    assert_eq!(value(&browse.errors.failed) + value(&browse.errors.timeout), 0.0);
    assert!((failed(window(&alone, 70.0)) - 0.2).abs() < 0.02);
    assert_eq!(failed(window(&alone, 90.0)), 0.0);
    // Two replicas of four servers, 240/s x 12 ms: 36 % busy each, and one 72 % afterwards.
    let (before, after) = (p95(&alone, 30.0), p95(&alone, 120.0));
    assert!(after > 1.1 * before, "{before} and {after}");

    let retried = run(&model(file), None);
    for at in [70.0, 75.0, 80.0, 90.0] {
        assert!(failed(window(&retried, at)) > 0.99, "at {at} s {} fail", failed(window(&retried, at)));
    }
    assert!(failed(window(&retried, 130.0)) == 0.0 && p95(&retried, 130.0) < 1.5 * after);
}
