//! The command `knee`. What it does is in the library, under `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    knee::cli::main(std::env::args_os())
}
