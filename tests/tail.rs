//! What makes slow requests slow: where their time goes, and how many calls are where.

mod support;

use knee::engine::{Engine, Seed};
use knee::experiment::answer::{Estimate, Point};
use knee::experiment::options::{Options, Quiet};
use knee::experiment::run;
use knee::measure::Dissector;
use knee::measure::dissector::Dissection;
use knee::measure::layout::Layout;
use knee::model::Model;
use knee::units::{Span, Time};
use support::model;

/// A run of `requests` requests, taken apart.
fn dissect(model: &Model, requests: u64, bar: Span) -> Dissection {
    let layout = Layout::new(model);
    let mut engine =
        Engine::new(model, Seed { seed: 7, replication: 0 }, Dissector::new(model, &layout, bar.0));
    engine.run_requests(requests, u64::MAX);
    let end = engine.now();
    engine.into_probe().close(end)
}

fn place(model: &Model, name: &str) -> usize {
    model.places.iter().position(|p| p.name == name).expect("the model has this place")
}

fn millis(ms: u64) -> u128 {
    u128::from(ms) * 1_000_000
}

/// Where nothing goes on side by side, waits and work are all there is: their sums are the latencies, to the nanosecond.
#[test]
fn waits_and_work_of_a_chain_are_its_latency() {
    let model = model(
        "knee: 1
load: {rate: 40/s, requests: {web.page: 3, web.search: 1}}
services:
  web:
    replicas: 2
    workers: 8
    cores: 1
    endpoints:
      page: [{cpu: {exp: 20ms}}, {query: db.read}, {get: near}]
      search: [{repeat: {times: {geometric: {mean: 2}}, do: [{query: db.read}]}}, {cpu: {exp: 5ms}}]
databases: {db: {servers: 3, queries: {read: {read: {lognormal: {mean: 30ms, cv: 2}}}}}}
caches: {near: {hit_ratio: 0.7, time: 1ms, on_miss: [{query: db.read}]}}
pools: {slots: {size: 4, to: db}}
",
    );
    let found = dissect(&model, 20_000, Span::from_secs(0.5));
    for anatomy in [&found.all, &found.slow] {
        let parts = anatomy.waits.iter().chain(&anatomy.services).sum::<u128>();
        assert!(anatomy.count() > 100 && anatomy.waits.iter().filter(|wait| **wait > 0).count() > 2);
        assert_eq!((parts, anatomy.elsewhere), (anatomy.latency, 0));
    }
    assert_eq!(found.all.count(), 20_000);
    assert!(found.slow.latency >= millis(500) * u128::from(found.slow.count()));
}

/// By hand: 20 ms of work; an attempt given up after 30 ms, another after 40; 5 ms of back-off between the two; what is sent, and what goes
/// on without anyone, takes no time of the request. Nothing waits.
#[test]
fn attempts_given_up_count_and_what_nobody_waits_for_does_not() {
    let model = model(
        "knee: 1
load: {rate: 1/s, requests: {web.page: 1}}
services:
  web:
    endpoints:
      page:
        - delay: 20ms
        - send: letters
        - {call: far.ask, timeout: 30ms, on_error: continue}
        - {call: slow.ask, timeout: 40ms, retry: {attempts: 2, backoff: {first: 5ms, jitter: none}}, on_error: continue}
externals:
  far: {endpoints: {ask: [{delay: 100ms}]}}
  slow: {endpoints: {ask: [{call: far.ask}, {delay: 100ms}]}}
queues: {letters: {consumers: 64, do: [{delay: 70ms}]}}
",
    );
    let found = dissect(&model, 50, Span::ZERO);
    let (all, n) = (&found.all, 50);
    assert_eq!((all.count(), all.latency), (n, millis(n * (20 + 30 + 40 + 5 + 40))));
    let sums = |name: &str| (all.services[place(&model, name)], all.given_up[place(&model, name)]);
    assert_eq!(sums("web"), (millis(20 * n), 0));
    assert_eq!(sums("far"), (0, millis(30 * n)));
    assert_eq!(sums("slow"), (0, millis(2 * 40 * n)));
    assert_eq!(sums("letters"), (0, 0));
    assert_eq!((all.elsewhere, all.waits.iter().sum::<u128>()), (millis(5 * n), 0));
}

