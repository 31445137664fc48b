//! The migration: its task family, the tasks of it that run, the images it should run, and the attempt in the journal.

mod placement;

pub(in crate::plan) use placement::PlacementFacts;

use super::images::WantedImages;
use super::services::missing_containers;
use crate::cloud::TaskStatus;
use crate::observe::{MigrationSeen, Observed};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};
use crate::spec::MigrationSpec;
use crate::store::journal::AttemptStatus;

/// The migration, declared or not.
#[derive(Debug)]
pub(in crate::plan) struct MigrationFacts<'a> {
    /// The task family, or why tidegate cannot see it; `None` = no migration is declared.
    pub family: Option<Result<&'a MigrationSeen, Blocked>>,
    /// How many tasks of the family have not stopped; `None` = they were not observed.
    pub live_tasks: Option<usize>,
    pub wanted: WantedImages,
    /// Where its task is placed; `None` = the family was not observed.
    pub placement: Option<PlacementFacts>,
    /// A release or an attempt is not over.
    pub is_undecided: bool,
}

pub(super) fn migration(input: &PlanningInput) -> MigrationFacts<'_> {
    let declared = input.spec.migration.as_ref();
    let present = input.snapshot.migration.as_ref().and_then(Observed::present);
    let tasks = input.snapshot.migration_tasks.as_ref().and_then(Observed::present);
    let attempt = input.ledger.attempt.as_ref();
    MigrationFacts {
        family: declared.map(|declared| family(input, declared)),
        live_tasks: tasks.map(|tasks| tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count()),
        placement: declared.zip(present).map(|(declared, seen)| placement::placement(input, declared, seen)),
        wanted: declared
            .map(|declared| WantedImages::of(input, &declared.images, &input.spec.versions))
            .unwrap_or_default(),
        is_undecided: input.ledger.release.is_some()
            || attempt.is_some_and(|attempt| attempt.status != AttemptStatus::Closed),
    }
}

fn family<'a>(input: &'a PlanningInput, migration: &MigrationSpec) -> Result<&'a MigrationSeen, Blocked> {
    match &input.snapshot.migration {
        Some(Observed::Present(seen)) => Ok(seen),
        Some(Observed::Unreadable { why }) => {
            Err(unreadable(&format!("migration family `{}`", migration.task), why))
        }
        Some(Observed::Absent) | None => {
            let message = format!("task-definition family `{}` has no ACTIVE revision", migration.task);
            let hint = "register it once (Terraform, CDK or the console), or correct `migration.task`";
            Err(blocked(BlockedReason::Missing, message, [hint.to_owned()]))
        }
    }
}

/// Problems that stand in a release's way: no family, no such container, no place to run, or another task of the family.
pub(super) fn problems(declared: Option<&MigrationSpec>, migration: &MigrationFacts<'_>) -> Vec<Blocked> {
    let (Some(declared), Some(family)) = (declared, &migration.family) else { return Vec::new() };
    let seen = match family {
        Ok(seen) => seen,
        Err(why) => return vec![why.clone()],
    };
    let mut problems = missing_containers(declared.images.keys(), &seen.newest);
    problems.extend(migration.placement.as_ref().and_then(|placement| placement.problem.clone()));
    let mut live: Vec<_> = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
    live.sort_by_key(|task| (task.created_at, &task.arn));
    for task in live {
        problems.push(blocked(
            BlockedReason::ForeignMigration,
            format!(
                "another task of family `{}` is running, started by `{}`",
                declared.task, task.started_by
            ),
            ["wait until the task ends, or stop it: two migrations at the same time can destroy data"
                .to_owned()],
        ));
    }
    problems
}
