//! Every model in `models/`: it compiles without a fault, runs, keeps the laws, and does what its recorded trajectory says; and
//! the claim of every lesson holds.

#[path = "lessons/data.rs"]
mod data;
#[path = "lessons/milestones.rs"]
mod milestones;
#[path = "lessons/time.rs"]
mod time;
#[path = "lessons/whatif.rs"]
mod whatif;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use knee::experiment::answer::{Answer, Bottleneck, Estimate, Point, State};
use knee::experiment::{self, Loads, Quiet, options::Options};
use knee::model::Model;
use knee::rng::mix;

/// Hash of the first 1,000 requests of each model: who asked for what, when it came, when it was over, and how it ended.
///
/// A hash moves when draws or behaviour change. When that is meant, paste the lines that the failing test prints, and say in the
/// commit which of the two it was.
const TRAJECTORIES: &[(&str, u64)] = &[
    ("lessons/average-that-lies.yaml", 0xdbcc_d750_1d8e_6395),
    ("lessons/batch.yaml", 0xfe31_612d_6d7a_b9b3),
    ("lessons/cache-aside.yaml", 0x1137_5968_de03_4d0d),
    ("lessons/cache-tiers.yaml", 0x040a_efad_d29d_7476),
    ("lessons/cdn.yaml", 0xc6a0_2832_ff16_48e5),
    ("lessons/compression.yaml", 0x933f_ac99_43ab_2993),
    ("lessons/connection-held-outside.yaml", 0xd840_5254_2a3c_b8ae),
    ("lessons/contention.yaml", 0xb661_9df4_f517_73b7),
    ("lessons/failover.yaml", 0xd6a5_e121_d064_885e),
    ("lessons/flush.yaml", 0x6505_25e7_dda7_48a6),
    ("lessons/global-balancer.yaml", 0x4b7f_79ce_0c9f_4aa7),
    ("lessons/hot-shard.yaml", 0xf8ca_bab6_e85d_23a3),
    ("lessons/materialized-view.yaml", 0x0f98_f63b_d4ad_9919),
    ("lessons/missing-index.yaml", 0xe5d4_6a12_6100_c9a7),
    ("lessons/mm1-danger-zone.yaml", 0x5be8_60ae_909e_a730),
    ("lessons/n-plus-one.yaml", 0xfc52_981c_701a_8420),
    ("lessons/nearest-replica.yaml", 0xcac5_8b96_7f3c_4408),
    ("lessons/optimistic-locking.yaml", 0x1c01_6cc6_6a97_7def),
    ("lessons/partitioned-table.yaml", 0x05af_5f8e_9188_f5bf),
    ("lessons/pool-exhaustion.yaml", 0x88be_7926_4a22_c39b),
    ("lessons/pooler.yaml", 0x3045_09fb_fb3e_7378),
    ("lessons/pooling-c-queues.yaml", 0x65a4_eb80_4260_ccaf),
    ("lessons/pooling-c-slow.yaml", 0x185d_538a_1daf_4c97),
    ("lessons/pooling-one-fast.yaml", 0xd56d_96d3_24ef_821d),
    ("lessons/replication-lag.yaml", 0xdb6e_d65a_507d_dbfa),
    ("lessons/stampede.yaml", 0xd317_3c8c_480d_89fe),
    ("lessons/sticky-sessions.yaml", 0x47bd_eef8_1f17_f18b),
    ("lessons/synchronous-logger.yaml", 0xa277_69e6_14e0_3195),
    ("lessons/table-lock.yaml", 0xa002_3c02_19d8_1fdd),
    ("lessons/ten-indexes.yaml", 0x2fe7_54c5_fa46_49ec),
    ("lessons/thread-pool-exhaustion.yaml", 0xc7f6_5578_0af5_672d),
    ("lessons/two-regions.yaml", 0xb94e_3a3c_f1a8_abb1),
    ("lessons/web-page.yaml", 0x7640_9d7d_2a17_f328),
    ("lessons/workers-held-by-database.yaml", 0xc5f3_5de9_3777_65ce),
    ("measured/techempower.yaml", 0xb0cd_200a_79ed_4b77),
    ("milestones/100k.yaml", 0x5079_1606_b66a_26fd),
    ("milestones/10k.yaml", 0x4b8b_c95c_82b7_6e27),
    ("milestones/1k.yaml", 0x53f6_1af5_9ed7_7fb7),
    ("shop.yaml", 0x9f99_9ae4_ed23_afe6),
    ("whatif/cache-replicas-or-bigger.yaml", 0x75a5_f1a9_b884_41dc),
    ("whatif/flash-sale.yaml", 0x855d_6239_74e0_0463),
    ("whatif/monolith-or-services.yaml", 0xc55f_5759_28b7_c085),
    ("whatif/sync-or-async.yaml", 0xfd92_24a3_9675_3b30),
    ("whatif/vertical-or-horizontal.yaml", 0xf0d9_0d7f_9393_3c16),
    ("workloads/keys.yaml", 0xf74c_f5a2_1eee_3c97),
    ("workloads/w1.yaml", 0xc0c2_abb2_110a_45e9),
    ("workloads/w2.yaml", 0xd73d_53da_9b6e_00ce),
    ("workloads/w3.yaml", 0xe0d6_e188_abcd_4025),
    ("workloads/w4.yaml", 0xde6f_86f3_0705_8057),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models")
}

