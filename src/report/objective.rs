//! Objectives read back from their text, so that they can be drawn: `p95 < 200ms` is a line at 0.2 s.

use super::number;
use crate::spec::study::{self, Goal};

/// One objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// What it speaks of, where the text says so: `web.checkout`.
    pub endpoint: Option<String>,
    /// `p95`, `mean`, `errors`, `apdex(200ms)`.
    pub statistic: String,
    /// `<` or `>`.
    pub sign: char,
    /// What it is held against.
    pub bound: Bound,
}

/// What an objective holds a statistic against.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// A length of time, in seconds.
    Seconds(f64),
    /// A share in [0, 1].
    Share(f64),
    /// Anything else, as written.
    Other(String),
}

impl Objective {
    /// Reads `p95 < 200ms`, `web.checkout p95 < 200ms`, `errors < 0.1%`. `None` where it is no objective.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let at = text.find(['<', '>'])?;
        // What it speaks of stands in front: `emails age p95 < 5s`.
        let words = text[..at].match_indices(char::is_whitespace).map(|(at, space)| at + space.len());
        let read = |start: usize| Some((start, study::objective(&text[start..]).ok()?.goal));
        let (start, goal) = std::iter::once(0).chain(words).find_map(read)?;
        let subject = text[..start].trim().trim_end_matches(':');
        Some(Self {
            endpoint: Some(subject).filter(|s| !s.is_empty()).map(str::to_owned),
            statistic: text[start..at].trim().to_owned(),
            sign: if text[at..].starts_with('<') { '<' } else { '>' },
            bound: Bound::of(goal, text[at + 1..].trim()),
        })
    }

    /// The threshold of a latency objective, in seconds.
    #[must_use]
    pub fn latency_s(&self) -> Option<f64> {
        match self.bound {
            Bound::Seconds(s) if self.sign == '<' && !self.statistic.starts_with("age") => Some(s),
            _ => None,
        }
    }

    /// `p95 < 200 ms`
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {} {}", self.statistic, self.sign, self.bound.text())
    }

    /// `p95 breaks 200 ms`; `web.browse p95 breaks 200 ms` where the text names an endpoint.
    #[must_use]
    pub fn breach(&self) -> String {
        let verb = if self.sign == '<' { "breaks" } else { "falls below" };
        let endpoint = self.endpoint.as_deref().filter(|e| *e != "total");
        let subject = endpoint.map_or_else(String::new, |e| format!("{e} "));
        format!("{subject}{} {verb} {}", self.statistic, self.bound.text())
    }
}

impl Bound {
    fn of(goal: Goal, written: &str) -> Self {
        match goal {
            Goal::Latency(_, s) | Goal::Age(_, s) => Self::Seconds(s),
            Goal::Errors(share)
            | Goal::GoodputShare(share)
            | Goal::HitRatio(share)
            | Goal::Utilization(share)
            | Goal::Stale(share) => Self::Share(share),
            Goal::Apdex(..) | Goal::GoodputRate(_) | Goal::MonthlyCost(_) | Goal::MillionCost(_) => {
                Self::Other(written.to_owned())
            }
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::Seconds(s) => number::seconds(*s),
            Self::Share(share) => number::percent_plain(*share),
            Self::Other(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_are_read_as_written() {
        let plain = Objective::read("p95 < 200ms").unwrap();
        assert_eq!((plain.latency_s(), plain.text()), (Some(0.2), "p95 < 200 ms".to_owned()));
        let named = Objective::read("web.checkout: p99 < 1.5s").unwrap();
        assert_eq!(named.breach(), "web.checkout p99 breaks 1.5 s");
        assert_eq!(Objective::read("errors < 0.1%").unwrap().bound, Bound::Share(0.001));
        let goodput = Objective::read("goodput > 900/s").unwrap();
        assert_eq!((goodput.latency_s(), goodput.breach()), (None, "goodput falls below 900/s".to_owned()));
        let age = Objective::read("emails age p95 < 5s").unwrap();
        assert_eq!((age.latency_s(), age.breach()), (None, "emails age p95 breaks 5 s".to_owned()));
        assert_eq!(Objective::read("as fast as possible"), None);
        // In every unit that a model may be written in.
        for (text, s) in [
            ("p95 < 900µs", 900e-6),
            ("p95 < 900us", 900e-6),
            ("mean < 2d", 172_800.0),
            ("p99 < 1w", 604_800.0),
        ] {
            let found = Objective::read(text).and_then(|o| o.latency_s());
            assert!(found.is_some_and(|found| (found / s - 1.0).abs() < 1e-12), "{text}: {found:?}");
        }
        assert_eq!(Objective::read("errors < 0.01").unwrap().bound, Bound::Share(0.01));
        assert_eq!(Objective::read("products hit_ratio > 90%").unwrap().bound, Bound::Share(0.9));
    }
}
