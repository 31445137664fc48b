//! What happens to one request on its way, seen and changed from inside the SDK.
//!
//! A [`Trace`] is an interceptor of one call: the caller makes it, [`traced!`] puts a clone of it into the request,
//! and after the call the caller reads from it how many attempts went out, whether one of them had a connection,
//! and the answer's body or header. It can also send a body of our own instead of the SDK's; the body is replaced
//! before the request is signed.
//! <https://docs.rs/aws-smithy-runtime-api/latest/aws_smithy_runtime_api/client/interceptors/trait.Intercept.html>
//!
//! Why bodies pass as they are: the SDK's types know the fields of the day on which they were generated. A field
//! that they do not know is lost when a document is read into them and written back.

use std::sync::{Arc, Mutex, MutexGuard};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
    BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;

/// A request of the SDK in the form that `Calls` takes: given a trace, it is sent with it.
///
/// A macro, because the builders of different operations have no trait in common.
macro_rules! traced {
    ($request:expr) => {{
        let request = $request;
        move |trace: $crate::cloud::aws::trace::Trace| request.customize().interceptor(trace).send()
    }};
}
pub(super) use traced;

/// One call. Clones share everything that was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    options: Options,
    seen: Arc<Mutex<Seen>>,
}

/// What to change and what to keep.
#[derive(Clone, Debug, Default)]
struct Options {
    /// Sent instead of the body that the SDK wrote.
    replacement: Option<Arc<[u8]>>,
    keeps_body: bool,
    /// The header of the answer to keep.
    header_name: Option<&'static str>,
}

#[derive(Debug, Default)]
struct Seen {
    attempts: u32,
    body: Option<Vec<u8>>,
    header: Option<String>,
    /// Of the latest attempt.
    connection: Option<CaptureSmithyConnection>,
}

impl Trace {
    /// Keeps the answer's body.
    pub(super) fn keeping_body() -> Self {
        Self::with(Options { keeps_body: true, ..Options::default() })
    }

    /// Keeps this header of the answer.
    pub(super) fn keeping_header(name: &'static str) -> Self {
        Self::with(Options { header_name: Some(name), ..Options::default() })
    }

    /// Sends this body, and keeps the answer's.
    pub(super) fn sending(body: Vec<u8>) -> Self {
        Self::with(Options { replacement: Some(body.into()), keeps_body: true, ..Options::default() })
    }

    fn with(options: Options) -> Self {
        Self { options, ..Self::default() }
    }

    /// Attempts that went out, the SDK's own retries included.
    pub(super) fn attempts(&self) -> u32 {
        self.seen().attempts
    }

    /// Whether the last attempt may have reached the server: it had a connection. Without one, nothing was sent.
    pub(super) fn was_sent(&self) -> bool {
        let seen = self.seen();
        seen.attempts > 0 && seen.connection.as_ref().is_none_or(|captured| captured.get().is_some())
    }

    /// The answer's body as it came; empty when there was no answer.
    pub(super) fn take_body(&self) -> Vec<u8> {
        self.seen().body.take().unwrap_or_default()
    }

    /// The header of the answer that was to be kept.
    pub(super) fn take_header(&self) -> Option<String> {
        self.seen().header.take()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nothing panics while it notes something")
    }
}

impl Intercept for Trace {
    fn name(&self) -> &'static str {
        "tidegate"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(body) = &self.options.replacement {
            let request = context.request_mut();
            request.headers_mut().try_insert("content-length", body.len().to_string())?;
            *request.body_mut() = SdkBody::from(body.to_vec());
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut seen = self.seen();
        seen.attempts += 1;
        seen.connection = config.load::<CaptureSmithyConnection>().cloned();
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Options { replacement: _, keeps_body, header_name } = &self.options;
        let (mut seen, response) = (self.seen(), context.response());
        if *keeps_body {
            seen.body = response.body().bytes().map(<[u8]>::to_vec);
        }
        seen.header = header_name.and_then(|name| response.headers().get(name)).map(str::to_owned);
        Ok(())
    }
}
