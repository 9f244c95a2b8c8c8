//! What `size` prints: the decision for each milestone, what bound it, and the frontier of cost against latency.

use super::findings::{line, wrap};
use super::grid::{Cell, Grid};
use super::paint::{Paint, Role};
use crate::experiment::size::answer::{Configuration, MilestoneRow, Missed, Sizing};
use crate::experiment::size::words;
use crate::report::number::{self, TimeUnit, finite, rounded};
use crate::report::sizing::{
    cost, cost_a_month, decision, latency, limit, milestone, named, subject, verdict,
};

/// More rows than this nobody reads; the rest is in the CSV.
const ROWS: usize = 8;

/// The decision as text of at most 100 columns.
#[must_use]
pub fn size_text(sizing: &Sizing, paint: Paint) -> String {
    let mut out = String::new();
    for row in &sizing.milestones {
        out += &(wrap(&decision(sizing, row), paint) + "\n");
    }
    out.push('\n');
    if sizing.milestones.len() > 1 {
        out += &milestones(sizing).render(paint);
        out.push('\n');
    }
    if let Some(row) = sizing.milestones.iter().rev().find(|row| !row.tried.is_empty()) {
        out += &format!("  cost against {} at {}\n", subject(sizing), milestone(row));
        out += &frontier(sizing, row).render(paint);
        out.push('\n');
    }
    for row in &sizing.milestones {
        out += &findings(sizing, row, paint);
    }
    out + &notes(sizing, paint)
}

fn milestones(sizing: &Sizing) -> Grid {
    let unit = unit(sizing.milestones.iter().filter_map(|row| row.winner.as_ref()), sizing);
    let mut grid = Grid::default()
        .left("milestone")
        .right(if sizing.currency.is_some() { "a month" } else { "replicas" })
        .right(format!("{} {}", sizing.subject.statistic, unit.name()))
        .left("busiest")
        .right("busy")
        .left("limit")
        .left("first");
    for row in &sizing.milestones {
        let Some(winner) = &row.winner else {
            let mut cells: Vec<Cell> = vec![milestone(row).into(), Cell::new("none", Role::Bad)];
            cells.extend((0..5).map(|_| Cell::from("")));
            grid.row(cells);
            continue;
        };
        let busiest = winner.busiest.as_ref();
        let first = row.limit_at.as_ref().and_then(|found| found.cause.clone());
        grid.row(vec![
            milestone(row).into(),
            amount(sizing, winner.cost).into(),
            number::with_half_width(sizing.subject.of(winner), unit.per_second()).into(),
            busiest.map_or_else(String::new, |b| b.name.clone()).into(),
            busiest.map_or_else(String::new, |b| number::percent(&b.utilization)).into(),
            limit(row).into(),
            first.unwrap_or_default().into(),
        ]);
    }
    grid
}

fn amount(sizing: &Sizing, amount: f64) -> String {
    if sizing.currency.is_some() { cost(sizing, amount) } else { rounded(amount, 0) }
}

fn frontier(sizing: &Sizing, row: &MilestoneRow) -> Grid {
    let rows = shown(row);
    let unit = unit(rows.iter().copied(), sizing);
    let mut grid = Grid::default()
        .right(if sizing.currency.is_some() { "a month" } else { "replicas" })
        .right(format!("{} {}", sizing.subject.statistic, unit.name()))
        .right("busy")
        .left("verdict")
        .left("configuration");
    for c in rows {
        let role = match verdict(row, c) {
            "chosen" => Role::Strong,
            "misses" => Role::Bad,
            "undecided" => Role::Warn,
            _ => Role::Good,
        };
        grid.row(vec![
            amount(sizing, c.cost).into(),
            number::with_half_width(sizing.subject.of(c), unit.per_second()).into(),
            c.busiest.as_ref().map_or_else(String::new, |b| number::percent(&b.utilization)).into(),
            Cell::new(verdict(row, c), role),
            named(sizing, &c.values).into(),
        ]);
    }
    grid
}

/// The frontier and the winner: those nearest to it in cost.
fn shown(row: &MilestoneRow) -> Vec<&Configuration> {
    let is_winner = |c: &Configuration| row.winner.as_ref().is_some_and(|w| w.values == c.values);
    let all: Vec<&Configuration> = row.tried.iter().filter(|c| c.frontier || is_winner(c)).collect();
    let centre = all.iter().position(|c| is_winner(c)).unwrap_or(0);
    let from = centre.saturating_sub(ROWS / 2).min(all.len().saturating_sub(ROWS));
    all.into_iter().skip(from).take(ROWS).collect()
}

