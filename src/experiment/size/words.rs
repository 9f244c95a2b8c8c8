//! Why a configuration will not do, in a few words.

use super::answer::{Check, Verdict};
use crate::experiment::answer::Estimate;
use crate::model::Goal;

/// `p95 < 300ms of web.checkout: 312 ms (300-325)`
pub fn missed(check: &Check) -> String {
    let of = if check.endpoint == "total" { String::new() } else { format!("{} ", check.endpoint) };
    let verb = if check.verdict == Verdict::Fails { "misses" } else { "cannot be told from missing" };
    format!("{verb} {of}{}: {}", check.objective, estimate(check.goal, &check.estimate))
}

/// `web cores 83 % busy, above 80 %`
pub fn busy(name: &str, share: f64, allowed: f64) -> String {
    // Not rounded to what it is above.
    let digits = usize::from((share - allowed).abs() < 0.005);
    format!("{name} {:.digits$} % busy, above {:.0} %", share * 100.0, allowed * 100.0)
}

/// A value with its interval, in the unit of its objective.
pub fn estimate(goal: Goal, e: &Estimate) -> String {
    let (factor, unit) = unit(goal, e);
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

fn unit(goal: Goal, e: &Estimate) -> (f64, &'static str) {
    match goal {
        Goal::Latency(..) | Goal::Age(..) => match e.value {
            Some(s) if s < 1e-3 => (1e6, " us"),
            Some(s) if s < 1.0 => (1e3, " ms"),
            _ => (1.0, " s"),
        },
        Goal::Errors(_)
        | Goal::GoodputShare(_)
        | Goal::HitRatio(_)
        | Goal::Utilization(_)
        | Goal::Stale(_) => (100.0, " %"),
        Goal::GoodputRate(_) => (1.0, "/s"),
        // The currency stands in the objective beside it.
        Goal::Apdex { .. } | Goal::MonthlyCost(_) | Goal::MillionCost(_) => (1.0, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Statistic;

    #[test]
    fn what_is_missed_is_told_with_its_interval() {
        let check = Check {
            endpoint: "web.checkout".to_owned(),
            objective: "p95 < 300ms".to_owned(),
            estimate: Estimate::with_interval(0.312, 0.3001, 0.325),
            room: -0.04,
            verdict: Verdict::Fails,
            without: None,
            goal: Goal::Latency(Statistic::Quantile(0.95), 0.3),
        };
        assert_eq!(missed(&check), "misses web.checkout p95 < 300ms: 312 ms (300-325)");
        assert_eq!(busy("web cores", 0.834, 0.8), "web cores 83 % busy, above 80 %");
        assert_eq!(busy("web cores", 0.8021, 0.8), "web cores 80.2 % busy, above 80 %");
        assert_eq!(
            estimate(Goal::Errors(0.001), &Estimate::with_interval(0.002, 0.001, 0.003)),
            "0.2 % (0.1-0.3)"
        );
        for goal in [Goal::HitRatio(0.9), Goal::Utilization(0.4), Goal::Stale(0.1)] {
            assert_eq!(estimate(goal, &Estimate::with_interval(0.469, 0.451, 0.487)), "47 % (45-49)");
        }
        assert_eq!(estimate(Goal::MonthlyCost(150.0), &Estimate::exact(0.5)), "0.50");
    }
}
