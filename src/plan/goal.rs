//! What this pass works towards: the state, and which bumps may go along. Everything later only carries it out.

use std::collections::BTreeSet;

use super::draft::{Draft, blocked};
use super::schema::{OpenAttempt, SchemaView, Verdict};
use super::{grace, images, preflight, traffic, window};
use crate::cloud::TaskStatus;
use crate::model::{Gate, Instant, Mode, ServiceName, State, Version};
use crate::plan::{Blocked, BlockedReason, PlannedState, PlanningInput, WaitingReason};
use crate::schedule::{AppliesTo, Because};
use crate::store::journal::FailedStart;

/// What this pass works towards.
#[derive(Debug)]
pub(super) struct Goal {
    /// The state that the actions lead to.
    pub state: State,
    /// What people are told.
    pub planned: PlannedState,
    /// The migration on the way there.
    pub migration: Option<Work>,
    /// Which images and sites stay as they are.
    pub frozen: Frozen,
    /// Nothing is started, rolled or put back; the gate is kept closed.
    pub held: bool,
    /// Services that follow the schema may not be started.
    pub code_forbidden: bool,
    /// The release under way is not over, wherever this pass leads: it failed, and a person must decide.
    pub release_stays: bool,
    /// The schema version that the present or the coming tag names.
    pub recorded: Option<Version>,
    /// Parts of the declaration that were reached before as they are declared now, in this state, and no release
    /// has begun since: every difference in them is drift.
    settled: BTreeSet<String>,
    /// What somebody started while the environment sleeps, and is left alone for a while.
    pub left_alone: BTreeSet<String>,
}

/// The part of the migration that is still to be done.
#[derive(Debug)]
pub(super) enum Work {
    /// From the beginning.
    Run { from: Version, to: Version, attempt: u32 },
    /// It is under way.
    Watch(Box<OpenAttempt>),
}

/// What keeps its version for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frozen {
    Nothing,
    /// Services and sites whose templates name the migrated version.
    Followers,
    Everything,
}

impl Goal {
    /// Whether the gate must be closed on the way.
    pub(super) fn is_release(&self) -> bool {
        self.migration.is_some()
    }

    /// Whether every difference in this part (`service/web`, `gate`, `database`) is drift.
    pub(super) fn is_settled(&self, part: &str) -> bool {
        self.settled.contains(part)
    }

    /// Whether what starts now meets the schema that the release under way brings.
    pub(super) fn brings_schema(&self, input: &PlanningInput) -> bool {
        let release = input.ledger.release.as_ref();
        self.is_release() || release.is_some_and(|release| self.recorded.as_ref() == Some(&release.to))
    }

    /// Whether the gate is to be open at the end.
    pub(super) fn opens(&self) -> bool {
        !self.held && self.state.gate() == Gate::Open
    }
}

pub(super) fn decide(input: &PlanningInput, schema: SchemaView, draft: &mut Draft) -> Goal {
    let mut goal = Goal {
        state: input.desired.state,
        planned: PlannedState {
            declared: input.spec.state,
            effective: input.desired.state,
            because: input.desired.because,
            until: input.desired.until,
        },
        migration: None,
        frozen: Frozen::Nothing,
        held: false,
        code_forbidden: false,
        release_stays: false,
        recorded: schema.recorded,
        settled: BTreeSet::new(),
        left_alone: BTreeSet::new(),
    };
    if let Some(doubt) = schema.doubt {
        draft.block(doubt);
    }
    match schema.verdict {
        Verdict::Fits => fits(input, &mut goal, draft),
        Verdict::KeepCode(why) => {
            draft.block(why);
            goal.frozen = Frozen::Followers;
        }
        Verdict::Forbidden(why) => {
            draft.block(why);
            goal.frozen = Frozen::Followers;
            goal.code_forbidden = true;
        }
        Verdict::Hold(why) => hold(input, &mut goal, why, State::DbOnly, draft),
        Verdict::InFlight(flight) => watch(input, &mut goal, flight, draft),
        Verdict::Due { from, to, attempt, doubt } => {
            due(input, &mut goal, Work::Run { from, to, attempt }, doubt, draft);
        }
    }
    goal.settled = settled(input, &goal);
    grace::judge(input, &mut goal, draft);
    goal
}

fn settled(input: &PlanningInput, goal: &Goal) -> BTreeSet<String> {
    let under_way = goal.held || goal.is_release() || input.ledger.release.is_some();
    let reached = input.ledger.converged.as_ref().filter(|reached| reached.state == goal.state && !under_way);
    let Some(reached) = reached else { return BTreeSet::new() };
    let declared = input.spec.fingerprints().into_iter();
    declared
        .filter(|(part, print)| reached.declaration.get(part) == Some(print))
        .map(|(part, _)| part)
        .collect()
}

