//! Keys: their versions at the primary and at the copies, and caches that know them.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use super::call::{Call, Loop};
use super::{Entry, General};
use crate::ids::{EndpointId, KeyId, MemberId, SiteId, StoreId, VersionsId};
use crate::model::{self, LOADS_MAX, OnWrite, Pc};
use crate::rng::{KeyedRng, mix};
use crate::signal::{Probe, Signal};
use crate::station::locks::KeyHasher;
use crate::units::{Span, Time};

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

/// The newest version of every key, and what the copies have seen.
#[derive(Debug)]
pub struct Versions {
    keys: u32,
    newest: Vec<u32>,
    /// By copy.
    seen: Vec<Vec<u32>>,
    own_write: Option<u64>,
    /// When users wrote, for as long as it matters.
    wrote: HashMap<u32, u64, BuildHasherDefault<KeyHasher>>,
    by_age: VecDeque<(u64, u32)>,
}

impl Versions {
    pub fn new(spec: &model::Versions) -> Self {
        let zeros = || vec![0; spec.keys as usize];
        Self {
            keys: spec.keys,
            newest: zeros(),
            seen: (0..spec.copies).map(|_| zeros()).collect(),
            own_write: spec.own_write.map(|span| span.0),
            wrote: HashMap::default(),
            by_age: VecDeque::new(),
        }
    }

    fn at(&self, item: u32) -> usize {
        (item % self.keys) as usize
    }

    /// The newest version of a key.
    pub fn newest(&self, item: u32) -> u32 {
        self.newest[self.at(item)]
    }

    /// A user has written a key. Answers its version.
    fn write(&mut self, item: u32, user: u32, now: u64) -> u32 {
        if let Some(while_fresh) = self.own_write {
            while self.by_age.front().is_some_and(|&(then, _)| now - then > while_fresh) {
                let (then, who) = self.by_age.pop_front().expect("just seen");
                if self.wrote.get(&who) == Some(&then) {
                    self.wrote.remove(&who);
                }
            }
            self.wrote.insert(user, now);
            self.by_age.push_back((now, user));
        }
        let at = self.at(item);
        self.newest[at] = self.newest[at].wrapping_add(1);
        self.newest[at]
    }

    /// A version has arrived at a copy; versions may overtake each other on the way.
    pub fn apply(&mut self, item: u32, copy: u32, version: u32) {
        let at = self.at(item);
        let seen = &mut self.seen[copy as usize][at];
        *seen = version.max(*seen);
    }

    fn is_stale(&self, item: u32, copy: usize) -> bool {
        let at = self.at(item);
        self.seen.get(copy).is_some_and(|seen| seen[at] != self.newest[at])
    }

    fn wrote_lately(&self, user: u32, now: u64) -> bool {
        self.own_write.is_some_and(|fresh| self.wrote.get(&user).is_some_and(|then| now - then <= fresh))
    }
}

/// The part of a cache that a key belongs to.
pub(super) fn part_of(item: u32, parts: u32) -> u32 {
    if parts == 1 { 0 } else { (crate::rng::scramble(u64::from(item)) % u64::from(parts)) as u32 }
}

