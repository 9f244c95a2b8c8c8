//! Programs and tables of small models, read by eye.

use super::*;
use crate::model::listing;

/// Compiles a text that reads no files.
pub(crate) fn load_text(text: &str) -> Loaded {
    load(text.as_bytes(), "m.yaml", &[], &|file| Err(format!("no file {file} here")))
}

/// The model of a text without faults; warnings are fine.
#[track_caller]
pub(crate) fn model(text: &str) -> Model {
    let loaded = load_text(text);
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    loaded.model.unwrap_or_else(|| panic!("{}", told.join("\n")))
}

/// The program of one endpoint.
fn program(model: &Model, name: &str) -> String {
    let id = (0..model.endpoints.len() as u32).map(EndpointId).find(|id| model.endpoint_name(*id) == name);
    listing::program(model, id.expect("the endpoint exists")).join("\n")
}

/// A service `a` with an endpoint `x` of these steps, and things to call.
fn with_steps(steps: &str) -> Model {
    model(&format!(
        "knee: 1
load: {{rate: 10/s, requests: {{a.x: 1}}}}
services:
  a: {{replicas: 2, workers: 8, cores: 4, endpoints: {{x: {steps}}}}}
  b: {{replicas: 3, endpoints: {{y: [{{delay: 1ms}}]}}}}
databases:
  db: {{servers: 2, connections: 5, read_replicas: 2, reads: replicas, queries: {{q: {{read: 1ms}}, w: {{write: 2ms}}}}}}
  plain: {{servers: 2, queries: {{q: {{read: 1ms}}}}}}
caches: {{c: {{hit_ratio: 80%, time: 0.4ms, servers: 4, on_miss: [{{query: db.q}}]}}}}
pools: {{a_db: {{size: 3, per: a, to: db, timeout: 1s}}, lock: {{size: 1}}}}
"
    ))
}

fn steps(steps: &str) -> String {
    program(&with_steps(steps), "a.x")
}

