//! Any model: its programs, interpreted over plain data.
//!
//! One call is one record; what it waits for is an event whose sequence number it remembers, so that an event that went stale is
//! seen at once. A grant is recorded in the call the moment it is given, so that whatever ends a call finds all it holds.
//! Work that goes on at the same instant goes through a FIFO that is drained before the next event.
//!
//! - `timers.rs`: what probably will not happen
//! - `call.rs`: calls in flight
//! - `setup.rs`: from a model to an empty system
//! - `program.rs`: one op after the other
//! - `family.rs`: calls and their own calls: birth, answers, retries, timeouts, cancelling
//! - `stations.rs`: slots and cores taken and given back
//! - `data.rs`: keys drawn, written, read, looked up and stored
//! - `visit.rs`: plain calls, made without a record of their own
//! - `users.rs`: requests submitted and answered
//! - `changes.rs`: what happens at a given time

mod call;
mod changes;
mod data;
mod family;
mod program;
mod setup;
mod stations;
mod timers;
mod users;
mod visit;

use std::collections::VecDeque;

use self::call::{Calls, State};
use self::stations::Station;
use self::timers::{Timers, Track};
use self::users::Ask;
use super::data::Data;
use super::event_list::{EventList, Key, Kind, SEQUENCE_END, TIMER};
use super::sources::Sources;
use super::{Held, Present, Stop};
use crate::ids::{EndpointId, MemberId, PlaceId, StationId, VersionsId};
use crate::model::{Model, Op, Sharding};
use crate::policy::balance::Balancer;
use crate::signal::Probe;
use crate::station::indexed_heap::Positions;
use crate::station::line::Links;
use crate::units::{Span, Time};

/// What the engine keeps of an endpoint.
#[derive(Clone, Copy, Debug)]
struct Entry {
    pc: u32,
    class: Option<u8>,
    balancer: u32,
    place: PlaceId,
    /// The member of every call, where there is only one to choose.
    only: Option<MemberId>,
    shards: Option<Sharding>,
    after_own_write: Option<VersionsId>,
    /// With a central queue: the member under which all calls are counted, since who serves them is settled later.
    counted: Option<MemberId>,
}

/// What the engine keeps of a member.
#[derive(Clone, Copy, Debug)]
struct Seat {
    /// Its first station.
    station: u32,
    /// The station of its cores, where they are limited.
    cores: Option<StationId>,
}

/// One replication of any model.
#[derive(Debug)]
pub struct General<'m, P> {
    model: &'m Model,
    /// Listens to everything that happens.
    pub probe: P,
    now: u64,
    sequence: u64,
    events: u64,
    list: EventList,
    timers: Timers,
    /// Calls that go on at this instant: slot and generation.
    ready: VecDeque<(u32, u32)>,
    calls: Calls,
    /// Calls whose caller has gone.
    orphans: u64,
    /// Calls that are made in person, without a record.
    visiting: usize,
    /// By site: the endpoint that its caller visits in person.
    visited: Vec<Option<EndpointId>>,
    /// Calls that the side tables have room for.
    side_tables: usize,
    links: Links,
    positions: Positions,
    stations: Vec<Station>,
    data: Data<'m>,
    balancers: Vec<Balancer>,
    entries: Vec<Entry>,
    sources: Sources<'m>,
    /// By request.
    asks: Vec<Ask<'m>>,
    /// By member.
    seats: Vec<Seat>,
    ops: &'m [Op],
    /// By op: what names its draws, from its position in the program of its endpoint.
    salts: Vec<u64>,
    /// Timer tracks by distribution; `None` until first used by a timer.
    tracks: Vec<Option<Track>>,
    /// Calls present at each member.
    in_system: Vec<u32>,
    overflow: bool,
    /// What is given back now was cut off: a connection does not survive that.
    severed: bool,
    doomed: Vec<(u32, bool)>,
    changes: changes::Changes,
}

