//! The newest revision in force, on disk: after a restart, tidegate still notices a force-push.
//!
//! The file stands in the store's folder but is no part of the store: it says nothing about any environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::model::{Instant, Revision};

/// The file that keeps the accepted revision of one repository.
#[derive(Debug)]
pub(super) struct Accepted {
    file: PathBuf,
    place: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// The repository. Another one has another history, and its revisions say nothing about this one.
    place: String,
    revision: Revision,
    /// Since when it is in force; none in files that are older than this field.
    #[serde(default)]
    since: Option<Instant>,
}

impl Accepted {
    /// The file in the folder `root`, for the repository that people know as `place`.
    pub(super) fn new(root: &Path, place: String) -> Self {
        Self { file: root.join("daemon.json"), place }
    }

    /// The revision in the file and since when it is in force, if it is of this repository.
    pub(super) fn read(&self) -> Option<(Revision, Option<Instant>)> {
        let kept: Kept = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        (kept.place == self.place).then_some((kept.revision, kept.since))
    }

    /// Replaces the revision in the file.
    pub(super) fn write(&self, revision: &Revision, since: Option<Instant>) -> io::Result<()> {
        let kept = Kept { place: self.place.clone(), revision: revision.clone(), since };
        files::write_atomically(&self.file, &serde_json::to_vec(&kept)?, files::PRIVATE)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_remembered_for_its_own_repository_alone() {
        let root = tempfile::tempdir().unwrap();
        let here = Accepted::new(root.path(), "here".to_owned());
        assert_eq!(here.read(), None);
        here.write(&Revision::commit("a"), None).unwrap();
        let since = Some(Instant::UNIX_EPOCH);
        here.write(&Revision::commit("b"), since).unwrap();
        assert_eq!(here.read(), Some((Revision::commit("b"), since)));
        assert_eq!(Accepted::new(root.path(), "there".to_owned()).read(), None);
    }
}
