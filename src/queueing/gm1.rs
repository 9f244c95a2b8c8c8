//! G/M/1: independent gaps of any law, exponential service, one server, first come first served.

use super::error::{QueueingError, assert_probability, at_least_one, positive, stable};
use super::numeric::bisect;

/// The law of the gaps between arrivals; their mean is given apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gaps {
    /// All equal.
    Deterministic,
    /// A Poisson stream.
    Exponential,
    /// A sum of so many equal exponential stages (from 1).
    Erlang(u32),
    /// Two exponential branches with balanced means, of this squared coefficient of variation (from 1).
    Hyperexponential(f64),
}

impl Gaps {
    /// Checks the parameters.
    fn check(self) -> Result<Self, QueueingError> {
        match self {
            Self::Erlang(stages) => at_least_one("stages", stages).map(|_| self),
            Self::Hyperexponential(scv) if !(scv >= 1.0 && scv.is_finite()) => {
                Err(QueueingError::Invalid { what: "gap scv", value: scv, wanted: "at least 1 and finite" })
            }
            _ => Ok(self),
        }
    }

    /// `1 - E[exp(-s A)]` for gaps `A` of mean `mean`, written so that small `s` cancels nothing.
    fn transform_complement(self, s: f64, mean: f64) -> f64 {
        match self {
            Self::Deterministic => -(-s * mean).exp_m1(),
            Self::Exponential => s * mean / (1.0 + s * mean),
            Self::Erlang(stages) => {
                let k = f64::from(stages);
                -(-k * (s * mean / k).ln_1p()).exp_m1()
            }
            Self::Hyperexponential(scv) => {
                let first = f64::midpoint(1.0, ((scv - 1.0) / (scv + 1.0)).sqrt());
                [first, 1.0 - first].iter().map(|p| p * s / (2.0 * p / mean + s)).sum()
            }
        }
    }
}

/// A stable G/M/1 queue, FIFO. The response is exponential, as in an M/M/1, but an arrival waits with another
/// probability `sigma`.
///
/// Source: Kleinrock, *Queueing Systems* I (1975), section 6.4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gm1 {
    service_s: f64,
    rho: f64,
    /// `1 - sigma`: probability that an arrival finds the server idle.
    idle: f64,
}

impl Gm1 {
    /// Arrivals per second (above 0), the law of their gaps, and the mean service time in seconds (above 0).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range.
    pub fn new(arrival_per_s: f64, gaps: Gaps, service_s: f64) -> Result<Self, QueueingError> {
        let mean = 1.0 / positive("arrival_per_s", arrival_per_s)?;
        let rho = arrival_per_s * positive("service_s", service_s)?;
        stable(rho, 1.0)?;
        let gaps = gaps.check()?;
        // sigma solves sigma = A*(mu (1 - sigma)); in x = 1 - sigma: (1 - A*(mu x)) / x = 1, whose left side
        // falls with x.
        let idle = bisect(0.0, 1.0, |x| gaps.transform_complement(x / service_s, mean) > x);
        Ok(Self { service_s, rho, idle })
    }

    /// Busy share of the server, in (0, 1).
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.rho
    }

    /// Probability that an arrival waits (sigma), in (0, 1).
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        1.0 - self.idle
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.service_s / self.idle
    }

    /// Mean wait, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.wait_probability() * self.response_mean_s()
    }

    /// Response not exceeded with probability `p`, in seconds. Infinite for `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        assert_probability(p);
        -self.response_mean_s() * (-p).ln_1p()
    }

    /// Wait not exceeded with probability `p`, in seconds: 0 up to the share that does not wait. Infinite for
    /// `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        assert_probability(p);
        let waits = self.wait_probability();
        if 1.0 - p >= waits { 0.0 } else { self.response_mean_s() * (waits / (1.0 - p)).ln() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Mm1, assert_near};
    use super::*;

    #[test]
    fn exponential_gaps_in_three_disguises_give_an_mm1() {
        let exact = Mm1::new(0.9, 1.0).unwrap();
        for gaps in [Gaps::Exponential, Gaps::Erlang(1), Gaps::Hyperexponential(1.0)] {
            let queue = Gm1::new(0.9, gaps, 1.0).unwrap();
            assert_near(queue.response_mean_s(), exact.response_mean_s(), 1e-10);
            assert_near(queue.wait_quantile_s(0.99), exact.wait_quantile_s(0.99), 1e-9);
        }
    }

    #[test]
    fn two_stages_have_the_root_of_their_quadratic() {
        // sigma = (2 rho / (2 rho + 1 - sigma))^2; the cubic divided by sigma - 1 leaves a quadratic.
        let rho = 0.75_f64;
        let b = 4.0 * rho + 1.0;
        let sigma = (b - (b * b - 16.0 * rho * rho).sqrt()) / 2.0;
        assert_near(Gm1::new(rho, Gaps::Erlang(2), 1.0).unwrap().wait_probability(), sigma, 1e-12);
    }

    #[test]
    fn many_stages_approach_equal_gaps() {
        let equal = Gm1::new(0.8, Gaps::Deterministic, 1.0).unwrap();
        let many = Gm1::new(0.8, Gaps::Erlang(1_000_000), 1.0).unwrap();
        assert_near(many.wait_mean_s(), equal.wait_mean_s(), 1e-5);
        let sigma = equal.wait_probability();
        assert_near(sigma, (-(1.0 - sigma) / 0.8).exp(), 1e-12);
    }

    #[test]
    fn bursty_gaps_agree_with_the_markov_chain() {
        // State: (branch the next gap is drawn from, number present).
        let (rate, scv) = (0.8, 4.0_f64);
        let first = f64::midpoint(1.0, ((scv - 1.0) / (scv + 1.0)).sqrt());
        let share = [first, 1.0 - first];
        let chain = Chain::explore((0_usize, 0_u32), 10_000, |&(branch, n)| {
            let leave = 2.0 * share[branch] * rate;
            let mut next: Vec<_> =
                (0..2).filter(|_| n < 400).map(|b| ((b, n + 1), leave * share[b])).collect();
            next.push(((branch, n.saturating_sub(1)), if n > 0 { 1.0 } else { 0.0 }));
            next
        });
        let law = chain.unwrap().solve().unwrap();
        let queue = Gm1::new(rate, Gaps::Hyperexponential(scv), 1.0).unwrap();
        assert_near(law.mean(|s| f64::from(s.1)) / rate, queue.response_mean_s(), 1e-8);
    }

    #[test]
    fn bad_gaps_are_errors() {
        assert!(Gm1::new(0.5, Gaps::Erlang(0), 1.0).is_err());
        assert!(Gm1::new(0.5, Gaps::Hyperexponential(0.5), 1.0).is_err());
        assert!(Gm1::new(1.0, Gaps::Deterministic, 1.0).is_err());
    }
}
