//! Steady states of continuous-time Markov chains: the judge of every formula, and the answer where there is
//! none.

use std::collections::BTreeMap;

use super::elimination::Band;
use super::error::{QueueingError, nonnegative};

/// Chains that need no more numbers (128 MB) and steps (a second or two) are solved directly.
const MOST_CELLS: usize = 1 << 24;
const MOST_STEPS: f64 = 3e9;

/// A finite, irreducible continuous-time Markov chain with states of type `S`.
///
/// ```
/// use knee::queueing::Chain;
///
/// // An M/M/1/2 at half load: 4 : 2 : 1.
/// let chain = Chain::explore(0, 10, |&n| {
///     let arrival = if n < 2 { vec![(n + 1, 0.5)] } else { vec![] };
///     let service = if n > 0 { vec![(n - 1, 1.0)] } else { vec![] };
///     [arrival, service].concat()
/// })?;
/// let law = chain.solve()?;
/// assert!((law.probability(|&n| n == 2) - 1.0 / 7.0).abs() < 1e-14);
/// # Ok::<(), knee::queueing::QueueingError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chain<S> {
    /// In the order of discovery, breadth first.
    states: Vec<S>,
    /// `leaving[i]`: (state reached, rate per second) of each transition out of `i`.
    leaving: Vec<Vec<(usize, f64)>>,
}

/// The stationary law of a [`Chain`].
#[derive(Clone, Debug)]
pub struct Stationary<S> {
    states: Vec<S>,
    probabilities: Vec<f64>,
}

impl<S: Clone + Ord> Chain<S> {
    /// Finds all states that can be reached from `start`; `transitions` lists (next state, rate per second)
    /// of a state.
    ///
    /// Rates of 0 and transitions to the state itself are left out; several to one state add up.
    ///
    /// # Errors
    /// `TooLarge` beyond `limit` states; `Invalid` for a negative or infinite rate; `Reducible` when some
    /// state never leads back to `start`.
    pub fn explore(
        start: S,
        limit: usize,
        transitions: impl Fn(&S) -> Vec<(S, f64)>,
    ) -> Result<Self, QueueingError> {
        let mut known = BTreeMap::from([(start.clone(), 0)]);
        let mut chain = Self { states: vec![start], leaving: Vec::new() };
        while chain.leaving.len() < chain.states.len() {
            let from = chain.leaving.len();
            let mut row = Vec::new();
            for (next, rate) in transitions(&chain.states[from]) {
                if nonnegative("rate", rate)? == 0.0 || next == chain.states[from] {
                    continue;
                }
                let to = *known.entry(next).or_insert_with_key(|next| {
                    chain.states.push(next.clone());
                    chain.states.len() - 1
                });
                row.push((to, rate));
            }
            if chain.states.len() > limit {
                return Err(QueueingError::TooLarge { needed: chain.states.len() as f64, limit });
            }
            chain.leaving.push(row);
        }
        if chain.all_lead_back() { Ok(chain) } else { Err(QueueingError::Reducible) }
    }

    /// Number of states.
    #[must_use]
    pub fn size(&self) -> usize {
        self.states.len()
    }

    /// The stationary law: by elimination where that is cheap, as it is for some ten thousand states in two
    /// dimensions, since states found one after the other lie near each other; by Gauss-Seidel sweeps
    /// otherwise.
    ///
    /// # Errors
    /// `NoConvergence` when the sweeps do not settle to about 1e-12.
    pub fn solve(self) -> Result<Stationary<S>, QueueingError> {
        let (size, reach) = (self.size(), self.reach());
        let cheap =
            Band::cells(size, reach) <= MOST_CELLS && size as f64 * (reach as f64).powi(2) <= MOST_STEPS;
        let probabilities = if cheap { self.eliminate(reach)? } else { self.sweep()? };
        Ok(Stationary { states: self.states, probabilities })
    }

    /// Largest difference between the numbers of two states joined by a transition.
    fn reach(&self) -> usize {
        let far = |(from, row): (usize, &Vec<(usize, f64)>)| row.iter().map(|t| t.0.abs_diff(from)).max();
        self.leaving.iter().enumerate().filter_map(far).max().unwrap_or(0)
    }

    fn eliminate(&self, reach: usize) -> Result<Vec<f64>, QueueingError> {
        let mut rates = Band::zero(self.size(), reach);
        for (from, row) in self.leaving.iter().enumerate() {
            row.iter().for_each(|&(to, rate)| rates.add(from, to, rate));
        }
        rates.stationary()
    }

