//! Caches as a study finds them: empty, or as a long steady load of independent references would have left them.
//!
//! The look-ups of a key are taken for a Poisson process with its share of the rate that the model implies. How long ago the last
//! one was, and how old the entry was then, say whether the key is held, in what order it leaves, and until when it is good.

use crate::dist::{Dist, Popularity, exp1};
use crate::model::{self, Demands, Evict, LOADS_MAX, Model};
use crate::rng::{KeyedRng, mix};
use crate::station::store::{Store, Warm};
use crate::units::Span;

/// Purpose of the draws.
const WARM: u64 = 4 << 40;
/// The same, of look-ups before the start, beside parts.
const PRACTICE: u64 = 1 << 33;
/// So many times all entries are loaded anew before the start, where that is needed...
const PRACTICE_TURNS: f64 = 300.0;
/// ... with so many look-ups at most: some tens of milliseconds.
const PRACTICE_MAX: f64 = 400_000.0;

/// By cache, all its parts.
pub fn stores(model: &Model, key: u64) -> Vec<Vec<Store>> {
    let rates = look_ups_per_s(model);
    let numbered = model.stores.iter().zip(rates).zip(0..);
    numbered.map(|((spec, rate), at)| parts(model, spec, rate, mix(key, WARM + at))).collect()
}

/// By cache, the look-ups a second of a part that sees all keys (a replica's cache) or of all parts together. Only times to live
/// need them, so without any nothing is computed.
fn look_ups_per_s(model: &Model) -> Vec<f64> {
    let of_one = |all: Vec<f64>| {
        let each = all.into_iter().zip(&model.stores);
        each.map(|(rate, spec)| rate / f64::from(spec.per.map_or(1, |_| parts_of(model, spec)))).collect()
    };
    let mut hits: Vec<f64> = model.stores.iter().map(|spec| spec.hit_ratio).collect();
    let expiring = model.stores.iter().filter(|spec| spec.warm && spec.ttl.is_some()).count();
    if expiring == 0 {
        return vec![0.0; hits.len()];
    }
    let mut rates: Vec<f64> = of_one(Demands::new(model).look_ups_per_s(model));
    // What expires in one cache is looked up in the next, and so on: as deep as caches nest.
    for _ in 1..LOADS_MAX.min(expiring) {
        for ((spec, &rate), hits) in model.stores.iter().zip(&rates).zip(&mut hits) {
            if spec.ttl.is_some() {
                *hits = Law::new(model, spec, rate).hit_ratio(spec);
            }
        }
        let next = of_one(Demands::with_hits(model, &hits).look_ups_per_s(model));
        if std::mem::replace(&mut rates, next) == rates {
            break;
        }
    }
    rates
}

fn parts_of(model: &Model, spec: &model::Store) -> u32 {
    spec.per.map_or(spec.parts, |place| model.places[place.index()].members.len() as u32)
}

fn parts(model: &Model, spec: &model::Store, look_ups_per_s: f64, key: u64) -> Vec<Store> {
    // With room for all keys nothing is ever evicted, however the hash spreads them.
    let has_room_for_all = spec.entries >= spec.law.len();
    let each = if has_room_for_all { spec.entries } else { spec.entries.div_ceil(spec.parts) }.max(1);
    let new = |_| Store::new(spec.law.len(), each, spec.evict, spec.sliding);
    let mut stores: Vec<Store> = (0..parts_of(model, spec)).map(new).collect();
    let law = Law::new(model, spec, look_ups_per_s);
    if spec.warm && law.rate > 0.0 {
        let keys: Vec<u64> = (0..stores.len() as u64).map(|part| mix(key, part)).collect();
        for (store, standings) in stores.iter_mut().zip(law.held(spec, each as usize, &keys)) {
            store.warm(standings.into_iter().map(|standing| law.entry(standing)));
        }
        if spec.survives.is_finite() && matches!(spec.evict, Evict::Lfu | Evict::Sieve | Evict::TinyLfu) {
            law.practise(spec, &mut stores, key);
        }
    }
    stores
}

/// How a key stands at the start.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// The greatest leaves first.
    order: f64,
    item: u32,
    /// How much longer the entry is good for; none or less: it is not.
    left: f64,
    /// Its time to live.
    ttl: f64,
}

