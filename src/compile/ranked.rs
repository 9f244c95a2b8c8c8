//! The knobs of a model file, and the numbers in it that nobody knows exactly.

use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span, nearest};
use crate::spec::decode::{At, Decode, Named, listed};
use crate::spec::quantity;
use crate::spec::set;
use crate::spec::tree::{Node, Value, shorten};
use crate::spec::turn::{self, Turn};
use crate::spec::uncertain::{Between, Uncertain};

/// A knob that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Where in the model.
    pub path: String,
    /// What to set it to; `None`: moved by the step.
    pub value: Option<String>,
}

/// What can be turned in a model file.
#[derive(Debug)]
pub struct Turns {
    /// Each knob with where it is turned to; `None` where something is wrong, as reported.
    pub turns: Option<Vec<Turn>>,
    /// What is wrong with the file or the paths.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub sources: Sources,
}

/// A number that is not known exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsure {
    /// Where in the model.
    pub path: String,
    /// As written.
    pub between: Between,
    /// As in the file.
    pub in_file: String,
}

/// The knobs asked for, or all that are found.
pub(super) fn turns(
    tree: &mut Node,
    asked: &[Asked],
    step: f64,
    sources: &mut Sources,
    sink: &mut Diagnostics,
) -> Vec<Turn> {
    let found = turn::found(tree);
    if asked.is_empty() {
        return found.iter().filter_map(|(path, kind)| moved(tree, path, *kind, step)).collect();
    }
    let known: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    let mut turns = Vec::new();
    for ask in asked {
        let text = match &ask.value {
            Some(value) => format!("{}={value}", ask.path),
            None => ask.path.clone(),
        };
        let span = Span { source: sources.add("--knob", &text), start: 0, end: ask.path.len() as u32 };
        match turn(tree, ask, step, &known, span) {
            Ok(turn) => turns.push(turn),
            Err(diagnostic) => sink.push(diagnostic),
        }
    }
    turns
}

/// A knob that was found; `None` where its path means something else.
fn moved(tree: &mut Node, path: &str, kind: turn::Kind, step: f64) -> Option<Turn> {
    let node = set::find(tree, path, Span::default()).ok()?;
    let (from, to, value, moved) = turn::turned(node, kind, step)?;
    Some(Turn {
        path: path.to_owned(),
        kind,
        from,
        to,
        value,
        relative: Some(moved).filter(|x| x.is_finite()),
    })
}

fn turn(tree: &Node, ask: &Asked, step: f64, known: &[&str], span: Span) -> Result<Turn, Diagnostic> {
    let path = ask.path.as_str();
    if let Some(section) =
        ["study", "slo", "peak", "business", "name"].into_iter().find(|s| path.split('.').next() == Some(s))
    {
        let message =
            format!("`{}` says how the model is studied or judged, not what it does", shorten(path));
        return Err(Diagnostic::error(span, message).label(format!("expected a path outside `{section}`")));
    }
    let mut tree = tree.clone();
    let node = set::find(&mut tree, path, span)?;
    if let Some(value) = &ask.value {
        return Ok(turn::set_to(path, node, value));
    }
    if node.value == Value::Null {
        let help = match nearest(path, known.iter().copied()) {
            Some(near) => format!("a knob with a similar name exists: `{near}`"),
            None => format!("there are {}", listed(known, 8)),
        };
        return Err(Diagnostic::error(span, format!("the file has no `{}`", shorten(path)))
            .label("nothing to move")
            .help(help)
            .help(format!("to set what the file leaves out, say to what: `--knob {path}=VALUE`")));
    }
    if !turn::is_law(node) {
        return Err(set::no_number(node, path, span));
    }
    let kind = turn::kind_of(path, node);
    let (from, to, value, moved) = match turn::turned(node, kind, step) {
        Some(turned) => turned,
        None if matches!(&node.value, Value::Scalar { text, .. } if quantity::measured(text).is_ok()) => {
            return Err(Diagnostic::error(
                span,
                format!("`{}` cannot be moved: it is {}", shorten(path), node.describe()),
            )
            .label(format!("say to what: `{path}=VALUE`")));
        }
        None => return Err(set::no_number(node, path, span)),
    };
    Ok(Turn { path: path.to_owned(), kind, from, to, value, relative: Some(moved).filter(|x| x.is_finite()) })
}

/// Takes what is uncertain out of the tree, so that neither the model nor its digest depends on it.
pub(super) fn take_uncertain(tree: &mut Node, sink: &mut Diagnostics) -> Vec<Uncertain> {
    let Value::Map(entries) = &mut tree.value else { return Vec::new() };
    let Some(at) = entries.iter().position(|entry| entry.key == "uncertain") else { return Vec::new() };
    let section = entries.remove(at).value;
    let named: Option<Named<Between>> = Named::decode(&section, sink);
    let entries = named.map_or(Vec::new(), |named| named.entries);
    entries.into_iter().filter_map(|(path, between)| Some((path, between?))).collect()
}

/// Sees that each path leads to a number which goes together with its interval.
pub(super) fn unsure(tree: &Node, all: &[Uncertain], sink: &mut Diagnostics) -> Vec<Unsure> {
    let one = |(path, between): &Uncertain| -> Result<Unsure, Diagnostic> { number_in(tree, path, between) };
    all.iter().filter_map(|it| one(it).map_err(|diagnostic| sink.push(diagnostic)).ok()).collect()
}

fn number_in(tree: &Node, path: &At<String>, between: &At<Between>) -> Result<Unsure, Diagnostic> {
    let mut tree = tree.clone();
    let node = set::find(&mut tree, &path.value, path.span)?;
    let in_file = match &node.value {
        Value::Null => {
            return Err(Diagnostic::error(path.span, format!("the model has no `{}`", shorten(&path.value)))
                .label("expected the path of a number that stands in the file"));
        }
        Value::Scalar { text, .. } => text.clone(),
        _ => return Err(set::no_number(node, &path.value, path.span)),
    };
    let Ok((unit, _)) = quantity::measured(&in_file) else {
        return Err(set::no_number(node, &path.value, path.span));
    };
    if quantity::measured(&between.value.low).map(|(low, _)| low) != Ok(unit) {
        let message = format!("the interval does not go together with `{}`", shorten(&in_file));
        return Err(Diagnostic::error(between.span, message)
            .label("expected numbers of the same unit")
            .other(node.span, "the number stands here"));
    }
    Ok(Unsure { path: path.value.clone(), between: between.value.clone(), in_file })
}
