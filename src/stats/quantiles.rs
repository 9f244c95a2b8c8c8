//! Quantiles of the normal and of Student's t distribution: how many standard errors an interval is wide.

use distrs::{Normal, StudentsT};

/// The `p`-quantile of the standard normal distribution, `p` in (0, 1).
#[must_use]
pub fn normal(p: f64) -> f64 {
    Normal::ppf(p, 0.0, 1.0)
}

/// The `p`-quantile of Student's t with `degrees` degrees of freedom (1 and up), `p` in (0, 1).
///
/// By Hill's series; the tail beyond the answer has the wanted probability to 2 parts in 10^5, up to `p` =
/// 0.9995.
///
/// Source: Hill, Algorithm 396 (CACM 13, 1970), as in the crate `distrs`. (Its *distribution* function
/// overflows from 16 degrees on, version 0.2.3, which is why the answer is not polished further.)
#[must_use]
pub fn student(p: f64, degrees: usize) -> f64 {
    assert!(degrees > 0, "a spread needs two observations");
    StudentsT::ppf(p, degrees as f64)
}

/// Standard errors from the centre to either end of an interval at `confidence` in (0, 1).
#[must_use]
pub fn student_two_sided(confidence: f64, degrees: usize) -> f64 {
    student(0.5 + confidence / 2.0, degrees)
}

/// How many standard errors one of `comparisons` must deviate so that all of them stay within at `confidence`
/// in (0, 1), both sides counted (Bonferroni).
#[must_use]
pub fn bonferroni(comparisons: usize, confidence: f64) -> f64 {
    -normal((1.0 - confidence) / (2.0 * comparisons.max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, StudentsT as Oracle};

    #[test]
    fn student_agrees_with_the_printed_table() {
        // Two-sided 95 %, 99 %, 99.9 %; from any table of t.
        let table = [
            (1, [12.706, 63.657, 636.619]),
            (2, [4.303, 9.925, 31.599]),
            (5, [2.571, 4.032, 6.869]),
            (10, [2.228, 3.169, 4.587]),
            (19, [2.093, 2.861, 3.883]),
            (30, [2.042, 2.750, 3.646]),
            (120, [1.980, 2.617, 3.373]),
        ];
        for (degrees, row) in table {
            for (confidence, expected) in [0.95, 0.99, 0.999].into_iter().zip(row) {
                let found = student_two_sided(confidence, degrees);
                assert!((found - expected).abs() < 6e-4, "{degrees} degrees, {confidence}: {found}");
            }
        }
    }

    #[test]
    fn student_agrees_with_an_independent_implementation() {
        for degrees in (1..40).chain([60, 199, 200, 201, 300, 301, 1_000, 100_000]) {
            let oracle = Oracle::new(0.0, 1.0, degrees as f64).unwrap();
            for p in [0.6, 0.9, 0.95, 0.975, 0.995, 0.9995] {
                let (upper, lower) =
                    (1.0 - oracle.cdf(student(p, degrees)), oracle.cdf(student(1.0 - p, degrees)));
                for tail in [upper, lower] {
                    assert!((tail / (1.0 - p) - 1.0).abs() < 2e-5, "{degrees}, {p}: tail of {tail}");
                }
            }
        }
    }

    #[test]
    fn normal_agrees_with_the_printed_table() {
        for (p, expected) in
            [(0.5, 0.0), (0.975, 1.959_963_985), (0.995, 2.575_829_304), (0.001, -3.090_232_306)]
        {
            assert!((normal(p) - expected).abs() < 1e-8, "{p}: {}", normal(p));
        }
    }

    #[test]
    fn bonferroni_widens_with_the_number_of_comparisons() {
        assert!((bonferroni(1, 0.95) - 1.959_963_985).abs() < 1e-8);
        // 0.05 / (2 x 10) = 0.0025 in each tail.
        assert!((bonferroni(10, 0.95) - 2.807_033_768).abs() < 1e-8);
    }
}
