//! Variants of a model: named sets of changes, each written as `--set` would be.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, wrong_type};
use super::tree::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Changes to a model: paths and their new values, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Changes(pub Vec<(At<String>, Node)>);

impl Decode for Changes {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let expected = "a map from paths to values, such as `{web.replicas: 8}`";
            sink.push(wrong_type(node, expected));
            return None;
        };
        if entries.is_empty() {
            sink.push(
                Diagnostic::error(node.span, "a variant that changes nothing").label("expected a path"),
            );
            return None;
        }
        let change = |e: &Entry| (At { span: e.key_span, value: e.key.clone() }, e.value.clone());
        Some(Self(entries.iter().map(change).collect()))
    }
}

impl JsonSchema for Changes {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Changes".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object", "minProperties": 1, "description": "Paths and their values: `{web.replicas: 8, products.entries: 0}`."})
    }
}
