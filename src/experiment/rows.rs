//! From gathered replications to the rows of an answer: every number with its interval.

use super::answer::{
    BusiestMember, Cause, Counts, Distribution, EndpointRow, Errors, Estimate, MemberRow, PlaceRow,
    RequestRow, ResourceRow,
};
use super::gather::Gathered;
use super::hot_spot::hot_spot;
use super::summary::{QUANTILES, RequestSummary, Spread, Summary, Thresholds, VisitSummary};
use crate::ids::PlaceId;
use crate::measure::books::RequestBook;
use crate::measure::layout::Layout;
use crate::model::{Model, Op, PlaceKind};
use crate::stats::Histogram;
use crate::stats::interval::{self, Interval, Lack};
use crate::stats::quantiles;

/// Confidence of every interval that is reported.
pub const CONFIDENCE: f64 = 0.95;

/// The mean over replications of a number that is one per replication.
pub fn mean<S>(summaries: &[S], f: impl Fn(&S) -> f64) -> Estimate {
    let values: Vec<f64> = summaries.iter().map(f).collect();
    if values.iter().any(|v| !v.is_finite()) {
        return Estimate::unknown("no observations in a replication");
    }
    estimate(interval::mean(&values, CONFIDENCE), 0.0, f64::INFINITY)
}

/// As [`mean`], of a number that may be below zero.
pub fn signed_mean(summaries: &[Summary], f: impl Fn(&Summary) -> f64) -> Estimate {
    let values: Vec<f64> = summaries.iter().map(f).collect();
    if values.iter().any(|v| !v.is_finite()) {
        return Estimate::unknown("no observations in a replication");
    }
    estimate(interval::mean(&values, CONFIDENCE), f64::NEG_INFINITY, f64::INFINITY)
}

/// A share or quotient `x / y`, both summed over replications.
pub fn ratio<S>(summaries: &[S], most: f64, x: impl Fn(&S) -> f64, y: impl Fn(&S) -> f64) -> Estimate {
    let xs: Vec<f64> = summaries.iter().map(x).collect();
    let ys: Vec<f64> = summaries.iter().map(y).collect();
    if xs.iter().chain(&ys).any(|v| !v.is_finite()) {
        return Estimate::unknown("no observations in a replication");
    }
    estimate(interval::ratio(&xs, &ys, CONFIDENCE), 0.0, most)
}

fn estimate(interval: Result<Interval, Lack>, least: f64, most: f64) -> Estimate {
    match interval {
        Ok(i) => {
            let i = i.within(least, most);
            Estimate::with_interval(i.value, i.low, i.high)
        }
        Err(lack) => Estimate::unknown(&lack.to_string()),
    }
}

/// A distribution: pooled values, intervals from the replications.
pub fn distribution(
    pooled: &Histogram,
    summaries: &[Summary],
    spread: impl Fn(&Summary) -> Spread,
) -> Distribution {
    sectioned(pooled, &summaries.iter().map(spread).collect::<Vec<_>>())
}

/// A distribution of which one section was seen in each replication.
pub fn sectioned(pooled: &Histogram, spreads: &[Spread]) -> Distribution {
    if pooled.is_empty() {
        return Distribution::default();
    }
    let fewest = spreads.iter().map(|s| s.count).min().unwrap_or(0);
    let secs = |ns: Option<u64>| ns.expect("there are observations") as f64 / 1e9;
    let (least, most) = (secs(pooled.min()), secs(pooled.max()));
    let quantile = |at: usize| {
        let pooled = pooled.quantile_s(QUANTILES[at]).expect("there are observations");
        let e = section(pooled, fewest, QUANTILES[at], spreads.iter().map(|s| s.quantiles[at]));
        // No percentile lies beyond what can be observed; where two atoms meet, the spread of the sections does not know that.
        Estimate { low: e.low.map(|x| x.clamp(least, most)), high: e.high.map(|x| x.clamp(least, most)), ..e }
    };
    // A mean asks for no more than two observations; the median's rule of ten on either side suits it.
    let moment = |pooled: Option<f64>, f: fn(&Spread) -> f64| match pooled {
        Some(value) => section(value, fewest.max(20 * u64::from(fewest > 1)), 0.5, spreads.iter().map(f)),
        None => Estimate::unknown("too few observations"),
    };
    Distribution {
        mean: moment(pooled.mean_s(), |s| s.mean),
        sd: moment(pooled.sd_s(), |s| s.sd),
        p50: quantile(0),
        p90: quantile(1),
        p95: quantile(2),
        p99: quantile(3),
        p999: quantile(4),
        max: pooled.max().map(|ns| ns as f64 / 1e9),
        count: pooled.count(),
    }
}

