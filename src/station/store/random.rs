//! Random replacement: every slot in use is as likely to go. A dense array of them; the last fills the gap of one that leaves.

use super::entry::Entry;

/// The slots in use, in no order. Where a slot is among them is kept in its entry, in place of the previous neighbour.
#[derive(Clone, Debug)]
pub(super) struct Random {
    slots: Vec<u32>,
}

impl Random {
    pub(super) fn new(room: u32) -> Self {
        Self { slots: Vec::with_capacity(room as usize) }
    }

    pub(super) fn insert(&mut self, slot: u32, entries: &mut [Entry]) {
        entries[slot as usize].neighbours[0] = self.slots.len() as u32;
        self.slots.push(slot);
    }

    /// Slot number `bits / 2^64 x len`.
    pub(super) fn victim(&self, bits: u64) -> u32 {
        let place = (u128::from(bits) * self.slots.len() as u128) >> 64;
        self.slots[place as usize]
    }

    pub(super) fn remove(&mut self, slot: u32, entries: &mut [Entry]) {
        let [place, _] = entries[slot as usize].neighbours;
        self.slots.swap_remove(place as usize);
        if let Some(&moved) = self.slots.get(place as usize) {
            entries[moved as usize].neighbours[0] = place;
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        4 * self.slots.capacity()
    }
}
