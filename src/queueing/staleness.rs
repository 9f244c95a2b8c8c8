//! How often a read sees old data: from a replica that lags, or from a cache that is not told of writes.
//!
//! Writes to a key are a Poisson process, and reads come independently of them. All functions take 0 or more and answer in
//! [0, 1]; times may be infinite.

use super::caching::{expected, saturating};

/// Probability that a read of a replica misses the newest write, when each write reaches it exactly `lag_s` seconds late: that
/// of a write within the last `lag_s`, `1 - e^(-w d)`.
///
/// It holds for any lag of that mean, too, where the replica applies the writes of the key in order: the newest is applied
/// once all are, and the writes on their way are a Poisson number (M/G/oo).
///
/// Source: for M/G/oo, Takács, *Introduction to the Theory of Queues* (1962).
#[must_use]
pub fn stale_fixed_lag(write_rate_per_s: f64, lag_s: f64) -> f64 {
    -(-expected(write_rate_per_s, lag_s)).exp_m1()
}

/// Probability that a read of a replica misses the newest write, when each write reaches it after an independent exponential
/// lag of this mean, and an older one that comes later does not undo it.
///
/// The age of the newest write is exponential of rate `w`, so its lag is the longer with probability `w d / (1 + w d)`.
#[must_use]
pub fn stale_exponential_lag(write_rate_per_s: f64, lag_mean_s: f64) -> f64 {
    saturating(expected(write_rate_per_s, lag_mean_s))
}

/// Share of the *hits* that are stale in a cache whose entries expire `ttl_s` seconds after they were loaded, and which is not
/// told of writes. Of all reads it is that times the hit ratio, [`ttl_fixed_hit`](super::ttl_fixed_hit).
///
/// Poisson reads hit an entry at ages uniform over its life, and at age `a` it is stale with probability `1 - e^(-w a)`:
/// `1 - (1 - e^(-w T)) / (w T)`.
#[must_use]
pub fn stale_ttl(write_rate_per_s: f64, ttl_s: f64) -> f64 {
    let x = expected(write_rate_per_s, ttl_s);
    if x < 1e-2 {
        // The difference below would cancel.
        return x / 2.0 * (1.0 - x / 3.0 * (1.0 - x / 4.0 * (1.0 - x / 5.0 * (1.0 - x / 6.0))));
    }
    1.0 + (-x).exp_m1() / x
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;
    use crate::rng::KeyedRng;

    fn exponential(mean: f64, rng: &mut KeyedRng) -> f64 {
        -mean * (1.0 - rng.uniform()).ln()
    }

    /// Writes before a read, newest first, as age and lag; so far back that none before can be on its way.
    fn writes(
        rate: f64,
        mean_lag: f64,
        mut lag: impl FnMut(&mut KeyedRng) -> f64,
        key: u64,
    ) -> Vec<(f64, f64)> {
        let mut rng = KeyedRng::new(crate::rng::mix(51, key));
        let mut age = 0.0;
        let mut all = Vec::new();
        while age < 40.0 * mean_lag {
            age += exponential(1.0 / rate, &mut rng);
            all.push((age, lag(&mut rng)));
        }
        all
    }

    /// Asserts that the share of 100,000 independent reads is within four standard deviations of `truth`.
    #[track_caller]
    fn assert_share(stale: impl Fn(u64) -> bool, truth: f64) {
        let n = 100_000;
        let found = (0..n).filter(|read| stale(*read)).count() as f64 / n as f64;
        let sigma = (truth * (1.0 - truth) / n as f64).sqrt();
        assert!((found - truth).abs() < 4.0 * sigma, "{found} is not {truth} +- {sigma}");
    }

    #[test]
    fn simulated_replicas_are_as_stale_as_the_formulas_say() {
        let (rate, lag) = (2.0, 0.3);
        let newest_on_its_way = |writes: Vec<(f64, f64)>| writes[0].1 > writes[0].0;
        assert_share(|read| newest_on_its_way(writes(rate, lag, |_| lag, read)), stale_fixed_lag(rate, lag));
        let random = |read| writes(rate, lag, |rng| exponential(lag, rng), read);
        assert_share(|read| newest_on_its_way(random(read)), stale_exponential_lag(rate, lag));
        // In order: any write on its way holds the newest up.
        assert_share(|read| random(read).iter().any(|(age, lag)| lag > age), stale_fixed_lag(rate, lag));
    }

    #[test]
    fn simulated_hits_are_as_stale_as_the_formula_says() {
        let (read_rate, write_rate, ttl) = (5.0, 0.8, 1.5);
        let truth = stale_ttl(write_rate, ttl);
        let (mut hits, mut stale, mut spread) = (0.0, 0.0, 0.0_f64);
        for load in 0..20_000 {
            let mut rng = KeyedRng::new(crate::rng::mix(52, load));
            let first_write = exponential(1.0 / write_rate, &mut rng);
            let mut age = exponential(1.0 / read_rate, &mut rng);
            let (mut here, mut old) = (0.0, 0.0);
            while age < ttl {
                here += 1.0;
                old += if age > first_write { 1.0 } else { 0.0 };
                age += exponential(1.0 / read_rate, &mut rng);
            }
            hits += here;
            stale += old;
            spread += (old - truth * here).powi(2);
        }
        // A ratio over independent loads: four standard deviations.
        assert!((stale / hits - truth).abs() < 4.0 * spread.sqrt() / hits, "{} is not {truth}", stale / hits);
    }

    #[test]
    fn staleness_by_hand() {
        assert_near(stale_fixed_lag(2.0, 0.5), 1.0 - (-1.0_f64).exp(), 1e-15);
        assert_near(stale_exponential_lag(3.0, 1.0), 0.75, 1e-15);
        assert_near(stale_ttl(1.0, 1.0), (-1.0_f64).exp(), 1e-15);
        let unwritten = [stale_fixed_lag(0.0, 9.0), stale_exponential_lag(0.0, 9.0), stale_ttl(0.0, 9.0)];
        assert_eq!(unwritten, [0.0; 3]);
        assert_eq!((stale_ttl(0.0, f64::INFINITY), stale_ttl(1.0, f64::INFINITY)), (0.0, 1.0));
    }

    #[test]
    fn rare_writes_keep_their_digits() {
        for x in [0.009_999_999_f64, 0.010_000_001] {
            let series = x / 2.0 - x * x / 6.0 + x.powi(3) / 24.0 - x.powi(4) / 120.0;
            assert!((stale_ttl(x, 1.0) / series - 1.0).abs() < 1e-9);
        }
        assert!((stale_ttl(1e-12, 1.0) / 0.5e-12 - 1.0).abs() < 1e-11);
    }
}
