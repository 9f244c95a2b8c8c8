//! The special functions behind moments and quantiles: gamma, incomplete gamma, normal.

use std::f64::consts::{PI, SQRT_2};

/// Logarithm of the gamma function for `x > 0`, to some 15 digits.
///
/// Source: Lanczos, *A precision approximation of the gamma function* (1964), with Godfrey's coefficients for g = 7, n = 9.
pub(super) fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const REST: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // The reflection formula, since the series is good on the right half only.
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let sum = REST.iter().zip(1..).fold(FIRST, |sum, (c, i)| sum + c / (x + f64::from(i)));
    let t = x + G + 0.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The gamma function for `x > 0`.
pub(super) fn gamma(x: f64) -> f64 {
    ln_gamma(x).exp()
}

/// The regularised incomplete gamma functions `(P(a, x), Q(a, x))`, `a > 0`, `x >= 0`; both keep their relative precision in
/// their small tail, up to a shape of 10^7.
///
/// Source: Abramowitz and Stegun, *Handbook of Mathematical Functions* (1964), 6.5.29 (series) and 6.5.31 (continued fraction).
pub(super) fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if x == f64::INFINITY {
        return (1.0, 0.0);
    }
    if a > SHAPE_MAX {
        let z = ((x / a).cbrt() - 1.0 + 1.0 / (9.0 * a)) * 3.0 * a.sqrt();
        return (normal_cdf(z), normal_cdf(-z));
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let lower = front * lower_series(a, x);
        (lower, 1.0 - lower)
    } else {
        let upper = front * upper_fraction(a, x);
        (1.0 - upper, upper)
    }
}

/// Beyond this shape Wilson and Hilferty's normal approximation is closer than rounding leaves the series, and as fast.
///
/// Source: Wilson, Hilferty, *The distribution of chi-square* (1931).
const SHAPE_MAX: f64 = 1e7;

/// More than any shape up to [`SHAPE_MAX`] needs: convergence takes some multiple of its root.
const TERMS_MAX: u32 = 100_000;

/// `sum of x^n / (a (a+1) ... (a+n))`.
fn lower_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
    for _ in 0..TERMS_MAX {
        n += 1.0;
        term *= x / n;
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// `1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...)))`, from the front (modified Lentz).
fn upper_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / away_from_zero(b);
    let mut value = d;
    for i in 1..TERMS_MAX {
        let i = f64::from(i);
        let numerator = -i * (i - a);
        b += 2.0;
        d = 1.0 / away_from_zero(numerator * d + b);
        c = away_from_zero(b + numerator / c);
        let step = c * d;
        value *= step;
        if (step - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}

/// Distribution function of the standard normal law, exact in both tails: `Phi(z) = Q(1/2, z^2/2) / 2` for `z < 0`.
pub(super) fn normal_cdf(z: f64) -> f64 {
    let (inner, tail) = incomplete_gamma(0.5, z * z / 2.0);
    if z < 0.0 { tail / 2.0 } else { 0.5 + inner / 2.0 }
}

/// Density of the standard normal law.
pub(super) fn normal_pdf(z: f64) -> f64 {
    (-z * z / 2.0).exp() / (PI.sqrt() * SQRT_2)
}

/// Quantile of the standard normal law; infinite at 0 and 1.
pub(super) fn normal_quantile(p: f64) -> f64 {
    distrs::Normal::ppf(p, 0.0, 1.0)
}

/// The least `x` in `[low, high]` with `cdf(x) >= p`, to the last bit or so, for a `cdf` that rises to `p` within the bracket.
pub(super) fn invert(cdf: impl Fn(f64) -> f64, p: f64, mut low: f64, mut high: f64) -> f64 {
    // Each turn halves the bracket: 1,100 would exhaust the exponents, 60 to 80 are usual.
    for _ in 0..1_100 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if cdf(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
