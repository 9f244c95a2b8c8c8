//! The growth of a model file: taken out of the tree before the model is read, and held against it.

use crate::calendar::{DAYS_PER_MONTH, Date};
use crate::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{Model, Source};
use crate::spec::Spec;
use crate::spec::decode::{At, Decode};
use crate::spec::growth as spec;
use crate::spec::set;
use crate::spec::tree::{self, Node, shorten};

/// How many times the expected load must hold, unless stated.
pub const POLICY: f64 = 2.0;
/// A campaign or a lead time is no longer than ten years.
const DAYS_MAX: f64 = 3_652.0;
const SECONDS_PER_DAY: f64 = 86_400.0;
const MONTHS: usize = 12;

/// How the load grows.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The load on the first day, the season aside; `None`: that of the file.
    pub base: Option<Base>,
    /// More a month, as a share; above -1.
    pub monthly: f64,
    /// The first day.
    pub from: Date,
    /// Factors of the months, January first.
    pub season: [f64; MONTHS],
    /// In the order of the file.
    pub campaigns: Vec<Campaign>,
    /// Days until a change of a path has arrived.
    pub lead_times: Vec<(String, i32)>,
    /// How many times the expected load must hold.
    pub policy: f64,
}

/// A load to begin with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Base {
    /// Concurrent users over all closed groups; open ones grow alike.
    Users(f64),
    /// Requests per second over all open groups; closed ones grow alike.
    Rate(f64),
}

/// A few days with more load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Campaign {
    /// Its first day.
    pub at: Date,
    /// How many days.
    pub days: i32,
    /// How many times the load of other days.
    pub x: f64,
}

impl Growth {
    /// The factor on the load of the first day, campaigns aside: compounded monthly, day by day, times the season.
    #[must_use]
    pub fn steady(&self, day: Date) -> f64 {
        let months = f64::from(day.since(self.from)) / DAYS_PER_MONTH;
        (1.0 + self.monthly).powf(months) * self.season[day.month() as usize - 1]
    }

    /// What a day's campaigns make of it, 1 without any; of several at once the largest counts.
    #[must_use]
    pub fn campaign(&self, day: Date) -> f64 {
        let on = |c: &&Campaign| (0..c.days).contains(&day.since(c.at));
        self.campaigns.iter().filter(on).map(|c| c.x).reduce(f64::max).unwrap_or(1.0)
    }

    /// Days until a change of a path has arrived, as far as that is stated.
    #[must_use]
    pub fn lead_days(&self, path: &str) -> Option<i32> {
        self.lead_times.iter().find(|(of, _)| of == path).map(|(_, days)| *days)
    }
}

/// A section as it was taken out.
pub type Section = At<spec::Growth>;

/// Takes the growth out of the tree, so that neither the model nor its digest depends on it.
pub fn take(tree: &mut Node, sink: &mut Diagnostics) -> Option<Section> {
    let tree::Value::Map(entries) = &mut tree.value else { return None };
    let at = entries.iter().position(|entry| entry.key == "growth")?;
    let entry = entries.remove(at);
    let value = spec::Growth::decode(&entry.value, sink)?;
    Some(At { span: entry.key_span, value })
}

/// Sees that it makes sense, and that its paths lead to numbers of the model; `None` where something was reported.
pub fn check(tree: &Node, section: &Section, sink: &mut Diagnostics) -> Option<Growth> {
    let before = sink.errors();
    let mut error = |span: Span, message: String, label: &str| {
        sink.push(Diagnostic::error(span, message).label(label));
    };
    let growth = &section.value;
    let monthly = growth.monthly.as_ref().map_or(0.0, |m| m.value.0);
    if let Some(m) = growth.monthly.as_ref().filter(|m| m.value.0 <= -1.0 || m.value.0 > 10.0) {
        let message = format!("a load cannot change by {} % a month", m.value.0 * 100.0);
        error(m.span, message, "expected a change above -100% such as `12%`");
    }
    if let (Some(_), Some(rate)) = (&growth.users, &growth.rate) {
        error(rate.span, "`users` and `rate` are both stated".to_owned(), "expected one of them");
    }
    let base = match (&growth.users, &growth.rate) {
        (Some(users), _) => Some((users.span, Base::Users(users.value.0))),
        (None, Some(rate)) => Some((rate.span, Base::Rate(rate.value.0))),
        (None, None) => None,
    };
    if let Some((span, Base::Users(0.0) | Base::Rate(0.0))) = base {
        error(span, "no load cannot grow".to_owned(), "expected a load above 0");
    }
    let season = growth.season.as_ref().map_or(Some([1.0; MONTHS]), |season| {
        let factors: Vec<f64> = season.value.iter().map(|factor| factor.value.0).collect();
        let good = factors.iter().all(|f| *f > 0.0);
        let found = factors.len();
        if found != MONTHS {
            error(season.span, format!("a season of {found} factors"), "expected 12, January first");
        } else if !good {
            error(season.span, "a month without load".to_owned(), "expected factors above 0");
        }
        factors.try_into().ok()
    });
    let from = growth.from.as_ref().map(|from| from.value.0);
    let mut campaigns = Vec::new();
    for campaign in growth.campaigns.iter().flat_map(|all| &all.value) {
        let (Some(at), Some(x)) = (&campaign.value.at, &campaign.value.x) else { continue };
        if let Some(from) = from.filter(|from| at.value.0 < *from) {
            let message = format!("a campaign on {}, before {from}", at.value.0);
            error(at.span, message, "expected a day within the growth");
        }
        let length = campaign.value.days.as_ref();
        let days = length.map_or(1.0, |length| (length.value.0 / SECONDS_PER_DAY).ceil());
        if !(1.0..=DAYS_MAX).contains(&days) {
            let span = length.map_or(campaign.span, |length| length.span);
            error(span, "a campaign lasts some days".to_owned(), "expected days such as `3d`");
        }
        campaigns.push(Campaign { at: at.value.0, days: days as i32, x: x.value.0 });
    }
    let mut lead_times = Vec::new();
    for (path, time) in growth.lead_times.iter().flat_map(|all| all.value.iter()) {
        let days = (time.value.0 / SECONDS_PER_DAY).ceil();
        if days > DAYS_MAX {
            let message = format!("a lead time of {days} days");
            sink.push(Diagnostic::error(time.span, message).label("expected at most ten years"));
        }
        check_path(tree, path, sink);
        lead_times.push((path.value.clone(), days as i32));
    }
    let policy = growth.policy.as_ref().map_or(POLICY, |policy| policy.value.0);
    let base = base.map(|(_, base)| base);
    let whole = sink.errors() == before;
    let checked = Growth { base, monthly, from: from?, season: season?, campaigns, lead_times, policy };
    whole.then_some(checked)
}

