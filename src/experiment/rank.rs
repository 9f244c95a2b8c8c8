//! Which knob moves a latency most: the model as it is against itself with one knob turned, for each knob; and how far each moves
//! the limit and the cost.
//!
//! All of them are simulated at the same load with the same seeds, warm-up and length, so that a short run is enough to tell
//! small effects from none. Beside them stand the numbers that nobody knows exactly: what they may do to the latency is a range
//! that no longer run makes narrower.

use serde::Serialize;

use super::answer::{Axis, Estimate, Found, State};
use super::bill::{self, Bill};
use super::compare::Held;
use super::edge::bound;
use super::figure::{self, Figure, Quantity, Subject, Verdict, difference};
use super::loads::Dial;
use super::options::{Options, Progress, StudyError, Swept};
use super::point::{point, statistic_name};
use super::rounds::{self, Job};
use super::shift::{self, Shifts};
use super::summary::QUANTILES;
use crate::model::{Model, Statistic};
use crate::rng::{KeyedRng, mix};

/// So many knobs all have their limits looked for.
const FEW: usize = 12;
/// A bound of the bottleneck law that moves by less does not move.
const BOUND_MOVES: f64 = 1e-3;

/// A knob that was turned.
#[derive(Debug)]
pub struct Knob {
    /// Where in the model.
    pub path: String,
    /// As it stands in the file.
    pub from: String,
    /// What it was turned to.
    pub to: String,
    /// `to / from - 1`, where both are numbers above zero.
    pub moved: Option<f64>,
    /// It is the load, which nobody can choose.
    pub is_load: bool,
    /// It was turned by a small step, the way that should help: the model settles as fast as before.
    pub is_small: bool,
    /// The model with the knob turned.
    pub model: Model,
}

/// A number that nobody knows exactly, at both ends of what it may be.
#[derive(Debug)]
pub struct Doubt {
    /// Where in the model.
    pub path: String,
    /// As it stands in the file.
    pub in_file: String,
    /// Its low end as written, and the model with it.
    pub low: (String, Model),
    /// Its high end as written, and the model with it.
    pub high: (String, Model),
}

/// Numbers that nobody knows exactly.
#[derive(Debug, Default)]
pub struct Doubts {
    /// One at a time.
    pub each: Vec<Doubt>,
    /// All at once: draws from their intervals, with the values drawn.
    pub draws: Vec<(Vec<String>, Model)>,
}

/// What is ranked.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// The statistic of the latency of right answers.
    pub by: Statistic,
    /// Of this kind of request; `None`: of all.
    pub of: Option<String>,
    /// The share by which knobs are turned where nobody says to what.
    pub step: f64,
    /// Whether the limit is looked for, and how far each knob moves it.
    pub limit: bool,
}

/// What turning each knob does, the largest effect first.
#[derive(Clone, Debug, Serialize)]
pub struct Ranking {
    /// Version of knee.
    pub knee: &'static str,
    /// Name of the model.
    pub model: String,
    /// Seed of everything.
    pub seed: u64,
    /// Users at which all was simulated, if there are any.
    pub users: Option<f64>,
    /// Requests offered per second, as it is.
    pub rate_per_s: Option<f64>,
    /// `p95`, `mean`: the statistic that is ranked by.
    pub by: String,
    /// The kind of request, or `total`.
    pub of: String,
    /// The share by which knobs are turned where nobody says to what; whole numbers by 1 at least.
    pub step: f64,
    /// That statistic of the model as it is, in seconds.
    pub base_s: Estimate,
    /// The state of the model as it is.
    pub state: State,
    /// Independent replications of each model.
    pub replications: u32,
    /// What a month costs as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Monthly>,
    /// The limit as it is, where the model states objectives and it was looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_at: Option<Found>,
    /// What loads count.
    #[serde(skip)]
    pub axis: Axis,
    /// One a knob.
    pub effects: Vec<Effect>,
    /// What is not known exactly; absent where the model does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertain: Option<Unknown>,
}

/// Money a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Monthly {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// In all.
    pub per_month: f64,
}

