//! The curve as a tidy table: one row a load, times in seconds, a column for every resource's utilisation, for the hits of every cache
//! and for what is stale.

use super::number::finite;
use super::{load, view};
use crate::experiment::answer::{Answer, Distribution, Estimate, PlaceRow, Point, State};
use crate::experiment::compare::{Comparison, SideAnswer};
use crate::experiment::figure::Verdict;
use crate::experiment::rank::Ranking;

const LATENCIES: [&str; 6] = ["mean", "p50", "p90", "p95", "p99", "p99.9"];

/// The curve as CSV with a head row. Empty cells where nothing is known.
///
/// # Panics
/// Never: writing to memory does not fail and all rows are equally long.
#[must_use]
pub fn sweep_csv(answer: &Answer) -> Vec<u8> {
    let columns = place_columns(&[answer]);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head(answer, &columns)).expect("memory does not fail");
    for point in &answer.points {
        writer.write_record(cells(point, &columns)).expect("rows are equally long");
    }
    writer.into_inner().expect("memory does not fail")
}

/// The curves of all sides as one table, with the relative difference of p95 from the first side where both were simulated.
///
/// # Panics
/// Never, as [`sweep_csv`].
#[must_use]
pub fn comparison_csv(comparison: &Comparison) -> Vec<u8> {
    let sides: Vec<&SideAnswer> = std::iter::once(&comparison.a).chain(&comparison.b).collect();
    let answers: Vec<&Answer> = sides.iter().map(|side| &side.answer).collect();
    let columns = place_columns(&answers);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut names = vec!["side".to_owned()];
    names.extend(head(answers[0], &columns));
    names.extend(["p95_relative", "p95_relative_low", "p95_relative_high"].map(str::to_owned));
    writer.write_record(names).expect("memory does not fail");
    for (i, side) in sides.iter().enumerate() {
        for point in &side.answer.points {
            let differences = i.checked_sub(1).map(|i| &comparison.differences[i].points);
            let at = differences.and_then(|d| d.iter().find(|d| d.load_after == point.load.at && d.steady));
            let relative = at.and_then(|d| d.total.get("p95_s")).map(|held| &held.difference.relative);
            let mut row = vec![side.name.clone()];
            row.extend(cells(point, &columns));
            let ends = relative.map_or([None; 3], |e| [e.value, e.low, e.high]);
            row.extend(ends.map(cell));
            writer.write_record(row).expect("rows are equally long");
        }
    }
    writer.into_inner().expect("memory does not fail")
}

/// The first point over time as one table, a row a window, with what happens in it.
///
/// # Panics
/// Never, as [`sweep_csv`].
#[must_use]
pub fn timeline_csv(answer: &Answer) -> Vec<u8> {
    let (rows, changes) =
        answer.points.first().map_or((&[][..], &[][..]), |point| (&point.timeline[..], &point.changes[..]));
    let places: Vec<(&String, bool)> = rows
        .first()
        .into_iter()
        .flat_map(|row| row.places.iter().map(|(name, place)| (name, place.hit_ratio.is_some())))
        .collect();
    let mut head =
        ["at_s", "until_s", "offered_per_s", "throughput_per_s", "error_share"].map(str::to_owned).to_vec();
    for name in ["mean", "p50", "p95", "p99"] {
        head.extend([format!("{name}_s"), format!("{name}_low_s"), format!("{name}_high_s")]);
    }
    for (name, has_hits) in &places {
        head.push(format!("{name}.in_system"));
        head.extend(has_hits.then(|| format!("{name}.hit_ratio")));
    }
    head.push("changes".to_owned());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(head).expect("memory does not fail");
    for row in rows {
        let (total, latency) = (&row.total, &row.total.latency_s);
        let mut cells: Vec<String> = [
            Some(row.at_s),
            Some(row.until_s),
            total.offered_per_s.value,
            total.throughput_per_s.value,
            view::errors_share(&total.errors),
        ]
        .map(cell)
        .to_vec();
        for e in [&latency.mean, &latency.p50, &latency.p95, &latency.p99] {
            cells.extend([e.value, e.low, e.high].map(cell));
        }
        for (name, _) in &places {
            let place = &row.places[*name];
            cells.push(cell(place.in_system.value));
            cells.extend(place.hit_ratio.as_ref().map(|e| cell(e.value)));
        }
        let told = changes.iter().filter(|c| row.at_s <= c.at_s && c.at_s < row.until_s);
        cells.push(told.map(|c| c.what.as_str()).collect::<Vec<_>>().join("; "));
        writer.write_record(cells).expect("rows are equally long");
    }
    writer.into_inner().expect("memory does not fail")
}

