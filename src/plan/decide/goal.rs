//! The goal of a pass: the state it leads to, and which versions it applies. The steps only carry it out.

use std::collections::BTreeSet;

use super::schema::OpenAttempt;
use crate::model::{Gate, State, Version, VersionKey};
use crate::plan::facts::Facts;
use crate::plan::report::PlannedState;

/// The goal of this pass.
#[derive(Debug)]
pub(in crate::plan) struct Goal {
    /// The state that the actions lead to.
    pub state: State,
    /// The same for people: with what is declared, and why.
    pub planned: PlannedState,
    /// The migration on the way there.
    pub migration: Option<Work>,
    /// Which images and sites keep their version.
    pub frozen: Frozen,
    /// Nothing is started, rolled or put back, and the gate is kept closed.
    pub held: bool,
    /// A release has ended without its migration: code that does not fit the recorded schema makes room for the code
    /// of that version.
    pub brings_back: bool,
    /// Services that follow the schema may not be started.
    pub code_forbidden: bool,
    /// The release in progress is not over, wherever this pass leads: it failed, and an operator must decide.
    pub release_stays: bool,
    /// The schema version on the database's tag, or the one that is about to be put there.
    pub recorded: Option<Version>,
    /// Parts that were reached before as they are declared now, in this state, with no release begun since: every
    /// difference in them is drift.
    pub settled: BTreeSet<String>,
    /// Parts that were started outside tidegate while the environment sleeps, and whose grace is not over.
    pub in_grace: BTreeSet<String>,
}

/// The part of the migration that is still to be done.
#[derive(Debug)]
pub(in crate::plan) enum Work {
    /// From the beginning.
    Run { from: Version, to: Version, attempt: u32 },
    /// The migration runs: watch it.
    Watch(Box<OpenAttempt>),
}

/// Which services and sites keep their version in this pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::plan) enum Frozen {
    Nothing,
    /// Services and sites whose templates name the migrated version, or one that goes live together with it.
    Followers,
    Everything,
}

impl Goal {
    /// The desired state, with nothing in its way.
    pub(super) fn desired(facts: &Facts<'_>, recorded: Option<Version>) -> Goal {
        let desired = &facts.input.desired;
        Goal {
            state: desired.state,
            planned: PlannedState {
                declared: facts.spec.state,
                effective: desired.state,
                because: desired.because,
                until: desired.until,
            },
            migration: None,
            frozen: Frozen::Nothing,
            held: false,
            brings_back: false,
            code_forbidden: false,
            release_stays: false,
            recorded,
            settled: BTreeSet::new(),
            in_grace: BTreeSet::new(),
        }
    }

    /// The same goal in another state, for people, too.
    pub(super) fn in_state(self, state: State) -> Goal {
        let planned = PlannedState { effective: state, ..self.planned };
        Goal { state, planned, ..self }
    }

    /// Whether the gate must be closed on the way.
    pub(in crate::plan) fn is_release(&self) -> bool {
        self.migration.is_some()
    }

    /// Whether every difference in this part (`service/web`, `gate`, `database`) is drift.
    pub(in crate::plan) fn is_settled(&self, part: &str) -> bool {
        self.settled.contains(part)
    }

    /// Whether a release is in progress, or the environment is held: nothing counts as drift and nothing as asleep.
    pub(super) fn is_disturbed(&self, facts: &Facts<'_>) -> bool {
        self.held || self.is_release() || facts.ledger.release.is_some()
    }

    /// Whether services that start now meet the schema that the release in progress brings.
    pub(in crate::plan) fn brings_schema(&self, facts: &Facts<'_>) -> bool {
        let release = facts.ledger.release.as_ref();
        self.is_release() || release.is_some_and(|release| self.recorded.as_ref() == Some(&release.to))
    }

    /// Whether the gate is to be open at the end.
    pub(in crate::plan) fn opens(&self) -> bool {
        !self.held && self.state.gate() == Gate::Open
    }

    /// Whether a service or a site keeps its version. `keys`: the versions that its templates name.
    pub(in crate::plan) fn keeps_version<'k>(
        &self,
        facts: &Facts<'_>,
        mut keys: impl Iterator<Item = &'k VersionKey>,
    ) -> bool {
        match self.frozen {
            Frozen::Nothing => false,
            Frozen::Everything => true,
            Frozen::Followers => {
                let migration = facts.spec.migration.as_ref();
                migration.is_some_and(|migration| keys.any(|key| migration.releases(key)))
            }
        }
    }
}
