//! What is told without simulating, beside what is simulated: demands and the bottleneck law, over mechanisms that once were counted wrongly.

mod support;

use knee::experiment::answer::{Estimate, Point};
use knee::experiment::options::{Options, Quiet};
use knee::experiment::run;
use knee::ids::StationId;
use knee::model::{Demands, Model};
use support::desk::{Desk, text};
use support::model;

fn simulated(model: &Model, requests: u64) -> Point {
    let options = Options { requests: Some(requests), replications: 10, ..Options::from(&model.study) };
    run(model, &options, &Quiet).expect("a model that runs").points.remove(0)
}

fn value(estimate: &Estimate) -> f64 {
    estimate.value.expect("known")
}

/// The busiest station at the load of the file, by the law.
fn busiest(model: &Model) -> f64 {
    let demands = Demands::new(model);
    let groups = demands.free_rates(model);
    let rates: Vec<f64> = model.requests.iter().map(|r| groups[r.group.index()] * r.share).collect();
    1.0 / demands.bound(model, &rates, &vec![0.0; rates.len()]).expect("something is limited").factor
}

/// Where nobody gets in the way an optimistic step takes one turn, whatever it may take.
#[test]
fn an_optimistic_step_takes_one_turn_at_best() {
    let model = model(
        "
knee: 1
load: {rate: 50/s, requests: {web.buy: 1}}
services:
  web:
    workers: unlimited
    endpoints:
      buy: [{optimistic: {on: stock, attempts: 20, do: [{query: stock.read}, {query: stock.write}]}}, {query: stock.read}]
databases: {stock: {servers: 1, keys: {uniform: 100_000}, queries: {read: {read: 2ms}, write: {write: 4ms}}}}
",
    );
    let busy = busiest(&model);
    assert!((busy - 50.0 * 0.008).abs() < 1e-9, "{busy}");
    let point = simulated(&model, 2_000);
    let found = value(point.places["stock"].utilization.as_ref().expect("servers"));
    assert!((found / busy - 1.0).abs() < 0.05, "{found}, and by the law {busy}");
}

/// One after the other until one answer is there: the others are never asked.
#[test]
fn copies_that_are_not_needed_and_never_start_cost_nothing() {
    for (limits, started) in [("need: 1, at_once: 1", 1.0), ("need: 2, at_once: 3", 4.0), ("need: 3", 6.0)] {
        let model = model(&format!(
            "
knee: 1
load: {{rate: 10/s, requests: {{web.ask: 1}}}}
services: {{web: {{workers: unlimited, endpoints: {{ask: [{{parallel: {{times: 6, {limits}, do: {{query: d.q}}}}}}]}}}}}}
databases: {{d: {{servers: 2, queries: {{q: {{read: 10ms}}}}}}}}
"
        ));
        let busy = busiest(&model);
        assert!((busy - 10.0 * started * 0.010 / 2.0).abs() < 1e-9, "{limits}: {busy}");
        let found = value(simulated(&model, 2_000).places["d"].utilization.as_ref().expect("servers"));
        assert!((found / busy - 1.0).abs() < 0.08, "{limits}: {found}, and by the law {busy}");
    }
}

/// A third of the writes to each primary (2 ms), and as much work for its replica (1 ms).
#[test]
fn every_shard_has_replicas_that_apply_its_writes() {
    let model = model(
        "
knee: 1
load: {rate: 100/s, requests: {db.put: 1}}
databases:
  db:
    servers: 1
    shards: 3
    shard_by: range
    read_replicas: 1
    reads: replicas
    replication: {lag: 50ms, apply: 1ms}
    keys: {uniform: 999}
    queries: {put: {write: 2ms}}
",
    );
    let point = simulated(&model, 5_000);
    let members = &point.places["db"].members;
    assert_eq!(members.len(), 6);
    for (name, member) in members {
        let busy = value(member.utilization.as_ref().expect("servers"));
        let expected = if name.ends_with("primary") { 100.0 / 3.0 * 0.002 } else { 100.0 / 3.0 * 0.001 };
        assert!((busy / expected - 1.0).abs() < 0.05, "{name}: {busy}, not {expected}");
    }
}

