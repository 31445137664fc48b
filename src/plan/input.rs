//! Everything a decision needs, as one value. The planner asks nobody else.

use std::time::Duration;

use crate::model::{Instant, Mode, Revision, StoreId};
use crate::observe::Snapshot;
use crate::schedule::EffectiveState;
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;

/// The planner's whole world.
#[derive(Clone, Debug)]
pub struct PlanningInput {
    /// The present instant.
    pub now: Instant,
    /// Which commit is planned for.
    pub revision: Revision,
    /// Whether may be written: as declared, unless the environment is suspended.
    pub mode: Mode,
    /// For how long what a person starts in a sleeping environment is left alone; none = not at all.
    pub grace: Option<Duration>,
    /// What is declared.
    pub spec: EnvironmentSpec,
    /// What state should hold now: schedule and overrides are worked out already.
    pub desired: EffectiveState,
    /// What is.
    pub snapshot: Snapshot,
    /// What was begun.
    pub ledger: Ledger,
    /// Who we are.
    pub store: StoreId,
    /// Whether moving tags may be resolved again: after a commit, a wake or a poke.
    pub refresh_images: bool,
    /// How long things took before.
    pub expected: Expected,
}

/// How long the parts of a release take, from the history where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// From desired 0 to the last task gone.
    pub stop: Duration,
    /// From stopped to available.
    pub start_database: Duration,
    /// From asked to available.
    pub snapshot: Duration,
    /// The migration task.
    pub migration: Duration,
    /// One layer of services.
    pub start_layer: Duration,
    /// All checks.
    pub checks: Duration,
}

impl Default for Expected {
    /// What a small PostgreSQL instance and Fargate services take; replaced by the history as soon as there
    /// is one. Fargate tasks need 30 to 60 seconds to start and up to 30 (`stopTimeout`) to stop; a snapshot
    /// of a small database takes minutes.
    fn default() -> Self {
        Expected {
            stop: Duration::from_secs(45),
            start_database: Duration::from_secs(300),
            snapshot: Duration::from_secs(180),
            migration: Duration::from_secs(60),
            start_layer: Duration::from_secs(90),
            checks: Duration::from_secs(10),
        }
    }
}
