//! Quantities as people write them: `20ms`, `400/s`, `80%`, `0.17 $/h`, `unlimited`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, parsed};
use super::tree::{Node, Value, shorten};
use crate::diagnostic::{Diagnostics, nearest};

/// The longest duration a model may state: a hundred years, so that sums of them fit 64 bits of nanoseconds.
pub const SECONDS_MAX: f64 = 100.0 * 365.25 * 86_400.0;
/// The highest rate a model may state: a request every nanosecond, the resolution of simulated time.
pub const RATE_MAX: f64 = 1e9;
/// The lowest rate at which anything arrives within simulated time: one a year on average.
pub const RATE_MIN: f64 = 100.0 / SECONDS_MAX;

/// What is wrong with a text, and what was expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// Quotes the text.
    pub message: String,
    /// Names what is wanted.
    pub expected: String,
    /// Advice.
    pub helps: Vec<String>,
}

impl Wrong {
    /// A message with what was expected instead.
    pub fn new(message: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { message: message.into(), expected: expected.into(), helps: Vec::new() }
    }

    fn help(mut self, help: String) -> Self {
        self.helps.push(help);
        self
    }

    /// All of it in one line.
    #[must_use]
    pub fn in_one_line(self) -> String {
        let helps = self.helps.iter().map(|help| format!("; {help}"));
        format!("{}; {}{}", self.message, self.expected, helps.collect::<String>())
    }
}

const DURATION: &str = "expected a duration such as `250us`, `20ms`, `1.5s` or `7d`";
const RATE: &str = "expected a rate such as `400/s` or `90/min`";
const SHARE: &str = "expected a share such as `80%` or `0.8`";
const PRICE: &str = "expected a price such as `0.17 $/h`, `0.40 $/million` or `0.09 $/GiB`";
const AMOUNT: &str = "expected money such as `0.50 $`";

/// Units of time: a value times the first over the second is in seconds. Two factors, since 1/1000 is no binary number.
const TIMES: [(&str, f64, f64); 9] = [
    ("ns", 1.0, 1e9),
    ("us", 1.0, 1e6),
    ("µs", 1.0, 1e6),
    ("ms", 1.0, 1e3),
    ("s", 1.0, 1.0),
    ("min", 60.0, 1.0),
    ("h", 3_600.0, 1.0),
    ("d", 86_400.0, 1.0),
    ("w", 604_800.0, 1.0),
];

/// Splits `1_000.5 ms` into the number and what follows it.
///
/// # Errors
/// When it does not start with a finite decimal number.
pub fn number_and_unit(text: &str) -> Result<(f64, &str), Wrong> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let mut end = usize::from(bytes.first().is_some_and(|b| b"+-".contains(b)));
    while end < bytes.len() && (bytes[end].is_ascii_digit() || b"._".contains(&bytes[end])) {
        end += 1;
    }
    end = exponent_end(bytes, end);
    let (number, unit) = text.split_at(end);
    match number.replace('_', "").parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((value, unit.trim())),
        Ok(_) => Err(Wrong::new(format!("`{}` is too large a number", shorten(text)), "expected a number")),
        Err(_) => {
            Err(Wrong::new(format!("`{}` does not start with a number", shorten(text)), "expected a number"))
        }
    }
}

/// Behind `e-3`, if that follows a number at `at`; a unit may begin with `e` too.
fn exponent_end(bytes: &[u8], at: usize) -> usize {
    let digits_from = match bytes.get(at..) {
        Some([b'e' | b'E', b'+' | b'-', d, ..]) if d.is_ascii_digit() => at + 2,
        Some([b'e' | b'E', d, ..]) if d.is_ascii_digit() => at + 1,
        _ => return at,
    };
    digits_from + bytes[digits_from..].iter().take_while(|b| b.is_ascii_digit()).count()
}

/// A plain number without a unit.
///
/// # Errors
/// When it is none.
pub fn number(text: &str) -> Result<f64, Wrong> {
    match number_and_unit(text)? {
        (value, "") => Ok(value),
        (_, unit) => Err(Wrong::new(
            format!("`{}` has a unit, `{unit}`", shorten(text)),
            "expected a number without a unit",
        )),
    }
}

