//! The compiled model: checked, names resolved, immutable.
//!
//! A [`Model`] is plain tables that refer to each other by index. Every endpoint is one flat program of [`Op`]s. The
//! engine interprets it; the analysis reads demands and capacities from it. Nothing here is ever out of range: the
//! compiler checked it.

mod change;
mod demand;
pub mod listing;

use std::ops::Range;

pub use self::change::{Change, Happening};
pub use self::demand::{Bound, Demand, Demands};

use crate::dist::{Count, Dist, Popularity};
use crate::ids::{
    BalancerId, DistId, EndpointId, GroupId, KeyId, MemberId, PlaceId, RequestId, SiteId, StationId, StoreId,
    TableId, VersionsId,
};
pub use crate::station::sharing::Contention;
pub use crate::station::store::Evict;
use crate::units::Span;
use crate::workload::Arrivals;

/// How many caches a call may be loading entries of at once: each for a miss of the one before.
pub const LOADS_MAX: usize = 3;

/// A position in [`Model::ops`].
pub type Pc = u32;

/// A priority class: 0 is served first. Classes are dense: the compiler ranks the priorities a model names.
pub type Class = u8;

/// An architecture and its load, ready to be simulated.
#[derive(Clone, Debug)]
pub struct Model {
    /// What the file calls it, or the file's stem.
    pub name: String,
    /// Populations and streams.
    pub groups: Vec<Group>,
    /// What users ask for: one a (group, endpoint) pair.
    pub requests: Vec<Request>,
    /// Services, databases, caches, pools, externals.
    pub places: Vec<Place>,
    /// Replicas of all places; those of one place are adjacent.
    pub members: Vec<Member>,
    /// Resources of all members; those of one member are adjacent and in the same order for every member of a place.
    pub stations: Vec<Station>,
    /// Choices among members.
    pub balancers: Vec<Balancer>,
    /// Endpoints of all places; those of one place are adjacent.
    pub endpoints: Vec<Endpoint>,
    /// All programs, one behind the other.
    pub ops: Vec<Op>,
    /// Calls as written in the programs.
    pub sites: Vec<Site>,
    /// Distributions of times, in seconds.
    pub dists: Vec<Dist>,
    /// Distributions of counts.
    pub counts: Vec<Count>,
    /// Weighted choices.
    pub tables: Vec<Table>,
    /// Draws of the keys that steps are about.
    pub keys: Vec<KeyDraw>,
    /// What is written and read by key.
    pub versions: Vec<Versions>,
    /// Caches that know their keys.
    pub stores: Vec<Store>,
    /// Pools whose connections have to be opened.
    pub connects: Vec<Connect>,
    /// Names of the priority classes, first served first.
    pub classes: Vec<String>,
    /// Objectives.
    pub objectives: Vec<Objective>,
    /// What requests bring, where the model says so.
    pub business: Option<Business>,
    /// The load that is expected, where the model states one.
    pub peak: Option<Peak>,
    /// Defaults of the study; flags override them.
    pub study: Study,
    /// What happens at a given time, in the order of time.
    pub changes: Vec<Change>,
    /// The most slots any call holds at once.
    pub holds_max: usize,
    /// The deepest nesting of `repeat` in any program.
    pub loops_max: usize,
}

/// One population of users, or one stream of requests.
#[derive(Clone, Debug)]
pub struct Group {
    /// As in the file; `load` when it has only one group.
    pub name: String,
    /// Who asks, and when.
    pub source: Source,
    /// Patience: how long a user waits for an answer.
    pub timeout: Option<DistId>,
    /// Default priority of its requests.
    pub class: Class,
    /// Which of [`Group::requests`] comes next; outcome `i` is `requests.start + i`.
    pub mix: TableId,
    /// Its rows of [`Model::requests`].
    pub requests: Range<u32>,
}

/// The most users that are simulated at once, over all groups.
pub const USERS_MAX: u32 = 10_000_000;

