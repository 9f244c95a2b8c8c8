//! Calls in flight: plain records, with what they hold and the loops they are in.

use crate::engine::Present;
use crate::engine::data::About;
use crate::engine::slab::Slab;
use crate::ids::{EndpointId, MemberId, PlaceId, RequestId, SiteId};
use crate::model::{Class, Pc};
use crate::signal::{ErrorKind, Fault};
use crate::station::line::NONE;
use crate::units::Time;

/// What a call is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Its program runs, or is about to at this instant.
    #[default]
    Running,
    /// It stands in the line of slots; its patience may be an event.
    Queued,
    /// Its work ends with an event.
    Working,
    /// It runs on a core of its own; its work ends with an event.
    OnCore,
    /// It waits for a core of its own.
    CoreQueued,
    /// It runs on shared cores.
    Sharing,
    /// Its own calls are out.
    Joining,
    /// It waits before the next attempt; an event ends that.
    BackingOff,
}

/// One attempt at one endpoint, or a branch of a program.
///
/// What nearly every step touches comes first, in one cache line. `waited` and `served` stand apart: the one is often read just
/// after the other was written, and reading both at once would have to wait for the write.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct Call {
    /// Sequence of the event it waits for; 0: none. An event with another sequence is stale.
    pub event: u64,
    /// Names its draws.
    pub key: u64,
    /// When it was submitted, ns.
    pub arrived: u64,
    /// When the present wait or work began, ns.
    pub since: u64,
    /// Served here so far, ns.
    pub served: u64,
    /// Next op.
    pub pc: Pc,
    /// The endpoint whose program it runs.
    pub endpoint: EndpointId,
    /// The member that serves it.
    pub member: MemberId,
    pub class: Class,
    pub state: State,
    /// Slots held.
    pub holds: u8,
    /// Loops open.
    pub loops: u8,
    /// Its caller has gone.
    pub detached: bool,
    /// It runs steps of its caller's program, or of a user far away; it is at no place.
    pub branch: bool,
    /// It is a request of a user.
    pub root: bool,
    /// It makes a call in person: what it is at home is set aside.
    pub visiting: bool,

    /// Waited here so far, ns.
    pub waited: u64,
    /// Work still to be done on a core, ns.
    pub work: u64,
    /// Sequence of the timer of its attempt; 0: none.
    pub timer: u64,
    /// Its caller, [`NONE`] for a root or an orphan.
    pub parent: u32,
    /// Its own calls: the first, and the neighbours among its caller's.
    pub first_child: u32,
    pub previous: u32,
    pub next: u32,
    /// Counts the calls that lived in this slot.
    pub generation: u32,
    /// The station it waits at or runs on.
    pub station: u32,
    /// The user it is for.
    pub user: u32,
    /// What it knows of keys.
    pub about: About,

    /// Own calls that are out, or still to be made.
    pub left: u32,
    /// Of these, still to be made: copies that wait until another is over.
    pub unborn: u32,
    /// Right answers still needed.
    pub need: u32,
    /// The site of its caller that made it; meaningless for a root.
    pub site: SiteId,
    /// What was asked; only for a root.
    pub request: RequestId,
    /// Which of the copies of its site it is.
    pub copy: u32,
    /// Which attempt it is, from 1; while backing off, how many failed.
    pub attempt: u32,
    /// The first error among its own calls of this step.
    pub fault: Option<PackedFault>,
}

impl Call {
    /// A call without relatives, submitted at `now` (ns).
    #[inline]
    pub fn new(now: u64) -> Self {
        let (parent, first_child, previous, next) = (NONE, NONE, NONE, NONE);
        Self { arrived: now, parent, first_child, previous, next, ..Self::default() }
    }

    /// Where it is.
    pub fn present(&self) -> Present {
        Present { endpoint: self.endpoint, member: self.member, arrived: Time(self.arrived) }
    }
}

impl Outer {
    /// Where it is when it is not visiting.
    pub fn present(&self) -> Present {
        Present { endpoint: self.endpoint, member: self.member, arrived: Time(self.arrived) }
    }
}

