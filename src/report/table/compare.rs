//! What `compare` prints: the decision on each side, then all that differs in one table, and what a reader must know to trust it.

use super::findings::{CLOSED, line, wrap};
use super::grid::{Cell, Grid};
use super::paint::{Paint, Role};
use crate::experiment::answer::{Answer, Axis, Estimate, Point, State};
use crate::experiment::compare::{Comparison, Differences, Held, PointDifference, SideAnswer};
use crate::experiment::figure::Verdict;
use crate::report::number::{self, TimeUnit, finite, rounded};
use crate::report::{load, versus, view};

/// Places whose utilisation is shown.
const PLACES: usize = 3;
/// Kinds of requests that get rows of their own.
const KINDS: usize = 6;
/// Rows of the curve.
const LOADS: usize = 8;

/// The comparison as text of at most 100 columns.
#[must_use]
pub fn comparison_text(comparison: &Comparison, paint: Paint) -> String {
    let decisions = versus::decisions(comparison, |name| format!("`{name}`"));
    let mut out: String = decisions.iter().map(|text| wrap(text, paint) + "\n").collect();
    let single = comparison.b.len() == 1;
    for (side, differences) in comparison.b.iter().zip(&comparison.differences) {
        let table = Table { a: &comparison.a, b: side, differences, subject: versus::subject(comparison) };
        let at = versus::at(&comparison.a.answer, comparison.a.at, side.at);
        let heading = format!("{} against {}, at {at}", side.name, comparison.a.name);
        out += &format!("\n{}\n\n", paint.apply(Role::Strong, &heading));
        out += &table.rows().render(paint);
        let curve = if single { table.curve().render(paint) } else { String::new() };
        if !curve.is_empty() {
            out += &format!("\n{curve}");
        }
        let notes: String = table.notes().iter().map(|(name, text)| line(name, text, paint)).collect();
        if !notes.is_empty() {
            out += &format!("\n{notes}");
        }
    }
    out
}

/// Which way is better.
#[derive(Clone, Copy, PartialEq)]
enum Better {
    Lower,
    Higher,
    Neither,
}

/// How a number is written.
#[derive(Clone, Copy)]
enum Shown {
    Time(TimeUnit),
    Plain,
    Share,
}

struct Table<'a> {
    a: &'a SideAnswer,
    b: &'a SideAnswer,
    differences: &'a Differences,
    subject: String,
}

