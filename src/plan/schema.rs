//! The schema of the database, the code that is wanted, and what lies between: the heart of a release.
//!
//! The database's tag is the truth; the journal knows what was begun. Whatever is in doubt holds: an answer
//! nobody has is never guessed.

mod failure;

use super::database;
use super::draft::{blocked, unreadable};
use crate::cloud::{ENDED_BY_ITSELF, tag};
use crate::model::{Instant, Level, Relation, Version};
use crate::observe::{DatabaseSeen, MigrationSeen, Observed, RunningVersion};
use crate::plan::{Blocked, BlockedReason, PlanningInput, Recorded};
use crate::spec::{MigrationSpec, NeededFor};
use crate::store::journal::{Attempt, AttemptStatus, LISTING_DELAY_MAX, Outcome};

/// How often a migration that never reached RUNNING is tried by itself: with the pauses between them, for some
/// four minutes.
const UNSTARTED_ATTEMPTS_MAX: u32 = 5;

/// What is known and what follows.
#[derive(Debug)]
pub(super) struct SchemaView {
    /// The schema version, as recorded or as about to be recorded.
    pub recorded: Option<Version>,
    /// Record this first.
    pub record: Option<(Version, Recorded)>,
    /// The attempt whose task is gone: that nobody knows its end is written down first.
    pub lost: Option<Attempt>,
    /// Stands in the way of the next migration, not of this verdict.
    pub doubt: Option<Blocked>,
    /// What may happen to the code that follows it.
    pub verdict: Verdict,
}

/// What may happen to the code that follows the schema.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The wanted code fits the schema.
    Fits,
    /// A migration must run first. `doubt` = an earlier one ended badly, and nobody knows what it left behind:
    /// until this one runs, everything is held.
    Due { from: Version, to: Version, attempt: u32, doubt: Option<Blocked> },
    /// A migration is under way: watch it to its end.
    InFlight(Box<OpenAttempt>),
    /// The wanted code must wait; what runs may go on running, and may be started.
    KeepCode(Blocked),
    /// Nobody knows whether any code fits: what follows the schema is not started.
    Forbidden(Blocked),
    /// The point of no return is passed without a good end, or nobody can see whether it is.
    Hold(Blocked),
}

/// An attempt without an outcome.
#[derive(Debug)]
pub(super) struct OpenAttempt {
    pub attempt: Attempt,
    /// The task, if one is known.
    pub task: Option<String>,
}

impl SchemaView {
    fn new(recorded: Option<Version>, verdict: Verdict) -> Self {
        SchemaView { recorded, record: None, lost: None, doubt: None, verdict }
    }
}

/// The migration family, or why it cannot be seen.
pub(super) fn family<'a>(
    input: &'a PlanningInput,
    migration: &MigrationSpec,
) -> Result<&'a MigrationSeen, Blocked> {
    match &input.snapshot.migration {
        Some(Observed::Present(seen)) => Ok(seen),
        Some(Observed::Unreadable { why }) => {
            Err(unreadable(&format!("migration family `{}`", migration.task), why))
        }
        Some(Observed::Absent) | None => {
            let message = format!("task-definition family `{}` has no ACTIVE revision", migration.task);
            let hint = "register it once (Terraform, CDK or the console), or correct `migration.task`";
            Err(blocked(BlockedReason::Missing, message, [hint.to_owned()]))
        }
    }
}

pub(super) fn assess(input: &PlanningInput) -> SchemaView {
    let Some(migration) = &input.spec.migration else { return undeclared(input) };
    let database = match database::seen(input) {
        Ok(database) => database,
        Err(why) => return blind(input, why),
    };
    let seen = family(input, migration);
    let doubt = seen.as_ref().err().cloned();
    let mut view = Assessment { input, migration, database, seen: seen.ok() }.assess();
    if let Some(doubt) = doubt {
        // Without a look at the family no migration begins, and none that runs can be watched.
        match view.verdict {
            Verdict::Due { .. } | Verdict::InFlight(_) if is_undecided(input) => {
                view.verdict = Verdict::Hold(doubt);
            }
            Verdict::Due { .. } | Verdict::InFlight(_) => view.verdict = Verdict::KeepCode(doubt),
            _ => view.doubt = Some(doubt),
        }
    }
    view
}