/// One key has nine look-ups in ten and is never evicted; the others are, alike, so that both halves of the keys are written back alike.
#[test]
fn what_is_written_back_is_what_is_evicted() {
    let model = model(
        "
knee: 1
load: {rate: 1000/s, requests: {web.edit: 1}}
services: {web: {endpoints: {edit: [{put: c}]}}}
caches: {c: {entries: 20, on_put: write_back, write_back: [{query: db.w}], keys: {hot: {n: 101, keys: 1, share: 90%}}}}
databases: {db: {servers: 4, shards: 2, shard_by: range, keys: {hot: {n: 101, keys: 1, share: 90%}}, queries: {w: {write: 5ms}}}}
",
    );
    let point = simulated(&model, 20_000);
    let busy =
        |member: &str| value(point.places["db"].members[member].utilization.as_ref().expect("servers"));
    assert!((busy("db.1") / busy("db.2") - 1.0).abs() < 0.1, "{} {}", busy("db.1"), busy("db.2"));
}

/// M/M/1/2 at half its capacity loses a seventh; work that never was done is no fault of the books.
#[test]
fn a_queue_that_loses_messages_is_no_reason_for_distrust() {
    let model = model(
        "
knee: 1
load: {rate: 50/s, requests: {web.a: 1}}
services: {web: {endpoints: {a: [{send: m}]}}}
queues: {m: {consumers: 1, queue: 1, do: [{delay: {exp: 10ms}}]}}
",
    );
    let point = simulated(&model, 5_000);
    let lost = value(point.places["m"].lost_share.as_ref().expect("a queue"));
    assert!((lost - 1.0 / 7.0).abs() < 0.01, "{lost}");
    assert!(point.audit.iter().all(|row| row.holds), "{:?}", point.audit);
    assert!(!point.audit.is_empty());
}

#[test]
fn who_would_wait_for_himself_is_warned() {
    let desk = Desk::with(
        "
knee: 1
load: {rate: 10/s, requests: {web.q: 1}}
services: {web: {endpoints: {q: [{hold: bouncer, do: [{query: db.w}, {query: db.w, timeout: 1s}]}, {hold: bouncer, do: [{parallel: [[{query: db.w}], [{delay: 1ms}]]}]}, {hold: lock, do: [{hold: lock, do: [{delay: 1ms}]}]}]}}}
pools: {bouncer: {size: 5, to: db}, lock: {size: 2}}
databases: {db: {servers: 8, queries: {w: {write: 3ms}}}}
",
    );
    let told = text(&desk.knee("explain m.yaml").stderr);
    // What is asked within shares the connection; branches side by side cannot.
    assert_eq!(told.matches("this takes a second slot of a pool while one is held").count(), 2, "{told}");
}

#[test]
fn a_hold_uses_what_another_has_taken_along_and_a_callee_does_not() {
    let desk = Desk::with(
        "
knee: 1
load: {rate: 10/s, requests: {web.nested: 1, web.calls: 1}}
services:
  web:
    endpoints:
      nested: [{hold: web_db, do: [{hold: bouncer, do: [{query: db.q}, {query: db.q}]}, {delay: 1ms}]}]
      calls: [{hold: bouncer, do: [{call: s.x}]}]
  s: {endpoints: {x: [{call: s.y}], y: [{query: db.q}]}}
pools: {web_db: {size: 20, per: web, to: bouncer}, bouncer: {size: 4, to: db, mode: session}}
databases: {db: {servers: 8, queries: {q: {read: 3ms}}}}
",
    );
    let output = desk.knee("explain m.yaml");
    let (told, warned) = (text(&output.stdout), text(&output.stderr));
    let nested = &told[told.find("  nested").unwrap()..told.find("  calls").unwrap()];
    assert_eq!(nested.matches("take a slot of").count(), 2, "one of each pool: {nested}");
    assert!(warned.contains("`s.y` takes a second slot of a pool while one is held"), "{warned}");
    assert!(warned.contains("the pools before `bouncer` keep up to 20 connections open"), "{warned}");
}

