//! Names: each means one thing, and is found, or the nearest one is offered.

use std::collections::HashMap;

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::ids::{EndpointId, PlaceId};
use crate::model::PlaceKind;
use crate::spec::data::Replication;
use crate::spec::decode::{At, Keys, listed};
use crate::spec::link::Link;
use crate::spec::place::{Cache, Database, External, Pool, Queue, Service};
use crate::spec::tree::shorten;

/// Top-level words of a path; nothing else may be called so.
const RESERVED: [&str; 8] = ["load", "study", "slo", "peak", "business", "knee", "name", "total"];
/// What a path may say behind a place, beside its fields.
const RESERVED_WITHIN: [&str; 3] = ["primary", "total", "members"];

/// A place that the file names, even if what it says about it could not be read.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Its section.
    pub kind: PlaceKind,
    /// Where its name stands.
    pub span: Span,
    /// Its row in the model, once it has one.
    pub place: Option<PlaceId>,
}

/// All names of places, in the order of the file, and of their endpoints.
#[derive(Debug, Default)]
pub struct Names {
    places: indexmap::IndexMap<String, Declared>,
    endpoints: HashMap<(PlaceId, String), EndpointId>,
}

/// A call from one endpoint to another.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Who calls.
    pub from: EndpointId,
    /// Whom.
    pub to: EndpointId,
    /// Where it is written.
    pub span: Span,
    /// Attempts in all.
    pub attempts: u32,
}

/// Calls within calls deeper than this are surely a mistake, and would cost the stack of whoever follows them.
const DEPTH_MAX: usize = 100;
/// More ways through the calls than this cannot be followed one by one.
const WAYS_MAX: usize = 1_000_000;

/// What a kind of place is called.
#[must_use]
pub fn noun(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Service => "service",
        PlaceKind::External => "external",
        PlaceKind::Database => "database",
        PlaceKind::Cache => "cache",
        PlaceKind::Pool => "pool",
        PlaceKind::Queue => "queue",
        PlaceKind::Replication => "replication",
        PlaceKind::Link => "link",
    }
}

fn with_article(kind: PlaceKind) -> String {
    let article = if kind == PlaceKind::External { "an" } else { "a" };
    format!("{article} {}", noun(kind))
}

fn keys_of(kind: PlaceKind) -> Keys {
    match kind {
        PlaceKind::Service => Service::KEYS,
        PlaceKind::External => External::KEYS,
        PlaceKind::Database => Database::KEYS,
        PlaceKind::Cache => Cache::KEYS,
        PlaceKind::Pool => Pool::KEYS,
        PlaceKind::Queue => Queue::KEYS,
        PlaceKind::Replication => Replication::KEYS,
        PlaceKind::Link => Link::KEYS,
    }
}

