//! Keys, and what is kept by key: replication, shards, locks.

use super::digest::name_hash;
use super::program::branch_site;
use super::{Body, Compiler, QueryBody, Work};
use crate::diagnostic::Diagnostic;
use crate::dist::{KEYS_MAX, Popularity};
use crate::ids::{BalancerId, EndpointId, KeyId, MemberId, PlaceId, SiteId, VersionsId};
use crate::model::{KeyDraw, PlaceKind, Sharding, Site, StationKind, Target, Versions};
use crate::spec::data::{self, KeyLaw, Lock};
use crate::spec::decode::At;
use crate::spec::place as spec;
use crate::units;

/// Where the shards of a database stand.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub shards: u32,
    /// Members of one shard.
    pub stride: u32,
    pub sharding: Option<Sharding>,
}

impl<'a> Compiler<'a> {
    /// Enters how often keys are asked for.
    pub(super) fn key_law(&mut self, law: Option<&At<KeyLaw>>) -> Option<Popularity> {
        let law = law?;
        let popularity = match &law.value {
            KeyLaw::Known(law) => law.clone(),
            KeyLaw::Counts(empirical) => {
                let counts = self.column(empirical, super::laws::Values::Counts)?;
                self.legal(Popularity::empirical(&counts), law)?
            }
        };
        if popularity.len() > KEYS_MAX {
            let message = format!("{} keys are too many", popularity.len());
            self.error(law.span, message, format!("expected at most {KEYS_MAX}"));
            return None;
        }
        Some(popularity)
    }

    /// A draw of a key, by name or of its own.
    fn key_draw(&mut self, law: Popularity, name: Option<&At<String>>) -> KeyId {
        let label = name.map(|name| name.value.clone()).unwrap_or_default();
        let name = name.map(|name| name_hash(&["#key", &name.value]));
        self.model.keys.push(KeyDraw { law, name, label });
        KeyId(self.model.keys.len() as u32 - 1)
    }

    /// The key that a step is about: drawn from the keys of its target. Within the steps of a miss it is the key that was missed.
    pub(super) fn key_of(
        &mut self,
        place: PlaceId,
        name: Option<&At<String>>,
        is_load: bool,
    ) -> Option<KeyId> {
        if is_load {
            if let Some(name) = name {
                self.error(
                    name.span,
                    "`key` in the steps of a miss",
                    "they are about the key that was missed",
                );
            }
            return None;
        }
        let law = self.model.places[place.index()].keys.clone();
        if let (Some(name), None, true) = (name, &law, self.whole) {
            let target = self.model.places[place.index()].name.clone();
            self.sink.push(
                Diagnostic::error(name.span, format!("`{target}` knows no keys"))
                    .label("nothing depends on this key")
                    .help(format!("say which keys there are: `{target}: {{keys: {{uniform: 1_000}}, …}}`")),
            );
        }
        Some(self.key_draw(law?, name))
    }

    /// The shards of a database, where it has several.
    pub(super) fn shards(&mut self, it: &spec::Database, replicas: u32, keys: Option<&Popularity>) -> Layout {
        let stride = 1 + replicas;
        let one = Layout { shards: 1, stride, sharding: None };
        let count = it.shards.as_ref().map_or(1, |n| n.value.0);
        if let (Some(by), true) = (&it.shard_by, count <= 1) {
            self.error(by.span, "`shard_by` without `shards`", "expected `shards: 4` or so");
        }
        let Some(shards) = &it.shards else { return one };
        if count == 0 {
            self.error(shards.span, "no shards", "expected at least 1");
            return one;
        }
        if count == 1
            || self
                .check_count(count.saturating_mul(u64::from(stride)), "instances of shards", shards.span)
                .is_none()
        {
            return one;
        }
        let Some(keys) = keys else {
            if self.whole {
                self.sink.push(
                    Diagnostic::error(shards.span, "shards by a key that nobody sets")
                        .label("a shard is chosen by the key of a query")
                        .help("say which keys there are: `keys: {zipf: {n: 100_000, s: 0.9}}`"),
                );
            }
            return one;
        };
        if count > u64::from(keys.len()) {
            let idle = count - u64::from(keys.len());
            let message =
                format!("{count} shards for {} keys: at least {idle} of them are never asked", keys.len());
            self.sink.push(
                Diagnostic::warning(shards.span, message).help("a shard has at least one key of its own"),
            );
        }
        let by_range = it.shard_by.as_ref().is_some_and(|by| by.value == data::ShardBy::Range);
        let shards = count as u32;
        let sharding = Sharding { shards, stride, by_range: by_range.then(|| keys.len()) };
        Layout { shards, stride, sharding: Some(sharding) }
    }

