//! Exact formulas of queueing theory, in plain `f64`: rates per second, times in seconds, probabilities in
//! [0, 1].
//!
//! They are what a simulated number is shown beside and tested against, and they import nothing of this
//! crate. A system is a value whose constructor checks that it has a steady state; its methods then cannot
//! fail. Only [`allen_cunneen`], [`mean_field_choices`], [`che_lru`] and [`che_fifo`] are not exact for the
//! system at hand, and their docs say so.
//!
//! ```
//! use knee::queueing::{Mm1, Mmc};
//!
//! let one = Mm1::new(0.9, 1.0)?;
//! assert!((one.response_mean_s() - 10.0).abs() < 1e-9);
//! let many = Mmc::new(14.4, 1.0, 16)?;
//! assert!((many.response_mean_s() - 1.369_590).abs() < 1e-6);
//! # Ok::<(), knee::queueing::QueueingError>(())
//! ```

mod approximation;
mod batch;
mod birth_death;
mod bounds;
mod caching;
mod choices;
mod classes;
mod closed;
mod elimination;
mod erlang;
mod erlang_a;
mod error;
mod fork_join;
mod gm1;
mod jackson;
mod markov;
mod matrix;
mod md1;
mod mdc;
mod mg1;
mod mm1;
mod mmc;
mod mmck;
mod mmpp;
mod nested;
mod numeric;
mod power;
mod priority;
mod repair;
mod scalability;
mod sharing;
mod staged;
mod staleness;

pub use approximation::allen_cunneen;
pub use batch::BatchArrivals;
pub use bounds::{
    Bounds, asymptotic_bounds, balanced_job_bounds, bottleneck_law, saturation_users, utilization,
};
pub use caching::{
    CheCache, Ttl, che_fifo, che_lru, fifo_exact, lru_exact, ttl_fixed_hit, ttl_hit_ratio, ttl_sliding_hit,
};
pub use choices::{Choices, mean_field_choices};
pub use classes::{Class, ClassLoad, ClassesSolution, solve_classes};
pub use closed::{ClosedNetwork, ClosedSolution, Servers, Station, StationLoad};
pub use erlang::{erlang_b, erlang_c};
pub use erlang_a::ErlangA;
pub use error::QueueingError;
pub use fork_join::fork_join_of_two;
pub use gm1::{Gaps, Gm1};
pub use jackson::{JacksonNetwork, JacksonNode, NodeLoad};
pub use markov::{Chain, Stationary};
pub use md1::Md1;
pub use mdc::Mdc;
pub use mg1::Mg1;
pub use mm1::Mm1;
pub use mmc::Mmc;
pub use mmck::Mmck;
pub use mmpp::{Mmpp1, Phase};
pub use nested::{Nested, NestedSolution};
pub use power::{KneeBy, power_knee};
pub use priority::{
    ClassTimes, PriorityClass, nonpreemptive_priority, nonpreemptive_priority_mmc, preemptive_priority,
};
pub use repair::Repair;
pub use scalability::{usl_peak, usl_throughput};
pub use sharing::{Mg1LastCome, Mg1Sharing};
pub use staleness::{stale_exponential_lag, stale_fixed_lag, stale_ttl};

#[cfg(test)]
/// Asserts that two numbers agree to a relative (below 1: absolute) tolerance.
#[track_caller]
fn assert_near(left: f64, right: f64, tolerance: f64) {
    let gap = (left - right).abs() / right.abs().max(1.0);
    assert!(gap <= tolerance, "{left} is not {right}: off by {gap:e}");
}
