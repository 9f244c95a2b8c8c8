//! Records that come and go, each in a slot that it keeps.

/// Records in slots. A slot that is free keeps what was there last: whoever takes it fills it.
#[derive(Clone, Debug, Default)]
pub struct Slab<T> {
    slots: Vec<T>,
    free: Vec<u32>,
}

impl<T> std::ops::Index<u32> for Slab<T> {
    type Output = T;
    #[inline]
    fn index(&self, slot: u32) -> &T {
        &self.slots[slot as usize]
    }
}

impl<T> std::ops::IndexMut<u32> for Slab<T> {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut T {
        &mut self.slots[slot as usize]
    }
}

impl<T: Default> Slab<T> {
    /// Slots ever used: the size that side tables need.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Slots taken.
    #[inline]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Takes a slot that is free, if there is one.
    #[inline]
    pub fn take(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// Takes a slot of its own.
    pub fn grow(&mut self) -> u32 {
        self.slots.push(T::default());
        (self.slots.len() - 1) as u32
    }

    /// Frees a slot.
    #[inline]
    pub fn free(&mut self, slot: u32) {
        self.free.push(slot);
    }

    /// All slots taken.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        let mut free = vec![false; self.slots.len()];
        self.free.iter().for_each(|&slot| free[slot as usize] = true);
        (0..self.slots.len() as u32).filter(move |&slot| !free[slot as usize])
    }

    /// The records in all slots taken.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.ids().map(|slot| &self[slot])
    }
}
