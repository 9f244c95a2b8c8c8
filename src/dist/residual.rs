//! Residual lives: how long something that is under way in the steady state still takes.

use super::Dist;
use super::law::{Gamma, Law};
use super::sample::{below, exp1, standard_gamma, uniform_above_zero};
use super::special::{self, invert};
use crate::rng::KeyedRng;

impl Dist {
    /// The rest, in seconds, of a time that is under way when one looks at a random instant: the equilibrium law, of density
    /// `P(X > x) / E[X]`.
    ///
    /// Drawn as a uniform share of a length-biased time, since long times are looked into more often. Exact for every law with a
    /// finite mean; a law of infinite mean has no equilibrium, and gives an ordinary draw. Not for the hot path: it may take
    /// microseconds.
    ///
    /// Source: Cox, *Renewal Theory* (1962), section 5.4.
    pub fn sample_residual(&self, rng: &mut KeyedRng) -> f64 {
        if self.mean() == f64::INFINITY {
            return self.sample(rng);
        }
        if let Law::Exp { .. } = self.law {
            // Without memory: the rest is as the whole.
            return self.sample(rng);
        }
        let share = uniform_above_zero(rng);
        share * self.sample_length_biased(rng)
    }

    /// A time drawn with density `x f(x) / E[X]`.
    fn sample_length_biased(&self, rng: &mut KeyedRng) -> f64 {
        if let Some(value) = self.is_constant() {
            return value;
        }
        match &self.law {
            Law::Constant { .. } => unreachable!("answered above"),
            Law::Exp { mean } => mean * (exp1(rng) + exp1(rng)),
            Law::Erlang(gamma) | Law::Gamma(gamma) => {
                gamma.scale * standard_gamma(Gamma::new(gamma.shape + 1.0, 1.0), rng)
            }
            Law::Lognormal { sigma, .. } => self.sample(rng) * (sigma * sigma).exp(),
            Law::Weibull { scale, power } => {
                scale * standard_gamma(Gamma::new(1.0 + power, 1.0), rng).powf(*power)
            }
            Law::Pareto { min, alpha } => min * (exp1(rng) / (alpha - 1.0)).exp(),
            Law::Hyperexp { mean, rare } => {
                // Balanced means: one looks into either phase equally often.
                let [(_, slow), (_, fast)] = super::quantile::phases(*mean, *rare);
                let phase = if below(2, rng) == 0 { slow } else { fast };
                phase * (exp1(rng) + exp1(rng))
            }
            Law::Uniform { min, max } => {
                (min * min + (max * max - min * min) * uniform_above_zero(rng)).sqrt()
            }
            Law::Normal { mean, sd, .. } => biased_normal(*mean, *sd, rng.uniform()),
            Law::Empirical { sample, scale } => {
                let target = rng.uniform() * self.mean() / scale;
                scale * pick(sample.atoms().map(|(value, share)| (value * share, value)), target)
            }
            Law::Mixture(mixture) => {
                let parts = mixture.parts().filter(|(share, _)| *share > 0.0);
                let target = rng.uniform() * self.mean();
                pick(parts.map(|(share, part)| (share * part.mean(), part)), target).sample_length_biased(rng)
            }
        }
    }
}

/// Inverts the integral of `x phi((x - mean) / sd)`, which is `mean Phi(z) - sd phi(z)` up to a factor.
fn biased_normal(mean: f64, sd: f64, p: f64) -> f64 {
    let integral = |x: f64| {
        let z = (x - mean) / sd;
        mean * special::normal_cdf(z) - sd * special::normal_pdf(z)
    };
    let (start, end) = (integral(0.0), mean);
    // Beyond 40 sd nothing is left in double precision.
    invert(|x| (integral(x) - start) / (end - start), p, 0.0, mean + 40.0 * sd)
}

/// The item at which the running sum of the weights passes `target`.
fn pick<T>(items: impl Iterator<Item = (f64, T)>, target: f64) -> T {
    let mut left = target;
    let mut last = None;
    for (weight, item) in items.filter(|(weight, _)| *weight > 0.0) {
        left -= weight;
        last = Some(item);
        if left < 0.0 {
            break;
        }
    }
    last.expect("something has weight: the mean is above 0")
}
