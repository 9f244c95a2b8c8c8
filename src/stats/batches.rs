//! Batch means: a long correlated series in at most 1,024 numbers, and what its correlation says about the
//! run's length.

/// Means of consecutive batches; when all 1,024 are full, neighbours are merged and the batches twice as
/// wide.
///
/// A batch is a stretch of an axis that the caller chooses: the running number of the observation
/// ([`BatchMeans::record`]) or simulated time ([`BatchMeans::record_at`]). Its width is a power of two on
/// that axis.
#[derive(Clone, Debug)]
pub struct BatchMeans {
    origin: u64,
    /// log2 of the width of a batch.
    scale: u32,
    batches: Vec<Batch>,
    /// One beyond the latest place recorded at, from the origin.
    reach: u64,
}

/// Sum and count of the observations of one batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Batch {
    sum: f64,
    count: u64,
}

const BATCHES_MAX: usize = 1_024;

impl Default for BatchMeans {
    fn default() -> Self {
        Self::starting(0)
    }
}

impl BatchMeans {
    /// Batches of single observations to begin with.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The first batch begins at `origin`, such as the end of the warm-up in ns.
    #[must_use]
    pub fn starting(origin: u64) -> Self {
        Self { origin, scale: 0, batches: Vec::new(), reach: 0 }
    }

    /// Records the next observation, with its running number as the axis. Not to be mixed with
    /// [`BatchMeans::record_at`].
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.record_at(self.origin + self.reach, value);
    }

    /// Records an observation at a place of the axis, such as simulated time in ns; places before the origin
    /// count as the origin. The order does not matter.
    #[inline]
    pub fn record_at(&mut self, at: u64, value: f64) {
        let place = at.saturating_sub(self.origin);
        self.reach = self.reach.max(place.saturating_add(1));
        let index = (place >> self.scale) as usize;
        match self.batches.get_mut(index) {
            Some(batch) => batch.take(value, 1),
            None => self.record_beyond(place, value),
        }
    }

    #[cold]
    fn record_beyond(&mut self, place: u64, value: f64) {
        while place >> self.scale >= BATCHES_MAX as u64 {
            self.merge_pairs();
        }
        let index = (place >> self.scale) as usize;
        if index >= self.batches.len() {
            self.batches.resize(index + 1, Batch::default());
        }
        self.batches[index].take(value, 1);
    }

    fn merge_pairs(&mut self) {
        let half = self.batches.len().div_ceil(2);
        for i in 0..half {
            let mut pair = self.batches[2 * i];
            if let Some(second) = self.batches.get(2 * i + 1) {
                pair.take(second.sum, second.count);
            }
            self.batches[i] = pair;
        }
        self.batches.truncate(half);
        self.scale += 1;
    }

    /// Width of a batch: observations, or units of the axis.
    #[must_use]
    pub fn width(&self) -> u64 {
        1 << self.scale
    }

    /// The same in batches of at least `width`, for lining up replications.
    #[must_use]
    pub fn widened(&self, width: u64) -> Self {
        let mut wide = self.clone();
        while wide.width() < width {
            wide.merge_pairs();
        }
        wide
    }

    /// Means of the full batches in order; `None` for those without observations. The last batch is left out
    /// unless something was recorded at its very end.
    #[must_use]
    pub fn means(&self) -> Vec<Option<f64>> {
        let full = (self.reach >> self.scale) as usize;
        self.batches[..full.min(self.batches.len())].iter().map(Batch::mean).collect()
    }
}

impl Batch {
    fn take(&mut self, sum: f64, count: u64) {
        self.sum += sum;
        self.count += count;
    }

    fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }
}

/// Batch means of several replications on one grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// Width of a batch, in units of the axis.
    pub width: u64,
    /// `means[replication][batch]`, all of one length. A batch without observations repeats the one before.
    pub means: Vec<Vec<f64>>,
}

