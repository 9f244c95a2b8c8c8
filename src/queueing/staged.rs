//! Times made of a random number of exponential stages: what waits look like wherever service is exponential.
//!
//! An arrival that finds `k` more than its servers can take waits for `k` departures, each after an
//! exponential time of the full service rate, and is then served. The law is computed by uniformisation: a
//! Poisson number of steps of the full rate, each of which ends a stage, or, once in service, ends the
//! service with probability one over the servers. Only positive terms.

use super::numeric;

/// The law of such a time.
pub(super) struct Staged {
    /// Steps per second.
    step_per_s: f64,
    /// Probability to be still under way after `n` steps.
    survival: Vec<f64>,
}

impl Staged {
    /// The wait: `stages[k]` is the probability to wait for `k` departures, `full_per_s` the rate of
    /// departures meanwhile.
    pub(super) fn wait(stages: &[f64], full_per_s: f64) -> Self {
        let survival = upper_sums(stages)[1..].to_vec();
        Self { step_per_s: full_per_s, survival }
    }

    /// Wait and service: each of `servers` servers works at `full_per_s / servers`.
    pub(super) fn response(stages: &[f64], full_per_s: f64, servers: f64) -> Self {
        let waiting = upper_sums(stages);
        let mut survival = Vec::new();
        let mut in_service = 0.0;
        for n in 0.. {
            let here = waiting.get(n).copied().unwrap_or(0.0);
            survival.push(here + in_service);
            if here + in_service < 1e-18 {
                break;
            }
            in_service = (in_service + stages.get(n).copied().unwrap_or(0.0)) * (1.0 - 1.0 / servers);
        }
        Self { step_per_s: full_per_s, survival }
    }

    /// Probability that the time exceeds `t` seconds.
    pub(super) fn tail(&self, t: f64) -> f64 {
        poisson_mean(self.step_per_s * t, |n| self.survival.get(n).copied().unwrap_or(0.0))
    }

    /// Time not exceeded with probability `p`, in seconds; infinite for `p = 1`.
    pub(super) fn quantile(&self, p: f64) -> f64 {
        numeric::quantile(|t| self.tail(t), p, 1.0 / self.step_per_s)
    }
}

/// `sums[k]` = `terms[k] + terms[k + 1] + …`, with a 0 behind the last; added from the small end.
fn upper_sums(terms: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; terms.len() + 1];
    for k in (0..terms.len()).rev() {
        sums[k] = sums[k + 1] + terms[k];
    }
    sums
}

/// Mean of `f` over a Poisson number of the given mean, summed outwards from the mode so that nothing
/// underflows.
pub(super) fn poisson_mean(mean: f64, f: impl Fn(usize) -> f64) -> f64 {
    const NEGLIGIBLE: f64 = 1e-18;
    let mode = mean.floor();
    let (mut weights, mut sum) = (1.0, f(mode as usize));
    let (mut weight, mut n) = (1.0, mode);
    while n > 0.0 && weight > NEGLIGIBLE {
        weight *= n / mean;
        n -= 1.0;
        weights += weight;
        sum += weight * f(n as usize);
    }
    (weight, n) = (1.0, mode);
    while weight > NEGLIGIBLE {
        n += 1.0;
        weight *= mean / n;
        weights += weight;
        sum += weight * f(n as usize);
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, assert_near};
    use super::*;

    #[test]
    fn poisson_mean_gets_the_moments_right() {
        for mean in [0.0, 0.3, 7.0, 1e5] {
            assert_near(poisson_mean(mean, |n| n as f64), mean, 1e-11);
            assert_near(poisson_mean(mean, |n| if n == 0 { 1.0 } else { 0.0 }), (-mean).exp(), 1e-12);
        }
    }

    #[test]
    fn stages_of_an_mmc_give_its_closed_quantiles() {
        // An arrival at an M/M/c that waits has a geometric number of departures before it.
        let queue = Mmc::new(2.4, 1.0, 3).unwrap();
        let rho = queue.utilization();
        let mut stages = vec![1.0 - queue.wait_probability()];
        stages.extend((0..400).map(|k| queue.wait_probability() * (1.0 - rho) * rho.powi(k)));
        let (wait, response) = (Staged::wait(&stages, 3.0), Staged::response(&stages, 3.0, 3.0));
        for p in [0.3, 0.9, 0.99, 0.999] {
            assert_near(wait.quantile(p), queue.wait_quantile_s(p), 1e-9);
            assert_near(response.quantile(p), queue.response_quantile_s(p), 1e-9);
        }
    }
}
