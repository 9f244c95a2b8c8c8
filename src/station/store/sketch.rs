//! How often keys were asked for of late, in four bits a counter: a count-min sketch with conservative update that ages.
//!
//! Four rows of counters, each row with a hash of its own. A use raises only the lowest of a key's four counters ("minimal
//! increment"), up to 15; the estimate is the lowest. Once 10 uses an entry of the cache are counted, all counters and
//! the number of uses are halved. Without the paper's doorkeeper.
//!
//! Source: Einziger, Friedman, Manes, *TinyLFU: A Highly Efficient Cache Admission Policy* (ACM TOS 2017), section 3.

use crate::rng::mix;

const ROWS: usize = 4;
/// Counters of a row an entry of the cache, as Caffeine has it: eight bytes an entry in all.
const COUNTERS_AN_ENTRY: usize = 4;
const COUNTERS_A_WORD: usize = 16;
/// The highest count.
const FULL: u8 = 15;
/// Uses counted between two halvings, an entry of the cache.
const SAMPLE_AN_ENTRY: u64 = 10;

/// Estimates of how often each key was used, 0 ..= 15.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// `words[row * words_a_row + word]`, 16 counters a word.
    words: Vec<u64>,
    words_a_row: usize,
    /// Uses counted, halved with the counters.
    uses: u64,
    sample: u64,
}

impl Sketch {
    /// For a cache of `entries`.
    pub(super) fn new(entries: u32) -> Self {
        let words_a_row = (entries as usize * COUNTERS_AN_ENTRY).div_ceil(COUNTERS_A_WORD);
        let sample = SAMPLE_AN_ENTRY * u64::from(entries);
        Self { words: vec![0; ROWS * words_a_row], words_a_row, uses: 0, sample }
    }

    /// One use of `key`.
    pub(super) fn count(&mut self, key: u32) {
        let cells = self.cells(key);
        let lowest = self.lowest(&cells);
        if lowest < FULL {
            for (word, shift) in cells {
                if self.counter(word, shift) == lowest {
                    self.words[word] += 1 << shift;
                }
            }
        }
        self.uses += 1;
        if self.uses >= self.sample {
            self.halve();
        }
    }

    /// At least the uses of `key` since they were last halved (up to 15), and more where all four counters are shared.
    pub(super) fn estimate(&self, key: u32) -> u8 {
        self.lowest(&self.cells(key))
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
        self.uses = 0;
    }

    /// The key's counter in each row: word and shift.
    pub(super) fn cells(&self, key: u32) -> [(usize, u32); ROWS] {
        std::array::from_fn(|row| {
            let width = (self.words_a_row * COUNTERS_A_WORD) as u128;
            let hash = mix(u64::from(key), row as u64);
            let counter = ((u128::from(hash) * width) >> 64) as usize;
            let word = row * self.words_a_row + counter / COUNTERS_A_WORD;
            (word, (counter % COUNTERS_A_WORD * 4) as u32)
        })
    }

    fn lowest(&self, cells: &[(usize, u32); ROWS]) -> u8 {
        cells.iter().map(|&(word, shift)| self.counter(word, shift)).min().expect("four rows")
    }

    fn counter(&self, word: usize, shift: u32) -> u8 {
        (self.words[word] >> shift) as u8 & FULL
    }

    fn halve(&mut self) {
        // The bit that each counter would shift into its lower neighbour is masked.
        self.words.iter_mut().for_each(|w| *w = (*w >> 1) & 0x7777_7777_7777_7777);
        self.uses /= 2;
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        8 * self.words.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_never_below_the_truth_and_seldom_above() {
        let mut sketch = Sketch::new(1_000);
        // 4 500 uses of 1 000 keys, key k being used k % 10 times: no halving yet.
        for key in 0..1_000 {
            (0..key % 10).for_each(|_| sketch.count(key));
        }
        let over = (0..1_000).filter(|&key| {
            let estimate = u32::from(sketch.estimate(key));
            assert!(estimate >= key % 10, "{key}");
            estimate > key % 10
        });
        // 900 used keys in rows of 4 000: a row is shared with probability 0.2, all four of them with 0.2^4.
        assert!(over.count() < 10);
    }

    #[test]
    fn ten_uses_an_entry_halve_all_counts() {
        let mut sketch = Sketch::new(2);
        (0..7).for_each(|_| sketch.count(1));
        (0..12).for_each(|_| sketch.count(2));
        assert_eq!((sketch.estimate(1), sketch.estimate(2), sketch.uses), (7, 12, 19));
        sketch.count(2);
        assert_eq!((sketch.estimate(1), sketch.estimate(2), sketch.uses), (3, 6, 10));
    }

    #[test]
    fn a_count_stops_at_fifteen() {
        let mut sketch = Sketch::new(100);
        (0..40).for_each(|_| sketch.count(9));
        assert_eq!(sketch.estimate(9), 15);
    }
}
