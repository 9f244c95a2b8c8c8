//! What all panels share: the x axis, the zone beyond saturation, and the loads that were found.

use super::palette::{KNEE, LIMIT, PEAK, Rgb, SATURATION};
use super::scale::Scale;
use crate::experiment::answer::{Answer, Axis, Estimate, Point, State};
use crate::report::{load, number, view};

/// The shared part of a chart.
pub struct Frame {
    /// The x axis.
    pub x: Scale,
    /// Where nothing is steady, in ascending order: all loads beyond saturation, or single values of a path.
    pub zones: Vec<Zone>,
    /// Loads with a name, in ascending order.
    pub flags: Vec<Flag>,
}

/// The loads beyond saturation.
pub struct Zone {
    /// Where it begins.
    pub from: f64,
    /// The last of the values without a steady state; `None`: all that come.
    pub to: Option<f64>,
    pub text: &'static str,
}

/// A load with a name.
pub struct Flag {
    pub at: f64,
    /// Its interval, drawn as a band.
    pub band: Option<(f64, f64)>,
    pub text: String,
    pub rgb: Rgb,
    pub dashed: bool,
}

/// Room right of the last thing that is drawn, as a share of the axis, where nothing is steady.
const ZONE_SHARE: f64 = 0.07;
/// A peak beyond this multiple of everything else stands at the edge of the axis with an arrow.
const PEAK_IN_VIEW: f64 = 1.5;

impl Frame {
    /// Reads it from an answer.
    pub fn of(answer: &Answer) -> Self {
        if let Axis::Path(axis) = &answer.axis {
            let x = values_extent(answer, axis.log);
            return Self { x, zones: lost_values(answer), flags: flags(answer, &x) };
        }
        let zone = zone(answer);
        let x = extent(answer, zone.as_ref());
        Self { x, zones: zone.into_iter().collect(), flags: flags(answer, &x) }
    }
}

/// Room on either side of the values of a path, as a share of the axis.
const MARGIN: f64 = 0.03;

/// From the first to the last value of a path.
fn values_extent(answer: &Answer, log: bool) -> Scale {
    let at = || answer.points.iter().map(|p| p.load.at);
    let (low, high) = (at().fold(f64::INFINITY, f64::min), at().fold(f64::NEG_INFINITY, f64::max));
    if log && low > 0.0 && high > low {
        let margin = (high / low).powf(MARGIN);
        return Scale::logarithmic(low / margin, high * margin);
    }
    let margin = if high > low { MARGIN * (high - low) } else { 1.0 };
    if low.is_finite() { Scale::linear(low - margin, high + margin) } else { Scale::linear(0.0, 1.0) }
}

/// Neighbours without a steady state together. Nothing is said about values between or beyond those simulated.
fn lost_values(answer: &Answer) -> Vec<Zone> {
    let is_lost = |p: &&Point| p.state == State::Saturated;
    let runs = answer.points.chunk_by(|a, b| is_lost(&a) == is_lost(&b));
    runs.filter(|run| run.first().is_some_and(|p| is_lost(&p)))
        .map(|run| Zone {
            from: run[0].load.at,
            to: Some(run[run.len() - 1].load.at),
            text: "no steady state",
        })
        .collect()
}

fn closed(answer: &Answer) -> bool {
    let saturation = answer.saturation_at.as_ref();
    saturation.is_some_and(|s| s.asymptotes.is_some())
        || answer.points.iter().any(|p| p.state == State::BeyondSaturation)
        || (answer.axis == Axis::Users && answer.points.iter().all(|p| p.state != State::Saturated))
}

pub fn last_steady(answer: &Answer) -> Option<f64> {
    view::steady(answer).map(|p| p.load.at).reduce(f64::max)
}

fn zone(answer: &Answer) -> Option<Zone> {
    let saturation = answer.saturation_at.as_ref().and_then(|s| number::finite(s.at.value));
    let last = last_steady(answer).unwrap_or(f64::NEG_INFINITY);
    if closed(answer) {
        return saturation.filter(|at| *at < last).map(|from| Zone {
            from,
            to: None,
            text: "beyond saturation",
        });
    }
    let first_lost = answer.points.iter().find(|p| p.state == State::Saturated).map(|p| p.load.at);
    let from = saturation.or(first_lost)?;
    // A point that is still undecided may lie past the middle of saturation's bracket: it is drawn outside the zone.
    Some(Zone { from: from.max(last), to: None, text: "no steady state" })
}

fn extent(answer: &Answer, zone: Option<&Zone>) -> Scale {
    let ends = [&answer.knee_at, &answer.limit_at].map(|f| f.as_ref().and_then(|f| upper(&f.at)));
    let saturation = answer.saturation_at.as_ref().and_then(|s| upper(&s.at)).filter(|_| zone.is_some());
    let known = ends.into_iter().chain([saturation, last_steady(answer), zone.map(|z| z.from)]).flatten();
    let first = answer.points.iter().map(|p| p.load.at).fold(f64::INFINITY, f64::min);
    let high = known.reduce(f64::max).unwrap_or(if first.is_finite() { first } else { 1.0 });
    let high = match answer.peak {
        Some(peak) if peak > high && peak < PEAK_IN_VIEW * high => peak,
        _ => high,
    };
    let low = if first < 0.5 * high || !first.is_finite() { 0.0 } else { first - 0.08 * (high - first) };
    let low = if high - low > 1e-9 * high.abs() { low } else { 0.0 };
    let room = if zone.is_some() && !closed(answer) { ZONE_SHARE } else { 0.02 };
    let high = if high > low { high + room * (high - low) } else { low + 1.0 };
    Scale::linear(low, high)
}

pub fn upper(at: &Estimate) -> Option<f64> {
    number::finite(at.high).or(number::finite(at.value))
}

fn flags(answer: &Answer, x: &Scale) -> Vec<Flag> {
    let found = |name: &str, at: &Estimate, rgb| {
        let text = format!("{name} {}", load::found_short_with_interval(&answer.axis, at)?);
        let band = number::finite(at.low).zip(number::finite(at.high));
        Some(Flag { at: number::finite(at.value)?, band, text, rgb, dashed: false })
    };
    let knee = answer.knee_at.as_ref().and_then(|f| found("knee", &f.at, KNEE));
    let limit = answer.limit_at.as_ref().and_then(|f| found("limit", &f.at, LIMIT));
    let saturation = answer.saturation_at.as_ref().and_then(|s| {
        let text = format!("saturation {}", load::found(&answer.axis, &s.at)?);
        Some(Flag { at: s.at.value?, band: None, text, rgb: SATURATION, dashed: false })
    });
    let peak = answer.peak.map(|at| peak(answer, at, x));
    let mut flags: Vec<_> = [knee, limit, saturation, peak].into_iter().flatten().collect();
    flags.retain(|f| f.at >= x.low && f.at <= x.high);
    flags.sort_by(|a, b| a.at.total_cmp(&b.at));
    flags
}

/// The expected load; at the edge, with an arrow, where it lies far outside.
fn peak(answer: &Answer, at: f64, x: &Scale) -> Flag {
    let arrow = if at > x.high { " →" } else { "" };
    let headroom = answer.headroom.as_ref().and_then(|h| number::finite(h.value));
    let headroom = headroom.map_or_else(String::new, |h| format!(", headroom {}", number::percent_plain(h)));
    let text = format!("peak {}{headroom}{arrow}", load::with_unit(&answer.axis, &load::bare(at)));
    Flag { at: at.clamp(x.low, x.high), band: None, text, rgb: PEAK, dashed: true }
}
