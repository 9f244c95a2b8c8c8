//! SIEVE: a FIFO line in which a use only sets a mark. A hand walks from the oldest to the newest, wipes marks and stops at
//! the first slot without one; survivors stay where they are, and the hand goes on from there the next time.
//!
//! Source: Zhang, Yang, Yue, Vigfusson, Rashmi, *SIEVE is simpler than LRU* (NSDI 2024), algorithm 1.

use super::entry::Entry;
use crate::station::line::{Line, Neighbours};

/// Slots by age, and a hand. An entry's mark says that it was used since it was stored or since the hand passed.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    /// Oldest first (the paper's tail).
    line: Line,
    /// Where the next search begins; none: at the oldest.
    hand: Option<u32>,
}

impl Sieve {
    /// The slot's entry is new and has no mark.
    pub(super) fn insert(&mut self, slot: u32, entries: &mut [Entry]) {
        self.line.push_back(slot, entries);
    }

    pub(super) fn touch(slot: u32, entries: &mut [Entry]) {
        entries[slot as usize].mark_used();
    }

    /// Walks the hand to the next slot without a mark. Constant time amortised: every step but the last wipes what a use set.
    pub(super) fn victim(&mut self, entries: &mut [Entry]) -> u32 {
        let oldest = self.line.first().expect("a full store holds something");
        let mut slot = self.hand.unwrap_or(oldest);
        while entries[slot as usize].take_used() {
            slot = entries.after(slot).unwrap_or(oldest);
        }
        self.hand = Some(slot);
        slot
    }

    /// Where the next search begins.
    pub(super) fn upcoming(&self) -> Option<u32> {
        self.hand.or(self.line.first())
    }

    pub(super) fn remove(&mut self, slot: u32, entries: &mut [Entry]) {
        if self.hand == Some(slot) {
            self.hand = entries.after(slot);
        }
        self.line.remove(slot, entries);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
