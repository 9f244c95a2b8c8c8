//! Quantities with a type of their own: simulated time in whole nanoseconds.
//!
//! Formulas work in plain `f64` seconds; [`Span::from_secs`] and [`Span::as_secs`] stand at the border.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

const NANOS_PER_SEC: f64 = 1e9;

/// The whole number nearest to `x`. Negative values and NaN become zero, too large ones [`u64::MAX`].
#[inline]
#[must_use]
pub fn nearest(x: f64) -> u64 {
    // Between 2^52 and 2^53 the numbers that an `f64` can hold are the whole ones: a sum that lands there is rounded, and its low
    // bits are the answer. A cast, which saturates, takes five times as long.
    const WHOLE: f64 = (1u64 << 52) as f64;
    if (0.0..WHOLE).contains(&x) { (x + WHOLE).to_bits() - WHOLE.to_bits() } else { x as u64 }
}

/// A point in simulated time: nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub u64);

/// A length of simulated time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub u64);

impl Time {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// Later than any event: 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// Seconds since the start of the run.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }

    /// The time from `earlier` to `self`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// 584 years.
    pub const MAX: Self = Self(u64::MAX);

    /// Rounds to the nearest nanosecond. Negative values and NaN become zero, too large ones [`Span::MAX`].
    #[inline]
    #[must_use]
    pub fn from_secs(secs: f64) -> Self {
        Self(nearest(secs * NANOS_PER_SEC))
    }

    /// Length in seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        self.0 as f64 / NANOS_PER_SEC
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        debug_assert!(earlier <= self, "time runs forward");
        Span(self.0.wrapping_sub(earlier.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Span {
    /// The unit a person would choose: `250us`, `20ms`, `1.5s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            0 => return f.write_str("0s"),
            n if n < 1_000 => (n as f64, "ns"),
            n if n < 1_000_000 => (n as f64 / 1e3, "us"),
            n if n < 1_000_000_000 => (n as f64 / 1e6, "ms"),
            n => (n as f64 / 1e9, "s"),
        };
        let rounded = format!("{value:.3}");
        write!(f, "{}{unit}", rounded.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(Span::from_secs(1.6e-9), Span(2));
        assert_eq!(Span::from_secs(-1.0), Span::ZERO);
        assert_eq!(Span::from_secs(f64::NAN), Span::ZERO);
        assert_eq!(Span::from_secs(1e30), Span::MAX);
    }

    #[test]
    fn spans_print_in_the_unit_a_person_would_choose() {
        let shown: Vec<_> = [0, 250_000, 20_000_000, 1_500_000_000].map(|n| Span(n).to_string()).into();
        assert_eq!(shown, ["0s", "250us", "20ms", "1.5s"]);
    }
}
