//! A tornado: for each knob a bar around zero for the latency and one for the limit, the largest effect on top, and the cost beside them;
//! below it what the unknown numbers may do.

use super::canvas::{self, Anchor, Canvas, Ink, Rect, Stroke, Text};
use super::palette::{GREY, GRID, INK, LIMIT, P95, P99, RESOURCES, Rgb};
use super::scale::{Scale, nice_above, tick_texts};
use super::{font, size};
use crate::experiment::answer::{Estimate, State};
use crate::experiment::figure::Verdict;
use crate::experiment::rank::{Effect, Ranking, Unknown};
use crate::report::number::{self, finite};
use crate::report::rank;

/// Height of a row and of the bar in it.
const ROW: f64 = 40.0;
const BAR: f64 = 22.0;
/// Rows of the tornado.
const ROWS: usize = 16;
/// Room for the names on the left and for words on the right.
const NAMES: f64 = 250.0;
const VERDICTS: f64 = 280.0;
/// Room for a number with its interval beside a bar, and for one of money.
const NUMBER: f64 = 128.0;
const MONEY: f64 = 100.0;
/// Share of the bars' room that those of the latency get, where those of the limit stand beside them.
const LATENCY: f64 = 0.54;
/// Effects beyond this, in per cent, end at the edge.
const SHOWN_MAX: f64 = 200.0;
/// From the last row to the end of the words below its axis.
const AXIS: f64 = 62.0;

/// The chart as an SVG document.
#[must_use]
pub fn ranking_svg(ranking: &Ranking) -> String {
    let room = size::WIDTH - 2.0 * size::MARGIN;
    let wrapped = |text: &str, of: f64| font::wrapped(text, of, false, room);
    let decisions = rank::decisions(ranking);
    let subtitle: Vec<String> = decisions.iter().flat_map(|text| wrapped(text, size::SUBTITLE)).collect();
    let effects: Vec<&Effect> = ranking.effects.iter().filter(|e| rank::is_real(e)).take(ROWS).collect();
    let more = ranking.effects.iter().filter(|e| rank::is_real(e)).count() - effects.len();
    let mut rest: Vec<String> =
        (more > 0).then(|| format!("{more} smaller effects are in rank.csv")).into_iter().collect();
    rest.extend(rank::limit(ranking).map(|limit| format!("limit as it is: {limit}")));
    rest.extend(rank::without_limit(ranking).into_iter().map(|text| format!("no limit found for {text}")));
    rest.extend(rank::without_effect(ranking).into_iter().map(|(_, text)| text));
    let rest: Vec<String> = rest.iter().flat_map(|text| wrapped(text, size::NOTE)).collect();

    let top = 62.0 + 27.0 * subtitle.len() as f64 + 44.0;
    let bottom = top + ROW * effects.len().max(1) as f64;
    let below = bottom + AXIS + 21.0 * rest.len() as f64;
    let rows = ranking.uncertain.as_ref().map(spans);
    let end = rows.as_ref().map_or(below, |rows| below + 70.0 + ROW * rows.len() as f64 + AXIS);
    canvas::page((size::WIDTH, end + 40.0), |canvas| {
        let title = format!("{}: what moves {}", ranking.model, rank::statistic(ranking));
        let title = font::fitted(&title, size::TITLE, true, room);
        canvas.text(&Text::new(title, (size::MARGIN, 36.0), size::TITLE, INK).bold());
        for (i, line) in subtitle.iter().enumerate() {
            canvas.text(&Text::new(
                line.as_str(),
                (size::MARGIN, 72.0 + 27.0 * i as f64),
                size::SUBTITLE,
                INK,
            ));
        }
        tornado(canvas, ranking, &effects, (top, bottom));
        for (i, line) in rest.iter().enumerate() {
            let at = (size::MARGIN, bottom + AXIS + 8.0 + 21.0 * i as f64);
            canvas.text(&Text::new(line.as_str(), at, size::NOTE, GREY));
        }
        if let Some(rows) = &rows {
            ignorance(canvas, ranking, rows, below + 70.0);
        }
        let footer = format!(
            "at {}; whiskers: 95 % intervals of the paired differences; each knob turned the way that should help; knee {}, seed {}",
            rank::at(ranking),
            ranking.knee,
            ranking.seed
        );
        let footer = font::fitted(&footer, size::SMALL, false, room);
        canvas.text(&Text::new(footer, (size::MARGIN, end + 20.0), size::SMALL, GREY));
    })
}

