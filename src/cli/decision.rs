//! `retry`, `abort` and `record-schema`: what a person decides, checked against what there is to decide, and
//! left for whoever acts next.

use super::error::CliError;
use crate::model::{EnvironmentName, Version};
use crate::plan::{BlockedReason, Plan};
use crate::spec::EnvironmentSpec;
use crate::store::journal::{Attempt, AttemptStatus, Ledger, OperatorCommand};

/// What was decided and what follows from it, in words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decision {
    /// For the journal.
    pub(super) command: OperatorCommand,
    /// What happens next.
    pub(super) next: String,
}

/// Whether something can be tried again.
pub(super) fn retry(name: &EnvironmentName, plan: &Plan) -> Result<Decision, CliError> {
    let again = plan.blocked.iter().map(|blocked| blocked.reason).find(|reason| {
        reason.is_hold() || matches!(reason, BlockedReason::Aborted | BlockedReason::Contested)
    });
    let next = match again {
        Some(BlockedReason::MigrationFailed) => "the migration runs once more, as a new attempt",
        Some(BlockedReason::OutcomeUnknown) => {
            "the migration is sent once more, as a new attempt: be sure that the lost one has ended"
        }
        Some(BlockedReason::StartFailed) => "the service that did not come up is started once more",
        Some(BlockedReason::Aborted) => "the release that was given up begins again",
        Some(_) => "the field that somebody else keeps changing is put back once more",
        None => {
            return Err(CliError::failure(format!(
                "nothing in `{name}` has failed: there is nothing to retry"
            ))
            .hint(format!("`tidegate plan {name}` shows what it would do, and what stands in the way")));
        }
    };
    Ok(Decision { command: OperatorCommand::Retry, next: next.to_owned() })
}

/// Whether there is a task of a migration that can be stopped.
pub(super) fn stop_task(name: &EnvironmentName, ledger: &Ledger) -> Result<Decision, CliError> {
    let open = ledger.attempt.as_ref().filter(|attempt| attempt.status == AttemptStatus::Open);
    let Some(attempt) = open.filter(|attempt| attempt.task.is_some()) else {
        return Err(CliError::failure(format!(
            "no migration of `{name}` is under way: there is no task to stop"
        ))
        .hint(format!("`tidegate status {name}` shows how it stands")));
    };
    if let Some(request) = &attempt.stop {
        return Err(CliError::failure(format!("the migration of `{name}` is being stopped already"))
            .because_of(format!("{} asked for it: {}", request.who, request.reason))
            .hint(format!("`tidegate status {name}` shows how it stands")));
    }
    let (number, to) = (attempt.number, &attempt.to);
    let then = match attempt.reached_running {
        true => {
            "what it has committed stays, and the environment is held until its schema is known".to_owned()
        }
        false => format!("{to} is given up unless it runs before"),
    };
    let next = format!("the task of the migration to {to}, attempt {number}, is stopped; {then}");
    Ok(Decision { command: OperatorCommand::StopMigration { attempt: number }, next })
}

