//! The latency curve as a picture: stacked panels over one x axis.
//!
//! An answer becomes `Panel`s and one `Frame`, which still speak of loads and values; `draw` gives them
//! pixels on a `Canvas`. There is no legend and no second y axis: lines are labelled at their ends, loads above
//! the panels, and labels are moved until none covers another.

mod canvas;
mod compare;
mod curve;
mod draw;
mod errors;
mod font;
mod forest;
mod frame;
mod labels;
mod latency;
mod marks;
mod palette;
mod panel;
mod plan;
mod png;
mod rank;
mod scale;
mod side;
mod sizing;
#[cfg(test)]
mod tests;
mod throughput;
mod timeline;
mod utilization;

use canvas::{Anchor, Canvas, Ink, Rect, Stroke, Text};
use frame::Frame;
use panel::Panel;

pub use compare::comparison_svg;
pub use plan::plan_svg;
pub use png::{PngError, png};
pub use rank::ranking_svg;
pub use sizing::size_svg;
pub use timeline::timeline_svg;

use crate::experiment::answer::{Answer, Axis};
use crate::report::{decision, load, view};

/// What a chart shows, where it may choose.
#[derive(Clone, Debug, Default)]
pub struct ChartOptions {
    /// A logarithmic latency axis. `None`: linear, unless p99 is more than 20 times p50 without load.
    pub log: Option<bool>,
    /// The request kind whose latency is drawn, as the answer names it. `None`: the one whose objective breaks first, else all.
    pub request: Option<String>,
}

/// Sizes in logical pixels.
mod size {
    pub const WIDTH: f64 = 1200.0;
    pub const MARGIN: f64 = 24.0;
    pub const TITLE: f64 = 30.0;
    pub const SUBTITLE: f64 = 20.0;
    pub const HEADING: f64 = 18.0;
    pub const LABEL: f64 = 17.0;
    pub const FLAG: f64 = 16.0;
    pub const TICK: f64 = 16.0;
    pub const NOTE: f64 = 15.0;
    pub const SMALL: f64 = 14.0;
    /// From the right edge of a panel to its labels.
    pub const LABEL_GAP: f64 = 22.0;
    /// From one panel's bottom to the next one's top, for the heading.
    pub const BETWEEN: f64 = 44.0;
    /// One row of names above the panels.
    pub const ROW: f64 = 24.0;
}

/// The curve as an SVG document of 1,200 logical pixels width, the height by its panels.
///
/// The same answer gives the same bytes.
#[must_use]
pub fn sweep_svg(answer: &Answer, options: &ChartOptions) -> String {
    let answer = &*load::in_shown_unit(answer);
    let subject = view::subject(answer, options.request.as_deref());
    let frame = Frame::of(answer);
    let panels: Vec<Panel> = [
        Some(latency::panel(answer, &subject, options)),
        throughput::panel(answer),
        utilization::panel(answer),
        errors::panel(answer, &subject),
    ]
    .into_iter()
    .flatten()
    .collect();
    let words = Words {
        title: title(answer),
        subtitle: vec![decision::decision(answer)],
        x_title: load::axis_title(&answer.axis),
        simulated: if load::is_load(&answer.axis) { "loads" } else { "values" },
        made_by: (answer.knee, answer.seed),
    };
    Page::new(words, &frame, &panels).svg()
}

fn title(answer: &Answer) -> String {
    match &answer.axis {
        Axis::Path(axis) => format!("{}: latency over {}", answer.model, axis.path),
        _ => format!("{}: latency under load", answer.model),
    }
}

/// What is written around the panels.
struct Words {
    title: String,
    /// Sentences, each on lines of its own.
    subtitle: Vec<String>,
    x_title: String,
    /// What the markers stand for: loads, or values.
    simulated: &'static str,
    /// Version of knee, and the seed.
    made_by: (&'static str, u64),
}

/// Everything with its place.
struct Page<'a> {
    words: Words,
    frame: &'a Frame,
    panels: &'a [Panel],
    subtitle: Vec<String>,
    /// Left and right edge of all panels.
    sides: (f64, f64),
    flags: Vec<labels::Placed>,
    /// Bottom of the title block.
    head: f64,
}

impl<'a> Page<'a> {
    fn new(words: Words, frame: &'a Frame, panels: &'a [Panel]) -> Self {
        let most = |of: fn(&Panel) -> f64| panels.iter().map(of).fold(0.0, f64::max);
        let left = (most(draw::tick_room) + 9.0 + size::MARGIN).max(72.0);
        let label_room = most(draw::label_room).clamp(80.0, 280.0);
        let right = size::WIDTH - size::MARGIN - label_room - size::LABEL_GAP;
        let room = size::WIDTH - left - size::MARGIN;
        let lines = words.subtitle.iter().flat_map(|text| font::wrapped(text, size::SUBTITLE, false, room));
        let subtitle: Vec<String> = lines.collect();
        let head = 62.0 + 27.0 * subtitle.len() as f64;
        let pennants: Vec<_> = frame
            .flags
            .iter()
            .map(|flag| labels::Pennant {
                x: frame.x.pixel(flag.at, left, right),
                width: font::width(&flag.text, size::FLAG, true),
            })
            .collect();
        let flags = labels::pennants(&pennants, left, size::WIDTH - size::MARGIN);
        Self { words, frame, panels, subtitle, sides: (left, right), flags, head }
    }

