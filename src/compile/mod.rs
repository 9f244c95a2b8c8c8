//! From the model file to the compiled model: names resolved, meaning checked, defaults filled in.
//!
//! [`load`] is the one entrance. It touches no file: the text comes in, and columns of empirical distributions are asked
//! for through a closure. All faults of a file come at once.

mod caches;
mod calls;
mod classes;
mod contention;
mod data;
mod digest;
mod flow;
pub mod growth;
pub mod knobs;
mod laws;
mod links;
mod load;
mod lookups;
mod money;
mod names;
mod nearest;
mod parallel;
mod places;
mod pools;
mod program;
mod queries;
pub mod ranked;
mod regions;
mod study;
#[cfg(test)]
mod tests;
mod tiers;
mod timed;
mod variants;
mod warnings;

use std::collections::HashMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span};
use crate::ids::{DistId, EndpointId, PlaceId};
use crate::model::{self, Model};
use crate::spec::decode::{At, Decode};
use crate::spec::quantity::Seconds;
use crate::spec::tree::{self, Node};
use crate::spec::{Spec, set};

/// The most replicas and resources a model may have, all places together.
pub const MEMBERS_MAX: usize = 100_000;
/// The most steps a model may compile to.
pub const OPS_MAX: usize = 1_000_000;

/// Reads a file named in a model, relative to it. The error is a phrase for people.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// What became of a model file.
#[derive(Debug)]
pub struct Loaded {
    /// The compiled model, unless there was an error.
    pub model: Option<Model>,
    /// Errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
    /// Hash of what the file says, comments, layout and variants aside, with the settings and the data files it reads.
    pub digest: String,
    /// The names of its variants, in the order of the file.
    pub variants: Vec<String>,
    /// Where each objective of the model stands.
    pub objectives: Vec<Span>,
    /// Where the first time stands, if anything happens at a given time.
    pub timed: Option<Span>,
    /// Numbers that are not known exactly, in the order of the file.
    pub unsure: Vec<ranked::Unsure>,
    /// What may be chosen, and among which values.
    pub knobs: Vec<knobs::Knob>,
    /// How its load grows, if it says so.
    pub growth: Option<growth::Growth>,
}

/// Compiles a model file.
///
/// `name` is the path of the file as messages should show it; `sets` are pairs of a path in the model and its new value, as
/// of `--set web.replicas=8`.
#[must_use]
pub fn load(bytes: &[u8], name: &str, sets: &[(String, String)], read_file: ReadFile<'_>) -> Loaded {
    load_variant(bytes, name, None, sets, read_file)
}

/// Compiles a variant of a model file, or the file itself; `sets` come on top. A variant that there is not is an error.
#[must_use]
pub fn load_variant(
    bytes: &[u8],
    name: &str,
    variant: Option<&str>,
    sets: &[(String, String)],
    read_file: ReadFile<'_>,
) -> Loaded {
    let mut sources = Sources::default();
    let mut sink = Diagnostics::default();
    let mut digest = digest::Digest::default();
    let (mut variants, mut knobs, mut unsure) = (Vec::new(), Vec::new(), Vec::new());
    let (mut section, mut growth) = (None, None);
    let tree = read(bytes, name, &mut sources, &mut sink).map(|mut tree| {
        let uncertain = ranked::take_uncertain(&mut tree, &mut sink);
        let all = variants::take(&mut tree, &mut sink);
        variants = all.iter().map(|(name, _)| name.value.clone()).collect();
        let asked = knobs::take(&mut tree, &mut sink);
        variants::choose(&mut tree, &all, variant, &mut sink);
        for (path, value) in sets {
            set::apply(&mut tree, path, value, &mut sources, &mut sink);
        }
        // After the settings, so that `--set growth.monthly=8%` asks what would be.
        section = growth::take(&mut tree, &mut sink);
        growth = section.as_ref().and_then(|section| growth::check(&tree, section, &mut sink));
        unsure = ranked::unsure(&tree, &uncertain, &mut sink);
        knobs = knobs::check(&tree, &asked, &mut sink);
        digest.tree(&tree);
        tree
    });
    let model = tree.and_then(|tree| compile(&tree, name, read_file, &mut digest, &mut sink));
    if let (Some(whole), Some(section)) = (&model, &section) {
        growth::check_load(&whole.model, section, &mut sink);
    }
    let whole = model.filter(|_| !sink.has_errors());
    let timed = whole.as_ref().and_then(|whole| whole.timed);
    let (model, objectives) = whole.map(|whole| (whole.model, whole.objectives)).unzip();
    let objectives = objectives.unwrap_or_default();
    let (diagnostics, digest) = (sink.into_sorted(), digest.finish());
    Loaded { model, diagnostics, sources, digest, variants, objectives, timed, unsure, knobs, growth }
}

