//! What a ranking says in words.

use super::load;
use super::number::{self, TimeUnit, decimals, finite, rounded};
use super::objective::Objective;
use super::versus;
use crate::experiment::answer::{Estimate, State};
use crate::experiment::figure::Verdict;
use crate::experiment::rank::{Effect, Moved, Ranking, Swing, Unknown};

/// `` `web.cores` moves p95 most: 25 % more of it (4 to 5) lowers p95 by 8.1 % (7.4-8.9 %) `` at some load; what moves the limit most; and what
/// is worth measuring.
#[must_use]
pub fn decisions(ranking: &Ranking) -> Vec<String> {
    let mut lines = vec![first(ranking)];
    lines.extend(furthest(ranking));
    lines.extend(ranking.uncertain.as_ref().and_then(|unknown| worth_measuring(ranking, unknown)));
    lines
}

fn first(ranking: &Ranking) -> String {
    let at = at(ranking);
    if ranking.state == State::Saturated {
        let rescued = ranking.effects.iter().find(|e| e.state != State::Saturated && !e.is_load);
        let what = match rescued {
            Some(e) => format!("with `{}` {} it has one", e.path, moved(e)),
            None => "nor with any knob turned".to_owned(),
        };
        return format!("no steady state at {at}: {what}; latencies only say how long the run was");
    }
    let statistic = statistic(ranking);
    // The load is what comes; the rest is what can be done.
    let real = || ranking.effects.iter().filter(|e| moves_latency(e));
    let Some(best) = real().find(|e| !e.is_load).or_else(|| real().next()) else {
        return format!("no knob moves {statistic} at {at}: no effect is distinguishable from none");
    };
    if best.state == State::Saturated {
        return format!("with `{}` {} there is no steady state at {at}", best.path, moved(best));
    }
    format!("`{}` moves {statistic} most: {} {} at {at}", best.path, moved(best), change(best, &ranking.by))
}

/// `` `web.replicas` moves the limit most: 25 % more of it (4 to 5) takes it from 15,340 users to 19,100 users, 24.6 % higher (24.1-25.1 %); $124 a month more ``
fn furthest(ranking: &Ranking) -> Option<String> {
    let at = &ranking.limit_at.as_ref()?.at;
    let before = load::found(&ranking.axis, at)?;
    let raised = ranking.effects.iter().filter_map(|effect| {
        let held = &effect.limit.as_ref()?.held;
        let change = held.difference.relative.value.filter(|_| held.verdict == Verdict::Higher)?;
        Some((effect, held, change))
    });
    let Some((effect, held, _)) = raised.max_by(|a, b| a.2.total_cmp(&b.2)) else {
        return Some(format!(
            "no knob moves the limit of {before} up: no effect is distinguishable from none"
        ));
    };
    let after = load::found(&ranking.axis, &held.difference.after)?;
    let money = match (effect.cost_per_month, &ranking.cost) {
        (Some(more), Some(cost)) if more.abs() >= 0.5 => {
            let word = if more > 0.0 { "more" } else { "less" };
            format!("; {} a month {word}", versus::amount(more.abs(), &cost.currency))
        }
        _ => String::new(),
    };
    Some(format!(
        "`{}` moves the limit most: {} takes it from {} to {after}, {}{money}",
        effect.path,
        moved(effect),
        before.trim_end_matches(" users").trim_end_matches("/s"),
        versus::relative(held)
    ))
}

/// `lowers p95 by 8.1 % (7.4-8.9 %)`
fn change(effect: &Effect, by: &str) -> String {
    let told = versus::relative(&effect.held);
    let verb = if effect.held.verdict == Verdict::Higher { "raises" } else { "lowers" };
    match told.split_once(" % lower").or_else(|| told.split_once(" % higher")) {
        Some((number, interval)) => format!("{verb} {by} by {number} %{interval}"),
        None => format!("makes {by} {told}"),
    }
}

