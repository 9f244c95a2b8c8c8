//! Why a command ends early.

use std::fmt;
use std::io;
use std::path::Path;

use crate::experiment::options::StudyError;

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// Whoever read our output has enough of it.
    PipeClosed,
    /// A check failed, as already told.
    Breach,
    /// The input is wrong, as already told.
    Told,
    /// The input is wrong: a phrase for people.
    Input(String),
}

impl Failure {
    /// A phrase for people.
    pub fn input(message: impl Into<String>) -> Self {
        Self::Input(message.into())
    }

    /// `cannot read `x.yaml`: no such file`
    pub fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::Input(format!("cannot {verb} `{}`: {}", path.display(), reason(error)))
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        Self::Input(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PipeClosed => f.write_str("the output was closed"),
            Self::Breach => f.write_str("an objective is broken"),
            Self::Told => f.write_str("the input is wrong"),
            Self::Input(message) => f.write_str(message),
        }
    }
}

/// What the system says, without its error number.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "no space left".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is a file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        io::ErrorKind::AlreadyExists => "it exists".to_owned(),
        _ => {
            let told = error.to_string();
            told.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}
