//! Throughput of closed users, under its two asymptotes.

use super::marks::{largest, marks};
use super::palette::{SATURATION, THROUGHPUT};
use super::panel::{Course, Guide, Line, Panel};
use super::scale::{Scale, nice_above};
use crate::experiment::answer::{Answer, Axis};
use crate::report::number::{rounded, significant};

const HEIGHT: f64 = 170.0;

/// The panel, where the axis counts users.
pub fn panel(answer: &Answer) -> Option<Panel> {
    if answer.axis != Axis::Users {
        return None;
    }
    let marks = marks(answer, "throughput", 1.0, |p| Some(&p.total.throughput_per_s));
    let asymptotes = answer.saturation_at.as_ref().and_then(|s| s.asymptotes.as_ref());
    let top = largest(&marks).max(asymptotes.map_or(0.0, |a| a.x_max_per_s));
    let guides = asymptotes.map_or_else(Vec::new, |a| {
        let most = format!("at most {}/s", short(a.x_max_per_s));
        let slope = 1.0 / (a.r_min_s + a.think_s);
        vec![
            Guide { course: Course::Level(a.x_max_per_s), text: most, rgb: SATURATION },
            Guide {
                course: Course::Slope(slope),
                text: "users / (R_min + think time)".to_owned(),
                rgb: SATURATION,
            },
        ]
    });
    let value = format!("{}/s", short(marks.last()?.y));
    let step = nice_above(top / 6.0);
    Some(Panel {
        heading: "Throughput, right answers/s".to_owned(),
        note: String::new(),
        scale: Scale::linear(0.0, (1.1 * top / step).ceil() * step),
        height: HEIGHT,
        shaded: None,
        guides,
        lines: vec![Line { name: "throughput".to_owned(), value, rgb: THROUGHPUT, width: 3.0, marks }],
        interpolate_log: false,
    })
}

fn short(value: f64) -> String {
    if value >= 1_000.0 { rounded(value, 0) } else { significant(value, 3) }
}
