//! Listens to one replication and keeps its books.

use super::books::{Measurements, PlaceBook, RequestBook, ResourceBook, StationBook, VisitBook};
use super::layout::Layout;
use crate::ids::{EndpointId, MemberId, RequestId, StationId};
use crate::model::{Endpoint, Model};
use crate::signal::{Ended, ErrorKind, Outcome, Probe, Signal, Visit};
use crate::stats::Histogram;
use crate::units::Time;

/// A call or a slot that outlives the window: who, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Open<T> {
    /// Who.
    pub of: T,
    /// Since when.
    pub since: Time,
}

/// What calls to one endpoint at one member came to. All that can be had from these sums, and from the
/// histograms, is left to the closing of the books.
#[derive(Clone, Copy, Debug, Default)]
struct Visits {
    left: u64,
    /// Of those that were served, how many did not wait: zeros that join the waits of the place when the books are closed.
    at_once: u64,
    wait: u128,
    service: u128,
    residence: u128,
    /// The part of the residence that lies before the window.
    before: u128,
}

/// Where the calls to an endpoint are booked.
#[derive(Clone, Copy, Debug)]
struct Desk {
    place: u32,
    /// Its row of [`Recorder::visits`] for the first member of its place.
    first_row: u32,
    /// The first member of its place.
    first_member: u32,
}

impl Desk {
    fn row(self, member: MemberId) -> usize {
        (self.first_row + member.0 - self.first_member) as usize
    }
}

/// Keeps the books of one replication.
#[derive(Clone, Debug)]
pub struct Recorder<'l> {
    layout: &'l Layout,
    books: Measurements,
    /// By endpoint.
    desks: Vec<Desk>,
    /// By endpoint, and within it by member of its place.
    visits: Vec<Visits>,
    /// By station: slots given to those who did not queue.
    at_once: Vec<u64>,
}

impl<'l> Recorder<'l> {
    /// Empty books.
    #[must_use]
    pub fn new(model: &Model, layout: &'l Layout) -> Self {
        let books = Measurements {
            requests: vec![RequestBook::default(); model.requests.len()],
            places: vec![PlaceBook::default(); model.places.len()],
            reads: vec![(0, 0); model.endpoints.len()],
            endpoints: vec![VisitBook::default(); model.endpoints.len()],
            members: vec![VisitBook::default(); model.members.len()],
            resources: vec![ResourceBook::default(); layout.resources.len()],
            stations: vec![StationBook::default(); model.stations.len()],
            ..Measurements::default()
        };
        let mut rows = 0;
        let desk = |endpoint: &Endpoint| {
            let members = model.places[endpoint.place.index()].members.clone();
            let desk = Desk { place: endpoint.place.0, first_row: rows, first_member: members.start };
            rows += members.len() as u32;
            desk
        };
        let desks = model.endpoints.iter().map(desk).collect();
        let (visits, at_once) = (vec![Visits::default(); rows as usize], vec![0; model.stations.len()]);
        Self { layout, books, desks, visits, at_once }
    }

    /// The books so far. What follows from other books, all that is kept by endpoint or member, and waits of nothing are filled in
    /// when they are closed.
    #[must_use]
    pub fn books(&self) -> &Measurements {
        &self.books
    }

    /// The warm-up is over: forgets the past but not who is present.
    pub fn start_window(&mut self, now: Time) {
        let now = now.0;
        let books = &mut self.books;
        books.from = now;
        for book in &mut books.requests {
            let mut open = book.open;
            open.restart(now);
            *book = RequestBook { open, open_at_start: open.count(), ..RequestBook::default() };
        }
        for book in &mut books.places {
            let mut level = book.level;
            level.restart(now);
            *book = PlaceBook { level, present_at_start: level.count(), ..PlaceBook::default() };
        }
        for book in &mut books.resources {
            let mut queue = book.queue;
            queue.restart(now);
            *book = ResourceBook { queue, ..ResourceBook::default() };
        }
        for book in &mut books.stations {
            let (mut cores, running) = (book.cores, book.running);
            cores.restart(now);
            *book = StationBook { cores, running, ..StationBook::default() };
        }
        books.reads.fill((0, 0));
        self.visits.fill(Visits::default());
        self.at_once.fill(0);
    }