impl Table<'_> {
    fn rows(&self) -> Grid {
        let mut grid =
            Grid::default().left("").right("before").right("after").right("difference").left("verdict");
        if let Some(point) = versus::in_full(self.differences) {
            self.requests(point, &mut grid);
            self.places(point, &mut grid);
        }
        let found = [
            ("knee", &self.differences.knee_at),
            ("limit", &self.differences.limit_at),
            ("saturation", &self.differences.saturation_at),
        ];
        for (name, held) in found {
            if let Some(held) = held {
                grid.row(self.found(name, held));
            }
        }
        self.money(&mut grid);
        grid
    }

    fn requests(&self, point: &PointDifference, grid: &mut Grid) {
        let unit = unit(point);
        let name = |key: &str| format!("{key} {}", unit.name());
        if point.steady {
            for key in ["mean", "p50", "p95", "p99"] {
                if let Some(held) = point.total.get(format!("{key}_s").as_str()) {
                    grid.row(row(&name(key), held, Shown::Time(unit), Better::Lower));
                }
            }
        }
        let mut add = |name: &str, key: &str, shown: Shown, better: Better| {
            if let Some(held) = point.total.get(key).filter(|held| worth(held)) {
                grid.row(row(name, held, shown, better));
            }
        };
        add("answers/s", "throughput_per_s", Shown::Plain, Better::Higher);
        add("errors", "errors", Shown::Share, Better::Lower);
        if !self.a.answer.slo.is_empty() || !self.b.answer.slo.is_empty() {
            add("in time", "goodput", Shown::Share, Better::Higher);
        }
        if point.requests.len() < 2 || !point.steady {
            return;
        }
        for (kind, rows) in point.requests.iter().take(KINDS) {
            if let Some(held) = rows.get("p95_s") {
                grid.row(row(&format!("p95 {kind}"), held, Shown::Time(unit), Better::Lower));
            }
        }
    }

    /// The busiest places of either side, and whatever is wasted, hit or stale anywhere.
    fn places(&self, point: &PointDifference, grid: &mut Grid) {
        let most = |held: &Held| {
            let value = |e: &Estimate| finite(e.value).unwrap_or(0.0);
            value(&held.difference.before).max(value(&held.difference.after))
        };
        let busy = point.places.iter().filter_map(|(name, rows)| Some((name, rows.get("utilization")?)));
        let mut busy: Vec<_> = busy.filter(|(_, held)| most(held) > 0.0).collect();
        busy.sort_by(|a, b| most(b.1).total_cmp(&most(a.1)));
        for (name, held) in busy.into_iter().take(PLACES) {
            grid.row(row(&format!("{name} busy"), held, Shown::Share, Better::Neither));
        }
        let rest = [
            ("wasted_share", "wasted", Better::Lower),
            ("hit_ratio", "hits", Better::Higher),
            ("stale_share", "stale", Better::Lower),
        ];
        for (key, word, better) in rest {
            for (name, rows) in &point.places {
                if let Some(held) = rows.get(key).filter(|held| most(held) > 1e-6) {
                    grid.row(row(&format!("{name} {word}"), held, Shown::Share, better));
                }
            }
        }
    }

    fn found(&self, name: &str, held: &Held) -> Vec<Cell> {
        let unit = load::with_short_unit(&self.a.answer.axis, "");
        let name = format!("{name} {}", unit.trim());
        let cell = |e: &Estimate| number::trimmed(&number::estimate(e, 1.0)).to_owned();
        let d = &held.difference;
        vec![
            name.into(),
            cell(&d.before).into(),
            cell(&d.after).into(),
            signed(&d.absolute, 1.0, finite(d.before.value).unwrap_or(0.0), "").into(),
            verdict(held, versus::relative_short(held), Better::Higher),
        ]
    }

    fn money(&self, grid: &mut Grid) {
        let (Some(a), Some(b)) = (&self.a.cost, &self.b.cost) else { return };
        let mut add = |name: &str, before: f64, after: f64| {
            let same = a.currency == b.currency;
            let sign = if after > before { "+" } else { "" };
            let difference = if same && after != before {
                format!("{sign}{}", versus::amount(after - before, &a.currency))
            } else {
                String::new()
            };
            let text = match (same, after / before - 1.0) {
                (false, _) => "other money".to_owned(),
                (true, 0.0) => "the same".to_owned(),
                (true, x) => {
                    let word = if x > 0.0 { "higher" } else { "lower" };
                    format!("{} {word}", number::percent_plain(x.abs()))
                }
            };
            let role = if after > before { Role::Bad } else { Role::Good };
            let role = if same && after != before { role } else { Role::Faint };
            grid.row(vec![
                name.into(),
                versus::amount(before, &a.currency).into(),
                versus::amount(after, &b.currency).into(),
                difference.into(),
                Cell::new(text, role),
            ]);
        };
        add("cost a month", a.per_month, b.per_month);
        if let (Some(before), Some(after)) = (a.per_million, b.per_million) {
            add("cost a million answers", before, after);
        }
    }

    /// p95 of the subject over the loads that both sides carry.
    fn curve(&self) -> Grid {
        let steady: Vec<&PointDifference> = self.differences.points.iter().filter(|p| p.steady).collect();
        let of_kind =
            if self.subject == view::TOTAL { String::new() } else { format!(" of {}", self.subject) };
        let held: Vec<(f64, &Held)> =
            steady.iter().filter_map(|p| Some((p.load, versus::of(p, &self.subject, "p95_s")?))).collect();
        let middle =
            held.get(held.len() / 2).and_then(|(_, h)| finite(h.difference.before.value)).unwrap_or(1.0);
        let unit = TimeUnit::fitting(middle);
        let mut grid = Grid::default()
            .right(load::axis_head(&self.a.answer.axis))
            .right(format!("p95{of_kind} {}", unit.name()))
            .right("after")
            .right("difference")
            .left("verdict");
        if held.len() < 2 {
            return grid;
        }
        let every = held.len().div_ceil(LOADS);
        for (_, (at, held)) in held.iter().enumerate().filter(|(i, _)| (held.len() - 1 - i) % every == 0) {
            let mut cells = row("", held, Shown::Time(unit), Better::Lower);
            cells[0] = load::bare(*at).into();
            grid.row(cells);
        }
        grid
    }

    fn notes(&self) -> Vec<(String, String)> {
        let mut notes = Vec::new();
        let mut add = |name: &str, text: Option<String>| {
            notes.extend(text.map(|text| (name.to_owned(), text)));
        };
        add("gives way", self.culprits());
        add("pairing", self.pairing());
        add("note", self.uneven_load());
        add("note", self.unsettled());
        add("note", self.currencies());
        let closed =
            self.a.answer.axis == Axis::Users || self.a.answer.points.iter().any(|p| p.load.users.is_some());
        add("note", closed.then(|| CLOSED.to_owned()));
        notes
    }

    /// What gives way first on either side.
    fn culprits(&self) -> Option<String> {
        let of = |answer: &Answer| {
            let limit = answer.limit_at.as_ref().and_then(|f| f.cause.clone());
            let end = answer.saturation_at.as_ref().and_then(|s| s.cause.clone());
            let busiest = answer.bottlenecks.last().map(|b| format!("{} {}", b.place, b.resource));
            limit.or(end).or(busiest)
        };
        let (a, b) = (of(&self.a.answer)?, of(&self.b.answer)?);
        Some(if a == b { format!("{a} first, on both sides") } else { format!("{b} first; before {a}") })
    }

    /// What common random numbers saved.
    fn pairing(&self) -> Option<String> {
        let point = versus::in_full(self.differences).filter(|p| p.steady)?;
        let ratio = versus::of(point, &self.subject, "p95_s")?.difference.variance_ratio?;
        let of_kind =
            if self.subject == view::TOTAL { String::new() } else { format!(" of {}", self.subject) };
        Some(if ratio > 1.05 {
            format!(
                "both sides see the same arrivals and draws: the difference in p95{of_kind} is as precise as with \
                 {} x the requests unpaired",
                number::significant(ratio, 2)
            )
        } else {
            format!("saved nothing for p95{of_kind}: the two sides hardly vary together")
        })
    }

    fn uneven_load(&self) -> Option<String> {
        (self.a.at != self.b.at).then(|| "the sides differ in their load, too".to_owned())
    }

    /// Loads in full whose numbers are not as precise as asked, or have no steady state.
    fn unsettled(&self) -> Option<String> {
        let one = |side: &SideAnswer| {
            let point = versus::point_at(&side.answer, side.at)?;
            let why = match point.state {
                State::Saturated => "has no steady state there: its latencies would say how long the run was",
                State::Undecided => "is undecided there: too near saturation for this budget",
                _ if not_converged(point) => "did not converge there; its intervals are as wide as they say",
                _ => return None,
            };
            Some(format!("{} {why}", side.name))
        };
        let told: Vec<String> = [one(self.a), one(self.b)].into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn currencies(&self) -> Option<String> {
        match (&self.a.cost, &self.b.cost) {
            (Some(a), Some(b)) if a.currency != b.currency => {
                Some(format!("costs in {} and in {} are not compared", a.currency, b.currency))
            }
            (Some(_), None) => Some(format!("{} states no prices", self.b.name)),
            (None, Some(_)) => Some(format!("{} states no prices", self.a.name)),
            _ => None,
        }
    }
}

