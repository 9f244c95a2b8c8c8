//! Closed forms beside their simulated values, where a model is one of the systems that have them.

use super::answer::{Estimate, ExactRow};
use super::rounds::Job;
use super::rows::{self, z_against};
use crate::model::{Balance, Discipline, Model, Op, Resource, Sharing, Source, StationKind};
use crate::queueing::{ClosedNetwork, Mg1, Mmc, Station};

/// A whole model that is one queue with Poisson arrivals.
struct OneQueue {
    rate_per_s: f64,
    service_s: f64,
    scv: f64,
    servers: u32,
    exponential: bool,
    lifo: bool,
    shared: bool,
}

/// Every quantity of the model that has a closed form.
pub fn rows(job: &Job) -> Vec<ExactRow> {
    let model = &job.model;
    if let Some(queue) = one_queue(model) {
        return of_queue(job, &queue);
    }
    closed_network(job).unwrap_or_default()
}

/// Recognises one open Poisson stream, one endpoint, one member (or one central queue), one piece of work.
fn one_queue(model: &Model) -> Option<OneQueue> {
    let [group] = &model.groups[..] else { return None };
    let [request] = &model.requests[..] else { return None };
    if request.via.is_some() {
        return None;
    }
    let Source::Open { arrivals, .. } = &group.source else { return None };
    if !arrivals.is_poisson() || group.timeout.is_some() {
        return None;
    }
    let endpoint = &model.endpoints[request.endpoint.index()];
    let place = &model.places[endpoint.place.index()];
    let central = model.balancers[endpoint.balancer.index()].policy == Balance::Central;
    if place.members.len() != 1 && !central {
        return None;
    }
    let member = &model.members[place.members.start as usize];
    let work = |dist: crate::ids::DistId| &model.dists[dist.index()];
    let program = &model.ops[endpoint.entry as usize..];
    let queue = |dist: crate::ids::DistId, servers, discipline, shared| OneQueue {
        rate_per_s: arrivals.rate(),
        service_s: work(dist).mean(),
        scv: work(dist).scv(),
        servers,
        exponential: work(dist).is_exponential(),
        lifo: discipline == Discipline::Lifo,
        shared,
    };
    match *program {
        [Op::Acquire(Resource::Own(0)), Op::Work(dist) | Op::Cpu(dist), Op::End, ..]
            if member.cores.is_none() =>
        {
            let station = &model.stations[member.stations.start as usize];
            match station.kind {
                StationKind::Slots { capacity, queue: None, patience: None, discipline } => {
                    Some(queue(dist, capacity, discipline, false))
                }
                _ => None,
            }
        }
        [Op::Cpu(dist), Op::End, ..] => match model.stations[member.cores?.index()].kind {
            StationKind::Cores { cores, sharing: Sharing::Shared } => {
                Some(queue(dist, cores, Discipline::Fifo, true))
            }
            StationKind::Cores { cores, sharing: Sharing::Fifo(d) } => Some(queue(dist, cores, d, false)),
            StationKind::Cores { .. } | StationKind::Slots { .. } | StationKind::Locks { .. } => None,
        },
        _ => None,
    }
}

fn of_queue(job: &Job, q: &OneQueue) -> Vec<ExactRow> {
    let place =
        &job.model.places[job.model.endpoints[job.model.requests[0].endpoint.index()].place.index()].name;
    let summaries = job.summaries();
    let pooled = &job.gathered.as_ref().expect("a settled job").pooled.total.right;
    let latency = rows::distribution(pooled, summaries, |s| s.total.latency);
    let wait = rows::mean(summaries, |s| s.places.first().map_or(f64::NAN, |p| p.wait.mean));
    let row = |law: &str, quantity: &str, exact: f64, simulated: &Estimate| ExactRow {
        place: place.clone(),
        law: law.to_owned(),
        quantity: quantity.to_owned(),
        exact,
        simulated: simulated.clone(),
        z: z_against(simulated, exact, summaries.len()),
    };
    let mut found = Vec::new();
    if q.exponential && (!q.shared || q.servers == 1) {
        if let Ok(exact) = Mmc::new(q.rate_per_s, q.service_s, q.servers) {
            let law = match (q.shared, q.lifo) {
                (true, _) => "M/M/1-PS".to_owned(),
                (false, true) => format!("M/M/{}-LIFO", q.servers),
                (false, false) => format!("M/M/{}", q.servers),
            };
            found.push(row(&law, "latency_s.mean", exact.response_mean_s(), &latency.mean));
            found.push(row(&law, "wait_s.mean", exact.wait_mean_s(), &wait));
            if !q.shared && !q.lifo {
                found.push(row(&law, "latency_s.p95", exact.response_quantile_s(0.95), &latency.p95));
                found.push(row(&law, "latency_s.p99", exact.response_quantile_s(0.99), &latency.p99));
            }
        }
    } else if q.servers == 1 {
        // Processor sharing does not see the law of the work beyond its mean.
        let scv = if q.shared { 1.0 } else { q.scv };
        if let Ok(exact) = Mg1::new(q.rate_per_s, q.service_s, scv) {
            let law = if q.shared { "M/G/1-PS" } else { "M/G/1" };
            found.push(row(law, "latency_s.mean", exact.response_mean_s(), &latency.mean));
            found.push(row(law, "wait_s.mean", exact.wait_mean_s(), &wait));
        }
    }
    found
}

