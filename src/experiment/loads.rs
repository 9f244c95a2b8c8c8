//! A model at another load.

use super::answer::Axis;
use super::options::{StudyError, Swept};
use crate::model::{Group, Model, Source, USERS_MAX};

/// The groups that a sweep varies, and what its axis counts.
#[derive(Clone, Debug)]
pub struct Dial {
    groups: Vec<usize>,
    /// What the axis counts.
    pub axis: Axis,
    /// The load of the model file on that axis.
    pub base: f64,
    /// The highest load that can be simulated: with [`USERS_MAX`] users in all; infinite where no users are swept.
    pub most: f64,
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
        let (all, swept) = (all_users(model).unwrap_or(0.0), of(users));
        if all > f64::from(USERS_MAX) {
            return Err(StudyError::BadLoad(too_many(all)));
        }
        let most = match swept {
            0.0 => f64::INFINITY,
            swept => base / swept * (f64::from(USERS_MAX) - (all - swept)),
        };
        Ok(Self { groups, axis, base, most })
    }

    /// As [`Self::new`], for a study of the steady state: a model with time in it has none.
    pub fn steady(model: &Model, swept: &Swept) -> Result<Self, StudyError> {
        match model.changes.first() {
            Some(change) => Err(StudyError::Timed(model.change_text(change.what))),
            None => Self::new(model, swept),
        }
    }

    /// Sees that a load that somebody asked for can be simulated.
    ///
    /// # Errors
    /// With more users than are simulated at once.
    pub fn check(&self, model: &Model, load: f64) -> Result<(), StudyError> {
        match self.users(model) {
            Some(users) if load > self.most => Err(StudyError::BadLoad(too_many(users * load / self.base))),
            _ => Ok(()),
        }
    }

    /// The model at `load` on the axis. Users are whole: each group gets its share, rounded, and at least 1.
    pub fn set(&self, model: &Model, load: f64) -> Model {
        let factor = load.min(self.most) / self.base;
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

    /// A load that the axis can show, and that can be simulated: whole users, and not too many.
    pub fn round(&self, load: f64) -> f64 {
        match self.axis {
            Axis::Users => load.min(self.most).round().max(self.groups.len() as f64),
            _ => load.min(self.most),
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

fn too_many(users: f64) -> String {
    format!("{users:.0} users, and at most {USERS_MAX} are simulated at once")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile;

    fn model(load: &str) -> Model {
        let yaml =
            format!("knee: 1\nload: {load}\nexternals: {{s: {{endpoints: {{x: [{{delay: 1ms}}]}}}}}}\n");
        let loaded = compile::load(yaml.as_bytes(), "m.yaml", &[], &|_| Err("no files here".into()));
        loaded.model.expect("a model without faults")
    }

    #[test]
    fn no_load_has_more_users_than_are_simulated_at_once() {
        let closed = model("{users: 1_000, think: {exp: 1d}, requests: {s.x: 1}}");
        let dial = Dial::new(&closed, &Swept::All).unwrap();
        assert_eq!((dial.most, dial.round(5.5e9)), (1e7, 1e7));
        assert_eq!(all_users(&dial.set(&closed, 5.5e9)), Some(1e7));
        assert_eq!(dial.check(&closed, 1e7), Ok(()));
        let told = dial.check(&closed, 3e9).unwrap_err().to_string();
        assert_eq!(told, "3000000000 users, and at most 10000000 are simulated at once");
        // Nine million that are not swept leave one for ten thousand that are, by the factor on users and rates.
        let mixed = model(
            "{a: {users: 9_000_000, think: 1s, requests: {s.x: 1}}, b: {users: 10_000, think: 1s, requests: {s.x: 1}}}",
        );
        let dial = Dial::new(&mixed, &Swept::Group("b".to_owned())).unwrap();
        assert_eq!((dial.base, dial.most), (1e4, 1e6));
        let both = model(
            "{a: {users: 5_000_000, think: 1s, requests: {s.x: 1}}, b: {rate: 5/s, requests: {s.x: 1}}}",
        );
        assert_eq!(Dial::new(&both, &Swept::All).unwrap().most, 2.0);
        let open = model("{rate: 5/s, requests: {s.x: 1}}");
        assert_eq!(Dial::new(&open, &Swept::All).unwrap().most, f64::INFINITY);
    }
}
