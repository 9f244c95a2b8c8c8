//! Stations: where calls wait and are served, as small pure state machines.
//!
//! A station is told who comes, who goes and what time it is; it answers with a decision. It knows no event list, draws no
//! random numbers and keeps no statistics. Calls are bare `u32` ids here; the links of waiting lines and the positions in
//! heaps live in arenas that all stations share, since a call waits at one station at a time.

pub mod cores;
pub mod indexed_heap;
pub mod line;
pub mod locks;
pub mod sharing;
pub mod slots;
pub mod store;

/// What becomes of a call that asks a station.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is served from now on.
    Start,
    /// It waits.
    Wait,
    /// There is no room.
    Reject,
}
