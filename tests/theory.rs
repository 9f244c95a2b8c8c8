//! Simulation against closed formulas.
//!
//! Every system is a model in YAML, run as `knee run` runs it, with a fixed seed. Each number for which theory has a value must lie
//! within the simulation's interval at 99.9 % over *all* comparisons of this file (Bonferroni, Student's t with 19 degrees of
//! freedom), and the interval at 95 % must be narrow: a half width under 3 % of the value. The long form asks for 1 %:
//!
//! ```text
//! cargo test --release --test theory -- --ignored --nocapture
//! ```
//!
//! Times of the models are in seconds, so that their numbers are those of the textbooks.

mod support;

use knee::experiment::options::{Options, Quiet};
use knee::experiment::run;
use knee::queueing::{
    BatchArrivals, Choices, Class, ClosedNetwork, ErlangA, Gaps, Gm1, JacksonNetwork, JacksonNode, Md1, Mdc,
    Mg1, Mg1Sharing, Mm1, Mmc, Mmck, Mmpp1, Nested, PriorityClass, Repair, Servers, Station, Ttl, che_fifo,
    che_lru, erlang_b, fifo_exact, fork_join_of_two, lru_exact, nonpreemptive_priority,
    nonpreemptive_priority_mmc, preemptive_priority, solve_classes, stale_exponential_lag, stale_fixed_lag,
    stale_ttl, ttl_hit_ratio,
};
use knee::rng::scramble;
use knee::stats::quantiles;
use support::{model, solve};

const REPLICATIONS: u32 = 20;
/// Half width of each 95 % interval over its value, at most.
const NARROW: f64 = 0.03;
const VERY_NARROW: f64 = 0.01;
/// So many times longer are the runs of the long form: variances fall as 1 / length.
const LONGER: u64 = 12;

/// A model and what theory says about it.
struct System {
    name: &'static str,
    yaml: String,
    /// A replication, where half widths of 3 % are asked for.
    requests: u64,
    /// Path in the JSON of a point, keys separated by blanks (`~` is a blank within a key); and the exact value.
    truths: Vec<(String, f64)>,
}

impl System {
    fn new(name: &'static str, requests: u64, yaml: impl Into<String>) -> Self {
        Self { name, yaml: yaml.into(), requests, truths: Vec::new() }
    }

    fn is(mut self, path: &str, exact: f64) -> Self {
        self.truths.push((path.to_owned(), exact));
        self
    }

    /// p50, p95 and p99 of the distribution at `path`.
    fn quantiles(self, path: &str, quantile: impl Fn(f64) -> f64) -> Self {
        let is = |system: Self, (name, p)| system.is(&format!("{path} {name}"), quantile(p));
        [("p50", 0.50), ("p95", 0.95), ("p99", 0.99)].into_iter().fold(self, is)
    }

    /// p95 and p99, where the median is too near zero to be known to 3 %.
    fn tail(self, path: &str, quantile: impl Fn(f64) -> f64) -> Self {
        self.is(&format!("{path} p95"), quantile(0.95)).is(&format!("{path} p99"), quantile(0.99))
    }
}

/// A service `s` with one endpoint `x` of one exponential second, under Poisson load.
fn one_service(rate: f64, service: &str, step: &str) -> String {
    served(&format!("rate: {rate}/s"), service, step)
}

fn served(load: &str, service: &str, step: &str) -> String {
    format!(
        "knee: 1\nload: {{{load}, requests: {{s.x: 1}}}}\nservices:\n  s: {{{service}, endpoints: {{x: [{step}]}}}}\n"
    )
}

const EXP: &str = "{delay: {exp: 1s}}";
const LATENCY: &str = "total latency_s";
const WAIT: &str = "places s wait_s";

fn families() -> Vec<(&'static str, Vec<System>)> {
    vec![
        ("single", single_queues()),
        ("general", general_service()),
        ("arrivals", other_arrivals()),
        ("order", orders_of_service()),
        ("limits", limits()),
        ("balance", balancing()),
        ("open", open_networks()),
        ("closed", closed_networks()),
        ("nested", nested()),
        ("poolers", poolers()),
        ("programs", programs()),
        ("data", data()),
    ]
}

fn single_queues() -> Vec<System> {
    let mm1 = Mm1::new(0.7, 1.0).unwrap();
    let queue = |name, rate: f64, servers: u32, requests| {
        let exact = Mmc::new(rate, 1.0, servers).unwrap();
        System::new(name, requests, one_service(rate, &format!("workers: {servers}"), EXP))
            .is("total latency_s mean", exact.response_mean_s())
            .quantiles(LATENCY, |p| exact.response_quantile_s(p))
            .is("places s wait_s mean", exact.wait_mean_s())
            .tail(WAIT, |p| exact.wait_quantile_s(p))
            .is("places s waited_share", exact.wait_probability())
            .is("places s in_system", exact.in_system())
            .is("places s queue", exact.queue())
    };
    vec![
        System::new("M/M/1", 60_000, one_service(0.7, "workers: 1", EXP))
            .is("total latency_s mean", mm1.response_mean_s())
            .quantiles(LATENCY, |p| mm1.response_quantile_s(p))
            .is("places s wait_s mean", mm1.wait_mean_s())
            .tail(WAIT, |p| mm1.wait_quantile_s(p))
            .is("places s utilization", 0.7),
        queue("M/M/4", 3.0, 4, 100_000),
        queue("M/M/16", 12.8, 16, 200_000),
    ]
}

