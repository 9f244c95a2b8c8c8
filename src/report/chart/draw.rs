//! One panel in pixels.

use super::canvas::{Anchor, Canvas, Ink, Pixel, Rect, Stroke, Text};
use super::curve::{below, smooth};
use super::frame::{Frame, Zone};
use super::palette::{GREY, GRID, HATCH, INK, PAPER, RULE};
use super::panel::{Course, Line, Mark, Panel, Shaded};
use super::scale::Scale;
use super::{font, labels, size};

/// A panel with its place on the page.
pub struct Placed<'a> {
    pub panel: &'a Panel,
    pub frame: &'a Frame,
    /// The inside of its frame.
    pub area: Rect,
    /// Where labels may end on the right.
    pub right: f64,
}

/// A label at the right end of a line.
struct EndLabel {
    wish: f64,
    /// What gives way where there is no room.
    name: String,
    /// What never does.
    value: String,
    rgb: (u8, u8, u8),
    /// The line left through the top of the panel.
    clipped: bool,
}

impl Placed<'_> {
    /// Draws everything.
    pub fn draw(&self, canvas: &mut Canvas<'_>) {
        self.background(canvas);
        self.grid(canvas);
        for zone in &self.frame.zones {
            self.hatch(canvas, zone);
        }
        self.flags(canvas);
        self.shaded_text(canvas);
        self.guides(canvas);
        for line in &self.panel.lines {
            self.interval(canvas, line);
        }
        for line in &self.panel.lines {
            self.curve(canvas, line);
        }
        for line in &self.panel.lines {
            self.markers(canvas, line);
        }
        for line in &self.panel.lines {
            self.arrow(canvas, line);
        }
        canvas.frame(self.area, Stroke::solid(GREY, 1.0));
        self.heading(canvas);
        self.end_labels(canvas);
    }

    fn x(&self, value: f64) -> f64 {
        self.frame.x.pixel(value, self.area.left, self.area.right)
    }

    fn y(&self, value: f64) -> f64 {
        self.panel.scale.pixel(value, self.area.bottom, self.area.top)
    }

    fn inside(&self, y: f64) -> f64 {
        y.clamp(self.area.top, self.area.bottom)
    }

    fn background(&self, canvas: &mut Canvas<'_>) {
        if let Some(Shaded { low, high, .. }) = self.panel.shaded {
            canvas.fill(Rect { top: self.y(high), bottom: self.y(low), ..self.area }, Ink(RULE, 1.0));
        }
    }

    fn shaded_text(&self, canvas: &mut Canvas<'_>) {
        if let Some(Shaded { low, high, text }) = self.panel.shaded {
            let middle = self.y((low + high) / 2.0);
            canvas.text(&Text::new(text, (self.area.left + 10.0, middle), size::SMALL, GREY));
        }
    }

    fn grid(&self, canvas: &mut Canvas<'_>) {
        for (value, text) in self.panel.ticks() {
            let y = self.y(value);
            canvas.path(&[(self.area.left, y), (self.area.right, y)], Stroke::solid(GRID, 1.0));
            let at = (self.area.left - 9.0, y);
            canvas.text(&Text::new(text, at, size::TICK, INK).anchored(Anchor::End));
        }
    }

    fn hatch(&self, canvas: &mut Canvas<'_>, zone: &Zone) {
        let area = self.zone_area(zone);
        canvas.fill(area, Ink(HATCH, 0.12));
        for (from, to) in diagonals(area, 11.0) {
            canvas.path(&[from, to], Stroke { ink: Ink(HATCH, 0.55), width: 1.0, dash: None });
        }
    }

    /// A zone; a single value has some width, too.
    fn zone_area(&self, zone: &Zone) -> Rect {
        const HALF: f64 = 9.0;
        let within = |x: f64| x.clamp(self.area.left, self.area.right);
        match zone.to {
            None => Rect { left: self.x(zone.from).max(self.area.left), ..self.area },
            Some(to) => {
                Rect { left: within(self.x(zone.from) - HALF), right: within(self.x(to) + HALF), ..self.area }
            }
        }
    }

    /// The names of the zones, on a plain ground.
    pub fn zone_texts(&self, canvas: &mut Canvas<'_>) {
        for zone in &self.frame.zones {
            self.zone_text(canvas, zone);
        }
    }

    fn zone_text(&self, canvas: &mut Canvas<'_>, zone: &Zone) {
        let Rect { left, right, .. } = self.zone_area(zone);
        let middle = (left + right) / 2.0;
        let low = self.area.bottom - 0.3 * (self.area.bottom - self.area.top);
        let flat = Text::new(zone.text, (middle, low), size::NOTE, GREY).anchored(Anchor::Middle);
        let fits = flat.width() + 16.0 < right - left;
        let centre = (self.area.top + self.area.bottom) / 2.0;
        let text = if fits { flat } else { Text { at: (middle, centre), ..flat }.upright() };
        let Rect { left, top, right, bottom } = text.bounds();
        let ground = Rect { left: left - 3.0, top: top - 3.0, right: right + 3.0, bottom: bottom + 3.0 };
        canvas.fill(ground, Ink(PAPER, 0.85));
        canvas.text(&text);
    }

    fn flags(&self, canvas: &mut Canvas<'_>) {
        for flag in &self.frame.flags {
            if let Some((low, high)) = flag.band {
                let within = |x: f64| x.clamp(self.area.left, self.area.right);
                let band = Rect { left: within(self.x(low)), right: within(self.x(high)), ..self.area };
                canvas.fill(band, Ink(flag.rgb, 0.16));
            }
            let x = self.x(flag.at);
            let dash = flag.dashed.then_some(6.0);
            let stroke = Stroke { ink: Ink(flag.rgb, 0.9), width: 1.5, dash };
            canvas.path(&[(x, self.area.top), (x, self.area.bottom)], stroke);
        }
    }

    fn guides(&self, canvas: &mut Canvas<'_>) {
        for guide in &self.panel.guides {
            let stroke = Stroke::dashed(guide.rgb, 2.0, 8.0);
            match guide.course {
                Course::Level(y) if y <= self.panel.scale.high => {
                    let y = self.y(y);
                    canvas.path(&[(self.area.left, y), (self.area.right, y)], stroke);
                }
                Course::Level(_) => {}
                Course::Slope(slope) => self.slope(canvas, slope, &guide.text, stroke),
            }
        }
    }

    /// A line from the origin. Its label stands below it, where a curve that stays under it leaves room.
    fn slope(&self, canvas: &mut Canvas<'_>, slope: f64, text: &str, stroke: Stroke) {
        let Scale { low, high, .. } = self.frame.x;
        let end = (self.panel.scale.high / slope).min(high);
        let start = low.max(self.panel.scale.low / slope);
        if start >= end {
            return;
        }
        canvas.path(&[(self.x(start), self.y(start * slope)), (self.x(end), self.y(end * slope))], stroke);
        let height = 0.16 * self.panel.scale.high;
        let foot = (height / slope).max(low);
        let steepness = (self.y(0.0) - self.y(foot * slope)) / (self.x(foot) - self.x(0.0));
        // Far enough to the right for the rising line to clear the text.
        let at = (self.x(foot) + 8.0 + 1.3 * size::SMALL / steepness, self.y(height));
        let text = Text::new(text, at, size::SMALL, stroke.ink.0);
        canvas.fill(text.bounds(), Ink(PAPER, 0.85));
        canvas.text(&text);
    }

    /// A smooth line in pixels. It is as smooth as the x axis shows it, be that linear or logarithmic.
    fn smooth(&self, points: &[(f64, f64)]) -> Vec<Pixel> {
        let points: Vec<_> = points.iter().map(|p| (self.x(p.0), p.1)).collect();
        smooth(&points, self.panel.interpolate_log).into_iter().map(|p| (p.0, self.y(p.1))).collect()
    }

    /// Marks between which nothing is lost: no line leads over values without a steady state.
    fn runs<'l>(&self, line: &'l Line) -> impl Iterator<Item = &'l [Mark]> {
        let lost = |a: &Mark, b: &Mark| self.frame.zones.iter().any(|z| a.x < z.from && z.from < b.x);
        line.marks.chunk_by(move |a, b| !lost(a, b))
    }

    fn interval(&self, canvas: &mut Canvas<'_>, line: &Line) {
        for run in self.runs(line).flat_map(|run| run.split(|m| m.interval.is_none())) {
            let edge = |of: fn((f64, f64)) -> f64| -> Vec<Pixel> {
                let points: Vec<_> = run.iter().filter_map(|m| Some((m.x, of(m.interval?)))).collect();
                self.smooth(&points).into_iter().map(|p| (p.0, self.inside(p.1))).collect()
            };
            let mut outline = edge(|i| i.0);
            outline.extend(edge(|i| i.1).into_iter().rev());
            canvas.polygon(&outline, Ink(line.rgb, 0.2));
        }
    }

    /// The line as it runs in pixels, cut at the top of the panel.
    fn course(&self, line: &Line) -> (Vec<Vec<Pixel>>, Option<Pixel>) {
        let mut parts = Vec::new();
        let mut exit = None;
        for run in self.runs(line) {
            let points: Vec<_> = run.iter().map(|m| (m.x, m.y)).collect();
            let (inside, left) = below(&self.smooth(&points), self.area.top);
            parts.extend(inside);
            exit = exit.or(left);
        }
        (parts, exit)
    }

    fn curve(&self, canvas: &mut Canvas<'_>, line: &Line) {
        for part in self.course(line).0 {
            canvas.path(&part, Stroke::solid(line.rgb, line.width));
        }
    }

    /// Where a line leaves through the top.
    fn arrow(&self, canvas: &mut Canvas<'_>, line: &Line) {
        if let Some((x, y)) = self.course(line).1 {
            canvas.polygon(&[(x - 8.0, y + 3.0), (x + 8.0, y + 3.0), (x, y - 12.0)], Ink(line.rgb, 1.0));
        }
    }

    fn markers(&self, canvas: &mut Canvas<'_>, line: &Line) {
        let radius = if line.marks.len() > 30 { 3.5 } else { 5.0 };
        let leaves = self.course(line).1.is_some();
        for Mark { x, y, solid, .. } in &line.marks {
            let at = (self.x(*x), self.y(*y));
            // A marker on the edge would hide the arrow there.
            if at.1 < self.area.top - 1.0 || (leaves && at.1 < self.area.top + radius) {
                continue;
            }
            canvas.disc(at, radius + 1.0, Ink(PAPER, 1.0));
            if *solid {
                canvas.disc(at, radius, Ink(line.rgb, 1.0));
            } else {
                canvas.ring(at, radius - 0.75, Stroke::solid(line.rgb, 2.0));
            }
        }
    }

    fn heading(&self, canvas: &mut Canvas<'_>) {
        let y = self.area.top - 15.0;
        let heading = Text::new(self.panel.heading.as_str(), (self.area.left, y), size::HEADING, INK).bold();
        let behind = heading.bounds().right + 14.0;
        // The line of a load found far left would cross the heading.
        canvas.fill(heading.bounds(), Ink(PAPER, 1.0));
        canvas.text(&heading);
        if !self.panel.note.is_empty() {
            let note = font::fitted(&self.panel.note, size::NOTE, false, self.area.right - behind);
            canvas.text(&Text::new(note, (behind, y), size::NOTE, GREY));
        }
    }

    fn labels(&self) -> Vec<EndLabel> {
        let mut labels = Vec::new();
        for line in &self.panel.lines {
            let Some(last) = line.marks.last() else { continue };
            let clipped = last.y > self.panel.scale.high;
            let wish = self.inside(self.y(last.y));
            labels.push(EndLabel {
                wish,
                name: line.name.clone(),
                value: format!(" {}", line.value),
                rgb: line.rgb,
                clipped,
            });
        }
        for guide in &self.panel.guides {
            if let Course::Level(level) = guide.course {
                let clipped = level > self.panel.scale.high;
                let wish = self.inside(self.y(level));
                let (name, value) = (guide.text.clone(), String::new());
                labels.push(EndLabel { wish, name, value, rgb: guide.rgb, clipped });
            }
        }
        // Where several left through the top, the highest stands highest.
        labels.sort_by(|a, b| a.wish.total_cmp(&b.wish));
        labels
    }

    fn end_labels(&self, canvas: &mut Canvas<'_>) {
        let labels = self.labels();
        let wishes: Vec<f64> = labels.iter().map(|l| l.wish).collect();
        let heights =
            labels::spread(&wishes, 1.25 * size::LABEL, self.area.top + 4.0, self.area.bottom - 4.0);
        for (label, y) in labels.iter().zip(heights) {
            let left = self.area.right + size::LABEL_GAP;
            if (y - label.wish).abs() > 3.0 && !label.clipped {
                let link = [(self.area.right + 2.0, label.wish), (left - 4.0, y)];
                canvas.path(&link, Stroke { ink: Ink(label.rgb, 0.6), width: 1.0, dash: None });
            }
            if label.clipped {
                let x = self.area.right + 11.0;
                canvas.polygon(&[(x - 6.0, y + 4.0), (x + 6.0, y + 4.0), (x, y - 6.0)], Ink(label.rgb, 1.0));
            }
            let room = self.right - left - font::width(&label.value, size::LABEL, true);
            let text = font::fitted(&label.name, size::LABEL, true, room) + &label.value;
            canvas.text(&Text::new(text, (left, y), size::LABEL, label.rgb).bold());
        }
    }
}

