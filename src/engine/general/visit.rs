//! Plain calls, made without a record of their own.
//!
//! Most calls go to a place where one can only wait and work: a query, a look-up, an external. Nothing bounds them, nothing
//! can fail them, they call nobody. The caller makes such a *visit* in person: it sets aside what it is at home, runs the
//! program of the place, and comes back. Whoever wants to part the two (a timeout, a cancellation) first makes the visit a call like
//! any other; from then on nothing is special about it.

use super::General;
use super::call::{Call, State};
use crate::engine::event_list::{Key, Kind};
use crate::ids::{EndpointId, SiteId};
use crate::model::{Balance, Model, Op, Pc, Resource, Site, StationKind, Target};
use crate::rng::mix;
use crate::signal::Probe;
use crate::station::line::NONE;

impl<P: Probe> General<'_, P> {
    /// The call at op `pc` visits an endpoint. Answers the first op there.
    #[inline]
    pub(super) fn start_visit(&mut self, slot: u32, pc: Pc, site: SiteId, endpoint: EndpointId) -> Pc {
        let site = &self.model.sites[site.index()];
        let entry = self.entries[endpoint.index()];
        let key = self.turn_key(slot, mix(self.calls[slot].key, site.step));
        let Call { user, about, endpoint: caller, member: own, class, .. } = self.calls[slot];
        let member = match site.target {
            Target::Beside(_) => self.beside(endpoint, caller, own),
            _ => self.member_for(&entry, key, user, about.item),
        };
        let call = self.calls.set_aside(slot, pc);
        (call.key, call.endpoint, call.member) = (key, endpoint, member);
        (call.arrived, call.waited, call.served) = (self.now, 0, 0);
        (call.loops, call.visiting) = (0, true);
        call.class = site.class.or(entry.class).unwrap_or(class);
        self.visiting += 1;
        self.enter_place(endpoint, member);
        entry.pc
    }

    /// A visit is over. Answers the next op of the caller.
    #[inline]
    pub(super) fn end_visit(&mut self, slot: u32) -> Pc {
        while self.calls[slot].holds > self.calls.outer(slot).holds {
            self.give_back_slot(slot);
        }
        self.leave_place(slot, Some(Ok(())));
        self.visiting -= 1;
        self.calls.come_back(slot) + 1
    }

    /// Makes a visit, if there is one, a call of its own: everything is as if it had been one from the start.
    #[inline]
    pub(super) fn part_visit(&mut self, slot: u32) {
        if self.calls[slot].visiting {
            self.make_call_of_visit(slot);
        }
    }

    #[cold]
    fn make_call_of_visit(&mut self, slot: u32) {
        self.visiting -= 1;
        let visit = self.calls[slot].clone();
        let Call { event, since, work, station, class, state, generation, .. } = visit;
        let child = self.bear();
        let call = &mut self.calls[child];
        let own_generation = call.generation;
        let (user, about) = (visit.user, visit.about);
        *call = Call { user, about, generation: own_generation, ..Call::new(visit.arrived) };
        (call.key, call.attempt, call.event, call.since, call.work) = (visit.key, 1, event, since, work);
        (call.waited, call.served, call.station) = (visit.waited, visit.served, station);
        (call.pc, call.endpoint, call.member) = (visit.pc, visit.endpoint, visit.member);
        (call.class, call.state) = (class, state);
        self.calls.move_holds(slot, child);
        match state {
            // The event keeps its turn; the one in the list has become stale.
            State::Working => {
                let due = since.saturating_add(work);
                self.list.push(Key::new(due, event, Kind::Call, child));
            }
            State::Queued => self.replace_in_line(station, slot, child, class),
            State::Running => {
                let place = self.ready.iter_mut().find(|ready| **ready == (slot, generation));
                *place.expect("a call that is about to run is ready") = (child, own_generation);
            }
            other => unreachable!("a visit is never {other:?}"),
        }
        let pc = self.calls.come_back(slot);
        let Op::Call { first, .. } = self.ops[pc as usize] else { unreachable!("visits are calls") };
        let call = &mut self.calls[slot];
        (call.pc, call.event, call.state) = (pc, 0, State::Joining);
        (call.left, call.need, call.fault) = (1, 1, None);
        debug_assert_eq!(call.first_child, NONE, "a visitor has no other calls out");
        call.first_child = child;
        let call = &mut self.calls[child];
        (call.parent, call.site) = (slot, first);
    }
}

/// The endpoint that a call at `site` may visit in person.
pub fn visited(model: &Model, site: &Site) -> Option<EndpointId> {
    let (Target::Endpoint(endpoint) | Target::Beside(endpoint)) = site.target else { return None };
    let alone = site.timeout.is_none() && site.attempts == 1 && site.copies == 1;
    (alone && program(model, endpoint).all(|op| is_plain(model, endpoint, op))).then_some(endpoint)
}

/// The most slots a visit holds at once, at most.
pub fn holds_max(model: &Model, endpoint: EndpointId) -> usize {
    program(model, endpoint).filter(|op| matches!(op, Op::Acquire(_))).count()
}

