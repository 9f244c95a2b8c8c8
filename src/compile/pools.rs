//! Pools of connections, poolers behind them, and locks; and which of their slots a call takes on its way.
//!
//! A pool may lead to a place, or to a *pooler*: a pool that leads to it. A call takes a slot of each pool on its way, the
//! client's first, but none of which its caller holds one already: what is asked within a `hold` uses the connection that is
//! held.

use super::places::Waiting;
use super::program::{Held, Program};
use super::{Compiler, data};
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{PlaceId, StationId};
use crate::model::{Connect, Discipline, PlaceKind, Pool, Resource, StationKind};
use crate::spec::decode::{At, Named};
use crate::spec::place::{self as spec, PoolMode};
use crate::units;

/// The slots that a call takes on its way: of the client's pool, then of the pooler behind it.
pub(super) type Slots = [Option<Resource>; 2];

impl<'a> Compiler<'a> {
    /// Compiles all pools, those that lead to a pooler last.
    pub(super) fn all_pools(&mut self) {
        let Some(section) = &self.spec.pools else { return };
        let pools = &section.value;
        let behind = |pool: &spec::Pool| pool.to.as_ref().and_then(|to| named(pools, &to.value));
        for (name, pool) in pools.iter().filter(|(_, pool)| behind(&pool.value).is_none()) {
            self.pool(name, pool);
        }
        for (name, pool) in pools.iter() {
            let Some(pooler) = behind(&pool.value) else { continue };
            if self.is_pooler(&name.value, &pool.value, pooler) {
                self.pool(name, pool);
            }
        }
        self.idle_modes(pools);
    }

    /// Whether a pool may lead to `pooler`.
    fn is_pooler(&mut self, name: &str, pool: &spec::Pool, pooler: &spec::Pool) -> bool {
        let to = pool.to.as_ref().expect("it leads to a pooler");
        let pools = self.spec.pools.as_ref();
        let leads_on =
            |next: &&At<String>| pools.is_some_and(|pools| named(&pools.value, &next.value).is_some());
        let per = |pool: &spec::Pool| pool.per.as_ref().map(|per| per.value.clone());
        match &pooler.to {
            _ if to.value == name => {
                self.error(to.span, format!("`{name}` leads to itself"), "expected a place, or another pool");
                false
            }
            None => {
                self.sink.push(
                    Diagnostic::error(to.span, format!("`{}` leads nowhere", to.value))
                        .label("a pooler leads to a place")
                        .help(format!("say where its connections go: `{}: {{to: orders, …}}`", to.value)),
                );
                false
            }
            next if next.as_ref().is_some_and(|next| leads_on(&next)) => {
                let message = "not supported: a pooler in front of a pooler";
                self.error(to.span, message, format!("`{}` leads to another pool", to.value));
                false
            }
            Some(_) if pooler.per.is_some() && per(pooler) != per(pool) => {
                let owner = per(pooler).expect("just seen");
                self.sink.push(
                    Diagnostic::error(
                        to.span,
                        format!("`{}` belongs to the replicas of `{owner}`", to.value),
                    )
                    .label("others cannot reach it")
                    .help(format!("expected `per: {owner}` here too, or a pooler without `per`")),
                );
                false
            }
            Some(_) => true,
        }
    }

    /// A mode means nothing where no pool leads to the pooler: with a knob or variant it may come to that.
    fn idle_modes(&mut self, pools: &Named<spec::Pool>) {
        for (name, pool) in pools.iter().filter(|(_, pool)| pool.value.keys.is_none()) {
            let Some(mode) = &pool.value.mode else { continue };
            let leads_here = |other: &spec::Pool| other.to.as_ref().is_some_and(|to| to.value == name.value);
            if !pools.iter().any(|(_, other)| leads_here(&other.value)) {
                self.sink.push(
                    Diagnostic::warning(
                        mode.span,
                        format!("no pool leads to `{}`: its mode has no effect", name.value),
                    )
                    .help("a slot is held for a query, or by `hold` around several"),
                );
            }
        }
    }

