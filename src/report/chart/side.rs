//! A side of a comparison, as it is drawn.

use super::palette::Rgb;
use crate::experiment::answer::State;
use crate::experiment::compare::SideAnswer;
use crate::report::versus;

/// A side with its colour.
pub struct Drawn<'a> {
    pub side: &'a SideAnswer,
    pub rgb: Rgb,
    /// Its name, short enough for a label.
    pub name: String,
}

/// Whether a side has a steady state at the load in full.
pub fn has_steady_state(side: &SideAnswer) -> bool {
    versus::point_at(&side.answer, side.at).is_some_and(|p| p.state != State::Saturated)
}
