//! The store and its twin through the same random operations: every answer agrees.

use super::twin::Twin;
use super::*;
use crate::rng::KeyedRng;

/// How the keys asked for are chosen.
#[derive(Clone, Copy, Debug)]
enum Law {
    Uniform,
    /// Low keys far more often.
    Skewed,
    /// Round and round, with some noise.
    Scan,
    /// Few keys at a time, others later.
    Drifting,
}

impl Law {
    fn key(self, n: u64, keys: u32, rng: &mut KeyedRng) -> u32 {
        let u = rng.uniform();
        let span = f64::from(keys);
        match self {
            Self::Uniform => (u * span) as u32,
            Self::Skewed => (u.powi(4) * span) as u32,
            Self::Scan if !rng.bits().is_multiple_of(8) => (n % u64::from(keys)) as u32,
            Self::Scan => (u * u * span) as u32,
            Self::Drifting => ((n / 64 + (u * u * span / 4.0) as u64) % u64::from(keys)) as u32,
        }
    }
}

/// Runs both through the same operations and compares every answer.
fn compare(evict: Evict, [sliding, hashed]: [bool; 2], keys: u32, entries: u32, law: Law) {
    let case = format!("{evict:?}, sliding {sliding}, hashed {hashed}, {entries} of {keys} entries, {law:?}");
    let mut store = Store::new(keys, entries, evict, sliding);
    if hashed {
        store.slots = Index::hashed(entries.min(keys));
    }
    let mut twin = Twin::new(keys, entries, evict, sliding);
    let mut rng = KeyedRng::new(u64::from(entries));
    let mut now = 100;
    for n in 0..100_000 {
        let key = law.key(n, keys, &mut rng);
        let bits = rng.bits();
        now += bits % 3;
        let ttl = if bits.is_multiple_of(5) { u64::MAX } else { rng.bits() % 400 };
        match rng.bits() % 100 {
            0..=79 => {
                let found = store.look_up(key, now);
                assert_eq!(found, twin.look_up(key, now), "{case}");
                if found.is_none() {
                    let stored = store.store(key, now, ttl, n as u32, bits);
                    assert_eq!(stored, twin.store(key, now, ttl, n as u32, bits), "{case}");
                }
            }
            80..=89 => {
                let stored = store.store(key, now, ttl, n as u32, bits);
                assert_eq!(stored, twin.store(key, now, ttl, n as u32, bits), "{case}");
            }
            90..=93 => assert_eq!(store.remove(key), twin.remove(key), "{case}"),
            94..=95 => assert_eq!(store.mark_dirty(key), twin.mark(key, true), "{case}"),
            96..=97 => assert_eq!(store.mark_clean(key), twin.mark(key, false), "{case}"),
            98 => assert_eq!(store.contains(key, now), twin.fresh_at(key, now).is_some(), "{case}"),
            _ if bits.is_multiple_of(64) => {
                store.flush();
                twin.flush();
            }
            _ if bits % 64 == 1 => {
                let expires = now + bits % 200;
                let warm = |i| Warm { key: i * 2, expires, ttl: expires + u64::from(i) };
                let order: Vec<_> = (0..keys / 2).map(warm).collect();
                store.warm(order.iter().copied());
                twin.warm(&order);
            }
            _ => {
                let dirty = |key| twin.at(key).is_some_and(|at| twin.items[at].dirty);
                assert!((0..keys).all(|key| store.is_dirty(key) == dirty(key)), "{case}");
                let held = |key| twin.fresh_at(key, now).is_some();
                assert!((0..keys).all(|key| store.contains(key, now) == held(key)), "{case}");
            }
        }
        assert_eq!(store.len() as usize, twin.items.len(), "{case}");
    }
}

/// All laws and sizes; half of the cases with sliding times to live, half with an index by hash.
fn agrees(evict: Evict) {
    for (i, law) in [Law::Uniform, Law::Skewed, Law::Scan, Law::Drifting].into_iter().enumerate() {
        for (j, entries) in [1, 2, 7, 40, 200].into_iter().enumerate() {
            compare(evict, [(i + j) % 2 == 1, (i + j) % 4 < 2], 120, entries, law);
        }
    }
}

#[test]
fn lru_agrees_with_the_twin() {
    agrees(Evict::Lru);
}

#[test]
fn lfu_agrees_with_the_twin() {
    agrees(Evict::Lfu);
}

#[test]
fn fifo_agrees_with_the_twin() {
    agrees(Evict::Fifo);
}

#[test]
fn random_eviction_agrees_with_the_twin() {
    agrees(Evict::Random);
}

#[test]
fn sieve_agrees_with_the_twin() {
    agrees(Evict::Sieve);
}

#[test]
fn tiny_lfu_agrees_with_the_twin() {
    agrees(Evict::TinyLfu);
}
