//! The snapshots that tidegate took of the database.

use crate::cloud::{DbSnapshot, SnapshotStatus, tag};
use crate::observe::DatabaseSeen;

/// Snapshots of tidegate and tokens of its tasks begin like this.
pub(in crate::plan) const NAME_PREFIX: &str = "tidegate-";
/// The newest snapshots show the recorded schema and the one before it: nothing proposes to delete them.
const NEEDED: usize = 2;

/// Snapshots of tidegate, oldest first: manual, with its prefix and its tag.
pub(in crate::plan) fn ours(seen: &DatabaseSeen) -> Vec<&DbSnapshot> {
    let mut ours: Vec<&DbSnapshot> = seen
        .snapshots
        .iter()
        .filter(|snapshot| {
            snapshot.manual
                && snapshot.identifier.starts_with(NAME_PREFIX)
                && snapshot.tags.contains_key(tag::SNAPSHOT)
                && snapshot.status == SnapshotStatus::Available
        })
        .collect();
    ours.sort_by_key(|snapshot| (snapshot.created_at, &snapshot.identifier));
    ours
}

/// Snapshots of tidegate that an operator may delete by hand to make room, oldest first.
pub(super) fn removable(seen: &DatabaseSeen) -> impl Iterator<Item = &DbSnapshot> {
    let ours = ours(seen);
    let count = ours.len().saturating_sub(NEEDED);
    ours.into_iter().take(count)
}
