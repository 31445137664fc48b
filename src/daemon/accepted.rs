//! The revision last taken over, on disk: after a restart, rewritten history is still noticed.
//!
//! A file of the daemon beside the store, not a part of it: it says nothing about any environment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;
use crate::model::Revision;

/// Where the revision of one repository is kept.
#[derive(Debug)]
pub(super) struct Accepted {
    file: PathBuf,
    place: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Another repository has another history: its revisions say nothing about this one.
    place: String,
    revision: Revision,
}

impl Accepted {
    /// In the folder `root`, for the repository that people know as `place`.
    pub(super) fn new(root: &Path, place: String) -> Self {
        Self { file: root.join("daemon.json"), place }
    }

    /// What was kept, if it was of this repository.
    pub(super) fn read(&self) -> Option<Revision> {
        let kept: Kept = serde_json::from_slice(&fs::read(&self.file).ok()?).ok()?;
        (kept.place == self.place).then_some(kept.revision)
    }

    /// Keeps a revision instead of the one before.
    pub(super) fn write(&self, revision: &Revision) -> io::Result<()> {
        let kept = Kept { place: self.place.clone(), revision: revision.clone() };
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
        here.write(&Revision::commit("a")).unwrap();
        here.write(&Revision::commit("b")).unwrap();
        assert_eq!(here.read(), Some(Revision::commit("b")));
        assert_eq!(Accepted::new(root.path(), "there".to_owned()).read(), None);
    }
}
