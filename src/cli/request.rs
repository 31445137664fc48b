//! The verbs of a person's decision: `retry`, `abort`, `record-schema`.

use super::decision::{self, Decision};
use super::error::{CliError, Exit};
use super::preview::{self, Looked};
use super::{input, ui};
use crate::config::Settings;
use crate::context;
use crate::daemon::mailbox::{self, Poke};
use crate::model::{EnvironmentName, Version};
use crate::reconcile;
use crate::spec::EnvironmentSpec;
use crate::store::journal::OperatorRequest;
use crate::store::{LocalStore, Store as _};

/// Try again what has failed: a migration, or a service that did not come up
///
/// A failed migration never runs again without this, or a newer version in git.
#[derive(Debug, clap::Args)]
pub(super) struct RetryArgs {
    #[command(flatten)]
    common: Common,
}

/// Give a release up before its migration runs; the old versions come back
///
/// Once the migration task has reached RUNNING there is no way back. The way forward again is a newer version in git, or `retry`.
#[derive(Debug, clap::Args)]
pub(super) struct AbortArgs {
    #[command(flatten)]
    common: Common,
    /// Stop the migration's task, even one that runs: whatever it has committed by then stays in the database,
    /// and the environment is held until somebody says what its schema is
    #[arg(long)]
    stop_task: bool,
}

/// Say which version the database's schema has
///
/// For a first contact that cannot be read, and for schemas that were changed or restored by hand.
#[derive(Debug, clap::Args)]
pub(super) struct RecordSchemaArgs {
    #[command(flatten)]
    common: Common,
    /// The version that the schema has
    // Not `version`: that is the name of clap's own flag.
    #[arg(value_name = "VERSION")]
    recorded: String,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: String,
}

pub(super) fn retry(args: &RetryArgs, settings: &Settings) -> Result<Exit, CliError> {
    decide(&args.common, settings, "retry", |looked| decision::retry(&looked.spec.name, &looked.seen.plan))
}

pub(super) fn abort(args: &AbortArgs, settings: &Settings) -> Result<Exit, CliError> {
    decide(&args.common, settings, "abort", |looked| {
        let (name, ledger) = (&looked.spec.name, &looked.seen.ledger);
        if args.stop_task { decision::stop_task(name, ledger) } else { decision::abort(name, ledger) }
    })
}

pub(super) fn record_schema(args: &RecordSchemaArgs, settings: &Settings) -> Result<Exit, CliError> {
    let version = Version::new(args.recorded.trim());
    decide(&args.common, settings, "record the schema of", |looked| {
        decision::record_schema(&looked.spec, &looked.seen.ledger, &version)
    })
}

fn decide(
    common: &Common,
    settings: &Settings,
    intent: &str,
    judge: impl Fn(&Looked) -> Result<Decision, CliError>,
) -> Result<Exit, CliError> {
    let looked = preview::one(settings, &common.environment, intent, preview::Closely::default())?;
    let Decision { command, next } = judge(&looked)?;
    let request = OperatorRequest { who: context::person(), reason: common.reason.clone(), command };
    leave(settings, &looked.spec, &request)?;
    let name = &looked.spec.name;
    ui::print(&format!("{name}: {next}\n{}", taken_up_by(settings, name, &request.who)?))?;
    Ok(Exit::Done)
}

/// Wakes the daemon, if there is one; who takes up what was left in the store, as a line.
pub(super) fn taken_up_by(
    settings: &Settings,
    name: &EnvironmentName,
    who: &str,
) -> Result<String, CliError> {
    let poke = Poke { who: who.to_owned(), accept_revision: None };
    let daemon = mailbox::tell(settings.store()?, &poke)
        .map_err(|error| CliError::failure("cannot reach the daemon").because(&error))?;
    Ok(match daemon {
        Some(running) => {
            format!("the daemon (process {} on {}) takes it up now\n", running.pid, running.place)
        }
        None => format!("`tidegate apply {name}` takes it up\n"),
    })
}

/// Leaves a request for whoever acts next. One at a time: two people should hear of each other. Asking for the
/// same again is no second request.
pub(super) fn leave(
    settings: &Settings,
    spec: &EnvironmentSpec,
    request: &OperatorRequest,
) -> Result<(), CliError> {
    let store = LocalStore::open(settings.store()?)?;
    let value = serde_json::to_value(request).expect("a request is text, which always becomes JSON");
    let left = store.get_record(&spec.name, reconcile::REQUEST)?;
    let earlier = left.clone().and_then(|value| serde_json::from_value::<OperatorRequest>(value).ok());
    let is_free =
        left.is_none() || earlier.as_ref().is_some_and(|earlier| earlier.command == request.command);
    if is_free && store.swap_record(&spec.name, reconcile::REQUEST, left.as_ref(), Some(&value))? {
        return Ok(());
    }
    let told = earlier.map_or_else(
        || "it cannot be read".to_owned(),
        |OperatorRequest { who, reason, command }| {
            let word = serde_json::to_value(&command).ok();
            let word = word.and_then(|word| word["wish"].as_str().map(str::to_owned)).unwrap_or_default();
            format!("{who} asked for {word}: {reason}")
        },
    );
    Err(CliError::failure(format!("another request for `{}` waits to be taken up", spec.name))
        .because_of(told)
        .hint(format!("`tidegate apply {}` or the daemon takes it up", spec.name)))
}