/// Where requests come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Requests arrive whatever the system does.
    Open {
        /// The arrival process; its rate counts requests.
        arrivals: Arrivals,
        /// How many users they come from, for sticky sessions; `None`: each request from its own user.
        from_users: Option<u32>,
    },
    /// Users who think, ask, wait for the answer and think again.
    Closed {
        /// How many.
        users: u32,
        /// Think time between an answer and the next request.
        think: DistId,
    },
}

/// One kind of request: what a group asks of an endpoint.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub group: GroupId,
    /// The endpoint asked.
    pub endpoint: EndpointId,
    /// Share of the group's requests, in (0, 1].
    pub share: f64,
    /// Its class, by the nearest priority.
    pub class: Class,
    /// The name of the endpoint (`web.browse`); with the group in front (`partners/web.search`) where several groups ask for it.
    pub name: String,
    /// The tightest latency objective on the endpoint: answers within it are goodput.
    pub good_within: Option<Span>,
    /// The program that a request from another region runs outside the service: it travels, calls the endpoint, and
    /// ends. `None`: the request is there at once.
    pub via: Option<Pc>,
}

/// What sort of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// `services`
    Service,
    /// `externals`
    External,
    /// `databases`
    Database,
    /// `caches`
    Cache,
    /// `pools`: connection pools and locks, held by a caller around its steps.
    Pool,
    /// `queues`: messages that nobody waits for.
    Queue,
    /// What a database has written on its way to the read replicas.
    Replication,
    /// `links`: its one resource is the bandwidth that transfers share.
    Link,
}

/// Anything that can be waited for.
#[derive(Clone, Debug)]
pub struct Place {
    /// Unique in the model.
    pub name: String,
    /// Its section.
    pub kind: PlaceKind,
    /// Its replicas.
    pub members: Range<u32>,
    /// Its endpoints (a database's queries, a cache's look-up); empty for a pool.
    pub endpoints: Range<u32>,
    /// The keys that steps here are about, where the model names them.
    pub keys: Option<Popularity>,
    /// What it costs, if the file says so.
    pub prices: Option<Prices>,
    /// Where in the world it is, if the file says so.
    pub region: Option<String>,
    /// Of a link: bits per second.
    pub bandwidth_bps: Option<f64>,
}

/// What a place costs, all in the one currency of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// Currency as written: `$`, `EUR`.
    pub currency: String,
    /// An hour of each member.
    pub per_hour: f64,
    /// A call received.
    pub per_call: f64,
    /// A byte carried (links).
    pub per_byte: f64,
    /// A byte kept for an hour (databases, caches).
    pub per_byte_hour: f64,
    /// Bytes kept, all copies together.
    pub kept_bytes: f64,
}

impl Prices {
    /// Whether the bill depends on what is asked of the place.
    #[must_use]
    pub fn by_usage(&self) -> bool {
        self.per_call > 0.0 || self.per_byte > 0.0
    }
}

/// What requests bring, and what they bring less when they take longer.
#[derive(Clone, Debug, PartialEq)]
pub struct Business {
    /// Currency as written.
    pub currency: String,
    /// A right answer brings so much at the reference latency.
    pub revenue_per_request: f64,
    /// The share of that which 100 ms more of latency cost: linear, and never more than all of it.
    pub lost_per_100ms: f64,
    /// The requests that bring it; `None`: all.
    pub endpoint: Option<EndpointId>,
    /// The latency at which nothing is lost, in seconds; `None`: the mean of each request when nobody waits.
    pub reference_s: Option<f64>,
}

/// One replica of a place.
#[derive(Clone, Debug)]
pub struct Member {
    /// `web.2`, `orders.primary`, `orders.replica.1`; the place's own name where it has one member.
    pub name: String,
    /// The place it belongs to.
    pub place: PlaceId,
    /// Relative share under weighted balancing.
    pub weight: f64,
    /// Its resources. A [`Resource::Own`] index counts from the start.
    pub stations: Range<u32>,
    /// The station of its shared or FIFO cores, if its CPU is limited.
    pub cores: Option<StationId>,
}

