//! Objectives as a gate: one load, a verdict on each, and a paired comparison with a baseline that was kept in a file.
//!
//! A verdict is about the whole interval: `holds` where all of it is on the good side of the bar, `broken` where none of it is.
//! Between them nothing is decided. The same model, seed and version give the same verdict every time, so that a gate does not flake.

use serde::{Deserialize, Serialize};

use super::answer::{Answer, Estimate, Point, State};
use super::bill;
use super::figure::{self, Figure, Observed, Quantity, Subject, difference};
use super::limit;
use super::loads::Dial;
use super::options::{Options, Progress, StudyError, Swept};
use super::point::statistic_name;
use super::rounds::Job;
use super::run;
use crate::model::{Goal, Model, Objective, Statistic};

/// What a check found.
#[derive(Debug)]
pub struct Check {
    /// The point it is about.
    pub answer: Answer,
    /// One an objective and group that asks, in the order of the file.
    pub rows: Vec<CheckRow>,
    /// What a later check can be held against.
    pub samples: Samples,
    /// The comparison with a baseline, if there is one.
    pub baseline: Option<Comparison>,
    /// Which load: `the peak`, `the load of the file`.
    pub load: String,
    /// What is not decided counts as a breach.
    pub strict: bool,
}

/// One objective.
#[derive(Clone, Debug, Serialize)]
pub struct CheckRow {
    /// `web.checkout`, `partners/web.checkout`, `total`, `products`.
    pub of: String,
    /// As written: `p95 < 300ms`.
    pub objective: String,
    /// What was found: seconds, a share of one, a score, per second, or money.
    pub value: Estimate,
    /// What it is held against, in the same unit.
    pub bar: f64,
    /// Whether it holds.
    pub verdict: Verdict,
    /// A breach is told and fails nothing.
    pub warns: bool,
    /// Where it is undecided: so many requests a replication would tell, if the value stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_to_decide: Option<u64>,
    /// What it is about.
    #[serde(skip)]
    pub goal: Goal,
    /// Its row of the model's objectives.
    #[serde(skip)]
    pub at: usize,
}

/// Whether an objective holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies on the good side of the bar.
    Holds,
    /// The bar lies within the interval, or there is no interval.
    Undecided,
    /// The whole interval lies on the bad side.
    Broken,
    /// There is no steady state to judge.
    NoSteadyState,
}

/// What each replication said, for a later check of a changed model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Samples {
    /// What these numbers are for.
    pub note: String,
    /// One a statistic.
    pub figures: Vec<Sample>,
}

/// One statistic.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sample {
    /// `total`, `web.checkout`, `products`.
    pub of: String,
    /// `p95`, `errors`, `hit_ratio`.
    pub statistic: String,
    /// Over all replications.
    pub value: f64,
    /// One a replication, in the order of their seeds.
    pub each: Vec<f64>,
    /// More is worse.
    pub rising_is_bad: bool,
}

/// A baseline, as read from its file.
#[derive(Clone, Debug, Deserialize)]
pub struct Baseline {
    /// Version that made it.
    pub knee: String,
    /// Its seed.
    pub seed: u64,
    /// Its one point.
    points: Vec<BaselinePoint>,
    /// What each replication said; not in the document of `knee run`.
    samples: Option<Samples>,
}

#[derive(Clone, Debug, Deserialize)]
struct BaselinePoint {
    state: String,
    load: BaselineLoad,
    total: BaselineRequest,
    requests: indexmap::IndexMap<String, BaselineRequest>,
}

#[derive(Clone, Debug, Deserialize)]
struct BaselineLoad {
    at: f64,
}

#[derive(Clone, Debug, Deserialize)]
struct BaselineRequest {
    latency_s: indexmap::IndexMap<String, serde_json::Value>,
}

/// A check against a baseline.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// A change for the worse within this share of what was is let pass.
    pub tolerance: f64,
    /// Each statistic on both sides.
    pub changes: Vec<Change>,
    /// What a reader must know to trust it.
    pub notes: Vec<String>,
}

/// A statistic before and after.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// `total`, `web.checkout`.
    pub of: String,
    /// `p95`.
    pub statistic: String,
    /// In the baseline.
    pub before: Estimate,
    /// Now.
    pub after: Estimate,
    /// After less before, paired by replication where the baseline has them.
    pub difference: Estimate,
    /// The same as a share of what was.
    pub relative: Estimate,
    /// Which way it went.
    pub verdict: Way,
}

/// Which way a statistic went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Significantly worse, and by more than the tolerance.
    Worse,
    /// Significantly worse, within the tolerance.
    SlightlyWorse,
    /// Significantly better.
    Better,
    /// Not distinguishable.
    Same,
    /// The baseline does not have it.
    Unknown,
}

