//! Queries, and the times that follow from the sizes of their tables.

use super::{Body, Compiler, Work};
use crate::diagnostic::{Diagnostic, Span};
use crate::dist::Dist;
use crate::ids::{BalancerId, DistId, PlaceId, VersionsId};
use crate::model::PlaceKind;
use crate::spec::decode::At;
use crate::spec::law::{Law, illegal};
use crate::spec::place::{self as spec, FANOUT};
use crate::spec::quantity::{Number, SECONDS_MAX, Seconds, Whole};
use crate::units;

/// What a query asks for, as written.
enum Asks<'a> {
    Read(&'a At<Law>),
    Write(&'a At<Law>),
    Scan(&'a At<spec::Scan>),
    Index(&'a At<spec::Index>),
    Join(&'a At<spec::Join>),
}

impl Asks<'_> {
    /// Its key, and where its value stands.
    fn key(&self) -> (&'static str, Span) {
        match self {
            Self::Read(it) => ("read", it.span),
            Self::Write(it) => ("write", it.span),
            Self::Scan(it) => ("scan", it.span),
            Self::Index(it) => ("index", it.span),
            Self::Join(it) => ("join", it.span),
        }
    }
}

/// The time of a query, and how it follows from sizes, in words.
type Cost<'a> = (Work<'a>, String);

impl<'a> Compiler<'a> {
    /// Compiles the queries of a database.
    pub(super) fn queries(
        &mut self,
        name: &At<String>,
        place: PlaceId,
        it: &'a spec::Database,
        [writes, reads]: [BalancerId; 2],
        has_keys: bool,
        versions: Option<VersionsId>,
    ) {
        for (query_name, query) in it.queries.iter().flat_map(|queries| &queries.value.entries) {
            self.check_endpoint_name(&name.value, PlaceKind::Database, query_name);
            let asks = query.as_ref().and_then(|query| self.asks(query_name, &query.value));
            let (balancer, cost) = match (&asks, query) {
                (Some(asks), Some(query)) => self.cost(asks, &query.value, writes, reads),
                _ => (writes, None),
            };
            let (body, told) = match (cost, query) {
                (Some((work, told)), Some(query)) => {
                    (self.query_body(work, &query.value, has_keys, versions), told)
                }
                _ => (Body::Broken, String::new()),
            };
            self.endpoint(place, query_name, balancer, None, body);
            self.model.endpoints.last_mut().expect("just added").told = told;
        }
    }

    /// The one thing that a query asks for.
    fn asks(&mut self, name: &At<String>, it: &'a spec::Query) -> Option<Asks<'a>> {
        let given = [
            it.read.as_ref().map(Asks::Read),
            it.write.as_ref().map(Asks::Write),
            it.scan.as_ref().map(Asks::Scan),
            it.index.as_ref().map(Asks::Index),
            it.join.as_ref().map(Asks::Join),
        ];
        let mut given = given.into_iter().flatten();
        let first = given.next();
        match (&first, given.next()) {
            (Some(first), Some(second)) => {
                let (a, b) = (first.key().0, second.key().0);
                let message = format!("`{}` has both `{a}` and `{b}`", name.value);
                self.error(name.span, message, "expected one of `read`, `write`, `scan`, `index` and `join`");
                return None;
            }
            (None, _) if self.whole => {
                let message = format!("`{}` is neither a read nor a write", name.value);
                self.error(name.span, message, "expected `read`, `write`, `scan`, `index` or `join`");
            }
            _ => {}
        }
        first
    }

    /// Where a query goes, and what it costs there.
    fn cost(
        &mut self,
        asks: &Asks<'a>,
        it: &'a spec::Query,
        writes: BalancerId,
        reads: BalancerId,
    ) -> (BalancerId, Option<Cost<'a>>) {
        if !matches!(asks, Asks::Write(_)) {
            self.refuse_rows(asks, it);
        }
        match *asks {
            Asks::Read(law) => (reads, Some((Work::Stated(law), String::new()))),
            Asks::Write(law) => (writes, self.write(law, it)),
            Asks::Scan(scan) => (reads, self.scan(scan)),
            Asks::Index(index) => (reads, self.index(index)),
            Asks::Join(join) => (reads, self.join(join)),
        }
    }

    /// Only a write writes rows and changes indexes.
    fn refuse_rows(&mut self, asks: &Asks<'_>, it: &spec::Query) {
        let (key, span) = asks.key();
        let given = [
            ("rows", it.rows.as_ref().map(|at| at.span)),
            ("per_row", it.per_row.as_ref().map(|at| at.span)),
            ("indexes", it.indexes.as_ref().map(|at| at.span)),
            ("per_index", it.per_index.as_ref().map(|at| at.span)),
        ];
        if let Some((given, at)) = given.into_iter().find_map(|(name, at)| Some((name, at?))) {
            let label = match given {
                "rows" | "per_row" => "only a `write` has them beside it",
                _ => "only a `write` maintains indexes",
            };
            self.sink.push(
                Diagnostic::error(at, format!("`{given}` beside `{key}`"))
                    .label(label)
                    .other(span, "this is a read"),
            );
        }
    }

    /// A number of things and the time of each: one without the other says nothing.
    fn pair(
        &mut self,
        [count_name, each_name]: [&str; 2],
        count: Option<&At<Whole>>,
        each: Option<&At<Seconds>>,
    ) -> Option<(u64, f64, Span)> {
        match (count, each) {
            (Some(count), Some(each)) => Some((count.value.0, each.value.0, count.span)),
            (None, Some(each)) if self.whole => {
                let message = format!("`{each_name}` without `{count_name}`");
                self.error(each.span, message, format!("expected how many: `{count_name}: 4`"));
                None
            }
            (Some(count), None) if self.whole => {
                let message = format!("`{count_name}` without `{each_name}`");
                self.error(
                    count.span,
                    message,
                    format!("expected the time that each adds: `{each_name}: 0.3ms`"),
                );
                None
            }
            _ => None,
        }
    }

    /// A write, what each row of a batch adds to it, and what each index adds to each row.
    fn write(&mut self, law: &'a At<Law>, it: &spec::Query) -> Option<Cost<'a>> {
        let batch = it.rows.is_some() || it.per_row.is_some();
        let rows = self.pair(["rows", "per_row"], it.rows.as_ref(), it.per_row.as_ref());
        let indexes = self.pair(["indexes", "per_index"], it.indexes.as_ref(), it.per_index.as_ref());
        let (added, words, span) = match (rows, indexes) {
            (None, _) if batch => return None,
            (None, None) => return Some((Work::Stated(law), String::new())),
            (None, Some((count, each, span))) => (
                count as f64 * each,
                format!("{} x {}", counted(count, "index", "indexes"), time(each)),
                span,
            ),
            (Some((count, each, span)), None) => {
                (count as f64 * each, format!("{} x {}", counted(count, "row", "rows"), time(each)), span)
            }
            (Some((rows, per_row, span)), Some((indexes, per_index, _))) => {
                let words = format!(
                    "{} x ({} + {} x {})",
                    counted(rows, "row", "rows"),
                    time(per_row),
                    counted(indexes, "index", "indexes"),
                    time(per_index)
                );
                (rows as f64 * (per_row + indexes as f64 * per_index), words, span)
            }
        };
        let own = self.make_dist(law)?;
        let mean = own.mean();
        let is_constant = own.cv() == 0.0;
        let on_average = if is_constant { "" } else { " on average" };
        let told = format!("write {own} + {words} = {}{on_average}", time(mean + added));
        // What adds up to a constant is one time; beside a law of its own the rest is a second.
        let body = if is_constant {
            Work::Sized(self.timed(mean + added, None, span)?, None)
        } else {
            Work::Sized(self.dist(law)?, Some(self.timed(added, None, span)?))
        };
        Some((body, told))
    }

    /// How many parts a table has, and how many of them are read.
    fn parts_read(
        &mut self,
        partitions: Option<&At<Whole>>,
        pruned_to: Option<&At<Whole>>,
    ) -> Option<(u64, u64)> {
        let of = partitions.map_or(1, |at| at.value.0);
        let read = pruned_to.map_or(1, |at| at.value.0);
        match (partitions, pruned_to) {
            (Some(at), _) if of == 0 => {
                self.error(at.span, "a table of no partitions", "expected at least 1");
                None
            }
            (None, Some(at)) if self.whole => {
                self.error(
                    at.span,
                    "`pruned_to` without `partitions`",
                    "expected how many: `partitions: 12`",
                );
                None
            }
            (Some(_), Some(at)) if read == 0 => {
                self.error(at.span, "no partition is read", "expected at least 1");
                None
            }
            _ => Some((of, read.min(of))),
        }
    }

    /// rows x per_row.
    fn scan(&mut self, scan: &At<spec::Scan>) -> Option<Cost<'a>> {
        let it = &scan.value;
        let (rows, per_row) = (it.rows.as_ref()?, it.per_row.as_ref()?);
        let (of, some) = self.parts_read(it.partitions.as_ref(), it.pruned_to.as_ref())?;
        let all = rows.value.0;
        let kept = share_of(all, some, of);
        let read = it.limit.as_ref().map_or(kept, |limit| kept.min(limit.value.0));
        let words = if read < all {
            format!("{} of {}", grouped(read), counted(all, "row", "rows"))
        } else {
            counted(all, "row", "rows")
        };
        let parts = Parts {
            name: "scan",
            words,
            count: read as f64,
            each: per_row.value.0,
            base: it.base.as_ref(),
            cv: it.cv.as_ref(),
        };
        let (body, told) = self.parts(&parts, rows.span)?;
        Some((body, told + &partitions_told(of, some)))
    }

    /// Levels of the tree x per_level.
    fn index(&mut self, index: &At<spec::Index>) -> Option<Cost<'a>> {
        let it = &index.value;
        let (rows, per_level) = (it.rows.as_ref()?, it.per_level.as_ref()?);
        let fanout = self.fanout(it.fanout.as_ref())?;
        let (of, some) = self.parts_read(it.partitions.as_ref(), it.pruned_to.as_ref())?;
        let levels = levels(share_of(rows.value.0, 1, of), fanout);
        let trees = if some > 1 { format!("{some} trees x ") } else { String::new() };
        let parts = Parts {
            name: "index",
            words: trees + &counted(levels, "level", "levels"),
            count: some as f64 * levels as f64,
            each: per_level.value.0,
            base: it.base.as_ref(),
            cv: it.cv.as_ref(),
        };
        let (body, told) = self.parts(&parts, rows.span)?;
        let told = told + &format!(" ({}, fanout {fanout})", counted(rows.value.0, "row", "rows"));
        Some((body, told + &partitions_told(of, some)))
    }

    fn fanout(&mut self, given: Option<&At<Whole>>) -> Option<u64> {
        let fanout = given.map_or(FANOUT, |fanout| fanout.value.0);
        if let Some(given) = given
            && fanout < 2
        {
            self.error(given.span, format!("a fanout of {fanout}"), "expected at least 2 entries a page");
            return None;
        }
        Some(fanout)
    }

    /// rows x levels x per_level by index, (rows + with) x per_row by hash.
    fn join(&mut self, join: &At<spec::Join>) -> Option<Cost<'a>> {
        let it = &join.value;
        let (rows, with) = (it.rows.as_ref()?, it.with.as_ref()?);
        if let (Some(fanout), None, true) = (&it.fanout, &it.per_level, self.whole) {
            self.error(fanout.span, "`fanout` without `per_level`", "a hash has no levels");
        }
        let fanout = self.fanout(it.fanout.as_ref())?;
        let (outer, inner) = (rows.value.0, with.value.0);
        let levels = levels(inner, fanout);
        let by_index = it.per_level.as_ref().map(|each| (outer as f64 * levels as f64, each.value.0));
        let by_hash = it.per_row.as_ref().map(|each| (outer as f64 + inner as f64, each.value.0));
        let is_index = match (by_index, by_hash) {
            (Some((n, each)), Some((m, other))) => n * each <= m * other,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) if self.whole => {
                let help =
                    "expected `per_level`, by index, or `per_row`, by hash; of both the cheaper is taken";
                self.error(join.span, "a join without a price", help);
                return None;
            }
            (None, None) => return None,
        };
        let (count, each) = if is_index { by_index } else { by_hash }?;
        let words = match is_index {
            true => {
                format!("{} x {} by index", counted(outer, "row", "rows"), counted(levels, "level", "levels"))
            }
            false => format!("{} by hash", counted(outer.saturating_add(inner), "row", "rows")),
        };
        let parts = Parts { name: "join", words, count, each, base: it.base.as_ref(), cv: it.cv.as_ref() };
        let (body, told) = self.parts(&parts, rows.span)?;
        Some((body, told + &format!(" (with {})", counted(inner, "row", "rows"))))
    }

    fn parts(&mut self, parts: &Parts<'_>, span: Span) -> Option<Cost<'a>> {
        let base = parts.base.map_or(0.0, |base| base.value.0);
        let mean = base + parts.count * parts.each;
        let fixed = if base > 0.0 { format!("{} + ", time(base)) } else { String::new() };
        let told = format!("{} {fixed}{} x {} = {}", parts.name, parts.words, time(parts.each), time(mean));
        Some((Work::Sized(self.timed(mean, parts.cv, span)?, None), told))
    }

    /// A time of this mean: always the same, or lognormal with the given variation.
    fn timed(&mut self, mean: f64, cv: Option<&At<Number>>, span: Span) -> Option<DistId> {
        if mean > SECONDS_MAX {
            let message = format!("a query of {mean:.3e} s is longer than 100 years");
            self.error(span, message, "expected fewer, or less time for each");
            return None;
        }
        let (law, at) = match cv {
            None => (Dist::constant(mean), span),
            Some(cv) => (Dist::lognormal(mean, cv.value.0), cv.span),
        };
        // No time at all does not vary.
        let law = if mean == 0.0 { law.and(Dist::constant(mean)) } else { law };
        let law = law.map_err(|error| self.sink.push(illegal(&error, at, "the time of the query"))).ok()?;
        self.dist(&At { span: at, value: Law::Known(law) })
    }
}

/// A time of so many equal parts besides a fixed one.
struct Parts<'s> {
    name: &'static str,
    /// What is counted, as readers are told.
    words: String,
    count: f64,
    /// Seconds of each.
    each: f64,
    base: Option<&'s At<Seconds>>,
    cv: Option<&'s At<Number>>,
}

