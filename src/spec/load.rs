//! The load: who asks, how often, and for what.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, Named, listed, record, unknown_word, wrong_type};
use super::law::{Counts, Law, Scale, is_law, named_law};
use super::quantity::{Number, PerSecond, Priority, Weight, Whole};
use super::tree::{Entry, Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, nearest};

/// One load group, or several with names.
#[derive(Clone, Debug)]
pub enum Load {
    /// Given directly.
    One(Box<At<Group>>),
    /// By name.
    Many(Named<Group>),
}

record! {
    /// Users who think and ask, or a stream of requests.
    pub struct Group ("a load group") {
        /// Closed load: concurrent users.
        "users" users: Whole,
        /// Time between an answer and the next request of the same user; `0` for none.
        "think" think: Law,
        /// Open load: requests per second, whatever the system does.
        "rate" rate: PerSecond,
        /// How open requests arrive; `poisson` unless stated.
        "arrivals" arrivals: Arrivals,
        /// A user's patience: how long he waits for an answer.
        "timeout" timeout: Law,
        /// The priority of the requests, unless an endpoint or a call has its own.
        "priority" priority: Priority,
        /// Where in the world they are.
        "region" region: String,
        /// What is asked, with weights: `{web.browse: 70, web.search: 20}`.
        "requests" requests: Named<Weight>,
        /// Open load: how many users the requests come from, for sticky sessions; each from its own unless stated.
        "from_users" from_users: Whole,
    }
    required: ["requests"];
    later: ["profile", "growth", "start", "session", "sessions", "keys", "size", "replay", "retry"];
}

impl Decode for Load {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            sink.push(
                wrong_type(node, "a load group, or a map of named ones")
                    .label("such as `{rate: 100/s, requests: {web.home: 1}}`"),
            );
            return None;
        };
        let is_field = |entry: &Entry| Group::KEYS.known.contains(&entry.key.as_str());
        let group_called_as_field = |entry: &&Entry| {
            let keys = entry.value.entries().unwrap_or_default();
            entry.key != "requests" && is_field(entry) && keys.iter().any(is_field)
        };
        if let Some(entry) = entries.iter().find(group_called_as_field) {
            let key = &entry.key;
            sink.push(
                Diagnostic::error(entry.key_span, format!("a load group cannot be called `{key}`"))
                    .label(format!("`load.{key}` means that field of the load")),
            );
            return None;
        }
        let is_group = |entry: &Entry| entry.value.entries().is_some_and(|keys| keys.iter().any(is_field));
        if entries.iter().any(is_field) || !entries.iter().any(is_group) {
            return At::decode(node, sink).map(|group| Self::One(Box::new(group)));
        }
        Named::decode(node, sink).map(Self::Many)
    }
}

impl JsonSchema for Load {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Load".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Group>();
        let many = generator.subschema_for::<Named<Group>>();
        json_schema!({"anyOf": [one, many]})
    }
}

/// How open requests arrive.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// The process of arrivals, or of batches.
    pub process: Process,
    /// How many come at once.
    pub batch: Option<At<Counts>>,
}

/// The process of arrivals.
#[derive(Clone, Debug)]
pub enum Process {
    /// Independent of each other.
    Poisson,
    /// Evenly spaced.
    Deterministic,
    /// Gaps of this coefficient of variation.
    Cv(At<f64>),
    /// Gaps of this shape.
    Gaps(At<Law>),
    /// Poisson, at rates that change.
    Phases(At<Vec<At<Phase>>>),
}

record! {
    /// A stretch of time with a rate of its own.
    pub struct Phase ("a phase") {
        /// Requests per second while it lasts; 0 is legal.
        "rate" rate: PerSecond,
        /// How long it lasts.
        "length" length: Law,
    }
    required: ["rate", "length"];
}
record! {
    /// Requests that come at once.
    pub struct Batch ("a `batch`") {
        /// How many: a whole number or a distribution of whole numbers.
        "size" size: Counts,
    }
    required: ["size"];
}

