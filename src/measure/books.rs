//! The books of one replication: sums and histograms over its recorded window.

use std::collections::BTreeMap;

use crate::signal::Fault;
use crate::stats::Histogram;

/// How many are here, integrated over time without a multiplication: each arrival subtracts its time, each departure adds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    count: i64,
    area: i128,
}

impl Level {
    /// One more from `now` (ns) on.
    #[inline]
    pub fn up(&mut self, now: u64) {
        self.step(now, 1);
    }

    /// One fewer from `now` (ns) on.
    #[inline]
    pub fn down(&mut self, now: u64) {
        self.count -= 1;
        self.area += i128::from(now);
    }

    /// So many more from `now` (ns) on.
    #[inline]
    pub fn step(&mut self, now: u64, by: i64) {
        self.count += by;
        self.area -= i128::from(by) * i128::from(now);
    }

    /// How many are here.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.count
    }

    /// Forgets the past: what was counted so far counts from `now` on.
    pub fn restart(&mut self, now: u64) {
        self.area = -i128::from(self.count) * i128::from(now);
    }

    /// The integral up to `now`, in ns.
    #[must_use]
    pub fn area(&self, now: u64) -> i128 {
        self.area + i128::from(self.count) * i128::from(now)
    }
}

/// One kind of request.
#[derive(Clone, Debug, Default)]
pub struct RequestBook {
    /// Submitted in the window.
    pub submitted: u64,
    /// Latencies of right answers.
    pub right: Histogram,
    /// Time users spent on errors.
    pub errors: Histogram,
    /// Errors by root cause.
    pub causes: BTreeMap<Fault, u64>,
    /// Submitted and not over, now.
    pub open: Level,
    /// Of those, how many when the window began.
    pub open_at_start: i64,
}

/// One place.
#[derive(Clone, Debug, Default)]
pub struct PlaceBook {
    /// Calls received.
    pub arrived: u64,
    /// Calls that left, of any outcome.
    pub left: u64,
    /// Calls present.
    pub level: Level,
    /// Calls present when the window began.
    pub present_at_start: i64,
    /// Turned away.
    pub rejected: u64,
    /// Left a queue.
    pub abandoned: u64,
    /// Calls that were further attempts.
    pub retried: u64,
    /// Calls that waited for anything.
    pub waited: u64,
    /// Work done for calls whose caller had gone, ns.
    pub wasted: u128,
    /// Waits of calls that were served.
    pub wait: Histogram,
    /// Waits of calls that were not.
    pub left_wait: Histogram,
    /// Work.
    pub service: Histogram,
    /// From arrival to departure.
    pub residence: Histogram,
    /// Time spent present within the window by calls that left, ns: Little's other side.
    pub presence: u128,
    /// Look-ups that hit.
    pub hits: u64,
    /// Look-ups that missed.
    pub misses: u64,
    /// Look-ups that waited until another had loaded the entry.
    pub coalesced: u64,
    /// Writes that another had come before.
    pub conflicts: u64,
    /// Reads by key.
    pub reads: u64,
    /// Reads and look-ups that found what had been overwritten.
    pub stale: u64,
    /// Calls that ended in an error.
    pub failed: u64,
}

/// Sums of one endpoint, or of one member.
#[derive(Clone, Copy, Debug, Default)]
pub struct VisitBook {
    /// Calls that left.
    pub left: u64,
    /// Their waits, ns.
    pub wait: u128,
    /// Their work, ns.
    pub service: u128,
    /// Their residences, ns.
    pub residence: u128,
    /// Time spent present within the window, ns, those still present included.
    pub presence: u128,
}

/// One resource of a place, over its members.
#[derive(Clone, Debug, Default)]
pub struct ResourceBook {
    /// Calls waiting.
    pub queue: Level,
    /// Waits of those that got it.
    pub wait: Histogram,
    /// Waits of those that left.
    pub left_wait: Histogram,
    /// Calls that had no room.
    pub refused: u64,
    /// Slots given.
    pub started: u64,
}

/// One station.
#[derive(Clone, Copy, Debug, Default)]
pub struct StationBook {
    /// Time its servers were busy within the window, ns, those still held included.
    pub busy: u128,
    /// Shared cores: busy ones, and calls beyond them.
    pub cores: Level,
    /// Shared cores: calls running.
    pub running: u32,
}

/// All books of a replication, closed.
#[derive(Clone, Debug, Default)]
pub struct Measurements {
    /// When the window began, ns.
    pub from: u64,
    /// When it ended, ns.
    pub until: u64,
    /// By request.
    pub requests: Vec<RequestBook>,
    /// By place.
    pub places: Vec<PlaceBook>,
    /// By endpoint.
    pub endpoints: Vec<VisitBook>,
    /// By endpoint: reads by key, and how many of them were stale.
    pub reads: Vec<(u64, u64)>,
    /// By member.
    pub members: Vec<VisitBook>,
    /// By resource of the layout.
    pub resources: Vec<ResourceBook>,
    /// By station.
    pub stations: Vec<StationBook>,
}

impl Measurements {
    /// Length of the window in seconds.
    #[must_use]
    pub fn window_s(&self) -> f64 {
        (self.until - self.from) as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_integrated_exactly_across_a_restart() {
        let mut level = Level::default();
        level.up(10);
        level.up(20);
        level.restart(30);
        level.down(40);
        // By hand: 2 x 10 ns from 30 to 40, then 1 x 60 ns to 100.
        assert_eq!((level.area(100), level.count()), (80, 1));
    }
}
