//! What is legal, but perhaps not what was meant. Every warning says what to do about it.

use std::collections::BTreeSet;

use super::caches::CacheKind;
use super::{Body, Compiler};
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{DistId, EndpointId, GroupId, PlaceId, StationId};
use crate::model::{Demands, Model, Op, PlaceKind, Pool, Request, Resource, Source, StationKind};
use crate::units::Span as Length;

/// Retries multiply the load: warned of from this factor on, and wherever they are nested.
const RETRIES_MAX: u64 = 10;

/// Demands of more pairs of request and resource than this are left to the commands that need them.
const DEMANDS_MAX: usize = 2_000_000;

/// A limit on a call, and what it waits for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Where it is written.
    pub span: Span,
    /// How long.
    pub dist: DistId,
    /// The endpoint called.
    pub endpoint: EndpointId,
    /// The way there and back, in seconds, on average.
    pub way_s: f64,
}

/// A call made while a slot of a pool that is shared is held.
#[derive(Clone, Copy, Debug)]
pub struct CallWithin {
    /// The slot.
    pub held: StationId,
    /// Where it was taken.
    pub since: Span,
    /// The endpoint called.
    pub callee: EndpointId,
    /// Where that is written.
    pub span: Span,
}

impl Compiler<'_> {
    /// Adds all warnings about a model without errors.
    pub(super) fn warnings(&mut self) {
        let alone = Demands::new(&each_endpoint_alone(&self.model));
        self.short_timeouts(&alone);
        self.nested_retries();
        self.cpu_without_cores();
        self.contention_without_limit();
        self.wide_pools();
        self.slots_over_calls();
        self.unused();
        self.demand_above_capacity();
    }

    fn warn(&mut self, span: Span, message: String, help: impl Into<String>) {
        self.sink.push(Diagnostic::warning(span, message).help(help));
    }

    /// A timeout below the time that the work takes even when nobody waits.
    fn short_timeouts(&mut self, alone: &Demands) {
        let mut limits = self.patience.clone();
        for request in &self.model.requests {
            let group = &self.model.groups[request.group.index()];
            let span = self.group_timeouts.get(request.group.index()).copied().flatten();
            limits.extend(group.timeout.zip(span).map(|(dist, span)| Patience {
                span,
                dist,
                endpoint: request.endpoint,
                way_s: self.way_of_request_s(request),
            }));
        }
        for Patience { span, dist, endpoint, way_s } in limits {
            let timeout = self.model.dists[dist.index()].mean();
            let mean = way_s + alone.requests[endpoint.index()].r_min_s;
            if timeout < mean {
                let message = format!(
                    "a timeout of {} is shorter than the {} that `{}` takes on average when nobody waits",
                    Length::from_secs(timeout),
                    Length::from_secs(mean),
                    self.endpoint_name(endpoint)
                );
                self.warn(span, message, "most calls will time out at any load");
            }
        }
    }

    /// Retries of calls that are retried themselves.
    fn nested_retries(&mut self) {
        // Callers come first: the order of a depth-first search, reversed. There are no loops.
        let order = self.callers_first();
        let mut factor = vec![1u64; self.model.endpoints.len()];
        let mut layers = vec![0u32; self.model.endpoints.len()];
        let graph = self.call_graph();
        for endpoint in order {
            for edge in &graph[endpoint.index()] {
                let times = factor[edge.from.index()].saturating_mul(u64::from(edge.attempts));
                let deep = layers[edge.from.index()] + u32::from(edge.attempts > 1);
                let (to, is_more) = (edge.to.index(), times > factor[edge.to.index()]);
                if is_more && edge.attempts > 1 && (deep > 1 || times >= RETRIES_MAX) {
                    let message = format!(
                        "retries can multiply the calls to `{}` by {times}",
                        self.endpoint_name(edge.to)
                    );
                    let help = match deep {
                        1 => "make fewer attempts, or let later ones back off",
                        _ => "retry at one level only: the attempts of all levels multiply",
                    };
                    self.warn(edge.span, message, help);
                }
                factor[to] = factor[to].max(times);
                layers[to] = layers[to].max(deep);
            }
        }
    }

    fn callers_first(&self) -> Vec<EndpointId> {
        let mut waiting = vec![0usize; self.model.endpoints.len()];
        let graph = self.call_graph();
        for edge in &self.edges {
            waiting[edge.to.index()] += 1;
        }
        let mut order: Vec<EndpointId> =
            (0..waiting.len()).filter(|&e| waiting[e] == 0).map(|e| EndpointId(e as u32)).collect();
        let mut next = 0;
        while let Some(&endpoint) = order.get(next) {
            next += 1;
            for edge in &graph[endpoint.index()] {
                waiting[edge.to.index()] -= 1;
                if waiting[edge.to.index()] == 0 {
                    order.push(edge.to);
                }
            }
        }
        order
    }

    /// `cpu` steps where nothing limits the CPU: each worker is a core of its own.
    fn cpu_without_cores(&mut self) {
        for i in 0..self.model.places.len() {
            let place = &self.model.places[i];
            if place.kind != PlaceKind::Service || !self.uses_cpu(PlaceId(i as u32)) {
                continue;
            }
            let member = &self.model.members[place.members.start as usize];
            if member.cores.is_some() {
                continue;
            }
            let name = &place.name;
            let first = self
                .model
                .stations
                .get(member.stations.start as usize)
                .filter(|_| !member.stations.is_empty());
            let (message, help) = match first.map(|station| station.capacity()) {
                Some(workers) => (
                    format!(
                        "`{name}` has `cpu` steps but no `cores`: its {workers} workers run as if each had a core"
                    ),
                    format!("say how many cores a replica has, or `cores: {workers}` if that is meant"),
                ),
                None => (
                    format!(
                        "`{name}` has `cpu` steps but neither `cores` nor `workers`: it can do any amount of work at once"
                    ),
                    "say how many cores a replica has: `cores: 4`".to_owned(),
                ),
            };
            self.warn(self.place_spans[i], message, help);
        }
    }

    fn uses_cpu(&self, place: PlaceId) -> bool {
        let model = &self.model;
        model
            .endpoints_of(place)
            .any(|(id, _)| self.model.program_of(id).iter().any(|op| matches!(op, Op::Cpu(_))))
    }

    /// Slots of a pool that is shared, taken by those who are called while one is held.
    fn slots_over_calls(&mut self) {
        let graph = self.call_graph();
        for call in std::mem::take(&mut self.calls_within) {
            let takes = |endpoint: EndpointId| {
                let acquires =
                    |op: &Op| matches!(op, Op::Acquire(Resource::Shared(station)) if *station == call.held);
                self.model.program_of(endpoint).iter().any(acquires)
            };
            let mut seen = BTreeSet::from([call.callee]);
            let mut open = vec![call.callee];
            let mut found = None;
            while let Some(endpoint) = open.pop() {
                if takes(endpoint) {
                    found = Some(endpoint);
                    break;
                }
                open.extend(graph[endpoint.index()].iter().map(|edge| edge.to).filter(|to| seen.insert(*to)));
            }
            let Some(endpoint) = found else { continue };
            let message =
                format!("`{}` takes a second slot of a pool while one is held", self.endpoint_name(endpoint));
            let warning = Diagnostic::warning(call.span, message).other(call.since, "held from here on");
            self.sink.push(
                warning
                    .label("this waits for itself when all slots are held")
                    .help("call it before or after, or give it a pool of its own"),
            );
        }
    }

    /// Pools that together open more connections than their database takes, or that can never be used up.
    fn wide_pools(&mut self) {
        for pool in self.model.pools.clone() {
            let slots = self.slots(pool.place, 0).unwrap_or(0);
            let total = slots * self.model.places[pool.place.index()].members.len() as u64;
            let name = self.model.places[pool.place.index()].name.clone();
            let span = self.place_spans[pool.place.index()];
            if let Some(to) = pool.to
                && self.model.places[to.index()].kind == PlaceKind::Database
                && let Some(connections) = self.named_slots(to, "connections")
                && total > connections
            {
                let database = &self.model.places[to.index()].name;
                let message =
                    format!("`{name}` opens up to {total} connections, but `{database}` takes {connections}");
                self.warn(span, message, "queries beyond that are rejected: make the pool smaller, or give the database more `connections`");
            }
            if pool.session {
                self.narrow_session(&name, total, pool, span);
            }
            if let Some(per) = pool.per
                && let Some(workers) = self.named_slots(per, "workers")
                && slots > workers
                && !self.has_parallel(per)
            {
                let owner = &self.model.places[per.index()].name;
                let message = format!(
                    "`{name}` has {slots} slots, but a replica of `{owner}` has only {workers} workers to use them"
                );
                self.warn(span, message, "the slots beyond that are never used");
            }
        }
    }

    /// A connection of a client that stays open keeps one of a pooler in session mode, whether it is used or not.
    fn narrow_session(&mut self, name: &str, slots: u64, pooler: Pool, span: Span) {
        let clients = self.model.pools.iter().filter(|pool| pool.to == Some(pooler.place));
        let each = |pool: &Pool| {
            let members = self.model.places[pool.place.index()].members.len() as u64;
            self.slots(pool.place, 0).unwrap_or(0) * members
        };
        let total: u64 = clients.map(each).sum();
        if total > slots {
            let message = format!(
                "the pools before `{name}` keep up to {total} connections open, and in session mode it serves {slots}"
            );
            let help = "`knee` takes those that are not held for closed: make the pools smaller, or use `mode: transaction`";
            self.warn(span, message, help);
        }
    }

    fn slots(&self, place: PlaceId, nth: u32) -> Option<u64> {
        let member = &self.model.members[self.model.places[place.index()].members.start as usize];
        let station = self.model.stations.get((member.stations.start + nth) as usize)?;
        Some(u64::from(station.capacity()))
    }

    /// Capacity of a resource at the first member of a place.
    fn named_slots(&self, place: PlaceId, resource: &str) -> Option<u64> {
        let member = &self.model.members[self.model.places[place.index()].members.start as usize];
        let mut stations = member.stations.clone().map(|i| &self.model.stations[i as usize]);
        stations.find(|station| station.resource == resource).map(|station| u64::from(station.capacity()))
    }

    fn has_parallel(&self, place: PlaceId) -> bool {
        let several = |op: &Op| match op {
            Op::Call { first, count, .. } => *count > 1 || self.model.sites[first.index()].copies > 1,
            _ => false,
        };
        self.model.endpoints_of(place).any(|(id, _)| self.model.program_of(id).iter().any(several))
    }

    /// Places and endpoints that no request ever reaches.
    fn unused(&mut self) {
        let mut reached: BTreeSet<EndpointId> =
            self.model.requests.iter().map(|request| request.endpoint).collect();
        let mut open: Vec<EndpointId> = reached.iter().copied().collect();
        let graph = self.call_graph();
        while let Some(endpoint) = open.pop() {
            let callees = graph[endpoint.index()].iter().map(|edge| edge.to);
            open.extend(callees.filter(|to| reached.insert(*to)));
        }
        let held: BTreeSet<PlaceId> = self.model.ops.iter().filter_map(|op| self.pool_of(*op)).collect();
        for i in 0..self.model.places.len() {
            let (place, id) = (&self.model.places[i], PlaceId(i as u32));
            let name = place.name.clone();
            if place.kind == PlaceKind::Pool {
                if !held.contains(&id) {
                    self.warn(
                        self.place_spans[i],
                        format!("nothing goes through `{name}`"),
                        "say `to` whom it leads, or `hold` it around steps",
                    );
                }
                continue;
            }
            if place.kind == PlaceKind::Link && place.endpoints.is_empty() {
                let help = "it changes nothing: remove it, or `transfer` something over it";
                self.warn(self.place_spans[i], format!("nothing goes over `{name}`"), help);
                continue;
            }
            // A knob at zero: variants give it entries.
            if self.caches.get(&id).is_some_and(|cache| matches!(cache.what, CacheKind::Removed)) {
                continue;
            }
            // Only put into; what is written back goes on from there.
            let hears =
                |op: &Op| matches!(op, Op::Put(store) if self.model.stores[store.index()].place == id);
            if self.model.ops.iter().any(hears) {
                continue;
            }
            // What comes along with a place is not for the file to call.
            let written = |e: &u32| {
                !matches!(self.bodies[*e as usize], Body::Apply(_) | Body::Aside(_) | Body::Ship { .. })
            };
            let endpoints: Vec<u32> = place.endpoints.clone().filter(written).collect();
            let idle: Vec<u32> =
                endpoints.iter().copied().filter(|&e| !reached.contains(&EndpointId(e))).collect();
            if !endpoints.is_empty() && idle.len() == endpoints.len() {
                self.warn(
                    self.place_spans[i],
                    format!("nobody calls `{name}`"),
                    "it changes nothing: remove it, or call it",
                );
                continue;
            }
            for e in idle {
                let message = format!("nobody calls `{}`", self.endpoint_name(EndpointId(e)));
                self.warn(
                    self.endpoint_spans[e as usize],
                    message,
                    "it changes nothing: remove it, or call it",
                );
            }
        }
    }

    fn pool_of(&self, op: Op) -> Option<PlaceId> {
        let station = match op {
            Op::Acquire(
                Resource::Shared(station)
                | Resource::SharedLock(station)
                | Resource::PerMember { first: station },
            ) => station,
            _ => return None,
        };
        Some(self.model.members[self.model.stations[station.index()].member.index()].place)
    }

    /// Open load that some resource cannot carry, and load that asks for nothing.
    fn demand_above_capacity(&mut self) {
        self.idle_groups();
        if self.model.requests.len().saturating_mul(self.model.stations.len()) > DEMANDS_MAX {
            return;
        }
        let demands = Demands::new(&self.model);
        let rate = |request: &Request| match &self.model.groups[request.group.index()].source {
            Source::Open { arrivals, .. } => arrivals.rate() * request.share,
            Source::Closed { .. } => 0.0,
        };
        let rates: Vec<f64> = self.model.requests.iter().map(rate).collect();
        let nothing = vec![0.0; rates.len()];
        if let Some(bound) = demands.bound(&self.model, &rates, &nothing)
            && bound.factor < 1.0
        {
            let message = format!(
                "the load of the file needs {:.0}% of `{}`",
                100.0 / bound.factor,
                self.station_name(bound.station)
            );
            let span = self.spec.load.as_ref().map_or(Span::default(), |load| load.span);
            self.warn(
                span,
                message,
                "there is no steady state at this load; a sweep finds the load that is carried",
            );
        }
    }

    /// Groups whose requests do nothing at all.
    fn idle_groups(&mut self) {
        for (i, group) in self.model.groups.iter().enumerate() {
            let bodies =
                group.requests.clone().map(|r| self.bodies[self.model.requests[r as usize].endpoint.index()]);
            let is_idle = |body: Body<'_>| matches!(body, Body::Steps(steps) if steps.0.is_empty());
            if bodies.into_iter().all(is_idle) {
                let message = format!("`{}` asks for endpoints without steps", group.name);
                let span = self.group_spans[GroupId(i as u32).index()];
                self.sink.push(
                    Diagnostic::warning(span, message).help("answers come at once: give the endpoints steps"),
                );
            }
        }
    }

    fn station_name(&self, station: StationId) -> String {
        let it = &self.model.stations[station.index()];
        let member = &self.model.members[it.member.index()];
        match it.kind {
            StationKind::Slots { .. } if self.model.places[member.place.index()].kind == PlaceKind::Pool => {
                member.name.clone()
            }
            _ => format!("{} {}", member.name, it.resource),
        }
    }
}

/// The same model, asked once for each endpoint, in the order of endpoints. One member of each place stands for all: times do not
/// depend on it, and there may be many.
fn each_endpoint_alone(model: &Model) -> Model {
    let request = |i: usize| Request {
        group: GroupId(0),
        endpoint: EndpointId(i as u32),
        share: 1.0,
        class: 0,
        name: String::new(),
        good_within: None,
        via: None,
    };
    let mut alone = Model { requests: (0..model.endpoints.len()).map(request).collect(), ..model.clone() };
    for balancer in &mut alone.balancers {
        balancer.members.end = balancer.members.start + 1;
    }
    alone
}
