//! What the tests of whole runs share: models from a few lines of YAML.

#![allow(dead_code, reason = "each test file uses its part")]

use knee::compile;
use knee::model::Model;

/// Compiles a model that has no fault.
#[track_caller]
pub fn model(yaml: &str) -> Model {
    let loaded = compile::load(yaml.as_bytes(), "test.yaml", &[], &|_| Err("no files here".into()));
    match loaded.model {
        Some(model) => model,
        None => panic!("{:#?}\nin\n{yaml}", loaded.diagnostics),
    }
}

/// A number whose `f` crosses from below `target` to above, between `low` and `high`.
pub fn solve(mut low: f64, mut high: f64, target: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if f(middle) < target { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}
