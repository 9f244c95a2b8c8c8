//! Keys in programs: drawn, written, read, looked up and stored.

use super::call::Loop;
use super::{Entry, General};
use crate::engine::data::Shelf;
use crate::ids::{EndpointId, KeyId, MemberId, SiteId, StoreId, VersionsId};
use crate::model::{LOADS_MAX, OnWrite, Pc};
use crate::signal::{Probe, Signal};
use crate::units::Time;

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The entry.
    Hit,
    /// Nothing.
    Miss,
    /// Nothing, but another call is loading it.
    Waits,
}

impl<P: Probe> General<'_, P> {
    /// Chooses who serves a call where its key or its user's own writes decide.
    #[inline(never)]
    pub(super) fn member_by_data(&mut self, entry: &Entry, key: u64, user: u32, item: u32) -> MemberId {
        let shard = entry.shards.map_or(0, |shards| shards.of(item));
        if let Some(versions) = entry.after_own_write
            && self.data[versions].wrote_lately(user, self.now)
        {
            let MemberId(first) = self.first_member(entry.place);
            return MemberId(first + shard * entry.shards.map_or(0, |shards| shards.stride));
        }
        self.balance(entry.balancer + shard, key, user)
    }

    /// The member of `called` whose number is that of the caller's member.
    #[inline]
    pub(super) fn beside(&self, called: EndpointId, caller: EndpointId, member: MemberId) -> MemberId {
        let first = |endpoint: EndpointId| {
            self.model.places[self.entries[endpoint.index()].place.index()].members.start
        };
        MemberId(first(called) + (member.0 - first(caller)))
    }

    /// A call is about another key from here on.
    pub(super) fn draw_key(&mut self, slot: u32, pc: Pc, draw: KeyId) {
        let own = || self.rng(slot, pc);
        let item = self.data.draw(draw, self.calls[slot].about.origin, own);
        self.calls[slot].about.item = item;
    }

    /// A call has written its key, and the write is on its way to the copies.
    pub(super) fn commit(&mut self, slot: u32, versions: VersionsId, first: SiteId) {
        let call = &self.calls[slot];
        let (item, user, endpoint) = (call.about.item, call.user, call.endpoint);
        let version = self.data[versions].write(item, user, self.now);
        self.calls[slot].about.versions[LOADS_MAX] = version;
        let copies = self.model.versions[versions.index()].copies;
        let shard = self.entries[endpoint.index()].shards.map_or(0, |shards| shards.of(item));
        // Those that have become the primary need no copy.
        let MemberId(primary) = self.first_member(self.entries[endpoint.index()].place);
        let promoted =
            primary - self.model.places[self.entries[endpoint.index()].place.index()].members.start;
        for copy in promoted..copies {
            self.send(slot, SiteId(first.0 + shard * copies + copy));
        }
    }

    /// A turn begins: it is about the key of its loop, whatever the steps of the turn before were about.
    pub(super) fn note_version(&mut self, slot: u32, versions: VersionsId) {
        let turn = self.calls.innermost(slot).expect("an optimistic step is a loop");
        let item = turn.item;
        turn.version = self.data[versions].newest(item);
        self.calls[slot].about.item = item;
    }

    /// A call writes the key of its loop, unless another has written it since its turn began. `true`: it has, and left the loop.
    pub(super) fn validate(&mut self, slot: u32, versions: VersionsId) -> bool {
        let &mut Loop { item, version: read, .. } =
            self.calls.innermost(slot).expect("an optimistic step is a loop");
        let user = self.calls[slot].user;
        self.calls[slot].about.item = item;
        let it = &mut self.data[versions];
        if it.newest(item) == read {
            it.write(item, user, self.now);
            self.calls[slot].loops -= 1;
            return true;
        }
        let place = self.model.versions[versions.index()].place;
        self.probe.on(Time(self.now), Signal::Conflict { place });
        false
    }

    /// A call reads its key at its member: the primary comes first, then the copies.
    pub(super) fn read(&mut self, slot: u32, versions: VersionsId) {
        let call = &self.calls[slot];
        let (item, endpoint, member) = (call.about.item, call.endpoint, call.member);
        let entry = &self.entries[endpoint.index()];
        let number = member.0 - self.model.places[entry.place.index()].members.start;
        let nth = entry.shards.map_or(number, |shards| number % shards.stride);
        let stale = nth
            .checked_sub(1)
            .filter(|_| member != self.first_member(entry.place))
            .is_some_and(|copy| self.data[versions].is_stale(item, copy as usize));
        self.probe.on(Time(self.now), Signal::Read { endpoint, stale });
    }

    /// Where a cache that a call asks would hold its key.
    fn shelf(&self, slot: u32, store: StoreId) -> Shelf {
        let call = &self.calls[slot];
        self.data.shelf(store, call.about.item, call.member)
    }

    /// A call looks its key up.
    pub(super) fn get(&mut self, slot: u32, pc: Pc, store: StoreId) -> Found {
        let shelf = self.shelf(slot, store);
        let spec = &self.model.stores[store.index()];
        if let Some(stale) = self.data.look_up(shelf, self.now) {
            self.probe.on(Time(self.now), Signal::LookedUp { place: spec.place, hit: true, stale });
            return Found::Hit;
        }
        match spec.coalesce {
            Some(nth) => {
                let member = self.model.places[spec.place.index()].members.start + shelf.part;
                let station = self.seats[member as usize].station + nth;
                if self.ask_for_lock(slot, station, pc) { Found::Miss } else { Found::Waits }
            }
            None => Found::Miss,
        }
    }

    /// A call that missed goes on to load what it missed.
    pub(super) fn start_to_load(&mut self, slot: u32, store: StoreId, miss: Pc, depth: u8) {
        let version = self.data.newest_behind(store, self.calls[slot].about.item);
        let call = &mut self.calls[slot];
        (call.about.versions[usize::from(depth)], call.pc) = (version, miss);
        let place = self.model.stores[store.index()].place;
        self.probe.on(Time(self.now), Signal::LookedUp { place, hit: false, stale: false });
    }

    /// A call has loaded what it missed.
    pub(super) fn fill(&mut self, slot: u32, pc: Pc, store: StoreId, depth: u8) {
        let about = self.calls[slot].about;
        let version = about.versions[usize::from(depth)];
        self.keep(slot, pc, store, version, false);
        let spec = &self.model.stores[store.index()];
        if spec.coalesce.is_some() {
            let stale = version != self.data.newest_behind(store, about.item);
            self.open_lock(slot, |engine| {
                engine.probe.on(Time(engine.now), Signal::Coalesced { place: spec.place, stale });
            });
        }
    }

    /// A call has written its key.
    pub(super) fn put(&mut self, slot: u32, pc: Pc, store: StoreId) {
        let written = self.calls[slot].about.versions[LOADS_MAX];
        match self.model.stores[store.index()].on_write {
            OnWrite::Nothing => {}
            OnWrite::Invalidate => {
                let shelf = self.shelf(slot, store);
                self.data.part(shelf).remove(shelf.key);
            }
            OnWrite::WriteThrough => self.keep(slot, pc, store, written, false),
            OnWrite::WriteBack => self.keep(slot, pc, store, written, true),
        }
    }

    /// Stores a version of the call's key; an entry that has to go, and that nobody has written back, is written back.
    fn keep(&mut self, slot: u32, pc: Pc, store: StoreId, version: u32, dirty: bool) {
        let shelf = self.shelf(slot, store);
        let stored = self.data.keep(shelf, version, self.now, self.rng(slot, pc));
        if dirty && stored.admitted {
            self.data.part(shelf).mark_dirty(shelf.key);
        }
        // What is not admitted is written at once.
        let refused = (dirty && !stored.admitted).then_some(shelf.key);
        let evicted = stored.evicted.filter(|evicted| evicted.dirty).map(|evicted| evicted.key);
        let spec = &self.model.stores[store.index()];
        if let (Some(key), Some(site)) = (refused.or(evicted), spec.write_back) {
            let own = std::mem::replace(&mut self.calls[slot].about.item, key);
            self.send(slot, site);
            self.calls[slot].about.item = own;
        }
    }
}