/// Whether a release can be given up: before its migration has reached RUNNING.
pub(super) fn abort(name: &EnvironmentName, ledger: &Ledger) -> Result<Decision, CliError> {
    let Some(release) = &ledger.release else {
        return Err(CliError::failure(format!(
            "no release of `{name}` is under way: there is nothing to abort"
        ))
        .hint("to take back a release that has not begun, revert it in git"));
    };
    let (from, to) = (&release.from, &release.to);
    if let Some((_, request)) = ledger.aborted.as_ref().filter(|(version, _)| version == to) {
        return Err(CliError::failure(format!("the release {from} -> {to} of `{name}` is given up already"))
            .because_of(format!("{} gave it up: {}", request.who, request.reason))
            .hint(format!("`tidegate plan {name}` shows what is still to be done for that")));
    }
    let ours = ledger.attempt.as_ref().filter(|attempt| attempt.to == *to);
    if ours.is_some_and(|attempt| attempt.reached_running && attempt.status != AttemptStatus::Closed) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` cannot be aborted any more"
        ))
        .because_of("its migration has reached RUNNING: the point of no return")
        .hint(format!("`tidegate status {name}` shows how it stands, and the ways out if it failed"))
        .hint("`--stop-task` stops a migration that runs, and leaves the schema in doubt"));
    }
    if ledger.attempt.as_ref().is_some_and(Attempt::is_in_doubt) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` cannot be aborted: nobody knows what the schema is"
        ))
        .because_of("a migration was sent, and nobody saw it end")
        .hint(format!(
            "look at the database and say what its schema is: tidegate record-schema {name} VERSION --reason \"…\""
        )));
    }
    if ledger.schema.values().any(|schema| schema == to) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` cannot be aborted any more"
        ))
        .because_of(format!("the schema is {to} already"))
        .hint("go forward: a newer version in git, or `tidegate retry` if a service did not come up"));
    }
    Ok(Decision {
        command: OperatorCommand::Abort { version: to.clone() },
        next: format!("{to} is given up: services come back as {from} was, then the gate opens"),
    })
}

/// Whether a schema version can be recorded by hand.
pub(super) fn record_schema(
    spec: &EnvironmentSpec,
    ledger: &Ledger,
    version: &Version,
) -> Result<Decision, CliError> {
    let name = &spec.name;
    if spec.migration.is_none() {
        return Err(CliError::failure(format!(
            "`{name}` declares no migration: no schema version is kept for it"
        ))
        .hint("add `migration:` to its file first"));
    }
    if version.is_empty() {
        return Err(CliError::usage("a schema version cannot be empty"));
    }
    let in_flight = ledger.attempt.as_ref().filter(|attempt| attempt.status == AttemptStatus::Open);
    if let Some(attempt) = in_flight {
        return Err(CliError::failure(format!("a migration of `{name}` to {} is under way", attempt.to))
            .hint("wait for its end: what it leaves decides which version is true"));
    }
    Ok(Decision {
        command: OperatorCommand::RecordSchema { version: version.clone() },
        next: format!("the database is tagged with {version}, and everything else follows from that"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instant, Mode, Revision, State};
    use crate::plan::{Blocked, PlannedState};
    use crate::schedule::Because;
    use crate::store::journal::{Attempt, OperatorRequest, Release};

    fn plan(blocked: &[BlockedReason]) -> Plan {
        let blocked = blocked.iter().map(|reason| Blocked {
            reason: *reason,
            message: String::new(),
            hints: Vec::new(),
        });
        Plan {
            revision: Revision::worktree(),
            mode: Mode::Enforce,
            state: PlannedState {
                declared: State::Running,
                effective: State::Running,
                because: Because::Declared,
                until: None,
            },
            actions: Vec::new(),
            blocked: blocked.collect(),
            waiting: Vec::new(),
            drift: Vec::new(),
            awake: Vec::new(),
            notes: Vec::new(),
            expected_downtime_seconds: None,
        }
    }

    fn release(attempt: Option<(bool, AttemptStatus)>) -> Ledger {
        let at = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let (from, to) = (Version::from("v1"), Version::from("v2"));
        let attempt = attempt.map(|(reached_running, status)| Attempt {
            resource_id: "db-1".to_owned(),
            from: from.clone(),
            to: to.clone(),
            number: 1,
            intended_at: at,
            client_token: String::new(),
            started_by: String::new(),
            definition: String::new(),
            task: Some("task/1".to_owned()),
            reached_running,
            stop: None,
            overdue: false,
            ended_badly: false,
            status,
            after: Vec::new(),
        });
        let release = Release { begun_at: at, from, to, images: Default::default() };
        Ledger { release: Some(release), attempt, ..Ledger::default() }
    }

    #[test]
    fn only_what_failed_is_retried() {
        let name = "production".into();
        for (blocked, retried) in [
            (vec![], false),
            (vec![BlockedReason::ImageMissing], false),
            (vec![BlockedReason::MigrationFailed], true),
            (vec![BlockedReason::Unreadable, BlockedReason::StartFailed], true),
            (vec![BlockedReason::Aborted], true),
        ] {
            assert_eq!(retry(&name, &plan(&blocked)).is_ok(), retried, "{blocked:?}");
        }
    }

    #[test]
    fn only_a_task_that_is_under_way_is_stopped_and_once() {
        let name = "production".into();
        for ledger in [Ledger::default(), release(None), release(Some((true, AttemptStatus::Closed)))] {
            assert!(stop_task(&name, &ledger).is_err(), "{ledger:?}");
        }
        for (reached_running, then) in [(false, "given up"), (true, "held until its schema is known")] {
            let mut ledger = release(Some((reached_running, AttemptStatus::Open)));
            let decision = stop_task(&name, &ledger).unwrap();
            assert_eq!(decision.command, OperatorCommand::StopMigration { attempt: 1 });
            assert!(decision.next.contains(then), "{}", decision.next);
            let request =
                OperatorRequest { who: String::new(), reason: String::new(), command: decision.command };
            ledger.attempt.as_mut().unwrap().stop = Some(request);
            assert!(stop_task(&name, &ledger).is_err());
        }
    }

    #[test]
    fn a_release_is_aborted_only_before_its_migration_runs() {
        let name = "production".into();
        assert!(abort(&name, &Ledger::default()).is_err());
        assert!(abort(&name, &release(None)).is_ok());
        assert!(abort(&name, &release(Some((false, AttemptStatus::Open)))).is_ok());
        assert!(abort(&name, &release(Some((true, AttemptStatus::Open)))).is_err());
        let request =
            OperatorRequest { who: String::new(), reason: String::new(), command: OperatorCommand::Retry };
        assert!(abort(&name, &Ledger { aborted: Some(("v2".into(), request)), ..release(None) }).is_err());
        let recorded = Ledger { schema: [("db-1".to_owned(), "v2".into())].into(), ..release(None) };
        assert!(abort(&name, &recorded).is_err());
    }
}
