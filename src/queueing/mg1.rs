//! M/G/1 without preemption: Poisson arrivals, any service, one server that finishes what it began.

use super::error::{QueueingError, nonnegative, positive, stable};

/// A stable M/G/1 queue whose server finishes what it began: FIFO, or any order that does not look at sizes,
/// for the means.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 5.6 (Pollaczek and Khinchine).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1 {
    arrival_per_s: f64,
    service_s: f64,
    service_scv: f64,
}

impl Mg1 {
    /// Arrivals per second (from 0), mean service time in seconds (above 0) and its squared coefficient of
    /// variation (from 0).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64, service_scv: f64) -> Result<Self, QueueingError> {
        nonnegative("arrival_per_s", arrival_per_s)?;
        positive("service_s", service_s)?;
        nonnegative("service_scv", service_scv)?;
        stable(arrival_per_s * service_s, 1.0)?;
        Ok(Self { arrival_per_s, service_s, service_scv })
    }

    /// Busy share of the server, in [0, 1): also the probability of waiting.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Mean wait, in seconds (Pollaczek and Khinchine).
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.utilization() / (1.0 - self.utilization()) * self.service_s * (1.0 + self.service_scv) / 2.0
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.wait_mean_s() + self.service_s
    }

    /// Mean number present, the one in service included.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        self.arrival_per_s * self.response_mean_s()
    }

    /// Second moment of the FIFO wait, in s^2, from the third moment of the service time, in s^3 (Takacs's
    /// recurrence).
    ///
    /// The third moment is 6 m^3 for exponential service, m^3 for constant service.
    ///
    /// Source: Kleinrock I (1975), section 5.7.
    #[must_use]
    pub fn wait_second_moment(&self, service_third_moment: f64) -> f64 {
        let mean = self.wait_mean_s();
        2.0 * mean * mean + self.arrival_per_s * service_third_moment / (3.0 * (1.0 - self.utilization()))
    }

    /// Second moment of the wait under last come first served without preemption, in s^2: that of FIFO over
    /// `1 - rho`.
    ///
    /// The mean is that of FIFO; the spread is not.
    ///
    /// Source: Kleinrock, *Queueing Systems* II (1976), section 3.4 (Takacs, 1963).
    #[must_use]
    pub fn lifo_wait_second_moment(&self, service_third_moment: f64) -> f64 {
        self.wait_second_moment(service_third_moment) / (1.0 - self.utilization())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mm1, assert_near};
    use super::*;

    #[test]
    fn exponential_service_gives_an_mm1() {
        let (general, exponential) = (Mg1::new(0.9, 1.0, 1.0).unwrap(), Mm1::new(0.9, 1.0).unwrap());
        assert_near(general.response_mean_s(), exponential.response_mean_s(), 1e-12);
        // The wait is 0 with probability 1 - rho, else exponential of mean 10: second moment 2 rho 10^2.
        assert_near(general.wait_second_moment(6.0), 180.0, 1e-11);
    }

    #[test]
    fn constant_service_halves_the_wait() {
        let (constant, exponential) = (Mg1::new(0.9, 1.0, 0.0).unwrap(), Mm1::new(0.9, 1.0).unwrap());
        assert_near(constant.wait_mean_s(), exponential.wait_mean_s() / 2.0, 1e-12);
    }

    #[test]
    fn lifo_wait_is_a_busy_period_where_service_is_exponential() {
        // With probability rho a whole M/M/1 busy period, whose second moment is 2 m^2 / (1 - rho)^3.
        let rho = 0.7;
        let queue = Mg1::new(rho, 1.0, 1.0).unwrap();
        assert_near(queue.lifo_wait_second_moment(6.0), rho * 2.0 / (1.0 - rho).powi(3), 1e-11);
    }

    #[test]
    fn full_server_and_negative_spread_are_errors() {
        assert!(matches!(Mg1::new(1.0, 1.0, 1.0), Err(QueueingError::Unstable { .. })));
        assert!(matches!(Mg1::new(0.5, 1.0, -0.1), Err(QueueingError::Invalid { .. })));
    }
}
