//! Hit ratios of caches whose keys are asked for independently of the past (the independent reference model).
//!
//! Popularities are given as shares or as rates: any numbers from 0 on, since only their proportions count. A key of
//! weight 0 is never asked for and takes no place. What a hit is worth, when data change, is told by
//! [`stale_ttl`](super::stale_ttl).

/// The largest number of keys for which [`lru_exact`] answers: 2^20 sets.
const LRU_KEYS_MAX: usize = 20;

/// Exact hit ratio, in [0, 1], of an LRU cache of `entries` entries; `None` for more than 20 keys that are asked for.
///
/// The cache holds the `entries` keys asked for last. With `a(S)` the probability that the last `|S|` different keys are
/// those of `S`, `a(S + i)` sums `a(S) p_i / (1 - p(S))` over the ways to reach it; a hit in `S` has probability `p(S)`.
///
/// # Panics
/// When a weight is negative or not finite.
///
/// Source: King, "Analysis of demand paging algorithms", *Information Processing 71* (1972).
#[must_use]
pub fn lru_exact(shares: &[f64], entries: usize) -> Option<f64> {
    let shares = asked_for(shares);
    let keys = shares.len();
    if entries >= keys {
        return Some(if keys == 0 { 0.0 } else { 1.0 });
    }
    if keys > LRU_KEYS_MAX {
        return None;
    }
    let member = |set: usize, key: usize| set >> key & 1 == 1;
    let mut probability = vec![0.0; 1 << keys];
    probability[0] = 1.0;
    let mut hits = 0.0;
    // A set comes after all its subsets.
    for set in 0..1_usize << keys {
        let size = set.count_ones() as usize;
        let sum = |inside: bool| -> f64 {
            (0..keys).filter(|&key| member(set, key) == inside).map(|key| shares[key]).sum()
        };
        if size == entries {
            hits += probability[set] * sum(true);
        } else if size < entries {
            let onward = probability[set] / sum(false);
            for key in (0..keys).filter(|&key| !member(set, key)) {
                probability[set | 1 << key] += onward * shares[key];
            }
        }
    }
    Some(hits.min(1.0))
}

/// Exact hit ratio, in [0, 1], of a FIFO cache of `entries` entries, which is also that of one that evicts at random.
///
/// A set of keys is in the cache in proportion to the product of its shares. So with `e_k` the sum of these products over
/// all sets of `k` keys, the miss ratio is `(entries + 1) e_(entries + 1) / (e_entries e_1)`. Takes of the order of keys x
/// entries steps.
///
/// # Panics
/// When a weight is negative or not finite.
///
/// Source: Gelenbe, "A unified approach to the evaluation of a class of replacement algorithms", *IEEE Transactions on
/// Computers* C-22 (1973).
#[must_use]
pub fn fifo_exact(shares: &[f64], entries: usize) -> f64 {
    let shares = asked_for(shares);
    if entries >= shares.len() {
        return if shares.is_empty() { 0.0 } else { 1.0 };
    }
    // `ratios[k]` is e_(k + 1) / e_k over the keys so far: unlike the sums themselves, never too large or small for a float.
    let mut ratios = vec![0.0; entries + 1];
    for share in shares {
        for k in (1..=entries).rev() {
            ratios[k] = ratios[k - 1] * ((ratios[k] + share) / (ratios[k - 1] + share));
        }
        ratios[0] += share;
    }
    (1.0 - (entries + 1) as f64 * ratios[entries] / ratios[0]).clamp(0.0, 1.0)
}

/// The keys that are asked for, their weights summing to 1.
fn asked_for(shares: &[f64]) -> Vec<f64> {
    let total: f64 = shares.iter().copied().map(checked).sum();
    shares.iter().filter(|share| **share > 0.0).map(|share| share / total).collect()
}

#[track_caller]
fn checked(share: f64) -> f64 {
    assert!(share.is_finite() && share >= 0.0, "a share is finite and not negative, not {share}");
    share
}

/// A cache by Che's approximation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheCache {
    /// Share of requests that hit, in [0, 1].
    pub hit_ratio: f64,
    /// Requests, to any key, that an entry survives: since it was last asked for under LRU, since it came under FIFO, on
    /// average under RANDOM. Infinite where every key has a place.
    pub characteristic_requests: f64,
}