fn sides() -> (f64, f64) {
    (size::MARGIN + NAMES, size::WIDTH - size::MARGIN - VERDICTS)
}

/// Left and right edges of the bars of the latency, and of those of the limit if there are any; their numbers stand to the right of them.
fn columns(ranking: &Ranking, effects: &[&Effect]) -> ((f64, f64), Option<(f64, f64)>) {
    let left = size::MARGIN + NAMES;
    let money = if rank::is_about_money(ranking) { MONEY } else { 0.0 };
    let right = size::WIDTH - size::MARGIN - money - NUMBER;
    if effects.iter().all(|effect| effect.limit.is_none()) {
        return ((left, right), None);
    }
    let middle = left + LATENCY * (right - left - NUMBER - size::LABEL_GAP);
    ((left, middle), Some((middle + NUMBER + size::LABEL_GAP, right)))
}

fn tornado(canvas: &mut Canvas<'_>, ranking: &Ranking, effects: &[&Effect], (top, bottom): (f64, f64)) {
    let (latency, limit) = columns(ranking, effects);
    let steady = |effect: &Effect| effect.state != State::Saturated;
    for (i, effect) in effects.iter().enumerate() {
        let y = top + ROW * (i as f64 + 0.5);
        name(canvas, &effect.path, &rank::from_to(effect), y, latency.0);
    }
    let rows: Vec<Bar<'_>> = effects
        .iter()
        .map(|effect| Bar {
            change: steady(effect).then_some(&effect.held.difference.relative),
            rgb: match effect.held.verdict {
                _ if !steady(effect) => P99,
                _ if effect.is_load => GREY,
                Verdict::Higher => P99,
                Verdict::Lower => P95,
                _ => GREY,
            },
            told: if steady(effect) {
                percent(effect.held.verdict, &effect.held.difference.relative)
            } else {
                "not steady".to_owned()
            },
        })
        .collect();
    bars(canvas, &format!("Change of {}, %", rank::statistic(ranking)), &rows, latency, (top, bottom));
    if let Some(sides) = limit {
        let rows: Vec<Bar<'_>> = effects
            .iter()
            .map(|effect| match &effect.limit {
                None => Bar {
                    change: None,
                    rgb: GREY,
                    told: if effect.is_load { "is the load" } else { "" }.to_owned(),
                },
                Some(limit) => Bar {
                    change: Some(&limit.held.difference.relative),
                    rgb: match limit.held.verdict {
                        Verdict::Higher => LIMIT,
                        Verdict::Lower => P99,
                        _ => GREY,
                    },
                    told: percent(limit.held.verdict, &limit.held.difference.relative),
                },
            })
            .collect();
        bars(canvas, "Change of the limit, %", &rows, sides, (top, bottom));
    }
    if let Some(cost) = ranking.cost.as_ref().filter(|_| rank::is_about_money(ranking)) {
        let right = size::WIDTH - size::MARGIN;
        let head = Text::new(format!("{} a month", cost.currency), (right, top - 18.0), size::HEADING, INK);
        canvas.text(&head.bold().anchored(Anchor::End));
        for (i, effect) in effects.iter().enumerate() {
            let Some(more) = effect.cost_per_month else { continue };
            let text = if more.abs() < 0.5 { "0".to_owned() } else { rank::signed(more, 0) };
            let at = (right, top + ROW * (i as f64 + 0.5));
            let rgb = if text == "0" { GREY } else { INK };
            canvas.text(&Text::new(text, at, size::LABEL, rgb).anchored(Anchor::End));
        }
    }
    if effects.is_empty() {
        let at = (latency.0 + 12.0, (top + bottom) / 2.0);
        canvas.text(&Text::new("no effect is distinguishable from none", at, size::LABEL, GREY));
    }
}

