//! A run over time as a picture: latency, errors, hits of caches and calls present, with what happens as lines.

use super::frame::{Flag, Frame, Zone};
use super::latency::{linear_scale, log_scale};
use super::marks::largest;
use super::palette::{ERRORS, LIMIT, P50, P95, P99, PEAK, RESOURCES, Rgb};
use super::panel::{Course, Guide, Line, Mark, Panel};
use super::scale::{Scale, nice_above};
use super::{Page, Words};
use crate::experiment::answer::{Answer, Estimate, Point, TimelineRow, WindowLatency};
use crate::report::number::{self, TimeUnit, finite};
use crate::report::view;

/// Changes that are named above the panels.
const FLAGS_MAX: usize = 12;
/// Places and caches in one panel.
const LINES_MAX: usize = RESOURCES.len();
/// A p95 that spans so many factors would be pressed flat by a linear axis.
const WIDE: f64 = 20.0;

type Percentile = (&'static str, Rgb, f64, fn(&WindowLatency) -> &Estimate);
/// From the back to the front.
const PERCENTILES: [Percentile; 3] =
    [("p50", P50, 2.5, |d| &d.p50), ("p99", P99, 2.5, |d| &d.p99), ("p95", P95, 3.5, |d| &d.p95)];

/// The timeline of the first point as an SVG document; `None` where it has none.
#[must_use]
pub fn timeline_svg(answer: &Answer) -> Option<String> {
    let point = answer.points.first().filter(|point| !point.timeline.is_empty())?;
    let (first, last) = (point.timeline.first()?, point.timeline.last()?);
    let frame =
        Frame { x: Scale::linear(first.at_s, last.until_s), zones: silences(point), flags: flags(point) };
    let panels: Vec<Panel> = [Some(latency(answer, point)), errors(point), hits(point), present(point)]
        .into_iter()
        .flatten()
        .collect();
    let words = Words {
        title: format!("{} over time", answer.model),
        subtitle: vec![subtitle(point)],
        x_title: "Time from the end of the warm-up, s".to_owned(),
        simulated: "windows",
        made_by: (answer.knee, answer.seed),
    };
    Some(Page::new(words, &frame, &panels).svg())
}

/// What happens, and the worst that comes of it.
fn subtitle(point: &Point) -> String {
    let p95 = |row: &&TimelineRow| finite(row.total.latency_s.p95.value).unwrap_or(0.0);
    let worst = point.timeline.iter().max_by(|a, b| p95(a).total_cmp(&p95(b)));
    let worst = worst.map_or_else(String::new, |row| {
        format!(
            "; p95 reaches {} between {} and {} s",
            number::measured_seconds(p95(&row)),
            number::trimmed(&number::rounded(row.at_s, 3)),
            number::trimmed(&number::rounded(row.until_s, 3))
        )
    });
    let told: Vec<String> = point
        .changes
        .iter()
        .take(3)
        .map(|change| format!("{} at {}", change.what, number::seconds(change.at_s)))
        .collect();
    let more = point.changes.len() - told.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}{worst}.", told.join(", "))
}

/// Windows in which nobody gets a right answer: no line leads over them.
fn silences(point: &Point) -> Vec<Zone> {
    let is_silent = |row: &TimelineRow| row.total.latency_s.count == 0;
    let middle = |row: &TimelineRow| (row.at_s + row.until_s) / 2.0;
    let runs = point.timeline.chunk_by(|a, b| is_silent(a) == is_silent(b));
    runs.filter(|run| is_silent(&run[0]))
        .map(|run| Zone {
            from: middle(&run[0]),
            to: Some(middle(&run[run.len() - 1])),
            text: "no right answers",
        })
        .collect()
}

fn flags(point: &Point) -> Vec<Flag> {
    let flag = |change: &crate::experiment::answer::ChangeRow| Flag {
        at: change.at_s,
        band: None,
        text: change.what.clone(),
        rgb: PEAK,
        dashed: true,
    };
    point.changes.iter().take(FLAGS_MAX).map(flag).collect()
}

/// A marker in the middle of every window where there is a value, times `factor`.
fn marks<'a>(
    point: &'a Point,
    factor: f64,
    of: impl Fn(&'a TimelineRow) -> Option<&'a Estimate>,
) -> Vec<Mark> {
    let mark = |row: &'a TimelineRow| {
        let e = of(row)?;
        let interval = finite(e.low).zip(finite(e.high)).map(|(low, high)| (low * factor, high * factor));
        let x = (row.at_s + row.until_s) / 2.0;
        Some(Mark { x, y: finite(e.value)? * factor, interval, solid: true })
    };
    point.timeline.iter().filter_map(mark).collect()
}

