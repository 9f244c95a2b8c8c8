//! The lessons of the data tier.

use super::*;

fn place<'p>(point: &'p Point, name: &str) -> &'p knee::experiment::answer::PlaceRow {
    &point.places[name]
}

fn hit_ratio(point: &Point, cache: &str) -> f64 {
    value(place(point, cache).hit_ratio.as_ref().expect("a cache"))
}

fn p95(point: &Point) -> f64 {
    value(&point.total.latency_s.p95)
}

#[test]
fn eighty_per_cent_of_hits_take_eighty_per_cent_of_the_reads_off_the_database() {
    let file = "lessons/cache-aside.yaml";
    let with = run(&model(file), Some(20_000));
    let (hits, reads) = (hit_ratio(&with, "products"), value(&place(&with, "catalogue").offered_per_s));
    assert!((hits - 0.80).abs() < 0.01, "{hits}");
    assert!((reads - 1_000.0 * (1.0 - hits)).abs() < 10.0, "what misses is read: {reads}");
    let without = run(&model_with(file, &[("products.entries", "0")]), Some(5_000));
    assert!(
        !without.places.contains_key("products")
            || without.places["products"].offered_per_s.value == Some(0.0)
    );
    assert!((value(&place(&without, "catalogue").offered_per_s) - 1_000.0).abs() < 20.0);
    let fifo = run(&model_with(file, &[("products.evict", "fifo")]), Some(20_000));
    assert!((hits - hit_ratio(&fifo, "products") - 0.03).abs() < 0.015, "{}", hit_ratio(&fifo, "products"));
    // Eight servers of 5 ms, a fifth of the load: five times as much is carried.
    let carried = knee_law(&model(file)) / 1_600.0;
    assert!((4.8..5.3).contains(&carried), "{carried} times what the database carries alone");
}

#[test]
fn each_tier_sees_what_the_one_before_let_through() {
    let file = "lessons/cache-tiers.yaml";
    let tiers = run(&model(file), Some(20_000));
    let alone = run(&model_with(file, &[("near.entries", "0")]), Some(20_000));
    let (near, shared) = (hit_ratio(&tiers, "near"), hit_ratio(&tiers, "shared"));
    assert!((0.45..0.60).contains(&near), "{near}");
    assert!(shared < hit_ratio(&alone, "shared") - 0.1, "the popular ones are skimmed off: {shared}");
    let let_through = value(&place(&tiers, "near").misses_per_s.clone().unwrap());
    assert!((value(&place(&tiers, "shared").offered_per_s) - let_through).abs() < 1e-6);
    let stale = |name: &str| value(place(&tiers, name).stale_share.as_ref().unwrap());
    assert!(stale("near") > 0.01 && stale("shared") < 0.005, "{} and {}", stale("near"), stale("shared"));
}

/// One hot page of 300 requests a second that takes 200 ms: 60 come while it is made.
#[test]
fn a_stampede_is_one_query_where_one_loads_and_the_others_wait() {
    let file = "lessons/stampede.yaml";
    let crowd = run(&model(file), Some(20_000));
    let one = run(&model_with(file, &[("pages.coalesce", "true")]), Some(20_000));
    let misses = |point: &Point| value(&place(point, "pages").misses_per_s.clone().unwrap());
    let coalesced = value(place(&one, "pages").coalesced_per_s.as_ref().unwrap());
    // By the cycle of a page: asked for l times a second, a load of 0.2 s and 10 s of hits, so that l 0.2 wait for each load.
    let waits = |l: f64| l * l * 0.2 / (1.0 + 10.2 * l);
    let expected = waits(300.0) + 499.0 * waits(700.0 / 499.0);
    assert!((coalesced / expected - 1.0).abs() < 0.1, "{coalesced} of {expected}");
    assert!(misses(&crowd) > misses(&one) + 4.0, "{} and {}", misses(&crowd), misses(&one));
    let wait = |point: &Point| value(&place(point, "site").wait_s.mean);
    assert!(wait(&crowd) > 5.0 * wait(&one), "{} and {}", wait(&crowd), wait(&one));
}

