//! A gate's verdict: for people, for CI servers that read JUnit's XML, for GitHub's annotations, and as JSON.

use std::fmt::Write;

use serde::Serialize;

use super::number::{self, TimeUnit};
use super::table::{Cell, Grid, Paint, Role, line, wrap};
use super::view::doubt;
use crate::diagnostic::Position;
use crate::experiment::answer::{Answer, Axis, Estimate};
use crate::experiment::check::{Change, Check, CheckRow, Comparison, Samples, Verdict, Way};
use crate::model::Goal;

/// The verdict first, then every objective, and the baseline where there is one.
#[must_use]
pub fn check_text(check: &Check, paint: Paint) -> String {
    let parts = [
        format!("{}\n", wrap(&decision(check), paint)),
        objectives(check).render(paint),
        baseline(check).render(paint),
        remarks(check, paint),
    ];
    parts.iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// `FAIL at 2,000 users (the peak): web.checkout p95 < 300ms is broken`
fn decision(check: &Check) -> String {
    let at = format!("at {} ({})", load(check), check.load);
    if !check.is_steady() {
        let place = check.point().grows_at.as_deref().map_or_else(String::new, |p| format!(" at {p}"));
        return format!("FAIL {at}: no steady state, the backlog grows{place}");
    }
    let mut faults: Vec<String> = check
        .breaches()
        .map(|row| format!("{} {} is {}", row.of, row.objective, word(row.verdict)))
        .collect();
    faults.extend(check.worse().map(|c| format!("{} {} is worse than the baseline", c.of, c.statistic)));
    if !faults.is_empty() {
        let more = faults.len().saturating_sub(2);
        let told = faults.iter().take(2).cloned().collect::<Vec<_>>().join("; ");
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        return format!("FAIL {at}: {told}{more}");
    }
    let count = |verdict| check.rows.iter().filter(|row| row.verdict == verdict).count();
    let mut told = vec![match check.rows.len() {
        1 => "the objective holds".to_owned(),
        n => format!("{} of {n} objectives hold", count(Verdict::Holds)),
    }];
    match (count(Verdict::Undecided), check.rows.len()) {
        (0, _) => {}
        (_, 1) => told = vec!["the objective is undecided".to_owned()],
        (n, _) => told.push(format!("{n} undecided")),
    }
    match (count(Verdict::Broken), check.rows.len()) {
        (0, _) => {}
        (_, 1) => told = vec!["the objective is broken and only warns".to_owned()],
        (n, _) => told.push(format!("{n} broken that only warn")),
    }
    if check.rows.is_empty() {
        told.clear();
    }
    if check.baseline.is_some() {
        told.push("nothing is worse than the baseline".to_owned());
    }
    format!("PASS {at}: {}", told.join(", "))
}

fn load(check: &Check) -> String {
    let point = check.point();
    if check.answer.axis == Axis::Rate {
        return format!("{}/s", number::trimmed(&number::significant(point.load.at, 4)));
    }
    match (point.load.users, &point.load.rate_per_s) {
        (Some(users), _) => format!("{} users", number::rounded(users, 0)),
        (None, Some(rate)) => format!("{}/s", number::estimate(rate, 1.0)),
        (None, None) => format!("{}x", number::significant(point.load.scale, 3)),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Undecided => "undecided",
        Verdict::Broken => "broken",
        Verdict::NoSteadyState => "without a steady state",
    }
}

fn objectives(check: &Check) -> Grid {
    let mut grid = Grid::default().left("of").left("objective").right("found").right("95 %").left("verdict");
    for row in &check.rows {
        let role = match (row.is_breach(check.strict), row.verdict) {
            (true, _) => Role::Bad,
            (_, Verdict::Holds) => Role::Good,
            _ => Role::Warn,
        };
        let warns = if row.warns && row.verdict != Verdict::Holds { " (warns)" } else { "" };
        grid.row(vec![
            row.of.as_str().into(),
            row.objective.as_str().into(),
            value(check, row).into(),
            interval(check, row).into(),
            Cell::new(format!("{}{warns}", word(row.verdict)), role),
        ]);
    }
    grid
}

/// How many of a unit make one of the answer's, and what it is called behind a number.
fn unit(goal: Goal) -> (f64, String) {
    match goal {
        Goal::Latency(_, bar) | Goal::Age(_, bar) => {
            let unit = TimeUnit::fitting(bar);
            (unit.per_second(), format!(" {}", unit.name()))
        }
        Goal::GoodputRate(_) => (1.0, "/s".to_owned()),
        Goal::Apdex { .. } | Goal::MonthlyCost(_) | Goal::MillionCost(_) => (1.0, String::new()),
        Goal::Errors(_)
        | Goal::GoodputShare(_)
        | Goal::HitRatio(_)
        | Goal::Utilization(_)
        | Goal::Stale(_) => (100.0, " %".to_owned()),
    }
}

fn currency<'c>(check: &'c Check, row: &CheckRow) -> Option<&'c str> {
    let is_money = matches!(row.goal, Goal::MonthlyCost(_) | Goal::MillionCost(_));
    check.point().cost.as_ref().filter(|_| is_money).map(|cost| cost.currency.as_str())
}

