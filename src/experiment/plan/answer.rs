//! The answer to "when do we run out", in the shape of its JSON. Loads are in the unit of the plan: users, or requests per second.

use serde::Serialize;

use crate::calendar::Date;
use crate::experiment::answer::{Axis, Estimate};

/// What breaks when, and what to change by which date.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    /// Version of knee.
    pub knee: &'static str,
    /// Name of the model.
    pub model: String,
    /// Seed of everything.
    pub seed: u64,
    /// Hash of the model and the options that change results.
    pub digest: String,
    /// What loads are counted in: `users` or `rate`.
    pub axis: Axis,
    /// The first day.
    pub from: Date,
    /// The day after the last.
    pub until: Date,
    /// How many months that is.
    pub months: u32,
    /// The load on the first day, season and campaigns aside.
    pub base: f64,
    /// More a month, as a share.
    pub monthly: f64,
    /// How many times the expected load must hold.
    pub policy: f64,
    /// Each objective and saturation, by the date on which it breaks.
    pub limits: Vec<LimitRow>,
    /// What to change, by date; each on top of the one before.
    pub steps: Vec<Step>,
    /// `$`, `EUR`; `None` where the model states no prices, and costs count replicas.
    pub currency: Option<String>,
    /// What the model of the file costs.
    pub cost: f64,
    /// The highest steady load that was simulated: what is said about more is not known.
    pub simulated_up_to: Option<f64>,
    /// What a reader should know.
    pub remarks: Vec<String>,
    /// Every day, first to last.
    pub days: Vec<DayRow>,
}

/// An objective, or saturation.
#[derive(Clone, Debug, Serialize)]
pub struct LimitRow {
    /// The endpoint, the place, or `total`.
    pub subject: String,
    /// As written, or `saturation`.
    pub objective: String,
    /// It says so, and fails nothing.
    pub warns: bool,
    /// The highest load at which it holds.
    pub met_up_to: Estimate,
    /// What gives way there.
    pub first: Option<String>,
    /// When that is reached; `None`: not within the plan, as far as is known.
    pub breaks: Option<Break>,
    /// When it would be reached without campaigns, where they are what breaks it first.
    pub without_campaigns: Option<Break>,
}

/// When a load is reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Break {
    /// The first day on which the policy's multiple of the load is above the limit.
    pub date: Date,
    /// The same for the lower end of the limit's interval.
    pub earliest: Date,
    /// The same for its upper end; `None`: later than the plan.
    pub latest: Option<Date>,
    /// The load that must hold on that day: the policy's multiple.
    pub needed: f64,
    /// The factor of the campaign that is on.
    pub campaign: Option<f64>,
    /// Days of the plan on which it is broken.
    pub days: u32,
}

/// What to change.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The day from which it is needed, by the lower end of what the one before carries.
    pub needed_from: Date,
    /// The load that it was sized for: the most that must hold until `sized_until`.
    pub sized_for: f64,
    /// The day after the last one it was sized for.
    pub sized_until: Date,
    /// What changes; empty where nothing does.
    pub changes: Vec<Change>,
    /// More than the configuration of the file, a month.
    pub more: f64,
    /// What it costs a month in all.
    pub cost: f64,
    /// How far it carries.
    pub carries: Estimate,
    /// The first day on which that is not enough; `None`: it lasts as long as the plan.
    pub lasts_until: Option<Date>,
    /// What gives way next.
    pub first: Option<String>,
    /// Nothing on offer carries that load, and why.
    pub missing: Option<String>,
}

/// One value that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// `web.replicas`
    pub path: String,
    /// The value before, as written; empty where the file has none.
    pub before: String,
    /// The value after.
    pub after: String,
    /// Days until it has arrived; `None` where that is not stated.
    pub lead_days: Option<i32>,
    /// The last day on which it can be ordered.
    pub order_by: Date,
}

/// One day.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DayRow {
    /// Which.
    pub date: Date,
    /// The load that is expected.
    pub demand: f64,
    /// The load that must hold: the policy's multiple.
    pub needed: f64,
    /// The factor of the campaigns that are on; 1 without any.
    pub campaign: f64,
}

impl Plan {
    /// The row of what breaks first and fails something.
    #[must_use]
    pub fn first(&self) -> Option<&LimitRow> {
        self.limits.iter().find(|row| row.breaks.is_some() && !row.warns)
    }

    /// The row whose limit comes first, broken within the plan or not: the capacity that a chart shows.
    #[must_use]
    pub fn capacity(&self) -> Option<&LimitRow> {
        let limited = self.limits.iter().filter(|row| !row.warns && row.met_up_to.value.is_some());
        let value = |row: &&LimitRow| row.met_up_to.value.unwrap_or(f64::INFINITY);
        limited.min_by(|a, b| value(a).total_cmp(&value(b)))
    }
}
