//! Whether code of one version runs on a schema of another. In doubt it does not.

use crate::model::{Level, Relation, Version};
use crate::spec::{MigrationSpec, NeededFor};

/// Whether a bump of this size needs a migration.
fn is_needed_for(migration: &MigrationSpec, level: Level) -> bool {
    match &migration.needed_for {
        NeededFor::Always => true,
        NeededFor::Never => false,
        NeededFor::Levels(levels) => levels.contains(&level),
    }
}

/// Whether code of this version is known to run on this schema. In doubt it is not.
pub(in crate::plan) fn fits(migration: &MigrationSpec, recorded: &Version, code: &Version) -> bool {
    match recorded.relation_to(code) {
        Relation::Same => true,
        Relation::Forward(level) | Relation::Backward(level) => !is_needed_for(migration, level),
        Relation::Unordered => !is_needed_for(migration, Level::Major),
    }
}
