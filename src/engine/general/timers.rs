//! Timers: timeouts and patience, which nearly always end before they fire.
//!
//! Timers of one constant delay are born in the order in which they fire: a deque per delay, whose head competes with the event
//! list. A timer that is no longer wanted stays where it is and is passed over; when most of a lane is dead it is swept.
//! Timers of random length live in an indexed heap and are removed.

use std::collections::VecDeque;

use crate::engine::event_list::{Key, Kind};
use crate::station::indexed_heap::{IndexedHeap, Positions};

/// Where a timer runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// The lane of its delay.
    Lane(u32),
    /// The heap of random delays.
    Heap,
}

#[derive(Clone, Debug)]
struct Lane {
    delay: u64,
    queue: VecDeque<Key>,
    /// Timers in the queue that are still wanted.
    wanted: usize,
}

/// All timers of a run.
#[derive(Clone, Debug)]
pub struct Timers {
    lanes: Vec<Lane>,
    /// The earliest head, and its lane.
    head: Option<(Key, usize)>,
    random: IndexedHeap<Key>,
    positions: Positions,
    /// The earlier of the earliest head and the root of the heap.
    next: Key,
}

impl Default for Timers {
    fn default() -> Self {
        let (random, positions) = (IndexedHeap::default(), Positions::default());
        Self { lanes: Vec::new(), head: None, random, positions, next: Key::NEVER }
    }
}

impl Timers {
    /// The lane for a constant delay (ns).
    pub fn lane(&mut self, delay: u64) -> Track {
        let at = self.lanes.iter().position(|l| l.delay == delay).unwrap_or_else(|| {
            self.lanes.push(Lane { delay, queue: VecDeque::new(), wanted: 0 });
            self.lanes.len() - 1
        });
        Track::Lane(at as u32)
    }

    /// Makes room for calls below `len`.
    pub fn grow_to(&mut self, len: usize) {
        self.positions.grow_to(2 * len);
    }

    /// Starts a timer.
    #[inline]
    pub fn start(&mut self, track: Track, key: Key) {
        match track {
            Track::Lane(at) => {
                let at = at as usize;
                let lane = &mut self.lanes[at];
                lane.wanted += 1;
                lane.queue.push_back(key);
                if lane.queue.len() == 1 && self.head.is_none_or(|(head, _)| key < head) {
                    self.head = Some((key, at));
                }
            }
            Track::Heap => self.random.push(key, id(key), &mut self.positions),
        }
        self.next = self.next.min(key);
    }

    /// A timer is no longer wanted. `alive` tells for a key whether its timer is still wanted.
    #[inline]
    pub fn stop(&mut self, track: Track, kind: Kind, index: u32, alive: impl Fn(Key) -> bool) {
        match track {
            Track::Lane(at) => {
                let lane = &mut self.lanes[at as usize];
                lane.wanted -= 1;
                if lane.queue.len() > 64 && lane.queue.len() > 4 * lane.wanted {
                    lane.queue.retain(|&key| alive(key));
                    self.find_head();
                    self.find_next();
                }
            }
            Track::Heap => {
                self.random.remove(id_of(kind, index), &mut self.positions);
                self.find_next();
            }
        }
    }

    /// The earliest timer, wanted or not.
    #[inline]
    pub fn peek(&self) -> Key {
        self.next
    }

    /// Takes the timer that [`Self::peek`] shows. The caller tells [`Self::fired`] if it was wanted.
    #[inline]
    pub fn pop(&mut self) -> Option<Track> {
        let lane = self.head.map_or(Key::NEVER, |(key, _)| key);
        if self.random.peek().is_some_and(|(key, _)| key < lane) {
            self.random.pop(&mut self.positions);
            self.find_next();
            return Some(Track::Heap);
        }
        let (_, at) = self.head?;
        self.lanes[at].queue.pop_front();
        self.find_head();
        self.find_next();
        Some(Track::Lane(at as u32))
    }

    /// The timer just popped was wanted.
    #[inline]
    pub fn fired(&mut self, track: Track) {
        if let Track::Lane(at) = track {
            self.lanes[at as usize].wanted -= 1;
        }
    }

    fn find_next(&mut self) {
        let lane = self.head.map_or(Key::NEVER, |(key, _)| key);
        self.next = self.random.peek().map_or(lane, |(key, _)| key.min(lane));
    }

    fn find_head(&mut self) {
        let heads = self.lanes.iter().enumerate();
        self.head = heads.filter_map(|(at, lane)| lane.queue.front().map(|&key| (key, at))).min();
    }
}

fn id(key: Key) -> u32 {
    id_of(key.kind(), key.index())
}

/// A call has at most two timers: that of its attempt and its patience in a line.
fn id_of(kind: Kind, index: u32) -> u32 {
    2 * index + u32::from(kind == Kind::Patience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event_list::TIMER;

    fn key(time: u64, sequence: u64, index: u32) -> Key {
        Key::new(time, TIMER + sequence, Kind::Call, index)
    }

    #[test]
    fn the_earliest_of_all_lanes_and_the_heap_comes_first() {
        let mut timers = Timers::default();
        timers.grow_to(8);
        let (short, long) = (timers.lane(10), timers.lane(100));
        assert_eq!(timers.lane(10), short);
        timers.start(long, key(100, 1, 0));
        timers.start(short, key(20, 2, 1));
        timers.start(Track::Heap, key(15, 3, 2));
        timers.start(short, key(30, 4, 3));
        timers.stop(Track::Heap, Kind::Call, 2, |_| true);
        let mut order = Vec::new();
        while timers.peek() != Key::NEVER {
            order.push(timers.peek().index());
            let track = timers.pop().expect("there is one");
            timers.fired(track);
        }
        assert_eq!(order, [1, 3, 0]);
    }

    #[test]
    fn a_lane_of_dead_timers_is_swept() {
        let mut timers = Timers::default();
        let lane = timers.lane(1_000_000);
        for n in 0..100_000u64 {
            timers.start(lane, key(1_000_000 + n, n, 0));
            // Only the newest two are ever wanted.
            if n >= 2 {
                timers.stop(lane, Kind::Call, 0, |k| k.sequence() - TIMER > n - 2);
            }
            assert!(timers.lanes[0].queue.len() <= 65);
        }
    }
}
