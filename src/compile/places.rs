//! Places, their members and resources, and the balancers before them.

use super::data::Layout;
use super::nearest::Group;
use super::{Body, Compiler, MEMBERS_MAX};
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{BalancerId, DistId, EndpointId, MemberId, PlaceId, StationId};
use crate::model::{
    Balance, Balancer, Class, Discipline, Endpoint, Member, Place, PlaceKind, Sharing, Station, StationKind,
    listing,
};
use crate::spec::data::Lock;
use crate::spec::decode::{At, Named};
use crate::spec::place::{self as spec, Replicas, Scheduling};
use crate::spec::quantity::{Cost, Limit};
use crate::units::Span as Length;

/// Some equal replicas, with what the service says filled in.
#[derive(Clone, Copy, Debug)]
struct Replica {
    count: u64,
    cores: Option<u32>,
    workers: Option<u32>,
    weight: f64,
}

/// The resource that a query takes which locks the table.
pub(super) const TABLE_LOCK: &str = "table lock";

/// How a slot of a place is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub queue: Option<u32>,
    pub patience: Option<DistId>,
    pub discipline: Discipline,
}

impl Waiting {
    /// First come, first served, any number.
    const FIFO: Self = Self { queue: None, patience: None, discipline: Discipline::Fifo };

    pub fn slots(self, capacity: u32) -> StationKind {
        let Self { queue, patience, discipline } = self;
        StationKind::Slots { capacity, queue, patience, discipline }
    }
}

impl<'a> Compiler<'a> {
    /// Compiles all sections, services before caches and pools last: they refer to them.
    pub(super) fn places(&mut self) {
        let spec = self.spec;
        for (name, service) in spec.services.iter().flat_map(|section| section.value.iter()) {
            self.service(name, service);
        }
        for (name, external) in spec.externals.iter().flat_map(|section| section.value.iter()) {
            self.external(name, external);
        }
        for (name, database) in spec.databases.iter().flat_map(|section| section.value.iter()) {
            self.database(name, database);
        }
        for (name, cache) in spec.caches.iter().flat_map(|section| section.value.iter()) {
            self.cache(name, cache);
        }
        self.links();
        for (name, queue) in spec.queues.iter().flat_map(|section| section.value.iter()) {
            self.queue(name, queue);
        }
        self.all_pools();
    }

    fn service(&mut self, name: &At<String>, service: &'a At<spec::Service>) {
        let it = &service.value;
        let Some(place) = self.open(name, PlaceKind::Service, it.cost.as_ref()) else { return };
        self.place_in_region(place, it.region.as_ref());
        self.needs_workers(it);
        let workers = self.limit(it.workers.as_ref(), "worker");
        let cores = self.limit(it.cores.as_ref(), "core");
        let replicas = self.replicas(it, workers, cores);
        let waiting = Waiting {
            queue: it.queue.as_ref().and_then(|queue| self.room(queue)),
            patience: it.queue_timeout.as_ref().and_then(|law| self.dist(law)),
            discipline: discipline(it),
        };
        let sharing = self.sharing(it, &replicas);
        let total: u64 = replicas.iter().map(|replica| replica.count).sum();
        let is_central = it.balance.as_ref().is_some_and(|b| b.value == spec::Balance::Central) && total > 1;
        let pooled = is_central.then(|| pooled_workers(&replicas, waiting));
        self.members(name, place, &replicas, waiting, sharing, pooled);
        let balancer = self.balancer(place, it.balance.as_ref());
        let default = self.class(it.priority.as_ref());
        self.endpoints(name, place, PlaceKind::Service, balancer, default, it.endpoints.as_ref());
        self.close(place);
    }

