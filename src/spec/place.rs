//! Places: services, externals, databases, caches and pools.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::data::{AfterOwnWrite, Evict, KeyLaw, Lock, OnPut, Replication, ShardBy, Start, Ttl};
use super::decode::{At, Decode, Named, record, scalar, unknown_word, words};
use super::law::Law;
use super::quantity::{Bytes, Cost, Fraction, Limit, Number, Priority, Seconds, Weight, Whole};
use super::step::{Block, Endpoint};
use super::timed::{Failover, Flush, LostNode};
use super::tree::{Node, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};

record! {
    /// A service: replicas that run endpoints.
    pub struct Service ("a service") {
        /// How many replicas; or a list of unequal ones: `[{count: 3, cores: 4}, {count: 1, cores: 16, weight: 4}]`.
        "replicas" replicas: Replicas,
        /// Calls in progress per replica, held while their own calls are out; `unlimited` unless stated.
        "workers" workers: Limit,
        /// CPU cores per replica, shared by its running calls; unless stated nothing limits the CPU but the workers.
        "cores" cores: Limit,
        /// How many calls may wait for a worker, per replica (0: reject at once); `unlimited` unless stated.
        "queue" queue: Limit,
        /// A call that waited so long for a worker leaves: `abandoned`.
        "queue_timeout" queue_timeout: Law,
        /// Who goes next: `fifo` (the default), `lifo`, `priority` or `preemptive`.
        "discipline" discipline: Discipline,
        /// How running calls use the cores: `shared` (the default) or `fifo`.
        "scheduling" scheduling: Scheduling,
        /// Share of the work that only one call of a replica can do at a time: with n calls running each is slower by
        /// `1 + contention (n - 1) + coherency n (n - 1)`, the Universal Scalability Law. Needs `cores`; 0 unless stated.
        "contention" contention: Fraction,
        /// Cost of keeping two running calls consistent, as a share of the work; 0 unless stated.
        "coherency" coherency: Fraction,
        /// How calls are spread over replicas; `round-robin` unless stated.
        "balance" balance: Balance,
        /// Where in the world it runs.
        "region" region: String,
        /// Money per time and replica, or per million calls received: `0.17 $/h`, `[0.17 $/h, 0.40 $/million]`.
        "cost" cost: Cost,
        /// The default priority of its endpoints.
        "priority" priority: Priority,
        /// What it does when called.
        "endpoints" endpoints: Named<Endpoint>,
    }
    required: ["endpoints"];
    later: ["autoscale", "breaker", "limiter", "rate_limit", "shed", "faults", "ejection", "health", "startup", "zones", "size", "gc", "warm"];
}

/// Replicas, equal or not.
#[derive(Clone, Debug)]
pub enum Replicas {
    /// Equal ones.
    Count(u64),
    /// Groups of equal ones.
    List(Vec<At<ReplicaGroup>>),
}

record! {
    /// Some replicas that are equal to each other.
    pub struct ReplicaGroup ("a group of replicas") {
        /// How many; 1 unless stated.
        "count" count: Whole,
        /// CPU cores of each; as the service says unless stated.
        "cores" cores: Limit,
        /// Workers of each; as the service says unless stated.
        "workers" workers: Limit,
        /// Share of calls under `balance: weighted`, relative to the others; 1 unless stated.
        "weight" weight: Weight,
    }
}

impl Decode for Replicas {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::List(_) => Vec::decode(node, sink).map(Self::List),
            _ => super::decode::parsed(
                node,
                "a number of replicas, or a list of unequal ones",
                sink,
                super::quantity::whole,
            )
            .map(Self::Count),
        }
    }
}

impl JsonSchema for Replicas {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Replicas".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = generator.subschema_for::<Whole>();
        let groups = generator.subschema_for::<Vec<ReplicaGroup>>();
        json_schema!({"anyOf": [whole, groups]})
    }
}

words! {
    /// Who goes next.
    pub enum Discipline ("a discipline") {
        /// First come, first served.
        "fifo" Fifo,
        /// Last come, first served.
        "lifo" Lifo,
        /// The highest priority first.
        "priority" Priority,
        /// The highest priority first, and it takes the core of a lower one.
        "preemptive" Preemptive,
    }
}
words! {
    /// How running calls use the cores.
    pub enum Scheduling ("a scheduling") {
        /// All at once, in equal shares.
        "shared" Shared,
        /// One core a call until it is done.
        "fifo" Fifo,
    }
}

/// How calls are spread over replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// In turn.
    RoundRobin,
    /// At random.
    Random,
    /// The one with the fewest calls.
    LeastRequests,
    /// The emptier of so many drawn at random.
    PowerOf(u32),
    /// By weight.
    Weighted,
    /// Each user stays where he is.
    Sticky,
    /// One queue for all.
    Central,
}