fn not_converged(point: &Point) -> bool {
    point.converged.values().any(|c| !c)
}

fn row(name: &str, held: &Held, shown: Shown, better: Better) -> Vec<Cell> {
    let d = &held.difference;
    let one = |e: &Estimate| match shown {
        Shown::Time(unit) => number::estimate(e, unit.per_second()),
        Shown::Plain => number::estimate(e, 1.0),
        Shown::Share => number::percent(e),
    };
    let (factor, unit, text) = match shown {
        Shown::Time(unit) => (unit.per_second(), "", versus::relative_short(held)),
        Shown::Plain => (1.0, "", versus::relative_short(held)),
        Shown::Share => (100.0, " pp", versus::points(held)),
    };
    let of = finite(d.before.value).unwrap_or(0.0).max(finite(d.after.value).unwrap_or(0.0)) * factor;
    let difference = signed(&d.absolute, factor, of, unit);
    vec![
        name.into(),
        one(&d.before).into(),
        one(&d.after).into(),
        difference.into(),
        verdict(held, text, better),
    ]
}

/// `+38 ± 2`, digits by the interval, but no more than the numbers `of` which it is a difference deserve.
fn signed(e: &Estimate, factor: f64, of: f64, unit: &str) -> String {
    let Some(value) = finite(e.value) else { return String::new() };
    let half = finite(e.half_width()).map(|half| half * factor);
    let value = value * factor;
    if value == 0.0 && half == Some(0.0) {
        return "0".to_owned();
    }
    let sign = if value > 0.0 { "+" } else { "" };
    let Some(half) = half else { return format!("{sign}{} ±?{unit}", number::significant(value, 2)) };
    let most = if of > 0.0 { 4 - of.log10().floor() as i32 } else { 6 };
    let places = number::decimals(half.max(value.abs()), Some(half)).min(most);
    let half = if half > 0.0 { rounded(half.max(10f64.powi(-places)), places) } else { "0".to_owned() };
    let value = rounded(value, places);
    let sign = if value.bytes().any(|b| (b'1'..=b'9').contains(&b)) { sign } else { "" };
    format!("{sign}{value} ± {half}{unit}")
}

