//! From a model to steps: ops with all that they need beside them.

use super::call::HOLDS_MAX;
use crate::dist::{Alias, Dist, Popularity};
use crate::engine::parts::{place_of, salts};
use crate::ids::{EndpointId, KeyId, MemberId, PlaceId, StationId, StoreId, VersionsId};
use crate::model::{
    Balance, Class, Endpoint, LOADS_MAX, Model, OnWrite, Op, Pc, Place, Request, Resource, Sharing, Site,
    StationKind, Target,
};
use crate::rng::salt;

/// What a call does next: an [`Op`], at the same place of the program.
#[derive(Clone, Copy, Debug)]
pub enum Step<'m> {
    /// Take a slot, waiting for it if need be. What it is taken for, where that is to work: the next step.
    Take(Slot, Option<Work<'m>>),
    /// Give back the slot taken last.
    GiveBack,
    /// Time passes.
    Work(Work<'m>),
    /// Occupy a core.
    Cpu(Work<'m>),
    /// Call an endpoint and wait for the answer.
    Call(Called),
    /// Call an endpoint where one can only wait for a slot, if one is needed, and work, in person: the call needs no record of its
    /// own.
    Visit(Called, Option<At>, Work<'m>),
    /// A cache with a given hit ratio: where a hit goes on, and a miss.
    Lookup(PlaceId, Choice<'m>, [Pc; 2]),
    /// Be about another key.
    Key(Draw),
    /// The key is written.
    Commit(VersionsId),
    /// A cache that knows its keys: where a hit goes on, and a miss.
    Get(Get, [Pc; 2]),
    /// A cache that knows its keys hears of one.
    Put(Put),
    /// Go on at the row of jumps that follows.
    Choose(Choice<'m>),
    /// Go on elsewhere.
    Jump(Pc),
    /// The answer leaves.
    End,
}

/// Which slot to take.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub at: At,
    /// It is the place's own: waiting for it counts as waiting there.
    pub own: bool,
}

/// Where a slot is.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// The n-th station of the call's own member.
    Own(u32),
    /// One station for all.
    Shared(u32),
    /// So many stations behind the number of the call's own member, modulo 2^32.
    Behind(u32),
}

/// How long work takes.
#[derive(Clone, Copy, Debug)]
pub struct Work<'m> {
    pub salt: u64,
    pub dist: &'m Dist,
}

/// A draw among alternatives.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'m> {
    pub salt: u64,
    pub alias: &'m Alias,
}

/// A draw of a key.
#[derive(Clone, Copy, Debug)]
pub struct Draw {
    pub key: KeyId,
    pub salt: u64,
    /// The cache that will be asked for it.
    pub next: Option<StoreId>,
}

/// A look-up.
#[derive(Clone, Copy, Debug)]
pub struct Get {
    pub store: StoreId,
    pub place: PlaceId,
    /// How many loads are under way already.
    pub depth: u8,
    /// The cache that will be asked after a miss.
    pub next: Option<StoreId>,
}

/// What becomes of an entry.
#[derive(Clone, Copy, Debug)]
pub struct Put {
    pub store: StoreId,
    /// Which of the versions that the call knows it holds from now on; `None`: it goes.
    pub version: Option<u8>,
    pub salt: u64,
}

/// Where a call goes.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub endpoint: EndpointId,
    /// The first step there.
    pub pc: Pc,
    pub member: Whom,
}

/// Who serves a call.
#[derive(Clone, Copy, Debug)]
pub enum Whom {
    /// There is no choice.
    Only(MemberId),
    /// This balancer chooses.
    Balanced(u32),
    /// That of the shard where the key belongs: this one for the first shard, and so on.
    Sharded(u32),
    /// So many members behind that of the caller, modulo 2^32.
    Behind(u32),
}

/// A call as written.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    pub entry: Entry,
    /// Its priority; `None`: that of the caller.
    pub class: Option<Class>,
    pub salt: u64,
}

/// A request as asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'m> {
    pub entry: Entry,
    pub class: Class,
    /// The keys that a query asked directly is about.
    pub keys: Option<&'m Popularity>,
}

/// Whether nothing can go wrong in a model: nobody times out, is turned away, gives up, fails or is cut off; nobody does two things at a
/// time; and what is written is known everywhere at once.
pub fn can_run(model: &Model) -> bool {
    model.changes.is_empty()
        && model.connects.is_empty()
        && model.holds_max <= HOLDS_MAX
        && model.groups.iter().all(|group| group.timeout.is_none())
        && model.requests.iter().all(|request| request.via.is_none())
        && model.versions.iter().all(|versions| versions.copies == 0 && versions.own_write.is_none())
        && model.stores.iter().all(|store| store.coalesce.is_none() && store.on_write != OnWrite::WriteBack)
        && model.balancers.iter().all(|balancer| balancer.policy != Balance::Central)
        && model.stations.iter().all(|station| is_plain_station(&station.kind))
        && model.sites.iter().all(is_plain_site)
        && model.ops.iter().all(|&op| is_plain_op(op))
}

