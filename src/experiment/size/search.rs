//! The search at one milestone: what is simulated next, and when a winner is one.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::AT_MOST;
use super::answer::{Configuration, Counts, MilestoneRow, Missed, Verdict};
use super::grid::{self, Grid, Index, Lines, Screen};
use super::race::{self, Candidate, Case, Stream};
use super::{Asked, Build, SizeError, words};
use crate::experiment::answer::{Estimate, Found, Point};
use crate::experiment::edge::bound;
use crate::experiment::limit;
use crate::experiment::loads::Dial;
use crate::experiment::options::{Options, Progress};
use crate::experiment::point;
use crate::experiment::rounds::Job;
use crate::ids::StationId;
use crate::model::Model;

/// Candidates that get their first look together.
const BATCH: usize = 4;
/// Grids of no more than so many configurations are searched in order of cost alone.
const SMALL: u64 = 100;
/// Configurations put off that are simulated before a winner is called the cheapest, those next to it aside.
const DEFERRED_MAX: usize = 16;
/// After so many that all fail, nothing is said to meet the objectives.
const FUTILE: usize = 160;
/// Where not even the most of everything does.
const FUTILE_AT_TOP: usize = 32;
/// Candidates behind the first that get their longer looks beside it.
const BESIDE: usize = 2;
/// Loads at which the limit of a winner is looked for, between the milestone and the bottleneck law's bound.
const LIMIT_LOADS: usize = 6;
/// Below this the busiest resource of a winner leaves more than most want.
const IDLE: f64 = 0.6;
/// Last names of paths that count replicas.
const REPLICAS: [&str; 3] = ["replicas", "read_replicas", "nodes"];

/// What a search is about.
pub struct Task<'a, E> {
    /// All configurations.
    pub grid: &'a Grid<'a>,
    /// Each knob on its own, at each of its values.
    pub lines: &'a Lines,
    /// What the load is on.
    pub dial: &'a Dial,
    /// The load of the milestone.
    pub at: f64,
    /// What is asked.
    pub asked: &'a Asked,
    /// Makes the model of a configuration.
    pub build: Build<'a, E>,
    /// How it is simulated.
    pub options: &'a Options,
    /// Who is told.
    pub progress: &'a dyn Progress,
}

/// The search at one milestone.
pub struct Search<'a, E> {
    task: Task<'a, E>,
    screen: Screen,
    tried: BTreeMap<Index, Candidate>,
    /// By their own model: which resource, and how busy.
    excluded: BTreeMap<Index, String>,
    events: u64,
    /// How many that were put off may still be simulated.
    allowance: usize,
    remarks: Vec<String>,
    /// Of those that fresh replications did not bear out.
    unconfirmed: Vec<String>,
}

impl<'a, E> Search<'a, E> {
    /// Nothing is simulated yet.
    pub fn new(task: Task<'a, E>) -> Self {
        Self {
            screen: Screen::new(task.lines, task.dial, task.at),
            task,
            tried: BTreeMap::new(),
            excluded: BTreeMap::new(),
            events: 0,
            allowance: DEFERRED_MAX,
            remarks: Vec::new(),
            unconfirmed: Vec::new(),
        }
    }

