//! Zipf's law over a finite number of keys: its normalising sum and its draws, for up to 10^8 keys.

use std::sync::Arc;

use super::{Alias, DistError};
use crate::rng::KeyedRng;

/// Up to this many keys (2 MB) draws come from a table of them all. Beyond, most draws would wait for memory, and push everything else
/// out of the processor's cache; draws by strips need 20 kB, however many keys there are.
pub(super) const TABLE_MAX: u32 = 1 << 17;
/// Up to this many keys (8 MB) shares are kept, for those who ask for all of them in turn.
const SHARES_MAX: u32 = 1 << 20;

/// Key `k` (from 0) has the weight `(k + 1)^-exponent`.
#[derive(Clone, PartialEq)]
pub(super) struct Zipf {
    pub(super) exponent: f64,
    /// The sum of all weights.
    total: f64,
    /// Probability of each key; empty where they are too many.
    shares: Arc<[f64]>,
    sampler: Sampler,
}

#[derive(Clone, PartialEq)]
enum Sampler {
    Table(Arc<Alias>),
    Strips(Arc<Strips>),
}

impl Zipf {
    /// Draws come from a table for up to `table_max` keys.
    pub(super) fn new(keys: u32, exponent: f64, table_max: u32) -> Result<Self, DistError> {
        let total = power_sum(keys, exponent);
        let kept = if keys <= SHARES_MAX { keys } else { 0 };
        let mut weights: Vec<f64> = (0..kept).map(|key| weight(key, exponent)).collect();
        let sampler = if keys <= table_max {
            Sampler::Table(Arc::new(Alias::new(&weights)?))
        } else {
            Sampler::Strips(Arc::new(Strips::new(keys, exponent)?))
        };
        weights.iter_mut().for_each(|weight| *weight /= total);
        Ok(Self { exponent, total, shares: weights.into(), sampler })
    }

    #[inline]
    pub(super) fn sample(&self, rng: &mut KeyedRng) -> u32 {
        match &self.sampler {
            Sampler::Table(alias) => alias.sample(rng) as u32,
            Sampler::Strips(strips) => strips.sample(rng),
        }
    }

    /// Probability of `key`, which is one of the keys.
    #[inline]
    pub(super) fn share(&self, key: u32) -> f64 {
        let kept = self.shares.get(key as usize).copied();
        kept.unwrap_or_else(|| weight(key, self.exponent) / self.total)
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

/// Neighbouring keys, and how their weights stand to that of the first.
#[derive(Clone, Copy, PartialEq)]
struct Strip {
    first: u32,
    len: u32,
    /// The weight of the last over that of the first.
    least: f64,
}

/// Draws by rejection under stairs: the keys are cut into strips, each is taken to have the weight of its first key throughout, and a
/// key drawn so is kept with the probability of its own weight over that.
///
/// A strip is at most 1/64 as long as what lies before it, so that nearly all draws are kept without a look at the weight; where it is
/// one key all are. A draw takes 1.01 tries on average at most.
#[derive(PartialEq)]
struct Strips {
    exponent: f64,
    strips: Box<[Strip]>,
    /// Chooses a strip, in proportion to its stairs.
    alias: Alias,
}

/// A strip has so many times fewer keys than lie before it.
const FINENESS: u32 = 64;

impl Strips {
    fn new(keys: u32, exponent: f64) -> Result<Self, DistError> {
        let lens = std::iter::successors(Some((0, 1)), |&(first, len): &(u32, u32)| {
            let next = first + len;
            Some((next, (next / FINENESS).max(1)))
        });
        let strips: Box<[Strip]> = lens
            .take_while(|&(first, _)| first < keys)
            .map(|(first, len)| {
                let len = len.min(keys - first);
                let least = weight(first + len - 1, exponent) / weight(first, exponent);
                Strip { first, len, least }
            })
            .collect();
        let stairs: Vec<f64> =
            strips.iter().map(|strip| f64::from(strip.len) * weight(strip.first, exponent)).collect();
        Ok(Self { exponent, alias: Alias::new(&stairs)?, strips })
    }

    #[inline]
    fn sample(&self, rng: &mut KeyedRng) -> u32 {
        loop {
            let Strip { first, len, least } = self.strips[self.alias.sample(rng)];
            if len == 1 {
                return first;
            }
            // One wide product gives both: the key above the point, below it the height under the stairs.
            let wide = u128::from(rng.bits()) * u128::from(len);
            let (key, height) = (first + (wide >> 64) as u32, wide as u64 as f64 / WHOLE);
            if height < least || height < weight(key, self.exponent) / weight(first, self.exponent) {
                return key;
            }
        }
    }
}

/// 2^64.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

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
    fn strips_follow_one_another_and_are_short() {
        for keys in [1, 2, 64, 65, 128, 129, 100_000, 100_000_000] {
            let strips = Strips::new(keys, 1.0).unwrap().strips;
            let ends = strips.iter().scan(0, |end, strip| {
                assert_eq!(strip.first, *end);
                *end += strip.len;
                Some(*end)
            });
            assert_eq!(ends.last(), Some(keys));
            assert!(strips.iter().all(|strip| strip.len == 1 || strip.len <= strip.first / FINENESS));
            assert!(strips.len() < 1_100, "{}", strips.len());
        }
    }

    #[test]
    fn within_a_strip_keys_come_as_often_as_their_weights() {
        // One long strip, whose last key has an eighth of the weight of its first.
        let s = 3.0;
        let least = weight(199, s) / weight(99, s);
        let strips = [Strip { first: 99, len: 101, least }].into();
        let strips = Strips { exponent: s, strips, alias: Alias::new(&[1.0]).unwrap() };
        let (mut rng, draws, mut found) = (KeyedRng::new(2), 100_000, [0.0; 10]);
        (0..draws).for_each(|_| found[((strips.sample(&mut rng) - 99) / 10).min(9) as usize] += 1.0);
        let weights: Vec<f64> = (0..10)
            .map(|tenth| (0..if tenth == 9 { 11 } else { 10 }).map(|k| weight(99 + 10 * tenth + k, s)).sum())
            .collect();
        let all: f64 = weights.iter().sum();
        let expected = weights.iter().map(|weight| weight / all * f64::from(draws));
        let chi: f64 =
            found.iter().zip(expected).map(|(found, n): (&f64, f64)| (found - n).powi(2) / n).sum();
        // 9 degrees of freedom: above 27.9 in 1 of 1,000 samples.
        assert!(chi < 27.9, "{chi}");
    }

    #[test]
    fn a_draw_by_strips_takes_few_tries() {
        // Counted by the numbers the generator gave, on one stream: two a try, one where the strip has but one key.
        for s in [0.0, 0.5, 1.0, 3.0, 10.0] {
            let strips = Strips::new(2_000_000, s).unwrap();
            let (mut used, mut reference) = (KeyedRng::new(4), KeyedRng::new(4));
            let draws = 10_000;
            let drawn: Vec<u32> = (0..draws).map(|_| strips.sample(&mut used)).collect();
            assert!(drawn.iter().all(|&key| key < 2_000_000));
            let least: usize = drawn.iter().map(|&key| if key < 2 * FINENESS { 1 } else { 2 }).sum();
            let next = used.bits();
            let numbers = (0..).take_while(|_| reference.bits() != next).count();
            assert!((least..=least + 200).contains(&numbers), "{s}: {numbers}, at least {least}");
        }
    }
}
