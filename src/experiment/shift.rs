//! How far a knob moves the limit, the highest load at which the objectives hold.
//!
//! The base is simulated at two loads on either side of its limit, each turned model first at one of them with the same seeds. Where
//! that shows a small shift the slope of the base tells how far the limit moves; where it is larger, the turned model gets two loads
//! around its own limit. So every replication has its limit before and after, and the two are a pair.

use super::answer::{Estimate, State};
use super::edge::bound;
use super::figure::{self, Difference, Observed};
use super::limit;
use super::loads::{self, Dial, plain};
use super::options::{Options, Progress, StudyError, Swept};
use super::pilot::Pilot;
use super::point::point;
use super::rounds::{self, Job};
use crate::model::{Goal, Model};
use crate::stats::interval::Lack;
use crate::units::Span;

/// Loads next to a limit lie so far from it, as a share of it; two of them on either side are near enough to interpolate.
const NEAR: f64 = 0.0125;
const WIDTH: f64 = 0.04;
/// Where no such two are found, two so far apart still do.
const WIDTH_MAX: f64 = 0.12;
/// Shifts below this share of the limit are told from the slope of the base.
const SMALL: f64 = 0.01;
/// Where the bottleneck law moves by more, the limit is looked for where it goes.
const FOLLOWS_LAW: f64 = 0.03;
/// Steps towards a limit, at most.
const STEPS: usize = 6;
/// Loads of the first step, as shares of the bottleneck law's bound.
const FIRST: [f64; 3] = [0.70, 0.85, 0.95];
/// Near a limit a warm-up is long: fewer replications, each the longer, waste less on it.
const REPLICATIONS_MAX: u32 = 8;
/// A window spans so many relaxation times, unless that is more than so many times its length elsewhere.
const RELAXATIONS: f64 = 20.0;
const LONGER_MAX: f64 = 2.0;
/// An objective is not told to be further below its bar than this: a wait of zero would be infinitely far.
const FAR: f64 = -1e3;

/// The limit of a model.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    seen: Observed,
    /// Its objective, and its row among those that it speaks of.
    by: (usize, usize),
    /// How fast that objective nears its bar there.
    slope: f64,
}

/// The limit of the base, and how far each knob moves it.
pub(super) struct Shifts {
    /// Of the base; unknown with a reason.
    pub at: Estimate,
    /// Which objective breaks first there.
    pub by: Option<String>,
    /// One a knob; `None` for those that are no knob of the system but the load itself.
    pub each: Vec<Option<Difference>>,
}