impl<P: Probe> General<'_, P> {
    /// The present time.
    #[must_use]
    pub fn now(&self) -> Time {
        Time(self.now)
    }

    /// Events handled so far: arrivals, ends of work, of think times and of back-offs, timers that fired.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Requests submitted so far.
    #[must_use]
    pub fn submitted(&self) -> u64 {
        self.sources.submitted()
    }

    /// Calls in flight, branches and those detached included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.calls.len() + self.visiting
    }

    /// Every call that is at a place.
    pub fn present(&self) -> impl Iterator<Item = Present> {
        let at_home = self.calls.ids().filter(|&slot| !self.calls[slot].branch).map(|slot| {
            if self.calls[slot].visiting {
                self.calls.outer(slot).present()
            } else {
                self.calls[slot].present()
            }
        });
        let visiting = self.calls.ids().filter(|&slot| self.calls[slot].visiting);
        at_home.chain(visiting.map(|slot| self.calls[slot].present()))
    }

    /// Requests that users still wait for.
    #[must_use]
    pub fn open(&self) -> usize {
        self.calls.ids().map(|slot| &self.calls[slot]).filter(|call| call.root && !call.detached).count()
    }

    /// Every slot and core of one's own that is held.
    pub fn held(&self) -> impl Iterator<Item = Held> {
        let slots = self.calls.ids().flat_map(|slot| self.calls.holds(slot));
        let slots = slots.map(|h| Held { station: StationId(h.station), since: Time(h.since) });
        slots.chain(self.cores_held())
    }

    /// Runs up to and including `end`, for at most `budget` events.
    pub fn run_until(&mut self, end: Time, budget: u64) -> Stop {
        let stop = self.run_through(end.0, budget);
        if stop == Stop::Reached || (stop == Stop::Idle && end < Time::MAX) {
            self.now = end.0;
        }
        stop
    }

    /// Submits `requests` in all and runs until the last is over, for at most `budget` events.
    pub fn run_requests(&mut self, requests: u64, budget: u64) -> Stop {
        self.sources.stop_after(requests);
        self.run_through(u64::MAX, budget)
    }

    fn run(&mut self, end: u64, budget: u64) -> Stop {
        let last_event = self.events.saturating_add(budget);
        loop {
            if self.events >= last_event {
                return Stop::Budget;
            }
            if self.overflow {
                return Stop::Overflow;
            }
            let (arrival, stream) = self.sources.next();
            let (event, timer) = (self.list.peek(), self.timers.peek());
            let next = if event < arrival && event < timer {
                if event.time() > end {
                    return Stop::Reached;
                }
                self.list.pop();
                self.handle_event(event)
            } else if arrival < timer {
                if arrival.time() > end {
                    return Stop::Reached;
                }
                self.now = arrival.time();
                self.events += 1;
                Some(self.arrive(stream))
            } else if timer < Key::NEVER {
                if timer.time() > end {
                    return Stop::Reached;
                }
                self.handle_timer(timer)
            } else {
                return Stop::Idle;
            };
            self.drain(next);
        }
    }

    /// Runs whoever goes on at this instant: `next`, those who go on because of it, and those who are ready.
    #[inline]
    fn drain(&mut self, mut next: Option<u32>) {
        loop {
            while let Some(slot) = next {
                next = self.advance(slot);
            }
            let Some((slot, generation)) = self.ready.pop_front() else { return };
            next = (self.calls[slot].generation == generation).then_some(slot);
        }
    }

    /// Answers who goes on.
    #[inline]
    fn handle_event(&mut self, key: Key) -> Option<u32> {
        let index = key.index();
        match key.kind() {
            Kind::Call => {
                let call = &mut self.calls[index];
                if call.event != key.sequence() {
                    return None;
                }
                call.event = 0;
                self.now = key.time();
                self.events += 1;
                if call.state == State::Working {
                    call.served += self.now - call.since;
                    (call.pc, call.state) = (call.pc + 1, State::Running);
                    // Most work is the last thing that is done where it is done.
                    if matches!(self.ops[call.pc as usize], Op::End) && !call.visiting {
                        return self.end(index);
                    }
                    return Some(index);
                }
                Some(self.end_of_event(index))
            }
            Kind::User => {
                self.now = key.time();
                self.events += 1;
                self.ask_as_user(index)
            }
            Kind::Station => {
                if self.stations[index as usize].due_sequence() == key.sequence() {
                    self.now = key.time();
                    self.events += 1;
                    self.completions(index);
                }
                None
            }
            Kind::Patience => unreachable!("patience runs on timers"),
        }
    }

    /// Answers who goes on.
    fn handle_timer(&mut self, key: Key) -> Option<u32> {
        let track = self.timers.pop().expect("a timer was seen");
        let slot = key.index();
        let call = &mut self.calls[slot];
        match key.kind() {
            Kind::Call if call.timer == key.sequence() => {
                call.timer = 0;
                self.now = key.time();
                self.events += 1;
                self.timers.fired(track);
                self.time_out(slot)
            }
            Kind::Patience if call.event == key.sequence() => {
                call.event = 0;
                self.now = key.time();
                self.events += 1;
                self.timers.fired(track);
                self.abandon(slot)
            }
            _ => None,
        }
    }

    #[inline]
    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        debug_assert!(self.sequence < SEQUENCE_END);
        self.sequence
    }

    /// An event for `slot` after `delay` ns.
    #[inline]
    fn schedule(&mut self, slot: u32, delay: u64) {
        let sequence = self.next_sequence();
        self.calls[slot].event = sequence;
        self.list.push(Key::new(self.now.saturating_add(delay), sequence, Kind::Call, slot));
    }

    #[inline]
    fn start_timer(&mut self, track: Track, slot: u32, delay: u64, kind: Kind) -> u64 {
        let sequence = TIMER + self.next_sequence();
        self.timers.start(track, Key::new(self.now.saturating_add(delay), sequence, kind, slot));
        sequence
    }

    #[inline]
    fn stop_timer(&mut self, track: Track, slot: u32, kind: Kind) {
        let calls = &self.calls;
        self.timers.stop(track, kind, slot, |key| {
            let call = &calls[key.index()];
            let sequence = if key.kind() == Kind::Patience { call.event } else { call.timer };
            sequence == key.sequence()
        });
    }
}

#[inline]
fn span(ns: u64) -> Span {
    Span(ns)
}
