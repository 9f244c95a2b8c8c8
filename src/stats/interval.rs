//! Intervals from independent replications: of a mean, a ratio, a quantile, a difference.

use std::fmt;

use super::quantiles;

/// An estimate and the interval that covers the truth with the stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Half the width, before any cut by [`Interval::within`].
    pub half_width: f64,
}

/// Why there is no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Fewer than two replications.
    Replications,
    /// Fewer than [`BEYOND_MIN`] observations beyond the quantile in some replication.
    Beyond,
    /// The ratio has nothing below its line.
    Divisor,
}

/// A quantile has no interval unless every replication has so many observations beyond it.
pub const BEYOND_MIN: u64 = 10;

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replications => f.write_str("too few replications"),
            Self::Beyond => write!(f, "too few: below {BEYOND_MIN} observations beyond it in a replication"),
            Self::Divisor => f.write_str("nothing to divide by"),
        }
    }
}

impl std::error::Error for Lack {}

impl Interval {
    /// `value`, so much either way.
    #[must_use]
    pub fn around(value: f64, half_width: f64) -> Self {
        Self { value, low: value - half_width, high: value + half_width, half_width }
    }

    /// Half width over the value's magnitude, the relative precision; infinite at 0 unless the width is 0
    /// too.
    #[must_use]
    pub fn relative(&self) -> f64 {
        if self.half_width == 0.0 { 0.0 } else { self.half_width / self.value.abs() }
    }

    /// Its ends cut to what is possible: a share lies in [0, 1], a time is not negative.
    #[must_use]
    pub fn within(self, least: f64, most: f64) -> Self {
        Self { low: self.low.clamp(least, most), high: self.high.clamp(least, most), ..self }
    }

