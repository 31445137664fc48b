//! Every kind of action fails once, in every way in which AWS lets it fail: the run says a true reason and a way out,
//! in text and in JSON, and no users are locked out by a failure before the point of no return.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use tidegate::cloud::Kind;
use tidegate::execute::Progress;
use tidegate::model::{Instant, State};
use tidegate::plan::{Action, ActionKind, BlockedReason};
use tidegate::reconcile::{self, Run, RunOutcome};
use tidegate::report::page::PLAIN;
use tidegate::report::{self, HistoryView, RunView, StatusView};
use tidegate::schedule::Tz;
use tidegate::sim::{Age, SimCloud};
use tidegate::store::Store as _;
use tidegate::store::journal::{OperatorCommand, read_events};

use crate::rig::{Rig, from_folder};

/// Thursday, within production's window.
fn begins() -> Instant {
    "2026-11-26T03:05:00Z".parse().unwrap()
}

/// The requests of each kind of action, as the simulator names them. Empty = it only writes into the journal.
fn requests(kind: &ActionKind) -> &'static [&'static str] {
    match kind {
        ActionKind::ClaimOwner { .. } => &["ecs:TagResource"],
        ActionKind::RecordSchema { .. } => &["rds:AddTagsToResource"],
        ActionKind::AssociateFunction { .. } => {
            &["cloudfront:UpdateDistribution", "cloudfront:UpdateFunction"]
        }
        ActionKind::StageSite { .. } | ActionKind::SwitchSite { .. } => &["s3:CopyObject", "s3:PutObject"],
        ActionKind::Invalidate { .. } => &["cloudfront:CreateInvalidation"],
        ActionKind::CloseGate { .. } | ActionKind::OpenGate { .. } => {
            &["elasticloadbalancing:ModifyRule", "cloudfront:UpdateFunction", "cloudfront:PublishFunction"]
        }
        ActionKind::Drain { .. } => &["cloudwatch:GetMetricData", "http:GET"],
        ActionKind::StopService { .. } => &["ecs:UpdateService", "ecs:DescribeServices"],
        ActionKind::AwaitTasks { .. } => &["ecs:ListTasks", "ecs:DescribeTasks"],
        ActionKind::StartDatabase => &["rds:StartDBInstance", "rds:DescribeDBInstances"],
        ActionKind::StopDatabase => &["rds:StopDBInstance", "rds:DescribeDBInstances"],
        ActionKind::TakeSnapshot { .. } => &["rds:CreateDBSnapshot", "rds:DescribeDBSnapshots"],
        ActionKind::Migrate(_) => &["ecs:RunTask", "ecs:RegisterTaskDefinition", "rds:AddTagsToResource"],
        ActionKind::StartService(_) => {
            &["ecs:UpdateService", "ecs:RegisterTaskDefinition", "ecs:DescribeServices"]
        }
        ActionKind::RestoreRollback { .. } => &["ecs:UpdateService"],
        ActionKind::Check { .. } => &["http:GET"],
        ActionKind::PruneSnapshots { .. } => &["rds:DeleteDBSnapshot"],
        ActionKind::BeginRelease { .. }
        | ActionKind::GiveUpRelease { .. }
        | ActionKind::FinishRelease { .. }
        | ActionKind::EndLostMigration { .. }
        | ActionKind::Settle { .. } => &[],
    }
}

/// The kinds that this test has to meet, by their stable words.
const MUST_BE_MET: &[&str] = &[
    "claim-owner",
    "record-schema",
    "associate-function",
    "stage-site",
    "switch-site",
    "close-gate",
    "open-gate",
    "drain",
    "stop-service",
    "await-tasks",
    "start-database",
    "stop-database",
    "take-snapshot",
    "migrate",
    "roll-service",
    "start-service",
    "restore-rollback",
    "check",
    "prune-snapshots",
];

/// Refused, throttled for good, away for good, answered and lost, and a state that does not pass.
const FAULTS: [Kind; 6] = [
    Kind::AccessDenied,
    Kind::Invalid,
    Kind::InvalidState,
    Kind::Throttled,
    Kind::Unavailable,
    Kind::AnswerLost,
];

/// From the first action of a kind on, one of its requests fails.
struct Saboteur<'a> {
    cloud: &'a SimCloud,
    kind: &'static str,
    request: &'static str,
    fault: Kind,
    met: Mutex<bool>,
}

