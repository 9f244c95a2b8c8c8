//! What a request demands: how long it holds every resource when nobody waits, and how long it then takes.
//!
//! Means only, without retries and failures: the upper bounds of operational analysis follow from it, and nothing that needs a
//! simulation. A worker is held while its call is out. Parallel branches take as long as their slowest mean, which is at most the
//! mean of the slowest.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::{Balance, Model, OnError, Op, Pc, Request, Resource, Sharding, Source, Target, Versions};
use crate::ids::{EndpointId, MemberId, PlaceId, SiteId, StationId, StoreId, VersionsId};

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
    calls: BTreeMap<Callee, f64>,
    /// What it has written when it ends.
    wrote: Writes,
}

/// Calls that are alike: what decides which members they reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Callee {
    endpoint: EndpointId,
    pin: Pin,
    about: About,
    /// What the caller has written before.
    wrote: Writes,
}

/// Which key a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    /// The one that its caller is about.
    Callers,
    /// One drawn for it.
    Drawn,
    /// One that this cache has missed.
    Missed(StoreId),
}

/// What has been written, of what is read from the primary for a while afterwards: how likely, in millionths, in the order of
/// [`Versions`].
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Writes(Vec<(VersionsId, u32)>);

impl Writes {
    const SURE: u32 = 1_000_000;

    fn of(model: &Model, versions: VersionsId) -> Self {
        let matters = model.versions[versions.index()].own_write.is_some();
        Self(matters.then_some((versions, Self::SURE)).into_iter().collect())
    }

    fn share(&self, versions: VersionsId) -> f64 {
        let known = self.0.iter().find(|(v, _)| *v == versions);
        known.map_or(0.0, |(_, share)| f64::from(*share) / f64::from(Self::SURE))
    }

    /// One by one, whatever either has.
    fn with(&self, other: &Self, join: impl Fn(f64, f64) -> f64) -> Self {
        if self.0.is_empty() && other.0.is_empty() {
            return Self::default();
        }
        let mut all: Vec<VersionsId> = self.0.iter().chain(&other.0).map(|(v, _)| *v).collect();
        all.sort_unstable();
        all.dedup();
        let joined = |v: VersionsId| join(self.share(v), other.share(v));
        Self(all.into_iter().map(|v| (v, (joined(v) * f64::from(Self::SURE)).round() as u32)).collect())
    }

    /// One after the other.
    fn and(&self, other: &Self) -> Self {
        self.with(other, |a, b| 1.0 - (1.0 - a) * (1.0 - b))
    }

    /// The one or the other, with this share of the other.
    fn or(&self, other: &Self, share: f64) -> Self {
        self.with(other, |a, b| a + (b - a) * share)
    }
}

/// An op that is reached: how often, and what then holds.
#[derive(Clone)]
struct Reached {
    times: f64,
    held: Vec<Held>,
    /// Caches whose misses are being loaded, the last one innermost.
    loads: Vec<StoreId>,
    /// Outside of loads: whether a key was drawn.
    drawn: bool,
    wrote: Writes,
}

impl Reached {
    fn about(&self) -> About {
        match (self.loads.last(), self.drawn) {
            (Some(&store), _) => About::Missed(store),
            (None, true) => About::Drawn,
            (None, false) => About::Callers,
        }
    }
}

