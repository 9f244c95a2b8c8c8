//! Distribution functions and their inverses.

use super::Dist;
use super::law::{Gamma, Law, Sample};
use super::special::{incomplete_gamma, invert, normal_cdf, normal_quantile};

impl Dist {
    /// Probability of a time of at most `x` seconds.
    #[must_use]
    pub fn cdf(&self, x: f64) -> f64 {
        if x < 0.0 {
            return 0.0;
        }
        if let Some(value) = self.is_constant() {
            return f64::from(x >= value);
        }
        match &self.law {
            Law::Constant { .. } => unreachable!("answered above"),
            Law::Exp { mean } => -(-x / mean).exp_m1(),
            Law::Erlang(gamma) | Law::Gamma(gamma) => incomplete_gamma(gamma.shape, x / gamma.scale).0,
            Law::Lognormal { median, sigma, .. } => normal_cdf((x / median).ln() / sigma),
            Law::Weibull { scale, power } => -(-(x / scale).powf(1.0 / power)).exp_m1(),
            Law::Pareto { min, alpha } if x > *min => -(alpha * (min / x).ln()).exp_m1(),
            Law::Pareto { .. } => 0.0,
            Law::Hyperexp { mean, rare } => {
                phases(*mean, *rare).iter().map(|(p, m)| p * -(-x / m).exp_m1()).sum()
            }
            Law::Uniform { min, max } => ((x - min) / (max - min)).clamp(0.0, 1.0),
            Law::Normal { mean, sd, below } => {
                ((normal_cdf((x - mean) / sd) - below) / (1.0 - below)).max(0.0)
            }
            Law::Empirical { sample, scale } => {
                sample.atoms().take_while(|(v, _)| v * scale <= x).map(|(_, p)| p).sum::<f64>().min(1.0)
            }
            Law::Mixture(mixture) => mixture.average(|part| part.cdf(x)),
        }
    }

    /// The least time in seconds that at least a share `p` of the draws does not exceed; infinite at 1 for laws without an upper
    /// bound. `None` unless `p` lies in 0 ..= 1.
    ///
    /// In closed form where there is one; Erlang, gamma, hyperexponential and mixtures by bisection of [`Dist::cdf`].
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<f64> {
        if !(0.0..=1.0).contains(&p) {
            return None;
        }
        if let Some(value) = self.is_constant() {
            return Some(value);
        }
        Some(match &self.law {
            Law::Constant { .. } => unreachable!("answered above"),
            Law::Exp { mean } => mean * exp1_quantile(p),
            Law::Erlang(gamma) | Law::Gamma(gamma) => gamma_quantile(*gamma, p),
            Law::Lognormal { median, sigma, .. } => median * (sigma * normal_quantile(p)).exp(),
            Law::Weibull { scale, power } => scale * exp1_quantile(p).powf(*power),
            Law::Pareto { min, alpha } => min * (exp1_quantile(p) / alpha).exp(),
            Law::Hyperexp { mean, rare } => {
                let [(_, slow), (_, fast)] = phases(*mean, *rare);
                self.between(p, fast * exp1_quantile(p), slow * exp1_quantile(p))
            }
            Law::Uniform { min, max } => min + (max - min) * p,
            Law::Normal { mean, sd, below } => {
                (mean - sd * normal_quantile((1.0 - below) * (1.0 - p))).max(0.0)
            }
            Law::Empirical { sample, scale } => scale * sample_quantile(sample, p),
            Law::Mixture(mixture) => {
                let parts = mixture.parts().filter(|(share, _)| *share > 0.0);
                let each = parts.filter_map(|(_, part)| part.quantile(p));
                let (low, high) = each.fold((f64::INFINITY, 0.0), |(l, h), q| (q.min(l), q.max(h)));
                self.between(p, low, high)
            }
        })
    }

    /// The quantile, known to lie in `[low, high]`: the quantile of a mixture lies between those of its parts.
    fn between(&self, p: f64, low: f64, high: f64) -> f64 {
        match () {
            () if p == 0.0 || low == high => low,
            () if p == 1.0 => high,
            () if self.cdf(low) >= p => low,
            () => invert(|x| self.cdf(x), p, low, high),
        }
    }
}

/// Quantile of the exponential law of mean 1.
fn exp1_quantile(p: f64) -> f64 {
    -(-p).ln_1p()
}

/// Probability and mean of the slow phase and of the fast one.
pub(super) fn phases(mean: f64, rare: f64) -> [(f64, f64); 2] {
    [rare, 1.0 - rare].map(|share| (share, mean / (2.0 * share)))
}

fn gamma_quantile(gamma: Gamma, p: f64) -> f64 {
    if p == 0.0 || p == 1.0 {
        return if p == 0.0 { 0.0 } else { f64::INFINITY };
    }
    let cdf = |x: f64| incomplete_gamma(gamma.shape, x).0;
    let mut high = gamma.shape.max(1.0);
    while cdf(high) < p {
        high *= 2.0;
    }
    gamma.scale * invert(cdf, p, 0.0, high)
}

fn sample_quantile(sample: &Sample, p: f64) -> f64 {
    let mut sum = 0.0;
    let reached = sample.atoms().find(|(_, share)| {
        sum += share;
        // Sums of shares such as 1/3 fall short of their total by some bits.
        *share > 0.0 && sum >= p * (1.0 - 1e-12)
    });
    reached.map_or(sample.values[sample.values.len() - 1], |(value, _)| value)
}
