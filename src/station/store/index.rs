//! Where the entry of each key is: a table by key where most keys are held, else a table by hash of those that are.

use prefetch_index::prefetch_index;

use super::NONE;

/// Up to this many keys (1 MB) a table by key costs less than a hash: popular keys lie together in it, and it is read in one step.
const DIRECT_MAX: u32 = 1 << 18;

/// The slots of keys.
#[derive(Clone, Debug)]
pub(super) enum Index {
    /// `slots[key]`
    Direct(Box<[u32]>),
    Hashed(Hashed),
}

impl Index {
    /// For keys below `keys`, of which at most `room` are held at a time.
    pub(super) fn new(keys: u32, room: u32) -> Self {
        // Entries below a sixteenth to an eighth of the keys; both ways are about as fast there, and the memory of a hash does not grow
        // with the keys.
        if keys <= DIRECT_MAX || 4 * keys as usize <= 2 * Hashed::bytes_for(room) {
            Self::Direct(vec![NONE; keys as usize].into())
        } else {
            Self::Hashed(Hashed::new(room))
        }
    }

    /// By hash, whatever there is room for.
    #[cfg(test)]
    pub(super) fn hashed(room: u32) -> Self {
        Self::Hashed(Hashed::new(room))
    }

    /// The slot of `key`; `NONE` if it is not held.
    #[inline]
    pub(super) fn get(&self, key: u32) -> u32 {
        match self {
            Self::Direct(slots) => slots[key as usize],
            Self::Hashed(hashed) => hashed.get(key),
        }
    }

    /// Fetches what [`Self::get`] will read.
    #[inline]
    pub(super) fn fetch(&self, key: u32) {
        match self {
            Self::Direct(slots) => prefetch_index(slots, key as usize),
            Self::Hashed(hashed) => prefetch_index(&hashed.groups, hashed.home(key) / GROUP),
        }
    }

    /// Notes the slot of a key that was not held.
    #[inline]
    pub(super) fn insert(&mut self, key: u32, slot: u32) {
        match self {
            Self::Direct(slots) => slots[key as usize] = slot,
            Self::Hashed(hashed) => hashed.insert(key, slot),
        }
    }

    /// Forgets a key that was held.
    #[inline]
    pub(super) fn remove(&mut self, key: u32) {
        match self {
            Self::Direct(slots) => slots[key as usize] = NONE,
            Self::Hashed(hashed) => hashed.remove(key),
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Direct(slots) => slots.fill(NONE),
            Self::Hashed(hashed) => hashed.groups.fill(EMPTY),
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Direct(slots) => 4 * slots.len(),
            Self::Hashed(hashed) => size_of_val(&*hashed.groups),
        }
    }
}

/// Buckets of a line of a processor's cache.
const GROUP: usize = 8;
const EMPTY: Group = Group([Bucket { key: 0, slot: NONE }; GROUP]);
/// 2^32 over the golden ratio: neighbouring numbers come to lie far apart, and as evenly as can be.
const GOLDEN: u32 = 0x9e37_79b9;

/// Open addressing with linear probing, at most half full. Without tombstones: what stands behind one that leaves moves up.
///
/// The hash is one of groups of neighbouring keys: where low keys are the popular ones, those that are held share lines of memory.
#[derive(Clone, Debug)]
pub(super) struct Hashed {
    groups: Box<[Group]>,
    /// Of the product by which a group is chosen: so many low bits go.
    shift: u32,
}

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Group([Bucket; GROUP]);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    key: u32,
    /// `NONE`: the bucket is empty.
    slot: u32,
}

impl Hashed {
    fn new(room: u32) -> Self {
        let groups = Self::groups_for(room);
        Self { groups: vec![EMPTY; groups].into(), shift: 32 - groups.trailing_zeros() }
    }

    /// A power of two, at least 2, so that the shift is one.
    fn groups_for(room: u32) -> usize {
        (2 * room as usize).div_ceil(GROUP).next_power_of_two().max(2)
    }

    fn bytes_for(room: u32) -> usize {
        size_of::<Group>() * Self::groups_for(room)
    }

    /// Where the search for `key` begins.
    #[inline]
    fn home(&self, key: u32) -> usize {
        let group = (key / GROUP as u32).wrapping_mul(GOLDEN) >> self.shift;
        group as usize * GROUP + key as usize % GROUP
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        (at + 1) & (self.groups.len() * GROUP - 1)
    }

    #[inline]
    fn at(&self, at: usize) -> Bucket {
        self.groups[at / GROUP].0[at % GROUP]
    }

    #[inline]
    fn set(&mut self, at: usize, bucket: Bucket) {
        self.groups[at / GROUP].0[at % GROUP] = bucket;
    }

