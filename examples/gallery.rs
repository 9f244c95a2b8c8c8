//! Remakes the charts in `output/gallery/`, which the README shows.
//!
//! ```text
//! cargo run --release --example gallery
//! ```

use std::error::Error;
use std::fs;
use std::path::Path;

use knee::experiment::options::Options;
use knee::experiment::{Loads, Quiet, sweep};
use knee::report::{ChartOptions, png, sweep_svg};
use knee::{compile, experiment};

/// Model and name of its chart.
const CHARTS: [(&str, &str); 6] = [
    ("models/milestones/1k.yaml", "1k"),
    ("models/milestones/10k.yaml", "10k"),
    ("models/lessons/mm1-danger-zone.yaml", "mm1-danger-zone"),
    ("models/lessons/thread-pool-exhaustion.yaml", "thread-pool-exhaustion"),
    ("models/measured/techempower.yaml", "techempower"),
    ("models/shop.yaml", "shop"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (model, name) in CHARTS {
        let answer = study(&root.join(model))?;
        let svg = sweep_svg(&answer, &ChartOptions::default());
        let to = root.join("output/gallery").join(name);
        fs::write(to.with_extension("png"), png(&svg, 1.0)?)?;
        fs::write(to.with_extension("svg"), svg)?;
        println!("{name}: {}", knee::report::decision(&answer));
    }
    Ok(())
}

fn study(path: &Path) -> Result<experiment::answer::Answer, Box<dyn Error>> {
    let text = fs::read(path)?;
    let beside = |file: &str| {
        fs::read_to_string(path.with_file_name(file)).map_err(|error| format!("cannot read {file}: {error}"))
    };
    let loaded = compile::load(&text, &path.display().to_string(), &[], &beside);
    let model =
        loaded.model.ok_or_else(|| format!("{} has faults: run knee explain on it", path.display()))?;
    Ok(sweep(&model, &Loads::default(), &Options::from(&model.study), &Quiet)?)
}