/// One resource of one member (with `central` balancing: of the whole place, listed under its first member).
#[derive(Clone, Debug)]
pub struct Station {
    /// `workers`, `cores`, `servers`, `connections`, `slots`, `bandwidth`.
    pub resource: &'static str,
    /// Whose it is.
    pub member: MemberId,
    /// How it serves.
    pub kind: StationKind,
}

/// How a resource serves.
#[derive(Clone, Debug)]
pub enum StationKind {
    /// Slots that are held: workers, servers, connections, a pool, a lock.
    Slots {
        /// How many there are; at least 1.
        capacity: u32,
        /// How many may wait; `None`: any number, 0: none.
        queue: Option<u32>,
        /// How long one waits before it leaves.
        patience: Option<DistId>,
        /// Who goes next.
        discipline: Discipline,
    },
    /// A lock for every key.
    Locks {
        /// How many calls the locks carry at once: for rows one over the share of the most popular key, rounded, so that
        /// utilisation is that of the most popular key; as many as keys where nobody waits for want of room.
        capacity: u32,
        /// How long one waits before it leaves.
        patience: Option<DistId>,
    },
    /// Processors that running calls share.
    Cores {
        /// How many; at least 1.
        cores: u32,
        /// How running calls share them.
        sharing: Sharing,
    },
}

impl Station {
    /// Slots or cores.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        match self.kind {
            StationKind::Slots { capacity, .. } | StationKind::Locks { capacity, .. } => capacity,
            StationKind::Cores { cores, .. } => cores,
        }
    }

    /// Seconds of work it does in a second, at most: its capacity, or less where calls slow each other down.
    #[must_use]
    pub fn speed_max(&self) -> f64 {
        match self.kind {
            StationKind::Cores { cores, sharing: Sharing::Contended(law) } => law.speed_max(cores),
            _ => f64::from(self.capacity()),
        }
    }
}

/// Who is served next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// First come, first served.
    Fifo,
    /// Last come, first served, without pre-emption.
    Lifo,
    /// The highest class first, FIFO within it, without pre-emption.
    Priority,
}

/// How running calls share cores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sharing {
    /// Processor sharing: higher classes first, equal shares within a class, at most one core a call.
    Shared,
    /// As `Shared`, and running calls slow each other down.
    Contended(Contention),
    /// One core a call until it is done.
    Fifo(Discipline),
    /// As `Fifo(Priority)`, but a higher class takes the core of the lowest class running, which resumes later.
    Preemptive,
}

/// How keys are spread over shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sharding {
    /// How many there are; at least 2.
    pub shards: u32,
    /// Members of one shard: its primary and its read replicas.
    pub stride: u32,
    /// How many keys there are, where they are spread by range: each shard has an equal part of them, the most popular first.
    /// Otherwise a hash of the key decides.
    pub by_range: Option<u32>,
}

impl Sharding {
    /// The shard of a key, from 0.
    #[inline]
    #[must_use]
    pub fn of(self, key: u32) -> u32 {
        match self.by_range {
            Some(keys) => (u64::from(key.min(keys - 1)) * u64::from(self.shards) / u64::from(keys)) as u32,
            None => (crate::rng::scramble(u64::from(key)) % u64::from(self.shards)) as u32,
        }
    }
}

/// A key that a step is about.
#[derive(Clone, Debug)]
pub struct KeyDraw {
    /// Which keys there are, and how often each is asked for.
    pub law: Popularity,
    /// Steps of one request that name the key alike mean the same key; `None`: this step's own.
    pub name: Option<u64>,
}

/// Versions of keys: the newest, and what each copy has seen of it.
#[derive(Clone, Debug)]
pub struct Versions {
    /// The database, or the cache.
    pub place: PlaceId,
    /// How many keys; 1 where the model names none.
    pub keys: u32,
    /// Asynchronous copies of each key: the read replicas of a shard.
    pub copies: u32,
    /// How long after a write its user reads from the primary.
    pub own_write: Option<Span>,
}