/// One closed population over stations with a product form: first come, first served with one exponential law, or processor
/// sharing on one core, or no limit at all.
fn closed_network(job: &Job) -> Option<Vec<ExactRow>> {
    let model = &job.model;
    let [group] = &model.groups[..] else { return None };
    let Source::Closed { users, think } = group.source else { return None };
    if group.timeout.is_some() || model.requests.iter().any(|request| request.via.is_some()) {
        return None;
    }
    let mut stations = Vec::new();
    let mut queued_s = 0.0;
    for endpoint in &model.endpoints {
        let place = &model.places[endpoint.place.index()];
        let demand: f64 = mean_visits(job, endpoint);
        if demand == 0.0 {
            continue;
        }
        if place.members.len() != 1 || place.endpoints.len() != 1 {
            return None;
        }
        let member = &model.members[place.members.start as usize];
        let (dist, station) = match model.ops[endpoint.entry as usize..] {
            [Op::Acquire(Resource::Own(0)), Op::Work(dist) | Op::Cpu(dist), Op::End, ..]
                if member.cores.is_none() =>
            {
                (dist, Some(member.stations.start))
            }
            [Op::Cpu(dist), Op::End, ..] if member.cores.is_some() => (dist, member.cores.map(|c| c.0)),
            [Op::Work(dist), Op::End, ..] => (dist, None),
            // An orchestrator that holds nothing and works not at all may call the others in turn.
            _ if only_calls(model, endpoint.entry) && member.stations.is_empty() => continue,
            _ => return None,
        };
        let law = &model.dists[dist.index()];
        let seconds = demand * law.mean();
        queued_s += seconds;
        stations.push(match station.map(|s| &model.stations[s as usize].kind) {
            None => Station::delay(seconds),
            Some(StationKind::Slots { capacity, queue: None, patience: None, .. })
                if law.is_exponential() =>
            {
                Station::queue(seconds, *capacity)
            }
            Some(StationKind::Cores { cores: 1, sharing: Sharing::Shared }) => Station::queue(seconds, 1),
            Some(StationKind::Cores { cores, sharing: Sharing::Fifo(_) }) if law.is_exponential() => {
                Station::queue(seconds, *cores)
            }
            Some(_) => return None,
        });
    }
    if queued_s == 0.0 {
        return None;
    }
    let think_s = model.dists[think.index()].mean();
    let exact = ClosedNetwork::new(think_s, &stations).ok()?.solve(users);
    let summaries = job.summaries();
    let throughput = rows::mean(summaries, |s| s.total.right / s.window_s);
    let pooled = &job.gathered.as_ref()?.pooled.total.right;
    let response = rows::distribution(pooled, summaries, |s| s.total.latency).mean;
    let row = |quantity: &str, exact: f64, simulated: Estimate| ExactRow {
        place: "total".into(),
        law: "MVA".into(),
        quantity: quantity.into(),
        exact,
        z: z_against(&simulated, exact, summaries.len()),
        simulated,
    };
    Some(vec![
        row("throughput_per_s", exact.throughput_per_s, throughput),
        row("latency_s.mean", exact.response_s, response),
    ])
}

/// Calls to an endpoint per request of the only group.
fn mean_visits(job: &Job, endpoint: &crate::model::Endpoint) -> f64 {
    let model = &job.model;
    let at =
        model.endpoints.iter().position(|e| std::ptr::eq(e, endpoint)).expect("one of the model's endpoints");
    let visits = |r: usize| {
        job.demands.requests[r].visits.get(&crate::ids::EndpointId(at as u32)).copied().unwrap_or(0.0)
    };
    (0..model.requests.len()).map(|r| model.requests[r].share * visits(r)).sum()
}

/// A program that only makes plain calls, one after the other, possibly repeated.
fn only_calls(model: &Model, entry: u32) -> bool {
    for op in &model.ops[entry as usize..] {
        match *op {
            Op::Call { first, count: 1, .. } => {
                let site = &model.sites[first.index()];
                let plain = site.timeout.is_none() && site.copies == 1;
                if !plain || !matches!(site.target, crate::model::Target::Endpoint(_)) {
                    return false;
                }
            }
            Op::Repeat { .. } | Op::Again { .. } | Op::While { .. } | Op::Jump(_) | Op::Choose(_) => {}
            Op::End => return true,
            _ => return false,
        }
    }
    false
}
