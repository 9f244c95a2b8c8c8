//! Terminal output: at most 100 columns, honest when piped.

mod compare;
mod findings;
mod grid;
mod paint;
mod plot;
mod run;
mod sweep;

pub use compare::comparison_text;
pub use paint::{Paint, Role};
pub use run::run_text;
pub use sweep::sweep_text;
