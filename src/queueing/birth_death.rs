//! Stationary laws of birth-death chains, without overflow.

/// Probabilities of 0, 1, 2, … present, from `ratio(n) = birth rate at n / death rate at n + 1`.
///
/// Stops at `most`, or where the rest cannot matter any more: once the ratio is below 1 and what lies beyond,
/// bounded by a geometric series, is under 1e-18 of the sum. The ratios must not rise with `n`, which holds
/// for every queue here.
pub(super) fn stationary(most: usize, ratio: impl Fn(usize) -> f64) -> Vec<f64> {
    const HUGE: f64 = 1e250;
    let mut weights = vec![1.0];
    let (mut last, mut sum) = (1.0, 1.0);
    for n in 0..most {
        let r = ratio(n);
        if r < 1.0 && last * r < 1e-18 * sum * (1.0 - r) {
            break;
        }
        last *= r;
        sum += last;
        weights.push(last);
        if last > HUGE {
            // What underflows here is too small to be seen beside `last`.
            weights.iter_mut().for_each(|w| *w /= HUGE);
            (last, sum) = (last / HUGE, sum / HUGE);
        }
    }
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// Mean of `f(n)` under `probabilities[n]`.
pub(super) fn mean(probabilities: &[f64], f: impl Fn(usize) -> f64) -> f64 {
    probabilities.iter().enumerate().map(|(n, p)| p * f(n)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn constant_ratio_gives_the_geometric_law() {
        let law = stationary(usize::MAX, |_| 0.9);
        assert_near(law[0], 0.1, 1e-14);
        assert_near(mean(&law, |n| n as f64), 9.0, 1e-12);
    }

    #[test]
    fn huge_poisson_law_neither_overflows_nor_loses_its_mean() {
        let law = stationary(usize::MAX, |n| 5_000.0 / (n as f64 + 1.0));
        assert_near(law.iter().sum::<f64>(), 1.0, 1e-12);
        assert_near(mean(&law, |n| n as f64), 5_000.0, 1e-10);
    }
}
