//! Every request to AWS passes through here: it waits for its token, is counted, and its failure gets a meaning.
//!
//! A request is boxed before anything else: the SDK's futures are large, an observation asks for many things side
//! by side, and a thread's stack has two megabytes.
//!
//! Nothing here repeats a call. The SDK's clients for reading repeat reads a few times. A write is repeated by the
//! room that asked for it, after it has looked whether the first one was carried out.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::budget::{Budget, spread};
use super::count::Counts;
use super::error::Access;
use super::failed::Failed;
use super::operation::Operation;
use super::refusal::KnownRefusal;
use super::trace::Trace;
use crate::clock::Clock;
use crate::cloud::{CloudError, Family, Kind, Valve};

/// A read waits for its token; a longer wait means that the rates are wrong.
const READ_WAIT_MAX: Duration = Duration::from_secs(60);
/// A write does not queue: its lease was checked just now, and must not grow old.
const WRITE_WAIT_MAX: Duration = Duration::from_millis(500);

/// Shared by all calls of one account and region.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) clock: Arc<dyn Clock>,
    /// Of the account in this region.
    pub(super) budget: Arc<Budget>,
    /// Of the account, for services without a region.
    pub(super) global: Arc<Budget>,
    pub(super) counts: Counts,
    /// Of the account and role.
    pub(super) refusal: Arc<KnownRefusal>,
    /// Of the process.
    pub(super) valve: Valve,
}

type Response<T, E> = Result<T, SdkError<E, HttpResponse>>;

// `request` is always what `traced!` makes.
impl Calls {
    /// Reads.
    pub(super) async fn read<T, E, R>(
        &self,
        operation: Operation<'_>,
        request: impl FnOnce(Trace) -> R,
    ) -> Result<T, CloudError>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        Ok(self.send(operation, Access::Read, &Trace::default(), request).await?)
    }

    /// Reads something that may not exist: an answer with one of these codes says that it does not.
    pub(super) async fn read_if<T, E, R>(
        &self,
        operation: Operation<'_>,
        absent: &[&str],
        request: impl FnOnce(Trace) -> R,
    ) -> Result<Option<T>, CloudError>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        match self.send(operation, Access::Read, &Trace::default(), request).await {
            Ok(answer) => Ok(Some(answer)),
            Err(failed) if failed.is(absent) => Ok(None),
            Err(failed) => Err(failed.error),
        }
    }

    /// Reads, and returns the answer's body as it came, too.
    pub(super) async fn read_raw<T, E, R>(
        &self,
        operation: Operation<'_>,
        request: impl FnOnce(Trace) -> R,
    ) -> Result<(T, Vec<u8>), CloudError>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let trace = Trace::keeping_body();
        let answer = self.send(operation, Access::Read, &trace, request).await?;
        Ok((answer, trace.take_body()))
    }

    /// Reads, and returns a header of the answer, even when the answer is a refusal.
    pub(super) async fn read_header<T, E, R>(
        &self,
        operation: Operation<'_>,
        name: &'static str,
        request: impl FnOnce(Trace) -> R,
    ) -> (Result<T, Failed>, Option<String>)
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let trace = Trace::keeping_header(name);
        let answer = self.send(operation, Access::Read, &trace, request).await;
        (answer, trace.take_header())
    }

    /// Writes.
    pub(super) async fn write<T, E, R>(
        &self,
        operation: Operation<'_>,
        request: impl FnOnce(Trace) -> R,
    ) -> Result<T, Failed>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        self.send(operation, Access::Write, &Trace::default(), request).await
    }

    /// Writes, and returns a header of the answer, too.
    pub(super) async fn write_header<T, E, R>(
        &self,
        operation: Operation<'_>,
        name: &'static str,
        request: impl FnOnce(Trace) -> R,
    ) -> Result<(T, Option<String>), CloudError>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let trace = Trace::keeping_header(name);
        let answer = self.send(operation, Access::Write, &trace, request).await?;
        Ok((answer, trace.take_header()))
    }

    /// Writes with this body instead of the one that the SDK made; returns the answer's body, too.
    pub(super) async fn write_raw<T, E, R>(
        &self,
        operation: Operation<'_>,
        body: Vec<u8>,
        request: impl FnOnce(Trace) -> R,
    ) -> Result<(T, Vec<u8>), CloudError>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let trace = Trace::sending(body);
        let answer = self.send(operation, Access::Write, &trace, request).await?;
        Ok((answer, trace.take_body()))
    }

    /// Not `async`, so that the request is in its box before this call has a future of its own.
    fn send<T, E, R>(
        &self,
        operation: Operation<'_>,
        access: Access,
        trace: &Trace,
        request: impl FnOnce(Trace) -> R,
    ) -> impl Future<Output = Result<T, Failed>>
    where
        R: Future<Output = Response<T, E>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let request = Box::pin(request(trace.clone()));
        async move {
            if let Some(known) = self.refusal.at(self.clock.monotonic()) {
                return Err(Failed::unsent(operation.error(Kind::Credentials, known)));
            }
            self.admit(operation, access).await.map_err(Failed::unsent)?;
            let Some(passage) = self.valve.pass(access == Access::Write) else {
                // The process is about to end, and drops what waits here.
                return std::future::pending().await;
            };
            let answer = request.await;
            drop(passage);
            self.counts.add(operation.name, trace.attempts());
            answer.map_err(|error| {
                let failed = Failed::read(operation, access, &error, trace.was_sent());
                if failed.error.kind == Kind::Credentials {
                    self.refusal.note(&failed.error.message, self.clock.monotonic());
                }
                failed
            })
        }
    }

    /// Takes a token of the operation's family, and waits for it if it must.
    pub(super) async fn admit(&self, operation: Operation<'_>, access: Access) -> Result<(), CloudError> {
        let wait_max = match access {
            Access::Read => READ_WAIT_MAX,
            Access::Write => WRITE_WAIT_MAX,
        };
        let budget = if operation.family == Family::Edge { &self.global } else { &self.budget };
        match budget.take(operation.family, access, self.clock.monotonic(), wait_max) {
            Ok(Duration::ZERO) => Ok(()),
            Ok(wait) => {
                let seed = u64::from(self.clock.now().timestamp_subsec_nanos());
                self.clock.sleep(spread(wait, seed)).await;
                Ok(())
            }
            Err(_) => {
                let family = operation.family.as_str();
                let message = format!(
                    "tidegate's own rate limit for `{family}` is exhausted (see `[aws.rates]` in its configuration)"
                );
                Err(operation.error(Kind::Throttled, message))
            }
        }
    }
}