/// Finds the limit of `base`, settled at the load of its file, and of every model in `turned`.
pub(super) fn shifts(
    base: &Job,
    turned: &[Option<&Model>],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Shifts, StudyError> {
    let mut binding = base.model.objectives.iter().filter(|objective| !objective.warns);
    if !binding.any(|objective| limit::speaks_of_load(objective.goal)) {
        return Ok(nowhere(turned, "no objective gets worse with load"));
    }
    let mut side = Side::new(&base.model)?;
    let study = Study { options: &fixed(base, options), progress };
    let law = bound(&base.model, &side.dial).map(|(load, _)| load).filter(|load| *load > 0.0);
    let first = law.map_or(vec![base.at, 2.0 * base.at], |law| FIRST.map(|share| share * law).to_vec());
    // To find it roughly the warm-up of the load of the file will do, or one in which all users have come once.
    let mut pace = Pace::of(base).split_anew(options.replications, study.options.replications);
    pace.pilot.warmup = pace.pilot.warmup.max(Span::from_secs(loads::think_s(&base.model)));
    study.climb(&mut [(&mut side, first)], &pace)?;
    let rough = match side.limit() {
        Ok(rough) => rough.seen.value,
        Err(reason) => return Ok(nowhere(turned, &reason)),
    };
    let mut pilot = vec![side.job(rough * (1.0 - NEAR), None)];
    rounds::launch_only(&mut pilot, study.options, progress)?;
    let pace = Pace::of(&pilot[0]).remembering();
    side.jobs.clear();
    study.climb(&mut [(&mut side, around(rough).to_vec())], &pace)?;
    let limit = match side.limit() {
        Ok(limit) => limit,
        Err(reason) => return Ok(nowhere(turned, &reason)),
    };
    let each = study.turned(&side, &limit, turned, &pace)?;
    let objective = &base.model.objectives[limit.by.0];
    let of = base.model.objective_subject(objective);
    Ok(Shifts {
        at: limit.seen.estimate(),
        by: Some(if of == "total" { objective.text.clone() } else { format!("{of} {}", objective.text) }),
        each,
    })
}

fn nowhere(turned: &[Option<&Model>], reason: &str) -> Shifts {
    Shifts { at: Estimate::unknown(reason), by: None, each: vec![None; turned.len()] }
}

/// As many requests as the base had: limits are precise where latencies are not, since these are steep there.
fn fixed(base: &Job, options: &Options) -> Options {
    let rate = base.pilot.as_ref().map_or(0.0, |pilot| pilot.rate_per_s);
    let replications = options.replications.min(REPLICATIONS_MAX);
    let all = base.length.as_secs() * rate * f64::from(options.replications);
    let requests = (all / f64::from(replications)).round().max(1.0) as u64;
    Options {
        requests: Some(requests),
        duration: None,
        precision: Vec::new(),
        replications,
        ..options.clone()
    }
}

/// Warm-up and length of windows, and the load they are for.
struct Pace {
    pilot: Pilot,
    length: Span,
    at: f64,
}

impl Pace {
    fn of(job: &Job) -> Self {
        let pilot = job.pilot.clone().expect("it has had its pilot");
        Self { pilot, length: job.length, at: job.at }
    }

    /// As many requests in all, by another number of replications.
    fn split_anew(self, before: u32, now: u32) -> Self {
        Self { length: Span::from_secs(self.length.as_secs() * f64::from(before) / f64::from(now)), ..self }
    }

    /// Long enough to forget the start of the window several times over.
    fn remembering(mut self) -> Self {
        let length = self.length.as_secs();
        let asked = (RELAXATIONS * self.pilot.relaxation_s).min(LONGER_MAX * length);
        self.length = Span::from_secs(length.max(asked));
        self
    }
}

/// A model on its way to its limit.
struct Side {
    model: Model,
    dial: Dial,
    /// In ascending order of load.
    jobs: Vec<Job>,
}

impl Side {
    fn new(model: &Model) -> Result<Self, StudyError> {
        Ok(Self { model: model.clone(), dial: Dial::new(model, &Swept::All)?, jobs: Vec::new() })
    }

    fn job(&self, at: f64, pace: Option<&Pace>) -> Job {
        let at = self.dial.round(at);
        let mut job = Job::new(at, self.dial.set(&self.model, at));
        if let Some(pace) = pace {
            job.pilot = Some(pace.pilot.clone());
            // As many requests at another load.
            job.length = Span::from_secs(pace.length.as_secs() * pace.at / at);
        }
        job
    }

    /// The highest load at which all holds below the first at which something breaks, or nothing is observed any more, and that one.
    fn bracket(&self) -> (Option<&Job>, Option<&Job>) {
        let broken = self.jobs.iter().position(|job| worst(job).is_none_or(|it| it.value >= 0.0));
        let before = broken.unwrap_or(self.jobs.len()).checked_sub(1);
        (before.map(|at| &self.jobs[at]), broken.map(|at| &self.jobs[at]))
    }

    /// Loads to be simulated next; none where the limit is known well enough.
    fn next(&self) -> Vec<f64> {
        let wanted = match self.bracket() {
            (Some(low), Some(high))
                if high.at <= (1.0 + WIDTH) * low.at || high.at - low.at <= 1.0 && self.dial.closed() =>
            {
                Vec::new()
            }
            (Some(low), Some(high)) => match crossing(low, high) {
                Some(limit) => around(limit.seen.value).to_vec(),
                None => vec![(low.at + high.at) / 2.0],
            },
            (Some(low), None) => {
                around(self.along().unwrap_or(f64::MAX).clamp(1.03 * low.at, 1.5 * low.at)).to_vec()
            }
            (None, Some(high)) => {
                around(self.along().unwrap_or(0.0).clamp(0.5 * high.at, 0.97 * high.at)).to_vec()
            }
            (None, None) => Vec::new(),
        };
        self.new_loads(&wanted)
    }

    /// Of some loads those that can be simulated and were not, once each.
    fn new_loads(&self, wanted: &[f64]) -> Vec<f64> {
        let mut wanted: Vec<f64> = wanted.iter().map(|at| self.dial.round(*at)).collect();
        wanted.dedup();
        wanted.retain(|at| self.jobs.iter().all(|job| job.at != *at));
        wanted
    }

    /// Where the line through the two loads next to an open end comes to a bar.
    fn along(&self) -> Option<f64> {
        let pair = match self.bracket() {
            (Some(_), None) => self.jobs.last_chunk::<2>()?,
            _ => self.jobs.first_chunk::<2>()?,
        };
        let [a, b] = [worst(&pair[0])?.value, worst(&pair[1])?.value];
        let slope = (b - a) / (pair[1].at - pair[0].at);
        (slope > 0.0).then(|| pair[0].at - a / slope)
    }

    /// The limit, or why there is none in reach.
    fn limit(&self) -> Result<Limit, String> {
        let at = |job: &Job| plain(job.at);
        match self.bracket() {
            (Some(low), Some(high)) => {
                // Closed loads always have a steady state: what grows there is on its way to it.
                let lost = !self.dial.closed() && point(high, self.dial.base).state == State::Saturated;
                if lost && high.at <= (1.0 + WIDTH_MAX) * low.at {
                    return Err(format!(
                        "the objectives hold while there is a steady state, up to {} at least",
                        at(low)
                    ));
                }
                crossing(low, high)
                    .filter(|_| high.at <= (1.0 + WIDTH_MAX) * low.at)
                    .ok_or_else(|| format!("between {} and {}, not found more closely", at(low), at(high)))
            }
            (Some(low), None) => {
                Err(format!("the objectives hold at all loads simulated, up to {}", at(low)))
            }
            (None, Some(high)) => Err(format!("broken at all loads simulated, down to {}", at(high))),
            (None, None) => Err("no load was simulated".to_owned()),
        }
    }
}

fn around(load: f64) -> [f64; 2] {
    [1.0 - NEAR, 1.0 + NEAR].map(|near| near * load)
}

struct Study<'a> {
    options: &'a Options,
    progress: &'a dyn Progress,
}