/// A duration in seconds. Zero needs no unit.
///
/// # Errors
/// When the unit is missing or unknown, or the value is negative or above [`SECONDS_MAX`].
pub fn duration(text: &str) -> Result<f64, Wrong> {
    let (value, unit) = with_expectation(number_and_unit(text), DURATION)?;
    let shown = shorten(text);
    let seconds = if unit.is_empty() {
        if value != 0.0 {
            return Err(Wrong::new(format!("`{shown}` has no unit"), DURATION)
                .help(format!("for milliseconds write `{shown}ms`")));
        }
        0.0
    } else {
        let (times, over) = time_unit(unit, &shown)?;
        value * times / over
    };
    if value < 0.0 {
        return Err(Wrong::new(format!("`{shown}` is negative"), "expected a duration of 0 or more"));
    }
    if seconds > SECONDS_MAX {
        return Err(Wrong::new(
            format!("`{shown}` is longer than 100 years"),
            "simulated time has 64 bits of nanoseconds",
        ));
    }
    Ok(seconds)
}

fn time_unit(unit: &str, shown: &str) -> Result<(f64, f64), Wrong> {
    if let Some((_, times, over)) = TIMES.iter().find(|(name, ..)| *name == unit) {
        return Ok((*times, *over));
    }
    let help = match unit {
        "m" => "write `min` for minutes, `ms` for milliseconds".to_owned(),
        "sec" | "secs" | "second" | "seconds" | "S" => "seconds are written `s`".to_owned(),
        "msec" | "millis" => "milliseconds are written `ms`".to_owned(),
        "hour" | "hours" | "hr" | "H" => "hours are written `h`".to_owned(),
        "day" | "days" | "D" => "days are written `d`".to_owned(),
        _ => "units of time are `ns`, `us`, `ms`, `s`, `min`, `h`, `d` and `w`".to_owned(),
    };
    Err(Wrong::new(format!("`{}` is no unit of time, in `{shown}`", shorten(unit)), DURATION).help(help))
}

fn with_expectation<T>(result: Result<T, Wrong>, expected: &str) -> Result<T, Wrong> {
    result.map_err(|wrong| Wrong { expected: expected.to_owned(), ..wrong })
}

/// A rate per second.
///
/// # Errors
/// When there is no `/unit`, or the value is negative or above [`RATE_MAX`].
pub fn rate(text: &str) -> Result<f64, Wrong> {
    let shown = shorten(text);
    let (value, unit) = with_expectation(number_and_unit(text), RATE)?;
    let Some(per) = unit.strip_prefix('/') else {
        let message = if unit.is_empty() {
            format!("`{shown}` has no unit")
        } else {
            format!("`{shown}` is not a rate")
        };
        return Err(Wrong::new(message, RATE));
    };
    let (times, over) = with_expectation(time_unit(per.trim(), &shown), RATE)?;
    let rate = value * over / times;
    if rate < 0.0 {
        return Err(Wrong::new(format!("`{shown}` is negative"), "expected a rate of 0 or more"));
    }
    if rate > RATE_MAX {
        return Err(Wrong::new(
            format!("`{shown}` is above {RATE_MAX:e}/s"),
            "expected a rate that nanoseconds can tell apart",
        ));
    }
    Ok(rate)
}

