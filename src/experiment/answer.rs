//! The answer to a study, in the shape of its JSON: every estimate with its interval, times in seconds.
//!
//! Reports render these types and compute no statistic of their own. Keys are only ever added. Maps keep the order of the model file.

use serde::Serialize;

/// An estimate with its 95 % interval.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate; `None` where there is nothing to estimate from.
    pub value: Option<f64>,
    /// Lower end; `None` where unknown.
    pub low: Option<f64>,
    /// Upper end; `None` where unknown.
    pub high: Option<f64>,
    /// Why an end is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Estimate {
    /// A number known exactly.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self { value: Some(value), low: Some(value), high: Some(value), reason: None }
    }

    /// An estimate and its interval.
    #[must_use]
    pub fn with_interval(value: f64, low: f64, high: f64) -> Self {
        Self { value: Some(value), low: Some(low), high: Some(high), reason: None }
    }

    /// An estimate whose interval is not known, and why.
    #[must_use]
    pub fn bare(value: f64, reason: &str) -> Self {
        Self { value: Some(value), reason: Some(reason.to_owned()), ..Self::default() }
    }

    /// Nothing to estimate from, and why.
    #[must_use]
    pub fn unknown(reason: &str) -> Self {
        Self { reason: Some(reason.to_owned()), ..Self::default() }
    }

    /// Half the width of the interval.
    #[must_use]
    pub fn half_width(&self) -> Option<f64> {
        Some((self.high? - self.low?) / 2.0)
    }
}

/// A distribution, summed up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// Mean.
    pub mean: Estimate,
    /// Standard deviation.
    pub sd: Estimate,
    /// Median.
    pub p50: Estimate,
    /// 90th percentile.
    pub p90: Estimate,
    /// 95th percentile.
    pub p95: Estimate,
    /// 99th percentile.
    pub p99: Estimate,
    /// 99.9th percentile.
    #[serde(rename = "p99.9")]
    pub p999: Estimate,
    /// The largest observation.
    pub max: Option<f64>,
    /// Observations after warm-up, over all replications.
    pub count: u64,
}

/// What a study found.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// Version of knee.
    pub knee: &'static str,
    /// Name of the model.
    pub model: String,
    /// Seed of everything.
    pub seed: u64,
    /// Hash of the model and the options that change results.
    pub digest: String,
    /// What the x axis is: `rate` (requests/s), `users`, or a path of the model.
    pub axis: Axis,
    /// One a load level, in ascending order.
    pub points: Vec<Point>,
    /// Where power peaks. Absent after `run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knee_at: Option<Found>,
    /// The load from which 1 % more load costs more than 1 % more p95.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elbow_at: Option<Found>,
    /// Where the first objective breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_at: Option<Found>,
    /// Where the load is no longer carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saturation_at: Option<Saturation>,
    /// Kneedle's answer, with its range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kneedle_at: Option<Kneedle>,
    /// `1 - peak / limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Estimate>,
    /// The load the model expects, on the axis of the curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak: Option<f64>,
    /// The analytic upper bound: "at most".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottleneck_law: Option<BottleneckLaw>,
    /// The bottleneck by range of load.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bottlenecks: Vec<Bottleneck>,
    /// Each objective and how far it holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slo: Vec<SloRow>,
}

/// The x axis of a curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Requests per second offered.
    Rate,
    /// Concurrent users.
    Users,
    /// Open and closed groups together: a common factor on what the file says.
    Scale,
    /// The value of a path of the model.
    Path(PathAxis),
}

/// A path of the model as an axis. Values on it are in base units: seconds, per second, shares of one, plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct PathAxis {
    /// `orders.list.rows`
    pub path: String,
    /// The unit readers are shown: `ms`, `%`, `/s`; empty for plain numbers.
    pub unit: String,
    /// One of that unit in base units: 0.001 for `ms`.
    pub unit_is: f64,
    /// Its values are evenly spaced by factors.
    pub log: bool,
}

impl PathAxis {
    /// A value in its unit: `20 ms`, `400/s`, `1000`.
    #[must_use]
    pub fn show(&self, value: f64) -> String {
        let space = if self.unit.is_empty() || self.unit.starts_with('/') { "" } else { " " };
        // Six digits hide the rounding of units.
        let number: f64 = format!("{:.5e}", value / self.unit_is).parse().unwrap_or(value);
        format!("{number}{space}{}", self.unit)
    }
}