    /// One balancer a shard, over `members` of the first shard and of those at their places in the others. Answers the first.
    pub(super) fn balancers_by_shard(
        &mut self,
        members: std::ops::Range<u32>,
        layout: Layout,
        balance: Option<&At<spec::Balance>>,
    ) -> BalancerId {
        let first = BalancerId(self.model.balancers.len() as u32);
        for shard in 0..layout.shards {
            let offset = shard * layout.stride;
            self.balancer_over(members.start + offset..members.end + offset, balance);
        }
        first
    }

    /// What is written and read by key, where anything depends on it.
    pub(super) fn versions_of(
        &mut self,
        place: PlaceId,
        it: &spec::Database,
        keys: Option<&Popularity>,
        replicas: u32,
    ) -> Option<VersionsId> {
        let after = it.reads.as_ref().and_then(|reads| reads.value.after_own_write.as_ref());
        if let Some(replication) = &it.replication
            && replicas == 0
            && it.read_replicas.is_none()
            && self.whole
        {
            self.sink.push(
                Diagnostic::error(replication.span, "`replication` without read replicas")
                    .label("nothing is replicated")
                    .help("say how many there are: `read_replicas: 2`"),
            );
        }
        let copies = if it.replication.is_some() { replicas } else { 0 };
        if copies == 0 && after.is_none() {
            return None;
        }
        let own_write = after
            .and_then(|after| after.value.time.as_ref())
            .map(|time| units::Span::from_secs(time.value.0));
        let keys = keys.map_or(1, Popularity::len);
        self.model.versions.push(Versions { place, keys, copies, own_write });
        Some(VersionsId(self.model.versions.len() as u32 - 1))
    }

    /// The work of a replica for each write.
    pub(super) fn applies(
        &mut self,
        name: &At<String>,
        place: PlaceId,
        it: &'a spec::Database,
        versions: Option<VersionsId>,
    ) -> Option<EndpointId> {
        let law = it.replication.as_ref()?.value.apply.as_ref()?;
        if self.model.versions[versions?.index()].copies == 0 {
            return None;
        }
        let first = self.model.places[place.index()].members.start;
        let balancer = self.balancer_over(first..first + 1, None);
        let named = At { span: name.span, value: "replication".to_owned() };
        Some(self.endpoint_of(place, &named, balancer, Body::Apply(law)))
    }

    /// Queries go to the shard of their key, and reads to the primary after a write of their user.
    pub(super) fn place_queries(
        &mut self,
        place: PlaceId,
        it: &spec::Database,
        layout: Layout,
        versions: Option<VersionsId>,
    ) {
        let follows = it.reads.as_ref().is_some_and(|reads| reads.value.after_own_write.is_some());
        let endpoints = self.model.places[place.index()].endpoints.clone();
        for endpoint in endpoints {
            // Replicas that apply writes are told which.
            let Body::Query(_, body) = self.bodies[endpoint as usize] else { continue };
            let is_read = !body.is_write;
            let endpoint = &mut self.model.endpoints[endpoint as usize];
            endpoint.shards = layout.sharding;
            endpoint.after_own_write = versions.filter(|_| follows && is_read && layout.stride > 1);
        }
    }

