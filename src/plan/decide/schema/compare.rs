//! The declared version against the recorded one.

use super::assessment::Assessment;
use super::compatible::fits;
use super::verdict::{SchemaView, Verdict};
use crate::model::{Relation, Version};
use crate::store::journal::Recorded;

impl Assessment<'_> {
    /// The wanted version against the recorded one.
    pub(super) fn compare(&self, recorded: &Version) -> Verdict {
        let wanted = self.wanted();
        let is_allowed = self.migration.allow_schema.as_ref() == Some(recorded);
        if is_allowed || fits(self.migration, recorded, wanted) {
            return Verdict::Fits;
        }
        let ledger = &self.facts.ledger;
        if let Some((version, request)) = &ledger.aborted
            && version == wanted
        {
            return Verdict::KeepCode(self.aborted(request));
        }
        if let Some(given_up) = ledger.given_up.as_ref().filter(|given_up| given_up.to == *wanted) {
            return Verdict::KeepCode(self.stays_given_up(given_up));
        }
        let is_forward = match recorded.relation_to(wanted) {
            Relation::Same | Relation::Forward(_) => true,
            Relation::Backward(_) => false,
            Relation::Unordered => !ledger.ran.contains(wanted),
        };
        if !is_forward {
            return Verdict::KeepCode(self.backward(recorded));
        }
        // A schema that an operator recorded or restored is no reason to run a failed migration again.
        if let Some(attempt) = ledger.attempt.as_ref().filter(|attempt| attempt.to == *wanted)
            && attempt.ended_badly
            && ledger.retry.is_none()
        {
            return Verdict::KeepCode(self.not_again(attempt, recorded));
        }
        let attempt = self.attempts_made(wanted) + 1;
        Verdict::Due { from: recorded.clone(), to: wanted.clone(), attempt, doubt: None }
    }

    /// This version is recorded first, and what follows from it comes after.
    pub(super) fn recording(&self, version: Version, how: Recorded) -> SchemaView {
        let verdict = self.compare(&version);
        let record = Some((version.clone(), how));
        SchemaView { record, ..SchemaView::new(Some(version), verdict) }
    }
}
