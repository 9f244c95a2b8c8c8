//! The compiled model: checked, names resolved, immutable.
//!
//! A [`Model`] is plain tables that refer to each other by index. Every endpoint is one flat program of [`Op`]s. The
//! engine interprets it; the analysis reads demands and capacities from it. Nothing here is ever out of range: the
//! compiler checked it.

mod change;
mod demand;
pub mod listing;
mod objective;
mod place;
mod program;

use std::collections::BTreeMap;
use std::ops::Range;

pub use self::change::{Change, Happening};
pub use self::demand::{Bound, Demand, Demands};
pub use self::objective::{Goal, Objective, Peak, Statistic, Study};
pub use self::place::{
    Balance, Balancer, Business, Connect, Discipline, Endpoint, KeyDraw, Member, OnWrite, Place, PlaceKind,
    Pool, Prices, Sharding, Sharing, Station, StationKind, Store, Versions,
};
pub use self::program::{Backoff, CountRef, Jitter, OnError, Op, Resource, Site, Table, Target};

use crate::dist::{Count, Dist};
use crate::ids::{DistId, EndpointId, GroupId, MemberId, PlaceId, RequestId, StationId, TableId};
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
    /// For readers: what a time is that no step of the file states as such, such as a round trip.
    pub notes: BTreeMap<DistId, String>,
    /// Round trips between regions, those that are taken.
    pub round_trips: Vec<([String; 2], DistId)>,
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
    /// Pools and locks: whose calls to whom go through them.
    pub pools: Vec<Pool>,
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

    /// All ops of an endpoint, blocks off the straight way included: programs stand in the order of endpoints.
    #[must_use]
    pub fn program_of(&self, endpoint: EndpointId) -> &[Op] {
        let entry = |at: usize| self.endpoints.get(at).map_or(self.ops.len(), |next| next.entry as usize);
        &self.ops[entry(endpoint.index())..entry(endpoint.index() + 1)]
    }

    /// `web.browse`
    #[must_use]
    pub fn endpoint_name(&self, endpoint: EndpointId) -> String {
        let e = &self.endpoints[endpoint.index()];
        format!("{}.{}", self.places[e.place.index()].name, e.name)
    }
}
