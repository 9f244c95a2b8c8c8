//! Loads in words: what the x axis is called, and how one load on it is written.

use std::borrow::Cow;

use super::number::{finite, interval, rounded, significant, trimmed};
use crate::experiment::answer::{Answer, Axis, Estimate, PathAxis};
use crate::spec::quantity::{Unit, measured};

/// The answer with the values of its axis in the unit that readers are shown.
#[must_use]
pub fn in_shown_unit(answer: &Answer) -> Cow<'_, Answer> {
    let Axis::Path(axis) = &answer.axis else { return Cow::Borrowed(answer) };
    if axis.unit_is == 1.0 {
        return Cow::Borrowed(answer);
    }
    // Nine digits hide the rounding of units: 0.02 s is 20 ms.
    let shown = |x: f64| format!("{:.8e}", x / axis.unit_is).parse().unwrap_or(x);
    let estimate = |e: &mut Estimate| {
        for end in [&mut e.value, &mut e.low, &mut e.high] {
            *end = end.map(shown);
        }
    };
    let mut answer = answer.clone();
    answer.points.iter_mut().for_each(|p| p.load.at = shown(p.load.at));
    answer.slo.iter_mut().for_each(|row| estimate(&mut row.met_up_to));
    answer.limit_at.iter_mut().for_each(|found| estimate(&mut found.at));
    answer.bottlenecks.iter_mut().for_each(|b| (b.from, b.to) = (shown(b.from), shown(b.to)));
    Cow::Owned(answer)
}

/// What the axis shows, with its unit.
#[must_use]
pub fn axis_title(axis: &Axis) -> String {
    match axis {
        Axis::Rate => "offered load, requests/s".to_owned(),
        Axis::Users => "concurrent users".to_owned(),
        Axis::Scale => "load, as a multiple of the model's".to_owned(),
        Axis::Path(axis) if axis.unit.is_empty() => axis.path.clone(),
        Axis::Path(PathAxis { path, unit, .. }) => format!("{path}, {unit}"),
    }
}

/// Whether the axis is load, in whatever unit, and not some other value of the model.
#[must_use]
pub fn is_load(axis: &Axis) -> bool {
    !matches!(axis, Axis::Path(_))
}

/// The head of a table's column of loads.
#[must_use]
pub fn axis_head(axis: &Axis) -> String {
    match axis {
        Axis::Rate => "load/s".to_owned(),
        Axis::Users => "users".to_owned(),
        Axis::Scale => "load x".to_owned(),
        Axis::Path(PathAxis { path, unit, .. }) => {
            format!("{} {unit}", last_names(path, HEAD_MAX)).trim_end().to_owned()
        }
    }
}

/// A column whose head is longer leaves too little room for the others.
const HEAD_MAX: usize = 24;

/// The last names of a path, as many as fit: `…delay.exp`.
fn last_names(path: &str, room: usize) -> String {
    let mut rest = path;
    while rest.chars().count() + usize::from(rest.len() < path.len()) > room {
        match rest.split_once('.') {
            Some((_, behind)) => rest = behind,
            None => break,
        }
    }
    if rest.len() < path.len() { format!("…{rest}") } else { path.to_owned() }
}

/// The head of a file's column of loads, whose values are in base units.
#[must_use]
pub fn column(axis: &Axis) -> String {
    let Axis::Path(axis) = axis else { return "load".to_owned() };
    let suffix = match measured(&format!("1{}", axis.unit)) {
        Ok((Unit::Time, _)) => "_s",
        Ok((Unit::Rate, _)) => "_per_s",
        Ok((Unit::Bytes, _)) => "_bytes",
        Ok((Unit::Bandwidth, _)) => "_bps",
        Ok((Unit::Plain, _)) | Err(_) => "",
    };
    format!("{}{suffix}", axis.path)
}

/// A load known exactly, as a bare number: `1,200`, `0.25`.
#[must_use]
pub fn bare(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return rounded(value, 0);
    }
    if value.abs() >= 1_000.0 { rounded(value, 0) } else { trimmed(&significant(value, 4)).to_owned() }
}

/// A number on the axis with its unit: `1,200/s`, `500 users`, `web.replicas = 4`.
#[must_use]
pub fn with_unit(axis: &Axis, number: &str) -> String {
    match axis {
        Axis::Path(PathAxis { path, .. }) => format!("{path} = {}", with_short_unit(axis, number)),
        _ => with_short_unit(axis, number),
    }
}

/// As [`with_unit`], where the path of the axis has been named: `20 ms`, `4`.
#[must_use]
pub fn with_short_unit(axis: &Axis, number: &str) -> String {
    match axis {
        Axis::Rate => format!("{number}/s"),
        Axis::Users => format!("{number} users"),
        Axis::Scale => format!("{number}x"),
        Axis::Path(PathAxis { unit, .. }) if unit.is_empty() || unit.starts_with('/') => {
            format!("{number}{unit}")
        }
        Axis::Path(PathAxis { unit, .. }) => format!("{number} {unit}"),
    }
}

/// A load that was found: `1,020/s`, digits by the width of its interval. `None` where it was not found.
#[must_use]
pub fn found(axis: &Axis, at: &Estimate) -> Option<String> {
    Some(with_unit(axis, &number(at)?))
}

/// As [`found`], where the path of the axis has been named.
#[must_use]
pub fn found_short(axis: &Axis, at: &Estimate) -> Option<String> {
    Some(with_short_unit(axis, &number(at)?))
}

fn number(at: &Estimate) -> Option<String> {
    finite(at.value)?;
    Some(trimmed(&super::number::estimate(at, 1.0)).to_owned())
}

/// As [`found`], with its interval: `1,020/s (980-1,060)`.
#[must_use]
pub fn found_with_interval(axis: &Axis, at: &Estimate) -> Option<String> {
    Some(found(axis, at)? + &ends(at))
}

/// As [`found_with_interval`], where the path of the axis has been named.
#[must_use]
pub fn found_short_with_interval(axis: &Axis, at: &Estimate) -> Option<String> {
    Some(found_short(axis, at)? + &ends(at))
}

/// ` (980-1,060)`; nothing where an end is unknown, or both read the same.
fn ends(at: &Estimate) -> String {
    let told = interval(at, 1.0).filter(|ends| ends.split_once('-').is_none_or(|(low, high)| low != high));
    told.map_or_else(String::new, |ends| format!(" ({ends})"))
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
        let path = |path: &str, unit: &str, unit_is| {
            Axis::Path(PathAxis { path: path.into(), unit: unit.into(), unit_is, log: false })
        };
        assert_eq!(found(&path("web.replicas", "", 1.0), &Estimate::unknown("none")), None);
        assert_eq!(with_unit(&path("db.q.read", "ms", 1e-3), "20"), "db.q.read = 20 ms");
        assert_eq!(with_unit(&path("load.rate", "/s", 1.0), "20"), "load.rate = 20/s");
        assert_eq!(axis_title(&path("db.q.read", "ms", 1e-3)), "db.q.read, ms");
        assert_eq!(column(&path("db.q.read", "ms", 1e-3)), "db.q.read_s");
        assert_eq!(column(&path("wan.bandwidth", "Mbps", 1e6)), "wan.bandwidth_bps");
        assert_eq!([1200.0, 0.25, 1234.56, 33.3333].map(bare), ["1,200", "0.25", "1,235", "33.33"]);
    }
}
