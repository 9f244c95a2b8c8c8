//! Caches behind caches: what is asked of them is what those before them have missed, and those keep the popular keys to themselves.

use std::collections::BTreeMap;

use super::caches::hits;
use crate::ids::StoreId;
use crate::model::{Demands, LOADS_MAX, Model, Op, Store};
use crate::queueing::{CheCache, ttl_fixed_hit, ttl_sliding_hit};

/// Works out, for caches that others ask when they miss, how often each key is looked up there, and what hits follow.
///
/// What an upper cache lets through is taken for independent look-ups at the rates of its misses, by Che's approximation, as he did for
/// two levels; shares of several askers are those of the load as written.
pub fn filter(model: &mut Model) {
    let askers = askers(model);
    for depth in 1..LOADS_MAX {
        let behind = askers.iter().filter(|(_, of)| of.depth == depth);
        let behind: Vec<(StoreId, &Askers)> = behind.map(|(&store, of)| (store, of)).collect();
        if behind.is_empty() {
            return;
        }
        let rates = Demands::new(model).look_ups_per_s(model);
        for (store, askers) in behind {
            let Some(seen) = seen(model, store, askers, &rates) else { continue };
            let it = &mut model.stores[store.index()];
            let che = hits(|| seen.iter().copied(), it.entries, it.evict);
            let CheCache { hit_ratio, characteristic_requests: survives } = che;
            (it.hit_ratio, it.survives, it.seen) = (hit_ratio, survives, Some(seen.into()));
        }
    }
}

/// Who asks a cache.
#[derive(Debug, Default)]
struct Askers {
    /// Caches that ask it for what they miss.
    caches: Vec<StoreId>,
    /// Steps that ask it first, or for another key.
    others: bool,
    /// How many caches are passed before, at most.
    depth: usize,
}

fn askers(model: &Model) -> BTreeMap<StoreId, Askers> {
    let mut askers: BTreeMap<StoreId, Askers> = BTreeMap::new();
    // Loads that a step stands in: of which cache, and up to which op.
    let mut loads: Vec<(StoreId, usize)> = Vec::new();
    for (pc, &op) in model.ops.iter().enumerate() {
        loads.retain(|&(_, end)| pc < end);
        match op {
            // From here on it is about another key.
            Op::Key(_) => loads.clear(),
            Op::Get { store, miss, depth } => {
                let of = askers.entry(store).or_default();
                of.depth = of.depth.max(loads.len());
                match loads.last() {
                    Some(&(asker, _)) if of.caches.contains(&asker) => {}
                    Some(&(asker, _)) => of.caches.push(asker),
                    None => of.others = true,
                }
                let fills = |op: &Op| *op == Op::Fill { store, depth };
                let rest = &model.ops[miss as usize..];
                loads.push((store, miss as usize + rest.iter().position(fills).unwrap_or(0)));
            }
            _ => {}
        }
    }
    askers
}

/// By key, its share of the look-ups that come to a cache; `None`: as its own law says.
fn seen(model: &Model, store: StoreId, askers: &Askers, rates: &[f64]) -> Option<Vec<f64>> {
    let it = &model.stores[store.index()];
    let upper: Vec<&Store> = askers.caches.iter().map(|asker| &model.stores[asker.index()]).collect();
    if upper.is_empty() || upper.iter().any(|upper| upper.law != it.law) {
        return None;
    }
    let mut seen = vec![0.0; it.law.len() as usize];
    for (asker, upper) in askers.caches.iter().zip(upper) {
        let rate = rates[asker.index()];
        let each =
            rate / f64::from(upper.per.map_or(1, |place| model.places[place.index()].members.len() as u32));
        for (key, seen) in (0..).zip(&mut seen) {
            let share = upper.share(key);
            *seen += rate * share * (1.0 - held(model, upper, share, each));
        }
    }
    if askers.others {
        let direct = (rates[store.index()] - seen.iter().sum::<f64>()).max(0.0);
        (0..).zip(&mut seen).for_each(|(key, seen)| *seen += direct * it.law.share(key));
    }
    let all: f64 = seen.iter().sum();
    (all > 0.0).then(|| seen.into_iter().map(|seen| seen / all).collect())
}

/// The probability that a cache holds a key with this share of its look-ups, of which there are so many a second.
fn held(model: &Model, it: &Store, share: f64, look_ups_per_s: f64) -> f64 {
    let fresh = it.ttl.map_or(1.0, |ttl| {
        let (rate, ttl) = (share * look_ups_per_s, model.dists[ttl.index()].mean());
        if it.sliding { ttl_sliding_hit(rate, ttl) } else { ttl_fixed_hit(rate, ttl) }
    });
    it.kept(share) * fresh
}
