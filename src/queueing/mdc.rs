//! M/D/c: Poisson arrivals, constant service, several servers, first come first served.

use super::elimination::Band;
use super::error::{QueueingError, at_least_one, nonnegative, positive, stable};
use super::numeric;
use super::staged::poisson_mean;

/// A stable M/D/c queue, FIFO.
///
/// Looked at once a service time, the number present is a Markov chain (Crommelin): all in service have then
/// left, and a Poisson number has come. The chain is solved without subtraction, and the wait follows by
/// Franx's formula.
///
/// Source: Crommelin, *P.O. Electrical Engineers' Journal* 25 (1932); Franx, *Operations Research Letters* 29
/// (2001).
#[derive(Clone, Debug, PartialEq)]
pub struct Mdc {
    arrival_per_s: f64,
    service_s: f64,
    servers: usize,
    /// `queued_at_most[n]`: probability that at most `n` wait.
    queued_at_most: Vec<f64>,
}

impl Mdc {
    /// Arrivals per second (from 0), the constant service time in seconds (above 0), servers (from 1).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= servers`; `Invalid` for arguments out of range;
    /// `TooLarge` when the chain needs more than 2^24 numbers: beyond a utilisation of about 0.9995 for a few
    /// servers, or some 2,000 servers.
    pub fn new(arrival_per_s: f64, service_s: f64, servers: u32) -> Result<Self, QueueingError> {
        const MOST: usize = 1 << 24;
        let offered = nonnegative("arrival_per_s", arrival_per_s)? * positive("service_s", service_s)?;
        let c = at_least_one("servers", servers)?;
        stable(offered, c)?;
        let needed = c + offered + 10.0 * offered.sqrt() + 36.0 / decay(offered, c) + 40.0;
        let cells = 2.0 * needed * (c.max(most_arrivals(offered) as f64) - fewest(offered) as f64);
        if cells > MOST as f64 {
            return Err(QueueingError::TooLarge { needed: cells, limit: MOST });
        }
        let present = crommelin(offered, servers as usize, needed as usize).stationary()?;
        let base = fewest(offered).min(servers as usize);
        let queued_at_most = present
            .iter()
            .scan(0.0, |sum, p| {
                *sum += p;
                Some(*sum)
            })
            .skip(servers as usize - base)
            .collect();
        Ok(Self { arrival_per_s, service_s, servers: servers as usize, queued_at_most })
    }

    /// Mean number waiting.
    #[must_use]
    pub fn queue(&self) -> f64 {
        self.queued_at_most.iter().map(|p| (1.0 - p).max(0.0)).sum()
    }

    /// Mean wait, in seconds: by Little's law, and 0 without arrivals.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        if self.arrival_per_s == 0.0 { 0.0 } else { self.queue() / self.arrival_per_s }
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.wait_mean_s() + self.service_s
    }

    /// Probability that the wait is at most `t` seconds.
    #[must_use]
    pub fn wait_cdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        let services = (t / self.service_s).floor() + 1.0;
        let before = services * self.service_s - t;
        let room = services as usize * self.servers;
        poisson_mean(self.arrival_per_s * before, |j| {
            if j < room { self.queued_at_most(room - 1 - j) } else { 0.0 }
        })
    }

    /// Probability that at most `n` wait.
    fn queued_at_most(&self, n: usize) -> f64 {
        self.queued_at_most.get(n).copied().unwrap_or(1.0)
    }

    /// Wait not exceeded with probability `p`, in seconds. Infinite for `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        numeric::quantile(|t| 1.0 - self.wait_cdf(t), p, self.service_s)
    }
}

/// Logarithm of the factor by which the tail of the number present falls per call: the positive root of
/// `c x = a (e^x - 1)`.
fn decay(offered: f64, servers: f64) -> f64 {
    let mut high = 1.0;
    while high < 50.0 && servers * high > offered * high.exp_m1() {
        high *= 2.0;
    }
    numeric::bisect(0.0, high, |x| servers * x > offered * x.exp_m1())
}

