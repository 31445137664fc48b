//! Plain files: for editing, and for checks before a commit. There is no git here: the files count as they are
//! on the disk.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::error::SourceError;
use super::gather::{Gather, folder_of, join};
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
        let mut gather = Gather::new(&self.place, &self.folder);
        let mut folders = vec![(start, self.folder.clone())];
        while let Some((folder, shown)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(reading(&folder))? {
                let entry = entry.map_err(reading(&folder))?;
                let path = entry.path();
                let kind = entry.file_type().map_err(reading(&path))?;
                let os_name = entry.file_name();
                let Some(name) = gather.name(&shown, os_name.as_bytes(), kind.is_dir())? else { continue };
                let name = join(&shown, name);
                if kind.is_symlink() {
                    gather.link(name);
                } else if kind.is_dir() {
                    folders.push((path, name));
                } else if kind.is_file() {
                    let content = self.read_file(&mut gather, &path, &name)?;
                    gather.file(name, content);
                }
            }
        }
        Ok(gather.finish(Revision::worktree()))
    }

    fn read_file(&self, gather: &mut Gather<'_>, path: &Path, name: &str) -> Result<Vec<u8>, SourceError> {
        use std::io::Read;
        let mut content = Vec::new();
        // One byte more than the limit, so that a file which grows meanwhile is refused, too.
        let file = fs::File::open(path).map_err(reading(path))?;
        let size = file.metadata().map_err(reading(path))?.len();
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut content).map_err(reading(path))?;
        gather.admit(name, size.max(content.len() as u64))?;
        Ok(content)
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
        assert!(
            error.to_string().contains("no folder `envs` at worktree; its folders are `deploy`"),
            "{error}"
        );
        assert!(error.hint().contains("--path"), "{}", error.hint());
        let error = poll("environments");
        assert!(error.to_string().contains("is a file, not a folder"), "{error}");

        let error = DirSource::new(root.path().join("gone"), "environments").unwrap().poll().unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }

    #[test]
    fn a_file_beyond_the_limit_is_an_error_not_a_gap() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("big.yaml"), vec![b'x'; FILE_BYTES_MAX as usize + 1]).unwrap();
        let error = DirSource::new(root.path().to_owned(), ".").unwrap().poll().unwrap_err();
        assert!(matches!(error, SourceError::FileTooLarge { bytes, .. } if bytes == FILE_BYTES_MAX + 1));
    }
}
