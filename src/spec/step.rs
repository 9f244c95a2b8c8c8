//! The steps of an endpoint.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, listed, record, words, wrong_type};
use super::law::{Counts, Law};
use super::link::{Connect, TransferStep};
use super::quantity::{Fraction, Number, Priority, Seconds, Weight, Whole};
use super::tree::{Entry, Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};

/// Steps one after the other; in the file a list, or a single step.
#[derive(Clone, Debug, Default)]
pub struct Block(pub Vec<At<Step>>);

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Occupies a core.
    Cpu(CpuStep),
    /// Time passes.
    Delay(DelayStep),
    /// Calls an endpoint or queries a database.
    Call(Box<CallStep>),
    /// Looks up a cache.
    Get(GetStep),
    /// Tells a cache that something was written.
    Put(PutStep),
    /// Sends a message to a queue.
    Send(SendStep),
    /// Several at once.
    Parallel(ParallelStep),
    /// Again and again.
    Repeat(RepeatStep),
    /// One of several.
    Choose(ChooseStep),
    /// Takes a slot of a pool, or a lock, for some steps.
    Hold(HoldStep),
    /// Does steps again until nobody else has written meanwhile.
    Optimistic(OptimisticStep),
    /// Fails now and then.
    Fail(FailStep),
    /// Sends bytes over a link.
    Transfer(TransferStep),
}

record! {
    /// Occupies a core of the replica.
    pub struct CpuStep ("a `cpu` step") {
        /// Time on a core.
        "cpu" time: Law,
    }
}
record! {
    /// Time passes; only the worker is held.
    pub struct DelayStep ("a `delay` step") {
        /// How long.
        "delay" time: Law,
    }
}
record! {
    /// Calls an endpoint of a service or an external, and waits for the answer.
    pub struct PlainCall ("a `call` step") {
        /// The endpoint, such as `inventory.reserve`.
        "call" target: String,
        /// Bounds one attempt, from submission, queueing included.
        "timeout" timeout: Law,
        /// Bounds all attempts together.
        "deadline" deadline: Law,
        /// What to do when an attempt fails.
        "retry" retry: Retry,
        /// `continue`, or the steps to fall back to. Unless stated the caller fails in the same way.
        "on_error" on_error: OnError,
        /// On timeout the callee stops, too; otherwise it works on and its work is wasted.
        "cancel" cancel: bool,
        /// What a connection that is not open yet costs.
        "connect" connect: Connect,
        /// The priority of this call.
        "priority" priority: Priority,
    }
    later: LATER_CALL;
}
record! {
    /// Runs a query of a database, and waits for the answer.
    pub struct QueryCall ("a `query` step") {
        /// The query, such as `orders.product`.
        "query" target: String,
        /// Bounds one attempt, from submission, queueing included.
        "timeout" timeout: Law,
        /// Bounds all attempts together.
        "deadline" deadline: Law,
        /// What to do when an attempt fails.
        "retry" retry: Retry,
        /// `continue`, or the steps to fall back to. Unless stated the caller fails in the same way.
        "on_error" on_error: OnError,
        /// On timeout the query stops, too; otherwise it works on and its work is wasted.
        "cancel" cancel: bool,
        /// What a connection that is not open yet costs.
        "connect" connect: Connect,
        /// The priority of this query.
        "priority" priority: Priority,
        /// A name for the key that it is about: steps of a request that name it alike mean the same key. A key of its own unless
        /// stated.
        "key" key: String,
    }
    later: LATER_QUERY;
}

const LATER_CALL: [&str; 6] = ["hedge", "breaker", "limiter", "size", "key", "consistency"];
const LATER_QUERY: [&str; 5] = ["hedge", "breaker", "limiter", "size", "consistency"];

/// What a `call` and a `query` have in common.
#[derive(Clone, Debug)]
pub struct CallStep {
    /// It is a `query`.
    pub is_query: bool,
    /// The endpoint as written.
    pub target: Option<At<String>>,
    /// Bounds one attempt.
    pub timeout: Option<At<Law>>,
    /// Bounds all attempts.
    pub deadline: Option<At<Law>>,
    /// What to do when an attempt fails.
    pub retry: Option<At<Retry>>,
    /// What to do when the last attempt failed.
    pub on_error: Option<At<OnError>>,
    /// The callee stops when its caller has gone.
    pub cancel: Option<At<bool>>,
    /// What a connection that is not open yet costs.
    pub connect: Option<At<Connect>>,
    /// The priority of the call.
    pub priority: Option<At<Priority>>,
    /// A name for the key of a query.
    pub key: Option<At<String>>,
}

