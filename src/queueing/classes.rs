//! Closed networks with several classes of users: exact mean-value analysis over all population vectors.

use super::closed::Servers;
use super::error::{QueueingError, nonnegative, positive};

/// A class of users of a closed network.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// How many; from 0.
    pub users: u32,
    /// Mean think time between requests, in seconds; from 0.
    pub think_s: f64,
    /// Mean service a request of this class asks of each station in all, in seconds; from 0; one a station.
    pub demands_s: Vec<f64>,
}

/// What a class gets.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassLoad {
    /// Requests per second.
    pub throughput_per_s: f64,
    /// Mean response, think time left out, in seconds.
    pub response_s: f64,
    /// Mean time a request spends at each station, waits included, in seconds.
    pub residence_s: Vec<f64>,
}

/// A closed network of several classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassesSolution {
    /// One a class, in their order.
    pub classes: Vec<ClassLoad>,
    /// Mean number at each station, all classes.
    pub in_system: Vec<f64>,
    /// Busy share of each station, in [0, 1]; 0 where servers are unlimited.
    pub utilization: Vec<f64>,
}

/// Numbers kept at once: 256 MB.
const MOST: usize = 1 << 25;

/// Exact throughputs and residence times of several classes of users at single-server and delay stations.
///
/// `stations[i]` says whether station `i` has one server or unlimited ones. Exact for processor sharing, last
/// come first served and delay stations with any service, and for FIFO stations where all classes have the
/// same exponential service *a visit*. Time and memory grow as the product of all `users + 1`.
///
/// # Errors
/// `TooLarge` when that product times the stations exceeds 2^25; `Invalid` for a station of several servers,
/// times out of range, demands that are not one a station, or a class whose requests take no time.
///
/// Source: Reiser and Lavenberg, *Journal of the ACM* 27 (1980); Lazowska et al., *Quantitative System
/// Performance* (1984), section 7.4.
pub fn solve_classes(stations: &[Servers], classes: &[Class]) -> Result<ClassesSolution, QueueingError> {
    check(stations, classes)?;
    let strides = strides(stations.len(), classes)?;
    let vectors = strides[classes.len()];
    // queues[v][i]: mean number at station i with the population vector of number v.
    let mut queues = vec![0.0; vectors * stations.len()];
    let mut last = Vec::new();
    for v in 1..vectors {
        let population: Vec<u32> = classes
            .iter()
            .zip(&strides)
            .map(|(class, stride)| (v / stride) as u32 % (class.users + 1))
            .collect();
        last.clear();
        for (r, class) in classes.iter().enumerate() {
            let fewer =
                (population[r] > 0).then(|| &queues[(v - strides[r]) * stations.len()..][..stations.len()]);
            last.push(class_load(stations, class, population[r], fewer));
        }
        for i in 0..stations.len() {
            queues[v * stations.len() + i] =
                last.iter().map(|c: &ClassLoad| c.throughput_per_s * c.residence_s[i]).sum();
        }
    }
    if last.is_empty() {
        last = classes.iter().map(|class| class_load(stations, class, 0, None)).collect();
    }
    let in_system = queues[(vectors - 1) * stations.len()..].to_vec();
    let busy = |i: usize| match stations[i] {
        Servers::Unlimited => 0.0,
        Servers::Limited(_) => {
            last.iter().zip(classes).map(|(load, c)| load.throughput_per_s * c.demands_s[i]).sum()
        }
    };
    let utilization = (0..stations.len()).map(busy).collect();
    Ok(ClassesSolution { classes: last, in_system, utilization })
}

/// By the arrival theorem: a request finds the queues of a network with one user of its class less (`None`:
/// it has no user).
fn class_load(stations: &[Servers], class: &Class, users: u32, found: Option<&[f64]>) -> ClassLoad {
    let residence = |i: usize| {
        let waits = stations[i] != Servers::Unlimited;
        class.demands_s[i] * (1.0 + found.filter(|_| waits).map_or(0.0, |queues| queues[i]))
    };
    let residence_s: Vec<f64> = (0..stations.len()).map(residence).collect();
    let response_s: f64 = residence_s.iter().sum();
    ClassLoad { throughput_per_s: f64::from(users) / (class.think_s + response_s), response_s, residence_s }
}

fn check(stations: &[Servers], classes: &[Class]) -> Result<(), QueueingError> {
    for servers in stations {
        if let Servers::Limited(servers) = *servers
            && servers != 1
        {
            let wanted = "1 where there are several classes";
            return Err(QueueingError::Invalid { what: "servers", value: servers.into(), wanted });
        }
    }
    for class in classes {
        if class.demands_s.len() != stations.len() {
            let value = class.demands_s.len() as f64;
            return Err(QueueingError::Invalid { what: "number of demands", value, wanted: "one a station" });
        }
        let mut total = nonnegative("think_s", class.think_s)?;
        for &demand in &class.demands_s {
            total += nonnegative("demand_s", demand)?;
        }
        positive("total time of a request", total)?;
    }
    Ok(())
}

