//! A smooth curve through measured points: one that never overshoots them, and one whose slope can be trusted.

use super::spline;

/// A piecewise cubic through points.
///
/// A monotone one stays between the values of two neighbouring points; for that its slopes at the points are compromises. One
/// that is [`Curve::smooth`] makes none, and may overshoot: its crossings are not looked for between points. On the log scale the
/// cubic runs through log y, which suits latencies: they grow by factors. Beyond its ends the curve keeps its end values.
///
/// Source of the monotone one: Fritsch and Carlson, *Monotone piecewise cubic interpolation* (SIAM J. Numer. Anal. 17, 1980),
/// with the slopes of Fritsch and Butland (SIAM J. Sci. Stat. Comput. 5, 1984).
#[derive(Clone, Debug)]
pub struct Curve {
    scale: Scale,
    x: Vec<f64>,
    /// Scaled values.
    v: Vec<f64>,
    /// Slopes of the scaled values.
    slope: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
enum Scale {
    Linear,
    Log,
}

impl Curve {
    /// Through log y. `None` unless there are two points or more, x ascends strictly, all is finite and y
    /// positive.
    #[must_use]
    pub fn log(points: &[(f64, f64)]) -> Option<Self> {
        Self::through(points, Scale::Log)
    }

    /// Through y itself, for shares and rates, which may be 0. `None` unless there are two points or more, x
    /// ascends strictly and all is finite.
    #[must_use]
    pub fn linear(points: &[(f64, f64)]) -> Option<Self> {
        Self::through(points, Scale::Linear)
    }

    /// The cubic spline through y itself, not a knot at its ends: where its maximum lies does not depend on where the points
    /// happen to lie, but between them it may overshoot. `None` as for [`Curve::linear`].
    #[must_use]
    pub fn smooth(points: &[(f64, f64)]) -> Option<Self> {
        let curve = Self::through(points, Scale::Linear)?;
        let slope = spline::slopes(&curve.x, &curve.v);
        Some(Self { slope, ..curve })
    }

    fn through(points: &[(f64, f64)], scale: Scale) -> Option<Self> {
        let x: Vec<_> = points.iter().map(|point| point.0).collect();
        let v: Vec<_> = points.iter().map(|point| scale.apply(point.1)).collect();
        let sound = x.len() > 1
            && x.windows(2).all(|pair| pair[0] < pair[1])
            && x.iter().chain(&v).all(|value| value.is_finite());
        sound.then(|| Self { scale, slope: slopes(&x, &v), x, v })
    }

    /// First and last x.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        (self.x[0], self.x[self.x.len() - 1])
    }

    /// The value at `x`.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.scale.undo(self.scaled_at(x).0)
    }

    /// dy/dx at `x`; 0 beyond the ends.
    #[must_use]
    pub fn slope_at(&self, x: f64) -> f64 {
        let (v, slope) = self.scaled_at(x);
        match self.scale {
            Scale::Linear => slope,
            Scale::Log => slope * v.exp(),
        }
    }

    /// The first x at which the curve is at least `level`; `None` if it never is.
    #[must_use]
    pub fn first_crossing(&self, level: f64) -> Option<f64> {
        self.first_where(|curve, x| curve.at(x) - level)
    }

    /// The first x at which the curve is at most `level`; `None` if it never is.
    #[must_use]
    pub fn first_crossing_down(&self, level: f64) -> Option<f64> {
        self.first_where(|curve, x| level - curve.at(x))
    }

    /// The first x with `gap(x) >= 0`: between points the curve is monotone.
    fn first_where(&self, gap: impl Fn(&Self, f64) -> f64) -> Option<f64> {
        let reaches = |x: f64| gap(self, x) >= 0.0;
        let at = self.x.iter().position(|&x| reaches(x))?;
        Some(if at == 0 { self.x[0] } else { bisect(self.x[at - 1], self.x[at], reaches) })
    }

    /// Value and slope on the scale of the cubic.
    fn scaled_at(&self, x: f64) -> (f64, f64) {
        let last = self.x.len() - 1;
        if x < self.x[0] {
            return (self.v[0], 0.0);
        }
        if x > self.x[last] {
            return (self.v[last], 0.0);
        }
        let i = (self.x.partition_point(|&left| left <= x) - 1).min(last - 1);
        let width = self.x[i + 1] - self.x[i];
        let rise = (self.v[i + 1] - self.v[i]) / width;
        let (left, right) = (self.slope[i], self.slope[i + 1]);
        // Hermite's cubic in powers of t, the way from the left point.
        let t = x - self.x[i];
        let square = (3.0 * rise - 2.0 * left - right) / width;
        let cube = (left + right - 2.0 * rise) / (width * width);
        let value = self.v[i] + t * (left + t * (square + t * cube));
        // Exact at the right point, where rounding would let a value of 1 pass for less.
        let value = if t == width { self.v[i + 1] } else { value };
        (value, left + t * (2.0 * square + t * 3.0 * cube))
    }
}

