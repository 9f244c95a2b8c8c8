//! Which book a signal belongs into.

use crate::ids::{MemberId, PlaceId};
use crate::model::{Model, StationKind};

/// One resource of a place, over all its members.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// The place.
    pub place: PlaceId,
    /// `workers`, `cores`, `servers`, `connections`, `slots`, `bandwidth`.
    pub name: &'static str,
    /// How many there are, over all members.
    pub capacity: u64,
}

/// Index tables of a model, made once.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Resources of all places, in the order of places.
    pub resources: Vec<Resource>,
    /// The resource of each station.
    pub resource_of: Vec<u32>,
    /// The member of each station.
    pub member_of: Vec<MemberId>,
    /// Servers of each station.
    pub capacity_of: Vec<u32>,
    /// The place of each endpoint.
    pub place_of_endpoint: Vec<PlaceId>,
    /// The place of each member.
    pub place_of_member: Vec<PlaceId>,
}

impl Layout {
    /// Sorts the stations of a model by place and resource.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let mut resources: Vec<Resource> = Vec::new();
        let mut resource_of = Vec::with_capacity(model.stations.len());
        let place_of_member: Vec<PlaceId> = model.members.iter().map(|m| m.place).collect();
        for station in &model.stations {
            let (place, name) = (place_of_member[station.member.index()], station.resource);
            let capacity = u64::from(capacity(&station.kind));
            let known = resources.iter().rposition(|r| r.place == place && r.name == name);
            let at = known.unwrap_or_else(|| {
                resources.push(Resource { place, name, capacity: 0 });
                resources.len() - 1
            });
            resources[at].capacity += capacity;
            resource_of.push(at as u32);
        }
        Self {
            resources,
            resource_of,
            member_of: model.stations.iter().map(|s| s.member).collect(),
            capacity_of: model.stations.iter().map(|s| capacity(&s.kind)).collect(),
            place_of_endpoint: model.endpoints.iter().map(|e| e.place).collect(),
            place_of_member,
        }
    }

    /// The resources of a place, with their indices.
    pub fn resources_of(&self, place: PlaceId) -> impl Iterator<Item = (usize, &Resource)> {
        self.resources.iter().enumerate().filter(move |(_, r)| r.place == place)
    }
}

fn capacity(kind: &StationKind) -> u32 {
    match *kind {
        StationKind::Slots { capacity, .. } | StationKind::Locks { capacity, .. } => capacity,
        StationKind::Cores { cores, .. } => cores,
    }
}
