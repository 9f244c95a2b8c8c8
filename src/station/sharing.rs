//! Processor sharing in exact integer virtual time.
//!
//! Up to `cores` calls run at full speed; beyond that they share equally. Higher classes are served first: a class shares what
//! the classes above it leave over. Each class has a virtual clock that runs at the speed of one of its calls, in units of 2^-16 ns of work,
//! so that a call that joins with work `w` finishes when the clock shows `now + w`: a heap of finish tags, O(log n) a change, and
//! one pending completion for the whole station.
//!
//! Calls may also slow each other down ([`Contention`]): with n of them running, whatever their class, each runs slower by the
//! Universal Scalability Law's factor, which is rounded once, to 24 binary digits, so that clocks stay whole numbers. Speeds and
//! finish times follow from that number exactly.

use super::indexed_heap::{IndexedHeap, Positions};

/// Units of virtual time in a nanosecond of work, as a shift.
const FRACTION_BITS: u32 = 16;

/// A finish tag: virtual time, then order of joining, so that ties finish first come, first served.
type Tag = (u128, u64);

/// Equal sharers of what is left to their class.
#[derive(Clone, Debug, Default)]
struct Class {
    /// Virtual time: work done for one call that was always here, in 2^-16 ns.
    clock: u128,
    /// Remainder of the last division, below the divisor, so that clocks do not drift.
    carry: u128,
    tags: IndexedHeap<Tag>,
}

/// How calls on the same cores slow each other down: the Universal Scalability Law.
///
/// With n calls running each is slower by `1 + contention (n - 1) + coherency n (n - 1)`: they queue for what only one can have,
/// and exchange data each with each other. On cores enough for all of them the throughput is largest at
/// `n = sqrt((1 - contention) / coherency)`.
///
/// Source: Gunther, *Guerrilla Capacity Planning* (2007), chapter 4 (sigma and kappa there).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contention {
    /// Share of the work that is serial; 0 or more.
    pub contention: f64,
    /// Cost of keeping one pair of calls consistent, as a share of the work; 0 or more.
    pub coherency: f64,
}

impl Contention {
    /// By which factor each of `calls` that run is slower than one alone; at least 1.
    #[must_use]
    pub fn slowdown(&self, calls: u32) -> f64 {
        let (n, others) = (f64::from(calls), f64::from(calls.saturating_sub(1)));
        1.0 + self.contention * others + self.coherency * n * others
    }

    /// How many calls do the most work together on `cores`.
    #[must_use]
    pub fn best(&self, cores: u32) -> u32 {
        // More calls than cores only slow each other down. Below that the law has one peak.
        let peak = ((1.0 - self.contention).max(0.0) / self.coherency).sqrt();
        let below = (peak.clamp(1.0, f64::from(cores)) as u32).max(1);
        let above = (below + 1).min(cores);
        if self.speed(above) > self.speed(below) { above } else { below }
    }

    /// The most work that `cores` do in a second, in seconds of one call alone.
    #[must_use]
    pub fn speed_max(&self, cores: u32) -> f64 {
        self.speed(self.best(cores))
    }

    /// What `calls` do in a second, each on a core of its own.
    fn speed(&self, calls: u32) -> f64 {
        f64::from(calls) / self.slowdown(calls)
    }
}

/// A slowdown as a fraction: `parts` over `whole`, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slowdown {
    whole: u32,
    parts: u64,
}

impl Slowdown {
    const NONE: Self = Self { whole: 1, parts: 1 };

    /// The nearest fraction of 24 binary digits, or more where the slowdown is larger than that.
    fn nearest(slowdown: f64) -> Self {
        let mut whole = 1 << 24;
        while whole > 1 && slowdown * f64::from(whole) >= f64::from(1 << 25) {
            whole >>= 1;
        }
        let parts = (slowdown * f64::from(whole)).round() as u64;
        Self { whole, parts: parts.max(u64::from(whole)) }
    }

    /// A clock of `calls` calls on `share` cores gains the elapsed time by this, over [`Self::divisor`].
    fn multiplier(self, share: u32) -> u128 {
        u128::from(u64::from(share) * u64::from(self.whole))
    }

