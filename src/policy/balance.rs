//! Which member serves a call.

use std::ops::Range;

use crate::rng::KeyedRng;

/// How a balancer chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Policy {
    /// In turn.
    RoundRobin,
    /// Uniformly.
    Random,
    /// The fewest calls in its system; ties in turn.
    LeastRequests,
    /// The emptiest of so many distinct members drawn at random; ties to the first drawn.
    PowerOf(u32),
    /// By weight, at random.
    Weighted,
    /// By a hash of the user.
    Sticky,
    /// Always the first: the station they share decides.
    First,
}

/// A balancer's memory.
#[derive(Clone, Debug)]
pub struct Balancer {
    policy: Policy,
    members: Range<u32>,
    /// Cumulative weights, for [`Policy::Weighted`].
    cumulative: Vec<f64>,
    turn: u32,
}

impl Balancer {
    /// Chooses among `members`; `weights` has one entry a member.
    #[must_use]
    pub fn new(policy: Policy, members: Range<u32>, weights: impl Iterator<Item = f64>) -> Self {
        assert!(!members.is_empty(), "a balancer has at least one member");
        let mut sum = 0.0;
        let cumulative = weights
            .map(|w| {
                sum += w;
                sum
            })
            .collect();
        Self { policy, members, cumulative, turn: 0 }
    }

    /// The member for a call of `user`. `key` names its draws and is asked for where there are any; `in_system` counts the calls
    /// present at each member.
    #[inline]
    pub fn pick(&mut self, key: impl FnOnce() -> u64, user: u32, in_system: &[u32]) -> u32 {
        let n = self.members.end - self.members.start;
        if n == 1 {
            return self.members.start;
        }
        let offset = match self.policy {
            Policy::RoundRobin => self.take_turn(n),
            Policy::Random => below(KeyedRng::new(key()).bits(), n),
            Policy::LeastRequests => self.least(n, in_system),
            Policy::PowerOf(d) => self.power_of(d, key(), in_system),
            Policy::Weighted => self.by_weight(KeyedRng::new(key()).uniform()),
            Policy::Sticky => below(crate::rng::scramble(u64::from(user)), n),
            Policy::First => 0,
        };
        self.members.start + offset
    }

    #[inline]
    fn take_turn(&mut self, n: u32) -> u32 {
        let turn = self.turn;
        self.turn = if turn + 1 == n { 0 } else { turn + 1 };
        turn
    }

    fn least(&mut self, n: u32, in_system: &[u32]) -> u32 {
        let present = &in_system[self.members.start as usize..self.members.end as usize];
        // Looking round from the turn makes ties go round robin.
        let mut best = self.turn;
        for offset in (self.turn..n).chain(0..self.turn) {
            if present[offset as usize] < present[best as usize] {
                best = offset;
            }
        }
        self.turn = if best + 1 == n { 0 } else { best + 1 };
        best
    }

    fn power_of(&self, d: u32, key: u64, in_system: &[u32]) -> u32 {
        let n = self.members.end - self.members.start;
        let present = &in_system[self.members.start as usize..self.members.end as usize];
        let mut rng = KeyedRng::new(key);
        let mut drawn = [0u32; Self::CHOICES_MAX as usize];
        let d = d.min(n).min(Self::CHOICES_MAX) as usize;
        let mut best = None;
        for i in 0..d {
            // The i-th distinct choice: a rank among those not drawn yet, moved past the drawn ones in ascending order.
            let mut offset = below(rng.bits(), n - i as u32);
            for &earlier in &drawn[..i] {
                offset += u32::from(offset >= earlier);
            }
            let at = drawn[..i].partition_point(|&e| e < offset);
            drawn.copy_within(at..i, at + 1);
            drawn[at] = offset;
            if best.is_none_or(|b: u32| present[offset as usize] < present[b as usize]) {
                best = Some(offset);
            }
        }
        best.expect("at least one choice is drawn")
    }

    /// The most choices `power-of-d` may have.
    pub const CHOICES_MAX: u32 = 16;

    fn by_weight(&self, u: f64) -> u32 {
        let total = *self.cumulative.last().expect("a balancer has at least one member");
        let at = self.cumulative.partition_point(|&c| c <= u * total);
        at.min(self.cumulative.len() - 1) as u32
    }
}

/// Uniform below `n`, by multiplication: the bias is below n / 2^64.
#[inline]
fn below(bits: u64, n: u32) -> u32 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::mix;

    fn balancer(policy: Policy, weights: &[f64]) -> Balancer {
        Balancer::new(policy, 2..2 + weights.len() as u32, weights.iter().copied())
    }

    #[test]
    fn round_robin_goes_round() {
        let mut b = balancer(Policy::RoundRobin, &[1.0; 3]);
        let picks: Vec<u32> = (0..5).map(|k| b.pick(|| k, 0, &[0; 5])).collect();
        assert_eq!(picks, [2, 3, 4, 2, 3]);
    }

    #[test]
    fn least_requests_takes_the_emptiest_and_breaks_ties_in_turn() {
        let mut b = balancer(Policy::LeastRequests, &[1.0; 3]);
        assert_eq!(b.pick(|| 0, 0, &[9, 9, 2, 1, 2]), 3);
        let ties: Vec<u32> = (0..4).map(|k| b.pick(|| k, 0, &[0; 5])).collect();
        assert_eq!(ties, [4, 2, 3, 4]);
    }

    #[test]
    fn power_of_d_draws_distinct_members() {
        // With as many choices as members, the emptiest is always among them.
        let mut b = balancer(Policy::PowerOf(4), &[1.0; 4]);
        for key in 0..200 {
            assert_eq!(b.pick(|| mix(1, key), 0, &[0, 0, 5, 5, 3, 5]), 4);
        }
        // Two of three: the fullest is picked never, the emptiest in two of three draws.
        let mut b = balancer(Policy::PowerOf(2), &[1.0; 3]);
        let picks: Vec<u32> = (0..30_000).map(|k| b.pick(|| mix(2, k), 0, &[0, 0, 1, 2, 3])).collect();
        let share = |m| picks.iter().filter(|&&p| p == m).count() as f64 / 30_000.0;
        assert_eq!(share(4), 0.0);
        assert!((share(2) - 2.0 / 3.0).abs() < 4.0 * (2.0f64 / 9.0 / 30_000.0).sqrt());
    }

    #[test]
    fn weights_and_users_decide_as_they_should() {
        let mut b = balancer(Policy::Weighted, &[1.0, 3.0]);
        let heavy = (0..40_000).filter(|&k| b.pick(|| mix(3, k), 0, &[0; 4]) == 3).count() as f64 / 40_000.0;
        assert!((heavy - 0.75).abs() < 4.0 * (0.1875f64 / 40_000.0).sqrt());
        let mut b = balancer(Policy::Sticky, &[1.0; 4]);
        for user in 0..50 {
            let first = b.pick(|| 0, user, &[0; 6]);
            assert!((1..20).all(|key| b.pick(|| key, user, &[0; 6]) == first));
        }
    }
}
