//! Load groups, and the requests they ask for.

use std::collections::HashMap;

use super::Compiler;
use super::classes::NORMAL;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::dist::DistError;
use crate::ids::{EndpointId, GroupId};
use crate::model::{Group, PlaceKind, Request, Source, USERS_MAX};
use crate::spec::decode::{At, listed};
use crate::spec::law::illegal;
use crate::spec::load::{self as spec, Load, Process};
use crate::spec::quantity::{RATE_MAX, RATE_MIN};
use crate::workload::{Arrivals, Phase};

/// More users than this cannot be told apart by an open stream.
const FROM_USERS_MAX: u64 = u32::MAX as u64;
/// The most requests that come at once.
const BATCH_MAX: f64 = 100_000.0;

/// Names that mean something else behind `load.`.
const RESERVED: [&str; 5] = ["load", "study", "slo", "peak", "total"];

impl<'a> Compiler<'a> {
    /// Compiles all groups.
    pub(super) fn load(&mut self) {
        match self.spec.load.as_ref().map(|load| (&load.value, load.span)) {
            None => {}
            Some((Load::One(group), _)) => self.load_group("load", group.span, group),
            Some((Load::Many(groups), span)) => {
                if groups.entries.is_empty() {
                    self.error(span, "no load", "expected `users` or `rate`, and `requests`");
                }
                for (name, group) in groups.iter() {
                    self.check_group_name(name);
                    self.load_group(&name.value, name.span, group);
                }
                self.check_users(span);
            }
        }
        self.name_requests();
    }

    /// Each group alone has been held against the limit already.
    fn check_users(&mut self, span: Span) {
        let users = |group: &Group| match group.source {
            Source::Closed { users, .. } => u64::from(users),
            Source::Open { .. } => 0,
        };
        let all: u64 = self.model.groups.iter().map(users).sum();
        if all > u64::from(USERS_MAX) {
            self.error(span, format!("{all} users in all"), format!("expected at most {USERS_MAX}"));
        }
    }

    fn check_group_name(&mut self, name: &At<String>) {
        self.check_name_of(name, "a load group");
        if RESERVED.contains(&name.value.as_str()) {
            let message = format!("a load group cannot be called `{}`", name.value);
            self.error(name.span, message, format!("`{}` means that section of the model", name.value));
        }
    }

    fn load_group(&mut self, name: &str, span: Span, group: &'a At<spec::Group>) {
        let it = &group.value;
        let source = self.source(it, span);
        let timeout = it.timeout.as_ref().and_then(|law| self.dist(law));
        let class = self.class(it.priority.as_ref()).unwrap_or(NORMAL);
        let asked = self.asked(it);
        let weights: Vec<f64> = asked.iter().map(|(_, weight, _)| *weight).collect();
        let (Some(source), Some(mix)) = (source, self.table(&weights)) else { return };
        let id = GroupId(self.model.groups.len() as u32);
        let first = self.model.requests.len() as u32;
        let sum: f64 = weights.iter().sum();
        let region = self.region(it.region.as_ref());
        for (endpoint, weight, named) in asked {
            let via = self.request_from(name, region, endpoint, named);
            let class = self.model.endpoints[endpoint.index()].class.unwrap_or(class);
            self.model.requests.push(Request {
                group: id,
                endpoint,
                share: weight / sum,
                class,
                name: String::new(),
                good_within: None,
                via,
            });
        }
        let requests = first..self.model.requests.len() as u32;
        self.group_spans.push(span);
        self.group_timeouts.push(it.timeout.as_ref().map(|timeout| timeout.span));
        self.model.groups.push(Group { name: name.to_owned(), source, timeout, class, mix, requests });
    }

