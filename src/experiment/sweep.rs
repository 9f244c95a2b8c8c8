//! The main job: a curve over load, with its knee, its limit, its saturation and what gives way.

use super::answer::{Answer, Axis, BottleneckLaw, Estimate, Found, Point, State};
use super::bottleneck::{self, Culprit, Graph};
use super::edge::{Edge, bound, find_edge, may_exceed};
use super::knee::Steady;
use super::loads::{self, Dial};
use super::options::{Loads, Options, Progress, StudyError};
use super::rounds::{self, Job};
use super::saturation::saturation;
use super::{limit, point};
use crate::ids::StationId;
use crate::model::{Demands, Model, Peak};

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
/// Rounds of refinement around limit and knee; one more is for the knee alone, which points around the limit may have moved.
const REFINEMENTS: usize = 3;
/// The limit is known well enough when its bands cross within this share of it.
const LIMIT_WIDTH: f64 = 0.02;
/// Points closer than this share of the range are one.
pub const SAME: f64 = 0.008;
/// A point this near the knee, as a share of it, shows it as well as one on it: two that are closer tell more of their
/// noise than of the slope between them.
const NEAR_KNEE: f64 = 0.03;

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
    let dial = Dial::steady(model, &asked.swept)?;
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
    Ok(answer(model, &dial, &jobs, edge, law, options))
}

fn first_loads(model: &Model, dial: &Dial, asked: &Loads, edge: Edge) -> Result<Vec<f64>, StudyError> {
    let mut at = if asked.at.is_empty() { chosen_loads(model, dial, asked, edge)? } else { asked.at.clone() };
    if let Some(bad) = at.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        return Err(StudyError::BadLoad(format!("a load is above zero, not {bad}")));
    }
    asked
        .at
        .iter()
        .chain(asked.from.iter())
        .chain(asked.to.iter())
        .try_for_each(|x| dial.check(model, *x))?;
    at.iter_mut().for_each(|x| *x = dial.round(*x));
    at.sort_by(f64::total_cmp);
    at.dedup();
    Ok(at)
}

