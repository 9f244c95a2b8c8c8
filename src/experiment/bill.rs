//! What a model costs: replicas by the hour, and, at a simulated load, calls, bytes carried and what is lost to slowness.

use indexmap::IndexMap;
use serde::Serialize;

use super::answer::{BusinessRow, CostRow, Estimate, Point};
use super::rows;
use super::summary::Summary;
use crate::ids::PlaceId;
use crate::measure::layout::Layout;
use crate::model::{Business, Demands, Model, Place, Prices};
use crate::units::Span;

/// Hours in a month, as clouds bill them: 365 days by 24 hours over 12.
pub const HOURS_PER_MONTH: f64 = crate::spec::quantity::HOURS_PER_MONTH;
const SECONDS_PER_MONTH: f64 = HOURS_PER_MONTH * 3_600.0;
const BITS: f64 = 8.0;
/// The slope of a business is stated for so many seconds.
const SLOPE_S: f64 = 0.1;

/// Money a month, and for what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bill {
    /// `$`, `EUR`: as the file writes it.
    pub currency: String,
    /// In all.
    pub per_month: f64,
    /// By place, in the order of the model; those without a price are left out.
    pub by_place: Vec<(String, f64)>,
}

impl Bill {
    /// What the replicas, instances, nodes and what they keep cost, whatever the load; `None` where no price is stated.
    #[must_use]
    pub fn of(model: &Model) -> Option<Self> {
        let (_, first) = priced(model).next()?;
        let by_place: Vec<(String, f64)> =
            priced(model).map(|(place, prices)| (place.name.clone(), fixed(place, prices))).collect();
        let per_month = by_place.iter().map(|(_, amount)| amount).sum();
        Some(Self { currency: first.currency.clone(), per_month, by_place })
    }

    /// The same with what is paid for calls and bytes at a simulated load.
    #[must_use]
    pub fn at(point: &Point) -> Option<Self> {
        let cost = point.cost.as_ref()?;
        let by_place = cost.by_place.iter().map(|(name, e)| (name.clone(), e.value.unwrap_or(0.0))).collect();
        Some(Self { currency: cost.currency.clone(), per_month: cost.per_month.value?, by_place })
    }

    /// Of a million right answers at a throughput per second.
    #[must_use]
    pub fn per_million(&self, throughput_per_s: f64) -> f64 {
        self.per_month / (throughput_per_s * SECONDS_PER_MONTH) * 1e6
    }
}

/// Whether what a model costs depends on its load.
#[must_use]
pub fn by_usage(model: &Model) -> bool {
    priced(model).any(|(_, prices)| prices.by_usage())
}

fn priced(model: &Model) -> impl Iterator<Item = (&Place, &Prices)> {
    model.places.iter().filter_map(|place| Some((place, place.prices.as_ref()?)))
}

/// A month of a place without a call.
fn fixed(place: &Place, prices: &Prices) -> f64 {
    let per_hour = prices.per_hour * place.members.len() as f64 + prices.per_byte_hour * prices.kept_bytes;
    per_hour * HOURS_PER_MONTH
}

/// A month at the load of one replication.
fn at_load(model: &Model, layout: &Layout, id: PlaceId, s: &Summary) -> f64 {
    let place = &model.places[id.index()];
    let Some(prices) = &place.prices else { return 0.0 };
    let calls = s.places[id.index()].arrived / s.window_s;
    // What shares a link keeps it busy at its full bandwidth.
    let busy: f64 = layout.resources_of(id).map(|(r, _)| s.resources[r].busy).sum();
    let bytes = place.bandwidth_bps.map_or(0.0, |bps| busy * bps / BITS);
    fixed(place, prices) + (calls * prices.per_call + bytes * prices.per_byte) * SECONDS_PER_MONTH
}

/// A month in each replication: of all, or of a place.
pub(super) fn each_month(
    model: &Model,
    layout: &Layout,
    summaries: &[Summary],
    place: Option<PlaceId>,
) -> Vec<f64> {
    let all = (0..model.places.len() as u32).map(PlaceId);
    let ids: Vec<PlaceId> = all.filter(|id| place.is_none_or(|place| place == *id)).collect();
    summaries.iter().map(|s| ids.iter().map(|id| at_load(model, layout, *id, s)).sum()).collect()
}