    fn divisor(self, calls: u32) -> u128 {
        u128::from(calls) * u128::from(self.parts)
    }
}

/// Cores shared by the calls that run on them.
#[derive(Clone, Debug)]
pub struct SharedCores {
    cores: u32,
    /// How calls slow each other down, if they do.
    contention: Option<Contention>,
    /// By how much the calls that run now do.
    slowdown: Slowdown,
    /// Calls running, all classes.
    running: u32,
    /// Calls that ever joined.
    joined: u64,
    /// Time of the last change, ns.
    updated: u64,
    classes: Vec<Class>,
}

impl SharedCores {
    /// Idle cores, shared by calls of up to `classes` classes.
    #[must_use]
    pub fn new(cores: u32, classes: usize) -> Self {
        assert!(cores > 0, "a station has at least one core");
        let classes = vec![Class::default(); classes.max(1)];
        let (contention, slowdown) = (None, Slowdown::NONE);
        Self { cores, contention, slowdown, running: 0, joined: 0, updated: 0, classes }
    }

    /// The same cores, on which calls slow each other down.
    #[must_use]
    pub fn contended(self, contention: Contention) -> Self {
        Self { contention: Some(contention), ..self }
    }

    /// Calls running.
    #[inline]
    #[must_use]
    pub fn running(&self) -> u32 {
        self.running
    }

    /// A call joins at `now` (ns) with `work` ns of work for one core.
    pub fn join(&mut self, now: u64, id: u32, class: u8, work: u64, positions: &mut Positions) {
        self.advance(now);
        let class = &mut self.classes[class as usize];
        let tag = (class.clock + (u128::from(work) << FRACTION_BITS), self.joined);
        // Whoever shares from now on shares differently; the remainder of the old division has no meaning for the new one.
        class.carry = 0;
        class.tags.push(tag, id, positions);
        self.joined += 1;
        self.running += 1;
        self.feel_contention();
    }

    /// A call leaves before it is done. Answers the work still undone, in ns, rounded up.
    pub fn leave(&mut self, now: u64, id: u32, class: u8, positions: &mut Positions) -> u64 {
        self.advance(now);
        let class = &mut self.classes[class as usize];
        let (tag, _) = class.tags.remove(id, positions).expect("a call that leaves is running");
        let undone = tag.saturating_sub(class.clock);
        self.left();
        ceil_ns(undone)
    }

    /// The next call that is done at `now`, if any. Ask until there is none.
    pub fn finish(&mut self, now: u64, positions: &mut Positions) -> Option<u32> {
        self.advance(now);
        let class =
            self.classes.iter_mut().find(|c| c.tags.peek().is_some_and(|(tag, _)| tag.0 <= c.clock))?;
        let (_, id) = class.tags.pop(positions)?;
        self.left();
        Some(id)
    }

    /// When the next call will be done if nobody joins or leaves: ns, rounded up.
    #[must_use]
    pub fn next_finish(&self) -> Option<u64> {
        let mut left = self.cores;
        let mut soonest: Option<u64> = None;
        for class in &self.classes {
            if left == 0 {
                break;
            }
            let Some(((tag, _), _)) = class.tags.peek() else { continue };
            let calls = class.tags.len() as u32;
            let share = left.min(calls);
            // The clock gains `share / calls` units per unit of time, over the slowdown.
            let left_to_do = tag.saturating_sub(class.clock);
            let (work, speed) = if self.slowdown == Slowdown::NONE {
                (left_to_do * u128::from(calls), u128::from(share))
            } else {
                (left_to_do.saturating_mul(self.slowdown.divisor(calls)), self.slowdown.multiplier(share))
            };
            let time = work.saturating_sub(class.carry).div_ceil(speed);
            let at = self.updated.saturating_add(ceil_ns(time));
            soonest = Some(soonest.map_or(at, |s| s.min(at)));
            left -= share;
        }
        soonest
    }