fn section(pooled: f64, fewest: u64, p: f64, sections: impl Iterator<Item = f64>) -> Estimate {
    let sections: Vec<f64> = sections.collect();
    if sections.iter().any(|s| !s.is_finite()) {
        return Estimate::bare(pooled, "too few: no observations in a replication");
    }
    match interval::sectioning(pooled, &sections, fewest, p, CONFIDENCE) {
        Ok(i) => {
            let i = i.within(0.0, f64::INFINITY);
            Estimate::with_interval(i.value, i.low, i.high)
        }
        Err(lack) => Estimate::bare(pooled, &lack.to_string()),
    }
}

/// One kind of request, or all of them.
pub fn request(
    model: &Model,
    group: &str,
    pooled: &RequestBook,
    summaries: &[Summary],
    thresholds: &Thresholds,
    unloaded_s: Option<f64>,
    of: impl Fn(&Summary) -> &RequestSummary,
) -> RequestRow {
    let rate = |f: fn(&RequestSummary) -> f64| mean(summaries, |s| f(of(s)) / s.window_s);
    let offered = |s: &Summary| of(s).ended();
    let share = |kind: usize| ratio(summaries, 1.0, |s| of(s).errors[kind], offered);
    let mut all = pooled.right.clone();
    all.merge(&pooled.errors);
    let latency = distribution(&pooled.right, summaries, |s| of(s).latency);
    let apdex = |&t: &u64| (t, ratio(summaries, 1.0, |s| of(s).apdex_at(t).unwrap_or(f64::NAN), offered));
    let apdex_at: Vec<(u64, Estimate)> = thresholds.apdex.iter().map(apdex).collect();
    RequestRow {
        group: group.to_owned(),
        offered_per_s: rate(|r| r.submitted),
        throughput_per_s: rate(|r| r.right),
        goodput_per_s: rate(|r| r.good),
        good_share: ratio(summaries, 1.0, |s| of(s).good, offered),
        apdex: apdex_at.first().map(|(_, score)| score.clone()),
        apdex_at,
        slowdown: unloaded_s.filter(|&r| r > 0.0).map(|r| scaled(&latency.mean, 1.0 / r)),
        errors: Errors { timeout: share(0), rejected: share(1), abandoned: share(2), failed: share(3) },
        causes: causes(model, pooled),
        latency_offered_s: distribution(&all, summaries, |s| of(s).offered),
        error_latency_s: distribution(&pooled.errors, summaries, |s| of(s).failed),
        latency_s: latency,
    }
}

fn scaled(e: &Estimate, by: f64) -> Estimate {
    let scale = |x: Option<f64>| x.map(|x| x * by);
    Estimate { value: scale(e.value), low: scale(e.low), high: scale(e.high), reason: e.reason.clone() }
}

fn causes(model: &Model, pooled: &RequestBook) -> Vec<Cause> {
    let all = (pooled.right.count() + pooled.errors.count()) as f64;
    let mut causes: Vec<(u64, Cause)> = pooled
        .causes
        .iter()
        .map(|(fault, &count)| {
            let place = model.places[fault.place.index()].name.clone();
            (count, Cause { place, kind: fault.kind.name(), share: count as f64 / all })
        })
        .collect();
    causes.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    causes.into_iter().map(|(_, cause)| cause).collect()
}

/// Counts over all replications.
pub fn counts(pooled: &RequestBook) -> Counts {
    Counts {
        offered: pooled.submitted,
        right: pooled.right.count(),
        errors: pooled.errors.count(),
        in_flight_at_end: pooled.open_at_start.max(0) as u64,
    }
}

