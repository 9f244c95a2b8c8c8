//! Closed networks with one class of users: exact throughput, response and queues for any number of users.
//!
//! Textbook mean-value analysis gets the probability of an empty multi-server station as one less all the
//! others, and so falls apart near saturation. Here stations are added to the network one after the other,
//! each with the mean-value recursion, and that probability is a ratio of the throughputs before and after:
//! nothing is ever subtracted, and nothing can overflow.

use super::error::{QueueingError, at_least_one, nonnegative};

/// How many can be served at a station at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// So many (from 1), with one queue before them.
    Limited(u32),
    /// Everybody: time passes, nobody waits.
    Unlimited,
}

/// A station of a closed network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Mean service a request asks of it in all (visits x service time), in seconds; from 0.
    pub demand_s: f64,
    /// Its servers.
    pub servers: Servers,
}

impl Station {
    /// A station of `servers` servers (from 1) behind one queue; `demand_s` in seconds a request.
    #[must_use]
    pub fn queue(demand_s: f64, servers: u32) -> Self {
        Self { demand_s, servers: Servers::Limited(servers) }
    }

    /// A station where nobody waits; `demand_s` in seconds a request.
    #[must_use]
    pub fn delay(demand_s: f64) -> Self {
        Self { demand_s, servers: Servers::Unlimited }
    }
}

/// Stations visited by a fixed number of users, who think between requests.
///
/// Exact for product-form networks: FIFO stations with exponential service, and processor sharing, last come
/// first served and delay stations with any service.
///
/// Source: Reiser and Lavenberg, "Mean-value analysis of closed multichain queuing networks", *Journal of the
/// ACM* 27 (1980); Reiser, "Mean-value analysis and convolution method for queue-dependent servers in closed
/// queueing networks", *Performance Evaluation* 1 (1981), for the station added last.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedNetwork {
    think_s: f64,
    stations: Vec<Station>,
}

/// A closed network with so many users.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedSolution {
    /// Requests per second.
    pub throughput_per_s: f64,
    /// Mean response, think time left out, in seconds.
    pub response_s: f64,
    /// One a station, in their order.
    pub stations: Vec<StationLoad>,
}

/// What goes on at one station.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StationLoad {
    /// Mean time a request spends there over all its visits, waits included, in seconds.
    pub residence_s: f64,
    /// Mean number there, those in service included.
    pub in_system: f64,
    /// Busy share of its servers, in [0, 1]; 0 where they are unlimited.
    pub utilization: f64,
}

impl ClosedNetwork {
    /// Mean think time in seconds (from 0), and the stations.
    ///
    /// # Errors
    /// `Invalid` for a negative time, a station without servers, or a network where a request takes no time
    /// at all.
    pub fn new(think_s: f64, stations: &[Station]) -> Result<Self, QueueingError> {
        let mut total = nonnegative("think_s", think_s)?;
        for station in stations {
            total += nonnegative("demand_s", station.demand_s)?;
            if let Servers::Limited(servers) = station.servers {
                at_least_one("servers", servers)?;
            }
        }
        super::error::positive("total time of a request", total)?;
        Ok(Self { think_s, stations: stations.to_vec() })
    }

    /// Throughput in requests per second with 1, 2, … `users` users.
    ///
    /// Time and memory grow as users x the servers of all stations.
    #[must_use]
    pub fn throughputs(&self, users: u32) -> Vec<f64> {
        self.throughput_without(None, users).expect("a request takes time, as checked by the constructor")
    }

    /// Everything about the network with `users` users (from 0).
    #[must_use]
    pub fn solve(&self, users: u32) -> ClosedSolution {
        let throughputs = self.throughputs(users);
        let throughput_per_s = throughputs.last().copied().unwrap_or(0.0);
        let load = |index| self.station_load(index, users, &throughputs);
        let stations: Vec<_> = (0..self.stations.len()).map(load).collect();
        let response_s = stations.iter().map(|s| s.residence_s).sum();
        ClosedSolution { throughput_per_s, response_s, stations }
    }

