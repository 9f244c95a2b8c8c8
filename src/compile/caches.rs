//! Caches: entries, evictions, and what their callers do on a miss.

use super::data::Layout;
use super::digest::name_hash;
use super::program::branch_site;
use super::{Body, Compiler};
use crate::diagnostic::{Diagnostic, Span};
use crate::dist::Popularity;
use crate::ids::{EndpointId, PlaceId, SiteId, StoreId, VersionsId};
use crate::model::{Evict, OnWrite, PlaceKind, Sharding, Site, StationKind, Store, Target, Versions};
use crate::queueing::{CheCache, che_fifo, che_lru};
use crate::spec::data;
use crate::spec::decode::At;
use crate::spec::place as spec;

/// A cache as its callers use it.
#[derive(Clone, Copy)]
pub(super) struct CacheUse<'a> {
    pub what: CacheKind,
    pub on_miss: Option<&'a crate::spec::step::Block>,
    /// It belongs to the replicas of this service.
    pub per: Option<PlaceId>,
}

/// How a cache decides whether a look-up hits.
#[derive(Clone, Copy)]
pub(super) enum CacheKind {
    /// By a given probability.
    Ratio(f64),
    /// By its entries.
    Entries {
        store: StoreId,
        /// Storing takes time: the endpoint.
        store_call: Option<EndpointId>,
    },
    /// It has no entries: as if it were not there.
    Removed,
}

impl<'a> Compiler<'a> {
    /// A cache.
    pub(super) fn cache(&mut self, name: &At<String>, cache: &'a At<spec::Cache>) {
        let it = &cache.value;
        let Some(place) = self.open(name, PlaceKind::Cache, it.cost.as_ref()) else { return };
        self.place_in_region(place, it.region.as_ref());
        let on_miss = it.on_miss.as_ref().map(|steps| &steps.value);
        let per = it.per.as_ref().and_then(|per| self.find_place(per, &[PlaceKind::Service]));
        let by_entries = it.entries.is_some() || it.keys.is_some();
        self.cache_faults(name, it, by_entries);
        let nodes = self.nodes(it, per.is_some());
        let count = per.map_or(nodes, |per| self.model.places[per.index()].members.len() as u32);
        let law = self.key_law(it.keys.as_ref());
        let removed = by_entries && it.entries.as_ref().is_some_and(|n| n.value.0 == Some(0));
        let coalesce = it.coalesce.as_ref().is_some_and(|coalesce| coalesce.value) && !removed;
        let servers = self.limit(it.servers.as_ref(), "server").map(super::places::servers);
        let servers = servers.filter(|_| !removed);
        for i in 1..=count {
            let member_name = if count == 1 { name.value.clone() } else { format!("{}.{i}", name.value) };
            // Who waits for a load waits for no want of room: all keys may be loaded at once.
            let loads = law
                .as_ref()
                .filter(|_| coalesce)
                .map(|law| ("loads", StationKind::Locks { capacity: law.len(), patience: None }));
            let resources = servers.clone().into_iter().chain(loads).collect();
            if !self.member(place, member_name, 1.0, resources, name.span) {
                break;
            }
        }
        self.keeps(place, it.size.as_ref(), it.cost.as_ref(), per.map_or(1, |_| u64::from(count)));
        let first = self.model.places[place.index()].members.start;
        let layout = Layout {
            shards: nodes,
            stride: 1,
            sharding: (nodes > 1).then_some(Sharding { shards: nodes, stride: 1, by_range: None }),
        };
        let members = if per.is_some() { first..first + count } else { first..first + 1 };
        let balancer = self.balancers_by_shard(members, layout, None);
        let endpoint = |compiler: &mut Self, called: &str, body| {
            let called = At { span: name.span, value: called.to_owned() };
            let id = compiler.endpoint_of(place, &called, balancer, body);
            compiler.model.endpoints[id.index()].shards = layout.sharding;
            id
        };
        endpoint(self, "get", Body::Lookup(it.time.as_ref()));
        let what = match (&it.hit_ratio, by_entries) {
            (Some(ratio), false) => Some(CacheKind::Ratio(ratio.value.0)),
            _ if removed => Some(CacheKind::Removed),
            (None, true) => law.map(|law| {
                let store_call =
                    it.store_time.as_ref().map(|law| endpoint(self, "store", Body::Lookup(Some(law))));
                let write_back = it.write_back.as_ref().map(|steps| {
                    let back = endpoint(self, "write_back", Body::Aside(&steps.value));
                    let step = name_hash(&[&name.value, "#write_back"]);
                    self.site(Site { target: Target::Endpoint(back), step, ..branch_site() })
                });
                let store = self.store(place, it, law, nodes, per, write_back);
                CacheKind::Entries { store, store_call }
            }),
            _ => None,
        };
        if let Some(what) = what {
            self.caches.insert(place, CacheUse { what, on_miss, per });
        }
        self.close(place);
        if let Some(CacheKind::Entries { store, .. }) = what {
            self.cache_changes(store, it);
        }
    }

