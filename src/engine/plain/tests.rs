//! The general way as the slow twin: what it tells of a model, the plain way tells, too.

use super::steps::{Step, steps};
use super::{Plain, can_run};
use crate::engine::general::General;
use crate::engine::{Held, Present, Stop};
use crate::model::{Model, StationKind};
use crate::signal::{Probe, Signal};
use crate::units::{Span, Time};

/// All that a plain model may have: groups open and closed, batches, phases, kinds of requests; services that call services, workers and
/// cores, priorities, last come first served; choices, a cache with a given hit ratio; pools for all and pools of a replica; every
/// balance; keys, caches in tiers that know them, shards, and writes that caches hear of; times that are constant, so that many things
/// happen at the same nanosecond.
const EVERYTHING: &str = "
knee: 1
name: everything
load:
  visitors: {rate: 60/s, requests: {web.page: 3, web.search: 1}}
  crowd: {rate: 20/s, arrivals: {batch: {size: {geometric: {mean: 3}}}}, priority: high, requests: {web.search: 1}}
  waves: {arrivals: {phases: [{rate: 40/s, length: {exp: 1s}}, {rate: 5/s, length: {exp: 2s}}]}, requests: {api.get: 1}}
  staff: {users: 12, think: {exp: 150ms}, requests: {web.page: 1, api.get: 2}}
  clerks: {rate: 50/s, requests: {books.look: 8, books.enter: 2, ledger.read: 1}}
services:
  web:
    replicas: 3
    workers: 4
    cores: 2
    balance: least-requests
    endpoints:
      page:
        - cpu: 2ms
        - choose:
            - {weight: 2, do: [{call: api.get}]}
            - {weight: 1, do: [{delay: 3ms}]}
        - get: items
      search: [{call: api.get}, {cpu: {exp: 4ms}}, {query: orders.write}]
  api:
    replicas: 4
    workers: 3
    discipline: priority
    balance: power-of-2
    endpoints: {get: [{delay: 2ms}, {query: orders.read}, {delay: 1ms}]}
  books:
    replicas: 2
    endpoints:
      look: [{get: near, key: account}, {delay: 1ms}, {call: books.check}]
      check: [{get: shared, key: account}]
      enter: [{query: ledger.write, key: account}, {put: near}, {put: shared, key: account}, {put: slow, key: other}]
caches:
  near: {per: books, entries: 30, ttl: {exp: 2s}, keys: {zipf: {n: 500, s: 0.9}}, on_put: invalidate, on_miss: [{get: shared}]}
  shared:
    nodes: 2
    entries: 90
    evict: random
    keys: {zipf: {n: 500, s: 0.9}}
    time: {exp: 4ms}
    servers: 1
    on_put: write_through
    on_miss: [{get: slow}]
  slow: {entries: 200, evict: tinylfu, keys: {zipf: {n: 500, s: 0.9}}, time: 2ms, on_put: nothing, on_miss: [{query: ledger.read}]}
  items: {hit_ratio: 70%, time: 1ms, servers: 2, on_miss: [{query: orders.read}]}
databases:
  orders:
    servers: 3
    read_replicas: 2
    reads: {from: replicas, balance: random}
    queries: {read: {read: {exp: 9ms}}, write: {write: 4ms}}
  ledger:
    servers: 1
    shards: 3
    keys: {zipf: {n: 500, s: 0.9}}
    queries: {read: {read: {exp: 12ms}}, write: {write: 12ms}}
pools:
  of_api: {size: 2, to: orders, per: api}
";

/// Everything told to a probe.
#[derive(Default)]
struct Told(Vec<(Time, Signal)>);

impl Probe for Told {
    fn on(&mut self, now: Time, signal: Signal) {
        self.0.push((now, signal));
    }
}

/// What a run comes to.
#[derive(Debug, PartialEq)]
struct End {
    stop: Stop,
    now: Time,
    events: u64,
    submitted: u64,
    in_flight: usize,
    open: usize,
    present: Vec<(u64, u32, u32)>,
    held: Vec<(u64, u32)>,
}

fn sorted<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut all: Vec<T> = all.collect();
    all.sort_unstable();
    all
}

/// Runs a model to its time and its budget in three goes, and what is under way to its end.
macro_rules! ran {
    ($way:expr) => {{
        let mut way = $way;
        let mut ends = Vec::new();
        let present = |p: Present| (p.arrived.0, p.endpoint.0, p.member.0);
        let held = |h: Held| (h.since.0, h.station.0);
        for go in 0..4 {
            let stop = match go {
                0 => way.run_until(Time(20_000_000_000), u64::MAX),
                1 => way.run_until(Time(10_000_000_000_000), 4_001),
                2 => way.run_until(Time(way.now().0 + 3_333_333_333), 5_000),
                _ => way.run_requests(way.submitted() + 100, 10_000),
            };
            ends.push(End {
                stop,
                now: way.now(),
                events: way.events(),
                submitted: way.submitted(),
                in_flight: way.in_flight(),
                open: way.open(),
                present: sorted(way.present().map(present)),
                held: sorted(way.held().map(held)),
            });
        }
        (ends, way.probe.0)
    }};
}

