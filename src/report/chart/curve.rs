//! Curves between markers: monotone cubics, which add no bump that the points do not have.

use super::canvas::Pixel;

const STEPS: u32 = 16;

/// Points of a smooth line through points in ascending order of x (Fritsch and Carlson's monotone cubic).
///
/// `log` interpolates the logarithm of y, as the analysis of latency curves does, where all of y is above zero.
///
/// Source: Fritsch and Carlson, *Monotone piecewise cubic interpolation*, SIAM J. Numer. Anal. 17 (1980), with the
/// three-point slopes of Fritsch and Butland (1984).
pub fn smooth(points: &[(f64, f64)], log: bool) -> Vec<(f64, f64)> {
    // A load simulated twice has no slope: straight lines will do.
    if points.len() < 3 || points.windows(2).any(|w| w[1].0 <= w[0].0) {
        return points.to_vec();
    }
    let log = log && points.iter().all(|p| p.1 > 0.0);
    let ys: Vec<f64> = points.iter().map(|p| if log { p.1.ln() } else { p.1 }).collect();
    let xs: Vec<f64> = points.iter().map(|p| p.0).collect();
    let slopes = slopes(&xs, &ys);
    let mut out = vec![points[0]];
    for i in 0..points.len() - 1 {
        let h = xs[i + 1] - xs[i];
        for k in 1..=STEPS {
            let t = f64::from(k) / f64::from(STEPS);
            let y = hermite(t, (ys[i], h * slopes[i]), (ys[i + 1], h * slopes[i + 1]));
            out.push((xs[i] + t * h, if log { y.exp() } else { y }));
        }
    }
    out
}

/// Cubic between two (value, slope) pairs, `t` in [0, 1].
fn hermite(t: f64, from: (f64, f64), to: (f64, f64)) -> f64 {
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * from.0
        + (t3 - 2.0 * t2 + t) * from.1
        + (3.0 * t2 - 2.0 * t3) * to.0
        + (t3 - t2) * to.1
}

fn slopes(xs: &[f64], ys: &[f64]) -> Vec<f64> {
    let secants: Vec<f64> = (0..xs.len() - 1).map(|i| (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i])).collect();
    let mut slopes = vec![secants[0]];
    for i in 1..secants.len() {
        let (before, after) = (secants[i - 1], secants[i]);
        let (h0, h1) = (xs[i] - xs[i - 1], xs[i + 1] - xs[i]);
        let (w0, w1) = (2.0 * h1 + h0, h1 + 2.0 * h0);
        slopes.push(if before * after <= 0.0 { 0.0 } else { (w0 + w1) / (w0 / before + w1 / after) });
    }
    slopes.push(*secants.last().expect("two points at least"));
    slopes
}

/// The part of a line of pixels that lies at or below the height `top` (y grows downwards), and where it first left over it.
pub fn below(line: &[Pixel], top: f64) -> (Vec<Vec<Pixel>>, Option<Pixel>) {
    let mut parts: Vec<Vec<Pixel>> = Vec::new();
    let mut exit = None;
    let mut open = false;
    for (i, &p) in line.iter().enumerate() {
        let inside = p.1 >= top;
        let crossing = i.checked_sub(1).map(|j| line[j]).filter(|q| (q.1 >= top) != inside).map(|q| {
            let t = (top - q.1) / (p.1 - q.1);
            (q.0 + t * (p.0 - q.0), top)
        });
        if inside && !open {
            parts.push(crossing.into_iter().collect());
        }
        if let (Some(last), true) = (parts.last_mut(), inside || open) {
            last.push(if inside { p } else { crossing.expect("it left just now") });
        }
        if !inside {
            exit = exit.or(crossing).or(Some((p.0, top)));
        }
        open = inside;
    }
    (parts, exit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_line_passes_its_points_and_never_turns_back() {
        let points = [(0.0, 1.0), (1.0, 1.1), (2.0, 1.1), (3.0, 4.0), (4.0, 40.0)];
        for log in [false, true] {
            let line = smooth(&points, log);
            assert!(line.windows(2).all(|w| w[1].1 >= w[0].1 - 1e-12 && w[1].0 > w[0].0));
            for p in points {
                assert!(line.iter().any(|q| (q.0 - p.0).abs() < 1e-12 && (q.1 - p.1).abs() < 1e-9));
            }
        }
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_through_the_top() {
        let (parts, exit) = below(&[(0.0, 100.0), (10.0, 50.0), (20.0, -50.0), (30.0, 50.0)], 0.0);
        assert_eq!(parts, [vec![(0.0, 100.0), (10.0, 50.0), (15.0, 0.0)], vec![(25.0, 0.0), (30.0, 50.0)]]);
        assert_eq!(exit, Some((15.0, 0.0)));
        assert_eq!(below(&[(0.0, 5.0), (1.0, 6.0)], 0.0).1, None);
    }
}
