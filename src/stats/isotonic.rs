//! Monotone fits to noisy curves.

/// The non-decreasing sequence closest to `values` in weighted squares, by pooling adjacent violators.
///
/// Weights are positive, such as one over the variance of each value.
///
/// Source: Ayer, Brunk, Ewing, Reid, Silverman (Annals of Mathematical Statistics 26, 1955).
///
/// # Panics
/// Where the slices differ in length.
#[must_use]
pub fn non_decreasing(values: &[f64], weights: &[f64]) -> Vec<f64> {
    assert_eq!(values.len(), weights.len(), "a weight a value");
    // Each block: mean, weight, length.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        let mut block = (value, weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 > block.0) {
            let sum = last.1 + block.1;
            block = ((last.0 * last.1 + block.0 * block.1) / sum, sum, last.2 + block.2);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(mean, _, length)| std::iter::repeat_n(mean, length)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violators_are_pooled_to_their_weighted_mean() {
        // 3 and 2 pool to 2.5; 6, 5 and then 1 pool to 4, with weight 2 on the 1 to 3.25.
        assert_eq!(non_decreasing(&[1.0, 3.0, 2.0, 4.0], &[1.0; 4]), [1.0, 2.5, 2.5, 4.0]);
        assert_eq!(non_decreasing(&[6.0, 5.0, 1.0], &[1.0; 3]), [4.0; 3]);
        assert_eq!(non_decreasing(&[6.0, 5.0, 1.0], &[1.0, 1.0, 2.0]), [3.25; 3]);
    }

    #[test]
    fn a_rising_sequence_stays_as_it_is() {
        assert_eq!(non_decreasing(&[1.0, 1.0, 5.0], &[1.0, 9.0, 2.0]), [1.0, 1.0, 5.0]);
        assert!(non_decreasing(&[], &[]).is_empty());
    }
}