/// No migration is needed: a release may still be on its way up, or a start may have failed in it.
fn fits(input: &PlanningInput, goal: &mut Goal, draft: &mut Draft) {
    let Some(release) = &input.ledger.release else {
        if goal.state == State::Stopped && has_pending_bump(input) {
            draft.wait(
                WaitingReason::Asleep,
                "new versions are applied when the environment wakes",
                goal.planned.until,
            );
            goal.frozen = Frozen::Everything;
        } else if let Some(windows) = &input.spec.windows
            && windows.applies_to == AppliesTo::All
            && has_pending_bump(input)
        {
            window::admits(input, window::Work::Rolling, goal, Frozen::Everything, draft);
        }
        return;
    };
    if let Some((service, failed)) = failed_start(input) {
        let message = format!(
            "`{service}` did not come up{} after the schema went to {}: {}\nusers see the maintenance page until it does",
            images::on(input, &input.spec.services[service].images),
            release.to,
            failed.why
        );
        let name = &input.spec.name;
        let hints = [
            format!("try the same again: tidegate retry {name} --reason \"…\""),
            "or fix it forward: set a newer version in git; old code is never started on the new schema"
                .to_owned(),
        ];
        hold(input, goal, blocked(BlockedReason::StartFailed, message, hints), State::Restricted, draft);
        return;
    }
    if is_schedules_stop(input) {
        finish_first(input, goal, draft);
    }
}

/// A service of the release that failed with the very images that are still wanted.
fn failed_start(input: &PlanningInput) -> Option<(&ServiceName, &FailedStart)> {
    input.ledger.failed_starts.iter().find(|(service, failed)| still_wants(input, service, failed))
}

/// Whether a service would run again what failed. What has come up since, only later than anybody waits, has not.
pub(super) fn still_wants(input: &PlanningInput, service: &ServiceName, failed: &FailedStart) -> bool {
    let Some(spec) = input.spec.services.get(service) else { return false };
    let wanted = images::wanted(input, &spec.images).images;
    let same =
        wanted.values().all(|image| failed.images.iter().any(|other| images::same_version(image, other)));
    let seen = input.snapshot.services.get(service).and_then(|seen| seen.present());
    let is_well = seen.is_some_and(|seen| seen.is_well() && images::changes(input, seen, &wanted).is_empty());
    same && !is_well
}

fn hold(input: &PlanningInput, goal: &mut Goal, why: Blocked, held_in: State, draft: &mut Draft) {
    let is_hold = why.reason.is_hold();
    draft.block(why);
    goal.frozen = Frozen::Everything;
    goal.release_stays = true;
    let migration_lives = input
        .snapshot
        .migration
        .as_ref()
        .and_then(|seen| seen.present())
        .is_none_or(|seen| seen.tasks.iter().any(|task| task.status != TaskStatus::Stopped));
    if goal.state == State::Stopped && !migration_lives {
        return;
    }
    goal.held = true;
    goal.state = held_in;
    goal.planned.effective = held_in;
    // What cannot be read may be readable at the next look: nothing moves until then, and nobody is called.
    if is_hold {
        goal.planned.because = Because::Hold;
        goal.planned.until = None;
    }
}