impl Progress for Saboteur<'_> {
    fn action_started(&self, action: &Action) {
        a_report_ends(self.cloud, action);
        let mut met = self.met.lock().unwrap();
        if action.kind.as_str() == self.kind && !*met {
            *met = true;
            self.cloud.faults(|faults| faults.script(self.request, 100_000, self.fault));
        }
    }
}

/// Code of the platform that no service runs.
const REPORT: &str = "public.ecr.aws/graasp/graasp:report-v2.25.0";

/// It ends while a release waits for it.
fn a_report_ends(cloud: &SimCloud, action: &Action) {
    if matches!(action.kind, ActionKind::AwaitTasks { .. }) {
        cloud.with(|world| world.person("production").stop_one_offs());
    }
}

/// The kinds of action of a life: first contact, a release, sleep and waking.
struct Life {
    rig: Rig,
}

impl Life {
    fn new() -> Self {
        let mut spec = from_folder("", "production", begins());
        spec.windows = None;
        spec.schedule = None;
        let migration = spec.migration.as_mut().expect("declared");
        migration.snapshot.keep = 1;
        let rig = Rig::new(&spec, &Age::UpToDate, 7, begins());
        Life { rig }
    }

    /// What happens in it, in order.
    fn chapters() -> [fn(&Rig); 5] {
        [
            |_| {},
            |rig| rig.bump(&[("core", "v2.25.0"), ("client", "v2.25.0")]),
            |rig| {
                rig.cloud.with(|world| world.person("production").run_task("report", REPORT));
                rig.bump(&[("core", "v2.26.0"), ("client", "v2.26.0")]);
            },
            |rig| rig.edit(|spec| spec.state = State::Stopped),
            |rig| rig.edit(|spec| spec.state = State::Running),
        ]
    }

    fn is_open(&self) -> bool {
        self.rig.cloud.with(|world| world.open_route("production").is_some())
    }
}

/// Every action kind that a whole life without faults carries out.
struct Kinds<'a> {
    cloud: &'a SimCloud,
    met: Mutex<Vec<(&'static str, &'static [&'static str])>>,
}

impl Progress for Kinds<'_> {
    fn action_started(&self, action: &Action) {
        a_report_ends(self.cloud, action);
        let entry = (action.kind.as_str(), requests(&action.kind));
        let mut kinds = self.met.lock().unwrap();
        if !kinds.contains(&entry) {
            kinds.push(entry);
        }
    }
}

#[test]
fn every_red_end_has_a_true_reason_and_a_way_out() {
    let life = Life::new();
    let kinds = Kinds { cloud: &life.rig.cloud, met: Mutex::default() };
    for chapter in Life::chapters() {
        chapter(&life.rig);
        let run = life.rig.apply_watched(&kinds);
        assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?}");
    }
    let kinds = kinds.met.into_inner().unwrap();
    let met: BTreeSet<&str> = kinds.iter().map(|(kind, _)| *kind).collect();
    let missing: Vec<_> = MUST_BE_MET.iter().filter(|kind| !met.contains(**kind)).collect();
    assert!(missing.is_empty(), "{missing:?} are in no chapter: {met:?}");

    let mut problems = Vec::new();
    let mut red = 0;
    for (kind, requests) in kinds {
        for request in requests {
            for fault in FAULTS {
                let (was_red, found) = sabotage(kind, request, fault);
                red += u32::from(was_red);
                problems.extend(found.into_iter().map(|what| format!("{kind}, {request} {fault:?}: {what}")));
            }
        }
    }
    assert!(red > 100, "only {red} ends were red");
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

/// Lives until an action of this kind, and lets it fail. Whether the run ended badly, and what was wrong about that.
fn sabotage(kind: &'static str, request: &'static str, fault: Kind) -> (bool, Vec<String>) {
    let life = Life::new();
    let rig = &life.rig;
    let saboteur = Saboteur { cloud: &rig.cloud, kind, request, fault, met: Mutex::new(false) };
    let mut problems = Vec::new();
    let mut was_red = false;
    for chapter in Life::chapters() {
        chapter(rig);
        let migrated_before = rig.cloud.with(|world| world.effects.len());
        let run = rig.apply_watched(&saboteur);
        if run.outcome == Some(RunOutcome::Converged) {
            continue;
        }
        was_red = true;
        problems.extend(says(&life, &run, request));
        let run = outlast(rig, run);
        let migrated = rig.cloud.with(|world| world.effects.len()) > migrated_before;
        problems.extend(locked_out(&life, &run, kind, migrated));
        rig.cloud.faults(|faults| faults.heal());
        for _ in 0..4 {
            if !rig.plan().blocked.is_empty() {
                rig.ask(OperatorCommand::Retry);
            }
            rig.clock.advance(Duration::from_secs(60));
            if rig.apply().outcome == Some(RunOutcome::Converged) {
                break;
            }
        }
        let run = rig.apply();
        if run.outcome != Some(RunOutcome::Converged) {
            problems.push(format!("healed and retried, it ends in {:?}: {:?}", run.outcome, run.blocked));
            break;
        }
    }
    let violations = rig.cloud.with(|world| world.violations_by_tidegate().len());
    if violations > 0 {
        problems.push(format!("{violations} promises were broken"));
    }
    (was_red, problems)
}

