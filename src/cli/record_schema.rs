//! `record-schema`: an operator says which version the database's schema has.

use std::collections::BTreeSet;

use super::error::{CliError, Exit};
use super::operator_request::{self, AcceptedCommand, RequestArgs};
use super::preview;
use crate::config::Settings;
use crate::model::{EnvironmentName, Version};
use crate::report::status;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{AttemptStatus, Ledger, OperatorCommand};

/// Record the version of the database's schema by hand
///
/// Use it when tidegate sees a database for the first time and cannot read the version, and after a person has
/// changed or restored the schema. tidegate writes the version to a tag of the database and plans from it.
///
/// A version that does not look like one of this environment is refused: it may be a typing error. Until the request
/// has been carried out, the same command with another version replaces it.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// The version that the schema has now
    // Not `version`: that is the name of clap's own flag.
    #[arg(value_name = "VERSION")]
    recorded: String,
    /// Record the version although it is written unlike every version known here
    #[arg(long)]
    as_written: bool,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let version = Version::new(args.recorded.trim());
    operator_request::submit(&args.request, settings, "record the schema of", |preview| {
        let accepted = check(&preview.spec, &preview.preview.ledger, &version)?;
        let known = status::known_versions(&preview::status_view(preview));
        match is_unlike(&version, &known) && !args.as_written {
            false => Ok(accepted),
            true => Err(doubted(&preview.spec.name, &version, &known)),
        }
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
        consequence: format!(
            "the next run tags the database with schema version {version}, and plans from it; until then, \
             `record-schema` with another version replaces this request"
        ),
    })
}

/// Whether a version may be a typing error: it is written unlike every version known here.
fn is_unlike(version: &Version, known: &BTreeSet<Version>) -> bool {
    !known.is_empty() && known.iter().all(|other| form(other) != form(version))
}

/// What makes two versions look alike: the letter before the number, and whether they have an order. Versions without
/// one (`nightly`, `hotfix-poolSize`) are alike up to their first separator.
fn form(version: &Version) -> (bool, bool, &str) {
    let text = version.as_str();
    match version.is_ordered() {
        true => (true, text.starts_with('v'), ""),
        false => (false, false, text.split(['-', '_', '.']).next().unwrap_or(text)),
    }
}

fn doubted(name: &EnvironmentName, version: &Version, known: &BTreeSet<Version>) -> CliError {
    let known: Vec<&str> = known.iter().map(Version::as_str).collect();
    CliError::failure(format!("`{version}` is written unlike every version known here; nothing was requested"))
        .because_of(format!("`{name}` knows {}", known.join(", ")))
        .hint("give the version as its images are tagged")
        .hint(format!(
            "if the schema really has this version: tidegate record-schema {name} {version} --as-written --reason \"…\""
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_doubted_and_a_version_of_this_environment_is_not() {
        let numbered = ["v1.1.0", "v1.2.0"].as_slice();
        for (known, version, is_doubted) in [
            (numbered, "v1.1.0", false),
            (numbered, "v1.1.7", false),
            (numbered, "v0.9.0", false),
            (numbered, "1.1.0", true),
            (numbered, "9.9.9", true),
            (numbered, "v9.9.9", false),
            (numbered, "v1.20", true),
            (numbered, "V1.1.0", true),
            (numbered, "v1.2.0-hotfix", false),
            (numbered, "nightly", true),
            (numbered, "v1.1.O", true),
            (&["1.1.0"], "1.0.0", false),
            (&["1.1.0"], "v1.1.0", true),
            (&["hotfix-pool"], "hotfix-queue", false),
            (&["hotfix-pool"], "v1.0.0", true),
            (&["v1.0.0", "nightly"], "nightly", false),
            (&[], "anything", false),
        ] {
            let known = known.iter().map(|text| Version::from(*text)).collect();
            assert_eq!(is_unlike(&version.into(), &known), is_doubted, "{version} among {known:?}");
        }
    }
}
