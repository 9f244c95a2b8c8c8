//! What `run` and `sweep` share: the options of a study and the end of it.

use std::path::PathBuf;

use super::args::StudyFlags;
use super::failure::Failure;
use super::terminal;
use crate::experiment::options::Options;
use crate::model::Model;
use crate::units::Span;

/// The `study` section of the model with the flags laid over it.
pub fn options(model: &Model, flags: &StudyFlags) -> Options {
    let mut options = Options::from(&model.study);
    options.seed = flags.seed.unwrap_or(options.seed);
    options.warmup = flags.warmup.or(options.warmup);
    options.replications = flags.replications.unwrap_or(options.replications);
    options.threads = flags.threads.map(usize::from);
    lengthen(&mut options, flags);
    options
}

/// A flag that says how long to run takes the place of whatever the file says about it.
fn lengthen(options: &mut Options, flags: &StudyFlags) {
    if !flags.precision.is_empty() {
        options.precision = flags.precision.iter().map(|p| (p.0, p.1)).collect();
    }
    if !flags.precision.is_empty() || flags.requests.is_some() || flags.duration.is_some() {
        options.requests = flags.requests;
        options.duration = flags.duration;
    }
}

/// Lists the files that were written.
pub fn list(paths: &[PathBuf], quiet: bool) {
    if quiet || paths.is_empty() {
        return;
    }
    let shown: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    terminal::note(&format!("wrote {}", shown.join(", ")));
}

/// Sees that the file's horizon fits simulated time.
///
/// # Errors
/// When warm-up and duration together do not.
pub fn horizon(options: &Options) -> Result<(), Failure> {
    let sum = options.warmup.unwrap_or(Span::ZERO).0.checked_add(options.duration.unwrap_or(Span::ZERO).0);
    match sum {
        Some(sum) if sum < u64::MAX / 2 => Ok(()),
        _ => Err(Failure::input(
            "warm-up and duration together are longer than 292 years, half of simulated time",
        )),
    }
}

/// Sees that flags about the length of a run suit a model with time in it.
///
/// # Errors
/// When they ask for something else than a duration, or for one before the last change.
pub fn in_time(model: &Model, flags: &StudyFlags) -> Result<(), Failure> {
    let of_steady = [("--precision", !flags.precision.is_empty()), ("--requests", flags.requests.is_some())];
    if let Some((flag, _)) = of_steady.iter().find(|(_, given)| *given) {
        let message =
            format!("{flag} has no effect on a model with time in it; say how long with --duration");
        return Err(Failure::input(message));
    }
    let beyond = |duration: Span| model.changes.iter().find(|change| change.at >= duration);
    match flags.duration.and_then(|duration| Some((duration, beyond(duration)?))) {
        Some((duration, change)) => Err(Failure::input(format!(
            "--duration {duration} ends before {} at {}",
            model.change_text(change.what),
            change.at
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::value::Precision;
    use crate::model::Statistic;

    fn of_file() -> Options {
        Options {
            seed: 7,
            precision: vec![(Statistic::Mean, 0.1)],
            requests: Some(100),
            knee_by: crate::model::Statistic::Quantile(0.95),
            duration: None,
            warmup: None,
            replications: 20,
            budget: 1,
            threads: None,
        }
    }

    #[test]
    fn a_precision_asked_for_ends_a_fixed_length_of_the_file() {
        let mut options = of_file();
        let flags = StudyFlags { precision: vec![Precision(Statistic::Mean, 0.02)], ..StudyFlags::default() };
        lengthen(&mut options, &flags);
        assert_eq!((options.requests, options.precision), (None, vec![(Statistic::Mean, 0.02)]));
    }

    #[test]
    fn a_duration_asked_for_ends_a_number_of_requests_of_the_file() {
        let mut options = of_file();
        lengthen(&mut options, &StudyFlags { duration: Some(Span(5)), ..StudyFlags::default() });
        assert_eq!((options.requests, options.duration), (None, Some(Span(5))));
        let mut options = of_file();
        lengthen(&mut options, &StudyFlags::default());
        assert_eq!(options.requests, Some(100));
    }
}