fn watch(input: &PlanningInput, goal: &mut Goal, flight: Box<OpenAttempt>, draft: &mut Draft) {
    // It may have to be sent once more.
    if flight.task.is_none() && is_blind(input, goal, draft) {
        return;
    }
    let migration = input.spec.migration.as_ref();
    let timeout = migration.and_then(|migration| chrono::TimeDelta::from_std(migration.timeout).ok());
    if let Some(timeout) = timeout.filter(|timeout| input.now - flight.attempt.intended_at > *timeout) {
        draft.note(format!(
            "the migration to {} has been under way for longer than its timeout of {}; it is watched on: look at its log and its locks, or have its task stopped: tidegate abort {} --stop-task --reason \"…\"",
            flight.attempt.to,
            humantime::format_duration(timeout.to_std().unwrap_or_default()),
            input.spec.name
        ));
    }
    let to = &flight.attempt.to;
    // Where nothing is written, nothing is stopped either.
    let stop = flight.attempt.stop.as_ref().filter(|_| input.mode == Mode::Enforce);
    let message = match stop {
        None => format!("the migration to {to} is under way; it is not interrupted"),
        Some(request) => format!("the migration to {to} is being stopped, as {} wants it", request.who),
    };
    if stop.is_some() {
        goal.state = State::DbOnly;
        goal.planned.effective = State::DbOnly;
        goal.release_stays = true;
        let then = format!("{message}; what follows is seen when it has ended");
        draft.wait(WaitingReason::Migration, then, None);
    } else if goal.state == State::Stopped {
        goal.state = State::DbOnly;
        goal.planned.effective = State::DbOnly;
        draft.wait(WaitingReason::Migration, message, None);
    } else if let Some(migration) = migration
        && input.spec.versions[&migration.follows] != flight.attempt.to
    {
        goal.state = State::DbOnly;
        goal.planned.effective = State::DbOnly;
        goal.release_stays = true;
        let wanted = &input.spec.versions[&migration.follows];
        let then =
            format!("{message}; what `{}: {wanted}` needs is seen when it has ended", migration.follows);
        draft.wait(WaitingReason::Migration, then, None);
    }
    goal.migration = Some(Work::Watch(flight));
}

fn due(input: &PlanningInput, goal: &mut Goal, work: Work, doubt: Option<Blocked>, draft: &mut Draft) {
    let begun = match (&work, &input.ledger.release) {
        (Work::Run { to, .. }, Some(release)) => release.to == *to,
        _ => false,
    };
    if goal.state == State::Stopped {
        if begun && is_schedules_stop(input) {
            finish_first(input, goal, draft);
        } else {
            draft.wait(
                WaitingReason::Asleep,
                "the release begins when the environment wakes",
                goal.planned.until,
            );
            goal.frozen = Frozen::Everything;
            return;
        }
    }
    if begun && is_blind(input, goal, draft) {
        return;
    }
    if !begun {
        let problems = preflight::problems(input);
        if !problems.is_empty() {
            problems.into_iter().for_each(|problem| draft.block(problem));
            goal.frozen = Frozen::Everything;
            // The way out cannot be gone: what holds goes on holding.
            if let Some(doubt) = doubt {
                hold(input, goal, doubt, State::DbOnly, draft);
            }
            return;
        }
        let waits = doubt.is_none() && goal.state == State::Running;
        let applies_to = input.spec.windows.as_ref().map(|windows| windows.applies_to);
        let frozen = if applies_to == Some(AppliesTo::All) { Frozen::Everything } else { Frozen::Followers };
        if waits
            && !traffic::is_closed(input)
            && !window::admits(input, window::Work::Gated, goal, frozen, draft)
        {
            return;
        }
    }
    goal.migration = Some(work);
}

/// On the way to the migration everything is seen, or nothing is done.
fn is_blind(input: &PlanningInput, goal: &mut Goal, draft: &mut Draft) -> bool {
    let blind: Vec<Blocked> =
        preflight::unreadable_services(input).into_iter().chain(traffic::unreadable_parts(input)).collect();
    let is_blind = !blind.is_empty();
    blind.into_iter().for_each(|unread| hold(input, goal, unread, State::DbOnly, draft));
    is_blind
}

/// The stop comes from the clock, not from a person.
fn is_schedules_stop(input: &PlanningInput) -> bool {
    input.desired.state == State::Stopped
        && matches!(input.desired.because, Because::Schedule | Because::Calendar)
}

fn finish_first(input: &PlanningInput, goal: &mut Goal, draft: &mut Draft) {
    draft.wait(
        WaitingReason::Release,
        "a release is under way: the schedule stops the environment after it",
        None::<Instant>,
    );
    goal.state = input.spec.state;
    goal.planned.effective = input.spec.state;
}

fn has_pending_bump(input: &PlanningInput) -> bool {
    let services = input.spec.services.iter().any(|(name, service)| {
        let seen = input.snapshot.services.get(name).and_then(|seen| seen.present());
        seen.is_some_and(|seen| {
            !images::changes(input, seen, &images::wanted(input, &service.images).images).is_empty()
        })
    });
    services || super::sites::changed(input).next().is_some()
}

/// Services whose images, and sites whose source, keep their version under `frozen`.
pub(super) fn keeps_version(input: &PlanningInput, frozen: Frozen, keys: BTreeSet<&str>) -> bool {
    match frozen {
        Frozen::Nothing => false,
        Frozen::Everything => true,
        Frozen::Followers => {
            input.spec.migration.as_ref().is_some_and(|migration| keys.contains(migration.follows.as_str()))
        }
    }
}