/// The effects of all knobs as one table, the largest first.
///
/// # Panics
/// Never, as [`sweep_csv`].
#[must_use]
pub fn ranking_csv(ranking: &Ranking) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let by = &ranking.by;
    let head = ["knob", "state", "converged", "from", "to", "moved", "verdict"].map(str::to_owned);
    let of = |end: &str| format!("{by}_{end}");
    let numbers = ["before_s", "after_s", "relative", "relative_low", "relative_high"].map(of);
    let rest = [
        "elasticity",
        "elasticity_low",
        "elasticity_high",
        "bound_relative",
        "cost_per_month",
        "cost_elasticity",
        "limit_before",
        "limit_after",
        "limit_relative",
        "limit_relative_low",
        "limit_relative_high",
        "limit_elasticity",
        "limit_elasticity_low",
        "limit_elasticity_high",
    ]
    .map(str::to_owned);
    writer.write_record(head.iter().chain(&numbers).chain(&rest)).expect("memory does not fail");
    for effect in &ranking.effects {
        let difference = &effect.held.difference;
        let mut row = vec![effect.path.clone(), state(effect.state).to_owned(), effect.converged.to_string()];
        row.extend([
            effect.from.clone(),
            effect.to.clone(),
            cell(effect.moved),
            verdict(effect.held.verdict).to_owned(),
        ]);
        row.extend([difference.before.value, difference.after.value].map(cell));
        for e in [&difference.relative, &effect.elasticity] {
            row.extend([e.value, e.low, e.high].map(cell));
        }
        row.extend([effect.bound_relative, effect.cost_per_month, effect.cost_elasticity.value].map(cell));
        let limit = effect.limit.as_ref();
        let ends = limit.map_or([None; 2], |limit| {
            let difference = &limit.held.difference;
            [difference.before.value, difference.after.value]
        });
        row.extend(ends.map(cell));
        for e in [limit.map(|limit| &limit.held.difference.relative), limit.map(|limit| &limit.elasticity)] {
            row.extend(e.map_or([None; 3], |e| [e.value, e.low, e.high]).map(cell));
        }
        writer.write_record(row).expect("rows are equally long");
    }
    writer.into_inner().expect("memory does not fail")
}

/// As in the JSON.
fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Lower => "lower",
        Verdict::Higher => "higher",
        Verdict::NotDistinguishable => "not_distinguishable",
        Verdict::Unknown => "unknown",
    }
}

/// A number of a place that has a column of its own.
#[derive(Clone, PartialEq)]
enum Figure {
    Utilization(String),
    HitRatio,
    StaleShare,
}

impl Figure {
    fn name(&self) -> String {
        match self {
            Self::Utilization(resource) => format!("{resource}.utilization"),
            Self::HitRatio => "hit_ratio".to_owned(),
            Self::StaleShare => "stale_share".to_owned(),
        }
    }

    fn of(&self, place: &PlaceRow) -> Option<f64> {
        match self {
            Self::Utilization(resource) => place.resources.get(resource)?.utilization.value,
            Self::HitRatio => place.hit_ratio.as_ref()?.value,
            Self::StaleShare => place.stale_share.as_ref()?.value,
        }
    }
}

