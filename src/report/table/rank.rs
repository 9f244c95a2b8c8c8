//! What `rank` prints: the decision, the effects that are real in one table, and all others in a line.

use super::findings::{CLOSED, line, wrap};
use super::grid::{Cell, Grid, cut};
use super::paint::{Paint, Role};
use crate::experiment::answer::{Estimate, State};
use crate::experiment::figure::Verdict;
use crate::experiment::rank::{Effect, Ranking, Unknown};
use crate::report::number::{self, decimals, rounded};
use crate::report::rank::{self, percent, signed};
use crate::report::versus;

/// Effects that get a row.
const ROWS: usize = 20;
/// Characters of what a knob was turned from and to.
const FROM_TO: usize = 20;
/// From so many effects on one or the other is there by chance alone.
const MANY: usize = 10;

/// The ranking as text of at most 100 columns.
#[must_use]
pub fn ranking_text(ranking: &Ranking, paint: Paint) -> String {
    let mut out: String = rank::decisions(ranking).iter().map(|text| wrap(text, paint) + "\n").collect();
    let real: Vec<&Effect> = ranking.effects.iter().filter(|e| rank::is_real(e)).collect();
    if !real.is_empty() {
        let statistic = rank::statistic(ranking);
        let heading =
            format!("{statistic} is {} at {}; one knob at a time:", rank::noise(ranking), rank::at(ranking));
        out += &format!("\n{}\n\n{}", wrap(&heading, paint), table(ranking, &real).render(paint));
    }
    if let Some(unknown) = &ranking.uncertain {
        out += &format!(
            "\n{}\n\n{}",
            wrap("what nobody knows exactly, one number at a time:", paint),
            swings(ranking, unknown).render(paint)
        );
    }
    let notes: String =
        notes(ranking, real.len()).iter().map(|(name, text)| line(name, text, paint)).collect();
    out + "\n" + &notes
}

fn table(ranking: &Ranking, real: &[&Effect]) -> Grid {
    let currency = ranking.cost.as_ref().map_or(String::new(), |cost| format!("{}/month", cost.currency));
    // The law's bound stands in where no limit was found.
    let by_law = ranking.limit_at.as_ref().is_none_or(|found| found.at.value.is_none());
    let money = rank::is_about_money(ranking);
    let mut grid = Grid::default()
        .left("knob")
        .left("from, to")
        .right(format!("{} %", ranking.by))
        .right("el.")
        .right("limit %")
        .right("el.")
        .right("at most %")
        .right(currency)
        .right("el.");
    for effect in real.iter().take(ROWS) {
        let steady = effect.state != State::Saturated;
        let role = match effect.held.verdict {
            _ if !steady => Role::Bad,
            Verdict::Lower => Role::Good,
            Verdict::Higher => Role::Warn,
            _ => Role::Faint,
        };
        let elasticity = |e: &Estimate| match e.value {
            Some(0.0) => "0".to_owned(),
            Some(value) => rounded(value, decimals(value, e.half_width()).clamp(0, 3)),
            None => number::NONE.to_owned(),
        };
        let bound = effect.bound_relative.filter(|_| by_law).map_or(String::new(), |x| zero_or(100.0 * x, 0));
        let paid = effect.cost_per_month.filter(|_| money);
        let limit = effect.limit.as_ref();
        grid.row(vec![
            Cell::new(effect.path.as_str(), Role::Strong),
            cut(&rank::from_to(effect), FROM_TO).into(),
            Cell::new(
                if steady { percent(&effect.held.difference.relative) } else { "not steady".to_owned() },
                role,
            ),
            if steady { elasticity(&effect.elasticity) } else { number::NONE.to_owned() }.into(),
            Cell::new(
                rank::limit_percent(effect),
                limit.map_or(Role::Text, |limit| of_limit(limit.held.verdict)),
            ),
            limit.map_or(String::new(), |limit| elasticity(&limit.elasticity)).into(),
            bound.into(),
            paid.map_or(String::new(), |x| if x.abs() < 0.5 { "0".to_owned() } else { signed(x, 0) }).into(),
            paid.map_or(String::new(), |_| elasticity(&effect.cost_elasticity)).into(),
        ]);
    }
    grid
}

