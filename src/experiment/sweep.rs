//! The main job: a curve over load, with its knee, its limit, its saturation and what gives way.

use std::collections::BTreeMap;

use super::answer::{Answer, Asymptotes, Axis, BottleneckLaw, Estimate, Found, Point, Saturation, State};
use super::bottleneck::{self, Culprit, Graph};
use super::knee::Steady;
use super::loads::{self, Dial};
use super::options::{Loads, Options, Progress, StudyError};
use super::replication::{Window, replicate};
use super::rounds::{self, Job};
use super::state::Look;
use super::summary::Summary;
use super::{limit, point};
use crate::engine::Seed;
use crate::measure::layout::Layout;
use crate::model::{Demands, Model, Peak};
use crate::units::Span;

/// Loads of a sweep, as shares of saturation: dense where the curve bends.
const SHARES_OPEN: [f64; 9] = [0.10, 0.25, 0.40, 0.50, 0.60, 0.70, 0.80, 0.88, 0.95];
/// Beyond saturation, to show that there is no steady state.
const BEYOND: f64 = 1.06;
/// Loads where the system sheds what it cannot carry, as shares of the bottleneck law's bound.
const SHARES_SHEDDING: [f64; 10] = [0.10, 0.25, 0.40, 0.55, 0.70, 0.80, 0.90, 1.00, 1.15, 1.30];
/// Loads of closed systems, as shares of N*.
const SHARES_CLOSED: [f64; 9] = [0.10, 0.25, 0.40, 0.60, 0.80, 0.90, 1.00, 1.20, 1.60];
/// Shares of the stated peak that make the performance envelope.
const ENVELOPE: [f64; 5] = [0.25, 0.50, 0.75, 1.00, 1.25];
/// Rounds of refinement around limit and knee.
const REFINEMENTS: usize = 3;
/// The limit is known well enough when its bands cross within this share of it.
const LIMIT_WIDTH: f64 = 0.02;
/// Points closer than this share of the range are one.
const SAME: f64 = 0.008;
/// Replications and requests of a probe for saturation.
const PROBE_REPLICATIONS: u32 = 10;
const PROBE_REQUESTS: f64 = 20_000.0;

/// What is known of saturation before the curve is simulated.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    /// Between a load that was carried and one that was not.
    Between(f64, f64),
    /// Load beyond this bound is shed, not queued.
    Sheds(f64),
    /// Closed: N* by the bottleneck law.
    Closed(f64),
    /// Nothing is limited.
    Unlimited,
}

