//! Where requests come from: open streams, and users who think.

use super::event_list::{INDEX_END, Key, Kind};
use crate::dist::{Alias, Dist};
use crate::ids::{GroupId, RequestId};
use crate::model::{Model, Source};
use crate::rng::{KeyedRng, mix};
use crate::units::Span;
use crate::workload::{self, Arrivals};

/// Purposes of draws that no op makes.
const THINK: u64 = 1 << 40;
const MIX: u64 = (1 << 40) + 1;
const ARRIVALS: u64 = (1 << 40) + 2;

/// Set in the numbers of users of open groups.
const OPEN_USER: u32 = 1 << 31;

/// A request that is submitted now.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub request: RequestId,
    /// Names its draws.
    pub key: u64,
    /// Who asks: all requests of one user have the same number.
    pub user: u32,
    /// Which request of its source: user and count, or the running number of a stream.
    pub serial: u64,
}

/// A user of a closed group.
#[derive(Clone, Copy, Debug)]
struct User {
    group: u32,
    /// Requests made.
    asked: u32,
}

/// An open group under way.
#[derive(Debug)]
struct Stream {
    arrivals: workload::Stream,
    group: u32,
    from_users: Option<u32>,
    /// Requests made.
    asked: u64,
    /// Requests that come with the next arrival.
    size: u32,
    next: Key,
}

impl Stream {
    fn new(arrivals: &Arrivals, from_users: Option<u32>, group: usize, key: u64) -> Self {
        // A key of its own: requests are named by parts of the group's key, and must not share its draws.
        let arrivals = workload::Stream::new(arrivals, mix(key, ARRIVALS));
        Self { arrivals, group: group as u32, from_users, asked: 0, size: 0, next: Key::NEVER }
    }
}

/// A group: who it is, and what it asks for.
#[derive(Clone, Copy, Debug)]
struct Group<'m> {
    /// Names its draws.
    key: u64,
    first_user: u32,
    first_request: u32,
    /// Which of its kinds of requests comes next, where there are several.
    alias: Option<&'m Alias>,
}

/// All sources of a run.
#[derive(Debug)]
pub struct Sources<'m> {
    groups: Vec<Group<'m>>,
    /// By request: think time after its answer, in closed groups.
    thinks: Vec<Option<&'m Dist>>,
    users: Vec<User>,
    streams: Vec<Stream>,
    /// The next arrival of all streams, and which of them it is of.
    next: (Key, usize),
    submitted: u64,
    /// Requests after which sources fall silent.
    submit_max: u64,
}

impl<'m> Sources<'m> {
    /// Sources of the replication that `key` names, which have yet to be started.
    pub fn new(model: &'m Model, key: u64) -> Self {
        let (mut groups, mut users, mut streams) = (Vec::new(), Vec::new(), Vec::new());
        for (at, group) in model.groups.iter().enumerate() {
            let key = mix(key, at as u64 + 1);
            let alias = &model.tables[group.mix.index()].alias;
            let alias = (alias.len() > 1).then_some(alias);
            let first_user = users.len() as u32;
            match &group.source {
                Source::Open { arrivals, from_users } => {
                    streams.push(Stream::new(arrivals, *from_users, at, key));
                }
                Source::Closed { users: count, .. } => {
                    users.extend((0..*count).map(|_| User { group: at as u32, asked: 0 }));
                }
            }
            groups.push(Group { key, first_user, first_request: group.requests.start, alias });
        }
        assert!(users.len() <= INDEX_END, "the compiler bounds the number of users");
        let thinks = model.requests.iter().map(|request| match model.groups[request.group.index()].source {
            Source::Closed { think, .. } => Some(&model.dists[think.index()]),
            Source::Open { .. } => None,
        });
        let thinks = thinks.collect();
        Self { groups, thinks, users, streams, next: (Key::NEVER, 0), submitted: 0, submit_max: u64::MAX }
    }

    /// Users of closed groups.
    pub fn users(&self) -> u32 {
        self.users.len() as u32
    }

    /// Open streams.
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// Requests submitted so far.
    #[inline]
    pub fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Falls silent after so many requests.
    pub fn stop_after(&mut self, requests: u64) {
        self.submit_max = requests;
    }

