//! What the journal adds up to: one-shot actions in flight, what was borrowed, and what operators decided.

use std::collections::{BTreeMap, BTreeSet};

pub(super) mod allowed;
mod migration;
mod request;

use super::attempt::{Attempt, AttemptStatus};
use super::error::IllegalEvent;
use super::event::{CONTEST_WINDOW_MINUTES, Event, GateParts};
use super::operator::OperatorRequest;
use super::records::{Converged, Correction, FailedStart, FailedStep, GivenUp, Release, SnapshotRecord};
use crate::clock::Clock;
use crate::cloud::{Rollback, ScalableTarget};
use crate::model::{Instant, ServiceName, Version};

/// An environment's journal, folded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    /// The release in progress, from its beginning until everything borrowed is given back.
    pub release: Option<Release>,
    /// Since when the gate is closed; `None` = open, or never closed by tidegate.
    pub gate_closed_at: Option<Instant>,
    /// The parts that tidegate closed the gate with, while it is closed.
    pub gate_parts: Option<GateParts>,
    /// When the requests in flight had ended, since the gate closed.
    pub drained_at: Option<Instant>,
    /// The newest snapshot that tidegate made and that still counts for its (database, from, to).
    pub snapshot: Option<SnapshotRecord>,
    /// The newest attempt at a migration.
    pub attempt: Option<Attempt>,
    /// Snapshots requested at each (database, from, to), for naming the next.
    pub snapshots_made: BTreeMap<(String, Version, Version), u32>,
    /// Attempts made at each (database, version), for numbering the next.
    pub attempts_made: BTreeMap<(String, Version), u32>,
    /// The schema version last recorded, by database.
    pub schema: BTreeMap<String, Version>,
    /// When the newest migration was recorded, until the wait after it has ended.
    pub settling_since: Option<Instant>,
    /// Every schema version this environment has had, and every one a migration was tried for.
    pub ran: BTreeSet<Version>,
    /// Services that did not start, and with which images.
    pub failed_starts: BTreeMap<ServiceName, FailedStart>,
    /// When checks passed, since the gate closed.
    pub checks_passed_at: Option<Instant>,
    /// Since when no step of the release in progress can be carried out, before its migration.
    pub stalled_at: Option<Instant>,
    /// The step of the release in progress that has failed for good, until the release is given up.
    pub failed_step: Option<FailedStep>,
    /// The release that tidegate gave up. It begins again when an operator asks for it, with a newer version, or when
    /// another version was reached in between.
    pub given_up: Option<GivenUp>,
    /// The version that an operator gave up.
    pub aborted: Option<(Version, OperatorRequest)>,
    /// An operator allows the next release to begin outside its window. Used up when a release begins, or when
    /// the environment is as declared.
    pub ignore_window: Option<OperatorRequest>,
    /// An operator allows this store to take the cluster over. Used up by that, or when the environment is as
    /// declared.
    pub take_over: Option<OperatorRequest>,
    /// An operator says which version the schema has. Used up when it is recorded.
    pub record_requested: Option<(Version, OperatorRequest)>,
    /// An operator asked tidegate to try again what is held.
    pub retry: Option<OperatorRequest>,
    /// The override that an operator set, as far as it is journaled.
    pub override_: Option<OperatorRequest>,
    /// The suspension that an operator set, as far as it is journaled.
    pub suspension: Option<OperatorRequest>,
    /// Parts that run although the environment should be down, and since when.
    pub found_awake: BTreeMap<String, Instant>,
    /// The database that tidegate stopped last, and when.
    pub database_stopped: Option<(String, Instant)>,
    /// Rollback switches as they were before tidegate changed them.
    pub rollback_borrowed: BTreeMap<ServiceName, Rollback>,
    /// Scalable targets as they were before tidegate changed them.
    pub scaling_borrowed: BTreeMap<ServiceName, ScalableTarget>,
    /// The corrections of drift within the contest window, oldest first.
    pub corrections: Vec<Correction>,
    /// When the environment was last as declared, and how.
    pub converged: Option<Converged>,
}

