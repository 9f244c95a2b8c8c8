//! What `sweep` prints: the decision, a small curve, at most ten rows, and what was found.

use super::findings::findings;
use super::grid::{Cell, Grid};
use super::paint::{Paint, Role};
use super::plot::plot;
use crate::experiment::answer::{Answer, Distribution, Point, State};
use crate::report::number::{self, TimeUnit, finite};
use crate::report::{decision, load, view};

/// More rows than this nobody reads; the rest is in the CSV.
const ROWS: usize = 10;

/// The curve as text of at most 100 columns.
#[must_use]
pub fn sweep_text(answer: &Answer, paint: Paint) -> String {
    let answer = &*load::in_shown_unit(answer);
    let subject = view::subject(answer, None);
    let mut out = format!("{}\n\n", super::findings::wrap(&decision::decision(answer), paint));
    let plot = plot(answer, &subject, paint);
    if !plot.is_empty() {
        out += &plot;
        out.push('\n');
    }
    if subject != view::TOTAL {
        out += &format!("  latencies of {subject}\n");
    }
    out += &table(answer, &subject).render(paint);
    let findings = findings(answer, paint);
    if findings.is_empty() { out } else { out + "\n" + &findings }
}

fn table(answer: &Answer, subject: &str) -> Grid {
    let points = chosen(answer);
    let unit = unit(&points, subject);
    let head = |name: &str| format!("{name} {}", unit.name());
    let mut grid = Grid::default()
        .right(load::axis_head(&answer.axis))
        .right("answers/s")
        .right(head("p50"))
        .right(head("p95"))
        .right(head("p99"))
        .left("busiest")
        .right("busy")
        .right("errors")
        .left("state");
    let errors = points
        .iter()
        .any(|p| view::error_share(view::row(p, subject)).is_some_and(|e| e > view::NEGLIGIBLE_ERRORS));
    for point in points {
        grid.row(row(point, subject, unit, errors));
    }
    grid
}

fn row(point: &Point, subject: &str, unit: TimeUnit, errors: bool) -> Vec<Cell> {
    let row = view::row(point, subject);
    let factor = unit.per_second();
    // Where the backlog grows, a latency says only how long the run was.
    let steady = point.state != State::Saturated;
    let latency = |text: String| if steady { text } else { number::NONE.to_owned() };
    let d: &Distribution = &row.latency_s;
    let (name, busy) = view::busiest(point).map_or_else(Default::default, |(n, u)| (n, number::percent(u)));
    let errors =
        errors.then(|| view::error_share(row)).flatten().map_or_else(String::new, number::percent_plain);
    vec![
        load::bare(point.load.at).into(),
        number::estimate(&point.total.throughput_per_s, 1.0).into(),
        latency(number::estimate(&d.p50, factor)).into(),
        latency(number::with_half_width(&d.p95, factor)).into(),
        latency(number::estimate(&d.p99, factor)).into(),
        name.into(),
        busy.into(),
        errors.into(),
        state(point),
    ]
}

/// The state in words; a star where its numbers are not as precise as asked, which a note below explains.
fn state(point: &Point) -> Cell {
    let (text, role) = match point.state {
        State::Stable => ("stable", Role::Good),
        State::Shedding => ("shedding", Role::Warn),
        State::Undecided => ("undecided", Role::Warn),
        State::Saturated => ("saturated", Role::Bad),
        State::BeyondSaturation => ("beyond", Role::Warn),
        State::Transient => ("in time", Role::Text),
    };
    let converged = point.converged.values().all(|c| *c) || point.state == State::Saturated;
    if converged { Cell::new(text, role) } else { Cell::new(format!("{text} *"), Role::Warn) }
}

/// One unit for all latencies: that in which their middle, by factors, is handy.
fn unit(points: &[&Point], subject: &str) -> TimeUnit {
    let values = |of: fn(&Distribution) -> Option<f64>| {
        points
            .iter()
            .filter(|p| p.state != State::Saturated)
            .filter_map(move |p| finite(of(&view::row(p, subject).latency_s)))
            .filter(|v| *v > 0.0)
    };
    let low = values(|d| d.p50.value).fold(f64::INFINITY, f64::min);
    let high = values(|d| d.p99.value).fold(0.0, f64::max);
    TimeUnit::fitting(if low.is_finite() { (low * high.max(low)).sqrt() } else { 1.0 })
}

/// At most ten points: both ends, those around what was found, and of the rest every so many.
fn chosen(answer: &Answer) -> Vec<&Point> {
    let points = &answer.points;
    if points.len() <= ROWS {
        return points.iter().collect();
    }
    let mut kept = vec![false; points.len()];
    kept[0] = true;
    kept[points.len() - 1] = true;
    for found in landmarks(answer) {
        // The highest load below it and the lowest above it.
        let above = points.partition_point(|p| p.load.at < found).min(points.len() - 1);
        for i in [above, above.saturating_sub(1)] {
            if kept.iter().filter(|k| **k).count() < ROWS {
                kept[i] = true;
            }
        }
    }
    while kept.iter().filter(|k| **k).count() < ROWS {
        let middle = middle_of_widest_gap(&kept);
        kept[middle] = true;
    }
    points.iter().zip(kept).filter(|(_, kept)| *kept).map(|(p, _)| p).collect()
}

