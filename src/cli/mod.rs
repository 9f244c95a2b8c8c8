//! The command: files, terminal, diagnostics drawn.

pub mod render;
