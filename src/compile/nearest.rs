//! Read replicas in several regions: readers ask the nearest.
//!
//! The replicas of each region have a balancer of their own, one behind the other, with the primary's at the end where its region
//! has no replica. A call site knows where its caller is, so which of them it asks is settled here.

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{BalancerId, EndpointId, PlaceId};
use crate::model::Target;
use crate::spec::decode::At;
use crate::spec::place::{self as spec, ReadReplicas};
use crate::spec::tree::shorten;

/// Where the reads of a database can go, by region.
#[derive(Debug)]
pub(super) struct Near {
    /// The balancer of the first region; those of the others follow.
    first: BalancerId,
    regions: Vec<usize>,
}

/// Replicas of one region.
pub(super) struct Group {
    name: String,
    region: usize,
    count: u32,
}

impl Compiler<'_> {
    /// How many replicas there are in each region; empty where the file gives their number alone.
    pub(super) fn replica_groups(&mut self, it: &spec::Database) -> Vec<Group> {
        let Some(ReadReplicas::ByRegion(named)) = it.read_replicas.as_ref().map(|at| &at.value) else {
            return Vec::new();
        };
        if let Some(shards) = &it.shards
            && shards.value.0 > 1
        {
            self.error(shards.span, "not supported: shards with replicas by region", "expected one of them");
        }
        let mut groups = Vec::new();
        for (name, count) in named.iter() {
            let region = self.region(Some(name));
            let legal =
                count.value.0 == 0 || self.check_count(count.value.0, "replicas", count.span).is_some();
            if let (Some(region), true) = (region, legal && count.value.0 > 0) {
                groups.push(Group { name: name.value.clone(), region, count: count.value.0 as u32 });
            }
        }
        groups
    }

    /// The balancers of reads that go to the nearest replica. `first` is the primary.
    pub(super) fn reads_nearby(
        &mut self,
        place: PlaceId,
        first: u32,
        groups: &[Group],
        balance: Option<&At<spec::Balance>>,
    ) -> BalancerId {
        let reads = BalancerId(self.model.balancers.len() as u32);
        let mut next = first + 1;
        for group in groups {
            self.balancer_over(next..next + group.count, balance);
            next += group.count;
        }
        let mut regions: Vec<usize> = groups.iter().map(|group| group.region).collect();
        if let Some(home) = self.regions.region_of(place)
            && !regions.contains(&home)
        {
            self.balancer_over(first..first + 1, None);
            regions.push(home);
        }
        self.near.insert(place, Near { first: reads, regions });
        reads
    }

    /// Which replicas a caller in region `from` reads from: their number and their region. `None` where the endpoint does not ask the
    /// nearest.
    pub(super) fn nearest_of(
        &mut self,
        endpoint: EndpointId,
        from: Option<usize>,
        span: Span,
    ) -> Option<(u32, usize)> {
        let it = &self.model.endpoints[endpoint.index()];
        let near = self.near.get(&it.place)?;
        let regions = (near.first..=near.last()).contains(&it.balancer).then(|| near.regions.clone())?;
        let Some(from) = from else {
            if self.whole {
                let database = shorten(&self.model.places[it.place.index()].name);
                let diagnostic = Diagnostic::error(
                    span,
                    format!("reads from the nearest replica of `{database}`, from nowhere"),
                )
                .label("whoever asks this is in no region")
                .help("say where it is: `region: eu`");
                self.sink.push(diagnostic);
            }
            return None;
        };
        if let Some(at) = regions.iter().position(|&region| region == from) {
            return Some((at as u32, from));
        }
        let mut best: Option<(f64, usize)> = None;
        for (at, &region) in regions.iter().enumerate() {
            let Some(trip) = self.trip(Some(from), Some(region), span) else { continue };
            let mean = self.model.dists[trip.index()].mean();
            if best.is_none_or(|(least, _)| mean < least) {
                best = Some((mean, at));
            }
        }
        best.map(|(_, at)| (at as u32, regions[at]))
    }

    /// What a call of an endpoint asks: its members, or those nearest to the caller.
    pub(super) fn target(&self, endpoint: EndpointId, nearest: Option<(u32, usize)>) -> Target {
        nearest.map_or(Target::Endpoint(endpoint), |(part, _)| Target::Part(endpoint, part))
    }
}

impl Near {
    fn last(&self) -> BalancerId {
        BalancerId(self.first.0 + self.regions.len() as u32 - 1)
    }
}

impl Group {
    /// Names of its replicas behind that of the database.
    pub(super) fn members(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.count).map(|i| match self.count {
            1 => format!("replica.{}", self.name),
            _ => format!("replica.{}.{i}", self.name),
        })
    }

    /// How many.
    pub(super) fn count(&self) -> u32 {
        self.count
    }
}
