//! Slots and shared cores: taken, waited for, given back.

use super::call::{Call, Calls, Hold};
use super::steps::{At, Slot, Step, Work};
use super::{World, draw};
use crate::engine::event_list::{Key, Kind};
use crate::engine::parts::order;
use crate::ids::{MemberId, StationId};
use crate::model::{Class, Sharing, StationKind};
use crate::rng::mix_salt;
use crate::signal::{Probe, Signal};
use crate::station::Admission;
use crate::station::sharing::SharedCores;
use crate::station::slots::Slots;
use crate::units::{Span, Time};

/// A resource under way.
#[derive(Debug)]
pub enum Station {
    Slots(Slots),
    /// Shared cores, with the event that comes no later than their next completion: its time and its sequence number.
    Cores(SharedCores, u64, u64),
}

impl Station {
    pub fn new(kind: &StationKind, classes: usize) -> Self {
        match *kind {
            StationKind::Slots { capacity, discipline, .. } => {
                Self::Slots(Slots::new(capacity, None, order(discipline), classes))
            }
            StationKind::Cores { cores, sharing: Sharing::Contended(law) } => {
                Self::Cores(SharedCores::new(cores, classes).contended(law), u64::MAX, 0)
            }
            StationKind::Cores { cores, .. } => Self::Cores(SharedCores::new(cores, classes), u64::MAX, 0),
            StationKind::Locks { .. } => unreachable!("a plain model has no locks"),
        }
    }
}

impl World<'_> {
    /// The station of a slot, at a member.
    #[inline]
    pub(super) fn station(&self, at: At, member: MemberId) -> u32 {
        match at {
            At::Own(nth) => self.seats[member.index()].0 + nth,
            At::Shared(station) => station,
            At::Behind(offset) => member.0.wrapping_add(offset),
        }
    }

    /// A call wants a slot of a station. `false`: it waits, and goes on when it has it.
    #[inline(always)]
    pub(super) fn ask<P: Probe>(&mut self, probe: &mut P, slot: u32, class: Class, station: u32) -> bool {
        let Station::Slots(slots) = &mut self.stations[station as usize] else {
            unreachable!("slots are asked of slots")
        };
        let (now, id) = (Time(self.now), StationId(station));
        match slots.ask(slot, class, &mut self.links) {
            Admission::Start => {
                probe.on(now, Signal::Started { station: id, wait: Span::ZERO, queued: false });
                true
            }
            Admission::Wait => {
                probe.on(now, Signal::Queued { station: id });
                false
            }
            Admission::Reject => unreachable!("there is room for all"),
        }
    }

    /// A call takes a slot. `false`: it waits, and goes on when it has it.
    #[inline(always)]
    pub(super) fn take<P: Probe>(&mut self, probe: &mut P, slot: u32, call: &mut Call, from: Slot) -> bool {
        let station = self.station(from.at, call.member);
        let taken = self.ask(probe, slot, call.class, station);
        if taken {
            call.hold(station, self.now);
        } else {
            call.since = self.now;
        }
        taken
    }

    /// A slot is given back, and whoever waits first has it.
    #[inline(always)]
    pub(super) fn give_back<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, hold: Hold) {
        let Hold { station, since } = hold;
        let (now, id) = (self.now, StationId(station));
        probe.on(Time(now), Signal::Stopped { station: id, held: Span(now - since) });
        let Station::Slots(slots) = &mut self.stations[station as usize] else {
            unreachable!("only slots are held")
        };
        let Some(next) = slots.give_back(&mut self.links) else { return };
        let call = &mut calls[next];
        let started = |wait: u64| Signal::Started { station: id, wait: Span(wait), queued: true };
        match self.steps[call.pc as usize] {
            Step::Take(from, work) => {
                call.hold(station, now);
                let wait = now - call.since;
                call.pc += 1;
                if from.own {
                    call.waited += wait;
                }
                probe.on(Time(now), started(wait));
                match work {
                    // Work needs nobody's turn.
                    Some(work) => self.work(next, call, call.key, work),
                    None => self.ready.push_back(next),
                }
            }
            Step::Visit(called, _, work) => {
                call.visits = station;
                probe.on(Time(now), started(now - call.mark));
                self.work(next, call, mix_salt(call.key, called.salt), work);
            }
            other => unreachable!("who waits for a slot is about to take it, not to {other:?}"),
        }
    }

    /// As [`Self::give_back`], apart: most slots are given back at the end.
    #[inline(never)]
    pub(super) fn give_back_early<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, hold: Hold) {
        self.give_back(calls, probe, hold);
    }

    /// A call has work to do on shared cores.
    pub(super) fn work_on_cores<P: Probe>(
        &mut self,
        probe: &mut P,
        slot: u32,
        call: &mut Call,
        station: StationId,
        work: Work<'_>,
    ) {
        (call.mark, call.since) = (draw(call.key, work), self.now);
        let Station::Cores(cores, ..) = &mut self.stations[station.index()] else {
            unreachable!("work on cores is done on cores")
        };
        cores.join(self.now, slot, call.class, call.mark, &mut self.positions);
        self.cores_changed(probe, station);
    }

    /// The pending completion of shared cores is due, or was.
    pub(super) fn completions<P: Probe>(&mut self, calls: &mut Calls, probe: &mut P, station: u32) {
        let id = StationId(station);
        let Station::Cores(cores, due, _) = &mut self.stations[station as usize] else {
            unreachable!("only cores have completions")
        };
        *due = u64::MAX;
        while let Some(slot) = cores.finish(self.now, &mut self.positions) {
            let call = &mut calls[slot];
            let stretch = (self.now - call.since).saturating_sub(call.mark);
            call.served += call.mark;
            call.waited += stretch;
            probe.on(Time(self.now), Signal::Stretched { station: id, wait: Span(stretch) });
            call.pc += 1;
            self.ready.push_back(slot);
        }
        self.cores_changed(probe, id);
    }

    /// Tells how many run, and makes sure that an event comes no later than the next completion. One that comes too early is
    /// only looked at again.
    fn cores_changed<P: Probe>(&mut self, probe: &mut P, station: StationId) {
        let Station::Cores(cores, due, _) = &self.stations[station.index()] else {
            unreachable!("cores are cores")
        };
        let (calls, due, next) = (cores.running(), *due, cores.next_finish());
        probe.on(Time(self.now), Signal::Running { station, calls });
        let Some(at) = next.filter(|&at| at < due) else { return };
        let fresh = self.next_sequence();
        self.list.push(Key::new(at, fresh, Kind::Station, station.0));
        if let Station::Cores(_, due, sequence) = &mut self.stations[station.index()] {
            (*due, *sequence) = (at, fresh);
        }
    }
}
