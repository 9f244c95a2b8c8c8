//! What gives way: the busiest resource, and what its holders wait for.

use std::collections::BTreeSet;

use super::answer::{Bottleneck, Point};
use super::hot_spot::{busy_share, hot_spot};
use super::summary::Summary;
use crate::measure::layout::Layout;
use crate::model::{Model, Op, Pc, Resource, Target};

/// A resource this busy is exhausted.
const EXHAUSTED: f64 = 0.9;
/// A resource is held by another where its holders wait for that for at least this share of their time at the place.
const HELD_SHARE: f64 = 0.15;

/// Who calls whom, and who holds whose slots: between places.
#[derive(Clone, Debug)]
pub struct Graph {
    /// For each place, the places its programs call or take slots of.
    below: Vec<BTreeSet<usize>>,
    /// For each pool, the places that are called, and the pools that are taken, while one of its slots is held.
    while_held: Vec<BTreeSet<usize>>,
}

impl Graph {
    /// Reads the programs of a model.
    pub fn new(model: &Model) -> Self {
        let nothing = vec![BTreeSet::new(); model.places.len()];
        let mut graph = Self { below: nothing.clone(), while_held: nothing };
        for endpoint in &model.endpoints {
            graph.walk(model, endpoint.place.index(), endpoint.entry);
        }
        graph
    }

    /// Goes through the program of a place. At an op the same is held, whichever way leads there.
    fn walk(&mut self, model: &Model, place: usize, entry: Pc) {
        let mut seen = BTreeSet::new();
        // The places whose slots are held, in the order in which they were taken.
        let mut ahead: Vec<(Pc, Vec<usize>)> = vec![(entry, Vec::new())];
        while let Some((pc, mut held)) = ahead.pop() {
            if !seen.insert(pc) {
                continue;
            }
            match model.ops[pc as usize] {
                Op::End => continue,
                Op::Jump(to) => {
                    ahead.push((to, held));
                    continue;
                }
                Op::Choose(table) => {
                    let outcomes = model.tables[table.index()].shares.len() as Pc;
                    ahead.extend((1..=outcomes).map(|o| (pc + o, held.clone())));
                    continue;
                }
                Op::Lookup { miss, .. } | Op::Get { miss, .. } => ahead.push((miss, held.clone())),
                Op::Repeat { end, .. } | Op::While { end, .. } => ahead.push((end, held.clone())),
                Op::Acquire(resource) => {
                    let owner = owner(model, resource).unwrap_or(place);
                    self.reaches(place, owner, &held);
                    held.push(owner);
                }
                Op::Release => {
                    held.pop();
                }
                Op::Call { first, count, .. } => {
                    for site in &model.sites[first.index()..(first.0 + count) as usize] {
                        match site.target {
                            Target::Endpoint(e)
                            | Target::Member(e, _)
                            | Target::Beside(e)
                            | Target::Part(e, _) => {
                                self.reaches(place, model.endpoints[e.index()].place.index(), &held);
                            }
                            Target::Branch(entry) => ahead.push((entry, held.clone())),
                        }
                        if let crate::model::OnError::Fallback(pc) = site.on_error {
                            ahead.push((pc, held.clone()));
                        }
                    }
                }
                _ => {}
            }
            ahead.push((pc + 1, held));
        }
        self.below[place].remove(&place);
    }

    fn reaches(&mut self, from: usize, to: usize, held: &[usize]) {
        self.below[from].insert(to);
        for &holder in held.iter().filter(|&&holder| holder != from && holder != to) {
            self.while_held[holder].insert(to);
        }
    }
}

/// The pool or lock that a slot belongs to; `None`: the place's own.
fn owner(model: &Model, resource: Resource) -> Option<usize> {
    let station = match resource {
        Resource::Shared(station)
        | Resource::SharedLock(station)
        | Resource::PerMember { first: station } => station,
        Resource::Own(_) | Resource::OwnLock(_) => return None,
    };
    Some(model.members[model.stations[station.index()].member.index()].place.index())
}

/// Whether calls hold a resource only while they work: cores, servers, and workers of places that call nobody and take no pools.
pub fn holds_work_only(model: &Model, layout: &Layout, resource: usize) -> bool {
    let resource = &layout.resources[resource];
    match resource.name {
        "cores" | "bandwidth" => true,
        "slots" | "row locks" | "table lock" | "locks" | "loads" => false,
        _ => {
            let place = resource.place;
            let shared_cores = layout.resources_of(place).any(|(_, r)| r.name == "cores");
            let behind = resource.name == "connections"
                && layout.resources_of(place).any(|(_, r)| r.name == "servers");
            !shared_cores && !behind && Graph::new(model).below[place.index()].is_empty()
        }
    }
}

