//! One line a request: how people check a simulator by hand.

use std::ops::ControlFlow;

use super::options::Options;
use crate::engine::{Engine, Seed, Stop};
use crate::model::Model;
use crate::signal::{Probe, Signal};
use crate::units::{Span, Time};

/// Requests of a trace unless the options say otherwise.
const REQUESTS: u64 = 10_000;

/// A request from submission to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceLine<'m> {
    /// `web.browse`
    pub request: &'m str,
    /// Who asked.
    pub group: &'m str,
    /// Which request of its stream, or user times 2^32 plus his request.
    pub serial: u64,
    /// When it was submitted.
    pub submitted: Time,
    /// When it was over for its user.
    pub ended: Time,
    /// `right` or the kind of error.
    pub outcome: &'static str,
    /// Where an error happened first.
    pub place: Option<&'m str>,
}

struct Tracer<'m, 'w> {
    model: &'m Model,
    write: &'w mut dyn FnMut(&TraceLine<'_>) -> ControlFlow<()>,
    stopped: bool,
}

impl Probe for Tracer<'_, '_> {
    fn on(&mut self, now: Time, signal: Signal) {
        let Signal::Ended(ended) = signal else { return };
        if self.stopped {
            return;
        }
        let request = &self.model.requests[ended.request.index()];
        let fault = ended.outcome.err();
        let line = TraceLine {
            request: &request.name,
            group: &self.model.groups[request.group.index()].name,
            serial: ended.serial,
            submitted: ended.submitted,
            ended: now,
            outcome: fault.map_or("right", |f| f.kind.name()),
            place: fault.map(|f| self.model.places[f.place.index()].name.as_str()),
        };
        self.stopped = (self.write)(&line).is_break();
    }
}

/// Runs replication 0 from its empty start and hands over every request as it ends, for the asked duration or number of requests.
pub fn trace(model: &Model, options: &Options, write: &mut dyn FnMut(&TraceLine<'_>) -> ControlFlow<()>) {
    let seed = Seed { seed: options.seed, replication: 0 };
    let mut engine = Engine::new(model, seed, Tracer { model, write, stopped: false });
    let warmup = options.warmup.unwrap_or(Span::ZERO);
    if model.has_time() {
        engine.run_until(Time::ZERO + warmup, options.budget);
        engine.start_clock();
    }
    if let Some(duration) = options.duration {
        engine.run_until(Time::ZERO + warmup + duration, options.budget);
        return;
    }
    let stop = engine.run_requests(options.requests.unwrap_or(REQUESTS), options.budget);
    debug_assert_ne!(stop, Stop::Reached);
}
