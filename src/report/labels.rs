//! The words for actions and steps in a row of text: sign, noun, resource, change, title.

use crate::plan::{Action, ActionKind, Migration, MigrationStart, Step};

/// The sign before a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// The action creates something.
    Made,
    /// The action changes something that exists.
    Changed,
    /// The action removes something.
    Removed,
    /// The action only waits or checks.
    NoChange,
}

impl Sign {
    /// The character of the sign.
    pub(crate) fn glyph(self) -> char {
        match self {
            Sign::Made => '+',
            Sign::Changed => '~',
            Sign::Removed => '-',
            Sign::NoChange => '=',
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
            | ActionKind::GiveUpRelease { .. }
            | ActionKind::Drain { .. }
            | ActionKind::AwaitTasks { .. }
            | ActionKind::Invalidate { .. }
            | ActionKind::EndLostMigration { .. }
            | ActionKind::Settle { .. }
            | ActionKind::Check { .. }
            | ActionKind::FinishRelease { .. } => Sign::NoChange,
        }
    }
}

/// The kind of thing that an action is about.
pub(crate) fn noun(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::ClaimOwner { .. } => "cluster",
        ActionKind::RecordSchema { .. } => "schema",
        ActionKind::AssociateFunction { .. }
        | ActionKind::CloseGate { .. }
        | ActionKind::OpenGate { .. }
        | ActionKind::Drain { .. } => "traffic",
        ActionKind::StageSite { .. } | ActionKind::SwitchSite { .. } | ActionKind::Invalidate { .. } => {
            "site"
        }
        ActionKind::BeginRelease { .. }
        | ActionKind::GiveUpRelease { .. }
        | ActionKind::FinishRelease { .. } => "release",
        ActionKind::StopService { .. } | ActionKind::StartService(_) | ActionKind::RestoreRollback { .. } => {
            "service"
        }
        ActionKind::AwaitTasks { .. } => "tasks",
        ActionKind::StartDatabase | ActionKind::StopDatabase => "database",
        ActionKind::TakeSnapshot { .. } | ActionKind::PruneSnapshots { .. } => "snapshot",
        ActionKind::Migrate(_) | ActionKind::EndLostMigration { .. } => "migration",
        ActionKind::Settle { .. } => "wait",
        ActionKind::Check { .. } => "check",
    }
}

/// The resource of an action, short enough for a column. The addresses of a check stand below its row.
pub(crate) fn resource(action: &Action) -> String {
    match &action.kind {
        ActionKind::Check { checks } if checks.len() == 1 => "1 address".to_owned(),
        ActionKind::Check { checks } => format!("{} addresses", checks.len()),
        _ => action.resource.clone(),
    }
}

/// `before -> after`, or only one of them where the other is empty.
pub(crate) fn change(action: &Action) -> String {
    match (&action.kind, action.before.as_str(), action.after.as_str()) {
        // The identifiers of stores are for programs: they are in the JSON.
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

/// The title of a step for people.
pub(crate) fn title(step: Step) -> &'static str {
    title_of(step.as_str())
}

/// The title from the word that the history keeps. An unknown word, from another version of tidegate, is shown unchanged.
pub(crate) fn title_of(word: &str) -> &str {
    match word {
        "claim" => "claim the cluster",
        "give-up" => "give the release up",
        "associate" => "prepare the gate at CloudFront",
        "stage-sites" => "upload sites",
        "begin" => "begin the release",
        "close-gate" => "close the gate",
        "drain" => "drain requests",
        "stop-services" => "stop services",
        "start-database" => "start the database",
        "snapshot" => "take a snapshot",
        "migrate" => "migrate",
        "record" => "record the schema version",
        "settle" => "let the database settle",
        "start-services" => "start services",
        "switch-sites" => "switch sites",
        "check" => "run checks",
        "open-gate" => "open the gate",
        "tidy" => "clean up",
        "stop-database" => "stop the database",
        "invalidate" => "invalidate at CloudFront",
        other => other,
    }
}

/// `1 step`, `2 steps`
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
