//! What may follow what. Each event is allowed only where it stands in this list, and every event has its place here:
//! the compiler asks for it.

use super::Ledger;
use crate::store::journal::attempt::AttemptStatus;
use crate::store::journal::error::IllegalEvent;
use crate::store::journal::event::Event;

/// Where the release of an environment stands, as far as the journal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReleasePhase {
    /// No release is in progress, and the schema is certain.
    Idle,
    /// A release has begun, and its migration has not.
    Begun,
    /// A migration has an intent and no outcome: its task may be running, whichever release is in progress.
    Migrating,
    /// The migration has ended, and its version is not recorded, or it failed after it may have changed the schema.
    Undecided,
    /// The version is recorded, and the wait after the migration has not ended.
    Settling,
    /// The version is recorded, and the release is still in progress.
    Migrated,
}

impl Ledger {
    /// Where the release stands.
    pub fn phase(&self) -> ReleasePhase {
        if let Some(attempt) = &self.attempt {
            match &attempt.status {
                AttemptStatus::Open => return ReleasePhase::Migrating,
                AttemptStatus::Ended { outcome, .. }
                    if outcome.succeeded || outcome.unknown || outcome.unclear || attempt.reached_running =>
                {
                    return ReleasePhase::Undecided;
                }
                AttemptStatus::Ended { .. } | AttemptStatus::Closed => {}
            }
        }
        if self.settling_since.is_some() {
            return ReleasePhase::Settling;
        }
        match &self.release {
            None => ReleasePhase::Idle,
            Some(release) => match &self.attempt {
                Some(attempt) if attempt.to == release.to && attempt.status == AttemptStatus::Closed => {
                    ReleasePhase::Migrated
                }
                _ => ReleasePhase::Begun,
            },
        }
    }

    /// Refuses an event that cannot follow.
    pub(in crate::store::journal) fn allow(&self, event: &Event) -> Result<(), IllegalEvent> {
        let is_free = self.phase() != ReleasePhase::Migrating;
        let (name, is_allowed, why) = match event {
            Event::ReleaseBegun { to, .. } => {
                let is_other = self.release.as_ref().is_none_or(|release| release.to != *to);
                let why = if is_free { "that release has begun already" } else { IN_FLIGHT };
                ("release-begun", is_free && is_other, why)
            }
            // Also before a migration is sent again, where someone has opened the gate in between.
            Event::Drained => ("drained", self.drained_at.is_none(), "it has drained already"),
            Event::GateOpened => ("gate-opened", is_free, IN_FLIGHT),
            Event::SnapshotIntent { .. } => ("snapshot-intent", is_free, IN_FLIGHT),
            Event::SnapshotTaken { identifier } => {
                let is_intended =
                    self.snapshot.as_ref().is_some_and(|snapshot| snapshot.identifier == *identifier);
                ("snapshot-taken", is_intended, "it was not intended")
            }
            Event::MigrationIntent { to, .. } => {
                let is_its = self.release.as_ref().is_some_and(|release| release.to == *to);
                let why = if is_free { "no release to that version has begun" } else { IN_FLIGHT };
                ("migration-intent", is_free && is_its, why)
            }
            Event::MigrationTask { attempt, .. } => ("migration-task", self.is_open(*attempt), NOT_OPEN),
            // Also of one that ended as if it never had: a witness may come late.
            Event::MigrationRunning { attempt } => {
                let may_have_run = self.is_open(*attempt) || self.has_failed(*attempt);
                ("migration-running", may_have_run, NOT_OPEN)
            }
            Event::MigrationOverdue { attempt } => ("migration-overdue", self.is_open(*attempt), NOT_OPEN),
            Event::MigrationEnded { attempt, .. } => ("migration-ended", self.is_open(*attempt), NOT_OPEN),
            Event::SchemaRecorded { .. } => ("schema-recorded", is_free, IN_FLIGHT),
            Event::Settled => ("settled", self.settling_since.is_some(), "no migration was recorded before"),
            Event::CodeStarted { .. } => ("code-started", is_free, IN_FLIGHT),
            Event::ChecksPassed => ("checks-passed", is_free, IN_FLIGHT),
            Event::ReleaseFinished { to } => {
                let is_its = self.release.as_ref().is_some_and(|release| release.to == *to);
                let why = if is_free { "that release is not in progress" } else { IN_FLIGHT };
                ("release-finished", is_free && is_its, why)
            }
            Event::StepFailed { to, .. }
            | Event::ReleaseStalled { to, .. }
            | Event::ReleaseResumed { to } => {
                let is_its = self.release.as_ref().is_some_and(|release| release.to == *to);
                let name = match event {
                    Event::ReleaseStalled { .. } => "release-stalled",
                    Event::ReleaseResumed { .. } => "release-resumed",
                    _ => "step-failed",
                };
                let why = if is_free { "that release is not in progress" } else { IN_FLIGHT };
                (name, is_free && is_its, why)
            }
            // Also where the release is over, and only the mark of its attempt has stayed.
            Event::ReleaseGivenUp { to, .. } => {
                let is_other = self.release.as_ref().is_some_and(|release| release.to != *to);
                let why = if is_free { "another release is in progress" } else { IN_FLIGHT };
                ("release-given-up", is_free && !is_other, why)
            }
            Event::RollbackRestored { service } => {
                let is_borrowed = self.rollback_borrowed.contains_key(service);
                ("rollback-restored", is_borrowed, NOT_BORROWED)
            }
            Event::ScalingRestored { service } => {
                ("scaling-restored", self.scaling_borrowed.contains_key(service), NOT_BORROWED)
            }
            Event::Converged { .. } => ("converged", is_free, IN_FLIGHT),
            Event::DatabaseStopped { .. } => ("database-stopped", is_free, IN_FLIGHT),
            // Facts that can be found at any time, and what operators say.
            Event::GateClosed { .. }
            | Event::StartFailed { .. }
            | Event::RollbackBorrowed { .. }
            | Event::ScalingBorrowed { .. }
            | Event::Corrected { .. }
            | Event::OwnerClaimed
            | Event::Requested(_)
            | Event::OverrideEnded { .. }
            | Event::SuspensionEnded { .. }
            | Event::FoundAwake { .. } => return Ok(()),
        };
        if is_allowed { Ok(()) } else { Err(IllegalEvent::new(name, why)) }
    }

    fn has_failed(&self, number: u32) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| {
            let AttemptStatus::Ended { outcome, .. } = &attempt.status else { return false };
            attempt.number == number && !outcome.succeeded
        })
    }

    fn is_open(&self, number: u32) -> bool {
        self.attempt
            .as_ref()
            .is_some_and(|attempt| attempt.number == number && attempt.status == AttemptStatus::Open)
    }
}

const IN_FLIGHT: &str = "a migration has no outcome yet";
const NOT_OPEN: &str = "that attempt is not open";
const NOT_BORROWED: &str = "it was not changed before";

#[cfg(test)]
mod tests;