/// Moves the fields that both kinds of call share.
macro_rules! common {
    ($is_query:literal, $record:expr) => {{
        let it = $record;
        CallStep {
            is_query: $is_query,
            target: it.target,
            timeout: it.timeout,
            deadline: it.deadline,
            retry: it.retry,
            on_error: it.on_error,
            cancel: it.cancel,
            connect: it.connect,
            priority: it.priority,
            key: None,
        }
    }};
}

record! {
    /// Attempts after a failure.
    pub struct Retry ("a `retry`") {
        /// Attempts in all, the first included.
        "attempts" attempts: Whole,
        /// Waiting time before the second and later attempts; none unless stated.
        "backoff" backoff: Backoff,
    }
    required: ["attempts"];
    later: ["budget", "on"];
}
record! {
    /// Waiting time between attempts.
    pub struct Backoff ("a `backoff`") {
        /// Before the second attempt.
        "first" first: Seconds,
        /// Each further wait is so many times longer; 2 unless stated.
        "factor" factor: Number,
        /// No wait is longer; 30s unless stated.
        "max" max: Seconds,
        /// How waits are spread: `none` (the default), `full` or `equal`.
        "jitter" jitter: Jitter,
    }
    required: ["first"];
}
words! {
    /// How a back-off is spread.
    pub enum Jitter ("a jitter") {
        /// Not at all.
        "none" None,
        /// Uniform between 0 and the whole.
        "full" Full,
        /// Uniform between half and the whole.
        "equal" Equal,
    }
}

/// What becomes of an error.
#[derive(Clone, Debug)]
pub enum OnError {
    /// Go on as if answered.
    Continue,
    /// Go on with these steps.
    Fallback(Block),
}

impl Decode for OnError {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Scalar { text, .. } if text == "continue" => Some(Self::Continue),
            Value::List(_) | Value::Map(_) => Block::decode(node, sink).map(Self::Fallback),
            _ => {
                sink.push(wrong_type(node, "`continue` or a list of steps"));
                None
            }
        }
    }
}

impl JsonSchema for OnError {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OnError".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let block = generator.subschema_for::<Block>();
        json_schema!({"anyOf": [{"const": "continue"}, block]})
    }
}

record! {
    /// Looks up a cache; on a miss its `on_miss` steps follow.
    pub struct GetStep ("a `get` step") {
        /// The cache.
        "get" cache: String,
        /// A name for the key: steps of a request that name it alike mean the same key. A key of its own unless stated.
        "key" key: String,
    }
    later: ["timeout", "on_error"];
}
record! {
    /// Tells a cache that what is behind a key was written.
    pub struct PutStep ("a `put` step") {
        /// The cache.
        "put" cache: String,
        /// A name for the key: steps of a request that name it alike mean the same key. A key of its own unless stated.
        "key" key: String,
    }
    later: ["timeout", "on_error"];
}
record! {
    /// Sends a message to a queue; nobody waits for it.
    pub struct SendStep ("a `send` step") {
        /// The queue.
        "send" queue: String,
    }
    later: ["delay", "key"];
}
record! {
    /// Does several things at once, and waits for all of them (or for `need` of them).
    pub struct ParallelStep ("a `parallel` step") {
        /// A list of branches, or `{times: 100, need: 95, do: ...}`, or `{each: replicas, do: ...}`.
        "parallel" what: Parallel,
    }
}

/// What is done at once.
#[derive(Clone, Debug)]
pub enum Parallel {
    /// Each of these.
    List(Vec<At<Block>>),
    /// The same many times.
    Fan(Fan),
}

record! {
    /// The same steps many times at once.
    pub struct Fan ("a `parallel`") {
        /// How many times.
        "times" times: Whole,
        /// `replicas`: once at each replica of the place that is called; `shards`: once at each shard of the database.
        "each" each: Each,
        /// How many run at a time, the next as soon as one is over: a browser's six connections. All unless stated.
        "at_once" at_once: Whole,
        /// How many answers are enough; all unless stated.
        "need" need: Whole,
        /// The steps.
        "do" body: Block,
        /// What is no longer needed stops; otherwise it works on and its work is wasted.
        "cancel" cancel: bool,
    }
    required: ["do"];
}
words! {
    /// Over what a `parallel` goes.
    pub enum Each ("what a `parallel` can go over") {
        /// The replicas of the place that is called.
        "replicas" Replicas,
        /// The shards of the database that is asked.
        "shards" Shards,
    }
}

