//! The pilot: where does the warm-up end, how long does the system remember, and how long a run would be precise enough?

use super::summary::Spread;
use crate::engine::{Engine, Seed, Stop};
use crate::model::Model;
use crate::signal::{Probe, Signal};
use crate::stats::Histogram;
use crate::stats::trend::{slope, trend};
use crate::stats::warmup::mser5;
use crate::units::{Span, Time};

/// Pilots fly on replications of their own. A warm-up that is cut, or a length that is chosen, on the path that is measured afterwards
/// prefers the cut and the length at which that path looks steady and precise: where latencies happen to be low.
const REPLICATIONS_FROM: u32 = 1 << 31;
/// Batches a pilot is cut into.
const BATCHES: u64 = 512;
/// Batches before the right answers count whose spread tells the length of the run. Its start hardly matters to a spread.
const UNSCOUTED: u64 = BATCHES / 4;
/// How often a pilot may be doubled because its cut lies beyond its half, or its memory beyond its length.
const DOUBLINGS_MAX: u32 = 8;
/// A pilot is doubled until it spans so many relaxation times: in shorter ones their estimate is low, and the spread of percentiles too.
const RELAXATIONS_MIN: f64 = 40.0;
/// A pilot doubled so often may be judged to grow without end.
const DOUBLINGS_TO_GROW: u32 = 3;
/// Of that judgement, one-sided.
const GROWTH_CONFIDENCE: f64 = 0.999_9;

/// Sums of one batch of one replication.
#[derive(Clone, Copy, Debug, Default)]
struct Batch {
    latency_s: f64,
    answers: f64,
    in_flight: f64,
}

/// What one replication of a pilot saw.
#[derive(Clone, Debug)]
pub struct PilotRun {
    batches: Vec<Batch>,
    /// Latencies of right answers after the first batches.
    right: Histogram,
    submitted: u64,
    events: u64,
    whole: bool,
}

