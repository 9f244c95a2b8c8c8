//! The store's slow, obvious twin: one list of entries, searched from end to end.

use super::sketch::Sketch;
use super::*;

#[derive(Clone, Debug)]
pub(super) struct Item {
    key: u32,
    held: Held,
    expires: u64,
    ttl: u64,
    pub(super) dirty: bool,
    uses: u64,
    /// Number of the operation that used it last.
    last_use: u64,
    visited: bool,
}

pub(super) struct Twin {
    evict: Evict,
    sliding: bool,
    entries: usize,
    operations: u64,
    /// In order of storing; for random eviction, as `swap_remove` leaves it.
    pub(super) items: Vec<Item>,
    /// Key under SIEVE's hand.
    hand: Option<u32>,
    /// One byte a counter, found as the sketch finds its own.
    counters: Vec<u8>,
    cells: Sketch,
    uses: usize,
}

impl Twin {
    pub(super) fn new(keys: u32, entries: u32, evict: Evict, sliding: bool) -> Self {
        let room = entries.min(keys);
        Self {
            evict,
            sliding,
            entries: room as usize,
            operations: 0,
            items: Vec::new(),
            hand: None,
            counters: vec![0; 4 * (room as usize * 4).next_multiple_of(16)],
            cells: Sketch::new(room),
            uses: 0,
        }
    }

    pub(super) fn at(&self, key: u32) -> Option<usize> {
        self.items.iter().position(|item| item.key == key)
    }

    pub(super) fn fresh_at(&self, key: u32, now: u64) -> Option<usize> {
        self.at(key).filter(|&at| self.is_fresh(at, now))
    }

    fn is_fresh(&self, at: usize, now: u64) -> bool {
        now < self.items[at].expires || self.items[at].dirty
    }

    fn places(&self, key: u32) -> [usize; 4] {
        self.cells.cells(key).map(|(word, shift)| word * 16 + shift as usize / 4)
    }

    fn estimate(&self, key: u32) -> u8 {
        self.places(key).iter().map(|&at| self.counters[at]).min().unwrap()
    }

    fn count(&mut self, key: u32) {
        let estimate = self.estimate(key);
        for at in self.places(key) {
            if self.counters[at] == estimate && estimate < 15 {
                self.counters[at] += 1;
            }
        }
        self.uses += 1;
        if self.uses == 10 * self.entries {
            self.counters.iter_mut().for_each(|c| *c /= 2);
            self.uses /= 2;
        }
    }

    fn take(&mut self, at: usize) -> Item {
        if self.hand == Some(self.items[at].key) {
            self.hand = self.items.get(at + 1).map(|item| item.key);
        }
        if self.evict == Evict::Random { self.items.swap_remove(at) } else { self.items.remove(at) }
    }

    fn hit(&mut self, at: usize) {
        let item = &mut self.items[at];
        (item.last_use, item.visited, item.uses) = (self.operations, true, item.uses + 1);
        let key = item.key;
        self.count(key);
    }

    pub(super) fn look_up(&mut self, key: u32, now: u64) -> Option<Held> {
        self.operations += 1;
        let Some(at) = self.fresh_at(key, now) else {
            self.remove(key);
            self.count(key);
            return None;
        };
        self.hit(at);
        let item = &mut self.items[at];
        if self.sliding {
            item.expires = now.saturating_add(item.ttl);
        }
        Some(item.held)
    }

    fn victim(&mut self, bits: u64) -> usize {
        let items = &self.items;
        let least = |by: &dyn Fn(&Item) -> (u64, u64)| (0..items.len()).min_by_key(|&at| by(&items[at]));
        match self.evict {
            Evict::Lru | Evict::TinyLfu => least(&|item| (item.last_use, 0)).unwrap(),
            Evict::Lfu => least(&|item| (item.uses, item.last_use)).unwrap(),
            Evict::Fifo => 0,
            Evict::Random => (bits as u128 * items.len() as u128 / (1 << 64)) as usize,
            Evict::Sieve => {
                let mut at = self.hand.map_or(0, |key| self.at(key).unwrap());
                while self.items[at].visited {
                    self.items[at].visited = false;
                    at = (at + 1) % self.items.len();
                }
                self.hand = Some(self.items[at].key);
                at
            }
        }
    }

    pub(super) fn store(&mut self, key: u32, now: u64, ttl: u64, version: u32, bits: u64) -> Stored {
        self.operations += 1;
        let (held, expires) = (Held { version }, now.saturating_add(ttl));
        if let Some(at) = self.fresh_at(key, now) {
            self.hit(at);
            let item = &mut self.items[at];
            (item.held, item.expires, item.ttl) = (held, expires, ttl);
            return Stored { admitted: true, evicted: None };
        }
        self.remove(key);
        let mut evicted = None;
        if self.items.len() == self.entries {
            let at = self.victim(bits);
            let other = self.items[at].key;
            if self.evict == Evict::TinyLfu
                && self.is_fresh(at, now)
                && self.estimate(key) <= self.estimate(other)
            {
                return Stored { admitted: false, evicted: None };
            }
            let out = self.take(at);
            evicted = Some(Evicted { key: out.key, dirty: out.dirty });
        }
        let last_use = self.operations;
        self.items.push(Item { key, held, expires, ttl, dirty: false, uses: 1, last_use, visited: false });
        Stored { admitted: true, evicted }
    }

    pub(super) fn remove(&mut self, key: u32) -> bool {
        let at = self.at(key);
        at.map(|at| self.take(at)).is_some()
    }

    pub(super) fn mark(&mut self, key: u32, dirty: bool) -> bool {
        let at = self.at(key);
        at.map(|at| self.items[at].dirty = dirty).is_some()
    }

    pub(super) fn flush(&mut self) {
        self.items.clear();
        self.counters.fill(0);
        (self.hand, self.uses) = (None, 0);
    }

    pub(super) fn warm(&mut self, order: &[Warm]) {
        self.flush();
        for &Warm { key, expires, ttl } in &order[order.len().saturating_sub(self.entries)..] {
            self.count(key);
            self.store(key, 0, expires, 0, 0);
            let at = self.at(key).expect("there is room");
            self.items[at].ttl = ttl;
        }
    }
}