fn is_plain_station(kind: &StationKind) -> bool {
    match kind {
        StationKind::Slots { queue, patience, .. } => queue.is_none() && patience.is_none(),
        StationKind::Cores { sharing, .. } => matches!(sharing, Sharing::Shared | Sharing::Contended(_)),
        StationKind::Locks { .. } => false,
    }
}

fn is_plain_site(site: &Site) -> bool {
    let at_endpoint = matches!(site.target, Target::Endpoint(_) | Target::Beside(_));
    at_endpoint && site.timeout.is_none() && site.attempts == 1 && site.copies == 1
}

fn is_plain_op(op: Op) -> bool {
    match op {
        Op::Acquire(resource) => !matches!(resource, Resource::OwnLock(_) | Resource::SharedLock(_)),
        Op::Call { count, need, .. } => (count, need) == (1, 1),
        Op::Release
        | Op::Work(_)
        | Op::Cpu(_)
        | Op::Lookup { .. }
        | Op::Key(_)
        | Op::Commit { .. }
        | Op::Get { .. }
        | Op::Fill { .. }
        | Op::Put(_)
        | Op::Choose(_)
        | Op::Jump(_)
        | Op::End => true,
        _ => false,
    }
}

/// The steps of a model that [`can_run`], one an op. In the order of the ops, but for draws of keys: they come as early as they
/// can, so that what a look-up will read can be fetched from memory in time.
pub fn steps(model: &Model) -> Vec<Step<'_>> {
    let salts = salts(model);
    let mut endpoints: Vec<&Endpoint> = model.endpoints.iter().collect();
    endpoints.sort_by_key(|endpoint| endpoint.entry);
    let step = |pc: usize| {
        let behind = endpoints.partition_point(|endpoint| endpoint.entry as usize <= pc);
        let endpoint = endpoints[behind.saturating_sub(1)];
        let place = &model.places[endpoint.place.index()];
        let work = |at: usize| work(model, &salts, at);
        let choice = |table: crate::ids::TableId| Choice {
            salt: salts[pc],
            alias: &model.tables[table.index()].alias,
        };
        let goes_on = |pc: usize, miss: Pc| [pc + 1, miss as usize].map(|at| landing(model, at) as Pc);
        let put = |pc: usize, store, version| Step::Put(Put { store, version, salt: salts[pc] });
        match model.ops[pc] {
            Op::Acquire(resource) => {
                let slot = slot(model, endpoint, resource);
                let timed = model.ops.get(pc + 1).is_some_and(|&op| is_plain_time(model, place, op));
                Step::Take(slot, work(pc + 1).filter(|_| timed))
            }
            // Whoever ends gives back all, last taken first.
            Op::Release if model.ops.get(landing(model, pc + 1)) == Some(&Op::End) => Step::End,
            Op::Release => Step::GiveBack,
            op @ (Op::Work(_) | Op::Cpu(_)) => {
                let work = work(pc).expect("it is work");
                if is_plain_time(model, place, op) { Step::Work(work) } else { Step::Cpu(work) }
            }
            Op::Call { first, .. } => {
                let called = called(model, endpoint, &model.sites[first.index()]);
                match leaf(model, &salts, called.entry) {
                    Some((at, work)) => Step::Visit(called, at, work),
                    None => Step::Call(called),
                }
            }
            Op::Lookup { place, table, miss } => Step::Lookup(place, choice(table), goes_on(pc, miss)),
            Op::Key(key) => Step::Key(Draw { key, salt: salts[pc], next: asked_next(model, pc + 1) }),
            Op::Commit { versions, .. } => Step::Commit(versions),
            Op::Get { store, miss, depth } => {
                let place = model.stores[store.index()].place;
                let next = asked_next(model, miss as usize);
                Step::Get(Get { store, place, depth, next }, goes_on(pc, miss))
            }
            Op::Fill { store, depth } => put(pc, store, Some(depth)),
            Op::Put(store) => match model.stores[store.index()].on_write {
                OnWrite::Nothing => Step::Jump(pc as Pc + 1),
                OnWrite::Invalidate => put(pc, store, None),
                OnWrite::WriteThrough => put(pc, store, Some(LOADS_MAX as u8)),
                OnWrite::WriteBack => unreachable!("nothing is written back on the plain way"),
            },
            Op::Choose(table) => Step::Choose(choice(table)),
            Op::Jump(to) => Step::Jump(to),
            Op::End => Step::End,
            other => unreachable!("a plain model has no {other:?}"),
        }
    };
    let mut steps: Vec<Step<'_>> = (0..model.ops.len()).map(step).collect();
    draw_early(model, &mut steps);
    steps
}