/// She reads 100 ms after the write, and the lag is exponential with mean 80 ms.
#[test]
fn a_profile_is_old_as_often_as_the_lag_is_long_and_three_cures_help() {
    let file = "lessons/replication-lag.yaml";
    let own = |point: &Point| {
        let row = &place(point, "users").by_endpoint["own"];
        row.stale_share.clone().expect("replicas lag")
    };
    let old = run(&model(file), Some(40_000));
    let expected = (-100.0_f64 / 80.5).exp();
    assert!((value(&own(&old)) - expected).abs() < 0.02, "{:?}", own(&old));
    let cured = |sets: &[(&str, &str)]| value(&own(&run(&model_with(file, sets), Some(20_000))));
    assert_eq!(cured(&[("users.reads.from", "primary")]), 0.0);
    let after = [("users.reads.after_own_write", "{from: primary, for: 1s}")];
    assert_eq!(cured(&after), 0.0);
    assert!(cured(&[("users.replication.lag", "20ms")]) < 0.005);
    // The second cure leaves nearly all reads on the replicas.
    let routed = run(&model_with(file, &after), Some(20_000));
    let primary = &place(&routed, "users").members["users.primary"];
    assert!((value(&primary.throughput_per_s) - 40.0).abs() < 3.0, "20 writes and 20 reads of one's own");
}

#[test]
fn a_small_pool_is_exhausted_before_a_bored_database() {
    let file = "lessons/pool-exhaustion.yaml";
    assert!((knee_law(&model(file)) - 200.0).abs() < 1e-6, "10 connections of 50 ms");
    assert!((knee_law(&model_with(file, &[("web_db.size", "30")])) - 600.0).abs() < 1e-6);
    let answer = sweep_at(&model(file), &[150.0, 240.0], Some(10_000));
    let [calm, full] = &answer.points[..] else { panic!("two points") };
    assert!(value(&calm.total.errors.abandoned) < 0.001);
    assert!(value(&full.total.errors.abandoned) > 0.05, "they leave after a second");
    assert!(utilization(full, "web_db", "slots") > 0.98);
    assert!(utilization(full, "orders", "servers") < 0.26);
    let last = answer.bottlenecks.last().map(shown);
    assert_eq!(last.as_deref(), Some("web_db slots"));
}

#[test]
fn a_connection_held_across_a_call_outside_costs_twenty_times_as_many() {
    let file = "lessons/connection-held-outside.yaml";
    let first = model_with(file, &[("load.requests", "{web.pay_first: 1}")]);
    let (within, outside) = (knee_law(&model(file)), knee_law(&first));
    assert!((within - 20.0 / 0.42).abs() < 1e-6, "{within}");
    // With the connection free during the payment, the 16 servers of the database give out first.
    assert!((outside - 16.0 / 0.02).abs() < 1e-6, "{outside}");
    let answer = sweep_at(&model(file), &[40.0, 60.0], Some(5_000));
    assert_eq!(answer.points[1].state, State::Saturated);
    assert!(utilization(&answer.points[1], "orders", "servers") < 0.07);
    assert_eq!(answer.bottlenecks.last().map(shown).as_deref(), Some("connections slots"));
}

