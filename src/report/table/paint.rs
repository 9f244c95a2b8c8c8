//! Emphasis in the terminal, or none.

use anstyle::{AnsiColor, Style};

/// Whether text carries terminal styles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paint {
    /// Bytes as for a file or a pipe.
    #[default]
    Plain,
    /// ANSI escape sequences for bold, faint and colour.
    Ansi,
}

/// What a text is, for the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The decision, and heads of tables.
    Strong,
    /// What may be skipped.
    Faint,
    /// A fast or stable state.
    Good,
    /// A state worth a look.
    Warn,
    /// A breach, a loss of the steady state.
    Bad,
    /// Anything else.
    Text,
}

impl Paint {
    /// `text` in the style of a role.
    #[must_use]
    pub fn apply(self, role: Role, text: &str) -> String {
        let style = role.style();
        if self == Self::Plain || text.trim().is_empty() || style == Style::new() {
            return text.to_owned();
        }
        format!("{style}{text}{style:#}")
    }
}

impl Role {
    fn style(self) -> Style {
        match self {
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Text => Style::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_escapes() {
        assert_eq!(Paint::Plain.apply(Role::Bad, "saturated"), "saturated");
        assert_eq!(Paint::Ansi.apply(Role::Strong, "fast"), "\u{1b}[1mfast\u{1b}[0m");
        assert_eq!(Paint::Ansi.apply(Role::Strong, "   "), "   ");
    }
}