    /// The way of writes to the replicas: a place of its own, with an endpoint a replica. Every write leads to it.
    pub(super) fn replication(
        &mut self,
        name: &At<String>,
        place: PlaceId,
        it: &'a spec::Database,
        versions: Option<VersionsId>,
        layout: Layout,
        applied: Option<EndpointId>,
    ) {
        let (Some(replication), Some(versions)) = (&it.replication, versions) else { return };
        let copies = self.model.versions[versions.index()].copies;
        if copies == 0 {
            return;
        }
        let first_member = self.model.places[place.index()].members.start;
        let route = At { span: name.span, value: format!("{}.replication", name.value) };
        let way = self.open_unnamed(&route, PlaceKind::Replication);
        self.member(way, route.value.clone(), 1.0, Vec::new(), name.span);
        let balancer = self.balancer(way, None);
        let mut ways = Vec::new();
        for shard in 0..layout.shards {
            for copy in 0..copies {
                let member = MemberId(first_member + shard * layout.stride + 1 + copy);
                let replica = self.model.members[member.index()].name.clone();
                let short = replica.strip_prefix(&format!("{}.", name.value)).unwrap_or(&replica).to_owned();
                let step = name_hash(&[&route.value, &short]);
                let to = applied.map(|endpoint| {
                    self.site(Site { target: Target::Member(endpoint, member), step, ..branch_site() })
                });
                let body = Body::Ship { lag: replication.value.lag.as_ref(), to, versions, copy };
                let named = At { span: name.span, value: short };
                ways.push((self.endpoint_of(way, &named, balancer, body), step));
            }
        }
        self.close(way);
        // The sites of the ways stand together, so that a write finds them by shard and copy.
        let first = SiteId(self.model.sites.len() as u32);
        for (endpoint, step) in ways {
            self.site(Site { target: Target::Endpoint(endpoint), step, ..branch_site() });
        }
        for endpoint in self.model.places[place.index()].endpoints.clone() {
            if let Body::Query(_, body) = &mut self.bodies[endpoint as usize] {
                body.ship = Some(first);
            }
        }
    }

    /// The versions that optimistic writers of a database compare.
    pub(super) fn optimistic_versions(&mut self, place: PlaceId, keys: u32) -> VersionsId {
        *self.optimistic.entry(place).or_insert_with(|| {
            self.model.versions.push(Versions { place, keys, copies: 0, own_write: None });
            VersionsId(self.model.versions.len() as u32 - 1)
        })
    }

    /// A queue of messages.
    pub(super) fn queue(&mut self, name: &At<String>, queue: &'a At<spec::Queue>) {
        let it = &queue.value;
        let Some(place) = self.open(name, PlaceKind::Queue, it.cost.as_ref()) else { return };
        let consumers = self.limit(it.consumers.as_ref(), "consumer");
        let room = it.queue.as_ref().and_then(|room| self.room(room));
        let resources = consumers.map(|n| super::places::consumers(n, room)).into_iter().collect();
        self.member(place, name.value.clone(), 1.0, resources, name.span);
        let balancer = self.balancer(place, None);
        let message = At { span: name.span, value: "message".to_owned() };
        let body = it.body.as_ref().map_or(Body::Broken, |steps| Body::Steps(&steps.value));
        self.endpoint_of(place, &message, balancer, body);
        self.close(place);
    }

    /// What a query does beside its work.
    pub(super) fn query_body(
        &mut self,
        work: Work<'a>,
        query: &spec::Query,
        has_keys: bool,
        versions: Option<VersionsId>,
    ) -> Body<'a> {
        if let Some(lock) = &query.lock
            && lock.value == Lock::Row
            && !has_keys
            && self.whole
        {
            self.sink.push(
                Diagnostic::error(lock.span, "a row lock without keys")
                    .label("which row a query locks is decided by its key")
                    .help("say which keys the database has: `keys: {zipf: {n: 1_000, s: 0.9}}`"),
            );
        }
        let lock = query.lock.as_ref().map(|lock| lock.value).filter(|lock| *lock == Lock::Table || has_keys);
        Body::Query(work, QueryBody { is_write: query.write.is_some(), lock, versions, ship: None })
    }
}

/// A lock for every key.
pub(super) fn locks(law: &Popularity, patience: Option<crate::ids::DistId>) -> StationKind {
    let most: f64 = law.shares().fold(f64::MIN_POSITIVE, f64::max);
    StationKind::Locks { capacity: (1.0 / most).round().clamp(1.0, 1e9) as u32, patience }
}
