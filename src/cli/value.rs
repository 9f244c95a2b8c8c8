//! Values of flags, with units as in the model language.

use crate::compile::ranked::Asked;
use crate::experiment::rank;
use crate::model::Statistic;
use crate::spec::quantity::{self, RATE_MAX, RATE_MIN, Wrong};
use crate::spec::study;
use crate::units::Span;

/// More requests per replication than this are a typing error: at ten million events a second they take a day.
const REQUESTS_MAX: u64 = 1_000_000_000_000;

/// A load as written: a rate, or a number whose unit follows from the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Amount {
    /// `400/s`: requests per second.
    Rate(f64),
    /// `400`: users, requests per second or a factor, as the load it speaks of is counted.
    Number(f64),
}

impl Amount {
    /// The number, in the unit of its kind.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Rate(value) | Self::Number(value) => value,
        }
    }
}

/// `web.replicas=8`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Where in the model.
    pub path: String,
    /// The new value, as in the file.
    pub value: String,
}

/// A statistic and its asked relative half width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision(pub Statistic, pub f64);

/// Reads `400/s`, `90/min` or `2_000`.
///
/// # Errors
/// When it is not a positive number or rate.
pub fn amount(text: &str) -> Result<Amount, String> {
    let amount = if text.contains('/') {
        quantity::rate(text).map(Amount::Rate)
    } else {
        quantity::not_negative_number(text)
            .map_err(|wrong| Wrong {
                expected: "expected a load such as `400/s` or `2_000`".to_owned(),
                ..wrong
            })
            .map(Amount::Number)
    }
    .map_err(phrase)?;
    match amount.value() {
        0.0 => Err("a load must be above 0".to_owned()),
        value if value < RATE_MIN => Err(format!("a load below {RATE_MIN:.1e} cannot be simulated")),
        value if value > RATE_MAX => Err(format!("a load above {RATE_MAX:e} cannot be simulated")),
        _ => Ok(amount),
    }
}

/// Reads `web.replicas=8`.
///
/// # Errors
/// When there is no `=`, or nothing before it.
pub fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok(Setting { path: path.trim().to_owned(), value: value.trim().to_owned() })
        }
        _ => Err("expected PATH=VALUE such as `web.replicas=8`".to_owned()),
    }
}

/// Reads `p95=5%`.
///
/// # Errors
/// When the statistic is unknown or the share not within 0.01 % and 100 %.
pub fn precision(text: &str) -> Result<Precision, String> {
    let (name, share) = text.split_once('=').ok_or("expected STATISTIC=SHARE such as `p95=5%`")?;
    let statistic = statistic(name)?;
    let width = quantity::share(share.trim()).map_err(phrase)?;
    if (1e-4..1.0).contains(&width) {
        Ok(Precision(statistic, width))
    } else {
        Err("a relative half width lies between 0.01% and 100%".to_owned())
    }
}

/// A share of what was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance(pub f64);

/// Reads `2%`.
///
/// # Errors
/// When it is no share.
pub fn tolerance(text: &str) -> Result<Tolerance, String> {
    quantity::share(text.trim()).map(Tolerance).map_err(phrase)
}

/// Reads `p95` or `mean`.
///
/// # Errors
/// When it is neither the mean nor a percentile.
pub fn statistic(text: &str) -> Result<Statistic, String> {
    match study::statistic(text.trim()).map_err(phrase)? {
        study::Statistic::Mean => Ok(Statistic::Mean),
        study::Statistic::Quantile(q) => Ok(Statistic::Quantile(q)),
    }
}

/// How far a knob is turned, as a share of what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step(pub f64);

/// Reads `10%`.
///
/// # Errors
/// When it is no share, or does not lie between 0.1 % and 90 %.
pub fn step(text: &str) -> Result<Step, String> {
    let step = quantity::share(text.trim()).map_err(phrase)?;
    if (0.001..=0.9).contains(&step) {
        Ok(Step(step))
    } else {
        Err("a step lies between 0.1% and 90%".to_owned())
    }
}

/// A statistic that every run records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recorded(pub Statistic);

/// Reads `p95` or `mean`, if it is recorded.
///
/// # Errors
/// When it is another percentile, or none.
pub fn recorded(text: &str) -> Result<Recorded, String> {
    let statistic = statistic(text)?;
    if rank::is_recorded(statistic) {
        Ok(Recorded(statistic))
    } else {
        Err("expected `mean`, `p50`, `p90`, `p95`, `p99` or `p99.9`".to_owned())
    }
}

