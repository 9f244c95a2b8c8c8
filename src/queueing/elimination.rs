//! State elimination: stationary laws of Markov chains without any subtraction, so that even tiny
//! probabilities have small relative errors.

use super::error::QueueingError;

/// Rates (or transition probabilities) between states whose numbers differ by at most `reach`.
pub(super) struct Band {
    size: usize,
    reach: usize,
    /// `rates[from * (2 reach + 1) + (to + reach - from)]`.
    rates: Vec<f64>,
}

impl Band {
    pub(super) fn zero(size: usize, reach: usize) -> Self {
        Self { size, reach, rates: vec![0.0; Self::cells(size, reach)] }
    }

    /// How many numbers such a band holds.
    pub(super) fn cells(size: usize, reach: usize) -> usize {
        size * (2 * reach + 1)
    }

    /// Adds to the rate from one state to another; the diagonal is never looked at.
    pub(super) fn add(&mut self, from: usize, to: usize, rate: f64) {
        let cell = self.cell(from, to);
        self.rates[cell] += rate;
    }

    fn cell(&self, from: usize, to: usize) -> usize {
        from * (2 * self.reach + 1) + to + self.reach - from
    }

    /// The stationary law.
    ///
    /// Removes the last state, spreads what it received over those it leads to, and so on down to the first;
    /// then builds the law up again. What is removed leaves the band as wide as it was. About `size *
    /// reach^2` steps.
    ///
    /// # Errors
    /// `Reducible` when some state leads to none before it, directly or through later ones.
    ///
    /// Source: Grassmann, Taksar and Heyman, "Regenerative analysis and steady state distributions for Markov
    /// chains", *Operations Research* 33 (1985).
    pub(super) fn stationary(mut self) -> Result<Vec<f64>, QueueingError> {
        for k in (1..self.size).rev() {
            let first = k.saturating_sub(self.reach);
            let out: Vec<f64> = self.rates[self.cell(k, first)..self.cell(k, k)].to_vec();
            let total: f64 = out.iter().sum();
            if total <= 0.0 {
                return Err(QueueingError::Reducible);
            }
            for i in first..k {
                let into = self.cell(i, k);
                let share = self.rates[into] / total;
                self.rates[into] = share;
                if share > 0.0 {
                    let row = self.cell(i, first);
                    self.rates[row..row + out.len()]
                        .iter_mut()
                        .zip(&out)
                        .for_each(|(cell, rate)| *cell += share * rate);
                }
            }
        }
        Ok(self.build_up())
    }

    /// The law from the shares left behind by the elimination.
    fn build_up(&self) -> Vec<f64> {
        const HUGE: f64 = 1e200;
        let mut law: Vec<f64> = vec![1.0];
        for k in 1..self.size {
            let first = k.saturating_sub(self.reach);
            let p: f64 = (first..k).map(|i| law[i] * self.rates[self.cell(i, k)]).sum();
            law.push(p);
            if p > HUGE {
                // The first state may be unlikely beyond what doubles can hold.
                law.iter_mut().for_each(|p| *p /= HUGE);
            }
        }
        let sum: f64 = law.iter().sum();
        law.iter_mut().for_each(|p| *p /= sum);
        law
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, assert_near};
    use super::*;

    #[test]
    fn three_states_in_a_ring_share_by_their_holding_times() {
        let mut ring = Band::zero(3, 2);
        for (from, to, rate) in [(0, 1, 1.0), (1, 2, 2.0), (2, 0, 4.0)] {
            ring.add(from, to, rate);
        }
        let law = ring.stationary().unwrap();
        assert_near(law[0], 4.0 / 7.0, 1e-15);
        assert_near(law[2], 1.0 / 7.0, 1e-15);
    }

    #[test]
    fn two_thousand_servers_neither_overflow_nor_underflow() {
        // The empty state has a probability of e^-1900, which is no double.
        let mut queue = Band::zero(3_001, 1);
        for n in 0..3_000 {
            queue.add(n, n + 1, 1_900.0);
            queue.add(n + 1, n, (n as f64 + 1.0).min(2_000.0));
        }
        let law = queue.stationary().unwrap();
        let mean: f64 = law.iter().enumerate().map(|(n, p)| n as f64 * p).sum();
        assert_near(mean, Mmc::new(1_900.0, 1.0, 2_000).unwrap().in_system(), 1e-10);
    }

    #[test]
    fn a_state_that_leads_nowhere_is_an_error() {
        let mut trap = Band::zero(2, 1);
        trap.add(0, 1, 1.0);
        assert_eq!(trap.stationary(), Err(QueueingError::Reducible));
    }
}
