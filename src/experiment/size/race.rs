//! Candidates race: all share their seeds, most get short runs, and only who may win gets longer ones.

use super::answer::{Busiest, Check, Configuration, Verdict};
use super::grid::Index;
use super::judge::{self, Sure};
use crate::engine::Seed;
use crate::experiment::answer::{Estimate, Point};
use crate::experiment::bottleneck;
use crate::experiment::gather::Gatherer;
use crate::experiment::options::{Options, Progress, StudyError};
use crate::experiment::pilot::Pilot;
use crate::experiment::point;
use crate::experiment::replication::{Window, replicate};
use crate::experiment::rounds::{self, Job};
use crate::experiment::state::Look;
use crate::model::{Goal, Model, Statistic};
use crate::rng;
use crate::units::Span;

/// Replications and requests of each at a look; what is undecided after one goes on to the next.
const LOOKS: [(u32, f64); 5] = [(10, 1.0), (20, 2.0), (20, 8.0), (20, 32.0), (20, 128.0)];
/// Requests of a replication in the first look, at the least.
const FIRST_REQUESTS: f64 = 1_000.0;
/// And at the most, for objectives that are about few of the requests.
const RARE_REQUESTS: f64 = 10_000.0;
/// Observations beyond a percentile that give it an interval, with some to spare.
const BEYOND: f64 = 14.0;
/// Requests of a first look, times the share of them that may be bad, so that none seen is proof enough: 3.69 for the 95 % bound, 2.11 times as
/// many to be as sure as a race must be.
const UNSEEN: f64 = 8.0;
/// A run begins behind so many of the longest response times without waiting, and spans half as many, the first look the least.
const RESPONSES: f64 = 6.0;
/// A backlog that grows is one where a resource is this busy; else it is a system that fills up.
const FULL: f64 = 0.95;
/// What the fresh replications that confirm a winner are seeded with, beside the seed.
const CONFIRM: u64 = 0x51_7E;

/// Which replications a look takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Those that all candidates share.
    Race,
    /// Fresh ones.
    Confirm,
}

/// A configuration that may win.
pub struct Candidate {
    /// Which.
    pub index: Index,
    /// What its own model costs.
    pub cost: f64,
    /// How much of everything it has.
    pub amount: f64,
    /// The model at the load, and with replicas lost.
    pub cases: Vec<Case>,
    /// Looks it has had.
    pub looks: usize,
    /// What they said.
    pub verdict: Verdict,
    /// It cannot be decided within the budget, or was not confirmed.
    pub given_up: bool,
    /// What it misses, or cannot be told from missing.
    pub why: Option<String>,
    /// The busiest resource, or what that one waits for.
    pub cause: Option<String>,
    checks: Vec<Check>,
    /// How far its busiest resource is above what it may be, as a share of that; infinite without a steady state.
    over: f64,
    p95_s: Estimate,
    busiest: Option<Busiest>,
    requests: u64,
    /// Events of the last look.
    cost_events: u64,
}

/// One model of a candidate.
pub struct Case {
    /// The place of which a replica is lost.
    pub without: Option<String>,
    /// The model at the load, and its last look.
    pub job: Job,
}

impl Case {
    /// A model at a load.
    pub fn new(at: f64, model: Model, without: Option<String>) -> Self {
        Self { without, job: Job::new(at, model) }
    }
}

impl Candidate {
    /// Nothing simulated yet.
    pub fn new(index: Index, cost: f64, amount: f64, cases: Vec<Case>) -> Self {
        Self {
            index,
            cost,
            amount,
            cases,
            looks: 0,
            verdict: Verdict::Undecided,
            given_up: false,
            why: None,
            cause: None,
            checks: Vec::new(),
            over: 0.0,
            p95_s: Estimate::unknown("not simulated"),
            busiest: None,
            requests: 0,
            cost_events: 0,
        }
    }

    /// It may still win.
    pub fn alive(&self) -> bool {
        !self.given_up && self.verdict != Verdict::Fails
    }

    /// There is a longer look that the budget allows.
    pub fn can_go_on(&self, options: &Options) -> bool {
        self.looks < LOOKS.len() && {
            let size = |look: usize| f64::from(LOOKS[look].0) * LOOKS[look].1;
            let before = size(self.looks.max(1) - 1);
            self.cost_events as f64 * size(self.looks) / before <= options.budget as f64
        }
    }

    /// For the answer.
    pub fn row(&self, values: Vec<String>) -> Configuration {
        Configuration {
            values,
            cost: self.cost,
            verdict: if self.given_up { Verdict::Undecided.max(self.verdict) } else { self.verdict },
            p95_s: self.p95_s.clone(),
            checks: self.checks.clone(),
            busiest: self.busiest.clone(),
            requests: self.requests,
            violation: self.violation(),
            why: self.why.clone(),
            frontier: false,
        }
    }

    /// Makes ready for the look that confirms it, as long as the one that chose it.
    pub fn before_confirming(&mut self) {
        self.looks = (self.looks.max(1) - 1).max(2);
    }