/// What turning one knob does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// Where in the model.
    pub path: String,
    /// As it stands in the file.
    pub from: String,
    /// What it was turned to.
    pub to: String,
    /// `to / from - 1`, where both are numbers above zero.
    pub moved: Option<f64>,
    /// It is the load.
    pub is_load: bool,
    /// The state with the knob turned.
    pub state: State,
    /// The asked precision was reached.
    pub converged: bool,
    /// The statistic before and after, in seconds.
    #[serde(flatten)]
    pub held: Held,
    /// Relative change of the statistic over that of the knob.
    pub elasticity: Estimate,
    /// Relative change of the load that the bottleneck law allows at most; `None` where nothing bounds it.
    pub bound_relative: Option<f64>,
    /// The limit before and after; `None` where it was not looked for, as with the load itself.
    pub limit: Option<Moved>,
    /// What a month costs more; `None` where no price is stated.
    pub cost_per_month: Option<f64>,
    /// Relative change of the cost over that of the knob: exact, unless calls or bytes are paid for.
    pub cost_elasticity: Estimate,
}

/// How far a knob moves something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moved {
    /// Before and after.
    #[serde(flatten)]
    pub held: Held,
    /// Relative change over that of the knob.
    pub elasticity: Estimate,
}

/// What the numbers that nobody knows exactly may do.
#[derive(Clone, Debug, Serialize)]
pub struct Unknown {
    /// One a number, the largest swing first.
    pub swings: Vec<Swing>,
    /// Draws of all numbers at once.
    pub draws: Vec<Draw>,
    /// The least of the draws with a steady state, in seconds.
    pub low_s: Option<f64>,
    /// The largest of them.
    pub high_s: Option<f64>,
    /// Draws without a steady state.
    pub unsteady: usize,
}

/// One number at both ends of what it may be, all others as in the file.
#[derive(Clone, Debug, Serialize)]
pub struct Swing {
    /// Where in the model.
    pub path: String,
    /// As it stands in the file.
    pub in_file: String,
    /// Its low end.
    pub low: String,
    /// Its high end.
    pub high: String,
    /// The statistic at the low end, in seconds.
    pub at_low_s: Estimate,
    /// At the high end.
    pub at_high_s: Estimate,
    /// One of the ends has no steady state.
    pub unsteady: bool,
    /// Its part of the sum of squared swings; `None` where an end of any has no steady state or no observations.
    pub share: Option<f64>,
}

/// A draw of all uncertain numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Draw {
    /// In the order of the file.
    pub values: Vec<String>,
    /// The statistic, in seconds.
    pub value_s: Option<f64>,
    /// Whether there is a steady state.
    pub state: State,
}

/// Whether a statistic is among those that are recorded.
#[must_use]
pub fn is_recorded(statistic: Statistic) -> bool {
    match statistic {
        Statistic::Mean => true,
        Statistic::Quantile(p) => QUANTILES.iter().any(|q| (q - p).abs() < 1e-9),
    }
}

