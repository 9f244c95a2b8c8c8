//! Distributions (placeholder until the real module lands).
/// A distribution of times.
#[derive(Clone, Debug)]
pub struct Dist;
/// A distribution of counts.
#[derive(Clone, Debug)]
pub struct Count;
/// An alias table.
#[derive(Clone, Debug)]
pub struct Alias;
