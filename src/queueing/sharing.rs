//! M/G/1 where a call never waits for the end of another: processor sharing, and preemptive last come first
//! served.

use super::error::{QueueingError, nonnegative, positive, stable};

/// A stable M/G/1 queue under processor sharing. Its means depend on the service distribution only by its
/// mean (insensitivity); the number present is geometric, as in an M/M/1.
///
/// Source: Kleinrock, *Queueing Systems* II (1976), section 4.4; Harchol-Balter (2013), chapter 30.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1Sharing {
    arrival_per_s: f64,
    service_s: f64,
}

impl Mg1Sharing {
    /// Arrivals per second (from 0) and mean service time in seconds (above 0), alone on the processor.
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64) -> Result<Self, QueueingError> {
        nonnegative("arrival_per_s", arrival_per_s)?;
        positive("service_s", service_s)?;
        stable(arrival_per_s * service_s, 1.0)?;
        Ok(Self { arrival_per_s, service_s })
    }

    /// Busy share of the processor, in [0, 1).
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Factor by which sharing stretches every call on average, whatever its size; from 1.
    #[must_use]
    pub fn slowdown(&self) -> f64 {
        1.0 / (1.0 - self.utilization())
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.response_mean_given_s(self.service_s)
    }

    /// Mean response of a call whose work is `x` seconds, in seconds: `x / (1 - rho)`.
    #[must_use]
    pub fn response_mean_given_s(&self, x: f64) -> f64 {
        x * self.slowdown()
    }

    /// Mean number present.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        self.arrival_per_s * self.response_mean_s()
    }
}

/// A stable M/G/1 queue under preemptive-resume last come first served. Means as under processor sharing.
///
/// Source: Kleinrock, *Queueing Systems* II (1976), section 4.5; Harchol-Balter (2013), chapter 30.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mg1LastCome {
    sharing: Mg1Sharing,
    service_scv: f64,
}

impl Mg1LastCome {
    /// Arrivals per second (from 0), mean service time in seconds (above 0) and its squared coefficient of
    /// variation (from 0).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64, service_scv: f64) -> Result<Self, QueueingError> {
        nonnegative("service_scv", service_scv)?;
        Ok(Self { sharing: Mg1Sharing::new(arrival_per_s, service_s)?, service_scv })
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.sharing.response_mean_s()
    }

    /// Variance of the response, in s^2: that of a busy period, which is what a response is.
    #[must_use]
    pub fn response_variance(&self) -> f64 {
        let (m, idle) = (self.sharing.service_s, 1.0 - self.sharing.utilization());
        let second = m * m * (1.0 + self.service_scv);
        second / idle.powi(3) - (m / idle).powi(2)
    }

    /// Variance of the response of a call whose work is `x` seconds, in s^2.
    #[must_use]
    pub fn response_variance_given(&self, x: f64) -> f64 {
        let (m, idle) = (self.sharing.service_s, 1.0 - self.sharing.utilization());
        self.sharing.arrival_per_s * m * m * (1.0 + self.service_scv) * x / idle.powi(3)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mm1, assert_near};
    use super::*;

    #[test]
    fn sharing_has_the_mean_of_an_mm1() {
        let (shared, queued) = (Mg1Sharing::new(0.8, 1.0).unwrap(), Mm1::new(0.8, 1.0).unwrap());
        assert_near(shared.response_mean_s(), queued.response_mean_s(), 1e-12);
        assert_near(shared.in_system(), queued.in_system(), 1e-12);
        assert_near(shared.response_mean_given_s(3.0), 15.0, 1e-12);
    }

    #[test]
    fn variances_given_the_size_add_up_to_the_variance() {
        // Total variance for exponential service of mean 1: mean of the variances + variance of the means x /
        // (1 - rho).
        let queue = Mg1LastCome::new(0.6, 1.0, 1.0).unwrap();
        assert_near(queue.response_variance(), queue.response_variance_given(1.0) + 1.0 / 0.16, 1e-11);
    }

    #[test]
    fn full_processor_is_an_error() {
        assert!(Mg1Sharing::new(2.0, 0.5).is_err() && Mg1LastCome::new(0.5, 1.0, f64::NAN).is_err());
    }
}
