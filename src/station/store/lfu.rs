//! Least frequently used, in constant time: slots in buckets of equal count, the buckets in a line by rising count.
//!
//! This is LFU "in the cache": a count begins at 1 when a key is stored and is forgotten when it leaves; counts do not age.
//! Among equal counts the least recently used goes first.
//!
//! Source: Shah, Mitra, Matani, *An O(1) algorithm for implementing the LFU cache eviction scheme* (2010).

use super::entry::Entry;
use crate::station::line::{Line, Links, Neighbours};

/// Slots that were used equally often, the least recently used first.
#[derive(Clone, Debug, Default)]
struct Bucket {
    uses: u64,
    slots: Line,
}

/// Slots by count of uses. Neighbours in a bucket are kept in the entries.
#[derive(Clone, Debug)]
pub(super) struct Lfu {
    /// `bucket_of[slot]`
    bucket_of: Vec<u32>,
    buckets: Vec<Bucket>,
    /// The buckets that are not empty, fewest uses first.
    order: Line,
    bucket_links: Links,
    /// The buckets that are empty.
    empty: Vec<u32>,
}

impl Lfu {
    pub(super) fn new(room: u32) -> Self {
        Self {
            bucket_of: vec![0; room as usize],
            buckets: Vec::new(),
            order: Line::default(),
            bucket_links: Links::default(),
            empty: Vec::new(),
        }
    }

    pub(super) fn insert(&mut self, slot: u32, entries: &mut [Entry]) {
        let first = self.order.first().filter(|&b| self.buckets[b as usize].uses == 1);
        let bucket = first.unwrap_or_else(|| {
            let bucket = self.make_bucket(1);
            self.order.push_front(bucket, &mut self.bucket_links);
            bucket
        });
        self.join(slot, bucket, entries);
    }

    /// One use more: on to the next bucket.
    pub(super) fn touch(&mut self, slot: u32, entries: &mut [Entry]) {
        let old = self.bucket_of[slot as usize];
        let uses = self.buckets[old as usize].uses + 1;
        let next = self.bucket_links.after(old).filter(|&b| self.buckets[b as usize].uses == uses);
        let bucket = next.unwrap_or_else(|| {
            let bucket = self.make_bucket(uses);
            self.order.insert_after(old, bucket, &mut self.bucket_links);
            bucket
        });
        self.remove(slot, entries);
        self.join(slot, bucket, entries);
    }

    pub(super) fn victim(&self) -> u32 {
        let fewest = self.order.first().expect("a full store holds something");
        self.buckets[fewest as usize].slots.first().expect("buckets in the line are not empty")
    }

    pub(super) fn remove(&mut self, slot: u32, entries: &mut [Entry]) {
        let number = self.bucket_of[slot as usize];
        let bucket = &mut self.buckets[number as usize];
        bucket.slots.remove(slot, entries);
        if bucket.slots.is_empty() {
            self.order.remove(number, &mut self.bucket_links);
            self.empty.push(number);
        }
    }

    pub(super) fn clear(&mut self) {
        self.buckets.clear();
        self.empty.clear();
        self.order = Line::default();
    }

    fn join(&mut self, slot: u32, bucket: u32, entries: &mut [Entry]) {
        self.bucket_of[slot as usize] = bucket;
        self.buckets[bucket as usize].slots.push_back(slot, entries);
    }

    /// An empty bucket, not yet in the line.
    fn make_bucket(&mut self, uses: u64) -> u32 {
        let number = self.empty.pop().unwrap_or_else(|| {
            self.buckets.push(Bucket::default());
            self.bucket_links.grow_to(self.buckets.len());
            self.buckets.len() as u32 - 1
        });
        self.buckets[number as usize].uses = uses;
        number
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let words = self.bucket_of.capacity() + self.empty.capacity();
        let buckets = self.buckets.capacity() * size_of::<Bucket>();
        4 * words + buckets + self.bucket_links.bytes()
    }
}