    /// Gauss-Seidel on the balance equations, there and back in turn, until the error still to come, judged
    /// by the rate at which the changes shrink, is below 1e-13.
    fn sweep(&self) -> Result<Vec<f64>, QueueingError> {
        const SWEEPS: usize = 200_000;
        let entering = self.entering();
        let total: Vec<f64> = self.leaving.iter().map(|row| row.iter().map(|t| t.1).sum()).collect();
        let mut law = vec![1.0 / self.size() as f64; self.size()];
        let mut last_change = f64::INFINITY;
        for _ in 0..SWEEPS {
            let mut change = 0.0;
            let mut update = |i: usize| {
                let inflow: f64 = entering[i].iter().map(|&(from, rate)| law[from] * rate).sum();
                let new = inflow / total[i];
                change += (new - law[i]).abs();
                law[i] = new;
            };
            (0..self.size()).for_each(&mut update);
            (0..self.size()).rev().for_each(&mut update);
            let sum: f64 = law.iter().sum();
            law.iter_mut().for_each(|p| *p /= sum);
            let shrink = (change / last_change).min(1.0 - 1e-9);
            if change < 1e-15 || (change < 1e-9 && change * shrink / (1.0 - shrink) < 1e-13) {
                return Ok(law);
            }
            last_change = change;
        }
        Err(QueueingError::NoConvergence { iterations: SWEEPS })
    }

    /// `entering[i]`: (state left, rate) of each transition into `i`.
    fn entering(&self) -> Vec<Vec<(usize, f64)>> {
        let mut entering = vec![Vec::new(); self.size()];
        for (from, row) in self.leaving.iter().enumerate() {
            row.iter().for_each(|&(to, rate)| entering[to].push((from, rate)));
        }
        entering
    }

    /// Whether every state has a way back to the first.
    fn all_lead_back(&self) -> bool {
        let entering = self.entering();
        let mut leads_back = vec![false; self.size()];
        leads_back[0] = true;
        let mut open = vec![0];
        while let Some(i) = open.pop() {
            for &(from, _) in &entering[i] {
                if !std::mem::replace(&mut leads_back[from], true) {
                    open.push(from);
                }
            }
        }
        leads_back.into_iter().all(|found| found)
    }
}

impl<S> Stationary<S> {
    /// Mean of `f` over the law.
    #[must_use]
    pub fn mean(&self, f: impl Fn(&S) -> f64) -> f64 {
        self.iter().map(|(state, p)| p * f(state)).sum()
    }

    /// Probability of the states for which `event` holds.
    #[must_use]
    pub fn probability(&self, event: impl Fn(&S) -> bool) -> f64 {
        self.iter().filter(|(state, _)| event(state)).map(|(_, p)| p).sum()
    }

    /// Each state with its probability, in the order of discovery.
    pub fn iter(&self) -> impl Iterator<Item = (&S, f64)> {
        self.states.iter().zip(self.probabilities.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mmc, Mmck, assert_near};
    use super::*;

    fn queue(rate: f64, servers: u32, room: u32) -> Chain<u32> {
        Chain::explore(0, 100_000, |&n| {
            let arrival = if n < room { rate } else { 0.0 };
            vec![(n + 1, arrival), (n.saturating_sub(1), f64::from(n.min(servers)))]
        })
        .unwrap()
    }

    #[test]
    fn small_chain_agrees_with_the_closed_form_in_every_state() {
        let exact = Mmck::new(3.5, 1.0, 4, 10).unwrap();
        let law = queue(3.5, 4, 10).solve().unwrap();
        assert_near(law.probability(|&n| n == 10), exact.blocking_probability(), 1e-14);
        assert_near(law.mean(|&n| f64::from(n)), exact.in_system(), 1e-13);
    }

    #[test]
    fn elimination_and_sweeps_agree() {
        let chain = queue(0.95, 1, 800);
        let (direct, swept) = (chain.eliminate(chain.reach()).unwrap(), chain.sweep().unwrap());
        let gap: f64 = direct.iter().zip(swept).map(|(a, b)| (a - b).abs()).sum();
        assert!(gap < 1e-11, "{gap:e}");
    }

    #[test]
    fn ten_thousand_states_of_two_independent_queues_have_the_product_law() {
        let chain = Chain::explore((0_u32, 0_u32), 50_000, |&(a, b)| {
            let room = |n: u32, rate: f64| if n < 110 { rate } else { 0.0 };
            let mut next = vec![((a + 1, b), room(a, 0.8)), ((a, b + 1), room(b, 1.5))];
            if a > 0 {
                next.push(((a - 1, b), 1.0))
            }
            if b > 0 {
                next.push(((a, b - 1), f64::from(b.min(2))))
            }
            next
        });
        let chain = chain.unwrap();
        let exact = Mmc::new(1.5, 1.0, 2).unwrap().in_system();
        let swept = Stationary { probabilities: chain.sweep().unwrap(), states: chain.states.clone() };
        for law in [swept, chain.solve().unwrap()] {
            assert_near(law.mean(|s| f64::from(s.0)), 4.0, 1e-9);
            assert_near(law.mean(|s| f64::from(s.1)), exact, 1e-9);
        }
    }

    #[test]
    fn chains_that_do_not_return_or_do_not_end_are_errors() {
        let trap = Chain::explore(0, 10, |&n| if n == 0 { vec![(1, 1.0)] } else { vec![] });
        assert_eq!(trap.unwrap_err(), QueueingError::Reducible);
        let endless = Chain::explore(0_u64, 100, |&n| vec![(n + 1, 1.0), (0, 1.0)]);
        assert!(matches!(endless.unwrap_err(), QueueingError::TooLarge { .. }));
        assert!(Chain::explore(0, 10, |_| vec![(1, -1.0)]).is_err());
    }
}