fn general_service() -> Vec<System> {
    let with_cv = |name, law: &str, cv: f64, requests| {
        let exact = Mg1::new(0.6, 1.0, cv * cv).unwrap();
        System::new(name, requests, one_service(0.6, "workers: 1", &format!("{{delay: {law}}}")))
            .is("total latency_s mean", exact.response_mean_s())
            .is("places s wait_s mean", exact.wait_mean_s())
            .is("places s in_system", exact.in_system())
    };
    let sharing = |name, law: &str, requests| {
        let exact = Mg1Sharing::new(0.6, 1.0).unwrap();
        System::new(name, requests, one_service(0.6, "cores: 1", &format!("{{cpu: {law}}}")))
            .is("total latency_s mean", exact.response_mean_s())
            .is("places s wait_s mean", exact.response_mean_s() - 1.0)
            .is("places s in_system", exact.in_system())
            .is("places s utilization", 0.6)
    };
    let md1 = Md1::new(0.7, 1.0).unwrap();
    let mdc = Mdc::new(2.4, 1.0, 3).unwrap();
    let ps = Mmc::new(2.1, 1.0, 3).unwrap();
    vec![
        with_cv("M/G/1, lognormal cv 2", "{lognormal: {mean: 1s, cv: 2}}", 2.0, 250_000),
        with_cv("M/G/1, hyperexponential cv 2", "{hyperexp: {mean: 1s, cv: 2}}", 2.0, 150_000),
        with_cv("M/G/1, gamma cv 0.5", "{gamma: {mean: 1s, cv: 0.5}}", 0.5, 40_000),
        System::new("M/D/1", 60_000, one_service(0.7, "workers: 1", "{delay: 1s}"))
            .is("total latency_s mean", md1.response_mean_s())
            .quantiles(LATENCY, |p| md1.response_quantile_s(p))
            .is("places s wait_s mean", md1.wait_mean_s())
            .quantiles(WAIT, |p| md1.wait_quantile_s(p)),
        System::new("M/D/3", 60_000, one_service(2.4, "workers: 3", "{delay: 1s}"))
            .is("total latency_s mean", mdc.response_mean_s())
            .is("places s wait_s mean", mdc.wait_mean_s())
            .tail(WAIT, |p| mdc.wait_quantile_s(p)),
        sharing("M/M/1-PS", "{exp: 1s}", 60_000),
        sharing("M/D/1-PS", "1s", 60_000),
        sharing("M/G/1-PS, lognormal cv 2", "{lognormal: {mean: 1s, cv: 2}}", 100_000),
        // As long as service is exponential, who is served does not change how many are present.
        System::new("M/M/3-PS", 60_000, one_service(2.1, "cores: 3", "{cpu: {exp: 1s}}"))
            .is("total latency_s mean", ps.response_mean_s())
            .is("places s in_system", ps.in_system())
            .is("places s utilization", 0.7),
    ]
}

fn other_arrivals() -> Vec<System> {
    let renewal = |name, arrivals: &str, gaps, requests| {
        let exact = Gm1::new(0.7, gaps, 1.0).unwrap();
        let load = format!("rate: 0.7/s, arrivals: {arrivals}");
        System::new(name, requests, served(&load, "workers: 1", EXP))
            .is("total latency_s mean", exact.response_mean_s())
            .quantiles(LATENCY, |p| exact.response_quantile_s(p))
            .is("places s wait_s mean", exact.wait_mean_s())
            .tail(WAIT, |p| exact.wait_quantile_s(p))
            .is("places s waited_share", exact.wait_probability())
    };
    // Sizes are geometric on 0, 1, 2, … of mean 2: variance 2 (1 + 2).
    let batches = BatchArrivals {
        arrival_per_s: 0.5,
        batch_mean: 2.0,
        batch_second_moment: 10.0,
        service_s: 1.0,
        service_scv: 1.0,
    };
    let fixed = BatchArrivals { batch_mean: 4.0, batch_second_moment: 16.0, service_scv: 0.0, ..batches };
    let on_off = Mmpp1::on_off(1.2, 5.0, 5.0, 1.0).unwrap();
    let batch = |name, size: &str, step: &str, exact: BatchArrivals| {
        let load = format!("rate: 0.5/s, arrivals: {{batch: {{size: {size}}}}}");
        System::new(name, 100_000, served(&load, "workers: 1", step))
            .is("total latency_s mean", exact.response_mean_s().unwrap())
            .is("places s wait_s mean", exact.wait_mean_s().unwrap())
    };
    vec![
        renewal("E2/M/1", "{erlang: {k: 2}}", Gaps::Erlang(2), 60_000),
        renewal("H2/M/1", "{hyperexp: {cv: 2}}", Gaps::Hyperexponential(4.0), 200_000),
        renewal("D/M/1", "deterministic", Gaps::Deterministic, 50_000),
        batch("M[X]/M/1", "{geometric: {mean: 2}}", EXP, batches),
        batch("M[4]/D/1", "4", "{delay: 1s}", fixed),
        System::new(
            "on-off/M/1",
            120_000,
            served(
                "arrivals: {phases: [{rate: 1.2/s, length: {exp: 5s}}, {rate: 0/s, length: {exp: 5s}}]}",
                "workers: 1",
                EXP,
            ),
        )
        .is("total latency_s mean", on_off.response_mean_s())
        .quantiles(LATENCY, |p| on_off.response_quantile_s(p))
        .is("places s wait_s mean", on_off.wait_mean_s())
        .is("places s waited_share", on_off.wait_probability())
        .is("places s utilization", 0.6),
    ]
}

/// Two groups of users, one of high priority, at one service.
fn two_classes(high: f64, low: f64, service: &str, steps: [&str; 2]) -> String {
    format!(
        "knee: 1
load:
  a: {{rate: {high}/s, priority: high, requests: {{s.x: 1}}}}
  b: {{rate: {low}/s, priority: low, requests: {{s.y: 1}}}}
services:
  s: {{{service}, endpoints: {{x: [{}], y: [{}]}}}}
",
        steps[0], steps[1]
    )
}