/// The signals of both ways are the same. Answers them.
fn compare(name: &str, model: &Model, key: u64) -> Vec<Signal> {
    let (plain, told) = ran!(Plain::new(model, key, Told::default()));
    let (general, twin) = ran!(General::new(model, key, Told::default()));
    let differ = told.iter().zip(&twin).position(|(a, b)| a != b);
    assert_eq!(differ, None, "{name}: {:?}", differ.map(|at| (told[at], twin[at])));
    assert_eq!(told.len(), twin.len(), "{name}");
    assert_eq!(plain, general, "{name}");
    told.into_iter().map(|(_, signal)| signal).collect()
}

fn load(yaml: &[u8], name: &str) -> Model {
    let loaded = crate::compile::load(yaml, name, &[], &|_| Err("no files".into()));
    loaded.model.unwrap_or_else(|| panic!("{name}: {:#?}", loaded.diagnostics))
}

#[test]
fn both_ways_tell_the_same_of_everything_that_is_plain() {
    let model = load(EVERYTHING.as_bytes(), "everything");
    assert!(can_run(&model));
    for key in 1..5 {
        let told = compare("everything", &model, key);
        assert!(told.len() > 10_000);
        for (station, spec) in model.stations.iter().enumerate() {
            let waited = told.iter().any(|&signal| match (signal, &spec.kind) {
                (Signal::Queued { station: of }, StationKind::Slots { .. }) => of.index() == station,
                (Signal::Stretched { station: of, wait }, _) => of.index() == station && wait > Span::ZERO,
                _ => false,
            });
            assert!(waited, "somebody waits at station {station}: {spec:?}");
        }
    }
}

#[test]
fn everything_has_steps_of_every_kind() {
    let model = load(EVERYTHING.as_bytes(), "everything");
    let all = steps(&model);
    let kind = |step: &Step<'_>| match step {
        Step::Take(_, Some(_)) => 0,
        Step::Take(_, None) => 1,
        Step::GiveBack => 2,
        Step::Work(_) => 3,
        Step::Cpu(_) => 4,
        Step::Call(_) => 5,
        Step::Visit(..) => 6,
        Step::Lookup(..) => 7,
        Step::Choose(_) => 8,
        Step::Jump(_) => 9,
        Step::End => 10,
        Step::Key(..) => 11,
        Step::Commit(_) => 12,
        Step::Get(..) => 13,
        Step::Put(_) => 14,
    };
    let missing: Vec<usize> =
        (0..15).filter(|&wanted| !all.iter().any(|step| kind(step) == wanted)).collect();
    assert!(missing.is_empty(), "kinds {missing:?}");
}

#[test]
fn both_ways_tell_the_same_of_the_models_that_are_plain() {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    let mut plain = Vec::new();
    for folder in std::fs::read_dir(models).expect("there are models").flatten() {
        for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let bytes = std::fs::read(file.path()).expect("a model can be read");
            let loaded = crate::compile::load(&bytes, &name, &[], &|_| Err("no files".into()));
            if let Some(model) = loaded.model.filter(can_run) {
                compare(&name, &model, 7);
                plain.push(name);
            }
        }
    }
    for reference in ["w1.yaml", "w2.yaml", "w3.yaml", "w4.yaml"] {
        assert!(plain.iter().any(|name| name == reference), "{reference} is plain, as are {plain:?}");
    }
}

#[test]
fn whatever_can_go_wrong_is_not_plain() {
    let changes = [
        ("rate: 60/s", "rate: 60/s, timeout: 1s"),
        ("{call: api.get}, {cpu", "{call: api.get, timeout: 10ms}, {cpu"),
        ("{call: api.get}, {cpu", "{call: api.get, retry: {attempts: 2}}, {cpu"),
        ("{call: api.get}, {cpu", "{repeat: {times: 2, do: [{call: api.get}]}}, {cpu"),
        ("{call: api.get}, {cpu", "{parallel: [{call: api.get}, {delay: 1ms}]}, {cpu"),
        ("{call: api.get}, {cpu", "{fail: 1%}, {cpu"),
        ("workers: 4", "workers: 4\n    queue: 20"),
        ("workers: 4", "workers: 4\n    queue_timeout: 1s"),
        ("cores: 2", "cores: 2\n    scheduling: fifo"),
        ("balance: least-requests", "balance: central"),
        ("size: 2, to: orders", "size: 2, timeout: 1s, to: orders"),
        ("size: 2, to: orders", "size: 2, connect: 1ms, to: orders"),
        ("evict: random", "coalesce: true"),
        ("on_put: write_through", "on_put: write_back\n    write_back: [{query: ledger.write}]"),
        ("read_replicas: 2", "read_replicas: 2\n    replication: {lag: 5ms}"),
    ];
    for (from, to) in changes {
        let yaml = EVERYTHING.replacen(from, to, 1);
        assert_ne!(yaml, EVERYTHING, "{from}");
        assert!(!can_run(&load(yaml.as_bytes(), to)), "{to}");
    }
}
