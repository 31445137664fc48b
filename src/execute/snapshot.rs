//! The snapshot before a migration: one for each intent, found again by its identifier.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::ActionContext;
use super::database::{REFUSALS_MAX, broken, look};
use super::error::ActionError;
use crate::cloud::{CloudError, DatabaseStatus, DbSnapshot, Kind, SnapshotStatus, tag};
use crate::model::Version;
use crate::store::journal::Event;

/// The first snapshot of a large volume copies all of it; later ones are incremental.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html>
const SNAPSHOT_MAX: Duration = Duration::from_secs(2 * 3600);
/// RDS says so often that the identifier is taken before it is believed: over a minute and a half, in which
/// a snapshot of ours whose answer was lost is listed.
const TAKEN_MAX: u32 = 10;

/// Takes the snapshot, or adopts the one that an earlier try has begun, and waits until it is available.
pub(super) async fn take(
    context: &ActionContext<'_>,
    id: &str,
    identifier: &str,
    value: &str,
) -> Result<(), ActionError> {
    let (from, to) = value
        .split_once('/')
        .ok_or_else(|| ActionError::refused(format!("`{value}` does not name two versions, `FROM/TO`")))?;
    let is_intended = context
        .journal
        .ask(|ledger| ledger.snapshot.as_ref().is_some_and(|snapshot| snapshot.identifier == identifier));
    if !is_intended {
        context.record(Event::SnapshotIntent {
            identifier: identifier.to_owned(),
            resource_id: look(context).await?.resource_id,
            from: Version::from(from),
            to: Version::from(to),
        })?;
    }
    let tags = BTreeMap::from([(tag::SNAPSHOT.to_owned(), value.to_owned())]);
    let mut wait = context.wait(id, format!("snapshot `{identifier}`"), SNAPSHOT_MAX);
    let (mut taken, mut refused_in_state) = (0, 0);
    loop {
        let seen = match find(context, identifier, value).await?.map(|snapshot| snapshot.status) {
            Some(SnapshotStatus::Available) => break,
            Some(SnapshotStatus::Failed) => {
                return Err(ActionError::refused(format!("RDS reports that snapshot `{identifier}` failed")));
            }
            Some(SnapshotStatus::Creating) => "creating".to_owned(),
            None => match look(context).await?.status {
                DatabaseStatus::Available => {
                    let refused = begin(context, identifier, &tags).await?;
                    taken += u32::from(refused.as_ref().is_some_and(|error| error.kind == Kind::Conflict));
                    let in_state = refused.as_ref().filter(|error| error.kind == Kind::InvalidState);
                    refused_in_state += u32::from(in_state.is_some());
                    if let Some(error) = in_state.filter(|_| refused_in_state > REFUSALS_MAX) {
                        return Err(error.clone().into());
                    }
                    if taken > TAKEN_MAX {
                        return Err(ActionError::refused(format!(
                            "a snapshot `{identifier}` exists that is not of `{}`; tidegate does not change it",
                            context.database()?.identifier()
                        )));
                    }
                    refused.map_or_else(|| "requested".to_owned(), |error| error.message)
                }
                DatabaseStatus::Broken(word) => {
                    return Err(broken(context.database()?.identifier(), &word));
                }
                DatabaseStatus::Stopped => {
                    return Err(ActionError::Again("the database is stopped".to_owned()));
                }
                status => format!("the database is {status}"),
            },
        };
        wait.pause(&seen).await?;
    }
    context.record(Event::SnapshotTaken { identifier: identifier.to_owned() })
}

/// One call: whatever it answers, the next read finds the snapshot or calls again. Returns the refusal that
/// may pass.
async fn begin(
    context: &ActionContext<'_>,
    identifier: &str,
    tags: &BTreeMap<String, String>,
) -> Result<Option<CloudError>, ActionError> {
    let target = context.database()?;
    context.journal.verify()?;
    match context.cloud.create_snapshot(target, identifier, tags).await {
        Ok(()) => Ok(None),
        Err(error) if error.kind.is_transient() || error.kind == Kind::InvalidState => Ok(Some(error)),
        Err(error) => Err(error.into()),
    }
}

async fn find(
    context: &ActionContext<'_>,
    identifier: &str,
    value: &str,
) -> Result<Option<DbSnapshot>, ActionError> {
    let target = context.database()?;
    let snapshots = context.read(|| context.cloud.snapshots(target)).await?;
    let found = snapshots.into_iter().find(|snapshot| snapshot.identifier == identifier);
    match found {
        Some(foreign) if foreign.tags.get(tag::SNAPSHOT).map(String::as_str) != Some(value) => {
            Err(ActionError::refused(format!(
                "a snapshot `{identifier}` exists that tidegate did not take; tidegate does not change it"
            )))
        }
        found => Ok(found),
    }
}

/// Deletes snapshots; what is gone already is gone.
pub(super) async fn prune(context: &ActionContext<'_>, identifiers: &[String]) -> Result<(), ActionError> {
    let target = context.database()?;
    for identifier in identifiers {
        match context.write(|| context.cloud.delete_snapshot(target, identifier)).await {
            Err(ActionError::Cloud(CloudError { kind: Kind::NotFound, .. })) => {}
            answer => answer?,
        }
    }
    Ok(())
}
