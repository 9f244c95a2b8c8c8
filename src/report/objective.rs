//! Objectives read back from their text, so that they can be drawn: `p95 < 200ms` is a line at 0.2 s.

use super::number;

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
    /// Reads `p95 < 200ms`, `web.checkout p95 < 200ms`, `errors < 0.1%`. `None` where there is no comparison.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (left, right) = text.split_once(['<', '>'])?;
        let sign = if text.contains('<') { '<' } else { '>' };
        let (subject, statistic) = left.trim().rsplit_once(char::is_whitespace).unwrap_or(("", left.trim()));
        // `emails age p95`
        let age = subject.trim().strip_suffix("age").filter(|rest| rest.is_empty() || rest.ends_with(' '));
        let (subject, statistic) = match age {
            Some(subject) => (subject, format!("age {statistic}")),
            None => (subject, statistic.to_owned()),
        };
        let endpoint =
            Some(subject.trim().trim_end_matches(':')).filter(|s| !s.is_empty()).map(str::to_owned);
        Some(Self { endpoint, statistic, sign, bound: Bound::read(right) })
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
    fn read(text: &str) -> Self {
        let text = text.trim().trim_start_matches('=').trim();
        let split =
            text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '_'))).unwrap_or(text.len());
        let (digits, unit) = text.split_at(split);
        let Ok(value) = digits.replace('_', "").parse::<f64>() else { return Self::Other(text.to_owned()) };
        match unit.trim() {
            "ns" => Self::Seconds(value * 1e-9),
            "us" => Self::Seconds(value * 1e-6),
            "ms" => Self::Seconds(value * 1e-3),
            "s" => Self::Seconds(value),
            "min" | "m" => Self::Seconds(value * 60.0),
            "h" => Self::Seconds(value * 3600.0),
            "%" => Self::Share(value / 100.0),
            _ => Self::Other(text.to_owned()),
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
    }
}
