//! A level over time: how many are here, on average and at most.

/// Integrates an integer level (calls in the system, busy workers) over simulated time, exactly.
///
/// Times are nanoseconds since the start of the run and never decrease.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    level: u64,
    max: u64,
    since: u64,
    changed: u64,
    area: u128,
}

impl Gauge {
    /// From `now_ns` on the level is `level`.
    #[inline]
    pub fn set(&mut self, now_ns: u64, level: u64) {
        debug_assert!(self.changed <= now_ns, "time runs forward");
        self.area += u128::from(self.level) * u128::from(now_ns - self.changed);
        self.changed = now_ns;
        self.level = level;
        self.max = self.max.max(level);
    }

    /// From `now_ns` on the level is higher by `step`, or lower where that is negative; never below 0.
    #[inline]
    pub fn add(&mut self, now_ns: u64, step: i64) {
        debug_assert!(self.level.checked_add_signed(step).is_some(), "what leaves has come");
        self.set(now_ns, self.level.wrapping_add_signed(step));
    }

    /// Forgets the past but not the level: the warm-up ends at `now_ns`.
    pub fn reset(&mut self, now_ns: u64) {
        *self = Self { level: self.level, max: self.level, since: now_ns, changed: now_ns, area: 0 };
    }

    /// The level now.
    #[must_use]
    pub fn level(&self) -> u64 {
        self.level
    }

    /// The highest level since the last reset.
    #[must_use]
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The integral of the level from the last reset to `now_ns`, in level x nanoseconds.
    #[must_use]
    pub fn area(&self, now_ns: u64) -> u128 {
        debug_assert!(self.changed <= now_ns, "time runs forward");
        self.area + u128::from(self.level) * u128::from(now_ns - self.changed)
    }

    /// The time average of the level from the last reset to `now_ns`; the level itself where no time has
    /// passed.
    #[must_use]
    pub fn mean(&self, now_ns: u64) -> f64 {
        match now_ns - self.since {
            0 => self.level as f64,
            length => self.area(now_ns) as f64 / length as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_is_the_sum_of_level_times_length() {
        // 0 until 10, 1 until 30, 3 until 40, 2 from then on.
        let mut gauge = Gauge::default();
        gauge.add(10, 1);
        gauge.add(30, 2);
        gauge.add(40, -1);
        assert_eq!(gauge.area(40), 20 + 30);
        assert_eq!(gauge.area(50), 20 + 30 + 20);
        assert_eq!(gauge.mean(50), 1.4);
        assert_eq!((gauge.level(), gauge.max()), (2, 3));
    }

    #[test]
    fn a_reset_keeps_the_level_and_forgets_the_rest() {
        let mut gauge = Gauge::default();
        gauge.set(0, 9);
        gauge.set(5, 4);
        gauge.reset(10);
        assert_eq!((gauge.area(10), gauge.max(), gauge.mean(10)), (0, 4, 4.0));
        gauge.set(20, 0);
        assert_eq!((gauge.area(30), gauge.mean(30)), (40, 2.0));
    }

    #[test]
    fn a_century_at_a_million_does_not_overflow() {
        let century = 100 * 365 * 86_400 * 1_000_000_000;
        let mut gauge = Gauge::default();
        gauge.set(0, 1_000_000);
        assert_eq!(gauge.area(century), 1_000_000 * u128::from(century));
    }
}
