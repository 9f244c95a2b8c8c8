//! How far each objective holds.

use super::answer::{Distribution, Estimate, Found, Point, RequestRow, SloRow, State};
use super::figure::{self, Figure, Observed, Quantity, Subject};
use super::loads::plain;
use super::rounds::Job;
use super::rows::CONFIDENCE;
use super::summary::{QUANTILES, RequestSummary};
use crate::model::{Goal, Model, Objective, Statistic};
use crate::stats::curve::Curve;
use crate::stats::{binomial, isotonic};

/// What an objective looks at, at one load: value with its interval; rising is bad.
pub fn badness(row: &RequestRow, goal: Goal) -> Option<(Estimate, f64)> {
    let ended = row.latency_offered_s.count;
    Some(match goal {
        Goal::Latency(statistic, below) => (latency(row, statistic)?, below),
        Goal::Errors(below) => (all_or_none(errors(row), ended), below),
        Goal::Apdex { above, .. } => {
            let (_, score) = row.apdex_at.iter().find(|(t, _)| Some(*t) == goal.apdex_ns())?;
            (negated(&all_or_none(score.clone(), ended)), 1.0 - above)
        }
        Goal::GoodputShare(above) => (negated(&all_or_none(row.good_share.clone(), ended)), 1.0 - above),
        // About places and money: see `of_place`.
        _ => return None,
    })
}

/// What is missing to a share of one.
pub(super) fn negated(e: &Estimate) -> Estimate {
    Estimate {
        value: e.value.map(|v| 1.0 - v),
        low: e.high.map(|v| 1.0 - v),
        high: e.low.map(|v| 1.0 - v),
        reason: e.reason.clone(),
    }
}

/// A share of `n` things of which none, or all, were seen: replications that agree have no spread, and yet prove nothing beyond what so
/// many can. The exact bound of independent things stands at the far end; what comes in bursts is known less well than that.
fn all_or_none(e: Estimate, n: u64) -> Estimate {
    let far = || binomial::at_most_of_none(n, CONFIDENCE);
    match (e.value, e.low, e.high) {
        (Some(0.0), Some(_), Some(_)) => Estimate::with_interval(0.0, 0.0, far()),
        (Some(1.0), Some(_), Some(_)) => Estimate::with_interval(1.0, 1.0 - far(), 1.0),
        _ => e,
    }
}

/// As [`badness`], of a place, or of money.
fn of_place(model: &Model, objective: &Objective, point: &Point) -> Option<(Estimate, f64)> {
    let name = objective.place.map(|place| &model.places[place.index()].name);
    let row = name.and_then(|name| point.places.get(name));
    let cost = point.cost.as_ref();
    Some(match objective.goal {
        Goal::HitRatio(above) => {
            let row = row?;
            (negated(&all_or_none(row.hit_ratio.clone()?, row.look_ups)), 1.0 - above)
        }
        Goal::Utilization(below) => (row?.utilization.clone()?, below),
        Goal::Stale(below) => {
            let row = row?;
            (all_or_none(row.stale_share.clone()?, row.answers), below)
        }
        Goal::Age(statistic, below) => (of_distribution(row?.age_s.as_ref()?, statistic)?, below),
        Goal::MonthlyCost(below) => match name {
            Some(name) => (cost?.by_place.get(name)?.clone(), below),
            None => (cost?.per_month.clone(), below),
        },
        Goal::MillionCost(below) => (cost?.per_million_requests.clone(), below),
        _ => return None,
    })
}

/// What an objective looks at, of each group that asks for its endpoint, or of its place; rising is bad.
pub(super) fn readings(model: &Model, objective: &Objective, point: &Point) -> Vec<Option<(Estimate, f64)>> {
    if is_about_place(objective.goal) {
        return vec![of_place(model, objective, point)];
    }
    rows(model, objective, point).into_iter().map(|row| badness(row, objective.goal)).collect()
}

