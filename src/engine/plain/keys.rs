//! Keys: drawn, written, looked up and stored.

use super::World;
use super::call::Call;
use super::steps::{Get, Put};
use crate::engine::data::{About, Data};
use crate::ids::{KeyId, VersionsId};
use crate::model::{LOADS_MAX, Model};
use crate::rng::{KeyedRng, mix_salt};
use crate::signal::{Probe, Signal};
use crate::units::Time;

/// All that is known of keys, by data and by call in flight.
#[derive(Debug)]
pub struct Keys<'m> {
    data: Data<'m>,
    /// By call; empty where no key is of interest.
    known: Vec<About>,
    needed: bool,
}

impl<'m> Keys<'m> {
    pub fn new(model: &'m Model, key: u64) -> Self {
        let needed = model.places.iter().any(|place| place.keys.is_some());
        Self { data: Data::new(model, key), known: Vec::new(), needed }
    }

    /// Makes room for calls below `room`.
    pub fn grow_to(&mut self, room: usize) {
        if self.needed {
            self.known.resize(room, About::default());
        }
    }

    /// The key that a call is about; 0 where that is of no interest.
    #[inline]
    pub fn item(&self, slot: u32) -> u32 {
        if self.needed { self.known[slot as usize].item } else { 0 }
    }

    /// A call of a user: its request is about `item`.
    #[inline]
    pub fn begin(&mut self, slot: u32, origin: u64, item: u32) {
        if self.needed {
            self.known[slot as usize] = About { origin, item, ..About::default() };
        }
    }

    /// A call of another call, which knows what that knows.
    #[inline]
    pub fn inherit(&mut self, slot: u32, caller: u32) {
        if self.needed {
            self.known[slot as usize] = self.known[caller as usize];
        }
    }
}

impl World<'_> {
    /// A call is about another key from here on.
    pub(super) fn draw_key(&mut self, slot: u32, call: &Call, draw: KeyId, salt: u64) {
        let about = &mut self.keys.known[slot as usize];
        about.item = self.keys.data.draw(draw, about.origin, || KeyedRng::new(mix_salt(call.key, salt)));
    }

    /// A call has written its key.
    pub(super) fn commit(&mut self, slot: u32, call: &Call, versions: VersionsId) {
        let about = &mut self.keys.known[slot as usize];
        about.versions[LOADS_MAX] = self.keys.data[versions].write(about.item, call.user, self.now);
    }

    /// A call looks its key up. `false`: it goes on to load it.
    #[inline]
    pub(super) fn get<P: Probe>(&mut self, probe: &mut P, slot: u32, call: &Call, get: Get) -> bool {
        let Keys { data, known, .. } = &mut self.keys;
        let about = &mut known[slot as usize];
        let shelf = data.shelf(get.store, about.item, call.member);
        let found = data.look_up(shelf, self.now);
        if found.is_none() {
            about.versions[usize::from(get.depth)] = data.newest_behind(get.store, about.item);
        }
        let (hit, stale) = (found.is_some(), found.unwrap_or(false));
        probe.on(Time(self.now), Signal::LookedUp { place: get.place, hit, stale });
        hit
    }

    /// A call has loaded or written its key, and a cache hears of it.
    pub(super) fn put(&mut self, slot: u32, call: &Call, put: Put) {
        let Keys { data, known, .. } = &mut self.keys;
        let about = &known[slot as usize];
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