impl Balance {
    const WORDS: [&'static str; 7] =
        ["round-robin", "random", "least-requests", "power-of-2", "weighted", "sticky: user", "central"];

    fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "round-robin" => Self::RoundRobin,
            "random" => Self::Random,
            "least-requests" => Self::LeastRequests,
            "weighted" => Self::Weighted,
            "sticky" | "sticky: user" => Self::Sticky,
            "central" => Self::Central,
            _ => Self::PowerOf(
                word.strip_prefix("power-of-")?.parse().ok().filter(|d| (1..=1000).contains(d))?,
            ),
        })
    }
}

impl Decode for Balance {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        if let Some([entry]) = node.entries()
            && entry.key == "sticky"
        {
            let by = scalar(&entry.value, "`user`", sink)?;
            if by != "user" {
                sink.push(
                    Diagnostic::error(entry.value.span, format!("sessions stick to `{by}`"))
                        .label("expected `user`"),
                );
                return None;
            }
            return Some(Self::Sticky);
        }
        let word = scalar(node, "a way to balance, such as `round-robin` or `{sticky: user}`", sink)?;
        let balance = Self::from_word(word);
        if balance.is_none() {
            sink.push(unknown_word(node.span, word, "a way to balance", &Self::WORDS));
        }
        balance
    }
}

impl JsonSchema for Balance {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Balance".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"anyOf": [
            {"enum": ["round-robin", "random", "least-requests", "power-of-2", "power-of-3", "weighted", "sticky", "central"]},
            {"type": "string", "pattern": "^power-of-[0-9]+$"},
            super::law::one_key("sticky", "Each user stays at one replica.", serde_json::json!({"const": "user"})),
        ]})
    }
}

record! {
    /// A system of somebody else: only its answers matter.
    pub struct External ("an external") {
        /// Where in the world it runs.
        "region" region: String,
        /// Money per million calls received, or per time: `2 $/million`.
        "cost" cost: Cost,
        /// What it does when called.
        "endpoints" endpoints: Named<Endpoint>,
    }
    required: ["endpoints"];
    later: ["limiter", "faults"];
}

record! {
    /// A database: a primary, read replicas, and queries.
    pub struct Database ("a database") {
        /// Queries at once, FIFO, on the primary and on each replica; or `unlimited`.
        "servers" servers: Limit,
        /// Connections per instance; one more is `rejected`. `unlimited` unless stated.
        "connections" connections: Limit,
        /// How many may wait for a connection; none unless stated.
        "connection_queue" connection_queue: Limit,
        /// Replicas besides the primary: how many, or how many in each region (`{eu: 1, us: 2}`); none unless stated.
        "read_replicas" read_replicas: ReadReplicas,
        /// Where reads go; to the primary unless stated.
        "reads" reads: Reads,
        /// How writes reach the read replicas.
        "replication" replication: Replication,
        /// The keys that queries are about; one for all unless stated.
        "keys" keys: KeyLaw,
        /// Shards by key, each with a primary and its read replicas; one unless stated.
        "shards" shards: Whole,
        /// How keys are spread over shards: `hash` (the default) or `range`.
        "shard_by" shard_by: ShardBy,
        /// Where in the world it runs, with all its replicas.
        "region" region: String,
        /// How much it holds, for a price per size and time. The primary and every read replica hold all of it; a shard holds its part.
        "size" size: Bytes,
        /// Money per time and instance, per million queries, or per size and time kept: `[0.50 $/h, 0.10 $/GiB/month]`.
        "cost" cost: Cost,
        /// The primary is lost at a given time, and a read replica takes over: `{at: 60s, promotion: 20s}`.
        "failover" failover: Failover,
        /// What it is asked.
        "queries" queries: Named<Query>,
    }
    required: ["servers", "queries"];
    later: ["rows", "indexes", "faults"];
}

/// Read replicas.
#[derive(Clone, Debug)]
pub enum ReadReplicas {
    /// So many, where the primary is.
    Count(u64),
    /// So many in each region.
    ByRegion(Named<Whole>),
}

impl Decode for ReadReplicas {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Map(_) => Named::decode(node, sink).map(Self::ByRegion),
            _ => Whole::decode(node, sink).map(|count| Self::Count(count.0)),
        }
    }
}

impl JsonSchema for ReadReplicas {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReadReplicas".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let count = generator.subschema_for::<Whole>();
        json_schema!({"anyOf": [count, {"type": "object", "additionalProperties": count}]})
    }
}

/// Where reads go.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// The primary, or the replicas.
    pub from: Option<At<ReadsFrom>>,
    /// How they are spread over the replicas.
    pub balance: Option<At<Balance>>,
    /// Those of users who have just written.
    pub after_own_write: Option<At<AfterOwnWrite>>,
}