/// As [`readings`], with what each replication says; nothing for objectives that load need not make worse.
pub(super) fn observed(objective: &Objective, job: &Job) -> Vec<Option<(Observed, f64)>> {
    let model = &job.model;
    let place = || objective.place.map(|place| model.places[place.index()].name.clone());
    let subjects: Vec<Subject> = match (objective.endpoint, place()) {
        (Some(endpoint), _) => {
            let asked = model.requests.iter().filter(|r| r.endpoint == endpoint);
            asked.map(|r| Subject::Request(r.name.clone())).collect()
        }
        (None, Some(name)) => vec![Subject::Place(name)],
        (None, None) => vec![Subject::Total],
    };
    let of = |subject: Subject, quantity: Quantity| Figure { subject, quantity }.observe(job);
    let not = |seen: Observed| Observed {
        value: 1.0 - seen.value,
        each: seen.each.iter().map(|x| 1.0 - x).collect(),
        lack: seen.lack,
    };
    let one = |subject: Subject| {
        Some(match objective.goal {
            Goal::Latency(statistic, below) => (of(subject, Quantity::Latency(statistic))?, below),
            Goal::Errors(below) => (of(subject, Quantity::Errors)?, below),
            Goal::GoodputShare(above) => (not(of(subject, Quantity::Goodput)?), 1.0 - above),
            Goal::Apdex { above, .. } => {
                (not(of(subject, Quantity::Apdex(objective.goal.apdex_ns()?))?), 1.0 - above)
            }
            Goal::Utilization(below) => (of(subject, Quantity::Utilization)?, below),
            Goal::Age(statistic, below) => (figure::age(job, objective.place?, statistic)?, below),
            _ => return None,
        })
    };
    subjects.into_iter().map(one).collect()
}

/// Not of requests: of a place, or of money.
fn is_about_place(goal: Goal) -> bool {
    matches!(
        goal,
        Goal::HitRatio(_)
            | Goal::Utilization(_)
            | Goal::Stale(_)
            | Goal::Age(..)
            | Goal::MonthlyCost(_)
            | Goal::MillionCost(_)
    )
}

/// Whether load makes it worse, so that there may be a highest load at which it holds.
pub fn speaks_of_load(goal: Goal) -> bool {
    !goes_its_own_way(goal) && !matches!(goal, Goal::GoodputRate(_))
}

/// Whether load need not make it worse: then a breach at the lowest load says nothing about load.
fn goes_its_own_way(goal: Goal) -> bool {
    matches!(goal, Goal::HitRatio(_) | Goal::Stale(_) | Goal::MonthlyCost(_) | Goal::MillionCost(_))
}

fn latency(row: &RequestRow, statistic: Statistic) -> Option<Estimate> {
    of_distribution(&row.latency_s, statistic)
}

fn of_distribution(d: &Distribution, statistic: Statistic) -> Option<Estimate> {
    let Statistic::Quantile(p) = statistic else { return Some(d.mean.clone()) };
    let reported = [&d.p50, &d.p90, &d.p95, &d.p99, &d.p999];
    let at = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9)?;
    Some(reported[at].clone())
}

/// All kinds together: their values add, and so, at worst, do their half widths.
fn errors(row: &RequestRow) -> Estimate {
    let kinds = [&row.errors.timeout, &row.errors.rejected, &row.errors.abandoned, &row.errors.failed];
    let sum = |f: fn(&Estimate) -> Option<f64>| kinds.iter().map(|e| f(e)).sum::<Option<f64>>();
    let reason = kinds.iter().find_map(|e| e.reason.clone());
    Estimate { value: sum(|e| e.value), low: sum(|e| e.low), high: sum(|e| e.high), reason }
}

/// Rows of `points` that an objective speaks of: the endpoint's, by whichever group, or all requests.
pub fn rows<'p>(model: &Model, objective: &Objective, point: &'p Point) -> Vec<&'p RequestRow> {
    match objective.endpoint {
        None => vec![&point.total],
        Some(endpoint) => {
            let names = model.requests.iter().filter(|r| r.endpoint == endpoint).map(|r| &r.name);
            names.filter_map(|name| point.requests.get(name)).collect()
        }
    }
}

