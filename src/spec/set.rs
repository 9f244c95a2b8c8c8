//! `--set PATH=VALUE`: changes the tree before it is read, so that a setting is checked as if it stood in the file.
//!
//! A path is a unique name and then keys: `web.replicas`, `orders.product.read`, `load.shoppers.users`, `study.seed`. The
//! endpoints of a place stand directly behind its name, the sizes of a query directly behind the query (`orders.list.rows`);
//! steps count from 1, as replicas do.

use super::place::Query;
use super::quantity::number_and_unit;
use super::tree::{self, Entry, Node, Value, shorten};
use super::variant::Changes;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span, nearest};

/// Sections whose entries are named by a path without naming the section.
const SECTIONS: [&str; 8] =
    ["services", "externals", "databases", "caches", "links", "regions", "pools", "queues"];
/// Keys of a place that a path leaves out.
const WITHIN: [&str; 6] = ["endpoints", "queries", "steps", "scan", "index", "join"];
/// Sections that a path may begin with, and that it may create.
const TOP: [&str; 7] = ["load", "study", "slo", "peak", "business", "name", "growth"];
/// Sections that change no simulated time.
const STUDIED: [&str; 6] = ["study", "slo", "peak", "business", "name", "growth"];

/// Sets one value. What is wrong with path or value is reported at the setting.
pub fn apply(root: &mut Node, path: &str, value: &str, sources: &mut Sources, sink: &mut Diagnostics) {
    let text = format!("{path}={value}");
    let whole = sources.add("--set", &text);
    let at_path = Span { source: whole, start: 0, end: path.len() as u32 };
    let Some(new) = parse_value(path, value, sources, sink) else { return };
    match slot(root, path, at_path) {
        Ok(slot) => *slot = new,
        Err(diagnostic) => sink.push(diagnostic),
    }
}

/// Makes the changes of a variant of the model. What is wrong with a path is reported where the variant names it.
pub fn apply_variant(root: &mut Node, changes: &Changes, sink: &mut Diagnostics) {
    for (path, value) in &changes.0 {
        match slot(root, &path.value, path.span) {
            Ok(slot) => *slot = value.clone(),
            Err(diagnostic) => sink.push(diagnostic),
        }
    }
}

/// The number at a path, as written; empty where there is none yet, or no limit. `text` is the flag that asks for it, which begins
/// with the path: what is wrong with the path is reported there.
pub fn number_at(
    root: &mut Node,
    path: &str,
    flag: &str,
    text: &str,
    sources: &mut Sources,
    sink: &mut Diagnostics,
) -> Option<String> {
    let span = Span { source: sources.add(flag, text), start: 0, end: path.len() as u32 };
    number_in(root, path, span).map_err(|diagnostic| sink.push(diagnostic)).ok()
}

/// As [`number_at`], for a path that stands at `span`.
///
/// # Errors
/// When the path leads nowhere or to something else.
pub fn number_in(root: &mut Node, path: &str, span: Span) -> Result<String, Diagnostic> {
    if let Some(section) = STUDIED.into_iter().find(|section| path.split('.').next() == Some(section)) {
        let message =
            format!("`{}` says how the model is studied or judged, not what it does", shorten(path));
        return Err(Diagnostic::error(span, message).label(format!("expected a path outside `{section}`")));
    }
    let found = slot(root, path, span)?;
    match &found.value {
        Value::Null => Ok(String::new()),
        Value::Scalar { text, .. } if text == "unlimited" => Ok(String::new()),
        Value::Scalar { text, .. } if number_and_unit(text).is_ok() => Ok(text.clone()),
        _ => Err(no_number(found, path, span)),
    }
}

/// Puts a value at a path that is known to lead somewhere.
pub fn put(root: &mut Node, path: &str, value: Node, span: Span) {
    if let Ok(slot) = slot(root, path, span) {
        *slot = value;
    }
}

/// What stands at a path; nothing where the last key is not there. What is wrong with the path is told at `span`.
///
/// # Errors
/// Where the path leads nowhere.
pub fn find<'n>(root: &'n mut Node, path: &str, span: Span) -> Result<&'n Node, Diagnostic> {
    slot(root, path, span).map(|found| &*found)
}