fn chosen_loads(model: &Model, dial: &Dial, asked: &Loads, edge: Edge) -> Result<Vec<f64>, StudyError> {
    if let (Some(from), Some(to)) = (asked.from, asked.to)
        && from >= to
    {
        return Err(StudyError::BadLoad(format!("the range from {from} to {to} is empty")));
    }
    let mut loads = loads_up_to(edge, dial);
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

/// Loads that show where a curve bends, in ascending order.
pub fn loads_up_to(edge: Edge, dial: &Dial) -> Vec<f64> {
    match edge {
        Edge::Between(carried, not) => {
            let shares = SHARES_OPEN.iter().map(|s| s * (carried + not) / 2.0);
            shares.chain([BEYOND * not]).collect()
        }
        Edge::Sheds(bound) => SHARES_SHEDDING.iter().map(|s| s * bound).collect(),
        Edge::Closed(n) => SHARES_CLOSED.iter().map(|s| (s * n).min(dial.most)).collect(),
        Edge::Beyond(most) => (1..=10).map(|i| 0.1 * f64::from(i) * most).collect(),
        Edge::Unlimited => (1..=10).map(|i| 0.2 * f64::from(i) * dial.base).collect(),
    }
}

/// The stated peak, on the axis.
pub fn peak(model: &Model, dial: &Dial) -> Option<f64> {
    match (model.peak?, &dial.axis) {
        (Peak::Rate(rate), Axis::Rate) => Some(rate),
        (Peak::Users(users), Axis::Users) => Some(users),
        (Peak::Users(users), Axis::Scale) => Some(users / loads::all_users(model)?),
        (Peak::Rate(rate), Axis::Scale) => Some(rate / loads::all_rates(model)?),
        _ => None,
    }
}

/// Adds points where the limit and the knee are.
pub fn refine(
    model: &Model,
    dial: &Dial,
    jobs: &mut Vec<Job>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(), StudyError> {
    for round in 0..=REFINEMENTS {
        let points: Vec<Point> = jobs.iter().map(|j| point::point(j, dial.base)).collect();
        let mut wanted = Vec::new();
        let (_, limit) = limit::limits(model, &points, "", limit::Along::LOAD);
        let limit = limit.filter(|_| round < REFINEMENTS).map(|found| found.at);
        if let Some(Estimate { value: Some(value), low, high, .. }) = limit {
            let width = high.unwrap_or(f64::INFINITY) - low.unwrap_or(0.0);
            if width > LIMIT_WIDTH * value {
                wanted.push(value);
            }
            // The interpolant is only as good as the points on either side of the crossing are near.
            wanted.extend(
                [1.0 - LIMIT_WIDTH, 1.0 + LIMIT_WIDTH].map(|near| near * value).into_iter().filter(|x| {
                    let between = |j: &Job| {
                        if *x < value { j.at >= *x && j.at < value } else { j.at <= *x && j.at > value }
                    };
                    !jobs.iter().any(between)
                }),
            );
        }
        let steady = jobs.iter().zip(&points).filter(|(_, p)| p.state != State::Saturated).map(|(j, _)| j);
        let range = jobs.last().map_or(0.0, |j| j.at);
        let knee = Steady::new(steady, options.knee_by).knee("").at.value;
        wanted.extend(knee.filter(|knee| jobs.iter().all(|j| (j.at - knee).abs() > NEAR_KNEE * knee)));
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

/// What the settled jobs of a curve say, in ascending order of load.
pub fn answer(
    model: &Model,
    dial: &Dial,
    jobs: &[Job],
    edge: Edge,
    law: Option<(f64, StationId)>,
    options: &Options,
) -> Answer {
    let mut points: Vec<Point> = jobs.iter().map(|j| point::point(j, dial.base)).collect();
    let graph = Graph::new(model);
    let culprits: Vec<Option<Culprit>> =
        jobs.iter().map(|j| bottleneck::culprit(&j.model, &j.layout, &graph, j.summaries())).collect();
    let load = dial.name();
    let saturation = saturation(model, dial, jobs, &mut points, &culprits, edge);
    let (slo, mut limit_at) = limit::limits(model, &points, &load, limit::Along::LOAD);
    let steady = || jobs.iter().zip(&points).filter(|(_, p)| p.state != State::Saturated).map(|(j, _)| j);
    let steady = Steady::new(steady(), options.knee_by);
    let mut knee_at = steady.knee(&load);
    let at = |x: f64| nearest(jobs, &culprits, x);
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

pub fn culprit_row(job: &Job, culprit: &Culprit) -> bottleneck::Row {
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

pub fn law_row(model: &Model, dial: &Dial, at: f64, station: StationId) -> BottleneckLaw {
    // Not by whole users: the law knows none.
    let factor = at / dial.base;
    let free = Demands::new(model).free_rates(model);
    let rate = free.iter().enumerate().map(|(g, r)| if dial.sweeps(g) { r * factor } else { *r }).sum();
    let station = &model.stations[station.index()];
    BottleneckLaw {
        place: model.members[station.member.index()].name.clone(),
        resource: station.resource.to_owned(),
        rate_per_s: rate,
        users: dial.closed().then_some(at),
        unless_errors_are_caught: may_exceed(model, dial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;
    use crate::experiment::Quiet;
    use crate::model::USERS_MAX;

    /// By the asymptotes of a closed network 64 workers of 1 ms are exhausted by 64,000/s x (1 d + 1 ms) = 5.5e9 users.
    #[test]
    fn users_beyond_what_is_simulated_are_not_swept() {
        let yaml = "knee: 1\nload: {users: 1_000, think: {exp: 1d}, requests: {s.x: 1}}\nservices: {s: {workers: 64, endpoints: {x: [{delay: {exp: 1ms}}]}}}\n";
        let loaded = compile::load(yaml.as_bytes(), "m.yaml", &[], &|_| Err("no files here".into()));
        let model = loaded.model.expect("a model without faults");
        let dial = Dial::steady(&model, &crate::experiment::Swept::All).unwrap();
        let law = bound(&model, &dial).map(|law| law.0);
        assert!((law.unwrap() - 5.5296e9).abs() < 1e5, "{law:?}");
        let edge = find_edge(&model, &dial, law, &Options::from(&model.study), &Quiet).unwrap();
        assert_eq!(edge, Edge::Beyond(f64::from(USERS_MAX)));
        let loads = first_loads(&model, &dial, &Loads::default(), edge).unwrap();
        assert_eq!((loads.len(), loads[0], loads[9]), (10, 1e6, 1e7));
        let near = Edge::Closed(8e6);
        assert_eq!(first_loads(&model, &dial, &Loads::default(), near).unwrap().last(), Some(&1e7));
    }
}
