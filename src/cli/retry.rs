//! `retry`: what failed and is held is tried once more.

use super::error::{CliError, Exit};
use super::operator_request::{self, AcceptedCommand, RequestArgs};
use crate::config::Settings;
use crate::model::EnvironmentName;
use crate::plan::{BlockedReason, Plan};
use crate::store::journal::OperatorCommand;

/// Retry what has failed: a migration, or a service that did not come up
///
/// A failed migration runs again only after this command, or for a newer version in git.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    request: RequestArgs,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    operator_request::submit(&args.request, settings, "retry", |preview| {
        check(&preview.spec.name, &preview.preview.plan)
    })
}

/// Whether something has failed that can be tried again, and what a retry does.
fn check(name: &EnvironmentName, plan: &Plan) -> Result<AcceptedCommand, CliError> {
    let failed = plan.blocked.iter().map(|blocked| blocked.reason).find(|reason| {
        reason.is_hold()
            || matches!(reason, BlockedReason::Aborted | BlockedReason::GivenUp | BlockedReason::Contested)
    });
    let consequence = match failed {
        Some(BlockedReason::MigrationFailed) => "the migration runs once more, as a new attempt",
        Some(BlockedReason::OutcomeUnknown) => {
            "the migration runs once more, as a new attempt; make sure that the task of the lost attempt has ended"
        }
        Some(BlockedReason::StartFailed) => "tidegate starts the service that did not come up once more",
        Some(BlockedReason::Aborted | BlockedReason::GivenUp) => "the release that was given up begins again",
        Some(_) => "tidegate sets the contested field once more",
        None => {
            return Err(CliError::failure(format!(
                "nothing has failed in `{name}`, so there is nothing to retry"
            ))
            .hint(format!("see what tidegate would do, and what blocks it: tidegate plan {name}")));
        }
    };
    Ok(AcceptedCommand { command: OperatorCommand::Retry, consequence: consequence.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::plan_that_ends_on;

    #[test]
    fn only_what_failed_is_retried() {
        let name = "production".into();
        for (blocked, retried) in [
            (vec![], false),
            (vec![BlockedReason::ImageMissing], false),
            (vec![BlockedReason::MigrationFailed], true),
            (vec![BlockedReason::Unreadable, BlockedReason::StartFailed], true),
            (vec![BlockedReason::Aborted], true),
            (vec![BlockedReason::GivenUp], true),
        ] {
            assert_eq!(check(&name, &plan_that_ends_on(&blocked, &[])).is_ok(), retried, "{blocked:?}");
        }
    }
}
