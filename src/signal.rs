//! What the engine tells the outside, and who listens.

use crate::ids::{EndpointId, GroupId, MemberId, PlaceId, RequestId, StationId};
use crate::units::{Span, Time};

/// How an attempt, or a request, ended in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorKind {
    /// No answer in time.
    Timeout,
    /// No room.
    Rejected,
    /// Left a queue.
    Abandoned,
    /// `fail`, faults.
    Failed,
}

impl ErrorKind {
    /// All kinds, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Timeout, Self::Rejected, Self::Abandoned, Self::Failed];

    /// As in reports and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        }
    }
}

/// An error with its root cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// What happened.
    pub kind: ErrorKind,
    /// Where it happened first.
    pub place: PlaceId,
}

/// How a call or a request ended: right, or with a fault.
pub type Outcome = Result<(), Fault>;

/// Names a request, and all calls made for it, while it is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin(pub u64);

/// A call at an endpoint of a place, told when it has left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visit {
    /// The endpoint it was made to.
    pub endpoint: EndpointId,
    /// The member that served it; with central queues that of the worker, or the first where none was given.
    pub member: MemberId,
    /// When it was submitted.
    pub arrived: Time,
    /// Time it waited here: for slots and for its share of a core.
    pub wait: Span,
    /// Work done for it here.
    pub service: Span,
    /// How it ended. `None`: it was cancelled.
    pub outcome: Option<Outcome>,
    /// Its caller had gone: the work was wasted.
    pub detached: bool,
    /// The request that waits for it. Told only to probes that dissect requests.
    pub origin: Option<Origin>,
}

/// A request as its user saw it, told when the user has an answer or gives up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ended {
    /// What was asked.
    pub request: RequestId,
    /// Which request of its source: user and count, or the running number of an open stream.
    pub serial: u64,
    /// When it was submitted.
    pub submitted: Time,
    /// How it ended.
    pub outcome: Outcome,
    /// What its calls are known by.
    pub origin: Origin,
}

/// One thing that happened in the simulated world.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    /// A user submitted a request.
    Submitted {
        /// What is asked.
        request: RequestId,
        /// What its calls will be known by.
        origin: Origin,
    },
    /// A request is over for its user.
    Ended(Ended),
    /// A call arrived at a place: `in_system` rises. `slot` identifies the call until it leaves.
    Arrived {
        /// The endpoint called.
        endpoint: EndpointId,
        /// The member chosen.
        member: MemberId,
    },
    /// A call left a place: `in_system` falls.
    Left(Visit),
    /// A caller gave a call up; it works on.
    Detached {
        /// The endpoint called.
        endpoint: EndpointId,
    },
    /// A station that was asked has no room.
    Refused {
        /// The station.
        station: StationId,
    },
    /// A call waits at a station from now on.
    Queued {
        /// The station.
        station: StationId,
    },
    /// A call got a slot or a core after `wait` (zero where it did not wait). If `wait` is above zero it had been [`Signal::Queued`].
    Started {
        /// The station.
        station: StationId,
        /// Time spent waiting for it.
        wait: Span,
        /// It had been queued (even if no time passed).
        queued: bool,
    },
    /// A waiting call left the queue without being served.
    Quit {
        /// The station.
        station: StationId,
        /// Time spent waiting for it.
        wait: Span,
    },
    /// A call has waited, in vain or not, and a request with it. Told only to probes that dissect requests.
    Waited {
        /// The station it waited at.
        station: StationId,
        /// How long; above zero.
        wait: Span,
        /// The request that waits for it.
        origin: Origin,
    },
    /// A caller gives an attempt up that goes on without it. Told only to probes that dissect requests.
    GaveUp {
        /// The endpoint called.
        endpoint: EndpointId,
        /// How long it was waited for.
        after: Span,
        /// The request that waited for it.
        origin: Origin,
    },
    /// A slot or a core was given back, after being held for `held`.
    Stopped {
        /// The station.
        station: StationId,
        /// How long it was held.
        held: Span,
    },
    /// The number of calls running at shared cores changed.
    Running {
        /// The station.
        station: StationId,
        /// Calls running now.
        calls: u32,
    },
    /// A call on shared cores is done (or was cancelled); sharing them cost it `wait` more than its work.
    Stretched {
        /// The station.
        station: StationId,
        /// Time beyond the work done.
        wait: Span,
    },
    /// A cache was asked.
    LookedUp {
        /// The cache.
        place: PlaceId,
        /// It had the answer.
        hit: bool,
        /// The answer had been overwritten since.
        stale: bool,
    },
    /// A look-up missed, waited until another had loaded the entry, and has it now.
    Coalesced {
        /// The cache.
        place: PlaceId,
        /// The answer had been overwritten since.
        stale: bool,
    },
    /// A call has to begin anew: another wrote its key meanwhile.
    Conflict {
        /// The database.
        place: PlaceId,
    },
    /// A query reads a key.
    Read {
        /// The query.
        endpoint: EndpointId,
        /// Its member has not seen the newest version.
        stale: bool,
    },
    /// An attempt failed and another will follow.
    Retried {
        /// The endpoint called again.
        endpoint: EndpointId,
    },
    /// A user started to think (closed groups).
    Thinking {
        /// The group.
        group: GroupId,
    },
}

/// Listens to a run.
///
/// A generic parameter of the engine: a probe that ignores a signal costs nothing for it.
pub trait Probe {
    /// It wants to know which request waits for a call.
    const DISSECTS: bool = false;

    /// Something happened at `now`. Times never decrease.
    fn on(&mut self, now: Time, signal: Signal);
}

/// Listens to nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Probe for Silent {
    #[inline(always)]
    fn on(&mut self, _now: Time, _signal: Signal) {}
}
