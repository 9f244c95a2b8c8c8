//! The reference workloads as compiled models.

use std::ops::Range;

use knee::dist::{Alias, Dist};
use knee::ids::{BalancerId, DistId, EndpointId, GroupId, MemberId, PlaceId, SiteId, StationId, TableId};
use knee::model::{
    Balance, Balancer, Discipline, Endpoint, Group, Member, Model, OnError, Op, Place, PlaceKind, Request,
    Resource, Site, Source, Station, StationKind, Study, Table, Target,
};
use knee::workload::Arrivals;

/// W1 and W2: one queue, `servers` servers of mean service time 1 s.
pub fn queue(servers: u32, rate: f64) -> Model {
    let mut model = empty("queue", rate);
    add_member(&mut model, 0, "servers", servers);
    model.places = vec![place("server", PlaceKind::Service, 0..1, 0..1)];
    model.balancers = vec![Balancer { members: 0..1, policy: Balance::RoundRobin }];
    model.endpoints = vec![endpoint("serve", 0, 0, 0)];
    model.ops = vec![Op::Acquire(Resource::Own(0)), Op::Work(DistId(0)), Op::End];
    model.dists = vec![Dist::exp(1.0).expect("a mean")];
    model.holds_max = 1;
    model
}

/// W3 and W4: the tiered shop.
pub fn shop(rate: f64) -> Model {
    let mut model = empty("shop", rate);
    (0..4).for_each(|_| add_member(&mut model, 0, "workers", 32));
    add_member(&mut model, 1, "servers", 64);
    (0..3).for_each(|_| add_member(&mut model, 2, "servers", 8));
    add_member(&mut model, 3, "slots", 40);
    model.places = vec![
        place("web", PlaceKind::Service, 0..4, 0..1),
        place("cache", PlaceKind::Cache, 4..5, 1..2),
        place("db", PlaceKind::Database, 5..8, 2..4),
        place("pool", PlaceKind::Pool, 8..9, 4..4),
    ];
    model.balancers = vec![
        Balancer { members: 0..4, policy: Balance::RoundRobin },
        Balancer { members: 4..5, policy: Balance::RoundRobin },
        Balancer { members: 5..6, policy: Balance::RoundRobin },
        Balancer { members: 6..8, policy: Balance::Random },
    ];
    let pool = Resource::Shared(StationId(8));
    let call = |site| Op::Call { first: SiteId(site), count: 1, need: 1 };
    model.ops = vec![
        // web: work, then read or write
        Op::Acquire(Resource::Own(0)),
        Op::Cpu(DistId(0)),
        Op::Choose(TableId(1)),
        Op::Jump(5),
        Op::Jump(8),
        // a read: look up the cache; a miss goes on as a query
        call(0),
        Op::Lookup { place: PlaceId(1), table: TableId(2), miss: 12 },
        Op::End,
        // a write
        Op::Acquire(pool),
        call(1),
        Op::Release,
        Op::End,
        // a missed read
        Op::Acquire(pool),
        call(2),
        Op::Release,
        Op::End,
        // cache
        Op::Acquire(Resource::Own(0)),
        Op::Work(DistId(1)),
        Op::End,
        // database
        Op::Acquire(Resource::Own(0)),
        Op::Work(DistId(2)),
        Op::End,
    ];
    model.endpoints = vec![
        endpoint("request", 0, 0, 0),
        endpoint("get", 1, 1, 16),
        endpoint("write", 2, 2, 19),
        endpoint("read", 2, 3, 19),
    ];
    model.sites = (1..4).map(plain_call).collect();
    model.dists = vec![
        Dist::lognormal(20e-3, 1.0).expect("mean and cv"),
        Dist::exp(0.5e-3).expect("a mean"),
        Dist::lognormal(8e-3, 1.0).expect("mean and cv"),
    ];
    model.tables = vec![table(&[1.0]), table(&[0.8, 0.2]), table(&[0.8, 0.2])];
    model.holds_max = 2;
    model
}

fn empty(name: &str, rate: f64) -> Model {
    let arrivals = Arrivals::poisson(rate).expect("a rate");
    Model {
        name: name.into(),
        groups: vec![Group {
            name: "load".into(),
            source: Source::Open { arrivals, from_users: None },
            timeout: None,
            class: 0,
            mix: TableId(0),
            requests: 0..1,
        }],
        requests: vec![Request {
            group: GroupId(0),
            endpoint: EndpointId(0),
            share: 1.0,
            class: 0,
            name: "request".into(),
            good_within: None,
        }],
        places: Vec::new(),
        members: Vec::new(),
        stations: Vec::new(),
        balancers: Vec::new(),
        endpoints: Vec::new(),
        ops: Vec::new(),
        sites: Vec::new(),
        dists: Vec::new(),
        counts: Vec::new(),
        tables: vec![table(&[1.0])],
        classes: vec!["normal".into()],
        objectives: Vec::new(),
        peak: None,
        study: Study {
            seed: 1,
            precision: Vec::new(),
            requests: None,
            duration: None,
            warmup: None,
            replications: 1,
            budget: 0,
        },
        holds_max: 0,
        loops_max: 0,
    }
}

/// A member of a place, with one station of so many slots.
fn add_member(model: &mut Model, place: u32, resource: &'static str, capacity: u32) {
    let (member, station) = (model.members.len() as u32, model.stations.len() as u32);
    let kind = StationKind::Slots { capacity, queue: None, patience: None, discipline: Discipline::Fifo };
    model.stations.push(Station { resource, member: MemberId(member), kind });
    let stations = station..station + 1;
    let name = format!("{place}.{member}");
    model.members.push(Member { name, place: PlaceId(place), weight: 1.0, stations, cores: None });
}

fn place(name: &str, kind: PlaceKind, members: Range<u32>, endpoints: Range<u32>) -> Place {
    Place { name: name.into(), kind, members, endpoints, cost_per_hour: None }
}

fn endpoint(name: &str, place: u32, balancer: u32, entry: u32) -> Endpoint {
    Endpoint { name: name.into(), place: PlaceId(place), balancer: BalancerId(balancer), class: None, entry }
}

fn plain_call(endpoint: u32) -> Site {
    Site {
        target: Target::Endpoint(EndpointId(endpoint)),
        timeout: None,
        cancel: false,
        attempts: 1,
        backoff: None,
        on_error: OnError::Raise,
        class: None,
        copies: 1,
        step: 10 + u64::from(endpoint),
    }
}

fn table(weights: &[f64]) -> Table {
    let sum: f64 = weights.iter().sum();
    Table { shares: weights.iter().map(|w| w / sum).collect(), alias: Alias::new(weights).expect("weights") }
}
