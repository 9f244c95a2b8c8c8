//! What makes the slowest requests of a run slow.

use super::findings::line;
use super::grid::{Cell, Grid};
use super::paint::Paint;
use crate::experiment::answer::{Estimate, Point, Tail};
use crate::report::number::{self, TimeUnit};

/// Places of the slowest requests that a table lists, and the smallest share of their time that it lists.
const TAIL_PLACES_MAX: usize = 6;
const TAIL_SHARE_MIN: f64 = 0.005;
/// Times below this share of the mean latency of the slowest are shown as 0.
const TAIL_TIME_MIN: f64 = 2e-4;

/// Where the time of the slowest requests goes, and what they asked for.
pub fn text(tail: &Tail, point: &Point, paint: Paint) -> String {
    places(tail).render(paint) + &remarks(tail, point, paint)
}

/// A row a place, with what is usual beside it.
fn places(tail: &Tail) -> Grid {
    let mean = tail.mean_s.value.unwrap_or(0.0);
    let unit = TimeUnit::fitting(mean);
    let listed = || {
        let some = tail.places.iter().filter(|p| p.share.value.is_some_and(|s| s >= TAIL_SHARE_MIN));
        some.take(TAIL_PLACES_MAX)
    };
    let gives_up = listed().any(|p| p.given_up_s.is_some());
    let grid = Grid::default()
        .left("slowest 1 %")
        .right(format!("waiting {}", unit.name()))
        .right("usually")
        .left("for")
        .right(format!("served {}", unit.name()))
        .right("usually");
    let grid = if gives_up { grid.right(format!("given up {}", unit.name())) } else { grid };
    let mut grid = grid.right("of their time");
    let time = |e: &Estimate, show: fn(&Estimate, f64) -> String| {
        if e.value.is_some_and(|s| s < TAIL_TIME_MIN * mean) {
            "0".to_owned()
        } else {
            show(e, unit.per_second())
        }
    };
    for place in listed() {
        let mut row: Vec<Cell> = vec![
            place.place.as_str().into(),
            time(&place.wait_s, number::with_half_width).into(),
            time(&place.usual_wait_s, number::estimate).into(),
            place.waits_for.as_deref().unwrap_or("").into(),
            time(&place.service_s, number::with_half_width).into(),
            time(&place.usual_service_s, number::estimate).into(),
        ];
        if gives_up {
            let given_up = place.given_up_s.as_ref();
            row.push(given_up.map_or_else(String::new, |e| time(e, number::with_half_width)).into());
        }
        row.push(number::percent(&place.share).into());
        grid.row(row);
    }
    grid
}

/// How slow they are, and what they asked for where it is not what all ask for.
fn remarks(tail: &Tail, point: &Point, paint: Paint) -> String {
    let unit = tail.mean_s.value.map_or(TimeUnit::Millis, TimeUnit::fitting);
    let shown = |e: &Estimate| number::with_half_width(e, unit.per_second());
    let mut text = format!(
        "they take {} {} on average, {} or more; all take {}",
        shown(&tail.mean_s),
        unit.name(),
        number::seconds(tail.from_s),
        number::estimate(&point.total.latency_s.mean, unit.per_second()),
    );
    if let Some(first) = tail.requests.first().filter(|_| point.requests.len() > 1) {
        text += &format!(
            "; {} of them are {} ({} of all)",
            number::percent(&first.share),
            first.request,
            number::percent(&first.usual_share),
        );
    }
    line("", &text, paint)
}
