//! Events as the journal writes them. The words are the format: they are changed by a new format, never in place.
//! A field that is added has a default, so that lines without it stay readable.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::parts::{WireGateParts, WireHow, WireOutcome, WireRollback, WireScaling, WireState};
use super::placement::WirePlacement;
use super::request::WireRequest;

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum WireEvent {
    ReleaseBegun {
        from: String,
        to: String,
        images: BTreeMap<String, String>,
        revision: String,
    },
    GateClosed {
        #[serde(default)]
        was_open: bool,
        #[serde(default)]
        with: Option<WireGateParts>,
    },
    Drained,
    GateOpened,
    SnapshotIntent {
        identifier: String,
        resource_id: String,
        from: String,
        to: String,
    },
    SnapshotTaken {
        identifier: String,
    },
    MigrationIntent {
        resource_id: String,
        from: String,
        to: String,
        attempt: u32,
        client_token: String,
        started_by: String,
        definition: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placement: Option<WirePlacement>,
    },
    MigrationTask {
        attempt: u32,
        task: String,
    },
    MigrationRunning {
        attempt: u32,
    },
    MigrationEnded {
        attempt: u32,
        outcome: WireOutcome,
    },
    MigrationOverdue {
        attempt: u32,
    },
    SchemaRecorded {
        version: String,
        resource_id: String,
        how: WireHow,
    },
    Settled,
    CodeStarted {
        service: String,
    },
    StartFailed {
        service: String,
        images: Vec<String>,
        why: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        said: Vec<String>,
    },
    ChecksPassed,
    ReleaseFinished {
        to: String,
    },
    StepFailed {
        to: String,
        why: String,
    },
    ReleaseStalled {
        to: String,
        why: String,
    },
    ReleaseResumed {
        to: String,
    },
    ReleaseGivenUp {
        from: String,
        to: String,
        why: String,
    },
    RollbackBorrowed {
        service: String,
        was: WireRollback,
    },
    RollbackRestored {
        service: String,
    },
    ScalingBorrowed {
        service: String,
        was: WireScaling,
    },
    ScalingRestored {
        service: String,
    },
    Corrected {
        resource: String,
        field: String,
        before: String,
        after: String,
    },
    Converged {
        state: WireState,
        versions: BTreeMap<String, String>,
        revision: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inputs: Option<String>,
        #[serde(default)]
        declaration: BTreeMap<String, String>,
        #[serde(default)]
        schema: BTreeMap<String, String>,
    },
    OwnerClaimed,
    Requested(WireRequest),
    OverrideEnded {
        why: String,
    },
    SuspensionEnded {
        why: String,
    },
    FoundAwake {
        parts: BTreeSet<String>,
    },
    DatabaseStopped {
        resource_id: String,
    },
}
