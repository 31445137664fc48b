//! Repositories for tests, made with git2: no git binary, no configuration of this machine's user.

use std::path::Path;

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Repository, RepositoryInitOptions, Signature, Time};
use tempfile::TempDir;

use super::{Poll, Tree};
use crate::model::Revision;

/// A repository in a temporary folder, with a work tree that stays empty unless a test writes it.
pub(crate) struct Repo {
    folder: TempDir,
    pub(crate) git: Repository,
}

impl Repo {
    /// An empty repository whose HEAD is `main`.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let git = Repository::init_opts(folder.path(), &options).unwrap();
        Self { folder, git }
    }

    /// Commits these files on top of `branch`, beside what it has.
    pub(crate) fn commit(&self, branch: &str, files: &[(&str, &str)]) -> Revision {
        let parent = self.git.find_reference(&format!("refs/heads/{branch}")).ok();
        let parents = parent.into_iter().map(|tip| tip.target().unwrap()).collect::<Vec<_>>();
        self.commit_over(branch, &parents, files, FileMode::Blob)
    }

    /// Replaces the whole history of `branch` by one commit.
    pub(crate) fn rewrite(&self, branch: &str, files: &[(&str, &str)]) -> Revision {
        self.commit_over(branch, &[], files, FileMode::Blob)
    }

    /// Commits a symbolic link on top of `branch`.
    pub(crate) fn link(&self, branch: &str, path: &str, to: &str) -> Revision {
        let tip = self.git.find_reference(&format!("refs/heads/{branch}")).unwrap().target().unwrap();
        self.commit_over(branch, &[tip], &[(path, to)], FileMode::Link)
    }

    fn commit_over(&self, branch: &str, parents: &[Oid], files: &[(&str, &str)], mode: FileMode) -> Revision {
        let parents: Vec<_> = parents.iter().map(|id| self.git.find_commit(*id).unwrap()).collect();
        let base = match parents.first() {
            Some(parent) => parent.tree().unwrap(),
            None => {
                let empty = self.git.treebuilder(None).unwrap().write().unwrap();
                self.git.find_tree(empty).unwrap()
            }
        };
        let mut update = TreeUpdateBuilder::new();
        for (path, content) in files {
            update.upsert(*path, self.git.blob(content.as_bytes()).unwrap(), mode);
        }
        let tree = self.git.find_tree(update.create_updated(&self.git, &base).unwrap()).unwrap();
        let author = Signature::new("Ann", "ann@example.org", &Time::new(1_700_000_000, 0)).unwrap();
        let parents: Vec<_> = parents.iter().collect();
        let id = self.git.commit(None, &author, &author, "a change", &tree, &parents).unwrap();
        self.git.reference(&format!("refs/heads/{branch}"), id, true, "test").unwrap();
        Revision::commit(id.to_string())
    }

    /// Tags a commit with a tag object of its own.
    pub(crate) fn tag(&self, name: &str, revision: &Revision) {
        let commit = self.git.find_object(Oid::from_str(revision.as_str()).unwrap(), None).unwrap();
        let author = Signature::new("Ann", "ann@example.org", &Time::new(1_700_000_000, 0)).unwrap();
        self.git.tag(name, &commit, &author, "a tag", true).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The same repository as a remote.
    pub(crate) fn url(&self) -> String {
        format!("file://{}", self.folder.path().display())
    }
}

/// The tree of a poll that must have found a change.
pub(crate) fn changed(poll: Poll) -> Tree {
    match poll {
        Poll::Changed(tree) => tree,
        other => panic!("expected a change, got {other:?}"),
    }
}
