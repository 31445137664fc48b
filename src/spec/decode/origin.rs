//! Where each value of the mirror was written.

use std::cell::RefCell;

use super::leaf::OriginId;
use crate::spec::diagnostic::{Diagnostic, Place};

/// Where a leaf of the mirror came from.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Origin {
    /// The way to it: `services.graasp.count`.
    pub(in crate::spec) path: String,
    /// Where its value stands.
    pub(in crate::spec) value: Place,
    /// Where its key stands; the value's place for an item of a list.
    pub(in crate::spec) key: Place,
    /// The text as it stands in the file, without quotes; empty for lists and maps.
    pub(in crate::spec) written: String,
    /// Whether it was written without quotes.
    pub(in crate::spec) plain: bool,
}

/// The origins of a mirror's leaves, by [`OriginId`].
#[derive(Debug, Default)]
pub(in crate::spec) struct Origins(Vec<Origin>);

impl Origins {
    pub(super) fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    pub(in crate::spec) fn get(&self, at: OriginId) -> &Origin {
        &self.0[at.index()]
    }
}

/// What the deserializer collects on its way through a tree.
#[derive(Default)]
pub(super) struct DecodeNotes {
    pub(super) origins: RefCell<Vec<Origin>>,
    pub(super) problems: RefCell<Vec<Diagnostic>>,
}