    /// How far it misses what it misses most; infinitely where nothing was observed, or without a steady state.
    pub fn violation(&self) -> f64 {
        let missed = |check: &Check| if check.room.is_finite() { -check.room } else { f64::INFINITY };
        self.checks.iter().map(missed).fold(self.over, f64::max)
    }
}

/// Takes the next look at some candidates; answers the events it cost.
pub fn look(
    candidates: &mut [&mut Candidate],
    stream: Stream,
    headroom: f64,
    options: &Options,
    progress: &dyn Progress,
) -> Result<u64, StudyError> {
    let mut windows = Vec::new();
    let mut jobs: Vec<&mut Job> = Vec::new();
    for candidate in candidates.iter_mut() {
        let at = candidate.looks.min(LOOKS.len() - 1);
        for case in &mut candidate.cases {
            windows.push((LOOKS[at].0, window(&case.job, at)));
            jobs.push(&mut case.job);
        }
    }
    let seed = match stream {
        Stream::Race => options.seed,
        Stream::Confirm => rng::mix(options.seed, CONFIRM),
    };
    let events = run(&mut jobs, &windows, seed, options, progress)?;
    for candidate in candidates.iter_mut() {
        candidate.looks = (candidate.looks + 1).min(LOOKS.len());
        let replications = LOOKS[candidate.looks - 1].0;
        let sure = if stream == Stream::Confirm { Sure::PLAIN } else { Sure::racing(replications) };
        judge(candidate, sure, headroom);
    }
    Ok(events)
}

/// Runs each job once over its window. Answers the events.
pub fn run(
    jobs: &mut [&mut Job],
    windows: &[(u32, Window)],
    seed: u64,
    options: &Options,
    progress: &dyn Progress,
) -> Result<u64, StudyError> {
    let tasks = windows.iter().enumerate().flat_map(|(job, (replications, window))| {
        let cost = (window.warmup + window.length).as_secs() * rate(jobs[job]);
        (0..*replications).map(move |replication| (job, replication, cost))
    });
    let tasks: Vec<_> = tasks.collect();
    progress.stage("racing", tasks.iter().map(|t| (t.2 as u64).max(1)).sum());
    let gatherers: Vec<Gatherer> = jobs
        .iter()
        .zip(windows)
        .map(|(job, (replications, _))| Gatherer::new(&job.model, &job.layout, *replications))
        .collect();
    let shared: Vec<&Job> = jobs.iter().map(|job| &**job).collect();
    rounds::in_pool(options, || {
        rounds::run_all(tasks, progress, |at, replication| {
            let job = shared[at];
            let result = replicate(&job.model, &job.layout, Seed { seed, replication }, windows[at].1);
            gatherers[at].take(&job.model, &job.layout, &job.thresholds, replication, &result);
        });
    })?;
    let mut events = 0;
    for ((job, gatherer), (replications, window)) in jobs.iter_mut().zip(gatherers).zip(windows) {
        let gathered = gatherer.finish();
        let spent = gathered.events();
        events += spent;
        let seconds = (window.warmup + window.length).as_secs() * f64::from(*replications);
        job.pilot = Some(Pilot {
            warmup: window.warmup,
            relaxation_s: 0.0,
            rate_per_s: rate(job),
            events_per_s: spent as f64 / seconds,
            events: 0,
        });
        job.length = window.length;
        job.looks += 1;
        job.spent += spent;
        job.look = Some(Look::at(&gathered.summaries));
        job.gathered = Some(gathered);
    }
    Ok(events)
}

/// Requests per second without waiting.
fn rate(job: &Job) -> f64 {
    job.demands.free_rates(&job.model).iter().sum::<f64>().max(1e-9)
}

/// What the look number `at` covers: enough requests for the rarest objective, and enough time for the longest response. What is cut off grows
/// with what is recorded, so that a longer look also forgets its start better.
pub fn window(job: &Job, at: usize) -> Window {
    let r_min = job.demands.requests.iter().map(|d| d.r_min_s).fold(0.0, f64::max);
    let first_s = requests(job) / rate(job);
    let length_s = (first_s * LOOKS[at].1).max(RESPONSES / 2.0 * r_min * (at + 1) as f64);
    // So long after a write its user reads from the primary, which is less busy before.
    let own_write_s =
        job.model.versions.iter().filter_map(|v| v.own_write).map(Span::as_secs).fold(0.0, f64::max);
    let warmup_s = (length_s / 2.0).min(first_s * 4.0).max(RESPONSES * r_min).max(1.2 * own_write_s);
    Window {
        warmup: Span::from_secs(warmup_s),
        length: Span::from_secs(length_s),
        // Bounds only what goes astray: four hundred events a request.
        events_max: ((warmup_s + length_s) * rate(job) * 400.0) as u64 + 100_000,
    }
}

