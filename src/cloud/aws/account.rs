//! Whose credentials these are.

use chrono::TimeDelta;

use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind};

/// Credentials may be replaced under a daemon that runs for months, but not from one pass to the next.
const KNOWN_FOR: TimeDelta = TimeDelta::minutes(10);

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(super) async fn account(session: &Session) -> Result<String, CloudError> {
    let now = session.calls.clock.now();
    let known = session.caches.account.get(&());
    if let Some((_, account)) = known.filter(|(at, _)| *at <= now && now - *at < KNOWN_FOR) {
        return Ok(account);
    }
    let operation = Operation::new("sts:GetCallerIdentity", Family::Secrets, "caller");
    let answer = session.calls.read(operation, traced!(session.clients.sts.get_caller_identity())).await?;
    let account =
        answer.account.ok_or_else(|| operation.error(Kind::Invalid, "the answer names no account"))?;
    session.caches.account.put((), (now, account.clone()));
    Ok(account)
}