/// Without a migration every bump rolls, unless one is undecided: taking the declaration away decides nothing.
fn undeclared(input: &PlanningInput) -> SchemaView {
    let attempt = input.ledger.attempt.as_ref();
    let Some(attempt) = attempt.filter(|attempt| attempt.status != AttemptStatus::Closed) else {
        return SchemaView::new(None, Verdict::Fits);
    };
    let message = format!(
        "`migration` is not declared any more, and nobody has seen the migration {} → {} end well",
        attempt.from, attempt.to
    );
    let hint = "put `migration` back until that is decided".to_owned();
    SchemaView::new(None, Verdict::Hold(blocked(BlockedReason::OutcomeUnknown, message, [hint])))
}

/// The database cannot be seen. In the middle of a release nothing moves until it can.
fn blind(input: &PlanningInput, why: Blocked) -> SchemaView {
    let verdict = if is_undecided(input) { Verdict::Hold(why) } else { Verdict::Forbidden(why) };
    SchemaView::new(None, verdict)
}

/// A release or an attempt at a migration is not over.
fn is_undecided(input: &PlanningInput) -> bool {
    let attempt = input.ledger.attempt.as_ref();
    input.ledger.release.is_some() || attempt.is_some_and(|attempt| attempt.status != AttemptStatus::Closed)
}

fn recorded_tag(database: &DatabaseSeen) -> Option<Version> {
    database.database.tags.get(tag::SCHEMA).map(|text| Version::new(text.as_str()))
}

/// Whether a bump of this size needs a migration.
fn is_needed_for(migration: &MigrationSpec, level: Level) -> bool {
    match &migration.needed_for {
        NeededFor::Always => true,
        NeededFor::Never => false,
        NeededFor::Levels(levels) => levels.contains(&level),
    }
}

/// Whether code of this version is known to run on this schema. In doubt it is not.
pub(super) fn fits(migration: &MigrationSpec, recorded: &Version, code: &Version) -> bool {
    match recorded.relation_to(code) {
        Relation::Same => true,
        Relation::Forward(level) | Relation::Backward(level) => !is_needed_for(migration, level),
        Relation::Unordered => !is_needed_for(migration, Level::Major),
    }
}

struct Assessment<'a> {
    input: &'a PlanningInput,
    migration: &'a MigrationSpec,
    database: &'a DatabaseSeen,
    /// `None` = it could not be seen.
    seen: Option<&'a MigrationSeen>,
}

