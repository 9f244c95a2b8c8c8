//! Slots and cores: taken, waited for, given back.

use std::ops::Range;

use super::call::{Hold, State};
use super::{General, span};
use crate::engine::Held;
use crate::engine::event_list::{Key, Kind};
use crate::engine::parts::order;
use crate::ids::{DistId, MemberId, PlaceId, StationId};
use crate::model::{self, Class, Member, Op, Pc, Sharing, StationKind};
use crate::rng::{KeyedRng, mix};
use crate::signal::{ErrorKind, Fault, Probe, Signal};
use crate::station::Admission;
use crate::station::cores::{Cores, Turn};
use crate::station::locks::Locks;
use crate::station::sharing::SharedCores;
use crate::station::slots::{Order, Slots};
use crate::units::{Span, Time};

/// Purpose of a patience draw, added to the position of the op.
const PATIENCE: u64 = 2 << 40;

/// A resource under way.
#[derive(Debug)]
pub struct Station {
    /// Whose it is.
    place: PlaceId,
    kind: Running,
}

#[derive(Debug)]
enum Running {
    Slots { slots: Slots, patience: Option<DistId>, more: Option<Box<More>> },
    Locks { locks: Locks, patience: Option<DistId> },
    Shared { cores: SharedCores, due: u64, sequence: u64 },
    Own { cores: Cores },
}

/// What few slots have.
#[derive(Debug)]
enum More {
    Central(Central),
    Connections(Connections),
}

/// Connections that have to be opened.
#[derive(Debug)]
struct Connections {
    /// When those that are open and idle were last used; the last used is taken first.
    open: Vec<u64>,
    idle: u64,
}

/// Slots of one queue for all members: who serves is settled when a slot is given.
#[derive(Debug)]
struct Central {
    members: Range<u32>,
    /// Calls served by each member; the least busy serves next.
    busy: Vec<u32>,
    /// Relative size of each member.
    weights: Vec<f64>,
}

impl Central {
    fn take(&mut self) -> MemberId {
        let load = |at: usize| f64::from(self.busy[at]) / self.weights[at];
        let least =
            (0..self.busy.len()).min_by(|&a, &b| load(a).total_cmp(&load(b))).expect("a place has members");
        self.busy[least] += 1;
        MemberId(self.members.start + least as u32)
    }

    fn give_back(&mut self, member: MemberId) {
        self.busy[(member.0 - self.members.start) as usize] -= 1;
    }
}

impl Station {
    pub fn new(spec: &model::Station, place: PlaceId, classes: usize) -> Self {
        let kind = match spec.kind {
            StationKind::Slots { capacity, queue, patience, discipline } => Running::Slots {
                slots: Slots::new(capacity, queue, order(discipline), classes),
                patience,
                more: None,
            },
            StationKind::Locks { patience, .. } => Running::Locks { locks: Locks::default(), patience },
            StationKind::Cores { cores, sharing: Sharing::Shared } => {
                Running::Shared { cores: SharedCores::new(cores, classes), due: u64::MAX, sequence: 0 }
            }
            StationKind::Cores { cores, sharing: Sharing::Contended(law) } => {
                let cores = SharedCores::new(cores, classes).contended(law);
                Running::Shared { cores, due: u64::MAX, sequence: 0 }
            }
            StationKind::Cores { cores, sharing: Sharing::Fifo(discipline) } => {
                Running::Own { cores: Cores::new(cores, order(discipline), false, classes) }
            }
            StationKind::Cores { cores, sharing: Sharing::Preemptive } => {
                Running::Own { cores: Cores::new(cores, Order::Priority, true, classes) }
            }
        };
        Self { place, kind }
    }

    /// One queue for all of `members`.
    pub fn serve_centrally(&mut self, members: Range<u32>, all: &[Member]) {
        if let Running::Slots { more, .. } = &mut self.kind {
            let weights = members.clone().map(|m| all[m as usize].weight).collect();
            *more = Some(Box::new(More::Central(Central { busy: vec![0; members.len()], members, weights })));
        }
    }

