//! Objectives, the peak and the study.

use super::Compiler;
use crate::diagnostic::{Diagnostic, Span};
use crate::ids::{EndpointId, PlaceId};
use crate::model::{Goal, Objective, Peak, PlaceKind, Statistic, Study, USERS_MAX};
use crate::spec::decode::At;
use crate::spec::quantity::SECONDS_MAX;
use crate::spec::study as spec;
use crate::units::{Span as Length, Time};

/// Why a place has no such objective.
const OF_REQUESTS: &str = "this is about requests, not places";
/// Places that objectives can be about.
const JUDGED: [PlaceKind; 7] = [
    PlaceKind::Service,
    PlaceKind::External,
    PlaceKind::Database,
    PlaceKind::Cache,
    PlaceKind::Queue,
    PlaceKind::Pool,
    PlaceKind::Link,
];
/// The seed unless stated.
const SEED: u64 = 1;
/// Half width at 95 % of p95, unless a precision is stated.
const PRECISION: (Statistic, f64) = (Statistic::Quantile(0.95), 0.05);
/// Independent replications unless stated.
const REPLICATIONS: u32 = 20;
/// Fewer give no interval; more only cost.
const REPLICATIONS_RANGE: std::ops::RangeInclusive<u64> = 2..=10_000;
/// Events of all replications of a point, unless stated.
const BUDGET: u64 = 30_000_000;

