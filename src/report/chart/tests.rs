//! Whole charts, read back from their SVG: what a reader would see, and that no text covers another.

use resvg::usvg::roxmltree::{Document, Node};

use super::canvas::Rect;
use super::*;
use crate::experiment::answer::{Estimate, Found};
use crate::report::sample;

/// A text with the rectangle it fills, in logical pixels.
struct Seen {
    text: String,
    bounds: Rect,
}

const FINE: f64 = 4.0;

fn attribute(node: &Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).unwrap_or_default().parse::<f64>().unwrap() / FINE
}

fn texts(svg: &str) -> Vec<Seen> {
    let document = Document::parse(svg).expect("well-formed XML");
    let texts = document.descendants().filter(|n| n.has_tag_name("text"));
    texts.map(|n| seen(&n)).collect()
}

fn seen(node: &Node<'_, '_>) -> Seen {
    let anchor = match node.attribute("text-anchor") {
        Some("middle") => Anchor::Middle,
        Some("end") => Anchor::End,
        _ => Anchor::Start,
    };
    let text = node.text().unwrap_or_default().trim().to_owned();
    let drawn = Text {
        text: text.clone(),
        at: (attribute(node, "x"), attribute(node, "y")),
        size: attribute(node, "font-size"),
        bold: node.attribute("font-weight") == Some("bold"),
        rgb: palette::INK,
        anchor,
        upright: node.attribute("transform").is_some(),
    };
    Seen { text, bounds: drawn.bounds() }
}

fn check(svg: &str) {
    let document = Document::parse(svg).expect("well-formed XML");
    let (width, height) =
        (attribute(&document.root_element(), "width"), attribute(&document.root_element(), "height"));
    let page = Rect { left: 0.0, top: 0.0, right: width * FINE, bottom: height * FINE };
    let seen = texts(svg);
    for (i, a) in seen.iter().enumerate() {
        let Rect { left, top, right, bottom } = a.bounds;
        let inside = left >= page.left && right <= page.right && top >= page.top && bottom <= page.bottom;
        assert!(inside, "'{}' leaves the page: {:?}", a.text, a.bounds);
        for b in &seen[..i] {
            assert!(
                !a.bounds.overlaps(&b.bounds),
                "'{}' covers '{}': {:?} {:?}",
                a.text,
                b.text,
                a.bounds,
                b.bounds
            );
        }
    }
}

fn has(svg: &str, wanted: &str) -> bool {
    texts(svg).iter().any(|t| t.text.contains(wanted))
}

fn chart(answer: &Answer) -> String {
    sweep_svg(answer, &ChartOptions::default())
}

fn samples() -> Vec<Answer> {
    let mut long = sample::closed_users();
    long.model =
        "the one shop of the whole company with all of its services, and a name that does not end ".repeat(3);
    long.limit_at.as_mut().unwrap().by =
        Some("inventory-and-pricing.reserve-everything-now p95 < 200ms".to_owned());
    long.limit_at.as_mut().unwrap().cause =
        Some("inventory-and-pricing-database.primary connections".to_owned());
    for point in &mut long.points {
        let orders = point.places["orders"].clone();
        point.places.insert("inventory-and-pricing-database.primary".to_owned(), orders);
    }
    let mut far = sample::open_shop();
    far.peak = Some(40_000.0);
    let mut lost = sample::open_shop();
    lost.points.drain(..11);
    let mut empty = sample::open_shop();
    empty.points.clear();
    vec![
        sample::open_shop(),
        sample::steep(),
        sample::shedding(),
        sample::closed_users(),
        sample::heavy_tail(),
        sample::over_path(),
        sample::scaled(1e-7, 100.0),
        sample::scaled(3e6, 1e-5),
        sample::few(1),
        sample::few(2),
        long,
        far,
        lost,
        empty,
    ]
}

#[test]
fn no_label_covers_another_or_leaves_the_page() {
    for answer in samples() {
        check(&chart(&answer));
    }
}

#[test]
fn names_of_loads_stay_apart_wherever_they_fall() {
    // A linear congruential generator is random enough to try many arrangements, and the same ones every time.
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let found =
        |at: f64| Some(Found { at: Estimate::with_interval(at, 0.97 * at, 1.02 * at), ..Found::default() });
    let shop = sample::open_shop();
    for _ in 0..60 {
        let mut answer = shop.clone();
        let knee = 1400.0 * uniform();
        answer.knee_at = found(knee);
        answer.limit_at = found(knee + (1400.0 - knee) * uniform().powi(3));
        answer.peak = Some((1600.0 * uniform()).round());
        check(&chart(&answer));
    }
}

