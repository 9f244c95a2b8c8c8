//! The model language as a whole: good models compile and fit the schema, and no input makes the front end panic.

use std::path::{Path, PathBuf};

use knee::compile::{Loaded, load};
use knee::spec::schema;
use proptest::prelude::*;
use serde_json::Value;

const SHOP: &str = include_str!("shop.yaml");

fn loaded(bytes: &[u8]) -> Loaded {
    load(bytes, "m.yaml", &[], &|_| Err("no files here".to_owned()))
}

fn told(loaded: &Loaded) -> Vec<String> {
    loaded.diagnostics.iter().map(|d| loaded.sources.brief(d)).collect()
}

/// A check of structure: types, keys, choices. Patterns of strings are left to the parser.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    let Some(rules) = schema.as_object() else { return schema.as_bool() != Some(false) };
    rules.iter().all(|(rule, wanted)| match rule.as_str() {
        "$ref" => {
            let pointer = wanted.as_str().and_then(|reference| reference.strip_prefix('#')).unwrap();
            fits(
                root,
                root.pointer(&pointer.replace("%20", " ")).unwrap_or_else(|| panic!("no {pointer}")),
                value,
            )
        }
        "type" if wanted.is_array() => {
            let one = |name: &Value| fits(root, &serde_json::json!({ "type": name }), value);
            wanted.as_array().unwrap().iter().any(one)
        }
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            other => panic!("type {other}"),
        },
        "anyOf" => wanted.as_array().unwrap().iter().any(|choice| fits(root, choice, value)),
        "allOf" => wanted.as_array().unwrap().iter().all(|part| fits(root, part, value)),
        "enum" => wanted.as_array().unwrap().contains(value),
        "const" => wanted == value,
        "minimum" => value.as_f64().is_none_or(|n| n >= wanted.as_f64().unwrap()),
        "maximum" => value.as_f64().is_none_or(|n| n <= wanted.as_f64().unwrap()),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| fits(root, wanted, item))),
        "required" => wanted.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
        "properties" => value.as_object().is_none_or(|object| {
            object.iter().all(|(key, value)| wanted.get(key).is_none_or(|schema| fits(root, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = |key: &str| rules.get("properties").is_some_and(|known| known.get(key).is_some());
            let by_pattern = rules.contains_key("patternProperties");
            object.iter().all(|(key, value)| known(key) || by_pattern || fits(root, wanted, value))
        }),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
        "minProperties" => value.as_object().is_none_or(|map| map.len() as u64 >= wanted.as_u64().unwrap()),
        "$schema" | "$defs" | "title" | "description" | "pattern" | "patternProperties" => true,
        other => panic!("this check does not know the rule {other}"),
    })
}

fn fits_schema(text: &str) -> bool {
    let value: Value = serde_yaml::from_str(text).expect("it is YAML");
    let schema = schema();
    fits(&schema, &schema, &value)
}

