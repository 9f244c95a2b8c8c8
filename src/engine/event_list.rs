//! The event list: a 4-ary implicit heap of packed keys whose root may stay vacant.
//!
//! A key holds time, sequence and whom it is for in 128 bits, so that comparing keys orders events by (time, sequence). After a
//! pop the root stays vacant until the next push fills it: the usual pop-then-push costs one sift instead of two.

/// Bits for the index of a call, user or station.
const INDEX_BITS: u32 = 24;
/// Bits for the kind of owner.
const KIND_BITS: u32 = 2;
const OWNER_BITS: u32 = INDEX_BITS + KIND_BITS;
/// Bits for the sequence number; the highest marks timers, so that an answer at the same nanosecond comes first.
const SEQUENCE_BITS: u32 = 64 - OWNER_BITS;

/// Owners of one kind are numbered below this.
pub const INDEX_END: usize = 1 << INDEX_BITS;
/// Sequence numbers of ordinary events are below this.
pub const SEQUENCE_END: u64 = 1 << (SEQUENCE_BITS - 1);
/// Added to the sequence number of a timer.
pub const TIMER: u64 = SEQUENCE_END;

/// Whom an event is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A call: the end of its work or its back-off.
    Call = 0,
    /// A user who ends thinking.
    User = 1,
    /// Shared cores: the next completion.
    Station = 2,
    /// The patience of a waiting call.
    Patience = 3,
}

/// An event: when, in which order, for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(pub u128);

impl Key {
    /// Later than every event.
    pub const NEVER: Self = Self(u128::MAX);

    /// Packs an event at `time` (ns).
    #[inline]
    pub fn new(time: u64, sequence: u64, kind: Kind, index: u32) -> Self {
        debug_assert!(sequence < 2 * SEQUENCE_END && (index as usize) < INDEX_END);
        let low = sequence << OWNER_BITS | (kind as u64) << INDEX_BITS | u64::from(index);
        Self(u128::from(time) << 64 | u128::from(low))
    }

    #[inline]
    pub fn time(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[inline]
    pub fn sequence(self) -> u64 {
        self.0 as u64 >> OWNER_BITS
    }

    #[inline]
    pub fn kind(self) -> Kind {
        match (self.0 as u64 >> INDEX_BITS) & 3 {
            0 => Kind::Call,
            1 => Kind::User,
            2 => Kind::Station,
            _ => Kind::Patience,
        }
    }

    #[inline]
    pub fn index(self) -> u32 {
        self.0 as u32 & (INDEX_END as u32 - 1)
    }
}

/// The pending events.
#[derive(Clone, Debug, Default)]
pub struct EventList {
    heap: Vec<u128>,
    /// The root was popped and nothing has taken its place yet.
    vacant: bool,
}

impl EventList {
    /// Adds an event.
    #[inline]
    pub fn push(&mut self, key: Key) {
        if self.vacant {
            self.vacant = false;
            match self.heap.as_mut_slice() {
                [only] => *only = key.0,
                _ => self.sift_down(key.0),
            }
        } else {
            self.heap.push(key.0);
            self.sift_up(key.0);
        }
    }

    /// The earliest event; [`Key::NEVER`] if there is none.
    #[inline]
    pub fn peek(&mut self) -> Key {
        if self.vacant {
            self.settle();
        }
        self.heap.first().map_or(Key::NEVER, |&k| Key(k))
    }

    /// Takes the event that [`Self::peek`] just showed.
    #[inline]
    pub fn pop(&mut self) {
        debug_assert!(!self.vacant && !self.heap.is_empty());
        self.vacant = true;
    }

    #[inline]
    fn settle(&mut self) {
        self.vacant = false;
        let last = self.heap.pop().expect("a vacant root is still counted");
        if !self.heap.is_empty() {
            self.sift_down(last);
        }
    }

    #[inline]
    fn sift_up(&mut self, key: u128) {
        let mut at = self.heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 4;
            if self.heap[parent] <= key {
                break;
            }
            self.heap[at] = self.heap[parent];
            at = parent;
        }
        self.heap[at] = key;
    }

    /// Sinks `key` from the root, which is free.
    #[inline]
    fn sift_down(&mut self, key: u128) {
        let heap = self.heap.as_mut_slice();
        let (mut at, len) = (0, heap.len());
        loop {
            let first = 4 * at + 1;
            let (child, least) = if first + 4 <= len {
                // All four children exist: a little tournament without bounds checks.
                let four: &[u128; 4] = heap[first..first + 4].try_into().expect("four children");
                let left = usize::from(four[1] < four[0]);
                let right = 2 + usize::from(four[3] < four[2]);
                let winner = if four[right] < four[left] { right } else { left };
                (first + winner, four[winner])
            } else {
                let Some((offset, &least)) =
                    heap.get(first..).and_then(|rest| rest.iter().enumerate().min_by_key(|(_, k)| **k))
                else {
                    break;
                };
                (first + offset, least)
            };
            if key <= least {
                break;
            }
            heap[at] = least;
            at = child;
        }
        heap[at] = key;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rng::KeyedRng;

    #[test]
    fn a_key_gives_back_what_was_packed() {
        let key = Key::new(123_456_789_012, SEQUENCE_END + 77, Kind::Station, 0x00ab_cdef);
        assert_eq!(
            (key.time(), key.sequence(), key.kind(), key.index()),
            (123_456_789_012, SEQUENCE_END + 77, Kind::Station, 0x00ab_cdef)
        );
    }

    #[test]
    fn a_timer_comes_after_all_events_of_its_nanosecond() {
        assert!(Key::new(5, 9, Kind::Call, 3) < Key::new(5, TIMER + 1, Kind::Call, 2));
        assert!(Key::new(5, TIMER + 1, Kind::Call, 2) < Key::new(6, 10, Kind::Call, 0));
    }

    #[test]
    fn agrees_with_an_ordered_set_under_random_pushes_and_pops() {
        let (mut list, mut twin, mut rng) = (EventList::default(), BTreeSet::new(), KeyedRng::new(3));
        for sequence in 0..200_000 {
            if rng.bits() % 100 < 51 {
                let key = Key::new(rng.bits() % 1_000, sequence, Kind::Call, 0);
                list.push(key);
                twin.insert(key);
            } else if let Some(least) = twin.pop_first() {
                assert_eq!(list.peek(), least);
                list.pop();
            }
        }
        for least in twin {
            assert_eq!(list.peek(), least);
            list.pop();
        }
        assert_eq!(list.peek(), Key::NEVER);
    }
}
