//! Calls: timeouts, retries, deadlines and fallbacks around one target.
//!
//! A call is wrapped from the inside out. One *attempt* asks the endpoint, through a pool where there is one; its site has
//! the timeout. *All attempts* are that site with its retries. A *deadline* is a branch around all attempts, with a site of
//! its own. What is left after that, an error, meets `on_error` at the outermost site.

use super::Compiler;
use super::program::{Aside, Call, Program, branch_site};
use super::warnings::Patience;
use crate::diagnostic::Span;
use crate::ids::{DistId, EndpointId, PlaceId, SiteId};
use crate::model::{Backoff, Jitter, OnError, Op, PlaceKind, Site, Target};
use crate::spec::decode::At;
use crate::spec::law::Law;
use crate::spec::step::{self, CallStep, Retry};

/// Back-off unless stated: each wait twice the last.
const FACTOR: f64 = 2.0;
/// The longest back-off unless stated, in seconds.
const BACKOFF_MAX_S: f64 = 30.0;
/// More attempts than any client makes.
const ATTEMPTS_MAX: u64 = 1_000;

impl<'a> Compiler<'a> {
    /// A `call` or `query` step.
    pub(super) fn call_step(&mut self, program: &mut Program<'a>, step: &'a CallStep) {
        if let Some(call) = self.resolve(program, step) {
            self.whole_call(program, &call);
        }
    }

    /// A call with all that is around it.
    pub(super) fn whole_call(&mut self, program: &mut Program<'a>, call: &Call<'a>) {
        let step = call.step;
        if let Some(key) = call.key {
            self.op(Op::Key(key));
        }
        let is_plain = step.timeout.is_none()
            && step.retry.is_none()
            && step.deadline.is_none()
            && step.on_error.is_none();
        if is_plain {
            self.one_attempt(program, call);
            return;
        }
        let site = match &step.deadline {
            None => self.attempts_site(program, call),
            Some(deadline) => {
                let timeout = self.patience(deadline, call);
                let name = format!("{}#deadline", self.endpoint_name(call.endpoint));
                let step = self.step_name(program, &name);
                let site = self.site(Site {
                    timeout,
                    cancel: call.cancel,
                    class: call.class,
                    step,
                    ..branch_site()
                });
                self.put_aside(program, site, Aside::Attempts(*call));
                site
            }
        };
        self.op(Op::Call { first: site, count: 1, need: 1 });
        self.on_error(program, site, step.on_error.as_ref());
    }