/// Units of size, in bytes.
const SIZES: [(&str, f64); 8] = [
    ("B", 1.0),
    ("KB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1_024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];
const SIZE: &str = "expected a size such as `512B`, `200KiB` or `1.5MiB`";
/// More than anybody stores.
const BYTES_MAX: f64 = 1e18;

/// A size in bytes. Zero needs no unit.
///
/// # Errors
/// When the unit is missing or unknown, or the value is negative or above an exabyte.
pub fn bytes(text: &str) -> Result<f64, Wrong> {
    let (value, unit) = with_expectation(number_and_unit(text), SIZE)?;
    let shown = shorten(text);
    let factor = match SIZES.iter().find(|(name, _)| *name == unit) {
        Some((_, factor)) => *factor,
        None if unit.is_empty() && value == 0.0 => 1.0,
        None if unit.is_empty() => {
            return Err(Wrong::new(format!("`{shown}` has no unit"), SIZE)
                .help(format!("for bytes write `{shown}B`")));
        }
        None => {
            return Err(Wrong::new(format!("`{}` is no unit of size, in `{shown}`", shorten(unit)), SIZE)
                .help("units of size are `B`, `KB`, `MB`, `GB`, `KiB`, `MiB`, `GiB` and `TiB`".to_owned()));
        }
    };
    if value < 0.0 {
        return Err(Wrong::new(format!("`{shown}` is negative"), "expected a size of 0 or more"));
    }
    if value * factor > BYTES_MAX {
        return Err(Wrong::new(format!("`{shown}` is more than an exabyte"), SIZE));
    }
    Ok(value * factor)
}

/// Units of bandwidth, in bits per second.
const BANDWIDTHS: [(&str, f64); 4] = [("bps", 1.0), ("kbps", 1e3), ("Mbps", 1e6), ("Gbps", 1e9)];
const BANDWIDTH: &str = "expected a bandwidth such as `100Mbps` or `1Gbps`";

/// Bits per second.
///
/// # Errors
/// When the unit is missing or unknown, or the value is not above 0.
pub fn bandwidth(text: &str) -> Result<f64, Wrong> {
    let (value, unit) = with_expectation(number_and_unit(text), BANDWIDTH)?;
    let shown = shorten(text);
    let Some((_, factor)) = BANDWIDTHS.iter().find(|(name, _)| *name == unit) else {
        let message = match unit {
            "" => format!("`{shown}` has no unit"),
            _ => format!("`{}` is no unit of bandwidth, in `{shown}`", shorten(unit)),
        };
        return Err(Wrong::new(message, BANDWIDTH)
            .help("bits per second are written `bps`, `kbps`, `Mbps` and `Gbps`; a byte has 8".to_owned()));
    };
    let bits = value * factor;
    if !(1.0..=1e15).contains(&bits) {
        return Err(Wrong::new(format!("a bandwidth of `{shown}`"), "expected 1bps to 1,000,000Gbps"));
    }
    Ok(bits)
}

/// A share in [0, 1].
///
/// # Errors
/// When it lies outside.
pub fn share(text: &str) -> Result<f64, Wrong> {
    let shown = shorten(text);
    let value = match with_expectation(number_and_unit(text), SHARE)? {
        (value, "%") => value / 100.0,
        (value, "") if value > 1.0 && value <= 100.0 => {
            let help = format!("for per cent write `{shown}%`");
            return Err(Wrong::new(format!("`{shown}` is no share: it lies above 1"), SHARE).help(help));
        }
        (value, "") => value,
        _ => return Err(Wrong::new(format!("`{shown}` is not a share"), SHARE)),
    };
    if !(0.0..=1.0).contains(&value) {
        return Err(Wrong::new(format!("`{shown}` lies outside 0% to 100%"), SHARE));
    }
    Ok(value)
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nothing, or a share.
    Plain,
    /// Time, in seconds.
    Time,
    /// Things per second.
    Rate,
    /// Bytes.
    Bytes,
    /// Bits per second.
    Bandwidth,
}

/// From this ratio of its ends on an interval is filled by factors.
pub const FACTORS_FROM: f64 = 20.0;

/// What a number counts, told by its unit, and the number in base units: seconds, per second, bytes, bits per second, a share of one.
///
/// # Errors
/// When it is no number, or one that its unit does not go with.
pub fn measured(text: &str) -> Result<(Unit, f64), Wrong> {
    let (number, unit) = number_and_unit(text)?;
    match unit {
        "" => Ok((Unit::Plain, number)),
        "%" => Ok((Unit::Plain, number / 100.0)),
        _ if unit.starts_with('/') => rate(text).map(|rate| (Unit::Rate, rate)),
        _ if SIZES.iter().any(|(name, _)| *name == unit) => bytes(text).map(|bytes| (Unit::Bytes, bytes)),
        _ if BANDWIDTHS.iter().any(|(name, _)| *name == unit) => {
            bandwidth(text).map(|bits| (Unit::Bandwidth, bits))
        }
        _ => duration(text).map(|seconds| (Unit::Time, seconds)),
    }
}

/// A whole number.
///
/// # Errors
/// When it is negative, not whole or too large.
pub fn whole(text: &str) -> Result<u64, Wrong> {
    const EXPECTED: &str = "expected a whole number";
    let shown = shorten(text);
    let value = with_expectation(number(text), EXPECTED)?;
    if value < 0.0 {
        return Err(Wrong::new(format!("`{shown}` is negative"), "expected a whole number, 0 or more"));
    }
    if value.fract() != 0.0 {
        return Err(Wrong::new(format!("`{shown}` is not whole"), EXPECTED));
    }
    // Exact where it is written as digits, since a seed may use all 64 bits.
    if let Ok(exact) = text.trim().replace('_', "").parse::<u64>() {
        return Ok(exact);
    }
    if value > 9e15 {
        return Err(Wrong::new(format!("`{shown}` is too large"), "expected at most 9e15"));
    }
    Ok(value as u64)
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq)]
pub struct Money {
    /// How much.
    pub amount: f64,
    /// As written: `$`, `EUR`.
    pub currency: String,
}

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// An hour of each replica, instance or node.
    Hour,
    /// A call received.
    Call,
    /// A byte carried.
    Byte,
    /// A byte kept for an hour.
    ByteHour,
}

