//! Where saturation is, roughly, before the curve is simulated.

use rayon::prelude::*;

use super::loads::Dial;
use super::options::{Options, Progress, StudyError};
use super::replication::{Window, replicate};
use super::rounds;
use super::state::Look;
use super::summary::{Summary, Thresholds};
use crate::engine::Seed;
use crate::ids::StationId;
use crate::measure::layout::Layout;
use crate::model::{Demands, Model, OnError, Request};
use crate::units::Span;

/// Replications and requests of a probe for saturation.
const PROBE_REPLICATIONS: u32 = 10;
const PROBE_REQUESTS: f64 = 20_000.0;

/// What is known of saturation before the curve is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Edge {
    /// Between a load that was carried and one that was not.
    Between(f64, f64),
    /// Load beyond this bound is shed, not queued.
    Sheds(f64),
    /// Closed: N* by the bottleneck law.
    Closed(f64),
    /// Beyond this load, the highest that can be simulated.
    Beyond(f64),
    /// Nothing is limited.
    Unlimited,
}

/// The load on the axis at which the bottleneck law says a resource is exhausted, and which.
pub fn bound(model: &Model, dial: &Dial) -> Option<(f64, StationId)> {
    bound_by(model, dial, &Demands::new(model))
}

/// Whether errors that `on_error` catches can let more through than the bottleneck law says.
pub fn may_exceed(model: &Model, dial: &Dial) -> bool {
    if model.sites.iter().all(|site| site.on_error == OnError::Raise) {
        return false;
    }
    let load = |bound: Option<(f64, StationId)>| bound.map_or(f64::INFINITY, |(load, _)| load);
    load(bound_by(model, dial, &Demands::certain(model))) > load(bound(model, dial)) * (1.0 + 1e-9)
}

fn bound_by(model: &Model, dial: &Dial, demands: &Demands) -> Option<(f64, StationId)> {
    let rates = demands.free_rates(model);
    let split = |swept: bool| -> Vec<f64> {
        let rate = |r: &Request| {
            if dial.sweeps(r.group.index()) == swept { rates[r.group.index()] * r.share } else { 0.0 }
        };
        model.requests.iter().map(rate).collect()
    };
    let bound = demands.bound(model, &split(true), &split(false))?;
    Some((bound.factor * dial.base, bound.station))
}

/// Finds saturation by doubling down and bisecting below the bottleneck law's bound.
pub fn find_edge(
    model: &Model,
    dial: &Dial,
    bound: Option<f64>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Edge, StudyError> {
    let Some(bound) = bound else { return Ok(Edge::Unlimited) };
    if bound <= 0.0 {
        return Err(StudyError::BadLoad(
            "the groups that are not swept exhaust a resource by themselves".into(),
        ));
    }
    if bound >= dial.most {
        return Ok(Edge::Beyond(dial.most));
    }
    if dial.closed() {
        return Ok(Edge::Closed(bound));
    }
    progress.stage("finding saturation", 8);
    rounds::in_pool(options, || {
        let grows = |load: f64| {
            progress.done(1);
            probe(model, dial, load, options)
        };
        if !grows(1.05 * bound) {
            return Edge::Sheds(bound);
        }
        let mut carried = 0.97 * bound;
        let mut not = bound;
        if grows(carried) {
            (carried, not) = (0.0, carried);
            for _ in 0..7 {
                let middle = (carried + not) / 2.0;
                if grows(middle) {
                    not = middle
                } else {
                    carried = middle
                }
                if not - carried < 0.03 * not {
                    break;
                }
            }
        }
        Edge::Between(carried.max(0.02 * not), not)
    })
}

/// Whether the backlog grows at a load, from a few short replications.
fn probe(model: &Model, dial: &Dial, load: f64, options: &Options) -> bool {
    let model = dial.set(model, load);
    let layout = Layout::new(&model);
    let demands = Demands::new(&model);
    let rate: f64 = demands.free_rates(&model).iter().sum();
    let length = Span::from_secs(PROBE_REQUESTS / rate);
    // The start from an empty system looks like growth.
    let window = Window { warmup: Span(length.0 / 5), length, events_max: 40 * PROBE_REQUESTS as u64 * 10 };
    let thresholds = vec![Thresholds::default(); model.requests.len()];
    let summaries: Vec<Summary> = (0..PROBE_REPLICATIONS)
        .into_par_iter()
        .map(|replication| {
            // Streams of their own, so that what finds the edge does not steer what is measured there.
            let seed = Seed { seed: options.seed, replication: (1 << 20) + replication };
            Summary::new(&model, &layout, &thresholds, &replicate(&model, &layout, seed, window))
        })
        .collect();
    Look::at(&summaries).grows
}
