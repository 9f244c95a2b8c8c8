//! From a settled job to a point of the curve.

use super::answer::{AuditRow, Counts, Load, Point, State};
use super::gather::Gathered;
use super::loads;
use super::rounds::Job;
use super::rows;
use super::summary::Thresholds;
use super::{bill, bottleneck, exact, timeline};
use crate::ids::{GroupId, PlaceId};
use crate::measure::layout::Layout;
use crate::model::{Demands, Model, OnError, Op, Sharing, Site, StationKind, Statistic, Target};
use crate::stats::{interval, quantiles};

/// Name of a statistic in answers and on the command line.
pub fn statistic_name(statistic: Statistic) -> String {
    match statistic {
        Statistic::Mean => "mean".into(),
        Statistic::Quantile(p) => {
            let percent = format!("{:.3}", p * 100.0);
            format!("p{}", percent.trim_end_matches('0').trim_end_matches('.'))
        }
    }
}

/// The point of a settled job.
pub fn point(job: &Job, base: f64) -> Point {
    let (model, layout) = (&job.model, &job.layout);
    let gathered = job.gathered.as_ref().expect("a settled job has its replications");
    let look = job.look.as_ref().expect("a settled job was looked at");
    let pilot = job.pilot.as_ref().expect("a settled job had a pilot");
    let summaries = &gathered.summaries[..];
    let single_look = job.looks == 1 && look.grows;
    let timed = model.has_time();
    let state = if timed { State::Transient } else { look.state(job.grew_before || single_look) };
    let saturated = state == State::Saturated;
    let unloaded = unloaded_s(job);
    Point {
        load: Load {
            at: job.at,
            rate_per_s: Some(rows::mean(summaries, |s| s.total.submitted / s.window_s)),
            users: loads::all_users(model),
            scale: job.at / base,
            over: None,
        },
        state,
        settling: state == State::Undecided && look.settles(),
        backlog_growth_per_s: look.growth.clone(),
        grows_at: saturated.then(|| bottleneck::longest_queue(model, layout, summaries)).flatten(),
        converged: job.converged.iter().map(|&(s, c)| (statistic_name(s), c && !saturated)).collect(),
        requests_needed: job.requests_needed.filter(|_| !saturated),
        replications: summaries.len() as u32,
        duration_s: summaries.iter().map(|s| s.window_s).fold(f64::INFINITY, f64::min),
        warmup_s: pilot.warmup.as_secs(),
        events: gathered.events(),
        counts: counts(gathered),
        requests: requests(job, gathered),
        total: rows::request(
            model,
            "",
            &gathered.pooled.total,
            summaries,
            &total_thresholds(model, &job.thresholds),
            Some(unloaded),
            |s| &s.total,
        ),
        places: (0..model.places.len() as u32)
            .map(|p| {
                (model.places[p as usize].name.clone(), rows::place(model, layout, gathered, PlaceId(p)))
            })
            .collect(),
        changes: timeline::changes(model, job.length),
        timeline: timeline::rows(model, gathered, job.length),
        tail: None,
        cost: bill::cost(model, layout, summaries),
        business: bill::business(model, &job.demands, summaries),
        audit: audit(job, gathered, saturated || timed),
        exact: if state == State::Stable { exact::rows(job) } else { Vec::new() },
    }
}

fn counts(gathered: &Gathered) -> Counts {
    rows::counts(&gathered.pooled.total)
}

/// Over all requests there is an Apdex only at thresholds that all have: those that are asked of all, and what they share by chance.
fn total_thresholds(model: &Model, of: &[Thresholds]) -> Thresholds {
    let asked = model.objectives.iter().filter(|o| o.endpoint.is_none()).filter_map(|o| o.goal.apdex_ns());
    let shared = of.first().into_iter().flat_map(|first| first.apdex.iter().copied());
    let shared = shared.filter(|t| of.iter().all(|o| o.apdex.contains(t)));
    let apdex = asked.chain(shared).collect();
    Thresholds { apdex, ..Thresholds::default() }
}

