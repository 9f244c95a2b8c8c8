//! `knee plan`: when do we run out, and what to change by then.

use super::args::Plan;
use super::failure::Failure;
use super::model::File;
use super::output::{self, Output};
use super::progress::Bar;
use super::sweep::PNG_SCALE;
use super::value::Setting;
use super::{study, terminal};
use crate::experiment::plan::answer;
use crate::experiment::plan::{self, Asked};
use crate::experiment::size::SizeError;
use crate::report::{self, Paint};

const FILES: &[&str] = &["plan.svg", "plan.png", "plan.csv", "plan.json"];

/// Finds what breaks when, writes its files and prints the decision.
///
/// # Errors
/// When model or flags are wrong, or a file cannot be written.
pub fn plan(flags: &Plan) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let compiled = file.compile_whole(flags.print.quiet)?;
    let model = compiled.model;
    let growth = compiled.growth.ok_or_else(|| {
        Failure::input(format!(
            "`{}` does not say how its load grows; help: add `growth: {{monthly: 5%, from: 2027-01-01}}`",
            file.path().display()
        ))
    })?;
    let knobs = if flags.dates_only { Vec::new() } else { compiled.knobs };
    // One replica is what a place has unless its file says so.
    let value = |path: &str| {
        let text = file.number_at(path, "size", path)?;
        Ok(if text.is_empty() && path.ends_with(".replicas") { "1".to_owned() } else { text })
    };
    let values = knobs.iter().map(|knob| value(&knob.path)).collect::<Result<_, Failure>>()?;
    let asked = Asked { growth: &growth, months: flags.months, knobs, values };
    let options = study::options(&model, &flags.study);
    study::horizon(&options)?;
    let directory = flags.out.clone().unwrap_or_else(|| output::default_directory(&model.name));
    let output = Output::prepare(directory, FILES)?;

    let build = |values: &[(String, String)]| {
        let set = |(path, value): &(String, String)| Setting { path: path.clone(), value: value.clone() };
        // Warnings of the file itself have been told.
        file.compile(&values.iter().map(set).collect::<Vec<_>>(), true)
    };
    let plan = plan::plan(&model, &asked, &build, &options, &Bar::new(flags.print.quiet));
    let plan = plan.map_err(|error| match error {
        SizeError::Study(error) => Failure::from(error),
        SizeError::Build(failure) => failure,
    })?;
    let json = report::plan_json(&plan);
    let written = output.write(files(&plan, &json)?)?;
    study::list(&written, flags.print.quiet);
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::plan_text(&plan, Paint::Ansi))
    }
}

/// The contents of [`FILES`], in their order.
fn files(plan: &answer::Plan, json: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let svg = report::plan_svg(plan);
    let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
    Ok(vec![svg.into_bytes(), png, report::plan_csv(plan), json.as_bytes().to_vec()])
}
