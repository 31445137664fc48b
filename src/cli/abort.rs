//! `abort`: a release is given up before its migration runs, or the migration's task is stopped.

use super::error::{CliError, Exit};
use super::operator_request::{self, AcceptedCommand, RequestArgs};
use crate::config::Settings;
use crate::model::EnvironmentName;
use crate::store::journal::{Attempt, AttemptStatus, Ledger, OperatorCommand};

/// Give up a release before its migration runs; the old versions come back
///
/// Once the migration runs, a release can no longer be aborted. The way forward is then a newer
/// version in git, or `tidegate retry`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// Stop the migration's task, even while it runs. Everything that it has committed stays in the database, and
    /// the environment is held until an operator records the schema version
    #[arg(long)]
    stop_task: bool,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    operator_request::submit(&args.request, settings, "abort", |preview| {
        let (name, ledger) = (&preview.spec.name, &preview.preview.ledger);
        if args.stop_task { check_stop(name, ledger) } else { check(name, ledger) }
    })
}

/// Whether a release can be given up: before its migration has run.
fn check(name: &EnvironmentName, ledger: &Ledger) -> Result<AcceptedCommand, CliError> {
    let Some(release) = &ledger.release else {
        return Err(CliError::failure(format!(
            "no release of `{name}` is in progress, so there is nothing to abort"
        ))
        .hint("to take back a release that has not begun, revert its commit in git"));
    };
    let (from, to) = (&release.from, &release.to);
    if let Some((_, request)) = ledger.aborted.as_ref().filter(|(version, _)| version == to) {
        return Err(CliError::failure(format!("the release {from} -> {to} of `{name}` is already given up"))
            .because_of(format!("{} gave it up: {}", request.who, request.reason))
            .hint(format!("see what is still to be done for that: tidegate plan {name}")));
    }
    let ours = ledger.attempt.as_ref().filter(|attempt| attempt.to == *to);
    if ours.is_some_and(|attempt| attempt.reached_running && attempt.status != AttemptStatus::Closed) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` can no longer be aborted"
        ))
        .because_of("its migration has run, or runs: the point of no return")
        .hint(format!("see the migration, and the ways out if it has failed: tidegate status {name}"))
        .hint(format!(
            "stop the task while it runs (the schema version is unknown afterwards): tidegate abort {name} --stop-task --reason \"…\""
        )));
    }
    if ledger.attempt.as_ref().is_some_and(Attempt::is_in_doubt) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` cannot be aborted: tidegate does not know which schema version the database has"
        ))
        .because_of("a migration task was started, and tidegate did not see how it ended")
        .hint(format!(
            "look at the database, then record its schema version: tidegate record-schema {name} VERSION --reason \"…\""
        )));
    }
    if ledger.schema.values().any(|schema| schema == to) {
        return Err(CliError::failure(format!(
            "the release {from} -> {to} of `{name}` can no longer be aborted"
        ))
        .because_of(format!("the schema is already {to}"))
        .hint("commit a newer version to git")
        .hint(format!("if a service did not come up: tidegate retry {name} --reason \"…\"")));
    }
    Ok(AcceptedCommand {
        command: OperatorCommand::Abort { version: to.clone() },
        consequence: format!("{to} is given up: the services return to {from}, then the gate opens"),
    })
}

/// Whether there is a migration task that can be stopped.
fn check_stop(name: &EnvironmentName, ledger: &Ledger) -> Result<AcceptedCommand, CliError> {
    let open = ledger.attempt.as_ref().filter(|attempt| attempt.status == AttemptStatus::Open);
    let Some(attempt) = open.filter(|attempt| attempt.task.is_some()) else {
        return Err(CliError::failure(format!(
            "no migration of `{name}` is in progress, so there is no task to stop"
        ))
        .hint(format!("see the state of the environment: tidegate status {name}")));
    };
    if let Some(request) = &attempt.stop {
        return Err(CliError::failure(format!("the migration of `{name}` is already being stopped"))
            .because_of(format!("{} requested it: {}", request.who, request.reason))
            .hint(format!("see the state of the migration: tidegate status {name}")));
    }
    let (number, to) = (attempt.number, &attempt.to);
    let then = match attempt.reached_running {
        true => {
            "everything that the migration has committed stays in the database, and the environment is held until an operator records the schema version"
                .to_owned()
        }
        false => format!("{to} is given up unless the task starts to run before that"),
    };
    Ok(AcceptedCommand {
        command: OperatorCommand::StopMigration { attempt: number },
        consequence: format!("the task of the migration to {to}, attempt {number}, is stopped; {then}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Instant, Version};
    use crate::store::journal::{OperatorRequest, Release};

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
            placement: None,
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
    fn only_a_running_task_is_stopped_and_once() {
        let name = "production".into();
        for ledger in [Ledger::default(), release(None), release(Some((true, AttemptStatus::Closed)))] {
            assert!(check_stop(&name, &ledger).is_err(), "{ledger:?}");
        }
        for (reached_running, then) in [(false, "given up"), (true, "held until an operator records")] {
            let mut ledger = release(Some((reached_running, AttemptStatus::Open)));
            let accepted = check_stop(&name, &ledger).unwrap();
            assert_eq!(accepted.command, OperatorCommand::StopMigration { attempt: 1 });
            assert!(accepted.consequence.contains(then), "{}", accepted.consequence);
            let request =
                OperatorRequest { who: String::new(), reason: String::new(), command: accepted.command };
            ledger.attempt.as_mut().unwrap().stop = Some(request);
            assert!(check_stop(&name, &ledger).is_err());
        }
    }

    #[test]
    fn a_release_is_aborted_only_before_its_migration_runs() {
        let name = "production".into();
        assert!(check(&name, &Ledger::default()).is_err());
        assert!(check(&name, &release(None)).is_ok());
        assert!(check(&name, &release(Some((false, AttemptStatus::Open)))).is_ok());
        assert!(check(&name, &release(Some((true, AttemptStatus::Open)))).is_err());
        let request =
            OperatorRequest { who: String::new(), reason: String::new(), command: OperatorCommand::Retry };
        assert!(check(&name, &Ledger { aborted: Some(("v2".into(), request)), ..release(None) }).is_err());
        let recorded = Ledger { schema: [("db-1".to_owned(), "v2".into())].into(), ..release(None) };
        assert!(check(&name, &recorded).is_err());
    }
}
