//! Distributions into the tables of the model.

use super::Compiler;
use crate::diagnostic::Diagnostic;
use crate::dist::{Alias, Count, Dist, DistError};
use crate::ids::{DistId, TableId};
use crate::model::{CountRef, Table};
use crate::spec::decode::At;
use crate::spec::law::{COUNT_MAX, Counts, Empirical, Law, SizeLaw, illegal};
use crate::spec::quantity::{SECONDS_MAX, Wrong, bytes, duration, number, number_and_unit};
use crate::spec::tree::shorten;

/// What the numbers of a column are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Values {
    Times,
    Bytes,
    Counts,
}

/// The most values an empirical distribution may have.
const VALUES_MAX: usize = 1_000_000;

impl Compiler<'_> {
    /// Enters a distribution of times.
    pub(super) fn dist(&mut self, law: &At<Law>) -> Option<DistId> {
        let dist = self.make_dist(law)?;
        self.check_mean(law, &dist);
        self.model.dists.push(dist);
        Some(DistId(self.model.dists.len() as u32 - 1))
    }

    /// A distribution of sizes as one of the times that they take, at so many seconds a byte.
    pub(super) fn time_of_size(&mut self, law: &At<SizeLaw>, s_per_byte: f64) -> Option<DistId> {
        let law = At { span: law.span, value: law.value.0.clone() };
        let dist = self.make(&law, Values::Bytes)?.scaled(s_per_byte);
        self.check_mean(&law, &dist);
        self.model.dists.push(dist);
        Some(DistId(self.model.dists.len() as u32 - 1))
    }

    /// A distribution that is not entered into a table.
    pub(super) fn make_dist(&mut self, law: &At<Law>) -> Option<Dist> {
        self.make(law, Values::Times)
    }

    fn make(&mut self, law: &At<Law>, of: Values) -> Option<Dist> {
        match &law.value {
            Law::Known(dist) => Some(dist.clone()),
            Law::Empirical(empirical) => {
                let values = self.column(empirical, of)?;
                let result = Dist::empirical(&values);
                self.legal(result, law)
            }
            Law::Mixture(parts) => {
                let parts: Option<Vec<_>> =
                    parts.iter().map(|(weight, part)| Some((*weight, self.make(part, of)?))).collect();
                let result = Dist::mixture(parts?);
                self.legal(result, law)
            }
        }
    }

    pub(super) fn legal<T, L>(&mut self, result: Result<T, DistError>, law: &At<L>) -> Option<T> {
        result.map_err(|error| self.sink.push(illegal(&error, law.span, "the distribution"))).ok()
    }

    fn check_mean(&mut self, law: &At<Law>, dist: &Dist) {
        let mean = dist.mean();
        if mean.is_nan() || mean > SECONDS_MAX {
            let message = if mean.is_finite() {
                format!("a mean of {mean:.3e} s is longer than 100 years")
            } else {
                "the distribution has no finite mean".to_owned()
            };
            self.error(law.span, message, "expected a finite mean");
        }
    }

    /// Enters a distribution of counts.
    pub(super) fn count(&mut self, counts: &At<Counts>) -> Option<CountRef> {
        let count = self.make_count(counts)?;
        self.model.counts.push(count);
        Some(CountRef(self.model.counts.len() as u32 - 1))
    }

    /// A distribution of counts that is not entered into a table.
    pub(super) fn make_count(&mut self, counts: &At<Counts>) -> Option<Count> {
        match &counts.value {
            Counts::Known(count) => Some(count.clone()),
            Counts::Empirical(empirical) => {
                let values = self.column(empirical, Values::Counts)?;
                let is_count = |v: f64| v.fract() == 0.0 && (0.0..=COUNT_MAX as f64).contains(&v);
                if let Some(wrong) = values.iter().find(|v| !is_count(**v)) {
                    let message = format!("{wrong} is not a whole number up to {COUNT_MAX}");
                    self.error(counts.span, message, "from the column of this file");
                    return None;
                }
                let values: Vec<u64> = values.iter().map(|&v| v as u64).collect();
                let result = Count::empirical(&values);
                self.legal(result, counts)
            }
        }
    }

    /// Always so many.
    pub(super) fn constant_count(&mut self, n: u64) -> CountRef {
        self.model.counts.push(Count::constant(n));
        CountRef(self.model.counts.len() as u32 - 1)
    }

    /// Enters a weighted choice.
    pub(super) fn table(&mut self, weights: &[f64]) -> Option<TableId> {
        let alias = Alias::new(weights).ok()?;
        let sum: f64 = weights.iter().sum();
        let shares = weights.iter().map(|weight| weight / sum).collect();
        self.model.tables.push(Table { shares, alias });
        Some(TableId(self.model.tables.len() as u32 - 1))
    }

    /// Two outcomes: 0 with this probability, 1 otherwise.
    pub(super) fn coin(&mut self, share: f64) -> Option<TableId> {
        self.table(&[share, 1.0 - share])
    }

    /// Reads a column of numbers: of times in seconds, of sizes in bytes.
    pub(super) fn column(&mut self, empirical: &Empirical, of: Values) -> Option<Vec<f64>> {
        let file = empirical.file.as_ref()?;
        let text = match (self.read_file)(&file.value) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("`{}` cannot be read: {reason}", shorten(&file.value));
                self.error(file.span, message, "expected a CSV file, relative to the model");
                return None;
            }
        };
        self.digest.text(&text);
        let unit = empirical.unit.as_ref().map_or("", |unit| unit.value.as_str());
        let with_unit = |cell: &str, read: fn(&str) -> Result<f64, Wrong>| {
            let read = match unit {
                "" => read(cell),
                unit => number(cell).and_then(|_| read(&format!("{cell}{unit}"))),
            };
            read.map_err(|wrong| wrong.message)
        };
        let parse = |cell: &str| match of {
            Values::Times => with_unit(cell, duration),
            Values::Bytes => with_unit(cell, bytes),
            Values::Counts => cell.parse().map_err(|_| format!("`{}` is not a number", shorten(cell))),
        };
        let column = empirical.column.as_ref().map(|column| column.value.as_str());
        match read_column(&text, column, parse) {
            Ok(values) => Some(values),
            Err(reason) => {
                let span = match (&empirical.column, &empirical.unit) {
                    (Some(column), _) if reason.contains("column") => column.span,
                    _ => file.span,
                };
                let example = match of {
                    Values::Bytes => "say `unit: KiB` beside the file",
                    Values::Times | Values::Counts => "say `unit: ms` beside the file",
                };
                let help = (of != Values::Counts && empirical.unit.is_none() && reason.contains("no unit"))
                    .then(|| example.to_owned());
                let message = format!("in `{}`: {reason}", shorten(&file.value));
                self.sink.push(Diagnostic::error(span, message).help_if(help));
                None
            }
        }
    }
}