fn verdict(held: &Held, text: String, better: Better) -> Cell {
    let role = match (held.verdict, better) {
        (Verdict::Lower, Better::Lower) | (Verdict::Higher, Better::Higher) => Role::Good,
        (Verdict::Higher, Better::Lower) | (Verdict::Lower, Better::Higher) => Role::Bad,
        (Verdict::Lower | Verdict::Higher, Better::Neither) => Role::Text,
        _ => Role::Faint,
    };
    Cell::new(text, role)
}

/// Anything to show: not nothing on both sides.
fn worth(held: &Held) -> bool {
    let some = |e: &Estimate| finite(e.value).is_some_and(|v| v > 0.0);
    some(&held.difference.before) || some(&held.difference.after)
}

/// The unit in which the middle of all latencies is handy.
fn unit(point: &PointDifference) -> TimeUnit {
    let values = ["p50_s", "p99_s"]
        .iter()
        .filter_map(|key| finite(point.total.get(key)?.difference.before.value).filter(|v| *v > 0.0));
    let logs: Vec<f64> = values.map(f64::ln).collect();
    TimeUnit::fitting(if logs.is_empty() {
        1.0
    } else {
        (logs.iter().sum::<f64>() / logs.len() as f64).exp()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sides;

    #[test]
    fn one_variant_prints_its_decision_what_differs_and_the_curve() {
        insta::assert_snapshot!(comparison_text(&sides::comparison(&[("more servers", 32)]), Paint::Plain));
    }

    #[test]
    fn several_variants_have_a_table_each_within_a_hundred_columns() {
        let several = sides::comparison(&[("more servers", 32), ("a name that is longer than others", 27)]);
        for text in [
            comparison_text(&several, Paint::Plain),
            comparison_text(&sides::at_one_load(&[("more", 32), ("twin", 28)]), Paint::Plain),
        ] {
            assert_eq!(text.matches("before").count(), 2, "{text}");
            let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= 100, "{widest}\n{text}");
            assert!(!text.contains('\u{1b}'));
        }
    }

    #[test]
    fn what_is_the_same_says_so() {
        let text = comparison_text(&sides::at_one_load(&[("twin", 28)]), Paint::Plain);
        assert!(text.starts_with("`twin`: p95 the same at 1,190/s\n"), "{text}");
    }
}