impl Ledger {
    /// Adds one event, if it may follow the events before it. On `Err` the ledger is unchanged.
    pub fn apply(&mut self, at: Instant, event: &Event) -> Result<(), IllegalEvent> {
        self.allow(event)?;
        self.take(at, event)
    }

    /// Adds the event of a line that was written in this format. The versions that wrote format 1 refused only what
    /// [`Ledger::take`] refuses: their journals stay readable.
    pub(super) fn replay(&mut self, format: u32, at: Instant, event: &Event) -> Result<(), IllegalEvent> {
        if format == 1 { self.take(at, event) } else { self.apply(at, event) }
    }

    /// What an event changes. On `Err` the ledger is unchanged.
    fn take(&mut self, at: Instant, event: &Event) -> Result<(), IllegalEvent> {
        match event {
            Event::ReleaseBegun { from, to, images, revision: _ } => self.begin(at, from, to, images)?,
            Event::GateClosed { was_open, with } => {
                if *was_open {
                    (self.gate_closed_at, self.drained_at, self.checks_passed_at) = (None, None, None);
                }
                self.gate_closed_at.get_or_insert(at);
                self.gate_parts.clone_from(with);
            }
            Event::Drained => self.drained_at = Some(at),
            Event::GateOpened => {
                self.gate_closed_at = None;
                self.gate_parts = None;
                self.drained_at = None;
                self.checks_passed_at = None;
            }
            Event::SnapshotIntent { identifier, resource_id, from, to } => {
                *self.snapshots_made.entry((resource_id.clone(), from.clone(), to.clone())).or_default() += 1;
                self.snapshot = Some(SnapshotRecord {
                    identifier: identifier.clone(),
                    resource_id: resource_id.clone(),
                    from: from.clone(),
                    to: to.clone(),
                    taken: false,
                });
            }
            Event::SnapshotTaken { identifier } => match &mut self.snapshot {
                Some(snapshot) if snapshot.identifier == *identifier => snapshot.taken = true,
                _ => {
                    return Err(IllegalEvent::new("snapshot-taken", format!("no intent for `{identifier}`")));
                }
            },
            Event::MigrationIntent { .. } => self.intend(at, event)?,
            Event::MigrationTask { attempt, task } => {
                self.open_attempt("migration-task", *attempt)?.task = Some(task.clone());
            }
            Event::MigrationRunning { attempt } => self.has_run(*attempt)?,
            Event::MigrationOverdue { attempt } => {
                self.open_attempt("migration-overdue", *attempt)?.overdue = true;
            }
            Event::MigrationEnded { attempt, outcome } => {
                let open = self.open_attempt("migration-ended", *attempt)?;
                open.reached_running |= outcome.reached_running;
                open.ended_badly = !outcome.succeeded;
                open.status = AttemptStatus::Ended { outcome: outcome.clone(), at };
                self.retry = None;
            }
            Event::SchemaRecorded { version, resource_id, how } => {
                self.record(at, version, resource_id, *how);
            }
            Event::Settled => self.settling_since = None,
            Event::StartFailed { service, images, why, said } => {
                self.retry = None;
                let (images, why, said) = (images.clone(), why.clone(), said.clone());
                self.failed_starts.insert(service.clone(), FailedStart { images, why, said, at });
            }
            // The database may change from here on: an older snapshot no longer shows it before the migration.
            Event::CodeStarted { service: _ } => self.snapshot = None,
            Event::ChecksPassed => self.checks_passed_at = Some(at),
            Event::ReleaseFinished { .. } => {
                (self.release, self.failed_step, self.stalled_at) = (None, None, None);
            }
            Event::ReleaseStalled { .. } => self.stalled_at = self.stalled_at.or(Some(at)),
            Event::ReleaseResumed { .. } => self.stalled_at = None,
            Event::StepFailed { to, why } => {
                self.failed_step = Some(FailedStep { to: to.clone(), why: why.clone() });
            }
            Event::ReleaseGivenUp { from, to, why } => self.give_up(at, from, to, why),
            Event::RollbackBorrowed { service, was } => {
                self.rollback_borrowed.entry(service.clone()).or_insert(*was);
            }
            Event::RollbackRestored { service } => {
                self.rollback_borrowed.remove(service);
            }
            Event::ScalingBorrowed { service, was } => {
                self.scaling_borrowed.entry(service.clone()).or_insert(*was);
            }
            Event::ScalingRestored { service } => {
                self.scaling_borrowed.remove(service);
            }
            Event::Corrected { resource, field, before, after } => {
                self.corrections.push(Correction {
                    at,
                    resource: resource.clone(),
                    field: field.clone(),
                    before: before.clone(),
                    after: after.clone(),
                });
                let horizon = at - chrono::TimeDelta::minutes(CONTEST_WINDOW_MINUTES);
                self.corrections.retain(|correction| correction.at > horizon);
            }
            Event::Converged { state, versions, revision, inputs, declaration, schema } => {
                self.failed_starts.clear();
                // Exceptions hold once, and nothing is left to try again.
                (self.ignore_window, self.take_over, self.retry) = (None, None, None);
                let reached = |version: &Version| versions.values().any(|other| other == version);
                self.aborted.take_if(|(version, _)| !reached(version));
                self.given_up.take_if(|given_up| !reached(&given_up.to));
                (self.failed_step, self.stalled_at) = (None, None);
                // The environment has reached another version since: declaring the failed one again asks for another try.
                if let Some(attempt) = &mut self.attempt {
                    attempt.ended_badly &= reached(&attempt.to);
                }
                self.ran.extend(schema.values().cloned());
                self.schema.extend(schema.clone());
                let (versions, revision) = (versions.clone(), revision.clone());
                let (inputs, declaration) = (inputs.clone(), declaration.clone());
                let (state, schema) = (*state, schema.clone());
                let reached = Converged { at, state, versions, revision, inputs, declaration, schema };
                self.converged = Some(reached);
            }
            Event::OwnerClaimed => self.take_over = None,
            Event::Requested(request) => self.request(request),
            Event::OverrideEnded { why: _ } => self.override_ = None,
            Event::SuspensionEnded { why: _ } => self.suspension = None,
            Event::FoundAwake { parts } => {
                let since = |part: &String| self.found_awake.get(part).copied().unwrap_or(at);
                self.found_awake = parts.iter().map(|part| (part.clone(), since(part))).collect();
            }
            Event::DatabaseStopped { resource_id } => {
                self.database_stopped = Some((resource_id.clone(), at));
            }
        }
        Ok(())
    }