/// A caught error cuts work off, or brings some: the utilisation law then binds nothing.
#[test]
fn caught_errors_are_no_reason_for_distrust() {
    for step in [
        "{call: ext.x, on_error: [{query: db.q}]}",
        "{call: mid.x, on_error: continue}",
        "{query: db.q, timeout: 8ms, on_error: [{query: db.q}]}",
        "{call: ext.x, on_error: continue}",
    ] {
        let model = model(&format!(
            "
knee: 1
load: {{rate: 20/s, requests: {{web.page: 1}}}}
services: {{web: {{endpoints: {{page: [{step}, {{query: db.q}}]}}}}, mid: {{endpoints: {{x: [{{call: ext.x}}, {{query: db.q}}]}}}}}}
externals: {{ext: {{endpoints: {{x: [{{delay: 1ms}}, {{fail: 50%}}]}}}}}}
databases: {{db: {{servers: 16, queries: {{q: {{read: {{exp: 5ms}}}}}}}}}}
"
        ));
        let point = simulated(&model, 5_000);
        assert!(point.audit.iter().all(|row| row.holds), "{step}: {:?}", point.audit);
        // Where the failure is the last that happens nothing is lost, and the law binds.
        let bound = point.audit.iter().any(|row| row.law == "utilization" && row.place == "db servers");
        assert_eq!(bound, step.ends_with("ext.x, on_error: continue}"), "{step}");
    }
}

/// Writes keep the primary busy, and its replicas idle: what is told of the database is what its primary is.
#[test]
fn a_busy_primary_is_not_hidden_by_its_replicas() {
    let yaml = "
knee: 1
load: {rate: 180/s, requests: {db.put: 1}}
databases:
  db: {servers: 1, read_replicas: 4, reads: replicas, queries: {put: {write: {exp: 5ms}}, get: {read: {exp: 5ms}}}}
slo: {db: [utilization < 50%]}
";
    let point = simulated(&model(yaml), 20_000);
    let db = &point.places["db"];
    let servers = &db.resources["servers"];
    assert!((value(&servers.utilization) - 0.18).abs() < 0.01);
    let busiest = servers.busiest_member.as_ref().expect("the primary");
    assert_eq!(busiest.name, "db.primary");
    assert!((value(&busiest.utilization) - 0.9).abs() < 0.02, "{:?}", busiest.utilization);
    assert_eq!(value(db.utilization.as_ref().expect("servers")), value(&busiest.utilization));
    let desk = Desk::with(yaml);
    let output = desk.knee("check m.yaml");
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    // Equal replicas that share the load equally have no busiest.
    let even = yaml.replace("db.put: 1", "db.get: 1").replace(
        "read_replicas: 4, reads: replicas",
        "read_replicas: 4, reads: {from: replicas, balance: random}",
    );
    let point = simulated(&model(&even), 20_000);
    let busiest =
        point.places["db"].resources["servers"].busiest_member.as_ref().expect("replicas, not the primary");
    assert!(busiest.name.starts_with("db.replica"), "{busiest:?}");
    let even = "knee: 1\nload: {rate: 100/s, requests: {web.x: 1}}\nservices: {web: {replicas: 8, workers: 1, balance: random, endpoints: {x: [{delay: {exp: 40ms}}]}}}\n";
    assert!(simulated(&model(even), 20_000).places["web"].resources["workers"].busiest_member.is_none());
}

#[test]
fn what_is_said_of_shards_and_caches_is_what_they_are() {
    let yaml = "
knee: 1
load: {rate: 10/s, requests: {web.q: 1}}
services: {web: {replicas: 2, endpoints: {q: [{query: db.w}, {put: c}]}}}
caches: {c: {per: web, entries: 20, keys: {uniform: 100}}}
databases: {db: {servers: 8, shards: 3, read_replicas: 1, keys: {uniform: 100}, queries: {w: {write: 3ms}}}}
";
    let desk = Desk::with(yaml);
    let output = desk.knee("explain m.yaml");
    let told = text(&output.stdout);
    for said in ["db.primaries servers", "c  cache, one in each of 2 replicas of web"] {
        assert!(told.contains(said), "{said}: {told}");
    }
    assert!(!told.contains("db.replicas servers"), "{told}");
    assert!(!text(&output.stderr).contains("nobody calls `c`"), "{}", text(&output.stderr));
    let fan = yaml.replace("{query: db.w}", "{parallel: {each: replicas, do: {query: db.w}}}");
    let refused = Desk::with(&fan).refused("explain m.yaml");
    assert!(refused.contains("not supported: `each: replicas` of a database with shards"), "{refused}");
}