/// Whether it is written as a number is, right or wrong.
fn is_number(cell: &str) -> bool {
    cell.starts_with(|c: char| c.is_ascii_digit()) || number_and_unit(cell).is_ok()
}

/// The values of one column of a CSV text, by the name in its header, or the first.
fn read_column(
    text: &str,
    column: Option<&str>,
    parse: impl Fn(&str) -> Result<f64, String>,
) -> Result<Vec<f64>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut values = Vec::new();
    let mut index = 0;
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| format!("row {}: {error}", row + 1))?;
        if row == 0
            && let Some(name) = column
        {
            let names: Vec<_> = record.iter().collect();
            let found = names.iter().position(|header| *header == name);
            index = found.ok_or_else(|| {
                format!("no column `{}`; there are {}", shorten(name), shorten(&names.join(", ")))
            })?;
            continue;
        }
        let cell = record.get(index).unwrap_or("");
        match parse(cell) {
            Ok(value) => values.push(value),
            // Without a name the first row may or may not be a header.
            Err(_) if row == 0 && !is_number(cell) => {}
            Err(reason) => return Err(format!("row {}: {reason}", row + 1)),
        }
        if values.len() > VALUES_MAX {
            return Err(format!("more than {VALUES_MAX} values"));
        }
    }
    if values.is_empty() { Err("no values".to_owned()) } else { Ok(values) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_found_by_its_header_or_is_the_first() {
        let number = |cell: &str| cell.parse::<f64>().map_err(|e| e.to_string());
        assert_eq!(read_column("a,b\n1,2\n3,4\n", Some("b"), number), Ok(vec![2.0, 4.0]));
        assert_eq!(read_column("latency\n1\n3\n", None, number), Ok(vec![1.0, 3.0]));
        assert_eq!(read_column("1\n3\n", None, number), Ok(vec![1.0, 3.0]));
        assert_eq!(read_column("a,b\n1,2\n", Some("c"), number), Err("no column `c`; there are a, b".into()));
        assert_eq!(read_column("a\nx\n", None, number), Err("row 2: invalid float literal".into()));
        assert_eq!(read_column("", None, number), Err("no values".into()));
        // A number that will not do is no header.
        let times = |cell: &str| duration(cell).map_err(|wrong| wrong.message);
        assert_eq!(read_column("-1ms\n3ms\n", None, times), Err("row 1: `-1ms` is negative".into()));
    }
}
