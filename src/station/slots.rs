//! A number of slots that are taken and given back: workers, servers, connections, a pool, a lock.

use super::Admission;
use super::line::{Lines, Links};

/// The order of the waiting line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// First come, first served.
    Fifo,
    /// Last come, first served.
    Lifo,
    /// By class, then first come, first served.
    Priority,
}

/// A counted resource with a waiting line.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Slots in all; at least 1.
    capacity: u32,
    /// Slots taken; 0 ..= capacity.
    busy: u32,
    /// How many may wait; `u32::MAX`: any number.
    room: u32,
    order: Order,
    lines: Lines,
}

impl Slots {
    /// `capacity` free slots and an empty line of at most `room`.
    #[must_use]
    pub fn new(capacity: u32, room: Option<u32>, order: Order, classes: usize) -> Self {
        assert!(capacity > 0, "a station has at least one slot");
        let classes = if order == Order::Priority { classes } else { 1 };
        Self { capacity, busy: 0, room: room.unwrap_or(u32::MAX), order, lines: Lines::new(classes) }
    }

    /// Slots taken.
    #[must_use]
    pub fn busy(&self) -> u32 {
        self.busy
    }

    /// Calls waiting.
    #[must_use]
    pub fn waiting(&self) -> u32 {
        self.lines.len()
    }

    /// A call wants a slot. On [`Admission::Wait`] it stands in line.
    #[inline]
    pub fn ask(&mut self, id: u32, class: u8, links: &mut Links) -> Admission {
        if self.busy < self.capacity {
            // Whoever gives a slot back hands it on, so a free slot means an empty line.
            debug_assert!(self.lines.is_empty());
            self.busy += 1;
            return Admission::Start;
        }
        self.ask_in_line(id, class, links)
    }

    #[inline(never)]
    fn ask_in_line(&mut self, id: u32, class: u8, links: &mut Links) -> Admission {
        if self.lines.len() >= self.room {
            return Admission::Reject;
        }
        match self.order {
            Order::Fifo | Order::Priority => self.lines.push_back(id, class, links),
            Order::Lifo => self.lines.push_front(id, class, links),
        }
        Admission::Wait
    }

    /// A slot is given back. Answers who has it now, if anyone waited.
    #[inline]
    pub fn give_back(&mut self, links: &mut Links) -> Option<u32> {
        assert!(self.busy > 0, "only a slot that was taken is given back");
        if self.lines.is_empty() {
            self.busy -= 1;
            return None;
        }
        self.lines.pop(links)
    }

    /// `into` waits in the place of `out`.
    pub fn replace(&mut self, out: u32, into: u32, class: u8, links: &mut Links) {
        self.lines.replace(out, into, class, links);
    }

    /// A waiting call leaves the line.
    #[inline]
    pub fn leave(&mut self, id: u32, class: u8, links: &mut Links) {
        self.lines.remove(id, class, links);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(capacity: u32, room: Option<u32>, order: Order) -> (Slots, Links) {
        let mut links = Links::default();
        links.grow_to(8);
        (Slots::new(capacity, room, order, 2), links)
    }

    #[test]
    fn slots_go_to_the_first_in_line_and_the_line_has_an_end() {
        let (mut s, mut links) = station(1, Some(2), Order::Fifo);
        let answers: Vec<_> = (0..4).map(|id| s.ask(id, 0, &mut links)).collect();
        assert_eq!(answers, [Admission::Start, Admission::Wait, Admission::Wait, Admission::Reject]);
        assert_eq!(s.give_back(&mut links), Some(1));
        assert_eq!(s.give_back(&mut links), Some(2));
        assert_eq!((s.busy(), s.waiting()), (1, 0));
        assert_eq!(s.give_back(&mut links), None);
        assert_eq!(s.busy(), 0);
    }

    #[test]
    fn no_room_means_rejection_at_once() {
        let (mut s, mut links) = station(1, Some(0), Order::Fifo);
        assert_eq!(s.ask(0, 0, &mut links), Admission::Start);
        assert_eq!(s.ask(1, 0, &mut links), Admission::Reject);
    }

    #[test]
    fn lifo_serves_the_last_comer_and_priority_the_highest_class() {
        let (mut s, mut links) = station(1, None, Order::Lifo);
        for id in 0..3 {
            s.ask(id, 0, &mut links);
        }
        assert_eq!(s.give_back(&mut links), Some(2));
        let (mut s, mut links) = station(1, None, Order::Priority);
        for (id, class) in [(0, 1), (1, 1), (2, 0)] {
            s.ask(id, class, &mut links);
        }
        assert_eq!(s.give_back(&mut links), Some(2));
    }

    #[test]
    fn a_stand_in_is_served_in_turn() {
        for waiting in 1..=3 {
            let (mut s, mut links) = station(1, None, Order::Fifo);
            for id in 0..4 {
                s.ask(id, 0, &mut links);
            }
            s.replace(waiting, 7, 0, &mut links);
            let order: Vec<u32> = std::iter::from_fn(|| s.give_back(&mut links)).take(3).collect();
            let expected: Vec<u32> = (1..=3).map(|id| if id == waiting { 7 } else { id }).collect();
            assert_eq!(order, expected);
        }
    }

    #[test]
    fn one_who_leaves_is_passed_over() {
        let (mut s, mut links) = station(1, None, Order::Fifo);
        for id in 0..3 {
            s.ask(id, 0, &mut links);
        }
        s.leave(1, 0, &mut links);
        assert_eq!(s.give_back(&mut links), Some(2));
    }
}
