//! Estimates of an answer as markers in a panel's unit.

use super::panel::Mark;
use crate::experiment::answer::{Answer, Estimate, Point};
use crate::report::number::finite;
use crate::report::view;

/// A marker at every steady load where `of` has a value, times `factor`; `statistic` says which precision it stands for.
pub fn marks<'a>(
    answer: &'a Answer,
    statistic: &str,
    factor: f64,
    of: impl Fn(&'a Point) -> Option<&'a Estimate>,
) -> Vec<Mark> {
    let mark = |point: &'a Point| {
        let e = of(point)?;
        let interval = finite(e.low).zip(finite(e.high)).map(|(low, high)| (low * factor, high * factor));
        let solid = view::converged(point, statistic);
        Some(Mark { x: point.load.at, y: finite(e.value)? * factor, interval, solid })
    };
    view::steady(answer).filter_map(mark).collect()
}

/// The largest value of some markers; zero without any.
pub fn largest(marks: &[Mark]) -> f64 {
    marks.iter().map(|m| m.y).fold(0.0, f64::max)
}