/// The resource with the most calls waiting: where a backlog grows.
pub fn longest_queue(model: &Model, layout: &Layout, summaries: &[Summary]) -> Option<String> {
    let queue = |at: usize| summaries.iter().map(|s| s.resources[at].queue).sum::<f64>();
    let longest = (0..layout.resources.len()).max_by(|&a, &b| queue(a).total_cmp(&queue(b)))?;
    (queue(longest) > 0.0).then(|| name(model, layout, longest))
}

/// `orders servers`
pub fn name(model: &Model, layout: &Layout, resource: usize) -> String {
    let r = &layout.resources[resource];
    format!("{} {}", model.places[r.place.index()].name, r.name)
}

/// The busiest resource at one point and what it is held by.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// Index of the busiest resource.
    pub busiest: usize,
    /// Its utilisation.
    pub utilization: f64,
    /// The resource its holders wait for, at the end of the chain.
    pub held_by: Option<usize>,
}

impl Culprit {
    /// The resource to change first.
    pub fn cause(&self) -> usize {
        self.held_by.unwrap_or(self.busiest)
    }
}

/// Follows the holders' waits down from the busiest resource until nobody waits for another exhausted one.
pub fn culprit(model: &Model, layout: &Layout, graph: &Graph, summaries: &[Summary]) -> Option<Culprit> {
    let n = summaries.len() as f64;
    let hot: Vec<_> = (0..layout.resources.len()).map(|at| hot_spot(model, layout, summaries, at)).collect();
    let utilization =
        |at: usize| summaries.iter().map(|s| busy_share(layout, s, at, hot[at])).sum::<f64>() / n;
    let busiest = (0..layout.resources.len()).max_by(|&a, &b| {
        // Of resources equally busy the one further up is the symptom that a reader sees first.
        utilization(a).total_cmp(&utilization(b)).then(b.cmp(&a))
    })?;
    let mut at = busiest;
    let mut visited = BTreeSet::from([at]);
    while let Some(next) = waited_for(layout, graph, summaries, at, &utilization) {
        if !visited.insert(next) {
            break;
        }
        at = next;
    }
    let held_by = (at != busiest).then_some(at);
    Some(Culprit { busiest, utilization: utilization(busiest), held_by })
}

/// The exhausted resource below `at` that its holders wait for most, if that takes much of their time.
fn waited_for(
    layout: &Layout,
    graph: &Graph,
    summaries: &[Summary],
    at: usize,
    utilization: &impl Fn(usize) -> f64,
) -> Option<usize> {
    // Cores and servers are held while work is done; only what is held during calls can be held by somebody else.
    if matches!(layout.resources[at].name, "cores" | "servers" | "bandwidth") {
        return None;
    }
    let holder = layout.resources[at].place.index();
    // Time that holders wait at a resource, per second: its mean queue. Time that they hold: what is busy.
    let waiting = |r: usize| summaries.iter().map(|s| s.resources[r].queue).sum::<f64>();
    let held = summaries.iter().map(|s| s.resources[at].busy).sum::<f64>();
    let may_wait_for = |r: usize| {
        let place = layout.resources[r].place.index();
        let same_place_behind = place == holder && r > at;
        let under_a_slot = graph.while_held[holder].contains(&place);
        graph.below[holder].contains(&place) || same_place_behind || under_a_slot
    };
    let candidates = (0..layout.resources.len()).filter(|&r| {
        r != at && may_wait_for(r) && utilization(r) >= EXHAUSTED && waiting(r) >= HELD_SHARE * held
    });
    candidates.max_by(|&a, &b| waiting(a).total_cmp(&waiting(b)))
}

/// A culprit in words: place, resource, utilisation, what it is held by.
pub type Row = (String, String, f64, Option<String>);

/// The bottleneck at each level of load, neighbours with the same one joined.
pub fn by_load(points: &[Point], culprits: &[Option<Row>]) -> Vec<Bottleneck> {
    let mut ranges: Vec<Bottleneck> = Vec::new();
    for (point, culprit) in points.iter().zip(culprits) {
        let Some((place, resource, utilization, held_by)) = culprit.clone() else { continue };
        match ranges.last_mut() {
            Some(r) if r.place == place && r.resource == resource && r.held_by == held_by => {
                (r.to, r.utilization) = (point.load.at, utilization);
            }
            _ => ranges.push(Bottleneck {
                from: point.load.at,
                to: point.load.at,
                place,
                resource,
                utilization,
                held_by,
            }),
        }
    }
    ranges
}
