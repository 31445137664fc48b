//! How an action is called in a row: its noun and its sign.

use crate::plan::{Action, ActionKind, Migration, MigrationStart, Step};

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
            ActionKind::Migrate(Migration { start: MigrationStart::Stop { .. }, .. }) => Sign::Removed,
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
            | ActionKind::EndLostMigration { .. }
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
        ActionKind::Migrate(_) | ActionKind::EndLostMigration { .. } => "migration",
        ActionKind::Settle { .. } => "wait",
        ActionKind::Check { .. } => "check",
    }
}

/// What it is done to, short enough for a column. What is cut off here is told below the row.
pub(crate) fn resource(action: &Action) -> String {
    match &action.kind {
        ActionKind::Check { checks } if checks.len() == 1 => "1 address".to_owned(),
        ActionKind::Check { checks } => format!("{} addresses", checks.len()),
        _ => action.resource.clone(),
    }
}

/// `now -> then`; only one of them where the other says nothing.
pub(crate) fn change(action: &Action) -> String {
    match (&action.kind, action.before.as_str(), action.after.as_str()) {
        // Identities and identifiers are for programs: they are in the JSON.
        (ActionKind::ClaimOwner { .. }, "no owner" | "nobody", _) => "no owner -> this store".to_owned(),
        (ActionKind::ClaimOwner { .. }, _, _) => "another store -> this one".to_owned(),
        (ActionKind::TakeSnapshot { .. }, _, _) => "take".to_owned(),
        (ActionKind::Check { .. }, _, _) => "must answer".to_owned(),
        (ActionKind::Drain { .. } | ActionKind::Settle { .. }, _, after) => format!("wait {after}"),
        (_, "", after) => after.to_owned(),
        (_, before, "") => before.to_owned(),
        (_, before, after) if before == after => after.to_owned(),
        (_, before, after) => format!("{before} -> {after}"),
    }
}

/// What a step is called while it goes on.
pub(crate) fn title(step: Step) -> &'static str {
    title_of(step.as_str())
}

/// The same from the word that the history keeps. A word of another version of the program stands for itself.
pub(crate) fn title_of(word: &str) -> &str {
    match word {
        "claim" => "say whose cluster this is",
        "associate" => "prepare the gate at CloudFront",
        "stage-sites" => "upload sites",
        "begin" => "begin the release",
        "close-gate" => "close the gate",
        "drain" => "drain",
        "stop-services" => "stop services",
        "start-database" => "start the database",
        "snapshot" => "take a snapshot",
        "migrate" => "migrate",
        "record" => "record the schema version",
        "settle" => "let the database settle",
        "start-services" => "start services",
        "switch-sites" => "switch sites",
        "check" => "check",
        "open-gate" => "open the gate",
        "tidy" => "tidy up",
        "stop-database" => "stop the database",
        other => other,
    }
}

/// `1 step`, `2 steps`
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
