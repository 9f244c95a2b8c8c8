//! Gathers the replications of one point: summaries by index, histograms merged as they come.
//!
//! Histograms hold integers, so that the order in which replications end does not matter.

use std::sync::Mutex;

use super::replication::Replication;
use super::summary::{Summary, Thresholds, merged};
use super::timeline::{RequestWindow, Window};
use crate::measure::books::RequestBook;
use crate::measure::layout::Layout;
use crate::model::Model;
use crate::stats::Histogram;

/// Pooled observations of a place.
#[derive(Clone, Debug, Default)]
pub struct PooledPlace {
    pub wait: Histogram,
    pub left_wait: Histogram,
    pub service: Histogram,
    pub residence: Histogram,
}

/// Pooled observations of all replications of a point.
#[derive(Clone, Debug, Default)]
pub struct Pooled {
    pub requests: Vec<RequestBook>,
    pub total: RequestBook,
    pub places: Vec<PooledPlace>,
    pub resources: Vec<Histogram>,
    /// Window by window, where something happens at a given time.
    pub timeline: Vec<Window>,
}

/// All replications of a point at one length.
#[derive(Debug)]
pub struct Gathered {
    pub pooled: Pooled,
    pub summaries: Vec<Summary>,
}

impl Gathered {
    /// Events of all replications.
    pub fn events(&self) -> u64 {
        self.summaries.iter().map(|s| s.events).sum()
    }

    /// All replications reached their end.
    pub fn whole(&self) -> bool {
        self.summaries.iter().all(|s| s.whole)
    }
}

/// Takes replications from any thread.
#[derive(Debug)]
pub struct Gatherer {
    inner: Mutex<(Pooled, Vec<Option<Summary>>)>,
}

impl Gatherer {
    pub fn new(model: &Model, layout: &Layout, replications: u32) -> Self {
        let pooled = Pooled {
            requests: vec![RequestBook::default(); model.requests.len()],
            total: RequestBook::default(),
            places: vec![PooledPlace::default(); model.places.len()],
            resources: vec![Histogram::default(); layout.resources.len()],
            timeline: Vec::new(),
        };
        Self { inner: Mutex::new((pooled, vec![None; replications as usize])) }
    }

    /// Takes replication number `index`.
    pub fn take(
        &self,
        model: &Model,
        layout: &Layout,
        thresholds: &[Thresholds],
        index: u32,
        r: &Replication,
    ) {
        let summary = Summary::new(model, layout, thresholds, r);
        let all = merged(&r.books);
        let mut inner = self.inner.lock().expect("no thread panics while it gathers");
        let (pooled, summaries) = &mut *inner;
        for (into, from) in pooled.requests.iter_mut().zip(&r.books.requests) {
            merge_requests(into, from);
        }
        merge_requests(&mut pooled.total, &all);
        for (into, from) in pooled.places.iter_mut().zip(&r.books.places) {
            into.wait.merge(&from.wait);
            into.left_wait.merge(&from.left_wait);
            into.service.merge(&from.service);
            into.residence.merge(&from.residence);
        }
        for (into, from) in pooled.resources.iter_mut().zip(&r.books.resources) {
            into.merge(&from.wait);
        }
        let windows = pooled.timeline.len().max(r.timeline.len());
        let empty =
            Window { requests: vec![RequestWindow::default(); model.requests.len()], places: Vec::new() };
        pooled.timeline.resize(windows, empty);
        for (into, from) in pooled.timeline.iter_mut().zip(&r.timeline) {
            into.requests.iter_mut().zip(&from.requests).for_each(|(into, from)| into.merge(from));
        }
        summaries[index as usize] = Some(summary);
    }

    pub fn finish(self) -> Gathered {
        let (pooled, summaries) = self.inner.into_inner().expect("no thread panics while it gathers");
        let summaries = summaries.into_iter().map(|s| s.expect("every replication was taken")).collect();
        Gathered { pooled, summaries }
    }
}

fn merge_requests(into: &mut RequestBook, from: &RequestBook) {
    into.submitted += from.submitted;
    into.right.merge(&from.right);
    into.errors.merge(&from.errors);
    for (fault, count) in &from.causes {
        *into.causes.entry(*fault).or_default() += count;
    }
    into.open_at_start += from.open.count();
}
