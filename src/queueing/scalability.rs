//! The universal scalability law: what more servers bring when they wait for each other and talk to each other.

/// Throughput of `n` servers, in the unit of `rate_one`, that of one: `n rate_one / (1 + sigma (n - 1) + kappa n (n - 1))`.
///
/// `contention` (sigma, in [0, 1]) is the share of the work that only one can do at a time; `coherency` (kappa, from 0) what
/// each pair of servers costs. Amdahl's law where `coherency` is 0.
///
/// Source: Gunther, *Guerrilla Capacity Planning* (2007).
#[must_use]
pub fn usl_throughput(n: f64, rate_one: f64, contention: f64, coherency: f64) -> f64 {
    n * rate_one / (1.0 + contention * (n - 1.0) + coherency * n * (n - 1.0))
}

/// Number of servers, not rounded, at which [`usl_throughput`] is largest: `sqrt((1 - sigma) / kappa)`. Infinite where more
/// servers always help, and below 1 where even a second only harms.
///
/// Source: as there.
#[must_use]
pub fn usl_peak(contention: f64, coherency: f64) -> f64 {
    if contention >= 1.0 { 0.0 } else { ((1.0 - contention) / coherency).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::super::numeric::argmax;
    use super::*;

    #[test]
    fn throughputs_by_hand() {
        assert_near(usl_throughput(1.0, 250.0, 0.3, 0.1), 250.0, 1e-15);
        assert_near(usl_throughput(8.0, 250.0, 0.0, 0.0), 2_000.0, 1e-15);
        // Amdahl: a tenth in series, ten servers, 1 / (0.1 + 0.9 / 10).
        assert_near(usl_throughput(10.0, 1.0, 0.1, 0.0), 1.0 / 0.19, 1e-14);
        // 3 / (1 + 0.2 x 2 + 0.1 x 6).
        assert_near(usl_throughput(3.0, 1.0, 0.2, 0.1), 1.5, 1e-15);
    }

    #[test]
    fn no_number_of_servers_does_better_than_the_peak() {
        let (contention, coherency) = (0.02, 0.000_5);
        let top = argmax(1.0, 200.0, |n| usl_throughput(n, 1.0, contention, coherency));
        assert_near(usl_peak(contention, coherency), top, 1e-6);
        assert_eq!(usl_peak(0.1, 0.0), f64::INFINITY);
        assert_eq!(usl_peak(1.0, 0.0), 0.0);
    }
}
