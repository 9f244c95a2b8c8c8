//! The model file as written: YAML into typed values that know where they stand.
//!
//! [`tree`] reads YAML, [`decode`] turns it into the types of the other files, which are the model language. What a model
//! means (whether names exist, whether a queue has workers to wait for) is checked by `compile`.

pub mod data;
pub mod decode;
pub mod growth;
pub mod knob;
pub mod law;
pub mod link;
pub mod load;
pub mod place;
pub mod quantity;
pub mod range;
pub mod set;
pub mod step;
pub mod study;
pub mod timed;
pub mod tree;
pub mod turn;
pub mod uncertain;
pub mod variant;

use decode::{Named, record};
use growth::Growth;
use knob::Knobs;
use link::{Link, Region};
use load::Load;
use place::{Cache, Database, External, Pool, Queue, Service};
use quantity::Whole;
use study::{Business, Objectives, Peak, Study};
use uncertain::Between;
use variant::Changes;

record! {
    /// A model of an architecture and its load.
    pub struct Spec ("a model") {
        /// The version of the language: 1.
        "knee" knee: Whole,
        /// What the model is called; the name of the file unless stated.
        "name" name: String,
        /// Who asks: one load group, or a map of named ones.
        "load" load: Load,
        /// Services: replicas that run endpoints.
        "services" services: Named<Service>,
        /// Systems of somebody else.
        "externals" externals: Named<External>,
        /// Databases.
        "databases" databases: Named<Database>,
        /// Caches.
        "caches" caches: Named<Cache>,
        /// Network links: bandwidth that transfers share, and latency.
        "links" links: Named<Link>,
        /// Parts of the world, with the round-trip times between them.
        "regions" regions: Named<Region>,
        /// Connection pools and locks.
        "pools" pools: Named<Pool>,
        /// Queues of messages that nobody waits for.
        "queues" queues: Named<Queue>,
        /// Objectives by endpoint, or for `total`: `web.checkout: [p95 < 300ms, errors < 0.1%]`.
        "slo" slo: Named<Objectives>,
        /// What requests bring, and what they bring less when answers are slow.
        "business" business: Business,
        /// The load that is expected.
        "peak" peak: Peak,
        /// How to study the model.
        "study" study: Study,
        /// Named changes to the model, to compare it with: `no cache: {products.entries: 0}`.
        "variants" variants: Named<Changes>,
        /// Numbers that are not known exactly, and between what they lie: `{orders.product.read: 3ms..9ms}`.
        "uncertain" uncertain: Named<Between>,
        /// What `knee size` may choose, and among which values: `{web.replicas: 1..64, web_db.size: [10, 20, 40]}`.
        "size" size: Knobs,
        /// How the load grows, for `knee plan`: `{users: 800, monthly: 12%, from: 2026-12-01}`.
        "growth" growth: Growth,
    }
    required: ["knee", "load"];
    later: [
        "faults", "profiles", "knobs", "sizes", "milestones",
        "calendar",
    ];
}

/// The JSON Schema of the model language, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Spec).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), "knee model".into());
    }
    schema
}
