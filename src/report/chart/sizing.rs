//! What latency costs: every configuration that was simulated, the frontier, and what was chosen at each milestone.

use super::canvas::{self, Anchor, Canvas, Ink, Pixel, Rect, Stroke, Text};
use super::palette::{self, Rgb};
use super::scale::{Scale, nice_above, tick_texts};
use super::{font, size};
use crate::experiment::size::answer::{Configuration, MilestoneRow, Sizing};
use crate::report::number::{TimeUnit, finite};
use crate::report::sizing::{cost, decision, milestone, subject};

const HEIGHT: f64 = 470.0;
/// The latency axis ends at this many times the objective, or the dearest winner's, whichever is more.
const SHOWN: f64 = 3.0;
/// From this ratio of dearest and cheapest on costs are spaced by factors.
const FACTORS_FROM: f64 = 8.0;
/// One a milestone.
const COLOURS: [Rgb; 6] = [
    palette::P95,
    palette::P99,
    palette::KNEE,
    palette::RESOURCES[1],
    palette::RESOURCES[0],
    palette::RESOURCES[2],
];

/// Cost against latency as an SVG document. The same answer gives the same bytes.
#[must_use]
pub fn size_svg(sizing: &Sizing) -> String {
    let room = size::WIDTH - 2.0 * size::MARGIN - 60.0;
    let told = sizing.milestones.iter().map(|row| decision(sizing, row));
    let head: Vec<(String, usize)> = told
        .enumerate()
        .flat_map(|(at, text)| {
            let lines = font::wrapped(&text, size::SUBTITLE - 2.0, false, room);
            lines.into_iter().map(move |line| (line, at)).collect::<Vec<_>>()
        })
        .collect();
    let top = 70.0 + 25.0 * head.len() as f64 + 34.0;
    let area = Rect { left: 90.0, right: size::WIDTH - size::MARGIN - 150.0, top, bottom: top + HEIGHT };
    let plot = Plot::new(sizing, area);
    canvas::page((size::WIDTH, area.bottom + 96.0), |canvas| {
        let title = format!("{}: what it costs to be fast", sizing.model);
        canvas.text(&Text::new(title, (area.left, 36.0), size::TITLE, palette::INK).bold());
        for (i, (line, at)) in head.iter().enumerate() {
            let at_pixel = (area.left, 70.0 + 25.0 * i as f64);
            let rgb = if sizing.milestones.len() > 1 { colour(*at) } else { palette::INK };
            canvas.text(&Text::new(line.as_str(), at_pixel, size::SUBTITLE - 2.0, rgb));
        }
        plot.draw(canvas);
    })
}

fn colour(at: usize) -> Rgb {
    COLOURS[at % COLOURS.len()]
}

struct Plot<'a> {
    sizing: &'a Sizing,
    area: Rect,
    x: Scale,
    y: Scale,
    unit: TimeUnit,
}

impl<'a> Plot<'a> {
    fn new(sizing: &'a Sizing, area: Rect) -> Self {
        let all = || sizing.milestones.iter().flat_map(|row| &row.tried);
        let costs: Vec<f64> = all().map(|c| c.cost).filter(|x| x.is_finite()).collect();
        let latencies: Vec<f64> = all().filter_map(|c| finite(sizing.subject.of(c).value)).collect();
        let bar = sizing.subject.bar_s.unwrap_or(0.0);
        let winners = sizing.milestones.iter().filter_map(|row| row.winner.as_ref());
        let won = winners.filter_map(|w| finite(sizing.subject.of(w).value)).fold(0.0, f64::max);
        let most = latencies.iter().copied().fold(0.0, f64::max).max(1.1 * bar);
        let shown = if bar.max(won) > 0.0 { most.min(SHOWN * bar.max(won)) } else { most };
        let unit = TimeUnit::fitting(shown / 3.0);
        let top = 1.08 * shown.max(1e-9) * unit.per_second();
        let step = nice_above(top / 8.0);
        Self { sizing, area, x: costs_scale(&costs), y: Scale::linear(0.0, (top / step).ceil() * step), unit }
    }

    fn at(&self, c: &Configuration) -> Option<Pixel> {
        let latency = finite(self.sizing.subject.of(c).value)?;
        Some((self.px(c.cost), self.py(latency)))
    }

    fn px(&self, cost: f64) -> f64 {
        self.x.pixel(cost, self.area.left, self.area.right)
    }

