//! Distributions as written: `20ms`, `{exp: 7s}`, `{p50: 2ms, p99: 15ms}`, `{mixture: [...]}`.
//!
//! One table lists the laws with the parameters each may be given by; reading, messages and schema follow it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::decode::{At, Decode, Keys, fields, listed, record, wrong_type};
use super::quantity::{Bytes, Seconds, Weight, bytes, duration, not_negative_number, whole};
use super::tree::{Entry, Node, Value, shorten};
use crate::diagnostic::{Diagnostic, Diagnostics, Span, nearest};
use crate::dist::{Count, Dist, DistError};

/// A distribution of times.
#[derive(Clone, Debug)]
pub enum Law {
    /// In closed form.
    Known(Dist),
    /// A column of a file, still to be read.
    Empirical(Empirical),
    /// One of several, by weight.
    Mixture(Vec<(f64, At<Law>)>),
}

record! {
    /// Values observed, from a column of a CSV file; each draw is one of them.
    pub struct Empirical ("an empirical distribution") {
        /// The CSV file, relative to the model file.
        "file" file: String,
        /// The column by its header; the first one unless stated.
        "column" column: String,
        /// The unit of plain numbers in the column, such as `ms` or `KiB`.
        "unit" unit: String,
    }
    required: ["file"];
}

/// A distribution of sizes, in bytes.
#[derive(Clone, Debug)]
pub struct SizeLaw(pub Law);

record! {
    /// One part of a mixture of sizes.
    pub struct SizePart ("a part of a mixture") {
        /// How often it is drawn, relative to the others.
        "weight" weight: Weight,
        /// The distribution of this part.
        "of" of: SizeLaw,
    }
    required: ["weight", "of"];
}

record! {
    /// One part of a mixture.
    pub struct Part ("a part of a mixture") {
        /// How often it is drawn, relative to the others.
        "weight" weight: Weight,
        /// The distribution of this part.
        "of" of: Law,
    }
    required: ["weight", "of"];
}

/// What a parameter is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A duration; it scales the law.
    Time,
    /// A plain number; it shapes the law.
    Shape,
}

/// Parameters by name.
const PARAMETERS: [(&str, Kind); 11] = [
    ("mean", Kind::Time),
    ("sd", Kind::Time),
    ("p50", Kind::Time),
    ("p99", Kind::Time),
    ("min", Kind::Time),
    ("max", Kind::Time),
    ("scale", Kind::Time),
    ("cv", Kind::Shape),
    ("k", Kind::Shape),
    ("shape", Kind::Shape),
    ("alpha", Kind::Shape),
];

/// Constructs a law from its parameters, in the order of its form.
type Make = fn(&[f64]) -> Result<Dist, DistError>;

