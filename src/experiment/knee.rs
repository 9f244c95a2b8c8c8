//! Where the curve bends: Kleinrock's power, elasticity, Kneedle.
//!
//! Power is throughput over latency. Latency is taken over offered requests, an error being slower than any answer, so that a system
//! that sheds its load has no better knee for it. Between simulated loads power is a cubic spline: near saturation it falls to zero
//! without haste where latency has a pole, so that a few points tell its top to 0.1 % or so.
//!
//! The interval of a top holds the loads at which the slope of the curve is not significantly different from zero: a t-test on
//! pseudo-values of the jackknife over the replications (Miller, *The jackknife: a review*, Biometrika 61, 1974), turned round as
//! Fieller did for ratios. So it is as wide as the top is flat, and lopsided where the curve is.

use super::answer::{Estimate, Found, Kneedle};
use super::loads::plain;
use super::rounds::Job;
use super::summary::{QUANTILES, RequestSummary};
use crate::model::Statistic;
use crate::stats::curve::{self, Curve, argmax};
use crate::stats::{Lack, interval, kneedle};

/// Steps in which slopes are looked at between the lowest and the highest load.
const GRID: usize = 2_000;
/// An argmax this near an end of the range, as a share of it, is the end.
const END_SHARE: f64 = 0.01;

/// Latency over offered requests in one replication, in seconds; infinite where errors reach.
fn strict(r: &RequestSummary, by: Statistic) -> f64 {
    let errors: f64 = r.errors.iter().sum();
    match by {
        Statistic::Mean if errors == 0.0 => r.latency.mean,
        // A mean over errors has no value; the time users spent stands in, weighed by how few got anything.
        Statistic::Mean => r.offered.mean * (r.right + errors) / r.right,
        Statistic::Quantile(p) => {
            let at = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9).expect("a reported percentile");
            r.strict[at]
        }
    }
}

/// The points of a curve that have a steady state, with what each replication saw there.
pub struct Steady<'j> {
    jobs: Vec<&'j Job>,
    by: Statistic,
}

impl<'j> Steady<'j> {
    /// Of the given jobs, in ascending order of load, those whose latency under `by` is finite in every replication.
    pub fn new(jobs: impl Iterator<Item = &'j Job>, by: Statistic) -> Self {
        let finite =
            |j: &&Job| j.summaries().iter().all(|s| strict(&s.total, by).is_finite() && s.total.right > 0.0);
        Self { jobs: jobs.take_while(finite).collect(), by }
    }

    /// Mean throughput (1/s) and latency (s) over the replications, all or all but one.
    fn means(&self, job: &Job, without: Option<usize>) -> (f64, f64) {
        let some = job.summaries().iter().enumerate().filter(|(r, _)| Some(*r) != without);
        let sums = some.fold([0.0; 3], |[n, x, t], (_, s)| {
            [n + 1.0, x + s.total.right / s.window_s, t + strict(&s.total, self.by)]
        });
        (sums[1] / sums[0], sums[2] / sums[0])
    }

    /// A curve over load whose top is sought, its height given by load, throughput and latency.
    fn hill(&self, height: fn(f64, f64, f64) -> f64) -> Option<Hill> {
        let curve = |without: Option<usize>| {
            let point = |j: &&Job| {
                let (throughput, latency) = self.means(j, without);
                (j.at, height(j.at, throughput, latency))
            };
            Curve::smooth(&self.jobs.iter().map(point).collect::<Vec<_>>())
        };
        let replications = self.jobs.first()?.summaries().len();
        let left_out = if replications < 2 { 0..0 } else { 0..replications };
        let without = left_out.map(|r| curve(Some(r))).collect::<Option<_>>()?;
        Some(Hill { all: curve(None)?, without })
    }

    /// The load that maximises power, with the loads at which power may have its top.
    pub fn knee(&self, load: &str) -> Found {
        let by = super::point::statistic_name(self.by);
        let found = |at| Found { load: load.to_owned(), at, by: Some(by.clone()), ..Found::default() };
        let Some(power) = self.hill(POWER) else {
            return found(Estimate::unknown("fewer than two steady loads"));
        };
        let (first, last) = power.range();
        found(match power.top() {
            Top::Inside(at) => power.estimate(at),
            Top::First => {
                let reason = format!("no knee above {}: power falls from the lowest load on", plain(first));
                Estimate { high: Some(first), ..Estimate::unknown(&reason) }
            }
            Top::Last => Estimate::unknown(&format!("no knee up to {}", plain(last))),
        })
    }

    /// The knee as each replication sees it: pseudo-values of the jackknife. `None` where leaving one out leaves no knee.
    pub fn knee_in_each(&self) -> Option<Vec<f64>> {
        let power = self.hill(POWER)?;
        let at = |curve: &Curve| match top(curve) {
            Top::Inside(at) => Some(at),
            Top::First | Top::Last => None,
        };
        let all = at(&power.all)?;
        let without: Vec<f64> = power.without.iter().map(at).collect::<Option<_>>()?;
        Some(pseudo_values(all, without.into_iter()).collect())
    }

    /// The load from which 1 % more load costs more than 1 % more latency: where load over latency begins to fall.
    pub fn elbow(&self, load: &str) -> Found {
        let by = Some(super::point::statistic_name(self.by));
        let found = |at| Found { load: load.to_owned(), at, by: by.clone(), ..Found::default() };
        let Some(hill) = self.hill(|load, _, latency| load / latency) else {
            return found(Estimate::unknown("not within the simulated loads"));
        };
        let (first, _) = hill.range();
        found(match hill.first_fall() {
            // What costs more from the first point on does so from somewhere before it.
            Some(at) if at <= first => {
                let reason = format!("below {}, the lowest load simulated", plain(first));
                Estimate { high: Some(first), ..Estimate::unknown(&reason) }
            }
            Some(at) => hill.estimate(at),
            None => Estimate::unknown("not within the simulated loads"),
        })
    }

