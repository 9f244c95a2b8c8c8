//! Numbers of settled points that can be held against each other, replication by replication.
//!
//! Two points that share their seeds are a paired sample: request by request they bring the same work, so that the difference of
//! a replication's two numbers varies far less than either. Everything here is by name, since the two models may differ.

use serde::Serialize;

use super::answer::Estimate;
use super::hot_spot::{busy_share, hot_spot};
use super::rounds::Job;
use super::rows::CONFIDENCE;
use super::summary::{PlaceSummary, QUANTILES, RequestSummary, Spread, Summary};
use crate::ids::PlaceId;
use crate::model::Statistic;
use crate::stats::Histogram;
use crate::stats::interval::{self, Lack};

/// What a number is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All requests.
    Total,
    /// One kind of request, by its name.
    Request(String),
    /// A place, by its name.
    Place(String),
}

/// Which number of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity {
    /// Latency of right answers, in seconds (requests).
    Latency(Statistic),
    /// Right answers per second (requests).
    Throughput,
    /// Share of offered requests that ended in an error (requests).
    Errors,
    /// Share of offered requests answered within the objective (requests).
    Goodput,
    /// Apdex of offered requests at a threshold in ns that an objective names (requests).
    Apdex(u64),
    /// Busy share of its busiest resource (places).
    Utilization,
    /// Share of its service given to calls whose caller had gone (places).
    Wasted,
    /// Share of look-ups that hit (places).
    HitRatio,
    /// Share of reads that had been overwritten since (places).
    Stale,
}

/// A number of a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is about.
    pub subject: Subject,
    /// Which number of it.
    pub quantity: Quantity,
}

/// A figure of one point: what is reported, and what each replication says.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Over all replications: pooled for percentiles, the mean or quotient of sums for all others.
    pub value: f64,
    /// One a replication; finite.
    pub each: Vec<f64>,
    /// Why there is a value but no interval: too few observations for a percentile.
    pub lack: Option<Lack>,
}

/// The same figure on two sides, `before` and `after` a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Before.
    pub before: Estimate,
    /// After.
    pub after: Estimate,
    /// `after - before`.
    pub absolute: Estimate,
    /// `after / before - 1`.
    pub relative: Estimate,
    /// Variance of the difference without pairing over that with it: how much common random numbers saved. `None` where neither varies.
    pub variance_ratio: Option<f64>,
}

impl Figure {
    /// What a settled point says; `None` where it has no such number: the name is not there, or nothing was observed.
    #[must_use]
    pub fn observe(&self, job: &Job) -> Option<Observed> {
        let observed = match &self.subject {
            Subject::Total => {
                let pooled = &job.gathered.as_ref()?.pooled.total.right;
                request(self.quantity, pooled, job.summaries(), |s| &s.total)
            }
            Subject::Request(name) => {
                let at = job.model.requests.iter().position(|r| &r.name == name)?;
                let pooled = &job.gathered.as_ref()?.pooled.requests[at].right;
                request(self.quantity, pooled, job.summaries(), |s| &s.requests[at])
            }
            Subject::Place(name) => {
                let at = job.model.places.iter().position(|p| &p.name == name)?;
                place(self.quantity, job, at)
            }
        }?;
        (observed.value.is_finite() && observed.each.iter().all(|x| x.is_finite())).then_some(observed)
    }

    /// The figure with its interval.
    #[must_use]
    pub fn estimate(&self, job: &Job) -> Estimate {
        self.observe(job).map_or_else(|| Estimate::unknown("no observations"), |o| o.estimate())
    }

    /// The paired difference between two settled points that share their seeds, their warm-up and their length; `None` where one side
    /// has no such number.
    ///
    /// Source: Law, *Simulation Modeling and Analysis* (5th ed.), sections 10.2.1 and 11.2.
    #[must_use]
    pub fn difference(&self, before: &Job, after: &Job) -> Option<Difference> {
        Some(difference(&self.observe(before)?, &self.observe(after)?))
    }
}

impl Observed {
    /// The value with the interval that its replications give it.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        let half = half_width(self.value, &self.each);
        match (self.lack, half) {
            (None, Some(half)) => {
                Estimate::with_interval(self.value, (self.value - half).max(0.0), self.value + half)
            }
            (lack, _) => Estimate::bare(self.value, &lack.unwrap_or(Lack::Replications).to_string()),
        }
    }
}

/// Of a value over all replications, from its sections `xs`.
fn half_width(value: f64, xs: &[f64]) -> Option<f64> {
    // Whether enough lie beyond a percentile is seen to by whoever observes it.
    interval::sectioning(value, xs, u64::MAX, 0.5, CONFIDENCE).ok().map(|i| i.half_width)
}

/// The difference of two observations of as many replications.
#[must_use]
pub fn difference(before: &Observed, after: &Observed) -> Difference {
    let (a, b) = (&before.each, &after.each);
    let around = |value: f64, half: Option<f64>| match (before.lack.or(after.lack), half) {
        (None, Some(half)) => Estimate::with_interval(value, value - half, value + half),
        (lack, _) => Estimate::bare(value, &lack.unwrap_or(Lack::Replications).to_string()),
    };
    let ratio = after.value / before.value;
    // The delta method: of R = b / a the residuals b - R a, over the mean of a.
    let residuals: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - ratio * a).collect();
    let relative = if before.value == 0.0 {
        Estimate::unknown("nothing to divide by")
    } else {
        around(ratio - 1.0, half_width(0.0, &residuals).map(|half| half / before.value.abs()))
    };
    let gaps: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let (gap, paired) = (after.value - before.value, variance(&gaps));
    // What is equal to the last bit is so whether or not there is enough of it for an interval.
    let identical = gap == 0.0 && gaps.iter().all(|gap| *gap == 0.0);
    let exact = |otherwise: Estimate| if identical { Estimate::exact(0.0) } else { otherwise };
    Difference {
        before: before.estimate(),
        after: after.estimate(),
        absolute: exact(around(gap, half_width(gap, &gaps))),
        relative: exact(relative),
        variance_ratio: (paired > 0.0).then(|| (variance(a) + variance(b)) / paired),
    }
}

