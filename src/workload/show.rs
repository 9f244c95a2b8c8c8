//! Arrival processes as a reader would check them.

use std::fmt;

use super::{Arrivals, Phase, Process};
use crate::dist::short;

impl fmt::Display for Arrivals {
    /// `poisson 1200/s`, `phases 50/s: 100/s for exp 1s, 0/s for exp 1s`, `poisson 1200/s in batches of geometric mean 4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate = short(self.rate());
        match &self.process {
            Process::Poisson => write!(f, "poisson {rate}/s")?,
            Process::Deterministic => write!(f, "deterministic {rate}/s")?,
            Process::Renewal(gap) if self.rate() > 0.0 => {
                write!(f, "renewal {rate}/s, gaps {}", gap.scaled(1.0 / self.point_rate()))?;
            }
            Process::Renewal(_) => write!(f, "renewal {rate}/s")?,
            Process::Phases(phases) => {
                write!(f, "phases {rate}/s")?;
                show_phases(phases, self.rate(), f)?;
            }
        }
        match &self.batch {
            None => Ok(()),
            Some(size) => write!(f, " in batches of {size}"),
        }
    }
}

fn show_phases(phases: &[Phase], rate: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (i, phase) in phases.iter().enumerate() {
        let mark = if i == 0 { ':' } else { ',' };
        write!(f, "{mark} {}/s for {}", short(phase.rate * rate), phase.length)?;
    }
    Ok(())
}
