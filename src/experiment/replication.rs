//! One replication: warm-up, window, closed books.

use super::timeline;
use crate::engine::{Engine, Seed, Stop};
use crate::ids::RequestId;
use crate::measure::audit::{Finding, audit};
use crate::measure::layout::Layout;
use crate::measure::recorder::Open;
use crate::measure::{Measurements, Recorder};
use crate::model::Model;
use crate::units::{Span, Time};

/// Times at which the number of calls in the system is noted, evenly spread over the window.
pub const CHECKPOINTS: u32 = 32;

/// What a replication covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Cut off at the start.
    pub warmup: Span,
    /// Recorded after that.
    pub length: Span,
    /// Events that the replication may cost.
    pub events_max: u64,
}

/// A finished replication.
#[derive(Clone, Debug)]
pub struct Replication {
    /// Its closed books.
    pub books: Measurements,
    /// Calls in flight at each checkpoint reached.
    pub in_flight: Vec<f64>,
    /// Mean latency of right answers in either half of the window, in seconds; NaN without any.
    pub halves: [f64; 2],
    /// Events it cost.
    pub events: u64,
    /// Whether it reached its end.
    pub stop: Stop,
    /// What the audit says.
    pub audit: Vec<Finding>,
    /// Window by window, where something happens at a given time.
    pub timeline: Vec<timeline::Window>,
}

/// Runs one replication of `model`.
#[must_use]
pub fn replicate(model: &Model, layout: &Layout, seed: Seed, window: Window) -> Replication {
    let mut engine = Engine::new(model, seed, Recorder::new(model, layout));
    let mut stop = engine.run_until(Time::ZERO + window.warmup, window.events_max);
    let start = engine.now();
    engine.probe_mut().start_window(start);
    if model.has_time() {
        return in_time(model, engine, window);
    }
    let mut in_flight = Vec::with_capacity(CHECKPOINTS as usize);
    let mut at_half = (0.0, 0);
    for checkpoint in 1..=CHECKPOINTS {
        if matches!(stop, Stop::Budget | Stop::Overflow) {
            break;
        }
        let elapsed = (u128::from(window.length.0) * u128::from(checkpoint) / u128::from(CHECKPOINTS)) as u64;
        stop = engine.run_until(start + Span(elapsed), window.events_max.saturating_sub(engine.events()));
        in_flight.push(engine.in_flight() as f64);
        if checkpoint == CHECKPOINTS / 2 {
            at_half = right_answers(engine.probe().books());
        }
    }
    let halves = halves(at_half, right_answers(engine.probe().books()));
    let events = engine.events();
    let (books, audit) = close(model, engine);
    Replication { books, in_flight, halves, events, stop, audit, timeline: Vec::new() }
}

/// The rest of a replication in which something happens at a given time: no part of it stands for another.
fn in_time(model: &Model, mut engine: Engine<'_, Recorder<'_>>, window: Window) -> Replication {
    engine.start_clock();
    let (timeline, stop) = timeline::record(&mut engine, window.length, window.events_max);
    for request in timeline.iter().flat_map(|window| window.requests.iter().enumerate()) {
        engine.probe_mut().give_back_answers(RequestId(request.0 as u32), &request.1.right);
    }
    let events = engine.events();
    let (books, audit) = close(model, engine);
    Replication { books, in_flight: Vec::new(), halves: [f64::NAN; 2], events, stop, audit, timeline }
}

/// Closes the books and lets the engine's own view of who is present check them.
fn close(model: &Model, engine: Engine<'_, Recorder<'_>>) -> (Measurements, Vec<Finding>) {
    let end = engine.now();
    let from = engine.probe().books().from;
    let mut present = vec![0; model.places.len()];
    let mut presence = vec![0u128; model.places.len()];
    let here = engine.present();
    for call in &here {
        let place = model.endpoints[call.endpoint.index()].place.index();
        present[place] += 1;
        presence[place] += u128::from(end.0 - call.arrived.0.max(from));
    }
    let open = engine.open() as u64;
    let held: Vec<_> = engine.held().into_iter().map(|h| Open { of: h.station, since: h.since }).collect();
    let here = here.into_iter().map(|c| Open { of: (c.endpoint, c.member), since: c.arrived });
    let books = engine.into_probe().close(end, here, held.into_iter());
    let findings = audit(&books, &present, &presence, open);
    (books, findings)
}

/// Sum of latencies (s) and number of right answers so far.
fn right_answers(books: &Measurements) -> (f64, u64) {
    let tallies = books.requests.iter().map(|r| r.right.tally());
    tallies.fold((0.0, 0), |(sum, count), t| (sum + t.sum_s(), count + t.count()))
}

fn halves((first_sum, first): (f64, u64), (sum, count): (f64, u64)) -> [f64; 2] {
    [first_sum / first as f64, (sum - first_sum) / (count - first) as f64]
}
