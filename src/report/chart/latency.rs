//! The panel that matters: p50, p95 and p99 of right answers over the load.

use super::ChartOptions;
use super::marks::{largest, marks};
use super::palette::{LIMIT, P50, P95, P99, Rgb};
use super::panel::{Course, Guide, Line, Mark, Panel};
use super::scale::{Scale, nice_above};
use crate::experiment::answer::{Answer, Distribution, Estimate};
use crate::report::number::{self, TimeUnit};
use crate::report::{load, view};

const HEIGHT: f64 = 380.0;
/// A linear axis ends at this many times the objective, or ...
const OBJECTIVES_SHOWN: f64 = 3.0;
/// ... this many times p95 without load, whichever is more: beyond it, only the tail's end would be readable.
const UNLOADED_SHOWN: f64 = 8.0;
/// Above this ratio of p99 to p50 without load, a linear axis would press the median flat.
const TAIL_NEEDS_LOG: f64 = 20.0;

type Percentile = (&'static str, Rgb, f64, fn(&Distribution) -> &Estimate);
/// From the back to the front: p95 is what objectives speak of.
const PERCENTILES: [Percentile; 3] =
    [("p50", P50, 3.0, |d| &d.p50), ("p99", P99, 3.0, |d| &d.p99), ("p95", P95, 4.0, |d| &d.p95)];

/// The panel of a request kind.
pub fn panel(answer: &Answer, subject: &str, options: &ChartOptions) -> Panel {
    let curves = PERCENTILES.map(|(name, _, _, of)| {
        marks(answer, name, 1.0, |point| Some(of(&view::row(point, subject).latency_s)))
    });
    let [p50, p99, p95] = &curves;
    let objectives = view::objectives(answer, subject);
    let bounds: Vec<f64> = objectives.iter().filter_map(|o| o.latency_s()).collect();
    let is_load = load::is_load(&answer.axis);
    let needs_log = || tail_needs_log(p50, p99) || (!is_load && wide(p95));
    let log = options.log.unwrap_or_else(needs_log);
    let scale_s =
        if log { log_scale(&curves, &bounds) } else { linear_scale(&curves, p95, &bounds, is_load) };
    let unit = TimeUnit::fitting(scale_s.high / 3.0);
    let factor = unit.per_second();
    let guides = objectives.iter().filter_map(|o| {
        let level = Course::Level(o.latency_s()? * factor);
        Some(Guide { course: level, text: o.text(), rgb: LIMIT })
    });
    Panel {
        heading: heading(subject, unit),
        note: note(answer, subject, log),
        scale: Scale { low: scale_s.low * factor, high: scale_s.high * factor, log },
        height: HEIGHT,
        shaded: None,
        guides: guides.collect(),
        lines: PERCENTILES.iter().zip(&curves).filter_map(|(p, marks)| line(p, marks, factor)).collect(),
        interpolate_log: true,
    }
}

fn heading(subject: &str, unit: TimeUnit) -> String {
    let of = if subject == view::TOTAL { String::new() } else { format!(" of {subject}") };
    format!("Latency{of}, {}", unit.name())
}

fn note(answer: &Answer, subject: &str, log: bool) -> String {
    let errors = view::steady(answer)
        .filter_map(|p| view::error_share(view::row(p, subject)))
        .any(|share| share > 0.0);
    let parts = [errors.then_some("of right answers"), log.then_some("log scale")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn line((name, rgb, width, _): &Percentile, marks: &[Mark], factor: f64) -> Option<Line> {
    let value = number::measured_seconds(marks.last()?.y);
    let scaled = |m: &Mark| Mark {
        y: m.y * factor,
        interval: m.interval.map(|(low, high)| (low * factor, high * factor)),
        ..*m
    };
    let marks = marks.iter().map(scaled).collect();
    Some(Line { name: (*name).to_owned(), value, rgb: *rgb, width: *width, marks })
}

fn tail_needs_log(p50: &[Mark], p99: &[Mark]) -> bool {
    let unloaded = p50.first().zip(p99.first());
    unloaded.is_some_and(|(p50, p99)| p50.y > 0.0 && p99.y / p50.y > TAIL_NEEDS_LOG)
}

/// Along a path there is no hockey stick to cut off: what spans so many factors would be pressed flat.
fn wide(p95: &[Mark]) -> bool {
    let least = p95.iter().map(|m| m.y).fold(f64::INFINITY, f64::min);
    least > 0.0 && largest(p95) / least > TAIL_NEEDS_LOG
}

/// From zero to the end of the data, or to where a hockey stick shows best. In seconds.
pub fn linear_scale(curves: &[Vec<Mark>], p95: &[Mark], bounds: &[f64], cut: bool) -> Scale {
    let bound = bounds.iter().copied().fold(0.0, f64::max);
    let data = curves.iter().map(|marks| largest(marks)).fold(0.0, f64::max);
    let shown = (OBJECTIVES_SHOWN * bound).max(UNLOADED_SHOWN * p95.first().map_or(0.0, |m| m.y));
    // An objective far above all data would press the curve flat: its label then stands at the edge.
    let near = if bound <= 5.0 * data { 1.15 * bound } else { 0.0 };
    let high = (1.08 * data).max(near);
    let high = if cut && shown > 0.0 { high.min(shown) } else { high };
    if high <= 0.0 {
        return Scale::linear(0.0, 1.0);
    }
    let step = nice_above(high / 10.0);
    Scale::linear(0.0, (high / step).ceil() * step)
}

/// All of the data and the objectives. In seconds.
pub fn log_scale(curves: &[Vec<Mark>], bounds: &[f64]) -> Scale {
    let values = || curves.iter().flatten().map(|m| m.y).chain(bounds.iter().copied()).filter(|v| *v > 0.0);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(0.0, f64::max);
    if high == 0.0 { Scale::linear(0.0, 1.0) } else { Scale::logarithmic(0.7 * low, 1.4 * high) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_steep_curve_is_clipped_where_the_hockey_stick_still_shows() {
        let panel = panel(&sample::steep(), view::TOTAL, &ChartOptions::default());
        let p95 = panel.lines.iter().find(|l| l.name == "p95").unwrap();
        let unloaded = p95.marks[0].y;
        // p95 of M/M/1 at 10 % load and 1 ms of service: 1 ms / 0.9 * ln 20 = 3.33 ms; the objective is 10 ms.
        assert!((unloaded - 3.329).abs() < 0.001);
        assert_eq!((panel.scale.low, panel.scale.high, panel.scale.log), (0.0, 30.0, false));
        assert!(largest(&p95.marks) > panel.scale.high);
    }

    #[test]
    fn a_tail_far_above_the_median_turns_the_axis_to_log_and_says_so() {
        let tailed = panel(&sample::heavy_tail(), view::TOTAL, &ChartOptions::default());
        assert!(tailed.scale.log && tailed.note == "log scale");
        let asked = ChartOptions { log: Some(false), ..ChartOptions::default() };
        assert!(!panel(&sample::heavy_tail(), view::TOTAL, &asked).scale.log);
    }
}