/// By how much the number of a population vector rises with one user more of each class; the number of
/// vectors behind them.
fn strides(stations: usize, classes: &[Class]) -> Result<Vec<usize>, QueueingError> {
    let needed = classes.iter().map(|c| f64::from(c.users) + 1.0).product::<f64>() * stations.max(1) as f64;
    if needed > MOST as f64 {
        return Err(QueueingError::TooLarge { needed, limit: MOST });
    }
    let mut strides = vec![1];
    for class in classes {
        strides.push(strides[strides.len() - 1] * (class.users as usize + 1));
    }
    Ok(strides)
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, ClosedNetwork, Station, assert_near};
    use super::*;

    const QUEUE: Servers = Servers::Limited(1);

    #[test]
    fn one_class_agrees_with_the_single_class_network() {
        let class = Class { users: 40, think_s: 1.0, demands_s: vec![0.05, 0.2, 0.02] };
        let several = solve_classes(&[QUEUE, Servers::Unlimited, QUEUE], &[class]).unwrap();
        let stations = [Station::queue(0.05, 1), Station::delay(0.2), Station::queue(0.02, 1)];
        let single = ClosedNetwork::new(1.0, &stations).unwrap().solve(40);
        assert_near(several.classes[0].throughput_per_s, single.throughput_per_s, 1e-12);
        for i in 0..3 {
            assert_near(several.classes[0].residence_s[i], single.stations[i].residence_s, 1e-11);
            assert_near(several.utilization[i], single.stations[i].utilization, 1e-12);
        }
    }

    #[test]
    fn a_class_split_in_two_equal_ones_behaves_as_before() {
        let class = |users| Class { users, think_s: 2.0, demands_s: vec![0.1, 0.3] };
        let whole = solve_classes(&[QUEUE, QUEUE], &[class(10)]).unwrap();
        let split = solve_classes(&[QUEUE, QUEUE], &[class(3), class(7)]).unwrap();
        assert_near(split.classes[1].response_s, whole.classes[0].response_s, 1e-12);
        assert_near(split.in_system[1], whole.in_system[1], 1e-12);
    }

    #[test]
    fn two_classes_that_share_a_processor_agree_with_the_markov_chain() {
        // (present of class 1, of class 2), each getting its share; demands 0.5 and 0.2 s, think 1 and 3 s.
        let (first, second) = (4_u32, 6_u32);
        let chain = Chain::explore((0_u32, 0_u32), 1_000, |&(a, b)| {
            let all = f64::from((a + b).max(1));
            vec![
                ((a + 1, b), f64::from(first - a)),
                ((a, b + 1), f64::from(second - b) / 3.0),
                ((a.saturating_sub(1), b), f64::from(a) / all / 0.5),
                ((a, b.saturating_sub(1)), f64::from(b) / all / 0.2),
            ]
        });
        let law = chain.unwrap().solve().unwrap();
        let classes = [
            Class { users: first, think_s: 1.0, demands_s: vec![0.5] },
            Class { users: second, think_s: 3.0, demands_s: vec![0.2] },
        ];
        let solution = solve_classes(&[QUEUE], &classes).unwrap();
        assert_near(solution.classes[0].throughput_per_s, law.mean(|s| f64::from(first - s.0)), 1e-12);
        assert_near(solution.classes[1].throughput_per_s, law.mean(|s| f64::from(second - s.1) / 3.0), 1e-12);
        assert_near(solution.in_system[0], law.mean(|s| f64::from(s.0 + s.1)), 1e-12);
    }

    #[test]
    fn what_does_not_fit_or_is_not_covered_is_an_error() {
        let class = Class { users: 10_000, think_s: 1.0, demands_s: vec![0.1] };
        let three = [class.clone(), class.clone(), class.clone()];
        assert!(matches!(solve_classes(&[QUEUE], &three), Err(QueueingError::TooLarge { .. })));
        assert!(solve_classes(&[Servers::Limited(2)], &three[..1]).is_err());
        assert!(solve_classes(&[QUEUE, QUEUE], &three[..1]).is_err());
        let nobody = solve_classes(&[QUEUE], &[Class { users: 0, ..class }]).unwrap();
        assert_eq!((nobody.classes[0].throughput_per_s, nobody.in_system[0]), (0.0, 0.0));
    }
}
