//! What one panel of a chart shows, before it has pixels.

use super::palette::Rgb;
use super::scale::{Scale, tick_texts};

/// One quantity over the load.
pub struct Panel {
    /// Printed above the frame, with the unit.
    pub heading: String,
    /// Printed behind the heading, smaller.
    pub note: String,
    /// The y axis.
    pub scale: Scale,
    /// Height of the frame in pixels.
    pub height: f64,
    /// A level range that the eye should know.
    pub shaded: Option<Shaded>,
    /// Lines that were not simulated: objectives, asymptotes.
    pub guides: Vec<Guide>,
    /// Simulated curves; the most important last, on top.
    pub lines: Vec<Line>,
    /// The curves are drawn between markers as the logarithm of y would run.
    pub interpolate_log: bool,
}

/// A named range of y.
pub struct Shaded {
    pub low: f64,
    pub high: f64,
    pub text: &'static str,
}

/// A line that is known without simulation.
pub struct Guide {
    pub course: Course,
    pub text: String,
    pub rgb: Rgb,
}

/// Where a guide runs.
pub enum Course {
    /// At one height, over the whole width; labelled at its right end.
    Level(f64),
    /// From the origin with a slope; labelled on its right.
    Slope(f64),
}

/// A simulated curve.
pub struct Line {
    /// `p99`, `orders servers`
    pub name: String,
    /// Its value at the last steady load, with the unit.
    pub value: String,
    pub rgb: Rgb,
    pub width: f64,
    pub marks: Vec<Mark>,
}

/// A simulated load on a curve; values in the panel's unit.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub x: f64,
    pub y: f64,
    /// 95 % interval, where known.
    pub interval: Option<(f64, f64)>,
    /// It converged.
    pub solid: bool,
}

impl Panel {
    /// Values and texts of the ticks of the y axis.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let ticks = self.scale.ticks((self.height / 45.0).round().max(3.0) as usize);
        let texts = tick_texts(&ticks);
        ticks.into_iter().zip(texts).collect()
    }
}
