//! Laws against their moments, their distribution functions, and `statrs`, which shares no code with them.

use statrs::distribution::{self as oracle, Continuous as _, ContinuousCDF as _};

use super::*;
use crate::rng::{KeyedRng, mix};

/// Every law, with moments that a test can estimate.
fn zoo() -> Vec<Dist> {
    let dists = [
        Dist::constant(0.02),
        Dist::exp(0.02),
        Dist::erlang(3, 0.01),
        Dist::erlang(12, 0.01),
        Dist::gamma(0.01, 0.4),
        Dist::gamma(0.01, 2.0),
        Dist::lognormal(0.005, 1.2),
        Dist::lognormal_p50_p99(0.002, 0.015),
        Dist::weibull(0.01, 0.8),
        Dist::weibull_scale(0.01, 3.0),
        Dist::pareto(0.001, 9.0),
        Dist::pareto_mean(0.002, 6.0),
        Dist::hyperexp(0.01, 3.0),
        Dist::uniform(0.001, 0.003),
        Dist::normal(0.004, 0.001),
        Dist::normal(0.001, 0.004),
        Dist::empirical(&[0.003, 0.001, 0.002, 0.002, 0.010]),
        Dist::empirical_weighted(&[0.003, 0.001, 0.5], &[1.0, 3.0, 0.0]),
        mixture(),
    ];
    dists.map(|dist| dist.expect("legal parameters")).into()
}

fn mixture() -> Result<Dist, DistError> {
    Dist::mixture(vec![
        (7.0, Dist::exp(0.02)?),
        (2.0, Dist::constant(0.005)?),
        (1.0, Dist::uniform(0.1, 0.2)?),
    ])
}

fn draws(dist: &Dist, count: u64) -> Vec<f64> {
    (0..count).map(|i| dist.sample(&mut KeyedRng::new(mix(11, i)))).collect()
}

