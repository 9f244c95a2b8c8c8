//! Arrival processes: when requests come, whatever the system does.
//!
//! [`Arrivals`] describes a process, [`Stream`] plays it. A process is a shape of mean rate 1 and a rate: another rate takes the
//! same variates in other units of time, so that a sweep stays paired. All processes start stationary: from the first instant
//! on, a window of length `t` holds `rate * t` requests on average.

mod show;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use stream::{Arrival, Stream};

use crate::dist::{Count, Dist, DistError, not_negative};

/// An arrival process. Its rate counts requests, also where they come in batches.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    /// Requests per second.
    rate: f64,
    process: Process,
    /// Requests that come at once; `None`: one. Its mean is above 0.
    batch: Option<Count>,
}

/// The shape of a process of points (requests or batches), at one point per unit of time.
#[derive(Clone, Debug, PartialEq)]
enum Process {
    Poisson,
    Deterministic,
    /// Independent gaps of mean 1.
    Renewal(Dist),
    Phases(Arc<[Phase]>),
}

/// A stretch of time with a rate of its own. Phases follow one another in a cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Given: requests per second. Kept in [`Arrivals`]: over the mean rate, so that it averages to 1.
    rate: f64,
    /// In seconds.
    length: Dist,
}

impl Phase {
    /// Poisson arrivals of `rate` requests per second for a time of law `length`; 0 is legal for either.
    ///
    /// # Errors
    /// When `rate` is negative or not finite, or `length` has no finite mean.
    pub fn new(rate: f64, length: Dist) -> Result<Self, DistError> {
        let rate = not_negative("rate", rate)?;
        if !length.mean().is_finite() {
            return Err(DistError::new("phase length", length, "a distribution with a finite mean"));
        }
        Ok(Self { rate, length })
    }
}

impl Arrivals {
    /// Poisson arrivals of `rate` requests per second.
    ///
    /// # Errors
    /// When `rate` is negative or not finite.
    pub fn poisson(rate: f64) -> Result<Self, DistError> {
        Self::new(rate, Process::Poisson)
    }

    /// A request every `1 / rate` seconds; the first after a uniform share of that.
    ///
    /// # Errors
    /// When `rate` is negative or not finite.
    pub fn deterministic(rate: f64) -> Result<Self, DistError> {
        Self::new(rate, Process::Deterministic)
    }

    /// Independent gaps of the shape of `gap`, stretched to a mean of `1 / rate` seconds.
    ///
    /// # Errors
    /// When `rate` is negative or not finite, or the mean of `gap` is 0 or infinite.
    pub fn renewal(rate: f64, gap: &Dist) -> Result<Self, DistError> {
        let factor = 1.0 / gap.mean();
        if !factor.is_finite() || factor == 0.0 {
            return Err(DistError::new("gap", gap, "a distribution with a finite mean above 0"));
        }
        let process = match () {
            () if gap.is_exponential() => Process::Poisson,
            () if gap.is_constant().is_some() => Process::Deterministic,
            () => Process::Renewal(gap.scaled(factor)),
        };
        Self::new(rate, process)
    }

    /// Independent gaps of a given coefficient of variation: constant for 0, gamma below 1, Poisson at 1, hyperexponential with
    /// balanced means above.
    ///
    /// # Errors
    /// When `rate` is negative or not finite, or `cv` not in 0 ..= 1,000.
    pub fn renewal_cv(rate: f64, cv: f64) -> Result<Self, DistError> {
        let gap = if cv > 1.0 { Dist::hyperexp(1.0, cv) } else { Dist::gamma(1.0, cv) };
        Self::renewal(rate, &gap?)
    }

    /// Poisson arrivals whose rate goes through `phases` in a cycle: on-off, two-state MMPP (exponential lengths), a fixed
    /// daily pattern (constant lengths). Its rate is the mean over time.
    ///
    /// # Errors
    /// When there is no phase, or all lengths are 0.
    pub fn phases(phases: Vec<Phase>) -> Result<Self, DistError> {
        let cycle: f64 = phases.iter().map(|phase| phase.length.mean()).sum();
        if cycle == 0.0 {
            return Err(DistError::new("phases", phases.len(), "at least one of a length above 0"));
        }
        let rate = phases.iter().map(|phase| phase.rate * phase.length.mean() / cycle).sum();
        // Where nothing comes at all there is no shape to keep.
        let relative =
            |phase: Phase| Phase { rate: if rate > 0.0 { phase.rate / rate } else { 1.0 }, ..phase };
        Self::new(rate, Process::Phases(phases.into_iter().map(relative).collect()))
    }