/// What decides which members an endpoint is served by, beyond itself.
#[derive(Clone)]
struct Asked {
    pin: Pin,
    /// The cache that missed the key it is about.
    missed: Option<StoreId>,
    /// What was written before, in the same request.
    wrote: Writes,
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
        Self::of(model, hits, false)
    }

    /// Only what no answer can do without: an error that `on_error` catches takes load off what it comes from, so that more requests
    /// than the demands say may be answered.
    #[must_use]
    pub fn certain(model: &Model) -> Self {
        let hits: Vec<f64> = model.stores.iter().map(|store| store.hit_ratio).collect();
        Self::of(model, &hits, true)
    }

    fn of(model: &Model, hits: &[f64], certain: bool) -> Self {
        let of = vec![None; model.endpoints.len()];
        let own = vec![vec![0.0; model.versions.len()]; model.groups.len()];
        let mut costs = Costs { model, hits, certain, of, by_shard: BTreeMap::new(), own };
        let mut requests = || Self { requests: model.requests.iter().map(|r| costs.request(r)).collect() };
        let demands = requests();
        if model.versions.iter().all(|versions| versions.own_write.is_none()) {
            return demands;
        }
        // How often a user has just written depends on how often he asks.
        let own = demands.own_writes(model);
        costs.own = own;
        Self { requests: model.requests.iter().map(|r| costs.request(r)).collect() }
    }

    /// By group and versions: the share of reads whose user has written in an earlier request, and not longer ago than reads go to the
    /// primary for, where requests that write come as a Poisson stream.
    fn own_writes(&self, model: &Model) -> Vec<Vec<f64>> {
        let rates = self.free_rates(model);
        let share = |(at, group): (usize, &super::Group)| {
            let users = match group.source {
                Source::Closed { users, .. } => Some(users),
                Source::Open { from_users, .. } => from_users,
            };
            // Without users of its own each request comes from another one.
            let each = users.map_or(0.0, |users| rates[at] / f64::from(users.max(1)));
            let of_versions = |(v, versions): (usize, &Versions)| {
                let writes = |endpoint: &EndpointId| writes(model, *endpoint, VersionsId(v as u32));
                let of_request = |row: u32| {
                    let visits = self.requests[row as usize].visits.iter();
                    let writes = visits.filter(|(endpoint, _)| writes(endpoint)).map(|(_, n)| n).sum::<f64>();
                    // What one request writes it writes at a time: one write or several, that makes no difference.
                    model.requests[row as usize].share * writes.min(1.0)
                };
                let writes_per_s = each * group.requests.clone().map(of_request).sum::<f64>();
                versions.own_write.map_or(0.0, |span| -(-writes_per_s * span.as_secs()).exp_m1())
            };
            model.versions.iter().enumerate().map(of_versions).collect()
        };
        model.groups.iter().enumerate().map(share).collect()
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
    /// Leave out calls whose errors are caught.
    certain: bool,
    of: Vec<Option<Cost>>,
    /// Sums over all keys of a place, or over those that a cache has missed: worth remembering.
    by_shard: BTreeMap<(PlaceId, Option<StoreId>), Vec<f64>>,
    /// By group and versions: how many reads come from users who wrote in an earlier request.
    own: Vec<Vec<f64>>,
}

