//! Where each decoded value was written.

use std::cell::RefCell;

use super::leaf::OriginId;
use crate::spec::diagnostic::{Diagnostic, Place};

/// Where a leaf was written.
#[derive(Clone, Debug)]
pub(in crate::spec) struct Origin {
    /// Its path in the file: `services.graasp.count`.
    pub(in crate::spec) path: String,
    /// The place of its value.
    pub(in crate::spec) value: Place,
    /// The place of its key; for an item of a list, the place of its value.
    pub(in crate::spec) key: Place,
    /// Its text in the file, without quotes; empty for lists and mappings.
    pub(in crate::spec) written: String,
    /// Whether it was written without quotes.
    pub(in crate::spec) plain: bool,
}

/// The origins of all leaves, by [`OriginId`].
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
