//! The three milestones, side by side.

use super::whatif::{law, look, near, per_month};
use super::*;

/// What they cost, and what is behind the load: the README has these in a table.
#[test]
fn the_milestones_cost_what_the_readme_says_and_have_the_same_objective() {
    for (file, machines, month, users) in
        [("1k", 2, 635.0, 1_000.0), ("10k", 13, 3_927.0, 10_000.0), ("100k", 94, 30_478.0, 100_000.0)]
    {
        let model = model(&format!("milestones/{file}.yaml"));
        near(per_month(&model), month, 0.000_5);
        let priced = model.places.iter().filter(|place| place.prices.is_some());
        assert_eq!(priced.map(|place| place.members.len()).sum::<usize>(), machines, "{file}");
        assert_eq!(model.objectives.len(), 1, "{file}");
        assert!(matches!(model.peak, Some(knee::model::Peak::Users(peak)) if peak == users), "{file}");
    }
}

/// What the file says of itself, at the load that is expected, just below its limit and just beyond it.
#[test]
fn ten_thousand_users_are_served_in_time_and_the_web_servers_give_way_first() {
    let file = "milestones/10k.yaml";
    let now = model(file);
    let (place, ..) = law(&now);
    assert_eq!(place, "web.1 cores");
    let (_, _, users) = law(&now);
    let (_, _, fifth) = law(&model_with(file, &[("web.replicas", "5")]));
    near(fifth / users, 1.25, 0.01);
    let point = look(&now, 5.0, 30.0);
    assert_eq!(point.state, State::Stable);
    near(value(&point.total.throughput_per_s), 1_430.0, 0.01);
    near(value(&point.requests["cdn.file"].throughput_per_s), 0.6 * 1_430.0, 0.02);
    near(value(&point.total.latency_s.p95) * 1e3, 58.0, 0.03);
    near(value(&point.total.latency_s.p99) * 1e3, 93.0, 0.04);
    near(utilization(&point, "web", "cores"), 0.64, 0.02);
    // Little's law: users = throughput x (response + think).
    let asking = value(&point.total.throughput_per_s) * (value(&point.total.latency_s.mean) + 7.0);
    near(asking, 10_000.0, 0.01);
    // The limit of 15,330 users lies between.
    let with = |users| look(&model_with(file, &[("load.users", users)]), 10.0, 30.0);
    let (below, beyond) = (with("14_900"), with("16_000"));
    assert!(below.total.latency_s.p95.high.unwrap() < 0.2, "{:?}", below.total.latency_s.p95);
    assert!(beyond.total.latency_s.p95.low.unwrap() > 0.2, "{:?}", beyond.total.latency_s.p95);
    assert!(utilization(&beyond, "web", "cores") > 0.95);
    let servers = |member: &str| value(below.places["shop"].members[member].utilization.as_ref().unwrap());
    near(servers("shop.replica.1"), 0.65, 0.06);
    assert!(servers("shop.primary") < 0.13 && utilization(&below, "balancer", "cores") < 0.13);
    assert!(hit_ratio(&point, "edge") > 0.85 && hit_ratio(&point, "products") > 0.6);
}

fn hit_ratio(point: &Point, cache: &str) -> f64 {
    value(point.places[cache].hit_ratio.as_ref().expect("a cache"))
}

#[test]
fn a_hundred_thousand_users_are_served_in_time_and_the_web_servers_of_america_give_way_first() {
    let file = "milestones/100k.yaml";
    let now = model(file);
    assert!(now.places.len() >= 15, "{} places", now.places.len());
    let (place, _, users) = law(&now);
    assert_eq!(place, "web_us.1 cores");
    near(users, 146_300.0, 0.001);
    let (place, _, users) = law(&model_with(file, &[("web_us.replicas", "20")]));
    assert!(place.starts_with("catalogue_us") && place.ends_with("servers"), "{place}");
    near(users, 156_800.0, 0.001);
    let point = look(&now, 4.0, 8.0);
    assert_eq!(point.state, State::Stable);
    near(value(&point.total.latency_s.p95) * 1e3, 61.0, 0.03);
    near(value(&point.total.latency_s.p99) * 1e3, 183.0, 0.03);
    near(utilization(&point, "web_us", "cores"), 0.68, 0.02);
    // Little's law: users = throughput x (response + think).
    let asking = value(&point.total.throughput_per_s) * (value(&point.total.latency_s.mean) + 7.0);
    near(asking, 100_000.0, 0.01);
    near(value(&point.requests["pop_ap.checkout"].latency_s.mean), 0.199, 0.02);
    let replica = &point.places["catalogue_us"].members["catalogue_us.1.replica.1"];
    near(value(replica.utilization.as_ref().unwrap()), 0.64, 0.03);
    // The limit of 148,800 users lies between.
    let tail = |users| look(&model_with(file, &[("load.users", users)]), 4.0, 6.0).total.latency_s.p95;
    assert!(value(&tail("140_000")) < 0.15);
    assert!(tail("156_000").low.unwrap() > 0.2);
}
