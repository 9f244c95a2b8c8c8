//! `knee rank`: which knob moves the latency most, and which number is worth measuring.

use super::args::Rank;
use super::failure::Failure;
use super::model::{Compiled, File};
use super::output::{self, Output};
use super::progress::Bar;
use super::run::set_load;
use super::sweep::PNG_SCALE;
use super::value::{Amount, Setting};
use super::{study, terminal};
use crate::compile::ranked::{Asked, Unsure};
use crate::diagnostic::nearest;
use crate::experiment;
use crate::experiment::options::Options;
use crate::experiment::rank::{Criterion, Doubt, Doubts, Knob, Ranking, latin_hypercube};
use crate::model::{Model, Source};
use crate::report::{self, Paint};
use crate::spec::turn::{self, Kind, Turn};

const FILES: &[&str] = &["rank.svg", "rank.png", "rank.csv", "rank.json"];
/// Requests of a replication, where neither file nor flags say: paired differences need few, and there are many knobs.
const REQUESTS: u64 = 4_000;
/// Draws of all uncertain numbers at once.
const DRAWS: usize = 16;

/// Turns every knob, writes the files and prints the decision.
///
/// # Errors
/// When the model or the flags are wrong, there is no knob, or a file cannot be written.
pub fn rank(flags: &Rank) -> Result<(), Failure> {
    let file = File::read(&flags.model)?;
    let base = file.compile_whole(flags.print.quiet)?;
    let options = options(&base.model, flags);
    study::horizon(&options)?;
    let criterion =
        Criterion { by: flags.by.0, of: flags.of.clone(), step: flags.step.0, limit: !flags.no_limit };
    known_request(&base.model, criterion.of.as_deref())?;
    let mut model = base.model.clone();
    at_load(&mut model, flags, 1.0)?;
    let (knobs, left_out) = knobs(&file, &base, flags)?;
    let doubts = doubts(&file, &base, flags, &options)?;
    let directory = flags.out.clone().unwrap_or_else(|| output::default_directory(&model.name));
    let output = Output::prepare(directory, FILES)?;

    let ranking =
        experiment::rank(&model, &knobs, &doubts, &criterion, &options, &Bar::new(flags.print.quiet))?;
    let json = report::ranking_json(&ranking);
    study::list(&output.write(files(&ranking, &json)?)?, flags.print.quiet);
    if !left_out.is_empty() && !flags.print.quiet {
        terminal::note(&format!(
            "left out, since the model does not allow the step: {}",
            left_out.join(", ")
        ));
    }
    if flags.print.json {
        terminal::document(json.as_bytes())
    } else {
        terminal::results(&report::ranking_text(&ranking, Paint::Ansi))
    }
}

/// The contents of [`FILES`], in their order.
fn files(ranking: &Ranking, json: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let svg = report::ranking_svg(ranking);
    let png = report::png(&svg, PNG_SCALE).map_err(|error| Failure::input(error.to_string()))?;
    Ok(vec![svg.into_bytes(), png, report::ranking_csv(ranking), json.as_bytes().to_vec()])
}

fn options(model: &Model, flags: &Rank) -> Options {
    let mut options = study::options(model, &flags.study);
    if flags.study.precision.is_empty() && options.requests.is_none() && options.duration.is_none() {
        options.requests = Some(REQUESTS);
    }
    options
}

fn known_request(model: &Model, asked: Option<&str>) -> Result<(), Failure> {
    let names: Vec<&str> = model.requests.iter().map(|r| r.name.as_str()).collect();
    let Some(asked) = asked.filter(|name| !names.contains(name)) else { return Ok(()) };
    let near = nearest(asked, names.iter().copied()).map_or_else(
        || format!("it has {}", names.join(", ")),
        |near| format!("a similar name exists: `{near}`"),
    );
    Err(Failure::input(format!("the load asks for no `{asked}`; {near}")))
}

/// Puts --rate or --users, times a factor, in the place of the file's load.
fn at_load(model: &mut Model, flags: &Rank, factor: f64) -> Result<(), Failure> {
    let scaled = |amount: Amount| match amount {
        Amount::Rate(rate) => Amount::Rate(rate * factor),
        Amount::Number(n) if factor == 1.0 => Amount::Number(n),
        // Rates may be written as bare numbers, too; a rate loses nothing by being whole.
        Amount::Number(n) => Amount::Number((n * factor).round().max(1.0)),
    };
    set_load(model, flags.rate.map(scaled), flags.users.map(scaled), flags.group.as_deref())
}

/// The knobs and the model with each turned; the paths of those that the model does not allow to be turned.
fn knobs(file: &File<'_>, base: &Compiled, flags: &Rank) -> Result<(Vec<Knob>, Vec<String>), Failure> {
    let turns = file.turns(&flags.knobs, flags.step.0)?;
    if turns.is_empty() {
        return Err(Failure::input(format!(
            "`{}` has no knob: no capacity, time or load that stands there as a number; name one with --knob PATH=VALUE",
            file.path().display()
        )));
    }
    let (mut knobs, mut left_out) = (Vec::new(), Vec::new());
    for turn in turns {
        let asked = flags.knobs.iter().find(|asked| asked.path == turn.path);
        match turned(file, base, flags, &turn, asked)? {
            Some(knob) => knobs.push(knob),
            None => left_out.push(turn.path),
        }
    }
    if knobs.is_empty() {
        return Err(Failure::input(format!(
            "no knob of `{}` can be turned by this step",
            file.path().display()
        )));
    }
    Ok((knobs, left_out))
}

