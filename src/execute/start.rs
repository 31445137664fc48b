//! Bringing a service up, or to other images, or to another count, and waiting for the verdict.

use super::context::ActionContext;
use super::definition;
use super::error::ActionError;
use super::start_within;
use super::verdict::{Asked, Verdict, judge};
use crate::cloud::{
    Deployment, Rollback, Rollout, Service, ServiceEvent, Task, TaskDefinition, TaskStatus, UpdateService,
};
use crate::model::ServiceName;
use crate::plan::{NewDefinition, StartService};
use crate::store::journal::Event;

/// Events of a service, and reasons of its tasks, that are kept of a failed start.
const REPORTS_MAX: usize = 5;

/// Starts, rolls or scales a service.
pub(super) async fn start(
    context: &ActionContext<'_>,
    id: &str,
    start: &StartService,
) -> Result<(), ActionError> {
    let StartService { service, definition, desired, scaling, rollback_off, follows_migration } = start;
    let before = look(context, service).await?;
    // Read before anything is written: should the start fail, what was to run must be told for sure.
    let runs = match definition {
        Some(wanted) => resolve(context, &before, wanted).await?,
        None => {
            let arn = &primary(&before)?.definition;
            context.read(|| context.cloud.task_definition(arn)).await?
        }
    };
    if *follows_migration {
        context.record(Event::CodeStarted { service: service.clone() })?;
    }
    if let Some(was) = *rollback_off {
        context.record(Event::RollbackBorrowed { service: service.clone(), was })?;
    }
    let update = UpdateService {
        cluster: context.spec.cluster.clone(),
        service: service.clone(),
        definition: definition.as_ref().map(|_| runs.arn.clone()),
        desired: *desired,
        rollback: rollback_off.map(|_| Rollback::OFF),
    };
    let asked_at = context.clock.now();
    // A request that changes nothing could still be refused, and a service that runs would count as down.
    let changes = update.definition.is_some() || update.desired.is_some() || update.rollback.is_some();
    let answer = match changes {
        true => context.write(|| context.cloud.update_service(&update)).await?,
        false => before.clone(),
    };
    if let Some(target) = scaling {
        let cluster = &context.spec.cluster;
        context.write(|| context.cloud.set_scalable_target(cluster, service, target)).await?;
    }
    if context.journal.ask(|ledger| ledger.scaling_borrowed.contains_key(service)) {
        context.record(Event::ScalingRestored { service: service.clone() })?;
    }
    let primary = primary(&answer)?;
    let asked = Asked {
        deployment: primary.id.clone(),
        created_at: primary.created_at,
        definition: runs.arn.clone(),
        is_new: update.definition.is_some(),
        at: asked_at,
    };
    let why = match settle(context, id, service, &asked, &before, *follows_migration).await {
        Err(ActionError::Refused(why)) => why,
        Err(late @ ActionError::Deadline { .. }) => late.to_string(),
        settled => return settled,
    };
    let said = reports(context, service, &before).await;
    Err(failed(context, service, &runs, why, said)?)
}

/// Why the tasks that run are not healthy, and the newest events of the service since the start was requested that say
/// more than its ordinary course. Their ids tell them apart from older ones, so no clock plays a part. None where the
/// service cannot be read by now.
async fn reports(context: &ActionContext<'_>, service: &ServiceName, before: &Service) -> Vec<String> {
    let Ok(found) = look(context, service).await else { return Vec::new() };
    let is_new = |event: &&ServiceEvent| before.events.iter().all(|old| old.id != event.id);
    let told = found.events.iter().filter(is_new).filter(|event| !event.is_ordinary());
    let told = told.map(|event| event.message.trim().to_owned());
    let tasks = context.read(|| context.cloud.service_tasks(&context.spec.cluster, service)).await;
    let running = tasks.iter().flatten().filter(|task| task.status == TaskStatus::Running && !task.healthy);
    let ill = running.flat_map(|task| task.ill.clone());
    let mut said: Vec<String> = Vec::new();
    for words in ill.chain(told) {
        if said.len() < REPORTS_MAX && !said.contains(&words) {
            said.push(words);
        }
    }
    said
}

