//! The busiest three resources over the load.

use super::marks::marks;
use super::palette::RESOURCES;
use super::panel::{Line, Panel, Shaded};
use super::scale::Scale;
use crate::experiment::answer::Answer;
use crate::report::{number, view};

const HEIGHT: f64 = 180.0;

/// The panel, where any resource is limited.
pub fn panel(answer: &Answer) -> Option<Panel> {
    let names = view::busiest_names(answer, RESOURCES.len());
    let lines = names.iter().zip(RESOURCES).rev().filter_map(|(name, rgb)| {
        let marks = marks(answer, "utilization", 100.0, |point| {
            view::resources(point).find(|(n, _)| n == name).map(|(_, r)| &r.utilization)
        });
        let value = number::percent_plain(marks.last()?.y / 100.0);
        Some(Line { name: name.clone(), value, rgb, width: 3.0, marks })
    });
    (!names.is_empty()).then(|| Panel {
        heading: "Utilisation, %".to_owned(),
        note: at_the_knee(answer).unwrap_or_default(),
        scale: Scale::linear(0.0, 100.0),
        height: HEIGHT,
        shaded: Some(Shaded { low: 60.0, high: 80.0, text: "rule of thumb, one server" }),
        guides: Vec::new(),
        lines: lines.collect(),
        interpolate_log: false,
    })
}

/// What the rule of thumb does not know: many servers are calm where one is not.
fn at_the_knee(answer: &Answer) -> Option<String> {
    let knee = answer.knee_at.as_ref()?;
    knee.at.value?;
    let (name, share) = knee.utilization.as_ref()?;
    Some(format!("at the knee: {name} {}", number::percent_plain(*share)))
}
