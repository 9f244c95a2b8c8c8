//! The compiled model as a reader would check it: what was understood, every default filled in, and what follows from it
//! without simulation.

use crate::ids::{DistId, EndpointId, GroupId, PlaceId, StationId};
use crate::model::{
    Balance, Connect, Demands, Endpoint, Evict, Group, Member, Model, OnWrite, Op, Peak, Place, PlaceKind,
    Pool, Prices, Sharding, Source, Station, StationKind, Statistic, Target, listing,
};
use crate::units::Span;

use super::number::{measured_seconds, money, seconds, significant, trimmed};
use crate::experiment::bill::{Bill, HOURS_PER_MONTH, by_usage};

/// Only so many rows of a long list are shown.
const ROWS_MAX: usize = 200;

/// The whole explanation, in lines of text.
#[must_use]
pub fn explain_text(model: &Model) -> String {
    let mut page = Page::default();
    page.line(0, &model.name);
    loads(model, &mut page);
    for i in 0..model.places.len().min(ROWS_MAX) {
        place(model, PlaceId(i as u32), &mut page);
    }
    if model.places.len() > ROWS_MAX {
        page.line(0, &format!("and {} more places", model.places.len() - ROWS_MAX));
    }
    regions(model, &mut page);
    connections(model, &mut page);
    let demands = Demands::new(model);
    demand(model, &demands, &mut page);
    bounds(model, &demands, &mut page);
    costs(model, &mut page);
    business(model, &mut page);
    objectives(model, &mut page);
    changes(model, &mut page);
    study(model, &mut page);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, depth: usize, line: &str) {
        self.text += &"  ".repeat(depth);
        self.text += line;
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.text.push('\n');
        self.line(0, heading);
    }

    /// Columns, each as wide as its widest cell; numbers to the right, the first column to the left.
    fn table(&mut self, depth: usize, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        };
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, width))| {
                let blank = " ".repeat(width.saturating_sub(cell.chars().count()));
                if i == 0 { format!("{cell}{blank}") } else { format!("{blank}{cell}") }
            });
            let line = cells.collect::<Vec<_>>().join("  ");
            self.line(depth, line.trim_end());
        }
    }
}

fn loads(model: &Model, page: &mut Page) {
    page.heading("load");
    for (i, group) in model.groups.iter().enumerate() {
        let patience = group.timeout.map_or("waiting as long as it takes".to_owned(), |timeout| {
            format!("patience {}", model.dists[timeout.index()])
        });
        page.line(1, &format!("{}  {}, {patience}", group.name, source(model, group)));
        for (_, request) in model.requests_of(GroupId(i as u32)) {
            let class = match model.classes.len() {
                1 => String::new(),
                _ => format!(", priority {}", model.classes[usize::from(request.class)]),
            };
            let trip = request.via.map_or(String::new(), |via| match model.ops[via as usize] {
                Op::Work(trip) => format!(", round trip {}", model.dists[trip.index()]),
                _ => String::new(),
            });
            let good = request.good_within.map_or(String::new(), |within| format!(", good within {within}"));
            page.line(
                2,
                &format!(
                    "{} {}{class}{trip}{good}",
                    listing::percent(round(request.share)),
                    model.endpoint_name(request.endpoint)
                ),
            );
        }
    }
    match model.peak {
        Some(Peak::Rate(rate)) => page.line(1, &format!("peak  {}/s", significant(rate, 4))),
        Some(Peak::Users(users)) => page.line(1, &format!("peak  {users} users")),
        None => {}
    }
}

/// Four digits of a share.
fn round(share: f64) -> f64 {
    (share * 1e4).round() / 1e4
}

fn source(model: &Model, group: &Group) -> String {
    match &group.source {
        Source::Open { arrivals, from_users } => {
            let users =
                from_users.map_or("each from its own user".to_owned(), |users| format!("from {users} users"));
            format!("open, {arrivals}, {users}")
        }
        Source::Closed { users, think } => {
            format!("closed, {users} users, think {}", model.dists[think.index()])
        }
    }
}

