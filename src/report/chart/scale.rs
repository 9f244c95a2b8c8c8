//! From values to pixels, and which values get a tick.

use crate::report::number::{rounded, significant, trimmed};

/// A linear or logarithmic axis between two values.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// The value at the start of the axis; above zero where `log`.
    pub low: f64,
    /// The value at its end; above `low`.
    pub high: f64,
    /// Equal distances are equal factors.
    pub log: bool,
}

impl Scale {
    pub fn linear(low: f64, high: f64) -> Self {
        Self { low, high, log: false }
    }

    pub fn logarithmic(low: f64, high: f64) -> Self {
        Self { low, high, log: true }
    }

    /// Where a value lies: 0 at `low`, 1 at `high`, beyond for values outside.
    pub fn share(&self, value: f64) -> f64 {
        if self.log {
            // A zero has no place on a log axis; it is drawn as its low end.
            (value.max(self.low * 1e-3) / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    /// The pixel of a value between the pixels of the ends.
    pub fn pixel(&self, value: f64, at_low: f64, at_high: f64) -> f64 {
        at_low + self.share(value) * (at_high - at_low)
    }

    /// Values with ticks, some `about` of them.
    pub fn ticks(&self, about: usize) -> Vec<f64> {
        if self.log { log_ticks(self.low, self.high) } else { linear_ticks(self.low, self.high, about) }
    }
}

/// The smallest of 1, 2, 2.5, 5 times a power of ten that is at least `value`, for `value` above zero.
pub fn nice_above(value: f64) -> f64 {
    let decade = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    // The tolerance keeps a value that is a step itself, but for rounding, from moving to the next.
    steps.into_iter().map(|s| s * decade).find(|s| *s >= value * (1.0 - 1e-9)).unwrap_or(value)
}

fn linear_ticks(low: f64, high: f64, about: usize) -> Vec<f64> {
    let step = nice_above((high - low) / about as f64);
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Every power of ten; with 2 and 5 between them where there are fewer than three decades.
fn log_ticks(low: f64, high: f64) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let factors: &[f64] = if (high / low).log10() < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let all = decades.flat_map(|d| factors.iter().map(move |f| f * 10f64.powi(d)));
    all.filter(|t| *t >= low * (1.0 - 1e-9) && *t <= high * (1.0 + 1e-9)).collect()
}

/// Texts of ticks: as many decimals as the finest needs, and `k`, `M`, `G` where numbers would grow long.
pub fn tick_texts(ticks: &[f64]) -> Vec<String> {
    let largest = ticks.iter().fold(0.0f64, |a, t| a.max(t.abs()));
    let (factor, suffix) = match largest {
        x if x >= 1e9 => (1e9, "G"),
        x if x >= 1e6 => (1e6, "M"),
        x if x >= 1e5 => (1e3, "k"),
        _ => (1.0, ""),
    };
    if largest > 0.0 && !(1e-4..1e13).contains(&largest) {
        return ticks.iter().map(|t| format!("{t:.1e}").replace(".0e", "e")).collect();
    }
    let shown: Vec<String> = ticks.iter().map(|t| shortest(t / factor)).collect();
    // Equal steps read best with equally many decimals; factors (1, 10, 100) do not.
    let decimals = shown.iter().map(|text| text.split_once('.').map_or(0, |(_, d)| d.len() as i32));
    let even =
        ticks.len() < 3 || (ticks[2] - 2.0 * ticks[1] + ticks[0]).abs() < 1e-6 * (ticks[1] - ticks[0]).abs();
    let decimals = decimals.max().filter(|_| even);
    let text = |(t, shown): (&f64, String)| match decimals {
        _ if *t == 0.0 => "0".to_owned(),
        Some(decimals) => format!("{}{suffix}", rounded(t / factor, decimals)),
        None => format!("{shown}{suffix}"),
    };
    ticks.iter().zip(shown).map(text).collect()
}

/// With nine significant digits, which hide the rounding of multiples of 0.1, and without the zeros at the end.
fn shortest(value: f64) -> String {
    trimmed(&significant(value, 9)).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(linear_ticks(0.0, 1500.0, 6), [0.0, 250.0, 500.0, 750.0, 1000.0, 1250.0, 1500.0]);
        assert_eq!(tick_texts(&linear_ticks(0.0, 0.35, 5)), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(tick_texts(&linear_ticks(0.0, 2.5e6, 5)), ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"]);
        assert_eq!(tick_texts(&[0.0, 50_000.0, 100_000.0]), ["0", "50k", "100k"]);
        assert_eq!(tick_texts(&[0.0, 2e-7]), ["0e0", "2e-7"]);
        assert_eq!(tick_texts(&[500.0, 1000.0]), ["500", "1,000"]);
        assert_eq!(tick_texts(&[0.5, 1.0, 2.0, 5.0]), ["0.5", "1", "2", "5"]);
    }

    #[test]
    fn log_ticks_stay_few() {
        assert_eq!(log_ticks(8.0, 600.0), [10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert_eq!(log_ticks(1.0, 1e5).len(), 6);
    }

    #[test]
    fn a_log_axis_puts_the_geometric_mean_in_the_middle() {
        assert!((Scale::logarithmic(1.0, 100.0).share(10.0) - 0.5).abs() < 1e-12);
        assert!(Scale::logarithmic(1.0, 100.0).share(0.0).is_finite());
        assert_eq!(Scale::linear(0.0, 200.0).pixel(50.0, 400.0, 0.0), 300.0);
    }
}