/// Sees that a path leads to a number of the model, or to where one may stand.
fn check_path(tree: &Node, path: &At<String>, sink: &mut Diagnostics) {
    let mut trial = tree.clone();
    match set::number_in(&mut trial, &path.value, path.span) {
        Err(diagnostic) => sink.push(diagnostic),
        Ok(number) if !number.is_empty() => {}
        // A key that nothing has is seen when the model is read with it. The value is of no matter: it stands nowhere.
        Ok(_) => {
            let one = tree::Value::Scalar { text: "1".to_owned(), quoted: false };
            set::put(&mut trial, &path.value, Node { span: Span::default(), value: one }, path.span);
            let mut tried = Diagnostics::default();
            Spec::decode(&trial, &mut tried);
            let about_path = |d: &Diagnostic| d.span == Some(path.span);
            tried.into_sorted().into_iter().filter(about_path).for_each(|diagnostic| sink.push(diagnostic));
        }
    }
}

/// Sees that the load it begins with is counted as the model's.
pub fn check_load(model: &Model, section: &Section, sink: &mut Diagnostics) {
    let closed = |g: &crate::model::Group| matches!(g.source, Source::Closed { .. });
    let growth = &section.value;
    if let Some(users) = growth.users.as_ref().filter(|_| !model.groups.iter().any(closed)) {
        let message = format!("the load of `{}` has a rate and no users", shorten(&model.name));
        sink.push(Diagnostic::error(users.span, message).label("expected `rate` in place of `users`"));
    }
    if let Some(rate) = growth.rate.as_ref().filter(|_| model.groups.iter().all(closed)) {
        let message = format!("the load of `{}` has users and no rate", shorten(&model.name));
        sink.push(Diagnostic::error(rate.span, message).label("expected `users` in place of `rate`"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(monthly: f64) -> Growth {
        let from = Date::new(2026, 12, 1).expect("a day");
        let campaign = Campaign { at: from.plus(10), days: 3, x: 20.0 };
        let mut season = [1.0; MONTHS];
        season[0] = 0.5;
        let lead_times = vec![("web.replicas".to_owned(), 1)];
        Growth { base: None, monthly, from, season, campaigns: vec![campaign], lead_times, policy: POLICY }
    }

    #[test]
    fn twelve_per_cent_a_month_double_in_six_months() {
        let growth = growth(0.12);
        assert_eq!(growth.steady(growth.from), 1.0);
        // ln 2 / ln 1.12 = 6.116 months of 30.4375 days: 186.2 days.
        let day = |days| growth.from.plus(days);
        assert!(growth.steady(day(186)) < 2.0 && growth.steady(day(187)) > 2.0);
        assert!((growth.steady(day(487)) - 1.12f64.powi(16)).abs() < 1e-9);
    }

    #[test]
    fn season_and_campaigns_have_their_days() {
        let growth = growth(0.0);
        let days: Vec<f64> = (8..15).map(|d| growth.campaign(growth.from.plus(d))).collect();
        assert_eq!(days, [1.0, 1.0, 20.0, 20.0, 20.0, 1.0, 1.0]);
        assert_eq!([30, 31, 61, 62].map(|d| growth.steady(growth.from.plus(d))), [1.0, 0.5, 0.5, 1.0]);
        assert_eq!((growth.lead_days("web.replicas"), growth.lead_days("web.cores")), (Some(1), None));
    }
}
