//! Saturation, as the points of a curve saw it.

use super::answer::{Asymptotes, Estimate, Point, Saturation, State};
use super::bottleneck::{self, Culprit};
use super::edge::{Edge, bound, may_exceed};
use super::loads::{self, Dial};
use super::rounds::Job;
use crate::model::{Demands, Model};

/// Saturation as the points saw it. Closed points beyond N* are marked.
pub fn saturation(
    model: &Model,
    dial: &Dial,
    jobs: &[Job],
    points: &mut [Point],
    culprits: &[Option<Culprit>],
    edge: Edge,
) -> Saturation {
    let load = dial.name();
    let row = |at: Estimate, throughput: Estimate, cause: Option<String>, asymptotes: Option<Asymptotes>| {
        Saturation { load: load.clone(), at, throughput_per_s: throughput, cause, asymptotes }
    };
    let cause_at = |i: usize| {
        let culprit = culprits[i].as_ref()?;
        Some(bottleneck::name(&jobs[i].model, &jobs[i].layout, culprit.cause()))
    };
    // Throughput has come to its end where its resource has.
    let exhausted = |i: usize| culprits[i].as_ref().is_some_and(|c| c.utilization > 0.985);
    if dial.closed() {
        return closed_saturation(model, dial.most, jobs, points, &row, &exhausted, &cause_at);
    }
    let first_saturated = points.iter().position(|p| p.state == State::Saturated);
    let last_carried = points.iter().rposition(|p| matches!(p.state, State::Stable | State::Shedding));
    let (low, high) = match edge {
        Edge::Between(carried, not) => (Some(carried), Some(not)),
        _ => (None, None),
    };
    let low = last_carried.map(|i| points[i].load.at).into_iter().chain(low).reduce(f64::max);
    // A probe too short to fill a long queue takes it for a growing backlog: the points know better.
    let high = high.filter(|&high| low.is_none_or(|low| low < high));
    let high = first_saturated.map(|i| points[i].load.at).into_iter().chain(high).reduce(f64::min);
    let sheds = points.iter().any(|p| p.state == State::Shedding);
    match (low, high) {
        (Some(low), Some(high)) if low < high => {
            let at = first_saturated.unwrap_or(points.len() - 1);
            let throughput = points[at].total.throughput_per_s.clone();
            // The busiest resource at the highest load carried, scaled to full, guesses best where between the two it is.
            let guess =
                last_carried.and_then(|i| Some(points[i].load.at / culprits[i].as_ref()?.utilization));
            let value = guess.unwrap_or((low + high) / 2.0).clamp(low, high);
            row(Estimate::with_interval(value, low, high), throughput, cause_at(at), None)
        }
        (Some(_), Some(_)) => row(
            Estimate::unknown("loads judged steady and not steady overlap"),
            Estimate::default(),
            None,
            None,
        ),
        (None, Some(high)) => {
            let reason = match first_saturated {
                Some(0) => format!("below {}, the lowest load simulated", loads::plain(high)),
                _ => format!("below {}, and no load was judged steady", loads::plain(high)),
            };
            let at = Estimate { high: Some(high), ..Estimate::unknown(&reason) };
            row(at, Estimate::default(), first_saturated.and_then(cause_at), None)
        }
        (Some(low), None) => {
            let reason = match edge {
                _ if sheds => "what cannot be carried is shed, not queued".to_owned(),
                Edge::Sheds(_) if may_exceed(model, dial) => format!(
                    "above {}: caught errors let more through than the bottleneck law allows",
                    loads::plain(low)
                ),
                Edge::Sheds(_) => "what cannot be carried is shed, not queued".to_owned(),
                Edge::Unlimited if dial_is_unlimited(model, dial) => {
                    "nothing in the model is limited".to_owned()
                }
                Edge::Beyond(_) => {
                    format!("above {}, with the most users that are simulated", loads::plain(low))
                }
                _ if points.last().is_some_and(|p| p.load.at > low) => {
                    format!("above {}, the highest load judged steady", loads::plain(low))
                }
                _ => format!("above {}, the highest load simulated", loads::plain(low)),
            };
            let throughput = points.last().map(|p| p.total.throughput_per_s.clone()).unwrap_or_default();
            row(Estimate { low: Some(low), ..Estimate::unknown(&reason) }, throughput, None, None)
        }
        (None, None) => row(Estimate::unknown("no load was judged"), Estimate::default(), None, None),
    }
}

