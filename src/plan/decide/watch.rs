//! A migration runs: it is watched to its end, and nothing else begins.

use super::decision::Decision;
use super::goal::{Goal, Work};
use super::hold;
use super::schema::OpenAttempt;
use crate::model::{Mode, State};
use crate::plan::facts::Facts;
use crate::plan::report::WaitingReason;

pub(super) fn decide(facts: &Facts<'_>, goal: Goal, attempt: Box<OpenAttempt>) -> Decision {
    let decision = Decision::towards(goal);
    // Without a known task the request may have to be sent once more.
    let unread = if attempt.task.is_none() { facts.unreadable_on_the_way() } else { Vec::new() };
    match unread.is_empty() {
        true => watch(facts, decision.noting(overdue(facts, &attempt)), attempt),
        false => hold::hold(facts, decision, unread, State::DbOnly),
    }
}

fn overdue(facts: &Facts<'_>, open: &OpenAttempt) -> Option<String> {
    let declared = facts.spec.migration.as_ref()?;
    let timeout = chrono::TimeDelta::from_std(declared.timeout).ok()?;
    let is_overdue = facts.now - open.attempt.intended_at > timeout;
    is_overdue.then(|| format!(
        "the migration to {} has been running for longer than its timeout of {}; tidegate keeps watching it: check its log and the database locks, or stop its task: tidegate abort {} --stop-task --reason \"…\"",
        open.attempt.to,
        humantime::format_duration(declared.timeout),
        facts.spec.name
    ))
}

fn watch(facts: &Facts<'_>, decision: Decision, open: Box<OpenAttempt>) -> Decision {
    let to = &open.attempt.to;
    let other = facts.spec.migration.as_ref().and_then(|declared| {
        let wanted = &facts.spec.versions[&declared.follows];
        (wanted != to).then(|| format!("{}: {wanted}", declared.follows))
    });
    // In mode `observe` nothing is written, so nothing is stopped either.
    let stop = open.attempt.stop.as_ref().filter(|_| facts.input.mode == Mode::Enforce);
    let message = match stop {
        None => format!("the migration to {to} is running; tidegate does not interrupt it"),
        Some(request) => format!("tidegate is stopping the migration to {to}, as {} requested", request.who),
    };
    let (message, release_stays) = match other {
        _ if stop.is_some() => (format!("{message}; the next steps are planned after it ends"), true),
        _ if decision.goal.state == State::Stopped => (message, decision.goal.release_stays),
        Some(other) => (format!("{message}; `{other}` will be planned after it ends"), true),
        None => return decision.with_migration(Work::Watch(open)),
    };
    decision
        .with_goal(|goal| Goal { release_stays, ..goal.in_state(State::DbOnly) })
        .waiting_for(WaitingReason::Migration, message, None)
        .with_migration(Work::Watch(open))
}