    /// Kneedle, for readers who know that name.
    pub fn kneedle(&self) -> Option<Kneedle> {
        let points: Vec<(f64, f64)> = self.jobs.iter().map(|j| (j.at, self.means(j, None).1)).collect();
        let (first, last) = (points.first()?.0, points.last()?.0);
        Some(Kneedle { value: kneedle::kneedle(&points, 1.0), range: [first, last] })
    }
}

/// Height of the hill whose top is the knee.
const POWER: fn(f64, f64, f64) -> f64 = |_, throughput, latency| throughput / latency;

/// A curve over load whose top is sought.
struct Hill {
    /// By the means of all replications.
    all: Curve,
    /// Without each of them in turn; empty where there is but one.
    without: Vec<Curve>,
}

/// Where a curve over load is highest.
enum Top {
    First,
    Inside(f64),
    Last,
}

fn top(curve: &Curve) -> Top {
    let (first, last) = curve.range();
    let (best, _) = argmax(first, last, |x| curve.at(x));
    let end = END_SHARE * (last - first);
    if last - best <= end {
        Top::Last
    } else if best - first <= end {
        Top::First
    } else {
        Top::Inside(best)
    }
}

/// What each replication would have to say for the mean of all to be `all` and that of the others what it is without it.
fn pseudo_values(all: f64, without: impl ExactSizeIterator<Item = f64>) -> impl Iterator<Item = f64> {
    let n = without.len() as f64;
    without.map(move |rest| n * all - (n - 1.0) * rest)
}

impl Hill {
    fn range(&self) -> (f64, f64) {
        self.all.range()
    }

    fn top(&self) -> Top {
        top(&self.all)
    }

    /// The first load at which the curve does not rise.
    fn first_fall(&self) -> Option<f64> {
        let falls = |x: f64| self.all.slope_at(x) <= 0.0;
        let at = (0..=GRID).find(|&i| falls(self.grid(i)))?;
        Some(if at == 0 { self.grid(0) } else { curve::bisect(self.grid(at - 1), self.grid(at), falls) })
    }

    fn grid(&self, i: usize) -> f64 {
        let (first, last) = self.range();
        if i == GRID { last } else { first + (last - first) * i as f64 / GRID as f64 }
    }

    /// A top of the curve, with the loads around it at which the slope is not significantly different from zero.
    fn estimate(&self, top: f64) -> Estimate {
        if self.without.is_empty() {
            return Estimate::bare(top, &Lack::Replications.to_string());
        }
        let (first, last) = self.range();
        let slope = |i: usize| {
            let x = self.grid(i);
            let each = pseudo_values(self.all.slope_at(x), self.without.iter().map(|c| c.slope_at(x)));
            interval::mean(&each.collect::<Vec<_>>(), super::rows::CONFIDENCE).ok()
        };
        let start = ((top - first) / (last - first) * GRID as f64) as usize;
        let rises = |i: &usize| slope(*i).is_some_and(|s| s.low > 0.0);
        let falls = |i: &usize| slope(*i).is_some_and(|s| s.high < 0.0);
        let low = (0..=start).rev().find(rises).map_or(first, |i| self.grid(i));
        let high = (start + 1..=GRID).find(falls).map_or(last, |i| self.grid(i));
        Estimate::with_interval(top, low, high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOADS: [f64; 6] = [0.1, 0.25, 0.4, 0.6, 0.75, 0.9];

    /// Power x (c - x), a parabola, which a cubic meets.
    fn parabola(c: f64) -> Curve {
        Curve::smooth(&LOADS.map(|x| (x, x * (c - x)))).unwrap()
    }

    /// Four replications with c = 0.98, 0.99, 1.01, 1.02: slopes c - 2x, of mean 1 - 2x and standard error 0.0182574 / 2. With
    /// t(0.975, 3) = 3.18245 zero lies within their interval for |1 - 2x| <= 0.0290516, so that x is 0.5 +- 0.0145258; to a grid of 0.0004.
    #[test]
    fn the_interval_of_a_top_inverts_the_t_test_of_its_slope() {
        let each = [0.98, 0.99, 1.01, 1.02];
        let without = each.map(|c| parabola((4.0 - c) / 3.0)).to_vec();
        let hill = Hill { all: parabola(1.0), without };
        let Top::Inside(top) = hill.top() else { panic!("the top lies inside") };
        let found = hill.estimate(top);
        assert!((top - 0.5).abs() < 1e-6 && (hill.first_fall().unwrap() - 0.5).abs() < 1e-6);
        for (end, truth) in [(found.low, 0.485_474_2), (found.high, 0.514_525_8)] {
            assert!((end.unwrap() - truth).abs() <= 0.000_4, "{end:?}, not {truth}");
        }
    }

    #[test]
    fn a_top_without_replications_has_no_interval_and_one_at_an_end_is_none() {
        let alone = |c: f64| Hill { all: parabola(c), without: Vec::new() };
        let bare = alone(1.0).estimate(0.5);
        assert_eq!((bare.low, bare.high, bare.reason.is_some()), (None, None, true));
        assert!(matches!(alone(2.0).top(), Top::Last) && alone(2.0).first_fall().is_none());
        assert!(matches!(alone(0.1).top(), Top::First) && alone(0.1).first_fall() == Some(0.1));
    }
}
