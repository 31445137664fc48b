//! Collects the files of a repository that are declarations, and enforces limits.
//!
//! Commits and plain files share it, so that `--dir` and `--repo` always agree on which files count.

use std::collections::BTreeMap;

use super::error::SourceError;
use super::limits::{FILE_BYTES_MAX, FILES_MAX, TREE_BYTES_MAX};
use super::port::Tree;
use crate::model::Revision;

/// The most entries below the folder that are looked at: it may hold other things than declarations.
const ENTRIES_MAX: usize = 100_000;

/// Checks `--path`: relative, inside, and written as git writes paths. The root is the empty text.
pub(super) fn folder_of(path: &str) -> Result<String, SourceError> {
    let leaves = || SourceError::PathLeaves { path: path.to_owned() };
    if path.starts_with('/') {
        return Err(leaves());
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(leaves()),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// `folder/name`, where the root is the empty text.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// Collects the files of one tree and enforces the limits.
pub(super) struct Gather<'a> {
    place: &'a str,
    folder: &'a str,
    files: BTreeMap<String, Vec<u8>>,
    links: Vec<String>,
    bytes: u64,
    entries: usize,
}

impl<'a> Gather<'a> {
    pub(super) fn new(place: &'a str, folder: &'a str) -> Self {
        Self { place, folder, files: BTreeMap::new(), links: Vec::new(), bytes: 0, entries: 0 }
    }

    /// Counts one entry of a folder; its name as text if it is, or may hold, a declaration.
    pub(super) fn name<'n>(
        &mut self,
        parent: &str,
        name: &'n [u8],
        is_folder: bool,
    ) -> Result<Option<&'n str>, SourceError> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX {
            return Err(self.too_large(format!("{ENTRIES_MAX} entries")));
        }
        match std::str::from_utf8(name) {
            Ok(".git") => Ok(None),
            Ok(name) => Ok((is_folder || is_declaration(name)).then_some(name)),
            Err(_) => {
                let lossy = String::from_utf8_lossy(name);
                if !is_folder && !is_declaration(&lossy) {
                    return Ok(None);
                }
                Err(SourceError::NameNotText { place: self.place.to_owned(), file: join(parent, &lossy) })
            }
        }
    }

    /// Checks the limits before a file of this size is read.
    pub(super) fn admit(&mut self, file: &str, bytes: u64) -> Result<(), SourceError> {
        if bytes > FILE_BYTES_MAX {
            return Err(SourceError::FileTooLarge {
                place: self.place.to_owned(),
                file: file.to_owned(),
                bytes,
            });
        }
        self.bytes += bytes;
        if self.bytes > TREE_BYTES_MAX {
            return Err(self.too_large(format!("{TREE_BYTES_MAX} bytes of YAML and calendars")));
        }
        if self.files.len() == FILES_MAX {
            return Err(self.too_large(format!("{FILES_MAX} YAML files and calendars")));
        }
        Ok(())
    }

    pub(super) fn file(&mut self, file: String, content: Vec<u8>) {
        self.files.insert(file, content);
    }

    pub(super) fn link(&mut self, file: String) {
        self.links.push(file);
    }

    pub(super) fn finish(mut self, revision: Revision) -> Tree {
        self.links.sort();
        Tree { revision, files: self.files, links: self.links }
    }

    fn too_large(&self, limit: String) -> SourceError {
        SourceError::TreeTooLarge { place: self.place.to_owned(), path: self.folder.to_owned(), limit }
    }
}

fn is_declaration(name: &str) -> bool {
    // A name that starts with the dot is a hidden file, often an editor's.
    !name.starts_with('.')
        && name.rsplit_once('.').is_some_and(|(_, ending)| matches!(ending, "yaml" | "yml" | "ics"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stays_inside_the_repository() {
        for (path, folder) in [
            ("environments", Some("environments")),
            ("./deploy//environments/", Some("deploy/environments")),
            (".", Some("")),
            ("", Some("")),
            ("/etc", None),
            ("..", None),
            ("environments/../../other", None),
        ] {
            assert_eq!(folder_of(path).ok().as_deref(), folder, "{path}");
        }
    }

    #[test]
    fn takes_yaml_and_calendars_only() {
        for (name, taken) in [
            ("production.yaml", true),
            ("dev.yml", true),
            ("holidays.ics", true),
            ("README.md", false),
            ("yaml", false),
            (".yaml", false),
            (".#production.yaml", false),
            ("production.yaml~", false),
            ("production.YAML", false),
        ] {
            assert_eq!(is_declaration(name), taken, "{name}");
        }
    }

    #[test]
    fn stops_at_its_limits() {
        let mut gather = Gather::new("here", "environments");
        assert!(gather.admit("a.yaml", FILE_BYTES_MAX).is_ok());
        assert!(matches!(gather.admit("b.yaml", FILE_BYTES_MAX + 1), Err(SourceError::FileTooLarge { .. })));
        for number in 0..FILES_MAX {
            gather.admit("c.yaml", 1).unwrap();
            gather.file(format!("c{number}.yaml"), vec![0]);
        }
        assert!(matches!(gather.admit("d.yaml", 1), Err(SourceError::TreeTooLarge { .. })));
    }
}
