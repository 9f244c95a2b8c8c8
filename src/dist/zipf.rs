//! Zipf's law over a finite number of keys: its normalising sum and its draws, for up to 10^8 keys.

use std::sync::Arc;

use super::popularity::Tabulated;
use super::{Alias, DistError};
use crate::rng::KeyedRng;

/// Up to this many keys (24 MB) draws and shares come from a table; beyond, draws by rejection and shares by the formula, which
/// need no memory.
pub(super) const TABLE_MAX: u32 = 1 << 20;

/// Key `k` (from 0) has the weight `(k + 1)^-exponent`.
#[derive(Clone, PartialEq)]
pub(super) struct Zipf {
    pub(super) exponent: f64,
    /// The sum of all weights.
    total: f64,
    sampler: Sampler,
}

#[derive(Clone, PartialEq)]
enum Sampler {
    Table(Arc<Tabulated>),
    Inversion(Inversion),
}

impl Zipf {
    /// Draws come from a table for up to `table_max` keys.
    pub(super) fn new(keys: u32, exponent: f64, table_max: u32) -> Result<Self, DistError> {
        let total = power_sum(keys, exponent);
        let sampler = if keys <= table_max {
            let mut weights: Vec<f64> = (0..keys).map(|key| weight(key, exponent)).collect();
            let alias = Alias::new(&weights)?;
            weights.iter_mut().for_each(|weight| *weight /= total);
            Sampler::Table(Arc::new(Tabulated { shares: weights.into(), alias }))
        } else {
            Sampler::Inversion(Inversion::new(keys, exponent))
        };
        Ok(Self { exponent, total, sampler })
    }

    #[inline]
    pub(super) fn sample(&self, rng: &mut KeyedRng) -> u32 {
        match &self.sampler {
            Sampler::Table(table) => table.alias.sample(rng) as u32,
            Sampler::Inversion(inversion) => inversion.sample(rng),
        }
    }

    /// Probability of `key`, which is one of the keys.
    #[inline]
    pub(super) fn share(&self, key: u32) -> f64 {
        match &self.sampler {
            Sampler::Table(table) => table.shares[key as usize],
            Sampler::Inversion(_) => weight(key, self.exponent) / self.total,
        }
    }
}

fn weight(key: u32, exponent: f64) -> f64 {
    (f64::from(key) + 1.0).powf(-exponent)
}

/// The first `TERMS` are added one by one, the others by the Euler-Maclaurin formula, whose error is then below 1e-16 of
/// the sum for exponents up to 10.
const TERMS: u32 = 1_000;

/// The sum of `k^-exponent` over `k` in `1 ..= last`.
fn power_sum(last: u32, exponent: f64) -> f64 {
    // From the smallest term up, so that rounding does not add up.
    let head: f64 = (0..last.min(TERMS)).rev().map(|key| weight(key, exponent)).sum();
    if last <= TERMS {
        return head;
    }
    let (s, a, b) = (exponent, f64::from(TERMS + 1), f64::from(last));
    let fall = |power: f64| a.powf(-power) - b.powf(-power);
    let ends = 0.5 * (a.powf(-s) + b.powf(-s));
    let slopes = s / 12.0 * fall(s + 1.0) - s * (s + 1.0) * (s + 2.0) / 720.0 * fall(s + 3.0);
    integral(b, s) - integral(a, s) + ends + slopes + head
}

/// The integral of `x^-exponent` from 1 to `x`; precise also where `exponent` is next to 1.
fn integral(x: f64, exponent: f64) -> f64 {
    let log = x.ln();
    let power = (1.0 - exponent) * log;
    if power.abs() < 1e-8 { log * (1.0 + power / 2.0) } else { log * power.exp_m1() / power }
}

