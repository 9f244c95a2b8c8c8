//! Demand against capacity over months: what is expected, what must hold, the limit with its interval, and what is ordered when.

use super::canvas::{self, Anchor, Canvas, Ink, Pixel, Rect, Stroke, Text};
use super::labels::{Pennant, pennants, spread};
use super::palette::{self, Rgb};
use super::scale::{Scale, nice_above, tick_texts};
use super::{font, size};
use crate::calendar::Date;
use crate::experiment::plan::answer::{DayRow, LimitRow, Plan};
use crate::report::load;
use crate::report::plan::{breach, change, found, plan_decision, times};

const HEIGHT: f64 = 450.0;
/// Room right of the lines for their names.
const NAMES: f64 = 236.0;
/// Months between ticks, whichever gives no more than [`TICKS`].
const STEPS: [u32; 6] = [1, 2, 3, 6, 12, 24];
const TICKS: u32 = 9;
/// Campaigns above this factor make the axis one of factors: else the growth would lie flat.
const FACTORS_FROM: f64 = 10.0;
/// At most so many dates are named.
const FLAGS: usize = 5;

/// Demand against capacity as an SVG document. The same answer gives the same bytes.
#[must_use]
pub fn plan_svg(plan: &Plan) -> String {
    let room = size::WIDTH - 2.0 * size::MARGIN - 66.0;
    let head = font::wrapped(&plan_decision(plan), size::SUBTITLE - 1.0, false, room);
    let sides = (90.0, size::WIDTH - size::MARGIN - NAMES);
    let x = Scale::linear(0.0, f64::from(plan.until.since(plan.from)).max(1.0));
    let flags = flags(plan);
    let poles: Vec<Pennant> = flags
        .iter()
        .map(|flag| Pennant {
            x: x.pixel(flag.at, sides.0, sides.1),
            width: font::width(&flag.text, size::FLAG, true),
        })
        .collect();
    let placed = pennants(&poles, sides.0, size::WIDTH - size::MARGIN);
    let rows = placed.iter().map(|p| p.row + 1).max().unwrap_or(0) as f64;
    let flags_top = 70.0 + 26.0 * head.len() as f64 + 30.0;
    let top = flags_top + size::ROW * rows + 12.0;
    let area = Rect { left: sides.0, right: sides.1, top, bottom: top + HEIGHT };
    let plot = Plot { plan, area, x, y: loads_scale(plan) };
    canvas::page((size::WIDTH, area.bottom + 62.0), |canvas| {
        let title = format!("{}: when do we run out?", plan.model);
        canvas.text(&Text::new(title, (area.left, 36.0), size::TITLE, palette::INK).bold());
        for (i, line) in head.iter().enumerate() {
            let at = (area.left, 70.0 + 26.0 * i as f64);
            canvas.text(&Text::new(line.as_str(), at, size::SUBTITLE - 1.0, palette::INK));
        }
        let heading = Text::new(heading(plan), (area.left, flags_top - 10.0), size::HEADING, palette::INK);
        canvas.text(&heading.bold());
        plot.draw(canvas);
        for ((flag, pole), place) in flags.iter().zip(&poles).zip(&placed) {
            let y = top - 8.0 - size::ROW * (place.row as f64 + 0.5);
            let foot = if flag.dashed { area.bottom } else { plot.py(flag.to) };
            let stroke = Stroke { ink: Ink(flag.rgb, 0.9), width: 1.5, dash: flag.dashed.then_some(6.0) };
            canvas.path(&[(pole.x, y + 0.6 * size::FLAG), (pole.x, foot)], stroke);
            canvas.text(&Text::new(flag.text.as_str(), (place.left, y), size::FLAG, flag.rgb).bold());
            if !flag.dashed {
                canvas.disc((pole.x, foot), 6.5, Ink(palette::PAPER, 1.0));
                canvas.disc((pole.x, foot), 4.5, Ink(flag.rgb, 1.0));
            }
        }
    })
}

fn heading(plan: &Plan) -> String {
    let what = load::axis_title(&plan.axis);
    let mut chars = what.chars();
    let first = chars.next().map_or_else(String::new, |c| c.to_uppercase().collect());
    first + chars.as_str()
}

