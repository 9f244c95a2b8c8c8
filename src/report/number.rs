//! Numbers as people read them: no more digits than the interval supports, thousands apart, times in a fitting unit.

use crate::experiment::answer::Estimate;

/// What stands where there is no number.
pub const NONE: &str = "-";

/// A unit of time for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// `us`
    Micros,
    /// `ms`
    Millis,
    /// `s`
    Secs,
}

impl TimeUnit {
    /// The unit in which `seconds` is a handy number.
    #[must_use]
    pub fn fitting(seconds: f64) -> Self {
        match seconds {
            s if s < 1e-3 => Self::Micros,
            s if s < 1.0 => Self::Millis,
            _ => Self::Secs,
        }
    }

    /// `us`, `ms`, `s`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Micros => "us",
            Self::Millis => "ms",
            Self::Secs => "s",
        }
    }

    /// How many of them make a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        match self {
            Self::Micros => 1e6,
            Self::Millis => 1e3,
            Self::Secs => 1.0,
        }
    }
}

/// `value` with `decimals` digits behind the point and commas between thousands; negative `decimals` round to tens, hundreds.
#[must_use]
pub fn rounded(value: f64, decimals: i32) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    if decimals >= 0 {
        return grouped(&format!("{:.*}", decimals as usize, value));
    }
    let step = 10f64.powi(-decimals);
    grouped(&format!("{:.0}", (value / step).round() * step))
}

/// Puts commas between the thousands of a plain decimal number, and drops the sign of a zero.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, rest) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let mut out = String::with_capacity(text.len() + whole.len() / 3);
    if digits.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push_str(sign);
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// `value` with so many significant digits.
#[must_use]
pub fn significant(value: f64, digits: i32) -> String {
    rounded(value, decimals_for_digits(value, digits))
}

fn decimals_for_digits(value: f64, digits: i32) -> i32 {
    if value == 0.0 || !value.is_finite() { 0 } else { digits - 1 - value.abs().log10().floor() as i32 }
}

/// Digits behind the point that an interval of half width `half` supports, for a number near `value`.
///
/// The last digit shown is the first uncertain one (the second, where the uncertainty begins with a 1); never fewer than
/// two significant digits, never more than four.
#[must_use]
pub fn decimals(value: f64, half: Option<f64>) -> i32 {
    let least = decimals_for_digits(value, 2);
    let most = decimals_for_digits(value, 4);
    let Some(half) = half.filter(|h| h.is_finite() && *h > 0.0) else { return decimals_for_digits(value, 3) };
    let place = half.log10().floor();
    let leading = half / 10f64.powf(place);
    let supported = -(place as i32) + i32::from(leading < 1.95);
    if value == 0.0 { supported.clamp(0, 6) } else { supported.clamp(least, most) }
}

/// An estimate in a unit of which `factor` make one of the answer's, digits by the width of its interval.
#[must_use]
pub fn estimate(e: &Estimate, factor: f64) -> String {
    let Some(value) = finite(e.value) else { return NONE.to_owned() };
    rounded(value * factor, decimals(value * factor, e.half_width().map(|h| h * factor)))
}

/// As [`estimate`], with its half width: `182 ± 4`.
#[must_use]
pub fn with_half_width(e: &Estimate, factor: f64) -> String {
    let Some(value) = finite(e.value) else { return NONE.to_owned() };
    let Some(half) = finite(e.half_width()) else { return format!("{} ±?", estimate(e, factor)) };
    let (value, half) = (value * factor, half * factor);
    let places = decimals(value, Some(half));
    // An uncertainty finer than the digits shown would print as zero, and claim too much.
    let half = if half > 0.0 { rounded(half.max(10f64.powi(-places)), places) } else { "0".to_owned() };
    format!("{} ± {half}", rounded(value, places))
}

/// The two ends of an interval, digits by its width: `980-1,060`; `None` where an end is unknown.
#[must_use]
pub fn interval(e: &Estimate, factor: f64) -> Option<String> {
    let (low, high) = (finite(e.low)? * factor, finite(e.high)? * factor);
    let places = decimals(high, Some((high - low) / 2.0));
    Some(format!("{}-{}", rounded(low, places), rounded(high, places)))
}

/// A length of time as somebody chose it, in its fitting unit: `200 ms`, `1.5 s`.
#[must_use]
pub fn seconds(value: f64) -> String {
    in_fitting_unit(value, |shown| trimmed(&significant(shown, 3)).to_owned())
}

/// A length of time as it was measured, with two to three digits: `74.9 ms`, `4.2 s`, `1.0 s`.
#[must_use]
pub fn measured_seconds(value: f64) -> String {
    in_fitting_unit(value, |shown| significant(shown, if shown < 10.0 { 2 } else { 3 }))
}

fn in_fitting_unit(value: f64, number: impl Fn(f64) -> String) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let unit = TimeUnit::fitting(value);
    format!("{} {}", number(value * unit.per_second()), unit.name())
}

