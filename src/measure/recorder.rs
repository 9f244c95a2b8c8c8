//! Listens to one replication and keeps its books.

use super::books::{Measurements, PlaceBook, RequestBook, ResourceBook, StationBook, VisitBook};
use super::layout::Layout;
use crate::ids::{EndpointId, MemberId, StationId};
use crate::model::Model;
use crate::signal::{Ended, ErrorKind, Outcome, Probe, Signal, Visit};
use crate::units::Time;

/// A call or a slot that outlives the window: who, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Open<T> {
    /// Who.
    pub of: T,
    /// Since when.
    pub since: Time,
}

/// Keeps the books of one replication.
#[derive(Clone, Debug)]
pub struct Recorder<'l> {
    layout: &'l Layout,
    books: Measurements,
}

impl<'l> Recorder<'l> {
    /// Empty books.
    #[must_use]
    pub fn new(model: &Model, layout: &'l Layout) -> Self {
        let books = Measurements {
            requests: vec![RequestBook::default(); model.requests.len()],
            places: vec![PlaceBook::default(); model.places.len()],
            endpoints: vec![VisitBook::default(); model.endpoints.len()],
            members: vec![VisitBook::default(); model.members.len()],
            resources: vec![ResourceBook::default(); layout.resources.len()],
            stations: vec![StationBook::default(); model.stations.len()],
            ..Measurements::default()
        };
        Self { layout, books }
    }

    /// The books so far.
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
            *book = StationBook { busy: 0, cores, running };
        }
        books.endpoints.fill(VisitBook::default());
        books.members.fill(VisitBook::default());
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

    #[inline]
    fn left(&mut self, now: u64, visit: &Visit) {
        let residence = now - visit.arrived.0;
        let presence = u128::from(now - visit.arrived.0.max(self.books.from));
        let place = self.layout.place_of_endpoint[visit.endpoint.index()];
        let (wait, service) = (visit.wait.0, visit.service.0);
        let book = &mut self.books.places[place.index()];
        book.level.down(now);
        book.left += 1;
        book.waited += u64::from(wait > 0);
        book.presence += presence;
        if served(visit) {
            book.wait.record(wait);
            book.service.record(service);
        } else {
            book.left_wait.record(wait);
        }
        book.residence.record(residence);
        if visit.detached {
            book.wasted += u128::from(service);
        }
        let add = |book: &mut VisitBook| {
            book.left += 1;
            book.wait += u128::from(wait);
            book.service += u128::from(service);
            book.residence += u128::from(residence);
            book.presence += presence;
        };
        add(&mut self.books.endpoints[visit.endpoint.index()]);
        add(&mut self.books.members[visit.member.index()]);
    }

    #[inline]
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
            Signal::Submitted { request } => {
                let book = &mut self.books.requests[request.index()];
                book.submitted += 1;
                book.open.up(now);
            }
            Signal::Ended(ended) => self.ended(now, &ended),
            Signal::Arrived { endpoint, .. } => {
                let place = self.layout.place_of_endpoint[endpoint.index()];
                let book = &mut self.books.places[place.index()];
                book.arrived += 1;
                book.level.up(now);
            }
            Signal::Left(visit) => self.left(now, &visit),
            Signal::Refused { station } => {
                self.resource(station).refused += 1;
                self.place_of_station(station).rejected += 1;
            }
            Signal::Queued { station } => self.resource(station).queue.up(now),
            Signal::Started { station, wait, queued } => {
                let book = self.resource(station);
                book.started += 1;
                book.wait.record(wait.0);
                if queued {
                    book.queue.down(now);
                }
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
            Signal::Stretched { station, wait } => {
                let book = self.resource(station);
                book.started += 1;
                book.wait.record(wait.0);
            }
            Signal::LookedUp { place, hit } => {
                let book = &mut self.books.places[place.index()];
                book.hits += u64::from(hit);
                book.misses += u64::from(!hit);
            }
            Signal::Retried { endpoint } => {
                let place = self.layout.place_of_endpoint[endpoint.index()];
                self.books.places[place.index()].retried += 1;
            }
            Signal::Detached { .. } | Signal::Thinking { .. } => {}
        }
    }
}