#[test]
fn a_service_takes_a_worker_and_works() {
    insta::assert_snapshot!(steps("[{cpu: 5ms}, {delay: {exp: 2ms}}]"), @r#"
    0  take workers
    1  cpu 5ms
    2  work exp 2ms
    3  end
    "#);
}

#[test]
fn a_query_goes_through_the_pool_and_takes_connection_and_server() {
    let model = with_steps("[{query: db.q}, {query: plain.q}]");
    insta::assert_snapshot!(program(&model, "a.x"), @r#"
    0  take workers
    1  take a slot of its own a_db
    2  call db.q
    3  give back
    4  call plain.q
    5  end
    "#);
    insta::assert_snapshot!(program(&model, "db.q"), @r#"
    0  take connections
    1  take servers
    2  work 1ms
    3  end
    "#);
}

#[test]
fn a_timeout_covers_the_wait_for_the_pool() {
    insta::assert_snapshot!(steps("[{query: db.q, timeout: 50ms, retry: {attempts: 3, backoff: {first: 10ms}}, cancel: true}]"), @r#"
    0  take workers
    1  call steps at 3 timeout 50ms attempts 3 backoff 10ms x2 up to 30s cancelling
    2  end
    3  take a slot of its own a_db
    4  call db.q cancelling
    5  give back
    6  end
    "#);
}

#[test]
fn a_deadline_covers_all_attempts() {
    insta::assert_snapshot!(steps("[{call: b.y, timeout: 50ms, deadline: 90ms, retry: {attempts: 3}, on_error: [{delay: 1ms}]}, {cpu: 1ms}]"), @r#"
    0  take workers
    1  call steps at 4 timeout 90ms on error to 6
    2  cpu 1ms
    3  end
    4  call b.y timeout 50ms attempts 3
    5  end
    6  work 1ms
    7  to 2
    "#);
}

#[test]
fn a_look_up_goes_on_behind_the_steps_of_a_miss() {
    insta::assert_snapshot!(steps("[{get: c}, {cpu: 1ms}]"), @r#"
    0  take workers
    1  call c.get
    2  c hits 80%, else to 4
    3  to 7
    4  take a slot of its own a_db
    5  call db.q
    6  give back
    7  cpu 1ms
    8  end
    "#);
    insta::assert_snapshot!(program(&with_steps("[{get: c}]"), "c.get"), @r#"
    0  take servers
    1  work 400us
    2  end
    "#);
}

#[test]
fn parallel_branches_are_sites_side_by_side() {
    insta::assert_snapshot!(steps("[{parallel: [{call: b.y, timeout: 5ms}, {query: db.q}, [{cpu: 1ms}, {call: b.y}], {call: b.y, on_error: continue}]}]"), @r#"
     0  take workers
     1  call all of b.y timeout 5ms | steps at 3 | steps at 7 | steps at 10
     2  end
     3  take a slot of its own a_db
     4  call db.q
     5  give back
     6  end
     7  cpu 1ms
     8  call b.y
     9  end
    10  call b.y on error go on
    11  end
    "#);
    insta::assert_snapshot!(steps("[{parallel: {times: 100, need: 95, do: {call: b.y}, cancel: true}}]"), @r#"
    0  take workers
    1  call 95 of 100 of 100 x b.y cancelling
    2  end
    "#);
    insta::assert_snapshot!(steps("[{parallel: {each: replicas, need: 2, do: [{call: b.y, timeout: 1s}]}}]"), @r#"
    0  take workers
    1  call 2 of 3 of b.1.y timeout 1s | b.2.y timeout 1s | b.3.y timeout 1s
    2  end
    "#);
    insta::assert_snapshot!(steps("[{parallel: {each: replicas, do: [{query: db.q}]}}]"), @r#"
     0  take workers
     1  call all of steps at 3 | steps at 7
     2  end
     3  take a slot of its own a_db
     4  call db.replica.1.q
     5  give back
     6  end
     7  take a slot of its own a_db
     8  call db.replica.2.q
     9  give back
    10  end
    "#);
}

#[test]
fn loops_count_or_toss_a_coin() {
    insta::assert_snapshot!(steps("[{repeat: {times: {geometric: {mean: 4}}, do: [{repeat: {times: 2, do: [{call: b.y}]}}]}}]"), @r#"
    0  take workers
    1  repeat geometric mean 4 times, then to 6
    2  repeat 2 times, then to 5
    3  call b.y
    4  again from 3
    5  again from 2
    6  end
    "#);
    insta::assert_snapshot!(steps("[{repeat: {while: 60%, do: [{call: b.y}]}}, {cpu: 1ms}]"), @r#"
    0  take workers
    1  while 60%, then to 4
    2  call b.y
    3  to 1
    4  cpu 1ms
    5  end
    "#);
}

#[test]
fn choices_may_be_nested() {
    let nested = "[{choose: [{weight: 70, do: [{cpu: 1ms}]}, {weight: 30%, do: [{choose: [{weight: 1, do: []}, {weight: 3, do: {fail: 1%}}]}]}]}, {delay: 3ms}]";
    insta::assert_snapshot!(steps(nested), @r#"
     0  take workers
     1  choose 70%, 30%
     2  to 4
     3  to 6
     4  cpu 1ms
     5  to 11
     6  choose 25%, 75%
     7  to 9
     8  to 10
     9  to 11
    10  fail 1%
    11  work 3ms
    12  end
    "#);
}

#[test]
fn a_lock_is_held_around_steps() {
    let model = with_steps("[{hold: lock, do: [{query: db.w}]}]");
    insta::assert_snapshot!(program(&model, "a.x"), @r#"
    0  take workers
    1  take a slot of lock
    2  take a slot of its own a_db
    3  call db.w
    4  give back
    5  give back
    6  end
    "#);
    // The worker, the lock and the slot of the pool.
    assert_eq!(model.holds_max, 3);
}

#[test]
fn a_failing_miss_falls_back_and_returns() {
    insta::assert_snapshot!(steps("[{repeat: {times: 2, do: [{query: db.q, on_error: [{call: b.y}, {fail: 100%}]}]}}]"), @r#"
     0  take workers
     1  repeat 2 times, then to 4
     2  call steps at 5 on error to 9
     3  again from 2
     4  end
     5  take a slot of its own a_db
     6  call db.q
     7  give back
     8  end
     9  call b.y
    10  fail 100%
    11  to 3
    "#);
}

/// What a setting makes of a model.
#[track_caller]
fn set(text: &str, path: &str, value: &str) -> Model {
    let loaded =
        load(text.as_bytes(), "m.yaml", &[(path.to_owned(), value.to_owned())], &|_| Err(String::new()));
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    loaded.model.unwrap_or_else(|| panic!("{}", told.join("\n")))
}

const SMALL: &str = "knee: 1
load: {shoppers: {users: 10, think: 1s, requests: {web.home: 1, web.pay: 3}}}
services:
  web:
    endpoints:
      home: [{cpu: 1ms}, {choose: [{weight: 1, do: [{delay: 2ms}]}]}]
      pay: {priority: high, steps: [{delay: 1ms}]}
databases: {db: {servers: 1, queries: {q: {read: 1ms}}}}
slo: {web.pay: [p95 < 1s]}
";

#[test]
fn a_path_leads_to_fields_endpoints_steps_and_requests() {
    assert_eq!(set(SMALL, "web.replicas", "3").members.len(), 4);
    assert_eq!(
        program(&set(SMALL, "web.home.1.cpu", "{exp: 5ms}"), "web.home").lines().next(),
        Some("  0  cpu exp 5ms")
    );
    assert_eq!(
        program(&set(SMALL, "web.pay.1.delay", "7ms"), "web.pay").lines().next(),
        Some("  0  work 7ms")
    );
    assert!(program(&set(SMALL, "web.home.2.choose.1.do.1.delay", "9ms"), "web.home").contains("work 9ms"));
    assert_eq!(program(&set(SMALL, "db.q.read", "4ms"), "db.q").lines().nth(1), Some("  1  work 4ms"));
    assert_eq!(set(SMALL, "load.shoppers.requests.web.home", "0").requests.len(), 1);
    assert_eq!(set(SMALL, "study.seed", "7").study.seed, 7);
    assert_eq!(set(SMALL, "peak.users", "99").peak, Some(model::Peak::Users(99.0)));
    assert_eq!(set(SMALL, "name", "other").name, "other");
    assert_eq!(set(SMALL, "slo.web.pay", "mean < 1s").objectives[0].text, "mean < 1s");
    assert_eq!(set(SMALL, "slo.total", "[errors < 1%]").objectives.len(), 2);
}

#[test]
fn a_central_queue_pools_workers_under_the_first_member() {
    let text = "knee: 1
load: {rate: 1/s, requests: {a.x: 1}}
services:
  a: {replicas: [{count: 2, workers: 3}, {count: 1, workers: 10}], cores: 2, queue: 5, balance: central, discipline: lifo, endpoints: {x: [{cpu: 1ms}]}}
";
    let model = model(text);
    let stations: Vec<_> = model
        .stations
        .iter()
        .map(|s| format!("{} {} {}", s.member.0, s.resource, listing::station(&model, &s.kind)))
        .collect();
    assert_eq!(
        stations,
        ["0 workers 16, lifo, 15 may wait", "0 cores 2, shared", "1 cores 2, shared", "2 cores 2, shared"]
    );
    assert_eq!(model.balancers[0].policy, model::Balance::Central);
    assert_eq!(model.members[2].cores, Some(crate::ids::StationId(3)));
}

#[test]
fn priorities_are_ranked_whatever_they_are_called() {
    let text = "knee: 1
load:
  a: {rate: 1/s, priority: 3, requests: {w.x: 1}}
  b: {rate: 1/s, priority: low, requests: {w.x: 1, w.y: 1}}
services:
  w: {cores: 1, discipline: preemptive, scheduling: fifo, endpoints: {x: [{call: v.z, priority: -50}], y: {priority: high, steps: [{cpu: 1ms}]}}}
  v: {endpoints: {z: [{delay: 1ms}]}}
";
    let model = model(text);
    assert_eq!(model.classes, ["high", "3", "normal", "low", "-50"]);
    let requests: Vec<_> = model.requests.iter().map(|r| (r.name.as_str(), r.class)).collect();
    assert_eq!(requests, [("a/w.x", 1), ("b/w.x", 3), ("w.y", 0)]);
    assert_eq!(model.sites[0].class, Some(4));
    assert_eq!(listing::station(&model, &model.stations[0].kind), "1, one a call, preemptive");
}

#[test]
fn reads_go_to_the_replicas_and_writes_to_the_primary() {
    let model = with_steps("[{query: db.q}, {query: db.w}]");
    let members = |name: &str| {
        let endpoint = model
            .endpoints
            .iter()
            .find(|e| e.name == name && model.places[e.place.index()].name == "db")
            .unwrap();
        let range = model.balancers[endpoint.balancer.index()].members.clone();
        range.map(|m| model.members[m as usize].name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(members("q"), ["db.replica.1", "db.replica.2"]);
    assert_eq!(members("w"), ["db.primary"]);
}

#[test]
fn calls_keep_their_structural_names_when_others_come() {
    let steps_of = |steps: &str| with_steps(steps).sites.iter().map(|site| site.step).collect::<Vec<_>>();
    let before = steps_of("[{call: b.y}, {query: plain.q}, {call: b.y}]");
    let after = steps_of("[{call: b.y}, {delay: 1ms}, {get: c}, {query: plain.q}, {call: b.y}]");
    let kept: Vec<_> = after.iter().filter(|step| before.contains(step)).collect();
    assert_eq!(kept.len(), 3);
    assert_ne!(before[0], before[2], "the second call of the same target is another step");
}

fn warnings(text: &str) -> String {
    let loaded = load_text(text);
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    assert!(loaded.model.is_some(), "{}", told.join("\n"));
    told.join("\n")
}

#[test]
fn suspicious_models_get_advice() {
    let text = "knee: 1
load: {rate: 100/s, timeout: 5ms, requests: {web.home: 1}}
services:
  web:
    replicas: 2
    workers: 4
    endpoints:
      home: [{cpu: 30ms}, {query: db.q, timeout: 10ms, retry: {attempts: 3}}, {call: back.x, retry: {attempts: 4}}]
      old: [{delay: 1ms}]
  back: {cores: 1, endpoints: {x: [{cpu: 20ms}, {call: deep.x, deadline: 1ms, retry: {attempts: 3}}]}}
  deep: {endpoints: {x: [{delay: {exp: 2ms}}]}}
  idle: {endpoints: {x: []}}
databases: {db: {servers: 2, connections: 10, read_replicas: 1, queries: {q: {read: 20ms}}}}
pools: {web_db: {size: 8, per: web, to: db}, unused: {size: 1}}
";
    insta::assert_snapshot!(warnings(text), @r#"
    m.yaml:2:7: warning: the load of the file needs 200% of `back cores`
      help: there is no steady state at this load; a sweep finds the load that is carried
    m.yaml:2:30: warning: a timeout of 5ms is shorter than the 72ms that `web.home` takes on average when nobody waits
      help: most calls will time out at any load
    m.yaml:4:3: warning: `web` has `cpu` steps but no `cores`: its 4 workers run as if each had a core
      help: say how many cores a replica has, or `cores: 4` if that is meant
    m.yaml:8:50: warning: a timeout of 10ms is shorter than the 20ms that `db.q` takes on average when nobody waits
      help: most calls will time out at any load
    m.yaml:9:7: warning: nobody calls `web.old`
      help: it changes nothing: remove it, or call it
    m.yaml:10:56: warning: retries can multiply the calls to `deep.x` by 12
      help: retry at one level only: the attempts of all levels multiply
    m.yaml:10:74: warning: a timeout of 1ms is shorter than the 2ms that `deep.x` takes on average when nobody waits
      help: most calls will time out at any load
    m.yaml:12:3: warning: nobody calls `idle`
      help: it changes nothing: remove it, or call it
    m.yaml:13:62: warning: nothing is read from the read replicas
      help: say `reads: {from: replicas}`
    m.yaml:14:9: warning: `web_db` opens up to 16 connections, but `db` takes 10
      help: queries beyond that are rejected: make the pool smaller, or give the database more `connections`
    m.yaml:14:9: warning: `web_db` has 8 slots, but a replica of `web` has only 4 workers to use them
      help: the slots beyond that are never used
    m.yaml:14:46: warning: nothing goes through `unused`
      help: say `to` whom it leads, or `hold` it around steps
    "#);
}

#[test]
fn the_network_gets_advice() {
    let text = "knee: 1
load: {rate: 10/s, region: us, timeout: 90ms, requests: {web.home: 1}}
regions: {us: {round_trips: {eu: 80ms}}, eu: {}}
services:
  web:
    region: eu
    cores: 64
    contention: 3%
    coherency: 0.1%
    endpoints: {home: [{cpu: 20ms}, {query: db.q, timeout: 85ms}]}
databases: {db: {region: us, servers: 2, queries: {q: {read: 10ms}}}}
links: {idle: {bandwidth: 1Mbps}}
";
    insta::assert_snapshot!(warnings(text), @r#"
    m.yaml:2:41: warning: a timeout of 90ms is shorter than the 190ms that `web.home` takes on average when nobody waits
      help: most calls will time out at any load
    m.yaml:5:3: warning: the more calls share the cores of `web`, the less they do together
      help: a backlog never ends: cap the calls of a replica, at best with `workers: 31`
    m.yaml:10:60: warning: a timeout of 85ms is shorter than the 90ms that `db.q` takes on average when nobody waits
      help: most calls will time out at any load
    m.yaml:12:9: warning: nothing goes over `idle`
      help: it changes nothing: remove it, or `transfer` something over it
    "#);
    let capped = text.replace("cores: 64", "cores: 64\n    workers: 31");
    assert!(!warnings(&capped).contains("share the cores"));
}

#[test]
fn a_calm_model_gets_no_warning() {
    assert_eq!(warnings("knee: 1
load: {users: 10, think: 1s, timeout: 10s, requests: {web.home: 1}}
services: {web: {workers: 4, cores: 2, endpoints: {home: [{cpu: 3ms}, {query: db.q, timeout: 100ms, retry: {attempts: 3}}]}}}
databases: {db: {servers: 2, connections: 10, queries: {q: {read: 20ms}}}}
pools: {web_db: {size: 4, per: web, to: db}}
"), "");
}

#[test]
fn a_variant_is_the_model_with_its_settings_and_leaves_no_trace_in_others() {
    const FILE: &str = "knee: 1\nname: m\nload: {rate: 10/s, requests: {web.home: 1}}\nservices: {web: {replicas: 2, workers: 4, endpoints: {home: [{delay: 5ms}]}}}\n";
    let load = |text: &str, variant, sets: &[(&str, &str)]| {
        let sets: Vec<_> = sets.iter().map(|(p, v)| ((*p).to_owned(), (*v).to_owned())).collect();
        super::load_variant(text.as_bytes(), "m.yaml", variant, &sets, &|_| Err("no files".to_owned()))
    };
    let with = format!("{FILE}variants: {{big: {{web.replicas: 3}}, slow: {{web.home.1.delay: 9ms}}}}\n");
    let (plain, base) = (load(FILE, None, &[]), load(&with, None, &[]));
    assert_eq!(base.variants, ["big", "slow"]);
    assert_eq!(plain.digest, base.digest, "variants are not the model");
    let (big, set) = (load(&with, Some("big"), &[]), load(FILE, None, &[("web.replicas", "3")]));
    assert_eq!(big.digest, set.digest);
    assert_eq!(big.model.unwrap().members.len(), 3);
    let wrong = load(&with, Some("bigg"), &[]);
    assert!(wrong.model.is_none());
    assert_eq!(wrong.diagnostics[0].message, "the model has no variant `bigg`");
}
