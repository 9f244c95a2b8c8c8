//! The knobs of a model file: taken out of the tree before the model is read, and held against it.

use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::spec::Spec;
use crate::spec::decode::{At, Decode};
use crate::spec::knob::Knobs;
use crate::spec::range::{Fill, Value, Values};
use crate::spec::set;
use crate::spec::tree::{self, Node, shorten};

/// More values of one knob than this are a typing error.
pub const VALUES_MAX: usize = 256;

/// A number of the model that may be chosen, and its values in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub struct Knob {
    /// Where in the model.
    pub path: String,
    /// Which values.
    pub values: Vec<Value>,
}

/// Takes the knobs out of the tree, so that neither the model nor its digest depends on them.
pub fn take(tree: &mut Node, sink: &mut Diagnostics) -> Knobs {
    let tree::Value::Map(entries) = &mut tree.value else { return Knobs::default() };
    let Some(at) = entries.iter().position(|entry| entry.key == "size") else { return Knobs::default() };
    let section = entries.remove(at).value;
    Knobs::decode(&section, sink).unwrap_or_default()
}

/// Sees that the path of every knob leads to a number of the model, and that there are values to choose from.
pub fn check(tree: &Node, knobs: &Knobs, sink: &mut Diagnostics) -> Vec<Knob> {
    if knobs.0.is_empty() {
        return Vec::new();
    }
    let mut trial = tree.clone();
    let checked = knobs.0.iter().filter_map(|(path, values)| resolve(&mut trial, path, values, sink));
    let checked: Vec<Knob> = checked.collect();
    // A key that nothing has is seen when the model is read with it.
    let ours: Vec<Span> = knobs.0.iter().flat_map(|(path, values)| [path.span, values.span]).collect();
    let mut tried = Diagnostics::default();
    Spec::decode(&trial, &mut tried);
    let about_knobs = |d: &Diagnostic| d.span.is_some_and(|span| ours.contains(&span));
    tried.into_sorted().into_iter().filter(about_knobs).for_each(|diagnostic| sink.push(diagnostic));
    checked
}

/// Turns a knob to its first value in `trial`.
fn resolve(trial: &mut Node, path: &At<String>, values: &At<Values>, sink: &mut Diagnostics) -> Option<Knob> {
    if path.value.split('.').next() == Some("load") {
        let message = format!("`{}` is what is sized for", shorten(&path.value));
        sink.push(Diagnostic::error(path.span, message).label("expected a number of the system"));
        return None;
    }
    let in_file =
        set::number_in(trial, &path.value, path.span).map_err(|diagnostic| sink.push(diagnostic)).ok()?;
    let resolved = values.value.resolve(&in_file, Fill::Every, VALUES_MAX).map_err(|wrong| {
        let message = format!("no values for `{}`: {wrong}", shorten(&path.value));
        sink.push(
            Diagnostic::error(values.span, message)
                .label("expected a range such as `1..64`, or a list such as `[10, 20, 40]`"),
        );
    });
    let values_of = resolved.ok()?.values;
    let first = tree::Value::Scalar { text: values_of[0].text.clone(), quoted: false };
    set::put(trial, &path.value, Node { span: values.span, value: first }, path.span);
    Some(Knob { path: path.value.clone(), values: values_of })
}