impl Decode for Parallel {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, sink).map(Self::List),
            Value::Map(_) => Fan::decode(node, sink).map(Self::Fan),
            _ => {
                sink.push(wrong_type(node, "a list of branches, or a map with `times` and `do`"));
                None
            }
        }
    }
}

impl JsonSchema for Parallel {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Parallel".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let list = generator.subschema_for::<Vec<Block>>();
        let fan = generator.subschema_for::<Fan>();
        json_schema!({"anyOf": [list, fan]})
    }
}

record! {
    /// Does steps again and again.
    pub struct RepeatStep ("a `repeat` step") {
        /// How often, and what.
        "repeat" what: Repeat,
    }
}
record! {
    /// How often, and what.
    pub struct Repeat ("a `repeat`") {
        /// How often: a whole number or a distribution of whole numbers.
        "times" times: Counts,
        /// The probability of another turn, asked before each.
        "while" again: Fraction,
        /// The steps.
        "do" body: Block,
    }
    required: ["do"];
}
record! {
    /// Does one of several blocks of steps, by weight.
    pub struct ChooseStep ("a `choose` step") {
        /// The branches.
        "choose" branches: Vec<At<Branch>>,
    }
}
record! {
    /// A branch of a choice.
    pub struct Branch ("a branch of a `choose`") {
        /// How often it is taken, relative to the others.
        "weight" weight: Weight,
        /// Its steps; an empty list does nothing.
        "do" body: Block,
    }
    required: ["weight", "do"];
}
record! {
    /// Takes a slot of a pool, or a lock, and holds it during some steps.
    pub struct HoldStep ("a `hold` step") {
        /// The pool or lock.
        "hold" pool: String,
        /// A name for the key of a lock: steps of a request that name it alike mean the same key. A key of its own unless stated.
        "key" key: String,
        /// The steps during which it is held.
        "do" body: Block,
    }
    required: ["do"];
}
record! {
    /// Does steps, and then all of them again if another has written the same key meanwhile.
    pub struct OptimisticStep ("an `optimistic` step") {
        /// On which database, and what.
        "optimistic" what: Optimistic,
    }
}
record! {
    /// On which database, and what.
    pub struct Optimistic ("an `optimistic`") {
        /// The database, which has `keys`.
        "on" on: String,
        /// A name for the key: steps of a request that name it alike mean the same key. A key of its own unless stated.
        "key" key: String,
        /// Attempts in all, the first included; after the last the call fails. 10 unless stated.
        "attempts" attempts: Whole,
        /// What is done between reading the version and writing it.
        "do" body: Block,
    }
    required: ["on", "do"];
}
record! {
    /// Fails with a probability.
    pub struct FailStep ("a `fail` step") {
        /// The probability.
        "fail" share: Fraction,
    }
}

/// The keys that say what a step is.
const STEPS: [&str; 14] = [
    "cpu",
    "delay",
    "call",
    "query",
    "get",
    "put",
    "send",
    "parallel",
    "repeat",
    "choose",
    "hold",
    "fail",
    "transfer",
    "optimistic",
];

/// Whether a key says what a step is.
#[must_use]
pub fn is_step(key: &str) -> bool {
    STEPS.contains(&key)
}

impl Decode for Step {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            sink.push(wrong_type(node, "a step such as `cpu: 5ms` or `call: inventory.reserve`"));
            return None;
        };
        let kind = kind_of(node, entries, sink)?;
        Some(match kind.key.as_str() {
            "cpu" => Self::Cpu(CpuStep::decode(node, sink)?),
            "delay" => Self::Delay(DelayStep::decode(node, sink)?),
            "call" => Self::Call(Box::new(common!(false, PlainCall::decode(node, sink)?))),
            "query" => {
                let mut it = QueryCall::decode(node, sink)?;
                let key = it.key.take();
                Self::Call(Box::new(CallStep { key, ..common!(true, it) }))
            }
            "get" => Self::Get(GetStep::decode(node, sink)?),
            "put" => Self::Put(PutStep::decode(node, sink)?),
            "send" => Self::Send(SendStep::decode(node, sink)?),
            "parallel" => Self::Parallel(ParallelStep::decode(node, sink)?),
            "repeat" => Self::Repeat(RepeatStep::decode(node, sink)?),
            "choose" => Self::Choose(ChooseStep::decode(node, sink)?),
            "hold" => Self::Hold(HoldStep::decode(node, sink)?),
            "optimistic" => Self::Optimistic(OptimisticStep::decode(node, sink)?),
            "fail" => Self::Fail(FailStep::decode(node, sink)?),
            "transfer" => Self::Transfer(TransferStep::decode(node, sink)?),
            _ => unreachable!("every step is one of `STEPS`"),
        })
    }
}

