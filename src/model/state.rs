//! The four states of an environment, the gate, and whether tidegate may write.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of an environment, ordered from `stopped` to `running`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// No service runs, and the database is stopped.
    Stopped,
    /// The database runs, and only those services that list this state in `up_in`. The gate is closed.
    DbOnly,
    /// Everything runs, and the gate is closed: only requests with the bypass header get through.
    Restricted,
    /// Everything runs, and the gate is open.
    Running,
}

impl State {
    /// All four, from `running` down to `stopped`.
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

    /// The gate that belongs to this state: open in `running` only.
    pub fn gate(self) -> Gate {
        match self {
            State::Running => Gate::Open,
            State::Restricted | State::DbOnly | State::Stopped => Gate::Closed,
        }
    }

    /// Whether the database runs: in every state but `stopped`.
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

/// Whether tidegate changes anything in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// tidegate plans and applies.
    #[default]
    Enforce,
    /// tidegate plans and reports. It changes nothing in AWS, not even tags.
    Observe,
}