/// Sweeps `model` over load.
///
/// # Errors
/// A group that is not there, a load that cannot be simulated, no threads.
pub fn sweep(
    model: &Model,
    asked: &Loads,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Answer, StudyError> {
    let dial = Dial::new(model, &asked.swept)?;
    let law = bound(model, &dial);
    let edge = if asked.at.is_empty() {
        find_edge(model, &dial, law.as_ref().map(|l| l.0), options, progress)?
    } else {
        Edge::Unlimited
    };
    let first = first_loads(model, &dial, asked, edge)?;
    let mut jobs: Vec<Job> = first.into_iter().map(|at| Job::new(at, dial.set(model, at))).collect();
    rounds::settle(&mut jobs, options, progress)?;
    if asked.at.is_empty() {
        refine(model, &dial, &mut jobs, options, progress)?;
    }
    Ok(answer(model, &dial, jobs, edge, law, options))
}

/// The load on the axis at which the bottleneck law says a resource is exhausted, and which.
fn bound(model: &Model, dial: &Dial) -> Option<(f64, crate::ids::StationId)> {
    let demands = Demands::new(model);
    let rates = loads::free_rates(model, &demands);
    let split = |swept: bool| -> Vec<f64> {
        let rate = |r: &crate::model::Request| {
            if dial.sweeps(r.group.index()) == swept { rates[r.group.index()] * r.share } else { 0.0 }
        };
        model.requests.iter().map(rate).collect()
    };
    let bound = demands.bound(model, &split(true), &split(false))?;
    Some((bound.factor * dial.base, bound.station))
}

/// Finds saturation by doubling down and bisecting below the bottleneck law's bound.
fn find_edge(
    model: &Model,
    dial: &Dial,
    bound: Option<f64>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Edge, StudyError> {
    let Some(bound) = bound else { return Ok(Edge::Unlimited) };
    if bound <= 0.0 {
        return Err(StudyError::BadLoad(
            "the groups that are not swept exhaust a resource by themselves".into(),
        ));
    }
    if dial.closed() {
        return Ok(Edge::Closed(bound));
    }
    progress.stage("finding saturation", 8);
    rounds::in_pool(options, || {
        let grows = |load: f64| {
            progress.done(1);
            probe(model, dial, load, options)
        };
        if !grows(1.05 * bound) {
            return Edge::Sheds(bound);
        }
        let mut carried = 0.97 * bound;
        let mut not = bound;
        if grows(carried) {
            (carried, not) = (0.0, carried);
            for _ in 0..7 {
                let middle = (carried + not) / 2.0;
                if grows(middle) {
                    not = middle
                } else {
                    carried = middle
                }
                if not - carried < 0.03 * not {
                    break;
                }
            }
        }
        Edge::Between(carried.max(0.02 * not), not)
    })
}

/// Whether the backlog grows at a load, from a few short replications.
fn probe(model: &Model, dial: &Dial, load: f64, options: &Options) -> bool {
    use rayon::prelude::*;
    let model = dial.set(model, load);
    let layout = Layout::new(&model);
    let demands = Demands::new(&model);
    let rate: f64 = loads::free_rates(&model, &demands).iter().sum();
    let length = Span::from_secs(PROBE_REQUESTS / rate);
    // The start from an empty system looks like growth.
    let window = Window { warmup: Span(length.0 / 5), length, events_max: 40 * PROBE_REQUESTS as u64 * 10 };
    let thresholds = vec![super::summary::Thresholds::default(); model.requests.len()];
    let summaries: Vec<Summary> = (0..PROBE_REPLICATIONS)
        .into_par_iter()
        .map(|replication| {
            // Streams of their own, so that what finds the edge does not steer what is measured there.
            let seed = Seed { seed: options.seed, replication: (1 << 20) + replication };
            Summary::new(&model, &layout, &thresholds, &replicate(&model, &layout, seed, window))
        })
        .collect();
    Look::at(&summaries).grows
}

fn first_loads(model: &Model, dial: &Dial, asked: &Loads, edge: Edge) -> Result<Vec<f64>, StudyError> {
    let mut at = if asked.at.is_empty() { chosen_loads(model, dial, asked, edge)? } else { asked.at.clone() };
    if let Some(bad) = at.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        return Err(StudyError::BadLoad(format!("a load is above zero, not {bad}")));
    }
    at.iter_mut().for_each(|x| *x = dial.round(*x));
    at.sort_by(f64::total_cmp);
    at.dedup();
    Ok(at)
}

fn chosen_loads(model: &Model, dial: &Dial, asked: &Loads, edge: Edge) -> Result<Vec<f64>, StudyError> {
    if let (Some(from), Some(to)) = (asked.from, asked.to) {
        if from >= to {
            return Err(StudyError::BadLoad(format!("the range from {from} to {to} is empty")));
        }
    }
    let mut loads: Vec<f64> = match edge {
        Edge::Between(carried, not) => {
            let shares = SHARES_OPEN.iter().map(|s| s * (carried + not) / 2.0);
            shares.chain([BEYOND * not]).collect()
        }
        Edge::Sheds(bound) => SHARES_SHEDDING.iter().map(|s| s * bound).collect(),
        Edge::Closed(n) => SHARES_CLOSED.iter().map(|s| s * n).collect(),
        Edge::Unlimited => (1..=10).map(|i| 0.2 * f64::from(i) * dial.base).collect(),
    };
    if asked.from.is_some() || asked.to.is_some() {
        let from = asked.from.unwrap_or(loads[0]);
        let to = asked.to.unwrap_or(loads[loads.len() - 1]);
        loads = (0..10).map(|i| from + (to - from) * f64::from(i) / 9.0).collect();
        return Ok(loads);
    }
    let envelope: Vec<f64> =
        peak(model, dial).map_or(Vec::new(), |p| ENVELOPE.iter().map(|s| s * p).collect());
    let range = loads[loads.len() - 1];
    // Where a point of the envelope is at hand, it stands for its neighbour.
    loads.retain(|x| envelope.iter().all(|e| (x - e).abs() > 2.0 * SAME * range));
    loads.extend(envelope);
    Ok(loads)
}

/// The stated peak, on the axis.
fn peak(model: &Model, dial: &Dial) -> Option<f64> {
    match (model.peak?, &dial.axis) {
        (Peak::Rate(rate), Axis::Rate) => Some(rate),
        (Peak::Users(users), Axis::Users) => Some(users),
        _ => None,
    }
}

/// Adds points where the limit and the knee are.
fn refine(
    model: &Model,
    dial: &Dial,
    jobs: &mut Vec<Job>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    for _ in 0..REFINEMENTS {
        let points: Vec<Point> = jobs.iter().map(|j| point::point(j, dial.base)).collect();
        let mut wanted = Vec::new();
        let (_, limit) = limit::limits(model, &points, "");
        if let Some(Estimate { value: Some(value), low, high, .. }) = limit.map(|f| f.at) {
            let width = high.unwrap_or(f64::INFINITY) - low.unwrap_or(0.0);
            if width > LIMIT_WIDTH * value {
                wanted.push(value);
            }
        }
        let steady = jobs.iter().zip(&points).filter(|(_, p)| p.state != State::Saturated).map(|(j, _)| j);
        if let Some(knee) = Steady::new(steady, options.knee_by).knee("").at.value {
            wanted.push(knee);
        }
        let range = jobs.last().map_or(0.0, |j| j.at);
        wanted.iter_mut().for_each(|x| *x = dial.round(*x));
        wanted.retain(|x| jobs.iter().all(|j| (j.at - x).abs() > SAME * range));
        wanted.dedup_by(|a, b| (*a - *b).abs() <= SAME * range);
        if wanted.is_empty() {
            return Ok(());
        }
        let mut fresh: Vec<Job> = wanted.into_iter().map(|at| Job::new(at, dial.set(model, at))).collect();
        rounds::settle(&mut fresh, options, progress)?;
        jobs.extend(fresh);
        jobs.sort_by(|a, b| a.at.total_cmp(&b.at));
    }
    Ok(())
}

fn answer(
    model: &Model,
    dial: &Dial,
    jobs: Vec<Job>,
    edge: Edge,
    law: Option<(f64, crate::ids::StationId)>,
    options: &Options,
) -> Answer {
    let mut points: Vec<Point> = jobs.iter().map(|j| point::point(j, dial.base)).collect();
    let graph = Graph::new(model);
    let culprits: Vec<Option<Culprit>> =
        jobs.iter().map(|j| bottleneck::culprit(&j.model, &j.layout, &graph, j.summaries())).collect();
    let load = dial.name();
    let saturation = saturation(model, dial, &jobs, &mut points, &culprits, edge);
    let (slo, mut limit_at) = limit::limits(model, &points, &load);
    let steady = || jobs.iter().zip(&points).filter(|(_, p)| p.state != State::Saturated).map(|(j, _)| j);
    let steady = Steady::new(steady(), options.knee_by);
    let mut knee_at = steady.knee(&load);
    let at = |x: f64| nearest(&jobs, &culprits, x);
    annotate(&mut knee_at, &at);
    if let Some(limit) = &mut limit_at {
        annotate(limit, &at);
    }
    let peak = peak(model, dial);
    let headroom = peak.zip(limit_at.as_ref()).map(|(peak, limit)| headroom(peak, &limit.at));
    let rows: Vec<_> =
        jobs.iter().zip(&culprits).map(|(j, c)| c.as_ref().map(|c| culprit_row(j, c))).collect();
    Answer {
        axis: dial.axis.clone(),
        knee_at: Some(knee_at),
        elbow_at: Some(steady.elbow(&load)),
        kneedle_at: steady.kneedle(),
        limit_at,
        saturation_at: Some(saturation),
        headroom,
        peak,
        bottleneck_law: law.map(|(at, station)| law_row(model, dial, at, station)),
        bottlenecks: bottleneck::by_load(&points, &rows),
        slo,
        points,
        ..super::blank(model, options)
    }
}

fn culprit_row(job: &Job, culprit: &Culprit) -> (String, String, f64, Option<String>) {
    let r = &job.layout.resources[culprit.busiest];
    let held_by = culprit.held_by.map(|h| bottleneck::name(&job.model, &job.layout, h));
    (job.model.places[r.place.index()].name.clone(), r.name.to_owned(), culprit.utilization, held_by)
}

/// The culprit at the simulated load nearest to `x`.
fn nearest<'j>(jobs: &'j [Job], culprits: &'j [Option<Culprit>], x: f64) -> Option<(&'j Job, &'j Culprit)> {
    let pairs = jobs.iter().zip(culprits).filter_map(|(j, c)| Some((j, c.as_ref()?)));
    pairs.min_by(|a, b| (a.0.at - x).abs().total_cmp(&(b.0.at - x).abs()))
}

