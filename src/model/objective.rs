//! What is expected, asked for, and how it is studied.

use crate::ids::{EndpointId, PlaceId};
use crate::units::Span;

/// What is expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Peak {
    /// Requests per second over all groups.
    Rate(f64),
    /// Users over all groups.
    Users(f64),
}

/// A statistic of latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The mean.
    Mean,
    /// A quantile in (0, 1): 0.95 for p95.
    Quantile(f64),
}

/// One line of `slo`.
#[derive(Clone, Debug)]
pub struct Objective {
    /// The endpoint it speaks of; `None`: all requests (`total`), or a place.
    pub endpoint: Option<EndpointId>,
    /// The place it speaks of.
    pub place: Option<PlaceId>,
    /// What must hold.
    pub goal: Goal,
    /// As written: `p95 < 200ms`.
    pub text: String,
    /// A breach is told and fails nothing: it is no part of the limit, nor of goodput.
    pub warns: bool,
}

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// A latency statistic of right answers stays below so many seconds.
    Latency(Statistic, f64),
    /// The share of requests that end in an error stays below.
    Errors(f64),
    /// The Apdex score at a threshold (s) stays above.
    Apdex {
        /// The threshold T in seconds: satisfied up to T, tolerating up to 4 T.
        threshold: f64,
        /// The score.
        above: f64,
    },
    /// Goodput stays above so many per second.
    GoodputRate(f64),
    /// Goodput stays above this share of offered requests.
    GoodputShare(f64),
    /// The share of look-ups that hit stays above (caches).
    HitRatio(f64),
    /// The busy share of the busiest resource stays below (places).
    Utilization(f64),
    /// The share of answers that had been overwritten stays below (caches, databases).
    Stale(f64),
    /// How long messages wait for a consumer, in seconds, stays below (queues).
    Age(Statistic, f64),
    /// Money a month stays below (all, or a place).
    MonthlyCost(f64),
    /// Money for a million right answers stays below (all).
    MillionCost(f64),
}

impl Goal {
    /// What it is held against: seconds, a share of one, a score, per second, or money.
    #[must_use]
    pub fn bar(&self) -> f64 {
        match *self {
            Self::Latency(_, bar)
            | Self::Errors(bar)
            | Self::Apdex { above: bar, .. }
            | Self::GoodputRate(bar)
            | Self::GoodputShare(bar)
            | Self::HitRatio(bar)
            | Self::Utilization(bar)
            | Self::Stale(bar)
            | Self::Age(_, bar)
            | Self::MonthlyCost(bar)
            | Self::MillionCost(bar) => bar,
        }
    }

    /// The threshold of an Apdex score, in ns.
    #[must_use]
    pub fn apdex_ns(&self) -> Option<u64> {
        match self {
            Self::Apdex { threshold, .. } => Some(Span::from_secs(*threshold).0),
            _ => None,
        }
    }

    /// It must stay below its bar; otherwise above.
    #[must_use]
    pub fn is_below(&self) -> bool {
        !matches!(self, Self::Apdex { .. } | Self::GoodputRate(_) | Self::GoodputShare(_) | Self::HitRatio(_))
    }
}

/// How to study the model; every field a default that a flag overrides.
#[derive(Clone, Debug)]
pub struct Study {
    /// The seed of everything.
    pub seed: u64,
    /// Statistics with their asked relative half width at 95 %.
    pub precision: Vec<(Statistic, f64)>,
    /// Requests per replication after warm-up, instead of a precision.
    pub requests: Option<u64>,
    /// Model time per replication after warm-up, instead of a precision.
    pub duration: Option<Span>,
    /// Model time cut off at the start, instead of MSER-5.
    pub warmup: Option<Span>,
    /// Independent replications at every point.
    pub replications: u32,
    /// Events that all replications of a point may cost.
    pub budget: u64,
}
