//! Programs, one op after the other.

use super::General;
use super::call::{Loop, State};
use super::data::Found;
use crate::engine::event_list::{Key, Kind};
use crate::ids::{DistId, SiteId, TableId};
use crate::model::{LOADS_MAX, Op, Pc, Resource};
use crate::rng::{KeyedRng, mix, mix_salt};
use crate::signal::{ErrorKind, Fault, Probe, Signal};
use crate::station::Admission;
use crate::units::{Span, Time};

impl<P: Probe> General<'_, P> {
    /// What a call waited for came about: an event that is not just the end of its work. Answers who goes on: it, or its next
    /// attempt.
    pub(super) fn end_of_event(&mut self, slot: u32) -> u32 {
        match self.calls[slot].state {
            State::OnCore => self.give_back_core(slot),
            State::BackingOff => return self.try_again(slot),
            other => unreachable!("a call that is {other:?} waits for no event"),
        }
        let call = &mut self.calls[slot];
        call.pc += 1;
        call.state = State::Running;
        slot
    }

    /// Runs ops until the call has to wait, or is over. Answers who goes on at this instant.
    #[inline]
    pub(super) fn advance(&mut self, slot: u32) -> Option<u32> {
        let mut pc = self.calls[slot].pc;
        loop {
            match self.ops[pc as usize] {
                Op::Acquire(resource @ (Resource::OwnLock(_) | Resource::SharedLock(_))) => {
                    let station = self.resolve(slot, resource);
                    if !self.ask_for_lock(slot, station, pc) {
                        return None;
                    }
                    pc += 1;
                }
                Op::Acquire(resource) => {
                    let station = self.resolve(slot, resource);
                    match self.ask_for_slot(slot, station, pc) {
                        Admission::Start => {
                            pc += 1;
                            if let Op::Work(dist) = self.ops[pc as usize] {
                                self.work(slot, pc, dist);
                                return None;
                            }
                        }
                        Admission::Wait => return None,
                        Admission::Reject => return self.reject(slot, station),
                    }
                }
                Op::Release => {
                    self.give_back_slot(slot);
                    pc += 1;
                }
                Op::Open(dist) => {
                    if self.is_open(slot) {
                        pc += 1;
                        continue;
                    }
                    self.work(slot, pc, dist);
                    return None;
                }
                Op::Work(dist) => {
                    self.work(slot, pc, dist);
                    return None;
                }
                Op::Cpu(dist) => {
                    match self.seats[self.calls[slot].member.index()].cores {
                        Some(station) => {
                            let work = self.draw_span(slot, pc, dist);
                            self.calls[slot].pc = pc;
                            self.work_on_core(slot, station.0, work);
                        }
                        None => self.work(slot, pc, dist),
                    }
                    return None;
                }
                Op::Call { first, count, need } => {
                    if let (Some(endpoint), 1, 1) = (self.visited[first.index()], count, need) {
                        pc = self.start_visit(slot, pc, first, endpoint);
                        continue;
                    }
                    self.calls[slot].pc = pc;
                    return self.call_out(slot, first, count, need);
                }
                Op::Lookup { place, table, miss } => {
                    let hit = self.choose(slot, pc, table) == 0;
                    self.probe.on(Time(self.now), Signal::LookedUp { place, hit, stale: false });
                    pc = if hit { pc + 1 } else { miss };
                }
                Op::Send { first, count } => {
                    for site in first.0..first.0 + count {
                        self.send(slot, SiteId(site));
                    }
                    pc += 1;
                }
                Op::Key(draw) => {
                    self.draw_key(slot, pc, draw);
                    pc += 1;
                }
                Op::Commit { versions, first } => {
                    self.commit(slot, versions, first);
                    pc += 1;
                }
                Op::Read(versions) => {
                    self.read(slot, versions);
                    pc += 1;
                }
                Op::Apply { versions, copy } => {
                    let about = self.calls[slot].about;
                    self.data[versions].apply(about.item, copy, about.versions[LOADS_MAX]);
                    pc += 1;
                }
                Op::Get { store, miss, depth } => match self.get(slot, pc, store) {
                    Found::Hit => pc += 1,
                    Found::Miss => {
                        self.start_to_load(slot, store, miss, depth);
                        pc = miss;
                    }
                    Found::Waits => return None,
                },
                Op::Fill { store, depth } => {
                    self.fill(slot, pc, store, depth);
                    pc += 1;
                }
                Op::Put(store) => {
                    self.put(slot, pc, store);
                    pc += 1;
                }
                Op::Choose(table) => pc += 1 + self.choose(slot, pc, table) as Pc,
                Op::Jump(to) => pc = to,
                Op::Repeat { times, end } => {
                    let mut rng = self.rng(slot, pc);
                    let left = self.model.counts[times.0 as usize].sample(&mut rng);
                    if left == 0 {
                        pc = end;
                    } else {
                        self.calls.open_loop(
                            slot,
                            Loop { owner: pc, left, ..Loop::about(self.calls[slot].about.item) },
                        );
                        pc += 1;
                    }
                }
                Op::Again { start } => {
                    // Turns that take no time are counted as events, so that no model can hang the engine.
                    self.events += 1;
                    let turn = self.calls.innermost(slot).expect("a loop that closes is open");
                    turn.left -= 1;
                    turn.turn += 1;
                    if turn.left > 0 {
                        pc = start;
                    } else {
                        self.calls[slot].loops -= 1;
                        pc += 1;
                    }
                }
                Op::While { table, end } => {
                    self.events += 1;
                    match self.calls.innermost(slot).filter(|l| l.owner == pc) {
                        Some(turn) => turn.turn += 1,
                        None => self
                            .calls
                            .open_loop(slot, Loop { owner: pc, ..Loop::about(self.calls[slot].about.item) }),
                    }
                    if self.choose(slot, pc, table) == 0 {
                        pc += 1;
                    } else {
                        self.calls[slot].loops -= 1;
                        pc = end;
                    }
                }
                Op::Snapshot(versions) => {
                    self.note_version(slot, versions);
                    pc += 1;
                }
                Op::Validate { versions, done } => {
                    pc = if self.validate(slot, versions) { done } else { pc + 1 };
                }
                Op::Fail(table) => {
                    if self.choose(slot, pc, table) == 0 {
                        let place = self.entries[self.calls[slot].endpoint.index()].place;
                        return self.fail(slot, Fault { kind: ErrorKind::Failed, place });
                    }
                    pc += 1;
                }
                Op::Reach => {
                    if self.is_lost(slot) {
                        let place = self.entries[self.calls[slot].endpoint.index()].place;
                        return self.fail(slot, Fault { kind: ErrorKind::Failed, place });
                    }
                    pc += 1;
                }
                Op::End if self.calls[slot].visiting => pc = self.end_visit(slot),
                Op::End => return self.end(slot),
            }
        }
    }

    /// The station that a resource means for this call.
    #[inline]
    fn resolve(&self, slot: u32, resource: Resource) -> u32 {
        let member = self.calls[slot].member.0;
        match resource {
            Resource::Own(nth) | Resource::OwnLock(nth) => self.seats[member as usize].station + nth,
            Resource::Shared(station) | Resource::SharedLock(station) => station.0,
            Resource::PerMember { first } => {
                let place = self.entries[self.calls[slot].endpoint.index()].place;
                first.0 + (member - self.model.places[place.index()].members.start)
            }
        }
    }

    /// The draws of an op: by call, position in its program, and turn of the loops it stands in.
    #[inline(always)]
    pub(super) fn rng(&self, slot: u32, pc: Pc) -> KeyedRng {
        let call = &self.calls[slot];
        let key = mix_salt(call.key, self.salts[pc as usize]);
        KeyedRng::new(if call.loops == 0 { key } else { self.key_of_turn(slot, key) })
    }

    /// Folds the turns of all open loops into a key.
    #[inline]
    pub(super) fn turn_key(&self, slot: u32, key: u64) -> u64 {
        if self.calls[slot].loops == 0 { key } else { self.key_of_turn(slot, key) }
    }

    #[inline(never)]
    fn key_of_turn(&self, slot: u32, key: u64) -> u64 {
        self.calls.loops(slot).iter().fold(key, |key, l| mix(key, l.turn))
    }

    #[inline]
    fn draw_span(&self, slot: u32, pc: Pc, dist: DistId) -> u64 {
        Span::from_secs(self.model.dists[dist.index()].sample(&mut self.rng(slot, pc))).0
    }

    /// A call begins work that nobody disturbs; an event ends it.
    #[inline]
    pub(super) fn work(&mut self, slot: u32, pc: Pc, dist: DistId) {
        let work = self.draw_span(slot, pc, dist);
        let event = self.next_sequence();
        let call = &mut self.calls[slot];
        (call.pc, call.state, call.since, call.work, call.event) =
            (pc, State::Working, self.now, work, event);
        self.list.push(Key::new(self.now.saturating_add(work), event, Kind::Call, slot));
    }

    #[inline]
    fn choose(&mut self, slot: u32, pc: Pc, table: TableId) -> usize {
        self.model.tables[table.index()].alias.sample(&mut self.rng(slot, pc))
    }
}