impl Study<'_> {
    /// Steps all sides to their limits, each from its own first loads.
    fn climb(&self, sides: &mut [(&mut Side, Vec<f64>)], pace: &Pace) -> Result<(), StudyError> {
        for (side, wanted) in sides.iter_mut() {
            *wanted = side.new_loads(wanted);
        }
        for _ in 0..STEPS {
            let mut fresh: Vec<Job> = Vec::new();
            for (side, wanted) in sides.iter() {
                fresh.extend(wanted.iter().map(|at| side.job(*at, Some(pace))));
            }
            if fresh.is_empty() {
                return Ok(());
            }
            rounds::settle(&mut fresh, self.options, self.progress)?;
            let mut fresh = fresh.into_iter();
            for (side, wanted) in sides.iter_mut() {
                if wanted.is_empty() {
                    continue;
                }
                side.jobs.extend(fresh.by_ref().take(wanted.len()));
                side.jobs.sort_by(|a, b| a.at.total_cmp(&b.at));
                *wanted = side.next();
            }
        }
        Ok(())
    }

    fn turned(
        &self,
        base: &Side,
        limit: &Limit,
        turned: &[Option<&Model>],
        pace: &Pace,
    ) -> Result<Vec<Option<Difference>>, StudyError> {
        let near =
            |a: &&Job, b: &&Job| (a.at - limit.seen.value).abs().total_cmp(&(b.at - limit.seen.value).abs());
        let beside = base.jobs.iter().min_by(near).expect("a limit lies between two loads");
        let mut sides =
            turned.iter().flatten().map(|model| Side::new(model)).collect::<Result<Vec<_>, _>>()?;
        let law = |side: &Side| bound(&side.model, &side.dial).map(|(load, _)| load);
        let factors: Vec<f64> =
            sides.iter().map(|side| law(side).zip(law(base)).map_or(1.0, |(a, b)| a / b)).collect();
        // All at one load that the base was at, but for those that surely go elsewhere.
        let here: Vec<usize> =
            (0..sides.len()).filter(|at| (factors[*at] - 1.0).abs() <= FOLLOWS_LAW).collect();
        let mut fresh: Vec<Job> = here.iter().map(|at| sides[*at].job(beside.at, Some(pace))).collect();
        rounds::settle(&mut fresh, self.options, self.progress)?;
        let mut slid: Vec<Option<Limit>> = vec![None; sides.len()];
        let mut first: Vec<Vec<f64>> =
            factors.iter().map(|factor| around(factor * limit.seen.value).to_vec()).collect();
        for (at, job) in here.into_iter().zip(fresh) {
            let moved = slide(limit, beside, &job);
            match moved {
                Some((moved, true)) => (slid[at], first[at]) = (Some(moved), Vec::new()),
                Some((moved, false)) => {
                    let to = moved.seen.value.clamp(0.5 * limit.seen.value, 2.0 * limit.seen.value);
                    first[at] = around(to).to_vec();
                }
                None => {}
            }
            sides[at].jobs.push(job);
        }
        let mut climbing: Vec<(&mut Side, Vec<f64>)> = sides.iter_mut().zip(first).collect();
        self.climb(&mut climbing, pace)?;
        let mut found = sides.iter().zip(slid).map(|(side, slid)| slid.map_or_else(|| side.limit(), Ok));
        let difference = |after: Result<Limit, String>| match after {
            Ok(after) => figure::difference(&limit.seen, &after.seen),
            Err(reason) => Difference {
                before: limit.seen.estimate(),
                after: Estimate::unknown(&reason),
                absolute: Estimate::unknown(&reason),
                relative: Estimate::unknown(&reason),
                variance_ratio: None,
            },
        };
        Ok(turned.iter().map(|it| it.and_then(|_| found.next()).map(difference)).collect())
    }
}

