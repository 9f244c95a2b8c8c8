//! Steps into programs of ops.
//!
//! A program is laid out as: what the call needs (its worker, a connection), its steps, [`Op::End`]; then, one after the
//! other, the blocks that are not on the straight way: branches, which end with `End`, and fallbacks, which jump back.

use std::collections::{HashMap, VecDeque};

use super::digest::name_hash;
use super::places::TABLE_LOCK;
use super::pools::Slots;
use super::regions::Way;
use super::warnings::CallWithin;
use super::{Body, Compiler, OPS_MAX, QueryBody, Work};
use crate::diagnostic::Span;
use crate::ids::{EndpointId, KeyId, MemberId, PlaceId, SiteId};
use crate::model::{Class, OnError, Op, Pc, PlaceKind, Resource, Site, Station, StationKind, Target};
use crate::spec::data::Lock;
use crate::spec::decode::At;
use crate::spec::step::{CallStep, Step};

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
    pub holds: usize,
    pub loops: usize,
    /// Caches whose `on_miss` is being laid out.
    pub caches: Vec<PlaceId>,
    /// How many of them load the key that was missed.
    pub loads: usize,
    /// What `hold` has taken at this point, and where that is written: what is asked here uses it.
    pub held: Vec<Held>,
    /// What was held where this branch of a `parallel` began. Its calls take slots of their own: a connection serves one at a time.
    pub outer: Vec<Held>,
}

/// A slot that `hold` has taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub slot: Resource,
    /// Where the `hold` stands.
    pub span: Span,
    /// It was taken along with the one that the `hold` names.
    pub along: bool,
}

/// A block off the straight way.
struct Pending<'a> {
    site: SiteId,
    what: Aside<'a>,
    caches: Vec<PlaceId>,
    loads: usize,
    held: Vec<Held>,
    outer: Vec<Held>,
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

    pub(super) fn steps(&mut self, program: &mut Program<'a>, steps: &'a [At<Step>]) {
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

    /// Notes who calls whom.
    pub(super) fn note_call(&mut self, program: &Program<'a>, to: EndpointId, span: Span, attempts: u32) {
        self.edges.push(super::names::Edge { from: program.endpoint, to, span, attempts });
        for held in program.all_held() {
            if let Resource::Shared(station) = held.slot {
                self.calls_within.push(CallWithin { held: station, since: held.span, callee: to, span });
            }
        }
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
        self.held.iter().any(|held| held.slot == slot)
    }

    /// Whether `hold` of another pool has taken this slot along.
    pub(super) fn has_along(&self, slot: Resource) -> bool {
        self.held.iter().any(|held| held.slot == slot && held.along)
    }

    /// All that is held at this point, by branches around this one too, and where that is written.
    pub(super) fn all_held(&self) -> impl Iterator<Item = &Held> {
        self.outer.iter().chain(&self.held)
    }

    /// Slots held and loops open at this point.
    pub(super) fn depth(&self) -> (usize, usize) {
        (self.holds, self.loops)
    }
}