fn orders_of_service() -> Vec<System> {
    let (rho, third) = (0.5, 6.0);
    let mg1 = Mg1::new(rho, 1.0, 1.0).unwrap();
    let wait_sd = (mg1.lifo_wait_second_moment(third) - mg1.wait_mean_s().powi(2)).sqrt();
    let lifo = |name, service: &str, step: &str| {
        System::new(name, 150_000, one_service(rho, service, step))
            .is("total latency_s mean", mg1.response_mean_s())
            .is("places s wait_s mean", mg1.wait_mean_s())
            .is("places s wait_s sd", wait_sd)
    };
    let classes = [
        PriorityClass { arrival_per_s: 0.3, service_s: 1.0, service_scv: 0.0 },
        PriorityClass { arrival_per_s: 0.2, service_s: 2.0, service_scv: 1.0 },
    ];
    let steps = ["{cpu: 1s}", "{cpu: {exp: 2s}}"];
    let by_class = |name, yaml, times: Vec<knee::queueing::ClassTimes>| {
        System::new(name, 120_000, yaml)
            .is("requests s.x latency_s mean", times[0].response_s)
            .is("requests s.y latency_s mean", times[1].response_s)
            .is("places s by_endpoint x wait_s", times[0].wait_s)
            .is("places s by_endpoint y wait_s", times[1].wait_s)
    };
    let exp = ["{cpu: {exp: 1s}}"; 2];
    let alike = |rate| PriorityClass { arrival_per_s: rate, service_s: 1.0, service_scv: 1.0 };
    vec![
        lifo("M/M/1-LIFO, workers", "workers: 1, discipline: lifo", EXP),
        lifo("M/M/1-LIFO, cores", "cores: 1, scheduling: fifo, discipline: lifo", "{cpu: {exp: 1s}}"),
        by_class(
            "M/G/1, priorities, no pre-emption",
            two_classes(0.3, 0.2, "cores: 1, scheduling: fifo, discipline: priority", steps),
            nonpreemptive_priority(&classes).unwrap(),
        ),
        by_class(
            "M/G/1, priorities, pre-emption",
            two_classes(0.3, 0.2, "cores: 1, scheduling: fifo, discipline: preemptive", steps),
            preemptive_priority(&classes).unwrap(),
        ),
        by_class(
            "M/M/3, priorities",
            two_classes(1.2, 1.2, "workers: 3, discipline: priority", ["{delay: {exp: 1s}}"; 2]),
            nonpreemptive_priority_mmc(&[1.2, 1.2], 1.0, 3).unwrap(),
        ),
        by_class(
            "M/M/1-PS, priorities",
            two_classes(0.4, 0.3, "cores: 1", exp),
            preemptive_priority(&[alike(0.4), alike(0.3)]).unwrap(),
        ),
        by_class(
            "M/M/2, priorities, pre-emption",
            two_classes(0.8, 0.6, "cores: 2, scheduling: fifo, discipline: preemptive", exp),
            {
                // The higher class does not notice the lower one, and how many are present does not depend on the order.
                let high = Mmc::new(0.8, 1.0, 2).unwrap();
                let low_s = (Mmc::new(1.4, 1.0, 2).unwrap().in_system() - high.in_system()) / 0.6;
                let times =
                    |response_s: f64| knee::queueing::ClassTimes { wait_s: response_s - 1.0, response_s };
                vec![times(high.response_mean_s()), times(low_s)]
            },
        ),
    ]
}

fn limits() -> Vec<System> {
    let mmck = Mmck::new(2.0, 1.0, 2, 6).unwrap();
    let loss = erlang_b(2.0, 3).unwrap();
    let impatient = ErlangA::new(3.0, 1.0, 3, 2.0).unwrap();
    vec![
        System::new("M/M/2/6", 60_000, one_service(2.0, "workers: 2, queue: 4", EXP))
            .is("total errors rejected", mmck.blocking_probability())
            .is("total throughput_per_s", mmck.throughput_per_s())
            .is("total latency_s mean", mmck.response_mean_s())
            .quantiles(LATENCY, |p| mmck.response_quantile_s(p))
            .is("places s wait_s mean", mmck.wait_mean_s())
            .tail(WAIT, |p| mmck.wait_quantile_s(p))
            .is("places s utilization", mmck.utilization()),
        // The loss formula holds for any law of service.
        System::new(
            "M/G/3/3",
            60_000,
            one_service(2.0, "workers: 3, queue: 0", "{delay: {lognormal: {mean: 1s, cv: 2}}}"),
        )
        .is("total errors rejected", loss)
        .is("places s utilization", 2.0 * (1.0 - loss) / 3.0),
        System::new("Erlang A", 60_000, one_service(3.0, "workers: 3, queue_timeout: {exp: 2s}", EXP))
            .is("total errors abandoned", impatient.abandonment_probability())
            .is("total throughput_per_s", impatient.throughput_per_s())
            .is("total latency_s mean", impatient.served_response_mean_s())
            .is("places s wait_s mean", impatient.served_wait_mean_s())
            .is("places s left_wait_s mean", impatient.left_wait_mean_s())
            .is("places s queue", impatient.queue())
            .is("places s utilization", impatient.utilization()),
    ]
}

fn balancing() -> Vec<System> {
    let spread = |name, balance: &str, replicas: u32, rate: f64, response_s: f64, requests| {
        let service = format!("replicas: {replicas}, workers: 1, balance: {balance}");
        System::new(name, requests, one_service(rate, &service, EXP))
            .is("total latency_s mean", response_s)
            .is("places s wait_s mean", response_s - 1.0)
    };
    let choices = |servers, choices, rate| {
        Choices { arrival_per_s: rate, service_s: 1.0, servers, choices }.response_mean_s().unwrap()
    };
    let every_second = Gm1::new(0.7, Gaps::Erlang(2), 1.0).unwrap();
    let split = Mm1::new(0.7, 1.0).unwrap();
    let central = Mmc::new(2.1, 1.0, 3).unwrap();
    vec![
        spread("two of three queues", "power-of-2", 3, 2.1, choices(3, 2, 2.1), 60_000),
        spread("two of five queues", "power-of-2", 5, 2.5, choices(5, 2, 2.5), 60_000),
        spread("the shortest of two queues", "least-requests", 2, 1.6, choices(2, 2, 1.6), 80_000),
        spread("random of three queues", "random", 3, 2.1, split.response_mean_s(), 100_000)
            .quantiles(LATENCY, |p| split.response_quantile_s(p)),
        // Every second of Poisson arrivals comes after two exponential gaps.
        spread("round robin over two queues", "round-robin", 2, 1.4, every_second.response_mean_s(), 80_000)
            .quantiles(LATENCY, |p| every_second.response_quantile_s(p)),
        spread("one queue for three", "central", 3, 2.1, central.response_mean_s(), 60_000)
            .quantiles(LATENCY, |p| central.response_quantile_s(p)),
    ]
}

/// Services of exponential endpoints `x`, asked in some order by an external `front` that takes no time itself.
fn network(load: &str, steps: &str, services: &[(&str, &str, &str)]) -> String {
    let lines = services
        .iter()
        .map(|(name, service, step)| format!("  {name}: {{{service}, endpoints: {{x: [{step}]}}}}\n"));
    format!(
        "knee: 1\nload: {{{load}, requests: {{front.x: 1}}}}\nexternals: {{front: {{endpoints: {{x: [{steps}]}}}}}}\nservices:\n{}",
        lines.collect::<String>()
    )
}

