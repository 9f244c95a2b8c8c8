//! Files in: the model and the data it names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::failure::{Failure, reason};

/// The largest model file that is looked at, in bytes. What is larger is no model, and must not fill the memory.
const MODEL_MAX: u64 = 16 << 20;
/// The largest data file of a model: some millions of measured values.
const DATA_MAX: u64 = 256 << 20;

/// The bytes of a model file.
///
/// # Errors
/// When it is missing, a directory, not ours to read, or too large.
pub fn model(path: &Path) -> Result<Vec<u8>, Failure> {
    let told = |why: String| Failure::input(format!("cannot read the model `{}`: {why}", path.display()));
    let bytes = bounded(path, MODEL_MAX).map_err(|error| told(reason(&error)))?;
    bytes.ok_or_else(|| told(format!("it is larger than {} MiB", MODEL_MAX >> 20)))
}

/// The text of a file that a model names, relative to the directory of the model.
///
/// # Errors
/// A phrase, when it cannot be read.
pub fn data(model: &Path, name: &str) -> Result<String, String> {
    let path = model.parent().unwrap_or(Path::new("")).join(name);
    let bytes = bounded(&path, DATA_MAX).map_err(|error| reason(&error))?;
    let bytes = bytes.ok_or_else(|| format!("it is larger than {} MiB", DATA_MAX >> 20))?;
    String::from_utf8(bytes).map_err(|_| "it is not text".to_owned())
}

/// The bytes of a file; `None` where there are more than `max`.
fn bounded(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // Read one byte more than wanted instead of asking for the size: pipes and devices have none.
    File::open(path)?.take(max + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_not_read_to_its_end() {
        assert_eq!(bounded(Path::new("/dev/zero"), 1000).unwrap(), None);
    }

    #[test]
    fn data_lies_beside_the_model_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("times.csv"), "1\n2\n").unwrap();
        let model = directory.path().join("shop.yaml");
        assert_eq!(data(&model, "times.csv").unwrap(), "1\n2\n");
        assert_eq!(data(&model, "absent.csv").unwrap_err(), "no such file or directory");
        assert_eq!(data(&model, ".").unwrap_err(), "it is a directory");
    }
}
