//! Steps around steps: `hold`, `repeat`, `optimistic` and `choose`.

use super::Compiler;
use super::program::{Held, Program};
use crate::dist::Popularity;
use crate::model::{Op, PlaceKind};
use crate::spec::decode::At;
use crate::spec::step::{Branch, HoldStep, Optimistic, Repeat, Step};

impl<'a> Compiler<'a> {
    /// Takes a slot or a lock, and holds it during some steps.
    pub(super) fn hold(&mut self, program: &mut Program<'a>, it: &'a HoldStep) {
        let Some(name) = &it.pool else { return };
        let Some(place) = self.find_place(name, &[PlaceKind::Pool]) else { return };
        let Some(pool) = self.pool_at(place) else { return };
        if let Some(per) = pool.per
            && per != program.place
        {
            let owner = self.model.places[per.index()].name.clone();
            let message = format!("`{}` belongs to the replicas of `{owner}`", name.value);
            self.error(name.span, message, format!("expected a pool without `per`, or a step of `{owner}`"));
            return;
        }
        let slots = self.slots_of_hold(program, &pool, name.span);
        if let Some(key) = self.key_of(place, it.key.as_ref(), program.loads > 0) {
            self.op(Op::Key(key));
        }
        let before = program.held.len();
        for (at, slot) in slots.into_iter().enumerate() {
            let Some(slot) = slot else { continue };
            self.second_slot(program, slot, name.span);
            self.acquire(program, slot);
            // The second is the one that is named.
            program.held.push(Held { slot, span: name.span, along: at != 1 });
        }
        self.steps(program, it.body.as_ref().map_or(&[], |body| &body.value.0));
        program.held.truncate(before);
        self.release_all(program, slots);
    }

    /// Again and again: a number of times, or while a coin says so.
    pub(super) fn repeat(&mut self, program: &mut Program<'a>, what: &'a At<Repeat>) {
        let it = &what.value;
        let body = it.body.as_ref().map_or(&[][..], |body| &body.value.0);
        match (&it.times, &it.again) {
            (Some(times), None) => {
                let Some(times) = self.count(times) else { return };
                let open = self.op(Op::Repeat { times, end: 0 });
                self.turn(program, body);
                self.op(Op::Again { start: open + 1 });
                self.model.ops[open as usize] = Op::Repeat { times, end: self.here() };
            }
            (None, Some(again)) => {
                if again.value.0 >= 1.0 {
                    self.error(again.span, "a loop that never ends", "expected a probability below 100%");
                    return;
                }
                let Some(table) = self.coin(again.value.0) else { return };
                let open = self.op(Op::While { table, end: 0 });
                self.turn(program, body);
                self.op(Op::Jump(open));
                self.model.ops[open as usize] = Op::While { table, end: self.here() };
            }
            (Some(_), Some(again)) => {
                self.error(again.span, "both `times` and `while`", "expected one of them")
            }
            (None, None) if self.whole => {
                self.error(what.span, "a `repeat` without `times` or `while`", "expected how often it runs");
            }
            (None, None) => {}
        }
    }

    /// Again and again, until nobody else has written meanwhile.
    pub(super) fn optimistic(&mut self, program: &mut Program<'a>, what: &'a At<Optimistic>) {
        const MAX: u64 = 1_000;
        let it = &what.value;
        let Some(on) = &it.on else { return };
        let Some(place) = self.find_place(on, &[PlaceKind::Database]) else { return };
        let Some(keys) = self.model.places[place.index()].keys.as_ref().map(Popularity::len) else {
            let help = "say which keys the database has: `keys`";
            return self.error(on.span, "optimistic locking without keys", help);
        };
        let attempts = it.attempts.as_ref().map_or(10, |attempts| attempts.value.0);
        if !(1..=MAX).contains(&attempts) {
            let span = it.attempts.as_ref().map_or(what.span, |attempts| attempts.span);
            return self.error(span, format!("{attempts} attempts"), format!("expected 1 to {MAX}"));
        }
        if let Some(key) = self.key_of(place, it.key.as_ref(), program.loads > 0) {
            self.op(Op::Key(key));
        }
        let versions = self.optimistic_versions(place, keys);
        let Some(always) = self.coin(1.0) else { return };
        let times = self.constant_count(attempts);
        let open = self.op(Op::Repeat { times, end: 0 });
        self.op(Op::Snapshot(versions));
        self.turn(program, it.body.as_ref().map_or(&[], |body| &body.value.0));
        let validate = self.op(Op::Validate { versions, done: 0 });
        self.op(Op::Again { start: open + 1 });
        let end = self.op(Op::Fail(always));
        self.model.ops[open as usize] = Op::Repeat { times, end };
        self.model.ops[validate as usize] = Op::Validate { versions, done: end + 1 };
    }

    /// One of several blocks, by weight.
    pub(super) fn choose(&mut self, program: &mut Program<'a>, branches: &'a At<Vec<At<Branch>>>) {
        let whole: Option<Vec<_>> = branches
            .value
            .iter()
            .map(|b| Some((b.value.weight.as_ref()?.value.0, b.value.body.as_ref()?)))
            .collect();
        let Some(whole) = whole else { return };
        let weights: Vec<f64> = whole.iter().map(|(weight, _)| *weight).collect();
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            if self.whole {
                self.error(
                    branches.span,
                    "the weights of the branches sum to 0",
                    "expected a weight above 0",
                );
            }
            return;
        }
        let Some(table) = self.table(&weights) else { return };
        self.op(Op::Choose(table));
        let row = self.here();
        for _ in &whole {
            self.op(Op::Jump(0));
        }
        let mut exits = Vec::new();
        for (i, (_, body)) in whole.iter().enumerate() {
            self.model.ops[row as usize + i] = Op::Jump(self.here());
            self.steps(program, &body.value.0);
            if i + 1 < whole.len() {
                exits.push(self.op(Op::Jump(0)));
            }
        }
        let end = self.here();
        for exit in exits {
            self.model.ops[exit as usize] = Op::Jump(end);
        }
    }

    /// The steps of one turn of a loop.
    fn turn(&mut self, program: &mut Program<'a>, body: &'a [At<Step>]) {
        program.loops += 1;
        self.model.loops_max = self.model.loops_max.max(program.loops);
        self.steps(program, body);
        program.loops -= 1;
    }
}
