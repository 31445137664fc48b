//! One attempt at a migration, and how its task comes into being.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cloud::Placement;
use crate::model::{ContainerName, ImageRef, Version};

/// One attempt at one migration.
#[derive(Clone, Debug, PartialEq)]
pub struct Migration {
    /// Recorded version.
    pub from: Version,
    /// Wanted version.
    pub to: Version,
    /// Counts from 1 for each (database, to).
    pub attempt: u32,
    /// The database it changes.
    pub resource_id: String,
    /// How its task comes into being.
    pub start: MigrationStart,
    /// `clientToken`
    pub client_token: String,
    /// `startedBy`
    pub started_by: String,
    /// After this long the plan says so; the task keeps running.
    pub timeout: Duration,
}

/// How the task of an attempt comes into being.
#[derive(Clone, Debug, PartialEq)]
pub enum MigrationStart {
    /// Journal the intent, tag the database, register the definition, send RunTask.
    Send {
        /// Revision that the new one is made from.
        template: String,
        /// Images, pinned where the registry gave a digest.
        images: BTreeMap<ContainerName, ImageRef>,
        /// Where the task is placed.
        placement: Placement,
    },
    /// The intent is journaled, no task is found: send the same RunTask again, same token.
    Resend {
        /// Definition of the intent.
        definition: String,
        /// Placement of the intent; `None` = it was journaled before placements were.
        placement: Option<Placement>,
    },
    /// A task of this attempt exists: watch it.
    Adopt {
        /// Its ARN.
        task: String,
    },
    /// A task of this attempt exists, and an operator requested its stop: stop it, and watch it to its end.
    Stop {
        /// Its ARN.
        task: String,
        /// Who requested the stop and why, for AWS's record of the task.
        why: String,
    },
}
