//! Arrival processes (placeholder until the real module lands).
/// An arrival process.
#[derive(Clone, Debug)]
pub struct Arrivals;