/// Turns every knob of a model.
///
/// # Errors
/// No load, or no threads.
pub fn rank(
    base: &Model,
    knobs: &[Knob],
    doubts: &Doubts,
    criterion: &Criterion,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Ranking, StudyError> {
    let dial = Dial::steady(base, &Swept::All)?;
    let mut jobs = vec![Job::new(dial.base, base.clone()).paired(0)];
    rounds::launch_only(&mut jobs, options, progress)?;
    for knob in knobs {
        let job = Job::new(dial.base, knob.model.clone()).paired(0);
        // A small step leaves the warm-up as it is, and pilots would cost more than all the rest.
        jobs.push(if knob.is_small { job.following(&jobs[0]) } else { job });
    }
    // What is uncertain may have no steady state, and must not make all others wait for one.
    let ends = doubts.each.iter().flat_map(|doubt| [&doubt.low.1, &doubt.high.1]);
    let unsure = ends.chain(doubts.draws.iter().map(|(_, model)| model));
    jobs.extend(unsure.map(|model| Job::new(dial.base, model.clone())));
    rounds::settle(&mut jobs, options, progress)?;

    let (sides, unsure) = jobs.split_at(1 + knobs.len());
    let figure = figure(criterion);
    let whole = point(&sides[0], dial.base);
    let mut effects: Vec<Effect> =
        knobs.iter().zip(&sides[1..]).map(|(knob, job)| effect(knob, &sides[0], job, &figure)).collect();
    let limits = limits((knobs, &effects), &sides[0], criterion, options, progress)?;
    let moved = limits.as_ref().map_or(&[][..], |limits| &limits.each);
    for ((effect, knob), moved) in effects.iter_mut().zip(knobs).zip(moved) {
        effect.limit = moved.clone().map(|difference| Moved {
            elasticity: elasticity(&difference.relative, knob.moved),
            held: difference.into(),
        });
    }
    effects.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    if whole.state == State::Saturated {
        // What makes it steady is what to do; how long all others wait says only how long the run was.
        effects.sort_by_key(|effect| effect.state == State::Saturated);
    }
    Ok(Ranking {
        knee: env!("CARGO_PKG_VERSION"),
        model: base.name.clone(),
        seed: options.seed,
        users: whole.load.users,
        rate_per_s: whole.load.rate_per_s.as_ref().and_then(|e| e.value),
        by: statistic_name(criterion.by),
        of: criterion.of.clone().unwrap_or_else(|| "total".to_owned()),
        step: criterion.step,
        base_s: figure.estimate(&sides[0]),
        state: whole.state,
        replications: options.replications,
        cost: bill(&sides[0]).map(|bill| Monthly { currency: bill.currency, per_month: bill.per_month }),
        limit_at: limits.map(|limits| Found {
            load: dial.name(),
            at: limits.at,
            by: limits.by,
            ..Found::default()
        }),
        axis: dial.axis.clone(),
        effects,
        uncertain: (!doubts.each.is_empty()).then(|| unknown(doubts, unsure, &figure)),
    })
}

/// The limit of the base and of the knobs that may move it; `None` where nobody asks, or the model has no objectives.
fn limits(
    (knobs, effects): (&[Knob], &[Effect]),
    base: &Job,
    criterion: &Criterion,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Option<Shifts>, StudyError> {
    if !criterion.limit || base.model.objectives.iter().all(|objective| objective.warns) {
        return Ok(None);
    }
    // Near the limit runs are long: of many knobs, only those that do anything to the latency or to the law's bound go there.
    let does_anything = |effect: &Effect| {
        matches!(effect.held.verdict, Verdict::Lower | Verdict::Higher)
            || effect.bound_relative.is_some_and(|change| change.abs() > BOUND_MOVES)
    };
    // The limit is counted in load, and turning that turns the axis.
    let goes =
        |(knob, effect): &(&Knob, &Effect)| !knob.is_load && (knobs.len() <= FEW || does_anything(effect));
    let pairs = knobs.iter().zip(effects);
    let turned: Vec<Option<&Model>> = pairs.map(|pair| goes(&pair).then_some(&pair.0.model)).collect();
    shift::shifts(base, &turned, options, progress).map(Some)
}

fn figure(criterion: &Criterion) -> Figure {
    let subject = criterion.of.clone().map_or(Subject::Total, Subject::Request);
    Figure { subject, quantity: Quantity::Latency(criterion.by) }
}

/// Effects that are real stand before all others, the largest first; then what moves the limit alone.
fn weight(effect: &Effect) -> f64 {
    let change = effect.held.difference.relative.value.filter(|x| x.is_finite()).map_or(0.0, f64::abs);
    match effect.held.verdict {
        _ if effect.state == State::Saturated => f64::INFINITY,
        Verdict::Lower | Verdict::Higher => 1e9 + change,
        _ if effect.limit.as_ref().is_some_and(|limit| limit.is_real()) => 1e6 + change,
        Verdict::NotDistinguishable => change,
        Verdict::Same => -1.0,
        Verdict::Unknown => -2.0,
    }
}

impl Moved {
    /// Whether it moves it at all, as far as can be told.
    #[must_use]
    pub fn is_real(&self) -> bool {
        matches!(self.held.verdict, Verdict::Lower | Verdict::Higher)
    }
}

fn effect(knob: &Knob, base: &Job, job: &Job, figure: &Figure) -> Effect {
    let held: Held = match (figure.observe(base), figure.observe(job)) {
        (Some(before), Some(after)) => difference(&before, &after).into(),
        _ => super::figure::Difference {
            before: figure.estimate(base),
            after: figure.estimate(job),
            absolute: Estimate::unknown("no observations"),
            relative: Estimate::unknown("no observations"),
            variance_ratio: None,
        }
        .into(),
    };
    let point = point(job, job.at);
    let money = bill(base).zip(bill(job)).filter(|(a, b)| a.currency == b.currency);
    Effect {
        path: knob.path.clone(),
        from: knob.from.clone(),
        to: knob.to.clone(),
        moved: knob.moved,
        is_load: knob.is_load,
        state: point.state,
        converged: point.converged.values().all(|c| *c),
        elasticity: elasticity(&held.difference.relative, knob.moved),
        bound_relative: bound_of(&base.model).zip(bound_of(&job.model)).map(|(a, b)| b / a - 1.0),
        limit: None,
        cost_per_month: money.as_ref().map(|(a, b)| b.per_month - a.per_month),
        cost_elasticity: match money {
            Some((a, b)) => elasticity(&dearer(base, job, [&a, &b]), knob.moved),
            None => Estimate::unknown("no price is stated"),
        },
        held,
    }
}

/// By which share a month costs more.
fn dearer(base: &Job, job: &Job, [before, after]: [&Bill; 2]) -> Estimate {
    if before.per_month == 0.0 {
        return Estimate::unknown("it costs nothing as it is");
    }
    if !bill::by_usage(&base.model) && !bill::by_usage(&job.model) {
        return Estimate::exact(after.per_month / before.per_month - 1.0);
    }
    let of = |job: &Job| figure::mean(bill::each_month(&job.model, &job.layout, job.summaries(), None));
    difference(&of(base), &of(job)).relative
}

fn elasticity(change: &Estimate, moved: Option<f64>) -> Estimate {
    let Some(moved) = moved.filter(|x| x.is_finite() && *x != 0.0) else {
        return Estimate::unknown("the knob did not move by a share of itself");
    };
    let over = |end: Option<f64>| end.map(|x| x / moved);
    let (low, high) = if moved < 0.0 { (change.high, change.low) } else { (change.low, change.high) };
    Estimate { value: over(change.value), low: over(low), high: over(high), reason: change.reason.clone() }
}

/// The load that the bottleneck law allows at most.
fn bound_of(model: &Model) -> Option<f64> {
    let dial = Dial::new(model, &Swept::All).ok()?;
    bound(model, &dial).map(|(load, _)| load).filter(|load| *load > 0.0)
}

fn bill(job: &Job) -> Option<Bill> {
    Bill::at(&point(job, job.at)).or_else(|| Bill::of(&job.model))
}

fn state(job: &Job) -> State {
    point(job, job.at).state
}

/// `jobs`: both ends of each number, then the draws.
fn unknown(doubts: &Doubts, jobs: &[Job], figure: &Figure) -> Unknown {
    let (ends, draws) = jobs.split_at(2 * doubts.each.len());
    let mut swings: Vec<Swing> =
        doubts.each.iter().zip(ends.chunks(2)).map(|(d, ends)| swing(d, ends, figure)).collect();
    weigh(&mut swings);
    let draws: Vec<Draw> = doubts
        .draws
        .iter()
        .zip(draws)
        .map(|((values, _), job)| Draw {
            values: values.clone(),
            value_s: figure.observe(job).map(|o| o.value),
            state: state(job),
        })
        .collect();
    let steady = || draws.iter().filter(|d| d.state != State::Saturated).filter_map(|d| d.value_s);
    Unknown {
        low_s: steady().min_by(f64::total_cmp),
        high_s: steady().max_by(f64::total_cmp),
        unsteady: draws.iter().filter(|d| d.state == State::Saturated).count(),
        swings,
        draws,
    }
}

/// Gives each swing its share, and puts the largest first; one with nothing observed at an end is no swing that can be measured.
fn weigh(swings: &mut [Swing]) {
    let span = |s: &Swing| Some((s.at_high_s.value? - s.at_low_s.value?).abs());
    let squares: Option<Vec<f64>> =
        swings.iter().map(|s| span(s).filter(|_| !s.unsteady).map(|x| x * x)).collect();
    let all: f64 = squares.iter().flatten().sum();
    for (at, swing) in swings.iter_mut().enumerate() {
        swing.share = squares.as_ref().filter(|_| all > 0.0).map(|squares| squares[at] / all);
    }
    let size = |s: &Swing| span(s).unwrap_or(-1.0);
    swings.sort_by(|a, b| b.unsteady.cmp(&a.unsteady).then(size(b).total_cmp(&size(a))));
}

fn swing(doubt: &Doubt, ends: &[Job], figure: &Figure) -> Swing {
    Swing {
        path: doubt.path.clone(),
        in_file: doubt.in_file.clone(),
        low: doubt.low.0.clone(),
        high: doubt.high.0.clone(),
        at_low_s: figure.estimate(&ends[0]),
        at_high_s: figure.estimate(&ends[1]),
        unsteady: ends.iter().any(|job| state(job) == State::Saturated),
        share: None,
    }
}

/// Points of a Latin hypercube: `points[point][dimension]` in [0, 1). In each dimension every one of as many equal intervals as there
/// are points has one point in it.
///
/// Source: McKay, Beckman, Conover, *A Comparison of Three Methods for Selecting Values of Input Variables* (1979).
#[must_use]
pub fn latin_hypercube(points: usize, dimensions: usize, seed: u64) -> Vec<Vec<f64>> {
    const PURPOSE: u64 = 0x6c61_7469_6e00;
    let mut cube = vec![Vec::with_capacity(dimensions); points];
    for dimension in 0..dimensions {
        let mut rng = KeyedRng::new(mix(mix(seed, PURPOSE), dimension as u64));
        let mut cells: Vec<usize> = (0..points).collect();
        // Fisher and Yates.
        for i in (1..points).rev() {
            cells.swap(i, ((i + 1) as f64 * rng.uniform()) as usize);
        }
        for (point, cell) in cube.iter_mut().zip(cells) {
            point.push((cell as f64 + rng.uniform()) / points as f64);
        }
    }
    cube
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latin_hypercube_has_one_point_in_each_interval_of_each_dimension() {
        let cube = latin_hypercube(16, 3, 7);
        for dimension in 0..3 {
            let mut cells: Vec<usize> = cube.iter().map(|p| (16.0 * p[dimension]) as usize).collect();
            cells.sort_unstable();
            assert_eq!(cells, (0..16).collect::<Vec<_>>());
        }
        assert_eq!(cube, latin_hypercube(16, 3, 7));
        assert_ne!(cube, latin_hypercube(16, 3, 8));
    }

    #[test]
    fn a_swing_with_nothing_observed_at_an_end_is_not_the_largest() {
        let swing = |path: &str, low: Option<f64>, high: f64| Swing {
            path: path.to_owned(),
            in_file: String::new(),
            low: String::new(),
            high: String::new(),
            at_low_s: low.map_or_else(|| Estimate::unknown("no observations"), Estimate::exact),
            at_high_s: Estimate::exact(high),
            unsteady: false,
            share: None,
        };
        let mut swings = vec![swing("a", None, 9.0), swing("b", Some(1.0), 2.0), swing("c", Some(1.0), 4.0)];
        weigh(&mut swings);
        let told: Vec<_> = swings.iter().map(|s| (s.path.as_str(), s.share)).collect();
        assert_eq!(told, [("c", None), ("b", None), ("a", None)]);
        swings.pop();
        weigh(&mut swings);
        assert_eq!(swings.iter().map(|s| s.share).collect::<Vec<_>>(), [Some(0.9), Some(0.1)]);
    }

    #[test]
    fn an_elasticity_of_a_knob_turned_down_keeps_its_interval_in_order() {
        let e = elasticity(&Estimate::with_interval(-0.25, -0.3125, -0.1875), Some(-0.125));
        assert_eq!((e.value, e.low, e.high), (Some(2.0), Some(1.5), Some(2.5)));
    }
}