impl CheckRow {
    /// It fails the check.
    #[must_use]
    pub fn is_breach(&self, strict: bool) -> bool {
        match self.verdict {
            Verdict::Holds => false,
            Verdict::Undecided => strict && !self.warns,
            Verdict::Broken => !self.warns,
            Verdict::NoSteadyState => true,
        }
    }
}

impl Check {
    /// Objectives that fail the check.
    pub fn breaches(&self) -> impl Iterator<Item = &CheckRow> {
        self.rows.iter().filter(|row| row.is_breach(self.strict))
    }

    /// Statistics that fail it against the baseline.
    pub fn worse(&self) -> impl Iterator<Item = &Change> {
        self.baseline.iter().flat_map(|b| &b.changes).filter(|change| change.verdict == Way::Worse)
    }

    /// There is a steady state.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.point().state != State::Saturated
    }

    /// Nothing fails it.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.is_steady() && self.breaches().next().is_none() && self.worse().next().is_none()
    }

    /// The point it is about.
    #[must_use]
    pub fn point(&self) -> &Point {
        self.answer.points.first().expect("a check simulates one load")
    }
}

/// The model at its stated peak; `None` where it states none.
///
/// # Errors
/// When the load has nothing that the peak speaks of.
pub fn at_peak(model: &Model) -> Result<Option<Model>, StudyError> {
    if model.peak.is_none() {
        return Ok(None);
    }
    let dial = Dial::steady(model, &Swept::All)?;
    let peak = super::sweep::peak(model, &dial).ok_or_else(|| {
        StudyError::BadLoad("the peak and the load of the model are not of one kind".into())
    })?;
    dial.check(model, peak)?;
    Ok(Some(dial.set(model, peak)))
}

