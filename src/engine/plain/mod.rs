//! Models in which nothing can go wrong.
//!
//! Where nobody times out, is turned away, gives up, fails or is cut off, a call waits, works and calls others, one after the other,
//! and nothing that was begun ends before its time: no event goes stale, no answer finds its caller gone. So a record of two
//! cache lines will do, and most of what [`General`](super::general::General) has to ask at every step need not be asked. What is
//! told to the probe is the same, in the same order: a test runs every plain model both ways.

mod call;
mod keys;
mod stations;
mod steps;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use self::call::{Call, Calls, Hold, NO_STATION};
use self::keys::Keys;
use self::stations::Station;
pub use self::steps::can_run;
use self::steps::{Ask, At, Called, Choice, Entry, Step, Whom, Work};
use super::data::KEYS;
use super::event_list::{EventList, Key, Kind, SEQUENCE_END};
use super::parts::{BALANCE, balancer};
use super::sources::{Asked, Sources};
use super::{Held, IN_FLIGHT_MAX, Present, Stop};
use crate::ids::{EndpointId, MemberId, StationId};
use crate::model::{Class, Model, Pc};
use crate::policy::balance::Balancer;
use crate::rng::{KeyedRng, mix, mix_salt};
use crate::signal::{Ended, Origin, Probe, Signal, Visit};
use crate::station::indexed_heap::Positions;
use crate::station::line::{Links, NONE};
use crate::units::{Span, Time};

/// One replication of a model in which nothing can go wrong.
#[derive(Debug)]
pub struct Plain<'m, P> {
    /// Listens to everything that happens.
    pub probe: P,
    calls: Calls,
    world: World<'m>,
}

/// Who makes a call, and for whom.
#[derive(Clone, Copy, Debug)]
struct Asker {
    /// Names the draws of the call.
    key: u64,
    user: u32,
    /// The member that makes the call.
    member: MemberId,
    /// The key that it is about.
    item: u32,
}

/// All but the calls.
#[derive(Debug)]
struct World<'m> {
    model: &'m Model,
    now: u64,
    sequence: u64,
    events: u64,
    list: EventList,
    sources: Sources<'m>,
    /// Calls that go on at this instant.
    ready: VecDeque<u32>,
    links: Links,
    positions: Positions,
    stations: Vec<Station>,
    balancers: Vec<Balancer>,
    keys: Keys<'m>,
    /// By request.
    asks: Vec<Ask<'m>>,
    /// By member: its first station, and the station of its cores where they are limited.
    seats: Vec<(u32, Option<StationId>)>,
    steps: Vec<Step<'m>>,
    /// Calls present at each member.
    in_system: Vec<u32>,
}

impl<'m, P: Probe> Plain<'m, P> {
    /// An empty system, all of whose random numbers follow from `key`.
    pub fn new(model: &'m Model, key: u64, probe: P) -> Self {
        let mut world = World {
            now: Time::ZERO.0,
            sequence: 0,
            events: 0,
            list: EventList::default(),
            sources: Sources::new(model, key),
            ready: VecDeque::new(),
            links: Links::default(),
            positions: Positions::default(),
            stations: model.stations.iter().map(|s| Station::new(&s.kind, model.classes.len())).collect(),
            balancers: model.balancers.iter().map(|b| balancer(model, b)).collect(),
            keys: Keys::new(model, key),
            model,
            asks: steps::asks(model),
            seats: model.members.iter().map(|m| (m.stations.start, m.cores)).collect(),
            steps: steps::steps(model),
            in_system: vec![0; model.members.len()],
        };
        let mut probe = probe;
        for user in 0..world.sources.users() {
            let rest = world.sources.rest_of_think(user);
            world.think(&mut probe, user, rest);
        }
        for stream in 0..world.sources.streams() {
            world.schedule_arrival(stream);
        }
        Self { probe, calls: Calls::default(), world }
    }
}