/// Moves draws of keys before waiting and work, which do not depend on them, as no draw depends on when it is made.
fn draw_early(model: &Model, steps: &mut [Step<'_>]) {
    let mut targets = vec![false; steps.len()];
    model.endpoints.iter().for_each(|endpoint| targets[endpoint.entry as usize] = true);
    for &op in &model.ops {
        if let Op::Jump(to) | Op::Lookup { miss: to, .. } | Op::Get { miss: to, .. } = op {
            targets[to as usize] = true;
        }
    }
    for pc in 0..steps.len() {
        if !matches!(steps[pc], Step::Key(_)) {
            continue;
        }
        let mut first = pc;
        while first > 0
            && !targets[first]
            && matches!(steps[first - 1], Step::Take(..) | Step::Work(_) | Step::Cpu(_))
        {
            first -= 1;
        }
        // A slot and the work that it is taken for stay together.
        if first == 0 || !matches!(steps[first - 1], Step::Take(_, Some(_))) {
            steps[first..=pc].rotate_right(1);
        }
    }
}

fn work<'m>(model: &'m Model, salts: &[u64], pc: usize) -> Option<Work<'m>> {
    match model.ops.get(pc)? {
        &(Op::Work(dist) | Op::Cpu(dist)) => Some(Work { salt: salts[pc], dist: &model.dists[dist.index()] }),
        _ => None,
    }
}

/// The slot, if there is one, and the work of an endpoint that has nothing else.
fn leaf<'m>(model: &'m Model, salts: &[u64], entry: Entry) -> Option<(Option<At>, Work<'m>)> {
    let endpoint = &model.endpoints[entry.endpoint.index()];
    let place = &model.places[endpoint.place.index()];
    let pc = endpoint.entry as usize;
    let (at, time) = match model.ops[pc..] {
        [Op::Acquire(resource), time, Op::End, ..] => {
            let Slot { at, own: true } = slot(model, endpoint, resource) else { return None };
            (Some(at), time)
        }
        [time, Op::End, ..] => (None, time),
        _ => return None,
    };
    let work = work(model, salts, pc + usize::from(at.is_some()));
    work.filter(|_| is_plain_time(model, place, time)).map(|work| (at, work))
}

/// Where whoever goes on at `pc` comes to, past all jumps. Only loops jump back, and a plain model has none, so this ends.
fn landing(model: &Model, mut pc: usize) -> usize {
    while let Some(&Op::Jump(to)) = model.ops.get(pc) {
        pc = to as usize;
    }
    pc
}

/// The cache that is asked next by whoever goes on at `pc`, where the way there does not branch.
fn asked_next(model: &Model, pc: usize) -> Option<StoreId> {
    let straight = |op: &Op| matches!(op, Op::Acquire(_) | Op::Work(_) | Op::Cpu(_) | Op::Call { .. });
    match model.ops[pc..].iter().find(|&op| !straight(op)) {
        Some(&Op::Get { store, .. }) => Some(store),
        _ => None,
    }
}

/// Work that no limited cores do.
fn is_plain_time(model: &Model, place: &Place, op: Op) -> bool {
    let mut members = model.members[place.members.start as usize..place.members.end as usize].iter();
    match op {
        Op::Work(_) => true,
        Op::Cpu(_) => members.all(|member| member.cores.is_none()),
        _ => false,
    }
}

fn slot(model: &Model, endpoint: &Endpoint, resource: Resource) -> Slot {
    let own = |station: StationId| place_of(model, &model.stations[station.index()]) == endpoint.place;
    match resource {
        Resource::Own(nth) => Slot { at: At::Own(nth), own: true },
        Resource::Shared(station) => Slot { at: At::Shared(station.0), own: own(station) },
        Resource::PerMember { first } => {
            let members = &model.places[endpoint.place.index()].members;
            Slot { at: At::Behind(first.0.wrapping_sub(members.start)), own: own(first) }
        }
        Resource::OwnLock(_) | Resource::SharedLock(_) => unreachable!("a plain model has no locks"),
    }
}

fn called(model: &Model, caller: &Endpoint, site: &Site) -> Called {
    let (to, beside) = match site.target {
        Target::Endpoint(to) => (to, false),
        Target::Beside(to) => (to, true),
        other => unreachable!("a plain model does not call {other:?}"),
    };
    let entry = entry(model, to);
    let first = |endpoint: &Endpoint| model.places[endpoint.place.index()].members.start;
    let to = &model.endpoints[to.index()];
    let behind = Whom::Behind(first(to).wrapping_sub(first(caller)));
    let entry = Entry { member: if beside { behind } else { entry.member }, ..entry };
    Called { entry, class: site.class.or(to.class), salt: salt(site.step) }
}

fn entry(model: &Model, endpoint: EndpointId) -> Entry {
    let &Endpoint { entry: pc, balancer, shards, .. } = &model.endpoints[endpoint.index()];
    let members = &model.balancers[balancer.index()].members;
    let member = match members.len() {
        _ if shards.is_some() => Whom::Sharded(balancer.0),
        1 => Whom::Only(MemberId(members.start)),
        _ => Whom::Balanced(balancer.0),
    };
    Entry { endpoint, pc, member }
}

/// By kind of request, where it goes.
pub fn asks(model: &Model) -> Vec<Ask<'_>> {
    let ask = |request: &Request| {
        let &Endpoint { class, place, .. } = &model.endpoints[request.endpoint.index()];
        let class = class.unwrap_or(model.groups[request.group.index()].class);
        let keys = model.places[place.index()].keys.as_ref();
        Ask { entry: entry(model, request.endpoint), class, keys }
    };
    model.requests.iter().map(ask).collect()
}
