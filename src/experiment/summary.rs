//! What a replication hands over before its histograms are merged and freed: one number for each statistic.

use super::timeline::WindowSummary;
use crate::engine::Stop;
use crate::measure::Measurements;
use crate::measure::books::VisitBook;
use crate::measure::layout::Layout;
use crate::model::Model;
use crate::signal::ErrorKind;
use crate::stats::Histogram;

/// Percentiles that are reported.
pub const QUANTILES: [f64; 5] = [0.50, 0.90, 0.95, 0.99, 0.999];

/// A distribution in one replication, in seconds; NaN without observations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Observations.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// At [`QUANTILES`].
    pub quantiles: [f64; 5],
}

impl From<&Histogram> for Spread {
    fn from(h: &Histogram) -> Self {
        Self {
            count: h.count(),
            mean: h.mean_s().unwrap_or(f64::NAN),
            sd: h.sd_s().unwrap_or(f64::NAN),
            quantiles: QUANTILES.map(|p| h.quantile_s(p).unwrap_or(f64::NAN)),
        }
    }
}

/// One kind of request, or all, in one replication.
#[derive(Clone, Debug)]
pub struct RequestSummary {
    /// Submitted.
    pub submitted: f64,
    /// Right answers.
    pub right: f64,
    /// Right answers within the tightest objective.
    pub good: f64,
    /// Apdex numerators, satisfied + tolerating / 2, each with its threshold in ns: see [`Thresholds::apdex`].
    pub apdex: Vec<(u64, f64)>,
    /// Ended in an error, by kind.
    pub errors: [f64; 4],
    /// Mean latency of right answers, each counted as no slower than [`Thresholds::worthless`], in seconds; NaN without any.
    pub capped_s: f64,
    /// Latency of right answers.
    pub latency: Spread,
    /// Latency of everything that ended; errors count with the time the user spent.
    pub offered: Spread,
    /// Time spent on errors.
    pub failed: Spread,
    /// At [`QUANTILES`], of everything that ended, an error being slower than any answer; infinite where errors reach.
    pub strict: [f64; 5],
}

impl RequestSummary {
    /// The Apdex numerator at a threshold in ns, where an objective has it.
    #[must_use]
    pub fn apdex_at(&self, threshold: u64) -> Option<f64> {
        self.apdex.iter().find(|(t, _)| *t == threshold).map(|(_, score)| *score)
    }

    /// Requests that ended, right or in an error.
    #[must_use]
    pub fn ended(&self) -> f64 {
        self.right + self.errors.iter().sum::<f64>()
    }
}

/// One place in one replication.
#[derive(Clone, Debug)]
pub struct PlaceSummary {
    /// Calls received, left, turned away, gone from a queue, tried again, waited.
    pub arrived: f64,
    pub left: f64,
    pub rejected: f64,
    pub abandoned: f64,
    pub retried: f64,
    pub waited: f64,
    /// Work done in all and for nothing, in seconds.
    pub service_s: f64,
    pub wasted_s: f64,
    /// Calls present on average.
    pub in_system: f64,
    pub hits: f64,
    pub misses: f64,
    pub coalesced: f64,
    pub conflicts: f64,
    /// Reads by key, and how many reads and look-ups were stale.
    pub reads: f64,
    pub stale: f64,
    /// Calls that ended in an error.
    pub failed: f64,
    pub wait: Spread,
    pub left_wait: Spread,
    pub service: Spread,
    pub residence: Spread,
}

/// One resource in one replication.
#[derive(Clone, Debug)]
pub struct ResourceSummary {
    /// Busy on average, over all members.
    pub busy: f64,
    /// Waiting on average.
    pub queue: f64,
    /// Waits of those that got it.
    pub wait: Spread,
    /// Refused for lack of room.
    pub refused: f64,
    /// Gone from the queue.
    pub quit: f64,
    /// Got it.
    pub started: f64,
}

/// Means of one endpoint or member in one replication.
#[derive(Clone, Copy, Debug)]
pub struct VisitSummary {
    pub left: f64,
    pub in_system: f64,
    pub wait_s: f64,
    pub service_s: f64,
    pub residence_s: f64,
}

