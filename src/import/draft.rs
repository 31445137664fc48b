//! Everything that was decided about a declaration, before it is written.

use super::database::InState;
use super::gate::GateDraft;
use super::migration::MigrationDraft;
use super::options::ImportOptions;
use super::services::{ServiceDraft, VersionDraft};
use super::survey::Survey;
use crate::model::State;

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