/// The largest distance between the sample's distribution function and `cdf`, times the root of its size: below 1.95 in 999 of
/// 1,000 samples of the right law. `cdf` may jump.
fn kolmogorov(mut sample: Vec<f64>, mut cdf: impl FnMut(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let mut worst: f64 = 0.0;
    let mut before = 0;
    for group in sample.chunk_by(|a, b| a == b) {
        let after = before + group.len();
        let below = cdf(group[0].next_down()) - before as f64 / n;
        let at = cdf(group[0]) - after as f64 / n;
        worst = worst.max(below.abs()).max(at.abs());
        before = after;
    }
    worst * n.sqrt()
}

#[test]
fn draws_follow_the_distribution_function() {
    for dist in zoo() {
        let distance = kolmogorov(draws(&dist, 100_000), |x| dist.cdf(x));
        assert!(distance < 1.95, "{dist}: {distance}");
    }
}

#[test]
fn kolmogorov_tells_a_mean_that_is_two_percent_off() {
    let dist = Dist::exp(0.02).unwrap();
    assert!(kolmogorov(draws(&dist, 100_000), |x| dist.cdf(x / 1.02)) > 1.95);
}

#[test]
fn distribution_functions_agree_with_an_independent_library() {
    let check = |dist: Result<Dist, DistError>, cdf: &dyn Fn(f64) -> f64| {
        let dist = dist.unwrap();
        for i in 1..400 {
            let x = dist.mean() * f64::from(i) / 50.0;
            let (ours, theirs) = (dist.cdf(x), cdf(x));
            assert!((ours - theirs).abs() < 1e-9, "{dist} at {x}: {ours} {theirs}");
        }
    };
    let exp = |mean: f64| oracle::Exp::new(1.0 / mean).unwrap();
    let gamma = |shape: f64, rate| oracle::Gamma::new(shape, rate).unwrap();
    check(Dist::exp(2.0), &|x| exp(2.0).cdf(x));
    check(Dist::erlang(3, 2.0), &|x| oracle::Erlang::new(3, 1.5).unwrap().cdf(x));
    check(Dist::gamma(2.0, 0.5), &|x| gamma(4.0, 2.0).cdf(x));
    check(Dist::gamma(2.0, 2.0), &|x| gamma(0.25, 0.125).cdf(x));
    check(Dist::gamma(1.0, 0.05), &|x| gamma(400.0, 400.0).cdf(x));
    let sigma = 2.0_f64.ln().sqrt();
    let lognormal = oracle::LogNormal::new(3.0_f64.ln() - sigma * sigma / 2.0, sigma).unwrap();
    check(Dist::lognormal(3.0, 1.0), &|x| lognormal.cdf(x));
    check(Dist::weibull_scale(2.0, 0.7), &|x| oracle::Weibull::new(0.7, 2.0).unwrap().cdf(x));
    check(Dist::pareto(1.0, 2.5), &|x| oracle::Pareto::new(1.0, 2.5).unwrap().cdf(x));
    check(Dist::uniform(1.0, 4.0), &|x| oracle::Uniform::new(1.0, 4.0).unwrap().cdf(x));
    let parent = oracle::Normal::new(1.0, 2.0).unwrap();
    let below = parent.cdf(0.0);
    check(Dist::normal(1.0, 2.0), &|x| (parent.cdf(x) - below) / (1.0 - below));
    // cv 3: balanced phases p and 1 - p with p = (1 - sqrt(8/10)) / 2.
    let p = (1.0 - 0.8_f64.sqrt()) / 2.0;
    let two = |x| p * exp(1.0 / (2.0 * p)).cdf(x) + (1.0 - p) * exp(1.0 / (2.0 - 2.0 * p)).cdf(x);
    check(Dist::hyperexp(1.0, 3.0), &two);
}

#[test]
fn nearly_constant_gamma_laws_keep_their_precision() {
    // The central limit and its first correction: P(X <= mean) = 1/2 + 1/(3 sqrt(2 pi shape)).
    for cv in [1e-3_f64, 1e-5] {
        let dist = Dist::gamma(1.0, cv).unwrap();
        let median_excess = cv / (3.0 * (2.0 * std::f64::consts::PI).sqrt());
        assert!((dist.cdf(1.0) - 0.5 - median_excess).abs() < 1e-8, "{}", dist.cdf(1.0));
        let z = (dist.quantile(0.975).unwrap() - 1.0) / cv;
        assert!((z - 1.959_964).abs() < 2.0 * cv, "{z}");
    }
}

#[test]
fn moments_are_those_of_the_draws() {
    for dist in zoo() {
        let sample = draws(&dist, 400_000);
        let n = sample.len() as f64;
        let average = |of: &dyn Fn(f64) -> f64| sample.iter().map(|x| of(*x)).sum::<f64>() / n;
        let (mean, variance) = (dist.mean(), dist.variance());
        let within = |estimate: f64, truth: f64, spread: f64| {
            let slack = 4.0 * (spread / n).sqrt() + 1e-9 * truth;
            assert!((estimate - truth).abs() <= slack, "{dist}: {estimate} +- {slack}, not {truth}");
        };
        within(average(&|x| x), mean, variance);
        // The spread of squares by the sample itself: fourth moments have no closed form here.
        let fourth = average(&|x| (x - mean).powi(4));
        within(average(&|x| (x - mean).powi(2)), variance, fourth - variance * variance);
    }
}

/// Mean and variance by the midpoint rule over the quantiles.
fn integrated(dist: &Dist) -> (f64, f64) {
    let n = 200_000;
    let values = (0..n).map(|i| dist.quantile((f64::from(i) + 0.5) / f64::from(n)).unwrap());
    let (sum, squares) = values.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
    let (mean, square) = (sum / f64::from(n), squares / f64::from(n));
    (mean, square - mean * mean)
}

#[test]
fn moments_of_light_tails_are_the_integrals_of_their_quantiles() {
    for dist in
        [Dist::normal(0.001, 0.004), Dist::normal(2.0, 1.0), Dist::weibull(3.0, 2.0), Dist::uniform(1.0, 4.0)]
    {
        let dist = dist.unwrap();
        let (mean, variance) = integrated(&dist);
        assert!((dist.mean() / mean - 1.0).abs() < 1e-5, "{dist}");
        assert!((dist.variance() / variance - 1.0).abs() < 1e-3, "{dist}");
    }
}

#[test]
fn given_moments_and_percentiles_come_back() {
    for (dist, mean, cv) in [
        (Dist::lognormal(0.005, 1.2), 0.005, 1.2),
        (Dist::gamma(0.005, 1.2), 0.005, 1.2),
        (Dist::hyperexp(0.005, 30.0), 0.005, 30.0),
        (Dist::hyperexp(0.005, 1.0), 0.005, 1.0),
        (Dist::erlang(16, 3.0), 3.0, 0.25),
        (Dist::weibull(0.005, 1.0), 0.005, 1.0),
        (Dist::weibull(1.0, 0.5), 1.0, 5.0_f64.sqrt()),
        (Dist::pareto_mean(2.0, 3.0), 2.0, (1.0_f64 / 3.0).sqrt()),
    ] {
        let dist = dist.unwrap();
        assert!((dist.mean() / mean - 1.0).abs() < 1e-12, "{dist}");
        assert!((dist.cv() / cv - 1.0).abs() < 1e-9, "{dist}: {}", dist.cv());
        let second = mean * mean * (1.0 + cv * cv);
        assert!((dist.second_moment() / second - 1.0).abs() < 1e-9, "{dist}");
    }
    let dashboard = Dist::lognormal_p50_p99(0.002, 0.015).unwrap();
    assert!((dashboard.quantile(0.5).unwrap() - 0.002).abs() < 1e-12);
    assert!((dashboard.quantile(0.99).unwrap() - 0.015).abs() < 1e-12);
}

#[test]
fn heavy_tails_have_infinite_moments() {
    let (no_mean, no_variance) = (Dist::pareto(1.0, 1.0).unwrap(), Dist::pareto(1.0, 2.0).unwrap());
    assert_eq!(
        (no_mean.mean(), no_mean.cv(), no_mean.second_moment()),
        (f64::INFINITY, f64::INFINITY, f64::INFINITY)
    );
    assert_eq!((no_variance.mean(), no_variance.scv()), (2.0, f64::INFINITY));
    let mixed = Dist::mixture(vec![(1.0, Dist::exp(1.0).unwrap()), (1.0, no_variance)]).unwrap();
    assert_eq!((mixed.mean(), mixed.variance()), (1.5, f64::INFINITY));
}

#[test]
fn quantiles_invert_distribution_functions() {
    for dist in zoo() {
        for p in [0.0, 1e-9, 0.001, 0.1, 0.5, 0.9, 0.99, 0.9999, 1.0] {
            let x = dist.quantile(p).unwrap();
            assert!(dist.cdf(x) >= p - 1e-12, "{dist} at {p}: {x}");
            assert!(p == 0.0 || dist.cdf(x * (1.0 - 1e-9)) <= p + 1e-12, "{dist} at {p}: {x}");
        }
        assert_eq!(dist.quantile(1.0 + 1e-9), None);
        assert_eq!(dist.quantile(f64::NAN), None);
    }
}

#[test]
fn nothing_lies_below_the_minimum() {
    for dist in zoo() {
        assert!(draws(&dist, 10_000).into_iter().all(|x| x >= dist.min()), "{dist}");
        assert!((dist.quantile(0.0).unwrap() - dist.min()).abs() < 1e-15, "{dist}");
    }
}

#[test]
fn a_scaled_law_gives_the_same_draws_in_proportion() {
    for dist in zoo() {
        let twice = dist.scaled(2.0);
        assert_eq!(twice.mean(), 2.0 * dist.mean(), "{dist}");
        let doubled: Vec<f64> = draws(&dist, 1_000).iter().map(|x| 2.0 * x).collect();
        assert_eq!(draws(&twice, 1_000), doubled, "{dist}");
        assert_eq!(dist.scaled(0.0).is_constant(), Some(0.0), "{dist}");
    }
}

#[test]
fn a_larger_mean_gives_a_larger_time_from_the_same_key() {
    let makers: [fn(f64) -> Result<Dist, DistError>; 9] = [
        Dist::exp,
        |m| Dist::erlang(7, m),
        |m| Dist::gamma(m, 0.3),
        |m| Dist::lognormal(m, 1.5),
        |m| Dist::weibull(m, 0.6),
        |m| Dist::pareto_mean(m, 1.5),
        |m| Dist::hyperexp(m, 4.0),
        |m| Dist::uniform(m / 2.0, m * 1.5),
        |m| Dist::normal(m, 0.5),
    ];
    for make in makers {
        let (less, more) = (make(1.0).unwrap(), make(1.001).unwrap());
        let pairs = draws(&less, 10_000).into_iter().zip(draws(&more, 10_000));
        assert!(pairs.into_iter().all(|(a, b)| a < b), "{less}");
    }
}

#[test]
fn residuals_follow_the_equilibrium_law() {
    // Density P(X > x) / E[X], integrated by Simpson's rule from each draw to the next.
    for dist in zoo() {
        let sample = (0..20_000).map(|i| dist.sample_residual(&mut KeyedRng::new(mix(5, i)))).collect();
        let (mut reached, mut area) = (0.0, 0.0);
        let distance = kolmogorov(sample, |x| {
            let tail = |x| 1.0 - dist.cdf(x);
            area += (tail(reached) + 4.0 * tail((reached + x) / 2.0) + tail(x)) * (x - reached) / 6.0;
            reached = x;
            area / dist.mean()
        });
        assert!(distance < 1.95, "{dist}: {distance}");
    }
}

#[test]
fn residuals_have_half_the_second_moment_over_the_mean() {
    for dist in zoo() {
        let n = 200_000;
        let sample: Vec<f64> = (0..n).map(|i| dist.sample_residual(&mut KeyedRng::new(mix(6, i)))).collect();
        let mean = sample.iter().sum::<f64>() / n as f64;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        let truth = dist.second_moment() / (2.0 * dist.mean());
        assert!((mean - truth).abs() < 4.0 * (variance / n as f64).sqrt(), "{dist}: {mean}, not {truth}");
    }
}

#[test]
fn names_do_not_hide_what_a_law_is() {
    let exponential = [Dist::exp(2.0), Dist::erlang(1, 2.0), Dist::gamma(2.0, 1.0), Dist::hyperexp(2.0, 1.0)];
    assert!(exponential.into_iter().all(|dist| dist.unwrap().is_exponential()));
    assert!(!Dist::exp(0.0).unwrap().is_exponential());
    let constant = [
        Dist::gamma(2.0, 0.0),
        Dist::lognormal(2.0, 0.0),
        Dist::normal(2.0, 0.0),
        Dist::uniform(2.0, 2.0),
        Dist::empirical(&[2.0, 2.0]),
        Dist::mixture(vec![(1.0, Dist::constant(2.0).unwrap()), (0.0, Dist::exp(1.0).unwrap())]),
    ];
    assert!(constant.into_iter().all(|dist| dist.unwrap().is_constant() == Some(2.0)));
    assert!(zoo().iter().skip(1).all(|dist| dist.is_constant().is_none()));
}

#[test]
fn a_mean_of_zero_takes_no_time() {
    let zeros = [
        Dist::exp(0.0),
        Dist::erlang(3, 0.0),
        Dist::gamma(0.0, 2.0),
        Dist::lognormal(0.0, 2.0),
        Dist::weibull(0.0, 2.0),
        Dist::pareto(0.0, 0.5),
        Dist::hyperexp(0.0, 2.0),
    ];
    for dist in zeros.map(Result::unwrap) {
        assert!(draws(&dist, 100).into_iter().all(|x| x == 0.0), "{dist}");
        assert_eq!((dist.mean(), dist.cv(), dist.second_moment()), (0.0, 0.0, 0.0));
        assert_eq!((dist.cdf(0.0), dist.quantile(0.99)), (1.0, Some(0.0)));
        assert_eq!(dist.sample_residual(&mut KeyedRng::new(1)), 0.0);
    }
}

#[test]
fn wrong_parameters_are_quoted_with_what_was_expected() {
    let message = |dist: Result<Dist, DistError>| dist.unwrap_err().to_string();
    assert_eq!(message(Dist::exp(-1.0)), "invalid mean '-1', which should be a finite number, 0 or more");
    assert_eq!(
        message(Dist::hyperexp(1.0, 0.5)),
        "invalid cv '0.5', which should be a number from 1 to 1000 for a hyperexponential law"
    );
    assert_eq!(
        message(Dist::lognormal_p50_p99(0.02, 0.01)),
        "invalid p99 '0.01', which should be a finite number above p50"
    );
}

#[test]
fn no_parameter_outside_its_range_is_taken() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0] {
        let dists = [
            Dist::constant(wrong),
            Dist::exp(wrong),
            Dist::erlang(2, wrong),
            Dist::gamma(wrong, 1.0),
            Dist::gamma(1.0, wrong),
            Dist::lognormal(wrong, 1.0),
            Dist::lognormal(1.0, wrong),
            Dist::lognormal_p50_p99(wrong, 1.0),
            Dist::lognormal_p50_p99(1.0, wrong),
            Dist::weibull(wrong, 1.0),
            Dist::weibull(1.0, wrong),
            Dist::weibull_scale(wrong, 1.0),
            Dist::pareto(wrong, 1.0),
            Dist::pareto(1.0, wrong),
            Dist::pareto_mean(wrong, 2.0),
            Dist::pareto_mean(1.0, wrong),
            Dist::hyperexp(wrong, 2.0),
            Dist::hyperexp(1.0, wrong),
            Dist::uniform(wrong, 1.0),
            Dist::uniform(0.0, wrong),
            Dist::normal(wrong, 1.0),
            Dist::normal(1.0, wrong),
            Dist::empirical(&[1.0, wrong]),
            Dist::empirical_weighted(&[1.0, 2.0], &[1.0, wrong]),
            Dist::mixture(vec![(wrong, Dist::constant(1.0).unwrap())]),
        ];
        assert!(dists.iter().all(Result::is_err), "{wrong}: {dists:?}");
    }
    let others = [
        Dist::erlang(0, 1.0),
        Dist::pareto_mean(1.0, 1.0),
        Dist::uniform(2.0, 1.0),
        Dist::lognormal_p50_p99(0.0, 1.0),
        Dist::lognormal_p50_p99(1.0, 1.0),
        Dist::empirical(&[]),
        Dist::empirical_weighted(&[1.0], &[1.0, 1.0]),
        Dist::empirical_weighted(&[1.0], &[0.0]),
        Dist::mixture(vec![]),
    ];
    assert!(others.iter().all(Result::is_err), "{others:?}");
}