    /// The group of a user.
    pub fn group(&self, user: u32) -> GroupId {
        GroupId(self.users[user as usize].group)
    }

    /// What is left of the think time in the middle of which a user starts, ns.
    pub fn rest_of_think(&self, user: u32) -> u64 {
        let Group { key, first_user, first_request, .. } = self.groups[self.group(user).index()];
        let key = mix(mix(key, u64::from(user - first_user)), THINK);
        let think = self.thinks[first_request as usize].expect("users of closed groups think");
        Span::from_secs(think.sample_residual(&mut KeyedRng::new(key))).0
    }

    /// Think time (ns) after the answer to a request; none in open groups.
    #[inline]
    pub fn think(&self, request: RequestId, key: u64) -> Option<u64> {
        self.thinks[request.index()].map(|think| draw_think(think, key))
    }

    /// The next arrival of an open stream, and which stream it is of.
    #[inline]
    pub fn next(&self) -> (Key, usize) {
        self.next
    }

    /// Draws when a stream's next requests come; `sequence` orders the arrival among all events.
    #[inline(always)]
    pub fn schedule(&mut self, at: usize, now: u64, sequence: u64) {
        let stream = &mut self.streams[at];
        let arrival = stream.arrivals.next();
        stream.size = arrival.size;
        stream.next = Key::new(now.saturating_add(arrival.gap.0), sequence, Kind::User, 0);
        self.find_next();
    }

    /// No more requests come from a stream.
    pub fn silence(&mut self, at: usize) {
        self.streams[at].next = Key::NEVER;
        self.find_next();
    }

    #[inline]
    fn find_next(&mut self) {
        if let [stream] = self.streams.as_slice() {
            self.next = (stream.next, 0);
            return;
        }
        let mut next = (Key::NEVER, 0);
        for (at, stream) in self.streams.iter().enumerate() {
            if stream.next < next.0 {
                next = (stream.next, at);
            }
        }
        self.next = next;
    }

    /// All requests asked for have been submitted.
    #[inline]
    pub fn are_done(&self) -> bool {
        self.submitted >= self.submit_max
    }

    /// Requests that come with the arrival of a stream that is due.
    #[inline]
    pub fn batch(&self, at: usize) -> u32 {
        self.streams[at].size
    }

    /// The next request of a stream.
    #[inline(always)]
    pub fn ask(&mut self, at: usize) -> Asked {
        let groups = self.groups.len() as u32;
        let stream = &mut self.streams[at];
        let (group, serial) = (stream.group, stream.asked);
        stream.asked += 1;
        let number = match stream.from_users {
            // Which user a request is from is drawn from its serial number.
            Some(users) => (mix(serial, 0) % u64::from(users)) as u32,
            None => serial as u32,
        };
        // No two groups share a user; those of closed groups have the lower half of the numbers.
        let user = number.wrapping_mul(groups).wrapping_add(group) | OPEN_USER;
        let group = self.groups[group as usize];
        self.asked(group, mix(group.key, serial), user, serial)
    }

    /// The next request of a user, who has ended thinking.
    #[inline]
    pub fn ask_as_user(&mut self, user: u32) -> Option<Asked> {
        if self.are_done() {
            return None;
        }
        let asking = &mut self.users[user as usize];
        let asked = u64::from(asking.asked);
        asking.asked += 1;
        let group = self.groups[asking.group as usize];
        let number = u64::from(user - group.first_user);
        Some(self.asked(group, mix(mix(group.key, number), asked), user, number << 32 | asked))
    }

    #[inline]
    fn asked(&mut self, group: Group<'_>, key: u64, user: u32, serial: u64) -> Asked {
        self.submitted += 1;
        let kind = group.alias.map_or(0, |alias| alias.sample(&mut KeyedRng::new(mix(key, MIX))));
        Asked { request: RequestId(group.first_request + kind as u32), key, user, serial }
    }
}

/// Apart, so that who does not think pays nothing.
#[inline(never)]
fn draw_think(think: &Dist, key: u64) -> u64 {
    Span::from_secs(think.sample(&mut KeyedRng::new(mix(key, THINK)))).0
}
