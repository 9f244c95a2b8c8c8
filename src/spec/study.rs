//! Objectives, the expected peak, and how to study the model.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, Named, parsed, record};
use super::quantity::{
    Amount, Change, Fraction, HOURS_PER_MONTH, Number, Per, PerSecond, Seconds, Whole, Wrong, duration,
    not_negative_number, price, rate, share,
};
use super::tree::{Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Objectives of one endpoint: one, or a list.
#[derive(Clone, Debug)]
pub struct Objectives(pub Vec<At<Objective>>);

/// One objective, such as `p95 < 200ms`.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// As written.
    pub text: String,
    /// What must hold.
    pub goal: Goal,
    /// Of an objective about money.
    pub currency: Option<String>,
    /// `{warn: p99 < 1s}`: a breach is told and fails nothing.
    pub warns: bool,
}

/// A statistic of latency: the mean, or a quantile in (0, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// 0.95 for p95.
    Quantile(f64),
}

/// What must hold. Times in seconds, shares in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Latency below.
    Latency(Statistic, f64),
    /// Share of errors below.
    Errors(f64),
    /// Apdex at a threshold above.
    Apdex(f64, f64),
    /// Goodput above, per second.
    GoodputRate(f64),
    /// Goodput above, as a share of offered requests.
    GoodputShare(f64),
    /// Share of look-ups that hit above.
    HitRatio(f64),
    /// Busy share of the busiest resource below.
    Utilization(f64),
    /// Share of answers that had been overwritten below.
    Stale(f64),
    /// How long messages wait for a consumer, below.
    Age(Statistic, f64),
    /// Money a month below.
    MonthlyCost(f64),
    /// Money for a million right answers below.
    MillionCost(f64),
}

const OBJECTIVE: &str =
    "expected an objective such as `p95 < 200ms`, `errors < 0.1%`, `apdex(200ms) > 0.9` or `goodput > 99%`";

/// The percentiles that runs keep.
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// `mean`, `p50`, `p99.9`.
///
/// # Errors
/// When it is no statistic of latency, or a percentile that runs do not keep.
pub fn statistic(text: &str) -> Result<Statistic, Wrong> {
    const EXPECTED: &str = "expected `mean`, `p50`, `p90`, `p95`, `p99` or `p99.9`";
    if text == "mean" {
        return Ok(Statistic::Mean);
    }
    if let Some((_, quantile)) = PERCENTILES.iter().find(|(name, _)| *name == text) {
        return Ok(Statistic::Quantile(*quantile));
    }
    let is_percentile = text
        .strip_prefix('p')
        .and_then(|digits| digits.parse::<f64>().ok())
        .is_some_and(|p| p > 0.0 && p < 100.0);
    let message = match is_percentile {
        true => format!("not supported yet: `{}`", shorten(text)),
        false => format!("`{}` is no statistic of latency", shorten(text)),
    };
    Err(Wrong::new(message, EXPECTED))
}

