//! Keys: drawn, written, looked up and stored.

use super::World;
use super::call::Call;
use super::steps::{Draw, Get, Put};
use crate::engine::data::{About, Data, Shelf};
use crate::ids::{MemberId, StoreId, VersionsId};
use crate::model::{LOADS_MAX, Model};
use crate::rng::{KeyedRng, mix_salt};
use crate::signal::{Probe, Signal};
use crate::units::Time;

/// All that is known of keys, by data and by call in flight.
#[derive(Debug)]
pub struct Keys<'m> {
    data: Data<'m>,
    /// By call; empty where no key is of interest.
    known: Vec<Known>,
    needed: bool,
    /// Look-ups that are to come, and whose entries are yet to be fetched from memory: the last one foreseen in each of the last
    /// `AHEAD` events, in turn.
    coming: [Option<Shelf>; AHEAD],
    turn: usize,
}

/// What a call knows of keys.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    about: About,
    /// Where its next look-up looks.
    foreseen: Option<Shelf>,
}

/// So many events after what says where an entry is was fetched, the entry is: as long as memory takes.
const AHEAD: usize = 4;

impl<'m> Keys<'m> {
    pub fn new(model: &'m Model, key: u64) -> Self {
        let needed = model.places.iter().any(|place| place.keys.is_some());
        Self { data: Data::new(model, key), known: Vec::new(), needed, coming: [None; AHEAD], turn: 0 }
    }

    /// Makes room for calls below `room`.
    pub fn grow_to(&mut self, room: usize) {
        if self.needed {
            self.known.resize(room, Known::default());
        }
    }

    /// The key that a call is about; 0 where that is of no interest.
    #[inline]
    pub fn item(&self, slot: u32) -> u32 {
        if self.needed { self.known[slot as usize].about.item } else { 0 }
    }

    /// A call at `member` will look its key up.
    #[inline]
    fn foresee(&mut self, slot: u32, store: StoreId, member: MemberId) {
        let known = &mut self.known[slot as usize];
        let shelf = self.data.shelf(store, known.about.item, member);
        known.foreseen = Some(shelf);
        self.data.foresee(shelf);
        self.coming[self.turn] = Some(shelf);
    }

    /// Another event comes, and with it what look-ups will need comes nearer.
    #[inline]
    pub fn fetch(&mut self) {
        if !self.needed {
            return;
        }
        self.turn = (self.turn + 1) % AHEAD;
        if let Some(shelf) = self.coming[self.turn].take() {
            self.data.foresee_entry(shelf);
        }
    }

    /// A call of a user: its request is about `item`.
    #[inline]
    pub fn begin(&mut self, slot: u32, origin: u64, item: u32) {
        if self.needed {
            let about = About { origin, item, ..About::default() };
            self.known[slot as usize] = Known { about, foreseen: None };
        }
    }

    /// A call of another call, which knows what that knows.
    #[inline]
    pub fn inherit(&mut self, slot: u32, caller: u32) {
        if self.needed {
            let about = self.known[caller as usize].about;
            self.known[slot as usize] = Known { about, foreseen: None };
        }
    }
}

impl World<'_> {
    /// A call is about another key from here on.
    pub(super) fn draw_key(&mut self, slot: u32, call: &Call, draw: Draw) {
        let Draw { key, salt, next } = draw;
        let about = &mut self.keys.known[slot as usize].about;
        about.item = self.keys.data.draw(key, about.origin, || KeyedRng::new(mix_salt(call.key, salt)));
        if let Some(store) = next {
            self.keys.foresee(slot, store, call.member);
        }
    }

    /// A call has written its key.
    pub(super) fn commit(&mut self, slot: u32, call: &Call, versions: VersionsId) {
        let about = &mut self.keys.known[slot as usize].about;
        about.versions[LOADS_MAX] = self.keys.data[versions].write(about.item, call.user, self.now);
    }

    /// A call looks its key up. `false`: it goes on to load it.
    #[inline]
    pub(super) fn get<P: Probe>(&mut self, probe: &mut P, slot: u32, call: &Call, get: Get) -> bool {
        let Keys { data, known, .. } = &mut self.keys;
        let Known { about, foreseen } = &mut known[slot as usize];
        let shelf = |data: &Data<'_>| data.shelf(get.store, about.item, call.member);
        let foreseen = foreseen.take().inspect(|foreseen| debug_assert_eq!(*foreseen, shelf(data)));
        let shelf = foreseen.unwrap_or_else(|| shelf(data));
        let found = data.look_up(shelf, self.now);
        if found.is_none() {
            about.versions[usize::from(get.depth)] = data.newest_behind(get.store, about.item);
        }
        if let (None, Some(store)) = (found, get.next) {
            self.keys.foresee(slot, store, call.member);
        }
        let (hit, stale) = (found.is_some(), found.unwrap_or(false));
        probe.on(Time(self.now), Signal::LookedUp { place: get.place, hit, stale });
        hit
    }

    /// A call has loaded or written its key, and a cache hears of it.
    pub(super) fn put(&mut self, slot: u32, call: &Call, put: Put) {
        let Keys { data, known, .. } = &mut self.keys;
        let about = &known[slot as usize].about;
        let shelf = data.shelf(put.store, about.item, call.member);
        match put.version {
            Some(nth) => {
                let rng = KeyedRng::new(mix_salt(call.key, put.salt));
                data.keep(shelf, about.versions[usize::from(nth)], self.now, rng);
            }
            None => {
                data.part(shelf).remove(shelf.key);
            }
        }
    }
}