    /// `queue` and its kin say how to wait for a worker, so there must be workers.
    fn needs_workers(&mut self, it: &spec::Service) {
        let limited = |limit: &Option<At<Limit>>| limit.as_ref().is_some_and(|limit| limit.value.0.is_some());
        let in_groups = match it.replicas.as_ref().map(|replicas| &replicas.value) {
            Some(Replicas::List(groups)) => groups.iter().any(|group| limited(&group.value.workers)),
            _ => false,
        };
        if !self.whole || limited(&it.workers) || in_groups {
            return;
        }
        let queue =
            it.queue.as_ref().filter(|queue| queue.value.0.is_some()).map(|queue| ("queue", queue.span));
        let patience = it.queue_timeout.as_ref().map(|patience| ("queue_timeout", patience.span));
        let central = it
            .balance
            .as_ref()
            .filter(|b| b.value == spec::Balance::Central)
            .map(|b| ("balance: central", b.span));
        for (key, span) in [queue, patience, central].into_iter().flatten() {
            let message = format!("`{key}` without `workers`");
            self.sink.push(
                Diagnostic::error(span, message)
                    .label("nothing queues where the workers are not limited")
                    .help("say how many calls a replica works on at once: `workers: 64`"),
            );
        }
        let needs_cores =
            it.cores.is_none() && !matches!(it.replicas.as_ref().map(|r| &r.value), Some(Replicas::List(_)));
        if let Some(d) = &it.discipline
            && needs_cores
            && !matches!(d.value, spec::Discipline::Fifo | spec::Discipline::Preemptive)
        {
            self.error(
                d.span,
                "`discipline` without `workers` or `cores`",
                "nothing queues where nothing is limited",
            );
        }
    }

    /// Replicas in groups of equals; one where their number was reported, so that the place stands.
    fn replicas(&mut self, it: &spec::Service, workers: Option<u32>, cores: Option<u32>) -> Vec<Replica> {
        let one = Replica { count: 1, cores, workers, weight: 1.0 };
        let groups = match it.replicas.as_ref() {
            None => vec![one],
            Some(At { span, value: Replicas::Count(count) }) => {
                let count = self.check_count(*count, "replicas", *span).map_or(1, |()| *count);
                vec![Replica { count, ..one }]
            }
            Some(At { span, value: Replicas::List(groups) }) => {
                let all: Vec<Replica> =
                    groups.iter().filter_map(|group| self.replica_group(group, workers, cores)).collect();
                if all.is_empty() && self.whole {
                    self.error(
                        *span,
                        "a list without replicas",
                        "expected at least one group such as `{count: 2, cores: 4}`",
                    );
                }
                self.all_or_none(*span, &all);
                self.weights(it, *span, &all);
                all
            }
        };
        if groups.is_empty() { vec![one] } else { groups }
    }

    fn replica_group(
        &mut self,
        group: &At<spec::ReplicaGroup>,
        workers: Option<u32>,
        cores: Option<u32>,
    ) -> Option<Replica> {
        let it = &group.value;
        let count = it.count.as_ref().map_or(1, |count| count.value.0);
        self.check_count(count, "replicas", it.count.as_ref().map_or(group.span, |count| count.span))?;
        Some(Replica {
            count,
            cores: self.limit(it.cores.as_ref(), "core").or(cores),
            workers: self.limit(it.workers.as_ref(), "worker").or(workers),
            weight: it.weight.as_ref().map_or(1.0, |weight| weight.value.0),
        })
    }

    pub(super) fn check_count(&mut self, count: u64, what: &str, span: Span) -> Option<()> {
        if count == 0 {
            self.error(span, format!("no {what}"), "expected at least 1");
            return None;
        }
        let present = self.model.members.len() + self.model.stations.len();
        if count as usize > MEMBERS_MAX.saturating_sub(present) {
            let message = format!("{count} {what} are too many");
            self.error(span, message, format!("a model has at most {MEMBERS_MAX} replicas and resources"));
            return None;
        }
        Some(())
    }