/// A fault in eight bytes with room for "none".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedFault {
    kind: ErrorKind,
    place: u32,
}

impl From<Fault> for PackedFault {
    fn from(fault: Fault) -> Self {
        Self { kind: fault.kind, place: fault.place.0 }
    }
}

impl From<PackedFault> for Fault {
    fn from(packed: PackedFault) -> Self {
        Self { kind: packed.kind, place: PlaceId(packed.place) }
    }
}

/// What a call is at home, while it visits another place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outer {
    key: u64,
    arrived: u64,
    waited: u64,
    served: u64,
    pc: Pc,
    endpoint: EndpointId,
    member: MemberId,
    class: Class,
    loops: u8,
    /// Slots held.
    pub holds: u8,
}

/// A slot taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hold {
    /// The station.
    pub station: u32,
    /// The key, of a station that has a lock for every key.
    pub key: u32,
    /// Since when, ns.
    pub since: u64,
}

/// A loop that is open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loop {
    /// The op that opened it.
    pub owner: Pc,
    /// Turns left, the present one included.
    pub left: u64,
    /// Turns done.
    pub turn: u64,
    /// The key that it is about: its steps may be about others.
    pub item: u32,
    /// The version that its turn has read.
    pub version: u32,
}

impl Loop {
    /// A loop about a key, which has done nothing yet.
    pub fn about(item: u32) -> Self {
        Self { item, ..Self::default() }
    }
}

/// All calls in flight, with what they hold and the loops they are in.
#[derive(Clone, Debug)]
pub struct Calls {
    slab: Slab<Call>,
    holds: Vec<Hold>,
    holds_max: usize,
    loops: Vec<Loop>,
    loops_max: usize,
    outer: Vec<Outer>,
}

impl std::ops::Index<u32> for Calls {
    type Output = Call;
    #[inline]
    fn index(&self, slot: u32) -> &Call {
        &self.slab[slot]
    }
}

impl std::ops::IndexMut<u32> for Calls {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Call {
        &mut self.slab[slot]
    }
}

impl Calls {
    /// No calls; each may hold `holds_max` slots and nest `loops_max` loops.
    pub fn new(holds_max: usize, loops_max: usize) -> Self {
        Self {
            slab: Slab::default(),
            holds: Vec::new(),
            holds_max,
            loops: Vec::new(),
            loops_max,
            outer: Vec::new(),
        }
    }

