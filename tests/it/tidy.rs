//! House rules that no compiler checks.

mod clocks;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which rooms a room may name with `crate::`. `tests` modules may use whatever they need.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &["model"]),
    ("schedule", &["model"]),
    ("spec", &["model", "schedule"]),
    ("source", &["model", "files"]),
    ("config", &["model", "cloud", "files", "source", "store"]),
    ("cloud", &["model", "clock", "spec", "files"]),
    ("gate", &["model", "cloud"]),
    ("files", &["clock"]),
    ("store", &["model", "clock", "cloud", "files"]),
    ("retry", &["model", "clock"]),
    ("observe", &["model", "clock", "cloud", "gate", "retry", "spec", "store"]),
    ("plan", &["model", "cloud", "gate", "observe", "schedule", "spec", "store"]),
    ("execute", &["model", "clock", "cloud", "gate", "observe", "plan", "retry", "spec", "store"]),
    (
        "reconcile",
        &["model", "clock", "cloud", "execute", "observe", "plan", "retry", "schedule", "spec", "store"],
    ),
    ("report", &["model", "cloud", "execute", "observe", "plan", "reconcile", "schedule", "spec", "store"]),
    ("signals", &["clock", "reconcile"]),
    ("import", &["model", "clock", "cloud", "observe", "spec"]),
    ("sim", &["model", "clock", "cloud", "files", "gate", "spec"]),
];

/// Past this, ask which second noun is hiding…
const LINES_MAX: usize = 350;
/// …and in tests, which second claim.
const TEST_LINES_MAX: usize = 400;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn sources(folder: &str) -> BTreeMap<String, String> {
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

/// The floors of the planner, from the ground up. What stands on no floor lies below all of them.
const PLANNER_FLOORS: &[&[&str]] =
    &[&["facts"], &["decide"], &["steps"], &["audit", "contest", "downtime", ""]];

#[test]
fn planner_floors_import_only_downwards() {
    let floor = |name: &str| {
        let part =
            name.trim_start_matches("src/plan").trim_start_matches('/').split(['/', '.']).next().unwrap();
        PLANNER_FLOORS.iter().position(|parts| parts.contains(&part)).map_or(0, |index| index + 1)
    };
    let files = imports("src/plan");
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    for part in PLANNER_FLOORS.iter().flat_map(|parts| parts.iter()).filter(|part| !part.is_empty()) {
        assert!(
            names.contains(&format!("src/plan/{part}.rs").as_str()),
            "no file of the planner is `{part}`"
        );
    }
    let mut broken = Vec::new();
    for (name, imported) in &files {
        let upwards = imported.iter().filter(|other| floor(other) > floor(name));
        broken.extend(upwards.map(|other| format!("{name} → {other}")));
    }
    assert!(broken.is_empty(), "imports from a higher floor of the planner:\n{}", broken.join("\n"));
}

/// Rooms in which no file needs another one that needs it, directly or by way of others.
const ROOMS_WITHOUT_CIRCLES: &[&str] = &[
    "src/cli",
    "src/cloud/aws",
    "src/config",
    "src/context",
    "src/daemon",
    "src/execute",
    "src/gate",
    "src/import",
    "src/observe",
    "src/plan",
    "src/reconcile",
    "src/report",
    "src/schedule",
    "src/source",
    "src/store",
];

#[test]
fn no_circle_of_files_inside_a_room() {
    let mut broken = Vec::new();
    for room in ROOMS_WITHOUT_CIRCLES {
        let files = imports(room);
        assert!(files.values().any(|imported| !imported.is_empty()), "nothing was read of {room}");
        // Take away, again and again, the files that need none of those that are left. Circles are what remains.
        let mut left: BTreeSet<&String> = files.keys().collect();
        while let Some(leaf) = left.iter().find(|name| files[**name].is_disjoint(&to_names(&left))).copied() {
            left.remove(leaf);
        }
        // …and the same from above, so that files which only lead to a circle are not named.
        let needed =
            |name: &String, left: &BTreeSet<&String>| left.iter().any(|other| files[*other].contains(name));
        while let Some(top) = left.iter().find(|name| !needed(name, &left)).copied() {
            left.remove(top);
        }
        for name in &left {
            let others: Vec<&str> =
                files[*name].iter().filter(|other| left.contains(other)).map(String::as_str).collect();
            broken.push(format!("{name} → {}", others.join(", ")));
        }
    }
    assert!(broken.is_empty(), "files in a circle:\n{}", broken.join("\n"));
}

fn to_names(names: &BTreeSet<&String>) -> BTreeSet<String> {
    names.iter().map(|name| (*name).clone()).collect()
}

/// A module: the names from the crate's root down to it.
type Module = Vec<String>;

/// Every file of a room, with the files of the room that its paths lead to. A name that a file only passes on leads to
/// the file that it comes from.
fn imports(room: &str) -> BTreeMap<String, BTreeSet<String>> {
    let all = sources("src");
    let belongs = |name: &str| name == format!("{room}.rs") || name.starts_with(&format!("{room}/"));
    let files: BTreeMap<Module, File> = all
        .iter()
        .filter(|(name, _)| belongs(name) && !is_test_file(name))
        .map(|(name, text)| (module(name), file(name, shipped(text))))
        .collect();
    let mut found = BTreeMap::new();
    for (module, file) in &files {
        let paths = file.used.iter().chain(&file.written);
        let targets = paths.filter_map(|path| target(&files, module, path, 0));
        let others = targets.filter(|target| target != module).map(|target| files[&target].name.clone());
        found.insert(file.name.clone(), others.collect());
    }
    found
}

/// A file of a room with its paths, each as its words.
struct File {
    name: String,
    /// Those of its `use` lines.
    used: Vec<Vec<String>>,
    /// Those in its code.
    written: Vec<Vec<String>>,
}

fn module(name: &str) -> Module {
    let parts = name.trim_start_matches("src/").trim_end_matches(".rs").split('/');
    parts.map(str::to_owned).collect()
}

/// The module of the room that a path leads to, read in another one.
fn target(files: &BTreeMap<Module, File>, from: &Module, path: &[String], depth: usize) -> Option<Module> {
    let mut at = from.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => (at, rest) = (Module::new(), &path[1..]),
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|word| word == "super") {
                at.pop();
                rest = &rest[1..];
            }
        }
        child => {
            files.get(&[from.as_slice(), &[child.to_owned()]].concat())?;
        }
    }
    while let Some((word, tail)) = rest.split_first() {
        let child = [at.as_slice(), std::slice::from_ref(word)].concat();
        let is_above = files.keys().any(|file| file.len() > child.len() && file.starts_with(&child));
        if !files.contains_key(&child) && !is_above {
            break;
        }
        (at, rest) = (child, tail);
    }
    let passed_on = &files.get(&at)?.used;
    if let (Some(word), true) = (rest.first(), depth < 8) {
        let origin = passed_on.iter().find(|path| path.len() > 1 && path.last() == Some(word));
        if let Some(target) = origin.and_then(|origin| target(files, &at, origin, depth + 1)) {
            return Some(target);
        }
    }
    Some(at)
}