/// A cache under steady look-ups. Times are in seconds where there is a time to live; without one the rate is of no interest, and
/// they count look-ups.
#[derive(Debug)]
struct Law<'m> {
    evict: Evict,
    /// Look-ups, of all keys, in a unit of time.
    rate: f64,
    /// For how long an entry survives evictions: since its last use (LRU), or since it came (FIFO, RANDOM); of the others, how often at
    /// least its key is asked for.
    survives: f64,
    ttl: Option<&'m Dist>,
    sliding: bool,
}

impl<'m> Law<'m> {
    fn new(model: &'m Model, spec: &model::Store, look_ups_per_s: f64) -> Self {
        let ttl = spec.ttl.map(|dist| &model.dists[dist.index()]);
        let rate = ttl.map_or(1.0, |_| look_ups_per_s);
        Self { evict: spec.evict, rate, survives: spec.survives / rate, ttl, sliding: spec.sliding }
    }

    /// By part, those that are held, the first to leave first.
    fn held(&self, spec: &model::Store, room: usize, keys: &[u64]) -> Vec<Vec<Standing>> {
        // Nearly all who are held come before the end of the time that the compiler has computed; with some slack there are enough to
        // choose from, and the others need not be looked at again.
        let reach = (1.1 + 8.0 / (room as f64).sqrt()) * self.survives;
        let all = || self.within(spec, room, f64::INFINITY, keys).expect("nobody is beyond infinity");
        let mut held = self.within(spec, room, reach, keys).unwrap_or_else(all);
        for standings in &mut held {
            if room < standings.len() {
                standings.select_nth_unstable_by(room, |a, b| a.order.total_cmp(&b.order));
                standings.truncate(room);
            }
            standings.sort_unstable_by(|a, b| b.order.total_cmp(&a.order));
        }
        held
    }

    /// By part, those whose order is below `reach`; `None` where they are fewer than there could be.
    fn within(
        &self,
        spec: &model::Store,
        room: usize,
        reach: f64,
        keys: &[u64],
    ) -> Option<Vec<Vec<Standing>>> {
        let parts = keys.len() as u32;
        let mut held: Vec<Vec<Standing>> = vec![Vec::new(); keys.len()];
        let mut beyond = vec![0; keys.len()];
        for (item, share) in (0..).zip(spec.shares()).filter(|(_, share)| *share > 0.0) {
            let of = if spec.per.is_some() { 0 } else { spec.part_of(item) };
            for part in if spec.per.is_some() { 0..parts } else { of..of + 1 } {
                let mut rng = KeyedRng::new(mix(keys[part as usize], u64::from(item)));
                match self.draw(item, share, reach, &mut rng) {
                    Some(standing) => held[part as usize].push(standing),
                    None => beyond[part as usize] += 1,
                }
            }
        }
        let lacks = |(held, beyond): (&Vec<Standing>, &usize)| held.len() < room && *beyond > 0;
        (reach == f64::INFINITY || !held.iter().zip(&beyond).any(lacks)).then_some(held)
    }

    /// Draws how a key stands, if its order is below `reach`.
    ///
    /// LRU: the time since its last use orders the keys, which is the exact stationary law (King, 1971). FIFO: the time since it came.
    /// RANDOM: the time since its last use in that of its survival, which is exponential. Whoever tells popular keys from others:
    /// their popularity.
    fn draw(&self, item: u32, share: f64, reach: f64, rng: &mut KeyedRng) -> Option<Standing> {
        let q = share * self.rate;
        let last_use = exp1(rng) / q;
        let order = match self.evict {
            // It came before it was used last.
            Evict::Lru | Evict::Fifo => last_use,
            Evict::Random => last_use / exp1(rng),
            Evict::Lfu | Evict::Sieve | Evict::TinyLfu => 1.0 / q,
        };
        // Most of many keys go here: what follows takes longer.
        if order >= reach {
            return None;
        }
        let (age, left, ttl) = self.at_last_use(q, rng);
        let order = if self.evict == Evict::Fifo { last_use + age } else { order };
        (order < reach).then_some(Standing { order, item, left: left - last_use, ttl })
    }