/// What the x axis of a curve is like.
#[derive(Clone, Copy)]
pub struct Along<'a> {
    /// What a value on it is called.
    pub noun: &'static str,
    /// How a reason states one.
    pub show: &'a dyn Fn(f64) -> String,
    /// Points are interpolated by the logarithm of the axis.
    pub log: bool,
}

impl Along<'static> {
    /// Load.
    pub const LOAD: Self = Self { noun: "load", show: &|load| plain(load), log: false };
}

/// The load up to which an objective holds. `low` is where the upper band breaks it first, `high` where the lower band does.
pub fn met_up_to(model: &Model, objective: &Objective, points: &[Point], along: Along<'_>) -> Estimate {
    if let Goal::GoodputRate(_) = objective.goal {
        return Estimate::unknown("an absolute goodput has a lowest load, not a highest");
    }
    if goes_its_own_way(objective.goal) && !gets_worse(model, objective, points) {
        return Estimate::unknown(&own_way(model, objective, points, along));
    }
    let steady: Vec<&Point> = points.iter().take_while(|p| p.state != State::Saturated).collect();
    let saturated = points.iter().find(|p| p.state == State::Saturated).map(|p| p.load.at);
    let Some(last) = steady.last().map(|p| p.load.at) else {
        return Estimate::unknown("no steady load was simulated");
    };
    let requests = steady.first().map_or(0, |p| readings(model, objective, p).len());
    // Whichever group sees it break first.
    let limits = (0..requests).map(|nth| {
        let band = |end: fn(&Estimate) -> Option<f64>| {
            let at = |p: &&Point| {
                let (estimate, bar) = readings(model, objective, p).swap_remove(nth)?;
                Some((p.load.at, end(&estimate).or(estimate.value)? - bar, bar))
            };
            crossing(objective.goal, &steady.iter().filter_map(at).collect::<Vec<_>>(), along.log)
        };
        (band(|e| e.value), band(|e| e.high), band(|e| e.low))
    });
    let earliest =
        |a: Crossing, b: Crossing| if a.0.unwrap_or(f64::MAX) <= b.0.unwrap_or(f64::MAX) { a } else { b };
    let Some((value, low, high)) = limits.reduce(earliest) else {
        return Estimate::unknown("nobody asks for this endpoint");
    };
    let first = steady[0].load.at;
    match (value, saturated) {
        (Some(value), _) if value <= first && goes_its_own_way(objective.goal) => {
            Estimate::unknown(&format!("broken at every {} simulated", along.noun))
        }
        (Some(value), _) if value <= first => Estimate {
            value: None,
            low: None,
            high: Some(first),
            reason: Some(format!("broken at the lowest {} simulated, {}", along.noun, (along.show)(first))),
        },
        (Some(value), _) => Estimate {
            value: Some(value),
            low: low.or(Some(first)),
            high: high.or(saturated),
            reason: high.or(saturated).is_none().then(|| format!("may hold beyond {}", (along.show)(last))),
        },
        // It holds while there is a steady state, and not without one.
        (None, Some(end)) => Estimate {
            reason: Some(super::answer::UP_TO_SATURATION.to_owned()),
            ..Estimate::with_interval((last + end) / 2.0, low.unwrap_or(last), end)
        },
        (None, None) => Estimate {
            value: None,
            low,
            high: None,
            reason: Some(format!("holds up to the highest {} simulated, {}", along.noun, (along.show)(last))),
        },
    }
}