fn annotate<'j>(found: &mut Found, at: &impl Fn(f64) -> Option<(&'j Job, &'j Culprit)>) {
    let Some((job, culprit)) = found.at.value.and_then(at) else { return };
    let name = |r| bottleneck::name(&job.model, &job.layout, r);
    found.utilization = Some((name(culprit.busiest), culprit.utilization));
    found.cause = Some(name(culprit.cause()));
}

fn headroom(peak: f64, limit: &Estimate) -> Estimate {
    let of = |x: Option<f64>| x.map(|x| 1.0 - peak / x);
    Estimate {
        value: of(limit.value),
        low: of(limit.low),
        high: of(limit.high),
        reason: limit.reason.clone(),
    }
}

fn law_row(model: &Model, dial: &Dial, at: f64, station: crate::ids::StationId) -> BottleneckLaw {
    let scaled = dial.set(model, at);
    let rate = loads::free_rates(&scaled, &Demands::new(&scaled)).iter().sum();
    let station = &model.stations[station.index()];
    BottleneckLaw {
        place: model.members[station.member.index()].name.clone(),
        resource: station.resource.to_owned(),
        rate_per_s: rate,
        users: dial.closed().then_some(at),
    }
}

/// Saturation as the points saw it. Closed points beyond N* are marked.
fn saturation(
    model: &Model,
    dial: &Dial,
    jobs: &[Job],
    points: &mut [Point],
    culprits: &[Option<Culprit>],
    edge: Edge,
) -> Saturation {
    let load = dial.name();
    let row = |at: Estimate, throughput: Estimate, cause: Option<String>, asymptotes: Option<Asymptotes>| {
        Saturation { load: load.clone(), at, throughput_per_s: throughput, cause, asymptotes }
    };
    let cause_at = |i: usize| {
        let culprit = culprits[i].as_ref()?;
        Some(bottleneck::name(&jobs[i].model, &jobs[i].layout, culprit.cause()))
    };
    if dial.closed() {
        return closed_saturation(model, jobs, points, &row, &cause_at);
    }
    let first_saturated = points.iter().position(|p| p.state == State::Saturated);
    let last_carried = points.iter().rposition(|p| matches!(p.state, State::Stable | State::Shedding));
    let (low, high) = match edge {
        Edge::Between(carried, not) => (Some(carried), Some(not)),
        _ => (None, None),
    };
    let low = last_carried.map(|i| points[i].load.at).into_iter().chain(low).reduce(f64::max);
    let high = first_saturated.map(|i| points[i].load.at).into_iter().chain(high).reduce(f64::min);
    match (low, high) {
        (Some(low), Some(high)) if low < high => {
            let at = first_saturated.unwrap_or(points.len() - 1);
            let throughput = points[at].total.throughput_per_s.clone();
            // The busiest resource at the highest load carried, scaled to full, guesses best where between the two it is.
            let guess =
                last_carried.and_then(|i| Some(points[i].load.at / culprits[i].as_ref()?.utilization));
            let value = guess.unwrap_or((low + high) / 2.0).clamp(low, high);
            row(Estimate::with_interval(value, low, high), throughput, cause_at(at), None)
        }
        (_, Some(_)) => row(
            Estimate::unknown("loads judged steady and not steady overlap"),
            Estimate::default(),
            None,
            None,
        ),
        (Some(low), None) => {
            let reason = match edge {
                Edge::Sheds(_) => "what cannot be carried is shed, not queued".to_owned(),
                Edge::Unlimited if dial_is_unlimited(model, dial) => {
                    "nothing in the model is limited".to_owned()
                }
                _ => format!("above {}, the highest load simulated", loads::plain(low)),
            };
            let throughput = points.last().map(|p| p.total.throughput_per_s.clone()).unwrap_or_default();
            row(Estimate { low: Some(low), ..Estimate::unknown(&reason) }, throughput, None, None)
        }
        (None, None) => row(Estimate::unknown("no load was judged"), Estimate::default(), None, None),
    }
}

