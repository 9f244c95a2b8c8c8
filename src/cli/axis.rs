//! `--over PATH=A..B`: any path of the model as the axis of a curve.

use super::value::phrase;
use crate::experiment::answer::PathAxis;
use crate::spec::quantity::{self, number_and_unit};

/// How many values a range gets unless stated.
const VALUES: usize = 10;
/// From this ratio of its ends on a range is spaced by factors.
const FACTORS_FROM: f64 = 20.0;
/// More points of a curve than this nobody waits for.
const VALUES_MAX: usize = 200;
const EXPECTED: &str =
    "expected PATH=A..B, PATH=A..B:N, PATH=A..B:N:log or PATH=A,B,C, such as `web.replicas=1..8`";

/// A path and the values it should take; units may be left to the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    /// Where in the model.
    pub path: String,
    /// As given.
    pub text: String,
    values: Values,
}

/// One value of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisValue {
    /// Its place on the axis: seconds, per second, a share, or the plain number.
    pub at: f64,
    /// As it would stand in the model file.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Range { first: Number, last: Number, count: Option<usize>, log: bool },
    List(Vec<Number>),
}

/// A number with its unit, if it was written with one.
#[derive(Clone, Debug, PartialEq)]
struct Number {
    number: f64,
    unit: String,
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
    let values = match values.split_once("..") {
        Some((first, rest)) => range(first, rest)?,
        None => Values::List(values.split(',').map(Number::read).collect::<Result<_, _>>()?),
    };
    let over = Over { path: path.trim().to_owned(), text: text.trim().to_owned(), values };
    // What is wrong in any unit is told at once.
    over.axis("").map(|_| over)
}

/// From `first` to the end that stands at the head of `rest`.
fn range(first: &str, rest: &str) -> Result<Values, String> {
    let mut parts = rest.split(':');
    let (first, last) = (Number::read(first)?, Number::read(parts.next().unwrap_or_default())?);
    let (mut count, mut log) = (None, false);
    for part in parts {
        match part.trim() {
            "log" => log = true,
            number => count = Some(quantity::whole(number).map_err(|_| EXPECTED)? as usize),
        }
    }
    Ok(Values::Range { first, last, count, log })
}

impl Over {
    /// The axis and the values on it, in ascending order and at least one. `in_file` is the number that stands at the path: it lends its unit
    /// to a range without one, and whole numbers stay whole.
    ///
    /// # Errors
    /// When units do not go together, or the range is empty.
    pub fn axis(&self, in_file: &str) -> Result<(PathAxis, Vec<AxisValue>), String> {
        let in_file = Number::read(in_file).ok();
        let unit = self.unit(in_file.as_ref());
        let quantity = |number: &Number| Quantity::of(number, &unit);
        let (mut values, log) = match &self.values {
            Values::List(list) => {
                let values: Vec<_> =
                    list.iter().map(|n| quantity(n).map(Quantity::value)).collect::<Result<_, _>>()?;
                (values, false)
            }
            Values::Range { first, last, count, log } => {
                let whole = in_file.is_none_or(|n| n.is_whole());
                let range = Range::between(quantity(first)?, quantity(last)?, *count, *log, whole)?;
                (range.values()?, range.log)
            }
        };
        values.sort_by(|a, b| a.at.total_cmp(&b.at));
        values.dedup_by(|a, b| a.at == b.at);
        if values.len() > VALUES_MAX {
            return Err(format!("at most {VALUES_MAX} values"));
        }
        let (least, most) = (values[0].at, values[values.len() - 1].at);
        let log = log || (values.len() > 2 && least > 0.0 && most >= FACTORS_FROM * least);
        let unit_is = Quantity::of(&Number { number: 1.0, unit: unit.clone() }, "")?.base;
        Ok((PathAxis { path: self.path.clone(), unit, unit_is, log }, values))
    }