    fn nodes(&mut self, it: &spec::Cache, is_per: bool) -> u32 {
        match &it.nodes {
            Some(nodes) if is_per => {
                self.error(nodes.span, "both `nodes` and `per`", "each replica has a cache of one node");
                1
            }
            Some(nodes) if nodes.value.0 == 0 => {
                self.error(nodes.span, "no nodes", "expected at least 1");
                1
            }
            Some(nodes) => {
                self.check_count(nodes.value.0, "nodes", nodes.span).map_or(1, |()| nodes.value.0 as u32)
            }
            None => 1,
        }
    }

    fn cache_faults(&mut self, name: &At<String>, it: &spec::Cache, by_entries: bool) {
        if !self.whole {
            return;
        }
        let with_keys: [(&str, Option<Span>); 11] = [
            ("evict", it.evict.as_ref().map(|x| x.span)),
            ("ttl", it.ttl.as_ref().map(|x| x.span)),
            ("coalesce", it.coalesce.as_ref().map(|x| x.span)),
            ("on_put", it.on_put.as_ref().map(|x| x.span)),
            ("write_back", it.write_back.as_ref().map(|x| x.span)),
            ("start", it.start.as_ref().map(|x| x.span)),
            ("nodes", it.nodes.as_ref().map(|x| x.span)),
            ("per", it.per.as_ref().map(|x| x.span)),
            ("store_time", it.store_time.as_ref().map(|x| x.span)),
            ("flush", it.flush.as_ref().map(|x| x.span)),
            ("lost", it.lost.as_ref().map(|x| x.span)),
        ];
        match (&it.hit_ratio, by_entries) {
            (None, false) => {
                let message =
                    format!("cache `{}` has neither `hit_ratio` nor `entries` and `keys`", name.value);
                self.error(name.span, message, "expected the share of look-ups that hit, or what decides it");
            }
            (Some(ratio), true) => {
                let span =
                    it.entries.as_ref().map_or(it.keys.as_ref().map_or(name.span, |k| k.span), |e| e.span);
                let both =
                    Diagnostic::error(span, "both `entries` and `hit_ratio`").other(ratio.span, "given here");
                self.sink.push(both.label("the entries and their keys decide what hits"));
            }
            (Some(_), false) => {
                for (key, span) in with_keys {
                    if let Some(span) = span {
                        let message = format!("`{key}` with a given hit ratio");
                        self.error(span, message, "it needs `entries` and `keys` in place of `hit_ratio`");
                    }
                }
            }
            (None, true) => {
                for (key, missing) in [("entries", it.entries.is_none()), ("keys", it.keys.is_none())] {
                    if missing {
                        self.error(
                            name.span,
                            format!("cache `{}` has no `{key}`", name.value),
                            match key {
                                "keys" => {
                                    "expected which keys are looked up: `keys: {zipf: {n: 20_000, s: 0.9}}`"
                                }
                                _ => "expected how many entries it has room for, or `unlimited`",
                            },
                        );
                    }
                }
            }
        }
        let is_write_back = it.on_put.as_ref().is_some_and(|on| on.value == data::OnPut::WriteBack);
        match (&it.write_back, &it.on_put) {
            (Some(steps), _) if !is_write_back => {
                self.error(
                    steps.span,
                    "`write_back` without `on_put: write_back`",
                    "nothing is written back",
                );
            }
            (None, Some(on)) if is_write_back => self.error(
                on.span,
                "`on_put: write_back` without `write_back`",
                "expected the steps that write an evicted entry back",
            ),
            _ => {}
        }
        if let (Some(ttl), true) = (&it.ttl, is_write_back) {
            self.error(
                ttl.span,
                "not supported: `ttl` of a cache that writes back",
                "what expires would be lost",
            );
        }
    }

