//! Count, mean and standard deviation of durations, in four words of memory and without rounding.

const NANOS_PER_SEC: f64 = 1e9;

/// Counts durations, with their exact sum and sum of squares.
///
/// All three are integers, so the order of recording and merging never matters. The sum of squares wraps
/// around at 2^128, which does no harm: the squared *deviations* are taken modulo 2^128 too, and come out
/// exact as long as their own sum stays below 3.4e38 ns² (deviations of a day: 4e10 observations).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    count: u64,
    sum: u128,
    squares: u128,
}

impl Tally {
    /// Counts one duration, in nanoseconds.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.squares = self.squares.wrapping_add(u128::from(value) * u128::from(value));
    }

    /// Counts so many zeros.
    pub fn record_zeros(&mut self, count: u64) {
        self.count += count;
    }

    /// As if everything recorded into `other` had been recorded here.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.wrapping_add(other.squares);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Observations so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum in nanoseconds, exact.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Their sum in seconds.
    #[must_use]
    pub fn sum_s(&self) -> f64 {
        self.sum as f64 / NANOS_PER_SEC
    }

    /// Mean in seconds; `None` without observations.
    #[must_use]
    pub fn mean_s(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64 / NANOS_PER_SEC)
    }

    /// Standard deviation of the observations in seconds (divisor n - 1); `None` below two of them.
    #[must_use]
    pub fn sd_s(&self) -> Option<f64> {
        (self.count > 1).then(|| {
            let divisor = (self.count - 1) as f64;
            (self.squared_deviations() / divisor).sqrt() / NANOS_PER_SEC
        })
    }

    /// Sum of (x - mean)², in ns².
    ///
    /// First around the whole part of the mean, where integers are exact, then moved by the fraction that is
    /// left.
    fn squared_deviations(&self) -> f64 {
        let n = u128::from(self.count);
        let (centre, rest) = (self.sum / n, self.sum % n);
        let around_centre = self
            .squares
            .wrapping_sub(self.sum.wrapping_mul(centre).wrapping_mul(2))
            .wrapping_add(centre.wrapping_mul(centre).wrapping_mul(n));
        let rest = rest as f64;
        (around_centre as f64 - rest * rest / n as f64).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[u64]) -> Tally {
        let mut tally = Tally::default();
        values.iter().for_each(|&value| tally.record(value));
        tally
    }

    #[test]
    fn moments_of_a_small_sample_are_those_worked_by_hand() {
        // 2, 4, 4, 4, 5, 5, 7, 9 s: mean 5, squared deviations sum to 32, so the sample variance is 32/7.
        let tally = of(&[2, 4, 4, 4, 5, 5, 7, 9].map(|s: u64| s * 1_000_000_000));
        assert_eq!(tally.count(), 8);
        assert_eq!(tally.sum(), 40_000_000_000);
        assert_eq!(tally.mean_s(), Some(5.0));
        assert!((tally.sd_s().unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_nanosecond_of_spread_around_a_year_is_not_lost() {
        let year = 365 * 86_400 * 1_000_000_000;
        // Squares wrap around 2^128 several times: (3.15e16)² x 1e6 = 1e39.
        let mut tally = Tally::default();
        for i in 0..1_000_000 {
            tally.record(year + i % 2);
        }
        // Half at 0, half at 1: variance 1/4 x n/(n-1).
        let expected = (0.25_f64 * 1e6 / 999_999.0).sqrt() * 1e-9;
        assert!((tally.sd_s().unwrap() / expected - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constants_have_no_spread_and_too_few_observations_no_answer() {
        assert_eq!(of(&[7, 7, 7]).sd_s(), Some(0.0));
        assert_eq!(of(&[7]).sd_s(), None);
        assert_eq!(of(&[]).mean_s(), None);
    }

    #[test]
    fn merging_equals_recording_everything() {
        let mut left = of(&[1, 2, u64::MAX]);
        left.merge(&of(&[0, u64::MAX]));
        assert_eq!(left, of(&[1, 2, u64::MAX, 0, u64::MAX]));
    }
}