/// More load is better.
fn of_limit(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Higher => Role::Good,
        Verdict::Lower => Role::Warn,
        _ => Role::Faint,
    }
}

fn zero_or(value: f64, places: i32) -> String {
    if value.abs() < 0.05 { "0".to_owned() } else { signed(value, places.max(i32::from(value.abs() < 9.95))) }
}

fn swings(ranking: &Ranking, unknown: &Unknown) -> Grid {
    let unit = rank::unit(ranking);
    let mut grid = Grid::default()
        .left("number")
        .left("in the file")
        .left("may be")
        .right(format!("{} {} at low", ranking.by, unit.name()))
        .right("at high")
        .right("share of spread");
    for swing in &unknown.swings {
        let end = |e| number::estimate(e, unit.per_second());
        let share = match swing.share {
            Some(share) => format!("{} %", rounded(100.0 * share, 0)),
            None if swing.unsteady => "steady state lost".to_owned(),
            None => String::new(),
        };
        grid.row(vec![
            Cell::new(swing.path.as_str(), Role::Strong),
            swing.in_file.as_str().into(),
            format!("{} to {}", swing.low, swing.high).into(),
            end(&swing.at_low_s).into(),
            end(&swing.at_high_s).into(),
            share.into(),
        ]);
    }
    grid
}

fn notes(ranking: &Ranking, real: usize) -> Vec<(&'static str, String)> {
    let mut notes = Vec::new();
    if let Some(unknown) = &ranking.uncertain {
        let statistic = rank::statistic(ranking);
        notes.push(("noise", format!("{statistic} {}: what longer runs would narrow", rank::noise(ranking))));
        notes.push((
            "ignorance",
            format!(
                "{statistic} {}, all numbers at once over their intervals (Latin hypercube, uniform, by factors where the ends are 20 times apart): only measuring narrows it",
                rank::range(ranking, unknown)
            ),
        ));
    }
    if real > ROWS {
        notes.push(("more", format!("{} smaller effects are in rank.csv", real - ROWS)));
    }
    notes.extend(rank::without_effect(ranking));
    notes.push((
        "knobs",
        format!(
            "turned the way that should help: capacities up, times and load down, by {} %, whole numbers by 1 at least",
            number::significant(100.0 * ranking.step, 2)
        ),
    ));
    if let Some(limit) = rank::limit(ranking) {
        let some = ranking.effects.iter().any(|effect| effect.limit.is_some());
        let left_out = some && ranking.effects.iter().any(|effect| effect.limit.is_none() && !effect.is_load);
        let where_to = if left_out {
            "; looked for with the knobs that move the latency or the law's bound"
        } else {
            ""
        };
        notes.push(("limit", limit + where_to));
    }
    notes.extend(rank::without_limit(ranking).into_iter().map(|text| ("no limit", text)));
    notes.push(("el.", "elasticity: by how many per cent it changes for 1 % more of the knob".to_owned()));
    let by_law = ranking.limit_at.as_ref().is_none_or(|found| found.at.value.is_none());
    if by_law && ranking.effects.iter().any(|e| e.bound_relative.is_some()) {
        notes.push((
            "at most",
            "change of the load that the bottleneck law allows at most; queues give way before it".to_owned(),
        ));
    }
    if let Some(cost) = &ranking.cost {
        notes.push((
            "cost",
            format!("{} a month as it is", versus::amount(cost.per_month, &cost.currency))
                + if rank::is_about_money(ranking) { "" } else { ", and with any of these" },
        ));
    }
    if ranking.effects.len() >= MANY {
        notes.push((
            "note",
            format!(
                "intervals hold for each effect at 95 %; of {} knobs without any, {} would seem to have one",
                ranking.effects.len(),
                rounded(0.05 * ranking.effects.len() as f64, 0)
            ),
        ));
    }
    if ranking.users.is_some() {
        notes.push(("note", CLOSED.to_owned()));
    }
    notes
}
