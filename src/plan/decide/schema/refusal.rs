//! Why tidegate does not migrate to a version: in words, with the ways out.

use super::assessment::Assessment;
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
            "the tag `{}` of database `{}` is missing; the journal last recorded `{known}`",
            tag::SCHEMA,
            self.database.database.identifier
        );
        let hints = [
            format!("restore the tag: tidegate record-schema {environment} {known} --reason \"the tag was lost\""),
            "Terraform removes tags that it does not know: add `tidegate:` to the provider's `ignore_tags.key_prefixes`".to_owned(),
        ];
        blocked(BlockedReason::SchemaTagLost, message, hints)
    }

    /// First contact, and no version to be read.
    pub(super) fn unread(&self, running: &RunningVersion) -> Blocked {
        let why = match running {
            RunningVersion::Several(versions) => {
                format!("two versions run side by side: {}", versions.join(", "))
            }
            RunningVersion::Unknown(image) => format!("image `{image}` does not show its version"),
            RunningVersion::NoTask | RunningVersion::Known(_) => "none of them has a running task".to_owned(),
        };
        let message = format!(
            "database `{}` has no schema version yet, and none can be read from the services that follow `{}`: {why}",
            self.database.database.identifier, self.migration.follows
        );
        let hint = format!(
            "record its schema version: tidegate record-schema {} VERSION --reason \"first contact\"",
            self.facts.spec.name
        );
        blocked(BlockedReason::FirstContactUnreadable, message, [hint])
    }

    /// The tags of the database announce a migration that this store's journal does not know.
    pub(super) fn unknown_attempt(&self, announced: &str) -> Blocked {
        let message = format!(
            "the tags of database `{}` say that the migration `{announced}` was running; this store does not know its result",
            self.database.database.identifier
        );
        let way = format!(
            "check the database, then record its schema version: tidegate record-schema {} VERSION --reason \"…\"",
            self.facts.spec.name
        );
        blocked(BlockedReason::OutcomeUnknown, message, [way])
    }

    /// The schema is known, and the migration to the declared version has failed before.
    pub(super) fn not_again(&self, attempt: &Attempt, recorded: &Version) -> Blocked {
        let at = match &attempt.status {
            AttemptStatus::Ended { at, .. } => *at,
            AttemptStatus::Open | AttemptStatus::Closed => attempt.intended_at,
        };
        let message = format!(
            "the schema is {recorded}; the migration to {} failed before (attempt {}, {}); tidegate will not retry it by itself",
            attempt.to,
            attempt.number,
            self.clock_time(at)
        );
        let mut ways = self.ways_forward(attempt, "run the same migration again");
        ways.push(format!(
            "or stay on this version: set `versions.{}` to {recorded}",
            self.migration.follows
        ));
        blocked(BlockedReason::MigrationFailed, message, ways)
    }

    /// An operator gave the release up.
    pub(super) fn aborted(&self, request: &OperatorRequest) -> Blocked {
        let follows = &self.migration.follows;
        let message = format!(
            "the release of `{follows}` {} was given up by {}: {}",
            self.wanted(),
            request.who,
            request.reason
        );
        let hints = [
            format!("try the release again: tidegate retry {} --reason \"…\"", self.facts.spec.name),
            format!("or set `versions.{follows}` to another version"),
        ];
        blocked(BlockedReason::Aborted, message, hints)
    }

    /// The declared version is older than the schema.
    pub(super) fn backward(&self, recorded: &Version) -> Blocked {
        let (follows, wanted) = (&self.migration.follows, self.wanted());
        let message = format!(
            "`versions.{follows}` is {wanted}, but the schema of database `{}` is at {recorded}: tidegate never downgrades a schema",
            self.database.database.identifier
        );
        let hints = [
            format!(
                "if {wanted} really runs on that schema, declare it in git: `migration: {{allow_schema: {recorded}}}`"
            ),
            format!("or set `versions.{follows}` back to {recorded}"),
        ];
        blocked(BlockedReason::Backward, message, hints)
    }
}