fn latency(answer: &Answer, point: &Point) -> Panel {
    let curves =
        PERCENTILES.map(|(_, _, _, of)| marks(point, 1.0, move |row| Some(of(&row.total.latency_s))));
    let p95 = &curves[2];
    let objectives = view::objectives(answer, view::TOTAL);
    let bounds: Vec<f64> = objectives.iter().filter_map(|o| o.latency_s()).collect();
    let least = p95.iter().map(|mark| mark.y).fold(f64::INFINITY, f64::min);
    let log = least > 0.0 && largest(p95) / least > WIDE;
    let scale = if log { log_scale(&curves, &bounds) } else { linear_scale(&curves, p95, &bounds, false) };
    let unit = TimeUnit::fitting(scale.high / 3.0);
    let factor = unit.per_second();
    let guides = objectives.iter().filter_map(|o| {
        Some(Guide { course: Course::Level(o.latency_s()? * factor), text: o.text(), rgb: LIMIT })
    });
    let lines = PERCENTILES.iter().filter_map(|(name, rgb, width, of)| {
        let marks = marks(point, factor, move |row| Some(of(&row.total.latency_s)));
        let value = number::measured_seconds(marks.last()?.y / factor);
        Some(Line { name: (*name).to_owned(), value, rgb: *rgb, width: *width, marks })
    });
    let width = number::seconds(point.timeline[0].until_s - point.timeline[0].at_s);
    let log_scale = if log { ", log scale" } else { "" };
    Panel {
        heading: format!("Latency, {}", unit.name()),
        note: format!("of right answers, by windows of {width}{log_scale}"),
        scale: Scale { low: scale.low * factor, high: scale.high * factor, log },
        height: 340.0,
        shaded: None,
        guides: guides.collect(),
        lines: lines.collect(),
        interpolate_log: log,
    }
}

fn errors(point: &Point) -> Option<Panel> {
    let line = |kind: usize| {
        let marks = marks(point, 100.0, move |row| Some(view::kinds_of(&row.total.errors)[kind].1));
        let name = view::kinds_of(&point.total.errors)[kind].0.to_owned();
        let value = number::percent_plain(marks.last()?.y / 100.0);
        (largest(&marks) > 0.0).then_some(Line { name, value, rgb: ERRORS[kind], width: 3.0, marks })
    };
    let lines: Vec<Line> = (0..ERRORS.len()).filter_map(line).collect();
    let top = lines.iter().map(|l| largest(&l.marks)).fold(0.0, f64::max);
    (top > view::NEGLIGIBLE_ERRORS * 100.0).then(|| Panel {
        heading: "Errors, % of what ended".to_owned(),
        note: String::new(),
        scale: Scale::linear(0.0, nice_above(top * 1.05).min(100.0)),
        height: 130.0,
        shaded: None,
        guides: Vec::new(),
        lines,
        interpolate_log: false,
    })
}

fn hits(point: &Point) -> Option<Panel> {
    let names = point.timeline[0].places.iter().filter(|(_, place)| place.hit_ratio.is_some());
    let line = |((name, _), rgb): ((&String, _), &Rgb)| {
        let marks = marks(point, 100.0, |row| row.places.get(name)?.hit_ratio.as_ref());
        let value = number::percent_plain(marks.last()?.y / 100.0);
        Some(Line { name: name.clone(), value, rgb: *rgb, width: 3.0, marks })
    };
    let lines: Vec<Line> = names.take(LINES_MAX).zip(&RESOURCES).filter_map(line).collect();
    (!lines.is_empty()).then(|| Panel {
        heading: "Hits, % of look-ups".to_owned(),
        note: String::new(),
        scale: Scale::linear(0.0, 100.0),
        height: 150.0,
        shaded: None,
        guides: Vec::new(),
        lines,
        interpolate_log: false,
    })
}

/// Calls at the places where most are at some time.
fn present(point: &Point) -> Option<Panel> {
    let mut all: Vec<(&String, Vec<Mark>)> = point.timeline[0]
        .places
        .keys()
        .map(|name| (name, marks(point, 1.0, |row| row.places.get(name).map(|place| &place.in_system))))
        .collect();
    all.sort_by(|a, b| largest(&b.1).total_cmp(&largest(&a.1)));
    let top = all.first().map_or(0.0, |(_, marks)| largest(marks));
    let line = |((name, marks), rgb): ((&String, Vec<Mark>), &Rgb)| {
        let value = number::significant(marks.last()?.y, 3);
        Some(Line { name: name.clone(), value, rgb: *rgb, width: 3.0, marks })
    };
    let lines: Vec<Line> = all.into_iter().take(LINES_MAX).zip(&RESOURCES).filter_map(line).collect();
    (top > 0.0).then(|| Panel {
        heading: "Calls present".to_owned(),
        note: "on average over the window".to_owned(),
        scale: Scale::linear(0.0, nice_above(top * 1.02)),
        height: 170.0,
        shaded: None,
        guides: Vec::new(),
        lines,
        interpolate_log: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_happens_is_named_and_the_picture_can_be_drawn() {
        let svg = timeline_svg(&sample::flushed_answer()).unwrap();
        for text in
            ["products is flushed", "Hits, % of look-ups", "Latency, ", "Calls present", "shop over time"]
        {
            assert!(svg.contains(text), "{text}");
        }
        crate::report::png(&svg, 1.0).unwrap();
        assert!(timeline_svg(&sample::open_shop()).is_none());
    }
}