fn turned(
    file: &File<'_>,
    base: &Compiled,
    flags: &Rank,
    turn: &Turn,
    asked: Option<&Asked>,
) -> Result<Option<Knob>, Failure> {
    let knob = |from: String, to: String, moved: Option<f64>, model: Model| Knob {
        path: turn.path.clone(),
        from,
        to,
        moved,
        is_load: turn.kind == Kind::Load,
        is_small: asked.is_none_or(|asked| asked.value.is_none()),
        model,
    };
    if let Some(load) = overridden(base, flags, &turn.path) {
        // The flag has taken the place of what stands there, and so is what is turned.
        let factor = 1.0 - flags.step.0;
        let mut model = base.model.clone();
        at_load(&mut model, flags, factor)?;
        let (from, to) = (load.value(), load_of(&model, flags).unwrap_or(load.value() * factor));
        let unit = if turn.path.ends_with("rate") { "/s" } else { "" };
        return Ok(Some(knob(format!("{from}{unit}"), format!("{to}{unit}"), Some(to / from - 1.0), model)));
    }
    let set = Setting { path: turn.path.clone(), value: turn.value.clone() };
    let compiled = match asked {
        Some(_) => Some(file.compile_variant(flags.model.variant.as_deref(), &[set], true)?),
        None => file.attempt(&[set]),
    };
    let Some(mut compiled) = compiled else { return Ok(None) };
    if compiled.digest == base.digest {
        return match asked {
            Some(_) => Err(Failure::input(format!("`--knob {}={}` changes nothing", turn.path, turn.value))),
            None => Ok(None),
        };
    }
    at_load(&mut compiled.model, flags, 1.0)?;
    Ok(Some(knob(turn.from.clone(), turn.to.clone(), turn.relative, compiled.model)))
}

/// The flag that stands in the place of a load of the file.
fn overridden(base: &Compiled, flags: &Rank, path: &str) -> Option<Amount> {
    let key = if flags.rate.is_some() { "rate" } else { "users" };
    let amount = flags.rate.or(flags.users)?;
    let group = flags.group.clone().or_else(|| base.model.groups.first().map(|group| group.name.clone()))?;
    let is_it = path == format!("load.{group}.{key}")
        || (base.model.groups.len() == 1 && path == format!("load.{key}"));
    is_it.then_some(amount)
}

/// The load of the group that the flags speak of.
fn load_of(model: &Model, flags: &Rank) -> Option<f64> {
    let group = model.groups.iter().find(|g| flags.group.as_ref().is_none_or(|name| *name == g.name))?;
    Some(match &group.source {
        Source::Open { arrivals, .. } => arrivals.rate(),
        Source::Closed { users, .. } => f64::from(*users),
    })
}

fn doubts(file: &File<'_>, base: &Compiled, flags: &Rank, options: &Options) -> Result<Doubts, Failure> {
    let compiled = |sets: &[Setting]| -> Result<Model, Failure> {
        let mut model = file.compile_variant(flags.model.variant.as_deref(), sets, true)?.model;
        at_load(&mut model, flags, 1.0)?;
        Ok(model)
    };
    let set = |unsure: &Unsure, value: &str| Setting { path: unsure.path.clone(), value: value.to_owned() };
    let end = |unsure: &Unsure, value: &str| -> Result<(String, Model), Failure> {
        Ok((value.to_owned(), compiled(&[set(unsure, value)])?))
    };
    let each = |unsure: &Unsure| -> Result<Doubt, Failure> {
        Ok(Doubt {
            path: unsure.path.clone(),
            in_file: unsure.in_file.clone(),
            low: end(unsure, &unsure.between.low)?,
            high: end(unsure, &unsure.between.high)?,
        })
    };
    let each: Vec<Doubt> = base.unsure.iter().map(each).collect::<Result<_, _>>()?;
    if each.is_empty() {
        return Ok(Doubts::default());
    }
    let draw = |point: Vec<f64>| -> Result<(Vec<String>, Model), Failure> {
        let sets: Vec<Setting> = base
            .unsure
            .iter()
            .zip(point)
            .map(|(unsure, share)| {
                let (low, high) = (&unsure.between.low, &unsure.between.high);
                set(unsure, &turn::between(low, high, share).expect("intervals are of numbers"))
            })
            .collect();
        let model = compiled(&sets)?;
        Ok((sets.into_iter().map(|set| set.value).collect(), model))
    };
    let cube = latin_hypercube(DRAWS, each.len(), options.seed);
    let draws = cube.into_iter().map(draw).collect::<Result<_, _>>()?;
    Ok(Doubts { each, draws })
}
