//! No attempt is undecided: the tag of the database decides, together with what the journal knows of it.

use super::assessment::Assessment;
use super::verdict::{SchemaView, Verdict};
use crate::cloud::tag;
use crate::model::Version;
use crate::observe::RunningVersion;
use crate::store::journal::Recorded;

impl Assessment<'_> {
    /// No attempt is undecided: the tag decides, and what the journal knows of it.
    pub(super) fn settled(&self) -> SchemaView {
        if let Some(recorded) = self.facts.database.recorded.clone() {
            return match self.database.database.tags.get(tag::MIGRATING) {
                Some(announced) => self.announced_migration(recorded, announced),
                None => {
                    let verdict = self.compare(&recorded);
                    SchemaView::new(Some(recorded), verdict)
                }
            };
        }
        if let Some(known) = self.facts.ledger.schema.get(self.resource_id()) {
            return SchemaView::new(Some(known.clone()), Verdict::KeepCode(self.tag_lost(known)));
        }
        match self.family.map(|seen| &seen.running) {
            Some(RunningVersion::Known(version)) => self.recording(version.clone(), Recorded::FirstContact),
            Some(other) => SchemaView::new(None, Verdict::Forbidden(self.unread(other))),
            None => SchemaView::new(None, Verdict::Forbidden(self.unread(&RunningVersion::NoTask))),
        }
    }

    /// The tags of the database announce a migration that this store's journal does not know.
    fn announced_migration(&self, recorded: Version, announced: &str) -> SchemaView {
        let to = announced.split('/').nth(1).map(Version::new);
        if to.as_ref() == Some(&recorded) {
            // The version was recorded; only the tag that announced it remains.
            return self.recording(recorded, Recorded::Migration);
        }
        SchemaView::new(Some(recorded), Verdict::Hold(self.unknown_attempt(announced)))
    }
}
