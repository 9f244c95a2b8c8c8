//! The store against traces worked by hand, closed formulas, and a slow, obvious twin.

use super::*;
use crate::rng::KeyedRng;

const ALL: [Evict; 6] = [Evict::Lru, Evict::Lfu, Evict::Fifo, Evict::Random, Evict::Sieve, Evict::TinyLfu];
const NEVER: u64 = u64::MAX;

/// Stores a key that never expires; answers who had to go.
fn put(store: &mut Store, key: u32) -> Option<u32> {
    store.store(key, 0, NEVER, 0, 0).evicted.map(|e| e.key)
}

/// Asks for keys and stores those that miss; answers who had to go at each.
fn trace(store: &mut Store, keys: &[u32]) -> Vec<Option<u32>> {
    let mut ask = |&key| store.look_up(key, 0).map_or_else(|| put(store, key), |_| None);
    keys.iter().map(&mut ask).collect()
}

#[test]
fn sieve_leaves_survivors_where_they_are_and_goes_on_from_there() {
    let mut store = Store::new(9, 3, Evict::Sieve, false);
    // Old to new: 1* 2 3 (star: used). For 4 the hand wipes 1's mark and takes 2, then points at 3.
    assert_eq!(trace(&mut store, &[1, 2, 3, 1, 4]), [None, None, None, None, Some(2)]);
    // 1 3* 4: for 5 the hand wipes 3's mark and takes 4, the newest; 1, the oldest, was not looked at. The next begins at 1.
    assert_eq!(trace(&mut store, &[3, 5]), [None, Some(4)]);
    // 1 3 5: for 6 goes 1, for 7 goes 3, though 6 and 5 are younger: the hand points at 3.
    assert_eq!(trace(&mut store, &[6, 7]), [Some(1), Some(3)]);
    // 5* 6* 7*: all marks are wiped, and the hand is back where it began.
    assert_eq!(trace(&mut store, &[5, 6, 7, 8]), [None, None, None, Some(5)]);
}

#[test]
fn sieve_steps_on_when_the_slot_under_its_hand_is_freed() {
    let mut store = Store::new(9, 3, Evict::Sieve, false);
    trace(&mut store, &[1, 2, 3, 1, 4]);
    // The hand points at 3 of 1 3 4. Without it: 4.
    assert!(store.remove(3));
    assert_eq!(trace(&mut store, &[5, 6]), [None, Some(4)]);
}

#[test]
fn lfu_takes_the_least_recently_used_of_those_used_least() {
    let mut store = Store::new(9, 3, Evict::Lfu, false);
    // Uses: 1: 2, 3: 2, 2: 1.
    assert_eq!(trace(&mut store, &[1, 2, 3, 1, 3, 4])[5], Some(2));
    // All have two uses, last used in the order 1, 3, 4.
    assert_eq!(trace(&mut store, &[4, 5]), [None, Some(1)]);
    // 5 has one use, and a newcomer goes before those that were ever used more; counts of 1 were forgotten.
    assert_eq!(trace(&mut store, &[1, 6, 6, 5]), [Some(5), Some(1), None, Some(3)]);
}

#[test]
fn lru_and_fifo_differ_in_what_a_use_does() {
    let mut lru = Store::new(9, 2, Evict::Lru, false);
    assert_eq!(trace(&mut lru, &[1, 2, 1, 3, 1]), [None, None, None, Some(2), None]);
    let mut fifo = Store::new(9, 2, Evict::Fifo, false);
    assert_eq!(trace(&mut fifo, &[1, 2, 1, 3, 1]), [None, None, None, Some(1), Some(2)]);
    // To store again is a use for LRU and nothing for FIFO.
    assert_eq!((put(&mut lru, 3), put(&mut lru, 4)), (None, Some(1)));
    assert_eq!((put(&mut fifo, 3), put(&mut fifo, 4)), (None, Some(3)));
}

#[test]
fn random_takes_the_slot_its_bits_name() {
    for (bits, expected) in [(0, 0), ((1 << 62) - 1, 0), (1 << 62, 1), (NEVER, 3)] {
        let mut store = Store::new(9, 4, Evict::Random, false);
        trace(&mut store, &[0, 1, 2, 3]);
        assert_eq!(store.store(4, 0, NEVER, 0, bits).evicted, Some(Evicted { key: expected, dirty: false }));
    }
}

