mod logs;
mod product;

use std::collections::BTreeMap;

use super::send::concludes;
use super::*;
use crate::bench::{Bench, failure};
use crate::cloud::TaskStatus;
use crate::cloud::{Kind, RunTask, tag};
use crate::execute::ActionResult;
use crate::model::Mode;
use crate::plan::ActionKind;
use crate::sim::{self, FaultOptions, FaultPlan};
use crate::store::journal::AttemptStatus;
use crate::store::journal::Outcome;

const RUN_TASK: &str = "ecs:RunTask";
const TO: &str = "v1.4.0";

fn planned(bench: &Bench) -> Migration {
    let plan = bench.plan();
    let mut found = plan.actions.into_iter().filter_map(|action| match action.kind {
        ActionKind::Migrate(migration) => Some(migration),
        _ => None,
    });
    found.next().expect("a migration is due")
}

fn act(bench: &Bench) -> ActionResult {
    bench.act(ActionKind::Migrate(planned(bench)))
}

/// A bench whose next migrations end as told.
fn ending(outcomes: impl IntoIterator<Item = sim::Outcome>) -> Bench {
    let bench = Bench::new().begun();
    bench.cloud.with(|world| world.script.migration(TO, outcomes));
    bench
}

/// The intent of what is planned, as a process leaves it that died before RunTask.
fn intended(bench: &Bench) -> Migration {
    let migration = planned(bench);
    let port = bench.port();
    let newest = bench.clock.block_on(port.newest_definition(&"migrate".into())).unwrap().unwrap();
    let MigrationStart::Send { images, placement, .. } = &migration.start else { panic!("{migration:?}") };
    let definition = bench.clock.block_on(port.register_definition(&newest.document.with_images(images)));
    bench.journaled([Event::MigrationIntent {
        resource_id: migration.resource_id.clone(),
        from: migration.from.clone(),
        to: migration.to.clone(),
        attempt: migration.attempt,
        client_token: migration.client_token.clone(),
        started_by: migration.started_by.clone(),
        definition: definition.unwrap().arn,
        placement: Some(placement.clone()),
    }]);
    migration
}

fn outcome(bench: &Bench) -> Outcome {
    match bench.ledger().attempt.expect("an attempt was made").status {
        AttemptStatus::Ended { outcome, .. } => outcome,
        status => panic!("{status:?}"),
    }
}

fn migrating(bench: &Bench) -> Option<String> {
    bench.cloud.with(|world| world.regions[0].databases["shop"].shown.tags.get(tag::MIGRATING).cloned())
}

fn tasks(bench: &Bench) -> usize {
    bench
        .cloud
        .with(|world| world.regions[0].tasks.values().filter(|task| task.family == "migrate".into()).count())
}

/// The schema was changed this often.
fn migrated(bench: &Bench) -> usize {
    bench.cloud.with(|world| world.effects.len())
}

fn forget_task(bench: &Bench) {
    bench.cloud.with(|world| world.regions[0].tasks.retain(|_, task| task.service.is_some()));
}

#[test]
fn what_is_sent_was_intended_and_marked_before() {
    let bench = Bench::new().begun();
    assert_eq!(act(&bench), ActionResult::Done);
    assert_eq!(
        bench.writes(),
        [
            "ecs:RegisterTaskDefinition migrate".to_owned(),
            format!("rds:AddTagsToResource shop {}", tag::MIGRATING),
            format!("ecs:RunTask shop/{}", bench.ledger().attempt.unwrap().started_by),
        ]
    );
    let events = ["migration-intent", "migration-task", "migration-running", "migration-ended"];
    assert_eq!(bench.events()[1..], events);
    assert_eq!(migrating(&bench).as_deref(), Some("v1.3.0/v1.4.0/1"), "until its version is recorded");
}

#[test]
fn the_intent_is_durable_before_anything_is_marked_or_sent() {
    let bench = Bench::new().begun();
    bench.fault("rds:AddTagsToResource", u32::MAX, Kind::AccessDenied);
    let ActionResult::Again { why } = act(&bench) else { panic!("worth another attempt") };
    assert!(why.contains("AccessDenied"), "{why}");
    assert_eq!(bench.events()[1..], ["migration-intent", "migration-ended"]);
    assert_eq!(bench.count(RUN_TASK), 0);
    assert!(!outcome(&bench).reached_running, "nothing was sent");
}

