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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    fn draws(count: &Count, n: u64) -> Vec<u64> {
        (0..n).map(|i| count.sample(&mut KeyedRng::new(mix(21, i)))).collect()
    }

    /// Chi-square of the draws against probabilities of 0, 1, ..., the last class open above.
    fn chi_square(draws: &[u64], shares: &[f64]) -> f64 {
        let mut found = vec![0.0; shares.len() + 1];
        for draw in draws {
            found[(*draw as usize).min(shares.len())] += 1.0;
        }
        let rest = 1.0 - shares.iter().sum::<f64>();
        let n = draws.len() as f64;
        let classes = found.iter().zip(shares.iter().copied().chain([rest]));
        classes.filter(|(_, p)| *p > 1e-12).map(|(found, p)| (found - n * p).powi(2) / (n * p)).sum()
    }

    #[test]
    fn geometric_counts_are_the_turns_of_a_loop_that_goes_on_by_chance() {
        for mean in [0.1, 1.0, 4.0] {
            let q: f64 = mean / (1.0 + mean);
            let shares: Vec<f64> = (0..4).map(|n| (1.0 - q) * q.powi(n)).collect();
            let chi = chi_square(&draws(&Count::geometric(mean).unwrap(), 100_000), &shares);
            // 4 degrees of freedom: above 18.5 in 1 of 1,000 samples.
            assert!(chi < 18.5, "{mean}: {chi}");
        }
    }

    #[test]
    fn uniform_and_observed_counts_come_as_often_as_they_should() {
        // 5, 2 and 2 degrees of freedom; 99.9 % points 20.5, 13.8 and 13.8.
        let die = draws(&Count::uniform(1, 6).unwrap(), 60_000);
        let sixth = 1.0 / 6.0;
        assert!(chi_square(&die, &[0.0, sixth, sixth, sixth, sixth, sixth, sixth]) < 20.5);
        let observed = draws(&Count::empirical(&[3, 1, 1, 0]).unwrap(), 60_000);
        assert!(chi_square(&observed, &[0.25, 0.5, 0.0, 0.25]) < 13.8);
        let weighted = Count::empirical_weighted(&[0, 2, 3, 1], &[1.0, 0.0, 2.0, 1.0]).unwrap();
        assert!(chi_square(&draws(&weighted, 60_000), &[0.25, 0.25, 0.0, 0.5]) < 13.8);
    }

    #[test]
    fn moments_are_those_of_the_draws() {
        let counts = [
            Ok(Count::constant(3)),
            Count::geometric(4.0),
            Count::geometric(0.25),
            Count::uniform(2, 9),
            Count::empirical(&[1, 1, 5, 20]),
        ];
        for count in counts.map(Result::unwrap) {
            let sample = draws(&count, 200_000);
            let n = sample.len() as f64;
            let mean = sample.iter().map(|x| *x as f64).sum::<f64>() / n;
            let moment = |k| sample.iter().map(|x| (*x as f64 - count.mean()).powi(k)).sum::<f64>() / n;
            let (variance, truth) = (moment(2), count.variance());
            assert!((mean - count.mean()).abs() <= 4.0 * (truth / n).sqrt(), "{count}: {mean}");
            let spread = (moment(4) - variance * variance) / n;
            assert!(
                (variance - truth).abs() <= 4.0 * spread.sqrt() + 1e-12,
                "{count}: {variance}, not {truth}"
            );
        }
    }

    #[test]
    fn a_larger_mean_never_gives_fewer_turns_from_the_same_key() {
        let [less, more] = [3.9, 4.0].map(|mean| draws(&Count::geometric(mean).unwrap(), 10_000));
        assert!(less.iter().zip(&more).all(|(a, b)| a <= b));
        assert!(less != more);
    }

    #[test]
    fn the_whole_range_of_counts_is_legal() {
        let all = Count::uniform(0, u64::MAX).unwrap();
        assert!(draws(&all, 100).iter().any(|x| *x > u64::MAX / 2));
        assert_eq!(Count::uniform(7, 7).unwrap().is_constant(), Some(7));
        assert_eq!(Count::geometric(0.0).unwrap().is_constant(), Some(0));
    }

    #[test]
    fn impossible_counts_are_refused() {
        let wrong = [
            Count::geometric(-1.0),
            Count::geometric(f64::NAN),
            Count::uniform(2, 1),
            Count::empirical(&[]),
            Count::empirical_weighted(&[1], &[]),
        ];
        assert!(wrong.iter().all(Result::is_err), "{wrong:?}");
    }

    #[test]
    fn counts_print_as_a_reader_would_check_them() {
        assert_eq!(Count::constant(3).to_string(), "3");
        assert_eq!(Count::geometric(4.0).unwrap().to_string(), "geometric mean 4");
        assert_eq!(Count::uniform(1, 6).unwrap().to_string(), "uniform 1 to 6");
        let observed = Count::empirical(&[1, 1, 4]).unwrap();
        assert_eq!(observed.to_string(), "empirical, 2 different values, mean 2");
    }
}