/// Simulates the model as it is and judges its objectives.
///
/// # Errors
/// No threads.
pub fn check(
    model: &Model,
    load: &str,
    strict: bool,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Check, StudyError> {
    let (answer, job) = run::settled(model, options, progress)?;
    let point = &answer.points[0];
    let rows = model.objectives.iter().enumerate().flat_map(|(at, o)| judged(model, o, at, point)).collect();
    let samples = samples(model, &job, point);
    Ok(Check { rows, samples, answer, baseline: None, load: load.to_owned(), strict })
}

/// An objective, of each group that asks.
fn judged(model: &Model, objective: &Objective, at: usize, point: &Point) -> Vec<CheckRow> {
    let (goal, bar) = (objective.goal, objective.goal.bar());
    let row = |(of, value): (String, Estimate)| {
        let empty = value.value.is_none() && value.reason.is_none();
        let value = if empty { Estimate::unknown("no observations") } else { value };
        let verdict = verdict(model, goal, &value, point);
        CheckRow {
            of,
            objective: objective.text.clone(),
            requests_to_decide: (verdict == Verdict::Undecided && spans(&value, bar))
                .then(|| to_decide(&value, bar, point))
                .flatten(),
            value,
            bar,
            verdict,
            warns: objective.warns,
            goal,
            at,
        }
    };
    found(model, objective, point).into_iter().map(row).collect()
}

/// What an objective looks at, with its name, the way it is written: a share that should be high is high.
fn found(model: &Model, objective: &Objective, point: &Point) -> Vec<(String, Estimate)> {
    let subject = model.objective_subject(objective);
    let names = subjects(model, objective);
    if let Goal::GoodputRate(_) = objective.goal {
        let of = |name: String| {
            let row = point.requests.get(&name).unwrap_or(&point.total);
            (name, row.goodput_per_s.clone())
        };
        return names.into_iter().map(of).collect();
    }
    let value = |reading: Option<(Estimate, f64)>| match reading {
        None => Estimate::unknown("no observations"),
        Some((e, _)) if objective.goal.is_below() => e,
        Some((e, _)) => limit::negated(&e),
    };
    let readings = limit::readings(model, objective, point);
    let named = readings.into_iter().enumerate();
    named.map(|(i, reading)| (names.get(i).unwrap_or(&subject).clone(), value(reading))).collect()
}

/// The requests that an objective speaks of, or its one subject.
fn subjects(model: &Model, objective: &Objective) -> Vec<String> {
    match objective.endpoint {
        Some(endpoint) => {
            model.requests.iter().filter(|r| r.endpoint == endpoint).map(|r| r.name.clone()).collect()
        }
        None => vec![model.objective_subject(objective)],
    }
}

fn verdict(model: &Model, goal: Goal, value: &Estimate, point: &Point) -> Verdict {
    let hourly = matches!(goal, Goal::MonthlyCost(_)) && !bill::by_usage(model);
    if point.state == State::Saturated && !hourly {
        return Verdict::NoSteadyState;
    }
    let (Some(low), Some(high)) = (value.low, value.high) else { return Verdict::Undecided };
    let bar = goal.bar();
    let (good, bad) = match goal.is_below() {
        true => (high < bar, low >= bar),
        false => (low > bar, high <= bar),
    };
    match (good, bad) {
        // Too near saturation to know that there is a steady state at all.
        (true, _) if point.state == State::Undecided && !hourly => Verdict::Undecided,
        (true, _) => Verdict::Holds,
        (_, true) => Verdict::Broken,
        _ => Verdict::Undecided,
    }
}

/// The bar lies within the interval.
fn spans(value: &Estimate, bar: f64) -> bool {
    value.low.zip(value.high).is_some_and(|(low, high)| low <= bar && bar <= high)
}

/// Requests a replication until the interval leaves the bar, if the value stays: half widths fall with the root of the length, and what is known
/// of a share of which none or all were seen, with the length.
fn to_decide(value: &Estimate, bar: f64, point: &Point) -> Option<u64> {
    let (half, gap) = (value.half_width()?, (value.value? - bar).abs());
    let now = point.counts.right as f64 / f64::from(point.replications.max(1));
    let one_sided = half > 0.0 && (value.value == value.low || value.value == value.high);
    let longer = if one_sided { 2.0 * half / gap } else { (half / gap).powi(2) };
    let needed = now * longer * 1.1;
    (needed.is_finite() && needed < 1e15).then_some(needed.ceil() as u64)
}

/// p95 of all requests, and whatever has an objective.
fn samples(model: &Model, job: &Job, point: &Point) -> Samples {
    let mut figures: Vec<Sample> = Vec::new();
    let mut add = |of: String, statistic: String, rising_is_bad: bool, observed: Option<Observed>| {
        let known = figures.iter().any(|f| f.of == of && f.statistic == statistic);
        // A percentile without an interval can be held against nothing.
        if let Some(o) =
            observed.filter(|o| !known && o.lack.is_none() && o.each.iter().all(|x| x.is_finite()))
        {
            figures.push(Sample { of, statistic, value: o.value, each: o.each, rising_is_bad });
        }
    };
    if point.state != State::Saturated {
        let p95 = Statistic::Quantile(0.95);
        let total = Figure { subject: Subject::Total, quantity: Quantity::Latency(p95) };
        add("total".to_owned(), "p95".to_owned(), true, total.observe(job));
        for objective in &model.objectives {
            for name in subjects(model, objective) {
                let observed = observe(model, objective, &name, job);
                add(name, statistic(objective.goal), objective.goal.is_below(), observed);
            }
        }
    }
    let note = "one number a replication, in the order of their seeds: a later check pairs them with its own";
    Samples { note: note.to_owned(), figures }
}

/// `p95`, `errors`, `hit_ratio`.
fn statistic(goal: Goal) -> String {
    match goal {
        Goal::Latency(statistic, _) => statistic_name(statistic),
        Goal::Age(statistic, _) => format!("age {}", statistic_name(statistic)),
        Goal::Apdex { threshold, .. } => format!("apdex({threshold}s)"),
        Goal::Errors(_) => "errors".to_owned(),
        Goal::GoodputRate(_) => "goodput_per_s".to_owned(),
        Goal::GoodputShare(_) => "goodput".to_owned(),
        Goal::HitRatio(_) => "hit_ratio".to_owned(),
        Goal::Utilization(_) => "utilization".to_owned(),
        Goal::Stale(_) => "stale".to_owned(),
        Goal::MonthlyCost(_) => "cost_per_month".to_owned(),
        Goal::MillionCost(_) => "cost_per_million".to_owned(),
    }
}

fn observe(model: &Model, objective: &Objective, name: &str, job: &Job) -> Option<Observed> {
    let subject = match (objective.endpoint, objective.place) {
        (Some(_), _) => Subject::Request(name.to_owned()),
        (None, Some(_)) => Subject::Place(name.to_owned()),
        (None, None) => Subject::Total,
    };
    let quantity = match objective.goal {
        Goal::Latency(statistic, _) => Quantity::Latency(statistic),
        Goal::Errors(_) => Quantity::Errors,
        Goal::GoodputShare(_) => Quantity::Goodput,
        Goal::HitRatio(_) => Quantity::HitRatio,
        Goal::Utilization(_) => Quantity::Utilization,
        Goal::Stale(_) => Quantity::Stale,
        Goal::MonthlyCost(_) => {
            return Some(figure::mean(bill::each_month(
                model,
                &job.layout,
                job.summaries(),
                objective.place,
            )));
        }
        Goal::Age(statistic, _) => return figure::age(job, objective.place?, statistic),
        // Not held against a baseline: their objectives judge them.
        Goal::Apdex { .. } | Goal::GoodputRate(_) | Goal::MillionCost(_) => return None,
    };
    Figure { subject, quantity }.observe(job)
}

/// Holds a check against a baseline. A statistic fails it where it is significantly worse, and by more than `tolerance` of what it was.
///
/// # Errors
/// A phrase, where the baseline has no steady state.
pub fn against(check: &mut Check, baseline: &Baseline, tolerance: f64) -> Result<(), String> {
    let point = baseline.points.first().ok_or("the baseline has no point")?;
    if point.state == "saturated" {
        return Err("the baseline has no steady state: there is nothing to hold against".to_owned());
    }
    let changes = check.samples.figures.iter().map(|now| change(now, baseline, point, tolerance)).collect();
    let mut notes = Vec::new();
    if baseline.knee != check.answer.knee {
        notes.push(format!(
            "the baseline is of knee {}, and results may move between versions",
            baseline.knee
        ));
    }
    if point.load.at != check.point().load.at {
        let at = super::loads::plain;
        notes.push(format!(
            "the baseline is of load {}, this is {}",
            at(point.load.at),
            at(check.point().load.at)
        ));
    }
    if baseline.samples.is_none() {
        notes.push(
            "the baseline has no samples: intervals are compared unpaired, which tells less".to_owned(),
        );
    } else if baseline.seed != check.answer.seed {
        notes.push(
            "the baseline has another seed: its replications are other draws, which tells less".to_owned(),
        );
    }
    check.baseline = Some(Comparison { tolerance, changes, notes });
    Ok(())
}

fn change(now: &Sample, baseline: &Baseline, point: &BaselinePoint, tolerance: f64) -> Change {
    let same = |s: &&Sample| s.of == now.of && s.statistic == now.statistic && s.each.len() == now.each.len();
    let kept = baseline.samples.as_ref().and_then(|s| s.figures.iter().find(same));
    let observed = |s: &Sample| Observed { value: s.value, each: s.each.clone(), lack: None };
    let after = observed(now);
    let found = match kept {
        Some(before) => difference(&observed(before), &after),
        None => {
            let before = stated(point, now);
            let after = difference(&after, &after).after;
            unpaired(before, after)
        }
    };
    let worse_by = |e: Option<f64>| e.map(|x| if now.rising_is_bad { x } else { -x });
    let d = &found.absolute;
    let (least, most) = match now.rising_is_bad {
        true => (worse_by(d.low), worse_by(d.high)),
        false => (worse_by(d.high), worse_by(d.low)),
    };
    let beyond = tolerance * found.before.value.unwrap_or(0.0).abs();
    let verdict = match (least, most) {
        (Some(least), _) if least > 0.0 && worse_by(d.value) > Some(beyond) => Way::Worse,
        (Some(least), _) if least > 0.0 => Way::SlightlyWorse,
        (_, Some(most)) if most < 0.0 => Way::Better,
        (Some(_), Some(_)) => Way::Same,
        _ => Way::Unknown,
    };
    Change {
        of: now.of.clone(),
        statistic: now.statistic.clone(),
        before: found.before,
        after: found.after,
        difference: found.absolute,
        relative: found.relative,
        verdict,
    }
}

/// What the document of a run says of a latency.
fn stated(point: &BaselinePoint, of: &Sample) -> Estimate {
    let row = if of.of == "total" { Some(&point.total) } else { point.requests.get(&of.of) };
    let Some(stated) = row.and_then(|row| row.latency_s.get(&of.statistic)) else {
        return Estimate::unknown("not in the baseline");
    };
    let number = |key: &str| stated.get(key).and_then(serde_json::Value::as_f64);
    Estimate { value: number("value"), low: number("low"), high: number("high"), reason: None }
}

/// Two independent estimates: their variances add.
fn unpaired(before: Estimate, after: Estimate) -> figure::Difference {
    let parts = || {
        let (a, b) = (before.value?, after.value?);
        Some((b - a, a, before.half_width()?.hypot(after.half_width()?)))
    };
    let (absolute, relative) = match parts() {
        Some((gap, of, half)) => {
            let around = |by: f64| Estimate::with_interval(gap / by, (gap - half) / by, (gap + half) / by);
            (around(1.0), if of > 0.0 { around(of) } else { Estimate::unknown("nothing to divide by") })
        }
        None => (Estimate::unknown("not in the baseline"), Estimate::unknown("not in the baseline")),
    };
    figure::Difference { before, after, absolute, relative, variance_ratio: None }
}
