//! Statistics without a simulator: recorders that a run feeds, and estimators that read them.
//!
//! The recorders ([`Histogram`], [`Tally`], [`Gauge`]) take whole nanoseconds and stay exact: merging two of
//! them equals recording everything into one. The estimators take plain numbers, one a replication, and answer with
//! intervals. Nothing here knows what is being measured.

mod gauge;
mod histogram;
mod tally;

pub use gauge::Gauge;
pub use histogram::Histogram;
pub use tally::Tally;
