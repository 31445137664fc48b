//! Plain HTTP for registries other than ECR and for checks from outside. Redirects are not followed.

use std::time::Duration;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, proxy::ProxyConfig};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

const CONNECT_MAX: Duration = Duration::from_secs(3);
/// The time from the request to the end of the answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// A longer answer is neither a manifest nor a list of tags, and is an error.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const USER_AGENT: &str = concat!("tidegate/", env!("CARGO_PKG_VERSION"));

/// Keeps connections open, and honours `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Debug)]
pub(super) struct Http(Connector);

/// An answer, whatever its status.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Reply {
    /// A header; names are compared without case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Http {
    pub(super) fn new() -> Self {
        let settings =
            HttpConnectorSettings::builder().connect_timeout(CONNECT_MAX).read_timeout(ANSWER_MAX).build();
        let connector = Connector::builder()
            .connector_settings(settings)
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        Self(connector.build())
    }

    /// Sends a request without a body. The body of the answer is read only if `wants_body`.
    ///
    /// # Errors
    /// The reason why no answer came.
    pub(super) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        wants_body: bool,
    ) -> Result<Reply, String> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method(method).map_err(|error| error.to_string())?;
        request.set_uri(url.to_owned()).map_err(|error| error.to_string())?;
        let own = [("user-agent", USER_AGENT), ("accept-encoding", "identity")];
        for (name, value) in own.iter().chain(headers) {
            let put = request.headers_mut().try_insert((*name).to_owned(), (*value).to_owned());
            // The value may be the bypass secret, so it is not shown.
            put.map_err(|_| format!("`{name}` cannot be sent as a header"))?;
        }
        let answer = async {
            let answer = self.0.call(request).await.map_err(|error| chain(&error))?;
            let status = answer.status().as_u16();
            let pairs = answer.headers().iter();
            let headers = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let body = if wants_body { read(answer.into_body()).await? } else { Vec::new() };
            Ok(Reply { status, headers, body })
        };
        let late = |_| format!("no answer within {} s", ANSWER_MAX.as_secs());
        tokio::time::timeout(ANSWER_MAX, answer).await.map_err(late)?
    }
}

async fn read(body: SdkBody) -> Result<Vec<u8>, String> {
    let (mut stream, mut bytes) = (ByteStream::new(body), Vec::new());
    while let Some(chunk) = stream.next().await {
        bytes.extend(chunk.map_err(|error| error.to_string())?);
        if bytes.len() > BODY_BYTES_MAX {
            return Err("the answer is too long".to_owned());
        }
    }
    Ok(bytes)
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let links = std::iter::successors(Some(error), |error| error.source());
    links.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