    /// Finds the cheapest.
    pub fn run(mut self, label: String) -> Result<MilestoneRow, SizeError<E>> {
        self.corners()?;
        let order = self.order();
        let box_from = if self.open(&order) as u64 > SMALL { self.probe()? } else { self.bottom() };
        let inside = |index: &Index| self.steps_below(*index, &box_from) == 0;
        let mut ahead: Vec<Index> = order.iter().copied().filter(inside).collect();
        ahead.reverse();
        let mut outside: Vec<Index> = order.iter().copied().filter(|index| !inside(index)).collect();
        let futile = if self.dead(&self.task.grid.top()) { FUTILE_AT_TOP } else { FUTILE };
        let winner = loop {
            let Some(first) = self.cheapest() else {
                if self.tried.len() >= futile {
                    break None;
                }
                if ahead.is_empty() {
                    // Nothing inside the box: what was put off has its turn, the dearest first.
                    if outside.is_empty() {
                        break None;
                    }
                    std::mem::swap(&mut ahead, &mut outside);
                }
                self.next_batch(&mut ahead)?;
                continue;
            };
            let (verdict, looks) = (self.tried[&first].verdict, self.tried[&first].looks);
            if verdict == Verdict::Meets && looks > 1 {
                if self.rule_out_cheaper(first, &order, &box_from)? {
                    continue;
                }
                if self.confirm(first)? {
                    break Some(first);
                }
            } else if self.tried[&first].can_go_on(self.task.options) {
                self.longer(first)?;
            } else {
                self.give_up(first);
            }
        };
        self.answer(label, winner, &order)
    }

    /// Learns from the corners of the grid whether products tell the truth.
    fn corners(&mut self) -> Result<(), SizeError<E>> {
        let top = self.task.grid.top();
        let mut corners = BTreeSet::from([top.clone()]);
        for knob in 0..top.len() {
            let mut corner = top.clone();
            corner[knob] = 0;
            corners.insert(corner);
        }
        for corner in corners {
            let model = self.model(&corner)?;
            self.screen.learn(&corner, &model);
        }
        Ok(())
    }

    fn model(&self, positions: &[usize]) -> Result<Model, SizeError<E>> {
        let line = |knob: usize| &self.task.lines.models[knob][positions[knob]];
        // One knob off its first value, or none: that model is there already.
        let off: Vec<usize> = (0..positions.len()).filter(|&k| positions[k] > 0).collect();
        let model = match off[..] {
            [] => line(0).clone(),
            [knob] => line(knob).clone(),
            _ => (self.task.build)(&self.task.grid.settings(positions)).map_err(SizeError::Build)?,
        };
        Ok(self.task.dial.set(&model, self.task.at))
    }

