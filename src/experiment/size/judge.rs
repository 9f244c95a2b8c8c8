//! Whether a simulated configuration meets its objectives: with the interval, not with the point.

use std::collections::BTreeMap;

use super::answer::{Busiest, Check, Verdict};
use super::grid::kind_of;
use crate::experiment::answer::{Estimate, Point};
use crate::experiment::limit;
use crate::experiment::rounds::Job;
use crate::experiment::rows;
use crate::model::{Goal, Model, Objective};
use crate::stats::quantiles::student_two_sided;

/// Where there is no interval, a value must miss by so much to be given up.
const FAR: f64 = 2.0;

/// How sure a verdict must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sure {
    /// Intervals are so many times as wide to be sure of a breach.
    fails: f64,
    /// And so many times to be sure that all is well.
    meets: f64,
}

impl Sure {
    /// The 95 % interval decides.
    pub const PLAIN: Self = Self { fails: 1.0, meets: 1.0 };

    /// For one of many looks at many candidates: 99.9 % of `replications`.
    pub fn racing(replications: u32) -> Self {
        let degrees = replications.max(2) as usize - 1;
        let wider = student_two_sided(0.999, degrees) / student_two_sided(rows::CONFIDENCE, degrees);
        Self { fails: wider, meets: wider }
    }
}

/// All objectives at a settled point, but for those that only warn.
pub fn checks(model: &Model, point: &Point, without: Option<&str>, sure: Sure) -> Vec<Check> {
    let check = |o: &Objective| {
        let worst = judged(model, o, point);
        // Of several groups that ask for it, the one that fares worst.
        let worst = worst.into_iter().max_by(|a, b| value(&a.0).total_cmp(&value(&b.0)));
        let unknown = || (Verdict::Undecided, f64::NAN, Estimate::unknown("no observations"));
        let (verdict, room, estimate) = worst.map_or_else(unknown, |(bad, shown, bar)| {
            let (verdict, room) = verdict(&bad, bar, sure);
            (verdict, room, shown)
        });
        Check {
            endpoint: model.objective_subject(o),
            objective: o.text.clone(),
            estimate,
            room,
            verdict,
            without: without.map(str::to_owned),
            goal: o.goal,
        }
    };
    model.objectives.iter().filter(|o| !o.warns).map(check).collect()
}

/// Estimates of which more is worse, each as it is shown, and its bar.
fn judged(model: &Model, objective: &Objective, point: &Point) -> Vec<(Estimate, Estimate, f64)> {
    if let Goal::GoodputRate(above) = objective.goal {
        let good = limit::rows(model, objective, point).into_iter().map(|row| row.goodput_per_s.clone());
        return good.map(|good| (mirrored(&good, 0.0), good, -above)).collect();
    }
    let readings = limit::readings(model, objective, point).into_iter().flatten();
    let shown = |bad: &Estimate| if objective.goal.is_below() { bad.clone() } else { mirrored(bad, 1.0) };
    readings.map(|(bad, bar)| (bad.clone(), shown(&bad), bar)).collect()
}

fn mirrored(e: &Estimate, at: f64) -> Estimate {
    let flip = |x: Option<f64>| x.map(|x| at - x);
    Estimate { value: flip(e.value), low: flip(e.high), high: flip(e.low), reason: e.reason.clone() }
}

fn value(e: &Estimate) -> f64 {
    e.value.unwrap_or(f64::NEG_INFINITY)
}

/// The verdict on an estimate that should stay below a bar, and the room it leaves.
fn verdict(e: &Estimate, bar: f64, sure: Sure) -> (Verdict, f64) {
    let Some(value) = e.value else { return (Verdict::Undecided, f64::NAN) };
    let room = (bar - value) / bar.abs().max(1e-12);
    let verdict = match (e.low, e.high) {
        (Some(low), Some(high)) => {
            if value + sure.meets * (high - value) < bar {
                Verdict::Meets
            } else if value - sure.fails * (value - low) > bar {
                Verdict::Fails
            } else {
                Verdict::Undecided
            }
        }
        _ if bar > 0.0 && value > FAR * bar => Verdict::Fails,
        _ => Verdict::Undecided,
    };
    (verdict, room)
}

/// The busiest resource over all places. Replicas count together, apart from their primary.
pub fn busiest(job: &Job) -> Option<Busiest> {
    let summaries = job.summaries();
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, station) in job.model.stations.iter().enumerate() {
        let member = &job.model.members[station.member.index()].name;
        kinds.entry(format!("{} {}", kind_of(member), station.resource)).or_default().push(at);
    }
    let busy = kinds.into_iter().map(|(name, at)| {
        let n = at.len() as f64;
        (name, rows::mean(summaries, |s| at.iter().map(|&s_at| s.stations[s_at]).sum::<f64>() / n))
    });
    let most = busy
        .filter(|(_, e)| e.value.is_some_and(f64::is_finite))
        .reduce(|best, next| if value(&next.1) > value(&best.1) { next } else { best })?;
    Some(Busiest { name: most.0, utilization: most.1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_within_the_interval_is_undecided() {
        let of = |low, high, bar| {
            verdict(&Estimate::with_interval((low + high) / 2.0, low, high), bar, Sure::PLAIN).0
        };
        assert_eq!(of(0.1, 0.2, 0.21), Verdict::Meets);
        assert_eq!(of(0.1, 0.2, 0.2), Verdict::Undecided);
        assert_eq!(of(0.1, 0.2, 0.09), Verdict::Fails);
        let bare = Estimate::bare(0.3, "too few");
        assert_eq!(verdict(&bare, 0.2, Sure::PLAIN).0, Verdict::Undecided);
        assert_eq!(verdict(&bare, 0.1, Sure::PLAIN).0, Verdict::Fails);
        // What must be above is mirrored: goodput of 90 to 110 against 80.
        let good = mirrored(&Estimate::with_interval(100.0, 90.0, 110.0), 0.0);
        assert_eq!(verdict(&good, -80.0, Sure::PLAIN).0, Verdict::Meets);
        assert_eq!(verdict(&good, -120.0, Sure::PLAIN).0, Verdict::Fails);
    }

    #[test]
    fn a_race_needs_wider_intervals_than_a_decision() {
        let sure = Sure::racing(20);
        // t at 19 degrees: 3.883 over 2.093.
        assert!((sure.fails - 1.855).abs() < 0.01);
        let e = Estimate::with_interval(0.20, 0.18, 0.22);
        assert_eq!(verdict(&e, 0.23, Sure::PLAIN).0, Verdict::Meets);
        assert_eq!(verdict(&e, 0.23, sure).0, Verdict::Undecided);
    }
}
