//! Why a version is not migrated to, although nothing is wrong with a running attempt: in words, with the ways out.

use super::assessment::{Assessment, clock_time};
use crate::cloud::tag;
use crate::model::Version;
use crate::observe::RunningVersion;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::store::journal::{Attempt, AttemptStatus, OperatorRequest};

impl Assessment<'_> {
    /// The database's tag is gone, and the journal knows the version.
    pub(super) fn tag_lost(&self, known: &Version) -> Blocked {
        let environment = &self.facts.spec.name;
        let message = format!(
            "the tag `{}` of database `{}` is gone; the journal last recorded `{known}`",
            tag::SCHEMA,
            self.database.database.identifier
        );
        let hints = [
            format!("put it back: tidegate record-schema {environment} {known} --reason \"the tag was lost\""),
            "Terraform removes tags it does not know: add `tidegate:` to the provider's `ignore_tags.key_prefixes`".to_owned(),
        ];
        blocked(BlockedReason::SchemaTagLost, message, hints)
    }

    /// First contact, and no version to be read.
    pub(super) fn unread(&self, running: &RunningVersion) -> Blocked {
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
            self.facts.spec.name
        );
        blocked(BlockedReason::FirstContactUnreadable, message, [hint])
    }

    /// The database says that a migration was under way, and this store's journal does not know it.
    pub(super) fn unknown_to_us(&self, under_way: &str) -> Blocked {
        let message = format!(
            "database `{}` says that the migration `{under_way}` was under way, and this store does not know how it ended",
            self.database.database.identifier
        );
        let way = format!(
            "look at the database and say what its schema is: tidegate record-schema {} VERSION --reason \"…\"",
            self.facts.spec.name
        );
        blocked(BlockedReason::OutcomeUnknown, message, [way])
    }

    /// The schema is known, and the migration to the wanted version has failed before.
    pub(super) fn not_again(&self, attempt: &Attempt, recorded: &Version) -> Blocked {
        let at = match &attempt.status {
            AttemptStatus::Ended { at, .. } => *at,
            AttemptStatus::Open | AttemptStatus::Closed => attempt.intended_at,
        };
        let message = format!(
            "the schema is {recorded}; the migration to {} failed before (attempt {}, {}) and is not run again without being asked",
            attempt.to,
            attempt.number,
            clock_time(at)
        );
        let mut ways = self.ways_forward(attempt, "run it again as it is");
        ways.push(format!("or stay: set `versions.{}` to {recorded}", self.migration.follows));
        blocked(BlockedReason::MigrationFailed, message, ways)
    }

    /// A person gave the release up.
    pub(super) fn aborted(&self, request: &OperatorRequest) -> Blocked {
        let follows = &self.migration.follows;
        let message = format!(
            "the release of `{follows}` {} was given up by {}: {}",
            self.wanted(),
            request.who,
            request.reason
        );
        let hints = [
            format!("try it again: tidegate retry {} --reason \"…\"", self.facts.spec.name),
            format!("or set `versions.{follows}` to another version"),
        ];
        blocked(BlockedReason::Aborted, message, hints)
    }

    /// The wanted version is older than the schema.
    pub(super) fn backward(&self, recorded: &Version) -> Blocked {
        let (follows, wanted) = (&self.migration.follows, self.wanted());
        let message = format!(
            "`versions.{follows}` wants {wanted}, and the schema of database `{}` is at {recorded}: going back is not tidegate's to decide",
            self.database.database.identifier
        );
        let hints = [
            format!(
                "if {wanted} really runs on that schema, say so in git: `migration: {{allow_schema: {recorded}}}`"
            ),
            format!("or set `versions.{follows}` back to {recorded}"),
        ];
        blocked(BlockedReason::Backward, message, hints)
    }
}
