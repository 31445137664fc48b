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
mod start_within;
mod stop;
mod tasks;
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
pub async fn carry_out(context: &ActionContext<'_>, actions: &[Action]) -> Vec<ActionOutcome> {
    join_all(actions.iter().map(|action| carry_out_one(context, action))).await
}

async fn carry_out_one(context: &ActionContext<'_>, action: &Action) -> ActionOutcome {
    let started_at = context.clock.now();
    context.progress.action_started(action);
    tracing::debug!(action = action.id, kind = action.kind.as_str(), "started");
    let mut done = perform(context, action).await;
    if let (Ok(()), Some(field)) = (&done, &action.corrects) {
        done = context.record(Event::Corrected {
            resource: action.resource.clone(),
            field: field.clone(),
            before: action.before.clone(),
            after: action.after.clone(),
        });
    }
    let result = ActionResult::of(done);
    let outcome =
        ActionOutcome { id: action.id.clone(), started_at, finished_at: context.clock.now(), result };
    tracing::debug!(action = action.id, result = %outcome.result, "finished");
    context.progress.action_finished(action, &outcome);
    outcome
}

async fn perform(context: &ActionContext<'_>, action: &Action) -> Result<(), ActionError> {
    let id = &action.id;
    match &action.kind {
        ActionKind::ClaimOwner { store } => records::claim(context, id, store).await,
        ActionKind::RecordSchema { version, resource_id, how } => {
            records::record_schema(context, id, version, resource_id, *how).await
        }
        ActionKind::AssociateFunction { distribution } => gate::associate(context, id, distribution).await,
        ActionKind::StageSite { site, source, version } => {
            sites::stage(context, id, site, source, version).await
        }
        ActionKind::SwitchSite { site, source, version } => {
            sites::switch(context, id, site, source, version).await
        }
        ActionKind::Invalidate { distribution, sites } => {
            sites::forget(context, id, distribution, sites).await
        }
        ActionKind::BeginRelease { from, to, images } => context.record(Event::ReleaseBegun {
            from: from.clone(),
            to: to.clone(),
            images: images.clone(),
            revision: context.revision.clone(),
        }),
        ActionKind::GiveUpRelease { from, to, why } => {
            context.record(Event::ReleaseGivenUp { from: from.clone(), to: to.clone(), why: why.clone() })
        }
        ActionKind::CloseGate { rules, function, was_open, with } => {
            gate::close(context, id, rules, *function).await?;
            context.record(Event::GateClosed { was_open: *was_open, with: Some(with.clone()) })
        }
        ActionKind::OpenGate { rules, function, whole } => {
            if *whole {
                context.journal.allows(&Event::GateOpened)?;
            }
            gate::open(context, id, rules, *function).await?;
            if *whole { context.record(Event::GateOpened) } else { Ok(()) }
        }
        ActionKind::Drain { until, at_most_until } => drain::drain(context, id, *until, *at_most_until).await,
        ActionKind::StopService { service, scaling } => stop::stop(context, id, service, *scaling).await,
        ActionKind::AwaitTasks { tasks } => tasks::wait_for(context, id, tasks).await,
        ActionKind::StartDatabase => database::start(context, id).await,
        ActionKind::StopDatabase => database::stop(context, id).await,
        ActionKind::TakeSnapshot { identifier, tag } => snapshot::take(context, id, identifier, tag).await,
        ActionKind::Migrate(migration) => migrate::migrate(context, id, migration).await,
        ActionKind::EndLostMigration { attempt, reached_running } => {
            migrate::write_off(context, id, *attempt, *reached_running).await
        }
        ActionKind::Settle { until } => drain::settle(context, id, *until).await,
        ActionKind::StartService(start) => start::start(context, id, start).await,
        ActionKind::RestoreRollback { service, rollback } => {
            start::restore_rollback(context, service, *rollback).await
        }
        ActionKind::Check { checks } => checks::check(context, id, checks).await,
        ActionKind::PruneSnapshots { identifiers } => snapshot::prune(context, identifiers).await,
        ActionKind::FinishRelease { to } => context.record(Event::ReleaseFinished { to: to.clone() }),
    }
}
