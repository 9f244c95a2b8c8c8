//! Whether a point has a steady state.

use super::answer::{Estimate, State};
use super::replication::CHECKPOINTS;
use super::summary::Summary;
use crate::stats::quantiles::student_two_sided;
use crate::stats::trend::{slope, trend};
use crate::stats::{interval, warmup};

/// Of the lower bound on growth.
const GROWTH_CONFIDENCE: f64 = 0.999;
/// Of the test whether the halves of a run agree; |t| is at most 3 there with 20 replications.
const HALVES_CONFIDENCE: f64 = 0.992_6;
/// Share of requests turned away, gone or timed out beyond which a steady system sheds load.
const SHEDDING_SHARE: f64 = 0.01;
/// Utilisation whose upper bound a stable resource stays below.
const FULL: f64 = 0.999;

/// A backlog grows where a resource is busy all the time; the busiest of one that does not wait for more is below this.
const BUSY: f64 = 0.8;

/// What one look at a point says about its steadiness.
#[derive(Clone, Debug)]
pub struct Look {
    /// Growth of the number of calls in the system, per second.
    pub growth: Estimate,
    /// The growth is significant, and some resource is busy enough to be its cause. Else it is something that settles, such as a cache that
    /// has not come to its share of hits yet.
    pub grows: bool,
    /// Halves of the run agree.
    pub agree: bool,
    /// Every limited resource is below its capacity, with confidence.
    pub below_capacity: bool,
    /// Every limited resource is so far below it that only something that settles can make halves differ.
    pub far_below_capacity: bool,
    /// Share of requests turned away, gone or timed out.
    pub shed: f64,
}

impl Look {
    /// Looks at the replications of a point.
    pub fn at(summaries: &[Summary]) -> Self {
        let slopes: Vec<f64> = summaries.iter().filter_map(growth).collect();
        let rises = trend(&slopes, GROWTH_CONFIDENCE).is_ok_and(|t| t.at_least > 0.0);
        let growth = match interval::mean(&slopes, 0.95) {
            Ok(i) => Estimate::with_interval(i.value, i.low, i.high),
            Err(lack) => Estimate::unknown(&lack.to_string()),
        };
        let halves: Vec<[f64; 2]> =
            summaries.iter().map(|s| s.halves).filter(|h| h[0].is_finite() && h[1].is_finite()).collect();
        let (first, second): (Vec<f64>, Vec<f64>) = halves.iter().map(|h| (h[0], h[1])).unzip();
        let t_max = student_two_sided(HALVES_CONFIDENCE, first.len().max(2) - 1);
        let agree = warmup::halves(&first, &second).is_none_or(|t| t.abs() <= t_max);
        let far_below_capacity = all_below(BUSY, summaries);
        Self {
            growth,
            // A run that filled the memory has grown, whatever the slope says.
            grows: rises && !far_below_capacity || summaries.iter().any(|s| s.overflowed),
            agree,
            below_capacity: all_below(FULL, summaries),
            far_below_capacity,
            shed: shed(summaries),
        }
    }

    /// The run is too short for something, such as a cache, to settle; the load is not the matter.
    pub fn settles(&self) -> bool {
        !self.agree && !self.grows && self.far_below_capacity
    }

    /// The verdict: `grew_before` is what the look before said.
    pub fn state(&self, grew_before: bool) -> State {
        if self.grows && grew_before {
            State::Saturated
        } else if !self.agree || self.grows {
            State::Undecided
        } else if self.shed > SHEDDING_SHARE {
            State::Shedding
        } else if self.below_capacity {
            State::Stable
        } else {
            State::Undecided
        }
    }
}

/// Growth of one replication, calls per second.
fn growth(summary: &Summary) -> Option<f64> {
    let step = summary.window_s / f64::from(CHECKPOINTS);
    let points: Vec<(f64, f64)> =
        summary.in_flight.iter().enumerate().map(|(i, &n)| ((i + 1) as f64 * step, n)).collect();
    slope(&points)
}

/// Whether every limited resource is busy for less than a share of the time, with confidence.
fn all_below(share: f64, summaries: &[Summary]) -> bool {
    let stations = summaries.first().map_or(0, |s| s.stations.len());
    (0..stations).all(|at| {
        let shares: Vec<f64> = summaries.iter().map(|s| s.stations[at]).collect();
        interval::mean(&shares, 0.95).is_ok_and(|i| i.high < share)
    })
}

fn shed(summaries: &[Summary]) -> f64 {
    let sum = |f: fn(&Summary) -> f64| summaries.iter().map(f).sum::<f64>();
    let errors = sum(|s| s.total.errors[..3].iter().sum());
    let all = sum(|s| s.total.right + s.total.errors.iter().sum::<f64>());
    if all > 0.0 { errors / all } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From tables of Student's t: 3.00 at 19 degrees of freedom; the same confidence asks for 6.5 at 3.
    #[test]
    fn few_replications_have_to_differ_by_more() {
        let t_max = |degrees| student_two_sided(HALVES_CONFIDENCE, degrees);
        assert!((t_max(19) - 3.0).abs() < 0.005, "{}", t_max(19));
        assert!((6.3..6.7).contains(&t_max(3)), "{}", t_max(3));
    }
}
