//! The engine: a model's programs, run by one event loop.
//!
//! It knows no files, no threads and no wall clock, and keeps no statistics: it tells a [`Probe`] what happens. A model goes one of
//! two ways, which tell the same of the same model, to the nanosecond:
//!
//! - `general/`: any model
//! - `plain/`: models in which nothing can go wrong, in two thirds of the time
//!
//! Both share `event_list.rs` (what happens next), `sources.rs` (requests, and who makes them), `slab.rs` (where calls in flight
//! live), `data.rs` (keys, and caches that know them; `warm.rs`: as a run finds them) and `parts.rs`.

mod data;
mod event_list;
mod general;
mod parts;
mod plain;
mod slab;
mod sources;
mod warm;

use self::general::General;
use self::plain::Plain;
use crate::ids::{EndpointId, MemberId, StationId};
use crate::model::Model;
use crate::rng::{mix, scramble};
use crate::signal::Probe;
use crate::units::Time;

/// The most calls in flight that a run may reach: beyond it the system has long ceased to be steady, and memory is worth more.
pub const IN_FLIGHT_MAX: usize = 1 << 21;

/// Why a run came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time asked for was reached.
    Reached,
    /// Nothing is left to happen.
    Idle,
    /// It cost as many events as allowed.
    Budget,
    /// [`IN_FLIGHT_MAX`] calls were in flight.
    Overflow,
}

/// A call that is at a place, for those who close the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// The endpoint called.
    pub endpoint: EndpointId,
    /// The member that serves it.
    pub member: MemberId,
    /// When it was submitted.
    pub arrived: Time,
}

/// A slot or core that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The station.
    pub station: StationId,
    /// Since when.
    pub since: Time,
}

/// Names one replication: all its random numbers follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The seed of the study.
    pub seed: u64,
    /// Which replication.
    pub replication: u32,
}

impl Seed {
    /// Small seeds differ in few bits; the first mix spreads them.
    fn key(self) -> u64 {
        mix(mix(scramble(self.seed.wrapping_add(0x6b6e_6565)), 0), u64::from(self.replication))
    }
}

/// One replication of a model.
///
/// The same model, seed and replication give the same run.
#[derive(Debug)]
pub struct Engine<'m, P> {
    way: Way<'m, P>,
}

/// How a model is run.
#[derive(Debug)]
enum Way<'m, P> {
    Plain(Box<Plain<'m, P>>),
    General(Box<General<'m, P>>),
}

/// The same of both ways.
macro_rules! on {
    ($engine:expr, $way:ident => $do:expr) => {
        match $engine {
            Way::Plain($way) => $do,
            Way::General($way) => $do,
        }
    };
}

impl<'m, P: Probe> Engine<'m, P> {
    /// An empty system at time zero: open sources in their stationary state, closed users thinking.
    #[must_use]
    pub fn new(model: &'m Model, seed: Seed, probe: P) -> Self {
        let way = if !P::DISSECTS && plain::can_run(model) {
            Way::Plain(Box::new(Plain::new(model, seed.key(), probe)))
        } else {
            Way::General(Box::new(General::new(model, seed.key(), probe)))
        };
        Self { way }
    }
}

impl<P: Probe> Engine<'_, P> {
    /// Who listens to everything that happens.
    pub fn probe(&self) -> &P {
        on!(&self.way, way => &way.probe)
    }

    /// Who listens to everything that happens.
    pub fn probe_mut(&mut self) -> &mut P {
        on!(&mut self.way, way => &mut way.probe)
    }

    /// The run is over: what its probe has heard.
    pub fn into_probe(self) -> P {
        on!(self.way, way => way.probe)
    }

    /// The present time.
    #[must_use]
    pub fn now(&self) -> Time {
        on!(&self.way, way => way.now())
    }

    /// Events handled so far: arrivals, ends of work, of think times and of back-offs, timers that fired.
    #[must_use]
    pub fn events(&self) -> u64 {
        on!(&self.way, way => way.events())
    }

    /// Requests submitted so far.
    #[must_use]
    pub fn submitted(&self) -> u64 {
        on!(&self.way, way => way.submitted())
    }

    /// Calls in flight, branches and those detached included.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        on!(&self.way, way => way.in_flight())
    }

    /// Every call that is at a place.
    #[must_use]
    pub fn present(&self) -> Vec<Present> {
        on!(&self.way, way => way.present().collect())
    }

    /// Requests that users still wait for.
    #[must_use]
    pub fn open(&self) -> usize {
        on!(&self.way, way => way.open())
    }

    /// Every slot and core of one's own that is held.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        on!(&self.way, way => way.held().collect())
    }

    /// The times of changes count from now.
    pub fn start_clock(&mut self) {
        if let Way::General(way) = &mut self.way {
            way.start_clock();
        }
    }

    /// Runs up to and including `end`, for at most `budget` events.
    pub fn run_until(&mut self, end: Time, budget: u64) -> Stop {
        on!(&mut self.way, way => way.run_until(end, budget))
    }

    /// Submits `requests` in all and runs until the last is over, for at most `budget` events.
    pub fn run_requests(&mut self, requests: u64, budget: u64) -> Stop {
        on!(&mut self.way, way => way.run_requests(requests, budget))
    }
}