/// Reads `web.cores` or `web.cores=8`.
///
/// # Errors
/// When there is no path, or nothing behind the `=`.
pub fn knob(text: &str) -> Result<Asked, String> {
    let (path, value) = match text.split_once('=') {
        Some((path, value)) => (path.trim(), Some(value.trim())),
        None => (text.trim(), None),
    };
    if path.is_empty() || value == Some("") {
        return Err("expected PATH or PATH=VALUE such as `web.cores=8`".to_owned());
    }
    Ok(Asked { path: path.to_owned(), value: value.map(str::to_owned) })
}

/// What objectives must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survive {
    /// The loss of any one replica.
    Replica,
}

/// Reads `replica`.
///
/// # Errors
/// For anything else.
pub fn survive(text: &str) -> Result<Survive, String> {
    match text.trim() {
        "replica" => Ok(Survive::Replica),
        "zone" => {
            Err("models know no zones: name `replica`, or take away a zone's share with --set".to_owned())
        }
        _ => Err("expected `replica`".to_owned()),
    }
}

/// Reads `80%`: how busy a resource may be.
///
/// # Errors
/// When it is no share above 0.
pub fn headroom(text: &str) -> Result<f64, String> {
    match quantity::share(text.trim()).map_err(phrase)? {
        share if share > 0.0 => Ok(share),
        _ => Err("a resource that may not be used serves nobody: expected a share above 0, such as `80%`"
            .to_owned()),
    }
}

/// Reads a duration, zero allowed.
///
/// # Errors
/// When the unit is missing or wrong, or the value out of range.
pub fn span(text: &str) -> Result<Span, String> {
    quantity::duration(text).map(Span::from_secs).map_err(phrase)
}

/// Reads a duration above zero.
///
/// # Errors
/// As [`span`], and for zero.
pub fn length(text: &str) -> Result<Span, String> {
    match span(text)? {
        Span::ZERO => Err("a duration must be above 0".to_owned()),
        span => Ok(span),
    }
}

/// Reads a whole number: `2_000`.
///
/// # Errors
/// When it is negative, not whole or beyond 64 bits.
pub fn whole(text: &str) -> Result<u64, String> {
    quantity::whole(text).map_err(phrase)
}

/// Reads a number of requests.
///
/// # Errors
/// As [`whole`], and for zero and what no computer would finish.
pub fn requests(text: &str) -> Result<u64, String> {
    match whole(text)? {
        0 => Err("at least 1 request".to_owned()),
        n if n > REQUESTS_MAX => Err(format!("at most {REQUESTS_MAX} requests")),
        n => Ok(n),
    }
}

/// A fault of a value in one line.
pub fn phrase(wrong: Wrong) -> String {
    wrong.in_one_line()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_carry_a_unit_or_leave_it_to_the_axis() {
        assert_eq!(amount("90/min"), Ok(Amount::Rate(1.5)));
        assert_eq!(amount("2_000"), Ok(Amount::Number(2000.0)));
        for bad in ["0", "-1", "0/s", "nan", "inf", "400/x", "400ms", "1e400", "1e12", "1e12/s", ""] {
            assert!(amount(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn settings_split_at_the_first_equals_sign() {
        let set = setting("web.slo = p95 = x").unwrap();
        assert_eq!((set.path.as_str(), set.value.as_str()), ("web.slo", "p95 = x"));
        assert!(setting("web.replicas").is_err() && setting("=8").is_err());
    }

    #[test]
    fn precision_names_a_statistic_and_a_share() {
        assert_eq!(precision("p99.9=10%"), Ok(Precision(Statistic::Quantile(0.999), 0.1)));
        assert_eq!(precision("mean=0.02"), Ok(Precision(Statistic::Mean, 0.02)));
        for bad in ["p95", "p95=0", "p95=100%", "p95=5ms", "p0=5%", "q95=5%"] {
            assert!(precision(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_of_runs_are_above_zero() {
        assert_eq!(length("1.5s"), Ok(Span(1_500_000_000)));
        assert!(length("0").is_err() && length("5").is_err() && requests("0").is_err());
        assert_eq!(span("0"), Ok(Span::ZERO));
        assert_eq!(requests("2_000"), Ok(2000));
    }
}