impl<P: Probe> General<'_, P> {
    /// Chooses who serves a call where its key or its user's own writes decide.
    #[inline(never)]
    pub(super) fn member_by_data(&mut self, entry: &Entry, key: u64, user: u32, item: u32) -> MemberId {
        let shard = entry.shards.map_or(0, |shards| shards.of(item));
        if let Some(versions) = entry.after_own_write
            && self.versions[versions.index()].wrote_lately(user, self.now)
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
        let draw = &self.model.keys[draw.index()];
        let mut rng = match draw.name {
            Some(name) => KeyedRng::new(mix(self.calls[slot].origin, name)),
            None => self.rng(slot, pc),
        };
        self.calls[slot].item = draw.law.sample(&mut rng);
    }

    /// A call has written its key, and the write is on its way to the copies.
    pub(super) fn commit(&mut self, slot: u32, versions: VersionsId, first: SiteId) {
        let Call { item, user, endpoint, .. } = self.calls[slot];
        let version = self.versions[versions.index()].write(item, user, self.now);
        self.calls[slot].versions[LOADS_MAX] = version;
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
        turn.version = self.versions[versions.index()].newest(item);
        self.calls[slot].item = item;
    }

    /// A call writes the key of its loop, unless another has written it since its turn began. `true`: it has, and left the loop.
    pub(super) fn validate(&mut self, slot: u32, versions: VersionsId) -> bool {
        let &mut Loop { item, version: read, .. } =
            self.calls.innermost(slot).expect("an optimistic step is a loop");
        let user = self.calls[slot].user;
        self.calls[slot].item = item;
        let it = &mut self.versions[versions.index()];
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
        let Call { item, endpoint, member, .. } = self.calls[slot];
        let entry = &self.entries[endpoint.index()];
        let number = member.0 - self.model.places[entry.place.index()].members.start;
        let nth = entry.shards.map_or(number, |shards| number % shards.stride);
        let stale = nth
            .checked_sub(1)
            .filter(|_| member != self.first_member(entry.place))
            .is_some_and(|copy| self.versions[versions.index()].is_stale(item, copy as usize));
        self.probe.on(Time(self.now), Signal::Read { endpoint, stale });
    }

    /// The part of a cache that a call asks about its key.
    fn part(&self, slot: u32, store: StoreId) -> usize {
        let spec = &self.model.stores[store.index()];
        let call = &self.calls[slot];
        match spec.per {
            Some(place) => (call.member.0 - self.model.places[place.index()].members.start) as usize,
            None => part_of(call.item, spec.parts) as usize,
        }
    }

    /// The key of a cache that a call is about: where the key comes from a place with more keys, several stand for one another.
    fn key_in(&self, slot: u32, store: StoreId) -> u32 {
        self.calls[slot].item % self.model.stores[store.index()].law.len()
    }

    fn newest_behind(&self, store: StoreId, item: u32) -> u32 {
        let versions = self.model.stores[store.index()].versions;
        versions.map_or(0, |versions| self.versions[versions.index()].newest(item))
    }

    /// A call looks its key up.
    pub(super) fn get(&mut self, slot: u32, pc: Pc, store: StoreId) -> Found {
        let (part, item) = (self.part(slot, store), self.key_in(slot, store));
        let spec = &self.model.stores[store.index()];
        if let Some(held) = self.stores[store.index()][part].look_up(item, self.now) {
            let stale = held.version != self.newest_behind(store, item);
            self.probe.on(Time(self.now), Signal::LookedUp { place: spec.place, hit: true, stale });
            return Found::Hit;
        }
        match spec.coalesce {
            Some(nth) => {
                let member = self.model.places[spec.place.index()].members.start as usize + part;
                let station = self.seats[member].station + nth;
                if self.ask_for_lock(slot, station, pc) { Found::Miss } else { Found::Waits }
            }
            None => Found::Miss,
        }
    }

    /// A call that missed goes on to load what it missed.
    pub(super) fn start_to_load(&mut self, slot: u32, store: StoreId, miss: Pc, depth: u8) {
        let version = self.newest_behind(store, self.calls[slot].item);
        let call = &mut self.calls[slot];
        (call.versions[usize::from(depth)], call.pc) = (version, miss);
        let place = self.model.stores[store.index()].place;
        self.probe.on(Time(self.now), Signal::LookedUp { place, hit: false, stale: false });
    }

    /// A call has loaded what it missed.
    pub(super) fn fill(&mut self, slot: u32, pc: Pc, store: StoreId, depth: u8) {
        let item = self.calls[slot].item;
        let version = self.calls[slot].versions[usize::from(depth)];
        self.keep(slot, pc, store, version, false);
        let spec = &self.model.stores[store.index()];
        if spec.coalesce.is_some() {
            let stale = version != self.newest_behind(store, item);
            self.open_lock(slot, |engine| {
                engine.probe.on(Time(engine.now), Signal::Coalesced { place: spec.place, stale });
            });
        }
    }

    /// A call has written its key.
    pub(super) fn put(&mut self, slot: u32, pc: Pc, store: StoreId) {
        let (item, versions) = (self.key_in(slot, store), self.calls[slot].versions);
        match self.model.stores[store.index()].on_write {
            OnWrite::Nothing => {}
            OnWrite::Invalidate => {
                let part = self.part(slot, store);
                self.stores[store.index()][part].remove(item);
            }
            OnWrite::WriteThrough => self.keep(slot, pc, store, versions[LOADS_MAX], false),
            OnWrite::WriteBack => self.keep(slot, pc, store, versions[LOADS_MAX], true),
        }
    }

    /// Stores a version of the call's key; an entry that has to go, and that nobody has written back, is written back.
    fn keep(&mut self, slot: u32, pc: Pc, store: StoreId, version: u32, dirty: bool) {
        let part = self.part(slot, store);
        let item = self.key_in(slot, store);
        let spec = &self.model.stores[store.index()];
        let mut rng = self.rng(slot, pc);
        let ttl = spec
            .ttl
            .map_or(u64::MAX, |dist| Span::from_secs(self.model.dists[dist.index()].sample(&mut rng)).0);
        let kept = &mut self.stores[store.index()][part];
        let stored = kept.store(item, self.now, ttl, version, mix(rng.bits(), u64::from(item)));
        if dirty && stored.admitted {
            kept.mark_dirty(item);
        }
        // What is not admitted is written at once.
        let refused = (dirty && !stored.admitted).then_some(item);
        let evicted = stored.evicted.filter(|evicted| evicted.dirty).map(|evicted| evicted.key);
        if let (Some(key), Some(site)) = (refused.or(evicted), spec.write_back) {
            let own = std::mem::replace(&mut self.calls[slot].item, key);
            self.send(slot, site);
            self.calls[slot].item = own;
        }
    }
}
