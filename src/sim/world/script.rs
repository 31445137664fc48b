//! Faults inside the cloud, as a test or a demo scripts them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::super::rng::Dice;
use super::Sidecar;
use crate::model::{ContainerName, ImageRef, Version};

/// How one attempt of a migration ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Exit code 0, the schema is the new one.
    Success,
    /// This exit code. `partial` = the migration was not one transaction: the schema is neither old nor new.
    Exit {
        /// Not 0.
        code: i32,
        /// A part of the change stayed in the database.
        partial: bool,
    },
    /// The kernel kills the program because it needs too much memory: exit code 137. `partial` as above.
    OutOfMemory {
        /// A part of the change stayed in the database.
        partial: bool,
    },
    /// RunTask answers with `failures[]`: no task is created.
    NoCapacity,
    /// The task is accepted and never reaches RUNNING.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
    NeverStarts,
    /// The task runs until it is stopped.
    Hangs,
}

/// The fault of an image.
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
    /// Containers that do not come up together with the others of their task, by name.
    #[serde(default)]
    pub sidecars: BTreeMap<ContainerName, Sidecar>,
    /// By text that occurs in the image reference: `graasp:core-v2.25.0`.
    pub broken: BTreeMap<String, Broken>,
    /// Statuses that URLs answer, instead of those of their services.
    pub answers: BTreeMap<String, u16>,
    /// No request metrics can be read.
    pub without_metrics: bool,
    /// Services (`cluster/service`) whose load rises and falls, so that autoscaling acts.
    pub busy: BTreeSet<String>,
}

impl Script {
    /// Faults drawn from a seed, for an environment that is about to migrate to `version`: up to two bad
    /// attempts, the length of the migration, no metrics. Many seeds have few or none. `atomic` =
    /// a failed attempt changes nothing.
    pub fn drawn(seed: u64, version: &Version, atomic: bool) -> Self {
        let mut dice = Dice::new(seed);
        let mut script = Self::default();
        while dice.chance(0.25) && script.migrations.get(version).is_none_or(|queue| queue.len() < 2) {
            let outcome = match dice.below(4) {
                0 => Outcome::NoCapacity,
                1 => Outcome::NeverStarts,
                _ => Outcome::Exit { code: 1, partial: !atomic && dice.chance(0.5) },
            };
            script.migration(version.as_str(), [outcome]);
        }
        // A minute up to an hour.
        let minutes = u32::try_from(dice.below(60)).expect("below 60");
        script.migration_seconds = dice.chance(0.3).then_some(60 + 60 * minutes);
        script.without_metrics = dice.chance(0.3);
        script
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_scripts_repeat_and_respect_atomic_migrations() {
        let version = Version::from("v2");
        let mut seen = BTreeSet::new();
        for seed in 0..300 {
            let drawn = |atomic| Script::drawn(seed, &version, atomic).migrations;
            assert_eq!(drawn(true), drawn(true));
            let outcomes = |atomic| drawn(atomic).into_values().flatten();
            assert!(outcomes(true).all(|outcome| !matches!(outcome, Outcome::Exit { partial: true, .. })));
            seen.extend(outcomes(false).map(|outcome| format!("{outcome:?}")));
        }
        assert_eq!(seen.len(), 4, "{seen:?}");
    }

    #[test]
    fn a_broken_image_is_found_by_a_part_of_its_name() {
        let mut script = Script::default();
        script.broken.insert("core-v2".to_owned(), Broken::Unhealthy);
        assert_eq!(script.broken(&ImageRef::new("reg/graasp:core-v2@sha256:ab")), Some(Broken::Unhealthy));
        assert_eq!(script.broken(&ImageRef::new("reg/graasp:core-v1")), None);
    }
}
