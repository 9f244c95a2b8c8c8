//! From a model to an empty system whose sources are about to start.

use super::event_list::{EventList, INDEX_END, Key};
use super::stations::Station;
use super::timers::{Timers, Track};
use super::users::{Ask, Mix, Stream};
use super::{Engine, Entry, Seat, data, visit, warm};
use crate::ids::{DistId, MemberId, PlaceId};
use crate::model::{Balance, Balancer as BalancerSpec, Endpoint, Model, Source, StationKind};
use crate::policy::balance::{Balancer, Policy};
use crate::rng::{mix, salt};
use crate::signal::Probe;
use crate::station::indexed_heap::Positions;
use crate::station::line::Links;
use crate::units::{Span, Time};

/// Names one replication: all its random numbers follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The seed of the study.
    pub seed: u64,
    /// Which replication.
    pub replication: u32,
}

impl<'m, P: Probe> Engine<'m, P> {
    /// An empty system at time zero: open sources in their stationary state, closed users thinking.
    #[must_use]
    pub fn new(model: &'m Model, seed: Seed, probe: P) -> Self {
        let visited: Vec<_> = model.sites.iter().map(|site| visit::visited(model, site)).collect();
        let visit_holds = visited.iter().flatten().map(|&e| visit::holds_max(model, e)).max().unwrap_or(0);
        let mut engine = Self {
            model,
            probe,
            now: Time::ZERO.0,
            sequence: 0,
            events: 0,
            list: EventList::default(),
            timers: Timers::default(),
            ready: std::collections::VecDeque::new(),
            calls: super::Calls::new(model.holds_max + visit_holds, model.loops_max),
            orphans: 0,
            visiting: 0,
            visited,
            side_tables: 0,
            links: Links::default(),
            positions: Positions::default(),
            stations: Vec::new(),
            versions: model.versions.iter().map(data::Versions::new).collect(),
            stores: Vec::new(),
            balancers: model.balancers.iter().map(|b| balancer(model, b)).collect(),
            entries: model.endpoints.iter().map(|e| entry(model, e)).collect(),
            mixes: model.groups.iter().map(|group| Mix::new(model, group)).collect(),
            asks: model.requests.iter().map(|request| Ask::new(model, request)).collect(),
            seats: model.members.iter().map(|m| Seat { station: m.stations.start, cores: m.cores }).collect(),
            ops: &model.ops,
            salts: salts(model),
            tracks: vec![None; model.dists.len()],
            in_system: vec![0; model.members.len()],
            streams: Vec::new(),
            next_arrival: (Key::NEVER, 0),
            users: Vec::new(),
            first_user: Vec::new(),
            group_keys: Vec::new(),
            submitted: 0,
            submit_max: u64::MAX,
            overflow: false,
            severed: false,
            doomed: Vec::new(),
            changes: super::changes::Changes::new(model),
        };
        engine.find_tracks();
        engine.stations = engine.build_stations();
        let key = mix(mix(scrambled_seed(seed.seed), 0), u64::from(seed.replication));
        engine.stores = warm::stores(model, key);
        engine.start_sources(key);
        engine
    }

    /// Constant delays get a lane each.
    fn find_tracks(&mut self) {
        let model = self.model;
        let site_timeouts = model.sites.iter().filter_map(|s| s.timeout);
        let patience = model.stations.iter().filter_map(|s| match s.kind {
            StationKind::Slots { patience, .. } | StationKind::Locks { patience, .. } => patience,
            StationKind::Cores { .. } => None,
        });
        let user_timeouts = model.groups.iter().filter_map(|g| g.timeout);
        let used: Vec<DistId> = site_timeouts.chain(patience).chain(user_timeouts).collect();
        for dist in used {
            let constant = model.dists[dist.index()].is_constant();
            self.tracks[dist.index()] =
                Some(constant.map_or(Track::Heap, |secs| self.timers.lane(Span::from_secs(secs).0)));
        }
    }

    fn build_stations(&self) -> Vec<Station> {
        let model = self.model;
        let mut stations: Vec<Station> =
            model.stations.iter().map(|s| Station::new(s, place_of(model, s), model.classes.len())).collect();
        for balancer in model.balancers.iter().filter(|b| b.policy == Balance::Central) {
            // The shared station of the workers is the first of the first member; each member brings an equal part of it,
            // or what its own cores suggest.
            let first = model.members[balancer.members.start as usize].stations.start;
            stations[first as usize].serve_centrally(balancer.members.clone(), &model.members);
        }
        for connect in &model.connects {
            for station in connect.stations.clone() {
                stations[station as usize].open_connections(connect.idle.0);
            }
        }
        stations
    }

    fn start_sources(&mut self, key: u64) {
        let model = self.model;
        for (at, group) in model.groups.iter().enumerate() {
            let key = mix(key, at as u64 + 1);
            self.group_keys.push(key);
            self.first_user.push(self.users.len() as u32);
            match &group.source {
                Source::Open { arrivals, from_users } => {
                    self.streams.push(Stream::new(arrivals, *from_users, at, key))
                }
                Source::Closed { users, think } => self.seat_users(at, *users, *think),
            }
        }
        assert!(self.users.len() <= INDEX_END, "the compiler bounds the number of users");
        for stream in 0..self.streams.len() {
            self.schedule_arrival(stream);
        }
    }
}

/// Small seeds differ in few bits; the first mix spreads them.
fn scrambled_seed(seed: u64) -> u64 {
    crate::rng::scramble(seed.wrapping_add(0x6b6e_6565))
}

/// By op, the salt of its position in the program of its endpoint. Programs stand one behind the other.
fn salts(model: &Model) -> Vec<u64> {
    let mut entries: Vec<u32> = model.endpoints.iter().map(|e| e.entry).collect();
    entries.sort_unstable();
    let own = |pc: u32| entries[entries.partition_point(|&entry| entry <= pc).saturating_sub(1)];
    (0..model.ops.len() as u32).map(|pc| salt(u64::from(pc.wrapping_sub(own(pc))))).collect()
}

fn place_of(model: &Model, station: &crate::model::Station) -> PlaceId {
    model.members[station.member.index()].place
}

fn entry(model: &Model, endpoint: &Endpoint) -> Entry {
    let &Endpoint { entry: pc, class, place, shards, after_own_write, .. } = endpoint;
    let BalancerSpec { ref members, policy } = model.balancers[endpoint.balancer.index()];
    let first = MemberId(members.start);
    let only = (members.len() == 1 && shards.is_none() && after_own_write.is_none()).then_some(first);
    let counted = (policy == Balance::Central).then_some(first);
    Entry { pc, class, balancer: endpoint.balancer.0, place, only, shards, after_own_write, counted }
}

pub fn balancer(model: &Model, spec: &BalancerSpec) -> Balancer {
    let policy = match spec.policy {
        Balance::RoundRobin => Policy::RoundRobin,
        Balance::Random => Policy::Random,
        Balance::LeastRequests => Policy::LeastRequests,
        Balance::PowerOf(d) => Policy::PowerOf(d),
        Balance::Weighted => Policy::Weighted,
        Balance::Sticky => Policy::Sticky,
        Balance::Central => Policy::First,
    };
    let weights = spec.members.clone().map(|m| model.members[m as usize].weight);
    Balancer::new(policy, spec.members.clone(), weights)
}
