//! What a comparison says in words: a line for each side, and the verdict on each number.

use super::number::{self, decimals, finite, rounded};
use super::{load, view};
use crate::experiment::answer::{Answer, Axis, Estimate, Point, State};
use crate::experiment::compare::{Comparison, Cost, Differences, Held, PointDifference, SideAnswer};
use crate::experiment::figure::Verdict;

/// A change below this, in per cent, is told as less than it.
const NEGLIGIBLE: f64 = 0.1;
/// From this change on another kind of request is worth a word, where the one spoken of changes less.
const WORTH: f64 = 0.01;
/// From this factor on a rise is told as a factor, not in per cent.
const FACTOR: f64 = 2.0;

/// `` `no cache`: p95 42 % higher (38-46 %) at 1,000/s; limit 900/s instead of 1,310/s ``, one for each side after the first. `quoted`
/// writes the name of a side.
#[must_use]
pub fn decisions(comparison: &Comparison, quoted: fn(&str) -> String) -> Vec<String> {
    let subject = subject(comparison);
    let sides = comparison.b.iter().zip(&comparison.differences);
    let one = |(side, differences): (&SideAnswer, &Differences)| {
        let parts = [
            latency(&comparison.a, side, differences, &subject),
            other_kind(differences, &subject),
            end(&comparison.a, side, differences),
            money(&comparison.a, side),
        ];
        format!("{}: {}", quoted(&side.name), parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
    };
    sides.map(one).collect()
}

/// The kind of request that is spoken of: the one whose objective breaks first on the first side.
#[must_use]
pub fn subject(comparison: &Comparison) -> String {
    view::subject(&comparison.a.answer, None)
}

/// The load that is compared in full.
#[must_use]
pub fn in_full(differences: &Differences) -> Option<&PointDifference> {
    differences.points.iter().find(|p| p.in_full)
}

/// A number of the subject, or of all requests where the kind is not there.
#[must_use]
pub fn of<'a>(point: &'a PointDifference, subject: &str, key: &str) -> Option<&'a Held> {
    point.requests.get(subject).unwrap_or(&point.total).get(key)
}

/// The point of a side at a load.
#[must_use]
pub fn point_at(answer: &Answer, at: f64) -> Option<&Point> {
    answer.points.iter().find(|p| p.load.at == at)
}

/// `2,000 users`; `1,000/s against 1,200/s` where the change is one of the load.
#[must_use]
pub fn at(answer: &Answer, before: f64, after: f64) -> String {
    if answer.axis == Axis::Scale && before == 1.0 && after == 1.0 {
        return "the load of the file".to_owned();
    }
    let one = |x: f64| load::with_unit(&answer.axis, &load::bare(x));
    if before == after { one(before) } else { format!("{} against {}", one(after), one(before)) }
}

fn latency(a: &SideAnswer, b: &SideAnswer, differences: &Differences, subject: &str) -> Option<String> {
    let point = in_full(differences)?;
    let at = at(&a.answer, a.at, b.at);
    let lost =
        |side: &SideAnswer| point_at(&side.answer, side.at).is_some_and(|p| p.state == State::Saturated);
    match (lost(a), lost(b)) {
        (true, true) => return Some(format!("no steady state at {at}, as {}", a.name)),
        (true, false) => return Some(format!("a steady state at {at}, where {} has none", a.name)),
        (false, true) => return Some(format!("no steady state at {at}")),
        (false, false) => {}
    }
    let of_kind = if subject == view::TOTAL { String::new() } else { format!(" of {subject}") };
    Some(format!("p95{of_kind} {} at {at}", relative(of(point, subject, "p95_s")?)))
}