fn value(check: &Check, row: &CheckRow) -> String {
    if row.verdict == Verdict::NoSteadyState {
        return number::NONE.to_owned();
    }
    let (factor, name) = unit(row.goal);
    match (number::finite(row.value.value), currency(check, row)) {
        (None, _) => number::NONE.to_owned(),
        // Digits tell how sure a number is: that nothing was seen is sure.
        (Some(0.0), None) => format!("0{name}"),
        (Some(value), Some(currency)) => number::money(value, row.value.half_width(), currency),
        (Some(_), None) => format!("{}{name}", number::estimate(&row.value, factor)),
    }
}

fn interval(check: &Check, row: &CheckRow) -> String {
    let exact = row.value.half_width().is_none_or(|half| half <= 0.0);
    if row.verdict == Verdict::NoSteadyState || (exact && row.value.low.is_some()) {
        return String::new();
    }
    let factor = if currency(check, row).is_some() { 1.0 } else { unit(row.goal).0 };
    number::interval(&row.value, factor).unwrap_or_else(|| "?".to_owned())
}

fn baseline(check: &Check) -> Grid {
    let mut grid =
        Grid::default().left("of").left("against the baseline").right("change").right("95 %").left("verdict");
    for change in check.baseline.iter().flat_map(|b| &b.changes) {
        let role = match change.verdict {
            Way::Worse => Role::Bad,
            Way::SlightlyWorse => Role::Warn,
            Way::Better => Role::Good,
            Way::Same | Way::Unknown => Role::Text,
        };
        let percent =
            |x: f64| format!("{}{} %", if x > 0.0 { "+" } else { "" }, number::significant(x * 100.0, 2));
        let ends = number::finite(change.relative.low).zip(number::finite(change.relative.high));
        let ends = ends.filter(|(low, high)| low < high);
        grid.row(vec![
            change.of.as_str().into(),
            change.statistic.as_str().into(),
            number::finite(change.relative.value).map_or(number::NONE.to_owned(), percent).into(),
            ends.map_or_else(String::new, |(low, high)| format!("{} to {}", percent(low), percent(high)))
                .into(),
            Cell::new(shown_way(change), role),
        ]);
    }
    grid
}

fn shown_way(change: &Change) -> &'static str {
    let d = &change.difference;
    let equal = d.value == Some(0.0) && (d.low, d.high) == (Some(0.0), Some(0.0));
    if equal { "unchanged" } else { way(change.verdict) }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Worse => "worse",
        Way::SlightlyWorse => "worse, within the tolerance",
        Way::Better => "better",
        Way::Same => "not distinguishable",
        Way::Unknown => "not in the baseline",
    }
}

fn remarks(check: &Check, paint: Paint) -> String {
    let mut lines = String::new();
    for row in check.rows.iter().filter(|row| row.verdict == Verdict::Undecided) {
        lines += &line(
            "undecided",
            &format!("{} {}: {}", row.of, row.objective, why_undecided(check, row)),
            paint,
        );
    }
    for note in check.baseline.iter().flat_map(|b| &b.notes) {
        lines += &line("note", note, paint);
    }
    lines
}

/// What would decide it.
fn why_undecided(check: &Check, row: &CheckRow) -> String {
    let strict = "; --strict makes it fail";
    match (row.requests_to_decide, &row.value.reason) {
        (_, Some(reason)) => format!("{reason}{strict}"),
        (Some(n), None) => {
            let digits = 1 - (n.max(1) as f64).log10() as i32;
            let n = number::rounded(n as f64, digits.min(0));
            format!("the interval spans the bar; about {n} requests a replication would tell{strict}")
        }
        (None, None) if row.value.low <= Some(row.bar) && row.value.high >= Some(row.bar) => {
            format!("the interval spans the bar{strict}")
        }
        (None, None) => format!("{}{strict}", doubt(check.point())),
    }
}

/// What is told about a row in one line: `412 ms (400-424)`.
fn told(check: &Check, row: &CheckRow) -> String {
    match row.verdict {
        Verdict::NoSteadyState => "no steady state: the backlog grows".to_owned(),
        verdict => {
            let ends = interval(check, row);
            let ends = if ends.is_empty() { ends } else { format!(" ({ends})") };
            format!("{}: {}{ends}", word(verdict), value(check, row))
        }
    }
}

/// The same of a change against the baseline.
fn told_change(change: &Change) -> String {
    let percent = |e: Option<f64>| number::finite(e).map(|x| number::significant(x * 100.0, 2));
    let e: &Estimate = &change.relative;
    match (percent(e.value), percent(e.low), percent(e.high)) {
        (Some(value), Some(low), Some(high)) => {
            format!("{}: {value} % more than the baseline ({low} to {high} %)", way(change.verdict))
        }
        _ => way(change.verdict).to_owned(),
    }
}