impl Assessment<'_> {
    fn assess(&self) -> SchemaView {
        let ledger = &self.input.ledger;
        if !ledger.migration_in_flight()
            && let Some((version, _)) = &ledger.record_requested
        {
            return self.recording(version.clone(), Recorded::Person);
        }
        match ledger.attempt.as_ref().map(|attempt| (attempt, &attempt.status)) {
            // Whatever became of the database meanwhile: a task may be at work.
            Some((attempt, AttemptStatus::Open)) => self.in_flight(attempt),
            Some((attempt, AttemptStatus::Ended { outcome, at }))
                if attempt.resource_id == self.resource_id() =>
            {
                match outcome.succeeded {
                    true => self.recording(attempt.to.clone(), Recorded::Migration),
                    false => self.failed(attempt, outcome, *at),
                }
            }
            // Another database stands in its place, restored from a snapshot as a rule.
            Some((_, AttemptStatus::Ended { .. } | AttemptStatus::Closed)) | None => self.settled(),
        }
    }

    fn resource_id(&self) -> &str {
        &self.database.database.resource_id
    }

    fn wanted(&self) -> &Version {
        &self.input.spec.versions[&self.migration.follows]
    }

    /// This version is recorded first, and what follows from it comes after.
    fn recording(&self, version: Version, how: Recorded) -> SchemaView {
        let verdict = self.compare(&version);
        let record = Some((version.clone(), how));
        SchemaView { record, ..SchemaView::new(Some(version), verdict) }
    }

    /// No attempt is undecided: the tag decides, and what the journal knows of it.
    fn settled(&self) -> SchemaView {
        let environment = &self.input.spec.name;
        if let Some(recorded) = recorded_tag(self.database) {
            return match self.database.database.tags.get(tag::MIGRATING) {
                Some(under_way) => self.stray_migration(recorded, under_way),
                None => {
                    let verdict = self.compare(&recorded);
                    SchemaView::new(Some(recorded), verdict)
                }
            };
        }
        if let Some(known) = self.input.ledger.schema.get(self.resource_id()) {
            let message = format!(
                "the tag `{}` of database `{}` is gone; the journal last recorded `{known}`",
                tag::SCHEMA,
                self.database.database.identifier
            );
            let hints = [
                format!("put it back: tidegate record-schema {environment} {known} --reason \"the tag was lost\""),
                "Terraform removes tags it does not know: add `tidegate:` to the provider's `ignore_tags.key_prefixes`".to_owned(),
            ];
            let lost = blocked(BlockedReason::SchemaTagLost, message, hints);
            return SchemaView::new(Some(known.clone()), Verdict::KeepCode(lost));
        }
        match self.seen.map(|seen| &seen.running) {
            Some(RunningVersion::Known(version)) => self.recording(version.clone(), Recorded::FirstContact),
            Some(other) => SchemaView::new(None, Verdict::Forbidden(self.unread(other))),
            None => SchemaView::new(None, Verdict::Forbidden(self.unread(&RunningVersion::NoTask))),
        }
    }

    /// First contact, and no version to be read.
    fn unread(&self, running: &RunningVersion) -> Blocked {
        let why = match running {
            RunningVersion::Several(versions) => {
                format!("two versions run side by side: {}", versions.join(", "))
            }
            RunningVersion::Unknown(image) => format!("`{image}` does not tell its version"),
            RunningVersion::NoTask | RunningVersion::Known(_) => "no task of it runs".to_owned(),
        };
        let message = format!(
            "database `{}` carries no schema version yet, and `{}` does not show one: {why}",
            self.database.database.identifier, self.migration.follows
        );
        let hint = format!(
            "say which version its schema has: tidegate record-schema {} VERSION --reason \"first contact\"",
            self.input.spec.name
        );
        blocked(BlockedReason::FirstContactUnreadable, message, [hint])
    }

    /// The database says that a migration was under way, and this store's journal does not know it.
    fn stray_migration(&self, recorded: Version, under_way: &str) -> SchemaView {
        let to = under_way.split('/').nth(1).map(Version::new);
        if to.as_ref() == Some(&recorded) {
            // It was recorded; only the tag that announced it is left.
            return self.recording(recorded, Recorded::Migration);
        }
        SchemaView::new(Some(recorded), Verdict::Hold(self.unknown_to_us(under_way)))
    }

    fn in_flight(&self, attempt: &Attempt) -> SchemaView {
        let recorded = Some(attempt.from.clone());
        let flight = |task: Option<String>| {
            let flight = Box::new(OpenAttempt { attempt: attempt.clone(), task });
            SchemaView::new(recorded.clone(), Verdict::InFlight(flight))
        };
        // The caller holds what cannot be watched.
        let Some(seen) = self.seen else { return flight(attempt.task.clone()) };
        let ours = seen
            .tasks
            .iter()
            .filter(|task| task.started_by == attempt.started_by || attempt.task.as_ref() == Some(&task.arn));
        let found = ours.max_by_key(|task| (task.created_at, &task.arn));
        let age = self.input.now - attempt.intended_at;
        match found {
            Some(task) => flight(Some(task.arn.clone())),
            None if age <= LISTING_DELAY_MAX => flight(attempt.task.clone()),
            None => SchemaView {
                lost: Some(attempt.clone()),
                ..SchemaView::new(recorded, Verdict::Hold(self.lost(attempt)))
            },
        }
    }

    fn failed(&self, attempt: &Attempt, outcome: &Outcome, at: Instant) -> SchemaView {
        let wanted = self.wanted();
        let is_intact = self.is_intact(attempt, outcome);
        let aborted = self.input.ledger.aborted.as_ref().is_some_and(|(version, _)| version == wanted);
        let recorded = recorded_tag(self.database).unwrap_or_else(|| attempt.from.clone());
        let again = |number| Verdict::Due {
            from: attempt.from.clone(),
            to: wanted.clone(),
            attempt: number,
            doubt: (!is_intact).then(|| self.failure(attempt, outcome, at)),
        };
        let verdict = if *wanted == attempt.to {
            let by_itself =
                !outcome.reached_running && !outcome.unknown && attempt.number < UNSTARTED_ATTEMPTS_MAX;
            if aborted && is_intact {
                return self.given_up(recorded);
            } else if aborted {
                Verdict::Hold(self.failure(attempt, outcome, at))
            } else if by_itself || self.input.ledger.retry.is_some() {
                again(attempt.number + 1)
            } else {
                Verdict::Hold(self.failure(attempt, outcome, at))
            }
        } else if is_intact {
            return self.given_up(recorded);
        } else if self.is_newer_than(&attempt.to) && !aborted {
            again(self.attempts_made(wanted) + 1)
        } else {
            Verdict::Hold(self.failure(attempt, outcome, at))
        };
        SchemaView::new(Some(recorded), verdict)
    }

    /// Whether bad ends have left the schema as it was recorded: that of this attempt, and those that it came after.
    fn is_intact(&self, attempt: &Attempt, outcome: &Outcome) -> bool {
        attempt.after.iter().chain([outcome]).all(|outcome| self.has_changed_nothing(outcome))
    }

    /// The promise of `atomic` is about a migration that ends by itself; one that is stopped from outside may have
    /// committed a moment before.
    fn has_changed_nothing(&self, outcome: &Outcome) -> bool {
        let by_itself = outcome.stop_code.as_deref() == Some(ENDED_BY_ITSELF);
        let said_no = by_itself && outcome.exit_code.is_some_and(|code| code != 0);
        !outcome.unknown && (!outcome.reached_running || (self.migration.atomic && said_no))
    }

    /// The failed migration has changed nothing and is not wanted any more: the mark it left is taken away.
    fn given_up(&self, recorded: Version) -> SchemaView {
        match self.compare(&recorded) {
            // The next attempt's mark takes its place.
            due @ Verdict::Due { .. } => SchemaView::new(Some(recorded), due),
            _ => self.recording(recorded, Recorded::Unchanged),
        }
    }

    fn is_newer_than(&self, tried: &Version) -> bool {
        match tried.relation_to(self.wanted()) {
            Relation::Forward(_) => true,
            Relation::Unordered => !self.input.ledger.ran.contains(self.wanted()),
            Relation::Same | Relation::Backward(_) => false,
        }
    }

    fn attempts_made(&self, to: &Version) -> u32 {
        let key = (self.resource_id().to_owned(), to.clone());
        self.input.ledger.attempts_made.get(&key).copied().unwrap_or(0)
    }

    /// The wanted version against the recorded one.
    fn compare(&self, recorded: &Version) -> Verdict {
        let wanted = self.wanted();
        let is_allowed = self.migration.allow_schema.as_ref() == Some(recorded);
        if is_allowed || fits(self.migration, recorded, wanted) {
            return Verdict::Fits;
        }
        let ledger = &self.input.ledger;
        if let Some((version, request)) = &ledger.aborted
            && version == wanted
        {
            return Verdict::KeepCode(self.aborted(request));
        }
        let is_forward = match recorded.relation_to(wanted) {
            Relation::Same | Relation::Forward(_) => true,
            Relation::Backward(_) => false,
            Relation::Unordered => !ledger.ran.contains(wanted),
        };
        if !is_forward {
            return Verdict::KeepCode(self.backward(recorded));
        }
        // A schema that a person recorded or restored is no reason to run again what failed.
        if let Some(attempt) = ledger.attempt.as_ref().filter(|attempt| attempt.to == *wanted)
            && attempt.ended_badly
            && ledger.retry.is_none()
        {
            return Verdict::KeepCode(self.not_again(attempt, recorded));
        }
        let attempt = self.attempts_made(wanted) + 1;
        Verdict::Due { from: recorded.clone(), to: wanted.clone(), attempt, doubt: None }
    }
}

fn clock_time(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