/// What cannot be read is asked for again, until tidegate concludes that this does not pass.
fn outlast(rig: &Rig, mut run: Run) -> Run {
    for _ in 0..15 {
        if run.blocked.iter().all(|blocked| blocked.reason != BlockedReason::Unreadable) {
            break;
        }
        rig.clock.advance(Duration::from_secs(60));
        run = rig.apply();
    }
    run
}

/// Before the point of no return the users get their platform back, unless the gate itself does not open or the
/// services do not start.
fn locked_out(life: &Life, run: &Run, kind: &str, migrated: bool) -> Option<String> {
    let wanted = life.rig.repository.spec().state;
    let comes_back =
        ["close-gate", "drain", "stop-service", "await-tasks", "take-snapshot", "migrate"].contains(&kind);
    let is_doubtful = life.rig.ledger().migration_in_flight();
    let must_be_open = comes_back && wanted == State::Running && !migrated && !is_doubtful;
    // What closes or stops by a request that is refused for good opens or starts by the same request.
    let by_the_same = matches!(run.outcome, Some(RunOutcome::Failed))
        && run.failure().is_some_and(|why| {
            why.contains("UpdateService") || why.contains("ModifyRule") || why.contains("Function")
        });
    // Without a look at them and their tasks, no services can come back.
    let is_unread = run.blocked.iter().any(|blocked| {
        let unreadable = blocked.reason == BlockedReason::Unreadable;
        unreadable && blocked.message.starts_with("service")
    });
    (must_be_open && !life.is_open() && !by_the_same && !is_unread)
        .then(|| format!("users are locked out: {:?} {:?} {:?}", run.outcome, run.message, run.blocked))
}

/// The reason and a way out, wherever a person or a program looks for them.
fn says(life: &Life, run: &Run, request: &str) -> Vec<String> {
    let rig = &life.rig;
    let seen = rig.preview();
    let spec = rig.repository.spec();
    let status = StatusView {
        spec: &spec,
        plan: &seen.plan,
        snapshot: &seen.snapshot,
        ledger: &seen.ledger,
        last_run: Some(run),
        holder: None,
        defect: None,
        next_change: None,
        overrides: &seen.standing,
        now: rig.now(),
        zone: Tz::UTC,
        page: &PLAIN,
    };
    let events = read_events(&*rig.store, &spec.name).unwrap();
    let closures = reconcile::closures(&events);
    let view =
        RunView { run, closures: &closures, is_running: false, now: rig.now(), zone: Tz::UTC, page: &PLAIN };
    let history = HistoryView { environment: &spec.name, runs: vec![view], page: &PLAIN };
    let places = [
        ("status", report::status::text(&status)),
        ("status as JSON", report::status::json(&status).to_string()),
        ("history", report::run::history_text(&history)),
        ("history as JSON", report::run::history_json(&history).to_string()),
    ];
    let mut problems = Vec::new();
    for (place, text) in places {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // AWS's own words of the operation, or what tidegate waited for in vain.
        let names = plain.contains(request.split(':').next_back().unwrap_or(request))
            || plain.contains("last seen")
            || plain.contains("could not be read")
            || plain.contains("HTTP");
        if !names {
            problems.push(format!("{place} names no reason: {plain}"));
        }
        let ways = ["tidegate apply", "tidegate retry", "tidegate status", "automatically"];
        if !ways.iter().any(|way| plain.contains(way)) {
            problems.push(format!("{place} names no way out: {plain}"));
        }
    }
    assert!(!rig.store.list_runs(&spec.name, 1).unwrap().is_empty(), "the run is kept");
    problems
}
