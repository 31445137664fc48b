use super::*;
use crate::bench::{a_tuesday, plan_that_ends_on};
use crate::plan::{ActionKind, Step};

fn action(id: &str, before: &str, after: &str) -> Action {
    Action {
        id: id.to_owned(),
        kind: ActionKind::StartDatabase,
        resource: id.split('/').next().unwrap().to_owned(),
        before: before.to_owned(),
        after: after.to_owned(),
        reason: String::new(),
        step: Step::StartDatabase,
        corrects: None,
    }
}

fn outcome(id: &str, result: ActionResult) -> ActionOutcome {
    ActionOutcome { id: id.to_owned(), started_at: a_tuesday(), finished_at: a_tuesday(), result }
}

fn again() -> ActionResult {
    ActionResult::Again { why: "no capacity".to_owned() }
}

fn failed() -> ActionResult {
    ActionResult::Failed { why: "it crashed".to_owned() }
}

/// What follows a step of one action.
fn after(patience: &mut RunPatience, action: &Action, result: ActionResult) -> Next {
    patience.after(std::slice::from_ref(action), &[outcome(&action.id, result)])
}

fn pause(next: &Next) -> Duration {
    match next {
        Next::Again(pause) => *pause,
        Next::GiveUp(why) => panic!("{why}"),
    }
}

/// The longest pause, in seconds, that this one was drawn from: pauses are drawn between half of it and all of it.
fn bound(pause: Duration, first: Duration) -> u64 {
    let mut longest = if pause.is_zero() { Duration::ZERO } else { first };
    while longest < pause {
        longest *= 2;
    }
    assert!(pause >= longest / 2, "{pause:?} is too short for {longest:?}");
    longest.as_secs()
}

/// The bound of the pause before an action is tried again.
fn seconds(next: &Next) -> u64 {
    bound(pause(next), TRY.first)
}

#[test]
fn a_step_that_moves_on_is_followed_at_once() {
    let mut patience = RunPatience::new(a_tuesday());
    for step in ["gate/close", "service/web/stop", "database/snapshot"] {
        assert_eq!(seconds(&after(&mut patience, &action(step, "a", "b"), ActionResult::Done)), 0);
    }
}

#[test]
fn what_changed_nothing_is_tried_for_eight_minutes() {
    let mut patience = RunPatience::new(a_tuesday());
    let start = action("database/start", "stopped", "available");
    let pauses: Vec<u64> = (0..5).map(|_| seconds(&after(&mut patience, &start, again()))).collect();
    assert_eq!(pauses, [15, 30, 60, 120, 240]);
    let Next::GiveUp(why) = after(&mut patience, &start, again()) else { panic!("six are enough") };
    assert_eq!(why, "database/start: no capacity; tried 6 times");
}

#[test]
fn attempts_with_names_of_their_own_are_tries_of_the_same() {
    let mut patience = RunPatience::new(a_tuesday());
    let pauses = (1..=3).map(|number| {
        let attempt = action(&format!("migration/v2/{number}"), "v1", "v2");
        seconds(&after(&mut patience, &attempt, again()))
    });
    assert_eq!(pauses.collect::<Vec<_>>(), [15, 30, 60]);
}

#[test]
fn success_wipes_the_slate() {
    let mut patience = RunPatience::new(a_tuesday());
    let start = action("database/start", "stopped", "available");
    after(&mut patience, &start, again());
    after(&mut patience, &start, ActionResult::Done);
    assert_eq!(seconds(&after(&mut patience, &start, again())), 15);
}

#[test]
fn the_action_that_was_tried_most_sets_the_pause() {
    let mut patience = RunPatience::new(a_tuesday());
    let (one, two) = (action("one/start", "", ""), action("two/start", "", ""));
    after(&mut patience, &one, again());
    let outcomes = [outcome("one/start", again()), outcome("two/start", ActionResult::Done)];
    assert_eq!(seconds(&patience.after(&[one, two], &outcomes)), 30);
}

