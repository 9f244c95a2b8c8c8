//! The command as a user meets it, in a folder of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with the model `m.yaml` in it, where `knee` is run. Lines are words, one blank apart.
pub struct Desk(TempDir);

impl Desk {
    pub fn with(model: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.write("m.yaml", model);
        desk
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// Names in a folder, sorted.
    pub fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path().join(folder)).unwrap();
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("knee"));
        command.current_dir(self.path()).args(line.split(' ')).stdin(Stdio::null());
        command
    }

    pub fn knee(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// Stdout of a command that must do what it was asked.
    #[track_caller]
    pub fn done(&self, line: &str) -> String {
        let output = self.knee(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Stderr of a command that must be refused, with nothing on stdout.
    #[track_caller]
    pub fn refused(&self, line: &str) -> String {
        let output = self.knee(line);
        assert_eq!(output.status.code(), Some(2), "{line}: {}", text(&output.stdout));
        assert_eq!(text(&output.stdout), "", "{line}");
        text(&output.stderr)
    }

    /// The document that a command prints.
    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(line)).unwrap()
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
