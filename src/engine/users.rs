//! Requests and who makes them: open streams, and users who think.

use super::Engine;
use super::event_list::{Key, Kind};
use crate::dist::{Alias, Popularity};
use crate::ids::{DistId, EndpointId, GroupId, MemberId, RequestId};
use crate::model::{Class, Group, Model, Pc, Request, Source};
use crate::rng::{KeyedRng, mix};

use crate::signal::{Ended, Origin, Outcome, Probe, Signal};
use crate::units::{Span, Time};
use crate::workload::{self, Arrivals};

/// Purposes of draws that no op makes.
const THINK: u64 = 1 << 40;
const MIX: u64 = (1 << 40) + 1;
const ARRIVALS: u64 = (1 << 40) + 2;
const KEYS: u64 = (1 << 40) + 3;

/// Set in the numbers of users of open groups.
const OPEN_USER: u32 = 1 << 31;

/// A user of a closed group.
#[derive(Clone, Copy, Debug)]
pub struct User {
    pub group: u32,
    /// Requests made.
    pub asked: u32,
}

/// An open group under way.
#[derive(Debug)]
pub struct Stream {
    arrivals: workload::Stream,
    group: u32,
    from_users: Option<u32>,
    /// Requests made.
    asked: u64,
    /// Requests that come with the next arrival.
    size: u32,
    next: Key,
}

/// What a group asks for.
#[derive(Clone, Copy, Debug)]
pub struct Mix<'m> {
    /// The first of its kinds of requests.
    pub first: u32,
    /// Which of them comes next, where there are several.
    pub alias: Option<&'m Alias>,
}

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
    /// Think time after its answer, in closed groups.
    think: Option<DistId>,
}

impl<'m> Mix<'m> {
    pub fn new(model: &'m Model, group: &Group) -> Self {
        let alias = &model.tables[group.mix.index()].alias;
        Self { first: group.requests.start, alias: (alias.len() > 1).then_some(alias) }
    }
}

impl<'m> Ask<'m> {
    pub fn new(model: &'m Model, request: &Request) -> Self {
        let place = &model.places[model.endpoints[request.endpoint.index()].place.index()];
        let group = &model.groups[request.group.index()];
        let think = match group.source {
            Source::Closed { think, .. } => Some(think),
            Source::Open { .. } => None,
        };
        Self {
            endpoint: request.endpoint,
            keys: place.keys.as_ref(),
            timeout: group.timeout,
            class: group.class,
            via: request.via,
            think,
        }
    }
}

impl Stream {
    pub fn new(arrivals: &Arrivals, from_users: Option<u32>, group: usize, key: u64) -> Self {
        // A key of its own: requests are named by parts of the group's key, and must not share its draws.
        let arrivals = workload::Stream::new(arrivals, mix(key, ARRIVALS));
        Self { arrivals, group: group as u32, from_users, asked: 0, size: 0, next: Key::NEVER }
    }
}

impl<P: Probe> Engine<'_, P> {
    /// Draws when a stream's next requests come.
    #[inline]
    pub(super) fn schedule_arrival(&mut self, at: usize) {
        let sequence = self.next_sequence();
        let stream = &mut self.streams[at];
        let arrival = stream.arrivals.next();
        stream.size = arrival.size;
        stream.next = Key::new(self.now.saturating_add(arrival.gap.0), sequence, Kind::User, 0);
        self.find_next_arrival();
    }

    #[inline]
    fn find_next_arrival(&mut self) {
        if let [stream] = self.streams.as_slice() {
            self.next_arrival = (stream.next, 0);
            return;
        }
        let mut next = (Key::NEVER, 0);
        for (at, stream) in self.streams.iter().enumerate() {
            if stream.next < next.0 {
                next = (stream.next, at);
            }
        }
        self.next_arrival = next;
    }

    /// The next arrival of a stream is here. Answers the call that runs first.
    #[inline]
    pub(super) fn arrive(&mut self) -> u32 {
        let at = self.next_arrival.1;
        let first = self.submit_from(at);
        // Whoever comes in the same batch goes on behind the first.
        for _ in 1..self.streams[at].size {
            let other = self.submit_from(at);
            self.make_ready(other);
        }
        if self.submitted < self.submit_max {
            self.schedule_arrival(at);
        } else {
            self.streams[at].next = Key::NEVER;
            self.find_next_arrival();
        }
        first
    }

    /// The next request of a stream.
    #[inline]
    fn submit_from(&mut self, at: usize) -> u32 {
        let stream = &mut self.streams[at];
        let (group, serial) = (stream.group, stream.asked);
        stream.asked += 1;
        let number = match stream.from_users {
            // Which user a request is from is drawn from its serial number.
            Some(users) => (mix(serial, 0) % u64::from(users)) as u32,
            None => serial as u32,
        };
        // No two groups share a user; those of closed groups have the lower half of the numbers.
        let groups = self.model.groups.len() as u32;
        let user = number.wrapping_mul(groups).wrapping_add(group) | OPEN_USER;
        let key = mix(self.group_keys[group as usize], serial);
        self.submit(group, key, user, serial)
    }

    /// Users of a closed group start in the middle of a think time.
    pub(super) fn seat_users(&mut self, group: usize, users: u32, think: DistId) {
        let first = self.users.len() as u32;
        for user in first..first + users {
            self.users.push(User { group: group as u32, asked: 0 });
            let key = mix(mix(self.group_keys[group], u64::from(user - first)), THINK);
            let think = self.model.dists[think.index()].sample_residual(&mut KeyedRng::new(key));
            self.think(user, Span::from_secs(think).0);
        }
    }

    fn think(&mut self, user: u32, delay: u64) {
        self.probe.on(Time(self.now), Signal::Thinking { group: GroupId(self.users[user as usize].group) });
        let sequence = self.next_sequence();
        self.list.push(Key::new(self.now.saturating_add(delay), sequence, Kind::User, user));
    }

    /// A user ends thinking. Answers the call that asks.
    pub(super) fn ask_as_user(&mut self, user: u32) -> Option<u32> {
        if self.submitted >= self.submit_max {
            return None;
        }
        let User { group, asked } = self.users[user as usize];
        self.users[user as usize].asked += 1;
        let number = user - self.first_user[group as usize];
        let key = mix(mix(self.group_keys[group as usize], u64::from(number)), u64::from(asked));
        Some(self.submit(group, key, user, u64::from(number) << 32 | u64::from(asked)))
    }

    /// A request of `group` is submitted. Answers its call, which is about to run.
    #[inline]
    fn submit(&mut self, group: u32, key: u64, user: u32, serial: u64) -> u32 {
        self.submitted += 1;
        let Mix { first, alias } = self.mixes[group as usize];
        let kind = alias.map_or(0, |alias| alias.sample(&mut KeyedRng::new(mix(key, MIX))));
        let request = RequestId(first + kind as u32);
        self.probe.on(Time(self.now), Signal::Submitted { request, origin: Origin(key) });
        let Ask { endpoint, keys, timeout, class, via, .. } = self.asks[request.index()];
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
        (call.key, call.origin, call.item, call.user, call.request) = (key, key, item, user, request);
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
        if let Some(think) = self.asks[request.index()].think {
            let think = self.model.dists[think.index()].sample(&mut KeyedRng::new(mix(key, THINK)));
            self.think(user, Span::from_secs(think).0);
        }
    }
}