/// The `x` at which [`integral`] has this value.
fn integral_inverse(value: f64, exponent: f64) -> f64 {
    // Rounding may carry the value beyond the limit of the integral.
    let power = (value * (1.0 - exponent)).max(-1.0);
    let log = if power.abs() < 1e-8 { value * (1.0 - power / 2.0) } else { value * power.ln_1p() / power };
    log.exp()
}

/// Draws by inverting the integral under a hat over the weights; at worst (exponent 3) 1.02 tries a draw on average.
///
/// Source: Hörmann and Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", *ACM
/// Transactions on Modeling and Computer Simulation* 6 (1996).
#[derive(Clone, Debug, PartialEq)]
struct Inversion {
    keys: f64,
    exponent: f64,
    /// The integral at the left end of the first key's bar, which has exactly the area of its weight.
    first: f64,
    /// The integral at the right end of the last key's bar.
    last: f64,
    /// A point at most this far left of its key is accepted without a look at the hat.
    sure: f64,
}

impl Inversion {
    fn new(keys: u32, exponent: f64) -> Self {
        let keys = f64::from(keys);
        let second = integral(2.5, exponent) - 2f64.powf(-exponent);
        Self {
            keys,
            exponent,
            first: integral(1.5, exponent) - 1.0,
            last: integral(keys + 0.5, exponent),
            sure: 2.0 - integral_inverse(second, exponent),
        }
    }

    fn sample(&self, rng: &mut KeyedRng) -> u32 {
        loop {
            let area = self.last + rng.uniform() * (self.first - self.last);
            let x = integral_inverse(area, self.exponent);
            let rank = (x + 0.5).floor().clamp(1.0, self.keys);
            let accepted = rank - x <= self.sure
                || area >= integral(rank + 0.5, self.exponent) - rank.powf(-self.exponent);
            if accepted {
                return rank as u32 - 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_the_weights_is_that_of_adding_them_all() {
        for s in [0.0, 0.3, 0.99, 1.0, 1.0 + 1e-12, 1.5, 4.0, 10.0] {
            for keys in [1, 2, 999, 1_000, 1_001, 1_002, 3_000_000] {
                let slow: f64 = (0..keys).rev().map(|key| weight(key, s)).sum();
                let fast = power_sum(keys, s);
                assert!((fast / slow - 1.0).abs() < 1e-12, "{s}, {keys}: {fast}, not {slow}");
            }
        }
    }

    #[test]
    fn known_sums_of_powers() {
        let euler = 0.577_215_664_901_532_9;
        assert!((power_sum(100_000_000, 1.0) - (1e8_f64.ln() + euler + 0.5e-8)).abs() < 1e-12);
        let tail = 1e-8 - 0.5e-16;
        assert!((power_sum(100_000_000, 2.0) - (std::f64::consts::PI.powi(2) / 6.0 - tail)).abs() < 1e-14);
    }

    #[test]
    fn the_integral_is_inverted() {
        for s in [0.0, 0.9, 1.0 - 1e-9, 1.0, 1.0 + 1e-9, 1.2, 3.0] {
            for x in [0.5, 1.0, 1.5, 7.0, 1e4] {
                let back = integral_inverse(integral(x, s), s);
                assert!((back / x - 1.0).abs() < 1e-7, "{s}: {back}, not {x}");
            }
        }
    }

    #[test]
    fn a_draw_by_rejection_takes_few_tries() {
        // Counted by the numbers the generator gave, on one stream.
        for s in [0.0, 0.5, 1.0, 3.0, 10.0] {
            let inversion = Inversion::new(2_000_000, s);
            let (mut used, mut reference) = (KeyedRng::new(4), KeyedRng::new(4));
            let draws = 10_000;
            (0..draws).for_each(|_| assert!(inversion.sample(&mut used) < 2_000_000));
            let next = used.bits();
            let tries = (0..).take_while(|_| reference.bits() != next).count();
            assert!(tries as f64 <= 1.03 * f64::from(draws), "{s}: {tries}");
        }
    }
}
