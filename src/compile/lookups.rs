//! Steps about caches: `get`, what the caller does on a miss, and `put`.

use super::Compiler;
use super::caches::{CacheKind, CacheUse};
use super::program::Program;
use crate::diagnostic::Span;
use crate::ids::{EndpointId, PlaceId, SiteId, StoreId};
use crate::model::{LOADS_MAX, OnWrite, Op, PlaceKind, Target};
use crate::spec::decode::At;
use crate::spec::step::Step;

impl<'a> Compiler<'a> {
    /// Looks the cache up, and does what the caller does on a miss.
    pub(super) fn get(&mut self, program: &mut Program<'a>, cache: &'a At<String>, key: Option<&At<String>>) {
        let Some((place, it)) = self.cache_at(program, cache) else { return };
        if program.caches.contains(&place) {
            let message = format!("a miss of `{}` looks up `{}` again", cache.value, cache.value);
            self.error(cache.span, message, "caches that fill each other never end");
            return;
        }
        let on_miss: &[At<Step>] = it.on_miss.map_or(&[], |steps| &steps.0);
        let is_load = program.loads > 0;
        let lookup = EndpointId(self.model.places[place.index()].endpoints.start);
        match it.what {
            CacheKind::Removed => self.on_miss(program, place, on_miss, 0),
            CacheKind::Ratio(ratio) => {
                self.key_of(place, key, is_load);
                self.ask(program, lookup, place, it.per.is_some(), cache.span);
                let Some(table) = self.coin(ratio) else { return };
                let open = self.op(Op::Lookup { place, table, miss: 0 });
                let hit = self.op(Op::Jump(0));
                let miss = self.here();
                self.on_miss(program, place, on_miss, 0);
                self.model.ops[open as usize] = Op::Lookup { place, table, miss };
                self.model.ops[hit as usize] = Op::Jump(self.here());
            }
            CacheKind::Entries { store, store_call } => {
                if program.loads >= LOADS_MAX {
                    let message = "not supported: a miss within a miss within a miss within a miss";
                    return self.error(cache.span, message, format!("caches nest {LOADS_MAX} deep"));
                }
                if let Some(key) = self.key_of(place, key, is_load) {
                    self.op(Op::Key(key));
                }
                self.ask(program, lookup, place, it.per.is_some(), cache.span);
                self.note_write_back(program, store, cache.span);
                let depth = program.loads as u8;
                let open = self.op(Op::Get { store, miss: 0, depth });
                let hit = self.op(Op::Jump(0));
                let miss = self.here();
                let coalesces = self.model.stores[store.index()].coalesce.is_some();
                if coalesces {
                    program.holds += 1;
                    self.model.holds_max = self.model.holds_max.max(program.holds);
                }
                self.on_miss(program, place, on_miss, 1);
                if let Some(endpoint) = store_call {
                    self.ask(program, endpoint, place, it.per.is_some(), cache.span);
                }
                self.op(Op::Fill { store, depth });
                program.holds -= usize::from(coalesces);
                self.model.ops[open as usize] = Op::Get { store, miss, depth };
                self.model.ops[hit as usize] = Op::Jump(self.here());
            }
        }
    }

    fn on_miss(&mut self, program: &mut Program<'a>, place: PlaceId, steps: &'a [At<Step>], loads: usize) {
        program.caches.push(place);
        program.loads += loads;
        self.steps(program, steps);
        program.loads -= loads;
        program.caches.pop();
    }

    /// Tells a cache that what is behind a key was written.
    pub(super) fn put(&mut self, program: &mut Program<'a>, cache: &'a At<String>, key: Option<&At<String>>) {
        let Some((place, it)) = self.cache_at(program, cache) else { return };
        let (store, store_call) = match it.what {
            CacheKind::Removed => return,
            CacheKind::Ratio(_) => {
                return self.error(
                    cache.span,
                    format!("`put` into `{}`, whose hit ratio is given", cache.value),
                    "it needs `entries` and `keys` to be changed by a write",
                );
            }
            CacheKind::Entries { store, store_call } => (store, store_call),
        };
        if let Some(key) = self.key_of(place, key, program.loads > 0) {
            self.op(Op::Key(key));
        }
        self.note_write_back(program, store, cache.span);
        let versions = self.versions_behind(store);
        self.op(Op::Commit { versions, first: SiteId(0) });
        if self.model.stores[store.index()].on_write != OnWrite::Nothing {
            if let Some(endpoint) = store_call {
                self.ask(program, endpoint, place, it.per.is_some(), cache.span);
            }
            self.op(Op::Put(store));
        }
    }

    /// Whoever fills a cache may have to write back what goes for it.
    fn note_write_back(&mut self, program: &Program<'a>, store: StoreId, span: Span) {
        let site = self.model.stores[store.index()].write_back;
        if let Some(Target::Endpoint(back)) = site.map(|site| self.model.sites[site.index()].target) {
            self.note_call(program, back, span, 1);
        }
    }

    /// A cache that a step of this program asks.
    fn cache_at(&mut self, program: &Program<'a>, cache: &At<String>) -> Option<(PlaceId, CacheUse<'a>)> {
        let place = self.find_place(cache, &[PlaceKind::Cache])?;
        let it = *self.caches.get(&place)?;
        if let Some(per) = it.per
            && per != program.place
        {
            let owner = self.model.places[per.index()].name.clone();
            let message = format!("`{}` belongs to the replicas of `{owner}`", cache.value);
            self.error(
                cache.span,
                message,
                format!("expected a cache without `per`, or a step of `{owner}`"),
            );
            return None;
        }
        Some((place, it))
    }
}
