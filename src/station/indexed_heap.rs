//! A binary heap whose entries can be removed by id: finish tags of shared cores, timers of random length.

/// "Not in the heap."
const ABSENT: u32 = u32::MAX;

/// Where each id stands in its heap. One arena serves all heaps in which an id is at most once in all.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    at: Vec<u32>,
}

impl Positions {
    /// Makes room for ids below `len`.
    #[inline]
    pub fn grow_to(&mut self, len: usize) {
        if self.at.len() < len {
            self.at.resize(len, ABSENT);
        }
    }
}

/// A min-heap of `(key, id)`.
#[derive(Clone, Debug)]
pub struct IndexedHeap<K> {
    entries: Vec<(K, u32)>,
}

impl<K> Default for IndexedHeap<K> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Copy + Ord> IndexedHeap<K> {
    /// How many entries there are.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// There is none.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The least entry.
    #[inline]
    #[must_use]
    pub fn peek(&self) -> Option<(K, u32)> {
        self.entries.first().copied()
    }

    /// Adds `id`, which must not be in the heap.
    #[inline]
    pub fn push(&mut self, key: K, id: u32, positions: &mut Positions) {
        debug_assert_eq!(positions.at[id as usize], ABSENT, "an id is in a heap once");
        self.entries.push((key, id));
        self.sift_up(self.entries.len() - 1, positions);
    }

    /// Takes the least entry.
    #[inline]
    pub fn pop(&mut self, positions: &mut Positions) -> Option<(K, u32)> {
        let least = self.peek()?;
        self.remove_at(0, positions);
        Some(least)
    }

    /// Removes `id` if it is here; answers its key.
    #[inline]
    pub fn remove(&mut self, id: u32, positions: &mut Positions) -> Option<K> {
        let at = positions.at[id as usize];
        if at == ABSENT {
            return None;
        }
        let (key, found) = self.entries[at as usize];
        debug_assert_eq!(found, id);
        self.remove_at(at as usize, positions);
        Some(key)
    }

    fn remove_at(&mut self, at: usize, positions: &mut Positions) {
        let (_, id) = self.entries.swap_remove(at);
        positions.at[id as usize] = ABSENT;
        if at < self.entries.len() {
            // The entry moved here may belong above or below.
            let settled = self.sift_up(at, positions);
            self.sift_down(settled, positions);
        }
    }

    fn sift_up(&mut self, mut at: usize, positions: &mut Positions) -> usize {
        let entry = self.entries[at];
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.entries[parent].0 <= entry.0 {
                break;
            }
            self.place(at, self.entries[parent], positions);
            at = parent;
        }
        self.place(at, entry, positions);
        at
    }

    fn sift_down(&mut self, mut at: usize, positions: &mut Positions) {
        let entry = self.entries[at];
        loop {
            let left = 2 * at + 1;
            if left >= self.entries.len() {
                break;
            }
            let right = left + 1;
            let child = if right < self.entries.len() && self.entries[right].0 < self.entries[left].0 {
                right
            } else {
                left
            };
            if entry.0 <= self.entries[child].0 {
                break;
            }
            self.place(at, self.entries[child], positions);
            at = child;
        }
        self.place(at, entry, positions);
    }

    #[inline]
    fn place(&mut self, at: usize, entry: (K, u32), positions: &mut Positions) {
        self.entries[at] = entry;
        positions.at[entry.1 as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rng::KeyedRng;

    #[test]
    fn agrees_with_an_ordered_set_under_random_pushes_pops_and_removals() {
        let (mut heap, mut positions, mut twin) =
            (IndexedHeap::default(), Positions::default(), BTreeSet::new());
        positions.grow_to(64);
        let mut key_of = [None; 64];
        let mut rng = KeyedRng::new(1);
        for _ in 0..100_000 {
            let id = (rng.bits() % 64) as u32;
            match (key_of[id as usize], rng.bits() % 3) {
                (None, _) => {
                    // Keys are unique by their id part, so that both agree on the order of equals.
                    let key = (rng.bits() % 16, id);
                    heap.push(key, id, &mut positions);
                    twin.insert(key);
                    key_of[id as usize] = Some(key);
                }
                (Some(key), 0) => {
                    assert_eq!(heap.remove(id, &mut positions), Some(key));
                    twin.remove(&key);
                    key_of[id as usize] = None;
                }
                (Some(_), _) => {
                    let least = twin.pop_first().expect("an id is present");
                    assert_eq!(heap.pop(&mut positions), Some((least, least.1)));
                    key_of[least.1 as usize] = None;
                }
            }
            assert_eq!(heap.peek().map(|(key, _)| key), twin.first().copied());
            assert_eq!(heap.len(), twin.len());
        }
    }
}
