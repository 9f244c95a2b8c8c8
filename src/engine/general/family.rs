//! Calls and their own calls: birth, answers, retries, timeouts, cancelling.
//!
//! A call goes on when `need` answers have come, or can no longer come.

use super::call::{Call, State};
use super::{Entry, General, span};
use crate::engine::IN_FLIGHT_MAX;
use crate::engine::event_list::Kind;
use crate::engine::parts::{BACKOFF, BALANCE, TIMEOUT};
use crate::ids::{DistId, EndpointId, MemberId, SiteId, StationId};
use crate::model::{Jitter, OnError, Op, Target};
use crate::policy::backoff::{Spread, backoff_s};
use crate::rng::{KeyedRng, mix};
use crate::signal::{ErrorKind, Fault, Origin, Outcome, Probe, Signal, Visit};
use crate::station::line::NONE;
use crate::units::{Span, Time};

/// An attempt that is over, as its caller knows it.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    caller: u32,
    site: SiteId,
    copy: u32,
    number: u32,
}

/// What an answer means for the caller.
enum Then {
    /// It waits on.
    Wait,
    /// It goes on.
    Run,
    /// It is over.
    Fail(Fault),
}

impl<P: Probe> General<'_, P> {
    /// A call enters the system; it has yet to be named.
    #[inline]
    pub(super) fn bear(&mut self) -> u32 {
        let slot = self.calls.insert(self.now);
        if slot as usize >= self.side_tables {
            self.grow_side_tables();
        }
        slot
    }

    #[cold]
    fn grow_side_tables(&mut self) {
        self.side_tables = (2 * self.side_tables).max(64);
        self.links.grow_to(self.side_tables);
        self.positions.grow_to(self.side_tables);
        self.timers.grow_to(self.side_tables);
        self.overflow |= self.calls.capacity() >= IN_FLIGHT_MAX;
    }

    /// Chooses who serves a call of `user` about `item`.
    #[inline]
    pub(super) fn member_for(&mut self, entry: &Entry, key: u64, user: u32, item: u32) -> MemberId {
        entry.only.unwrap_or_else(|| match entry.shards {
            None if entry.after_own_write.is_none() => self.balance(entry.balancer, key, user),
            _ => self.member_by_data(entry, key, user, item),
        })
    }

    #[inline]
    pub(super) fn balance(&mut self, balancer: u32, key: u64, user: u32) -> MemberId {
        MemberId(self.balancers[balancer as usize].pick(|| mix(key, BALANCE), user, &self.in_system))
    }

    /// A call arrives at a place.
    #[inline]
    pub(super) fn enter_place(&mut self, endpoint: EndpointId, member: MemberId) {
        self.in_system[member.index()] += 1;
        self.probe.on(Time(self.now), Signal::Arrived { endpoint, member });
    }

    /// Starts the timer of an attempt.
    #[inline]
    pub(super) fn bound(&mut self, slot: u32, timeout: Option<DistId>) {
        if let Some(dist) = timeout {
            self.start_attempt_timer(slot, dist);
        }
    }

    fn start_attempt_timer(&mut self, slot: u32, dist: DistId) {
        let track = self.tracks[dist.index()].expect("every timeout has its track");
        let mut rng = KeyedRng::new(mix(self.calls[slot].key, TIMEOUT));
        let delay = Span::from_secs(self.model.dists[dist.index()].sample(&mut rng)).0;
        self.calls[slot].timer = self.start_timer(track, slot, delay, Kind::Call);
    }

    /// Ends the timer of an attempt that is over.
    #[inline]
    fn unbound(&mut self, slot: u32) {
        if self.calls[slot].timer != 0 {
            self.end_timer(slot);
        }
    }

    fn end_timer(&mut self, slot: u32) {
        let call = &self.calls[slot];
        let timeout = if call.root {
            self.model.groups[self.model.requests[call.request.index()].group.index()].timeout
        } else {
            self.model.sites[call.site.index()].timeout
        };
        let track =
            timeout.and_then(|dist| self.tracks[dist.index()]).expect("a timer that runs has a track");
        self.calls[slot].timer = 0;
        self.stop_timer(track, slot, Kind::Call);
    }

    /// A call starts its own calls and waits for `need` right answers. Answers who goes on.
    #[inline]
    pub(super) fn call_out(&mut self, slot: u32, first: SiteId, count: u32, need: u32) -> Option<u32> {
        let call = &mut self.calls[slot];
        (call.state, call.fault, call.need) = (State::Joining, None, need);
        let single = count == 1 && self.model.sites[first.index()].copies == 1;
        if single {
            self.calls[slot].left = 1;
            return Some(self.bear_child(slot, first, 0, 1));
        }
        let sites = first.0..first.0 + count;
        let model = self.model;
        let copies = |s: u32| model.sites[s as usize].copies;
        let at_once = |s: u32| model.sites[s as usize].at_once.min(copies(s));
        let call = &mut self.calls[slot];
        call.left = sites.clone().map(copies).sum();
        call.unborn = call.left - sites.clone().map(at_once).sum::<u32>();
        debug_assert!(call.unborn == 0 || count == 1, "a site with a limit stands alone");
        for site in sites {
            for copy in 0..at_once(site) {
                let child = self.bear_child(slot, SiteId(site), copy, 1);
                self.make_ready(child);
            }
        }
        None
    }

    /// The next of the copies that wait for their turn starts.
    fn bear_next(&mut self, slot: u32) {
        let call = &mut self.calls[slot];
        let Op::Call { first, .. } = self.ops[call.pc as usize] else {
            unreachable!("only calls have copies")
        };
        let copy = self.model.sites[first.index()].copies - call.unborn;
        call.unborn -= 1;
        let child = self.bear_child(slot, first, copy, 1);
        self.make_ready(child);
    }

    /// One attempt at a site, which its caller waits for.
    #[inline]
    fn bear_child(&mut self, parent: u32, site_id: SiteId, copy: u32, attempt: u32) -> u32 {
        let slot = self.attempt(parent, site_id, copy, attempt);
        let caller = &mut self.calls[parent];
        let neighbour = std::mem::replace(&mut caller.first_child, slot);
        if neighbour != NONE {
            self.calls[neighbour].previous = slot;
        }
        let call = &mut self.calls[slot];
        (call.parent, call.next) = (parent, neighbour);
        self.bound(slot, self.model.sites[site_id.index()].timeout);
        slot
    }

    /// A message: a call that nobody waits for.
    pub(super) fn send(&mut self, sender: u32, site: SiteId) {
        let slot = self.attempt(sender, site, 0, 1);
        self.make_ready(slot);
    }

    /// An attempt at a site, without relatives, arrived at its place.
    #[inline]
    fn attempt(&mut self, parent: u32, site_id: SiteId, copy: u32, attempt: u32) -> u32 {
        let site = &self.model.sites[site_id.index()];
        let Call { key, endpoint, member, class, user, about, .. } = self.calls[parent];
        let mut key = self.turn_key(parent, mix(key, site.step));
        if copy != 0 || attempt != 1 {
            key = mix(key, u64::from(copy) << 32 | u64::from(attempt));
        }
        let (called, member) = match site.target {
            Target::Endpoint(called) => {
                let entry = self.entries[called.index()];
                (called, self.member_for(&entry, key, user, about.item))
            }
            Target::Member(called, member) => (called, member),
            Target::Beside(called) => (called, self.beside(called, endpoint, member)),
            Target::Part(called, shard) => {
                let balancer = self.entries[called.index()].balancer + shard;
                (called, self.balance(balancer, key, user))
            }
            Target::Branch(_) => (endpoint, member),
        };
        let (pc, class, branch) = match site.target {
            Target::Branch(pc) => (pc, site.class.unwrap_or(class), true),
            _ => {
                let entry = &self.entries[called.index()];
                (entry.pc, site.class.or(entry.class).unwrap_or(class), false)
            }
        };
        if !branch {
            self.enter_place(called, member);
        }
        let slot = self.bear();
        let call = &mut self.calls[slot];
        (call.key, call.site, call.user, call.copy, call.attempt) = (key, site_id, user, copy, attempt);
        call.about = about;
        (call.endpoint, call.member) = (called, member);
        (call.pc, call.class, call.branch) = (pc, class, branch);
        slot
    }

    /// A call ends well: it gives back what it holds and answers its caller. Answers who goes on.
    #[inline]
    pub(super) fn end(&mut self, slot: u32) -> Option<u32> {
        let caller = self.finish(slot, Ok(()))?;
        let call = &mut self.calls[caller];
        call.need = call.need.saturating_sub(1);
        if (call.left, call.need) == (1, 0) {
            // The one answer it waited for.
            (call.left, call.state, call.pc) = (0, State::Running, call.pc + 1);
            return Some(caller);
        }
        match self.settle(caller) {
            Then::Wait => None,
            Then::Run => Some(caller),
            Then::Fail(fault) => self.fail(caller, fault),
        }
    }

    /// A call fails: so may its caller, and the caller of that. Answers who goes on.
    #[cold]
    pub(super) fn fail(&mut self, mut slot: u32, mut fault: Fault) -> Option<u32> {
        loop {
            let Call { site, copy, attempt, .. } = self.calls[slot];
            slot = self.finish(slot, Err(fault))?;
            match self.answered_wrong(Attempt { caller: slot, site, copy, number: attempt }, fault) {
                Then::Wait => return None,
                Then::Run => return Some(slot),
                Then::Fail(raised) => fault = raised,
            }
        }
    }

    /// Takes a call that is over out of the system. Answers its caller, if anyone waits for it.
    #[inline]
    fn finish(&mut self, slot: u32, outcome: Outcome) -> Option<u32> {
        let &Call { timer, holds, parent, root, detached, previous, next, .. } = &self.calls[slot];
        if timer != 0 {
            self.end_timer(slot);
        }
        for _ in 0..holds {
            self.give_back_slot(slot);
        }
        self.leave_place(slot, Some(outcome));
        if parent != NONE {
            self.calls.unlink(parent, previous, next);
        } else if root && !detached {
            self.answer_user(slot, outcome);
        }
        self.orphans -= u64::from(detached);
        self.calls.remove(slot);
        (parent != NONE).then_some(parent)
    }

    /// Frees the record of a call.
    #[inline]
    fn bury(&mut self, slot: u32) {
        self.orphans -= u64::from(self.calls[slot].detached);
        self.calls.remove(slot);
    }

    /// Tells that a call has left its place; a branch adds its times to those of its caller.
    #[inline]
    pub(super) fn leave_place(&mut self, slot: u32, outcome: Option<Outcome>) {
        let call = &self.calls[slot];
        let (waited, served) = (call.waited, call.served);
        if call.branch && !call.visiting {
            let parent = call.parent;
            if parent == NONE {
                // The steps of a user far away.
                return;
            }
            let caller = &mut self.calls[parent];
            caller.waited += waited;
            caller.served += served;
            return;
        }
        let (endpoint, member, arrived) = (call.endpoint, call.member, Time(call.arrived));
        let origin = self.awaited_by(slot);
        let detached = self.orphans > 0 && self.is_orphaned(slot);
        let counted = self.entries[endpoint.index()].counted.unwrap_or(member);
        self.in_system[counted.index()] -= 1;
        let (wait, service) = (span(waited), span(served));
        let visit = Visit { endpoint, member, arrived, wait, service, outcome, detached, origin };
        self.probe.on(Time(self.now), Signal::Left(visit));
    }

    /// Tells those who want to know it that a call has waited.
    #[inline]
    pub(super) fn tell_wait(&mut self, slot: u32, station: u32, wait: u64) {
        if let Some(origin) = self.awaited_by(slot).filter(|_| wait > 0) {
            let station = StationId(station);
            self.probe.on(Time(self.now), Signal::Waited { station, wait: span(wait), origin });
        }
    }

    /// The request that waits for a call, if one does and the probe wants to know.
    #[inline]
    fn awaited_by(&self, slot: u32) -> Option<Origin> {
        if P::DISSECTS { self.request_above(slot) } else { None }
    }

    fn request_above(&self, mut slot: u32) -> Option<Origin> {
        while self.calls[slot].parent != NONE {
            slot = self.calls[slot].parent;
        }
        let call = &self.calls[slot];
        (call.root && !call.detached).then_some(Origin(call.about.origin))
    }

    /// Whether the caller of this call, or a caller further up, has gone.
    fn is_orphaned(&self, mut slot: u32) -> bool {
        loop {
            let call = &self.calls[slot];
            if call.detached {
                return true;
            }
            if call.parent == NONE {
                return false;
            }
            slot = call.parent;
        }
    }

    /// One of a call's own calls has failed.
    fn answered_wrong(&mut self, attempt: Attempt, fault: Fault) -> Then {
        let slot = attempt.caller;
        let site = &self.model.sites[attempt.site.index()];
        if attempt.number < site.attempts {
            self.back_off(slot, attempt.site, attempt.copy, attempt.number);
            return Then::Wait;
        }
        let call = &mut self.calls[slot];
        match site.on_error {
            OnError::Continue => call.need = call.need.saturating_sub(1),
            OnError::Fallback(pc) => {
                (call.pc, call.left, call.need) = (pc, 0, 0);
                call.state = State::Running;
                return Then::Run;
            }
            OnError::Raise => {
                call.fault.get_or_insert(fault.into());
            }
        }
        self.settle(slot)
    }

    /// One fewer of a call's own calls is out: whether it goes on.
    #[inline]
    fn settle(&mut self, slot: u32) -> Then {
        let call = &mut self.calls[slot];
        call.left -= 1;
        if call.need > 0 && call.left >= call.need {
            if call.unborn > 0 {
                self.bear_next(slot);
            }
            return Then::Wait;
        }
        // Who is not born by now is not needed any more.
        call.unborn = 0;
        let (enough, fault) = (call.need == 0, call.fault);
        call.state = State::Running;
        call.pc += 1;
        if call.first_child != NONE {
            self.drop_children(slot, false);
        }
        if enough {
            Then::Run
        } else {
            Then::Fail(fault.expect("answers that can no longer come had an error").into())
        }
    }

    fn back_off(&mut self, slot: u32, site_id: SiteId, copy: u32, failed: u32) {
        let site = &self.model.sites[site_id.index()];
        let delay = site.backoff.map_or(0.0, |b| {
            let spread = match b.jitter {
                Jitter::None => Spread::None,
                Jitter::Full => Spread::Full,
                Jitter::Equal => Spread::Equal,
            };
            let key = mix(
                self.turn_key(slot, mix(self.calls[slot].key, site.step)),
                BACKOFF + u64::from(failed) * 8,
            );
            backoff_s(b.first, b.factor, b.max, spread, failed, key)
        });
        if let Target::Endpoint(endpoint) | Target::Member(endpoint, _) = site.target {
            self.probe.on(Time(self.now), Signal::Retried { endpoint });
        }
        debug_assert_eq!(copy, 0, "a site with retries stands alone");
        let call = &mut self.calls[slot];
        (call.state, call.work) = (State::BackingOff, u64::from(failed));
        self.schedule(slot, Span::from_secs(delay).0);
    }

    /// The back-off is over: the next attempt.
    pub(super) fn try_again(&mut self, slot: u32) -> u32 {
        let call = &mut self.calls[slot];
        call.state = State::Joining;
        let failed = call.work as u32;
        let Op::Call { first, .. } = self.ops[call.pc as usize] else {
            unreachable!("only calls are tried again")
        };
        self.bear_child(slot, first, 0, failed + 1)
    }

    /// The timer of an attempt, or the patience of a user, is over. Answers who goes on.
    pub(super) fn time_out(&mut self, slot: u32) -> Option<u32> {
        self.part_visit(slot);
        let Call { parent, site, copy, attempt, branch, .. } = self.calls[slot];
        let fault = Fault { kind: ErrorKind::Timeout, place: self.waits_at(slot) };
        if parent == NONE {
            self.answer_user(slot, Err(fault));
            if branch {
                // Who has not left yet stays at home; a call under way goes on without its user.
                self.cancel(slot, false);
            } else {
                self.detach(slot);
            }
            return None;
        }
        if branch || self.model.sites[site.index()].cancel {
            self.cancel(slot, !branch);
        } else {
            if let Some(origin) = self.awaited_by(slot) {
                let Call { endpoint, arrived, .. } = self.calls[slot];
                let after = span(self.now - arrived);
                self.probe.on(Time(self.now), Signal::GaveUp { endpoint, after, origin });
            }
            self.calls.part(slot);
            self.detach(slot);
        }
        match self.answered_wrong(Attempt { caller: parent, site, copy, number: attempt }, fault) {
            Then::Wait => None,
            Then::Run => Some(parent),
            Then::Fail(raised) => self.fail(parent, raised),
        }
    }

    /// The place a call was made to; for a branch, that of the call it has out.
    fn waits_at(&self, mut slot: u32) -> crate::ids::PlaceId {
        loop {
            let call = &self.calls[slot];
            if !call.branch || call.first_child == NONE {
                break;
            }
            slot = call.first_child;
        }
        let call = &self.calls[slot];
        if call.branch && call.state == State::Queued {
            return self.place_of_station(call.station);
        }
        self.entries[call.endpoint.index()].place
    }

    /// A call works on though its caller has gone.
    fn detach(&mut self, slot: u32) {
        self.part_visit(slot);
        self.unbound(slot);
        let call = &mut self.calls[slot];
        call.detached = true;
        let endpoint = call.endpoint;
        self.orphans += 1;
        self.probe.on(Time(self.now), Signal::Detached { endpoint });
    }

    /// Parts a call from the calls it no longer waits for: they are detached, or cancelled where the model says so.
    fn drop_children(&mut self, slot: u32, force: bool) {
        loop {
            let child = self.calls[slot].first_child;
            if child == NONE {
                return;
            }
            let call = &self.calls[child];
            if force || call.branch || self.model.sites[call.site.index()].cancel {
                self.cancel(child, force || !call.branch);
            } else {
                self.calls.part(child);
                self.detach(child);
            }
        }
    }

    /// Ends a call at once, with all its branches, and with its own calls if `force` or where the model says so; the others are
    /// detached. Children go before parents, without recursion.
    fn cancel(&mut self, slot: u32, force: bool) {
        let mut doomed = std::mem::take(&mut self.doomed);
        doomed.push((slot, force));
        let mut at = 0;
        while let Some(&(parent, force)) = doomed.get(at) {
            self.part_visit(parent);
            let mut child = self.calls[parent].first_child;
            while child != NONE {
                let call = &self.calls[child];
                let next = call.next;
                if force || call.branch || self.model.sites[call.site.index()].cancel {
                    doomed.push((child, force || !call.branch));
                } else {
                    self.calls.part(child);
                    self.detach(child);
                }
                child = next;
            }
            at += 1;
        }
        while let Some((slot, _)) = doomed.pop() {
            self.end_now(slot);
        }
        self.doomed = doomed;
    }

    /// Takes a call without own calls out of whatever it is doing.
    fn end_now(&mut self, slot: u32) {
        self.unbound(slot);
        match self.calls[slot].state {
            State::Queued | State::CoreQueued => self.leave_line(slot),
            State::Sharing => self.leave_shared(slot),
            State::OnCore => self.give_back_core(slot),
            State::Working => {
                let call = &mut self.calls[slot];
                call.served += self.now - call.since;
            }
            State::Running | State::Joining | State::BackingOff => {}
        }
        self.severed = true;
        while self.calls[slot].holds > 0 {
            self.give_back_slot(slot);
        }
        self.severed = false;
        self.leave_place(slot, None);
        if self.calls[slot].parent != NONE {
            self.calls.part(slot);
        }
        self.bury(slot);
    }
}
