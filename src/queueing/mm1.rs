//! M/M/1: Poisson arrivals, exponential service, one server, first come first served.

use super::error::{QueueingError, assert_probability, nonnegative, positive, stable};

/// A stable M/M/1 queue, FIFO. The means also hold for processor sharing and every other order that does not
/// look at sizes.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 3.2; Harchol-Balter, *Performance Modeling and
/// Design of Computer Systems* (2013), chapter 13.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mm1 {
    arrival_per_s: f64,
    service_s: f64,
}

impl Mm1 {
    /// Arrivals per second (from 0) and mean service time in seconds (above 0).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64) -> Result<Self, QueueingError> {
        nonnegative("arrival_per_s", arrival_per_s)?;
        positive("service_s", service_s)?;
        stable(arrival_per_s * service_s, 1.0)?;
        Ok(Self { arrival_per_s, service_s })
    }

    /// Busy share of the server, in [0, 1): also the probability of waiting.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Mean time from arrival to departure, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.service_s / (1.0 - self.utilization())
    }

    /// Mean time in the queue, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.utilization() * self.response_mean_s()
    }

    /// Mean number present, the one in service included.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        self.arrival_per_s * self.response_mean_s()
    }

    /// Response time not exceeded with probability `p`, in seconds: the response is exponential. Infinite for
    /// `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        assert_probability(p);
        -self.response_mean_s() * (-p).ln_1p()
    }

    /// Wait not exceeded with probability `p`, in seconds: 0 up to the share that does not wait. Infinite for
    /// `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        assert_probability(p);
        let waits = self.utilization();
        if 1.0 - p >= waits { 0.0 } else { self.response_mean_s() * (waits / (1.0 - p)).ln() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn reference_workload_one_takes_ten_seconds_and_its_p99_46_05() {
        let queue = Mm1::new(0.9, 1.0).unwrap();
        assert_near(queue.response_mean_s(), 10.0, 1e-12);
        assert_near(queue.response_quantile_s(0.99), 46.05, 1e-3);
        assert_near(queue.in_system(), 9.0, 1e-12);
        assert_near(queue.wait_mean_s(), 9.0, 1e-12);
    }

    #[test]
    fn wait_quantile_is_where_the_known_tail_meets_it() {
        let queue = Mm1::new(0.8, 1.0).unwrap();
        assert_eq!(queue.wait_quantile_s(0.2), 0.0);
        let t = queue.wait_quantile_s(0.95);
        assert_near(0.8 * (-0.2 * t).exp(), 0.05, 1e-12);
    }

    #[test]
    fn a_full_server_has_no_steady_state() {
        assert!(matches!(Mm1::new(1.0, 1.0), Err(QueueingError::Unstable { .. })));
        assert!(matches!(Mm1::new(1.0, 0.0), Err(QueueingError::Invalid { .. })));
    }
}
