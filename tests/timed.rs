//! What happens at a given time, held against what is known of it.

mod support;

use knee::experiment::answer::{Estimate, Point, State, TimelineRow};
use knee::experiment::{self, Quiet, options::Options};
use knee::units::Span;
use support::model;

fn run(yaml: &str, duration_s: f64) -> Point {
    let model = model(yaml);
    let options = Options { duration: Some(Span::from_secs(duration_s)), ..Options::from(&model.study) };
    let point = experiment::run(&model, &options, &Quiet).expect("a model that runs").points.remove(0);
    assert_eq!(point.state, State::Transient);
    assert!(point.audit.iter().all(|row| row.holds), "{:?}", point.audit);
    assert!(
        point.audit.iter().any(|row| row.law == "flow") && point.audit.iter().any(|row| row.law == "little")
    );
    point
}

fn value(estimate: &Estimate) -> f64 {
    estimate.value.expect("an estimate")
}

/// The truth lies within three half widths of a 95 % interval of 20 replications: more than 99.99 % of the time, for some hundred of
/// them together. The half width is at most `narrow`.
#[track_caller]
fn assert_near(estimate: &Estimate, truth: f64, narrow: f64, of: &str) {
    let half_width = estimate.half_width().expect("an interval");
    assert!(half_width <= narrow, "{of}: a half width of {half_width}");
    let off = (value(estimate) - truth).abs();
    assert!(off <= 3.0 * half_width + 1e-9, "{of}: {} +- {half_width} is not {truth}", value(estimate));
}

fn hits(row: &TimelineRow, cache: &str) -> Estimate {
    row.places[cache].hit_ratio.clone().expect("a cache")
}

/// The mean of 1 - e^(-a t) from t0 to t1.
fn filled(a: f64, t0: f64, t1: f64) -> f64 {
    1.0 - ((-a * t0).exp() - (-a * t1).exp()) / (a * (t1 - t0))
}

/// Keys that are alike, room for all, no TTL: each key misses once after a flush, so that a read at time t after it hits if its key has been read
/// since, with probability 1 - exp(-L t / N).
#[test]
fn after_a_flush_each_key_misses_once() {
    let point = run(
        "
knee: 1
load: {rate: 500/s, requests: {web.get: 1}}
services: {web: {workers: unlimited, endpoints: {get: [{get: c}]}}}
caches: {c: {entries: unlimited, keys: {uniform: 2_000}, flush: {at: 6s, every: 10s}, on_miss: [{query: db.load}]}}
databases: {db: {servers: unlimited, queries: {load: {read: 0s}}}}
",
        20.0,
    );
    assert_eq!(point.changes.iter().map(|c| c.at_s).collect::<Vec<_>>(), [6.0, 16.0]);
    assert_eq!(point.changes[0].what, "c is flushed");
    assert_eq!(point.timeline.len(), 40);
    for row in &point.timeline {
        let since = |t: f64| {
            if t < 6.0 - 1e-9 {
                f64::NAN
            } else if t < 16.0 - 1e-9 {
                t - 6.0
            } else {
                t - 16.0
            }
        };
        let from = since(row.at_s);
        let truth = if from.is_nan() { 1.0 } else { filled(500.0 / 2_000.0, from, from + 0.5) };
        assert_near(&hits(row, "c"), truth, 0.03, &format!("at {} s", row.at_s));
    }
}

/// The keys of a lost node are a share of the hash: 1 - share of the look-ups hit while it is gone, then its keys come back one by one.
#[test]
fn the_keys_of_a_lost_node_miss_until_it_is_back() {
    const NODES: u64 = 4;
    let point = run(
        "
knee: 1
load: {rate: 500/s, requests: {web.get: 1}}
services: {web: {workers: unlimited, endpoints: {get: [{get: c}]}}}
caches: {c: {entries: unlimited, keys: {uniform: 1_000}, nodes: 4, lost: {node: 2, at: 5s, for: 10s}, on_miss: [{query: db.load}]}}
databases: {db: {servers: unlimited, queries: {load: {read: 0s}}}}
",
        30.0,
    );
    let there = (0..1_000u64).filter(|key| knee::rng::scramble(*key) % NODES == 1).count() as f64 / 1_000.0;
    assert!((0.2..0.3).contains(&there), "{there}");
    let told: Vec<_> = point.changes.iter().map(|c| (c.at_s, c.what.as_str())).collect();
    assert_eq!(told, [(5.0, "c.2 is lost"), (15.0, "c.2 is back and empty")]);
    for row in &point.timeline {
        let truth = match row.at_s {
            t if t < 5.0 - 1e-9 => 1.0,
            t if t < 15.0 - 1e-9 => 1.0 - there,
            t => 1.0 - there * (1.0 - filled(0.5, t - 15.0, t - 14.5)),
        };
        assert_near(&hits(row, "c"), truth, 0.03, &format!("at {} s", row.at_s));
    }
}

const SHOP: &str = "
knee: 1
load: {rate: 400/s, arrivals: deterministic, requests: {web.read: 3, web.write: 1}}
services: {web: {workers: unlimited, endpoints: {read: [{query: db.read}], write: [{query: db.write}]}}}
databases:
  db:
    servers: unlimited
    read_replicas: 2
    reads: {from: replicas}
    failover: {at: 10s, promotion: 5s}
    queries: {read: {read: 20ms}, write: {write: 10ms}}
";

