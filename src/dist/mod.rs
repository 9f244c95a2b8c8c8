//! Distributions of times, of counts and over keys: checked parameters, fast draws, and the closed forms that formulas need.
//!
//! A draw takes a standard variate from the generator of its key and scales it. So the same key gives, under a larger mean of
//! the same shape, a larger time, and two variants of a model stay paired. All times are seconds, as `f64`.

mod alias;
mod count;
mod error;
mod law;
mod moments;
mod popularity;
mod quantile;
mod residual;
mod sample;
mod show;
mod special;
#[cfg(test)]
mod tests;
mod zipf;

use std::sync::Arc;

pub use alias::Alias;
pub use count::Count;
pub use error::DistError;
pub(crate) use error::{not_negative, positive, require};
pub use popularity::KEYS_MAX;
pub use popularity::Popularity;
pub(crate) use sample::exp1;
pub(crate) use show::short;

use law::{Gamma, Given, Law, Mixture, Sample};

/// A distribution of times, in seconds; never negative.
///
/// Any mean of 0 is legal and gives the constant 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Dist {
    law: Law,
}

impl Dist {
    /// Always `value` seconds.
    ///
    /// # Errors
    /// When `value` is negative or not finite.
    pub fn constant(value: f64) -> Result<Self, DistError> {
        Ok(Law::Constant { value: not_negative("time", value)? }.into())
    }

    /// Exponential.
    ///
    /// # Errors
    /// When `mean` is negative or not finite.
    pub fn exp(mean: f64) -> Result<Self, DistError> {
        Ok(Law::Exp { mean: not_negative("mean", mean)? }.into())
    }

    /// Erlang: the sum of `k` exponential stages, of `mean` in all.
    ///
    /// # Errors
    /// When `k` is 0, or `mean` is negative or not finite.
    pub fn erlang(k: u32, mean: f64) -> Result<Self, DistError> {
        let stages = require("k", f64::from(k), k > 0, "a number of stages, 1 or more")?;
        let mean = not_negative("mean", mean)?;
        Ok(Law::Erlang(Gamma::new(stages, mean / stages)).into())
    }

    /// Gamma, by mean and coefficient of variation; a constant where `cv` is 0.
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `cv` not in 0 ..= 1,000.
    pub fn gamma(mean: f64, cv: f64) -> Result<Self, DistError> {
        let (mean, scv) = (not_negative("mean", mean)?, variation(cv)?.powi(2));
        let shape = 1.0 / scv;
        if !shape.is_finite() {
            return Self::constant(mean);
        }
        Ok(Law::Gamma(Gamma::new(shape, mean * scv)).into())
    }

    /// Lognormal, by mean and coefficient of variation; a constant where `cv` is 0.
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `cv` not in 0 ..= 1,000.
    pub fn lognormal(mean: f64, cv: f64) -> Result<Self, DistError> {
        let (mean, cv) = (not_negative("mean", mean)?, variation(cv)?);
        if cv == 0.0 {
            return Self::constant(mean);
        }
        let variance = (cv * cv).ln_1p();
        let median = mean * (-variance / 2.0).exp();
        Ok(Law::Lognormal { median, sigma: variance.sqrt(), given: Given::Moments }.into())
    }

    /// Lognormal, by its median and its 99th percentile, as a dashboard shows them.
    ///
    /// # Errors
    /// When `p50` is not above 0, or `p99` is not above `p50`, or either is not finite.
    pub fn lognormal_p50_p99(p50: f64, p99: f64) -> Result<Self, DistError> {
        let median = positive("p50", p50)?;
        let p99 = require("p99", p99, p99.is_finite() && p99 > p50, "a finite number above p50")?;
        let sigma = (p99 / median).ln() / special::normal_quantile(0.99);
        Ok(Law::Lognormal { median, sigma, given: Given::Percentiles }.into())
    }

    /// Weibull, by mean and shape; a shape below 1 has a heavier tail than the exponential.
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `shape` is not finite or below 0.05.
    pub fn weibull(mean: f64, shape: f64) -> Result<Self, DistError> {
        let mean = not_negative("mean", mean)?;
        let power = 1.0 / weibull_shape(shape)?;
        Ok(Law::Weibull { scale: mean / special::gamma(1.0 + power), power }.into())
    }