#[test]
fn the_same_answer_gives_the_same_bytes() {
    for answer in samples() {
        assert_eq!(chart(&answer), chart(&answer));
    }
    let svg = chart(&sample::open_shop());
    assert_eq!(png(&svg, 1.0).unwrap(), png(&svg, 1.0).unwrap());
}

#[test]
fn nothing_is_drawn_past_saturation() {
    let answer = sample::open_shop();
    let svg = chart(&answer);
    assert!(has(&svg, "no steady state"));
    let document = Document::parse(&svg).unwrap();
    let x_of = |text: &str| {
        texts(&svg).into_iter().find(|t| t.text == text).map(|t| (t.bounds.left + t.bounds.right) / 2.0)
    };
    // The saturation of the sample is 1,400/s, and so is the last tick.
    let saturation = x_of("1,400").unwrap();
    let markers: Vec<f64> =
        document.descendants().filter(|n| n.has_tag_name("circle")).map(|n| attribute(&n, "cx")).collect();
    assert!(markers.len() > 60 && markers.iter().all(|x| *x <= saturation));
}

#[test]
fn a_path_is_the_axis_in_its_unit_and_single_points_are_lost() {
    let svg = chart(&sample::over_path());
    for wanted in ["orders.product.read, ms", "1,000", "limit 700 ms (686-714)", "no steady state"] {
        assert!(has(&svg, wanted), "{wanted}");
    }
    for unwanted in ["knee 1", "saturation", "offered load"] {
        assert!(!texts(&svg).iter().any(|seen| seen.text.starts_with(unwanted)), "{unwanted}");
    }
}

#[test]
fn closed_curves_go_on_beyond_saturation() {
    let answer = sample::closed_users();
    let svg = chart(&answer);
    assert!(has(&svg, "beyond saturation") && !has(&svg, "no steady state"));
    assert!(has(&svg, "at most 300/s") && has(&svg, "users / (R_min + think time)"));
    let document = Document::parse(&svg).unwrap();
    let rightmost = document.descendants().filter(|n| n.has_tag_name("circle")).map(|n| attribute(&n, "cx"));
    let last = texts(&svg).into_iter().find(|t| t.text == "3,000").unwrap();
    assert!((rightmost.fold(0.0, f64::max) - (last.bounds.left + last.bounds.right) / 2.0).abs() < 1.0);
}

/// Hollow markers are circles with a stroke.
#[test]
fn markers_are_hollow_where_a_point_did_not_converge() {
    let hollow = |answer: &Answer| {
        let svg = chart(answer);
        let document = Document::parse(&svg).unwrap();
        let rings = document
            .descendants()
            .filter(|n| n.has_tag_name("circle") && n.attribute("fill") == Some("none"));
        (rings.count(), has(&svg, "hollow where not converged"))
    };
    let mut answer = sample::open_shop();
    // One of the sample's steady points is open, on six curves.
    assert_eq!(hollow(&answer), (6, true));
    for point in &mut answer.points {
        point.converged.insert("p95".to_owned(), true);
    }
    assert_eq!(hollow(&answer), (0, false));
}

#[test]
fn a_clipped_line_says_what_it_reaches() {
    let svg = chart(&sample::steep());
    // p99 of M/M/1 at 96 % load and 1 ms of service: 1 ms / 0.04 * ln 100 = 115 ms.
    assert!(has(&svg, "p99 115 ms") && has(&svg, "p95 < 10 ms"));
}

#[test]
fn panels_come_with_what_there_is_to_show() {
    let open = chart(&sample::open_shop());
    assert!(has(&open, "Latency, ms") && has(&open, "rule of thumb, one server") && !has(&open, "Errors"));
    assert!(has(&open, "at the knee: orders servers 89 %") && has(&open, "peak 1,000/s, headroom 27 %"));
    let shedding = chart(&sample::shedding());
    assert!(has(&shedding, "of right answers") && !has(&open, "of right answers"));
    assert!(has(&shedding, "Errors, % of requests") && has(&shedding, "errors < 1 %"));
    assert!(has(&chart(&sample::heavy_tail()), "log scale"));
}

#[test]
fn a_picture_can_be_made_of_every_chart() {
    for answer in samples() {
        assert!(png(&chart(&answer), 0.5).unwrap().len() > 1_000);
    }
}
