//! Answers with known curves, for tests: M/M/c by its formulas, a closed system by its asymptotes.

use indexmap::IndexMap;

use crate::experiment::answer::{
    Answer, Asymptotes, AuditRow, Axis, Bottleneck, BottleneckLaw, Cause, ChangeRow, Counts, Distribution,
    Errors, Estimate, ExactRow, Found, Kneedle, Load, Over, PathAxis, PlaceRow, Point, RequestRow,
    ResourceRow, Saturation, SloRow, State, Tail, TailPlace, TailRequest, TimelineRow, WindowLatency,
    WindowPlace, WindowRow,
};

/// `c` servers of mean service `mean_s` behind one queue.
#[derive(Clone, Copy)]
pub struct Mmc {
    pub c: u32,
    pub mean_s: f64,
}

impl Mmc {
    pub fn capacity(self) -> f64 {
        f64::from(self.c) / self.mean_s
    }

    pub fn rho(self, rate: f64) -> f64 {
        rate / self.capacity()
    }

    /// Erlang C by the recurrence on Erlang B.
    fn waits(self, rate: f64) -> f64 {
        let a = rate * self.mean_s;
        let b = (1..=self.c).fold(1.0, |b, k| a * b / (f64::from(k) + a * b));
        b / (1.0 - self.rho(rate) * (1.0 - b))
    }

    pub fn mean_response(self, rate: f64) -> f64 {
        self.mean_s + self.waits(rate) / (self.capacity() - rate)
    }

    /// P(response > t): exponential service after a wait that is exponential with probability C.
    fn tail(self, rate: f64, t: f64) -> f64 {
        let (mu, theta, wait) = (1.0 / self.mean_s, self.capacity() - rate, self.waits(rate));
        let (mu, theta) =
            if (mu - theta).abs() < 1e-9 * mu { (mu, theta * (1.0 + 1e-6)) } else { (mu, theta) };
        let both = (mu * (-theta * t).exp() - theta * (-mu * t).exp()) / (mu - theta);
        (1.0 - wait) * (-mu * t).exp() + wait * both
    }

    pub fn quantile(self, rate: f64, q: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1e5 * self.mean_s);
        for _ in 0..80 {
            let mid = 0.5 * (low + high);
            if self.tail(rate, mid) > 1.0 - q { low = mid } else { high = mid }
        }
        high
    }
}

pub fn within(value: f64, relative: f64) -> Estimate {
    Estimate::with_interval(value, value * (1.0 - relative), value * (1.0 + relative))
}

fn distribution(relative: f64, mean: f64, quantile: impl Fn(f64) -> f64) -> Distribution {
    Distribution {
        mean: within(mean, relative),
        sd: within(mean, relative),
        p50: within(quantile(0.5), relative),
        p90: within(quantile(0.9), relative),
        p95: within(quantile(0.95), relative),
        p99: within(quantile(0.99), 2.0 * relative),
        p999: within(quantile(0.999), 4.0 * relative),
        max: Some(quantile(0.99999)),
        count: 400_000,
    }
}

fn resource(capacity: f64, utilization: f64) -> ResourceRow {
    ResourceRow {
        capacity,
        utilization: within(utilization, 0.004),
        busiest_member: None,
        busy: within(capacity * utilization, 0.004),
        queue: within(utilization.powi(8) * 4.0, 0.1),
        wait_s: distribution(0.05, 0.004, |q| 0.004 * -(1.0 - q).ln()),
    }
}

fn place(resources: &[(&str, f64, f64)], rate: f64) -> PlaceRow {
    let rows: IndexMap<String, ResourceRow> =
        resources.iter().map(|(name, capacity, u)| ((*name).to_owned(), resource(*capacity, *u))).collect();
    let busiest = resources.iter().map(|r| r.2).fold(0.0, f64::max);
    PlaceRow {
        offered_per_s: within(rate, 0.002),
        throughput_per_s: within(rate, 0.002),
        utilization: Some(within(busiest, 0.004)),
        queue: within(busiest.powi(8) * 4.0, 0.1),
        in_system: within(rate * 0.03, 0.01),
        wait_s: distribution(0.05, 0.004, |q| 0.004 * -(1.0 - q).ln()),
        service_s: distribution(0.01, 0.020, |q| 0.020 * -(1.0 - q).ln()),
        residence_s: distribution(0.02, 0.024, |q| 0.024 * -(1.0 - q).ln()),
        resources: rows,
        ..PlaceRow::default()
    }
}