    /// Weibull, by scale (its 63.2 % quantile) and shape.
    ///
    /// # Errors
    /// When `scale` is negative or not finite, or `shape` is not finite or below 0.05.
    pub fn weibull_scale(scale: f64, shape: f64) -> Result<Self, DistError> {
        let scale = not_negative("scale", scale)?;
        Ok(Law::Weibull { scale, power: 1.0 / weibull_shape(shape)? }.into())
    }

    /// Pareto of type I, by its least value: `P(X > x) = (min / x)^alpha`. Its mean is infinite for `alpha <= 1`, its variance for
    /// `alpha <= 2`.
    ///
    /// # Errors
    /// When `min` is negative or not finite, or `alpha` is not finite or below 0.01.
    pub fn pareto(min: f64, alpha: f64) -> Result<Self, DistError> {
        let min = not_negative("min", min)?;
        let legal = alpha.is_finite() && alpha >= 0.01;
        Ok(Law::Pareto { min, alpha: require("alpha", alpha, legal, "a finite number, 0.01 or more")? }
            .into())
    }

    /// Pareto of type I, by its mean.
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `alpha` is not finite or not above 1.
    pub fn pareto_mean(mean: f64, alpha: f64) -> Result<Self, DistError> {
        let mean = not_negative("mean", mean)?;
        let legal = alpha.is_finite() && alpha > 1.0;
        let alpha = require("alpha", alpha, legal, "a finite number above 1 for a Pareto law with a mean")?;
        Ok(Law::Pareto { min: mean * (alpha - 1.0) / alpha, alpha }.into())
    }

    /// Hyperexponential: two exponential phases of balanced means (each contributes half of the mean).
    ///
    /// # Errors
    /// When `mean` is negative or not finite, or `cv` not in 1 ..= 1,000.
    ///
    /// Source: Whitt, *Approximating a point process by a renewal process* (1982), equation 3.7.
    pub fn hyperexp(mean: f64, cv: f64) -> Result<Self, DistError> {
        let mean = not_negative("mean", mean)?;
        let legal = (1.0..=CV_MAX).contains(&cv);
        let scv = require("cv", cv, legal, "a number from 1 to 1000 for a hyperexponential law")?.powi(2);
        // (1 - r) / 2 with r = sqrt((scv - 1) / (scv + 1)), written so that it keeps its digits for a large cv.
        let r = ((scv - 1.0) / (scv + 1.0)).sqrt();
        Ok(Law::Hyperexp { mean, rare: 1.0 / ((scv + 1.0) * (1.0 + r)) }.into())
    }

    /// Uniform between `min` and `max`.
    ///
    /// # Errors
    /// When `min` is negative or above `max`, or either is not finite.
    pub fn uniform(min: f64, max: f64) -> Result<Self, DistError> {
        let min = not_negative("min", min)?;
        let legal = max.is_finite() && max >= min;
        Ok(Law::Uniform { min, max: require("max", max, legal, "a finite number, min or more")? }.into())
    }

    /// Normal, truncated at 0. `mean` and `sd` are those of the untruncated parent; [`Dist::mean`] and [`Dist::cv`] answer for
    /// the truncated law, whose mean is a little larger.
    ///
    /// # Errors
    /// When `mean` or `sd` is negative or not finite.
    pub fn normal(mean: f64, sd: f64) -> Result<Self, DistError> {
        let (mean, sd) = (not_negative("mean", mean)?, not_negative("sd", sd)?);
        if sd == 0.0 {
            return Self::constant(mean);
        }
        Ok(Law::Normal { mean, sd, below: special::normal_cdf(-mean / sd) }.into())
    }

    /// Observed values, drawn again with equal probability.
    ///
    /// # Errors
    /// When there is no value, or one is negative or not finite.
    pub fn empirical(values: &[f64]) -> Result<Self, DistError> {
        let mut values = checked_values(values)?;
        values.sort_unstable_by(f64::total_cmp);
        let sample = Sample { values: values.into(), shares: Box::default(), alias: None };
        Ok(Law::Empirical { sample: Arc::new(sample), scale: 1.0 }.into())
    }

    /// Observed values, drawn again in proportion to their weights.
    ///
    /// # Errors
    /// When there is no value, one is negative or not finite, the weights are not as many, or they are not as [`Alias::new`]
    /// wants them.
    pub fn empirical_weighted(values: &[f64], weights: &[f64]) -> Result<Self, DistError> {
        let values = checked_values(values)?;
        if weights.len() != values.len() {
            return Err(DistError::new("number of weights", weights.len(), "one for each value"));
        }
        let mut atoms: Vec<(f64, f64)> = values.into_iter().zip(alias::shares(weights)?).collect();
        atoms.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (values, shares): (Vec<f64>, Vec<f64>) = atoms.into_iter().unzip();
        let alias = Some(Alias::new(&shares)?);
        let sample = Sample { values: values.into(), shares: shares.into(), alias };
        Ok(Law::Empirical { sample: Arc::new(sample), scale: 1.0 }.into())
    }

