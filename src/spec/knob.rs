//! Knobs: numbers of the model that `knee size` may choose, and their values.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, wrong_type};
use super::range::Values;
use super::tree::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Paths and the values each may take, in the order of the file.
#[derive(Clone, Debug, Default)]
pub struct Knobs(pub Vec<(At<String>, At<Values>)>);

const EXPECTED: &str = "expected a range such as `1..64`, or a list such as `[10, 20, 40]`";

impl Decode for Knobs {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let expected = "a map from paths to ranges, such as `{web.replicas: 1..64}`";
            sink.push(wrong_type(node, expected));
            return None;
        };
        if entries.is_empty() {
            sink.push(Diagnostic::error(node.span, "nothing to choose").label("expected a path"));
            return None;
        }
        let knob = |e: &Entry, sink: &mut Diagnostics| {
            let values = values(&e.value).map_err(|wrong| {
                sink.push(Diagnostic::error(e.value.span, wrong).label(EXPECTED));
            });
            let path = At { span: e.key_span, value: e.key.clone() };
            Some((path, At { span: e.value.span, value: values.ok()? }))
        };
        Some(Self(entries.iter().filter_map(|e| knob(e, sink)).collect()))
    }
}

fn values(node: &Node) -> Result<Values, String> {
    match &node.value {
        Value::Scalar { text, .. } => Values::read(text),
        Value::List(items) => {
            let texts = items.iter().map(|item| match &item.value {
                Value::Scalar { text, .. } => Ok(text.as_str()),
                _ => Err(format!("found {}, expected a number", item.describe())),
            });
            Values::list(texts.collect::<Result<Vec<_>, _>>()?)
        }
        _ => Err(format!("found {}, expected values", node.describe())),
    }
}

impl JsonSchema for Knobs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Knobs".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let value = json_schema!({"anyOf": [
            {"type": "string", "pattern": "[.][.]"},
            {"type": ["string", "number"]},
            {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
        ]});
        json_schema!({
            "type": "object",
            "minProperties": 1,
            "additionalProperties": value,
            "description": "Paths of numbers and their values: `{web.replicas: 1..64, web_db.size: [10, 20, 40]}`."
        })
    }
}
