//! Does a level grow? Least squares within each replication, a one-sided bound over them.

use super::interval::{self, Lack};
use super::quantiles;

/// A slope, and what it is at least.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Mean slope over the replications, in level per unit of time.
    pub slope: f64,
    /// One-sided lower bound; above 0 the level grows.
    pub at_least: f64,
}

/// Least-squares slope of levels against times; `None` where there are not two different times.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (time, level) =
        points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let spread: f64 = points.iter().map(|point| (point.0 - time).powi(2)).sum();
    let together: f64 = points.iter().map(|point| (point.0 - time) * (point.1 - level)).sum();
    (spread > 0.0).then(|| together / spread)
}

/// Mean of the replications' slopes with its lower bound at one-sided `confidence`, such as 0.999.
///
/// The slopes of independent replications are independent, however correlated the levels within each are: so
/// the bound holds where that of a single regression would be far too bold.
///
/// # Errors
/// `Lack::Replications` below two slopes.
pub fn trend(slopes: &[f64], confidence: f64) -> Result<Trend, Lack> {
    let (slope, error) = interval::mean_and_error(slopes)?;
    Ok(Trend { slope, at_least: slope - quantiles::student(confidence, slopes.len() - 1) * error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{KeyedRng, mix};
    use crate::stats::binomial;

    #[test]
    fn slope_of_a_line_is_exact_and_of_a_point_unknown() {
        assert_eq!(slope(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]), Some(2.0));
        // Around (1, 1): (-1)(-1) + 0·2 + 1·(-1) = 0.
        assert_eq!(slope(&[(0.0, 0.0), (1.0, 3.0), (2.0, 0.0)]), Some(0.0));
        assert_eq!(slope(&[(1.0, 5.0), (1.0, 6.0)]), None);
        assert_eq!(slope(&[]), None);
    }

    #[test]
    fn bound_is_the_one_sided_t() {
        // 1, 2, 3: mean 2, se = 1/sqrt(3), t(0.999, 2) = 22.327.
        let found = trend(&[1.0, 2.0, 3.0], 0.999).unwrap();
        assert_eq!(found.slope, 2.0);
        assert!((found.at_least - (2.0 - 22.327 / 3.0_f64.sqrt())).abs() < 1e-3);
        assert_eq!(trend(&[1.0], 0.999), Err(Lack::Replications));
    }

    #[test]
    fn a_random_walk_seldom_passes_for_growth_although_each_looks_like_a_trend() {
        // 20 walks of +-1 without drift, a bound at 95 %: 5 % false alarms, within the binomial range at 99.9
        // %.
        let seeds = 1_000;
        let alarms = (0..seeds)
            .filter(|&seed| {
                let slopes: Vec<_> =
                    (0..20).map(|j| slope(&walk(mix(mix(5, seed), j), 0.5)).unwrap()).collect();
                trend(&slopes, 0.95).unwrap().at_least > 0.0
            })
            .count() as u64;
        assert!(binomial::acceptance(seeds, 0.05, 0.999).contains(&alarms), "{alarms}");
    }

    #[test]
    fn a_drift_is_found_with_its_rate() {
        // Up with probability 0.6: 0.2 a step.
        let slopes: Vec<_> = (0..20).map(|j| slope(&walk(mix(6, j), 0.6)).unwrap()).collect();
        let found = trend(&slopes, 0.999).unwrap();
        assert!(found.at_least > 0.0 && (found.slope - 0.2).abs() < 0.05, "{found:?}");
    }

    fn walk(seed: u64, up: f64) -> Vec<(f64, f64)> {
        let mut rng = KeyedRng::new(seed);
        let mut level = 0.0;
        (0..200)
            .map(|i| {
                level += if rng.uniform() < up { 1.0 } else { -1.0 };
                (f64::from(i), level)
            })
            .collect()
    }
}
