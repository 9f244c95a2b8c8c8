//! Points without a curve over load: the model as it is, or any path of it as the axis.

use std::collections::BTreeMap;

use super::answer::{Answer, Axis, Over, PathAxis, Point, State};
use super::bottleneck::{self, Graph};
use super::edge::bound;
use super::loads::{self, Dial};
use super::options::{Options, Progress, StudyError, Swept};
use super::rounds::{self, Job};
use super::sweep::{culprit_row, law_row};
use super::{anatomy, limit, point};
use crate::model::Model;

/// One load: the model as it is.
///
/// # Errors
/// No threads.
pub fn run(model: &Model, options: &Options, progress: &dyn Progress) -> Result<Answer, StudyError> {
    let (mut answer, job) = settled(model, options, progress)?;
    anatomy::explain(&job, &mut answer.points[0], options, progress)?;
    Ok(answer)
}

/// One load, with the replications behind it.
pub(super) fn settled(
    model: &Model,
    options: &Options,
    progress: &dyn Progress,
) -> Result<(Answer, Job), StudyError> {
    let dial = Dial::new(model, &Swept::All)?;
    let mut jobs = vec![Job::new(dial.base, model.clone())];
    rounds::settle(&mut jobs, options, progress)?;
    let answer = one_load(model, &dial, &jobs, options);
    Ok((answer, jobs.remove(0)))
}

/// What a settled job at the load of the model says.
pub fn one_load(model: &Model, dial: &Dial, jobs: &[Job], options: &Options) -> Answer {
    let mut answer = points_only(model, jobs, dial.base, dial.axis.clone(), options);
    answer.bottleneck_law = bound(model, dial).map(|(at, station)| law_row(model, dial, at, station));
    answer
}

/// Any path of the model as the axis: one compiled model a value, with the load of the file. All points share their seeds, so that
/// what differs between them is the path's doing.
///
/// # Errors
/// No threads, or no load.
pub fn over(
    axis: &PathAxis,
    models: &[(f64, Model)],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Answer, StudyError> {
    let Some((_, model)) = models.first() else {
        return Err(StudyError::BadLoad(format!("no values for {}", axis.path)));
    };
    for (_, model) in models {
        Dial::steady(model, &Swept::All)?;
    }
    let by_value: BTreeMap<u64, usize> =
        models.iter().enumerate().map(|(i, (x, _))| (ordered(*x), i)).collect();
    let mut jobs: Vec<Job> = by_value.values().map(|&i| Job::new(models[i].0, models[i].1.clone())).collect();
    rounds::settle(&mut jobs, options, progress)?;
    let mut answer = points_only(model, &jobs, 1.0, Axis::Path(axis.clone()), options);
    for point in &mut answer.points {
        point.load.scale = 1.0;
        point.load.over = Some(Over { path: axis.path.clone(), value: point.load.at });
    }
    let show = |value: f64| axis.show(value);
    let along = limit::Along { noun: "value", show: &show, log: axis.log };
    (answer.slo, answer.limit_at) = limit::limits_over(model, &answer.points, &axis.path, along);
    Ok(answer)
}

/// A closed model beyond N*, by the bottleneck law, is as steady as it looks, but it carries no more.
fn mark_beyond(point: &mut Point, model: &Model) {
    let Ok(dial) = Dial::new(model, &Swept::All) else { return };
    let beyond = dial.closed() && bound(model, &dial).is_some_and(|(at, _)| dial.base > at);
    if beyond && matches!(point.state, State::Stable | State::Undecided) {
        point.state = State::BeyondSaturation;
    }
}

/// Maps floats to integers of the same order.
fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn points_only(model: &Model, jobs: &[Job], base: f64, axis: Axis, options: &Options) -> Answer {
    let mut points: Vec<Point> = jobs.iter().map(|j| point::point(j, base)).collect();
    points.iter_mut().zip(jobs).for_each(|(point, job)| mark_beyond(point, &job.model));
    let rows: Vec<_> = jobs
        .iter()
        .map(|j| {
            let culprit = bottleneck::culprit(&j.model, &j.layout, &Graph::new(&j.model), j.summaries())?;
            Some(culprit_row(j, &culprit))
        })
        .collect();
    let (slo, _) = limit::limits(model, &points, &loads::axis_name(&axis), limit::Along::LOAD);
    Answer {
        axis,
        bottlenecks: bottleneck::by_load(&points, &rows),
        slo,
        points,
        ..super::blank(model, options)
    }
}
