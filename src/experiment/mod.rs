//! Studies of a model: replicate, sweep, judge. The only module that runs threads.

pub mod answer;
pub mod options;
