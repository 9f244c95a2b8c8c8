//! How often each of many keys is asked for: what a cache, a hot row or a skewed partition sees.

use std::fmt;
use std::sync::Arc;

use super::zipf::{TABLE_MAX, Zipf};
use super::{Alias, DistError, require, short};
use crate::rng::KeyedRng;

/// A distribution over the keys `0 .. len`.
///
/// A clone is cheap: tables are shared.
#[derive(Clone, PartialEq)]
pub struct Popularity {
    keys: u32,
    law: Law,
}

#[derive(Clone, PartialEq)]
enum Law {
    Uniform,
    Zipf(Zipf),
    /// The keys below `hot` together get `share`.
    Hot {
        hot: u32,
        share: f64,
    },
    Empirical(Arc<Tabulated>),
}

/// The probability of each key, and draws by it.
#[derive(PartialEq)]
struct Tabulated {
    shares: Box<[f64]>,
    alias: Alias,
}

/// More keys than this are refused; a pass over their shares already takes seconds.
pub const KEYS_MAX: u32 = 100_000_000;

impl Popularity {
    /// Zipf's law: the weight of key `k`, counted from 0, is `(k + 1)^-s`. Uniform for `s` 0; traffic of caches is often
    /// near 0.6 to 1.
    ///
    /// # Errors
    /// When `n` is not in 1 ..= 10^8, or `s` not in 0 ..= 10.
    pub fn zipf(n: u32, s: f64) -> Result<Self, DistError> {
        let keys = checked_keys(n)?;
        let s = require("s", s, (0.0..=10.0).contains(&s), "an exponent from 0 to 10")?;
        Ok(Self { keys, law: Law::Zipf(Zipf::new(keys, s, TABLE_MAX)?) })
    }

    /// All keys alike.
    ///
    /// # Errors
    /// When `n` is not in 1 ..= 10^8.
    pub fn uniform(n: u32) -> Result<Self, DistError> {
        Ok(Self { keys: checked_keys(n)?, law: Law::Uniform })
    }

    /// The first `keys` keys together get `share` of the requests, the others the rest; within both parts all are alike.
    ///
    /// # Errors
    /// When `n` is not in 1 ..= 10^8, `keys` is 0 or not below `n`, or `share` is not in `keys / n` ..= 1: less would make
    /// the hot keys the cold ones.
    pub fn hot(n: u32, keys: u32, share: f64) -> Result<Self, DistError> {
        let all = checked_keys(n)?;
        if !(1..all).contains(&keys) {
            return Err(DistError::new(
                "number of hot keys",
                keys,
                "at least 1 and below the number of keys",
            ));
        }
        let least = f64::from(keys) / f64::from(all);
        let legal = (least..=1.0).contains(&share);
        let expected = "a number up to 1, and at least the hot keys' share of all keys";
        Ok(Self { keys: all, law: Law::Hot { hot: keys, share: require("share", share, legal, expected)? } })
    }

    /// Key `k` is asked for in proportion to `counts[k]`.
    ///
    /// # Errors
    /// When there are no counts or more than 10^8, one is negative or not finite, or all are 0.
    pub fn empirical(counts: &[f64]) -> Result<Self, DistError> {
        let keys = checked_keys(u32::try_from(counts.len()).unwrap_or(u32::MAX))?;
        let shares = super::alias::shares(counts)?;
        let alias = Alias::new(&shares)?;
        Ok(Self { keys, law: Law::Empirical(Arc::new(Tabulated { shares: shares.into(), alias })) })
    }

    /// A key, in constant time.
    #[inline]
    pub fn sample(&self, rng: &mut KeyedRng) -> u32 {
        match &self.law {
            Law::Uniform => below(self.keys, rng),
            Law::Zipf(zipf) => zipf.sample(rng),
            Law::Hot { hot, share } => {
                if rng.uniform() < *share {
                    below(*hot, rng)
                } else {
                    hot + below(self.keys - hot, rng)
                }
            }
            Law::Empirical(observed) => observed.alias.sample(rng) as u32,
        }
    }

    /// Number of keys; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is at least one key")]
    pub fn len(&self) -> u32 {
        self.keys
    }

    /// Probability that a request asks for `key`; 0 where there is no such key.
    #[must_use]
    pub fn share(&self, key: u32) -> f64 {
        if key >= self.keys {
            return 0.0;
        }
        match &self.law {
            Law::Uniform => 1.0 / f64::from(self.keys),
            Law::Zipf(zipf) => zipf.share(key),
            Law::Hot { hot, share } if key < *hot => share / f64::from(*hot),
            Law::Hot { hot, share } => (1.0 - share) / f64::from(self.keys - hot),
            Law::Empirical(observed) => observed.shares[key as usize],
        }
    }

    /// The probability of each key, in order; computed one by one, so that 10^8 keys need no memory.
    pub fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.keys).map(|key| self.share(key))
    }
}

