//! A histogram of durations that is cheap to feed, small, and exact where a distribution has atoms.
//!
//! Bins are log-linear on the bits of the value: 128 bins an octave, so that a bin is narrower than 1/128 of
//! the values in it, and values below 256 ns have a bin each. Memory covers the touched octaves only, 1 KiB
//! each.

use super::Tally;

/// Counts durations in nanoseconds; answers quantiles and shares.
///
/// Count, sum, sum of squares and extremes are exact. Zeros are counted apart, since they would stretch the
/// touched range down to a nanosecond. A bin that has only ever seen one value (a timeout, a constant)
/// remembers it, and is not smeared over its width; beyond 2^31 ns it does so to 1 part in 2^30.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// `bins[0]` counts the zeros, `bins[1 + i]` the values of bin `first + i`; `bins[0]` is absent while all
    /// is empty.
    bins: Vec<Bin>,
    /// Number of the lowest bin stored; a multiple of [`OCTAVE`].
    first: usize,
    tally: Tally,
    /// The smallest positive value less one; `u64::MAX` where there is none, which is what a zero wraps to.
    low: u64,
    max: u64,
}

/// log2 of the bins of an octave.
const OCTAVE_BITS: u32 = 7;
const OCTAVE: usize = 1 << OCTAVE_BITS;

impl Default for Histogram {
    fn default() -> Self {
        Self { bins: Vec::new(), first: 0, tally: Tally::default(), low: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// An empty histogram; allocates with its first observation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one duration, in nanoseconds.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.tally.record(value);
        self.low = self.low.min(value.wrapping_sub(1));
        self.max = self.max.max(value);
        let shift = shift_of(value);
        match self.bins.get_mut(slot_of(value, number_of(value, shift), self.first)) {
            Some(bin) => bin.count_one(value, shift),
            None => self.count_outside(value, shift),
        }
    }

    /// Counts so many zeros.
    pub fn record_zeros(&mut self, count: u64) {
        if self.bins.is_empty() {
            self.bins.push(Bin::ZEROS);
        }
        self.bins[0].merge(Bin(SEVERAL | count));
        self.tally.record_zeros(count);
    }

    #[cold]
    #[inline(never)]
    fn count_outside(&mut self, value: u64, shift: u32) {
        let number = number_of(value, shift);
        if value == 0 {
            self.bins.push(Bin::ZEROS);
        } else {
            self.cover(number, number);
        }
        self.bins[slot_of(value, number, self.first)].count_one(value, shift);
    }

    /// Stores at least the octaves of bins `lowest ..= highest`.
    fn cover(&mut self, lowest: usize, highest: usize) {
        let (mut start, mut end) = (lowest & !(OCTAVE - 1), (highest | (OCTAVE - 1)) + 1);
        let stored = self.bins.len().saturating_sub(1);
        if stored > 0 {
            start = start.min(self.first);
            end = end.max(self.first + stored);
        }
        if stored > 0 && start == self.first && end == self.first + stored {
            return;
        }
        let mut bins = vec![Bin::default(); 1 + end - start];
        bins[0] = Bin::ZEROS;
        if let Some((zeros, rest)) = self.bins.split_first() {
            bins[0] = *zeros;
            let offset = 1 + self.first.saturating_sub(start);
            bins[offset..offset + rest.len()].copy_from_slice(rest);
        }
        (self.bins, self.first) = (bins, start);
    }

    /// As if everything recorded into `other` had been recorded here; exact.
    pub fn merge(&mut self, other: &Self) {
        let Some((zeros, rest)) = other.bins.split_first() else { return };
        if self.bins.is_empty() {
            self.bins.push(Bin::ZEROS);
        }
        self.bins[0].merge(*zeros);
        if !rest.is_empty() {
            self.cover(other.first, other.first + rest.len() - 1);
            let offset = 1 + other.first - self.first;
            self.bins[offset..].iter_mut().zip(rest).for_each(|(mine, theirs)| mine.merge(*theirs));
        }
        self.tally.merge(&other.tally);
        self.low = self.low.min(other.low);
        self.max = self.max.max(other.max);
    }

    /// Forgets everything but keeps the memory, for the next run of the same kind.
    pub fn clear(&mut self) {
        self.bins.fill(Bin::default());
        if let Some(zeros) = self.bins.first_mut() {
            *zeros = Bin::ZEROS;
        }
        self.tally.clear();
        (self.low, self.max) = (u64::MAX, 0);
    }

    /// Observations so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.tally.count()
    }

