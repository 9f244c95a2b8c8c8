//! A drawing surface in logical pixels with fractions, over the SVG backend of plotters.
//!
//! The backend knows whole pixels only, which would show as stair-steps: everything is drawn on a surface [`FINE`] times as
//! large, and the header of the file gives the logical size.

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle,
};

use super::font;
use super::palette::Rgb;

/// Backend pixels to a logical one.
const FINE: f64 = 4.0;
/// The backend divides font sizes by this.
const BACKEND_FONT_FACTOR: f64 = 1.24;

/// A position in logical pixels, y downwards.
pub type Pixel = (f64, f64);

/// A rectangle in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Rect {
    /// The two share some area.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// A colour and how much it covers, in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink(pub Rgb, pub f64);

/// How a line is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub ink: Ink,
    pub width: f64,
    /// Length of dashes and of the gaps between them; `None`: a full line.
    pub dash: Option<f64>,
}

impl Stroke {
    pub fn solid(rgb: Rgb, width: f64) -> Self {
        Self { ink: Ink(rgb, 1.0), width, dash: None }
    }

    pub fn dashed(rgb: Rgb, width: f64, dash: f64) -> Self {
        Self { ink: Ink(rgb, 1.0), width, dash: Some(dash) }
    }
}

/// Which point of a text stands at its position; vertically it is always the middle of the small letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// A line of text.
#[derive(Clone, Debug)]
pub struct Text {
    pub text: String,
    pub at: Pixel,
    /// Font size in pixels.
    pub size: f64,
    pub bold: bool,
    pub rgb: Rgb,
    pub anchor: Anchor,
    /// Reads upwards.
    pub upright: bool,
}

impl Text {
    pub fn new(text: impl Into<String>, at: Pixel, size: f64, rgb: Rgb) -> Self {
        Self { text: text.into(), at, size, bold: false, rgb, anchor: Anchor::Start, upright: false }
    }

    pub fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub fn anchored(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    pub fn upright(self) -> Self {
        Self { upright: true, ..self }
    }

    pub fn width(&self) -> f64 {
        font::width(&self.text, self.size, self.bold)
    }

    /// The rectangle it fills, ascenders and descenders included.
    pub fn bounds(&self) -> Rect {
        let width = self.width();
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let half = 0.55 * self.size;
        let (x, y) = self.at;
        if self.upright {
            Rect { left: x - half, top: y + before - width, right: x + half, bottom: y + before }
        } else {
            Rect { left: x - before, top: y - half, right: x - before + width, bottom: y + half }
        }
    }
}

/// The surface.
pub struct Canvas<'a> {
    backend: SVGBackend<'a>,
}

