//! House rules that no compiler checks.

mod voice;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Which rooms a room may name with `crate::`. `tests` modules may use whatever they need.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &["model"]),
    ("schedule", &["model"]),
    ("spec", &["model", "schedule"]),
    ("source", &["model"]),
    ("config", &["model", "cloud", "source", "store"]),
    ("cloud", &["model", "clock", "spec"]),
    ("gate", &["model", "cloud"]),
    ("store", &["model", "cloud"]),
    ("observe", &["model", "clock", "cloud", "gate", "spec", "store"]),
    ("plan", &["model", "cloud", "gate", "observe", "schedule", "spec", "store"]),
    ("execute", &["model", "clock", "cloud", "gate", "observe", "plan", "spec", "store"]),
    ("reconcile", &["model", "clock", "cloud", "execute", "observe", "plan", "schedule", "spec", "store"]),
    ("report", &["model", "cloud", "execute", "observe", "plan", "reconcile", "schedule", "spec", "store"]),
    ("import", &["model", "clock", "cloud", "observe", "spec"]),
    ("sim", &["model", "clock", "cloud", "gate", "spec"]),
];

/// Past this, ask which second noun is hiding…
const LINES_MAX: usize = 350;
/// …and in tests, which second claim.
const TEST_LINES_MAX: usize = 400;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![repository().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path.strip_prefix(repository()).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// The part of a file that ships: everything before its test module.
fn shipped(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn is_test_file(name: &str) -> bool {
    let parts: Vec<&str> = Path::new(name).iter().map(|part| part.to_str().unwrap()).collect();
    let test_names = ["tests", "tests.rs", "fixture.rs", "samples.rs", "bench.rs", "bench"];
    parts.iter().any(|part| test_names.contains(part))
}

fn room(name: &str) -> &str {
    name.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut broken = Vec::new();
    for (name, text) in sources("src").iter().filter(|(name, _)| !is_test_file(name)) {
        let Some((room, allowed)) = MAY_IMPORT.iter().find(|(known, _)| *known == room(name)) else {
            continue;
        };
        for line in shipped(text).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for rest in line.split("crate::").skip(1) {
                let used =
                    rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap();
                if used != *room && !used.is_empty() && !allowed.contains(&used) {
                    broken.push(format!("{name}: `{}`", line.trim()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "imports against the map in ARCHITECTURE.md:\n{}", broken.join("\n"));
}

#[test]
fn only_execution_may_write() {
    let mut broken = Vec::new();
    for (name, text) in sources("src") {
        let may =
            ["cloud", "execute", "sim", "reconcile", "context"].contains(&room(&name)) || is_test_file(&name);
        if !may && shipped(&text).contains("CloudWrite") {
            broken.push(name);
        }
    }
    assert!(broken.is_empty(), "these name the writing port: {}", broken.join(", "));
}

#[test]
fn no_file_grows_past_its_noun() {
    let long: Vec<String> = sources("src")
        .into_iter()
        .map(|(name, text)| (if is_test_file(&name) { TEST_LINES_MAX } else { LINES_MAX }, name, text))
        .filter(|(at_most, _, text)| text.lines().count() > *at_most)
        .map(|(at_most, name, text)| format!("{name}: {}, at most {at_most}", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "too long:\n{}", long.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources("src")
        .into_iter()
        .filter(|(name, text)| !text.starts_with("//!") && !is_test_file(name))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "no head comment: {}", silent.join(", "));
}

#[test]
fn nothing_is_left_open() {
    // Written in halves, so that this file does not find itself.
    let marks = [concat!("FIX", "ME"), concat!("X", "XX"), concat!("to", "do!("), concat!("#[ig", "nore")];
    let mut open = Vec::new();
    for (name, text) in sources("src").into_iter().chain(sources("tests")) {
        for mark in marks.iter().filter(|mark| text.contains(**mark)) {
            open.push(format!("{name}: {mark}"));
        }
    }
    assert!(open.is_empty(), "left open:\n{}", open.join("\n"));
}

#[test]
fn every_dependency_says_why_it_is_here() {
    let manifest = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let mut inside = false;
    let mut silent = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if inside && line.contains('=') && !line.contains("# ") {
            silent.push(line);
        }
    }
    assert!(silent.is_empty(), "no reason given:\n{}", silent.join("\n"));
}
