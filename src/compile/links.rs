//! Links, and transfers over them.
//!
//! A transfer is a call of the link: its program sends the bytes at their share of the bandwidth, then waits out the latency. The
//! size belongs to the step, so every `transfer` step is an endpoint of its own, called like the one it stands in.

use std::collections::HashMap;

use super::{Body, Compiler};
use crate::ids::{DistId, EndpointId};
use crate::model::{Op, PlaceKind, Sharing, StationKind, listing::percent};
use crate::spec::Spec;
use crate::spec::decode::At;
use crate::spec::link::{Link, Transfer};
use crate::spec::step::{Block, OnError, Parallel, Step};

/// Bits of a byte.
const BITS: f64 = 8.0;

/// The program of a transfer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sending {
    /// Time that its bytes take alone on the link.
    work: DistId,
    /// Time on the way.
    latency: Option<DistId>,
}

impl<'a> Compiler<'a> {
    /// Compiles all links, each with the transfers over it.
    pub(super) fn links(&mut self) {
        let spec = self.spec;
        let found = transfers(spec);
        for (name, link) in spec.links.iter().flat_map(|section| section.value.iter()) {
            self.link(name, link, &found);
        }
    }

    fn link(&mut self, name: &At<String>, link: &'a At<Link>, found: &[(String, &'a At<Transfer>)]) {
        let it = &link.value;
        let Some(place) = self.open(name, PlaceKind::Link, it.cost.as_ref()) else { return };
        let bandwidth = StationKind::Cores { cores: 1, sharing: Sharing::Shared };
        self.member(place, name.value.clone(), 1.0, vec![("bandwidth", bandwidth)], name.span);
        let balancer = self.balancer(place, None);
        let latency = it.latency.as_ref().and_then(|law| self.dist(law));
        if let Some(bandwidth) = &it.bandwidth {
            self.model.places[place.index()].bandwidth_bps = Some(bandwidth.value.0);
            let mut names: HashMap<&str, u32> = HashMap::new();
            let over_it = |transfer: &At<Transfer>| {
                transfer.value.over.as_ref().is_some_and(|over| over.value == name.value)
            };
            for (owner, transfer) in found.iter().filter(|(_, transfer)| over_it(transfer)) {
                let nth = names.entry(owner).or_default();
                *nth += 1;
                let called = if *nth == 1 { owner.clone() } else { format!("{owner}.{nth}") };
                let called = At { span: transfer.span, value: called };
                let body = self.sending(&transfer.value, bandwidth.value.0, latency);
                let body = body.map_or(Body::Broken, Body::Transfer);
                self.transfers.insert(transfer.span, EndpointId(self.model.endpoints.len() as u32));
                self.endpoint(place, &called, balancer, None, body);
            }
        }
        self.close(place);
    }

    fn sending(&mut self, transfer: &Transfer, bps: f64, latency: Option<DistId>) -> Option<Sending> {
        let saved = transfer.compress.as_ref().and_then(|compress| compress.value.ratio.as_ref());
        let kept = 1.0 - saved.map_or(0.0, |ratio| ratio.value.0);
        let work = self.time_of_size(transfer.size.as_ref()?, kept * BITS / bps)?;
        let bytes = bytes(self.model.dists[work.index()].mean() * bps / BITS);
        let note = match saved {
            None => format!("{bytes} on average"),
            Some(ratio) => format!("{bytes} on average, {} saved", percent(ratio.value.0)),
        };
        self.model.notes.insert(work, note);
        Some(Sending { work, latency })
    }

    /// Writes the program of a transfer, as the link runs it.
    pub(super) fn transfer_over(&mut self, it: Sending) {
        self.op(Op::Cpu(it.work));
        if let Some(latency) = it.latency {
            self.op(Op::Work(latency));
        }
    }

    /// A `transfer` step: compress, send.
    pub(super) fn transfer(&mut self, program: &mut super::program::Program<'a>, what: &'a At<Transfer>) {
        let Some(over) = &what.value.over else { return };
        let Some(place) = self.find_place(over, &[PlaceKind::Link]) else { return };
        let cpu = what.value.compress.as_ref().and_then(|compress| compress.value.cpu.as_ref());
        if let Some(dist) = cpu.and_then(|law| self.dist(law)) {
            self.model.notes.insert(dist, "to compress".to_owned());
            self.op(Op::Cpu(dist));
        }
        match self.transfers.get(&what.span).copied() {
            Some(endpoint) => self.ask(program, endpoint, place, false, over.span),
            // The link was reported, or the step stands where nobody looked for it.
            None if self.whole => {
                self.error(what.span, "not supported yet: a `transfer` here", "expected it in an endpoint");
            }
            None => {}
        }
    }
}

