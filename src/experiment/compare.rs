//! Models against each other: every load is simulated on all sides with the same seeds, warm-up and length, so that a small
//! difference shows as one, and none as "not distinguishable".
//!
//! One load is compared in full, that of the models. Around it runs the curve of each side: over the loads that all sides carry
//! the sides are paired, above them each goes on alone to its own end.

use indexmap::IndexMap;
use serde::Serialize;

use super::answer::{Answer, Axis, Estimate, State};
use super::bill::Bill;
use super::edge::{Edge, bound, find_edge};
use super::figure::{self, Difference, Figure, Observed, Quantity, Subject, Verdict};
use super::knee::Steady;
use super::loads::Dial;
use super::options::{Options, Progress, StudyError, Swept};
use super::rounds::{self, Job};
use super::saturation::most_carried;
use super::{limit, run, sweep};
use crate::model::{Model, Statistic};

/// One of the models that are compared.
#[derive(Debug)]
pub struct Side {
    /// What readers call it.
    pub name: String,
    /// The model, at the load that is compared in full.
    pub model: Model,
}

/// Which loads are compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Extent {
    /// The load of the models alone.
    OneLoad,
    /// The load of the models, and the curve of each.
    Curve {
        /// The groups that are swept.
        swept: Swept,
        /// Exactly these loads, of all sides; empty: found.
        at: Vec<f64>,
    },
}

/// What a comparison found: one side before, and one or more after a change.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Version of knee.
    pub knee: &'static str,
    /// Name of the model that the others are held against.
    pub model: String,
    /// Seed of everything.
    pub seed: u64,
    /// Before.
    pub a: SideAnswer,
    /// After: one a variant.
    pub b: Vec<SideAnswer>,
    /// What differs, one for each of `b`.
    pub differences: Vec<Differences>,
}

/// What one side says by itself.
#[derive(Clone, Debug, Serialize)]
pub struct SideAnswer {
    /// What readers call it.
    pub name: String,
    /// The load that is compared in full; one of the points is at it.
    pub at: f64,
    /// What it costs; absent where no price is stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// As `run`, or `sweep`, would answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// Money, at the load that is compared in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// Of all replicas, instances and nodes.
    pub per_month: f64,
    /// Of a million right answers; `None` without a steady state.
    pub per_million: Option<f64>,
}

/// What one side does differently from the first.
#[derive(Clone, Debug, Serialize)]
pub struct Differences {
    /// The side that is held against the first.
    pub name: String,
    /// The loads that both sides were simulated at, in ascending order.
    pub points: Vec<PointDifference>,
    /// Of the knee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knee_at: Option<Held>,
    /// Of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_at: Option<Held>,
    /// Of saturation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_at: Option<Held>,
    /// Of the cost a month, where both sides have one in the same currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_per_month: Option<f64>,
}

/// What differs at one load.
#[derive(Clone, Debug, Serialize)]
pub struct PointDifference {
    /// On the axis of the first side.
    pub load: f64,
    /// On that of the other, which is another load only where the change is one of the load.
    pub load_after: f64,
    /// It is the load compared in full.
    pub in_full: bool,
    /// Both sides are steady there: otherwise latencies only say how long the run was.
    pub steady: bool,
    /// Of all requests: `p95_s`, `mean_s`, `throughput_per_s`, `errors`, `goodput`.
    pub total: IndexMap<&'static str, Held>,
    /// As `total`, by kind of request.
    pub requests: IndexMap<String, IndexMap<&'static str, Held>>,
    /// Of each place: `utilization`, `wasted_share`, `hit_ratio`, `stale_share`.
    pub places: IndexMap<String, IndexMap<&'static str, Held>>,
}

/// A difference, and what it says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Held {
    /// What it says.
    pub verdict: Verdict,
    /// The two sides, their difference and its interval.
    #[serde(flatten)]
    pub difference: Difference,
}

impl From<Difference> for Held {
    fn from(difference: Difference) -> Self {
        Self { verdict: difference.verdict(), difference }
    }
}

/// Numbers of a kind of request, by their keys.
const REQUEST: [(&str, Quantity); 7] = [
    ("mean_s", Quantity::Latency(Statistic::Mean)),
    ("p50_s", Quantity::Latency(Statistic::Quantile(0.50))),
    ("p95_s", Quantity::Latency(Statistic::Quantile(0.95))),
    ("p99_s", Quantity::Latency(Statistic::Quantile(0.99))),
    ("throughput_per_s", Quantity::Throughput),
    ("errors", Quantity::Errors),
    ("goodput", Quantity::Goodput),
];
/// Numbers of a place.
const PLACE: [(&str, Quantity); 4] = [
    ("utilization", Quantity::Utilization),
    ("wasted_share", Quantity::Wasted),
    ("hit_ratio", Quantity::HitRatio),
    ("stale_share", Quantity::Stale),
];
/// The number of the comparison that is the load in full.
const IN_FULL: usize = 0;
/// Why a number has no counterpart.
const ONE_SIDED: &str = "on one side only";