#[test]
fn a_task_whose_answer_was_lost_is_found() {
    let bench = Bench::new().begun();
    bench.fault(RUN_TASK, 1, Kind::AnswerLost);
    assert_eq!(act(&bench), ActionResult::Done);
    assert_eq!((bench.count(RUN_TASK), tasks(&bench), migrated(&bench)), (1, 1, 1));
}

#[test]
fn lost_and_not_listed_yet_the_same_request_gives_the_same_task() {
    let bench = Bench::new().begun();
    let migration = planned(&bench);
    let stale = FaultOptions { stale: 1.0, stale_seconds: 30, ..FaultOptions::default() };
    bench.cloud.set_faults(FaultPlan::new(1, stale));
    // What was answered before the task existed is answered again for half a minute.
    let before = bench.clock.block_on(bench.port().family_tasks(&"shop".into(), &"migrate".into()));
    assert_eq!(before, Ok(Vec::new()));
    bench.fault(RUN_TASK, 1, Kind::AnswerLost);
    assert_eq!(bench.act(ActionKind::Migrate(migration)), ActionResult::Done);
    assert_eq!((bench.count(RUN_TASK), tasks(&bench), migrated(&bench)), (2, 1, 1));
}

#[test]
fn after_a_crash_between_intent_and_send_the_same_request_is_sent() {
    let bench = Bench::new().begun();
    let migration = intended(&bench);
    let again = planned(&bench);
    assert!(matches!(again.start, MigrationStart::Resend { .. }), "{again:?}");
    assert_eq!((&again.client_token, &again.started_by), (&migration.client_token, &migration.started_by));
    assert_eq!(bench.act(ActionKind::Migrate(again)), ActionResult::Done);
    assert_eq!((bench.count(RUN_TASK), migrated(&bench)), (1, 1));
    assert_eq!(bench.events().iter().filter(|event| *event == "migration-intent").count(), 1);
}

#[test]
fn after_a_crash_between_send_and_answer_the_task_is_adopted() {
    let bench = Bench::new().begun();
    let migration = intended(&bench);
    let request = RunTask {
        placement: Default::default(),
        cluster: "shop".into(),
        definition: bench.ledger().attempt.unwrap().definition,
        network_of: "web".into(),
        client_token: migration.client_token,
        started_by: migration.started_by,
        tags: BTreeMap::new(),
    };
    bench.clock.block_on(bench.port().run_task(&request)).unwrap();
    let adopts = planned(&bench);
    assert!(matches!(adopts.start, MigrationStart::Adopt { .. }), "{adopts:?}");
    // Whoever looked a moment too early sends again, and finds it before that.
    let definition = request.definition.clone();
    let resends = Migration { start: MigrationStart::Resend { definition, placement: None }, ..adopts };
    assert_eq!(bench.act(ActionKind::Migrate(resends)), ActionResult::Done);
    assert_eq!((bench.count(RUN_TASK), migrated(&bench)), (1, 1));
}

#[test]
fn a_token_that_was_used_otherwise_leads_to_its_task() {
    let bench = Bench::new().begun();
    let migration = planned(&bench);
    let newest = bench.clock.block_on(bench.port().newest_definition(&"migrate".into())).unwrap().unwrap();
    let MigrationStart::Send { images, .. } = &migration.start else { panic!("{migration:?}") };
    let wanted = newest.document.with_images(images);
    let definition = bench.clock.block_on(bench.port().register_definition(&wanted)).unwrap().arn;
    let request = RunTask {
        cluster: "shop".into(),
        definition,
        network_of: "web".into(),
        placement: Default::default(),
        client_token: migration.client_token.clone(),
        started_by: migration.started_by.clone(),
        tags: BTreeMap::from([("other".to_owned(), "tags".to_owned())]),
    };
    let task = bench.clock.block_on(bench.port().run_task(&request)).unwrap();
    assert_eq!(bench.act(ActionKind::Migrate(migration)), ActionResult::Done);
    assert_eq!(bench.ledger().attempt.unwrap().task, Some(task.arn));
    assert_eq!((tasks(&bench), migrated(&bench)), (1, 1));
}

#[test]
fn a_conflict_without_a_task_is_asked_again_and_concludes_nothing() {
    let bench = Bench::new().begun();
    bench.fault(RUN_TASK, u32::MAX, Kind::Conflict);
    assert!(matches!(act(&bench), ActionResult::Again { .. }));
    assert!(bench.ledger().migration_in_flight(), "somebody may have sent it");
    assert_eq!(bench.events()[1..], ["migration-intent"]);
}

