//! What goes wrong inside the cloud, because a test or a demo says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::model::{ImageRef, Version};

/// How one attempt of a migration ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Exit code 0, the schema is the new one.
    Success,
    /// This exit code. `partial` = the migration was not one transaction: the schema is neither old nor new.
    Exit {
        /// Not 0.
        code: i32,
        /// Something stayed behind.
        partial: bool,
    },
    /// RunTask answers with `failures[]`: no task comes to be.
    NoCapacity,
    /// The task is accepted and never reaches RUNNING.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
    NeverStarts,
    /// The task runs until somebody stops it.
    Hangs,
}

/// What is wrong with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Broken {
    /// Its program ends soon after RUNNING.
    Crashes {
        /// Exit code.
        code: i32,
    },
    /// Its program runs and never passes a health check.
    Unhealthy,
}

/// The script of a world. Empty = everything goes well.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Script {
    /// By version, one for each attempt; afterwards [`Outcome::Success`].
    pub migrations: BTreeMap<Version, VecDeque<Outcome>>,
    /// How long migrations run; drawn when `None`.
    pub migration_seconds: Option<u32>,
    /// By text that occurs in the image reference: `graasp:core-v2.25.0`.
    pub broken: BTreeMap<String, Broken>,
    /// Statuses that URLs answer, whatever stands behind them.
    pub answers: BTreeMap<String, u16>,
    /// No request metrics can be read.
    pub without_metrics: bool,
    /// Services (`cluster/service`) whose load rises and falls, so that autoscaling acts.
    pub busy: BTreeSet<String>,
}

impl Script {
    /// The next `outcomes` of the migration to `version`, one for each attempt.
    pub fn migration(&mut self, version: &str, outcomes: impl IntoIterator<Item = Outcome>) {
        self.migrations.entry(Version::from(version)).or_default().extend(outcomes);
    }

    pub(super) fn next_outcome(&self, version: &Version) -> Outcome {
        self.migrations.get(version).and_then(|queue| queue.front()).cloned().unwrap_or(Outcome::Success)
    }

    pub(super) fn take_outcome(&mut self, version: &Version) -> Outcome {
        self.migrations.get_mut(version).and_then(VecDeque::pop_front).unwrap_or(Outcome::Success)
    }

    pub(super) fn broken(&self, image: &ImageRef) -> Option<Broken> {
        self.broken.iter().find(|(text, _)| image.as_str().contains(text.as_str())).map(|(_, broken)| *broken)
    }
}
