//! What happens to a system at a given time.

use super::Model;
use crate::ids::{PlaceId, StoreId};
use crate::units::Span;

/// A run lasts at least so long unless a duration is stated.
const DURATION_MIN: Span = Span(60_000_000_000);

/// Something that happens at a given time, counted from the end of the warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Span,
    /// And again after so long; not zero.
    pub every: Option<Span>,
    /// What.
    pub what: Happening,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A cache loses all its entries.
    Flushed(StoreId),
    /// A node of a cache is lost, and with it the part of the keys that it has.
    NodeLost(StoreId, u32),
    /// It is back, empty.
    NodeBack(StoreId, u32),
    /// The primary of a database is lost.
    PrimaryLost(PlaceId),
    /// Its first read replica is the primary now.
    Promoted(PlaceId),
}

impl Model {
    /// Whether anything happens at a given time: then there is no steady state to look for.
    #[must_use]
    pub fn has_time(&self) -> bool {
        !self.changes.is_empty()
    }

    /// How long a run lasts unless a duration is stated: twice the time of the last change, and at least a minute.
    #[must_use]
    pub fn duration(&self) -> Span {
        let last = self.changes.iter().map(|c| c.at.0.saturating_add(c.every.map_or(0, |every| every.0)));
        Span(last.max().unwrap_or(0).saturating_mul(2).max(DURATION_MIN.0))
    }

    /// A change in words: `products is flushed`.
    #[must_use]
    pub fn change_text(&self, what: Happening) -> String {
        let first = |place: PlaceId| self.places[place.index()].members.start as usize;
        let place = |store: StoreId| self.stores[store.index()].place;
        let node = |store, part: u32| &self.members[first(place(store)) + part as usize].name;
        match what {
            Happening::Flushed(store) => format!("{} is flushed", self.places[place(store).index()].name),
            Happening::NodeLost(store, part) => format!("{} is lost", node(store, part)),
            Happening::NodeBack(store, part) => format!("{} is back and empty", node(store, part)),
            Happening::PrimaryLost(place) => format!("{} is lost", self.members[first(place)].name),
            Happening::Promoted(place) => format!("{} is promoted", self.members[first(place) + 1].name),
        }
    }
}
