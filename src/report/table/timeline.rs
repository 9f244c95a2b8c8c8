//! A run over time: what changes as rows of blocks, one a window, and some windows in numbers.

use super::findings::line;
use super::grid::{Cell, Grid, cut};
use super::paint::{Paint, Role};
use crate::experiment::answer::{Estimate, Point, TimelineRow};
use crate::report::number::{self, TimeUnit, finite, percent_plain, rounded};
use crate::report::view;

/// From the least to the most.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Rows of numbers, about.
const ROWS: usize = 12;
/// Caches that are shown.
const CACHES_MAX: usize = 3;
/// Characters of a name before the blocks.
const NAME: usize = 14;

/// Everything about the timeline of a point; nothing where it has none.
pub fn text(point: &Point, paint: Paint) -> String {
    if point.timeline.is_empty() {
        return String::new();
    }
    let parts = [courses(point, paint), grid(point).render(paint)];
    parts.join("\n")
}

/// A quantity over all windows.
struct Course {
    name: String,
    values: Vec<Option<f64>>,
    /// What a full block stands for.
    full: f64,
    /// The least and the most, with the unit.
    range: String,
}

fn courses(point: &Point, paint: Paint) -> String {
    let rows = &point.timeline;
    let unit = unit(rows);
    let per_second = unit.per_second();
    let mut courses = vec![
        latency(format!("p50 {}", unit.name()), rows, per_second, |row| &row.total.latency_s.p50),
        latency(format!("p95 {}", unit.name()), rows, per_second, |row| &row.total.latency_s.p95),
    ];
    let errors: Vec<_> = rows.iter().map(|row| view::errors_share(&row.total.errors)).collect();
    if errors.iter().flatten().any(|share| *share > 0.0) {
        let range = percent_plain(errors.iter().flatten().fold(0.0, |a: f64, b| a.max(*b)));
        courses.push(Course {
            name: "errors".to_owned(),
            values: errors,
            full: 1.0,
            range: format!("up to {range}"),
        });
    }
    for cache in caches(point) {
        let values: Vec<_> = rows.iter().map(|row| hits(row, cache)).collect();
        let least = values.iter().flatten().fold(1.0, |a: f64, b| a.min(*b));
        let range = format!("down to {}", percent_plain(least));
        courses.push(Course { name: format!("{cache} hits"), values, full: 1.0, range });
    }
    let head =
        format!("  all requests, a block for each {}", number::seconds(rows[0].until_s - rows[0].at_s));
    let lines = courses.iter().map(|course| draw(course, paint));
    paint.apply(Role::Strong, &head) + "\n" + &lines.collect::<String>() + &changes(point, paint)
}

fn latency(
    name: String,
    rows: &[TimelineRow],
    factor: f64,
    of: impl Fn(&TimelineRow) -> &Estimate,
) -> Course {
    let values: Vec<_> = rows.iter().map(|row| finite(of(row).value).map(|v| v * factor)).collect();
    let (least, most) = ends(&values);
    let shown = |value: f64| number::significant(value, if value < 10.0 { 2 } else { 3 });
    Course { name, values, full: most, range: format!("{} to {}", shown(least), shown(most)) }
}

fn ends(values: &[Option<f64>]) -> (f64, f64) {
    let (low, high) =
        values.iter().flatten().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    (if low.is_finite() { low } else { 0.0 }, high)
}

fn draw(course: &Course, paint: Paint) -> String {
    let block = |value: &Option<f64>| {
        value.map_or(' ', |value| {
            let share = if course.full > 0.0 { value / course.full } else { 0.0 };
            BLOCKS[((share * BLOCKS.len() as f64) as usize).min(BLOCKS.len() - 1)]
        })
    };
    let blocks: String = course.values.iter().map(block).collect();
    let name = cut(&course.name, NAME);
    let padding = " ".repeat(NAME - name.chars().count());
    format!("  {}{padding}  {blocks}  {}\n", paint.apply(Role::Strong, &name), course.range)
}