impl Costs<'_> {
    /// A request, with its way from another region.
    fn request(&mut self, request: &Request) -> Demand {
        let mut demand = Demand { r_min_s: self.cost(request.endpoint).time_s, ..Demand::default() };
        let asked = Asked { pin: Pin::No, missed: None, wrote: Writes::default() };
        self.add_visits(request, request.endpoint, asked, 1.0, &mut demand);
        let via = request.via.map(|entry| self.program(entry).time_s);
        Demand { r_min_s: via.unwrap_or(demand.r_min_s), ..demand }
    }

    /// Adds `visits` calls of an endpoint, and the calls they make. The compiler excludes circles.
    fn add_visits(
        &mut self,
        request: &Request,
        endpoint: EndpointId,
        asked: Asked,
        visits: f64,
        demand: &mut Demand,
    ) {
        *demand.visits.entry(endpoint).or_default() += visits;
        let cost = self.cost(endpoint).clone();
        for (member, share) in self.shares(request, endpoint, &asked) {
            for (&held, &seconds) in &cost.held {
                if let Some(station) = self.station(endpoint, member, held) {
                    *demand.stations.entry(station).or_default() += visits * share * seconds;
                }
            }
        }
        for (callee, calls) in cost.calls {
            let missed = match callee.about {
                About::Callers => asked.missed,
                About::Drawn => None,
                About::Missed(store) => Some(store),
            };
            let asked = Asked { pin: callee.pin, missed, wrote: asked.wrote.and(&callee.wrote) };
            self.add_visits(request, callee.endpoint, asked, visits * calls, demand);
        }
    }

    /// How calls are spread over members: over shards by their keys, and within a shard by its balancer, but for the reads of
    /// one's own writes.
    fn shares(&mut self, request: &Request, endpoint: EndpointId, asked: &Asked) -> Vec<(MemberId, f64)> {
        let it = &self.model.endpoints[endpoint.index()];
        if let Pin::Member(member) = asked.pin {
            return vec![(member, 1.0)];
        }
        let own = it.after_own_write.map_or(0.0, |versions| {
            let (here, before) =
                (asked.wrote.share(versions), self.own[request.group.index()][versions.index()]);
            1.0 - (1.0 - here) * (1.0 - before)
        });
        let by_shard = match (asked.pin, it.shards) {
            (Pin::Part(part), _) => vec![(part, 1.0)],
            (_, None) => vec![(0, 1.0)],
            (_, Some(sharding)) => (0..).zip(self.shards(it.place, sharding, asked.missed)).collect(),
        };
        let stride = it.shards.map_or(0, |sharding| sharding.stride);
        let first = self.model.places[it.place.index()].members.start;
        let mut shares = Vec::new();
        for (shard, share) in by_shard {
            if own > 0.0 {
                shares.push((MemberId(first + shard * stride), share * own));
            }
            shares.extend(self.balanced(it.balancer.0 + shard, share * (1.0 - own)));
        }
        shares
    }

    /// The share of the calls to a place that asks for a key of each shard; of the calls about what a cache has missed, if it has the
    /// same keys.
    fn shards(&mut self, place: PlaceId, sharding: Sharding, missed: Option<StoreId>) -> Vec<f64> {
        let law = self.model.places[place.index()].keys.as_ref();
        let store = missed.map(|store| &self.model.stores[store.index()]);
        let store = store.filter(|store| law.is_some_and(|law| law.len() == store.law.len()));
        let known = (place, missed.filter(|_| store.is_some()));
        if let Some(shares) = self.by_shard.get(&known) {
            return shares.clone();
        }
        let mut shares = vec![0.0; sharding.shards as usize];
        let mut add = |key: u32, share: f64| shares[sharding.of(key) as usize] += share;
        match (store, law) {
            (Some(store), _) => (0..).zip(store.misses()).for_each(|(key, share)| add(key, share)),
            (None, Some(law)) => (0..law.len()).zip(law.shares()).for_each(|(key, share)| add(key, share)),
            (None, None) => shares.fill(1.0 / f64::from(sharding.shards)),
        }
        self.by_shard.insert(known, shares.clone());
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
        let start = Reached {
            times: 1.0,
            held: Vec::new(),
            loads: Vec::new(),
            drawn: false,
            wrote: Writes::default(),
        };
        let mut reached = BTreeMap::from([(entry, start)]);
        while let Some((pc, here)) = reached.pop_first() {
            let Reached { times, ref held, .. } = here;
            let mut reach = |to: Pc, next: Reached| {
                if to > pc && next.times > 0.0 {
                    match reached.entry(to) {
                        Entry::Vacant(entry) => drop(entry.insert(next)),
                        Entry::Occupied(mut entry) => {
                            let met = entry.get_mut();
                            met.times += next.times;
                            met.wrote = met.wrote.or(&next.wrote, next.times / met.times);
                            met.drawn &= next.drawn;
                        }
                    }
                }
            };
            // The same, so many times.
            let with = |times: f64| Reached { times, ..here.clone() };
            let mut seconds = 0.0;
            match model.ops[pc as usize] {
                Op::Acquire(resource) => {
                    let mut next = here.clone();
                    next.held.push(match resource {
                        Resource::Own(nth) | Resource::OwnLock(nth) => Held::Own(nth),
                        Resource::Shared(station) | Resource::SharedLock(station) => Held::Shared(station),
                        Resource::PerMember { first } => Held::PerMember(first),
                    });
                    reach(pc + 1, next);
                }
                Op::Release => {
                    let mut next = here.clone();
                    next.held.pop();
                    reach(pc + 1, next);
                }
                Op::Work(dist) => {
                    seconds = model.dists[dist.index()].mean();
                    reach(pc + 1, with(times));
                }
                Op::Cpu(dist) => {
                    seconds = model.dists[dist.index()].mean();
                    *cost.held.entry(Held::Cores).or_default() += times * seconds;
                    reach(pc + 1, with(times));
                }
                Op::Call { first, count, need } => {
                    let wrote;
                    (seconds, wrote) = self.calls(first.0..first.0 + count, need, &here, &mut cost);
                    reach(pc + 1, Reached { wrote: here.wrote.and(&wrote), ..here.clone() });
                }
                Op::Send { first, count } => {
                    self.calls(first.0..first.0 + count, count, &here, &mut cost);
                    reach(pc + 1, with(times));
                }
                Op::Commit { versions, first } => {
                    self.ships(versions, first, &here, &mut cost);
                    reach(
                        pc + 1,
                        Reached { wrote: here.wrote.and(&Writes::of(model, versions)), ..here.clone() },
                    );
                }
                Op::Validate { done, .. } => reach(done, with(times)),
                Op::Key(_) => reach(pc + 1, Reached { drawn: true, loads: Vec::new(), ..here.clone() }),
                Op::Fill { .. } => {
                    let mut next = here.clone();
                    next.loads.pop();
                    reach(pc + 1, next);
                }
                // At best the connection is open.
                Op::Open(_) | Op::Reach | Op::Snapshot(_) | Op::Read(_) | Op::Apply { .. } | Op::Put(_) => {
                    reach(pc + 1, with(times));
                }
                Op::Get { store, miss, .. } => {
                    let hits = self.hits[store.index()];
                    let mut missed = with(times * (1.0 - hits));
                    missed.loads.push(store);
                    reach(pc + 1, with(times * hits));
                    reach(miss, missed);
                }
                Op::Lookup { table, miss, .. } => {
                    let shares = &model.tables[table.index()].shares;
                    reach(pc + 1, with(times * shares[0]));
                    reach(miss, with(times * shares.get(1).copied().unwrap_or(0.0)));
                }
                Op::Choose(table) => {
                    for (outcome, share) in model.tables[table.index()].shares.iter().enumerate() {
                        reach(pc + 1 + outcome as Pc, with(times * share));
                    }
                }
                Op::Jump(to) => reach(to, with(times)),
                // At best nobody else writes: one turn, which leaves where it validates.
                Op::Repeat { .. } if matches!(model.ops.get(pc as usize + 1), Some(Op::Snapshot(_))) => {
                    reach(pc + 1, with(times));
                }
                Op::Repeat { times: count, end } => {
                    reach(pc + 1, with(times * model.counts[count.0 as usize].mean()));
                    reach(end, with(times));
                }
                Op::While { table, end } => {
                    let again = model.tables[table.index()].shares[0];
                    reach(pc + 1, with(times * again / (1.0 - again)));
                    reach(end, with(times));
                }
                // Whoever opened the loop has reached its end already.
                Op::Again { .. } => {}
                Op::End => cost.wrote = here.wrote.clone(),
                Op::Fail(table) => {
                    let goes_on = model.tables[table.index()].shares.get(1).copied().unwrap_or(0.0);
                    reach(pc + 1, with(times * goes_on));
                }
            }
            cost.time_s += times * seconds;
            for &held in held {
                *cost.held.entry(held).or_default() += times * seconds;
            }
        }
        cost
    }

    /// Adds what writes cost at the copies.
    fn ships(&mut self, versions: VersionsId, first: SiteId, here: &Reached, cost: &mut Cost) {
        let Versions { place, copies, .. } = self.model.versions[versions.index()];
        if copies == 0 {
            return;
        }
        let endpoints = self.model.places[place.index()].endpoints.clone();
        let sharding = endpoints.into_iter().find_map(|e| self.model.endpoints[e as usize].shards);
        let shares =
            sharding.map_or(vec![1.0], |sharding| self.shards(place, sharding, here.loads.last().copied()));
        for (share, shard) in shares.into_iter().zip(0..) {
            let sites = first.0 + shard * copies..first.0 + (shard + 1) * copies;
            self.calls(sites, copies, &Reached { times: here.times * share, ..here.clone() }, cost);
        }
    }

    /// Adds the calls of one op; answers how long it takes until enough answers are there, and what has been written then.
    fn calls(&mut self, sites: Range<u32>, need: u32, here: &Reached, cost: &mut Cost) -> (f64, Writes) {
        let mut answers = Vec::new();
        let mut rounds: f64 = 1.0;
        let mut wrote = Writes::default();
        for site in sites {
            let site = &self.model.sites[site as usize];
            if self.certain && site.on_error != OnError::Raise {
                answers.extend(std::iter::repeat_n(0.0, site.copies as usize));
                continue;
            }
            // At best all answers are right, and what is not needed by then never starts.
            let started = site.copies.min(site.at_once.saturating_add(need - 1));
            let calls = here.times * f64::from(started);
            // The work of those needed, on as many as run at a time: no order of starting is faster.
            rounds = rounds.max(f64::from(need.min(site.copies)) / f64::from(site.at_once));
            let (endpoint, pin) = match site.target {
                Target::Endpoint(endpoint) | Target::Beside(endpoint) => (endpoint, Pin::No),
                Target::Member(endpoint, member) => (endpoint, Pin::Member(member)),
                Target::Part(endpoint, shard) => (endpoint, Pin::Part(shard)),
                Target::Branch(entry) => {
                    let branch = self.program(entry);
                    answers.extend(std::iter::repeat_n(branch.time_s, site.copies as usize));
                    wrote = wrote.and(&branch.wrote);
                    add_branch(cost, branch, calls, here);
                    continue;
                }
            };
            let callee = Callee { endpoint, pin, about: here.about(), wrote: here.wrote.clone() };
            *cost.calls.entry(callee).or_default() += calls;
            let of_callee = self.cost(endpoint);
            wrote = wrote.and(&of_callee.wrote);
            let seconds = of_callee.time_s;
            answers.extend(std::iter::repeat_n(seconds, site.copies as usize));
        }
        answers.sort_by(f64::total_cmp);
        let enough = (need as usize).clamp(1, answers.len());
        // Who goes on without all answers does not know what the others have written.
        let wrote = if enough == answers.len() { wrote } else { Writes::default() };
        (answers[enough - 1] * rounds, wrote)
    }
}

/// Adds so many runs of a branch to what the op that starts it costs.
fn add_branch(cost: &mut Cost, branch: Cost, runs: f64, here: &Reached) {
    for (held, seconds) in branch.held {
        *cost.held.entry(held).or_default() += runs * seconds;
    }
    for (callee, n) in branch.calls {
        let about = if callee.about == About::Callers { here.about() } else { callee.about };
        let callee = Callee { about, wrote: here.wrote.and(&callee.wrote), ..callee };
        *cost.calls.entry(callee).or_default() += runs * n;
    }
}

/// Whether an endpoint itself writes a new version.
fn writes(model: &Model, endpoint: EndpointId, versions: VersionsId) -> bool {
    let program = model.program_of(endpoint);
    program.iter().any(|op| matches!(op, Op::Commit { versions: v, .. } if *v == versions))
}
