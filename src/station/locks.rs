//! A lock for every key: rows, entries that are being loaded.
//!
//! Only keys that someone holds take memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

use super::line::{Line, Links};
use crate::rng::scramble;

/// Locks by key, each with a FIFO line.
#[derive(Clone, Debug, Default)]
pub struct Locks {
    /// Keys that are held, with who waits for them.
    held: HashMap<u32, Line, BuildHasherDefault<KeyHasher>>,
}

/// Keys are small numbers: one scramble spreads them.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = scramble(self.0 ^ u64::from(byte)));
    }
    fn write_u32(&mut self, key: u32) {
        self.0 = scramble(u64::from(key));
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Locks {
    /// A call wants the lock of `key`. `false`: it stands in line.
    pub fn ask(&mut self, key: u32, id: u32, links: &mut Links) -> bool {
        match self.held.entry(key) {
            Entry::Vacant(free) => {
                free.insert(Line::default());
                true
            }
            Entry::Occupied(mut line) => {
                line.get_mut().push_back(id, links);
                false
            }
        }
    }

    /// The lock of `key` is given back. Answers who has it now, if anyone waited.
    pub fn give_back(&mut self, key: u32, links: &mut Links) -> Option<u32> {
        let line = self.held.get_mut(&key).expect("only a lock that was taken is given back");
        let next = line.pop_front(links);
        if next.is_none() {
            self.held.remove(&key);
        }
        next
    }

    /// A waiting call leaves the line.
    pub fn leave(&mut self, key: u32, id: u32, links: &mut Links) {
        self.held.get_mut(&key).expect("who waits, waits for a lock that is held").remove(id, links);
    }

    /// Locks that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_line_and_leaves_nothing_behind() {
        let (mut locks, mut links) = (Locks::default(), Links::default());
        links.grow_to(8);
        let starts: Vec<bool> =
            [(7, 0), (7, 1), (9, 2), (7, 3), (7, 4)].map(|(key, id)| locks.ask(key, id, &mut links)).to_vec();
        assert_eq!(starts, [true, false, true, false, false]);
        locks.leave(7, 3, &mut links);
        assert_eq!(locks.give_back(7, &mut links), Some(1));
        assert_eq!(locks.give_back(9, &mut links), None);
        assert_eq!(locks.give_back(7, &mut links), Some(4));
        assert_eq!(locks.held(), 1);
        assert_eq!(locks.give_back(7, &mut links), None);
        assert_eq!(locks.held(), 0);
    }
}