/// LRU by Che's approximation: an entry leaves a fixed time `T` after its last request, so that a key of rate `q` is present
/// with probability `1 - e^(-q T)`, and `T` fills the cache.
///
/// `shares` gives the popularities anew at each call; it is called some ten times.
///
/// # Panics
/// When a weight is negative or not finite.
///
/// Source: Che, Tung, Wang, "Hierarchical Web caching systems", *IEEE Journal on Selected Areas in Communications* 20 (2002);
/// why it is so close: Fricker, Robert, Roberts, ITC 24 (2012).
#[must_use]
pub fn che_lru<I: Iterator<Item = f64>>(shares: impl Fn() -> I, entries: usize) -> CheCache {
    che(shares, entries, |x| (-(-x).exp_m1(), (-x).exp()))
}

/// FIFO and RANDOM by Che's approximation: an entry leaves a time of mean `T` after it came, whatever is asked meanwhile, so
/// that a key of rate `q` is present with probability `q T / (1 + q T)`, and `T` fills the cache.
///
/// `shares` gives the popularities anew at each call; it is called some ten times.
///
/// # Panics
/// When a weight is negative or not finite.
///
/// Source: Martina, Garetto, Leonardi, "A unified approach to the performance analysis of caching systems", INFOCOM 2014.
#[must_use]
pub fn che_fifo<I: Iterator<Item = f64>>(shares: impl Fn() -> I, entries: usize) -> CheCache {
    che(shares, entries, |x| (saturating(x), (1.0 + x).powi(-2)))
}

/// `present` gives the probability that a key is present, and its slope, at `x = q T`; rising and concave.
fn che<I: Iterator<Item = f64>>(
    shares: impl Fn() -> I,
    entries: usize,
    present: impl Fn(f64) -> (f64, f64),
) -> CheCache {
    let (keys, total) = totals(shares());
    if entries == 0 || keys == 0 {
        return CheCache { hit_ratio: 0.0, characteristic_requests: 0.0 };
    }
    if entries >= keys {
        return CheCache { hit_ratio: 1.0, characteristic_requests: f64::INFINITY };
    }
    let rates = || shares().filter(|share| *share > 0.0).map(|share| share / total);
    let room = entries as f64;
    // Newton's method from the left of the root: a tangent lies above a concave function, so that no step goes too far. The
    // first, from 0, leads to T = entries; later ones about double T at least, until it is near.
    let mut time = room;
    for _ in 0..2_000 {
        let (filled, slope) = rates().fold((0.0, 0.0), |(filled, slope), rate| {
            let (value, rise) = present(rate * time);
            (filled + value, slope + rate * rise)
        });
        let step = (room - filled) / slope;
        // Written so that a NaN ends it too.
        if !(step > 1e-13 * time && step.is_finite()) {
            break;
        }
        time += step;
    }
    let hit_ratio = rates().map(|rate| rate * present(rate * time).0).sum::<f64>().min(1.0);
    CheCache { hit_ratio, characteristic_requests: time }
}

/// Keys that are asked for, and the sum of their weights.
fn totals(shares: impl Iterator<Item = f64>) -> (usize, f64) {
    shares
        .map(checked)
        .fold((0, 0.0), |(keys, total), share| (keys + usize::from(share > 0.0), total + share))
}

/// When an entry of a cache expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// A fixed time after it was loaded.
    Fixed,
    /// A fixed time after it was last asked for.
    Sliding,
}

/// Hit ratio, in [0, 1], of a key asked for as a Poisson process, whose entry expires `ttl_s` seconds after it was loaded.
///
/// A load is followed by `rate x ttl` hits on average: `q T / (1 + q T)`. It is also the probability that the key is present.
/// `ttl_s` may be infinite.
///
/// Source: Jung, Berger, Balakrishnan, "Modeling TTL-based Internet caches", INFOCOM 2003.
#[must_use]
pub fn ttl_fixed_hit(rate_per_s: f64, ttl_s: f64) -> f64 {
    saturating(expected(rate_per_s, ttl_s))
}

