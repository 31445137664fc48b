//! A repository on this machine, opened in place.
//!
//! tidegate reads its commits only: an edit that is not committed does not count yet. It writes nothing into
//! the repository.

use std::path::PathBuf;

use git2::{Commit, ErrorCode, Oid, Repository};

use super::libgit2::{git_error, is_empty};
use super::{checkout, history};
use crate::model::Revision;
use crate::source::gather::folder_of;
use crate::source::{Poll, Source, SourceError};

const RESOLVING: &str = "find the revision";

/// A repository on this machine, opened in place.
pub struct LocalRepoSource {
    root: PathBuf,
    place: String,
    rev: Option<String>,
    folder: String,
    seen: Option<Oid>,
    accepted: Option<Oid>,
}

impl LocalRepoSource {
    /// A source that reads the folder `path` at `rev` (none: HEAD) in the repository at `root`.
    ///
    /// # Errors
    /// When `path` is outside the repository.
    pub fn new(root: PathBuf, rev: Option<String>, path: &str) -> Result<Self, SourceError> {
        let place = root.display().to_string();
        Ok(Self { root, place, rev, folder: folder_of(path)?, seen: None, accepted: None })
    }

    fn open(&self) -> Result<Repository, SourceError> {
        Repository::open(&self.root).map_err(|error| {
            if error.code() != ErrorCode::NotFound {
                return git_error("open the repository", &self.place)(error);
            }
            let around = Repository::discover(&self.root).ok();
            let root = around.and_then(|found| found.workdir().map(PathBuf::from));
            SourceError::NotARepository { path: self.root.clone(), root }
        })
    }

    fn resolve<'r>(&self, repository: &'r Repository) -> Result<Commit<'r>, SourceError> {
        let found = match self.rev.as_deref() {
            None => repository.head().and_then(|head| head.peel_to_commit()),
            Some(rev) => named(repository, rev),
        };
        found.map_err(|error| {
            let place = self.place.clone();
            let is_empty = is_empty(repository);
            match (error.code(), self.rev.clone()) {
                (ErrorCode::UnbornBranch | ErrorCode::NotFound, _) if is_empty => {
                    SourceError::NoCommits { place }
                }
                (ErrorCode::UnbornBranch | ErrorCode::NotFound, None) => {
                    SourceError::NoHead { place, known: known(repository, false) }
                }
                (ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::Ambiguous, Some(rev)) => {
                    SourceError::UnknownRev { place, rev, known: known(repository, true) }
                }
                _ => git_error(RESOLVING, &place)(error),
            }
        })
    }
}

/// A branch before a tag before anything else that git understands, as for remotes.
fn named<'r>(repository: &'r Repository, rev: &str) -> Result<Commit<'r>, git2::Error> {
    for name in [format!("refs/heads/{rev}"), format!("refs/tags/{rev}")] {
        if let Ok(reference) = repository.find_reference(&name) {
            return reference.peel_to_commit();
        }
    }
    repository.revparse_single(rev)?.peel_to_commit()
}

fn known(repository: &Repository, with_tags: bool) -> Vec<String> {
    let Ok(references) = repository.references() else { return Vec::new() };
    references
        .flatten()
        .filter(|reference| reference.is_branch() || (with_tags && reference.is_tag()))
        .filter_map(|reference| reference.shorthand().ok().map(str::to_owned))
        .collect()
}

impl Source for LocalRepoSource {
    fn poll(&mut self) -> Result<Poll, SourceError> {
        let repository = self.open()?;
        let commit = self.resolve(&repository)?;
        if self.seen == Some(commit.id()) {
            return Ok(Poll::Unchanged);
        }
        let tree = checkout::read(&repository, &commit, &self.place, &self.folder)?;
        let is_contained =
            self.accepted.is_none_or(|accepted| history::contains(&repository, commit.id(), accepted));
        self.seen = Some(commit.id());
        Ok(history::answer(self.accepted, is_contained, tree))
    }

    fn accept(&mut self, revision: &Revision) {
        self.accepted = history::commit_id(revision);
    }

    fn describe(&self) -> String {
        format!("{} at {}", self.place, self.rev.as_deref().unwrap_or("HEAD"))
    }
}

#[cfg(test)]
mod tests;