/// A law: its name, the sets of parameters that give it, and its hover text.
struct Family {
    name: &'static str,
    doc: &'static str,
    forms: &'static [(&'static [&'static str], Make)],
}

impl Family {
    /// The constructor of a law that its mean alone determines.
    fn by_mean(&self) -> Option<Make> {
        match self.forms {
            [(names, make)] if *names == ["mean"] => Some(*make),
            _ => None,
        }
    }
}

/// A parameter that must be whole and small, such as the stages of an Erlang law.
fn stages(k: f64) -> Result<u32, DistError> {
    if k.fract() == 0.0 && (1.0..=1e6).contains(&k) {
        Ok(k as u32)
    } else {
        Err(DistError::new("k", k, "a whole number from 1 to 1,000,000"))
    }
}

const FAMILIES: &[Family] = &[
    Family { name: "constant", doc: "Always the same.", forms: &[(&["mean"], |p| Dist::constant(p[0]))] },
    Family {
        name: "exp",
        doc: "Exponential: `exp: 7s` is its mean.",
        forms: &[(&["mean"], |p| Dist::exp(p[0]))],
    },
    Family {
        name: "erlang",
        doc: "Sum of `k` exponential stages.",
        forms: &[(&["mean", "k"], |p| Dist::erlang(stages(p[1])?, p[0]))],
    },
    Family {
        name: "gamma",
        doc: "Gamma.",
        forms: &[
            (&["mean", "cv"], |p| Dist::gamma(p[0], p[1])),
            (&["mean", "shape"], |p| Dist::gamma(p[0], 1.0 / p[1].sqrt())),
            (&["scale", "shape"], |p| Dist::gamma(p[0] * p[1], 1.0 / p[1].sqrt())),
        ],
    },
    Family {
        name: "lognormal",
        doc: "Lognormal, by moments or by percentiles.",
        forms: &[
            (&["mean", "cv"], |p| Dist::lognormal(p[0], p[1])),
            (&["p50", "p99"], |p| Dist::lognormal_p50_p99(p[0], p[1])),
        ],
    },
    Family {
        name: "weibull",
        doc: "Weibull; a shape below 1 has a heavy tail.",
        forms: &[
            (&["mean", "shape"], |p| Dist::weibull(p[0], p[1])),
            (&["scale", "shape"], |p| Dist::weibull_scale(p[0], p[1])),
        ],
    },
    Family {
        name: "pareto",
        doc: "Pareto: P(X > x) = (min / x)^alpha.",
        forms: &[
            (&["mean", "alpha"], |p| Dist::pareto_mean(p[0], p[1])),
            (&["min", "alpha"], |p| Dist::pareto(p[0], p[1])),
        ],
    },
    Family {
        name: "hyperexp",
        doc: "Two exponential phases of balanced means; cv at least 1.",
        forms: &[(&["mean", "cv"], |p| Dist::hyperexp(p[0], p[1]))],
    },
    Family {
        name: "uniform",
        doc: "Uniform between two times.",
        forms: &[(&["min", "max"], |p| Dist::uniform(p[0], p[1]))],
    },
    Family {
        name: "normal",
        doc: "Normal, truncated at 0.",
        forms: &[
            (&["mean", "sd"], |p| Dist::normal(p[0], p[1])),
            (&["mean", "cv"], |p| Dist::normal(p[0], p[0] * p[1])),
        ],
    },
];

/// Laws that are not in the table.
const OTHERS: [&str; 2] = ["empirical", "mixture"];

/// Whether a law has a scale of its own (a time), or takes it from a rate (a gap between arrivals).
#[derive(Clone, Copy, PartialEq)]
pub enum Scale {
    /// All parameters are given, as times.
    Own,
    /// All parameters are given, as sizes.
    Size,
    /// Its mean is 1; no time is given.
    Unit,
}

impl Scale {
    /// A time or a size.
    fn amount(self, node: &Node, sink: &mut Diagnostics) -> Option<f64> {
        match self {
            Self::Own | Self::Unit => Seconds::decode(node, sink).map(|seconds| seconds.0),
            Self::Size => Bytes::decode(node, sink).map(|bytes| bytes.0),
        }
    }

    /// For messages: a distribution that could stand there.
    fn example(self) -> &'static str {
        match self {
            Self::Own | Self::Unit => "such as `{exp: 20ms}` or `{mean: 5ms, cv: 1.2}`",
            Self::Size => "such as `{exp: 20KiB}` or `{mean: 5KiB, cv: 1.2}`",
        }
    }
}

impl Decode for SizeLaw {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Scalar { .. } => {
                let bytes = Scale::Size.amount(node, sink)?;
                known(Dist::constant(bytes), node.span, "a size", sink)
            }
            Value::Map(entries) => law_of_map(node, entries, Scale::Size, sink),
            _ => {
                sink.push(wrong_type(node, "a size or a distribution of sizes").label(Scale::Size.example()));
                None
            }
        }
        .map(Self)
    }
}

impl Decode for Law {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        match &node.value {
            Value::Scalar { .. } => {
                let seconds = Seconds::decode(node, sink)?.0;
                known(Dist::constant(seconds), node.span, "a duration", sink)
            }
            Value::Map(entries) => law_of_map(node, entries, Scale::Own, sink),
            _ => {
                sink.push(
                    wrong_type(node, "a duration or a distribution").label("such as `20ms` or `{exp: 20ms}`"),
                );
                None
            }
        }
    }
}

fn law_of_map(node: &Node, entries: &[Entry], scale: Scale, sink: &mut Diagnostics) -> Option<Law> {
    // `{mean, cv}` and `{p50, p99}` are lognormal without saying so.
    let is_parameter = |entry: &Entry| PARAMETERS.iter().any(|(name, _)| *name == entry.key);
    if !entries.is_empty() && entries.iter().all(is_parameter) {
        return family("lognormal").and_then(|lognormal| of_family(lognormal, node, scale, sink));
    }
    let [entry] = entries else {
        let message = format!("found a map with {} keys, expected a distribution", entries.len());
        sink.push(Diagnostic::error(node.span, message).label(scale.example()));
        return None;
    };
    named_law(entry, scale, sink)
}

fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// Whether a key names a law.
#[must_use]
pub fn is_law(key: &str) -> bool {
    family(key).is_some() || OTHERS.contains(&key)
}