    /// Slots ever used: the size that side tables need.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.slab.capacity()
    }

    /// Calls in flight.
    #[inline]
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// A slot for a call without relatives, submitted at `now` (ns), that has yet to be named. It is made where it lives: to
    /// copy a record costs more than to fill it.
    #[inline]
    pub fn insert(&mut self, now: u64) -> u32 {
        let slot = self.slab.take().unwrap_or_else(|| self.grow());
        let room = &mut self.slab[slot];
        *room = Call { generation: room.generation, ..Call::new(now) };
        slot
    }

    #[cold]
    fn grow(&mut self) -> u32 {
        let slot = self.slab.grow();
        let calls = self.slab.capacity();
        self.holds.resize(calls * self.holds_max, Hold::default());
        self.loops.resize(calls * self.loops_max, Loop::default());
        self.outer.resize(calls, Outer::default());
        slot
    }

    /// Frees a slot; ids of the call that lived there are stale from now on.
    #[inline]
    pub fn remove(&mut self, slot: u32) {
        let call = &mut self.slab[slot];
        debug_assert_eq!(call.holds, 0, "a call gives back all it holds");
        call.generation = call.generation.wrapping_add(1);
        (call.event, call.timer) = (0, 0);
        self.slab.free(slot);
    }

    /// Records a slot taken. Answers who took it.
    #[inline]
    pub fn hold(&mut self, slot: u32, hold: Hold) -> &mut Call {
        let call = &mut self.slab[slot];
        self.holds[slot as usize * self.holds_max + call.holds as usize] = hold;
        call.holds += 1;
        call
    }

    /// Forgets the slot taken last.
    #[inline]
    pub fn unhold(&mut self, slot: u32) -> Option<Hold> {
        let call = &mut self.slab[slot];
        call.holds = call.holds.checked_sub(1)?;
        Some(self.holds[slot as usize * self.holds_max + call.holds as usize])
    }

    /// The slots that a visitor took on its visit are `heir`'s now, who has none.
    pub fn move_holds(&mut self, visitor: u32, heir: u32) {
        let (at_home, all) = (self.outer[visitor as usize].holds, self.slab[visitor].holds);
        let first = visitor as usize * self.holds_max;
        let taken = first + at_home as usize..first + all as usize;
        self.holds.copy_within(taken, heir as usize * self.holds_max);
        self.slab[heir].holds = all - at_home;
        self.slab[visitor].holds = at_home;
    }

    /// Sets aside what a call is at home, with the op it goes on from.
    #[inline]
    pub fn set_aside(&mut self, slot: u32, pc: Pc) -> &mut Call {
        let call = &mut self.slab[slot];
        let &mut Call { key, arrived, waited, served, endpoint, member, class, loops, holds, .. } = call;
        self.outer[slot as usize] =
            Outer { key, arrived, waited, served, pc, endpoint, member, class, loops, holds };
        call
    }

    /// What a visitor is at home.
    #[inline]
    pub fn outer(&self, slot: u32) -> &Outer {
        &self.outer[slot as usize]
    }

    /// A visitor is itself again. Answers the op that it left from.
    #[inline]
    pub fn come_back(&mut self, slot: u32) -> Pc {
        let call = &mut self.slab[slot];
        let Outer { key, arrived, waited, served, pc, endpoint, member, class, loops, .. } =
            self.outer[slot as usize];
        (call.key, call.arrived, call.waited, call.served) = (key, arrived, waited, served);
        (call.endpoint, call.member, call.class, call.loops) = (endpoint, member, class, loops);
        call.visiting = false;
        pc
    }

    /// Slots a call holds, first taken first.
    pub fn holds(&self, slot: u32) -> &[Hold] {
        let first = slot as usize * self.holds_max;
        &self.holds[first..first + self.slab[slot].holds as usize]
    }

    /// Loops a call is in, outermost first.
    #[inline]
    pub fn loops(&self, slot: u32) -> &[Loop] {
        let first = slot as usize * self.loops_max;
        &self.loops[first..first + self.slab[slot].loops as usize]
    }

    /// The innermost loop of a call.
    #[inline]
    pub fn innermost(&mut self, slot: u32) -> Option<&mut Loop> {
        let depth = self.slab[slot].loops as usize;
        let at = slot as usize * self.loops_max + depth.checked_sub(1)?;
        Some(&mut self.loops[at])
    }

    /// Opens a loop.
    #[inline]
    pub fn open_loop(&mut self, slot: u32, opened: Loop) {
        let call = &mut self.slab[slot];
        self.loops[slot as usize * self.loops_max + call.loops as usize] = opened;
        call.loops += 1;
    }

    /// Parts `child` from its caller; it keeps its own calls.
    #[inline]
    pub fn part(&mut self, child: u32) {
        let Call { parent, previous, next, .. } = self[child];
        self.unlink(parent, previous, next);
        let call = &mut self[child];
        (call.parent, call.previous, call.next) = (NONE, NONE, NONE);
    }

    /// A call of `parent` between these neighbours is no longer its own.
    #[inline]
    pub fn unlink(&mut self, parent: u32, previous: u32, next: u32) {
        match previous {
            NONE => self[parent].first_child = next,
            previous => self[previous].next = next,
        }
        if next != NONE {
            self[next].previous = previous;
        }
    }

    /// Ids of all calls in flight.
    pub fn ids(&self) -> impl Iterator<Item = u32> {
        self.slab.ids()
    }
}