impl<P: Probe> Plain<'_, P> {
    pub fn now(&self) -> Time {
        Time(self.world.now)
    }

    pub fn events(&self) -> u64 {
        self.world.events
    }

    pub fn submitted(&self) -> u64 {
        self.world.sources.submitted()
    }

    pub fn in_flight(&self) -> usize {
        self.calls.len() + self.visiting().count()
    }

    pub fn present(&self) -> impl Iterator<Item = Present> {
        self.calls.iter().map(Call::present).chain(self.visiting())
    }

    /// Calls that are made in person.
    fn visiting(&self) -> impl Iterator<Item = Present> {
        self.calls.iter().filter_map(|call| match self.world.steps[call.pc as usize] {
            Step::Visit(called, ..) => {
                let endpoint = called.entry.endpoint;
                Some(Present { endpoint, member: call.host, arrived: Time(call.mark) })
            }
            _ => None,
        })
    }

    pub fn open(&self) -> usize {
        self.calls.iter().filter(|call| call.is_root()).count()
    }

    pub fn held(&self) -> impl Iterator<Item = Held> {
        self.calls.iter().flat_map(Call::held)
    }

    pub fn run_until(&mut self, end: Time, budget: u64) -> Stop {
        let stop = self.run(end.0, budget);
        if stop == Stop::Reached || (stop == Stop::Idle && end < Time::MAX) {
            self.world.now = end.0;
        }
        stop
    }

    pub fn run_requests(&mut self, requests: u64, budget: u64) -> Stop {
        self.world.sources.stop_after(requests);
        self.run(u64::MAX, budget)
    }

    fn run(&mut self, end: u64, budget: u64) -> Stop {
        let Self { probe, calls, world } = self;
        let last_event = world.events.saturating_add(budget);
        loop {
            world.keys.fetch();
            if world.events >= last_event {
                return Stop::Budget;
            }
            if calls.capacity() >= IN_FLIGHT_MAX {
                return Stop::Overflow;
            }
            let (event, (arrival, stream)) = (world.list.peek(), world.sources.next());
            let mut next = if event < arrival {
                if event.time() > end {
                    return Stop::Reached;
                }
                world.list.pop();
                world.handle_event(calls, probe, event)
            } else if arrival < Key::NEVER {
                if arrival.time() > end {
                    return Stop::Reached;
                }
                world.now = arrival.time();
                world.events += 1;
                Some(world.arrive(calls, probe, stream))
            } else {
                return Stop::Idle;
            };
            while let Some(slot) = next.or_else(|| world.ready.pop_front()) {
                world.advance(calls, probe, slot);
                next = None;
            }
        }
    }
}

