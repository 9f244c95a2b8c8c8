//! MMPP/M/1: Poisson arrivals whose rate changes with a random phase (on-off traffic among them), exponential
//! service.

use super::error::{QueueingError, nonnegative, positive, stable};
use super::matrix::Matrix;
use super::staged::Staged;

/// One phase of the arrivals; phases follow each other in the order given, round and round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phase {
    /// Arrivals per second while it lasts; from 0.
    pub rate_per_s: f64,
    /// Mean length in seconds (exponential); above 0.
    pub length_s: f64,
}

/// A stable MMPP/M/1 queue, FIFO, solved by the matrix-geometric method: the law of `n` present is `pi_0
/// R^n`.
///
/// Source: Neuts, *Matrix-Geometric Solutions in Stochastic Models* (1981), chapter 3; `R` by the logarithmic
/// reduction of Latouche and Ramaswami, *Journal of Applied Probability* 30 (1993), which converges
/// quadratically even near saturation.
#[derive(Clone, Debug)]
pub struct Mmpp1 {
    arrival_per_s: f64,
    service_s: f64,
    in_system: f64,
    /// `seen[n]`: probability that an arrival finds `n` present.
    seen: Vec<f64>,
}

impl Mmpp1 {
    /// The phases (at least one, not all silent) and the mean service time in seconds (above 0).
    ///
    /// # Errors
    /// `Unstable` when the mean rate times `service_s` reaches 1; `Invalid` for arguments out of range;
    /// `NoConvergence` where time scales are so far apart that doubles cannot hold them.
    pub fn new(phases: &[Phase], service_s: f64) -> Result<Self, QueueingError> {
        positive("service_s", service_s)?;
        for phase in phases {
            nonnegative("rate_per_s", phase.rate_per_s)?;
            positive("length_s", phase.length_s)?;
        }
        let cycle: f64 = phases.iter().map(|p| p.length_s).sum();
        let share: Vec<f64> = phases.iter().map(|p| p.length_s / cycle).collect();
        let arrival_per_s =
            positive("mean rate", phases.iter().zip(&share).map(|(p, s)| p.rate_per_s * s).sum())?;
        stable(arrival_per_s * service_s, 1.0)?;
        let rates = rate_matrix(phases, 1.0 / service_s)
            .ok_or(QueueingError::NoConvergence { iterations: DOUBLINGS })?;
        // pi_0 = share (I - R), so the mean number is share R (I - R)^-1 1.
        let rest = Matrix::identity(phases.len()).minus(&rates);
        let sums = rest
            .solve(&vec![1.0; phases.len()])
            .ok_or(QueueingError::NoConvergence { iterations: DOUBLINGS })?;
        let in_system = rates.after(&share).iter().zip(&sums).map(|(a, b)| a * b).sum();
        let seen = seen_by_arrivals(phases, &rates, rest.after(&share), arrival_per_s);
        Ok(Self { arrival_per_s, service_s, in_system, seen })
    }

    /// Two phases: `on_per_s` arrivals per second for a mean of `on_s` seconds, then silence for a mean of
    /// `off_s`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn on_off(on_per_s: f64, on_s: f64, off_s: f64, service_s: f64) -> Result<Self, QueueingError> {
        let on = Phase { rate_per_s: on_per_s, length_s: on_s };
        Self::new(&[on, Phase { rate_per_s: 0.0, length_s: off_s }], service_s)
    }

    /// Mean arrivals per second.
    #[must_use]
    pub fn arrival_per_s(&self) -> f64 {
        self.arrival_per_s
    }

    /// Busy share of the server, in (0, 1). Not the probability of waiting: arrivals come in bursts.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        self.arrival_per_s * self.service_s
    }

    /// Probability that an arrival waits.
    #[must_use]
    pub fn wait_probability(&self) -> f64 {
        1.0 - self.seen[0]
    }

    /// Mean number present, the one in service included.
    #[must_use]
    pub fn in_system(&self) -> f64 {
        self.in_system
    }

    /// Mean response, in seconds.
    #[must_use]
    pub fn response_mean_s(&self) -> f64 {
        self.in_system / self.arrival_per_s
    }

    /// Mean wait, in seconds.
    #[must_use]
    pub fn wait_mean_s(&self) -> f64 {
        self.response_mean_s() - self.service_s
    }

    /// Response not exceeded with probability `p`, in seconds. Infinite for `p = 1`.
    ///
    /// # Panics
    /// When `p` is outside [0, 1].
    #[must_use]
    pub fn response_quantile_s(&self, p: f64) -> f64 {
        Staged::response(&self.seen, 1.0 / self.service_s, 1.0).quantile(p)
    }
}

/// After so many, every time scale that doubles can hold has been passed.
const DOUBLINGS: usize = 200;

/// `R`, the minimal solution of `A0 + R A1 + R^2 A2 = 0`, with arrivals `A0`, services `A2`, and phase
/// changes within `A1`.
fn rate_matrix(phases: &[Phase], service_per_s: f64) -> Option<Matrix> {
    let n = phases.len();
    let arrivals = Matrix::from_fn(n, |i, j| if i == j { phases[i].rate_per_s } else { 0.0 });
    let services = Matrix::from_fn(n, |i, j| if i == j { service_per_s } else { 0.0 });
    // Minus A1. With one phase, leaving it leads back to it, and the two terms cancel.
    let within = Matrix::from_fn(n, |i, j| {
        let leave = 1.0 / phases[i].length_s;
        let stay = if i == j { leave + phases[i].rate_per_s + service_per_s } else { 0.0 };
        stay - if j == (i + 1) % n { leave } else { 0.0 }
    });
    let local = within.inverse()?;
    let first_down = first_passage_down(local.times(&arrivals), local.times(&services))?;
    Some(arrivals.times(&within.minus(&arrivals.times(&first_down)).inverse()?))
}