/// A cache that knows its keys.
#[derive(Clone, Debug)]
pub struct Store {
    /// The cache.
    pub place: PlaceId,
    /// How many keys there are.
    pub law: Popularity,
    /// How many entries it has room for, over all its parts.
    pub entries: u32,
    /// Who makes room.
    pub evict: Evict,
    /// How long an entry is good for.
    pub ttl: Option<DistId>,
    /// The TTL starts anew with every use.
    pub sliding: bool,
    /// Starts as under a long steady load; otherwise empty.
    pub warm: bool,
    /// Keys are spread by hash over so many parts, with an equal part of the entries each.
    pub parts: u32,
    /// One such cache in each member of the place that asks.
    pub per: Option<PlaceId>,
    /// One loader a key, the others wait: which station of the part is where they do.
    pub coalesce: Option<u32>,
    /// What a write does.
    pub on_write: OnWrite,
    /// The newest versions of its keys, where something writes them.
    pub versions: Option<VersionsId>,
    /// Writes an entry back when it is evicted.
    pub write_back: Option<SiteId>,
    /// The share of look-ups that hit, as independent references of these popularities would, TTL aside.
    pub hit_ratio: f64,
    /// How many look-ups an entry survives, by Che's approximation; of LFU, SIEVE and TinyLFU: in how many its key is asked for at
    /// least once. Infinite where nothing is evicted.
    pub survives: f64,
}

/// A pool whose connections have to be opened first.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// The stations of the pool.
    pub stations: Range<u32>,
    /// How long it takes to open one.
    pub cost: DistId,
    /// How long one stays open without use.
    pub idle: Span,
}

/// What a write does to a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWrite {
    /// Its entry goes.
    Invalidate,
    /// Its entry is replaced.
    WriteThrough,
    /// Its entry is replaced, and what is behind the cache learns of it when the entry is evicted.
    WriteBack,
    /// Nothing: the entry is stale until its TTL ends.
    Nothing,
}

/// A choice among members of a place.
#[derive(Clone, Debug)]
pub struct Balancer {
    /// The members to choose from.
    pub members: Range<u32>,
    /// How.
    pub policy: Balance,
}

/// How a balancer chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Balance {
    /// In turn. Also for a single member.
    RoundRobin,
    /// Uniformly.
    Random,
    /// The member with the fewest calls in its system; ties in turn.
    LeastRequests,
    /// The emptier of `d` distinct members drawn at random.
    PowerOf(u32),
    /// In proportion to the members' weights, at random.
    Weighted,
    /// By a hash of the user.
    Sticky,
    /// One queue for all: the member is whichever frees a slot. The members share one station for workers.
    Central,
}

/// An entry point of a place: a program and who runs it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `browse`; the full name is `web.browse`.
    pub name: String,
    /// Where it lives.
    pub place: PlaceId,
    /// Chooses the member that serves a call.
    pub balancer: BalancerId,
    /// Its own priority, if it states one; wins over its caller's unless the call states one.
    pub class: Option<Class>,
    /// Its calls go to the shard of their key; one balancer a shard follows [`Endpoint::balancer`].
    pub shards: Option<Sharding>,
    /// A read that goes to the primary for a while after its user wrote.
    pub after_own_write: Option<VersionsId>,
    /// Its first op. The program takes what it needs ([`Op::Acquire`]), works, and ends with [`Op::End`].
    pub entry: Pc,
    /// For readers: how its time follows from sizes (`scan 100,000 rows x 20us = 2s`); empty where it is stated.
    pub told: String,
}