/// The definition to move to. A deployment that failed is not begun again by naming its definition once more:
/// ECS compares and does nothing. Then the same text gets a fresh revision.
async fn resolve(
    context: &ActionContext<'_>,
    before: &Service,
    wanted: &NewDefinition,
) -> Result<TaskDefinition, ActionError> {
    let primary = primary(before)?;
    let failed = (primary.rollout == Rollout::Failed).then_some(primary.definition.as_str());
    definition::with_images(context, &wanted.template, &wanted.images, failed).await
}

async fn settle(
    context: &ActionContext<'_>,
    id: &str,
    service: &ServiceName,
    asked: &Asked,
    before: &Service,
    follows_migration: bool,
) -> Result<(), ActionError> {
    let cluster = &context.spec.cluster;
    let declared = context.spec.services.get(service).and_then(|declared| declared.start_within);
    let wanted = look(context, service).await?.desired;
    let at_most = declared.unwrap_or_else(|| start_within::by_size(before, wanted));
    let mut wait = context.wait(id, format!("`{service}` to come up"), at_most);
    let mut well_since = None;
    loop {
        let found = look(context, service).await?;
        let tasks = context.read(|| context.cloud.service_tasks(cluster, service)).await?;
        // A person decides, for as long as AWS waits for one: no failure, and no reason to count the time.
        if primary(&found).is_ok_and(|primary| primary.id == asked.deployment && primary.paused.is_some()) {
            let what = format!("the deployment of `{service}`, which waits for a person");
            return Err(ActionError::Interrupted(what));
        }
        let now = context.clock.monotonic();
        let well_for = well_since.map(|since| now.since(since));
        let seen = match judge(asked, &found, &tasks, well_for) {
            // Old code that still stops meets the schema, and the gate may open behind this start.
            Verdict::Up if follows_migration && runs_another(&tasks, &asked.definition) => {
                "the last task of the previous version stops".to_owned()
            }
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

/// Whether a task of another definition may still work: users reach it until its targets are deregistered, and its
/// containers run until they have ended.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html>
fn runs_another(tasks: &[Task], definition: &str) -> bool {
    tasks.iter().any(|task| task.definition != definition && task.status < TaskStatus::Deprovisioning)
}

/// Journals that the service did not come up, and with which images.
fn failed(
    context: &ActionContext<'_>,
    service: &ServiceName,
    runs: &TaskDefinition,
    why: String,
    said: Vec<String>,
) -> Result<ActionError, ActionError> {
    let images = runs.document.images().into_values().collect();
    let mut words = format!("`{service}` did not come up: {why}");
    for line in &said {
        words.push_str("\n  | ");
        words.push_str(line);
    }
    context.record(Event::StartFailed { service: service.clone(), images, why, said })?;
    Ok(ActionError::refused(words))
}

/// Gives a service its automatic rollbacks back.
pub(super) async fn restore_rollback(
    context: &ActionContext<'_>,
    service: &ServiceName,
    rollback: Rollback,
) -> Result<(), ActionError> {
    let update = UpdateService {
        cluster: context.spec.cluster.clone(),
        service: service.clone(),
        definition: None,
        desired: None,
        rollback: Some(rollback),
    };
    context.write(|| context.cloud.update_service(&update)).await?;
    context.record(Event::RollbackRestored { service: service.clone() })
}

async fn look(context: &ActionContext<'_>, service: &ServiceName) -> Result<Service, ActionError> {
    let cluster = &context.spec.cluster;
    let names = std::slice::from_ref(service);
    let mut found = context.read(|| context.cloud.services(cluster, names)).await?;
    found
        .remove(service)
        .ok_or_else(|| ActionError::refused(format!("the service `{service}` does not exist in `{cluster}`")))
}

fn primary(service: &Service) -> Result<&Deployment, ActionError> {
    let primary = service.deployments.iter().find(|deployment| deployment.primary);
    primary.ok_or_else(|| ActionError::refused(format!("`{}` has no deployment", service.name)))
}