/// A shop of which `orders` is the bottleneck: an M/M/c.
pub fn point(model: Mmc, rate: f64) -> Point {
    let rho = model.rho(rate);
    let relative = (0.006 / (1.0 - rho.min(0.9))).min(0.25);
    let latency = if rho < 1.0 {
        distribution(relative, model.mean_response(rate), |q| model.quantile(rate, q))
    } else {
        distribution(0.5, 10.0, |q| 20.0 * q)
    };
    let total = RequestRow {
        offered_per_s: within(rate, 0.002),
        throughput_per_s: within(rate.min(model.capacity()), 0.002),
        goodput_per_s: within(rate.min(model.capacity()) * 0.98, 0.002),
        errors: Errors {
            timeout: Estimate::exact(0.0),
            rejected: Estimate::exact(0.0),
            abandoned: Estimate::exact(0.0),
            failed: Estimate::exact(0.0),
        },
        latency_offered_s: latency.clone(),
        latency_s: latency,
        ..RequestRow::default()
    };
    Point {
        changes: Vec::new(),
        timeline: Vec::new(),
        load: Load {
            at: rate,
            rate_per_s: Some(within(rate, 0.002)),
            users: None,
            scale: rate / model.capacity(),
            over: None,
        },
        state: if rho < 1.0 { State::Stable } else { State::Saturated },
        backlog_growth_per_s: within((rate - model.capacity()).max(0.0), 0.02),
        settling: false,
        grows_at: (rho >= 1.0).then(|| "orders".to_owned()),
        converged: IndexMap::from([("p95".to_owned(), rho < 0.94)]),
        requests_needed: (0.94..1.0).contains(&rho).then_some(12_400_000),
        replications: 20,
        duration_s: 120.0,
        warmup_s: 12.0,
        events: 9_000_000,
        counts: Counts { offered: 2_400_000, right: 2_399_000, errors: 0, in_flight_at_end: 40 },
        requests: IndexMap::from([("web.browse".to_owned(), total.clone())]),
        total,
        places: IndexMap::from([
            ("web".to_owned(), place(&[("workers", 256.0, 0.62 * rho), ("cores", 16.0, 0.45 * rho)], rate)),
            ("orders".to_owned(), place(&[("servers", f64::from(model.c), rho.min(1.0))], rate)),
        ]),
        tail: None,
        cost: None,
        business: None,
        audit: vec![AuditRow { law: "little", place: "web".to_owned(), gap: 2e-16, z: None, holds: true }],
        exact: Vec::new(),
    }
}

/// A curve over rates, with nothing found on it yet.
pub fn curve(model: Mmc, rates: &[f64]) -> Answer {
    Answer {
        knee: "0.1.0",
        model: "shop".to_owned(),
        seed: 1,
        digest: "6f3a".to_owned(),
        axis: Axis::Rate,
        points: rates.iter().map(|r| point(model, *r)).collect(),
        knee_at: None,
        elbow_at: None,
        limit_at: None,
        saturation_at: None,
        kneedle_at: None,
        headroom: None,
        peak: None,
        bottleneck_law: None,
        bottlenecks: Vec::new(),
        slo: Vec::new(),
    }
}

fn argmax(from: f64, to: f64, f: impl Fn(f64) -> f64) -> f64 {
    let grid = (1..400).map(|i| from + (to - from) * f64::from(i) / 400.0);
    grid.reduce(|best, x| if f(x) > f(best) { x } else { best }).expect("not empty")
}

/// The highest load at which an ascending `f` is at most `bound`.
fn invert(to: f64, bound: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, to);
    for _ in 0..100 {
        let mid = 0.5 * (low + high);
        if f(mid) < bound { low = mid } else { high = mid }
    }
    low
}

