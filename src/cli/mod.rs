//! The command: flags in, files in and out, text on the terminal. Nothing else opens files or prints.
//!
//! Results go to stdout; progress, warnings and errors to stderr. Exit codes: 0 done, 1 `check` found a breach, 2 the
//! input is wrong.
#![warn(clippy::print_stdout, clippy::print_stderr)] // They panic on a closed pipe; `terminal` does not.

mod args;
mod axis;
mod check;
mod compare;
mod failure;
mod input;
mod model;
mod new;
mod output;
mod plan;
mod progress;
mod rank;
pub mod render;
mod run;
mod size;
mod study;
mod sweep;
mod terminal;
mod trace;
mod value;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use args::{Arguments, Command};
use failure::Failure;

/// The exit code where the input is wrong.
const WRONG: u8 = 2;
/// The exit code where `check` found a breach; no other command has it.
const BREACH: u8 = 1;

/// Does what a command line asks (its first word is the name of the program) and answers the exit code.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match args::parse(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return misunderstood(&error),
    };
    if arguments.no_color {
        anstream::ColorChoice::Never.write_global();
    }
    match perform(&arguments.command) {
        Ok(()) | Err(Failure::PipeClosed) => ExitCode::SUCCESS,
        Err(Failure::Breach) => ExitCode::from(BREACH),
        Err(Failure::Told) => ExitCode::from(WRONG),
        Err(failure @ Failure::Input(_)) => {
            terminal::error(&failure.to_string());
            ExitCode::from(WRONG)
        }
    }
}

fn perform(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Run(flags) => run::run(flags),
        Command::Sweep(flags) => sweep::sweep(flags),
        Command::Compare(flags) => compare::compare(flags),
        Command::Check(flags) => check::check(flags),
        Command::Rank(flags) => rank::rank(flags),
        Command::Size(flags) => size::size(flags),
        Command::Plan(flags) => plan::plan(flags),
        Command::Explain(flags) => explain(flags),
        Command::New { path } => new::new(path),
        Command::Schema => schema(),
        Command::Completions { shell } => completions(*shell),
    }
}

/// Help and versions are asked for and go to stdout; what cannot be understood goes to stderr.
fn misunderstood(error: &clap::Error) -> ExitCode {
    // A closed pipe is no fault here either.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG))
}

fn explain(flags: &args::Explain) -> Result<(), Failure> {
    let model = model::File::read(&flags.model)?.compile_timed(flags.quiet)?;
    terminal::results(&crate::report::explain_text(&model))
}

fn schema() -> Result<(), Failure> {
    let schema = serde_json::to_string_pretty(&crate::spec::schema()).expect("a schema is plain JSON");
    terminal::document(format!("{schema}\n").as_bytes())
}

fn completions(shell: Shell) -> Result<(), Failure> {
    // Into memory first: clap_complete panics where stdout is closed.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "knee", &mut script);
    terminal::document(&script)
}
