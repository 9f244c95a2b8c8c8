//! Numbers that nobody knows exactly: `uncertain: {orders.product.read: 3ms..9ms}`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, scalar};
use super::quantity::measured;
use super::tree::{Node, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// An interval in which a number lies, as written: its low and its high end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// Such as `3ms`.
    pub low: String,
    /// Such as `9ms`.
    pub high: String,
}

const EXPECTED: &str = "expected a low and a high end, such as `3ms..9ms`";

impl Decode for Between {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let text = scalar(node, "an interval such as `3ms..9ms`", sink)?;
        let wrong = |message: String| Some(Diagnostic::error(node.span, message).label(EXPECTED));
        let ends = text.split_once("..").map(|(low, high)| [low.trim(), high.trim()]);
        let problem = match ends {
            None => wrong(format!("`{}` is no interval", shorten(text))),
            Some([low, high]) => match (measured(low), measured(high)) {
                (Ok((a, x)), Ok((b, y))) if a == b && x < y => None,
                (Ok((a, _)), Ok((b, _))) if a == b => {
                    wrong(format!("the interval `{}` is empty", shorten(text)))
                }
                (Ok(_), Ok(_)) => {
                    wrong(format!("the ends of `{}` have units that do not go together", shorten(text)))
                }
                _ => wrong(format!("`{}` is no interval of numbers", shorten(text))),
            },
        };
        match (problem, ends) {
            (None, Some([low, high])) => Some(Self { low: low.to_owned(), high: high.to_owned() }),
            (problem, _) => {
                problem.into_iter().for_each(|problem| sink.push(problem));
                None
            }
        }
    }
}

impl JsonSchema for Between {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Between".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"\.\.", "description": "The low and the high end: `3ms..9ms`."})
    }
}

/// A path and the interval of the number there.
pub type Uncertain = (At<String>, At<Between>);