fn place(model: &Model, id: PlaceId, page: &mut Page) {
    let it = &model.places[id.index()];
    let kind = match it.kind {
        PlaceKind::Service => "service",
        PlaceKind::External => "external",
        PlaceKind::Database => "database",
        PlaceKind::Cache => "cache",
        PlaceKind::Pool => "pool",
        PlaceKind::Queue => "queue",
        PlaceKind::Replication => "replication",
        PlaceKind::Link => "link",
    };
    let cost = it.prices.as_ref().map_or(String::new(), |prices| format!(", {}", price_list(prices)));
    let region = it.region.as_ref().map_or(String::new(), |region| format!(", in {region}"));
    let (members, balancing) = (members(model, it), balancing(model, it));
    page.heading(&format!("{}  {kind}{members}{balancing}{region}{cost}", it.name));
    keys(model, id, page);
    if !it.reads.is_empty() {
        page.line(1, &format!("reads  {}", it.reads));
    }
    if let Some(pool) = model.pools.iter().find(|pool| pool.place == id) {
        leads(model, pool, page);
    }
    resources(model, id, page);
    for (endpoint, _) in model.endpoints_of(id).take(ROWS_MAX) {
        program(model, endpoint, page);
    }
}

/// Where the connections of a pool go, and what it takes to have one.
fn leads(model: &Model, pool: &Pool, page: &mut Page) {
    let Some(to) = pool.to else {
        return page.line(1, "for `hold` alone");
    };
    let name = |place: PlaceId| &model.places[place.index()].name;
    let pooler = model.pools.iter().find(|pooler| pooler.place == to);
    match pooler {
        None => page.line(1, &format!("leads to  {}", name(to))),
        Some(pooler) => {
            let mode = if pooler.session { "session" } else { "transaction" };
            page.line(1, &format!("leads to  {}, a pooler in {mode} mode", name(to)));
        }
    }
    let stations = || model.stations_of(pool.place).map(|(station, _)| station.0);
    let opens = |connect: &&Connect| stations().any(|station| connect.stations.contains(&station));
    if let Some(connect) = model.connects.iter().find(opens) {
        let idle = match connect.idle {
            Span::MAX => "it stays open".to_owned(),
            idle => format!("closed after {idle} without use"),
        };
        page.line(1, &format!("to connect  {}; {idle}", model.dists[connect.cost.index()]));
    }
}

/// The round trips between regions that are taken.
fn regions(model: &Model, page: &mut Page) {
    let row = |(between, dist): &([String; 2], DistId)| {
        vec![between.join(" - "), model.dists[dist.index()].to_string()]
    };
    let rows: Vec<_> = model.round_trips.iter().map(row).collect();
    if !rows.is_empty() {
        page.heading("round trips between regions, where any are taken");
        page.table(1, &rows);
    }
}

/// A primary with its read replicas, and shards of them.
fn databases(model: &Model, place: &Place) -> String {
    let sharding = sharding(model, place);
    let stride = sharding.map_or(place.members.len() as u32, |sharding| sharding.stride);
    let each = match stride - 1 {
        0 => String::new(),
        1 => "a primary and 1 read replica".to_owned(),
        n => format!("a primary and {n} read replicas"),
    };
    match sharding {
        None => format!(", {each}"),
        Some(sharding) => {
            let by = if sharding.by_range.is_some() { "range" } else { "hash" };
            let each = if each.is_empty() { each } else { format!(", each {each}") };
            format!(", {} shards by {by} of the key{each}", sharding.shards)
        }
    }
}

fn members(model: &Model, place: &Place) -> String {
    let count = place.members.len();
    match place.kind {
        PlaceKind::Database if count > 1 => databases(model, place),
        PlaceKind::Cache if count > 1 => match owner(model, place) {
            Some(owner) => format!(", one in each of {count} replicas of {owner}"),
            None => format!(", {count} nodes"),
        },
        PlaceKind::Pool if count > 1 => format!(", one in each of {count} replicas"),
        _ if count > 1 => format!(", {count} replicas"),
        _ => String::new(),
    }
}

/// Whose replicas have a cache each.
fn owner<'m>(model: &'m Model, place: &Place) -> Option<&'m str> {
    let store = model.stores.iter().find(|store| model.places[store.place.index()].name == place.name)?;
    store.per.map(|owner| model.places[owner.index()].name.as_str())
}

fn balancing(model: &Model, place: &Place) -> String {
    if owner(model, place).is_some() {
        return String::new();
    }
    let of_place = model.balancers.iter().filter(|balancer| {
        balancer.members.len() > 1
            && balancer.members.start >= place.members.start
            && balancer.members.end <= place.members.end
    });
    let words: Vec<String> = of_place.map(|balancer| listing::balance(balancer.policy)).collect();
    match (words.first(), place.kind) {
        (None, _) => String::new(),
        (Some(_), PlaceKind::Database) => String::new(),
        (Some(word), _) => format!(", {word}"),
    }
}