#[test]
fn tiny_lfu_admits_only_who_was_asked_for_more_often() {
    let mut store = Store::new(9, 2, Evict::TinyLfu, false);
    trace(&mut store, &[1, 2, 1]);
    // Counts: 1: 2, 2: 1. The least recently used is 2; 3 has one use, no more than 2, then two.
    let refused = Stored { admitted: false, evicted: None };
    assert_eq!(store.look_up(3, 0), None);
    assert_eq!(store.store(3, 0, NEVER, 0, 0), refused);
    assert!(!store.contains(3, 0) && store.contains(2, 0));
    assert_eq!(trace(&mut store, &[3]), [Some(2)]);
    // Who is past its time has no claim, however often it was asked for.
    let mut store = Store::new(9, 1, Evict::TinyLfu, false);
    store.store(1, 0, 10, 0, 0);
    (0..5).for_each(|_| assert!(store.look_up(1, 0).is_some()));
    assert_eq!(store.store(2, 9, NEVER, 0, 0), refused);
    assert_eq!(store.store(2, 10, NEVER, 0, 0).evicted, Some(Evicted { key: 1, dirty: false }));
}

#[test]
fn time_to_live_counts_from_the_storing_and_the_dead_take_room_until_looked_up() {
    let mut store = Store::new(9, 4, Evict::Lru, false);
    store.store(1, 10, 5, 7, 0);
    assert_eq!(store.look_up(1, 14), Some(Held { version: 7 }));
    assert!(store.contains(1, 14) && !store.contains(1, 15));
    assert_eq!(store.len(), 1);
    assert_eq!(store.look_up(1, 15), None);
    assert!(store.is_empty());
    store.store(1, 20, 5, 8, 0);
    store.store(1, 24, 5, 9, 0);
    assert_eq!(store.look_up(1, 28), Some(Held { version: 9 }));
    assert_eq!(store.look_up(1, 29), None);
}

#[test]
fn a_sliding_time_to_live_counts_from_the_last_hit() {
    let mut store = Store::new(9, 4, Evict::Lru, true);
    store.store(1, 10, 5, 7, 0);
    store.store(2, 10, NEVER, 0, 0);
    for now in [14, 18, 22] {
        assert_eq!(store.look_up(1, now), Some(Held { version: 7 }));
    }
    assert!(store.contains(1, 26) && !store.contains(1, 27));
    assert_eq!(store.look_up(1, 27), None);
    assert!(store.look_up(2, NEVER - 2).is_some() && store.look_up(2, NEVER - 1).is_some());
}

#[test]
fn what_is_dirty_does_not_expire_and_is_reported_when_it_goes() {
    let mut store = Store::new(9, 2, Evict::Lru, false);
    assert!(!store.mark_dirty(1));
    store.store(1, 0, 5, 0, 0);
    store.store(2, 0, 5, 0, 0);
    assert!(store.mark_dirty(1) && store.mark_dirty(2));
    assert!(store.look_up(1, 9).is_some() && store.look_up(2, 9).is_some());
    assert!(store.mark_clean(2) && !store.is_dirty(2));
    assert_eq!(store.look_up(2, 9), None);
    store.store(1, 9, 5, 0, 0);
    assert!(store.is_dirty(1), "a new value does not write the old one back");
    store.store(2, 9, 5, 0, 0);
    assert_eq!(store.store(3, 9, 5, 0, 0).evicted, Some(Evicted { key: 1, dirty: true }));
    store.store(1, 9, 5, 0, 0);
    assert!(!store.is_dirty(1));
}

#[test]
fn a_warm_start_holds_the_last_of_the_order_and_evicts_its_first() {
    for evict in ALL {
        let mut store = Store::new(9, 3, evict, false);
        put(&mut store, 8);
        let warm = [(5, 90), (4, 91), (6, 92), (2, 93)].map(|(key, expires)| Warm { key, expires, ttl: 100 });
        store.warm(warm.into_iter());
        let held: Vec<u32> = (0..9).filter(|&key| store.contains(key, 10)).collect();
        assert_eq!(held, [2, 4, 6], "{evict:?}");
        assert_eq!((store.len(), store.contains(4, 91)), (3, false));
        // Asked for twice, so that TinyLFU admits it too.
        assert_eq!((store.look_up(7, 10), store.look_up(7, 10)), (None, None));
        assert_eq!(store.store(7, 10, NEVER, 0, 0).evicted, Some(Evicted { key: 4, dirty: false }));
        assert_eq!(store.look_up(6, 10), Some(Held { version: 0 }));
    }
}