record! {
    /// Where reads go, and how they are spread.
    pub struct ReadsRecord ("`reads`") {
        /// `primary`, `replicas` or `nearest`.
        "from" from: ReadsFrom,
        /// How reads are spread over the replicas; `round-robin` unless stated.
        "balance" balance: Balance,
        /// Reads of a user who has just written go to the primary: `{from: primary, for: 1s}`.
        "after_own_write" after_own_write: AfterOwnWrite,
    }
    required: ["from"];
}
words! {
    /// Where reads go.
    pub enum ReadsFrom ("where reads can go") {
        /// To the primary.
        "primary" Primary,
        /// To the read replicas; to the primary where there are none.
        "replicas" Replicas,
        /// To the replicas in the region of the caller, or in the one that is nearest to it.
        "nearest" Nearest,
    }
}

impl Decode for Reads {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Map(_) => {
                let it = ReadsRecord::decode(node, sink)?;
                Some(Self { from: it.from, balance: it.balance, after_own_write: it.after_own_write })
            }
            _ => At::decode(node, sink).map(|from| Self { from: Some(from), ..Self::default() }),
        }
    }
}

impl JsonSchema for Reads {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Reads".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<ReadsFrom>();
        let record = generator.subschema_for::<ReadsRecord>();
        json_schema!({"anyOf": [word, record]})
    }
}

record! {
    /// A query: a read or a write, with the time it takes a server, or a read by the size of its table.
    pub struct Query ("a query") {
        /// Time of a read; it goes where `reads` says.
        "read" read: Law,
        /// Time of a write; it goes to the primary.
        "write" write: Law,
        /// A read that looks at every row: rows x per_row.
        "scan" scan: Scan,
        /// A read through a B-tree: its levels x per_level.
        "index" index: Index,
        /// A read that looks each of its rows up in another table.
        "join" join: Join,
        /// Rows that a write writes at once, in a batch; 1 unless stated.
        "rows" rows: Whole,
        /// Time that each row adds to the write.
        "per_row" per_row: Seconds,
        /// Indexes that a write maintains, for each row.
        "indexes" indexes: Whole,
        /// Time that each index adds to the write of a row.
        "per_index" per_index: Seconds,
        /// What it locks while it runs: the `row` of its key, or the `table`.
        "lock" lock: Lock,
    }
    later: ["key", "size"];
}

record! {
    /// A read that looks at every row, or at the rows of a page.
    pub struct Scan ("a scan") {
        /// Rows in the table.
        "rows" rows: Whole,
        /// Time for each row.
        "per_row" per_row: Seconds,
        /// At most so many rows are read, as in a page of results; all of them unless stated.
        "limit" limit: Whole,
        /// Equal parts of the table; 1 unless stated.
        "partitions" partitions: Whole,
        /// In how many of them, at most, is what is asked for: the others are never read; 1 unless stated.
        "pruned_to" pruned_to: Whole,
        /// A fixed part besides the rows; none unless stated.
        "base" base: Seconds,
        /// Variation of the whole time: lognormal with that mean; always the same unless stated.
        "cv" cv: Number,
    }
    required: ["rows", "per_row"];
}

/// Entries of an index page unless stated, and so the pages below each inner page of a B-tree: pages of 8 KiB, two thirds full of
/// entries of 20 bytes.
///
/// Source: Gray and Graefe, *The Five-Minute Rule Ten Years Later, and Other Computer Storage Rules of Thumb* (SIGMOD
/// Record 26, 1997), section 2.
pub const FANOUT: u64 = 270;

record! {
    /// A read of one row through a B-tree.
    pub struct Index ("an index") {
        /// Rows in the table.
        "rows" rows: Whole,
        /// Time for each level of the tree; there are ceil(log(rows) / log(fanout)) of them, and at least 1.
        "per_level" per_level: Seconds,
        /// Entries of a page; 270 unless stated (8 KiB, two thirds full, 20 bytes an entry).
        "fanout" fanout: Whole,
        /// Equal parts of the table, each with a tree of its own; 1 unless stated.
        "partitions" partitions: Whole,
        /// In how many of them, at most, is what is asked for: each of their trees is read; 1 unless stated.
        "pruned_to" pruned_to: Whole,
        /// A fixed part besides the levels; none unless stated.
        "base" base: Seconds,
        /// Variation of the whole time: lognormal with that mean; always the same unless stated.
        "cv" cv: Number,
    }
    required: ["rows", "per_level"];
}

