//! The engine against schedules worked by hand, and against a slow and obvious twin.
//!
//! All times are constant, so that no draw matters. A schedule is what one request does, in milliseconds from its submission: every
//! call that left a place, in that order, with its arrival and departure, its wait if it had one, and how it ended.

mod support;

use std::ops::ControlFlow;

use knee::engine::{Engine, Seed, Stop};
use knee::experiment::options::Options;
use knee::experiment::trace;
use knee::model::Model;
use knee::rng::KeyedRng;
use knee::signal::{Outcome, Probe, Signal};
use knee::units::Time;
use support::model;

/// Writes down every call that leaves a place, and every answer.
struct Log<'m> {
    model: &'m Model,
    start: Option<Time>,
    lines: Vec<String>,
}

fn ms(from: Time, to: Time) -> f64 {
    (to - from).0 as f64 / 1e6
}

fn told(outcome: Outcome) -> &'static str {
    outcome.map_or_else(|fault| fault.kind.name(), |()| "right")
}

impl Probe for Log<'_> {
    fn on(&mut self, now: Time, signal: Signal) {
        match signal {
            Signal::Submitted { .. } => _ = self.start.get_or_insert(now),
            Signal::Left(visit) => {
                let start = self.start.expect("nobody leaves before the first request");
                let name = self.model.endpoint_name(visit.endpoint);
                if name == "front.x" {
                    return;
                }
                let (arrived, left) = (ms(start, visit.arrived), ms(start, now));
                let wait = if visit.wait.0 > 0 {
                    format!(" wait {}", visit.wait.0 as f64 / 1e6)
                } else {
                    String::new()
                };
                let outcome = visit.outcome.map_or("cancelled", told);
                let detached = if visit.detached { " detached" } else { "" };
                self.lines.push(format!("{name} {arrived}..{left}{wait} {outcome}{detached}"));
            }
            Signal::Ended(ended) => {
                let start = self.start.expect("a request began");
                self.lines.push(format!(
                    "user {}..{} {}",
                    ms(start, ended.submitted),
                    ms(start, now),
                    told(ended.outcome)
                ));
            }
            _ => {}
        }
    }
}

/// What the first `requests` do, all of which come at once.
fn schedule_of(requests: u64, yaml: &str) -> Vec<String> {
    let model = model(yaml);
    let log = Log { model: &model, start: None, lines: Vec::new() };
    let mut engine = Engine::new(&model, Seed { seed: 1, replication: 0 }, log);
    assert_eq!(engine.run_requests(requests, 1_000_000), Stop::Idle);
    assert_eq!((engine.in_flight(), engine.held().len()), (0, 0));
    engine.into_probe().lines
}

/// What one request does that starts all of `branches` at once.
fn schedule(branches: &str, places: &str) -> Vec<String> {
    schedule_of(
        1,
        &format!(
            "knee: 1
load: {{rate: 1/s, arrivals: deterministic, requests: {{front.x: 1}}}}
externals: {{front: {{endpoints: {{x: [{{parallel: [{branches}]}}]}}}}}}
{places}"
        ),
    )
}

#[test]
fn three_jobs_share_two_servers() {
    let got = schedule(
        "{call: s.x}, {call: s.y}, {call: s.z}",
        "services: {s: {workers: 2, endpoints: {x: [{delay: 3s}], y: [{delay: 1s}], z: [{delay: 2500ms}]}}}",
    );
    assert_eq!(
        got,
        ["s.y 0..1000 right", "s.x 0..3000 right", "s.z 0..3500 wait 1000 right", "user 0..3500 right"]
    );
}

