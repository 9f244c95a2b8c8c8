//! `--over PATH=A..B`: any path of the model as the axis of a curve.

use super::value::phrase;
use crate::spec::quantity::{self, number_and_unit};

/// How many values a range gets unless stated.
const VALUES: usize = 8;
/// Whole ranges up to so many values get every one of them.
const WHOLE_VALUES: f64 = 16.0;
/// More points of a curve than this nobody waits for.
const VALUES_MAX: usize = 200;
const EXPECTED: &str =
    "expected PATH=A..B, PATH=A..B:N, PATH=A..B:N:log or PATH=A,B,C, such as `web.replicas=1..8`";

/// A path and the values it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    /// Where in the model.
    pub path: String,
    /// In ascending order; at least one.
    pub values: Vec<AxisValue>,
}

/// One value of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// Its place on the axis: seconds, per second, a share, or the plain number.
    pub at: f64,
    /// As it would stand in the model file.
    pub text: String,
}

/// Reads `web.replicas=1..8`, `web_db.timeout=10ms..1s:5:log` or `web.cores=1,2,4`.
///
/// # Errors
/// When there is no path, a value is no number with a unit, units do not go together, or the range is empty.
pub fn over(text: &str) -> Result<Over, String> {
    let (path, values) = text.split_once('=').ok_or(EXPECTED)?;
    if path.trim().is_empty() {
        return Err(EXPECTED.to_owned());
    }
    let mut values = match values.split_once("..") {
        Some((first, rest)) => range(first, rest)?,
        None => values
            .split(',')
            .map(|value| Quantity::read(value).map(Quantity::value))
            .collect::<Result<_, _>>()?,
    };
    values.sort_by(|a, b| a.at.total_cmp(&b.at));
    values.dedup_by(|a, b| a.at == b.at);
    if values.len() > VALUES_MAX {
        return Err(format!("at most {VALUES_MAX} values"));
    }
    Ok(Over { path: path.trim().to_owned(), values })
}

/// The values from `first` to the end that stands at the head of `rest`.
fn range(first: &str, rest: &str) -> Result<Vec<AxisValue>, String> {
    let mut parts = rest.split(':');
    let (first, last) = (Quantity::read(first)?, Quantity::read(parts.next().unwrap_or_default())?);
    let (mut count, mut log) = (None, false);
    for part in parts {
        match part.trim() {
            "log" => log = true,
            number => count = Some(quantity::whole(number).map_err(|_| EXPECTED)? as usize),
        }
    }
    Range::between(first, last, count, log)?.values()
}

/// A number with the unit it was written in.
#[derive(Clone, Debug, PartialEq)]
struct Quantity {
    number: f64,
    unit: String,
    /// In the base unit of its kind.
    base: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Share,
    Time,
    Rate,
}

impl Quantity {
    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text).map_err(phrase)?;
        let (kind, base) = match unit {
            "" => (Kind::Plain, number),
            "%" => (Kind::Share, number / 100.0),
            _ if unit.starts_with('/') => (Kind::Rate, quantity::rate(text).map_err(phrase)?),
            _ => (Kind::Time, quantity::duration(text).map_err(phrase)?),
        };
        Ok(Self { number, unit: unit.to_owned(), base, kind })
    }

    fn value(self) -> AxisValue {
        AxisValue { at: self.base, text: format!("{}{}", self.number, self.unit) }
    }
}

struct Range {
    first: Quantity,
    last: Quantity,
    count: usize,
    log: bool,
    whole: bool,
}

