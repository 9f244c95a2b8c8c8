//! Several steps at once: `parallel`, by a list, by number, or once at each replica or shard.

use super::Compiler;
use super::program::{Aside, Call, Program, branch_site};
use crate::diagnostic::Span;
use crate::ids::{MemberId, SiteId};
use crate::model::{Balance, Op, Site};
use crate::spec::decode::At;
use crate::spec::step::{Block, Each, Fan, Parallel, Step};

impl<'a> Compiler<'a> {
    /// Several at once.
    pub(super) fn parallel(&mut self, program: &mut Program<'a>, what: &'a At<Parallel>) {
        let (held, outer) = (program.held.len(), program.outer.len());
        program.outer.append(&mut program.held);
        self.branches(program, what);
        program.held = program.outer.split_off(outer);
        debug_assert_eq!(program.held.len(), held, "what was held is held again");
    }

    fn branches(&mut self, program: &mut Program<'a>, what: &'a At<Parallel>) {
        match &what.value {
            Parallel::List(branches) => {
                if branches.is_empty() && self.whole {
                    self.error(what.span, "a `parallel` without branches", "expected at least one");
                }
                let first = SiteId(self.model.sites.len() as u32);
                let sites: Vec<_> = branches
                    .iter()
                    .filter_map(|branch| self.branch(program, &branch.value, 1, false))
                    .collect();
                if !sites.is_empty() {
                    let count = sites.len() as u32;
                    self.op(Op::Call { first, count, need: count });
                }
            }
            Parallel::Fan(fan) => self.fan(program, fan, what.span),
        }
    }

    /// A site for one branch: the call itself where it is nothing else, or a block of steps.
    fn branch(
        &mut self,
        program: &mut Program<'a>,
        body: &'a Block,
        copies: u32,
        cancel: bool,
    ) -> Option<SiteId> {
        if let [At { value: Step::Call(step), .. }] = body.0.as_slice() {
            let mut call = self.resolve(program, step)?;
            call.cancel |= cancel;
            let is_bare = call.slots == [None; 2]
                && call.key.is_none()
                && call.way.is_free()
                && step.retry.is_none()
                && step.deadline.is_none()
                && step.on_error.is_none();
            if is_bare {
                return Some(self.direct_site(program, &call, copies));
            }
        }
        let step = self.step_name(program, "#branch");
        let site = self.site(Site { copies, cancel, step, ..branch_site() });
        self.put_aside(program, site, Aside::Steps(&body.0));
        Some(site)
    }

    /// The same many times: by number, or once at each replica.
    fn fan(&mut self, program: &mut Program<'a>, fan: &'a Fan, span: Span) {
        let Some(body) = &fan.body else { return };
        let cancel = fan.cancel.as_ref().is_some_and(|cancel| cancel.value);
        let first = SiteId(self.model.sites.len() as u32);
        let (sites, copies) = match (&fan.times, &fan.each) {
            (Some(times), None) => {
                let Some(copies) = self.copies(times.value.0, times.span) else { return };
                let Some(site) = self.branch(program, &body.value, copies, cancel) else { return };
                if let Some(at_once) = &fan.at_once {
                    let Some(at_once) = self.copies(at_once.value.0, at_once.span) else { return };
                    self.model.sites[site.index()].at_once = at_once;
                }
                (1, copies)
            }
            (None, Some(_)) if fan.at_once.is_some() => {
                let span = fan.at_once.as_ref().map_or(span, |at_once| at_once.span);
                return self.error(span, "`at_once` with `each`", "expected `times`");
            }
            (None, Some(each)) => {
                let Some(sites) = self.each_replica(program, &body.value, each, cancel) else { return };
                (sites, sites)
            }
            (Some(_), Some(each)) => {
                return self.error(each.span, "both `times` and `each`", "expected one of them");
            }
            (None, None) => {
                if self.whole {
                    self.error(
                        span,
                        "a `parallel` with `do` but neither `times` nor `each`",
                        "expected how many times",
                    );
                }
                return;
            }
        };
        let need = match &fan.need {
            None => copies,
            Some(need) if (1..=u64::from(copies)).contains(&need.value.0) => need.value.0 as u32,
            Some(need) => {
                let message = format!("{} answers are needed of {copies}", need.value.0);
                return self.error(need.span, message, format!("expected 1 to {copies}"));
            }
        };
        self.op(Op::Call { first, count: sites, need });
    }

    fn copies(&mut self, times: u64, span: Span) -> Option<u32> {
        const MAX: u64 = 10_000;
        if !(1..=MAX).contains(&times) {
            self.error(span, format!("{times} times at once"), format!("expected 1 to {MAX}"));
            return None;
        }
        Some(times as u32)
    }

    /// One site for each replica of the place called; answers how many.
    fn each_replica(
        &mut self,
        program: &mut Program<'a>,
        body: &'a Block,
        each: &At<Each>,
        cancel: bool,
    ) -> Option<u32> {
        let At { span, value: each } = *each;
        let [At { value: Step::Call(step), .. }] = body.0.as_slice() else {
            self.error(
                span,
                "`each: replicas` goes over the replicas that a call may reach",
                "expected one `call` or `query` under `do`",
            );
            return None;
        };
        let mut call = self.resolve(program, step)?;
        call.cancel |= cancel;
        let balancer = &self.model.balancers[self.model.endpoints[call.endpoint.index()].balancer.index()];
        if balancer.policy == Balance::Central {
            self.error(
                span,
                "`each: replicas` of a place with one queue for all",
                "expected another `balance` there",
            );
            return None;
        }
        if call.part.is_some() {
            self.error(
                span,
                "not supported: `each` of a database that is read from the nearest",
                "expected another `reads` there",
            );
            return None;
        }
        let members = balancer.members.clone();
        let sharded = self.model.endpoints[call.endpoint.index()].shards.is_some();
        if sharded && matches!(each, Each::Replicas) {
            self.error(
                span,
                "not supported: `each: replicas` of a database with shards",
                "expected `each: shards`",
            );
            return None;
        }
        let shards = self.model.endpoints[call.endpoint.index()].shards.map_or(1, |shards| shards.shards);
        let each: Vec<(Option<MemberId>, Option<u32>)> = match each {
            Each::Replicas => members.clone().map(|m| (Some(MemberId(m)), None)).collect(),
            Each::Shards if shards == 1 => {
                self.error(span, "`each: shards` of a database that has none", "expected `shards` there");
                return None;
            }
            Each::Shards => (0..shards).map(|shard| (None, Some(shard))).collect(),
        };
        let members = each;
        if members.len() > 10_000 {
            self.error(span, format!("{} calls at once", members.len()), "expected at most 10000");
            return None;
        }
        let is_bare = call.key.is_none()
            && call.way.is_free()
            && call.slots == [None; 2]
            && step.retry.is_none()
            && step.deadline.is_none()
            && step.on_error.is_none();
        for &(member, part) in &members {
            let call = Call { member, part, ..call };
            if is_bare {
                self.direct_site(program, &call, 1);
            } else {
                let step = self.step_name(program, "#branch");
                let site = self.site(Site { cancel: call.cancel, step, ..branch_site() });
                self.put_aside(program, site, Aside::Call(call));
            }
        }
        Some(members.len() as u32)
    }
}