record! {
    /// A read that looks each of its rows up in another table: by the index of that, or by a hash of all of it. With both prices it
    /// goes the cheaper way, as a query planner does.
    pub struct Join ("a join") {
        /// Rows that are looked up.
        "rows" rows: Whole,
        /// Rows of the other table.
        "with" with: Whole,
        /// By index: time for each level of its tree, for each row.
        "per_level" per_level: Seconds,
        /// Entries of a page of it; 270 unless stated (8 KiB, two thirds full, 20 bytes an entry).
        "fanout" fanout: Whole,
        /// By hash: time for each row of both tables.
        "per_row" per_row: Seconds,
        /// A fixed part besides; none unless stated.
        "base" base: Seconds,
        /// Variation of the whole time: lognormal with that mean; always the same unless stated.
        "cv" cv: Number,
    }
    required: ["rows", "with"];
}

record! {
    /// A cache: with a given hit ratio, or with entries and the keys that are looked up.
    pub struct Cache ("a cache") {
        /// Share of look-ups that find what they look for; in place of `entries` and `keys`.
        "hit_ratio" hit_ratio: Fraction,
        /// How many entries it has room for, over all its nodes; 0 removes the cache.
        "entries" entries: Limit,
        /// Which keys there are, and how often each is looked up.
        "keys" keys: KeyLaw,
        /// Who makes room: `lru` (the default), `lfu`, `fifo`, `random`, `sieve` or `tinylfu`.
        "evict" evict: Evict,
        /// How long an entry is good for, from when it was stored, or `{sliding: 60s}` from its last use; for ever unless stated.
        "ttl" ttl: Ttl,
        /// One loader a key: look-ups that miss while another loads the entry wait for it.
        "coalesce" coalesce: bool,
        /// What a `put` does: `invalidate` (the default), `write_through`, `write_back` or `nothing`.
        "on_put" on_put: OnPut,
        /// What is done with an entry that is evicted before it was written back.
        "write_back" write_back: Block,
        /// What it holds at the start: `warm` (the default) or `cold`.
        "start" start: Start,
        /// Nodes that the keys are spread over, each with its servers; 1 unless stated.
        "nodes" nodes: Whole,
        /// One such cache in each replica of this service.
        "per" per: String,
        /// Time of a look-up; none unless stated.
        "time" time: Law,
        /// Time to store or change an entry; none unless stated.
        "store_time" store_time: Law,
        /// Look-ups at once, on each node; `unlimited` unless stated.
        "servers" servers: Limit,
        /// What the caller does on a miss.
        "on_miss" on_miss: Block,
        /// Where in the world it runs.
        "region" region: String,
        /// How much it holds, over all its nodes, for a price per size and time; with `per`, that of each replica's.
        "size" size: Bytes,
        /// Money per time and node, per million look-ups, or per size and time kept: `[0.02 $/h, 0.40 $/million]`.
        "cost" cost: Cost,
        /// It loses all its entries at a given time: `{at: 60s}`, or again and again: `{at: 60s, every: 10m}`.
        "flush" flush: Flush,
        /// One of its nodes is lost at a given time, and comes back empty: `{node: 2, at: 60s, for: 30s}`.
        "lost" lost: LostNode,
    }
    later: ["refresh"];
}

record! {
    /// A queue of messages and those who work them off.
    pub struct Queue ("a queue") {
        /// Messages worked on at once.
        "consumers" consumers: Limit,
        /// How many may wait; one more is lost. `unlimited` unless stated.
        "queue" queue: Limit,
        /// What is done with a message.
        "do" body: Block,
        /// Money per time, or per million messages: `0.40 $/million`.
        "cost" cost: Cost,
    }
    required: ["consumers", "do"];
    later: ["retry", "dead_letter", "partitions", "batch", "visibility", "delay", "region"];
}

words! {
    /// How long a pooler serves a connection of a pool before it.
    pub enum PoolMode ("a mode of a pooler") {
        /// For a query, or as long as a `hold` of the pooler itself.
        "transaction" Transaction,
        /// As long as the slot of the pool before it is held.
        "session" Session,
    }
}

record! {
    /// A pool of connections, or a lock (a pool that only `hold` uses).
    pub struct Pool ("a pool") {
        /// How many may hold it at once; 1 with `keys`.
        "size" size: Whole,
        /// A lock for every key, of these.
        "keys" keys: KeyLaw,
        /// One such pool in each replica of this service; one for all unless stated.
        "per" per: String,
        /// Calls and queries to this place go through the pool; or the pooler behind it, a pool of its own.
        "to" to: String,
        /// Of a pooler: how long it serves a connection of a pool before it: for a `transaction` (the default) or a `session`.
        "mode" mode: PoolMode,
        /// A call that waited so long leaves: `abandoned`.
        "timeout" timeout: Law,
        /// How many may wait; `unlimited` unless stated.
        "queue" queue: Limit,
        /// Time to open a connection; all are open unless stated.
        "connect" connect: Law,
        /// A connection that was idle for so long is closed, and has to be opened again; never unless stated.
        "idle" idle: Seconds,
    }
    required: ["size"];
    later: ["lifetime", "max_lifetime"];
}
