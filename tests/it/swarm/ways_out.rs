//! What a person does who reads what the plan says: one of the ways out that it names.

use tidegate::model::{Relation, Version};
use tidegate::plan::{ActionKind, Blocked, BlockedReason, Plan, WaitingReason};
use tidegate::sim::{Dice, Schema, World};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::journal::OperatorCommand;

use super::console;
use super::happening::recorded;
use crate::rig::Rig;

/// Takes one way out; gives its name. An error is a block that no such scenario should lead to.
pub fn take(rig: &Rig, dice: &mut Dice, blocked: &Blocked) -> Result<String, String> {
    let way = match blocked.reason {
        BlockedReason::MigrationFailed => match (schema(rig), dice.below(3)) {
            (Some(schema), 0) => record(rig, schema),
            (_, 1) => newer(rig),
            _ => retry(rig),
        },
        // Nobody knows: whoever says `retry` has looked at the database first.
        BlockedReason::OutcomeUnknown => match schema(rig) {
            Some(schema) => record(rig, schema),
            None if dice.chance(0.5) => newer(rig),
            None => retry(rig),
        },
        BlockedReason::StartFailed if dice.chance(0.3) => newer(rig),
        BlockedReason::GivenUp if dice.chance(0.3) => newer(rig),
        BlockedReason::StartFailed
        | BlockedReason::Aborted
        | BlockedReason::GivenUp
        | BlockedReason::Contested => retry(rig),
        BlockedReason::Backward => match dice.below(2) {
            0 => allow(rig),
            _ => newer(rig),
        },
        BlockedReason::SchemaTagLost | BlockedReason::FirstContactUnreadable => match schema(rig) {
            Some(schema) => record(rig, schema),
            None => newer(rig),
        },
        // A service that was deleted is gone from every answer an hour later.
        BlockedReason::ServiceDeleted | BlockedReason::Missing => in_console(rig, console::create_services),
        BlockedReason::LifecycleHook => in_console(rig, console::remove_hooks),
        BlockedReason::GateUnsafe => in_console(rig, console::empty_function),
        BlockedReason::Placement => in_console(rig, console::allow_fargate),
        BlockedReason::ForeignCode => in_console(rig, console::stop_strangers),
        // It passes.
        BlockedReason::ForeignMigration => "wait".to_owned(),
        _ => return Err(format!("no such scenario leads to this: {blocked:#?}")),
    };
    Ok(format!("{:?}: {way}", blocked.reason))
}

/// What a plan waits for that a person can end, and how. `None` = it passes.
pub fn end(rig: &Rig, plan: &Plan) -> Option<String> {
    let waits = |reason| plan.waiting.iter().any(|waiting| waiting.reason == reason);
    if waits(WaitingReason::Person) {
        return Some(in_console(rig, console::continue_deployments));
    }
    let spec = rig.repository.spec();
    let awaits = waits(WaitingReason::Database)
        || plan.actions.iter().any(|action| matches!(action.kind, ActionKind::AwaitTasks { .. }));
    let is_due = awaits && rig.cloud.with(|world| console::has_strangers(world, &spec));
    is_due.then(|| in_console(rig, console::stop_strangers))
}

fn in_console(rig: &Rig, put_right: fn(&mut World, &EnvironmentSpec) -> String) -> String {
    let spec = rig.repository.spec();
    rig.cloud.with(|world| put_right(world, &spec))
}

fn retry(rig: &Rig) -> String {
    rig.ask(OperatorCommand::Retry);
    "retry".to_owned()
}

fn record(rig: &Rig, version: Version) -> String {
    rig.ask(OperatorCommand::RecordSchema { version: version.clone() });
    format!("record-schema {version}")
}

/// The present code runs on the recorded schema, the person says.
fn allow(rig: &Rig) -> String {
    let spec = rig.repository.spec();
    let schema = rig.cloud.with(|world| recorded(world, &spec));
    rig.edit(|spec| {
        spec.migration.iter_mut().for_each(|migration| migration.allow_schema.clone_from(&schema))
    });
    format!("allow_schema {schema:?}")
}

/// A version that is newer than all that was wanted, recorded or tried last.
fn newer(rig: &Rig) -> String {
    let spec = rig.repository.spec();
    let tried = rig.ledger().attempt.map(|attempt| attempt.to);
    let known = [
        spec.versions.get("core").cloned(),
        rig.cloud.with(|world| recorded(world, &spec)),
        schema(rig),
        tried,
    ];
    let newest = known.into_iter().flatten().filter(Version::is_ordered).reduce(|one, other| {
        if matches!(one.relation_to(&other), Relation::Forward(_)) { other } else { one }
    });
    let newest = newest.map_or("v9.0.0".to_owned(), |version| version.to_string());
    let numbers = newest.trim_start_matches('v').split('-').next().unwrap_or_default();
    let mut numbers: Vec<u64> = numbers.split('.').map(|number| number.parse().unwrap()).collect();
    numbers[1] += 1;
    let version = format!("v{}.{}.{}", numbers[0], numbers[1], numbers[2]);
    rig.bump(&[("core", &version)]);
    version
}

/// What a person finds out who looks at the database.
fn schema(rig: &Rig) -> Option<Version> {
    let name = rig.repository.spec().name;
    match rig.cloud.with(|world| world.schema(name.as_str()).cloned())? {
        Schema::At(version) => Some(version),
        Schema::Unversioned | Schema::Between(..) => None,
    }
}