/// One step of a program.
///
/// A call that ends, in whatever way, gives back all it holds, last taken first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Take a slot, waiting for it if need be.
    Acquire(Resource),
    /// Give back the slot taken last.
    Release,
    /// The slot taken last is a connection: open it, unless it is open from its last use.
    Open(DistId),
    /// Time passes: `delay`, a query's time, a look-up. Counts as service.
    Work(DistId),
    /// Occupy a core of the member; plain time where its cores are not limited. Counts as service.
    Cpu(DistId),
    /// Start `count` sites from `first` on and go on when `need` answers came, or can no longer come.
    Call {
        /// The first of adjacent sites.
        first: SiteId,
        /// How many sites; the copies of a site ([`Site::copies`]) come on top.
        count: u32,
        /// How many right answers are enough.
        need: u32,
    },
    /// A cache with a given hit ratio: fall through on a hit, jump on a miss.
    Lookup {
        /// The cache.
        place: PlaceId,
        /// Outcome 0 is a hit, 1 a miss.
        table: TableId,
        /// Where a miss goes on.
        miss: Pc,
    },
    /// Start `count` sites from `first` on and wait for none of them.
    Send {
        /// The first of adjacent sites.
        first: SiteId,
        /// How many.
        count: u32,
    },
    /// From here on the call is about this key, and so are the calls it makes.
    Key(KeyId),
    /// A write of the call's key is done: its version is the newest, and is on its way to the copies.
    Commit {
        /// What was written.
        versions: VersionsId,
        /// Ships it to the copies of the first shard, one site a copy; those of the other shards follow.
        first: SiteId,
    },
    /// A read of the call's key at its member: is it stale there?
    Read(VersionsId),
    /// A write of the call's key has arrived at a copy.
    Apply {
        /// What was written.
        versions: VersionsId,
        /// Which copy.
        copy: u32,
    },
    /// Look the call's key up: fall through on a hit, jump on a miss. With one loader a key, wait while another loads it.
    Get {
        /// The cache.
        store: StoreId,
        /// Where a miss goes on.
        miss: Pc,
        /// How many loads are under way already: this is for a miss of another cache; below [`LOADS_MAX`].
        depth: u8,
    },
    /// What was missed has been loaded: keep it, and let go on who waited for it.
    Fill {
        /// The cache.
        store: StoreId,
        /// As in its [`Op::Get`].
        depth: u8,
    },
    /// The call's key has been written.
    Put(StoreId),
    /// Go on at `self + 1 + outcome`, where a row of [`Op::Jump`]s stands.
    Choose(TableId),
    /// Go on elsewhere.
    Jump(Pc),
    /// Open a loop: draw how often it runs (0: go to `end`).
    Repeat {
        /// How often.
        times: CountRef,
        /// The op behind the loop.
        end: Pc,
    },
    /// Close a counted loop: back to `start` until it ran as often as drawn.
    Again {
        /// The first op of the body.
        start: Pc,
    },
    /// Open a loop that goes on with a probability each time (asked before each turn); else go to `end`.
    While {
        /// Outcome 0: another turn; 1: the end.
        table: TableId,
        /// The op behind the loop.
        end: Pc,
    },
    /// Note the newest version of the call's key in the innermost loop.
    Snapshot(VersionsId),
    /// If the version is still the one noted, write the next, leave the loop and go on at `done`; else fall through.
    Validate {
        /// What is written.
        versions: VersionsId,
        /// The op behind it all.
        done: Pc,
    },
    /// Fail with a probability: outcome 0 fails, 1 goes on.
    Fail(TableId),
    /// Fail if the member is lost.
    Reach,
    /// The answer leaves.
    End,
}

/// An index into [`Model::counts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRef(pub u32);

/// Which slot to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The n-th station of the call's own member.
    Own(u32),
    /// The one station of a pool or lock that all share.
    Shared(StationId),
    /// The n-th station of the call's own member, which has a lock for every key: that of the call's key.
    OwnLock(u32),
    /// The one station of a pool that has a lock for every key: that of the call's key.
    SharedLock(StationId),
    /// The pool of the call's own member: station `first + (member - first member of its place)`.
    PerMember {
        /// The pool's first station.
        first: StationId,
    },
}

