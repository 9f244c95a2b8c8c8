//! The grid of configurations: what each costs and how busy it must be, from few models.
//!
//! A price times a number of replicas, and a demand over a capacity, are products of one factor a knob. So one model for each
//! value of each knob tells the cost and the utilisation of all combinations. It only screens and orders: before a configuration
//! is simulated its own model says what it costs and whether a resource is short.

use std::collections::BTreeMap;

use crate::compile::knobs::Knob;
use crate::experiment::bill::Bill;
use crate::experiment::loads::Dial;
use crate::model::{Demands, Goal, Model, PlaceKind, Source};

/// A configuration: a number in mixed radix, the last knob the fastest.
pub type Index = u32;
/// Grids beyond this are not put in order.
pub const GRID_MAX: u64 = 2_000_000;
/// Utilisations at most so far above what a model itself says are trusted.
const TRUST: f64 = 1.01;

/// All combinations of values.
pub struct Grid<'a> {
    /// What can be chosen.
    pub knobs: &'a [Knob],
}

impl Grid<'_> {
    /// How many combinations there are.
    pub fn len(&self) -> u64 {
        self.knobs.iter().fold(1, |n: u64, knob| n.saturating_mul(knob.values.len() as u64))
    }

    /// The position of each knob.
    pub fn positions(&self, mut index: Index) -> Vec<usize> {
        let mut positions = vec![0; self.knobs.len()];
        for (at, knob) in self.knobs.iter().enumerate().rev() {
            let n = knob.values.len() as Index;
            positions[at] = (index % n) as usize;
            index /= n;
        }
        positions
    }

    /// The combination with these positions.
    pub fn index(&self, positions: &[usize]) -> Index {
        let pairs = self.knobs.iter().zip(positions);
        pairs.fold(0, |index, (knob, &at)| index * knob.values.len() as Index + at as Index)
    }

    /// Pairs of path and value.
    pub fn settings(&self, positions: &[usize]) -> Vec<(String, String)> {
        let pairs = self.knobs.iter().zip(positions);
        pairs.map(|(knob, &at)| (knob.path.clone(), knob.values[at].text.clone())).collect()
    }

    /// The most of everything.
    pub fn top(&self) -> Vec<usize> {
        self.knobs.iter().map(|knob| knob.values.len() - 1).collect()
    }

    /// How much of everything: the sum of each knob's place in its range. Among equals in cost less is better.
    pub fn amount(&self, positions: &[usize]) -> f64 {
        let pairs = self.knobs.iter().zip(positions);
        pairs.map(|(knob, &at)| at as f64 / (knob.values.len() - 1).max(1) as f64).sum()
    }
}

/// One model for each value of each knob, the others at their first.
pub struct Lines {
    /// `models[knob][value]`
    pub models: Vec<Vec<Model>>,
}

/// Named quantities that are products of one factor a knob.
#[derive(Debug, Default)]
struct Products {
    /// By name: at the first values, and `factors[knob][value]`.
    of: BTreeMap<String, (f64, Vec<Vec<f64>>)>,
}

impl Products {
    fn new(at: &[Vec<BTreeMap<String, f64>>]) -> Self {
        let Some(base) = at.first().and_then(|line| line.first()) else { return Self::default() };
        let factors = |name: &String, first: f64| {
            let factor = |row: &BTreeMap<String, f64>| row.get(name).map_or(0.0, |x| x / first);
            at.iter().map(|line| line.iter().map(factor).collect()).collect()
        };
        let rows = base.iter().filter(|(_, x)| **x > 0.0);
        Self { of: rows.map(|(name, &first)| (name.clone(), (first, factors(name, first)))).collect() }
    }

    fn each<'s>(&'s self, positions: &'s [usize]) -> impl Iterator<Item = (&'s String, f64)> {
        self.of.iter().map(move |(name, (first, factors))| {
            (name, factors.iter().zip(positions).fold(*first, |x, (of_knob, &at)| x * of_knob[at]))
        })
    }
}

/// What the grid costs and how busy it is, at one load.
pub struct Screen {
    cost: Products,
    /// Of what costs nothing at the first values, by knob and value.
    extra: Vec<Vec<f64>>,
    busy: Products,
    trusted: bool,
}

impl Screen {
    /// Reads the models of the lines at a load.
    pub fn new(lines: &Lines, dial: &Dial, load: f64) -> Self {
        let at_load = |line: &Vec<Model>| line.iter().map(|m| dial.set(m, load)).collect::<Vec<Model>>();
        let models: Vec<Vec<Model>> = lines.models.iter().map(at_load).collect();
        let map = |f: &dyn Fn(&Model) -> BTreeMap<String, f64>| -> Vec<Vec<BTreeMap<String, f64>>> {
            models.iter().map(|line| line.iter().map(f).collect()).collect()
        };
        let costs = map(&costs);
        let base = costs.first().and_then(|line| line.first()).cloned().unwrap_or_default();
        let extra = |row: &BTreeMap<String, f64>| {
            let new = row.iter().filter(|(name, _)| base.get(*name).is_none_or(|x| *x <= 0.0));
            new.map(|(_, x)| x).sum()
        };
        Self {
            extra: costs.iter().map(|line| line.iter().map(extra).collect()).collect(),
            cost: Products::new(&costs),
            busy: Products::new(&map(&utilizations)),
            trusted: true,
        }
    }

    /// What a configuration costs.
    pub fn cost(&self, positions: &[usize]) -> f64 {
        let extra: f64 = self.extra.iter().zip(positions).map(|(of_knob, &at)| of_knob[at]).sum();
        self.cost.each(positions).map(|(_, x)| x).sum::<f64>() + extra
    }

