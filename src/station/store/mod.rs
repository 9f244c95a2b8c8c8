//! Which keys a cache holds: a room for entries, an eviction policy and times to live.
//!
//! A store is told of look-ups and of values that arrive, and answers what is held and what had to go. It fetches nothing and
//! writes nothing back. Every operation takes constant time, amortised. Memory is 32 bytes an entry (LRU, FIFO, SIEVE;
//! 36 random, 36 and a little LFU, 40 TinyLFU), and for the index 4 bytes a key or, where entries are few against many keys, 16 to 32 an entry.
//!
//! Time to live is a time stamp, looked at when the key is: a value past it counts as absent and is dropped at the next
//! look-up. Until then it takes its room, as in real caches that expire lazily.

#[cfg(test)]
mod agreement;
mod entry;
mod index;
mod lfu;
mod policy;
mod queue;
mod random;
mod sieve;
mod sketch;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

use entry::{Entry, KEYS_END};
pub use entry::{Evicted, Held, Stored, Warm};
use index::Index;
pub use policy::Evict;
use policy::Policy;
use prefetch_index::prefetch_index;

/// "No slot."
const NONE: u32 = u32::MAX;

/// The keys held by a cache.
#[derive(Clone, Debug)]
pub struct Store {
    /// The slot of each key that is held.
    slots: Index,
    entries: Vec<Entry>,
    /// A hit starts the time to live anew.
    sliding: bool,
    /// The first free slot.
    free: u32,
    /// Slots in use; 0 ..= room.
    len: u32,
    room: u32,
    /// It is gone: it holds nothing and admits nothing.
    away: bool,
    policy: Policy,
}

impl Store {
    /// An empty store for keys below `keys` with room for `entries` of them, at least 1; with room for all it never evicts.
    /// Times to live count from the last hit if `sliding`, else from the storing.
    #[must_use]
    pub fn new(keys: u32, entries: u32, evict: Evict, sliding: bool) -> Self {
        assert!(entries > 0, "a store has room for at least one entry");
        assert!(keys <= KEYS_END, "keys leave room for marks");
        let room = entries.min(keys);
        Self {
            slots: Index::new(keys, room),
            entries: Vec::with_capacity(room as usize),
            sliding,
            free: NONE,
            len: 0,
            room,
            away: false,
            policy: if entries < keys { Policy::new(evict, room) } else { Policy::Never },
        }
    }

    /// Entries that take room, among them those that are past their time but were not looked up since.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// What is held under `key` at `now` (ns), if anything. Counts as a use.
    pub fn look_up(&mut self, key: u32, now: u64) -> Option<Held> {
        let Some(slot) = self.fresh_slot(key, now) else {
            self.policy.miss(key);
            return None;
        };
        self.policy.hit(slot, key, &mut self.entries);
        let entry = &mut self.entries[slot as usize];
        if self.sliding {
            entry.expires = now.saturating_add(entry.ttl);
        }
        Some(Held { version: entry.version })
    }

    /// `key` will be looked up soon: fetches from memory where its entry is noted. A hint that changes nothing.
    #[inline]
    pub fn foresee(&self, key: u32) {
        self.slots.fetch(key);
    }

    /// `key` will be looked up very soon, as was [foreseen](Self::foresee): fetches its entry. A hint that changes nothing.
    #[inline]
    pub fn foresee_entry(&self, key: u32) {
        prefetch_index(&self.entries, self.slots.get(key) as usize);
    }

    /// Whether a look-up at `now` (ns) would hit. Counts for nothing.
    #[must_use]
    pub fn contains(&self, key: u32, now: u64) -> bool {
        self.slot(key).is_some_and(|slot| !self.entries[slot as usize].is_expired(now))
    }

    /// A value for `key` arrives at `now` (ns), good for `ttl` ns (`u64::MAX`: for ever). `bits` are 64 random bits, of which
    /// random eviction makes use.
    ///
    /// A key that is held gets the new value, which counts as a use and leaves its dirty mark alone. To store a key that is
    /// not held is no use of its own: the look-up that missed it was.
    pub fn store(&mut self, key: u32, now: u64, ttl: u64, version: u32, bits: u64) -> Stored {
        if self.away {
            return Stored { admitted: false, evicted: None };
        }
        let expires = now.saturating_add(ttl);
        if let Some(slot) = self.fresh_slot(key, now) {
            self.policy.hit(slot, key, &mut self.entries);
            let entry = &mut self.entries[slot as usize];
            (entry.version, entry.expires, entry.ttl) = (version, expires, ttl);
            return Stored { admitted: true, evicted: None };
        }
        let entry = Entry::new(key, version, expires, ttl);
        if self.len < self.room {
            self.insert(entry);
            return Stored { admitted: true, evicted: None };
        }
        let victim = self.policy.victim(bits, &mut self.entries);
        let out = self.entries[victim as usize];
        // What is past its time has no claim to its place.
        if !out.is_expired(now) && !self.policy.admits(key, out.key()) {
            return Stored { admitted: false, evicted: None };
        }
        self.release(victim);
        self.insert(entry);
        self.foresee_eviction();
        Stored { admitted: true, evicted: Some(Evicted { key: out.key(), dirty: out.is_dirty() }) }
    }

