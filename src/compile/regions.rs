//! Regions, and the round trips between them.
//!
//! A call to a place in another region takes a round trip on top, in the caller and within each attempt, so that timeouts
//! cover it and a pool's slot is held for it. A request of users elsewhere takes it outside the service: it runs a
//! program of its own that travels and then calls. A place or a group without a region is near everybody.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::Compiler;
use super::digest::name_hash;
use super::program::branch_site;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::ids::{DistId, EndpointId, PlaceId, TableId};
use crate::model::{Op, Pc, Request, Site};
use crate::spec::decode::{At, listed};
use crate::spec::law::Law;
use crate::spec::link::Connect;
use crate::spec::tree::shorten;

/// All regions of a model.
#[derive(Debug, Default)]
pub(super) struct Regions<'a> {
    /// Where each name stands.
    names: IndexMap<String, Span>,
    /// Round trips by pair, the lower index first.
    trips: HashMap<(usize, usize), &'a At<Law>>,
    /// The same, as far as they were used.
    dists: HashMap<(usize, usize), Option<DistId>>,
    /// The region of each place that has one.
    places: HashMap<PlaceId, usize>,
}

/// What a call pays on its way to another place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// The round trip.
    trip: Option<DistId>,
    /// Connecting first; with a probability (outcome 0 of the table), or always.
    connect: Option<(Option<TableId>, DistId)>,
}

impl Regions<'_> {
    /// Where a place is, if the file says so.
    pub(super) fn region_of(&self, place: PlaceId) -> Option<usize> {
        self.places.get(&place).copied()
    }
}

impl Way {
    /// Whether it costs nothing.
    pub fn is_free(&self) -> bool {
        self.trip.is_none() && self.connect.is_none()
    }
}

impl<'a> Compiler<'a> {
    /// Declares all regions, then the round trips between them.
    pub(super) fn regions(&mut self) {
        let spec = self.spec;
        let section = || spec.regions.iter().flat_map(|section| &section.value.entries);
        for (name, _) in section() {
            self.check_name_of(name, "a region");
            self.refuse_name_of_place(name, "a region");
            self.regions.names.insert(name.value.clone(), name.span);
        }
        for (name, region) in section() {
            let trips = region.as_ref().and_then(|region| region.value.round_trips.as_ref());
            for (other, law) in trips.iter().flat_map(|trips| trips.value.iter()) {
                self.round_trip(name, other, law);
            }
        }
    }

    fn round_trip(&mut self, from: &At<String>, to: &At<String>, law: &'a At<Law>) {
        let Some(there) = self.region(Some(to)) else { return };
        let here = self.regions.names.get_index_of(&from.value).expect("it was just declared");
        if here == there {
            self.error(
                to.span,
                format!("a round trip from `{}` to itself", to.value),
                "expected another region",
            );
            return;
        }
        let pair = (here.min(there), here.max(there));
        if let Some(first) = self.regions.trips.insert(pair, law) {
            let message =
                format!("the round trip between `{}` and `{}` is given twice", from.value, to.value);
            let first = first.span;
            self.sink.push(Diagnostic::error(law.span, message).other(first, "given here first"));
        }
    }

    /// A region by name.
    pub(super) fn region(&mut self, name: Option<&At<String>>) -> Option<usize> {
        let name = name?;
        let found = self.regions.names.get_index_of(&name.value);
        if found.is_none() {
            let known: Vec<&str> = self.regions.names.keys().map(String::as_str).collect();
            let help = match nearest(&name.value, known.iter().copied()) {
                Some(near) => format!("a region with a similar name exists: `{near}`"),
                None if known.is_empty() => format!("name it: `regions: {{{}: {{}}}}`", shorten(&name.value)),
                None => format!("there are {}", listed(&known, 8)),
            };
            let message = format!("unknown region `{}`", shorten(&name.value));
            self.sink.push(Diagnostic::error(name.span, message).help(help));
        }
        found
    }

    /// Notes where a place is.
    pub(super) fn place_in_region(&mut self, place: PlaceId, name: Option<&At<String>>) {
        if let Some(region) = self.region(name) {
            self.regions.places.insert(place, region);
            self.model.places[place.index()].region = name.map(|name| name.value.clone());
        }
    }

    /// The round trip between two regions; `None` within one, and from or to somewhere without a region.
    pub(super) fn trip(&mut self, from: Option<usize>, to: Option<usize>, span: Span) -> Option<DistId> {
        let (from, to) = (from?, to?);
        let pair = (from.min(to), from.max(to));
        if from == to {
            return None;
        }
        if let Some(known) = self.regions.dists.get(&pair) {
            return *known;
        }
        let dist = match self.regions.trips.get(&pair).copied() {
            Some(law) => {
                let dist = self.dist(law);
                if let Some(dist) = dist {
                    let name = |at: usize| self.regions.names.get_index(at).expect("a region").0.clone();
                    let between = [name(pair.0), name(pair.1)];
                    self.model.notes.insert(dist, format!("round trip {}", between.join(" - ")));
                    self.model.round_trips.push((between, dist));
                }
                dist
            }
            None => {
                self.no_trip(pair, span);
                None
            }
        };
        self.regions.dists.insert(pair, dist);
        dist
    }

