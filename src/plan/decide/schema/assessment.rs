//! The declared migration, its database and its task family side by side: what the judgements below have in common.

use crate::model::{Instant, Relation, Version};
use crate::observe::{DatabaseSeen, MigrationSeen};
use crate::plan::facts::Facts;
use crate::schedule;
use crate::spec::MigrationSpec;
use crate::store::journal::{Attempt, Outcome};

/// The values that every judgement about the schema needs.
pub(super) struct Assessment<'a> {
    pub facts: &'a Facts<'a>,
    pub migration: &'a MigrationSpec,
    pub database: &'a DatabaseSeen,
    /// `None` = the family could not be seen.
    pub family: Option<&'a MigrationSeen>,
}

impl Assessment<'_> {
    pub(super) fn resource_id(&self) -> &str {
        &self.database.database.resource_id
    }

    pub(super) fn wanted(&self) -> &Version {
        &self.facts.spec.versions[&self.migration.follows]
    }

    pub(super) fn attempts_made(&self, to: &Version) -> u32 {
        let key = (self.resource_id().to_owned(), to.clone());
        self.facts.ledger.attempts_made.get(&key).copied().unwrap_or(0)
    }

    pub(super) fn is_newer_than(&self, tried: &Version) -> bool {
        match tried.relation_to(self.wanted()) {
            Relation::Forward(_) => true,
            Relation::Unordered => !self.facts.ledger.ran.contains(self.wanted()),
            Relation::Same | Relation::Backward(_) => false,
        }
    }

    /// Whether the schema is still as it was recorded, after this attempt and those before it.
    pub(super) fn is_intact(&self, attempt: &Attempt, outcome: &Outcome) -> bool {
        attempt.after.iter().chain([outcome]).all(|outcome| self.has_changed_nothing(outcome))
    }

    /// An instant in messages.
    pub(super) fn clock_time(&self, at: Instant) -> String {
        schedule::in_words(at, self.facts.spec.zone())
    }

    pub(super) fn has_changed_nothing(&self, outcome: &Outcome) -> bool {
        outcome.has_changed_nothing(self.migration.atomic)
    }
}
