//! The command line: commands and flags, checked as far as they can be without the model.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};
use clap_complete::Shell;

use super::axis::{Over, over};
use super::value::{
    Amount, Precision, Recorded, Setting, Step, Survive, Tolerance, amount, length, precision, requests,
    setting,
};
use crate::compile::ranked::Asked;
use crate::model::Statistic;
use crate::units::Span;

/// At what load does an architecture stop being fast, and what gives way first?
///
/// Simulates a model of the architecture, with an interval on every number.
#[derive(Debug, Parser)]
#[command(name = "knee", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Plain text also on a terminal; so does the environment variable NO_COLOR
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate one load level: every request, every place
    Run(Run),
    /// Find the latency curve with its knee, its limit and what gives way first
    Sweep(Sweep),
    /// Hold a model against its variants, against --set, or against other models: what differs, and is it real
    Compare(Compare),
    /// Judge the objectives at one load, as a gate for CI: exit code 1 where one is broken
    Check(Check),
    /// Turn every knob of a model a little: which one moves p95 most, and which number is worth measuring
    Rank(Rank),
    /// Find the cheapest configuration that meets the objectives, at each milestone
    Size(Size),
    /// Hold growth over months against the limits: what breaks when, and what to change by which date
    Plan(Plan),
    /// Show the compiled model, its demands, capacities and bounds, without simulating
    Explain(Explain),
    /// Write a commented model to start from
    New {
        /// Where to; never over a file that exists
        #[arg(default_value = "model.yaml")]
        path: PathBuf,
    },
    /// Print the JSON Schema of the model language, for editors
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Flags of `knee run`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("load").args(["rate", "users"])))]
pub struct Run {
    #[command(flatten)]
    pub model: ModelFlags,
    /// Open load instead of the file's, such as `400/s`
    #[arg(long, value_name = "RATE", value_parser = amount)]
    pub rate: Option<Amount>,
    /// Closed load instead of the file's: concurrent users
    #[arg(long, value_name = "N", value_parser = amount)]
    pub users: Option<Amount>,
    /// The load group that --rate or --users speaks of
    #[arg(long, value_name = "NAME", requires = "load")]
    pub group: Option<String>,
    /// Write one line a request of the first replication as CSV: 10,000 of them, or as many as --requests or --duration asks for
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write `run.json` into this directory, and where the model has time in it `timeline.svg`, `timeline.png` and `timeline.csv`
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee sweep`.
#[derive(Debug, Args)]
pub struct Sweep {
    #[command(flatten)]
    pub model: ModelFlags,
    /// Lowest load: requests per second (`50/s`) or users (`200`)
    #[arg(long, value_name = "LOAD", value_parser = amount)]
    pub from: Option<Amount>,
    /// Highest load
    #[arg(long, value_name = "LOAD", value_parser = amount)]
    pub to: Option<Amount>,
    /// Exactly these loads: `100/s,200/s,400/s`
    #[arg(long, value_name = "LOADS", value_delimiter = ',', value_parser = amount, conflicts_with_all = ["from", "to"])]
    pub at: Vec<Amount>,
    /// Vary only this load group; the others stay as in the file
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Vary a number of the model instead of the load: `web.replicas=1..8`, `orders.list.rows=100..100_000`, `web.cores=1,2,4`, or
    /// so many values and by factors: `web_db.timeout=10ms..1s:5:log`
    #[arg(long, value_name = "PATH=A..B", value_parser = over, conflicts_with_all = ["from", "to", "at", "group"])]
    pub over: Option<Over>,
    /// The latency whose balance with throughput is the knee: `p95` unless stated, `mean`, `p99`
    #[arg(long, value_name = "STATISTIC", value_parser = super::value::statistic, conflicts_with = "over")]
    pub knee_by: Option<Statistic>,
    /// A logarithmic latency axis in the chart
    #[arg(long)]
    pub log: bool,
    /// Directory of the results [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee check`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("check_load").args(["rate", "users"])))]
