//! Reading files of a bounded size, and writing a file in one step: a reader, and a crash, sees the old content or the new, never a part of it.
//!
//! The new content goes into a file beside the old one, whose name ends with [`UNFINISHED`]. Once it is on the
//! disk, it is renamed over the old one, and the folder is synced, so that the rename survives a power cut.
//!
//! The unfinished file has one name for each file, so that crashes leave no heap of them: the next write
//! starts it anew. Writers in several processes take turns by a lock on it. Only a file that must not exist yet is
//! written under a name of chance: it stands among files of people, and none of those is ever touched.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::SystemClock;

/// The ending of a file that is not written completely. Readers of folders leave such files out.
pub const UNFINISHED: &str = ".tmp";

/// Tries of the lock on an unfinished file, 10 ms apart, five seconds in all: a writer takes milliseconds, and one that
/// was stopped in the middle must not stop the others, too.
const LOCK_TRIES_MAX: u32 = 500;
const LOCK_RETRY: Duration = Duration::from_millis(10);

/// The mode of a file for this user alone.
pub const PRIVATE: u32 = 0o600;

/// The mode of a file for everyone whom the umask allows.
pub const SHARED: u32 = 0o666;

/// Why a file was not written. The old content, if there was any, is still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", path.display())]
pub struct WriteError {
    /// The file.
    pub path: PathBuf,
    /// The error of the operating system.
    pub source: io::Error,
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        let WriteError { path, source } = error;
        io::Error::new(source.kind(), format!("cannot write {}: {source}", path.display()))
    }
}

/// Replaces the file, or makes it, in one step. The umask is taken off `mode`. The folder must exist.
///
/// # Errors
/// When the folder or the disk refuses.
pub fn write_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let write = || {
        let (unfinished, _lock) = write_unfinished(path, bytes, mode)?;
        fs::rename(unfinished, path)?;
        sync_parent(path)
    };
    write().map_err(|source| WriteError { path: path.to_owned(), source })
}

/// Makes the file in one step, and never replaces one.
///
/// # Errors
/// As [`write_atomically`]; `AlreadyExists` when there is such a file.
pub fn create_atomically(path: &Path, bytes: &[u8], mode: u32) -> Result<(), WriteError> {
    let create = || {
        let mut unfinished = tempfile::Builder::new()
            .permissions(Permissions::from_mode(mode))
            .tempfile_in(folder_of(path))?;
        unfinished.write_all(bytes)?;
        unfinished.as_file().sync_all()?;
        unfinished.persist_noclobber(path).map_err(|error| error.error)?;
        sync_parent(path)
    };
    create().map_err(|source| WriteError { path: path.to_owned(), source })
}

/// Reads a regular file of at most so many bytes: one that is named by mistake (a device, a pipe, a log) must not fill the
/// memory or block the process.
///
/// # Errors
/// When the file cannot be read, is not a regular file, or is larger.
pub fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    // One byte more than the limit, so that a file which grows meanwhile is refused, too.
    File::open(path)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        let message = format!("it has more than {bytes_max} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// The same for text.
///
/// # Errors
/// As [`read_bounded`], and when it is not UTF-8.
pub fn read_text_bounded(path: &Path, bytes_max: u64) -> io::Result<String> {
    String::from_utf8(read_bounded(path, bytes_max)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// Makes a new or renamed entry of the file's folder survive a power cut.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes the content beside the file. The returned file holds the lock that makes other writers wait.
fn write_unfinished(path: &Path, bytes: &[u8], mode: u32) -> io::Result<(PathBuf, File)> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let mut file = open_locked(&unfinished, mode, LOCK_TRIES_MAX)?;
    let written = file.set_len(0).and_then(|()| file.write_all(bytes)).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // A full disk has no room for half a content. If this fails, too, the next write starts it anew.
        let _ = fs::remove_file(&unfinished);
        return Err(error);
    }
    Ok((unfinished, file))
}

/// Opens and locks the unfinished file. A writer that waited for the lock may have opened a file that was
/// renamed meanwhile: then it opens the next one.
fn open_locked(path: &Path, mode: u32, tries_max: u32) -> io::Result<File> {
    for _ in 0..tries_max {
        let file = File::options().create(true).truncate(false).write(true).mode(mode).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                SystemClock.pause(LOCK_RETRY);
                continue;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let ours = file.metadata()?;
        let is_same = |there: &fs::Metadata| (there.dev(), there.ino()) == (ours.dev(), ours.ino());
        match fs::metadata(path) {
            Ok(there) if is_same(&there) => return Ok(file),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    let message = format!("another process has locked {} and does not finish", path.display());
    Err(io::Error::new(io::ErrorKind::TimedOut, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_that_never_finishes_does_not_stop_the_others_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json.tmp");
        let stopped = open_locked(&path, PRIVATE, 1).unwrap();
        let error = open_locked(&path, PRIVATE, 2).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(error.to_string().contains("a.json.tmp and does not finish"), "{error}");
        drop(stopped);
        assert!(open_locked(&path, PRIVATE, 1).is_ok());
    }

    #[test]
    fn a_file_of_people_beside_a_new_one_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let theirs = folder.path().join("a.yaml.tmp");
        fs::write(&theirs, "notes").unwrap();
        create_atomically(&folder.path().join("a.yaml"), b"x", SHARED).unwrap();
        assert_eq!(fs::read(&theirs).unwrap(), b"notes");
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn the_content_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomically(&path, b"a long content", PRIVATE).unwrap();
        write_atomically(&path, b"short", PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"short");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn a_file_has_the_mode_that_its_writer_gave_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_atomically(&path, b"x", PRIVATE).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, PRIVATE);
        // The umask is the environment's: an ordinary new file shows it.
        let (shared, ordinary) = (folder.path().join("shared"), folder.path().join("ordinary"));
        create_atomically(&shared, b"x", SHARED).unwrap();
        fs::write(&ordinary, "x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&shared), mode(&ordinary));
    }

    #[test]
    fn what_a_crash_left_is_not_in_the_next_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        fs::write(folder.path().join("a.json.tmp"), "half of a content that was never finished").unwrap();
        write_atomically(&path, b"whole", PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn a_file_that_exists_is_not_created_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        create_atomically(&path, b"first", SHARED).unwrap();
        let error = create_atomically(&path, b"second", SHARED).unwrap_err();
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["a.yaml"]);
    }

    #[test]
    fn only_regular_files_of_a_bounded_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_text_bounded(&path, 5).unwrap(), "12345");
        assert_eq!(read_bounded(&path, 4).unwrap_err().to_string(), "it has more than 4 bytes");
        for other in [Path::new("/dev/zero"), folder.path()] {
            assert_eq!(read_bounded(other, 4).unwrap_err().to_string(), "it is not a regular file");
        }
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_text_bounded(&path, 5).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(read_bounded(&folder.path().join("b"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent/a.json");
        let error = write_atomically(&path, b"x", PRIVATE).unwrap_err();
        assert_eq!(error.to_string(), format!("cannot write {}", path.display()));
        assert!(io::Error::from(error).to_string().contains("absent/a.json: No such file"));
    }

    #[test]
    fn writers_side_by_side_leave_the_content_of_one_of_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let contents: Vec<Vec<u8>> = (b'a'..=b'd').map(|letter| vec![letter; 10_000]).collect();
        std::thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| {
                    for _ in 0..20 {
                        write_atomically(&path, content, PRIVATE).unwrap();
                        assert!(contents.contains(&fs::read(&path).unwrap()));
                    }
                });
            }
        });
        assert_eq!(names(folder.path()), ["a.json"]);
    }
}
