//! What has no exact formula.

use super::error::{QueueingError, nonnegative};
use super::mmc::Mmc;

/// **Approximate** mean wait of a G/G/c queue, FIFO, in seconds (Allen and Cunneen).
///
/// The wait of an M/M/c times the mean of the squared coefficients of variation of gaps and services (from
/// 0). Exact for M/M/c and M/G/1; elsewhere good to some 10 % at high load, and too large at low load for
/// arrivals more regular than Poisson.
///
/// # Errors
/// `Unstable` when `arrival_per_s * service_s >= servers`; `Invalid` for arguments out of range.
///
/// Source: Allen, *Probability, Statistics, and Queueing Theory*, 2nd ed. (1990), section 5.3.
pub fn allen_cunneen(
    arrival_per_s: f64,
    gap_scv: f64,
    service_s: f64,
    service_scv: f64,
    servers: u32,
) -> Result<f64, QueueingError> {
    let spread = f64::midpoint(nonnegative("gap_scv", gap_scv)?, nonnegative("service_scv", service_scv)?);
    Ok(spread * Mmc::new(arrival_per_s, service_s, servers)?.wait_mean_s())
}

#[cfg(test)]
mod tests {
    use super::super::{Mdc, Mg1, assert_near};
    use super::*;

    #[test]
    fn exact_for_one_server_with_poisson_arrivals() {
        let exact = Mg1::new(0.8, 1.0, 3.0).unwrap().wait_mean_s();
        assert_near(allen_cunneen(0.8, 1.0, 1.0, 3.0, 1).unwrap(), exact, 1e-12);
    }

    #[test]
    fn within_a_tenth_for_constant_service_at_high_load() {
        let exact = Mdc::new(7.6, 1.0, 8).unwrap().wait_mean_s();
        let guess = allen_cunneen(7.6, 1.0, 1.0, 0.0, 8).unwrap();
        assert!((guess / exact - 1.0).abs() < 0.1, "{guess} for {exact}");
    }
}