/// Money for something.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// For one of it.
    pub money: Money,
    /// For what.
    pub per: Per,
}

/// Hours in a month, as clouds bill them: 365 days by 24 hours over 12.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// An amount of money without a unit of anything: `0.50 $`, `$3`, `1_200 EUR`.
///
/// # Errors
/// When the currency is missing, or the amount is negative or no number.
pub fn amount(text: &str) -> Result<Money, Wrong> {
    money_in(text, text, "an amount of money", AMOUNT)
}

/// The amount in `text`, a part of `whole`, which is no `what` if it has none.
fn money_in(text: &str, whole: &str, what: &str, expected: &str) -> Result<Money, Wrong> {
    let shown = shorten(whole);
    let wrong = || Wrong::new(format!("`{shown}` is not {what}"), expected);
    let text = text.trim();
    let prefix =
        text.len() - text.trim_start_matches(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).len();
    let (before, number) = text.split_at(prefix);
    let (amount, after) = with_expectation(number_and_unit(number), expected)?;
    let currency = match (before.trim(), after) {
        ("", "") => return Err(wrong().help("a currency is missing, such as `$` or `EUR`".to_owned())),
        ("", currency) | (currency, "") => currency.to_owned(),
        _ => return Err(wrong()),
    };
    if amount < 0.0 {
        return Err(Wrong::new(format!("`{shown}` is negative"), expected));
    }
    Ok(Money { amount, currency })
}

/// Money for time, calls or bytes.
///
/// # Errors
/// When the currency or what it is for is missing, or the amount is negative.
pub fn price(text: &str) -> Result<Price, Wrong> {
    let shown = shorten(text);
    let wrong = || Wrong::new(format!("`{shown}` is not money for anything"), PRICE);
    let (value, per) = text.split_once('/').ok_or_else(wrong)?;
    let (first, then) = per.split_once('/').map_or((per.trim(), None), |(a, b)| (a.trim(), Some(b.trim())));
    let size = SIZES.iter().find(|(name, _)| *name == first).map(|(_, bytes)| *bytes);
    let (per, units) = match (first, size, then) {
        ("million", _, None) => (Per::Call, 1e6),
        (_, Some(bytes), None) => (Per::Byte, bytes),
        (_, Some(bytes), Some(time)) => (Per::ByteHour, bytes * hours(time).ok_or_else(wrong)?),
        (time, None, None) => {
            let help = "money is for one of `h`, `d`, `month`, `million` (calls), `GiB` and `GiB/month`";
            (Per::Hour, hours(time).ok_or_else(|| wrong().help(help.to_owned()))?)
        }
        _ => return Err(wrong()),
    };
    let money = money_in(value, text, "money for anything", PRICE)?;
    Ok(Price { money: Money { amount: money.amount / units, ..money }, per })
}

fn hours(unit: &str) -> Option<f64> {
    match unit {
        "h" => Some(1.0),
        "d" => Some(24.0),
        "month" | "mo" => Some(HOURS_PER_MONTH),
        _ => None,
    }
}

/// A change in per cent, with its sign: `-1%`.
///
/// # Errors
/// When it is no percentage.
pub fn change(text: &str) -> Result<f64, Wrong> {
    const EXPECTED: &str = "expected a change such as `-1%`";
    match with_expectation(number_and_unit(text), EXPECTED)? {
        (value, "%") => Ok(value / 100.0),
        _ => Err(Wrong::new(format!("`{}` is not a change in per cent", shorten(text)), EXPECTED)),
    }
}