/// The limit that each replication sees: where its own, monotone, curve first crosses a bar. `None` where one of them sees
/// none, or where an objective is not about requests.
pub fn in_each(model: &Model, jobs: &[&Job]) -> Option<Vec<f64>> {
    let first = jobs.first()?;
    let binding = || model.objectives.iter().filter(|objective| !objective.warns);
    if binding().any(|objective| is_about_place(objective.goal)) {
        return None;
    }
    let of = |replication: usize| {
        let limits = binding().flat_map(|objective| {
            let rows: Vec<Option<usize>> = match objective.endpoint {
                None => vec![None],
                Some(endpoint) => {
                    let all = model.requests.iter().enumerate();
                    all.filter(|(_, r)| r.endpoint == endpoint).map(|(at, _)| Some(at)).collect()
                }
            };
            rows.into_iter().filter_map(move |row| crossing_in(jobs, objective.goal, row, replication))
        });
        limits.reduce(f64::min)
    };
    (0..first.summaries().len()).map(of).collect()
}

fn crossing_in(jobs: &[&Job], goal: Goal, row: Option<usize>, replication: usize) -> Option<f64> {
    let at = |job: &&Job| {
        let summary = &job.summaries()[replication];
        let (value, bar) = badness_in(row.map_or(&summary.total, |at| &summary.requests[at]), goal)?;
        value.is_finite().then_some((job.at, value, bar))
    };
    let points: Vec<(f64, f64, f64)> = jobs.iter().filter_map(at).collect();
    let values: Vec<f64> = points.iter().map(|p| p.1).collect();
    // Noise may make a curve dip; what holds is what holds for good.
    let monotone = isotonic::non_decreasing(&values, &vec![1.0; values.len()]);
    let points: Vec<_> = points.iter().zip(monotone).map(|(&(x, _, bar), v)| (x, v - bar, bar)).collect();
    crossing(goal, &points, false)
}

/// As [`badness`], in one replication.
fn badness_in(row: &RequestSummary, goal: Goal) -> Option<(f64, f64)> {
    let (errors, offered) = (row.errors.iter().sum::<f64>(), row.ended());
    Some(match goal {
        Goal::Latency(Statistic::Mean, below) => (row.latency.mean, below),
        Goal::Latency(Statistic::Quantile(p), below) => {
            let at = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9)?;
            (row.latency.quantiles[at], below)
        }
        Goal::Errors(below) => (errors / offered, below),
        Goal::Apdex { above, .. } => (1.0 - row.apdex_at(goal.apdex_ns()?)? / offered, 1.0 - above),
        Goal::GoodputShare(above) => (1.0 - row.good / offered, 1.0 - above),
        _ => return None,
    })
}

type Crossing = (Option<f64>, Option<f64>, Option<f64>);

/// Where `(load, value - bar, bar)` first rises above zero; already broken at the first point: there.
fn crossing(goal: Goal, points: &[(f64, f64, f64)], log: bool) -> Option<f64> {
    let first = points.first()?;
    if first.1 >= 0.0 {
        return Some(first.0);
    }
    let place = |x: f64| if log { x.ln() } else { x };
    let curve: Vec<(f64, f64)> = points.iter().map(|&(x, over, bar)| (place(x), over + bar)).collect();
    let bar = first.2;
    let at = match goal {
        Goal::Latency(..) | Goal::Age(..) if curve.iter().all(|(_, v)| *v > 0.0) => {
            Curve::log(&curve)?.first_crossing(bar)
        }
        _ => Curve::linear(&curve)?.first_crossing(bar),
    }?;
    Some(if log { at.exp() } else { at })
}

/// All objectives, and the one that breaks first.
pub fn limits(model: &Model, points: &[Point], load: &str, along: Along<'_>) -> (Vec<SloRow>, Option<Found>) {
    first_to_break(model, load, |objective| met_up_to(model, objective, points, along))
}

/// As [`limits`] along any path of the model: where an objective does not get worse along it, there is no value up to which it holds.
pub fn limits_over(
    model: &Model,
    points: &[Point],
    path: &str,
    along: Along<'_>,
) -> (Vec<SloRow>, Option<Found>) {
    first_to_break(model, path, |objective| {
        if gets_worse(model, objective, points) {
            met_up_to(model, objective, points, along)
        } else {
            Estimate::unknown(&where_it_holds(model, objective, points, along))
        }
    })
}

