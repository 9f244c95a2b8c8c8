//! How many of what, in words and as files: phrases that the table and the chart share, CSV and JSON.

use super::number::{self, finite, rounded};
use crate::experiment::answer::Estimate;
use crate::experiment::size::answer::{AT_MOST, Configuration, MilestoneRow, Sizing, Verdict};

/// `8 web, 2 read replicas, web_db 20`
pub fn named(sizing: &Sizing, values: &[String]) -> String {
    let paths = sizing.knobs.iter().map(|knob| knob.path.as_str());
    let alone = |last: &str| sizing.knobs.iter().filter(|k| k.path.ends_with(last)).count() == 1;
    let one = |(path, value): (&str, &String)| {
        let value =
            value.parse::<f64>().map_or_else(|_| value.clone(), |x| number::trimmed(&grouped(x)).to_owned());
        match path.rsplit_once('.') {
            Some((place, "replicas")) => format!("{value} {place}"),
            Some((_, "read_replicas")) if alone(".read_replicas") => count(&value, "read replica"),
            Some((place, "read_replicas")) => format!("{} of {place}", count(&value, "read replica")),
            Some((place, "nodes")) => format!("{} of {place}", count(&value, "node")),
            Some((place, "size")) => format!("{place} {value}"),
            Some((place, last)) => format!("{place} {} {value}", last.replace('_', " ")),
            None => format!("{path} {value}"),
        }
    };
    paths.zip(values).map(one).collect::<Vec<_>>().join(", ")
}

/// `1 node`, `3 nodes`
fn count(value: &str, what: &str) -> String {
    let plural = if value == "1" { "" } else { "s" };
    format!("{value} {what}{plural}")
}

fn grouped(x: f64) -> String {
    rounded(x, if x.fract() == 0.0 { 0 } else { 4 })
}

/// `$1,240`, `1,240 EUR`, `12 replicas`
pub fn cost(sizing: &Sizing, cost: f64) -> String {
    amount(sizing.currency.as_deref(), cost)
}

/// As [`cost`], in a currency; without one it counts replicas.
pub fn amount(currency: Option<&str>, cost: f64) -> String {
    match currency {
        None if cost == 1.0 => "1 replica".to_owned(),
        None => format!("{} replicas", rounded(cost, 0)),
        Some(sign) if sign.chars().all(char::is_alphabetic) => format!("{} {sign}", money(cost)),
        Some(sign) => format!("{sign}{}", money(cost)),
    }
}

/// As [`cost`], with its time.
pub fn cost_a_month(sizing: &Sizing, amount: f64) -> String {
    let unit = if sizing.currency.is_some() { " a month" } else { "" };
    cost(sizing, amount) + unit
}

fn money(amount: f64) -> String {
    rounded(amount, if amount < 100.0 { 2 } else { 0 })
}

/// `p95`, or `p95 of web.checkout`
pub fn subject(sizing: &Sizing) -> String {
    let subject = &sizing.subject;
    if subject.endpoint == "total" {
        subject.statistic.clone()
    } else {
        format!("{} of {}", subject.statistic, subject.endpoint)
    }
}

/// `148 ms (141-155)`
pub fn latency(e: &Estimate) -> String {
    let Some(value) = finite(e.value) else { return number::NONE.to_owned() };
    let unit = number::TimeUnit::fitting(value);
    let ends = number::interval(e, unit.per_second()).map_or_else(String::new, |ends| format!(" ({ends})"));
    format!("{} {}{ends}", number::trimmed(&number::estimate(e, unit.per_second())), unit.name())
}

/// `10,000 users`, as it was asked for.
pub fn milestone(row: &MilestoneRow) -> String {
    let (digits, unit) = row
        .label
        .split_at(row.label.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(row.label.len()));
    digits
        .parse()
        .map_or_else(|_| row.label.clone(), |x: f64| format!("{}{unit}", number::trimmed(&grouped(x))))
}

/// The decision in one sentence.
pub fn decision(sizing: &Sizing, row: &MilestoneRow) -> String {
    let Some(winner) = &row.winner else { return nothing(sizing, row) };
    let latency = latency(sizing.subject.of(winner));
    let cause = |name: &String| format!(", first: {name}");
    let limit = match &row.limit_at {
        Some(found) if found.at.value.is_some() => {
            let at = limit(row);
            format!("; limit {at}{}", found.cause.as_ref().map_or_else(String::new, cause))
        }
        _ => row.cause.as_ref().map_or_else(String::new, |name| format!("; first: {name}")),
    };
    format!(
        "{}: {}: {}, {} {latency}{limit}",
        milestone(row),
        named(sizing, &winner.values),
        cost_a_month(sizing, winner.cost),
        subject(sizing)
    )
}

