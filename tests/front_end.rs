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
            fits(root, root.pointer(&pointer.replace("%20", " ")).unwrap_or_else(|| panic!("no {pointer}")), value)
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
        "required" => {
            wanted.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some())
        }
        "properties" => value.as_object().is_none_or(|object| {
            object.iter().all(|(key, value)| wanted.get(key).is_none_or(|schema| fits(root, schema, value)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|object| {
            let known = |key: &str| rules.get("properties").is_some_and(|known| known.get(key).is_some());
            let by_pattern = rules.contains_key("patternProperties");
            object.iter().all(|(key, value)| known(key) || by_pattern || fits(root, wanted, value))
        }),
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
    let wanted = [("web.browse", 1), ("shoppers/web.search", 1), ("web.checkout", 0), ("partners/web.search", 2)];
    assert_eq!(requests, wanted);
    insta::assert_snapshot!(told(&loaded).join("\n"), @r#"
    m.yaml:34:3: warning: `inventory` has `cpu` steps but no `cores`: its 32 workers run as if each had a core
      help: say how many cores a replica has, or `cores: 32` if that is meant
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
fn the_same_model_in_another_layout_has_the_same_digest() {
    let digest = |text: &str| loaded(text.as_bytes()).digest;
    let plain = "knee: 1\nload: {rate: 1/s, requests: {a.x: 1}}\nservices: {a: {endpoints: {x: [{delay: 1ms}]}}}\n";
    let other = "# a comment\nknee:   1\nload:\n  rate: 1/s\n  requests: {a.x: 1}\nservices: {a: {endpoints: {x: [{delay: 1ms}]}}}\n";
    assert_eq!(digest(plain), digest(other));
    assert_ne!(digest(plain), digest(&plain.replace("1ms", "2ms")));
    let set = [("a.replicas".to_owned(), "2".to_owned())];
    let changed = load(plain.as_bytes(), "m.yaml", &set, &|_| Err(String::new()));
    assert_ne!(digest(plain), changed.digest);
}

/// Small pieces that mean something to the parser, to be put anywhere.
const PIECES: [&str; 24] = [
    "[", "]", "{", "}", ": ", "- ", ",", "\n", "  ", "\"", "&a ", "*a", "<<: *a", "0", "-1", "1e400", ".nan", "unlimited",
    "replicas: ", "do: ", "times: ", "web.browse", "\u{0}", "é",
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
