//! The answer in one line: how far it is fast, where it breaks, what gives way first.

use super::objective::Objective;
use super::{load, number, view};
use crate::experiment::answer::{Answer, Found, Point, State};

/// `fast to 1,020/s (980-1,060); p95 breaks 200 ms at 1,310/s; first: orders servers`.
///
/// Where there is no limit, the saturation stands in its place; where something was not found, the reason does.
#[must_use]
pub fn decision(answer: &Answer) -> String {
    if !load::is_load(&answer.axis) {
        return over_path(answer);
    }
    let parts = [knee(answer), limit(answer).or_else(|| saturation(answer)), cause(answer)];
    let known: Vec<_> = parts.into_iter().flatten().collect();
    if known.is_empty() { "no curve: too few loads".to_owned() } else { known.join("; ") }
}

/// With a path as the axis there is no load to be fast up to: the statistic at either end says what the path does.
fn over_path(answer: &Answer) -> String {
    let subject = view::subject(answer, None);
    let of = if subject == view::TOTAL { String::new() } else { format!(" of {subject}") };
    let at = |p: &Point| {
        let p95 = number::measured_seconds(number::finite(view::row(p, &subject).latency_s.p95.value)?);
        Some((p95, load::bare(p.load.at)))
    };
    let all: Vec<_> = view::steady(answer).filter_map(at).collect();
    let ends = match &all[..] {
        [] => None,
        [(p95, only)] => Some(format!("p95{of} {p95} at {}", load::with_unit(&answer.axis, only))),
        [(p95, first), .., (other, last)] => {
            let last = load::with_short_unit(&answer.axis, last);
            Some(format!("p95{of} {p95} at {}, {other} at {last}", load::with_unit(&answer.axis, first)))
        }
    };
    let limit = answer.limit_at.as_ref().filter(|limit| limit.at.value.is_some()).and_then(|limit| {
        Some(format!("{} at {}", breach(limit), load::found_short(&answer.axis, &limit.at)?))
    });
    let parts: Vec<String> = [ends, limit, no_steady_state(answer)].into_iter().flatten().collect();
    if parts.is_empty() { "no value was simulated".to_owned() } else { parts.join("; ") }
}

/// The values without a steady state.
fn no_steady_state(answer: &Answer) -> Option<String> {
    let lost = answer.points.iter().filter(|p| p.state == State::Saturated);
    let lost: Vec<String> = lost.map(|p| load::bare(p.load.at)).collect();
    (!lost.is_empty())
        .then(|| format!("no steady state at {}", load::with_short_unit(&answer.axis, &lost.join(", "))))
}

fn knee(answer: &Answer) -> Option<String> {
    let knee = answer.knee_at.as_ref()?;
    match load::found_with_interval(&answer.axis, &knee.at) {
        Some(found) => Some(format!("fast to {found}")),
        None => knee.at.reason.clone(),
    }
}

fn limit(answer: &Answer) -> Option<String> {
    let limit = answer.limit_at.as_ref()?;
    match load::found(&answer.axis, &limit.at) {
        Some(found) if view::ends_with_steady_state(limit) => Some(format!("no steady state beyond {found}")),
        Some(found) => Some(format!("{} at {found}", breach(limit))),
        None => limit.at.reason.clone(),
    }
}

fn breach(limit: &Found) -> String {
    let by = limit.by.as_deref();
    match by.and_then(Objective::read) {
        Some(objective) => objective.breach(),
        None => by.map_or_else(|| "the first objective breaks".to_owned(), |by| format!("{by} breaks")),
    }
}

fn saturation(answer: &Answer) -> Option<String> {
    let saturation = answer.saturation_at.as_ref()?;
    match load::found(&answer.axis, &saturation.at) {
        Some(found) => Some(format!("saturates at {found}")),
        None => saturation.at.reason.clone(),
    }
}

/// What gives way first: at the limit, else at saturation, else at the knee; of those, what was found.
fn cause(answer: &Answer) -> Option<String> {
    let of =
        |found: &Option<Found>| found.as_ref().filter(|f| f.at.value.is_some()).and_then(|f| f.cause.clone());
    let saturation = answer.saturation_at.as_ref().filter(|s| s.at.value.is_some());
    of(&answer.limit_at)
        .or_else(|| saturation.and_then(|s| s.cause.clone()))
        .or_else(|| of(&answer.knee_at))
        .map(|cause| format!("first: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::answer::Estimate;
    use crate::report::sample;

    #[test]
    fn the_decision_reads_as_a_person_would_say_it() {
        let mut answer = sample::open_shop();
        answer.knee_at.as_mut().unwrap().at = Estimate::with_interval(1020.0, 980.0, 1060.0);
        answer.limit_at.as_mut().unwrap().at = Estimate::with_interval(1310.0, 1290.0, 1330.0);
        assert_eq!(
            decision(&answer),
            "fast to 1,020/s (980-1,060); p95 breaks 200 ms at 1,310/s; first: orders servers"
        );
    }

    #[test]
    fn along_a_path_it_says_what_the_path_does() {
        let answer = load::in_shown_unit(&sample::over_path()).into_owned();
        assert_eq!(
            decision(&answer),
            "p95 59.9 ms at orders.product.read = 1 ms, 85.3 ms at 1,024 ms; p95 breaks 200 ms at 700 ms; no \
             steady state at 2,048 ms"
        );
    }

    #[test]
    fn what_was_not_found_gives_its_reason() {
        let mut answer = sample::open_shop();
        answer.knee_at.as_mut().unwrap().at = Estimate::unknown("no knee up to 500/s");
        answer.limit_at = None;
        answer.saturation_at = None;
        assert_eq!(decision(&answer), "no knee up to 500/s");
    }
}
