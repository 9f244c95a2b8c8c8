//! Calls that slow each other down on shared cores.

use super::Compiler;
use crate::diagnostic::Diagnostic;
use crate::model::Contention;
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