    fn no_trip(&mut self, pair: (usize, usize), span: Span) {
        if !self.whole {
            return;
        }
        let name = |at: usize| self.regions.names.get_index(at).expect("a region");
        let ((one, at), (other, _)) = (name(pair.0), name(pair.1));
        let message = format!("no round trip between the regions `{one}` and `{other}`");
        let help = format!("say how long it takes: `{one}: {{round_trips: {{{other}: 80ms}}}}`");
        let at = *at;
        let diagnostic = Diagnostic::error(span, message).label("this goes from one to the other").help(help);
        self.sink.push(diagnostic.other(at, "a region"));
    }

    /// What a call from one place to another, or to a region that it has chosen, pays on its way.
    pub(super) fn way(
        &mut self,
        from: PlaceId,
        to: PlaceId,
        chosen: Option<usize>,
        connect: Option<&At<Connect>>,
        span: Span,
    ) -> Way {
        let (from, to) = (self.regions.region_of(from), chosen.or_else(|| self.regions.region_of(to)));
        let trip = self.trip(from, to, span);
        let connect = connect.and_then(|connect| self.connect(connect, trip));
        Way { trip, connect }
    }

    fn connect(&mut self, connect: &At<Connect>, trip: Option<DistId>) -> Option<(Option<TableId>, DistId)> {
        let it = &connect.value;
        let trips = it.round_trips.as_ref()?;
        if trips.value.0 > 1_000 {
            self.error(trips.span, format!("{} round trips", trips.value.0), "expected at most 1000");
            return None;
        }
        let trip = match (trip, &it.rtt) {
            (Some(trip), _) => self.model.dists[trip.index()].clone(),
            (None, Some(law)) => {
                let dist = self.dist(law)?;
                self.model.dists[dist.index()].clone()
            }
            (None, None) => {
                if self.whole {
                    self.sink.push(
                        Diagnostic::error(connect.span, "`connect` without a round-trip time")
                            .label("expected `rtt`, or a callee in another region")
                            .help("say how long a round trip takes: `rtt: 1ms`"),
                    );
                }
                return None;
            }
        };
        let reuse = it.reuse.as_ref().map_or(0.0, |reuse| reuse.value.0);
        let table = if reuse > 0.0 { Some(self.coin(1.0 - reuse)?) } else { None };
        let dist = DistId(self.model.dists.len() as u32);
        self.model.dists.push(trip.scaled(trips.value.0 as f64));
        let count = trips.value.0;
        let plural = if count == 1 { "" } else { "s" };
        self.model.notes.insert(dist, format!("to connect, {count} round trip{plural}"));
        Some((table, dist))
    }

    /// How long a way takes on average, in seconds.
    pub(super) fn way_s(&self, way: Way) -> f64 {
        let mean = |dist: DistId| self.model.dists[dist.index()].mean();
        let share = |table: TableId| self.model.tables[table.index()].shares[0];
        let connect = way.connect.map_or(0.0, |(table, dist)| table.map_or(1.0, share) * mean(dist));
        way.trip.map_or(0.0, mean) + connect
    }

    /// The same of a request of users elsewhere.
    pub(super) fn way_of_request_s(&self, request: &Request) -> f64 {
        match request.via.map(|entry| self.model.ops[entry as usize]) {
            Some(Op::Work(trip)) => self.model.dists[trip.index()].mean(),
            _ => 0.0,
        }
    }

    /// Writes the way: the round trip, then connecting.
    pub(super) fn travel(&mut self, way: Way) {
        if let Some(trip) = way.trip {
            self.op(Op::Work(trip));
        }
        let Some((table, dist)) = way.connect else { return };
        if let Some(table) = table {
            let here = self.op(Op::Choose(table));
            self.op(Op::Jump(here + 3));
            self.op(Op::Jump(here + 4));
        }
        self.op(Op::Work(dist));
    }

    /// The program of a request of users in `region`, if they are not where the endpoint is: it travels, then calls.
    pub(super) fn request_from(
        &mut self,
        group: &str,
        region: Option<usize>,
        endpoint: EndpointId,
        span: Span,
    ) -> Option<Pc> {
        let place = self.model.endpoints[endpoint.index()].place;
        let nearest = self.nearest_of(endpoint, region, span);
        let to = nearest.map(|(_, region)| region).or_else(|| self.regions.region_of(place));
        let trip = self.trip(region, to, span);
        if trip.is_none() && nearest.is_none() {
            return None;
        }
        let step = name_hash(&["#request", group, &self.endpoint_name(endpoint)]);
        let site = self.site(Site { target: self.target(endpoint, nearest), step, ..branch_site() });
        let entry = self.here();
        if let Some(trip) = trip {
            self.op(Op::Work(trip));
        }
        self.op(Op::Call { first: site, count: 1, need: 1 });
        self.op(Op::End);
        Some(entry)
    }
}
