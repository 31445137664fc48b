//! Records and runs: one small JSON file each. Callers of what writes hold the environment's lock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files;
use crate::model::RunId;
use crate::store::error::StoreError;
use crate::store::name::checked;
use crate::store::port::{RUNS_KEPT_MAX, StoredRun};

const ENDING: &str = ".json";

pub(super) fn put(folder: &Path, kind: &str, value: Option<&Value>) -> Result<(), StoreError> {
    let path = record_path(folder, kind)?;
    match value {
        Some(value) => {
            files::make_folder(&folder.join("records"))?;
            files::write_json(&path, value)
        }
        None => files::remove(&path),
    }
}

pub(super) fn get(folder: &Path, kind: &str) -> Result<Option<Value>, StoreError> {
    files::read_json(&record_path(folder, kind)?)
}

pub(super) fn list(folder: &Path) -> Result<BTreeMap<String, Value>, StoreError> {
    let mut records = BTreeMap::new();
    for kind in stems(&folder.join("records"))? {
        // None: removed since the folder was read.
        if let Some(value) = get(folder, &kind)? {
            records.insert(kind, value);
        }
    }
    Ok(records)
}

pub(super) fn save_run(folder: &Path, run: &RunId, value: &Value) -> Result<(), StoreError> {
    let runs = folder.join("runs");
    let path = runs.join(format!("{}{ENDING}", checked("a run", run.as_str())?));
    files::make_folder(&runs)?;
    // A run is saved after each of its steps: only its first file can be one too many.
    let is_new = !path.exists();
    files::write_json(&path, value)?;
    if !is_new {
        return Ok(());
    }
    let saved = stems(&runs)?;
    for old in saved.iter().take(saved.len().saturating_sub(RUNS_KEPT_MAX)) {
        files::remove(&runs.join(format!("{old}{ENDING}")))?;
    }
    Ok(())
}

pub(super) fn runs(folder: &Path, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
    let folder = folder.join("runs");
    let mut runs = Vec::new();
    for name in stems(&folder)?.into_iter().rev().take(limit) {
        if let Some(value) = files::read_json(&folder.join(format!("{name}{ENDING}")))? {
            runs.push(StoredRun { id: RunId::new(name), value });
        }
    }
    Ok(runs)
}

fn record_path(folder: &Path, kind: &str) -> Result<PathBuf, StoreError> {
    Ok(folder.join("records").join(format!("{}{ENDING}", checked("a record", kind)?)))
}

/// The names of a folder's JSON files, without their ending and sorted as names: `a.json` stands after
/// `a-b.json`, but `a` before `a-b`.
fn stems(folder: &Path) -> Result<Vec<String>, StoreError> {
    let mut stems: Vec<_> = files::names(folder)?
        .into_iter()
        .filter_map(|name| name.strip_suffix(ENDING).map(str::to_owned))
        .filter(|name| checked("a file", name).is_ok())
        .collect();
    stems.sort();
    Ok(stems)
}
