//! From a model file to a compiled model, with everything that is wrong or suspicious told on the way.

use std::path::Path;

use super::args::ModelFlags;
use super::failure::Failure;
use super::value::Setting;
use super::{input, render, terminal};
use crate::compile::{self, Loaded};
use crate::diagnostic::Severity;
use crate::model::Model;

/// A model file that was read, with the settings of the command line.
#[derive(Debug)]
pub struct File<'a> {
    flags: &'a ModelFlags,
    bytes: Vec<u8>,
}

impl<'a> File<'a> {
    /// Reads the file that the flags name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(flags: &'a ModelFlags) -> Result<Self, Failure> {
        Ok(Self { flags, bytes: input::model(&flags.path)? })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.flags.path
    }

    /// Compiles it with the settings of the command line and then `more`. Faults go to stderr, and warnings unless `quiet`.
    ///
    /// # Errors
    /// When the model is wrong, as told.
    pub fn compile(&self, more: &[Setting], quiet: bool) -> Result<Model, Failure> {
        let sets: Vec<_> =
            self.flags.sets.iter().chain(more).map(|set| (set.path.clone(), set.value.clone())).collect();
        let name = self.path().display().to_string();
        let read_data = |file: &str| input::data(self.path(), file);
        let loaded = compile::load(&self.bytes, &name, &sets, &read_data);
        tell(&loaded, quiet);
        loaded.model.ok_or(Failure::Told)
    }
}

fn tell(loaded: &Loaded, quiet: bool) {
    for diagnostic in &loaded.diagnostics {
        if diagnostic.severity == Severity::Error || !quiet {
            terminal::note(&render::render(diagnostic, &loaded.sources, true));
        }
    }
}