impl Serialize for PathAxis {
    /// As its path: the values in the document are in base units.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.path)
    }
}

/// A load found on the curve.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Found {
    /// `rate`, `users`, `scale`, or the path.
    pub load: String,
    /// Where.
    #[serde(flatten)]
    pub at: Estimate,
    /// What it is about: the statistic of the knee, the objective of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Utilisation of the busiest resource there, in [0, 1], and its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<(String, f64)>,
    /// The resource that causes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// The load beyond which the swept load is no longer carried.
#[derive(Clone, Debug, Serialize)]
pub struct Saturation {
    /// `rate`, `users`, `scale`, or the path.
    pub load: String,
    /// Bracket: highest load judged stable to lowest judged saturated (open); N* with its interval (closed).
    #[serde(flatten)]
    pub at: Estimate,
    /// Right answers per second there.
    pub throughput_per_s: Estimate,
    /// The resource that saturates first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Closed loads: smallest response time R_min (s) and think time Z (s), for the asymptotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asymptotes: Option<Asymptotes>,
}

/// The two asymptotes of a closed system's throughput: `N / (R_min + Z)` and `X_max`.
#[derive(Clone, Debug, Serialize)]
pub struct Asymptotes {
    /// Response time without queueing, in seconds.
    pub r_min_s: f64,
    /// Mean think time, in seconds.
    pub think_s: f64,
    /// Highest throughput, right answers per second.
    pub x_max_per_s: f64,
}

/// Kneedle's answer.
#[derive(Clone, Debug, Serialize)]
pub struct Kneedle {
    /// Where; `None` if it found none.
    pub value: Option<f64>,
    /// The loads it was computed on: its answer depends on them.
    pub range: [f64; 2],
}

/// Upper bound on the load from the busiest resource alone.
#[derive(Clone, Debug, Serialize)]
pub struct BottleneckLaw {
    /// The place, or member.
    pub place: String,
    /// The resource.
    pub resource: String,
    /// At most so many requests per second.
    pub rate_per_s: f64,
    /// Closed loads: at most so many users before waiting must begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<f64>,
    /// Errors that `on_error` catches may take load off the resource, and let more through.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unless_errors_are_caught: bool,
}

/// The bottleneck over a range of load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bottleneck {
    /// From this load.
    pub from: f64,
    /// To this load.
    pub to: f64,
    /// The place.
    pub place: String,
    /// Its resource.
    pub resource: String,
    /// Its utilisation at `to`, in [0, 1].
    pub utilization: f64,
    /// What its holders wait for, where that is what keeps it busy: `orders connections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
}

/// One objective over the curve.
#[derive(Clone, Debug, Serialize)]
pub struct SloRow {
    /// The endpoint, or `total`.
    pub endpoint: String,
    /// As written.
    pub objective: String,
    /// The highest load at which it holds.
    pub met_up_to: Estimate,
}

/// Whether a steady state exists at a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Offered work is carried.
    Stable,
    /// Steady, but more than 1 % of requests are rejected, abandoned or timed out.
    Shedding,
    /// Too near saturation for this budget.
    #[default]
    Undecided,
    /// The backlog grows.
    Saturated,
    /// Closed, past N*.
    BeyondSaturation,
    /// Something happens at a given time: no part of the run stands for the rest.
    Transient,
}

/// One load level.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Point {
    /// The load.
    pub load: Load,
    /// Whether a steady state exists.
    pub state: State,
    /// Undecided, and not for its load: nothing is near its capacity, but the halves of the run differ, as they do while a cache fills.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub settling: bool,
    /// Growth of the number of calls in the system, per second.
    pub backlog_growth_per_s: Estimate,
    /// Where it grows, if it does.
    pub grows_at: Option<String>,
    /// For each statistic of `precision`: whether it converged.
    pub converged: indexmap::IndexMap<String, bool>,
    /// Where one did not: how many requests a replication it would take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_needed: Option<u64>,
    /// Independent replications.
    pub replications: u32,
    /// Model time each replication recorded, in seconds.
    pub duration_s: f64,
    /// Model time cut off as warm-up, in seconds.
    pub warmup_s: f64,
    /// Events simulated, all replications.
    pub events: u64,
    /// Requests, all replications, after warm-up.
    pub counts: Counts,
    /// By endpoint asked.
    pub requests: indexmap::IndexMap<String, RequestRow>,
    /// Over all requests.
    pub total: RequestRow,
    /// By place.
    pub places: indexmap::IndexMap<String, PlaceRow>,
    /// What happens, and when, from the end of the warm-up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeRow>,
    /// Window by window, where something happens at a given time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<TimelineRow>,
    /// What makes slow requests slow. Only of a steady load that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tail: Option<Tail>,
    /// What it costs at this load, where the model states prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostRow>,
    /// What it loses to slow answers and to errors, where the model says what requests bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessRow>,
    /// Laws that every run must obey.
    pub audit: Vec<AuditRow>,
    /// Closed forms beside their simulated values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<ExactRow>,
}