    /// Sets the right answers so far aside, by request: the books begin anew without them.
    #[must_use]
    pub fn take_answers(&mut self) -> Vec<Histogram> {
        self.books.requests.iter_mut().map(|book| std::mem::take(&mut book.right)).collect()
    }

    /// Adds right answers that were set aside to those of a request.
    pub fn give_back_answers(&mut self, request: RequestId, right: &Histogram) {
        self.books.requests[request.index()].right.merge(right);
    }

    /// Closes the books at `now`, adding what those still present and the slots still held have used of the window.
    #[must_use]
    pub fn close(
        mut self,
        now: Time,
        present: impl Iterator<Item = Open<(EndpointId, MemberId)>>,
        held: impl Iterator<Item = Open<StationId>>,
    ) -> Measurements {
        self.books.until = now.0;
        self.sum_up();
        for Open { of: (endpoint, member), since } in present {
            let presence = u128::from(now.0 - since.0.max(self.books.from));
            self.books.endpoints[endpoint.index()].presence += presence;
            self.books.members[member.index()].presence += presence;
        }
        for Open { of: station, since } in held {
            let used = u128::from(now.0 - since.0.max(self.books.from));
            self.books.stations[station.index()].busy += used;
        }
        for book in &mut self.books.stations {
            book.busy += book.cores.area(now.0).max(0) as u128;
        }
        self.books
    }

    /// Fills in what follows from other books.
    fn sum_up(&mut self) {
        let books = &mut self.books;
        for (endpoint, desk) in self.desks.iter().enumerate() {
            let place = &mut books.places[desk.place as usize];
            let members = self.layout.place_of_member.iter().enumerate();
            for (member, _) in members.filter(|(_, place)| place.0 == desk.place) {
                let visits = &self.visits[desk.row(MemberId(member as u32))];
                place.left += visits.left;
                place.wait.record_zeros(visits.at_once);
                place.presence += visits.residence - visits.before;
                visits.add_to(&mut books.endpoints[endpoint]);
                visits.add_to(&mut books.members[member]);
            }
        }
        for place in &mut books.places {
            place.waited = place.left - place.wait.zeros() - place.left_wait.zeros();
        }
        for (&at_once, &resource) in self.at_once.iter().zip(&self.layout.resource_of) {
            books.resources[resource as usize].wait.record_zeros(at_once);
        }
        for resource in &mut books.resources {
            resource.started = resource.wait.count();
        }
    }

    #[inline(always)]
    fn left(&mut self, now: u64, visit: &Visit) {
        let residence = now - visit.arrived.0;
        let (wait, service) = (visit.wait.0, visit.service.0);
        let desk = self.desks[visit.endpoint.index()];
        let visits = &mut self.visits[desk.row(visit.member)];
        visits.left += 1;
        visits.wait += u128::from(wait);
        visits.service += u128::from(service);
        visits.residence += u128::from(residence);
        if visit.arrived.0 < self.books.from {
            visits.before += u128::from(self.books.from - visit.arrived.0);
        }
        let book = &mut self.books.places[desk.place as usize];
        book.level.down(now);
        book.failed += u64::from(visit.outcome.is_some_and(|outcome| outcome.is_err()));
        if served(visit) {
            // Where nobody waits, nobody can mistake it.
            if wait > 0 {
                book.wait.record(wait);
            } else {
                visits.at_once += 1;
            }
            book.service.record(service);
        } else {
            book.left_wait.record(wait);
        }
        book.residence.record(residence);
        if visit.detached {
            book.wasted += u128::from(service);
        }
    }

    #[inline(always)]
    fn ended(&mut self, now: u64, ended: &Ended) {
        let book = &mut self.books.requests[ended.request.index()];
        book.open.down(now);
        let latency = now - ended.submitted.0;
        match ended.outcome {
            Ok(()) => book.right.record(latency),
            Err(fault) => {
                book.errors.record(latency);
                *book.causes.entry(fault).or_default() += 1;
            }
        }
    }

    fn place_of_station(&mut self, station: StationId) -> &mut PlaceBook {
        let member = self.layout.member_of[station.index()];
        &mut self.books.places[self.layout.place_of_member[member.index()].index()]
    }