    /// Of seconds.
    fn py(&self, latency: f64) -> f64 {
        self.y.pixel(latency * self.unit.per_second(), self.area.bottom, self.area.top)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        self.axes(canvas);
        self.objective(canvas);
        for (at, row) in self.sizing.milestones.iter().enumerate() {
            self.configurations(canvas, row, colour(at));
        }
        for (at, row) in self.sizing.milestones.iter().enumerate() {
            self.frontier(canvas, row, colour(at));
        }
        let mut taken = Vec::new();
        for (at, row) in self.sizing.milestones.iter().enumerate() {
            self.winner(canvas, row, colour(at), &mut taken);
        }
        canvas.frame(self.area, Stroke::solid(palette::GREY, 1.0));
        self.footer(canvas);
    }

    fn axes(&self, canvas: &mut Canvas<'_>) {
        let heading = format!("{}, {}", capital(&subject(self.sizing)), self.unit.name());
        let at = (self.area.left, self.area.top - 16.0);
        canvas.text(&Text::new(heading, at, size::HEADING, palette::INK).bold());
        let ticks = self.y.ticks(8);
        for (value, text) in ticks.iter().zip(tick_texts(&ticks)) {
            let y = self.y.pixel(*value, self.area.bottom, self.area.top);
            canvas.path(&[(self.area.left, y), (self.area.right, y)], Stroke::solid(palette::GRID, 1.0));
            let at = (self.area.left - 9.0, y);
            canvas.text(&Text::new(text, at, size::TICK, palette::INK).anchored(Anchor::End));
        }
        for value in self.x.ticks(7) {
            let x = self.px(value);
            canvas.path(
                &[(x, self.area.bottom), (x, self.area.bottom + 6.0)],
                Stroke::solid(palette::GREY, 1.0),
            );
            let text = if self.sizing.currency.is_some() {
                cost(self.sizing, value)
            } else {
                crate::report::number::rounded(value, 0)
            };
            let text = text.strip_suffix(".00").unwrap_or(&text).to_owned();
            let at = (x, self.area.bottom + 18.0);
            canvas.text(&Text::new(text, at, size::TICK, palette::INK).anchored(Anchor::Middle));
        }
        let what = if self.sizing.currency.is_some() { "cost a month" } else { "replicas" };
        let middle = f64::midpoint(self.area.left, self.area.right);
        let title = Text::new(what, (middle, self.area.bottom + 44.0), size::HEADING, palette::INK);
        canvas.text(&title.bold().anchored(Anchor::Middle));
    }

    fn objective(&self, canvas: &mut Canvas<'_>) {
        let Some(bar) = self.sizing.subject.bar_s else { return };
        let y = self.py(bar);
        let line = [(self.area.left, y), (self.area.right, y)];
        canvas.path(&line, Stroke::dashed(palette::LIMIT, 2.0, 8.0));
        let text = format!("below {}", crate::report::number::seconds(bar));
        let at = (self.area.right + 10.0, y);
        canvas.text(&Text::new(text, at, size::LABEL, palette::LIMIT).bold());
    }

    fn configurations(&self, canvas: &mut Canvas<'_>, row: &MilestoneRow, rgb: Rgb) {
        for c in &row.tried {
            let Some((x, y)) = self.at(c) else { continue };
            if y < self.area.top {
                // Off the chart: an arrow at its edge.
                let top = self.area.top;
                canvas
                    .polygon(&[(x, top + 2.0), (x - 5.0, top + 11.0), (x + 5.0, top + 11.0)], Ink(rgb, 0.45));
                continue;
            }
            let e = self.sizing.subject.of(c);
            if let (Some(low), Some(high)) = (finite(e.low), finite(e.high)) {
                let ends = [(x, self.py(high).max(self.area.top)), (x, self.py(low))];
                canvas.path(&ends, Stroke { ink: Ink(rgb, 0.35), width: 1.5, dash: None });
            }
            canvas.disc((x, y), 4.0, Ink(rgb, 0.45));
        }
    }

    fn frontier(&self, canvas: &mut Canvas<'_>, row: &MilestoneRow, rgb: Rgb) {
        let mut line: Vec<Pixel> = Vec::new();
        for point in row.tried.iter().filter(|c| c.frontier).filter_map(|c| self.at(c)) {
            let point = (point.0, point.1.max(self.area.top));
            // Until the next one is paid for, nothing is faster.
            if let Some(last) = line.last() {
                line.push((point.0, last.1));
            }
            line.push(point);
        }
        canvas.path(&line, Stroke { ink: Ink(rgb, 0.8), width: 2.5, dash: None });
    }