impl Aligned {
    /// Brings replications to the widest batches among them and to the shortest length.
    #[must_use]
    pub fn new(replications: &[BatchMeans]) -> Self {
        let width = replications.iter().map(BatchMeans::width).max().unwrap_or(1);
        let mut means: Vec<_> = replications.iter().map(|one| filled(&one.widened(width).means())).collect();
        let length = means.iter().map(Vec::len).min().unwrap_or(0);
        means.iter_mut().for_each(|row| row.truncate(length));
        Self { width, means }
    }

    /// Batch by batch the average over the replications: the series in which warm-up shows best.
    #[must_use]
    pub fn average(&self) -> Vec<f64> {
        let length = self.means.first().map_or(0, Vec::len);
        let n = self.means.len() as f64;
        (0..length).map(|batch| self.means.iter().map(|row| row[batch]).sum::<f64>() / n).collect()
    }

    /// The same without the first `batches`.
    #[must_use]
    pub fn after(&self, batches: usize) -> Self {
        let means = self.means.iter().map(|row| row[batches.min(row.len())..].to_vec()).collect();
        Self { width: self.width, means }
    }

    /// Relaxation time on the axis: see [`relaxation`].
    #[must_use]
    pub fn relaxation(&self) -> Option<f64> {
        Some(relaxation(&self.means)? * self.width as f64)
    }
}

/// Gaps take the value before them, and those at the start the first there is.
fn filled(means: &[Option<f64>]) -> Vec<f64> {
    let mut last = means.iter().flatten().next().copied().unwrap_or(0.0);
    means
        .iter()
        .map(|mean| {
            last = mean.unwrap_or(last);
            last
        })
        .collect()
}

/// Correlation of neighbours, over all replications and around their common mean, in [-1, 1]; 0 for a
/// constant and `None` without two neighbours.
#[must_use]
pub fn lag1(replications: &[Vec<f64>]) -> Option<f64> {
    let count: usize = replications.iter().map(Vec::len).sum();
    if replications.iter().all(|row| row.len() < 2) {
        return None;
    }
    let mean = replications.iter().flatten().sum::<f64>() / count as f64;
    let variance: f64 = replications.iter().flatten().map(|x| (x - mean).powi(2)).sum();
    // A constant comes out with the rounding of its mean as its only spread.
    if variance <= count as f64 * (mean * 1e-14).powi(2) {
        return Some(0.0);
    }
    let pairs: f64 = replications
        .iter()
        .flat_map(|row| row.windows(2))
        .map(|pair| (pair[0] - mean) * (pair[1] - mean))
        .sum();
    let neighbours: usize = replications.iter().map(|row| row.len().saturating_sub(1)).sum();
    Some((pairs / neighbours as f64 / (variance / count as f64)).clamp(-1.0, 1.0))
}

/// Relaxation time of a stationary series in units of its batches: the time constant of exp(-t / tau), were
/// that its autocorrelation. `None` below 16 batches a replication; 0 where batches show no correlation at
/// all.
///
/// Measured from neighbouring batch means, at batches of 1, 2, 4, … of the given ones as long as there are
/// 16, and the longest answer that noise cannot explain (two standard errors) is taken: fine batches miss
/// slow swings under fast noise, coarse ones have averaged the fast ones away.
///
/// Means over a width w of a process with autocorrelation exp(-t / tau) have, with a = w / tau, the lag-1
/// correlation (1 - exp(-a))² / (2 (a - 1 + exp(-a))), which is solved for tau.
#[must_use]
pub fn relaxation(replications: &[Vec<f64>]) -> Option<f64> {
    let mut rows = replications.to_vec();
    let shortest = |rows: &[Vec<f64>]| rows.iter().map(Vec::len).min().unwrap_or(0);
    if shortest(&rows) < RELAXATION_BATCHES_MIN {
        return None;
    }
    let (mut width, mut longest) = (1.0, 0.0_f64);
    while shortest(&rows) >= RELAXATION_BATCHES_MIN {
        let neighbours: usize = rows.iter().map(|row| row.len() - 1).sum();
        let correlation = lag1(&rows)?;
        if correlation > 2.0 / (neighbours as f64).sqrt() {
            longest = longest.max(width * relaxation_from(correlation));
        }
        rows.iter_mut().for_each(|row| *row = paired_up(row));
        width *= 2.0;
    }
    Some(longest)
}