/// Which keys there are, and what a cache does with them.
fn keys(model: &Model, id: PlaceId, page: &mut Page) {
    let Some(law) = &model.places[id.index()].keys else { return };
    page.line(1, &format!("keys  {law}"));
    let Some(store) = model.stores.iter().find(|store| store.place == id) else { return };
    let evict = match store.evict {
        Evict::Lru => "lru",
        Evict::Lfu => "lfu",
        Evict::Fifo => "fifo",
        Evict::Random => "random",
        Evict::Sieve => "sieve",
        Evict::TinyLfu => "tinylfu",
    };
    let entries = match store.entries == law.len() {
        true => "as many as keys".to_owned(),
        false => format!("{}, {evict}", store.entries),
    };
    page.line(1, &format!("entries  {entries}"));
    let ttl = store.ttl.map_or("none".to_owned(), |dist| {
        let from = if store.sliding { "the last use" } else { "when it was stored" };
        format!("{} from {from}", model.dists[dist.index()])
    });
    page.line(1, &format!("ttl  {ttl}"));
    let on_put = match store.on_write {
        OnWrite::Invalidate => "invalidates",
        OnWrite::WriteThrough => "writes through",
        OnWrite::WriteBack => "replaces; written back when evicted",
        OnWrite::Nothing => "changes nothing",
    };
    page.line(1, &format!("a put  {on_put}"));
    page.line(1, &format!("start  {}", if store.warm { "warm" } else { "cold" }));
    let hits = listing::percent((store.hit_ratio * 1e3).round() / 1e3);
    let aside = if store.ttl.is_some() { ", expiry aside" } else { "" };
    let of = if store.seen.is_some() { "what other caches let through" } else { "independent look-ups" };
    page.line(1, &format!("hits  {hits} of {of}{aside}"));
}