#[test]
fn the_hottest_key_decides_what_shards_carry() {
    let file = "lessons/hot-shard.yaml";
    let equal = knee_law(&model_with(file, &[("events.keys", "{uniform: 100_000}")]));
    assert!((equal / 4_000.0 - 1.0).abs() < 0.02, "four shards of four servers of 4 ms: {equal}");
    let skewed = knee_law(&model(file));
    let twice = knee_law(&model_with(file, &[("events.shards", "8")]));
    assert!(skewed < 0.7 * equal, "{skewed} of {equal}");
    assert!(twice < 1.7 * skewed, "{twice} of {skewed}: not twice as much");
    let point = run(&model(file), Some(10_000));
    let members = &place(&point, "events").members;
    let busy: Vec<f64> = members.values().map(|m| value(m.utilization.as_ref().unwrap())).collect();
    let (most, least) = busy.iter().fold((0.0_f64, 1.0_f64), |(most, least), &x| (most.max(x), least.min(x)));
    // The bottleneck law knows the share of each shard exactly.
    assert!((most - 2_000.0 / skewed).abs() < 0.02, "{busy:?}");
    assert!(most > 2.0 * least, "{busy:?}");
}

#[test]
fn bound_users_wait_longer_than_free_ones() {
    let mean = |balance: &str| {
        let model = model_with("lessons/sticky-sessions.yaml", &[("app.balance", balance)]);
        p95(&run(&model, Some(20_000)))
    };
    let [sticky, turns, least] = ["{sticky: user}", "round-robin", "least-requests"].map(mean);
    assert!(sticky > 1.3 * turns && turns > 1.2 * least, "{sticky}, {turns}, {least}");
}

#[test]
fn a_cdn_takes_most_requests_off_the_origin() {
    let file = "lessons/cdn.yaml";
    let with = run(&model(file), Some(20_000));
    let reach = value(&place(&with, "origin").offered_per_s) / 2_000.0;
    assert!((1.0 - reach - 0.8 * 0.885).abs() < 0.01, "{} of the traffic stays at the edge", 1.0 - reach);
    let bare = [("edge_eu.entries", "0"), ("edge_us.entries", "0")];
    let without = run(&model_with(file, &bare), Some(5_000));
    assert!((value(&place(&without, "origin").offered_per_s) - 2_000.0).abs() < 40.0);
    let median = |point: &Point, request: &str| value(&point.requests[request].latency_s.p50);
    assert!((median(&with, "edge_of_eu.file") - 0.005).abs() < 0.0005);
    assert!((median(&without, "edge_of_eu.file") - 0.0807).abs() < 0.001);
    // 80 ms of way, 20 of delay, 15 of work: whatever the CDN does.
    for point in [&with, &without] {
        assert!((value(&point.requests["europe/origin.page"].latency_s.mean) - 0.115).abs() < 0.002);
    }
    let gain = knee_law(&model(file)) / knee_law(&model_with(file, &bare));
    assert!((1.2..1.26).contains(&gain), "{gain}");
}

/// Erlang's loss formula for what America turns away; Europe, far from full, takes all of it.
#[test]
fn what_one_region_cannot_take_crosses_the_ocean() {
    let file = "lessons/global-balancer.yaml";
    let near = run(&model(file), Some(20_000));
    assert!((value(&near.total.latency_s.mean) - 0.051).abs() < 0.001);
    let evening = model_with(file, &[("load.america.rate", "1200/s")]);
    let point = run(&evening, Some(40_000));
    let turned_away = knee::queueing::erlang_b(1_200.0 * 0.05, 64).unwrap();
    assert!((turned_away - 0.060).abs() < 0.001);
    let mean = value(&point.requests["entry_us.page"].latency_s.mean);
    assert!((mean - (0.051 + turned_away * 0.080)).abs() < 0.001, "{mean}");
    assert_eq!(value(&point.total.errors.rejected), 0.0);
    let anywhere = [
        (
            "entry_us.page",
            "[{delay: 1ms}, {choose: [{weight: 1, do: [{call: web_us.page}]}, {weight: 1, do: [{call: web_eu.page}]}]}]",
        ),
        (
            "entry_eu.page",
            "[{delay: 1ms}, {choose: [{weight: 1, do: [{call: web_us.page}]}, {weight: 1, do: [{call: web_eu.page}]}]}]",
        ),
    ];
    let spread = run(&model_with(file, &anywhere), Some(20_000));
    assert!((value(&spread.total.latency_s.mean) - 0.091).abs() < 0.001);
    // The law knows no errors; what they let through it says so of.
    let answer = sweep_at(&evening, &[1_800.0], Some(5_000));
    let law = answer.bottleneck_law.expect("workers");
    assert!(law.unless_errors_are_caught);
    assert!(value(&answer.points[0].total.throughput_per_s) > law.rate_per_s, "{law:?}");
    assert!(
        !sweep_at(&model("lessons/cdn.yaml"), &[1_000.0], Some(500))
            .bottleneck_law
            .unwrap()
            .unless_errors_are_caught
    );
}

