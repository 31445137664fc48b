//! Every event in every phase of a release, as a table.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::cloud::{Rollback, ScalableTarget, Suspended};
use crate::model::{Instant, Revision, State};
use crate::store::journal::{Outcome, Recorded};
use ReleasePhase::{Begun, Idle, Migrated, Migrating, Settling, Undecided};

const PHASES: [ReleasePhase; 6] = [Idle, Begun, Migrating, Undecided, Settling, Migrated];

fn at() -> Instant {
    Instant::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A ledger in this phase of the release to v2. Nothing is borrowed, no snapshot was taken.
fn ledger(phase: ReleasePhase) -> Ledger {
    let mut ledger = Ledger::default();
    let way: &[Event] = &[
        Event::ReleaseBegun {
            from: "v1".into(),
            to: "v2".into(),
            images: BTreeMap::new(),
            revision: Revision::worktree(),
        },
        intent("v2", 1),
        ended(true),
        recorded(),
        Event::Settled,
    ];
    let steps = PHASES.iter().position(|other| *other == phase).unwrap();
    for event in &way[..steps] {
        ledger.apply(at(), event).unwrap();
    }
    assert_eq!(ledger.phase(), phase);
    ledger
}

fn intent(to: &str, attempt: u32) -> Event {
    Event::MigrationIntent {
        resource_id: "db".to_owned(),
        from: "v1".into(),
        to: to.into(),
        attempt,
        client_token: String::new(),
        started_by: String::new(),
        definition: String::new(),
        placement: None,
    }
}

fn ended(succeeded: bool) -> Event {
    let outcome = Outcome {
        succeeded,
        reached_running: succeeded,
        unclear: false,
        unknown: false,
        exit_code: None,
        stop_code: None,
        reason: None,
        log_tail: Vec::new(),
        log_unread: None,
    };
    Event::MigrationEnded { attempt: 1, outcome }
}

fn recorded() -> Event {
    Event::SchemaRecorded { version: "v2".into(), resource_id: "db".to_owned(), how: Recorded::Migration }
}

fn begun(to: &str) -> Event {
    Event::ReleaseBegun {
        from: "v1".into(),
        to: to.into(),
        images: BTreeMap::new(),
        revision: Revision::worktree(),
    }
}

/// Each event, and the phases in which it may come.
fn table() -> Vec<(Event, &'static [ReleasePhase])> {
    const ALWAYS: &[ReleasePhase] = &PHASES;
    const FREE: &[ReleasePhase] = &[Idle, Begun, Undecided, Settling, Migrated];
    const RELEASE: &[ReleasePhase] = &[Begun, Undecided, Settling, Migrated];
    const NEVER: &[ReleasePhase] = &[];
    let (web, why) = (|| "web".into(), || "why".to_owned());
    let rollback = Rollback { circuit_breaker: true, alarms: true };
    let scaling = ScalableTarget { min: 1, max: 2, suspended: Suspended::NONE };
    vec![
        (begun("v2"), &[Idle]),
        (begun("v3"), FREE),
        (Event::GateClosed { was_open: true, with: None }, ALWAYS),
        (Event::Drained, ALWAYS),
        (Event::GateOpened, FREE),
        (
            Event::SnapshotIntent {
                identifier: "s".to_owned(),
                resource_id: "db".to_owned(),
                from: "v1".into(),
                to: "v2".into(),
            },
            FREE,
        ),
        (Event::SnapshotTaken { identifier: "s".to_owned() }, NEVER),
        (intent("v2", 1), &[Begun]),
        (intent("v2", 2), &[Undecided, Settling, Migrated]),
        (intent("v3", 1), NEVER),
        (Event::MigrationTask { attempt: 1, task: "t".to_owned() }, &[Migrating]),
        (Event::MigrationTask { attempt: 2, task: "t".to_owned() }, NEVER),
        (Event::MigrationRunning { attempt: 1 }, &[Migrating]),
        (Event::MigrationOverdue { attempt: 1 }, &[Migrating]),
        (ended(true), &[Migrating]),
        (ended(false), &[Migrating]),
        (recorded(), FREE),
        (Event::Settled, &[Settling]),
        (Event::CodeStarted { service: web() }, FREE),
        (Event::StartFailed { service: web(), images: Vec::new(), why: why(), said: Vec::new() }, ALWAYS),
        (Event::ChecksPassed, FREE),
        (Event::ReleaseFinished { to: "v2".into() }, RELEASE),
        (Event::ReleaseFinished { to: "v1".into() }, NEVER),
        (Event::StepFailed { to: "v2".into(), why: why() }, RELEASE),
        (Event::StepFailed { to: "v3".into(), why: why() }, NEVER),
        (Event::ReleaseStalled { to: "v2".into(), why: why() }, RELEASE),
        (Event::ReleaseStalled { to: "v3".into(), why: why() }, NEVER),
        (Event::ReleaseResumed { to: "v2".into() }, RELEASE),
        (Event::ReleaseResumed { to: "v3".into() }, NEVER),
        (Event::ReleaseGivenUp { from: "v1".into(), to: "v2".into(), why: why() }, FREE),
        (Event::ReleaseGivenUp { from: "v1".into(), to: "v3".into(), why: why() }, &[Idle]),
        (Event::RollbackBorrowed { service: web(), was: rollback }, ALWAYS),
        (Event::RollbackRestored { service: web() }, NEVER),
        (Event::ScalingBorrowed { service: web(), was: scaling }, ALWAYS),
        (Event::ScalingRestored { service: web() }, NEVER),
        (Event::Corrected { resource: why(), field: why(), before: why(), after: why() }, ALWAYS),
        (
            Event::Converged {
                state: State::Running,
                versions: BTreeMap::new(),
                revision: Revision::worktree(),
                inputs: None,
                declaration: BTreeMap::new(),
                schema: BTreeMap::new(),
            },
            FREE,
        ),
        (Event::OwnerClaimed, ALWAYS),
        (Event::OverrideEnded { why: why() }, ALWAYS),
        (Event::SuspensionEnded { why: why() }, ALWAYS),
        (Event::FoundAwake { parts: BTreeSet::new() }, ALWAYS),
        (Event::DatabaseStopped { resource_id: "db".to_owned() }, FREE),
    ]
}

#[test]
fn every_event_is_refused_unless_its_phase_is_listed() {
    let mut wrong = Vec::new();
    for phase in PHASES {
        for (event, allowed) in table() {
            let before = ledger(phase);
            let mut after = before.clone();
            let is_taken = after.apply(at(), &event).is_ok();
            if is_taken != allowed.contains(&phase) {
                wrong.push(format!("{phase:?}: {event:?} is {}", if is_taken { "taken" } else { "refused" }));
            }
            assert!(is_taken || after == before, "{phase:?}: {event:?} is refused and changes something");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_late_witness_of_a_failed_attempt_is_taken() {
    let mut ledger = ledger(Migrating);
    ledger.apply(at(), &ended(false)).unwrap();
    assert_eq!(ledger.phase(), Begun, "it never ran");
    ledger.apply(at(), &Event::MigrationRunning { attempt: 1 }).unwrap();
    assert_eq!(ledger.phase(), Undecided);
    assert!(ledger.apply(at(), &Event::MigrationRunning { attempt: 2 }).is_err());
}

#[test]
fn what_was_taken_once_is_not_taken_twice() {
    let (service, rollback) = ("web".into(), Rollback { circuit_breaker: true, alarms: true });
    let mut ledger = ledger(Begun);
    for (event, is_taken) in [
        (Event::Drained, true),
        (Event::Drained, false),
        (Event::GateClosed { was_open: true, with: None }, true),
        (Event::Drained, true),
        (Event::RollbackBorrowed { service, was: rollback }, true),
        (Event::RollbackRestored { service: "web".into() }, true),
        (Event::RollbackRestored { service: "web".into() }, false),
        (Event::ReleaseFinished { to: "v2".into() }, true),
        (Event::ReleaseFinished { to: "v2".into() }, false),
    ] {
        assert_eq!(ledger.apply(at(), &event).is_ok(), is_taken, "{event:?}");
    }
}

#[test]
fn the_first_format_is_read_as_it_was_written() {
    for (event, _) in table() {
        let mut lenient = Ledger::default();
        // Only what has no attempt or snapshot to belong to was ever refused.
        let is_refused = matches!(
            event,
            Event::SnapshotTaken { .. }
                | Event::MigrationTask { .. }
                | Event::MigrationRunning { .. }
                | Event::MigrationOverdue { .. }
                | Event::MigrationEnded { .. }
                | Event::MigrationIntent { attempt: 2, .. }
        );
        assert_eq!(lenient.replay(1, at(), &event).is_err(), is_refused, "{event:?}");
    }
}
