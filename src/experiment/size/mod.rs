//! How many of what: the cheapest configuration that meets every objective, at each milestone.
//!
//! The bottleneck law rules configurations out, cost puts the others in order, and simulation decides. More of something is not
//! always better (more web servers open more connections), so what fails with plenty of all else is only put off: whatever is
//! cheaper than the winner and next to it is simulated or ruled out before it is said to be the cheapest.
//!
//! Source of the race: Law, *Simulation Modeling and Analysis* (5th ed.), chapter 10 (common random numbers; screening before selecting).

pub mod answer;
mod grid;
mod judge;
mod race;
mod search;
pub mod words;

use self::answer::{Configuration, KnobRow, MilestoneRow, Sizing, Subject};
use self::grid::{GRID_MAX, Grid, Lines};
use self::search::{Search, Task};
use super::answer::Axis;
use super::bill::Bill;
use super::loads::{self, Dial};
use super::options::{Options, Progress, StudyError, Swept};
use super::point;
use crate::compile::knobs::Knob;
use crate::model::{Goal, Model, Statistic};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What can be chosen.
    pub knobs: Vec<Knob>,
    /// Loads that each get an answer; empty: that of the model.
    pub milestones: Vec<Milestone>,
    /// Which groups they are about.
    pub swept: Swept,
    /// The most that the busiest resource of a place may be used, in (0, 1].
    pub headroom: f64,
    /// Objectives must hold with any one replica lost.
    pub survive_replica: bool,
}

/// A load that gets an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Milestone {
    /// Concurrent users over all closed groups; open ones grow alike.
    Users(f64),
    /// Requests per second over all open groups; closed ones grow alike.
    Rate(f64),
}

/// Why there is no answer.
#[derive(Debug)]
pub enum SizeError<E> {
    /// The study cannot be made as asked.
    Study(StudyError),
    /// A configuration is no model.
    Build(E),
}

impl<E> From<StudyError> for SizeError<E> {
    fn from(error: StudyError) -> Self {
        Self::Study(error)
    }
}

/// Compiles the model with some values set.
pub type Build<'a, E> = &'a dyn Fn(&[(String, String)]) -> Result<Model, E>;

/// Finds the cheapest configuration for each milestone.
///
/// # Errors
/// Without objectives or knobs, for a grid or a load that cannot be searched, and for a configuration that is no model.
pub fn size<E>(
    model: &Model,
    asked: &Asked,
    build: Build<'_, E>,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Sizing, SizeError<E>> {
    refuse(model, &asked.knobs)?;
    let grid = Grid { knobs: &asked.knobs };
    let dial = Dial::steady(model, &asked.swept)?;
    let loads = milestones(model, &dial, asked)?;
    let lines = lines(&grid, build)?;
    let mut rows = Vec::new();
    for (at, label) in loads {
        let task = Task { grid: &grid, lines: &lines, dial: &dial, at, asked, build, options, progress };
        rows.push(Search::new(task).run(label)?);
    }
    let costs = |line: &Vec<Model>| {
        let cost = |m: &Model| grid::costs(m).values().sum::<f64>();
        line.iter().any(|m| (cost(m) - cost(&line[0])).abs() > 1e-9)
    };
    let knobs = asked.knobs.iter().zip(&lines.models).map(|(knob, line)| KnobRow {
        path: knob.path.clone(),
        values: knob.values.iter().map(|v| v.text.clone()).collect(),
        costs: costs(line),
    });
    let subject = subject(model, &rows);
    rows.iter_mut().for_each(|row| mark_frontier(row, &subject));
    Ok(Sizing {
        knee: env!("CARGO_PKG_VERSION"),
        model: model.name.clone(),
        seed: options.seed,
        digest: super::digest(model, options),
        axis: dial.axis.clone(),
        currency: lines.models.iter().flatten().find_map(Bill::of).map(|bill| bill.currency),
        headroom: asked.headroom,
        survive_replica: asked.survive_replica,
        knobs: knobs.collect(),
        subject,
        grid: grid.len(),
        events: rows.iter().map(|row| row.counts.events).sum(),
        milestones: rows,
    })
}

/// What a model costs whatever its load, in the unit of a [`Sizing`]: money a month; replicas, where it states no prices.
#[must_use]
pub fn cost(model: &Model) -> f64 {
    grid::costs(model).values().sum()
}

/// How many configurations there are.
pub(super) fn grid_len(knobs: &[Knob]) -> u64 {
    Grid { knobs }.len()
}

/// What cannot be sized.
pub(super) fn refuse(model: &Model, knobs: &[Knob]) -> Result<(), StudyError> {
    let grid = Grid { knobs };
    if model.objectives.is_empty() {
        return Err(StudyError::BadLoad("no objectives to size for: state some in `slo`".to_owned()));
    }
    if grid.knobs.is_empty() {
        let message =
            "nothing to choose: name knobs in the section `size`, or with --knob web.replicas=1..64";
        return Err(StudyError::BadLoad(message.to_owned()));
    }
    if grid.len() > GRID_MAX {
        let message = format!(
            "{} configurations, and at most {GRID_MAX} are put in order: give fewer values (A..B:N)",
            grid.len()
        );
        return Err(StudyError::BadLoad(message));
    }
    Ok(())
}