/// 30 looks a second at 200 ms are 6 servers of 8; at 2 ms, and a refresh of 400 ms every ten seconds, a tenth of one.
#[test]
fn a_view_answers_in_two_milliseconds_what_takes_two_hundred_to_compute() {
    let file = "lessons/materialized-view.yaml";
    let look = |point: &Point, name: &str| value(&point.requests[name].latency_s.mean);
    let viewed = run(&model(file), Some(5_000));
    assert!((look(&viewed, "web.viewed") - 0.002).abs() < 0.0003);
    assert!((8.0 * utilization(&viewed, "orders", "servers") - 0.10).abs() < 0.03);
    let computes = [("load.looks.requests", "{web.computed: 1}")];
    let computed = run(&model_with(file, &computes), Some(5_000));
    assert!((look(&computed, "web.computed") - 0.230).abs() < 0.030, "{}", look(&computed, "web.computed"));
    assert!((utilization(&computed, "orders", "servers") - 0.755).abs() < 0.02);
    // The load at which looks alone, with the refresh as it is, fill eight servers.
    let bound = |sets: &[(&str, &str)]| {
        let model = model_with(file, sets);
        let factor = knee::model::Demands::new(&model).bound(&model, &[30.0, 0.0], &[0.0, 0.1]);
        30.0 * factor.expect("servers are limited").factor
    };
    assert!((bound(&[]) - 3_980.0).abs() < 1e-6, "{}", bound(&[]));
    assert!((bound(&computes) - 39.8).abs() < 1e-6, "{}", bound(&computes));
    // Nearly new, and half of the servers.
    let fresh = run(&model_with(file, &[("load.refresh.rate", "10/s")]), Some(5_000));
    assert!((utilization(&fresh, "orders", "servers") - 0.5).abs() < 0.03);
}

/// One article in two fifths of the purchases: 40 a second, each of which must be alone for 24 ms.
#[test]
fn conflicts_grow_with_contention_and_a_lock_makes_no_query_in_vain() {
    let bought = |request: &str, keys: &str| {
        let requests = format!("{{shop.{request}: 1}}");
        let sets = [("load.requests", requests.as_str()), ("stock.keys", keys), ("row.keys", keys)];
        run(&model_with("lessons/optimistic-locking.yaml", &sets), Some(5_000))
    };
    let conflicts = |point: &Point| value(place(point, "stock").conflicts_per_s.as_ref().unwrap());
    let queries = |point: &Point| value(&place(point, "stock").throughput_per_s);
    let mean = |point: &Point| value(&point.total.latency_s.mean);
    let hot = |share: u32| format!("{{hot: {{n: 1_000, keys: 1, share: {share}%}}}}");
    let [even, fifth, two_fifths] =
        ["{uniform: 1_000}", &hot(20), &hot(40)].map(|keys| bought("optimistic", keys));
    // 0.1 purchases a second and article, 24 ms each.
    assert!((conflicts(&even) - 100.0 * 0.1 * 0.024).abs() < 0.06, "{}", conflicts(&even));
    assert!((mean(&even) - 0.024).abs() < 0.0003);
    assert!((conflicts(&fifth) - 18.0).abs() < 2.0, "{}", conflicts(&fifth));
    assert!((conflicts(&two_fifths) - 240.0).abs() < 15.0, "{}", conflicts(&two_fifths));
    assert!((queries(&two_fifths) - 680.0).abs() < 30.0, "{}", queries(&two_fifths));
    assert!((value(&two_fifths.total.errors.failed) - 0.025).abs() < 0.006);
    let locked = bought("locked", &hot(40));
    assert!((queries(&locked) - 200.0).abs() < 5.0, "{}", queries(&locked));
    assert_eq!(value(&locked.total.errors.failed), 0.0);
    assert!((0.09..0.18).contains(&mean(&locked)), "{}", mean(&locked));
    // The audit does not take what begins anew for a fault.
    assert!(two_fifths.audit.iter().all(|row| row.holds), "{:?}", two_fifths.audit);
}