pub struct Check {
    #[command(flatten)]
    pub model: ModelFlags,
    /// Open load instead of the peak, such as `400/s`
    #[arg(long, value_name = "RATE", value_parser = amount)]
    pub rate: Option<Amount>,
    /// Closed load instead of the peak: concurrent users
    #[arg(long, value_name = "N", value_parser = amount)]
    pub users: Option<Amount>,
    /// The load group that --rate or --users speaks of
    #[arg(long, value_name = "NAME", requires = "check_load")]
    pub group: Option<String>,
    /// At the stated peak, or not at all [default: the peak where one is stated, else the load of the file]
    #[arg(long, conflicts_with_all = ["check_load", "at_file"])]
    pub at_peak: bool,
    /// At the load of the file, whatever the peak
    #[arg(long, conflicts_with = "check_load")]
    pub at_file: bool,
    /// What is undecided fails too
    #[arg(long)]
    pub strict: bool,
    /// Write the verdicts as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print the breaches as GitHub annotations too, at their lines of the model
    #[arg(long, conflicts_with = "json")]
    pub annotations: bool,
    /// Fail too where a statistic is significantly worse than in this file of an earlier check
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Keep this check, if it passes, as a baseline for later ones
    #[arg(long, value_name = "FILE")]
    pub save_baseline: Option<PathBuf>,
    /// How much worse than the baseline is let pass
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = super::value::tolerance)]
    pub tolerance: Tolerance,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee compare`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("one").args(["rate", "users", "one_load"])))]
pub struct Compare {
    /// The model file, and others to hold against it; alone it is held against its variants
    #[arg(value_name = "MODEL", required = true, num_args = 1..=8)]
    pub paths: Vec<PathBuf>,
    /// Only these variants of the model: `no cache,two replicas`
    #[arg(long = "variant", value_name = "NAMES", value_delimiter = ',')]
    pub variants: Vec<String>,
    /// Another side: the model with this value at this path, such as `web.replicas=8`; all that are given make one side
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    pub sets: Vec<Setting>,
    /// One open load instead of the file's and the curve, such as `400/s`
    #[arg(long, value_name = "RATE", value_parser = amount)]
    pub rate: Option<Amount>,
    /// One closed load instead of the file's and the curve: concurrent users
    #[arg(long, value_name = "N", value_parser = amount)]
    pub users: Option<Amount>,
    /// The load of the file alone, without the curve
    #[arg(long)]
    pub one_load: bool,
    /// The curve at exactly these loads: `100/s,200/s,400/s`
    #[arg(long, value_name = "LOADS", value_delimiter = ',', value_parser = amount, conflicts_with = "one")]
    pub at: Vec<Amount>,
    /// The load group that --rate, --users or the curve speaks of
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// Directory of the results [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee rank`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("rank_load").args(["rate", "users"])))]
pub struct Rank {
    #[command(flatten)]
    pub model: ModelFlags,
    /// Only this knob, such as `web.cores`, or at this value: `web.cores=8`; may be given again [default: all capacities and times of work
    /// in the file, and its load]
    #[arg(long = "knob", value_name = "PATH[=VALUE]", value_parser = super::value::knob)]
    pub knobs: Vec<Asked>,
    /// How far each is turned: capacities up, times and load down; whole numbers by 1 at least
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = super::value::step)]
    pub step: Step,
    /// The latency that is ranked by: `mean`, `p50`, `p90`, `p95`, `p99` or `p99.9`
    #[arg(long, value_name = "STATISTIC", default_value = "p95", value_parser = super::value::recorded)]
    pub by: Recorded,
    /// Of this kind of request, such as `web.checkout` [default: of all]
    #[arg(long, value_name = "REQUEST")]
    pub of: Option<String>,
    /// Open load instead of the file's, such as `400/s`
    #[arg(long, value_name = "RATE", value_parser = amount)]
    pub rate: Option<Amount>,
    /// Closed load instead of the file's: concurrent users
    #[arg(long, value_name = "N", value_parser = amount)]
    pub users: Option<Amount>,
    /// The load group that --rate or --users speaks of
    #[arg(long, value_name = "NAME", requires = "rank_load")]
    pub group: Option<String>,
    /// Leave out how far each knob moves the limit, which takes nearly as long again
    #[arg(long)]
    pub no_limit: bool,
    /// Directory of the results [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee size`.
