//! `knee size`: how many of what.

use super::args::Size;
use super::axis::Over;
use super::failure::Failure;
use super::model::File;
use super::output::{self, Output};
use super::progress::Bar;
use super::value::{Amount, Setting, Survive};
use super::{study, terminal};
use crate::compile::knobs::{Knob, VALUES_MAX};
use crate::experiment::Swept;
use crate::experiment::options::Options;
use crate::experiment::size::answer::Sizing;
use crate::experiment::size::{self, Asked, Milestone, SizeError};
use crate::model::USERS_MAX;
use crate::report::{self, Paint};
use crate::spec::range::Fill;

const FILES: &[&str] = &["size.svg", "size.png", "size.csv", "size.json"];
/// Pixels of the PNG to a unit of the chart: sharp on a projector.
const PNG_SCALE: f32 = 2.0;

/// Finds the cheapest configuration at each milestone, writes its files and prints the decision.
///
/// # Errors
/// When model or flags are wrong, or a file cannot be written.
pub fn size(flags: &Size) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let compiled = file.compile_variant(flags.model.variant.as_deref(), &[], flags.print.quiet)?;
    let model = compiled.model;
    let asked = Asked {
        knobs: knobs(&file, compiled.knobs, &flags.knobs)?,
        milestones: milestones(flags)?,
        swept: flags.group.clone().map_or(Swept::All, Swept::Group),
        headroom: flags.headroom,
        survive_replica: flags.survive == Some(Survive::Replica),
    };
    let options = Options {
        seed: flags.seed.unwrap_or(model.study.seed),
        threads: flags.threads.map(usize::from),
        ..Options::from(&model.study)
    };
    let directory = flags.out.clone().unwrap_or_else(|| output::default_directory(&model.name));
    let output = Output::prepare(directory, FILES)?;

    let build = |values: &[(String, String)]| {
        let set = |(path, value): &(String, String)| Setting { path: path.clone(), value: value.clone() };
        let sets: Vec<Setting> = values.iter().map(set).collect();
        // Warnings of the file itself have been told.
        file.compile(&sets, true)
    };
    let sizing = size::size(&model, &asked, &build, &options, &Bar::new(flags.print.quiet));
    let sizing = sizing.map_err(|error| match error {
        SizeError::Study(error) => Failure::from(error),
        SizeError::Build(failure) => failure,
    })?;
    let json = report::size_json(&sizing);
    let written = output.write(files(&sizing, &json)?)?;
    study::list(&written, flags.print.quiet);
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::size_text(&sizing, Paint::Ansi))
    }
}

/// The contents of [`FILES`], in their order.
fn files(sizing: &Sizing, json: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let svg = report::size_svg(sizing);
    let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
    Ok(vec![svg.into_bytes(), png, report::size_csv(sizing), json.as_bytes().to_vec()])
}

/// Those of the file, with those of the command line in their place or behind them.
fn knobs(file: &File<'_>, of_file: Vec<Knob>, asked: &[Over]) -> Result<Vec<Knob>, Failure> {
    let mut knobs = of_file;
    for over in asked {
        let in_file = file.number_at(&over.path, "--knob", &over.text)?;
        let resolved = over.values.resolve(&in_file, Fill::Every, VALUES_MAX).map_err(|wrong| {
            Failure::input(format!("no values for `{}`: {wrong}, in `--knob {}`", over.path, over.text))
        })?;
        let knob = Knob { path: over.path.clone(), values: resolved.values };
        match knobs.iter_mut().find(|k| k.path == knob.path) {
            Some(there) => *there = knob,
            None => knobs.push(knob),
        }
    }
    Ok(knobs)
}

fn milestones(flags: &Size) -> Result<Vec<Milestone>, Failure> {
    let users = flags.users.iter().map(|amount| match *amount {
        Amount::Number(n) if n.fract() == 0.0 && n <= f64::from(USERS_MAX) => Ok(Milestone::Users(n)),
        _ => Err(Failure::input(format!(
            "--users expects whole numbers up to {USERS_MAX}, such as `1000,10_000`"
        ))),
    });
    let rates = flags.rate.iter().map(|amount| Ok(Milestone::Rate(amount.value())));
    users.chain(rates).collect()
}
