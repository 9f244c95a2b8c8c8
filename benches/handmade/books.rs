//! What is recorded.

use knee::stats::Histogram;

/// How many are here, integrated over time.
#[derive(Clone, Copy, Default)]
pub struct Level {
    area: i128,
}

impl Level {
    /// One more from `now` (ns) on.
    #[inline]
    pub fn up(&mut self, now: u64) {
        self.area -= i128::from(now);
    }

    /// One fewer from `now` (ns) on.
    #[inline]
    pub fn down(&mut self, now: u64) {
        self.area += i128::from(now);
    }

    /// The integral over a run that ended empty, in s.
    pub fn area_s(self) -> f64 {
        self.area as f64 / 1e9
    }
}

/// The books of a place.
#[derive(Default)]
pub struct Place {
    /// Waits of its calls.
    pub wait: Histogram,
    /// Their work.
    pub service: Histogram,
    /// From arrival to departure.
    pub residence: Histogram,
    /// Calls present.
    pub present: Level,
    /// Calls waiting.
    pub queue: Level,
}

impl Place {
    /// A call that came at `arrived` leaves.
    #[inline]
    pub fn leave(&mut self, now: u64, arrived: u64, wait: u64, service: u64) {
        self.wait.record(wait);
        self.service.record(service);
        self.residence.record(now - arrived);
        self.present.down(now);
    }
}