/// Reads `p95 < 200ms`.
///
/// # Errors
/// When the left side is unknown, the sign points the wrong way, or the right side has another unit.
pub fn objective(text: &str) -> Result<Objective, Wrong> {
    let shown = shorten(text);
    let at =
        text.find(['<', '>']).ok_or_else(|| Wrong::new(format!("`{shown}` is no objective"), OBJECTIVE))?;
    let (left, right) = (text[..at].trim(), text[at + 1..].trim());
    let below = &text[at..=at] == "<";
    let wants = |wanted_below: bool| match below == wanted_below {
        true => Ok(()),
        false => Err(Wrong::new(
            format!(
                "`{left}` should be {} a value, in `{shown}`",
                if wanted_below { "below" } else { "above" }
            ),
            OBJECTIVE,
        )),
    };
    let mut currency = None;
    let goal = if let Some(goal) = share_below(left) {
        wants(true)?;
        goal(share(right)?)
    } else if left == "hit_ratio" {
        wants(false)?;
        Goal::HitRatio(share(right)?)
    } else if left == "cost" {
        wants(true)?;
        let price = price(right)?;
        currency = Some(price.money.currency);
        match price.per {
            Per::Hour => Goal::MonthlyCost(price.money.amount * HOURS_PER_MONTH),
            Per::Call => Goal::MillionCost(price.money.amount * 1e6),
            Per::Byte | Per::ByteHour => {
                let message = format!("`{}` bounds no cost of all", shorten(right));
                return Err(Wrong::new(
                    message,
                    "expected `cost < 2_000 $/month` or `cost < 5 $/million` answers",
                ));
            }
        }
    } else if let Some(of) = left.strip_prefix("age ") {
        wants(true)?;
        Goal::Age(statistic(of.trim())?, duration(right)?)
    } else if left == "goodput" {
        wants(false)?;
        if right.contains('/') { Goal::GoodputRate(rate(right)?) } else { Goal::GoodputShare(share(right)?) }
    } else if let Some(threshold) = left.strip_prefix("apdex(").and_then(|rest| rest.strip_suffix(')')) {
        wants(false)?;
        let above = not_negative_number(right)?;
        if above > 1.0 {
            return Err(Wrong::new(
                format!("an Apdex of {above} is above 1"),
                "expected a score from 0 to 1",
            ));
        }
        Goal::Apdex(duration(threshold)?, above)
    } else {
        let statistic = statistic(left).map_err(|wrong| {
            if wrong.message.starts_with("not supported") {
                return wrong;
            }
            Wrong::new(format!("`{}` is nothing an objective can be about", shorten(left)), OBJECTIVE)
        })?;
        wants(true)?;
        Goal::Latency(statistic, duration(right)?)
    };
    Ok(Objective { text: text.trim().to_owned(), goal, currency, warns: false })
}

/// What is a share that must stay low.
fn share_below(left: &str) -> Option<fn(f64) -> Goal> {
    match left {
        "errors" => Some(Goal::Errors),
        "utilization" => Some(Goal::Utilization),
        "stale" => Some(Goal::Stale),
        _ => None,
    }
}

impl Decode for Objective {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        if let Some([entry]) = node.entries()
            && entry.key == "warn"
        {
            let objective = parsed(&entry.value, "an objective such as `p99 < 1s`", sink, objective)?;
            return Some(Self { warns: true, ..objective });
        }
        parsed(node, "an objective such as `p95 < 200ms`", sink, objective)
    }
}

impl JsonSchema for Objective {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Objective".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = json_schema!({
            "type": "string",
            "pattern": "^ *((age )?(mean|p50|p90|p95|p99|p99[.]9)|errors|utilization|stale|cost) *<|^ *(goodput|hit_ratio|apdex\\(.*\\)) *>",
            "description": "Of requests: `p95 < 200ms`, `mean < 50ms`, `errors < 0.1%`, `apdex(200ms) > 0.9`, `goodput > 300/s` or `goodput > 99%`. \
                            Of places: `utilization < 80%`, `hit_ratio > 90%`, `stale < 1%`, `age p95 < 5s`. Of either `total` or a place: `cost < 2_000 $/month`."
        });
        let warn =
            super::law::one_key("warn", "A breach is told and fails nothing.", text.clone().to_value());
        json_schema!({"anyOf": [text, warn]})
    }
}

impl Decode for Objectives {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, sink).map(Self),
            _ => At::decode(node, sink).map(|objective| Self(vec![objective])),
        }
    }
}

impl JsonSchema for Objectives {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Objectives".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let objective = generator.subschema_for::<Objective>();
        json_schema!({"anyOf": [objective, {"type": "array", "items": objective}]})
    }
}

record! {
    /// What requests bring, and what they bring less when answers are slow: an assumption, to turn latency into money.
    pub struct Business ("a `business`") {
        /// What a right answer brings: `0.50 $`.
        "revenue_per_request" revenue_per_request: Amount,
        /// The change of that with every 100 ms more of latency: `-1%`. Linear; at most all of it is lost.
        "conversion_per_100ms" conversion_per_100ms: Change,
        /// The requests that bring it, by their endpoint; all unless stated.
        "of" of: String,
        /// The latency at which nothing is lost; unless stated the mean of each request when nobody waits.
        "reference" reference: Seconds,
    }
    required: ["revenue_per_request", "conversion_per_100ms"];
}