/// Something that happens at a given time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChangeRow {
    /// When, in seconds from the end of the warm-up.
    pub at_s: f64,
    /// `products is flushed`, `orders.primary is lost`.
    pub what: String,
}

/// One window of a run in which something happens at a given time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TimelineRow {
    /// Where it begins, in seconds from the end of the warm-up.
    pub at_s: f64,
    /// Where it ends.
    pub until_s: f64,
    /// All requests.
    #[serde(flatten)]
    pub total: WindowRow,
    /// By endpoint asked, where there are several.
    #[serde(skip_serializing_if = "indexmap::IndexMap::is_empty")]
    pub requests: indexmap::IndexMap<String, WindowRow>,
    /// By place.
    pub places: indexmap::IndexMap<String, WindowPlace>,
}

/// Requests in one window. Answers and errors count where they come.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowRow {
    /// Requests per second submitted.
    pub offered_per_s: Estimate,
    /// Right answers per second.
    pub throughput_per_s: Estimate,
    /// Shares of what ended, by kind.
    pub errors: Errors,
    /// Of right answers.
    pub latency_s: WindowLatency,
}

/// Latencies in one window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowLatency {
    /// Mean.
    pub mean: Estimate,
    /// Median.
    pub p50: Estimate,
    /// 95th percentile.
    pub p95: Estimate,
    /// 99th percentile.
    pub p99: Estimate,
    /// Right answers, over all replications.
    pub count: u64,
}

/// One place in one window.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowPlace {
    /// Calls present, own calls included.
    pub in_system: Estimate,
    /// Share of look-ups that hit (caches).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<Estimate>,
}

/// The slowest 1 % of right answers, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tail {
    /// Where their time goes, the largest share first; places that have no part in it are left out.
    #[serde(rename = "p99")]
    pub places: Vec<TailPlace>,
    /// Latency that is neither wait nor work at any place, a request: back-off, round trips.
    pub elsewhere_s: Estimate,
    /// They took at least so long: p99 of all right answers.
    pub from_s: f64,
    /// Their mean latency.
    pub mean_s: Estimate,
    /// What they asked for, the largest share first.
    pub requests: Vec<TailRequest>,
    /// Of so many requests over all replications, among those that were taken apart.
    pub count: u64,
}

/// What slow requests spend at one place, a request. Work that goes on side by side counts in full, so that shares may sum to more than 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TailPlace {
    /// The place.
    pub place: String,
    /// Waiting there, for all its resources.
    pub wait_s: Estimate,
    /// Served there.
    pub service_s: Estimate,
    /// Waiting for attempts there that were given up in the end, and went on alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_up_s: Option<Estimate>,
    /// All of it, as a share of the latency.
    pub share: Estimate,
    /// Waiting there of all requests.
    pub usual_wait_s: Estimate,
    /// Served there of all requests.
    pub usual_service_s: Estimate,
    /// What most of the wait is for, where there is any: `workers`, `cores`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// One kind of request among the slowest.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TailRequest {
    /// The endpoint asked.
    pub request: String,
    /// Share of the slowest.
    pub share: Estimate,
    /// Share of all right answers.
    pub usual_share: Estimate,
}

/// How many calls are at a place over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct InSystem {
    /// Share of the time with none.
    pub empty: Estimate,
    /// Half of the time there are at most so many.
    pub p50: u64,
    /// 95 % of the time.
    pub p95: u64,
    /// 99 % of the time.
    pub p99: u64,
}

