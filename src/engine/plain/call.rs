//! Calls in flight: records of two cache lines.

use crate::engine::slab::Slab;
use crate::engine::{Held, Present};
use crate::ids::{EndpointId, MemberId, RequestId, StationId};
use crate::model::{Class, Pc};
use crate::station::line::NONE;
use crate::units::Time;

/// Slots that a call may hold at once.
pub const HOLDS_MAX: usize = 2;

/// Where one needs no slot.
pub const NO_STATION: u32 = NONE - 1;

/// A slot taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hold {
    /// Since when, ns.
    pub since: u64,
    /// The station.
    pub station: u32,
}

/// One call at one endpoint. `waited` and `served` stand apart: the one is often read just after the other was written, and reading
/// both at once would have to wait for the write.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub struct Call {
    /// Names its draws.
    pub key: u64,
    /// Waited here so far, ns.
    pub waited: u64,
    /// When it was submitted, ns.
    pub arrived: u64,
    /// When the present wait or work began, ns.
    pub since: u64,
    /// Served here so far, ns.
    pub served: u64,
    /// Its present step.
    pub pc: Pc,
    /// The endpoint whose program it runs.
    pub endpoint: EndpointId,
    /// The member that serves it.
    pub member: MemberId,
    /// Its caller; [`NONE`] for a request of a user.
    pub parent: u32,
    pub class: Class,
    /// Slots held.
    pub holds: u8,
    /// The station that serves it on its visit, or [`NO_STATION`]; [`NONE`] while it waits there, and at home.
    pub visits: u32,

    held: [Hold; HOLDS_MAX],
    /// On a visit: when it began, ns. On shared cores: work still to be done, ns.
    pub mark: u64,
    /// Which request of its source it is; only for a request of a user.
    pub serial: u64,
    /// What was asked; only for a request of a user.
    pub request: RequestId,
    /// The user it is for.
    pub user: u32,
    /// The member that it visits.
    pub host: MemberId,
}

impl Call {
    /// Records a slot taken.
    #[inline]
    pub fn hold(&mut self, station: u32, since: u64) {
        self.held[self.holds as usize] = Hold { since, station };
        self.holds += 1;
    }

    /// Forgets the slot taken last.
    #[inline]
    pub fn unhold(&mut self) -> Option<Hold> {
        self.holds = self.holds.checked_sub(1)?;
        Some(self.held[self.holds as usize])
    }

    /// Whether it is a request of a user.
    #[inline]
    pub fn is_root(&self) -> bool {
        self.parent == NONE
    }

    /// Where it is.
    pub fn present(&self) -> Present {
        Present { endpoint: self.endpoint, member: self.member, arrived: Time(self.arrived) }
    }

    /// The slots it holds.
    pub fn held(&self) -> impl Iterator<Item = Held> {
        let held = self.held[..self.holds as usize].iter().copied();
        let there = (self.visits < NO_STATION).then_some(Hold { station: self.visits, since: self.since });
        held.chain(there).map(|hold| Held { station: StationId(hold.station), since: Time(hold.since) })
    }
}

/// All calls in flight.
pub type Calls = Slab<Call>;