/// Width that the labels of a panel would like on its right.
pub fn label_room(panel: &Panel) -> f64 {
    let lines = panel.lines.iter().map(|l| format!("{} {}", l.name, l.value));
    let levels = panel.guides.iter().filter(|g| matches!(g.course, Course::Level(_)));
    let texts = lines.chain(levels.map(|g| g.text.clone()));
    texts.map(|t| font::width(&t, size::LABEL, true)).fold(0.0, f64::max)
}

/// Width that the numbers of its y axis need on its left.
pub fn tick_room(panel: &Panel) -> f64 {
    panel.ticks().iter().map(|(_, t)| font::width(t, size::TICK, false)).fold(0.0, f64::max)
}

/// Lines that rise to the right at 45 degrees, `apart` from each other, cut at the edges of an area.
fn diagonals(area: Rect, apart: f64) -> Vec<(Pixel, Pixel)> {
    let (width, height) = (area.right - area.left, area.bottom - area.top);
    let count = ((width + height) / apart) as usize;
    let diagonal = |i: usize| {
        let offset = (i + 1) as f64 * apart;
        let (from, to) = ((offset - height).max(0.0), offset.min(width));
        ((area.left + from, area.top + offset - from), (area.left + to, area.top + offset - to))
    };
    (0..count).map(diagonal).filter(|(a, b)| b.0 > a.0).collect()
}