/// Whether no value is surely better than the one before it; without a steady state is the worst.
fn gets_worse(model: &Model, objective: &Objective, points: &[Point]) -> bool {
    points.windows(2).all(|pair| {
        let of = |point| worst(model, objective, point);
        match (of(&pair[0]), of(&pair[1])) {
            (Some((before, _)), Some((after, _))) => after.high >= before.low,
            (None, Some(_)) => false,
            (_, None) => true,
        }
    })
}

/// What an objective looks at, of whichever group it is worst for, and its bar; `None` without a steady state.
fn worst(model: &Model, objective: &Objective, point: &Point) -> Option<(Band, f64)> {
    let steady = point.state != State::Saturated;
    let all = readings(model, objective, point).into_iter().flatten().filter(|_| steady);
    let all = all.filter_map(|(e, bar)| {
        let value = e.value?;
        Some((Band { value, low: e.low.unwrap_or(value), high: e.high.unwrap_or(value) }, bar))
    });
    all.max_by(|a, b| a.0.value.total_cmp(&b.0.value))
}

struct Band {
    value: f64,
    low: f64,
    high: f64,
}

fn where_it_holds(model: &Model, objective: &Objective, points: &[Point], along: Along<'_>) -> String {
    let holds = |p: &&Point| worst(model, objective, p).is_some_and(|(band, bar)| band.value < bar);
    let (good, bad): (Vec<&Point>, Vec<&Point>) = points.iter().partition(holds);
    let listed =
        |points: &[&Point]| points.iter().map(|p| (along.show)(p.load.at)).collect::<Vec<_>>().join(", ");
    match (good.is_empty(), bad.is_empty()) {
        (false, true) => "holds at all values simulated".to_owned(),
        (true, _) => "broken at all values simulated".to_owned(),
        _ => format!("broken at {}; holds at {}", listed(&bad), listed(&good)),
    }
}

/// Why there is no highest load: it does not get worse with load.
fn own_way(model: &Model, objective: &Objective, points: &[Point], along: Along<'_>) -> String {
    let steady = || points.iter().filter(|p| p.state != State::Saturated);
    let holds = |p: &&Point| worst(model, objective, p).is_some_and(|(band, bar)| band.value < bar);
    let (all, good) = (steady().count(), steady().filter(holds).count());
    let noun = along.noun;
    match all - good {
        0 => format!("holds at every {noun} simulated"),
        bad => format!("does not get worse with {noun}: broken at {bad} of {all} simulated"),
    }
}

fn first_to_break(
    model: &Model,
    load: &str,
    met_up_to: impl Fn(&Objective) -> Estimate,
) -> (Vec<SloRow>, Option<Found>) {
    let name = |o: &Objective| model.objective_subject(o);
    let slo: Vec<SloRow> = model
        .objectives
        .iter()
        .map(|o| SloRow { endpoint: name(o), objective: o.text.clone(), met_up_to: met_up_to(o) })
        .collect();
    // Broken from the start comes first, holding to the end last.
    let broken = |e: &Estimate| e.value.is_none() && e.high.is_some();
    let value = |row: &SloRow| {
        if broken(&row.met_up_to) { 0.0 } else { row.met_up_to.value.unwrap_or(f64::INFINITY) }
    };
    let block = slo.iter().zip(&model.objectives).filter(|(_, o)| !o.warns).map(|(row, _)| row);
    let first = block.min_by(|a, b| value(a).total_cmp(&value(b)));
    let found = first.map(|row| Found {
        load: load.to_owned(),
        at: row.met_up_to.clone(),
        by: Some(if row.endpoint == "total" {
            row.objective.clone()
        } else {
            format!("{} {}", row.endpoint, row.objective)
        }),
        ..Found::default()
    });
    (slo, found)
}