    fn left(&mut self) {
        self.running -= 1;
        if self.running == 0 {
            // An idle station starts over: clocks stay small.
            for class in &mut self.classes {
                (class.clock, class.carry) = (0, 0);
            }
        }
        for class in &mut self.classes {
            class.carry = 0;
        }
        self.feel_contention();
    }

    /// The number of calls has changed, and with it how much they slow each other down.
    #[inline]
    fn feel_contention(&mut self) {
        let Some(contention) = self.contention else { return };
        self.slowdown = Slowdown::nearest(contention.slowdown(self.running));
        // Whoever joins changes the speed of all classes.
        for class in &mut self.classes {
            class.carry = 0;
        }
    }

    /// Brings all clocks to `now`.
    #[inline]
    fn advance(&mut self, now: u64) {
        let elapsed = now - self.updated;
        self.updated = now;
        if elapsed == 0 {
            return;
        }
        let slowdown = self.slowdown;
        let mut left = self.cores;
        for class in &mut self.classes {
            let calls = class.tags.len() as u32;
            if calls == 0 {
                continue;
            }
            if left == 0 {
                break;
            }
            let share = left.min(calls);
            left -= share;
            let gained = u128::from(elapsed) << FRACTION_BITS;
            if slowdown != Slowdown::NONE {
                let total = gained * slowdown.multiplier(share) + class.carry;
                let divisor = slowdown.divisor(calls);
                class.clock += total / divisor;
                class.carry = total % divisor;
            } else if share == calls {
                class.clock += gained;
            } else {
                let (whole, carry) = divide(gained * u128::from(share) + class.carry, calls);
                class.clock += whole;
                class.carry = carry;
            }
        }
    }
}

/// Quotient and remainder. Most numerators fit 64 bits, whose division takes a tenth of the time.
#[inline]
fn divide(total: u128, calls: u32) -> (u128, u128) {
    match u64::try_from(total) {
        Ok(total) => (u128::from(total / u64::from(calls)), u128::from(total % u64::from(calls))),
        Err(_) => (total / u128::from(calls), total % u128::from(calls)),
    }
}

