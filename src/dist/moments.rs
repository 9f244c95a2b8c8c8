//! Moments in closed form.

use super::law::Law;
use super::{Dist, special};

impl Dist {
    /// Mean in seconds; infinite for a Pareto law with alpha <= 1.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match &self.law {
            Law::Constant { value } => *value,
            Law::Exp { mean } | Law::Hyperexp { mean, .. } => *mean,
            Law::Erlang(gamma) | Law::Gamma(gamma) => gamma.shape * gamma.scale,
            Law::Lognormal { median, sigma, .. } => median * (sigma * sigma / 2.0).exp(),
            Law::Weibull { scale, power } => scale * special::gamma(1.0 + power),
            Law::Pareto { min, alpha } => pareto_moment(*min, *alpha, 1.0),
            Law::Uniform { min, max } => min / 2.0 + max / 2.0,
            Law::Normal { mean, sd, below } => mean + sd * truncation(*mean, *sd, *below),
            Law::Empirical { sample, scale } => scale * sample.atoms().map(|(v, p)| v * p).sum::<f64>(),
            Law::Mixture(mixture) => mixture.average(Self::mean),
        }
    }

    /// Squared coefficient of variation, variance / mean^2; 0 where the mean is 0, infinite where the variance is.
    #[must_use]
    pub fn scv(&self) -> f64 {
        if self.mean() == 0.0 {
            return 0.0;
        }
        match &self.law {
            Law::Constant { .. } => 0.0,
            Law::Exp { .. } => 1.0,
            Law::Erlang(gamma) | Law::Gamma(gamma) => 1.0 / gamma.shape,
            Law::Lognormal { sigma, .. } => (sigma * sigma).exp_m1(),
            Law::Weibull { power, .. } => (special::ln_gamma(1.0 + 2.0 * power)
                - 2.0 * special::ln_gamma(1.0 + power))
            .exp_m1()
            .max(0.0),
            Law::Pareto { alpha, .. } => {
                if *alpha > 2.0 {
                    1.0 / (alpha * (alpha - 2.0))
                } else {
                    f64::INFINITY
                }
            }
            Law::Hyperexp { rare, .. } => 1.0 / (2.0 * rare * (1.0 - rare)) - 1.0,
            Law::Uniform { min, max } => ((max - min) / (max + min)).powi(2) / 3.0,
            Law::Normal { mean, sd, below } => {
                let shift = truncation(*mean, *sd, *below);
                let variance = sd * sd * (1.0 - shift * (shift + mean / sd));
                variance / self.mean().powi(2)
            }
            Law::Empirical { sample, scale } => {
                // About the mean, since the difference of moments would lose the digits of a narrow sample.
                let mean = self.mean() / scale;
                sample.atoms().map(|(v, p)| (v / mean - 1.0).powi(2) * p).sum()
            }
            Law::Mixture(mixture) => self.mixture_scv(mixture),
        }
    }

    /// Coefficient of variation, standard deviation / mean; 0 where the mean is 0, infinite where the variance is.
    #[must_use]
    pub fn cv(&self) -> f64 {
        self.scv().sqrt()
    }

    /// Mean of the square, in seconds squared; infinite where the variance is.
    #[must_use]
    pub fn second_moment(&self) -> f64 {
        let mean = self.mean();
        if mean == 0.0 { 0.0 } else { mean * mean * (1.0 + self.scv()) }
    }

    /// Variance in seconds squared; infinite where it is.
    #[must_use]
    pub fn variance(&self) -> f64 {
        let mean = self.mean();
        if mean == 0.0 { 0.0 } else { mean * mean * self.scv() }
    }

    /// The least value in seconds (greatest lower bound where it is not attained).
    #[must_use]
    pub fn min(&self) -> f64 {
        match &self.law {
            Law::Constant { value } => *value,
            Law::Pareto { min, .. } | Law::Uniform { min, .. } => *min,
            Law::Empirical { sample, scale } => {
                let least = sample.atoms().find(|(_, p)| *p > 0.0).expect("a sample has weight");
                scale * least.0
            }
            Law::Mixture(mixture) => {
                let parts = mixture.parts().filter(|(share, _)| *share > 0.0);
                parts.map(|(_, part)| part.min()).fold(f64::INFINITY, f64::min)
            }
            _ => 0.0,
        }
    }

    /// Variance within the parts and between them.
    fn mixture_scv(&self, mixture: &super::law::Mixture) -> f64 {
        let mean = self.mean();
        if mean == f64::INFINITY {
            return f64::INFINITY;
        }
        mixture.average(|part| part.variance() / (mean * mean) + (part.mean() / mean - 1.0).powi(2))
    }
}

/// `E[X^order]` of Pareto I.
fn pareto_moment(min: f64, alpha: f64, order: f64) -> f64 {
    match () {
        () if min == 0.0 => 0.0,
        () if alpha <= order => f64::INFINITY,
        () => min.powf(order) * alpha / (alpha - order),
    }
}

/// By how many sd the mean of the truncated normal law lies above its parent's: the inverse Mills ratio.
fn truncation(mean: f64, sd: f64, below: f64) -> f64 {
    if sd == 0.0 { 0.0 } else { special::normal_pdf(mean / sd) / (1.0 - below) }
}
