//! What a request demands: how long it holds every resource when nobody waits, and how long it then takes.
//!
//! Means only, without retries and failures: the upper bounds of operational analysis follow from it, and nothing that needs a
//! simulation. A worker is held while its call is out. Parallel branches take as long as their slowest mean, which is at most the
//! mean of the slowest.

use std::collections::BTreeMap;

use super::{Balance, Model, Op, Pc, Request, Resource, Sharding, Source, Target, Versions};
use crate::ids::{EndpointId, MemberId, PlaceId, SiteId, StationId, VersionsId};

/// Demands of every kind of request.
#[derive(Clone, Debug, PartialEq)]
pub struct Demands {
    /// By request of the model.
    pub requests: Vec<Demand>,
}

/// What one kind of request demands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    /// Mean response time without any waiting, in seconds.
    pub r_min_s: f64,
    /// Seconds for which a request holds one slot or core of each station it uses, in the order of stations.
    pub stations: BTreeMap<StationId, f64>,
    /// Calls a request makes to each endpoint, its own included.
    pub visits: BTreeMap<EndpointId, f64>,
}

/// The resource that bounds a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The station that is exhausted first.
    pub station: StationId,
    /// Factor on the load at which it is.
    pub factor: f64,
}

/// A resource as a program names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Own(u32),
    Cores,
    Shared(StationId),
    PerMember(StationId),
}

/// One endpoint, apart from what its calls demand elsewhere.
#[derive(Clone, Debug, Default)]
struct Cost {
    time_s: f64,
    held: BTreeMap<Held, f64>,
    calls: BTreeMap<(EndpointId, Pin), f64>,
}

/// Which members a call may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Pin {
    /// Those that its balancers choose from.
    No,
    /// This one.
    Member(MemberId),
    /// Those of a shard, or of a region.
    Part(u32),
}

impl Demands {
    /// Adds up the programs of a model.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let hits: Vec<f64> = model.stores.iter().map(|store| store.hit_ratio).collect();
        Self::with_hits(model, &hits)
    }

    /// Adds up the programs of a model whose caches hit as often as `hits` says, by store.
    #[must_use]
    pub fn with_hits(model: &Model, hits: &[f64]) -> Self {
        let of = vec![None; model.endpoints.len()];
        let mut costs = Costs { model, hits, of, by_shard: BTreeMap::new() };
        let requests = model.requests.iter().map(|r| costs.request(r)).collect();
        Self { requests }
    }

    /// The rate of each group without waiting, per second: open groups at their own, closed users at `n / (R + Z)`.
    #[must_use]
    pub fn free_rates(&self, model: &Model) -> Vec<f64> {
        let free = |(at, group): (usize, &super::Group)| match &group.source {
            Source::Open { arrivals, .. } => arrivals.rate(),
            Source::Closed { users, think } => {
                let think = model.dists[think.index()].mean();
                f64::from(*users) / (think + self.unloaded_s(model, at)).max(1e-9)
            }
        };
        model.groups.iter().enumerate().map(free).collect()
    }

    /// Mean response time of a group's requests without waiting, in seconds.
    #[must_use]
    pub fn unloaded_s(&self, model: &Model, group: usize) -> f64 {
        let rows = model.groups[group].requests.clone();
        rows.map(|r| model.requests[r as usize].share * self.requests[r as usize].r_min_s).sum()
    }

    /// By store, the look-ups a second over all its parts: at the free rates, or what the first exhausted resource lets through
    /// of them.
    #[must_use]
    pub fn look_ups_per_s(&self, model: &Model) -> Vec<f64> {
        let groups = self.free_rates(model);
        let rates: Vec<f64> = model.requests.iter().map(|r| groups[r.group.index()] * r.share).collect();
        let carried = self.bound(model, &rates, &vec![0.0; rates.len()]).map_or(1.0, |b| b.factor.min(1.0));
        let look_ups = |store: &super::Store| {
            let look_up = EndpointId(model.places[store.place.index()].endpoints.start);
            let visits = self.requests.iter().map(|demand| demand.visits.get(&look_up).unwrap_or(&0.0));
            carried * visits.zip(&rates).map(|(visits, rate)| visits * rate).sum::<f64>()
        };
        model.stores.iter().map(look_ups).collect()
    }

    /// The station that is exhausted first when every request comes at its rate (per second) times a common factor; `None` where
    /// nothing is limited. `fixed` are rates that do not scale.
    #[must_use]
    pub fn bound(&self, model: &Model, scaled: &[f64], fixed: &[f64]) -> Option<Bound> {
        let work = |rates: &[f64]| {
            let mut work = vec![0.0; model.stations.len()];
            for (demand, rate) in self.requests.iter().zip(rates) {
                for (station, seconds) in &demand.stations {
                    work[station.index()] += rate * seconds;
                }
            }
            work
        };
        let (scaled, fixed) = (work(scaled), work(fixed));
        let factors =
            model.stations.iter().enumerate().filter(|&(s, _)| scaled[s] > 0.0).map(|(s, station)| {
                let free = (station.speed_max() - fixed[s]).max(0.0);
                Bound { station: StationId(s as u32), factor: free / scaled[s] }
            });
        factors.min_by(|a, b| a.factor.total_cmp(&b.factor))
    }
}

