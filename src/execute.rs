//! Carries out actions: the only room that changes the world, and it decides nothing.
//!
//! Each action is a value that holds all its execution needs. One `match` leads to one function an action;
//! each of them begins by looking, so that an action that was half done before a crash is simply done again.
//! One-shot actions journal their intent first. Every write asks for the lease immediately before.
//!
//! Architecture Invariant: nothing here plans, and nothing here is undone. What went wrong is reported, and
//! the next pass plans again from what is.

mod checks;
mod context;
mod database;
mod definition;
mod drain;
mod error;
mod gate;
mod invalidation;
mod migrate;
mod outcome;
mod progress;
mod records;
mod sites;
mod snapshot;
mod start;
mod stop;
mod verdict;
mod wait;

#[cfg(test)]
mod tests;

pub use context::ActionContext;
pub use error::ActionError;
pub use outcome::{ActionOutcome, ActionResult};
pub use progress::{Progress, Silent};

use futures_util::future::join_all;

use crate::plan::{Action, ActionKind};
use crate::store::journal::Event;

/// Carries out the actions of one step side by side, and says how each of them ended.
pub async fn carry_out(hands: &ActionContext<'_>, actions: &[Action]) -> Vec<ActionOutcome> {
    join_all(actions.iter().map(|action| carry_out_one(hands, action))).await
}

async fn carry_out_one(hands: &ActionContext<'_>, action: &Action) -> ActionOutcome {
    let started_at = hands.clock.now();
    hands.progress.action_started(action);
    tracing::debug!(action = action.id, kind = action.kind.as_str(), "started");
    let mut done = perform(hands, action).await;
    if let (Ok(()), Some(field)) = (&done, &action.corrects) {
        done = hands.record(Event::Corrected {
            resource: action.resource.clone(),
            field: field.clone(),
            before: action.before.clone(),
            after: action.after.clone(),
        });
    }
    let result = ActionResult::of(done);
    let outcome = ActionOutcome { id: action.id.clone(), started_at, finished_at: hands.clock.now(), result };
    tracing::debug!(action = action.id, result = %outcome.result, "finished");
    hands.progress.action_finished(action, &outcome);
    outcome
}

async fn perform(hands: &ActionContext<'_>, action: &Action) -> Result<(), ActionError> {
    let id = &action.id;
    match &action.kind {
        ActionKind::ClaimOwner { store } => records::claim(hands, id, store).await,
        ActionKind::RecordSchema { version, resource_id, how } => {
            records::record_schema(hands, id, version, resource_id, *how).await
        }
        ActionKind::AssociateFunction { distribution } => gate::associate(hands, id, distribution).await,
        ActionKind::StageSite { site, source, version } => {
            sites::stage(hands, id, site, source, version).await
        }
        ActionKind::SwitchSite { site, source, version } => {
            sites::switch(hands, id, site, source, version).await
        }
        ActionKind::BeginRelease { from, to, images } => hands.record(Event::ReleaseBegun {
            from: from.clone(),
            to: to.clone(),
            images: images.clone(),
            revision: hands.revision.clone(),
        }),
        ActionKind::CloseGate { rules, function, was_open, with } => {
            gate::close(hands, id, rules, *function).await?;
            hands.record(Event::GateClosed { was_open: *was_open, with: Some(with.clone()) })
        }
        ActionKind::OpenGate { rules, function, whole } => {
            gate::open(hands, id, rules, *function).await?;
            if *whole { hands.record(Event::GateOpened) } else { Ok(()) }
        }
        ActionKind::Drain { until, at_most_until } => drain::drain(hands, id, *until, *at_most_until).await,
        ActionKind::StopService { service, scaling } => stop::stop(hands, id, service, *scaling).await,
        ActionKind::StartDatabase => database::start(hands, id).await,
        ActionKind::StopDatabase => database::stop(hands, id).await,
        ActionKind::TakeSnapshot { identifier, tag } => snapshot::take(hands, id, identifier, tag).await,
        ActionKind::Migrate(migration) => migrate::migrate(hands, id, migration).await,
        ActionKind::EndLostMigration { attempt, reached_running } => {
            migrate::write_off(hands, id, *attempt, *reached_running).await
        }
        ActionKind::Settle { until } => drain::settle(hands, id, *until).await,
        ActionKind::StartService(start) => start::start(hands, id, start).await,
        ActionKind::RestoreRollback { service, rollback } => {
            start::restore_rollback(hands, service, *rollback).await
        }
        ActionKind::Check { checks } => checks::check(hands, id, checks).await,
        ActionKind::PruneSnapshots { identifiers } => snapshot::prune(hands, identifiers).await,
        ActionKind::FinishRelease { to } => hands.record(Event::ReleaseFinished { to: to.clone() }),
    }
}
