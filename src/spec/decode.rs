//! From the tree to the mirror: a serde deserializer that keeps places and goes on after a problem.
//!
//! An ordinary deserializer stops at the first key it does not know and the first value of the wrong type.
//! This one writes such a problem down, with its place, and leaves a hole ([`Leaf::value`] is `None`): the
//! mirror is always complete, and so is the list of what is wrong with it.

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

/// Fills a mirror from a tree. The mirror's root is a leaf itself, so nothing can fail.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(node: &Node) -> (Leaf<T>, Origins, Vec<Diagnostic>) {
    let notes = DecodeNotes::default();
    let root = NodeDeserializer { node, key: &node.place, path: String::new(), notes: &notes };
    let leaf = Leaf::deserialize(root).expect("a leaf keeps what is wrong with it");
    (leaf, Origins::new(notes.origins.into_inner()), notes.problems.into_inner())
}