record! {
    /// The load that is expected.
    pub struct Peak ("a `peak`") {
        /// Concurrent users over all closed groups.
        "users" users: Number,
        /// Requests per second over all open groups.
        "rate" rate: PerSecond,
    }
}

record! {
    /// How to study the model; flags of the command override it.
    pub struct Study ("a `study`") {
        /// The seed of everything; 1 unless stated.
        "seed" seed: Whole,
        /// How narrow intervals should be, relative to the value: `{p95: 5%}`.
        "precision" precision: Precision,
        /// Requests per replication after warm-up, instead of a precision.
        "requests" requests: Whole,
        /// Model time per replication after warm-up, instead of a precision.
        "duration" duration: Seconds,
        /// Model time cut off at the start; found by the run itself unless stated.
        "warmup" warmup: Seconds,
        /// Independent replications at every point; 20 unless stated.
        "replications" replications: Whole,
        /// Events that all replications of a point may cost.
        "budget" budget: Whole,
    }
    later: ["start", "sensitivity", "milestones", "windows"];
}

/// Statistics with their wanted relative half widths.
#[derive(Clone, Debug)]
pub struct Precision(pub Vec<(At<Statistic>, At<Fraction>)>);

impl Decode for Precision {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let map: Named<Fraction> = Named::decode(node, sink)?;
        let errors = sink.errors();
        let mut list = Vec::new();
        for (name, value) in map.iter() {
            match statistic(&name.value) {
                Ok(statistic) => list.push((At { span: name.span, value: statistic }, value.clone())),
                Err(wrong) => sink.push(Diagnostic::error(name.span, wrong.message).label(wrong.expected)),
            }
        }
        (sink.errors() == errors).then_some(Self(list))
    }
}

impl JsonSchema for Precision {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Precision".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let share = generator.subschema_for::<Fraction>();
        json_schema!({"type": "object", "patternProperties": {"^(mean|p50|p90|p95|p99|p99[.]9)$": share}, "additionalProperties": false})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_read_as_people_write_them() {
        let goal = |text| objective(text).unwrap().goal;
        assert_eq!(goal("p95 < 200ms"), Goal::Latency(Statistic::Quantile(0.95), 0.2));
        assert_eq!(goal("p99.9<1s"), Goal::Latency(Statistic::Quantile(0.999), 1.0));
        assert_eq!(goal("mean < 50ms"), Goal::Latency(Statistic::Mean, 0.05));
        assert_eq!(goal("errors < 0.1%"), Goal::Errors(0.001));
        assert_eq!(goal("apdex(200ms) > 0.9"), Goal::Apdex(0.2, 0.9));
        assert_eq!(goal("goodput > 300/s"), Goal::GoodputRate(300.0));
        assert_eq!(goal("goodput > 99%"), Goal::GoodputShare(0.99));
        assert_eq!(goal("hit_ratio > 90%"), Goal::HitRatio(0.9));
        assert_eq!(goal("utilization < 80%"), Goal::Utilization(0.8));
        assert_eq!(goal("stale < 1%"), Goal::Stale(0.01));
        assert_eq!(goal("age p95 < 5s"), Goal::Age(Statistic::Quantile(0.95), 5.0));
        assert_eq!(goal("cost < 730 $/month"), Goal::MonthlyCost(730.0));
        assert_eq!(goal("cost < 2 EUR/million"), Goal::MillionCost(2.0));
    }

    #[test]
    fn wrong_objectives_are_told_apart() {
        let told = |text| objective(text).unwrap_err().message;
        assert_eq!(told("p95 200ms"), "`p95 200ms` is no objective");
        assert_eq!(told("p95 > 200ms"), "`p95` should be below a value, in `p95 > 200ms`");
        assert_eq!(told("p95 < 200"), "`200` has no unit");
        assert_eq!(told("latency < 2s"), "`latency` is nothing an objective can be about");
        assert_eq!(told("p97 < 2s"), "not supported yet: `p97`");
        assert_eq!(told("p100 < 2s"), "`p100` is nothing an objective can be about");
        assert_eq!(told("errors < 2"), "`2` is no share: it lies above 1");
    }
}