    /// The same, with every instant whose age decides something as the wall clock shows it now: moved by the steps that
    /// the clock has made since it was written.
    #[must_use]
    pub fn in_present(mut self, clock: &dyn Clock) -> Self {
        let once = [
            &mut self.gate_closed_at,
            &mut self.drained_at,
            &mut self.settling_since,
            &mut self.checks_passed_at,
        ];
        let once = once.into_iter().flatten();
        let stopped = self.database_stopped.as_mut().map(|(_, at)| at);
        let intended = self.attempt.as_mut().map(|attempt| &mut attempt.intended_at);
        let corrected = self.corrections.iter_mut().map(|correction| &mut correction.at);
        for at in once.chain(stopped).chain(intended).chain(corrected).chain(self.found_awake.values_mut()) {
            *at = clock.in_present(*at);
        }
        self
    }

    /// The corrections of one field within the contest window before `now`.
    pub fn corrections_of(&self, resource: &str, field: &str, now: Instant) -> Vec<&Correction> {
        self.corrections_since(now)
            .filter(|correction| correction.resource == resource && correction.field == field)
            .collect()
    }

    /// All corrections within the contest window before `now`.
    pub fn corrections_since(&self, now: Instant) -> impl Iterator<Item = &Correction> {
        let horizon = now - chrono::TimeDelta::minutes(CONTEST_WINDOW_MINUTES);
        self.corrections.iter().filter(move |correction| correction.at > horizon)
    }
}