/// The message for a path that leads to something else than a number.
pub fn no_number(found: &Node, path: &str, span: Span) -> Diagnostic {
    let is_number = |entry: &&Entry| match &entry.value.value {
        Value::Scalar { text, .. } => number_and_unit(text).is_ok(),
        _ => false,
    };
    let inside: Vec<String> = found
        .entries()
        .unwrap_or_default()
        .iter()
        .filter(is_number)
        .map(|entry| format!("{path}.{}", entry.key))
        .collect();
    let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
    let help =
        (!inside.is_empty()).then(|| format!("numbers in it are {}", super::decode::listed(&inside, 8)));
    Diagnostic::error(span, format!("`{}` is not a number but {}", shorten(path), found.describe()))
        .label("expected the path of a number")
        .help_if(help)
        .other(found.span, "it stands here")
}

/// The place in the tree that a path means; a last key that is not there is added.
fn slot<'n>(root: &'n mut Node, path: &str, span: Span) -> Result<&'n mut Node, Diagnostic> {
    let segments: Vec<&str> = path.split('.').collect();
    if segments.iter().any(|segment| segment.is_empty()) {
        return Err(Diagnostic::error(span, format!("`{}` is no path", shorten(path)))
            .label("expected names with dots between them"));
    }
    Walk { span, path }.find(root, &segments)
}

/// Reads the value as YAML, in a source of its own so that its positions are right.
fn parse_value(path: &str, value: &str, sources: &mut Sources, sink: &mut Diagnostics) -> Option<Node> {
    // Blanks in place of the path keep the columns; the text shown is the whole setting.
    let indent = " ".repeat(path.len() + 1);
    let hidden = sources.add("--set", &format!("{indent}{value}"));
    let node = tree::read(sources, hidden, sink);
    sources.replace(hidden, &format!("{path}={value}"));
    node
}

struct Walk<'p> {
    span: Span,
    path: &'p str,
}

impl Walk<'_> {
    fn find<'n>(&self, root: &'n mut Node, segments: &[&str]) -> Result<&'n mut Node, Diagnostic> {
        let (first, rest) = segments.split_first().expect("a path has a segment");
        let names = names(root);
        if TOP.contains(first) && root.get(first).is_none() {
            return self.descend(insert(root, first, self.span)?, rest);
        }
        match locate(root, first) {
            Some(place) => self.descend(place, rest),
            None => Err(self.unknown(first, names, "no part of the model")),
        }
    }

    /// Follows the rest of a path; the last key may be new.
    fn descend<'n>(&self, mut node: &'n mut Node, segments: &[&str]) -> Result<&'n mut Node, Diagnostic> {
        let mut segments = segments;
        while let Some((segment, rest)) = segments.split_first() {
            // `load` may be one group directly, and requests and objectives have dots in their names.
            let joined = segments.join(".");
            if node.get(&joined).is_some() {
                return Ok(child(node, &joined).expect("just seen"));
            }
            node = if child_exists(node, segment) {
                child(node, segment).expect("just seen")
            } else if rest.is_empty()
                && matches!(node.value, Value::Map(_) | Value::Null)
                && segment.parse::<f64>().is_err()
            {
                insert(sizes_of(node, segment), segment, self.span)?
            } else {
                return Err(self.missing(node, segment));
            };
            segments = rest;
        }
        Ok(node)
    }

    fn missing(&self, node: &Node, segment: &str) -> Diagnostic {
        if let Value::List(items) = steps_of(node) {
            let count = items.len();
            return Diagnostic::error(
                self.span,
                format!("`{}` leads nowhere: there is no step `{}`", shorten(self.path), shorten(segment)),
            )
            .label(format!("steps count from 1 to {count}"));
        }
        let mut names = Vec::new();
        collect_keys(node, &mut names);
        self.unknown(segment, names, "nothing of that name there")
    }

    fn unknown(&self, segment: &str, names: Vec<String>, label: &str) -> Diagnostic {
        let near = nearest(segment, names.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("a similar name exists: `{near}`"),
            None => {
                let known: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("there are {}", super::decode::listed(&known, 12))
            }
        };
        let message = format!("`{}` leads nowhere: unknown name `{}`", shorten(self.path), shorten(segment));
        Diagnostic::error(self.span, message).label(label).help(help)
    }
}

