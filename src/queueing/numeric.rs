//! Inverting and maximising functions of one variable.

/// The smallest `t >= 0` at which the falling `tail(t) = P(T > t)` is at most `1 - p`; infinite for `p = 1`.
///
/// `scale` is a typical size of `T`; the bracket doubles from there. Relative precision 1e-13.
pub(super) fn quantile(tail: impl Fn(f64) -> f64, p: f64, scale: f64) -> f64 {
    super::error::assert_probability(p);
    let beyond = 1.0 - p;
    if beyond <= 0.0 {
        return f64::INFINITY;
    }
    if tail(0.0) <= beyond {
        return 0.0;
    }
    let mut high = scale;
    while tail(high) > beyond {
        high *= 2.0;
    }
    bisect(0.0, high, |t| tail(t) > beyond)
}

/// The point in `[low, high]` where `left_of` turns from true to false.
pub(super) fn bisect(mut low: f64, mut high: f64, left_of: impl Fn(f64) -> bool) -> f64 {
    while high - low > 1e-13 * high.abs() {
        let middle = low.midpoint(high);
        if middle <= low || middle >= high {
            break;
        }
        if left_of(middle) { low = middle } else { high = middle }
    }
    low.midpoint(high)
}

/// Where the unimodal `f` is largest in `[low, high]`, by golden section; to about 1e-8 of the interval,
/// since the top is flat.
pub(super) fn argmax(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let width = high - low;
    let (mut left, mut right) = (high - golden * width, low + golden * width);
    let (mut at_left, mut at_right) = (f(left), f(right));
    while high - low > 1e-9 * width {
        if at_left >= at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = f(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = f(right);
        }
    }
    low.midpoint(high)
}

#[cfg(test)]
mod tests {
    use super::super::assert_near;
    use super::*;

    #[test]
    fn quantile_of_an_exponential_is_its_logarithm() {
        for p in [0.0, 0.5, 0.99, 0.9999] {
            assert_near(quantile(|t| (-t).exp(), p, 1e-3), -(1.0 - p).ln(), 1e-11);
        }
        assert_eq!(quantile(|t| (-t).exp(), 1.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn top_of_a_parabola_is_found() {
        assert_near(argmax(0.0, 1.0, |x| -(x - 0.3) * (x - 0.3)), 0.3, 1e-7);
    }
}