/// A date with a name.
struct Flag {
    /// In days from the first.
    at: f64,
    /// The load down to which its line is drawn.
    to: f64,
    text: String,
    rgb: Rgb,
    /// It is a date for somebody to act on, down to the axis.
    dashed: bool,
}

fn flags(plan: &Plan) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for row in plan.limits.iter().filter(|row| !row.warns) {
        for b in [&row.breaks, &row.without_campaigns].into_iter().flatten() {
            let at = f64::from(b.date.since(plan.from));
            let to = row.met_up_to.value.or(row.met_up_to.high).unwrap_or(b.needed);
            let campaign = b.campaign.map_or_else(String::new, |x| format!(" (campaign {})", times(x)));
            let text = format!("{} {}{campaign}", b.date, breach(row));
            // One name a day: the first row is that of the tightest.
            if flags.iter().all(|flag| flag.at != at) && flags.len() < FLAGS - plan.steps.len() {
                flags.push(Flag { at, to, text, rgb: palette::LIMIT, dashed: false });
            }
        }
    }
    for step in &plan.steps {
        if let Some(first) = step.changes.iter().min_by_key(|c| c.order_by) {
            let at = f64::from(first.order_by.since(plan.from)).max(0.0);
            let text = format!("{} order {}", first.order_by, change(first));
            flags.push(Flag { at, to: 0.0, text, rgb: palette::KNEE, dashed: true });
        }
    }
    flags.sort_by(|a, b| a.at.total_cmp(&b.at));
    flags
}

/// From nothing, or by factors where campaigns tower above the rest.
fn loads_scale(plan: &Plan) -> Scale {
    let needed = || plan.days.iter().map(|day| day.needed);
    let limits = plan.limits.iter().filter_map(|row| row.met_up_to.value);
    let carried = plan.steps.iter().filter_map(|step| step.carries.value);
    let most = needed().fold(0.0, f64::max);
    // What is far beyond all that must hold needs no room.
    let others = limits.chain(carried).filter(|at| *at < 1.6 * most).fold(0.0, f64::max);
    let high = 1.06 * most.max(others).max(1e-9);
    let campaign = plan.days.iter().map(|day| day.campaign).fold(1.0, f64::max);
    if campaign > FACTORS_FROM {
        let low = plan.days.iter().map(|day| day.demand).fold(f64::INFINITY, f64::min);
        return Scale::logarithmic(0.6 * low.min(high / 10.0), 1.2 * high);
    }
    let step = nice_above(high / 8.0);
    Scale::linear(0.0, (high / step).ceil() * step)
}

struct Plot<'a> {
    plan: &'a Plan,
    area: Rect,
    x: Scale,
    y: Scale,
}

/// A name at the right edge.
struct Name {
    at: f64,
    text: String,
    rgb: Rgb,
}