/// The kind of request whose p95 changes most, where that spoken of changes much less.
fn other_kind(differences: &Differences, subject: &str) -> Option<String> {
    let point = in_full(differences).filter(|p| p.steady && p.requests.len() > 1)?;
    let change = |held: &Held| match held.verdict {
        Verdict::Lower | Verdict::Higher => finite(held.difference.relative.value).unwrap_or(0.0).abs(),
        _ => 0.0,
    };
    let spoken_of = change(of(point, subject, "p95_s")?);
    let kinds = point.requests.iter().filter_map(|(kind, rows)| Some((kind, rows.get("p95_s")?)));
    let (kind, held) = kinds.max_by(|a, b| change(a.1).total_cmp(&change(b.1)))?;
    let most = change(held);
    (most > WORTH && most > 2.0 * spoken_of).then(|| format!("that of {kind} {}", relative(held)))
}

/// The limit of both sides, or where there are no objectives their saturation.
fn end(a: &SideAnswer, b: &SideAnswer, differences: &Differences) -> Option<String> {
    let limits = [&a.answer, &b.answer].map(|answer| answer.limit_at.as_ref().map(|f| &f.at));
    let (name, held, [before, after]) = match (&differences.limit_at, limits) {
        (Some(held), [Some(before), Some(after)]) => ("limit", held, [before, after]),
        _ => {
            let ends = [&a.answer, &b.answer].map(|answer| answer.saturation_at.as_ref().map(|s| &s.at));
            let [Some(before), Some(after)] = ends else { return None };
            ("saturation", differences.saturation_at.as_ref()?, [before, after])
        }
    };
    let found = |e: &Estimate| load::found(&a.answer.axis, e);
    Some(match (found(before), found(after), held.verdict) {
        (Some(before), Some(after), Verdict::Lower | Verdict::Higher | Verdict::Unknown) => {
            format!("{name} {after} instead of {before}")
        }
        (Some(before), Some(_), Verdict::Same) => format!("{name} {before} as before"),
        (Some(before), Some(_), Verdict::NotDistinguishable) => {
            format!("{name} not distinguishable from {before}")
        }
        (Some(before), None, _) => format!("no {name} found instead of {before}"),
        (None, Some(after), _) => format!("{name} {after} instead of none found"),
        (None, None, _) => return None,
    })
}

fn money(a: &SideAnswer, b: &SideAnswer) -> Option<String> {
    let (a, b) = (a.cost.as_ref()?, b.cost.as_ref()?);
    let differ = a.currency == b.currency && a.per_month != b.per_month;
    differ.then(|| format!("{} a month instead of {}", month(b), month(a)))
}

/// `$1,240`
#[must_use]
pub fn month(cost: &Cost) -> String {
    amount(cost.per_month, &cost.currency)
}

/// `$1,240`, `$0.018`, `1,240 EUR`
#[must_use]
pub fn amount(value: f64, currency: &str) -> String {
    let number = if value.abs() >= 1_000.0 { rounded(value, 0) } else { number::significant(value, 3) };
    let (sign, number) = number.strip_prefix('-').map_or(("", number.as_str()), |rest| ("-", rest));
    if currency.chars().all(char::is_alphanumeric) {
        format!("{sign}{number} {currency}")
    } else {
        format!("{sign}{currency}{number}")
    }
}

/// `42 % higher (38-46 %)`, `2.4 times as high (2.2-2.6)`, `not distinguishable (-1 to 2 %)`, `the same`.
#[must_use]
pub fn relative(held: &Held) -> String {
    let e = &held.difference.relative;
    match held.verdict {
        Verdict::Same => "the same".to_owned(),
        Verdict::Unknown => unknown(held),
        Verdict::NotDistinguishable => match both(e) {
            Some((low, high)) => format!("not distinguishable ({})", from_to(100.0 * low, 100.0 * high)),
            None => "not distinguishable".to_owned(),
        },
        Verdict::Higher | Verdict::Lower => changed(e, held.verdict == Verdict::Higher),
    }
}

/// As [`relative`], where the interval stands beside it.
#[must_use]
pub fn relative_short(held: &Held) -> String {
    if held.verdict == Verdict::NotDistinguishable {
        "not distinguishable".to_owned()
    } else {
        relative(held)
    }
}

