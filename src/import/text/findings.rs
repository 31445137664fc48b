//! What whoever asked should know, as sentences: guesses, and what was left out.

use std::collections::BTreeSet;

use super::super::database::{self, Choice, DatabaseReason};
use super::super::draft::{Draft, list};
use super::super::services::{KeptImage, KeptReason};
use crate::cloud::DatabaseStatus;
use crate::model::State;

/// All of it, the gravest first.
pub(super) fn findings(draft: &Draft<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(owner) = &draft.survey.owner {
        said.push(format!(
            "cluster `{}` belongs to a store of tidegate already ({owner}): every other store's plan is blocked",
            draft.survey.target.cluster
        ));
    }
    if draft.state != State::Running {
        said.push(format!("{} It is declared so: `state: {}`", why_down(draft), draft.state));
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
            said.push(format!("{shown} is {} just now: a plan waits until that is done", database.status));
        }
    }
    said.extend(draft.migration.as_ref().map(|migration| {
        format!(
            "`{}` looks like a migration: proposed as a comment, for it is your promise",
            migration.family
        )
    }));
    said.push(the_gate(draft));
    said.push("`after`, schedules, windows, checks and sites are yours to add: see the README".to_owned());
    said
}

/// KeptReason the state is not `running`.
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
            "not yours by their names, and left alone: {}; `--own-images REPOSITORY` takes them",
            foreign.join(", ")
        ));
    }
    let moving: BTreeSet<String> =
        kept().filter(|kept| !matches!(kept.why, KeptReason::Foreign { .. })).map(shown).collect();
    let moving = Vec::from_iter(moving);
    if !moving.is_empty() {
        said.push(format!("without a version in their tags, and left alone: {}", moving.join(", ")));
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
                DatabaseReason::Asked => format!("the database is {shown}, as you said"),
                DatabaseReason::Named(services) => {
                    format!(
                        "the database is {shown}: its address is in the environment of {}",
                        list(services)
                    )
                }
                DatabaseReason::SameName => {
                    format!("the database is {shown}, a guess: it is called like the cluster")
                }
                DatabaseReason::OnlyOne => {
                    format!("the database is {shown}, a guess: there is no other here")
                }
            }
        }
        (Choice::None { why, known }, _) if known.is_empty() => format!("no database: {why}"),
        (Choice::None { why, known }, _) => {
            let known: Vec<String> = known.iter().map(database::shown).collect();
            format!("no database: {why}; `--database ID` says which of {}", known.join(", "))
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
                    "the gate at load balancer {place} is proposed as a comment: {why}; `--secret ssm:/NAME` declares it"
                ),
            }
        }
    }
}
