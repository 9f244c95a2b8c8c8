//! Programs in words, as a reader checks them.

use super::{
    Balance, Discipline, Jitter, Model, OnError, OnWrite, Op, Pc, PlaceKind, Resource, Sharing, Site,
    StationKind, Target,
};
use crate::ids::{DistId, EndpointId, PlaceId, SiteId, StationId, StoreId, TableId};
use crate::units::Span;

/// The program of an endpoint, one op a line, addresses counted from its entry.
#[must_use]
pub fn program(model: &Model, endpoint: EndpointId) -> Vec<String> {
    let entry = model.endpoints[endpoint.index()].entry;
    let after = model.endpoints.iter().map(|e| e.entry).filter(|&e| e > entry).min();
    let end = after.unwrap_or(model.ops.len() as Pc);
    let writer = Writer { model, entry, place: model.endpoints[endpoint.index()].place };
    (entry..end).map(|pc| format!("{:>3}  {}", pc - entry, writer.op(model.ops[pc as usize]))).collect()
}

struct Writer<'m> {
    model: &'m Model,
    entry: Pc,
    place: PlaceId,
}

impl Writer<'_> {
    fn op(&self, op: Op) -> String {
        match op {
            Op::Acquire(resource) => format!("take {}", self.resource(resource)),
            Op::Release => "give back".to_owned(),
            Op::Open(dist) => format!("connect {}, unless it is open", self.dist(dist)),
            Op::Work(dist) => format!("work {}{}", self.dist(dist), self.note(dist)),
            Op::Cpu(dist) if self.model.places[self.place.index()].kind == PlaceKind::Link => {
                format!("send {}{}", self.dist(dist), self.note(dist))
            }
            Op::Cpu(dist) => format!("cpu {}{}", self.dist(dist), self.note(dist)),
            Op::Call { first, count, need } => self.call(first, count, need),
            Op::Lookup { place, table, miss } => {
                let place = &self.model.places[place.index()].name;
                format!("{place} hits {}, else to {}", self.share(table, 0), self.at(miss))
            }
            Op::Send { first, count } => self.call(first, count, count).replacen("call", "send", 1),
            Op::Key(draw) => {
                let draw = &self.model.keys[draw.index()];
                match draw.name {
                    Some(_) => format!("key `{}` of the request, from {}", draw.label, draw.law),
                    None => format!("key from {}", draw.law),
                }
            }
            Op::Commit { versions, first } => {
                let it = &self.model.versions[versions.index()];
                match it.copies {
                    0 => format!("a new version in {}", self.model.places[it.place.index()].name),
                    copies => {
                        let to = self.site(&self.model.sites[first.index()]);
                        format!("a new version, to {copies} copies by {to}")
                    }
                }
            }
            Op::Read(_) => "read its version".to_owned(),
            Op::Apply { .. } => "now the replica has it".to_owned(),
            Op::Get { store, miss, .. } => {
                let it = &self.model.stores[store.index()];
                let wait = if it.coalesce.is_some() { ", waiting for who loads it" } else { "" };
                format!(
                    "{} has it, else to {}{wait}",
                    self.model.places[it.place.index()].name,
                    self.at(miss)
                )
            }
            Op::Fill { store, .. } => format!("store it in {}", self.cache(store)),
            Op::Put(store) => {
                let what = match self.model.stores[store.index()].on_write {
                    OnWrite::Invalidate => "drop it from",
                    OnWrite::WriteThrough | OnWrite::WriteBack => "replace it in",
                    OnWrite::Nothing => "leave it in",
                };
                format!("{what} {}", self.cache(store))
            }
            Op::Choose(table) => format!("choose {}", self.shares(table)),
            Op::Jump(to) => format!("to {}", self.at(to)),
            Op::Repeat { times, end } => {
                format!("repeat {} times, then to {}", self.model.counts[times.0 as usize], self.at(end))
            }
            Op::Again { start } => format!("again from {}", self.at(start)),
            Op::While { table, end } => format!("while {}, then to {}", self.share(table, 0), self.at(end)),
            Op::Snapshot(_) => "note its version".to_owned(),
            Op::Validate { done, .. } => format!("write, if nobody else has, and to {}", self.at(done)),
            Op::Fail(table) => format!("fail {}", self.share(table, 0)),
            Op::Reach => "fail if it is lost".to_owned(),
            Op::End => "end".to_owned(),
        }
    }

    fn call(&self, first: SiteId, count: u32, need: u32) -> String {
        let sites: Vec<_> = (first.0..first.0 + count).map(|i| &self.model.sites[i as usize]).collect();
        let all: u32 = sites.iter().map(|site| site.copies).sum();
        let shown: Vec<_> = sites.iter().take(8).map(|site| self.site(site)).collect();
        let more = if sites.len() > 8 { format!(" and {} more", sites.len() - 8) } else { String::new() };
        let quorum = match () {
            () if all == 1 => String::new(),
            () if need == all => "all of ".to_owned(),
            () => format!("{need} of {all} of "),
        };
        format!("call {quorum}{}{more}", shown.join(" | "))
    }

    /// An endpoint at a shard, or at the replicas of a region.
    fn part(&self, endpoint: EndpointId, part: u32) -> String {
        let (it, name) = (&self.model.endpoints[endpoint.index()], self.model.endpoint_name(endpoint));
        if it.shards.is_some() {
            return format!("{name} at shard {}", part + 1);
        }
        let members = self.model.balancers[it.balancer.index() + part as usize].members.clone();
        let names: Vec<&str> = members.map(|m| self.model.members[m as usize].name.as_str()).collect();
        format!("{name} at {}", names.join(", "))
    }

    fn site(&self, site: &Site) -> String {
        let mut text = match site.target {
            Target::Endpoint(endpoint) => self.model.endpoint_name(endpoint),
            Target::Beside(endpoint) => format!("its own {}", self.model.endpoint_name(endpoint)),
            Target::Part(endpoint, part) => self.part(endpoint, part),
            Target::Member(endpoint, member) => {
                let name = &self.model.endpoints[endpoint.index()].name;
                format!("{}.{name}", self.model.members[member.index()].name)
            }
            Target::Branch(pc) => format!("steps at {}", self.at(pc)),
        };
        if site.copies > 1 {
            text = format!("{} x {text}", site.copies);
        }
        if site.at_once < site.copies {
            text += &format!(" {} at once", site.at_once);
        }
        if let Some(timeout) = site.timeout {
            text += &format!(" timeout {}", self.dist(timeout));
        }
        if site.attempts > 1 {
            text += &format!(" attempts {}", site.attempts);
        }
        if let Some(backoff) = site.backoff {
            let jitter = match backoff.jitter {
                Jitter::None => "",
                Jitter::Full => " full jitter",
                Jitter::Equal => " equal jitter",
            };
            let (first, max) = (Span::from_secs(backoff.first), Span::from_secs(backoff.max));
            text += &format!(" backoff {first} x{} up to {max}{jitter}", backoff.factor);
        }
        match site.on_error {
            OnError::Raise => {}
            OnError::Continue => text += " on error go on",
            OnError::Fallback(pc) => text += &format!(" on error to {}", self.at(pc)),
        }
        if site.cancel {
            text += " cancelling";
        }
        if let Some(class) = site.class {
            text += &format!(" priority {}", self.model.classes[usize::from(class)]);
        }
        text
    }

    fn cache(&self, store: StoreId) -> &str {
        &self.model.places[self.model.stores[store.index()].place.index()].name
    }

    fn at(&self, pc: Pc) -> i64 {
        i64::from(pc) - i64::from(self.entry)
    }

    fn dist(&self, dist: DistId) -> String {
        self.model.dists[dist.index()].to_string()
    }

    /// `  (round trip eu - us)`
    fn note(&self, dist: DistId) -> String {
        self.model.notes.get(&dist).map_or(String::new(), |note| format!("  ({note})"))
    }

    fn share(&self, table: TableId, outcome: usize) -> String {
        percent(self.model.tables[table.index()].shares[outcome])
    }

    fn shares(&self, table: TableId) -> String {
        let shares = &self.model.tables[table.index()].shares;
        shares.iter().map(|share| percent(*share)).collect::<Vec<_>>().join(", ")
    }

    fn resource(&self, resource: Resource) -> String {
        match resource {
            Resource::Own(k) => {
                let first = self.model.places[self.place.index()].members.start;
                let station = self.model.members[first as usize].stations.start + k;
                self.model.stations[station as usize].resource.to_owned()
            }
            Resource::OwnLock(_) => "the lock of its row".to_owned(),
            Resource::SharedLock(station) => format!("the lock of its key of {}", self.place_of(station)),
            Resource::Shared(station) => format!("a slot of {}", self.place_of(station)),
            Resource::PerMember { first } => format!("a slot of its own {}", self.place_of(first)),
        }
    }

    fn place_of(&self, station: StationId) -> &str {
        let member = self.model.stations[station.index()].member;
        &self.model.places[self.model.members[member.index()].place.index()].name
    }
}

