//! Keys: what calls know of them, their versions at the primary and at the copies, and caches that know them.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use prefetch_index::prefetch_index;

use super::warm;
use crate::ids::{DistId, KeyId, MemberId, StoreId, VersionsId};
use crate::model::{self, LOADS_MAX, Model};
use crate::rng::{KeyedRng, mix};
use crate::station::locks::KeyHasher;
use crate::station::store::{Store, Stored};
use crate::units::Span;

/// Purpose of a draw that no op makes: the key that a query is about which a user asks directly.
pub const KEYS: u64 = (1 << 40) + 3;

/// What a call knows of keys. Its own calls know the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// Names the draws that all calls of a request share.
    pub origin: u64,
    /// The key that it is about.
    pub item: u32,
    /// The versions of that key that it loads, by depth of caches, and last the one it has written.
    pub versions: [u32; LOADS_MAX + 1],
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
    fn new(spec: &model::Versions) -> Self {
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

    #[inline]
    fn at(&self, item: u32) -> usize {
        (item % self.keys) as usize
    }

    /// The newest version of a key.
    #[inline]
    pub fn newest(&self, item: u32) -> u32 {
        self.newest[self.at(item)]
    }

    /// A user has written a key. Answers its version.
    pub fn write(&mut self, item: u32, user: u32, now: u64) -> u32 {
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

    /// Whether a copy has not seen the newest version of a key.
    pub fn is_stale(&self, item: u32, copy: usize) -> bool {
        let at = self.at(item);
        self.seen.get(copy).is_some_and(|seen| seen[at] != self.newest[at])
    }

    /// Whether what a user has written may be missing where copies are read.
    pub fn wrote_lately(&self, user: u32, now: u64) -> bool {
        self.own_write.is_some_and(|fresh| self.wrote.get(&user).is_some_and(|then| now - then <= fresh))
    }
}

/// All that is known of keys.
#[derive(Debug)]
pub struct Data<'m> {
    model: &'m Model,
    versions: Vec<Versions>,
    /// Caches that know their keys, one after the other, each with all its parts.
    stores: Vec<Vec<Store>>,
}

impl std::ops::Index<VersionsId> for Data<'_> {
    type Output = Versions;
    #[inline]
    fn index(&self, id: VersionsId) -> &Versions {
        &self.versions[id.index()]
    }
}

impl std::ops::IndexMut<VersionsId> for Data<'_> {
    #[inline]
    fn index_mut(&mut self, id: VersionsId) -> &mut Versions {
        &mut self.versions[id.index()]
    }
}

impl<'m> Data<'m> {
    /// Nothing is written yet; caches are as a replication named by `key` finds them.
    pub fn new(model: &'m Model, key: u64) -> Self {
        let versions = model.versions.iter().map(Versions::new).collect();
        Self { model, versions, stores: warm::stores(model, key) }
    }

    /// The key that a step is about; `own` makes the draws of the step.
    #[inline]
    pub fn draw(&self, draw: KeyId, origin: u64, own: impl FnOnce() -> KeyedRng) -> u32 {
        let draw = &self.model.keys[draw.index()];
        let mut rng = draw.name.map_or_else(own, |name| KeyedRng::new(mix(origin, name)));
        draw.law.sample(&mut rng)
    }

    /// The parts of a cache.
    pub fn parts(&mut self, store: StoreId) -> &mut [Store] {
        &mut self.stores[store.index()]
    }

    /// Where a cache that a call at `member` asks would hold `item`.
    #[inline]
    pub fn shelf(&self, store: StoreId, item: u32, member: MemberId) -> Shelf {
        let spec = &self.model.stores[store.index()];
        let part = match spec.per {
            Some(place) => member.0 - self.model.places[place.index()].members.start,
            None => spec.part_of(item),
        };
        // Where the key comes from a place with more keys, several stand for one another.
        Shelf { store, part, key: item % spec.law.len() }
    }

    /// The newest version of what a cache may hold.
    #[inline]
    pub fn newest_behind(&self, store: StoreId, item: u32) -> u32 {
        let versions = self.model.stores[store.index()].versions;
        versions.map_or(0, |versions| self[versions].newest(item))
    }

    /// A key will be looked up soon: fetches from memory what says where it is.
    #[inline]
    pub fn foresee(&self, shelf: Shelf) {
        self.stores[shelf.store.index()][shelf.part as usize].foresee(shelf.key);
        if let Some(versions) = self.model.stores[shelf.store.index()].versions {
            let versions = &self[versions];
            prefetch_index(&versions.newest, versions.at(shelf.key));
        }
    }

    /// A key will be looked up very soon: fetches its entry.
    #[inline]
    pub fn foresee_entry(&self, shelf: Shelf) {
        self.stores[shelf.store.index()][shelf.part as usize].foresee_entry(shelf.key);
    }

    /// Looks a key up. Answers, where it is held, whether it is stale.
    #[inline]
    pub fn look_up(&mut self, shelf: Shelf, now: u64) -> Option<bool> {
        let held = self.part(shelf).look_up(shelf.key, now)?;
        Some(held.version != self.newest_behind(shelf.store, shelf.key))
    }

    /// Stores a version of a key; `rng` draws how long it is good for, and who goes.
    #[inline]
    pub fn keep(&mut self, shelf: Shelf, version: u32, now: u64, mut rng: KeyedRng) -> Stored {
        let model = self.model;
        let ttl = |dist: DistId| Span::from_secs(model.dists[dist.index()].sample(&mut rng)).0;
        let ttl = model.stores[shelf.store.index()].ttl.map_or(u64::MAX, ttl);
        let bits = mix(rng.bits(), u64::from(shelf.key));
        self.part(shelf).store(shelf.key, now, ttl, version, bits)
    }

    /// The part of a cache where a key belongs.
    #[inline]
    pub fn part(&mut self, shelf: Shelf) -> &mut Store {
        &mut self.stores[shelf.store.index()][shelf.part as usize]
    }
}

/// Where a cache would hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// The cache.
    pub store: StoreId,
    /// Which of its parts.
    pub part: u32,
    /// The cache's own number of the key.
    pub key: u32,
}
