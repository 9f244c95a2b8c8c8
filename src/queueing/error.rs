//! Why a formula has no answer, and the checks that find out.

use thiserror::Error;

/// Why a formula has no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum QueueingError {
    /// Work arrives at least as fast as it can be done: no steady state.
    #[error("no steady state: {offered} erlangs offered to a capacity of {capacity}")]
    Unstable {
        /// Offered load, in erlangs (busy servers if there were enough).
        offered: f64,
        /// Servers, or the load that can be carried.
        capacity: f64,
    },
    /// An argument outside its range.
    #[error("{what} is {value}, which should be {wanted}")]
    Invalid {
        /// The argument.
        what: &'static str,
        /// As given.
        value: f64,
        /// Its range.
        wanted: &'static str,
    },
    /// The exact answer needs more memory than allowed.
    #[error("the exact answer needs {needed} states, more than the limit of {limit}")]
    TooLarge {
        /// States, or values to store; at least.
        needed: f64,
        /// The limit.
        limit: usize,
    },
    /// A Markov chain whose start state is left for ever.
    #[error("the chain is not irreducible: some states never lead back to the start")]
    Reducible,
    /// An iteration that did not settle.
    #[error("no convergence after {iterations} iterations")]
    NoConvergence {
        /// Iterations done.
        iterations: usize,
    },
}

/// `value`, if it is finite and above 0.
pub(super) fn positive(what: &'static str, value: f64) -> Result<f64, QueueingError> {
    let ok = value > 0.0 && value.is_finite();
    if ok { Ok(value) } else { Err(QueueingError::Invalid { what, value, wanted: "above 0 and finite" }) }
}

/// `value`, if it is finite and not below 0.
pub(super) fn nonnegative(what: &'static str, value: f64) -> Result<f64, QueueingError> {
    let ok = value >= 0.0 && value.is_finite();
    if ok { Ok(value) } else { Err(QueueingError::Invalid { what, value, wanted: "at least 0 and finite" }) }
}

/// `count` as a float, if it is at least 1.
pub(super) fn at_least_one(what: &'static str, count: u32) -> Result<f64, QueueingError> {
    if count > 0 {
        Ok(f64::from(count))
    } else {
        Err(QueueingError::Invalid { what, value: 0.0, wanted: "at least 1" })
    }
}

/// Fails unless `offered` erlangs leave room below `capacity`.
pub(super) fn stable(offered: f64, capacity: f64) -> Result<(), QueueingError> {
    if offered < capacity { Ok(()) } else { Err(QueueingError::Unstable { offered, capacity }) }
}

/// Panics unless `p` is a probability: a quantile of anything else is a mistake of the caller.
pub(super) fn assert_probability(p: f64) {
    assert!((0.0..=1.0).contains(&p), "a quantile is asked at p in [0, 1], not {p}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_quote_the_value_and_name_the_range() {
        let error = positive("service_s", f64::NAN).unwrap_err();
        assert_eq!(error.to_string(), "service_s is NaN, which should be above 0 and finite");
        assert!(positive("x", 0.0).is_err() && nonnegative("x", 0.0).is_ok());
        assert!(stable(1.0, 1.0).is_err() && stable(f64::NAN, 1.0).is_err());
    }
}
