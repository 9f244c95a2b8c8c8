//! Slots in one line, first out first: the order of LRU (a use moves a slot to the end) and of FIFO (it does not).

use crate::station::line::{Line, Links};

/// A line of slots.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    line: Line,
    links: Links,
}

impl Queue {
    pub(super) fn new(room: u32) -> Self {
        let mut links = Links::default();
        links.grow_to(room as usize);
        Self { line: Line::default(), links }
    }

    pub(super) fn insert(&mut self, slot: u32) {
        self.line.push_back(slot, &mut self.links);
    }

    pub(super) fn move_to_end(&mut self, slot: u32) {
        self.line.remove(slot, &mut self.links);
        self.line.push_back(slot, &mut self.links);
    }

    /// The first of the line.
    pub(super) fn victim(&self) -> u32 {
        self.line.first().expect("a full store holds something")
    }

    pub(super) fn remove(&mut self, slot: u32) {
        self.line.remove(slot, &mut self.links);
    }

    pub(super) fn clear(&mut self) {
        self.line = Line::default();
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.links.bytes()
    }
}
