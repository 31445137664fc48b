//! Starting and stopping the database. Both watch its state, also when someone else changed it.

use std::time::Duration;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{CloudError, Database, DatabaseStatus, Kind};
use crate::store::journal::Event;

/// Minutes as a rule; hours when RDS has to bring a large volume back.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StartInstance.html>
const START_MAX: Duration = Duration::from_secs(2 * 3600);
/// Minutes; longer when it first finishes a backup.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const STOP_MAX: Duration = Duration::from_secs(3600);

/// How often RDS may refuse a call that the status allows: over a minute and a half, in which old answers of its
/// listing have passed.
pub(super) const REFUSALS_MAX: u32 = 10;

/// Brings the database to `available`.
pub(super) async fn start(context: &ActionContext<'_>, id: &str) -> Result<(), ActionError> {
    let target = context.database()?;
    let mut wait = context.wait(id, format!("`{}` to be available", target.identifier()), START_MAX);
    let mut refusals = Refusals::default();
    loop {
        let seen = look(context).await?;
        match seen.status {
            DatabaseStatus::Available => return Ok(()),
            DatabaseStatus::Stopped => {
                refusals.take(context.write(|| context.cloud.start_database(target)).await)?;
            }
            DatabaseStatus::Broken(ref word) => return Err(broken(target.identifier(), word)),
            DatabaseStatus::Starting | DatabaseStatus::Stopping | DatabaseStatus::Busy(_) => {}
        }
        wait.pause(&seen.status.to_string()).await?;
    }
}

/// Brings the database to `stopped`. If someone starts it while it is stopping, this gives up and
/// tidegate plans again: tasks may have started with it, and only a plan looks for them.
pub(super) async fn stop(context: &ActionContext<'_>, id: &str) -> Result<(), ActionError> {
    let target = context.database()?;
    let mut wait = context.wait(id, format!("`{}` to be stopped", target.identifier()), STOP_MAX);
    let (mut was_stopping, mut refusals) = (false, Refusals::default());
    loop {
        let seen = look(context).await?;
        match seen.status {
            DatabaseStatus::Stopped => {
                context.record(Event::DatabaseStopped { resource_id: seen.resource_id })?;
                return Ok(());
            }
            DatabaseStatus::Starting | DatabaseStatus::Available if was_stopping => {
                return Err(ActionError::Again(format!(
                    "`{}` was started outside tidegate while it was stopping",
                    seen.identifier
                )));
            }
            DatabaseStatus::Available => {
                if let Some(why) = seen.unstoppable {
                    return Err(ActionError::refused(format!(
                        "`{}` cannot be stopped: {why}",
                        seen.identifier
                    )));
                }
                refusals.take(context.write(|| context.cloud.stop_database(target)).await)?;
            }
            DatabaseStatus::Broken(ref word) => return Err(broken(target.identifier(), word)),
            DatabaseStatus::Stopping => was_stopping = true,
            DatabaseStatus::Starting | DatabaseStatus::Busy(_) => {}
        }
        wait.pause(&seen.status.to_string()).await?;
    }
}

pub(super) async fn look(context: &ActionContext<'_>) -> Result<Database, ActionError> {
    let target = context.database()?;
    let found = context.read(|| context.cloud.database(target)).await?;
    found
        .ok_or_else(|| ActionError::refused(format!("the database `{}` does not exist", target.identifier())))
}

/// Refusals in a state that allows the call. The database may have changed its state between the read and the call, so
/// the next read decides; a refusal that stays is the answer.
#[derive(Default)]
struct Refusals(u32);

impl Refusals {
    fn take(&mut self, answer: Result<(), ActionError>) -> Result<(), ActionError> {
        match answer {
            Err(ActionError::Cloud(CloudError { kind: Kind::InvalidState, .. })) if self.0 < REFUSALS_MAX => {
                self.0 += 1;
                Ok(())
            }
            answer => answer,
        }
    }
}

pub(super) fn broken(identifier: &str, word: &str) -> ActionError {
    ActionError::refused(format!(
        "`{identifier}` is {word}; an operator has to look at it in the RDS console"
    ))
}