/// All numbers of one replication.
#[derive(Clone, Debug)]
pub struct Summary {
    /// By endpoint: reads by key, and how many of them were stale.
    pub reads: Vec<(f64, f64)>,
    /// Length of the window in seconds.
    pub window_s: f64,
    pub requests: Vec<RequestSummary>,
    pub total: RequestSummary,
    pub places: Vec<PlaceSummary>,
    pub resources: Vec<ResourceSummary>,
    pub endpoints: Vec<VisitSummary>,
    pub members: Vec<VisitSummary>,
    /// Busy share of each station.
    pub stations: Vec<f64>,
    pub in_flight: Vec<f64>,
    pub halves: [f64; 2],
    pub events: u64,
    /// It reached its end.
    pub whole: bool,
    /// It ended because the memory for calls in flight was full.
    pub overflowed: bool,
    /// The largest gap of each exact law, by place; `(law, place, gap)`.
    pub audit: Vec<crate::measure::audit::Finding>,
    /// Window by window, where something happens at a given time.
    pub timeline: Vec<WindowSummary>,
}

/// Thresholds in ns of a request: good within, Apdex T, and when it is worth nothing.
#[derive(Clone, Debug, Default)]
pub struct Thresholds {
    pub good_within: Option<u64>,
    /// Of every objective that speaks of the request, each once; the one that reports show comes first.
    pub apdex: Vec<u64>,
    /// From here on an answer brings no revenue any more.
    pub worthless: Option<u64>,
}

impl Summary {
    /// Sums up a replication. `total` are the merged books of all requests.
    #[must_use]
    pub fn new(
        model: &Model,
        layout: &Layout,
        thresholds: &[Thresholds],
        replication: &super::replication::Replication,
    ) -> Self {
        let books = &replication.books;
        let window = books.window_s();
        let requests: Vec<RequestSummary> =
            books.requests.iter().zip(thresholds).map(|(book, t)| request(book, t)).collect();
        let total = total(books, &requests);
        let visits = |book: &VisitBook| visit(book, window);
        Self {
            reads: books.reads.iter().map(|&(all, stale)| (all as f64, stale as f64)).collect(),
            window_s: window,
            total,
            requests,
            places: books.places.iter().map(|b| place(b, books)).collect(),
            resources: resources(books, layout),
            endpoints: books.endpoints.iter().map(visits).collect(),
            members: books.members.iter().map(visits).collect(),
            stations: (0..model.stations.len())
                .map(|s| books.stations[s].busy as f64 / 1e9 / window / f64::from(layout.capacity_of[s]))
                .collect(),
            in_flight: replication.in_flight.clone(),
            halves: replication.halves,
            events: replication.events,
            whole: !matches!(replication.stop, Stop::Budget | Stop::Overflow),
            overflowed: replication.stop == Stop::Overflow,
            audit: replication.audit.clone(),
            timeline: replication.timeline.iter().map(WindowSummary::from).collect(),
        }
    }
}

fn request(book: &crate::measure::books::RequestBook, thresholds: &Thresholds) -> RequestSummary {
    let mut errors = [0.0; 4];
    for (fault, &count) in &book.causes {
        errors[ErrorKind::ALL.iter().position(|&k| k == fault.kind).expect("all kinds are listed")] +=
            count as f64;
    }
    let right = book.right.count() as f64;
    let good = thresholds.good_within.map_or(right, |t| book.right.count_at_most(t));
    let score = |t: u64| {
        let satisfied = book.right.count_at_most(t);
        satisfied + (book.right.count_at_most(4 * t) - satisfied) / 2.0
    };
    let apdex = thresholds.apdex.iter().map(|&t| (t, score(t))).collect();
    let offered = if book.errors.is_empty() {
        Spread::from(&book.right)
    } else {
        let mut all = book.right.clone();
        all.merge(&book.errors);
        Spread::from(&all)
    };
    RequestSummary {
        submitted: book.submitted as f64,
        right,
        good,
        apdex,
        errors,
        capped_s: thresholds
            .worthless
            .map_or(book.right.mean_s(), |t| book.right.mean_s_up_to(t))
            .unwrap_or(f64::NAN),
        latency: Spread::from(&book.right),
        offered,
        failed: Spread::from(&book.errors),
        strict: strict(&book.right, book.errors.count()),
    }
}

