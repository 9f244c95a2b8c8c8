//! From a model to an empty system whose sources are about to start.

use super::stations::Station;
use super::timers::{Timers, Track};
use super::users::Ask;
use super::{Entry, General, Seat, visit};
use crate::engine::data::Data;
use crate::engine::event_list::EventList;
use crate::engine::parts::{balancer, place_of, salts};
use crate::engine::sources::Sources;
use crate::ids::{DistId, MemberId};
use crate::model::{Balance, Balancer as BalancerSpec, Endpoint, Model, StationKind};
use crate::signal::Probe;
use crate::station::indexed_heap::Positions;
use crate::station::line::Links;
use crate::units::{Span, Time};

impl<'m, P: Probe> General<'m, P> {
    /// An empty system, all of whose random numbers follow from `key`.
    pub fn new(model: &'m Model, key: u64, probe: P) -> Self {
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
            data: Data::new(model, key),
            balancers: model.balancers.iter().map(|b| balancer(model, b)).collect(),
            entries: model.endpoints.iter().map(|e| entry(model, e)).collect(),
            sources: Sources::new(model, key),
            asks: model.requests.iter().map(|request| Ask::new(model, request)).collect(),
            seats: model.members.iter().map(|m| Seat { station: m.stations.start, cores: m.cores }).collect(),
            ops: &model.ops,
            salts: salts(model),
            tracks: vec![None; model.dists.len()],
            in_system: vec![0; model.members.len()],
            overflow: false,
            severed: false,
            doomed: Vec::new(),
            changes: super::changes::Changes::new(model),
        };
        engine.find_tracks();
        engine.stations = engine.build_stations();
        engine.start_sources();
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
}

fn entry(model: &Model, endpoint: &Endpoint) -> Entry {
    let &Endpoint { entry: pc, class, place, shards, after_own_write, .. } = endpoint;
    let BalancerSpec { ref members, policy } = model.balancers[endpoint.balancer.index()];
    let first = MemberId(members.start);
    let only = (members.len() == 1 && shards.is_none() && after_own_write.is_none()).then_some(first);
    let counted = (policy == Balance::Central).then_some(first);
    Entry { pc, class, balancer: endpoint.balancer.0, place, only, shards, after_own_write, counted }
}