/// Ten million rows of 120 million, three levels of an index in place of four.
#[test]
fn a_partition_is_scanned_in_a_twelfth_of_the_time_unless_the_query_does_not_name_it() {
    let file = "lessons/partitioned-table.yaml";
    let table = ["report", "find", "find_any"].map(|name| format!("events.{name}.partitions"));
    let table = [0, 1, 2].map(|at| (table[at].as_str(), "1"));
    let mean = |point: &Point, name: &str| value(&point.requests[name].latency_s.mean);
    let median = |point: &Point, name: &str| value(&point.requests[name].latency_s.p50);
    let month = run(&model(file), Some(5_000));
    assert!((mean(&month, "web.report") - 1.0).abs() < 0.02);
    // A few wait behind eight reports at once, for hundreds of times as long: the mean is theirs, the median that of the rest.
    // They share their bin, which is exact to 1/128.
    assert!((median(&month, "web.find") / 0.0015 - 1.0).abs() < 1.0 / 128.0);
    assert!((median(&month, "web.find_any") / 0.018 - 1.0).abs() < 1.0 / 128.0);
    assert!((8.0 * utilization(&month, "events", "servers") - 2.3).abs() < 0.15);
    let whole = model_with(file, &table);
    let alone = knee::model::Demands::new(&whole);
    for (demand, seconds) in alone.requests.iter().zip([12.0, 0.002, 0.002]) {
        assert!((demand.r_min_s - seconds).abs() < 1e-9, "{} s", demand.r_min_s);
    }
    let answer = sweep_at(&whole, &[whole_rate(&whole)], Some(1_000));
    assert_eq!(answer.points[0].state, State::Saturated);
    let law = answer.bottleneck_law.expect("servers are limited").rate_per_s;
    assert!((law / whole_rate(&whole) - 8.0 / (24.0 + 100.0 * 0.002)).abs() < 1e-3, "{law}");
}

fn whole_rate(model: &Model) -> f64 {
    knee::model::Demands::new(model).free_rates(model).iter().sum()
}

/// The connection is held for 55 ms, and the database works for 10 of them.
#[test]
fn a_pooler_is_worth_what_its_mode_lets_it_share() {
    let file = "lessons/pooler.yaml";
    let session = model_with(file, &[("pooler.mode", "session")]);
    assert!((knee_law(&model(file)) - 16.0 / 0.010).abs() < 1e-6, "the servers of the database");
    assert!((knee_law(&session) - 40.0 / 0.055).abs() < 1e-6, "the connections of the pooler");
    let answer = sweep_at(&session, &[500.0, 800.0], Some(10_000));
    assert_eq!(answer.points[1].state, State::Saturated);
    assert!(utilization(&answer.points[1], "orders", "servers") < 0.5);
    assert_eq!(answer.bottlenecks.last().map(shown).as_deref(), Some("pooler slots"));
    let calm = run(&model(file), Some(10_000));
    assert!((utilization(&calm, "pooler", "slots") - 600.0 * 0.010 / 40.0).abs() < 0.01);
    assert!((utilization(&calm, "web_db", "slots") - 600.0 * 0.055 / 160.0).abs() < 0.01);
}

