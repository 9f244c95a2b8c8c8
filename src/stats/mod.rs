//! Statistics without a simulator: recorders that a run feeds, and estimators that read them.
//!
//! The recorders ([`Histogram`], [`Tally`], [`Gauge`]) take whole nanoseconds and stay exact: merging two of
//! them equals recording everything into one. The estimators take plain numbers, one a replication, and
//! answer with intervals. Nothing here knows what is being measured.

pub mod batches;
pub mod binomial;
pub mod curve;
mod gauge;
mod histogram;
pub mod interval;
pub mod isotonic;
pub mod kneedle;
pub mod quantiles;
mod spline;
mod tally;
pub mod trend;
pub mod warmup;

pub use batches::BatchMeans;
pub use curve::Curve;
pub use gauge::Gauge;
pub use histogram::Histogram;
pub use interval::{Interval, Lack};
pub use tally::Tally;