/// Finds knee, limit and saturation on an open curve.
pub fn with_findings(mut answer: Answer, model: Mmc, objective_s: f64, objective: &str) -> Answer {
    let cap = model.capacity();
    let knee = argmax(0.0, cap, |x| x / model.quantile(x, 0.95));
    let limit = invert(cap * 0.999_9, objective_s, |x| model.quantile(x, 0.95));
    let found = |at, by: &str| {
        Some(Found {
            load: "rate".to_owned(),
            at,
            by: Some(by.to_owned()),
            utilization: Some(("orders servers".to_owned(), model.rho(knee))),
            cause: Some("orders servers".to_owned()),
        })
    };
    answer.knee_at = found(Estimate::with_interval(knee, knee * 0.95, knee * 1.03), "p95");
    answer.limit_at = found(within(limit, 0.009), objective);
    answer.saturation_at = Some(Saturation {
        load: "rate".to_owned(),
        at: Estimate::with_interval(cap, cap * 0.985, cap * 1.012),
        throughput_per_s: within(cap, 0.01),
        cause: Some("orders servers".to_owned()),
        asymptotes: None,
    });
    answer.kneedle_at = Some(Kneedle { value: Some(cap * 0.9), range: [answer.points[0].load.at, cap] });
    answer.bottleneck_law = Some(BottleneckLaw {
        unless_errors_are_caught: false,
        place: "orders".to_owned(),
        resource: "servers".to_owned(),
        rate_per_s: cap,
        users: None,
    });
    answer.bottlenecks = vec![Bottleneck {
        from: answer.points[0].load.at,
        to: cap,
        place: "orders".to_owned(),
        resource: "servers".to_owned(),
        utilization: 0.985,
        held_by: None,
    }];
    answer.slo = vec![SloRow {
        endpoint: "web.browse".to_owned(),
        objective: objective.to_owned(),
        met_up_to: within(limit, 0.009),
    }];
    answer
}

/// The rates of a sweep up to and past a capacity, closer together near it.
pub fn rates(capacity: f64) -> Vec<f64> {
    let shares = [0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.9, 0.935, 0.96, 1.05];
    shares.map(|s| s * capacity).into()
}

/// Twelve rates of a shop with 28 servers of 20 ms, the last saturated; p95 below 200 ms is asked, 1,000/s expected.
pub fn open_shop() -> Answer {
    let model = Mmc { c: 28, mean_s: 0.02 };
    let mut answer = with_findings(curve(model, &rates(model.capacity())), model, 0.2, "p95 < 200ms");
    answer.peak = Some(1000.0);
    answer.headroom = Some(within(0.27, 0.04));
    answer
}

/// M/M/1 with a mean of 1 ms: the steep one.
pub fn steep() -> Answer {
    let model = Mmc { c: 1, mean_s: 0.001 };
    with_findings(curve(model, &rates(model.capacity())), model, 0.01, "p95 < 10ms")
}

/// A shop that drops what it cannot serve in time.
pub fn shedding() -> Answer {
    let mut answer = open_shop();
    for point in &mut answer.points {
        let rho = point.load.at / 1400.0;
        let (late, full) = (0.02 * rho.powi(6), 0.09 * (rho - 0.55).max(0.0).powi(2));
        if point.state == State::Stable && late + full > 0.01 {
            point.state = State::Shedding;
        }
        point.total.errors.timeout = within(late, 0.1);
        point.total.errors.rejected = within(full, 0.1);
        point.total.causes = vec![
            Cause { place: "orders".to_owned(), kind: "timeout", share: late },
            Cause { place: "web".to_owned(), kind: "rejected", share: full },
        ];
        let total = point.total.clone();
        point.requests.insert("web.browse".to_owned(), total);
    }
    answer.slo.push(SloRow {
        endpoint: "total".to_owned(),
        objective: "errors < 1%".to_owned(),
        met_up_to: within(1180.0, 0.01),
    });
    answer
}

