//! Terminal output: at most 100 columns, honest when piped.

mod compare;
mod findings;
mod grid;
mod paint;
mod plan;
mod plot;
mod rank;
mod run;
mod size;
mod sweep;
mod tail;
mod timeline;

pub use compare::comparison_text;
pub(super) use findings::{line, wrap};
pub(super) use grid::{Cell, Grid};
pub use paint::{Paint, Role};
pub use plan::plan_text;
pub use rank::ranking_text;
pub use run::run_text;
pub use size::size_text;
pub use sweep::sweep_text;