#[test]
fn failures_with_http_200_end_the_attempt_and_leave_no_mark() {
    let bench = ending([sim::Outcome::NoCapacity]);
    let ActionResult::Again { why } = act(&bench) else { panic!("worth another attempt") };
    assert!(why.contains("never ran"), "{why}");
    assert_eq!(bench.events()[1..], ["migration-intent", "migration-ended"]);
    assert_eq!((outcome(&bench).reached_running, migrating(&bench)), (false, None));
    let next = planned(&bench);
    assert_eq!(next.attempt, 2);
    assert_eq!(bench.act(ActionKind::Migrate(next)), ActionResult::Done);
}

#[test]
fn a_task_that_never_ran_may_be_tried_again() {
    let bench = ending([sim::Outcome::NeverStarts]);
    let ActionResult::Again { why } = act(&bench) else { panic!("worth another attempt") };
    assert!(
        why.ends_with("never ran: Timeout waiting for network interface provisioning to complete."),
        "{why}"
    );
    assert!(!bench.events().contains(&"migration-running".to_owned()));
    assert_eq!(migrating(&bench), None);
}

#[test]
fn a_refusal_is_the_end_only_while_nothing_can_have_arrived() {
    for kind in [Kind::NotFound, Kind::AccessDenied, Kind::InvalidState, Kind::Invalid] {
        let bench = Bench::new().begun();
        bench.fault(RUN_TASK, 1, kind);
        assert!(matches!(act(&bench), ActionResult::Again { .. }), "{kind:?}");
        assert!(!bench.ledger().migration_in_flight(), "{kind:?}");

        let bench = Bench::new().begun();
        let migration = intended(&bench);
        bench.fault(RUN_TASK, 1, kind);
        failure(act(&bench));
        assert!(bench.ledger().migration_in_flight(), "{kind:?}: the process before may have sent it");
        assert_eq!(planned(&bench).client_token, migration.client_token);
    }
    assert!(concludes(Kind::Capacity, true), "the token would have answered with the task");
    for kind in [Kind::Throttled, Kind::Unavailable] {
        assert!(concludes(kind, false), "{kind:?}: AWS carried out none of the requests");
        assert!(!concludes(kind, true), "{kind:?}: an earlier request may have arrived");
    }
    for kind in [Kind::AnswerLost, Kind::Conflict] {
        assert!(!concludes(kind, false), "{kind:?}");
    }
}

