//! When do we run out: growth over months against what a sweep says each objective carries, and what sizing says would carry more.
//!
//! A limit is a load with an interval. The day on which the load that must hold first exceeds it is the date on which it breaks; the
//! ends of the interval give the earliest and the latest such day. What is uncertain about growth itself is not in these intervals.

pub mod answer;

use self::answer::{Break, Change, DayRow, LimitRow, Plan, Step};
use super::answer::{Answer, Axis, Estimate, State, UP_TO_SATURATION};
use super::bill::Bill;
use super::loads::Dial;
use super::options::{Loads, Options, Progress, StudyError, Swept};
use super::size::{self, Build, Milestone, SizeError};
use crate::calendar::Date;
use crate::compile::growth::{Base, Growth};
use crate::compile::knobs::Knob;
use crate::model::{Model, USERS_MAX};
use crate::spec::range::Value;

/// Months after a break that its change should last, at the least.
const STEP_MONTHS: u32 = 6;
/// From so many configurations on, one change is sized for the whole plan.
const GRID_STEPPED: u64 = 2_000;
/// How busy sized resources may be: the objectives are what must hold, and a steady state.
const HEADROOM: f64 = 0.95;
/// A load within this share of another is the same.
const SAME: f64 = 0.01;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// How the load grows.
    pub growth: &'a Growth,
    /// How far to look.
    pub months: u32,
    /// What may be changed; empty: no change is named.
    pub knobs: Vec<Knob>,
    /// The values of the knobs in the file, as written; empty where it has none.
    pub values: Vec<String>,
}

/// Finds when each objective breaks, and what to change by when.
///
/// # Errors
/// For a load that cannot be simulated or sized for, and for a configuration that is no model.
pub fn plan<E>(
    model: &Model,
    asked: &Asked<'_>,
    build: Build<'_, E>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Plan, SizeError<E>> {
    let dial = Dial::steady(model, &Swept::All)?;
    let unit = Unit::new(model, &dial, asked.growth)?;
    let calendar = calendar(asked, unit.base);
    let sizes = !asked.knobs.is_empty() && !model.objectives.is_empty();
    if sizes {
        // What cannot be sized is better told before the sweep than after it.
        size::refuse(model, &not_less(&asked.knobs, &asked.values))?;
    }
    let answer = super::sweep(model, &Loads::default(), options, progress)?;
    let mut limits = limits(model, &answer, &unit, &calendar);
    limits.sort_by_key(|row| row.breaks.as_ref().map_or(i32::MAX, |b| b.date.since(asked.growth.from)));
    let mut plan = Plan {
        knee: env!("CARGO_PKG_VERSION"),
        model: model.name.clone(),
        seed: options.seed,
        digest: answer.digest.clone(),
        axis: unit.axis.clone(),
        from: asked.growth.from,
        until: asked.growth.from.plus_months(asked.months),
        months: asked.months,
        base: unit.base,
        monthly: asked.growth.monthly,
        policy: asked.growth.policy,
        limits,
        steps: Vec::new(),
        currency: Bill::of(model).map(|bill| bill.currency),
        cost: size::cost(model),
        simulated_up_to: simulated_up_to(&answer, &unit),
        remarks: Vec::new(),
        days: calendar,
    };
    beyond_what_was_simulated(&mut plan);
    if sizes {
        plan.steps = steps(model, asked, &unit, &mut plan, build, options, progress)?;
    }
    Ok(plan)
}

/// What the loads of a plan are counted in.
struct Unit {
    axis: Axis,
    /// One on the axis of a sweep is so many.
    per_axis: f64,
    /// The load on the first day.
    base: f64,
    /// The highest that can be simulated.
    most: f64,
}

