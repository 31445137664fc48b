//! From the words that the journal keeps to the event that they mean.

use super::event::WireEvent;
use super::parts::named;
use crate::cloud::Placement;
use crate::model::{ImageRef, InputsId, Revision, ServiceName, Version, VersionKey};
use crate::store::journal::event::Event;

impl From<WireEvent> for Event {
    fn from(event: WireEvent) -> Self {
        match event {
            WireEvent::ReleaseBegun { from, to, images, revision } => Event::ReleaseBegun {
                from: Version::new(from),
                to: Version::new(to),
                images: named(images, ImageRef::new, ImageRef::new),
                revision: Revision::commit(revision),
            },
            WireEvent::GateClosed { was_open, with } => {
                Event::GateClosed { was_open, with: with.map(Into::into) }
            }
            WireEvent::Drained => Event::Drained,
            WireEvent::GateOpened => Event::GateOpened,
            WireEvent::SnapshotIntent { identifier, resource_id, from, to } => Event::SnapshotIntent {
                identifier,
                resource_id,
                from: Version::new(from),
                to: Version::new(to),
            },
            WireEvent::SnapshotTaken { identifier } => Event::SnapshotTaken { identifier },
            WireEvent::MigrationIntent {
                resource_id,
                from,
                to,
                attempt,
                client_token,
                started_by,
                definition,
                placement,
            } => Event::MigrationIntent {
                resource_id,
                from: Version::new(from),
                to: Version::new(to),
                attempt,
                client_token,
                started_by,
                definition,
                placement: placement.map(Placement::from),
            },
            WireEvent::MigrationTask { attempt, task } => Event::MigrationTask { attempt, task },
            WireEvent::MigrationRunning { attempt } => Event::MigrationRunning { attempt },
            WireEvent::MigrationEnded { attempt, outcome } => {
                Event::MigrationEnded { attempt, outcome: outcome.into() }
            }
            WireEvent::MigrationOverdue { attempt } => Event::MigrationOverdue { attempt },
            WireEvent::SchemaRecorded { version, resource_id, how } => {
                Event::SchemaRecorded { version: Version::new(version), resource_id, how: how.into() }
            }
            WireEvent::Settled => Event::Settled,
            WireEvent::CodeStarted { service } => Event::CodeStarted { service: ServiceName::new(service) },
            WireEvent::StartFailed { service, images, why, said } => Event::StartFailed {
                service: ServiceName::new(service),
                images: images.into_iter().map(ImageRef::new).collect(),
                why,
                said,
            },
            WireEvent::ChecksPassed => Event::ChecksPassed,
            WireEvent::ReleaseFinished { to } => Event::ReleaseFinished { to: Version::new(to) },
            WireEvent::StepFailed { to, why } => Event::StepFailed { to: Version::new(to), why },
            WireEvent::ReleaseStalled { to, why } => Event::ReleaseStalled { to: Version::new(to), why },
            WireEvent::ReleaseResumed { to } => Event::ReleaseResumed { to: Version::new(to) },
            WireEvent::ReleaseGivenUp { from, to, why } => {
                Event::ReleaseGivenUp { from: Version::new(from), to: Version::new(to), why }
            }
            WireEvent::RollbackBorrowed { service, was } => {
                Event::RollbackBorrowed { service: ServiceName::new(service), was: was.into() }
            }
            WireEvent::RollbackRestored { service } => {
                Event::RollbackRestored { service: ServiceName::new(service) }
            }
            WireEvent::ScalingBorrowed { service, was } => {
                Event::ScalingBorrowed { service: ServiceName::new(service), was: was.into() }
            }
            WireEvent::ScalingRestored { service } => {
                Event::ScalingRestored { service: ServiceName::new(service) }
            }
            WireEvent::Corrected { resource, field, before, after } => {
                Event::Corrected { resource, field, before, after }
            }
            WireEvent::Converged { state, versions, revision, inputs, declaration, schema } => {
                Event::Converged {
                    state: state.into(),
                    versions: named(versions, VersionKey::new, Version::new),
                    revision: Revision::commit(revision),
                    inputs: inputs.map(InputsId::new),
                    declaration,
                    schema: named(schema, |database| database, Version::new),
                }
            }
            WireEvent::OwnerClaimed => Event::OwnerClaimed,
            WireEvent::Requested(request) => Event::Requested(request.into()),
            WireEvent::OverrideEnded { why } => Event::OverrideEnded { why },
            WireEvent::SuspensionEnded { why } => Event::SuspensionEnded { why },
            WireEvent::FoundAwake { parts } => Event::FoundAwake { parts },
            WireEvent::DatabaseStopped { resource_id } => Event::DatabaseStopped { resource_id },
        }
    }
}
