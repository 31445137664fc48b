//! `tests/cases/spec/<case>/`: a small repository and, in `expected.snap`, every problem that is reported for it.
//! `INSTA_UPDATE=always` writes the snapshots anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use tidegate::model::FileFault;
use tidegate::spec::{Code, Declarations, read, read_tree, render};

use super::{files_below, now, repository};

fn cases() -> Vec<(PathBuf, BTreeMap<String, Vec<u8>>)> {
    let folder = repository().join("tests/cases/spec");
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases.into_iter().map(|case| (case.clone(), files_below(&case))).collect()
}

/// The verdict on each environment, then the diagnostics as `validate` prints them.
fn report(declarations: &Declarations, files: &BTreeMap<String, Vec<u8>>) -> String {
    let names = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let accepted = names(declarations.environments.keys().map(|name| name.as_str()).collect());
    let held_back = names(declarations.broken.keys().map(|name| name.as_str()).collect());
    format!(
        "accepted: {accepted}\nheld back: {held_back}\n\n{}",
        render(&declarations.diagnostics, files, 100)
    )
}

#[test]
fn every_case_is_reported_as_expected() {
    for (folder, files) in cases() {
        let declarations = read(&files, "environments", now());
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expected", report(&declarations, &files)));
    }
}

#[test]
fn every_code_has_a_case() {
    // What a source could not read is in no file.
    let fault = FileFault { message: "too large".to_owned(), hint: "make it smaller".to_owned() };
    let faults = BTreeMap::from([("environments/dev.yaml".to_owned(), fault)]);
    let unread = read_tree(&BTreeMap::new(), &faults, "environments", now()).diagnostics;
    let shown: BTreeSet<Code> = cases()
        .iter()
        .flat_map(|(_, files)| read(files, "environments", now()).diagnostics)
        .chain(unread)
        .map(|diagnostic| diagnostic.code)
        .collect();
    let missing: Vec<&str> =
        Code::ALL.iter().filter(|code| !shown.contains(code)).map(|code| code.as_str()).collect();
    assert!(missing.is_empty(), "no case in tests/cases/spec shows {}", missing.join(", "));
}

#[test]
fn every_marker_stands_inside_its_file() {
    for (folder, files) in cases() {
        for diagnostic in read(&files, "environments", now()).diagnostics {
            let place = &diagnostic.place;
            let Ok(text) = std::str::from_utf8(&files[&*place.file]) else { continue };
            let line = text.lines().nth(place.line - 1).unwrap_or_default();
            let inside = place.column <= line.chars().count() + 1 && place.end <= text.len();
            assert!(inside, "{}: {place} is not in the file", folder.display());
        }
    }
}

#[test]
fn the_wire_form_has_exactly_the_documented_keys() {
    let files = BTreeMap::from([("environments/a.yaml".to_owned(), b"name: b\nsevices: {}\n".to_vec())]);
    let wire = tidegate::spec::to_json(&read(&files, "environments", now()).diagnostics);
    insta::assert_json_snapshot!(wire["diagnostics"][0], @r#"
    {
      "file": "environments/a.yaml",
      "line": 1,
      "column": 1,
      "severity": "error",
      "code": "missing-key",
      "message": "this environment has no `aws`",
      "hint": "add `aws`"
    }
    "#);
}
