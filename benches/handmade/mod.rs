//! The yardstick: each workload as a state machine written for it alone.
//!
//! No programs, no calls within calls, no timeouts, one stream of random numbers, events ordered by time only. Recording is
//! that of the engine's recorder: the latency of every request, and wait, service and residence at every place, with the
//! times that servers were busy and the numbers present. What two books of the recorder would hold alike is kept once.

pub mod agenda;
pub mod books;
pub mod queue;
pub mod shop;

use knee::rng::KeyedRng;
use knee::units::Span;
use rand_distr::{Distribution, Exp1, StandardNormal};

use books::{Level, Place};
use knee::stats::Histogram;

/// What a run found out.
pub struct Results {
    /// Response times.
    pub latency: Histogram,
    /// Requests present.
    pub open: Level,
    /// The places, in the order of the model.
    pub places: Vec<Place>,
}

/// Exponential with the given mean (s), in ns.
#[inline]
fn exponential(rng: &mut KeyedRng, mean: f64) -> u64 {
    let standard: f64 = Exp1.sample(rng);
    Span::from_secs(mean * standard).0
}

/// A lognormal law in the form in which it is drawn.
#[derive(Clone, Copy)]
struct Lognormal {
    median: f64,
    sigma: f64,
}

impl Lognormal {
    /// By mean (s) and coefficient of variation.
    fn new(mean: f64, cv: f64) -> Self {
        let variance = (cv * cv).ln_1p();
        Self { median: mean * (-variance / 2.0).exp(), sigma: variance.sqrt() }
    }

    /// A time in ns.
    #[inline]
    fn draw(self, rng: &mut KeyedRng) -> u64 {
        let standard: f64 = StandardNormal.sample(rng);
        Span::from_secs(self.median * (self.sigma * standard).exp()).0
    }
}