impl Plot<'_> {
    /// Of a day.
    fn px(&self, date: Date) -> f64 {
        let days = f64::from(date.since(self.plan.from));
        self.x.pixel(days, self.area.left, self.area.right).clamp(self.area.left, self.area.right)
    }

    /// Of a load.
    fn py(&self, load: f64) -> f64 {
        self.y.pixel(load, self.area.bottom, self.area.top).clamp(self.area.top, self.area.bottom)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) {
        self.axes(canvas);
        let mut names = Vec::new();
        self.limits(canvas, &mut names);
        self.steps(canvas, &mut names);
        self.demand(canvas, &mut names);
        canvas.frame(self.area, Stroke::solid(palette::GREY, 1.0));
        self.names(canvas, &names);
        self.footer(canvas);
    }

    fn axes(&self, canvas: &mut Canvas<'_>) {
        let ticks = self.y.ticks(8);
        for (value, text) in ticks.iter().zip(tick_texts(&ticks)) {
            let y = self.py(*value);
            canvas.path(&[(self.area.left, y), (self.area.right, y)], Stroke::solid(palette::GRID, 1.0));
            let at = (self.area.left - 9.0, y);
            canvas.text(&Text::new(text, at, size::TICK, palette::INK).anchored(Anchor::End));
        }
        for date in ticks_of(self.plan) {
            let x = self.px(date);
            let bottom = self.area.bottom;
            canvas.path(&[(x, bottom), (x, bottom + 6.0)], Stroke::solid(palette::GREY, 1.0));
            let text = date.to_string()[..7].to_owned();
            let at = (x, bottom + 18.0);
            canvas.text(&Text::new(text, at, size::TICK, palette::INK).anchored(Anchor::Middle));
        }
    }

    /// The tightest limit as a band and the days on which it may be reached; saturation as a line.
    fn limits(&self, canvas: &mut Canvas<'_>, names: &mut Vec<Name>) {
        let Some(row) = self.plan.capacity() else { return };
        self.level(canvas, row, palette::LIMIT, names);
        if let Some(b) = &row.breaks {
            let (from, to) = (self.px(b.earliest), self.px(b.latest.unwrap_or(self.plan.until)));
            let day = Rect { left: from, right: to.max(from + 1.0), ..self.area };
            canvas.fill(day, Ink(palette::LIMIT, 0.12));
        }
        let saturation = self.plan.limits.iter().find(|row| row.objective == "saturation");
        if let Some(saturation) = saturation.filter(|s| s.objective != row.objective) {
            let Some(at) = saturation.met_up_to.value.filter(|at| *at < self.y.high) else { return };
            let line = [(self.area.left, self.py(at)), (self.area.right, self.py(at))];
            canvas.path(&line, Stroke::dashed(palette::SATURATION, 1.5, 6.0));
            let text = format!("saturation {}", found(self.plan, &saturation.met_up_to).unwrap_or_default());
            names.push(Name { at, text, rgb: palette::SATURATION });
        }
    }

    fn level(&self, canvas: &mut Canvas<'_>, row: &LimitRow, rgb: Rgb, names: &mut Vec<Name>) {
        let e = &row.met_up_to;
        let Some(at) = e.value.filter(|at| *at < self.y.high) else { return };
        let (left, right) = (self.area.left, self.area.right);
        let band =
            Rect { left, right, top: self.py(e.high.unwrap_or(at)), bottom: self.py(e.low.unwrap_or(at)) };
        canvas.fill(band, Ink(rgb, 0.22));
        canvas.path(&[(left, self.py(at)), (right, self.py(at))], Stroke::solid(rgb, 2.0));
        let text = format!("limit {}", found(self.plan, e).unwrap_or_default());
        names.push(Name { at, text, rgb });
    }

    /// What changes carry, from the day on which they are needed.
    fn steps(&self, canvas: &mut Canvas<'_>, names: &mut Vec<Name>) {
        let steps: Vec<_> = self.plan.steps.iter().filter(|s| s.missing.is_none()).collect();
        let mut before = self.plan.capacity().and_then(|row| row.met_up_to.value);
        for (nth, step) in steps.iter().enumerate() {
            let at = step.carries.value.unwrap_or(step.sized_for);
            let from = self.px(step.needed_from);
            let to = steps.get(nth + 1).map_or(self.area.right, |next| self.px(next.needed_from));
            if let (Some(low), Some(high)) = (step.carries.low, step.carries.high) {
                let band = Rect { left: from, right: to, top: self.py(high), bottom: self.py(low) };
                canvas.fill(band, Ink(palette::KNEE, 0.2));
            }
            let mut line: Vec<Pixel> = before.map(|load| (from, self.py(load))).into_iter().collect();
            line.extend([(from, self.py(at)), (to, self.py(at))]);
            canvas.path(&line, Stroke::solid(palette::KNEE, 2.5));
            let name = if steps.len() > 1 {
                format!("after order {}", nth + 1)
            } else {
                "after the order".to_owned()
            };
            let carried =
                found(self.plan, &step.carries).map_or_else(String::new, |limit| format!(": {limit}"));
            if nth + 1 == steps.len() {
                names.push(Name { at, text: format!("{name}{carried}"), rgb: palette::KNEE });
            } else if to - from > 150.0 {
                let text = Text::new(
                    format!("{name}{carried}"),
                    (from + 8.0, self.py(at) - 13.0),
                    size::NOTE,
                    palette::KNEE,
                );
                canvas.text(&text.bold());
            }
            before = Some(at);
        }
    }

    fn demand(&self, canvas: &mut Canvas<'_>, names: &mut Vec<Name>) {
        let plan = self.plan;
        if plan.policy != 1.0 {
            self.line(canvas, |day| day.demand, Stroke::solid(palette::P50, 2.0));
        }
        self.line(canvas, |day| day.needed, Stroke::solid(palette::P95, 3.0));
        self.campaigns(canvas);
        let Some(last) = plan.days.last() else { return };
        if plan.policy != 1.0 {
            names.push(Name { at: last.demand, text: "expected".to_owned(), rgb: palette::P50 });
        }
        let text = match plan.policy {
            1.0 => "expected".to_owned(),
            policy => format!("must hold: {}", times(policy)),
        };
        names.push(Name { at: last.needed, text, rgb: palette::P95 });
    }

    /// Their factors, behind their last days, or before the first ones at the right edge.
    fn campaigns(&self, canvas: &mut Canvas<'_>) {
        for days in self.plan.days.chunk_by(|a, b| a.campaign == b.campaign) {
            let (first, last) = (days[0], days[days.len() - 1]);
            if first.campaign == 1.0 {
                continue;
            }
            let end = self.px(last.date.plus(1));
            let (x, anchor) = match end > self.area.right - 60.0 {
                true => (self.px(first.date) - 6.0, Anchor::End),
                false => (end + 6.0, Anchor::Start),
            };
            let y = self.py(last.needed).max(self.area.top + 4.0) + 8.0;
            let text = Text::new(times(first.campaign), (x, y), size::NOTE, palette::P95);
            canvas.text(&text.bold().anchored(anchor));
        }
    }

    /// A day is as wide as it is long, so that a campaign of one can be seen.
    fn line(&self, canvas: &mut Canvas<'_>, of: impl Fn(&DayRow) -> f64, stroke: Stroke) {
        let both = |day: &DayRow| {
            let y = self.py(of(day));
            [(self.px(day.date), y), (self.px(day.date.plus(1)), y)]
        };
        let points: Vec<Pixel> = self.plan.days.iter().flat_map(both).collect();
        canvas.path(&points, stroke);
    }

    fn names(&self, canvas: &mut Canvas<'_>, names: &[Name]) {
        let wishes: Vec<f64> = names.iter().map(|name| self.py(name.at)).collect();
        let placed = spread(&wishes, 1.25 * size::LABEL, self.area.top + 4.0, self.area.bottom - 4.0);
        for ((name, y), wish) in names.iter().zip(placed).zip(wishes) {
            let right = self.area.right;
            canvas.path(&[(right, wish), (right + 14.0, y)], Stroke::solid(name.rgb, 1.0));
            let room = size::WIDTH - size::MARGIN / 2.0 - right - 18.0;
            let text = font::fitted(&name.text, size::NOTE, true, room);
            canvas.text(&Text::new(text, (right + 18.0, y), size::NOTE, name.rgb).bold());
        }
    }

    fn footer(&self, canvas: &mut Canvas<'_>) {
        let text = format!(
            "bands: 95 % intervals of the limits, and the dates they give; the growth itself is taken as stated; knee {}, seed {}",
            self.plan.knee, self.plan.seed
        );
        let text = font::fitted(&text, size::SMALL, false, size::WIDTH - size::MARGIN - self.area.left);
        canvas.text(&Text::new(text, (self.area.left, self.area.bottom + 44.0), size::SMALL, palette::GREY));
    }
}

