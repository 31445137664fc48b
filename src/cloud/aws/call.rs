//! Every request to AWS goes through here: it takes its token, is counted, and its failure gets a meaning.
//!
//! A request is boxed as soon as it comes in: the SDK's futures are large, a look at an environment asks for many
//! things side by side, and a thread's stack has two megabytes.
//!
//! Nothing here repeats a call. Reads are repeated by the SDK's clients for reading, a few times; writes by
//! whoever asked for them, who looks first.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::budget::Budget;
use super::count::Counts;
use super::error::{Call, Failure, clean, kind};
use super::trace::Trace;
use crate::clock::Clock;
use crate::cloud::Family;
use crate::cloud::{CloudError, Kind};

/// A read waits for its token; longer than this, and something is wrong with the rates.
const READ_WAIT_MAX: Duration = Duration::from_secs(60);
/// A write does not queue: whoever holds the lease has checked it just now.
const WRITE_WAIT_MAX: Duration = Duration::from_millis(500);

/// The SDK names each place where it looked, in many words.
const NO_CREDENTIALS: &str =
    "no credentials were found: not in variables, a profile, a web identity, a container or an instance";

/// What calls of one account and region share.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) clock: Arc<dyn Clock>,
    /// Of the account in this region.
    pub(super) budget: Arc<Budget>,
    /// Of the account, for what has no region.
    pub(super) global: Arc<Budget>,
    pub(super) counts: Counts,
}

/// What is asked, and about what.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    operation: &'static str,
    family: Family,
    resource: &'a str,
    secrets: &'a [&'a str],
    is_secretive: bool,
}

impl<'a> Ask<'a> {
    /// `operation` as IAM writes it: `ecs:DescribeServices`.
    pub(super) fn new(operation: &'static str, family: Family, resource: &'a str) -> Self {
        Self { operation, family, resource, secrets: &[], is_secretive: false }
    }

    /// These stand in the request: they are cut out of whatever comes back as a message.
    pub(super) fn hiding(self, secrets: &'a [&'a str]) -> Self {
        Self { secrets, ..self }
    }

    /// The request is one secret: messages about it are not shown, only their codes.
    pub(super) fn secretive(self) -> Self {
        Self { is_secretive: true, ..self }
    }

    /// An answer that is no success.
    pub(super) fn answered(
        &self,
        call: Call,
        status: u16,
        code: Option<&str>,
        said: Option<&str>,
    ) -> CloudError {
        let kind = kind(Failure::Answered { status, code }, call);
        let code = code.map_or_else(|| format!("HTTP {status}"), str::to_owned);
        let said = said.filter(|said| !self.is_secretive && !said.is_empty());
        self.error(kind, said.map_or_else(|| code.clone(), |said| format!("{code}: {said}")))
    }

    /// A failure of this call.
    pub(super) fn error(&self, kind: Kind, message: impl AsRef<str>) -> CloudError {
        let message = clean(message.as_ref(), self.secrets.iter().copied());
        CloudError::new(self.operation, self.resource, kind, message)
    }
}

type Answer<T, E> = Result<T, SdkError<E, HttpResponse>>;

/// A failure and the code that AWS gave for it.
pub(super) struct Failed {
    pub(super) error: CloudError,
    code: Option<String>,
}

impl Failed {
    /// Whether the answer had one of these codes.
    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl From<Failed> for CloudError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Calls {
    /// Reads.
    pub(super) async fn read<T, E>(
        &self,
        ask: Ask<'_>,
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<T, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        Ok(self.make(ask, Call::Read, Trace::default(), Box::pin(request)).await.0?)
    }

    /// Reads what may not be there: an answer with one of these codes says that it is not.
    pub(super) async fn read_if<T, E>(
        &self,
        ask: Ask<'_>,
        absent: &[&str],
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<Option<T>, CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match self.make(ask, Call::Read, Trace::default(), Box::pin(request)).await.0 {
            Ok(answer) => Ok(Some(answer)),
            Err(failed) if failed.is(absent) => Ok(None),
            Err(failed) => Err(failed.error),
        }
    }

    /// Reads, and gives the answer's body as it came, too.
    pub(super) async fn read_raw<T, E>(
        &self,
        ask: Ask<'_>,
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<(T, Vec<u8>), CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (answer, trace) = self.make(ask, Call::Read, Trace::keeping_body(), Box::pin(request)).await;
        Ok((answer?, trace.body.unwrap_or_default()))
    }

    /// Reads, and gives a header of the answer, whatever the answer is.
    pub(super) async fn read_header<T, E>(
        &self,
        ask: Ask<'_>,
        name: &'static str,
        request: impl Future<Output = Answer<T, E>>,
    ) -> (Result<T, Failed>, Option<String>)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (answer, trace) =
            self.make(ask, Call::Read, Trace::keeping_header(name), Box::pin(request)).await;
        (answer, trace.header)
    }

    /// Writes.
    pub(super) async fn write<T, E>(
        &self,
        ask: Ask<'_>,
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<T, Failed>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.make(ask, Call::Write, Trace::default(), Box::pin(request)).await.0
    }