/// Closed users with 7 s of think time in front of a server of 300/s: on past N*, where latency grows in a straight line.
pub fn closed_users() -> Answer {
    let (think, r_min, x_max) = (7.0, 0.05, 300.0);
    let star = x_max * (think + r_min);
    let users = [200.0, 500.0, 800.0, 1100.0, 1400.0, 1700.0, 1900.0, 2050.0, 2200.0, 2500.0, 3000.0];
    let model = Mmc { c: 15, mean_s: r_min };
    let mut answer = curve(model, &[1.0]);
    answer.axis = Axis::Users;
    answer.points = users
        .iter()
        .map(|&n| {
            let response = |x: f64| model.mean_response(x.min(x_max * 0.995));
            let x = invert(x_max, n, |x| x * (think + response(x))).min(x_max * 0.995);
            let mut p = point(model, x);
            let stretch = ((n / x - think) / response(x)).max(1.0);
            for e in [&mut p.total.latency_s.p50, &mut p.total.latency_s.p95, &mut p.total.latency_s.p99] {
                *e = within(e.value.unwrap_or(0.0) * stretch.sqrt(), 0.03);
            }
            p.load = Load {
                at: n,
                rate_per_s: Some(within(x, 0.002)),
                users: Some(n),
                scale: n / 1000.0,
                over: None,
            };
            p.state = if n > star { State::BeyondSaturation } else { State::Stable };
            let total = p.total.clone();
            p.requests.insert("web.browse".to_owned(), total);
            p
        })
        .collect();
    let found = |at, by: &str| {
        Some(Found {
            load: "users".to_owned(),
            at,
            by: Some(by.to_owned()),
            utilization: Some(("orders servers".to_owned(), 0.82)),
            cause: Some("orders servers".to_owned()),
        })
    };
    answer.knee_at = found(Estimate::with_interval(1720.0, 1600.0, 1790.0), "p95");
    answer.limit_at = found(within(1990.0, 0.01), "p95 < 200ms");
    answer.saturation_at = Some(Saturation {
        load: "users".to_owned(),
        at: within(star, 0.01),
        throughput_per_s: within(x_max, 0.01),
        cause: Some("orders servers".to_owned()),
        asymptotes: Some(Asymptotes { r_min_s: r_min, think_s: think, x_max_per_s: x_max }),
    });
    answer.slo = vec![SloRow {
        endpoint: "total".to_owned(),
        objective: "p95 < 200ms".to_owned(),
        met_up_to: within(1990.0, 0.01),
    }];
    answer.bottlenecks = vec![
        Bottleneck {
            from: 200.0,
            to: 1900.0,
            place: "orders".to_owned(),
            resource: "servers".to_owned(),
            utilization: 0.88,
            held_by: None,
        },
        Bottleneck {
            from: 1900.0,
            to: 3000.0,
            place: "web".to_owned(),
            resource: "workers".to_owned(),
            utilization: 1.0,
            held_by: Some("orders connections".to_owned()),
        },
    ];
    answer.peak = Some(1000.0);
    answer.headroom = Some(within(0.5, 0.02));
    answer
}

/// As [`open_shop`], but p99 lies 40 times above the median from the start: a log axis.
pub fn heavy_tail() -> Answer {
    let mut answer = open_shop();
    for point in &mut answer.points {
        let e = &mut point.total.latency_s.p99;
        *e = within(e.value.unwrap_or(1.0) * 14.0, 0.1);
    }
    answer
}

/// The open shop in other units: loads times `load`, times times `time`.
pub fn scaled(load: f64, time: f64) -> Answer {
    let model = Mmc { c: 28, mean_s: 0.02 * time };
    let mut answer = curve(model, &rates(model.capacity()));
    answer = with_findings(answer, model, 0.2 * time, &format!("p95 < {}us", 0.2e6 * time));
    let factor = load * time;
    let scale = |e: &mut Estimate| {
        for v in [&mut e.value, &mut e.low, &mut e.high] {
            *v = v.map(|v| v * factor);
        }
    };
    for point in &mut answer.points {
        point.load.at *= factor;
        scale(&mut point.total.throughput_per_s);
        scale(&mut point.total.offered_per_s);
    }
    for found in [&mut answer.knee_at, &mut answer.limit_at] {
        scale(&mut found.as_mut().expect("found").at);
    }
    scale(&mut answer.saturation_at.as_mut().expect("found").at);
    answer
}

/// The first `count` points of the open shop, with nothing found.
pub fn few(count: usize) -> Answer {
    let model = Mmc { c: 28, mean_s: 0.02 };
    let mut answer = curve(model, &rates(model.capacity())[..count]);
    answer.knee_at = Some(Found { at: Estimate::unknown("no knee up to 350/s"), ..Found::default() });
    answer
}

/// One load level, as `run` answers it.
pub fn one_run() -> Answer {
    let model = Mmc { c: 28, mean_s: 0.02 };
    let mut answer = curve(model, &[1190.0]);
    let point = &mut answer.points[0];
    point.total.errors.timeout = within(0.0021, 0.08);
    point.total.causes = vec![Cause { place: "orders".to_owned(), kind: "timeout", share: 0.0021 }];
    let total = point.total.clone();
    point.requests.insert("web.browse".to_owned(), RequestRow { group: "shoppers".to_owned(), ..total });
    point.exact = vec![ExactRow {
        place: "orders".to_owned(),
        law: "M/M/c".to_owned(),
        quantity: "wait_s.mean".to_owned(),
        exact: 0.004_1,
        simulated: within(0.004, 0.05),
        z: Some(-0.9),
    }];
    point.tail = Some(tail());
    answer
}