/// All transfers of a model, each with the name of the endpoint or cache that it stands in, in the order of the file.
fn transfers(spec: &Spec) -> Vec<(String, &At<Transfer>)> {
    let mut found = Vec::new();
    let services = spec.services.iter().flat_map(|section| section.value.iter());
    let externals = spec.externals.iter().flat_map(|section| section.value.iter());
    let endpoints = services
        .filter_map(|(name, service)| Some((name, service.value.endpoints.as_ref()?)))
        .chain(externals.filter_map(|(name, external)| Some((name, external.value.endpoints.as_ref()?))));
    for (place, endpoints) in endpoints {
        for (name, endpoint) in endpoints.value.iter() {
            let owner = format!("{}.{}", place.value, name.value);
            collect(endpoint.value.steps.as_ref().map(|steps| &steps.value), &owner, &mut found);
        }
    }
    for (name, cache) in spec.caches.iter().flat_map(|section| section.value.iter()) {
        let cache = &cache.value;
        for steps in [&cache.on_miss, &cache.write_back] {
            collect(steps.as_ref().map(|steps| &steps.value), &name.value, &mut found);
        }
    }
    for (name, queue) in spec.queues.iter().flat_map(|section| section.value.iter()) {
        collect(queue.value.body.as_ref().map(|steps| &steps.value), &name.value, &mut found);
    }
    found
}

fn collect<'a>(block: Option<&'a Block>, owner: &str, found: &mut Vec<(String, &'a At<Transfer>)>) {
    for step in block.iter().flat_map(|block| &block.0) {
        let mut inner = |block: Option<&'a At<Block>>| collect(block.map(|block| &block.value), owner, found);
        match &step.value {
            Step::Transfer(it) => found.extend(it.what.iter().map(|what| (owner.to_owned(), what))),
            Step::Parallel(it) => match it.what.as_ref().map(|what| &what.value) {
                Some(Parallel::List(branches)) => branches.iter().for_each(|branch| inner(Some(branch))),
                Some(Parallel::Fan(fan)) => inner(fan.body.as_ref()),
                None => {}
            },
            Step::Repeat(it) => inner(it.what.as_ref().and_then(|what| what.value.body.as_ref())),
            Step::Choose(it) => {
                let branches = it.branches.iter().flat_map(|branches| &branches.value);
                branches.for_each(|branch| inner(branch.value.body.as_ref()));
            }
            Step::Hold(it) => inner(it.body.as_ref()),
            Step::Optimistic(it) => inner(it.what.as_ref().and_then(|what| what.value.body.as_ref())),
            Step::Call(it) => {
                if let Some(At { value: OnError::Fallback(block), .. }) = &it.on_error {
                    collect(Some(block), owner, found);
                }
            }
            Step::Cpu(_) | Step::Delay(_) | Step::Get(_) | Step::Put(_) | Step::Send(_) | Step::Fail(_) => {}
        }
    }
}

/// `200 KiB`, to three digits.
fn bytes(count: f64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let (unit, size) = units
        .into_iter()
        .map(|(unit, bits)| (unit, f64::from(1 << bits)))
        .find(|(_, size)| count >= *size)
        .unwrap_or(("B", 1.0));
    let count = count / size;
    let digits = if count >= 99.95 {
        0
    } else if count >= 9.995 {
        1
    } else {
        2
    };
    format!("{count:.digits$} {unit}")
}
