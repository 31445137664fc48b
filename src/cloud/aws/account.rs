//! Whose credentials these are.

use chrono::TimeDelta;

use super::call::Ask;
use super::session::Session;
use crate::cloud::Family;
use crate::cloud::{CloudError, Kind};

/// Credentials may be replaced under a daemon that runs for months, but not from one pass to the next.
const KNOWN_FOR: TimeDelta = TimeDelta::minutes(10);

/// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>
pub(super) async fn account(session: &Session) -> Result<String, CloudError> {
    let now = session.calls.clock.now();
    let known = session.known.account.get(&());
    if let Some((_, account)) = known.filter(|(at, _)| *at <= now && now - *at < KNOWN_FOR) {
        return Ok(account);
    }
    let ask = Ask::new("sts:GetCallerIdentity", Family::Secrets, "caller");
    let answer = session.calls.read(ask, session.clients.sts.get_caller_identity().send()).await?;
    let account = answer.account.ok_or_else(|| ask.error(Kind::Invalid, "the answer names no account"))?;
    session.known.account.put((), (now, account.clone()));
    Ok(account)
}
