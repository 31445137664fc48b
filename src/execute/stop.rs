//! Stopping a service: scaling first, then the count, then the wait for its last task.
//!
//! "Desired 0" is not "stopped": a task that has been told to stop may write to the database for minutes
//! (deregistration, then `stopTimeout`). Only a listing of its tasks shows the end.

use std::time::Duration;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{Kind, ScalableTarget, Suspended, TaskStatus, UpdateService};
use crate::model::ServiceName;
use crate::store::journal::Event;

/// Five minutes of deregistration (the default) and two of `stopTimeout` (Fargate's most), and some.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html>
const STOP_MAX: Duration = Duration::from_secs(10 * 60);
/// How often a count that someone raises meanwhile is set back, before tidegate gives up.
const CORRECTIONS_MAX: u32 = 3;

/// Suspends scaling, sets desired 0, and waits until no task is left.
pub(super) async fn stop(
    context: &ActionContext<'_>,
    id: &str,
    service: &ServiceName,
    scaling: Option<ScalableTarget>,
) -> Result<(), ActionError> {
    let cluster = &context.spec.cluster;
    if let Some(was) = scaling {
        context.record(Event::ScalingBorrowed { service: service.clone(), was })?;
        // One call: registering alone would clamp the count up to an old minimum.
        let target = ScalableTarget { min: 0, max: was.max, suspended: Suspended::ALL };
        context.write(|| context.cloud.set_scalable_target(cluster, service, &target)).await?;
    }
    let update = UpdateService {
        cluster: cluster.clone(),
        service: service.clone(),
        definition: None,
        desired: Some(0),
        rollback: None,
    };
    match context.write(|| context.cloud.update_service(&update)).await {
        // Someone has deleted the service: its tasks stop by themselves, and are waited for.
        Err(ActionError::Cloud(error)) if error.kind == Kind::InvalidState => {}
        updated => drop(updated?),
    }
    let (mut corrections, mut was_zero) = (0, false);
    let mut wait = context.wait(id, format!("the last task of `{service}`"), STOP_MAX);
    loop {
        let names = std::slice::from_ref(service);
        let found = context.read(|| context.cloud.services(cluster, names)).await?;
        let Some(found) = found.get(service) else { return Ok(()) };
        let tasks = context.read(|| context.cloud.service_tasks(cluster, service)).await?;
        let left = tasks.iter().filter(|task| task.status != TaskStatus::Stopped).count();
        if found.desired == 0 && found.running + found.pending == 0 && left == 0 {
            return Ok(());
        }
        let tasks = if left == 1 { "task" } else { "tasks" };
        wait.pause(&format!("{left} {tasks} left")).await?;
        if found.desired == 0 {
            was_zero = true;
        } else {
            // A count from before our call is an old answer, not a change by someone else.
            corrections += u32::from(std::mem::take(&mut was_zero));
            if corrections > CORRECTIONS_MAX {
                let count = found.desired;
                return Err(ActionError::refused(format!(
                    "someone outside tidegate keeps setting the count of `{service}` to {count}"
                )));
            }
            context.write(|| context.cloud.update_service(&update)).await?;
        }
    }
}
