//! What `run` prints: one load level with every request, every place, exact values where there are any, and the audit.

use super::findings::line;
use super::grid::{Cell, Grid};
use super::paint::{Paint, Role};
use crate::experiment::answer::{
    Answer, Distribution, Estimate, ExactRow, PlaceRow, Point, RequestRow, State,
};
use crate::report::number::{self, TimeUnit, finite, percent_plain, rounded};
use crate::report::view;

/// The first point of an answer as text of at most 100 columns.
#[must_use]
pub fn run_text(answer: &Answer, paint: Paint) -> String {
    let Some(point) = answer.points.first() else { return "no load was simulated\n".to_owned() };
    let parts = [
        header(answer, point, paint),
        super::timeline::text(point, paint),
        requests(point).render(paint),
        causes(point, paint),
        places(point).render(paint),
        point.tail.as_ref().map_or_else(String::new, |tail| super::tail::text(tail, point, paint)),
        data(point).render(paint),
        exact(point).render(paint),
        money(point, paint),
        remarks(point, paint),
    ];
    parts.iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

fn header(answer: &Answer, point: &Point, paint: Paint) -> String {
    let load = match (point.load.users, &point.load.rate_per_s) {
        (Some(users), _) => format!("{} users", rounded(users, 0)),
        (None, Some(rate)) => format!("{}/s offered", number::estimate(rate, 1.0)),
        (None, None) => format!("{}x", number::significant(point.load.scale, 3)),
    };
    let first = paint.apply(Role::Strong, &format!("{} at {load}: {}", answer.model, verdict(point)));
    let second = format!(
        "{} replications of {} after {} of warm-up; {} requests; seed {}",
        point.replications,
        number::seconds(point.duration_s),
        number::seconds(point.warmup_s),
        rounded(point.counts.offered as f64, 0),
        answer.seed
    );
    format!("{first}\n{}\n", paint.apply(Role::Faint, &second))
}

fn verdict(point: &Point) -> String {
    match point.state {
        State::Stable => "stable".to_owned(),
        State::Shedding => "steady, but shedding more than 1 % of its requests".to_owned(),
        State::Undecided => format!("undecided: {}", view::doubt(point)),
        State::BeyondSaturation => "beyond saturation".to_owned(),
        State::Transient => match point.changes.as_slice() {
            [] => "over time".to_owned(),
            [first, rest @ ..] => {
                let more = match rest.len() {
                    0 => String::new(),
                    1 => ", and one more change".to_owned(),
                    n => format!(", and {n} more changes"),
                };
                format!("{} at {}{more}", first.what, number::seconds(first.at_s))
            }
        },
        State::Saturated => {
            let place = point.grows_at.as_deref().map_or_else(String::new, |p| format!(" at {p}"));
            let growth = finite(point.backlog_growth_per_s.value);
            let growth = growth.map_or_else(String::new, |_| {
                format!(
                    ", the backlog grows by {}/s{place}",
                    number::with_half_width(&point.backlog_growth_per_s, 1.0)
                )
            });
            format!("saturated, no steady state{growth}")
        }
    }
}

fn requests(point: &Point) -> Grid {
    let all = || point.requests.values().chain([&point.total]);
    let unit = unit(all().map(|r| &r.latency_s));
    let head = |name: &str| format!("{name} {}", unit.name());
    let mut grid = Grid::default()
        .left("request")
        .right("answers/s")
        .right(head("mean"))
        .right("p50")
        .right("p90")
        .right("p95")
        .right("p99")
        .right("p99.9")
        .right("errors");
    let errors = all().any(|r| view::error_share(r).is_some_and(|e| e > 0.0));
    for (name, row) in &point.requests {
        grid.row(request(name, row, unit, errors));
    }
    if point.requests.len() != 1 {
        grid.row(request(view::TOTAL, &point.total, unit, errors));
    }
    grid
}

fn request(name: &str, row: &RequestRow, unit: TimeUnit, errors: bool) -> Vec<Cell> {
    let (d, factor) = (&row.latency_s, unit.per_second());
    let share = view::error_share(row).filter(|_| errors).map_or_else(String::new, percent_plain);
    vec![
        name.into(),
        number::estimate(&row.throughput_per_s, 1.0).into(),
        number::with_half_width(&d.mean, factor).into(),
        number::estimate(&d.p50, factor).into(),
        number::estimate(&d.p90, factor).into(),
        number::with_half_width(&d.p95, factor).into(),
        number::with_half_width(&d.p99, factor).into(),
        number::estimate(&d.p999, factor).into(),
        share.into(),
    ]
}

/// Where errors come from, largest first.
fn causes(point: &Point, paint: Paint) -> String {
    let causes = point.total.causes.iter().filter(|c| c.share > 0.0);
    let texts: Vec<String> =
        causes.map(|c| format!("{} {} at {}", percent_plain(c.share), c.kind, c.place)).collect();
    if texts.is_empty() { String::new() } else { line("errors", &texts.join("; "), paint) }
}

fn places(point: &Point) -> Grid {
    let resources = || point.places.values().flat_map(|p| p.resources.values());
    let waits = unit(resources().map(|r| &r.wait_s));
    let residence = unit(point.places.values().map(|p| &p.residence_s));
    let mut grid = Grid::default()
        .left("place")
        .right("calls/s")
        .right(format!("residence {}", residence.name()))
        .left("resource")
        .right("of")
        .right("busy")
        .right("queue")
        .right(format!("wait {}", waits.name()))
        .right("p95");
    for (name, place) in &point.places {
        rows_of_place(&mut grid, name, place, residence.per_second(), waits.per_second());
    }
    grid
}

/// A row for every resource, and for the member where it is distinctly busier; the place's own numbers stand in the first.
fn rows_of_place(grid: &mut Grid, name: &str, place: &PlaceRow, residence: f64, wait: f64) {
    let role = |busy: &Estimate| busy.value.filter(|u| *u > 0.95).map_or(Role::Text, |_| Role::Bad);
    let own = || -> [Cell; 3] {
        [
            name.into(),
            number::estimate(&place.throughput_per_s, 1.0).into(),
            number::estimate(&place.residence_s.mean, residence).into(),
        ]
    };
    if place.resources.is_empty() {
        let rest = ["unlimited", "", "", "", "", ""].map(Cell::from);
        grid.row(own().into_iter().chain(rest).collect());
    }
    for (i, (resource, r)) in place.resources.iter().enumerate() {
        let head = if i == 0 { own() } else { ["", "", ""].map(Cell::from) };
        let limited = r.capacity.is_finite() && r.capacity > 0.0;
        let rest: [Cell; 6] = [
            resource.as_str().into(),
            if limited { rounded(r.capacity, 0) } else { number::NONE.to_owned() }.into(),
            Cell::new(number::percent(&r.utilization), role(&r.utilization)),
            number::estimate(&r.queue, 1.0).into(),
            number::estimate(&r.wait_s.mean, wait).into(),
            number::estimate(&r.wait_s.p95, wait).into(),
        ];
        grid.row(head.into_iter().chain(rest).collect());
        if let Some(member) = &r.busiest_member {
            let short = member.name.strip_prefix(&format!("{name}.")).unwrap_or(&member.name);
            let busy = Cell::new(number::percent(&member.utilization), role(&member.utilization));
            let row = ["".into(), "".into(), "".into(), format!("  {short}").into(), "".into(), busy];
            grid.row(row.into_iter().chain(["", "", ""].map(Cell::from)).collect());
        }
    }
}

/// What caches hit, what was old, and what was lost.
fn data(point: &Point) -> Grid {
    let mut grid = Grid::default().left("data").left("of answers and messages");
    for (name, place) in &point.places {
        let share = |name: &str, e: &Option<Estimate>| {
            let known = e.as_ref().filter(|e| e.value.is_some_and(f64::is_finite));
            known.map(|e| format!("{name} {} %", number::with_half_width(e, 100.0)))
        };
        let rate = |name: &str, e: &Option<Estimate>| {
            // Of a cache that nobody asks nothing is told.
            let known = e.as_ref().filter(|_| place.throughput_per_s.value != Some(0.0));
            known.map(|e| format!("{name} {}/s", number::estimate(e, 1.0)))
        };
        let found = [
            share("hits", &place.hit_ratio),
            rate("misses", &place.misses_per_s),
            rate("coalesced", &place.coalesced_per_s),
            share("stale", &place.stale_share),
            rate("conflicts", &place.conflicts_per_s),
            share("lost", &place.lost_share),
        ];
        let found: Vec<String> = found.into_iter().flatten().collect();
        if !found.is_empty() {
            grid.row(vec![name.as_str().into(), found.join(", ").into()]);
        }
        // Where only some queries find what is old, the sum says little.
        let of_queries: Vec<_> = place
            .by_endpoint
            .iter()
            .filter_map(|(query, row)| Some((query, row.stale_share.as_ref()?)))
            .collect();
        if of_queries.len() > 1 {
            for (query, stale) in of_queries {
                let told = share("stale", &Some(stale.clone())).unwrap_or_default();
                grid.row(vec![format!("{name}.{query}").into(), told.into()]);
            }
        }
    }
    grid
}

fn exact(point: &Point) -> Grid {
    let mut grid = Grid::default()
        .left("exact")
        .left("law")
        .left("quantity")
        .right("formula")
        .right("simulated")
        .right("std errors");
    for row in &point.exact {
        grid.row(exact_row(row));
    }
    grid
}

fn exact_row(row: &ExactRow) -> Vec<Cell> {
    let unit = if row.quantity.contains("_s.") { Some(TimeUnit::fitting(row.exact)) } else { None };
    let (factor, name) = unit.map_or((1.0, String::new()), |u| (u.per_second(), format!(" {}", u.name())));
    // As many digits as the simulated value beside it.
    let places = number::decimals(row.exact * factor, row.simulated.half_width().map(|h| h * factor));
    let far = row.z.is_some_and(|z| z.abs() > 4.0);
    vec![
        row.place.as_str().into(),
        row.law.as_str().into(),
        row.quantity.as_str().into(),
        format!("{}{name}", rounded(row.exact * factor, places)).into(),
        format!("{}{name}", number::with_half_width(&row.simulated, factor)).into(),
        Cell::new(
            row.z.map_or_else(String::new, |z| rounded(z, 1)),
            if far { Role::Bad } else { Role::Text },
        ),
    ]
}

/// The most places that a bill lists.
const PLACES_MAX: usize = 6;

/// What it costs, and what slow answers and errors lose.
fn money(point: &Point, paint: Paint) -> String {
    [cost(point, paint), business(point, paint)].concat()
}

fn cost(point: &Point, paint: Paint) -> String {
    let Some(cost) = point.cost.as_ref().filter(|_| point.state != State::Saturated) else {
        return String::new();
    };
    let mut by_place: Vec<(&String, f64)> =
        cost.by_place.iter().filter_map(|(name, e)| Some((name, finite(e.value)?))).collect();
    by_place.retain(|(_, amount)| *amount > 0.0);
    by_place.sort_by(|a, b| b.1.total_cmp(&a.1));
    let more = by_place.len().saturating_sub(PLACES_MAX);
    let mut listed: Vec<String> = by_place
        .iter()
        .take(PLACES_MAX)
        .map(|(name, amount)| format!("{name} {}", number::money(*amount, None, &cost.currency)))
        .collect();
    if more > 0 {
        listed.push(format!("{more} more"));
    }
    let listed = if by_place.len() < 2 { String::new() } else { format!(": {}", listed.join(", ")) };
    let text = format!(
        "{} a month, {} per million right answers{listed}",
        number::money_estimate(&cost.per_month, &cost.currency),
        number::money_estimate(&cost.per_million_requests, &cost.currency),
    );
    line("cost", &text, paint)
}

fn business(point: &Point, paint: Paint) -> String {
    let Some(it) = point.business.as_ref().filter(|_| point.state != State::Saturated) else {
        return String::new();
    };
    let of_all = |e: &Estimate| {
        let share = finite(e.value).zip(finite(it.revenue_per_month.value).filter(|r| *r > 0.0));
        share.map_or_else(String::new, |(x, all)| format!(" ({})", percent_plain(x / all)))
    };
    let lost = |e: &Estimate| format!("{}{}", number::money_estimate(e, &it.currency), of_all(e));
    let text = format!(
        "of {} revenue a month, {} is lost to latency and {} to errors",
        number::money(
            it.revenue_per_month.value.unwrap_or(f64::NAN),
            it.revenue_per_month.half_width(),
            &it.currency
        ),
        lost(&it.lost_to_latency_per_month),
        lost(&it.lost_to_errors_per_month),
    );
    line("business", &text, paint) + &line("", &format!("assumed: {}", it.assumption), paint)
}

fn remarks(point: &Point, paint: Paint) -> String {
    [audit(point, paint), not_converged(point, paint), closed(point, paint)].concat()
}

/// The laws that hold on every run, or those that do not.
fn audit(point: &Point, paint: Paint) -> String {
    let broken: Vec<String> =
        point.audit.iter().filter(|a| !a.holds).map(|a| format!("{} at {}", a.law, a.place)).collect();
    match (point.audit.len(), broken.is_empty()) {
        (0, _) => String::new(),
        (1, true) => line("audit", &format!("1 check holds ({})", laws(point).join(", ")), paint),
        (n, true) => line("audit", &format!("{n} checks hold ({})", laws(point).join(", ")), paint),
        (n, false) => {
            let text = format!(
                "{} of {n} checks FAIL: {}; these results are not to be trusted",
                broken.len(),
                broken.join(", ")
            );
            line("audit", &text, paint)
        }
    }
}

fn laws(point: &Point) -> Vec<&'static str> {
    let mut laws: Vec<&'static str> = Vec::new();
    for row in &point.audit {
        if !laws.contains(&row.law) {
            laws.push(row.law);
        }
    }
    laws
}