fn dial_is_unlimited(model: &Model, dial: &Dial) -> bool {
    bound(model, dial).is_none()
}

/// The point at which closed users get the most answers.
pub fn most_carried(points: &[Point]) -> Option<usize> {
    let throughput = |at: usize| points[at].total.throughput_per_s.value.unwrap_or(0.0);
    // Where users are turned away or give up, they come back sooner and ask for more of what still works: that is another mix of
    // requests, and no bound for this one.
    let sheds = |at: &usize| points[*at].state == State::Shedding;
    let all = || 0..points.len();
    let most = |a: &usize, b: &usize| throughput(*a).total_cmp(&throughput(*b));
    all().filter(|at| !sheds(at)).max_by(most).or_else(|| all().max_by(most))
}

fn closed_saturation(
    model: &Model,
    users_max: f64,
    jobs: &[Job],
    points: &mut [Point],
    row: &dyn Fn(Estimate, Estimate, Option<String>, Option<Asymptotes>) -> Saturation,
    exhausted: &dyn Fn(usize) -> bool,
    cause_at: &dyn Fn(usize) -> Option<String>,
) -> Saturation {
    let Some(best) = most_carried(points) else {
        return row(Estimate::unknown("no load was simulated"), Estimate::default(), None, None);
    };
    let x_max = points[best].total.throughput_per_s.clone();
    let think_s = loads::think_s(model);
    let demands = Demands::new(model);
    let rates = demands.free_rates(model);
    let sum: f64 = rates.iter().sum();
    let r_min_s = rates.iter().enumerate().map(|(g, r)| r * demands.unloaded_s(model, g)).sum::<f64>() / sum;
    let users = |x: Option<f64>| x.map(|x| x * (r_min_s + think_s));
    let at =
        Estimate { value: users(x_max.value), low: users(x_max.low), high: users(x_max.high), reason: None };
    let asymptotes = x_max.value.map(|x| Asymptotes { r_min_s, think_s, x_max_per_s: x });
    let n_star = at.value.unwrap_or(f64::INFINITY);
    let highest = jobs.last().map_or(0.0, |j| j.at);
    if highest < n_star || !exhausted(best) {
        let end = if highest >= users_max { ", the most that are simulated" } else { "" };
        let reason = format!("throughput still rises at {highest:.0} users{end}");
        return row(Estimate { low: Some(highest), ..Estimate::unknown(&reason) }, x_max, None, None);
    }
    for p in points
        .iter_mut()
        .filter(|p| p.load.at > n_star && matches!(p.state, State::Stable | State::Undecided))
    {
        p.state = State::BeyondSaturation;
    }
    row(at, x_max, cause_at(best), asymptotes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::answer::RequestRow;

    /// Those who are turned away come back sooner, and their throughput is no bound for those who wait.
    #[test]
    fn the_most_that_is_carried_is_carried_where_nothing_is_shed() {
        let point = |state, throughput: f64| Point {
            state,
            total: RequestRow { throughput_per_s: Estimate::exact(throughput), ..RequestRow::default() },
            ..Point::default()
        };
        let mut points = vec![point(State::Stable, 50.0), point(State::Undecided, 90.0)];
        assert_eq!(most_carried(&points), Some(1));
        points.push(point(State::Shedding, 120.0));
        assert_eq!(most_carried(&points), Some(1));
        assert_eq!(most_carried(&points[2..]), Some(0));
    }
}
