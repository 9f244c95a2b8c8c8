//! Which of an answer's numbers a reader is shown: the request kind, the points that may be drawn, the busiest resources.

use super::objective::Objective;
use crate::experiment::answer::{
    Answer, Errors, Estimate, Found, Point, RequestRow, ResourceRow, State, UP_TO_SATURATION,
};

/// The name under which all requests together are asked for.
pub const TOTAL: &str = "total";

/// Whether the objectives hold as far as there is a steady state: nothing breaks them but its end.
#[must_use]
pub fn ends_with_steady_state(limit: &Found) -> bool {
    is_end_of_steady_state(&limit.at)
}

fn is_end_of_steady_state(at: &Estimate) -> bool {
    at.reason.as_deref() == Some(UP_TO_SATURATION)
}

/// Why a point is undecided.
#[must_use]
pub fn doubt(point: &Point) -> &'static str {
    if point.settling {
        "something, such as a cache, has yet to settle"
    } else {
        "too near saturation for this budget"
    }
}

/// The request kind that a curve should show: the one wanted, else the one whose latency objective breaks first, else all. An objective
/// that holds as long as there is a steady state says nothing of where the system stops being fast: the knee, which does, is that of
/// all requests.
#[must_use]
pub fn subject(answer: &Answer, wanted: Option<&str>) -> String {
    if let Some(wanted) = wanted {
        return key_of(answer, wanted).unwrap_or_else(|| TOTAL.to_owned());
    }
    if answer.points.iter().all(|p| p.requests.len() <= 1) {
        return TOTAL.to_owned();
    }
    let held = |at: &Estimate| at.value.unwrap_or(f64::INFINITY);
    answer
        .slo
        .iter()
        .filter(|row| Objective::read(&row.objective).is_some_and(|o| o.latency_s().is_some()))
        .filter(|row| !is_end_of_steady_state(&row.met_up_to))
        .min_by(|a, b| held(&a.met_up_to).total_cmp(&held(&b.met_up_to)))
        .and_then(|row| key_of(answer, &row.endpoint))
        .unwrap_or_else(|| TOTAL.to_owned())
}

/// The key of an endpoint among the requests: itself, or with a group in front (`partners/web.search`).
fn key_of(answer: &Answer, endpoint: &str) -> Option<String> {
    let requests = &answer.points.first()?.requests;
    let ends_with = |key: &&String| key.strip_suffix(endpoint).is_some_and(|group| group.ends_with('/'));
    requests.keys().find(|key| *key == endpoint).or_else(|| requests.keys().find(ends_with)).cloned()
}

/// The row of a request kind, or of all requests.
#[must_use]
pub fn row<'a>(point: &'a Point, subject: &str) -> &'a RequestRow {
    point.requests.get(subject).unwrap_or(&point.total)
}

/// The objectives on a request kind. With only one kind, whatever endpoint an objective names is that kind.
#[must_use]
pub fn objectives(answer: &Answer, subject: &str) -> Vec<Objective> {
    let single = answer.points.iter().all(|p| p.requests.len() <= 1);
    let speaks_of = |endpoint: &str| {
        single
            || endpoint == subject
            || subject.strip_suffix(endpoint).is_some_and(|group| group.is_empty() || group.ends_with('/'))
    };
    let rows = answer.slo.iter().filter(|row| speaks_of(&row.endpoint));
    rows.filter_map(|row| Objective::read(&row.objective)).collect()
}

/// Points that have a steady state, whose values mean something.
pub fn steady(answer: &Answer) -> impl Iterator<Item = &Point> {
    answer.points.iter().filter(|p| p.state != State::Saturated)
}

/// A statistic of a point reached the precision asked. Statistics that were not asked for share the fate of those that were.
#[must_use]
pub fn converged(point: &Point, statistic: &str) -> bool {
    let all = point.converged.values().all(|c| *c);
    point.state != State::Undecided && point.converged.get(statistic).copied().unwrap_or(all)
}

/// Limited resources of a point with their names: `orders servers`.
pub fn resources(point: &Point) -> impl Iterator<Item = (String, &ResourceRow)> {
    point.places.iter().flat_map(|(place, row)| {
        let limited = row.resources.iter().filter(|(_, r)| r.utilization.value.is_some());
        limited.map(move |(resource, r)| (format!("{place} {resource}"), r))
    })
}

/// The busiest resource of a point, with its utilisation.
#[must_use]
pub fn busiest(point: &Point) -> Option<(String, &Estimate)> {
    // The first of equals, so that the answer does not hang on the order of comparison.
    resources(point).map(|(name, r)| (name, &r.utilization)).reduce(|best, next| {
        if next.1.value.unwrap_or(0.0) > best.1.value.unwrap_or(0.0) { next } else { best }
    })
}

/// Names of the `count` resources that are busiest at the highest steady load, busiest first.
#[must_use]
pub fn busiest_names(answer: &Answer, count: usize) -> Vec<String> {
    let Some(last) = steady(answer).last() else { return Vec::new() };
    let mut all: Vec<_> =
        resources(last).map(|(name, r)| (name, r.utilization.value.unwrap_or(0.0))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.into_iter().filter(|(_, u)| *u > 0.0).take(count).map(|(name, _)| name).collect()
}

/// Error shares of a request kind, in the order of reports.
#[must_use]
pub fn error_kinds(row: &RequestRow) -> [(&'static str, &Estimate); 4] {
    kinds_of(&row.errors)
}

/// The kinds of errors, in the order of reports.
#[must_use]
pub fn kinds_of(e: &Errors) -> [(&'static str, &Estimate); 4] {
    [("timeout", &e.timeout), ("rejected", &e.rejected), ("abandoned", &e.abandoned), ("failed", &e.failed)]
}

/// Shares of errors below this at every load are noise that nobody asked about: one request in ten thousand.
pub const NEGLIGIBLE_ERRORS: f64 = 1e-4;

/// The share of offered requests that end in an error, of any kind.
#[must_use]
pub fn error_share(row: &RequestRow) -> Option<f64> {
    errors_share(&row.errors)
}

/// All kinds of errors together. They exclude each other, so that they add up.
#[must_use]
pub fn errors_share(errors: &Errors) -> Option<f64> {
    let kinds = kinds_of(errors).map(|(_, e)| e.value);
    kinds.iter().any(Option::is_some).then(|| kinds.iter().flatten().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_request_that_breaks_first_is_shown_and_all_where_none_breaks_before_saturation() {
        let mut answer = sample::open_shop();
        for point in &mut answer.points {
            point.requests.insert("web.search".to_owned(), point.total.clone());
        }
        assert!(answer.points[0].requests.contains_key("web.browse"));
        assert_eq!(subject(&answer, None), "web.browse");
        answer.slo[0].met_up_to.reason = Some(UP_TO_SATURATION.to_owned());
        assert_eq!(subject(&answer, None), TOTAL);
        assert_eq!(subject(&answer, Some("web.search")), "web.search");
    }
}