#[derive(Debug, Args)]
pub struct Size {
    #[command(flatten)]
    pub model: ModelFlags,
    /// Milestones: concurrent users, `1000,10_000` [default: the file's peak, else its load]
    #[arg(long, value_name = "N", value_delimiter = ',', value_parser = amount, conflicts_with = "rate")]
    pub users: Vec<Amount>,
    /// Milestones: requests per second, `100/s,1_000/s`
    #[arg(long, value_name = "RATE", value_delimiter = ',', value_parser = amount)]
    pub rate: Vec<Amount>,
    /// The load group that milestones speak of; the others stay as in the file. Without it, all grow alike
    #[arg(long, value_name = "NAME")]
    pub group: Option<String>,
    /// What may be chosen, beside or in place of the section `size`: `web.replicas=1..64`, `web_db.size=10,20,40`; may be given again
    #[arg(long = "knob", value_name = "PATH=A..B", value_parser = super::axis::knob)]
    pub knobs: Vec<Over>,
    /// How busy the busiest resource may be
    #[arg(long, value_name = "SHARE", default_value = "80%", value_parser = super::value::headroom)]
    pub headroom: f64,
    /// Objectives must hold with any one of these lost: `replica`
    #[arg(long, value_name = "WHAT", value_parser = super::value::survive)]
    pub survive: Option<Survive>,
    /// Directory of the results [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The seed of everything
    #[arg(long, value_name = "N", value_parser = super::value::whole)]
    pub seed: Option<u64>,
    /// Threads; results do not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee plan`.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub model: ModelFlags,
    /// How far to look
    #[arg(long, value_name = "N", default_value = "24", value_parser = clap::value_parser!(u32).range(1..=240))]
    pub months: u32,
    /// The dates alone: do not size for what mends it
    #[arg(long)]
    pub dates_only: bool,
    /// Directory of the results [default: output/<model>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub study: StudyFlags,
    #[command(flatten)]
    pub print: PrintFlags,
}

/// Flags of `knee explain`.
#[derive(Debug, Args)]
pub struct Explain {
    #[command(flatten)]
    pub model: ModelFlags,
    /// No warnings
    #[arg(long, short)]
    pub quiet: bool,
}

/// Which model.
#[derive(Debug, Args)]
pub struct ModelFlags {
    /// The model file (YAML)
    #[arg(value_name = "MODEL")]
    pub path: PathBuf,
    /// A variant of the model, by its name in the section `variants`
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Another value at a path of the model, such as `web.replicas=8`; may be given again
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = setting)]
    pub sets: Vec<Setting>,
}

/// How to study it: each overrides the `study` section of the model.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Study")]
pub struct StudyFlags {
    /// The seed of everything
    #[arg(long, value_name = "N", value_parser = super::value::whole)]
    pub seed: Option<u64>,
    /// How narrow the intervals should be: `p95=5%`, `p95=5%,mean=2%`
    #[arg(long, value_name = "STATISTIC=SHARE", value_delimiter = ',', value_parser = precision, conflicts_with_all = ["requests", "duration"])]
    pub precision: Vec<Precision>,
    /// Requests per replication after warm-up, instead of a precision
    #[arg(long, value_name = "N", value_parser = requests, conflicts_with = "duration")]
    pub requests: Option<u64>,
    /// Model time per replication after warm-up, instead of a precision
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub duration: Option<Span>,
    /// Model time cut off at the start, instead of finding out
    #[arg(long, value_name = "TIME", value_parser = super::value::span)]
    pub warmup: Option<Span>,
    /// Independent replications at every load
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub replications: Option<u32>,
    /// Threads; results do not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub threads: Option<u16>,
}

/// What is printed.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct PrintFlags {
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub json: bool,
    /// No progress, no warnings, no list of files
    #[arg(long, short)]
    pub quiet: bool,
}

/// Reads the command line.
///
/// # Errors
/// When it cannot be understood, and for `--help` and `--version`, which clap counts as errors.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parsed(line: &str) -> Result<Arguments, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_range_a_list_and_an_axis_exclude_each_other() {
        assert!(parsed("knee sweep m.yaml --from 10/s --to 90/s").is_ok());
        assert!(parsed("knee sweep m.yaml --at 10/s,90/s").is_ok());
        assert!(parsed("knee sweep m.yaml --at 10 --to 90").is_err());
        assert!(parsed("knee sweep m.yaml --over web.replicas=1..4 --group x").is_err());
        assert!(parsed("knee run m.yaml --rate 10/s --users 5").is_err());
        assert!(parsed("knee run m.yaml --group shoppers").is_err());
        assert!(parsed("knee run m.yaml --group shoppers --users 5").is_ok());
        assert!(parsed("knee run m.yaml --requests 10 --precision p95=5%").is_err());
    }

    #[test]
    fn lists_may_be_written_with_commas() {
        let Command::Sweep(sweep) =
            parsed("knee sweep m.yaml --at 10,1_000/s --precision p95=5%,mean=2%").unwrap().command
        else {
            panic!("a sweep was asked for")
        };
        assert_eq!(sweep.at.len(), 2);
        assert_eq!(sweep.study.precision.len(), 2);
    }
}