/// All model files, relative to `models/`, in alphabetical order.
fn files() -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec![root()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                files.push(path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    files.sort();
    files
}

/// A model with settings, as of `--set`.
fn model_with(file: &str, sets: &[(&str, &str)]) -> Model {
    let path = root().join(file);
    let text = std::fs::read(&path).unwrap();
    let sets: Vec<_> = sets.iter().map(|(at, value)| ((*at).to_owned(), (*value).to_owned())).collect();
    let read = |name: &str| std::fs::read_to_string(path.with_file_name(name)).map_err(|e| e.to_string());
    let loaded = knee::compile::load(&text, file, &sets, &read);
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    loaded.model.unwrap_or_else(|| panic!("{file}:\n{}", told.join("\n")))
}

fn model(file: &str) -> Model {
    model_with(file, &[])
}

/// A study of so many requests a replication; of the model's own precision where none are given.
fn options(model: &Model, requests: Option<u64>) -> Options {
    let own = Options::from(&model.study);
    match requests {
        Some(_) => Options { requests, precision: Vec::new(), ..own },
        None => own,
    }
}

fn run(model: &Model, requests: Option<u64>) -> Point {
    experiment::run(model, &options(model, requests), &Quiet).unwrap().points.remove(0)
}

/// A curve at exactly these loads.
fn sweep_at(model: &Model, loads: &[f64], requests: Option<u64>) -> Answer {
    let loads = Loads { at: loads.to_vec(), ..Loads::default() };
    experiment::sweep(model, &loads, &options(model, requests), &Quiet).unwrap()
}

fn value(estimate: &Estimate) -> f64 {
    estimate.value.expect("an estimate")
}

/// The truth lies within 2.5 half widths of a 95 % interval of 20 replications, which is more than 99.9 % for a dozen of them
/// together, and the half width is below `narrow` of the truth.
#[track_caller]
fn assert_estimates(estimate: &Estimate, truth: f64, narrow: f64) {
    let half_width = estimate.half_width().expect("an interval");
    let off = value(estimate) - truth;
    assert!(half_width < narrow * truth, "a half width of {half_width} for {truth}");
    assert!(off.abs() < 2.5 * half_width, "{} +- {half_width} is not {truth}", value(estimate));
}

/// `web workers`, `web workers held by orders servers`
fn shown(bottleneck: &Bottleneck) -> String {
    let held = bottleneck.held_by.as_ref().map(|by| format!(" held by {by}"));
    format!("{} {}{}", bottleneck.place, bottleneck.resource, held.unwrap_or_default())
}

fn utilization(point: &Point, place: &str, resource: &str) -> f64 {
    value(&point.places[place].resources[resource].utilization)
}

#[test]
fn every_model_opens_with_what_it_teaches_and_what_to_run() {
    for file in files() {
        let text = std::fs::read_to_string(root().join(&file)).unwrap();
        let comment: Vec<_> = text.lines().take_while(|line| line.starts_with('#')).collect();
        assert!(comment.len() >= 3, "{file} opens with {} lines of comment", comment.len());
        let command = format!("models/{file}");
        assert!(
            comment.iter().any(|line| line.contains(&command)),
            "{file} does not say how to run {command}"
        );
    }
}

#[test]
fn every_model_runs_and_keeps_the_laws() {
    for file in files() {
        let model = model(&file);
        let short = Options { replications: 4, ..options(&model, Some(500)) };
        let point = experiment::run(&model, &short, &Quiet).unwrap().points.remove(0);
        assert!(point.counts.right > 0, "{file} answers nothing");
        // The utilisation law holds on average only, and these runs are short.
        let broken: Vec<_> =
            point.audit.iter().filter(|row| row.law != "utilization" && !row.holds).collect();
        assert!(broken.is_empty(), "{file}: {broken:?}");
        assert!(point.audit.iter().any(|row| row.law == "little"), "{file} is not audited");
    }
}

/// The hash of the first requests of replication 0.
fn trajectory(model: &Model) -> u64 {
    let mut hash = 0;
    let mut take = |value: u64| hash = mix(hash, value);
    let options = Options { duration: None, ..options(model, Some(1_000)) };
    experiment::trace(model, &options, &mut |line| {
        let names = [line.request, line.group, line.outcome, line.place.unwrap_or("")];
        names.iter().flat_map(|name| name.bytes()).for_each(|byte| take(byte.into()));
        [line.serial, line.submitted.0, line.ended.0].into_iter().for_each(&mut take);
        ControlFlow::Continue(())
    });
    hash
}

#[test]
fn every_model_follows_its_recorded_trajectory() {
    let found: Vec<_> = files().into_iter().map(|file| (trajectory(&model(&file)), file)).collect();
    let same = found.len() == TRAJECTORIES.len()
        && found.iter().zip(TRAJECTORIES).all(|((hash, file), recorded)| (file.as_str(), *hash) == *recorded);
    let line = |(hash, file): &(u64, String)| {
        let [a, b, c, d] = [48, 32, 16, 0].map(|shift| hash >> shift & 0xffff);
        format!("    (\"{file}\", 0x{a:04x}_{b:04x}_{c:04x}_{d:04x}),")
    };
    let lines: Vec<_> = found.iter().map(line).collect();
    let changed = found.iter().filter(|(hash, file)| !TRAJECTORIES.contains(&(file.as_str(), *hash)));
    let changed: Vec<_> = changed.map(|(_, file)| file.as_str()).collect();
    assert!(
        same,
        "these models take another course than recorded: {}. If that is meant, these are the new \
         lines of TRAJECTORIES in tests/models.rs:\n{}",
        changed.join(", "),
        lines.join("\n")
    );
}

/// M/M/1 in closed form: mean 10 ms / (1 - rho), percentiles of an exponential law with that mean.
#[test]
fn danger_zone_rises_as_the_formula_says_and_collapses_beyond_one_hundred_per_cent() {
    for (rate, mean) in [("50/s", 0.020), ("70/s", 0.010 / 0.3), ("80/s", 0.050), ("90/s", 0.100)] {
        let point = run(&model_with("lessons/mm1-danger-zone.yaml", &[("load.rate", rate)]), None);
        assert_eq!(point.state, State::Stable, "{rate}");
        let latency = &point.total.latency_s;
        assert_estimates(&latency.mean, mean, 0.05);
        assert_estimates(&latency.p50, mean * 2.0_f64.ln(), 0.05);
        assert_estimates(&latency.p95, mean * 20.0_f64.ln(), 0.05);
    }
    let beyond = run(&model_with("lessons/mm1-danger-zone.yaml", &[("load.rate", "110/s")]), None);
    assert_eq!(beyond.state, State::Saturated);
    assert_eq!(beyond.grows_at.as_deref(), Some("server workers"));
    let growth = value(&beyond.backlog_growth_per_s);
    assert!((growth - 10.0).abs() < 1.0, "ten more come than go, each second: {growth}");
}

/// M/M/1 with work of 10 ms, M/M/4 and four random M/M/1 with work of 40 ms, all at 80 %: Erlang C gives the second.
#[test]
fn pooled_capacity_beats_split_capacity() {
    for (file, mean) in [("one-fast", 0.050), ("c-slow", 0.069_821_623_6), ("c-queues", 0.200)] {
        let point = run(&model(&format!("lessons/pooling-{file}.yaml")), None);
        assert_estimates(&point.total.latency_s.mean, mean, 0.05);
    }
    let mean = |balance: &str| {
        let model = model_with("lessons/pooling-c-queues.yaml", &[("servers.balance", balance)]);
        value(&run(&model, Some(20_000)).total.latency_s.mean)
    };
    let means = ["random", "round-robin", "power-of-2", "least-requests"].map(mean);
    assert!(
        means.is_sorted_by(|worse, better| *worse > 1.1 * better),
        "each choice is better than the last: {means:?}"
    );
}

#[test]
fn average_describes_no_order_at_all() {
    let model = model("lessons/average-that-lies.yaml");
    let exact: f64 = model.dists.iter().map(knee::dist::Dist::mean).fold(0.0, f64::max);
    assert!((exact - 0.099_5).abs() < 1e-15, "990 of 50 ms and 10 of 5 s have a mean of {exact}");
    let latency = run(&model, None).total.latency_s;
    assert_estimates(&latency.mean, 0.099_5, 0.01);
    assert_eq!(latency.p50, Estimate::exact(0.050));
    assert_eq!(latency.p95, Estimate::exact(0.050));
    assert_eq!(latency.p999.value, Some(5.0));
    assert_eq!(latency.max, Some(5.0));
}

#[test]
fn synchronous_logger_is_the_culprit() {
    let answer = sweep_at(&model("lessons/synchronous-logger.yaml"), &[20.0, 40.0], Some(5_000));
    let [calm, full] = &answer.points[..] else { panic!("two points") };
    let at = |place: &str| value(&calm.places[place].residence_s.mean);
    assert!((at("api") - 0.515).abs() < 0.010, "5 + 10 + 500 ms, and hardly a wait: {}", at("api"));
    assert!(at("logger") > 0.95 * at("api"), "{} of {} s", at("logger"), at("api"));
    assert_eq!(full.state, State::Saturated);
    let law = answer.bottleneck_law.as_ref().unwrap();
    assert_eq!((law.place.as_str(), law.resource.as_str()), ("logger", "workers"));
    assert!((law.rate_per_s - 32.0).abs() < 1e-9, "16 writers of 500 ms: {}", law.rate_per_s);
    let found: Vec<_> = answer.bottlenecks.iter().map(shown).collect();
    assert_eq!(found, ["logger workers", "api workers held by logger workers"]);
    for (place, resource) in [("api", "cores"), ("orders", "servers")] {
        assert!(utilization(full, place, resource) < 0.1, "{place} {resource} idle");
    }
}

#[test]
fn twenty_one_queries_cost_what_one_join_does_not() {
    let file = "lessons/n-plus-one.yaml";
    let medians = |times: &str| {
        let point = run(&model_with(file, &[("shop.loop.2.repeat.times", times)]), Some(5_000));
        ["shop.loop", "shop.join"].map(|name| value(&point.requests[name].latency_s.p50))
    };
    let [looped, joined] = medians("20");
    assert!((looped - 0.105).abs() < 1e-9, "21 queries of 5 ms: {looped}");
    assert!((joined - 0.005_4).abs() < 1e-9, "5 ms, and 20 rows of two levels of 10 us: {joined}");
    assert!((medians("100")[0] - 0.505).abs() < 1e-9);
    let only = |name| knee_law(&model_with(file, &[("load.requests", name), ("slo", "{}")]));
    assert!((only("{shop.loop: 1}") - 8.0 / 0.105).abs() < 1e-6);
    assert!((only("{shop.join: 1}") - 8.0 / 0.005_4).abs() < 1e-6);
}

#[test]
fn a_missing_index_is_found_out_by_the_hundred_thousandth_row() {
    let file = "lessons/missing-index.yaml";
    let medians = |sets: &[(&str, &str)]| {
        let point = run(&model_with(file, sets), Some(2_000));
        ["shop.indexed", "shop.scanned", "shop.report"].map(|name| value(&point.requests[name].latency_s.p50))
    };
    let is = |found: [f64; 3], wanted: [f64; 3]| {
        let off = found.iter().zip(wanted).map(|(found, wanted)| (found / wanted - 1.0).abs());
        // Where one in a thousand waits, times that are all but constant fall into one bin of a histogram.
        assert!(off.fold(0.0, f64::max) < 0.005, "{found:?} is not {wanted:?}");
    };
    let explained = knee::report::explain_text(&model(file));
    assert!(explained.contains("by_name  scan 100,000 rows x 20us = 2s\n"), "{explained}");
    is(medians(&[]), [0.002, 2.0, 0.2]);
    is(medians(&[("orders.report.rows", "100_000")]), [0.002, 2.0, 20.18]);
    let tenfold = [("orders.by_key.rows", "1_000_000"), ("orders.by_name.rows", "1_000_000")];
    is(medians(&tenfold), [0.002, 20.0, 0.2]);
}

#[test]
fn ten_indexes_make_an_insert_five_times_as_long() {
    let file = "lessons/ten-indexes.yaml";
    let law = |indexes| knee_law(&model_with(file, &[("orders.insert.indexes", indexes)]));
    assert!((law("0") - 2_000.0).abs() < 1e-6 && (law("10") - 400.0).abs() < 1e-6);
    let point = run(&model(file), None);
    let service = value(&point.places["orders"].service_s.mean);
    assert!((service - 0.005).abs() < 1e-9, "1 ms, and 10 indexes of 0.4 ms: {service}");
    assert_estimates(
        &point.total.latency_s.mean,
        knee::queueing::Mdc::new(300.0, 0.005, 2).unwrap().response_mean_s(),
        0.05,
    );
    let full = run(&model_with(file, &[("orders.insert.indexes", "15")]), None);
    assert_eq!(full.state, State::Saturated);
}

#[test]
fn slow_outside_service_exhausts_the_workers_while_cores_idle() {
    let file = "lessons/thread-pool-exhaustion.yaml";
    let answer = sweep_at(&model(file), &[31.0, 45.0], Some(5_000));
    let [calm, full] = &answer.points[..] else { panic!("two points") };
    assert_eq!((calm.state, full.state), (State::Stable, State::Saturated));
    assert!(utilization(full, "web", "workers") > 0.99);
    assert!(utilization(full, "web", "cores") < 0.06);
    let found: Vec<_> = answer.bottlenecks.iter().map(shown).collect();
    assert_eq!(found, ["web workers"], "they wait for nobody who is short of anything");
    let capacity = |path, to| knee_law(&model_with(file, &[(path, to)]));
    assert!((knee_law(&model(file)) - 32.0 / 0.805).abs() < 1e-6);
    assert!((capacity("web.cores", "8") - 32.0 / 0.805).abs() < 1e-6, "cores are no help");
    assert!((capacity("web.workers", "64") - 64.0 / 0.805).abs() < 1e-6);
    assert!((capacity("bank.charge.1.delay", "80ms") - 32.0 / 0.085).abs() < 1e-6);
}

/// The rate that the bottleneck law allows, per second.
fn knee_law(model: &Model) -> f64 {
    let answer = experiment::run(model, &options(model, Some(500)), &Quiet).unwrap();
    answer.bottleneck_law.expect("something is limited").rate_per_s
}

#[test]
fn workers_held_by_a_full_database_are_named_so() {
    let answer = sweep_at(&model("lessons/workers-held-by-database.yaml"), &[150.0, 328.0], Some(5_000));
    let [calm, full] = &answer.points[..] else { panic!("two points") };
    assert_eq!((calm.state, full.state), (State::Stable, State::BeyondSaturation));
    let found: Vec<_> = answer.bottlenecks.iter().map(shown).collect();
    assert_eq!(found, ["orders servers", "web workers held by orders servers"]);
    assert!(utilization(full, "web", "workers") > 0.99);
    assert!(utilization(full, "web", "cores") < 0.15);
    // Four servers of 20 ms.
    assert_estimates(&full.total.throughput_per_s, 200.0, 0.02);
}

/// Gunther's law with contention 3 %, coherency 0.1 % and 50/s of one thread; its peak is at sqrt(0.97 / 0.001) = 31 threads.
#[test]
fn past_the_peak_of_the_scalability_law_more_threads_make_it_slower() {
    let throughput = |workers: u32| {
        let n = f64::from(workers);
        let exact = 50.0 * n / (1.0 + 0.03 * (n - 1.0) + 0.001 * n * (n - 1.0));
        let sets = [("app.workers", workers.to_string())];
        let sets: Vec<_> = sets.iter().map(|(path, value)| (*path, value.as_str())).collect();
        let point = run(&model_with("lessons/contention.yaml", &sets), Some(5_000));
        assert_estimates(&point.total.throughput_per_s, exact, 0.01);
        exact
    };
    let [few, peak, many] = [8, 31, 64].map(throughput);
    assert!(few < many && many < 0.85 * peak, "{few} {peak} {many}");
    assert!((knee_law(&model_with("lessons/contention.yaml", &[("app.workers", "64")])) - peak).abs() < 0.1);
}

/// The link is an M/G/1-PS: 20 ms of work a request, less what is saved, at 40/s; and 15 ms on the way.
#[test]
fn compression_saves_the_wait_for_the_link_as_well() {
    let path = "api.list.2.transfer.compress.ratio";
    for (saved, capacity) in [("0%", 50.0), ("60%", 125.0), ("70%", 500.0 / 3.0), ("80%", 250.0)] {
        let model = model_with("lessons/compression.yaml", &[(path, saved)]);
        assert!((knee_law(&model) - capacity).abs() < 1e-9, "{saved}");
        let point = run(&model, Some(20_000));
        let work = 1.0 / capacity;
        assert_estimates(&point.places["uplink"].residence_s.mean, 0.015 + work / (1.0 - 40.0 * work), 0.05);
    }
}

#[test]
fn a_service_belongs_where_it_talks_most() {
    let there = model("lessons/two-regions.yaml");
    let here = model_with("lessons/two-regions.yaml", &[("web.region", "eu")]);
    // 10 ms, eight queries of 2 ms; eight round trips of 80 ms, or one.
    assert_estimates(&run(&there, None).total.latency_s.mean, 0.666, 0.01);
    assert_estimates(&run(&here, None).total.latency_s.mean, 0.106, 0.01);
    assert!((knee_law(&there) - 32.0 / 0.666).abs() < 1e-6);
    assert!((knee_law(&here) - 500.0).abs() < 1e-6, "8 servers, 16 ms");
}

#[test]
fn a_replica_next_door_makes_pages_fast_and_a_little_old() {
    let file = "lessons/nearest-replica.yaml";
    let (near, far) =
        (run(&model(file), Some(4_000)), run(&model_with(file, &[("orders.reads", "primary")]), Some(1_000)));
    let mean = |point: &Point, name: &str| point.requests[name].latency_s.mean.clone();
    // 10 ms and eight queries of 2 ms, with eight round trips of 80 ms or none; 10 ms, one of them, and a write of 3 ms.
    assert_estimates(&mean(&near, "web_us.page"), 0.026, 0.02);
    assert_estimates(&mean(&near, "web_eu.page"), 0.026, 0.02);
    assert_estimates(&mean(&far, "web_us.page"), 0.666, 0.01);
    assert_estimates(&mean(&near, "web_us.order"), 0.093, 0.01);
    // 4 writes a second over 80 keys: each is written so often within 100 ms.
    let stale = near.places["orders"].stale_share.as_ref().expect("replicas lag");
    assert_estimates(stale, 1.0 - (-4.0_f64 / 80.0 * 0.1).exp(), 0.1);
}

#[test]
fn a_page_is_as_slow_as_its_objects_are_many_and_its_connections_few() {
    let path = "browser.page.2.parallel.at_once";
    let page = |at_once: &str| run(&model_with("lessons/web-page.yaml", &[(path, at_once)]), Some(4_000));
    let one = page("1");
    // The page itself: three round trips and 20 ms. One object after the other: a round trip, a new connection for one in five, and
    // what the server takes.
    let object = value(&one.places["web"].by_endpoint["object"].residence_s);
    assert!((0.0012..0.0025).contains(&object), "{object}");
    let exact = 0.140 + 30.0 * (0.040 + 0.2 * 0.080 + object);
    assert!(
        (value(&one.total.latency_s.mean) - exact).abs() < 0.01 * exact,
        "{:?}",
        one.total.latency_s.mean
    );
    let six = page("6").total.latency_s;
    assert!((0.40..0.50).contains(&value(&six.mean)), "{:?}", six.mean);
    assert!(six.p95.high.unwrap() < 0.8, "the objective");
    let all = page("30").total.latency_s;
    // Of thirty at once the slowest, nearly always one on a new connection.
    assert!((0.255..0.275).contains(&value(&all.mean)), "{:?}", all.mean);
}

#[test]
fn a_thousand_users_are_served_in_time_with_headroom() {
    let answer = sweep_at(&model("milestones/1k.yaml"), &[1_000.0, 1_300.0, 1_400.0, 1_500.0], Some(10_000));
    let now = &answer.points[0].total;
    // Little's law: users = throughput x (response + think).
    let users = value(&now.throughput_per_s) * (value(&now.latency_s.mean) + 7.0);
    assert!((users - 1_000.0).abs() < 10.0, "{users} users by Little's law");
    assert!(now.latency_s.p95.high.unwrap() < 0.2);
    let limit = answer.limit_at.as_ref().expect("an objective");
    assert!((1_400.0..1_500.0).contains(&value(&limit.at)), "{limit:?}");
    assert_eq!(limit.cause.as_deref(), Some("app cores"));
    let headroom = value(answer.headroom.as_ref().expect("a peak"));
    assert!((headroom - (1.0 - 1_000.0 / value(&limit.at))).abs() < 1e-9);
    // 4 cores over a mean of 18 ms; 222.2 requests a second of 7.0347 s each, thought included.
    let law = answer.bottleneck_law.as_ref().unwrap();
    assert!((law.users.unwrap() - 4.0 / 0.018 * 7.034_668_729).abs() < 0.5, "{law:?}");
}

#[test]
fn the_shop_meets_its_objectives_and_is_far_too_large() {
    let point = run(&model("shop.yaml"), Some(10_000));
    assert_eq!(point.state, State::Stable);
    let names: Vec<_> = point.requests.keys().map(String::as_str).collect();
    assert_eq!(names, ["web.browse", "shoppers/web.search", "web.checkout", "partners/web.search"]);
    assert!(point.requests["web.checkout"].latency_s.p95.high.unwrap() < 0.3);
    assert!(point.requests["web.browse"].latency_s.p95.high.unwrap() < 0.2);
    assert!(utilization(&point, "web", "cores") < 0.1);
    // Whoever asks the fraud check waits 100 ms at most, and buys in any case.
    assert_eq!(value(&point.requests["web.checkout"].errors.timeout), 0.0);
    // 2,000 shoppers who think for 7 s and wait for 11 ms, and 20 requests a second of partners.
    assert_estimates(&point.total.throughput_per_s, 2_000.0 / 7.011 + 20.0, 0.02);
}
