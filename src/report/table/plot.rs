//! The curve in a few lines of text: p95 over the load in Braille dots, with the knee and the limit marked below.

use super::paint::{Paint, Role};
use crate::experiment::answer::{Answer, Axis, Found, State};
use crate::report::number::{TimeUnit, finite, significant, trimmed};
use crate::report::{load, view};

/// Cells of the plot; each has 2 x 4 dots.
const COLUMNS: usize = 64;
const ROWS: usize = 7;
const DOTS_X: usize = 2 * COLUMNS;
const DOTS_Y: usize = 4 * ROWS;
/// As in the chart: the axis ends at so many times p95 without load, or so many times the objective.
const UNLOADED_SHOWN: f64 = 8.0;
const OBJECTIVES_SHOWN: f64 = 3.0;

/// Draws p95 of a request kind; nothing where there are fewer than three steady points.
pub fn plot(answer: &Answer, subject: &str, paint: Paint) -> String {
    let points: Vec<(f64, f64)> = view::steady(answer)
        .filter_map(|p| Some((p.load.at, finite(view::row(p, subject).latency_s.p95.value)?)))
        .collect();
    if points.len() < 3 {
        return String::new();
    }
    Plot::new(answer, subject, points).render(answer, paint)
}

struct Plot {
    points: Vec<(f64, f64)>,
    /// Ends of the x axis, in loads.
    from: f64,
    to: f64,
    /// Top of the y axis, in seconds.
    top: f64,
    objective: Option<f64>,
    /// From here on nothing is steady.
    lost: Option<f64>,
    /// Values of a path without a steady state.
    lost_at: Vec<f64>,
    /// The x axis is logarithmic.
    log: bool,
}

impl Plot {
    fn new(answer: &Answer, subject: &str, points: Vec<(f64, f64)>) -> Self {
        let objectives = view::objectives(answer, subject);
        let objective = objectives.iter().filter(|o| o.statistic == "p95").find_map(|o| o.latency_s());
        let last = points[points.len() - 1].0;
        let saturation =
            answer.saturation_at.as_ref().and_then(|s| finite(s.at.value)).map(|at| at.max(last));
        let lost = saturation.filter(|_| answer.points.iter().any(|p| p.state == State::Saturated));
        let to = last.max(lost.map_or(0.0, |at| at + 0.06 * (at - points[0].0)));
        let from = if points[0].0 < 0.5 * to { 0.0 } else { points[0].0 };
        let data = points.iter().map(|p| p.1).fold(0.0, f64::max);
        let shown = (UNLOADED_SHOWN * points[0].1).max(OBJECTIVES_SHOWN * objective.unwrap_or(0.0));
        let near = objective.filter(|o| *o < 3.0 * data).unwrap_or(0.0);
        let top = (1.05 * data.max(near)).min(shown);
        let top = if top > 0.0 { top } else { 1.0 };
        let plot = Self { points, from, to, top, objective, lost, lost_at: Vec::new(), log: false };
        match &answer.axis {
            Axis::Path(axis) => plot.along_path(answer, axis.log, 1.05 * data.max(near)),
            _ => plot,
        }
    }

    /// From the first to the last value, steady or not, and up to the largest: there is no hockey stick to cut off.
    fn along_path(mut self, answer: &Answer, log: bool, top: f64) -> Self {
        self.from = answer.points.first().map_or(self.from, |p| p.load.at);
        self.to = answer.points.last().map_or(self.to, |p| p.load.at);
        self.log = log && self.from > 0.0;
        self.lost = None;
        self.lost_at =
            answer.points.iter().filter(|p| p.state == State::Saturated).map(|p| p.load.at).collect();
        self.top = if top > 0.0 { top } else { 1.0 };
        self
    }

    fn render(&self, answer: &Answer, paint: Paint) -> String {
        let unit = TimeUnit::fitting(self.top / 3.0);
        let cells = self.dots();
        let objective = self.objective.filter(|o| *o <= self.top).map(|o| self.row(o));
        let over = match &answer.axis {
            Axis::Path(axis) => format!(" over {}", axis.path),
            _ => String::new(),
        };
        let mut out = format!("  {}\n", paint.apply(Role::Faint, &format!("p95, {}{over}", unit.name())));
        for (row, line) in cells.iter().enumerate() {
            let height = self.top * (1.0 - (row as f64 + 0.5) / ROWS as f64);
            let label = match objective {
                Some(at) if at == row => self.objective,
                Some(at) if at.abs_diff(row) < 2 && row % 2 == 0 => None,
                _ => Some(height).filter(|_| row % 2 == 0),
            };
            let digits = |s: f64| trimmed(&significant(s * unit.per_second(), 2)).to_owned();
            let label = label.map_or_else(String::new, digits);
            let body = self.line(row, line, objective);
            out.push_str(format!("{label:>9} ┤{}", paint.apply(Role::Text, &body)).trim_end());
            out.push('\n');
        }
        out + &self.axis(answer, paint)
    }

