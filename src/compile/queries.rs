//! Queries, and the times that follow from the sizes of their tables.

use super::{Body, Compiler, Work};
use crate::diagnostic::{Diagnostic, Span};
use crate::dist::Dist;
use crate::ids::{BalancerId, DistId, PlaceId, VersionsId};
use crate::model::PlaceKind;
use crate::spec::decode::At;
use crate::spec::law::{Law, illegal};
use crate::spec::place::{self as spec, FANOUT};
use crate::spec::quantity::{Number, SECONDS_MAX, Seconds};
use crate::units;

/// What a query asks for, as written.
enum Asks<'a> {
    Read(&'a At<Law>),
    Write(&'a At<Law>),
    Scan(&'a At<spec::Scan>),
    Index(&'a At<spec::Index>),
}

impl Asks<'_> {
    /// Its key, and where its value stands.
    fn key(&self) -> (&'static str, Span) {
        match self {
            Self::Read(it) => ("read", it.span),
            Self::Write(it) => ("write", it.span),
            Self::Scan(it) => ("scan", it.span),
            Self::Index(it) => ("index", it.span),
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
        ];
        let mut given = given.into_iter().flatten();
        let first = given.next();
        match (&first, given.next()) {
            (Some(first), Some(second)) => {
                let (a, b) = (first.key().0, second.key().0);
                let message = format!("`{}` has both `{a}` and `{b}`", name.value);
                self.error(name.span, message, "expected one of `read`, `write`, `scan` and `index`");
                return None;
            }
            (None, _) if self.whole => {
                let message = format!("`{}` is neither a read nor a write", name.value);
                self.error(name.span, message, "expected `read`, `write`, `scan` or `index`");
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
            self.refuse_indexes(asks, it);
        }
        match *asks {
            Asks::Read(law) => (reads, Some((Work::Stated(law), String::new()))),
            Asks::Write(law) => (writes, self.write(law, it)),
            Asks::Scan(scan) => (reads, self.scan(scan)),
            Asks::Index(index) => (reads, self.index(index)),
        }
    }

    /// Only a write changes indexes.
    fn refuse_indexes(&mut self, asks: &Asks<'_>, it: &spec::Query) {
        let (key, span) = asks.key();
        let indexes = it.indexes.as_ref().map(|at| ("indexes", at.span));
        let per_index = it.per_index.as_ref().map(|at| ("per_index", at.span));
        if let Some((given, at)) = indexes.or(per_index) {
            self.sink.push(
                Diagnostic::error(at, format!("`{given}` beside `{key}`"))
                    .label("only a `write` maintains indexes")
                    .other(span, "this is a read"),
            );
        }
    }

    /// A write, and what each index adds to it.
    fn write(&mut self, law: &'a At<Law>, it: &spec::Query) -> Option<Cost<'a>> {
        let (indexes, each) = match (&it.indexes, &it.per_index) {
            (Some(indexes), Some(each)) => (indexes, each),
            (None, Some(each)) if self.whole => {
                self.error(each.span, "`per_index` without `indexes`", "expected how many: `indexes: 4`");
                return None;
            }
            (Some(indexes), None) if self.whole => {
                let label = "expected the time that each adds: `per_index: 0.3ms`";
                self.error(indexes.span, "`indexes` without `per_index`", label);
                return None;
            }
            _ => return Some((Work::Stated(law), String::new())),
        };
        let own = self.make_dist(law)?;
        let (mean, added) = (own.mean(), indexes.value.0 as f64 * each.value.0);
        let is_constant = own.cv() == 0.0;
        let on_average = if is_constant { "" } else { " on average" };
        let told = format!(
            "write {own} + {} x {} = {}{on_average}",
            counted(indexes.value.0, "index", "indexes"),
            time(each.value.0),
            time(mean + added)
        );
        // What adds up to a constant is one time; beside a law of its own the indexes are a second.
        let body = if is_constant {
            Work::Sized(self.timed(mean + added, None, indexes.span)?, None)
        } else {
            Work::Sized(self.dist(law)?, Some(self.timed(added, None, indexes.span)?))
        };
        Some((body, told))
    }

    /// rows x per_row.
    fn scan(&mut self, scan: &At<spec::Scan>) -> Option<Cost<'a>> {
        let it = &scan.value;
        let (rows, per_row) = (it.rows.as_ref()?, it.per_row.as_ref()?);
        let all = rows.value.0;
        let read = it.limit.as_ref().map_or(all, |limit| all.min(limit.value.0));
        let words = if read < all {
            format!("{} of {}", grouped(read), counted(all, "row", "rows"))
        } else {
            counted(all, "row", "rows")
        };
        let parts = Parts {
            name: "scan",
            words,
            count: read,
            each: per_row.value.0,
            base: it.base.as_ref(),
            cv: it.cv.as_ref(),
        };
        self.parts(&parts, rows.span)
    }

    /// Levels of the tree x per_level.
    fn index(&mut self, index: &At<spec::Index>) -> Option<Cost<'a>> {
        let it = &index.value;
        let (rows, per_level) = (it.rows.as_ref()?, it.per_level.as_ref()?);
        let fanout = it.fanout.as_ref().map_or(FANOUT, |fanout| fanout.value.0);
        if let Some(given) = &it.fanout
            && fanout < 2
        {
            self.error(given.span, format!("a fanout of {fanout}"), "expected at least 2 entries a page");
            return None;
        }
        let levels = levels(rows.value.0, fanout);
        let parts = Parts {
            name: "index",
            words: counted(levels, "level", "levels"),
            count: levels,
            each: per_level.value.0,
            base: it.base.as_ref(),
            cv: it.cv.as_ref(),
        };
        let (body, told) = self.parts(&parts, rows.span)?;
        let told = told + &format!(" ({}, fanout {fanout})", counted(rows.value.0, "row", "rows"));
        Some((body, told))
    }

    fn parts(&mut self, parts: &Parts<'_>, span: Span) -> Option<Cost<'a>> {
        let base = parts.base.map_or(0.0, |base| base.value.0);
        let mean = base + parts.count as f64 * parts.each;
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
    count: u64,
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
        "#);
    }
}
