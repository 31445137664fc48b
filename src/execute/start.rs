//! Bringing a service up, or to other images, or to another count, and waiting for the verdict.

use std::time::Duration;

use super::context::ActionContext;
use super::definition;
use super::error::ActionError;
use super::verdict::{Asked, Verdict, judge};
use crate::cloud::{Deployment, Rollback, Rollout, Service, Strategy, TaskDefinition, UpdateService};
use crate::model::ServiceName;
use crate::plan::{NewDefinition, StartService};
use crate::store::journal::Event;

/// Image pull, start, health checks and the drain of the old tasks take minutes; ECS itself may need ten to
/// call a deployment failed when each task dies late.
const START_MAX: Duration = Duration::from_secs(15 * 60);

/// Starts, rolls or scales a service.
pub(super) async fn start(
    hands: &ActionContext<'_>,
    id: &str,
    start: &StartService,
) -> Result<(), ActionError> {
    let StartService { service, definition, desired, scaling, rollback_off, follows_migration } = start;
    let before = look(hands, service).await?;
    // Read before anything is written: should the start fail, what was to run must be told for sure.
    let runs = match definition {
        Some(wanted) => resolve(hands, &before, wanted).await?,
        None => {
            let arn = &primary(&before)?.definition;
            hands.read(|| hands.cloud.task_definition(arn)).await?
        }
    };
    if *follows_migration {
        hands.record(Event::CodeStarted { service: service.clone() })?;
    }
    if let Some(was) = *rollback_off {
        hands.record(Event::RollbackBorrowed { service: service.clone(), was })?;
    }
    let update = UpdateService {
        cluster: hands.spec.cluster.clone(),
        service: service.clone(),
        definition: definition.as_ref().map(|_| runs.arn.clone()),
        desired: *desired,
        rollback: rollback_off.map(|_| Rollback::OFF),
    };
    let asked_at = hands.clock.now();
    let answer = hands.write(|| hands.cloud.update_service(&update)).await?;
    if let Some(target) = scaling {
        let cluster = &hands.spec.cluster;
        hands.write(|| hands.cloud.set_scalable_target(cluster, service, target)).await?;
    }
    if hands.journal.ask(|ledger| ledger.scaling_borrowed.contains_key(service)) {
        hands.record(Event::ScalingRestored { service: service.clone() })?;
    }
    let primary = primary(&answer)?;
    let asked = Asked {
        deployment: primary.id.clone(),
        created_at: primary.created_at,
        definition: runs.arn.clone(),
        is_new: update.definition.is_some(),
        at: asked_at,
    };
    match settle(hands, id, service, &asked, before.strategy).await {
        Err(ActionError::Refused(why)) => Err(failed(hands, service, &runs, why)?),
        Err(late @ ActionError::Deadline { .. }) => Err(failed(hands, service, &runs, late.to_string())?),
        settled => settled,
    }
}

/// The definition to move to. A deployment that failed is not begun again by naming its definition once more:
/// ECS compares and does nothing. Then the same text gets a fresh revision.
async fn resolve(
    hands: &ActionContext<'_>,
    before: &Service,
    wanted: &NewDefinition,
) -> Result<TaskDefinition, ActionError> {
    let primary = primary(before)?;
    let failed = (primary.rollout == Rollout::Failed).then_some(primary.definition.as_str());
    definition::with_images(hands, &wanted.template, &wanted.images, failed).await
}

async fn settle(
    hands: &ActionContext<'_>,
    id: &str,
    service: &ServiceName,
    asked: &Asked,
    strategy: Strategy,
) -> Result<(), ActionError> {
    let cluster = &hands.spec.cluster;
    let at_most = START_MAX + bakes(strategy);
    let mut wait = hands.wait(id, format!("`{service}` to come up"), at_most);
    let mut well_since = None;
    loop {
        let found = look(hands, service).await?;
        let tasks = hands.read(|| hands.cloud.service_tasks(cluster, service)).await?;
        let now = hands.clock.now();
        let seen = match judge(asked, &found, &tasks, well_since, now) {
            Verdict::Up => return Ok(()),
            Verdict::Failed(why) => {
                return Err(ActionError::Refused(why));
            }
            Verdict::Well(seen) => {
                well_since.get_or_insert(now);
                seen
            }
            Verdict::NotYet(seen) => {
                well_since = None;
                seen
            }
        };
        wait.pause(&seen).await?;
    }
}

/// For how long AWS keeps two sets of tasks on purpose.
fn bakes(strategy: Strategy) -> Duration {
    match strategy {
        Strategy::Rolling => Duration::ZERO,
        Strategy::Shifting { bake_minutes } => Duration::from_secs(60) * bake_minutes,
    }
}

/// Journals that the service did not come up, and with which images.
fn failed(
    hands: &ActionContext<'_>,
    service: &ServiceName,
    runs: &TaskDefinition,
    why: String,
) -> Result<ActionError, ActionError> {
    let images = runs.document.images().into_values().collect();
    hands.record(Event::StartFailed { service: service.clone(), images, why: why.clone() })?;
    Ok(ActionError::refused(format!("`{service}` did not come up: {why}")))
}

/// Gives a service its automatic rollbacks back.
pub(super) async fn restore_rollback(
    hands: &ActionContext<'_>,
    service: &ServiceName,
    rollback: Rollback,
) -> Result<(), ActionError> {
    let update = UpdateService {
        cluster: hands.spec.cluster.clone(),
        service: service.clone(),
        definition: None,
        desired: None,
        rollback: Some(rollback),
    };
    hands.write(|| hands.cloud.update_service(&update)).await?;
    hands.record(Event::RollbackRestored { service: service.clone() })
}

async fn look(hands: &ActionContext<'_>, service: &ServiceName) -> Result<Service, ActionError> {
    let cluster = &hands.spec.cluster;
    let names = std::slice::from_ref(service);
    let mut found = hands.read(|| hands.cloud.services(cluster, names)).await?;
    found
        .remove(service)
        .ok_or_else(|| ActionError::refused(format!("the service `{service}` is gone from `{cluster}`")))
}

fn primary(service: &Service) -> Result<&Deployment, ActionError> {
    let primary = service.deployments.iter().find(|deployment| deployment.primary);
    primary.ok_or_else(|| ActionError::refused(format!("`{}` has no deployment", service.name)))
}