impl PilotRun {
    /// The budget was used up before the end of the first batch: it saw no time at all.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

/// What a pilot says about a point.
#[derive(Clone, Debug)]
pub struct Pilot {
    /// End of the warm-up.
    pub warmup: Span,
    /// Integrated autocorrelation time of the number of calls in flight, in seconds.
    pub relaxation_s: f64,
    /// Requests submitted per second.
    pub rate_per_s: f64,
    /// Events per second of model time and replication.
    pub events_per_s: f64,
    /// Events it cost, all replications.
    pub events: u64,
}

/// Right answers of a pilot, from which follows how long a run gives a statistic so much precision.
#[derive(Clone, Debug)]
pub struct Scout {
    /// Latencies in all replications.
    pub pooled: Histogram,
    /// And in each.
    pub spreads: Vec<Spread>,
    /// Seconds of model time in which they came, in each.
    pub seconds: f64,
}

#[derive(Debug, Default)]
struct Answers {
    latency_s: f64,
    answers: f64,
    right: Histogram,
}

impl Probe for Answers {
    #[inline]
    fn on(&mut self, now: Time, signal: Signal) {
        if let Signal::Ended(ended) = signal {
            self.latency_s += (now - ended.submitted).as_secs();
            self.answers += 1.0;
            if ended.outcome.is_ok() {
                self.right.record((now - ended.submitted).0);
            }
        }
    }
}

/// One replication of a pilot of `length`.
pub fn fly(model: &Model, seed: Seed, length: Span, events_max: u64) -> PilotRun {
    let seed = Seed { replication: REPLICATIONS_FROM + seed.replication, ..seed };
    let mut engine = Engine::new(model, seed, Answers::default());
    let mut batches = Vec::with_capacity(BATCHES as usize);
    let mut whole = true;
    for batch in 1..=BATCHES {
        let until = (u128::from(length.0) * u128::from(batch) / u128::from(BATCHES)) as u64;
        let stop = engine.run_until(Time(until), events_max.saturating_sub(engine.events()));
        if matches!(stop, Stop::Budget | Stop::Overflow) {
            whole = false;
            break;
        }
        let latency_s = std::mem::take(&mut engine.probe_mut().latency_s);
        let answers = std::mem::take(&mut engine.probe_mut().answers);
        batches.push(Batch { latency_s, answers, in_flight: engine.in_flight() as f64 });
        if batch == UNSCOUTED {
            engine.probe_mut().right.clear();
        }
    }
    let (submitted, events) = (engine.submitted(), engine.events());
    PilotRun { batches, right: std::mem::take(&mut engine.probe_mut().right), submitted, events, whole }
}

/// Judges the replications of a pilot, none of them empty; there is no scout where it ended early or saw no steady state. `Err` asks for one twice as long.
pub fn judge(runs: &[PilotRun], length: Span, doublings: u32) -> Result<(Pilot, Option<Scout>), ()> {
    let reached = runs.iter().map(|r| r.batches.len()).min().unwrap_or(0);
    let seconds = length.as_secs() * reached as f64 / BATCHES as f64;
    let average = |f: &dyn Fn(&Batch) -> f64, at: usize| runs.iter().map(|r| f(&r.batches[at])).sum::<f64>();
    let in_flight: Vec<f64> = (0..reached).map(|at| average(&|b| b.in_flight, at)).collect();
    let latency = latencies(runs, reached);
    let cut = [mser5(&in_flight), mser5(&latency)].into_iter().flatten().max_by_key(|c| c.index);
    let relaxation = relaxation(runs, reached, cut.map_or(0, |c| c.index));
    let whole = runs.iter().all(|r| r.whole);
    let last = doublings >= DOUBLINGS_MAX || !whole;
    let batch_s = length.as_secs() / BATCHES as f64;
    if !last && doublings >= DOUBLINGS_TO_GROW && grows(runs, reached) {
        // There is no steady state to wait for: a short run shows that as well as a long one.
        return Ok((landed(runs, seconds, Span::from_secs(seconds / 4.0), 0.0), None));
    }
    let long_memory = relaxation.is_none_or(|batches| batches > reached as f64 / RELAXATIONS_MIN);
    if !last && (cut.is_none_or(|c| c.beyond_half) || long_memory) {
        return Err(());
    }
    // A cut that never came to rest is taken at the half: the verdict on the state will tell.
    let at = cut.map_or(0, |c| c.index).min(reached / 2);
    let relaxation_s = relaxation.unwrap_or(reached as f64 / RELAXATIONS_MIN) * batch_s;
    let pilot = landed(runs, seconds, Span::from_secs(at as f64 * batch_s), relaxation_s);
    Ok((pilot, whole.then(|| scout(runs, length))))
}

fn scout(runs: &[PilotRun], length: Span) -> Scout {
    let mut pooled = Histogram::new();
    runs.iter().for_each(|run| pooled.merge(&run.right));
    let spreads = runs.iter().map(|run| Spread::from(&run.right)).collect();
    let share = (BATCHES - UNSCOUTED) as f64 / BATCHES as f64;
    Scout { pooled, spreads, seconds: share * length.as_secs() }
}

fn landed(runs: &[PilotRun], seconds: f64, warmup: Span, relaxation_s: f64) -> Pilot {
    let events: u64 = runs.iter().map(|r| r.events).sum();
    let submitted: u64 = runs.iter().map(|r| r.submitted).sum();
    let each_second = |n: u64| n as f64 / runs.len() as f64 / seconds;
    Pilot {
        warmup,
        relaxation_s,
        rate_per_s: each_second(submitted),
        events_per_s: each_second(events),
        events,
    }
}

/// The number in flight grows over the last three quarters, beyond doubt.
fn grows(runs: &[PilotRun], reached: usize) -> bool {
    let slopes: Vec<f64> = runs
        .iter()
        .filter_map(|r| {
            let later = r.batches[reached / 4..reached].iter().enumerate();
            slope(&later.map(|(i, b)| (i as f64, b.in_flight)).collect::<Vec<_>>())
        })
        .collect();
    trend(&slopes, GROWTH_CONFIDENCE).is_ok_and(|t| t.at_least > 0.0)
}

/// Mean latency in each batch over all replications; a batch without answers repeats the one before.
fn latencies(runs: &[PilotRun], reached: usize) -> Vec<f64> {
    let mut last = 0.0;
    (0..reached)
        .map(|at| {
            let answers: f64 = runs.iter().map(|r| r.batches[at].answers).sum();
            if answers > 0.0 {
                last = runs.iter().map(|r| r.batches[at].latency_s).sum::<f64>() / answers;
            }
            last
        })
        .collect()
}

/// Integrated autocorrelation time of the number in flight, in batches: half a batch plus the correlations up to the first that is
/// small. `None` where none is: the pilot is shorter than the memory.
fn relaxation(runs: &[PilotRun], reached: usize, from: usize) -> Option<f64> {
    let series: Vec<&[Batch]> = runs.iter().map(|r| &r.batches[from..reached]).collect();
    let n = reached - from;
    if n < 20 {
        return None;
    }
    let mean =
        series.iter().flat_map(|s| s.iter()).map(|b| b.in_flight).sum::<f64>() / (n * series.len()) as f64;
    let covariance = |lag: usize| {
        let products = series
            .iter()
            .flat_map(|s| s.iter().zip(&s[lag..]).map(|(a, b)| (a.in_flight - mean) * (b.in_flight - mean)));
        products.sum::<f64>() / ((n - lag) * series.len()) as f64
    };
    let variance = covariance(0);
    if variance <= 0.0 {
        return Some(0.5);
    }
    let mut time = 0.5;
    for lag in 1..n / 2 {
        let correlation = covariance(lag) / variance;
        if correlation < 0.05 {
            return Some(time);
        }
        time += correlation;
    }
    None
}

/// A first guess of how long a pilot should be: some thousand requests, and a few cycles of thinking and being served.
pub fn first_length(rate_per_s: f64, cycle_s: f64) -> Span {
    // Of many users so many requests are enough: they hardly notice each other, and a cut beyond the half doubles the pilot anyway.
    let cycles_s = (10.0 * cycle_s).min(40_000.0 / rate_per_s);
    Span::from_secs((2_000.0 / rate_per_s).max(cycles_s).clamp(1e-6, 1e8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::signal::Silent;

    /// With the same draws as many requests would come.
    #[test]
    fn pilots_do_not_fly_on_the_paths_that_are_measured() {
        let yaml = "knee: 1\nload: {rate: 100/s, requests: {s.x: 1}}\nexternals: {s: {endpoints: {x: [{delay: {exp: 1s}}]}}}\n";
        let loaded = compile::load(yaml.as_bytes(), "m.yaml", &[], &|_| Err("no files here".into()));
        let model = loaded.model.expect("a model without faults");
        let length = Span::from_secs(20.0);
        let measured = |replication| {
            let mut engine = Engine::new(&model, Seed { seed: 1, replication }, Silent);
            engine.run_until(Time::ZERO + length, u64::MAX);
            engine.submitted()
        };
        let flown = |replication| fly(&model, Seed { seed: 1, replication }, length, u64::MAX).submitted;
        assert_eq!(flown(0), measured(REPLICATIONS_FROM));
        assert_ne!((0..20).map(measured).collect::<Vec<_>>(), (0..20).map(flown).collect::<Vec<_>>());
    }
}
