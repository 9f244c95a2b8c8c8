//! `--trace FILE`: one line a request, for those who check a simulator by hand.

use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::output::Draft;
use crate::experiment::options::Options;
use crate::experiment::{TraceLine, trace};
use crate::model::Model;

const HEAD: [&str; 8] =
    ["request", "group", "serial", "submitted_s", "ended_s", "latency_s", "outcome", "place"];

/// A trace that can be written.
#[derive(Debug)]
pub struct Trace {
    path: PathBuf,
    target: Target,
}

#[derive(Debug)]
enum Target {
    /// An ordinary file, whole or not at all.
    File(Draft),
    /// A pipe or a device, which cannot be replaced.
    Stream(fs::File),
}

impl Trace {
    /// Sees that the trace can be written before the study begins. The file was named by the user and is replaced, unless it
    /// is the model.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn prepare(path: &Path, model: &Path) -> Result<Self, Failure> {
        let told = |error: &io::Error| Failure::file("write the trace", path, error);
        // Through symbolic links: the file they lead to is meant, and they stay.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::canonicalize(model).is_ok_and(|model| model == real) {
            return Err(Failure::input(format!(
                "`{}` is the model; the trace needs another file",
                path.display()
            )));
        }
        let target = match fs::metadata(&real) {
            Ok(found) if found.is_dir() => return Err(told(&io::ErrorKind::IsADirectory.into())),
            Ok(found) if !found.is_file() => {
                Target::Stream(fs::File::options().write(true).open(&real).map_err(|e| told(&e))?)
            }
            _ => Target::File(Draft::new(&real, b"").map_err(|e| told(&e))?),
        };
        Ok(Self { path: real, target })
    }

    /// Simulates the first replication once more, writing down every request. Answers the path.
    ///
    /// # Errors
    /// When the study cannot be made, or the disk is full.
    pub fn record(self, model: &Model, options: &Options) -> Result<PathBuf, Failure> {
        match self.target {
            Target::File(mut draft) => {
                record(model, options, &self.path, &mut draft)?;
                draft.publish(&self.path)?;
            }
            Target::Stream(stream) => record(model, options, &self.path, stream)?,
        }
        Ok(self.path)
    }
}

fn record(model: &Model, options: &Options, path: &Path, out: impl Write) -> Result<(), Failure> {
    let mut out = csv::Writer::from_writer(out);
    let mut result = out.write_record(HEAD);
    trace(model, options, &mut |line| {
        if result.is_ok() {
            result = out.write_record(cells(line));
        }
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let end = result.map_err(io::Error::from).and_then(|()| out.flush());
    match end {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        end => end.map_err(|error| Failure::file("write the trace", path, &error)),
    }
}

fn cells(line: &TraceLine<'_>) -> [String; HEAD.len()] {
    [
        line.request.to_owned(),
        line.group.to_owned(),
        line.serial.to_string(),
        seconds(line.submitted.0),
        seconds(line.ended.0),
        seconds(line.ended.since(line.submitted).0),
        line.outcome.to_owned(),
        line.place.unwrap_or_default().to_owned(),
    ]
}

/// Nanoseconds as seconds, every digit of them: a double would round after 104 days.
fn seconds(nanos: u64) -> String {
    format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Time;

    #[test]
    fn a_line_keeps_every_nanosecond() {
        let line = TraceLine {
            request: "web.browse",
            group: "shoppers",
            serial: 7,
            submitted: Time(10_000_000_000_000_001),
            ended: Time(10_000_000_020_000_003),
            outcome: "timeout",
            place: Some("orders"),
        };
        let expected =
            "web.browse,shoppers,7,10000000.000000001,10000000.020000003,0.020000002,timeout,orders";
        assert_eq!(cells(&line).join(","), expected);
    }
}
