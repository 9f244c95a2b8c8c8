//! What a ranking says in words.

use super::load;
use super::number::{self, TimeUnit, decimals, finite, rounded};
use super::versus;
use crate::experiment::answer::{Estimate, State};
use crate::experiment::figure::Verdict;
use crate::experiment::rank::{Effect, Ranking, Swing, Unknown};

/// `` `web.cores` moves p95 most: 25 % more of it (4 to 5) lowers p95 by 8.1 % (7.4-8.9 %) `` at some load; and what is worth measuring.
#[must_use]
pub fn decisions(ranking: &Ranking) -> Vec<String> {
    let mut lines = vec![first(ranking)];
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
    let real = || ranking.effects.iter().filter(|e| is_real(e));
    let Some(best) = real().find(|e| !e.is_load).or_else(|| real().next()) else {
        return format!("no knob moves {statistic} at {at}: no effect is distinguishable from none");
    };
    if best.state == State::Saturated {
        return format!("with `{}` {} there is no steady state at {at}", best.path, moved(best));
    }
    format!("`{}` moves {statistic} most: {} {} at {at}", best.path, moved(best), change(best, &ranking.by))
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

/// Whether something is known of it: an effect that is there, or a steady state that is lost.
#[must_use]
pub fn is_real(effect: &Effect) -> bool {
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

/// A signed percentage, digits by the width of its interval: `-8.1`.
#[must_use]
pub fn percent(e: &Estimate) -> String {
    let Some(value) = finite(e.value).map(|x| 100.0 * x) else { return number::NONE.to_owned() };
    signed(value, places(value, e.half_width().map(|h| 100.0 * h)))
}

/// `-8.9 to -7.4`
#[must_use]
pub fn percent_interval(e: &Estimate) -> String {
    let Some((low, high)) = finite(e.low).zip(finite(e.high)) else { return number::NONE.to_owned() };
    let places = places(100.0 * finite(e.value).unwrap_or(high), Some(50.0 * (high - low)));
    format!("{} to {}", signed(100.0 * low, places), signed(100.0 * high, places))
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