impl Unit {
    fn new(model: &Model, dial: &Dial, growth: &Growth) -> Result<Self, StudyError> {
        let (users, rate) = (dial.users(model), dial.rate(model));
        let (axis, in_file) = match (growth.base, users, rate) {
            (Some(Base::Users(_)) | None, Some(users), _) => (Axis::Users, users),
            (Some(Base::Rate(_)) | None, _, Some(rate)) => (Axis::Rate, rate),
            _ => return Err(StudyError::BadLoad("the growth is not counted as the load is".to_owned())),
        };
        if in_file.is_nan() || in_file <= 0.0 {
            return Err(StudyError::BadLoad("the model offers no load: nothing to grow".to_owned()));
        }
        let base = match growth.base {
            Some(Base::Users(x) | Base::Rate(x)) => x,
            None => in_file,
        };
        let per_axis = in_file / dial.base;
        Ok(Self { axis, per_axis, base, most: per_axis * dial.most })
    }

    fn shown(&self, e: &Estimate) -> Estimate {
        let scaled = |x: Option<f64>| x.map(|x| x * self.per_axis);
        Estimate {
            value: scaled(e.value),
            low: scaled(e.low),
            high: scaled(e.high),
            reason: e.reason.clone(),
        }
    }

    fn milestone(&self, load: f64) -> Milestone {
        match self.axis {
            Axis::Users => Milestone::Users(load.ceil()),
            _ => Milestone::Rate(load),
        }
    }
}

/// Every day of the plan.
fn calendar(asked: &Asked<'_>, base: f64) -> Vec<DayRow> {
    let growth = asked.growth;
    let days = growth.from.plus_months(asked.months).since(growth.from);
    let day = |at| {
        let date = growth.from.plus(at);
        let campaign = growth.campaign(date);
        let demand = base * growth.steady(date) * campaign;
        DayRow { date, demand, needed: growth.policy * demand, campaign }
    };
    (0..days).map(day).collect()
}

/// What each objective carries, and saturation, with their dates.
fn limits(model: &Model, answer: &Answer, unit: &Unit, days: &[DayRow]) -> Vec<LimitRow> {
    let row = |subject: &str, objective: &str, warns, at: &Estimate, first: Option<String>| {
        let met_up_to = unit.shown(at);
        let breaks = breaks(&met_up_to, days, true);
        let by_campaign = breaks.as_ref().is_some_and(|b| b.campaign.is_some());
        LimitRow {
            subject: subject.to_owned(),
            objective: objective.to_owned(),
            warns,
            without_campaigns: breaks_without(&met_up_to, days).filter(|_| by_campaign),
            breaks,
            first: first.or_else(|| at.value.or(at.high).and_then(|at| culprit(answer, at))),
            met_up_to,
        }
    };
    let mut rows: Vec<LimitRow> = answer
        .slo
        .iter()
        .zip(&model.objectives)
        .map(|(slo, o)| row(&slo.endpoint, &slo.objective, o.warns, &slo.met_up_to, None))
        .collect();
    rows.extend(answer.saturation_at.as_ref().filter(|s| s.at.value.is_some()).map(|s| {
        // Users beyond saturation get their answers still, only later: that is for objectives to judge, if there are any.
        let warns = s.asymptotes.is_some() && rows.iter().any(|row| !row.warns);
        row("total", "saturation", warns, &s.at, s.cause.clone())
    }));
    rows
}

fn breaks_without(limit: &Estimate, days: &[DayRow]) -> Option<Break> {
    breaks(limit, days, false)
}

/// When the load that must hold exceeds a limit, with or without campaigns.
fn breaks(limit: &Estimate, days: &[DayRow], campaigns: bool) -> Option<Break> {
    let needed = |day: &DayRow| if campaigns { day.needed } else { day.needed / day.campaign };
    let first = |load: f64| days.iter().find(|day| needed(day) > load);
    // Where it is broken at the lowest load simulated, that is the most it may carry.
    let value = limit.value.or(limit.high.filter(|_| limit.low.is_none()))?;
    let day = first(value)?;
    Some(Break {
        date: day.date,
        earliest: first(limit.low.unwrap_or(0.0).min(value)).map_or(day.date, |day| day.date),
        latest: limit.high.and_then(|high| first(high.max(value))).map(|day| day.date),
        needed: needed(day),
        campaign: (campaigns && day.campaign != 1.0).then_some(day.campaign),
        days: days.iter().filter(|day| needed(day) > value).count() as u32,
    })
}

