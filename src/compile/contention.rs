//! Calls that slow each other down on shared cores.

use super::Compiler;
use crate::diagnostic::Diagnostic;
use crate::ids::PlaceId;
use crate::model::{Contention, Sharing, Source, StationKind};
use crate::spec::place::{Scheduling, Service};

impl Compiler<'_> {
    /// How the calls of a service slow each other down, if it says so.
    pub(super) fn contention(&self, it: &Service) -> Option<Contention> {
        let share = |given: &Option<crate::spec::decode::At<crate::spec::quantity::Fraction>>| {
            given.as_ref().map_or(0.0, |share| share.value.0)
        };
        let law = Contention { contention: share(&it.contention), coherency: share(&it.coherency) };
        (law != Contention::default()).then_some(law)
    }

    /// Open load on cores that contention slows down, and no limit on the calls: a backlog feeds itself. At any load the run
    /// ends in it sooner or later.
    pub(super) fn contention_without_limit(&mut self) {
        if !self.model.groups.iter().any(|group| matches!(group.source, Source::Open { .. })) {
            return;
        }
        for i in 0..self.model.places.len() {
            let mut stations = self.model.stations_of(PlaceId(i as u32)).map(|(_, station)| &station.kind);
            let contended = stations.find_map(|kind| match *kind {
                StationKind::Cores { cores, sharing: Sharing::Contended(law) } => Some((cores, law)),
                _ => None,
            });
            let limited = self
                .model
                .stations_of(PlaceId(i as u32))
                .any(|(_, station)| matches!(station.kind, StationKind::Slots { .. }));
            if let Some((cores, law)) = contended
                && !limited
            {
                let name = &self.model.places[i].name;
                let message =
                    format!("the more calls share the cores of `{name}`, the less they do together");
                let help = format!(
                    "a backlog never ends: cap the calls of a replica, at best with `workers: {}`",
                    law.best(cores)
                );
                self.sink.push(Diagnostic::warning(self.place_spans[i], message).help(help));
            }
        }
    }

    /// Only calls that run on the same limited cores, all at once, slow each other down.
    pub(super) fn check_contention(&mut self, it: &Service, has_cores: bool) {
        if !self.whole {
            return;
        }
        let given = [("contention", &it.contention), ("coherency", &it.coherency)];
        for (key, share) in given {
            let Some(share) = share else { continue };
            if !has_cores {
                self.sink.push(
                    Diagnostic::error(share.span, format!("`{key}` without `cores`"))
                        .label("calls slow each other down where they share cores")
                        .help("say how many cores there are: `cores: 4`"),
                );
            } else if it.scheduling.as_ref().is_some_and(|scheduling| scheduling.value == Scheduling::Fifo) {
                self.sink.push(
                    Diagnostic::error(share.span, format!("`{key}` with `scheduling: fifo`"))
                        .label("expected cores that calls share")
                        .help("remove `scheduling`: cores are shared unless it says otherwise"),
                );
            }
        }
    }
}