/// The node that the first name of a path means.
fn locate<'n>(root: &'n mut Node, name: &str) -> Option<&'n mut Node> {
    if TOP.contains(&name) {
        return child(root, name);
    }
    let section =
        SECTIONS.into_iter().find(|section| root.get(section).is_some_and(|it| it.get(name).is_some()))?;
    child(child(root, section)?, name)
}

/// All first names of paths.
fn names(root: &Node) -> Vec<String> {
    let places = SECTIONS.iter().filter_map(|section| root.get(section)?.entries()).flatten();
    places.map(|entry| entry.key.clone()).chain(TOP.map(str::to_owned)).collect()
}

fn collect_keys(node: &Node, names: &mut Vec<String>) {
    for entry in node.entries().unwrap_or_default() {
        names.push(entry.key.clone());
        if WITHIN.contains(&entry.key.as_str()) {
            collect_keys(&entry.value, names);
        }
    }
}

fn child_exists(node: &Node, segment: &str) -> bool {
    let within = WITHIN.iter().any(|key| node.get(key).is_some_and(|inner| inner.get(segment).is_some()));
    node.get(segment).is_some() || within || step_index(node, segment).is_some()
}

/// A key, an endpoint or query, or a step by its number.
fn child<'n>(node: &'n mut Node, segment: &str) -> Option<&'n mut Node> {
    if node.get(segment).is_some() {
        return entry_mut(node, segment);
    }
    if let Some(index) = step_index(node, segment) {
        return match steps_of_mut(node) {
            Value::List(items) => items.get_mut(index),
            _ => None,
        };
    }
    let within =
        WITHIN.into_iter().find(|key| node.get(key).is_some_and(|inner| inner.get(segment).is_some()))?;
    entry_mut(entry_mut(node, within)?, segment)
}

fn entry_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Map(entries) => {
            entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
        }
        _ => None,
    }
}

fn step_index(node: &Node, segment: &str) -> Option<usize> {
    let Value::List(items) = steps_of(node) else { return None };
    let number: usize = segment.parse().ok()?;
    number.checked_sub(1).filter(|index| *index < items.len())
}

/// The list itself, or the `steps` (or the `do`) of a map.
fn steps_of(node: &Node) -> &Value {
    node.get("steps").or_else(|| node.get("do")).map_or(&node.value, |steps| &steps.value)
}

fn steps_of_mut(node: &mut Node) -> &mut Value {
    let key = ["steps", "do"].into_iter().find(|key| node.get(key).is_some());
    match key {
        Some(key) => &mut entry_mut(node, key).expect("just seen").value,
        None => &mut node.value,
    }
}

/// Where a new key of a query belongs: below its `scan`, `index` or `join`, unless it is a key of the query alone.
fn sizes_of<'n>(node: &'n mut Node, key: &str) -> &'n mut Node {
    let by_size = |by: &&str| node.get(by).is_some_and(|sizes| sizes.get("rows").is_some());
    // A batch has them too, but not beside these.
    let is_size = ["rows", "per_row"].contains(&key);
    match ["scan", "index", "join"].into_iter().find(by_size) {
        Some(by) if is_size || !Query::KEYS.known.contains(&key) => entry_mut(node, by).expect("just seen"),
        _ => node,
    }
}

/// Adds a key with nothing behind it.
fn insert<'n>(node: &'n mut Node, key: &str, span: Span) -> Result<&'n mut Node, Diagnostic> {
    if node.value == Value::Null {
        node.value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = &mut node.value else {
        return Err(Diagnostic::error(
            span,
            format!("`{}` leads into something that has no keys", shorten(key)),
        ));
    };
    entries.push(Entry { key: key.to_owned(), key_span: span, value: Node { span, value: Value::Null } });
    Ok(&mut entries.last_mut().expect("just pushed").value)
}
