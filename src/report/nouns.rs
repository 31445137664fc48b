//! How an action is called in a row: its noun and its sign.

use crate::plan::{Action, ActionKind, Step};

/// What the sign before a row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
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
    pub(crate) fn glyph(self) -> char {
        match self {
            Sign::Made => '+',
            Sign::Changed => '~',
            Sign::Removed => '-',
            Sign::Asked => '=',
        }
    }

    /// The sign of an action.
    pub(crate) fn of(action: &Action) -> Sign {
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
pub(crate) fn noun(kind: &ActionKind) -> &'static str {
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
pub(crate) fn change(action: &Action) -> String {
    match (action.before.as_str(), action.after.as_str()) {
        ("", after) => after.to_owned(),
        (before, "") => before.to_owned(),
        (before, after) if before == after => after.to_owned(),
        (before, after) => format!("{before} -> {after}"),
    }
}

/// What a step is called while it goes on.
pub(crate) fn title(step: Step) -> &'static str {
    match step {
        Step::Claim => "say whose cluster this is",
        Step::FirstContact => "record the version that runs",
        Step::Associate => "prepare the gate at CloudFront",
        Step::StageSites => "upload sites",
        Step::Begin => "begin the release",
        Step::CloseGate => "close the gate",
        Step::Drain => "drain",
        Step::StopServices(_) => "stop services",
        Step::StartDatabase => "start the database",
        Step::Snapshot => "take a snapshot",
        Step::Migrate => "migrate",
        Step::Record => "record the schema version",
        Step::Settle => "let the database settle",
        Step::StartServices(_) => "start services",
        Step::SwitchSites => "switch sites",
        Step::Check => "check",
        Step::OpenGate => "open the gate",
        Step::Tidy => "tidy up",
        Step::StopDatabase => "stop the database",
    }
}