fn open_networks() -> Vec<System> {
    // Sojourns in a tandem of FIFO single servers are independent (Reich, 1957): a sum of two exponentials.
    let (a, b) = (1.0 - 0.6, 1.0 / 0.8 - 0.6);
    let tandem_cdf = |t: f64| 1.0 - (b * (-a * t).exp() - a * (-b * t).exp()) / (b - a);
    let two = [("a", "workers: 1", EXP), ("b", "workers: 1", "{delay: {exp: 800ms}}")];
    let long = [
        ("a", "workers: 1", EXP),
        ("b", "workers: 3", "{delay: {exp: 4s}}"),
        ("c", "cores: 1", "{cpu: {exp: 500ms}}"),
    ];
    let queue = Servers::Limited;
    let three = JacksonNetwork::tandem(0.6, &[(1.0, queue(1)), (4.0, queue(3)), (0.5, queue(1))]).unwrap();
    let node = |rate, service_s, servers, next| JacksonNode {
        arrival_per_s: rate,
        service_s,
        servers: queue(servers),
        next,
    };
    // a, then b and a again as often as a coin says.
    let jackson =
        JacksonNetwork::solve(&[node(0.35, 1.0, 1, vec![0.0, 0.5]), node(0.0, 4.0, 2, vec![1.0])]).unwrap();
    let again = [("a", "workers: 1", EXP), ("b", "workers: 2", "{delay: {exp: 4s}}")];
    let with_jackson = |name, steps| {
        System::new(name, 80_000, network("rate: 0.35/s", steps, &again))
            .is("total latency_s mean", jackson.response_s)
            .is("places a residence_s mean", jackson.nodes[0].response_s)
            .is("places b residence_s mean", jackson.nodes[1].response_s)
            .is("places a wait_s mean", jackson.nodes[0].wait_s)
            .is("places b wait_s mean", jackson.nodes[1].wait_s)
            .is("places a amplification", jackson.nodes[0].visits)
            .is("places b amplification", jackson.nodes[1].visits)
            .is("places b in_system", jackson.nodes[1].in_system)
    };
    vec![
        System::new("tandem of two", 60_000, network("rate: 0.6/s", "{call: a.x}, {call: b.x}", &two))
            .is("total latency_s mean", 1.0 / a + 1.0 / b)
            .quantiles(LATENCY, |p| solve(0.0, 1e3, p, tandem_cdf))
            .is("places b wait_s mean", 1.0 / b - 0.8),
        System::new(
            "tandem of three",
            60_000,
            network("rate: 0.6/s", "{call: a.x}, {call: b.x}, {call: c.x}", &long),
        )
        .is("total latency_s mean", three.response_s)
        .is("places a residence_s mean", three.nodes[0].response_s)
        .is("places b residence_s mean", three.nodes[1].response_s)
        .is("places c residence_s mean", three.nodes[2].response_s)
        .is("places b wait_s mean", three.nodes[1].wait_s),
        with_jackson(
            "Jackson, a coin",
            "{call: a.x}, {repeat: {while: 50%, do: [{call: b.x}, {call: a.x}]}}",
        ),
        with_jackson(
            "Jackson, geometric repeats",
            "{call: a.x}, {repeat: {times: {geometric: {mean: 1}}, do: [{call: b.x}, {call: a.x}]}}",
        ),
        System::new(
            "fork-join of two",
            80_000,
            network(
                "rate: 0.7/s",
                "{parallel: [{call: a.x}, {call: b.x}]}",
                &[("a", "workers: 1", EXP), ("b", "workers: 1", EXP)],
            ),
        )
        .is("total latency_s mean", fork_join_of_two(0.7, 1.0).unwrap())
        .is("places a residence_s mean", 1.0 / 0.3),
    ]
}

fn closed_networks() -> Vec<System> {
    let repair = Repair::new(20, 10.0, 1.0, 2).unwrap();
    let stations = [Station::queue(1.0, 1), Station::queue(2.4, 3), Station::delay(2.0)];
    let network_of = |users| ClosedNetwork::new(10.0, &stations).unwrap().solve(users);
    let places = [
        ("a", "workers: 1", "{delay: {exp: 500ms}}"),
        ("b", "workers: 3", "{delay: {exp: 2400ms}}"),
        ("c", "workers: unlimited", "{delay: {lognormal: {mean: 2s, cv: 1}}}"),
    ];
    // Twice a visit of half a second at `a`; think times of any law.
    let closed = |name, users: u32, think: &str| {
        let exact = network_of(users);
        let load = format!("users: {users}, think: {think}");
        let steps = "{call: a.x}, {call: b.x}, {call: c.x}, {call: a.x}";
        System::new(name, 40_000, network(&load, steps, &places))
            .is("total throughput_per_s", exact.throughput_per_s)
            .is("total latency_s mean", exact.response_s)
            .is("places a utilization", exact.stations[0].utilization)
            .is("places a in_system", exact.stations[0].in_system)
            .is("places b in_system", exact.stations[1].in_system)
            .is("places b residence_s mean", exact.stations[1].residence_s)
            .is("places a residence_s mean", exact.stations[0].residence_s / 2.0)
    };
    let class = |users, think_s, demands_s: [f64; 2]| Class { users, think_s, demands_s: demands_s.to_vec() };
    let populations = [class(6, 5.0, [0.3, 0.9]), class(4, 2.0, [0.8, 0.2])];
    let several = solve_classes(&[Servers::Limited(1); 2], &populations).unwrap();
    let [first, second] = &several.classes[..] else { unreachable!("two classes") };
    vec![
        System::new("M/M/2//20", 40_000, served("users: 20, think: {exp: 10s}", "workers: 2", EXP))
            .is("total throughput_per_s", repair.throughput_per_s())
            .is("total latency_s mean", repair.response_mean_s())
            .quantiles(LATENCY, |p| repair.response_quantile_s(p))
            .tail(WAIT, |p| repair.wait_quantile_s(p))
            .is("places s waited_share", repair.wait_probability())
            .is("places s utilization", repair.utilization()),
        closed("closed, 8 users, exponential think time", 8, "{exp: 10s}"),
        closed("closed, 12 users, constant think time", 12, "10s"),
        closed("closed, 25 users", 25, "{lognormal: {mean: 10s, cv: 2}}"),
        System::new(
            "two populations",
            40_000,
            "knee: 1
load:
  first: {users: 6, think: {exp: 5s}, requests: {front.x: 1}}
  second: {users: 4, think: 2s, requests: {front.y: 1}}
externals: {front: {endpoints: {x: [{call: a.x}, {call: b.x}], y: [{call: b.y}, {call: a.y}]}}}
services:
  a: {cores: 1, endpoints: {x: [{cpu: {lognormal: {mean: 300ms, cv: 2}}}], y: [{cpu: {exp: 800ms}}]}}
  b: {cores: 1, endpoints: {x: [{cpu: {exp: 900ms}}], y: [{cpu: 200ms}]}}
",
        )
        .is("requests front.x throughput_per_s", first.throughput_per_s)
        .is("requests front.y throughput_per_s", second.throughput_per_s)
        .is("requests front.x latency_s mean", first.response_s)
        .is("requests front.y latency_s mean", second.response_s)
        .is("places a in_system", several.in_system[0])
        .is("places b in_system", several.in_system[1])
        .is("places a by_endpoint y residence_s", second.residence_s[0])
        .is("places a utilization", several.utilization[0]),
    ]
}

