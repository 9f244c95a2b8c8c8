//! How far each objective holds.

use super::answer::{Estimate, Found, Point, RequestRow, SloRow, State};
use super::loads::plain;
use super::summary::QUANTILES;
use crate::model::{Goal, Model, Objective, Statistic};
use crate::stats::curve::Curve;

/// What an objective looks at, at one load: value with its interval; rising is bad.
fn badness(row: &RequestRow, goal: Goal) -> Option<(Estimate, f64)> {
    let negated = |e: &Estimate| Estimate {
        value: e.value.map(|v| 1.0 - v),
        low: e.high.map(|v| 1.0 - v),
        high: e.low.map(|v| 1.0 - v),
        reason: None,
    };
    Some(match goal {
        Goal::Latency(statistic, below) => (latency(row, statistic)?, below),
        Goal::Errors(below) => (errors(row), below),
        Goal::Apdex { above, .. } => (negated(row.apdex.as_ref()?), 1.0 - above),
        Goal::GoodputShare(above) => (negated(&goodput_share(row)), 1.0 - above),
        Goal::GoodputRate(_) => return None,
    })
}

fn latency(row: &RequestRow, statistic: Statistic) -> Option<Estimate> {
    let d = &row.latency_s;
    let Statistic::Quantile(p) = statistic else { return Some(d.mean.clone()) };
    let reported = [&d.p50, &d.p90, &d.p95, &d.p99, &d.p999];
    let at = QUANTILES.iter().position(|&q| (q - p).abs() < 1e-9)?;
    Some(reported[at].clone())
}

/// All kinds together: their values add, and so, at worst, do their half widths.
fn errors(row: &RequestRow) -> Estimate {
    let kinds = [&row.errors.timeout, &row.errors.rejected, &row.errors.abandoned, &row.errors.failed];
    let sum = |f: fn(&Estimate) -> Option<f64>| kinds.iter().map(|e| f(e)).sum::<Option<f64>>();
    Estimate { value: sum(|e| e.value), low: sum(|e| e.low), high: sum(|e| e.high), reason: None }
}

fn goodput_share(row: &RequestRow) -> Estimate {
    let offered = row.offered_per_s.value.unwrap_or(0.0);
    let share = |x: Option<f64>| x.map(|x| (x / offered).min(1.0));
    let good = &row.goodput_per_s;
    Estimate { value: share(good.value), low: share(good.low), high: share(good.high), reason: None }
}

/// Rows of `points` that an objective speaks of: the endpoint's, by whichever group, or all requests.
fn rows<'p>(model: &Model, objective: &Objective, point: &'p Point) -> Vec<&'p RequestRow> {
    match objective.endpoint {
        None => vec![&point.total],
        Some(endpoint) => {
            let names = model.requests.iter().filter(|r| r.endpoint == endpoint).map(|r| &r.name);
            names.filter_map(|name| point.requests.get(name)).collect()
        }
    }
}

/// The load up to which an objective holds. `low` is where the upper band breaks it first, `high` where the lower band does.
pub fn met_up_to(model: &Model, objective: &Objective, points: &[Point]) -> Estimate {
    if let Goal::GoodputRate(_) = objective.goal {
        return Estimate::unknown("an absolute goodput has a lowest load, not a highest");
    }
    let steady: Vec<&Point> = points.iter().take_while(|p| p.state != State::Saturated).collect();
    let saturated = points.iter().find(|p| p.state == State::Saturated).map(|p| p.load.at);
    let Some(last) = steady.last().map(|p| p.load.at) else {
        return Estimate::unknown("no steady load was simulated");
    };
    let requests = steady.first().map_or(0, |p| rows(model, objective, p).len());
    // Whichever group sees it break first.
    let limits = (0..requests).map(|nth| {
        let band = |end: fn(&Estimate) -> Option<f64>| {
            let at = |p: &&Point| {
                let (estimate, bar) = badness(rows(model, objective, p)[nth], objective.goal)?;
                Some((p.load.at, end(&estimate).or(estimate.value)? - bar, bar))
            };
            crossing(objective.goal, &steady.iter().filter_map(at).collect::<Vec<_>>())
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
        (Some(value), _) if value <= first => Estimate {
            value: None,
            low: None,
            high: Some(first),
            reason: Some(format!("broken at the lowest load simulated, {}", plain(first))),
        },
        (Some(value), _) => Estimate {
            value: Some(value),
            low: low.or(Some(first)),
            high: high.or(saturated),
            reason: high.or(saturated).is_none().then(|| format!("may hold beyond {}", plain(last))),
        },
        // It holds while there is a steady state, and not without one.
        (None, Some(end)) => Estimate::with_interval((last + end) / 2.0, low.unwrap_or(last), end),
        (None, None) => Estimate {
            value: None,
            low,
            high: None,
            reason: Some(format!("holds up to the highest load simulated, {}", plain(last))),
        },
    }
}

type Crossing = (Option<f64>, Option<f64>, Option<f64>);

/// Where `(load, value - bar, bar)` first rises above zero; already broken at the first point: there.
fn crossing(goal: Goal, points: &[(f64, f64, f64)]) -> Option<f64> {
    let first = points.first()?;
    if first.1 >= 0.0 {
        return Some(first.0);
    }
    let curve: Vec<(f64, f64)> = points.iter().map(|&(x, over, bar)| (x, over + bar)).collect();
    let bar = first.2;
    match goal {
        Goal::Latency(..) => Curve::log(&curve)?.first_crossing(bar),
        _ => Curve::linear(&curve)?.first_crossing(bar),
    }
}

/// All objectives, and the one that breaks first.
pub fn limits(model: &Model, points: &[Point], load: &str) -> (Vec<SloRow>, Option<Found>) {
    let name = |o: &Objective| o.endpoint.map_or("total".to_owned(), |e| model.endpoint_name(e));
    let slo: Vec<SloRow> = model
        .objectives
        .iter()
        .map(|o| SloRow {
            endpoint: name(o),
            objective: o.text.clone(),
            met_up_to: met_up_to(model, o, points),
        })
        .collect();
    // Broken from the start comes first, holding to the end last.
    let broken = |e: &Estimate| e.value.is_none() && e.high.is_some();
    let value = |row: &SloRow| {
        if broken(&row.met_up_to) { 0.0 } else { row.met_up_to.value.unwrap_or(f64::INFINITY) }
    };
    let first = slo.iter().min_by(|a, b| value(a).total_cmp(&value(b)));
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
