//! Workers held while their own call is out: the smallest system in which one resource waits for another.

use super::closed::{ClosedNetwork, Station};
use super::error::{QueueingError, at_least_one, nonnegative, positive, stable};
use super::markov::Chain;

/// A service whose worker is held from start to answer: first its own work, then a query through a pool to a
/// database.
///
/// Poisson arrivals, one FIFO queue for the workers, one for the slots, one for the servers; exponential
/// times. The slot is held from its grant until the query is done. Solved exactly as a Markov chain of
/// (requests present, queries out), cut off where less than 1e-12 lies beyond. Without a pool, set `slots` to
/// `workers`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nested {
    /// Requests per second; above 0.
    pub arrival_per_s: f64,
    /// Workers; from 1.
    pub workers: u32,
    /// Mean time of the worker's own work, during which only it is held, in seconds; above 0.
    pub own_s: f64,
    /// Pool slots; from 1.
    pub slots: u32,
    /// Servers of the database; from 1.
    pub servers: u32,
    /// Mean time of the query on its server, in seconds; above 0.
    pub query_s: f64,
}

/// A [`Nested`] system in the steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NestedSolution {
    /// Mean response of a request, in seconds.
    pub response_s: f64,
    /// Mean wait for a worker, in seconds.
    pub worker_wait_s: f64,
    /// Mean wait for a slot, in seconds.
    pub slot_wait_s: f64,
    /// Mean wait for a server, a slot being held, in seconds.
    pub server_wait_s: f64,
    /// Held share of the workers, in [0, 1).
    pub worker_utilization: f64,
    /// Held share of the slots, in [0, 1).
    pub slot_utilization: f64,
    /// Busy share of the servers, in [0, 1).
    pub server_utilization: f64,
    /// Most requests per second that can be carried: less than `workers / (own_s + query_s)` and than
    /// `servers / query_s`.
    pub capacity_per_s: f64,
}

/// Largest chain solved.
const MOST: usize = 60_000;

impl Nested {
    /// The steady state.
    ///
    /// # Errors
    /// `Unstable` beyond `capacity_per_s` (the error counts in requests per second); `TooLarge` when the
    /// chain has more than 60,000 states; `Invalid` for values out of range.
    pub fn solve(&self) -> Result<NestedSolution, QueueingError> {
        let capacity_per_s = self.capacity_per_s()?;
        stable(positive("arrival_per_s", self.arrival_per_s)?, capacity_per_s)?;
        let decay = (self.arrival_per_s / capacity_per_s).ln();
        let mut most = self.workers + (-28.0 / decay).ceil() as u32 + 10;
        loop {
            let law = Chain::explore((0, 0), MOST, |&state| self.transitions(state, most))?.solve()?;
            if law.probability(|state| state.0 == most) > 1e-12 {
                most += most / 2;
                continue;
            }
            let mean = |f: &dyn Fn(u32, u32) -> u32| law.mean(|&(present, out)| f64::from(f(present, out)));
            let running = mean(&|present, _| present.min(self.workers));
            let held = mean(&|_, out| out.min(self.slots));
            let busy = mean(&|_, out| out.min(self.slots).min(self.servers));
            return Ok(NestedSolution {
                response_s: mean(&|present, _| present) / self.arrival_per_s,
                worker_wait_s: mean(&|present, _| present.saturating_sub(self.workers)) / self.arrival_per_s,
                slot_wait_s: mean(&|_, out| out.saturating_sub(self.slots)) / self.arrival_per_s,
                server_wait_s: (held - busy) / self.arrival_per_s,
                worker_utilization: running / f64::from(self.workers),
                slot_utilization: held / f64::from(self.slots),
                server_utilization: busy / f64::from(self.servers),
                capacity_per_s,
            });
        }
    }

    /// Most requests per second that can be carried: the throughput of the workers when none is ever idle.
    ///
    /// # Errors
    /// `Invalid` for values out of range.
    pub fn capacity_per_s(&self) -> Result<f64, QueueingError> {
        at_least_one("workers", self.workers)?;
        at_least_one("slots", self.slots)?;
        at_least_one("servers", self.servers)?;
        nonnegative("arrival_per_s", self.arrival_per_s)?;
        let query_s = positive("query_s", self.query_s)?;
        let backend = Station::queue(query_s, self.slots.min(self.servers));
        let full = ClosedNetwork::new(positive("own_s", self.own_s)?, &[backend])?;
        Ok(full.solve(self.workers).throughput_per_s)
    }

    /// From (requests present, queries out); arrivals beyond `most` are lost.
    fn transitions(&self, (present, out): (u32, u32), most: u32) -> Vec<((u32, u32), f64)> {
        let working = present.min(self.workers) - out;
        let served = out.min(self.slots).min(self.servers);
        let mut next = Vec::with_capacity(3);
        if present < most {
            next.push(((present + 1, out), self.arrival_per_s));
        }
        if working > 0 {
            next.push(((present, out + 1), f64::from(working) / self.own_s));
        }
        if served > 0 {
            next.push(((present - 1, out - 1), f64::from(served) / self.query_s));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::super::{JacksonNetwork, Servers, assert_near};
    use super::*;

    const SHOP: Nested =
        Nested { arrival_per_s: 6.0, workers: 8, own_s: 0.5, slots: 4, servers: 3, query_s: 0.3 };

    #[test]
    fn times_add_up_and_utilisations_obey_their_law() {
        let shop = SHOP.solve().unwrap();
        let parts = shop.worker_wait_s + 0.5 + shop.slot_wait_s + shop.server_wait_s + 0.3;
        assert_near(parts, shop.response_s, 1e-9);
        assert_near(shop.server_utilization, 6.0 * 0.3 / 3.0, 1e-9);
        let held_s = 0.5 + shop.slot_wait_s + shop.server_wait_s + 0.3;
        assert_near(shop.worker_utilization, 6.0 * held_s / 8.0, 1e-9);
    }

    #[test]
    fn plenty_of_workers_make_it_a_tandem() {
        let wide = Nested { workers: 60, slots: 60, arrival_per_s: 5.0, ..SHOP }.solve().unwrap();
        let tandem =
            JacksonNetwork::tandem(5.0, &[(0.5, Servers::Unlimited), (0.3, Servers::Limited(3))]).unwrap();
        assert_near(wide.response_s, tandem.response_s, 1e-8);
    }

    #[test]
    fn one_worker_is_an_mg1_with_two_stages() {
        use super::super::Mg1;
        let single = Nested { arrival_per_s: 1.0, workers: 1, ..SHOP }.solve().unwrap();
        let scv = (0.5_f64.powi(2) + 0.3_f64.powi(2)) / 0.8_f64.powi(2);
        assert_near(single.response_s, Mg1::new(1.0, 0.8, scv).unwrap().response_mean_s(), 1e-9);
    }

    #[test]
    fn capacity_is_less_than_each_resource_alone_would_carry() {
        let capacity = SHOP.capacity_per_s().unwrap();
        assert!(capacity < f64::min(8.0 / 0.8, 3.0 / 0.3), "{capacity}");
        assert!(matches!(
            Nested { arrival_per_s: capacity, ..SHOP }.solve(),
            Err(QueueingError::Unstable { .. })
        ));
        assert!(Nested { arrival_per_s: 0.97 * capacity, ..SHOP }.solve().is_ok());
    }
}
