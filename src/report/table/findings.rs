//! The lines below a sweep's table: knee, limit, saturation, bottlenecks, headroom, and what a reader must know to trust it.

use super::paint::{Paint, Role};
use crate::experiment::answer::{Answer, Axis, Estimate, Found, State};
use crate::report::number::{self, finite, rounded};
use crate::report::objective::Objective;
use crate::report::{load, view};

/// What is wrong with percentiles of closed loads.
pub const CLOSED: &str =
    "users who wait do not ask: these percentiles understate what open traffic of the same rate would see";

/// All findings, a line each, aligned behind their names.
pub fn findings(answer: &Answer, paint: Paint) -> String {
    let mut lines: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, text: Option<String>| lines.extend(text.map(|text| (name.to_owned(), text)));
    add("knee", answer.knee_at.as_ref().map(|f| knee(answer, f)));
    add("", elbow(answer));
    add("", kneedle(answer));
    add("limit", answer.limit_at.as_ref().map(|f| limit(answer, f)));
    add("saturation", saturation(answer));
    add("at most", law(answer));
    add("headroom", headroom(answer));
    add("cost", cost(answer));
    bottlenecks(answer).into_iter().enumerate().for_each(|(i, text)| {
        add(if i == 0 { "bottleneck" } else { "" }, Some(text));
    });
    objectives(answer).into_iter().enumerate().for_each(|(i, text)| {
        add(if i == 0 { "objectives" } else { "" }, Some(text));
    });
    notes(answer).into_iter().for_each(|text| add("note", Some(text)));
    lines.iter().map(|(name, text)| line(name, text, paint)).collect()
}

/// A name and a text, wrapped behind the name.
pub fn line(name: &str, text: &str, paint: Paint) -> String {
    const INDENT: usize = 14;
    let head = paint.apply(Role::Strong, &format!("  {name:<12}"));
    let lines = words(text, super::grid::WIDTH - INDENT);
    head + &lines.join(&format!("\n{}", " ".repeat(INDENT))) + "\n"
}

/// A sentence that everything else hangs on, over as many lines as it needs.
pub fn wrap(text: &str, paint: Paint) -> String {
    let lines: Vec<String> =
        words(text, super::grid::WIDTH).iter().map(|l| paint.apply(Role::Strong, l)).collect();
    lines.join("\n")
}