fn checked_keys(n: u32) -> Result<u32, DistError> {
    if (1..=KEYS_MAX).contains(&n) {
        Ok(n)
    } else {
        Err(DistError::new("number of keys", n, "at least 1 and at most 100000000"))
    }
}

/// Uniform in `0 .. n`, by multiply-shift: no number is favoured by more than `n` parts in 2^64.
fn below(n: u32, rng: &mut KeyedRng) -> u32 {
    ((u128::from(rng.bits()) * u128::from(n)) >> 64) as u32
}

impl fmt::Display for Popularity {
    /// `zipf 0.9 over 20,000 keys`, `100 hot keys with 80 % of 10,000 keys' requests`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = counted(self.keys);
        match &self.law {
            Law::Uniform => write!(f, "uniform over {all}"),
            Law::Zipf(zipf) => write!(f, "zipf {} over {all}", short(zipf.exponent)),
            Law::Hot { hot, share } => {
                let hot = counted_as(*hot, "hot key");
                write!(f, "{hot} with {} % of {all}' requests", short(100.0 * share))
            }
            Law::Empirical(_) => write!(f, "{all} by counts"),
        }
    }
}

impl fmt::Debug for Popularity {
    /// As it is shown: a million columns of a table help nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Popularity({self})")
    }
}

fn counted(keys: u32) -> String {
    counted_as(keys, "key")
}

