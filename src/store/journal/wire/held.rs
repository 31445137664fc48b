//! The parts of a ledger as a checkpoint writes them: a release, an attempt, a failed start and the others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parts::{WireOutcome, WireState, named, texts};
use super::placement::WirePlacement;
use super::request::WireRequest;
use crate::cloud::Placement;
use crate::model::{ImageRef, InputsId, Instant, Revision, Version, VersionKey};
use crate::store::journal::attempt::{Attempt, AttemptStatus};
use crate::store::journal::records::{
    Converged, Correction, FailedStart, FailedStep, GivenUp, Release, SnapshotRecord,
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireRelease {
    begun_at: Instant,
    from: String,
    to: String,
    images: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireSnapshot {
    identifier: String,
    resource_id: String,
    from: String,
    to: String,
    taken: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireAttempt {
    resource_id: String,
    from: String,
    to: String,
    number: u32,
    intended_at: Instant,
    client_token: String,
    started_by: String,
    definition: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placement: Option<WirePlacement>,
    task: Option<String>,
    reached_running: bool,
    stop: Option<WireRequest>,
    overdue: bool,
    ended_badly: bool,
    status: WireStatus,
    after: Vec<WireOutcome>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WireStatus {
    Open,
    Ended { outcome: WireOutcome, at: Instant },
    Closed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFailedStart {
    images: Vec<String>,
    why: String,
    said: Vec<String>,
    at: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFailedStep {
    to: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireGivenUp {
    at: Instant,
    from: String,
    to: String,
    why: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireCorrection {
    at: Instant,
    resource: String,
    field: String,
    before: String,
    after: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireConverged {
    at: Instant,
    state: WireState,
    versions: BTreeMap<String, String>,
    revision: String,
    declaration: BTreeMap<String, String>,
    inputs: Option<String>,
    schema: BTreeMap<String, String>,
}

impl From<Release> for WireRelease {
    fn from(release: Release) -> Self {
        let Release { begun_at, from, to, images } = release;
        Self { begun_at, from: from.to_string(), to: to.to_string(), images: texts(&images) }
    }
}

impl From<WireRelease> for Release {
    fn from(release: WireRelease) -> Self {
        let WireRelease { begun_at, from, to, images } = release;
        let images = named(images, ImageRef::new, ImageRef::new);
        Self { begun_at, from: Version::new(from), to: Version::new(to), images }
    }
}

impl From<SnapshotRecord> for WireSnapshot {
    fn from(snapshot: SnapshotRecord) -> Self {
        let SnapshotRecord { identifier, resource_id, from, to, taken } = snapshot;
        Self { identifier, resource_id, from: from.to_string(), to: to.to_string(), taken }
    }
}

impl From<WireSnapshot> for SnapshotRecord {
    fn from(snapshot: WireSnapshot) -> Self {
        let WireSnapshot { identifier, resource_id, from, to, taken } = snapshot;
        Self { identifier, resource_id, from: Version::new(from), to: Version::new(to), taken }
    }
}

impl From<Attempt> for WireAttempt {
    fn from(attempt: Attempt) -> Self {
        let Attempt {
            resource_id,
            from,
            to,
            number,
            intended_at,
            client_token,
            started_by,
            definition,
            placement,
            task,
            reached_running,
            stop,
            overdue,
            ended_badly,
            status,
            after,
        } = attempt;
        let status = match status {
            AttemptStatus::Open => WireStatus::Open,
            AttemptStatus::Ended { outcome, at } => WireStatus::Ended { outcome: (&outcome).into(), at },
            AttemptStatus::Closed => WireStatus::Closed,
        };
        Self {
            resource_id,
            from: from.to_string(),
            to: to.to_string(),
            number,
            intended_at,
            client_token,
            started_by,
            definition,
            placement: placement.as_ref().map(WirePlacement::from),
            task,
            reached_running,
            stop: stop.map(Into::into),
            overdue,
            ended_badly,
            status,
            after: after.iter().map(Into::into).collect(),
        }
    }
}

impl From<WireAttempt> for Attempt {
    fn from(attempt: WireAttempt) -> Self {
        let WireAttempt {
            resource_id,
            from,
            to,
            number,
            intended_at,
            client_token,
            started_by,
            definition,
            placement,
            task,
            reached_running,
            stop,
            overdue,
            ended_badly,
            status,
            after,
        } = attempt;
        let status = match status {
            WireStatus::Open => AttemptStatus::Open,
            WireStatus::Ended { outcome, at } => AttemptStatus::Ended { outcome: outcome.into(), at },
            WireStatus::Closed => AttemptStatus::Closed,
        };
        Self {
            resource_id,
            from: Version::new(from),
            to: Version::new(to),
            number,
            intended_at,
            client_token,
            started_by,
            definition,
            placement: placement.map(Placement::from),
            task,
            reached_running,
            stop: stop.map(Into::into),
            overdue,
            ended_badly,
            status,
            after: after.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<FailedStart> for WireFailedStart {
    fn from(failed: FailedStart) -> Self {
        let FailedStart { images, why, said, at } = failed;
        Self { said, images: images.iter().map(ToString::to_string).collect(), why, at }
    }
}

impl From<WireFailedStart> for FailedStart {
    fn from(failed: WireFailedStart) -> Self {
        let WireFailedStart { images, why, said, at } = failed;
        Self { said, images: images.into_iter().map(ImageRef::new).collect(), why, at }
    }
}

impl From<FailedStep> for WireFailedStep {
    fn from(failed: FailedStep) -> Self {
        let FailedStep { to, why } = failed;
        Self { to: to.to_string(), why }
    }
}

impl From<WireFailedStep> for FailedStep {
    fn from(failed: WireFailedStep) -> Self {
        let WireFailedStep { to, why } = failed;
        Self { to: Version::new(to), why }
    }
}

impl From<GivenUp> for WireGivenUp {
    fn from(given_up: GivenUp) -> Self {
        let GivenUp { at, from, to, why } = given_up;
        Self { at, from: from.to_string(), to: to.to_string(), why }
    }
}

impl From<WireGivenUp> for GivenUp {
    fn from(given_up: WireGivenUp) -> Self {
        let WireGivenUp { at, from, to, why } = given_up;
        Self { at, from: Version::new(from), to: Version::new(to), why }
    }
}

impl From<Correction> for WireCorrection {
    fn from(correction: Correction) -> Self {
        let Correction { at, resource, field, before, after } = correction;
        Self { at, resource, field, before, after }
    }
}

impl From<WireCorrection> for Correction {
    fn from(correction: WireCorrection) -> Self {
        let WireCorrection { at, resource, field, before, after } = correction;
        Self { at, resource, field, before, after }
    }
}

impl From<Converged> for WireConverged {
    fn from(converged: Converged) -> Self {
        let Converged { at, state, versions, revision, declaration, inputs, schema } = converged;
        Self {
            at,
            state: state.into(),
            versions: texts(&versions),
            revision: revision.to_string(),
            declaration,
            inputs: inputs.map(|inputs| inputs.to_string()),
            schema: texts(&schema),
        }
    }
}

impl From<WireConverged> for Converged {
    fn from(converged: WireConverged) -> Self {
        let WireConverged { at, state, versions, revision, declaration, inputs, schema } = converged;
        let versions = named(versions, VersionKey::new, Version::new);
        let (revision, inputs) = (Revision::commit(revision), inputs.map(InputsId::new));
        let schema = named(schema, |id| id, Version::new);
        Self { at, state: state.into(), versions, revision, declaration, inputs, schema }
    }
}
