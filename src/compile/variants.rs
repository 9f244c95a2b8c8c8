//! The variants of a model file: taken out of the tree before the model is read, one of them made.

use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::spec::decode::{At, Decode, Named, listed};
use crate::spec::set;
use crate::spec::tree::{Node, Value, shorten};
use crate::spec::variant::Changes;

/// A variant by its name.
pub type Variant = (At<String>, Changes);

/// Takes the variants out of the tree, so that neither the model nor its digest depends on them.
pub fn take(tree: &mut Node, sink: &mut Diagnostics) -> Vec<Variant> {
    let Value::Map(entries) = &mut tree.value else { return Vec::new() };
    let Some(at) = entries.iter().position(|entry| entry.key == "variants") else { return Vec::new() };
    let section = entries.remove(at).value;
    let named: Option<Named<Changes>> = Named::decode(&section, sink);
    let entries = named.map_or(Vec::new(), |named| named.entries);
    entries.into_iter().filter_map(|(name, changes)| Some((name, changes?.value))).collect()
}

/// Makes the changes of the variant that is asked for. Where none is, sees that the paths of all lead somewhere.
pub fn choose(tree: &mut Node, all: &[Variant], asked: Option<&str>, sink: &mut Diagnostics) {
    let Some(asked) = asked else {
        all.iter().for_each(|(_, changes)| set::apply_variant(&mut tree.clone(), changes, sink));
        return;
    };
    match all.iter().find(|(name, _)| name.value == asked) {
        Some((_, changes)) => set::apply_variant(tree, changes, sink),
        None => sink.push(unknown(asked, all)),
    }
}

fn unknown(asked: &str, all: &[Variant]) -> Diagnostic {
    let names: Vec<&str> = all.iter().map(|(name, _)| name.value.as_str()).collect();
    let help = match (nearest(asked, names.iter().copied()), names.is_empty()) {
        (Some(near), _) => format!("a similar name exists: `{near}`"),
        (None, true) => "the section `variants` names changes to a model".to_owned(),
        (None, false) => format!("there are {}", listed(&names, 12)),
    };
    Diagnostic::error_of_all(format!("the model has no variant `{}`", shorten(asked))).help(help)
}