    /// Zero lies outside: a difference is distinguishable.
    #[must_use]
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// Mean of independent observations, one a replication: x̄ ± t s / √n with n - 1 degrees of freedom.
///
/// # Errors
/// `Lack::Replications` below two.
///
/// Source: Law, *Simulation Modeling and Analysis* (5th ed.), section 4.5.
pub fn mean(xs: &[f64], confidence: f64) -> Result<Interval, Lack> {
    let (mean, error) = mean_and_error(xs)?;
    Ok(Interval::around(mean, quantiles::student_two_sided(confidence, xs.len() - 1) * error))
}

/// Mean difference `a - b` of paired replications (common random numbers).
///
/// # Errors
/// `Lack::Replications` below two pairs.
///
/// Source: Law, section 10.2.1.
///
/// # Panics
/// Where the slices differ in length: pairs have two sides.
pub fn paired(a: &[f64], b: &[f64], confidence: f64) -> Result<Interval, Lack> {
    mean(&differences(a, b), confidence)
}

/// Σx / Σy over replications, such as busy time over time or errors over requests.
///
/// The width follows from the residuals x - R y (the delta method): se(R) = se(residual) / ȳ. The bias is of
/// order 1/n.
///
/// # Errors
/// `Lack::Replications` below two, `Lack::Divisor` where the y sum to zero.
///
/// Source: Cochran, *Sampling Techniques* (3rd ed., 1977), section 6.3; Law, section 9.5.3 (regenerative
/// method).
///
/// # Panics
/// Where the slices differ in length.
pub fn ratio(xs: &[f64], ys: &[f64], confidence: f64) -> Result<Interval, Lack> {
    assert_eq!(xs.len(), ys.len(), "a ratio has two sides");
    let below: f64 = ys.iter().sum();
    if below == 0.0 {
        return Err(Lack::Divisor);
    }
    let ratio = xs.iter().sum::<f64>() / below;
    let residuals: Vec<_> = xs.iter().zip(ys).map(|(x, y)| x - ratio * y).collect();
    let (_, error) = mean_and_error(&residuals)?;
    let t = quantiles::student_two_sided(confidence, xs.len() - 1);
    Ok(Interval::around(ratio, t * error * xs.len() as f64 / below.abs()))
}

/// The `p`-quantile of pooled observations, with the width that the replications' own quantiles imply
/// (sectioning).
///
/// `pooled` is the quantile of all observations together, `sections` those of the replications one by one,
/// and `fewest` the count of the replication with the fewest observations. The centre is the pooled value
/// because the mean of the sections is biased: each has only its own tail to go by. Hence the spread is taken
/// around the pooled value too.
///
/// # Errors
/// `Lack::Replications` below two; `Lack::Beyond` where fewer than [`BEYOND_MIN`] observations of some
/// replication lie beyond the quantile, on its thinner side.
///
/// Source: Asmussen and Glynn, *Stochastic Simulation* (2007), section III.5; Nakayama, *Confidence intervals
/// for quantiles using sectioning* (TOMACS 24, 2014).
pub fn sectioning(
    pooled: f64,
    sections: &[f64],
    fewest: u64,
    p: f64,
    confidence: f64,
) -> Result<Interval, Lack> {
    let n = sections.len();
    if n < 2 {
        return Err(Lack::Replications);
    }
    enough_beyond(fewest, p)?;
    let squares: f64 = sections.iter().map(|section| (section - pooled).powi(2)).sum();
    let error = (squares / (n - 1) as f64 / n as f64).sqrt();
    Ok(Interval::around(pooled, quantiles::student_two_sided(confidence, n - 1) * error))
}

/// Whether so many observations leave enough beyond their quantile `p` for an interval.
///
/// # Errors
/// `Lack::Beyond` where not.
pub fn enough_beyond(observations: u64, p: f64) -> Result<(), Lack> {
    // The added hair lets 1,000 observations have ten beyond their p99.
    let beyond = observations as f64 * p.min(1.0 - p) + 1e-6;
    if beyond < BEYOND_MIN as f64 { Err(Lack::Beyond) } else { Ok(()) }
}

/// Mean and its standard error.
pub(super) fn mean_and_error(xs: &[f64]) -> Result<(f64, f64), Lack> {
    if xs.len() < 2 {
        return Err(Lack::Replications);
    }
    let n = xs.len() as f64;
    // Around the first value, so that equal values have exactly no spread.
    let mean = xs[0] + xs.iter().map(|x| x - xs[0]).sum::<f64>() / n;
    let squares: f64 = xs.iter().map(|x| (x - mean).powi(2)).sum();
    Ok((mean, (squares / (n - 1.0) / n).sqrt()))
}

/// `a - b`, pair by pair.
pub(super) fn differences(a: &[f64], b: &[f64]) -> Vec<f64> {
    assert_eq!(a.len(), b.len(), "pairs have two sides");
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{KeyedRng, mix};
    use crate::stats::binomial;

    const SEEDS: u64 = 2_000;

    /// Exact normal draws, by inversion.
    fn normal(rng: &mut KeyedRng) -> f64 {
        quantiles::normal(rng.uniform().max(1e-12))
    }

    /// How many of the seeds' 95 % intervals cover `truth` must lie in the binomial range at 99.9 %.
    fn assert_covers(truth: f64, interval: impl Fn(&mut KeyedRng) -> Interval) {
        let covered = (0..SEEDS)
            .filter(|&seed| {
                let found = interval(&mut KeyedRng::new(mix(11, seed)));
                found.low <= truth && truth <= found.high
            })
            .count() as u64;
        let range = binomial::acceptance(SEEDS, 0.95, 0.999);
        assert!(range.contains(&covered), "{covered} of {SEEDS} cover, want {range:?}");
    }

    #[test]
    fn mean_of_a_small_sample_is_that_worked_by_hand() {
        // 1, 2, 3, 4, 5: mean 3, s² = 2.5, se = sqrt(0.5), t(0.975, 4) = 2.776445.
        let found = mean(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert_eq!(found.value, 3.0);
        assert!((found.half_width - 2.776_445 * 0.5_f64.sqrt()).abs() < 1e-6);
        assert_eq!((found.low, found.high), (3.0 - found.half_width, 3.0 + found.half_width));
        assert!(found.excludes_zero());
        assert_eq!(mean(&[1.0], 0.95), Err(Lack::Replications));
    }

    #[test]
    fn equal_replications_have_no_width() {
        assert_eq!(mean(&[0.1; 20], 0.95).unwrap(), Interval::around(0.1, 0.0));
        assert_eq!(mean(&[0.1; 20], 0.95).unwrap().relative(), 0.0);
    }

    #[test]
    fn mean_of_five_normals_covers_in_95_percent() {
        assert_covers(7.0, |rng| {
            let xs: Vec<_> = (0..5).map(|_| 7.0 + 3.0 * normal(rng)).collect();
            mean(&xs, 0.95).unwrap()
        });
    }

    #[test]
    fn ratio_of_sums_covers_in_95_percent_and_is_no_mean_of_ratios() {
        // x = 3 y + noise; the mean of the ratios x/y would be as good here, were y not sometimes small.
        assert_covers(3.0, |rng| {
            let ys: Vec<_> = (0..20).map(|_| 1.0 + rng.uniform()).collect();
            let xs: Vec<_> = ys.iter().map(|y| 3.0 * y + normal(rng)).collect();
            ratio(&xs, &ys, 0.95).unwrap()
        });
        // 1/1 and 1/3: sums 2/4, residuals 1/2 and -1/2, se 1/2, ȳ = 2, t(0.975, 1) = 12.7062.
        let found = ratio(&[1.0, 1.0], &[1.0, 3.0], 0.95).unwrap();
        assert_eq!(found.value, 0.5);
        assert!((found.half_width - 12.7062 * 0.5 / 2.0).abs() < 1e-4);
        assert_eq!(ratio(&[1.0, 1.0], &[0.0, 0.0], 0.95), Err(Lack::Divisor));
    }

    #[test]
    fn sectioning_covers_the_p95_of_an_exponential_in_95_percent() {
        let p = 0.95;
        let by_rank = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[(p * values.len() as f64).ceil() as usize - 1]
        };
        assert_covers(-(1.0_f64 - p).ln(), |rng| {
            let mut pool = Vec::new();
            let sections: Vec<_> = (0..20)
                .map(|_| {
                    let mut section: Vec<_> = (0..400).map(|_| -(1.0 - rng.uniform()).ln()).collect();
                    pool.extend_from_slice(&section);
                    by_rank(&mut section)
                })
                .collect();
            sectioning(by_rank(&mut pool), &sections, 400, p, 0.95).unwrap()
        });
    }

    #[test]
    fn a_quantile_needs_ten_observations_beyond_it() {
        let sections = [1.0, 2.0];
        assert!(sectioning(1.5, &sections, 1_000, 0.99, 0.95).is_ok());
        assert_eq!(sectioning(1.5, &sections, 999, 0.99, 0.95), Err(Lack::Beyond));
        assert_eq!(sectioning(1.5, &sections, 999, 0.01, 0.95), Err(Lack::Beyond));
        assert_eq!(sectioning(1.5, &sections[..1], 1_000, 0.5, 0.95), Err(Lack::Replications));
    }

    #[test]
    fn pairing_sees_a_difference_that_the_spread_would_hide() {
        let a = [10.0, 20.0, 30.0, 40.0];
        let b = [9.0, 18.9, 29.1, 39.0];
        let found = paired(&a, &b, 0.95).unwrap();
        assert!((found.value - 1.0).abs() < 1e-12);
        // Differences 1, 1.1, 0.9, 1: s = 0.0816, se = 0.0408, t(0.975, 3) = 3.18245.
        assert!((found.half_width - 3.182_45 * (0.02_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-6);
        assert!(found.excludes_zero());
    }

    #[test]
    fn ends_are_cut_to_what_is_possible() {
        let cut = Interval::around(0.01, 0.02).within(0.0, 1.0);
        assert_eq!((cut.value, cut.low, cut.high, cut.half_width), (0.01, 0.0, 0.03, 0.02));
    }
}