    /// Writes, and gives a header of the answer.
    pub(super) async fn write_header<T, E>(
        &self,
        ask: Ask<'_>,
        name: &'static str,
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<(T, Option<String>), CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (answer, trace) =
            self.make(ask, Call::Write, Trace::keeping_header(name), Box::pin(request)).await;
        Ok((answer?, trace.header))
    }

    /// Writes with this body instead of what the SDK made of the request; gives the answer's body, too.
    pub(super) async fn write_raw<T, E>(
        &self,
        ask: Ask<'_>,
        body: Vec<u8>,
        request: impl Future<Output = Answer<T, E>>,
    ) -> Result<(T, Vec<u8>), CloudError>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let (answer, trace) = self.make(ask, Call::Write, Trace::sending(body), Box::pin(request)).await;
        Ok((answer?, trace.body.unwrap_or_default()))
    }

    async fn make<T, E>(
        &self,
        ask: Ask<'_>,
        call: Call,
        trace: Trace,
        request: impl Future<Output = Answer<T, E>>,
    ) -> (Result<T, Failed>, Trace)
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let Err(error) = self.admit(ask, call).await {
            return (Err(Failed { error, code: None }), trace);
        }
        let (answer, trace) = trace.follow(request).await;
        self.counts.add(ask.operation, trace.attempts);
        (answer.map_err(|error| explain(ask, call, &error, trace.was_sent())), trace)
    }

    /// Takes a token of the family, and waits for it if it must.
    pub(super) async fn admit(&self, ask: Ask<'_>, call: Call) -> Result<(), CloudError> {
        let wait_max = match call {
            Call::Read => READ_WAIT_MAX,
            Call::Write => WRITE_WAIT_MAX,
        };
        let budget = if ask.family == Family::Edge { &self.global } else { &self.budget };
        match budget.take(ask.family, self.clock.now(), wait_max) {
            Ok(Duration::ZERO) => Ok(()),
            Ok(wait) => {
                self.clock.sleep(wait).await;
                Ok(())
            }
            Err(_) => {
                let message = format!("our own share of `{}` requests is used up", ask.family.as_str());
                Err(ask.error(Kind::Throttled, message))
            }
        }
    }
}

/// A failure of the SDK in our words.
fn explain<E>(ask: Ask<'_>, call: Call, error: &SdkError<E, HttpResponse>, was_sent: bool) -> Failed
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let SdkError::ServiceError(answered) = error {
        let (status, code) = (answered.raw().status().as_u16(), answered.err().code());
        let said = answered.err().message();
        return Failed { error: ask.answered(call, status, code, said), code: code.map(str::to_owned) };
    }
    let credentials = links(error).find_map(|link| link.downcast_ref::<CredentialsError>());
    let failure = match (error, credentials) {
        (_, Some(error)) => of_credentials(error),
        (SdkError::ConstructionFailure(_), _) => Failure::Wrong,
        _ if was_sent => Failure::Lost,
        _ => Failure::NotSent,
    };
    let message = match credentials {
        Some(CredentialsError::CredentialsNotLoaded(_)) => NO_CREDENTIALS.to_owned(),
        _ => links(error).map(ToString::to_string).collect::<Vec<_>>().join(": "),
    };
    Failed { error: ask.error(kind(failure, call), message), code: None }
}

/// A role that may not be assumed, or no credentials at all, will not go away by asking again; an STS that
/// does not answer will.
fn of_credentials(error: &CredentialsError) -> Failure<'static> {
    type Assumed = SdkError<AssumeRoleError, HttpResponse>;
    let assumed = links(error).find_map(|link| link.downcast_ref::<Assumed>());
    match (error, assumed) {
        (CredentialsError::ProviderTimedOut(_), _) => Failure::NotSent,
        (_, Some(SdkError::ServiceError(answered))) if answered.raw().status().as_u16() < 500 => {
            Failure::NoCredentials
        }
        (_, Some(_)) => Failure::NotSent,
        (CredentialsError::ProviderError(_), None) => Failure::NotSent,
        _ => Failure::NoCredentials,
    }
}

/// An error and what is behind it.
fn links<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;

    fn kind_of(error: CredentialsError) -> (Kind, String) {
        let ask = Ask::new("sts:GetCallerIdentity", Family::Secrets, "caller");
        let error = ConnectorError::other(error.into(), None);
        let error: SdkError<GetCallerIdentityError, HttpResponse> = SdkError::dispatch_failure(error);
        let error = explain(ask, Call::Write, &error, false).error;
        (error.kind, error.message)
    }

    #[test]
    fn without_credentials_nobody_asks_again() {
        let (kind, message) = kind_of(CredentialsError::not_loaded("looked everywhere"));
        assert_eq!((kind, message.as_str()), (Kind::AccessDenied, NO_CREDENTIALS));
        assert_eq!(kind_of(CredentialsError::invalid_configuration("x")).0, Kind::AccessDenied);
        let late = CredentialsError::provider_timed_out(Duration::from_secs(5));
        assert_eq!(kind_of(late).0, Kind::Unavailable);
        assert_eq!(kind_of(CredentialsError::provider_error("STS is away")).0, Kind::Unavailable);
    }
}
