//! What `compare` prints: the decision on each side, then all that differs in one table, and what a reader must know to trust it.

use super::findings::{CLOSED, line, wrap};
use super::grid::{Cell, Grid, cut};
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
/// Sides that fit beside each other, and characters of their names.
const BESIDE: usize = 3;
const HEAD: usize = 18;
/// Rows of the curve.
const LOADS: usize = 8;

/// The comparison as text of at most 100 columns: one other side in full, several beside each other.
#[must_use]
pub fn comparison_text(comparison: &Comparison, paint: Paint) -> String {
    let decisions = versus::decisions(comparison, |name| format!("`{name}`"));
    let mut out: String = decisions.iter().map(|text| wrap(text, paint) + "\n").collect();
    let subject = versus::subject(comparison);
    let sides = comparison.b.iter().zip(&comparison.differences);
    let tables: Vec<Table<'_>> = sides
        .map(|(b, differences)| Table { a: &comparison.a, b, differences, subject: subject.clone() })
        .collect();
    for tables in tables.chunks(BESIDE) {
        let names: Vec<&str> = tables.iter().map(|t| t.b.name.as_str()).collect();
        let after =
            tables.iter().map(|t| t.b.at).find(|at| *at != comparison.a.at).unwrap_or(comparison.a.at);
        let at = versus::at(&comparison.a.answer, comparison.a.at, after);
        let heading = format!("{} against {}, at {at}", names.join(", "), comparison.a.name);
        out += &format!("\n{}\n\n", wrap(&heading, paint));
        out += &match tables {
            [only] => only.rows().render(paint),
            several => beside_each_other(several).render(paint),
        };
    }
    if let [only] = &tables[..] {
        let curve = only.curve().render(paint);
        if !curve.is_empty() {
            out += &format!("\n{curve}");
        }
    }
    let notes: String = notes(&tables).iter().map(|(name, text)| line(name, text, paint)).collect();
    if notes.is_empty() { out } else { out + "\n" + &notes }
}

/// What a reader must know of each side, said once where it holds for all.
fn notes(tables: &[Table<'_>]) -> Vec<(String, String)> {
    let several = tables.len() > 1;
    let mut notes: Vec<(String, String)> = Vec::new();
    for name in ["busiest", "gives way", "pairing", "note"] {
        let of = |table: &Table<'_>| -> Vec<String> {
            let all = table.notes().into_iter().filter(|(n, _)| n == name);
            let about = |text: String| if several { format!("{}: {text}", table.b.name) } else { text };
            all.map(|(_, text)| about(text)).collect()
        };
        for (i, text) in tables.iter().flat_map(of).enumerate() {
            notes.push((if i == 0 { name.to_owned() } else { String::new() }, text));
        }
    }
    let a = tables.first().map(|table| &table.a.answer);
    let closed = a.is_some_and(|a| a.axis == Axis::Users || a.points.iter().any(|p| p.load.users.is_some()));
    notes.extend(closed.then(|| ("note".to_owned(), CLOSED.to_owned())));
    notes
}

/// A row for each number, a column for each side: its change, in per cent or points.
fn beside_each_other(tables: &[Table<'_>]) -> Grid {
    let mut grid = Grid::default().left("").right(cut(&tables[0].a.name, HEAD));
    for table in tables {
        grid = grid.right(cut(&table.b.name, HEAD));
    }
    let items: Vec<Vec<Item<'_>>> = tables.iter().map(Table::items).collect();
    let mut names: Vec<&str> = Vec::new();
    for item in items.iter().flatten() {
        if !names.contains(&item.name.as_str()) {
            names.push(&item.name);
        }
    }
    for name in names {
        let of_side: Vec<Option<&Item<'_>>> =
            items.iter().map(|items| items.iter().find(|item| item.name == name)).collect();
        let before = of_side.iter().flatten().next().expect("it has a name");
        let mut cells = vec![name.into(), before.one(&before.held.difference.before).into()];
        cells.extend(of_side.into_iter().map(|item| item.map_or(Cell::from(""), Item::change)));
        grid.row(cells);
    }
    let costs: Vec<_> = tables.iter().map(|t| t.b.cost.as_ref()).collect();
    if let Some(a) = tables[0].a.cost.as_ref() {
        let mut cells: Vec<Cell> = vec!["cost a month".into(), versus::month(a).into()];
        cells.extend(costs.iter().map(|cost| Cell::from(cost.map_or(String::new(), versus::month))));
        grid.row(cells);
        let million = |cost: &crate::experiment::compare::Cost| {
            cost.per_million.map_or(String::new(), |x| versus::amount(x, &cost.currency))
        };
        let mut cells: Vec<Cell> = vec!["cost a million answers".into(), million(a).into()];
        cells.extend(costs.iter().map(|cost| Cell::from(cost.map_or(String::new(), million))));
        grid.row(cells);
    }
    grid
}

/// One number of a table.
struct Item<'a> {
    name: String,
    held: &'a Held,
    shown: Shown,
    better: Better,
}

