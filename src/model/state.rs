//! The four states of an environment, what the gate is, and whether we may write.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an environment should be. Ordered from asleep to open.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nothing runs; the database is stopped.
    Stopped,
    /// Only the database, and the services that name this state in `up_in`.
    DbOnly,
    /// Everything runs behind a closed gate.
    Restricted,
    /// Everything runs, the gate is open.
    Running,
}

impl State {
    /// All four, in the order of the design's table.
    pub const ALL: [State; 4] = [State::Running, State::Restricted, State::DbOnly, State::Stopped];

    /// The word used in YAML, JSON and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Stopped => "stopped",
            State::DbOnly => "db-only",
            State::Restricted => "restricted",
            State::Running => "running",
        }
    }

    /// The gate belongs to the state: only `running` is open.
    pub fn gate(self) -> Gate {
        match self {
            State::Running => Gate::Open,
            State::Restricted | State::DbOnly | State::Stopped => Gate::Closed,
        }
    }

    /// The database is up in every state but `stopped`.
    pub fn database_up(self) -> bool {
        self != State::Stopped
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Whether users get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// Users get through.
    Open,
    /// Only requests with the bypass header get through.
    Closed,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Gate::Open => "open",
            Gate::Closed => "closed",
        })
    }
}

/// Whether tidegate may write in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Plan and apply.
    #[default]
    Enforce,
    /// Plan and report; write nothing anywhere, tags included.
    Observe,
}