/// The limit of a model that was simulated at a load of the base, by the slope of the base; and whether it moved so little that this will do.
fn slide(limit: &Limit, base: &Job, turned: &Job) -> Option<(Limit, bool)> {
    let of = |job: &Job| strains(job).into_iter().find(|strain| strain.of == limit.by);
    let (before, after) = (of(base)?, of(turned)?);
    let shift = |before: f64, after: f64| (before - after) / limit.slope;
    let seen = &limit.seen;
    let pairs = before.each.iter().zip(&after.each);
    let moved = Observed {
        value: seen.value + shift(before.value, after.value),
        each: seen.each.iter().zip(pairs).map(|(at, (b, a))| at + shift(*b, *a)).collect(),
        lack: seen.lack.or(after.lack),
    };
    let same_one = worst(turned).is_some_and(|it| it.of == limit.by);
    let small = same_one && (moved.value / seen.value - 1.0).abs() <= SMALL;
    Some((Limit { seen: moved, ..limit.clone() }, small))
}

/// How near an objective is to its bar: below zero while it holds, and about linear in the load. A latency near saturation goes as
/// one over what is left of the capacity, so that its inverse is linear (for M/M/1 exactly).
struct Strain {
    of: (usize, usize),
    value: f64,
    /// One a replication.
    each: Vec<f64>,
    lack: Option<Lack>,
}

/// Of each objective that gets worse with load.
fn strains(job: &Job) -> Vec<Strain> {
    let objectives = job.model.objectives.iter().enumerate().filter(|(_, objective)| !objective.warns);
    let all = objectives.flat_map(|(at, objective)| {
        let inverse = matches!(objective.goal, Goal::Latency(..) | Goal::Age(..));
        let rows = limit::observed(objective, job).into_iter().enumerate();
        rows.filter_map(move |(row, seen)| {
            let (seen, bar) = seen?;
            let strain = |x: f64| if inverse { (1.0 - bar / x).max(FAR) } else { x - bar };
            let each = seen.each.iter().map(|x| strain(*x)).collect();
            Some(Strain { of: (at, row), value: strain(seen.value), each, lack: seen.lack })
        })
    });
    all.collect()
}

/// The objective that is nearest to its bar, or furthest beyond it.
fn worst(job: &Job) -> Option<Strain> {
    strains(job).into_iter().max_by(|a, b| a.value.total_cmp(&b.value))
}

/// Where the first objective comes to its bar between two loads, and where each replication sees that.
fn crossing(low: &Job, high: &Job) -> Option<Limit> {
    let (width, above) = (high.at - low.at, strains(high));
    let one = |a: Strain| {
        let b = above.iter().find(|b| b.of == a.of && b.value >= 0.0)?;
        let slope = (b.value - a.value) / width;
        let share = -a.value / (b.value - a.value);
        let value = low.at + share * width;
        let pairs = a.each.iter().zip(&b.each);
        let each = pairs.map(|(a, b)| value - (a + share * (b - a)) / slope).collect();
        Some(Limit { seen: Observed { value, each, lack: a.lack.or(b.lack) }, by: a.of, slope })
    };
    let limits = strains(low).into_iter().filter_map(one);
    limits.min_by(|a, b| a.seen.value.total_cmp(&b.seen.value))
}
