//! Processes against their rates, their dispersions and their stationary starts.

use super::*;
use crate::rng::mix;
use crate::units::{Span, Time};

fn dist(dist: Result<Dist, DistError>) -> Dist {
    dist.expect("legal parameters")
}

fn phases(list: &[(f64, Dist)]) -> Arrivals {
    let list = list.iter().map(|(rate, length)| Phase::new(*rate, length.clone()).expect("legal phase"));
    Arrivals::phases(list.collect()).expect("legal phases")
}

/// Poisson at 300/s for an exponential time of mean 1/2 s, nothing for one of mean 1 s.
fn on_off() -> Arrivals {
    phases(&[(300.0, dist(Dist::exp(0.5))), (0.0, dist(Dist::exp(1.0)))])
}

/// Processes of all kinds, each at 100 requests/s.
fn zoo() -> Vec<Arrivals> {
    let renewal = |gap| Arrivals::renewal(100.0, &dist(gap));
    let batched = |base: Result<Arrivals, DistError>, size| base.and_then(|base| base.batched(size));
    let legal = [
        Arrivals::poisson(100.0),
        Arrivals::deterministic(100.0),
        Arrivals::renewal_cv(100.0, 0.5),
        Arrivals::renewal_cv(100.0, 3.0),
        renewal(Dist::lognormal(7.0, 2.0)),
        renewal(Dist::weibull(7.0, 0.7)),
        renewal(Dist::uniform(0.0, 1.0)),
        renewal(Dist::empirical(&[0.0, 1.0, 5.0])),
        batched(Arrivals::poisson(100.0), Count::constant(5)),
        batched(Arrivals::poisson(100.0), Count::geometric(0.5).expect("legal")),
        batched(Arrivals::deterministic(100.0), Count::uniform(0, 4).expect("legal")),
        batched(Ok(on_off()), Count::uniform(1, 3).expect("legal")),
        Ok(on_off()),
        Ok(phases(&[(150.0, dist(Dist::constant(0.2))), (0.0, dist(Dist::constant(0.1)))])),
        Ok(phases(&[
            (10.0, dist(Dist::gamma(0.3, 0.5))),
            (400.0, dist(Dist::lognormal(0.1, 1.0))),
            (57.0, dist(Dist::uniform(0.0, 1.0))),
            (1_000.0, dist(Dist::constant(0.0))),
            (285.0, dist(Dist::exp(0.1))),
        ])),
    ];
    legal.map(|arrivals| arrivals.expect("legal parameters")).into()
}

/// Arrivals up to `horizon`, as times and sizes.
fn arrivals_until(arrivals: &Arrivals, key: u64, horizon: Time) -> Vec<(Time, u32)> {
    let mut stream = Stream::new(arrivals, key);
    let mut now = Time::ZERO;
    std::iter::from_fn(|| {
        let Arrival { gap, size } = stream.next();
        now = now + gap;
        (now < horizon).then_some((now, size))
    })
    .collect()
}

/// Requests in each of `windows` adjacent windows from the start on.
fn counts(arrivals: &Arrivals, key: u64, window_s: f64, windows: usize) -> Vec<f64> {
    let mut counts = vec![0.0; windows];
    let horizon = Time::ZERO + Span::from_secs(window_s * windows as f64);
    for (time, size) in arrivals_until(arrivals, key, horizon) {
        let window = (time.as_secs() / window_s) as usize;
        counts[window.min(windows - 1)] += f64::from(size);
    }
    counts
}

/// Mean, variance, and the standard errors of both.
fn summary(sample: &[f64]) -> [f64; 4] {
    let n = sample.len() as f64;
    let mean = sample.iter().sum::<f64>() / n;
    let moment = |k| sample.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
    let variance = moment(2);
    [mean, variance, (variance / n).sqrt(), ((moment(4) - variance * variance).max(0.0) / n).sqrt()]
}

#[test]
fn the_rate_counts_requests() {
    for arrivals in zoo() {
        assert!((arrivals.rate() - 100.0).abs() < 1e-9, "{arrivals}: {}", arrivals.rate());
        let seconds = 5_000.0;
        let found = counts(&arrivals, 1, seconds, 1)[0];
        // Variance of a long count: dispersion * rate * time; one point more or less at the edges.
        let slack = 4.0 * (arrivals.dispersion() * 100.0 * seconds).sqrt() + 5.0;
        assert!((found - 100.0 * seconds).abs() < slack, "{arrivals}: {found}");
    }
}

#[test]
fn processes_are_stationary_from_the_first_instant() {
    // Windows shorter than a gap, and as long as a phase: each holds rate * length on average.
    for arrivals in zoo() {
        for window_s in [0.002, 0.02, 0.2] {
            let runs: Vec<Vec<f64>> =
                (0..10_000).map(|key| counts(&arrivals, mix(3, key), window_s, 3)).collect();
            for window in 0..3 {
                let sample: Vec<f64> = runs.iter().map(|run| run[window]).collect();
                let [mean, _, error, _] = summary(&sample);
                let expected = 100.0 * window_s;
                let slack = 4.0 * error + 1e-9;
                assert!(
                    (mean - expected).abs() < slack,
                    "{arrivals}, window {window}: {mean}, not {expected}"
                );
            }
        }
    }
}