    /// Each draw is from one of `parts`, chosen by weight.
    ///
    /// # Errors
    /// When the weights are not as [`Alias::new`] wants them.
    pub fn mixture(parts: Vec<(f64, Self)>) -> Result<Self, DistError> {
        let (weights, parts): (Vec<f64>, Vec<Self>) = parts.into_iter().unzip();
        let shares: Box<[f64]> = alias::shares(&weights)?.into();
        let alias = Alias::new(&shares)?;
        Ok(Law::Mixture(Arc::new(Mixture { shares, parts: parts.into(), alias })).into())
    }

    /// The same law in another unit: every draw times `factor`.
    ///
    /// # Panics
    /// When `factor` is negative or not finite.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        assert!(factor.is_finite() && factor >= 0.0, "a scale is finite and not negative, not {factor}");
        let mut law = self.law.clone();
        match &mut law {
            Law::Constant { value } => *value *= factor,
            Law::Exp { mean } | Law::Hyperexp { mean, .. } => *mean *= factor,
            Law::Erlang(gamma) | Law::Gamma(gamma) => gamma.scale *= factor,
            Law::Lognormal { median, .. } => *median *= factor,
            Law::Weibull { scale, .. } | Law::Empirical { scale, .. } => *scale *= factor,
            Law::Pareto { min, .. } => *min *= factor,
            Law::Uniform { min, max } => (*min, *max) = (*min * factor, *max * factor),
            Law::Normal { mean, sd, .. } => (*mean, *sd) = (*mean * factor, *sd * factor),
            Law::Mixture(mixture) => {
                let Mixture { shares, parts, alias } = &**mixture;
                let parts = parts.iter().map(|part| part.scaled(factor)).collect();
                *mixture = Arc::new(Mixture { shares: shares.clone(), parts, alias: alias.clone() });
            }
        }
        law.into()
    }

    /// The value, where every draw gives the same.
    #[must_use]
    pub fn is_constant(&self) -> Option<f64> {
        match &self.law {
            Law::Constant { value } => Some(*value),
            _ if self.mean() == 0.0 => Some(0.0),
            Law::Uniform { min, max } => (min == max).then_some(*min),
            Law::Empirical { sample, scale } => {
                let (first, last) = (sample.values[0], sample.values[sample.values.len() - 1]);
                (first == last).then_some(first * scale)
            }
            Law::Mixture(mixture) => {
                let mut parts = mixture.parts().filter(|(share, _)| *share > 0.0);
                let first = parts.next()?.1.is_constant()?;
                parts.all(|(_, part)| part.is_constant() == Some(first)).then_some(first)
            }
            _ => None,
        }
    }

    /// Whether the law is exponential with a mean above 0, by whatever name it was given.
    #[must_use]
    pub fn is_exponential(&self) -> bool {
        self.mean() > 0.0
            && match &self.law {
                Law::Exp { .. } => true,
                Law::Erlang(gamma) | Law::Gamma(gamma) => gamma.shape == 1.0,
                Law::Weibull { power, .. } => *power == 1.0,
                Law::Hyperexp { rare, .. } => *rare == 0.5,
                _ => false,
            }
    }
}

/// Coefficients of variation beyond this have no use, and their moments no precision.
const CV_MAX: f64 = 1_000.0;

fn variation(cv: f64) -> Result<f64, DistError> {
    require("cv", cv, (0.0..=CV_MAX).contains(&cv), "a number from 0 to 1000")
}

/// Below 0.05 the second moment is beyond 10^47 times the square of the scale.
fn weibull_shape(shape: f64) -> Result<f64, DistError> {
    require("shape", shape, shape.is_finite() && shape >= 0.05, "a finite number, 0.05 or more")
}

fn checked_values(values: &[f64]) -> Result<Vec<f64>, DistError> {
    if values.is_empty() {
        return Err(DistError::new("number of values", 0, "at least 1"));
    }
    values.iter().map(|v| not_negative("value", *v)).collect()
}

impl From<Law> for Dist {
    fn from(law: Law) -> Self {
        Self { law }
    }
}
