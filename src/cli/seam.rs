//! x
use crate::model::Model;
pub fn explain_text(m: &Model) -> String {
    format!("{}", m.name)
}
