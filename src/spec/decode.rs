//! From the tree to typed values, with all faults at once.
//!
//! A type that can stand in a model file implements [`Decode`]: how it is read, and its JSON schema. The macros
//! `record!` and `words!` make both, and the Rust type, from one definition, so that the keys a file may have, their hover
//! texts and the fields of the type cannot drift apart.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::tree::{Entry, Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, nearest};

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At<T> {
    /// Where.
    pub span: Span,
    /// What.
    pub value: T,
}

impl<T> At<T> {
    /// Another value at the same place.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> At<U> {
        At { span: self.span, value: f(self.value) }
    }
}

/// Can stand in a model file.
pub trait Decode: Sized + JsonSchema {
    /// Reads it. `None` where something was reported.
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self>;
}

impl<T: Decode> Decode for At<T> {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        T::decode(node, sink).map(|value| Self { span: node.span, value })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::List(items) = &node.value else {
            sink.push(wrong_type(node, "a list"));
            return None;
        };
        Some(items.iter().filter_map(|item| T::decode(item, sink)).collect())
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        T::decode(node, sink).map(Self::new)
    }
}

impl Decode for String {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        scalar(node, "a name", sink).map(str::to_owned)
    }
}

impl Decode for bool {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match scalar(node, "`true` or `false`", sink)? {
            "true" => Some(true),
            "false" => Some(false),
            other => {
                let message = format!("`{}` is neither `true` nor `false`", shorten(other));
                sink.push(Diagnostic::error(node.span, message).label("expected `true` or `false`"));
                None
            }
        }
    }
}

/// Names and what they stand for, in the order of the file.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// A value that could not be read keeps its name, so that references to it are not reported as well.
    pub entries: Vec<(At<String>, Option<At<T>>)>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<T> Named<T> {
    /// The names whose values could be read.
    pub fn iter(&self) -> impl Iterator<Item = (&At<String>, &At<T>)> {
        self.entries.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)))
    }
}

impl<T: Decode> Decode for Named<T> {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            sink.push(wrong_type(node, "a map from names"));
            return None;
        };
        let read = |entry: &Entry| {
            let name = At { span: entry.key_span, value: entry.key.clone() };
            (name, At::decode(&entry.value, sink))
        };
        Some(Self { entries: entries.iter().map(read).collect() })
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        json_schema!({"type": "object", "additionalProperties": value})
    }
}

/// The text of a scalar; `expected` says what should stand there, where it is none.
pub fn scalar<'a>(node: &'a Node, expected: &str, sink: &mut Diagnostics) -> Option<&'a str> {
    match &node.value {
        Value::Scalar { text, .. } => Some(text),
        _ => {
            sink.push(wrong_type(node, expected));
            None
        }
    }
}

/// The message for a list where a number should be, and the like.
#[must_use]
pub fn wrong_type(node: &Node, expected: &str) -> Diagnostic {
    Diagnostic::error(node.span, format!("found {}, expected {expected}", node.describe()))
}

/// Reads a scalar with `parse`, which answers what is wrong and what was expected.
pub fn parsed<T>(
    node: &Node,
    expected: &str,
    sink: &mut Diagnostics,
    parse: impl FnOnce(&str) -> Result<T, super::quantity::Wrong>,
) -> Option<T> {
    let text = scalar(node, expected, sink)?;
    parse(text)
        .map_err(|wrong| {
            let mut diagnostic = Diagnostic::error(node.span, wrong.message).label(wrong.expected);
            diagnostic.helps = wrong.helps;
            sink.push(diagnostic);
        })
        .ok()
}

/// What the keys of a record may be.
pub struct Keys {
    /// How messages call it, with its article: `a service`.
    pub what: &'static str,
    /// Keys it has.
    pub known: &'static [&'static str],
    /// Keys it must have.
    pub required: &'static [&'static str],
    /// Keys of the language that this version cannot simulate yet.
    pub later: &'static [&'static str],
}

/// Walks the entries of a record, handing known ones to `field` and reporting all others.
pub fn fields<'a>(
    node: &'a Node,
    keys: &Keys,
    sink: &mut Diagnostics,
    mut field: impl FnMut(&'a Entry, &mut Diagnostics),
) -> bool {
    let Value::Map(entries) = &node.value else {
        let expected = format!("a map with keys such as {}", listed(keys.known, 3));
        sink.push(wrong_type(node, &expected).label(format!("expected {}", keys.what)));
        return false;
    };
    for entry in entries {
        let key = entry.key.as_str();
        if keys.known.contains(&key) {
            field(entry, sink);
        } else if keys.later.contains(&key) {
            sink.push(not_supported(entry.key_span, key));
        } else {
            sink.push(unknown_key(entry, keys));
        }
    }
    for key in keys.required {
        if !entries.iter().any(|entry| entry.key == *key) {
            sink.push(
                Diagnostic::error(node.span, format!("`{key}` is missing"))
                    .label(format!("expected {} with `{key}`", keys.what)),
            );
        }
    }
    true
}