/// The bill at one load: months of 730 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CostRow {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// Money a month.
    pub per_month: Estimate,
    /// Money for a million right answers.
    pub per_million_requests: Estimate,
    /// Money a month by place, of those with a price.
    pub by_place: indexmap::IndexMap<String, Estimate>,
}

/// Revenue at one load, under an assumed slope.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BusinessRow {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// What all requests would bring if they were answered right and at the reference latency.
    pub revenue_per_month: Estimate,
    /// What right answers bring less by being slower than that; below zero where they are faster.
    pub lost_to_latency_per_month: Estimate,
    /// What requests that ended in an error would have brought.
    pub lost_to_errors_per_month: Estimate,
    /// What none of this measures.
    pub assumption: String,
}

/// The load of a point.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Load {
    /// The value on the axis of the curve.
    pub at: f64,
    /// Requests per second offered by all groups.
    pub rate_per_s: Option<Estimate>,
    /// Users of all closed groups.
    pub users: Option<f64>,
    /// Factor on the load of the model file.
    pub scale: f64,
    /// Where a path of the model is the axis: which, and its value here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
}

/// The value of a path of the model at a point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Over {
    /// `orders.list.rows`
    pub path: String,
    /// In base units: seconds, per second, a share of one, or the plain number.
    pub value: f64,
}

/// Numbers of requests over all replications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Submitted.
    pub offered: u64,
    /// Answered right.
    pub right: u64,
    /// Ended in an error.
    pub errors: u64,
    /// Still under way at the end.
    pub in_flight_at_end: u64,
}

/// One kind of request at one load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RequestRow {
    /// Who asks; empty for `total`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// Requests per second submitted.
    pub offered_per_s: Estimate,
    /// Right answers per second.
    pub throughput_per_s: Estimate,
    /// Right answers within the tightest latency objective, per second.
    pub goodput_per_s: Estimate,
    /// Share of requests answered right and in time.
    #[serde(skip)]
    pub good_share: Estimate,
    /// Apdex score, where an objective names its threshold: at that of its own first objective, or else of all requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apdex: Option<Estimate>,
    /// The same at every threshold that an objective names, in ns.
    #[serde(skip)]
    pub apdex_at: Vec<(u64, Estimate)>,
    /// Mean latency over the mean at no load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slowdown: Option<Estimate>,
    /// Shares of offered requests, by kind.
    pub errors: Errors,
    /// Root causes, largest first.
    pub causes: Vec<Cause>,
    /// Of right answers.
    pub latency_s: Distribution,
    /// Of all offered requests; an error counts with the time the user spent.
    pub latency_offered_s: Distribution,
    /// Of errors.
    pub error_latency_s: Distribution,
}

/// Error shares by kind, in [0, 1].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// No answer in time.
    pub timeout: Estimate,
    /// No room.
    pub rejected: Estimate,
    /// Left a queue.
    pub abandoned: Estimate,
    /// `fail`.
    pub failed: Estimate,
}

/// A root cause of errors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cause {
    /// Where it happened first.
    pub place: String,
    /// What happened.
    pub kind: &'static str,
    /// Share of offered requests.
    pub share: f64,
}

/// Why an objective has a limit though it was never seen to break.
pub const UP_TO_SATURATION: &str = "it holds as far as there is a steady state";