    /// Looks keys up for a while: whoever tells popular keys from others starts with the most popular, and holds in the long run some
    /// that are less so. The end of it is the start of time.
    fn practise(&self, spec: &model::Store, stores: &mut [Store], key: u64) {
        let law = spec.seen.as_ref().map_or_else(
            || spec.law.clone(),
            |seen| Popularity::empirical(seen).expect("shares of look-ups, some of them above 0"),
        );
        let mut rng = KeyedRng::new(mix(key, PRACTICE));
        let misses = (1.0 - spec.hit_ratio).max(0.01);
        // Caches of replicas are asked in turn, each as often as the rate says.
        let replicas = spec.per.map_or(1.0, |_| stores.len() as f64);
        let entries = f64::from(spec.entries) * replicas;
        let times = (PRACTICE_TURNS * entries / misses).min(PRACTICE_MAX);
        let span = |time: f64| Span::from_secs(time).0;
        let mut now = 0.0;
        for _ in 0..times as u64 {
            now += self.ttl.map_or(0.0, |_| exp1(&mut rng) / (self.rate * replicas));
            let item = law.sample(&mut rng);
            let part = match spec.per {
                Some(_) => (rng.uniform() * replicas) as usize,
                None => spec.part_of(item) as usize,
            };
            let store = &mut stores[part];
            if store.look_up(item, span(now)).is_none() {
                let ttl = self.ttl.map_or(u64::MAX, |dist| span(dist.sample(&mut rng)));
                store.store(item, span(now), ttl, 0, 0);
            }
        }
        stores.iter_mut().for_each(|store| store.begin_at(span(now)));
    }

    /// The age of an entry at the last use of its key, how much longer it was good for then, and its time to live. Ages that nothing
    /// depends on are 0.
    fn at_last_use(&self, q: f64, rng: &mut KeyedRng) -> (f64, f64, f64) {
        let leaves_by_age = self.evict == Evict::Fifo && self.survives.is_finite();
        let age_of = |ttl, rng: &mut KeyedRng| self.ages(q, ttl).sample(q, rng);
        let ttl = match self.ttl.map(|dist| (dist, dist.is_constant())) {
            None => f64::INFINITY,
            Some((_, Some(ttl))) => ttl,
            Some((dist, None)) => {
                // That eviction renews entries too is left aside: it would take the age of one whose rest is known.
                let age = if leaves_by_age { age_of(f64::INFINITY, rng) } else { 0.0 };
                let is_new = rng.uniform() * (1.0 + q * dist.mean()) < 1.0;
                let left = if self.sliding || is_new { dist.sample(rng) } else { dist.sample_residual(rng) };
                return (age, left, left);
            }
        };
        let expires_by_age = ttl.is_finite() && !self.sliding;
        let age = if leaves_by_age || expires_by_age { age_of(ttl, rng) } else { 0.0 };
        (age, if self.sliding { ttl } else { ttl - age }, ttl)
    }

    /// The law of the age of an entry at a use of its key, which is asked for `q` times in a unit of time.
    fn ages(&self, q: f64, ttl: f64) -> Ages {
        let (fixed, sliding) = if self.sliding { (f64::INFINITY, ttl) } else { (ttl, f64::INFINITY) };
        let survives = |evict| if self.evict == evict { self.survives } else { f64::INFINITY };
        let end = fixed.min(survives(Evict::Fifo));
        match self.evict {
            Evict::Random => Ages { end, even: 0.0, height: q, fall: 1.0 / self.survives },
            _ => Ages::with_gaps_below(sliding.min(survives(Evict::Lru)), q, end),
        }
    }

    /// The share of look-ups that hit.
    fn hit_ratio(&self, spec: &model::Store) -> f64 {
        let ttl = self.ttl.map_or(f64::INFINITY, Dist::mean);
        let popular = match spec.evict {
            // What eviction leaves of an ideal cache.
            Evict::Lfu | Evict::Sieve | Evict::TinyLfu => spec.hit_ratio,
            Evict::Lru | Evict::Fifo | Evict::Random => 1.0,
        };
        let hits = |share: f64| {
            let q = share * self.rate;
            share * (1.0 - 1.0 / self.ages(q, ttl).mass(q))
        };
        popular * spec.shares().filter(|share| *share > 0.0).map(hits).sum::<f64>()
    }

    fn entry(&self, standing: Standing) -> Warm {
        let span = |time: f64| if time < f64::INFINITY { Span::from_secs(time.max(0.0)).0 } else { u64::MAX };
        Warm { key: standing.item, expires: span(standing.left), ttl: span(standing.ttl) }
    }
}

/// The age of an entry at a use of its key: 0 if that use loaded it, else, in proportion, of density `q` up to `even`, and from there
/// `height e^(-fall (age - even))`, all up to `end`. What all this sums up to is the number of uses from one load to the next.
#[derive(Clone, Copy, Debug)]
struct Ages {
    end: f64,
    even: f64,
    height: f64,
    fall: f64,
}

