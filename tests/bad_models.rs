//! Bad models: each gives one clear located message, fast, and no model.

use std::time::{Duration, Instant};

use knee::compile::{Loaded, load};
use knee::dist::Dist;

fn loaded(bytes: &[u8], sets: &[(&str, &str)]) -> Loaded {
    let sets: Vec<_> = sets.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    load(bytes, "m.yaml", &sets, &|file| match file {
        "counts.csv" => Ok("n\n3\n-2\n".to_owned()),
        "times.csv" => Ok("name,ms\na,12\nb,15\nc,oops\n".to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

fn told(loaded: &Loaded) -> Vec<String> {
    loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect()
}

/// The one message about a text that is no model.
#[track_caller]
fn fault(text: &str) -> String {
    fault_with(text.as_bytes(), &[])
}

#[track_caller]
fn fault_with(bytes: &[u8], sets: &[(&str, &str)]) -> String {
    let start = Instant::now();
    let loaded = loaded(bytes, sets);
    assert!(start.elapsed() < Duration::from_secs(1), "it took {:?}", start.elapsed());
    assert!(loaded.model.is_none(), "this should not compile");
    let told = told(&loaded);
    assert_eq!(told.len(), 1, "{}", told.join("\n"));
    told[0].clone()
}

/// A model with this load and these services; everything else is in order.
fn shop(load: &str, services: &str) -> String {
    format!("knee: 1\nload: {load}\nservices:\n  {services}\n")
}

/// A service `web` with this first line of fields.
fn web(fields: &str) -> String {
    shop(
        "{rate: 10/s, requests: {web.home: 1}}",
        &format!("web: {{{fields}, endpoints: {{home: [{{delay: 1ms}}]}}}}"),
    )
}

/// An endpoint of these steps.
fn steps(steps: &str) -> String {
    format!(
        "{}databases:\n  db: {{servers: 2, queries: {{q: {{read: 1ms}}}}}}\ncaches:\n  c: {{hit_ratio: 0.5}}\npools:\n  p: {{size: 2}}\n",
        shop("{rate: 10/s, requests: {web.home: 1}}", &format!("web: {{endpoints: {{home: {steps}}}}}"))
    )
}

#[test]
fn keys_and_names() {
    insta::assert_snapshot!(fault(&web("wrokers: 64")), @r#"
    m.yaml:4:9: error: unknown key `wrokers` (not a key of a service)
      help: a key with a similar name exists: `workers`
    "#);
    insta::assert_snapshot!(fault(&web("autoscale: {min: 2}")), @r#"m.yaml:4:9: error: not supported yet: `autoscale`"#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {wbe.home: 1}}", "web: {endpoints: {home: [{delay: 1ms}]}}")), @r#"
    m.yaml:2:31: error: unknown service or external or database `wbe`
      help: a service with a similar name exists: `web`
    "#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {web.hoem: 1}}", "web: {endpoints: {home: [{delay: 1ms}]}}")), @r#"
    m.yaml:2:31: error: `web` has no endpoint `hoem` (expected `web.` and the name of an endpoint)
      help: one with a similar name exists: `web.home`
    "#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {web: 1}}", "web: {endpoints: {home: [{delay: 1ms}]}}")), @r#"
    m.yaml:2:31: error: `web` names no endpoint (expected `web.` and the name of an endpoint)
      help: `web` has `home`
    "#);
    insta::assert_snapshot!(fault(&format!("{}externals:\n  web: {{endpoints: {{pay: [{{delay: 1ms}}]}}}}\n", web("workers: 1"))), @r#"m.yaml:6:3: error: `web` is a service and an external (names are unique over all sections)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {web.home: 1}}", "web: {endpoints: {home: [{delay: 1ms}], home: [{delay: 2ms}]}}")), @r#"m.yaml:4:43: error: `home` is given twice"#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {web.cores: 1}}", "web: {endpoints: {cores: [{delay: 1ms}]}}")), @r#"m.yaml:4:21: error: an endpoint cannot be called `cores` (`web.cores` means that field of the service)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 10/s, requests: {peak.home: 1}}", "peak: {endpoints: {home: [{delay: 1ms}]}}")), @r#"m.yaml:4:3: error: a service cannot be called `peak` (`peak` means that section of the model)"#);
    insta::assert_snapshot!(fault("knee: 2\nload: {rate: 1/s, requests: {web.home: 1}}\nservices: {web: {endpoints: {home: [{delay: 1ms}]}}}\n"), @r#"m.yaml:1:7: error: version 2 of the language is unknown (this is version 1)"#);
    insta::assert_snapshot!(fault("name: x\nload: {rate: 1/s, requests: {web.home: 1}}\nservices: {web: {endpoints: {home: [{delay: 1ms}]}}}\n"), @r#"m.yaml:1:1: error: `knee` is missing (expected a model with `knee`)"#);
}

#[test]
fn values_and_units() {
    insta::assert_snapshot!(fault(&web("replicas: 0")), @r#"m.yaml:4:19: error: no replicas (expected at least 1)"#);
    insta::assert_snapshot!(fault(&web("replicas: -3")), @r#"m.yaml:4:19: error: `-3` is negative (expected a whole number, 0 or more)"#);
    insta::assert_snapshot!(fault(&web("replicas: 1_000_000_000")), @r#"m.yaml:4:19: error: 1000000000 replicas are too many (a model has at most 100000 replicas and resources)"#);
    insta::assert_snapshot!(fault(&web("replicas: 2.5")), @r#"m.yaml:4:19: error: `2.5` is not whole (expected a whole number)"#);
    insta::assert_snapshot!(fault(&web("workers: 8, queue_timeout: 20")), @r#"
    m.yaml:4:36: error: `20` has no unit (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: for milliseconds write `20ms`
    "#);
    insta::assert_snapshot!(fault(&web("workers: 8, queue_timeout: 20 sec")), @r#"
    m.yaml:4:36: error: `sec` is no unit of time, in `20 sec` (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: seconds are written `s`
    "#);
    insta::assert_snapshot!(fault(&web("workers: .nan")), @r#"m.yaml:4:18: error: `.nan` does not start with a number (expected a whole number or `unlimited`)"#);
    insta::assert_snapshot!(fault(&web("workers: many")), @r#"m.yaml:4:18: error: `many` does not start with a number (expected a whole number or `unlimited`)"#);
    insta::assert_snapshot!(fault(&web("workers: [1, 2]")), @r#"m.yaml:4:18: error: found a list, expected a whole number or `unlimited`"#);
    insta::assert_snapshot!(fault(&web("cost: 0.17")), @r#"m.yaml:4:15: error: `0.17` is not money for anything (expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`)"#);
    insta::assert_snapshot!(fault(&steps("[{cpu: -2ms}]")), @r#"m.yaml:4:34: error: `-2ms` is negative (expected a duration of 0 or more)"#);
    insta::assert_snapshot!(fault(&steps("[{cpu: .inf}]")), @r#"m.yaml:4:34: error: `.inf` does not start with a number (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)"#);
    insta::assert_snapshot!(fault(&steps("[{cpu: 200000h}, {delay: 900000h}]")), @r#"m.yaml:4:52: error: `900000h` is longer than 100 years (simulated time has 64 bits of nanoseconds)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {exp: 20}}]")), @r#"
    m.yaml:4:42: error: `20` has no unit (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: for milliseconds write `20ms`
    "#);
    insta::assert_snapshot!(fault(&steps("[{delay: {p50: 20ms, p99: 10ms}}]")), @r#"m.yaml:4:53: error: `10ms` is no possible `p99` of `lognormal` (expected a finite number above p50)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {expp: 20ms}}]")), @r#"
    m.yaml:4:37: error: `expp` is no distribution
      help: a similar name exists: `exp`
    "#);
    insta::assert_snapshot!(fault(&steps("[{delay: {hyperexp: {mean: 1ms, cv: 0.5}}}]")), @r#"m.yaml:4:63: error: `0.5` is no possible `cv` of `hyperexp` (expected a number from 1 to 1000 for a hyperexponential law)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {pareto: {min: 1ms, alpha: 1}}}]")), @r#"m.yaml:4:36: error: the distribution has no finite mean (expected a finite mean)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {gamma: {mean: 1ms}}}]")), @r#"m.yaml:4:44: error: `gamma` is given by `mean` and `cv`, or `mean` and `shape`, or `scale` and `shape` (too few or too many parameters)"#);
    insta::assert_snapshot!(fault(&steps("[{repeat: {times: {empirical: {file: counts.csv}}, do: [{delay: 1ms}]}}]")), @r#"m.yaml:4:45: error: -2 is not a whole number up to 1000000 (from the column of this file)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {empirical: {file: nowhere.csv}}}]")), @r#"m.yaml:4:55: error: `nowhere.csv` cannot be read: no such file (expected a CSV file, relative to the model)"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {empirical: {file: times.csv, column: ms, unit: ms}}}]")), @r#"m.yaml:4:55: error: in `times.csv`: row 4: `oops` does not start with a number"#);
    insta::assert_snapshot!(fault(&steps("[{delay: {mixture: [{weight: 0, of: 1ms}]}}]")), @r#"m.yaml:4:46: error: the weights of the mixture sum to 0 (expected a weight above 0)"#);
}

#[test]
fn loads() {
    let home = "web: {endpoints: {home: [{delay: 1ms}]}}";
    insta::assert_snapshot!(fault(&shop("{rate: 1e12/s, requests: {web.home: 1}}", home)), @r#"m.yaml:2:14: error: `1e12/s` is above 1e9/s (expected a rate that nanoseconds can tell apart)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 0.000000001/s, requests: {web.home: 1}}", home)), @r#"m.yaml:2:14: error: a rate of 1e-9/s (expected a request a year at the least)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 0/s, requests: {web.home: 1}}", home)), @r#"m.yaml:2:14: error: a rate of 0 (expected some requests per second)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 10, requests: {web.home: 1}}", home)), @r#"m.yaml:2:14: error: `10` has no unit (expected a rate such as `400/s` or `90/min`)"#);
    insta::assert_snapshot!(fault(&shop("{users: 10, requests: {web.home: 1}}", home)), @r#"
    m.yaml:2:15: error: `users` without `think` (expected the time between an answer and the next request)
      help: write `think: 0s` for users who never pause
    "#);
    insta::assert_snapshot!(fault(&shop("{users: 10, think: 1s, rate: 1/s, requests: {web.home: 1}}", home)), @r#"
    m.yaml:2:36: error: both `users` and `rate` (open load)
      help: name two groups to have both
    "#);
    insta::assert_snapshot!(fault(&shop("{users: 1e9, think: 1s, requests: {web.home: 1}}", home)), @r#"m.yaml:2:15: error: 1000000000 users (expected 1 to 10000000)"#);
    insta::assert_snapshot!(fault(&shop("{a: {users: 6e6, think: 1s, requests: {web.home: 1}}, b: {users: 6e6, think: 1s, requests: {web.home: 1}}}", home)), @r#"m.yaml:2:7: error: 12000000 users in all (expected at most 10000000)"#);
    insta::assert_snapshot!(fault(&shop("{requests: {web.home: 1}}", home)), @r#"m.yaml:2:7: error: neither `users` nor `rate` (expected closed load (`users` and `think`) or open load (`rate`))"#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, requests: {web.home: 0}}", home)), @r#"
    m.yaml:2:29: error: the weights of the requests sum to 0 (expected a weight above 0)
      help: endpoints are `web.home`
    "#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, requests: {web.home: -1}}", home)), @r#"m.yaml:2:40: error: `-1` is negative (expected a weight, 0 or more)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s}", home)), @r#"m.yaml:2:7: error: `requests` is missing (expected a load group with `requests`)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, arrivals: {cv: 2, erlang: {k: 2}}, requests: {web.home: 1}}", home)), @r#"m.yaml:2:37: error: arrivals follow one process only"#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, arrivals: exp, requests: {web.home: 1}}", home)), @r#"m.yaml:2:29: error: `exp` is not an arrival process (expected one of `poisson` or `deterministic`)"#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, arrivals: {phases: [{rate: 1/s, length: 1s}]}, requests: {web.home: 1}}", home)), @r#"
    m.yaml:2:14: error: both `rate` and `phases`
      help: remove `rate`; a sweep scales all phases
    "#);
    insta::assert_snapshot!(fault(&shop("{a: {rate: 1/s, requests: {web.home: 1}}, study: {rate: 1/s, requests: {web.home: 1}}}", home)), @r#"m.yaml:2:49: error: a load group cannot be called `study` (`study` means that section of the model)"#);
    insta::assert_snapshot!(fault(&shop("{users: {rate: 1/s, requests: {web.home: 1}}}", home)), @r#"m.yaml:2:8: error: a load group cannot be called `users` (`load.users` means that field of the load)"#);
}

#[test]
fn services() {
    insta::assert_snapshot!(fault(&web("queue: 10")), @r#"
    m.yaml:4:16: error: `queue` without `workers` (nothing queues where the workers are not limited)
      help: say how many calls a replica works on at once: `workers: 64`
    "#);
    insta::assert_snapshot!(fault(&web("replicas: 2, balance: central")), @r#"
    m.yaml:4:31: error: `balance: central` without `workers` (nothing queues where the workers are not limited)
      help: say how many calls a replica works on at once: `workers: 64`
    "#);
    insta::assert_snapshot!(fault(&web("workers: 2, discipline: preemptive")), @r#"
    m.yaml:4:33: error: `preemptive` without `cores` (only a core can be taken from a running call)
      help: write `priority` to let higher priorities go first at the workers
    "#);
    insta::assert_snapshot!(fault(&web("workers: 2, scheduling: fifo")), @r#"m.yaml:4:33: error: `scheduling` without `cores` (say how many cores there are: `cores: 4`)"#);
    insta::assert_snapshot!(fault(&web("workers: 2, balance: rond-robin")), @r#"
    m.yaml:4:30: error: `rond-robin` is not a way to balance (expected one of `round-robin`, `random`, `least-requests`, `power-of-2`, `weighted`, `sticky: user` or `central`)
      help: a similar word exists: `round-robin`
    "#);
    insta::assert_snapshot!(fault(&web("workers: 2, priority: hihg")), @r#"
    m.yaml:4:31: error: `hihg` is not a priority (expected `high`, `normal`, `low` or a whole number (higher goes first))
      help: a similar word exists: `high`
    "#);
    insta::assert_snapshot!(fault(&web("replicas: [{count: 2, cores: 4}, {count: 1}]")), @r#"m.yaml:4:19: error: some replicas have limited cores and some do not (expected `cores` for all of them, or in the service)"#);
    insta::assert_snapshot!(fault(&web("replicas: [{weight: 0}], balance: weighted")), @r#"m.yaml:4:19: error: the weights of the replicas sum to 0 (expected a weight above 0)"#);
}

#[test]
fn programs() {
    insta::assert_snapshot!(fault(&steps("[{cpuu: 2ms}]")), @r#"
    m.yaml:4:29: error: unknown step `cpuu`
      help: a step with a similar name exists: `cpu`
    "#);
    insta::assert_snapshot!(fault(&steps("[{cpu: 2ms, delay: 1ms}]")), @r#"
    m.yaml:4:39: error: one step is both `cpu` and `delay`
      help: begin a step of its own with `-`
    "#);
    insta::assert_snapshot!(fault(&steps("{cpu: 2ms}")), @r#"
    m.yaml:4:27: error: found one step, expected a list of steps
      help: put `-` in front of each step, or brackets around them
    "#);
    insta::assert_snapshot!(fault(&steps("[{send: emails}]")), @r#"
    m.yaml:4:35: error: unknown queue `emails`
      help: the model has no queue
    "#);
    insta::assert_snapshot!(fault(&steps("[{call: web.home}]")), @r#"m.yaml:4:35: error: a loop of calls: web.home -> web.home (this call closes it)"#);
    insta::assert_snapshot!(fault(&steps("[{call: db.q}]")), @r#"
    m.yaml:4:35: error: `db` is a database
      help: write `query: db.q`
    "#);
    insta::assert_snapshot!(fault(&steps("[{query: db.p}]")), @r#"
    m.yaml:4:36: error: `db` has no query `p` (expected `db.` and the name of a query)
      help: `db` has `q`
    "#);
    insta::assert_snapshot!(fault(&steps("[{get: db}]")), @r#"m.yaml:4:34: error: `db` is a database (expected a cache)"#);
    insta::assert_snapshot!(fault(&steps("[{get: d}]")), @r#"
    m.yaml:4:34: error: unknown cache `d`
      help: there are `c`
    "#);
    insta::assert_snapshot!(fault(&steps("[{hold: q, do: []}]")), @r#"
    m.yaml:4:35: error: unknown pool `q`
      help: there are `p`
    "#);
    insta::assert_snapshot!(fault(&steps("[{query: db.q, retry: {attempts: 0}}]")), @r#"m.yaml:4:60: error: 0 attempts (expected 1 to 1000, the first included)"#);
    insta::assert_snapshot!(fault(&steps("[{query: db.q, retry: {attempts: 3, backoff: {first: 1s, factor: 0.5}}}]")), @r#"m.yaml:4:92: error: a factor of 0.5 (expected at least 1: waits do not shrink)"#);
    insta::assert_snapshot!(fault(&steps("[{query: db.q, hedge: 10ms}]")), @r#"m.yaml:4:42: error: not supported yet: `hedge`"#);
    insta::assert_snapshot!(fault(&steps("[{parallel: {times: 3, need: 4, do: {query: db.q}}}]")), @r#"m.yaml:4:56: error: 4 answers are needed of 3 (expected 1 to 3)"#);
    insta::assert_snapshot!(fault(&steps("[{parallel: {each: replicas, do: [{delay: 1ms}]}}]")), @r#"m.yaml:4:46: error: `each: replicas` goes over the replicas that a call may reach (expected one `call` or `query` under `do`)"#);
    insta::assert_snapshot!(fault(&steps("[{repeat: {while: 100%, do: []}}]")), @r#"m.yaml:4:45: error: a loop that never ends (expected a probability below 100%)"#);
    insta::assert_snapshot!(fault(&steps("[{repeat: {times: 1e12, do: []}}]")), @r#"m.yaml:4:45: error: 1000000000000 is too many (expected at most 1000000)"#);
    insta::assert_snapshot!(fault(&steps("[{choose: [{weight: 0, do: []}]}]")), @r#"m.yaml:4:37: error: the weights of the branches sum to 0 (expected a weight above 0)"#);
    insta::assert_snapshot!(fault(&steps("[{fail: 2}]")), @r#"
    m.yaml:4:35: error: `2` is no share: it lies above 1 (expected a share such as `80%` or `0.8`)
      help: for per cent write `2%`
    "#);
    let pair = "a: {endpoints: {x: [{call: b.y}]}}\n  b: {endpoints: {y: [{call: a.x}]}}";
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, requests: {a.x: 1}}", pair)), @r#"m.yaml:5:30: error: a loop of calls: a.x -> b.y -> a.x (this call closes it)"#);
}

#[test]
fn databases_caches_and_pools() {
    let with = |rest: &str| format!("{}{rest}", web("workers: 4"));
    insta::assert_snapshot!(fault(&with("databases: {db: {queries: {q: {read: 1ms}}}}")), @r#"m.yaml:5:17: error: `servers` is missing (expected a database with `servers`)"#);
    insta::assert_snapshot!(fault(&with("databases: {db: {servers: 0, queries: {q: {read: 1ms}}}}")), @r#"m.yaml:5:27: error: no servers (expected at least 1, or `unlimited`)"#);
    insta::assert_snapshot!(fault(&with("databases: {db: {servers: 1, queries: {q: {}}}}")), @r#"m.yaml:5:40: error: `q` is neither a read nor a write (expected `read`, `write`, `scan`, `index` or `join`)"#);
    insta::assert_snapshot!(fault(&with("databases: {db: {servers: 1, replication: {lag: 1ms}, queries: {q: {read: 1ms}}}}")), @r#"
    m.yaml:5:43: error: `replication` without read replicas (nothing is replicated)
      help: say how many there are: `read_replicas: 2`
    "#);
    insta::assert_snapshot!(fault(&with("databases: {db: {servers: 1, connection_queue: 4, queries: {q: {read: 1ms}}}}")), @r#"m.yaml:5:48: error: `connection_queue` without `connections` (nothing queues where they are not limited)"#);
    insta::assert_snapshot!(fault(&with("caches: {c: {time: 1ms}}")), @r#"m.yaml:5:10: error: cache `c` has neither `hit_ratio` nor `entries` and `keys` (expected the share of look-ups that hit, or what decides it)"#);
    insta::assert_snapshot!(fault(&with("caches: {c: {hit_ratio: 80}}")), @r#"
    m.yaml:5:25: error: `80` is no share: it lies above 1 (expected a share such as `80%` or `0.8`)
      help: for per cent write `80%`
    "#);
    insta::assert_snapshot!(fault(&with("pools: {p: {size: 0}}")), @r#"
    m.yaml:5:19: error: a pool of size 0 (expected at least 1)
      help: whoever holds it would wait for ever: without a pool, leave it out
    "#);
    insta::assert_snapshot!(fault(&with("pools: {p: {size: 1, per: wbe}}")), @r#"
    m.yaml:5:27: error: unknown service `wbe`
      help: a service with a similar name exists: `web`
    "#);
    insta::assert_snapshot!(fault(&with("queues: {q: {consumers: 1}}")), @r#"m.yaml:5:13: error: `do` is missing (expected a queue with `do`)"#);
}

/// A cache of keys with these fields more, and an endpoint of these steps that may use it.
fn keyed(fields: &str, steps: &str) -> String {
    format!(
        "{}caches:\n  c: {{{fields}}}\npools:\n  l: {{size: 1, keys: {{uniform: 9}}}}\n",
        shop("{rate: 10/s, requests: {web.home: 1}}", &format!("web: {{endpoints: {{home: {steps}}}}}"))
    )
}

#[test]
fn the_data_tier() {
    let with = |rest: &str| format!("{}{rest}", web("workers: 4"));
    let keys = "entries: 5, keys: {uniform: 9}";
    let db = |fields: &str, query: &str| {
        with(&format!("databases: {{db: {{servers: 1, {fields}queries: {{q: {query}}}}}}}"))
    };
    let cases = [
        (
            with("caches: {c: {entries: 100, hit_ratio: 1}}"),
            "m.yaml:5:23: error: both `entries` and `hit_ratio` (the entries and their keys decide what hits)",
        ),
        (
            with("caches: {c: {entries: 100}}"),
            "m.yaml:5:10: error: cache `c` has no `keys` (expected which keys are looked up: `keys: {zipf: {n: 20_000, s: 0.9}}`)",
        ),
        (
            with("caches: {c: {keys: {uniform: 9}}}"),
            "m.yaml:5:10: error: cache `c` has no `entries` (expected how many entries it has room for, or `unlimited`)",
        ),
        (
            with("caches: {c: {hit_ratio: 50%, ttl: 1s}}"),
            "m.yaml:5:35: error: `ttl` with a given hit ratio (it needs `entries` and `keys` in place of `hit_ratio`)",
        ),
        (
            with("caches: {c: {entries: 1, keys: {zpif: {n: 9}}}}"),
            "m.yaml:5:33: error: `zpif` says nothing about keys",
        ),
        (
            with("caches: {c: {entries: 1, keys: {zipf: {n: 0}}}}"),
            "m.yaml:5:39: error: the keys cannot have a number of keys of 0 (expected at least 1 and at most 100000000)",
        ),
        (
            with("caches: {c: {entries: 1, keys: {zipf: {n: 9, s: -1}}}}"),
            "m.yaml:5:49: error: `-1` is negative (expected a number, 0 or more)",
        ),
        (
            with("caches: {c: {entries: 1, keys: {hot: {n: 9, keys: 10, share: 50%}}}}"),
            "m.yaml:5:38: error: the keys cannot have a number of hot keys of 10 (expected at least 1 and below the number of keys)",
        ),
        (
            with("caches: {c: {entries: 1, keys: {empirical: {file: none.csv}}}}"),
            "m.yaml:5:51: error: `none.csv` cannot be read: no such file (expected a CSV file, relative to the model)",
        ),
        (
            keyed(&format!("{keys}, evict: clock"), "[{get: c}]"),
            "m.yaml:6:46: error: `clock` is not a way to evict (expected one of `lru`, `lfu`, `fifo`, `random`, `sieve` or `tinylfu`)",
        ),
        (
            keyed(&format!("{keys}, on_put: write_back"), "[{get: c}]"),
            "m.yaml:6:47: error: `on_put: write_back` without `write_back` (expected the steps that write an evicted entry back)",
        ),
        (
            keyed(&format!("{keys}, on_put: write_back, ttl: 1s, write_back: []"), "[{get: c}]"),
            "m.yaml:6:64: error: not supported: `ttl` of a cache that writes back (what expires would be lost)",
        ),
        (
            keyed(&format!("{keys}, write_back: []"), "[{get: c}]"),
            "m.yaml:6:51: error: `write_back` without `on_put: write_back` (nothing is written back)",
        ),
        (
            keyed(&format!("{keys}, nodes: 0"), "[{get: c}]"),
            "m.yaml:6:46: error: no nodes (expected at least 1)",
        ),
        (
            keyed(&format!("{keys}, nodes: 2, per: web"), "[{get: c}]"),
            "m.yaml:6:46: error: both `nodes` and `per` (each replica has a cache of one node)",
        ),
        (keyed(&format!("{keys}, per: wbe"), "[{get: c}]"), "m.yaml:6:44: error: unknown service `wbe`"),
        (
            keyed(&format!("{keys}, on_miss: [{{get: c}}]"), "[{get: c}]"),
            "m.yaml:6:55: error: a miss of `c` looks up `c` again (caches that fill each other never end)",
        ),
        (
            keyed(&format!("{keys}, on_miss: [{{hold: l, key: x, do: []}}]"), "[{get: c}]"),
            "m.yaml:6:64: error: `key` in the steps of a miss (they are about the key that was missed)",
        ),
        (
            keyed(&format!("{keys}, refresh: 60s"), "[{get: c}]"),
            "m.yaml:6:39: error: not supported yet: `refresh`",
        ),
        (
            keyed(&format!("{keys}, nodes: 4, lost: {{node: 5, at: 1s}}"), "[{get: c}]"),
            "m.yaml:6:62: error: `c` has no node 5 (expected 1 to 4)",
        ),
        (
            keyed(&format!("{keys}, lost: {{node: 0, at: 1s}}"), "[{get: c}]"),
            "m.yaml:6:52: error: `c` has no node 0 (expected 1: it has one node)",
        ),
        (
            keyed(&format!("{keys}, flush: {{at: 1s, every: 0s}}"), "[{get: c}]"),
            "m.yaml:6:62: error: a flush after no time at all (expected a time above 0)",
        ),
        (
            keyed("hit_ratio: 50%, flush: {at: 1s}", "[{get: c}]"),
            "m.yaml:6:30: error: `flush` with a given hit ratio (it needs `entries` and `keys` in place of `hit_ratio`)",
        ),
        (
            keyed(&format!("{keys}, flush: {{every: 1s}}"), "[{get: c}]"),
            "m.yaml:6:46: error: `at` is missing (expected a flush with `at`)",
        ),
        (
            keyed(&format!("{keys}, flush: {{at: -1s}}"), "[{get: c}]"),
            "m.yaml:6:51: error: `-1s` is negative (expected a duration of 0 or more)",
        ),
        (
            db("failover: {at: 1s, promotion: 1s}, ", "{write: 1ms}"),
            "m.yaml:5:40: error: `failover` without read replicas (nobody can take over)",
        ),
        (
            db(
                "read_replicas: 1, reads: replicas, shards: 2, keys: {uniform: 9}, failover: {at: 1s, promotion: 1s}, ",
                "{write: 1ms}",
            ),
            "m.yaml:5:106: error: not supported: `failover` of a database with shards",
        ),
        (
            db("read_replicas: 1, reads: replicas, failover: {at: 1s}, ", "{write: 1ms}"),
            "m.yaml:5:75: error: `promotion` is missing (expected a failover with `promotion`)",
        ),
        (
            format!(
                "{}\nstudy: {{duration: 30s}}\n",
                db("read_replicas: 1, reads: replicas, failover: {at: 40s, promotion: 1s}, ", "{write: 1ms}")
            ),
            "m.yaml:5:80: error: at 40s nothing is simulated any more (expected a time before the end of the run, 30s)",
        ),
        (
            keyed("hit_ratio: 50%", "[{put: c}]"),
            "m.yaml:4:34: error: `put` into `c`, whose hit ratio is given (it needs `entries` and `keys` to be changed by a write)",
        ),
        (
            keyed("hit_ratio: 50%", "[{get: c, key: x}]"),
            "m.yaml:4:42: error: `c` knows no keys (nothing depends on this key)",
        ),
        (
            keyed("hit_ratio: 50%", "[{get: c, timeout: 1s}]"),
            "m.yaml:4:37: error: not supported yet: `timeout`",
        ),
        (
            with("pools: {l: {size: 2, keys: {uniform: 9}}}"),
            "m.yaml:5:19: error: 2 holders of one key (expected `size: 1`: a lock)",
        ),
        (
            with("pools: {l: {size: 1, keys: {uniform: 9}, to: web}}"),
            "m.yaml:5:46: error: not supported: `to` of locks by key (only `hold` takes them)",
        ),
        (
            db("shards: 4, ", "{read: 1ms}"),
            "m.yaml:5:38: error: shards by a key that nobody sets (a shard is chosen by the key of a query)",
        ),
        (
            db(
                "read_replicas: 3, reads: replicas, shards: 18446744073709551615, keys: {uniform: 9}, ",
                "{read: 1ms}",
            ),
            "m.yaml:5:73: error: 18446744073709551615 instances of shards are too many (a model has at most 100000 replicas and resources)",
        ),
        (
            with("caches: {c: {entries: 100, keys: {uniform: 900}, nodes: 1_000_000}}"),
            "m.yaml:5:57: error: 1000000 nodes are too many (a model has at most 100000 replicas and resources)",
        ),
        (
            db("shards: 0, keys: {uniform: 9}, ", "{read: 1ms}"),
            "m.yaml:5:38: error: no shards (expected at least 1)",
        ),
        (
            db("shard_by: hash, keys: {uniform: 9}, ", "{read: 1ms}"),
            "m.yaml:5:40: error: `shard_by` without `shards` (expected `shards: 4` or so)",
        ),
        (
            db("", "{write: 1ms, lock: row}"),
            "m.yaml:5:62: error: a row lock without keys (which row a query locks is decided by its key)",
        ),
        (
            db("keys: {uniform: 9}, ", "{write: 1ms, lock: all}"),
            "m.yaml:5:82: error: `all` is not what a query can lock (expected one of `row` or `table`)",
        ),
        (
            db("keys: {uniform: 9}, ", "{write: 1ms, lock: row}, r: {read: 1ms, lock: table}"),
            "m.yaml:5:109: error: not supported: locks of rows and of the table in one database (who locks a row would have to wait for who locks the table)",
        ),
        (
            db("reads: {from: primary, balance: random}, ", "{read: 1ms}"),
            "m.yaml:5:62: error: `balance` where all reads go to the primary (expected `from: replicas` beside it)",
        ),
        (
            db("", "{read: 1ms, rows: 5}"),
            "m.yaml:5:61: error: `rows` beside `read` (only a `write` has them beside it)",
        ),
        (
            db("", "{write: 1ms, rows: 5}"),
            "m.yaml:5:62: error: `rows` without `per_row` (expected the time that each adds: `per_row: 0.3ms`)",
        ),
        (
            db("", "{join: {rows: 5, with: 7}}"),
            "m.yaml:5:50: error: a join without a price (expected `per_level`, by index, or `per_row`, by hash; of both the cheaper is taken)",
        ),
        (
            db("", "{scan: {rows: 5, per_row: 1ms, partitions: 2, pruned_to: 0}}"),
            "m.yaml:5:100: error: no partition is read (expected at least 1)",
        ),
        (
            db("", "{scan: {rows: 5, per_row: 1ms, pruned_to: 3}}"),
            "m.yaml:5:85: error: `pruned_to` without `partitions` (expected how many: `partitions: 12`)",
        ),
        (
            db("keys: {zipf: {n: 1000000000000}}, ", "{read: 1ms}"),
            "m.yaml:5:47: error: 1000000000000 keys are too many (expected at most 100000000)",
        ),
        (
            with("pools: {a: {size: 1, to: b}, b: {size: 1}}"),
            "m.yaml:5:26: error: `b` leads nowhere (a pooler leads to a place)",
        ),
        (
            with("pools: {a: {size: 1, to: b}, b: {size: 1, to: c}, c: {size: 1, to: web}}"),
            "m.yaml:5:26: error: not supported: a pooler in front of a pooler (`b` leads to another pool)",
        ),
        (
            with("pools: {a: {size: 1, to: b}, b: {size: 1, per: web, to: web}}"),
            "m.yaml:5:26: error: `b` belongs to the replicas of `web` (others cannot reach it)",
        ),
        (
            with("pools: {a: {size: 1, to: a}}"),
            "m.yaml:5:26: error: `a` leads to itself (expected a place, or another pool)",
        ),
        (
            with("pools: {l: {size: 1, keys: {uniform: 3}, mode: session}}"),
            "m.yaml:5:48: error: not supported: `mode` of locks by key (only `hold` takes them)",
        ),
        (
            db(
                "read_replicas: 1, reads: {from: replicas, after_own_write: {from: primary}}, ",
                "{read: 1ms}",
            ),
            "m.yaml:5:89: error: `for` is missing (expected `after_own_write` with `for`)",
        ),
        (
            with("queues: {q: {consumers: 0, do: []}}"),
            "m.yaml:5:25: error: no consumers (expected at least 1, or `unlimited`)",
        ),
        (
            with("queues: {q: {consumers: 1, do: [], dead_letter: true}}"),
            "m.yaml:5:36: error: not supported yet: `dead_letter`",
        ),
        (
            with("queues: {q: {consumers: 1, do: [{send: q}]}}"),
            "m.yaml:5:40: error: a loop of calls: q.message -> q.message (this call closes it)",
        ),
        (
            keyed(&format!("{keys}, on_put: write_back, write_back: [{{put: c}}]"), "[{get: c}]"),
            "m.yaml:6:78: error: a loop of calls: c.write_back -> c.write_back (this call closes it)",
        ),
        (
            steps("[{optimistic: {on: db, do: []}}]"),
            "m.yaml:4:46: error: optimistic locking without keys (say which keys the database has: `keys`)",
        ),
        (
            steps("[{optimistic: {on: c, do: []}}]"),
            "m.yaml:4:46: error: `c` is a cache (expected a database)",
        ),
        (
            steps("[{query: db.q, key: x}]"),
            "m.yaml:4:47: error: `db` knows no keys (nothing depends on this key)",
        ),
        (
            steps("[{parallel: {each: shard, do: {query: db.q}}}]"),
            "m.yaml:4:46: error: `shard` is not what a `parallel` can go over (expected one of `replicas` or `shards`)",
        ),
        (
            steps("[{parallel: {each: shards, do: {query: db.q}}}]"),
            "m.yaml:4:46: error: `each: shards` of a database that has none (expected `shards` there)",
        ),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .map(|(text, expected)| (fault(text), expected))
        .filter(|(told, expected)| told.lines().next() != Some(expected))
        .map(|(told, expected)| format!("expected {expected}\nfound    {told}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn queries_by_size() {
    let query = |query: &str| {
        fault(&format!("{}databases: {{db: {{servers: 1, queries: {{q: {query}}}}}}}", web("workers: 4")))
    };
    insta::assert_snapshot!(query("{scan: {rows: -1, per_row: 1us}}"), @r#"m.yaml:5:57: error: `-1` is negative (expected a whole number, 0 or more)"#);
    insta::assert_snapshot!(query("{scan: {rows: 1.5, per_row: 1us}}"), @r#"m.yaml:5:57: error: `1.5` is not whole (expected a whole number)"#);
    insta::assert_snapshot!(query("{scan: {per_row: 1us}}"), @r#"m.yaml:5:50: error: `rows` is missing (expected a scan with `rows`)"#);
    insta::assert_snapshot!(query("{scan: {rows: 100}}"), @r#"m.yaml:5:50: error: `per_row` is missing (expected a scan with `per_row`)"#);
    insta::assert_snapshot!(query("{scan: {rows: 100, per_row: 20}}"), @r#"
    m.yaml:5:71: error: `20` has no unit (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: for milliseconds write `20ms`
    "#);
    insta::assert_snapshot!(query("{scan: {rows: 100, per_row: 1us, per_level: 1us}}"), @r#"
    m.yaml:5:76: error: unknown key `per_level` (not a key of a scan)
      help: its keys are `rows`, `per_row`, `limit`, `partitions`, `pruned_to`, `base` and `cv`
    "#);
    insta::assert_snapshot!(query("{scan: 100_000}"), @r#"m.yaml:5:50: error: found `100_000`, expected a map with keys such as `rows`, `per_row` and `limit` (expected a scan)"#);
    insta::assert_snapshot!(query("{scan: {rows: 9e15, per_row: 1h}}"), @r#"m.yaml:5:57: error: a query of 3.240e19 s is longer than 100 years (expected fewer, or less time for each)"#);
    insta::assert_snapshot!(query("{scan: {rows: 10, per_row: 1ms, cv: 2_000}}"), @r#"m.yaml:5:79: error: the time of the query cannot have a cv of 2000 (expected a number from 0 to 1000)"#);
    insta::assert_snapshot!(query("{scan: {rows: 10, per_row: 1ms, cv: -1}}"), @r#"m.yaml:5:79: error: `-1` is negative (expected a number, 0 or more)"#);
    insta::assert_snapshot!(query("{index: {rows: 100, per_level: 1ms, fanout: 1}}"), @r#"m.yaml:5:87: error: a fanout of 1 (expected at least 2 entries a page)"#);
    insta::assert_snapshot!(query("{index: {rows: 100, per_level: 1ms, limit: 5}}"), @r#"
    m.yaml:5:79: error: unknown key `limit` (not a key of an index)
      help: its keys are `rows`, `per_level`, `fanout`, `partitions`, `pruned_to`, `base` and `cv`
    "#);
    insta::assert_snapshot!(query("{read: 1ms, scan: {rows: 100, per_row: 1us}}"), @r#"m.yaml:5:40: error: `q` has both `read` and `scan` (expected one of `read`, `write`, `scan`, `index` and `join`)"#);
    insta::assert_snapshot!(query("{scan: {rows: 1, per_row: 1us}, index: {rows: 1, per_level: 1us}}"), @r#"m.yaml:5:40: error: `q` has both `scan` and `index` (expected one of `read`, `write`, `scan`, `index` and `join`)"#);
    insta::assert_snapshot!(query("{write: 1ms, per_index: 1ms}"), @r#"m.yaml:5:67: error: `per_index` without `indexes` (expected how many: `indexes: 4`)"#);
    insta::assert_snapshot!(query("{write: 1ms, indexes: 4}"), @r#"m.yaml:5:65: error: `indexes` without `per_index` (expected the time that each adds: `per_index: 0.3ms`)"#);
    insta::assert_snapshot!(query("{write: 1ms, indexes: -4, per_index: 1ms}"), @r#"m.yaml:5:65: error: `-4` is negative (expected a whole number, 0 or more)"#);
    insta::assert_snapshot!(query("{read: 1ms, indexes: 4, per_index: 1ms}"), @r#"m.yaml:5:64: error: `indexes` beside `read` (only a `write` maintains indexes)"#);
    insta::assert_snapshot!(query("{index: {rows: 1, per_level: 1us}, per_index: 1ms}"), @r#"m.yaml:5:89: error: `per_index` beside `index` (only a `write` maintains indexes)"#);
    insta::assert_snapshot!(query("{rows: 100}"), @r#"m.yaml:5:40: error: `q` is neither a read nor a write (expected `read`, `write`, `scan`, `index` or `join`)"#);
}

#[test]
fn sizes_of_queries_are_paths() {
    let model = format!(
        "{}databases: {{db: {{servers: 1, queries: {{q: {{scan: {{rows: 100, per_row: 1us}}}}}}}}}}",
        web("workers: 4")
    );
    let set = |path, value| fault_with(model.as_bytes(), &[(path, value)]);
    insta::assert_snapshot!(set("db.q.rows", "-5"), @r#"--set:1:11: error: `-5` is negative (expected a whole number, 0 or more)"#);
    insta::assert_snapshot!(set("db.q.row", "5"), @r#"
    --set:1:1: error: unknown key `row` (not a key of a scan)
      help: a key with a similar name exists: `rows`
    "#);
    insta::assert_snapshot!(set("db.q.fanout", "200"), @r#"
    --set:1:1: error: unknown key `fanout` (not a key of a scan)
      help: its keys are `rows`, `per_row`, `limit`, `partitions`, `pruned_to`, `base` and `cv`
    "#);
    insta::assert_snapshot!(set("db.q.read", "2ms"), @r#"m.yaml:5:40: error: `q` has both `read` and `scan` (expected one of `read`, `write`, `scan`, `index` and `join`)"#);
    // In nanoseconds.
    let means = |path: &str, value: &str| {
        let loaded = loaded(model.as_bytes(), &[(path, value)]);
        loaded
            .model
            .unwrap_or_else(|| panic!("{:?}", loaded.diagnostics))
            .dists
            .iter()
            .map(Dist::mean)
            .collect()
    };
    let scan = |of: Vec<f64>| of.into_iter().find(|mean| *mean != 1e-3).map(|mean| (mean * 1e9).round());
    assert_eq!(scan(means("db.q.rows", "200_000")), Some(2e8));
    assert_eq!(scan(means("db.q.scan.rows", "200_000")), Some(2e8));
    assert_eq!(scan(means("db.q.rows", "0")), Some(0.0));
    // What the file leaves out goes where the sizes are.
    assert_eq!(scan(means("db.q.limit", "50")), Some(5e4));
    assert_eq!(scan(means("db.q.base", "4ms")), Some(4.1e6));
}

#[test]
fn objectives_and_studies() {
    let with = |rest: &str| format!("{}{rest}", web("workers: 4"));
    insta::assert_snapshot!(fault(&with("slo: {web.home: [p95 < 200]}")), @r#"
    m.yaml:5:18: error: `200` has no unit (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: for milliseconds write `200ms`
    "#);
    insta::assert_snapshot!(fault(&with("slo: {web.hoem: [p95 < 200ms]}")), @r#"
    m.yaml:5:7: error: `web` has no endpoint `hoem` (expected `web.` and the name of an endpoint)
      help: one with a similar name exists: `web.home`
    "#);
    insta::assert_snapshot!(fault(&with("slo: {web.home: [p97 < 200ms]}")), @r#"m.yaml:5:18: error: not supported yet: `p97` (expected `mean`, `p50`, `p90`, `p95`, `p99` or `p99.9`)"#);
    insta::assert_snapshot!(fault(&with("slo: {web.home: [apdex(200ms) > 9]}")), @r#"m.yaml:5:18: error: an Apdex of 9 is above 1 (expected a score from 0 to 1)"#);
    insta::assert_snapshot!(fault(&with("slo: {total: [errors > 1%]}")), @r#"m.yaml:5:15: error: `errors` should be below a value, in `errors > 1%` (expected an objective such as `p95 < 200ms`, `errors < 0.1%`, `apdex(200ms) > 0.9` or `goodput > 99%`)"#);
    insta::assert_snapshot!(fault(&with("study: {duration: 600y}")), @r#"
    m.yaml:5:19: error: `y` is no unit of time, in `600y` (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: units of time are `ns`, `us`, `ms`, `s`, `min`, `h`, `d` and `w`
    "#);
    insta::assert_snapshot!(fault(&with("study: {duration: 300000d}")), @r#"m.yaml:5:19: error: `300000d` is longer than 100 years (simulated time has 64 bits of nanoseconds)"#);
    insta::assert_snapshot!(fault(&with("study: {replications: 1}")), @r#"m.yaml:5:23: error: 1 replications (expected 2 to 10000)"#);
    insta::assert_snapshot!(fault(&with("study: {precision: {p95: 0%}}")), @r#"m.yaml:5:26: error: a precision of 0% (expected a half width from 0.01% to below 100%)"#);
    insta::assert_snapshot!(fault(&with("peak: {users: 0}")), @r#"m.yaml:5:7: error: a peak of 0 (expected a load above 0)"#);
    insta::assert_snapshot!(fault(&with("peak: {users: 3_000_000_000}")), @r#"m.yaml:5:15: error: a peak of 3000000000 users (expected at most 10000000)"#);
    insta::assert_snapshot!(fault(&with("variants: {big: {wep.replicas: 2}}")), @r#"
    m.yaml:5:18: error: `wep.replicas` leads nowhere: unknown name `wep` (no part of the model)
      help: a similar name exists: `web`
    "#);
}

#[test]
fn money() {
    let priced = |section: &str| format!("{}{section}\n", web("cost: 1 $/h"));
    insta::assert_snapshot!(fault(&web("cost: 2 $/year")), @r#"
    m.yaml:4:15: error: `2 $/year` is not money for anything (expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`)
      help: money is for one of `h`, `d`, `month`, `million` (calls), `GiB` and `GiB/month`
    "#);
    insta::assert_snapshot!(fault(&web("cost: [0.17 $/h, 0.40 EUR/million]")), @r#"m.yaml:4:26: error: money in `EUR` and in `$` (expected `$`, as before)"#);
    insta::assert_snapshot!(fault(&web("cost: 0.09 $/GiB")), @r#"
    m.yaml:4:15: error: a price for bytes carried on a service (only links carry bytes)
      help: put the price on a link, and send over it with `transfer`
    "#);
    insta::assert_snapshot!(fault(&web("cost: 0.10 $/GiB/month")), @r#"m.yaml:4:15: error: a price for bytes kept on a service (only databases and caches keep any)"#);
    insta::assert_snapshot!(fault(&web("cost: [0.10 $/h, -1 $/million]")), @r#"m.yaml:4:26: error: `-1 $/million` is negative (expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`)"#);
    insta::assert_snapshot!(fault(&web("cost: []")), @r#"m.yaml:4:15: error: a list without prices (expected a price such as `0.17 $/h`)"#);
    insta::assert_snapshot!(fault(&web("cost: 0.40/million")), @r#"
    m.yaml:4:15: error: `0.40/million` is not money for anything (expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`)
      help: a currency is missing, such as `$` or `EUR`
    "#);
    insta::assert_snapshot!(fault(&priced("caches: {c: {hit_ratio: 0.5, cost: 0.10 $/GiB/month}}")), @r#"m.yaml:5:36: error: a price for bytes kept, without `size` (expected how much it holds: `size: 200GiB`)"#);
    insta::assert_snapshot!(fault(&priced("externals: {pay: {cost: 1 EUR/million, endpoints: {charge: [{delay: 1ms}]}}}")), @r#"m.yaml:5:25: error: money in `EUR` and in `$` (expected `$`, as before)"#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50 EUR, conversion_per_100ms: -1%}")), @r#"m.yaml:5:33: error: money in `EUR` and in `$` (expected `$`, as before)"#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50 $, conversion_per_100ms: 1%}")), @r#"
    m.yaml:5:63: error: slower answers that sell more (expected a loss such as `-1%`)
      help: the change of revenue with every 100 ms that an answer takes longer
    "#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50, conversion_per_100ms: -1%}")), @r#"
    m.yaml:5:33: error: `0.50` is not an amount of money (expected money such as `0.50 $`)
      help: a currency is missing, such as `$` or `EUR`
    "#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50 $, conversion_per_100ms: -1}")), @r#"m.yaml:5:63: error: `-1` is not a change in per cent (expected a change such as `-1%`)"#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50 $, conversion_per_100ms: -1%, of: web.hoem}")), @r#"
    m.yaml:5:72: error: `web` has no endpoint `hoem` (expected `web.` and the name of an endpoint)
      help: one with a similar name exists: `web.home`
    "#);
    insta::assert_snapshot!(fault(&priced("business: {revenue_per_request: 0.50 $}")), @r#"m.yaml:5:11: error: `conversion_per_100ms` is missing (expected a `business` with `conversion_per_100ms`)"#);
}

#[test]
fn objectives_of_places_and_money() {
    let judged = |slo: &str| format!("{}caches: {{c: {{hit_ratio: 0.5}}}}\nslo: {slo}\n", web("cost: 1 $/h"));
    insta::assert_snapshot!(fault(&judged("{web: [p95 < 20ms]}")), @r#"
    m.yaml:6:13: error: `p95 < 20ms` of `web` (this is about requests, not places)
      help: a similar name exists: `web.home`
    "#);
    insta::assert_snapshot!(fault(&judged("{web.home: [hit_ratio > 90%]}")), @r#"
    m.yaml:6:18: error: `hit_ratio > 90%` of requests (this is about a place)
      help: name the place: `slo: {products: [hit_ratio > 90%]}`
    "#);
    insta::assert_snapshot!(fault(&judged("{web: [hit_ratio > 90%]}")), @r#"m.yaml:6:13: error: `hit_ratio > 90%` of `web` (only caches have a hit ratio)"#);
    insta::assert_snapshot!(fault(&judged("{web: [utilization < 80%]}")), @r#"m.yaml:6:13: error: `utilization < 80%` of `web` (nothing is limited there)"#);
    insta::assert_snapshot!(fault(&judged("{c: [stale < 1%]}")), @r#"m.yaml:6:11: error: `stale < 1%` of `c` (nothing there can be stale: no `put`, no `replication`)"#);
    insta::assert_snapshot!(fault(&judged("{c: [age p95 < 1s]}")), @r#"m.yaml:6:11: error: `age p95 < 1s` of `c` (only messages in queues have an age)"#);
    insta::assert_snapshot!(fault(&judged("{c: [cost < 1 $/month]}")), @r#"m.yaml:6:11: error: `cost < 1 $/month` of `c` (it has no `cost`)"#);
    insta::assert_snapshot!(fault(&judged("{total: [cost < 1 EUR/month]}")), @r#"m.yaml:6:15: error: money in `EUR` and in `$` (expected `$`, as before)"#);
    insta::assert_snapshot!(fault(&judged("{total: [cost < 1 $/GiB]}")), @r#"m.yaml:6:15: error: `1 $/GiB` bounds no cost of all (expected `cost < 2_000 $/month` or `cost < 5 $/million` answers)"#);
    insta::assert_snapshot!(fault(&judged("{total: [cost < 1]}")), @r#"m.yaml:6:15: error: `1` is not money for anything (expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`)"#);
    insta::assert_snapshot!(fault(&judged("{web.home: [cost < 1 $/month]}")), @r#"m.yaml:6:18: error: `cost < 1 $/month` of an endpoint (expected it in `total`)"#);
    insta::assert_snapshot!(fault(&judged("{wbe: [utilization < 80%]}")), @r#"
    m.yaml:6:7: error: unknown service or external or database or cache or queue or pool or link `wbe`
      help: a service with a similar name exists: `web`
    "#);
    insta::assert_snapshot!(fault(&judged("{web.home: [{warning: p95 < 20ms}]}")), @r#"m.yaml:6:18: error: found a map, expected an objective such as `p95 < 200ms`"#);
    insta::assert_snapshot!(fault(&format!("{}slo: {{total: [cost < 1 $/month]}}\n", web("workers: 1"))), @r#"
    m.yaml:5:15: error: `cost < 1 $/month`, and nothing has a price (expected places with `cost`)
      help: say what they cost: `web: {cost: 0.17 $/h, …}`
    "#);
}

#[test]
fn contention() {
    insta::assert_snapshot!(fault(&web("workers: 4, contention: 3%")), @r#"
    m.yaml:4:33: error: `contention` without `cores` (calls slow each other down where they share cores)
      help: say how many cores there are: `cores: 4`
    "#);
    insta::assert_snapshot!(fault(&web("cores: 4, scheduling: fifo, coherency: 0.1%")), @r#"
    m.yaml:4:48: error: `coherency` with `scheduling: fifo` (expected cores that calls share)
      help: remove `scheduling`: cores are shared unless it says otherwise
    "#);
    insta::assert_snapshot!(fault(&web("cores: 4, contention: 3")), @r#"
    m.yaml:4:31: error: `3` is no share: it lies above 1 (expected a share such as `80%` or `0.8`)
      help: for per cent write `3%`
    "#);
}

#[test]
fn links_and_transfers() {
    let over = |step: &str| format!("{}links:\n  wan: {{bandwidth: 10Mbps}}\n", steps(step));
    let link = |fields: &str| format!("{}links: {{wan: {{{fields}}}}}\n", web("workers: 4"));
    insta::assert_snapshot!(fault(&link("latency: 20ms")), @r#"m.yaml:5:14: error: `bandwidth` is missing (expected a link with `bandwidth`)"#);
    insta::assert_snapshot!(fault(&link("bandwidth: 100MB/s")), @r#"
    m.yaml:5:26: error: `MB/s` is no unit of bandwidth, in `100MB/s` (expected a bandwidth such as `100Mbps` or `1Gbps`)
      help: bits per second are written `bps`, `kbps`, `Mbps` and `Gbps`; a byte has 8
    "#);
    insta::assert_snapshot!(fault(&link("bandwidth: 0Mbps")), @r#"m.yaml:5:26: error: a bandwidth of `0Mbps` (expected 1bps to 1,000,000Gbps)"#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wna, size: 1KiB}}]")), @r#"
    m.yaml:4:46: error: unknown link `wna`
      help: a link with a similar name exists: `wan`
    "#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: db, size: 1KiB}}]")), @r#"m.yaml:4:46: error: `db` is a database (expected a link)"#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan}}]")), @r#"m.yaml:4:39: error: `size` is missing (expected a `transfer` with `size`)"#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan, size: 200}}]")), @r#"
    m.yaml:4:57: error: `200` has no unit (expected a size such as `512B`, `200KiB` or `1.5MiB`)
      help: for bytes write `200B`
    "#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan, size: {exp: 20ms}}}]")), @r#"
    m.yaml:4:63: error: `ms` is no unit of size, in `20ms` (expected a size such as `512B`, `200KiB` or `1.5MiB`)
      help: units of size are `B`, `KB`, `MB`, `GB`, `KiB`, `MiB`, `GiB` and `TiB`
    "#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan, size: {pareto: {min: 1KiB, alpha: 1}}}}]")), @r#"m.yaml:4:57: error: the distribution has no finite mean (expected a finite mean)"#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan, size: {empirical: {file: times.csv, column: ms}}}}]")), @r#"
    m.yaml:4:76: error: in `times.csv`: row 2: `12` has no unit
      help: say `unit: KiB` beside the file
    "#);
    insta::assert_snapshot!(fault(&over("[{transfer: {over: wan, size: 1KiB, compress: {ratio: 75}}}]")), @r#"
    m.yaml:4:81: error: `75` is no share: it lies above 1 (expected a share such as `80%` or `0.8`)
      help: for per cent write `75%`
    "#);
    insta::assert_snapshot!(fault(&over("[{call: wan.x}]")), @r#"
    m.yaml:4:35: error: `wan` is a link
      help: write `transfer: {over: wan, size: 100KiB}`
    "#);
    insta::assert_snapshot!(fault(&shop("{rate: 1/s, requests: {wan.x: 1}}", "web: {endpoints: {home: [{transfer: {over: wan, size: 1B}}]}}\nlinks: {wan: {bandwidth: 1bps}}")), @r#"
    m.yaml:2:30: error: `wan` is a link
      help: write `transfer: {over: wan, size: 100KiB}`
    "#);
}

#[test]
fn regions_and_connections() {
    let two = |regions: &str, step: &str| {
        format!(
            "knee: 1\nload: {{rate: 1/s, region: eu, requests: {{a.x: 1}}}}\nregions: {regions}\nservices:\n  a: {{region: eu, endpoints: {{x: [{step}]}}}}\n  b: {{region: us, endpoints: {{y: [{{delay: 1ms}}]}}}}\n"
        )
    };
    let joined = "{eu: {}, us: {round_trips: {eu: 80ms}}}";
    insta::assert_snapshot!(fault(&two("{eu: {}, us: {}}", "{call: b.y}, {call: b.y}")), @r#"
    m.yaml:5:42: error: no round trip between the regions `eu` and `us` (this goes from one to the other)
      help: say how long it takes: `eu: {round_trips: {us: 80ms}}`
    "#);
    insta::assert_snapshot!(fault(&two(joined, "{call: b.y}").replace("load: {rate: 1/s, region: eu", "load: {rate: 1/s, region: uk")), @r#"
    m.yaml:2:27: error: unknown region `uk`
      help: a region with a similar name exists: `us`
    "#);
    insta::assert_snapshot!(fault(&two("{eu: {round_trips: {us: 80ms}}, us: {round_trips: {eu: 90ms}}}", "{call: b.y}")), @r#"m.yaml:3:65: error: the round trip between `us` and `eu` is given twice"#);
    insta::assert_snapshot!(fault(&two("{eu: {round_trips: {eu: 1ms, us: 80ms}}, us: {}}", "{call: b.y}")), @r#"m.yaml:3:30: error: a round trip from `eu` to itself (expected another region)"#);
    insta::assert_snapshot!(fault(&two("{eu: {round_trips: {us: 80ms, asia: 1s}}, us: {}}", "{call: b.y}")), @r#"
    m.yaml:3:40: error: unknown region `asia`
      help: there are `eu` and `us`
    "#);
    let nearest = |database: &str, region: &str| {
        format!(
            "knee: 1\nload: {{rate: 1/s, requests: {{a.x: 1}}}}\nregions: {{eu: {{round_trips: {{us: 80ms}}}}, us: {{}}}}\nservices: {{a: {{{region}endpoints: {{x: [{{query: d.q}}]}}}}}}\ndatabases: {{d: {{region: eu, servers: 1, {database}, queries: {{q: {{read: 1ms}}}}}}}}\n"
        )
    };
    insta::assert_snapshot!(fault(&nearest("read_replicas: 2, reads: nearest", "region: us, ")), @r#"
    m.yaml:5:66: error: `nearest` without regions of the replicas
      help: say where they are: `read_replicas: {eu: 1, us: 2}`
    "#);
    insta::assert_snapshot!(fault(&nearest("read_replicas: {us: 1}, reads: replicas", "region: us, ")), @r#"
    m.yaml:5:72: error: not supported: reads spread over replicas in several regions
      help: say `reads: {from: nearest}`
    "#);
    insta::assert_snapshot!(fault(&nearest("read_replicas: {us: 1}, reads: nearest", "")), @r#"
    m.yaml:4:40: error: reads from the nearest replica of `d`, from nowhere (whoever asks this is in no region)
      help: say where it is: `region: eu`
    "#);
    insta::assert_snapshot!(fault(&nearest("read_replicas: {uk: 1}, reads: nearest", "region: us, ")), @r#"
    m.yaml:5:57: error: unknown region `uk`
      help: a region with a similar name exists: `us`
    "#);
    insta::assert_snapshot!(fault(&nearest("read_replicas: {us: 1}, reads: {from: nearest, after_own_write: {from: primary, for: 1s}}", "region: us, ")), @r#"m.yaml:5:105: error: not supported: `after_own_write` beside `from: nearest` (expected one of them)"#);
    insta::assert_snapshot!(fault(&nearest("read_replicas: {us: 1}, shards: 2, keys: {uniform: 9}, reads: nearest", "region: us, ")), @r#"m.yaml:5:73: error: not supported: shards with replicas by region (expected one of them)"#);
    insta::assert_snapshot!(fault(&two("{eu: {round_trips: {us: 80ms}}, us: {}, b: {}}", "{call: b.y}")), @r#"m.yaml:3:50: error: `b` is a service and a region (names are unique over all sections)"#);
    insta::assert_snapshot!(fault(&two("{eu: {round_trips: {us: 80ms}}, us: {}, load: {}}", "{call: b.y}")), @r#"m.yaml:3:50: error: a region cannot be called `load` (`load` means that section of the model)"#);
    insta::assert_snapshot!(fault(&web("workers: 4, region: eu")), @r#"
    m.yaml:4:29: error: unknown region `eu`
      help: name it: `regions: {eu: {}}`
    "#);
    insta::assert_snapshot!(fault(&steps("[{query: db.q, connect: {round_trips: 2, reuse: 90%}}]")), @r#"
    m.yaml:4:51: error: `connect` without a round-trip time (expected `rtt`, or a callee in another region)
      help: say how long a round trip takes: `rtt: 1ms`
    "#);
    insta::assert_snapshot!(fault(&steps("[{query: db.q, connect: {reuse: 90%, rtt: 1ms}}]")), @r#"m.yaml:4:51: error: `round_trips` is missing (expected a `connect` with `round_trips`)"#);
    insta::assert_snapshot!(fault(&two(joined, "{call: b.y, connect: {round_trips: 9999}}")), @r#"m.yaml:5:70: error: 9999 round trips (expected at most 1000)"#);
}

#[test]
fn pages() {
    insta::assert_snapshot!(fault(&steps("[{parallel: {times: 30, at_once: 0, do: {query: db.q}}}]")), @r#"m.yaml:4:60: error: 0 times at once (expected 1 to 10000)"#);
    insta::assert_snapshot!(fault(&steps("[{parallel: {each: replicas, at_once: 2, do: {query: db.q}}}]")), @r#"m.yaml:4:65: error: `at_once` with `each` (expected `times`)"#);
}

#[test]
fn hostile_files() {
    insta::assert_snapshot!(fault(""), @r#"
    m.yaml:1:1: error: the model is empty
      help: `knee new` writes a model to start from
    "#);
    insta::assert_snapshot!(fault("just words"), @r#"m.yaml:1:1: error: found `just words`, expected a map with keys such as `knee`, `name` and `load` (expected a model)"#);
    insta::assert_snapshot!(fault("- a\n- b\n"), @r#"m.yaml:1:1: error: found a list, expected a map with keys such as `knee`, `name` and `load` (expected a model)"#);
    insta::assert_snapshot!(fault(&"[".repeat(100_000)), @r#"m.yaml:1:256: error: not valid YAML: nested too deeply"#);
    insta::assert_snapshot!(fault(&"{a: ".repeat(100_000)), @r#"m.yaml:1:1021: error: not valid YAML: nested too deeply"#);
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..40 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
    }
    insta::assert_snapshot!(fault(&bomb), @r#"m.yaml:6:20: error: not valid YAML: more than 250,000 values, aliases written out"#);
    insta::assert_snapshot!(fault_with(b"\x7fELF\x02\x01\x01\x00\xff\xfe", &[]), @r#"m.yaml:1:9: error: not a text file: byte 8 is not UTF-8 (expected a model in YAML)"#);
    insta::assert_snapshot!(fault_with(&[0; 1000], &[]), @r#"m.yaml:1:1: error: not valid YAML: unexpected character: `\u{0}'"#);
    insta::assert_snapshot!(fault(&"x".repeat(100 << 20)), @r#"m.yaml:1:1: error: the file is larger than 4 MiB (expected a model in YAML)"#);
    let chain: String =
        (0..5_000).map(|i| format!("  s{i}: {{endpoints: {{x: [{{call: s{}.x}}]}}}}\n", i + 1)).collect();
    let chain = format!(
        "knee: 1\nload: {{rate: 1/s, requests: {{s0.x: 1}}}}\nservices:\n{chain}  s5000: {{endpoints: {{x: []}}}}\n"
    );
    insta::assert_snapshot!(fault(&chain), @r#"m.yaml:4:31: error: calls within calls, 5001 deep (expected at most 100 deep and 1000000 ways)"#);
    let mesh: String = (0..30).map(|i| format!("  s{i}: {{endpoints: {{x: [{{call: s{0}.x}}, {{call: s{0}.y}}], y: [{{call: s{0}.x}}, {{call: s{0}.y}}]}}}}\n", i + 1)).collect();
    let mesh = format!(
        "knee: 1\nload: {{rate: 1/s, requests: {{s0.x: 1}}}}\nservices:\n{mesh}  s30: {{endpoints: {{x: [], y: []}}}}\n"
    );
    insta::assert_snapshot!(fault(&mesh), @r#"m.yaml:4:45: error: calls that can go more than 1000000 ways (expected at most 100 deep and 1000000 ways)"#);
}

#[test]
fn settings_are_shown_as_given() {
    let model = web("replicas: 2");
    let set = |path, value| fault_with(model.as_bytes(), &[(path, value)]);
    insta::assert_snapshot!(set("web.replicas", "0"), @r#"--set:1:14: error: no replicas (expected at least 1)"#);
    insta::assert_snapshot!(set("wbe.replicas", "3"), @r#"
    --set:1:1: error: `wbe.replicas` leads nowhere: unknown name `wbe` (no part of the model)
      help: a similar name exists: `web`
    "#);
    insta::assert_snapshot!(set("web.replica", "3"), @r#"
    --set:1:1: error: unknown key `replica` (not a key of a service)
      help: a key with a similar name exists: `replicas`
    "#);
    insta::assert_snapshot!(set("web.hoem.1.delay", "3ms"), @r#"
    --set:1:1: error: `web.hoem.1.delay` leads nowhere: unknown name `hoem` (nothing of that name there)
      help: a similar name exists: `home`
    "#);
    insta::assert_snapshot!(set("web.home.0.delay", "3ms"), @r#"--set:1:1: error: `web.home.0.delay` leads nowhere: there is no step `0` (steps count from 1 to 1)"#);
    insta::assert_snapshot!(set("web.replicas", "[1"), @r#"--set:1:14: error: not valid YAML: unclosed bracket '['"#);
    insta::assert_snapshot!(set("", "3"), @r#"--set:1:1: error: `` is no path (expected names with dots between them)"#);
    insta::assert_snapshot!(set("load.rate", "10"), @r#"--set:1:11: error: `10` has no unit (expected a rate such as `400/s` or `90/min`)"#);
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_file() {
    let text = "knee: 1
nmae: x
load: {rate: 10, requests: {web.home: 1, web.hoem: 1}}
services:
  web:
    workers: many
    queue: 3
    endpoints:
      home: [{cpuu: 1ms}, {call: nowhere.x}, {delay: {exp: 3}}]
";
    let loaded = loaded(text.as_bytes(), &[]);
    assert!(loaded.model.is_none());
    insta::assert_snapshot!(told(&loaded).join("\n"), @r#"
    m.yaml:2:1: error: unknown key `nmae` (not a key of a model)
      help: a key with a similar name exists: `name`
    m.yaml:3:14: error: `10` has no unit (expected a rate such as `400/s` or `90/min`)
    m.yaml:3:42: error: `web` has no endpoint `hoem` (expected `web.` and the name of an endpoint)
      help: one with a similar name exists: `web.home`
    m.yaml:6:14: error: `many` does not start with a number (expected a whole number or `unlimited`)
    m.yaml:9:15: error: unknown step `cpuu`
      help: a step with a similar name exists: `cpu`
    m.yaml:9:34: error: unknown service or external `nowhere`
      help: there are `web`
    m.yaml:9:60: error: `3` has no unit (expected a duration such as `250us`, `20ms`, `1.5s` or `7d`)
      help: for milliseconds write `3ms`
    "#);
}

#[test]
fn knobs_lead_to_numbers_of_the_system_and_have_values() {
    let size = |size: &str| {
        let told = fault(&format!("{}size: {{{size}}}\n", web("replicas: 2, workers: 4")));
        told.strip_prefix("m.yaml:5:").expect("it stands in the line of the knob").to_owned()
    };
    insta::assert_snapshot!(size("web.replcias: 1..4"), @r#"
    8: error: unknown key `replcias` (not a key of a service)
      help: a key with a similar name exists: `replicas`
    "#);
    insta::assert_snapshot!(size("wbe.replicas: 1..4"), @r#"
    8: error: `wbe.replicas` leads nowhere: unknown name `wbe` (no part of the model)
      help: a similar name exists: `web`
    "#);
    insta::assert_snapshot!(size("web.replicas: 4..1"), @"22: error: no values for `web.replicas`: the range ends where it begins, or before (expected a range such as `1..64`, or a list such as `[10, 20, 40]`)");
    insta::assert_snapshot!(size("web.replicas: []"), @"22: error: no values for `web.replicas`: no value at all (expected a range such as `1..64`, or a list such as `[10, 20, 40]`)");
    insta::assert_snapshot!(size("web.replicas: 1..100_000"), @"22: error: no values for `web.replicas`: 100000 values, and at most 256 are tried; ask for fewer with A..B:N (expected a range such as `1..64`, or a list such as `[10, 20, 40]`)");
    insta::assert_snapshot!(size("web.replicas: many"), @"22: error: `many` does not start with a number; expected a number (expected a range such as `1..64`, or a list such as `[10, 20, 40]`)");
    insta::assert_snapshot!(size("web.replicas: [1, {a: 2}]"), @"22: error: found a map, expected a number (expected a range such as `1..64`, or a list such as `[10, 20, 40]`)");
    insta::assert_snapshot!(size("web.endpoints: 1..4"), @"8: error: `web.endpoints` is not a number but a map (expected the path of a number)");
    insta::assert_snapshot!(size("web.workers: 1..4, web.home: 1..3"), @"27: error: `web.home` is not a number but a list (expected the path of a number)");
    insta::assert_snapshot!(size("load.rate: 1..4"), @"8: error: `load.rate` is what is sized for (expected a number of the system)");
    insta::assert_snapshot!(size("study.seed: 1..4"), @"8: error: `study.seed` says how the model is studied or judged, not what it does (expected a path outside `study`)");
    insta::assert_snapshot!(size(""), @"7: error: nothing to choose (expected a path)");
}