/// The ops of an endpoint in the order of the program, up to its first end.
fn program(model: &Model, endpoint: EndpointId) -> impl Iterator<Item = Op> {
    let ops = &model.ops[model.endpoints[endpoint.index()].entry as usize..];
    ops.iter().copied().take_while(|op| *op != Op::End)
}

/// Nothing but waiting and working, neither of which can go wrong.
fn is_plain(model: &Model, endpoint: EndpointId, op: Op) -> bool {
    let balancer = &model.balancers[model.endpoints[endpoint.index()].balancer.index()];
    if balancer.policy == Balance::Central {
        // Its slots stand under the first member, for all.
        return false;
    }
    let mut members = model.members[balancer.members.start as usize..balancer.members.end as usize].iter();
    let patient = |station: u32| {
        let kind = &model.stations[station as usize].kind;
        matches!(kind, StationKind::Slots { queue: None, patience: None, .. })
    };
    match op {
        Op::Acquire(Resource::Own(nth)) => members.all(|member| patient(member.stations.start + nth)),
        Op::Acquire(Resource::Shared(station)) => patient(station.0),
        Op::Cpu(_) => members.all(|member| member.cores.is_none()),
        Op::Work(_) | Op::Release | Op::Read(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::General;
    use super::*;
    use crate::engine::Present;
    use crate::signal::Signal;
    use crate::units::Time;

    /// Visits that end well, and visits that are interrupted: waiting, about to run and at work, by timeouts, by cancelling and
    /// by a quorum.
    const MODEL: &str = "
knee: 1
name: visits
load:
  impatient: {rate: 70/s, timeout: 300ms, requests: {web.page: 2, web.search: 1}}
  patient: {users: 10, think: {exp: 200ms}, requests: {web.page: 1}}
services:
  web:
    replicas: 2
    workers: 12
    endpoints:
      page:
        - repeat: {times: {geometric: {mean: 2}}, do: [{query: orders.read}]}
        - call: api.get
          timeout: 60ms
          cancel: true
          retry: {attempts: 2, backoff: {first: 5ms}}
          on_error: continue
      search:
        - parallel: {times: 3, need: 2, do: [{query: orders.read}, {call: far.ask}]}
        - {call: api.get, timeout: 40ms, on_error: continue}
  api: {workers: 6, endpoints: {get: [{delay: {exp: 5ms}}, {call: far.ask}, {query: orders.read}]}}
externals:
  far: {endpoints: {ask: [{delay: {exp: 20ms}}]}}
databases:
  orders: {servers: 4, queries: {read: {read: {exp: 9ms}}}}
pools:
  slots: {size: 5, to: orders}
";

    /// Everything told to a probe.
    #[derive(Default)]
    struct Told(Vec<(Time, Signal)>);

    impl Probe for Told {
        fn on(&mut self, now: Time, signal: Signal) {
            self.0.push((now, signal));
        }
    }

    /// All that was told, who is present at the end (since when, and where), and how many calls are in flight.
    type Ran = (Vec<(Time, Signal)>, Vec<(u64, u32)>, usize);

    fn run(model: &Model, in_person: bool) -> Ran {
        let mut engine = General::new(model, 5, Told::default());
        if !in_person {
            engine.visited.fill(None);
        }
        engine.run_until(Time(60_000_000_000), u64::MAX);
        let mut present: Vec<_> =
            engine.present().map(|Present { endpoint, arrived, .. }| (arrived.0, endpoint.0)).collect();
        present.sort_unstable();
        let in_flight = engine.in_flight();
        (engine.probe.0, present, in_flight)
    }

    #[test]
    fn a_visit_is_told_like_a_call_even_when_it_is_interrupted() {
        let loaded = crate::compile::load(MODEL.as_bytes(), "visits", &[], &|_| Err("no files".into()));
        let model = loaded.model.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        assert!(model.sites.iter().any(|site| visited(&model, site).is_some()), "there are visits");
        let (in_person, twin) = (run(&model, true), run(&model, false));
        let abandoned =
            |s: &&(Time, Signal)| matches!(s.1, Signal::Left(v) if v.outcome.is_none() || v.detached);
        assert!(twin.0.iter().filter(abandoned).count() > 1_000, "there are interruptions");
        let differ = in_person.0.iter().zip(&twin.0).position(|(a, b)| a != b);
        assert_eq!(differ, None, "{:?}", differ.map(|at| (in_person.0[at], twin.0[at])));
        assert_eq!((in_person.0.len(), &in_person.1, in_person.2), (twin.0.len(), &twin.1, twin.2));
    }

    #[test]
    fn one_queue_for_all_replicas_stands_under_the_first_of_them() {
        let yaml = "
knee: 1
load: {rate: 100/s, requests: {web.get: 1}}
services:
  web: {endpoints: {get: [{call: api.get}]}}
  api: {replicas: 3, balance: central, workers: 1, endpoints: {get: [{delay: {exp: 20ms}}]}}
";
        let model =
            crate::compile::load(yaml.as_bytes(), "test.yaml", &[], &|_| Err("none".into())).model.unwrap();
        assert!(model.sites.iter().all(|site| visited(&model, site).is_none()));
    }
}
