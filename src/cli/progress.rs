//! A bar on stderr with an estimate of the time left.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::options::Progress;

const TEMPLATE: &str = "{msg:24} {bar:32} {percent:>3}%  {eta} left";

/// Draws how far a study is; nothing where stderr is no terminal.
#[derive(Debug)]
pub struct Bar(ProgressBar);

impl Bar {
    /// A bar, or a hidden one.
    pub fn new(quiet: bool) -> Self {
        // Ten times a second: a study calls far more often.
        let target =
            if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let style = ProgressStyle::with_template(TEMPLATE).expect("the template is legal");
        Self(ProgressBar::with_draw_target(Some(0), target).with_style(style))
    }
}

impl Progress for Bar {
    fn stage(&self, name: &str, tasks: u64) {
        self.0.set_message(name.to_owned());
        self.0.set_length(tasks);
        self.0.set_position(0);
        self.0.reset_eta();
    }

    fn done(&self, tasks: u64) {
        self.0.inc(tasks);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_starts_at_its_beginning() {
        let bar = Bar::new(true);
        bar.stage("pilot", 10);
        bar.done(4);
        bar.done(3);
        assert_eq!((bar.0.position(), bar.0.length()), (7, Some(10)));
        bar.stage("round 2", 20);
        assert_eq!((bar.0.position(), bar.0.length()), (0, Some(20)));
    }
}