const WORDS: [&str; 2] = ["poisson", "deterministic"];
/// Laws whose shape may be that of gaps: those with a parameter that is no time.
const GAPS: [&str; 9] =
    ["erlang", "gamma", "lognormal", "weibull", "pareto", "hyperexp", "normal", "empirical", "mixture"];

impl Decode for Arrivals {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Scalar { text, .. } => {
                process_word(text, node.span, sink).map(|process| Self { process, batch: None })
            }
            Value::Map(entries) => arrivals_of_map(node, entries, sink),
            _ => {
                sink.push(wrong_type(node, "`poisson`, `deterministic` or a map such as `{cv: 2}`"));
                None
            }
        }
    }
}

fn process_word(word: &str, span: Span, sink: &mut Diagnostics) -> Option<Process> {
    match word {
        "poisson" => Some(Process::Poisson),
        "deterministic" => Some(Process::Deterministic),
        other => {
            sink.push(unknown_word(span, other, "an arrival process", &WORDS));
            None
        }
    }
}

fn arrivals_of_map(node: &Node, entries: &[Entry], sink: &mut Diagnostics) -> Option<Arrivals> {
    let mut process: Option<(Span, Process)> = None;
    let mut batch = None;
    let errors = sink.errors();
    for entry in entries {
        let read = match entry.key.as_str() {
            "batch" => {
                batch = Batch::decode(&entry.value, sink).and_then(|batch| batch.size);
                continue;
            }
            "cv" => At::<Number>::decode(&entry.value, sink).map(|cv| Process::Cv(cv.map(|cv| cv.0))),
            "phases" => At::decode(&entry.value, sink).map(Process::Phases),
            key if WORDS.contains(&key) => process_word(key, entry.key_span, sink),
            key if GAPS.contains(&key) => named_law(entry, Scale::Unit, sink)
                .map(|law| Process::Gaps(At { span: entry.value.span, value: law })),
            _ => {
                sink.push(unknown_process(entry));
                continue;
            }
        };
        if let Some((first, _)) = &process {
            let message = "arrivals follow one process only";
            sink.push(Diagnostic::error(entry.key_span, message).other(*first, "the first process"));
        }
        process = process.or(read.map(|process| (entry.key_span, process)));
    }
    if entries.is_empty() {
        sink.push(wrong_type(node, "an arrival process such as `{cv: 2}`"));
    }
    let process = process.map_or(Process::Poisson, |(_, process)| process);
    (sink.errors() == errors).then_some(Arrivals { process, batch })
}

fn unknown_process(entry: &Entry) -> Diagnostic {
    let names: Vec<_> = WORDS.into_iter().chain(["cv", "phases", "batch"]).chain(GAPS).collect();
    let help = match nearest(&entry.key, names.iter().copied()) {
        _ if is_law(&entry.key) => {
            "for exponential gaps write `poisson`, for constant ones `deterministic`".to_owned()
        }
        Some(name) => format!("a similar name exists: `{name}`"),
        None => format!("arrivals are given by {}", listed(&names, usize::MAX)),
    };
    Diagnostic::error(entry.key_span, format!("`{}` is no arrival process", shorten(&entry.key))).help(help)
}

impl JsonSchema for Arrivals {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Arrivals".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let batch = generator.subschema_for::<Batch>();
        let phases = generator.subschema_for::<Vec<Phase>>();
        let cv = generator.subschema_for::<Number>();
        let mut properties = serde_json::Map::new();
        properties.insert("batch".to_owned(), batch.to_value());
        properties.insert("phases".to_owned(), phases.to_value());
        properties.insert("cv".to_owned(), cv.to_value());
        for gap in GAPS {
            properties.insert(gap.to_owned(), serde_json::json!({"description": "The shape of the gaps; their mean follows from the rate."}));
        }
        json_schema!({
            "description": "How open requests arrive.",
            "anyOf": [{"enum": WORDS}, {"type": "object", "properties": properties, "additionalProperties": false}]
        })
    }
}