/// A number of a model file.
#[derive(Debug)]
pub struct Found {
    /// As written; empty where the file has none there. `None`: there can be none, as reported.
    pub number: Option<String>,
    /// What is wrong with the file or the path.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// The number that a path of a model file means, after the changes of a variant and the settings. `flag` is what asked for it and `text` what it said, the
/// path first: what is wrong with the path is reported there.
#[must_use]
pub fn number_at(
    bytes: &[u8],
    name: &str,
    variant: Option<&str>,
    sets: &[(String, String)],
    path: &str,
    (flag, text): (&str, &str),
) -> Found {
    let mut sources = Sources::default();
    let mut sink = Diagnostics::default();
    let number = read(bytes, name, &mut sources, &mut sink).and_then(|mut tree| {
        ranked::take_uncertain(&mut tree, &mut sink);
        let all = variants::take(&mut tree, &mut sink);
        variants::choose(&mut tree, &all, variant, &mut sink);
        for (path, value) in sets {
            set::apply(&mut tree, path, value, &mut sources, &mut sink);
        }
        set::number_at(&mut tree, path, flag, text, &mut sources, &mut sink)
    });
    Found { number: number.filter(|_| !sink.has_errors()), diagnostics: sink.into_sorted(), sources }
}

/// What can be turned in a model file, after the changes of a variant and the settings: the knobs `asked` for, or all that are
/// found, each moved by the share `step`.
#[must_use]
pub fn turns(
    bytes: &[u8],
    name: &str,
    variant: Option<&str>,
    sets: &[(String, String)],
    asked: &[ranked::Asked],
    step: f64,
) -> ranked::Turns {
    let mut sources = Sources::default();
    let mut sink = Diagnostics::default();
    let turns = read(bytes, name, &mut sources, &mut sink).map(|mut tree| {
        ranked::take_uncertain(&mut tree, &mut sink);
        let all = variants::take(&mut tree, &mut sink);
        variants::choose(&mut tree, &all, variant, &mut sink);
        for (path, value) in sets {
            set::apply(&mut tree, path, value, &mut sources, &mut sink);
        }
        ranked::turns(&mut tree, asked, step, &mut sources, &mut sink)
    });
    ranked::Turns { turns: turns.filter(|_| !sink.has_errors()), diagnostics: sink.into_sorted(), sources }
}

/// The file as a tree, if it is YAML at all.
fn read(bytes: &[u8], name: &str, sources: &mut Sources, sink: &mut Diagnostics) -> Option<Node> {
    if bytes.len() > tree::TEXT_MAX {
        let source = sources.add(name, "");
        let message = format!("the file is larger than {} MiB", tree::TEXT_MAX >> 20);
        sink.push(
            Diagnostic::error(Span { source, ..Span::default() }, message).label("expected a model in YAML"),
        );
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let source = sources.add(name, &valid);
            let end = sources.source(Span { source, ..Span::default() }).text.len() as u32;
            let message = format!("not a text file: byte {} is not UTF-8", error.valid_up_to());
            sink.push(
                Diagnostic::error(Span { source, start: end, end }, message)
                    .label("expected a model in YAML"),
            );
            return None;
        }
    };
    let source = sources.add(name, text);
    tree::read(sources, source, sink)
}

