//! The file that only grows: lines are added at its end and never changed.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;

use super::files::{self, disk};
use crate::model::Instant;
use crate::store::error::StoreError;
use crate::store::journal::line::{self, DecodedLog};

pub(super) const FILE: &str = "journal.jsonl";

/// Where the next line begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) sequence: u64,
    bytes: u64,
}

pub(super) fn read(path: &Path) -> Result<DecodedLog, StoreError> {
    let bytes = files::read(path)?.unwrap_or_default();
    line::parse(&path.display().to_string(), &bytes)
}

/// Adds one line and returns the new end; the line is on the disk then. `known` is the end after the last
/// append: if the file still ends there, it need not be read. The caller holds the lease.
pub(super) fn append(
    path: &Path,
    fencing: u64,
    at: Instant,
    event: &Value,
    known: Option<End>,
) -> Result<End, StoreError> {
    let mut file =
        File::options().create(true).append(true).mode(0o600).open(path).map_err(disk("open", path))?;
    let bytes = file.metadata().map_err(disk("look at", path))?.len();
    let end = match known.filter(|end| end.bytes == bytes) {
        Some(end) => end,
        None => {
            let DecodedLog { log, complete_bytes } = read(path)?;
            if log.unfinished.is_some() {
                // What a crash left. Behind it, our line would be part of it.
                file.set_len(complete_bytes).map_err(disk("write", path))?;
            }
            End { sequence: log.lines.last().map_or(0, |line| line.sequence), bytes: complete_bytes }
        }
    };
    let text = line::encode(end.sequence + 1, fencing, at, event);
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a line, or one that the disk may not have: the caller gets an error, so the line must not
        // stay. If even this fails, the next append finds an unfinished line and removes it.
        let _ = file.set_len(end.bytes);
        return Err(disk("write", path)(error));
    }
    if end.sequence == 0 {
        files::sync_parent(path)?;
    }
    Ok(End { sequence: end.sequence + 1, bytes: end.bytes + text.len() as u64 })
}
