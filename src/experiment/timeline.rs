//! What happens over time: the windows of a run of a model with time in it.
//!
//! Nothing here takes part in the simulation: a run stops at the end of each window, and what its books have got since the end of the one
//! before is set aside.

use super::answer::{ChangeRow, Errors, TimelineRow, WindowLatency, WindowPlace, WindowRow};
use super::gather::Gathered;
use super::rows;
use super::summary::{Spread, Summary};
use crate::engine::{Engine, Stop};
use crate::measure::Recorder;
use crate::measure::books::{Measurements, RequestBook};
use crate::model::{Model, PlaceKind};
use crate::signal::ErrorKind;
use crate::stats::Histogram;
use crate::units::{Span, Time};

/// Windows of a run, about.
const WINDOWS: f64 = 60.0;
/// Times of one change that comes again and again are listed up to here.
const TIMES_MAX: usize = 1_000;

/// One kind of request in one window. Answers count where they come.
#[derive(Clone, Debug, Default)]
pub struct RequestWindow {
    /// Submitted.
    pub submitted: u64,
    /// Latencies of right answers.
    pub right: Histogram,
    /// Errors, by kind.
    pub errors: [u64; 4],
}

impl RequestWindow {
    /// As if what the other saw had come here.
    pub fn merge(&mut self, other: &Self) {
        self.submitted += other.submitted;
        self.right.merge(&other.right);
        self.errors.iter_mut().zip(other.errors).for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// One place in one window.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlaceWindow {
    /// Calls present on average.
    pub in_system: f64,
    /// Look-ups that hit.
    pub hits: f64,
    /// Look-ups.
    pub look_ups: f64,
}

/// One window of one replication.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// By request.
    pub requests: Vec<RequestWindow>,
    /// By place.
    pub places: Vec<PlaceWindow>,
}

impl Window {
    /// All requests together.
    pub fn total(&self) -> RequestWindow {
        let mut total = RequestWindow::default();
        self.requests.iter().for_each(|request| total.merge(request));
        total
    }
}

/// The width of a window: 1, 2, 2.5 or 5 times a power of ten, in seconds, some sixty to a run.
pub fn width(length: Span) -> Span {
    let ideal = length.as_secs() / WINDOWS;
    let decade = 10f64.powf(ideal.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|step| step * decade >= ideal * (1.0 - 1e-9));
    Span(Span::from_secs(step.unwrap_or(10.0) * decade).0.max(1))
}

/// Start and end of every window; the last ends with the run.
pub fn edges(length: Span) -> impl Iterator<Item = (Span, Span)> {
    let width = width(length).0;
    (0..length.0.div_ceil(width)).map(move |n| (Span(n * width), Span(((n + 1) * width).min(length.0))))
}

/// Runs to the end of the window of a replication whose warm-up is over. The books lack the right answers, which are in the windows; those that were
/// not reached are left out.
pub fn record(engine: &mut Engine<'_, Recorder<'_>>, length: Span, events_max: u64) -> (Vec<Window>, Stop) {
    let start = engine.now();
    let mut windows = Vec::new();
    let mut before = Mark::of(engine.probe().books(), start);
    for (_, until) in edges(length) {
        // What happens at an edge belongs to the window that begins there.
        let last = if until == length { until } else { Span(until.0 - 1) };
        let stop = engine.run_until(start + last, events_max.saturating_sub(engine.events()));
        if matches!(stop, Stop::Budget | Stop::Overflow) {
            return (windows, stop);
        }
        let now = Mark::of(engine.probe().books(), engine.now());
        windows.push(now.since(&before, engine.probe_mut().take_answers()));
        before = now;
    }
    (windows, Stop::Reached)
}

/// What the books had counted at some time.
struct Mark {
    at: Time,
    requests: Vec<(u64, [u64; 4])>,
    /// By place: the area under the number present (ns), hits, look-ups.
    places: Vec<(i128, u64, u64)>,
}

impl Mark {
    fn of(books: &Measurements, at: Time) -> Self {
        let place = |book: &crate::measure::books::PlaceBook| {
            (book.level.area(at.0), book.hits, book.hits + book.misses + book.coalesced)
        };
        Self {
            at,
            requests: books.requests.iter().map(|book| (book.submitted, errors(book))).collect(),
            places: books.places.iter().map(place).collect(),
        }
    }

    fn since(&self, before: &Self, answers: Vec<Histogram>) -> Window {
        let requests = self.requests.iter().zip(&before.requests).zip(answers);
        let span = (self.at - before.at).0 as f64;
        let place = |(now, then): (&(i128, u64, u64), &(i128, u64, u64))| PlaceWindow {
            in_system: (now.0 - then.0) as f64 / span,
            hits: (now.1 - then.1) as f64,
            look_ups: (now.2 - then.2) as f64,
        };
        Window {
            requests: requests
                .map(|((now, then), right)| RequestWindow {
                    submitted: now.0 - then.0,
                    right,
                    errors: std::array::from_fn(|kind| now.1[kind] - then.1[kind]),
                })
                .collect(),
            places: self.places.iter().zip(&before.places).map(place).collect(),
        }
    }
}

fn errors(book: &RequestBook) -> [u64; 4] {
    let of = |kind| book.causes.iter().filter(|(f, _)| f.kind == kind).map(|(_, n)| n).sum();
    ErrorKind::ALL.map(of)
}

