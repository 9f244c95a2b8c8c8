//! Steps into programs of ops.
//!
//! A program is laid out as: what the call needs (its worker, a connection), its steps, [`Op::End`]; then, one after the
//! other, the blocks that are not on the straight way: branches, which end with `End`, and fallbacks, which jump back.

use std::collections::{HashMap, VecDeque};

use super::caches::{CacheKind, CacheUse};
use super::digest::name_hash;
use super::places::TABLE_LOCK;
use super::pools::Slots;
use super::regions::Way;
use super::{Body, Compiler, OPS_MAX, QueryBody, Work};
use crate::diagnostic::Span;
use crate::dist::Popularity;
use crate::ids::{EndpointId, KeyId, MemberId, PlaceId, SiteId, StoreId};
use crate::model::{
    Balance, Class, LOADS_MAX, OnError, OnWrite, Op, Pc, PlaceKind, Resource, Site, Station, StationKind,
    Target,
};
use crate::spec::data::Lock;
use crate::spec::decode::At;
use crate::spec::step::{self, Block, Branch, CallStep, Each, Fan, Optimistic, Parallel, Repeat, Step};

/// The program of one endpoint while it is written.
pub(super) struct Program<'a> {
    pub place: PlaceId,
    pub endpoint: EndpointId,
    /// Full name of the endpoint.
    name: String,
    /// Blocks still to be laid out.
    pending: VecDeque<Pending<'a>>,
    /// How often each target was named so far.
    occurrences: HashMap<String, u32>,
    /// Slots held, and loops open, at this point.
    holds: usize,
    loops: usize,
    /// Caches whose `on_miss` is being laid out.
    caches: Vec<PlaceId>,
    /// How many of them load the key that was missed.
    pub loads: usize,
    /// What `hold` has taken at this point, and where that is written: what is asked here uses it.
    held: Vec<(Resource, Span)>,
    /// What was held where this branch of a `parallel` began. Its calls take slots of their own: a connection serves one at a time.
    outer: Vec<(Resource, Span)>,
}

/// A block off the straight way.
struct Pending<'a> {
    site: SiteId,
    what: Aside<'a>,
    caches: Vec<PlaceId>,
    loads: usize,
    held: Vec<(Resource, Span)>,
    outer: Vec<(Resource, Span)>,
}