/// Quantiles over right answers and errors, where an error is slower than any answer.
#[must_use]
pub fn strict(right: &Histogram, errors: u64) -> [f64; 5] {
    let all = (right.count() + errors) as f64;
    QUANTILES.map(|p| {
        let among_right = p * all / right.count() as f64;
        if among_right <= 1.0 { right.quantile_s(among_right).unwrap_or(f64::NAN) } else { f64::INFINITY }
    })
}

fn total(books: &Measurements, requests: &[RequestSummary]) -> RequestSummary {
    if let [only] = requests {
        return only.clone();
    }
    let all = merged(books);
    let sum = |f: fn(&RequestSummary) -> f64| requests.iter().map(f).sum();
    let mut total = request(&all, &Thresholds::default());
    total.good = sum(|r| r.good);
    // Of all requests there is one only at a threshold that all of them have.
    let of_all = |t: u64| requests.iter().map(|r| r.apdex_at(t)).sum::<Option<f64>>();
    let thresholds = requests.first().into_iter().flat_map(|r| &r.apdex);
    total.apdex = thresholds.filter_map(|&(t, _)| Some((t, of_all(t)?))).collect();
    total
}

/// The books of all requests as one.
#[must_use]
pub fn merged(books: &Measurements) -> crate::measure::books::RequestBook {
    let mut all = crate::measure::books::RequestBook::default();
    for book in &books.requests {
        all.submitted += book.submitted;
        all.right.merge(&book.right);
        all.errors.merge(&book.errors);
        for (fault, count) in &book.causes {
            *all.causes.entry(*fault).or_default() += count;
        }
    }
    all
}

fn place(book: &crate::measure::books::PlaceBook, books: &Measurements) -> PlaceSummary {
    PlaceSummary {
        arrived: book.arrived as f64,
        left: book.left as f64,
        rejected: book.rejected as f64,
        abandoned: book.abandoned as f64,
        retried: book.retried as f64,
        waited: book.waited as f64,
        service_s: book.service.tally().sum_s(),
        wasted_s: book.wasted as f64 / 1e9,
        in_system: book.level.area(books.until) as f64 / 1e9 / books.window_s(),
        hits: book.hits as f64,
        misses: book.misses as f64,
        coalesced: book.coalesced as f64,
        conflicts: book.conflicts as f64,
        reads: book.reads as f64,
        stale: book.stale as f64,
        failed: book.failed as f64,
        wait: Spread::from(&book.wait),
        left_wait: Spread::from(&book.left_wait),
        service: Spread::from(&book.service),
        residence: Spread::from(&book.residence),
    }
}

fn resources(books: &Measurements, layout: &Layout) -> Vec<ResourceSummary> {
    let window = books.window_s();
    let mut busy = vec![0.0; layout.resources.len()];
    for (station, book) in books.stations.iter().enumerate() {
        busy[layout.resource_of[station] as usize] += book.busy as f64 / 1e9 / window;
    }
    let rows = books.resources.iter().zip(busy);
    rows.map(|(book, busy)| ResourceSummary {
        busy,
        queue: book.queue.area(books.until) as f64 / 1e9 / window,
        wait: Spread::from(&book.wait),
        refused: book.refused as f64,
        quit: book.left_wait.count() as f64,
        started: book.started as f64,
    })
    .collect()
}

fn visit(book: &VisitBook, window: f64) -> VisitSummary {
    let mean = |sum: u128| sum as f64 / 1e9 / book.left as f64;
    VisitSummary {
        left: book.left as f64,
        in_system: book.presence as f64 / 1e9 / window,
        wait_s: mean(book.wait),
        service_s: mean(book.service),
        residence_s: mean(book.residence),
    }
}