fn dial_is_unlimited(model: &Model, dial: &Dial) -> bool {
    bound(model, dial).is_none()
}

fn closed_saturation(
    model: &Model,
    jobs: &[Job],
    points: &mut [Point],
    row: &dyn Fn(Estimate, Estimate, Option<String>, Option<Asymptotes>) -> Saturation,
    cause_at: &dyn Fn(usize) -> Option<String>,
) -> Saturation {
    let throughput = |p: &Point| p.total.throughput_per_s.value.unwrap_or(0.0);
    let best = (0..points.len()).max_by(|&a, &b| throughput(&points[a]).total_cmp(&throughput(&points[b])));
    let Some(best) = best else {
        return row(Estimate::unknown("no load was simulated"), Estimate::default(), None, None);
    };
    let x_max = points[best].total.throughput_per_s.clone();
    let think_s = loads::think_s(model);
    let demands = Demands::new(model);
    let rates = loads::free_rates(model, &demands);
    let sum: f64 = rates.iter().sum();
    let r_min_s =
        rates.iter().enumerate().map(|(g, r)| r * loads::unloaded_s(model, &demands, g)).sum::<f64>() / sum;
    let users = |x: Option<f64>| x.map(|x| x * (r_min_s + think_s));
    let at =
        Estimate { value: users(x_max.value), low: users(x_max.low), high: users(x_max.high), reason: None };
    let asymptotes = x_max.value.map(|x| Asymptotes { r_min_s, think_s, x_max_per_s: x });
    let n_star = at.value.unwrap_or(f64::INFINITY);
    let highest = jobs.last().map_or(0.0, |j| j.at);
    if highest < n_star {
        let reason = format!("throughput still rises at {highest:.0} users");
        return row(Estimate { low: Some(highest), ..Estimate::unknown(&reason) }, x_max, None, None);
    }
    for p in points.iter_mut().filter(|p| {
        p.load.at > n_star && p.state == State::Stable || p.load.at > n_star && p.state == State::Undecided
    }) {
        p.state = State::BeyondSaturation;
    }
    row(at, x_max, cause_at(best), asymptotes)
}