/// All models of the repository.
fn models(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            models(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn the_shop_compiles_and_fits_the_schema() {
    let loaded = loaded(SHOP.as_bytes());
    let model = loaded.model.as_ref().unwrap_or_else(|| panic!("{}", told(&loaded).join("\n")));
    assert!(fits_schema(SHOP));
    // web 4, inventory 2, fraud, the database with two replicas, the cache, a pool in each web.
    assert_eq!(model.members.len(), 4 + 2 + 1 + 3 + 1 + 4);
    assert_eq!(model.classes, ["high", "normal", "low"]);
    let requests: Vec<_> = model.requests.iter().map(|r| (r.name.as_str(), r.class)).collect();
    // Checkout has its own priority; partners are low.
    let wanted =
        [("web.browse", 1), ("shoppers/web.search", 1), ("web.checkout", 0), ("partners/web.search", 2)];
    assert_eq!(requests, wanted);
    insta::assert_snapshot!(told(&loaded).join("\n"), @r#"
    m.yaml:34:3: warning: `inventory` has `cpu` steps but no `cores`: its 32 workers run as if each had a core
      help: say how many cores a replica has, or `cores: 32` if that is meant
    "#);
}

#[test]
fn the_shop_is_explained() {
    let loaded = loaded(SHOP.as_bytes());
    let text = knee::report::explain_text(loaded.model.as_ref().unwrap());
    insta::assert_snapshot!(text, @r#"
    shop

    load
      shoppers  closed, 2000 users, think exp 7s, patience 10s
        70% web.browse, priority normal, good within 200ms
        20% web.search, priority normal
        10% web.checkout, priority high, good within 300ms
      partners  open, poisson 20/s, each from its own user, waiting as long as it takes
        100% web.search, priority low
      peak  3000 users

    web  service, 4 replicas, least-requests, 0.17 $/h each
      workers  64, fifo, 256 may wait, leaving after 2s
      cores  4, shared
      browse
          0  take workers
          1  cpu lognormal p50 2ms p99 15ms (mean 2.91ms)
          2  call products.get
          3  products hits 85%, else to 5
          4  to 8
          5  take a slot of its own web_db
          6  call orders.product
          7  give back
          8  end
      search
          0  take workers
          1  cpu 3ms
          2  repeat geometric mean 4 times, then to 7
          3  take a slot of its own web_db
          4  call orders.product
          5  give back
          6  again from 3
          7  end
      checkout  priority high
          0  take workers
          1  cpu lognormal mean 5ms cv 1.2
          2  call all of steps at 7 | steps at 9
          3  take a slot of its own web_db
          4  call orders.insert
          5  give back
          6  end
          7  call inventory.reserve timeout 200ms attempts 3 backoff 20ms x2 up to 30s full jitter
          8  end
          9  call fraud.score timeout 100ms on error go on
         10  end

    inventory  service, 2 replicas, round-robin
      workers  32, fifo, any number may wait
      cores  unlimited
      reserve
          0  take workers
          1  cpu 1ms
          2  call orders.reserve
          3  end

    fraud  external
      score
          0  work lognormal p50 40ms p99 300ms (mean 58.205ms)
          1  fail 0.2%
          2  end

    orders  database, a primary and 2 read replicas
      reads  from the replicas, round-robin
      connections  100, fifo, none may wait
      servers  8, fifo, any number may wait
      product
          0  take connections
          1  take servers
          2  work lognormal p50 1.2ms p99 20ms (mean 2.493ms)
          3  end
      reserve
          0  take connections
          1  take servers
          2  work 1ms
          3  end
      insert
          0  take connections
          1  take servers
          2  work lognormal mean 2ms cv 1
          3  end

    products  cache
      servers  unlimited
      get
          0  work 400us
          1  end

    web_db  pool, one in each of 4 replicas
      leads to  orders
      slots  20, fifo, any number may wait, leaving after 1s

    connections to orders, 100 for each instance
      web_db 4 x 20, inventory without pool, 64 workers; 144 at most: beyond 100 rejected

    demand of a request, when nobody waits and nothing is retried
      web.browse  3.7 ms at least, on average
        web workers                  3.7 ms
        web cores                    2.9 ms
        orders.replicas connections  374 us
        orders.replicas servers      374 us
        web_db                       374 us
      shoppers/web.search  13.0 ms at least, on average
        web workers                  13.0 ms
        web cores                     3.0 ms
        orders.replicas connections  10.0 ms
        orders.replicas servers      10.0 ms
        web_db                       10.0 ms
      web.checkout  65.2 ms at least, on average
        web workers                 65.2 ms
        web cores                    5.0 ms
        inventory workers            2.0 ms
        orders.primary connections   3.0 ms
        orders.primary servers       3.0 ms
        web_db                       2.0 ms
      partners/web.search  13.0 ms at least, on average
        web workers                  13.0 ms
        web cores                     3.0 ms
        orders.replicas connections  10.0 ms
        orders.replicas servers      10.0 ms
        web_db                       10.0 ms

    bounds of the bottleneck law, at most
      first resource  web.1 cores
      requests        5,115/s
      users           33,510 before waiting must begin
      load of file    5.97% of that

    cost of a month (730 h)
      web  $496

    objectives
      web.checkout  p95 < 300ms
      web.checkout  errors < 0.1%
      web.browse  p95 < 200ms
      web.browse  apdex(200ms) > 0.9

    study
      seed          1
      length        until p95 to 5%
      warm-up       found by MSER-5
      replications  20
      budget        30000000 events a point
    "#);
}

#[test]
fn every_model_passes_the_schema_and_the_parser() {
    let mut found = Vec::new();
    models(Path::new("models"), &mut found);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        let folder = path.parent().unwrap().to_owned();
        let read = |file: &str| std::fs::read_to_string(folder.join(file)).map_err(|error| error.to_string());
        let loaded = load(text.as_bytes(), &path.to_string_lossy(), &[], &read);
        assert!(loaded.model.is_some(), "{}", told(&loaded).join("\n"));
        assert!(fits_schema(&text), "{} does not fit the schema", path.display());
    }
}

#[test]
fn the_schema_refuses_what_the_parser_refuses() {
    for (good, bad) in [
        ("workers: 64", "wrokers: 64"),
        ("balance: least-requests", "balance: [random]"),
        ("- get: products", "- fetch: products"),
        ("{exp: 7s}", "{expo: 7s}"),
        ("{write: 1ms}", "{write: [1ms]}"),
        ("knee: 1\n", ""),
    ] {
        let text = SHOP.replace(good, bad);
        assert_ne!(text, SHOP);
        assert!(loaded(text.as_bytes()).model.is_none(), "{bad}");
        assert!(!fits_schema(&text), "the schema takes {bad}");
    }
}

#[test]
fn the_schema_explains_every_key_of_a_service() {
    let schema = schema();
    let service = schema.pointer("/$defs/Service/properties").unwrap().as_object().unwrap();
    assert!(service.len() >= 11);
    for (key, value) in service {
        let text = value["description"].as_str().unwrap_or_default();
        assert!(text.len() > 10, "{key} has no hover text");
    }
}

#[test]
fn large_models_compile_in_linear_time() {
    // 5,000 services in chains of 50, each with a pool and a cache to look up.
    let mut text = "knee: 1\nload: {rate: 1/s, requests: {s0.x: 1}}\nservices:\n".to_owned();
    for i in 0..5_000 {
        let call = if i % 50 == 49 {
            String::new()
        } else {
            format!("{{call: s{}.x, retry: {{attempts: 2}}}}, ", i + 1)
        };
        text += &format!("  s{i}: {{workers: 4, replicas: 2, endpoints: {{x: [{call}{{get: c{i}}}]}}}}\n");
    }
    text += "caches:\n";
    (0..5_000).for_each(|i| text += &format!("  c{i}: {{hit_ratio: 0.5, time: 1ms}}\n"));
    text += "pools:\n";
    (0..5_000).for_each(|i| text += &format!("  p{i}: {{size: 4, per: s{i}, to: c{i}}}\n"));
    let start = std::time::Instant::now();
    let loaded = loaded(text.as_bytes());
    assert!(loaded.model.is_some(), "{}", told(&loaded)[0]);
    assert!(start.elapsed().as_secs_f64() < 3.0, "it took {:?}", start.elapsed());
}

#[test]
fn the_same_model_in_another_layout_has_the_same_digest() {
    let digest = |text: &str| loaded(text.as_bytes()).digest;
    let plain =
        "knee: 1\nload: {rate: 1/s, requests: {a.x: 1}}\nservices: {a: {endpoints: {x: [{delay: 1ms}]}}}\n";
    let other = "# a comment\nknee:   1\nload:\n  rate: 1/s\n  requests: {a.x: 1}\nservices: {a: {endpoints: {x: [{delay: 1ms}]}}}\n";
    assert_eq!(digest(plain), digest(other));
    assert_ne!(digest(plain), digest(&plain.replace("1ms", "2ms")));
    let set = [("a.replicas".to_owned(), "2".to_owned())];
    let changed = load(plain.as_bytes(), "m.yaml", &set, &|_| Err(String::new()));
    assert_ne!(digest(plain), changed.digest);
}

/// Small pieces that mean something to the parser, to be put anywhere.
const PIECES: [&str; 24] = [
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    ",",
    "\n",
    "  ",
    "\"",
    "&a ",
    "*a",
    "<<: *a",
    "0",
    "-1",
    "1e400",
    ".nan",
    "unlimited",
    "replicas: ",
    "do: ",
    "times: ",
    "web.browse",
    "\u{0}",
    "é",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let loaded = loaded(&bytes);
        prop_assert!(loaded.model.is_none());
        prop_assert!(!told(&loaded).is_empty());
    }

    #[test]
    fn random_edits_of_a_good_model_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..30usize, any::<prop::sample::Index>()), 1..6)
    ) {
        let mut text: Vec<char> = SHOP.chars().collect();
        for (at, cut, piece) in edits {
            let at = at.index(text.len().max(1)).min(text.len());
            let end = (at + cut).min(text.len());
            let piece: Vec<char> = PIECES[piece.index(PIECES.len())].chars().collect();
            text.splice(at..end, piece);
        }
        let text: String = text.into_iter().collect();
        let loaded = loaded(text.as_bytes());
        prop_assert!(loaded.model.is_some() || !told(&loaded).is_empty());
    }

    #[test]
    fn random_settings_never_panic(path in "[a-z.0-9_]{0,30}|web(\\.(browse|checkout|steps|1|2|cpu|replicas|parallel)){0,5}", value in "[ -~]{0,12}") {
        let loaded = load(SHOP.as_bytes(), "m.yaml", &[(path, value)], &|_| Err(String::new()));
        prop_assert!(loaded.model.is_some() || !told(&loaded).is_empty());
    }
}
