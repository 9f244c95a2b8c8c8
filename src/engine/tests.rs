//! Hand-worked schedules.