    /// What a group asks for, with weights above 0, and where that is written.
    fn asked(&mut self, it: &spec::Group) -> Vec<(EndpointId, f64, Span)> {
        let Some(requests) = &it.requests else { return Vec::new() };
        let kinds = [PlaceKind::Service, PlaceKind::External, PlaceKind::Database];
        let mut asked = Vec::new();
        let mut sum = 0.0;
        for (name, weight) in requests.value.iter() {
            sum += weight.value.0;
            let endpoint = self.find_endpoint(name, &kinds);
            let endpoint = endpoint.filter(|_| weight.value.0 > 0.0);
            asked.extend(endpoint.map(|endpoint| (endpoint, weight.value.0, name.span)));
        }
        if self.whole && !(sum > 0.0 && f64::is_finite(sum)) {
            let message = if requests.value.entries.is_empty() {
                "nothing is asked for"
            } else {
                "the weights of the requests sum to 0"
            };
            let all: Vec<String> = (0..self.model.endpoints.len().min(4))
                .map(|i| self.endpoint_name(EndpointId(i as u32)))
                .collect();
            let names: Vec<&str> = all.iter().map(String::as_str).collect();
            self.sink.push(
                Diagnostic::error(requests.span, message)
                    .label("expected a weight above 0")
                    .help_if((!names.is_empty()).then(|| format!("endpoints are {}", listed(&names, 4)))),
            );
        }
        asked
    }

    fn source(&mut self, it: &'a spec::Group, span: Span) -> Option<Source> {
        let phases =
            it.arrivals.as_ref().is_some_and(|arrivals| matches!(arrivals.value.process, Process::Phases(_)));
        match (&it.users, &it.rate) {
            (Some(users), Some(rate)) => {
                let diagnostic =
                    Diagnostic::error(rate.span, "both `users` and `rate`").other(users.span, "closed load");
                self.sink.push(diagnostic.label("open load").help("name two groups to have both"));
                None
            }
            (Some(users), None) => self.closed(it, users),
            (None, rate) if rate.is_some() || phases => self.open_source(it, rate.as_ref(), span),
            _ => {
                if self.whole {
                    self.error(
                        span,
                        "neither `users` nor `rate`",
                        "expected closed load (`users` and `think`) or open load (`rate`)",
                    );
                }
                None
            }
        }
    }

    fn closed(&mut self, it: &'a spec::Group, users: &At<crate::spec::quantity::Whole>) -> Option<Source> {
        for (key, span) in [
            ("arrivals", it.arrivals.as_ref().map(|arrivals| arrivals.span)),
            ("from_users", it.from_users.as_ref().map(|users| users.span)),
        ] {
            if let Some(span) = span {
                self.error(span, format!("`{key}` in closed load"), "it belongs to open load (`rate`)");
            }
        }
        if !(1..=u64::from(USERS_MAX)).contains(&users.value.0) {
            self.error(users.span, format!("{} users", users.value.0), format!("expected 1 to {USERS_MAX}"));
            return None;
        }
        let Some(think) = &it.think else {
            if self.whole {
                self.sink.push(
                    Diagnostic::error(users.span, "`users` without `think`")
                        .label("expected the time between an answer and the next request")
                        .help("write `think: 0s` for users who never pause"),
                );
            }
            return None;
        };
        Some(Source::Closed { users: users.value.0 as u32, think: self.dist(think)? })
    }

    fn open_source(
        &mut self,
        it: &'a spec::Group,
        rate: Option<&At<crate::spec::quantity::PerSecond>>,
        span: Span,
    ) -> Option<Source> {
        if let Some(think) = &it.think {
            self.error(think.span, "`think` in open load", "it belongs to closed load (`users`)");
        }
        let from_users = match it.from_users.as_ref().map(|users| (users.value.0, users.span)) {
            Some((n, span)) if !(1..=FROM_USERS_MAX).contains(&n) => {
                self.error(
                    span,
                    format!("requests from {n} users"),
                    format!("expected 1 to {FROM_USERS_MAX}"),
                );
                None
            }
            other => other.map(|(n, _)| n as u32),
        };
        let arrivals = self.arrivals(it, rate)?;
        let shown = rate.map_or(span, |rate| rate.span);
        if arrivals.rate() <= 0.0 {
            self.error(shown, "a rate of 0", "expected some requests per second");
            return None;
        }
        if arrivals.rate() < RATE_MIN {
            let message = format!("a rate of {:e}/s", arrivals.rate());
            self.error(shown, message, "expected a request a year at the least");
            return None;
        }
        if arrivals.rate() > RATE_MAX {
            self.error(
                shown,
                format!("a rate of {:e}/s", arrivals.rate()),
                format!("expected at most {RATE_MAX:e}/s"),
            );
            return None;
        }
        Some(Source::Open { arrivals, from_users })
    }