/// By hand: writes are a Bernoulli quarter of 400 requests a second. Those submitted in the 10 ms before the loss are at work when it comes, and
/// those of the next 5 s are refused: 100/s x 5.01 s of 100/s x 30 s.
#[test]
fn a_failover_refuses_what_is_written_until_a_replica_is_promoted() {
    let point = run(SHOP, 30.0);
    let refused = 5.01 / 30.0;
    assert_near(&point.requests["web.write"].errors.failed, refused, 0.004, "writes");
    assert_eq!(value(&point.requests["web.read"].errors.failed), 0.0);
    assert_near(&point.total.errors.failed, 0.25 * refused, 0.0015, "all");
    assert_eq!(point.total.causes.len(), 1);
    assert_eq!((point.total.causes[0].place.as_str(), point.total.causes[0].kind), ("db", "failed"));
    for row in &point.timeline {
        let all = if (10.0 - 1e-9..15.0 - 1e-9).contains(&row.at_s) { 1.0 } else { 0.0 };
        let failed = value(&row.requests["web.write"].errors.failed);
        // The window of the loss has answers from before it.
        assert!((failed - all).abs() < 1e-9, "at {} s: {failed}", row.at_s);
    }
    // No request is missing: 400/s for 30 s in each of 20 replications, but for those under way at either end.
    let counts = &point.counts;
    assert!((counts.offered as f64 - 240_000.0).abs() < 40.0);
    assert!((counts.right + counts.errors).abs_diff(counts.offered) < 40 * 20);
}

/// Writes of 10 ms at 100/s and reads of 20 ms at 300/s over two replicas: before the loss each replica reads 150/s and the primary writes; after
/// it one replica writes and the other reads all.
#[test]
fn after_a_failover_there_is_one_replica_fewer() {
    let model = model(SHOP);
    let after = |skip_s: f64| {
        // The same model, with the failover so early that nearly all of the run comes after it.
        let text = SHOP.replace("{at: 10s, promotion: 5s}", "{at: 0s, promotion: 0s}");
        run(&text, skip_s)
    };
    let point = after(40.0);
    let rate = |name: &str| value(&point.places["db"].members[name].throughput_per_s);
    let names: Vec<_> = point.places["db"].members.keys().cloned().collect();
    assert_eq!(names, ["db.primary", "db.replica.1", "db.replica.2"]);
    assert!(rate("db.primary") < 0.1, "{}", rate("db.primary"));
    // What replica 1 still reads are those of the first 20 ms.
    assert!((rate("db.replica.1") - 100.0).abs() < 2.0, "{}", rate("db.replica.1"));
    assert!((rate("db.replica.2") - 300.0).abs() < 2.0, "{}", rate("db.replica.2"));
    assert_eq!(model.duration(), Span::from_secs(60.0));
}

/// Reads from the primary fail with it, retries outlive a short failover, and one's own writes are read from the new primary.
#[test]
fn a_retry_outlives_a_failover_and_own_writes_are_read_from_the_new_primary() {
    let yaml = "
knee: 1
load: {rate: 200/s, requests: {web.save: 1}}
services:
  web:
    workers: unlimited
    endpoints:
      save:
        - {query: db.write, key: k, retry: {attempts: 4, backoff: {first: 400ms, factor: 1}}}
        - {query: db.read, key: k}
databases:
  db:
    servers: unlimited
    read_replicas: 2
    keys: {uniform: 100}
    replication: {lag: 1s}
    reads: {from: replicas, after_own_write: {from: primary, for: 10s}}
    failover: {at: 5s, promotion: 1s}
    queries: {read: {read: 1ms}, write: {write: 1ms}}
";
    let point = run(yaml, 20.0);
    // Four attempts within 1.2 s: the last comes after the promotion. Only a read of what was written right before the loss has no second one.
    let lost = value(&point.total.errors.failed) * 200.0 * 20.0;
    assert!(lost < 1.0, "{lost} requests a replication");
    assert_eq!(value(point.places["db"].stale_share.as_ref().expect("replicas lag")), 0.0);
    // 200 writes and 200 reads a second from 6 s on, and once more what had waited since 5 s.
    let at_new = value(&point.places["db"].members["db.replica.1"].throughput_per_s);
    assert!((at_new - 400.0 * 15.0 / 20.0).abs() < 5.0, "{at_new}");
    let shown = |t: f64| point.timeline.iter().find(|row| (row.at_s - t).abs() < 1e-9).expect("a window");
    assert_eq!(value(&shown(5.5).total.throughput_per_s), 0.0, "while nobody writes nobody is answered");
}

/// A read under way at the primary, two waiting for its only server, and a pool before it: all fail at the loss, all is given back.
#[test]
fn whoever_works_or_waits_at_a_lost_primary_fails_and_gives_back_what_it_holds() {
    let point = run(
        "
knee: 1
load: {users: 6, think: 100ms, requests: {web.get: 1}}
services: {web: {workers: 6, endpoints: {get: [{query: db.read}]}}}
pools: {p: {size: 4, to: db}}
databases:
  db:
    servers: 1
    read_replicas: 1
    reads: {from: primary}
    failover: {at: 5s, promotion: 10s}
    queries: {read: {read: 200ms}}
",
        30.0,
    );
    // One of 200 ms at a time before and after; in between six users fail at once every 100 ms.
    let failed: f64 = point.timeline.iter().map(|row| value(&row.total.errors.failed)).fold(0.0, f64::max);
    assert_eq!(failed, 1.0);
    let at = |t: f64| point.timeline.iter().find(|row| (row.at_s - t).abs() < 1e-9).expect("a window");
    assert!((value(&at(20.0).total.throughput_per_s) - 5.0).abs() < 1.1);
    let errors = point.counts.errors as f64 / 20.0;
    assert!((errors - 6.0 * 100.0).abs() < 7.0, "{errors}: six users, every 100 ms, for 10 s");
}
