//! Slots in one line, first out first: the order of LRU (a use moves a slot to the end) and of FIFO (it does not).

use super::entry::Entry;
use crate::station::line::Line;

/// A line of slots; neighbours are kept in their entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    line: Line,
}

impl Queue {
    pub(super) fn insert(&mut self, slot: u32, entries: &mut [Entry]) {
        self.line.push_back(slot, entries);
    }

    pub(super) fn move_to_end(&mut self, slot: u32, entries: &mut [Entry]) {
        self.line.remove(slot, entries);
        self.line.push_back(slot, entries);
    }

    /// The first of the line.
    pub(super) fn victim(&self) -> u32 {
        self.line.first().expect("a full store holds something")
    }

    pub(super) fn remove(&mut self, slot: u32, entries: &mut [Entry]) {
        self.line.remove(slot, entries);
    }

    pub(super) fn clear(&mut self) {
        self.line = Line::default();
    }
}
