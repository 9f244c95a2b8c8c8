//! What happens at a given time: it interrupts the event loop, which knows nothing of it.
//!
//! A change comes after everything else at its nanosecond. None is due until the clock is started: the system comes to its steady
//! state first.

use super::General;
use super::call::State;
use crate::engine::Stop;
use crate::engine::parts::balancer;
use crate::ids::{MemberId, PlaceId};
use crate::model::{Balancer as BalancerSpec, Happening, Model};
use crate::signal::{ErrorKind, Fault, Probe};
use crate::station::store::Store;

/// What is still to happen, and what has come of it.
#[derive(Debug)]
pub struct Changes {
    /// By change of the model: when it happens next; `u64::MAX` where it does not.
    due: Vec<u64>,
    /// Members that are lost.
    lost: Vec<MemberId>,
    /// By place: the first of its members that is there: the primary of a database.
    first: Vec<MemberId>,
}

impl Changes {
    pub fn new(model: &Model) -> Self {
        Self {
            due: vec![u64::MAX; model.changes.len()],
            lost: Vec::new(),
            first: model.places.iter().map(|place| MemberId(place.members.start)).collect(),
        }
    }

    /// The next change; of several at one time the first of the model.
    fn next(&self) -> Option<(u64, usize)> {
        let (at, due) = self.due.iter().enumerate().min_by_key(|(_, due)| **due)?;
        (*due < u64::MAX).then_some((*due, at))
    }
}

impl<P: Probe> General<'_, P> {
    /// The times of changes count from now.
    pub fn start_clock(&mut self) {
        let changes = self.model.changes.iter();
        self.changes.due = changes.map(|change| self.now.saturating_add(change.at.0)).collect();
    }

    /// As [`Self::run`], through the changes on the way.
    pub(super) fn run_through(&mut self, end: u64, budget: u64) -> Stop {
        let last_event = self.events.saturating_add(budget);
        loop {
            let due = self.changes.next().filter(|(time, _)| *time <= end);
            let stop = self.run(due.map_or(end, |(time, _)| time), last_event.saturating_sub(self.events));
            let Some((time, at)) = due else { return stop };
            // Without an end there is nothing to wait for where nothing is left but changes.
            if matches!(stop, Stop::Budget | Stop::Overflow) || (stop == Stop::Idle && end == u64::MAX) {
                return stop;
            }
            self.now = time;
            // So that changes that come again and again cost something.
            self.events += 1;
            let change = self.model.changes[at];
            self.changes.due[at] = change.every.map_or(u64::MAX, |every| time.saturating_add(every.0));
            self.happen(change.what);
            self.drain(None);
        }
    }

    fn happen(&mut self, what: Happening) {
        match what {
            Happening::Flushed(store) => self.data.parts(store).iter_mut().for_each(Store::flush),
            Happening::NodeLost(store, part) => self.data.parts(store)[part as usize].go_away(),
            Happening::NodeBack(store, part) => self.data.parts(store)[part as usize].come_back(),
            Happening::PrimaryLost(place) => self.lose_primary(place),
            Happening::Promoted(place) => self.promote(place),
        }
    }

    /// Whether the member that serves a call is lost.
    pub(super) fn is_lost(&self, slot: u32) -> bool {
        self.changes.lost.contains(&self.calls[slot].member)
    }

    /// The first member of a place that is there: the primary of a database.
    pub(super) fn first_member(&self, place: PlaceId) -> MemberId {
        self.changes.first[place.index()]
    }

    /// The primary of a database is gone: what is there fails, those who wait first, so that nobody is served in between.
    fn lose_primary(&mut self, place: PlaceId) {
        let primary = self.first_member(place);
        self.changes.lost.push(primary);
        let is_there = |call: &super::call::Call| call.member == primary && !call.branch;
        let mut there: Vec<(u32, u32)> = self
            .calls
            .ids()
            .filter(|&slot| is_there(&self.calls[slot]))
            .map(|slot| (slot, self.calls[slot].generation))
            .collect();
        there.sort_by_key(|&(slot, _)| {
            let call = &self.calls[slot];
            (call.state != State::Queued, call.arrived, call.key)
        });
        for (slot, generation) in there {
            // The failure of another may have ended it.
            if self.calls[slot].generation == generation {
                self.strike(slot, place);
            }
        }
    }

    /// A query ends where it is, and its caller learns of it.
    fn strike(&mut self, slot: u32, place: PlaceId) {
        let call = &mut self.calls[slot];
        match call.state {
            State::Queued => self.leave_line(slot),
            State::Working => {
                call.served += self.now - call.since;
                (call.event, call.state) = (0, State::Running);
            }
            State::Running => {}
            other => unreachable!("a query is never {other:?}"),
        }
        let next = self.fail(slot, Fault { kind: ErrorKind::Failed, place });
        if let Some(caller) = next {
            self.make_ready(caller);
        }
    }

    /// The first read replica of a database is its primary from here on: writes go there, and reads to the others, if there are
    /// any. What is on its way to it still arrives.
    fn promote(&mut self, place: PlaceId) {
        let model = self.model;
        let (old, new) = (self.first_member(place).0, self.first_member(place).0 + 1);
        self.changes.first[place.index()] = MemberId(new);
        for endpoint in model.places[place.index()].endpoints.clone() {
            let at = model.endpoints[endpoint as usize].balancer;
            let BalancerSpec { members, policy } = model.balancers[at.index()].clone();
            let members = match members.len() {
                _ if members.contains(&old) => new..new + 1,
                0 | 1 => members,
                _ => new + 1..members.end,
            };
            let entry = &mut self.entries[endpoint as usize];
            entry.only =
                (members.len() == 1 && entry.after_own_write.is_none()).then_some(MemberId(members.start));
            self.balancers[at.index()] = balancer(model, &BalancerSpec { members, policy });
        }
    }
}
