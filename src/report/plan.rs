//! When do we run out, in words and as files: phrases that the table and the chart share, CSV and JSON.

use super::number::{self, rounded};
use super::objective::Objective;
use super::{load, sizing};
use crate::calendar::Date;
use crate::experiment::answer::Estimate;
use crate::experiment::plan::answer::{Break, Change, LimitRow, Plan, Step};
use crate::experiment::plan::holds_to_saturation;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `1,446 users`, `52.3/s`: a load known by itself.
pub fn amount(plan: &Plan, value: f64) -> String {
    let digits = if value.fract() == 0.0 { load::bare(value) } else { number::significant(value, 3) };
    load::with_unit(&plan.axis, number::trimmed(&digits))
}

/// A load that was found, digits by the width of its interval.
pub fn found(plan: &Plan, at: &Estimate) -> Option<String> {
    load::found(&plan.axis, at)
}

/// `p95 of web.checkout breaks 300 ms`
pub fn breach(row: &LimitRow) -> String {
    if row.objective == "saturation" {
        return row.objective.clone();
    }
    let of = if row.subject == "total" { String::new() } else { format!(" of {}", row.subject) };
    match Objective::read(&row.objective) {
        Some(objective) => format!("{}{of} breaks {}", objective.statistic, objective.bound.text()),
        None => format!("{}{of} breaks", row.objective),
    }
}

/// `Aug 9-20`, `Aug 28-Sep 3`, `2027-12-28 to 2028-01-03`; `None` where it is known to the day.
pub fn between(b: &Break) -> Option<String> {
    let Some(latest) = b.latest else { return Some(format!("{} or later", b.earliest)) };
    if b.earliest == latest {
        return None;
    }
    let ((y, m, d), (year, month, day)) = (b.earliest.civil(), latest.civil());
    let name = |month: u32| MONTHS[month as usize - 1];
    Some(match (y == year, m == month) {
        (true, true) => format!("{} {d}-{day}", name(m)),
        (true, false) => format!("{} {d}-{} {day}", name(m), name(month)),
        _ => format!("{} to {latest}", b.earliest),
    })
}

/// `2x the expected load`, `the expected load`
pub fn needed(plan: &Plan) -> String {
    match plan.policy {
        1.0 => "the expected load".to_owned(),
        policy => format!("{} the expected load", times(policy)),
    }
}

/// `2x`
pub fn times(x: f64) -> String {
    format!("{}x", load::bare(x))
}

/// The decision in one sentence.
#[must_use]
pub fn plan_decision(plan: &Plan) -> String {
    let Some((row, b)) = plan.first().and_then(|row| Some((row, row.breaks.as_ref()?))) else {
        return nothing_breaks(plan);
    };
    let first = row.first.as_ref().map_or_else(String::new, |first| format!("; first: {first}"));
    let mend = mend(plan).map_or_else(String::new, |mend| format!("; {mend}"));
    format!("{} {}{first}{mend}", breach(row), when(plan, row, b))
}

fn when(plan: &Plan, row: &LimitRow, b: &Break) -> String {
    let interval = between(b).map_or_else(String::new, |dates| format!(" ({dates})"));
    let limit = found(plan, &row.met_up_to);
    let passes = limit.as_ref().map_or_else(String::new, |limit| format!(", {} above {limit}", needed(plan)));
    match b.campaign {
        _ if b.date == plan.from => format!("from the first day on, {}{passes}", b.date),
        Some(x) => {
            let carried = limit.map_or_else(String::new, |limit| format!(", and {limit} is the limit"));
            let must = amount(plan, b.needed);
            format!("on {}{interval}, campaign {}: {must} must hold{carried}", b.date, times(x))
        }
        None => format!("on {}{interval}{passes}", b.date),
    }
}

/// What to do about it, where something was sized for.
fn mend(plan: &Plan) -> Option<String> {
    let step = plan.steps.first()?;
    Some(match &step.missing {
        Some(why) => format!("nothing in `size` carries {}: {why}", amount(plan, step.sized_for.ceil())),
        None if step.changes.is_empty() => {
            "the configuration of the file carries it, confirmed on fresh replications".to_owned()
        }
        None => format!("order {}: {} more a month", orders(plan, step), cost(plan, step.more)),
    })
}

/// `app.replicas 1 -> 3 by 2027-04-04 and shop.servers 8 -> 16 by 2027-03-06`
pub fn orders(plan: &Plan, step: &Step) -> String {
    let mut dates: Vec<Date> = step.changes.iter().map(|c| c.order_by).collect();
    dates.sort();
    dates.dedup();
    let of = |date: &Date| {
        let changes: Vec<String> = step.changes.iter().filter(|c| c.order_by == *date).map(change).collect();
        let late = if *date < plan.from { ", before the plan begins," } else { "" };
        format!("{} by {date}{late}", changes.join(", "))
    };
    dates.iter().map(of).collect::<Vec<_>>().join(" and ").trim_end_matches(',').to_owned()
}

