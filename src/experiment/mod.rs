//! Studies of a model: replicate, sweep, judge. The only module that runs threads.

pub mod answer;
mod gather;
mod loads;
pub mod options;
mod pilot;
mod replication;
mod rows;
mod summary;