    /// The same process, where each point brings a batch of requests. The rate still counts requests: batches of mean size 4 come
    /// a quarter as often. A batch of size 0 is none.
    ///
    /// # Errors
    /// When the mean of `size` is 0 or above 2^32, or the process has batches already.
    pub fn batched(self, size: Count) -> Result<Self, DistError> {
        if self.batch.is_some() {
            return Err(DistError::new("batch size", size, "given once"));
        }
        if !(size.mean() > 0.0 && size.mean() <= f64::from(u32::MAX)) {
            return Err(DistError::new(
                "batch size",
                size,
                "a distribution with a mean above 0 and below 2^32",
            ));
        }
        let batch = (size.is_constant() != Some(1)).then_some(size);
        Ok(Self { batch, ..self })
    }

    fn new(rate: f64, process: Process) -> Result<Self, DistError> {
        Ok(Self { rate: not_negative("rate", rate)?, process, batch: None })
    }

    /// Requests per second, in the long run.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Points per second: requests, or batches (those of size 0 included).
    fn point_rate(&self) -> f64 {
        self.rate / self.batch.as_ref().map_or(1.0, Count::mean)
    }

    /// The same shape at `factor` times the rate; the lengths of phases stay.
    ///
    /// # Panics
    /// When `factor` is negative or not finite.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        self.with_rate(self.rate * factor)
    }

    /// The same shape at `rate` requests per second; the lengths of phases stay.
    ///
    /// # Panics
    /// When `rate` is negative or not finite.
    #[must_use]
    pub fn with_rate(&self, rate: f64) -> Self {
        assert!(rate.is_finite() && rate >= 0.0, "a rate is finite and not negative, not {rate}");
        Self { rate, ..self.clone() }
    }

    /// Whether requests come one by one as a Poisson process, by whatever name it was given.
    #[must_use]
    pub fn is_poisson(&self) -> bool {
        self.batch.is_none()
            && match &self.process {
                Process::Poisson => true,
                Process::Deterministic | Process::Renewal(_) => false,
                Process::Phases(phases) => phases.iter().all(|phase| phase.rate == phases[0].rate),
            }
    }

    /// Squared coefficient of variation of the gaps between requests, where they are independent; `None` for batches and phases,
    /// whose gaps are not.
    #[must_use]
    pub fn scv(&self) -> Option<f64> {
        match &self.process {
            _ if self.is_poisson() => Some(1.0),
            _ if self.batch.is_some() => None,
            Process::Poisson => Some(1.0),
            Process::Deterministic => Some(0.0),
            Process::Renewal(gap) => Some(gap.scv()),
            Process::Phases(_) => None,
        }
    }

    /// Index of dispersion: variance over mean of the number of requests in a long window. 1 for Poisson, the [`Arrivals::scv`]
    /// for independent gaps; infinite where gaps or phases have an infinite variance.
    ///
    /// Phases: `1 + sum of (rate_i - rate)^2 Var(L_i) / (rate * E[cycle])`, by the central limit theorem of renewal rewards;
    /// batches: `I E[B] + Var(B) / E[B]`.
    ///
    /// Source: Asmussen, *Applied Probability and Queues* (2003), theorem VI.3.2.
    #[must_use]
    pub fn dispersion(&self) -> f64 {
        let points = match &self.process {
            Process::Poisson => 1.0,
            Process::Deterministic => 0.0,
            Process::Renewal(gap) => gap.scv(),
            Process::Phases(phases) => 1.0 + self.point_rate() * phase_excess(phases),
        };
        match &self.batch {
            None => points,
            Some(size) => points * size.mean() + size.variance() / size.mean(),
        }
    }
}

/// The share of the index of dispersion that phases add, at a mean rate of 1.
fn phase_excess(phases: &[Phase]) -> f64 {
    let cycle: f64 = phases.iter().map(|phase| phase.length.mean()).sum();
    let spread = phases.iter().filter(|phase| phase.rate != 1.0);
    spread.map(|phase| (phase.rate - 1.0).powi(2) * phase.length.variance()).sum::<f64>() / cycle
}