/// One place, or one member of it, at one load.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PlaceRow {
    /// Calls received per second.
    pub offered_per_s: Estimate,
    /// Calls that left per second, of any outcome.
    pub throughput_per_s: Estimate,
    /// Calls turned away per second.
    pub rejected_per_s: Estimate,
    /// Calls that left a queue per second.
    pub abandoned_per_s: Estimate,
    /// Calls that were further attempts per second.
    pub retried_per_s: Estimate,
    /// Calls received per request of the whole system.
    pub amplification: Estimate,
    /// Share of service given to calls whose caller had gone.
    pub wasted_share: Estimate,
    /// Of its busiest resource, in [0, 1], at the member where it is busiest; absent where nothing is limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<Estimate>,
    /// Calls present, own calls included.
    pub in_system: Estimate,
    /// How many are present over time. Only of a steady load that is looked at alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_system_distribution: Option<InSystem>,
    /// Calls waiting at any of its resources.
    pub queue: Estimate,
    /// Share of calls that waited at all.
    pub waited_share: Estimate,
    /// Wait of calls that were served.
    pub wait_s: Distribution,
    /// Wait of those that left.
    pub left_wait_s: Distribution,
    /// Work demanded.
    pub service_s: Distribution,
    /// Wait, service and the time in own calls.
    pub residence_s: Distribution,
    /// Look-ups over all replications (caches).
    #[serde(skip)]
    pub look_ups: u64,
    /// Look-ups that hit and reads by key, over all replications.
    #[serde(skip)]
    pub answers: u64,
    /// Share of look-ups that hit (caches).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_ratio: Option<Estimate>,
    /// Look-ups that missed, per second (caches).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub misses_per_s: Option<Estimate>,
    /// Look-ups that waited until another had loaded the entry, per second (caches that coalesce).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coalesced_per_s: Option<Estimate>,
    /// Share of answers that had been overwritten since: of look-ups that hit, of reads by key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_share: Option<Estimate>,
    /// Writes per second that another had come before, so that their steps began anew (databases with optimistic locking).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflicts_per_s: Option<Estimate>,
    /// Messages waiting (queues).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<Estimate>,
    /// How long messages wait for a consumer (queues).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_s: Option<Distribution>,
    /// From being sent to being worked off (queues).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_latency_s: Option<Distribution>,
    /// Share of messages that were turned away or failed (queues).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_share: Option<Estimate>,
    /// Each resource.
    pub resources: indexmap::IndexMap<String, ResourceRow>,
    /// Means by endpoint.
    #[serde(skip_serializing_if = "indexmap::IndexMap::is_empty")]
    pub by_endpoint: indexmap::IndexMap<String, EndpointRow>,
    /// Means by member, where there are several.
    #[serde(skip_serializing_if = "indexmap::IndexMap::is_empty")]
    pub members: indexmap::IndexMap<String, MemberRow>,
}

/// One resource of a place, over its members.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ResourceRow {
    /// How many there are, over all members.
    pub capacity: f64,
    /// Busy share, in [0, 1].
    pub utilization: Estimate,
    /// Where one member is distinctly busier than all together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busiest_member: Option<BusiestMember>,
    /// Busy on average.
    pub busy: Estimate,
    /// Waiting on average.
    pub queue: Estimate,
    /// Wait of those that got it.
    pub wait_s: Distribution,
}

/// A primary among replicas, a hot shard: a member that is busier than the others.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BusiestMember {
    /// Which.
    pub name: String,
    /// Busy share, in [0, 1].
    pub utilization: Estimate,
}

/// Means of one endpoint of a place.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EndpointRow {
    /// Calls present.
    pub in_system: Estimate,
    /// Mean wait, in seconds.
    pub wait_s: Estimate,
    /// Mean work, in seconds.
    pub service_s: Estimate,
    /// Mean residence, in seconds.
    pub residence_s: Estimate,
    /// Calls that left per second.
    pub throughput_per_s: Estimate,
    /// Share of its reads that had been overwritten since, where replicas lag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale_share: Option<Estimate>,
}

/// Means of one member of a place.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MemberRow {
    /// Of its busiest resource.
    pub utilization: Option<Estimate>,
    /// Calls present.
    pub in_system: Estimate,
    /// Mean wait, in seconds.
    pub wait_s: Estimate,
    /// Mean residence, in seconds.
    pub residence_s: Estimate,
    /// Calls that left per second.
    pub throughput_per_s: Estimate,
}

/// One law that a run must obey.
#[derive(Clone, Debug, Serialize)]
pub struct AuditRow {
    /// `flow`, `little`, `utilization`.
    pub law: &'static str,
    /// The place or member.
    pub place: String,
    /// Relative gap between the two sides, the worst replication.
    pub gap: f64,
    /// The gap in standard errors, where the law holds only on average.
    pub z: Option<f64>,
    /// The law holds.
    pub holds: bool,
}

/// A closed form beside its simulated value.
#[derive(Clone, Debug, Serialize)]
pub struct ExactRow {
    /// The place, or `total`.
    pub place: String,
    /// `M/M/1`, `M/G/1`, `MVA`.
    pub law: String,
    /// `wait_s.mean`, `throughput_per_s`.
    pub quantity: String,
    /// What the formula says.
    pub exact: f64,
    /// What the simulation says.
    pub simulated: Estimate,
    /// Their difference in standard errors.
    pub z: Option<f64>,
}
