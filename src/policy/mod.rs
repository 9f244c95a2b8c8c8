//! Policies: small decisions as pure state machines.

pub mod backoff;
pub mod balance;