#[test]
fn an_on_off_process_disperses_as_its_formula_says_in_every_window() {
    // Interrupted Poisson, on at `leave` and off at `back` per second, in the steady state:
    // I(t) = 1 + 2 lambda leave / s^2 (1 - (1 - e^-st) / (st)) with s = leave + back. Fischer, Meier-Hellstern (1993), section 2.
    let (lambda, leave, back) = (300.0, 2.0, 1.0);
    let s: f64 = leave + back;
    for window_s in [0.05, 0.5, 5.0] {
        let sample: Vec<f64> = (0..4_000).map(|key| counts(&on_off(), mix(4, key), window_s, 1)[0]).collect();
        let [_, variance, _, error] = summary(&sample);
        let st = s * window_s;
        let index = 1.0 + 2.0 * lambda * leave / (s * s) * (1.0 - (1.0 - (-st).exp()) / st);
        let expected = index * 100.0 * window_s;
        assert!(
            (variance - expected).abs() < 4.0 * error,
            "{window_s}: {variance} +- {error}, not {expected}"
        );
    }
    assert!((on_off().dispersion() - (1.0 + 2.0 * lambda * leave / (s * s))).abs() < 1e-9);
}

#[test]
fn long_counts_disperse_as_the_index_says() {
    for arrivals in zoo() {
        let window_s = 60.0;
        let sample: Vec<f64> = (0..1_000).map(|key| counts(&arrivals, mix(5, key), window_s, 1)[0]).collect();
        let [_, variance, _, error] = summary(&sample);
        let expected = arrivals.dispersion() * 100.0 * window_s;
        // The edges of a window add a little that the limit has not.
        let slack = 4.0 * error + 0.02 * expected + 4.0;
        assert!((variance - expected).abs() < slack, "{arrivals}: {variance} +- {error}, not {expected}");
    }
}

#[test]
fn phases_of_one_rate_are_the_poisson_process() {
    let flat = phases(&[(100.0, dist(Dist::exp(0.01))), (100.0, dist(Dist::constant(0.003)))]);
    let poisson = Arrivals::poisson(100.0).unwrap();
    let horizon = Time::ZERO + Span::from_secs(100.0);
    let pairs = arrivals_until(&flat, 6, horizon).into_iter().zip(arrivals_until(&poisson, 6, horizon));
    let mut compared = 0;
    for ((a, _), (b, _)) in pairs {
        assert!(a.0.abs_diff(b.0) <= 1, "{a:?} {b:?}");
        compared += 1;
    }
    assert!(compared > 9_000);
    assert!(flat.is_poisson());
}

#[test]
fn nothing_arrives_in_a_phase_of_rate_zero() {
    // On for 1 s, off for 1 s. The first arrival after a pause is at most 20 ms (e^-20) behind the start of its phase.
    let square = phases(&[(1_000.0, dist(Dist::constant(1.0))), (0.0, dist(Dist::constant(1.0)))]);
    let horizon = Time::ZERO + Span::from_secs(100.0);
    for key in 0..20 {
        let times: Vec<f64> =
            arrivals_until(&square, key, horizon).iter().map(|(t, _)| t.as_secs()).collect();
        let pause = times.windows(2).find(|pair| pair[1] - pair[0] > 0.9).expect("a pause")[1];
        assert!(times.iter().all(|t| (t - pause + 0.02).rem_euclid(2.0) < 1.02), "{key}");
        assert!(times.len() > 49_000 - 900);
    }
}

#[test]
fn rounding_to_nanoseconds_does_not_change_a_high_rate() {
    // 3 1/3 ns a gap: rounded one by one, the rate would be 11 % off.
    let mut stream = Stream::new(&Arrivals::deterministic(3e8).unwrap(), 7);
    let total: u64 = (0..3_000_001).map(|_| stream.next().gap.0).sum();
    assert!(total.abs_diff(10_000_000) <= 4, "{total}");
    // 1 ns a gap: 10^6 arrivals take 10^6 ns, give or take four times 10^3.
    let mut stream = Stream::new(&Arrivals::poisson(1e9).unwrap(), 7);
    let total: u64 = (0..1_000_000).map(|_| stream.next().gap.0).sum();
    assert!(total.abs_diff(1_000_000) < 4_000, "{total}");
}

#[test]
fn a_higher_rate_brings_every_arrival_earlier() {
    for arrivals in zoo() {
        let mut slow = Stream::new(&arrivals, 8);
        let mut fast = Stream::new(&arrivals.scaled(1.1), 8);
        let (mut late, mut early) = (Time::ZERO, Time::ZERO);
        for n in 0..10_000 {
            let (a, b) = (slow.next(), fast.next());
            (late, early) = (late + a.gap, early + b.gap);
            assert!(early <= late && a.size == b.size, "{arrivals}, arrival {n}");
        }
        assert!(early < late);
    }
}

