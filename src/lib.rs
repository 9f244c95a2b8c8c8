//! Capacity planning by simulation: at what load does an architecture stop being fast, what gives way first, and what is
//! the cheapest change that moves it?
//!
//! A model travels one way; each step borrows its input and returns a value:
//!
//! ```text
//! YAML -> Spec -> Model -> Signals -> Measurements -> Curve -> Answer -> bytes -> file
//! ```
//!
//! # The map
//!
//! ```text
//! floor 9  main.rs
//! floor 8  cli/   lib.rs                clap, files, terminal, diagnostics drawn           | crate docs, the map
//! floor 7  report/                      results -> bytes: table, csv, json, chart
//! floor 6  experiment/                  sweep, knee, limit, compare, size, rank, plan, check; the only rayon
//! floor 5  compile/   engine/   measure/    Spec -> Model   |   Model -> Signals   |   Signals -> Measurements
//! floor 4  model/                       compiled, checked, immutable: ids, one op program an endpoint
//! floor 3  spec/      workload/         YAML shapes with positions   |   arrival processes
//! floor 2  dist/  stats/  station/  policy/  signal.rs  diagnostic.rs
//! floor 1  units.rs  calendar.rs  ids.rs  rng.rs  queueing/
//! ```
//!
//! A module imports only from lower floors, and there is no circle. `compile`, `engine` and `measure` never import one
//! another. The engine knows no YAML, no files, no threads and no wall clock. Stations and policies are small pure state
//! machines that know no event list. `report` computes no statistic. `cli` alone opens files and prints.

pub mod calendar;
pub mod cli;
pub mod compile;
pub mod diagnostic;
pub mod dist;
pub mod engine;
pub mod experiment;
pub mod ids;
pub mod measure;
pub mod model;
pub mod policy;
pub mod queueing;
pub mod report;
pub mod rng;
pub mod signal;
pub mod spec;
pub mod station;
pub mod stats;
pub mod units;
pub mod workload;
