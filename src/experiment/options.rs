//! What a study is told besides the model.

use crate::model::{Statistic, Study};
use crate::units::Span;

/// Options of a study: the model's `study` section with flags laid over it.
#[derive(Clone, Debug)]
pub struct Options {
    /// The seed of everything.
    pub seed: u64,
    /// Statistics of all right answers with their asked relative half width at 95 % confidence.
    pub precision: Vec<(Statistic, f64)>,
    /// Requests per replication after warm-up, instead of a precision.
    pub requests: Option<u64>,
    /// Model time per replication after warm-up, instead of a precision.
    pub duration: Option<Span>,
    /// Model time cut off at the start, instead of MSER-5.
    pub warmup: Option<Span>,
    /// Independent replications at every point; at least 2.
    pub replications: u32,
    /// Events that all replications of a point may cost together, over all looks.
    pub budget: u64,
    /// The statistic of latency whose power has the knee.
    pub knee_by: Statistic,
    /// Worker threads; `None`: one a core. Results do not depend on it.
    pub threads: Option<usize>,
}

impl From<&Study> for Options {
    fn from(study: &Study) -> Self {
        Self {
            seed: study.seed,
            precision: study.precision.clone(),
            requests: study.requests,
            duration: study.duration,
            warmup: study.warmup,
            replications: study.replications,
            budget: study.budget,
            knee_by: Statistic::Quantile(0.95),
            threads: None,
        }
    }
}

/// Which load is varied.
#[derive(Clone, Debug, PartialEq)]
pub enum Swept {
    /// All groups.
    All,
    /// The named group; the others stay as in the file.
    Group(String),
}

/// The loads of a sweep. Loads are requests per second where the swept groups are open, users where they are closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Loads {
    /// Which groups.
    pub swept: Swept,
    /// Lowest load; `None`: found.
    pub from: Option<f64>,
    /// Highest load; `None`: found.
    pub to: Option<f64>,
    /// Exactly these loads; empty: found.
    pub at: Vec<f64>,
}

impl Default for Loads {
    fn default() -> Self {
        Self { swept: Swept::All, from: None, to: None, at: Vec::new() }
    }
}

/// Hears how far a study is. Called from the thread that started the study.
pub trait Progress: Sync {
    /// A stage begins: what it does in three words, and its work in tasks.
    fn stage(&self, name: &str, tasks: u64);
    /// So many tasks of the stage are done (events weigh them).
    fn done(&self, tasks: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn stage(&self, _name: &str, _tasks: u64) {}
    fn done(&self, _tasks: u64) {}
}

/// A study cannot be made as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StudyError {
    /// The sweep names a group that the model does not have.
    #[error("the model has no load group '{name}'; it has {known}")]
    UnknownGroup {
        /// The name given.
        name: String,
        /// The groups there are.
        known: String,
    },
    /// A load or range that cannot be simulated.
    #[error("{0}")]
    BadLoad(String),
    /// Something happens at a given time, and only a run shows what comes of it.
    #[error("not supported: time in the model (`{0}`) anywhere but in a run: it has no steady state")]
    Timed(String),
    /// Runs end before there is anything to see.
    #[error("{0} events are used up before {1}: raise `budget` in `study`")]
    Budget(u64, &'static str),
    /// The thread pool could not be made.
    #[error("no thread pool: {0}")]
    Threads(String),
}