/// A rank of importance: higher goes first.
///
/// # Errors
/// When it is neither a known word nor a whole number.
pub fn priority(text: &str) -> Result<i32, Wrong> {
    const EXPECTED: &str = "expected `high`, `normal`, `low` or a whole number (higher goes first)";
    match text {
        "high" => return Ok(Priority::HIGH.0),
        "normal" => return Ok(Priority::NORMAL.0),
        "low" => return Ok(Priority::LOW.0),
        _ => {}
    }
    let wrong = || {
        let similar = nearest(text, ["high", "normal", "low"]);
        let wrong = Wrong::new(format!("`{}` is not a priority", shorten(text)), EXPECTED);
        similar.map_or(wrong.clone(), |word| wrong.help(format!("a similar word exists: `{word}`")))
    };
    let value = number(text).map_err(|_| wrong())?;
    if value.fract() != 0.0 || value.abs() > 1e6 {
        return Err(wrong());
    }
    Ok(value as i32)
}

/// Defines a quantity: a type of its own, how it is parsed, and its schema.
macro_rules! quantity {
    ($(#[doc = $doc:literal])* $name:ident($inner:ty), $what:literal, $parse:expr, $schema:tt) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub $inner);

        impl Decode for $name {
            fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
                parsed(node, $what, sink, $parse).map(Self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                let mut schema = json_schema!($schema);
                schema.insert("description".to_owned(), concat!($($doc),*).trim().into());
                schema
            }
        }
    };
}

/// Numbers as text, with the underscores that YAML leaves in: `2_000`.
macro_rules! numeric_text {
    ($suffix:literal) => {
        concat!("^ *[+-]?[0-9._]+([eE][+-]?[0-9]+)? *", $suffix, "$")
    };
}

quantity!(
    /// A duration: `250us`, `20ms`, `1.5s`, `5min`, `7d`; 0 needs no unit.
    Seconds(f64), "a duration such as `20ms`", duration,
    {"anyOf": [{"const": 0}, {"type": "string", "pattern": (numeric_text!("(ns|us|µs|ms|s|min|h|d|w)?"))}]}
);
quantity!(
    /// A size: `512B`, `200KiB`, `1.5MiB`, `2GB`; 0 needs no unit.
    Bytes(f64), "a size such as `200KiB`", bytes,
    {"anyOf": [{"const": 0}, {"type": "string", "pattern": (numeric_text!("(B|KB|MB|GB|KiB|MiB|GiB|TiB)?"))}]}
);
quantity!(
    /// A bandwidth: `100Mbps`, `1Gbps`.
    Bandwidth(f64), "a bandwidth such as `100Mbps`", bandwidth,
    {"type": "string", "pattern": (numeric_text!("(bps|kbps|Mbps|Gbps)"))}
);
quantity!(
    /// A rate: `400/s`, `90/min`.
    PerSecond(f64), "a rate such as `400/s`", rate,
    {"type": "string", "pattern": (numeric_text!("/ *(ns|us|µs|ms|s|min|h|d|w)"))}
);
quantity!(
    /// A share: `80%`, or a number from 0 to 1.
    Fraction(f64), "a share such as `80%`", share,
    {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": (numeric_text!("%?"))}]}
);
quantity!(
    /// A number, 0 or more.
    Number(f64), "a number", not_negative_number,
    {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": (numeric_text!(""))}]}
);
quantity!(
    /// How often something is chosen, relative to the others: a number or a percentage.
    Weight(f64), "a weight", weight,
    {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": (numeric_text!("%?"))}]}
);
quantity!(
    /// A whole number: `64`, `2_000`.
    Whole(u64), "a whole number", whole,
    {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": (numeric_text!(""))}]}
);
quantity!(
    /// A whole number, or `unlimited`.
    Limit(Option<u64>), "a whole number or `unlimited`", limit,
    {"anyOf": [{"const": "unlimited"}, {"type": "integer", "minimum": 0}, {"type": "string", "pattern": (numeric_text!(""))}]}
);
quantity!(
    /// An amount of money: `0.50 $`.
    Amount(Money), "money such as `0.50 $`", amount,
    {"type": "string"}
);
quantity!(
    /// A change in per cent: `-1%`.
    Change(f64), "a change such as `-1%`", change,
    {"type": "string", "pattern": (numeric_text!("%"))}
);

/// What a place costs: a price, or a list of them.
#[derive(Clone, Debug, Default)]
pub struct Cost(pub Vec<At<Price>>);

impl Decode for Price {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        parsed(node, "a price such as `0.17 $/h`", sink, price)
    }
}

impl JsonSchema for Price {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Price".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "/ *(h|d|month|mo|million|(B|KB|MB|GB|KiB|MiB|GiB|TiB)( */ *(h|d|month|mo))?) *$",
            "description": "Money per time and replica (`0.17 $/h`, `120 EUR/month`), per million calls received (`0.40 $/million`), per \
                            size carried (`0.09 $/GiB`, links), per size and time kept (`0.10 $/GiB/month`, caches and databases with a `size`)."
        })
    }
}

impl Decode for Cost {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, sink).map(Self),
            _ => At::decode(node, sink).map(|price| Self(vec![price])),
        }
    }
}