fn variance(xs: &[f64]) -> f64 {
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

fn request(
    quantity: Quantity,
    pooled: &Histogram,
    summaries: &[Summary],
    of: impl Fn(&Summary) -> &RequestSummary,
) -> Option<Observed> {
    let each = |f: &dyn Fn(&RequestSummary) -> f64| summaries.iter().map(|s| f(of(s))).collect::<Vec<f64>>();
    Some(match quantity {
        Quantity::Latency(Statistic::Mean) => {
            Observed { value: pooled.mean_s()?, each: each(&|r| r.latency.mean), lack: None }
        }
        Quantity::Latency(Statistic::Quantile(p)) => {
            let at = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9)?;
            let fewest = summaries.iter().map(|s| of(s).latency.count).min().unwrap_or(0);
            let lack = interval::enough_beyond(fewest, p).err();
            Observed { value: pooled.quantile_s(p)?, each: each(&|r| r.latency.quantiles[at]), lack }
        }
        Quantity::Throughput => mean(summaries.iter().map(|s| of(s).right / s.window_s).collect()),
        Quantity::Errors => share(each(&|r| r.errors.iter().sum()), &each(&RequestSummary::ended)),
        Quantity::Goodput => share(each(&|r| r.good), &each(&RequestSummary::ended)),
        Quantity::Apdex(t) => {
            share(each(&|r| r.apdex_at(t).unwrap_or(f64::NAN)), &each(&RequestSummary::ended))
        }
        _ => return None,
    })
}

fn place(quantity: Quantity, job: &Job, at: usize) -> Option<Observed> {
    let each = |f: &dyn Fn(&PlaceSummary) -> f64| {
        job.summaries().iter().map(|s| f(&s.places[at])).collect::<Vec<f64>>()
    };
    Some(match quantity {
        Quantity::Utilization => {
            let busy = |r: usize| {
                let hot = hot_spot(&job.model, &job.layout, job.summaries(), r);
                mean(job.summaries().iter().map(|s| busy_share(&job.layout, s, r, hot)).collect())
            };
            let resources = job.layout.resources.iter().enumerate();
            let here = resources.filter(|(_, r)| r.place.index() == at).map(|(r, _)| busy(r));
            here.max_by(|a, b| a.value.total_cmp(&b.value))?
        }
        Quantity::Wasted => share(each(&|p| p.wasted_s), &each(&|p| p.service_s)),
        Quantity::HitRatio => share(each(&|p| p.hits), &each(&|p| p.hits + p.misses + p.coalesced)),
        Quantity::Stale => share(each(&|p| p.stale), &each(&|p| p.hits + p.coalesced + p.reads)),
        _ => return None,
    })
}

/// How long messages of a queue wait for a consumer.
pub(super) fn age(job: &Job, queue: PlaceId, statistic: Statistic) -> Option<Observed> {
    let (at, _) = job.layout.resources_of(queue).next()?;
    let pooled = &job.gathered.as_ref()?.pooled.resources[at];
    let waits: Vec<&Spread> = job.summaries().iter().map(|s| &s.resources[at].wait).collect();
    match statistic {
        Statistic::Mean => Some(Observed {
            value: pooled.mean_s()?,
            each: waits.iter().map(|w| w.mean).collect(),
            lack: None,
        }),
        Statistic::Quantile(p) => {
            let nth = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9)?;
            let fewest = waits.iter().map(|w| w.count).min().unwrap_or(0);
            let each = waits.iter().map(|w| w.quantiles[nth]).collect();
            let lack = interval::enough_beyond(fewest, p).err();
            Some(Observed { value: pooled.quantile_s(p)?, each, lack })
        }
    }
}

/// One number a replication, and their mean.
pub(super) fn mean(each: Vec<f64>) -> Observed {
    Observed { value: each.iter().sum::<f64>() / each.len() as f64, each, lack: None }
}

/// Of sums, so that a replication counts by what it saw.
fn share(parts: Vec<f64>, of: &[f64]) -> Observed {
    let value = parts.iter().sum::<f64>() / of.iter().sum::<f64>();
    Observed { value, each: parts.iter().zip(of).map(|(part, of)| part / of).collect(), lack: None }
}

/// What a difference says, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Equal to the last bit in every replication.
    Same,
    /// Its interval lies below zero.
    Lower,
    /// Its interval lies above zero.
    Higher,
    /// Its interval has zero in it.
    NotDistinguishable,
    /// There is no interval: the reason is in the difference.
    Unknown,
}

impl Difference {
    /// What it says.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match (sign(&self.absolute), self.absolute.low, self.absolute.high) {
            (Some(true), ..) => Verdict::Higher,
            (Some(false), ..) => Verdict::Lower,
            (None, Some(0.0), Some(0.0)) => Verdict::Same,
            (None, Some(_), Some(_)) => Verdict::NotDistinguishable,
            _ => Verdict::Unknown,
        }
    }
}

/// Whether an interval of differences leaves no doubt about their sign: `Some(true)` for a rise.
#[must_use]
pub fn sign(difference: &Estimate) -> Option<bool> {
    match (difference.low?, difference.high?) {
        (low, _) if low > 0.0 => Some(true),
        (_, high) if high < 0.0 => Some(false),
        _ => None,
    }
}
