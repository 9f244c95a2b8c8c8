//! Bills and lost revenue against hand-worked ones, through the whole of `experiment::run`.

use knee::compile::load;
use knee::experiment::answer::{Estimate, Point};
use knee::experiment::bill::Bill;
use knee::experiment::options::Options;
use knee::experiment::{self, Quiet};
use knee::model::Model;

const SECONDS: f64 = 730.0 * 3_600.0;

#[track_caller]
fn model(text: &str) -> Model {
    let loaded = load(text.as_bytes(), "m.yaml", &[], &|_| Err("no such file".to_owned()));
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    loaded.model.unwrap_or_else(|| panic!("{}", told.join("\n")))
}

fn run(model: &Model) -> Point {
    experiment::run(model, &Options::from(&model.study), &Quiet).unwrap().points.remove(0)
}

#[track_caller]
fn near(e: &Estimate, expected: f64, relative: f64) {
    let value = e.value.unwrap();
    assert!((value / expected - 1.0).abs() <= relative, "{value} against {expected}");
}

#[test]
fn a_fixed_bill_counts_replicas_copies_and_what_they_keep() {
    let model = model(
        "
knee: 1
load: {rate: 10/s, requests: {web.get: 1}}
services: {web: {replicas: 4, cost: 0.17 $/h, endpoints: {get: [{query: orders.read}]}}}
databases:
  orders:
    {servers: 8, read_replicas: 2, size: 200GiB, cost: [0.50 $/h, 0.10 $/GiB/month], reads: replicas,
     queries: {read: {read: 1ms}}}
  parts:
    {servers: 1, shards: 4, read_replicas: 1, size: 400GiB, keys: {uniform: 100}, cost: 0.10 $/GiB/month,
     reads: primary, queries: {read: {read: 1ms}}}
caches: {near: {entries: 10, keys: {uniform: 100}, per: web, size: 1GiB, cost: 2 $/GiB/month}}
",
    );
    let bill = Bill::of(&model).unwrap();
    // 4 x 0.17 x 730; 3 x 0.50 x 730 + 3 x 200 x 0.10; shards hold parts, two copies of 400 GiB; 4 replicas of 1 GiB.
    let expected = [("web", 496.4), ("orders", 1_155.0), ("parts", 80.0), ("near", 8.0)];
    for ((name, amount), (place, wanted)) in bill.by_place.iter().zip(expected) {
        assert_eq!(name, place);
        assert!((amount - wanted).abs() < 1e-9, "{name}: {amount}");
    }
    assert!((bill.per_month - 1_739.4).abs() < 1e-9 && bill.currency == "$");
    // 10 right answers a second are 26.28 million a month.
    assert!((bill.per_million(10.0) - 1_739.4 / 26.28).abs() < 1e-9);
}

#[test]
fn a_bill_at_a_load_adds_calls_and_bytes() {
    let model = model(
        "
knee: 1
load: {rate: 100/s, arrivals: deterministic, requests: {web.get: 1}}
services:
  web:
    cost: [0.10 EUR/h, 1 EUR/million]
    endpoints: {get: [{call: bank.pay}, {call: bank.pay}, {transfer: {over: wan, size: 1MiB}}]}
externals: {bank: {cost: 5 EUR/million, endpoints: {pay: [{delay: 1ms}]}}}
links: {wan: {bandwidth: 10Gbps, cost: 0.09 EUR/GiB}}
study: {duration: 20s, warmup: 1s, replications: 3}
",
    );
    let cost = run(&model).cost.unwrap();
    let millions = 100.0 * SECONDS / 1e6;
    near(&cost.by_place["web"], 73.0 + millions, 1e-3);
    near(&cost.by_place["bank"], 10.0 * millions, 1e-3);
    near(&cost.by_place["wan"], 100.0 / 1_024.0 * SECONDS * 0.09, 1e-3);
    near(&cost.per_month, 73.0 + 11.0 * millions + 100.0 / 1_024.0 * SECONDS * 0.09, 1e-3);
    near(&cost.per_million_requests, cost.per_month.value.unwrap() / millions, 1e-3);
}

#[test]
fn an_hourly_bill_is_exact() {
    let model = model(
        "
knee: 1
load: {rate: 50/s, requests: {web.get: 1}}
services: {web: {workers: 4, replicas: 3, cost: 120 $/month, endpoints: {get: [{delay: {exp: 10ms}}]}}}
study: {requests: 500, replications: 3}
",
    );
    let cost = run(&model).cost.unwrap();
    let (low, high) = (cost.per_month.low.unwrap(), cost.per_month.high.unwrap());
    assert!((cost.per_month.value.unwrap() - 360.0).abs() < 1e-9 && low == high);
    assert!(cost.per_million_requests.low < cost.per_million_requests.high, "answers vary");
}

fn earning(work: &str, business: &str) -> Point {
    run(&model(&format!(
        "
knee: 1
load: {{rate: 80/s, requests: {{web.get: 1}}}}
services: {{web: {{workers: 1, endpoints: {{get: {work}}}}}}}
business: {business}
study: {{requests: 40_000, replications: 10}}
"
    )))
}

