//! Collects the files of a repository that are declarations, within limits.
//!
//! Commits and plain files share it, so that `--dir` and `--repo` always agree on which files count. A file that
//! cannot be read, or stands beyond a limit, is a fault of that file alone: the environments that use it keep what was
//! declared before, and all others are read. The folder of environments itself is read first and to its end, so that no
//! number of other files makes an environment look as if it had been removed.

use std::collections::BTreeMap;

use super::error::SourceError;
use super::limits::{ENTRIES_MAX, FILE_BYTES_MAX, FILES_MAX, TREE_BYTES_MAX};
use super::port::Tree;
use crate::model::{FileFault, Revision};

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

/// An entry of a folder, as far as the reader must know it before it reads anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryKind {
    Folder,
    File,
    Link,
    /// A device, a pipe, a submodule: nothing that holds a declaration.
    Other,
}

/// Collects the files of one tree. Folders must be given from the top downwards, each with its entries sorted.
#[derive(Default)]
pub(super) struct Gather {
    files: BTreeMap<String, Vec<u8>>,
    faults: BTreeMap<String, FileFault>,
    links: Vec<String>,
    bytes: u64,
    entries: usize,
}

impl Gather {
    /// One entry of a folder: its path if the caller is to read it.
    pub(super) fn entry(&mut self, parent: &str, name: &[u8], kind: EntryKind) -> Option<String> {
        let text = String::from_utf8_lossy(name);
        let may_matter = text != ".git" && (kind == EntryKind::Folder || is_declaration(&text));
        if !may_matter {
            return None;
        }
        let path = join(parent, &text);
        if std::str::from_utf8(name).is_err() {
            self.fault(path, "its name is not UTF-8", "rename it");
            return None;
        }
        match kind {
            EntryKind::Folder | EntryKind::File => Some(path),
            EntryKind::Link => {
                let hint = "put the file itself there; what several environments share is named by `extends`";
                self.fault(path.clone(), "it is a symbolic link, and tidegate follows none", hint);
                self.links.push(path);
                None
            }
            EntryKind::Other => {
                self.fault(path, "it is not a regular file", "put a regular file there");
                None
            }
        }
    }

    /// Whether a folder below the folder of environments, with so many entries, is to be read.
    pub(super) fn admits_folder(&mut self, path: &str, entries: usize) -> bool {
        self.entries += entries;
        let is_admitted = self.entries <= ENTRIES_MAX;
        if !is_admitted {
            let message =
                format!("there are more than {ENTRIES_MAX} entries below the folder of environments");
            self.fault(path.to_owned(), &message, SMALLER);
        }
        is_admitted
    }

    /// Whether a file of this size is to be read.
    pub(super) fn admits(&mut self, path: &str, bytes: u64) -> bool {
        let (message, hint) = if bytes > FILE_BYTES_MAX {
            (format!("it has {bytes} bytes; the limit is {FILE_BYTES_MAX} bytes"), "make the file smaller")
        } else if self.files.len() == FILES_MAX {
            (
                format!("it stands behind {FILES_MAX} other YAML files and calendars, which is the limit"),
                SMALLER,
            )
        } else if self.bytes + bytes > TREE_BYTES_MAX {
            let limit = TREE_BYTES_MAX;
            (
                format!("with it, YAML files and calendars have more than {limit} bytes, which is the limit"),
                SMALLER,
            )
        } else {
            self.bytes += bytes;
            return true;
        };
        self.fault(path.to_owned(), &message, hint);
        false
    }

    pub(super) fn file(&mut self, path: String, content: Vec<u8>) {
        self.files.insert(path, content);
    }

    /// A file or a folder that cannot be used.
    pub(super) fn fault(&mut self, path: String, why: &str, hint: &str) {
        let message = format!("tidegate does not read `{path}`: {why}");
        self.faults.insert(path, FileFault { message, hint: hint.to_owned() });
    }

    pub(super) fn finish(mut self, revision: Revision) -> Tree {
        self.links.sort();
        Tree { revision, files: self.files, faults: self.faults, links: self.links }
    }
}

/// The way out of every limit on numbers.
const SMALLER: &str =
    "keep only declarations below the folder of environments, or give a smaller folder with `--path`";

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
    fn a_limit_is_a_fault_of_the_file_beyond_it_and_of_no_other() {
        let mut gather = Gather::default();
        assert!(gather.admits("a.yaml", FILE_BYTES_MAX));
        assert!(!gather.admits("b.yaml", FILE_BYTES_MAX + 1));
        for number in 0..FILES_MAX {
            assert!(gather.admits("c.yaml", 1));
            gather.file(format!("c{number}.yaml"), vec![0]);
        }
        assert!(!gather.admits("d.yaml", 1));
        let tree = gather.finish(Revision::worktree());
        assert_eq!(tree.files.len(), FILES_MAX);
        assert_eq!(tree.faults.keys().collect::<Vec<_>>(), ["b.yaml", "d.yaml"]);

        let mut gather = Gather::default();
        let full = TREE_BYTES_MAX / FILE_BYTES_MAX;
        assert!((0..full).all(|_| gather.admits("a.yaml", FILE_BYTES_MAX)));
        assert!(!gather.admits("b.yaml", 1));
        assert!(gather.admits_folder("sub", ENTRIES_MAX) && !gather.admits_folder("more", 1));
        assert_eq!(gather.finish(Revision::worktree()).faults.keys().collect::<Vec<_>>(), ["b.yaml", "more"]);
    }

    #[test]
    fn every_entry_that_is_no_file_of_its_own_is_a_fault_if_it_has_the_name_of_a_declaration() {
        let mut gather = Gather::default();
        let mut entry = |name: &[u8], kind| gather.entry("e", name, kind);
        assert_eq!(entry(b"a.yaml", EntryKind::File).as_deref(), Some("e/a.yaml"));
        assert_eq!(entry(b"sub", EntryKind::Folder).as_deref(), Some("e/sub"));
        for (name, kind) in [
            (&b"link.yaml"[..], EntryKind::Link),
            (b"pipe.ics", EntryKind::Other),
            (b"\xff.yml", EntryKind::File),
            (b"\xff", EntryKind::Folder),
            (b"link", EntryKind::Link),
            (b"pipe", EntryKind::Other),
            (b"\xff.md", EntryKind::File),
            (b".git", EntryKind::Folder),
        ] {
            assert_eq!(entry(name, kind), None, "{name:?}");
        }
        let tree = gather.finish(Revision::worktree());
        let faults: Vec<&str> = tree.faults.keys().map(String::as_str).collect();
        assert_eq!(faults, ["e/link.yaml", "e/pipe.ics", "e/\u{fffd}", "e/\u{fffd}.yml"]);
        assert_eq!(tree.links, ["e/link.yaml"]);
    }
}
