//! What happens to a request on its way, seen and changed from inside the SDK.
//!
//! One interceptor stands in every client. What it does for a call, and what it saw, is in a value of the task
//! that makes the call: how many attempts went out, whether one of them had a connection, a body to send
//! instead of the SDK's, a copy of the answer's body. The body is replaced before it is signed.
//! <https://docs.rs/aws-smithy-runtime-api/latest/aws_smithy_runtime_api/client/interceptors/trait.Intercept.html>
//!
//! Why bodies as they are: the SDK's types know the fields of the day on which they were generated. What they
//! do not know is lost when a document is read into them and written back.

use std::cell::RefCell;
use std::future::Future;

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

tokio::task_local! {
    static TRACE: RefCell<Trace>;
}

/// One call.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Sent instead of what the SDK wrote.
    replacement: Option<Vec<u8>>,
    /// Whether the answer's body is to be kept.
    keeps_body: bool,
    /// A header of the answer to keep.
    header_name: Option<&'static str>,
    /// Attempts that went out.
    pub(super) attempts: u32,
    /// The answer's body as it came.
    pub(super) body: Option<Vec<u8>>,
    /// The wanted header of the answer.
    pub(super) header: Option<String>,
    connection: Option<CaptureSmithyConnection>,
}

impl Trace {
    /// Keeps the answer's body.
    pub(super) fn keeping_body() -> Self {
        Self { keeps_body: true, ..Self::default() }
    }

    /// Keeps a header of the answer.
    pub(super) fn keeping_header(name: &'static str) -> Self {
        Self { header_name: Some(name), ..Self::default() }
    }

    /// Sends this body, and keeps the answer's.
    pub(super) fn sending(body: Vec<u8>) -> Self {
        Self { replacement: Some(body), keeps_body: true, ..Self::default() }
    }

    /// Runs a call under this trace, and gives back what was seen.
    pub(super) async fn follow<F: Future>(self, call: F) -> (F::Output, Trace) {
        TRACE
            .scope(RefCell::new(self), async {
                let output = call.await;
                (output, TRACE.with(RefCell::take))
            })
            .await
    }

    /// Whether the last attempt may have reached the server: it had a connection. Nothing was sent without.
    pub(super) fn was_sent(&self) -> bool {
        self.attempts > 0 && self.connection.as_ref().is_none_or(|captured| captured.get().is_some())
    }
}

/// Stands in every client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracer;

impl Intercept for Tracer {
    fn name(&self) -> &'static str {
        "tidegate"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let replacement = TRACE.try_with(|trace| trace.borrow().replacement.clone()).ok().flatten();
        if let Some(body) = replacement {
            let request = context.request_mut();
            request.headers_mut().try_insert("content-length", body.len().to_string())?;
            *request.body_mut() = SdkBody::from(body);
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Outside a trace (a client nobody wrapped) there is nothing to note.
        let _ = TRACE.try_with(|trace| {
            let mut trace = trace.borrow_mut();
            trace.attempts += 1;
            trace.connection = config.load::<CaptureSmithyConnection>().cloned();
        });
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let _ = TRACE.try_with(|trace| {
            let (mut trace, response) = (trace.borrow_mut(), context.response());
            if trace.keeps_body {
                trace.body = response.body().bytes().map(<[u8]>::to_vec);
            }
            trace.header = trace.header_name.and_then(|name| response.headers().get(name)).map(str::to_owned);
        });
        Ok(())
    }
}
