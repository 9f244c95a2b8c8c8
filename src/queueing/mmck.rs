//! M/M/c/K: room for only so many; who finds it full is turned away.

use super::birth_death::{mean, stationary};
use super::error::{QueueingError, at_least_one, nonnegative, positive};
use super::staged::Staged;

/// An M/M/c/K queue, FIFO: at most `room` present, those in service included. Any load has a steady state.
///
/// Source: Gross, Shortle, Thompson and Harris, *Fundamentals of Queueing Theory*, 4th ed. (2008), section
/// 2.5.
#[derive(Clone, Debug, PartialEq)]
pub struct Mmck {
    arrival_per_s: f64,
    service_s: f64,
    servers: usize,
    /// `present[n]`: probability of `n` present; `room + 1` entries.
    present: Vec<f64>,
}

impl Mmck {
    /// Arrivals per second (from 0), mean service time in seconds (above 0), servers (from 1), places in all
    /// (from `servers`).
    ///
    /// # Errors
    /// `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, service_s: f64, servers: u32, room: u32) -> Result<Self, QueueingError> {
        let offered = nonnegative("arrival_per_s", arrival_per_s)? * positive("service_s", service_s)?;
        let c = at_least_one("servers", servers)?;
        if room < servers {
            return Err(QueueingError::Invalid {
                what: "room",
                value: room.into(),
                wanted: "at least `servers`",
            });
        }
        let mut present = stationary(room as usize, |n| offered / (n as f64 + 1.0).min(c));
        present.resize(room as usize + 1, 0.0);
        Ok(Self { arrival_per_s, service_s, servers: servers as usize, present })
    }

    /// Probability that an arrival is turned away.
    #[must_use]
    pub fn blocking_probability(&self) -> f64 {
        self.present[self.present.len() - 1]
    }

    /// Arrivals accepted, and so served, per second.
    #[must_use]
    pub fn throughput_per_s(&self) -> f64 {
        self.arrival_per_s * (1.0 - self.blocking_probability())
    }

    /// Busy share of each server, in [0, 1].
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.throughput_per_s() * self.service_s / self.servers as f64
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

    /// Mean wait of those accepted, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        mean(&self.stages(), |k| k as f64) * self.service_s / self.servers as f64
    }

    /// Mean response of those accepted, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.wait_mean_s() + self.service_s
    }

    /// Wait of those accepted not exceeded with probability `p`, in seconds.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        Staged::wait(&self.stages(), self.full_per_s()).quantile(p)
    }

    /// Response of those accepted not exceeded with probability `p`, in seconds.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        Staged::response(&self.stages(), self.full_per_s(), self.servers as f64).quantile(p)
    }

    /// Departures per second while all servers are busy.
    fn full_per_s(&self) -> f64 {
        self.servers as f64 / self.service_s
    }

    /// `stages[k]`: probability that an accepted arrival waits for `k` departures.
    fn stages(&self) -> Vec<f64> {
        stages_seen(&self.present[..self.present.len() - 1], self.servers)
    }
}

/// From the number `seen[n]` found by an arrival (up to a factor): the law of the departures it waits for.
pub(super) fn stages_seen(seen: &[f64], servers: usize) -> Vec<f64> {
    let sum: f64 = seen.iter().sum();
    let (free, busy) = seen.split_at(servers.min(seen.len()));
    let at_once = free.iter().sum::<f64>();
    std::iter::once(at_once).chain(busy.iter().copied()).map(|p| p / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, assert_near, erlang_b};
    use super::*;

    #[test]
    fn no_room_to_wait_is_erlang_b() {
        let full = Mmck::new(4.46, 1.0, 10, 10).unwrap();
        assert_near(full.blocking_probability(), erlang_b(4.46, 10).unwrap(), 1e-13);
        assert_eq!(full.wait_mean_s(), 0.0);
    }

    #[test]
    fn much_room_is_an_mmc() {
        let (bounded, open) = (Mmck::new(2.4, 1.0, 3, 400).unwrap(), Mmc::new(2.4, 1.0, 3).unwrap());
        assert_near(bounded.response_mean_s(), open.response_mean_s(), 1e-10);
        assert_near(bounded.in_system(), open.in_system(), 1e-10);
        assert_near(bounded.response_quantile_s(0.99), open.response_quantile_s(0.99), 1e-9);
    }

    #[test]
    fn one_server_at_full_load_spreads_evenly() {
        // M/M/1/K with rho = 1: every count is equally likely.
        let queue = Mmck::new(1.0, 1.0, 1, 4).unwrap();
        assert_near(queue.blocking_probability(), 0.2, 1e-14);
        assert_near(queue.in_system(), 2.0, 1e-14);
    }

    #[test]
    fn littles_law_holds_for_queue_and_system_even_in_overload() {
        let queue = Mmck::new(50.0, 1.0, 4, 12).unwrap();
        assert_near(queue.queue(), queue.throughput_per_s() * queue.wait_mean_s(), 1e-12);
        assert_near(queue.in_system(), queue.throughput_per_s() * queue.response_mean_s(), 1e-12);
        assert!(queue.utilization() <= 1.0);
    }

    #[test]
    fn room_below_the_servers_is_an_error() {
        assert!(Mmck::new(1.0, 1.0, 2, 1).is_err());
        assert_eq!(Mmck::new(0.0, 1.0, 1, 3).unwrap().blocking_probability(), 0.0);
    }
}