impl Item<'_> {
    fn one(&self, e: &Estimate) -> String {
        match self.shown {
            Shown::Time(unit) => number::estimate(e, unit.per_second()),
            Shown::Plain => number::estimate(e, 1.0),
            Shown::Load => number::trimmed(&number::estimate(e, 1.0)).to_owned(),
            Shown::Share => number::percent(e),
        }
    }

    /// Before, after, difference and verdict.
    fn row(&self) -> Vec<Cell> {
        let d = &self.held.difference;
        let (factor, unit, text) = match self.shown {
            Shown::Time(unit) => (unit.per_second(), "", versus::relative_short(self.held)),
            Shown::Plain | Shown::Load => (1.0, "", versus::relative_short(self.held)),
            Shown::Share => (100.0, " pp", versus::points(self.held)),
        };
        let value = |e: &Estimate| finite(e.value).unwrap_or(0.0);
        let of = value(&d.before).max(value(&d.after)) * factor;
        vec![
            self.name.as_str().into(),
            self.one(&d.before).into(),
            self.one(&d.after).into(),
            signed(&d.absolute, factor, of, unit).into(),
            verdict(self.held, text, self.better),
        ]
    }

    /// The change alone: `+29.9 ± 1.7 %`.
    fn change(&self) -> Cell {
        let d = &self.held.difference;
        let text = match (self.held.verdict, self.shown) {
            (Verdict::Same, _) => "same".to_owned(),
            (Verdict::Unknown, _) if d.after.value.is_none() => number::NONE.to_owned(),
            (_, Shown::Share) => signed(&d.absolute, 100.0, 1_000.0, " pp"),
            _ => signed(&d.relative, 100.0, 1_000.0, " %"),
        };
        verdict(self.held, text, self.better)
    }
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
    /// On the axis of the curve.
    Load,
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
        self.items().iter().for_each(|item| grid.row(item.row()));
        self.money(&mut grid);
        grid
    }

    fn items(&self) -> Vec<Item<'_>> {
        let mut items = Vec::new();
        if let Some(point) = versus::in_full(self.differences) {
            self.requests(point, &mut items);
            places(point, &mut items);
        }
        let found = [
            ("knee", &self.differences.knee_at),
            ("limit", &self.differences.limit_at),
            ("saturation", &self.differences.saturation_at),
        ];
        let unit = load::with_short_unit(&self.a.answer.axis, "");
        items.extend(found.into_iter().filter_map(|(name, held)| {
            let name = format!("{name} {}", unit.trim());
            Some(Item { name, held: held.as_ref()?, shown: Shown::Load, better: Better::Higher })
        }));
        items
    }

    fn requests<'p>(&self, point: &'p PointDifference, items: &mut Vec<Item<'p>>) {
        let unit = unit(point);
        let time = |name: String, held| Item { name, held, shown: Shown::Time(unit), better: Better::Lower };
        if point.steady {
            for key in ["mean", "p50", "p95", "p99"] {
                let held = point.total.get(format!("{key}_s").as_str());
                items.extend(held.map(|held| time(format!("{key} {}", unit.name()), held)));
            }
        }
        let mut add = |name: &str, key: &str, shown: Shown, better: Better| {
            let held = point.total.get(key).filter(|held| worth(held));
            items.extend(held.map(|held| Item { name: name.to_owned(), held, shown, better }));
        };
        add("answers/s", "throughput_per_s", Shown::Plain, Better::Higher);
        add("errors", "errors", Shown::Share, Better::Lower);
        if !self.a.answer.slo.is_empty() || !self.b.answer.slo.is_empty() {
            add("in time", "goodput", Shown::Share, Better::Higher);
        }
        if point.requests.len() > 1 && point.steady {
            let kinds = point.requests.iter().take(KINDS);
            items.extend(kinds.filter_map(|(k, rows)| Some(time(format!("p95 {k}"), rows.get("p95_s")?))));
        }
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
        for (_, (at, held)) in
            held.iter().enumerate().filter(|(i, _)| (held.len() - 1 - i).is_multiple_of(every))
        {
            let name = String::new();
            let mut cells = Item { name, held, shown: Shown::Time(unit), better: Better::Lower }.row();
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
        let culprits = self.culprits();
        add("busiest", if culprits.is_none() { self.busiest() } else { None });
        add("gives way", culprits);
        add("pairing", self.pairing());
        add("note", self.uneven_load());
        add("note", self.unsettled());
        add("note", self.currencies());
        notes
    }

    /// What gives way first on either side, where their ends are known.
    fn culprits(&self) -> Option<String> {
        let of = |answer: &Answer| {
            let limit = answer.limit_at.as_ref().and_then(|f| f.cause.clone());
            limit.or_else(|| answer.saturation_at.as_ref().and_then(|s| s.cause.clone()))
        };
        let (a, b) = (of(&self.a.answer)?, of(&self.b.answer)?);
        Some(if a == b { format!("{a} first, on both sides") } else { format!("{b} first; before {a}") })
    }

    /// The busiest resource of either side at one load, which says nothing of what gives way.
    fn busiest(&self) -> Option<String> {
        let of = |side: &SideAnswer| Some(view::busiest(versus::point_at(&side.answer, side.at)?)?.0);
        let (a, b) = (of(self.a)?, of(self.b)?);
        Some(if a == b { format!("{a}, on both sides") } else { format!("{b}; before {a}") })
    }

    /// What common random numbers saved.
    fn pairing(&self) -> Option<String> {
        let point = versus::in_full(self.differences).filter(|p| p.steady)?;
        let ratio = versus::of(point, &self.subject, "p95_s")?.difference.variance_ratio?;
        let of_kind =
            if self.subject == view::TOTAL { String::new() } else { format!(" of {}", self.subject) };
        Some(if ratio > 1.05 {
            format!(
                "both sides see the same requests with the same draws: the difference in p95{of_kind} is as precise \
                 as with {} the requests unpaired",
                times(ratio)
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
                State::Saturated => {
                    "has no steady state there: its latencies would say how long the run was".to_owned()
                }
                State::Undecided => format!("is undecided there: {}", view::doubt(point)),
                _ if not_converged(point) => {
                    "did not converge there; its intervals are as wide as they say".to_owned()
                }
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

/// `6.2 x`; beyond a thousand nobody counts.
fn times(ratio: f64) -> String {
    if ratio > 1_000.0 { "over 1,000 x".to_owned() } else { format!("{} x", number::significant(ratio, 2)) }
}

fn not_converged(point: &Point) -> bool {
    point.converged.values().any(|c| !c)
}

/// The busiest places of either side, and whatever is wasted, hit or stale anywhere.
fn places<'p>(point: &'p PointDifference, items: &mut Vec<Item<'p>>) {
    let most = |held: &Held| {
        let value = |e: &Estimate| finite(e.value).unwrap_or(0.0);
        value(&held.difference.before).max(value(&held.difference.after))
    };
    let mut add = |name: String, held, better| items.push(Item { name, held, shown: Shown::Share, better });
    let busy = point.places.iter().filter_map(|(name, rows)| Some((name, rows.get("utilization")?)));
    let mut busy: Vec<_> = busy.filter(|(_, held)| most(held) > 0.0).collect();
    busy.sort_by(|a, b| most(b.1).total_cmp(&most(a.1)));
    busy.into_iter().take(PLACES).for_each(|(n, held)| add(format!("{n} busy"), held, Better::Neither));
    let rest = [
        ("wasted_share", "wasted", Better::Lower),
        ("hit_ratio", "hits", Better::Higher),
        ("stale_share", "stale", Better::Lower),
    ];
    for (key, word, better) in rest {
        let rows = point.places.iter().filter_map(|(name, rows)| Some((name, rows.get(key)?)));
        rows.filter(|(_, held)| most(held) > 1e-6)
            .for_each(|(n, held)| add(format!("{n} {word}"), held, better));
    }
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
            assert_eq!(text.matches("p95 ms").count(), 1, "one table: {text}");
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
