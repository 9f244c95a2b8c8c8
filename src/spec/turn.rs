//! Knobs: numbers of a model that somebody could turn, found in the tree, and what they are turned to.
//!
//! A knob is turned the way that is expected to help: capacities and lifetimes up, times and load down. Whole numbers move by one
//! at the least; of a distribution all times move together, so that its shape stays.

use super::decode::Decode;
use super::law::{Law, SizeLaw};
use super::quantity::{self, FACTORS_FROM, Unit, measured, number_and_unit};
use super::tree::{Node, Value};
use crate::diagnostic::Diagnostics;

/// What a knob is, and so which way it is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Replicas, cores, connections, entries, lifetimes: up.
    Capacity,
    /// Times of work: down.
    Time,
    /// Users and rates: down.
    Load,
}

/// A knob and where it is turned to.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Where in the model, as `--set` spells it.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// As it stands in the file; for a distribution its first time: `p50 6ms`. Empty where there is nothing yet.
    pub from: String,
    /// Shown as `from` is: `5.4ms`.
    pub to: String,
    /// What `--set` gives it.
    pub value: String,
    /// `to / from - 1`; `None` where one of the two is no number, or zero.
    pub relative: Option<f64>,
}

/// Keys whose numbers are capacities, by section.
const CAPACITIES: [(&str, &[&str]); 6] = [
    ("services", &["replicas", "workers", "cores"]),
    ("databases", &["servers", "connections", "read_replicas"]),
    ("caches", &["entries", "ttl", "nodes", "servers"]),
    ("links", &["bandwidth"]),
    ("pools", &["size"]),
    ("queues", &["consumers"]),
];
/// Keys whose distributions are times of work, by section.
const TIMES: [(&str, &[&str]); 2] = [("caches", &["time", "store_time"]), ("links", &["latency"])];
/// Times of a query.
const QUERY: [&str; 4] = ["read", "write", "per_row", "per_index"];
/// Times of a query that follows from sizes.
const SIZED: [&str; 3] = ["per_row", "per_level", "base"];
/// Steps that take a time.
const STEPS: [&str; 2] = ["cpu", "delay"];
/// Keys that a path leaves out, since it counts the steps in them.
const COUNTED: [&str; 2] = ["steps", "do"];
/// Keys of a place that hold steps.
const BLOCKS: [&str; 3] = ["on_miss", "write_back", "do"];

/// All knobs of a model, in the order of its sections: their paths and kinds.
#[must_use]
pub fn found(root: &Node) -> Vec<(String, Kind)> {
    let mut knobs = Vec::new();
    let mut add = |path: String, node: &Node, kind: Kind| {
        if turned(node, kind, 0.1).is_some() {
            knobs.push((path, kind));
        }
    };
    if let Some(load) = root.get("load") {
        for (path, group) in groups(load) {
            for key in ["users", "rate"] {
                if let Some(node) = group.get(key) {
                    add(format!("{path}.{key}"), node, Kind::Load);
                }
            }
        }
    }
    for section in ["services", "externals", "databases", "caches", "links", "pools", "queues"] {
        let keys = |of: &'static [(&str, &'static [&'static str])]| {
            of.iter().find(|(name, _)| *name == section).map_or(&[][..], |(_, keys)| keys)
        };
        for place in root.get(section).and_then(Node::entries).unwrap_or_default() {
            let (name, place) = (&place.key, &place.value);
            for (keys, kind) in [(keys(&CAPACITIES), Kind::Capacity), (keys(&TIMES), Kind::Time)] {
                for key in keys {
                    if let Some(node) = place.get(key) {
                        add(format!("{name}.{key}"), node, kind);
                    }
                }
            }
            if let Some(apply) = place.get("replication").and_then(|it| it.get("apply")) {
                add(format!("{name}.replication.apply"), apply, Kind::Time);
            }
            for query in place.get("queries").and_then(Node::entries).unwrap_or_default() {
                times_of_query(&format!("{name}.{}", query.key), &query.value, &mut add);
            }
            for endpoint in place.get("endpoints").and_then(Node::entries).unwrap_or_default() {
                times_of_steps(&format!("{name}.{}", endpoint.key), &endpoint.value, &mut add);
            }
            for key in BLOCKS {
                let path = if key == "do" { name.clone() } else { format!("{name}.{key}") };
                if let Some(block) = place.get(key) {
                    times_of_steps(&path, block, &mut add);
                }
            }
        }
    }
    knobs
}