/// Resources of a member, each with how it serves in words.
type Resources = Vec<(&'static str, String)>;

/// Resources of the members, equal ones together.
fn resources(model: &Model, place: PlaceId, page: &mut Page) {
    let it = &model.places[place.index()];
    let of_member = |member: &Member| -> Resources {
        let stations = member.stations.clone().map(|i| &model.stations[i as usize]);
        let words = |station: &Station| match it.bandwidth_bps {
            Some(bps) => format!("{}, shared", bandwidth(bps)),
            None => listing::station(model, &station.kind),
        };
        stations.map(|station| (station.resource, words(station))).collect()
    };
    // Equal members side by side: what they have, their weight, and how many there are.
    let mut runs: Vec<(Resources, f64, usize)> = Vec::new();
    for (_, member) in model.members_of(place) {
        let resources = of_member(member);
        match runs.last_mut() {
            Some((last, weight, count)) if *last == resources && *weight == member.weight => *count += 1,
            _ => runs.push((resources, member.weight, 1)),
        }
    }
    let central = model.balancers.iter().any(|b| b.policy == Balance::Central && b.members == it.members);
    if central {
        page.line(1, "one queue and all workers together stand under the first replica");
    }
    for (resources, weight, count) in &runs {
        if runs.len() > 1 {
            let weight = if *weight == 1.0 { String::new() } else { format!(", weight {weight}") };
            page.line(1, &format!("{count} of them{weight}"));
        }
        let depth = if runs.len() > 1 { 2 } else { 1 };
        for (name, words) in resources {
            page.line(depth, &format!("{name}  {words}"));
        }
        let missing: &[&str] = match it.kind {
            PlaceKind::Service => &["workers", "cores"],
            PlaceKind::Database => &["connections", "servers"],
            PlaceKind::Cache => &["servers"],
            PlaceKind::Queue => &["consumers"],
            PlaceKind::External | PlaceKind::Pool | PlaceKind::Link | PlaceKind::Replication => &[],
        };
        for name in missing.iter().filter(|name| !resources.iter().any(|(given, _)| given == *name)) {
            if !(central && *name == "workers") {
                page.line(depth, &format!("{name}  unlimited"));
            }
        }
    }
}

/// `100 Mbps`
fn bandwidth(bps: f64) -> String {
    let units = [("Gbps", 1e9), ("Mbps", 1e6), ("kbps", 1e3)];
    let (unit, factor) = units.into_iter().find(|(_, factor)| bps >= *factor).unwrap_or(("bps", 1.0));
    format!("{} {unit}", round(bps / factor))
}

fn program(model: &Model, endpoint: EndpointId, page: &mut Page) {
    let it = &model.endpoints[endpoint.index()];
    let class =
        it.class.map_or(String::new(), |class| format!("  priority {}", model.classes[usize::from(class)]));
    let told = if it.told.is_empty() { String::new() } else { format!("  {}", it.told) };
    page.line(1, &format!("{}{class}{told}", it.name));
    let lines = listing::program(model, endpoint);
    for line in lines.iter().take(ROWS_MAX) {
        page.line(2, line);
    }
    if lines.len() > ROWS_MAX {
        page.line(2, &format!("and {} more ops", lines.len() - ROWS_MAX));
    }
}

/// What happens at a given time.
fn changes(model: &Model, page: &mut Page) {
    if !model.has_time() {
        return;
    }
    page.heading("over time, from the end of the warm-up");
    for change in &model.changes {
        let again =
            change.every.map_or_else(String::new, |every| format!(", and every {every} from then on"));
        page.line(1, &format!("at {}  {}{again}", change.at, model.change_text(change.what)));
    }
}

/// Databases with limited connections: who may ask for how many.
fn connections(model: &Model, page: &mut Page) {
    for (i, place) in model.places.iter().enumerate() {
        let Some(limit) = connection_limit(model, place) else { continue };
        let askers = askers(model, PlaceId(i as u32));
        if askers.is_empty() {
            continue;
        }
        let known: Option<u64> = askers.iter().map(|asker| asker.most).sum();
        let shown: Vec<_> = askers.iter().map(|asker| asker.words.clone()).collect();
        let verdict = match known {
            Some(most) if most <= limit => format!("{most} at most: never rejected"),
            Some(most) => format!("{most} at most: beyond {limit} rejected"),
            None => format!("no limit: beyond {limit} rejected"),
        };
        page.heading(&format!("connections to {}, {limit} for each instance", place.name));
        page.line(1, &format!("{}; {verdict}", shown.join(", ")));
    }
}

fn connection_limit(model: &Model, place: &Place) -> Option<u64> {
    let member = &model.members[place.members.start as usize];
    let mut stations = member.stations.clone().map(|i| &model.stations[i as usize]);
    stations.find(|station| station.resource == "connections").map(|station| u64::from(station.capacity()))
}

/// Someone who opens connections, and how many at most; `None` where nothing limits it.
#[derive(PartialEq)]
struct Asker {
    words: String,
    most: Option<u64>,
}

fn askers(model: &Model, database: PlaceId) -> Vec<Asker> {
    let mut found: Vec<Asker> = Vec::new();
    // What comes from the primary needs no connection.
    let replicates = |caller: &Endpoint| model.places[caller.place.index()].kind == PlaceKind::Replication;
    for (i, caller) in model.endpoints.iter().enumerate().filter(|(_, caller)| !replicates(caller)) {
        let start = caller.entry as usize;
        let end = model.endpoints.get(i + 1).map_or(model.ops.len(), |next| next.entry as usize);
        for pc in start..end {
            let Op::Call { first, count, .. } = model.ops[pc] else { continue };
            let asks = (first.0..first.0 + count).any(|site| match model.sites[site as usize].target {
                Target::Endpoint(endpoint)
                | Target::Member(endpoint, _)
                | Target::Beside(endpoint)
                | Target::Part(endpoint, _) => model.endpoints[endpoint.index()].place == database,
                Target::Branch(_) => false,
            });
            if !asks {
                continue;
            }
            let leads =
                |pool: &&Pool| pool.to == Some(database) && pool.per.is_none_or(|per| per == caller.place);
            let asker = match model.pools.iter().find(leads) {
                Some(pool) => through(model, pool),
                None => direct(model, caller.place),
            };
            if !found.contains(&asker) {
                found.push(asker);
            }
        }
    }
    found
}

fn through(model: &Model, pool: &Pool) -> Asker {
    let place = &model.places[pool.place.index()];
    let (count, size) = (place.members.len() as u64, pool_size(model, pool));
    let words =
        if count > 1 { format!("{} {count} x {size}", place.name) } else { format!("{} {size}", place.name) };
    Asker { words, most: Some(count * size) }
}

/// Slots of each of its members.
fn pool_size(model: &Model, pool: &Pool) -> u64 {
    let first = model.stations_of(pool.place).next();
    first.map_or(0, |(_, station)| u64::from(station.capacity()))
}

fn direct(model: &Model, caller: PlaceId) -> Asker {
    let stations = model.stations_of(caller).filter(|(_, station)| station.resource == "workers");
    let workers: Vec<u64> = stations.map(|(_, station)| u64::from(station.capacity())).collect();
    let name = &model.places[caller.index()].name;
    match workers.iter().sum::<u64>() {
        0 => Asker { words: format!("{name} without pool"), most: None },
        all => Asker { words: format!("{name} without pool, {all} workers"), most: Some(all) },
    }
}

fn demand(model: &Model, demands: &Demands, page: &mut Page) {
    page.heading("demand of a request, when nobody waits and nothing is retried");
    for (request, demand) in model.requests.iter().zip(&demands.requests).take(ROWS_MAX) {
        page.line(1, &format!("{}  {} at least, on average", request.name, measured_seconds(demand.r_min_s)));
        let rows: Vec<Vec<String>> = by_resource(model, demand)
            .into_iter()
            .map(|(name, held)| vec![name, measured_seconds(held)])
            .collect();
        page.table(2, &rows);
    }
}

/// Seconds held of each resource, over all members of its place: the primary of a database apart.
fn by_resource(model: &Model, demand: &crate::model::Demand) -> Vec<(String, f64)> {
    let mut rows: Vec<(String, f64)> = Vec::new();
    for (station, held) in &demand.stations {
        let name = resource_name(model, *station);
        match rows.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += held,
            None => rows.push((name, *held)),
        }
    }
    rows
}

