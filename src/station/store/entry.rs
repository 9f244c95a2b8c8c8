//! An entry of a store, and what its users are told of it.

use super::NONE;
use crate::station::line::Neighbours;

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// As given when it was stored.
    pub version: u32,
}

/// What became of a value that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// It is held from now on. Only [`TinyLfu`](super::Evict::TinyLfu) ever refuses.
    pub admitted: bool,
    /// What had to go for it.
    pub evicted: Option<Evicted>,
}

/// An entry of a store that starts warm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warm {
    /// Its key.
    pub key: u32,
    /// When it counts as absent, ns; `u64::MAX`: never.
    pub expires: u64,
    /// Its time to live, ns, which matters where that slides; `u64::MAX`: for ever.
    pub ttl: u64,
}

/// A key that had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evicted {
    /// Which.
    pub key: u32,
    /// It was marked dirty: its value is yet to be written back.
    pub dirty: bool,
}

/// Keys lie below this: the bits above are the marks.
pub(super) const KEYS_END: u32 = 1 << 30;
/// The value is yet to be written back.
const DIRTY: u32 = 1 << 31;
/// The policy's own.
const USED: u32 = 1 << 30;

/// What is kept of a key that is held, neighbours in the policy's order included: half a line of a processor's cache, whole.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Entry {
    /// When it counts as absent, ns; `u64::MAX`: never.
    pub(super) expires: u64,
    /// Its time to live, ns.
    pub(super) ttl: u64,
    pub(super) version: u32,
    marked_key: u32,
    /// `[previous, next]`, as the policy has it. Of a free slot: the next free slot is next.
    pub(super) neighbours: [u32; 2],
}

impl Entry {
    /// Not dirty, without a mark and without neighbours.
    pub(super) fn new(key: u32, version: u32, expires: u64, ttl: u64) -> Self {
        Self { expires, ttl, version, marked_key: key, neighbours: [NONE; 2] }
    }

    pub(super) fn key(&self) -> u32 {
        self.marked_key % KEYS_END
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.marked_key & DIRTY != 0
    }

    pub(super) fn set_dirty(&mut self, dirty: bool) {
        self.marked_key = if dirty { self.marked_key | DIRTY } else { self.marked_key & !DIRTY };
    }

    /// Sets the policy's mark.
    pub(super) fn mark_used(&mut self) {
        self.marked_key |= USED;
    }

    /// Wipes the policy's mark. Answers whether it was set.
    pub(super) fn take_used(&mut self) -> bool {
        let was = self.marked_key & USED != 0;
        self.marked_key &= !USED;
        was
    }

    /// What is dirty does not expire: it is the only copy.
    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires <= now && !self.is_dirty()
    }
}

impl Neighbours for [Entry] {
    #[inline]
    fn of(&mut self, id: u32) -> &mut [u32; 2] {
        &mut self[id as usize].neighbours
    }
}
