//! Random replacement: every slot in use is as likely to go. A dense array of them; the last fills the gap of one that leaves.

/// The slots in use, in no order.
#[derive(Clone, Debug)]
pub(super) struct Random {
    slots: Vec<u32>,
    /// `places[slot]`: where the slot is in `slots`.
    places: Vec<u32>,
}

impl Random {
    pub(super) fn new(room: u32) -> Self {
        Self { slots: Vec::with_capacity(room as usize), places: vec![0; room as usize] }
    }

    pub(super) fn insert(&mut self, slot: u32) {
        self.places[slot as usize] = self.slots.len() as u32;
        self.slots.push(slot);
    }

    /// Slot number `bits / 2^64 x len`.
    pub(super) fn victim(&self, bits: u64) -> u32 {
        let place = (u128::from(bits) * self.slots.len() as u128) >> 64;
        self.slots[place as usize]
    }

    pub(super) fn remove(&mut self, slot: u32) {
        let place = self.places[slot as usize];
        self.slots.swap_remove(place as usize);
        if let Some(&moved) = self.slots.get(place as usize) {
            self.places[moved as usize] = place;
        }
    }

    pub(super) fn clear(&mut self) {
        self.slots.clear();
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        4 * (self.slots.capacity() + self.places.capacity())
    }
}