#[test]
fn lifo_serves_the_last_comer_first() {
    let got = schedule(
        "{call: s.x}, [{delay: 100ms}, {call: s.y}], [{delay: 200ms}, {call: s.z}]",
        "services: {s: {workers: 1, discipline: lifo, endpoints: {x: [{delay: 1s}], y: [{delay: 1s}], z: [{delay: 1s}]}}}",
    );
    let expected = [
        "s.x 0..1000 right",
        "s.z 200..2000 wait 800 right",
        "s.y 100..3000 wait 1900 right",
        "user 0..3000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_timeout_leaves_the_callee_at_work_and_its_work_is_wasted() {
    let got = schedule(
        "{call: s.x, timeout: 2s, on_error: continue}",
        "services: {s: {endpoints: {x: [{delay: 5s}]}}}",
    );
    assert_eq!(got, ["user 0..2000 right", "s.x 0..5000 right detached"]);
}

#[test]
fn copies_take_turns_and_one_that_times_out_makes_room_for_the_next() {
    let got = schedule(
        "{parallel: {times: 3, at_once: 2, do: {call: s.x, timeout: 2s, on_error: continue}}}",
        "services: {s: {workers: 1, endpoints: {x: [{delay: 1500ms}]}}}",
    );
    // The second waits for the worker until it gives up; the third starts when the first is over, and the second's work is wasted.
    let expected = [
        "s.x 0..1500 right",
        "s.x 0..3000 wait 1500 right detached",
        "user 0..3500 right",
        "s.x 1500..4500 wait 1500 right detached",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_page_that_is_cancelled_starts_no_more_copies() {
    let got = schedule(
        "{call: page.x, timeout: 2s, cancel: true, on_error: continue}",
        "services:
  page: {endpoints: {x: [{parallel: {times: 9, at_once: 1, do: {call: s.x}}}]}}
  s: {endpoints: {x: [{delay: 800ms}]}}",
    );
    let expected = [
        "s.x 0..800 right",
        "s.x 800..1600 right",
        "s.x 1600..2000 cancelled",
        "page.x 0..2000 cancelled",
        "user 0..2000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn an_answer_at_the_nanosecond_of_its_timeout_wins() {
    let got = schedule("{call: s.x, timeout: 2s}", "services: {s: {endpoints: {x: [{delay: 2s}]}}}");
    assert_eq!(got, ["s.x 0..2000 right", "user 0..2000 right"]);
    // Also after a wait, and for the whole path of the user.
    let got = schedule(
        "{call: s.x}, {call: s.x, timeout: 4s}",
        "services: {s: {workers: 1, endpoints: {x: [{delay: 2s}]}}}",
    );
    assert_eq!(got, ["s.x 0..2000 right", "s.x 0..4000 wait 2000 right", "user 0..4000 right"]);
}

#[test]
fn a_cancelled_call_gives_its_worker_to_the_next() {
    let services = "services: {s: {workers: 1, endpoints: {x: [{delay: 5s}], y: [{delay: 1s}]}}}";
    let got = schedule("{call: s.x, timeout: 1s, cancel: true, on_error: continue}, {call: s.y}", services);
    assert_eq!(got, ["s.x 0..1000 cancelled", "s.y 0..2000 wait 1000 right", "user 0..2000 right"]);
    let got = schedule("{call: s.x, timeout: 1s, on_error: continue}, {call: s.y}", services);
    assert_eq!(got, ["s.x 0..5000 right detached", "s.y 0..6000 wait 5000 right", "user 0..6000 right"]);
}

#[test]
fn a_call_that_is_cancelled_in_line_leaves_the_line() {
    let got = schedule(
        "{call: s.x}, {call: s.y, timeout: 1s, cancel: true, on_error: continue}, {call: s.z}",
        "services: {s: {workers: 1, endpoints: {x: [{delay: 2s}], y: [{delay: 1s}], z: [{delay: 1s}]}}}",
    );
    let expected = [
        "s.y 0..1000 wait 1000 cancelled",
        "s.x 0..2000 right",
        "s.z 0..3000 wait 2000 right",
        "user 0..3000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_quorum_of_two_in_three_goes_on_with_the_second_answer() {
    let yaml = |cancel: &str| {
        format!(
            "knee: 1
load: {{rate: 1/s, arrivals: deterministic, requests: {{front.x: 1}}}}
externals: {{front: {{endpoints: {{x: [{{parallel: {{times: 3, need: 2, {cancel}do: [{{call: s.x}}]}}}}]}}}}}}
services: {{s: {{workers: 1, endpoints: {{x: [{{delay: 1s}}]}}}}}}
"
        )
    };
    let two = ["s.x 0..1000 right", "s.x 0..2000 wait 1000 right"];
    let got = schedule_of(1, &yaml(""));
    assert_eq!(got, [two[0], two[1], "user 0..2000 right", "s.x 0..3000 wait 2000 right detached"]);
    let got = schedule_of(1, &yaml("cancel: true, "));
    assert_eq!(got, [two[0], two[1], "s.x 0..2000 wait 2000 cancelled", "user 0..2000 right"]);
}

#[test]
fn retries_wait_ever_longer_and_then_the_error_stands() {
    let got = schedule(
        "{call: s.x, retry: {attempts: 4, backoff: {first: 1s, factor: 3, max: 5s}}}",
        "services: {s: {endpoints: {x: [{delay: 100ms}, {fail: 100%}]}}}",
    );
    let expected = [
        "s.x 0..100 failed",
        "s.x 1100..1200 failed",
        "s.x 4200..4300 failed",
        "s.x 9300..9400 failed",
        "user 0..9400 failed",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_deadline_ends_all_attempts() {
    let got = schedule(
        "{call: s.x, timeout: 1s, cancel: true, deadline: 2500ms, retry: {attempts: 9}, on_error: [{call: s.y}]}",
        "services: {s: {endpoints: {x: [{delay: 5s}], y: [{delay: 100ms}]}}}",
    );
    let expected = [
        "s.x 0..1000 cancelled",
        "s.x 1000..2000 cancelled",
        "s.x 2000..2500 cancelled",
        "s.y 2500..2600 right",
        "user 0..2600 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_failure_releases_the_lock_it_held() {
    let got = schedule(
        "{call: a.x, on_error: continue}, {call: a.y}",
        "services: {a: {endpoints: {x: [{hold: lock, do: [{delay: 1s}, {fail: 100%}]}], y: [{hold: lock, do: [{delay: 1s}]}]}}}
pools: {lock: {size: 1}}",
    );
    assert_eq!(got, ["a.x 0..1000 failed", "a.y 0..2000 right", "user 0..2000 right"]);
}

#[test]
fn a_query_that_timed_out_frees_its_pool_at_once_but_keeps_its_server() {
    let places = |servers| {
        format!(
            "databases: {{db: {{servers: {servers}, queries: {{slow: {{read: 5s}}, q: {{read: 1s}}}}}}}}
pools: {{pool: {{size: 1, to: db}}}}"
        )
    };
    let branches = "{query: db.slow, timeout: 1s, on_error: continue}, [{delay: 500ms}, {query: db.q}]";
    let got = schedule(branches, &places(2));
    assert_eq!(got, ["db.q 1000..2000 right", "user 0..2000 right", "db.slow 0..5000 right detached"]);
    let got = schedule(branches, &places(1));
    assert_eq!(
        got,
        ["db.slow 0..5000 right detached", "db.q 1000..6000 wait 4000 right", "user 0..6000 right"]
    );
}

#[test]
fn the_first_call_of_each_replica_opens_its_connection_and_so_does_one_after_idleness() {
    let got = schedule(
        "{call: web.x}, [{delay: 100ms}, {call: web.x}], [{delay: 4s}, {call: web.x}], [{delay: 4100ms}, {call: web.x}], [{delay: 20s}, {call: web.x}]",
        "services: {web: {replicas: 2, workers: unlimited, endpoints: {x: [{query: db.r}]}}}
databases: {db: {servers: 2, queries: {r: {read: 1s}}}}
pools: {p: {size: 1, per: web, to: db, connect: 2s, idle: 5s}}",
    );
    // In turns: the first, third and fifth call at one replica, the others at the other.
    let expected = [
        "db.r 2000..3000 right",
        "web.x 0..3000 right",
        "db.r 2100..3100 right",
        "web.x 100..3100 right",
        "db.r 4000..5000 right",
        "web.x 4000..5000 right",
        "db.r 4100..5100 right",
        "web.x 4100..5100 right",
        "db.r 22000..23000 right",
        "web.x 20000..23000 right",
        "user 0..23000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn a_miss_looks_up_loads_and_stores_and_is_a_hit_only_then() {
    let got = schedule(
        "{get: c}, [{delay: 4s}, {get: c}], [{delay: 10s}, {get: c}]",
        "caches: {c: {entries: 1, start: cold, keys: {uniform: 1}, time: 1s, store_time: 3s, on_miss: [{query: db.r}]}}
databases: {db: {servers: 2, queries: {r: {read: 2s}}}}",
    );
    // The second asks while the first still stores, and misses too.
    let expected = [
        "c.get 0..1000 right",
        "db.r 1000..3000 right",
        "c.get 4000..5000 right",
        "c.store 3000..6000 right",
        "db.r 5000..7000 right",
        "c.store 7000..10000 right",
        "c.get 10000..11000 right",
        "user 0..11000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn an_optimistic_step_writes_the_key_it_began_with_whatever_its_steps_are_about() {
    let got = schedule_of(
        50,
        "knee: 1
load: {rate: 1/s, arrivals: deterministic, requests: {front.x: 1}}
externals: {front: {endpoints: {x: [{optimistic: {on: db, attempts: 1, do: [{query: db.r}]}}]}}}
databases: {db: {servers: 1, keys: {uniform: 3}, queries: {r: {read: 1ms}}}}",
    );
    // One after the other: nobody is ever in anybody's way.
    assert_eq!(got.iter().filter(|line| line.starts_with("user")).count(), 50);
    assert!(got.iter().all(|line| line.ends_with("right")), "{got:?}");
}

#[test]
fn a_timeout_covers_the_wait_for_a_pool() {
    let got = schedule(
        "{query: db.slow}, {query: db.q, timeout: 2s, on_error: [{call: s.x}]}",
        "databases: {db: {servers: 2, queries: {slow: {read: 3s}, q: {read: 1s}}}}
services: {s: {endpoints: {x: [{delay: 500ms}]}}}
pools: {pool: {size: 1, to: db}}",
    );
    assert_eq!(got, ["s.x 2000..2500 right", "db.slow 0..3000 right", "user 0..3000 right"]);
}

#[test]
fn a_higher_class_takes_the_core_and_gives_it_back() {
    let got = schedule(
        "{call: s.low}, [{delay: 1s}, {call: s.high}], [{delay: 1500ms}, {call: s.low}]",
        "services:
  s:
    cores: 1
    scheduling: fifo
    discipline: preemptive
    endpoints: {low: {priority: low, steps: [{cpu: 4s}]}, high: {priority: high, steps: [{cpu: 1s}]}}",
    );
    let expected = [
        "s.high 1000..2000 right",
        "s.low 0..5000 wait 1000 right",
        "s.low 1500..9000 wait 3500 right",
        "user 0..9000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn shared_cores_give_equal_shares_and_higher_classes_all_they_need() {
    let got = schedule(
        "{call: s.x}, {call: s.y}",
        "services: {s: {cores: 1, endpoints: {x: [{cpu: 1s}], y: [{cpu: 3s}]}}}",
    );
    assert_eq!(got, ["s.x 0..2000 wait 1000 right", "s.y 0..4000 wait 1000 right", "user 0..4000 right"]);
    let got = schedule(
        "{call: s.low}, [{delay: 500ms}, {call: s.high}]",
        "services: {s: {cores: 1, endpoints: {low: {priority: low, steps: [{cpu: 1s}]}, high: {priority: high, steps: [{cpu: 1s}]}}}}",
    );
    assert_eq!(got, ["s.high 500..1500 right", "s.low 0..2000 wait 1000 right", "user 0..2000 right"]);
}

#[test]
fn full_queues_reject_and_patience_ends() {
    let got = schedule(
        "{call: s.x}, {call: s.y, on_error: continue}, {call: s.z, on_error: continue}",
        "services: {s: {workers: 1, queue: 1, queue_timeout: 1500ms, endpoints: {x: [{delay: 2s}], y: [{delay: 1s}], z: [{delay: 1s}]}}}",
    );
    let expected =
        ["s.z 0..0 rejected", "s.y 0..1500 wait 1500 abandoned", "s.x 0..2000 right", "user 0..2000 right"];
    assert_eq!(got, expected);
}

#[test]
fn a_worker_is_held_while_its_own_call_is_out() {
    let got = schedule(
        "{call: a.x}, {call: a.x}",
        "services: {a: {workers: 1, endpoints: {x: [{delay: 1s}, {call: b.x}]}}, b: {endpoints: {x: [{delay: 2s}]}}}",
    );
    let expected = [
        "b.x 1000..3000 right",
        "a.x 0..3000 right",
        "b.x 4000..6000 right",
        "a.x 0..6000 wait 3000 right",
        "user 0..6000 right",
    ];
    assert_eq!(got, expected);
}

#[test]
fn users_who_lose_patience_leave_their_request_behind() {
    let got = schedule_of(
        2,
        "knee: 1
load: {rate: 2/s, arrivals: {deterministic: {}, batch: {size: 2}}, timeout: 1500ms, requests: {s.x: 1}}
services: {s: {workers: 1, endpoints: {x: [{delay: 1s}]}}}
",
    );
    let expected = [
        "s.x 0..1000 right",
        "user 0..1000 right",
        "user 0..1500 timeout",
        "s.x 0..2000 wait 1000 right detached",
    ];
    assert_eq!(got, expected);
}

// The twin: two services, one calling the other, told in the plainest words there are.

/// A tandem: `front` has workers, a finite queue with patience, and calls `back`, which has workers and a finite queue; each attempt
/// has a timeout, and there may be several. Times in ns.
#[derive(Clone, Copy, Debug)]
struct Tandem {
    front_workers: usize,
    front_room: usize,
    patience: u64,
    /// Own work of the two kinds of request, before the call.
    work: [u64; 2],
    back_workers: usize,
    back_room: usize,
    back_work: u64,
    timeout: u64,
    cancel: bool,
    attempts: u32,
    backoff: u64,
    user_timeout: u64,
    gap: u64,
    batch: u64,
}

impl Tandem {
    fn random(seed: u64) -> Self {
        let mut rng = KeyedRng::new(seed);
        // Odd nanoseconds, so that nothing coincides that was not meant to.
        let mut time = |least_ms: u64, most_ms: u64| {
            let span = (most_ms - least_ms) * 1_000_000;
            (least_ms * 1_000_000 + rng.bits() % span) | 1
        };
        let (patience, work, back_work) =
            (time(100, 3_000), [time(10, 800), time(10, 2_000)], time(100, 1_500));
        let (timeout, backoff, user_timeout, gap) =
            (time(100, 2_500), time(10, 700), time(500, 9_000), time(150, 1_200));
        let mut below = |n: u64| rng.bits() % n;
        Self {
            front_workers: 1 + below(4) as usize,
            front_room: below(5) as usize,
            patience,
            work,
            back_workers: 1 + below(2) as usize,
            back_room: below(3) as usize,
            back_work,
            timeout,
            cancel: below(2) == 1,
            attempts: 1 + below(3) as u32,
            backoff,
            user_timeout,
            gap,
            batch: 1 + below(3),
        }
    }

    fn yaml(&self) -> String {
        let Self {
            front_workers,
            front_room,
            patience,
            work,
            back_workers,
            back_room,
            back_work,
            timeout,
            cancel,
            attempts,
            backoff,
            ..
        } = self;
        let call = format!(
            "{{call: back.x, timeout: {timeout}ns, cancel: {cancel}, retry: {{attempts: {attempts}, backoff: {{first: {backoff}ns, factor: 1}}}}}}"
        );
        format!(
            "knee: 1
load:
  rate: {}/s
  arrivals: {{deterministic: {{}}, batch: {{size: {}}}}}
  timeout: {}ns
  requests: {{front.x: 1, front.y: 1}}
services:
  front:
    workers: {front_workers}
    queue: {front_room}
    queue_timeout: {patience}ns
    endpoints: {{x: [{{delay: {}ns}}, {call}], y: [{{delay: {}ns}}, {call}]}}
  back: {{workers: {back_workers}, queue: {back_room}, endpoints: {{x: [{{delay: {back_work}ns}}]}}}}
",
            self.batch as f64 * 1e9 / self.gap as f64,
            self.batch,
            self.user_timeout,
            work[0],
            work[1],
        )
    }
}

/// What a request came to: when, how, where.
type End = (u64, &'static str, Option<&'static str>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    Arrive(usize),
    LosePatience(usize),
    UserLeaves(usize),
    FrontDone(usize),
    BackDone(usize),
    TimeOut(usize),
    TryAgain(usize, u32),
}

/// An attempt at `back`.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    request: usize,
    number: u32,
    /// Its caller still waits for it.
    wanted: bool,
    over: bool,
}

/// Simulates by a list of all that may happen, searched from end to end for what is next.
struct Twin {
    it: Tandem,
    now: u64,
    /// When, whether it is a timer, the order of writing, what: of what is due at one instant work ends before timers do, so that an
    /// answer wins over its timeout.
    future: Vec<(u64, bool, usize, What)>,
    written: usize,
    kinds: Vec<usize>,
    ends: Vec<Option<End>>,
    front_busy: usize,
    front_line: Vec<usize>,
    back_busy: usize,
    back_line: Vec<usize>,
    attempts: Vec<Attempt>,
}

impl Twin {
    fn run(it: Tandem, arrivals: &[(u64, usize)]) -> Vec<End> {
        let mut twin = Self {
            it,
            now: 0,
            future: Vec::new(),
            written: 0,
            kinds: arrivals.iter().map(|a| a.1).collect(),
            ends: vec![None; arrivals.len()],
            front_busy: 0,
            front_line: Vec::new(),
            back_busy: 0,
            back_line: Vec::new(),
            attempts: Vec::new(),
        };
        arrivals.iter().enumerate().for_each(|(request, &(at, _))| twin.write(at, What::Arrive(request)));
        while let Some(next) =
            (0..twin.future.len()).min_by_key(|&i| (twin.future[i].0, twin.future[i].1, twin.future[i].2))
        {
            let (at, _, _, what) = twin.future.remove(next);
            twin.now = at;
            twin.happen(what);
        }
        twin.ends.into_iter().map(|end| end.expect("every request ends")).collect()
    }

    fn write(&mut self, at: u64, what: What) {
        self.written += 1;
        let timer = matches!(what, What::LosePatience(_) | What::UserLeaves(_) | What::TimeOut(_));
        self.future.push((at, timer, self.written, what));
    }

    fn happen(&mut self, what: What) {
        let it = self.it;
        match what {
            What::Arrive(request) => {
                self.write(self.now + it.user_timeout, What::UserLeaves(request));
                if self.front_busy < it.front_workers {
                    self.start_front(request);
                } else if self.front_line.len() < it.front_room {
                    self.front_line.push(request);
                    self.write(self.now + it.patience, What::LosePatience(request));
                } else {
                    self.end(request, "rejected", Some("front"));
                }
            }
            What::LosePatience(request) => {
                if let Some(at) = self.front_line.iter().position(|&r| r == request) {
                    self.front_line.remove(at);
                    self.end(request, "abandoned", Some("front"));
                }
            }
            What::UserLeaves(request) => self.end(request, "timeout", Some("front")),
            What::FrontDone(request) => self.try_back(request, 1),
            What::TryAgain(request, number) => self.try_back(request, number),
            What::BackDone(attempt) => {
                if self.attempts[attempt].over {
                    return;
                }
                self.attempts[attempt].over = true;
                self.free_back();
                if self.attempts[attempt].wanted {
                    self.finish_front(self.attempts[attempt].request, "right", None);
                }
            }
            What::TimeOut(attempt) => {
                if self.attempts[attempt].over || !self.attempts[attempt].wanted {
                    return;
                }
                self.attempts[attempt].wanted = false;
                if it.cancel {
                    self.attempts[attempt].over = true;
                    match self.back_line.iter().position(|&a| a == attempt) {
                        Some(at) => _ = self.back_line.remove(at),
                        None => self.free_back(),
                    }
                }
                self.failed(attempt, "timeout");
            }
        }
    }

    fn start_front(&mut self, request: usize) {
        self.front_busy += 1;
        self.write(self.now + self.it.work[self.kinds[request]], What::FrontDone(request));
    }

    fn finish_front(&mut self, request: usize, outcome: &'static str, place: Option<&'static str>) {
        self.end(request, outcome, place);
        self.front_busy -= 1;
        if !self.front_line.is_empty() {
            let next = self.front_line.remove(0);
            self.start_front(next);
        }
    }

    fn try_back(&mut self, request: usize, number: u32) {
        let attempt = self.attempts.len();
        self.attempts.push(Attempt { request, number, wanted: true, over: false });
        if self.back_busy < self.it.back_workers {
            self.start_back(attempt);
        } else if self.back_line.len() < self.it.back_room {
            self.back_line.push(attempt);
        } else {
            self.attempts[attempt].over = true;
            self.failed(attempt, "rejected");
            return;
        }
        self.write(self.now + self.it.timeout, What::TimeOut(attempt));
    }

    fn start_back(&mut self, attempt: usize) {
        self.back_busy += 1;
        self.write(self.now + self.it.back_work, What::BackDone(attempt));
    }

    fn free_back(&mut self) {
        self.back_busy -= 1;
        if !self.back_line.is_empty() {
            let next = self.back_line.remove(0);
            self.start_back(next);
        }
    }

    fn failed(&mut self, attempt: usize, outcome: &'static str) {
        let Attempt { request, number, .. } = self.attempts[attempt];
        if number < self.it.attempts {
            self.write(self.now + self.it.backoff, What::TryAgain(request, number + 1));
        } else {
            self.finish_front(request, outcome, Some("back"));
        }
    }

    /// Only the first end counts: a user who left hears no answer.
    fn end(&mut self, request: usize, outcome: &'static str, place: Option<&'static str>) {
        self.ends[request].get_or_insert((self.now, outcome, place));
    }
}

#[test]
fn a_tandem_with_finite_queues_timeouts_and_retries_agrees_with_its_twin_line_by_line() {
    const REQUESTS: u64 = 120;
    let mut outcomes = std::collections::BTreeMap::new();
    for seed in 0..400 {
        let tandem = Tandem::random(seed);
        let model = model(&tandem.yaml());
        let mut lines = Vec::new();
        let options = Options { requests: Some(REQUESTS), seed, ..Options::from(&model.study) };
        trace(&model, &options, &mut |line| {
            let place = line.place.map(|p| if p == "front" { "front" } else { "back" });
            let kind = usize::from(line.request == "front.y");
            lines.push((line.serial, line.submitted.0, kind, (line.ended.0, line.outcome, place)));
            ControlFlow::Continue(())
        });
        lines.sort_by_key(|line| line.0);
        let arrivals: Vec<_> = lines.iter().map(|&(_, at, kind, _)| (at, kind)).collect();
        let twin = Twin::run(tandem, &arrivals);
        assert!(lines.len() as u64 >= REQUESTS, "{} lines", lines.len());
        for (line, expected) in lines.iter().zip(twin) {
            assert_eq!(line.3, expected, "request {} of seed {seed}\n{tandem:#?}", line.0);
            *outcomes.entry((expected.1, expected.2)).or_insert(0) += 1;
        }
    }
    // Every way to end was taken.
    for end in [
        ("right", None),
        ("rejected", Some("front")),
        ("abandoned", Some("front")),
        ("timeout", Some("front")),
        ("timeout", Some("back")),
        ("rejected", Some("back")),
    ] {
        assert!(outcomes.get(&end).is_some_and(|&n| n > 100), "{end:?} in {outcomes:?}");
    }
}
