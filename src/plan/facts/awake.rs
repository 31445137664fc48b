//! What runs now, and for how long the grace of each part lasts. Whether the environment should sleep is decided
//! elsewhere.

use chrono::TimeDelta;

use super::database::DatabaseFacts;
use super::services::ServiceFacts;
use crate::model::ServiceName;
use crate::plan::input::PlanningInput;
use crate::plan::report::Awake;

/// The name of the database among the parts of a plan and of a declaration.
pub(in crate::plan) const DATABASE: &str = "database";

/// The name of a service among the parts of a plan and of a declaration.
pub(in crate::plan) fn service_part(name: &ServiceName) -> String {
    format!("service/{name}")
}

/// The services and the database that are awake.
pub(super) fn awake<'a>(
    input: &PlanningInput,
    services: impl Iterator<Item = &'a ServiceFacts<'a>>,
    database: &DatabaseFacts<'_>,
) -> Vec<Awake> {
    let services = services.filter_map(|service| {
        let (desired, live) = match (service.seen, service.stoppable) {
            (Some(seen), _) => (seen.service.desired, seen.live_tasks()),
            (None, stoppable) => (stoppable?.service.desired, stoppable?.live_tasks()),
        };
        let is_awake = desired > 0 || live > 0;
        is_awake.then(|| found(input, service_part(service.name), service.name.as_str()))
    });
    let mut awake: Vec<Awake> = services.collect();
    if let (Some(spec), true) = (&input.spec.database, database.is_awake) {
        let mut found = found(input, DATABASE.to_owned(), spec.target.identifier());
        // A service in grace needs the database, whether an operator or AWS started the database. By itself, a
        // database that AWS started has no grace.
        let needed_until = awake.iter().filter_map(|awake| awake.left_until).max();
        let own = found.left_until.filter(|_| database.started_by_aws.is_none());
        found.left_until = own.max(needed_until);
        awake.push(found);
    }
    awake
}

fn found(input: &PlanningInput, part: String, resource: &str) -> Awake {
    let since = input.ledger.found_awake.get(&part).copied();
    let until = input
        .grace
        // A time in the future is from a machine whose clock was ahead.
        .and_then(|grace| {
            since
                .map_or(input.now, |at| at.min(input.now))
                .checked_add_signed(TimeDelta::from_std(grace).ok()?)
        });
    let left_until = until.filter(|until| *until > input.now);
    Awake { part, resource: resource.to_owned(), since, left_until }
}
