//! Measuring a run: from signals to measurements.
//!
//! A [`Recorder`] listens to one replication. When its warm-up is over it forgets what it heard but not who is present; at the end
//! it closes its books and hands over [`Measurements`]. All sums are integers of nanoseconds, so that the laws of
//! conservation can be checked exactly ([`audit`]). A [`Dissector`] listens to the same replication again where more is asked.

pub mod audit;
pub mod books;
pub mod dissector;
pub mod layout;
pub mod recorder;

pub use self::books::Measurements;
pub use self::dissector::Dissector;
pub use self::recorder::Recorder;
