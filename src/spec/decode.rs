//! From the tree to the types of `raw`: a serde deserializer that keeps places and continues after a problem.
//!
//! An ordinary deserializer stops at the first unknown key or wrong type. This one records the problem with its place
//! and leaves a hole ([`Leaf::value`] is `None`), so that one run finds every problem.

mod access;
mod leaf;
mod mismatch;
mod origin;

use serde::Deserialize;

use super::diagnostic::Diagnostic;
use super::tree::Node;
use access::NodeDeserializer;
pub(super) use leaf::{HasShortForm, Leaf, OneOrMany, OriginId, ShortFor, Table, TextOrScalar};
use origin::DecodeNotes;
pub(super) use origin::{Origin, Origins};

/// Fills a `raw` type from a tree. Its root is a leaf itself, so this cannot fail.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(node: &Node) -> (Leaf<T>, Origins, Vec<Diagnostic>) {
    let notes = DecodeNotes::default();
    let root = NodeDeserializer { node, key: &node.place, path: String::new(), notes: &notes };
    let leaf = Leaf::deserialize(root).expect("a leaf records its problems instead of failing");
    (leaf, Origins::new(notes.origins.into_inner()), notes.problems.into_inner())
}