/// The one key that says what a step is.
fn kind_of<'a>(node: &Node, entries: &'a [Entry], sink: &mut Diagnostics) -> Option<&'a Entry> {
    let mut kinds = entries.iter().filter(|entry| is_step(&entry.key));
    match (kinds.next(), kinds.next()) {
        (Some(kind), None) => Some(kind),
        (Some(first), Some(second)) => {
            let message = format!("one step is both `{}` and `{}`", first.key, second.key);
            sink.push(
                Diagnostic::error(second.key_span, message)
                    .other(first.key_span, "the step")
                    .help("begin a step of its own with `-`"),
            );
            None
        }
        (None, _) => {
            let Some(entry) = entries.first() else {
                sink.push(
                    Diagnostic::error(node.span, "an empty step").label("expected a step such as `cpu: 5ms`"),
                );
                return None;
            };
            let help = match nearest(&entry.key, STEPS) {
                Some(name) => format!("a step with a similar name exists: `{name}`"),
                None => format!("steps are {}", listed(&STEPS, usize::MAX)),
            };
            let message = format!("unknown step `{}`", shorten(&entry.key));
            sink.push(Diagnostic::error(entry.key_span, message).help(help));
            None
        }
    }
}

impl JsonSchema for Step {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Step".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: [(&str, Schema); 14] = [
            ("cpu", generator.subschema_for::<CpuStep>()),
            ("delay", generator.subschema_for::<DelayStep>()),
            ("call", generator.subschema_for::<PlainCall>()),
            ("query", generator.subschema_for::<QueryCall>()),
            ("get", generator.subschema_for::<GetStep>()),
            ("put", generator.subschema_for::<PutStep>()),
            ("send", generator.subschema_for::<SendStep>()),
            ("parallel", generator.subschema_for::<ParallelStep>()),
            ("repeat", generator.subschema_for::<RepeatStep>()),
            ("choose", generator.subschema_for::<ChooseStep>()),
            ("hold", generator.subschema_for::<HoldStep>()),
            ("optimistic", generator.subschema_for::<OptimisticStep>()),
            ("fail", generator.subschema_for::<FailStep>()),
            ("transfer", generator.subschema_for::<TransferStep>()),
        ];
        // The key that names the step is required, so that an editor can tell the kinds apart.
        let kinds = kinds.map(|(key, schema)| serde_json::json!({"allOf": [schema], "required": [key]}));
        json_schema!({"anyOf": kinds})
    }
}

impl Decode for Block {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, sink).map(Self),
            Value::Map(_) => {
                Step::decode(node, sink).map(|step| Self(vec![At { span: node.span, value: step }]))
            }
            _ => {
                sink.push(wrong_type(node, "a list of steps"));
                None
            }
        }
    }
}

impl JsonSchema for Block {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Steps".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let step = generator.subschema_for::<Step>();
        json_schema!({"anyOf": [{"type": "array", "items": step}, step]})
    }
}

/// An endpoint: its steps, and its priority where it has one of its own.
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    /// What it does.
    pub steps: Option<At<Block>>,
    /// Its own priority.
    pub priority: Option<At<Priority>>,
}

record! {
    /// An endpoint with attributes.
    pub struct EndpointRecord ("an endpoint") {
        /// What it does.
        "steps" steps: Block,
        /// The priority of calls to it, whoever calls.
        "priority" priority: Priority,
    }
    required: ["steps"];
    later: ["size", "limiter", "idempotent"];
}

impl Decode for Endpoint {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => At::decode(node, sink).map(|steps| Self { steps: Some(steps), priority: None }),
            Value::Map(entries) if entries.iter().any(|entry| STEPS.contains(&entry.key.as_str())) => {
                let message = "found one step, expected a list of steps";
                sink.push(
                    Diagnostic::error(node.span, message)
                        .help("put `-` in front of each step, or brackets around them"),
                );
                None
            }
            Value::Map(_) => {
                EndpointRecord::decode(node, sink).map(|it| Self { steps: it.steps, priority: it.priority })
            }
            _ => {
                sink.push(wrong_type(node, "a list of steps"));
                None
            }
        }
    }
}

impl JsonSchema for Endpoint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Endpoint".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let step = generator.subschema_for::<Step>();
        let record = generator.subschema_for::<EndpointRecord>();
        json_schema!({"description": "What a call to it does.", "anyOf": [{"type": "array", "items": step}, record]})
    }
}
