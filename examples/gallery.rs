//! Remakes the charts in `output/gallery/`, which the README shows: all of them, or those named.
//!
//! ```text
//! cargo run --release --example gallery
//! cargo run --release --example gallery milestones 100k
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use knee::compile;
use knee::experiment::answer::Answer;
use knee::experiment::bill::Bill;
use knee::experiment::compare::{Extent, Side};
use knee::experiment::options::Options;
use knee::experiment::{Loads, Quiet, Swept, compare, run, sweep};
use knee::model::Model;
use knee::report::{ChartOptions, comparison_svg, png, sweep_svg, timeline_svg};

#[path = "gallery/milestones.rs"]
mod milestones;

use milestones::Milestone;

/// Model and name of its chart.
const CHARTS: [(&str, &str); 7] = [
    ("models/milestones/1k.yaml", "1k"),
    ("models/milestones/10k.yaml", "10k"),
    ("models/milestones/100k.yaml", "100k"),
    ("models/lessons/mm1-danger-zone.yaml", "mm1-danger-zone"),
    ("models/lessons/thread-pool-exhaustion.yaml", "thread-pool-exhaustion"),
    ("models/measured/techempower.yaml", "techempower"),
    ("models/shop.yaml", "shop"),
];

/// Models with time in them, and the names of their charts.
const OVER_TIME: [(&str, &str); 2] =
    [("models/lessons/flush.yaml", "flush"), ("models/lessons/failover.yaml", "failover")];
/// The chart that puts the three milestones side by side.
const SIDE_BY_SIDE: &str = "milestones";
/// Charts that a command writes: the command, which is their name too, and the model.
const BY_COMMAND: [(&str, &str); 2] =
    [("rank", "models/milestones/10k.yaml"), ("plan", "models/milestones/1k.yaml")];
/// The model that is compared with itself, with another value at a path, and the name of that chart.
const COMPARED: (&str, [&str; 2], &str) = ("models/milestones/1k.yaml", ["app.cores", "5"], "compare");

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|it| it == name);
    let mut milestones = Vec::new();
    for (path, name) in CHARTS {
        let is_milestone = path.contains("/milestones/") && wants(SIDE_BY_SIDE);
        if !wants(name) && !is_milestone {
            continue;
        }
        let model = load(&root.join(path), &[])?;
        let answer = sweep(&model, &Loads::default(), &Options::from(&model.study), &Quiet)?;
        println!("{name}: {}", knee::report::decision(&answer));
        if wants(name) {
            save(root, name, &sweep_svg(&answer, &ChartOptions::default()))?;
        }
        if is_milestone {
            milestones.push(milestone(&model, answer)?);
        }
    }
    if wants(SIDE_BY_SIDE) {
        milestones.iter().for_each(|milestone| println!("{}", milestone.row()));
        save(root, SIDE_BY_SIDE, &milestones::svg(&milestones))?;
    }
    for (command, path) in BY_COMMAND.into_iter().filter(|(command, _)| wants(command)) {
        save(root, command, &written(command, &root.join(path))?)?;
    }
    for (path, name) in OVER_TIME.into_iter().filter(|(_, name)| wants(name)) {
        let model = load(&root.join(path), &[])?;
        let answer = run(&model, &Options::from(&model.study), &Quiet)?;
        save(root, name, &timeline_svg(&answer).ok_or("a model without time in it")?)?;
    }
    let (path, [at, value], name) = COMPARED;
    if wants(name) {
        let (before, after) =
            (load(&root.join(path), &[])?, load(&root.join(path), &[(at.into(), value.into())])?);
        let options = Options::from(&before.study);
        let sides = [
            Side { name: before.name.clone(), model: before },
            Side { name: format!("{at}={value}"), model: after },
        ];
        let extent = Extent::Curve { swept: Swept::All, at: Vec::new() };
        save(root, name, &comparison_svg(&compare(&sides, &extent, &options, &Quiet)?))?;
    }
    Ok(())
}

/// The chart that a command writes of a model. Its knobs are found in the file, which the library below the command never sees.
fn written(command: &str, model: &Path) -> Result<String, Box<dyn Error>> {
    let out = std::env::temp_dir().join(format!("knee-gallery-{command}-{}", std::process::id()));
    let line = ["knee".as_ref(), command.as_ref(), model.as_os_str(), "--out".as_ref(), out.as_os_str()];
    if knee::cli::main(line.map(Into::into)) != ExitCode::SUCCESS {
        return Err(format!("knee {command} failed").into());
    }
    let svg = fs::read_to_string(out.join(command).with_extension("svg"))?;
    fs::remove_dir_all(out)?;
    // By its first line the command knows its own files; these are nobody's to replace.
    Ok(svg.split_once('\n').map_or(svg.clone(), |(_, chart)| chart.to_owned()))
}

fn save(root: &Path, name: &str, svg: &str) -> Result<(), Box<dyn Error>> {
    let to = root.join("output/gallery").join(name);
    fs::write(to.with_extension("png"), png(svg, 1.0)?)?;
    fs::write(to.with_extension("svg"), svg)?;
    Ok(())
}

fn load(path: &Path, sets: &[(String, String)]) -> Result<Model, Box<dyn Error>> {
    let text = fs::read(path)?;
    let beside = |file: &str| {
        fs::read_to_string(path.with_file_name(file)).map_err(|error| format!("cannot read {file}: {error}"))
    };
    let loaded = compile::load(&text, &path.display().to_string(), sets, &beside);
    Ok(loaded.model.ok_or_else(|| format!("{} has faults: run knee explain on it", path.display()))?)
}

fn milestone(model: &Model, answer: Answer) -> Result<Milestone, Box<dyn Error>> {
    let bill = Bill::of(model).ok_or_else(|| format!("{} states no prices", model.name))?;
    let machines = model.places.iter().filter(|p| p.prices.is_some()).map(|p| p.members.len()).sum();
    Ok(Milestone { machines, per_month: bill.per_month, answer })
}
