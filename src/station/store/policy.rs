//! The eviction policies behind one face. They speak of slots, the numbers of a store's entries below its room, and keep their order
//! of them in the entries themselves.

use super::entry::Entry;
use super::lfu::Lfu;
use super::queue::Queue;
use super::random::Random;
use super::sieve::Sieve;
use super::sketch::Sketch;

/// Which key goes when a new one needs room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evict {
    /// The least recently used.
    Lru,
    /// The least frequently used since it was stored; among equals the least recently used.
    Lfu,
    /// The one stored first; storing it again does not make it younger.
    Fifo,
    /// Any, with equal probability.
    Random,
    /// The first without a mark under a walking hand (Zhang et al., NSDI 2024).
    Sieve,
    /// The least recently used, and only for a key that was asked for more often of late: plain TinyLFU admission before LRU,
    /// without a window (Einziger, Friedman, Manes 2017).
    TinyLfu,
}

/// The state of a policy.
#[derive(Clone, Debug)]
pub(super) enum Policy {
    /// There is room for all keys: nothing is ever evicted, so nothing need be known.
    Never,
    Lru(Queue),
    Lfu(Lfu),
    Fifo(Queue),
    Random(Random),
    Sieve(Sieve),
    TinyLfu(Queue, Sketch),
}

impl Policy {
    pub(super) fn new(evict: Evict, room: u32) -> Self {
        match evict {
            Evict::Lru => Self::Lru(Queue::default()),
            Evict::Lfu => Self::Lfu(Lfu::new(room)),
            Evict::Fifo => Self::Fifo(Queue::default()),
            Evict::Random => Self::Random(Random::new(room)),
            Evict::Sieve => Self::Sieve(Sieve::default()),
            Evict::TinyLfu => Self::TinyLfu(Queue::default(), Sketch::new(room)),
        }
    }

    /// A slot is filled.
    pub(super) fn insert(&mut self, slot: u32, entries: &mut [Entry]) {
        match self {
            Self::Never => {}
            Self::Lru(queue) | Self::Fifo(queue) | Self::TinyLfu(queue, _) => queue.insert(slot, entries),
            Self::Lfu(lfu) => lfu.insert(slot, entries),
            Self::Random(random) => random.insert(slot, entries),
            Self::Sieve(sieve) => sieve.insert(slot, entries),
        }
    }

    /// A slot in use, which holds `key`, was used.
    pub(super) fn hit(&mut self, slot: u32, key: u32, entries: &mut [Entry]) {
        match self {
            Self::Never | Self::Fifo(_) | Self::Random(_) => {}
            Self::Lru(queue) => queue.move_to_end(slot, entries),
            Self::Lfu(lfu) => lfu.touch(slot, entries),
            Self::Sieve(_) => Sieve::touch(slot, entries),
            Self::TinyLfu(queue, sketch) => {
                queue.move_to_end(slot, entries);
                sketch.count(key);
            }
        }
    }

    /// A key was asked for that is not held.
    pub(super) fn miss(&mut self, key: u32) {
        if let Self::TinyLfu(_, sketch) = self {
            sketch.count(key);
        }
    }

    /// The slot that goes next. All slots are in use.
    pub(super) fn victim(&mut self, bits: u64, entries: &mut [Entry]) -> u32 {
        match self {
            Self::Never => unreachable!("a store with room for all keys is never short of it"),
            Self::Lru(queue) | Self::Fifo(queue) | Self::TinyLfu(queue, _) => queue.victim(),
            Self::Lfu(lfu) => lfu.victim(),
            Self::Random(random) => random.victim(bits),
            Self::Sieve(sieve) => sieve.victim(entries),
        }
    }

    /// The slot where the next search for a victim begins, where that can be told.
    pub(super) fn upcoming(&self) -> Option<u32> {
        match self {
            Self::Lru(queue) | Self::Fifo(queue) | Self::TinyLfu(queue, _) => Some(queue.victim()),
            Self::Sieve(sieve) => sieve.upcoming(),
            Self::Never | Self::Lfu(_) | Self::Random(_) => None,
        }
    }

    /// Whether `key` may take the place of `held`.
    pub(super) fn admits(&self, key: u32, held: u32) -> bool {
        match self {
            Self::TinyLfu(_, sketch) => sketch.estimate(key) > sketch.estimate(held),
            Self::Never | Self::Lru(_) | Self::Lfu(_) | Self::Fifo(_) | Self::Random(_) | Self::Sieve(_) => {
                true
            }
        }
    }

    /// A slot in use becomes free.
    pub(super) fn remove(&mut self, slot: u32, entries: &mut [Entry]) {
        match self {
            Self::Never => {}
            Self::Lru(queue) | Self::Fifo(queue) | Self::TinyLfu(queue, _) => queue.remove(slot, entries),
            Self::Lfu(lfu) => lfu.remove(slot, entries),
            Self::Random(random) => random.remove(slot, entries),
            Self::Sieve(sieve) => sieve.remove(slot, entries),
        }
    }

    /// All slots become free, and all counts are forgotten.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Never => {}
            Self::Lru(queue) | Self::Fifo(queue) => queue.clear(),
            Self::Lfu(lfu) => lfu.clear(),
            Self::Random(random) => random.clear(),
            Self::Sieve(sieve) => sieve.clear(),
            Self::TinyLfu(queue, sketch) => {
                queue.clear();
                sketch.clear();
            }
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Never | Self::Lru(_) | Self::Fifo(_) | Self::Sieve(_) => 0,
            Self::Lfu(lfu) => lfu.bytes(),
            Self::Random(random) => random.bytes(),
            Self::TinyLfu(_, sketch) => sketch.bytes(),
        }
    }
}
