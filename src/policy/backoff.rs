//! How long to wait before the next attempt.

use crate::rng::KeyedRng;

/// How a back-off is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// Not at all.
    None,
    /// Uniform between 0 and the whole.
    Full,
    /// Uniform between half and the whole.
    Equal,
}

/// Seconds to wait after the `failed`-th failed attempt (from 1): `first * factor^(failed - 1)`, at most `max`, then spread.
#[must_use]
pub fn backoff_s(first: f64, factor: f64, max: f64, spread: Spread, failed: u32, key: u64) -> f64 {
    let exponent = i32::try_from(failed.saturating_sub(1)).unwrap_or(i32::MAX);
    let whole = (first * factor.powi(exponent)).min(max);
    let u = KeyedRng::new(key).uniform();
    match spread {
        Spread::None => whole,
        Spread::Full => whole * u,
        Spread::Equal => whole * (0.5 + 0.5 * u),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_its_maximum() {
        let waits: Vec<f64> = (1..=5).map(|n| backoff_s(0.1, 2.0, 0.5, Spread::None, n, 0)).collect();
        assert_eq!(waits, [0.1, 0.2, 0.4, 0.5, 0.5]);
    }

    #[test]
    fn jitter_stays_within_its_range() {
        for key in 0..1_000 {
            assert!((0.0..1.0).contains(&backoff_s(1.0, 2.0, 30.0, Spread::Full, 1, key)));
            assert!((0.5..1.0).contains(&backoff_s(1.0, 2.0, 30.0, Spread::Equal, 1, key)));
        }
    }
}