/// Requests that give every objective an interval.
fn requests(job: &Job) -> f64 {
    let model = &job.model;
    let rates = job.demands.free_rates(model);
    let all: f64 = rates.iter().sum();
    let share = |endpoint| {
        let asked = model.requests.iter().filter(|r| r.endpoint == endpoint);
        let each = asked.map(|r| rates[r.group.index()] * r.share / all);
        each.fold(f64::INFINITY, f64::min)
    };
    let unseen = |bad: f64| UNSEEN / bad / f64::from(LOOKS[0].0);
    let needed = model.objectives.iter().filter_map(|o| {
        let of_its_own = match o.goal {
            Goal::Latency(Statistic::Quantile(p), _) => BEYOND / (1.0 - p),
            Goal::Errors(below) => unseen(below),
            Goal::GoodputShare(above) | Goal::Apdex { above, .. } => unseen(1.0 - above),
            _ => return None,
        };
        Some(of_its_own / o.endpoint.map_or(1.0, share))
    });
    needed.fold(FIRST_REQUESTS, f64::max).min(RARE_REQUESTS)
}

/// Reads the last look at a candidate.
fn judge(candidate: &mut Candidate, sure: Sure, headroom: f64) {
    candidate.checks.clear();
    (candidate.why, candidate.requests, candidate.cost_events) = (None, 0, 0);
    candidate.over = 0.0;
    let mut verdict = Verdict::Meets;
    for case in &candidate.cases {
        let job = &case.job;
        let point: Point = point::point(job, 1.0);
        let without = case.without.as_deref();
        let checks = judge::checks(&job.model, &point, without, sure);
        let busiest = judge::busiest(job);
        let (of_case, why) = of_case(job, &checks, busiest.as_ref(), without, headroom);
        if of_case > verdict {
            (verdict, candidate.why) = (of_case, why);
        }
        candidate.checks.extend(checks);
        candidate.over = candidate.over.max(over(job, busiest.as_ref(), allowed(without, headroom)));
        candidate.requests += point.counts.offered;
        candidate.cost_events += point.events;
        if without.is_none() {
            candidate.p95_s = point.total.latency_s.p95;
            candidate.busiest = busiest;
            candidate.cause = cause(job);
        }
    }
    candidate.verdict = verdict;
    if verdict == Verdict::Fails {
        // Its histograms and tables are not needed again.
        candidate.cases.clear();
    } else {
        candidate.cases.iter_mut().for_each(|case| case.job.gathered = None);
    }
}

/// What would give way first, by name.
pub fn cause(job: &Job) -> Option<String> {
    let graph = bottleneck::Graph::new(&job.model);
    let culprit = bottleneck::culprit(&job.model, &job.layout, &graph, job.summaries())?;
    Some(bottleneck::name(&job.model, &job.layout, culprit.cause()))
}

/// How busy a resource may be: with a replica lost the reserve is what is used up.
fn allowed(without: Option<&str>, headroom: f64) -> f64 {
    if without.is_some() { 1.0 } else { headroom }
}

/// As [`Candidate::over`], of one model.
fn over(job: &Job, busiest: Option<&Busiest>, allowed: f64) -> f64 {
    let used = busiest.and_then(|b| b.utilization.value).unwrap_or(0.0);
    if is_full(job, used) { f64::INFINITY } else { used / allowed - 1.0 }
}

fn is_full(job: &Job, used: f64) -> bool {
    used > FULL && job.look.as_ref().is_some_and(|look| look.grows)
}

/// The worst that one model of a candidate does, and why.
fn of_case(
    job: &Job,
    checks: &[Check],
    busiest: Option<&Busiest>,
    without: Option<&str>,
    headroom: f64,
) -> (Verdict, Option<String>) {
    let lost = without.map_or_else(String::new, |place| format!(" with one of {place} lost"));
    let used = busiest.and_then(|b| Some((b, b.utilization.value?)));
    let allowed = allowed(without, headroom);
    let over = used.filter(|(_, u)| *u > allowed);
    let short = over.filter(|(b, _)| b.utilization.low.is_some_and(|low| low > allowed));
    let too_busy = |(busy, share): (&Busiest, f64)| super::words::busy(&busy.name, share, allowed) + &lost;
    let grows = job.look.as_ref().is_some_and(|look| look.grows);
    let full = used.filter(|(_, u)| is_full(job, *u));
    let worst = checks.iter().max_by(|a, b| a.verdict.cmp(&b.verdict).then(b.room.total_cmp(&a.room)));
    let told = |check: &Check| Some(super::words::missed(check) + &lost);
    match (full, worst) {
        (Some((busy, _)), _) => {
            (Verdict::Fails, Some(format!("no steady state{lost}: {} is full", busy.name)))
        }
        (_, Some(check)) if check.verdict == Verdict::Fails => (Verdict::Fails, told(check)),
        _ if short.is_some() => (Verdict::Fails, short.map(too_busy)),
        (_, Some(check)) if check.verdict == Verdict::Undecided => (Verdict::Undecided, told(check)),
        _ if over.is_some() => (Verdict::Undecided, over.map(too_busy)),
        _ if grows => (Verdict::Undecided, Some(format!("its backlog may grow{lost}"))),
        _ => (Verdict::Meets, None),
    }
}
