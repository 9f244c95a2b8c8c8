//! Sides of a comparison as a picture: their curves over each other, what they differ by, and how busy they are.

use super::frame::{Flag, Frame, last_steady, upper};
use super::latency::{linear_scale, log_scale};
use super::marks::{largest, marks};
use super::palette::{GREY, LIMIT, SIDES};
use super::panel::{Course, Guide, Line, Mark, Panel};
use super::scale::{Scale, nice_above};
use super::side::Drawn;
use super::{Page, Words, font, forest, size};
use crate::experiment::answer::{Estimate, Found, Saturation};
use crate::experiment::compare::{Comparison, Differences};
use crate::report::number::{TimeUnit, finite};
use crate::report::{load, versus, view};

/// A difference beyond this is cut off, in per cent: near the end of one side it has none.
const SHOWN_MAX: f64 = 150.0;
/// The least span of the axis of differences, in per cent.
const SHOWN_MIN: f64 = 10.0;
/// Above this ratio of two sides without load, a linear axis would press the faster one flat.
const NEEDS_LOG: f64 = 10.0;
/// The axis ends at this multiple of the highest load that was found.
const ROOM: f64 = 1.12;
/// Width of the names of sides.
const NAME: f64 = 190.0;

/// The comparison as an SVG document: curves, or one load as differences with their intervals. At most four sides are drawn.
///
/// The same comparison gives the same bytes.
#[must_use]
pub fn comparison_svg(comparison: &Comparison) -> String {
    let sides: Vec<Drawn> = std::iter::once(&comparison.a)
        .chain(&comparison.b)
        .zip(SIDES)
        .map(|(side, rgb)| Drawn { side, rgb, name: font::fitted(&side.name, size::LABEL, true, NAME) })
        .collect();
    let mut words = words(comparison, sides.len());
    let has_curve = comparison.differences.iter().any(|d| d.points.iter().filter(|p| p.steady).count() > 1);
    if !has_curve {
        return forest::svg(comparison, &sides, &words.title, &words.subtitle);
    }
    words.subtitle.extend(left_out(comparison, sides.len()));
    let subject = versus::subject(comparison);
    let frame = frame(&sides);
    let mut panels: Vec<Panel> =
        [Some(latency(&sides, &subject)), relative(comparison, &sides, &subject), utilization(&sides)]
            .into_iter()
            .flatten()
            .collect();
    for line in panels.iter_mut().flat_map(|panel| &mut panel.lines) {
        line.marks.retain(|mark| mark.x <= frame.x.high);
    }
    Page::new(words, &frame, &panels).svg()
}

fn words(comparison: &Comparison, shown: usize) -> Words {
    let others: Vec<&str> = comparison.b.iter().take(shown - 1).map(|side| side.name.as_str()).collect();
    Words {
        title: format!("{} against {}", others.join(", "), comparison.a.name),
        subtitle: versus::decisions(comparison, str::to_owned).into_iter().take(shown - 1).collect(),
        x_title: load::axis_title(&comparison.a.answer.axis),
        simulated: "loads",
        made_by: (comparison.knee, comparison.seed),
    }
}

fn left_out(comparison: &Comparison, shown: usize) -> Option<String> {
    let more = 1 + comparison.b.len() - shown;
    (more > 0).then(|| format!("({more} more in compare.csv)"))
}