/// A line for each objective that does not hold, as GitHub's runners read them: `::error file=shop.yaml,line=40::…`. `lines` has the
/// position of each objective of the model, where it stands in the file.
#[must_use]
pub fn annotations(check: &Check, file: &str, lines: &[Option<Position>]) -> String {
    let mut text = String::new();
    for row in check.rows.iter().filter(|row| row.verdict != Verdict::Holds) {
        let level = if row.is_breach(check.strict) { "error" } else { "warning" };
        let at = lines.get(row.at).and_then(Option::as_ref);
        let at = at.map_or_else(String::new, |p| format!(",line={},col={}", p.line, p.column));
        let title = property(&format!("{} {}", row.of, row.objective));
        let _ = writeln!(
            text,
            "::{level} file={}{at},title={title}::{}",
            property(file),
            message(&told(check, row))
        );
    }
    for change in check.worse() {
        let title = property(&format!("{} {}", change.of, change.statistic));
        let told = message(&told_change(change));
        let _ = writeln!(text, "::error file={},title={title}::{told}", property(file));
    }
    if check.rows.is_empty() && !check.is_steady() {
        let _ = writeln!(text, "::error file={}::no steady state: the backlog grows", property(file));
    }
    text
}

/// Source: GitHub's toolkit, `packages/core/src/command.ts`.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

/// JUnit's XML: a test case an objective, and one a statistic of the baseline. What is undecided, or only warns, is skipped.
#[must_use]
pub fn junit(check: &Check) -> String {
    let mut cases = String::new();
    let mut counts = [0; 3];
    let mut case = |class: &str, name: &str, failure: Option<String>, skipped: Option<String>| {
        counts[0] += 1;
        let _ = write!(cases, "    <testcase classname=\"{}\" name=\"{}\" time=\"0\"", xml(class), xml(name));
        let inner = match (failure, skipped) {
            (Some(told), _) => {
                counts[1] += 1;
                format!("<failure type=\"objective\" message=\"{}\"/>", xml(&told))
            }
            (None, Some(told)) => {
                counts[2] += 1;
                format!("<skipped message=\"{}\"/>", xml(&told))
            }
            (None, None) => {
                cases.push_str("/>\n");
                return;
            }
        };
        let _ = write!(cases, ">\n      {inner}\n    </testcase>\n");
    };
    if !check.is_steady() {
        case("knee", "steady state", Some("no steady state: the backlog grows".to_owned()), None);
    }
    for row in &check.rows {
        let breach = row.is_breach(check.strict);
        let open = row.verdict != Verdict::Holds;
        let told = told(check, row);
        case(&row.of, &row.objective, breach.then(|| told.clone()), open.then_some(told));
    }
    for change in check.baseline.iter().flat_map(|b| &b.changes) {
        let worse = change.verdict == Way::Worse;
        let unknown = (change.verdict == Way::Unknown).then(|| way(change.verdict).to_owned());
        let name = format!("{} against the baseline", change.statistic);
        case(&change.of, &name, worse.then(|| told_change(change)), unknown);
    }
    let [tests, failures, skipped] = counts;
    let name = xml(&format!("{} at {} ({})", check.answer.model, load(check), check.load));
    let counted = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"knee\" {counted} time=\"0\">\n  <testsuite name=\"{name}\" \
         {counted} skipped=\"{skipped}\" time=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

/// Text within an attribute of XML; characters that XML cannot hold are left out.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => out.push(c),
        }
    }
    out
}

/// The document of a run, with the verdicts, and with what a later check needs to be held against it.
#[derive(Serialize)]
struct Document<'c> {
    #[serde(flatten)]
    answer: &'c Answer,
    check: Verdicts<'c>,
    samples: &'c Samples,
}

#[derive(Serialize)]
struct Verdicts<'c> {
    passed: bool,
    load: &'c str,
    strict: bool,
    objectives: &'c [CheckRow],
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<&'c Comparison>,
}

/// A check as one JSON document.
///
/// # Panics
/// Never: every key is a string and no value can fail to be written.
#[must_use]
pub fn check_json(check: &Check) -> String {
    let verdicts = Verdicts {
        passed: check.passed(),
        load: &check.load,
        strict: check.strict,
        objectives: &check.rows,
        baseline: check.baseline.as_ref(),
    };
    let document = Document { answer: &check.answer, check: verdicts, samples: &check.samples };
    let mut text = serde_json::to_string_pretty(&document).expect("string keys, plain values");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped_or_left_out() {
        assert_eq!(xml("a<b & \"c\" 'd' >\u{1}é"), "a&lt;b &amp; &quot;c&quot; &apos;d&apos; &gt;é");
    }

    #[test]
    fn annotations_keep_to_one_line() {
        assert_eq!(message("5 % of\nall: a, b"), "5 %25 of%0Aall: a, b");
        assert_eq!(property("5 %: a, b"), "5 %25%3A a%2C b");
    }
}