/// The message for what the language has, but not this version.
#[must_use]
pub fn not_supported(span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(span, format!("not supported yet: `{what}`"))
}

fn unknown_key(entry: &Entry, keys: &Keys) -> Diagnostic {
    let key = shorten(&entry.key);
    let names = keys.known.iter().chain(keys.later).copied();
    let help = match nearest(&entry.key, names) {
        Some(name) => format!("a key with a similar name exists: `{name}`"),
        None => format!("its keys are {}", listed(keys.known, usize::MAX)),
    };
    Diagnostic::error(entry.key_span, format!("unknown key `{key}`"))
        .label(format!("not a key of {}", keys.what))
        .help(help)
}

/// `` `a`, `b` and `c` ``, at most `max` of them.
#[must_use]
pub fn listed(names: &[&str], max: usize) -> String {
    let quoted: Vec<_> = names.iter().take(max).map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The schema of a record from those of its fields.
pub fn record_schema(keys: &Keys, description: &str, fields: Vec<(&'static str, String, Schema)>) -> Schema {
    let mut properties = serde_json::Map::new();
    for (key, doc, schema) in fields {
        let mut value = schema.to_value();
        if let Some(object) = value.as_object_mut() {
            object.insert("description".to_owned(), doc.trim().into());
        }
        properties.insert(key.to_owned(), value);
    }
    json_schema!({
        "type": "object",
        "description": description.trim(),
        "properties": properties,
        "required": keys.required,
        "additionalProperties": false,
    })
}

/// Defines a record: the struct, its keys with their hover texts, how it is read, and its schema.
///
/// Every field is an `Option<At<_>>`; a required one that is missing has been reported when it is `None`.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident ($what:literal) {
            $( $(#[doc = $field_doc:literal])* $key:literal $field:ident : $ty:ty ),* $(,)?
        }
        $(required: $required:expr;)?
        $(later: $later:expr;)?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $name {
            $( $(#[doc = $field_doc])* pub $field: Option<$crate::spec::decode::At<$ty>>, )*
        }

        impl $name {
            /// Its keys.
            pub const KEYS: $crate::spec::decode::Keys = {
                #[allow(unused_mut, unused_assignments, reason = "records without `required` or `later` leave them")]
                let (mut required, mut later): (&'static [&'static str], &'static [&'static str]) = (&[], &[]);
                $( required = &$required; )?
                $( later = &$later; )?
                $crate::spec::decode::Keys { what: $what, known: &[$($key),*], required, later }
            };
        }

        impl $crate::spec::decode::Decode for $name {
            fn decode(
                node: &$crate::spec::tree::Node,
                sink: &mut $crate::diagnostic::Diagnostics,
            ) -> Option<Self> {
                let mut record = Self::default();
                let is_map = $crate::spec::decode::fields(node, &Self::KEYS, sink, |entry, sink| {
                    match entry.key.as_str() {
                        $( $key => record.$field = $crate::spec::decode::Decode::decode(&entry.value, sink), )*
                        _ => unreachable!("only known keys come here"),
                    }
                });
                is_map.then_some(record)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let description = concat!($($doc, "\n"),*);
                let fields = vec![
                    $( ($key, concat!($($field_doc, "\n"),*).to_owned(), generator.subschema_for::<$ty>()), )*
                ];
                $crate::spec::decode::record_schema(&Self::KEYS, description, fields)
            }
        }
    };
}
pub(crate) use record;

/// Defines a choice among words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident ($what:literal) {
            $( $(#[doc = $word_doc:literal])* $word:literal $variant:ident ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $( $(#[doc = $word_doc])* $variant, )*
        }

        impl $name {
            /// The words.
            pub const WORDS: &'static [&'static str] = &[$($word),*];
        }

        impl $crate::spec::decode::Decode for $name {
            fn decode(
                node: &$crate::spec::tree::Node,
                sink: &mut $crate::diagnostic::Diagnostics,
            ) -> Option<Self> {
                match $crate::spec::decode::scalar(node, $what, sink)? {
                    $( $word => Some(Self::$variant), )*
                    other => {
                        sink.push($crate::spec::decode::unknown_word(node.span, other, $what, Self::WORDS));
                        None
                    }
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({"enum": Self::WORDS, "description": concat!($($doc, "\n"),*).trim()})
            }
        }
    };
}
pub(crate) use words;

/// The message for a word that is none of those a key takes.
#[must_use]
pub fn unknown_word(span: Span, given: &str, what: &str, words: &[&str]) -> Diagnostic {
    let similar = nearest(given, words.iter().copied());
    Diagnostic::error(span, format!("`{}` is not {what}", shorten(given)))
        .label(format!("expected one of {}", listed(words, usize::MAX).replace(" and ", " or ")))
        .help_if(similar.map(|word| format!("a similar word exists: `{word}`")))
}