/// `25 % more of it (4 to 5)`
#[must_use]
pub fn moved(effect: &Effect) -> String {
    let from_to = from_to(effect);
    match effect.moved {
        Some(moved) => {
            let word = if moved > 0.0 { "more" } else { "less" };
            format!(
                "{} % {word} of it ({from_to})",
                rounded(100.0 * moved.abs(), i32::from(moved.abs() < 0.01))
            )
        }
        None => format!("({from_to})"),
    }
}

/// `4 to 5`, `mean 16ms to 14.4ms`
#[must_use]
pub fn from_to(effect: &Effect) -> String {
    let from = if effect.from.is_empty() { "unset".to_owned() } else { plain(&effect.from) };
    format!("{from} to {}", plain(&effect.to))
}

/// A number as people read it: `20,000` for `20_000`. Anything else as it is.
fn plain(text: &str) -> String {
    let bare = text.replace('_', "");
    match bare.parse::<f64>() {
        Ok(value) if value.fract() == 0.0 => rounded(value, 0),
        _ => text.to_owned(),
    }
}

/// `p95`, `p95 of web.checkout`
#[must_use]
pub fn statistic(ranking: &Ranking) -> String {
    match ranking.of.as_str() {
        "total" => ranking.by.clone(),
        of => format!("{} of {of}", ranking.by),
    }
}

/// `1,000 users`, `400/s`
#[must_use]
pub fn at(ranking: &Ranking) -> String {
    match (ranking.users, ranking.rate_per_s) {
        (Some(users), _) => format!("{} users", load::bare(users)),
        (None, Some(rate)) => format!("{}/s", number::significant(rate, 3).trim_end_matches(".0")),
        (None, None) => "the load of the file".to_owned(),
    }
}

/// Whether something is known of it: an effect that is there, on the latency or on the limit, or a steady state that is lost.
#[must_use]
pub fn is_real(effect: &Effect) -> bool {
    moves_latency(effect) || effect.limit.as_ref().is_some_and(Moved::is_real)
}

fn moves_latency(effect: &Effect) -> bool {
    effect.state == State::Saturated || matches!(effect.held.verdict, Verdict::Lower | Verdict::Higher)
}

/// What is not told apart from no effect, each with its words: names joined by commas.
#[must_use]
pub fn without_effect(ranking: &Ranking) -> Vec<(&'static str, String)> {
    let names = |verdict: Verdict| -> String {
        let of = ranking.effects.iter().filter(|e| !is_real(e) && e.held.verdict == verdict);
        of.map(|e| e.path.as_str()).collect::<Vec<_>>().join(", ")
    };
    let all = [
        ("unclear", Verdict::NotDistinguishable, "not distinguishable from no effect: "),
        ("none", Verdict::Same, "no effect, the same to the last bit in every replication: "),
        ("unknown", Verdict::Unknown, "too few requests to tell: "),
    ];
    all.into_iter()
        .map(|(name, verdict, words)| (name, names(verdict), words))
        .filter(|(_, names, _)| !names.is_empty())
        .map(|(name, names, words)| (name, format!("{words}{names}")))
        .collect()
}

/// A signed percentage, digits by the width of its interval: `-8.1 ± 0.7`; `0` where it is exactly so.
#[must_use]
pub fn percent(e: &Estimate) -> String {
    let Some(value) = finite(e.value).map(|x| 100.0 * x) else { return number::NONE.to_owned() };
    let Some(half) = finite(e.half_width()).map(|x| 100.0 * x) else {
        return signed(value, places(value, None)) + " ±?";
    };
    if value == 0.0 && half == 0.0 {
        return "0".to_owned();
    }
    let places = places(value, Some(half));
    format!("{} ± {}", signed(value, places), rounded(half, places))
}

/// Whether any knob changes what a month costs.
#[must_use]
pub fn is_about_money(ranking: &Ranking) -> bool {
    ranking.effects.iter().any(|e| e.cost_per_month.is_some_and(|x| x.abs() >= 0.5))
}

/// How far a knob moves the limit, as [`percent`]; nothing where it was not looked for.
#[must_use]
pub fn limit_percent(effect: &Effect) -> String {
    effect.limit.as_ref().map_or(String::new(), |limit| percent(&limit.held.difference.relative))
}

