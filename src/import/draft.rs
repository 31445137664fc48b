//! Everything that was decided about a declaration, before it is written.

use super::database::InState;
use super::gate::GateDraft;
use super::migration::MigrationDraft;
use super::options::ImportOptions;
use super::services::{ServiceDraft, VersionDraft};
use super::survey::Survey;
use crate::model::{ServiceName, State};

/// The declaration to write.
pub(super) struct Draft<'a> {
    pub(super) survey: &'a Survey,
    pub(super) options: &'a ImportOptions,
    pub(super) state: State,
    pub(super) versions: Vec<VersionDraft>,
    pub(super) services: Vec<ServiceDraft>,
    pub(super) database: InState,
    /// `Err`: why there is no gate.
    pub(super) gate: Result<GateDraft, String>,
    pub(super) migration: Option<MigrationDraft>,
}

/// Names in one sentence.
const NAMED_MAX: usize = 4;

/// `` `web` and `workers` ``; of many, the first.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a ServiceName>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.len() > NAMED_MAX {
        return format!("{} and {} others", names[..NAMED_MAX - 1].join(", "), names.len() + 1 - NAMED_MAX);
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
