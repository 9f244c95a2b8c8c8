//! Members that are busier than the others: a primary among its replicas, a hot shard, the node with the popular key. What a resource
//! is busy over all its members does not tell.

use super::summary::Summary;
use crate::measure::layout::Layout;
use crate::model::{Balance, Model};
use crate::stats::interval;

/// Of the lower bound on how much busier it is.
const CONFIDENCE: f64 = 0.999;
/// By which share of what the resource is busy, at least: less is of no interest, and found by chance among many members.
const DISTINCT: f64 = 0.1;

/// The station of a resource that is distinctly busier than the resource over all its members.
pub fn hot_spot(model: &Model, layout: &Layout, summaries: &[Summary], resource: usize) -> Option<usize> {
    let stations = || (0..layout.resource_of.len()).filter(|&s| layout.resource_of[s] as usize == resource);
    stations().nth(1)?;
    // With one queue for all, the slots of all stand under the first.
    let is_shared = |s: usize| {
        let member = layout.member_of[s].0;
        model.balancers.iter().any(|b| b.policy == Balance::Central && b.members.contains(&member))
    };
    if stations().any(is_shared) {
        return None;
    }
    let total = |of: &dyn Fn(&Summary) -> f64| summaries.iter().map(of).sum::<f64>();
    let busy = |station: usize| total(&|s| s.stations[station]);
    let hottest = stations().max_by(|&a, &b| busy(a).total_cmp(&busy(b)))?;
    let capacity = layout.resources[resource].capacity as f64;
    let whole = |s: &Summary| s.resources[resource].busy / capacity;
    let gaps: Vec<f64> = summaries.iter().map(|s| s.stations[hottest] - whole(s)).collect();
    let bar = DISTINCT * total(&whole) / summaries.len() as f64;
    interval::mean(&gaps, CONFIDENCE).is_ok_and(|gap| gap.low > bar).then_some(hottest)
}

/// In one replication, how busy a resource is where it is busiest: at its hot spot, if it has one, or over all members.
pub fn busy_share(layout: &Layout, summary: &Summary, resource: usize, hot_spot: Option<usize>) -> f64 {
    hot_spot.map_or_else(
        || summary.resources[resource].busy / layout.resources[resource].capacity as f64,
        |station| summary.stations[station],
    )
}
