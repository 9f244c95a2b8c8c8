//! Keys and what happens to data: popularity, lifetimes, replication.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, listed, parsed, record, words, wrong_type};
use super::law::{Empirical, Law, one_key};
use super::quantity::{Fraction, Number, Seconds, Whole, whole};
use super::tree::{Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::dist::{DistError, KEYS_MAX, Popularity};

/// How often each key is asked for.
#[derive(Clone, Debug)]
pub enum KeyLaw {
    /// In closed form.
    Known(Popularity),
    /// Counts in a column of a file, still to be read.
    Counts(Empirical),
}

record! {
    /// The k-th key is asked for in proportion to 1 / k^s.
    pub struct Zipf ("a `zipf`") {
        /// How many keys there are.
        "n" n: Whole,
        /// The exponent; web pages have some 0.8. 1 unless stated.
        "s" s: Number,
    }
    required: ["n"];
}
record! {
    /// Some keys are hot, and all within hot and cold are alike.
    pub struct Hot ("a `hot`") {
        /// How many keys there are.
        "n" n: Whole,
        /// How many of them are hot.
        "keys" keys: Whole,
        /// The share of requests that ask for a hot key.
        "share" share: Fraction,
    }
    required: ["n", "keys", "share"];
}

const KEY_LAWS: [&str; 4] = ["zipf", "uniform", "hot", "empirical"];

impl Decode for KeyLaw {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Some([entry]) = node.entries() else {
            sink.push(
                wrong_type(node, "how often each key is asked for")
                    .label("such as `{zipf: {n: 20_000, s: 0.9}}` or `{uniform: 1_000}`"),
            );
            return None;
        };
        let value = &entry.value;
        let legal = |law: Result<Popularity, DistError>, sink: &mut Diagnostics| {
            law.map_err(|error| sink.push(super::law::illegal(&error, value.span, "the keys"))).ok()
        };
        let law = match entry.key.as_str() {
            "zipf" => {
                let it = Zipf::decode(value, sink)?;
                let s = it.s.as_ref().map_or(1.0, |s| s.value.0);
                legal(Popularity::zipf(count(it.n.as_ref()?, sink)?, s), sink)?
            }
            "uniform" => {
                let n = parsed(value, "a number of keys", sink, whole)?;
                let n = count(&At { span: value.span, value: Whole(n) }, sink)?;
                legal(Popularity::uniform(n), sink)?
            }
            "hot" => {
                let it = Hot::decode(value, sink)?;
                let (n, keys) = (count(it.n.as_ref()?, sink)?, count(it.keys.as_ref()?, sink)?);
                legal(Popularity::hot(n, keys, it.share.as_ref()?.value.0), sink)?
            }
            "empirical" => return Empirical::decode(value, sink).map(Self::Counts),
            key => {
                let help = match nearest(key, KEY_LAWS) {
                    Some(name) => format!("a similar name exists: `{name}`"),
                    None => format!("there are {}", listed(&KEY_LAWS, usize::MAX)),
                };
                let message = format!("`{}` says nothing about keys", shorten(key));
                sink.push(Diagnostic::error(entry.key_span, message).help(help));
                return None;
            }
        };
        Some(Self::Known(law))
    }
}

/// A number of keys that a model can keep.
fn count(n: &At<Whole>, sink: &mut Diagnostics) -> Option<u32> {
    let Some(n) = u32::try_from(n.value.0).ok().filter(|&n| n <= KEYS_MAX) else {
        let message = format!("{} keys are too many", n.value.0);
        sink.push(Diagnostic::error(n.span, message).label(format!("expected at most {KEYS_MAX}")));
        return None;
    };
    Some(n)
}

impl JsonSchema for KeyLaw {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Keys".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = generator.subschema_for::<Whole>().to_value();
        json_schema!({"description": "Which keys there are, and how often each is asked for.", "anyOf": [
            one_key("zipf", "In proportion to 1 / k^s.", generator.subschema_for::<Zipf>().to_value()),
            one_key("uniform", "All alike; how many there are.", whole),
            one_key("hot", "Some are hot.", generator.subschema_for::<Hot>().to_value()),
            one_key("empirical", "Counts in a CSV column.", generator.subschema_for::<Empirical>().to_value()),
        ]})
    }
}

words! {
    /// Who makes room in a full cache.
    pub enum Evict ("a way to evict") {
        /// The entry not used for longest.
        "lru" Lru,
        /// The entry used least often.
        "lfu" Lfu,
        /// The oldest entry.
        "fifo" Fifo,
        /// Any entry.
        "random" Random,
        /// SIEVE: the oldest entry that was not used since the hand last passed.
        "sieve" Sieve,
        /// The least recently used entry, if the new one is asked for more often.
        "tinylfu" TinyLfu,
    }
}
words! {
    /// What a `put` does to the entry of its key.
    pub enum OnPut ("what a `put` does") {
        /// The entry goes.
        "invalidate" Invalidate,
        /// The entry is replaced.
        "write_through" WriteThrough,
        /// The entry is replaced, and written back when it is evicted.
        "write_back" WriteBack,
        /// Nothing: the entry is stale until its TTL ends.
        "nothing" Nothing,
    }
}
words! {
    /// What a cache holds at the start.
    pub enum Start ("a start") {
        /// What a long steady load leaves in it.
        "warm" Warm,
        /// Nothing.
        "cold" Cold,
    }
}
words! {
    /// How keys are spread over shards.
    pub enum ShardBy ("a way to shard") {
        /// By a hash of the key.
        "hash" Hash,
        /// By ranges of equally many keys, the most popular first.
        "range" Range,
    }
}
words! {
    /// What a query locks.
    pub enum Lock ("what a query can lock") {
        /// The row of its key.
        "row" Row,
        /// The table: one such query at a time.
        "table" Table,
    }
}

/// How long an entry is good for.
#[derive(Clone, Debug)]
pub struct Ttl {
    /// How long.
    pub time: At<Law>,
    /// From the last use, and not from when it was stored.
    pub sliding: bool,
}

impl Decode for Ttl {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        if let Value::Map(entries) = &node.value
            && let [entry] = entries.as_slice()
            && entry.key == "sliding"
        {
            return At::decode(&entry.value, sink).map(|time| Self { time, sliding: true });
        }
        At::decode(node, sink).map(|time| Self { time, sliding: false })
    }
}

impl JsonSchema for Ttl {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ttl".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let law = generator.subschema_for::<Law>();
        let sliding = one_key("sliding", "From the last use.", law.clone().to_value());
        json_schema!({"anyOf": [law, sliding]})
    }
}

record! {
    /// How what the primary has written reaches the read replicas.
    pub struct Replication ("`replication`") {
        /// Time until a write arrives at a replica; none unless stated.
        "lag" lag: Law,
        /// Work that a write costs a server of each replica before it can be read there; none unless stated.
        "apply" apply: Law,
    }
}
record! {
    /// Reads of a user who has just written go to the primary.
    pub struct AfterOwnWrite ("`after_own_write`") {
        /// `primary`.
        "from" from: Primary,
        /// For how long after the write.
        "for" time: Seconds,
    }
    required: ["from", "for"];
}
words! {
    /// Where reads of one's own writes go.
    pub enum Primary ("where reads of one's own writes can go") {
        /// To the primary.
        "primary" Primary,
    }
}
