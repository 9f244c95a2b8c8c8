//! Studies of a model.

pub mod answer;
