//! Differences at one load: a row for each statistic, with the interval of each side against the zero line.

use super::canvas::{self, Anchor, Canvas, Ink, Stroke, Text};
use super::palette::{GREY, GRID, INK};
use super::scale::{Scale, nice_above, tick_texts};
use super::side::{Drawn, has_steady_state};
use super::{font, size};
use crate::experiment::compare::{Comparison, Held, PointDifference};
use crate::experiment::figure::Verdict;
use crate::report::number::finite;
use crate::report::versus;

/// Height of a side in a row.
const LANE: f64 = 30.0;
/// Between the rows of two statistics.
const GAP: f64 = 14.0;
/// Room for the names of statistics on the left, and for the verdicts on the right.
const NAMES: f64 = 280.0;
const VERDICTS: f64 = 300.0;
/// Differences beyond this, in per cent, stand at the edge with an arrow.
const SHOWN_MAX: f64 = 200.0;

/// A row: what it is about, and what each side says.
struct Row {
    name: String,
    held: Vec<Option<Held>>,
}

/// The chart as an SVG document.
pub fn svg(comparison: &Comparison, sides: &[Drawn<'_>], title: &str, subtitle: &[String]) -> String {
    let rows = rows(comparison, sides.len() - 1);
    let (left, right) = (size::MARGIN + NAMES, size::WIDTH - size::MARGIN - VERDICTS);
    let room = size::WIDTH - 2.0 * size::MARGIN;
    let lines: Vec<String> =
        subtitle.iter().flat_map(|text| font::wrapped(text, size::SUBTITLE, false, room)).collect();
    let top = 62.0 + 27.0 * lines.len() as f64 + 40.0 + if sides.len() > 2 { 28.0 } else { 0.0 };
    let height_of = LANE * (sides.len() - 1) as f64 + GAP;
    let bottom = top + height_of * rows.len().max(1) as f64;
    let x = scale(&rows);
    canvas::page((size::WIDTH, bottom + 92.0), |canvas| {
        let title = font::fitted(title, size::TITLE, true, room);
        canvas.text(&Text::new(title, (size::MARGIN, 36.0), size::TITLE, INK).bold());
        for (i, line) in lines.iter().enumerate() {
            let at = (size::MARGIN, 72.0 + 27.0 * i as f64);
            canvas.text(&Text::new(line.as_str(), at, size::SUBTITLE, INK));
        }
        if sides.len() > 2 {
            legend(canvas, sides, top - 44.0);
        }
        let heading = format!("Difference from {}, %", comparison.a.name);
        canvas.text(&Text::new(heading, (left, top - 16.0), size::HEADING, INK).bold());
        let pixel = |value: f64| x.pixel(value, left, right);
        axis(canvas, &x, (left, right), (top, bottom));
        for (i, row) in rows.iter().enumerate() {
            let y = top + height_of * i as f64 + GAP / 2.0;
            let middle = y + (height_of - GAP) / 2.0;
            let name = font::fitted(&row.name, size::LABEL, true, NAMES - 16.0);
            canvas
                .text(&Text::new(name, (left - 14.0, middle), size::LABEL, INK).bold().anchored(Anchor::End));
            for (lane, (held, side)) in row.held.iter().zip(&sides[1..]).enumerate() {
                let at = y + LANE * (lane as f64 + 0.5);
                let shown = held.as_ref().filter(|_| has_steady_state(side.side));
                if let Some(held) = shown {
                    whisker(canvas, held, side, at, &pixel, (left, right));
                }
                let text = shown.map_or("no steady state".to_owned(), versus::relative_short);
                let faint = shown.is_none_or(|h| !matches!(h.verdict, Verdict::Lower | Verdict::Higher));
                let text = font::fitted(&text, size::LABEL, false, VERDICTS - 20.0);
                let rgb = if faint { GREY } else { side.rgb };
                canvas.text(&Text::new(text, (right + size::LABEL_GAP, at), size::LABEL, rgb));
            }
        }
        let at = versus::at(&comparison.a.answer, comparison.a.at, comparison.b[0].at);
        let footer = format!(
            "at {at}; lines: 95 % intervals of the paired differences; knee {}, seed {}",
            comparison.knee, comparison.seed
        );
        canvas.text(&Text::new(footer, (size::MARGIN, bottom + 74.0), size::SMALL, GREY));
    })
}

/// Latencies of all requests, p95 of each kind, throughput, and the busiest places.
fn rows(comparison: &Comparison, others: usize) -> Vec<Row> {
    const KINDS: usize = 6;
    let points: Vec<Option<&PointDifference>> =
        comparison.differences.iter().take(others).map(versus::in_full).collect();
    let row = |name: String, of: &dyn Fn(&PointDifference) -> Option<Held>| {
        let held: Vec<Option<Held>> = points.iter().map(|p| p.and_then(of)).collect();
        held.iter().any(Option::is_some).then_some(Row { name, held })
    };
    let mut rows = Vec::new();
    for key in ["mean", "p50", "p95", "p99"] {
        rows.extend(row(key.to_owned(), &|p| p.total.get(format!("{key}_s").as_str()).cloned()));
    }
    let kinds = points.iter().flatten().next().map_or(Vec::new(), |p| p.requests.keys().cloned().collect());
    if kinds.len() > 1 {
        for kind in kinds.iter().take(KINDS) {
            rows.extend(row(format!("p95 {kind}"), &|p| p.requests.get(kind)?.get("p95_s").cloned()));
        }
    }
    rows.extend(row("answers/s".to_owned(), &|p| p.total.get("throughput_per_s").cloned()));
    rows
}

/// Around all intervals and zero.
fn scale(rows: &[Row]) -> Scale {
    let ends = rows.iter().flat_map(|r| &r.held).flatten().flat_map(|h| {
        let e = &h.difference.relative;
        [e.low, e.high, e.value].map(|x| finite(x).map(|x| 100.0 * x))
    });
    let (low, high) =
        ends.flatten().fold((-2.0, 2.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    let (low, high) = (low.max(-100.0), high.min(SHOWN_MAX));
    let step = nice_above((high - low) / 6.0);
    Scale::linear((low / step).floor() * step, (high / step).ceil() * step)
}

fn axis(canvas: &mut Canvas<'_>, x: &Scale, (left, right): (f64, f64), (top, bottom): (f64, f64)) {
    let ticks = x.ticks(6);
    for (value, text) in ticks.iter().zip(tick_texts(&ticks)) {
        let at = x.pixel(*value, left, right);
        let (rgb, width) = if *value == 0.0 { (INK, 2.0) } else { (GRID, 1.0) };
        canvas.path(&[(at, top), (at, bottom)], Stroke::solid(rgb, width));
        let sign = if *value > 0.0 { "+" } else { "" };
        let text = Text::new(format!("{sign}{text}"), (at, bottom + 18.0), size::TICK, INK);
        canvas.text(&text.anchored(Anchor::Middle));
    }
    let note = Text::new("← lower", (left, bottom + 44.0), size::NOTE, GREY);
    canvas.text(&note);
    canvas.text(&Text::new("higher →", (right, bottom + 44.0), size::NOTE, GREY).anchored(Anchor::End));
}

fn whisker(
    canvas: &mut Canvas<'_>,
    held: &Held,
    side: &Drawn<'_>,
    y: f64,
    pixel: &impl Fn(f64) -> f64,
    (left, right): (f64, f64),
) {
    let e = &held.difference.relative;
    let Some(value) = finite(e.value).map(|v| pixel(100.0 * v)) else { return };
    if let (Some(low), Some(high)) = (finite(e.low), finite(e.high)) {
        let ends = [low, high].map(|x| pixel(100.0 * x).clamp(left, right));
        canvas.path(&[(ends[0], y), (ends[1], y)], Stroke::solid(side.rgb, 3.0));
        for x in ends {
            canvas.path(&[(x, y - 7.0), (x, y + 7.0)], Stroke::solid(side.rgb, 2.0));
        }
    }
    if value > right {
        canvas.polygon(&[(right - 12.0, y - 8.0), (right - 12.0, y + 8.0), (right, y)], Ink(side.rgb, 1.0));
        return;
    }
    canvas.disc((value, y), 4.5, Ink(side.rgb, 1.0));
}

/// Names of the sides in their colours.
fn legend(canvas: &mut Canvas<'_>, sides: &[Drawn<'_>], y: f64) {
    let mut left = size::MARGIN;
    for side in &sides[1..] {
        canvas.disc((left + 6.0, y), 6.0, Ink(side.rgb, 1.0));
        let text = Text::new(side.name.as_str(), (left + 20.0, y), size::LABEL, side.rgb).bold();
        let width = text.width();
        canvas.text(&text);
        left += width + 52.0;
    }
}
