//! From an event to the words that the journal keeps of it.

use super::event::WireEvent;
use super::parts::texts;
use super::placement::WirePlacement;
use crate::store::journal::event::Event;

impl From<&Event> for WireEvent {
    fn from(event: &Event) -> Self {
        match event {
            Event::ReleaseBegun { from, to, images, revision } => WireEvent::ReleaseBegun {
                from: from.to_string(),
                to: to.to_string(),
                images: texts(images),
                revision: revision.to_string(),
            },
            Event::GateClosed { was_open, with } => {
                WireEvent::GateClosed { was_open: *was_open, with: with.as_ref().map(Into::into) }
            }
            Event::Drained => WireEvent::Drained,
            Event::GateOpened => WireEvent::GateOpened,
            Event::SnapshotIntent { identifier, resource_id, from, to } => WireEvent::SnapshotIntent {
                identifier: identifier.clone(),
                resource_id: resource_id.clone(),
                from: from.to_string(),
                to: to.to_string(),
            },
            Event::SnapshotTaken { identifier } => {
                WireEvent::SnapshotTaken { identifier: identifier.clone() }
            }
            Event::MigrationIntent {
                resource_id,
                from,
                to,
                attempt,
                client_token,
                started_by,
                definition,
                placement,
            } => WireEvent::MigrationIntent {
                resource_id: resource_id.clone(),
                from: from.to_string(),
                to: to.to_string(),
                attempt: *attempt,
                client_token: client_token.clone(),
                started_by: started_by.clone(),
                definition: definition.clone(),
                placement: placement.as_ref().map(WirePlacement::from),
            },
            Event::MigrationTask { attempt, task } => {
                WireEvent::MigrationTask { attempt: *attempt, task: task.clone() }
            }
            Event::MigrationRunning { attempt } => WireEvent::MigrationRunning { attempt: *attempt },
            Event::MigrationEnded { attempt, outcome } => {
                WireEvent::MigrationEnded { attempt: *attempt, outcome: outcome.into() }
            }
            Event::MigrationOverdue { attempt } => WireEvent::MigrationOverdue { attempt: *attempt },
            Event::SchemaRecorded { version, resource_id, how } => WireEvent::SchemaRecorded {
                version: version.to_string(),
                resource_id: resource_id.clone(),
                how: (*how).into(),
            },
            Event::Settled => WireEvent::Settled,
            Event::CodeStarted { service } => WireEvent::CodeStarted { service: service.to_string() },
            Event::StartFailed { service, images, why, said } => WireEvent::StartFailed {
                service: service.to_string(),
                images: images.iter().map(ToString::to_string).collect(),
                why: why.clone(),
                said: said.clone(),
            },
            Event::ChecksPassed => WireEvent::ChecksPassed,
            Event::ReleaseFinished { to } => WireEvent::ReleaseFinished { to: to.to_string() },
            Event::StepFailed { to, why } => WireEvent::StepFailed { to: to.to_string(), why: why.clone() },
            Event::ReleaseStalled { to, why } => {
                WireEvent::ReleaseStalled { to: to.to_string(), why: why.clone() }
            }
            Event::ReleaseResumed { to } => WireEvent::ReleaseResumed { to: to.to_string() },
            Event::ReleaseGivenUp { from, to, why } => {
                WireEvent::ReleaseGivenUp { from: from.to_string(), to: to.to_string(), why: why.clone() }
            }
            Event::RollbackBorrowed { service, was } => {
                WireEvent::RollbackBorrowed { service: service.to_string(), was: (*was).into() }
            }
            Event::RollbackRestored { service } => {
                WireEvent::RollbackRestored { service: service.to_string() }
            }
            Event::ScalingBorrowed { service, was } => {
                WireEvent::ScalingBorrowed { service: service.to_string(), was: (*was).into() }
            }
            Event::ScalingRestored { service } => WireEvent::ScalingRestored { service: service.to_string() },
            Event::Corrected { resource, field, before, after } => WireEvent::Corrected {
                resource: resource.clone(),
                field: field.clone(),
                before: before.clone(),
                after: after.clone(),
            },
            Event::Converged { state, versions, revision, inputs, declaration, schema } => {
                WireEvent::Converged {
                    state: (*state).into(),
                    versions: texts(versions),
                    revision: revision.to_string(),
                    inputs: inputs.as_ref().map(ToString::to_string),
                    declaration: declaration.clone(),
                    schema: texts(schema),
                }
            }
            Event::OwnerClaimed => WireEvent::OwnerClaimed,
            Event::Requested(request) => WireEvent::Requested(request.clone().into()),
            Event::OverrideEnded { why } => WireEvent::OverrideEnded { why: why.clone() },
            Event::SuspensionEnded { why } => WireEvent::SuspensionEnded { why: why.clone() },
            Event::FoundAwake { parts } => WireEvent::FoundAwake { parts: parts.clone() },
            Event::DatabaseStopped { resource_id } => {
                WireEvent::DatabaseStopped { resource_id: resource_id.clone() }
            }
        }
    }
}