/// A pooler of three connections behind pools that nobody waits for: whoever comes to it makes it an M/M/3, or, where two queries
/// share the one connection, an M/E2/1.
fn poolers() -> Vec<System> {
    let of = |name, rate: f64, size: u32, mode: &str, steps: &str| {
        System::new(
            name,
            60_000,
            format!(
                "knee: 1
load: {{rate: {rate}/s, requests: {{web.x: 1}}}}
services: {{web: {{endpoints: {{x: [{steps}]}}}}}}
databases: {{db: {{servers: unlimited, queries: {{q: {{read: {{exp: 1s}}}}}}}}}}
pools: {{web_db: {{size: 10_000, per: web, to: pooler}}, pooler: {{size: {size}, to: db, mode: {mode}}}}}
"
            ),
        )
    };
    let three = Mmc::new(2.0, 1.0, 3).unwrap();
    let hold = "{hold: web_db, do: [{query: db.q}, {delay: 5s}]}";
    // One after the other on one connection: two phases.
    let one = Mg1::new(0.3, 2.0, 0.5).unwrap();
    vec![
        of("a pooler serves a query at a time", 2.0, 3, "transaction", hold)
            .is("places pooler wait_s mean", three.wait_mean_s())
            .is("places pooler utilization", 2.0 / 3.0)
            .is("places web_db utilization", 2.0 * (three.wait_mean_s() + 6.0) / 10_000.0)
            .is("total latency_s mean", three.wait_mean_s() + 6.0),
        of("a pooler serves a session", 2.0, 3, "session", "{hold: web_db, do: [{delay: {exp: 1s}}]}")
            .is("places pooler wait_s mean", three.wait_mean_s())
            .is("places pooler utilization", 2.0 / 3.0)
            .is("total latency_s mean", three.wait_mean_s() + 1.0),
        of(
            "a pooler is held for a transaction",
            2.0,
            3,
            "transaction",
            "{hold: pooler, do: [{delay: {exp: 1s}}]}",
        )
        .is("places pooler wait_s mean", three.wait_mean_s())
        .is("places web_db utilization", 2.0 * (three.wait_mean_s() + 1.0) / 10_000.0),
        of(
            "queries share the connection that is held",
            0.3,
            1,
            "session",
            "{hold: web_db, do: [{query: db.q}, {query: db.q}]}",
        )
        .is("places pooler wait_s mean", one.wait_mean_s())
        .is("places pooler utilization", 0.6)
        .is("total latency_s mean", one.wait_mean_s() + 2.0),
    ]
}

fn nested() -> Vec<System> {
    let shop = |name, exact: Nested, pool: &str, requests| {
        let solved = exact.solve().unwrap();
        let Nested { arrival_per_s, workers, own_s, servers, query_s, slots } = exact;
        let yaml = format!(
            "knee: 1
load: {{rate: {arrival_per_s}/s, requests: {{web.x: 1}}}}
services: {{web: {{workers: {workers}, endpoints: {{x: [{{delay: {{exp: {own_s}s}}}}, {{query: db.q}}]}}}}}}
databases: {{db: {{servers: {servers}, queries: {{q: {{read: {{exp: {query_s}s}}}}}}}}}}
{pool}"
        );
        let system = System::new(name, requests, yaml)
            .is("total latency_s mean", solved.response_s)
            .is("places web resources workers wait_s mean", solved.worker_wait_s)
            .is("places web resources workers utilization", solved.worker_utilization)
            .is("places db wait_s mean", solved.server_wait_s)
            .is("places db utilization", solved.server_utilization);
        if slots == workers {
            return system;
        }
        system
            .is("places pool wait_s mean", solved.slot_wait_s)
            .is("places pool utilization", solved.slot_utilization)
    };
    let base = Nested { arrival_per_s: 6.0, workers: 8, own_s: 0.5, slots: 4, servers: 3, query_s: 0.3 };
    let pool = "pools: {pool: {size: 4, to: db}}\n";
    vec![
        shop("workers, pool and servers", base, pool, 120_000),
        shop(
            "workers held by a full pool",
            Nested { slots: 2, servers: 2, arrival_per_s: 4.5, ..base },
            "pools: {pool: {size: 2, per: web, to: db}}\n",
            120_000,
        ),
        shop(
            "workers held by a database",
            Nested { slots: 8, servers: 2, arrival_per_s: 4.8, ..base },
            "",
            120_000,
        ),
    ]
}

/// A cache `c` that is looked up `rate` times a second.
fn looked_up(rate: f64, cache: &str) -> String {
    format!(
        "knee: 1\nload: {{rate: {rate}/s, requests: {{front.x: 1}}}}\nexternals: {{front: {{endpoints: {{x: [{{get: c}}]}}}}}}\ncaches: {{c: {{{cache}}}}}\n"
    )
}

/// One key that is read 5 times and written once a second.
fn read_and_written(read: &str, write: &str, rest: &str) -> String {
    format!(
        "knee: 1\nload: {{readers: {{rate: 5/s, requests: {{front.read: 1}}}}, writers: {{rate: 1/s, requests: {{front.write: 1}}}}}}\nexternals: {{front: {{endpoints: {{read: [{read}], write: [{write}]}}}}}}\n{rest}\n"
    )
}

/// The hit ratio of two caches between which the keys are hashed.
fn on_two_nodes(shares: &[f64], hit_ratio: impl Fn(&[f64]) -> f64) -> f64 {
    let of = |node: u64| {
        let keyed = (0u64..).zip(shares).filter(|(key, _)| scramble(*key) % 2 == node);
        let own: Vec<f64> = keyed.map(|(_, share)| *share).collect();
        own.iter().sum::<f64>() / shares.iter().sum::<f64>() * hit_ratio(&own)
    };
    of(0) + of(1)
}