    /// Members of one place have the same resources, in the same order.
    fn all_or_none(&mut self, span: Span, groups: &[Replica]) {
        for (what, count) in [
            ("cores", groups.iter().filter(|group| group.cores.is_some()).count()),
            ("workers", groups.iter().filter(|group| group.workers.is_some()).count()),
        ] {
            if count != 0 && count != groups.len() {
                let message = format!("some replicas have limited {what} and some do not");
                self.error(span, message, format!("expected `{what}` for all of them, or in the service"));
            }
        }
    }

    fn weights(&mut self, it: &spec::Service, span: Span, groups: &[Replica]) {
        let weighted = it.balance.as_ref().is_some_and(|balance| balance.value == spec::Balance::Weighted);
        let sum: f64 = groups.iter().map(|group| group.weight * group.count as f64).sum();
        if weighted && !groups.is_empty() && !(sum > 0.0 && sum.is_finite()) {
            self.error(span, "the weights of the replicas sum to 0", "expected a weight above 0");
        }
        if !weighted && groups.iter().any(|group| group.weight != 1.0) {
            self.sink.push(Diagnostic::warning(span, "`weight` has no effect without `balance: weighted`"));
        }
    }

    /// A number of workers or cores, if it is limited at all.
    pub(super) fn limit(&mut self, limit: Option<&At<Limit>>, what: &str) -> Option<u32> {
        let limit = limit?;
        match limit.value.0? {
            0 => {
                self.error(limit.span, format!("no {what}s"), "expected at least 1, or `unlimited`");
                None
            }
            n => self.small(n, limit.span),
        }
    }

    /// How many may wait; `None` where any number may.
    pub(super) fn room(&mut self, limit: &At<Limit>) -> Option<u32> {
        self.small(limit.value.0?, limit.span)
    }

    pub(super) fn small(&mut self, n: u64, span: Span) -> Option<u32> {
        const MAX: u64 = 1_000_000_000;
        if n > MAX {
            self.error(span, format!("{n} is too many"), format!("expected at most {MAX}, or `unlimited`"));
            return None;
        }
        Some(n as u32)
    }

    fn sharing(&mut self, it: &spec::Service, replicas: &[Replica]) -> Sharing {
        let has_cores = replicas.iter().any(|replica| replica.cores.is_some());
        if self.whole && !has_cores {
            if let Some(scheduling) = &it.scheduling {
                self.error(
                    scheduling.span,
                    "`scheduling` without `cores`",
                    "say how many cores there are: `cores: 4`",
                );
            }
            if let Some(At { span, value: spec::Discipline::Preemptive }) = &it.discipline {
                self.sink.push(
                    Diagnostic::error(*span, "`preemptive` without `cores`")
                        .label("only a core can be taken from a running call")
                        .help("write `priority` to let higher priorities go first at the workers"),
                );
            }
        }
        self.check_contention(it, has_cores);
        let fifo = it.scheduling.as_ref().is_some_and(|scheduling| scheduling.value == Scheduling::Fifo);
        match it.discipline.as_ref().map(|discipline| discipline.value) {
            _ if !fifo => self.contention(it).map_or(Sharing::Shared, Sharing::Contended),
            Some(spec::Discipline::Preemptive) => Sharing::Preemptive,
            _ => Sharing::Fifo(discipline(it)),
        }
    }

