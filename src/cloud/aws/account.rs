//! The account of the credentials.

use std::time::Duration;

use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind};

/// Credentials may change while a daemon runs for months, but not from one pass to the next.
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(super) async fn account(session: &Session) -> Result<String, CloudError> {
    let now = session.calls.clock.monotonic();
    let known = session.caches.account.get(&());
    if let Some((_, account)) = known.filter(|(at, _)| now.since(*at) < KEPT_FOR) {
        return Ok(account);
    }
    let operation = Operation::new("sts:GetCallerIdentity", Family::Secrets, "caller");
    let answer = session.calls.read(operation, traced!(session.clients.sts.get_caller_identity())).await?;
    let account =
        answer.account.ok_or_else(|| operation.error(Kind::Invalid, "the answer names no account"))?;
    session.caches.account.put((), (now, account.clone()));
    Ok(account)
}
