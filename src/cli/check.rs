//! `knee check`: the objectives of a model as a gate.

use std::fs;
use std::path::Path;

use super::args::Check as Flags;
use super::failure::Failure;
use super::model::File;
use super::output::Replaced;
use super::progress::Bar;
use super::{input, run, study, terminal};
use crate::experiment::check::{self, Baseline, Check};
use crate::model::Model;
use crate::report::{self, Paint};

/// Simulates the model at its peak, or at the load asked for, and judges its objectives.
///
/// # Errors
/// When model or flags are wrong, a file cannot be read or written, or the check fails.
pub fn check(flags: &Flags) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let compiled = file.compile_whole(flags.print.quiet)?;
    let (model, load) = at_load(compiled.model, flags)?;
    if model.objectives.is_empty() && flags.baseline.is_none() && flags.save_baseline.is_none() {
        return Err(Failure::input(
            "the model states no objective to check: write some, such as `slo: {total: [p95 < 200ms]}`",
        ));
    }
    let options = study::options(&model, &flags.study);
    study::horizon(&options)?;
    let baseline = flags.baseline.as_deref().map(baseline).transpose()?;
    let prepare = |path: &Option<std::path::PathBuf>| {
        path.as_deref().map(|path| Replaced::prepare_own(path, file.path())).transpose()
    };
    let (junit, save) = (prepare(&flags.junit)?, prepare(&flags.save_baseline)?);
    if junit.as_ref().zip(save.as_ref()).is_some_and(|(junit, save)| junit.is(save)) {
        return Err(Failure::input("--junit and --save-baseline are one file: name two"));
    }

    let mut found = check::check(&model, load, flags.strict, &options, &Bar::new(flags.print.quiet))?;
    if let Some((path, baseline)) = flags.baseline.as_deref().zip(baseline) {
        check::against(&mut found, &baseline, flags.tolerance.0)
            .map_err(|why| Failure::input(format!("`{}`: {why}", path.display())))?;
    }
    let json = report::check_json(&found);
    let mut written = Vec::new();
    if let Some(junit) = junit {
        written.push(junit.write(|out| out.write_all(report::junit(&found).as_bytes()))?);
    }
    match save.zip(flags.save_baseline.as_deref()) {
        Some((save, _)) if found.passed() => written.push(save.write(|out| out.write_all(json.as_bytes()))?),
        // What failed must not be what the next check is held against.
        Some((_, path)) if !flags.print.quiet => {
            terminal::note(&format!("the baseline `{}` is not written: the check failed", path.display()));
        }
        _ => {}
    }
    study::list(&written, flags.print.quiet);
    let lines = &compiled.objectives;
    match print(flags, &found, &json, || {
        report::annotations(&found, &file.path().display().to_string(), lines)
    }) {
        // The verdict is the exit code, whether or not anybody reads on.
        Ok(()) | Err(Failure::PipeClosed) if !found.passed() => Err(Failure::Breach),
        printed => printed,
    }
}

fn print(flags: &Flags, found: &Check, json: &str, annotations: impl Fn() -> String) -> Result<(), Failure> {
    if flags.print.json {
        terminal::document(json.as_bytes())?;
    } else {
        terminal::results(&report::check_text(found, Paint::Ansi))?;
    }
    if flags.annotations { terminal::document(annotations().as_bytes()) } else { Ok(()) }
}

/// The model at the load to judge it by, and what that load is called.
fn at_load(mut model: Model, flags: &Flags) -> Result<(Model, &'static str), Failure> {
    if flags.rate.is_some() || flags.users.is_some() {
        run::set_load(&mut model, flags.rate, flags.users, flags.group.as_deref())?;
        return Ok((model, "the load asked for"));
    }
    if flags.at_file {
        return Ok((model, "the load of the file"));
    }
    let at_peak = check::at_peak(&model).map_err(|error| {
        Failure::input(format!("{error}; check another load with --at-file, --rate or --users"))
    })?;
    match at_peak {
        Some(model) => Ok((model, "the peak")),
        None if flags.at_peak => {
            Err(Failure::input("the model states no peak: write one, such as `peak: {users: 3_000}`"))
        }
        None => Ok((model, "the load of the file")),
    }
}

fn baseline(path: &Path) -> Result<Baseline, Failure> {
    let told = |why: String| Failure::input(format!("cannot use the baseline `{}`: {why}", path.display()));
    fs::metadata(path).map_err(|error| Failure::file("read the baseline", path, &error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = input::data(path, &name).map_err(told)?;
    serde_json::from_str(&text).map_err(|error| {
        told(format!("it is not what `knee check --save-baseline` or `knee run --json` writes: {error}"))
    })
}
