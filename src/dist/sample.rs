//! Draws: the hot path.

use rand_distr::{Distribution, Exp1, StandardNormal};

use super::law::{Gamma, Law};
use super::{Dist, special};
use crate::rng::KeyedRng;

/// Up to this many stages adding exponentials is faster than the general method.
const STAGES_ADDED: f64 = 4.0;

impl Dist {
    /// A time in seconds.
    ///
    /// Laws that differ only in scale turn the same `rng` into times in proportion.
    #[inline(always)]
    pub fn sample(&self, rng: &mut KeyedRng) -> f64 {
        match &self.law {
            Law::Constant { value } => *value,
            Law::Exp { mean } => mean * exp1(rng),
            Law::Lognormal { median, sigma, .. } => median * (sigma * normal(rng)).exp(),
            law => sample_other(law, rng),
        }
    }
}

/// The laws that a model draws from less often, apart, so that the frequent ones are small enough to be inlined.
fn sample_other(law: &Law, rng: &mut KeyedRng) -> f64 {
    match law {
        Law::Constant { .. } | Law::Exp { .. } | Law::Lognormal { .. } => unreachable!("drawn by the caller"),
        Law::Erlang(gamma) if gamma.shape <= STAGES_ADDED => {
            gamma.scale * (0..gamma.shape as u32).map(|_| exp1(rng)).sum::<f64>()
        }
        Law::Erlang(gamma) | Law::Gamma(gamma) => gamma.scale * standard_gamma(*gamma, rng),
        Law::Weibull { scale, power } => scale * exp1(rng).powf(*power),
        Law::Pareto { min, alpha } => min * (exp1(rng) / alpha).exp(),
        Law::Hyperexp { mean, rare } => {
            let share = if rng.uniform() < *rare { *rare } else { 1.0 - rare };
            mean * exp1(rng) / (2.0 * share)
        }
        Law::Uniform { min, max } => min + (max - min) * rng.uniform(),
        Law::Normal { mean, sd, below } => truncated_normal(*mean, *sd, *below, rng),
        Law::Empirical { sample, scale } => {
            let index = match &sample.alias {
                Some(alias) => alias.sample(rng),
                None => below(sample.values.len() as u64, rng) as usize,
            };
            scale * sample.values[index]
        }
        Law::Mixture(mixture) => mixture.parts[mixture.alias.sample(rng)].sample(rng),
    }
}

/// Standard exponential: mean 1.
#[inline]
pub(crate) fn exp1(rng: &mut KeyedRng) -> f64 {
    Exp1.sample(rng)
}

#[inline]
fn normal(rng: &mut KeyedRng) -> f64 {
    StandardNormal.sample(rng)
}

/// Uniform in (0, 1]: safe for a logarithm.
pub(super) fn uniform_above_zero(rng: &mut KeyedRng) -> f64 {
    1.0 - rng.uniform()
}

/// A whole number below `count`; biased by at most `count` / 2^64.
pub(super) fn below(count: u64, rng: &mut KeyedRng) -> u64 {
    ((u128::from(rng.bits()) * u128::from(count)) >> 64) as u64
}

/// Gamma of the given shape and scale 1.
///
/// Source: Marsaglia, Tsang, *A Simple Method for Generating Gamma Variables* (2000), with their power of a uniform for shapes
/// below 1.
pub(super) fn standard_gamma(gamma: Gamma, rng: &mut KeyedRng) -> f64 {
    let d = gamma.d();
    let value = loop {
        let z = normal(rng);
        let root = 1.0 + gamma.c * z;
        if root <= 0.0 {
            continue;
        }
        let v = root * root * root;
        let u = uniform_above_zero(rng);
        // The squeeze spares both logarithms in 98 of 100 draws.
        if u < 1.0 - 0.0331 * (z * z) * (z * z) || u.ln() < 0.5 * z * z + d * (1.0 - v + v.ln()) {
            break d * v;
        }
    };
    if gamma.shape < 1.0 { value * uniform_above_zero(rng).powf(1.0 / gamma.shape) } else { value }
}

/// By inversion and not by rejection: one draw, and monotone in `mean` too.
fn truncated_normal(mean: f64, sd: f64, below: f64, rng: &mut KeyedRng) -> f64 {
    // From above, where the uniform has its fine steps: 1 - p = (1 - below) u.
    let z = -special::normal_quantile((1.0 - below) * uniform_above_zero(rng));
    (mean + sd * z).max(0.0)
}