/// `1 key`, `20,000 keys`.
fn counted_as(n: u32, noun: &str) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let plural = if n == 1 { "" } else { "s" };
    format!("{out} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    /// Chi-square of `n` draws against the shares, over the classes of keys that these bounds separate; each class must
    /// expect some draws.
    fn chi_square(popularity: &Popularity, bounds: &[u32], n: u64) -> f64 {
        let class = |key: u32| bounds.partition_point(|bound| *bound <= key);
        let (mut found, mut shares) = (vec![0.0; bounds.len() + 1], vec![0.0; bounds.len() + 1]);
        for i in 0..n {
            let key = popularity.sample(&mut KeyedRng::new(mix(31, i)));
            assert!(key < popularity.len());
            found[class(key)] += 1.0;
        }
        for (key, share) in (0..).zip(popularity.shares()) {
            shares[class(key)] += share;
        }
        let n = n as f64;
        found.iter().zip(&shares).map(|(found, p): (&f64, &f64)| (found - n * p).powi(2) / (n * p)).sum()
    }

    /// Zipf with draws by the way that `table_max` chooses.
    fn zipf(n: u32, s: f64, table_max: u32) -> Popularity {
        Popularity { keys: n, law: Law::Zipf(Zipf::new(n, s, table_max).unwrap()) }
    }

    #[test]
    fn keys_come_as_often_as_their_shares() {
        let kinds = [
            Popularity::uniform(8),
            Popularity::zipf(8, 0.9),
            Popularity::hot(8, 3, 0.7),
            Popularity::empirical(&[5.0, 1.0, 1.0, 9.0, 2.0, 0.5, 3.0, 3.0]),
        ];
        for kind in kinds.map(Result::unwrap) {
            // 7 degrees of freedom: above 24.3 in 1 of 1,000 samples.
            let chi = chi_square(&kind, &[1, 2, 3, 4, 5, 6, 7], 100_000);
            assert!(chi < 24.3, "{kind}: {chi}");
        }
    }

    #[test]
    fn both_ways_to_draw_from_zipf_give_its_shares() {
        for s in [0.0, 0.2, 0.9, 1.0, 1.0 + 1e-10, 1.3] {
            let [table, strips] = [2_000, 0].map(|table_max| zipf(2_000, s, table_max));
            assert!(table.shares().eq(strips.shares()));
            for way in [table, strips] {
                // 8 degrees of freedom: above 26.1 in 1 of 1,000 samples.
                let chi = chi_square(&way, &[1, 2, 3, 5, 10, 50, 300, 1_999], 400_000);
                assert!(chi < 26.1, "{s}: {chi}");
            }
        }
        // A steep law, whose far keys are never seen: 3 degrees of freedom, 99.9 % point 16.3.
        for table_max in [2_000, 0] {
            assert!(chi_square(&zipf(2_000, 4.0, table_max), &[1, 2, 3], 100_000) < 16.3);
        }
    }

    #[test]
    fn many_keys_need_no_table() {
        let many = Popularity::zipf(3_000_000, 0.8).unwrap();
        // 6 degrees of freedom: above 22.5 in 1 of 1,000 samples.
        let chi = chi_square(&many, &[1, 10, 1_000, 100_000, 1_000_000, 2_000_000], 200_000);
        assert!(chi < 22.5, "{chi}");
        let most = Popularity::zipf(KEYS_MAX, 1.0).unwrap();
        assert!((most.share(0) * 18.997_896_413_853_9 - 1.0).abs() < 1e-12, "{}", most.share(0));
        assert!((0..1_000).any(|i| most.sample(&mut KeyedRng::new(i)) > KEYS_MAX / 2));
    }

    #[test]
    fn shares_sum_to_one_and_fall() {
        let kinds = [
            Popularity::uniform(1_000),
            Popularity::zipf(1_500_000, 0.7),
            Popularity::zipf(100, 10.0),
            Popularity::hot(1_000, 10, 0.8),
        ];
        for kind in kinds.map(Result::unwrap) {
            assert!((kind.shares().sum::<f64>() - 1.0).abs() < 1e-10, "{kind}");
            assert!(kind.shares().is_sorted_by(|a, b| a >= b), "{kind}");
            assert_eq!(kind.shares().count(), kind.len() as usize);
            assert_eq!(kind.share(kind.len()), 0.0);
        }
    }

    #[test]
    fn shares_by_hand() {
        let thirds = Popularity::zipf(2, 1.0).unwrap();
        assert!((thirds.share(0) - 2.0 / 3.0).abs() < 1e-15);
        let hot = Popularity::hot(10, 2, 0.8).unwrap();
        assert_eq!((hot.share(1), hot.share(2)), (0.4, (1.0 - 0.8) / 8.0));
        let counts = Popularity::empirical(&[1.0, 0.0, 3.0]).unwrap();
        assert!(counts.shares().eq([0.25, 0.0, 0.75]));
        let flat = Popularity::zipf(5, 0.0).unwrap();
        assert!(flat.shares().eq(Popularity::uniform(5).unwrap().shares()));
    }

    #[test]
    fn edges_are_legal() {
        let one = [
            Popularity::uniform(1),
            Popularity::zipf(1, 0.0),
            Popularity::zipf(1, 10.0),
            Popularity::empirical(&[3.0]),
        ];
        for one in one.map(Result::unwrap) {
            assert_eq!((one.sample(&mut KeyedRng::new(5)), one.share(0)), (0, 1.0), "{one}");
        }
        assert_eq!(zipf(1, 1.0, 0).sample(&mut KeyedRng::new(5)), 0);
        // All requests to the hot keys; and a key without a count is never drawn.
        let hot = Popularity::hot(3, 1, 1.0).unwrap();
        let gap = Popularity::empirical(&[0.0, 1.0, 0.0]).unwrap();
        for i in 0..1_000 {
            assert_eq!(hot.sample(&mut KeyedRng::new(i)), 0);
            assert_eq!(gap.sample(&mut KeyedRng::new(i)), 1);
        }
        assert!(Popularity::hot(10, 1, 0.1).is_ok());
    }

    #[test]
    fn equal_arguments_make_equal_popularities() {
        let new = |s| Popularity::zipf(1_000, s).unwrap();
        assert_eq!(new(0.9), new(0.9).clone());
        assert_ne!(new(0.9), new(0.8));
        assert_ne!(new(0.0), Popularity::uniform(1_000).unwrap());
    }

    #[test]
    fn impossible_popularities_are_refused() {
        let wrong = [
            Popularity::zipf(0, 1.0),
            Popularity::zipf(KEYS_MAX + 1, 1.0),
            Popularity::zipf(10, -0.1),
            Popularity::zipf(10, 10.1),
            Popularity::zipf(10, f64::NAN),
            Popularity::uniform(0),
            Popularity::hot(10, 0, 0.5),
            Popularity::hot(10, 10, 1.0),
            Popularity::hot(10, 5, 0.4),
            Popularity::hot(10, 1, 1.1),
            Popularity::hot(10, 1, f64::NAN),
            Popularity::empirical(&[]),
            Popularity::empirical(&[0.0]),
            Popularity::empirical(&[1.0, -1.0]),
        ];
        assert!(wrong.iter().all(Result::is_err), "{wrong:?}");
        let message = Popularity::hot(10, 5, 0.4).unwrap_err().to_string();
        assert!(message.starts_with("invalid share '0.4', which should be a number up to 1"), "{message}");
    }

    #[test]
    fn popularities_print_as_a_reader_would_check_them() {
        let shown = |popularity: Result<Popularity, DistError>| popularity.unwrap().to_string();
        assert_eq!(shown(Popularity::zipf(20_000, 0.9)), "zipf 0.9 over 20,000 keys");
        assert_eq!(shown(Popularity::uniform(1_000)), "uniform over 1,000 keys");
        assert_eq!(shown(Popularity::uniform(1)), "uniform over 1 key");
        let hot = Popularity::hot(10_000, 100, 0.8);
        assert_eq!(shown(hot.clone()), "100 hot keys with 80 % of 10,000 keys' requests");
        assert_eq!(
            format!("{:?}", hot.unwrap()),
            "Popularity(100 hot keys with 80 % of 10,000 keys' requests)"
        );
        assert_eq!(shown(Popularity::hot(999, 1, 0.5)), "1 hot key with 50 % of 999 keys' requests");
        assert_eq!(shown(Popularity::empirical(&vec![1.0; 5_000])), "5,000 keys by counts");
    }
}
