//! Listens to one replication a second time, more closely than every run can afford: where the time of each request goes, and how
//! many calls are at each place how long.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::layout::Layout;
use crate::ids::PlaceId;
use crate::model::Model;
use crate::signal::{Ended, Origin, Probe, Signal};
use crate::units::Time;

/// Levels are told apart up to here; what is beyond counts as this.
const LEVEL_MAX: usize = 1 << 16;

/// What right answers spent their time on: sums over requests, times in ns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anatomy {
    /// How many of each kind of request.
    pub requests: Vec<u64>,
    /// Their latencies.
    pub latency: u128,
    /// Waits of their calls, by resource.
    pub waits: Vec<u128>,
    /// Work done for their calls, by place.
    pub services: Vec<u128>,
    /// Waits for attempts that were given up and went on, by the place called.
    pub given_up: Vec<u128>,
    /// What of their latencies is none of these: back-off, round trips of links. Parts that lie side by side may sum to more than a
    /// latency; that request has nothing elsewhere.
    pub elsewhere: u128,
}

/// What a dissector found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dissection {
    /// All right answers.
    pub all: Anatomy,
    /// Those that took at least as long as the bar.
    pub slow: Anatomy,
    /// By place: how long (ns) so many calls were present.
    pub levels: Vec<Vec<u64>>,
}

/// What a request spends time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Wait(u32),
    Service(PlaceId),
    GivenUp(PlaceId),
}

/// Takes requests apart.
#[derive(Clone, Debug)]
pub struct Dissector<'l> {
    layout: &'l Layout,
    /// Slow from here on, ns.
    bar: u64,
    /// Requests under way, with what they have spent (ns).
    open: HashMap<Origin, Vec<(Part, u64)>, BuildHasherDefault<OriginHasher>>,
    /// Lists to be used again.
    spare: Vec<Vec<(Part, u64)>>,
    /// By place: calls present, and since when.
    present: Vec<(usize, u64)>,
    found: Dissection,
}

/// Origins are random numbers already.
#[derive(Clone, Copy, Debug, Default)]
struct OriginHasher(u64);

impl Hasher for OriginHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.0 = self.0.rotate_left(8) ^ u64::from(byte));
    }
    fn write_u64(&mut self, origin: u64) {
        self.0 = origin;
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Anatomy {
    fn new(model: &Model, layout: &Layout) -> Self {
        Self {
            requests: vec![0; model.requests.len()],
            latency: 0,
            waits: vec![0; layout.resources.len()],
            services: vec![0; model.places.len()],
            given_up: vec![0; model.places.len()],
            elsewhere: 0,
        }
    }

    /// How many requests.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.requests.iter().sum()
    }

    fn sum(&mut self, part: Part) -> &mut u128 {
        match part {
            Part::Wait(resource) => &mut self.waits[resource as usize],
            Part::Service(place) => &mut self.services[place.index()],
            Part::GivenUp(place) => &mut self.given_up[place.index()],
        }
    }

    fn add(&mut self, request: usize, latency: u64, parts: &[(Part, u64)]) {
        self.requests[request] += 1;
        self.latency += u128::from(latency);
        let mut rest = latency;
        for &(part, time) in parts {
            *self.sum(part) += u128::from(time);
            rest = rest.saturating_sub(time);
        }
        self.elsewhere += u128::from(rest);
    }
}

impl<'l> Dissector<'l> {
    /// Requests of at least `bar` ns count as slow.
    #[must_use]
    pub fn new(model: &Model, layout: &'l Layout, bar: u64) -> Self {
        let none = || Anatomy::new(model, layout);
        let found = Dissection { all: none(), slow: none(), levels: vec![Vec::new(); model.places.len()] };
        let present = vec![(0, 0); model.places.len()];
        Self { layout, bar, open: HashMap::default(), spare: Vec::new(), present, found }
    }

    /// The warm-up is over: forgets the past but not who is present.
    pub fn start_window(&mut self, now: Time) {
        for anatomy in [&mut self.found.all, &mut self.found.slow] {
            anatomy.requests.fill(0);
            for sums in [&mut anatomy.waits, &mut anatomy.services, &mut anatomy.given_up] {
                sums.fill(0);
            }
            (anatomy.latency, anatomy.elsewhere) = (0, 0);
        }
        self.found.levels.iter_mut().for_each(Vec::clear);
        self.present.iter_mut().for_each(|(_, since)| *since = now.0);
    }

    /// What was found up to `now`.
    #[must_use]
    pub fn close(mut self, now: Time) -> Dissection {
        for place in 0..self.present.len() {
            self.step(PlaceId(place as u32), now.0, 0);
        }
        self.found
    }

    fn spent(&mut self, origin: Origin, part: Part, time: u64) {
        if time > 0
            && let Some(parts) = self.open.get_mut(&origin)
        {
            match parts.iter_mut().find(|(known, _)| *known == part) {
                Some((_, sum)) => *sum += time,
                None => parts.push((part, time)),
            }
        }
    }

    fn ended(&mut self, now: u64, ended: &Ended) {
        let Some(mut parts) = self.open.remove(&ended.origin) else { return };
        if ended.outcome.is_ok() {
            let (request, latency) = (ended.request.index(), now - ended.submitted.0);
            self.found.all.add(request, latency, &parts);
            if latency >= self.bar {
                self.found.slow.add(request, latency, &parts);
            }
        }
        parts.clear();
        self.spare.push(parts);
    }

    /// From `now` on so many more are present.
    fn step(&mut self, place: PlaceId, now: u64, more: isize) {
        let (level, since) = &mut self.present[place.index()];
        let at = (*level).min(LEVEL_MAX);
        let levels = &mut self.found.levels[place.index()];
        if levels.len() <= at {
            levels.resize(at + 1, 0);
        }
        levels[at] += now - *since;
        *since = now;
        *level = level.checked_add_signed(more).expect("who leaves has come");
    }
}

impl Probe for Dissector<'_> {
    const DISSECTS: bool = true;

    fn on(&mut self, now: Time, signal: Signal) {
        match signal {
            Signal::Submitted { origin, .. } => {
                let parts = self.spare.pop().unwrap_or_default();
                self.open.insert(origin, parts);
            }
            Signal::Ended(ended) => self.ended(now.0, &ended),
            Signal::Arrived { endpoint, .. } => {
                self.step(self.layout.place_of_endpoint[endpoint.index()], now.0, 1);
            }
            Signal::Left(visit) => {
                let place = self.layout.place_of_endpoint[visit.endpoint.index()];
                self.step(place, now.0, -1);
                if let Some(origin) = visit.origin {
                    self.spent(origin, Part::Service(place), visit.service.0);
                }
            }
            Signal::Waited { station, wait, origin } => {
                self.spent(origin, Part::Wait(self.layout.resource_of[station.index()]), wait.0);
            }
            Signal::GaveUp { endpoint, after, origin } => {
                let place = self.layout.place_of_endpoint[endpoint.index()];
                self.spent(origin, Part::GivenUp(place), after.0);
            }
            _ => {}
        }
    }
}