/// How far the winner carries, in the unit of the milestone; empty where it is not known.
pub fn limit(row: &MilestoneRow) -> String {
    let Some(found) = row.limit_at.as_ref().filter(|f| f.at.value.is_some()) else { return String::new() };
    // Where several groups grow alike the axis is a factor; people asked in users.
    let unit: f64 = row
        .label
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect::<String>()
        .parse()
        .unwrap_or(row.at);
    let scaled = |x: Option<f64>| x.map(|x| x / row.at * unit);
    let e = Estimate {
        value: scaled(found.at.value),
        low: scaled(found.at.low),
        high: scaled(found.at.high),
        reason: None,
    };
    let suffix = row.label.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let at_most = if found.at.reason.as_deref() == Some(AT_MOST) { "at most " } else { "" };
    format!("{at_most}{}{suffix}", number::trimmed(&number::estimate(&e, 1.0)))
}

fn nothing(sizing: &Sizing, row: &MilestoneRow) -> String {
    let least = row.least_violation.as_ref().map_or_else(
        || row.remarks.first().map_or_else(String::new, |why| format!(": {why}")),
        |c| {
            let why = c.why.as_deref().unwrap_or("nothing is known");
            format!("; the least violation, {}: {why}", named(sizing, &c.values))
        },
    );
    format!("{}: nothing here meets every objective{least}", milestone(row))
}

/// In one word.
pub fn verdict(row: &MilestoneRow, c: &Configuration) -> &'static str {
    let chosen = row.winner.as_ref().is_some_and(|w| w.values == c.values);
    match c.verdict {
        _ if chosen => "chosen",
        Verdict::Meets => "meets",
        Verdict::Undecided => "undecided",
        Verdict::Fails => "misses",
    }
}

/// The whole answer, indented, ending in a line feed.
///
/// # Panics
/// Never: every key is a string and no value can fail to be written.
#[must_use]
pub fn size_json(sizing: &Sizing) -> String {
    let mut text = serde_json::to_string_pretty(sizing).expect("string keys, plain values");
    text.push('\n');
    text
}

/// Everything that was simulated, one row a configuration and milestone. Times in seconds.
///
/// # Panics
/// Never: writing to memory does not fail and all rows are equally long.
#[must_use]
pub fn size_csv(sizing: &Sizing) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let latency = format!("{}_s", sizing.subject.statistic);
    let mut head: Vec<String> = ["load", "state", "converged", "frontier", "cost"].map(str::to_owned).into();
    head.extend(sizing.knobs.iter().map(|knob| knob.path.clone()));
    head.extend([latency.clone(), latency.replace("_s", "_low_s"), latency.replace("_s", "_high_s")]);
    head.extend(["busiest", "utilization", "requests", "why"].map(str::to_owned));
    writer.write_record(head).expect("memory does not fail");
    for row in &sizing.milestones {
        for c in &row.tried {
            writer.write_record(cells(sizing, row, c)).expect("rows are equally long");
        }
    }
    writer.into_inner().expect("memory does not fail")
}

fn cells(sizing: &Sizing, row: &MilestoneRow, c: &Configuration) -> Vec<String> {
    let cell = |x: Option<f64>| finite(x).map_or_else(String::new, |x| x.to_string());
    let latency = sizing.subject.of(c);
    let mut cells = vec![
        row.at.to_string(),
        verdict(row, c).to_owned(),
        (c.verdict != Verdict::Undecided).to_string(),
        c.frontier.to_string(),
        c.cost.to_string(),
    ];
    cells.extend(c.values.iter().cloned());
    cells.extend([cell(latency.value), cell(latency.low), cell(latency.high)]);
    cells.extend([
        c.busiest.as_ref().map_or_else(String::new, |b| b.name.clone()),
        cell(c.busiest.as_ref().and_then(|b| b.utilization.value)),
        c.requests.to_string(),
        c.why.clone().unwrap_or_default(),
    ]);
    cells
}

#[cfg(test)]
pub mod sample {
    use super::*;
    use crate::experiment::answer::{Axis, Found};
    use crate::experiment::size::answer::{Busiest, Check, Counts, KnobRow, Missed, Subject};
    use crate::model::{Goal, Statistic};