/// One place.
pub fn place(model: &Model, layout: &Layout, gathered: &Gathered, id: PlaceId) -> PlaceRow {
    let (summaries, at) = (&gathered.summaries[..], id.index());
    if model.places[at].kind == PlaceKind::Pool {
        return pool(model, layout, gathered, id);
    }
    let pooled = &gathered.pooled.places[at];
    let of = |s: &Summary| s.places[at].clone();
    let rate =
        |f: fn(&super::summary::PlaceSummary) -> f64| mean(summaries, |s| f(&s.places[at]) / s.window_s);
    let resources = resources(model, layout, gathered, id);
    let kind = model.places[at].kind;
    let cache = kind == PlaceKind::Cache;
    let store = model.stores.iter().find(|store| store.place == id);
    let versions = model.versions.iter().find(|versions| versions.place == id);
    let stale = match kind {
        PlaceKind::Cache => versions.is_some(),
        _ => versions.is_some_and(|versions| versions.copies > 0),
    };
    let optimistic = model.ops.iter().any(|op| match op {
        Op::Validate { versions, .. } => model.versions[versions.index()].place == id,
        _ => false,
    });
    let answers = |p: &super::summary::PlaceSummary| p.hits + p.coalesced + p.reads;
    let queue_of =
        |at: usize| distribution(&gathered.pooled.resources[at], summaries, |s| s.resources[at].wait);
    let messages = kind == PlaceKind::Queue;
    let consumers = layout.resources_of(id).next().filter(|_| messages).map(|(at, _)| at);
    let residence_s = distribution(&pooled.residence, summaries, |s| of(s).residence);
    PlaceRow {
        offered_per_s: rate(|p| p.arrived),
        throughput_per_s: rate(|p| p.left),
        rejected_per_s: rate(|p| p.rejected),
        abandoned_per_s: rate(|p| p.abandoned),
        retried_per_s: rate(|p| p.retried),
        amplification: ratio(summaries, f64::INFINITY, |s| s.places[at].arrived, |s| s.total.submitted),
        wasted_share: ratio(summaries, 1.0, |s| s.places[at].wasted_s, |s| s.places[at].service_s),
        utilization: busiest(&resources),
        in_system: mean(summaries, |s| s.places[at].in_system),
        in_system_distribution: None,
        queue: queue(layout, summaries, id),
        waited_share: ratio(summaries, 1.0, |s| s.places[at].waited, |s| s.places[at].left),
        wait_s: distribution(&pooled.wait, summaries, |s| of(s).wait),
        left_wait_s: distribution(&pooled.left_wait, summaries, |s| of(s).left_wait),
        service_s: distribution(&pooled.service, summaries, |s| of(s).service),
        look_ups: pooled_count(summaries, |s| of(s).hits + of(s).misses + of(s).coalesced),
        answers: pooled_count(summaries, |s| answers(&of(s))),
        hit_ratio: cache
            .then(|| ratio(summaries, 1.0, |s| of(s).hits, |s| of(s).hits + of(s).misses + of(s).coalesced)),
        misses_per_s: cache.then(|| rate(|p| p.misses)),
        coalesced_per_s: store.and_then(|store| store.coalesce).map(|_| rate(|p| p.coalesced)),
        stale_share: stale.then(|| ratio(summaries, 1.0, |s| of(s).stale, |s| answers(&of(s)))),
        conflicts_per_s: optimistic.then(|| rate(|p| p.conflicts)),
        depth: messages.then(|| queue(layout, summaries, id)),
        age_s: consumers.map(queue_of),
        message_latency_s: messages.then(|| residence_s.clone()),
        lost_share: messages.then(|| ratio(summaries, 1.0, |s| of(s).failed, |s| of(s).left)),
        residence_s,
        resources,
        by_endpoint: endpoints(model, summaries, id),
        members: members(model, layout, summaries, id),
    }
}

fn pooled_count(summaries: &[Summary], f: impl Fn(&Summary) -> f64) -> u64 {
    summaries.iter().map(f).sum::<f64>() as u64
}

/// A pool has no calls of its own: those who hold or want a slot are in its system.
fn pool(model: &Model, layout: &Layout, gathered: &Gathered, id: PlaceId) -> PlaceRow {
    let summaries = &gathered.summaries[..];
    let resources = resources(model, layout, gathered, id);
    let Some((at, _)) = layout.resources_of(id).next() else { return PlaceRow::default() };
    let of = |s: &Summary| s.resources[at].clone();
    let rate = |f: fn(&super::summary::ResourceSummary) -> f64| {
        mean(summaries, |s| f(&s.resources[at]) / s.window_s)
    };
    PlaceRow {
        offered_per_s: rate(|r| r.started + r.refused + r.quit),
        throughput_per_s: rate(|r| r.started),
        rejected_per_s: rate(|r| r.refused),
        abandoned_per_s: rate(|r| r.quit),
        amplification: ratio(summaries, f64::INFINITY, |s| of(s).started, |s| s.total.submitted),
        utilization: busiest(&resources),
        in_system: mean(summaries, |s| of(s).busy + of(s).queue),
        queue: queue(layout, summaries, id),
        wait_s: distribution(&gathered.pooled.resources[at], summaries, |s| of(s).wait),
        resources,
        ..PlaceRow::default()
    }
}

fn queue(layout: &Layout, summaries: &[Summary], id: PlaceId) -> Estimate {
    mean(summaries, |s| layout.resources_of(id).map(|(r, _)| s.resources[r].queue).sum())
}

