//! A weighted choice in constant time.

use super::DistError;
use crate::rng::KeyedRng;

/// An alias table: draws outcome `i` with probability `weights[i] / sum`, in constant time, from one 64-bit draw.
///
/// Source: Vose, *A Linear Algorithm for Generating Random Numbers with a Given Distribution* (1991).
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    columns: Box<[Column]>,
}

/// A column of the table: its own outcome below the threshold, its alias above.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Column {
    /// Own share of the column, in units of 2^-64.
    threshold: u64,
    /// The outcome of the rest of the column.
    other: u32,
}

/// 2^64.
const WHOLE: f64 = 18_446_744_073_709_551_616.0;

impl Alias {
    /// The table of these weights, which need not sum to 1; a weight of 0 is never drawn.
    ///
    /// # Errors
    /// When there is no weight, one is negative or not finite, or all are 0.
    pub fn new(weights: &[f64]) -> Result<Self, DistError> {
        let shares = shares(weights)?;
        Ok(Self { columns: vose(shares) })
    }

    /// The index of an outcome. Takes one 64-bit draw, and none where there is only one outcome.
    #[inline]
    pub fn sample(&self, rng: &mut KeyedRng) -> usize {
        if self.columns.len() == 1 { 0 } else { self.sample_bits(rng.bits()) }
    }

    /// The outcome that 64 uniform random bits choose.
    #[inline]
    #[must_use]
    pub fn sample_bits(&self, bits: u64) -> usize {
        // One wide product gives both: the column above the point, the position within the column below it.
        let wide = u128::from(bits) * self.columns.len() as u128;
        let (column, within) = ((wide >> 64) as usize, wide as u64);
        let Column { threshold, other } = self.columns[column];
        if within < threshold { column } else { other as usize }
    }

    /// Number of outcomes; at least 1.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub fn len(&self) -> usize {
        self.columns.len()
    }
}

/// The weights as probabilities.
///
/// # Errors
/// As [`Alias::new`].
pub(super) fn shares(weights: &[f64]) -> Result<Vec<f64>, DistError> {
    const EXPECTED: &str = "a finite number, 0 or more, and above 0 for at least one outcome";
    if weights.is_empty() || u32::try_from(weights.len()).is_err() {
        return Err(DistError::new("number of outcomes", weights.len(), "at least 1 and below 2^32"));
    }
    if let Some(wrong) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
        return Err(DistError::new("weight", wrong, EXPECTED));
    }
    let largest = weights.iter().fold(0.0, |a: f64, b| a.max(*b));
    if largest == 0.0 {
        return Err(DistError::new("weight", 0, EXPECTED));
    }
    // By the largest first: the sum of huge weights would overflow.
    let sum: f64 = weights.iter().map(|w| w / largest).sum();
    Ok(weights.iter().map(|w| w / largest / sum).collect())
}

/// Fills each column that has less than its share from one that has more.
fn vose(mut shares: Vec<f64>) -> Box<[Column]> {
    let count = shares.len();
    shares.iter_mut().for_each(|share| *share *= count as f64);
    let mut columns: Box<[Column]> =
        (0..count).map(|i| Column { threshold: u64::MAX, other: i as u32 }).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..count).partition(|&i| shares[i] < 1.0);
    while let (Some(&less), Some(&more)) = (small.last(), large.last()) {
        small.pop();
        columns[less] = Column { threshold: (shares[less] * WHOLE) as u64, other: more as u32 };
        shares[more] -= 1.0 - shares[less];
        if shares[more] < 1.0 {
            large.pop();
            small.push(more);
        }
    }
    // What is left in either list is a full column but for rounding; it is its own alias, so its threshold does not matter.
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    /// The probability of each outcome, read off the table.
    fn probabilities(alias: &Alias) -> Vec<f64> {
        let mut sums = vec![0.0; alias.len()];
        for (i, column) in alias.columns.iter().enumerate() {
            let own = if column.other as usize == i { 1.0 } else { column.threshold as f64 / WHOLE };
            sums[i] += own / alias.len() as f64;
            sums[column.other as usize] += (1.0 - own) / alias.len() as f64;
        }
        sums
    }

    #[test]
    fn the_table_holds_exactly_the_weights() {
        let many: Vec<f64> = (0..1_000).map(|i| KeyedRng::new(mix(1, i)).uniform().powi(8)).collect();
        for weights in
            [vec![70.0, 20.0, 10.0], vec![0.0, 1.0, 0.0, 3.0], vec![1.0; 7], vec![1e300, 1e308, 1e308], many]
        {
            let alias = Alias::new(&weights).unwrap();
            let sum: f64 = weights.iter().map(|w| w / 1e308).sum();
            for (found, weight) in probabilities(&alias).into_iter().zip(&weights) {
                let wanted = weight / 1e308 / sum;
                assert!((found - wanted).abs() < 1e-15, "{found}, not {wanted}");
            }
        }
    }

    #[test]
    fn draws_come_in_proportion_to_the_weights() {
        let alias = Alias::new(&[70.0, 20.0, 0.0, 10.0]).unwrap();
        let mut counts = [0.0; 4];
        let n = 100_000;
        for i in 0..n {
            counts[alias.sample(&mut KeyedRng::new(mix(2, i)))] += 1.0;
        }
        assert_eq!(counts[2], 0.0);
        // Chi-square with 2 degrees of freedom: above 13.8 in 1 of 1,000 samples.
        let n = n as f64;
        let expected = [(0, 0.7), (1, 0.2), (3, 0.1)];
        let chi: f64 = expected.iter().map(|&(i, p)| (counts[i] - n * p).powi(2) / (n * p)).sum();
        assert!(chi < 13.8, "{chi}");
    }

    #[test]
    fn a_draw_takes_one_number_and_a_certain_outcome_none() {
        let (mut used, mut reference) = (KeyedRng::new(3), KeyedRng::new(3));
        let alias = Alias::new(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!(alias.sample(&mut used), alias.sample_bits(reference.bits()));
        assert_eq!(Alias::new(&[5.0]).unwrap().sample(&mut used), 0);
        assert_eq!(used.bits(), reference.bits());
    }

    #[test]
    fn impossible_weights_are_refused() {
        for wrong in [vec![], vec![0.0, 0.0], vec![1.0, -1.0], vec![f64::NAN], vec![f64::INFINITY]] {
            assert!(Alias::new(&wrong).is_err(), "{wrong:?}");
        }
        let message = Alias::new(&[1.0, -2.0]).unwrap_err().to_string();
        assert!(message.starts_with("invalid weight '-2', which should be a finite number"), "{message}");
    }
}
