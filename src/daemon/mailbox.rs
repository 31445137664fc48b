//! How one process tells the daemon something: a file beside the store, looked at every second.
//!
//! No signal and no socket: it works for another user's shell, leaves nothing behind when the daemon dies
//! (the lock is the system's), and its answer is that the file is gone.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files;

/// Who runs, for people: the content of the lock's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The process.
    pub pid: u32,
    /// The machine.
    pub place: String,
}

/// What the daemon is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Poke {
    /// Who.
    pub who: String,
    /// A revision of rewritten history that a person agrees to; the beginning of one is enough.
    pub accept_revision: Option<String>,
}

/// The daemon's side: exists once for a store.
#[derive(Debug)]
pub struct Mailbox {
    letter: PathBuf,
    _lock: File,
}

/// Whether a daemon runs.
#[derive(Debug)]
pub enum Claim {
    /// Nobody did: we do now.
    Ours(Mailbox),
    /// This one does.
    Taken(Option<Running>),
}

impl Mailbox {
    /// Becomes the daemon of the store in `root`, which must exist. Free again as soon as the process ends.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn claim(root: &Path, running: &Running) -> io::Result<Claim> {
        let mut file = open(root)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Claim::Taken(read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.write_all(&serde_json::to_vec(running)?)?;
        let letter = letter(root);
        // What was said to a daemon that is gone is not meant for us.
        if let Err(error) = fs::remove_file(&letter)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        Ok(Claim::Ours(Mailbox { letter, _lock: file }))
    }

    /// What was said since the last look.
    ///
    /// # Errors
    /// When it cannot be read or removed.
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

/// Tells the daemon of the store in `root`. None: there is no daemon, and nothing was written.
///
/// # Errors
/// When the folder cannot be written.
pub fn tell(root: &Path, poke: &Poke) -> io::Result<Option<Running>> {
    let Some(running) = running(root)? else { return Ok(None) };
    files::write_atomically(&letter(root), &serde_json::to_vec(poke)?, files::PRIVATE)?;
    Ok(Some(running))
}

/// Whether what was told has not been read yet.
pub fn is_unread(root: &Path) -> bool {
    letter(root).exists()
}

/// The daemon of the store in `root`, if one runs.
///
/// # Errors
/// When the lock cannot be tried.
pub fn running(root: &Path) -> io::Result<Option<Running>> {
    let mut file = match File::options().read(true).write(true).open(root.join("daemon.lock")) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            Ok(Some(read(&mut file).unwrap_or(Running { pid: 0, place: "this machine".to_owned() })))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn open(root: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(root.join("daemon.lock"))
}

fn letter(root: &Path) -> PathBuf {
    root.join("daemon.poke")
}

fn read(file: &mut File) -> Option<Running> {
    let mut text = String::new();
    file.rewind().ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Running {
        Running { pid: 7, place: "host-7".to_owned() }
    }

    #[test]
    fn a_daemon_hears_what_it_is_told_once() {
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
