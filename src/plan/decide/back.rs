//! The declared code must not run, and the code of the recorded schema may: it keeps running, or comes back.

use super::decision::Decision;
use super::goal::{Frozen, Goal};
use super::hold;
use super::schema::GiveUp;
use crate::model::State;
use crate::plan::facts::Facts;
use crate::plan::report::{Blocked, BlockedReason, blocked};

/// A step before the point of no return has failed for good: the release ends, and the old version comes back.
pub(super) fn give_up(facts: &Facts<'_>, goal: Goal, give_up: GiveUp) -> Decision {
    let follows = facts.spec.migration.as_ref().map_or("", |migration| migration.follows.as_str());
    let why = give_up.blocked(facts.spec.name.as_str(), follows);
    Decision { give_up: Some(give_up), ..decide(facts, goal, why) }
}

/// The versions that follow the schema stay where they are, and code that does not fit it makes room. On the way back from a release, a service that does not
/// come up keeps the gate closed.
pub(super) fn decide(facts: &Facts<'_>, goal: Goal, why: Blocked) -> Decision {
    let brings_back = matches!(why.reason, BlockedReason::GivenUp | BlockedReason::Aborted);
    let decision = Decision::towards(Goal { frozen: Frozen::Followers, brings_back, ..goal });
    let decision = match stays_down(facts, &decision.goal) {
        Some(down) => hold::hold(facts, decision, [down], State::Restricted),
        None => decision,
    };
    decision.blocked_by([why])
}

fn stays_down(facts: &Facts<'_>, goal: &Goal) -> Option<Blocked> {
    facts.ledger.release.as_ref().filter(|release| goal.recorded.as_ref() != Some(&release.to))?;
    let mut services = facts.services.values();
    let (service, failed) = services.find_map(|service| {
        let failed = facts.ledger.failed_starts.get(service.name)?;
        service.failed_as_deployed.then_some((service, failed))
    })?;
    let environment = &facts.spec.name;
    let message = format!(
        "`{}` did not come back on the version that it ran before the release: {}\nusers see the maintenance page until it does",
        service.name,
        failed.words()
    );
    let hints = [
        format!("after the cause is removed, start it again: tidegate retry {environment} --reason \"…\""),
        "or set a newer version in git: its release begins at once, without waiting for a window".to_owned(),
    ];
    Some(blocked(BlockedReason::StartFailed, message, hints))
}
