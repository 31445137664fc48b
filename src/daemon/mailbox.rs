//! How another process reaches the daemon: a file in the store's folder that the daemon reads every second.
//!
//! Rejected: a signal carries no text, and a socket stays behind when the daemon dies. The lock belongs to the
//! system, so that it ends with the process. The daemon answers by removing the file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;

/// The process of a daemon: the content of its lock file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonProcess {
    /// Its process id; 0 = unknown.
    pub pid: u32,
    /// The host it runs on.
    pub place: String,
}

/// A message to the daemon: check everything now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poke {
    /// The person, as `user@host`.
    pub who: String,
    /// The force-pushed revision that the person accepts; its beginning is enough.
    pub accept_revision: Option<String>,
}

/// The daemon's side of the mailbox. It exists once for a store.
#[derive(Debug)]
pub struct Mailbox {
    root: PathBuf,
    letter: PathBuf,
    /// Locked, too: an operator may remove the lock file, and the folder cannot be removed while it holds a store.
    folder: File,
    lock: File,
}

/// The result of an attempt to become the daemon of a store.
#[derive(Debug)]
pub enum Claim {
    /// This process is the daemon now.
    Ours(Mailbox),
    /// Another daemon runs; none = its lock file cannot be read.
    Taken(Option<DaemonProcess>),
}

impl Mailbox {
    /// Becomes the daemon of the store in `root`, which must exist. The system frees the lock when the process
    /// ends.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn claim(root: &Path, running: &DaemonProcess) -> io::Result<Claim> {
        let folder = File::open(root)?;
        let mut file = open(root)?;
        match folder.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Claim::Taken(read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Claim::Taken(read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(running)?)?;
        let letter = letter(root);
        // A poke that an earlier daemon did not read is not for this one.
        if let Err(error) = fs::remove_file(&letter)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        Ok(Claim::Ours(Mailbox { root: root.to_owned(), letter, folder, lock: file }))
    }

    /// Whether the store is where it was when this process became its daemon.
    pub fn has_its_store(&self) -> bool {
        is_same(&self.folder, &self.root)
    }

    /// Makes the lock file again if it was removed, so that other processes find this daemon.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep_lock(&mut self, running: &DaemonProcess) -> io::Result<bool> {
        if is_same(&self.lock, &lock_file(&self.root)) {
            return Ok(false);
        }
        let mut file = open(&self.root)?;
        match file.try_lock() {
            Ok(()) => {}
            // Another process asks whether a daemon runs; the next turn of the loop tries again.
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(running)?)?;
        self.lock = file;
        Ok(true)
    }

    /// The poke that arrived since the last call, if one did; it is removed.
    ///
    /// # Errors
    /// When the file cannot be read or removed.
    pub fn take(&self) -> io::Result<Option<Poke>> {
        let text = match fs::read(&self.letter) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        fs::remove_file(&self.letter)?;
        Ok(Some(serde_json::from_slice(&text).unwrap_or_default()))
    }
}

/// Pokes the daemon of the store in `root`. None: no daemon runs, and nothing was written.
///
/// # Errors
/// When the folder cannot be written.
pub fn tell(root: &Path, poke: &Poke) -> io::Result<Option<DaemonProcess>> {
    let Some(running) = running(root)? else { return Ok(None) };
    files::write_atomically(&letter(root), &serde_json::to_vec(poke)?, files::PRIVATE)?;
    Ok(Some(running))
}

/// Whether the daemon has not read the last poke yet.
pub fn is_unread(root: &Path) -> bool {
    letter(root).exists()
}

/// The daemon of the store in `root`, if one runs.
///
/// # Errors
/// When the lock cannot be tried.
pub fn running(root: &Path) -> io::Result<Option<DaemonProcess>> {
    let mut file = match File::options().read(true).write(true).open(root.join("daemon.lock")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            Ok(Some(read(&mut file).unwrap_or(DaemonProcess { pid: 0, place: "this machine".to_owned() })))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(root: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(lock_file(root))
}

fn lock_file(root: &Path) -> PathBuf {
    root.join("daemon.lock")
}

/// Whether an open file still is the one at this path.
fn is_same(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (ours.dev(), ours.ino()) == (there.dev(), there.ino())
}

fn letter(root: &Path) -> PathBuf {
    root.join("daemon.poke")
}

fn read(file: &mut File) -> Option<DaemonProcess> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> DaemonProcess {
        DaemonProcess { pid: 7, place: "host-7".to_owned() }
    }

    #[test]
    fn a_daemon_reads_a_poke_once() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(tell(root.path(), &Poke::default()).unwrap(), None);
        let Claim::Ours(mailbox) = Mailbox::claim(root.path(), &me()).unwrap() else { panic!("free") };
        assert_eq!(mailbox.take().unwrap(), None);
        let poke = Poke { who: "ann".to_owned(), accept_revision: Some("41d07e3".to_owned()) };
        assert_eq!(tell(root.path(), &poke).unwrap(), Some(me()));
        assert!(is_unread(root.path()));
        assert_eq!(mailbox.take().unwrap(), Some(poke));
        assert_eq!(mailbox.take().unwrap(), None);
    }

    #[test]
    fn a_store_has_one_daemon_although_its_lock_file_was_removed() {
        let root = tempfile::tempdir().unwrap();
        let Claim::Ours(mut first) = Mailbox::claim(root.path(), &me()).unwrap() else { panic!("free") };
        assert!(!first.keep_lock(&me()).unwrap());
        fs::remove_file(root.path().join("daemon.lock")).unwrap();
        assert!(matches!(Mailbox::claim(root.path(), &me()).unwrap(), Claim::Taken(None)));
        fs::remove_file(root.path().join("daemon.lock")).unwrap();
        assert!(first.keep_lock(&me()).unwrap());
        assert_eq!(running(root.path()).unwrap(), Some(me()));
        assert!(first.has_its_store());
        fs::remove_dir_all(root.path()).unwrap();
        assert!(!first.has_its_store());
        fs::create_dir(root.path()).unwrap();
        assert!(!first.has_its_store(), "another folder at the same place");
    }

    #[test]
    fn a_store_has_one_daemon_until_it_ends() {
        let root = tempfile::tempdir().unwrap();
        let Claim::Ours(first) = Mailbox::claim(root.path(), &me()).unwrap() else { panic!("free") };
        assert!(
            matches!(Mailbox::claim(root.path(), &me()).unwrap(), Claim::Taken(Some(who)) if who == me())
        );
        drop(first);
        assert!(matches!(Mailbox::claim(root.path(), &me()).unwrap(), Claim::Ours(_)));
    }
}