    fn members(
        &mut self,
        name: &At<String>,
        place: PlaceId,
        replicas: &[Replica],
        waiting: Waiting,
        sharing: Sharing,
        pooled: Option<StationKind>,
    ) {
        let total: u64 = replicas.iter().map(|replica| replica.count).sum();
        let is_pooled = pooled.is_some();
        let mut first = pooled;
        let each = replicas.iter().flat_map(|replica| std::iter::repeat_n(replica, replica.count as usize));
        for (i, replica) in each.enumerate() {
            let own =
                if is_pooled { first.take() } else { replica.workers.map(|workers| waiting.slots(workers)) };
            let mut kinds: Vec<(&'static str, StationKind)> =
                own.map(|kind| ("workers", kind)).into_iter().collect();
            kinds.extend(replica.cores.map(|cores| ("cores", StationKind::Cores { cores, sharing })));
            let member_name =
                if total == 1 { name.value.clone() } else { format!("{}.{}", name.value, i + 1) };
            if !self.member(place, member_name, replica.weight, kinds, name.span) {
                return;
            }
        }
    }

    /// Adds a member with its resources; `false` when the model has grown too large.
    pub(super) fn member(
        &mut self,
        place: PlaceId,
        name: String,
        weight: f64,
        kinds: Vec<(&'static str, StationKind)>,
        span: Span,
    ) -> bool {
        if self.model.members.len() + self.model.stations.len() + kinds.len() >= MEMBERS_MAX {
            let message = "too many replicas and resources in all places together";
            self.error(span, message, format!("a model has at most {MEMBERS_MAX}"));
            return false;
        }
        let member = MemberId(self.model.members.len() as u32);
        let first = self.model.stations.len() as u32;
        let is_cores = |kind: &StationKind| matches!(kind, StationKind::Cores { .. });
        let cores = kinds.iter().position(|(_, kind)| is_cores(kind)).map(|i| StationId(first + i as u32));
        self.model.stations.extend(kinds.into_iter().map(|(resource, kind)| Station {
            resource,
            member,
            kind,
        }));
        let stations = first..self.model.stations.len() as u32;
        self.model.members.push(Member { name, place, weight, stations, cores });
        true
    }

    /// A balancer over all members of a place.
    pub(super) fn balancer(&mut self, place: PlaceId, balance: Option<&At<spec::Balance>>) -> BalancerId {
        let members = self.model.places[place.index()].members.start..self.model.members.len() as u32;
        self.balancer_over(members, balance)
    }

    pub(super) fn balancer_over(
        &mut self,
        members: std::ops::Range<u32>,
        balance: Option<&At<spec::Balance>>,
    ) -> BalancerId {
        let count = members.len() as u32;
        let policy = match balance.map_or(spec::Balance::RoundRobin, |balance| balance.value) {
            _ if count <= 1 => Balance::RoundRobin,
            spec::Balance::RoundRobin => Balance::RoundRobin,
            spec::Balance::Random | spec::Balance::PowerOf(1) => Balance::Random,
            spec::Balance::LeastRequests => Balance::LeastRequests,
            spec::Balance::PowerOf(d) => Balance::PowerOf(d.min(count)),
            spec::Balance::Weighted => Balance::Weighted,
            spec::Balance::Sticky => Balance::Sticky,
            spec::Balance::Central => Balance::Central,
        };
        self.model.balancers.push(Balancer { members, policy });
        BalancerId(self.model.balancers.len() as u32 - 1)
    }

    fn endpoints(
        &mut self,
        name: &At<String>,
        place: PlaceId,
        kind: PlaceKind,
        balancer: BalancerId,
        default: Option<Class>,
        endpoints: Option<&'a At<Named<crate::spec::step::Endpoint>>>,
    ) {
        for (endpoint_name, endpoint) in endpoints.iter().flat_map(|endpoints| &endpoints.value.entries) {
            self.check_endpoint_name(&name.value, kind, endpoint_name);
            let (body, class) = match endpoint {
                None => (Body::Broken, None),
                Some(At { value, .. }) => {
                    let body = value.steps.as_ref().map_or(Body::Broken, |steps| Body::Steps(&steps.value));
                    (body, self.class(value.priority.as_ref()))
                }
            };
            self.endpoint(place, endpoint_name, balancer, class.or(default), body);
        }
        if let Some(At { span, value }) = endpoints
            && value.entries.is_empty()
        {
            self.error(*span, format!("`{}` has no endpoint", name.value), "expected at least one");
        }
    }

    pub(super) fn endpoint(
        &mut self,
        place: PlaceId,
        name: &At<String>,
        balancer: BalancerId,
        class: Option<Class>,
        body: Body<'a>,
    ) -> EndpointId {
        let id = EndpointId(self.model.endpoints.len() as u32);
        let (name, span) = (name.value.clone(), name.span);
        let (shards, after_own_write) = (None, None);
        self.endpoint_is(place, &name, id);
        self.model.endpoints.push(Endpoint {
            name,
            place,
            balancer,
            class,
            shards,
            after_own_write,
            entry: 0,
            told: String::new(),
        });
        self.endpoint_spans.push(span);
        self.bodies.push(body);
        id
    }

    /// An endpoint without a priority of its own.
    pub(super) fn endpoint_of(
        &mut self,
        place: PlaceId,
        name: &At<String>,
        balancer: BalancerId,
        body: Body<'a>,
    ) -> EndpointId {
        self.endpoint(place, name, balancer, None, body)
    }

    fn external(&mut self, name: &At<String>, external: &'a At<spec::External>) {
        let Some(place) = self.open(name, PlaceKind::External, external.value.cost.as_ref()) else { return };
        self.place_in_region(place, external.value.region.as_ref());
        self.member(place, name.value.clone(), 1.0, Vec::new(), name.span);
        let balancer = self.balancer(place, None);
        self.endpoints(name, place, PlaceKind::External, balancer, None, external.value.endpoints.as_ref());
        self.close(place);
    }

    fn database(&mut self, name: &At<String>, database: &'a At<spec::Database>) {
        let it = &database.value;
        let Some(place) = self.open(name, PlaceKind::Database, it.cost.as_ref()) else { return };
        self.place_in_region(place, it.region.as_ref());
        let groups = self.replica_groups(it);
        let replicas = match &it.read_replicas {
            // Where their number was reported there are none, so that the place stands.
            Some(At { span, value: spec::ReadReplicas::Count(n) }) if *n > 0 => {
                self.check_count(*n, "replicas", *span).map_or(0, |()| *n as u32)
            }
            _ => groups.iter().map(Group::count).sum(),
        };
        let keys = self.key_law(it.keys.as_ref());
        let layout = self.shards(it, replicas, keys.as_ref());
        let mut resources = self.instance(it);
        match self.locked(it) {
            Some(Lock::Row) => {
                resources.extend(keys.as_ref().map(|keys| ("row locks", super::data::locks(keys, None))))
            }
            Some(Lock::Table) => resources.push((TABLE_LOCK, Waiting::FIFO.slots(1))),
            None => {}
        }
        for shard in 1..=layout.shards {
            let root =
                if layout.shards == 1 { name.value.clone() } else { format!("{}.{shard}", name.value) };
            let primary = if replicas == 0 { root.clone() } else { format!("{root}.primary") };
            let replicas: Vec<String> = match groups.as_slice() {
                [] => (1..=replicas).map(|i| format!("{root}.replica.{i}")).collect(),
                groups => {
                    groups.iter().flat_map(Group::members).map(|name| format!("{root}.{name}")).collect()
                }
            };
            for member in std::iter::once(primary).chain(replicas) {
                if !self.member(place, member, 1.0, resources.clone(), name.span) {
                    break;
                }
            }
        }
        let first = self.model.places[place.index()].members.start;
        let to_primary = self.balancers_by_shard(first..first + 1, layout, None);
        let to_reads = self.reads(place, it, first, replicas, &groups, layout).unwrap_or(to_primary);
        if to_reads != to_primary {
            self.model.places[place.index()].reads = self.reads_told(it, to_reads);
        }
        let versions = self.versions_of(place, it, keys.as_ref(), replicas);
        let applied = self.applies(name, place, it, versions);
        self.queries(name, place, it, [to_primary, to_reads], keys.is_some(), versions);
        self.close(place);
        self.keeps(place, it.size.as_ref(), it.cost.as_ref(), 1 + u64::from(replicas));
        self.place_queries(place, it, layout, versions);
        self.replication(name, place, it, versions, layout, applied);
        self.model.places[place.index()].keys = keys;
        self.failover(place, it, replicas, !groups.is_empty());
    }

    /// What the queries of a database lock.
    fn locked(&mut self, it: &spec::Database) -> Option<Lock> {
        let queries = it.queries.iter().flat_map(|queries| queries.value.iter());
        let mut locks = queries.filter_map(|(_, query)| query.value.lock.as_ref());
        let first = locks.next()?;
        if let Some(other) = locks.find(|lock| lock.value != first.value) {
            self.sink.push(
                Diagnostic::error(
                    other.span,
                    "not supported: locks of rows and of the table in one database",
                )
                .label("who locks a row would have to wait for who locks the table")
                .other(first.span, "the other kind"),
            );
        }
        Some(first.value)
    }

    /// What each instance of a database has: connections, then servers.
    fn instance(&mut self, it: &spec::Database) -> Vec<(&'static str, StationKind)> {
        let mut kinds = Vec::new();
        if let Some(connections) = self.limit(it.connections.as_ref(), "connection") {
            let queue = match it.connection_queue.as_ref() {
                None => Some(0),
                Some(limit) => self.room(limit),
            };
            kinds.push(("connections", Waiting { queue, ..Waiting::FIFO }.slots(connections)));
        } else if let Some(queue) = &it.connection_queue
            && self.whole
        {
            self.error(
                queue.span,
                "`connection_queue` without `connections`",
                "nothing queues where they are not limited",
            );
        }
        if let Some(servers) = self.limit(it.servers.as_ref(), "server") {
            kinds.push(("servers", Waiting::FIFO.slots(servers)));
        }
        kinds
    }

    /// The balancer of reads, if they do not go to the primary.
    fn reads(
        &mut self,
        place: PlaceId,
        it: &spec::Database,
        first: u32,
        replicas: u32,
        groups: &[Group],
        layout: Layout,
    ) -> Option<BalancerId> {
        let Some(reads) = &it.reads else {
            if replicas > 0 && self.whole {
                let span = it.read_replicas.as_ref().map_or(Span::default(), |replicas| replicas.span);
                self.sink.push(
                    Diagnostic::warning(span, "nothing is read from the read replicas")
                        .help("say `reads: {from: replicas}`"),
                );
            }
            return None;
        };
        let from = reads.value.from.as_ref()?.value;
        if let Some(balance) = &reads.value.balance
            && balance.value == spec::Balance::Central
        {
            self.error(
                balance.span,
                "`central` needs workers",
                "expected another way to balance for a database",
            );
        }
        let balance = reads.value.balance.as_ref();
        match from {
            spec::ReadsFrom::Primary => {
                let after = reads.value.after_own_write.as_ref().map(|after| ("after_own_write", after.span));
                let balance = balance.map(|balance| ("balance", balance.span));
                if let Some((key, span)) = balance.or(after) {
                    let message = format!("`{key}` where all reads go to the primary");
                    self.error(span, message, "expected `from: replicas` beside it");
                }
                None
            }
            _ if replicas == 0 => None,
            spec::ReadsFrom::Replicas if groups.is_empty() => {
                Some(self.balancers_by_shard(first + 1..first + 1 + replicas, layout, balance))
            }
            spec::ReadsFrom::Nearest if !groups.is_empty() => {
                self.refuse_own_writes_far_away(reads);
                Some(self.reads_nearby(place, first, groups, balance))
            }
            from => {
                let span = reads.value.from.as_ref().map_or(reads.span, |from| from.span);
                let (message, help) = if from == spec::ReadsFrom::Nearest {
                    (
                        "`nearest` without regions of the replicas",
                        "say where they are: `read_replicas: {eu: 1, us: 2}`",
                    )
                } else {
                    (
                        "not supported: reads spread over replicas in several regions",
                        "say `reads: {from: nearest}`",
                    )
                };
                self.sink.push(Diagnostic::error(span, message).help(help));
                None
            }
        }
    }

    /// Where reads go, in words.
    fn reads_told(&self, it: &spec::Database, balancer: BalancerId) -> String {
        let policy = listing::balance(self.model.balancers[balancer.index()].policy);
        let reads = it.reads.as_ref().map(|reads| &reads.value);
        if reads
            .and_then(|reads| reads.from.as_ref())
            .is_some_and(|from| from.value == spec::ReadsFrom::Nearest)
        {
            return format!("from the nearest, {policy} within a region");
        }
        let after = reads.and_then(|reads| reads.after_own_write.as_ref());
        let after = after.and_then(|after| after.value.time.as_ref()).map_or(String::new(), |time| {
            let time = Length::from_secs(time.value.0);
            format!("; from the primary for {time} after a write of the same user")
        });
        format!("from the replicas, {policy}{after}")
    }

    /// The primary may be in another region than the nearest replica, and a call site knows one way only.
    fn refuse_own_writes_far_away(&mut self, reads: &At<spec::Reads>) {
        if let Some(after) = &reads.value.after_own_write {
            self.error(
                after.span,
                "not supported: `after_own_write` beside `from: nearest`",
                "expected one of them",
            );
        }
    }

    /// Begins a place that the file does not name.
    pub(super) fn open_unnamed(&mut self, name: &At<String>, kind: PlaceKind) -> PlaceId {
        let (members, endpoints) = (self.model.members.len() as u32, self.model.endpoints.len() as u32);
        self.model.places.push(Place {
            name: name.value.clone(),
            kind,
            members: members..members,
            endpoints: endpoints..endpoints,
            keys: None,
            prices: None,
            region: None,
            bandwidth_bps: None,
            reads: String::new(),
        });
        self.place_spans.push(name.span);
        PlaceId(self.model.places.len() as u32 - 1)
    }

    /// Begins a place. `None` when its name belongs to another.
    pub(super) fn open(
        &mut self,
        name: &At<String>,
        kind: PlaceKind,
        cost: Option<&At<Cost>>,
    ) -> Option<PlaceId> {
        if !self.is_declared_at(name) {
            return None;
        }
        let place = self.open_unnamed(name, kind);
        if let Some(cost) = cost {
            self.prices(place, cost);
        }
        self.place_is(&name.value, place);
        Some(place)
    }

    /// Ends a place: what came since it was opened is its own.
    pub(super) fn close(&mut self, place: PlaceId) {
        let it = &mut self.model.places[place.index()];
        it.members.end = self.model.members.len() as u32;
        it.endpoints.end = self.model.endpoints.len() as u32;
    }
}

/// Servers with a line of any length.
pub(super) fn servers(capacity: u32) -> (&'static str, StationKind) {
    ("servers", Waiting::FIFO.slots(capacity))
}

/// Slots with a line of some length.
pub(super) fn consumers(capacity: u32, queue: Option<u32>) -> (&'static str, StationKind) {
    ("consumers", Waiting { queue, ..Waiting::FIFO }.slots(capacity))
}

fn discipline(it: &spec::Service) -> Discipline {
    match it.discipline.as_ref().map(|discipline| discipline.value) {
        None | Some(spec::Discipline::Fifo) => Discipline::Fifo,
        Some(spec::Discipline::Lifo) => Discipline::Lifo,
        Some(spec::Discipline::Priority | spec::Discipline::Preemptive) => Discipline::Priority,
    }
}

/// The workers of all replicas behind one queue, which holds as many as theirs together.
fn pooled_workers(replicas: &[Replica], waiting: Waiting) -> StationKind {
    let total = |each: &dyn Fn(&Replica) -> u64| replicas.iter().map(|r| r.count * each(r)).sum::<u64>();
    let capacity = total(&|replica| u64::from(replica.workers.unwrap_or(1)));
    let queue = waiting.queue.map(|queue| total(&|_| u64::from(queue)));
    let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Waiting { queue: queue.map(small), ..waiting }.slots(small(capacity))
}