/// Mean response time of all requests when nobody waits.
fn unloaded_s(job: &Job) -> f64 {
    let rates = job.demands.free_rates(&job.model);
    let sum: f64 = rates.iter().sum();
    let each = rates.iter().enumerate().map(|(g, rate)| rate * job.demands.unloaded_s(&job.model, g));
    if sum > 0.0 { each.sum::<f64>() / sum } else { 0.0 }
}

fn requests(job: &Job, gathered: &Gathered) -> indexmap::IndexMap<String, super::answer::RequestRow> {
    let model = &job.model;
    let row = |at: usize| {
        let request = &model.requests[at];
        let GroupId(group) = request.group;
        let r_min = job.demands.requests[at].r_min_s;
        rows::request(
            model,
            &model.groups[group as usize].name,
            &gathered.pooled.requests[at],
            &gathered.summaries,
            &job.thresholds[at],
            Some(r_min),
            |s| &s.requests[at],
        )
    };
    model.requests.iter().enumerate().map(|(at, r)| (r.name.clone(), row(at))).collect()
}

/// The laws of a point: flow and Little exactly, utilisation statistically.
fn audit(job: &Job, gathered: &Gathered, unsteady: bool) -> Vec<AuditRow> {
    let (model, layout) = (&job.model, &job.layout);
    let name = |place: Option<usize>| place.map_or("requests".into(), |p| model.places[p].name.clone());
    let findings = gathered.summaries.first().map_or(0, |s| s.audit.len());
    let mut rows: Vec<AuditRow> = (0..findings)
        .map(|at| {
            let first = gathered.summaries[0].audit[at];
            let gap = gathered.summaries.iter().map(|s| s.audit[at].gap).fold(0.0, f64::max);
            AuditRow { law: first.law, place: name(first.place), gap, z: None, holds: gap == 0.0 }
        })
        .collect();
    if !unsteady {
        rows.extend(utilization_law(model, layout, job, gathered));
    }
    rows
}

/// The model with the hit ratios that the simulation found: in theory they are approximate, and without TTLs and writes.
fn with_found_hits(model: &Model, summaries: &[super::summary::Summary]) -> Model {
    let mut model = model.clone();
    for store in &mut model.stores {
        let sum = |f: fn(&super::summary::PlaceSummary) -> f64| {
            summaries.iter().map(|s| f(&s.places[store.place.index()])).sum::<f64>()
        };
        let look_ups = sum(|p| p.hits + p.misses + p.coalesced);
        if look_ups > 0.0 {
            store.hit_ratio = 1.0 - sum(|p| p.misses) / look_ups;
        }
    }
    model
}

/// Whether every call that a program comes to is made, and works to its end: not if a timeout that somebody catches may cut
/// it off, or if other answers can be enough before it starts.
fn all_calls_are_made(model: &Model) -> bool {
    let cut = |site: &Site| {
        let is_caught = site.on_error != OnError::Raise || site.attempts > 1;
        site.timeout.is_some() && is_caught && (site.cancel || matches!(site.target, Target::Branch(_)))
    };
    let left_out = |op: &Op| match *op {
        Op::Call { first, count, need } => {
            let sites = &model.sites[first.index()..first.index() + count as usize];
            let copies: u32 = sites.iter().map(|site| site.copies).sum();
            need < copies && sites.iter().any(|site| site.cancel || site.at_once < site.copies)
        }
        _ => false,
    };
    let caught = |site: &Site| site.on_error != OnError::Raise && !fails_last(model, site);
    !model.sites.iter().any(|site| cut(site) || caught(site)) && !model.ops.iter().any(left_out)
}

/// Whether an error of a call that is caught leaves no work undone and brings none: the caller goes on, and what it called calls nobody and
/// does nothing after it may have failed.
fn fails_last(model: &Model, site: &Site) -> bool {
    let (OnError::Continue, Target::Endpoint(endpoint)) = (site.on_error, site.target) else { return false };
    let program = model.program_of(endpoint);
    let calls = program.iter().any(|op| matches!(op, Op::Call { .. } | Op::Send { .. } | Op::Jump(_)));
    let first = program.iter().position(|op| matches!(op, Op::Fail(_))).unwrap_or(program.len());
    let rest = program.get(first..).unwrap_or_default();
    !calls && rest.iter().all(|op| matches!(op, Op::Fail(_) | Op::Release | Op::End))
}

