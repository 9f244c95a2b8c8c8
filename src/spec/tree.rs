//! YAML text into a tree that keeps every position: the only file that knows the YAML library.
//!
//! Scalars stay as written (`2_000`, `0.10`), since what a word means depends on where it stands. Limits on size, depth
//! and aliases keep hostile files from costing time, memory or the stack.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use serde_yaml::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span};

/// The largest model file that is read, in bytes; the caller checks it.
pub const TEXT_MAX: usize = 4 << 20;

/// A value of the file with its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands. A list or map in block style is located by its first line.
    pub span: Span,
    /// What stands there.
    pub value: Value,
}

/// What stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A word or number as written, without quotes.
    Scalar {
        /// The text.
        text: String,
        /// It stood in quotes, or in a block: text for sure.
        quoted: bool,
    },
    /// `[a, b]`, or lines that begin with `-`.
    List(Vec<Node>),
    /// Keys and values in the order of the file; no key twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key as written, without quotes.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// What it is, in words: `the word 'x'`, `a list`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Scalar { text, .. } => format!("`{}`", shorten(text)),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
        }
    }

    /// The entries, if it is a map.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key, if it is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }
}

/// At most 60 characters of a text, on one line.
#[must_use]
pub fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        short.push('…');
    }
    short
}

/// Reads a source as YAML. Syntax errors end the reading; duplicate keys do not.
pub fn read(sources: &Sources, source: u32, sink: &mut Diagnostics) -> Option<Node> {
    let text = sources.source(Span { source, ..Span::default() }).text.as_str();
    let options = serde_yaml::options! {
        // So that all duplicates reach us; the order of a map is ours anyway.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options) {
        Ok(raw) => Some(Builder { text, source, sink }.node(raw)),
        Err(error) => {
            sink.push(syntax_error(text, source, &error));
            None
        }
    }
}

fn syntax_error(text: &str, source: u32, error: &serde_yaml::Error) -> Diagnostic {
    let error = error.without_snippet();
    let start = error.location().map_or(0, |at| offset(text, at));
    // An error at the end of the file is shown at its last character.
    let start = floor_boundary(text, start.min(text.trim_end().len().saturating_sub(1)));
    let end = text[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    let span = Span { source, start: start as u32, end: end as u32 };
    Diagnostic::error(span, format!("not valid YAML: {}", reason(error)))
}

/// What the library says, without its advice to programmers.
fn reason(error: &serde_yaml::Error) -> String {
    let told = error.to_string();
    let told = told.lines().next().unwrap_or_default();
    let told = told.split(" at line ").next().unwrap_or_default().trim_end_matches('.');
    match error {
        serde_yaml::Error::MultipleDocuments { .. } => {
            "a second document begins here; a model is one document".to_owned()
        }
        serde_yaml::Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias within its own anchor".to_owned()
        }
        _ if told.starts_with("budget breached: Depth") || told.starts_with("recursion limit") => {
            "nested too deeply".to_owned()
        }
        _ if told.starts_with("budget breached: Nodes") => {
            "more than 250,000 values, aliases written out".to_owned()
        }
        _ if told.starts_with("budget breached") || told.starts_with("alias replay") => {
            "too much text or too many aliases".to_owned()
        }
        _ => shorten(told),
    }
}

/// The byte of a location, which syntax errors give in lines and characters only.
fn offset(text: &str, at: serde_yaml::Location) -> usize {
    if let Some(byte) = at.span().byte_offset() {
        return byte as usize;
    }
    let line_start = match at.line().saturating_sub(2) {
        _ if at.line() < 2 => 0,
        newline => text.match_indices('\n').nth(newline as usize).map_or(text.len(), |(i, _)| i + 1),
    };
    let column = at.column().saturating_sub(1) as usize;
    let within = text[line_start..].char_indices().nth(column).map_or(text.len() - line_start, |(i, _)| i);
    line_start + within
}