/// `G`, the phase in which the number present is first one lower: logarithmic reduction, doubling the number
/// of levels seen.
fn first_passage_down(mut up: Matrix, mut down: Matrix) -> Option<Matrix> {
    let unit = Matrix::identity(up.size);
    let (mut passage, mut reach) = (down.clone(), up.clone());
    for _ in 0..DOUBLINGS {
        let both = unit.minus(&up.times(&down).plus(&down.times(&up))).inverse()?;
        (up, down) = (both.times(&up.times(&up)), both.times(&down.times(&down)));
        let more = reach.times(&down);
        passage = passage.plus(&more);
        reach = reach.times(&up);
        let size = |m: &Matrix| (0..m.size).map(|i| m.row(i).iter().sum::<f64>()).fold(0.0, f64::max);
        if size(&more) < 1e-17 || size(&reach) < 1e-17 {
            return Some(passage);
        }
    }
    None
}

/// The law of the number found by an arrival, up to where the rest is below 1e-16.
fn seen_by_arrivals(phases: &[Phase], rates: &Matrix, empty: Vec<f64>, arrival_per_s: f64) -> Vec<f64> {
    const MOST: usize = 1_000_000;
    let found = |level: &[f64]| {
        level.iter().zip(phases).map(|(p, phase)| p * phase.rate_per_s).sum::<f64>() / arrival_per_s
    };
    let (mut level, mut seen, mut sum) = (empty, Vec::new(), 0.0);
    while 1.0 - sum > 1e-16 && seen.len() < MOST {
        let p = found(&level);
        if p < 1e-20 {
            break;
        }
        sum += p;
        seen.push(p);
        level = rates.after(&level);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::super::{Chain, Gaps, Gm1, Mm1, assert_near};
    use super::*;

    #[test]
    fn equal_rates_and_a_single_phase_are_an_mm1() {
        let exact = Mm1::new(0.9, 1.0).unwrap();
        let phase = Phase { rate_per_s: 0.9, length_s: 3.0 };
        for phases in [vec![phase], vec![phase, Phase { length_s: 50.0, ..phase }]] {
            let queue = Mmpp1::new(&phases, 1.0).unwrap();
            assert_near(queue.response_mean_s(), exact.response_mean_s(), 1e-9);
            assert_near(queue.response_quantile_s(0.99), exact.response_quantile_s(0.99), 1e-8);
            assert_near(queue.wait_probability(), 0.9, 1e-10);
        }
    }

    #[test]
    fn near_saturation_and_with_long_phases_the_mean_keeps_seven_digits() {
        // What is left of sixteen: four go with 1 - rho, as many with lengths eight decades apart.
        let phases = [1e-3, 1e5].map(|length_s| Phase { rate_per_s: 0.9999, length_s });
        assert_near(Mmpp1::new(&phases, 1.0).unwrap().response_mean_s(), 10_000.0, 1e-7);
    }

    #[test]
    fn on_off_arrivals_are_hyperexponential_gaps() {
        // An interrupted Poisson process is a renewal process with hyperexponential gaps (Kuczura, 1973).
        // With balanced means of scv 4 and rate 0.8, the branches have rates a, b and shares p, 1 - p; the
        // three parameters follow.
        let (rate, scv) = (0.8, 4.0_f64);
        let p = f64::midpoint(1.0, ((scv - 1.0) / (scv + 1.0)).sqrt());
        let (a, b) = (2.0 * p * rate, 2.0 * (1.0 - p) * rate);
        let on = p * a + (1.0 - p) * b;
        let off_rate = a * b / on;
        let on_rate = a + b - on - off_rate;
        let queue = Mmpp1::on_off(on, 1.0 / on_rate, 1.0 / off_rate, 1.0).unwrap();
        let renewal = Gm1::new(rate, Gaps::Hyperexponential(scv), 1.0).unwrap();
        assert_near(queue.arrival_per_s(), rate, 1e-12);
        assert_near(queue.response_mean_s(), renewal.response_mean_s(), 1e-10);
        assert_near(queue.response_quantile_s(0.99), renewal.response_quantile_s(0.99), 1e-9);
        assert_near(queue.wait_probability(), renewal.wait_probability(), 1e-10);
    }

    #[test]
    fn three_phases_agree_with_the_markov_chain() {
        let phases = [(2.0, 3.0), (0.3, 10.0), (0.0, 5.0)]
            .map(|(rate_per_s, length_s)| Phase { rate_per_s, length_s });
        let queue = Mmpp1::new(&phases, 1.0).unwrap();
        let chain = Chain::explore((0_u32, 0_usize), 100_000, |&(n, i)| {
            let come = if n < 300 { phases[i].rate_per_s } else { 0.0 };
            let go = if n > 0 { 1.0 } else { 0.0 };
            vec![
                ((n + 1, i), come),
                ((n.saturating_sub(1), i), go),
                ((n, (i + 1) % 3), 1.0 / phases[i].length_s),
            ]
        });
        let law = chain.unwrap().solve().unwrap();
        assert_near(law.mean(|s| f64::from(s.0)), queue.in_system(), 1e-8);
    }

    #[test]
    fn bursts_above_capacity_are_stable_while_the_mean_is_below_it() {
        let queue = Mmpp1::on_off(5.0, 10.0, 90.0, 1.0).unwrap();
        assert!(queue.response_mean_s() > 10.0 && queue.utilization() < 0.51);
        assert!(matches!(Mmpp1::on_off(10.0, 10.0, 90.0, 1.0), Err(QueueingError::Unstable { .. })));
        assert!(Mmpp1::new(&[], 1.0).is_err());
    }
}