fn landmarks(answer: &Answer) -> impl Iterator<Item = f64> {
    let found = [&answer.limit_at, &answer.knee_at].map(|f| f.as_ref().and_then(|f| finite(f.at.value)));
    found.into_iter().chain([answer.peak]).flatten()
}

fn middle_of_widest_gap(kept: &[bool]) -> usize {
    let at: Vec<usize> = (0..kept.len()).filter(|i| kept[*i]).collect();
    let gap = at.windows(2).rev().max_by_key(|w| w[1] - w[0]).expect("both ends are kept");
    (gap[0] + gap[1]) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn ten_rows_keep_the_ends_and_what_was_found() {
        let model = sample::Mmc { c: 28, mean_s: 0.02 };
        let rates: Vec<f64> = (1..=60).map(|i| f64::from(i) * 23.0).collect();
        let answer = sample::with_findings(sample::curve(model, &rates), model, 0.1, "p95 < 100ms");
        let rows: Vec<f64> = chosen(&answer).iter().map(|p| p.load.at).collect();
        assert_eq!(rows.len(), 10);
        assert_eq!((rows[0], rows[9]), (23.0, 1380.0));
        let limit = answer.limit_at.unwrap().at.value.unwrap();
        assert!(rows.iter().any(|r| (limit - 23.0..limit).contains(r)));
        assert!(rows.windows(2).all(|w| w[0] < w[1]));
    }

    #[test]
    fn every_line_fits_a_hundred_columns() {
        for answer in [
            sample::open_shop(),
            sample::steep(),
            sample::shedding(),
            sample::closed_users(),
            sample::few(1),
            sample::over_path(),
        ] {
            let text = sweep_text(&answer, Paint::Plain);
            let widest = text.lines().map(|l| l.chars().count()).max().unwrap();
            assert!(widest <= 100, "{widest}\n{text}");
            assert!(!text.contains('\u{1b}'));
        }
    }

    #[test]
    fn an_open_sweep_prints_its_decision_curve_rows_and_findings() {
        insta::assert_snapshot!(sweep_text(&sample::open_shop(), Paint::Plain));
    }

    #[test]
    fn a_steep_curve_is_cut_in_the_terminal_too() {
        insta::assert_snapshot!(sweep_text(&sample::steep(), Paint::Plain));
    }

    #[test]
    fn a_closed_sweep_warns_of_its_percentiles_once() {
        let text = sweep_text(&sample::closed_users(), Paint::Plain);
        assert_eq!(text.matches("understate").count(), 1);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn along_a_path_values_stand_in_its_unit_and_nothing_is_said_of_load() {
        insta::assert_snapshot!(sweep_text(&sample::over_path(), Paint::Plain), @r#"
        p95 59.9 ms at orders.product.read = 1 ms, 85.3 ms at 1,024 ms; p95 breaks 200 ms at 700 ms; no
        steady state at 2,048 ms

          p95, ms over orders.product.read
              200 ┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄░
                  ┤                                                               ░
              140 ┤                                                               ░
                  ┤                                                               ░
               75 ┤                          ⢀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⠤⠤⠤⠤⠤⠒⠒⠒⠉     ░
                  ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠁                                    ░
               15 ┤                                                               ░
                0 └──────────────────────────────────────────────────────┴─────────
                   1                                                   limit   2,050 ms

          orders.product.read ms  answers/s  p50 ms      p95 ms  p99 ms  busiest           busy  state
                               1      140.0   13.86  59.9 ± 0.4    92.1  orders servers  10.0 %  stable
                               2      350.0   13.86  59.9 ± 0.5    92.1  orders servers  25.0 %  stable
                               4      560.0   13.86  59.9 ± 0.6    92.1  orders servers  40.0 %  stable
                               8      700.0   13.86  59.9 ± 0.7      92  orders servers  50.0 %  stable
                              16      840.0    13.9  59.9 ± 0.9      92  orders servers  60.0 %  stable
                              64      1,092    14.4  60.5 ± 1.6      93  orders servers  78.0 %  stable
                             128      1,190    15.6      62 ± 2      94  orders servers  85.0 %  stable
                             512      1,309    21.4      71 ± 4     104  orders servers  93.5 %  stable
                           1,024      1,344    27.4      85 ± 5     121  orders servers  96.0 %  stable *
                           2,048      1,400       -           -       -  orders servers   100 %  saturated

          limit       orders.product.read = 700 ms (686-714), where p95 breaks 200 ms
          bottleneck  orders.product.read = 1 to 2,048 ms: orders servers 98 %
          note        * not converged at orders.product.read = 1,024 ms; it would take 12,000,000 requests a
                      replication
          note        no steady state at orders.product.read = 2,048 ms: the backlog grows by 70.0/s at
                      orders
        "#);
    }

    #[test]
    fn errors_get_a_column_where_there_are_any() {
        insta::assert_snapshot!(sweep_text(&sample::shedding(), Paint::Plain));
    }
}