/// What stands in such a block.
pub(super) enum Aside<'a> {
    /// The steps of a parallel branch.
    Steps(&'a [At<Step>]),
    /// One attempt of a call that goes through a pool.
    Attempt(Call<'a>),
    /// All attempts of a call, under a deadline.
    Attempts(Call<'a>),
    /// A call with all that is around it, as a parallel branch.
    Call(Call<'a>),
    /// Steps after the last attempt failed; they lead back.
    Fallback { steps: &'a [At<Step>], back: Pc, holds: usize, loops: usize },
}

/// A call with its target found.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub step: &'a CallStep,
    pub endpoint: EndpointId,
    /// Only this member, where each replica is called.
    pub member: Option<MemberId>,
    /// Only this shard, where each is asked.
    pub part: Option<u32>,
    /// The key that it is about.
    pub key: Option<KeyId>,
    /// The slots the call takes on its way.
    pub slots: Slots,
    /// What it pays on its way.
    pub way: Way,
    pub class: Option<Class>,
    pub cancel: bool,
}

impl<'a> Compiler<'a> {
    /// Writes the programs of all endpoints.
    pub(super) fn programs(&mut self) {
        for i in 0..self.bodies.len() {
            let endpoint = EndpointId(i as u32);
            let entry = self.here();
            self.model.endpoints[i].entry = entry;
            self.program(endpoint, self.bodies[i]);
        }
    }

    fn program(&mut self, endpoint: EndpointId, body: Body<'a>) {
        let place = self.model.endpoints[endpoint.index()].place;
        let mut program = Program {
            place,
            endpoint,
            name: self.endpoint_name(endpoint),
            pending: VecDeque::new(),
            occurrences: HashMap::new(),
            holds: 0,
            loops: 0,
            caches: Vec::new(),
            loads: 0,
            held: Vec::new(),
            outer: Vec::new(),
        };
        self.body(&mut program, body);
        self.op(Op::End);
        while let Some(pending) = program.pending.pop_front() {
            self.aside(&mut program, pending);
        }
    }

    /// What the call needs, and its steps.
    fn body(&mut self, program: &mut Program<'a>, body: Body<'a>) {
        let place = program.place;
        let slots = match body {
            Body::Aside(_) | Body::Ship { .. } => 0..0,
            // What comes from the primary needs no connection.
            Body::Apply(_) => {
                self.slots_at(place).saturating_sub(u32::from(self.has_servers(place)))..self.slots_at(place)
            }
            _ => 0..self.slots_at(place),
        };
        if matches!(body, Body::Query(..)) && self.can_be_lost(place) {
            self.op(Op::Reach);
        }
        // The locks of an instance stand behind its slots.
        let lock = match body {
            Body::Query(_, QueryBody { lock: Some(Lock::Row), .. }) => {
                Some(Resource::OwnLock(self.slots_at(place)))
            }
            Body::Query(_, QueryBody { lock: Some(Lock::Table), .. }) => {
                Some(Resource::Own(self.slots_at(place)))
            }
            _ => None,
        };
        let first_server = self.slots_at(place) - u32::from(self.has_servers(place));
        for slot in slots {
            if let Some(lock) = lock.filter(|_| slot == first_server) {
                self.acquire(program, lock);
            }
            self.acquire(program, Resource::Own(slot));
        }
        if let Some(lock) = lock.filter(|_| !self.has_servers(place)) {
            self.acquire(program, lock);
        }
        match body {
            Body::Steps(steps) => self.steps(program, &steps.0),
            // They are about the key that is evicted, as those of a miss are about the one that was missed.
            Body::Aside(steps) => {
                program.loads += 1;
                self.steps(program, &steps.0);
                program.loads -= 1;
            }
            Body::Query(work, query) => self.query(work, query),
            Body::Lookup(Some(law)) | Body::Apply(law) => self.work(law),
            Body::Ship { lag, to, versions, copy } => {
                if let Some(lag) = lag {
                    self.work(lag);
                }
                if let Some(first) = to {
                    self.op(Op::Call { first, count: 1, need: 1 });
                }
                self.op(Op::Apply { versions, copy });
            }
            Body::Transfer(it) => self.transfer_over(it),
            Body::Lookup(None) | Body::Broken => {}
        }
    }

    fn work(&mut self, law: &At<crate::spec::law::Law>) {
        if let Some(dist) = self.dist(law) {
            self.op(Op::Work(dist));
        }
    }

    fn query(&mut self, work: Work<'_>, query: QueryBody) {
        if let (Some(versions), false) = (query.versions, query.is_write) {
            self.op(Op::Read(versions));
        }
        match work {
            Work::Stated(law) => self.work(law),
            Work::Sized(first, second) => {
                self.op(Op::Work(first));
                if let Some(second) = second {
                    self.op(Op::Work(second));
                }
            }
        }
        if let (Some(versions), true) = (query.versions, query.is_write) {
            self.op(Op::Commit { versions, first: query.ship.unwrap_or_default() });
        }
    }

    /// Whether the last slots that a call takes at a place are its servers.
    fn has_servers(&self, place: PlaceId) -> bool {
        let first = self.model.places[place.index()].members.start as usize;
        let stations = self.model.members.get(first).map_or(0..0, |m| m.stations.clone());
        stations.into_iter().any(|s| self.model.stations[s as usize].resource == "servers")
    }

    /// How many of the resources of a member every call takes before it starts: all but cores and locks.
    fn slots_at(&self, place: PlaceId) -> u32 {
        let first = self.model.places[place.index()].members.start as usize;
        let Some(member) = self.model.members.get(first) else { return 0 };
        let stations = member.stations.start as usize..member.stations.end as usize;
        let is_slot = |s: &&Station| matches!(s.kind, StationKind::Slots { .. }) && s.resource != TABLE_LOCK;
        let slots = self.model.stations[stations].iter().filter(is_slot);
        slots.count() as u32
    }

    fn aside(&mut self, program: &mut Program<'a>, pending: Pending<'a>) {
        let start = self.here();
        (program.caches, program.loads) = (pending.caches, pending.loads);
        (program.holds, program.loops) = (0, 0);
        (program.held, program.outer) = (pending.held, pending.outer);
        let site = &mut self.model.sites[pending.site.index()];
        match pending.what {
            Aside::Fallback { steps, back, holds, loops } => {
                site.on_error = OnError::Fallback(start);
                (program.holds, program.loops) = (holds, loops);
                self.steps(program, steps);
                self.op(Op::Jump(back));
                return;
            }
            Aside::Steps(steps) => {
                site.target = Target::Branch(start);
                self.steps(program, steps);
            }
            Aside::Attempt(call) => {
                site.target = Target::Branch(start);
                self.one_attempt(program, &call);
            }
            Aside::Attempts(call) => {
                site.target = Target::Branch(start);
                self.all_attempts(program, &call);
            }
            Aside::Call(call) => {
                site.target = Target::Branch(start);
                self.whole_call(program, &call);
            }
        }
        self.op(Op::End);
    }

    /// Puts a block aside; `site` will lead there.
    pub(super) fn put_aside(&mut self, program: &mut Program<'a>, site: SiteId, what: Aside<'a>) {
        let (caches, loads) = (program.caches.clone(), program.loads);
        let (held, outer) = (program.held.clone(), program.outer.clone());
        program.pending.push_back(Pending { site, what, caches, loads, held, outer });
    }

    /// Where the next op will stand.
    pub(super) fn here(&self) -> Pc {
        self.model.ops.len() as Pc
    }

    /// Writes an op and answers where it stands.
    pub(super) fn op(&mut self, op: Op) -> Pc {
        let pc = self.here();
        self.model.ops.push(op);
        pc
    }

    pub(super) fn acquire(&mut self, program: &mut Program<'a>, resource: Resource) {
        self.op(Op::Acquire(resource));
        program.holds += 1;
        self.model.holds_max = self.model.holds_max.max(program.holds);
        if let Resource::Shared(station) | Resource::PerMember { first: station } = resource {
            let connect = self.model.connects.iter().find(|connect| connect.stations.contains(&station.0));
            if let Some(cost) = connect.map(|connect| connect.cost) {
                self.op(Op::Open(cost));
            }
        }
    }

    /// Takes a slot of each pool on the way.
    pub(super) fn acquire_all(&mut self, program: &mut Program<'a>, slots: Slots) {
        for slot in slots.into_iter().flatten() {
            self.acquire(program, slot);
        }
    }

    /// Gives back as many slots as were taken.
    pub(super) fn release_all(
        &mut self,
        program: &mut Program<'a>,
        slots: impl IntoIterator<Item = Option<Resource>>,
    ) {
        for _ in slots.into_iter().flatten() {
            self.op(Op::Release);
            program.holds -= 1;
        }
    }

    fn steps(&mut self, program: &mut Program<'a>, steps: &'a [At<Step>]) {
        for step in steps {
            if self.model.ops.len() >= OPS_MAX {
                self.error(
                    step.span,
                    "the model has too many steps",
                    format!("at most {OPS_MAX}, caches written out"),
                );
                return;
            }
            self.step(program, step);
        }
    }

    fn step(&mut self, program: &mut Program<'a>, step: &'a At<Step>) {
        match &step.value {
            Step::Cpu(it) => {
                if let Some(dist) = it.time.as_ref().and_then(|law| self.dist(law)) {
                    self.op(Op::Cpu(dist));
                }
            }
            Step::Delay(it) => {
                if let Some(dist) = it.time.as_ref().and_then(|law| self.dist(law)) {
                    self.op(Op::Work(dist));
                }
            }
            Step::Call(call) => self.call_step(program, call),
            Step::Get(it) => {
                if let Some(cache) = &it.cache {
                    self.get(program, cache, it.key.as_ref());
                }
            }
            Step::Put(it) => {
                if let Some(cache) = &it.cache {
                    self.put(program, cache, it.key.as_ref());
                }
            }
            Step::Send(it) => {
                if let Some(queue) = &it.queue {
                    self.send(program, queue);
                }
            }
            Step::Parallel(it) => {
                if let Some(what) = &it.what {
                    self.parallel(program, what);
                }
            }
            Step::Repeat(it) => {
                if let Some(what) = &it.what {
                    self.repeat(program, what);
                }
            }
            Step::Choose(it) => {
                if let Some(branches) = &it.branches {
                    self.choose(program, branches);
                }
            }
            Step::Transfer(it) => {
                if let Some(what) = &it.what {
                    self.transfer(program, what);
                }
            }
            Step::Hold(it) => self.hold(program, it),
            Step::Optimistic(it) => {
                if let Some(what) = &it.what {
                    self.optimistic(program, what);
                }
            }
            Step::Fail(it) => {
                if let Some(table) = it.share.as_ref().and_then(|share| self.coin(share.value.0)) {
                    self.op(Op::Fail(table));
                }
            }
        }
    }

    /// The structural name of the next call to `target` in this program.
    pub(super) fn step_name(&mut self, program: &mut Program<'a>, target: &str) -> u64 {
        let occurrence = program.occurrences.entry(target.to_owned()).or_default();
        *occurrence += 1;
        name_hash(&[&program.name, target, &occurrence.to_string()])
    }

    pub(super) fn site(&mut self, site: Site) -> SiteId {
        self.model.sites.push(site);
        SiteId(self.model.sites.len() as u32 - 1)
    }

    /// Sends a message.
    fn send(&mut self, program: &mut Program<'a>, queue: &'a At<String>) {
        let Some(place) = self.find_place(queue, &[PlaceKind::Queue]) else { return };
        let message = EndpointId(self.model.places[place.index()].endpoints.start);
        self.note_call(program, message, queue.span, 1);
        let name = self.endpoint_name(message);
        let step = self.step_name(program, &name);
        let first = self.site(Site { target: Target::Endpoint(message), step, ..branch_site() });
        self.op(Op::Send { first, count: 1 });
    }

    /// Looks the cache up, and does what the caller does on a miss.
    fn get(&mut self, program: &mut Program<'a>, cache: &'a At<String>, key: Option<&At<String>>) {
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
    fn put(&mut self, program: &mut Program<'a>, cache: &'a At<String>, key: Option<&At<String>>) {
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

    /// Takes a slot or a lock, and holds it during some steps.
    fn hold(&mut self, program: &mut Program<'a>, it: &'a step::HoldStep) {
        let Some(name) = &it.pool else { return };
        let Some(place) = self.find_place(name, &[PlaceKind::Pool]) else { return };
        let Some(pool) = self.pool_at(place) else { return };
        if let Some(per) = pool.per
            && per != program.place
        {
            let owner = self.model.places[per.index()].name.clone();
            let message = format!("`{}` belongs to the replicas of `{owner}`", name.value);
            self.error(name.span, message, format!("expected a pool without `per`, or a step of `{owner}`"));
            return;
        }
        let slots = self.slots_of_hold(program, &pool, name.span);
        if let Some(key) = self.key_of(place, it.key.as_ref(), program.loads > 0) {
            self.op(Op::Key(key));
        }
        let before = program.held.len();
        for slot in slots.into_iter().flatten() {
            self.second_slot(program, slot, name.span);
            self.acquire(program, slot);
            program.held.push((slot, name.span));
        }
        self.steps(program, it.body.as_ref().map_or(&[], |body| &body.value.0));
        program.held.truncate(before);
        self.release_all(program, slots);
    }

    /// Again and again: a number of times, or while a coin says so.
    fn repeat(&mut self, program: &mut Program<'a>, what: &'a At<Repeat>) {
        let it = &what.value;
        let body = it.body.as_ref().map_or(&[][..], |body| &body.value.0);
        match (&it.times, &it.again) {
            (Some(times), None) => {
                let Some(times) = self.count(times) else { return };
                let open = self.op(Op::Repeat { times, end: 0 });
                program.loops += 1;
                self.model.loops_max = self.model.loops_max.max(program.loops);
                self.steps(program, body);
                program.loops -= 1;
                self.op(Op::Again { start: open + 1 });
                self.model.ops[open as usize] = Op::Repeat { times, end: self.here() };
            }
            (None, Some(again)) => {
                if again.value.0 >= 1.0 {
                    self.error(again.span, "a loop that never ends", "expected a probability below 100%");
                    return;
                }
                let Some(table) = self.coin(again.value.0) else { return };
                let open = self.op(Op::While { table, end: 0 });
                program.loops += 1;
                self.model.loops_max = self.model.loops_max.max(program.loops);
                self.steps(program, body);
                program.loops -= 1;
                self.op(Op::Jump(open));
                self.model.ops[open as usize] = Op::While { table, end: self.here() };
            }
            (Some(_), Some(again)) => {
                self.error(again.span, "both `times` and `while`", "expected one of them")
            }
            (None, None) if self.whole => {
                self.error(what.span, "a `repeat` without `times` or `while`", "expected how often it runs");
            }
            (None, None) => {}
        }
    }

    /// Again and again, until nobody else has written meanwhile.
    fn optimistic(&mut self, program: &mut Program<'a>, what: &'a At<Optimistic>) {
        const MAX: u64 = 1_000;
        let it = &what.value;
        let Some(on) = &it.on else { return };
        let Some(place) = self.find_place(on, &[PlaceKind::Database]) else { return };
        let Some(keys) = self.model.places[place.index()].keys.as_ref().map(Popularity::len) else {
            let help = "say which keys the database has: `keys`";
            return self.error(on.span, "optimistic locking without keys", help);
        };
        let attempts = it.attempts.as_ref().map_or(10, |attempts| attempts.value.0);
        if !(1..=MAX).contains(&attempts) {
            let span = it.attempts.as_ref().map_or(what.span, |attempts| attempts.span);
            return self.error(span, format!("{attempts} attempts"), format!("expected 1 to {MAX}"));
        }
        if let Some(key) = self.key_of(place, it.key.as_ref(), program.loads > 0) {
            self.op(Op::Key(key));
        }
        let versions = self.optimistic_versions(place, keys);
        let Some(always) = self.coin(1.0) else { return };
        let times = self.constant_count(attempts);
        let open = self.op(Op::Repeat { times, end: 0 });
        program.loops += 1;
        self.model.loops_max = self.model.loops_max.max(program.loops);
        self.op(Op::Snapshot(versions));
        self.steps(program, it.body.as_ref().map_or(&[], |body| &body.value.0));
        program.loops -= 1;
        let validate = self.op(Op::Validate { versions, done: 0 });
        self.op(Op::Again { start: open + 1 });
        let end = self.op(Op::Fail(always));
        self.model.ops[open as usize] = Op::Repeat { times, end };
        self.model.ops[validate as usize] = Op::Validate { versions, done: end + 1 };
    }

    /// One of several blocks, by weight.
    fn choose(&mut self, program: &mut Program<'a>, branches: &'a At<Vec<At<Branch>>>) {
        let whole: Option<Vec<_>> = branches
            .value
            .iter()
            .map(|b| Some((b.value.weight.as_ref()?.value.0, b.value.body.as_ref()?)))
            .collect();
        let Some(whole) = whole else { return };
        let weights: Vec<f64> = whole.iter().map(|(weight, _)| *weight).collect();
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            if self.whole {
                self.error(
                    branches.span,
                    "the weights of the branches sum to 0",
                    "expected a weight above 0",
                );
            }
            return;
        }
        let Some(table) = self.table(&weights) else { return };
        self.op(Op::Choose(table));
        let row = self.here();
        for _ in &whole {
            self.op(Op::Jump(0));
        }
        let mut exits = Vec::new();
        for (i, (_, body)) in whole.iter().enumerate() {
            self.model.ops[row as usize + i] = Op::Jump(self.here());
            self.steps(program, &body.value.0);
            if i + 1 < whole.len() {
                exits.push(self.op(Op::Jump(0)));
            }
        }
        let end = self.here();
        for exit in exits {
            self.model.ops[exit as usize] = Op::Jump(end);
        }
    }

    /// Several at once.
    fn parallel(&mut self, program: &mut Program<'a>, what: &'a At<Parallel>) {
        let (held, outer) = (program.held.len(), program.outer.len());
        program.outer.append(&mut program.held);
        self.branches(program, what);
        program.held = program.outer.split_off(outer);
        debug_assert_eq!(program.held.len(), held, "what was held is held again");
    }

    fn branches(&mut self, program: &mut Program<'a>, what: &'a At<Parallel>) {
        match &what.value {
            Parallel::List(branches) => {
                if branches.is_empty() && self.whole {
                    self.error(what.span, "a `parallel` without branches", "expected at least one");
                }
                let first = SiteId(self.model.sites.len() as u32);
                let sites: Vec<_> = branches
                    .iter()
                    .filter_map(|branch| self.branch(program, &branch.value, 1, false))
                    .collect();
                if !sites.is_empty() {
                    let count = sites.len() as u32;
                    self.op(Op::Call { first, count, need: count });
                }
            }
            Parallel::Fan(fan) => self.fan(program, fan, what.span),
        }
    }

    /// A site for one branch: the call itself where it is nothing else, or a block of steps.
    fn branch(
        &mut self,
        program: &mut Program<'a>,
        body: &'a Block,
        copies: u32,
        cancel: bool,
    ) -> Option<SiteId> {
        if let [At { value: Step::Call(step), .. }] = body.0.as_slice() {
            let mut call = self.resolve(program, step)?;
            call.cancel |= cancel;
            let is_bare = call.slots == [None; 2]
                && call.key.is_none()
                && call.way.is_free()
                && step.retry.is_none()
                && step.deadline.is_none()
                && step.on_error.is_none();
            if is_bare {
                return Some(self.direct_site(program, &call, copies));
            }
        }
        let step = self.step_name(program, "#branch");
        let site = self.site(Site { copies, cancel, step, ..branch_site() });
        self.put_aside(program, site, Aside::Steps(&body.0));
        Some(site)
    }

    /// The same many times: by number, or once at each replica.
    fn fan(&mut self, program: &mut Program<'a>, fan: &'a Fan, span: Span) {
        let Some(body) = &fan.body else { return };
        let cancel = fan.cancel.as_ref().is_some_and(|cancel| cancel.value);
        let first = SiteId(self.model.sites.len() as u32);
        let (sites, copies) = match (&fan.times, &fan.each) {
            (Some(times), None) => {
                let Some(copies) = self.copies(times.value.0, times.span) else { return };
                let Some(site) = self.branch(program, &body.value, copies, cancel) else { return };
                if let Some(at_once) = &fan.at_once {
                    let Some(at_once) = self.copies(at_once.value.0, at_once.span) else { return };
                    self.model.sites[site.index()].at_once = at_once;
                }
                (1, copies)
            }
            (None, Some(_)) if fan.at_once.is_some() => {
                let span = fan.at_once.as_ref().map_or(span, |at_once| at_once.span);
                return self.error(span, "`at_once` with `each`", "expected `times`");
            }
            (None, Some(each)) => {
                let Some(sites) = self.each_replica(program, &body.value, each, cancel) else { return };
                (sites, sites)
            }
            (Some(_), Some(each)) => {
                return self.error(each.span, "both `times` and `each`", "expected one of them");
            }
            (None, None) => {
                if self.whole {
                    self.error(
                        span,
                        "a `parallel` with `do` but neither `times` nor `each`",
                        "expected how many times",
                    );
                }
                return;
            }
        };
        let need = match &fan.need {
            None => copies,
            Some(need) if (1..=u64::from(copies)).contains(&need.value.0) => need.value.0 as u32,
            Some(need) => {
                let message = format!("{} answers are needed of {copies}", need.value.0);
                return self.error(need.span, message, format!("expected 1 to {copies}"));
            }
        };
        self.op(Op::Call { first, count: sites, need });
    }

    fn copies(&mut self, times: u64, span: Span) -> Option<u32> {
        const MAX: u64 = 10_000;
        if !(1..=MAX).contains(&times) {
            self.error(span, format!("{times} times at once"), format!("expected 1 to {MAX}"));
            return None;
        }
        Some(times as u32)
    }

    /// One site for each replica of the place called; answers how many.
    fn each_replica(
        &mut self,
        program: &mut Program<'a>,
        body: &'a Block,
        each: &At<Each>,
        cancel: bool,
    ) -> Option<u32> {
        let At { span, value: each } = *each;
        let [At { value: Step::Call(step), .. }] = body.0.as_slice() else {
            self.error(
                span,
                "`each: replicas` goes over the replicas that a call may reach",
                "expected one `call` or `query` under `do`",
            );
            return None;
        };
        let mut call = self.resolve(program, step)?;
        call.cancel |= cancel;
        let balancer = &self.model.balancers[self.model.endpoints[call.endpoint.index()].balancer.index()];
        if balancer.policy == Balance::Central {
            self.error(
                span,
                "`each: replicas` of a place with one queue for all",
                "expected another `balance` there",
            );
            return None;
        }
        if call.part.is_some() {
            self.error(
                span,
                "not supported: `each` of a database that is read from the nearest",
                "expected another `reads` there",
            );
            return None;
        }
        let members = balancer.members.clone();
        let sharded = self.model.endpoints[call.endpoint.index()].shards.is_some();
        if sharded && matches!(each, Each::Replicas) {
            self.error(
                span,
                "not supported: `each: replicas` of a database with shards",
                "expected `each: shards`",
            );
            return None;
        }
        let shards = self.model.endpoints[call.endpoint.index()].shards.map_or(1, |shards| shards.shards);
        let each: Vec<(Option<MemberId>, Option<u32>)> = match each {
            Each::Replicas => members.clone().map(|m| (Some(MemberId(m)), None)).collect(),
            Each::Shards if shards == 1 => {
                self.error(span, "`each: shards` of a database that has none", "expected `shards` there");
                return None;
            }
            Each::Shards => (0..shards).map(|shard| (None, Some(shard))).collect(),
        };
        let members = each;
        if members.len() > 10_000 {
            self.error(span, format!("{} calls at once", members.len()), "expected at most 10000");
            return None;
        }
        let is_bare = call.key.is_none()
            && call.way.is_free()
            && call.slots == [None; 2]
            && step.retry.is_none()
            && step.deadline.is_none()
            && step.on_error.is_none();
        for &(member, part) in &members {
            let call = Call { member, part, ..call };
            if is_bare {
                self.direct_site(program, &call, 1);
            } else {
                let step = self.step_name(program, "#branch");
                let site = self.site(Site { cancel: call.cancel, step, ..branch_site() });
                self.put_aside(program, site, Aside::Call(call));
            }
        }
        Some(members.len() as u32)
    }

    /// Notes who calls whom.
    pub(super) fn note_call(&mut self, program: &Program<'a>, to: EndpointId, span: Span, attempts: u32) {
        self.edges.push(super::names::Edge { from: program.endpoint, to, span, attempts });
    }
}

/// A site that leads to a block; where, is filled in when the block is laid out.
pub(super) fn branch_site() -> Site {
    Site {
        target: Target::Branch(0),
        timeout: None,
        cancel: false,
        attempts: 1,
        backoff: None,
        on_error: OnError::Raise,
        class: None,
        copies: 1,
        at_once: u32::MAX,
        step: 0,
    }
}

impl Program<'_> {
    /// Whether `hold` has taken this slot, for what is asked here to use.
    pub(super) fn has_slot(&self, slot: Resource) -> bool {
        self.held.iter().any(|held| held.0 == slot)
    }

    /// All that is held at this point, by branches around this one too, and where that is written.
    pub(super) fn all_held(&self) -> impl Iterator<Item = &(Resource, Span)> {
        self.outer.iter().chain(&self.held)
    }

    /// Slots held and loops open at this point.
    pub(super) fn depth(&self) -> (usize, usize) {
        (self.holds, self.loops)
    }
}