/// Compares the first side with each of the others.
///
/// # Errors
/// Loads that are not counted alike or cannot be simulated, no threads.
///
/// # Panics
/// With fewer than two sides.
pub fn compare(
    sides: &[Side],
    extent: &Extent,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Comparison, StudyError> {
    assert!(sides.len() >= 2, "there is something to compare");
    let swept = match extent {
        Extent::OneLoad => &Swept::All,
        Extent::Curve { swept, .. } => swept,
    };
    let dials = sides.iter().map(|s| Dial::steady(&s.model, swept)).collect::<Result<Vec<_>, _>>()?;
    alike(sides, &dials)?;
    let edges = match extent {
        Extent::Curve { at, .. } if at.is_empty() => {
            let edge = |(side, dial): (&Side, &Dial)| {
                find_edge(&side.model, dial, bound(&side.model, dial).map(|l| l.0), options, progress)
            };
            sides.iter().zip(&dials).map(edge).collect::<Result<Vec<_>, _>>()?
        }
        _ => vec![Edge::Unlimited; sides.len()],
    };
    let mut jobs = simulated(sides, &dials, &plan(sides, &dials, &edges, extent)?, options, progress)?;
    if matches!(extent, Extent::Curve { at, .. } if at.is_empty()) {
        for ((side, dial), jobs) in sides.iter().zip(&dials).zip(&mut jobs) {
            sweep::refine(&side.model, dial, jobs, options, progress)?;
        }
    }
    let answers: Vec<SideAnswer> = (0..sides.len())
        .map(|i| {
            let (model, dial) = (&sides[i].model, &dials[i]);
            let answer = match extent {
                Extent::OneLoad => run::one_load(model, dial, &jobs[i], options),
                Extent::Curve { .. } => {
                    sweep::answer(model, dial, &jobs[i], edges[i], bound(model, dial), options)
                }
            };
            side_answer(&sides[i], dial, answer)
        })
        .collect();
    let against = |i: usize| differences((sides, &jobs[..]), &answers, i, options);
    let differences = (1..sides.len()).map(against).collect();
    let mut answers = answers.into_iter();
    let a = answers.next().expect("two sides at least");
    Ok(Comparison {
        knee: a.answer.knee,
        model: a.answer.model.clone(),
        seed: options.seed,
        a,
        b: answers.collect(),
        differences,
    })
}

/// Loads of all sides have to be counted in one unit.
fn alike(sides: &[Side], dials: &[Dial]) -> Result<(), StudyError> {
    let counted = |axis: &Axis| match axis {
        Axis::Rate => "requests per second",
        Axis::Users => "users",
        _ => "a factor on users and rates",
    };
    let other = dials.iter().position(|dial| dial.axis != dials[0].axis);
    match other {
        None => Ok(()),
        Some(i) => Err(StudyError::BadLoad(format!(
            "loads that are counted differently cannot be compared: that of `{}` in {}, that of `{}` in {}",
            sides[0].name,
            counted(&dials[0].axis),
            sides[i].name,
            counted(&dials[i].axis)
        ))),
    }
}

/// The loads of each side, with the number of the comparison that each belongs to.
type Plan = Vec<Vec<(f64, Option<usize>)>>;

fn plan(sides: &[Side], dials: &[Dial], edges: &[Edge], extent: &Extent) -> Result<Plan, StudyError> {
    let mut plan: Plan = dials.iter().map(|dial| vec![(dial.base, Some(IN_FULL))]).collect();
    let Extent::Curve { at, .. } = extent else { return Ok(plan) };
    if let Some(bad) = at.iter().find(|x| !x.is_finite() || **x <= 0.0) {
        return Err(StudyError::BadLoad(format!("a load is above zero, not {bad}")));
    }
    for (side, dial) in sides.iter().zip(dials) {
        at.iter().try_for_each(|x| dial.check(&side.model, *x))?;
    }
    let own: Vec<Vec<f64>> = edges.iter().zip(dials).map(|(e, dial)| sweep::loads_up_to(*e, dial)).collect();
    let reach =
        |i: &usize| if edges[*i] == Edge::Unlimited { f64::INFINITY } else { own[*i][own[*i].len() - 1] };
    let least = (0..dials.len()).min_by(|a, b| reach(a).total_cmp(&reach(b))).expect("there are sides");
    let mut common = if at.is_empty() { own[least].clone() } else { at.clone() };
    if matches!(edges[least], Edge::Between(..)) && at.is_empty() {
        // Beyond the first end there is nothing to compare: that side goes there alone.
        common.pop();
    }
    let end = common.iter().copied().fold(0.0, f64::max);
    for (dial, (own, plan)) in dials.iter().zip(own.iter().zip(&mut plan)) {
        let base = dial.base;
        let paired = common.iter().enumerate().map(|(n, x)| (dial.round(*x), Some(IN_FULL + 1 + n)));
        let alone = own.iter().filter(|x| at.is_empty() && **x > 1.02 * end).map(|x| (dial.round(*x), None));
        let range = own[own.len() - 1].max(end);
        let near = if at.is_empty() { 2.0 * sweep::SAME * range } else { 0.0 };
        // The load in full stands for its neighbours.
        plan.extend(paired.chain(alone).filter(|(x, _)| (x - base).abs() > near));
        plan.sort_by(|a, b| a.0.total_cmp(&b.0));
        plan.dedup_by(|a, b| a.0 == b.0);
    }
    Ok(plan)
}

/// Runs all loads of all sides as one study; answers the settled jobs of each side, in ascending order of load.
fn simulated(
    sides: &[Side],
    dials: &[Dial],
    plan: &Plan,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Vec<Job>>, StudyError> {
    let mut jobs = Vec::new();
    for ((side, dial), loads) in sides.iter().zip(dials).zip(plan) {
        for &(at, pair) in loads {
            // The load of the model as it is: by the dial it would be rounded for each group.
            let model = if pair == Some(IN_FULL) { side.model.clone() } else { dial.set(&side.model, at) };
            let job = Job::new(at, model);
            jobs.push(match pair {
                Some(number) => job.paired(number),
                None => job,
            });
        }
    }
    rounds::settle(&mut jobs, options, progress)?;
    let mut jobs = jobs.into_iter();
    Ok(plan.iter().map(|loads| jobs.by_ref().take(loads.len()).collect()).collect())
}

fn side_answer(side: &Side, dial: &Dial, answer: Answer) -> SideAnswer {
    let point = answer.points.iter().find(|p| p.load.at == dial.base).expect("it was simulated");
    let throughput =
        point.total.throughput_per_s.value.filter(|x| point.state != State::Saturated && *x > 0.0);
    let cost = Bill::at(point).or_else(|| Bill::of(&side.model)).map(|bill| Cost {
        per_million: throughput.map(|x| bill.per_million(x)),
        per_month: bill.per_month,
        currency: bill.currency,
    });
    SideAnswer { name: side.name.clone(), at: dial.base, cost, answer }
}

/// Of side `i` against the first.
fn differences(
    (sides, jobs): (&[Side], &[Vec<Job>]),
    answers: &[SideAnswer],
    i: usize,
    options: &Options,
) -> Differences {
    let (before, after) = (&answers[0], &answers[i]);
    let pairs = jobs[0].iter().filter_map(|a| {
        let number = a.pair?;
        Some((a, jobs[i].iter().find(|b| b.pair == Some(number))?))
    });
    let money = before.cost.as_ref().zip(after.cost.as_ref()).filter(|(a, b)| a.currency == b.currency);
    let each = |of: &dyn Fn(usize) -> Option<Vec<f64>>| of(0).zip(of(i));
    let knees =
        each(&|side| Steady::new(steady(&jobs[side], &answers[side]), options.knee_by).knee_in_each());
    let limits = each(&|side| {
        let steady: Vec<&Job> = steady(&jobs[side], &answers[side]).collect();
        limit::in_each(&sides[side].model, &steady)
    });
    let ends = each(&|side| n_star_in_each(&jobs[side], &answers[side].answer));
    let found = |answer: &Answer, of: fn(&Answer) -> Option<&Estimate>| of(answer).cloned();
    let shift = |of: fn(&Answer) -> Option<&Estimate>, each: Option<(Vec<f64>, Vec<f64>)>| {
        Some(shift(found(&before.answer, of)?, found(&after.answer, of)?, each, [&before.name, &after.name]))
    };
    Differences {
        name: after.name.clone(),
        points: pairs.map(|(a, b)| point_difference(a, b, [&before.answer, &after.answer])).collect(),
        knee_at: shift(|a| a.knee_at.as_ref().map(|f| &f.at), knees),
        limit_at: shift(|a| a.limit_at.as_ref().map(|f| &f.at), limits),
        saturation_at: shift(|a| a.saturation_at.as_ref().map(|f| &f.at), ends),
        cost_per_month: money.map(|(a, b)| b.per_month - a.per_month),
    }
}

/// Jobs up to the first without a steady state.
fn steady<'j>(jobs: &'j [Job], side: &'j SideAnswer) -> impl Iterator<Item = &'j Job> {
    let points = side.answer.points.iter();
    jobs.iter().zip(points).take_while(|(_, p)| p.state != State::Saturated).map(|(job, _)| job)
}

/// N* of closed users, as each replication sees it.
fn n_star_in_each(jobs: &[Job], answer: &Answer) -> Option<Vec<f64>> {
    let saturation = answer.saturation_at.as_ref().filter(|s| s.at.value.is_some())?;
    let asymptotes = saturation.asymptotes.as_ref()?;
    let at = most_carried(&answer.points)?;
    let users = asymptotes.r_min_s + asymptotes.think_s;
    Some(jobs[at].summaries().iter().map(|s| s.total.right / s.window_s * users).collect())
}

/// Two loads that were found: paired by replication where each of them sees both, else by the ends of their intervals.
fn shift(before: Estimate, after: Estimate, each: Option<(Vec<f64>, Vec<f64>)>, names: [&String; 2]) -> Held {
    let unknown = |reason: String| Difference {
        absolute: Estimate::unknown(&reason),
        relative: Estimate::unknown(&reason),
        variance_ratio: None,
        before: before.clone(),
        after: after.clone(),
    };
    let missing = [&before, &after].into_iter().zip(names).find(|(e, _)| e.value.is_none());
    if let Some((estimate, name)) = missing {
        return unknown(format!("{name}: {}", estimate.reason.as_deref().unwrap_or("not found"))).into();
    }
    let (a, b) = (before.value.expect("just seen"), after.value.expect("just seen"));
    if let Some((each_a, each_b)) = each {
        let side = |value, each| Observed { value, each, lack: None };
        let paired = figure::difference(&side(a, each_a), &side(b, each_b));
        // Each side keeps the interval that its own curve gave it.
        return Difference { before, after, ..paired }.into();
    }
    let ends = before.low.zip(before.high).zip(after.low.zip(after.high));
    let Some(((a_low, a_high), (b_low, b_high))) = ends else {
        let open = if before.low.is_none() || before.high.is_none() { &before } else { &after };
        let reason = open.reason.as_deref().unwrap_or("its interval is open").to_owned();
        return Difference {
            absolute: Estimate::bare(b - a, &reason),
            relative: Estimate::bare(b / a - 1.0, &reason),
            ..unknown(String::new())
        }
        .into();
    };
    Difference {
        absolute: Estimate::with_interval(b - a, b_low - a_high, b_high - a_low),
        relative: Estimate::with_interval(b / a - 1.0, b_low / a_high - 1.0, b_high / a_low - 1.0),
        ..unknown(String::new())
    }
    .into()
}

fn point_difference(a: &Job, b: &Job, answers: [&Answer; 2]) -> PointDifference {
    let is_steady = |job: &Job, answer: &Answer| {
        answer.points.iter().any(|p| p.load.at == job.at && p.state != State::Saturated)
    };
    let requests = names(a, b, |job| job.model.requests.iter().map(|r| &r.name).collect());
    let places = names(a, b, |job| job.model.places.iter().map(|p| &p.name).collect());
    let row = |name: &String| (name.clone(), held(&Subject::Request(name.clone()), &REQUEST, a, b));
    let place = |name: &String| (name.clone(), held(&Subject::Place(name.clone()), &PLACE, a, b));
    PointDifference {
        load: a.at,
        load_after: b.at,
        in_full: a.pair == Some(IN_FULL),
        steady: is_steady(a, answers[0]) && is_steady(b, answers[1]),
        total: held(&Subject::Total, &REQUEST, a, b),
        requests: requests.iter().map(row).collect(),
        places: places.iter().map(place).filter(|(_, rows)| !rows.is_empty()).collect(),
    }
}

/// Names on either side, those of the first in front.
fn names(a: &Job, b: &Job, of: impl Fn(&Job) -> Vec<&String>) -> Vec<String> {
    let mut all: Vec<String> = of(a).into_iter().cloned().collect();
    let more: Vec<String> = of(b).into_iter().filter(|name| !all.contains(name)).cloned().collect();
    all.extend(more);
    all
}

fn held(
    subject: &Subject,
    quantities: &[(&'static str, Quantity)],
    a: &Job,
    b: &Job,
) -> IndexMap<&'static str, Held> {
    let one = |&(key, quantity): &(&'static str, Quantity)| {
        let figure = Figure { subject: subject.clone(), quantity };
        let sides = (figure.observe(a), figure.observe(b));
        let difference = match sides {
            (Some(before), Some(after)) => figure::difference(&before, &after),
            (None, None) => return None,
            (before, after) => {
                let estimate =
                    |o: Option<Observed>| o.map_or(Estimate::unknown("not there"), |o| o.estimate());
                Difference {
                    before: estimate(before),
                    after: estimate(after),
                    absolute: Estimate::unknown(ONE_SIDED),
                    relative: Estimate::unknown(ONE_SIDED),
                    variance_ratio: None,
                }
            }
        };
        Some((key, Held::from(difference)))
    };
    quantities.iter().filter_map(one).collect()
}