impl Compiler<'_> {
    /// Compiles `slo`.
    pub(super) fn objectives(&mut self) {
        let Some(slo) = &self.spec.slo else { return };
        for (name, objectives) in slo.value.iter() {
            let (endpoint, place) = match name.value.as_str() {
                "total" => (None, None),
                endpoint if endpoint.contains('.') => match self.asked_endpoint(name) {
                    Some(endpoint) => (Some(endpoint), None),
                    None => continue,
                },
                _ => match self.find_place(name, &JUDGED) {
                    Some(place) => (None, Some(place)),
                    None => continue,
                },
            };
            for objective in &objectives.value.0 {
                let goal = goal(objective.value.goal);
                self.check_goal(goal, objective.span);
                match place {
                    Some(place) => self.check_goal_of_place(place, goal, objective),
                    None => self.check_goal_of_requests(endpoint, goal, objective),
                }
                if let Some(currency) = &objective.value.currency {
                    self.currency_of(currency, objective.span);
                }
                let spec::Objective { text, warns, .. } = &objective.value;
                let (text, warns) = (text.clone(), *warns);
                self.model.objectives.push(Objective { endpoint, place, goal, text, warns });
                self.objective_spans.push(objective.span);
            }
        }
        self.good_within();
    }

    /// What a place is judged by is what it has.
    fn check_goal_of_place(&mut self, id: PlaceId, goal: Goal, objective: &At<spec::Objective>) {
        let place = &self.model.places[id.index()];
        let (kind, name) = (place.kind, place.name.clone());
        let limited = self.model.stations_of(id).next().is_some();
        let versioned = self.model.versions.iter().any(|versions| versions.place == id);
        let lack = match goal {
            Goal::HitRatio(_) if kind != PlaceKind::Cache => "only caches have a hit ratio",
            Goal::Utilization(_) if !limited => "nothing is limited there",
            Goal::Age(..) if kind != PlaceKind::Queue => "only messages in queues have an age",
            Goal::Age(..) if !limited => "unlimited consumers let no message wait",
            Goal::Stale(_) if !versioned => "nothing there can be stale: no `put`, no `replication`",
            Goal::MonthlyCost(_) if place.prices.is_none() => "it has no `cost`",
            Goal::MillionCost(_) => "expected it in `total`",
            Goal::Latency(..) | Goal::Errors(_) | Goal::Apdex { .. } => OF_REQUESTS,
            Goal::GoodputRate(_) | Goal::GoodputShare(_) => OF_REQUESTS,
            _ => return,
        };
        let of_requests = lack == OF_REQUESTS;
        let help = of_requests.then(|| self.similar_request(&name)).flatten();
        let message = format!("`{}` of `{name}`", objective.value.text);
        self.sink.push(Diagnostic::error(objective.span, message).label(lack).help_if(help));
    }

    fn check_goal_of_requests(
        &mut self,
        endpoint: Option<EndpointId>,
        goal: Goal,
        objective: &At<spec::Objective>,
    ) {
        let text = &objective.value.text;
        match goal {
            Goal::HitRatio(_) | Goal::Utilization(_) | Goal::Stale(_) | Goal::Age(..) => {
                let message = format!("`{text}` of requests");
                self.sink.push(
                    Diagnostic::error(objective.span, message)
                        .label("this is about a place")
                        .help("name the place: `slo: {products: [hit_ratio > 90%]}`"),
                );
            }
            Goal::MonthlyCost(_) | Goal::MillionCost(_) if endpoint.is_some() => {
                self.error(objective.span, format!("`{text}` of an endpoint"), "expected it in `total`");
            }
            Goal::MonthlyCost(_) | Goal::MillionCost(_)
                if self.whole && self.model.places.iter().all(|place| place.prices.is_none()) =>
            {
                self.sink.push(
                    Diagnostic::error(objective.span, format!("`{text}`, and nothing has a price"))
                        .label("expected places with `cost`")
                        .help("say what they cost: `web: {cost: 0.17 $/h, …}`"),
                );
            }
            _ => {}
        }
    }

    /// An objective, or revenue, is about requests, so some group must ask for the endpoint.
    pub(super) fn asked_endpoint(&mut self, name: &At<String>) -> Option<EndpointId> {
        let kinds = [PlaceKind::Service, PlaceKind::External, PlaceKind::Database];
        let endpoint = self.find_endpoint(name, &kinds)?;
        let is_asked = self.model.requests.iter().any(|request| request.endpoint == endpoint);
        if !is_asked && !self.sink.has_errors() {
            let message = format!("no load group asks for `{}`", name.value);
            let help = self.similar_request(&name.value);
            self.sink.push(
                Diagnostic::error(name.span, message)
                    .label("expected an endpoint that users ask for")
                    .help_if(help),
            );
        }
        Some(endpoint)
    }

    fn check_goal(&mut self, goal: Goal, span: Span) {
        let (Goal::Latency(_, limit) | Goal::Age(_, limit) | Goal::Apdex { threshold: limit, .. }) = goal
        else {
            return;
        };
        if limit <= 0.0 {
            self.error(span, "an objective of no time at all", "expected a time above 0");
        }
    }

    /// Goodput counts answers within the tightest latency objective of the endpoint, or else of all requests.
    fn good_within(&mut self) {
        let tightest = |endpoint: Option<EndpointId>| {
            let blocks = |o: &&Objective| o.endpoint == endpoint && o.place.is_none() && !o.warns;
            let of_it = self.model.objectives.iter().filter(blocks);
            let limits = of_it.filter_map(|objective| match objective.goal {
                Goal::Latency(_, below) => Some(below),
                _ => None,
            });
            limits.min_by(f64::total_cmp)
        };
        let limits: Vec<_> = self
            .model
            .requests
            .iter()
            .map(|r| tightest(Some(r.endpoint)).or_else(|| tightest(None)))
            .collect();
        for (request, limit) in self.model.requests.iter_mut().zip(limits) {
            request.good_within = limit.map(Length::from_secs);
        }
    }

    /// Compiles `study` and `peak`.
    pub(super) fn study(&mut self) {
        let default = spec::Study::default();
        let it = self.spec.study.as_ref().map_or(&default, |study| &study.value);
        let precision = self.precision(it);
        let study = Study {
            seed: it.seed.as_ref().map_or(SEED, |seed| seed.value.0),
            precision,
            requests: it
                .requests
                .as_ref()
                .map(|n| self.within("requests", n.value.0, n.span, 1..=1_000_000_000_000)),
            duration: it.duration.as_ref().and_then(|d| self.horizon(d.value.0, d.span)),
            warmup: it.warmup.as_ref().map(|d| Length::from_secs(d.value.0)),
            replications: it.replications.as_ref().map_or(REPLICATIONS, |n| {
                self.within("replications", n.value.0, n.span, REPLICATIONS_RANGE) as u32
            }),
            budget: it
                .budget
                .as_ref()
                .map_or(BUDGET, |n| self.within("events", n.value.0, n.span, 1_000..=u64::MAX)),
        };
        if let (Some(requests), Some(duration)) = (&it.requests, &it.duration) {
            let diagnostic = Diagnostic::error(duration.span, "both `requests` and `duration`");
            self.sink.push(
                diagnostic
                    .other(requests.span, "the length of a run, given twice")
                    .label("expected one of them"),
            );
        }
        self.model.study = study;
        self.model.peak = self.peak();
    }

    fn precision(&mut self, it: &spec::Study) -> Vec<(Statistic, f64)> {
        let Some(precision) = &it.precision else { return vec![PRECISION] };
        let mut list = Vec::new();
        for (of, width) in &precision.value.0 {
            if !(width.value.0 >= 0.000_1 && width.value.0 < 1.0) {
                let message = format!("a precision of {}%", width.value.0 * 100.0);
                self.error(width.span, message, "expected a half width from 0.01% to below 100%");
            }
            list.push((statistic(of.value), width.value.0));
        }
        if list.is_empty() { vec![PRECISION] } else { list }
    }

    fn within(&mut self, what: &str, n: u64, span: Span, range: std::ops::RangeInclusive<u64>) -> u64 {
        if !range.contains(&n) {
            let expected = match *range.end() {
                u64::MAX => format!("expected at least {}", range.start()),
                end => format!("expected {} to {end}", range.start()),
            };
            self.error(span, format!("{n} {what}"), expected);
        }
        n
    }

    /// The length of a run, which simulated time must hold.
    fn horizon(&mut self, seconds: f64, span: Span) -> Option<Length> {
        if seconds <= 0.0 {
            self.error(span, "a run of no time at all", "expected a duration above 0");
            return None;
        }
        debug_assert!(SECONDS_MAX < Time::MAX.as_secs(), "a checked duration fits simulated time");
        Some(Length::from_secs(seconds))
    }

    fn peak(&mut self) -> Option<Peak> {
        let peak = self.spec.peak.as_ref()?;
        match (&peak.value.users, &peak.value.rate) {
            (Some(users), None) if users.value.0 > f64::from(USERS_MAX) => {
                let message = format!("a peak of {} users", users.value.0);
                self.error(users.span, message, format!("expected at most {USERS_MAX}"));
                None
            }
            (Some(users), None) if users.value.0 > 0.0 => Some(Peak::Users(users.value.0)),
            (None, Some(rate)) if rate.value.0 > 0.0 => Some(Peak::Rate(rate.value.0)),
            (Some(_), Some(rate)) => {
                self.error(rate.span, "both `users` and `rate`", "expected one of them");
                None
            }
            (None, None) => {
                if self.whole {
                    self.error(peak.span, "a peak of nothing", "expected `users` or `rate`");
                }
                None
            }
            _ => {
                self.error(peak.span, "a peak of 0", "expected a load above 0");
                None
            }
        }
    }
}

fn statistic(statistic: spec::Statistic) -> Statistic {
    match statistic {
        spec::Statistic::Mean => Statistic::Mean,
        spec::Statistic::Quantile(q) => Statistic::Quantile(q),
    }
}

fn goal(goal: spec::Goal) -> Goal {
    match goal {
        spec::Goal::Latency(of, below) => Goal::Latency(statistic(of), below),
        spec::Goal::Errors(below) => Goal::Errors(below),
        spec::Goal::Apdex(threshold, above) => Goal::Apdex { threshold, above },
        spec::Goal::GoodputRate(above) => Goal::GoodputRate(above),
        spec::Goal::GoodputShare(above) => Goal::GoodputShare(above),
        spec::Goal::HitRatio(above) => Goal::HitRatio(above),
        spec::Goal::Utilization(below) => Goal::Utilization(below),
        spec::Goal::Stale(below) => Goal::Stale(below),
        spec::Goal::Age(of, below) => Goal::Age(statistic(of), below),
        spec::Goal::MonthlyCost(below) => Goal::MonthlyCost(below),
        spec::Goal::MillionCost(below) => Goal::MillionCost(below),
    }
}