impl JsonSchema for Cost {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Cost".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let price = generator.subschema_for::<Price>();
        json_schema!({"anyOf": [price, {"type": "array", "items": price, "minItems": 1}]})
    }
}

quantity!(
    /// A priority: `high` (10), `normal` (0), `low` (-10) or any whole number; higher goes first.
    Priority(i32), "a priority", priority,
    {"anyOf": [{"enum": ["high", "normal", "low"]}, {"type": "integer"}]}
);

impl Priority {
    /// `high`
    pub const HIGH: Self = Self(10);
    /// `normal`, what has no priority stated
    pub const NORMAL: Self = Self(0);
    /// `low`
    pub const LOW: Self = Self(-10);

    /// The word, where there is one, or the number.
    #[must_use]
    pub fn name(&self) -> String {
        match *self {
            Self::HIGH => "high".to_owned(),
            Self::NORMAL => "normal".to_owned(),
            Self::LOW => "low".to_owned(),
            Self(rank) => rank.to_string(),
        }
    }
}

/// A plain number, 0 or more.
///
/// # Errors
/// When it is negative or no number.
pub fn not_negative_number(text: &str) -> Result<f64, Wrong> {
    match number(text)? {
        value if value < 0.0 => {
            Err(Wrong::new(format!("`{}` is negative", shorten(text)), "expected a number, 0 or more"))
        }
        value => Ok(value),
    }
}

fn weight(text: &str) -> Result<f64, Wrong> {
    not_negative_number(text.trim_end().trim_end_matches('%'))
        .map_err(|wrong| Wrong { expected: "expected a weight, 0 or more".to_owned(), ..wrong })
}