/// Breaks a text between words into lines of at most `width` characters, unless a word is longer.
fn words(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn found(answer: &Answer, at: &Estimate) -> Option<String> {
    let text = load::found_with_interval(&answer.axis, at)?;
    let open = at.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
    Some(text + &open)
}

fn or_reason(answer: &Answer, at: &Estimate) -> String {
    found(answer, at).or_else(|| at.reason.clone()).unwrap_or_else(|| "not found".to_owned())
}

fn knee(answer: &Answer, knee: &Found) -> String {
    let at = or_reason(answer, &knee.at);
    if knee.at.value.is_none() {
        return at;
    }
    let by =
        knee.by.as_deref().map_or_else(String::new, |by| format!(", where throughput / {by} is highest"));
    let busy = knee.utilization.as_ref();
    let busy = busy
        .map_or_else(String::new, |(name, u)| format!("; {name} {} busy there", number::percent_plain(*u)));
    format!("{at}{by}{busy}")
}

fn elbow(answer: &Answer) -> Option<String> {
    let at = found(answer, &answer.elbow_at.as_ref()?.at)?;
    Some(format!("from {at} on, 1 % more load costs more than 1 % more p95"))
}

fn kneedle(answer: &Answer) -> Option<String> {
    let kneedle = answer.kneedle_at.as_ref()?;
    let unit = |x: f64| {
        load::with_unit(
            &answer.axis,
            &load::bare(number::significant(x, 3).replace(',', "").parse().unwrap_or(x)),
        )
    };
    let [from, to] = kneedle.range.map(unit);
    Some(format!("Kneedle says {} on the range {from} to {to}", unit(finite(kneedle.value)?)))
}

fn no_steady_state(limit: &Found) -> String {
    let ends = view::ends_with_steady_state(limit);
    if ends { ", beyond which there is no steady state".to_owned() } else { String::new() }
}

fn limit(answer: &Answer, limit: &Found) -> String {
    let at = or_reason(answer, &limit.at);
    if limit.at.value.is_none() {
        return at;
    }
    let by = if view::ends_with_steady_state(limit) { None } else { limit.by.as_deref() };
    let by = by.map_or_else(
        || no_steady_state(limit),
        |by| Objective::read(by).map_or_else(|| format!(", {by}"), |o| format!(", where {}", o.breach())),
    );
    let cause = limit.cause.as_deref().map_or_else(String::new, |c| format!("; first: {c}"));
    format!("{at}{by}{cause}")
}

fn saturation(answer: &Answer) -> Option<String> {
    let s = answer.saturation_at.as_ref()?;
    let at = or_reason(answer, &s.at);
    let throughput = finite(s.throughput_per_s.value).filter(|_| s.at.value.is_some());
    let throughput = throughput.map_or_else(String::new, |_| {
        format!(", with {} right answers/s", number::estimate(&s.throughput_per_s, 1.0))
    });
    let cause = s.cause.as_deref().map_or_else(String::new, |c| format!("; first: {c}"));
    Some(format!("{at}{throughput}{cause}"))
}

fn law(answer: &Answer) -> Option<String> {
    let law = answer.bottleneck_law.as_ref()?;
    let rate = if law.rate_per_s >= 1_000.0 {
        rounded(law.rate_per_s, 0)
    } else {
        number::significant(law.rate_per_s, 3)
    };
    let users = law.users.map_or_else(String::new, |n| format!(", {} users", rounded(n, 0)));
    let unless = if law.unless_errors_are_caught { ", unless errors are caught" } else { "" };
    Some(format!("{rate}/s{users} by the bottleneck law{unless}: {} {}", law.place, law.resource))
}

fn headroom(answer: &Answer) -> Option<String> {
    let headroom = answer.headroom.as_ref()?;
    let peak = answer.peak.map(|at| load::with_unit(&answer.axis, &load::bare(at)));
    let against = peak.map_or_else(String::new, |peak| format!(" from the peak of {peak} to the limit"));
    match finite(headroom.value) {
        Some(share) => Some(format!("{}{against}", number::percent_plain(share))),
        None => headroom.reason.clone(),
    }
}

/// What a million right answers cost at the peak, where one is stated, else at the highest simulated load within the limit, else at
/// the highest steady one.
fn cost(answer: &Answer) -> Option<String> {
    if !load::is_load(&answer.axis) {
        return None;
    }
    let steady: Vec<_> = view::steady(answer).collect();
    let near = |x: f64| {
        let distance = |p: &crate::experiment::answer::Point| (p.load.at - x).abs();
        steady.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    };
    let limit = answer.limit_at.as_ref().and_then(|limit| finite(limit.at.value));
    let within = |limit: f64| steady.iter().copied().rfind(|p| p.load.at <= limit);
    let (point, what) = match (answer.peak, limit) {
        (Some(peak), _) => (near(peak)?, " (the peak)"),
        (None, Some(limit)) => (within(limit)?, " (within the limit)"),
        (None, None) => (steady.last().copied()?, ""),
    };
    let cost = point.cost.as_ref()?;
    Some(format!(
        "{} a month, {} per million right answers at {}{what}",
        number::money_estimate(&cost.per_month, &cost.currency),
        number::money_estimate(&cost.per_million_requests, &cost.currency),
        load::with_unit(&answer.axis, &load::bare(point.load.at)),
    ))
}

/// The bottleneck by range of load: `1,900 to 3,000 users: web workers 100 %, held by: orders connections`.
fn bottlenecks(answer: &Answer) -> Vec<String> {
    let number = |x: f64| {
        if x >= 1_000.0 { rounded(x, 0) } else { number::trimmed(&number::significant(x, 3)).to_owned() }
    };
    let text = |b: &crate::experiment::answer::Bottleneck| {
        let from = if b.from == b.to { String::new() } else { format!("{} to ", number(b.from)) };
        let range = load::with_unit(&answer.axis, &format!("{from}{}", number(b.to)));
        let busy = number::percent_plain(b.utilization);
        let held = b.held_by.as_deref().map_or_else(String::new, |by| format!(", held by: {by}"));
        format!("{range}: {} {} {busy}{held}", b.place, b.resource)
    };
    answer.bottlenecks.iter().map(text).collect()
}

/// How far each objective holds, where there are several.
fn objectives(answer: &Answer) -> Vec<String> {
    if answer.slo.len() < 2 {
        return Vec::new();
    }
    let text = |row: &crate::experiment::answer::SloRow| {
        let objective = Objective::read(&row.objective).map_or_else(|| row.objective.clone(), |o| o.text());
        let held = match found(answer, &row.met_up_to) {
            Some(at) => format!("holds up to {at}"),
            None => row.met_up_to.reason.clone().unwrap_or_else(|| "not known".to_owned()),
        };
        format!("{} {objective}: {held}", row.endpoint)
    };
    answer.slo.iter().map(text).collect()
}

fn notes(answer: &Answer) -> Vec<String> {
    let closed = answer.axis == Axis::Users || answer.points.iter().any(|p| p.load.users.is_some());
    [not_converged(answer), undecided(answer), growth(answer), closed.then(|| CLOSED.to_owned())]
        .into_iter()
        .flatten()
        .collect()
}

fn loads<'a>(
    answer: &Answer,
    points: impl Iterator<Item = &'a crate::experiment::answer::Point>,
) -> Option<String> {
    let all: Vec<String> = points.map(|p| load::bare(p.load.at)).collect();
    (!all.is_empty()).then(|| load::with_unit(&answer.axis, &all.join(", ")))
}

fn not_converged(answer: &Answer) -> Option<String> {
    let open = || view::steady(answer).filter(|p| p.converged.values().any(|c| !c));
    let at = loads(answer, open())?;
    let needed = open().filter_map(|p| p.requests_needed).max();
    let needed = needed.map_or_else(String::new, |n| {
        format!(
            "; it would take {} requests a replication",
            number::trimmed(&rounded(n as f64, 1 - (n as f64).log10() as i32))
        )
    });
    Some(format!("* not converged at {at}{needed}"))
}

fn undecided(answer: &Answer) -> Option<String> {
    let told = |settling: bool| {
        let points = || {
            let undecided = answer.points.iter().filter(|p| p.state == State::Undecided);
            undecided.filter(move |p| p.settling == settling)
        };
        Some(format!("undecided at {}: {}", loads(answer, points())?, view::doubt(points().next()?)))
    };
    let told: Vec<String> = [told(false), told(true)].into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn growth(answer: &Answer) -> Option<String> {
    let first = answer.points.iter().find(|p| p.state == State::Saturated)?;
    let place = first.grows_at.as_deref().map_or_else(String::new, |p| format!(" at {p}"));
    let at = load::with_unit(&answer.axis, &load::bare(first.load.at));
    let grows = number::estimate(&first.backlog_growth_per_s, 1.0);
    Some(format!("no steady state at {at}: the backlog grows by {grows}/s{place}"))
}
