//! Balancing by looking before joining: the shortest of some, or of all, queues.

use super::error::{QueueingError, at_least_one, nonnegative, positive, stable};
use super::markov::Chain;

/// Single-server exponential queues, FIFO, of which each arrival looks at `choices` different ones and joins
/// the shortest.
///
/// `choices = servers` is join the shortest queue, 1 is random. Solved exactly as a Markov chain of the
/// sorted queue lengths, cut off where less than 1e-10 lies beyond; feasible, within a second, for two
/// servers up to a utilisation of 0.95, three up to 0.8, five up to 0.5.
///
/// Source: Mitzenmacher, "The power of two choices in randomized load balancing", *IEEE TPDS* 12 (2001), for
/// the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choices {
    /// Arrivals per second at all of them together (Poisson); from 0.
    pub arrival_per_s: f64,
    /// Mean service time in seconds; above 0.
    pub service_s: f64,
    /// Single-server queues; from 1.
    pub servers: u32,
    /// Queues looked at by an arrival; from 1 to `servers`.
    pub choices: u32,
}

/// Largest chain solved.
const MOST: usize = 60_000;

impl Choices {
    /// Mean response, in seconds.
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= servers`; `TooLarge` when the chain has more than 60,000
    /// states; `Invalid` for values out of range.
    pub fn response_mean_s(&self) -> Result<f64, QueueingError> {
        if self.arrival_per_s == 0.0 {
            self.check()?;
            return Ok(self.service_s);
        }
        Ok(self.in_system()? / self.arrival_per_s)
    }

    /// Mean number present at all servers.
    ///
    /// # Errors
    /// As [`Self::response_mean_s`].
    pub fn in_system(&self) -> Result<f64, QueueingError> {
        let rho = self.check()?;
        // All queues together decay like one fast server; with one choice each queue goes its own way.
        let servers = if self.choices == 1 { 1.0 } else { f64::from(self.servers) };
        let mut longest = (-25.0 / (servers * rho.ln())).ceil().max(1.0) as u32 + 6;
        loop {
            self.fits(longest)?;
            let law = Chain::explore(vec![0; self.servers as usize], MOST, |state| {
                self.transitions(state, longest)
            })?
            .solve()?;
            if law.probability(|lengths| lengths[self.servers as usize - 1] == longest) < 1e-10 {
                return Ok(law.mean(|lengths| f64::from(lengths.iter().sum::<u32>())));
            }
            longest += longest / 2;
        }
    }

    /// The utilisation.
    fn check(&self) -> Result<f64, QueueingError> {
        let offered =
            nonnegative("arrival_per_s", self.arrival_per_s)? * positive("service_s", self.service_s)?;
        let servers = at_least_one("servers", self.servers)?;
        at_least_one("choices", self.choices)?;
        if self.choices > self.servers {
            let value = self.choices.into();
            return Err(QueueingError::Invalid { what: "choices", value, wanted: "at most `servers`" });
        }
        stable(offered, servers)?;
        Ok(offered / servers)
    }

    /// Sorted lengths of `n` queues up to `longest` are as many as `n` out of `n + longest`.
    fn fits(&self, longest: u32) -> Result<(), QueueingError> {
        let needed = (1..=self.servers).map(|i| 1.0 + f64::from(longest) / f64::from(i)).product();
        if needed > MOST as f64 { Err(QueueingError::TooLarge { needed, limit: MOST }) } else { Ok(()) }
    }

    /// Transitions between queue lengths sorted from the shortest; arrivals that would make one longer than
    /// `longest` are lost.
    fn transitions(&self, lengths: &[u32], longest: u32) -> Vec<(Vec<u32>, f64)> {
        let mut next = Vec::with_capacity(2 * lengths.len());
        let moved = |i: usize, length: u32| {
            let mut to = lengths.to_vec();
            to[i] = length;
            to.sort_unstable();
            to
        };
        for (i, &length) in lengths.iter().enumerate() {
            if length < longest {
                next.push((moved(i, length + 1), self.arrival_per_s * self.joins(i)));
            }
            if length > 0 {
                next.push((moved(i, length - 1), 1.0 / self.service_s));
            }
        }
        next
    }

    /// Probability that the queue of rank `i` (0 the shortest) is the first among those looked at: `C(n-1-i,
    /// d-1) / C(n, d)`.
    fn joins(&self, i: usize) -> f64 {
        let (n, d) = (f64::from(self.servers), f64::from(self.choices));
        // None of the i shorter ones is looked at, and it is.
        let others = (0..i).map(|k| (n - d - k as f64).max(0.0) / (n - k as f64)).product::<f64>();
        others * d / (n - i as f64)
    }
}

/// Mean response, in seconds, where each arrival joins the shortest of `choices` of very many queues: the
/// mean-field limit, which a finite number of queues approaches from above.
///
/// `utilization` in [0, 1), `service_s` the mean service time in seconds (above 0), `choices` from 1.
///
/// # Errors
/// `Unstable` for a utilisation of 1 or more; `Invalid` for arguments out of range.
///
/// Source: Vvedenskaya, Dobrushin and Karpelevich, *Problems of Information Transmission* 32 (1996);
/// Mitzenmacher (2001).
pub fn mean_field_choices(utilization: f64, service_s: f64, choices: u32) -> Result<f64, QueueingError> {
    nonnegative("utilization", utilization)?;
    positive("service_s", service_s)?;
    let d = at_least_one("choices", choices)?;
    stable(utilization, 1.0)?;
    if choices == 1 {
        return Ok(service_s / (1.0 - utilization));
    }
    // The share of queues with at least i present is rho^(1 + d + … + d^(i-1)); over rho, and summed, the
    // mean response.
    let (mut sum, mut exponent) = (0.0, 0.0);
    loop {
        let term = utilization.powf(exponent);
        sum += term;
        if term < 1e-17 {
            return Ok(service_s * sum);
        }
        exponent = d * (exponent + 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mm1, Mmc, assert_near};
    use super::*;

    fn response(rho: f64, servers: u32, choices: u32) -> f64 {
        let arrival_per_s = rho * f64::from(servers);
        Choices { arrival_per_s, service_s: 1.0, servers, choices }.response_mean_s().unwrap()
    }

    #[test]
    fn one_choice_is_an_mm1_and_one_queue_too() {
        let exact = Mm1::new(0.5, 1.0).unwrap().response_mean_s();
        assert_near(response(0.5, 2, 1), exact, 1e-8);
        assert_near(response(0.5, 1, 1), exact, 1e-8);
    }

    #[test]
    fn chances_to_join_are_those_of_a_draw_without_replacement() {
        let four = Choices { arrival_per_s: 1.0, service_s: 1.0, servers: 4, choices: 2 };
        // Of the six pairs, three have the shortest first, two the second, one the third.
        for (i, pairs) in [3.0, 2.0, 1.0, 0.0].into_iter().enumerate() {
            assert_near(four.joins(i), pairs / 6.0, 1e-15);
        }
    }

    #[test]
    fn shortest_of_two_lies_between_one_queue_for_both_and_random() {
        for rho in [0.3, 0.7, 0.9] {
            let shortest = response(rho, 2, 2);
            assert!(shortest > Mmc::new(2.0 * rho, 1.0, 2).unwrap().response_mean_s());
            assert!(shortest < Mm1::new(rho, 1.0).unwrap().response_mean_s());
        }
    }

    #[test]
    fn tail_of_the_shortest_of_two_falls_by_rho_squared() {
        // Kingman, "Two similar queues in parallel" (1961): the law of the number present decays by rho^2 a
        // queue length.
        let pair = Choices { arrival_per_s: 1.4, service_s: 1.0, servers: 2, choices: 2 };
        let law = Chain::explore(vec![0, 0], MOST, |s| pair.transitions(s, 60)).unwrap().solve().unwrap();
        let at = |n: u32| law.probability(|s| s[0] == n && s[1] == n);
        assert_near(at(16) / at(15), 0.49, 1e-4);
    }

    #[test]
    fn more_choices_help_and_more_servers_approach_the_mean_field() {
        let (one, two, three) = (response(0.6, 3, 1), response(0.6, 3, 2), response(0.6, 3, 3));
        assert!(three < two && two < one);
        let limit = mean_field_choices(0.6, 1.0, 2).unwrap();
        let gaps: Vec<f64> = [3, 4, 5].map(|n| response(0.6, n, 2) - limit).into();
        assert!(gaps.is_sorted_by(|a, b| a > b) && gaps[2] > 0.0, "{gaps:?}");
    }

    #[test]
    fn mean_field_agrees_with_the_published_table() {
        // Mitzenmacher (2001), table 1, two choices: lambda 0.5, 0.9, 0.99.
        for (rho, mean) in [(0.50, 1.2657), (0.90, 2.6141), (0.99, 5.4320)] {
            assert_near(mean_field_choices(rho, 1.0, 2).unwrap(), mean, 1e-3);
        }
        assert_near(mean_field_choices(0.9, 1.0, 1).unwrap(), 10.0, 1e-12);
    }

    #[test]
    fn impossible_choices_are_errors() {
        let pair = Choices { arrival_per_s: 1.0, service_s: 1.0, servers: 2, choices: 3 };
        assert!(pair.in_system().is_err());
        assert!(Choices { arrival_per_s: 2.0, choices: 2, ..pair }.in_system().is_err());
        let many = Choices { arrival_per_s: 500.0, servers: 1_000, choices: 2, ..pair };
        assert!(matches!(many.in_system(), Err(QueueingError::TooLarge { .. })));
        assert_eq!(Choices { arrival_per_s: 0.0, choices: 2, ..pair }.response_mean_s(), Ok(1.0));
    }
}
