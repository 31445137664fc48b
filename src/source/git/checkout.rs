//! Reads the declarations out of one commit. Nothing is checked out: objects go straight into memory.

use std::collections::VecDeque;

use git2::{Commit, ErrorCode, ObjectType, Repository, TreeEntry};

use super::libgit2::git_error;
use crate::model::Revision;
use crate::source::gather::{EntryKind, Gather};
use crate::source::{SourceError, Tree};

const LINK: i32 = 0o120_000;
const READING: &str = "read the commit";

/// The declarations below `folder` in `commit`.
pub(super) fn read(
    repository: &Repository,
    commit: &Commit<'_>,
    place: &str,
    folder: &str,
) -> Result<Tree, SourceError> {
    let revision = Revision::commit(commit.id().to_string());
    let root = commit.tree().map_err(git_error(READING, place))?;
    let start = if folder.is_empty() { root } else { find(repository, &root, &revision, place, folder)? };

    let mut gather = Gather::default();
    let mut folders = VecDeque::from([(start, folder.to_owned())]);
    while let Some((tree, shown)) = folders.pop_front() {
        for entry in &tree {
            let Some(name) = gather.entry(&shown, entry.name_bytes(), kind(&entry)) else { continue };
            if entry.kind() == Some(ObjectType::Tree) {
                let tree = repository.find_tree(entry.id()).map_err(git_error(READING, place))?;
                if gather.admits_folder(&name, tree.len()) {
                    folders.push_back((tree, name));
                }
                continue;
            }
            // The header first: a file that is too large is never brought into memory.
            let odb = repository.odb().map_err(git_error(READING, place))?;
            let (bytes, _) = odb.read_header(entry.id()).map_err(git_error(READING, place))?;
            if gather.admits(&name, bytes as u64) {
                let blob = repository.find_blob(entry.id()).map_err(git_error(READING, place))?;
                gather.file(name, blob.content().to_vec());
            }
        }
    }
    Ok(gather.finish(revision))
}

fn kind(entry: &TreeEntry<'_>) -> EntryKind {
    match entry.kind() {
        Some(ObjectType::Tree) => EntryKind::Folder,
        Some(ObjectType::Blob) if entry.filemode() == LINK => EntryKind::Link,
        Some(ObjectType::Blob) => EntryKind::File,
        // A submodule: another repository, with its own revision.
        _ => EntryKind::Other,
    }
}

fn find<'r>(
    repository: &'r Repository,
    root: &git2::Tree<'r>,
    revision: &Revision,
    place: &str,
    folder: &str,
) -> Result<git2::Tree<'r>, SourceError> {
    let entry = match root.get_path(folder.as_ref()) {
        Ok(entry) => entry,
        // Also when a part of the way is a file.
        Err(error) if error.code() == ErrorCode::NotFound => {
            return Err(SourceError::PathMissing {
                place: place.to_owned(),
                path: folder.to_owned(),
                revision: revision.short().to_owned(),
                present: folders_in(root),
            });
        }
        Err(error) => return Err(git_error(READING, place)(error)),
    };
    if entry.kind() == Some(ObjectType::Tree) {
        return repository.find_tree(entry.id()).map_err(git_error(READING, place));
    }
    Err(SourceError::PathNotFolder {
        place: place.to_owned(),
        path: folder.to_owned(),
        revision: revision.short().to_owned(),
        kind: kind_of(&entry),
    })
}

fn kind_of(entry: &TreeEntry<'_>) -> &'static str {
    match entry.kind() {
        Some(ObjectType::Blob) if entry.filemode() == LINK => "a symbolic link",
        Some(ObjectType::Blob) => "a file",
        _ => "a submodule",
    }
}

fn folders_in(tree: &git2::Tree<'_>) -> Vec<String> {
    tree.iter()
        .filter(|entry| entry.kind() == Some(ObjectType::Tree))
        .map(|entry| String::from_utf8_lossy(entry.name_bytes()).into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}
