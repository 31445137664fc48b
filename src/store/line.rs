//! How a journal is written as text: one JSON object a line, the last member its checksum.
//!
//! Pure. A line is trusted only as a whole: a journal that says less, or something else, than was written
//! could make a migration run twice. So a damaged line is an error that a person resolves; the one exception
//! is a last line without its end, which a crash leaves behind and nobody has acted on.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{JournalLine, Log, StoreError, TornTail};
use crate::model::Instant;

/// `,"sum":"0123456789abcdef"}`
const SUM_BEGIN: &str = ",\"sum\":\"";
const SUM_END: &str = "\"}";
const SUM_DIGITS: usize = 16;

/// What a file holds: the log, and how many bytes of it are good.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) log: Log,
    pub(super) good_bytes: u64,
}

/// The text of a line, its end included.
pub(super) fn encode(sequence: u64, fencing: u64, at: Instant, event: &Value) -> String {
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
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Parsed, StoreError> {
    let good_bytes = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let (good, rest) = bytes.split_at(good_bytes);
    let mut lines: Vec<JournalLine> = Vec::new();
    for text in good.split_inclusive(|byte| *byte == b'\n') {
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
    let torn = (!rest.is_empty()).then(|| TornTail {
        file: file.to_owned(),
        line: lines.len() + 1,
        bytes: rest.len(),
    });
    Ok(Parsed { log: Log { lines, torn }, good_bytes: good_bytes as u64 })
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
        assert_eq!(parsed.good_bytes, text.len() as u64);
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
            prop_assert_eq!(parsed.log.torn.is_some(), parsed.good_bytes != cut as u64);
        }

        #[test]
        fn no_changed_byte_goes_unnoticed(at in 0usize..1000, bit in 0u8..8) {
            let whole = journal(&[(1, 1), (2, 1), (3, 2)]);
            let mut damaged = whole.clone();
            let at = at % whole.len();
            damaged[at] ^= 1 << bit;
            match parse("journal", &damaged) {
                Err(_) => {}
                // The last line's end is gone: a torn line, by all that can be known.
                Ok(parsed) => prop_assert!(at == whole.len() - 1 && parsed.log.torn.is_some()),
            }
        }
    }
}
