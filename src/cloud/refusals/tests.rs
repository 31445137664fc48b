//! The table is whole: each write of the port has its rows, and each code of AWS's models stands in exactly one list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::{DENIALS, Foreseen, WriteOperation, bare, operations, way_out};
use crate::cloud::{CloudError, Kind};

const PORT: &str = include_str!("../port.rs");
const MODELED: &str = include_str!("tests/modeled.txt");

/// The methods of a trait, by their signatures.
fn methods(source: &str, of: &str) -> BTreeSet<String> {
    let body = source.split(of).nth(1).unwrap().split("\n}").next().unwrap();
    let found = body.split("async fn ").skip(1).map(|rest| rest.split('(').next().unwrap().to_owned());
    found.collect()
}

/// Every string in the adapter that names an operation which does more than read.
fn writes_of_the_adapter() -> BTreeSet<String> {
    const READS: [&str; 6] = ["Describe", "List", "Get", "Head", "Batch", "AssumeRole"];
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cloud/aws")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for literal in text.split('"').filter(|text| !text.contains(char::is_whitespace)) {
                let Some((service, verb)) = literal.split_once(':') else { continue };
                let is_operation = verb.starts_with(|letter: char| letter.is_ascii_uppercase())
                    && verb.chars().all(char::is_alphanumeric)
                    && service.chars().all(|letter| {
                        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
                    });
                if is_operation && verb != "GET" && !READS.iter().any(|read| verb.starts_with(read)) {
                    found.insert(literal.to_owned());
                }
            }
        }
    }
    found
}

fn codes(operation: &WriteOperation) -> Vec<&'static str> {
    let of_refusals = operation.refusals.iter().flat_map(|refusal| refusal.codes);
    of_refusals.chain(operation.passing).chain(operation.never).copied().collect()
}

#[test]
fn each_write_of_the_port_and_of_the_adapter_has_its_rows() {
    let known: BTreeSet<String> = operations().map(|operation| operation.method.to_owned()).collect();
    assert_eq!(known, methods(PORT, "pub trait CloudWrite: CloudRead {"), "methods of the port");
    let names: BTreeSet<String> = operations().map(|operation| operation.name.to_owned()).collect();
    assert_eq!(names.len(), operations().count(), "an operation has one entry");
    assert_eq!(names, writes_of_the_adapter(), "operations of the adapter");
}

#[test]
fn each_code_that_a_model_lists_stands_in_exactly_one_list() {
    let modeled: BTreeMap<&str, Vec<&str>> = MODELED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let mut words = line.split(' ');
            (words.next().unwrap(), words.collect())
        })
        .collect();
    for operation in operations() {
        let listed = codes(operation);
        let unique: BTreeSet<&str> = listed.iter().map(|code| bare(code)).collect();
        let bares: Vec<&str> = listed.iter().map(|code| bare(code)).collect();
        for code in &unique {
            let times = bares.iter().filter(|other| *other == code).count();
            // Some services write a code with its ending here and without it there.
            let spellings: BTreeSet<_> = listed.iter().filter(|other| bare(other) == *code).collect();
            assert_eq!(times, spellings.len(), "{}: `{code}` stands in two lists", operation.name);
        }
        let modeled = modeled.get(operation.name).unwrap_or_else(|| panic!("no model of {}", operation.name));
        let missing: Vec<_> =
            modeled.iter().filter(|code| !unique.contains(bare(code)) && !DENIALS.contains(code)).collect();
        assert!(missing.is_empty(), "{}: not in the table: {missing:?}", operation.name);
    }
}

#[test]
fn each_row_says_something_that_an_operator_can_do() {
    for operation in operations() {
        for refusal in operation.refusals {
            let name = operation.name;
            assert!(!refusal.codes.is_empty(), "{name}: a row without a code");
            assert!(
                refusal.way_out.len() > 20 && !refusal.way_out.ends_with('.'),
                "{name}: {}",
                refusal.way_out
            );
            if let Foreseen::CannotBeAsked(why) = refusal.foreseen {
                assert!(why.len() > 20 && !why.ends_with('.'), "{name}: {why}");
            }
        }
    }
}

#[test]
fn a_refusal_finds_its_row_with_and_without_an_ending() {
    let error =
        |operation, code| CloudError::new(operation, "shop", Kind::Invalid, "…").with_code(Some(code));
    for code in ["SnapshotQuotaExceeded", "SnapshotQuotaExceededFault"] {
        let said = way_out(&error("rds:CreateDBSnapshot", code)).unwrap();
        assert!(said.contains("quota"), "{said}");
    }
    assert_eq!(way_out(&error("rds:CreateDBSnapshot", "SomethingNew")), None);
    let denied = CloudError::new("rds:StopDBInstance", "shop", Kind::AccessDenied, "…");
    assert!(way_out(&denied).unwrap().contains("allow `rds:StopDBInstance`"));
}