    fn configuration(web: u32, pool: u32, p95: f64) -> Configuration {
        let estimate = Estimate::with_interval(p95, 0.95 * p95, 1.06 * p95);
        let verdict = if 1.06 * p95 < 0.2 { Verdict::Meets } else { Verdict::Fails };
        Configuration {
            values: vec![web.to_string(), pool.to_string(), "0".to_owned()],
            cost: 124.1 * f64::from(web) + 420.0,
            verdict,
            p95_s: estimate.clone(),
            checks: vec![Check {
                endpoint: "web.checkout".to_owned(),
                objective: "p95 < 200ms".to_owned(),
                estimate,
                room: 1.0 - p95 / 0.2,
                verdict,
                without: None,
                goal: Goal::Latency(Statistic::Quantile(0.95), 0.2),
            }],
            busiest: Some(Busiest {
                name: "web cores".to_owned(),
                utilization: Estimate::with_interval(
                    5.5 / f64::from(web),
                    5.4 / f64::from(web),
                    5.6 / f64::from(web),
                ),
            }),
            requests: 160_000,
            violation: (p95 / 0.2 - 1.0).max(0.0),
            why: (verdict == Verdict::Fails).then(|| "misses web.checkout p95 < 200ms".to_owned()),
            frontier: true,
        }
    }

    fn row(users: f64, scale: u32) -> MilestoneRow {
        let tried: Vec<Configuration> = [(7, 0.31), (8, 0.148), (9, 0.131), (12, 0.12)]
            .map(|(web, p95)| configuration(web * scale, 20, p95))
            .into();
        MilestoneRow {
            at: users,
            label: format!("{users} users"),
            winner: Some(tried[1].clone()),
            limit_at: Some(Found {
                load: "users".to_owned(),
                at: Estimate::with_interval(1.19 * users, 1.17 * users, 1.2 * users),
                cause: Some("orders.primary servers".to_owned()),
                ..Found::default()
            }),
            cause: Some("web cores".to_owned()),
            tightest: Some(0),
            next_cheaper: Some(Missed {
                values: tried[0].values.clone(),
                cost: tried[0].cost,
                why: "misses web.checkout p95 < 200ms: 310 ms (295-329)".to_owned(),
            }),
            runner_up: Some(tried[2].clone()),
            least_violation: None,
            tried,
            counts: Counts { simulated: 31, excluded: 900, deferred: 3, events: 12_000_000 },
            remarks: vec![],
        }
    }

    /// Two milestones that were met and one that was not.
    pub fn sizing() -> Sizing {
        let knob = |path: &str, costs| KnobRow { path: path.to_owned(), values: vec!["1".to_owned()], costs };
        let mut none = row(100_000.0, 60);
        none.least_violation = none.winner.take();
        none.limit_at = None;
        none.next_cheaper = None;
        none.runner_up = None;
        Sizing {
            knee: "0.1.0",
            model: "shop".to_owned(),
            seed: 1,
            digest: "0".to_owned(),
            axis: Axis::Users,
            currency: Some("$".to_owned()),
            headroom: 0.8,
            survive_replica: true,
            knobs: vec![
                knob("web.replicas", true),
                knob("web_db.size", false),
                knob("orders.read_replicas", true),
            ],
            subject: Subject {
                endpoint: "web.checkout".to_owned(),
                statistic: "p95".to_owned(),
                bar_s: Some(0.2),
                check: Some(0),
            },
            grid: 1_152,
            events: 36_000_000,
            milestones: vec![row(1_000.0, 1), row(10_000.0, 6), none],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decision_says_what_it_costs_and_how_far_it_carries() {
        let sizing = sample::sizing();
        assert_eq!(
            decision(&sizing, &sizing.milestones[0]),
            "1,000 users: 8 web, web_db 20, 0 read replicas: $1,413 a month, p95 of web.checkout 148 ms (141-157); limit 1,190 users, first: orders.primary servers"
        );
        let none = decision(&sizing, &sizing.milestones[2]);
        assert!(
            none.starts_with(
                "100,000 users: nothing here meets every objective; the least violation, 480 web"
            ),
            "{none}"
        );
        let without = Sizing { currency: None, ..sizing.clone() };
        assert_eq!(cost_a_month(&without, 12.0), "12 replicas");
        let euro = Sizing { currency: Some("EUR".to_owned()), ..sizing };
        assert_eq!(cost_a_month(&euro, 12.0), "12.00 EUR a month");
    }

    #[test]
    fn files_are_known_again_and_have_every_row() {
        let sizing = sample::sizing();
        let bytes = size_csv(&sizing);
        assert!(bytes.starts_with(b"load,state,converged,frontier,cost,web.replicas,"));
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let states: Vec<String> = reader.records().map(|r| r.unwrap()[1].to_owned()).collect();
        assert_eq!(states[..4], ["misses", "chosen", "meets", "meets"]);
        assert_eq!(states.len(), 12);
        let document: serde_json::Value = serde_json::from_str(&size_json(&sizing)).unwrap();
        assert_eq!(document["knee"], "0.1.0");
        assert_eq!(document["milestones"][0]["winner"]["verdict"], "meets");
        assert!(document["milestones"][2]["winner"].is_null());
    }
}
