//! Plain files: for editing, and for checks before a commit. There is no git here: the files count as they are
//! on the disk.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::gather::{EntryKind, Gather, folder_of};
use super::limits::FILE_BYTES_MAX;
use super::port::{Poll, Source, Tree};
use crate::model::Revision;

/// A directory of plain files. Its revision is always `worktree`.
pub struct DirSource {
    root: PathBuf,
    place: String,
    folder: String,
    seen: Option<Tree>,
}

impl DirSource {
    /// A source that reads `path` inside the directory `root`.
    ///
    /// # Errors
    /// When `path` is outside it.
    pub fn new(root: PathBuf, path: &str) -> Result<Self, SourceError> {
        let place = root.display().to_string();
        Ok(Self { root, place, folder: folder_of(path)?, seen: None })
    }

    fn read(&self) -> Result<Tree, SourceError> {
        let start = self.root.join(&self.folder);
        self.check_folder(&start)?;
        let mut gather = Gather::default();
        let entries = entries(&start).map_err(reading(&start))?;
        let mut folders = VecDeque::from([(self.folder.clone(), entries)]);
        while let Some((shown, entries)) = folders.pop_front() {
            for Entry { name, path, kind } in entries {
                let Some(name) = gather.entry(&shown, name.as_bytes(), kind) else { continue };
                let is_folder = kind == EntryKind::Folder;
                let read = if is_folder {
                    self::entries(&path).map(|entries| {
                        if gather.admits_folder(&name, entries.len()) {
                            folders.push_back((name.clone(), entries));
                        }
                    })
                } else {
                    read_file(&mut gather, &path, &name)
                };
                if let Err(error) = read {
                    gather.fault(
                        name,
                        &error.to_string(),
                        "check that it exists and that this user may read it",
                    );
                }
            }
        }
        Ok(gather.finish(Revision::worktree()))
    }

    fn check_folder(&self, start: &Path) -> Result<(), SourceError> {
        let not_folder = |kind| SourceError::PathNotFolder {
            place: self.place.clone(),
            path: self.folder.clone(),
            revision: Revision::worktree().to_string(),
            kind,
        };
        // The root itself may be a link (`--dir .` inside one is ordinary); a folder below it may not.
        let at_root = self.folder.is_empty();
        let metadata = if at_root { fs::metadata(start) } else { fs::symlink_metadata(start) };
        match metadata {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(metadata) if metadata.is_symlink() => Err(not_folder("a symbolic link")),
            Ok(_) => Err(not_folder("a file")),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !at_root && self.root.is_dir() => {
                Err(SourceError::PathMissing {
                    place: self.place.clone(),
                    path: self.folder.clone(),
                    revision: Revision::worktree().to_string(),
                    present: self.folders_present()?,
                })
            }
            Err(error) => Err(reading(if at_root { start } else { &self.root })(error)),
        }
    }

    fn folders_present(&self) -> Result<Vec<String>, SourceError> {
        let mut present = Vec::new();
        for entry in fs::read_dir(&self.root).map_err(reading(&self.root))? {
            let entry = entry.map_err(reading(&self.root))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && !name.starts_with('.') {
                present.push(name);
            }
        }
        present.sort();
        Ok(present)
    }
}

/// One entry of a folder on the disk.
struct Entry {
    name: OsString,
    path: PathBuf,
    kind: EntryKind,
}

/// The entries of a folder, sorted by name.
fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = match entry.file_type()? {
            kind if kind.is_symlink() => EntryKind::Link,
            kind if kind.is_dir() => EntryKind::Folder,
            kind if kind.is_file() => EntryKind::File,
            _ => EntryKind::Other,
        };
        entries.push(Entry { name: entry.file_name(), path: entry.path(), kind });
    }
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

fn read_file(gather: &mut Gather, path: &Path, name: &str) -> io::Result<()> {
    let mut content = Vec::new();
    let file = fs::File::open(path)?;
    let size = file.metadata()?.len();
    // One byte more than the limit, so that a file which grows meanwhile is refused, too.
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content)?;
    if gather.admits(name, size.max(content.len() as u64)) {
        gather.file(name.to_owned(), content);
    }
    Ok(())
}

fn reading(path: &Path) -> impl FnOnce(std::io::Error) -> SourceError {
    move |source| SourceError::Read { path: path.to_owned(), source }
}

impl Source for DirSource {
    fn poll(&mut self) -> Result<Poll, SourceError> {
        let tree = self.read()?;
        if self.seen.as_ref() == Some(&tree) {
            return Ok(Poll::Unchanged);
        }
        self.seen = Some(tree.clone());
        Ok(Poll::Changed(tree))
    }

    /// Plain files have no history that could be rewritten.
    fn accept(&mut self, _revision: &Revision) {}

    fn describe(&self) -> String {
        self.place.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(source: &mut DirSource) -> Tree {
        match source.poll().unwrap() {
            Poll::Changed(tree) => tree,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_the_whole_subtree_and_calls_it_worktree() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("environments/platforms")).unwrap();
        fs::create_dir_all(at("other")).unwrap();
        fs::write(at("environments/dev.yaml"), "name: dev").unwrap();
        fs::write(at("environments/platforms/graasp.yml"), "x: 1").unwrap();
        fs::write(at("environments/README.md"), "no").unwrap();
        fs::write(at("other/prod.yaml"), "no").unwrap();
        std::os::unix::fs::symlink(at("other/prod.yaml"), at("environments/prod.yaml")).unwrap();
        std::os::unix::fs::symlink(at("other"), at("environments/linked")).unwrap();

        let mut source = DirSource::new(root.path().to_owned(), "environments").unwrap();
        let tree = changed(&mut source);
        assert_eq!(tree.revision, Revision::worktree());
        assert_eq!(
            tree.files.keys().collect::<Vec<_>>(),
            ["environments/dev.yaml", "environments/platforms/graasp.yml"]
        );
        assert_eq!(tree.links, ["environments/prod.yaml"]);

        assert_eq!(source.poll().unwrap(), Poll::Unchanged);
        fs::write(at("environments/dev.yaml"), "name: dev2").unwrap();
        assert_eq!(changed(&mut source).files["environments/dev.yaml"], b"name: dev2");
    }

    #[test]
    fn a_missing_folder_is_reported_with_those_that_exist() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("deploy")).unwrap();
        fs::write(root.path().join("environments"), "a file").unwrap();
        let poll = |path: &str| DirSource::new(root.path().to_owned(), path).unwrap().poll().unwrap_err();

        let error = poll("envs");
        assert!(error.to_string().contains("no folder `envs`; its folders are `deploy`"), "{error}");
        assert!(error.hint().contains("--path"), "{}", error.hint());
        let error = poll("environments");
        assert!(error.to_string().contains("is a file, not a folder"), "{error}");

        let error = DirSource::new(root.path().join("gone"), "environments").unwrap().poll().unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }

    #[test]
    fn a_file_beyond_the_limit_is_a_fault_not_a_gap() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("big.yaml"), vec![b'x'; FILE_BYTES_MAX as usize + 1]).unwrap();
        fs::write(root.path().join("dev.yaml"), "name: dev").unwrap();
        let tree = changed(&mut DirSource::new(root.path().to_owned(), ".").unwrap());
        assert_eq!(tree.files.keys().collect::<Vec<_>>(), ["dev.yaml"]);
        let fault = &tree.faults["big.yaml"].message;
        assert!(fault.contains("`big.yaml`") && fault.contains("1048577 bytes"), "{fault}");
    }
}