/// Reads `exp: 7s`, `gamma: {...}` and so on.
pub fn named_law(entry: &Entry, scale: Scale, sink: &mut Diagnostics) -> Option<Law> {
    match entry.key.as_str() {
        "empirical" => Empirical::decode(&entry.value, sink).map(Law::Empirical),
        "mixture" => mixture(&entry.value, scale, sink),
        key => match family(key) {
            Some(family) => of_family(family, &entry.value, scale, sink),
            None => {
                sink.push(unknown_law(entry));
                None
            }
        },
    }
}

fn unknown_law(entry: &Entry) -> Diagnostic {
    let names: Vec<_> = FAMILIES.iter().map(|family| family.name).chain(OTHERS).collect();
    let parameters = PARAMETERS.iter().map(|(name, _)| *name);
    let similar = nearest(&entry.key, names.iter().copied().chain(parameters));
    let help = match similar {
        Some(name) => format!("a similar name exists: `{name}`"),
        None => format!("distributions are {}", listed(&names, usize::MAX)),
    };
    Diagnostic::error(entry.key_span, format!("`{}` is no distribution", shorten(&entry.key))).help(help)
}

fn mixture(node: &Node, scale: Scale, sink: &mut Diagnostics) -> Option<Law> {
    let parts: Vec<_> = if scale == Scale::Size {
        let parts = Vec::<At<SizePart>>::decode(node, sink)?.into_iter().map(|part| part.value);
        parts.filter_map(|part| Some((part.weight?.value.0, part.of?.map(|of| of.0)))).collect()
    } else {
        let parts = Vec::<At<Part>>::decode(node, sink)?.into_iter().map(|part| part.value);
        parts.filter_map(|part| Some((part.weight?.value.0, part.of?))).collect()
    };
    let sum: f64 = parts.iter().map(|(weight, _)| weight).sum();
    if sum <= 0.0 || !sum.is_finite() {
        sink.push(
            Diagnostic::error(node.span, "the weights of the mixture sum to 0")
                .label("expected a weight above 0"),
        );
        return None;
    }
    Some(Law::Mixture(parts))
}

fn of_family(family: &'static Family, node: &Node, scale: Scale, sink: &mut Diagnostics) -> Option<Law> {
    let what = format!("`{}`", family.name);
    // A law with one parameter is given by it: `exp: 7s`.
    if let Some(make) = family.by_mean()
        && let Value::Scalar { .. } = node.value
        && scale != Scale::Unit
    {
        return known(make(&[scale.amount(node, sink)?]), node.span, &what, sink);
    }
    let given = parameters(family, node, scale, sink)?;
    let is_given = |name: &str| given.iter().any(|(given, _)| *given == name);
    let form = family
        .forms
        .iter()
        .find(|(names, _)| names.len() == given.len() && names.iter().all(|name| is_given(name)));
    let Some((names, make)) = form else {
        sink.push(
            Diagnostic::error(node.span, format!("{what} is given by {}", forms(family, scale)))
                .label("too few or too many parameters"),
        );
        return None;
    };
    let value = |name: &&str| given.iter().find(|(given, _)| given == name).map_or(1.0, |(_, value)| *value);
    let values: Vec<f64> = names.iter().map(value).collect();
    let result = make(&values);
    // What the constructor objects to, as it was written.
    let culprit = result.as_ref().err().and_then(|error| {
        let entry = node.entries()?.iter().find(|entry| entry.key == error.parameter)?;
        let message = format!("{} is no possible `{}` of {what}", entry.value.describe(), error.parameter);
        Some(Diagnostic::error(entry.value.span, message).label(format!("expected {}", error.expected)))
    });
    match culprit {
        None => known(result, node.span, &what, sink),
        Some(diagnostic) => {
            sink.push(diagnostic);
            None
        }
    }
}

/// The parameters given, with their values. Without a scale of its own, a law has a mean of 1.
fn parameters(
    family: &Family,
    node: &Node,
    scale: Scale,
    sink: &mut Diagnostics,
) -> Option<Vec<(&'static str, f64)>> {
    let allowed = |name: &str| family.forms.iter().any(|(names, _)| names.contains(&name));
    let mut given = Vec::new();
    let Value::Map(entries) = &node.value else {
        sink.push(
            wrong_type(node, &format!("the parameters of `{}`", family.name)).label(forms(family, scale)),
        );
        return None;
    };
    let errors = sink.errors();
    for entry in entries {
        let known = PARAMETERS.iter().find(|(name, kind)| {
            *name == entry.key && allowed(name) && (scale != Scale::Unit || *kind == Kind::Shape)
        });
        let Some(&(name, kind)) = known else {
            let message = format!("`{}` is no parameter of `{}`", shorten(&entry.key), family.name);
            sink.push(
                Diagnostic::error(entry.key_span, message)
                    .label(format!("expected {}", forms(family, scale))),
            );
            continue;
        };
        let value = match kind {
            Kind::Time if scale == Scale::Size => {
                super::decode::parsed(&entry.value, "a size such as `20KiB`", sink, bytes)
            }
            Kind::Time => super::decode::parsed(&entry.value, "a duration such as `20ms`", sink, duration),
            Kind::Shape => super::decode::parsed(&entry.value, "a number", sink, not_negative_number),
        };
        given.extend(value.map(|value| (name, value)));
    }
    if scale == Scale::Unit {
        given.push(("mean", 1.0));
    }
    (sink.errors() == errors).then_some(given)
}

