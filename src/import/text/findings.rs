//! The notes beside the file, as sentences: guesses, and everything that was left out.

use std::collections::BTreeSet;

use super::super::database::{self, Choice, DatabaseReason};
use super::super::draft::Draft;
use super::super::names::list;
use super::super::services::{KeptImage, KeptReason};
use crate::cloud::DatabaseStatus;
use crate::model::State;

/// All findings, the most important first.
pub(super) fn findings(draft: &Draft<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(owner) = &draft.survey.owner {
        said.push(format!(
            "cluster `{}` belongs to another tidegate store already ({owner}): plans from other stores are blocked",
            draft.survey.target.cluster
        ));
    }
    if draft.state != State::Running {
        said.push(format!("{} So the declaration has `state: {}`", why_down(draft), draft.state));
    }
    if draft.survey.services.is_empty() {
        said.push(format!("cluster `{}` has no services", draft.survey.target.cluster));
    }
    for service in &draft.services {
        let name = &service.name;
        said.extend(service.left_out.as_ref().map(|why| format!("`{name}` is left out: {why}")));
        said.extend(service.unsettled.as_ref().map(|what| format!("`{name}` {what}")));
    }
    said.extend(images(draft));
    said.push(the_database(draft));
    if let Choice::Picked { database, .. } = &draft.database.choice {
        let shown = database::shown(&database.target);
        let stays = database.unstoppable.as_ref();
        said.extend(
            stays.map(|why| format!("{shown} cannot be stopped: {why}; `state: stopped` would be blocked")),
        );
        if let (DatabaseStatus::Starting | DatabaseStatus::Stopping, true) =
            (&database.status, draft.database.is_declared())
        {
            said.push(format!("{shown} is {} now: a plan waits until that has finished", database.status));
        }
    }
    said.extend(draft.migration.as_ref().map(|migration| {
        format!(
            "`{}` looks like a migration: it is only proposed, as a comment, because you must know what it does",
            migration.family
        )
    }));
    said.push(the_gate(draft));
    said.push("`after`, schedules, windows, checks and sites cannot be read from AWS: the README shows how to add them".to_owned());
    said
}

/// Why the state is not `running`.
pub(super) fn why_down(draft: &Draft<'_>) -> &'static str {
    match (draft.state, draft.database.choice.status()) {
        (State::DbOnly, _) => "No service has a task now, and the database is up.",
        (_, Some(_)) => "No service has a task now, and the database is stopped.",
        (_, None) => "No service has a task now.",
    }
}

fn images(draft: &Draft<'_>) -> Vec<String> {
    let declared = || draft.services.iter().filter(|service| service.left_out.is_none());
    let kept = || declared().flat_map(|service| &service.kept);
    let shown = |kept: &KeptImage| kept.image.to_string();
    let mut said = Vec::new();
    // Sidecars are in many services.
    let foreign: BTreeSet<String> =
        kept().filter(|kept| matches!(kept.why, KeptReason::Foreign { .. })).map(shown).collect();
    let foreign = Vec::from_iter(foreign);
    if !foreign.is_empty() {
        said.push(format!(
            "images that do not look like yours, so tidegate does not change them: {}; add them with `--own-images REPOSITORY`",
            foreign.join(", ")
        ));
    }
    let moving: BTreeSet<String> =
        kept().filter(|kept| !matches!(kept.why, KeptReason::Foreign { .. })).map(shown).collect();
    let moving = Vec::from_iter(moving);
    if !moving.is_empty() {
        said.push(format!(
            "images without a version in their tags, so tidegate does not change them: {}",
            moving.join(", ")
        ));
    }
    said
}

fn the_database(draft: &Draft<'_>) -> String {
    match (&draft.database.choice, &draft.database.muted) {
        (Choice::Picked { database, .. }, Some(why)) => {
            format!("{} is left out: {why}", database::shown(&database.target))
        }
        (Choice::Picked { database, reason }, None) => {
            let shown = database::shown(&database.target);
            match reason {
                DatabaseReason::Asked => format!("the database is {shown}, from `--database`"),
                DatabaseReason::Named(services) => {
                    format!(
                        "the database is {shown}: its address is in the environment variables of {}",
                        list(services)
                    )
                }
                guess => format!("the database is {shown}, {}", guess.guess().unwrap_or_default()),
            }
        }
        (Choice::None { why, known }, _) if known.is_empty() => format!("no database: {why}"),
        (Choice::None { why, known }, _) => {
            let known: Vec<String> = known.iter().map(database::shown).collect();
            format!("no database: {why}; choose one with `--database ID`: {}", known.join(", "))
        }
    }
}

fn the_gate(draft: &Draft<'_>) -> String {
    match &draft.gate {
        Err(why) => format!("no gate: {why}"),
        Ok(gate) => {
            let place = format!("`{}`, port {}", gate.listener.name, gate.listener.port);
            match &gate.muted {
                None => format!("the gate is at load balancer {place}"),
                Some(why) => format!(
                    "the gate at load balancer {place} is only proposed, as a comment: {why}; declare it with `--secret ssm:/NAME`"
                ),
            }
        }
    }
}
