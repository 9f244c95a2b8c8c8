//! Slopes of the cubic spline that bends least in haste: twice continuously differentiable, without conditions at its ends.

/// Slopes at the points of the cubic spline through them, `x` ascending, at least two points.
///
/// Its ends are "not a knot": the first two stretches are one cubic, and the last two. Three points give a parabola, two a line.
///
/// Source: de Boor, *A Practical Guide to Splines* (Springer, 1978), chapter IV.
pub(super) fn slopes(x: &[f64], v: &[f64]) -> Vec<f64> {
    let width: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rise: Vec<f64> = v.windows(2).zip(&width).map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
    let last = x.len() - 1;
    match last {
        1 => return vec![rise[0]; 2],
        2 => {
            let bend = (rise[1] - rise[0]) / (width[0] + width[1]);
            let [left, right] = [rise[0] - bend * width[0], rise[1] + bend * width[1]];
            return vec![left, rise[0] + bend * width[0], right];
        }
        _ => {}
    }
    // Rows of the system: below, on and above the diagonal, and the right side.
    let end = |w: [f64; 2], d: [f64; 2]| {
        let both = w[0] + w[1];
        ((w[0] + 2.0 * both) * w[1] * d[0] + w[0] * w[0] * d[1]) / both
    };
    let first = [0.0, width[1], width[0] + width[1], end([width[0], width[1]], [rise[0], rise[1]])];
    let inner = (1..last).map(|i| {
        let [before, after] = [width[i - 1], width[i]];
        [after, 2.0 * (before + after), before, 3.0 * (after * rise[i - 1] + before * rise[i])]
    });
    let (w, d) = ([width[last - 1], width[last - 2]], [rise[last - 1], rise[last - 2]]);
    let mut rows: Vec<[f64; 4]> = std::iter::once(first).chain(inner).collect();
    rows.push([w[0] + w[1], w[1], 0.0, end(w, d)]);
    solve(rows)
}

/// Solves a tridiagonal system by elimination without pivots.
fn solve(mut rows: Vec<[f64; 4]>) -> Vec<f64> {
    for i in 1..rows.len() {
        let [_, pivot, above, right] = rows[i - 1];
        let row = &mut rows[i];
        let share = row[0] / pivot;
        row[1] -= share * above;
        row[3] -= share * right;
    }
    let mut solved = vec![0.0; rows.len() + 1];
    for (i, [_, pivot, above, right]) in rows.iter().enumerate().rev() {
        solved[i] = (right - above * solved[i + 1]) / pivot;
    }
    solved.truncate(rows.len());
    solved
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 7] = [-2.0, -0.5, 0.1, 1.0, 1.2, 3.0, 4.5];

    #[test]
    fn a_polynomial_of_the_degree_that_its_points_allow_is_met() {
        let cubic = |x: f64| 2.0 - x + 0.5 * x * x - 0.25 * x * x * x;
        let parabola = |x: f64| 1.0 + 3.0 * x - 0.7 * x * x;
        let check = |points: usize, value: &dyn Fn(f64) -> f64, slope: &dyn Fn(f64) -> f64| {
            let x = &X[..points];
            let v: Vec<f64> = x.iter().map(|&x| value(x)).collect();
            for (x, found) in x.iter().zip(slopes(x, &v)) {
                assert!((found - slope(*x)).abs() < 1e-12, "{points} points at {x}: {found}");
            }
        };
        check(7, &cubic, &|x| -1.0 + x - 0.75 * x * x);
        check(4, &cubic, &|x| -1.0 + x - 0.75 * x * x);
        check(3, &parabola, &|x| 3.0 - 1.4 * x);
        check(2, &|x| 4.0 * x, &|_| 4.0);
    }

    /// The second derivatives of neighbouring stretches agree where they meet, whatever the values.
    #[test]
    fn curvature_does_not_jump() {
        let v = [3.0, -1.0, 0.5, 0.2, 7.0, 2.0, 2.5];
        let slope = slopes(&X, &v);
        for i in 1..X.len() - 1 {
            let rise = |i: usize| (v[i + 1] - v[i]) / (X[i + 1] - X[i]);
            let before = (2.0 * slope[i - 1] + 4.0 * slope[i] - 6.0 * rise(i - 1)) / (X[i] - X[i - 1]);
            let after = (6.0 * rise(i) - 4.0 * slope[i] - 2.0 * slope[i + 1]) / (X[i + 1] - X[i]);
            assert!((before - after).abs() < 1e-9, "{before} and {after} at {}", X[i]);
        }
    }
}
