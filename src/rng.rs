//! Random numbers by key: a draw depends on *what it is for*, never on what was drawn before it.
//!
//! Every call carries a 64-bit key made from its parent's key and its place in the program. A draw is a short
//! SplitMix64 sequence that starts at `mix(key, purpose)`. So a request brings its draws along, and two variants of a
//! model see the same work wherever their structure agrees.

use std::convert::Infallible;

use rand::TryRng;

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64: a bijection on 64 bits in which every input bit moves every output bit.
///
/// Source: Steele, Lea, Flood, *Fast Splittable Pseudorandom Number Generators* (2014), variant 13 of Stafford.
#[inline]
#[must_use]
pub fn scramble(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The key of a part: `key` names the whole, `part` the part within it.
#[inline]
#[must_use]
pub fn mix(key: u64, part: u64) -> u64 {
    mix_salt(key, salt(part))
}

/// What [`mix`] makes of a part, for parts that are mixed in again and again.
#[inline]
#[must_use]
pub fn salt(part: u64) -> u64 {
    part.wrapping_mul(GOLDEN).wrapping_add(GOLDEN)
}

/// [`mix`] with the [`salt`] of a part.
#[inline]
#[must_use]
pub fn mix_salt(key: u64, salt: u64) -> u64 {
    scramble(key ^ salt)
}

/// SplitMix64, started at a key: a handful of numbers for one draw.
#[derive(Clone, Debug)]
pub struct KeyedRng {
    state: u64,
}

impl KeyedRng {
    /// The generator of one draw.
    #[inline]
    #[must_use]
    pub fn new(key: u64) -> Self {
        Self { state: key }
    }

    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        scramble(self.state)
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// So that the samplers of `rand_distr` can draw from it.
impl TryRng for KeyedRng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.bits() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let word = self.bits().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_is_that_of_the_reference_implementation() {
        // SplitMix64 seeded with 1234567, from the published C code.
        let mut rng = KeyedRng::new(1_234_567);
        assert_eq!(rng.bits(), 6_457_827_717_110_365_317);
        assert_eq!(rng.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn neighbouring_keys_give_uncorrelated_draws() {
        let n = 100_000;
        let (mut xy, mut x1, mut x2) = (0.0, 0.0, 0.0);
        for i in 0..n {
            let a = KeyedRng::new(mix(7, i)).uniform() - 0.5;
            let b = KeyedRng::new(mix(7, i + 1)).uniform() - 0.5;
            xy += a * b;
            x1 += a;
            x2 += a * a;
        }
        let n = n as f64;
        // Standard deviations: mean 0.289/sqrt(n), variance 1/sqrt(180 n), covariance (1/12)/sqrt(n); four of each.
        assert!((x1 / n).abs() < 4.0 * 0.289 / n.sqrt());
        assert!((x2 / n - 1.0 / 12.0).abs() < 4.0 / (180.0 * n).sqrt());
        assert!((xy / n).abs() < 4.0 / 12.0 / n.sqrt());
    }
}
