//! A service goes down: scaling suspended, desired 0, no task left.

use super::describe::tasks_text;
use super::planner::ServicePlanner;
use crate::cloud::Suspended;
use crate::plan::action::{ActionKind, Step};
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::service_part;

/// `again`: the service starts again later in the same plan.
pub(super) fn stop(planner: &ServicePlanner<'_>, layer: u16, again: bool, draft: &mut Draft) {
    let ServicePlanner { service, seen, .. } = *planner;
    let scaling = seen.scaling.filter(|scaling| scaling.min > 0 || scaling.suspended != Suspended::ALL);
    let scaling = scaling.filter(|_| !service.is_deleted());
    let tasks = planner.tasks();
    if tasks == 0 && scaling.is_none() {
        return;
    }
    let name = service.name;
    let kind = ActionKind::StopService { service: name.clone(), scaling };
    let words = Words::new(tasks_text(tasks), "0 tasks", reason(planner, again, draft));
    draft.act(Step::StopServices(layer), &format!("service/{name}/stop"), name.as_str(), kind, words);
    if planner.is_settled && !service.is_deleted() {
        draft.corrects("count", "0", tasks.to_string());
    }
}

fn reason(planner: &ServicePlanner<'_>, again: bool, draft: &Draft) -> String {
    let ServicePlanner { facts, goal, service, .. } = *planner;
    match (goal.is_release(), again) {
        _ if service.is_deleted() => "the service was deleted; its tasks stop by themselves".to_owned(),
        (true, _) => "before the migration".to_owned(),
        (false, _) if !facts.spec.is_deployed(service.spec) => {
            "its version is empty: not deployed".to_owned()
        }
        (false, _) if draft.awake.iter().any(|awake| awake.part == service_part(service.name)) => {
            "started outside tidegate while the environment sleeps".to_owned()
        }
        (false, _) => format!("not up in {}", goal.state),
    }
}
