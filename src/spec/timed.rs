//! What happens at a given time. Times count from the end of the warm-up, where what is recorded begins.

use super::decode::record;
use super::quantity::{Seconds, Whole};

record! {
    /// All entries of a cache are lost, on all its nodes, as by a restart or a deployment.
    pub struct Flush ("a flush") {
        /// When, from the end of the warm-up.
        "at" at: Seconds,
        /// And again after so long, until the end; once unless stated.
        "every" every: Seconds,
    }
    required: ["at"];
}
record! {
    /// A node of a cache is lost. Look-ups of its keys miss, and nothing is stored there until it is back: keys do not move to other nodes.
    pub struct LostNode ("a lost node") {
        /// Which one, from 1; with `per`, that of which replica.
        "node" node: Whole,
        /// When, from the end of the warm-up.
        "at" at: Seconds,
        /// It is back after so long, empty; it stays away unless stated.
        "for" time: Seconds,
    }
    required: ["node", "at"];
}
record! {
    /// The primary of a database is lost: what it works on and whatever needs it until a read replica has taken over fails.
    pub struct Failover ("a failover") {
        /// When the primary is lost, from the end of the warm-up.
        "at" at: Seconds,
        /// How long until the first read replica is the primary.
        "promotion" promotion: Seconds,
    }
    required: ["at", "promotion"];
}