    /// All configurations that the law does not rule out, the cheapest first; of equal cost, the one with less of everything.
    fn order(&self) -> Vec<Index> {
        let mut order: Vec<(f64, f64, Index)> = Vec::new();
        for index in 0..self.task.grid.len() as Index {
            let positions = self.task.grid.positions(index);
            if self.screen.excludes(&positions, self.task.asked.headroom).is_none() {
                order.push((cents(self.screen.cost(&positions)), self.task.grid.amount(&positions), index));
            }
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        order.into_iter().map(|(.., index)| index).collect()
    }

    fn open(&self, order: &[Index]) -> usize {
        order.iter().filter(|index| !self.excluded.contains_key(index)).count()
    }

    fn bottom(&self) -> Vec<usize> {
        vec![0; self.task.grid.knobs.len()]
    }

    /// The least of each knob that may do with the most of all others, by bisection. Below it nothing is ruled out, only put off.
    fn probe(&mut self) -> Result<Vec<usize>, SizeError<E>> {
        let top = self.task.grid.top();
        if !self.may_do(&top)? {
            return Ok(self.bottom());
        }
        let mut least = Vec::new();
        for knob in 0..top.len() {
            let (mut low, mut high) = (0, top[knob]);
            while low < high {
                let middle = (low + high) / 2;
                let mut positions = top.clone();
                positions[knob] = middle;
                if self.may_do(&positions)? { high = middle } else { low = middle + 1 }
            }
            least.push(high);
        }
        Ok(least)
    }

    /// Not ruled out, nor failing at a first look.
    fn may_do(&mut self, positions: &[usize]) -> Result<bool, SizeError<E>> {
        if self.screen.excludes(positions, self.task.asked.headroom).is_some() {
            return Ok(false);
        }
        self.first_look(&[self.task.grid.index(positions)])?;
        Ok(!self.dead(positions))
    }

    /// Ruled out, or failing.
    fn dead(&self, positions: &[usize]) -> bool {
        let index = self.task.grid.index(positions);
        self.excluded.contains_key(&index)
            || self.screen.excludes(positions, self.task.asked.headroom).is_some()
            || self.tried.get(&index).is_some_and(|c| !c.alive())
    }

    fn steps_below(&self, index: Index, from: &[usize]) -> usize {
        let positions = self.task.grid.positions(index);
        positions.iter().zip(from).map(|(at, from)| from.saturating_sub(*at)).sum()
    }

    /// The cheapest that may still win.
    fn cheapest(&self) -> Option<Index> {
        let alive = self.tried.values().filter(|c| c.alive());
        alive.min_by(|a, b| rank(a).total_cmp_to(&rank(b))).map(|c| c.index)
    }

    /// Simulates the next few of a list whose last is the next.
    fn next_batch(&mut self, ahead: &mut Vec<Index>) -> Result<(), SizeError<E>> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            let Some(index) = ahead.pop() else { break };
            if self.admit(index)? {
                batch.push(index);
            }
        }
        self.look(&batch, Stream::Race)
    }

    /// A first look at those that had none.
    fn first_look(&mut self, indexes: &[Index]) -> Result<(), SizeError<E>> {
        let mut batch = Vec::new();
        for &index in indexes {
            if self.admit(index)? {
                batch.push(index);
            }
        }
        self.look(&batch, Stream::Race)
    }

    /// Makes a candidate of a configuration that is new, unless its own model shows that a resource is short.
    fn admit(&mut self, index: Index) -> Result<bool, SizeError<E>> {
        if self.tried.contains_key(&index) || self.excluded.contains_key(&index) {
            return Ok(false);
        }
        let positions = self.task.grid.positions(index);
        let model = self.model(&positions)?;
        self.screen.learn(&positions, &model);
        let mut why = short(&model, self.task.asked.headroom, "");
        let cost = grid::costs(&model).values().sum();
        let mut cases = vec![Case::new(self.task.at, model, None)];
        if self.task.asked.survive_replica {
            for (place, lost) in self.losses(&positions)? {
                match lost {
                    Some(model) => {
                        why = why.or_else(|| short(&model, 1.0, &format!(" with one of {place} lost")));
                        cases.push(Case::new(self.task.at, model, Some(place)));
                    }
                    None => why = why.or_else(|| Some(format!("the only one of {place} may be lost"))),
                }
            }
        }
        if let Some(why) = why {
            self.excluded.insert(index, why);
            return Ok(false);
        }
        let amount = self.task.grid.amount(&positions);
        self.tried.insert(index, Candidate::new(index, cost, amount, cases));
        Ok(true)
    }

    /// For each knob that counts replicas, the model without one of them; `None` where it is the only one.
    fn losses(&self, positions: &[usize]) -> Result<Vec<(String, Option<Model>)>, SizeError<E>> {
        let mut losses = Vec::new();
        for (knob, &at) in self.task.grid.knobs.iter().zip(positions) {
            let count = knob.values[at].at;
            let Some((place, last)) = knob.path.rsplit_once('.').filter(|(_, l)| REPLICAS.contains(l)) else {
                continue;
            };
            if count < 1.0 {
                continue;
            }
            if count < 2.0 && last != "read_replicas" {
                losses.push((place.to_owned(), None));
                continue;
            }
            let mut settings = self.task.grid.settings(positions);
            let set = settings.iter_mut().find(|(path, _)| *path == knob.path).expect("it is a knob");
            set.1 = format!("{}", count - 1.0);
            let model = (self.task.build)(&settings).map_err(SizeError::Build)?;
            losses.push((place.to_owned(), Some(self.task.dial.set(&model, self.task.at))));
        }
        Ok(losses)
    }

    fn look(&mut self, indexes: &[Index], stream: Stream) -> Result<(), SizeError<E>> {
        if indexes.is_empty() {
            return Ok(());
        }
        let mut chosen: Vec<&mut Candidate> =
            self.tried.values_mut().filter(|c| indexes.contains(&c.index)).collect();
        let headroom = self.task.asked.headroom;
        self.events += race::look(&mut chosen, stream, headroom, self.task.options, self.task.progress)?;
        Ok(())
    }

    /// A longer look at a candidate, and at a few behind it.
    fn longer(&mut self, first: Index) -> Result<(), SizeError<E>> {
        let looks = self.tried[&first].looks;
        let mut behind: Vec<&Candidate> = self
            .tried
            .values()
            .filter(|c| c.alive() && c.index != first && c.looks <= looks && c.can_go_on(self.task.options))
            .collect();
        behind.sort_by(|a, b| rank(a).total_cmp_to(&rank(b)));
        let mut chosen: Vec<Index> = behind.into_iter().take(BESIDE).map(|c| c.index).collect();
        chosen.push(first);
        self.look(&chosen, Stream::Race)
    }

    fn give_up(&mut self, index: Index) {
        let candidate = self.tried.get_mut(&index).expect("it was tried");
        candidate.given_up = true;
        let why = candidate.why.clone().unwrap_or_default();
        let name = self.name(index);
        self.remarks.push(format!("{name} {why}; the next size is taken"));
    }

    /// Simulates what is cheaper than a provisional winner: all that is next to it, and of what was put off what is nearest to the box.
    /// Answers whether there was any.
    fn rule_out_cheaper(
        &mut self,
        winner: Index,
        order: &[Index],
        box_from: &[usize],
    ) -> Result<bool, SizeError<E>> {
        let end = order.iter().position(|&index| index == winner).unwrap_or(order.len());
        let new = |index: &Index| !self.tried.contains_key(index) && !self.excluded.contains_key(index);
        let mut cheaper: Vec<Index> = order[..end].iter().copied().filter(new).collect();
        let at = self.task.grid.positions(winner);
        let beside = |index: &Index| {
            let positions = self.task.grid.positions(*index);
            positions.iter().zip(&at).map(|(a, b)| a.abs_diff(*b)).sum::<usize>() == 1
        };
        cheaper.sort_by_key(|index| (!beside(index), self.steps_below(*index, box_from)));
        let neighbours = cheaper.iter().filter(|index| beside(index)).count();
        // The allowance is for all winners together, or a series of them would simulate the whole grid.
        cheaper.truncate(neighbours + self.allowance);
        self.allowance -= cheaper.len() - neighbours;
        self.first_look(&cheaper)?;
        Ok(cheaper.iter().any(|index| self.tried.get(index).is_some_and(Candidate::alive)))
    }

    /// Fresh replications have the last word.
    fn confirm(&mut self, index: Index) -> Result<bool, SizeError<E>> {
        self.tried.get_mut(&index).expect("it was tried").before_confirming();
        loop {
            self.look(&[index], Stream::Confirm)?;
            let candidate = &self.tried[&index];
            match candidate.verdict {
                Verdict::Meets => return Ok(true),
                Verdict::Undecided if candidate.can_go_on(self.task.options) => {}
                Verdict::Undecided => {
                    self.give_up(index);
                    return Ok(false);
                }
                Verdict::Fails => {
                    let why = candidate.why.clone().unwrap_or_default();
                    let name = self.name(index);
                    self.unconfirmed.push(format!("{name} was not confirmed by fresh replications: {why}"));
                    return Ok(false);
                }
            }
        }
    }

    fn values(&self, index: Index) -> Vec<String> {
        self.task
            .grid
            .settings(&self.task.grid.positions(index))
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    /// `web.replicas=8 web_db.size=20`
    fn name(&self, index: Index) -> String {
        let settings = self.task.grid.settings(&self.task.grid.positions(index));
        settings.iter().map(|(path, value)| format!("{path}={value}")).collect::<Vec<_>>().join(" ")
    }

    /// Configurations that differ in one knob by one step.
    fn neighbours(&self, index: Index) -> Vec<Index> {
        let at = self.task.grid.positions(index);
        let step = |(knob, up): (usize, bool)| {
            let mut positions = at.clone();
            positions[knob] = if up { at[knob] + 1 } else { at[knob].checked_sub(1)? };
            (positions[knob] < self.task.grid.knobs[knob].values.len())
                .then(|| self.task.grid.index(&positions))
        };
        let all = (0..at.len()).flat_map(|knob| [(knob, false), (knob, true)]);
        all.filter_map(step).collect()
    }

    /// What the next steps up of each knob would buy, and of all that cost something together.
    fn dearer(&self, winner: Index) -> Vec<Index> {
        let at = self.task.grid.positions(winner);
        let cost = cents(self.screen.cost(&at));
        let up = |knobs: &[usize], steps: usize| {
            let mut positions = at.clone();
            for &knob in knobs {
                positions[knob] = (at[knob] + steps).min(self.task.grid.knobs[knob].values.len() - 1);
            }
            positions
        };
        let costs = |&knob: &usize| cents(self.screen.cost(&up(&[knob], 1))) > cost;
        let priced: Vec<usize> = (0..at.len()).filter(costs).collect();
        let mut all: Vec<Vec<usize>> = (0..at.len()).map(|knob| up(&[knob], 1)).collect();
        all.extend(priced.iter().flat_map(|&knob| [2, 4].map(|steps| up(&[knob], steps))));
        all.extend([1, 2].map(|steps| up(&priced, steps)));
        all.iter().map(|positions| self.task.grid.index(positions)).filter(|&index| index != winner).collect()
    }

    fn answer(
        mut self,
        label: String,
        winner: Option<Index>,
        order: &[Index],
    ) -> Result<MilestoneRow, SizeError<E>> {
        let (limit_at, cause) = match winner {
            Some(winner) => {
                let dearer: Vec<Index> =
                    self.dearer(winner).into_iter().filter(|index| order.contains(index)).collect();
                self.first_look(&dearer)?;
                (self.limit(winner)?, self.tried[&winner].cause.clone())
            }
            None => (None, None),
        };
        let row = |search: &Self, c: &Candidate| c.row(search.values(c.index));
        let won = winner.map(|index| row(&self, &self.tried[&index]));
        if let Some((winner, won)) = winner.zip(won.as_ref()) {
            self.remark_on(winner, won);
        }
        if let Some((first, more)) = self.unconfirmed.split_first() {
            let more =
                if more.is_empty() { String::new() } else { format!("; nor were {} more", more.len()) };
            self.remarks.push(format!("{first}{more}"));
        }
        let tightest = won.as_ref().and_then(|won| {
            let rooms = won.checks.iter().enumerate().filter(|(_, c)| c.room.is_finite());
            rooms.min_by(|a, b| a.1.room.total_cmp(&b.1.room)).map(|(at, _)| at)
        });
        let mut tried: Vec<&Candidate> = self.tried.values().collect();
        tried.sort_by(|a, b| rank(a).total_cmp_to(&rank(b)));
        let behind = winner.and_then(|w| tried.iter().position(|c| c.index == w)).map_or(0, |at| at + 1);
        let runner_up = tried[behind.min(tried.len())..]
            .iter()
            .filter(|c| c.verdict == Verdict::Meets && !c.given_up && winner.is_some())
            // One that only has more of what costs nothing is no other answer, unless there is none.
            .min_by_key(|c| won.as_ref().is_some_and(|w| cents(c.cost) <= cents(w.cost)))
            .map(|c| row(&self, c));
        let least = tried.iter().filter(|_| winner.is_none());
        let least =
            least.min_by(|a, b| a.violation().total_cmp(&b.violation()).then(rank(a).total_cmp_to(&rank(b))));
        let cheaper_than = winner.and_then(|w| order.iter().position(|&index| index == w)).unwrap_or(0);
        let unseen = |index: &&Index| !self.tried.contains_key(index) && !self.excluded.contains_key(index);
        let counts = Counts {
            simulated: self.tried.len() as u64,
            excluded: self.task.grid.len() - order.len() as u64 + self.excluded.len() as u64,
            deferred: order[..cheaper_than].iter().filter(unseen).count() as u64,
            events: self.events,
        };
        Ok(MilestoneRow {
            at: self.task.at,
            label,
            limit_at,
            cause,
            tightest,
            next_cheaper: winner.and_then(|winner| self.next_cheaper(winner)),
            runner_up,
            least_violation: least.map(|c| row(&self, c)),
            tried: tried.iter().map(|c| row(&self, c)).collect(),
            counts,
            winner: won,
            remarks: self.no_candidate(winner, order).into_iter().chain(self.remarks).collect(),
        })
    }

    /// Where the law rules out all there is: by how little.
    fn no_candidate(&self, winner: Option<Index>, order: &[Index]) -> Option<String> {
        if winner.is_some() || !self.tried.is_empty() {
            return None;
        }
        let why = match order.last() {
            Some(index) => self.excluded.get(index).cloned()?,
            None => {
                let all = (0..self.task.grid.len() as Index).map(|index| self.task.grid.positions(index));
                let least = all
                    .filter_map(|at| self.screen.excludes(&at, self.task.asked.headroom))
                    .min_by(|a, b| a.1.total_cmp(&b.1))?;
                words::busy(&least.0, least.1, self.task.asked.headroom)
            }
        };
        Some(format!("the bottleneck law rules out all {}: at the least {why}", self.task.grid.len()))
    }

    fn remark_on(&mut self, winner: Index, won: &Configuration) {
        let Some((busy, share)) = won.busiest.as_ref().and_then(|b| Some((b, b.utilization.value?))) else {
            return;
        };
        let least = winner == 0;
        if share < IDLE {
            let why = if least { "every knob is at its least" } else { "with less something else gives way" };
            let (name, share) = (&busy.name, share * 100.0);
            self.remarks.push(format!("the busiest resource, {name}, is only {share:.0} % busy: {why}"));
        } else if least {
            self.remarks.push("every knob is at its least: less may do as well".to_owned());
        }
    }

    /// The dearest of those next to the winner that cost less, or of equal cost have less.
    fn next_cheaper(&self, winner: Index) -> Option<Missed> {
        let at = self.task.grid.positions(winner);
        let cost = self.screen.cost(&at);
        let below = self.neighbours(winner).into_iter().filter_map(|index| {
            let positions = self.task.grid.positions(index);
            let less = cents(self.screen.cost(&positions)) <= cents(cost)
                && self.task.grid.amount(&positions) < self.task.grid.amount(&at);
            let why = self.why_not(index, &positions)?;
            less.then_some((self.screen.cost(&positions), index, why))
        });
        // What saves money tells more than what only has less.
        let saves = |cost_of: f64| cents(cost_of) < cents(cost);
        let (cost, index, why) =
            below.max_by(|a, b| saves(a.0).cmp(&saves(b.0)).then(a.0.total_cmp(&b.0)))?;
        Some(Missed { values: self.values(index), cost, why })
    }

    fn why_not(&self, index: Index, positions: &[usize]) -> Option<String> {
        if let Some(candidate) = self.tried.get(&index) {
            return candidate.why.clone();
        }
        if let Some(why) = self.excluded.get(&index) {
            return Some(why.clone());
        }
        let (name, share) = self.screen.excludes(positions, self.task.asked.headroom)?;
        Some(words::busy(&name, share, self.task.asked.headroom))
    }

    /// Where the objectives hold as far as it was simulated: the bottleneck law's bound.
    fn by_law(&self, model: &Model, law: Option<(f64, StationId)>) -> Option<Found> {
        let (at, station) = law?;
        let station = &model.stations[station.index()];
        let member = grid::kind_of(&model.members[station.member.index()].name);
        Some(Found {
            load: self.task.dial.name(),
            at: Estimate::bare(at, AT_MOST),
            cause: Some(format!("{member} {}", station.resource)),
            ..Found::default()
        })
    }

    /// How far the winner carries: a short sweep from the milestone up to the bottleneck law's bound.
    fn limit(&mut self, winner: Index) -> Result<Option<Found>, SizeError<E>> {
        let model = self.model(&self.task.grid.positions(winner))?;
        let at_milestone = self.task.dial.based_at(self.task.at);
        let law = bound(&model, &at_milestone);
        // Closed users beyond N* wait, and may still be content for a while; open ones are lost at once.
        let beyond = if self.task.dial.users(&model).is_some() { 1.8 } else { 1.1 };
        let most = law.as_ref().map_or(4.0 * self.task.at, |(at, _)| at * beyond);
        let most = most.max(1.05 * self.task.at);
        let step = (most / self.task.at).powf(1.0 / (LIMIT_LOADS - 1) as f64);
        let mut loads: Vec<f64> =
            (0..LIMIT_LOADS).map(|i| at_milestone.round(self.task.at * step.powi(i as i32))).collect();
        loads.dedup();
        let mut jobs: Vec<Job> = Vec::new();
        for round in 0..2 {
            let new: Vec<Job> = loads
                .drain(..)
                .filter(|x| jobs.iter().all(|j| (j.at - x).abs() > 1e-3 * x))
                .map(|x| Job::new(x, at_milestone.set(&model, x)))
                .collect();
            let from = jobs.len();
            jobs.extend(new);
            // Only where the objective breaks does the window have to be long.
            let windows: Vec<_> = jobs[from..].iter().map(|job| (10, race::window(job, round))).collect();
            let mut fresh: Vec<&mut Job> = jobs[from..].iter_mut().collect();
            self.events += race::run(
                &mut fresh,
                &windows,
                self.task.options.seed,
                self.task.options,
                self.task.progress,
            )?;
            jobs.sort_by(|a, b| a.at.total_cmp(&b.at));
            let points: Vec<Point> = jobs.iter().map(|job| point::point(job, self.task.at)).collect();
            let name = self.task.dial.name();
            let (_, found) = limit::limits(&model, &points, &name, limit::Along::LOAD);
            let value = found.as_ref().and_then(|f| f.at.value);
            match (round, value) {
                (0, Some(x)) => loads = [0.97, 1.0, 1.03].map(|near| at_milestone.round(near * x)).to_vec(),
                _ => {
                    let near =
                        |x: f64| jobs.iter().min_by(|a, b| (a.at - x).abs().total_cmp(&(b.at - x).abs()));
                    let cause = value.and_then(near).and_then(race::cause);
                    let found = found.map(|found| Found { cause, ..found });
                    return Ok(found.filter(|_| value.is_some()).or_else(|| self.by_law(&model, law)));
                }
            }
        }
        Ok(None)
    }
}

/// Which resource is short by the law, in words.
fn short(model: &Model, allowed: f64, lost: &str) -> Option<String> {
    let (name, share) = grid::exhausted(model, allowed)?;
    Some(words::busy(&name, share, allowed) + lost)
}

/// To a hundredth, so that sums in another order stay equal.
fn cents(cost: f64) -> f64 {
    (cost * 100.0).round() / 100.0
}

/// Cost, then how much of everything.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rank(f64, f64, Index);

impl Rank {
    fn total_cmp_to(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0).then(self.1.total_cmp(&other.1)).then(self.2.cmp(&other.2))
    }
}

fn rank(candidate: &Candidate) -> Rank {
    Rank(cents(candidate.cost), candidate.amount, candidate.index)
}