/// Each milestone on the axis, and in words, in ascending order.
fn milestones(model: &Model, dial: &Dial, asked: &Asked) -> Result<Vec<(f64, String)>, StudyError> {
    let of = |milestone: &Milestone| {
        let (asked_for, there_is, label) = match *milestone {
            Milestone::Users(n) => (n, dial.users(model), format!("{} users", loads::plain(n))),
            Milestone::Rate(r) => (r, dial.rate(model), format!("{}/s", loads::plain(r))),
        };
        let there_is = there_is.filter(|x| *x > 0.0).ok_or_else(|| {
            let (has, use_instead) = match milestone {
                Milestone::Users(_) => ("a rate and no users", "--rate"),
                Milestone::Rate(_) => ("users and no rate", "--users"),
            };
            StudyError::BadLoad(format!("the load has {has}: use {use_instead}"))
        })?;
        let load = dial.base * asked_for / there_is;
        dial.check(model, load)?;
        Ok((dial.round(load), label))
    };
    let mut loads: Vec<(f64, String)> = asked.milestones.iter().map(of).collect::<Result<_, _>>()?;
    if loads.is_empty() {
        let (load, label) = expected(model, dial);
        dial.check(model, load)?;
        loads.push((load, label));
    }
    loads.sort_by(|a, b| a.0.total_cmp(&b.0));
    loads.dedup_by(|a, b| a.0 == b.0);
    Ok(loads)
}

/// The peak that the model states, else its load.
fn expected(model: &Model, dial: &Dial) -> (f64, String) {
    let at = super::sweep::peak(model, dial).unwrap_or(dial.base);
    let shown = match dial.axis {
        Axis::Users => format!("{} users", loads::plain(at)),
        Axis::Rate => format!("{}/s", loads::plain(at)),
        _ => match dial.users(model) {
            Some(users) => format!("{} users", loads::plain((users * at / dial.base).round())),
            None => format!("{}x", loads::plain(at)),
        },
    };
    (at, shown)
}

fn lines<E>(grid: &Grid<'_>, build: Build<'_, E>) -> Result<Lines, SizeError<E>> {
    let mut models = Vec::new();
    for (knob, of) in grid.knobs.iter().enumerate() {
        let mut line = Vec::new();
        for value in 0..of.values.len() {
            let mut positions = vec![0; grid.knobs.len()];
            positions[knob] = value;
            line.push(build(&grid.settings(&positions)).map_err(SizeError::Build)?);
        }
        models.push(line);
    }
    Ok(Lines { models })
}

/// The latency that reports show: that of the objective with the least room at the highest milestone.
fn subject(model: &Model, rows: &[MilestoneRow]) -> Subject {
    let winner = rows.iter().rev().find_map(|row| row.winner.as_ref().or(row.least_violation.as_ref()));
    let room = |at: usize| winner.and_then(|w| w.checks.get(at)).map_or(f64::INFINITY, |c| c.room);
    // Configurations have no checks of objectives that only warn.
    let binding = model.objectives.iter().filter(|o| !o.warns).enumerate();
    let latencies = binding.filter_map(|(at, o)| match o.goal {
        Goal::Latency(statistic, bar) => Some((at, o, statistic, bar)),
        _ => None,
    });
    match latencies.min_by(|a, b| room(a.0).total_cmp(&room(b.0))) {
        Some((at, o, statistic, bar)) => Subject {
            endpoint: o.endpoint.map_or("total".to_owned(), |e| model.endpoint_name(e)),
            statistic: point::statistic_name(statistic),
            bar_s: Some(bar),
            check: Some(at),
        },
        None => Subject {
            endpoint: "total".to_owned(),
            statistic: point::statistic_name(Statistic::Quantile(0.95)),
            bar_s: None,
            check: None,
        },
    }
}

impl Subject {
    /// What a configuration does by it.
    #[must_use]
    pub fn of<'c>(&self, configuration: &'c Configuration) -> &'c super::answer::Estimate {
        let check = self.check.and_then(|at| configuration.checks.get(at));
        check.map_or(&configuration.p95_s, |check| &check.estimate)
    }
}

/// Marks those than which none is both cheaper and faster.
fn mark_frontier(row: &mut MilestoneRow, subject: &Subject) {
    let mut best = f64::INFINITY;
    let mut at_cost = f64::NEG_INFINITY;
    let value = |c: &Configuration| subject.of(c).value.unwrap_or(f64::INFINITY);
    let mut order: Vec<usize> = (0..row.tried.len()).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (&row.tried[a], &row.tried[b]);
        a.cost.total_cmp(&b.cost).then(value(a).total_cmp(&value(b)))
    });
    for at in order {
        let (cost, latency) = (row.tried[at].cost, value(&row.tried[at]));
        // A hundredth faster is no step worth a row.
        if latency < 0.99 * best && cost > at_cost {
            row.tried[at].frontier = true;
            (best, at_cost) = (latency, cost);
        }
    }
}