/// A call as written: whom, how long to wait, how often to try.
#[derive(Clone, Debug)]
pub struct Site {
    /// Whom it calls.
    pub target: Target,
    /// Bounds one attempt, from submission.
    pub timeout: Option<DistId>,
    /// On timeout, or as a leftover of a quorum: cancel the callee. Otherwise it works on, detached. Branches are always
    /// cancelled; it then holds for what they called.
    pub cancel: bool,
    /// Attempts in all; at least 1.
    pub attempts: u32,
    /// Waiting time before the second and later attempts.
    pub backoff: Option<Backoff>,
    /// What becomes of an error of the last attempt.
    pub on_error: OnError,
    /// Its own priority.
    pub class: Option<Class>,
    /// How many copies are started at once (`times`); at least 1.
    pub copies: u32,
    /// How many of the copies run at a time: the next starts when one is over. At least 1; below `copies` only where the site
    /// stands alone in its step.
    pub at_once: u32,
    /// Structural name: a hash of endpoint, target and occurrence. Draws of the callee depend on it and not on positions, so that
    /// variants stay paired.
    pub step: u64,
}

/// Whom a site calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// An endpoint; its balancer chooses the member.
    Endpoint(EndpointId),
    /// An endpoint at a given member (`each: replicas`).
    Member(EndpointId, MemberId),
    /// An endpoint at the member whose number in its place is that of the caller in his: what belongs to a replica.
    Beside(EndpointId),
    /// An endpoint at a part of its members: a shard by its number (`each: shards`), or the replicas of a region (`from: nearest`). The
    /// balancer that stands so many behind that of the endpoint chooses the member.
    Part(EndpointId, u32),
    /// Steps of the same program, at the same member, without a worker of their own. They end with [`Op::End`].
    Branch(Pc),
}

/// What becomes of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// The caller fails with the same kind.
    Raise,
    /// The caller goes on as if answered.
    Continue,
    /// The caller goes on at these steps, which lead back behind the call.
    Fallback(Pc),
}

/// Waiting between attempts: `first * factor^(k-1)` before attempt `k + 1`, up to `max`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Before the second attempt, in seconds.
    pub first: f64,
    /// At least 1.
    pub factor: f64,
    /// In seconds.
    pub max: f64,
    /// How the waiting time is spread.
    pub jitter: Jitter,
}

/// How a back-off is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Uniform between 0 and the whole.
    Full,
    /// Uniform between half and the whole.
    Equal,
}

/// A weighted choice with its alias table.
#[derive(Clone, Debug)]
pub struct Table {
    /// Probabilities; they sum to 1.
    pub shares: Vec<f64>,
    /// Draws an outcome in constant time.
    pub alias: crate::dist::Alias,
}

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Peak {
    /// Requests per second over all groups.
    Rate(f64),
    /// Users over all groups.
    Users(f64),
}

/// A statistic of latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// A quantile in (0, 1): 0.95 for p95.
    Quantile(f64),
}

/// One line of `slo`.
#[derive(Clone, Debug)]
pub struct Objective {
    /// The endpoint it speaks of; `None`: all requests (`total`), or a place.
    pub endpoint: Option<EndpointId>,
    /// The place it speaks of.
    pub place: Option<PlaceId>,
    /// What must hold.
    pub goal: Goal,
    /// As written: `p95 < 200ms`.
    pub text: String,
    /// A breach is told and fails nothing: it is no part of the limit, nor of goodput.
    pub warns: bool,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// A latency statistic of right answers stays below so many seconds.
    Latency(Statistic, f64),
    /// The share of requests that end in an error stays below.
    Errors(f64),
    /// The Apdex score at a threshold (s) stays above.
    Apdex {
        /// The threshold T in seconds: satisfied up to T, tolerating up to 4 T.
        threshold: f64,
        /// The score.
        above: f64,
    },
    /// Goodput stays above so many per second.
    GoodputRate(f64),
    /// Goodput stays above this share of offered requests.
    GoodputShare(f64),
    /// The share of look-ups that hit stays above (caches).
    HitRatio(f64),
    /// The busy share of the busiest resource stays below (places).
    Utilization(f64),
    /// The share of answers that had been overwritten stays below (caches, databases).
    Stale(f64),
    /// How long messages wait for a consumer, in seconds, stays below (queues).
    Age(Statistic, f64),
    /// Money a month stays below (all, or a place).
    MonthlyCost(f64),
    /// Money for a million right answers stays below (all).
    MillionCost(f64),
}

