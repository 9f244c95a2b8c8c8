//! Distributions of counts: how often a loop runs, how large a batch is.

use std::fmt;
use std::sync::Arc;

use super::sample::exp1;
use super::{Alias, DistError, not_negative, short};
use crate::rng::KeyedRng;

/// A distribution of whole numbers, 0 or more.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    law: Law,
}

#[derive(Clone, Debug, PartialEq)]
enum Law {
    Constant(u64),
    /// The whole part of an exponential variate of mean `stretch` is geometric; `stretch` is `1 / ln(1 + 1/mean)`.
    Geometric {
        mean: f64,
        stretch: f64,
    },
    Uniform {
        min: u64,
        max: u64,
    },
    Empirical(Arc<Sample>),
}

/// Different values, ascending, with their shares.
#[derive(Clone, Debug, PartialEq)]
struct Sample {
    values: Box<[u64]>,
    shares: Box<[f64]>,
    alias: Alias,
}

impl Count {
    /// Always `value`.
    #[must_use]
    pub fn constant(value: u64) -> Self {
        Self { law: Law::Constant(value) }
    }

    /// Geometric on 0, 1, 2, ...: `P(n) = (1 - q) q^n` with `q = mean / (1 + mean)`. It counts the turns of a loop that goes on
    /// with probability `q`, asked before each turn. Any mean from 0 on is legal.
    ///
    /// # Errors
    /// When `mean` is negative or not finite.
    pub fn geometric(mean: f64) -> Result<Self, DistError> {
        let mean = not_negative("mean", mean)?;
        if mean == 0.0 {
            return Ok(Self::constant(0));
        }
        Ok(Self { law: Law::Geometric { mean, stretch: 1.0 / (1.0 / mean).ln_1p() } })
    }

    /// Uniform on `min ..= max`.
    ///
    /// # Errors
    /// When `max` is below `min`.
    pub fn uniform(min: u64, max: u64) -> Result<Self, DistError> {
        if max < min {
            return Err(DistError::new("max", max, "min or more"));
        }
        Ok(Self { law: Law::Uniform { min, max } })
    }

    /// Observed values, drawn again with equal probability.
    ///
    /// # Errors
    /// When there is no value.
    pub fn empirical(values: &[u64]) -> Result<Self, DistError> {
        Self::empirical_weighted(values, &vec![1.0; values.len()])
    }

    /// Observed values, drawn again in proportion to their weights.
    ///
    /// # Errors
    /// When there is no value, the weights are not as many, or they are not as [`Alias::new`] wants them.
    pub fn empirical_weighted(values: &[u64], weights: &[f64]) -> Result<Self, DistError> {
        if weights.len() != values.len() {
            return Err(DistError::new("number of weights", weights.len(), "one for each value"));
        }
        let mut atoms: Vec<(u64, f64)> =
            values.iter().copied().zip(super::alias::shares(weights)?).filter(|atom| atom.1 > 0.0).collect();
        atoms.sort_by_key(|atom| atom.0);
        atoms.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0.0 };
            same
        });
        let (values, shares): (Vec<u64>, Vec<f64>) = atoms.into_iter().unzip();
        let alias = Alias::new(&shares)?;
        let sample = Sample { values: values.into(), shares: shares.into(), alias };
        Ok(Self { law: Law::Empirical(Arc::new(sample)) })
    }

    /// A count. At most one draw; a larger mean of a geometric law gives, from the same draw, no smaller count.
    #[inline]
    pub fn sample(&self, rng: &mut KeyedRng) -> u64 {
        match &self.law {
            Law::Constant(value) => *value,
            Law::Geometric { stretch, .. } => (exp1(rng) * stretch) as u64,
            Law::Uniform { min, max } => {
                // In 128 bits, since `0 ..= u64::MAX` has 2^64 values.
                let values = u128::from(max - min) + 1;
                min + ((u128::from(rng.bits()) * values) >> 64) as u64
            }
            Law::Empirical(sample) => sample.values[sample.alias.sample(rng)],
        }
    }

    /// Mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match &self.law {
            Law::Constant(value) => *value as f64,
            Law::Geometric { mean, .. } => *mean,
            Law::Uniform { min, max } => *min as f64 / 2.0 + *max as f64 / 2.0,
            Law::Empirical(sample) => sample.average(|value| value),
        }
    }

    /// Variance.
    #[must_use]
    pub fn variance(&self) -> f64 {
        match &self.law {
            Law::Constant(_) => 0.0,
            Law::Geometric { mean, .. } => mean * (1.0 + mean),
            Law::Uniform { min, max } => ((max - min) as f64 + 1.0).powi(2) / 12.0 - 1.0 / 12.0,
            Law::Empirical(sample) => {
                let mean = self.mean();
                sample.average(|value| (value - mean).powi(2))
            }
        }
    }

    /// The value, where every draw gives the same.
    #[must_use]
    pub fn is_constant(&self) -> Option<u64> {
        match &self.law {
            Law::Constant(value) => Some(*value),
            Law::Uniform { min, max } => (min == max).then_some(*min),
            Law::Empirical(sample) => (sample.values.len() == 1).then(|| sample.values[0]),
            Law::Geometric { .. } => None,
        }
    }
}

impl Sample {
    fn average(&self, of: impl Fn(f64) -> f64) -> f64 {
        self.values.iter().zip(&self.shares).map(|(value, share)| of(*value as f64) * share).sum()
    }
}

impl fmt::Display for Count {
    /// `3`, `geometric mean 4`, `uniform 1 to 6`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.law {
            Law::Constant(value) => write!(f, "{value}"),
            Law::Geometric { mean, .. } => write!(f, "geometric mean {}", short(*mean)),
            Law::Uniform { min, max } => write!(f, "uniform {min} to {max}"),
            Law::Empirical(sample) => {
                write!(f, "empirical, {} different values, mean {}", sample.values.len(), short(self.mean()))
            }
        }
    }
}