    /// The unit of the first value that has one, else that of the file.
    fn unit(&self, in_file: Option<&Number>) -> String {
        let given: Vec<&Number> = match &self.values {
            Values::Range { first, last, .. } => vec![first, last],
            Values::List(list) => list.iter().collect(),
        };
        let given = given.into_iter().chain(in_file).map(|number| &number.unit);
        given.into_iter().find(|unit| !unit.is_empty()).cloned().unwrap_or_default()
    }
}

impl Number {
    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text).map_err(phrase)?;
        Ok(Self { number, unit: unit.to_owned() })
    }

    fn is_whole(&self) -> bool {
        self.unit.is_empty() && self.number.fract() == 0.0
    }
}

/// A number with the unit it is written in.
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
    /// A number in its own unit, else in this one.
    fn of(number: &Number, unit: &str) -> Result<Self, String> {
        let unit = if number.unit.is_empty() { unit } else { &number.unit };
        let (number, text) = (number.number, format!("{}{unit}", number.number));
        let (kind, base) = match unit {
            "" => (Kind::Plain, number),
            "%" => (Kind::Share, number / 100.0),
            _ if unit.starts_with('/') => (Kind::Rate, quantity::rate(&text).map_err(phrase)?),
            _ => (Kind::Time, quantity::duration(&text).map_err(phrase)?),
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
    /// `whole` allows whole numbers only, where the ends are whole, too.
    fn between(
        first: Quantity,
        last: Quantity,
        count: Option<usize>,
        log: bool,
        whole: bool,
    ) -> Result<Self, String> {
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
        let whole = whole && is_whole(&first) && is_whole(&last);
        // A number of points without `log` is asked for as it is.
        let by_itself = count.is_none() && first.base > 0.0 && last.base >= FACTORS_FROM * first.base;
        let every = last.number - first.number + 1.0;
        let count = count.unwrap_or(if whole && every <= VALUES as f64 { every as usize } else { VALUES });
        if !(2..=VALUES_MAX).contains(&count) {
            return Err(format!("a range has 2 to {VALUES_MAX} values"));
        }
        Ok(Self { first, last, count, log: log || by_itself, whole })
    }

    /// Evenly spaced numbers, or evenly spaced logarithms; whole numbers where both ends are whole. Each is written in a
    /// unit of the range, so that a message about it shows what the user knows.
    fn values(&self) -> Result<Vec<AxisValue>, String> {
        (0..self.count).map(|i| self.value(i)).collect()
    }

    fn value(&self, i: usize) -> Result<AxisValue, String> {
        let end = match i {
            0 => Some(&self.first),
            _ if i + 1 == self.count => Some(&self.last),
            _ => None,
        };
        if let Some(end) = end {
            return Ok(end.clone().value());
        }
        // In the unit of the lower end: the other end is only a larger number of it.
        let of = if self.first.number == 0.0 { &self.last } else { &self.first };
        let number = self.at(i as f64 / (self.count - 1) as f64) / (of.base / of.number);
        // A hundredth of the way between neighbours moves no point.
        let step = if self.log { number } else { (self.last.base - self.first.base) / (of.base / of.number) };
        let step = if self.log { step } else { step / (self.count - 1) as f64 };
        let number = to_digits(number, step);
        let number = if self.whole { number.round() } else { number };
        Quantity::of(&Number { number, unit: of.unit.clone() }, "").map(Quantity::value)
    }

    fn at(&self, share: f64) -> f64 {
        let (a, b) = (self.first.base, self.last.base);
        if self.log { a * (b / a).powf(share) } else { a + (b - a) * share }
    }
}

/// Rounded to the second digit behind the first of `step`, above zero: what people would write.
fn to_digits(number: f64, step: f64) -> f64 {
    let decimals = 2 - step.log10().floor() as i32;
    if decimals >= 0 {
        return format!("{number:.*}", decimals as usize).parse().unwrap_or(number);
    }
    let unit = 10f64.powi(-decimals);
    (number / unit).round() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts_in(axis: &str, in_file: &str) -> Vec<String> {
        over(axis).unwrap().axis(in_file).unwrap().1.into_iter().map(|v| v.text).collect()
    }

    fn texts(axis: &str) -> Vec<String> {
        texts_in(axis, "")
    }

    #[test]
    fn whole_ends_give_whole_values() {
        assert_eq!(texts("web.replicas=1..4"), ["1", "2", "3", "4"]);
        assert_eq!(texts("web.replicas=1..10").len(), 10);
        assert_eq!(texts("web.workers=16..1_024").len(), VALUES);
        assert_eq!(texts("web.replicas=1..16:5:log"), ["1", "2", "4", "8", "16"]);
        assert_eq!(texts("web.cores=4,1,2,2"), ["1", "2", "4"]);
        assert_eq!(texts("web.replicas=1..16").join(" "), "1 3 4 6 8 9 11 13 14 16");
    }

    #[test]
    fn wide_ranges_are_spaced_by_factors() {
        let rows = "100 215 464 1000 2150 4640 10000 21500 46400 100000";
        assert_eq!(texts_in("orders.list.rows=100..100_000", "5_000").join(" "), rows);
        let log = |axis: &str| over(axis).unwrap().axis("").unwrap().0.log;
        assert!(log("x=1..20") && log("x=1,5,20") && !log("x=1..19") && !log("x=0..100") && !log("x=1,100"));
        assert_eq!(texts("x=1..30").join(" "), "1 2 3 5 7 10 14 21 30", "no value twice");
    }

    #[test]
    fn values_keep_the_unit_of_the_range_and_stand_in_seconds_on_the_axis() {
        let (axis, values) = over("db.timeout=10ms..1s:3:log").unwrap().axis("").unwrap();
        let shown: Vec<_> = values.iter().map(|v| (v.at, v.text.as_str())).collect();
        assert_eq!(shown, [(0.01, "10ms"), (0.1, "100ms"), (1.0, "1s")]);
        assert_eq!((axis.unit.as_str(), axis.unit_is, axis.show(1.0)), ("ms", 1e-3, "1000 ms".to_owned()));
        assert_eq!(texts("x.hit_ratio=50%..100%:3"), ["50%", "75%", "100%"]);
        assert_eq!(texts("load.rate=0/s..1/s:3"), ["0/s", "0.5/s", "1/s"]);
        assert_eq!(texts("x.share=0.5..1:3"), ["0.5", "0.75", "1"]);
        assert_eq!(texts("x=1ms..5ms")[..3], ["1ms", "1.444ms", "1.889ms"]);
    }

    #[test]
    fn what_has_no_unit_takes_that_of_the_file() {
        assert_eq!(texts_in("db.q.read=1..3:3", "20ms"), ["1ms", "2ms", "3ms"]);
        assert_eq!(texts_in("db.q.read=1..3ms:3", "2s"), ["1ms", "2ms", "3ms"]);
        assert_eq!(texts_in("db.q.read=1,2,4", "2s"), ["1s", "2s", "4s"]);
        assert_eq!(texts_in("load.rate=60..120:2", "90/min"), ["60/min", "120/min"]);
        // Where the file has a fraction, or the range, fractions are meant.
        assert_eq!(texts_in("db.q.cv=1..2:3", "0.7"), ["1", "1.5", "2"]);
        assert_eq!(texts_in("db.q.cv=0.5..1.5:3", "1"), ["0.5", "1", "1.5"]);
        assert!(over("db.q.read=1..2%").unwrap().axis("2ms").is_ok(), "the model says what it thinks of it");
    }

    #[test]
    fn what_is_no_axis_is_refused() {
        for bad in [
            "web.replicas",
            "=1..4",
            "x=4..1",
            "x=1..1",
            "x=1/s..4ms",
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
