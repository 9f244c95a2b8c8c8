//! What calls do: ops, and what they refer to.

use super::{Class, Pc};
use crate::ids::{
    DistId, EndpointId, KeyId, MemberId, PlaceId, SiteId, StationId, StoreId, TableId, VersionsId,
};

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
        /// How many loads are under way already: this is for a miss of another cache; below [`LOADS_MAX`](super::LOADS_MAX).
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

/// An index into [`Model::counts`](super::Model::counts).
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
