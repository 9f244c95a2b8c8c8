//! How often a thing of known probability may happen: acceptance ranges for the coverage of intervals. And how probable a thing may be that was
//! never seen.

use std::ops::RangeInclusive;

/// The counts of successes in `n` trials of probability `p` that a test at `confidence` accepts: all but the
/// two tails of at most (1 - confidence) / 2 each, exactly.
///
/// `p` and `confidence` lie in (0, 1). 1,000 intervals at 95 % cover 926 to 971 times, at 99.9 %.
#[must_use]
pub fn acceptance(n: u64, p: f64, confidence: f64) -> RangeInclusive<u64> {
    let weights = weights(n, p);
    let tail = weights.iter().sum::<f64>() * (1.0 - confidence) / 2.0;
    let cut = |ordered: &mut dyn Iterator<Item = &f64>| {
        let mut sum = 0.0;
        ordered
            .take_while(|weight| {
                sum += **weight;
                sum <= tail
            })
            .count() as u64
    };
    cut(&mut weights.iter())..=n - cut(&mut weights.iter().rev())
}

/// The upper end of the exact interval of a probability of which `n` independent trials showed nothing: 3.69 / n at 95 %. Both tails count,
/// as in the other intervals.
///
/// Source: Clopper and Pearson, *The use of confidence or fiducial limits illustrated in the case of the binomial* (Biometrika 26, 1934).
#[must_use]
pub fn at_most_of_none(n: u64, confidence: f64) -> f64 {
    if n == 0 { 1.0 } else { -(((1.0 - confidence) / 2.0).ln() / n as f64).exp_m1() }
}

/// Probabilities of 0 ..= n successes, up to a common factor: 1 at the mode, so that nothing that matters
/// underflows.
fn weights(n: u64, p: f64) -> Vec<f64> {
    let odds = p / (1.0 - p);
    let mode = (((n + 1) as f64 * p) as u64).min(n);
    let mut weights = vec![1.0; n as usize + 1];
    for k in mode + 1..=n {
        weights[k as usize] = weights[k as usize - 1] * odds * (n - k + 1) as f64 / k as f64;
    }
    for k in (0..mode).rev() {
        weights[k as usize] = weights[k as usize + 1] / odds * (k + 1) as f64 / (n - k) as f64;
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, DiscreteCDF};

    #[test]
    fn ten_coin_tosses_are_accepted_from_two_to_eight() {
        // P(X <= 1) = 11/1024 = 0.0107, P(X <= 2) = 56/1024 = 0.0547: a tail of 0.025 takes 0 and 1.
        assert_eq!(acceptance(10, 0.5, 0.95), 2..=8);
    }

    #[test]
    fn what_was_never_seen_has_the_exact_bound() {
        // 1 - 0.025^(1/n): n = 1 gives 0.975, n = 10 the 0.3085 of the printed tables.
        assert!((at_most_of_none(1, 0.95) - 0.975).abs() < 1e-12);
        assert!((at_most_of_none(10, 0.95) - 0.308_5).abs() < 5e-5);
        assert_eq!(at_most_of_none(0, 0.95), 1.0);
        // At the bound, nothing is seen with the probability of one tail.
        for n in [40, 1_000, 1_000_000] {
            let oracle = Binomial::new(at_most_of_none(n, 0.999), n).unwrap();
            assert!((oracle.cdf(0) - 0.000_5).abs() < 1e-9);
        }
    }

    #[test]
    fn coverage_of_a_thousand_intervals_has_the_range_stated_above() {
        assert_eq!(acceptance(1_000, 0.95, 0.999), 926..=971);
    }

    #[test]
    fn tails_agree_with_an_independent_distribution_function() {
        for (n, p, confidence) in [(1_000, 0.95, 0.999), (200, 0.95, 0.999), (50, 0.02, 0.99), (1, 0.5, 0.95)]
        {
            let oracle = Binomial::new(p, n).unwrap();
            let (tail, range) = ((1.0 - confidence) / 2.0, acceptance(n, p, confidence));
            let (low, high) = (*range.start(), *range.end());
            assert!(low == 0 || oracle.cdf(low - 1) <= tail);
            assert!(oracle.cdf(low) > tail);
            assert!(oracle.sf(high) <= tail + 1e-12);
            assert!(high == 0 || oracle.sf(high - 1) > tail);
        }
    }
}