    fn arrivals(
        &mut self,
        it: &'a spec::Group,
        rate: Option<&At<crate::spec::quantity::PerSecond>>,
    ) -> Option<Arrivals> {
        let Some(given) = &it.arrivals else {
            return rate.and_then(|rate| self.checked(Arrivals::poisson(rate.value.0), rate.span));
        };
        let per_s = rate.map_or(0.0, |rate| rate.value.0);
        let span = given.span;
        let process = match &given.value.process {
            Process::Phases(phases) => {
                if let Some(rate) = rate {
                    let diagnostic = Diagnostic::error(rate.span, "both `rate` and `phases`")
                        .other(phases.span, "each phase has its rate");
                    self.sink.push(diagnostic.help("remove `rate`; a sweep scales all phases"));
                }
                self.phases(phases)?
            }
            Process::Poisson => self.checked(Arrivals::poisson(per_s), span)?,
            Process::Deterministic => self.checked(Arrivals::deterministic(per_s), span)?,
            Process::Cv(cv) => self.checked(Arrivals::renewal_cv(per_s, cv.value), cv.span)?,
            Process::Gaps(law) => {
                let gap = self.make_dist(law)?;
                self.checked(Arrivals::renewal(per_s, &gap), law.span)?
            }
        };
        let Some(batch) = &given.value.batch else { return Some(process) };
        let size = self.make_count(batch)?;
        if size.mean() > BATCH_MAX {
            self.error(batch.span, "too many requests at once", format!("expected at most {BATCH_MAX}"));
            return None;
        }
        self.checked(process.batched(size), batch.span)
    }

    fn phases(&mut self, phases: &At<Vec<At<spec::Phase>>>) -> Option<Arrivals> {
        let mut list = Vec::new();
        for phase in &phases.value {
            let (rate, length) = (phase.value.rate.as_ref()?, phase.value.length.as_ref()?);
            let length = self.make_dist(length)?;
            list.push(self.checked(Phase::new(rate.value.0, length), phase.span)?);
        }
        self.checked(Arrivals::phases(list), phases.span)
    }

    fn checked<T>(&mut self, result: Result<T, DistError>, span: Span) -> Option<T> {
        result.map_err(|error| self.sink.push(illegal(&error, span, "these arrivals"))).ok()
    }

    /// `web.browse`, with the group in front where several groups ask for it.
    fn name_requests(&mut self) {
        let mut askers: HashMap<EndpointId, usize> = HashMap::new();
        for request in &self.model.requests {
            *askers.entry(request.endpoint).or_default() += 1;
        }
        for i in 0..self.model.requests.len() {
            let request = &self.model.requests[i];
            let endpoint = self.endpoint_name(request.endpoint);
            let group = &self.model.groups[request.group.index()].name;
            let name = if askers[&request.endpoint] > 1 { format!("{group}/{endpoint}") } else { endpoint };
            self.model.requests[i].name = name;
        }
    }

    /// For messages: what a name that is no endpoint could have meant.
    pub(super) fn similar_request(&self, name: &str) -> Option<String> {
        let names: Vec<String> = self
            .model
            .requests
            .iter()
            .map(|request| self.endpoint_name(request.endpoint))
            .chain(["total".to_owned()])
            .collect();
        nearest(name, names.iter().map(String::as_str)).map(|near| format!("a similar name exists: `{near}`"))
    }
}