/// Draws on a white page of `size` logical pixels and gives back the SVG document.
pub fn page(size: (f64, f64), draw: impl FnOnce(&mut Canvas<'_>)) -> String {
    let mut svg = String::new();
    let fine = ((size.0 * FINE) as u32, (size.1 * FINE) as u32);
    {
        let mut canvas = Canvas { backend: SVGBackend::with_string(&mut svg, fine) };
        canvas.fill(
            Rect { left: 0.0, top: 0.0, right: size.0, bottom: size.1 },
            Ink(super::palette::PAPER, 1.0),
        );
        draw(&mut canvas);
        canvas.backend.present().expect("memory does not fail");
    }
    let drawn = format!(r#"<svg width="{}" height="{}""#, fine.0, fine.1);
    let logical = format!(r#"<svg width="{}" height="{}""#, size.0, size.1);
    svg.replacen(&drawn, &logical, 1)
}

impl Canvas<'_> {
    pub fn fill(&mut self, r: Rect, ink: Ink) {
        let (from, to) = (fine((r.left, r.top)), fine((r.right, r.bottom)));
        self.backend.draw_rect(from, to, &style(ink, 0.0), true).expect("memory does not fail");
    }

    pub fn frame(&mut self, r: Rect, stroke: Stroke) {
        let corners =
            [(r.left, r.top), (r.right, r.top), (r.right, r.bottom), (r.left, r.bottom), (r.left, r.top)];
        self.path(&corners, stroke);
    }

    pub fn polygon(&mut self, corners: &[Pixel], ink: Ink) {
        if corners.len() > 2 {
            let corners: Vec<_> = corners.iter().map(|p| fine(*p)).collect();
            self.backend.fill_polygon(corners, &style(ink, 0.0)).expect("memory does not fail");
        }
    }

    pub fn path(&mut self, points: &[Pixel], stroke: Stroke) {
        let pieces = stroke.dash.map_or_else(|| vec![points.to_vec()], |dash| dashes(points, dash));
        for piece in pieces.iter().filter(|p| p.len() > 1) {
            let piece: Vec<_> = piece.iter().map(|p| fine(*p)).collect();
            self.backend.draw_path(piece, &style(stroke.ink, stroke.width)).expect("memory does not fail");
        }
    }

    pub fn disc(&mut self, centre: Pixel, radius: f64, ink: Ink) {
        let radius = (radius * FINE).round() as u32;
        self.backend.draw_circle(fine(centre), radius, &style(ink, 0.0), true).expect("memory does not fail");
    }

    pub fn ring(&mut self, centre: Pixel, radius: f64, stroke: Stroke) {
        let radius = (radius * FINE).round() as u32;
        let style = style(stroke.ink, stroke.width);
        self.backend.draw_circle(fine(centre), radius, &style, false).expect("memory does not fail");
    }

    pub fn text(&mut self, text: &Text) {
        let h = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = if text.bold { FontStyle::Bold } else { FontStyle::Normal };
        let size = text.size * FINE * BACKEND_FONT_FACTOR;
        let mut font = FontDesc::new(FontFamily::Name(font::FAMILY), size, weight);
        if text.upright {
            font = font.transform(FontTransform::Rotate270);
        }
        let (r, g, b) = text.rgb;
        let color = RGBColor(r, g, b).to_backend_color();
        let style = TextStyle { font, color, pos: Pos::new(h, VPos::Center) };
        self.backend.draw_text(&text.text, &style, fine(text.at)).expect("memory does not fail");
    }
}

fn style(ink: Ink, width: f64) -> ShapeStyle {
    let (r, g, b) = ink.0;
    ShapeStyle {
        color: RGBColor(r, g, b).mix(ink.1),
        filled: true,
        stroke_width: (width * FINE).round() as u32,
    }
}

fn fine(p: Pixel) -> (i32, i32) {
    ((p.0 * FINE).round() as i32, (p.1 * FINE).round() as i32)
}

/// Cuts a path into dashes of a length, as far apart as they are long.
fn dashes(points: &[Pixel], length: f64) -> Vec<Vec<Pixel>> {
    let mut pieces: Vec<Vec<Pixel>> = vec![points.first().copied().into_iter().collect()];
    let (mut left, mut on) = (length, true);
    for pair in points.windows(2) {
        let [mut from, to] = [pair[0], pair[1]];
        loop {
            let reach = (to.0 - from.0).hypot(to.1 - from.1);
            if reach < left {
                left -= reach;
                break;
            }
            from = (from.0 + (to.0 - from.0) * left / reach, from.1 + (to.1 - from.1) * left / reach);
            if on {
                pieces.last_mut().expect("never empty").push(from);
            } else {
                pieces.push(vec![from]);
            }
            (left, on) = (length, !on);
        }
        if on {
            pieces.last_mut().expect("never empty").push(to);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dashed_line_is_half_there() {
        let pieces = dashes(&[(0.0, 0.0), (35.0, 0.0), (100.0, 0.0)], 10.0);
        let ends: Vec<_> =
            pieces.iter().map(|p| (p[0].0, p.last().unwrap().0)).filter(|e| e.1 > e.0).collect();
        assert_eq!(ends, [(0.0, 10.0), (20.0, 30.0), (40.0, 50.0), (60.0, 70.0), (80.0, 90.0)]);
    }

    #[test]
    fn the_page_has_its_logical_size_and_keeps_fractions() {
        let svg =
            page((120.0, 80.0), |c| c.path(&[(0.25, 1.0), (10.0, 20.5)], Stroke::solid((0, 0, 0), 1.0)));
        assert!(svg.starts_with(r#"<svg width="120" height="80" viewBox="0 0 480 320""#));
        assert!(svg.contains(r#"points="1,4 40,82 ""#));
    }
}