fn compile(
    tree: &Node,
    name: &str,
    read_file: ReadFile<'_>,
    digest: &mut digest::Digest,
    sink: &mut Diagnostics,
) -> Option<Whole> {
    if tree.value == tree::Value::Null {
        sink.push(
            Diagnostic::error(tree.span, "the model is empty")
                .help("`knee new` writes a model to start from"),
        );
        return None;
    }
    let spec = Spec::decode(tree, sink)?;
    if let Some(version) = &spec.knee
        && version.value.0 != 1
    {
        let message = format!("version {} of the language is unknown", version.value.0);
        sink.push(Diagnostic::error(version.span, message).label("this is version 1"));
    }
    let whole = !sink.has_errors();
    let compiler = Compiler::new(&spec, name, whole, read_file, digest, sink);
    compiler.run()
}

/// A model, and where parts of it stand.
struct Whole {
    model: Model,
    objectives: Vec<Span>,
    timed: Option<Span>,
}

/// What an endpoint does, as written.
#[derive(Clone, Copy)]
enum Body<'a> {
    /// The steps of a service or an external.
    Steps(&'a crate::spec::step::Block),
    /// A query.
    Query(Work<'a>, QueryBody),
    /// Steps that take nothing of the place they belong to.
    Aside(&'a crate::spec::step::Block),
    /// A write on its way to a replica, and there to the site that applies it.
    Ship {
        lag: Option<&'a At<crate::spec::law::Law>>,
        to: Option<crate::ids::SiteId>,
        versions: crate::ids::VersionsId,
        copy: u32,
    },
    /// The work of a replica for a write of its primary.
    Apply(&'a At<crate::spec::law::Law>),
    /// A look-up, of no time where none is stated.
    Lookup(Option<&'a At<crate::spec::law::Law>>),
    /// A transfer over a link.
    Transfer(links::Sending),
    /// Something that was reported.
    Broken,
}

/// The time of a query.
#[derive(Clone, Copy)]
enum Work<'a> {
    /// As stated.
    Stated(&'a At<crate::spec::law::Law>),
    /// It follows from sizes: one time, or one after the other.
    Sized(DistId, Option<DistId>),
}

/// What a query does beside its work.
#[derive(Clone, Copy)]
struct QueryBody {
    is_write: bool,
    /// What it locks meanwhile.
    lock: Option<crate::spec::data::Lock>,
    /// What it reads or writes by key, and where a write is shipped to.
    versions: Option<crate::ids::VersionsId>,
    ship: Option<crate::ids::SiteId>,
}

/// Builds a [`Model`] from a [`Spec`]. What it cannot make sense of is reported and left out.
struct Compiler<'a> {
    spec: &'a Spec,
    /// The file was read without a fault, so what is absent was left out.
    whole: bool,
    read_file: ReadFile<'a>,
    digest: &'a mut digest::Digest,
    sink: &'a mut Diagnostics,
    model: Model,
    names: names::Names,
    classes: classes::Classes,
    /// One a place: where its name stands.
    place_spans: Vec<Span>,
    /// One an endpoint.
    endpoint_spans: Vec<Span>,
    bodies: Vec<Body<'a>>,
    /// Of each cache: what decides its hits, and what its callers do on a miss.
    caches: HashMap<PlaceId, caches::CacheUse<'a>>,
    /// Of each database: what its optimistic writers compare.
    optimistic: HashMap<PlaceId, crate::ids::VersionsId>,
    /// Which endpoint of its link each `transfer` step is, by where it stands.
    transfers: HashMap<Span, EndpointId>,
    regions: regions::Regions<'a>,
    /// Of each database that is read from the nearest replica: where they are.
    near: HashMap<PlaceId, nearest::Near>,
    /// Who calls whom, and where.
    edges: Vec<names::Edge>,
    /// Calls made while a slot of a pool is held.
    calls_within: Vec<warnings::CallWithin>,
    /// Timeouts and deadlines of calls.
    patience: Vec<warnings::Patience>,
    /// One a group: where its name stands, and its timeout.
    group_spans: Vec<Span>,
    group_timeouts: Vec<Option<Span>>,
    /// One an objective: where it stands.
    objective_spans: Vec<Span>,
    /// The currency of the file, and where it stands first.
    money: Option<(String, Span)>,
    /// Where the times of changes stand.
    times: Vec<At<Seconds>>,
}

impl<'a> Compiler<'a> {
    fn new(
        spec: &'a Spec,
        name: &str,
        whole: bool,
        read_file: ReadFile<'a>,
        digest: &'a mut digest::Digest,
        sink: &'a mut Diagnostics,
    ) -> Self {
        let stem = std::path::Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or("model");
        let name = spec.name.as_ref().map_or(stem, |name| name.value.as_str());
        Self {
            spec,
            whole,
            read_file,
            digest,
            sink,
            model: empty_model(name),
            names: names::Names::default(),
            classes: classes::Classes::default(),
            place_spans: Vec::new(),
            endpoint_spans: Vec::new(),
            bodies: Vec::new(),
            caches: HashMap::new(),
            optimistic: HashMap::new(),
            transfers: HashMap::new(),
            regions: regions::Regions::default(),
            near: HashMap::new(),
            edges: Vec::new(),
            calls_within: Vec::new(),
            patience: Vec::new(),
            group_spans: Vec::new(),
            group_timeouts: Vec::new(),
            objective_spans: Vec::new(),
            money: None,
            times: Vec::new(),
        }
    }

    fn run(mut self) -> Option<Whole> {
        self.check_name();
        self.declare();
        self.regions();
        self.places();
        // Requests from elsewhere have programs of their own, which stand before those of the endpoints.
        self.load();
        self.programs();
        self.refuse_call_loops();
        self.business();
        self.objectives();
        self.study();
        self.timeline();
        if self.sink.has_errors() {
            return None;
        }
        tiers::filter(&mut self.model);
        self.warnings();
        self.rank_classes();
        let timed = self.times.first().map(|at| at.span);
        Some(Whole { model: self.model, objectives: self.objective_spans, timed })
    }

    /// The name becomes a folder of results.
    fn check_name(&mut self) {
        if let Some(name) = &self.spec.name
            && (name.value.is_empty()
                || name.value.len() > 100
                || name.value.contains(['/', '\\', '\0'])
                || name.value.starts_with('.'))
        {
            let message = format!("a model cannot be called `{}`", tree::shorten(&name.value));
            self.sink
                .push(Diagnostic::error(name.span, message).label("expected a name that a folder can have"));
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, label: impl Into<String>) {
        self.sink.push(Diagnostic::error(span, message).label(label));
    }

    fn endpoint_name(&self, endpoint: EndpointId) -> String {
        self.model.endpoint_name(endpoint)
    }
}

fn empty_model(name: &str) -> Model {
    Model {
        name: name.to_owned(),
        groups: Vec::new(),
        requests: Vec::new(),
        places: Vec::new(),
        members: Vec::new(),
        stations: Vec::new(),
        balancers: Vec::new(),
        endpoints: Vec::new(),
        ops: Vec::new(),
        sites: Vec::new(),
        dists: Vec::new(),
        counts: Vec::new(),
        tables: Vec::new(),
        keys: Vec::new(),
        versions: Vec::new(),
        stores: Vec::new(),
        notes: Default::default(),
        round_trips: Vec::new(),
        pools: Vec::new(),
        connects: Vec::new(),
        classes: Vec::new(),
        objectives: Vec::new(),
        business: None,
        peak: None,
        study: model::Study {
            seed: 1,
            precision: Vec::new(),
            requests: None,
            duration: None,
            warmup: None,
            replications: 1,
            budget: 0,
        },
        changes: Vec::new(),
        holds_max: 0,
        loops_max: 0,
    }
}
