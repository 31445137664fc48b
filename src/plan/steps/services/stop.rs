//! A service goes down: scaling suspended, desired 0, no task left. Neither its definition nor its images matter.

use super::describe::tasks_text;
use crate::cloud::{ScalableTarget, Suspended};
use crate::plan::action::{ActionKind, Step};
use crate::plan::decide::Goal;
use crate::plan::draft::{Draft, Words};
use crate::plan::facts::{Facts, ServiceFacts, service_part};

/// What stopping a service depends on.
#[derive(Clone, Copy)]
pub(super) struct GoingDown<'a> {
    pub facts: &'a Facts<'a>,
    pub goal: &'a Goal,
    pub service: &'a ServiceFacts<'a>,
    /// Every difference in this service is drift.
    pub is_settled: bool,
    pub scaling: Option<ScalableTarget>,
    /// The tasks that run or that the service asks for, whichever are more.
    pub tasks: u32,
}

/// `again`: the service starts again later in the same plan.
pub(super) fn stop(going: &GoingDown<'_>, layer: u16, again: bool, draft: &mut Draft) {
    let GoingDown { service, tasks, .. } = *going;
    let scaling = going.scaling.filter(|scaling| scaling.min > 0 || scaling.suspended != Suspended::ALL);
    let scaling = scaling.filter(|_| !service.is_deleted());
    if tasks == 0 && scaling.is_none() {
        return;
    }
    let name = service.name;
    let kind = ActionKind::StopService { service: name.clone(), scaling };
    let words = Words::new(tasks_text(tasks), "0 tasks", reason(going, again, draft));
    draft.act(Step::StopServices(layer), &format!("service/{name}/stop"), name.as_str(), kind, words);
    if going.is_settled && !service.is_deleted() {
        draft.corrects("count", "0", tasks.to_string());
    }
}

fn reason(going: &GoingDown<'_>, again: bool, draft: &Draft) -> String {
    let GoingDown { facts, goal, service, .. } = *going;
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