/// One load: the model as it is.
///
/// # Errors
/// No threads.
pub fn run(model: &Model, options: &Options, progress: &dyn Progress) -> Result<Answer, StudyError> {
    let dial = Dial::new(model, &super::options::Swept::All)?;
    let mut jobs = vec![Job::new(dial.base, model.clone())];
    rounds::settle(&mut jobs, options, progress)?;
    let mut answer = points_only(model, &jobs, dial.base, dial.axis.clone(), options);
    answer.bottleneck_law = bound(model, &dial).map(|(at, station)| law_row(model, &dial, at, station));
    if let (true, Some(law)) = (dial.closed(), &answer.bottleneck_law) {
        let beyond = law.users.is_some_and(|n| dial.base > n);
        let point = &mut answer.points[0];
        if beyond && matches!(point.state, State::Stable | State::Undecided) {
            point.state = State::BeyondSaturation;
        }
    }
    Ok(answer)
}

/// Any path of the model as the axis: one compiled model a value.
///
/// # Errors
/// No threads.
pub fn over(
    path: &str,
    models: &[(f64, Model)],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Answer, StudyError> {
    let Some((_, model)) = models.first() else {
        return Err(StudyError::BadLoad(format!("no values for {path}")));
    };
    let by_value: BTreeMap<u64, usize> =
        models.iter().enumerate().map(|(i, (x, _))| (ordered(*x), i)).collect();
    let mut jobs: Vec<Job> = by_value.values().map(|&i| Job::new(models[i].0, models[i].1.clone())).collect();
    rounds::settle(&mut jobs, options, progress)?;
    Ok(points_only(model, &jobs, 1.0, Axis::Path(path.to_owned()), options))
}

/// Maps floats to integers of the same order.
fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn points_only(model: &Model, jobs: &[Job], base: f64, axis: Axis, options: &Options) -> Answer {
    let points: Vec<Point> = jobs.iter().map(|j| point::point(j, base)).collect();
    let rows: Vec<_> = jobs
        .iter()
        .map(|j| {
            let culprit = bottleneck::culprit(&j.model, &j.layout, &Graph::new(&j.model), j.summaries())?;
            Some(culprit_row(j, &culprit))
        })
        .collect();
    let (slo, _) = limit::limits(model, &points, &loads::axis_name(&axis));
    Answer {
        axis,
        bottlenecks: bottleneck::by_load(&points, &rows),
        slo,
        points,
        ..super::blank(model, options)
    }
}
