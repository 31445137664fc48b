//! The parts of a ledger: what it remembers of a release, a snapshot, a failed start, a correction.

use std::collections::BTreeMap;

use super::event::Event;
use crate::cloud::Cause;
use crate::model::{ImageRef, InputsId, Instant, Revision, State, Version, VersionKey};

/// A release in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// When it began.
    pub begun_at: Instant,
    /// The recorded schema version at the beginning.
    pub from: Version,
    /// The version that the release leads to.
    pub to: Version,
    /// Images as written → pinned.
    pub images: BTreeMap<ImageRef, ImageRef>,
}

/// A step of the release in progress that has failed for good, before the point of no return.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedStep {
    /// The version that the release leads to.
    pub to: Version,
    /// What failed, and AWS's own words.
    pub why: String,
}

/// A release that tidegate has given up.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenUp {
    /// When that happened.
    pub at: Instant,
    /// The schema version, which stayed.
    pub from: Version,
    /// The version that the release led to.
    pub to: Version,
    /// What failed, and AWS's own words.
    pub why: String,
}

/// A database snapshot that tidegate requested.
#[derive(Clone, Debug, PartialEq)]
pub struct SnapshotRecord {
    /// The identifier of the snapshot.
    pub identifier: String,
    /// The resource id of the database.
    pub resource_id: String,
    /// The recorded schema version.
    pub from: Version,
    /// The version that the release leads to.
    pub to: Version,
    /// Whether AWS has reported it as available.
    pub taken: bool,
}

/// A service that did not start.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedStart {
    /// The images that it should have run.
    pub images: Vec<ImageRef>,
    /// The reason that AWS gave.
    pub why: String,
    /// What else AWS reported meanwhile.
    pub said: Vec<String>,
    /// When that happened.
    pub at: Instant,
}

impl FailedStart {
    /// Why it failed, and below that what else AWS reported.
    pub fn words(&self) -> String {
        let said = self.said.iter().map(|line| format!("\n  | {line}"));
        std::iter::once(self.why.clone()).chain(said).collect()
    }

    /// What must be changed before the same images can come up, as far as AWS's words tell.
    pub fn remedy(&self) -> Option<&'static str> {
        let words = std::iter::once(&self.why).chain(&self.said);
        words.filter_map(|words| Cause::of(words)).find_map(Cause::remedy)
    }
}

/// A field that tidegate put back.
#[derive(Clone, Debug, PartialEq)]
pub struct Correction {
    /// When that happened.
    pub at: Instant,
    /// The resource: `service/web`.
    pub resource: String,
    /// The field of the resource.
    pub field: String,
    /// The value that tidegate found.
    pub before: String,
    /// The declared value that tidegate set.
    pub after: String,
}

/// The newest time at which the environment was as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Converged {
    /// When that happened.
    pub at: Instant,
    /// The effective state that it had.
    pub state: State,
    /// The versions that it had.
    pub versions: BTreeMap<VersionKey, Version>,
    /// The revision that declared them.
    pub revision: Revision,
    /// What the declaration was made of; none in a journal that is older than this.
    pub inputs: Option<InputsId>,
    /// Fingerprints of the declaration and of its parts.
    pub declaration: BTreeMap<String, String>,
    /// The schema version of each database that the versions ran on.
    pub schema: BTreeMap<String, Version>,
}

impl Converged {
    /// The event that says so, and when it happened.
    pub(super) fn into_event(self) -> (Instant, Event) {
        let Self { at, state, versions, revision, inputs, declaration, schema } = self;
        (at, Event::Converged { state, versions, revision, inputs, declaration, schema })
    }

    /// Whether no commit since has concerned the environment, which is made of `inputs` at `revision` now.
    pub fn is_of(&self, revision: &Revision, inputs: &InputsId) -> bool {
        self.inputs.as_ref().map_or(self.revision == *revision, |reached| reached == inputs)
    }
}
