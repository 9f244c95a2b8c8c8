//! Places, those who serve there, and what is limited: members, stations, caches, balancers.

use std::ops::Range;
use std::sync::Arc;

use super::{Class, Contention, Evict, Pc};
use crate::dist::Popularity;
use crate::ids::{BalancerId, DistId, EndpointId, MemberId, PlaceId, SiteId, StationId, VersionsId};
use crate::units::Span;

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
    /// For readers: of a database, where its reads go; empty where no reads are routed.
    pub reads: String,
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
    /// Its resources. A [`Resource::Own`](super::Resource::Own) index counts from the start.
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
    /// Steps of one request that name the key alike mean the same key: a hash of the name; `None`: this step's own.
    pub name: Option<u64>,
    /// The name, for readers; empty where there is none.
    pub label: String,
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
    /// Its keys, and how often each is asked for.
    pub law: Popularity,
    /// Behind other caches: by key, its share of the look-ups that those let through.
    pub seen: Option<Arc<[f64]>>,
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
    /// The share of look-ups that hit, as independent references of these shares would, TTL aside.
    pub hit_ratio: f64,
    /// How many look-ups an entry survives, by Che's approximation; of LFU, SIEVE and TinyLFU: in how many its key is asked for at
    /// least once. Infinite where nothing is evicted.
    pub survives: f64,
}

impl Store {
    /// The part where a key belongs, from 0, where keys are spread by hash.
    #[inline]
    #[must_use]
    pub fn part_of(&self, key: u32) -> u32 {
        if self.parts == 1 {
            0
        } else {
            (crate::rng::scramble(u64::from(key)) % u64::from(self.parts)) as u32
        }
    }

    /// The share of a key in its look-ups.
    #[inline]
    #[must_use]
    pub fn share(&self, key: u32) -> f64 {
        self.seen.as_ref().map_or_else(|| self.law.share(key), |seen| seen[key as usize])
    }

    /// The probability that it holds a key with this share of its look-ups, expiry aside: by Che's approximation; of LFU, SIEVE and
    /// TinyLFU as if they held the most popular keys.
    #[must_use]
    pub fn kept(&self, share: f64) -> f64 {
        let x = share * self.survives;
        match self.evict {
            _ if x == f64::INFINITY => 1.0,
            Evict::Lru => -(-x).exp_m1(),
            Evict::Fifo | Evict::Random => x / (1.0 + x),
            Evict::Lfu | Evict::Sieve | Evict::TinyLfu => f64::from(u8::from(x >= 1.0)),
        }
    }

    /// The shares of all keys in what it misses, key by key, expiry aside; those of its look-ups where it misses nothing.
    pub fn misses(&self) -> impl Iterator<Item = f64> + '_ {
        let missed = |share: f64| share * (1.0 - self.kept(share));
        let all: f64 = self.shares().map(missed).sum();
        self.shares().map(move |share| if all > 0.0 { missed(share) / all } else { share })
    }

    /// The shares of all keys in its look-ups, key by key.
    pub fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.law.len()).map(|key| self.share(key))
    }
}

/// A pool of connections, or a lock: whose calls to whom go through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Its own place.
    pub place: PlaceId,
    /// One in each replica of this place; `None`: one for all.
    pub per: Option<PlaceId>,
    /// Calls to this place go through it. Where that is a pool, it is a pooler behind this one. `None`: only `hold` takes it.
    pub to: Option<PlaceId>,
    /// As a pooler, it serves a connection of a pool before it for as long as that is held, and not for a query at a time.
    pub session: bool,
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
    /// Its first op. The program takes what it needs ([`Op::Acquire`](super::Op::Acquire)), works, and ends with [`Op::End`](super::Op::End).
    pub entry: Pc,
    /// For readers: how its time follows from sizes (`scan 100,000 rows x 20us = 2s`); empty where it is stated.
    pub told: String,
}
