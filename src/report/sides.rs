//! A comparison with known curves, for tests: the open shop, with more servers and with fewer.

use indexmap::IndexMap;

use super::sample::{Mmc, curve, open_shop, rates, with_findings};
use crate::experiment::answer::{Answer, Estimate, Point, State};
use crate::experiment::compare::{Comparison, Cost, Differences, Held, PointDifference, SideAnswer};
use crate::experiment::figure::Difference;
use crate::report::view;

fn held(before: &Estimate, after: &Estimate, relative_half: f64) -> Held {
    let around = |value: f64, half: f64| Estimate::with_interval(value, value - half, value + half);
    let (a, b) = (before.value.unwrap(), after.value.unwrap());
    let half = if a == b { 0.0 } else { relative_half };
    Held::from(Difference {
        before: before.clone(),
        after: after.clone(),
        absolute: around(b - a, half * a),
        relative: if a == 0.0 {
            Estimate::unknown("nothing to divide by")
        } else {
            around(b / a - 1.0, half)
        },
        variance_ratio: (half > 0.0).then_some(6.2),
    })
}

fn point(a: &Point, b: &Point, at: f64) -> PointDifference {
    let rho = a.load.at / 1400.0;
    let latency = |of: fn(&Point) -> &Estimate, half: f64| held(of(a), of(b), half / (1.05 - rho));
    let total = IndexMap::from([
        ("mean_s", latency(|p| &p.total.latency_s.mean, 0.004)),
        ("p50_s", latency(|p| &p.total.latency_s.p50, 0.03)),
        ("p95_s", latency(|p| &p.total.latency_s.p95, 0.006)),
        ("p99_s", latency(|p| &p.total.latency_s.p99, 0.01)),
        ("throughput_per_s", held(&a.total.throughput_per_s, &b.total.throughput_per_s, 0.0001)),
        ("errors", held(&Estimate::exact(0.0), &Estimate::exact(0.0), 0.0)),
        ("goodput", held(&Estimate::exact(0.98), &Estimate::exact(0.98), 0.0)),
    ]);
    let places = a.places.keys().map(|name| {
        let of = |p: &Point| p.places[name].utilization.clone().unwrap();
        (name.clone(), IndexMap::from([("utilization", held(&of(a), &of(b), 0.002))]))
    });
    PointDifference {
        load: a.load.at,
        load_after: b.load.at,
        in_full: a.load.at == at,
        steady: a.state != State::Saturated && b.state != State::Saturated,
        requests: IndexMap::from([("web.browse".to_owned(), total.clone())]),
        places: places.collect(),
        total,
    }
}

fn side(name: &str, answer: Answer, at: f64, per_month: f64) -> SideAnswer {
    let cost = Cost { currency: "$".to_owned(), per_month, per_million: Some(per_month / 2_628.0) };
    SideAnswer { name: name.to_owned(), at, cost: Some(cost), answer }
}

fn against(a: &SideAnswer, b: &SideAnswer) -> Differences {
    let pairs = view::steady(&a.answer).filter_map(|p| {
        let other = b.answer.points.iter().find(|q| q.load.at == p.load.at)?;
        Some(point(p, other, a.at))
    });
    let found = |of: fn(&Answer) -> &Estimate, half| Some(held(of(&a.answer), of(&b.answer), half));
    Differences {
        name: b.name.clone(),
        points: pairs.collect(),
        knee_at: found(|x| &x.knee_at.as_ref().unwrap().at, 0.03),
        limit_at: found(|x| &x.limit_at.as_ref().unwrap().at, 0.004),
        saturation_at: found(|x| &x.saturation_at.as_ref().unwrap().at, 0.02),
        cost_per_month: Some(b.cost.as_ref().unwrap().per_month - a.cost.as_ref().unwrap().per_month),
    }
}

/// The shop against one with so many servers, by the names of those.
pub fn comparison(others: &[(&str, u32)]) -> Comparison {
    let at = rates(1400.0)[7];
    let a = side("shop", open_shop(), at, 900.0);
    let b: Vec<SideAnswer> = others
        .iter()
        .map(|&(name, c)| {
            let model = Mmc { c, mean_s: 0.02 };
            let mut loads: Vec<f64> = rates(1400.0).into_iter().filter(|x| *x < model.capacity()).collect();
            loads.extend(rates(model.capacity()).into_iter().filter(|x| *x > 1400.0));
            let answer = with_findings(curve(model, &loads), model, 0.2, "p95 < 200ms");
            side(name, answer, at, 900.0 + 20.0 * (f64::from(c) - 28.0))
        })
        .collect();
    Comparison {
        knee: "0.1.0",
        model: "shop".to_owned(),
        seed: 1,
        differences: b.iter().map(|side| against(&a, side)).collect(),
        a,
        b,
    }
}

/// The same at one load.
pub fn at_one_load(others: &[(&str, u32)]) -> Comparison {
    let mut comparison = comparison(others);
    let at = comparison.a.at;
    let only = |side: &mut SideAnswer| {
        side.answer.points.retain(|p| p.load.at == at);
        (side.answer.knee_at, side.answer.limit_at, side.answer.saturation_at) = (None, None, None);
    };
    only(&mut comparison.a);
    comparison.b.iter_mut().for_each(only);
    for differences in &mut comparison.differences {
        differences.points.retain(|p| p.in_full);
        (differences.knee_at, differences.limit_at, differences.saturation_at) = (None, None, None);
    }
    comparison
}
