//! What makes slow requests slow, and how many are where: a closer look at one load.
//!
//! Once a run knows its p99, its replications run again from the same seeds, the same to the nanosecond, and this time every request is
//! taken apart. So the run itself pays nothing for what few ask.

use super::answer::{Estimate, InSystem, Point, State, Tail, TailPlace, TailRequest};
use super::options::{Options, Progress, StudyError};
use super::rounds::{self, Job};
use super::rows::{mean, ratio};
use crate::engine::{Engine, Seed};
use crate::measure::Dissector;
use crate::measure::dissector::{Anatomy, Dissection};
use crate::units::{Span, Time};

/// Requests taken apart, over all replications, at most: the slowest 1 % of them are 10,000.
const REQUESTS_MAX: f64 = 1e6;
/// Where more than this share of all answers takes as long as p99, nothing tells the slowest from the rest.
const SLOW_MAX: f64 = 0.05;
/// Places and requests with a smaller share are left out.
const SHARE_MIN: f64 = 1e-4;

/// Adds to the point of a settled job what a closer look shows, where there is a steady state to look at.
pub fn explain(
    job: &Job,
    point: &mut Point,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    let whole = job.gathered.as_ref().is_some_and(super::gather::Gathered::whole);
    let steady = !matches!(point.state, State::Saturated | State::Transient);
    let Some(from_s) = point.total.latency_s.p99.value.filter(|_| whole && steady) else { return Ok(()) };
    let found = dissect(job, Span::from_secs(from_s).0, options, progress)?;
    for (at, place) in point.places.values_mut().enumerate() {
        // At a pool or a link nobody is present: who waits there is a call at another place.
        if job.model.endpoints.iter().any(|endpoint| endpoint.place.index() == at) {
            place.in_system_distribution = Some(in_system(&found, at));
        }
    }
    let count: u64 = found.iter().map(|d| d.slow.count()).sum();
    let all: u64 = found.iter().map(|d| d.all.count()).sum();
    if count > 0 && count as f64 <= SLOW_MAX * all as f64 {
        point.tail = Some(tail(job, &found, from_s, count));
    }
    Ok(())
}

