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

/// Europe has the primary and two replicas, America one, Asia none; it is nearer to America.
fn near(reads: &str) -> String {
    format!(
        "knee: 1
regions: {{eu: {{round_trips: {{us: 80ms, asia: 200ms}}}}, us: {{round_trips: {{asia: 150ms}}}}, asia: {{}}}}
load:
  eu: {{rate: 5/s, region: eu, requests: {{web_eu.page: 1}}}}
  us: {{rate: 5/s, region: us, requests: {{web_us.page: 1, web_us.save: 1}}}}
  asia: {{rate: 5/s, region: asia, requests: {{web_asia.page: 1, db.read: 1}}}}
services:
  web_eu: {{region: eu, endpoints: {{page: [{{query: db.read}}]}}}}
  web_us: {{region: us, endpoints: {{page: [{{query: db.read}}], save: [{{query: db.write, timeout: 1s}}]}}}}
  web_asia: {{region: asia, endpoints: {{page: [{{query: db.read}}]}}}}
databases: {{db: {{region: eu, servers: unlimited, {reads}, queries: {{read: {{read: 5ms}}, write: {{write: 7ms}}}}}}}}
"
    )
}

/// Constants: the work, and the round trip to where it is done.
#[test]
fn reads_go_to_the_nearest_replica_and_writes_to_the_primary() {
    let mean = |point: &Point, name: &str| point.requests[name].latency_s.mean.value.expect("a mean");
    let assert_takes = |point: &Point, name: &str, exact: f64| {
        let got = mean(point, name);
        assert!((got - exact).abs() < 1e-6, "{name} takes {got} and not {exact}");
    };
    let point = run(&near("read_replicas: {eu: 2, us: 1}, reads: nearest"), 500);
    assert_takes(&point, "web_eu.page", 0.005);
    assert_takes(&point, "web_us.page", 0.005);
    assert_takes(&point, "web_us.save", 0.087);
    assert_takes(&point, "web_asia.page", 0.155);
    assert_takes(&point, "db.read", 0.155);
    let members = &point.places["db"].members;
    let rate = |name: &str| members[name].throughput_per_s.value.expect("a rate");
    // 5 from Europe over two; 2.5 from America and all 5 from Asia; the writes.
    for (name, exact) in [("db.replica.eu.1", 2.5), ("db.replica.us", 7.5), ("db.primary", 2.5)] {
        assert!((rate(name) / exact - 1.0).abs() < 0.05, "{name}: {} and not {exact}", rate(name));
    }
    // Without a replica at home the primary is as near.
    let point = run(&near("read_replicas: {us: 1}, reads: nearest"), 500);
    assert_takes(&point, "web_eu.page", 0.005);
    assert_takes(&point, "web_us.page", 0.005);
    // And without any, all go there.
    let point = run(&near("read_replicas: {us: 0}, reads: nearest"), 500);
    assert_takes(&point, "web_us.page", 0.085);
    assert_takes(&point, "web_asia.page", 0.205);
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

/// A service that sends something over a link of 100 Mbps: 250 KB alone take 20 ms.
fn sender(rate: f64, service: &str, transfer: &str, latency: &str) -> String {
    format!(
        "knee: 1
load: {{rate: {rate}/s, requests: {{app.x: 1}}}}
services: {{app: {{{service}endpoints: {{x: [{{transfer: {{over: wan, {transfer}}}}}]}}}}}}
links: {{wan: {{bandwidth: 100Mbps{latency}}}}}
"
    )
}

/// Transfers share a link as calls share a processor: the mean of M/G/1-PS, 20 ms / (1 - 0.6), does not depend on the law of the
/// sizes beyond their mean; and every one is 15 ms on the way.
#[test]
fn transfers_share_the_bandwidth_of_a_link_whatever_the_law_of_their_sizes() {
    for size in ["250KB", "{exp: 250KB}", "{mean: 250KB, cv: 1}", "{uniform: {min: 0B, max: 500KB}}"] {
        let point = run(&sender(30.0, "", &format!("size: {size}"), ", latency: 15ms"), 80_000);
        assert_is(&point.total.latency_s.mean, 0.050 + 0.015);
        let wan = &point.places["wan"];
        assert_is(&wan.wait_s.mean, 0.030);
        assert_is(&wan.service_s.mean, 0.035);
        assert_is(&wan.resources["bandwidth"].utilization, 0.6);
        assert_is(&wan.by_endpoint["app.x"].throughput_per_s, 30.0);
    }
}

/// 30 % of the bytes are left: 6 ms of work at a load of 0.18 instead of 20 ms at 0.6, after a millisecond of CPU.
#[test]
fn compression_cuts_the_time_on_the_link_and_the_wait_for_it() {
    let mixture = "size: {mixture: [{weight: 1, of: 100KB}, {weight: 1, of: {exp: 400KB}}]}, compress: {ratio: 70%, cpu: 1ms}";
    let point = run(&sender(30.0, "cores: 64, ", mixture, ""), 40_000);
    let on_link = 0.006 / (1.0 - 0.18);
    assert_is(&point.places["wan"].residence_s.mean, on_link);
    assert_is(&point.total.latency_s.mean, 0.001 + on_link);
    let plain = run(
        &sender(30.0, "", "size: {mixture: [{weight: 1, of: 100KB}, {weight: 1, of: {exp: 400KB}}]}", ""),
        40_000,
    );
    let factor = plain.places["wan"].residence_s.mean.value.unwrap() / on_link;
    assert!((factor - 0.050 / on_link).abs() < 0.05 * factor, "{factor} times longer without");
}

/// Users in America, a service in Europe that takes 10 ms, a database in America that takes 5 ms, 80 ms between them.
fn two_regions(users: &str, call: &str, rest: &str) -> String {
    format!(
        "knee: 1
load: {{rate: 5/s, arrivals: deterministic, region: us{users}, requests: {{app.x: 1}}}}
regions: {{eu: {{round_trips: {{us: 80ms}}}}, us: {{}}}}
services: {{app: {{region: eu, workers: 4, endpoints: {{x: [{{delay: 10ms}}, {{query: db.q{call}}}]}}}}}}
databases: {{db: {{region: us, servers: 4, queries: {{q: {{read: 5ms}}}}}}}}
{rest}"
    )
}

#[test]
fn round_trips_are_paid_by_calls_and_requests_that_leave_their_region() {
    let point = run(&two_regions("", "", "pools: {pool: {size: 2, to: db}}"), 500);
    assert_is(&point.total.latency_s.mean, 0.080 + 0.010 + 0.080 + 0.005);
    // Users travel outside the service; the service's own call travels inside, and holds worker and slot.
    assert_is(&point.places["app"].residence_s.mean, 0.095);
    assert_is(&point.places["app"].resources["workers"].utilization, 5.0 * 0.095 / 4.0);
    assert_is(point.places["pool"].utilization.as_ref().unwrap(), 5.0 * 0.085 / 2.0);
    assert_is(&point.places["db"].residence_s.mean, 0.005);
    let at_home =
        two_regions("", "", "").replace("region: us, servers", "servers").replace("region: us, req", "req");
    assert_is(&run(&at_home, 500).total.latency_s.mean, 0.015);
}

#[test]
fn timeouts_cover_the_round_trip() {
    // On the way for 80 ms, the call gives up after 70: the database is never asked.
    let point = run(&two_regions("", ", timeout: 70ms, on_error: continue", ""), 500);
    assert_is(&point.total.latency_s.mean, 0.080 + 0.010 + 0.070);
    assert_eq!(point.places["db"].offered_per_s.value, Some(0.0));
    // So does a user, whose request never arrives; or it arrives, and is worked on for nobody.
    let point = run(&two_regions(", timeout: 60ms", "", ""), 500);
    assert_eq!(point.total.errors.timeout.value, Some(1.0));
    assert_eq!(point.places["app"].offered_per_s.value, Some(0.0));
    let point = run(&two_regions(", timeout: 85ms", "", ""), 500);
    assert_eq!(point.total.errors.timeout.value, Some(1.0));
    assert_is(&point.total.error_latency_s.mean, 0.085);
    assert_is(&point.places["app"].offered_per_s, 5.0);
    assert_is(&point.places["app"].wasted_share, 1.0);
}

/// A new connection takes two round trips more, for one call in ten.
#[test]
fn a_connection_that_is_not_open_yet_costs_round_trips() {
    let point = run(&two_regions("", ", connect: {round_trips: 2, reuse: 90%}", ""), 5_000);
    assert_is(&point.total.latency_s.mean, 0.175 + 0.1 * 0.160);
    let near = two_regions("", ", connect: {round_trips: 3, rtt: 1ms}", "").replace("region: us, s", "s");
    assert_is(&run(&near, 500).total.latency_s.mean, 0.080 + 0.010 + 0.003 + 0.005);
}

#[test]
fn explained_models_show_links_regions_and_trips() {
    let text =
        knee::report::explain_text(&model(&two_regions("", ", connect: {round_trips: 2, reuse: 90%}", "")));
    for line in [
        "    100% app.x, round trip 80ms",
        "app  service, in eu",
        "db  database, in us",
        "      3  choose 10%, 90%",
        "      2  work 80ms  (round trip eu - us)",
        "      6  work 160ms  (to connect, 2 round trips)",
        "  eu - us  80ms",
    ] {
        assert!(text.lines().any(|found| found == line), "no `{line}` in\n{text}");
    }
    let text = knee::report::explain_text(&model(&sender(1.0, "", "size: {exp: 250KB}", ", latency: 15ms")));
    for line in [
        "wan  link",
        "  bandwidth  100 Mbps, shared",
        "      0  send exp 20ms  (244 KiB on average)",
        "      1  work 15ms",
    ] {
        assert!(text.lines().any(|found| found == line), "no `{line}` in\n{text}");
    }
    let text = knee::report::explain_text(&model(&page("times: 30, at_once: 6", "{call: web.exp}")));
    assert!(text.contains("call all of 30 x web.exp 6 at once"), "{text}");
    let text = knee::report::explain_text(&model(&contended(1, "0s", 4)));
    assert!(text.contains("  cores  4, shared, contention 5%, coherency 1%\n"), "{text}");
}

/// A page of objects, so many of them at a time.
fn page(how: &str, object: &str) -> String {
    format!(
        "knee: 1
load: {{rate: 0.2/s, requests: {{browser.page: 1}}}}
externals: {{browser: {{endpoints: {{page: [{{parallel: {{{how}, do: {object}}}}}]}}}}}}
services: {{web: {{endpoints: {{constant: [{{delay: 100ms}}], exp: [{{delay: {{exp: 100ms}}}}], none: []}}}}}}
"
    )
}

#[test]
fn thirty_objects_over_six_connections_take_five_rounds() {
    for object in ["{call: web.constant}", "[{delay: 40ms}, {call: web.none}, {delay: 60ms}]"] {
        let point = run(&page("times: 30, at_once: 6", object), 200);
        assert_is(&point.total.latency_s.mean, 0.500);
        assert_eq!(point.total.latency_s.max, Some(0.500));
    }
    for (how, rounds) in
        [("times: 31, at_once: 6", 6.0), ("times: 5, at_once: 1", 5.0), ("times: 5, at_once: 9", 1.0)]
    {
        assert_is(&run(&page(how, "{call: web.constant}"), 200).total.latency_s.mean, 0.1 * rounds);
    }
}

/// While all six are under way one ends every 1/60 s; the last six end after the largest of six exponentials, H(6) / 10 s.
#[test]
fn exponential_objects_over_six_connections_take_what_the_law_says() {
    let last: f64 = (1..=6).map(|k| 0.1 / f64::from(k)).sum();
    let point = run(&page("times: 30, at_once: 6", "{call: web.exp}"), 4_000);
    assert_is(&point.total.latency_s.mean, 24.0 * 0.1 / 6.0 + last);
    assert_is(&point.places["web"].in_system, 0.2 * 30.0 * 0.1);
    // 24 of 30 are enough: those behind them have started by then, and are over in their own time.
    let enough = run(&page("times: 30, at_once: 6, need: 24", "{call: web.exp}"), 4_000);
    assert_is(&enough.total.latency_s.mean, 24.0 * 0.1 / 6.0);
    // Five more are under way when the 24th is over; the last was never asked for.
    assert_is(&enough.places["web"].amplification, 29.0);
}

#[test]
fn no_more_run_at_a_time_than_may_and_none_starts_once_the_page_has_failed() {
    let full =
        page("times: 30, at_once: 6", "{call: web.exp}").replace("web: {", "web: {workers: 6, queue: 0, ");
    let full = full.replace("rate: 0.2/s", "users: 1, think: 1s");
    assert_eq!(run(&full, 1_000).total.errors.rejected.value, Some(0.0));
    let failing = page("times: 30, at_once: 6", "{call: web.exp}").replace("none: []", "none: [{delay: 1s}]");
    let failing = failing.replace("exp: [{delay: {exp: 100ms}}]", "exp: [{delay: 100ms}, {fail: 100%}]");
    let point = run(&failing, 200);
    assert_eq!(point.total.errors.failed.value, Some(1.0));
    assert_is(&point.places["web"].amplification, 6.0);
}