    fn pool(&mut self, name: &At<String>, pool: &'a At<spec::Pool>) {
        let it = &pool.value;
        if it.keys.is_some() {
            return self.keyed_locks(name, it);
        }
        let size = it.size.as_ref().and_then(|size| match size.value.0 {
            0 => {
                let needs = it
                    .to
                    .as_ref()
                    .map_or("whoever holds it".to_owned(), |to| format!("every call to `{}`", to.value));
                self.sink.push(
                    Diagnostic::error(size.span, "a pool of size 0")
                        .label("expected at least 1")
                        .help(format!("{needs} would wait for ever: without a pool, leave it out")),
                );
                None
            }
            n => self.small(n, size.span),
        });
        let per = it.per.as_ref().map(|per| self.find_place(per, &[PlaceKind::Service]));
        let targets =
            [PlaceKind::Database, PlaceKind::Service, PlaceKind::External, PlaceKind::Cache, PlaceKind::Pool];
        let to = it.to.as_ref().map(|to| self.find_place(to, &targets));
        let waiting = Waiting {
            queue: it.queue.as_ref().and_then(|queue| self.room(queue)),
            patience: it.timeout.as_ref().and_then(|law| self.dist(law)),
            discipline: Discipline::Fifo,
        };
        let idle = self.idle(it);
        let connect = it.connect.as_ref().and_then(|law| self.dist(law));
        let Some(place) = self.open(name, PlaceKind::Pool, None) else { return };
        let (Some(size), false, false) = (size, per == Some(None), to == Some(None)) else {
            self.close(place);
            return;
        };
        let (per, to) = (per.flatten(), to.flatten());
        let count = per.map_or(1, |per| self.model.places[per.index()].members.len());
        for i in 1..=count {
            let member_name = if count == 1 { name.value.clone() } else { format!("{}.{i}", name.value) };
            if !self.member(place, member_name, 1.0, vec![("slots", waiting.slots(size))], name.span) {
                break;
            }
        }
        self.close(place);
        if let Some(cost) = connect {
            let first = self.model.places[place.index()].members.start as usize;
            let stations = self.model.members[first].stations.start..self.model.stations.len() as u32;
            self.model.connects.push(Connect { stations, cost, idle });
        }
        if self.model.places[place.index()].members.is_empty() {
            return;
        }
        let session = it.mode.as_ref().is_some_and(|mode| mode.value == PoolMode::Session);
        self.model.pools.push(Pool { place, per, to, session });
    }

    /// How long a connection stays open without use; for ever where nothing is said.
    fn idle(&mut self, it: &spec::Pool) -> units::Span {
        if let (Some(idle), None, true) = (&it.idle, &it.connect, self.whole) {
            self.error(idle.span, "`idle` without `connect`", "nothing is lost when a connection closes");
        }
        it.idle.as_ref().map_or(units::Span::MAX, |idle| units::Span::from_secs(idle.value.0))
    }

    /// A lock for every key, as a pool of its own.
    fn keyed_locks(&mut self, name: &At<String>, it: &spec::Pool) {
        let Some(place) = self.open(name, PlaceKind::Pool, None) else { return };
        if let Some(size) = &it.size
            && size.value.0 != 1
        {
            self.error(
                size.span,
                format!("{} holders of one key", size.value.0),
                "expected `size: 1`: a lock",
            );
        }
        let alone = "only `hold` takes them";
        for (key, span, label) in [
            ("per", it.per.as_ref().map(|x| x.span), "one lock of a key serves all"),
            ("to", it.to.as_ref().map(|x| x.span), alone),
            ("mode", it.mode.as_ref().map(|x| x.span), alone),
            ("queue", it.queue.as_ref().map(|x| x.span), "any number may wait; `timeout` bounds the wait"),
            ("connect", it.connect.as_ref().map(|x| x.span), "nothing is opened"),
            ("idle", it.idle.as_ref().map(|x| x.span), "nothing is opened"),
        ] {
            if let Some(span) = span {
                self.error(span, format!("not supported: `{key}` of locks by key"), label);
            }
        }
        let patience = it.timeout.as_ref().and_then(|law| self.dist(law));
        if let Some(law) = self.key_law(it.keys.as_ref()) {
            let station = data::locks(&law, patience);
            self.member(place, name.value.clone(), 1.0, vec![("locks", station)], name.span);
            self.model.places[place.index()].keys = Some(law);
            self.model.pools.push(Pool { place, per: None, to: None, session: false });
        }
        self.close(place);
    }

