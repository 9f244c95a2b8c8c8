//! The README's `console` blocks are what the command prints, and so is what its `text` blocks show of it.

mod support;

use std::fs;
use std::path::Path;

use support::desk::{Desk, text};

/// Minutes of simulation, all in all: compared by hand when results move.
const SLOW: [&str; 6] = [
    "sweep models/milestones/1k.yaml",
    "compare models/milestones/1k.yaml --set app.cores=5",
    "rank my.yaml --knob app.cores",
    "size models/shop.yaml --users 1000,10000,100000",
    "size models/milestones/10k.yaml --users 1000,10000,100000",
    "plan models/milestones/1k.yaml",
];
/// A file that the README does not show.
const HIDDEN: &str = "run shop.yaml";

#[test]
fn the_readme_shows_what_the_command_prints() {
    trycmd::TestCases::new().case("README.md");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { _ = fs::copy(entry.path(), to).unwrap() }
    }
}

/// Commands of the `text` blocks, in order, with the lines that the README shows of their output.
fn examples(readme: &str) -> Vec<(&str, Vec<&str>)> {
    let blocks = readme.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut examples: Vec<(&str, Vec<&str>)> = Vec::new();
    for block in blocks.filter(|block| block.starts_with("$ ")) {
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => examples.push((command, Vec::new())),
                None => examples.last_mut().expect("a block begins with a command").1.push(line),
            }
        }
    }
    examples
}

#[test]
fn quick_examples_print_what_the_readme_shows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let desk = Desk::with("");
    copy(&root.join("models"), &desk.path().join("models"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let mut compared = 0;
    for (command, shown) in examples(&readme) {
        let line = command.strip_prefix("knee ").filter(|l| !SLOW.contains(l) && *l != HIDDEN);
        let Some(line) = line else { continue };
        let output = desk.knee(line);
        let printed = text(&output.stdout) + &text(&output.stderr);
        let mut rest = printed.lines().map(str::trim_end);
        // What is left out stands at `...`; blank lines are for the eye.
        for shown in shown.into_iter().map(str::trim_end).filter(|l| !l.is_empty() && l.trim() != "...") {
            assert!(
                rest.any(|line| line == shown),
                "$ {command}\nprints no line (or not there)\n{shown}\nbut\n{printed}"
            );
        }
        compared += 1;
    }
    assert!(compared == 8, "{compared} examples");
}

#[test]
fn the_slow_examples_are_in_the_readme() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    for line in SLOW.iter().chain([&HIDDEN]) {
        assert!(readme.contains(&format!("$ knee {line}\n")), "{line}");
    }
}
