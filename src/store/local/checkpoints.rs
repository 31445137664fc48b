//! The two newest checkpoints of a journal, each in a file of its own: the older one is replaced, so that a crash in
//! the middle leaves a sound one.

use std::path::Path;

use super::files;
use crate::files as atomic;
use crate::store::error::StoreError;
use crate::store::journal::Checkpoint;

const FILES: [&str; 2] = ["checkpoint-a.json", "checkpoint-b.json"];

/// Those that can be read, newest first.
pub(super) fn list(folder: &Path) -> Result<Vec<Checkpoint>, StoreError> {
    let mut found: Vec<Checkpoint> = slots(folder)?.into_iter().flatten().collect();
    found.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.mark.sequence));
    Ok(found)
}

/// Replaces the one that is damaged, missing or older.
pub(super) fn keep(folder: &Path, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let age = |slot: &Option<Checkpoint>| slot.as_ref().map_or(0, |found| found.mark.sequence);
    let [a, b] = slots(folder)?;
    let file = if age(&a) <= age(&b) { FILES[0] } else { FILES[1] };
    let mut text = checkpoint.encode();
    text.push('\n');
    atomic::write_atomically(&folder.join(file), text.as_bytes(), atomic::PRIVATE)
        .map_err(|error| files::disk("write", &error.path)(error.source))
}

fn slots(folder: &Path) -> Result<[Option<Checkpoint>; 2], StoreError> {
    let read = |file: &str| -> Result<Option<Checkpoint>, StoreError> {
        let bytes = files::read(&folder.join(file))?;
        Ok(bytes.and_then(|bytes| Checkpoint::decode(bytes.trim_ascii_end())))
    };
    Ok([read(FILES[0])?, read(FILES[1])?])
}