/// `web workers`, `orders.primary servers`, `web_db`.
fn resource_name(model: &Model, station: StationId) -> String {
    let it = &model.stations[station.index()];
    let member = &model.members[it.member.index()];
    let place = &model.places[member.place.index()];
    match (place.kind, place.members.len()) {
        (PlaceKind::Pool, _) => place.name.clone(),
        (PlaceKind::Database, 2..) => {
            let number = it.member.0 - place.members.start;
            let of = match sharding(model, place) {
                None if number == 0 => member.name.clone(),
                Some(shards) if shards.stride == 1 => place.name.clone(),
                Some(shards) if number.is_multiple_of(shards.stride) => format!("{}.primaries", place.name),
                _ => format!("{}.replicas", place.name),
            };
            format!("{of} {}", it.resource)
        }
        _ => format!("{} {}", place.name, it.resource),
    }
}

fn sharding(model: &Model, place: &Place) -> Option<Sharding> {
    place.endpoints.clone().find_map(|endpoint| model.endpoints[endpoint as usize].shards)
}

/// The bottleneck law: no simulation finds more.
fn bounds(model: &Model, demands: &Demands, page: &mut Page) {
    let rates = rates(model, demands);
    let total: f64 = rates.iter().sum();
    page.heading("bounds of the bottleneck law, at most");
    let Some(bound) = demands.bound(model, &rates, &vec![0.0; rates.len()]) else {
        page.line(1, "nothing is limited");
        return;
    };
    page.line(1, &format!("first resource  {}", exact_name(model, bound.station)));
    page.line(1, &format!("requests        {}/s", significant(bound.factor * total, 4)));
    let users: u64 = model.groups.iter().map(users).sum();
    if users > 0 {
        let most = bound.factor * users as f64;
        page.line(1, &format!("users           {} before waiting must begin", significant(most, 4)));
    }
    let share = 100.0 / bound.factor;
    page.line(1, &format!("load of file    {}% of that", significant(share, 3)));
    let certain = Demands::certain(model).bound(model, &rates, &vec![0.0; rates.len()]);
    if certain.is_none_or(|certain| certain.factor > bound.factor * (1.0 + 1e-9)) {
        page.line(1, "errors that `on_error` catches may take load off it, and let more through");
    }
}

fn exact_name(model: &Model, station: StationId) -> String {
    let it = &model.stations[station.index()];
    let name = &model.members[it.member.index()].name;
    match it.kind {
        StationKind::Slots { .. } if it.resource == "slots" => name.clone(),
        _ => format!("{name} {}", it.resource),
    }
}

fn users(group: &Group) -> u64 {
    match &group.source {
        Source::Closed { users, .. } => u64::from(*users),
        Source::Open { .. } => 0,
    }
}