/// Lost to latency over what all bring.
fn share(point: &Point) -> Estimate {
    let it = point.business.as_ref().unwrap();
    let revenue = it.revenue_per_month.value.unwrap();
    let of = |x: Option<f64>| x.map(|x| x / revenue);
    let lost = &it.lost_to_latency_per_month;
    Estimate { value: of(lost.value), low: of(lost.low), high: of(lost.high), reason: None }
}

#[test]
fn a_constant_latency_loses_a_constant_share() {
    // 60 ms above the reference at 1 % for 100 ms: 0.6 % of what 80/s at half a dollar bring. Nobody waits for unlimited workers.
    let text = "{revenue_per_request: 0.50 $, conversion_per_100ms: -1%, reference: 20ms, of: web.get}";
    let model = model(&format!(
        "
knee: 1
load: {{rate: 80/s, arrivals: deterministic, requests: {{web.get: 1}}}}
services: {{web: {{endpoints: {{get: [{{delay: 80ms}}]}}}}}}
business: {text}
study: {{duration: 50s, warmup: 1s, replications: 3}}
"
    ));
    let point = run(&model);
    let it = point.business.as_ref().unwrap();
    near(&it.revenue_per_month, 40.0 * SECONDS, 1e-3);
    near(&it.lost_to_latency_per_month, 0.006 * 40.0 * SECONDS, 1e-3);
    assert_eq!(it.lost_to_errors_per_month.value, Some(0.0));
    assert!(it.assumption.contains("-1 % of revenue per 100 ms"), "{}", it.assumption);
}

#[test]
fn an_mm1_loses_by_its_mean_wait() {
    // Service 10 ms at 0.8: waits of 40 ms, above a reference of the mean service time; far from losing all.
    let lost =
        share(&earning("[{delay: {exp: 10ms}}]", "{revenue_per_request: 1 $, conversion_per_100ms: -1%}"));
    let (low, high) = (lost.low.unwrap(), lost.high.unwrap());
    assert!(low < 0.004 && 0.004 < high && high - low < 0.001, "{lost:?}");
}

#[test]
fn a_steep_slope_loses_all_and_not_more() {
    // With 100 % for 100 ms a response T, exponential of mean 50 ms, loses min(1, (T - 10 ms) / 100 ms) on average:
    // (E min(T, 110 ms) - 10 ms) / 100 ms = (50 (1 - e^-2.2) - 10) / 100.
    let steep = "{revenue_per_request: 1 $, conversion_per_100ms: -100%}";
    let lost = share(&earning("[{delay: {exp: 10ms}}]", steep));
    let exact = (50.0 * (1.0 - (-2.2f64).exp()) - 10.0) / 100.0;
    let (low, high) = (lost.low.unwrap(), lost.high.unwrap());
    assert!(low < exact && exact < high && high - low < 0.05, "{lost:?} against {exact}");
}

#[test]
fn errors_lose_what_they_would_have_brought() {
    let point =
        earning("[{delay: 1ms}, {fail: 25%}]", "{revenue_per_request: 2 EUR, conversion_per_100ms: -1%}");
    let it = point.business.unwrap();
    near(&it.lost_to_errors_per_month, 0.25 * it.revenue_per_month.value.unwrap(), 0.02);
    near(&it.revenue_per_month, 160.0 * SECONDS, 0.01);
}

#[test]
fn objectives_of_places_and_money_bound_the_limit_too() {
    let model = model(
        "
knee: 1
load: {rate: 50/s, requests: {web.get: 1}}
services: {web: {workers: 1, cost: [10 $/month, 2 $/million], endpoints: {get: [{delay: {exp: 10ms}}, {get: near}, {send: mails}]}}}
caches: {near: {hit_ratio: 80%}}
queues: {mails: {consumers: 1, do: [{delay: {exp: 1ms}}]}}
slo:
  web: [utilization < 50%]
  near: [hit_ratio > 90%, {warn: hit_ratio > 95%}]
  mails: [age p95 < 5s]
  total: [cost < 1_000 $/month]
study: {requests: 2_000, replications: 10}
",
    );
    let loads = experiment::Loads { at: vec![20.0, 40.0, 60.0, 80.0], ..experiment::Loads::default() };
    let answer = experiment::sweep(&model, &loads, &Options::from(&model.study), &Quiet).unwrap();
    let limit = answer.limit_at.unwrap();
    assert_eq!(limit.by.as_deref(), Some("web utilization < 50%"));
    assert!((limit.at.value.unwrap() - 50.0).abs() < 2.0, "{:?}", limit.at);
    let up_to = |of: &str| &answer.slo.iter().find(|row| row.endpoint == of).unwrap().met_up_to;
    assert!(up_to("near").reason.as_deref().unwrap().contains("broken at"), "{:?}", up_to("near"));
    assert!(up_to("mails").reason.as_deref().unwrap().starts_with("holds up to the highest load"));
}
