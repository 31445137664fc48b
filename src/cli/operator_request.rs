//! Operator requests: a verb checks whether the request makes sense now, leaves it in the store and wakes the
//! daemon. The process that holds the lease next writes it to the journal and acts on it.

use super::error::{CliError, Exit};
use super::preview::{self, EnvironmentPreview, PreviewOptions};
use super::{input, ui};
use crate::config::Settings;
use crate::context;
use crate::daemon::mailbox::{self, Poke};
use crate::model::EnvironmentName;
use crate::reconcile;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{OperatorCommand, OperatorRequest};
use crate::store::{LocalStore, Store as _};

/// The arguments of every request.
#[derive(Debug, clap::Args)]
pub(super) struct RequestArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    pub(super) environment: String,
    /// Why you do this; kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: String,
}

/// A command that makes sense now, and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AcceptedCommand {
    pub(super) command: OperatorCommand,
    /// For the operator, after the environment's name and a colon.
    pub(super) consequence: String,
}

/// Looks at the environment, lets `check` decide, and leaves the request in the store.
pub(super) fn submit(
    args: &RequestArgs,
    settings: &Settings,
    intent: &str,
    check: impl Fn(&EnvironmentPreview) -> Result<AcceptedCommand, CliError>,
) -> Result<Exit, CliError> {
    let preview = preview::one(settings, &args.environment, intent, PreviewOptions::default())?;
    let AcceptedCommand { command, consequence } = check(&preview)?;
    let request = OperatorRequest { who: context::person(), reason: args.reason.clone(), command };
    let replaced = leave_in_store(settings, &preview.spec, &request)?;
    let replaced = replaced.filter(|earlier| earlier.command != request.command);
    let name = &preview.spec.name;
    let applied_by = wake_daemon(settings, name, &request.who)?;
    let withdrawn = replaced.map_or_else(String::new, |OperatorRequest { who, reason, .. }| {
        format!("{name}: the earlier request of {who} is withdrawn: {reason}\n")
    });
    ui::print(&format!("{withdrawn}{name}: {consequence}\n{applied_by}"))?;
    Ok(Exit::Done)
}

/// Wakes the daemon, if one runs; a line that says who applies what was left in the store.
pub(super) fn wake_daemon(
    settings: &Settings,
    name: &EnvironmentName,
    who: &str,
) -> Result<String, CliError> {
    let poke = Poke { who: who.to_owned(), accept_revision: None };
    let daemon = mailbox::tell(settings.store()?, &poke)
        .map_err(|error| CliError::failure("cannot reach the daemon").because(&error))?;
    Ok(match daemon {
        Some(running) => {
            format!("the daemon (process {} on {}) applies this now\n", running.pid, running.place)
        }
        None => format!("no daemon runs on this store; to apply this now: tidegate apply {name}\n"),
    })
}

/// The record that an operator wants to end is not the one that was read a moment before.
pub(super) fn changed_meanwhile(name: &EnvironmentName, what: &str) -> CliError {
    CliError::failure(format!("the {what} of `{name}` was changed by another process meanwhile"))
        .hint(format!("look at it, and run the command again if it should end: tidegate status {name}"))
}

/// Leaves a request in the store. One at a time: a second operator must see that another request waits. The same
/// command again replaces the first, and so does another version for the schema: a mistake must not have to be carried
/// out first. Returns the request that was replaced.
pub(super) fn leave_in_store(
    settings: &Settings,
    spec: &EnvironmentSpec,
    request: &OperatorRequest,
) -> Result<Option<OperatorRequest>, CliError> {
    let store = LocalStore::open(settings.store()?)?;
    let value = serde_json::to_value(request).expect("a request is text, which always becomes JSON");
    let stored = store.get_record(&spec.name, reconcile::REQUEST)?;
    let earlier = stored.clone().and_then(|value| serde_json::from_value::<OperatorRequest>(value).ok());
    let is_free = stored.is_none() || earlier.as_ref().is_some_and(|earlier| may_replace(earlier, request));
    if is_free && store.swap_record(&spec.name, reconcile::REQUEST, stored.as_ref(), Some(&value))? {
        return Ok(earlier);
    }
    let cause = earlier.map_or_else(
        || "the earlier request cannot be read".to_owned(),
        |earlier| {
            let word = serde_json::to_value(&earlier).ok();
            let OperatorRequest { who, reason, .. } = earlier;
            let word = word.and_then(|word| word["wish"].as_str().map(str::to_owned)).unwrap_or_default();
            format!("{who} requested `{word}`: {reason}")
        },
    );
    let name = &spec.name;
    Err(CliError::failure(format!("another request for `{name}` has not been applied yet"))
        .because_of(cause)
        .hint(format!("wait for the daemon, or apply it yourself: tidegate apply {name}")))
}

fn may_replace(earlier: &OperatorRequest, later: &OperatorRequest) -> bool {
    use OperatorCommand::RecordSchema;
    let of_schema = |request: &OperatorRequest| matches!(request.command, RecordSchema { .. });
    earlier.command == later.command || of_schema(earlier) && of_schema(later)
}