/// All figures of places at any load, in the order of the model: busy resources first.
fn place_columns(answers: &[&Answer]) -> Vec<(String, Figure)> {
    let points = || answers.iter().flat_map(|answer| &answer.points);
    let places = || points().flat_map(|point| &point.places);
    let busy = places().flat_map(|(place, row)| {
        row.resources.keys().map(move |resource| (place.clone(), Figure::Utilization(resource.clone())))
    });
    let kept = places().flat_map(|(place, row)| {
        let hits = row.hit_ratio.as_ref().map(|_| (place.clone(), Figure::HitRatio));
        let stale = row.stale_share.as_ref().map(|_| (place.clone(), Figure::StaleShare));
        hits.into_iter().chain(stale)
    });
    let mut columns: Vec<(String, Figure)> = Vec::new();
    for column in busy.chain(kept) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

fn head(answer: &Answer, columns: &[(String, Figure)]) -> Vec<String> {
    let mut head = vec![load::column(&answer.axis)];
    head.extend(
        ["state", "converged", "offered_per_s", "throughput_per_s", "error_share"].map(str::to_owned),
    );
    for name in LATENCIES {
        head.extend([format!("{name}_s"), format!("{name}_low_s"), format!("{name}_high_s")]);
    }
    head.extend(columns.iter().map(|(place, figure)| format!("{place}.{}", figure.name())));
    head
}

fn cells(point: &Point, columns: &[(String, Figure)]) -> Vec<String> {
    let total = &point.total;
    let mut cells = vec![
        cell(Some(point.load.at)),
        state(point.state).to_owned(),
        point.converged.values().all(|c| *c).to_string(),
        cell(total.offered_per_s.value),
        cell(total.throughput_per_s.value),
        cell(view::error_share(total)),
    ];
    for e in latencies(&total.latency_s) {
        cells.extend([cell(e.value), cell(e.low), cell(e.high)]);
    }
    let value = |(place, figure): &(String, Figure)| figure.of(point.places.get(place)?);
    cells.extend(columns.iter().map(|column| cell(value(column))));
    cells
}

fn latencies(d: &Distribution) -> [&Estimate; 6] {
    [&d.mean, &d.p50, &d.p90, &d.p95, &d.p99, &d.p999]
}

fn cell(value: Option<f64>) -> String {
    finite(value).map_or_else(String::new, |v| v.to_string())
}

/// As in the JSON.
fn state(state: State) -> &'static str {
    match state {
        State::Stable => "stable",
        State::Shedding => "shedding",
        State::Undecided => "undecided",
        State::Saturated => "saturated",
        State::BeyondSaturation => "beyond_saturation",
        State::Transient => "transient",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_load_is_a_row_and_every_resource_a_column() {
        let answer = sample::open_shop();
        let bytes = sweep_csv(&answer);
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let head: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(
            head[..7],
            ["load", "state", "converged", "offered_per_s", "throughput_per_s", "error_share", "mean_s"]
        );
        assert_eq!(head[22..24], ["p99.9_low_s", "p99.9_high_s"]);
        assert_eq!(
            head[24..],
            ["web.workers.utilization", "web.cores.utilization", "orders.servers.utilization"]
        );
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), answer.points.len());
        assert_eq!(rows[0][0].parse::<f64>().unwrap(), answer.points[0].load.at);
        assert_eq!(&rows.last().unwrap()[1], "saturated");
    }

    #[test]
    fn every_window_is_a_row_and_says_what_happens_in_it() {
        let bytes = timeline_csv(&sample::flushed_answer());
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 61);
        assert!(
            lines[0].starts_with("at_s,until_s,offered_per_s,throughput_per_s,error_share,mean_s,mean_low_s")
        );
        assert!(
            lines[0].ends_with("p99_high_s,orders.in_system,products.in_system,products.hit_ratio,changes")
        );
        assert!(
            lines[31].starts_with("60,62,") && lines[31].ends_with(",products is flushed"),
            "{}",
            lines[31]
        );
        assert!(lines[30].ends_with(','), "{}", lines[30]);
    }

    #[test]
    fn what_is_unknown_is_empty() {
        let mut answer = sample::open_shop();
        answer.points[0].total.latency_s.p99 = Estimate::unknown("too few");
        answer.points[0].total.throughput_per_s = Estimate::exact(f64::NAN);
        let bytes = sweep_csv(&answer);
        let row = csv::Reader::from_reader(bytes.as_slice()).records().next().unwrap().unwrap();
        assert_eq!((&row[4], &row[18], &row[19], &row[20]), ("", "", "", ""));
    }
}
