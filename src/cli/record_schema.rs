//! `record-schema`: an operator says which version the database's schema has.

use super::error::{CliError, Exit};
use super::operator_request::{self, AcceptedCommand, RequestArgs};
use crate::config::Settings;
use crate::model::Version;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{AttemptStatus, Ledger, OperatorCommand};

/// Record the version of the database's schema by hand
///
/// Use it when tidegate sees a database for the first time and cannot read the version, and after a person has
/// changed or restored the schema. tidegate writes the version to a tag of the database and plans from it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// The version that the schema has now
    // Not `version`: that is the name of clap's own flag.
    #[arg(value_name = "VERSION")]
    recorded: String,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let version = Version::new(args.recorded.trim());
    operator_request::submit(&args.request, settings, "record the schema of", |preview| {
        check(&preview.spec, &preview.preview.ledger, &version)
    })
}

/// Whether a schema version can be recorded by hand now, and what follows.
fn check(spec: &EnvironmentSpec, ledger: &Ledger, version: &Version) -> Result<AcceptedCommand, CliError> {
    let name = &spec.name;
    if spec.migration.is_none() {
        return Err(CliError::failure(format!(
            "`{name}` declares no migration, so tidegate records no schema version for it"
        ))
        .hint("add `migration:` to its declaration first"));
    }
    if version.is_empty() {
        return Err(CliError::usage("a schema version cannot be empty"));
    }
    let open = ledger.attempt.as_ref().filter(|attempt| attempt.status == AttemptStatus::Open);
    if let Some(attempt) = open {
        return Err(CliError::failure(format!("a migration of `{name}` to {} is in progress", attempt.to))
            .because_of("its result decides which version the schema has")
            .hint(format!("wait until it has ended: tidegate status {name}")));
    }
    Ok(AcceptedCommand {
        command: OperatorCommand::RecordSchema { version: version.clone() },
        consequence: format!("the database is tagged with schema version {version}; the next plan uses it"),
    })
}