    fn store(
        &mut self,
        place: PlaceId,
        it: &spec::Cache,
        law: Popularity,
        parts: u32,
        per: Option<PlaceId>,
        write_back: Option<SiteId>,
    ) -> StoreId {
        let entries = match it.entries.as_ref().and_then(|entries| entries.value.0) {
            Some(n) if n >= u64::from(law.len()) => {
                let span = it.entries.as_ref().map_or(Span::default(), |entries| entries.span);
                let message = format!("{n} entries for {} keys: nothing is ever evicted", law.len());
                self.sink.push(Diagnostic::warning(span, message).help("write `unlimited` if that is meant"));
                law.len()
            }
            Some(n) => {
                if let Some(nodes) = it.nodes.as_ref().filter(|_| n < u64::from(parts)) {
                    let message = format!("{parts} nodes share {n} entries: each of them holds one");
                    let help = format!("give it at least {parts} entries, or fewer nodes");
                    self.sink.push(Diagnostic::warning(nodes.span, message).help(help));
                }
                n as u32
            }
            None => law.len(),
        };
        let evict = match it.evict.as_ref().map_or(data::Evict::Lru, |evict| evict.value) {
            data::Evict::Lru => Evict::Lru,
            data::Evict::Lfu => Evict::Lfu,
            data::Evict::Fifo => Evict::Fifo,
            data::Evict::Random => Evict::Random,
            data::Evict::Sieve => Evict::Sieve,
            data::Evict::TinyLfu => Evict::TinyLfu,
        };
        let on_write = match it.on_put.as_ref().map_or(data::OnPut::Invalidate, |on| on.value) {
            data::OnPut::Invalidate => OnWrite::Invalidate,
            data::OnPut::WriteThrough => OnWrite::WriteThrough,
            data::OnPut::WriteBack => OnWrite::WriteBack,
            data::OnPut::Nothing => OnWrite::Nothing,
        };
        let first = self.model.places[place.index()].members.start;
        let member = &self.model.members[first as usize];
        let has_locks = |s: &u32| matches!(self.model.stations[*s as usize].kind, StationKind::Locks { .. });
        let coalesce = member.stations.clone().find(has_locks).map(|s| s - member.stations.start);
        let ttl = it.ttl.as_ref().and_then(|ttl| self.dist(&ttl.value.time));
        let CheCache { hit_ratio, characteristic_requests: survives } = hits(|| law.shares(), entries, evict);
        self.model.places[place.index()].keys = Some(law.clone());
        self.model.stores.push(Store {
            place,
            entries,
            evict,
            ttl,
            sliding: it.ttl.as_ref().is_some_and(|ttl| ttl.value.sliding),
            warm: it.start.as_ref().is_none_or(|start| start.value == data::Start::Warm),
            parts,
            per,
            coalesce,
            on_write,
            versions: None,
            write_back,
            hit_ratio,
            survives,
            law,
            seen: None,
        });
        StoreId(self.model.stores.len() as u32 - 1)
    }

    /// The versions behind a cache, which something writes.
    pub(super) fn versions_behind(&mut self, store: StoreId) -> VersionsId {
        let it = &self.model.stores[store.index()];
        if let Some(versions) = it.versions {
            return versions;
        }
        let (place, keys) = (it.place, it.law.len());
        self.model.versions.push(Versions { place, keys, copies: 0, own_write: None });
        let id = VersionsId(self.model.versions.len() as u32 - 1);
        self.model.stores[store.index()].versions = Some(id);
        id
    }
}

/// What independent references find in a full cache: exact for none of these, but within a per cent for caches of a hundred entries
/// and more. SIEVE, LFU and TinyLFU find about what the most popular keys sum up to, those asked
/// for at least once in `characteristic_requests`.
pub(super) fn hits<I: Iterator<Item = f64>>(shares: impl Fn() -> I, entries: u32, evict: Evict) -> CheCache {
    let entries = entries as usize;
    match evict {
        Evict::Fifo | Evict::Random => che_fifo(shares, entries),
        Evict::Lru => che_lru(shares, entries),
        Evict::Lfu | Evict::Sieve | Evict::TinyLfu => {
            let mut shares: Vec<f64> = shares().collect();
            shares.sort_unstable_by(|a, b| b.total_cmp(a));
            let last = if entries < shares.len() { shares[entries - 1] } else { 0.0 };
            CheCache { hit_ratio: shares[..entries].iter().sum(), characteristic_requests: 1.0 / last }
        }
    }
}