/// Hit ratio, in [0, 1], of a key asked for as a Poisson process, whose entry expires `ttl_s` seconds after it was last asked
/// for: the probability of a gap of at most that, `1 - e^(-q T)`. It is also the probability that the key is present. `ttl_s`
/// may be infinite.
///
/// Source: Fofack, Nain, Neglia, Towsley, "Analysis of TTL-based cache networks", VALUETOOLS 2012.
#[must_use]
pub fn ttl_sliding_hit(rate_per_s: f64, ttl_s: f64) -> f64 {
    -(-expected(rate_per_s, ttl_s)).exp_m1()
}

/// Hit ratio, in [0, 1], over all keys of a cache whose entries leave only by expiry, when `total_rate_per_s` requests a
/// second are spread in proportion to `shares`.
///
/// `shares` gives the popularities anew at each call; it is called twice.
///
/// # Panics
/// When a weight is negative or not finite.
#[must_use]
pub fn ttl_hit_ratio<I: Iterator<Item = f64>>(
    shares: impl Fn() -> I,
    total_rate_per_s: f64,
    ttl_s: f64,
    ttl: Ttl,
) -> f64 {
    let (keys, total) = totals(shares());
    if keys == 0 {
        return 0.0;
    }
    let hit = |share: f64| match ttl {
        Ttl::Fixed => ttl_fixed_hit(share * total_rate_per_s, ttl_s),
        Ttl::Sliding => ttl_sliding_hit(share * total_rate_per_s, ttl_s),
    };
    shares().map(|weight| weight / total).map(|share| share * hit(share)).sum::<f64>().min(1.0)
}

/// Requests expected within a time; none at no rate, however long.
pub(super) fn expected(rate_per_s: f64, time_s: f64) -> f64 {
    if rate_per_s == 0.0 { 0.0 } else { rate_per_s * time_s }
}

