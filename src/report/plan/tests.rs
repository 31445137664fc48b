use std::collections::BTreeMap;

use super::{json, markdown};
use crate::model::{Mode, Revision, State};
use crate::plan::{
    Action, ActionKind, Blocked, BlockedReason, Drift, Plan, PlannedState, StartService, Step, Waiting,
    WaitingReason,
};
use crate::reconcile::ActiveOverrides;
use crate::report::PlanView;
use crate::report::page::Page;
use crate::schedule::{Because, Tz};
use crate::store::journal::GateParts;

fn action(step: Step, kind: ActionKind, row: [&str; 4]) -> Action {
    let [resource, before, after, reason] = row.map(str::to_owned);
    Action {
        id: format!("{}/{resource}", step.as_str()),
        kind,
        resource,
        before,
        after,
        reason,
        step,
        corrects: None,
    }
}

fn start(service: &str) -> ActionKind {
    ActionKind::StartService(StartService {
        service: service.into(),
        definition: None,
        desired: Some(2),
        scaling: None,
        rollback_off: None,
        follows_migration: true,
    })
}

fn release() -> Plan {
    let stop = |service: &str| ActionKind::StopService { service: service.into(), scaling: None };
    Plan {
        revision: Revision::commit("41d07e3aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        mode: Mode::Enforce,
        state: PlannedState {
            declared: State::Running,
            effective: State::Running,
            because: Because::Declared,
            until: None,
        },
        actions: vec![
            action(
                Step::CloseGate,
                ActionKind::CloseGate {
                    rules: Vec::new(),
                    function: true,
                    was_open: true,
                    with: GateParts { header: "x-bypass".to_owned(), load_balancer: None, function: None },
                },
                ["maintenance", "open", "closed", "first: users see the maintenance page"],
            ),
            action(Step::StopServices(0), stop("graasp"), ["graasp", "2", "0 tasks", "before the migration"]),
            action(
                Step::StopServices(0),
                stop("workers"),
                ["workers", "1", "0 tasks", "before the migration"],
            ),
            action(
                Step::Snapshot,
                ActionKind::TakeSnapshot { identifier: "s".to_owned(), tag: "a/b".to_owned() },
                [
                    "graasp-prod",
                    "",
                    "take tidegate-graasp-prod-v2-24-0-to-v2-25-0-1",
                    "after every task has exited",
                ],
            ),
            action(
                Step::StartServices(1),
                start("graasp"),
                [
                    "graasp",
                    "v2.24.0, 0 tasks",
                    "v2.25.0, 2 tasks",
                    "after what it depends on: redis, meilisearch, iframely",
                ],
            ),
            action(
                Step::OpenGate,
                ActionKind::OpenGate { rules: Vec::new(), function: true, whole: true },
                ["maintenance", "closed", "open", "last: after checks pass"],
            ),
        ],
        blocked: Vec::new(),
        waiting: Vec::new(),
        awake: Vec::new(),
        drift: vec![Drift {
            resource: "umami".to_owned(),
            field: "desired".to_owned(),
            expected: "1".to_owned(),
            observed: "3".to_owned(),
        }],
        notes: vec![
            "the digest of `graasp/iframely:latest` is not verified: no access to the registry".to_owned(),
        ],
        expected_downtime_seconds: Some(355),
    }
}

fn held() -> Plan {
    Plan {
        actions: Vec::new(),
        state: PlannedState { effective: State::Restricted, because: Because::Hold, ..release().state },
        blocked: vec![Blocked {
            reason: BlockedReason::MigrationFailed,
            message: "the migration v2.24.0 -> v2.25.0 ended with exit code 1".to_owned(),
            hints: vec!["tidegate retry production --reason \"…\" runs it once more".to_owned()],
        }],
        waiting: vec![Waiting {
            reason: WaitingReason::Window,
            message: "a release may begin then".to_owned(),
            until: Some(now()),
        }],
        drift: Vec::new(),
        awake: Vec::new(),
        notes: Vec::new(),
        expected_downtime_seconds: None,
        ..release()
    }
}

fn now() -> crate::model::Instant {
    crate::model::Instant::from_timestamp(1_795_489_200, 0).unwrap()
}

fn shown<T>(plan: &Plan, show: impl Fn(&PlanView) -> T) -> T {
    let before = Revision::commit("9f1c2abaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    let diffs = if plan.actions.is_empty() {
        BTreeMap::new()
    } else {
        let lines = ["- core.image: graasp:core-v2.24.0", "+ core.image: graasp:core-v2.25.0"];
        BTreeMap::from([("graasp".into(), lines.map(str::to_owned).to_vec())])
    };
    show(&PlanView {
        environment: &"production".into(),
        plan,
        before: Some(&before),
        now: now(),
        zone: Tz::Europe__Zurich,
        page: &Page::PLAIN,
        diffs,
        later: None,
        git_override: None,
        overrides: &ActiveOverrides::default(),
        preflight: None,
    })
}

fn plain(plan: &Plan) -> String {
    anstream::adapter::strip_str(&shown(plan, super::text)).to_string()
}

#[test]
fn a_release_explains_itself_in_a_hundred_columns() {
    let text = plain(&release());
    assert!(text.lines().all(|line| line.chars().count() <= Page::PLAIN.width()), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_hold_shows_its_ways_out() {
    insta::assert_snapshot!(plain(&held()));
}

#[test]
fn nothing_to_do_is_said_in_three_lines() {
    let plan = Plan {
        actions: Vec::new(),
        drift: Vec::new(),
        awake: Vec::new(),
        notes: Vec::new(),
        expected_downtime_seconds: Some(0),
        ..release()
    };
    insta::assert_snapshot!(plain(&plan));
}

#[test]
fn the_same_plan_for_a_pull_request() {
    insta::assert_snapshot!(shown(&release(), markdown));
}

#[test]
fn the_same_plan_for_programs() {
    insta::assert_json_snapshot!(shown(&held(), json));
}

#[test]
fn markdown_renders_what_people_wrote_as_text() {
    let mut plan = held();
    plan.blocked[0].message = "<img src=x> @everyone [a](b) `<code>` odd".to_owned();
    let text = shown(&plan, markdown);
    assert!(text.contains("&lt;img src=x&gt; &#64;everyone \\[a\\](b) `<code>` odd"), "{text}");
}