#[test]
fn gaps_scale_in_proportion_where_no_phase_has_its_own_clock() {
    for arrivals in zoo().into_iter().filter(|a| !matches!(a.process, Process::Phases(_))) {
        let mut slow = Stream::new(&arrivals, 9);
        let mut fast = Stream::new(&arrivals.with_rate(400.0), 9);
        let (mut late, mut early) = (0, 0);
        for _ in 0..1_000 {
            (late, early) = (late + slow.next().gap.0, early + fast.next().gap.0);
            assert!(late.abs_diff(4 * early) <= 4, "{arrivals}: {late} {early}");
        }
    }
}

#[test]
fn other_batch_sizes_leave_the_times_alone() {
    let times = |size, rate: f64| {
        let arrivals = Arrivals::poisson(rate).unwrap().batched(size).unwrap();
        let horizon = Time::ZERO + Span::from_secs(10.0);
        arrivals_until(&arrivals, 10, horizon).into_iter().map(|(time, _)| time).collect::<Vec<_>>()
    };
    assert_eq!(times(Count::constant(2), 200.0), times(Count::uniform(1, 5).unwrap(), 300.0));
}

#[test]
fn a_rate_of_zero_brings_nothing_and_keeps_its_shape() {
    for arrivals in zoo() {
        let none = arrivals.scaled(0.0);
        assert_eq!(none.rate(), 0.0);
        assert_eq!(Stream::new(&none, 1).next().gap, Span::MAX, "{arrivals}");
        assert_eq!(none.with_rate(arrivals.rate()), arrivals);
    }
    let silent = phases(&[(0.0, dist(Dist::exp(1.0)))]);
    assert_eq!(Stream::new(&silent, 1).next().gap, Span::MAX);
}

#[test]
fn variation_is_known_where_gaps_are_independent() {
    let scv = |arrivals: Result<Arrivals, DistError>| arrivals.unwrap().scv();
    assert_eq!(scv(Arrivals::poisson(5.0)), Some(1.0));
    assert_eq!(scv(Arrivals::deterministic(5.0)), Some(0.0));
    assert!((scv(Arrivals::renewal_cv(5.0, 0.5)).unwrap() - 0.25).abs() < 1e-12);
    assert!((scv(Arrivals::renewal_cv(5.0, 2.0)).unwrap() - 4.0).abs() < 1e-12);
    assert_eq!(on_off().scv(), None);
    assert_eq!(scv(Arrivals::poisson(5.0).unwrap().batched(Count::constant(2))), None);
}

#[test]
fn a_poisson_process_is_known_by_any_name() {
    let names = [
        Arrivals::poisson(5.0),
        Arrivals::renewal_cv(5.0, 1.0),
        Arrivals::renewal(5.0, &dist(Dist::erlang(1, 3.0))),
        Arrivals::poisson(5.0).unwrap().batched(Count::constant(1)),
    ];
    assert!(names.into_iter().all(|arrivals| arrivals.unwrap() == Arrivals::poisson(5.0).unwrap()));
    assert!(zoo().iter().skip(1).all(|arrivals| !arrivals.is_poisson()));
    assert_eq!(Arrivals::renewal_cv(5.0, 0.0), Arrivals::deterministic(5.0));
}

#[test]
fn impossible_processes_are_refused() {
    for wrong in [f64::NAN, f64::INFINITY, -1.0] {
        let exp = dist(Dist::exp(1.0));
        assert!(Arrivals::poisson(wrong).is_err());
        assert!(Arrivals::deterministic(wrong).is_err());
        assert!(Arrivals::renewal(wrong, &exp).is_err());
        assert!(Arrivals::renewal_cv(1.0, wrong).is_err());
        assert!(Phase::new(wrong, exp).is_err());
    }
    let heavy = dist(Dist::pareto(1.0, 1.0));
    let poisson = || Arrivals::poisson(1.0).unwrap();
    let refused = [
        Arrivals::renewal(1.0, &heavy),
        Arrivals::renewal(1.0, &dist(Dist::constant(0.0))),
        Arrivals::phases(vec![]),
        Arrivals::phases(vec![Phase::new(1.0, dist(Dist::constant(0.0))).unwrap()]),
        poisson().batched(Count::constant(0)),
        poisson().batched(Count::constant(1 << 40)),
        poisson().batched(Count::constant(2)).unwrap().batched(Count::constant(2)),
    ];
    assert!(refused.iter().all(Result::is_err), "{refused:?}");
    let message = poisson().batched(Count::constant(0)).unwrap_err().to_string();
    let expected =
        "invalid batch size '0', which should be a distribution with a mean above 0 and below 2^32";
    assert_eq!(message, expected);
    assert!(
        Phase::new(1.0, heavy).unwrap_err().to_string().starts_with("invalid phase length 'pareto min 1s")
    );
}

#[test]
fn processes_print_as_a_reader_would_check_them() {
    let shown = |index: usize| zoo()[index].to_string();
    assert_eq!(shown(0), "poisson 100/s");
    assert_eq!(shown(2), "renewal 100/s, gaps gamma mean 10ms cv 0.5");
    assert_eq!(shown(8), "poisson 100/s in batches of 5");
    assert_eq!(shown(12), "phases 100/s: 300/s for exp 500ms, 0/s for exp 1s");
}