    #[inline]
    fn resource(&mut self, station: StationId) -> &mut ResourceBook {
        &mut self.books.resources[self.layout.resource_of[station.index()] as usize]
    }
}

impl Visits {
    fn add_to(&self, book: &mut VisitBook) {
        book.left += self.left;
        book.wait += self.wait;
        book.service += self.service;
        book.residence += self.residence;
        book.presence += self.residence - self.before;
    }
}

/// A call was served if it got any work done or ended well; one that was turned away or left first was not.
#[inline]
fn served(visit: &Visit) -> bool {
    let unserved = |outcome: Outcome| {
        outcome.is_err_and(|f| matches!(f.kind, ErrorKind::Rejected | ErrorKind::Abandoned))
    };
    visit.service.0 > 0 || visit.outcome.is_some_and(|o| !unserved(o))
}

impl Probe for Recorder<'_> {
    /// Inlined into every place that signals, where the signal is known: what is left is the arm for it.
    #[inline(always)]
    fn on(&mut self, now: Time, signal: Signal) {
        let now = now.0;
        match signal {
            Signal::Submitted { request, .. } => {
                let book = &mut self.books.requests[request.index()];
                book.submitted += 1;
                book.open.up(now);
            }
            Signal::Ended(ended) => self.ended(now, &ended),
            Signal::Arrived { endpoint, .. } => {
                let book = &mut self.books.places[self.desks[endpoint.index()].place as usize];
                book.arrived += 1;
                book.level.up(now);
            }
            Signal::Left(visit) => self.left(now, &visit),
            Signal::Refused { station } => {
                self.resource(station).refused += 1;
                self.place_of_station(station).rejected += 1;
            }
            Signal::Queued { station } => self.resource(station).queue.up(now),
            Signal::Started { station, queued: false, .. } => self.at_once[station.index()] += 1,
            Signal::Started { station, wait, queued: true } => {
                let book = self.resource(station);
                book.wait.record(wait.0);
                book.queue.down(now);
            }
            Signal::Quit { station, wait } => {
                let book = self.resource(station);
                book.left_wait.record(wait.0);
                book.queue.down(now);
                self.place_of_station(station).abandoned += 1;
            }
            Signal::Stopped { station, held } => {
                let in_window = now.saturating_sub(self.books.from).min(held.0);
                self.books.stations[station.index()].busy += u128::from(in_window);
            }
            Signal::Running { station, calls } => {
                let cores = self.layout.capacity_of[station.index()];
                let book = &mut self.books.stations[station.index()];
                let before = std::mem::replace(&mut book.running, calls);
                let busy = i64::from(calls.min(cores)) - i64::from(before.min(cores));
                if busy != 0 {
                    book.cores.step(now, busy);
                }
                let waiting =
                    i64::from(calls.saturating_sub(cores)) - i64::from(before.saturating_sub(cores));
                if waiting != 0 {
                    self.resource(station).queue.step(now, waiting);
                }
            }
            Signal::Stretched { station, wait } => self.resource(station).wait.record(wait.0),
            Signal::LookedUp { place, hit, stale } => {
                let book = &mut self.books.places[place.index()];
                book.hits += u64::from(hit);
                book.misses += u64::from(!hit);
                book.stale += u64::from(stale);
            }
            Signal::Coalesced { place, stale } => {
                let book = &mut self.books.places[place.index()];
                book.coalesced += 1;
                book.stale += u64::from(stale);
            }
            Signal::Conflict { place } => self.books.places[place.index()].conflicts += 1,
            Signal::Read { endpoint, stale } => {
                let place = self.layout.place_of_endpoint[endpoint.index()];
                let book = &mut self.books.places[place.index()];
                book.reads += 1;
                book.stale += u64::from(stale);
                let book = &mut self.books.reads[endpoint.index()];
                book.0 += 1;
                book.1 += u64::from(stale);
            }
            Signal::Retried { endpoint } => {
                let place = self.layout.place_of_endpoint[endpoint.index()];
                self.books.places[place.index()].retried += 1;
            }
            Signal::Waited { .. }
            | Signal::GaveUp { .. }
            | Signal::Detached { .. }
            | Signal::Thinking { .. } => {}
        }
    }
}