/// Levels of a B-tree over `rows` with `fanout` entries a page: ceil(log(rows) / log(fanout)), and at least 1. By multiplication, since
/// logarithms of powers round to either side of a whole number.
fn levels(rows: u64, fanout: u64) -> u64 {
    let (mut levels, mut reached) = (1, fanout);
    while reached < rows {
        reached = reached.saturating_mul(fanout);
        levels += 1;
    }
    levels
}

/// So many of `of` equal parts of the rows, rounded up.
fn share_of(rows: u64, parts: u64, of: u64) -> u64 {
    let share = (u128::from(rows) * u128::from(parts)).div_ceil(u128::from(of));
    u64::try_from(share).expect("no more than all rows")
}

/// ` in 1 of 12 partitions`
fn partitions_told(of: u64, read: u64) -> String {
    if of > 1 { format!(" in {} of {} partitions", grouped(read), grouped(of)) } else { String::new() }
}

fn time(seconds: f64) -> String {
    units::Span::from_secs(seconds).to_string()
}

/// `1 row`, `100,000 rows`.
fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// With commas between the thousands.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::tests::model;

    #[test]
    fn a_tree_has_the_levels_that_its_rows_need() {
        let at = |rows| levels(rows, 200);
        assert_eq!([0, 1, 200, 201, 40_000, 40_001, 1_000_000].map(at), [1, 1, 1, 2, 2, 3, 3]);
        assert_eq!(levels(u64::MAX, 2), 64);
    }

    #[test]
    fn times_follow_from_sizes_and_say_how() {
        let queries = "
      all: {scan: {rows: 100_000, per_row: 20us}}
      page: {scan: {rows: 100_000, per_row: 20us, limit: 50, base: 1ms}}
      empty: {scan: {rows: 0, per_row: 20us, cv: 1}}
      few: {scan: {rows: 40, per_row: 1ms, limit: 50, cv: 0.5}}
      find: {index: {rows: 1_000_000, per_level: 0.1ms, fanout: 200}}
      near: {index: {rows: 1, per_level: 0.1ms, base: 1ms}}
      put: {write: 2ms, indexes: 4, per_index: 0.3ms}
      bare: {write: 2ms, indexes: 0, per_index: 0.3ms}
      vary: {write: {exp: 2ms}, indexes: 1, per_index: 1ms}
      batch: {write: 2ms, rows: 100, per_row: 20us}
      full: {write: 2ms, rows: 100, per_row: 20us, indexes: 2, per_index: 40us}
      month: {scan: {rows: 1_200, per_row: 1ms, partitions: 12}}
      half: {scan: {rows: 1_201, per_row: 1ms, partitions: 12, pruned_to: 6, limit: 500}}
      trees: {index: {rows: 4_000_000, per_level: 0.1ms, fanout: 200, partitions: 100, pruned_to: 3}}
      few_rows: {join: {rows: 20, with: 40_000, per_level: 10us, fanout: 200, per_row: 1us}}
      many_rows: {join: {rows: 40_000, with: 40_000, per_level: 10us, fanout: 200, per_row: 1us}}
      indexed: {join: {rows: 40_000, with: 1, per_level: 10us, base: 1ms, cv: 1}}
";
        let model = model(&format!(
            "knee: 1\nload: {{rate: 1/s, requests: {{db.all: 1}}}}\ndatabases:\n  db:\n    servers: 1\n    queries:{queries}"
        ));
        let told: Vec<String> = model
            .endpoints
            .iter()
            .map(|endpoint| {
                let work = crate::model::listing::program(
                    &model,
                    crate::ids::EndpointId(
                        model.endpoints.iter().position(|e| e.name == endpoint.name).unwrap() as u32,
                    ),
                );
                let work: Vec<_> =
                    work.iter().filter_map(|op| op.split_once("work ")).map(|op| op.1).collect();
                format!("{}: {} | {}", endpoint.name, endpoint.told, work.join("; "))
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"), @r#"
        all: scan 100,000 rows x 20us = 2s | 2s
        page: scan 1ms + 50 of 100,000 rows x 20us = 2ms | 2ms
        empty: scan 0 rows x 20us = 0s | 0s
        few: scan 40 rows x 1ms = 40ms | lognormal mean 40ms cv 0.5
        find: index 3 levels x 100us = 300us (1,000,000 rows, fanout 200) | 300us
        near: index 1ms + 1 level x 100us = 1.1ms (1 row, fanout 270) | 1.1ms
        put: write 2ms + 4 indexes x 300us = 3.2ms | 3.2ms
        bare: write 2ms + 0 indexes x 300us = 2ms | 2ms
        vary: write exp 2ms + 1 index x 1ms = 3ms on average | exp 2ms; 1ms
        batch: write 2ms + 100 rows x 20us = 4ms | 4ms
        full: write 2ms + 100 rows x (20us + 2 indexes x 40us) = 12ms | 12ms
        month: scan 100 of 1,200 rows x 1ms = 100ms in 1 of 12 partitions | 100ms
        half: scan 500 of 1,201 rows x 1ms = 500ms in 6 of 12 partitions | 500ms
        trees: index 3 trees x 2 levels x 100us = 600us (4,000,000 rows, fanout 200) in 3 of 100 partitions | 600us
        few_rows: join 20 rows x 2 levels by index x 10us = 400us (with 40,000 rows) | 400us
        many_rows: join 80,000 rows by hash x 1us = 80ms (with 40,000 rows) | 80ms
        indexed: join 1ms + 40,000 rows x 1 level by index x 10us = 401ms (with 1 row) | lognormal mean 401ms cv 1
        "#);
    }
}