/// The load itself, or each of its groups.
fn groups(load: &Node) -> Vec<(String, &Node)> {
    if load.get("requests").is_some() {
        return vec![("load".to_owned(), load)];
    }
    let entries = load.entries().unwrap_or_default();
    entries.iter().map(|entry| (format!("load.{}", entry.key), &entry.value)).collect()
}

fn times_of_query(path: &str, query: &Node, add: &mut impl FnMut(String, &Node, Kind)) {
    for key in QUERY {
        if let Some(node) = query.get(key) {
            add(format!("{path}.{key}"), node, Kind::Time);
        }
    }
    for by in ["scan", "index", "join"] {
        for key in SIZED {
            if let Some(node) = query.get(by).and_then(|sizes| sizes.get(key)) {
                add(format!("{path}.{key}"), node, Kind::Time);
            }
        }
    }
}

fn times_of_steps(path: &str, node: &Node, add: &mut impl FnMut(String, &Node, Kind)) {
    match &node.value {
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                times_of_steps(&format!("{path}.{}", i + 1), item, add);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                let key = entry.key.as_str();
                if STEPS.contains(&key) {
                    add(format!("{path}.{key}"), &entry.value, Kind::Time);
                } else if COUNTED.contains(&key) {
                    times_of_steps(path, &entry.value, add);
                } else {
                    times_of_steps(&format!("{path}.{key}"), &entry.value, add);
                }
            }
        }
        _ => {}
    }
}

/// What a number at a path is that nobody listed: of the load, a time, or else a capacity.
#[must_use]
pub fn kind_of(path: &str, node: &Node) -> Kind {
    let mut first = None;
    scaled(node, 1.0, "", &mut first);
    match first {
        _ if path.starts_with("load.") => Kind::Load,
        Some((_, text, _)) if measured(&text).is_ok_and(|(unit, _)| unit == Unit::Time) => Kind::Time,
        _ => Kind::Capacity,
    }
}

/// Whether it is a number or a distribution, and not a list of steps or a part of the model with many.
#[must_use]
pub fn is_law(node: &Node) -> bool {
    let mut ignored = Diagnostics::default();
    match &node.value {
        Value::Scalar { .. } => true,
        Value::Map(_) => {
            Law::decode(node, &mut ignored).is_some() || SizeLaw::decode(node, &mut ignored).is_some()
        }
        _ => false,
    }
}

/// What is shown before, shown after, the value after and by how much it moved.
pub type Turned = (String, String, String, f64);

/// A number or distribution turned by a share, the way its kind says. `None` where there is no number, or it does not move.
#[must_use]
pub fn turned(node: &Node, kind: Kind, step: f64) -> Option<Turned> {
    let factor = if kind == Kind::Capacity { 1.0 + step } else { 1.0 - step };
    if let Value::Scalar { text, .. } = &node.value
        && let Ok(whole) = quantity::whole(text)
    {
        return turned_whole(text, whole, factor);
    }
    let mut first = None;
    let value = scaled(node, factor, "", &mut first);
    let (name, from, to) = first?;
    let moved = measured(&to).ok()?.1 / measured(&from).ok()?.1 - 1.0;
    let from = if name.is_empty() { from } else { format!("{name} {from}") };
    (moved.is_finite() && moved != 0.0).then_some((from, to, value, moved))
}

fn turned_whole(text: &str, from: u64, factor: f64) -> Option<Turned> {
    let asked = (from as f64 * factor).round();
    let to = if factor > 1.0 { asked.max(from as f64 + 1.0) } else { asked.min(from as f64 - 1.0) };
    let moved = to / from as f64 - 1.0;
    (to >= 1.0).then(|| (text.to_owned(), format!("{to}"), format!("{to}"), moved))
}

