//! What the tests of whole runs share: models from a few lines of YAML.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod desk;

use knee::compile;
use knee::engine::Engine;
use knee::measure::audit::{Finding, audit};
use knee::measure::recorder::Open;
use knee::measure::{Measurements, Recorder};
use knee::model::Model;
use knee::signal::Probe;

/// Compiles a model that has no fault.
#[track_caller]
pub fn model(yaml: &str) -> Model {
    load(yaml).unwrap_or_else(|faults| panic!("{faults}\nin\n{yaml}"))
}

/// Compiles a model that may have faults.
pub fn load(yaml: &str) -> Result<Model, String> {
    let loaded = compile::load(yaml.as_bytes(), "test.yaml", &[], &|_| Err("no files here".into()));
    loaded.model.ok_or_else(|| format!("{:#?}", loaded.diagnostics))
}

/// A number whose `f` crosses from below `target` to above, between `low` and `high`.
pub fn solve(mut low: f64, mut high: f64, target: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if f(middle) < target { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Closes the books of a run as a replication does, and audits them.
pub fn close<P: Probe>(
    model: &Model,
    engine: &Engine<'_, P>,
    recorder: Recorder<'_>,
) -> (Measurements, Vec<Finding>) {
    let (end, from) = (engine.now(), recorder.books().from);
    let mut present = vec![0; model.places.len()];
    let mut presence = vec![0; model.places.len()];
    for call in engine.present() {
        let place = model.endpoints[call.endpoint.index()].place.index();
        present[place] += 1;
        presence[place] += u128::from(end.0 - call.arrived.0.max(from));
    }
    let here = engine.present().into_iter().map(|c| Open { of: (c.endpoint, c.member), since: c.arrived });
    let held = engine.held().into_iter().map(|h| Open { of: h.station, since: h.since });
    let books = recorder.close(end, here, held);
    let findings = audit(&books, &present, &presence, engine.open() as u64);
    (books, findings)
}
