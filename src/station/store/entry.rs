//! An entry of a store, and what its users are told of it.

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// When it was stored, ns.
    pub stored: u64,
    /// As given when it was stored.
    pub version: u64,
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

/// What is kept of a key that is held, in 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// ns
    pub(super) stored: u64,
    /// When it counts as absent, ns; `u64::MAX`: never.
    pub(super) expires: u64,
    pub(super) version: u64,
    /// Of a free slot: the next free slot.
    pub(super) key: u32,
    /// Its value is yet to be written back.
    pub(super) dirty: bool,
}

impl Entry {
    /// What is dirty does not expire: it is the only copy.
    pub(super) fn is_expired(&self, now: u64) -> bool {
        self.expires <= now && !self.dirty
    }
}
