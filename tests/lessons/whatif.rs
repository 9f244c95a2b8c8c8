//! What-ifs: every number that their texts state, for the model and for each variant.

use super::*;

use knee::experiment::bill::Bill;
use knee::experiment::options::Options;

/// A model or a variant of it, with settings on top. No warnings are expected but of demand above capacity, which stories need.
fn variant_with(file: &str, variant: &str, sets: &[(&str, &str)]) -> Model {
    let file = format!("whatif/{file}.yaml");
    let path = root().join(&file);
    let sets: Vec<_> = sets.iter().map(|(at, value)| ((*at).to_owned(), (*value).to_owned())).collect();
    let variant = (!variant.is_empty()).then_some(variant);
    let read = |name: &str| std::fs::read_to_string(path.with_file_name(name)).map_err(|e| e.to_string());
    let loaded = knee::compile::load_variant(&std::fs::read(&path).unwrap(), &file, variant, &sets, &read);
    let told: Vec<_> = loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect();
    let strange: Vec<_> = told.iter().filter(|told| !told.contains("the load of the file needs")).collect();
    assert!(strange.is_empty(), "{file} {variant:?}: {strange:?}");
    loaded.model.unwrap_or_else(|| panic!("{file} {variant:?}"))
}

fn variant(file: &str, variant: &str) -> Model {
    variant_with(file, variant, &[])
}

/// A quick look: four replications of so many seconds, after a while.
pub fn look(model: &Model, warmup_s: f64, duration_s: f64) -> Point {
    let short = Options {
        replications: 4,
        precision: Vec::new(),
        requests: None,
        warmup: Some(knee::units::Span::from_secs(warmup_s)),
        duration: Some(knee::units::Span::from_secs(duration_s)),
        ..Options::from(&model.study)
    };
    experiment::run(model, &short, &Quiet).unwrap().points.remove(0)
}

/// What the bottleneck law allows, per second, and where.
pub fn law(model: &Model) -> (String, f64, f64) {
    let short = Options { replications: 2, ..options(model, Some(200)) };
    let answer = experiment::run(model, &short, &Quiet).unwrap();
    let law = answer.bottleneck_law.expect("something is limited");
    (format!("{} {}", law.place, law.resource), law.rate_per_s, law.users.unwrap_or(f64::NAN))
}

pub fn per_month(model: &Model) -> f64 {
    Bill::of(model).expect("prices").per_month
}

fn p95(point: &Point, request: &str) -> f64 {
    value(&point.requests[request].latency_s.p95)
}

/// Within a share of what the text says.
#[track_caller]
pub fn near(found: f64, stated: f64, share: f64) {
    assert!((found / stated - 1.0).abs() < share, "{found} is not {stated}");
}

#[test]
fn slow_parts_on_a_queue_take_a_checkout_from_2800_to_450_ms() {
    let file = "sync-or-async";
    let table = [
        ("", 2.80, 3.96, 45.7, "web.1 workers", 759.0),
        ("at once", 1.46, 2.23, 102.4, "web.1 workers", 759.0),
        ("queue", 0.45, 0.69, 42.6, "after consumers", 832.0),
    ];
    for (name, mean, tail, at_most, first, month) in table {
        let model = variant(file, name);
        let point = look(&model, 10.0, 200.0);
        near(value(&point.total.latency_s.mean), mean, 0.01);
        near(value(&point.total.latency_s.p95), tail, 0.02);
        let (place, rate, _) = law(&model);
        assert_eq!(place, first, "{name}");
        // Of branches at once the law takes the longest mean, not the mean of the longest.
        near(rate, at_most, 0.005);
        near(per_month(&model), month, 0.002);
    }
    let (place, rate, _) = law(&variant_with(file, "queue", &[("after.consumers", "unlimited")]));
    assert_eq!(place, "web.1 workers");
    near(rate, 284.0, 0.01);
    let few = variant(file, "queue, too few consumers");
    near(law(&few).1, 25.5, 0.002);
    let point = run(&few, Some(10_000));
    assert_eq!(point.state, State::Saturated);
    assert_eq!(point.grows_at.as_deref(), Some("after consumers"));
    near(value(&point.backlog_growth_per_s), 4.5, 0.1);
    near(p95(&point, "web.checkout"), 0.69, 0.02);
}

#[test]
fn one_large_machine_is_hardly_faster_than_four_small_ones_that_know_who_is_busy() {
    let file = "vertical-or-horizontal";
    let table = [
        ("", 16.4, 46.0, 1_000.0, 562.0),
        ("contention", 19.5, 52.0, 870.0, 562.0),
        ("four small", 18.7, 53.0, 1_000.0, 518.0),
        ("four small, least requests", 17.0, 47.0, 1_000.0, 518.0),
    ];
    for (name, mean_ms, tail_ms, at_most, month) in table {
        let model = variant(file, name);
        let point = look(&model, 1.0, 60.0);
        near(value(&point.total.latency_s.mean) * 1e3, mean_ms, 0.02);
        near(value(&point.total.latency_s.p95) * 1e3, tail_ms, 0.03);
        near(law(&model).1, at_most, 0.001);
        near(per_month(&model), month, 0.002);
    }
    let lost = variant(file, "one of four lost");
    near(law(&lost).1, 750.0, 0.001);
    let point = look(&lost, 5.0, 200.0);
    near(value(&point.total.latency_s.p95), 0.097, 0.08);
    near(utilization(&point, "web", "cores"), 0.93, 0.02);
}

