//! The file that only grows: lines are added at its end and never changed.

use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use serde_json::Value;

use super::files::{self, disk};
use crate::model::Instant;
use crate::store::error::StoreError;
use crate::store::journal::line::{self, Mark, RawLine, UnfinishedLine};

pub(super) const FILE: &str = "journal.jsonl";

/// How much is read at a time when the last line is looked for.
const BLOCK: u64 = 64 * 1024;

/// What stands behind a mark.
#[derive(Debug, PartialEq)]
pub(super) enum Behind {
    /// The mark is no place in this file; no line was read.
    Elsewhere,
    /// All complete lines behind it were read; the last one ends at `end`.
    Lines { end: Mark, unfinished: Option<UnfinishedLine> },
}

/// Reads every complete line behind `after`, one at a time.
pub(super) fn follow(
    path: &Path,
    after: &Mark,
    each: &mut dyn FnMut(RawLine<'_>),
) -> Result<Behind, StoreError> {
    let name = path.display().to_string();
    let Some(mut file) = open(path)? else {
        let nothing = Behind::Lines { end: Mark::default(), unfinished: None };
        return Ok(if *after == Mark::default() { nothing } else { Behind::Elsewhere });
    };
    if *after != Mark::default()
        && mark_before(&file, path, after.bytes, after.length)?.as_ref() != Some(after)
    {
        return Ok(Behind::Elsewhere);
    }
    file.seek(SeekFrom::Start(after.bytes)).map_err(disk("read", path))?;
    let mut reader = BufReader::with_capacity(BLOCK as usize, file);
    let mut end = after.clone();
    let mut text = Vec::new();
    loop {
        text.clear();
        reader.read_until(b'\n', &mut text).map_err(disk("read", path))?;
        match text.pop() {
            Some(b'\n') => {
                let line = line::decode(&name, &end, &text)?;
                end = line.mark.clone();
                each(line);
            }
            Some(_) => {
                let (file, line, bytes) = (name, end.sequence + 1, text.len() + 1);
                let unfinished = Some(UnfinishedLine { file, line, bytes });
                return Ok(Behind::Lines { end, unfinished });
            }
            None => return Ok(Behind::Lines { end, unfinished: None }),
        }
    }
}

/// The end of the last complete line, without reading the lines before it. The beginning, if there is none.
pub(super) fn last(path: &Path) -> Result<Mark, StoreError> {
    match open(path)? {
        Some(file) => last_of(&file, path),
        None => Ok(Mark::default()),
    }
}

fn last_of(file: &File, path: &Path) -> Result<Mark, StoreError> {
    let length = file.metadata().map_err(disk("look at", path))?.len();
    // From the end towards the beginning, until the last complete line is there with the end of the line before it.
    let mut from = length;
    let mut tail: Vec<u8> = Vec::new();
    loop {
        let end = tail.iter().rposition(|byte| *byte == b'\n');
        let begin = end.and_then(|end| tail[..end].iter().rposition(|byte| *byte == b'\n'));
        if from == 0 || begin.is_some() {
            let Some(end) = end else { return Ok(Mark::default()) };
            let text = &tail[begin.map_or(0, |begin| begin + 1)..end];
            if let Some(mark) = line::decode_last(text, from + end as u64 + 1) {
                return Ok(mark);
            }
            // Damaged. Reading from the beginning says where.
            let whole = follow(path, &Mark::default(), &mut |_| ())?;
            return match whole {
                Behind::Lines { end, .. } => Ok(end),
                Behind::Elsewhere => Ok(Mark::default()),
            };
        }
        let begin = from.saturating_sub(BLOCK);
        let mut block = vec![0; (from - begin) as usize];
        file.read_exact_at(&mut block, begin).map_err(disk("read", path))?;
        block.append(&mut tail);
        (tail, from) = (block, begin);
    }
}

/// The mark of the line of this length that ends here, if there is one.
fn mark_before(file: &File, path: &Path, bytes: u64, length: u64) -> Result<Option<Mark>, StoreError> {
    let Some(begin) = bytes.checked_sub(length) else { return Ok(None) };
    let mut text = vec![0; length as usize];
    match file.read_exact_at(&mut text, begin) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(disk("read", path)(error)),
    }
    Ok(text.strip_suffix(b"\n").and_then(|text| line::decode_last(text, bytes)))
}

/// Adds one line and returns its end; the line is on the disk then. `known` is the end after the last
/// append: if the file still ends there, it need not be looked for. The caller holds the lease.
pub(super) fn append(
    path: &Path,
    fencing: u64,
    at: Instant,
    event: &Value,
    known: Option<Mark>,
) -> Result<Mark, StoreError> {
    let mut file = File::options()
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(disk("open", path))?;
    let bytes = file.metadata().map_err(disk("look at", path))?.len();
    let end = match known.filter(|end| end.bytes == bytes) {
        Some(end) => end,
        None => {
            let end = last_of(&file, path)?;
            if end.bytes < bytes {
                // What a crash left. Behind it, our line would be part of it.
                file.set_len(end.bytes).map_err(disk("write", path))?;
            }
            end
        }
    };
    let (text, next) = line::encode(&end, fencing, at, event);
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
    Ok(next)
}

fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk("open", path)(error)),
    }
}
