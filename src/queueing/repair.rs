//! M/M/c//N: users who think, then queue for one station (the machine-repair model).

use super::birth_death::{mean, stationary};
use super::error::{QueueingError, at_least_one, positive};
use super::mmck::stages_seen;
use super::staged::Staged;

/// A closed load on one M/M/c station, FIFO: `users` think an exponential time, then ask for an exponential
/// service.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 3.8; percentiles by the arrival theorem (an
/// arrival sees the system with one user less): Sevcik and Mitrani, *Journal of the ACM* 28 (1981).
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    service_s: f64,
    think_s: f64,
    servers: usize,
    users: f64,
    /// `present[n]`: probability of `n` at the station.
    present: Vec<f64>,
    /// `seen[n]`: probability that an arrival finds `n` there.
    seen: Vec<f64>,
}

impl Repair {
    /// Users (from 1), mean think time and mean service time in seconds (above 0), servers (from 1).
    ///
    /// # Errors
    /// `Invalid` for arguments out of range.
    pub fn new(users: u32, think_s: f64, service_s: f64, servers: u32) -> Result<Self, QueueingError> {
        at_least_one("users", users)?;
        let c = at_least_one("servers", servers)?;
        let load = positive("service_s", service_s)? / positive("think_s", think_s)?;
        let law = |all: u32| {
            stationary(all as usize, |n| (f64::from(all) - n as f64) * load / (n as f64 + 1.0).min(c))
        };
        let (present, seen) = (law(users), law(users - 1));
        Ok(Self { service_s, think_s, servers: servers as usize, users: users.into(), present, seen })
    }

    /// Services per second.
    #[must_use]
    pub fn throughput_per_s(&self) -> f64 {
        mean(&self.present, |n| n.min(self.servers) as f64) / self.service_s
    }

    /// Busy share of each server, in [0, 1].
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.throughput_per_s() * self.service_s / self.servers as f64
    }

    /// Mean number at the station.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        mean(&self.present, |n| n as f64)
    }

    /// Probability that an arrival waits.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        mean(&self.seen, |n| if n >= self.servers { 1.0 } else { 0.0 })
    }

    /// Mean time at the station, in seconds: by the response-time law, `N / X - Z`, computed as `L / X`.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.in_system() / self.throughput_per_s()
    }

    /// Mean time from one request of a user to its next, in seconds.
    #[must_use]
    pub fn cycle_s(&self) -> f64 {
        self.users / self.throughput_per_s()
    }

    /// Mean think time, in seconds, as given.
    #[must_use]
    pub fn think_s(&self) -> f64 {
        self.think_s
    }

    /// Wait not exceeded with probability `p`, in seconds.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        Staged::wait(&stages_seen(&self.seen, self.servers), self.servers as f64 / self.service_s).quantile(p)
    }

    /// Time at the station not exceeded with probability `p`, in seconds.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        let stages = stages_seen(&self.seen, self.servers);
        Staged::response(&stages, self.servers as f64 / self.service_s, self.servers as f64).quantile(p)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, assert_near};
    use super::*;

    #[test]
    fn two_users_of_one_server_by_hand() {
        // Think 1 s, service 1 s: weights 1, 2, 2; throughput 4/5, mean number 6/5.
        let system = Repair::new(2, 1.0, 1.0, 1).unwrap();
        assert_near(system.throughput_per_s(), 0.8, 1e-14);
        assert_near(system.in_system(), 1.2, 1e-14);
        assert_near(system.response_mean_s(), 1.5, 1e-14);
        // One in two arrivals finds the other there.
        assert_near(system.wait_probability(), 0.5, 1e-14);
    }

    #[test]
    fn response_time_law_holds() {
        let system = Repair::new(300, 7.0, 0.1, 4).unwrap();
        assert_near(system.cycle_s() - system.think_s(), system.response_mean_s(), 1e-10);
    }

    #[test]
    fn mean_of_the_percentile_law_is_the_mean_by_littles_law() {
        // The arrival theorem (quantiles) against Little's law (mean): two routes to one number.
        let system = Repair::new(40, 7.0, 0.5, 2).unwrap();
        let points = 20_000;
        let mean = (0..points)
            .map(|i| system.response_quantile_s((f64::from(i) + 0.5) / f64::from(points)))
            .sum::<f64>()
            / f64::from(points);
        assert_near(mean, system.response_mean_s(), 1e-3);
    }

    #[test]
    fn many_idle_users_are_a_poisson_stream() {
        let closed = Repair::new(1_000_000, 1_000_000.0 / 1.5, 1.0, 2).unwrap();
        let open = Mmc::new(1.5, 1.0, 2).unwrap();
        assert_near(closed.response_mean_s(), open.response_mean_s(), 1e-4);
        assert_near(closed.response_quantile_s(0.99), open.response_quantile_s(0.99), 1e-4);
    }
}