/// The tree as the library hands it over: scalars already guessed at, so only their spans count.
enum Raw {
    Null,
    /// Taken for a number or a truth value.
    Guessed(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

struct RawVisitor;

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

struct Builder<'a> {
    text: &'a str,
    source: u32,
    sink: &'a mut Diagnostics,
}

impl Builder<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let span = self.span(&raw);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Guessed(guess) => Value::Scalar { text: self.as_written(span, guess), quoted: false },
            Raw::Text(text) => {
                let quoted = self.text[span.start as usize..].starts_with(['"', '\'', '|', '>']);
                let text = if quoted { text } else { self.as_written(span, text) };
                Value::Scalar { text, quoted }
            }
            Raw::List(list) => Value::List(list.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Value::Map(self.entries(entries)),
        };
        Node { span, value }
    }

    fn entries(&mut self, raw: Vec<(Spanned<Raw>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        let mut seen = std::collections::HashMap::new();
        for (key, value) in raw {
            let key = self.node(key);
            let value = self.node(value);
            let name = match key.value {
                Value::Scalar { text, .. } => text,
                Value::Null => "null".to_owned(),
                _ => {
                    self.sink.push(
                        Diagnostic::error(key.span, "a list or map cannot be a key").label("expected a name"),
                    );
                    continue;
                }
            };
            if let Some(&first) = seen.get(&name) {
                let twice = format!("`{}` is given twice", shorten(&name));
                self.sink.push(Diagnostic::error(key.span, twice).other(first, "given here first"));
                continue;
            }
            seen.insert(name.clone(), key.span);
            entries.push(Entry { key: name, key_span: key.span, value });
        }
        entries
    }

    /// The characters of a plain scalar on one line; a tag before it is no part of it.
    fn as_written(&self, span: Span, guess: String) -> String {
        let slice = self.text.get(span.start as usize..span.end as usize).unwrap_or("").trim();
        let other = slice.is_empty() || slice.contains('\n') || slice.starts_with(['!', '&', '"', '\'']);
        if other { guess } else { slice.to_owned() }
    }

    /// The span on which the value is defined, cut to the first line: block collections have no end of their own.
    fn span(&self, raw: &Spanned<Raw>) -> Span {
        let at = raw.defined.span();
        let start = at.byte_offset().unwrap_or(0) as usize;
        let end = start + at.byte_len().unwrap_or(0) as usize;
        let start = floor_boundary(self.text, start);
        let end = floor_boundary(self.text, end).max(start);
        let line = self.text[start..].find('\n').map_or(self.text.len(), |i| start + i);
        let end = if end == start || !matches!(raw.value, Raw::Guessed(_) | Raw::Text(_)) {
            self.text[start..line].chars().next().map_or(start, |c| start + c.len_utf8())
        } else {
            end
        };
        Span { source: self.source, start: start as u32, end: end as u32 }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Option<Node>, Vec<String>) {
        let mut sources = Sources::default();
        let source = sources.add("m.yaml", text);
        let mut sink = Diagnostics::default();
        let node = read(&sources, source, &mut sink);
        (node, sink.into_sorted().iter().map(|d| sources.brief(d)).collect())
    }

    fn dump(node: &Node, text: &str) -> String {
        let at = &text[node.span.start as usize..node.span.end as usize];
        match &node.value {
            Value::Null => "~".into(),
            Value::Scalar { text, quoted } => format!("{text}{}<{at}>", if *quoted { "!" } else { "" }),
            Value::List(l) => format!("[{}]", l.iter().map(|n| dump(n, text)).collect::<Vec<_>>().join(" ")),
            Value::Map(m) => format!(
                "{{{}}}",
                m.iter()
                    .map(|e| format!(
                        "{}<{}>={}",
                        e.key,
                        &text[e.key_span.start as usize..e.key_span.end as usize],
                        dump(&e.value, text)
                    ))
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
        }
    }

    #[test]
    fn scalars_stay_as_written_and_know_where_they_stand() {
        let text = "a: 2_000\nb: 0.10\nc: 'x y'\nd: [on, 007, .nan, 1e999, ~, \"12\"]\nñ: {e: 0.17 $/h}\n";
        let (node, faults) = parse(text);
        assert_eq!(faults, Vec::<String>::new());
        insta::assert_snapshot!(dump(&node.unwrap(), text), @r#"{a<a>=2_000<2_000> b<b>=0.10<0.10> c<c>=x y!<'x y'> d<d>=[on<on> 007<007> .nan<.nan> 1e999<1e999> ~ 12!<"12">] ñ<ñ>={e<e>=0.17 $/h<0.17 $/h>}}"#);
    }

    #[test]
    fn aliases_and_merge_keys_are_resolved() {
        let text = "base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nagain: *b\n";
        let (node, faults) = parse(text);
        assert_eq!(faults, Vec::<String>::new());
        insta::assert_snapshot!(dump(&node.unwrap(), text), @r#"{base<base>={x<x>=1<1> y<y>=2<2>} use<use>={y<y>=3<3> x<x>=1<1>} again<again>={x<x>=1<1> y<y>=2<2>}}"#);
    }

    #[test]
    fn duplicate_keys_are_all_reported() {
        let (_, faults) = parse("a: 1\nb: {c: 1, c: 2}\na: 2\n'1': 1\n1: 2\n");
        insta::assert_debug_snapshot!(faults, @r#"
        [
            "m.yaml:2:11: error: `c` is given twice",
            "m.yaml:3:1: error: `a` is given twice",
            "m.yaml:5:1: error: `1` is given twice",
        ]
        "#);
    }

    #[test]
    fn hostile_files_give_one_message() {
        let deep = "[".repeat(100_000);
        let deep_block = "- ".repeat(100_000);
        let closed = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..40 {
            bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
        }
        let long = format!("a: {}", "x".repeat(3 << 20));
        let mut shown = String::new();
        for text in [
            "",
            "# nothing\n",
            "a: [1, 2",
            "a: b: c",
            "\u{0}\u{1}\u{2}",
            "--- a\n--- b\n",
            "a: *b",
            "%YAML",
            "\t- x",
            "a: &a [*a]",
            &deep,
            &deep_block,
            &closed,
            &bomb,
            &long,
        ] {
            let start = std::time::Instant::now();
            let (node, faults) = parse(text);
            assert!(start.elapsed().as_secs_f64() < 1.0, "{:?}", shorten(text));
            shown += &format!("{:.20} -> {} {faults:?}\n", format!("{:?}", shorten(text)), node.is_some());
        }
        insta::assert_snapshot!(shown, @r##"
        "" -> true []
        "# nothing " -> true []
        "a: [1, 2" -> false ["m.yaml:1:4: error: not valid YAML: unclosed bracket '['"]
        "a: b: c" -> false ["m.yaml:1:5: error: not valid YAML: mapping values are not allowed in this context"]
        "   " -> false ["m.yaml:1:1: error: not valid YAML: unexpected character: `\\u{0}'"]
        "--- a --- b " -> false ["m.yaml:2:5: error: not valid YAML: a second document begins here; a model is one document"]
        "a: *b" -> false ["m.yaml:1:4: error: not valid YAML: alias references unknown anchor"]
        "%YAML" -> false ["m.yaml:1:1: error: not valid YAML: while scanning a YAML directive, did not find expected versi…"]
        " - x" -> true []
        "a: &a [*a]" -> false ["m.yaml:1:8: error: not valid YAML: an alias within its own anchor"]
        "[[[[[[[[[[[[[[[[[[[ -> false ["m.yaml:1:256: error: not valid YAML: nested too deeply"]
        "- - - - - - - - - - -> false ["m.yaml:1:129: error: not valid YAML: nested too deeply"]
        "[[[[[[[[[[[[[[[[[[[ -> false ["m.yaml:1:256: error: not valid YAML: nested too deeply"]
        "a0: &a0 [x, x, x, x -> false ["m.yaml:6:20: error: not valid YAML: more than 250,000 values, aliases written out"]
        "a: xxxxxxxxxxxxxxxx -> false ["error: the model is larger than 4 MiB"]
        "##);
    }
}