/// One kind of request, or all, in one window of one replication.
#[derive(Clone, Copy, Debug)]
pub struct RequestNumbers {
    submitted: f64,
    right: f64,
    errors: [f64; 4],
    latency: Spread,
}

impl From<&RequestWindow> for RequestNumbers {
    fn from(window: &RequestWindow) -> Self {
        Self {
            submitted: window.submitted as f64,
            right: window.right.count() as f64,
            errors: window.errors.map(|n| n as f64),
            latency: Spread::from(&window.right),
        }
    }
}

/// The numbers of one window of one replication.
#[derive(Clone, Debug)]
pub struct WindowSummary {
    total: RequestNumbers,
    requests: Vec<RequestNumbers>,
    places: Vec<PlaceWindow>,
}

impl From<&Window> for WindowSummary {
    fn from(window: &Window) -> Self {
        Self {
            total: RequestNumbers::from(&window.total()),
            requests: window.requests.iter().map(RequestNumbers::from).collect(),
            places: window.places.clone(),
        }
    }
}

/// The timeline of a point whose replications recorded `length`: windows that all of them reached.
pub fn rows(model: &Model, gathered: &Gathered, length: Span) -> Vec<TimelineRow> {
    let summaries = &gathered.summaries[..];
    let reached = summaries.iter().map(|s| s.timeline.len()).min().unwrap_or(0);
    let windows = gathered.pooled.timeline.iter().zip(edges(length)).take(reached).enumerate();
    windows
        .map(|(nth, (pooled, (from, until)))| {
            let width_s = until.as_secs() - from.as_secs();
            let one = |at: usize| {
                let of = move |s: &Summary| s.timeline[nth].requests[at];
                (model.requests[at].name.clone(), window(&pooled.requests[at], summaries, width_s, of))
            };
            let alone = pooled.requests.len() == 1;
            TimelineRow {
                at_s: from.as_secs(),
                until_s: until.as_secs(),
                total: window(&pooled.total(), summaries, width_s, move |s| s.timeline[nth].total),
                requests: (0..if alone { 0 } else { pooled.requests.len() }).map(one).collect(),
                places: places(model, summaries, nth),
            }
        })
        .collect()
}

fn window(
    pooled: &RequestWindow,
    summaries: &[Summary],
    width_s: f64,
    of: impl Fn(&Summary) -> RequestNumbers + Copy,
) -> WindowRow {
    let over = move |s: &Summary| of(s).right + of(s).errors.iter().sum::<f64>();
    let share = |kind: usize| rows::ratio(summaries, 1.0, move |s| of(s).errors[kind], over);
    let latency = rows::distribution(&pooled.right, summaries, move |s| of(s).latency);
    WindowRow {
        offered_per_s: rows::mean(summaries, move |s| of(s).submitted / width_s),
        throughput_per_s: rows::mean(summaries, move |s| of(s).right / width_s),
        errors: Errors { timeout: share(0), rejected: share(1), abandoned: share(2), failed: share(3) },
        latency_s: WindowLatency {
            mean: latency.mean,
            p50: latency.p50,
            p95: latency.p95,
            p99: latency.p99,
            count: latency.count,
        },
    }
}

fn places(model: &Model, summaries: &[Summary], nth: usize) -> indexmap::IndexMap<String, WindowPlace> {
    let row = |(at, place): (usize, &crate::model::Place)| {
        let of = move |s: &Summary| s.timeline[nth].places[at];
        let hit_ratio = (place.kind == PlaceKind::Cache)
            .then(|| rows::ratio(summaries, 1.0, move |s| of(s).hits, move |s| of(s).look_ups));
        let in_system = rows::mean(summaries, move |s| of(s).in_system);
        (place.name.clone(), WindowPlace { in_system, hit_ratio })
    };
    // Nobody is at a pool: who holds a slot is at its service.
    let visited = model.places.iter().enumerate().filter(|(_, place)| place.kind != PlaceKind::Pool);
    visited.map(row).collect()
}

/// What happens within `length`, in the order of time.
pub fn changes(model: &Model, length: Span) -> Vec<ChangeRow> {
    let mut rows: Vec<(u64, String)> = Vec::new();
    for change in &model.changes {
        let step = change.every.map_or(u64::MAX, |every| every.0);
        let times = std::iter::successors(Some(change.at.0), |at| at.checked_add(step));
        let times = times.take_while(|at| *at < length.0).take(TIMES_MAX);
        rows.extend(times.map(|at| (at, model.change_text(change.what))));
    }
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(at, what)| ChangeRow { at_s: Span(at).as_secs(), what }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_round_and_the_last_ends_with_the_run() {
        let widths = [60.0, 120.0, 300.0, 0.7, 1e-9].map(|s| width(Span::from_secs(s)).0);
        assert_eq!(widths, [1_000_000_000, 2_000_000_000, 5_000_000_000, 20_000_000, 1]);
        let all: Vec<_> = edges(Span(100_500_000_000)).collect();
        assert_eq!(all.len(), 51);
        assert_eq!((all[0].0, all[50]), (Span::ZERO, (Span(100_000_000_000), Span(100_500_000_000))));
    }
}