/// `` `mean` and `cv`, or `p50` and `p99` ``
fn forms(family: &Family, scale: Scale) -> String {
    let shown = |(names, _): &(&[&str], Make)| match scale {
        Scale::Own | Scale::Size => Some(listed(names, usize::MAX)),
        Scale::Unit if names.contains(&"mean") => {
            let shapes: Vec<_> = names.iter().copied().filter(|name| *name != "mean").collect();
            Some(listed(&shapes, usize::MAX))
        }
        Scale::Unit => None,
    };
    family.forms.iter().filter_map(shown).collect::<Vec<_>>().join(", or ")
}

/// Reports what a constructor found wrong.
fn known(result: Result<Dist, DistError>, span: Span, what: &str, sink: &mut Diagnostics) -> Option<Law> {
    match result {
        Ok(dist) => Some(Law::Known(dist)),
        Err(error) => {
            sink.push(illegal(&error, span, what));
            None
        }
    }
}

/// The message for parameters that no distribution can have.
#[must_use]
pub fn illegal(error: &DistError, span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(span, format!("{what} cannot have a {} of {}", error.parameter, error.value))
        .label(format!("expected {}", error.expected))
}

impl JsonSchema for Law {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DurationDistribution".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (seconds, parts) = (generator.subschema_for::<Seconds>(), generator.subschema_for::<Vec<Part>>());
        let choices = law_schemas(&seconds, parts, generator);
        json_schema!({"description": "A duration, constant or drawn from a distribution.", "anyOf": choices})
    }
}

impl JsonSchema for SizeLaw {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SizeDistribution".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (bytes, parts) = (generator.subschema_for::<Bytes>(), generator.subschema_for::<Vec<SizePart>>());
        let choices = law_schemas(&bytes, parts, generator);
        json_schema!({"description": "A size, constant or drawn from a distribution.", "anyOf": choices})
    }
}

/// All ways to give a law whose parameters are `amount`s.
fn law_schemas(amount: &Schema, parts: Schema, generator: &mut SchemaGenerator) -> Vec<serde_json::Value> {
    let mut choices = vec![amount.clone().to_value()];
    choices.push(one_key(
        "empirical",
        "Values of a CSV column.",
        generator.subschema_for::<Empirical>().to_value(),
    ));
    choices.push(one_key("mixture", "One of several, by weight.", parts.to_value()));
    for family in FAMILIES {
        let mut forms: Vec<_> = family.forms.iter().map(|(names, _)| form_schema(names, amount)).collect();
        if family.name == "lognormal" {
            choices.extend(forms.iter().cloned());
        }
        if family.by_mean().is_some() {
            forms = vec![amount.clone().to_value()];
        }
        choices.push(one_key(family.name, family.doc, serde_json::json!({"anyOf": forms})));
    }
    choices
}

fn form_schema(names: &[&str], amount: &Schema) -> serde_json::Value {
    let kind =
        |name: &str| PARAMETERS.iter().find(|(parameter, _)| *parameter == name).map(|(_, kind)| *kind);
    let property = |name: &&str| {
        let schema = match kind(name) {
            Some(Kind::Time) => amount.clone().to_value(),
            _ => serde_json::json!({"type": "number", "minimum": 0}),
        };
        ((*name).to_owned(), schema)
    };
    let properties: serde_json::Map<_, _> = names.iter().map(property).collect();
    serde_json::json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

/// An object of one key.
pub fn one_key(key: &str, doc: &str, mut schema: serde_json::Value) -> serde_json::Value {
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), doc.into());
    }
    serde_json::json!({"type": "object", "properties": {key: schema}, "required": [key], "additionalProperties": false})
}

