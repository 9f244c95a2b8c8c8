//! What is wrong, or suspicious, about a user's model, and where it says so.
//!
//! A [`Diagnostic`] points into one of the [`Sources`]: the model file, or a `--set` of the command line. Drawing it is
//! left to `cli`.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The model cannot be used.
    Error,
    /// The model is legal, but perhaps not what was meant.
    Warning,
}

/// A range of bytes in one of the [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which source: 0 is the model file.
    pub source: u32,
    /// First byte.
    pub start: u32,
    /// Behind the last byte; at least `start`.
    pub end: u32,
}

impl Span {
    /// From the start of one span to the end of another in the same source.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        if self.source == last.source { Self { end: last.end.max(self.end), ..self } } else { self }
    }
}

/// One fault or warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong: a lower-case phrase that quotes the value given.
    pub message: String,
    /// Where; `None` where it is about the file as a whole.
    pub span: Option<Span>,
    /// What was expected there; may be empty.
    pub label: String,
    /// Other places that matter, each with what to see there.
    pub others: Vec<(Span, String)>,
    /// What to do about it.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, Some(span), message.into())
    }

    /// An error of the whole input.
    pub fn error_of_all(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, None, message.into())
    }

    /// A warning at a place.
    pub fn warning(span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, Some(span), message.into())
    }

    fn new(severity: Severity, span: Option<Span>, message: String) -> Self {
        Self { severity, message, span, label: String::new(), others: Vec::new(), helps: Vec::new() }
    }

    /// Says what was expected at the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at another place that matters.
    #[must_use]
    pub fn other(mut self, span: Span, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Adds advice, where there is some.
    #[must_use]
    pub fn help_if(mut self, help: Option<String>) -> Self {
        self.helps.extend(help);
        self
    }
}

/// More than so many are counted, not kept: nobody reads them, and a broken file must not cost memory.
const KEPT_MAX: usize = 100;

/// Collects diagnostics, so that all faults of a file come at once.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    errors: usize,
    dropped: usize,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
        }
        if self.list.len() >= KEPT_MAX {
            self.dropped += 1;
        } else if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors were pushed.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// In the order of the sources, each with its first fault first.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.span.is_some(), d.span, d.severity));
        if self.dropped > 0 {
            let more = format!("{} more faults and warnings are not shown", self.dropped);
            let severity = if self.errors > 0 { Severity::Error } else { Severity::Warning };
            self.list.push(Diagnostic::new(severity, None, more));
        }
        self.list
    }
}

/// The texts that diagnostics point into.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    list: Vec<Source>,
}

/// One text with its name.
#[derive(Clone, Debug)]
pub struct Source {
    /// As shown: the path of the model file, or `--set`.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// A position as people count: from 1, in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Name of the source.
    pub name: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl Sources {
    /// Adds a text and answers its number, for [`Span::source`].
    pub fn add(&mut self, name: &str, text: &str) -> u32 {
        self.list.push(Source { name: name.to_owned(), text: text.to_owned() });
        self.list.len() as u32 - 1
    }

    /// Replaces the text of a source.
    pub fn replace(&mut self, source: u32, text: &str) {
        self.list[source as usize].text = text.to_owned();
    }

    /// The source a span points into.
    ///
    /// # Panics
    /// If the span belongs to other sources.
    #[must_use]
    pub fn source(&self, span: Span) -> &Source {
        &self.list[span.source as usize]
    }

    /// The text of a span; empty where the span does not fit the text.
    #[must_use]
    pub fn text(&self, span: Span) -> &str {
        self.source(span).text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Line and column of the start of a span.
    #[must_use]
    pub fn position(&self, span: Span) -> Position {
        let source = self.source(span);
        let before = &source.text.as_bytes()[..(span.start as usize).min(source.text.len())];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        // Continuation bytes of UTF-8 are no characters of their own.
        let column = before[line_start..].iter().filter(|&&b| b & 0xC0 != 0x80).count() + 1;
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        Position { name: source.name.clone(), line, column }
    }

    /// One line that tells a diagnostic: `shop.yaml:3:5: error: unknown key `x``.
    #[must_use]
    pub fn brief(&self, diagnostic: &Diagnostic) -> String {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let at = diagnostic
            .span
            .map(|span| self.position(span))
            .map_or(String::new(), |p| format!("{}:{}:{}: ", p.name, p.line, p.column));
        let mut text = format!("{at}{severity}: {}", diagnostic.message);
        if !diagnostic.label.is_empty() {
            text += &format!(" ({})", diagnostic.label);
        }
        for help in &diagnostic.helps {
            text += &format!("\n  help: {help}");
        }
        text
    }
}

/// The name most like `wanted` among `names`, if any is near enough to be meant.
#[must_use]
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + wanted.chars().count() / 3;
    let distance = |name: &str| strsim::osa_distance(&wanted.to_lowercase(), &name.to_lowercase());
    let near = |name: &str| {
        name.len() > 2 && wanted.len() > 2 && (name.starts_with(wanted) || wanted.starts_with(name))
    };
    names
        .into_iter()
        .map(|name| (distance(name), name))
        .filter(|&(d, name)| (d <= limit && d < wanted.len().min(name.len())) || near(name))
        .min_by_key(|&(d, _)| d)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let mut sources = Sources::default();
        let source = sources.add("m.yaml", "a: 1\nñame: x\n");
        let at = sources.position(Span { source, start: 12, end: 13 });
        // Line 2 is `ñame: x`: byte 12 is `x`, the seventh character.
        assert_eq!((at.line, at.column), (2, 7));
        assert_eq!(sources.text(Span { source, start: 12, end: 13 }), "x");
    }

    #[test]
    fn nearest_finds_typing_errors_and_nothing_far_fetched() {
        let names = ["workers", "cores", "queue", "queue_timeout"];
        assert_eq!(nearest("worker", names), Some("workers"));
        assert_eq!(nearest("quue", names), Some("queue"));
        assert_eq!(nearest("elephants", names), None);
        assert_eq!(nearest("x", ["a"]), None);
    }

    #[test]
    fn a_flood_of_faults_is_counted_and_not_kept() {
        let mut sink = Diagnostics::default();
        for i in 0..1000 {
            sink.push(Diagnostic::error(Span { source: 0, start: i, end: i }, "x"));
        }
        let list = sink.into_sorted();
        assert_eq!(list.len(), KEPT_MAX + 1);
        assert!(list[KEPT_MAX].message.starts_with("900 more"));
    }
}
