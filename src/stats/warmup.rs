//! Where the warm-up ends, and whether what follows is steady.

use super::interval;

/// Where to cut a series that starts away from its steady state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Entries to drop from the start.
    pub index: usize,
    /// The cut lies beyond half the series: it is too short to judge, and the caller takes twice as much.
    pub beyond_half: bool,
}

/// MSER-5: of all truncations the one whose rest has the narrowest interval for its mean.
///
/// The series (best the average over replications of batch means) is averaged in fives, Y_1 … Y_k. The cut d
/// minimises Σ_{i > d} (Y_i - Ȳ_d)² / (k - d)². The last five averages are no candidates, since the few that
/// would be left may agree by chance. `None` below ten fives.
///
/// Source: White, *An effective truncation heuristic for bias reduction in simulation output* (Simulation 69,
/// 1997); White, Cobb and Spratt, *A comparison of five steady-state truncation heuristics* (WSC 2000).
#[must_use]
pub fn mser5(series: &[f64]) -> Option<Cut> {
    let fives: Vec<_> = series.chunks_exact(5).map(|five| five.iter().sum::<f64>() / 5.0).collect();
    if fives.len() < FIVES_MIN {
        return None;
    }
    let cut = best_truncation(&fives);
    Some(Cut { index: 5 * cut, beyond_half: 2 * cut > fives.len() })
}

const FIVES_MIN: usize = 10;
const NO_CANDIDATES: usize = 5;

fn best_truncation(values: &[f64]) -> usize {
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    // From the end, so that each rest grows out of the last by one step of Welford.
    for (d, &value) in values.iter().enumerate().rev() {
        let rest = (values.len() - d) as f64;
        let deviation = value - mean;
        mean += deviation / rest;
        squares += deviation * (value - mean);
        let statistic = squares / (rest * rest);
        if d + NO_CANDIDATES <= values.len() && statistic <= best.0 {
            best = (statistic, d);
        }
    }
    best.1
}

/// Holds the second half of runs against the first, paired over replications: the t statistic of the mean
/// difference, `second - first`, with n - 1 degrees of freedom.
///
/// 0 where all pairs are equal, infinite where they differ by exactly the same, `None` below two pairs.
#[must_use]
pub fn halves(first: &[f64], second: &[f64]) -> Option<f64> {
    let (mean, error) = interval::mean_and_error(&interval::differences(second, first)).ok()?;
    Some(if mean == 0.0 { 0.0 } else { mean / error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{KeyedRng, mix};

    fn fives(averages: &[f64]) -> Vec<f64> {
        averages.iter().flat_map(|&y| [y; 5]).collect()
    }

    #[test]
    fn mser_of_a_small_series_is_that_worked_by_hand() {
        let averages = [9.0, 4.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0];
        // d = 0: mean 2.5, squares 42.25 + 2.25 + 4 x 2.25 + 4 x 0.25 = 54.5, over 100: 0.545.
        // d = 1: mean 16/9, squares 36 - 256/9 = 7.556, over 81: 0.0933.
        // d = 2: mean 1.5, squares 8 x 0.25 = 2, over 64: 0.03125, the least; d = 3: 1.714 / 49 = 0.0350;
        // d = 4: 1.5 / 36 = 0.0417; d = 5: 1.2 / 25 = 0.048.
        assert_eq!(mser5(&fives(&averages)), Some(Cut { index: 10, beyond_half: false }));
    }

    #[test]
    fn a_steady_series_is_not_cut() {
        assert_eq!(mser5(&[0.1; 50]), Some(Cut { index: 0, beyond_half: false }));
        assert_eq!(mser5(&[0.1; 49]), None);
    }

    #[test]
    fn a_series_that_settles_late_asks_for_more() {
        let settles =
            |at: usize| mser5(&fives(&(0..20).map(|i| if i < at { 9.0 } else { 1.0 }).collect::<Vec<_>>()));
        assert_eq!(settles(10), Some(Cut { index: 50, beyond_half: false }));
        assert_eq!(settles(12), Some(Cut { index: 60, beyond_half: true }));
    }

    #[test]
    fn a_rising_series_asks_for_more() {
        let rising: Vec<_> = (0..500).map(f64::from).collect();
        assert!(mser5(&rising).unwrap().beyond_half);
    }

    #[test]
    fn a_decaying_start_under_noise_is_cut_within_a_few_time_constants() {
        // 10 exp(-i/50) + uniform noise of standard deviation 0.29; after 50 ln(10/0.29) = 177 the start is
        // below the noise.
        for seed in 0..20 {
            let mut rng = KeyedRng::new(mix(21, seed));
            let series: Vec<_> =
                (0..1_000).map(|i| 10.0 * (-f64::from(i) / 50.0).exp() + rng.uniform()).collect();
            let cut = mser5(&series).unwrap();
            assert!((100..400).contains(&cut.index) && !cut.beyond_half, "{cut:?}");
        }
    }

    #[test]
    fn halves_give_the_paired_t_worked_by_hand() {
        // Differences 1, 2, 3: mean 2, s = 1, t = 2 sqrt(3).
        let t = halves(&[1.0, 1.0, 1.0], &[2.0, 3.0, 4.0]).unwrap();
        assert!((t - 2.0 * 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(halves(&[1.0, 2.0], &[1.0, 2.0]), Some(0.0));
        assert_eq!(halves(&[1.0, 2.0], &[2.0, 3.0]), Some(f64::INFINITY));
        assert_eq!(halves(&[1.0], &[2.0]), None);
    }
}