/// A distribution of whole numbers: `3`, `{geometric: {mean: 4}}`.
#[derive(Clone, Debug)]
pub enum Counts {
    /// In closed form.
    Known(Count),
    /// A column of a file, still to be read.
    Empirical(Empirical),
}

/// Counts above this are surely an error, and would keep a simulation in one loop.
pub const COUNT_MAX: u64 = 1_000_000;

const COUNT_LAWS: [&str; 4] = ["constant", "geometric", "uniform", "empirical"];

impl Decode for Counts {
    fn decode(node: &Node, sink: &mut Diagnostics) -> Option<Self> {
        if let Value::Scalar { .. } = node.value {
            return Some(Self::Known(Count::constant(count(node, sink)?)));
        }
        let Some([entry]) = node.entries() else {
            sink.push(
                wrong_type(node, "a whole number or a distribution of whole numbers")
                    .label("such as `3` or `{geometric: {mean: 4}}`"),
            );
            return None;
        };
        let value = &entry.value;
        let law = match entry.key.as_str() {
            "constant" => Count::constant(count(value, sink)?),
            "geometric" => geometric(value, sink)?,
            "uniform" => uniform(value, sink)?,
            "empirical" => return Empirical::decode(value, sink).map(Self::Empirical),
            key => {
                let message = format!("`{}` is no distribution of whole numbers", shorten(key));
                let help = match nearest(key, COUNT_LAWS) {
                    Some(name) => format!("a similar name exists: `{name}`"),
                    None => format!("distributions of whole numbers are {}", listed(&COUNT_LAWS, usize::MAX)),
                };
                sink.push(Diagnostic::error(entry.key_span, message).help(help));
                return None;
            }
        };
        Some(Self::Known(law))
    }
}

fn count(node: &Node, sink: &mut Diagnostics) -> Option<u64> {
    let value = super::decode::parsed(node, "a whole number", sink, whole)?;
    if value > COUNT_MAX {
        sink.push(
            Diagnostic::error(node.span, format!("{value} is too many"))
                .label(format!("expected at most {COUNT_MAX}")),
        );
        return None;
    }
    Some(value)
}

fn geometric(node: &Node, sink: &mut Diagnostics) -> Option<Count> {
    const KEYS: Keys =
        Keys { what: "a geometric distribution", known: &["mean"], required: &["mean"], later: &[] };
    let mut mean = None;
    let mut read = |node: &Node, sink: &mut Diagnostics| {
        mean = super::decode::parsed(node, "a number", sink, not_negative_number)
            .map(|mean| At { span: node.span, value: mean });
    };
    match node.value {
        Value::Scalar { .. } => read(node, sink),
        _ => {
            fields(node, &KEYS, sink, |entry, sink| read(&entry.value, sink));
        }
    }
    let mean = mean?;
    if mean.value > COUNT_MAX as f64 {
        sink.push(
            Diagnostic::error(mean.span, format!("a mean of {} is too many", mean.value))
                .label(format!("expected at most {COUNT_MAX}")),
        );
        return None;
    }
    Count::geometric(mean.value).map_err(|error| sink.push(illegal(&error, mean.span, "`geometric`"))).ok()
}

fn uniform(node: &Node, sink: &mut Diagnostics) -> Option<Count> {
    const KEYS: Keys = Keys {
        what: "a uniform distribution",
        known: &["min", "max"],
        required: &["min", "max"],
        later: &[],
    };
    let (mut min, mut max) = (None, None);
    fields(node, &KEYS, sink, |entry, sink| {
        let value = count(&entry.value, sink);
        if entry.key == "min" { min = value } else { max = value }
    });
    Count::uniform(min?, max?).map_err(|error| sink.push(illegal(&error, node.span, "`uniform`"))).ok()
}

impl JsonSchema for Counts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CountDistribution".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = generator.subschema_for::<super::quantity::Whole>().to_value();
        let number = serde_json::json!({"type": "number", "minimum": 0});
        let geometric = serde_json::json!({"anyOf": [number, {"type": "object", "properties": {"mean": number}, "required": ["mean"], "additionalProperties": false}]});
        let uniform = serde_json::json!({"type": "object", "properties": {"min": whole, "max": whole}, "required": ["min", "max"], "additionalProperties": false});
        json_schema!({
            "description": "A whole number, constant or drawn from a distribution.",
            "anyOf": [
                whole,
                one_key("constant", "Always the same.", whole.clone()),
                one_key("geometric", "Geometric on 0, 1, 2, ...", geometric),
                one_key("uniform", "Uniform, both ends included.", uniform),
                one_key("empirical", "Values of a CSV column.", generator.subschema_for::<Empirical>().to_value()),
            ]
        })
    }
}
