//! Values of a number of the model: ranges and lists, as `--over` and knobs write them.
//!
//! `1..8`, `10ms..1s:5:log`, `1,2,4`: units may be left to the file, and whole numbers stay whole.

use super::quantity::{self, FACTORS_FROM, Unit, measured, number_and_unit};

/// How many values a range gets unless stated.
pub const VALUES: usize = 10;
const EXPECTED: &str = "expected A..B, A..B:N, A..B:N:log or A,B,C, such as `1..8`";

/// The values a number should take; units may be left to the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// From one end to the other.
    Range(Ends),
    /// Exactly these.
    List(Vec<Number>),
}

/// A range as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Ends {
    first: Number,
    last: Number,
    count: Option<usize>,
    log: bool,
}

/// One value of a number of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// In base units: seconds, per second, bytes, bits per second, a share, or the plain number.
    pub at: f64,
    /// As it would stand in the model file.
    pub text: String,
}

/// A number with its unit, if it was written with one.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    number: f64,
    unit: String,
}

/// How many values a range has where it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Ten, for a curve.
    Ten,
    /// Every whole number between whole ends, else ten.
    Every,
}

/// Values with what they have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The unit readers are shown: `ms`, `%`, `/s`; empty for plain numbers.
    pub unit: String,
    /// One of that unit in base units: 0.001 for `ms`.
    pub unit_is: f64,
    /// They are spaced by factors.
    pub log: bool,
    /// In ascending order; at least one.
    pub values: Vec<Value>,
}

impl Values {
    /// Reads `1..8`, `10ms..1s:5:log` or `1,2,4`.
    ///
    /// # Errors
    /// When a value is no number with a unit, units do not go together, or the range is empty.
    pub fn read(text: &str) -> Result<Self, String> {
        match text.split_once("..") {
            Some((first, rest)) => range(first, rest),
            None => Self::list(text.split(',')),
        }
    }

    /// Exactly these values.
    ///
    /// # Errors
    /// When one is no number with a unit.
    pub fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        texts.into_iter().map(Number::read).collect::<Result<_, _>>().map(Self::List)
    }

    /// The values themselves, in ascending order. `in_file` is the number that stands in the file: it lends its unit to a range
    /// without one, and whole numbers stay whole.
    ///
    /// # Errors
    /// When units do not go together, the range is empty, or there are more than `most` values.
    pub fn resolve(&self, in_file: &str, fill: Fill, most: usize) -> Result<Resolved, String> {
        let in_file = Number::read(in_file).ok();
        let unit = self.unit(in_file.as_ref());
        let quantity = |number: &Number| Quantity::of(number, &unit);
        let (mut values, log) = match self {
            Self::List(list) => {
                let values: Vec<_> =
                    list.iter().map(|n| quantity(n).map(Quantity::value)).collect::<Result<_, _>>()?;
                (values, false)
            }
            Self::Range(Ends { first, last, count, log }) => {
                let whole = in_file.is_none_or(|n| n.is_whole());
                let asked = Asked { count: *count, log: *log, whole, fill, most };
                let range = Range::between(quantity(first)?, quantity(last)?, asked)?;
                (range.values()?, range.log)
            }
        };
        values.sort_by(|a, b| a.at.total_cmp(&b.at));
        values.dedup_by(|a, b| a.at == b.at);
        if values.len() > most {
            return Err(format!("at most {most} values"));
        }
        let (Some(least), Some(greatest)) = (values.first(), values.last()) else {
            return Err("no value at all".to_owned());
        };
        let log = log || (values.len() > 2 && least.at > 0.0 && greatest.at >= FACTORS_FROM * least.at);
        let unit_is = Quantity::of(&Number { number: 1.0, unit: unit.clone() }, "")?.base;
        Ok(Resolved { unit, unit_is, log, values })
    }

    /// The unit of the first value that has one, else that of the file.
    fn unit(&self, in_file: Option<&Number>) -> String {
        let given: Vec<&Number> = match self {
            Self::Range(Ends { first, last, .. }) => vec![first, last],
            Self::List(list) => list.iter().collect(),
        };
        let given = given.into_iter().chain(in_file).map(|number| &number.unit);
        given.into_iter().find(|unit| !unit.is_empty()).cloned().unwrap_or_default()
    }
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
    Ok(Values::Range(Ends { first, last, count, log }))
}