/// Firsts of months.
fn ticks_of(plan: &Plan) -> Vec<Date> {
    let step = STEPS.into_iter().find(|step| plan.months / step <= TICKS).unwrap_or(plan.months / TICKS);
    let (year, month, day) = plan.from.civil();
    let first = Date::new(year, month, 1).map(|date| if day > 1 { date.plus_months(1) } else { date });
    let all = first.into_iter().flat_map(|first| (0..).map(move |nth| first.plus_months(nth * step)));
    all.take_while(|date| *date <= plan.until).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plan::sample;

    #[test]
    fn dates_and_limits_are_named_and_the_picture_can_be_drawn() {
        let svg = plan_svg(&sample::plan(1.8));
        for text in [
            "2027-04-08 p95 breaks 200 ms",
            "2027-04-05 order app.replicas 1 -&gt; 3",
            "limit 1,446 users",
            "must hold: 2x",
            "2027-07",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        crate::report::png(&svg, 1.0).unwrap();
    }

    #[test]
    fn campaigns_that_tower_are_drawn_by_factors() {
        assert!(!loads_scale(&sample::plan(1.8)).log);
        assert!(loads_scale(&sample::plan(20.0)).log);
        crate::report::png(&plan_svg(&sample::plan(20.0)), 1.0).unwrap();
    }
}