impl Range {
    fn between(first: Quantity, last: Quantity, count: Option<usize>, log: bool) -> Result<Self, String> {
        if first.kind != last.kind {
            return Err(format!(
                "`{}{}` and `{}{}` are not of one kind",
                first.number, first.unit, last.number, last.unit
            ));
        }
        if first.base >= last.base {
            return Err("the range ends where it begins, or before".to_owned());
        }
        if log && first.base <= 0.0 {
            return Err("a logarithmic range begins above 0".to_owned());
        }
        let is_whole = |q: &Quantity| q.unit.is_empty() && q.number.fract() == 0.0;
        let whole = is_whole(&first) && is_whole(&last);
        let every = (last.number - first.number + 1.0) as usize;
        let all = whole && !log && every as f64 <= WHOLE_VALUES;
        let count = count.unwrap_or(if all { every } else { VALUES });
        if !(2..=VALUES_MAX).contains(&count) {
            return Err(format!("a range has 2 to {VALUES_MAX} values"));
        }
        Ok(Self { first, last, count, log, whole })
    }

    /// Evenly spaced numbers, or evenly spaced logarithms; whole numbers where both ends are whole. Each is written in a
    /// unit of the range, so that a message about it shows what the user knows.
    fn values(&self) -> Result<Vec<AxisValue>, String> {
        let value = |i| Quantity::read(&self.text(i)).map(Quantity::value);
        (0..self.count).map(value).collect()
    }

    fn text(&self, i: usize) -> String {
        if i == 0 {
            return format!("{}{}", self.first.number, self.first.unit);
        }
        if i + 1 == self.count {
            return format!("{}{}", self.last.number, self.last.unit);
        }
        // In the unit of the lower end: the other end is only a larger number of it.
        let per_unit = if self.first.number == 0.0 {
            self.last.base / self.last.number
        } else {
            self.first.base / self.first.number
        };
        let unit = if self.first.number == 0.0 { &self.last.unit } else { &self.first.unit };
        let number = self.at(i as f64 / (self.count - 1) as f64) / per_unit;
        if self.whole { format!("{}", number.round()) } else { format!("{}{unit}", rounded(number)) }
    }

    fn at(&self, share: f64) -> f64 {
        let (a, b) = (self.first.base, self.last.base);
        if self.log { a * (b / a).powf(share) } else { a + (b - a) * share }
    }
}

/// Six digits: more are noise in a message, fewer would move points.
fn rounded(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &str) -> Vec<String> {
        over(axis).unwrap().values.into_iter().map(|v| v.text).collect()
    }

    #[test]
    fn whole_ends_give_whole_values() {
        assert_eq!(texts("web.replicas=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(texts("web.replicas=1..10").len(), 10);
        assert_eq!(texts("web.workers=16..1_024").len(), VALUES);
        assert_eq!(texts("web.replicas=1..16:5:log"), ["1", "2", "4", "8", "16"]);
        assert_eq!(texts("web.cores=4,1,2,2"), ["1", "2", "4"]);
    }

    #[test]
    fn values_keep_the_unit_of_the_range_and_stand_in_seconds_on_the_axis() {
        let axis = over("db.timeout=10ms..1s:3:log").unwrap();
        let shown: Vec<_> = axis.values.iter().map(|v| (v.at, v.text.as_str())).collect();
        assert_eq!(shown, [(0.01, "10ms"), (0.1, "100ms"), (1.0, "1s")]);
        assert_eq!(texts("x.hit_ratio=50%..100%:3"), ["50%", "75%", "100%"]);
        assert_eq!(texts("load.rate=0/s..1/s:3"), ["0/s", "0.5/s", "1/s"]);
        assert_eq!(over("x.share=0.5..1:3").unwrap().values[1].text, "0.75");
    }

    #[test]
    fn what_is_no_axis_is_refused() {
        for bad in [
            "web.replicas",
            "=1..4",
            "x=4..1",
            "x=1..1",
            "x=1..4ms",
            "x=0..4:log",
            "x=1..4:1",
            "x=1..4:1000000",
            "x=1..4:many",
            "x=",
            "x=a,b",
            "x=1..",
            "x=1e400..2",
            "x=5xy..6xy",
        ] {
            assert!(over(bad).is_err(), "{bad}");
        }
    }
}
