//! The lines of a journal, and how they are written as text: one JSON object a line, the last member its checksum.
//!
//! Pure. A line counts only as a whole: a journal that says less than was written, or something else, could
//! make a migration run twice. So a damaged line is an error that an operator resolves. The one exception is
//! a last line without its end: a crash leaves it behind, and no process has acted on it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::Instant;
use crate::store::error::StoreError;

/// `,"sum":"0123456789abcdef"}`
const SUM_BEGIN: &str = ",\"sum\":\"";
const SUM_END: &str = "\"}";
const SUM_DIGITS: usize = 16;

/// One line of an environment's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JournalLine {
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
    pub line: usize,
    /// How many bytes of it are there.
    pub bytes: usize,
}

/// A journal that was read from text.
#[derive(Debug, Default)]
pub(in crate::store) struct DecodedLog {
    pub(in crate::store) log: Log,
    /// The length of all complete lines; an unfinished line begins here.
    pub(in crate::store) complete_bytes: u64,
}

impl fmt::Display for UnfinishedLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, bytes } = self;
        write!(f, "{file}:{line}: the last line was cut off after {bytes} bytes and does not count")
    }
}

/// The text of a line, its end included.
pub(in crate::store) fn encode(sequence: u64, fencing: u64, at: Instant, event: &Value) -> String {
    let line = JournalLine { sequence, fencing, at, event: event.clone() };
    let mut text = serde_json::to_string(&line).expect("numbers, a time and JSON are always JSON");
    let sum = sum_of(&text);
    text.pop();
    text.push_str(SUM_BEGIN);
    text.push_str(&sum);
    text.push_str(SUM_END);
    text.push('\n');
    text
}

/// Reads a whole journal; `file` is its name in errors.
pub(in crate::store) fn parse(file: &str, bytes: &[u8]) -> Result<DecodedLog, StoreError> {
    let complete_bytes = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (complete, rest) = bytes.split_at(complete_bytes);
    let mut lines: Vec<JournalLine> = Vec::new();
    for text in complete.split_inclusive(|byte| *byte == b'\n') {
        let number = lines.len() + 1;
        let corrupt = |why: String| StoreError::Corrupt { file: file.to_owned(), line: number, why };
        let line = decode(&text[..text.len() - 1]).map_err(|why| corrupt(why.to_owned()))?;
        let (sequence, fencing) = lines.last().map_or((0, 0), |last| (last.sequence, last.fencing));
        if line.sequence != sequence + 1 {
            return Err(corrupt(format!("line {} follows line {sequence}", line.sequence)));
        }
        if line.fencing < fencing {
            return Err(corrupt(format!("written under lease {} after lease {fencing}", line.fencing)));
        }
        lines.push(line);
    }
    let unfinished = (!rest.is_empty()).then(|| UnfinishedLine {
        file: file.to_owned(),
        line: lines.len() + 1,
        bytes: rest.len(),
    });
    Ok(DecodedLog { log: Log { lines, unfinished }, complete_bytes: complete_bytes as u64 })
}

fn decode(text: &[u8]) -> Result<JournalLine, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "the line is not text")?;
    let (body, sum) = text
        .strip_suffix(SUM_END)
        .and_then(|text| text.split_at_checked(text.len().checked_sub(SUM_DIGITS)?))
        .and_then(|(text, sum)| Some((text.strip_suffix(SUM_BEGIN)?, sum)))
        .ok_or("the line has no checksum")?;
    let body = format!("{body}}}");
    if sum_of(&body) != sum {
        return Err("the line is not what was written: its checksum differs");
    }
    serde_json::from_str(&body).map_err(|_| "the line is not a line of a journal")
}

fn sum_of(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(SUM_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at() -> Instant {
        Instant::from_timestamp(1_790_000_000, 0).unwrap()
    }

    fn journal(lines: &[(u64, u64)]) -> Vec<u8> {
        let event = json!({"kind": "intent", "sum": "a\nb \"} ü"});
        lines
            .iter()
            .flat_map(|(sequence, fencing)| encode(*sequence, *fencing, at(), &event).into_bytes())
            .collect()
    }

    #[test]
    fn a_line_is_one_line_of_json_and_reads_back() {
        let text = encode(1, 7, at(), &json!({"kind": "intent"}));
        // Byte for byte: journals that exist must stay readable.
        let written = r#"{"sequence":1,"fencing":7,"at":"2026-09-21T14:13:20Z","event":{"kind":"intent"},"sum":"c4c543a3397bfcd9"}"#;
        assert_eq!(text, format!("{written}\n"));
        let parsed = parse("journal", text.as_bytes()).unwrap();
        assert_eq!(parsed.log.lines[0].event, json!({"kind": "intent"}));
        assert_eq!(parsed.complete_bytes, text.len() as u64);
        assert!(serde_json::from_str::<Value>(&text).is_ok());
    }

    #[test]
    fn a_journal_with_a_gap_or_an_older_lease_is_refused() {
        for (lines, why) in [
            (&[(1, 1), (3, 1)][..], Some("journal:2: line 3 follows line 1")),
            (&[(2, 1)], Some("journal:1: line 2 follows line 0")),
            (&[(1, 2), (2, 1)], Some("journal:2: written under lease 1 after lease 2")),
            (&[(1, 1), (2, 1), (3, 4)], None),
        ] {
            let result = parse("journal", &journal(lines));
            assert_eq!(result.err().map(|error| error.to_string()).as_deref(), why);
        }
        let error = parse("journal", b"\n").unwrap_err();
        assert_eq!(error.to_string(), "journal:1: the line has no checksum");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn cut_anywhere_a_journal_loses_only_its_last_line(cut in 0usize..1000) {
            let whole = journal(&[(1, 1), (2, 1), (3, 2)]);
            let cut = cut % (whole.len() + 1);
            let parsed = parse("journal", &whole[..cut]).unwrap();
            let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
            prop_assert_eq!(parsed.log.lines.len(), ends);
            prop_assert_eq!(parsed.log.unfinished.is_some(), parsed.complete_bytes != cut as u64);
        }

        #[test]
        fn no_changed_byte_goes_unnoticed(at in 0usize..1000, bit in 0u8..8) {
            let whole = journal(&[(1, 1), (2, 1), (3, 2)]);
            let mut damaged = whole.clone();
            let at = at % whole.len();
            damaged[at] ^= 1 << bit;
            match parse("journal", &damaged) {
                Err(_) => {}
                // The last line's end is gone: an unfinished line, by all that can be known.
                Ok(parsed) => prop_assert!(at == whole.len() - 1 && parsed.log.unfinished.is_some()),
            }
        }
    }
}