impl Scale {
    fn apply(self, y: f64) -> f64 {
        match self {
            Self::Linear => y,
            Self::Log => y.ln(),
        }
    }

    fn undo(self, v: f64) -> f64 {
        match self {
            Self::Linear => v,
            Self::Log => v.exp(),
        }
    }
}

/// Slopes at the points that keep each stretch monotone.
fn slopes(x: &[f64], v: &[f64]) -> Vec<f64> {
    let width: Vec<_> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rise: Vec<_> = v.windows(2).zip(&width).map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
    let last = rise.len() - 1;
    if last == 0 {
        return vec![rise[0]; 2];
    }
    let inner = (0..last).map(|i| inner_slope([width[i], width[i + 1]], [rise[i], rise[i + 1]]));
    let first = end_slope([width[0], width[1]], [rise[0], rise[1]]);
    let end = end_slope([width[last], width[last - 1]], [rise[last], rise[last - 1]]);
    std::iter::once(first).chain(inner).chain([end]).collect()
}

/// Weighted harmonic mean of the rises on both sides; 0 where the curve turns.
fn inner_slope(width: [f64; 2], rise: [f64; 2]) -> f64 {
    if rise[0] * rise[1] <= 0.0 {
        return 0.0;
    }
    let weight = [2.0 * width[1] + width[0], width[1] + 2.0 * width[0]];
    (weight[0] + weight[1]) / (weight[0] / rise[0] + weight[1] / rise[1])
}

/// Three-point slope at an end, kept from overshooting; the stretch at the end first.
fn end_slope(width: [f64; 2], rise: [f64; 2]) -> f64 {
    let slope = ((2.0 * width[0] + width[1]) * rise[0] - width[0] * rise[1]) / (width[0] + width[1]);
    if slope * rise[0] <= 0.0 {
        0.0
    } else if rise[0] * rise[1] <= 0.0 && slope.abs() > 3.0 * rise[0].abs() {
        3.0 * rise[0]
    } else {
        slope
    }
}

