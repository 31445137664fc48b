//! Everything a decision needs, as one value. The planner reads nothing else.

use std::time::Duration;

use crate::model::{Instant, Mode, Revision, StoreId};
use crate::observe::Snapshot;
use crate::schedule::EffectiveState;
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;

/// The input of the planner.
#[derive(Clone, Debug)]
pub struct PlanningInput {
    /// The present instant.
    pub now: Instant,
    /// The revision that is planned for.
    pub revision: Revision,
    /// Whether tidegate may write: as declared, unless the environment is suspended.
    pub mode: Mode,
    /// How long services that were started outside tidegate keep running in a sleeping environment; `None` = they are
    /// stopped at once.
    pub grace: Option<Duration>,
    /// The declaration.
    pub spec: EnvironmentSpec,
    /// The desired state: schedule and overrides are applied already.
    pub desired: EffectiveState,
    /// The observation of AWS.
    pub snapshot: Snapshot,
    /// The folded journal: releases, attempts and operator requests.
    pub ledger: Ledger,
    /// The store of this tidegate.
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
    /// From the request to available.
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