#[test]
fn what_failed_is_not_done_again_to_the_same_end() {
    let mut patience = RunPatience::new(a_tuesday());
    let roll = action("service/web/roll", "v1", "v2");
    assert_eq!(patience.failed_before(std::slice::from_ref(&roll)), None);
    after(&mut patience, &roll, failed());
    assert_eq!(
        patience.failed_before(&[action("service/api/roll", "v1", "v2"), roll]),
        Some("service/web/roll: it crashed".to_owned())
    );
    let newer = action("service/web/roll", "v2", "v3");
    assert_eq!(patience.failed_before(&[newer]), None, "a newer commit is another end");
}

#[test]
fn the_same_again_is_an_old_answer_at_first_and_a_fight_after_that() {
    let mut patience = RunPatience::new(a_tuesday());
    let close = action("gate/close", "open", "closed");
    let pauses: Vec<u64> = (0..5)
        .map(|_| bound(pause(&after(&mut patience, &close, ActionResult::Done)), REPEAT.first))
        .collect();
    assert_eq!(pauses, [0, 2, 4, 8, 16]);
    let Next::GiveUp(why) = after(&mut patience, &close, ActionResult::Done) else { panic!("no bound") };
    assert_eq!(why, "gate/close was applied 6 times without effect; something keeps reverting it");
}

#[test]
fn two_steps_that_undo_each_other_do_not_go_on_for_ever() {
    let mut patience = RunPatience::new(a_tuesday());
    let steps = [action("gate/close", "open", "closed"), action("gate/open", "closed", "open")];
    let mut total = Duration::ZERO;
    for round in 0.. {
        match after(&mut patience, &steps[round % 2], ActionResult::Done) {
            Next::Again(pause) => total += pause,
            Next::GiveUp(_) => break,
        }
        assert!(round < 20);
    }
    assert!(total > Duration::from_secs(15), "and not in the blink of an eye: {total:?}");
}

#[test]
fn a_step_that_gets_somewhere_each_time_is_no_fight() {
    let mut patience = RunPatience::new(a_tuesday());
    for tasks in (0..50).rev() {
        let stop = action("service/web/stop", &format!("{tasks} tasks"), "0 tasks");
        assert_eq!(seconds(&after(&mut patience, &stop, ActionResult::Done)), 0);
    }
}

#[test]
fn what_cannot_be_read_is_looked_at_for_some_minutes() {
    let mut patience = RunPatience::new(a_tuesday());
    let blind = plan_that_ends_on(&[BlockedReason::Unreadable, BlockedReason::ImageMissing], &[]);
    let pauses: Vec<Option<u64>> =
        (0..6).map(|_| patience.idle(&blind).map(|pause| bound(pause, OBSERVE.first))).collect();
    assert_eq!(pauses, [Some(5), Some(10), Some(20), Some(40), Some(80), None]);
    // A step in between shows that the cloud can be read again.
    after(&mut patience, &action("gate/close", "open", "closed"), ActionResult::Done);
    assert_eq!(patience.idle(&blind).map(|pause| bound(pause, OBSERVE.first)), Some(5));
}

#[test]
fn only_what_passes_by_itself_and_soon_is_waited_for() {
    for (waiting, waits) in [
        (WaitingReason::Database, true),
        (WaitingReason::Distribution, true),
        (WaitingReason::Migration, true),
        (WaitingReason::Window, false),
        (WaitingReason::Asleep, false),
        (WaitingReason::Release, false),
    ] {
        assert_eq!(
            RunPatience::new(a_tuesday()).idle(&plan_that_ends_on(&[], &[waiting])).is_some(),
            waits,
            "{waiting:?}"
        );
    }
    assert_eq!(
        RunPatience::new(a_tuesday()).idle(&plan_that_ends_on(&[BlockedReason::ImageMissing], &[])),
        None
    );
    assert_eq!(RunPatience::new(a_tuesday()).idle(&plan_that_ends_on(&[], &[])), None);
}

#[test]
fn a_passing_state_that_does_not_pass_ends_the_run_after_two_hours() {
    let mut patience = RunPatience::new(a_tuesday());
    let busy = plan_that_ends_on(&[], &[WaitingReason::Database]);
    let mut waited = Duration::ZERO;
    while let Some(pause) = patience.idle(&busy) {
        waited += pause;
    }
    assert_eq!(waited, PASSING_MAX);
}
