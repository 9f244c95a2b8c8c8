//! M/D/1: Poisson arrivals, constant service, one server, first come first served; with the law of the wait.

use super::error::{QueueingError, nonnegative, positive, stable};
use super::numeric;
use super::staged::poisson_mean;

/// A stable M/D/1 queue, FIFO.
///
/// Erlang's alternating series for the law of the wait cancels to nothing under load. Here the number present
/// comes from the cut equations of the embedded chain, which only add, and the wait from Franx's formula,
/// which only averages.
///
/// Source: Franx, "A simple solution for the M/D/c waiting time distribution", *Operations Research Letters*
/// 29 (2001).
#[derive(Clone, Debug, PartialEq)]
pub struct Md1 {
    arrival_per_s: f64,
    service_s: f64,
    /// `at_most[n]`: probability of at most `n` present; as long as the rest exceeds 1e-17.
    at_most: Vec<f64>,
}

impl Md1 {
    /// Arrivals per second (from 0) and the constant service time in seconds (above 0).
    ///
    /// # Errors
    /// `Unstable` when `arrival_per_s * service_s >= 1`; `Invalid` for arguments out of range; `TooLarge`
    /// beyond a utilisation of about 0.99998, where the law has more than a million terms.
    pub fn new(arrival_per_s: f64, service_s: f64) -> Result<Self, QueueingError> {
        let rho = nonnegative("arrival_per_s", arrival_per_s)? * positive("service_s", service_s)?;
        stable(rho, 1.0)?;
        Ok(Self { arrival_per_s, service_s, at_most: present_at_most(rho)? })
    }

    /// Busy share of the server, in [0, 1): also the probability of waiting.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Mean wait, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        let rho = self.utilization();
        rho * self.service_s / (2.0 * (1.0 - rho))
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.wait_mean_s() + self.service_s
    }

    /// Probability that the wait is at most `t` seconds.
    ///
    /// Let `t = k D - u` with `0 < u <= D`. A call waits no longer than `t` if and only if, `u` before it
    /// came, no more than `k - j` were present, `j` being the number that came since; and `j` is Poisson and
    /// independent of those present.
    #[must_use]
    pub fn wait_cdf(&self, t: f64) -> f64 {
        if t < 0.0 {
            return 0.0;
        }
        let services = (t / self.service_s).floor() + 1.0;
        let before = services * self.service_s - t;
        let k = services as usize;
        poisson_mean(self.arrival_per_s * before, |j| if j < k { self.at_most(k - j) } else { 0.0 })
    }

    /// Probability that at most `n` are present.
    fn at_most(&self, n: usize) -> f64 {
        self.at_most.get(n).copied().unwrap_or(1.0)
    }

    /// Wait not exceeded with probability `p`, in seconds. Infinite for `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn wait_quantile_s(&self, p: f64) -> f64 {
        numeric::quantile(|t| 1.0 - self.wait_cdf(t), p, self.service_s)
    }

    /// Response not exceeded with probability `p`, in seconds: the wait's and one service. Infinite for `p =
    /// 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        self.wait_quantile_s(p) + self.service_s
    }
}

/// Distribution function of the number present, from the flows across the cut between `n` and `n + 1`:
/// `p(n+1) a(0) = p(0) P(A > n) + sum over i = 1..n of p(i) P(A > n + 1 - i)`, `A` being the arrivals during
/// one service.
fn present_at_most(rho: f64) -> Result<Vec<f64>, QueueingError> {
    const MOST: usize = 1_000_000;
    let more_than = poisson_upper_tails(rho);
    let beyond = |n: usize| more_than.get(n).copied().unwrap_or(0.0);
    let none = (-rho).exp();
    let mut present = vec![1.0 - rho];
    let mut at_most = present.clone();
    for n in 0..MOST {
        let reach = more_than.len().min(n);
        let flow: f64 = (1..=reach).map(|back| present[n + 1 - back] * beyond(back)).sum::<f64>()
            + present[0] * beyond(n);
        let next = flow / none;
        present.push(next);
        at_most.push((at_most[n] + next).min(1.0));
        // The law decays at least as fast as the ratio of its last two terms.
        if next < 1e-17 * (1.0 - rho) {
            return Ok(at_most);
        }
    }
    Err(QueueingError::TooLarge { needed: MOST as f64, limit: MOST })
}

/// `tails[n]` = P(Poisson(mean) > n), added from the small end, down to 1e-20. `mean` is below 1.
fn poisson_upper_tails(mean: f64) -> Vec<f64> {
    let terms: Vec<f64> = (0..25)
        .scan((-mean).exp(), |term, n| {
            let now = *term;
            *term *= mean / f64::from(n + 1);
            Some(now)
        })
        .collect();
    let mut tails = vec![0.0; terms.len()];
    for n in (0..terms.len() - 1).rev() {
        tails[n] = tails[n + 1] + terms[n + 1];
    }
    tails
}

#[cfg(test)]
mod tests {
    use super::super::{Mg1, assert_near};
    use super::*;

    /// Erlang's alternating series, good while few terms are needed.
    fn erlang_series(rate: f64, t: f64) -> f64 {
        let mut factorial = 1.0;
        let mut sum = 0.0;
        for k in 0..=t.floor() as i32 {
            factorial *= f64::from(k.max(1));
            let x = rate * (t - f64::from(k));
            sum += (-x).powi(k) * x.exp() / factorial;
        }
        (1.0 - rate) * sum
    }

    #[test]
    fn wait_law_agrees_with_erlangs_series_where_that_is_accurate() {
        let queue = Md1::new(0.8, 1.0).unwrap();
        for t in [0.0, 0.3, 0.999, 1.0, 2.5, 4.0, 6.7] {
            assert_near(queue.wait_cdf(t), erlang_series(0.8, t), 1e-12);
        }
    }

    #[test]
    fn area_above_the_wait_law_is_the_mean_wait_even_near_saturation() {
        for (rho, until) in [(0.5, 40), (0.9, 300), (0.99, 2_500)] {
            let queue = Md1::new(rho, 1.0).unwrap();
            let area: f64 =
                (0..until * 20).map(|i| (1.0 - queue.wait_cdf((f64::from(i) + 0.5) / 20.0)) / 20.0).sum();
            assert_near(area, queue.wait_mean_s(), 1e-4);
        }
    }

    #[test]
    fn mean_wait_is_pollaczek_and_khinchines() {
        assert_near(
            Md1::new(0.9, 2.0 / 3.0).unwrap().wait_mean_s(),
            Mg1::new(0.9, 2.0 / 3.0, 0.0).unwrap().wait_mean_s(),
            1e-13,
        );
    }

    #[test]
    fn quantiles_invert_the_law_and_start_at_zero() {
        let queue = Md1::new(0.9, 1.0).unwrap();
        assert_eq!(queue.wait_quantile_s(0.05), 0.0);
        for p in [0.5, 0.99, 0.9999] {
            assert_near(queue.wait_cdf(queue.wait_quantile_s(p)), p, 1e-11);
        }
        assert_near(queue.response_quantile_s(0.5), queue.wait_quantile_s(0.5) + 1.0, 1e-12);
    }

    #[test]
    fn an_idle_server_makes_nobody_wait() {
        assert_eq!(Md1::new(0.0, 1.0).unwrap().wait_cdf(0.0), 1.0);
    }
}