struct Costs<'m> {
    model: &'m Model,
    /// The hit ratio of each store.
    hits: &'m [f64],
    of: Vec<Option<Cost>>,
    /// Sums over all keys of a place: worth remembering.
    by_shard: BTreeMap<PlaceId, Vec<f64>>,
}

impl Costs<'_> {
    /// A request, with its way from another region.
    fn request(&mut self, request: &Request) -> Demand {
        let demand = self.demand(request.endpoint);
        let via = request.via.map(|entry| self.program(entry).time_s);
        Demand { r_min_s: via.unwrap_or(demand.r_min_s), ..demand }
    }

    fn demand(&mut self, endpoint: EndpointId) -> Demand {
        let mut demand = Demand { r_min_s: self.cost(endpoint).time_s, ..Demand::default() };
        self.add_visits(endpoint, Pin::No, 1.0, &mut demand);
        demand
    }

    /// Adds `visits` calls of an endpoint, and the calls they make. The compiler excludes circles.
    fn add_visits(&mut self, endpoint: EndpointId, pin: Pin, visits: f64, demand: &mut Demand) {
        *demand.visits.entry(endpoint).or_default() += visits;
        let cost = self.cost(endpoint).clone();
        for (member, share) in self.shares(endpoint, pin) {
            for (&held, &seconds) in &cost.held {
                if let Some(station) = self.station(endpoint, member, held) {
                    *demand.stations.entry(station).or_default() += visits * share * seconds;
                }
            }
        }
        for ((callee, pin), calls) in cost.calls {
            self.add_visits(callee, pin, visits * calls, demand);
        }
    }

    /// How calls are spread over members: over shards by their keys, and within a shard by its balancer.
    fn shares(&mut self, endpoint: EndpointId, pin: Pin) -> Vec<(MemberId, f64)> {
        let it = &self.model.endpoints[endpoint.index()];
        match (pin, it.shards) {
            (Pin::Member(member), _) => vec![(member, 1.0)],
            (Pin::Part(shard), _) => self.balanced(it.balancer.0 + shard, 1.0),
            (Pin::No, None) => self.balanced(it.balancer.0, 1.0),
            (Pin::No, Some(sharding)) => {
                let shares = self.shards(it.place, sharding).into_iter().zip(it.balancer.0..);
                shares.flat_map(|(share, balancer)| self.balanced(balancer, share)).collect()
            }
        }
    }

    /// The share of the calls to a place that asks for a key of each shard.
    fn shards(&mut self, place: PlaceId, sharding: Sharding) -> Vec<f64> {
        if let Some(shares) = self.by_shard.get(&place) {
            return shares.clone();
        }
        let mut shares = vec![0.0; sharding.shards as usize];
        match &self.model.places[place.index()].keys {
            Some(law) => {
                for (key, share) in (0..law.len()).zip(law.shares()) {
                    shares[sharding.of(key) as usize] += share;
                }
            }
            None => shares.fill(1.0 / f64::from(sharding.shards)),
        }
        self.by_shard.insert(place, shares.clone());
        shares
    }

    /// How a balancer spreads a share of calls over its members. One that looks at the members' load is taken to spread it by
    /// their size.
    fn balanced(&self, balancer: u32, share: f64) -> Vec<(MemberId, f64)> {
        let model = self.model;
        let balancer = &model.balancers[balancer as usize];
        let weight = |m: u32| match balancer.policy {
            Balance::Weighted => model.members[m as usize].weight,
            Balance::LeastRequests | Balance::PowerOf(_) | Balance::Central => {
                let stations = model.members[m as usize].stations.clone();
                let smallest = stations.map(|s| model.stations[s as usize].capacity()).min();
                f64::from(smallest.unwrap_or(1))
            }
            Balance::RoundRobin | Balance::Random | Balance::Sticky => 1.0,
        };
        let weights: Vec<f64> = balancer.members.clone().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        balancer.members.clone().zip(weights).map(|(m, w)| (MemberId(m), share * w / sum)).collect()
    }

    fn station(&self, endpoint: EndpointId, member: MemberId, held: Held) -> Option<StationId> {
        let model = self.model;
        let place = &model.places[model.endpoints[endpoint.index()].place.index()];
        match held {
            Held::Own(nth) => {
                // A central queue has its slots under the first member.
                let balancer = &model.balancers[model.endpoints[endpoint.index()].balancer.index()];
                let at = if balancer.policy == Balance::Central { balancer.members.start } else { member.0 };
                Some(StationId(model.members[at as usize].stations.start + nth))
            }
            Held::Cores => model.members[member.index()].cores,
            Held::Shared(station) => Some(station),
            Held::PerMember(first) => Some(StationId(first.0 + member.0 - place.members.start)),
        }
    }

    fn cost(&mut self, endpoint: EndpointId) -> &Cost {
        if self.of[endpoint.index()].is_none() {
            let cost = self.program(self.model.endpoints[endpoint.index()].entry);
            self.of[endpoint.index()] = Some(cost);
        }
        self.of[endpoint.index()].as_ref().expect("it was just made")
    }

    /// Adds up the ops from `entry` on: each op with the mean number of times it runs. Jumps lead forward, but for loops, whose bodies
    /// are weighted when they open.
    fn program(&mut self, entry: Pc) -> Cost {
        let model = self.model;
        let mut cost = Cost::default();
        // What is reached: how often, and holding what.
        let mut reached: BTreeMap<Pc, (f64, Vec<Held>)> = BTreeMap::from([(entry, (1.0, Vec::new()))]);
        while let Some((pc, (times, held))) = reached.pop_first() {
            let mut reach = |to: Pc, times: f64, held: &Vec<Held>| {
                if to > pc && times > 0.0 {
                    reached.entry(to).or_insert_with(|| (0.0, held.clone())).0 += times;
                }
            };
            let mut seconds = 0.0;
            match model.ops[pc as usize] {
                Op::Acquire(resource) => {
                    let mut held = held.clone();
                    held.push(match resource {
                        Resource::Own(nth) | Resource::OwnLock(nth) => Held::Own(nth),
                        Resource::Shared(station) | Resource::SharedLock(station) => Held::Shared(station),
                        Resource::PerMember { first } => Held::PerMember(first),
                    });
                    reach(pc + 1, times, &held);
                }
                Op::Release => reach(pc + 1, times, &held[..held.len() - 1].to_vec()),
                Op::Work(dist) => {
                    seconds = model.dists[dist.index()].mean();
                    reach(pc + 1, times, &held);
                }
                Op::Cpu(dist) => {
                    seconds = model.dists[dist.index()].mean();
                    *cost.held.entry(Held::Cores).or_default() += times * seconds;
                    reach(pc + 1, times, &held);
                }
                Op::Call { first, count, need } => {
                    reach(pc + 1, times, &held);
                    seconds = self.calls(first.0..first.0 + count, need, times, &mut cost);
                }
                Op::Send { first, count } => {
                    reach(pc + 1, times, &held);
                    self.calls(first.0..first.0 + count, count, times, &mut cost);
                }
                Op::Commit { versions, first } => {
                    reach(pc + 1, times, &held);
                    self.ships(versions, first, times, &mut cost);
                }
                Op::Validate { done, .. } => reach(done, times, &held),
                // At best the connection is open.
                Op::Open(_)
                | Op::Reach
                | Op::Snapshot(_)
                | Op::Key(_)
                | Op::Read(_)
                | Op::Apply { .. }
                | Op::Fill { .. }
                | Op::Put(_) => {
                    reach(pc + 1, times, &held);
                }
                Op::Get { store, miss, .. } => {
                    let hits = self.hits[store.index()];
                    reach(pc + 1, times * hits, &held);
                    reach(miss, times * (1.0 - hits), &held);
                }
                Op::Lookup { table, miss, .. } => {
                    let shares = &model.tables[table.index()].shares;
                    reach(pc + 1, times * shares[0], &held);
                    reach(miss, times * shares.get(1).copied().unwrap_or(0.0), &held);
                }
                Op::Choose(table) => {
                    for (outcome, share) in model.tables[table.index()].shares.iter().enumerate() {
                        reach(pc + 1 + outcome as Pc, times * share, &held);
                    }
                }
                Op::Jump(to) => reach(to, times, &held),
                // At best nobody else writes: one turn, which leaves where it validates.
                Op::Repeat { .. } if matches!(model.ops.get(pc as usize + 1), Some(Op::Snapshot(_))) => {
                    reach(pc + 1, times, &held);
                }
                Op::Repeat { times: count, end } => {
                    reach(pc + 1, times * model.counts[count.0 as usize].mean(), &held);
                    reach(end, times, &held);
                }
                Op::While { table, end } => {
                    let again = model.tables[table.index()].shares[0];
                    reach(pc + 1, times * again / (1.0 - again), &held);
                    reach(end, times, &held);
                }
                // Whoever opened the loop has reached its end already.
                Op::Again { .. } | Op::End => {}
                Op::Fail(table) => {
                    let goes_on = model.tables[table.index()].shares.get(1).copied().unwrap_or(0.0);
                    reach(pc + 1, times * goes_on, &held);
                }
            }
            cost.time_s += times * seconds;
            for held in held {
                *cost.held.entry(held).or_default() += times * seconds;
            }
        }
        cost
    }

    /// Adds what writes cost at the copies.
    fn ships(&mut self, versions: VersionsId, first: SiteId, times: f64, cost: &mut Cost) {
        let Versions { place, copies, .. } = self.model.versions[versions.index()];
        if copies == 0 {
            return;
        }
        let endpoints = self.model.places[place.index()].endpoints.clone();
        let sharding = endpoints.into_iter().find_map(|e| self.model.endpoints[e as usize].shards);
        let shares = sharding.map_or(vec![1.0], |sharding| self.shards(place, sharding));
        for (share, shard) in shares.into_iter().zip(0..) {
            let sites = first.0 + shard * copies..first.0 + (shard + 1) * copies;
            self.calls(sites, copies, times * share, cost);
        }
    }

    /// Adds the calls of one op; answers how long it takes until enough answers are there.
    fn calls(&mut self, sites: std::ops::Range<u32>, need: u32, times: f64, cost: &mut Cost) -> f64 {
        let mut answers = Vec::new();
        let mut rounds: f64 = 1.0;
        for site in sites {
            let site = &self.model.sites[site as usize];
            // At best all answers are right, and what is not needed by then never starts.
            let started = site.copies.min(site.at_once.saturating_add(need - 1));
            let calls = times * f64::from(started);
            let seconds = match site.target {
                Target::Endpoint(endpoint) | Target::Beside(endpoint) => {
                    *cost.calls.entry((endpoint, Pin::No)).or_default() += calls;
                    self.cost(endpoint).time_s
                }
                Target::Member(endpoint, member) => {
                    *cost.calls.entry((endpoint, Pin::Member(member))).or_default() += calls;
                    self.cost(endpoint).time_s
                }
                Target::Part(endpoint, shard) => {
                    *cost.calls.entry((endpoint, Pin::Part(shard))).or_default() += calls;
                    self.cost(endpoint).time_s
                }
                Target::Branch(entry) => {
                    let branch = self.program(entry);
                    for (held, seconds) in branch.held {
                        *cost.held.entry(held).or_default() += calls * seconds;
                    }
                    for (call, n) in branch.calls {
                        *cost.calls.entry(call).or_default() += calls * n;
                    }
                    branch.time_s
                }
            };
            // The work of those needed, on as many as run at a time: no order of starting is faster.
            rounds = rounds.max(f64::from(need.min(site.copies)) / f64::from(site.at_once));
            answers.extend(std::iter::repeat_n(seconds, site.copies as usize));
        }
        answers.sort_by(f64::total_cmp);
        let enough = (need as usize).clamp(1, answers.len());
        answers[enough - 1] * rounds
    }
}
