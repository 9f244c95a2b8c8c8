//! Playing an arrival process, one arrival at a time.

use std::sync::Arc;

use super::{Arrivals, Phase, Process};
use crate::dist::{Count, exp1};
use crate::rng::{KeyedRng, mix};
use crate::units::{Span, nearest};

/// One arrival: a request, or a batch of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Time since the previous arrival, or since the start. [`Span::MAX`]: never; so answers a process of rate 0.
    pub gap: Span,
    /// Requests that come at once; at least 1.
    pub size: u32,
}

/// An arrival process being played.
///
/// The variates of arrival `n` depend on the key and `n` alone, and a changed rate only scales them: under a higher rate
/// arrival `n` never comes later.
#[derive(Clone, Debug)]
pub struct Stream {
    clock: Clock,
    batch: Option<Count>,
    key: u64,
    /// Points passed so far, batches of size 0 included.
    passed: u64,
    /// Gaps before the points from `passed - passed % AHEAD` on, drawn together: the draws do not wait for one another then.
    gaps_ns: [f64; AHEAD],
    /// Mean gap between points in nanoseconds; infinite for a process of rate 0.
    unit_ns: f64,
    /// What rounding has taken from the arrivals so far and the next one gets back, in -0.5 ..= 0.5 ns. Without it a gap of
    /// 1.3 ns would be 1 ns for ever, and a high rate wrong.
    carry_ns: f64,
}

/// How operational time, in which points come at rate 1, turns into nanoseconds.
#[derive(Clone, Debug)]
enum Clock {
    Simple(Process),
    Phases(PhaseClock),
}

/// Where a cycle of phases stands.
#[derive(Clone, Debug)]
struct PhaseClock {
    phases: Arc<[Phase]>,
    /// Names the draws of the phases' lengths.
    key: u64,
    /// Phases entered so far.
    entered: u64,
    current: usize,
    /// What is left of the current phase.
    left_ns: f64,
}

/// Gaps drawn at once.
const AHEAD: usize = 32;

/// Parts of a stream's key that are no arrival's number.
const SIZES: u64 = u64::MAX;
const PHASES: u64 = u64::MAX - 1;

const NANOS_PER_SEC: f64 = 1e9;

impl Stream {
    /// The process from its start on, with the draws that `key` names.
    #[must_use]
    pub fn new(arrivals: &Arrivals, key: u64) -> Self {
        let clock = match &arrivals.process {
            Process::Phases(phases) => Clock::Phases(PhaseClock::new(phases, mix(key, PHASES))),
            process => Clock::Simple(process.clone()),
        };
        let unit_ns = NANOS_PER_SEC / arrivals.point_rate();
        Self {
            clock,
            batch: arrivals.batch.clone(),
            key,
            passed: 0,
            gaps_ns: [0.0; AHEAD],
            unit_ns,
            carry_ns: 0.0,
        }
    }

    /// The next arrival.
    ///
    /// Takes constant time, but for phases, which are passed one by one, and for empty batches.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an iterator would wrap what never ends in an Option")]
    pub fn next(&mut self) -> Arrival {
        if self.unit_ns == f64::INFINITY {
            return Arrival { gap: Span::MAX, size: 1 };
        }
        match self.batch {
            None => {
                let gap_ns = self.gap_ns();
                Arrival { gap: self.round(gap_ns), size: 1 }
            }
            Some(_) => self.next_batch(),
        }
    }

    fn next_batch(&mut self) -> Arrival {
        let sizes = mix(self.key, SIZES);
        let mut gap_ns = 0.0;
        loop {
            let point = self.passed;
            gap_ns += self.gap_ns();
            let size = self.batch.as_ref().map_or(1, |b| b.sample(&mut KeyedRng::new(mix(sizes, point))));
            if size > 0 {
                return Arrival { gap: self.round(gap_ns), size: u32::try_from(size).unwrap_or(u32::MAX) };
            }
        }
    }

    /// The exact gap to the next point.
    #[inline]
    fn gap_ns(&mut self) -> f64 {
        let at = self.passed as usize % AHEAD;
        if at == 0 {
            self.look_ahead();
        }
        self.passed += 1;
        self.gaps_ns[at]
    }

    #[inline(never)]
    fn look_ahead(&mut self) {
        let (key, unit_ns) = (self.key, self.unit_ns);
        let points = self.passed..;
        let rng = |point| KeyedRng::new(mix(key, point));
        let gaps = points.zip(&mut self.gaps_ns);
        match &mut self.clock {
            Clock::Simple(Process::Poisson) => {
                gaps.for_each(|(point, gap)| *gap = unit_ns * exp1(&mut rng(point)));
            }
            Clock::Simple(Process::Deterministic) => gaps.for_each(|(point, gap)| {
                *gap = if point > 0 { unit_ns } else { unit_ns * (1.0 - rng(point).uniform()) };
            }),
            Clock::Simple(Process::Renewal(law)) => gaps.for_each(|(point, gap)| {
                let mut rng = rng(point);
                *gap = unit_ns * if point > 0 { law.sample(&mut rng) } else { law.sample_residual(&mut rng) };
            }),
            Clock::Simple(Process::Phases(_)) => unreachable!("phases have a clock of their own"),
            Clock::Phases(clock) => {
                gaps.for_each(|(point, gap)| *gap = clock.pass(unit_ns * exp1(&mut rng(point))));
            }
        }
    }

    /// Whole nanoseconds; the remainder is carried over.
    #[inline]
    fn round(&mut self, gap_ns: f64) -> Span {
        let exact = gap_ns + self.carry_ns;
        let whole = nearest(exact);
        // Signed, because that conversion is one instruction; both are the same below 292 years.
        self.carry_ns = exact - whole as i64 as f64;
        Span(whole)
    }
}

impl PhaseClock {
    /// In the steady state: a phase by its share of the time, and the rest of it.
    fn new(phases: &Arc<[Phase]>, key: u64) -> Self {
        let mut rng = KeyedRng::new(mix(key, 0));
        let cycle: f64 = phases.iter().map(|phase| phase.length.mean()).sum();
        let mut target = rng.uniform() * cycle;
        let current = phases.iter().position(|phase| {
            target -= phase.length.mean();
            target < 0.0
        });
        // Rounding may leave the target at the very end, which is within the last phase that has a length.
        let last = || phases.iter().rposition(|phase| phase.length.mean() > 0.0);
        let current = current.or_else(last).expect("a cycle has a length above 0");
        let left_ns = NANOS_PER_SEC * phases[current].length.sample_residual(&mut rng);
        Self { phases: Arc::clone(phases), key, entered: 1, current, left_ns }
    }

    /// The time in which `work_ns` of operational time passes; it runs at the rate of the phase.
    fn pass(&mut self, mut work_ns: f64) -> f64 {
        let mut passed_ns = 0.0;
        loop {
            let rate = self.phases[self.current].rate;
            let room_ns = self.left_ns * rate;
            if work_ns <= room_ns && rate > 0.0 {
                let last_ns = work_ns / rate;
                self.left_ns -= last_ns;
                return passed_ns + last_ns;
            }
            work_ns -= room_ns;
            passed_ns += self.left_ns;
            self.enter_next();
        }
    }

    fn enter_next(&mut self) {
        self.current = if self.current + 1 == self.phases.len() { 0 } else { self.current + 1 };
        let mut rng = KeyedRng::new(mix(self.key, self.entered));
        self.entered += 1;
        self.left_ns = NANOS_PER_SEC * self.phases[self.current].length.sample(&mut rng);
    }
}