fn limit(text: &str) -> Result<Option<u64>, Wrong> {
    if text == "unlimited" {
        return Ok(None);
    }
    with_expectation(whole(text), "expected a whole number or `unlimited`").map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_bandwidths_carry_units() {
        let sizes = ["512B", "1.5 KiB", "2MB", "0"].map(bytes);
        assert_eq!(sizes, [Ok(512.0), Ok(1_536.0), Ok(2e6), Ok(0.0)]);
        assert_eq!(["8bps", "100Mbps", "2.5 Gbps"].map(bandwidth), [Ok(8.0), Ok(1e8), Ok(2.5e9)]);
        let wrong = |result: Result<f64, Wrong>| result.unwrap_err().message;
        assert_eq!(wrong(bytes("20")), "`20` has no unit");
        assert_eq!(wrong(bytes("20Mb")), "`Mb` is no unit of size, in `20Mb`");
        assert_eq!(wrong(bytes("-1B")), "`-1B` is negative");
        assert_eq!(wrong(bandwidth("10MB/s")), "`MB/s` is no unit of bandwidth, in `10MB/s`");
        assert_eq!(wrong(bandwidth("0Mbps")), "a bandwidth of `0Mbps`");
    }

    #[test]
    fn durations_carry_units() {
        let good = ["250us", "20ms", "1.5s", "7d", "2 min", "1_000 ns", "1e-3s", "0", "5µs"];
        let values = good.map(|text| duration(text).unwrap());
        assert_eq!(values, [250e-6, 0.02, 1.5, 604_800.0, 120.0, 1e-6, 1e-3, 0.0, 5e-6]);
    }

    #[test]
    fn rates_shares_counts_and_money_read_as_people_write_them() {
        assert_eq!(rate("400/s"), Ok(400.0));
        assert_eq!(rate("90/min"), Ok(1.5));
        assert_eq!(share("0.2%"), Ok(0.002));
        assert_eq!(share("0.8"), Ok(0.8));
        assert_eq!(whole("2_000"), Ok(2_000));
        assert_eq!(whole("1e3"), Ok(1_000));
        assert_eq!(whole("18446744073709551615"), Ok(u64::MAX));
        let priced = |text| price(text).map(|p| (p.money.amount, p.money.currency, p.per)).unwrap();
        assert_eq!(priced("0.17 $/h"), (0.17, "$".into(), Per::Hour));
        assert_eq!(priced("$73/month"), (0.1, "$".into(), Per::Hour));
        assert_eq!(priced("0.5 EUR/million"), (5e-7, "EUR".into(), Per::Call));
        assert_eq!(priced("1 $/GB"), (1e-9, "$".into(), Per::Byte));
        assert_eq!(priced("1.024 $/KiB / h"), (0.001, "$".into(), Per::ByteHour));
        assert_eq!(amount("$0.50"), Ok(Money { amount: 0.5, currency: "$".into() }));
        assert_eq!(change("-1%"), Ok(-0.01));
        assert_eq!(priority("high").unwrap(), 10);
    }

    #[test]
    fn wrong_quantities_quote_the_value_and_name_the_wanted_one() {
        let wrong = |result: Result<f64, Wrong>| {
            let wrong = result.unwrap_err();
            format!("{} | {} | {}", wrong.message, wrong.expected, wrong.helps.join("; "))
                .trim_end_matches([' ', '|'])
                .to_owned()
        };
        let mut shown = String::new();
        for text in
            ["20", "20 sec", "5m", "-1ms", ".nan", "inf", "1e999s", "200y", "1e12d", "", "ms", "1..2s", "1e5"]
        {
            shown += &format!("{text:8} {}\n", wrong(duration(text)));
        }
        for text in ["400", "400 rps", "1e12/s", "-1/s", "4/m"] {
            shown += &format!("{text:8} {}\n", wrong(rate(text)));
        }
        for text in ["80", "120%", "-1%", "x", "80 pct"] {
            shown += &format!("{text:8} {}\n", wrong(share(text)));
        }
        insta::assert_snapshot!(shown, @r#"
        20       `20` has no unit | expected a duration such as `250us`, `20ms`, `1.5s` or `7d` | for milliseconds write `20ms`
        20 sec   `sec` is no unit of time, in `20 sec` | expected a duration such as `250us`, `20ms`, `1.5s` or `7d` | seconds are written `s`
        5m       `m` is no unit of time, in `5m` | expected a duration such as `250us`, `20ms`, `1.5s` or `7d` | write `min` for minutes, `ms` for milliseconds
        -1ms     `-1ms` is negative | expected a duration of 0 or more
        .nan     `.nan` does not start with a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        inf      `inf` does not start with a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        1e999s   `1e999s` is too large a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        200y     `y` is no unit of time, in `200y` | expected a duration such as `250us`, `20ms`, `1.5s` or `7d` | units of time are `ns`, `us`, `ms`, `s`, `min`, `h`, `d` and `w`
        1e12d    `1e12d` is longer than 100 years | simulated time has 64 bits of nanoseconds
                 `` does not start with a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        ms       `ms` does not start with a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        1..2s    `1..2s` does not start with a number | expected a duration such as `250us`, `20ms`, `1.5s` or `7d`
        1e5      `1e5` has no unit | expected a duration such as `250us`, `20ms`, `1.5s` or `7d` | for milliseconds write `1e5ms`
        400      `400` has no unit | expected a rate such as `400/s` or `90/min`
        400 rps  `400 rps` is not a rate | expected a rate such as `400/s` or `90/min`
        1e12/s   `1e12/s` is above 1e9/s | expected a rate that nanoseconds can tell apart
        -1/s     `-1/s` is negative | expected a rate of 0 or more
        4/m      `m` is no unit of time, in `4/m` | expected a rate such as `400/s` or `90/min` | write `min` for minutes, `ms` for milliseconds
        80       `80` is no share: it lies above 1 | expected a share such as `80%` or `0.8` | for per cent write `80%`
        120%     `120%` lies outside 0% to 100% | expected a share such as `80%` or `0.8`
        -1%      `-1%` lies outside 0% to 100% | expected a share such as `80%` or `0.8`
        x        `x` does not start with a number | expected a share such as `80%` or `0.8`
        80 pct   `80 pct` is not a share | expected a share such as `80%` or `0.8`
        "#);
    }
}