fn not_converged(point: &Point, paint: Paint) -> String {
    let open: Vec<&str> =
        point.converged.iter().filter(|(_, c)| !**c).map(|(name, _)| name.as_str()).collect();
    if open.is_empty() || point.state == State::Saturated {
        return String::new();
    }
    let needed = point.requests_needed.map_or_else(String::new, |n| {
        let digits = 1 - (n.max(1) as f64).log10() as i32;
        format!("; it would take about {} requests a replication", rounded(n as f64, digits))
    });
    line("note", &format!("not converged: {}{needed}", open.join(", ")), paint)
}

fn closed(point: &Point, paint: Paint) -> String {
    if point.load.users.is_none() {
        return String::new();
    }
    line("note", super::findings::CLOSED, paint)
}

/// One unit for a column: that in which the middle of its means, by factors, is handy.
fn unit<'a>(all: impl Iterator<Item = &'a Distribution>) -> TimeUnit {
    let means: Vec<f64> = all.filter_map(|d| finite(d.mean.value)).filter(|m| *m > 0.0).collect();
    let (low, high) = means.iter().fold((f64::INFINITY, 0.0f64), |(l, h), m| (l.min(*m), h.max(*m)));
    TimeUnit::fitting(if means.is_empty() { 1.0 } else { (low * high).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::answer::AuditRow;
    use crate::report::sample;

    #[test]
    fn a_run_prints_requests_places_exact_values_and_the_audit() {
        insta::assert_snapshot!(run_text(&sample::one_run(), Paint::Plain));
    }

    #[test]
    fn a_saturated_run_says_so_first() {
        let model = sample::Mmc { c: 28, mean_s: 0.02 };
        let text = run_text(&sample::curve(model, &[1500.0]), Paint::Plain);
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            "shop at 1,500/s offered: saturated, no steady state, the backlog grows by 100 ± 2/s at orders"
        );
    }

    #[test]
    fn a_broken_law_is_named() {
        let mut answer = sample::one_run();
        let broken = AuditRow { law: "flow", place: "orders".to_owned(), gap: 0.1, z: None, holds: false };
        answer.points[0].audit.push(broken);
        assert!(run_text(&answer, Paint::Plain).contains("1 of 2 checks FAIL: flow at orders"));
    }

    #[test]
    fn every_line_fits_a_hundred_columns() {
        let text = run_text(&sample::one_run(), Paint::Plain);
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }
}
