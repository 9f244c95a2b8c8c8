//! Remakes the charts in `output/gallery/`, which the README shows: all of them, or those that are named.
//!
//! ```text
//! cargo run --release --example gallery
//! cargo run --release --example gallery 1k shop
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use knee::compile;
use knee::experiment::compare::{Extent, Side};
use knee::experiment::options::Options;
use knee::experiment::{Loads, Quiet, Swept, compare, sweep};
use knee::model::Model;
use knee::report::{ChartOptions, comparison_svg, png, sweep_svg};

/// Model and name of its chart.
const CHARTS: [(&str, &str); 6] = [
    ("models/milestones/1k.yaml", "1k"),
    ("models/milestones/10k.yaml", "10k"),
    ("models/lessons/mm1-danger-zone.yaml", "mm1-danger-zone"),
    ("models/lessons/thread-pool-exhaustion.yaml", "thread-pool-exhaustion"),
    ("models/measured/techempower.yaml", "techempower"),
    ("models/shop.yaml", "shop"),
];

/// The model that is compared with itself, with another value at a path, and the name of that chart.
const COMPARED: (&str, [&str; 2], &str) = ("models/milestones/1k.yaml", ["app.cores", "5"], "compare");

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |name: &str| asked.is_empty() || asked.iter().any(|a| a == name);
    let write = |name: &str, svg: String| -> Result<(), Box<dyn Error>> {
        let to = root.join("output/gallery").join(name);
        fs::write(to.with_extension("png"), png(&svg, 1.0)?)?;
        fs::write(to.with_extension("svg"), svg)?;
        Ok(())
    };
    for (path, name) in CHARTS.into_iter().filter(|(_, name)| wanted(name)) {
        let model = load(&root.join(path), &[])?;
        let answer = sweep(&model, &Loads::default(), &Options::from(&model.study), &Quiet)?;
        write(name, sweep_svg(&answer, &ChartOptions::default()))?;
        println!("{name}: {}", knee::report::decision(&answer));
    }
    let (path, [at, value], name) = COMPARED;
    if wanted(name) {
        let (before, after) =
            (load(&root.join(path), &[])?, load(&root.join(path), &[(at.into(), value.into())])?);
        let options = Options::from(&before.study);
        let sides = [
            Side { name: before.name.clone(), model: before },
            Side { name: format!("{at}={value}"), model: after },
        ];
        let extent = Extent::Curve { swept: Swept::All, at: Vec::new() };
        write(name, comparison_svg(&compare(&sides, &extent, &options, &Quiet)?))?;
    }
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
