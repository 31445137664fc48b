//! Hostile input: for any bytes, the reader answers quickly and with places.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use tidegate::spec::{read, render, schema};

use super::{as_json, files_below, now, repository};

static SCHEMA: LazyLock<jsonschema::Validator> =
    LazyLock::new(|| jsonschema::draft202012::new(&schema()).expect("the schema is one"));

fn real_files() -> BTreeMap<String, Vec<u8>> {
    let files = files_below(&repository().join("environments"));
    files.into_iter().map(|(path, bytes)| (format!("environments/{path}"), bytes)).collect()
}

/// What the reader must do with any files at all.
fn check(files: &BTreeMap<String, Vec<u8>>) {
    let declarations = read(files, "environments", now());
    let text = render(&declarations.diagnostics, files, 100);
    assert_eq!(text.is_empty(), declarations.diagnostics.is_empty());
    for (name, errors) in &declarations.broken {
        assert!(!declarations.environments.contains_key(name), "{name} is both accepted and held back");
        assert!(!errors.is_empty(), "{name} is held back without a reason");
    }
    for (_, spec) in declarations.environments {
        // What construction promises: no cycle, every name exists.
        let layers = spec.layers();
        assert_eq!(layers.iter().map(Vec::len).sum::<usize>(), spec.services.len());
    }
}

/// A real file with one piece replaced by something out of place.
fn mutated() -> impl Strategy<Value = (usize, usize, usize, String)> {
    let pieces = prop_oneof![
        Just("~".to_owned()),
        Just("\t".to_owned()),
        Just("{".to_owned()),
        Just("*a".to_owned()),
        Just("&a ".to_owned()),
        Just("<<: ".to_owned()),
        Just("\n".to_owned()),
        Just("- ".to_owned()),
        Just(": ".to_owned()),
        Just("!!int ".to_owned()),
        Just("\"".to_owned()),
        Just("é\u{feff}".to_owned()),
        Just("? ".to_owned()),
        Just("--- ".to_owned()),
        Just("\r".to_owned()),
        Just("|".to_owned()),
        Just("99999999999999999999999".to_owned()),
        Just(String::new()),
        ".{0,6}",
    ];
    (0..4usize, 0..4000usize, 0..12usize, pieces)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_a_real_file_makes_the_reader_fail(changes in prop::collection::vec(mutated(), 1..4)) {
        let mut files = real_files();
        files.retain(|path, _| path.ends_with(".yaml"));
        for (which, at, length, piece) in changes {
            let bytes = files.values_mut().nth(which).expect("there are four files");
            let start = at % (bytes.len() + 1);
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, piece.into_bytes());
        }
        check(&files);
        // What survives the changes and is accepted must satisfy the schema, too.
        if !read(&files, "environments", now()).has_errors() {
            for (path, bytes) in &files {
                let faults: Vec<String> =
                    SCHEMA.iter_errors(&as_json(bytes)).map(|fault| fault.to_string()).collect();
                prop_assert!(faults.is_empty(), "{}: {:?}\n{}", path, faults, String::from_utf8_lossy(bytes));
            }
        }
    }

    #[test]
    fn no_bytes_at_all_make_the_reader_fail(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[-a-c:{}\\[\\]&*!<>|?#~ \n\t\"',]{0,60}") {
        check(&BTreeMap::from([
            ("environments/a.yaml".to_owned(), bytes),
            ("environments/b.yaml".to_owned(), text.into_bytes()),
        ]));
    }
}

#[test]
fn hostile_files_are_refused_in_no_time() {
    let bomb: String =
        (1..40).map(|i| format!("k{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "))).collect();
    let deep_alias: String = (1..200).map(|i| format!("k{i}: &a{i} [*a{}]\n", i - 1)).collect();
    for (name, text) in [
        ("bomb", format!("k0: &a0 [x]\n{bomb}")),
        ("aliases inside aliases", format!("k0: &a0 [x]\n{deep_alias}")),
        ("deep", "[".repeat(100_000)),
        ("deep block", (0..2000).map(|i| format!("{}a:\n", " ".repeat(i))).collect()),
        ("itself", "a: &a [*a]\n".to_owned()),
        ("itself merged", "a: &a\n  <<: *a\n".to_owned()),
        ("wide", "a: [".to_owned() + &"x, ".repeat(100_000) + "]"),
    ] {
        let files = BTreeMap::from([("environments/a.yaml".to_owned(), text.into_bytes())]);
        #[expect(clippy::disallowed_methods, reason = "the claim is about real time")]
        let start = std::time::Instant::now();
        let declarations = read(&files, "environments", now());
        let codes: Vec<&str> = declarations.diagnostics.iter().map(|problem| problem.code.as_str()).collect();
        assert!(!codes.is_empty(), "{name} is accepted");
        assert!(codes.len() < 10, "{name}: {codes:?}");
        assert!(start.elapsed() < Duration::from_secs(3), "{name} took {:?}", start.elapsed());
    }
}