/// A mark below the blocks for each change, and what it is.
fn changes(point: &Point, paint: Paint) -> String {
    let mut marks: Vec<char> = vec![' '; point.timeline.len()];
    for change in &point.changes {
        if let Some(at) = window_of(point, change.at_s) {
            marks[at] = '^';
        }
    }
    let marks: String = marks.into_iter().collect();
    let padding = " ".repeat(NAME);
    let mut text = format!("  {padding}  {}\n", marks.trim_end());
    let listed = point.changes.iter().take(6);
    let told: Vec<String> =
        listed.map(|change| format!("{} at {}", change.what, number::seconds(change.at_s))).collect();
    let more = point.changes.len() - told.len();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    text += &line("changes", &format!("{}{more}", told.join(", ")), paint);
    text
}

fn window_of(point: &Point, at_s: f64) -> Option<usize> {
    point.timeline.iter().position(|row| row.at_s <= at_s && at_s < row.until_s)
}

/// Windows at even distances, those of the changes, and the slowest.
fn grid(point: &Point) -> Grid {
    let rows = &point.timeline;
    let unit = unit(rows);
    let errors = rows.iter().any(|row| view::errors_share(&row.total.errors).is_some_and(|e| e > 0.0));
    let mut grid = Grid::default()
        .left("from s")
        .right("answers/s")
        .right(format!("mean {}", unit.name()))
        .right("p50")
        .right("p95")
        .right("p99")
        .right("errors");
    let caches: Vec<&str> = caches(point).collect();
    for cache in &caches {
        grid = grid.right(format!("{} hits", cut(cache, NAME)));
    }
    for at in chosen(point) {
        let (row, factor) = (&rows[at], unit.per_second());
        let latency = &row.total.latency_s;
        let share = view::errors_share(&row.total.errors).filter(|_| errors);
        let mut cells: Vec<Cell> = vec![
            number::trimmed(&rounded(row.at_s, 3)).into(),
            number::estimate(&row.total.throughput_per_s, 1.0).into(),
            number::estimate(&latency.mean, factor).into(),
            number::estimate(&latency.p50, factor).into(),
            number::with_half_width(&latency.p95, factor).into(),
            number::estimate(&latency.p99, factor).into(),
            share.map_or_else(String::new, percent_plain).into(),
        ];
        let ratio = |cache: &&str| row.places.get(*cache).and_then(|place| place.hit_ratio.as_ref());
        cells.extend(
            caches.iter().map(|cache| Cell::from(ratio(cache).map_or_else(String::new, number::percent))),
        );
        grid.row(cells);
    }
    grid
}

fn chosen(point: &Point) -> Vec<usize> {
    let rows = &point.timeline;
    let step = rows.len().div_ceil(ROWS);
    let p95 = |at: &usize| finite(rows[*at].total.latency_s.p95.value).unwrap_or(0.0);
    let slowest = (0..rows.len()).max_by(|a, b| p95(a).total_cmp(&p95(b)));
    let marked = point.changes.iter().take(6).filter_map(|change| window_of(point, change.at_s));
    let mut all: Vec<usize> = (0..rows.len()).step_by(step).chain(marked).chain(slowest).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn caches(point: &Point) -> impl Iterator<Item = &str> {
    let places = point.timeline.first().into_iter().flat_map(|row| &row.places);
    places.filter(|(_, place)| place.hit_ratio.is_some()).map(|(name, _)| name.as_str()).take(CACHES_MAX)
}

fn hits(row: &TimelineRow, cache: &str) -> Option<f64> {
    finite(row.places.get(cache)?.hit_ratio.as_ref()?.value)
}

/// The unit of the middle of all p95.
fn unit(rows: &[TimelineRow]) -> TimeUnit {
    let (low, high) = ends(&rows.iter().map(|row| finite(row.total.latency_s.p95.value)).collect::<Vec<_>>());
    TimeUnit::fitting((low.max(1e-6) * high.max(1e-6)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_flush_is_seen_in_blocks_and_numbers() {
        insta::assert_snapshot!(text(&sample::flushed(), Paint::Plain));
    }

    #[test]
    fn every_line_fits_a_hundred_columns() {
        let text = text(&sample::flushed(), Paint::Plain);
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }
}