/// A share of one as a percentage, digits by the interval: `97.3 %`.
#[must_use]
pub fn percent(e: &Estimate) -> String {
    let Some(value) = finite(e.value) else { return NONE.to_owned() };
    let places = decimals(value * 100.0, e.half_width().map(|h| h * 100.0));
    format!("{} %", rounded(value * 100.0, places.min(decimals_for_digits(value * 100.0, 3)).max(0)))
}

/// A share of one as a whole percentage; small ones keep two digits: `85 %`, `0.12 %`.
#[must_use]
pub fn percent_plain(share: f64) -> String {
    let value = share * 100.0;
    let places = if value.abs() < 9.5 { decimals_for_digits(value, 2).clamp(0, 4) } else { 0 };
    format!("{} %", trimmed(&rounded(value, places)))
}

/// Money: `$1,240`, `$0.0312`, `1,240 EUR`; digits by the half width of its interval, where there is one.
#[must_use]
pub fn money(amount: f64, half: Option<f64>, currency: &str) -> String {
    let shown = match half.filter(|h| *h > 0.0) {
        None if amount.abs() >= 100.0 => rounded(amount, 0),
        None => trimmed(&significant(amount, 3)).to_owned(),
        half => rounded(amount, decimals(amount, half).min(if amount.abs() >= 100.0 { 0 } else { 6 })),
    };
    with_currency(&shown, currency)
}

/// Money with its half width: `$1,240 ± 30`; without it where it is known exactly.
#[must_use]
pub fn money_estimate(e: &Estimate, currency: &str) -> String {
    let Some(value) = finite(e.value) else { return NONE.to_owned() };
    match finite(e.half_width()) {
        Some(half) if half > value.abs() * 1e-12 => with_currency(&with_half_width(e, 1.0), currency),
        _ => money(value, None, currency),
    }
}

/// Signs stand before an amount, words behind it.
fn with_currency(amount: &str, currency: &str) -> String {
    match (currency.chars().any(char::is_alphabetic), amount.strip_prefix('-')) {
        (true, _) => format!("{amount} {currency}"),
        (false, Some(amount)) => format!("-{currency}{amount}"),
        (false, None) => format!("{currency}{amount}"),
    }
}

/// Without the zeros that end a fraction: `0.50` becomes `0.5`.
#[must_use]
pub fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// A number that exists and is finite.
#[must_use]
pub fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_follow_the_width_of_the_interval() {
        let shown = |v, half| with_half_width(&Estimate::with_interval(v, v - half, v + half), 1.0);
        assert_eq!(shown(1023.4, 40.0), "1,020 ± 40");
        assert_eq!(shown(182.34, 4.1), "182 ± 4");
        assert_eq!(shown(182.34, 1.24), "182.3 ± 1.2");
        assert_eq!(shown(12.3, 30.0), "12 ± 30");
        assert_eq!(shown(0.012_34, 0.000_5), "0.0123 ± 0.0005");
        assert_eq!(shown(5.0, 1e-9), "5.000 ± 0.001");
    }

    #[test]
    fn thousands_stand_apart_and_zero_has_no_sign() {
        assert_eq!(rounded(1_234_567.891, 1), "1,234,567.9");
        assert_eq!(rounded(-1_234.0, -1), "-1,230");
        assert_eq!(rounded(-0.001, 1), "0.0");
        assert_eq!(rounded(999.0, 0), "999");
        assert_eq!(rounded(f64::NAN, 0), "-");
    }

    #[test]
    fn times_take_the_unit_a_person_would() {
        assert_eq!(
            [0.000_25, 0.02, 0.2, 1.5, 0.0].map(seconds),
            ["250 us", "20 ms", "200 ms", "1.5 s", "0 us"]
        );
        assert_eq!([0.0749, 1.0, 4.216, 0.2].map(measured_seconds), ["74.9 ms", "1.0 s", "4.2 s", "200 ms"]);
    }

    #[test]
    fn shares_keep_small_values_readable() {
        assert_eq!(percent_plain(0.852), "85 %");
        assert_eq!(percent_plain(0.001_24), "0.12 %");
        assert_eq!(percent_plain(0.0), "0 %");
        assert_eq!(percent(&Estimate::with_interval(0.9731, 0.970, 0.976)), "97.3 %");
        assert_eq!(percent(&Estimate::unknown("too few")), "-");
    }

    #[test]
    fn money_reads_as_on_a_bill() {
        assert_eq!(money(1_240.4, None, "$"), "$1,240");
        assert_eq!(money(0.031_24, None, "EUR"), "0.0312 EUR");
        assert_eq!(money(-12.0, None, "€"), "-€12");
        assert_eq!(money_estimate(&Estimate::with_interval(1_240.0, 1_210.0, 1_270.0), "$"), "$1,240 ± 30");
        assert_eq!(money_estimate(&Estimate::exact(496.4), "$"), "$496");
    }

    #[test]
    fn an_open_interval_says_so() {
        assert_eq!(with_half_width(&Estimate::bare(12.34, "too few"), 1.0), "12.3 ±?");
        assert_eq!(interval(&Estimate::bare(12.34, "too few"), 1.0), None);
        let knee = Estimate::with_interval(1020.0, 980.0, 1060.0);
        assert_eq!(interval(&knee, 1.0).as_deref(), Some("980-1,060"));
    }
}
