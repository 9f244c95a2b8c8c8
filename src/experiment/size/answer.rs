//! The answer to "how many of what", in the shape of its JSON.

use serde::Serialize;

use crate::experiment::answer::{Axis, Estimate, Found};
use crate::model::Goal;

/// Why a limit has no interval: the objectives hold as far as it was simulated, and this is where a resource is exhausted.
pub const AT_MOST: &str = "at most, by the bottleneck law";

/// The cheapest configurations that meet the objectives, one a milestone.
#[derive(Clone, Debug, Serialize)]
pub struct Sizing {
    /// Version of knee.
    pub knee: &'static str,
    /// Name of the model.
    pub model: String,
    /// Seed of everything.
    pub seed: u64,
    /// Hash of the model and the options that change results.
    pub digest: String,
    /// What milestones are counted in.
    pub axis: Axis,
    /// `$`, `EUR`; `None` where the model states no prices, and costs count replicas.
    pub currency: Option<String>,
    /// The most that the busiest resource of a place may be used, in [0, 1].
    pub headroom: f64,
    /// Objectives must hold with any one replica lost.
    pub survive_replica: bool,
    /// What could be chosen.
    pub knobs: Vec<KnobRow>,
    /// The latency that reports show: index into `checks` of a configuration, and its name.
    pub subject: Subject,
    /// Configurations in the full grid.
    pub grid: u64,
    /// Events simulated for all milestones.
    pub events: u64,
    /// One a milestone, in ascending order of load.
    pub milestones: Vec<MilestoneRow>,
}

/// A knob.
#[derive(Clone, Debug, Serialize)]
pub struct KnobRow {
    /// Where in the model.
    pub path: String,
    /// As they would stand in the file.
    pub values: Vec<String>,
    /// It changes what the model costs.
    pub costs: bool,
}

/// The latency that charts and tables show.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    /// The endpoint, or `total`.
    pub endpoint: String,
    /// `p95`
    pub statistic: String,
    /// The objective, in seconds.
    pub bar_s: Option<f64>,
    /// Which of the checks of a configuration; `None`: p95 of all requests.
    #[serde(skip)]
    pub check: Option<usize>,
}

/// One milestone.
#[derive(Clone, Debug, Serialize)]
pub struct MilestoneRow {
    /// The load on the axis.
    pub at: f64,
    /// How it was asked for: `10,000 users`, `400/s`, `1.5x`.
    pub label: String,
    /// The cheapest configuration that was confirmed.
    pub winner: Option<Configuration>,
    /// How far it carries.
    pub limit_at: Option<Found>,
    /// The busiest resource of the winner, or what that one waits for: what to change first.
    pub cause: Option<String>,
    /// Index into the winner's checks of the one with the least room.
    pub tightest: Option<usize>,
    /// The dearest of those next to the winner that cost less, and what it misses.
    pub next_cheaper: Option<Missed>,
    /// The next one in cost that meets everything.
    pub runner_up: Option<Configuration>,
    /// Where nothing meets everything: the one that misses least.
    pub least_violation: Option<Configuration>,
    /// Everything that was simulated, in ascending order of cost.
    pub tried: Vec<Configuration>,
    /// How much was done.
    pub counts: Counts,
    /// What a reader should know.
    pub remarks: Vec<String>,
}

/// A configuration that will not do.
#[derive(Clone, Debug, Serialize)]
pub struct Missed {
    /// Values of the knobs.
    pub values: Vec<String>,
    /// What it costs.
    pub cost: f64,
    /// Why not, in words.
    pub why: String,
}

/// How many configurations there were, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Simulated.
    pub simulated: u64,
    /// Ruled out by the bottleneck law.
    pub excluded: u64,
    /// Cheaper than the winner, and neither simulated nor ruled out: less of something than what failed with plenty of all else.
    pub deferred: u64,
    /// Events simulated.
    pub events: u64,
}

/// One configuration, as simulated.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    /// Values of the knobs, in their order.
    pub values: Vec<String>,
    /// Money a month, or replicas.
    pub cost: f64,
    /// Whether it will do.
    pub verdict: Verdict,
    /// p95 of all requests, in seconds.
    pub p95_s: Estimate,
    /// What was asked, and what came out.
    pub checks: Vec<Check>,
    /// The busiest resource of all places.
    pub busiest: Option<Busiest>,
    /// Requests simulated in the last look, all replications.
    pub requests: u64,
    /// How far it misses, as a share of what is missed; 0 where it misses nothing, infinite where nothing was observed.
    pub violation: f64,
    /// What it misses, or cannot be told from missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// None costs less at this latency, nor is faster at this cost.
    pub frontier: bool,
}

/// A resource and how busy it is.
#[derive(Clone, Debug, Serialize)]
pub struct Busiest {
    /// `web cores`
    pub name: String,
    /// In [0, 1].
    pub utilization: Estimate,
}

/// One objective of one configuration.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The endpoint, or `total`.
    pub endpoint: String,
    /// As written.
    pub objective: String,
    /// What came out: seconds, a share, or per second.
    pub estimate: Estimate,
    /// Room to the bar as a share of it; negative where it is broken.
    pub room: f64,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The place of which a replica was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub without: Option<String>,
    /// What it is about.
    #[serde(skip)]
    pub goal: Goal,
}

/// Whether something will do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval is on the right side.
    Meets,
    /// The bar lies within the interval.
    #[default]
    Undecided,
    /// The whole interval is on the wrong side.
    Fails,
}
