//! Errors over the load, by kind.

use super::marks::{largest, marks};
use super::palette::{ERRORS, LIMIT};
use super::panel::{Course, Guide, Line, Panel};
use super::scale::{Scale, nice_above};
use crate::experiment::answer::Answer;
use crate::report::objective::Bound;
use crate::report::{number, view};

const HEIGHT: f64 = 130.0;

/// The panel, where any steady load has errors worth a look.
pub fn panel(answer: &Answer, subject: &str) -> Option<Panel> {
    let lines: Vec<Line> = (0..ERRORS.len()).filter_map(|kind| line(answer, subject, kind)).collect();
    let top = lines.iter().map(|l| largest(&l.marks)).fold(0.0, f64::max);
    let objectives = view::objectives(answer, subject);
    let guides = objectives.iter().filter_map(|o| match o.bound {
        Bound::Share(share) if o.statistic == "errors" => {
            Some(Guide { course: Course::Level(share * 100.0), text: o.text(), rgb: LIMIT })
        }
        _ => None,
    });
    (top > view::NEGLIGIBLE_ERRORS * 100.0).then(|| Panel {
        heading: "Errors, % of requests".to_owned(),
        note: String::new(),
        scale: Scale::linear(0.0, nice_above(top * 1.05).min(100.0)),
        height: HEIGHT,
        shaded: None,
        guides: guides.collect(),
        lines,
        interpolate_log: false,
    })
}

fn line(answer: &Answer, subject: &str, kind: usize) -> Option<Line> {
    let marks = marks(answer, "errors", 100.0, |p| Some(view::error_kinds(view::row(p, subject))[kind].1));
    let name = view::error_kinds(&answer.points.first()?.total)[kind].0.to_owned();
    let value = number::percent_plain(marks.last()?.y / 100.0);
    (largest(&marks) > 0.0).then_some(Line { name, value, rgb: ERRORS[kind], width: 3.0, marks })
}
