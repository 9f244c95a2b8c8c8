//! Priorities: M/G/1 with and without preemption, and M/M/c without.

use super::erlang::erlang_c;
use super::error::{QueueingError, nonnegative, positive, stable};

/// A class of calls; Poisson arrivals, FIFO within the class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorityClass {
    /// Arrivals per second; from 0.
    pub arrival_per_s: f64,
    /// Mean service time in seconds; above 0.
    pub service_s: f64,
    /// Squared coefficient of variation of the service time; from 0.
    pub service_scv: f64,
}

impl PriorityClass {
    /// Busy share of the server due to this class.
    fn load(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Mean work left of a call of this class that an arrival finds in service.
    fn residual_s(&self) -> f64 {
        self.load() * self.service_s * (1.0 + self.service_scv) / 2.0
    }
}

/// Mean times of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassTimes {
    /// Mean time at the station without being served, interruptions included, in seconds.
    pub wait_s: f64,
    /// Mean time from arrival to departure, in seconds.
    pub response_s: f64,
}

/// Mean times of each class of an M/G/1 queue whose server finishes what it began; `classes[0]` goes first.
///
/// # Errors
/// `Unstable` when the classes together fill the server; `Invalid` for values out of range.
///
/// Source: Cobham, "Priority assignment in waiting line problems", *Operations Research* 2 (1954); Kleinrock
/// II (1976), section 3.6.
pub fn nonpreemptive_priority(classes: &[PriorityClass]) -> Result<Vec<ClassTimes>, QueueingError> {
    let room = room_left(classes)?;
    let residual: f64 = classes.iter().map(PriorityClass::residual_s).sum();
    Ok(classes
        .iter()
        .zip(&room)
        .map(|(class, (before, after))| {
            let wait_s = residual / (before * after);
            ClassTimes { wait_s, response_s: wait_s + class.service_s }
        })
        .collect())
}

/// Mean times of each class of an M/G/1 queue where a higher class interrupts a lower one, which later goes
/// on (preemptive resume); `classes[0]` goes first. Where all service is exponential the means hold for
/// sharing within a class too.
///
/// # Errors
/// `Unstable` when the classes together fill the server; `Invalid` for values out of range.
///
/// Source: Kleinrock II (1976), section 3.6; Harchol-Balter (2013), chapter 32.
pub fn preemptive_priority(classes: &[PriorityClass]) -> Result<Vec<ClassTimes>, QueueingError> {
    let room = room_left(classes)?;
    let mut residual = 0.0;
    Ok(classes
        .iter()
        .zip(&room)
        .map(|(class, (before, after))| {
            residual += class.residual_s();
            let response_s = class.service_s / before + residual / (before * after);
            ClassTimes { wait_s: response_s - class.service_s, response_s }
        })
        .collect())
}

/// Mean times of each class of an M/M/c queue without preemption; all classes have the same mean service
/// time.
///
/// `arrivals_per_s[0]` is the class that goes first; `service_s` in seconds.
///
/// # Errors
/// `Unstable` when the classes together fill the servers; `Invalid` for arguments out of range.
///
/// Source: Cobham (1954); Kella and Yechiali, "Waiting times in the non-preemptive priority M/M/c queue",
/// *Stochastic Models* 1 (1985).
pub fn nonpreemptive_priority_mmc(
    arrivals_per_s: &[f64],
    service_s: f64,
    servers: u32,
) -> Result<Vec<ClassTimes>, QueueingError> {
    positive("service_s", service_s)?;
    for &rate in arrivals_per_s {
        nonnegative("arrival_per_s", rate)?;
    }
    let waits = erlang_c(arrivals_per_s.iter().sum::<f64>() * service_s, servers)?;
    let departure_s = service_s / f64::from(servers);
    let mut before = 1.0;
    Ok(arrivals_per_s
        .iter()
        .map(|rate| {
            let after = before - rate * departure_s;
            let wait_s = waits * departure_s / (before * after);
            before = after;
            ClassTimes { wait_s, response_s: wait_s + service_s }
        })
        .collect())
}