/// The rate of a group that the law allows beside the others.
fn carried_of(model: &Model, group: &str) -> f64 {
    let demands = knee::model::Demands::new(model);
    let rates = demands.free_rates(model);
    let of = |is_swept: bool| -> Vec<f64> {
        let swept = |r: &knee::model::Request| (model.groups[r.group.index()].name == group) == is_swept;
        let rate = |r| if swept(r) { rates[r.group.index()] * r.share } else { 0.0 };
        model.requests.iter().map(rate).collect()
    };
    let (scaled, fixed) = (of(true), of(false));
    demands.bound(model, &scaled, &fixed).expect("something is limited").factor * scaled.iter().sum::<f64>()
}

/// A fluid of 200 writes a second that stand still for 5 s of each 60, then drain at 500 - 200 a second: 8.3 s of each 60 s, and in them
/// the wait falls from 5 s to nothing.
#[test]
fn a_job_that_locks_the_table_makes_all_writes_stand_behind_it() {
    let file = "lessons/table-lock.yaml";
    let carried = carried_of(&model(file), "writes");
    assert!((carried - (1.0 - 5.0 / 60.0) / 0.002).abs() < 1e-6, "{carried}");
    let locked = run(&model(file), Some(100_000));
    let (mean, p95) = (value(&locked.total.latency_s.mean), p95(&locked));
    let delayed = 5.0 * (500.0 / 300.0) / 60.0;
    assert!((mean / (delayed * 2.5) - 1.0).abs() < 0.1, "{mean}");
    assert!((p95 / (5.0 * (1.0 - 0.05 / delayed)) - 1.0).abs() < 0.06, "{p95}");
    let rows = [("events.add.lock", "row"), ("events.clean.lock", "row")];
    let by_row = run(&model_with(file, &rows), Some(20_000));
    assert!((0.0055..0.0065).contains(&self::p95(&by_row)), "{}", self::p95(&by_row));
    assert!(carried_of(&model_with(file, &rows), "writes") > 7_400.0);
}

#[test]
fn a_batch_pays_its_way_and_its_commit_once() {
    let file = "lessons/batch.yaml";
    let point = run(&model(file), Some(20_000));
    let mean = |name: &str| value(&point.requests[name].latency_s.mean);
    let alone = knee::model::Demands::new(&model(file));
    let least: Vec<f64> = alone.requests.iter().map(|demand| demand.r_min_s).collect();
    assert!(
        (least[0] - 1_000.0 * 0.0021).abs() < 1e-9 && (least[1] - 10.0 * 0.012).abs() < 1e-9,
        "{least:?}"
    );
    assert!(mean("loader.single") < 1.05 * least[0] && mean("loader.batched") < 1.05 * least[1]);
    assert!(p95(&point) < 0.030);
}

/// One key gets half of all reads and writes, and is old for most of the time; the others hardly ever are.
#[test]
fn a_read_of_all_shards_is_as_old_as_the_keys_are_on_average() {
    let text = "
knee: 1
load: {rate: 200/s, requests: {web.list: 1, web.edit: 1}}
services:
  web: {endpoints: {list: [{parallel: {each: shards, do: {query: db.list}}}], edit: [{query: db.edit}]}}
databases:
  db:
    servers: unlimited
    shards: 2
    read_replicas: 1
    reads: replicas
    replication: {lag: 200ms}
    keys: {hot: {n: 1_000, keys: 1, share: 50%}}
    queries: {list: {read: 1ms}, edit: {write: 1ms}}
";
    let loaded = knee::compile::load(text.as_bytes(), "inline.yaml", &[], &|_| unreachable!());
    let point = run(&loaded.model.expect("no fault"), Some(20_000));
    let stale = value(place(&point, "db").stale_share.as_ref().unwrap());
    assert!((stale - 0.5).abs() < 0.03, "{stale}");
}