fn frame(sides: &[Drawn<'_>]) -> Frame {
    let found = |f: &Option<Found>| f.as_ref().and_then(|f| upper(&f.at));
    let ends = sides.iter().flat_map(|s| {
        let answer = &s.side.answer;
        let saturation = answer.saturation_at.as_ref().and_then(|f| upper(&f.at));
        [found(&answer.knee_at), found(&answer.limit_at), saturation]
    });
    // The room beyond all that was found is not what a comparison is about.
    let bent = ends.flatten().reduce(f64::max).map_or(f64::INFINITY, |x| ROOM * x);
    let last = sides.iter().filter_map(|s| last_steady(&s.side.answer)).reduce(f64::max).unwrap_or(1.0);
    let first = sides.iter().filter_map(|s| view::steady(&s.side.answer).next()).map(|p| p.load.at);
    let high = (1.03 * last).min(bent).max(1.03 * first.fold(0.0, f64::max));
    let x = Scale::linear(0.0, high);
    let two = sides.len() == 2;
    let mut flags: Vec<Flag> = sides
        .iter()
        .flat_map(|s| {
            let answer = &s.side.answer;
            let knee = answer.knee_at.as_ref().filter(|_| two).and_then(|f| flag(s, "knee", &f.at));
            let limit = answer.limit_at.as_ref().and_then(|f| flag(s, "limit", &f.at));
            let end = |e: &Saturation| flag(s, "saturation", &e.at);
            [knee, limit.or_else(|| answer.saturation_at.as_ref().and_then(end))]
        })
        .flatten()
        .collect();
    flags.retain(|f| f.at >= x.low && f.at <= x.high);
    flags.sort_by(|a, b| a.at.total_cmp(&b.at));
    Frame { x, zones: Vec::new(), flags }
}

fn flag(drawn: &Drawn<'_>, what: &str, at: &Estimate) -> Option<Flag> {
    let text = format!("{what} {}", load::found_short(&drawn.side.answer.axis, at)?);
    let band = finite(at.low).zip(finite(at.high));
    Some(Flag { at: finite(at.value)?, band, text, rgb: drawn.rgb, dashed: what == "knee" })
}

fn latency(sides: &[Drawn<'_>], subject: &str) -> Panel {
    let of =
        |s: &Drawn<'_>| marks(&s.side.answer, "p95", 1.0, |p| Some(&view::row(p, subject).latency_s.p95));
    let curves: Vec<Vec<Mark>> = sides.iter().map(of).collect();
    let first = |c: &Vec<Mark>| c.first().map_or(0.0, |m| m.y);
    let slowest = curves.iter().max_by(|a, b| first(a).total_cmp(&first(b))).expect("there are sides");
    let fastest = curves.iter().map(first).filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
    let objectives = view::objectives(&sides[0].side.answer, subject);
    let objectives: Vec<_> = objectives.iter().filter(|o| o.statistic == "p95").collect();
    let bounds: Vec<f64> = objectives.iter().filter_map(|o| o.latency_s()).collect();
    let log = first(slowest) > NEEDS_LOG * fastest;
    let scale_s =
        if log { log_scale(&curves, &bounds) } else { linear_scale(&curves, slowest, &bounds, true) };
    let unit = TimeUnit::fitting(scale_s.high / 3.0);
    let factor = unit.per_second();
    let of_kind = if subject == view::TOTAL { String::new() } else { format!(" of {subject}") };
    let guides = objectives.iter().filter_map(|o| {
        Some(Guide { course: Course::Level(o.latency_s()? * factor), text: o.text(), rgb: LIMIT })
    });
    Panel {
        heading: format!("p95{of_kind}, {}", unit.name()),
        note: if log { "log scale".to_owned() } else { String::new() },
        scale: Scale { low: scale_s.low * factor, high: scale_s.high * factor, log },
        height: 340.0,
        shaded: None,
        guides: guides.collect(),
        lines: sides.iter().zip(&curves).filter_map(|(s, marks)| line(s, marks, factor)).collect(),
        interpolate_log: true,
    }
}

fn line(drawn: &Drawn<'_>, marks: &[Mark], factor: f64) -> Option<Line> {
    let scaled = |m: &Mark| Mark {
        y: m.y * factor,
        interval: m.interval.map(|(low, high)| (low * factor, high * factor)),
        ..*m
    };
    marks.last()?;
    let marks = marks.iter().map(scaled).collect();
    Some(Line { name: drawn.name.clone(), value: String::new(), rgb: drawn.rgb, width: 3.5, marks })
}

/// How much higher p95 is than on the first side, in per cent, at the loads that both carry.
fn relative(comparison: &Comparison, sides: &[Drawn<'_>], subject: &str) -> Option<Panel> {
    let lines: Vec<Line> = sides[1..]
        .iter()
        .zip(&comparison.differences)
        .filter_map(|(drawn, differences)| {
            let marks = differences_of(differences, subject);
            marks.last()?;
            Some(Line { name: drawn.name.clone(), value: String::new(), rgb: drawn.rgb, width: 3.5, marks })
        })
        .collect();
    let all = || lines.iter().flat_map(|l| &l.marks);
    all().next()?;
    let high = all().map(|m| m.y).fold(SHOWN_MIN / 2.0, f64::max).min(SHOWN_MAX);
    let low = all().map(|m| m.y).fold(-SHOWN_MIN / 2.0, f64::min);
    let step = nice_above((high - low) / 8.0);
    let (low, high) = (((1.1 * low) / step).floor() * step, ((1.1 * high) / step).ceil() * step);
    Some(Panel {
        heading: format!("Difference in p95 from {}, %", comparison.a.name),
        note: "at the loads that both carry; above the line is slower".to_owned(),
        scale: Scale::linear(low.max(-100.0), high),
        height: 200.0,
        shaded: None,
        guides: vec![Guide { course: Course::Level(0.0), text: sides[0].name.clone(), rgb: GREY }],
        lines,
        interpolate_log: false,
    })
}

fn differences_of(differences: &Differences, subject: &str) -> Vec<Mark> {
    let mark = |point: &crate::experiment::compare::PointDifference| {
        let e = &versus::of(point, subject, "p95_s")?.difference.relative;
        let interval = finite(e.low).zip(finite(e.high)).map(|(low, high)| (100.0 * low, 100.0 * high));
        Some(Mark { x: point.load, y: 100.0 * finite(e.value)?, interval, solid: true })
    };
    let comparable = differences.points.iter().filter(|p| p.steady && p.load == p.load_after);
    comparable.filter_map(mark).collect()
}

/// What gives way first on each side.
fn utilization(sides: &[Drawn<'_>]) -> Option<Panel> {
    let lines: Vec<Line> = sides
        .iter()
        .filter_map(|drawn| {
            let answer = &drawn.side.answer;
            let at_limit = answer.limit_at.as_ref().and_then(|f| f.cause.clone());
            let at_end = || answer.saturation_at.as_ref().and_then(|s| s.cause.clone());
            let busiest = || view::busiest_names(answer, 1).into_iter().next();
            let name = at_limit.or_else(at_end).or_else(busiest)?;
            let marks = marks(&drawn.side.answer, "utilization", 100.0, |point| {
                view::resources(point).find(|(n, _)| *n == name).map(|(_, r)| &r.utilization)
            });
            (largest(&marks) > 0.0).then(|| Line {
                name,
                value: String::new(),
                rgb: drawn.rgb,
                width: 3.5,
                marks,
            })
        })
        .collect();
    (!lines.is_empty()).then(|| Panel {
        heading: "Utilisation of what gives way first, %".to_owned(),
        note: String::new(),
        scale: Scale::linear(0.0, 100.0),
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
    use crate::report::sides;

    #[test]
    fn every_side_has_its_curve_its_difference_and_its_name() {
        let svg = comparison_svg(&sides::comparison(&[("more servers", 32), ("fewer", 25)]));
        assert!(
            svg.starts_with("<svg ")
                && svg == comparison_svg(&sides::comparison(&[("more servers", 32), ("fewer", 25)]))
        );
        assert!(svg.matches("more servers").count() >= 3 && svg.contains("Difference in p95 from shop"));
        for limit in ["limit 1,383/s", "limit 1,583/s"] {
            assert!(svg.contains(limit), "{limit}");
        }
    }

    #[test]
    fn one_load_becomes_rows_with_intervals() {
        let svg = comparison_svg(&sides::at_one_load(&[("more servers", 32), ("twin", 28)]));
        assert!(svg.contains("Difference from shop, %") && svg.contains("the same"));
        assert!(!svg.contains("Utilisation"));
    }

    #[test]
    fn charts_of_two_to_many_sides_can_be_drawn() {
        let many: Vec<(&str, u32)> = vec![("a", 29), ("b", 30), ("c", 31), ("d", 32), ("e", 33)];
        for count in 1..=5 {
            let svg = comparison_svg(&sides::comparison(&many[..count]));
            assert!(crate::report::png(&svg, 0.5).is_ok());
            assert_eq!(svg.contains("more in compare.csv"), count > 3);
        }
    }
}
