//! Diagnostics drawn as `rustc` draws them: the line, the value marked, what was expected, and help.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity, Sources, Span};

/// Lines longer than this are cut around the marked value.
const LINE_MAX: usize = 400;
/// Columns kept on either side of the value in a cut line.
const AROUND: usize = 60;

/// Draws one diagnostic; `colour` adds escape sequences for a terminal. Ends with a newline.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, colour: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let window = diagnostic.span.map(|span| Window::new(sources, span, &diagnostic.others));
    let title = level.primary_title(diagnostic.message.as_str());
    let mut group = match &window {
        None => Group::with_title(title),
        Some(window) => {
            let primary = AnnotationKind::Primary.span(window.range(window.primary));
            let primary = match diagnostic.label.as_str() {
                "" => primary,
                label => primary.label(label),
            };
            let others = window
                .others
                .iter()
                .map(|(span, label)| AnnotationKind::Context.span(window.range(*span)).label(label.as_str()));
            let snippet = Snippet::source(window.text.as_str())
                .path(window.name.as_str())
                .line_start(window.line)
                .annotation(primary)
                .annotations(others);
            title.element(snippet)
        }
    };
    for help in &diagnostic.helps {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let drawn = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    format!("{drawn}\n")
}

/// The part of a source that is shown.
struct Window {
    name: String,
    text: String,
    /// Number of its first line.
    line: usize,
    /// Bytes of the source before it.
    skipped: usize,
    primary: Span,
    others: Vec<(Span, String)>,
}

impl Window {
    fn new(sources: &Sources, primary: Span, others: &[(Span, String)]) -> Self {
        let source = sources.source(primary);
        let text = source.text.as_str();
        let name = source.name.clone();
        let start = (primary.start as usize).min(text.len());
        let long = text.lines().any(|line| line.len() > LINE_MAX);
        if !long {
            // Other places may lie in other sources, such as a `--set`.
            let others = others.iter().filter(|(span, _)| span.source == primary.source).cloned().collect();
            return Self { name, text: text.to_owned(), line: 1, skipped: 0, primary, others };
        }
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let from = boundary(text, start.saturating_sub(AROUND).max(line_start));
        let to = boundary(text, (primary.end as usize + AROUND).min(start + 2 * AROUND).min(line_end));
        let line = text[..start].matches('\n').count() + 1;
        let text = text[from..to.max(from)].to_owned();
        Self { name, text, line, skipped: from, primary, others: Vec::new() }
    }

    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let within =
            |at: u32| boundary(&self.text, (at as usize).saturating_sub(self.skipped).min(self.text.len()));
        within(span.start)..within(span.end).max(within(span.start))
    }
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        let mut sources = Sources::default();
        sources.add("shop.yaml", text);
        sources
    }

    #[test]
    fn a_fault_is_shown_at_its_line_with_what_was_expected() {
        let sources = sources("services:\n  web:\n    wrokers: 64\n");
        let diagnostic = Diagnostic::error(Span { source: 0, start: 21, end: 28 }, "unknown key `wrokers`")
            .label("not a key of a service")
            .help("a key with a similar name exists: `workers`");
        insta::assert_snapshot!(render(&diagnostic, &sources, false), @r#"
        error: unknown key `wrokers`
         --> shop.yaml:3:5
          |
        3 |     wrokers: 64
          |     ^^^^^^^ not a key of a service
          |
          = help: a key with a similar name exists: `workers`
        "#);
    }

    #[test]
    fn another_place_that_matters_is_shown_too() {
        let sources = sources("a: 1\nb: 2\na: 3\n");
        let diagnostic = Diagnostic::error(Span { source: 0, start: 10, end: 11 }, "`a` is given twice")
            .other(Span { source: 0, start: 0, end: 1 }, "given here first");
        insta::assert_snapshot!(render(&diagnostic, &sources, false), @r#"
        error: `a` is given twice
         --> shop.yaml:3:1
          |
        1 | a: 1
          | - given here first
        2 | b: 2
        3 | a: 3
          | ^
        "#);
    }

    #[test]
    fn what_is_about_the_whole_file_has_no_line() {
        let drawn = render(&Diagnostic::error_of_all("the model is larger than 4 MiB"), &sources(""), false);
        assert_eq!(drawn, "error: the model is larger than 4 MiB\n");
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_value() {
        let text = format!("a: 1\n{} here {}\n", "ä".repeat(5_000), "y".repeat(5_000));
        let at = text.find("here").unwrap() as u32;
        let drawn = render(
            &Diagnostic::error(Span { source: 0, start: at, end: at + 4 }, "x"),
            &sources(&text),
            false,
        );
        assert!(drawn.contains("here"), "{drawn}");
        assert!(drawn.lines().all(|line| line.chars().count() < 250), "{drawn}");
    }
}