/// A cache of 4 of 12 keys that are only written. Who comes in has been written, and is written back when it leaves: as often as
/// something else comes in.
fn written_back(name: &'static str, evict: &str, hit_ratio: f64) -> System {
    let rate = 100.0 * (1.0 - hit_ratio);
    System::new(name, 20_000, format!(
        "knee: 1\nload: {{rate: 100/s, requests: {{front.x: 1}}}}\nexternals: {{front: {{endpoints: {{x: [{{put: c}}]}}}}}}\ncaches: {{c: {{entries: 4, start: cold, evict: {evict}, keys: {{zipf: {{n: 12, s: 0.9}}}}, on_put: write_back, write_back: [{{query: db.w}}]}}}}\ndatabases: {{db: {{servers: 2, queries: {{w: {{write: 10ms}}}}}}}}\n"
    ))
    .is("places db throughput_per_s", rate)
    .is("places db utilization", rate * 0.010 / 2.0)
}

fn data() -> Vec<System> {
    let zipf = |n: u32, s: f64| -> Vec<f64> {
        let weights: Vec<f64> = (1..=n).map(|k| f64::from(k).powf(-s)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|w| w / sum).collect()
    };
    let (few, many) = (zipf(12, 0.9), zipf(20_000, 0.9));
    let hits = |name, rate, cache: &str, requests, exact: f64| {
        System::new(name, requests, looked_up(rate, cache))
            .is("places c hit_ratio", exact)
            .is("places c misses_per_s", rate * (1.0 - exact))
    };
    let keys = |rate: &str, keys: &str, pool: &str| {
        format!(
            "knee: 1\nload: {{rate: {rate}/s, requests: {{front.x: 1}}}}\nexternals: {{front: {{endpoints: {{x: [{{hold: l, do: [{{delay: {{exp: 1s}}}}]}}]}}}}}}\npools: {{l: {{size: 1, keys: {keys}{pool}}}}}\n"
        )
    };
    let db = |rate: &str, fields: &str| {
        format!(
            "knee: 1\nload: {{rate: {rate}/s, requests: {{db.q: 1}}}}\ndatabases: {{db: {{servers: 1, {fields}, queries: {{q: {{read: {{exp: 1s}}}}}}}}}}\n"
        )
    };
    let (one, slow) = (Mm1::new(0.6, 1.0).unwrap(), Mm1::new(0.5, 1.0).unwrap());
    let consumers = Mmc::new(2.1, 1.0, 3).unwrap();
    // Keys 1 and 2 of 4 are asked for 4 times as often as the others: the first half has 80 % of the load.
    let (hot, cold) = (Mm1::new(0.72, 1.0).unwrap(), Mm1::new(0.18, 1.0).unwrap());
    // One key, loaded in 2 s and good for 10 s, asked for every second: in a cycle one look-up loads, 2 wait and 10 hit.
    let cycle = 1.0 + 2.0 + 10.0;
    vec![
        hits("LRU, exact", 100.0, "entries: 4, keys: {zipf: {n: 12, s: 0.9}}", 20_000, lru_exact(&few, 4).unwrap()),
        hits("FIFO, exact", 100.0, "entries: 4, evict: fifo, keys: {zipf: {n: 12, s: 0.9}}", 20_000, fifo_exact(&few, 4)),
        hits("RANDOM, exact", 100.0, "entries: 4, evict: random, keys: {zipf: {n: 12, s: 0.9}}", 20_000, fifo_exact(&few, 4)),
        hits("LRU, Che", 100.0, "entries: 5_000, keys: {zipf: {n: 20_000, s: 0.9}}", 30_000, che_lru(|| many.iter().copied(), 5_000).hit_ratio),
        hits("FIFO, Che", 100.0, "entries: 5_000, evict: fifo, keys: {zipf: {n: 20_000, s: 0.9}}", 100_000, che_fifo(|| many.iter().copied(), 5_000).hit_ratio),
        // Whether spread over nodes or in one piece: as long as each has many keys, it is the same cache.
        hits("LRU on four nodes, Che", 100.0, "entries: 5_000, nodes: 4, keys: {zipf: {n: 20_000, s: 0.9}}", 30_000, che_lru(|| many.iter().copied(), 5_000).hit_ratio),
        hits("FIFO on four nodes, Che", 100.0, "entries: 5_000, nodes: 4, evict: fifo, keys: {zipf: {n: 20_000, s: 0.9}}", 100_000, che_fifo(|| many.iter().copied(), 5_000).hit_ratio),
        // Where nodes have few keys, each is a small cache of those it has.
        hits("FIFO on two nodes, exact", 100.0, "entries: 4, nodes: 2, evict: fifo, keys: {zipf: {n: 12, s: 0.9}}", 20_000, on_two_nodes(&few, |own| fifo_exact(own, 2))),
        hits("RANDOM on two nodes, exact", 100.0, "entries: 4, nodes: 2, evict: random, keys: {zipf: {n: 12, s: 0.9}}", 20_000, on_two_nodes(&few, |own| fifo_exact(own, 2))),
        hits("LRU on two nodes, exact", 100.0, "entries: 4, nodes: 2, keys: {zipf: {n: 12, s: 0.9}}", 20_000, on_two_nodes(&few, |own| lru_exact(own, 2).unwrap())),
        hits("TTL from the write", 4.0, "entries: unlimited, ttl: 5s, keys: {zipf: {n: 12, s: 0.9}}", 20_000, ttl_hit_ratio(|| few.iter().copied(), 4.0, 5.0, Ttl::Fixed)),
        hits("sliding TTL", 4.0, "entries: unlimited, ttl: {sliding: 2s}, keys: {zipf: {n: 12, s: 0.9}}", 20_000, ttl_hit_ratio(|| few.iter().copied(), 4.0, 2.0, Ttl::Sliding)),
        System::new("one loader, the others wait", 30_000, looked_up(1.0, "entries: 1, ttl: 10s, coalesce: true, keys: {uniform: 1}, on_miss: [{delay: 2s}]"))
            .is("places c hit_ratio", 10.0 / cycle)
            .is("places c misses_per_s", 1.0 / cycle)
            .is("places c coalesced_per_s", 2.0 / cycle)
            // The loader takes 2 s, who waits for it 1 s on average.
            .is("total latency_s mean", (2.0 + 2.0) / cycle),
        written_back("LRU that writes back, exact", "lru", lru_exact(&few, 4).unwrap()),
        written_back("FIFO that writes back, exact", "fifo", fifo_exact(&few, 4)),
        System::new("stale until the TTL ends", 60_000, read_and_written("{get: c}", "{put: c}", "caches: {c: {entries: 1, ttl: 2s, on_put: nothing, keys: {uniform: 1}}}"))
            .is("places c stale_share", stale_ttl(1.0, 2.0)),
        System::new("stale by a fixed lag", 60_000, read_and_written("{query: db.r}", "{query: db.w}", "databases: {db: {servers: unlimited, read_replicas: 1, replication: {lag: 500ms}, reads: replicas, queries: {r: {read: 0s}, w: {write: 0s}}}}"))
            .is("places db stale_share", stale_fixed_lag(1.0, 0.5))
            .is("places db.replication residence_s mean", 0.5),
        System::new("stale by an exponential lag", 60_000, read_and_written("{query: db.r}", "{query: db.w}", "databases: {db: {servers: unlimited, read_replicas: 1, replication: {lag: {exp: 500ms}}, reads: replicas, queries: {r: {read: 0s}, w: {write: 0s}}}}"))
            .is("places db stale_share", stale_exponential_lag(1.0, 0.5))
            .is("places db.replication residence_s mean", 0.5),
        // Applying writes makes an M/M/1 of the replica: the lag is its response.
        System::new("busy replicas lag more", 100_000, read_and_written("{query: db.r}", "{query: db.w}", "databases: {db: {servers: 1, read_replicas: 1, replication: {apply: {exp: 600ms}}, queries: {r: {read: 0s}, w: {write: 0s}}}}"))
            .is("places db.replication residence_s mean", Mm1::new(1.0, 0.6).unwrap().response_mean_s()),
        System::new("one lock", 60_000, keys("0.6", "{uniform: 1}", ""))
            .is("total latency_s mean", one.response_mean_s())
            .quantiles(LATENCY, |p| one.response_quantile_s(p)),
        System::new("a lock a key", 60_000, keys("4.8", "{uniform: 8}", ""))
            .is("total latency_s mean", one.response_mean_s())
            .quantiles(LATENCY, |p| one.response_quantile_s(p))
            .is("places l utilization", 0.6),
        // Whatever else is free: those who lock the table come one after the other, and who does not passes them by.
        System::new("one lock for the table", 60_000, "knee: 1
load: {rate: 1.2/s, requests: {web.change: 1, web.look: 1}}
services: {web: {endpoints: {change: [{query: db.w}], look: [{query: db.r}]}}}
databases: {db: {servers: 50, queries: {w: {write: {exp: 1s}, lock: table}, r: {read: {exp: 1s}}}}}
")
            .is("requests web.change latency_s mean", one.response_mean_s())
            .is("requests web.look latency_s mean", 1.0)
            .is("places db resources table~lock utilization", 0.6),
        System::new("equal shards", 60_000, db("2", "shards: 4, shard_by: range, keys: {uniform: 400}"))
            .is("total latency_s mean", slow.response_mean_s())
            .quantiles(LATENCY, |p| slow.response_quantile_s(p)),
        System::new("a hot shard", 60_000, db("0.9", "shards: 2, shard_by: range, keys: {hot: {n: 4, keys: 2, share: 80%}}"))
            .is("places db members db.1 residence_s", hot.response_mean_s())
            .is("places db members db.2 residence_s", cold.response_mean_s())
            .is("total latency_s mean", 0.8 * hot.response_mean_s() + 0.2 * cold.response_mean_s()),
        // One connection, and nobody waits for it: it is idle for Exp(2 s), and closed after one second.
        System::new(
            "connections that close",
            30_000,
            "knee: 1\nload: {rate: 0.5/s, requests: {front.x: 1}}\nexternals: {front: {endpoints: {x: [{hold: p, do: [{delay: {exp: 1s}}]}]}}}\npools: {p: {size: 1, queue: 0, connect: 2s, idle: 1s}}\n",
        )
        .is("total latency_s mean", 1.0 + 2.0 * (-0.5_f64).exp()),
        // Three at once on one key: one writes after a second, one begins anew and writes after two, one after three.
        System::new(
            "optimistic locking",
            6_000,
            "knee: 1\nload: {rate: 0.03/s, arrivals: {batch: {size: 3}}, requests: {front.x: 1}}\nexternals: {front: {endpoints: {x: [{optimistic: {on: db, do: [{delay: 1ms}]}}]}}}\ndatabases: {db: {servers: 1, keys: {uniform: 1}, queries: {q: {read: 1ms}}}}\n",
        )
        .is("total latency_s mean", 0.002)
        .is("places db conflicts_per_s", 0.03),
        System::new("messages", 60_000, "knee: 1\nload: {rate: 2.1/s, requests: {front.x: 1}}\nexternals: {front: {endpoints: {x: [{send: m}]}}}\nqueues: {m: {consumers: 3, do: [{delay: {exp: 1s}}]}}\n")
            .is("places m message_latency_s mean", consumers.response_mean_s())
            .quantiles("places m message_latency_s", |p| consumers.response_quantile_s(p))
            .is("places m age_s mean", consumers.wait_mean_s())
            .is("places m depth", consumers.queue()),
    ]
}

fn programs() -> Vec<System> {
    // Three attempts at what fails three times in ten.
    let (fails, attempts) = (0.3_f64, 3);
    let tries = (1.0 - fails.powi(attempts)) / (1.0 - fails);
    // The largest of two of four exponentials: 1/4 + 1/3.
    let second_of_four = 1.0 / 4.0 + 1.0 / 3.0;
    let cache = "knee: 1
load: {rate: 2/s, requests: {front.x: 1}}
externals: {front: {endpoints: {x: [{get: c}]}}}
caches: {c: {hit_ratio: 75%, time: {exp: 200ms}, servers: 1, on_miss: [{query: db.q}]}}
databases: {db: {servers: 1, queries: {q: {read: {exp: 1s}}}}}
";
    let (look_up, query) = (Mm1::new(2.0, 0.2).unwrap(), Mm1::new(0.5, 1.0).unwrap());
    let free = "workers: unlimited";
    vec![
        System::new(
            "retries",
            20_000,
            network(
                "rate: 1/s",
                "{call: a.x, retry: {attempts: 3, backoff: {first: 2s}}}",
                &[("a", free, "{delay: 1s}, {fail: 30%}")],
            ),
        )
        .is("places a amplification", tries)
        .is("places a retried_per_s", fails + fails * fails)
        .is("total errors failed", fails.powi(attempts))
        // After 0, 1 or 2 failures, with waits of 2 and 4 seconds.
        .is("total latency_s mean", (0.7 * 1.0 + 0.21 * 4.0 + 0.063 * 9.0) / 0.973)
        .is("total error_latency_s mean", 9.0),
        System::new(
            "a quorum of two in four",
            20_000,
            network("rate: 1/s", "{parallel: {times: 4, need: 2, do: [{call: a.x}]}}", &[("a", free, EXP)]),
        )
        .is("total latency_s mean", second_of_four)
        // All work on: their caller has what it needs.
        .is("places a in_system", 4.0)
        .is("places a amplification", 4.0),
        System::new(
            "a timeout",
            20_000,
            network("rate: 1/s", "{call: a.x, timeout: 1s, on_error: continue}", &[("a", free, EXP)]),
        )
        .is("total latency_s mean", 1.0 - (-1.0_f64).exp())
        .is("places a in_system", 1.0)
        // Work beyond the timeout and all before it: E[X; X > 1] = 2/e.
        .is("places a wasted_share", 2.0 * (-1.0_f64).exp()),
        System::new("a cache before a database", 60_000, cache)
            .is("total latency_s mean", look_up.response_mean_s() + 0.25 * query.response_mean_s())
            .is("places c residence_s mean", look_up.response_mean_s())
            .is("places db residence_s mean", query.response_mean_s())
            .is("places c hit_ratio", 0.75)
            .is("places c misses_per_s", 0.5),
        System::new(
            "a choice of services",
            60_000,
            network(
                "rate: 1/s",
                "{choose: [{weight: 70, do: [{call: a.x}]}, {weight: 30, do: [{call: b.x}]}]}",
                &[("a", "workers: 1", EXP), ("b", "workers: 1", "{delay: {exp: 2s}}")],
            ),
        )
        .is("total latency_s mean", 0.7 / 0.3 + 0.3 * 2.0 / 0.4)
        .is("places a residence_s mean", 1.0 / 0.3)
        .is("places b residence_s mean", 2.0 / 0.4)
        .is("places b amplification", 0.3),
        System::new(
            "a lock held around a call",
            60_000,
            "knee: 1
load: {rate: 0.5/s, requests: {front.x: 1}}
externals: {front: {endpoints: {x: [{hold: lock, do: [{call: a.x}]}]}}}
services: {a: {endpoints: {x: [{delay: {erlang: {k: 2, mean: 1s}}}]}}}
pools: {lock: {size: 1}}
",
        )
        .is("total latency_s mean", Mg1::new(0.5, 1.0, 0.5).unwrap().response_mean_s())
        .is("places lock wait_s mean", Mg1::new(0.5, 1.0, 0.5).unwrap().wait_mean_s())
        .is("places lock utilization", 0.5),
    ]
}

/// An estimate of a point, by its path in the JSON.
fn estimate(point: &serde_json::Value, path: &str) -> [f64; 3] {
    let found = path.split(' ').fold(point, |at, key| &at[key.replace('~', " ")]);
    ["value", "low", "high"].map(|key| found[key].as_f64().unwrap_or_else(|| panic!("no `{path}`: {found}")))
}

/// Runs a system and lists every comparison that fails.
fn judge(system: &System, comparisons: usize, longer: u64, narrow: f64) -> Vec<String> {
    let model = model(&system.yaml);
    let options = Options {
        requests: Some(longer * system.requests),
        replications: REPLICATIONS,
        seed: 20,
        ..Options::from(&model.study)
    };
    let answer = run(&model, &options, &Quiet).expect("a model that runs");
    let point = serde_json::to_value(&answer.points[0]).expect("a point is plain data");
    let degrees = REPLICATIONS as usize - 1;
    let t = quantiles::student_two_sided(0.95, degrees);
    let bar = quantiles::student_two_sided(1.0 - 0.001 / comparisons as f64, degrees);
    let mut failures = Vec::new();
    for row in answer.points[0].audit.iter().filter(|row| !row.holds) {
        failures.push(format!("{}: the audit finds {row:?}", system.name));
    }
    for (path, exact) in &system.truths {
        let [value, low, high] = estimate(&point, path);
        let half_width = (high - low) / 2.0;
        // Values that do not vary agree but for rounding to nanoseconds.
        let gap = if (value - exact).abs() < 1e-6 * exact { 0.0 } else { value - exact };
        let z = if gap == 0.0 { 0.0 } else { gap * t / half_width };
        let relative = if value == 0.0 { half_width } else { half_width / value };
        let told = format!(
            "{}: {path}: exact {exact:.6}, simulated {value:.6} +-{:.2} %, z {z:.2} (at most {bar:.2})",
            system.name,
            100.0 * relative
        );
        if std::env::var_os("KNEE_SHOW").is_some() {
            eprintln!("{told}");
        }
        if !(z.abs() <= bar && relative <= narrow) {
            failures.push(told);
        }
    }
    failures
}

fn check(family: &str, longer: u64, narrow: f64) {
    let families = families();
    let comparisons = families.iter().flat_map(|(_, systems)| systems).map(|s| s.truths.len()).sum();
    let systems = families.iter().filter(|(name, _)| *name == family).flat_map(|(_, systems)| systems);
    let failures: Vec<String> = systems.flat_map(|s| judge(s, comparisons, longer, narrow)).collect();
    assert!(failures.is_empty(), "of {comparisons} comparisons\n{}", failures.join("\n"));
}

macro_rules! theory {
    ($($short:ident, $long:ident: $family:literal;)*) => {$(
        #[test]
        fn $short() {
            check($family, 1, NARROW);
        }

        #[test]
        #[ignore = "minutes; half widths under 1 %"]
        fn $long() {
            check($family, LONGER, VERY_NARROW);
        }
    )*};
}

theory! {
    queues_of_exponential_servers, queues_of_exponential_servers_to_one_per_cent: "single";
    general_service_fifo_and_shared, general_service_fifo_and_shared_to_one_per_cent: "general";
    bursty_and_regular_arrivals, bursty_and_regular_arrivals_to_one_per_cent: "arrivals";
    lifo_and_priorities, lifo_and_priorities_to_one_per_cent: "order";
    losses_and_impatience, losses_and_impatience_to_one_per_cent: "limits";
    balanced_replicas, balanced_replicas_to_one_per_cent: "balance";
    open_networks_of_calls, open_networks_of_calls_to_one_per_cent: "open";
    closed_networks_of_users, closed_networks_of_users_to_one_per_cent: "closed";
    workers_held_during_queries, workers_held_during_queries_to_one_per_cent: "nested";
    pools_and_poolers, pools_and_poolers_to_one_per_cent: "poolers";
    retries_quorums_timeouts_caches_and_locks, retries_quorums_timeouts_caches_and_locks_to_one_per_cent: "programs";
    keys_copies_shards_and_messages, keys_copies_shards_and_messages_to_one_per_cent: "data";
}
