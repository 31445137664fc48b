//! Snapshots before a migration: named, reused, pruned.

use std::collections::BTreeSet;

use super::token::token;
use crate::cloud::{SnapshotStatus, tag};
use crate::model::Version;
use crate::observe::DatabaseSeen;
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::{Goal, Work};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{Facts, NAME_PREFIX, ours};

/// Takes the snapshot for a migration, unless the one that was begun still counts.
pub(super) fn take(facts: &Facts<'_>, seen: &DatabaseSeen, from: &Version, to: &Version, draft: &mut Draft) {
    let resource_id = &seen.database.resource_id;
    let begun = facts.ledger.snapshot.as_ref().filter(|snapshot| {
        snapshot.resource_id == *resource_id && snapshot.from == *from && snapshot.to == *to
    });
    let there = |identifier: &str| seen.snapshots.iter().find(|snapshot| snapshot.identifier == identifier);
    let identifier = match begun {
        Some(begun) => match there(&begun.identifier).map(|snapshot| snapshot.status) {
            Some(SnapshotStatus::Available) if begun.taken => return,
            Some(SnapshotStatus::Available | SnapshotStatus::Creating) => begun.identifier.clone(),
            None if !begun.taken => begun.identifier.clone(),
            Some(SnapshotStatus::Failed) | None => snapshot_name(facts, seen, from, to),
        },
        None => snapshot_name(facts, seen, from, to),
    };
    let kind = ActionKind::TakeSnapshot { identifier: identifier.clone(), tag: format!("{from}/{to}") };
    let words = Words::new("", identifier, "before the migration");
    draft.act(Step::Snapshot, "database/snapshot", &seen.database.identifier, kind, words);
}

/// Letters, digits and single hyphens, at most 255.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
fn snapshot_name(facts: &Facts<'_>, seen: &DatabaseSeen, from: &Version, to: &Version) -> String {
    let key = (seen.database.resource_id.clone(), from.clone(), to.clone());
    let number = facts.ledger.snapshots_made.get(&key).copied().unwrap_or(0) + 1;
    let text = format!("{NAME_PREFIX}{}-{from}-to-{to}-{number}", seen.database.identifier);
    let mut name = String::new();
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => name.push(letter.to_ascii_lowercase()),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    // A first contact of another store must not reuse a name that is taken.
    if seen.snapshots.iter().any(|snapshot| snapshot.identifier == name) {
        name = format!("{name}-{}", &token(&[&seen.database.resource_id, &facts.now.to_rfc3339()])[9..17]);
    }
    name
}

/// Deletes old snapshots of tidegate at the end of a release.
pub(super) fn prune(facts: &Facts<'_>, goal: &Goal, seen: &DatabaseSeen, draft: &mut Draft) {
    let Some(spec) = &facts.spec.migration else { return };
    let unread = facts.database.snapshots_unreadable.is_some();
    if goal.held || unread || (facts.ledger.release.is_none() && !goal.is_release()) {
        return;
    }
    let recorded = match &goal.migration {
        Some(Work::Run { to, .. }) => Some(to.as_str()),
        Some(Work::Watch(open)) => Some(open.attempt.to.as_str()),
        None => seen.database.tags.get(tag::SCHEMA).map(String::as_str),
    };
    let ours = ours(seen);
    let coming = draft.actions.iter().any(|action| action.step == Step::Snapshot);
    let excess = (ours.len() + usize::from(coming)).saturating_sub(spec.snapshot.keep as usize);
    let mut kept = BTreeSet::new();
    for end in [0, 1] {
        // `<from>/<to>`: the newest that shows the recorded schema, and the newest that shows the one before.
        let newest =
            ours.iter().rev().find(|snapshot| snapshot.tags[tag::SNAPSHOT].split('/').nth(end) == recorded);
        kept.extend(newest.map(|snapshot| &snapshot.identifier));
    }
    let identifiers: Vec<String> = ours
        .iter()
        .filter(|snapshot| !kept.contains(&snapshot.identifier))
        .take(excess)
        .map(|snapshot| snapshot.identifier.clone())
        .collect();
    if !identifiers.is_empty() {
        let words = Words::new(identifiers.join(" "), "", format!("tidegate keeps {}", spec.snapshot.keep));
        let kind = ActionKind::PruneSnapshots { identifiers };
        draft.act(Step::Tidy, "database/prune", &seen.database.identifier, kind, words);
    }
}