/// Transition probabilities of the number present from one service time to the next, cut off at `most`; state
/// 0 of the chain is `fewest` present or fewer, which all have the same future.
fn crommelin(offered: f64, servers: usize, most: usize) -> Band {
    let base = fewest(offered).min(servers);
    let reach = servers.max(most_arrivals(offered)) - base;
    // exp(-offered) is no double for many servers, so the terms start at the mode.
    let terms = poisson_terms(offered, most_arrivals(offered));
    let mut step = Band::zero(most - base + 1, reach.min(most - base));
    for from in base..=most {
        let left = from.saturating_sub(servers);
        for (come, term) in terms.iter().enumerate().take(most + 1 - left) {
            let to = (left + come).max(base);
            if to.abs_diff(from) <= reach {
                step.add(from - base, to - base, *term);
            }
        }
    }
    step
}

/// Fewer arrivals than this have a probability below 1e-20, or there is no such number.
fn fewest(offered: f64) -> usize {
    (offered - 10.0 * offered.sqrt() - 40.0).max(0.0) as usize
}

/// More arrivals than this have a probability below 1e-20.
fn most_arrivals(offered: f64) -> usize {
    (offered + 10.0 * offered.sqrt() + 40.0) as usize
}

/// Poisson probabilities of 0 ..= `most`.
fn poisson_terms(mean: f64, most: usize) -> Vec<f64> {
    let mode = mean.floor() as usize;
    let mut terms = vec![0.0; most.max(mode) + 1];
    terms[mode] = 1.0;
    (mode + 1..terms.len()).for_each(|n| terms[n] = terms[n - 1] * mean / n as f64);
    (0..mode).rev().for_each(|n| terms[n] = terms[n + 1] * (n as f64 + 1.0) / mean);
    let sum: f64 = terms.iter().sum();
    terms.iter_mut().for_each(|term| *term /= sum);
    terms
}

#[cfg(test)]
mod tests {
    use super::super::{Md1, Mmc, assert_near};
    use super::*;

    #[test]
    fn one_server_is_an_md1() {
        let (many, one) = (Mdc::new(0.9, 1.0, 1).unwrap(), Md1::new(0.9, 1.0).unwrap());
        assert_near(many.wait_mean_s(), one.wait_mean_s(), 1e-10);
        assert_near(many.wait_quantile_s(0.99), one.wait_quantile_s(0.99), 1e-8);
    }

    #[test]
    fn area_above_the_wait_law_is_littles_mean_wait() {
        let queue = Mdc::new(7.2, 1.0, 8).unwrap();
        let area: f64 =
            (0..40_000).map(|i| (1.0 - queue.wait_cdf((f64::from(i) + 0.5) / 2_000.0)) / 2_000.0).sum();
        assert_near(area, queue.wait_mean_s(), 1e-5);
    }

    #[test]
    fn wait_agrees_with_the_published_correction_to_half_of_an_mmc() {
        // Cosmetatos, INFOR 13 (1975): an approximation that is good to a percent or so.
        for (rate, servers) in [(1.8, 2), (7.2, 8), (990.0, 1_000)] {
            let c = f64::from(servers);
            let rho = rate / c;
            let more = (1.0 - rho) * (c - 1.0) * ((4.0 + 5.0 * c).sqrt() - 2.0) / (16.0 * rho * c);
            let guess = (1.0 + more) / 2.0 * Mmc::new(rate, 1.0, servers).unwrap().wait_mean_s();
            let exact = Mdc::new(rate, 1.0, servers).unwrap().wait_mean_s();
            assert!((exact / guess - 1.0).abs() < 0.02, "{servers} servers: {exact} for {guess}");
        }
    }

    #[test]
    fn overload_and_too_many_states_are_told_apart() {
        assert!(matches!(Mdc::new(2.0, 1.0, 2), Err(QueueingError::Unstable { .. })));
        assert!(matches!(Mdc::new(1.999_99, 1.0, 2), Err(QueueingError::TooLarge { .. })));
    }
}
