//! Laws that every run must obey exactly.
//!
//! Flow: who was present and who came, left or is still present. Little: the area under the number present, kept by a counter, is the
//! sum of the times that calls spent present, kept from their own timestamps and clipped to the window. The two sides are
//! kept by different books, in whole nanoseconds; a gap is a fault of ours.

use super::books::{Measurements, PlaceBook, RequestBook};

/// A law at a place of a finished replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// `flow` or `little`.
    pub law: &'static str,
    /// Index of the place; `None`: requests as users see them.
    pub place: Option<usize>,
    /// Relative gap between the sides; 0 when the law holds.
    pub gap: f64,
}

/// Checks all laws. `present[place]` are the calls that the engine has at each place at the end, `presence[place]` the time (ns)
/// they have spent there within the window, and `open` the requests that users still wait for.
#[must_use]
pub fn audit(books: &Measurements, present: &[u64], presence: &[u128], open: u64) -> Vec<Finding> {
    let mut findings = Vec::with_capacity(2 * books.places.len() + 1);
    for (place, book) in books.places.iter().enumerate() {
        findings.push(Finding { law: "flow", place: Some(place), gap: flow_gap(book, present[place]) });
        findings.push(Finding {
            law: "little",
            place: Some(place),
            gap: little_gap(books, book, presence[place]),
        });
    }
    findings.push(Finding { law: "flow", place: None, gap: request_gap(books, open) });
    findings
}

fn flow_gap(book: &PlaceBook, present: u64) -> f64 {
    let came = i128::from(book.present_at_start) + i128::from(book.arrived);
    let accounted = i128::from(book.left) + i128::from(present);
    relative(came, accounted)
}

fn little_gap(books: &Measurements, book: &PlaceBook, presence: u128) -> f64 {
    let area = book.level.area(books.until);
    let sum = (book.presence + presence) as i128;
    relative(area, sum)
}

/// What the books count as open must be what the engine has: else a lost answer would stay open, and balance.
fn request_gap(books: &Measurements, open: u64) -> f64 {
    let sum = |of: &dyn Fn(&RequestBook) -> i128| books.requests.iter().map(of).sum::<i128>();
    let came = sum(&|b| i128::from(b.open_at_start) + i128::from(b.submitted));
    let over = sum(&|b| i128::from(b.right.count()) + i128::from(b.errors.count()));
    relative(came, over + i128::from(open))
}

fn relative(a: i128, b: i128) -> f64 {
    (a - b).unsigned_abs() as f64 / a.unsigned_abs().max(1) as f64
}
