//! Bounds and operational laws: what needs demands alone.

use super::closed::{Servers, Station};
use super::error::{QueueingError, nonnegative, positive};

/// A number that lies between two others, whatever the distributions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// The station that limits the throughput, and to how many requests per second: the smallest of servers over
/// demand, the first if there are several. `None` where nothing is limited.
///
/// Source: Denning and Buzen, "The operational analysis of queueing network models", *Computing Surveys* 10
/// (1978).
#[must_use]
pub fn bottleneck_law(stations: &[Station]) -> Option<(usize, f64)> {
    let limits = stations.iter().enumerate().filter_map(|(i, station)| match station.servers {
        Servers::Limited(servers) if station.demand_s > 0.0 => {
            Some((i, f64::from(servers) / station.demand_s))
        }
        _ => None,
    });
    limits.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// Busy share of a station's servers at `throughput_per_s` requests per second; 0 where servers are
/// unlimited, above 1 where the throughput cannot be had.
///
/// Source: Denning and Buzen (1978), the utilisation law.
#[must_use]
pub fn utilization(throughput_per_s: f64, station: Station) -> f64 {
    match station.servers {
        Servers::Limited(servers) => throughput_per_s * station.demand_s / f64::from(servers),
        Servers::Unlimited => 0.0,
    }
}

/// Users at which the asymptotes of a closed network meet, `N* = X_max (R_min + Z)`; infinite where nothing
/// is limited.
///
/// `think_s` in seconds. Beyond it some must wait, however regular everything is.
///
/// Source: Kleinrock, *Queueing Systems* II (1976), section 4.12; Lazowska et al. (1984), section 5.2.
#[must_use]
pub fn saturation_users(think_s: f64, stations: &[Station]) -> f64 {
    let alone_s = think_s + demand(stations);
    bottleneck_law(stations).map_or(f64::INFINITY, |(_, most)| most * alone_s)
}

/// Bounds on the throughput of a closed network with `users` users, in requests per second, for any number of
/// servers.
///
/// High: nobody ever waits, or the bottleneck is always busy. Low: every user waits for all others
/// everywhere, one at a time.
///
/// # Errors
/// `Invalid` for a negative think time, or where a request takes no time.
///
/// Source: Lazowska et al., *Quantitative System Performance* (1984), section 5.2.
pub fn asymptotic_bounds(users: u32, think_s: f64, stations: &[Station]) -> Result<Bounds, QueueingError> {
    let n = f64::from(users);
    let queued = queued_demand(stations);
    let alone_s = positive("total time of a request", nonnegative("think_s", think_s)? + demand(stations))?;
    let most = bottleneck_law(stations).map_or(f64::INFINITY, |(_, most)| most);
    Ok(Bounds { low: n / (alone_s + (n - 1.0).max(0.0) * queued), high: most.min(n / alone_s) })
}

/// Tighter bounds on the throughput, in requests per second, of a product-form network of single-server and
/// delay stations: those of networks whose queues are all alike.
///
/// # Errors
/// `Invalid` for a station of several servers, a negative think time, or where a request takes no time.
///
/// Source: Zahorjan, Sevcik, Eager and Galler, "Balanced job bound analysis of queueing networks",
/// *Communications of the ACM* 25 (1982); Lazowska et al. (1984), section 5.4.
pub fn balanced_job_bounds(users: u32, think_s: f64, stations: &[Station]) -> Result<Bounds, QueueingError> {
    let several = stations.iter().find_map(|s| match s.servers {
        Servers::Limited(servers) if servers != 1 => Some(servers),
        _ => None,
    });
    if let Some(servers) = several {
        return Err(QueueingError::Invalid {
            what: "servers",
            value: servers.into(),
            wanted: "1 for these bounds",
        });
    }
    let plain = asymptotic_bounds(users, think_s, stations)?;
    let queued = queued_demand(stations);
    if users == 0 || queued == 0.0 {
        return Ok(plain);
    }
    let n = f64::from(users);
    let alone_s = think_s + demand(stations);
    let delay_s = alone_s - queued;
    let queues = || stations.iter().filter(|s| s.servers != Servers::Unlimited && s.demand_s > 0.0);
    let longest = queues().map(|s| s.demand_s).fold(0.0, f64::max);
    let average = queued / queues().count() as f64;
    let low = n / (alone_s + (n - 1.0) * longest / (1.0 + delay_s / (n * queued)));
    let high = n / (alone_s + (n - 1.0) * average / (1.0 + delay_s / queued));
    Ok(Bounds { low: low.max(plain.low), high: high.min(plain.high) })
}

fn demand(stations: &[Station]) -> f64 {
    stations.iter().map(|s| s.demand_s).sum()
}

fn queued_demand(stations: &[Station]) -> f64 {
    stations.iter().filter(|s| s.servers != Servers::Unlimited).map(|s| s.demand_s).sum()
}

#[cfg(test)]
mod tests {
    use super::super::{ClosedNetwork, assert_near};
    use super::*;

    #[test]
    fn the_textbook_bottleneck_is_found() {
        // Lazowska et al., section 5.3: demands 5, 4 and 3 s, think time 15 s, one server each.
        let stations = [5.0, 4.0, 3.0].map(|demand| Station::queue(demand, 1));
        assert_eq!(bottleneck_law(&stations), Some((0, 0.2)));
        assert_near(saturation_users(15.0, &stations), 27.0 / 5.0, 1e-14);
        assert_eq!(utilization(0.1, stations[1]), 0.4);
        assert_eq!(bottleneck_law(&[Station::delay(1.0)]), None);
        // Two servers halve the first: the second is the bottleneck now.
        assert_eq!(bottleneck_law(&[Station::queue(5.0, 2), stations[1]]), Some((1, 0.25)));
    }

    #[test]
    fn exact_throughput_lies_within_both_bounds_and_the_balanced_are_tighter() {
        let stations =
            [Station::queue(0.3, 1), Station::queue(0.2, 1), Station::delay(0.7), Station::queue(0.25, 1)];
        let exact = ClosedNetwork::new(2.0, &stations).unwrap().throughputs(60);
        for (users, x) in (1..).zip(exact) {
            let (wide, tight) = (
                asymptotic_bounds(users, 2.0, &stations).unwrap(),
                balanced_job_bounds(users, 2.0, &stations).unwrap(),
            );
            let slack = 1.0 + 1e-12;
            assert!(wide.low <= tight.low && tight.high <= wide.high);
            assert!(tight.low <= x * slack && x <= tight.high * slack, "{users}: {x} in {tight:?}");
        }
    }

    #[test]
    fn balanced_bounds_meet_where_the_queues_are_balanced() {
        let stations = [Station::queue(0.2, 1); 3];
        let bounds = balanced_job_bounds(9, 0.0, &stations).unwrap();
        assert_near(bounds.low, bounds.high, 1e-14);
        assert_near(bounds.low, ClosedNetwork::new(0.0, &stations).unwrap().solve(9).throughput_per_s, 1e-13);
    }

    #[test]
    fn asymptotes_hold_for_several_servers_and_balanced_bounds_refuse_them() {
        let stations = [Station::queue(1.0, 4), Station::queue(0.1, 1)];
        for users in [1, 5, 30] {
            let bounds = asymptotic_bounds(users, 1.0, &stations).unwrap();
            let x = ClosedNetwork::new(1.0, &stations).unwrap().solve(users).throughput_per_s;
            assert!(bounds.low <= x * (1.0 + 1e-12) && x <= bounds.high * (1.0 + 1e-12));
        }
        assert!(balanced_job_bounds(3, 1.0, &stations).is_err());
        assert!(asymptotic_bounds(3, 0.0, &[]).is_err());
    }
}