impl Number {
    fn read(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text).map_err(quantity::Wrong::in_one_line)?;
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
    kind: Unit,
}

impl Quantity {
    /// A number in its own unit, else in this one.
    fn of(number: &Number, unit: &str) -> Result<Self, String> {
        let unit = if number.unit.is_empty() { unit } else { &number.unit };
        let number = number.number;
        let (kind, base) = measured(&format!("{number}{unit}")).map_err(quantity::Wrong::in_one_line)?;
        Ok(Self { number, unit: unit.to_owned(), base, kind })
    }

    fn value(self) -> Value {
        Value { at: self.base, text: format!("{}{}", self.number, self.unit) }
    }
}

/// How a range is to be filled.
#[derive(Clone, Copy)]
struct Asked {
    count: Option<usize>,
    log: bool,
    whole: bool,
    fill: Fill,
    most: usize,
}

struct Range {
    first: Quantity,
    last: Quantity,
    count: usize,
    log: bool,
    whole: bool,
}

impl Range {
    /// `asked.whole` allows whole numbers only, where the ends are whole, too.
    fn between(first: Quantity, last: Quantity, asked: Asked) -> Result<Self, String> {
        let Asked { count, log, whole, fill, most } = asked;
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
        let every = last.number - first.number + 1.0;
        let all = whole && (every <= VALUES as f64 || (fill == Fill::Every && !log));
        if count.is_none() && all && every > most as f64 {
            return Err(format!("{every} values, and at most {most} are tried; ask for fewer with A..B:N"));
        }
        // A number of points without `log` is asked for as it is.
        let by_itself = count.is_none()
            && !(all && fill == Fill::Every)
            && first.base > 0.0
            && last.base >= FACTORS_FROM * first.base;
        let count = count.unwrap_or(if all { every as usize } else { VALUES });
        if !(2..=most).contains(&count) {
            return Err(format!("a range has 2 to {most} values"));
        }
        Ok(Self { first, last, count, log: log || by_itself, whole })
    }

    /// Evenly spaced numbers, or evenly spaced logarithms; whole numbers where both ends are whole. Each is written in a
    /// unit of the range, so that a message about it shows what the user knows.
    fn values(&self) -> Result<Vec<Value>, String> {
        (0..self.count).map(|i| self.value(i)).collect()
    }

    fn value(&self, i: usize) -> Result<Value, String> {
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

    #[test]
    fn a_knob_takes_every_whole_number_of_its_range() {
        let count =
            |text: &str| Values::read(text).unwrap().resolve("4", Fill::Every, 256).map(|r| r.values.len());
        assert_eq!((count("1..64"), count("1..64:5"), count("10,40,20")), (Ok(64), Ok(5), Ok(3)));
        let told = count("1..100_000").unwrap_err();
        assert_eq!(told, "100000 values, and at most 256 are tried; ask for fewer with A..B:N");
        assert_eq!(count("1_000..100_000:5:log"), Ok(5));
    }

    #[test]
    fn sizes_and_bandwidths_have_ranges_too() {
        let resolved = |text: &str, in_file| {
            let found = Values::read(text).unwrap().resolve(in_file, Fill::Ten, 256)?;
            Ok(found.values.into_iter().map(|v| (v.at, v.text)).collect::<Vec<_>>())
        };
        let told = |values: &[(f64, &str)]| Ok(values.iter().map(|(x, t)| (*x, (*t).to_owned())).collect());
        let mbps = [(5e7, "50Mbps"), (5.25e8, "525Mbps"), (1e9, "1Gbps")];
        assert_eq!(resolved("50Mbps..1Gbps:3", "100Mbps"), told(&mbps));
        assert_eq!(resolved("50,1000", "100Mbps"), told(&[(5e7, "50Mbps"), (1e9, "1000Mbps")]));
        assert_eq!(resolved("512B,2KiB", "1KiB"), told(&[(512.0, "512B"), (2048.0, "2KiB")]));
        let mixed: Result<Vec<(f64, String)>, String> = resolved("1KiB..1Gbps", "1KiB");
        assert_eq!(mixed.unwrap_err(), "`1KiB` and `1Gbps` are not of one kind");
    }
}