/// Where `holds` turns true between `low`, where it does not hold, and `high`, where it does.
pub fn bisect(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = low + (high - low) / 2.0;
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

/// Where `f` is highest in `low ..= high`, and its value there: the best of 200 steps, then golden sections
/// around it.
///
/// Finds the highest of several peaks as long as they are wider than a step; the answer is good to 1e-9 of
/// the range where `f` is not flatter than that.
#[must_use]
pub fn argmax(low: f64, high: f64, f: impl Fn(f64) -> f64) -> (f64, f64) {
    let step = (high - low) / ARGMAX_STEPS as f64;
    let grid = |i: usize| if i == ARGMAX_STEPS { high } else { low + step * i as f64 };
    let best = (0..=ARGMAX_STEPS).map(|i| (i, f(grid(i)))).fold((0, f64::NEG_INFINITY), higher).0;
    let inside = golden_section(grid(best.saturating_sub(1)), grid((best + 1).min(ARGMAX_STEPS)), &f);
    // A peak on the edge of the range is on the grid, and sections only come near it.
    [grid(best), inside].map(|x| (x, f(x))).into_iter().fold((low, f64::NEG_INFINITY), higher)
}

const ARGMAX_STEPS: usize = 200;

fn higher<X>(best: (X, f64), next: (X, f64)) -> (X, f64) {
    if next.1 > best.1 { next } else { best }
}

fn golden_section(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let shrink = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut left, mut right) = (high - shrink * (high - low), low + shrink * (high - low));
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..45 {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - shrink * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + shrink * (high - low);
            at_right = f(right);
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queueing::{KneeBy, Mmc, power_knee};
    use crate::rng::{KeyedRng, mix};

    /// Fritsch and Carlson's own example: the RPN 14 data, flat, then a steep rise, then nearly flat.
    const RPN_14: [(f64, f64); 9] = [
        (7.99, 0.0),
        (8.09, 2.76429e-5),
        (8.19, 4.37498e-2),
        (8.7, 0.169183),
        (9.2, 0.469428),
        (10.0, 0.943740),
        (12.0, 0.998636),
        (15.0, 0.999919),
        (20.0, 0.999994),
    ];

    fn steps(low: f64, high: f64) -> impl Iterator<Item = f64> {
        (0..=1_000).map(move |i| low + (high - low) * f64::from(i) / 1e3)
    }

    #[test]
    fn the_published_example_is_monotone_and_passes_through_its_points() {
        let curve = Curve::linear(&RPN_14).unwrap();
        for (x, y) in RPN_14 {
            assert_eq!(curve.at(x), y);
        }
        let values: Vec<_> = steps(7.99, 20.0).map(|x| curve.at(x)).collect();
        assert!(values.windows(2).all(|pair| pair[0] <= pair[1] + 1e-15));
        assert!(steps(7.99, 20.0).all(|x| curve.slope_at(x) >= -1e-12));
    }

    #[test]
    fn random_points_are_never_overshot() {
        for seed in 0..200 {
            let mut rng = KeyedRng::new(mix(31, seed));
            let mut x = 0.0;
            let points: Vec<_> = (0..8)
                .map(|_| {
                    x += 0.01 + rng.uniform();
                    (x, 10.0_f64.powf(3.0 * rng.uniform()))
                })
                .collect();
            let curve = Curve::log(&points).unwrap();
            for pair in points.windows(2) {
                let (least, most) = (pair[0].1.min(pair[1].1), pair[0].1.max(pair[1].1));
                for x in steps(pair[0].0, pair[1].0) {
                    let y = curve.at(x);
                    assert!((least * (1.0 - 1e-12)..=most * (1.0 + 1e-12)).contains(&y), "{y} at {x}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        let points: Vec<_> = [1.0, 2.0, 2.5, 4.0, 7.0].map(|x: f64| (x, x.powi(3))).into();
        for curve in [Curve::log(&points), Curve::linear(&points), Curve::smooth(&points)].map(Option::unwrap)
        {
            for x in [1.1, 2.2, 3.9, 6.5] {
                let h = 1e-6;
                let numeric = (curve.at(x + h) - curve.at(x - h)) / (2.0 * h);
                assert!((curve.slope_at(x) / numeric - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn exponentials_on_the_log_scale_and_lines_on_the_linear_one_are_exact() {
        let curve = Curve::log(&[0.0, 1.0, 3.0, 4.0].map(|x: f64| (x, x.exp()))).unwrap();
        assert!(steps(0.0, 4.0).all(|x| (curve.at(x) / x.exp() - 1.0).abs() < 1e-12));
        let line = Curve::linear(&[(0.0, 1.0), (2.0, 5.0)]).unwrap();
        assert_eq!((line.at(1.5), line.slope_at(0.3), line.at(-1.0), line.at(9.0)), (4.0, 2.0, 1.0, 5.0));
    }

    #[test]
    fn crossings_invert_the_curve_and_the_first_one_counts() {
        let hill = Curve::log(&[(1.0, 1.0), (2.0, 8.0), (3.0, 2.0), (4.0, 9.0)]).unwrap();
        let x = hill.first_crossing(5.0).unwrap();
        assert!(x < 2.0 && (hill.at(x) - 5.0).abs() < 1e-9);
        let down = Curve::linear(&[(1.0, 0.99), (2.0, 0.9), (3.0, 0.0)]).unwrap();
        let x = down.first_crossing_down(0.95).unwrap();
        assert!((1.0..2.0).contains(&x) && (down.at(x) - 0.95).abs() < 1e-9);
        assert_eq!((hill.first_crossing(0.5), hill.first_crossing(9.5)), (Some(1.0), None));
        assert_eq!(hill.first_crossing(9.0), Some(4.0));
    }

    /// Power of the single server is rho (1 - rho), a parabola, which a cubic meets; that of four is not one.
    #[test]
    fn the_smooth_curve_has_its_top_where_the_truth_has() {
        let loads = [0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.95];
        let top = |power: &dyn Fn(f64) -> f64| {
            let curve = Curve::smooth(&loads.map(|x| (x, power(x)))).unwrap();
            argmax(loads[0], loads[8], |x| curve.at(x)).0
        };
        let one = top(&|x| x * (1.0 - x));
        assert!((one - 0.5).abs() < 1e-6, "{one}");
        let four = top(&|x| x / Mmc::new(4.0 * x, 1.0, 4).unwrap().response_mean_s());
        let truth = power_knee(4, KneeBy::Mean).unwrap();
        assert!((four / truth - 1.0).abs() < 1e-3, "{four} for {truth}");
    }

    #[test]
    fn argmax_finds_the_higher_of_two_peaks_and_the_ends() {
        let two = |x: f64| (-(x - 2.0).powi(2)).exp() + 1.1 * (-(x - 7.0).powi(2)).exp();
        assert!((argmax(0.0, 10.0, two).0 - 7.0).abs() < 1e-6);
        assert_eq!(argmax(0.0, 10.0, |x| x), (10.0, 10.0));
        assert_eq!(argmax(0.0, 10.0, |x| -x), (0.0, 0.0));
    }

    #[test]
    fn senseless_points_give_no_curve() {
        assert!(Curve::log(&[(1.0, 1.0)]).is_none());
        assert!(Curve::log(&[(1.0, 1.0), (2.0, 0.0)]).is_none());
        assert!(Curve::linear(&[(1.0, 1.0), (1.0, 2.0)]).is_none());
        assert!(Curve::linear(&[(1.0, 1.0), (2.0, f64::NAN)]).is_none());
    }
}