fn ceil_ns(units: u128) -> u64 {
    u64::try_from(units.div_ceil(1 << FRACTION_BITS)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::KeyedRng;

    /// Runs a schedule of `(time, id, class, work)` arrivals to the end; answers `(id, finish)` in order.
    fn schedule(cores: u32, classes: usize, arrivals: &[(u64, u32, u8, u64)]) -> Vec<(u32, u64)> {
        let mut positions = Positions::default();
        positions.grow_to(arrivals.len());
        let mut station = SharedCores::new(cores, classes);
        let (mut done, mut next) = (Vec::new(), 0);
        loop {
            let arrival = arrivals.get(next).map(|a| a.0);
            match (station.next_finish(), arrival) {
                (Some(at), arrival) if arrival.is_none_or(|a| at <= a) => {
                    while let Some(id) = station.finish(at, &mut positions) {
                        done.push((id, at));
                    }
                }
                (_, Some(at)) => {
                    let (_, id, class, work) = arrivals[next];
                    station.join(at, id, class, work, &mut positions);
                    next += 1;
                }
                (_, None) => return done,
            }
        }
    }

    #[test]
    fn two_calls_on_one_core_run_at_half_speed() {
        // By hand: 0 alone until 100 (100 done), both at half speed: 1 needs 50 -> 200; 0 has 150 done, 50 left alone -> 250.
        assert_eq!(schedule(1, 1, &[(0, 0, 0, 200), (100, 1, 0, 50)]), [(1, 200), (0, 250)]);
    }

    #[test]
    fn no_call_uses_more_than_one_core() {
        assert_eq!(schedule(4, 1, &[(0, 0, 0, 100), (10, 1, 0, 100)]), [(0, 100), (1, 110)]);
    }

    #[test]
    fn simultaneous_finishes_keep_the_order_of_joining() {
        assert_eq!(
            schedule(1, 1, &[(0, 2, 0, 30), (0, 0, 0, 30), (0, 1, 0, 30)]),
            [(2, 90), (0, 90), (1, 90)]
        );
    }

    #[test]
    fn a_higher_class_takes_all_it_can_use() {
        // By hand, one core: class 1 runs 0..10, stops 10..30 while class 0 runs, ends its 40 left at 70.
        assert_eq!(schedule(1, 2, &[(0, 0, 1, 50), (10, 1, 0, 20)]), [(1, 30), (0, 70)]);
        // Two cores: the high call takes one, the two low calls share the other: 100 work each at half speed from 0.
        assert_eq!(
            schedule(2, 2, &[(0, 0, 1, 100), (0, 1, 1, 100), (0, 2, 0, 300)]),
            [(0, 200), (1, 200), (2, 300)]
        );
    }

    #[test]
    fn one_who_leaves_no_longer_takes_a_share() {
        let mut positions = Positions::default();
        positions.grow_to(2);
        let mut station = SharedCores::new(1, 1);
        station.join(0, 0, 0, 100, &mut positions);
        station.join(0, 1, 0, 100, &mut positions);
        assert_eq!(station.leave(40, 1, 0, &mut positions), 80);
        assert_eq!(station.next_finish(), Some(120));
    }

    /// The slow twin: remaining work of every call, as a float, brought forward at every change.
    struct Twin {
        cores: f64,
        contention: Contention,
        now: f64,
        left: Vec<(u32, u8, f64)>,
    }

    impl Twin {
        fn speeds(&self) -> Vec<f64> {
            let ahead = |class| self.left.iter().filter(|c| c.1 < class).count() as f64;
            let same = |class| self.left.iter().filter(|c| c.1 == class).count() as f64;
            let slowdown = self.contention.slowdown(self.left.len() as u32);
            let share = |class| ((self.cores - ahead(class)).max(0.0) / same(class)).min(1.0);
            self.left.iter().map(|c| share(c.1) / slowdown).collect()
        }
        fn advance(&mut self, now: f64) {
            let speeds = self.speeds();
            for (call, speed) in self.left.iter_mut().zip(speeds) {
                call.2 -= (now - self.now) * speed;
            }
            self.now = now;
        }
        fn next_finish(&self) -> Option<f64> {
            let ends = self.left.iter().zip(self.speeds()).filter(|(_, s)| *s > 0.0);
            ends.map(|(c, s)| self.now + c.2.max(0.0) / s).min_by(f64::total_cmp)
        }
    }

    #[test]
    fn agrees_with_the_slow_twin_as_the_number_of_calls_crosses_the_cores() {
        for cores in 1..5 {
            agree_with_the_twin(cores, SharedCores::new(cores, 3), Contention::default());
        }
    }

    #[test]
    fn agrees_with_the_slow_twin_where_calls_slow_each_other_down() {
        for (contention, coherency) in [(0.5, 0.0), (0.0, 0.25), (0.03, 0.0001), (0.1, 0.3)] {
            let contention = Contention { contention, coherency };
            for cores in [1, 3, 100] {
                agree_with_the_twin(cores, SharedCores::new(cores, 3).contended(contention), contention);
            }
        }
    }

    /// Arrivals, departures and completions at random, for both.
    fn agree_with_the_twin(cores: u32, mut station: SharedCores, contention: Contention) {
        let mut rng = KeyedRng::new(5);
        let mut positions = Positions::default();
        positions.grow_to(32);
        let mut twin = Twin { cores: f64::from(cores), contention, now: 0.0, left: Vec::new() };
        let mut now = 0;
        for _ in 0..3_000 {
            let absent: Vec<u32> = (0..12).filter(|&i| twin.left.iter().all(|c| c.0 != i)).collect();
            let due = station.next_finish();
            match (rng.bits() % 8, due) {
                (0..=2, _) if !absent.is_empty() => {
                    now += rng.bits() % 50;
                    now = now.min(due.unwrap_or(u64::MAX));
                    twin.advance(now as f64);
                    let id = absent[rng.bits() as usize % absent.len()];
                    let (class, work) = ((rng.bits() % 3) as u8, rng.bits() % 1_000);
                    station.join(now, id, class, work, &mut positions);
                    twin.left.push((id, class, work as f64));
                }
                (3, Some(_)) => {
                    twin.advance(now as f64);
                    let (id, class, left) = twin.left.swap_remove(rng.bits() as usize % twin.left.len());
                    let undone = station.leave(now, id, class, &mut positions);
                    assert!((undone as f64 - left).abs() <= 3.0, "{undone} {left}");
                }
                (_, Some(due)) => {
                    let expected = twin.next_finish().expect("the twin has calls too");
                    // Completions round up, and each rounding may delay the ones behind it by a nanosecond.
                    assert!((due as f64 - expected).abs() <= 3.0, "{due} {expected}");
                    now = due;
                    twin.advance(now as f64);
                    while let Some(id) = station.finish(now, &mut positions) {
                        let at = twin.left.iter().position(|c| c.0 == id).expect("the twin has it");
                        assert!(twin.left.swap_remove(at).2.abs() <= 3.0);
                    }
                }
                _ => {}
            }
            assert_eq!(station.running() as usize, twin.left.len());
        }
    }

    #[test]
    fn two_calls_that_slow_each_other_down_run_at_the_speed_of_the_law() {
        // By hand: with contention 1/2 and coherency 1/4 two calls run 1 + 1/2 + 1/4 x 2 = 2 times slower, three 3.5 times.
        let law = Contention { contention: 0.5, coherency: 0.25 };
        assert_eq!([1, 2, 3].map(|n| law.slowdown(n)), [1.0, 2.0, 3.5]);
        let mut positions = Positions::default();
        positions.grow_to(3);
        let mut station = SharedCores::new(8, 1).contended(law);
        station.join(0, 0, 0, 200, &mut positions);
        station.join(100, 1, 0, 50, &mut positions);
        // Both at half speed from 100 on: 1 ends at 200, when 0 has done 150; the rest alone.
        assert_eq!(station.next_finish(), Some(200));
        assert_eq!(station.finish(200, &mut positions), Some(1));
        assert_eq!(station.next_finish(), Some(250));
    }

    #[test]
    fn no_number_of_calls_and_no_work_is_too_large_for_the_clocks() {
        let mut positions = Positions::default();
        positions.grow_to(4_096);
        let law = Contention { contention: 1.0, coherency: 1.0 };
        let mut station = SharedCores::new(1_000, 1).contended(law);
        for id in 0..4_096 {
            station.join(0, id, 0, 1 << 60, &mut positions);
        }
        assert_eq!(station.next_finish(), Some(u64::MAX));
        assert_eq!(station.finish(1 << 62, &mut positions), None);
    }

    #[test]
    fn the_best_speed_is_that_of_the_best_number_of_calls() {
        let by_trial = |law: Contention, cores: u32| {
            (1..=cores).map(|n| f64::from(n) / law.slowdown(n)).fold(0.0, f64::max)
        };
        for (contention, coherency) in [(0.0, 0.0), (0.03, 0.001), (0.5, 0.0), (1.0, 0.1), (0.02, 0.02)] {
            let law = Contention { contention, coherency };
            for cores in [1, 2, 7, 31, 64] {
                assert_eq!(law.speed_max(cores), by_trial(law, cores), "{law:?} on {cores}");
            }
        }
    }

    #[test]
    fn clocks_do_not_drift_over_a_million_calls_without_ever_being_empty() {
        // A permanent call on one core keeps it busy; the others' work is known, so its finish is known: the sum of all.
        let mut positions = Positions::default();
        positions.grow_to(2);
        let mut station = SharedCores::new(1, 1);
        let (others, work) = (1_000_000u64, 1_001u64);
        station.join(0, 0, 0, others * work + 1_000_000, &mut positions);
        for n in 0..others {
            let now = n * 2 * work;
            station.join(now, 1, 0, work, &mut positions);
            let due = station.next_finish().expect("two run");
            assert_eq!(due, now + 2 * work);
            assert_eq!(station.finish(due, &mut positions), Some(1));
        }
        assert_eq!(station.next_finish(), Some(2 * others * work + 1_000_000));
    }
}