/// How busy the law expects the members of a database to be at the load of the file, and how busy they are.
fn expected_and_found(model: &Model, place: &str, requests: u64) -> Vec<(String, f64, f64)> {
    let demands = Demands::new(model);
    let groups = demands.free_rates(model);
    let point = simulated(model, requests);
    let id = model.places.iter().position(|p| p.name == place).expect("the place");
    let members = model.places[id].members.clone().map(|m| &model.members[m as usize]);
    let row = |member: &knee::model::Member| {
        let at = StationId(member.stations.end - 1);
        let rate = |r: &knee::model::Request| groups[r.group.index()] * r.share;
        let work = model.requests.iter().zip(&demands.requests);
        let busy: f64 = work.map(|(r, d)| rate(r) * d.stations.get(&at).unwrap_or(&0.0)).sum();
        let found = &point.places[place].members[&member.name].utilization;
        let capacity = f64::from(model.stations[at.index()].capacity());
        (member.name.clone(), busy / capacity, value(found.as_ref().expect("servers")))
    };
    members.map(row).collect()
}

/// Who reads in the same request what he has written asks the primary; who wrote in another one does so if that is not long ago.
#[test]
fn reads_of_own_writes_are_the_primarys() {
    let db = "
databases:
  db:
    servers: 4
    read_replicas: 2
    reads: {from: replicas, after_own_write: {from: primary, for: 2s}}
    queries: {r: {read: 4ms}, w: {write: 4ms}}
";
    let cases = [
        "load: {rate: 300/s, requests: {web.save: 1}}\nservices: {web: {endpoints: {save: [{query: db.r}, {query: db.w}, {query: db.r}]}}}",
        // Written by a service that is called, and read by another.
        "load: {rate: 300/s, requests: {web.save: 1}}
services: {web: {endpoints: {save: [{call: a.w}, {call: a.r}]}}, a: {endpoints: {w: [{query: db.w}], r: [{parallel: [[{query: db.r}], [{query: db.r}]]}]}}}",
        // Only half of them write before they read, here and behind a call.
        "load: {rate: 200/s, requests: {web.save: 1}}
services:
  web: {endpoints: {save: [{choose: [{weight: 1, do: [{query: db.w}]}, {weight: 1, do: [{delay: 1ms}]}]}, {repeat: {times: 4, do: [{query: db.r}]}}, {call: a.x}, {query: db.r}]}}
  a: {endpoints: {x: [{choose: [{weight: 1, do: [{query: db.w}]}, {weight: 3, do: []}]}]}}",
        "load: {users: 1_000, think: {exp: 3s}, requests: {web.save: 1, web.look: 4}}\nservices: {web: {endpoints: {save: [{query: db.w}], look: [{query: db.r}]}}}",
        "load: {rate: 300/s, from_users: 500, requests: {web.save: 1, web.look: 4}}\nservices: {web: {endpoints: {save: [{query: db.w}], look: [{query: db.r}]}}}",
    ];
    for case in cases {
        let model = model(&format!("knee: 1\n{case}{db}"));
        for (member, expected, found) in expected_and_found(&model, "db", 10_000) {
            assert!(
                (found - expected).abs() < 0.03 * expected.max(0.05),
                "{member}: {found}, by the law {expected}\n{case}"
            );
        }
    }
}

/// The hottest keys are in the cache: what it misses is spread over the shards as its misses are, and not as the keys are.
#[test]
fn shards_behind_a_cache_carry_what_it_misses() {
    for evict in ["lru", "fifo", "random"] {
        let model = model(&format!(
            "
knee: 1
load: {{rate: 1000/s, requests: {{web.look: 1}}}}
services: {{web: {{endpoints: {{look: [{{get: c}}]}}}}}}
caches: {{c: {{entries: 400, evict: {evict}, keys: {{zipf: {{n: 2_000, s: 0.9}}}}, on_miss: [{{query: db.r}}]}}}}
databases: {{db: {{servers: 4, shards: 4, shard_by: range, keys: {{zipf: {{n: 2_000, s: 0.9}}}}, queries: {{r: {{read: 4ms}}}}}}}}
"
        ));
        let shards = expected_and_found(&model, "db", 30_000);
        // By popularity the first shard would have 76 % of it.
        let all: f64 = shards.iter().map(|shard| shard.1).sum();
        assert!(shards[0].1 / all < 0.55, "{evict}: {shards:?}");
        for (member, expected, found) in &shards {
            assert!(
                (found - expected).abs() < 0.03 * expected,
                "{evict}, {member}: {found}, by the law {expected}"
            );
        }
    }
}