    fn station_load(&self, index: usize, users: u32, throughputs: &[f64]) -> StationLoad {
        let Station { demand_s, servers } = self.stations[index];
        let Some(&throughput) = throughputs.last() else {
            return StationLoad { residence_s: demand_s, ..StationLoad::default() };
        };
        let in_system = match servers {
            Servers::Unlimited => throughput * demand_s,
            Servers::Limited(1) => throughputs.iter().fold(0.0, |queue, x| x * demand_s * (1.0 + queue)),
            Servers::Limited(servers) => {
                let rest = self.throughput_without(Some(index), users);
                added(rest.as_deref(), demand_s, servers, users).in_system
            }
        };
        let utilization = match servers {
            Servers::Unlimited => 0.0,
            Servers::Limited(servers) => throughput * demand_s / f64::from(servers),
        };
        StationLoad { residence_s: in_system / throughput, in_system, utilization }
    }

    /// Throughput with 1, 2, … `users` users of the network less one station; `None` if nothing is left that
    /// takes time.
    fn throughput_without(&self, left_out: Option<usize>, users: u32) -> Option<Vec<f64>> {
        let stations =
            || self.stations.iter().enumerate().filter(|(i, _)| Some(*i) != left_out).map(|(_, s)| s);
        let delay =
            |station: &Station| if station.servers == Servers::Unlimited { station.demand_s } else { 0.0 };
        let delay_s = self.think_s + stations().map(delay).sum::<f64>();
        let mut throughputs = (delay_s > 0.0).then(|| (1..=users).map(|n| f64::from(n) / delay_s).collect());
        for &Station { demand_s, servers } in stations() {
            if let Servers::Limited(servers) = servers
                && demand_s > 0.0
            {
                throughputs = Some(added(throughputs.as_deref(), demand_s, servers, users).throughputs);
            }
        }
        throughputs
    }
}

/// A network after a station was added to it.
struct Added {
    /// With 1, 2, … users.
    throughputs: Vec<f64>,
    /// Mean number at the station with all users.
    in_system: f64,
}

