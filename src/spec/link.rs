//! The network: links, regions, and what goes over them.

use super::decode::{Named, record};
use super::law::{Law, SizeLaw};
use super::quantity::{Bandwidth, Cost, Fraction, Whole};

record! {
    /// A network link: all that goes over it at the same time shares its bandwidth equally.
    pub struct Link ("a link") {
        /// Bits per second, shared by all transfers: `100Mbps`.
        "bandwidth" bandwidth: Bandwidth,
        /// Time on the way, whatever the size; none unless stated.
        "latency" latency: Law,
        /// Money per time, per million transfers, or per size carried: `0.09 $/GiB`.
        "cost" cost: Cost,
    }
    required: ["bandwidth"];
    later: ["loss", "jitter", "faults"];
}
record! {
    /// A part of the world.
    pub struct Region ("a region") {
        /// Round-trip times to other regions, each given once: `{us: 80ms}`.
        "round_trips" round_trips: Named<Law>,
    }
    later: ["zones", "faults", "cost"];
}
record! {
    /// Sends bytes over a link, and waits until they are there.
    pub struct TransferStep ("a `transfer` step") {
        /// What goes over which link.
        "transfer" what: Transfer,
    }
}
record! {
    /// What goes over which link.
    pub struct Transfer ("a `transfer`") {
        /// The link.
        "over" over: String,
        /// How many bytes: a size or a distribution of sizes.
        "size" size: SizeLaw,
        /// What is compressed before it goes.
        "compress" compress: Compress,
    }
    required: ["over", "size"];
}
record! {
    /// Compression before a transfer.
    pub struct Compress ("a `compress`") {
        /// The share of the bytes that is saved: of 100 KiB at `75%` there go 25 KiB.
        "ratio" ratio: Fraction,
        /// Time on a core of the sender; none unless stated.
        "cpu" cpu: Law,
    }
    required: ["ratio"];
}
record! {
    /// The cost of a connection that is not open yet: TCP takes one round trip, TLS 1.3 one and TLS 1.2 two more.
    pub struct Connect ("a `connect`") {
        /// Round trips to set one up.
        "round_trips" round_trips: Whole,
        /// Share of the calls that find a connection open; none unless stated.
        "reuse" reuse: Fraction,
        /// The round-trip time, where regions do not give it.
        "rtt" rtt: Law,
    }
    required: ["round_trips"];
}
