//! Checks from outside: what a URL answers to somebody who follows no redirect.

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::error::Access;
use super::operation::Operation;
use super::session::Session;
use crate::cloud::{CloudError, Family, Kind};

/// One request. The header goes where the caller says; a redirect is an answer, not a way on.
pub(super) async fn probe(
    session: &Session,
    url: &Url,
    header: Option<(&str, &SecretString)>,
) -> Result<u16, CloudError> {
    let mut shown = url.clone();
    // Neither can fail on a URL with a host, and one without has no credentials.
    let _ = shown.set_username("").and_then(|()| shown.set_password(None));
    let resource = format!("{shown}{}", if header.is_some() { " with the header" } else { "" });
    let secret = header.map(|(_, value)| value.expose_secret());
    let hidden: Vec<&str> = secret.into_iter().collect();
    let operation = Operation::new("http:GET", Family::Probe, &resource).hiding(&hidden);
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(operation.error(Kind::Invalid, "only `http` and `https` URLs with a host can be asked"));
    }
    session.calls.admit(operation, Access::Read).await?;
    session.calls.counts.add("http:GET", 1);
    let headers: Vec<(&str, &str)> =
        header.iter().map(|(name, value)| (*name, value.expose_secret())).collect();
    let reply = session.http.send("GET", url.as_str(), &headers, false).await;
    reply.map(|reply| reply.status).map_err(|why| operation.error(Kind::Unavailable, why))
}