/// Knobs whose limit was not found, with the reason.
#[must_use]
pub fn without_limit(ranking: &Ranking) -> Vec<String> {
    let missing = ranking.effects.iter().filter_map(|effect| {
        let after = &effect.limit.as_ref()?.held.difference.after;
        let reason = after.reason.as_deref().filter(|_| after.value.is_none())?;
        Some(format!("{} with {}: {reason}", effect.path, plain(&effect.to)))
    });
    missing.collect()
}

/// `1,446 users (1,437-1,455), where p95 breaks 200 ms`, or why there is none; `None` where nobody looked for it.
#[must_use]
pub fn limit(ranking: &Ranking) -> Option<String> {
    let found = ranking.limit_at.as_ref()?;
    let Some(at) = load::found_with_interval(&ranking.axis, &found.at) else {
        return Some(format!("not in reach: {}", found.at.reason.as_deref().unwrap_or("not found")));
    };
    let breach = |by: &str| Objective::read(by).map_or_else(|| by.to_owned(), |objective| objective.breach());
    let by = found.by.as_deref().map_or(String::new(), |by| format!(", where {}", breach(by)));
    Some(format!("{at}{by}"))
}

fn places(value: f64, half: Option<f64>) -> i32 {
    decimals(value, half).clamp(0, 2)
}

/// With its sign, also where it is positive.
#[must_use]
pub fn signed(value: f64, places: i32) -> String {
    let text = rounded(value, places);
    if value > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { format!("+{text}") } else { text }
}

fn worth_measuring(ranking: &Ranking, unknown: &Unknown) -> Option<String> {
    let swing = unknown.swings.first()?;
    let unit = unit(ranking);
    let statistic = statistic(ranking);
    if swing.unsteady {
        return Some(format!(
            "measure `{}` first: between {} and {} the steady state is lost",
            swing.path, swing.low, swing.high
        ));
    }
    let share = swing
        .share
        .filter(|_| unknown.swings.len() > 1)
        .map_or(String::new(), |share| format!(", {} % of the spread", rounded(100.0 * share, 0)));
    Some(format!("measure `{}` first: {statistic} {}{share}", swing.path, swung(swing, unit)))
}

/// `71 to 190 ms between 3ms and 9ms`
#[must_use]
pub fn swung(swing: &Swing, unit: TimeUnit) -> String {
    let end = |e: &Estimate| number::estimate(e, unit.per_second());
    format!(
        "{} to {} {} between {} and {}",
        end(&swing.at_low_s),
        end(&swing.at_high_s),
        unit.name(),
        swing.low,
        swing.high
    )
}

/// In which times are told.
#[must_use]
pub fn unit(ranking: &Ranking) -> TimeUnit {
    TimeUnit::fitting(finite(ranking.base_s.value).unwrap_or(1.0))
}

/// `86 ms (84-88)`: what is left of sampling noise.
#[must_use]
pub fn noise(ranking: &Ranking) -> String {
    let unit = unit(ranking);
    let value = number::estimate(&ranking.base_s, unit.per_second());
    let interval = number::interval(&ranking.base_s, unit.per_second());
    format!("{value} {}{}", unit.name(), interval.map_or(String::new(), |i| format!(" ({i})")))
}

/// `51-240 ms over 16 draws`, and how many of them have no steady state.
#[must_use]
pub fn range(ranking: &Ranking, unknown: &Unknown) -> String {
    let unit = unit(ranking);
    let end = |x: Option<f64>| {
        finite(x).map_or(number::NONE.to_owned(), |x| number::significant(x * unit.per_second(), 3))
    };
    let lost = match unknown.unsteady {
        0 => String::new(),
        n => format!("; {n} more have no steady state"),
    };
    let steady = unknown.draws.len() - unknown.unsteady;
    format!("{}-{} {} over {steady} draws{lost}", end(unknown.low_s), end(unknown.high_s), unit.name())
}
