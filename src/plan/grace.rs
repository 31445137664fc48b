//! What somebody starts while the environment sleeps: told, left alone for a while, then stopped.
//!
//! A person who needs the environment at night should learn how to say so instead of being fought. The gate and
//! the schema have no grace, and neither has a database that AWS has started: nobody needs that one.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::draft::Draft;
use super::goal::Goal;
use crate::cloud::DatabaseStatus;
use crate::model::{Instant, State};
use crate::observe::Observed;
use crate::plan::{Awake, PlanningInput, WaitingReason};

/// RDS starts a stopped database after seven days.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const AWS_STARTS_AFTER: TimeDelta = TimeDelta::days(7);
/// We learn that it is stopped some time after AWS has begun to count.
const COUNTED_EARLIER_MAX: TimeDelta = TimeDelta::hours(2);

/// The part of plans and declarations that is the database.
pub(super) const DATABASE: &str = "database";

/// The part of plans and declarations that is a service.
pub(super) fn service(name: &crate::model::ServiceName) -> String {
    format!("service/{name}")
}

/// Finds what is awake, and decides what of it is left alone.
pub(super) fn judge(input: &PlanningInput, goal: &mut Goal, draft: &mut Draft) {
    if !is_asleep(input, goal) {
        return;
    }
    let services = input.spec.services.keys().filter_map(|name| {
        let seen = input.snapshot.services.get(name)?.present()?;
        let is_awake = seen.service.desired > 0 || seen.live_tasks() > 0;
        is_awake.then(|| found(input, service(name), name.as_str()))
    });
    let mut awake: Vec<Awake> = services.collect();
    if let (Some(spec), true) = (&input.spec.database, database_is_awake(input)) {
        let mut database = found(input, DATABASE.to_owned(), spec.target.identifier());
        // Whoever started a service needs it, whoever started the database.
        let needed_until = awake.iter().filter_map(|awake| awake.left_until).max();
        let own = database.left_until.filter(|_| started_by_aws(input).is_none());
        database.left_until = own.max(needed_until);
        awake.push(database);
    }
    goal.left_alone =
        awake.iter().filter(|awake| awake.left_until.is_some()).map(|awake| awake.part.clone()).collect();
    tell(input, &awake, draft);
    draft.awake = awake;
}

/// The environment was brought to sleep before, and is to sleep on.
fn is_asleep(input: &PlanningInput, goal: &Goal) -> bool {
    let reached = input.ledger.converged.as_ref().is_some_and(|reached| reached.state == State::Stopped);
    let under_way = goal.held || goal.is_release() || input.ledger.release.is_some();
    goal.state == State::Stopped && reached && !under_way
}

fn found(input: &PlanningInput, part: String, resource: &str) -> Awake {
    let since = input.ledger.found_awake.get(&part).copied();
    let until = input
        .grace
        .and_then(|grace| since.unwrap_or(input.now).checked_add_signed(TimeDelta::from_std(grace).ok()?));
    let left_until = until.filter(|until| *until > input.now);
    Awake { part, resource: resource.to_owned(), since, left_until }
}

fn database_is_awake(input: &PlanningInput) -> bool {
    let Some(Observed::Present(seen)) = &input.snapshot.database else { return false };
    !matches!(seen.database.status, DatabaseStatus::Stopped | DatabaseStatus::Stopping)
}

/// When we had stopped the database that AWS has started since.
pub(super) fn started_by_aws(input: &PlanningInput) -> Option<Instant> {
    let Some(Observed::Present(seen)) = &input.snapshot.database else { return None };
    let (resource_id, stopped_at) = input.ledger.database_stopped.as_ref()?;
    let is_old = input.now - *stopped_at >= AWS_STARTS_AFTER - COUNTED_EARLIER_MAX;
    (*resource_id == seen.database.resource_id && is_old).then_some(*stopped_at)
}

fn tell(input: &PlanningInput, awake: &[Awake], draft: &mut Draft) {
    let by_hand = |awake: &&Awake| awake.part != DATABASE || started_by_aws(input).is_none();
    let started: Vec<&Awake> = awake.iter().filter(by_hand).collect();
    if started.is_empty() {
        return;
    }
    let names: BTreeSet<String> = started.iter().map(|awake| format!("`{}`", awake.resource)).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    let environment = &input.spec.name;
    let keep = format!("to keep it up: tidegate override {environment} running --for 2h --reason \"…\"");
    let verb = if started.len() == 1 { "was" } else { "were" };
    match started.iter().filter_map(|awake| awake.left_until).min() {
        Some(until) => {
            let message = format!(
                "{names} {verb} started while `{environment}` sleeps: left alone for a while\n{keep}"
            );
            draft.wait(WaitingReason::Grace, message, Some(until));
        }
        None => draft.note(format!("{names} {verb} started while `{environment}` sleeps; {keep}")),
    }
}