    /// The slots that a call of `program` to `to` takes on its way.
    pub(super) fn slots_to(&mut self, program: &Program<'a>, to: PlaceId, span: Span) -> Slots {
        let Some(last) = self.pool_before(program.place, to, span) else { return [None; 2] };
        let first = self.pool_before(program.place, last.place, span);
        let missing = [first, Some(last)]
            .map(|pool| pool.map(|pool| self.slot_of(&pool)).filter(|slot| !program.has_slot(*slot)));
        for slot in missing.into_iter().flatten() {
            self.second_slot(program, slot, span);
        }
        missing
    }

    /// The slots that `hold` takes: of the pool it names, of the one before it, and of the pooler behind it in session mode. What
    /// another `hold` has taken along is used; what one names, it takes.
    pub(super) fn slots_of_hold(
        &mut self,
        program: &Program<'a>,
        pool: &Pool,
        span: Span,
    ) -> [Option<Resource>; 3] {
        let before = self.pool_before(program.place, pool.place, span).map(|pool| self.slot_of(&pool));
        let behind = pool.to.and_then(|to| self.pool_at(to)).filter(|pooler| pooler.session);
        let behind = behind.map(|pooler| self.slot_of(&pooler));
        let is_free = |slot: &Resource| !program.has_slot(*slot);
        let own = Some(self.slot_of(pool)).filter(|slot| !program.has_along(*slot));
        [before.filter(is_free), own, behind.filter(is_free)]
    }

    /// The pool that calls from `from` go through on their way to `to`.
    fn pool_before(&mut self, from: PlaceId, to: PlaceId, span: Span) -> Option<Pool> {
        let leads = |pool: &&Pool| pool.to == Some(to) && pool.per.is_none_or(|per| per == from);
        let mut leading = self.model.pools.iter().filter(leads).copied();
        let first = leading.next()?;
        if let Some(second) = leading.next() {
            let [name, other] =
                [first, second].map(|pool| self.model.places[pool.place.index()].name.clone());
            let message = format!("this goes through two pools, `{name}` and `{other}`");
            let diagnostic = Diagnostic::error(span, message)
                .other(self.place_spans[first.place.index()], "one pool")
                .other(self.place_spans[second.place.index()], "another pool")
                .help("of one service at most one pool may lead there; a pooler between is led to by that, and leads on");
            self.sink.push(diagnostic);
        }
        Some(first)
    }

    /// The pool of a place.
    pub(super) fn pool_at(&self, place: PlaceId) -> Option<Pool> {
        self.model.pools.iter().find(|pool| pool.place == place).copied()
    }

    /// The slot of a pool.
    fn slot_of(&self, pool: &Pool) -> Resource {
        let member = self.model.places[pool.place.index()].members.start;
        let first = StationId(self.model.members[member as usize].stations.start);
        match self.model.stations[first.index()].kind {
            StationKind::Locks { .. } => Resource::SharedLock(first),
            _ if pool.per.is_some() => Resource::PerMember { first },
            _ => Resource::Shared(first),
        }
    }

    /// Warns of who takes a slot of a pool while one is held. Another lock by key is another lock.
    pub(super) fn second_slot(&mut self, program: &Program<'a>, slot: Resource, span: Span) {
        let is_same = |held: &&Held| held.slot == slot && !matches!(slot, Resource::SharedLock(_));
        if let Some(&Held { span: first, .. }) = program.all_held().find(is_same) {
            let message = "this takes a second slot of a pool while one is held";
            let warning = Diagnostic::warning(span, message).other(first, "held from here on");
            self.sink.push(
                warning
                    .label("waits for itself when all slots are held")
                    .help("one step after the other within one `hold` shares its connection"),
            );
        }
    }
}

/// The pool of this name.
fn named<'s>(pools: &'s Named<spec::Pool>, name: &str) -> Option<&'s spec::Pool> {
    pools.iter().find(|(known, _)| known.value == name).map(|(_, pool)| &pool.value)
}