    /// Top of the first panel: below the title, the rows of names and the panel's heading.
    fn top(&self) -> f64 {
        let rows = self.flags.iter().map(|f| f.row + 1).max().unwrap_or(0);
        self.head + size::ROW * rows as f64 + 36.0
    }

    fn areas(&self) -> Vec<Rect> {
        let mut top = self.top();
        let place = |panel: &Panel| {
            let area = Rect { left: self.sides.0, right: self.sides.1, top, bottom: top + panel.height };
            top = area.bottom + size::BETWEEN;
            area
        };
        self.panels.iter().map(place).collect()
    }

    fn svg(&self) -> String {
        let areas = self.areas();
        let bottom = areas.last().map_or(self.top(), |a| a.bottom);
        let height = bottom + 92.0;
        canvas::page((size::WIDTH, height), |canvas| {
            self.title(canvas);
            self.flags(canvas, self.top());
            for (i, (panel, area)) in self.panels.iter().zip(&areas).enumerate() {
                let right = size::WIDTH - size::MARGIN;
                let placed = draw::Placed { panel, frame: self.frame, area: *area, right };
                placed.draw(canvas);
                if i == self.zone_panel() {
                    placed.zone_texts(canvas);
                }
            }
            self.x_axis(canvas, bottom);
            self.footer(canvas, height - 18.0);
        })
    }

    /// The panel in which the zone beyond saturation is named: that of throughput, whose curve leaves room there, else the first.
    fn zone_panel(&self) -> usize {
        self.panels.iter().position(|p| p.heading.starts_with("Throughput")).unwrap_or(0)
    }

    fn title(&self, canvas: &mut Canvas<'_>) {
        let left = self.sides.0;
        let room = size::WIDTH - size::MARGIN - left;
        let title = font::fitted(&self.words.title, size::TITLE, true, room);
        canvas.text(&Text::new(title, (left, 36.0), size::TITLE, palette::INK).bold());
        for (i, line) in self.subtitle.iter().enumerate() {
            let y = 72.0 + 27.0 * i as f64;
            canvas.text(&Text::new(line.as_str(), (left, y), size::SUBTITLE, palette::INK));
        }
    }

    /// Names of the loads that were found, joined to the panels by lines.
    fn flags(&self, canvas: &mut Canvas<'_>, top: f64) {
        let heading = 30.0;
        for (flag, placed) in self.frame.flags.iter().zip(&self.flags) {
            let x = self.frame.x.pixel(flag.at, self.sides.0, self.sides.1);
            let y = top - heading - size::ROW * (placed.row as f64 + 0.5);
            let pole = [(x, y + 0.6 * size::FLAG), (x, top)];
            canvas.path(
                &pole,
                Stroke { ink: Ink(flag.rgb, 0.9), width: 1.5, dash: flag.dashed.then_some(6.0) },
            );
            canvas.text(&Text::new(flag.text.as_str(), (placed.left, y), size::FLAG, flag.rgb).bold());
        }
    }

    fn x_axis(&self, canvas: &mut Canvas<'_>, bottom: f64) {
        let (left, right) = self.sides;
        let ticks = self.frame.x.ticks(8);
        // Factors read best each for itself: 100, 1,000, and not 0.1k.
        let texts = if self.frame.x.log {
            ticks.iter().map(|t| load::bare(*t)).collect()
        } else {
            scale::tick_texts(&ticks)
        };
        for (value, text) in ticks.iter().zip(texts) {
            let x = self.frame.x.pixel(*value, left, right);
            canvas.path(&[(x, bottom), (x, bottom + 6.0)], Stroke::solid(palette::GREY, 1.0));
            canvas.text(
                &Text::new(text, (x, bottom + 18.0), size::TICK, palette::INK).anchored(Anchor::Middle),
            );
        }
        let title = Text::new(
            self.words.x_title.as_str(),
            ((left + right) / 2.0, bottom + 44.0),
            size::HEADING,
            palette::INK,
        );
        canvas.text(&title.bold().anchored(Anchor::Middle));
    }

    fn footer(&self, canvas: &mut Canvas<'_>, y: f64) {
        let hollow = self.panels.iter().flat_map(|p| &p.lines).flat_map(|l| &l.marks).any(|m| !m.solid);
        let hollow = if hollow { ", hollow where not converged" } else { "" };
        let Words { simulated, made_by: (version, seed), .. } = self.words;
        let text = format!(
            "markers: simulated {simulated}{hollow}; shaded: 95 % intervals; knee {version}, seed {seed}"
        );
        let text = font::fitted(&text, size::SMALL, false, size::WIDTH - size::MARGIN - self.sides.0);
        canvas.text(&Text::new(text, (self.sides.0, y), size::SMALL, palette::GREY));
    }
}