#[test]
fn a_cache_is_the_cheapest_where_reads_repeat_and_a_bigger_database_where_writes_prevail() {
    let file = "cache-replicas-or-bigger";
    let table = [
        ("", 24.0, 1_509.0, 1_231.0, 1_007.0),
        ("cache", 10.0, 4_726.0, 1_779.0, 1_161.0),
        ("two replicas", 16.0, 3_404.0, 2_000.0, 2_029.0),
        ("bigger database", 16.0, 4_528.0, 3_692.0, 2_029.0),
        ("cache and one replica", 10.0, 8_000.0, 2_000.0, 1_672.0),
    ];
    for (name, tail_ms, few_writes, many_writes, month) in table {
        let model = variant(file, name);
        let point = look(&model, 1.0, 30.0);
        near(p95(&point, "web.view") * 1e3, tail_ms, if name.is_empty() { 0.15 } else { 0.05 });
        near(law(&model).1, few_writes, 0.001);
        let half = [("load.requests", "{web.view: 50, web.edit: 50}")];
        near(law(&variant_with(file, name, &half)).1, many_writes, 0.001);
        near(per_month(&model), month, 0.002);
        if name.is_empty() {
            near(utilization(&point, "catalogue", "servers"), 0.86, 0.02);
        }
        if name == "cache" {
            let hits = value(point.places["products"].hit_ratio.as_ref().unwrap());
            assert!((0.68..0.80).contains(&hits), "three of four: {hits}");
        }
    }
}

#[test]
fn services_buy_no_speed_but_fail_by_themselves() {
    let file = "monolith-or-services";
    let table = [
        ("", 28.0, 93.0, 544.0, 870.0, "shop.1 cores", 993.0),
        ("search moved out", 27.0, 86.0, 545.0, 1_053.0, "finder.1 cores", 1_241.0),
        ("services", 30.0, 87.0, 547.0, 889.0, "catalogue.1 cores", 931.0),
    ];
    let mut means = Vec::new();
    for (name, browse, search, checkout, at_most, first, month) in table {
        let model = variant(file, name);
        let point = look(&model, 2.0, 60.0);
        for (request, tail_ms) in [("browse", browse), ("search", search), ("checkout", checkout)] {
            near(p95(&point, &format!("shop.{request}")) * 1e3, tail_ms, 0.03);
        }
        means.push(value(&point.requests["shop.browse"].latency_s.mean));
        let (place, rate, _) = law(&model);
        assert_eq!(place, first, "{name}");
        near(rate, at_most, 0.001);
        near(per_month(&model), month, 0.002);
    }
    near(means[2] - means[0], 0.0023, 0.1);
    let point = run(&variant(file, "monolith, slow bank"), Some(10_000));
    assert_eq!(point.state, State::Saturated);
    let point = look(&variant(file, "services, slow bank"), 60.0, 60.0);
    near(p95(&point, "shop.browse"), 0.030, 0.02);
    near(value(&point.requests["shop.checkout"].errors.rejected), 0.54, 0.05);
    assert_eq!(value(&point.requests["shop.browse"].errors.rejected), 0.0);
}

#[test]
fn each_step_of_the_flash_sale_moves_the_limit_to_the_next_place() {
    let file = "flash-sale";
    let table = [
        ("", None, 0.21, 9_550.0, "shop servers", 2_015.0),
        ("cache", None, 0.022, 17_560.0, "shop servers", 2_321.0),
        ("cache, replicas", Some(48.0), 0.0, 23_240.0, "web.1 cores", 4_365.0),
        ("cache, replicas, CDN", Some(44.0), 0.0, 33_020.0, "web.1 cores", 4_730.0),
    ];
    for (name, tail_ms, errors, at_most, first, month) in table {
        let model = variant(file, name);
        let point = look(&model, 5.0, 10.0);
        match tail_ms {
            Some(tail_ms) => near(value(&point.total.latency_s.p95) * 1e3, tail_ms, 0.05),
            None => assert_ne!(point.state, State::Stable, "{name}"),
        }
        let all = value(&point.total.errors.rejected) + value(&point.total.errors.timeout);
        assert!((all - errors).abs() < 0.1 * errors + 0.001, "{name}: {all}");
        let (place, _, users) = law(&model);
        assert_eq!(place, first, "{name}");
        near(users, at_most, 0.001);
        near(per_month(&model), month, 0.002);
        match name {
            "" => near(value(&point.requests["web.browse"].errors.rejected), 0.51, 0.1),
            "cache" => {
                near(value(point.places["catalogue"].hit_ratio.as_ref().unwrap()), 0.70, 0.03);
                near(value(&point.requests["web.search"].errors.rejected), 0.106, 0.2);
            }
            "cache, replicas" => near(utilization(&point, "web", "cores"), 0.86, 0.01),
            _ => near(utilization(&point, "web", "cores"), 0.61, 0.02),
        }
    }
}
