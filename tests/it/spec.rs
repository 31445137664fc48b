//! The declarations: diagnostics as text, the schema, and hostile input.

mod declared;
mod golden;
mod robust;

use std::collections::BTreeMap;
use std::path::Path;

use tidegate::model::Instant;

/// Files below a folder by their path in it, as a source would hand them over.
pub(crate) fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The instant of all cases here: dates in them lie before or after it for good.
fn now() -> Instant {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

/// As an editor sees a file: merge keys resolved, `extends` not followed.
fn as_json(bytes: &[u8]) -> serde_json::Value {
    let mut value: serde_yaml::Value = serde_yaml::from_slice(bytes).unwrap();
    value.apply_merge().unwrap();
    serde_json::to_value(value).unwrap()
}
