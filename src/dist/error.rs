//! What is wrong with a parameter.

use thiserror::Error;

/// A parameter that no distribution or arrival process can have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid {parameter} '{value}', which should be {expected}")]
pub struct DistError {
    /// Which parameter: `mean`, `cv`, `p99`.
    pub parameter: &'static str,
    /// The value given, as text.
    pub value: String,
    /// The values wanted.
    pub expected: &'static str,
}

impl DistError {
    /// The error for `value`.
    #[must_use]
    pub fn new(parameter: &'static str, value: impl ToString, expected: &'static str) -> Self {
        Self { parameter, value: value.to_string(), expected }
    }
}

/// `value` itself where `legal`; so that a constructor reads as the list of its conditions.
pub(crate) fn require(
    parameter: &'static str,
    value: f64,
    legal: bool,
    expected: &'static str,
) -> Result<f64, DistError> {
    if legal { Ok(value) } else { Err(DistError::new(parameter, value, expected)) }
}

/// A time or a factor: finite, 0 or more.
pub(crate) fn not_negative(parameter: &'static str, value: f64) -> Result<f64, DistError> {
    require(parameter, value, value.is_finite() && value >= 0.0, "a finite number, 0 or more")
}

/// Finite and above 0.
pub(crate) fn positive(parameter: &'static str, value: f64) -> Result<f64, DistError> {
    require(parameter, value, value.is_finite() && value > 0.0, "a finite number above 0")
}
