//! A service comes up, rolls or scales: whether it may, and the action for it.

use super::definition;
use super::describe;
use super::planner::ServicePlanner;
use crate::cloud::Rollback;
use crate::plan::action::{ActionKind, StartService, Step};
use crate::plan::draft::Draft;
use crate::plan::facts::{held_up, missing_image, paused, try_again};
use crate::plan::report::{BlockedReason, WaitingReason, blocked};

/// Whether the service will be up as it should be.
pub(super) fn start(
    planner: &ServicePlanner<'_>,
    layer: u16,
    stopped_before: bool,
    draft: &mut Draft,
) -> bool {
    let ServicePlanner { facts, goal, service, seen, .. } = *planner;
    let is_up = seen.service.desired > 0 && !stopped_before;
    let follows = facts.spec.follows_migration(service.spec);
    let keys = service.spec.images.values().flat_map(|image| image.keys());
    let frozen = goal.keeps_version(facts, keys) && !planner.is_brought_back;
    let incompatible = if follows { definition::incompatible_code(planner) } else { None };
    if frozen && goal.brings_back && incompatible.is_some() && !planner.is_brought_back {
        let back = goal.recorded.as_ref().and_then(|recorded| facts.service_at(service, recorded));
        if let Some(service) = &back {
            let planner = ServicePlanner { service, is_brought_back: true, ..*planner };
            return start(&planner, layer, stopped_before, draft);
        }
    }
    if frozen {
        // Also where it was started outside tidegate: with a count of its own, tidegate would keep it up.
        if let Some(code) = incompatible.as_ref().filter(|_| !is_up || goal.recorded.is_some()) {
            note_incompatible(planner, code, is_up, draft);
            return false;
        }
    }
    if follows && !is_up && goal.code_forbidden {
        return false;
    }
    if frozen && service.failed_as_deployed {
        if goal.opens() && facts.gate.is_closed {
            block_failed_as_deployed(planner, draft);
        }
        return false;
    }
    // The part of the database says why.
    if !is_up && !facts.database.can_be_used {
        return false;
    }
    if !frozen && is_blocked(planner, draft) {
        // Old tasks may keep serving; where none run, nothing is up.
        return is_up && seen.service.running > 0;
    }
    if facts.input.refresh_images {
        draft.unverified(&service.wanted.unverified);
    }
    let changes = if frozen { &[][..] } else { &service.changes };
    let definition = definition::definition(planner, changes, frozen);
    let rolls = definition.is_some() || planner.must_settle(stopped_before);
    if let Some(pause) = planner.pause().filter(|_| definition.is_none() && !stopped_before) {
        let message = paused(facts.spec, service.name, pause);
        draft.wait(WaitingReason::Person, message, pause.expires_at);
        return false;
    }
    let desired = planner.desired(stopped_before);
    let scaling = planner.scaling();
    if !rolls && desired.is_none() && scaling.is_none() {
        return true;
    }
    draft.unverified(&service.wanted.unverified);
    held_up(&seen.service).filter(|_| rolls).into_iter().for_each(|note| draft.note(note));
    let words = describe::words(planner, changes, definition.as_ref(), desired, stopped_before);
    let verb = if definition.is_some() { "roll" } else { "start" };
    let action = StartService {
        service: service.name.clone(),
        definition,
        desired,
        scaling,
        rollback_off: rollback_off(planner, follows, rolls, incompatible.is_none()),
        follows_migration: follows,
    };
    let id = format!("service/{}/{verb}", service.name);
    let kind = ActionKind::StartService(action);
    draft.act(Step::StartServices(layer), &id, service.name.as_str(), kind, words);
    if planner.is_settled {
        describe::drift(planner, changes, desired, scaling, draft);
    }
    true
}

/// Automatic rollbacks as they are, if they must be off for this start: AWS rolls back to what completed last, which
/// is known to fit the schema only if that is what is deployed.
fn rollback_off(planner: &ServicePlanner<'_>, follows: bool, rolls: bool, fits: bool) -> Option<Rollback> {
    let rolls_back_well = fits && planner.has_completed_as_deployed();
    let may_roll_back = rolls && !rolls_back_well;
    let must_stay = follows && (may_roll_back || planner.goal.brings_schema(planner.facts));
    let rollback = planner.seen.service.rollback;
    (must_stay && rollback != Rollback::OFF).then_some(rollback)
}

/// What is deployed did not come up, and users are locked out until it does.
fn block_failed_as_deployed(planner: &ServicePlanner<'_>, draft: &mut Draft) {
    let ServicePlanner { facts, service, .. } = *planner;
    let Some(failed) = facts.ledger.failed_starts.get(service.name) else { return };
    let message = format!(
        "`{}` did not come up on what is deployed: {}\nusers see the maintenance page until it does",
        service.name,
        failed.words()
    );
    let hint = format!("{}: tidegate retry {} --reason \"…\"", try_again(failed), facts.spec.name);
    draft.block(blocked(BlockedReason::StartFailed, message, [hint]));
}

fn note_incompatible(planner: &ServicePlanner<'_>, code: &str, is_up: bool, draft: &mut Draft) {
    let Some(recorded) = &planner.goal.recorded else { return };
    let name = planner.service.name;
    draft.note(match is_up {
        true => format!(
            "`{name}` runs {code}, which may not work with schema {recorded}; tidegate does not change it"
        ),
        false => {
            format!("`{name}` stays down: it would run {code}, which may not work with schema {recorded}")
        }
    });
}

/// Images that are missing, a start that failed, containers that do not exist: the version is not rolled.
fn is_blocked(planner: &ServicePlanner<'_>, draft: &mut Draft) -> bool {
    let ServicePlanner { facts, goal, service, seen, .. } = *planner;
    for kept in &service.kept_by_digest {
        draft.note(format!(
            "image `{}` was removed from its registry; `{}` still runs it by digest",
            kept.image, service.name
        ));
    }
    for missing in &service.missing {
        draft.block(missing_image(facts.spec, missing));
    }
    if let Some(failed) = service.failed_as_wanted {
        let hints = [
            format!("{}: tidegate retry {} --reason \"…\"", try_again(failed), facts.spec.name),
            "or set another version in git".to_owned(),
        ];
        let mut message =
            format!("`{}` did not start{}: {}", service.name, service.wanted.on(), failed.words());
        if seen.service.running == 0 && goal.opens() && facts.gate.is_closed {
            message.push_str("\nusers see the maintenance page until it does");
        }
        draft.block(blocked(BlockedReason::StartFailed, message, hints));
        return true;
    }
    // The service would be rolled on the newest revision, where these images would go nowhere.
    service.missing_containers.iter().for_each(|problem| draft.block(problem.clone()));
    !service.missing.is_empty() || !service.missing_containers.is_empty()
}
