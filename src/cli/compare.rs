//! `knee compare`: a model against its variants, against itself with other values, or against other models.

use std::path::Path;

use super::args::{Compare, ModelFlags};
use super::failure::Failure;
use super::model::{Compiled, File};
use super::output::{self, Output};
use super::progress::Bar;
use super::run::set_load;
use super::sweep::{PNG_SCALE, Unit};
use super::{study, terminal};
use crate::experiment::compare::{Comparison, Extent, Side};
use crate::experiment::{self, Swept};
use crate::report::{self, Paint};

const FILES: &[&str] = &["compare.svg", "compare.png", "compare.csv", "compare.json"];

/// Compares, writes the files and prints the decision.
///
/// # Errors
/// When a model or the flags are wrong, there is nothing to compare, or a file cannot be written.
pub fn compare(flags: &Compare) -> Result<(), Failure> {
    let mut sides = sides(flags)?;
    for side in &mut sides {
        set_load(&mut side.model, flags.rate, flags.users, of_one_load(flags))?;
    }
    let extent = extent(flags, &sides[0])?;
    let options = study::options(&sides[0].model, &flags.study);
    study::horizon(&options)?;
    let name = &sides[0].model.name;
    let directory = flags.out.clone().unwrap_or_else(|| output::default_directory(name));
    let output = Output::prepare(directory, FILES)?;

    let comparison = experiment::compare(&sides, &extent, &options, &Bar::new(flags.print.quiet))?;
    let json = report::comparison_json(&comparison);
    study::list(&output.write(files(&comparison, &json)?)?, flags.print.quiet);
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::comparison_text(&comparison, Paint::Ansi))
    }
}

/// The contents of [`FILES`], in their order.
fn files(comparison: &Comparison, json: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let svg = report::comparison_svg(comparison);
    let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
    Ok(vec![svg.into_bytes(), png, report::comparison_csv(comparison), json.as_bytes().to_vec()])
}

/// The group whose one load is set; the curve may be of that group, too.
fn of_one_load(flags: &Compare) -> Option<&str> {
    flags.group.as_deref().filter(|_| flags.rate.is_some() || flags.users.is_some())
}

fn extent(flags: &Compare, first: &Side) -> Result<Extent, Failure> {
    let unit = Unit::of(&first.model, flags.group.as_deref())?;
    if flags.one_load || flags.rate.is_some() || flags.users.is_some() {
        return Ok(Extent::OneLoad);
    }
    let at = flags.at.iter().map(|amount| unit.load(*amount)).collect::<Result<_, _>>()?;
    Ok(Extent::Curve { swept: flags.group.clone().map_or(Swept::All, Swept::Group), at })
}

fn sides(flags: &Compare) -> Result<Vec<Side>, Failure> {
    match &flags.paths[..] {
        [path] => of_one_file(flags, path),
        paths => of_files(flags, paths),
    }
}

fn model_flags(path: &Path) -> ModelFlags {
    ModelFlags { path: path.to_owned(), variant: None, sets: Vec::new() }
}

/// The model as it is, its variants, and with the settings.
fn of_one_file(flags: &Compare, path: &Path) -> Result<Vec<Side>, Failure> {
    let of_file = model_flags(path);
    let file = File::read(&of_file)?;
    let base = file.compile_variant(None, &[], flags.print.quiet)?;
    let mut variants = flags.variants.clone();
    if variants.is_empty() && flags.sets.is_empty() {
        variants.clone_from(&base.variants);
    }
    if variants.is_empty() && flags.sets.is_empty() {
        return Err(Failure::input(format!(
            "nothing to compare `{}` with: it has no `variants`; name another model, or a change with --set",
            path.display()
        )));
    }
    let mut others = Vec::new();
    for name in variants {
        // Warnings of the file mostly repeat; faults in a variant are told where it stands.
        let side = file.compile_variant(Some(&name), &[], true)?;
        differs(&base, &side, &format!("the variant `{name}` changes nothing"))?;
        if !others.iter().any(|(known, _)| *known == name) {
            others.push((name, side));
        }
    }
    if !flags.sets.is_empty() {
        let side = file.compile_variant(None, &flags.sets, true)?;
        let name = flags.sets.iter().map(|set| format!("{}={}", set.path, set.value));
        let name = name.collect::<Vec<_>>().join(", ");
        differs(&base, &side, &format!("`--set {name}` changes nothing"))?;
        others.push((name, side));
    }
    let first = Side { name: base.model.name.clone(), model: base.model };
    let others = others.into_iter().map(|(name, side)| Side { name, model: side.model });
    Ok(std::iter::once(first).chain(others).collect())
}

fn of_files(flags: &Compare, paths: &[std::path::PathBuf]) -> Result<Vec<Side>, Failure> {
    if !flags.variants.is_empty() || !flags.sets.is_empty() {
        return Err(Failure::input(
            "--variant and --set make another side of one model; here other models are the other sides",
        ));
    }
    let mut all: Vec<Compiled> = Vec::new();
    for path in paths {
        let of_file = model_flags(path);
        let side = File::read(&of_file)?.compile_variant(None, &[], flags.print.quiet)?;
        if let Some(first) = all.first() {
            let same = format!("`{}` says the same as `{}`", path.display(), paths[0].display());
            differs(first, &side, &same)?;
        }
        all.push(side);
    }
    let names: Vec<String> = all.iter().map(|side| side.model.name.clone()).collect();
    let side = |(i, side): (usize, Compiled)| {
        let is_unique = names.iter().filter(|name| **name == names[i]).count() == 1;
        let name = if is_unique { names[i].clone() } else { paths[i].display().to_string() };
        Side { name, model: side.model }
    };
    Ok(all.into_iter().enumerate().map(side).collect())
}

fn differs(base: &Compiled, side: &Compiled, otherwise: &str) -> Result<(), Failure> {
    if base.digest == side.digest { Err(Failure::input(otherwise)) } else { Ok(()) }
}
