//! Services: down, up, to other images, to other counts. Dependents stop first, dependencies start first.

mod definition;
mod describe;
mod planner;
mod start;
mod stop;

use planner::ServicePlanner;

use crate::model::State;
use crate::plan::decide::Goal;
use crate::plan::draft::Draft;
use crate::plan::facts::{Facts, ServiceFacts, service_part};
use crate::spec::AdoptRevision;

/// What the services' part of the plan means for the rest of it.
#[derive(Debug)]
pub(super) struct Outlook {
    /// Everything that should be up will be: the gate may open.
    pub all_up: bool,
    /// Everything that should be down will be, and can be seen to be.
    pub all_down: bool,
    /// Some service is stopped or started, or will be.
    pub moves: bool,
    /// Some service has tasks of a version that does not fit the recorded schema.
    pub foreign_code: bool,
}

impl Outlook {
    const NOTHING_KNOWN: Outlook =
        Outlook { all_up: false, all_down: false, moves: false, foreign_code: false };

    /// Both outlooks together.
    fn and(self, other: Outlook) -> Outlook {
        Outlook {
            all_up: self.all_up && other.all_up,
            all_down: self.all_down && other.all_down,
            moves: self.moves || other.moves,
            foreign_code: self.foreign_code || other.foreign_code,
        }
    }
}

pub(super) fn plan(facts: &Facts<'_>, goal: &Goal, draft: &mut Draft) -> Outlook {
    if goal.held {
        return Outlook::NOTHING_KNOWN;
    }
    // What only has to go down needs no definition.
    let matters =
        |service: &ServiceFacts<'_>| service.stoppable.is_none() || !only_goes_down(facts, goal, service);
    facts.unreadable_services_that(matters).into_iter().for_each(|problem| draft.block(problem));
    let layers = facts.spec.layers();
    let mut outlook = Outlook { all_up: true, all_down: true, moves: false, foreign_code: false };
    for (layer, names) in layers.iter().enumerate() {
        for service in names.iter().filter_map(|name| facts.services.get(name)) {
            let layers = (layer_number(layers.len() - 1 - layer), layer_number(layer));
            let of_service = match (service.seen, &service.unusable) {
                (Some(seen), None) => {
                    let is_settled = goal.is_settled(&service_part(service.name));
                    let planner =
                        ServicePlanner { facts, goal, is_settled, is_brought_back: false, service, seen };
                    one(&planner, layers, draft)
                }
                (Some(seen), Some(problem)) => {
                    draft.block(problem.clone());
                    let is_settled = goal.is_settled(&service_part(service.name));
                    let planner =
                        ServicePlanner { facts, goal, is_settled, is_brought_back: false, service, seen };
                    leaving(&planner, layers.0, draft)
                }
                (None, None) if only_goes_down(facts, goal, service) => {
                    without_definition(facts, goal, service, layers.0, draft)
                }
                (_, unusable) => {
                    unusable.iter().for_each(|problem| draft.block(problem.clone()));
                    // No task of a service that does not exist can use the database.
                    Outlook { all_down: service.is_absent, ..Outlook::NOTHING_KNOWN }
                }
            };
            outlook = outlook.and(of_service);
        }
    }
    outlook
}

/// Whether the goal needs nothing of the service but that it is down.
fn only_goes_down(facts: &Facts<'_>, goal: &Goal, service: &ServiceFacts<'_>) -> bool {
    !goal.is_release() && !facts.spec.is_up_in(service.spec, goal.state)
}

/// A service whose definitions cannot be read goes down like any other.
fn without_definition(
    facts: &Facts<'_>,
    goal: &Goal,
    service: &ServiceFacts<'_>,
    layer: u16,
    draft: &mut Draft,
) -> Outlook {
    let Some(stoppable) = service.stoppable else { return Outlook::NOTHING_KNOWN };
    if let Some(problem) = service.undeclared_autoscaling() {
        draft.block(problem);
        return Outlook::NOTHING_KNOWN;
    }
    draft.note(format!(
        "service `{}`: {}; it goes down all the same, and cannot start until that is mended",
        service.name,
        service.unreadable.unwrap_or("its definition could not be read")
    ));
    let part = service_part(service.name);
    let live = u32::try_from(stoppable.live_tasks()).unwrap_or(u32::MAX);
    let tasks = stoppable.service.desired.max(live);
    let before = draft.actions.len();
    let is_in_grace = goal.in_grace.contains(&part);
    if is_in_grace {
        draft.drift(service.name.as_str(), "count", "0", tasks.to_string());
    } else {
        let going = stop::GoingDown {
            facts,
            goal,
            service,
            is_settled: goal.is_settled(&part),
            scaling: stoppable.scaling,
            tasks,
        };
        stop::stop(&going, layer, false, draft);
    }
    Outlook { all_up: true, all_down: !is_in_grace, moves: draft.actions.len() > before, foreign_code: false }
}

