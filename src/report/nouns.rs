//! How an action is called in a row: its noun and its sign.

use crate::plan::{Action, ActionKind};

/// What the sign before a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// Something is made.
    Made,
    /// Something is changed.
    Changed,
    /// Something is removed.
    Removed,
    /// Something is only waited for or asked.
    Asked,
}

impl Sign {
    /// One character.
    pub(super) fn glyph(self) -> char {
        match self {
            Sign::Made => '+',
            Sign::Changed => '~',
            Sign::Removed => '-',
            Sign::Asked => '=',
        }
    }

    /// The sign of an action.
    pub(super) fn of(action: &Action) -> Sign {
        match &action.kind {
            ActionKind::ClaimOwner { .. }
            | ActionKind::RecordSchema { .. }
            | ActionKind::AssociateFunction { .. }
            | ActionKind::StageSite { .. }
            | ActionKind::TakeSnapshot { .. }
            | ActionKind::Migrate(_) => Sign::Made,
            ActionKind::SwitchSite { .. }
            | ActionKind::CloseGate { .. }
            | ActionKind::OpenGate { .. }
            | ActionKind::StopService { .. }
            | ActionKind::StartDatabase
            | ActionKind::StopDatabase
            | ActionKind::StartService(_)
            | ActionKind::RestoreRollback { .. } => Sign::Changed,
            ActionKind::PruneSnapshots { .. } => Sign::Removed,
            ActionKind::BeginRelease { .. }
            | ActionKind::Drain { .. }
            | ActionKind::Settle { .. }
            | ActionKind::Check { .. }
            | ActionKind::FinishRelease { .. } => Sign::Asked,
        }
    }
}

/// What an action is about.
pub(super) fn noun(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::ClaimOwner { .. } => "cluster",
        ActionKind::RecordSchema { .. } => "schema",
        ActionKind::AssociateFunction { .. }
        | ActionKind::CloseGate { .. }
        | ActionKind::OpenGate { .. }
        | ActionKind::Drain { .. } => "traffic",
        ActionKind::StageSite { .. } | ActionKind::SwitchSite { .. } => "site",
        ActionKind::BeginRelease { .. } | ActionKind::FinishRelease { .. } => "release",
        ActionKind::StopService { .. } | ActionKind::StartService(_) | ActionKind::RestoreRollback { .. } => {
            "service"
        }
        ActionKind::StartDatabase | ActionKind::StopDatabase => "database",
        ActionKind::TakeSnapshot { .. } | ActionKind::PruneSnapshots { .. } => "snapshot",
        ActionKind::Migrate(_) => "migration",
        ActionKind::Settle { .. } => "wait",
        ActionKind::Check { .. } => "check",
    }
}

/// `now -> then`; only one of them where the other says nothing.
pub(super) fn change(action: &Action) -> String {
    match (action.before.as_str(), action.after.as_str()) {
        ("", after) => after.to_owned(),
        (before, "") => before.to_owned(),
        (before, after) if before == after => after.to_owned(),
        (before, after) => format!("{before} -> {after}"),
    }
}