/// `80%`, to six digits.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{}%", (share * 1e8).round() / 1e6)
}

/// How a resource serves, in words: `64, fifo, queue 256, leave after 2s`.
#[must_use]
pub fn station(model: &Model, kind: &StationKind) -> String {
    match kind {
        StationKind::Slots { capacity, queue, patience, discipline } => {
            let queue = queue.map_or("any number may wait".to_owned(), |queue| match queue {
                0 => "none may wait".to_owned(),
                n => format!("{n} may wait"),
            });
            let patience = patience
                .map_or(String::new(), |dist| format!(", leaving after {}", model.dists[dist.index()]));
            format!("{capacity}, {}, {queue}{patience}", discipline_name(*discipline))
        }
        StationKind::Locks { capacity, patience } => {
            let patience = patience
                .map_or(String::new(), |dist| format!(", leaving after {}", model.dists[dist.index()]));
            format!("one a key, fifo; they carry what {capacity} equal keys would{patience}")
        }
        StationKind::Cores { cores, sharing } => match sharing {
            Sharing::Shared => format!("{cores}, shared"),
            Sharing::Contended(law) => format!(
                "{cores}, shared, contention {}, coherency {}",
                percent(law.contention),
                percent(law.coherency)
            ),
            Sharing::Fifo(discipline) => format!("{cores}, one a call, {}", discipline_name(*discipline)),
            Sharing::Preemptive => format!("{cores}, one a call, preemptive"),
        },
    }
}

fn discipline_name(discipline: Discipline) -> &'static str {
    match discipline {
        Discipline::Fifo => "fifo",
        Discipline::Lifo => "lifo",
        Discipline::Priority => "priority",
    }
}

/// How a balancer chooses, as in the model file.
#[must_use]
pub fn balance(balance: Balance) -> String {
    match balance {
        Balance::RoundRobin => "round-robin".to_owned(),
        Balance::Random => "random".to_owned(),
        Balance::LeastRequests => "least-requests".to_owned(),
        Balance::PowerOf(d) => format!("power-of-{d}"),
        Balance::Weighted => "weighted".to_owned(),
        Balance::Sticky => "sticky: user".to_owned(),
        Balance::Central => "central".to_owned(),
    }
}
