//! `knee run`: one load level.

use super::args::Run;
use super::failure::Failure;
use super::model::File;
use super::output::{Output, Replaced};
use super::progress::Bar;
use super::sweep::PNG_SCALE;
use super::value::Amount;
use super::{study, terminal, trace};
use crate::experiment::{self, answer::Answer};
use crate::model::{Group, Model, Source, USERS_MAX};
use crate::report::{self, Paint};

const FILES: &[&str] = &["run.json"];
/// Of a model with time in it.
const FILES_IN_TIME: &[&str] = &["run.json", "timeline.svg", "timeline.png", "timeline.csv"];

/// Simulates the model at the load of the file, or at the one asked for.
///
/// # Errors
/// When model or flags are wrong, or a file cannot be written.
pub fn run(flags: &Run) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let mut model = file.compile_timed(flags.print.quiet)?;
    set_load(&mut model, flags.rate, flags.users, flags.group.as_deref())?;
    let options = study::options(&model, &flags.study);
    study::horizon(&options)?;
    if model.has_time() {
        study::in_time(&model, &flags.study)?;
    }
    let names = if model.has_time() { FILES_IN_TIME } else { FILES };
    let output = flags.out.clone().map(|directory| Output::prepare(directory, names)).transpose()?;
    let trace = flags.trace.as_deref().map(|path| Replaced::prepare(path, file.path())).transpose()?;

    let answer = experiment::run(&model, &options, &Bar::new(flags.print.quiet))?;
    let json = report::answer_json(&answer);
    let mut written = match output {
        Some(output) => output.write(files(&answer, &json)?)?,
        None => Vec::new(),
    };
    if let Some(trace) = trace {
        written.push(trace::record(trace, &model, &options)?);
    }
    study::list(&written, flags.print.quiet);
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::run_text(&answer, Paint::Ansi))
    }
}

/// The contents of [`FILES`], or of [`FILES_IN_TIME`].
fn files(answer: &Answer, json: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let mut files = vec![json.as_bytes().to_vec()];
    if let Some(svg) = report::timeline_svg(answer) {
        let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
        files.extend([svg.into_bytes(), png, report::timeline_csv(answer)]);
    }
    Ok(files)
}

/// Puts --rate or --users in the place of the file's load.
///
/// # Errors
/// When there is no such group, or it has another kind of load.
pub fn set_load(
    model: &mut Model,
    rate: Option<Amount>,
    users: Option<Amount>,
    of: Option<&str>,
) -> Result<(), Failure> {
    if let Some(rate) = rate {
        set_rate(group(model, of, "--rate")?, rate)?;
    }
    if let Some(users) = users {
        set_users(group(model, of, "--users")?, users)?;
    }
    Ok(())
}

/// The group named, or the only one.
fn group<'m>(model: &'m mut Model, name: Option<&str>, flag: &str) -> Result<&'m mut Group, Failure> {
    let names: Vec<_> = model.groups.iter().map(|group| group.name.as_str()).collect();
    let known = names.join(", ");
    let at = match name {
        Some(name) => names
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| Failure::input(format!("the model has no load group `{name}`; it has {known}")))?,
        None if names.len() == 1 => 0,
        None => {
            let message = format!("{flag} could mean any of the load groups {known}; name one with --group");
            return Err(Failure::input(message));
        }
    };
    Ok(&mut model.groups[at])
}

fn set_rate(group: &mut Group, rate: Amount) -> Result<(), Failure> {
    match &mut group.source {
        Source::Open { arrivals, .. } => *arrivals = arrivals.with_rate(rate.value()),
        Source::Closed { .. } => {
            return Err(Failure::input(format!(
                "the load group `{}` has users and no rate; use --users",
                group.name
            )));
        }
    }
    Ok(())
}

fn set_users(group: &mut Group, asked: Amount) -> Result<(), Failure> {
    match (&mut group.source, asked) {
        (Source::Open { .. }, _) => Err(Failure::input(format!(
            "the load group `{}` has a rate and no users; use --rate",
            group.name
        ))),
        (Source::Closed { users, .. }, Amount::Number(n))
            if n.fract() == 0.0 && n <= f64::from(USERS_MAX) =>
        {
            *users = n as u32;
            Ok(())
        }
        (Source::Closed { .. }, _) => {
            Err(Failure::input(format!("--users expects a whole number up to {USERS_MAX}, such as `2_000`")))
        }
    }
}