    /// The busiest resource, if it is busier than it may be.
    pub fn excludes(&self, positions: &[usize], headroom: f64) -> Option<(String, f64)> {
        if !self.trusted {
            return None;
        }
        let worst = self.busy.each(positions).max_by(|a, b| a.1.total_cmp(&b.1))?;
        (worst.1 > headroom * TRUST).then(|| (worst.0.clone(), worst.1))
    }

    /// Holds the products against a model of its own: where they claim more than it, they are not to be trusted.
    pub fn learn(&mut self, positions: &[usize], model: &Model) {
        let own = utilizations(model);
        let claims_more = |(name, x): (&String, f64)| own.get(name).is_some_and(|y| x > y * TRUST);
        self.trusted = self.trusted && !self.busy.each(positions).any(claims_more);
    }
}

/// The bill of a model by place; replicas, where it states no prices.
pub fn costs(model: &Model) -> BTreeMap<String, f64> {
    if let Some(bill) = Bill::of(model) {
        return bill.by_place.into_iter().collect();
    }
    let counted = |kind| !matches!(kind, PlaceKind::Pool | PlaceKind::Link | PlaceKind::External);
    let places = model.places.iter().filter(|place| counted(place.kind));
    places.map(|place| (place.name.clone(), place.members.len() as f64)).collect()
}

/// How busy each resource is by the bottleneck law, when nobody waits: a lower bound. Members of one kind count as one, the busiest.
pub fn utilizations(model: &Model) -> BTreeMap<String, f64> {
    // What no answer can do without: no more may rule a configuration out.
    let demands = Demands::certain(model);
    let rates = rates(model, &demands);
    let mut work = vec![0.0; model.stations.len()];
    for (request, demand) in model.requests.iter().zip(&demands.requests) {
        for (station, seconds) in &demand.stations {
            work[station.index()] += rates[request.group.index()] * request.share * seconds;
        }
    }
    let mut busy: BTreeMap<String, f64> = BTreeMap::new();
    for (station, work) in model.stations.iter().zip(work) {
        let share = work / station.speed_max();
        if share.is_finite() {
            let name =
                format!("{} {}", kind_of(&model.members[station.member.index()].name), station.resource);
            let most = busy.entry(name).or_default();
            *most = most.max(share);
        }
    }
    busy
}

/// The busiest of them, if it is busier than it may be.
pub fn exhausted(model: &Model, headroom: f64) -> Option<(String, f64)> {
    let worst = utilizations(model).into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (worst.1 > headroom * (1.0 + 1e-9)).then_some(worst)
}

/// `web` of `web.3`, `orders.replica` of `orders.replica.1`.
pub fn kind_of(member: &str) -> &str {
    match member.rsplit_once('.') {
        Some((kind, number)) if number.bytes().all(|b| b.is_ascii_digit()) => kind,
        _ => member,
    }
}

/// The lowest rate of each group with which the objectives can be met: closed users ask less often the longer they wait, but no
/// longer than their slowest objective allows.
fn rates(model: &Model, demands: &Demands) -> Vec<f64> {
    let rate = |(at, group): (usize, &crate::model::Group)| match &group.source {
        Source::Open { arrivals, .. } => arrivals.rate(),
        Source::Closed { users, think } => {
            let asks =
                |endpoint| group.requests.clone().any(|r| model.requests[r as usize].endpoint == endpoint);
            let bars = model.objectives.iter().filter(|o| o.endpoint.is_none_or(asks));
            let bars = bars.filter_map(|o| match o.goal {
                Goal::Latency(_, bar) => Some(bar),
                _ => None,
            });
            let cycle = model.dists[think.index()].mean() + demands.unloaded_s(model, at);
            // Without an objective on latency users may wait as long again as a cycle takes.
            let waits = bars.reduce(f64::max).unwrap_or(cycle);
            f64::from(*users) / (cycle + waits).max(1e-9)
        }
    };
    model.groups.iter().enumerate().map(rate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::range::Value;

    fn knob(path: &str, values: &[f64]) -> Knob {
        let values = values.iter().map(|&at| Value { at, text: at.to_string() }).collect();
        Knob { path: path.to_owned(), values }
    }

    #[test]
    fn an_index_is_its_positions() {
        let knobs = [knob("a.x", &[1.0, 2.0, 3.0]), knob("b.y", &[5.0, 6.0])];
        let grid = Grid { knobs: &knobs };
        assert_eq!(grid.len(), 6);
        for index in 0..6 {
            assert_eq!(grid.index(&grid.positions(index)), index);
        }
        assert_eq!(grid.positions(5), [2, 1]);
        assert_eq!(grid.settings(&[1, 0]), [("a.x".into(), "2".into()), ("b.y".into(), "5".into())]);
        assert!((grid.amount(&[1, 1]) - 1.5).abs() < 1e-12);
    }

    #[test]
    fn members_of_one_kind_are_told_by_their_names() {
        assert_eq!(
            ["web.12", "orders.primary", "orders.replica.1", "x"].map(kind_of),
            ["web", "orders.primary", "orders.replica", "x"]
        );
    }

    #[test]
    fn costs_and_utilisations_are_products() {
        let row = |pairs: &[(&str, f64)]| pairs.iter().map(|(n, x)| ((*n).to_owned(), *x)).collect();
        let at = vec![
            vec![row(&[("web", 10.0), ("db", 4.0)]), row(&[("web", 20.0), ("db", 4.0)])],
            vec![row(&[("web", 10.0), ("db", 4.0)]), row(&[("web", 30.0), ("db", 2.0)])],
        ];
        let products = Products::new(&at);
        let all: BTreeMap<_, _> = products.each(&[1, 1]).collect();
        assert_eq!((all[&"web".to_owned()], all[&"db".to_owned()]), (60.0, 2.0));
    }
}
