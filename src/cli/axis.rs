//! `--over PATH=A..B`: any path of the model as the axis of a curve; `--knob` is written alike.

use crate::experiment::answer::PathAxis;
use crate::spec::range::{Fill, Resolved, Value, Values};

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
    /// Which values.
    pub values: Values,
}

/// Reads `web.replicas=1..8`, `web_db.timeout=10ms..1s:5:log` or `web.cores=1,2,4`.
///
/// # Errors
/// When there is no path, a value is no number with a unit, units do not go together, or the range is empty.
pub fn over(text: &str) -> Result<Over, String> {
    let over = split(text)?;
    // What is wrong in any unit is told at once.
    over.axis("").map(|_| over)
}

/// As [`over`]; what the values are is told when the file has said what stands there.
///
/// # Errors
/// When there is no path, or a value is no number with a unit.
pub fn knob(text: &str) -> Result<Over, String> {
    split(text)
}

fn split(text: &str) -> Result<Over, String> {
    let (path, values) = text.split_once('=').ok_or(EXPECTED)?;
    if path.trim().is_empty() {
        return Err(EXPECTED.to_owned());
    }
    Ok(Over { path: path.trim().to_owned(), text: text.trim().to_owned(), values: Values::read(values)? })
}

impl Over {
    /// The axis and the values on it, in ascending order and at least one. `in_file` is the number that stands at the path: it lends its unit
    /// to a range without one, and whole numbers stay whole.
    ///
    /// # Errors
    /// When units do not go together, or the range is empty.
    pub fn axis(&self, in_file: &str) -> Result<(PathAxis, Vec<Value>), String> {
        let Resolved { unit, unit_is, log, values } = self.values.resolve(in_file, Fill::Ten, VALUES_MAX)?;
        Ok((PathAxis { path: self.path.clone(), unit, unit_is, log }, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::range::VALUES;

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
