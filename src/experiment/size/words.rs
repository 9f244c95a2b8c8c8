//! Why a configuration will not do, in a few words.

use super::answer::{Check, Verdict};
use crate::experiment::answer::Estimate;

/// `p95 < 300ms of web.checkout: 312 ms (300-325)`
pub fn missed(check: &Check) -> String {
    let of = if check.endpoint == "total" { String::new() } else { format!("{} ", check.endpoint) };
    let verb = if check.verdict == Verdict::Fails { "misses" } else { "cannot be told from missing" };
    format!("{verb} {of}{}: {}", check.objective, estimate(&check.objective, &check.estimate))
}

/// `web cores 83 % busy, above 80 %`
pub fn busy(name: &str, share: f64, allowed: f64) -> String {
    // Not rounded to what it is above.
    let digits = usize::from((share - allowed).abs() < 0.005);
    format!("{name} {:.digits$} % busy, above {:.0} %", share * 100.0, allowed * 100.0)
}

/// A value with its interval, in the unit of its objective.
pub fn estimate(objective: &str, e: &Estimate) -> String {
    let (factor, unit) = unit(objective, e);
    // The first digit that is uncertain is the last one shown.
    let half = e.half_width().filter(|half| *half > 0.0).map_or(f64::NAN, |half| half * factor);
    let digits = if half.is_finite() { -half.log10().floor() as i32 } else { 2 };
    let digits = digits.clamp(0, 4) as usize;
    let number = |x: f64| format!("{:.digits$}", x * factor);
    match (e.value, e.low, e.high) {
        (Some(value), Some(low), Some(high)) if low < high => {
            format!("{}{unit} ({}-{})", number(value), number(low), number(high))
        }
        (Some(value), Some(_), Some(_)) => format!("{}{unit}", number(value)),
        (Some(value), ..) => format!("{}{unit} (too few for an interval)", number(value)),
        _ => "no observations".to_owned(),
    }
}

fn unit(objective: &str, e: &Estimate) -> (f64, &'static str) {
    let left = objective.split(['<', '>']).next().unwrap_or_default().trim();
    match left {
        "errors" => (100.0, " %"),
        "goodput" if objective.contains('/') => (1.0, "/s"),
        "goodput" => (100.0, " %"),
        left if left.starts_with("apdex") => (1.0, ""),
        _ if e.value.is_some_and(|s| s < 1e-3) => (1e6, " us"),
        _ if e.value.is_some_and(|s| s < 1.0) => (1e3, " ms"),
        _ => (1.0, " s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_is_told_with_its_interval() {
        let check = Check {
            endpoint: "web.checkout".to_owned(),
            objective: "p95 < 300ms".to_owned(),
            estimate: Estimate::with_interval(0.312, 0.3001, 0.325),
            room: -0.04,
            verdict: Verdict::Fails,
            without: None,
        };
        assert_eq!(missed(&check), "misses web.checkout p95 < 300ms: 312 ms (300-325)");
        assert_eq!(busy("web cores", 0.834, 0.8), "web cores 83 % busy, above 80 %");
        assert_eq!(busy("web cores", 0.8021, 0.8), "web cores 80.2 % busy, above 80 %");
        assert_eq!(
            estimate("errors < 0.1%", &Estimate::with_interval(0.002, 0.001, 0.003)),
            "0.2 % (0.1-0.3)"
        );
    }
}