/// The slowest requests wait for the database, and for attempts at a bank that were given up.
fn tail() -> Tail {
    let place = |place: &str, [wait, work]: [f64; 2], share: f64| TailPlace {
        place: place.to_owned(),
        wait_s: within(wait, 0.04),
        service_s: within(work, 0.02),
        share: within(share, 0.01),
        usual_wait_s: within(wait / 30.0, 0.02),
        usual_service_s: within(work / 2.0, 0.01),
        ..TailPlace::default()
    };
    let orders = TailPlace { waits_for: Some("servers".to_owned()), ..place("orders", [0.084, 0.041], 0.64) };
    let bank = TailPlace { given_up_s: Some(within(0.051, 0.03)), ..place("bank", [0.0, 0.006], 0.29) };
    let request = |name: &str, share: f64| TailRequest {
        request: name.to_owned(),
        share: within(share, 0.02),
        usual_share: within(share / 9.0, 0.02),
    };
    Tail {
        places: vec![orders, bank, place("web", [0.000_01, 0.012], 0.06)],
        elsewhere_s: within(0.002, 0.1),
        from_s: 0.161,
        mean_s: within(0.196, 0.01),
        requests: vec![request("web.checkout", 0.93), request("web.browse", 0.07)],
        count: 23_990,
    }
}

/// The open shop along the time of a query, doubled from point to point; the limit is found, and the last point is saturated.
pub fn over_path() -> Answer {
    let mut answer = open_shop();
    let at = |i: usize| 1e-3 * f64::from(1u32 << i);
    for (i, point) in answer.points.iter_mut().enumerate() {
        point.load.at = at(i);
        point.load.over = Some(Over { path: "orders.product.read".to_owned(), value: at(i) });
    }
    let (unit, log) = ("ms".to_owned(), true);
    answer.axis = Axis::Path(PathAxis { path: "orders.product.read".to_owned(), unit, unit_is: 1e-3, log });
    (answer.knee_at, answer.saturation_at, answer.kneedle_at) = (None, None, None);
    (answer.peak, answer.headroom, answer.bottleneck_law) = (None, None, None);
    let limit = answer.limit_at.as_mut().expect("found");
    (limit.at, limit.cause) = (within(0.7, 0.02), None);
    answer.slo[0].met_up_to = within(0.7, 0.02);
    (answer.bottlenecks[0].from, answer.bottlenecks[0].to) = (at(0), at(11));
    answer
}

/// A shop whose cache is flushed at 60 s: hits come back as 1 - exp(-t / 12 s), p95 falls with what misses, and the database refuses some at first.
pub fn flushed() -> Point {
    let window = |n: u32| {
        let at_s = 2.0 * f64::from(n);
        let since = at_s + 1.0 - 60.0;
        let hits = if since < 0.0 { 0.8 } else { 0.8 * (1.0 - (-since / 12.0).exp()) };
        let misses = 1.0 - hits;
        let latency = WindowLatency {
            mean: within(0.004 + 0.02 * misses, 0.01),
            p50: within(0.003 + 0.01 * misses, 0.02),
            p95: within(0.010 + 0.4 * misses.powi(4), 0.03),
            p99: within(0.015 + 0.8 * misses.powi(4), 0.08),
            count: 16_000,
        };
        let rejected = within(if since < 0.0 { 0.0 } else { 0.3 * (-since / 6.0).exp() }, 0.1);
        let total = WindowRow {
            offered_per_s: within(400.0, 0.01),
            throughput_per_s: within(400.0 * (1.0 - rejected.value.unwrap_or(0.0)), 0.01),
            errors: Errors { rejected, ..Errors::default() },
            latency_s: latency,
        };
        let orders = WindowPlace { in_system: within(40.0 * misses.powi(2), 0.05), hit_ratio: None };
        let products = WindowPlace { in_system: within(0.2, 0.02), hit_ratio: Some(within(hits, 0.01)) };
        let places = [("orders".to_owned(), orders), ("products".to_owned(), products)];
        TimelineRow { at_s, until_s: at_s + 2.0, total, requests: IndexMap::new(), places: places.into() }
    };
    let mut point = point(Mmc { c: 28, mean_s: 0.02 }, 400.0);
    point.state = State::Transient;
    point.changes = vec![ChangeRow { at_s: 60.0, what: "products is flushed".to_owned() }];
    point.timeline = (0..60).map(window).collect();
    point
}

/// A run of it.
pub fn flushed_answer() -> Answer {
    Answer { points: vec![flushed()], ..one_run() }
}