/// The YAML of a node with all its numbers that have a unit, or the number that it is, multiplied. `first` becomes the first of them: the name of its
/// key, before and after.
fn scaled(node: &Node, factor: f64, key: &str, first: &mut Option<(String, String, String)>) -> String {
    match &node.value {
        Value::Null => "~".to_owned(),
        Value::Scalar { text, quoted } => match number_and_unit(text) {
            Ok((number, unit)) if !quoted && (key.is_empty() || !unit.is_empty()) => {
                let to = format!("{}{unit}", six_digits(number * factor));
                if first.is_none() && number > 0.0 {
                    *first = Some((key.to_owned(), text.clone(), to.clone()));
                }
                to
            }
            _ if *quoted => serde_json::Value::from(text.as_str()).to_string(),
            _ => text.clone(),
        },
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| scaled(item, factor, "-", first)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(entries) => {
            let one = |entry: &super::tree::Entry| {
                format!("{}: {}", entry.key, scaled(&entry.value, factor, &entry.key, first))
            };
            format!("{{{}}}", entries.iter().map(one).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Six significant digits, which hide the rounding of products.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A knob that is set to a value somebody named.
#[must_use]
pub fn set_to(path: &str, node: &Node, value: &str) -> Turn {
    let from = match &node.value {
        Value::Null => String::new(),
        Value::Scalar { text, .. } => text.clone(),
        _ => scaled(node, 1.0, "", &mut None),
    };
    let relative =
        measured(&from).ok().zip(measured(value).ok()).filter(|((a, x), (b, _))| a == b && *x != 0.0);
    Turn {
        path: path.to_owned(),
        kind: kind_of(path, node),
        to: value.to_owned(),
        value: value.to_owned(),
        relative: relative.map(|((_, from), (_, to))| to / from - 1.0),
        from,
    }
}

/// The number that lies a `share` of the way from one to another above it: on a logarithmic scale from [`FACTORS_FROM`] on, and whole
/// between whole numbers. `None` where they are no numbers of one unit.
#[must_use]
pub fn between(low: &str, high: &str, share: f64) -> Option<String> {
    let ((_, from), (_, to)) = (measured(low).ok()?, measured(high).ok()?);
    let value =
        if is_logarithmic(low, high) { from * (to / from).powf(share) } else { from + share * (to - from) };
    if quantity::whole(low).is_ok() && quantity::whole(high).is_ok() {
        return Some(format!("{}", value.round()));
    }
    let (_, unit) = number_and_unit(high).ok()?;
    let one = measured(&format!("1{unit}")).ok()?.1;
    Some(format!("{}{unit}", six_digits(value / one)))
}

/// Whether numbers between two are spread by factors.
#[must_use]
pub fn is_logarithmic(low: &str, high: &str) -> bool {
    matches!((measured(low), measured(high)), (Ok((_, from)), Ok((_, to))) if from > 0.0 && to >= FACTORS_FROM * from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Sources;
    use crate::spec::tree;

    fn tree_of(text: &str) -> Node {
        let mut sources = Sources::default();
        let source = sources.add("m.yaml", text);
        tree::read(&sources, source, &mut Diagnostics::default()).unwrap()
    }

    #[test]
    fn a_knob_is_turned_the_way_that_helps() {
        let turn = |text: &str, kind| {
            turned(&tree_of(text), kind, 0.1).map(|(a, b, v, _)| format!("{a} to {b} = {v}"))
        };
        assert_eq!(turn("4", Kind::Capacity).unwrap(), "4 to 5 = 5");
        assert_eq!(turn("20_000", Kind::Capacity).unwrap(), "20_000 to 22000 = 22000");
        assert_eq!(turn("5min", Kind::Capacity).unwrap(), "5min to 5.5min = 5.5min");
        assert_eq!(turn("0.3ms", Kind::Time).unwrap(), "0.3ms to 0.27ms = 0.27ms");
        assert_eq!(turn("90/s", Kind::Load).unwrap(), "90/s to 81/s = 81/s");
        let law = "{p50: 2ms, p99: 15ms}";
        assert_eq!(turn(law, Kind::Time).unwrap(), "p50 2ms to 1.8ms = {p50: 1.8ms, p99: 13.5ms}");
        assert_eq!(
            turn("{mean: 10ms, cv: 0.6}", Kind::Time).unwrap(),
            "mean 10ms to 9ms = {mean: 9ms, cv: 0.6}"
        );
        for (text, kind) in [
            ("unlimited", Kind::Capacity),
            ("1", Kind::Load),
            ("0ms", Kind::Time),
            ("{file: x.csv}", Kind::Time),
        ] {
            assert_eq!(turn(text, kind), None, "{text}");
        }
    }

    #[test]
    fn between_two_numbers_lie_others_of_their_unit() {
        assert_eq!(between("3ms", "9ms", 0.5).unwrap(), "6ms");
        assert_eq!(between("500us", "2ms", 0.5).unwrap(), "1.25ms");
        assert_eq!(between("1ms", "100ms", 0.5).unwrap(), "10ms");
        assert_eq!(between("2", "5", 0.4).unwrap(), "3");
        assert_eq!(between("10%", "30%", 0.5).unwrap(), "20%");
        assert_eq!(between("100Mbps", "1Gbps", 0.5).unwrap(), "0.55Gbps");
        assert_eq!((is_logarithmic("1ms", "19ms"), is_logarithmic("1ms", "20ms")), (false, true));
        assert_eq!(between("10%", "fast", 0.5), None);
    }
}