/// For each class, the share of the server that the classes above it leave, and what is left below it.
fn room_left(classes: &[PriorityClass]) -> Result<Vec<(f64, f64)>, QueueingError> {
    let mut used = 0.0;
    let mut room = Vec::with_capacity(classes.len());
    for class in classes {
        nonnegative("arrival_per_s", class.arrival_per_s)?;
        positive("service_s", class.service_s)?;
        nonnegative("service_scv", class.service_scv)?;
        let before = 1.0 - used;
        used += class.load();
        room.push((before, 1.0 - used));
    }
    stable(used, 1.0)?;
    Ok(room)
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Mg1, Mmc, assert_near};
    use super::*;

    fn class(arrival_per_s: f64, service_s: f64, service_scv: f64) -> PriorityClass {
        PriorityClass { arrival_per_s, service_s, service_scv }
    }

    #[test]
    fn a_single_class_is_an_mg1_either_way() {
        let exact = Mg1::new(0.7, 1.0, 2.5).unwrap().response_mean_s();
        let only = [class(0.7, 1.0, 2.5)];
        assert_near(nonpreemptive_priority(&only).unwrap()[0].response_s, exact, 1e-12);
        assert_near(preemptive_priority(&only).unwrap()[0].response_s, exact, 1e-12);
    }

    #[test]
    fn waits_weighted_by_load_are_conserved_without_preemption() {
        // Kleinrock's conservation law: sum of rho_k W_k = rho W0 / (1 - rho), whatever the order.
        let mut classes = vec![class(0.2, 1.0, 0.0), class(0.1, 3.0, 4.0), class(0.5, 0.5, 1.0)];
        let load: f64 = classes.iter().map(PriorityClass::load).sum();
        let law = load * classes.iter().map(PriorityClass::residual_s).sum::<f64>() / (1.0 - load);
        for _ in 0..3 {
            classes.rotate_left(1);
            let waits = nonpreemptive_priority(&classes).unwrap();
            assert_near(classes.iter().zip(waits).map(|(c, t)| c.load() * t.wait_s).sum(), law, 1e-12);
        }
    }

    #[test]
    fn the_highest_class_does_not_feel_the_others_under_preemption() {
        let times = preemptive_priority(&[class(0.5, 1.0, 3.0), class(0.2, 2.0, 1.0)]).unwrap();
        assert_near(times[0].response_s, Mg1::new(0.5, 1.0, 3.0).unwrap().response_mean_s(), 1e-12);
    }

    #[test]
    fn preemptive_classes_agree_with_the_markov_chain() {
        let classes = [class(0.4, 1.0, 1.0), class(0.2, 1.5, 1.0)];
        let chain = Chain::explore((0_u32, 0_u32), 100_000, |&(high, low)| {
            let mut next = Vec::new();
            if high < 60 {
                next.push(((high + 1, low), 0.4))
            }
            if low < 120 {
                next.push(((high, low + 1), 0.2))
            }
            match (high, low) {
                (0, 0) => {}
                (0, _) => next.push(((0, low - 1), 1.0 / 1.5)),
                _ => next.push(((high - 1, low), 1.0)),
            }
            next
        });
        let law = chain.unwrap().solve().unwrap();
        let times = preemptive_priority(&classes).unwrap();
        assert_near(law.mean(|s| f64::from(s.0)) / 0.4, times[0].response_s, 1e-7);
        assert_near(law.mean(|s| f64::from(s.1)) / 0.2, times[1].response_s, 1e-7);
    }

    #[test]
    fn several_servers_reduce_to_one_and_to_a_single_class() {
        let one = nonpreemptive_priority_mmc(&[0.3, 0.4], 1.0, 1).unwrap();
        let cobham = nonpreemptive_priority(&[class(0.3, 1.0, 1.0), class(0.4, 1.0, 1.0)]).unwrap();
        assert_near(one[1].wait_s, cobham[1].wait_s, 1e-12);
        let single = nonpreemptive_priority_mmc(&[14.4], 1.0, 16).unwrap();
        assert_near(single[0].response_s, Mmc::new(14.4, 1.0, 16).unwrap().response_mean_s(), 1e-12);
        // The waits average to those of the queue without classes.
        let classes = nonpreemptive_priority_mmc(&[4.4, 10.0], 1.0, 16).unwrap();
        assert_near((4.4 * classes[0].wait_s + 10.0 * classes[1].wait_s) / 14.4, single[0].wait_s, 1e-12);
    }

    #[test]
    fn classes_that_fill_the_server_together_are_an_error() {
        let classes = [class(0.5, 1.0, 1.0), class(0.5, 1.0, 1.0)];
        assert!(nonpreemptive_priority(&classes).is_err() && preemptive_priority(&classes).is_err());
        assert!(nonpreemptive_priority_mmc(&[1.0, 1.0], 1.0, 2).is_err());
    }
}