fn layer_number(layer: usize) -> u16 {
    u16::try_from(layer).unwrap_or(u16::MAX)
}

fn one(planner: &ServicePlanner<'_>, (stop_layer, start_layer): (u16, u16), draft: &mut Draft) -> Outlook {
    let ServicePlanner { facts, goal, service, seen, .. } = *planner;
    if let Some(problem) = service.undeclared_autoscaling() {
        draft.block(problem);
        return Outlook::NOTHING_KNOWN;
    }
    if let (Some(range), None) = (service.spec.autoscaling, &seen.scaling) {
        let range = format!("{}..{}", range.min, range.max);
        draft.drift(service.name.as_str(), "autoscaling", range, "no scalable target");
    }
    let up = facts.spec.is_up_in(service.spec, goal.state);
    let stops = !up || (goal.is_release() && !facts.spec.is_up_in(service.spec, State::DbOnly));
    let is_in_grace = stops && goal.in_grace.contains(&service_part(service.name));
    let before = draft.actions.len();
    if is_in_grace {
        draft.drift(service.name.as_str(), "count", "0", planner.tasks().to_string());
    } else if stops {
        let is_settled = planner.is_settled;
        let (scaling, tasks) = (seen.scaling, planner.tasks());
        let going = stop::GoingDown { facts, goal, service, is_settled, scaling, tasks };
        stop::stop(&going, stop_layer, up, draft);
    }
    let will_be_up = !up || start::start(planner, start_layer, stops, draft);
    let foreign = definition::foreign_code(planner);
    let runs = format!("`{}` runs ", service.name);
    let is_new = !goal.is_release() && draft.notes.iter().all(|note| !note.starts_with(&runs));
    if let (Some(code), Some(recorded)) = (foreign.as_ref().filter(|_| is_new), &goal.recorded) {
        draft.note(format!("{runs}{code}, which does not fit schema {recorded}"));
    }
    Outlook {
        all_up: will_be_up,
        all_down: !is_in_grace,
        moves: draft.actions.len() > before,
        foreign_code: foreign.is_some(),
    }
}

/// A service that tidegate cannot start. Where it has no task, nothing of it stands in the way of what must stop. The
/// tasks of one that was deleted stop by themselves, and are waited for.
fn leaving(planner: &ServicePlanner<'_>, stop_layer: u16, draft: &mut Draft) -> Outlook {
    let ServicePlanner { facts, goal, is_settled, service, seen, .. } = *planner;
    let foreign_code = definition::foreign_code(planner).is_some();
    let all_up = !facts.spec.is_up_in(service.spec, goal.state);
    let is_empty = seen.live_tasks() == 0 && seen.service.desired == 0;
    if is_empty || !service.is_deleted() {
        return Outlook { all_up, all_down: is_empty, moves: false, foreign_code };
    }
    let stops = goal.state == State::Stopped || goal.is_release();
    if stops {
        let (scaling, tasks) = (seen.scaling, planner.tasks());
        let going = stop::GoingDown { facts, goal, service, is_settled, scaling, tasks };
        stop::stop(&going, stop_layer, false, draft);
    }
    Outlook { all_up, all_down: stops, moves: stops, foreign_code }
}

/// A newer revision that tidegate was not asked to roll.
pub(super) fn newer_revisions(facts: &Facts<'_>, draft: &mut Draft) {
    if facts.spec.adopt_revision == AdoptRevision::Always {
        return;
    }
    for service in facts.services.values().filter(|service| service.newest_differs) {
        let Some(seen) = service.seen else { continue };
        let id = format!("service/{}/roll", service.name);
        if draft.actions.iter().all(|action| action.id != id) {
            draft.drift(
                service.name.as_str(),
                "newest revision",
                seen.definition.short(),
                seen.newest.short(),
            );
        }
    }
}

/// Services that exist in the cluster and that git does not declare.
pub(super) fn note_unmanaged(facts: &Facts<'_>, draft: &mut Draft) {
    let unmanaged = &facts.input.snapshot.unmanaged;
    let names: Vec<String> = unmanaged.iter().map(|name| format!("`{name}`")).collect();
    if !names.is_empty() {
        draft.note(format!(
            "unmanaged services in the cluster, which tidegate does not change: {}",
            names.join(", ")
        ));
    }
}