/// The bill at a simulated load; `None` where no price is stated.
pub fn cost(model: &Model, layout: &Layout, summaries: &[Summary]) -> Option<CostRow> {
    let (_, first) = priced(model).next()?;
    let ids = || {
        let all = (0..model.places.len() as u32).map(PlaceId);
        all.filter(|id| model.places[id.index()].prices.is_some())
    };
    let whole = |s: &Summary| ids().map(|id| at_load(model, layout, id, s)).sum::<f64>();
    // What is paid by the hour alone costs the same in every replication, which is exact and no estimate.
    let by_place: IndexMap<String, Estimate> = ids()
        .map(|id| {
            let place = &model.places[id.index()];
            let prices = place.prices.as_ref().expect("only places with prices come here");
            let amount = match prices.by_usage() {
                true => rows::mean(summaries, |s| at_load(model, layout, id, s)),
                false => Estimate::exact(fixed(place, prices)),
            };
            (place.name.clone(), amount)
        })
        .collect();
    let per_month = match by_usage(model) {
        true => rows::mean(summaries, whole),
        false => Estimate::exact(Bill::of(model)?.per_month),
    };
    let spent = |s: &Summary| whole(s) / SECONDS_PER_MONTH * s.window_s * 1e6;
    Some(CostRow {
        currency: first.currency.clone(),
        per_month,
        per_million_requests: rows::ratio(summaries, f64::INFINITY, spent, |s| s.total.right),
        by_place,
    })
}

/// The latency of each request at which nothing is lost, and that from which on all is, in seconds; `None` for those that earn nothing.
fn span_s(business: &Business, model: &Model, demands: &Demands, request: usize) -> Option<(f64, f64)> {
    let earns = business.endpoint.is_none_or(|endpoint| model.requests[request].endpoint == endpoint);
    let reference = business.reference_s.unwrap_or(demands.requests[request].r_min_s);
    earns.then(|| (reference, reference + SLOPE_S / business.lost_per_100ms))
}

/// From which latency on a request brings nothing any more, in ns; `None` where that is never, or it earns nothing.
pub fn all_lost_at(model: &Model, demands: &Demands, request: usize) -> Option<u64> {
    let (_, end) = span_s(model.business.as_ref()?, model, demands, request)?;
    (end < crate::spec::quantity::SECONDS_MAX).then(|| Span::from_secs(end).0)
}

/// What is lost to latency and to errors; `None` where the model does not say what requests bring.
pub fn business(model: &Model, demands: &Demands, summaries: &[Summary]) -> Option<BusinessRow> {
    let business = model.business.as_ref()?;
    let revenue = business.revenue_per_request;
    let earning: Vec<(usize, f64)> = (0..model.requests.len())
        .filter_map(|at| Some((at, span_s(business, model, demands, at)?.0)))
        .collect();
    let sum =
        |f: &dyn Fn(usize, f64) -> f64| earning.iter().map(|&(at, reference)| f(at, reference)).sum::<f64>();
    // Of the window, in money.
    let slow = |s: &Summary| {
        let lost = |at: usize, reference: f64| {
            let r = &s.requests[at];
            // No answer, no loss; where nothing is lost by latency the mean does not matter.
            if r.right > 0.0 {
                r.right * business.lost_per_100ms * (r.capped_s - reference) / SLOPE_S
            } else {
                0.0
            }
        };
        revenue * sum(&lost)
    };
    let failed = |s: &Summary| revenue * sum(&|at, _| s.requests[at].errors.iter().sum());
    let whole = |s: &Summary| revenue * sum(&|at, _| s.requests[at].right) + failed(s);
    let month =
        |f: &dyn Fn(&Summary) -> f64| rows::signed_mean(summaries, |s| f(s) / s.window_s * SECONDS_PER_MONTH);
    Some(BusinessRow {
        currency: business.currency.clone(),
        revenue_per_month: month(&whole),
        lost_to_latency_per_month: month(&slow),
        lost_to_errors_per_month: month(&failed),
        assumption: format!(
            "-{} % of revenue per 100 ms: a slope from the literature, not measured here",
            (business.lost_per_100ms * 1e6).round() / 1e4
        ),
    })
}
