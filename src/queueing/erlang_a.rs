//! M/M/c+M (Erlang A): those who wait lose patience after an exponential time.

use super::birth_death::{mean, stationary};
use super::error::{QueueingError, at_least_one, nonnegative, positive};

/// An M/M/c queue, FIFO, whose waiting calls leave after an exponential patience. Any load has a steady
/// state.
///
/// Source: Palm, *Tele* (1957); Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A
/// queue", in *Advances in Services Innovations* (2007).
#[derive(Clone, Debug, PartialEq)]
pub struct ErlangA {
    arrival_per_s: f64,
    service_s: f64,
    servers: usize,
    /// Patiences that run out per second and waiting call.
    impatience_per_s: f64,
    /// `present[n]`: probability of `n` present, up to where the rest is below 1e-18.
    present: Vec<f64>,
}

impl ErlangA {
    /// Arrivals per second (from 0), mean service time in seconds (above 0), servers (from 1), mean patience
    /// in seconds (above 0).
    ///
    /// # Errors
    /// `Invalid` for arguments out of range; `TooLarge` when more than ten million calls may be present.
    pub fn new(
        arrival_per_s: f64,
        service_s: f64,
        servers: u32,
        patience_s: f64,
    ) -> Result<Self, QueueingError> {
        const MOST: usize = 10_000_000;
        nonnegative("arrival_per_s", arrival_per_s)?;
        let c = at_least_one("servers", servers)?;
        let service_per_s = 1.0 / positive("service_s", service_s)?;
        let impatience_per_s = 1.0 / positive("patience_s", patience_s)?;
        let present = stationary(MOST, |n| {
            let next = n as f64 + 1.0;
            arrival_per_s / (next.min(c) * service_per_s + (next - c).max(0.0) * impatience_per_s)
        });
        if present.len() > MOST {
            return Err(QueueingError::TooLarge { needed: MOST as f64, limit: MOST });
        }
        Ok(Self { arrival_per_s, service_s, servers: servers as usize, impatience_per_s, present })
    }

    /// Mean number waiting.
    #[must_use]
    pub fn queue(&self) -> f64 {
        mean(&self.present, |n| n.saturating_sub(self.servers) as f64)
    }