impl Goal {
    /// What it is held against: seconds, a share of one, a score, per second, or money.
    #[must_use]
    pub fn bar(&self) -> f64 {
        match *self {
            Self::Latency(_, bar)
            | Self::Errors(bar)
            | Self::Apdex { above: bar, .. }
            | Self::GoodputRate(bar)
            | Self::GoodputShare(bar)
            | Self::HitRatio(bar)
            | Self::Utilization(bar)
            | Self::Stale(bar)
            | Self::Age(_, bar)
            | Self::MonthlyCost(bar)
            | Self::MillionCost(bar) => bar,
        }
    }

    /// The threshold of an Apdex score, in ns.
    #[must_use]
    pub fn apdex_ns(&self) -> Option<u64> {
        match self {
            Self::Apdex { threshold, .. } => Some(Span::from_secs(*threshold).0),
            _ => None,
        }
    }

    /// It must stay below its bar; otherwise above.
    #[must_use]
    pub fn is_below(&self) -> bool {
        !matches!(self, Self::Apdex { .. } | Self::GoodputRate(_) | Self::GoodputShare(_) | Self::HitRatio(_))
    }
}

/// How to study the model; every field a default that a flag overrides.
#[derive(Clone, Debug)]
pub struct Study {
    /// The seed of everything.
    pub seed: u64,
    /// Statistics with their asked relative half width at 95 %.
    pub precision: Vec<(Statistic, f64)>,
    /// Requests per replication after warm-up, instead of a precision.
    pub requests: Option<u64>,
    /// Model time per replication after warm-up, instead of a precision.
    pub duration: Option<Span>,
    /// Model time cut off at the start, instead of MSER-5.
    pub warmup: Option<Span>,
    /// Independent replications at every point.
    pub replications: u32,
    /// Events that all replications of a point may cost.
    pub budget: u64,
}

impl Model {
    /// The stations of a place, all members.
    pub fn stations_of(&self, place: PlaceId) -> impl Iterator<Item = (StationId, &Station)> {
        self.members_of(place)
            .flat_map(|(_, member)| member.stations.clone())
            .map(|i| (StationId(i), &self.stations[i as usize]))
    }

    /// The members of a place.
    pub fn members_of(&self, place: PlaceId) -> impl Iterator<Item = (MemberId, &Member)> {
        self.places[place.index()].members.clone().map(|i| (MemberId(i), &self.members[i as usize]))
    }

    /// The endpoints of a place.
    pub fn endpoints_of(&self, place: PlaceId) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
        self.places[place.index()].endpoints.clone().map(|i| (EndpointId(i), &self.endpoints[i as usize]))
    }

    /// The requests of a group.
    pub fn requests_of(&self, group: GroupId) -> impl Iterator<Item = (RequestId, &Request)> {
        self.groups[group.index()].requests.clone().map(|i| (RequestId(i), &self.requests[i as usize]))
    }

    /// What an objective speaks of: `web.browse`, `total`, `products`.
    #[must_use]
    pub fn objective_subject(&self, objective: &Objective) -> String {
        match (objective.endpoint, objective.place) {
            (Some(endpoint), _) => self.endpoint_name(endpoint),
            (None, Some(place)) => self.places[place.index()].name.clone(),
            (None, None) => "total".to_owned(),
        }
    }

    /// `web.browse`
    #[must_use]
    pub fn endpoint_name(&self, endpoint: EndpointId) -> String {
        let e = &self.endpoints[endpoint.index()];
        format!("{}.{}", self.places[e.place.index()].name, e.name)
    }
}