/// As in the table; an effect that may be none says no more than that.
fn percent(verdict: Verdict, change: &Estimate) -> String {
    match verdict {
        Verdict::NotDistinguishable => "none seen".to_owned(),
        Verdict::Same => "none".to_owned(),
        _ => rank::percent(change),
    }
}

/// A bar of the tornado, and the number beside it.
struct Bar<'a> {
    change: Option<&'a Estimate>,
    rgb: Rgb,
    told: String,
}

fn bars(
    canvas: &mut Canvas<'_>,
    heading: &str,
    rows: &[Bar<'_>],
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
) {
    let x = scale(rows.iter().filter_map(|row| row.change));
    let pixel = |value: f64| x.pixel(100.0 * value, left, right).clamp(left, right);
    canvas.text(&Text::new(heading, (left, top - 18.0), size::HEADING, INK).bold());
    grid(canvas, &x, (left, right), (top, bottom), true);
    for (i, row) in rows.iter().enumerate() {
        let y = top + ROW * (i as f64 + 0.5);
        if let Some(change) = row.change
            && let Some(value) = finite(change.value)
        {
            bar(canvas, (pixel(0.0), pixel(value)), y, row.rgb);
            let ends = finite(change.low).zip(finite(change.high));
            whisker(canvas, ends.map(|(a, b)| (pixel(a), pixel(b))), y);
        }
        let text = font::fitted(&row.told, size::LABEL, false, NUMBER);
        canvas.text(&Text::new(text, (right + 12.0, y), size::LABEL, row.rgb));
    }
}

/// A name, and in a lesser line below it what was done.
fn name(canvas: &mut Canvas<'_>, name: &str, what: &str, y: f64, left: f64) {
    let at = |dy: f64| (left - 14.0, y + dy);
    let line = |text: &str, of: f64, bold: bool| font::fitted(text, of, bold, NAMES - 16.0);
    canvas.text(
        &Text::new(line(name, size::LABEL, true), at(-8.0), size::LABEL, INK).bold().anchored(Anchor::End),
    );
    canvas
        .text(&Text::new(line(what, size::SMALL, false), at(10.0), size::SMALL, GREY).anchored(Anchor::End));
}

fn bar(canvas: &mut Canvas<'_>, (from, to): (f64, f64), y: f64, rgb: Rgb) {
    // A bar narrower than a pixel would not be seen at all.
    let (low, high) = (from.min(to), from.max(to).max(from.min(to) + 1.0));
    canvas.fill(Rect { left: low, right: high, top: y - BAR / 2.0, bottom: y + BAR / 2.0 }, Ink(rgb, 0.85));
}

fn whisker(canvas: &mut Canvas<'_>, ends: Option<(f64, f64)>, y: f64) {
    let Some((low, high)) = ends else { return };
    canvas.path(&[(low, y), (high, y)], Stroke::solid(INK, 2.0));
    for x in [low, high] {
        canvas.path(&[(x, y - 6.0), (x, y + 6.0)], Stroke::solid(INK, 2.0));
    }
}

/// Around all intervals and zero.
fn scale<'e>(changes: impl Iterator<Item = &'e Estimate>) -> Scale {
    let ends = changes.flat_map(|e| [e.low, e.high, e.value].map(|x| finite(x).map(|x| 100.0 * x)));
    let (low, high) = ends.flatten().fold((0.0, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    // What is hardly beyond zero needs no room there.
    let hardly = 0.03 * (high - low);
    let (low, high) = (if -low < hardly { 0.0 } else { low }, if high < hardly { 0.0 } else { high });
    // An empty scale has room for one per cent.
    let low = if high - low < 1e-9 { -1.0 } else { low };
    around(low.max(-100.0), high.min(SHOWN_MAX))
}

/// A scale with round ends.
fn around(low: f64, high: f64) -> Scale {
    let step = nice_above((high - low) / 5.0);
    Scale::linear((low / step).floor() * step, (high / step).ceil() * step)
}

fn grid(
    canvas: &mut Canvas<'_>,
    x: &Scale,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
    signed: bool,
) {
    let ticks = x.ticks(5);
    for (value, text) in ticks.iter().zip(tick_texts(&ticks)) {
        let at = x.pixel(*value, left, right);
        let (rgb, width) = if *value == 0.0 && signed { (INK, 2.0) } else { (GRID, 1.0) };
        canvas.path(&[(at, top), (at, bottom)], Stroke::solid(rgb, width));
        let sign = if signed && *value > 0.0 { "+" } else { "" };
        let text = Text::new(format!("{sign}{text}"), (at, bottom + 18.0), size::TICK, INK);
        canvas.text(&text.anchored(Anchor::Middle));
    }
}

/// A range of the statistic, in seconds.
struct Span {
    name: String,
    what: String,
    ends: Option<(f64, f64)>,
    told: String,
    all: bool,
}

/// All unknown numbers together, then each.
fn spans(unknown: &Unknown) -> Vec<Span> {
    let all = Span {
        name: "all of them".to_owned(),
        what: format!("{} draws over their intervals", unknown.draws.len()),
        ends: finite(unknown.low_s).zip(finite(unknown.high_s)),
        told: match unknown.unsteady {
            0 => String::new(),
            n => format!("; {n} draws not steady"),
        },
        all: true,
    };
    let each = unknown.swings.iter().map(|swing| Span {
        name: swing.path.clone(),
        what: format!("{} to {}", swing.low, swing.high),
        ends: finite(swing.at_low_s.value).zip(finite(swing.at_high_s.value)).filter(|_| !swing.unsteady),
        told: match swing.share {
            Some(share) if unknown.swings.len() > 1 => {
                format!(", {} % of it", number::rounded(100.0 * share, 0))
            }
            _ => String::new(),
        },
        all: false,
    });
    std::iter::once(all).chain(each).collect()
}

/// Ranges from what nobody knows, around the band of sampling noise.
fn ignorance(canvas: &mut Canvas<'_>, ranking: &Ranking, rows: &[Span], top: f64) {
    let (left, right) = sides();
    let bottom = top + ROW * rows.len() as f64;
    let unit = rank::unit(ranking);
    let factor = unit.per_second();
    let base = &ranking.base_s;
    let known = [base.low, base.high, base.value].into_iter().filter_map(finite);
    let ends = rows.iter().filter_map(|row| row.ends).flat_map(|(a, b)| [a, b]).chain(known);
    let (low, high) = ends.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    if !low.is_finite() || high <= low {
        return;
    }
    let x = around(low * factor, high * factor);
    let pixel = |seconds: f64| x.pixel(seconds * factor, left, right).clamp(left, right);
    let heading = format!("What nobody knows exactly: {}, {}", rank::statistic(ranking), unit.name());
    canvas.text(&Text::new(heading, (left, top - 18.0), size::HEADING, INK).bold());
    grid(canvas, &x, (left, right), (top, bottom), false);
    for (i, row) in rows.iter().enumerate() {
        let y = top + ROW * (i as f64 + 0.5);
        name(canvas, &row.name, &row.what, y, left);
        let told = match row.ends {
            Some((a, b)) => {
                bar(canvas, (pixel(a), pixel(b)), y, if row.all { GREY } else { RESOURCES[0] });
                let end = |x: f64| number::significant(x * factor, 3);
                format!("{}-{} {}{}", end(a.min(b)), end(a.max(b)), unit.name(), row.told)
            }
            None => "steady state lost".to_owned(),
        };
        let told = font::fitted(&told, size::LABEL, false, VERDICTS - size::LABEL_GAP);
        canvas.text(&Text::new(told, (right + size::LABEL_GAP, y), size::LABEL, INK));
    }
    if let (Some(low), Some(high), Some(value)) = (finite(base.low), finite(base.high), finite(base.value)) {
        let band = Rect { left: pixel(low), right: pixel(high).max(pixel(low) + 1.0), top, bottom };
        canvas.fill(band, Ink(P95, 0.35));
        canvas.path(&[(pixel(value), top), (pixel(value), bottom)], Stroke::solid(P95, 2.0));
        let text = format!("band: the model as it is, {}, sampling noise alone", rank::noise(ranking));
        canvas.text(&Text::new(text, (left, bottom + 42.0), size::NOTE, P95));
    }
}