/// Adds a station to a network of which only the throughputs without it are known (`None`: an empty one).
///
/// With `x(n)` and `y(n)` the throughputs before and after, and `p(k|n)` the probability of `k` at the
/// station, the balance of flows gives `p(k|n) = D / min(k, c) y(n) p(k-1|n-1)`, and the product form `p(0|n)
/// = p(0|n-1) y(n) / x(n)`. That the probabilities add up to one then gives `y(n)`.
fn added(rest: Option<&[f64]>, demand_s: f64, servers: u32, users: u32) -> Added {
    let Some(rest) = rest else {
        let throughputs = (1..=users).map(|n| f64::from(n.min(servers)) / demand_s).collect();
        return Added { throughputs, in_system: users.into() };
    };
    // More servers than users make no difference.
    let c = servers.min(users.max(1)) as usize;
    // present[k]: probability of k there; present[c]: of c or more. beyond: mean number there where it is c
    // or more, else 0.
    let mut present = vec![0.0; c + 1];
    present[0] = 1.0;
    let mut beyond = 0.0;
    let throughputs = rest
        .iter()
        .map(|x| {
            let full = x * demand_s / c as f64;
            beyond = full * (c as f64 * present[c - 1] + beyond + present[c]);
            present[c] = full * (present[c - 1] + present[c]);
            for k in (1..c).rev() {
                present[k] = x * demand_s / k as f64 * present[k - 1];
            }
            let sum: f64 = present.iter().sum();
            present.iter_mut().for_each(|p| *p /= sum);
            beyond /= sum;
            x / sum
        })
        .collect();
    let below: f64 = present[..c].iter().enumerate().map(|(k, p)| k as f64 * p).sum();
    Added { throughputs, in_system: below + beyond }
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Repair, assert_near};
    use super::*;

    /// Normalising constants by plain convolution (Buzen, 1973), as an independent route for few users.
    fn convolution(think_s: f64, stations: &[Station], users: usize) -> f64 {
        let powers = |time: f64, servers: f64| -> Vec<f64> {
            let mut f = vec![1.0];
            (1..=users).for_each(|k| f.push(f[k - 1] * time / (k as f64).min(servers)));
            f
        };
        let mut g = powers(think_s, f64::INFINITY);
        for station in stations {
            let servers = match station.servers {
                Servers::Limited(c) => f64::from(c),
                Servers::Unlimited => f64::INFINITY,
            };
            let f = powers(station.demand_s, servers);
            g = (0..=users).map(|n| (0..=n).map(|k| f[k] * g[n - k]).sum()).collect();
        }
        g[users - 1] / g[users]
    }

    #[test]
    fn agrees_with_convolution_on_mixed_stations() {
        let stations =
            [Station::queue(0.02, 1), Station::queue(0.3, 16), Station::delay(0.5), Station::queue(0.05, 3)];
        for think in [0.0, 2.0] {
            for users in [1, 2, 17, 60, 150] {
                let solution = ClosedNetwork::new(think, &stations).unwrap().solve(users);
                assert_near(solution.throughput_per_s, convolution(think, &stations, users as usize), 1e-11);
            }
        }
    }

    #[test]
    fn one_station_is_the_machine_repair_model() {
        for (users, servers) in [(5, 1), (300, 4), (40, 64)] {
            let exact = Repair::new(users, 7.0, 0.1, servers).unwrap();
            let solution = ClosedNetwork::new(7.0, &[Station::queue(0.1, servers)]).unwrap().solve(users);
            assert_near(solution.throughput_per_s, exact.throughput_per_s(), 1e-12);
            assert_near(solution.stations[0].in_system, exact.in_system(), 1e-11);
            assert_near(solution.stations[0].utilization, exact.utilization(), 1e-12);
        }
    }

    #[test]
    fn agrees_with_the_markov_chain_station_by_station() {
        let users = 12_u32;
        let stations = [Station::queue(0.4, 3), Station::queue(0.1, 1), Station::queue(0.3, 2)];
        let chain = Chain::explore([0_u32; 3], 10_000, |at| {
            let mut next = vec![([at[0] + 1, at[1], at[2]], f64::from(users - at.iter().sum::<u32>()))];
            for (i, (demand, servers)) in [(0.4, 3), (0.1, 1), (0.3, 2)].into_iter().enumerate() {
                let mut to = *at;
                if at[i] > 0 {
                    to[i] -= 1;
                    if i < 2 {
                        to[i + 1] += 1
                    }
                    next.push((to, f64::from(at[i].min(servers)) / demand));
                }
            }
            next
        });
        let law = chain.unwrap().solve().unwrap();
        let solution = ClosedNetwork::new(1.0, &stations).unwrap().solve(users);
        for i in 0..3 {
            assert_near(solution.stations[i].in_system, law.mean(|at| f64::from(at[i])), 1e-11);
        }
        assert_near(
            solution.throughput_per_s,
            law.mean(|at| f64::from(users - at.iter().sum::<u32>())),
            1e-11,
        );
    }

    #[test]
    fn a_hundred_thousand_users_past_saturation_are_all_accounted_for() {
        // Textbook mean-value analysis returns negative probabilities here.
        let stations = [Station::queue(0.01, 64), Station::queue(0.004, 24), Station::queue(0.0001, 1)];
        let network = ClosedNetwork::new(7.0, &stations).unwrap();
        let solution = network.solve(100_000);
        assert_near(solution.throughput_per_s, 6_000.0, 1e-9);
        let inside: f64 = solution.stations.iter().map(|s| s.in_system).sum();
        assert_near(inside + 7.0 * solution.throughput_per_s, 100_000.0, 1e-9);
        assert_near(solution.response_s, 100_000.0 / 6_000.0 - 7.0, 1e-9);
    }

    #[test]
    fn throughput_rises_with_users_and_stays_under_the_bottleneck() {
        let x = ClosedNetwork::new(1.0, &[Station::queue(0.1, 2), Station::queue(0.02, 1)])
            .unwrap()
            .throughputs(200);
        let slack = 1.0 + 1e-13;
        assert!(x.is_sorted_by(|a, b| *a <= b * slack) && x[199] <= 20.0 * slack && x[199] > 19.999);
        assert_near(x[0], 1.0 / 1.12, 1e-14);
    }

    #[test]
    fn nothing_is_legal_except_a_request_that_takes_no_time() {
        assert_eq!(ClosedNetwork::new(1.0, &[]).unwrap().solve(3).throughput_per_s, 3.0);
        let network = ClosedNetwork::new(0.0, &[Station::queue(0.0, 1), Station::queue(0.5, 2)]).unwrap();
        assert_eq!(network.solve(7).throughput_per_s, 4.0);
        assert_near(network.solve(7).stations[1].in_system, 7.0, 1e-14);
        assert_eq!(network.solve(0).throughput_per_s, 0.0);
        assert!(ClosedNetwork::new(0.0, &[Station::queue(0.0, 1)]).is_err());
        assert!(ClosedNetwork::new(1.0, &[Station::queue(0.1, 0)]).is_err());
    }
}
