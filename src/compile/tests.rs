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
    1  call steps at 3 timeout 50ms attempts 3 backoff 0.01s x2 up to 30s cancelling
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