    fn winner(&self, canvas: &mut Canvas<'_>, row: &MilestoneRow, rgb: Rgb, taken: &mut Vec<Rect>) {
        let Some(winner) = &row.winner else { return };
        let Some((x, y)) = self.at(winner) else { return };
        let e = self.sizing.subject.of(winner);
        if let (Some(low), Some(high)) = (finite(e.low), finite(e.high)) {
            let (low, high) = (self.py(low), self.py(high).max(self.area.top));
            canvas.path(&[(x, high), (x, low)], Stroke::solid(rgb, 3.0));
            for end in [low, high] {
                canvas.path(&[(x - 6.0, end), (x + 6.0, end)], Stroke::solid(rgb, 3.0));
            }
        }
        canvas.disc((x, y), 9.0, Ink(palette::PAPER, 1.0));
        canvas.disc((x, y), 6.0, Ink(rgb, 1.0));
        canvas.ring((x, y), 9.5, Stroke::solid(rgb, 2.5));
        let text = format!("{}: {}", milestone(row), cost(self.sizing, winner.cost));
        let label = self.label(text, (x, y), rgb, taken);
        taken.push(label.bounds());
        let bounds = label.bounds();
        canvas.fill(
            Rect { left: bounds.left - 3.0, right: bounds.right + 3.0, ..bounds },
            Ink(palette::PAPER, 0.85),
        );
        canvas.text(&label);
    }

    /// Beside its point, where no other label and not the objective is.
    fn label(&self, text: String, (x, y): Pixel, rgb: Rgb, taken: &[Rect]) -> Text {
        let bar = self.sizing.subject.bar_s.map(|bar| self.py(bar));
        let free = |label: &Text| {
            let b = label.bounds();
            let clear = bar.is_none_or(|bar| bar < b.top - 2.0 || bar > b.bottom + 2.0);
            let inside = b.left > self.area.left + 4.0
                && b.right < self.area.right - 4.0
                && b.top > self.area.top + 4.0
                && b.bottom < self.area.bottom - 4.0;
            clear && inside && taken.iter().all(|t| !t.overlaps(&b))
        };
        let make = |dx: f64, dy: f64, anchor| {
            Text::new(text.clone(), (x + dx, y + dy), size::LABEL, rgb).bold().anchored(anchor)
        };
        let tries = [24.0, -24.0, 48.0, -48.0, 72.0, -72.0, 96.0, -96.0];
        let all = tries.iter().flat_map(|&dy| {
            [make(14.0, dy, Anchor::Start), make(0.0, dy, Anchor::Middle), make(-14.0, dy, Anchor::End)]
        });
        let mut all: Vec<Text> = all.collect();
        let at = all.iter().position(free).unwrap_or(0);
        all.swap_remove(at)
    }

    fn footer(&self, canvas: &mut Canvas<'_>) {
        let text = format!(
            "rings: chosen, confirmed on fresh replications; discs: other configurations simulated; lines: 95 % intervals and the frontier; knee {}, seed {}",
            self.sizing.knee, self.sizing.seed
        );
        let text = font::fitted(&text, size::SMALL, false, size::WIDTH - size::MARGIN - self.area.left);
        canvas.text(&Text::new(text, (self.area.left, self.area.bottom + 78.0), size::SMALL, palette::GREY));
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

fn costs_scale(costs: &[f64]) -> Scale {
    let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let most = costs.iter().copied().fold(0.0, f64::max);
    if !least.is_finite() || most <= 0.0 {
        return Scale::linear(0.0, 1.0);
    }
    if least > 0.0 && most > FACTORS_FROM * least {
        return Scale::logarithmic(0.8 * least, 1.25 * most);
    }
    let margin = (0.08 * (most - least)).max(0.05 * most);
    Scale::linear((least - margin).max(0.0), most + margin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sizing::sample;

    #[test]
    fn every_milestone_is_marked_and_the_picture_can_be_drawn() {
        let svg = size_svg(&sample::sizing());
        for text in ["1,000 users: $1,413", "10,000 users: $6,377", "below 200 ms", "cost a month"] {
            assert!(svg.contains(text), "{text}");
        }
        crate::report::png(&svg, 1.0).unwrap();
    }

    #[test]
    fn costs_far_apart_are_spaced_by_factors() {
        assert!(costs_scale(&[100.0, 1_000.0]).log);
        assert!(!costs_scale(&[100.0, 700.0]).log);
        assert!(!costs_scale(&[0.0, 700.0]).log);
        assert_eq!(costs_scale(&[]).high, 1.0);
    }
}
