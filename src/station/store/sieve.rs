//! SIEVE: a FIFO line in which a use only sets a mark. A hand walks from the oldest to the newest, wipes marks and stops at
//! the first slot without one; survivors stay where they are, and the hand goes on from there the next time.
//!
//! Source: Zhang, Yang, Yue, Vigfusson, Rashmi, *SIEVE is simpler than LRU* (NSDI 2024), algorithm 1.

use crate::station::line::{Line, Links};

/// Slots by age, with marks and a hand.
#[derive(Clone, Debug)]
pub(super) struct Sieve {
    /// Oldest first (the paper's tail).
    line: Line,
    links: Links,
    /// `visited[slot]`: used since it was stored or since the hand passed.
    visited: Vec<bool>,
    /// Where the next search begins; none: at the oldest.
    hand: Option<u32>,
}

impl Sieve {
    pub(super) fn new(room: u32) -> Self {
        let mut links = Links::default();
        links.grow_to(room as usize);
        Self { line: Line::default(), links, visited: vec![false; room as usize], hand: None }
    }

    pub(super) fn insert(&mut self, slot: u32) {
        self.visited[slot as usize] = false;
        self.line.push_back(slot, &mut self.links);
    }

    pub(super) fn touch(&mut self, slot: u32) {
        self.visited[slot as usize] = true;
    }

    /// Walks the hand to the next slot without a mark. Constant time amortised: every step but the last wipes what a use set.
    pub(super) fn victim(&mut self) -> u32 {
        let oldest = self.line.first().expect("a full store holds something");
        let mut slot = self.hand.unwrap_or(oldest);
        while std::mem::take(&mut self.visited[slot as usize]) {
            slot = self.links.after(slot).unwrap_or(oldest);
        }
        self.hand = Some(slot);
        slot
    }

    pub(super) fn remove(&mut self, slot: u32) {
        if self.hand == Some(slot) {
            self.hand = self.links.after(slot);
        }
        self.line.remove(slot, &mut self.links);
    }

    pub(super) fn clear(&mut self) {
        self.line = Line::default();
        self.hand = None;
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.links.bytes() + self.visited.capacity()
    }
}
