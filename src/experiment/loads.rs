//! A model at another load.

use super::answer::Axis;
use super::options::{StudyError, Swept};
use crate::model::{Group, Model, Source};

/// The groups that a sweep varies, and what its axis counts.
#[derive(Clone, Debug)]
pub struct Dial {
    groups: Vec<usize>,
    /// What the axis counts.
    pub axis: Axis,
    /// The load of the model file on that axis.
    pub base: f64,
}

impl Dial {
    /// Finds the swept groups.
    pub fn new(model: &Model, swept: &Swept) -> Result<Self, StudyError> {
        let groups: Vec<usize> = match swept {
            Swept::All => (0..model.groups.len()).collect(),
            Swept::Group(name) => {
                let at = model.groups.iter().position(|g| &g.name == name);
                let known = || model.groups.iter().map(|g| g.name.as_str()).collect::<Vec<_>>().join(", ");
                vec![at.ok_or_else(|| StudyError::UnknownGroup { name: name.clone(), known: known() })?]
            }
        };
        let of =
            |f: fn(&Group) -> Option<f64>| groups.iter().filter_map(|&g| f(&model.groups[g])).sum::<f64>();
        let open = groups.iter().filter(|&&g| users(&model.groups[g]).is_none()).count();
        let (axis, base) = match open {
            0 => (Axis::Users, of(users)),
            n if n == groups.len() => (Axis::Rate, of(rate)),
            _ => (Axis::Scale, 1.0),
        };
        if base.is_nan() || base <= 0.0 {
            return Err(StudyError::BadLoad(
                "the swept groups offer no load at all: nothing to scale".into(),
            ));
        }
        Ok(Self { groups, axis, base })
    }

    /// As [`Self::new`], for a study of the steady state: a model with time in it has none.
    pub fn steady(model: &Model, swept: &Swept) -> Result<Self, StudyError> {
        match model.changes.first() {
            Some(change) => Err(StudyError::Timed(model.change_text(change.what))),
            None => Self::new(model, swept),
        }
    }

    /// The model at `load` on the axis. Users are whole: each group gets its share, rounded, and at least 1.
    pub fn set(&self, model: &Model, load: f64) -> Model {
        let factor = load / self.base;
        let mut model = model.clone();
        for &at in &self.groups {
            match &mut model.groups[at].source {
                Source::Open { arrivals, .. } => *arrivals = arrivals.scaled(factor),
                Source::Closed { users, .. } => *users = (f64::from(*users) * factor).round().max(1.0) as u32,
            }
        }
        model
    }

    /// The same for models that are set to `load` already.
    pub fn based_at(&self, load: f64) -> Self {
        Self { base: load, ..self.clone() }
    }

    /// A load that the axis can show: whole users.
    pub fn round(&self, load: f64) -> f64 {
        match self.axis {
            Axis::Users => load.round().max(self.groups.len() as f64),
            _ => load,
        }
    }

    /// Users of the swept groups that are closed.
    pub fn users(&self, model: &Model) -> Option<f64> {
        let users: Vec<f64> = self.groups.iter().filter_map(|&g| users(&model.groups[g])).collect();
        (!users.is_empty()).then(|| users.iter().sum())
    }

    /// Rate of the swept groups that are open, per second.
    pub fn rate(&self, model: &Model) -> Option<f64> {
        let rates: Vec<f64> = self.groups.iter().filter_map(|&g| rate(&model.groups[g])).collect();
        (!rates.is_empty()).then(|| rates.iter().sum())
    }

    /// Whether all swept groups are closed.
    pub fn closed(&self) -> bool {
        self.axis == Axis::Users
    }

    /// Whether a group is swept.
    pub fn sweeps(&self, group: usize) -> bool {
        self.groups.contains(&group)
    }

    /// Name of the axis in answers.
    pub fn name(&self) -> String {
        axis_name(&self.axis)
    }
}

/// Name of an axis in answers.
pub fn axis_name(axis: &Axis) -> String {
    match axis {
        Axis::Rate => "rate".into(),
        Axis::Users => "users".into(),
        Axis::Scale => "scale".into(),
        Axis::Path(axis) => axis.path.clone(),
    }
}

fn users(group: &Group) -> Option<f64> {
    match group.source {
        Source::Closed { users, .. } => Some(f64::from(users)),
        Source::Open { .. } => None,
    }
}

fn rate(group: &Group) -> Option<f64> {
    match &group.source {
        Source::Open { arrivals, .. } => Some(arrivals.rate()),
        Source::Closed { .. } => None,
    }
}

/// Users of all closed groups.
pub fn all_users(model: &Model) -> Option<f64> {
    let users: Vec<f64> = model.groups.iter().filter_map(users).collect();
    (!users.is_empty()).then(|| users.iter().sum())
}

/// Rate of all open groups, per second.
pub fn all_rates(model: &Model) -> Option<f64> {
    let rates: Vec<f64> = model.groups.iter().filter_map(rate).collect();
    (!rates.is_empty()).then(|| rates.iter().sum())
}

/// Mean think time over all closed groups' users, in seconds; 0 without any.
pub fn think_s(model: &Model) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for group in &model.groups {
        if let Source::Closed { users, think } = group.source {
            sum += f64::from(users) * model.dists[think.index()].mean();
            n += f64::from(users);
        }
    }
    if n > 0.0 { sum / n } else { 0.0 }
}

/// A load as a reason states it: four digits at the least.
pub fn plain(load: f64) -> String {
    if load >= 1_000.0 || load.fract() == 0.0 {
        format!("{load:.0}")
    } else {
        format!("{load:.4}")[..6].trim_end_matches('.').to_owned()
    }
}