    /// Nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Observations of exactly zero.
    #[must_use]
    pub fn zeros(&self) -> u64 {
        self.bins.first().map_or(0, |zeros| zeros.count())
    }

    /// The smallest observation, exact.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then(|| if self.zeros() > 0 { 0 } else { self.low + 1 })
    }

    /// The largest observation, exact.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// Exact count, sum and moments.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Exact mean, in seconds.
    #[must_use]
    pub fn mean_s(&self) -> Option<f64> {
        self.tally.mean_s()
    }

    /// Exact standard deviation, in seconds (divisor n - 1); `None` below two observations.
    #[must_use]
    pub fn sd_s(&self) -> Option<f64> {
        self.tally.sd_s()
    }

    /// The `p`-quantile in nanoseconds, `p` in [0, 1]; `None` without observations.
    ///
    /// The rule: with n observations take the bin in which the cumulative count first reaches `p` n. Where it
    /// holds a single value (zeros too), that value is the answer: the smallest x with F(x) >= p. Elsewhere
    /// its observations are taken as evenly spread between its edges, cut to the observed extremes, and the
    /// answer lies at the rank `p` n among them; the error is below 1/128 of the value.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<f64> {
        debug_assert!((0.0..=1.0).contains(&p), "a share");
        if self.is_empty() {
            return None;
        }
        let rank = p * self.count() as f64;
        // A hair less, so that 7 % of 100 is the 7th and not, by rounding, the 8th.
        let reach = rank * (1.0 - 2.0 * f64::EPSILON);
        let mut below = 0;
        for stretch in self.stretches() {
            let upto = below + stretch.count;
            if upto as f64 >= reach {
                let within = (rank - below as f64) / stretch.count as f64;
                return Some(stretch.at(within.clamp(0.0, 1.0)));
            }
            below = upto;
        }
        Some(self.max as f64)
    }

    /// The `p`-quantile in seconds: see [`Histogram::quantile`].
    #[must_use]
    pub fn quantile_s(&self, p: f64) -> Option<f64> {
        Some(self.quantile(p)? / 1e9)
    }

    /// How many observations are at most `value` ns; a fraction where the bin of `value` holds several
    /// values.
    #[must_use]
    pub fn count_at_most(&self, value: u64) -> f64 {
        if value >= self.max {
            return self.count() as f64;
        }
        let mut whole = 0;
        for stretch in self.stretches() {
            if stretch.high > value {
                return whole as f64 + stretch.count as f64 * stretch.share_at_most(value);
            }
            whole += stretch.count;
        }
        whole as f64
    }

    /// How many observations are above `value` ns; a fraction where the bin of `value` holds several values.
    #[must_use]
    pub fn count_above(&self, value: u64) -> f64 {
        self.count() as f64 - self.count_at_most(value)
    }

    /// The mean of the observations with every one above `value` ns counted as `value`, in seconds; exact where none is. `None`
    /// without observations.
    #[must_use]
    pub fn mean_s_up_to(&self, value: u64) -> Option<f64> {
        let beyond: f64 = self.stretches().map(|s| s.count as f64 * s.mean_beyond(value)).sum();
        Some(self.mean_s()? - beyond / self.count() as f64 / 1e9)
    }

    /// Share of observations that are at most `value` ns, in [0, 1]: the empirical distribution function, and
    /// the inverse of [`Histogram::quantile`]. `None` without observations.
    #[must_use]
    pub fn share_at_most(&self, value: u64) -> Option<f64> {
        (!self.is_empty()).then(|| self.count_at_most(value) / self.count() as f64)
    }

    /// The bins that hold something, from the smallest values up.
    fn stretches(&self) -> impl Iterator<Item = Stretch> {
        let zeros = Stretch { low: 0, high: 0, count: self.zeros() };
        let positive =
            self.bins.iter().skip(1).zip(self.first..).map(|(bin, number)| self.stretch(*bin, number));
        std::iter::once(zeros).chain(positive).filter(|stretch| stretch.count > 0)
    }

    fn stretch(&self, bin: Bin, number: usize) -> Stretch {
        let (edge, shift) = edge_of(number);
        let (low, high) = match bin.only(shift) {
            Some(offset) => (edge + offset, edge + offset),
            None => (edge, edge + ((1 << shift) - 1)),
        };
        let cut = |value: u64| value.max(self.low.wrapping_add(1)).min(self.max);
        Stretch { low: cut(low), high: cut(high), count: bin.count() }
    }
}

