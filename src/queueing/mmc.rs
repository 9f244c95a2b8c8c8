//! M/M/c: Poisson arrivals, exponential service, one queue before several equal servers.

use super::erlang::erlang_c;
use super::error::{QueueingError, assert_probability, positive};
use super::numeric;

/// A stable M/M/c queue, FIFO.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 3.4; Harchol-Balter, *Performance Modeling and
/// Design of Computer Systems* (2013), chapter 14.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mmc {
    arrival_per_s: f64,
    service_s: f64,
    servers: f64,
    waits: f64,
}

impl Mmc {
    /// Arrivals per second (from 0), mean service time in seconds (above 0), servers (from 1).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= servers`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64, servers: u32) -> Result<Self, QueueingError> {
        positive("service_s", service_s)?;
        let waits = erlang_c(arrival_per_s * service_s, servers)?;
        Ok(Self { arrival_per_s, service_s, servers: f64::from(servers), waits })
    }

    /// Busy share of each server, in [0, 1).
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s / self.servers
    }

    /// Probability that an arrival waits, in [0, 1].
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        self.waits
    }

    /// Rate at which the wait of those who wait ends, per second: capacity less arrivals.
    fn drain_per_s(&self) -> f64 {
        self.servers / self.service_s - self.arrival_per_s
    }

    /// Mean time in the queue over all arrivals, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.waits / self.drain_per_s()
    }

    /// Mean time from arrival to departure, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.wait_mean_s() + self.service_s
    }

    /// Mean number waiting.
    #[must_use]
    pub fn queue(&self) -> f64 {
        self.arrival_per_s * self.wait_mean_s()
    }

    /// Mean number present, those in service included.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        self.arrival_per_s * self.response_mean_s()
    }

    /// Probability that the wait exceeds `t` seconds.
    #[must_use]
    pub fn wait_tail(&self, t: f64) -> f64 {
        self.waits * (-self.drain_per_s() * t).exp()
    }

    /// Wait not exceeded with probability `p`, in seconds: 0 up to the share that does not wait. Infinite for
    /// `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        assert_probability(p);
        if 1.0 - p >= self.waits { 0.0 } else { (self.waits / (1.0 - p)).ln() / self.drain_per_s() }
    }

    /// Probability that the response exceeds `t` seconds.
    ///
    /// Wait and service are independent; the closed form of their sum divides by the difference of their
    /// rates, so it is written with `(1 - e^-x) / x`, which has a limit where they are equal.
    #[must_use]
    pub fn response_tail(&self, t: f64) -> f64 {
        let (service, drain) = (1.0 / self.service_s, self.drain_per_s());
        let x = (service - drain).abs() * t;
        let ratio = if x == 0.0 { 1.0 } else { -(-x).exp_m1() / x };
        (-service * t).exp() + self.waits * service * t * ratio * (-service.min(drain) * t).exp()
    }

    /// Probability that the response is at most `t` seconds.
    #[must_use]
    pub fn response_cdf(&self, t: f64) -> f64 {
        1.0 - self.response_tail(t)
    }

    /// Response not exceeded with probability `p`, in seconds, by inverting the closed tail numerically.
    /// Infinite for `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        numeric::quantile(|t| self.response_tail(t), p, self.response_mean_s())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mm1, assert_near};
    use super::*;

    #[test]
    fn reference_workload_two_takes_1_369590_seconds() {
        assert_near(Mmc::new(14.4, 1.0, 16).unwrap().response_mean_s(), 1.369_590, 5e-7);
    }

    #[test]
    fn one_server_is_an_mm1() {
        let (many, one) = (Mmc::new(0.7, 1.2, 1).unwrap(), Mm1::new(0.7, 1.2).unwrap());
        assert_near(many.response_mean_s(), one.response_mean_s(), 1e-12);
        for p in [0.1, 0.5, 0.95, 0.999] {
            assert_near(many.response_quantile_s(p), one.response_quantile_s(p), 1e-10);
            assert_near(many.wait_quantile_s(p), one.wait_quantile_s(p), 1e-10);
        }
    }

    #[test]
    fn two_servers_have_the_known_mean_response() {
        // M/M/2: m / (1 - rho^2).
        assert_near(Mmc::new(1.5, 1.0, 2).unwrap().response_mean_s(), 1.0 / (1.0 - 0.5625), 1e-12);
    }

    #[test]
    fn area_under_the_tails_is_the_mean() {
        // Two servers at one erlang: wait and service have the same rate, the singular point of the closed
        // form.
        for (rate, servers) in [(1.0, 2), (1.0 + 1e-9, 2), (14.4, 16), (0.3, 2)] {
            let queue = Mmc::new(rate, 1.0, servers).unwrap();
            let step = 1e-3;
            let area = |tail: &dyn Fn(f64) -> f64| {
                (0..100_000).map(|i| tail((f64::from(i) + 0.5) * step) * step).sum::<f64>()
            };
            assert_near(area(&|t| queue.response_tail(t)), queue.response_mean_s(), 1e-6);
            assert_near(area(&|t| queue.wait_tail(t)), queue.wait_mean_s(), 1e-6);
        }
    }

    #[test]
    fn quantiles_invert_the_tail() {
        let queue = Mmc::new(14.4, 1.0, 16).unwrap();
        for p in [0.5, 0.95, 0.99, 0.999] {
            assert_near(queue.response_cdf(queue.response_quantile_s(p)), p, 1e-11);
        }
    }
}