/// What gives way at the simulated load nearest to `at`.
fn culprit(answer: &Answer, at: f64) -> Option<String> {
    let away = |from: f64, to: f64| (from - at).max(at - to).max(0.0);
    let nearest =
        answer.bottlenecks.iter().min_by(|a, b| away(a.from, a.to).total_cmp(&away(b.from, b.to)))?;
    let own = || format!("{} {}", nearest.place, nearest.resource);
    Some(nearest.held_by.clone().unwrap_or_else(own))
}

/// The highest load that was simulated and has a steady state.
fn simulated_up_to(answer: &Answer, unit: &Unit) -> Option<f64> {
    let steady = answer.points.iter().filter(|point| point.state != State::Saturated);
    steady.map(|point| point.load.at * unit.per_axis).reduce(f64::max)
}

/// Says so where the plan asks for more than was simulated, and no limit was found below.
fn beyond_what_was_simulated(plan: &mut Plan) {
    let Some(simulated) = plan.simulated_up_to else { return };
    let Some(day) = plan.days.iter().find(|day| day.needed > simulated) else { return };
    let unknown = |row: &&LimitRow| row.met_up_to.value.is_none() && row.met_up_to.high.is_none();
    let names: Vec<String> = plan.limits.iter().filter(unknown).map(|row| row.objective.clone()).collect();
    if !names.is_empty() {
        let load = super::loads::plain(simulated);
        plan.remarks.push(format!(
            "from {} on more must hold than was simulated, {load}: nothing is known about {} there",
            day.date,
            names.join(", ")
        ));
    }
}

/// What to change: once for half a year and more after the first break, and once more for the rest of the plan.
fn steps<E>(
    model: &Model,
    asked: &Asked<'_>,
    unit: &Unit,
    plan: &mut Plan,
    build: Build<'_, E>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<Step>, SizeError<E>> {
    let Some(mut needed_from) = needed_from(&plan.limits) else { return Ok(Vec::new()) };
    let (mut values, mut steps) = (asked.values.clone(), Vec::new());
    let grid = size::grid_len(&asked.knobs);
    let mut until = if grid >= GRID_STEPPED { plan.until } else { needed_from.plus_months(STEP_MONTHS) };
    if grid >= GRID_STEPPED {
        plan.remarks.push(format!("{grid} configurations are many: one change is sized for the whole plan"));
    }
    for _ in 0..2 {
        let most = most_needed(&plan.days, until);
        // A step that would last to the end but for a little is sized for the end.
        let at_end = most_needed(&plan.days, plan.until);
        let (load, sized_until) =
            if most * (1.0 + SAME) >= at_end { (at_end, plan.until) } else { (most, until.min(plan.until)) };
        let step = step(
            model,
            asked,
            unit,
            (needed_from, sized_until, load),
            &values,
            plan,
            (build, options, progress),
        )?;
        let next = step.0.lasts_until;
        values = step.1;
        let met = step.0.missing.is_none();
        steps.push(step.0);
        match next {
            Some(date) if met && sized_until < plan.until => (needed_from, until) = (date, plan.until),
            _ => break,
        }
    }
    Ok(steps)
}

/// The first day on which something that fails may break: of all rows, since what is expected to break first may be what is known best.
fn needed_from(limits: &[LimitRow]) -> Option<Date> {
    let breaks = limits.iter().filter(|row| !row.warns).filter_map(|row| row.breaks.as_ref());
    breaks.map(|breaks| breaks.earliest).min()
}

/// The most that must hold until a day.
fn most_needed(days: &[DayRow], until: Date) -> f64 {
    days.iter().filter(|day| day.date < until).map(|day| day.needed).fold(0.0, f64::max)
}