impl World<'_> {
    /// Answers who goes on.
    #[inline]
    fn handle_event<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, key: Key) -> Option<u32> {
        let index = key.index();
        match key.kind() {
            Kind::Call => {
                self.now = key.time();
                self.events += 1;
                let call = &mut calls[index];
                if call.visits != NONE {
                    self.end_visit(calls, probe, index);
                } else {
                    call.served += self.now - call.since;
                    call.pc += 1;
                }
                Some(index)
            }
            Kind::User => {
                self.now = key.time();
                self.events += 1;
                self.ask_as_user(calls, probe, index)
            }
            Kind::Station => {
                let Station::Cores(_, _, due) = self.stations[index as usize] else {
                    unreachable!("only cores have events")
                };
                if due == key.sequence() {
                    self.now = key.time();
                    self.events += 1;
                    self.completions(calls, probe, index);
                }
                None
            }
            Kind::Patience => unreachable!("nobody loses patience"),
        }
    }

    /// Runs steps until everyone involved has to wait, or is over.
    #[inline(always)]
    fn advance<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, mut slot: u32) {
        let mut call = &mut calls[slot];
        loop {
            let step = self.steps[call.pc as usize];
            // First, and apart from the table of jumps: it is what most come for.
            if let Step::Take(from, work) = step {
                if !self.take(probe, slot, call, from) {
                    return;
                }
                call.pc += 1;
                match work {
                    Some(work) => return self.work(slot, call, call.key, work),
                    None => continue,
                }
            }
            match step {
                Step::Take(..) => unreachable!("looked at before"),
                Step::Visit(called, at, work) => return self.visit(probe, slot, call, called, at, work),
                Step::Work(work) => return self.work(slot, call, call.key, work),
                Step::Cpu(work) => match self.seats[call.member.index()].1 {
                    Some(station) => return self.work_on_cores(probe, slot, call, station, work),
                    None => return self.work(slot, call, call.key, work),
                },
                Step::Call(called) => {
                    let key = mix_salt(call.key, called.salt);
                    let class = called.class.unwrap_or(call.class);
                    let asker =
                        Asker { key, user: call.user, member: call.member, item: self.keys.item(slot) };
                    let child = self.bear(calls, probe, called.entry, asker, class);
                    self.keys.inherit(child, slot);
                    call = &mut calls[child];
                    call.parent = slot;
                    slot = child;
                }
                Step::Lookup(place, choice, goes_on) => {
                    let outcome = choose(call, choice);
                    probe.on(Time(self.now), Signal::LookedUp { place, hit: outcome == 0, stale: false });
                    call.pc = goes_on[outcome & 1];
                }
                Step::Key(draw) => {
                    self.draw_key(slot, call, draw);
                    call.pc += 1;
                }
                Step::Commit(versions) => {
                    self.commit(slot, call, versions);
                    call.pc += 1;
                }
                Step::Get(get, [hit, miss]) => {
                    call.pc = if self.get(probe, slot, call, get) { hit } else { miss };
                }
                Step::Put(put) => {
                    self.put(slot, call, put);
                    call.pc += 1;
                }
                Step::Choose(choice) => call.pc += 1 + choose(call, choice) as Pc,
                Step::Jump(to) => call.pc = to,
                Step::GiveBack => {
                    let hold = call.unhold().expect("a slot is given back once");
                    call.pc += 1;
                    self.give_back_early(calls, probe, hold);
                    call = &mut calls[slot];
                }
                Step::End => {
                    while let Some(hold) = call.unhold() {
                        self.give_back(calls, probe, hold);
                        call = &mut calls[slot];
                    }
                    let &mut Call { endpoint, member, arrived, waited, served, .. } = call;
                    self.leave(probe, visit(endpoint, member, arrived, waited, served));
                    let caller = call.parent;
                    if call.is_root() {
                        self.answer(probe, call);
                        return calls.free(slot);
                    }
                    calls.free(slot);
                    slot = caller;
                    call = &mut calls[slot];
                    call.pc += 1;
                }
            }
        }
    }

    #[inline]
    fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        debug_assert!(self.sequence < SEQUENCE_END);
        self.sequence
    }

    #[inline(always)]
    fn schedule(&mut self, delay: u64, kind: Kind, index: u32) {
        let sequence = self.next_sequence();
        self.list.push(Key::new(self.now.saturating_add(delay), sequence, kind, index));
    }

    #[inline]
    fn schedule_arrival(&mut self, stream: usize) {
        let sequence = self.next_sequence();
        self.sources.schedule(stream, self.now, sequence);
    }

    fn think<P: Probe>(&mut self, probe: &mut P, user: u32, delay: u64) {
        probe.on(Time(self.now), Signal::Thinking { group: self.sources.group(user) });
        self.schedule(delay, Kind::User, user);
    }

    /// The next arrival of a stream is here. Answers the call that runs first; whoever comes in the same batch goes on behind it.
    #[inline]
    fn arrive<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, stream: usize) -> u32 {
        let mut first = NONE;
        for _ in 0..self.sources.batch(stream) {
            let asked = self.sources.ask(stream);
            let slot = self.submit(calls, probe, asked);
            if first == NONE {
                first = slot;
            } else {
                self.ready.push_back(slot);
            }
        }
        if self.sources.are_done() {
            self.sources.silence(stream);
        } else {
            self.schedule_arrival(stream);
        }
        first
    }

    /// A user ends thinking. Answers the call that asks.
    #[inline(never)]
    fn ask_as_user<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, user: u32) -> Option<u32> {
        let asked = self.sources.ask_as_user(user)?;
        Some(self.submit(calls, probe, asked))
    }

    /// A request is submitted. Answers its call, which is about to run.
    #[inline(always)]
    fn submit<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, asked: Asked) -> u32 {
        let Asked { request, key, user, serial } = asked;
        probe.on(Time(self.now), Signal::Submitted { request, origin: Origin(key) });
        let Ask { entry, class, keys } = self.asks[request.index()];
        let item = keys.map_or(0, |keys| keys.sample(&mut KeyedRng::new(mix(key, KEYS))));
        let asker = Asker { key, user, member: MemberId::default(), item };
        let slot = self.bear(calls, probe, entry, asker, class);
        self.keys.begin(slot, key, item);
        let call = &mut calls[slot];
        (call.serial, call.request) = (serial, request);
        slot
    }

    /// A call arrives at a place. Answers who serves it.
    #[inline(always)]
    fn enter<P: Probe>(&mut self, probe: &mut P, entry: Entry, by: Asker) -> MemberId {
        let member = match entry.member {
            Whom::Only(member) => member,
            Whom::Balanced(balancer) => self.balance(balancer, by),
            Whom::Sharded(first) => {
                let shards = self.model.endpoints[entry.endpoint.index()].shards;
                self.balance(first + shards.map_or(0, |shards| shards.of(by.item)), by)
            }
            Whom::Behind(offset) => MemberId(by.member.0.wrapping_add(offset)),
        };
        self.in_system[member.index()] += 1;
        probe.on(Time(self.now), Signal::Arrived { endpoint: entry.endpoint, member });
        member
    }

    #[inline]
    fn balance(&mut self, balancer: u32, by: Asker) -> MemberId {
        let balancer = &mut self.balancers[balancer as usize];
        MemberId(balancer.pick(|| mix(by.key, BALANCE), by.user, &self.in_system))
    }

    /// A call of its own arrives at a place. Its caller is yet to be told.
    #[inline(always)]
    fn bear<P: Probe>(
        &mut self,
        calls: &mut Calls,
        probe: &mut P,
        entry: Entry,
        by: Asker,
        class: Class,
    ) -> u32 {
        let Entry { endpoint, pc, .. } = entry;
        let member = self.enter(probe, entry, by);
        let slot = calls.take().unwrap_or_else(|| self.grow(calls));
        let call = &mut calls[slot];
        (call.key, call.arrived, call.user) = (by.key, self.now, by.user);
        (call.endpoint, call.member, call.pc) = (endpoint, member, pc);
        (call.class, call.parent, call.visits) = (class, NONE, NONE);
        (call.waited, call.served) = (0, 0);
        slot
    }

    #[cold]
    fn grow(&mut self, calls: &mut Calls) -> u32 {
        let slot = calls.grow();
        let room = calls.capacity().next_power_of_two().max(64);
        self.links.grow_to(room);
        self.positions.grow_to(room);
        self.keys.grow_to(room);
        slot
    }

    /// A call ends well.
    #[inline]
    fn leave<P: Probe>(&mut self, probe: &mut P, visit: Visit) {
        self.in_system[visit.member.index()] -= 1;
        probe.on(Time(self.now), Signal::Left(visit));
    }

    /// A request is over for its user, who may think about the next one.
    #[inline]
    fn answer<P: Probe>(&mut self, probe: &mut P, call: &Call) {
        let &Call { request, serial, user, key, arrived, .. } = call;
        let ended = Ended { request, serial, submitted: Time(arrived), outcome: Ok(()), origin: Origin(key) };
        probe.on(Time(self.now), Signal::Ended(ended));
        if let Some(think) = self.sources.think(request, key) {
            self.think(probe, user, think);
        }
    }

    /// A call begins work that nobody disturbs, drawn for `key`; an event ends it.
    #[inline(never)]
    fn work(&mut self, slot: u32, call: &mut Call, key: u64, work: Work<'_>) {
        call.since = self.now;
        self.schedule(draw(key, work), Kind::Call, slot);
    }

    /// A call makes another in person.
    #[inline(always)]
    fn visit<P: Probe>(
        &mut self,
        probe: &mut P,
        slot: u32,
        call: &mut Call,
        called: Called,
        at: Option<At>,
        work: Work<'_>,
    ) {
        let key = mix_salt(call.key, called.salt);
        let class = called.class.unwrap_or(call.class);
        let asker = Asker { key, user: call.user, member: call.member, item: self.keys.item(slot) };
        (call.host, call.mark) = (self.enter(probe, called.entry, asker), self.now);
        let station = at.map_or(NO_STATION, |at| self.station(at, call.host));
        if station == NO_STATION || self.ask(probe, slot, class, station) {
            call.visits = station;
            self.work(slot, call, key, work);
        }
    }

    /// The work of a visit is done.
    #[inline(always)]
    fn end_visit<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, slot: u32) {
        let call = &mut calls[slot];
        let Step::Visit(called, ..) = self.steps[call.pc as usize] else {
            unreachable!("who is served elsewhere is on a visit")
        };
        let (host, mark, since) = (call.host, call.mark, call.since);
        let hold = Hold { station: std::mem::replace(&mut call.visits, NONE), since };
        call.pc += 1;
        if hold.station != NO_STATION {
            self.give_back(calls, probe, hold);
        }
        self.leave(probe, visit(called.entry.endpoint, host, mark, since - mark, self.now - since));
    }
}

/// How long work takes, in ns.
#[inline]
fn draw(key: u64, work: Work<'_>) -> u64 {
    Span::from_secs(work.dist.sample(&mut KeyedRng::new(mix_salt(key, work.salt)))).0
}

/// A call that ended well.
#[inline]
fn visit(endpoint: EndpointId, member: MemberId, arrived: u64, wait: u64, service: u64) -> Visit {
    Visit {
        endpoint,
        member,
        arrived: Time(arrived),
        wait: Span(wait),
        service: Span(service),
        outcome: Some(Ok(())),
        detached: false,
        origin: None,
    }
}

#[inline]
fn choose(call: &Call, choice: Choice<'_>) -> usize {
    choice.alias.sample(&mut KeyedRng::new(mix_salt(call.key, choice.salt)))
}