/// One user, who thinks 30 ms and is served for 10: one call is present a quarter of the time, to the nanosecond.
#[test]
fn levels_last_as_long_as_they_are() {
    let model = model(
        "knee: 1
load: {users: 1, think: 30ms, requests: {s.x: 1}}
services: {s: {workers: 1, endpoints: {x: [{delay: 10ms}]}}}
",
    );
    let layout = Layout::new(&model);
    let mut engine =
        Engine::new(&model, Seed { seed: 1, replication: 0 }, Dissector::new(&model, &layout, 0));
    engine.run_until(Time::ZERO + Span::from_secs(1.0), u64::MAX);
    let start = engine.now();
    engine.probe_mut().start_window(start);
    engine.run_until(start + Span::from_secs(40.0), u64::MAX);
    let end = engine.now();
    let levels = &engine.into_probe().close(end).levels[place(&model, "s")];
    assert_eq!(levels.as_slice(), [30_000_000_000, 10_000_000_000]);
}

fn run_of(yaml: &str) -> Point {
    let model = model(yaml);
    let options = Options { requests: Some(50_000), ..Options::from(&model.study) };
    run(&model, &options, &Quiet).expect("a model that runs").points.remove(0)
}

/// The 95 % interval, three times as wide: six standard errors either way.
fn assert_near(what: &str, found: &Estimate, truth: f64) {
    let (value, half) = (found.value.unwrap(), found.half_width().unwrap());
    assert!(
        (value - truth).abs() <= 3.0 * half && half < 0.1 * truth,
        "{what}: {value} +- {half}, not {truth}"
    );
}

/// M/M/1: of a response T = W + S beyond t, W being 0 with 1 - rho and otherwise exponential with 1 - rho, S is on average
/// `e^((1-rho)t) (E[S; S > t] + integral over s < t of s e^-s rho e^(-(1-rho)(t-s)))`, and T is t + 1/(1-rho). The number present is geometric.
#[test]
fn the_tail_of_a_single_server_is_mostly_wait() {
    let rho: f64 = 0.8;
    let point = run_of(
        "knee: 1\nload: {rate: 0.8/s, requests: {s.x: 1}}\nservices: {s: {workers: 1, endpoints: {x: [{delay: {exp: 1s}}]}}}\n",
    );
    let document = serde_json::to_value(&point).unwrap();
    assert_eq!(document["tail"]["p99"][0]["place"], "s");
    assert!(document["places"]["s"]["in_system_distribution"]["empty"]["low"].is_number());
    let tail = point.tail.expect("a steady load has a tail");
    let [here] = tail.places.as_slice() else { panic!("one place: {:?}", tail.places) };
    let t = tail.from_s;
    let beyond = (t + 1.0) * (-t).exp();
    let within = (1.0 - (-rho * t).exp() * (rho * t + 1.0)) / rho * (-(1.0 - rho) * t).exp();
    let service = (beyond + within) * ((1.0 - rho) * t).exp();
    let response = t + 1.0 / (1.0 - rho);
    assert_near("latency", &tail.mean_s, response);
    assert_near("service", &here.service_s, service);
    assert_near("wait", &here.wait_s, response - service);
    assert_near("usual service", &here.usual_service_s, 1.0);
    assert_near("usual wait", &here.usual_wait_s, rho / (1.0 - rho));
    assert!((here.share.value.unwrap() - 1.0).abs() < 1e-9 && here.waits_for.as_deref() == Some("workers"));
    let [request] = tail.requests.as_slice() else { panic!("one request: {:?}", tail.requests) };
    assert_eq!(request.share.value, Some(1.0));

    let present = point.places["s"].in_system_distribution.as_ref().expect("it is there, too");
    assert_near("empty", &present.empty, 1.0 - rho);
    // The least n with 1 - rho^(n+1) >= p: 3, 13 and 20; of the two in the tail one more or less is within the noise.
    assert_eq!(present.p50, 3);
    assert!((12..=14).contains(&present.p95) && (18..=22).contains(&present.p99), "{present:?}");
}

/// Two kinds of request without waiting, one of 10 ms and one in fifty of 1 s: all of the slowest 1 % are of the second kind.
#[test]
fn the_tail_names_the_request_that_makes_it() {
    let point = run_of(
        "knee: 1
load: {rate: 10/s, requests: {s.quick: 49, s.report: 1}}
services: {s: {endpoints: {quick: [{delay: {exp: 10ms}}], report: [{delay: {exp: 1s}}]}}}
",
    );
    let tail = point.tail.expect("a steady load has a tail");
    assert_eq!((tail.requests.len(), tail.requests[0].request.as_str()), (1, "s.report"));
    assert_near("usual share", &tail.requests[0].usual_share, 0.02);
}

/// Where all take the same time, nobody is slow.
#[test]
fn without_a_spread_there_is_no_tail() {
    let yaml =
        "knee: 1\nload: {rate: 10/s, requests: {s.x: 1}}\nservices: {s: {endpoints: {x: [{delay: 10ms}]}}}\n";
    assert_eq!(run_of(yaml).tail, None);
}
