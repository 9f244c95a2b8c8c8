//! From a model file to a compiled model, with everything that is wrong or suspicious told on the way.

use std::path::Path;

use super::args::ModelFlags;
use super::failure::Failure;
use super::value::Setting;
use super::{input, render, terminal};
use crate::compile::growth::Growth;
use crate::compile::knobs::Knob;
use crate::compile::ranked::{Asked, Unsure};
use crate::compile::{self, Loaded};
use crate::diagnostic::{Diagnostic, Position, Severity, Sources, Span};
use crate::model::Model;
use crate::spec::turn::Turn;

/// A model file that was read, with the settings of the command line.
#[derive(Debug)]
pub struct File<'a> {
    flags: &'a ModelFlags,
    bytes: Vec<u8>,
}

/// A model, and what its file says beside it.
#[derive(Debug)]
pub struct Compiled {
    /// The model.
    pub model: Model,
    /// Equal where two files, variants or settings say the same.
    pub digest: String,
    /// Names of the variants of the file.
    pub variants: Vec<String>,
    /// Where each objective stands in the file; `None` where it is from elsewhere, such as a `--set`.
    pub objectives: Vec<Option<Position>>,
    /// Numbers that are not known exactly.
    pub unsure: Vec<Unsure>,
    /// What the file lets `knee size` choose.
    pub knobs: Vec<Knob>,
    /// How its load grows, if it says so.
    pub growth: Option<Growth>,
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

    /// Compiles it with the settings of the command line and then `more`, for a study of the steady state. Faults go to stderr, and warnings unless `quiet`.
    ///
    /// # Errors
    /// When the model is wrong, as told.
    pub fn compile(&self, more: &[Setting], quiet: bool) -> Result<Model, Failure> {
        self.compile_variant(self.flags.variant.as_deref(), more, quiet).map(|compiled| compiled.model)
    }

    /// As [`Self::compile`], with what the file says beside the model.
    ///
    /// # Errors
    /// When the model is wrong, as told.
    pub fn compile_whole(&self, quiet: bool) -> Result<Compiled, Failure> {
        self.compile_variant(self.flags.variant.as_deref(), &[], quiet)
    }

    /// As [`Self::compile`], of a variant or of the file itself.
    ///
    /// # Errors
    /// When the model is wrong, or has no such variant, as told.
    pub fn compile_variant(
        &self,
        variant: Option<&str>,
        more: &[Setting],
        quiet: bool,
    ) -> Result<Compiled, Failure> {
        let loaded = self.load(variant, more, quiet);
        if let Some(span) = loaded.timed {
            let timed = Diagnostic::error(span, "not supported: time in the model anywhere but in a run")
                .label("a model in which something happens at a given time has no steady state")
                .help("`knee run` shows it over time");
            tell(&[timed], &loaded.sources, quiet);
            return Err(Failure::Told);
        }
        let (digest, variants, growth) = (loaded.digest, loaded.variants, loaded.growth);
        let (knobs, unsure) = (loaded.knobs, loaded.unsure);
        let position = |span: &Span| (span.source == 0).then(|| loaded.sources.position(*span));
        let objectives = loaded.objectives.iter().map(position).collect();
        let compiled = |model| Compiled { model, digest, variants, objectives, unsure, knobs, growth };
        loaded.model.map(compiled).ok_or(Failure::Told)
    }

    /// The model with the settings of the command line, which may have time in it.
    ///
    /// # Errors
    /// When the model is wrong, as told.
    pub fn compile_timed(&self, quiet: bool) -> Result<Model, Failure> {
        self.load(self.flags.variant.as_deref(), &[], quiet).model.ok_or(Failure::Told)
    }

    /// Compiles a variant, or the file itself, and tells what is wrong.
    fn load(&self, variant: Option<&str>, more: &[Setting], quiet: bool) -> Loaded {
        let name = self.path().display().to_string();
        let read_data = |file: &str| input::data(self.path(), file);
        let loaded = compile::load_variant(&self.bytes, &name, variant, &self.sets(more), &read_data);
        tell(&loaded.diagnostics, &loaded.sources, quiet);
        loaded
    }

    /// The number at a path, as written in the file or set on the command line; empty where there is none yet. `text` is the value of
    /// `flag`, which asks for it.
    ///
    /// # Errors
    /// When the path leads nowhere or to something else, as told.
    pub fn number_at(&self, path: &str, flag: &str, text: &str) -> Result<String, Failure> {
        let name = self.path().display().to_string();
        let found = compile::number_at(
            &self.bytes,
            &name,
            self.flags.variant.as_deref(),
            &self.sets(&[]),
            path,
            (flag, text),
        );
        // Warnings are told when the model is compiled.
        tell(&found.diagnostics, &found.sources, true);
        found.number.ok_or(Failure::Told)
    }

    /// The model with other values; `None` where it does not allow them. Nothing is told.
    pub fn attempt(&self, more: &[Setting]) -> Option<Compiled> {
        let read_data = |file: &str| input::data(self.path(), file);
        let name = self.path().display().to_string();
        let variant = self.flags.variant.as_deref();
        let loaded = compile::load_variant(&self.bytes, &name, variant, &self.sets(more), &read_data);
        let (digest, variants, growth) = (loaded.digest, loaded.variants, loaded.growth);
        let (knobs, unsure) = (loaded.knobs, loaded.unsure);
        let objectives = Vec::new();
        let compiled = |model| Compiled { model, digest, variants, objectives, unsure, knobs, growth };
        loaded.model.map(compiled)
    }

    /// The knobs asked for, or all that the file has, each turned by the share `step`.
    ///
    /// # Errors
    /// When one of them is not there, as told.
    pub fn turns(&self, asked: &[Asked], step: f64) -> Result<Vec<Turn>, Failure> {
        let name = self.path().display().to_string();
        let variant = self.flags.variant.as_deref();
        let found = compile::turns(&self.bytes, &name, variant, &self.sets(&[]), asked, step);
        tell(&found.diagnostics, &found.sources, true);
        found.turns.ok_or(Failure::Told)
    }

    fn sets(&self, more: &[Setting]) -> Vec<(String, String)> {
        self.flags.sets.iter().chain(more).map(|set| (set.path.clone(), set.value.clone())).collect()
    }
}

fn tell(diagnostics: &[Diagnostic], sources: &Sources, quiet: bool) {
    for diagnostic in diagnostics {
        if diagnostic.severity == Severity::Error || !quiet {
            terminal::note(&render::render(diagnostic, sources, true));
        }
    }
}
