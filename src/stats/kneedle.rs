//! Kneedle: the knee as a human eye would place it on a given stretch of curve.

/// The knee of a convex, increasing curve, or `None` where it has none.
///
/// Both axes are scaled to [0, 1], the curve is turned upside down (a convex curve's bend becomes a concave
/// curve's knee) and followed from the far end: the first local maximum of its height above the diagonal
/// counts as the knee if the height then falls by `sensitivity` mean steps of x before it rises to another. 1
/// is the usual sensitivity, higher is stricter.
///
/// The answer depends on the range of the points, since the diagonal does. The points are in ascending order
/// of x; their own smoothing is up to the caller.
///
/// Source: Satopaa, Albrecht, Irwin, Raghavan, *Finding a "Kneedle" in a Haystack* (ICDCS Workshops 2011),
/// sections III-IV.
#[must_use]
pub fn kneedle(points: &[(f64, f64)], sensitivity: f64) -> Option<f64> {
    let heights = heights(points)?;
    let step = 1.0 / (heights.len() - 1) as f64;
    let mut candidate: Option<(usize, f64)> = None;
    for i in 1..heights.len() {
        if is_local_maximum(&heights, i) {
            candidate = Some((i, heights[i] - sensitivity * step));
        }
        if let Some((knee, threshold)) = candidate
            && heights[i] < threshold
        {
            return Some(points[points.len() - 1 - knee].0);
        }
    }
    None
}

/// Height of the turned curve above the diagonal, from the far end of the points.
fn heights(points: &[(f64, f64)]) -> Option<Vec<f64>> {
    let (&(x_first, _), &(x_last, _)) = (points.first()?, points.last()?);
    let least = points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let most = points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    (points.len() > 2 && x_last > x_first && most > least).then(|| {
        let turned = |&(x, y): &(f64, f64)| (most - y) / (most - least) - (x_last - x) / (x_last - x_first);
        points.iter().rev().map(turned).collect()
    })
}

fn is_local_maximum(heights: &[f64], i: usize) -> bool {
    i + 1 < heights.len() && heights[i] > heights[i - 1] && heights[i] >= heights[i + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The paper's figure 2, y = 5 - 1/(x + 0.1) at ten points of [0, 1], turned to be convex: x to 1 - x, y
    /// to its top less y.
    fn figure_2() -> Vec<(f64, f64)> {
        (0..10).rev().map(|i| f64::from(i) / 9.0).map(|x| (1.0 - x, 1.0 / (x + 0.1))).collect()
    }

    #[test]
    fn the_papers_example_has_its_knee_at_0_22() {
        let knee = kneedle(&figure_2(), 1.0).unwrap();
        assert!((1.0 - knee - 0.222).abs() < 1e-3, "{}", 1.0 - knee);
    }

    #[test]
    fn a_line_and_a_concave_curve_have_none() {
        let line: Vec<_> = (0..20).map(|i| (f64::from(i), 3.0 * f64::from(i))).collect();
        assert_eq!(kneedle(&line, 1.0), None);
        let concave: Vec<_> = (0..20).map(|i| (f64::from(i), f64::from(i).sqrt())).collect();
        assert_eq!(kneedle(&concave, 1.0), None);
        assert_eq!(kneedle(&[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)], 1.0), None);
        assert_eq!(kneedle(&[], 1.0), None);
    }

    #[test]
    fn the_knee_of_a_hyperbola_is_where_its_scaled_slope_is_one() {
        // 1/(1 - x) on [0, r]: scaled slope (1/(1-x)²) r (1-r)/r = 1 where x = 1 - sqrt(1 - r).
        let curve = |r: f64| {
            (0..=1_000).map(|i| r * f64::from(i) / 1e3).map(|x| (x, 1.0 / (1.0 - x))).collect::<Vec<_>>()
        };
        for r in [0.8, 0.95] {
            let knee = kneedle(&curve(r), 1.0).unwrap();
            assert!((knee - (1.0 - (1.0 - r).sqrt())).abs() < 2e-3, "{knee} on [0, {r}]");
        }
    }
}