impl Ages {
    /// Of an entry that is loaded anew at a use after a gap of `gap` and more, or at an age of `end` and more.
    ///
    /// The ages at uses are a renewal process of gaps below `gap`, whose density is `q` up to `gap`, a little less beyond, and falls
    /// from there, soon exponentially. It is taken to do so from the start, at the pace that gives the right miss ratio for `end`
    /// infinite, `e^(-q gap)`. So all is exact where `end` is at most `gap`, and the miss ratio also where it is infinite; between they are
    /// off by a few per cent.
    fn with_gaps_below(gap: f64, q: f64, end: f64) -> Self {
        let x = q * gap;
        if x == f64::INFINITY {
            return Self { end, even: gap, height: q, fall: 0.0 };
        }
        let height = -q * (-x).exp_m1();
        // e^x - 1 - x, which loses its digits where x is small.
        let beyond = if x < 1e-4 { x * x / 2.0 * (1.0 + x / 3.0) } else { x.exp_m1() - x };
        Self { end, even: gap, height, fall: height / beyond }
    }

    fn tail(&self) -> f64 {
        let rest = (self.end - self.even).max(0.0);
        // Nothing is left of a tail that has no room, whatever its height; without a fall it is even too.
        match (rest > 0.0, self.fall > 0.0) {
            (false, _) => 0.0,
            (true, false) => self.height * rest,
            (true, true) => -self.height * (-self.fall * rest).exp_m1() / self.fall,
        }
    }

    fn head(&self, q: f64) -> f64 {
        q * self.even.min(self.end)
    }

    /// The number of uses from one load to the next.
    fn mass(&self, q: f64) -> f64 {
        1.0 + self.head(q) + self.tail()
    }

    fn sample(&self, q: f64, rng: &mut KeyedRng) -> f64 {
        let (head, tail) = (self.head(q), self.tail());
        if head + tail == f64::INFINITY {
            // It is never loaded anew; its age is of no interest.
            return 0.0;
        }
        let at = rng.uniform() * (1.0 + head + tail) - 1.0;
        if at < 0.0 {
            0.0
        } else if at < head {
            at / q
        } else {
            let area = (at - head).min(tail) / self.height;
            let beyond = if self.fall > 0.0 { -(-self.fall * area).ln_1p() / self.fall } else { area };
            (self.even + beyond).min(self.end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses of a key as they come: the miss ratio, and the mean age of its entry at a use.
    fn simulated(gap: f64, end: f64) -> (f64, f64) {
        let (mut rng, mut age) = (KeyedRng::new(5), 0.0);
        let (n, mut misses, mut ages) = (400_000, 0, 0.0);
        for _ in 0..n {
            let since = exp1(&mut rng);
            age = if since < gap && age + since < end { age + since } else { 0.0 };
            misses += u32::from(age == 0.0);
            ages += age;
        }
        (f64::from(misses) / f64::from(n), ages / f64::from(n))
    }

    #[test]
    fn entries_are_as_old_at_their_uses_as_loads_and_gaps_leave_them() {
        // The last two: how far the miss ratio and the mean age may be off; between the exact cases the tail is not quite exponential.
        for (gap, end, off, off_age) in [
            (f64::INFINITY, 3.0, 0.01, 0.02),
            (4.0, 3.0, 0.01, 0.02),
            (3.0, 3.0, 0.01, 0.02),
            (0.5, 0.5, 0.01, 0.02),
            (1.0, 2.0, 0.03, 0.06),
            (2.0, 3.0, 0.03, 0.06),
            (2.0, 8.0, 0.03, 0.06),
            (0.5, 40.0, 0.03, 0.06),
            (1.0, f64::INFINITY, 0.01, 0.06),
        ] {
            let (misses, mean) = simulated(gap, end);
            let ages = Ages::with_gaps_below(gap, 1.0, end);
            assert!(
                (misses * ages.mass(1.0) - 1.0).abs() < off,
                "{gap} {end}: {misses}, {}",
                1.0 / ages.mass(1.0)
            );
            let mut rng = KeyedRng::new(9);
            let drawn: Vec<f64> = (0..200_000).map(|_| ages.sample(1.0, &mut rng)).collect();
            let of_draws = drawn.iter().sum::<f64>() / drawn.len() as f64;
            assert!((of_draws / mean - 1.0).abs() < off_age, "{gap} {end}: {of_draws}, {mean}");
            let loads = drawn.iter().filter(|age| **age == 0.0).count() as f64 / drawn.len() as f64;
            assert!((loads * ages.mass(1.0) - 1.0).abs() < 0.01, "{gap} {end}: {loads}");
        }
    }
}
