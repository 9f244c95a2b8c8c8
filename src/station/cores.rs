//! Cores that serve one call each until it is done, or until a higher class takes the core.

use super::line::{Lines, Links, NONE};
use super::slots::Order;

/// A call on a core.
#[derive(Clone, Copy, Debug)]
struct Running {
    id: u32,
    class: u8,
    /// Order of starting, so that the youngest of the lowest class is pre-empted.
    turn: u64,
}

/// What becomes of a call that wants a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It runs from now on.
    Run,
    /// It waits.
    Wait,
    /// It runs from now on, on the core of this call, which waits first in its line and resumes later.
    RunInsteadOf(u32),
}

/// Cores with a waiting line.
#[derive(Clone, Debug)]
pub struct Cores {
    cores: u32,
    order: Order,
    preemptive: bool,
    running: Vec<Running>,
    turns: u64,
    lines: Lines,
}

impl Cores {
    /// Idle cores.
    #[must_use]
    pub fn new(cores: u32, order: Order, preemptive: bool, classes: usize) -> Self {
        assert!(cores > 0, "a station has at least one core");
        let classes = if order == Order::Priority || preemptive { classes } else { 1 };
        Self { cores, order, preemptive, running: Vec::new(), turns: 0, lines: Lines::new(classes) }
    }

    /// Calls on a core.
    #[must_use]
    pub fn running(&self) -> u32 {
        self.running.len() as u32
    }

    /// A call wants a core.
    pub fn ask(&mut self, id: u32, class: u8, links: &mut Links) -> Turn {
        if self.running.len() < self.cores as usize {
            self.start(id, class);
            return Turn::Run;
        }
        if let Some(victim) = self.victim_of(class) {
            let Running { id: out, class: its_class, .. } = self.running.swap_remove(victim);
            self.lines.push_front(out, its_class, links);
            self.start(id, class);
            return Turn::RunInsteadOf(out);
        }
        match self.order {
            Order::Lifo if !self.preemptive => self.lines.push_front(id, class, links),
            _ => self.lines.push_back(id, class, links),
        }
        Turn::Wait
    }

    /// A running call is done, or gone. Answers who runs now, if anyone waited.
    pub fn give_back(&mut self, id: u32, class_of: impl Fn(u32) -> u8, links: &mut Links) -> Option<u32> {
        let at =
            self.running.iter().position(|r| r.id == id).expect("a call that gives a core back runs on one");
        self.running.swap_remove(at);
        let next = self.lines.pop(links)?;
        self.start(next, class_of(next));
        Some(next)
    }

    /// A waiting call leaves the line.
    pub fn leave(&mut self, id: u32, class: u8, links: &mut Links) {
        debug_assert_ne!(id, NONE);
        self.lines.remove(id, class, links);
    }

    /// The youngest of the lowest class that runs, if that is lower than `class`.
    fn victim_of(&self, class: u8) -> Option<usize> {
        let candidates = self.running.iter().enumerate().filter(|(_, r)| self.preemptive && r.class > class);
        candidates.max_by_key(|(_, r)| (r.class, r.turn)).map(|(at, _)| at)
    }

    fn start(&mut self, id: u32, class: u8) {
        self.turns += 1;
        self.running.push(Running { id, class, turn: self.turns });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links() -> Links {
        let mut links = Links::default();
        links.grow_to(8);
        links
    }

    #[test]
    fn a_higher_class_takes_the_core_of_the_youngest_of_the_lowest() {
        let mut links = links();
        let mut cores = Cores::new(2, Order::Priority, true, 3);
        assert_eq!(cores.ask(0, 2, &mut links), Turn::Run);
        assert_eq!(cores.ask(1, 2, &mut links), Turn::Run);
        assert_eq!(cores.ask(2, 2, &mut links), Turn::Wait);
        assert_eq!(cores.ask(3, 0, &mut links), Turn::RunInsteadOf(1));
        assert_eq!(cores.ask(4, 1, &mut links), Turn::RunInsteadOf(0));
        assert_eq!(cores.ask(5, 0, &mut links), Turn::RunInsteadOf(4));
        // Those pre-empted wait before those of their class that never ran: class 1 (4), then class 2 (0, 1, 2).
        let class_of = |id| [2, 2, 2, 0, 1, 0][id as usize];
        assert_eq!(cores.give_back(3, class_of, &mut links), Some(4));
        assert_eq!(cores.give_back(4, class_of, &mut links), Some(0));
        assert_eq!(cores.give_back(5, class_of, &mut links), Some(1));
        assert_eq!(cores.give_back(0, class_of, &mut links), Some(2));
    }

    #[test]
    fn without_preemption_a_running_call_keeps_its_core() {
        let mut links = links();
        let mut cores = Cores::new(1, Order::Priority, false, 2);
        assert_eq!(cores.ask(0, 1, &mut links), Turn::Run);
        assert_eq!(cores.ask(1, 1, &mut links), Turn::Wait);
        assert_eq!(cores.ask(2, 0, &mut links), Turn::Wait);
        assert_eq!(cores.give_back(0, |_| 0, &mut links), Some(2));
    }
}