    /// Finds the target of a call and the pools on the way.
    pub(super) fn resolve(&mut self, program: &Program<'a>, step: &'a CallStep) -> Option<Call<'a>> {
        let target = step.target.as_ref()?;
        let kinds: &[PlaceKind] =
            if step.is_query { &[PlaceKind::Database] } else { &[PlaceKind::Service, PlaceKind::External] };
        let endpoint = self.find_endpoint(target, kinds)?;
        let to = self.model.endpoints[endpoint.index()].place;
        let attempts = step.retry.as_ref().and_then(|retry| retry.value.attempts.as_ref());
        let attempts = attempts.map_or(1, |attempts| attempts.value.0.clamp(1, ATTEMPTS_MAX) as u32);
        self.note_call(program, endpoint, target.span, attempts);
        let nearest = self.nearest_of(endpoint, self.regions.region_of(program.place), target.span);
        let region = nearest.map(|(_, region)| region);
        let slots = self.slots_to(program, to, target.span);
        Some(Call {
            step,
            endpoint,
            member: None,
            part: nearest.map(|(part, _)| part),
            key: self.key_of(to, step.key.as_ref(), program.loads > 0),
            slots,
            way: self.way(program.place, to, region, step.connect.as_ref(), target.span),
            class: self.class(step.priority.as_ref()),
            cancel: step.cancel.as_ref().is_some_and(|cancel| cancel.value),
        })
    }

    /// Asks an endpoint without more ado, as a look-up does.
    pub(super) fn ask(
        &mut self,
        program: &mut Program<'a>,
        endpoint: EndpointId,
        place: PlaceId,
        beside: bool,
        span: Span,
    ) {
        self.note_call(program, endpoint, span, 1);
        let slots = self.slots_to(program, place, span);
        let way = self.way(program.place, place, None, None, span);
        let name = self.endpoint_name(endpoint);
        let step = self.step_name(program, &name);
        let target = if beside { Target::Beside(endpoint) } else { Target::Endpoint(endpoint) };
        let site = self.site(Site { target, step, ..branch_site() });
        self.acquire_all(program, slots);
        self.travel(way);
        self.op(Op::Call { first: site, count: 1, need: 1 });
        self.release_all(program, slots);
    }

    /// One attempt in line: the slots, the way, the call, the slots back.
    pub(super) fn one_attempt(&mut self, program: &mut Program<'a>, call: &Call<'a>) {
        self.acquire_all(program, call.slots);
        self.travel(call.way);
        let site = self.bare_site(program, call);
        self.op(Op::Call { first: site, count: 1, need: 1 });
        self.release_all(program, call.slots);
    }

    /// All attempts in line.
    pub(super) fn all_attempts(&mut self, program: &mut Program<'a>, call: &Call<'a>) {
        let site = self.attempts_site(program, call);
        self.op(Op::Call { first: site, count: 1, need: 1 });
    }

    /// The endpoint itself, without timeout and retries.
    fn bare_site(&mut self, program: &mut Program<'a>, call: &Call<'a>) -> SiteId {
        let target = match (call.member, call.part) {
            (Some(member), _) => Target::Member(call.endpoint, member),
            (None, Some(part)) => Target::Part(call.endpoint, part),
            (None, None) => Target::Endpoint(call.endpoint),
        };
        let name = self.endpoint_name(call.endpoint);
        let step = self.step_name(program, &name);
        self.site(Site { target, cancel: call.cancel, class: call.class, step, ..branch_site() })
    }

    /// The endpoint with its timeout, as a branch of a `parallel`.
    pub(super) fn direct_site(&mut self, program: &mut Program<'a>, call: &Call<'a>, copies: u32) -> SiteId {
        let site = self.bare_site(program, call);
        let timeout = call.step.timeout.as_ref().and_then(|law| self.patience(law, call));
        let it = &mut self.model.sites[site.index()];
        (it.timeout, it.copies) = (timeout, copies);
        site
    }

    /// One site with timeout and retries. Where the call takes a slot or travels first, an attempt is a branch, so that the
    /// timeout covers the wait for the slot and the way.
    fn attempts_site(&mut self, program: &mut Program<'a>, call: &Call<'a>) -> SiteId {
        let site = if call.slots != [None; 2] || !call.way.is_free() {
            let name = format!("{}#attempt", self.endpoint_name(call.endpoint));
            let step = self.step_name(program, &name);
            let site = self.site(Site { cancel: call.cancel, class: call.class, step, ..branch_site() });
            self.put_aside(program, site, Aside::Attempt(*call));
            site
        } else {
            self.bare_site(program, call)
        };
        let timeout = call.step.timeout.as_ref().and_then(|law| self.patience(law, call));
        let (attempts, backoff) = self.retry(call.step.retry.as_ref());
        let it = &mut self.model.sites[site.index()];
        (it.timeout, it.attempts, it.backoff) = (timeout, attempts, backoff);
        site
    }

    /// Enters a timeout or deadline of a call, and notes it for the warnings.
    fn patience(&mut self, law: &At<Law>, call: &Call<'a>) -> Option<DistId> {
        let dist = self.dist(law)?;
        let way_s = self.way_s(call.way);
        self.patience.push(Patience { span: law.span, dist, endpoint: call.endpoint, way_s });
        Some(dist)
    }

    fn retry(&mut self, retry: Option<&At<Retry>>) -> (u32, Option<Backoff>) {
        let Some(retry) = retry else { return (1, None) };
        let attempts = match &retry.value.attempts {
            Some(attempts) if !(1..=ATTEMPTS_MAX).contains(&attempts.value.0) => {
                let message = format!("{} attempts", attempts.value.0);
                self.error(
                    attempts.span,
                    message,
                    format!("expected 1 to {ATTEMPTS_MAX}, the first included"),
                );
                1
            }
            Some(attempts) => attempts.value.0 as u32,
            None => 1,
        };
        (attempts, retry.value.backoff.as_ref().and_then(|backoff| self.backoff(backoff)))
    }

    fn backoff(&mut self, backoff: &At<step::Backoff>) -> Option<Backoff> {
        let it = &backoff.value;
        let first = it.first.as_ref()?.value.0;
        let factor = it.factor.as_ref().map_or(FACTOR, |factor| factor.value.0);
        if factor < 1.0 {
            let span = it.factor.as_ref().map_or(backoff.span, |factor| factor.span);
            self.error(span, format!("a factor of {factor}"), "expected at least 1: waits do not shrink");
        }
        let max = it.max.as_ref().map_or(BACKOFF_MAX_S.max(first), |max| max.value.0);
        if max < first {
            let span = it.max.as_ref().map_or(backoff.span, |max| max.span);
            self.error(
                span,
                "the longest back-off is shorter than the first",
                "expected `max` at least as long as `first`",
            );
        }
        let jitter = match it.jitter.as_ref().map(|jitter| jitter.value) {
            None | Some(step::Jitter::None) => Jitter::None,
            Some(step::Jitter::Full) => Jitter::Full,
            Some(step::Jitter::Equal) => Jitter::Equal,
        };
        Some(Backoff { first, factor, max, jitter })
    }

    /// What becomes of the error of a call just written.
    fn on_error(&mut self, program: &mut Program<'a>, site: SiteId, on_error: Option<&'a At<step::OnError>>) {
        match on_error.map(|on_error| &on_error.value) {
            None => {}
            Some(step::OnError::Continue) => self.model.sites[site.index()].on_error = OnError::Continue,
            Some(step::OnError::Fallback(steps)) => {
                let back = self.here();
                let (holds, loops) = program.depth();
                self.put_aside(program, site, Aside::Fallback { steps: &steps.0, back, holds, loops });
            }
        }
    }
}