/// One unit for all latencies.
fn unit<'c>(rows: impl Iterator<Item = &'c Configuration>, sizing: &Sizing) -> TimeUnit {
    let values: Vec<f64> =
        rows.filter_map(|c| finite(sizing.subject.of(c).value)).filter(|x| *x > 0.0).collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    TimeUnit::fitting(if least.is_finite() { least } else { 1.0 })
}

fn findings(sizing: &Sizing, row: &MilestoneRow, paint: Paint) -> String {
    let prefix = if sizing.milestones.len() > 1 { format!("{}: ", milestone(row)) } else { String::new() };
    let told = |name: &str, text: Option<String>| {
        text.map_or_else(String::new, |text| line(name, &(prefix.clone() + &text), paint))
    };
    let mut out = told("bound by", row.next_cheaper.as_ref().map(|missed| cheaper(sizing, missed)));
    out += &told("tightest", tightest(row));
    out += &told("runner-up", row.runner_up.as_ref().map(|c| runner_up(sizing, c)));
    let remarks = if row.winner.is_none() && row.least_violation.is_none() { 1 } else { 0 };
    for remark in row.remarks.iter().skip(remarks) {
        out += &told("note", Some(remark.clone()));
    }
    out
}

/// The objective with the least room, and the place behind it.
fn tightest(row: &MilestoneRow) -> Option<String> {
    let winner = row.winner.as_ref()?;
    let check = winner.checks.get(row.tightest?)?;
    let of = if check.endpoint == "total" { String::new() } else { format!("{} ", check.endpoint) };
    let estimate = words::estimate(check.goal, &check.estimate);
    let room = number::percent_plain(check.room);
    let lost = check.without.as_ref().map_or_else(String::new, |place| format!(" with one of {place} lost"));
    let cause = row.cause.as_ref().map_or_else(String::new, |cause| format!("; first: {cause}"));
    Some(format!("{of}{}: {estimate}, {room} of room{lost}{cause}", check.objective))
}

fn cheaper(sizing: &Sizing, missed: &Missed) -> String {
    let cost = cost_a_month(sizing, missed.cost);
    format!("{}; the next cheaper is {}, {cost}", missed.why, named(sizing, &missed.values))
}

fn runner_up(sizing: &Sizing, c: &Configuration) -> String {
    let figure = latency(sizing.subject.of(c));
    format!(
        "{}: {}, {} {figure}",
        named(sizing, &c.values),
        cost_a_month(sizing, c.cost),
        sizing.subject.statistic
    )
}

fn notes(sizing: &Sizing, paint: Paint) -> String {
    let sum = |f: fn(&MilestoneRow) -> u64| sizing.milestones.iter().map(f).sum::<u64>();
    let (simulated, excluded, deferred) =
        (sum(|r| r.counts.simulated), sum(|r| r.counts.excluded), sum(|r| r.counts.deferred));
    let grid = sizing.grid * sizing.milestones.len() as u64;
    let whole = |n: u64| rounded(n as f64, 0);
    let put_off = if deferred > 0 {
        format!(
            "; {} cheaper ones were put off: less of what failed with plenty of all else",
            whole(deferred)
        )
    } else {
        String::new()
    };
    let mut out = line(
        "runs",
        &format!(
            "{} of {} in the full grid; {} ruled out by the bottleneck law{put_off}; {} million events",
            whole(simulated),
            whole(grid),
            whole(excluded),
            number::significant(sizing.events as f64 / 1e6, 2)
        ),
        paint,
    );
    if sizing.currency.is_none() {
        let text = "the model states no prices: the cheapest is the one with the fewest replicas";
        out += &line("note", text, paint);
    } else {
        let free: Vec<&str> = sizing.knobs.iter().filter(|k| !k.costs).map(|k| k.path.as_str()).collect();
        if !free.is_empty() {
            let text =
                format!("without a price: {}; of equal cost, the least that does is taken", free.join(", "));
            out += &line("note", &text, paint);
        }
    }
    if sizing.survive_replica {
        out +=
            &line("note", "the objectives also hold with any one replica lost; models know no zones", paint);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sizing::sample;

    #[test]
    fn every_line_fits_a_hundred_columns_and_the_decision_comes_first() {
        let text = size_text(&sample::sizing(), Paint::Plain);
        let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= 100, "{widest}\n{text}");
        assert!(text.starts_with("1,000 users: 8 web, web_db 20, 0 read replicas: $1,413 a month"), "{text}");
        assert!(
            text.contains("93 of 3,456 in the full grid; 2,700 ruled out by the bottleneck law; 9"),
            "{text}"
        );
        assert!(text.contains("  100,000 users     none"), "{text}");
    }
}