    /// Mean number present, those in service included.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        mean(&self.present, |n| n as f64)
    }

    /// Probability that an arrival waits, in [0, 1].
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        mean(&self.present, |n| if n >= self.servers { 1.0 } else { 0.0 })
    }

    /// Share of arrivals that leave unserved, in [0, 1]; 0 without arrivals.
    #[must_use]
    pub fn abandonment_probability(&self) -> f64 {
        self.over_positions(|stage| {
            let waited = stage * self.impatience_per_s;
            waited / (self.full_per_s() + waited)
        })
    }

    /// Served per second.
    #[must_use]
    pub fn throughput_per_s(&self) -> f64 {
        self.arrival_per_s * (1.0 - self.abandonment_probability())
    }

    /// Busy share of each server, in [0, 1].
    #[must_use]
    pub fn utilization(&self) -> f64 {
        mean(&self.present, |n| n.min(self.servers) as f64) / self.servers as f64
    }

    /// Mean time in the queue over all arrivals, served or not, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.abandonment_probability() / self.impatience_per_s
    }

    /// Mean wait of those who are served, in seconds.
    ///
    /// The `k`-th in the queue moves up whenever one before it leaves or a service ends. How long that takes
    /// does not depend on whether it was itself that left, so its wait, if served, is a sum of `k`
    /// exponential times, and it is served with probability `c mu / (c mu + k theta)`.
    #[must_use]
    pub fn served_wait_mean_s(&self) -> f64 {
        let full = self.full_per_s();
        let (mut wait, mut sum) = (0.0, 0.0);
        for (k, p) in (1_u32..).zip(self.present.iter().skip(self.servers)) {
            let rate = full + f64::from(k) * self.impatience_per_s;
            wait += 1.0 / rate;
            sum += p * full / rate * wait;
        }
        sum / (1.0 - self.abandonment_probability())
    }

    /// Mean wait of those who leave, in seconds; 0 if nobody ever does.
    #[must_use]
    pub fn left_wait_mean_s(&self) -> f64 {
        let left = self.abandonment_probability();
        if left == 0.0 {
            return 0.0;
        }
        (self.wait_mean_s() - (1.0 - left) * self.served_wait_mean_s()) / left
    }

    /// Mean response of those who are served, in seconds.
    #[must_use]
    pub fn served_response_mean_s(&self) -> f64 {
        self.served_wait_mean_s() + self.service_s
    }

    /// Services ended per second while all servers are busy.
    fn full_per_s(&self) -> f64 {
        self.servers as f64 / self.service_s
    }

    /// Sum of `f(position)` over the positions at which arrivals join the queue, weighted by their
    /// probability.
    fn over_positions(&self, f: impl Fn(f64) -> f64) -> f64 {
        mean(&self.present, |n| if n < self.servers { 0.0 } else { f((n - self.servers + 1) as f64) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, assert_near, erlang_b};
    use super::*;

    #[test]
    fn endless_patience_is_an_mmc() {
        let (patient, open) = (ErlangA::new(2.4, 1.0, 3, 1e12).unwrap(), Mmc::new(2.4, 1.0, 3).unwrap());
        assert_near(patient.served_wait_mean_s(), open.wait_mean_s(), 1e-9);
        assert_near(patient.wait_probability(), open.wait_probability(), 1e-9);
    }

    #[test]
    fn no_patience_is_erlang_b() {
        let hasty = ErlangA::new(5.0, 1.0, 4, 1e-9).unwrap();
        assert_near(hasty.abandonment_probability(), erlang_b(5.0, 4).unwrap(), 1e-8);
    }

    #[test]
    fn patience_equal_to_service_makes_the_number_present_poisson() {
        let even = ErlangA::new(7.0, 1.0, 5, 1.0).unwrap();
        assert_near(even.in_system(), 7.0, 1e-12);
        assert_near(even.present[0], (-7.0_f64).exp(), 1e-12);
    }

    #[test]
    fn flow_balances_between_servers_and_leavers() {
        let queue = ErlangA::new(9.0, 1.0, 5, 2.0).unwrap();
        assert_near(queue.throughput_per_s(), queue.utilization() * 5.0, 1e-12);
        assert_near(queue.queue(), 9.0 * queue.wait_mean_s(), 1e-12);
    }

    #[test]
    fn served_wait_agrees_with_the_integral_of_the_virtual_wait() {
        // Baccelli and Hebuterne (1981): the offered wait has density lambda p(c-1) exp(lambda/theta (1 -
        // e^(-theta w)) - c mu w).
        let (rate, servers, theta) = (9.0, 5_usize, 0.5);
        let queue = ErlangA::new(rate, 1.0, servers as u32, 1.0 / theta).unwrap();
        let step = 1e-4;
        let (mut left, mut wait, mut all) = (0.0, 0.0, queue.present[..servers].iter().sum::<f64>());
        for i in 0..400_000 {
            let w = (f64::from(i) + 0.5) * step;
            let mass = rate
                * queue.present[servers - 1]
                * (rate / theta * (1.0 - (-theta * w).exp()) - 5.0 * w).exp()
                * step;
            all += mass;
            left += mass * (1.0 - (-theta * w).exp());
            wait += mass * (-theta * w).exp() * w;
        }
        assert_near(all, 1.0, 1e-6);
        assert_near(queue.abandonment_probability(), left, 1e-6);
        assert_near(queue.served_wait_mean_s(), wait / (1.0 - left), 1e-6);
        assert!(queue.left_wait_mean_s() > 0.0);
    }
}