type Study<'a, E> = (Build<'a, E>, &'a Options, &'a dyn Progress);

/// Sizes for a load, on top of some values. Answers the step, and the values after it.
fn step<E>(
    model: &Model,
    asked: &Asked<'_>,
    unit: &Unit,
    (needed_from, sized_until, load): (Date, Date, f64),
    before: &[String],
    plan: &Plan,
    (build, options, progress): Study<'_, E>,
) -> Result<(Step, Vec<String>), SizeError<E>> {
    let question = size::Asked {
        knobs: not_less(&asked.knobs, before),
        milestones: vec![unit.milestone(load)],
        swept: Swept::All,
        headroom: HEADROOM,
        survive_replica: false,
    };
    let nothing = |first: Option<String>, why: String| Step {
        needed_from,
        sized_for: load,
        sized_until,
        changes: Vec::new(),
        more: 0.0,
        cost: plan.cost,
        carries: Estimate::default(),
        lasts_until: Some(needed_from),
        first,
        missing: Some(why),
    };
    if load > unit.most {
        let why = format!("more users than the {USERS_MAX} that are simulated at once");
        return Ok((nothing(None, why), before.to_vec()));
    }
    let mut sizing = size::size(model, &question, build, options, progress)?;
    let row = sizing.milestones.remove(0);
    let Some(winner) = row.winner else {
        let why = row.least_violation.and_then(|c| c.why).or(row.remarks.first().cloned());
        let why = why.unwrap_or_else(|| "nothing on offer meets every objective".to_owned());
        return Ok((nothing(row.cause, why), before.to_vec()));
    };
    let carries = row.limit_at.as_ref().map_or_else(Estimate::default, |found| unit.shown(&found.at));
    // It was confirmed at what it was sized for, whatever its limit.
    let enough = carries.low.or(carries.value).unwrap_or(load).max(load);
    let changed = asked.knobs.iter().zip(before).zip(&winner.values);
    let changes = changed.filter(|((_, now), then)| !same(now, then)).map(|((knob, now), then)| {
        let lead_days = asked.growth.lead_days(&knob.path);
        Change {
            path: knob.path.clone(),
            before: now.clone(),
            after: then.clone(),
            lead_days,
            order_by: needed_from.plus(-lead_days.unwrap_or(0)),
        }
    });
    let step = Step {
        needed_from,
        sized_for: load,
        sized_until,
        changes: changes.collect(),
        more: winner.cost - plan.cost,
        cost: winner.cost,
        lasts_until: plan.days.iter().find(|day| day.needed > enough).map(|day| day.date),
        first: row.limit_at.as_ref().and_then(|found| found.cause.clone()).or(row.cause),
        carries,
        missing: None,
    };
    Ok((step, winner.values))
}

/// Knobs that take nothing away from these values.
fn not_less(knobs: &[Knob], before: &[String]) -> Vec<Knob> {
    knobs.iter().zip(before).map(|(knob, now)| at_least(knob, now)).collect()
}

/// A knob that takes nothing away: its values from the one in the file up, and that one itself.
fn at_least(knob: &Knob, now: &str) -> Knob {
    // A value with a unit is not told from another by its number.
    let Some(at) = plain(now) else { return knob.clone() };
    if knob.values.iter().any(|value| plain(&value.text).is_none()) {
        return knob.clone();
    }
    let mut values = vec![Value { at, text: now.to_owned() }];
    values.extend(knob.values.iter().filter(|value| value.at > at).cloned());
    Knob { path: knob.path.clone(), values }
}

fn plain(text: &str) -> Option<f64> {
    crate::spec::quantity::number(text).ok()
}

fn same(a: &str, b: &str) -> bool {
    a == b || plain(a).is_some_and(|a| plain(b) == Some(a))
}

