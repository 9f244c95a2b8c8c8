//! Distributions as a reader would check them.

use std::fmt;

use super::law::{Given, Law, Mixture};
use super::{Dist, special};
use crate::units::Span;

impl fmt::Display for Dist {
    /// `20ms`, `exp 20ms`, `lognormal mean 5ms cv 1.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = Span::from_secs(self.mean());
        match &self.law {
            Law::Constant { value } => write!(f, "{}", Span::from_secs(*value)),
            Law::Exp { .. } => write!(f, "exp {mean}"),
            Law::Erlang(gamma) => write!(f, "erlang k {} mean {mean}", gamma.shape),
            Law::Gamma(_) => write!(f, "gamma mean {mean} cv {}", short(self.cv())),
            Law::Lognormal { given: Given::Moments, .. } => {
                write!(f, "lognormal mean {mean} cv {}", short(self.cv()))
            }
            Law::Lognormal { median, sigma, given: Given::Percentiles } => {
                let p99 = Span::from_secs(median * (sigma * special::normal_quantile(0.99)).exp());
                write!(f, "lognormal p50 {} p99 {p99} (mean {mean})", Span::from_secs(*median))
            }
            Law::Weibull { power, .. } => write!(f, "weibull mean {mean} shape {}", short(1.0 / power)),
            Law::Pareto { min, alpha } => {
                write!(f, "pareto min {} alpha {}", Span::from_secs(*min), short(*alpha))
            }
            Law::Hyperexp { .. } => write!(f, "hyperexp mean {mean} cv {}", short(self.cv())),
            Law::Uniform { min, max } => {
                write!(f, "uniform {} to {}", Span::from_secs(*min), Span::from_secs(*max))
            }
            Law::Normal { mean, sd, .. } => {
                write!(f, "normal mean {} sd {}", Span::from_secs(*mean), Span::from_secs(*sd))?;
                f.write_str(", truncated at 0")
            }
            Law::Empirical { sample, .. } => {
                write!(f, "empirical, {} values, mean {mean}", sample.values.len())
            }
            Law::Mixture(mixture) => show_mixture(mixture, f),
        }
    }
}

/// `mixture (70% exp 20ms, 30% 5ms)`.
fn show_mixture(mixture: &Mixture, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("mixture (")?;
    for (i, (share, part)) in mixture.parts().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{}% {part}", short(100.0 * share))?;
    }
    f.write_str(")")
}

/// A number to six digits, without the noise of rounding behind them.
pub(crate) fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
