//! The answer as one JSON document.

use crate::experiment::answer::Answer;
use crate::experiment::compare::Comparison;
use crate::experiment::rank::Ranking;

/// The whole answer, indented, ending in a line feed. What is not a finite number is `null`.
///
/// # Panics
/// Never: every key is a string and no value can fail to be written.
#[must_use]
pub fn answer_json(answer: &Answer) -> String {
    document(answer)
}

/// The whole comparison, as [`answer_json`].
///
/// # Panics
/// Never, as there.
#[must_use]
pub fn comparison_json(comparison: &Comparison) -> String {
    document(comparison)
}

/// The whole ranking, as [`answer_json`].
///
/// # Panics
/// Never, as there.
#[must_use]
pub fn ranking_json(ranking: &Ranking) -> String {
    document(ranking)
}

fn document(value: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("string keys, plain values");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::answer::Estimate;
    use crate::report::sample;
    use serde_json::Value;

    #[test]
    fn the_document_has_the_promised_keys() {
        let document: Value = serde_json::from_str(&answer_json(&sample::open_shop())).unwrap();
        for key in
            ["knee", "model", "seed", "digest", "points", "knee_at", "limit_at", "saturation_at", "slo"]
        {
            assert!(document.get(key).is_some(), "{key}");
        }
        let point = &document["points"][0];
        assert_eq!(point["state"], "stable");
        assert!(point["load"]["rate_per_s"]["low"].is_number());
        assert!(point["requests"]["web.browse"]["latency_s"]["p99.9"]["value"].is_number());
        assert!(point["places"]["orders"]["resources"]["servers"]["utilization"]["value"].is_number());
        assert_eq!(document["saturation_at"]["load"], "rate");
    }

    #[test]
    fn what_is_not_a_number_becomes_null() {
        let mut answer = sample::open_shop();
        answer.points[0].total.latency_s.p99 =
            Estimate::with_interval(f64::NAN, f64::NEG_INFINITY, f64::INFINITY);
        answer.headroom = Some(Estimate::exact(f64::NAN));
        let text = answer_json(&answer);
        assert!(!text.contains("NaN") && !text.contains("inf"));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert!(document["points"][0]["total"]["latency_s"]["p99"]["high"].is_null());
        assert!(document["headroom"]["value"].is_null());
    }

    #[test]
    fn what_a_run_does_not_know_is_absent() {
        let document: Value = serde_json::from_str(&answer_json(&sample::one_run())).unwrap();
        assert_eq!(document["points"].as_array().unwrap().len(), 1);
        assert!(document.get("knee_at").is_none() && document.get("limit_at").is_none());
    }
}