fn changed(e: &Estimate, up: bool) -> String {
    let word = if up { "higher" } else { "lower" };
    let (Some(value), Some((low, high))) = (finite(e.value), both(e)) else { return word.to_owned() };
    if 1.0 + value >= FACTOR {
        let (value, low, high) = (1.0 + value, 1.0 + low, 1.0 + high);
        let places = decimals(value, Some((high - low) / 2.0)).clamp(0, 2);
        return format!("{} times as high ({})", rounded(value, places), range(low, high, places));
    }
    let [value, low, high] = [value, low, high].map(|x| 100.0 * x.abs());
    let (low, high) = (low.min(high), low.max(high));
    if high < NEGLIGIBLE {
        return format!("less than {NEGLIGIBLE} % {word}");
    }
    let places = decimals(value, Some((high - low) / 2.0)).clamp(0, 2);
    format!("{} % {word} ({} %)", rounded(value, places), range(low, high, places))
}

/// A difference of shares in points: `12.3 points higher`. Its interval stands beside it.
#[must_use]
pub fn points(held: &Held) -> String {
    let e = &held.difference.absolute;
    let (Some(value), Some((low, high))) = (finite(e.value), both(e)) else { return unknown(held) };
    let word = match held.verdict {
        Verdict::Same => return "the same".to_owned(),
        Verdict::NotDistinguishable => return "not distinguishable".to_owned(),
        Verdict::Unknown => return unknown(held),
        Verdict::Higher => "higher",
        Verdict::Lower => "lower",
    };
    let value = 100.0 * value.abs();
    if value < NEGLIGIBLE / 2.0 {
        return format!("less than {NEGLIGIBLE} points {word}");
    }
    let places = decimals(value, Some(50.0 * (high - low))).clamp(0, 2);
    format!("{} points {word}", rounded(value, places))
}

fn unknown(held: &Held) -> String {
    held.difference.absolute.reason.clone().unwrap_or_else(|| "not known".to_owned())
}

fn both(e: &Estimate) -> Option<(f64, f64)> {
    finite(e.low).zip(finite(e.high))
}

fn range(low: f64, high: f64, places: i32) -> String {
    let (low, high) = (rounded(low, places), rounded(high, places));
    if low == high { low } else { format!("{low}-{high}") }
}

fn from_to(low: f64, high: f64) -> String {
    let places = decimals(low.abs().max(high.abs()), Some((high - low) / 2.0)).clamp(0, 2);
    format!("{} to {} %", rounded(low, places), rounded(high, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::figure::Difference;

    fn held(value: f64, half: f64) -> Held {
        let around = |v: f64, h: f64| Estimate::with_interval(v, v - h, v + h);
        Held::from(Difference {
            before: around(0.1, 0.001),
            after: around(0.1 * (1.0 + value), 0.001),
            absolute: around(0.1 * value, 0.1 * half),
            relative: around(value, half),
            variance_ratio: Some(6.0),
        })
    }

    #[test]
    fn a_difference_reads_as_a_person_would_say_it() {
        assert_eq!(relative(&held(0.42, 0.04)), "42 % higher (38-46 %)");
        assert_eq!(relative(&held(-0.42, 0.04)), "42 % lower (38-46 %)");
        assert_eq!(relative(&held(1.4, 0.2)), "2.4 times as high (2.2-2.6)");
        assert_eq!(relative(&held(0.005, 0.015)), "not distinguishable (-1.0 to 2.0 %)");
        assert_eq!(relative(&held(0.0, 0.0)), "the same");
        assert_eq!(relative(&held(-0.000_2, 0.000_1)), "less than 0.1 % lower");
        assert_eq!(points(&held(-0.42, 0.04)), "4.2 points lower");
    }

    #[test]
    fn money_stands_with_its_currency() {
        assert_eq!(amount(1_240.4, "$"), "$1,240");
        assert_eq!(amount(-0.018_34, "€"), "-€0.0183");
        assert_eq!(amount(99.5, "EUR"), "99.5 EUR");
    }
}