/// Width of the bin of a value, as a power of two. Setting a bit gives the first 256 values bins of width 1.
#[inline]
fn shift_of(value: u64) -> u32 {
    (u64::BITS - 1 - OCTAVE_BITS) - (value | OCTAVE as u64).leading_zeros()
}

/// Number of the bin of a value: octave by octave, [`OCTAVE`] bins each, in the order of the values.
#[inline]
fn number_of(value: u64, shift: u32) -> usize {
    ((shift as usize) << OCTAVE_BITS) + (value >> shift) as usize
}

/// Where a bin is stored: 0 for zeros, beyond any memory for numbers below `first`.
#[inline]
fn slot_of(value: u64, number: usize, first: usize) -> usize {
    // Saturating, so that the bin just below the first is not taken for the zeros.
    let above_first = number.wrapping_sub(first).saturating_add(1);
    // All ones where the value is positive. Written as arithmetic because a comparison becomes a branch,
    // which waiting times (often half of them zero, in no order) mispredict: 10 ns a record in place of 4.
    let positive = !((value.wrapping_sub(1) & !value) as i64 >> 63) as usize;
    above_first & positive
}

/// The smallest value of a bin, and its width as a power of two.
fn edge_of(number: usize) -> (u64, u32) {
    let shift = (number >> OCTAVE_BITS).saturating_sub(1);
    (((number - (shift << OCTAVE_BITS)) as u64) << shift, shift as u32)
}

/// A count, and the one value it counts as long as there is only one.
///
/// From the top: one bit that several values were seen, 23 bits of the value's place within the bin (the
/// leading ones of its offset), 40 bits of count. A bin would overflow after 10^12 observations, hours of
/// nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bin(u64);

const COUNT: u64 = (1 << 40) - 1;
const SEVERAL: u64 = 1 << 63;

impl Bin {
    /// The bin of zeros needs no memory of its value; without it, counting them takes the same path as the
    /// rest.
    const ZEROS: Self = Self(SEVERAL);

    #[inline]
    fn count_one(&mut self, value: u64, shift: u32) {
        if self.0 & SEVERAL != 0 {
            self.0 += 1;
        } else {
            self.count_compared(value, shift);
        }
    }

    #[inline]
    fn count_compared(&mut self, value: u64, shift: u32) {
        // The leading one and the bits that number the bin leave at the top; what stays is the offset.
        let offset = (value << (u64::BITS - 1 - OCTAVE_BITS - shift)) << (1 + OCTAVE_BITS);
        let mark = (offset >> 1) & !COUNT;
        let differs = self.0 & !COUNT != mark;
        self.0 = if self.0 == 0 { mark | 1 } else { (self.0 + 1) | (u64::from(differs) << 63) };
    }

    fn merge(&mut self, other: Self) {
        if self.0 == 0 {
            *self = other;
        } else if other.0 != 0 {
            let differs = (self.0 ^ other.0) & !COUNT != 0;
            let count = self.count() + other.count();
            assert!(count <= COUNT, "a bin counts to 10^12");
            self.0 = (self.0 & !COUNT) | count | if differs { SEVERAL } else { 0 };
        }
    }

    fn count(self) -> u64 {
        self.0 & COUNT
    }

    /// Offset within the bin of the only value seen; `None` where there were several.
    fn only(self, shift: u32) -> Option<u64> {
        let offset = ((self.0 & !COUNT) << 1) >> (1 + OCTAVE_BITS);
        (self.0 & SEVERAL == 0).then_some(offset >> (u64::BITS - 1 - OCTAVE_BITS - shift))
    }
}

/// Observations taken as evenly spread over `low ..= high` ns.
struct Stretch {
    low: u64,
    high: u64,
    count: u64,
}

impl Stretch {
    /// The value below which a `share` in [0, 1] of them lies.
    fn at(&self, share: f64) -> f64 {
        self.low as f64 + share * (self.high - self.low) as f64
    }

    /// How much they exceed `value` on average, in ns; those that do not by zero.
    fn mean_beyond(&self, value: u64) -> f64 {
        let over = |x: u64| x.saturating_sub(value) as f64;
        match self.high.saturating_sub(self.low) {
            _ if self.high <= value => 0.0,
            0 => over(self.high),
            _ if self.low >= value => (over(self.low) + over(self.high)) / 2.0,
            width => over(self.high).powi(2) / 2.0 / width as f64,
        }
    }