    /// Where `key` is, or the empty bucket where it would be.
    #[inline]
    fn find(&self, key: u32) -> usize {
        let mut at = self.home(key);
        loop {
            let bucket = self.at(at);
            if bucket.slot == NONE || bucket.key == key {
                return at;
            }
            at = self.next(at);
        }
    }

    #[inline]
    fn get(&self, key: u32) -> u32 {
        self.at(self.find(key)).slot
    }

    fn insert(&mut self, key: u32, slot: u32) {
        let at = self.find(key);
        self.set(at, Bucket { key, slot });
    }

    fn remove(&mut self, key: u32) {
        let mut gap = self.find(key);
        let mut at = gap;
        loop {
            at = self.next(at);
            let bucket = self.at(at);
            if bucket.slot == NONE {
                break;
            }
            // It may move up if the gap does not lie before its home, counted round the end of the table.
            let mask = self.groups.len() * GROUP - 1;
            let from_home = at.wrapping_sub(self.home(bucket.key)) & mask;
            if from_home >= at.wrapping_sub(gap) & mask {
                self.set(gap, bucket);
                gap = at;
            }
        }
        self.set(gap, Bucket { key: 0, slot: NONE });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::rng::KeyedRng;

    /// Through random insertions and removals, half of them among a few keys, the table answers as a map of the library does.
    fn agrees_with_a_map(keys: u32, room: u32, pick: impl Fn(&Hashed, &mut KeyedRng) -> u32) {
        let (mut hashed, mut map) = (Hashed::new(room), HashMap::new());
        let mut rng = KeyedRng::new(u64::from(room));
        for n in 0..50_000 {
            let key = pick(&hashed, &mut rng);
            assert_eq!(
                hashed.get(key),
                map.get(&key).copied().unwrap_or(NONE),
                "{key} of {keys}, room {room}"
            );
            if map.remove(&key).is_some() {
                hashed.remove(key);
            } else if map.len() < room as usize {
                hashed.insert(key, n);
                map.insert(key, n);
            }
            if n % 1_000 == 0 {
                let found = (0..keys).filter(|&key| hashed.get(key) != NONE).count();
                assert_eq!(found, map.len(), "room {room}");
                assert!(map.iter().all(|(&key, &slot)| hashed.get(key) == slot), "room {room}");
            }
        }
    }

    fn below(n: u32, rng: &mut KeyedRng) -> u32 {
        (rng.uniform() * f64::from(n)) as u32
    }

    #[test]
    fn a_hashed_index_answers_as_a_map_does() {
        for (keys, room) in [(50, 1), (100, 7), (300, 40), (3_000, 200), (3_000, 1_000)] {
            agrees_with_a_map(keys, room, |_, rng| {
                let all = if rng.bits().is_multiple_of(2) { keys } else { keys / 10 };
                below(all, rng)
            });
        }
    }

    #[test]
    fn a_hashed_index_wraps_around_at_its_end() {
        // Only keys whose home is among the last three buckets: most of what is held lies at the start of the table.
        for room in [5, 20, 60] {
            let last = |hashed: &Hashed, rng: &mut KeyedRng| {
                let end = hashed.groups.len() * GROUP;
                std::iter::repeat_with(|| below(4_000, rng)).find(|&key| hashed.home(key) >= end - 3).unwrap()
            };
            agrees_with_a_map(4_000, room, last);
        }
        let mut hashed = Hashed::new(8);
        let end = hashed.groups.len() * GROUP;
        let at_end: Vec<u32> = (0..4_000).filter(|&key| hashed.home(key) == end - 1).take(3).collect();
        (0..).zip(&at_end).for_each(|(slot, &key)| hashed.insert(key, slot));
        assert_eq!([end - 1, 0, 1].map(|at| hashed.at(at).slot), [0, 1, 2]);
        hashed.remove(at_end[0]);
        assert_eq!([end - 1, 0, 1].map(|at| hashed.at(at).slot), [1, 2, NONE]);
    }

    #[test]
    fn all_keys_of_a_dense_range_lie_at_home_or_next_to_it() {
        // The golden ratio keeps groups of neighbouring keys apart: a full table of them has no two that meet.
        let room = 20_000;
        let mut hashed = Hashed::new(room);
        (0..room).for_each(|key| hashed.insert(key, key));
        assert!((0..room).all(|key| hashed.find(key) == hashed.home(key)));
    }

    #[test]
    fn few_entries_of_many_keys_are_hashed() {
        let is_hashed = |keys, room| matches!(Index::new(keys, room), Index::Hashed(_));
        assert!(is_hashed(1_000_000, 20_000) && is_hashed(1_000_000, 33_334));
        assert!(
            !is_hashed(1_000_000, 400_000) && !is_hashed(1_000_000, 1_000_000) && !is_hashed(200_000, 10)
        );
    }
}
