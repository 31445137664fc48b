//! The parts of a ledger: what it remembers of a release, a snapshot, a failed start, a correction.

use std::collections::BTreeMap;

use crate::model::{ImageRef, Instant, Revision, State, Version, VersionKey};

/// A release under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Since when.
    pub begun_at: Instant,
    /// Recorded version at the beginning.
    pub from: Version,
    /// Wanted version.
    pub to: Version,
    /// Images as written → pinned.
    pub images: BTreeMap<ImageRef, ImageRef>,
}

/// A snapshot of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotRecord {
    /// Its identifier.
    pub identifier: String,
    /// The database.
    pub resource_id: String,
    /// Recorded version.
    pub from: Version,
    /// Wanted version.
    pub to: Version,
    /// Whether it was seen available.
    pub taken: bool,
}

/// A service that did not come up.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedStart {
    /// Images it was to run.
    pub images: Vec<ImageRef>,
    /// AWS's reason.
    pub why: String,
    /// When.
    pub at: Instant,
}

/// A field that was put back.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// When.
    pub at: Instant,
    /// Of what.
    pub resource: String,
    /// Which field.
    pub field: String,
    /// What it was found at.
    pub before: String,
    /// What it was put back to.
    pub after: String,
}

/// What was last reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Converged {
    /// When.
    pub at: Instant,
    /// The effective state.
    pub state: State,
    /// The versions.
    pub versions: BTreeMap<VersionKey, Version>,
    /// Where the request came from.
    pub revision: Revision,
    /// Fingerprints of the declaration and of its parts.
    pub declaration: BTreeMap<String, String>,
}
