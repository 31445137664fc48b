//! Drift that comes back: after three corrections within an hour, tidegate stops correcting and an operator decides.

use super::action::{Action, ActionKind, StartService};
use super::draft::Draft;
use super::facts::Facts;
use super::report::{Blocked, BlockedReason, WaitingReason, blocked};
use super::steps::{OPEN_ID, database_waits};
use crate::store::journal::Correction;

/// Corrections of the same field within the hour after which tidegate stops correcting it.
const CORRECTIONS_MAX: usize = 3;

/// Drops corrections that have become a fight, and what depended on them. Closing the gate is exempt, because users
/// come first, and so is a release: what it stops or starts, it does not correct.
pub(super) fn yield_contested(facts: &Facts<'_>, draft: &mut Draft) {
    if facts.ledger.release.is_some() || draft.actions.iter().any(Action::sends_a_migration) {
        return;
    }
    let actions = std::mem::take(&mut draft.actions);
    let (dropped, kept): (Vec<Action>, Vec<Action>) =
        actions.into_iter().partition(|action| fight(facts, action).is_some());
    let contested: Vec<Blocked> = dropped.iter().filter_map(|action| fight(facts, action)).collect();
    contested.into_iter().for_each(|blocked| draft.block(blocked));
    let (depending, kept): (Vec<Action>, Vec<Action>) =
        kept.into_iter().partition(|action| dropped.iter().any(|dropped| depends(facts, action, dropped)));
    draft.actions = kept;
    if depending.iter().any(|action| matches!(action.kind, ActionKind::StopDatabase)) {
        let name = facts.database.seen.as_ref().map_or("", |seen| seen.database.identifier.as_str());
        draft.wait(WaitingReason::Database, database_waits(name), None);
    }
}

/// Whether an action makes sense only after another one.
fn depends(facts: &Facts<'_>, action: &Action, on: &Action) -> bool {
    match (&action.kind, &on.kind) {
        (ActionKind::StopDatabase, ActionKind::StopService { .. }) => true,
        // Users return once everything is up, and never to code that may not fit the schema.
        (ActionKind::OpenGate { .. } | ActionKind::Check { .. }, ActionKind::StartService(start)) => {
            let is_up = facts.services.get(&start.service).and_then(|it| it.seen);
            let is_up = is_up.is_some_and(|seen| seen.service.running > 0);
            let is_needed = !is_up || (start.follows_migration && start.definition.is_some());
            is_needed && lets_users_in(action)
        }
        (ActionKind::OpenGate { .. } | ActionKind::Check { .. }, ActionKind::StartDatabase) => {
            lets_users_in(action)
        }
        // No task may run without its database. What only restores an autoscaling starts none.
        (ActionKind::StartService(StartService { definition, desired, .. }), ActionKind::StartDatabase) => {
            definition.is_some() || desired.is_some()
        }
        _ => false,
    }
}

/// The opening of the whole gate, and the checks before it.
fn lets_users_in(action: &Action) -> bool {
    action.id == OPEN_ID || matches!(action.kind, ActionKind::Check { .. })
}

/// The fight that this action would continue, with the ways out of it.
fn fight(facts: &Facts<'_>, action: &Action) -> Option<Blocked> {
    if matches!(action.kind, ActionKind::CloseGate { .. }) {
        return None;
    }
    let corrections: Vec<&Correction> = match &action.corrects {
        Some(field) => facts.ledger.corrections_of(&action.resource, field, facts.now),
        // The declaration changed meanwhile; the action corrects the field to the same value all the same.
        None => facts
            .ledger
            .corrections_since(facts.now)
            .filter(|correction| correction.resource == action.resource && correction.after == action.after)
            .collect(),
    };
    let field = &corrections.last()?.field;
    if corrections.len() < CORRECTIONS_MAX {
        return None;
    }
    let history = corrections
        .iter()
        .map(|Correction { at, before, after, .. }| {
            let before = if before.is_empty() { "none" } else { before };
            format!("{} {before} → {after}", at.with_timezone(&facts.spec.zone()).format("%H:%M %Z"))
        })
        .collect::<Vec<_>>()
        .join("; ");
    let message = format!(
        "someone outside tidegate keeps changing {field} of `{}`: tidegate corrected it {} times within the hour ({history}) and no longer does",
        action.resource,
        corrections.len()
    );
    let mut hints =
        vec![format!("find out who changes it: CloudTrail lists the event `{}`", event_of(action))];
    hints.extend(terraform(action, field));
    hints.push(format!("then: tidegate retry {} --reason \"…\"", facts.spec.name));
    Some(blocked(BlockedReason::Contested, message, hints))
}

/// The event by which CloudTrail names the principal that changed the field.
fn event_of(action: &Action) -> &'static str {
    match &action.kind {
        ActionKind::OpenGate { function: true, .. } => "UpdateFunction",
        ActionKind::OpenGate { .. } => "ModifyRule",
        ActionKind::AssociateFunction { .. } => "UpdateDistribution",
        ActionKind::StartDatabase => "StopDBInstance` or `StopDBCluster",
        ActionKind::StopDatabase => "StartDBInstance` or `StartDBCluster",
        _ if action.corrects.as_deref() == Some("autoscaling") => "RegisterScalableTarget",
        _ => "UpdateService",
    }
}

/// The setting with which Terraform leaves the field to tidegate.
/// <https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes>
fn terraform(action: &Action, field: &str) -> Option<String> {
    let (resource, attribute) = match &action.kind {
        _ if field.starts_with("image ") => ("aws_ecs_service", "task_definition"),
        _ if field == "count" => ("aws_ecs_service", "desired_count"),
        _ if field == "autoscaling" => ("aws_appautoscaling_target", "min_capacity, max_capacity"),
        ActionKind::OpenGate { function: true, .. } => ("aws_cloudfront_function", "code"),
        ActionKind::OpenGate { .. } => ("aws_lb_listener_rule", "condition"),
        ActionKind::AssociateFunction { .. } => {
            ("aws_cloudfront_distribution", "default_cache_behavior[0].function_association")
        }
        _ => return None,
    };
    Some(format!("if it is Terraform: `lifecycle {{ ignore_changes = [{attribute}] }}` in `{resource}`"))
}