#[test]
fn after_a_flush_a_store_is_as_new() {
    for evict in ALL {
        let run = |store: &mut Store| trace(store, &[1, 2, 3, 1, 4, 4, 5, 1, 6, 6, 6, 2, 3]);
        let mut store = Store::new(9, 3, evict, true);
        let first = run(&mut store);
        store.mark_dirty(1);
        store.flush();
        assert!(store.is_empty() && (0..9).all(|key| !store.contains(key, 0) && !store.is_dirty(key)));
        assert_eq!(run(&mut store), first, "{evict:?}");
    }
}

#[test]
fn a_store_that_is_away_admits_nothing_and_comes_back_as_new() {
    for evict in ALL {
        let run = |store: &mut Store| trace(store, &[1, 2, 3, 1, 4, 4, 5, 1, 6, 6, 6, 2, 3]);
        let mut store = Store::new(9, 3, evict, true);
        let first = run(&mut store);
        store.go_away();
        assert!(
            !store.store(1, 0, NEVER, 0, 0).admitted && store.look_up(1, 0).is_none() && store.is_empty()
        );
        store.come_back();
        assert_eq!(run(&mut store), first, "{evict:?}");
    }
}

#[test]
fn hit_ratios_under_independent_references_are_those_of_the_formulas() {
    // Four keys, two entries. LRU holds {i last, j before} with probability p_i p_j / (1 - p_i); FIFO and random replacement
    // hold {i, j} in proportion to p_i p_j (King 1971, Gelenbe 1973).
    let p = [0.5, 0.25, 0.15, 0.1];
    let pairs = || (0..4).flat_map(|i| (0..4).filter(move |&j| j != i).map(move |j| (i, j)));
    let lru: f64 = pairs().map(|(i, j)| p[i] * p[j] / (1.0 - p[i]) * (p[i] + p[j])).sum();
    let all: f64 = pairs().map(|(i, j)| p[i] * p[j]).sum();
    let fifo: f64 = pairs().map(|(i, j)| p[i] * p[j] * (p[i] + p[j])).sum::<f64>() / all;
    for (evict, expected) in [(Evict::Lru, lru), (Evict::Fifo, fifo), (Evict::Random, fifo)] {
        let mut rng = KeyedRng::new(11);
        let mut store = Store::new(4, 2, evict, false);
        let (n, mut hits) = (400_000, 0);
        for _ in 0..n {
            let (u, bits) = (rng.uniform(), rng.bits());
            let key = [0.5, 0.75, 0.9].iter().filter(|&&edge| u >= edge).count() as u32;
            match store.look_up(key, 0) {
                Some(_) => hits += 1,
                None => assert!(store.store(key, 0, NEVER, 0, bits).admitted),
            }
        }
        let ratio = f64::from(hits) / f64::from(n);
        // One standard deviation is 0.0008 for independent hits; five of them, since hits are nearly so.
        assert!((ratio - expected).abs() < 0.004, "{evict:?}: {ratio}, expected {expected}");
    }
}

#[test]
fn memory_stays_bounded_over_half_a_million_operations() {
    // The index of the first is a table by key, that of the second 16,384 buckets.
    for (keys, index) in [(50_000, 4 * 50_000), (500_000, 8 * 16_384)] {
        let entries = 5_000;
        for (evict, sliding) in ALL.into_iter().flat_map(|evict| [(evict, false), (evict, true)]) {
            let mut store = Store::new(keys, entries, evict, sliding);
            let mut rng = KeyedRng::new(3);
            for now in 0..500_000u64 {
                let key = (rng.uniform().powi(4) * f64::from(keys)) as u32;
                if store.look_up(key, now).is_none() {
                    store.store(key, now, 100_000, 0, rng.bits());
                } else if now.is_multiple_of(16) {
                    store.remove(key);
                }
            }
            let an_entry = match evict {
                Evict::Lru | Evict::Fifo | Evict::Sieve => 32,
                Evict::Random => 36,
                Evict::Lfu => 38,
                Evict::TinyLfu => 40,
            };
            let bound = index + (an_entry * entries + 64) as usize;
            assert!(store.bytes() <= bound, "{evict:?}: {} bytes, bound {bound}", store.bytes());
        }
    }
}
