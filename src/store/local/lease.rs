//! The lease as an operating-system lock on `lease.lock`.
//!
//! The system frees it when the process ends, however it ends, so there is no expiry to wait for. `lease.json`
//! stays behind and keeps the fencing number; it says who holds the lease only while the lock is held.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{append_log, files};
use crate::model::{EnvironmentName, Instant};
use crate::store::error::StoreError;
use crate::store::lease::{Lease, LeaseGuard, LeaseHolder};

/// Held for moments, by every process that takes the lease or asks who holds it. So asking about the lease can
/// never make another process fail to take it.
const SECTION: &str = "lock";
const LOCK: &str = "lease.lock";
const NEWEST: &str = "lease.json";

pub(super) fn acquire(
    folder: &Path,
    environment: &EnvironmentName,
    holder: &str,
    at: Instant,
) -> Result<Option<Lease>, StoreError> {
    let _section = files::lock(&folder.join(SECTION))?;
    let path = folder.join(LOCK);
    let lock = files::open_lock(&path)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(files::disk("lock", &path)(error)),
    }
    // The journal knows the number too, in case an operator removed the other file.
    let newest: Option<LeaseHolder> = files::read_json(&folder.join(NEWEST))?;
    let last = append_log::last(&folder.join(append_log::FILE))?;
    let before = newest.map_or(0, |lease| lease.fencing).max(last.fencing);
    let lease =
        LeaseHolder { fencing: before + 1, holder: holder.to_owned(), pid: std::process::id(), since: at };
    files::write_json(&folder.join(NEWEST), &lease)?;
    let guard = LocalGuard {
        environment: environment.clone(),
        fencing: lease.fencing,
        folder: folder.to_owned(),
        lock,
    };
    Ok(Some(Lease::new(environment.clone(), lease.fencing, Box::new(guard))))
}

/// Who holds the lease. Makes no file: a user who must not write may read a store.
pub(super) fn holder(folder: &Path) -> Result<Option<LeaseHolder>, StoreError> {
    // Every process that took the lease left both files.
    let (section, path) = (folder.join(SECTION), folder.join(LOCK));
    let (Some(section_lock), Some(lock)) = (open_existing(&section)?, open_existing(&path)?) else {
        return Ok(None);
    };
    section_lock.lock().map_err(files::disk("lock", &section))?;
    match lock.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => files::read_json(&folder.join(NEWEST)),
        Err(TryLockError::Error(error)) => Err(files::disk("lock", &path)(error)),
    }
}

fn open_existing(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files::disk("open", path)(error)),
    }
}

struct LocalGuard {
    environment: EnvironmentName,
    fencing: u64,
    folder: PathBuf,
    /// Closing it frees the lock.
    lock: File,
}

impl LeaseGuard for LocalGuard {
    /// The system does not take locks away, but people remove and restore folders: the lock must still be on
    /// the file that others would try to lock, and the newest number must be ours.
    fn verify(&self) -> Result<(), StoreError> {
        let lost = |why: String| {
            Err(StoreError::LeaseLost { environment: self.environment.clone(), fencing: self.fencing, why })
        };
        let path = self.folder.join(LOCK);
        let ours = self.lock.metadata().map_err(files::disk("look at", &path))?;
        let is_same =
            fs::metadata(&path).is_ok_and(|theirs| (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()));
        if !is_same {
            return lost(format!("{} was replaced", path.display()));
        }
        match files::read_json::<LeaseHolder>(&self.folder.join(NEWEST))? {
            Some(newest) if newest.fencing == self.fencing => Ok(()),
            Some(newest) => lost(format!("the newest lease is {}, of {}", newest.fencing, newest.holder)),
            None => lost(format!("{} is gone", self.folder.join(NEWEST).display())),
        }
    }
}