/// `app.replicas 1 -> 3`
pub fn change(change: &Change) -> String {
    let before = if change.before.is_empty() { String::new() } else { format!("{} -> ", change.before) };
    format!("{} {before}{}", change.path, change.after)
}

/// `$1,240`, `12 replicas`
pub fn cost(plan: &Plan, amount: f64) -> String {
    // Only its currency counts here.
    sizing::amount(plan.currency.as_deref(), amount)
}

fn nothing_breaks(plan: &Plan) -> String {
    let Some(most) = plan.days.iter().map(|day| day.needed).reduce(f64::max) else {
        return "no day to plan for".to_owned();
    };
    let last = plan.until.plus(-1);
    let capacity = plan.capacity().and_then(|row| found(plan, &row.met_up_to));
    let limit = capacity.map_or_else(String::new, |limit| format!(", and the limit is {limit}"));
    let simulated = plan.simulated_up_to.unwrap_or(f64::INFINITY);
    let known = plan.capacity().is_some() || most <= simulated;
    let verb = if known { "nothing breaks" } else { "nothing is known to break" };
    format!(
        "{verb} until {last}, {} months on: {} is at most {}{limit}",
        plan.months,
        needed(plan),
        amount(plan, most)
    )
}

/// How a limit reads in a table: `1,446 users (1,437-1,454)`, or why there is none.
pub fn limit(plan: &Plan, row: &LimitRow) -> String {
    match found(plan, &row.met_up_to) {
        Some(limit) => limit,
        None => row.met_up_to.reason.clone().unwrap_or_else(|| number::NONE.to_owned()),
    }
}

/// It breaks where the steady state ends, and not before.
pub fn to_saturation(row: &LimitRow) -> bool {
    holds_to_saturation(&row.met_up_to)
}

/// `600 users on 2027-01-01, 6 % more a month: 2,430 at the end`
pub fn growth(plan: &Plan) -> String {
    let monthly = match plan.monthly {
        0.0 => "no growth".to_owned(),
        m if m > 0.0 => format!("{} more a month", number::percent_plain(m)),
        m => format!("{} less a month", number::percent_plain(-m)),
    };
    let most = plan.days.iter().max_by(|a, b| a.demand.total_cmp(&b.demand));
    let most = most.map_or_else(String::new, |day| {
        let campaign =
            if day.campaign == 1.0 { String::new() } else { format!(" (campaign {})", times(day.campaign)) };
        format!("; at most {} on {}{campaign}", amount(plan, day.demand.round_ties_even()), day.date)
    });
    format!("{} on {}, {monthly}{most}", amount(plan, plan.base), plan.from)
}

/// The whole answer, indented, ending in a line feed.
///
/// # Panics
/// Never: every key is a string and no value can fail to be written.
#[must_use]
pub fn plan_json(plan: &Plan) -> String {
    let mut text = serde_json::to_string_pretty(plan).expect("string keys, plain values");
    text.push('\n');
    text
}

/// Every day: what is expected, what must hold, and the tightest limit of the file's configuration.
///
/// # Panics
/// Never: writing to memory does not fail and all rows are equally long.
#[must_use]
pub fn plan_csv(plan: &Plan) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = [
        "date",
        "state",
        "converged",
        "expected",
        "must_hold",
        "campaign",
        "limit",
        "limit_low",
        "limit_high",
    ];
    writer.write_record(head).expect("memory does not fail");
    let limit = plan.capacity().map(|row| row.met_up_to.clone()).unwrap_or_default();
    let cell = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or_else(String::new, |x| x.to_string());
    for day in &plan.days {
        let state = match limit.value {
            None => "unknown",
            Some(_) if limit.low.is_some_and(|low| day.needed <= low) => "holds",
            Some(_) if limit.high.is_some_and(|high| day.needed > high) => "breaks",
            Some(_) => "undecided",
        };
        let row = [
            day.date.to_string(),
            state.to_owned(),
            (state != "undecided" && state != "unknown").to_string(),
            rounded_to_six(day.demand),
            rounded_to_six(day.needed),
            day.campaign.to_string(),
            cell(limit.value),
            cell(limit.low),
            cell(limit.high),
        ];
        writer.write_record(row).expect("rows are equally long");
    }
    writer.into_inner().expect("memory does not fail")
}

