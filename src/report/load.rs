//! Loads in words: what the x axis is called, and how one load on it is written.

use super::number::{finite, interval, rounded, significant, trimmed};
use crate::experiment::answer::{Axis, Estimate};

/// What the axis shows, with its unit.
#[must_use]
pub fn axis_title(axis: &Axis) -> String {
    match axis {
        Axis::Rate => "offered load, requests/s".to_owned(),
        Axis::Users => "concurrent users".to_owned(),
        Axis::Scale => "load, as a multiple of the model's".to_owned(),
        Axis::Path(path) => path.clone(),
    }
}

/// The head of a table's column of loads.
#[must_use]
pub fn axis_head(axis: &Axis) -> String {
    match axis {
        Axis::Rate => "load/s".to_owned(),
        Axis::Users => "users".to_owned(),
        Axis::Scale => "load x".to_owned(),
        Axis::Path(path) => path.clone(),
    }
}

/// A load known exactly, as a bare number: `1,200`, `0.25`.
#[must_use]
pub fn bare(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return rounded(value, 0);
    }
    if value.abs() >= 1_000.0 { rounded(value, 0) } else { trimmed(&significant(value, 4)).to_owned() }
}

/// A number on the axis with its unit: `1,200/s`, `500 users`.
#[must_use]
pub fn with_unit(axis: &Axis, number: &str) -> String {
    match axis {
        Axis::Rate => format!("{number}/s"),
        Axis::Users => format!("{number} users"),
        Axis::Scale => format!("{number}x"),
        Axis::Path(path) => format!("{path} = {number}"),
    }
}

/// A load that was found: `1,020/s`, digits by the width of its interval. `None` where it was not found.
#[must_use]
pub fn found(axis: &Axis, at: &Estimate) -> Option<String> {
    finite(at.value)?;
    Some(with_unit(axis, trimmed(&super::number::estimate(at, 1.0))))
}

/// As [`found`], with its interval: `1,020/s (980-1,060)`.
#[must_use]
pub fn found_with_interval(axis: &Axis, at: &Estimate) -> Option<String> {
    let found = found(axis, at)?;
    Some(match interval(at, 1.0) {
        Some(ends) => format!("{found} ({ends})"),
        None => found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_reads_as_people_write_it() {
        let knee = Estimate::with_interval(1023.0, 983.0, 1063.0);
        assert_eq!(found_with_interval(&Axis::Rate, &knee).as_deref(), Some("1,020/s (980-1,060)"));
        assert_eq!(found(&Axis::Users, &Estimate::exact(1000.0)).as_deref(), Some("1,000 users"));
        assert_eq!(found(&Axis::Scale, &Estimate::with_interval(1.3, 1.2, 1.4)).as_deref(), Some("1.3x"));
        assert_eq!(found(&Axis::Path("web.replicas".into()), &Estimate::unknown("none")), None);
        assert_eq!([1200.0, 0.25, 1234.56, 33.3333].map(bare), ["1,200", "0.25", "1,235", "33.33"]);
    }
}
