//! Results to bytes: terminal tables, charts, CSV, JSON.
//!
//! Everything here renders an [`Answer`](crate::experiment::answer::Answer): it computes no statistic, opens no file and
//! prints nothing. The same answer gives the same bytes.

mod chart;
mod check;
mod csv;
mod decision;
mod explain;
mod json;
mod load;
mod number;
mod objective;
mod plan;
mod rank;
mod sizing;
mod table;
mod versus;
mod view;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sides;

pub use chart::{
    ChartOptions, PngError, comparison_svg, plan_svg, png, ranking_svg, size_svg, sweep_svg, timeline_svg,
};
pub use check::{annotations, check_json, check_text, junit};
pub use csv::{comparison_csv, ranking_csv, sweep_csv, timeline_csv};
pub use decision::decision;
pub use explain::explain_text;
pub use json::{answer_json, comparison_json, ranking_json};
pub use plan::{plan_csv, plan_decision, plan_json};
pub use sizing::{size_csv, size_json};
pub use table::{Paint, Role, comparison_text, plan_text, ranking_text, run_text, size_text, sweep_text};