    /// Forgets `key`. Answers whether it took room, past its time or not.
    pub fn remove(&mut self, key: u32) -> bool {
        let slot = self.slot(key);
        if let Some(slot) = slot {
            self.release(slot);
        }
        slot.is_some()
    }

    /// Forgets everything, dirty or not, and all counts of use, as a restart does.
    pub fn flush(&mut self) {
        self.slots.clear();
        self.entries.clear();
        self.policy.clear();
        (self.free, self.len) = (NONE, 0);
    }

    /// It is gone, with everything it held, until it [comes back](Self::come_back): look-ups miss, and nothing is admitted.
    pub fn go_away(&mut self) {
        self.flush();
        self.away = true;
    }

    /// It is there again, as new.
    pub fn come_back(&mut self) {
        self.flush();
        self.away = false;
    }

    /// `key` has a value that is yet to be written back; until it is, it does not expire. Answers whether the key is held:
    /// if not, nothing is marked.
    pub fn mark_dirty(&mut self, key: u32) -> bool {
        self.mark(key, true)
    }

    /// The value of `key` was written back. Answers whether the key is held.
    pub fn mark_clean(&mut self, key: u32) -> bool {
        self.mark(key, false)
    }

    /// Whether `key` is held with a value that is yet to be written back.
    #[must_use]
    pub fn is_dirty(&self, key: u32) -> bool {
        self.slot(key).is_some_and(|slot| self.entries[slot as usize].is_dirty())
    }

    /// Holds these entries instead of what it held, as if each had been used once, from the least to the most recently used; each
    /// key once. Of more than there is room for, the last are held. Their versions are 0.
    pub fn warm(&mut self, order: impl ExactSizeIterator<Item = Warm>) {
        self.flush();
        let beyond = order.len().saturating_sub(self.room as usize);
        for Warm { key, expires, ttl } in order.skip(beyond) {
            assert!(self.slot(key).is_none(), "a warm start names each key once");
            self.policy.miss(key);
            self.insert(Entry::new(key, 0, expires, ttl));
        }
    }

    /// From now on time counts from `start` (ns) of what it was.
    pub fn begin_at(&mut self, start: u64) {
        for entry in self.entries.iter_mut().filter(|entry| entry.expires < u64::MAX) {
            entry.expires = entry.expires.saturating_sub(start);
        }
    }

    /// Fetches what the next eviction will read, as far as it is known.
    #[inline]
    fn foresee_eviction(&self) {
        if let Some(slot) = self.policy.upcoming() {
            let next = &self.entries[slot as usize];
            self.slots.fetch(next.key());
            prefetch_index(&self.entries, next.neighbours[1] as usize);
        }
    }

    fn slot(&self, key: u32) -> Option<u32> {
        let slot = self.slots.get(key);
        (slot != NONE).then_some(slot)
    }

    /// The slot of `key`, which is dropped if it is past its time.
    fn fresh_slot(&mut self, key: u32, now: u64) -> Option<u32> {
        let slot = self.slot(key)?;
        if self.entries[slot as usize].is_expired(now) {
            self.release(slot);
            return None;
        }
        Some(slot)
    }

    /// Puts an entry where there is room.
    fn insert(&mut self, entry: Entry) {
        let slot = self.free;
        let slot = if slot == NONE {
            self.entries.push(entry);
            self.entries.len() as u32 - 1
        } else {
            let free = std::mem::replace(&mut self.entries[slot as usize], entry);
            self.free = free.neighbours[1];
            slot
        };
        self.slots.insert(entry.key(), slot);
        self.len += 1;
        self.policy.insert(slot, &mut self.entries);
    }

    /// Frees a slot in use.
    fn release(&mut self, slot: u32) {
        self.policy.remove(slot, &mut self.entries);
        let entry = &mut self.entries[slot as usize];
        self.slots.remove(entry.key());
        entry.neighbours[1] = self.free;
        self.free = slot;
        self.len -= 1;
    }

    fn mark(&mut self, key: u32, dirty: bool) -> bool {
        let slot = self.slot(key);
        if let Some(slot) = slot {
            self.entries[slot as usize].set_dirty(dirty);
        }
        slot.is_some()
    }

    /// Bytes held.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let entries = self.entries.capacity() * size_of::<Entry>();
        self.slots.bytes() + entries + self.policy.bytes()
    }
}