impl Compiler<'_> {
    /// Declares the names of all places, so that references may stand before definitions.
    pub(super) fn declare(&mut self) {
        let spec = self.spec;
        let mut all: Vec<(&At<String>, PlaceKind)> = Vec::new();
        all.extend(
            spec.services.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Service)),
        );
        all.extend(
            spec.externals.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::External)),
        );
        all.extend(
            spec.databases.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Database)),
        );
        all.extend(
            spec.caches.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Cache)),
        );
        all.extend(spec.links.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Link)));
        all.extend(spec.pools.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Pool)));
        all.extend(
            spec.queues.iter().flat_map(|s| &s.value.entries).map(|(name, _)| (name, PlaceKind::Queue)),
        );
        for (name, kind) in all {
            self.declare_place(name, kind);
        }
    }

    fn declare_place(&mut self, name: &At<String>, kind: PlaceKind) {
        self.check_name_of(name, noun(kind));
        if RESERVED.contains(&name.value.as_str()) {
            let message = format!("a {} cannot be called `{}`", noun(kind), name.value);
            self.error(name.span, message, format!("`{}` means that section of the model", name.value));
        }
        let declared = Declared { kind, span: name.span, place: None };
        if let Some(first) = self.names.places.get(&name.value) {
            let message =
                format!("`{}` is {} and {}", name.value, with_article(first.kind), with_article(kind));
            let first_span = first.span;
            self.sink.push(
                Diagnostic::error(name.span, message)
                    .label("names are unique over all sections")
                    .other(first_span, "named here first"),
            );
            return;
        }
        self.names.places.insert(name.value.clone(), declared);
    }

    /// What is no place must not be called like one, nor like a section.
    pub(super) fn refuse_name_of_place(&mut self, name: &At<String>, what: &str) {
        if RESERVED.contains(&name.value.as_str()) {
            let message = format!("{what} cannot be called `{}`", name.value);
            self.error(name.span, message, format!("`{}` means that section of the model", name.value));
        }
        if let Some(first) = self.names.places.get(&name.value) {
            let message = format!("`{}` is {} and {what}", name.value, with_article(first.kind));
            let first_span = first.span;
            self.sink.push(
                Diagnostic::error(name.span, message)
                    .label("names are unique over all sections")
                    .other(first_span, "named here first"),
            );
        }
    }

    /// A name must not look like a path or a number.
    pub(super) fn check_name_of(&mut self, name: &At<String>, what: &str) {
        let text = name.value.as_str();
        let reason = if text.is_empty() {
            "a name has at least one character"
        } else if text.len() > 100 {
            "a name has at most 100 characters"
        } else if text.contains(|c: char| c.is_whitespace() || c.is_control() || ".=/\\,:".contains(c)) {
            "a name has no spaces, dots, slashes, commas, colons and equals signs, since paths are made of names"
        } else if text.parse::<f64>().is_ok() {
            "a number behind a dot means a replica or a step"
        } else {
            return;
        };
        self.error(name.span, format!("`{}` cannot name {what}", shorten(text)), reason);
    }

    /// An endpoint must not be called like a field beside it.
    pub(super) fn check_endpoint_name(&mut self, place: &str, kind: PlaceKind, name: &At<String>) {
        let what = if kind == PlaceKind::Database { "a query" } else { "an endpoint" };
        self.check_name_of(name, what);
        let keys = keys_of(kind);
        let key = name.value.as_str();
        let meaning = if keys.known.contains(&key) || keys.later.contains(&key) {
            format!("`{place}.{key}` means that field of the {}", noun(kind))
        } else if RESERVED_WITHIN.contains(&key) {
            format!("`{place}.{key}` means a part of the {}", noun(kind))
        } else {
            return;
        };
        self.error(name.span, format!("{what} cannot be called `{key}`"), meaning);
    }

    /// Notes the row of a place.
    pub(super) fn place_is(&mut self, name: &str, place: PlaceId) {
        if let Some(declared) = self.names.places.get_mut(name) {
            declared.place = Some(place);
        }
    }

    /// Whether this entry, and not an earlier one of the same name, is the one that counts.
    pub(super) fn is_declared_at(&self, name: &At<String>) -> bool {
        self.names.places.get(&name.value).is_some_and(|declared| declared.span == name.span)
    }

    /// Notes the row of an endpoint.
    pub(super) fn endpoint_is(&mut self, place: PlaceId, name: &str, endpoint: EndpointId) {
        self.names.endpoints.insert((place, name.to_owned()), endpoint);
    }

    /// A place by name, of one of these kinds. `None` where something was reported, now or before.
    pub(super) fn find_place(&mut self, name: &At<String>, kinds: &[PlaceKind]) -> Option<PlaceId> {
        let wanted = kinds.iter().map(|kind| noun(*kind)).collect::<Vec<_>>().join(" or ");
        match self.names.places.get(&name.value) {
            Some(declared) if kinds.contains(&declared.kind) => declared.place,
            Some(declared) => {
                let message = format!("`{}` is {}", name.value, with_article(declared.kind));
                let span = declared.span;
                self.sink.push(
                    Diagnostic::error(name.span, message)
                        .label(format!("expected a {wanted}"))
                        .other(span, "named here"),
                );
                None
            }
            None => {
                self.unknown_place(name.span, &name.value, kinds);
                None
            }
        }
    }

    fn unknown_place(&mut self, span: Span, name: &str, kinds: &[PlaceKind]) {
        let of_kind: Vec<&str> = self
            .names
            .places
            .iter()
            .filter(|(_, it)| kinds.contains(&it.kind))
            .map(|(name, _)| name.as_str())
            .collect();
        let wanted = kinds.iter().map(|kind| noun(*kind)).collect::<Vec<_>>().join(" or ");
        let help = match nearest(name, of_kind.iter().copied()) {
            Some(near) => {
                let kind = self.names.places[near].kind;
                Some(format!("{} with a similar name exists: `{near}`", with_article(kind)))
            }
            None if of_kind.is_empty() => Some(format!("the model has no {wanted}")),
            None => Some(format!("there are {}", listed(&of_kind, 8))),
        };
        let diagnostic = Diagnostic::error(span, format!("unknown {wanted} `{}`", shorten(name)));
        self.sink.push(diagnostic.help_if(help));
    }

    /// An endpoint by its full name. `kinds` are the places it may live at, `word` the step that asks them.
    pub(super) fn find_endpoint(&mut self, target: &At<String>, kinds: &[PlaceKind]) -> Option<EndpointId> {
        let (place_name, endpoint_name) = target.value.split_once('.').unwrap_or((&target.value, ""));
        let Some(declared) = self.names.places.get(place_name).copied() else {
            self.unknown_place(target.span, place_name, kinds);
            return None;
        };
        if !kinds.contains(&declared.kind) {
            self.wrong_kind(target, place_name, declared);
            return None;
        }
        let place = declared.place?;
        if let Some(endpoint) = self.names.endpoints.get(&(place, endpoint_name.to_owned())) {
            return Some(*endpoint);
        }
        let (article, what) =
            if declared.kind == PlaceKind::Database { ("a", "query") } else { ("an", "endpoint") };
        let names: Vec<&str> =
            self.model.endpoints_of(place).map(|(_, endpoint)| endpoint.name.as_str()).collect();
        let help = match nearest(endpoint_name, names.iter().copied()) {
            Some(near) => format!("one with a similar name exists: `{place_name}.{near}`"),
            None => format!("`{place_name}` has {}", listed(&names, 8)),
        };
        let message = match endpoint_name {
            "" => format!("`{}` names no {what}", shorten(&target.value)),
            _ => format!("`{place_name}` has no {what} `{}`", shorten(endpoint_name)),
        };
        self.sink.push(
            Diagnostic::error(target.span, message)
                .label(format!("expected `{}.` and the name of {article} {what}", shorten(place_name)))
                .help(help),
        );
        None
    }

    /// `call` for a query, and the like: say which step asks that place.
    fn wrong_kind(&mut self, target: &At<String>, place_name: &str, declared: Declared) {
        let mend = match declared.kind {
            PlaceKind::Database => format!("write `query: {}`", target.value),
            PlaceKind::Service | PlaceKind::External => format!("write `call: {}`", target.value),
            PlaceKind::Cache => format!("write `get: {place_name}`"),
            PlaceKind::Pool => format!("write `hold: {place_name}` around steps"),
            PlaceKind::Queue => format!("write `send: {place_name}`"),
            PlaceKind::Replication => unreachable!("nobody names the way to the replicas"),
            PlaceKind::Link => format!("write `transfer: {{over: {place_name}, size: 100KiB}}`"),
        };
        let message = format!("`{place_name}` is {}", with_article(declared.kind));
        self.sink.push(Diagnostic::error(target.span, message).help(mend).other(declared.span, "named here"));
    }

    /// The calls of each endpoint.
    pub(super) fn call_graph(&self) -> Vec<Vec<Edge>> {
        let mut graph: Vec<Vec<Edge>> = vec![Vec::new(); self.model.endpoints.len()];
        for edge in &self.edges {
            graph[edge.from.index()].push(*edge);
        }
        graph
    }

    /// Reports endpoints that call themselves by way of others: such a call never ends. Also calls nested so deeply, or in so
    /// many ways, that whoever follows them would run out of stack or of patience.
    pub(super) fn refuse_call_loops(&mut self) {
        let graph = self.call_graph();
        let mut seen = vec![Seen::New; graph.len()];
        for start in 0..graph.len() {
            if matches!(seen[start], Seen::New) {
                self.walk(start, &graph, &mut seen);
            }
        }
        self.refuse_excess(&graph, &seen);
    }

    /// Depth first without recursion, since call chains may be long.
    fn walk(&mut self, start: usize, graph: &[Vec<Edge>], seen: &mut [Seen]) {
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        seen[start] = Seen::OnPath;
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(edge) = graph[node].get(*next) else {
                seen[node] = reach(&graph[node], seen);
                path.pop();
                continue;
            };
            *next += 1;
            let to = edge.to.index();
            match seen[to] {
                Seen::New => {
                    seen[to] = Seen::OnPath;
                    path.push((to, 0));
                }
                Seen::OnPath => {
                    let from = path.iter().position(|(node, _)| *node == to).unwrap_or(0);
                    self.report_loop(
                        edge.span,
                        path[from..].iter().map(|(node, _)| EndpointId(*node as u32)).collect(),
                    );
                }
                Seen::Done { .. } => {}
            }
        }
    }

    fn report_loop(&mut self, span: Span, path: Vec<EndpointId>) {
        let mut names: Vec<_> = path.iter().map(|endpoint| self.endpoint_name(*endpoint)).collect();
        names.push(names[0].clone());
        if names.len() > 8 {
            let left_out = names.len() - 6;
            names.splice(4..4 + left_out, ["…".to_owned()]);
        }
        self.error(span, format!("a loop of calls: {}", names.join(" -> ")), "this call closes it");
    }

    /// Reports the first endpoint from which calls go too deep or too many ways.
    fn refuse_excess(&mut self, graph: &[Vec<Edge>], seen: &[Seen]) {
        let excess = |seen: &Seen| match *seen {
            Seen::Done { depth, .. } if depth > DEPTH_MAX => {
                Some(format!("calls within calls, {depth} deep"))
            }
            Seen::Done { ways, .. } if ways > WAYS_MAX => {
                Some(format!("calls that can go more than {WAYS_MAX} ways"))
            }
            _ => None,
        };
        let first =
            seen.iter().zip(graph).find_map(|(seen, calls)| Some((excess(seen)?, calls.last()?.span)));
        if let Some((message, span)) = first {
            self.error(span, message, format!("expected at most {DEPTH_MAX} deep and {WAYS_MAX} ways"));
        }
    }
}

/// How deep and in how many ways calls go on from an endpoint, its own callees being done.
fn reach(calls: &[Edge], seen: &[Seen]) -> Seen {
    let (mut depth, mut ways) = (1, 1usize);
    for edge in calls {
        if let Seen::Done { depth: below, ways: more } = seen[edge.to.index()] {
            depth = depth.max(below + 1);
            ways = ways.saturating_add(more);
        }
    }
    Seen::Done { depth, ways }
}

/// How far an endpoint has been followed.
#[derive(Clone, Copy)]
enum Seen {
    New,
    OnPath,
    /// Calls below it are nested so deep, itself included, and can go so many ways.
    Done {
        depth: usize,
        ways: usize,
    },
}
