//! What happens at a given time: flushes, lost nodes, failovers.

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{PlaceId, StoreId};
use crate::model::{Change, Happening};
use crate::spec::decode::At;
use crate::spec::place as spec;
use crate::spec::quantity::Seconds;
use crate::spec::timed::{Failover, Flush, LostNode};
use crate::units;

impl Compiler<'_> {
    /// Something happens at the time given, and so long after it; whether that is within the run is seen later.
    fn change(&mut self, at: &At<Seconds>, after: f64, every: Option<units::Span>, what: Happening) {
        let time = units::Span::from_secs(at.value.0 + after);
        self.model.changes.push(Change { at: time, every, what });
        if !self.times.iter().any(|known| known.span == at.span) {
            self.times.push(At { span: at.span, value: at.value.clone() });
        }
    }

    /// What happens to a cache.
    pub(super) fn cache_changes(&mut self, store: StoreId, it: &spec::Cache) {
        if let Some(flush) = &it.flush {
            self.flush(store, &flush.value);
        }
        if let Some(lost) = &it.lost {
            self.lose_node(store, &lost.value);
        }
    }

    fn flush(&mut self, store: StoreId, flush: &Flush) {
        let Some(at) = &flush.at else { return };
        if let Some(every) = &flush.every
            && every.value.0 <= 0.0
        {
            self.error(every.span, "a flush after no time at all", "expected a time above 0");
            return;
        }
        let every = flush.every.as_ref().map(|every| units::Span::from_secs(every.value.0));
        self.change(at, 0.0, every.filter(|every| every.0 > 0), Happening::Flushed(store));
    }

    fn lose_node(&mut self, store: StoreId, lost: &LostNode) {
        let (Some(node), Some(at)) = (&lost.node, &lost.at) else { return };
        let place = self.model.stores[store.index()].place;
        let it = &self.model.places[place.index()];
        let (nodes, name) = (it.members.len() as u64, it.name.clone());
        if node.value.0 == 0 || node.value.0 > nodes {
            let message = format!("`{name}` has no node {}", node.value.0);
            let expected = match nodes {
                1 => "expected 1: it has one node".to_owned(),
                nodes => format!("expected 1 to {nodes}"),
            };
            self.error(node.span, message, expected);
            return;
        }
        let part = node.value.0 as u32 - 1;
        self.change(at, 0.0, None, Happening::NodeLost(store, part));
        if let Some(time) = &lost.time {
            self.change(at, time.value.0, None, Happening::NodeBack(store, part));
        }
    }

    /// The primary of a database is lost.
    pub(super) fn failover(&mut self, place: PlaceId, it: &spec::Database, replicas: u32, by_region: bool) {
        let Some(failover) = &it.failover else { return };
        let Failover { at: Some(at), promotion: Some(promotion) } = &failover.value else { return };
        let sharded = it.shards.as_ref().filter(|shards| shards.value.0 > 1);
        if let Some(shards) = sharded {
            self.sink.push(
                Diagnostic::error(failover.span, "not supported: `failover` of a database with shards")
                    .other(shards.span, "the shards"),
            );
        } else if by_region {
            self.error(
                failover.span,
                "not supported: `failover` with read replicas by region",
                "expected their number alone",
            );
        } else if replicas == 0 && self.whole {
            self.sink.push(
                Diagnostic::error(failover.span, "`failover` without read replicas")
                    .label("nobody can take over")
                    .help("say how many there are: `read_replicas: 1`"),
            );
        } else if replicas > 0 {
            self.change(at, 0.0, None, Happening::PrimaryLost(place));
            self.change(at, promotion.value.0, None, Happening::Promoted(place));
        }
    }

    /// Whether calls at a place may find their member lost.
    pub(super) fn can_be_lost(&self, place: PlaceId) -> bool {
        self.model.changes.iter().any(|change| change.what == Happening::PrimaryLost(place))
    }

    /// Puts changes in order, and sees that they happen within the run.
    pub(super) fn timeline(&mut self) {
        self.model.changes.sort_by_key(|change| change.at);
        if !self.model.has_time() {
            return;
        }
        let study = self.spec.study.as_ref().map(|study| &study.value);
        let unused = |key: &str, span: Span| {
            Diagnostic::warning(span, format!("`{key}` has no effect on a model with time in it"))
                .help("say how long it is simulated: `duration: 2m`")
        };
        if let Some(requests) = study.and_then(|study| study.requests.as_ref()) {
            self.sink.push(unused("requests", requests.span));
        }
        if let Some(precision) = study.and_then(|study| study.precision.as_ref()) {
            self.sink.push(unused("precision", precision.span));
        }
        let Some(duration) = study.and_then(|study| study.duration.as_ref()) else { return };
        for at in self.times.iter().filter(|at| at.value.0 >= duration.value.0) {
            let time = |seconds: f64| units::Span::from_secs(seconds);
            let message = format!("at {} nothing is simulated any more", time(at.value.0));
            self.sink.push(
                Diagnostic::error(at.span, message)
                    .label(format!("expected a time before the end of the run, {}", time(duration.value.0)))
                    .other(duration.span, "the end"),
            );
        }
    }
}
