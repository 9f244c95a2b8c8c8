//! Studies of a model: replicate, sweep, judge. The only module that runs threads.

mod anatomy;
pub mod answer;
pub mod bill;
mod bottleneck;
pub mod check;
pub mod compare;
mod edge;
mod exact;
pub mod figure;
mod gather;
mod hot_spot;
mod knee;
mod limit;
mod loads;
pub mod options;
mod pilot;
pub mod plan;
mod point;
pub mod rank;
mod replication;
mod rounds;
mod rows;
mod run;
mod saturation;
mod shift;
pub mod size;
mod state;
mod summary;
mod sweep;
mod timeline;
mod trace;

use self::answer::{Answer, Axis};
pub use self::compare::compare;
use self::options::Options;
pub use self::options::{Loads, Progress, Quiet, StudyError, Swept};
pub use self::rank::rank;
pub use self::run::{over, run};
pub use self::sweep::sweep;
pub use self::trace::{TraceLine, trace};
use crate::model::Model;

/// An answer with nothing found yet.
fn blank(model: &Model, options: &Options) -> Answer {
    Answer {
        knee: env!("CARGO_PKG_VERSION"),
        model: model.name.clone(),
        seed: options.seed,
        digest: digest(model, options),
        axis: Axis::Rate,
        points: Vec::new(),
        knee_at: None,
        elbow_at: None,
        limit_at: None,
        saturation_at: None,
        kneedle_at: None,
        headroom: None,
        peak: None,
        bottleneck_law: None,
        bottlenecks: Vec::new(),
        slo: Vec::new(),
    }
}

/// Names what was simulated and how: equal digests of one version mean equal results. Threads do not count.
fn digest(model: &Model, options: &Options) -> String {
    let told = format!("{model:?}{:?}", Options { threads: None, ..options.clone() });
    let mut key = told.len() as u64;
    for chunk in told.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        key = crate::rng::mix(key, u64::from_le_bytes(word));
    }
    format!("{key:016x}")
}