const RELAXATION_BATCHES_MIN: usize = 16;

/// Relaxation time over batch width that gives batch means this lag-1 correlation in (0, 1).
fn relaxation_from(correlation: f64) -> f64 {
    let lag1 = |a: f64| (-(-a).exp_m1()).powi(2) / (2.0 * (a + (-a).exp_m1()));
    // Falls in a from 1 to 0, so halve the bracket in log a.
    let (mut low, mut high) = (1e-5_f64, 1e5_f64);
    for _ in 0..100 {
        let middle = (low * high).sqrt();
        if lag1(middle) > correlation { low = middle } else { high = middle }
    }
    1.0 / (low * high).sqrt()
}

/// Means of neighbouring pairs; an odd one at the end is left out.
fn paired_up(row: &[f64]) -> Vec<f64> {
    row.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect()
}

/// Variance of the mean of a correlated series: neighbours are merged until at most 63 batches are left,
/// whose means are taken for independent: s² / m. `None` below two.
///
/// So the series must be some hundreds of relaxation times long; at 200 of them the answer is a seventh low.
///
/// Source: Schmeiser, *Batch size effects in the analysis of simulation output* (Operations Research 30,
/// 1982): more batches than some 30 gain little.
#[must_use]
pub fn variance_of_mean(batches: &[f64]) -> Option<f64> {
    let mut row = batches.to_vec();
    while row.len() >= 64 {
        row = paired_up(&row);
    }
    let (_, error) = super::interval::mean_and_error(&row).ok()?;
    Some(error * error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{KeyedRng, mix};
    use crate::stats::quantiles;

    /// AR(1) with coefficient `phi`, unit variance, started stationary, plus white noise of standard
    /// deviation `noise`.
    fn autoregression(seed: u64, phi: f64, noise: f64, n: usize) -> Vec<f64> {
        let mut rng = KeyedRng::new(seed);
        let mut normal = move || quantiles::normal(rng.uniform().max(1e-12));
        let mut x = normal();
        (0..n)
            .map(|_| {
                x = phi * x + (1.0 - phi * phi).sqrt() * normal();
                x + noise * normal()
            })
            .collect()
    }

    fn twenty(phi: f64, noise: f64, n: usize) -> Vec<Vec<f64>> {
        (0..20).map(|j| autoregression(mix(3, j), phi, noise, n)).collect()
    }

    #[test]
    fn a_thousand_and_twenty_four_batches_merge_in_pairs_when_full() {
        let mut batches = BatchMeans::new();
        (0..1_024).for_each(|i| batches.record(f64::from(i)));
        assert_eq!((batches.width(), batches.means().len()), (1, 1_024));
        batches.record(1_024.0);
        // Full batches of two; the 1,025th observation begins one that is not full.
        assert_eq!((batches.width(), batches.means().len()), (2, 512));
        assert_eq!(batches.means()[..2], [Some(0.5), Some(2.5)]);
        batches.record(1_025.0);
        assert_eq!(batches.means()[512], Some(1_024.5));
    }

    #[test]
    fn time_batches_hold_what_fell_into_them_and_gaps_stay_gaps() {
        let mut batches = BatchMeans::starting(1_000);
        batches.record_at(1_000, 1.0);
        batches.record_at(1_000 + 4_095, 5.0);
        assert_eq!(batches.width(), 4);
        batches.record_at(1_003, 2.0);
        let means = batches.means();
        assert_eq!((means.len(), means[0], means[1], means[1_023]), (1_024, Some(1.5), None, Some(5.0)));
    }

    #[test]
    fn replications_line_up_on_the_widest_grid() {
        let (mut short, mut long) = (BatchMeans::new(), BatchMeans::new());
        (0..10).for_each(|i| short.record(f64::from(i)));
        (0..3_000).for_each(|_| long.record(7.0));
        let aligned = Aligned::new(&[short, long]);
        assert_eq!(aligned.width, 4);
        assert_eq!(aligned.means, [[1.5, 5.5], [7.0, 7.0]]);
        assert_eq!(aligned.average(), [4.25, 6.25]);
        assert_eq!(aligned.after(1).average(), [6.25]);
    }

    #[test]
    fn lag1_of_a_small_series_is_that_worked_by_hand() {
        // 1, 2, 3 around 2: one pair sum -1·0 + 0·1 = 0; 1, 1, 4, 4 around 2.5: (2.25 - 2.25 + 2.25)/3 over
        // 2.25.
        assert_eq!(lag1(&[vec![1.0, 2.0, 3.0]]), Some(0.0));
        assert!((lag1(&[vec![1.0, 1.0, 4.0, 4.0]]).unwrap() - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(lag1(&[vec![0.1; 9]]), Some(0.0));
        assert_eq!(lag1(&[vec![1.0]]), None);
    }

    #[test]
    fn lag1_of_an_autoregression_is_its_coefficient() {
        // Standard error sqrt((1 - phi²) / N) = 0.0031 for 20 x 2,000; four of them.
        let found = lag1(&twenty(0.8, 0.0, 2_000)).unwrap();
        assert!((found - 0.8).abs() < 4.0 * ((1.0 - 0.64) / 40_000.0_f64).sqrt(), "{found}");
    }

    #[test]
    fn relaxation_of_an_autoregression_is_its_time_constant() {
        // exp(-1/tau) = 0.95: tau = 19.5. Taking the longest of several scales errs upwards, by up to a
        // third.
        let tau = -1.0 / 0.95_f64.ln();
        let found = relaxation(&twenty(0.95, 0.0, 4_096)).unwrap();
        assert!((0.9 * tau..1.35 * tau).contains(&found), "{found} for {tau}");
        // Noise of the same size hides it from single observations, not from wider batches.
        let found = relaxation(&twenty(0.95, 1.0, 4_096)).unwrap();
        assert!((0.6 * tau..1.35 * tau).contains(&found), "{found} for {tau} under noise");
    }

    #[test]
    fn independent_batches_have_next_to_no_relaxation_time() {
        // A false alarm at the coarsest scale of 16 batches out of 4,096 is a hundredth of the run at most.
        let found = relaxation(&twenty(0.0, 0.0, 4_096)).unwrap();
        assert!(found < 4_096.0 / 50.0, "{found}");
        assert_eq!(relaxation(&[vec![1.0; 16]]), Some(0.0));
        assert_eq!(relaxation(&[vec![1.0; 15]]), None);
    }

    #[test]
    fn relaxation_from_inverts_the_formula() {
        // a = 1: (1 - 1/e)² / (2/e) = 0.543081.
        assert!((relaxation_from(0.543_080_635) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn variance_of_the_mean_counts_the_correlation() {
        // AR(1): sigma² (1 + phi) / (1 - phi) / n = 39/4096; s² of single values would say 1/4096. The
        // batches of 128 are 6.6 relaxation times wide, which by theory misses (1 - exp(-6.6)) / 6.6 = 15 %
        // of the variance. The average over 200 series has a standard error of sqrt(2/31/200) = 1.8 %; four
        // of them.
        let (phi, n) = (0.95, 4_096);
        let average =
            (0..200).map(|j| variance_of_mean(&autoregression(mix(9, j), phi, 0.0, n)).unwrap()).sum::<f64>()
                / 200.0;
        let truth = (1.0 + phi) / (1.0 - phi) / n as f64;
        assert!((average / truth - 0.85).abs() < 0.072, "{average} for {truth}");
    }
}