/// More digits of a projection are noise.
fn rounded_to_six(value: f64) -> String {
    format!("{value:.5e}").parse::<f64>().unwrap_or(value).to_string()
}

/// A number of days: `30 days`.
pub fn days(count: i32) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} day{plural}", rounded(f64::from(count), 0))
}

#[cfg(test)]
pub mod sample {
    use super::*;
    use crate::experiment::answer::Axis;
    use crate::experiment::plan::answer::DayRow;

    /// Two years of growth with a campaign of a factor, and one change.
    pub fn plan(x: f64) -> Plan {
        let from = Date::new(2027, 1, 1).expect("a day");
        let day = |at: i32| {
            let campaign = if (329..333).contains(&at) { x } else { 1.0 };
            let demand = 600.0 * 1.06f64.powf(f64::from(at) / 30.4375) * campaign;
            DayRow { date: from.plus(at), demand, needed: 2.0 * demand, campaign }
        };
        let b = |date: i32, campaign| Break {
            date: from.plus(date),
            earliest: from.plus(date - 2),
            latest: Some(from.plus(date + 3)),
            needed: 1_450.0,
            campaign,
            days: 600,
        };
        let row = |objective: &str, at: f64, date| LimitRow {
            subject: "total".to_owned(),
            objective: objective.to_owned(),
            warns: false,
            met_up_to: Estimate::with_interval(at, 0.99 * at, 1.01 * at),
            first: Some("app cores".to_owned()),
            breaks: Some(b(date, None)),
            without_campaigns: None,
        };
        let step = Step {
            needed_from: from.plus(95),
            sized_for: 4_093.0,
            sized_until: from.plus_months(24),
            changes: vec![Change {
                path: "app.replicas".to_owned(),
                before: "1".to_owned(),
                after: "3".to_owned(),
                lead_days: Some(1),
                order_by: from.plus(94),
            }],
            more: 248.2,
            cost: 883.0,
            carries: Estimate::with_interval(4_300.0, 4_250.0, 4_350.0),
            lasts_until: Some(from.plus(660)),
            first: Some("shop servers".to_owned()),
            missing: None,
        };
        Plan {
            knee: "0.1.0",
            model: "1k".to_owned(),
            seed: 1,
            digest: "0".to_owned(),
            axis: Axis::Users,
            from,
            until: from.plus_months(24),
            months: 24,
            base: 600.0,
            monthly: 0.06,
            policy: 2.0,
            limits: vec![row("p95 < 200ms", 1_446.0, 97), row("saturation", 1_561.0, 137)],
            steps: vec![step],
            currency: Some("$".to_owned()),
            cost: 635.0,
            simulated_up_to: Some(2_500.0),
            remarks: Vec::new(),
            days: (0..731).map(day).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_says_what_breaks_when_and_what_mends_it() {
        let plan = sample::plan(1.8);
        assert_eq!(
            plan_decision(&plan),
            "p95 breaks 200 ms on 2027-04-08 (Apr 6-11), 2x the expected load above 1,446 users; first: app cores; order app.replicas 1 -> 3 by 2027-04-05: $248 more a month"
        );
        let never = Plan { limits: Vec::new(), steps: Vec::new(), ..plan };
        let told = plan_decision(&never);
        assert!(told.starts_with("nothing is known to break until 2028-12-31, 24 months on: "), "{told}");
    }

    #[test]
    fn intervals_of_dates_are_short() {
        let plan = sample::plan(1.0);
        let of = |earliest: &str, latest: &str| {
            let date = |text| Date::read(text).unwrap();
            let b = plan.limits[0].breaks.clone().unwrap();
            between(&Break { earliest: date(earliest), latest: Some(date(latest)), ..b })
        };
        assert_eq!(of("2027-08-09", "2027-08-20").unwrap(), "Aug 9-20");
        assert_eq!(of("2027-08-28", "2027-09-03").unwrap(), "Aug 28-Sep 3");
        assert_eq!(of("2027-12-28", "2028-01-03").unwrap(), "2027-12-28 to 2028-01-03");
        assert_eq!(of("2027-12-28", "2027-12-28"), None);
    }

    #[test]
    fn files_are_known_again_and_have_every_day() {
        let plan = sample::plan(1.8);
        let bytes = plan_csv(&plan);
        assert!(bytes.starts_with(b"date,state,converged,expected,must_hold,"));
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((rows.len(), &rows[0][1], &rows[730][1]), (731, "holds", "breaks"));
        let document: serde_json::Value = serde_json::from_str(&plan_json(&plan)).unwrap();
        assert_eq!(document["limits"][0]["breaks"]["date"], "2027-04-08");
        assert_eq!(document["steps"][0]["changes"][0]["order_by"], "2027-04-05");
    }
}