fn resources(
    model: &Model,
    layout: &Layout,
    gathered: &Gathered,
    id: PlaceId,
) -> indexmap::IndexMap<String, ResourceRow> {
    let summaries = &gathered.summaries[..];
    let busiest_member = |at: usize| {
        let station = hot_spot(model, layout, summaries, at)?;
        let name = model.members[layout.member_of[station].index()].name.clone();
        Some(BusiestMember { name, utilization: mean(summaries, |s| s.stations[station]) })
    };
    let row = |at: usize, capacity: f64| ResourceRow {
        capacity,
        busiest_member: busiest_member(at),
        utilization: mean(summaries, |s| s.resources[at].busy / capacity),
        busy: mean(summaries, |s| s.resources[at].busy),
        queue: mean(summaries, |s| s.resources[at].queue),
        wait_s: distribution(&gathered.pooled.resources[at], summaries, |s| s.resources[at].wait),
    };
    layout.resources_of(id).map(|(at, r)| (r.name.to_owned(), row(at, r.capacity as f64))).collect()
}

/// The utilisation of the busiest resource where it is busiest, so that neither idle cores hide exhausted workers nor idle replicas an
/// exhausted primary.
fn busiest(resources: &indexmap::IndexMap<String, ResourceRow>) -> Option<Estimate> {
    let of = |r: &ResourceRow| r.busiest_member.as_ref().map_or(&r.utilization, |m| &m.utilization).clone();
    resources.values().map(of).max_by(|a, b| a.value.unwrap_or(0.0).total_cmp(&b.value.unwrap_or(0.0)))
}

fn endpoints(model: &Model, summaries: &[Summary], id: PlaceId) -> indexmap::IndexMap<String, EndpointRow> {
    let lags = model.versions.iter().any(|versions| versions.place == id && versions.copies > 0);
    let row = |at: usize| EndpointRow {
        in_system: mean(summaries, |s| s.endpoints[at].in_system),
        wait_s: by_call(summaries, |s| s.endpoints[at], |v| v.wait_s),
        service_s: by_call(summaries, |s| s.endpoints[at], |v| v.service_s),
        residence_s: by_call(summaries, |s| s.endpoints[at], |v| v.residence_s),
        throughput_per_s: mean(summaries, |s| s.endpoints[at].left / s.window_s),
        stale_share: (lags && summaries.iter().any(|s| s.reads[at].0 > 0.0))
            .then(|| ratio(summaries, 1.0, |s| s.reads[at].1, |s| s.reads[at].0)),
    };
    model.endpoints_of(id).map(|(e, endpoint)| (endpoint.name.clone(), row(e.index()))).collect()
}

fn members(
    model: &Model,
    layout: &Layout,
    summaries: &[Summary],
    id: PlaceId,
) -> indexmap::IndexMap<String, MemberRow> {
    let members: Vec<_> = model.members_of(id).collect();
    if members.len() < 2 {
        return indexmap::IndexMap::new();
    }
    let row = |at: usize, stations: std::ops::Range<u32>| {
        let busiest = |s: &Summary| stations.clone().map(|i| s.stations[i as usize]).fold(0.0, f64::max);
        MemberRow {
            utilization: (!stations.is_empty()).then(|| mean(summaries, busiest)),
            in_system: mean(summaries, |s| s.members[at].in_system),
            wait_s: by_call(summaries, |s| s.members[at], |v| v.wait_s),
            residence_s: by_call(summaries, |s| s.members[at], |v| v.residence_s),
            throughput_per_s: mean(summaries, |s| s.members[at].left / s.window_s),
        }
    };
    debug_assert_eq!(layout.place_of_member.len(), model.members.len());
    members
        .into_iter()
        .map(|(m, member)| (member.name.clone(), row(m.index(), member.stations.clone())))
        .collect()
}

/// A mean over calls, each replication weighing as many as it saw.
fn by_call(
    summaries: &[Summary],
    of: impl Fn(&Summary) -> VisitSummary,
    value: impl Fn(&VisitSummary) -> f64,
) -> Estimate {
    let weighed = |s: &Summary| {
        let v = of(s);
        if v.left > 0.0 { value(&v) * v.left } else { 0.0 }
    };
    ratio(summaries, f64::INFINITY, weighed, |s| of(s).left)
}

/// A difference in standard errors.
pub fn z_of(difference: Interval, replications: usize) -> f64 {
    let error = difference.half_width / quantiles::student_two_sided(0.95, replications - 1);
    if difference.value == 0.0 { 0.0 } else { difference.value / error.max(f64::MIN_POSITIVE) }
}

/// The value of an estimate against an exact number, in standard errors.
pub fn z_against(estimate: &Estimate, exact: f64, replications: usize) -> Option<f64> {
    let half_width = estimate.half_width()?;
    let value = estimate.value? - exact;
    Some(z_of(Interval { value, low: 0.0, high: 0.0, half_width }, replications))
}
