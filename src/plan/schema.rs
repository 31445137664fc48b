//! The schema of the database, the code that is wanted, and what lies between: the heart of a release.
//!
//! The database's tag is the truth; the journal knows what was begun. Whatever is in doubt holds: an answer
//! nobody has is never guessed.

use super::draft::{blocked, unreadable};
use crate::cloud::tag;
use crate::model::{Instant, Level, Relation, Version};
use crate::observe::{DatabaseSeen, MigrationSeen, Observed, RunningVersion};
use crate::plan::{Blocked, BlockedReason, PlanningInput, Recorded};
use crate::spec::{MigrationSpec, NeededFor};
use crate::store::journal::{Attempt, AttemptStatus, Outcome};

/// Stopped tasks are visible for about an hour; an intent older than this without a task is never sent again.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html>
const RESEND_MINUTES_MAX: i64 = 45;

/// How often a migration that never reached RUNNING is tried by itself.
const UNSTARTED_ATTEMPTS_MAX: u32 = 3;

/// What is known and what follows.
#[derive(Debug)]
pub(super) struct SchemaView {
    /// The schema version, as recorded or as about to be recorded.
    pub recorded: Option<Version>,
    /// Record this first.
    pub record: Option<(Version, Recorded)>,
    /// What may happen to the code that follows it.
    pub verdict: Verdict,
}

/// What may happen to the code that follows the schema.
#[derive(Debug)]
pub(super) enum Verdict {
    /// The wanted code fits the schema.
    Fits,
    /// A migration must run first.
    Due { from: Version, to: Version, attempt: u32, doubt: Option<Blocked> },
    /// A migration is under way: watch it to its end.
    InFlight(Box<Flight>),
    /// The wanted code must wait; what runs may go on running, and may be started.
    KeepCode(Blocked),
    /// Nobody knows whether any code fits: what follows the schema is not started.
    Forbidden(Blocked),
    /// The point of no return is passed without a good end.
    Hold(Blocked),
}

/// An attempt without an outcome.
#[derive(Debug)]
pub(super) struct Flight {
    pub attempt: Attempt,
    /// The task, if one is known.
    pub task: Option<String>,
    /// It was asked for too long ago to be asked for again, and no task of it is listed.
    pub lost: bool,
}

pub(super) fn assess(input: &PlanningInput) -> SchemaView {
    let fits = SchemaView { recorded: None, record: None, verdict: Verdict::Fits };
    let Some(migration) = &input.spec.migration else { return fits };
    let verdict = |verdict| SchemaView { recorded: None, record: None, verdict };
    let name = input.spec.database.as_ref().map_or("", |database| database.target.identifier());
    let database = match &input.snapshot.database {
        Some(Observed::Present(database)) => database,
        Some(Observed::Unreadable { why }) => {
            return verdict(Verdict::Forbidden(unreadable(&format!("database `{name}`"), why)));
        }
        Some(Observed::Absent) | None => {
            let message = format!("database `{name}` does not exist in {}", input.spec.region);
            let hint = "correct `database:`, or create it".to_owned();
            return verdict(Verdict::Forbidden(blocked(BlockedReason::Missing, message, [hint])));
        }
    };
    let seen = match &input.snapshot.migration {
        Some(Observed::Present(seen)) => seen,
        Some(Observed::Unreadable { why }) => {
            let what = format!("migration family `{}`", migration.task);
            return SchemaView {
                recorded: recorded_tag(database),
                record: None,
                verdict: Verdict::KeepCode(unreadable(&what, why)),
            };
        }
        Some(Observed::Absent) | None => {
            let message = format!("task-definition family `{}` has no ACTIVE revision", migration.task);
            let hint =
                "register it once (Terraform, CDK or the console), or correct `migration.task`".to_owned();
            let verdict = Verdict::KeepCode(blocked(BlockedReason::Missing, message, [hint]));
            return SchemaView { recorded: recorded_tag(database), record: None, verdict };
        }
    };
    Assessment { input, migration, database, seen }.assess()
}

/// The version that the database's tag says, where it can be read.
pub(super) fn recorded(input: &PlanningInput) -> Option<Version> {
    recorded_tag(input.snapshot.database.as_ref()?.present()?)
}

/// The version that the schema has by all that is known: what is about to be recorded, else the tag.
pub(super) fn known(input: &PlanningInput) -> Option<Version> {
    assess(input).recorded
}

/// Whether code may meet a schema without a migration between them and without anybody's word for it.
pub(super) fn fits(migration: &MigrationSpec, code: &Version, schema: &Version) -> bool {
    match schema.relation_to(code) {
        Relation::Same => true,
        Relation::Forward(level) | Relation::Backward(level) => !is_needed_for(migration, level),
        Relation::Unordered => !is_needed_for(migration, Level::Major),
    }
}

fn is_needed_for(migration: &MigrationSpec, level: Level) -> bool {
    match &migration.needed_for {
        NeededFor::Always => true,
        NeededFor::Never => false,
        NeededFor::Levels(levels) => levels.contains(&level),
    }
}

