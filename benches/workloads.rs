//! The reference workloads W1 to W4, each by hand and through the engine, with recording on and off; and a million keys through three
//! tiers of caches and four shards, whose warm start is measured alone.
//!
//! `cargo bench --bench workloads`: read the rows of one workload as ratios, and `items/s` as requests per second.

#[path = "handmade/mod.rs"]
mod handmade;

use divan::Bencher;
use divan::counter::ItemsCount;
use knee::engine::{Engine, Seed};
use knee::measure::Recorder;
use knee::measure::layout::Layout;
use knee::model::Model;
use knee::signal::{Probe, Silent};

const REQUESTS: u64 = 500_000;
const SEED: u64 = 1;

fn main() {
    divan::main();
}

/// A model of `models/workloads`.
fn model(name: &str) -> Model {
    model_with(name, &[])
}

/// One in which some paths have other values.
fn model_with(name: &str, sets: &[(&str, &str)]) -> Model {
    let sets: Vec<(String, String)> = sets.iter().map(|&(path, to)| (path.into(), to.into())).collect();
    let path = format!("{}/models/workloads/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).expect("the reference workloads are there");
    let loaded = knee::compile::load(&bytes, &path, &sets, &|_| Err("a workload stands alone".into()));
    loaded.model.expect("the reference workloads have no faults")
}

fn start<P: Probe>(model: &Model, probe: P) -> Engine<'_, P> {
    Engine::new(model, Seed { seed: SEED, replication: 0 }, probe)
}

fn run<P: Probe>(mut engine: Engine<'_, P>) -> u64 {
    engine.run_requests(REQUESTS, u64::MAX);
    engine.events()
}

fn simulate<P: Probe>(model: &Model, probe: P) -> u64 {
    run(start(model, probe))
}

fn by_hand(bencher: Bencher, run: impl Fn() -> handmade::Results + Sync) {
    // What is timed must be right: `tests/handmade.rs` holds it against the closed forms, this against Little's law.
    let results = run();
    assert_eq!(results.latency.count(), REQUESTS);
    let books = results.places.iter().map(|place| (place.present, &place.residence));
    for (level, times) in books.chain([(results.open, &results.latency)]) {
        assert!((level.area_s() - times.tally().sum_s()).abs() < 1e-3);
    }
    bencher.counter(ItemsCount::new(REQUESTS)).bench(run);
}

fn recorded(bencher: Bencher, model: &Model) {
    let layout = Layout::new(model);
    bencher.counter(ItemsCount::new(REQUESTS)).bench(|| simulate(model, Recorder::new(model, &layout)));
}

fn silent(bencher: Bencher, model: &Model) {
    bencher.counter(ItemsCount::new(REQUESTS)).bench(|| simulate(model, Silent));
}

/// Three rows for a workload.
macro_rules! workload {
    ($name:ident, $by_hand:expr, $model:expr) => {
        #[divan::bench_group(sample_count = 15, sample_size = 1)]
        mod $name {
            use super::*;

            #[divan::bench]
            fn a_by_hand(bencher: Bencher) {
                by_hand(bencher, || $by_hand);
            }

            #[divan::bench]
            fn b_engine_recording(bencher: Bencher) {
                recorded(bencher, &model($model));
            }

            #[divan::bench]
            fn c_engine_silent(bencher: Bencher) {
                silent(bencher, &model($model));
            }
        }
    };
}

workload!(w1_mm1, handmade::queue::mm1(0.9, REQUESTS, SEED), "w1");
workload!(w2_mm16, handmade::queue::mmc(16, 14.4, REQUESTS, SEED), "w2");
workload!(w3_shop, handmade::shop::shop(4_000.0, REQUESTS, SEED), "w3");
workload!(w4_overload, handmade::shop::shop(6_000.0, REQUESTS, SEED), "w4");

/// W3 where users and those who wait for a connection lose patience: it goes the general way through the engine.
#[divan::bench_group(sample_count = 15, sample_size = 1)]
mod w3_timeouts {
    use super::*;

    fn impatient() -> Model {
        model_with("w3", &[("load.timeout", "10s"), ("pools.connections.timeout", "2s")])
    }

    #[divan::bench]
    fn b_engine_recording(bencher: Bencher) {
        recorded(bencher, &impatient());
    }

    #[divan::bench]
    fn c_engine_silent(bencher: Bencher) {
        silent(bencher, &impatient());
    }
}

#[divan::bench_group(sample_count = 15, sample_size = 1)]
mod keys {
    use super::*;

    #[divan::bench]
    fn a_warm_start(bencher: Bencher) {
        let model = model("keys");
        bencher.bench(|| start(&model, Silent));
    }

    #[divan::bench]
    fn b_engine_recording(bencher: Bencher) {
        let model = model("keys");
        let layout = Layout::new(&model);
        let warm = || start(&model, Recorder::new(&model, &layout));
        bencher.counter(ItemsCount::new(REQUESTS)).with_inputs(warm).bench_values(run);
    }

    #[divan::bench]
    fn c_engine_silent(bencher: Bencher) {
        let model = model("keys");
        bencher.counter(ItemsCount::new(REQUESTS)).with_inputs(|| start(&model, Silent)).bench_values(run);
    }
}
