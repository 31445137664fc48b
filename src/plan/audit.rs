//! A second reading of a finished plan, by rules that do not know how the plan was made. A plan that breaks a rule is
//! not carried out: that is a defect of tidegate, and a closed gate is better than a broken database.

use std::collections::BTreeSet;

use super::action::{Action, ActionKind, MigrationStart, StartService, Step};
use super::facts::Facts;
use super::report::Plan;
use super::steps::OPEN_ID;
use crate::model::{ServiceName, State};
use crate::observe::Observed;

/// Rules that the plan breaks, in words.
pub(super) fn audit(facts: &Facts<'_>, plan: &Plan) -> Vec<String> {
    let mut broken = Vec::new();
    let actions = &plan.actions;
    ids_are_unique(actions, &mut broken);
    steps_are_in_order(actions, &mut broken);
    migration_is_alone(facts, actions, &mut broken);
    code_waits_for_its_schema(facts, actions, &mut broken);
    migration_is_behind_the_gate(facts, actions, &mut broken);
    gate_opens_last(plan, actions, &mut broken);
    database_stops_last(facts, actions, &mut broken);
    broken
}

fn ids_are_unique(actions: &[Action], broken: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for action in actions.iter().filter(|action| !seen.insert(&action.id)) {
        broken.push(format!("action `{}` is in the plan twice", action.id));
    }
}

fn steps_are_in_order(actions: &[Action], broken: &mut Vec<String>) {
    if !actions.is_sorted_by_key(|action| action.step) {
        broken.push("the steps are out of order".to_owned());
    }
}

fn index_of(actions: &[Action], step: Step) -> Option<usize> {
    actions.iter().position(|action| action.step == step)
}

/// Whether an action touches anything that users reach or that services run on. An invalidation only empties the caches
/// of edges: it may come after everything else, whatever the environment's state.
fn needs_the_environment(action: &Action) -> bool {
    action.step != Step::Invalidate
}

/// The position of the action that sends a migration. One that already runs is only watched.
fn sending(actions: &[Action]) -> Option<usize> {
    actions.iter().position(|action| match &action.kind {
        ActionKind::Migrate(migration) => {
            !matches!(migration.start, MigrationStart::Adopt { .. } | MigrationStart::Stop { .. })
        }
        _ => false,
    })
}

/// Whether a service has no task and asks for none, as far as it was observed.
fn is_empty(facts: &Facts<'_>, name: &ServiceName) -> bool {
    let snapshot = &facts.input.snapshot;
    match snapshot.services.get(name) {
        Some(Observed::Present(seen)) => seen.service.desired == 0 && seen.live_tasks() == 0,
        // ECS forgets a service only when its last task has stopped.
        Some(Observed::Absent) => true,
        Some(Observed::Unreadable { .. }) | None => snapshot
            .stoppable
            .get(name)
            .is_some_and(|seen| seen.service.desired == 0 && seen.live_tasks() == 0),
    }
}

/// No service whose code follows the schema has a task when a migration is sent.
fn migration_is_alone(facts: &Facts<'_>, actions: &[Action], broken: &mut Vec<String>) {
    let Some(migrate) = sending(actions) else { return };
    let awaits = |action: &Action| matches!(&action.kind, ActionKind::AwaitTasks { .. });
    if !facts.strangers.old_code.is_empty() && !actions[..migrate].iter().any(awaits) {
        broken.push("the migration would run while tasks of no declared service run old code".to_owned());
    }
    let stopped: BTreeSet<&ServiceName> = actions[..migrate]
        .iter()
        .filter_map(|action| match &action.kind {
            ActionKind::StopService { service, .. } => Some(service),
            _ => None,
        })
        .collect();
    for (name, spec) in facts.spec.services.iter().filter(|(_, spec)| facts.spec.follows_migration(spec)) {
        if !is_empty(facts, name) && !stopped.contains(name) {
            broken.push(format!("the migration would run while `{name}` may write"));
        }
        if spec.up_in.contains(&State::DbOnly) {
            broken.push(format!("`{name}` follows the migrated version and is up in db-only"));
        }
    }
}

/// …and none gets one, until the schema is recorded.
fn code_waits_for_its_schema(facts: &Facts<'_>, actions: &[Action], broken: &mut Vec<String>) {
    if index_of(actions, Step::Migrate).is_none() && !facts.ledger.migration_in_flight() {
        return;
    }
    let record = index_of(actions, Step::Record);
    for (index, action) in actions.iter().enumerate() {
        let ActionKind::StartService(StartService { service, follows_migration: true, .. }) = &action.kind
        else {
            continue;
        };
        if record.is_none_or(|record| index < record) {
            broken.push(format!("`{service}` would start before the new schema is recorded"));
        }
    }
}

fn migration_is_behind_the_gate(facts: &Facts<'_>, actions: &[Action], broken: &mut Vec<String>) {
    let Some(migrate) = sending(actions) else { return };
    let closes = index_of(actions, Step::CloseGate).is_some_and(|close| close < migrate);
    if facts.spec.maintenance.is_some() && !closes && !facts.gate.is_closed {
        broken.push("the migration would run with the gate open".to_owned());
    }
}

fn gate_opens_last(plan: &Plan, actions: &[Action], broken: &mut Vec<String>) {
    let Some(open) = actions.iter().position(|action| action.id == OPEN_ID) else { return };
    if plan.is_held() {
        broken.push("the gate would open although the environment is held".to_owned());
    }
    for action in &actions[open..] {
        if !matches!(action.step, Step::OpenGate | Step::Tidy) && needs_the_environment(action) {
            broken.push(format!("the gate would open before `{}`", action.id));
        }
    }
}

/// The database stops after every service, and nothing that needs it comes after.
fn database_stops_last(facts: &Facts<'_>, actions: &[Action], broken: &mut Vec<String>) {
    let Some(stop) = index_of(actions, Step::StopDatabase) else { return };
    if actions[stop + 1..].iter().any(needs_the_environment) {
        broken.push("an action would follow the stop of the database".to_owned());
    }
    if !facts.strangers.old_code.is_empty() {
        broken.push("the database would stop under tasks of no declared service".to_owned());
    }
    for name in facts.spec.services.keys() {
        let stops = actions[..stop]
            .iter()
            .any(|action| matches!(&action.kind, ActionKind::StopService { service, .. } if service == name));
        if !is_empty(facts, name) && !stops {
            broken.push(format!("the database would stop while `{name}` may use it"));
        }
    }
}