    /// The row of cells at a height.
    fn row(&self, seconds: f64) -> usize {
        ((1.0 - seconds / self.top) * ROWS as f64).clamp(0.0, ROWS as f64 - 1.0) as usize
    }

    fn column(&self, load: f64) -> usize {
        (self.share(load) * COLUMNS as f64).clamp(0.0, COLUMNS as f64 - 1.0) as usize
    }

    fn share(&self, load: f64) -> f64 {
        if self.log {
            (load / self.from).ln() / (self.to / self.from).ln()
        } else {
            (load - self.from) / (self.to - self.from)
        }
    }

    /// The load at a share of the axis.
    fn load(&self, share: f64) -> f64 {
        if self.log {
            self.from * (self.to / self.from).powf(share)
        } else {
            self.from + share * (self.to - self.from)
        }
    }

    /// Braille bits of the curve, by row and column of cells.
    fn dots(&self) -> Vec<[u8; COLUMNS]> {
        let mut cells = vec![[0u8; COLUMNS]; ROWS];
        let mut previous: Option<usize> = None;
        for x in 0..DOTS_X {
            let load = self.load((x as f64 + 0.5) / DOTS_X as f64);
            let Some(height) = self.height_at(load) else { continue };
            if height > 1.0 {
                previous = None;
                continue;
            }
            let y = ((1.0 - height) * DOTS_Y as f64).clamp(0.0, DOTS_Y as f64 - 1.0) as usize;
            // A steep stretch is drawn without holes.
            let from = previous.map_or(y, |p| if p > y { p - 1 } else { p.min(y) });
            for dot in from.min(y)..=from.max(y) {
                cells[dot / 4][x / 2] |= braille_bit(x % 2, dot % 4);
            }
            previous = Some(y);
        }
        cells
    }

    /// The curve at a load as a share of the axis, between markers in a straight line; `None` where it was not simulated.
    fn height_at(&self, load: f64) -> Option<f64> {
        let pair = self.points.windows(2).find(|w| w[0].0 <= load && load <= w[1].0)?;
        if self.lost_at.iter().any(|at| pair[0].0 < *at && *at < pair[1].0) {
            return None;
        }
        let [from, to] = [pair[0].0, pair[1].0].map(|x| self.share(x));
        let t = (self.share(load) - from) / (to - from);
        Some((pair[0].1 + t * (pair[1].1 - pair[0].1)) / self.top)
    }

    fn line(&self, row: usize, bits: &[u8; COLUMNS], objective: Option<usize>) -> String {
        let lost = self.lost.map(|at| self.column(at));
        let lost_at: Vec<usize> = self.lost_at.iter().map(|at| self.column(*at)).collect();
        let cell = |(i, bits): (usize, &u8)| match bits {
            0 if lost.is_some_and(|from| i >= from) || lost_at.contains(&i) => '░',
            0 if objective == Some(row) => '┄',
            0 => ' ',
            bits => char::from_u32(0x2800 + u32::from(*bits)).expect("Braille patterns"),
        };
        bits.iter().enumerate().map(cell).collect()
    }

    /// The x axis with its ends, and the knee and the limit below it.
    fn axis(&self, answer: &Answer, paint: Paint) -> String {
        let at =
            |found: &Option<Found>| found.as_ref().and_then(|f| finite(f.at.value)).map(|x| self.column(x));
        let (knee, limit) = (at(&answer.knee_at), at(&answer.limit_at));
        let rule: String =
            (0..COLUMNS).map(|i| if knee == Some(i) || limit == Some(i) { '┴' } else { '─' }).collect();
        let mut names = vec![' '; COLUMNS + 20];
        let (start, end) = (load::bare(self.from), load::with_short_unit(&answer.axis, &nice(self.to)));
        for (name, column) in [("knee", knee), ("limit", limit)] {
            if let Some(column) = column {
                write_at(&mut names, column.saturating_sub(name.len() / 2), name);
            }
        }
        write_at(&mut names, 0, &start);
        write_at(&mut names, COLUMNS.saturating_sub(end.chars().count() / 2), &end);
        let names: String = names.into_iter().collect();
        let names = paint.apply(Role::Faint, names.trim_end());
        format!("{:>9} └{}\n{:>11}{}\n", "0", rule, "", names)
    }
}

/// Writes over blanks only, with a blank to its left and right; else not at all.
fn write_at(line: &mut [char], at: usize, text: &str) {
    let end = at + text.chars().count();
    let room = line.get(at.saturating_sub(1)..(end + 1).min(line.len()));
    if end <= line.len() && room.is_some_and(|r| r.iter().all(|c| *c == ' ')) {
        line[at..end].iter_mut().zip(text.chars()).for_each(|(to, c)| *to = c);
    }
}

fn nice(value: f64) -> String {
    trimmed(&significant(value, 3)).to_owned()
}

/// Braille counts its dots down the left column, then the right one, but for the lowest two.
fn braille_bit(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[x][y]
}