/// Whether calls slow each other down on a resource: it is busy for longer than the work they bring.
fn slows_down(model: &Model, layout: &Layout, resource: usize) -> bool {
    let stations = model.stations.iter().zip(&layout.resource_of).filter(|(_, of)| **of as usize == resource);
    stations
        .into_iter()
        .any(|(station, _)| matches!(station.kind, StationKind::Cores { sharing: Sharing::Contended(_), .. }))
}

/// Utilisation law: what a resource is busy is what was started on it times what a call holds it in theory. It binds only resources
/// whose holding times are work alone (cores, servers, workers of places that call nobody), and only while nothing fails.
fn utilization_law(model: &Model, layout: &Layout, job: &Job, gathered: &Gathered) -> Vec<AuditRow> {
    let summaries = &gathered.summaries[..];
    let errors: f64 = summaries.iter().map(|s| s.total.errors.iter().sum::<f64>()).sum();
    let lost = summaries.iter().flat_map(|s| &s.places).any(|p| p.rejected + p.abandoned > 0.0);
    if errors > 0.0 || lost || !all_calls_are_made(model) {
        return Vec::new();
    }
    // What is written back, where reads go after a write, and how often an optimistic step begins anew, is left to chance.
    let by_chance = model.stores.iter().any(|store| store.write_back.is_some())
        || model.ops.iter().any(|op| matches!(op, Op::Validate { .. }))
        || model.endpoints.iter().any(|endpoint| endpoint.after_own_write.is_some());
    if by_chance {
        return Vec::new();
    }
    let found = (!model.stores.is_empty()).then(|| Demands::new(&with_found_hits(model, summaries)));
    let demands = found.as_ref().unwrap_or(&job.demands);
    let law = |(at, resource): (usize, &crate::measure::layout::Resource)| {
        if !bottleneck::holds_work_only(model, layout, at) || slows_down(model, layout, at) {
            return None;
        }
        // Seconds of work per request of each kind, over all members.
        let work: Vec<f64> = demands
            .requests
            .iter()
            .map(|d| {
                let here = d.stations.iter().filter(|(s, _)| layout.resource_of[s.index()] as usize == at);
                here.map(|(_, seconds)| seconds).sum()
            })
            .collect();
        let gaps: Vec<f64> = summaries
            .iter()
            .map(|s| {
                let expected: f64 =
                    s.requests.iter().zip(&work).map(|(r, w)| r.submitted / s.window_s * w).sum();
                s.resources[at].busy - expected
            })
            .collect();
        let gap = interval::mean(&gaps, 0.95).ok()?;
        // Calls cut by the edges of the window: at most one piece of work for each server. Where work is constant nothing else varies.
        let longest = work.iter().copied().fold(0.0, f64::max);
        let edge = resource.capacity as f64 * longest / summaries[0].window_s;
        let beyond =
            interval::Interval { value: (gap.value.abs() - edge).max(0.0).copysign(gap.value), ..gap };
        let z = rows::z_of(beyond, gaps.len());
        let busy = rows::mean(summaries, |s| s.resources[at].busy).value.unwrap_or(0.0);
        // The bar rises with the number of places, so that a model of a hundred does not cry wolf.
        let tail = 0.0005 / layout.resources.len().max(1) as f64;
        let bar = quantiles::student(1.0 - tail, gaps.len() - 1);
        let place = format!("{} {}", model.places[resource.place.index()].name, resource.name);
        let relative = if busy > 0.0 { gap.value.abs() / busy } else { gap.value.abs() };
        Some(AuditRow { law: "utilization", place, gap: relative, z: Some(z), holds: z.abs() <= bar })
    };
    layout.resources.iter().enumerate().filter_map(law).collect()
}
