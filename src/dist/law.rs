//! The parameters of each law, in the form that is cheapest to sample.

use std::sync::Arc;

use super::{Alias, Dist};

/// A law with checked parameters. Kept at 32 bytes: what is larger stands behind an [`Arc`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Law {
    Constant {
        value: f64,
    },
    Exp {
        mean: f64,
    },
    /// The shape is the number of stages.
    Erlang(Gamma),
    Gamma(Gamma),
    /// `given` keeps how the model put it, for `Display`.
    Lognormal {
        median: f64,
        sigma: f64,
        given: Given,
    },
    /// `scale * E^power` with E standard exponential; `power` is 1 / shape.
    Weibull {
        scale: f64,
        power: f64,
    },
    /// Type I: `min * exp(E / alpha)`.
    Pareto {
        min: f64,
        alpha: f64,
    },
    /// Two exponential phases of balanced means: `mean / (2 rare)` with probability `rare`, else `mean / (2 (1 - rare))`.
    Hyperexp {
        mean: f64,
        rare: f64,
    },
    Uniform {
        min: f64,
        max: f64,
    },
    /// Parent `N(mean, sd^2)` with mean >= 0, given that it is positive; `below` is the parent's probability below 0.
    Normal {
        mean: f64,
        sd: f64,
        below: f64,
    },
    Empirical {
        sample: Arc<Sample>,
        scale: f64,
    },
    Mixture(Arc<Mixture>),
}

/// How a lognormal law was given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Given {
    Moments,
    Percentiles,
}

/// Gamma law of mean `shape * scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gamma {
    pub shape: f64,
    pub scale: f64,
    /// Marsaglia and Tsang's `1 / sqrt(9 d)`.
    pub c: f64,
}

impl Gamma {
    pub fn new(shape: f64, scale: f64) -> Self {
        let mut gamma = Self { shape, scale, c: 0.0 };
        gamma.c = 1.0 / (9.0 * gamma.d()).sqrt();
        gamma
    }

    /// Marsaglia and Tsang's `d`; a shape below 1 is sampled by way of shape + 1.
    pub fn d(self) -> f64 {
        (if self.shape < 1.0 { self.shape + 1.0 } else { self.shape }) - 1.0 / 3.0
    }
}

/// Observed values, ascending, with the alias table of their weights unless they weigh the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub values: Box<[f64]>,
    /// Probabilities; empty where all are equal.
    pub shares: Box<[f64]>,
    pub alias: Option<Alias>,
}

impl Sample {
    /// Each value with its probability.
    pub fn atoms(&self) -> impl Iterator<Item = (f64, f64)> {
        let equal = 1.0 / self.values.len() as f64;
        self.values.iter().enumerate().map(move |(i, v)| (*v, self.shares.get(i).copied().unwrap_or(equal)))
    }
}

/// Several laws, of which each draw takes one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mixture {
    pub shares: Box<[f64]>,
    pub parts: Box<[Dist]>,
    pub alias: Alias,
}

impl Mixture {
    /// Each part with its probability.
    pub fn parts(&self) -> impl Iterator<Item = (f64, &Dist)> {
        self.shares.iter().copied().zip(&self.parts)
    }

    /// The sum of `value` over the parts, by probability.
    pub fn average(&self, value: impl Fn(&Dist) -> f64) -> f64 {
        // A part of probability 0 must not contribute 0 times infinity.
        self.parts().filter(|(share, _)| *share > 0.0).map(|(share, part)| share * value(part)).sum()
    }
}