/// `x / (1 + x)`, also for an infinite `x`.
pub(super) fn saturating(x: f64) -> f64 {
    if x.is_infinite() { 1.0 } else { x / (1.0 + x) }
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;
    use crate::rng::KeyedRng;
    use std::collections::BTreeMap;

    fn zipf_shares(n: u32, s: f64) -> Vec<f64> {
        let weights = (1..=n).map(|k| f64::from(k).powf(-s));
        let total: f64 = weights.clone().sum();
        weights.map(|w| w / total).collect()
    }

    #[derive(Clone, Copy)]
    enum Rule {
        Lru,
        Fifo,
        Random,
    }

    /// The caches (newest first) that a request for `key` leads to, with their probabilities.
    fn after(cache: &[usize], key: usize, rule: Rule) -> Vec<(Vec<usize>, f64)> {
        let before = |gone: usize| {
            let mut next = vec![key];
            next.extend(cache.iter().enumerate().filter(|(i, _)| *i != gone).map(|(_, key)| *key));
            next
        };
        let last = cache.len() - 1;
        match (cache.iter().position(|held| *held == key), rule) {
            (Some(place), Rule::Lru) => vec![(before(place), 1.0)],
            (Some(_), _) => vec![(cache.to_vec(), 1.0)],
            (None, Rule::Lru | Rule::Fifo) => vec![(before(last), 1.0)],
            (None, Rule::Random) => (0..=last).map(|gone| (before(gone), 1.0 / cache.len() as f64)).collect(),
        }
    }

    /// Hit ratio by stepping the chain of all ordered caches until it rests.
    fn by_brute_force(shares: &[f64], entries: usize, rule: Rule) -> f64 {
        let mut law = BTreeMap::from([((0..entries).collect::<Vec<_>>(), 1.0)]);
        for _ in 0..400 {
            let mut next = BTreeMap::new();
            for (cache, probability) in &law {
                for (key, share) in shares.iter().enumerate() {
                    for (to, chance) in after(cache, key, rule) {
                        *next.entry(to).or_insert(0.0) += probability * share * chance;
                    }
                }
            }
            law = next;
        }
        law.iter().map(|(cache, p)| p * cache.iter().map(|key| shares[*key]).sum::<f64>()).sum()
    }

    #[test]
    fn one_entry_hits_when_a_request_repeats_the_last() {
        // 0.7^2 + 0.3^2, whatever the rule.
        assert_near(lru_exact(&[0.7, 0.3], 1).unwrap(), 0.58, 1e-15);
        assert_near(fifo_exact(&[0.7, 0.3], 1), 0.58, 1e-15);
        // Three keys, two entries, LRU: sum over ordered pairs of p_i p_j (p_i + p_j) / (1 - p_i), by hand with 1/2, 1/4, 1/4:
        // (1/2, 1/4) twice 3/16, (1/4, 1/2) twice 1/8, (1/4, 1/4) twice 1/24.
        assert_near(
            lru_exact(&[2.0, 1.0, 1.0], 2).unwrap(),
            2.0 * (3.0 / 16.0 + 1.0 / 8.0 + 1.0 / 24.0),
            1e-15,
        );
        // FIFO: products 1/8, 1/8, 1/16 and sums 3/4, 3/4, 1/2.
        assert_near(fifo_exact(&[2.0, 1.0, 1.0], 2), 0.7, 1e-15);
    }

    #[test]
    fn exact_hit_ratios_are_those_of_the_markov_chain() {
        let shares = [0.5, 0.25, 0.15, 0.1];
        for entries in 1..=3 {
            let lru = by_brute_force(&shares, entries, Rule::Lru);
            assert_near(lru_exact(&shares, entries).unwrap(), lru, 1e-12);
            let fifo = by_brute_force(&shares, entries, Rule::Fifo);
            assert_near(fifo_exact(&shares, entries), fifo, 1e-12);
            let random = by_brute_force(&shares, entries, Rule::Random);
            assert_near(random, fifo, 1e-12);
        }
    }

    #[test]
    fn equal_keys_hit_by_the_share_of_them_that_fits() {
        for entries in [0, 1, 3, 8] {
            let fits = entries as f64 / 10.0;
            assert_near(lru_exact(&[0.1; 10], entries).unwrap(), fits, 1e-13);
            assert_near(fifo_exact(&[0.1; 10], entries), fits, 1e-13);
            assert_near(che_lru(|| [0.1; 10].into_iter(), entries).hit_ratio, fits, 1e-12);
            assert_near(che_fifo(|| [0.1; 10].into_iter(), entries).hit_ratio, fits, 1e-12);
        }
        assert_near(fifo_exact(&[1e-4; 10_000], 900), 0.09, 1e-10);
    }

    #[test]
    fn everything_hits_where_every_key_has_a_place() {
        // The third key is never asked for.
        let shares = [0.6, 0.4, 0.0];
        assert_eq!(lru_exact(&shares, 2), Some(1.0));
        assert_eq!(fifo_exact(&shares, 2), 1.0);
        let all = CheCache { hit_ratio: 1.0, characteristic_requests: f64::INFINITY };
        assert_eq!(che_lru(|| shares.into_iter(), 2), all);
        assert_eq!(che_fifo(|| shares.into_iter(), 3), all);
        let none = CheCache { hit_ratio: 0.0, characteristic_requests: 0.0 };
        assert_eq!(che_lru(|| shares.into_iter(), 0), none);
        assert_eq!(che_fifo(|| [0.0].into_iter(), 3), none);
        assert_eq!((lru_exact(&shares, 0), fifo_exact(&shares, 0)), (Some(0.0), 0.0));
        assert_eq!(lru_exact(&[1.0; 21], 5), None);
        assert_eq!(lru_exact(&[1.0; 21], 21), Some(1.0));
    }

    #[test]
    fn rates_and_shares_are_the_same_to_all() {
        let shares = zipf_shares(9, 0.8);
        let rates: Vec<f64> = shares.iter().map(|share| 1234.5 * share).collect();
        assert_near(lru_exact(&rates, 4).unwrap(), lru_exact(&shares, 4).unwrap(), 1e-14);
        assert_near(fifo_exact(&rates, 4), fifo_exact(&shares, 4), 1e-14);
        let [a, b] = [&rates, &shares].map(|weights| che_lru(|| weights.iter().copied(), 4));
        assert_near(a.characteristic_requests, b.characteristic_requests, 1e-12);
        let [a, b] = [&rates, &shares].map(|w| ttl_hit_ratio(|| w.iter().copied(), 50.0, 0.1, Ttl::Fixed));
        assert_near(a, b, 1e-14);
    }

    #[test]
    fn che_is_close_to_the_exact_ratio_even_with_twelve_keys() {
        let shares = zipf_shares(12, 0.9);
        for entries in 1..12 {
            let lru = che_lru(|| shares.iter().copied(), entries);
            assert_near(lru.hit_ratio, lru_exact(&shares, entries).unwrap(), 0.02);
            let fifo = che_fifo(|| shares.iter().copied(), entries);
            assert_near(fifo.hit_ratio, fifo_exact(&shares, entries), 0.02);
        }
    }

    #[test]
    fn che_for_fifo_tends_to_the_exact_ratio_as_keys_grow() {
        let shares = zipf_shares(5_000, 0.9);
        let che = che_fifo(|| shares.iter().copied(), 500);
        assert_near(che.hit_ratio, fifo_exact(&shares, 500), 1e-4);
    }

    #[test]
    fn the_characteristic_time_fills_the_cache() {
        for (n, s, entries) in [
            (1_000_000, 0.8, 50_000),
            (1_000, 0.0, 999),
            (40, 10.0, 39),
            (100, 10.0, 3),
            (20_000, 1.2, 19_990),
        ] {
            let shares = zipf_shares(n, s);
            let lru = che_lru(|| shares.iter().copied(), entries).characteristic_requests;
            let filled: f64 = shares.iter().map(|q| ttl_sliding_hit(*q, lru)).sum();
            assert_near(filled, entries as f64, 1e-10);
            let fifo = che_fifo(|| shares.iter().copied(), entries).characteristic_requests;
            let filled: f64 = shares.iter().map(|q| ttl_fixed_hit(*q, fifo)).sum();
            assert_near(filled, entries as f64, 1e-10);
        }
    }

    #[test]
    fn hardly_ever_asked_for_is_still_asked_for() {
        // Two keys are always there; the third place is shared by three.
        let shares = [0.5, 0.5, 1e-200, 1e-200, 1e-200];
        let lru = che_lru(|| shares.into_iter(), 3).characteristic_requests;
        assert_near(lru / 1e200, 1.5_f64.ln(), 1e-10);
        let fifo = che_fifo(|| shares.into_iter(), 3).characteristic_requests;
        assert_near(fifo / 1e200, 0.5, 1e-10);
    }

    /// Asserts that a share found in `n` independent trials is within four standard deviations of `truth`.
    #[track_caller]
    fn assert_share(found: f64, truth: f64, n: f64) {
        let sigma = (truth * (1.0 - truth) / n).sqrt();
        assert!((found - truth).abs() < 4.0 * sigma, "{found} is not {truth} +- {sigma}");
    }

    #[test]
    fn simulated_reads_hit_as_the_ttl_says() {
        let (rate, ttl, n) = (3.0, 0.5, 200_000);
        let mut rng = KeyedRng::new(77);
        let (mut age, mut fixed, mut sliding) = (f64::INFINITY, 0.0, 0.0);
        for _ in 0..n {
            let gap = -(1.0 - rng.uniform()).ln() / rate;
            age += gap;
            if age < ttl {
                fixed += 1.0
            } else {
                age = 0.0
            }
            sliding += if gap < ttl { 1.0 } else { 0.0 };
        }
        let n = f64::from(n);
        // Hits of a fixed TTL follow one another, but vary less than independent ones: reads a load are 1 + Poisson.
        assert_share(fixed / n, ttl_fixed_hit(rate, ttl), n);
        assert_share(sliding / n, ttl_sliding_hit(rate, ttl), n);
    }

    #[test]
    fn ttl_over_many_keys_is_the_average_over_requests() {
        let hit = ttl_hit_ratio(|| [3.0, 1.0].into_iter(), 8.0, 0.5, Ttl::Fixed);
        assert_near(hit, 0.75 * 0.75 + 0.25 * 0.5, 1e-15);
        let hit = ttl_hit_ratio(|| [3.0, 1.0].into_iter(), 8.0, 0.5, Ttl::Sliding);
        assert_near(hit, 0.75 * (1.0 - (-3.0_f64).exp()) + 0.25 * (1.0 - (-1.0_f64).exp()), 1e-15);
        assert_eq!(ttl_hit_ratio(|| [1.0, 0.0].into_iter(), 8.0, f64::INFINITY, Ttl::Fixed), 1.0);
        assert_eq!(ttl_hit_ratio(|| [0.0].into_iter(), 8.0, 1.0, Ttl::Sliding), 0.0);
        assert_eq!((ttl_fixed_hit(0.0, f64::INFINITY), ttl_sliding_hit(2.0, 0.0)), (0.0, 0.0));
    }
}
