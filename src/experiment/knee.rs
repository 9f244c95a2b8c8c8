//! Where the curve bends: Kleinrock's power, elasticity, Kneedle.
//!
//! Power is throughput over latency. Latency is taken over offered requests, an error being slower than any answer, so that a system
//! that sheds its load has no better knee for it. Between simulated loads everything is read off monotone interpolants of log latency.

use super::answer::{Estimate, Found, Kneedle};
use super::loads::plain;
use super::rounds::Job;
use super::summary::{QUANTILES, RequestSummary, Summary};
use crate::model::Statistic;
use crate::stats::curve::{Curve, argmax};
use crate::stats::{interval, isotonic, kneedle};

/// Loads at which intervals are read off between the lowest and the highest.
const GRID: usize = 2_000;
/// The gap in power that is significant, as a share of the half width of its interval: a half for a parabola, and a fifth more for the
/// wiggles of the interpolant. With a half alone 91.9 % of 1,000 sweeps covered the knee of M/M/1, with this 95.6 % of 250, while runs went
/// on until they looked precise. Since pilots tell their length it is 88.7 % of 150, and 92.0 % with runs half as long: too few.
const SHARE_OF_T: f64 = 0.6;
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

    fn loads(&self) -> Vec<f64> {
        self.jobs.iter().map(|j| j.at).collect()
    }

    /// Latency and throughput curves of the replications for which `which` holds; all of them pooled for `None`.
    fn curves(&self, replication: Option<usize>) -> Option<(Curve, Curve)> {
        let of = |f: &dyn Fn(&Summary) -> f64, job: &Job| {
            let summaries = job.summaries();
            match replication {
                Some(r) => f(&summaries[r]),
                None => summaries.iter().map(f).sum::<f64>() / summaries.len() as f64,
            }
        };
        let points = |f: &dyn Fn(&Summary) -> f64| -> Vec<(f64, f64)> {
            self.jobs.iter().map(|j| (j.at, of(f, j))).collect()
        };
        let latency = Curve::log(&points(&|s| strict(&s.total, self.by)))?;
        let throughput = Curve::linear(&points(&|s| s.total.right / s.window_s))?;
        Some((latency, throughput))
    }

    /// The load that maximises power, with the loads whose power is not significantly below it.
    pub fn knee(&self, load: &str) -> Found {
        let by = super::point::statistic_name(self.by);
        let found = |at| Found { load: load.to_owned(), at, by: Some(by.clone()), ..Found::default() };
        let loads = self.loads();
        let (Some(&first), Some(&last), Some((latency, throughput))) =
            (loads.first(), loads.last(), self.curves(None))
        else {
            return found(Estimate::unknown("fewer than two steady loads"));
        };
        let power = |x: f64| throughput.at(x) / latency.at(x);
        let (best, _) = argmax(first, last, power);
        if last - best <= END_SHARE * (last - first) {
            return found(Estimate::unknown(&format!("no knee up to {}", plain(last))));
        }
        if best - first <= END_SHARE * (last - first) {
            let reason = format!("no knee above {}: power falls from the lowest load on", plain(first));
            return found(Estimate { high: Some(first), ..Estimate::unknown(&reason) });
        }
        let curves: Option<Vec<(Curve, Curve)>> =
            (0..self.jobs[0].summaries().len()).map(|r| self.curves(Some(r))).collect();
        let Some(curves) = curves else {
            return found(Estimate::bare(best, "a replication without answers"));
        };
        let power_in = |(latency, throughput): &(Curve, Curve), x: f64| throughput.at(x) / latency.at(x);
        // `best` was chosen for its power, so the gap to the true knee is never negative: where the curve is a parabola with a random
        // tilt of z standard errors, that gap is z/2 of its own standard errors. The whole of t would cover the knee in 99.99 %
        // of all sweeps; half of it would in 95 %, were the curve known between its points. It is interpolated: see `SHARE_OF_T`.
        let significantly_below = |x: f64| {
            let gaps: Vec<f64> = curves.iter().map(|c| power_in(c, best) - power_in(c, x)).collect();
            interval::mean(&gaps, super::rows::CONFIDENCE)
                .is_ok_and(|gap| gap.value > SHARE_OF_T * gap.half_width)
        };
        let grid = |i: usize| first + (last - first) * i as f64 / GRID as f64;
        let start = ((best - first) / (last - first) * GRID as f64).floor() as usize;
        let low = (0..=start).rev().find(|&i| significantly_below(grid(i))).map_or(first, grid);
        let high = (start + 1..=GRID).find(|&i| significantly_below(grid(i))).map_or(last, grid);
        found(Estimate::with_interval(best, low, high))
    }

    /// The knee that each replication sees; `None` where one of them sees none.
    pub fn knee_in_each(&self) -> Option<Vec<f64>> {
        let loads = self.loads();
        let (first, last) = (*loads.first()?, *loads.last()?);
        let knee = |replication: usize| {
            let (latency, throughput) = self.curves(Some(replication))?;
            let (best, _) = argmax(first, last, |x| throughput.at(x) / latency.at(x));
            let inside = (last - best).min(best - first) > END_SHARE * (last - first);
            inside.then_some(best)
        };
        (0..self.jobs.first()?.summaries().len()).map(knee).collect()
    }

    /// The load from which 1 % more load costs more than 1 % more latency.
    pub fn elbow(&self, load: &str) -> Found {
        let crossing = |replication: Option<usize>| {
            let (latency, _) = self.curves(replication)?;
            let loads = self.loads();
            // Noise may make a curve dip; what costs is what it costs for good.
            let logs: Vec<f64> = loads.iter().map(|&x| latency.at(x).ln()).collect();
            let monotone = isotonic::non_decreasing(&logs, &vec![1.0; logs.len()]);
            let points: Vec<(f64, f64)> = loads.into_iter().zip(monotone.into_iter().map(f64::exp)).collect();
            Curve::log(&points)?.first_elasticity(1.0)
        };
        let by = Some(super::point::statistic_name(self.by));
        let found = |at| Found { load: load.to_owned(), at, by: by.clone(), ..Found::default() };
        let Some(value) = crossing(None) else {
            return found(Estimate::unknown("not within the simulated loads"));
        };
        // What costs more from the first point on does so from somewhere before it.
        let first = self.jobs[0].at;
        if value <= first {
            let reason = format!("below {}, the lowest load simulated", plain(first));
            return found(Estimate { high: Some(first), ..Estimate::unknown(&reason) });
        }
        let replications = self.jobs[0].summaries().len();
        let each: Vec<f64> =
            (0..replications).filter_map(|r| crossing(Some(r))).filter(|at| *at > first).collect();
        if each.len() < replications {
            return found(Estimate::bare(value, "not within the simulated loads in every replication"));
        }
        match interval::mean(&each, super::rows::CONFIDENCE) {
            Ok(i) => found(Estimate::with_interval(value, value - i.half_width, value + i.half_width)),
            Err(lack) => found(Estimate::bare(value, &lack.to_string())),
        }
    }

    /// Kneedle, for readers who know that name.
    pub fn kneedle(&self) -> Option<Kneedle> {
        let (latency, _) = self.curves(None)?;
        let loads = self.loads();
        let points: Vec<(f64, f64)> = loads.iter().map(|&x| (x, latency.at(x))).collect();
        Some(Kneedle { value: kneedle::kneedle(&points, 1.0), range: [*loads.first()?, *loads.last()?] })
    }
}
