//! The journal's file: lines are added at its end and never changed.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde_json::Value;

use super::files::{self, disk};
use crate::model::Instant;
use crate::store::StoreError;
use crate::store::line::{self, Parsed};

pub(super) const FILE: &str = "journal.jsonl";

/// Where a journal ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    pub(super) sequence: u64,
    bytes: u64,
}

pub(super) fn read(path: &Path) -> Result<Parsed, StoreError> {
    let bytes = files::read(path)?.unwrap_or_default();
    line::parse(&path.display().to_string(), &bytes)
}

/// Adds one line and returns where the journal ends now; the line is on the disk then. `known` is where it
/// ended after the last append: if it still does, it need not be read. The caller holds the lease.
pub(super) fn append(
    path: &Path,
    fencing: u64,
    at: Instant,
    event: &Value,
    known: Option<Tail>,
) -> Result<Tail, StoreError> {
    let mut file =
        File::options().create(true).append(true).mode(0o600).open(path).map_err(disk("open", path))?;
    let bytes = file.metadata().map_err(disk("look at", path))?.len();
    let tail = match known.filter(|tail| tail.bytes == bytes) {
        Some(tail) => tail,
        None => {
            let Parsed { log, good_bytes } = read(path)?;
            if log.torn.is_some() {
                // What a crash left. Behind it, our line would be part of it.
                file.set_len(good_bytes).map_err(disk("write", path))?;
            }
            Tail { sequence: log.lines.last().map_or(0, |line| line.sequence), bytes: good_bytes }
        }
    };
    let text = line::encode(tail.sequence + 1, fencing, at, event);
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a line, or one that the disk may not have: our caller is told that it is not there, so it
        // must not be. If even this fails, the next append finds a torn line and removes it.
        let _ = file.set_len(tail.bytes);
        return Err(disk("write", path)(error));
    }
    if tail.sequence == 0 {
        files::sync_parent(path)?;
    }
    Ok(Tail { sequence: tail.sequence + 1, bytes: tail.bytes + text.len() as u64 })
}
