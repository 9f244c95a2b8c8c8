//! `knee sweep`: the curve.

use super::args::Sweep;
use super::axis::Over;
use super::failure::Failure;
use super::model::File;
use super::output::{self, Output};
use super::progress::Bar;
use super::value::{Amount, Setting};
use super::{study, terminal};
use crate::experiment::answer::{Answer, PathAxis};
use crate::experiment::options::Options;
use crate::experiment::{self, Loads, Swept};
use crate::model::{Group, Model, Source, USERS_MAX};
use crate::report::{self, ChartOptions, Paint};
use crate::spec::range::Value;

const FILES: &[&str] = &["sweep.svg", "sweep.png", "sweep.csv", "sweep.json"];
/// Pixels of the PNG to a unit of the chart: sharp on a projector.
pub const PNG_SCALE: f32 = 2.0;

/// Finds the curve, writes its files and prints the decision.
///
/// # Errors
/// When model or flags are wrong, or a file cannot be written.
pub fn sweep(flags: &Sweep) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let curve = Curve::of(&file, flags)?;
    let directory = flags.out.clone().unwrap_or_else(|| output::default_directory(curve.name()));
    let output = Output::prepare(directory, FILES)?;

    let answer = curve.answer(flags.print.quiet)?;
    let json = report::answer_json(&answer);
    let written = output.write(files(&answer, &json, flags.log)?)?;
    study::list(&written, flags.print.quiet);
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::sweep_text(&answer, Paint::Ansi))
    }
}

/// The contents of [`FILES`], in their order.
fn files(answer: &Answer, json: &str, log: bool) -> Result<Vec<Vec<u8>>, Failure> {
    let svg = report::sweep_svg(answer, &ChartOptions { log: log.then_some(true), request: None });
    let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
    Ok(vec![svg.into_bytes(), png, report::sweep_csv(answer), json.as_bytes().to_vec()])
}

/// What is varied.
enum Curve {
    /// The load.
    Load { model: Box<Model>, loads: Loads, options: Options },
    /// A path of the model: one model a value.
    Path { axis: PathAxis, models: Vec<(f64, Model)>, options: Options },
}

impl Curve {
    fn of(file: &File<'_>, flags: &Sweep) -> Result<Self, Failure> {
        if let Some(over) = &flags.over {
            return Self::over(file, flags, over);
        }
        let model = Box::new(file.compile(&[], flags.print.quiet)?);
        let loads = loads(&model, flags)?;
        let mut options = study::options(&model, &flags.study);
        options.knee_by = flags.knee_by.unwrap_or(options.knee_by);
        study::horizon(&options)?;
        Ok(Self::Load { model, loads, options })
    }

    fn over(file: &File<'_>, flags: &Sweep, over: &Over) -> Result<Self, Failure> {
        let in_file = file.number_at(&over.path, "--over", &over.text)?;
        let (axis, values) = over.axis(&in_file).map_err(|wrong| {
            Failure::input(format!("{wrong}: `--over {}`, with `{in_file}` in the file", over.text))
        })?;
        let mut models = Vec::new();
        for Value { at, text } in values {
            let set = Setting { path: over.path.clone(), value: text };
            // Warnings of the first value are enough: the others mostly repeat them.
            let quiet = flags.print.quiet || !models.is_empty();
            models.push((at, file.compile(&[set], quiet)?));
        }
        let options = study::options(&models[0].1, &flags.study);
        study::horizon(&options)?;
        Ok(Self::Path { axis, models, options })
    }

    fn name(&self) -> &str {
        match self {
            Self::Load { model, .. } => &model.name,
            Self::Path { models, .. } => &models[0].1.name,
        }
    }

    fn answer(&self, quiet: bool) -> Result<Answer, Failure> {
        let bar = Bar::new(quiet);
        Ok(match self {
            Self::Load { model, loads, options } => experiment::sweep(model, loads, options, &bar)?,
            Self::Path { axis, models, options } => experiment::over(axis, models, options, &bar)?,
        })
    }
}

/// The loads asked for, in the unit of the axis.
fn loads(model: &Model, flags: &Sweep) -> Result<Loads, Failure> {
    let unit = Unit::of(model, flags.group.as_deref())?;
    let one = |amount: Option<Amount>| amount.map(|amount| unit.load(amount)).transpose();
    let (from, to) = (one(flags.from)?, one(flags.to)?);
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Failure::input("--from must be below --to"));
    }
    let mut at = flags.at.iter().map(|amount| unit.load(*amount)).collect::<Result<Vec<_>, _>>()?;
    at.sort_by(f64::total_cmp);
    at.dedup();
    let swept = flags.group.clone().map_or(Swept::All, Swept::Group);
    Ok(Loads { swept, from, to, at })
}

/// What the loads of a sweep are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests per second.
    Rate,
    /// Users.
    Users,
    /// A factor on both.
    Scale,
}

impl Unit {
    /// Of all groups, or the one named.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn of(model: &Model, group: Option<&str>) -> Result<Self, Failure> {
        let swept: Vec<&Group> =
            model.groups.iter().filter(|g| group.is_none_or(|name| g.name == name)).collect();
        let closed = swept.iter().filter(|g| matches!(g.source, Source::Closed { .. })).count();
        match (closed, swept.len()) {
            (_, 0) => {
                let known: Vec<_> = model.groups.iter().map(|g| g.name.as_str()).collect();
                let name = group.unwrap_or_default();
                Err(Failure::input(format!(
                    "the model has no load group `{name}`; it has {}",
                    known.join(", ")
                )))
            }
            (0, _) => Ok(Self::Rate),
            (closed, all) if closed == all => Ok(Self::Users),
            _ => Ok(Self::Scale),
        }
    }

    /// A load in this unit.
    ///
    /// # Errors
    /// When it is counted otherwise, or too high.
    pub fn load(self, amount: Amount) -> Result<f64, Failure> {
        match (self, amount) {
            (Self::Users, Amount::Number(n)) if n > f64::from(USERS_MAX) => {
                Err(Failure::input(format!("at most {USERS_MAX} users are simulated at once")))
            }
            (Self::Rate, _) | (Self::Users | Self::Scale, Amount::Number(_)) => Ok(amount.value()),
            (Self::Users, Amount::Rate(_)) => {
                Err(Failure::input("the load of this sweep is counted in users, not per second: write `200`"))
            }
            (Self::Scale, Amount::Rate(_)) => Err(Failure::input(
                "users and rates are swept together, by a factor on the load of the file: write `1.5`, or name one group with --group",
            )),
        }
    }
}