/// Takes the replications of the last look apart, or as much of each as is enough.
fn dissect(
    job: &Job,
    bar: u64,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Dissection>, StudyError> {
    let gathered = job.gathered.as_ref().expect("a settled job has its replications");
    let requests: f64 = gathered.summaries.iter().map(|s| s.total.submitted).sum();
    let share = (REQUESTS_MAX / requests).min(1.0);
    let length = Span::from_secs(job.length.as_secs() * share);
    let warmup = job.pilot.as_ref().expect("a settled job had a pilot").warmup;
    let cost = gathered.events() as f64 * share / f64::from(options.replications);
    progress.stage("explaining the tail", (cost * f64::from(options.replications)) as u64);
    let tasks = (0..options.replications).map(|replication| (0, replication, cost)).collect();
    let one = |_, replication| {
        let seed = Seed { seed: options.seed, replication };
        let mut engine = Engine::new(&job.model, seed, Dissector::new(&job.model, &job.layout, bar));
        engine.run_until(Time::ZERO + warmup, u64::MAX);
        let start = engine.now();
        engine.probe_mut().start_window(start);
        engine.run_until(start + length, u64::MAX);
        let end = engine.now();
        engine.into_probe().close(end)
    };
    let results = rounds::in_pool(options, || rounds::run_all(tasks, progress, one))?;
    Ok(results.into_iter().map(|(_, dissection)| dissection).collect())
}

fn tail(job: &Job, found: &[Dissection], from_s: f64, count: u64) -> Tail {
    // The mean a request, and a share, of slow requests.
    let each = |of: fn(&Dissection) -> &Anatomy, sum: &dyn Fn(&Anatomy) -> u128| {
        let seconds = |d: &Dissection| sum(of(d)) as f64 / 1e9;
        // A replication in which nobody was slow has no mean of its own.
        if found.iter().any(|d| of(d).count() == 0) {
            return ratio(found, f64::INFINITY, seconds, |d| of(d).count() as f64);
        }
        mean(found, |d| seconds(d) / of(d).count() as f64)
    };
    let mut places: Vec<TailPlace> = (0..job.model.places.len())
        .map(|place| {
            let wait = |a: &Anatomy| resources(job, place).map(|at| a.waits[at]).sum::<u128>();
            let work = |a: &Anatomy| a.services[place];
            let given_up = |a: &Anatomy| a.given_up[place];
            let spent = |d: &Dissection| (wait(&d.slow) + work(&d.slow) + given_up(&d.slow)) as f64;
            let gives_up = found.iter().any(|d| given_up(&d.slow) > 0);
            TailPlace {
                place: job.model.places[place].name.clone(),
                wait_s: each(slow, &wait),
                service_s: each(slow, &work),
                given_up_s: gives_up.then(|| each(slow, &given_up)),
                share: ratio(found, f64::INFINITY, spent, |d| d.slow.latency as f64),
                usual_wait_s: each(all, &wait),
                usual_service_s: each(all, &work),
                waits_for: waits_for(job, found, place),
            }
        })
        .collect();
    let kinds = job.model.requests.iter().enumerate();
    let mut requests: Vec<TailRequest> = kinds
        .map(|(kind, request)| {
            let share = |of: fn(&Dissection) -> &Anatomy| {
                ratio(found, 1.0, |d| of(d).requests[kind] as f64, |d| of(d).count() as f64)
            };
            TailRequest { request: request.name.clone(), share: share(slow), usual_share: share(all) }
        })
        .collect();
    let size = |e: &Estimate| e.value.unwrap_or(0.0);
    places.retain(|p| size(&p.share) >= SHARE_MIN);
    places.sort_by(|a, b| size(&b.share).total_cmp(&size(&a.share)));
    requests.retain(|r| size(&r.share) >= SHARE_MIN);
    requests.sort_by(|a, b| size(&b.share).total_cmp(&size(&a.share)));
    let elsewhere_s = each(slow, &|a| a.elsewhere);
    Tail { places, elsewhere_s, from_s, mean_s: each(slow, &|a| a.latency), requests, count }
}

fn slow(dissection: &Dissection) -> &Anatomy {
    &dissection.slow
}

fn all(dissection: &Dissection) -> &Anatomy {
    &dissection.all
}

/// The resources of a place.
fn resources(job: &Job, place: usize) -> impl Iterator<Item = usize> {
    let all = &job.layout.resources;
    (0..all.len()).filter(move |&at| all[at].place.index() == place)
}

/// What slow requests wait for longest at a place.
fn waits_for(job: &Job, found: &[Dissection], place: usize) -> Option<String> {
    let each = |at: usize| found.iter().map(|d| d.slow.waits[at]).sum::<u128>();
    let longest = resources(job, place).filter(|&at| each(at) > 0).max_by_key(|&at| each(at))?;
    Some(job.layout.resources[longest].name.to_owned())
}

fn in_system(found: &[Dissection], place: usize) -> InSystem {
    let total = |levels: &[u64]| levels.iter().map(|&ns| u128::from(ns)).sum::<u128>();
    let longest = found.iter().map(|d| d.levels[place].len()).max().unwrap_or(0);
    let at = |level: usize| -> u128 {
        found.iter().filter_map(|d| d.levels[place].get(level)).map(|&ns| u128::from(ns)).sum()
    };
    let pooled: Vec<u128> = (0..longest).map(at).collect();
    let sum: u128 = pooled.iter().sum();
    let quantile = |p: f64| {
        let mut below = 0;
        let reached = pooled.iter().position(|ns| {
            below += ns;
            below as f64 >= p * sum as f64
        });
        reached.unwrap_or(0) as u64
    };
    let empty = |d: &Dissection| {
        let levels = &d.levels[place];
        levels.first().map_or(0.0, |&ns| ns as f64) / total(levels) as f64
    };
    InSystem { empty: mean(found, empty), p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) }
}
