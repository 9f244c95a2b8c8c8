//! `knee new`: a commented model to start from.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::failure::Failure;
use super::terminal;

/// Runs as it is, and shows what most models need.
const STARTER: &str = include_str!("starter.yaml");

/// Writes the starter model, never over a file that exists.
///
/// # Errors
/// When the file exists or cannot be written.
pub fn new(path: &Path) -> Result<(), Failure> {
    let told = |error| Failure::file("write the model", path, &error);
    if path.is_dir() {
        return Err(told(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(told)?;
    if let Err(error) = file.write_all(STARTER.as_bytes()) {
        let _ = fs::remove_file(path);
        return Err(told(error));
    }
    terminal::results(&format!("wrote {0}; next: knee sweep {0}\n", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_compiles_without_a_warning() {
        let no_files = |_: &str| Err("no files".to_owned());
        let loaded = crate::compile::load(STARTER.as_bytes(), "starter.yaml", &[], &no_files);
        let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
        assert_eq!(told, Vec::<String>::new());
        assert!(loaded.model.is_some());
    }
}