#[test]
fn a_failed_migration_keeps_its_mark_and_its_last_words() {
    let bench = ending([sim::Outcome::Exit { code: 3, partial: false }]);
    let why = failure(act(&bench));
    assert!(why.contains("ended with exit code 3"), "{why}");
    let Outcome { succeeded, reached_running, exit_code, stop_code, log_tail, .. } = outcome(&bench);
    assert_eq!((succeeded, reached_running, exit_code), (false, true, Some(3)));
    assert_eq!(stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(log_tail.last().map(String::as_str), Some("migrations: rollback"));
    assert!(migrating(&bench).is_some());
}

#[test]
fn what_cannot_be_read_does_not_lose_an_outcome() {
    let bench = Bench::new().begun();
    let denied = async {
        bench.after(30).await;
        bench.fault("ecs:DescribeTaskDefinition", u32::MAX, Kind::AccessDenied);
        bench.fault("logs:GetLogEvents", u32::MAX, Kind::AccessDenied);
    };
    assert_eq!(bench.act_while(ActionKind::Migrate(planned(&bench)), denied), ActionResult::Done);
    let Outcome { succeeded, log_tail, log_unread, .. } = outcome(&bench);
    assert!(succeeded && log_tail.is_empty());
    let why = log_unread.expect("a log that could not be read is reported");
    assert!(why.contains("container `migrate`") && why.contains("logs:GetLogEvents"), "{why}");
}

#[test]
fn a_task_that_vanished_is_lost_only_after_45_minutes() {
    let bench = ending([sim::Outcome::Hangs]);
    let vanishes = async {
        bench.after(120).await;
        forget_task(&bench);
    };
    let why = failure(bench.act_while(ActionKind::Migrate(planned(&bench)), vanishes));
    assert!(why.contains("is lost"), "{why}");
    assert!((45 * 60..46 * 60).contains(&bench.seconds()), "{}", bench.seconds());
    assert!(outcome(&bench).unknown && outcome(&bench).reached_running);
    assert!(migrating(&bench).is_some(), "somebody has to look");
}

#[test]
fn one_listing_without_it_is_no_proof_either() {
    let bench = ending([sim::Outcome::Hangs]);
    while bench.seconds() < 46 * 60 {
        assert!(matches!(act(&bench), ActionResult::Unfinished { .. }));
    }
    let began = bench.seconds();
    let vanishes = async {
        bench.after(60).await;
        forget_task(&bench);
    };
    failure(bench.act_while(ActionKind::Migrate(planned(&bench)), vanishes));
    let took = bench.seconds() - began;
    assert!((6 * 60..7 * 60).contains(&took), "{took}");
}

#[test]
fn a_long_migration_is_told_once_and_goes_on() {
    let bench = Bench::new().begun();
    bench.cloud.with(|world| world.script.migration_seconds = Some(3 * 3600));
    let looks =
        std::iter::repeat_with(|| act(&bench)).take_while(|ended| *ended != ActionResult::Done).count();
    assert!((35..37).contains(&looks), "every five minutes: {looks}");
    assert_eq!(bench.events().iter().filter(|event| *event == "migration-overdue").count(), 1);
    assert_eq!(bench.said().matches("running for longer than 1h").count(), 1);
    assert_eq!(bench.count("ecs:StopTask"), 0);
}

#[test]
fn a_wish_to_go_leaves_it_to_itself_and_the_next_one_adopts_it() {
    let bench = Bench::new().begun();
    let leaves = async {
        bench.after(60).await;
        bench.leave(true);
    };
    let left = bench.act_while(ActionKind::Migrate(planned(&bench)), leaves);
    assert!(matches!(left, ActionResult::Unfinished { .. }), "{left:?}");
    assert!(bench.ledger().migration_in_flight());
    bench.leave(false);
    let adopts = planned(&bench);
    assert!(matches!(adopts.start, MigrationStart::Adopt { .. }));
    assert_eq!(bench.act(ActionKind::Migrate(adopts)), ActionResult::Done);
    assert_eq!((bench.count(RUN_TASK), migrated(&bench)), (1, 1));
}

#[test]
fn after_five_minutes_of_watching_it_is_left_to_itself_for_a_look_around() {
    let bench = ending([sim::Outcome::Hangs]);
    assert!(matches!(act(&bench), ActionResult::Unfinished { .. }));
    assert!((300..=315).contains(&bench.seconds()), "{}", bench.seconds());
    let running = bench.cloud.with(|world| {
        world.regions[0]
            .tasks
            .values()
            .any(|task| task.service.is_none() && task.shown.status == TaskStatus::Running)
    });
    assert!(running && bench.ledger().migration_in_flight());
}

#[test]
fn whoever_only_observes_takes_no_mark_away() {
    let mut bench = ending([sim::Outcome::NeverStarts]);
    bench.leave(true);
    assert!(matches!(act(&bench), ActionResult::Unfinished { .. }));
    bench.leave(false);
    bench.spec.mode = Mode::Observe;
    let before = bench.cloud.effects();
    assert!(matches!(act(&bench), ActionResult::Again { .. }));
    assert_eq!(bench.cloud.effects(), before);
    assert_eq!(bench.events().last().map(String::as_str), Some("migration-ended"));
    assert!(migrating(&bench).is_some());
}

#[test]
fn a_lost_lease_ends_the_watch_and_not_the_migration() {
    let bench = Bench::new().begun();
    let breaks = async {
        bench.after(40).await;
        bench.store.break_lease(&bench.spec.name);
    };
    let why = failure(bench.act_while(ActionKind::Migrate(planned(&bench)), breaks));
    assert!(why.contains("lost the lock on `shop` (lease 2)"), "{why}");
    assert!(bench.seconds() < 60, "{}", bench.seconds());
    assert!(bench.ledger().migration_in_flight());
    assert_eq!(act(&bench), ActionResult::Done);
    assert_eq!(migrated(&bench), 1);
}

#[test]
fn a_task_is_stopped_once_and_then_watched_to_its_end() {
    let bench = ending([sim::Outcome::Hangs]);
    assert!(matches!(act(&bench), ActionResult::Unfinished { .. }), "it hangs");
    let MigrationStart::Adopt { task } = planned(&bench).start else { panic!("it runs") };
    let stops =
        Migration { start: MigrationStart::Stop { task, why: "seen to".to_owned() }, ..planned(&bench) };
    let why = failure(bench.act(ActionKind::Migrate(stops.clone())));
    assert!(why.ends_with("seen to"), "{why}");
    assert_eq!(outcome(&bench).stop_code.as_deref(), Some("UserInitiated"));
    assert_eq!(bench.count("ecs:StopTask"), 1);
}