/// Why a limit has the interval that it has, where that is no crossing.
#[must_use]
pub fn holds_to_saturation(limit: &Estimate) -> bool {
    limit.reason.as_deref() == Some(UP_TO_SATURATION)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 on the first day and one more each day; a campaign of the factor 3 on the tenth day.
    fn days() -> Vec<DayRow> {
        let from = Date::new(2027, 1, 1).expect("a day");
        let day = |at: i32| {
            let campaign = if at == 9 { 3.0 } else { 1.0 };
            let demand = f64::from(100 + at) * campaign;
            DayRow { date: from.plus(at), demand, needed: demand, campaign }
        };
        (0..100).map(day).collect()
    }

    fn found(limit: &Estimate, campaigns: bool) -> Option<(String, String, Option<String>)> {
        let b = breaks(limit, &days(), campaigns)?;
        Some((b.date.to_string(), b.earliest.to_string(), b.latest.map(|d| d.to_string())))
    }

    #[test]
    fn the_interval_of_a_limit_becomes_one_of_dates() {
        let limit = Estimate::with_interval(130.0, 120.0, 140.5);
        let told = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), Some(c.to_owned())));
        // 131 on the thirty-second day, and 120 is exceeded on the twenty-second.
        assert_eq!(found(&limit, false), told("2027-02-01", "2027-01-22", "2027-02-11"));
        // The campaign asks for 327 on the tenth.
        assert_eq!(found(&limit, true), told("2027-01-10", "2027-01-10", "2027-01-10"));
        let b = breaks(&limit, &days(), true).expect("it breaks");
        assert_eq!((b.campaign, b.needed, b.days), (Some(3.0), 327.0, 70));
    }

    #[test]
    fn what_is_not_reached_does_not_break_and_what_is_broken_breaks_at_once() {
        assert_eq!(breaks(&Estimate::with_interval(400.0, 390.0, 410.0), &days(), true), None);
        assert_eq!(breaks(&Estimate::unknown("holds"), &days(), true), None);
        let later = breaks(&Estimate::with_interval(190.0, 180.0, 210.0), &days(), false).expect("it breaks");
        assert_eq!(later.latest, None);
        let broken = Estimate { high: Some(20.0), ..Estimate::unknown("broken at the lowest load") };
        assert_eq!(breaks(&broken, &days(), true).expect("it breaks").date, days()[0].date);
    }

    #[test]
    fn a_change_is_needed_from_the_earliest_day_on_which_anything_may_break() {
        let row = |value, low, high, warns| {
            let met_up_to = Estimate::with_interval(value, low, high);
            let breaks = breaks(&met_up_to, &days(), false);
            let (subject, objective) = ("total".to_owned(), String::new());
            LimitRow { subject, objective, warns, breaks, met_up_to, first: None, without_campaigns: None }
        };
        // One more each day from 100: 130 is exceeded on the thirty-second day, 128 on the thirtieth, 115 on the seventeenth.
        let rows = [
            row(130.0, 128.0, 132.0, false),
            row(140.0, 115.0, 180.0, false),
            row(120.0, 101.0, 130.0, true),
        ];
        assert_eq!(needed_from(&rows).map(|day| day.to_string()), Some("2027-01-17".to_owned()));
        assert_eq!(needed_from(&rows[..1]).map(|day| day.to_string()), Some("2027-01-30".to_owned()));
        assert_eq!(needed_from(&rows[2..]), None);
    }

    #[test]
    fn a_plan_takes_nothing_away() {
        let values = [1.0, 2.0, 4.0, 8.0].map(|at| Value { at, text: at.to_string() });
        let knob = Knob { path: "web.replicas".to_owned(), values: values.into() };
        let texts = |now| at_least(&knob, now).values.into_iter().map(|v| v.text).collect::<Vec<_>>();
        assert_eq!(texts("3"), ["3", "4", "8"]);
        assert_eq!(texts("4"), ["4", "8"]);
        assert_eq!(texts("16"), ["16"]);
        assert_eq!(texts(""), ["1", "2", "4", "8"]);
        assert!(same("1_000", "1000") && !same("", "1"));
    }
}