#[test]
fn laws_print_as_a_reader_would_check_them() {
    let shown: Vec<String> = zoo().iter().map(ToString::to_string).collect();
    let expected = [
        "20ms",
        "exp 20ms",
        "erlang k 3 mean 10ms",
        "erlang k 12 mean 10ms",
        "gamma mean 10ms cv 0.4",
        "gamma mean 10ms cv 2",
        "lognormal mean 5ms cv 1.2",
        "lognormal p50 2ms p99 15ms (mean 2.91ms)",
        "weibull mean 10ms shape 0.8",
        "weibull mean 8.93ms shape 3",
        "pareto min 1ms alpha 9",
        "pareto min 1.667ms alpha 6",
        "hyperexp mean 10ms cv 3",
        "uniform 1ms to 3ms",
        "normal mean 4ms sd 1ms, truncated at 0",
        "normal mean 1ms sd 4ms, truncated at 0",
        "empirical, 5 values, mean 3.6ms",
        "empirical, 3 values, mean 1.5ms",
        "mixture (70% exp 20ms, 20% 5ms, 10% uniform 100ms to 200ms)",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn a_distribution_fits_in_half_a_cache_line() {
    assert!(size_of::<Dist>() <= 32);
}

#[test]
fn special_functions_match_known_values() {
    // Gamma(5) = 24, Gamma(1/2) = sqrt(pi); Phi(-10) from Abramowitz and Stegun, table 26.2.
    assert!((special::gamma(5.0) / 24.0 - 1.0).abs() < 1e-13);
    assert!((special::gamma(0.5).powi(2) / std::f64::consts::PI - 1.0).abs() < 1e-13);
    assert!((special::normal_cdf(-10.0) / 7.619_853_024_160_527e-24 - 1.0).abs() < 1e-10);
    assert!((special::normal_pdf(1.3) - oracle::Normal::standard().pdf(1.3)).abs() < 1e-15);
}
