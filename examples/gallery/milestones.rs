//! Three architectures in one picture: p95 over users, each on its own decade of a logarithmic axis.

use std::fmt::Write as _;

use knee::experiment::answer::{Answer, Found, Point, State};

/// An architecture, what is bought for it, and its curve over users.
pub struct Milestone {
    /// Replicas, instances and nodes that have a price.
    pub machines: usize,
    /// Their price.
    pub per_month: f64,
    /// Its curve.
    pub answer: Answer,
}

const WIDTH: f64 = 1200.0;
const HEIGHT: f64 = 640.0;
/// Left, top, right and bottom edge of the panel.
const PANEL: [f64; 4] = [84.0, 206.0, 1176.0, 552.0];
const USERS: [f64; 2] = [100.0, 400_000.0];
const P95_MAX_MS: f64 = 300.0;
const OBJECTIVE_MS: f64 = 200.0;
/// As in the charts of curves.
const CURVE: &str = "#004F8F";
const KNEE: &str = "#007D5A";
const LIMIT: &str = "#882255";
const INK: &str = "#1A1A1A";
const GREY: &str = "#595959";
const GRID: &str = "#E4E4E4";

impl Milestone {
    /// The load that is expected.
    fn peak(&self) -> f64 {
        self.answer.peak.expect("milestones state a peak")
    }

    /// Points that have a latency.
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        let has_latency = |p: &&Point| !matches!(p.state, State::Saturated);
        let points = self.answer.points.iter().filter(has_latency);
        points.filter_map(|p| Some((p.load.at, p.total.latency_s.p95.value? * 1e3)))
    }

    /// p95 at a load between two points, in milliseconds.
    fn p95_at(&self, users: f64) -> f64 {
        let points: Vec<_> = self.points().collect();
        let after = points.partition_point(|(at, _)| *at < users).clamp(1, points.len() - 1);
        let ((x0, y0), (x1, y1)) = (points[after - 1], points[after]);
        y0 + (y1 - y0) * ((users - x0) / (x1 - x0)).clamp(0.0, 1.0)
    }

    /// A row of a table in Markdown.
    pub fn row(&self) -> String {
        let point = self.answer.points.iter().find(|p| p.load.at == self.peak());
        let ms = |of: fn(&Point) -> Option<f64>| point.and_then(of).map_or(f64::NAN, |s| s * 1e3);
        let busiest = point.map(|p| &p.places).into_iter().flatten().flat_map(|(name, place)| {
            let busy = |(resource, it): (&String, &knee::experiment::answer::ResourceRow)| {
                Some((it.utilization.value?, format!("{name} {resource}")))
            };
            place.resources.iter().filter_map(busy).collect::<Vec<_>>()
        });
        let busiest = busiest.max_by(|a, b| a.0.total_cmp(&b.0));
        let (busy, name) = busiest.unwrap_or_default();
        format!(
            "| {} | {} | ${} | {:.0} ms | {:.0} ms | {} | {} | {} | {name} {:.0} % |",
            grouped(self.peak()),
            self.machines,
            grouped(self.per_month),
            ms(|p| p.total.latency_s.p95.value),
            ms(|p| p.total.latency_s.p99.value),
            found(self.answer.knee_at.as_ref()),
            found(self.answer.limit_at.as_ref()),
            cause(&self.answer),
            busy * 100.0,
        )
    }
}

fn found(it: Option<&Found>) -> String {
    it.and_then(|it| it.at.value).map_or("-".to_owned(), |at| grouped(round_to(at, 4)))
}

fn cause(answer: &Answer) -> &str {
    answer.limit_at.as_ref().and_then(|limit| limit.cause.as_deref()).unwrap_or("-")
}

/// To so many digits.
fn round_to(value: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(value.log10().floor() as i32 + 1 - digits);
    (value / unit).round() * unit
}

/// `12,900`
fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn x(users: f64) -> f64 {
    let [left, _, right, _] = PANEL;
    left + (right - left) * (users / USERS[0]).ln() / (USERS[1] / USERS[0]).ln()
}

fn y(ms: f64) -> f64 {
    let [_, top, _, bottom] = PANEL;
    bottom - (bottom - top) * ms / P95_MAX_MS
}

/// The picture.
pub fn svg(milestones: &[Milestone]) -> String {
    let mut page = Page(String::new());
    page.text(
        (PANEL[0], 38.0),
        30.0,
        INK,
        "start bold",
        "Three milestones: from one server to three continents",
    );
    let prices: Vec<_> = milestones.iter().map(|it| format!("${:.2}", it.per_month / it.peak())).collect();
    let subtitle = format!("the same objective at each; a user costs {} a month", prices.join(", "));
    page.text((PANEL[0], 70.0), 19.0, INK, "start", &subtitle);
    page.axes();
    for milestone in milestones {
        page.milestone(milestone);
    }
    let note = "simulated by knee; p95 of all requests, axis cut off at 300 ms; knee: throughput / p95 is highest there";
    page.text((PANEL[0], HEIGHT - 14.0), 14.0, GREY, "start", note);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"DejaVu Sans\">\n<clipPath id=\"panel\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#FFFFFF\"/>\n{}</svg>\n",
        PANEL[0],
        PANEL[1],
        PANEL[2] - PANEL[0],
        PANEL[3] - PANEL[1],
        page.0
    )
}

