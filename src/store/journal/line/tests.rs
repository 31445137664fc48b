use proptest::prelude::*;
use serde_json::json;

use super::*;

fn at() -> Instant {
    Instant::from_timestamp(1_790_000_000, 0).unwrap()
}

/// Lines under these leases.
fn journal(leases: &[u64]) -> Vec<u8> {
    let event = json!({"kind": "intent", "sum": "a\nb \"} ü"});
    let mut end = Mark::default();
    let mut text = String::new();
    for fencing in leases {
        let (line, mark) = encode(&end, *fencing, at(), &event);
        text += &line;
        end = mark;
    }
    text.into_bytes()
}

/// How many lines can be read, and what is behind them.
fn read(bytes: &[u8]) -> Result<(Mark, usize), StoreError> {
    let mut end = Mark::default();
    let mut rest = bytes;
    while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
        end = decode("journal", &end, &rest[..length])?.mark;
        rest = &rest[length + 1..];
    }
    Ok((end, rest.len()))
}

/// A line of format 1 around this event.
fn first_format_line(sequence: u64, fencing: u64) -> String {
    let body = format!(
        r#"{{"sequence":{sequence},"fencing":{fencing},"at":"2026-09-21T14:13:20Z","event":{{"kind":"intent"}}"#
    );
    format!("{body},\"sum\":\"{}\"}}\n", sum_of(&body))
}

#[test]
fn a_line_is_one_line_of_json_and_reads_back() {
    let (text, mark) = encode(&Mark::default(), 7, at(), &json!({"kind": "intent"}));
    // Byte for byte: journals that exist must stay readable.
    let written = r#"{"format":2,"sequence":1,"fencing":7,"at":"2026-09-21T14:13:20Z","after":"","event":{"kind":"intent"},"sum":"SUM"}"#;
    assert_eq!(text, format!("{}\n", written.replace("SUM", &mark.sum)));
    let read = decode("journal", &Mark::default(), text.trim_end().as_bytes()).unwrap();
    assert_eq!(read.line().event, json!({"kind": "intent"}));
    assert_eq!((read.mark.bytes, read.mark.length), (text.len() as u64, text.len() as u64));
    assert_eq!(read.mark, mark);
    assert_eq!(decode_last(text.trim_end().as_bytes(), mark.bytes), Some(mark));
}

#[test]
fn a_line_of_the_first_format_stays_readable() {
    let written = r#"{"sequence":1,"fencing":7,"at":"2026-09-21T14:13:20Z","event":{"kind":"intent"},"sum":"c4c543a3397bfcd9"}"#;
    let read = decode("journal", &Mark::default(), written.as_bytes()).unwrap();
    assert_eq!((read.format, read.line().event), (1, json!({"kind": "intent"})));
    assert_eq!(format!("{written}\n"), first_format_line(1, 7));
    // A line of today behind it knows it.
    let (next, _) = encode(&read.mark, 7, at(), &json!("x"));
    assert!(next.contains(r#""after":"c4c543a3397bfcd9""#), "{next}");
    assert_eq!(decode("journal", &read.mark, next.trim_end().as_bytes()).unwrap().format, FORMAT);
}

#[test]
fn a_journal_with_a_gap_or_an_older_lease_is_refused() {
    for (lines, why) in [
        (&[(1, 1), (3, 1)][..], Some("journal:2: line 3 follows line 1")),
        (&[(2, 1)], Some("journal:1: line 2 follows line 0")),
        (&[(1, 2), (2, 1)], Some("journal:2: written under lease 1 after lease 2")),
        (&[(1, 1), (2, 1), (3, 4)], None),
    ] {
        let text: String =
            lines.iter().map(|(sequence, fencing)| first_format_line(*sequence, *fencing)).collect();
        let result = read(text.as_bytes());
        assert_eq!(result.err().map(|error| error.to_string()).as_deref(), why);
    }
    let error = read(b"\n").unwrap_err();
    assert_eq!(error.to_string(), "journal:1: the line has no checksum");
}

#[test]
fn an_exchanged_line_is_noticed_by_the_line_behind_it() {
    let whole = journal(&[1, 1, 2]);
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let (end, _) = read(lines[0]).unwrap();
    let (other, _) = encode(&end, 1, at(), &json!("another"));
    let exchanged = [lines[0], other.as_bytes(), lines[2]].concat();
    let error = read(&exchanged).unwrap_err();
    assert_eq!(error.to_string(), "journal:3: line 2 is not the line that it was written after");
}

#[test]
fn a_line_of_a_later_format_is_named_as_that() {
    let (text, _) = encode(&Mark::default(), 1, at(), &json!("x"));
    let body = text.split(SUM_BEGIN).next().unwrap().replace("\"format\":2", "\"format\":3");
    let later = format!("{body}{SUM_BEGIN}{}{SUM_END}", sum_of(&body));
    let error = decode("journal", &Mark::default(), later.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "journal:1: the line is written in format 3; this tidegate reads formats up to 2"
    );
    assert!(error.hint().contains("version of tidegate"), "{}", error.hint());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn cut_anywhere_a_journal_loses_only_its_last_line(cut in 0usize..1000) {
        let whole = journal(&[1, 1, 2]);
        let cut = cut % (whole.len() + 1);
        let (end, rest) = read(&whole[..cut]).unwrap();
        let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(end.sequence, ends as u64);
        prop_assert_eq!(end.bytes + rest as u64, cut as u64);
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(at in 0usize..1000, bit in 0u8..8) {
        let whole = journal(&[1, 1, 2]);
        let mut damaged = whole.clone();
        let at = at % whole.len();
        damaged[at] ^= 1 << bit;
        match read(&damaged) {
            Err(_) => {}
            // The last line's end is gone: an unfinished line, by all that can be known.
            Ok((_, rest)) => prop_assert!(at == whole.len() - 1 && rest > 0),
        }
    }
}