    /// The share of them that is at most `value`, which lies below `high`.
    fn share_at_most(&self, value: u64) -> f64 {
        if value < self.low { 0.0 } else { (value - self.low) as f64 / (self.high - self.low) as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::KeyedRng;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::new();
        values.into_iter().for_each(|value| histogram.record(value));
        histogram
    }

    /// Lognormal-like over nine decades, with a fifth zeros.
    fn rugged_sample(seed: u64, n: usize) -> Vec<u64> {
        let mut rng = KeyedRng::new(seed);
        (0..n)
            .map(|_| if rng.uniform() < 0.2 { 0 } else { 10.0_f64.powf(1.0 + 9.0 * rng.uniform()) as u64 })
            .collect()
    }

    #[test]
    fn zeros_may_be_counted_together() {
        let others = [7, 1_000, 5_000_000, 7];
        for zeros in [0, 1, 1_000] {
            let mut together = of(others);
            together.record_zeros(zeros);
            let singly = of(others.into_iter().chain(std::iter::repeat_n(0, zeros as usize)));
            assert_eq!((together.zeros(), together.tally()), (singly.zeros(), singly.tally()));
            assert_eq!((together.min(), together.max()), (singly.min(), singly.max()));
            assert_eq!(together.quantile(0.5), singly.quantile(0.5));
        }
        let mut only = Histogram::new();
        only.record_zeros(3);
        assert_eq!((only.count(), only.max(), only.quantile(0.9)), (3, Some(0), Some(0.0)));
        only.record(9);
        assert_eq!((only.count(), only.max()), (4, Some(9)));
    }

    #[test]
    fn a_mean_with_a_ceiling_counts_what_is_above_as_the_ceiling() {
        let some = of([0, 100, 5_000_000, 5_000_000, 9_000_000]);
        assert_eq!(some.mean_s_up_to(10_000_000), some.mean_s());
        assert!((some.mean_s_up_to(6_000_000).unwrap() - 16_000_100.0 / 5.0 / 1e9).abs() < 1e-15);
        assert!((some.mean_s_up_to(50).unwrap() - 200.0 / 5.0 / 1e9).abs() < 1e-15);
        assert_eq!(Histogram::new().mean_s_up_to(1), None);
        // Spread over bins of many values: against a sum over the values themselves.
        let values: Vec<u64> = (1..10_000).map(|i| i * 1_003).collect();
        let cut = values.iter().map(|&v| v.min(4_000_000) as f64).sum::<f64>() / values.len() as f64 / 1e9;
        assert!((of(values).mean_s_up_to(4_000_000).unwrap() / cut - 1.0).abs() < 1e-4);
    }

    #[test]
    fn every_value_lies_in_its_bin_and_bins_follow_one_another() {
        let mut expected_edge = 0_u64;
        for number in 0..58 * OCTAVE {
            let (edge, shift) = edge_of(number);
            assert_eq!(edge, expected_edge, "bin {number}");
            let last = edge + ((1 << shift) - 1);
            for value in [edge, last] {
                assert_eq!(number_of(value, shift_of(value)), number, "value {value}");
            }
            expected_edge = last.wrapping_add(1);
        }
        assert_eq!(expected_edge, 0, "the last bin ends with u64::MAX");
    }

    #[test]
    fn quantiles_are_within_a_128th_of_the_sorted_sample() {
        let mut values = rugged_sample(1, 20_001);
        let histogram = of(values.iter().copied());
        values.sort_unstable();
        for permille in 0..=1_000 {
            let p = f64::from(permille) / 1_000.0;
            let rank = (p * values.len() as f64 - 1e-9).ceil().max(1.0) as usize;
            let (exact, found) = (values[rank - 1] as f64, histogram.quantile(p).unwrap());
            assert!((found - exact).abs() <= exact / 128.0, "p {p}: {found} for {exact}");
        }
        assert_eq!(histogram.quantile(0.0), Some(0.0));
        assert_eq!(histogram.quantile(1.0), Some(*values.last().unwrap() as f64));
    }

    #[test]
    fn shares_invert_quantiles() {
        let histogram = of(rugged_sample(2, 50_000));
        for permille in 210..1_000 {
            let p = f64::from(permille) / 1_000.0;
            let share = histogram.share_at_most(histogram.quantile(p).unwrap() as u64).unwrap();
            // Whole nanoseconds lose at most one observation's worth near 10 ns, where bins have width 1.
            assert!((share - p).abs() < 0.004, "p {p}: {share}");
        }
        assert_eq!(histogram.share_at_most(0), Some(histogram.zeros() as f64 / 50_000.0));
        assert_eq!(histogram.count_above(u64::MAX), 0.0);
    }

    #[test]
    fn uniform_observations_give_unsmeared_quantiles() {
        // All whole numbers of one bin's width and more: rank and value agree to one step.
        let histogram = of(1_000_000..1_100_000);
        for percent in 1..100 {
            let found = histogram.quantile(f64::from(percent) / 100.0).unwrap();
            assert!((found - (1_000_000.0 + 1_000.0 * f64::from(percent))).abs() <= 1.0, "{found}");
        }
    }

    #[test]
    fn atoms_are_exact_wherever_they_stand() {
        // Half hit at 3 ms, the rest time out at 10 s, but for one odd value in the bin above the 3 ms.
        let (hit, timeout) = (3_000_000, 10_000_000_000);
        let mut histogram = of(std::iter::repeat_n(hit, 50).chain(std::iter::repeat_n(timeout, 49)));
        histogram.record(hit + 40_000);
        assert_eq!(histogram.quantile(0.2), Some(hit as f64));
        assert_eq!(histogram.quantile(0.5), Some(hit as f64));
        assert_eq!(histogram.quantile(0.51), Some((hit + 40_000) as f64));
        assert_eq!(histogram.quantile(0.52), Some(timeout as f64));
        assert_eq!(histogram.share_at_most(hit), Some(0.5));
        assert_eq!(histogram.share_at_most(hit - 1), Some(0.0));
        assert_eq!(histogram.share_at_most(timeout - 1), Some(0.51));
    }

    #[test]
    fn a_constant_is_its_own_quantile_at_any_size() {
        for value in [0, 1, 127, 128, 255, 256, 257, 999_999_937, u64::MAX - 1, u64::MAX] {
            let histogram = of([value; 3]);
            for p in [0.0, 0.5, 0.999, 1.0] {
                assert_eq!(histogram.quantile(p), Some(value as f64));
            }
            assert_eq!((histogram.min(), histogram.max()), (Some(value), Some(value)));
            assert_eq!(histogram.sd_s(), Some(0.0));
        }
    }

    #[test]
    fn two_values_in_one_bin_are_spread_between_them() {
        let histogram = of([1_000_000, 1_000_100]);
        assert_eq!(histogram.quantile(0.5), Some(1_000_050.0));
        assert_eq!(histogram.share_at_most(1_000_050), Some(0.5));
    }

    #[test]
    fn seven_percent_of_a_hundred_is_the_seventh() {
        // 0.07 x 100 is 7.000000000000001 in binary.
        assert_eq!(of(1..=100).quantile(0.07), Some(7.0));
    }

    #[test]
    fn merging_equals_recording_everything() {
        let (left, right) = (rugged_sample(3, 5_000), rugged_sample(4, 7_000));
        let narrow = vec![5_000_000; 10];
        let mut merged = Histogram::new();
        for part in [&narrow, &left, &vec![], &right] {
            merged.merge(&of(part.iter().copied()));
        }
        let whole = of(narrow.into_iter().chain(left).chain(right));
        assert_eq!((merged.tally(), merged.min(), merged.max()), (whole.tally(), whole.min(), whole.max()));
        for permille in 0..=1_000 {
            let p = f64::from(permille) / 1_000.0;
            assert_eq!(merged.quantile(p), whole.quantile(p));
        }
    }

    #[test]
    fn memory_covers_the_touched_octaves_only_and_survives_a_clear() {
        let mut histogram = of([0, 1_000_000, 0, 1_040_000]);
        assert_eq!(histogram.bins.len(), 1 + OCTAVE);
        histogram.record(2_100_000);
        histogram.record(500_000);
        assert_eq!(histogram.bins.len(), 1 + 4 * OCTAVE, "from 262 us to 4.2 ms: 1 ms = 2^19.93 ns");
        histogram.clear();
        assert_eq!((histogram.count(), histogram.min(), histogram.quantile(0.5)), (0, None, None));
        assert_eq!(histogram.bins.len(), 1 + 4 * OCTAVE);
        histogram.record(3);
        assert_eq!((histogram.quantile(0.5), histogram.zeros()), (Some(3.0), 0));
    }
}
