//! `--trace FILE`: one line a request, for those who check a simulator by hand.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use super::failure::Failure;
use super::output::Replaced;
use crate::experiment::options::Options;
use crate::experiment::{TraceLine, trace};
use crate::model::Model;

const HEAD: [&str; 8] =
    ["request", "group", "serial", "submitted_s", "ended_s", "latency_s", "outcome", "place"];

/// Simulates the first replication once more, writing down every request. Answers the path.
///
/// # Errors
/// When the disk is full.
pub fn record(file: Replaced, model: &Model, options: &Options) -> Result<PathBuf, Failure> {
    file.write(|out| {
        let mut out = csv::Writer::from_writer(out);
        let mut result = out.write_record(HEAD);
        trace(model, options, &mut |line| {
            if result.is_ok() {
                result = out.write_record(cells(line));
            }
            if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        result.map_err(io::Error::from).and_then(|()| out.flush())
    })
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
