//! A fingerprint of a model: what it says, not how it is laid out.

use crate::rng::mix;
use crate::spec::tree::{Node, Value};

/// Collects what a result depends on. FNV-1a over the bytes, so that it does not change with the standard library.
#[derive(Clone, Debug)]
pub struct Digest {
    state: u64,
}

impl Default for Digest {
    fn default() -> Self {
        Self { state: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Digest {
    /// Adds a text, told apart from its neighbours.
    pub fn text(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            self.state = (self.state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.state = mix(self.state, text.len() as u64);
    }

    /// Adds a tree: keys and values in their order, without positions and comments.
    pub fn tree(&mut self, node: &Node) {
        match &node.value {
            Value::Null => self.text("~"),
            Value::Scalar { text, .. } => self.text(text),
            Value::List(items) => {
                self.text("[");
                items.iter().for_each(|item| self.tree(item));
                self.text("]");
            }
            Value::Map(entries) => {
                self.text("{");
                for entry in entries {
                    self.text(&entry.key);
                    self.tree(&entry.value);
                }
                self.text("}");
            }
        }
    }

    /// Sixteen hexadecimal digits.
    #[must_use]
    pub fn finish(&self) -> String {
        format!("{:016x}", self.state)
    }
}

/// A number for a name, the same in every build: FNV-1a, scrambled.
#[must_use]
pub fn name_hash(parts: &[&str]) -> u64 {
    let mut digest = Digest::default();
    parts.iter().for_each(|part| digest.text(part));
    digest.state
}