fn recorded_tag(database: &DatabaseSeen) -> Option<Version> {
    database.database.tags.get(tag::SCHEMA).map(|text| Version::new(text.as_str()))
}

struct Assessment<'a> {
    input: &'a PlanningInput,
    migration: &'a MigrationSpec,
    database: &'a DatabaseSeen,
    seen: &'a MigrationSeen,
}

impl Assessment<'_> {
    fn assess(&self) -> SchemaView {
        let ledger = &self.input.ledger;
        if !ledger.migration_in_flight()
            && let Some((version, _)) = &ledger.record_requested
        {
            return self.view(version.clone(), Some(Recorded::Person), self.compare(version));
        }
        let attempt = ledger.attempt.as_ref().filter(|attempt| attempt.resource_id == self.resource_id());
        match attempt.map(|attempt| (attempt, &attempt.status)) {
            Some((attempt, AttemptStatus::Open)) => self.in_flight(attempt),
            Some((attempt, AttemptStatus::Ended { outcome, at: _ })) if outcome.succeeded => {
                self.view(attempt.to.clone(), Some(Recorded::Migration), self.compare(&attempt.to))
            }
            Some((attempt, AttemptStatus::Ended { outcome, at })) => self.failed(attempt, outcome, *at),
            Some((_, AttemptStatus::Closed)) | None => self.settled(None),
        }
    }

    fn resource_id(&self) -> &str {
        &self.database.database.resource_id
    }

    fn wanted(&self) -> &Version {
        &self.input.spec.versions[&self.migration.follows]
    }

    fn view(&self, recorded: Version, how: Option<Recorded>, verdict: Verdict) -> SchemaView {
        SchemaView { record: how.map(|how| (recorded.clone(), how)), recorded: Some(recorded), verdict }
    }

    /// No attempt is undecided: the tag decides, and what the journal knows of it. `given_up`: an attempt that
    /// changed nothing and is wanted no more.
    fn settled(&self, given_up: Option<&Attempt>) -> SchemaView {
        let environment = &self.input.spec.name;
        if let Some(recorded) = recorded_tag(self.database) {
            let mark = given_up.map(|it| format!("{}/{}/{}", it.from, it.to, it.number));
            return match self.database.database.tags.get(tag::MIGRATING) {
                Some(under_way) if mark.as_ref() == Some(under_way) => {
                    let verdict = self.compare(&recorded);
                    // Another migration overwrites the mark; without one it would stay for ever.
                    let how = matches!(verdict, Verdict::Fits).then_some(Recorded::Unchanged);
                    self.view(recorded, how, verdict)
                }
                Some(under_way) => self.stray_migration(recorded, under_way),
                None => {
                    let verdict = self.compare(&recorded);
                    self.view(recorded, None, verdict)
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
            return SchemaView {
                recorded: Some(known.clone()),
                record: None,
                verdict: Verdict::KeepCode(lost),
            };
        }
        match &self.seen.running {
            RunningVersion::Known(version) => {
                self.view(version.clone(), Some(Recorded::FirstContact), self.compare(version))
            }
            other => {
                let why = match other {
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
                    "say which version its schema has: tidegate record-schema {environment} VERSION --reason \"first contact\""
                );
                let verdict =
                    Verdict::Forbidden(blocked(BlockedReason::FirstContactUnreadable, message, [hint]));
                SchemaView { recorded: None, record: None, verdict }
            }
        }
    }

    /// The database says that a migration was under way, and this store's journal does not know it.
    fn stray_migration(&self, recorded: Version, under_way: &str) -> SchemaView {
        let to = under_way.split('/').nth(1).map(Version::new);
        if to.as_ref() == Some(&recorded) {
            // It was recorded; only the tag that announced it is left.
            let verdict = self.compare(&recorded);
            return self.view(recorded, Some(Recorded::Migration), verdict);
        }
        let message = format!(
            "database `{}` says that the migration `{under_way}` was under way, and this store does not know how it ended",
            self.database.database.identifier
        );
        let verdict = Verdict::Hold(blocked(BlockedReason::OutcomeUnknown, message, self.ways_out(None)));
        SchemaView { recorded: Some(recorded), record: None, verdict }
    }

    fn in_flight(&self, attempt: &Attempt) -> SchemaView {
        let found =
            self.seen.tasks.iter().find(|task| {
                task.started_by == attempt.started_by || attempt.task.as_ref() == Some(&task.arn)
            });
        let age = self.input.now - attempt.intended_at;
        let recorded = Some(attempt.from.clone());
        let lost = found.is_none() && age > chrono::TimeDelta::minutes(RESEND_MINUTES_MAX);
        let task = found.map(|task| task.arn.clone()).or_else(|| attempt.task.clone());
        let flight = Flight { attempt: attempt.clone(), task, lost };
        SchemaView { recorded, record: None, verdict: Verdict::InFlight(Box::new(flight)) }
    }

    fn failed(&self, attempt: &Attempt, outcome: &Outcome, at: Instant) -> SchemaView {
        let wanted = self.wanted();
        let intact = !outcome.unknown && (self.migration.atomic || !outcome.reached_running);
        let recorded = recorded_tag(self.database).unwrap_or_else(|| attempt.from.clone());
        let again = |number| Verdict::Due {
            from: attempt.from.clone(),
            to: wanted.clone(),
            attempt: number,
            doubt: (!intact).then(|| self.failure(attempt, outcome, at)),
        };
        let verdict = if *wanted == attempt.to {
            let by_itself =
                !outcome.reached_running && !outcome.unknown && attempt.number < UNSTARTED_ATTEMPTS_MAX;
            let aborted = self.input.ledger.aborted.as_ref().is_some_and(|(version, _)| version == wanted);
            if aborted && intact {
                return self.settled(Some(attempt));
            } else if by_itself || self.input.ledger.retry.is_some() {
                again(attempt.number + 1)
            } else {
                Verdict::Hold(self.failure(attempt, outcome, at))
            }
        } else if intact {
            return self.settled(Some(attempt));
        } else if self.is_newer_than(&attempt.to) {
            again(self.attempts_made(wanted) + 1)
        } else {
            Verdict::Hold(self.failure(attempt, outcome, at))
        };
        self.view(recorded, None, verdict)
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
        if recorded == wanted || self.migration.allow_schema.as_ref() == Some(recorded) {
            return Verdict::Fits;
        }
        let (forward, level) = match recorded.relation_to(wanted) {
            Relation::Same => return Verdict::Fits,
            Relation::Forward(level) => (true, level),
            Relation::Backward(level) => (false, level),
            Relation::Unordered => (!self.input.ledger.ran.contains(wanted), Level::Major),
        };
        if !is_needed_for(self.migration, level) {
            return Verdict::Fits;
        }
        if let Some((version, request)) = &self.input.ledger.aborted
            && version == wanted
        {
            let message = format!(
                "the release of `{}` {wanted} was given up by {}: {}",
                self.migration.follows, request.who, request.reason
            );
            let hints = [
                format!("try it again: tidegate retry {} --reason \"…\"", self.input.spec.name),
                format!("or set `versions.{}` to another version", self.migration.follows),
            ];
            return Verdict::KeepCode(blocked(BlockedReason::Aborted, message, hints));
        }
        if forward {
            let attempt = self.attempts_made(wanted) + 1;
            return Verdict::Due { from: recorded.clone(), to: wanted.clone(), attempt, doubt: None };
        }
        let message = format!(
            "`versions.{}` wants {wanted}, and the schema of database `{}` is at {recorded}: going back is not tidegate's to decide",
            self.migration.follows, self.database.database.identifier
        );
        let hints = [
            format!(
                "if {wanted} really runs on that schema, say so in git: `migration: {{allow_schema: {recorded}}}`"
            ),
            format!("or set `versions.{}` back to {recorded}", self.migration.follows),
        ];
        Verdict::KeepCode(blocked(BlockedReason::Backward, message, hints))
    }

    fn failure(&self, attempt: &Attempt, outcome: &Outcome, at: Instant) -> Blocked {
        if outcome.unknown {
            let message = format!(
                "nobody knows how the migration to `{}` (attempt {}) ended: its task is gone",
                attempt.to, attempt.number
            );
            return blocked(BlockedReason::OutcomeUnknown, message, self.ways_out(Some(attempt)));
        }
        let how = match (outcome.exit_code, &outcome.reason) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(reason)) => reason.clone(),
            (None, None) => "no exit code".to_owned(),
        };
        let mut message = format!(
            "the migration {} → {} (attempt {}) failed at {}: {how}",
            attempt.from,
            attempt.to,
            attempt.number,
            clock_time(at)
        );
        for line in outcome.log_tail.iter().rev().take(3).rev() {
            message.push_str("\n  | ");
            message.push_str(line);
        }
        message.push_str(if self.input.spec.maintenance.is_some() {
            "\nusers see the maintenance page; the services stay down"
        } else {
            "\nthe services stay down"
        });
        blocked(BlockedReason::MigrationFailed, message, self.ways_out(Some(attempt)))
    }

    fn ways_out(&self, attempt: Option<&Attempt>) -> Vec<String> {
        let environment = &self.input.spec.name;
        let follows = &self.migration.follows;
        let mut ways = Vec::new();
        if let Some(attempt) = attempt {
            ways.push(format!("run it again as it is: tidegate retry {environment} --reason \"…\""));
            ways.push(format!(
                "or fix it forward: set `versions.{follows}` to a version newer than {}",
                attempt.to
            ));
            if self.migration.atomic {
                ways.push(format!("or go back: set `versions.{follows}` to {} (the migration is declared atomic: it changed nothing)", attempt.from));
            }
        }
        ways.push(format!(
            "or look at the database and say what its schema is: tidegate record-schema {environment} VERSION --reason \"…\""
        ));
        if let Some(snapshot) = &self.input.ledger.snapshot {
            ways.push(format!("or restore the snapshot `{}` taken before it", snapshot.identifier));
        }
        ways
    }
}

fn clock_time(at: Instant) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}
