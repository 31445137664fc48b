//! The folders, locks and JSON files of a store. Nothing here knows what the files mean.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt as _, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files as atomic;
use crate::store::error::StoreError;

/// An error about this path.
pub(super) fn disk(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |source| StoreError::Disk { operation, path: path.to_owned(), source }
}

/// Makes a folder and those above it, for this user alone. A folder that exists keeps its mode.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(disk("make the folder", path))?;
    // The entry in the folder above must survive a power cut as well.
    sync_parent(path)
}

/// Waits for the lock of a short section. Its holder only reads and writes small files meanwhile.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let file = open_lock(path)?;
    file.lock().map_err(disk("lock", path))?;
    Ok(file)
}

/// Opens a file that exists only to be locked.
pub(super) fn open_lock(path: &Path) -> Result<File, StoreError> {
    File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(disk("open", path))
}

/// Writes JSON in one step: a reader, and a crash, sees the old content or the new.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), StoreError> {
    let mut text = serde_json::to_vec_pretty(value).expect("what we store is always JSON");
    text.push(b'\n');
    atomic::write_atomically(path, &text, atomic::PRIVATE)
        .map_err(|error| disk("write", &error.path)(error.source))
}

/// Reads JSON; none if there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, StoreError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| StoreError::Corrupt {
        file: path.display().to_string(),
        line: error.line(),
        why: error.to_string(),
    })
}

/// Reads a file; none if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk("read", path)(error)),
    }
}

/// Which file this is, by device and inode; none if there is no such file.
pub(super) fn identity(path: &Path) -> Result<Option<(u64, u64)>, StoreError> {
    match fs::metadata(path) {
        Ok(file) => Ok(Some((file.dev(), file.ino()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk("look at", path)(error)),
    }
}

/// Removes a file, if it is there, for good.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(disk("remove", path)(error)),
    }
}

/// What a folder holds, sorted; nothing if there is no such folder. Unfinished files are left out.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk("read", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(disk("read", folder))?;
        names.extend(entry.file_name().into_string().ok().filter(|name| !name.ends_with(atomic::UNFINISHED)));
    }
    names.sort();
    Ok(names)
}

/// Makes a new or removed entry of the file's folder survive a power cut.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    atomic::sync_parent(path).map_err(disk("write", path))
}
