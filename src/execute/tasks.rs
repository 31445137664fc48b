//! Waiting for tasks that tidegate did not start and does not stop.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::context::ActionContext;
use super::error::ActionError;

/// As long as a service may take to stop. A job that takes longer ends the release before the migration: users would stay
/// locked out for it.
const AWAIT_MAX: Duration = Duration::from_secs(10 * 60);

/// Waits until none of these tasks is left. `tasks`: the family of each, by ARN.
pub(super) async fn wait_for(
    context: &ActionContext<'_>,
    id: &str,
    tasks: &BTreeMap<String, String>,
) -> Result<(), ActionError> {
    let (cluster, nothing) = (&context.spec.cluster, BTreeSet::new());
    let mut wait =
        context.wait(id, "tasks of no declared service, which may run old code, to end", AWAIT_MAX);
    loop {
        let alive = context.read(|| context.cloud.other_tasks(cluster, &nothing)).await?;
        let left: Vec<String> = alive
            .iter()
            .filter(|task| tasks.contains_key(&task.arn))
            .map(|task| format!("`{}` (task {})", task.family(), task.id()))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        wait.pause(&left.join(", ")).await?;
    }
}