    /// Connections that close after an idle time (ns).
    pub fn open_connections(&mut self, idle: u64) {
        if let Running::Slots { more, .. } = &mut self.kind {
            *more = Some(Box::new(More::Connections(Connections { open: Vec::new(), idle })));
        }
    }

    /// Sequence of the pending completion of shared cores.
    #[inline]
    pub fn due_sequence(&self) -> u64 {
        match &self.kind {
            Running::Shared { sequence, .. } => *sequence,
            _ => 0,
        }
    }
}

impl<P: Probe> General<'_, P> {
    /// A call at op `pc` wants a slot of `station`. If it has to wait, it goes on when a slot is given.
    #[inline]
    pub(super) fn ask_for_slot(&mut self, slot: u32, station: u32, pc: Pc) -> Admission {
        let id = StationId(station);
        let call = &mut self.calls[slot];
        let Running::Slots { slots, patience, more } = &mut self.stations[station as usize].kind else {
            unreachable!("slots are asked of slots")
        };
        let admission = slots.ask(slot, call.class, &mut self.links);
        match admission {
            Admission::Start => {
                let call = self.calls.hold(slot, Hold { station, key: 0, since: self.now });
                if let Some(More::Central(central)) = more.as_deref_mut() {
                    call.member = central.take();
                }
                self.probe
                    .on(Time(self.now), Signal::Started { station: id, wait: Span::ZERO, queued: false });
            }
            Admission::Wait => {
                (call.pc, call.state, call.station, call.since) = (pc, State::Queued, station, self.now);
                self.probe.on(Time(self.now), Signal::Queued { station: id });
                if let &mut Some(dist) = patience {
                    self.start_patience(slot, dist);
                }
            }
            Admission::Reject => self.probe.on(Time(self.now), Signal::Refused { station: id }),
        }
        admission
    }

    /// Whether the connection that a call took last is open from its last use. It is in use now in any case.
    pub(super) fn is_open(&mut self, slot: u32) -> bool {
        let station = self.calls.holds(slot).last().expect("a connection was taken").station;
        let Running::Slots { more, .. } = &mut self.stations[station as usize].kind else {
            unreachable!("connections are slots")
        };
        let Some(More::Connections(connections)) = more.as_deref_mut() else {
            unreachable!("only connections are opened")
        };
        match connections.open.pop() {
            Some(used) if self.now - used <= connections.idle => true,
            // Whatever else is idle has been so for longer.
            _ => {
                connections.open.clear();
                false
            }
        }
    }

    /// A call at op `pc` wants the lock of its key at `station`. `false`: it waits, and goes on when it has the lock.
    pub(super) fn ask_for_lock(&mut self, slot: u32, station: u32, pc: Pc) -> bool {
        let (id, now) = (StationId(station), self.now);
        let call = &mut self.calls[slot];
        let Running::Locks { locks, patience } = &mut self.stations[station as usize].kind else {
            unreachable!("locks are asked for where they are")
        };
        if locks.ask(call.about.item, slot, &mut self.links) {
            let key = call.about.item;
            self.calls.hold(slot, Hold { station, key, since: now });
            self.probe.on(Time(now), Signal::Started { station: id, wait: Span::ZERO, queued: false });
            return true;
        }
        (call.pc, call.state, call.station, call.since) = (pc, State::Queued, station, now);
        let patience = *patience;
        self.probe.on(Time(now), Signal::Queued { station: id });
        if let Some(dist) = patience {
            self.start_patience(slot, dist);
        }
        false
    }

    /// The lock of a key is given back. Whoever waits first has it now; where it guards an entry that is being loaded, it loads.
    fn give_back_lock(&mut self, station: u32, key: u32) {
        let Some(next) = self.next_at_lock(station, key) else { return };
        self.calls.hold(next, Hold { station, key, since: self.now });
        match self.ops[self.calls[next].pc as usize] {
            Op::Get { store, miss, depth } => self.start_to_load(next, store, miss, depth),
            _ => self.calls[next].pc += 1,
        }
    }

    /// Takes the first who waits for a lock out of the line; it goes on at this instant.
    fn next_at_lock(&mut self, station: u32, key: u32) -> Option<u32> {
        let Running::Locks { locks, .. } = &mut self.stations[station as usize].kind else {
            unreachable!("only slots and locks are held")
        };
        let next = locks.give_back(key, &mut self.links)?;
        self.stop_patience(next, station);
        let wait = self.now - self.calls[next].since;
        self.charge_wait(next, station, wait);
        self.make_ready(next);
        let started = Signal::Started { station: StationId(station), wait: span(wait), queued: true };
        self.probe.on(Time(self.now), started);
        self.tell_wait(next, station, wait);
        Some(next)
    }

    /// The entry of a key has been loaded: its loader gives the lock up, and all who wait for it go on as if they had hit.
    pub(super) fn open_lock(&mut self, slot: u32, mut each: impl FnMut(&mut Self)) {
        let Hold { station, key, since } = self.calls.unhold(slot).expect("a loader holds its entry");
        let held = span(self.now - since);
        self.probe.on(Time(self.now), Signal::Stopped { station: StationId(station), held });
        while let Some(next) = self.next_at_lock(station, key) {
            self.calls[next].pc += 1;
            let stopped = Signal::Stopped { station: StationId(station), held: Span::ZERO };
            self.probe.on(Time(self.now), stopped);
            each(self);
        }
    }

    /// A call that was turned away fails. Answers who goes on.
    #[cold]
    pub(super) fn reject(&mut self, slot: u32, station: u32) -> Option<u32> {
        let place = self.place_of_station(station);
        self.fail(slot, Fault { kind: ErrorKind::Rejected, place })
    }

    fn start_patience(&mut self, slot: u32, dist: DistId) {
        let call = &self.calls[slot];
        let key =
            mix(call.key, PATIENCE + u64::from(call.pc.wrapping_sub(self.entries[call.endpoint.index()].pc)));
        let delay = Span::from_secs(self.model.dists[dist.index()].sample(&mut KeyedRng::new(key))).0;
        let track = self.tracks[dist.index()].expect("every patience has its track");
        self.calls[slot].event = self.start_timer(track, slot, delay, Kind::Patience);
    }

    /// Ends the patience of a call that waits no longer.
    fn stop_patience(&mut self, slot: u32, station: u32) {
        if self.calls[slot].event == 0 {
            return;
        }
        self.calls[slot].event = 0;
        if let Running::Slots { patience: Some(dist), .. } | Running::Locks { patience: Some(dist), .. } =
            self.stations[station as usize].kind
        {
            let track = self.tracks[dist.index()].expect("every patience has its track");
            self.stop_timer(track, slot, Kind::Patience);
        }
    }

    /// The place of a station.
    pub(super) fn place_of_station(&self, station: u32) -> PlaceId {
        self.stations[station as usize].place
    }

    /// A call gives back the slot it took last, and whoever waits first has it.
    #[inline]
    pub(super) fn give_back_slot(&mut self, slot: u32) {
        let Hold { station, key, since } = self.calls.unhold(slot).expect("a slot is given back once");
        let id = StationId(station);
        let now = self.now;
        self.probe.on(Time(now), Signal::Stopped { station: id, held: span(now - since) });
        let Station { place, kind: Running::Slots { slots, patience, more } } =
            &mut self.stations[station as usize]
        else {
            return self.give_back_lock(station, key);
        };
        match more.as_deref_mut() {
            None => {}
            Some(More::Central(central)) => central.give_back(self.calls[slot].member),
            Some(More::Connections(connections)) if !self.severed => connections.open.push(now),
            Some(More::Connections(_)) => {}
        }
        let Some(next) = slots.give_back(&mut self.links) else { return };
        let call = self.calls.hold(next, Hold { station, key: 0, since: now });
        if let Some(More::Central(central)) = more.as_deref_mut() {
            call.member = central.take();
        }
        let wait = now - call.since;
        if self.entries[call.endpoint.index()].place == *place {
            call.waited += wait;
        }
        let pc = call.pc + 1;
        (call.pc, call.state) = (pc, State::Running);
        let generation = call.generation;
        if patience.is_some() {
            self.stop_patience(next, station);
        }
        self.probe.on(Time(now), Signal::Started { station: id, wait: span(wait), queued: true });
        self.tell_wait(next, station, wait);
        // What most wait for is to work, which needs nobody's turn.
        match self.ops[pc as usize] {
            Op::Work(dist) => self.work(next, pc, dist),
            _ => self.ready.push_back((next, generation)),
        }
    }

    /// Waiting for what is the place's own counts as its wait; waiting for a pool is time at the pool.
    #[inline]
    fn charge_wait(&mut self, slot: u32, station: u32, wait: u64) {
        let call = &mut self.calls[slot];
        if self.entries[call.endpoint.index()].place == self.stations[station as usize].place {
            call.waited += wait;
        }
    }

    #[inline]
    pub(super) fn make_ready(&mut self, slot: u32) {
        let call = &mut self.calls[slot];
        call.state = State::Running;
        self.ready.push_back((slot, call.generation));
    }

    /// The patience of a waiting call is over. Answers who goes on.
    pub(super) fn abandon(&mut self, slot: u32) -> Option<u32> {
        let station = self.calls[slot].station;
        self.leave_line(slot);
        let place = self.place_of_station(station);
        self.fail(slot, Fault { kind: ErrorKind::Abandoned, place })
    }

    /// A call leaves the line it waits in.
    pub(super) fn leave_line(&mut self, slot: u32) {
        let call = &self.calls[slot];
        let (station, class, item, wait) = (call.station, call.class, call.about.item, self.now - call.since);
        self.stop_patience(slot, station);
        match &mut self.stations[station as usize].kind {
            Running::Slots { slots, .. } => slots.leave(slot, class, &mut self.links),
            Running::Locks { locks, .. } => locks.leave(item, slot, &mut self.links),
            Running::Own { cores } => cores.leave(slot, class, &mut self.links),
            Running::Shared { .. } => unreachable!("shared cores have no line"),
        }
        self.charge_wait(slot, station, wait);
        self.calls[slot].state = State::Running;
        self.probe.on(Time(self.now), Signal::Quit { station: StationId(station), wait: span(wait) });
        self.tell_wait(slot, station, wait);
    }

    /// Another call takes the place of one that waits for a slot.
    pub(super) fn replace_in_line(&mut self, station: u32, out: u32, into: u32, class: Class) {
        let Running::Slots { slots, .. } = &mut self.stations[station as usize].kind else {
            unreachable!("slots are waited for at slots")
        };
        slots.replace(out, into, class, &mut self.links);
    }

    /// A call has `work` ns to do on the cores of `station`.
    pub(super) fn work_on_core(&mut self, slot: u32, station: u32, work: u64) {
        let now = self.now;
        let call = &mut self.calls[slot];
        (call.work, call.since, call.station) = (work, now, station);
        let class = call.class;
        match &mut self.stations[station as usize].kind {
            Running::Shared { cores, .. } => {
                self.calls[slot].state = State::Sharing;
                cores.join(now, slot, class, work, &mut self.positions);
                self.shared_changed(station);
            }
            Running::Own { cores } => match cores.ask(slot, class, &mut self.links) {
                Turn::Run => self.run_on_core(slot, station, false),
                Turn::Wait => {
                    self.calls[slot].state = State::CoreQueued;
                    self.probe.on(Time(now), Signal::Queued { station: StationId(station) });
                }
                Turn::RunInsteadOf(victim) => {
                    self.preempt(victim, station);
                    self.run_on_core(slot, station, false);
                }
            },
            Running::Slots { .. } | Running::Locks { .. } => unreachable!("work on cores is done on cores"),
        }
    }

    fn run_on_core(&mut self, slot: u32, station: u32, queued: bool) {
        let call = &mut self.calls[slot];
        let wait = self.now - call.since;
        call.waited += wait;
        (call.state, call.since) = (State::OnCore, self.now);
        let work = call.work;
        self.probe
            .on(Time(self.now), Signal::Started { station: StationId(station), wait: span(wait), queued });
        self.tell_wait(slot, station, wait);
        self.schedule(slot, work);
    }

    /// A running call loses its core and will resume.
    fn preempt(&mut self, victim: u32, station: u32) {
        self.charge_core_time(victim, station);
        let call = &mut self.calls[victim];
        (call.event, call.state) = (0, State::CoreQueued);
        self.probe.on(Time(self.now), Signal::Queued { station: StationId(station) });
    }

    /// Books the time a call ran on a core of its own.
    fn charge_core_time(&mut self, slot: u32, station: u32) {
        let call = &mut self.calls[slot];
        let ran = self.now - call.since;
        call.served += ran;
        call.work -= ran;
        call.since = self.now;
        self.probe.on(Time(self.now), Signal::Stopped { station: StationId(station), held: span(ran) });
    }

    /// A call is done with, or gone from, a core of its own.
    pub(super) fn give_back_core(&mut self, slot: u32) {
        let station = self.calls[slot].station;
        self.charge_core_time(slot, station);
        let calls = &self.calls;
        let Running::Own { cores } = &mut self.stations[station as usize].kind else {
            unreachable!("a core of one's own")
        };
        if let Some(next) = cores.give_back(slot, |id| calls[id].class, &mut self.links) {
            self.run_on_core(next, station, true);
        }
    }

    /// A call leaves shared cores before its work is done.
    pub(super) fn leave_shared(&mut self, slot: u32) {
        let call = &self.calls[slot];
        let (station, class, work, since) = (call.station, call.class, call.work, call.since);
        let Running::Shared { cores, .. } = &mut self.stations[station as usize].kind else {
            unreachable!("shared cores are shared")
        };
        let undone = cores.leave(self.now, slot, class, &mut self.positions).min(work);
        self.charge_shared(slot, station, work - undone, self.now - since);
        self.shared_changed(station);
    }

    fn charge_shared(&mut self, slot: u32, station: u32, done: u64, elapsed: u64) {
        let stretch = elapsed.saturating_sub(done);
        let call = &mut self.calls[slot];
        call.served += done;
        call.waited += stretch;
        self.probe.on(Time(self.now), Signal::Stretched { station: StationId(station), wait: span(stretch) });
        self.tell_wait(slot, station, stretch);
    }

    /// The pending completion of shared cores is due, or was.
    pub(super) fn completions(&mut self, station: u32) {
        loop {
            let Running::Shared { cores, due, .. } = &mut self.stations[station as usize].kind else {
                unreachable!("only shared cores have completions")
            };
            *due = u64::MAX;
            let Some(slot) = cores.finish(self.now, &mut self.positions) else { break };
            let call = &self.calls[slot];
            let (work, elapsed) = (call.work, self.now - call.since);
            self.charge_shared(slot, station, work, elapsed);
            self.calls[slot].pc += 1;
            self.make_ready(slot);
        }
        self.shared_changed(station);
    }

    /// Tells how many run, and makes sure that an event comes no later than the next completion. One that comes too early is
    /// only looked at again.
    fn shared_changed(&mut self, station: u32) {
        let Running::Shared { cores, due, .. } = &self.stations[station as usize].kind else {
            unreachable!("shared cores are shared")
        };
        let (calls, due, next) = (cores.running(), *due, cores.next_finish());
        self.probe.on(Time(self.now), Signal::Running { station: StationId(station), calls });
        let Some(at) = next.filter(|&at| at < due) else { return };
        let fresh = self.next_sequence();
        self.list.push(Key::new(at, fresh, Kind::Station, station));
        if let Running::Shared { due, sequence, .. } = &mut self.stations[station as usize].kind {
            (*due, *sequence) = (at, fresh);
        }
    }

    /// Cores of one's own that are held.
    pub(super) fn cores_held(&self) -> impl Iterator<Item = Held> {
        let running =
            self.calls.ids().map(|slot| &self.calls[slot]).filter(|call| call.state == State::OnCore);
        running.map(|call| Held { station: StationId(call.station), since: Time(call.since) })
    }
}
