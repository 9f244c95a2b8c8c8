//! What both ways make of a model.

use crate::ids::PlaceId;
use crate::model::{self, Balance, Discipline, Model};
use crate::policy::balance::{Balancer, Policy};
use crate::rng::salt;
use crate::station::slots::Order;

/// Purposes of draws that no op makes.
pub const BALANCE: u64 = 3 << 40;
pub const TIMEOUT: u64 = BALANCE + 1;
pub const BACKOFF: u64 = BALANCE + 2;

/// By op, the salt of its position in the program of its endpoint. Programs stand one behind the other.
pub fn salts(model: &Model) -> Vec<u64> {
    let mut entries: Vec<u32> = model.endpoints.iter().map(|e| e.entry).collect();
    entries.sort_unstable();
    let own = |pc: u32| entries[entries.partition_point(|&entry| entry <= pc).saturating_sub(1)];
    (0..model.ops.len() as u32).map(|pc| salt(u64::from(pc.wrapping_sub(own(pc))))).collect()
}

/// The place of a station.
pub fn place_of(model: &Model, station: &model::Station) -> PlaceId {
    model.members[station.member.index()].place
}

/// The order of a waiting line.
pub fn order(discipline: Discipline) -> Order {
    match discipline {
        Discipline::Fifo => Order::Fifo,
        Discipline::Lifo => Order::Lifo,
        Discipline::Priority => Order::Priority,
    }
}

/// A balancer that has chosen nobody yet.
pub fn balancer(model: &Model, spec: &model::Balancer) -> Balancer {
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
