//! Where text goes: results to stdout, everything else to stderr. The standard macros panic on a closed pipe; here it is
//! a quiet end.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::failure::{Failure, reason};

/// Prints a result. Styles are taken out where stdout is no terminal, or no colours are wanted.
///
/// # Errors
/// When stdout is closed or cannot be written.
pub fn results(text: &str) -> Result<(), Failure> {
    written(anstream::stdout().lock(), text.as_bytes())
}

/// Prints a document for programs, as it is.
///
/// # Errors
/// When stdout is closed or cannot be written.
pub fn document(text: &[u8]) -> Result<(), Failure> {
    written(io::stdout().lock(), text)
}

fn written(mut out: impl Write, bytes: &[u8]) -> Result<(), Failure> {
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::PipeClosed,
        _ => Failure::input(format!("cannot write to stdout: {}", reason(&error))),
    })
}

/// Tells something beside the results. Nobody may be listening, which is no fault.
pub fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{}", text.trim_end());
}

/// Tells what is wrong.
pub fn error(message: &str) {
    let (red, bold) = (AnsiColor::Red.on_default().bold(), Style::new().bold());
    note(&format!("{red}error{red:#}{bold}: {message}{bold:#}"));
}
