//! Growth over months: what the load will be on which day, as `knee plan` reads it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, Named, parsed, record};
use super::quantity::{Change, Number, PerSecond, Seconds, Wrong, number};
use super::tree::{Node, shorten};
use crate::calendar::Date;
use crate::diagnostic::Diagnostics;

record! {
    /// How the load grows, for `knee plan`.
    pub struct Growth ("a `growth`") {
        /// Concurrent users over all closed groups on the day `from`; the load of the file unless stated.
        "users" users: Number,
        /// Requests per second over all open groups on the day `from`, in place of users.
        "rate" rate: PerSecond,
        /// By how much it grows each month, compounded: `12%`; 0 unless stated.
        "monthly" monthly: Change,
        /// The first day: `2026-12-01`.
        "from" from: Day,
        /// What each month of the year is like: 12 factors on the load, January first.
        "season" season: Vec<At<Number>>,
        /// Days with more load than the season has.
        "campaigns" campaigns: Vec<At<Campaign>>,
        /// How long a change takes to arrive, by the path that is changed: `{web.replicas: 1d, orders.servers: 30d}`.
        "lead_times" lead_times: Named<Seconds>,
        /// How many times the expected load must hold: `2x` unless stated.
        "policy" policy: Times,
    }
    required: ["from"];
}

record! {
    /// A few days with more load.
    pub struct Campaign ("a campaign") {
        /// Its first day: `2027-11-26`.
        "at" at: Day,
        /// How many times the load of other days: `20`.
        "x" x: Times,
        /// How long, in days: `3d`; one day unless stated.
        "for" days: Seconds,
    }
    required: ["at", "x"];
}

/// A day: `2027-11-26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub Date);

fn day(text: &str) -> Result<Day, Wrong> {
    const EXPECTED: &str = "expected a date such as `2027-11-26`";
    let shaped =
        text.len() == 10 && text.bytes().enumerate().all(|(at, b)| (b == b'-') == (at == 4 || at == 7));
    let message = match shaped {
        true => format!("there is no day `{}`", shorten(text)),
        false => format!("`{}` is no date", shorten(text)),
    };
    Date::read(text).map(Day).ok_or_else(|| Wrong::new(message, EXPECTED))
}

impl Decode for Day {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        parsed(node, "a date such as `2027-11-26`", sink, day)
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "A day: `2027-11-26`."})
    }
}

/// A factor above zero: `2x`, or `2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times(pub f64);

/// The largest factor that is no typing error.
const TIMES_MAX: f64 = 1e6;

fn times(text: &str) -> Result<Times, Wrong> {
    const EXPECTED: &str = "expected a factor above 0 such as `2x`";
    let wrong = || Wrong::new(format!("`{}` is no factor", shorten(text)), EXPECTED);
    let value = number(text.strip_suffix('x').unwrap_or(text).trim()).map_err(|_| wrong())?;
    if value > 0.0 && value <= TIMES_MAX { Ok(Times(value)) } else { Err(wrong()) }
}

impl Decode for Times {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        parsed(node, "a factor such as `2x`", sink, times)
    }
}

impl JsonSchema for Times {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Times".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": "^ *[0-9._]+ *x?$"}
        ], "description": "A factor above zero: `2x`, or `2`."})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_factors_read_as_people_write_them() {
        assert_eq!(day("2028-02-29").unwrap().0.to_string(), "2028-02-29");
        assert_eq!(day("2027-02-30").unwrap_err().message, "there is no day `2027-02-30`");
        assert_eq!(day("1 May 2027").unwrap_err().message, "`1 May 2027` is no date");
        assert_eq!(
            (times("2x").unwrap().0, times("1.5").unwrap().0, times("20 x").unwrap().0),
            (2.0, 1.5, 20.0)
        );
        for not in ["0x", "-1", "x", "2y", "1e9"] {
            assert_eq!(times(not).unwrap_err().message, format!("`{not}` is no factor"));
        }
    }
}