fn file(name: &str, text: &str) -> File {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    // `pub(in crate::room)` says who may import, and imports nothing.
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    let code =
        parts.filter_map(|part| part.split_once(')')).fold(first, |code, (_, part)| code + "pub" + part);
    let mut used = Vec::new();
    for statement in code.split(';') {
        let line = statement.trim_start().trim_start_matches("pub(super) ").trim_start_matches("pub ");
        if let Some(tree) = line.strip_prefix("use ") {
            unfold(&[], tree, &mut used);
        }
    }
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let texts = code.split(|letter: char| !is_word(letter) && letter != ':');
    let paths = texts.map(|text| text.split("::").map(str::to_owned).collect::<Vec<_>>());
    let written = paths
        .filter(|path| path.len() > 1 && path.iter().all(|word| !word.is_empty() && !word.contains(':')));
    File { name: name.to_owned(), used, written: written.collect() }
}

/// `a::{b, c::{d, e}}` → `a::b`, `a::c::d`, `a::c::e`.
fn unfold(before: &[String], tree: &str, found: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    let (path, inner) = match tree.split_once('{') {
        Some((path, inner)) => (path, inner.strip_suffix('}')),
        None => (tree, None),
    };
    let words = path.split("::").map(|word| word.split(" as ").next().unwrap().trim());
    let words = words.filter(|word| !word.is_empty() && *word != "self").map(str::to_owned);
    let path: Vec<String> = before.iter().cloned().chain(words).collect();
    let Some(inner) = inner else { return found.push(path) };
    let (mut depth, mut begin) = (0_usize, 0);
    for (index, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                if !inner[begin..index].trim().is_empty() {
                    unfold(&path, &inner[begin..index], found);
                }
                begin = index + 1;
            }
            _ => {}
        }
    }
}
