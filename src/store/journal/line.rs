//! The lines of a journal, and how they are written as text: one JSON object a line, the last member its checksum.
//!
//! Pure. A line counts only as a whole: a journal that says less than was written, or something else, could
//! make a migration run twice. So a damaged line is an error that an operator resolves. The one exception is
//! a last line without its end: a crash leaves it behind, and no process has acted on it.
//!
//! ```text
//! {"format":2,"sequence":8,"fencing":3,"at":"…","after":"c4c543a3397bfcd9","event":{…},"sum":"0d9c…"}
//! ```
//!
//! `after` is the checksum of the line before, so the checksum of a line stands for all lines up to it. Lines of
//! format 1 have neither `format` nor `after`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::Instant;
use crate::store::error::StoreError;

/// The format of the lines that this version of tidegate writes. It reads this one and those before it.
pub const FORMAT: u32 = 2;

/// `,"sum":"0123456789abcdef"}`
const SUM_BEGIN: &str = ",\"sum\":\"";
const SUM_END: &str = "\"}";
const SUM_DIGITS: usize = 16;

/// One line of an environment's journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalLine {
    /// The format that the line was written in.
    pub format: u32,
    /// Counts from 1 without gaps.
    pub sequence: u64,
    /// The fencing number of the lease under which the line was written. Never smaller than in the line before.
    pub fencing: u64,
    /// When the line was written, by the writer's clock.
    pub at: Instant,
    /// The event as JSON; see [`super::Event`].
    pub event: Value,
}

/// An environment's journal, oldest line first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The lines that were written completely.
    pub lines: Vec<JournalLine>,
    /// The beginning of a further line, which a crash left behind. The next append removes it.
    pub unfinished: Option<UnfinishedLine>,
}

/// The beginning of a line whose writing was cut off. The store never reported it as written, so no process
/// acted on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedLine {
    /// The file of the journal.
    pub file: String,
    /// The number of the unfinished line, counted from 1.
    pub line: u64,
    /// How many bytes of it are there.
    pub bytes: usize,
}

impl fmt::Display for UnfinishedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, bytes } = self;
        write!(f, "{file}:{line}: the last line was cut off after {bytes} bytes and does not count")
    }
}

/// A place in a journal: the end of one of its lines. The default is its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The sequence number of the line; 0 at the beginning.
    pub sequence: u64,
    /// The fencing number of the line.
    pub fencing: u64,
    /// The length of the journal up to and with this line.
    pub bytes: u64,
    /// The length of the line, its end included.
    pub length: u64,
    /// The checksum of the line; stands for all lines up to it.
    pub sum: String,
}

/// A line whose checksum and place are right. What its event means is not read yet.
#[derive(Debug)]
pub struct RawLine<'a> {
    /// The end of this line.
    pub mark: Mark,
    /// The format that it was written in.
    pub format: u32,
    /// When it was written.
    pub at: Instant,
    /// Its text, without its end.
    pub text: &'a str,
}

impl RawLine<'_> {
    /// The line with its event as JSON.
    pub(in crate::store) fn line(&self) -> JournalLine {
        #[derive(Deserialize)]
        struct Body {
            event: Value,
        }
        let Mark { sequence, fencing, .. } = self.mark;
        let Body { event } = serde_json::from_str(self.text).expect("the line was read as JSON before");
        JournalLine { format: self.format, sequence, fencing, at: self.at, event }
    }
}

/// What stands around the event.
#[derive(Deserialize)]
struct Head {
    #[serde(default = "first_format")]
    format: u32,
    sequence: u64,
    fencing: u64,
    at: Instant,
    #[serde(default)]
    after: Option<String>,
    #[expect(dead_code, reason = "a line without an event is not a line of a journal")]
    event: serde::de::IgnoredAny,
}

fn first_format() -> u32 {
    1
}

/// The text of a line, its end included, and where it ends.
pub(in crate::store) fn encode(after: &Mark, fencing: u64, at: Instant, event: &Value) -> (String, Mark) {
    #[derive(Serialize)]
    struct Body<'a> {
        format: u32,
        sequence: u64,
        fencing: u64,
        at: Instant,
        after: &'a str,
        event: &'a Value,
    }
    let sequence = after.sequence + 1;
    let body = Body { format: FORMAT, sequence, fencing, at, after: &after.sum, event };
    let (mut text, sum) =
        seal(serde_json::to_string(&body).expect("numbers, a time and JSON are always JSON"));
    text.push('\n');
    let length = text.len() as u64;
    (text, Mark { sequence, fencing, bytes: after.bytes + length, length, sum })
}

/// Reads the line that stands behind `after`; `text` has no end of line. `file` is its name in errors.
pub(in crate::store) fn decode<'a>(
    file: &str,
    after: &Mark,
    text: &'a [u8],
) -> Result<RawLine<'a>, StoreError> {
    let number = after.sequence + 1;
    let corrupt = |why: String| StoreError::Corrupt { file: file.to_owned(), line: number as usize, why };
    let (text, sum) = checked(text).map_err(|why| corrupt(why.to_owned()))?;
    let head: Head =
        serde_json::from_str(text).map_err(|_| corrupt("the line is not a line of a journal".to_owned()))?;
    if head.format > FORMAT {
        let (file, format) = (file.to_owned(), head.format);
        return Err(StoreError::NewerLine { file, line: number, format, known: FORMAT });
    }
    if head.sequence != number {
        return Err(corrupt(format!("line {} follows line {}", head.sequence, after.sequence)));
    }
    if head.fencing < after.fencing {
        return Err(corrupt(format!("written under lease {} after lease {}", head.fencing, after.fencing)));
    }
    if head.after.is_some_and(|before| before != after.sum) {
        return Err(corrupt(format!("line {} is not the line that it was written after", after.sequence)));
    }
    let length = text.len() as u64 + 1;
    let mark = Mark {
        sequence: head.sequence,
        fencing: head.fencing,
        bytes: after.bytes + length,
        length,
        sum: sum.to_owned(),
    };
    Ok(RawLine { mark, format: head.format, at: head.at, text })
}

/// Reads a line without those before it, which ends at `bytes`. None: the line is damaged.
pub(in crate::store) fn decode_last(text: &[u8], bytes: u64) -> Option<Mark> {
    let (text, sum) = checked(text).ok()?;
    let Head { sequence, fencing, .. } = serde_json::from_str(text).ok()?;
    Some(Mark { sequence, fencing, bytes, length: text.len() as u64 + 1, sum: sum.to_owned() })
}

/// Adds its checksum to a JSON object, as the last member.
pub(super) fn seal(mut object: String) -> (String, String) {
    object.pop();
    let sum = sum_of(&object);
    object.push_str(SUM_BEGIN);
    object.push_str(&sum);
    object.push_str(SUM_END);
    (object, sum)
}

/// The text of an object that was sealed, and its checksum, if it is the right one.
pub(super) fn checked(text: &[u8]) -> Result<(&str, &str), &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "the line is not text")?;
    let (body, sum) = text
        .strip_suffix(SUM_END)
        .and_then(|text| text.split_at_checked(text.len().checked_sub(SUM_DIGITS)?))
        .and_then(|(text, sum)| Some((text.strip_suffix(SUM_BEGIN)?, sum)))
        .ok_or("the line has no checksum")?;
    if sum_of(body) == sum {
        Ok((text, sum))
    } else {
        Err("the line is not what was written: its checksum differs")
    }
}

/// The checksum of a line, which is given without its last brace.
fn sum_of(text: &str) -> String {
    let digest = Sha256::new().chain_update(text).chain_update("}").finalize();
    digest.iter().take(SUM_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
