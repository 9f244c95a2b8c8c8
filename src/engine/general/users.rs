//! Requests submitted and answered.

use super::General;
use crate::dist::Popularity;
use crate::engine::data::KEYS;
use crate::engine::event_list::{Key, Kind};
use crate::engine::sources::Asked;
use crate::ids::{DistId, EndpointId, MemberId};
use crate::model::{Class, Model, Pc, Request};
use crate::rng::{KeyedRng, mix};
use crate::signal::{Ended, Origin, Outcome, Probe, Signal};
use crate::units::Time;

/// What the engine keeps of a kind of request.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'m> {
    endpoint: EndpointId,
    /// The keys that a query asked directly is about.
    keys: Option<&'m Popularity>,
    timeout: Option<DistId>,
    class: Class,
    /// The program of a request from another region.
    via: Option<Pc>,
}

impl<'m> Ask<'m> {
    pub fn new(model: &'m Model, request: &Request) -> Self {
        let place = &model.places[model.endpoints[request.endpoint.index()].place.index()];
        let group = &model.groups[request.group.index()];
        Self {
            endpoint: request.endpoint,
            keys: place.keys.as_ref(),
            timeout: group.timeout,
            class: group.class,
            via: request.via,
        }
    }
}

impl<P: Probe> General<'_, P> {
    /// Users start in the middle of a think time, streams in their stationary state.
    pub(super) fn start_sources(&mut self) {
        for user in 0..self.sources.users() {
            let rest = self.sources.rest_of_think(user);
            self.think(user, rest);
        }
        for stream in 0..self.sources.streams() {
            self.schedule_arrival(stream);
        }
    }

    /// Draws when a stream's next requests come.
    #[inline]
    fn schedule_arrival(&mut self, at: usize) {
        let sequence = self.next_sequence();
        self.sources.schedule(at, self.now, sequence);
    }

    /// The next arrival of a stream is here. Answers the call that runs first.
    #[inline]
    pub(super) fn arrive(&mut self, at: usize) -> u32 {
        let asked = self.sources.ask(at);
        let first = self.submit(asked);
        // Whoever comes in the same batch goes on behind the first.
        for _ in 1..self.sources.batch(at) {
            let asked = self.sources.ask(at);
            let other = self.submit(asked);
            self.make_ready(other);
        }
        if self.sources.are_done() {
            self.sources.silence(at);
        } else {
            self.schedule_arrival(at);
        }
        first
    }

    fn think(&mut self, user: u32, delay: u64) {
        self.probe.on(Time(self.now), Signal::Thinking { group: self.sources.group(user) });
        let sequence = self.next_sequence();
        self.list.push(Key::new(self.now.saturating_add(delay), sequence, Kind::User, user));
    }

    /// A user ends thinking. Answers the call that asks.
    pub(super) fn ask_as_user(&mut self, user: u32) -> Option<u32> {
        let asked = self.sources.ask_as_user(user)?;
        Some(self.submit(asked))
    }

    /// A request is submitted. Answers its call, which is about to run.
    #[inline]
    fn submit(&mut self, asked: Asked) -> u32 {
        let Asked { request, key, user, serial } = asked;
        self.probe.on(Time(self.now), Signal::Submitted { request, origin: Origin(key) });
        let Ask { endpoint, keys, timeout, class, via } = self.asks[request.index()];
        let item = keys.map_or(0, |keys| keys.sample(&mut KeyedRng::new(mix(key, KEYS))));
        let entry = self.entries[endpoint.index()];
        let member = match via {
            None => {
                let member = self.member_for(&entry, key, user, item);
                self.enter_place(endpoint, member);
                member
            }
            // Steps of the user, at no place; they make the call.
            Some(_) => MemberId::default(),
        };
        let slot = self.bear();
        let call = &mut self.calls[slot];
        (call.key, call.user, call.request) = (key, user, request);
        (call.about.origin, call.about.item) = (key, item);
        // A root is no copy and has no attempts: their room holds its serial number.
        (call.copy, call.attempt, call.root) = ((serial >> 32) as u32, serial as u32, true);
        (call.endpoint, call.member) = (endpoint, member);
        (call.pc, call.class, call.branch) = match via {
            None => (entry.pc, entry.class.unwrap_or(class), false),
            Some(pc) => (pc, class, true),
        };
        self.bound(slot, timeout);
        slot
    }

    /// A request is over for its user, who may think about the next one.
    #[inline]
    pub(super) fn answer_user(&mut self, slot: u32, outcome: Outcome) {
        let call = &self.calls[slot];
        let (request, user, key) = (call.request, call.user, call.key);
        let serial = u64::from(call.copy) << 32 | u64::from(call.attempt);
        let submitted = Time(call.arrived);
        let ended = Ended { request, serial, submitted, outcome, origin: Origin(key) };
        self.probe.on(Time(self.now), Signal::Ended(ended));
        if let Some(think) = self.sources.think(request, key) {
            self.think(user, think);
        }
    }
}