/// Requests per second of each kind: of closed groups those of users who never wait.
fn rates(model: &Model, demands: &Demands) -> Vec<f64> {
    let rate_of = |group: &Group| match &group.source {
        Source::Open { arrivals, .. } => arrivals.rate(),
        Source::Closed { users, think } => {
            let rows = group.requests.clone().map(|r| r as usize);
            let r_min: f64 = rows.map(|r| model.requests[r].share * demands.requests[r].r_min_s).sum();
            f64::from(*users) / (r_min + model.dists[think.index()].mean()).max(1e-9)
        }
    };
    let of_groups: Vec<f64> = model.groups.iter().map(rate_of).collect();
    model.requests.iter().map(|request| of_groups[request.group.index()] * request.share).collect()
}

/// `0.17 $/h each, 0.4 $/million calls`
fn price_list(prices: &Prices) -> String {
    let gib = f64::from(1 << 30);
    let list = [
        (prices.per_hour, 1.0, "/h each"),
        (prices.per_call, 1e6, "/million calls"),
        (prices.per_byte, gib, "/GiB carried"),
        (prices.per_byte_hour, gib * HOURS_PER_MONTH, "/GiB kept a month"),
    ];
    let stated = list.into_iter().filter(|(price, ..)| *price > 0.0);
    let told = stated.map(|(price, units, of)| {
        format!("{} {}{of}", trimmed(&significant(price * units, 4)), prices.currency)
    });
    told.collect::<Vec<_>>().join(", ")
}

/// The bill of the places themselves, before anybody asks for anything.
fn costs(model: &Model, page: &mut Page) {
    let Some(bill) = Bill::of(model) else { return };
    page.heading("cost of a month (730 h)");
    let row = |name: &str, amount: f64| vec![name.to_owned(), money(amount, None, &bill.currency)];
    let mut rows: Vec<_> =
        bill.by_place.iter().filter(|(_, x)| *x > 0.0).map(|(name, x)| row(name, *x)).collect();
    if rows.len() != 1 {
        rows.push(row("total", bill.per_month));
    }
    page.table(1, &rows);
    if by_usage(model) {
        page.line(1, "and what is paid for calls and bytes, which depends on the load: `knee run` counts it");
    }
}

fn business(model: &Model, page: &mut Page) {
    let Some(business) = &model.business else { return };
    page.heading("business, as assumed and not measured");
    let of = business.endpoint.map_or("every request".to_owned(), |endpoint| model.endpoint_name(endpoint));
    let reference = business.reference_s.map_or("its mean when nobody waits".to_owned(), seconds);
    page.line(1, &format!("{of}  brings {}", money(business.revenue_per_request, None, &business.currency)));
    page.line(
        1,
        &format!("{}% less with every 100 ms above {reference}", round(business.lost_per_100ms * 100.0)),
    );
}

fn objectives(model: &Model, page: &mut Page) {
    if model.objectives.is_empty() {
        return;
    }
    page.heading("objectives");
    for objective in &model.objectives {
        let of = model.objective_subject(objective);
        let warns = if objective.warns { "  (warns)" } else { "" };
        page.line(1, &format!("{of}  {}{warns}", objective.text));
    }
}

fn study(model: &Model, page: &mut Page) {
    let study = &model.study;
    page.heading("study");
    let span = |span: Option<Span>, none: &str| span.map_or(none.to_owned(), |span| seconds(span.as_secs()));
    let precision = study.precision.iter().map(|(of, width)| {
        let name = match of {
            Statistic::Mean => "mean".to_owned(),
            Statistic::Quantile(q) => format!("p{}", (q * 1e6).round() / 1e4),
        };
        format!("{name} to {}", listing::percent(*width))
    });
    let timed = model.has_time().then(|| study.duration.unwrap_or_else(|| model.duration()));
    let length = match (study.requests.filter(|_| timed.is_none()), timed.or(study.duration)) {
        (Some(requests), _) => format!("{requests} requests a replication"),
        (None, Some(duration)) => format!("{} a replication", seconds(duration.as_secs())),
        (None, None) => format!("until {}", precision.collect::<Vec<_>>().join(", ")),
    };
    page.line(1, &format!("seed          {}", study.seed));
    page.line(1, &format!("length        {length}"));
    page.line(1, &format!("warm-up       {}", span(study.warmup, "found by MSER-5")));
    page.line(1, &format!("replications  {}", study.replications));
    page.line(1, &format!("budget        {} events a point", study.budget));
}
