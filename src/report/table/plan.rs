//! What `plan` prints: the decision, what breaks by date, and what to order by when.

use super::findings::{line, wrap};
use super::grid::{Cell, Grid, cut};
use super::paint::Paint;
use crate::experiment::plan::answer::{Break, LimitRow, Plan, Step};
use crate::report::number;
use crate::report::plan::{
    amount, between, breach, cost, days, found, growth, limit, needed, orders, plan_decision, times,
    to_saturation,
};

/// Of the column that says what breaks.
const WHAT: usize = 40;
/// Of the column that says what gives way.
const FIRST: usize = 24;

/// The decision as text of at most 100 columns.
#[must_use]
pub fn plan_text(plan: &Plan, paint: Paint) -> String {
    let mut out = wrap(&plan_decision(plan), paint) + "\n\n";
    let table = by_date(plan).render(paint);
    if !table.is_empty() {
        out += &(table + "\n");
    }
    let add = |out: &mut String, name: &str, text: &str| *out += &line(name, text, paint);
    for step in &plan.steps {
        ordered(plan, step).iter().for_each(|(name, text)| add(&mut out, name, text));
    }
    add(&mut out, "growth", &growth(plan));
    add(
        &mut out,
        "policy",
        &format!("{} must hold; nothing is known of how sure the growth is", needed(plan)),
    );
    for row in plan.limits.iter().filter(|row| row.breaks.is_none()) {
        add(&mut out, "holds", &unbroken(plan, row));
    }
    if plan.steps.is_empty() && plan.first().is_some() {
        add(
            &mut out,
            "note",
            "no change was sized for: say in `size` what may be changed, and leave out --dates-only",
        );
    }
    plan.remarks.iter().for_each(|text| add(&mut out, "note", text));
    out
}

fn by_date(plan: &Plan) -> Grid {
    let mut grid = Grid::default().left("date").left("between").left("what").right("limit").left("first");
    let mut rows: Vec<(&LimitRow, &Break)> = Vec::new();
    for row in &plan.limits {
        rows.extend(row.breaks.as_ref().map(|b| (row, b)));
        rows.extend(row.without_campaigns.as_ref().map(|b| (row, b)));
    }
    rows.sort_by_key(|(_, b)| b.date);
    for (row, b) in rows {
        let campaign = b.campaign.map_or_else(String::new, |x| format!(", campaign {}", times(x)));
        let again = row.without_campaigns.as_ref() == Some(b);
        let again = if again { ", campaigns aside" } else { "" };
        let warns = if row.warns && row.objective != "saturation" { " (warns)" } else { "" };
        let cells: [String; 5] = [
            b.date.to_string(),
            between(b).unwrap_or_default(),
            cut(&format!("{}{campaign}{again}{warns}", breach(row)), WHAT),
            found(plan, &row.met_up_to).unwrap_or_else(|| number::NONE.to_owned()),
            cut(row.first.as_deref().unwrap_or_default(), FIRST),
        ];
        grid.row(cells.map(Cell::from).into());
    }
    grid
}

fn ordered(plan: &Plan, step: &Step) -> Vec<(&'static str, String)> {
    let for_what = format!(
        "sized for {}, the most until {}",
        amount(plan, step.sized_for.ceil()),
        step.sized_until.plus(-1)
    );
    if let Some(why) = &step.missing {
        return vec![(
            "order",
            format!("needed from {}, and nothing in `size` does: {why}; {for_what}", step.needed_from),
        )];
    }
    let waits: Vec<String> =
        step.changes.iter().filter_map(|c| Some(format!("{} {}", c.path, days(c.lead_days?)))).collect();
    let waits = if waits.is_empty() {
        "no lead time is stated".to_owned()
    } else {
        format!("lead time: {}", waits.join(", "))
    };
    let order = if step.changes.is_empty() {
        format!("nothing: the configuration of the file carries it; {for_what}")
    } else {
        format!("{}; needed from {}; {waits}; {for_what}", orders(plan, step), step.needed_from)
    };
    let until = match step.lasts_until {
        Some(date) => format!("enough until {}", date.plus(-1)),
        None => format!("enough until the plan ends, {}", plan.until.plus(-1)),
    };
    let carries = found(plan, &step.carries).map_or_else(String::new, |limit| format!("carries {limit}, "));
    let first = step.first.as_ref().map_or_else(String::new, |first| format!("; then first: {first}"));
    let price = format!("{} more a month, {} in all", cost(plan, step.more), cost(plan, step.cost));
    vec![("order", order), ("", format!("{carries}{until}{first}")), ("", price)]
}

fn unbroken(plan: &Plan, row: &LimitRow) -> String {
    let name = if row.objective == "saturation" {
        "a steady state".to_owned()
    } else if row.subject == "total" {
        row.objective.clone()
    } else {
        format!("{} {}", row.subject, row.objective)
    };
    let at = if to_saturation(row) { ", where the steady state ends" } else { "" };
    match row.met_up_to.value {
        Some(_) => format!("{name}: up to {}{at}, which is not reached", limit(plan, row)),
        None => format!("{name}: {}", limit(plan, row)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plan::sample;

    #[test]
    fn every_line_fits_a_hundred_columns_and_the_decision_comes_first() {
        let text = plan_text(&sample::plan(1.8), Paint::Plain);
        let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
        assert!(widest <= 100, "{widest}\n{text}");
        assert!(text.starts_with("p95 breaks 200 ms on 2027-04-08 (Apr 6-11)"), "{text}");
        assert!(text.contains("  2027-05-18  May 16-21  saturation"), "{text}");
        assert!(text.contains("600 users on 2027-01-01, 6 % more a month"), "{text}");
    }
}