struct Page(String);

impl Page {
    /// `style`: the anchor, and `bold` if it is.
    fn text(&mut self, (x, y): (f64, f64), size: f64, ink: &str, style: &str, text: &str) {
        let (anchor, bold) = style.split_once(' ').unwrap_or((style, "normal"));
        writeln!(
            self.0,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" fill=\"{ink}\" text-anchor=\"{anchor}\" \
             font-weight=\"{bold}\">{text}</text>"
        )
        .expect("a string takes all");
    }

    fn path(&mut self, points: &[(f64, f64)], ink: &str, width: f64, more: &str) {
        let mut line = String::new();
        for (i, (x, y)) in points.iter().enumerate() {
            write!(line, "{}{x:.1} {y:.1}", if i == 0 { "M" } else { "L" }).expect("a string takes all");
        }
        writeln!(
            self.0,
            "<path d=\"{line}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\" {more}/>"
        )
        .expect("a string takes all");
    }

    fn axes(&mut self) {
        let [left, top, right, bottom] = PANEL;
        self.text((left, top - 12.0), 17.0, INK, "start bold", "p95, ms");
        for ms in [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0] {
            self.path(&[(left, y(ms)), (right, y(ms))], GRID, 1.0, "");
            self.text((left - 9.0, y(ms) + 5.5), 16.0, INK, "end", &format!("{ms}"));
        }
        for users in [100.0, 1_000.0, 10_000.0, 100_000.0] {
            self.path(&[(x(users), top), (x(users), bottom + 6.0)], GRID, 1.0, "");
            self.text((x(users), bottom + 25.0), 16.0, INK, "middle", &grouped(users));
        }
        self.path(&[(left, bottom), (right, bottom)], GREY, 1.0, "");
        self.text(
            ((left + right) / 2.0, bottom + 50.0),
            18.0,
            INK,
            "middle bold",
            "concurrent users, log scale",
        );
        self.path(
            &[(left, y(OBJECTIVE_MS)), (right, y(OBJECTIVE_MS))],
            LIMIT,
            1.5,
            "stroke-dasharray=\"6 6\"",
        );
        self.text(
            (left + 8.0, y(OBJECTIVE_MS) - 8.0),
            16.0,
            LIMIT,
            "start bold",
            "objective: p95 &lt; 200 ms",
        );
    }

    fn milestone(&mut self, it: &Milestone) {
        let peak = x(it.peak());
        let head = [
            (18.0, INK, "middle bold", format!("{} users", grouped(it.peak()))),
            (16.0, INK, "middle", format!("{} instances, ${} a month", it.machines, grouped(it.per_month))),
            (16.0, LIMIT, "middle", format!("first: {}", cause(&it.answer))),
        ];
        let middle = peak.min(PANEL[2] - 140.0);
        for (row, (size, ink, style, text)) in head.into_iter().enumerate() {
            self.text((middle, 112.0 + 23.0 * row as f64), size, ink, style, &text);
        }
        self.path(&[(peak, 170.0), (peak, PANEL[3])], INK, 1.5, "stroke-dasharray=\"2 5\"");
        let curve: Vec<_> = it.points().map(|(users, ms)| (x(users), y(ms.min(2.0 * P95_MAX_MS)))).collect();
        self.path(&curve, CURVE, 4.0, "stroke-linejoin=\"round\" clip-path=\"url(#panel)\"");
        if let Some(at) = it.answer.knee_at.as_ref().and_then(|knee| knee.at.value) {
            self.mark((x(at), y(it.p95_at(at))), KNEE, 22.0, &format!("knee {}", grouped(round_to(at, 3))));
        }
        if let Some(at) = it.answer.limit_at.as_ref().and_then(|limit| limit.at.value) {
            self.mark((x(at), y(OBJECTIVE_MS)), LIMIT, -12.0, &format!("limit {}", grouped(round_to(at, 4))));
        }
    }

    /// A dot with its name to the right, so far `below` it.
    fn mark(&mut self, (x, y): (f64, f64), ink: &str, below: f64, text: &str) {
        writeln!(
            self.0,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\" fill=\"{ink}\" stroke=\"#FFFFFF\" stroke-width=\"2\"/>"
        )
        .expect("a string takes all");
        self.text((x + 13.0, y + below), 16.0, ink, "start bold", text);
    }
}
