//! From the tree to the mirror: a serde deserializer that keeps places and goes on after a problem.
//!
//! An ordinary deserializer stops at the first key it does not know and the first value of the wrong type.
//! This one writes such a problem down, with its place, and leaves a hole ([`Leaf::value`] is `None`): the
//! mirror is always complete, and so is the list of what is wrong with it.

mod access;
mod leaf;
mod mismatch;

use std::cell::RefCell;

use serde::Deserialize;

use super::diagnostic::{Diagnostic, Place};
use super::tree::Node;
use access::NodeDeserializer;
pub(super) use leaf::{At, HasShortForm, Leaf, OneOrMany, ShortFor, Table, Written};

/// Where a leaf of the mirror came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The way to it: `services.graasp.count`.
    pub(super) path: String,
    /// Where its value stands.
    pub(super) value: Place,
    /// Where its key stands; the value's place for an item of a list.
    pub(super) key: Place,
    /// The text as it stands in the file, without quotes; empty for lists and maps.
    pub(super) written: String,
    /// Whether it was written without quotes.
    pub(super) plain: bool,
}

/// The origins of a mirror's leaves, by [`At`].
#[derive(Debug, Default)]
pub(super) struct Origins(Vec<Origin>);

impl Origins {
    pub(super) fn get(&self, at: At) -> &Origin {
        &self.0[at.index()]
    }
}

/// Fills a mirror from a tree. The mirror's root is a leaf itself, so nothing can fail.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(node: &Node) -> (Leaf<T>, Origins, Vec<Diagnostic>) {
    let notes = Notes::default();
    let root = NodeDeserializer { node, key: &node.place, path: String::new(), notes: &notes };
    let leaf = Leaf::deserialize(root).expect("a leaf keeps what is wrong with it");
    (leaf, Origins(notes.origins.into_inner()), notes.problems.into_inner())
}

/// What is written down on the way.
#[derive(Default)]
struct Notes {
    origins: RefCell<Vec<Origin>>,
    problems: RefCell<Vec<Diagnostic>>,
}
