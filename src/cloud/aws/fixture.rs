//! A server on this machine that answers as the test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Allowed, Aws, AwsRegion, Counts, Endpoint, Rates};
use crate::clock::SystemClock;

pub(super) const ACCOUNT: &str = "592217263685";
pub(super) const REGION: &str = "eu-central-2";

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// `DescribeServices` of the JSON protocol, `Action=` of the query protocol, else method and path.
    pub(super) fn operation(&self) -> String {
        if let Some(target) = self.header("x-amz-target") {
            return target.rsplit('.').next().unwrap_or_default().to_owned();
        }
        match self.parameter("Action") {
            Some(action) => action,
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// A parameter of the query protocol.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The server's reaction to a request.
pub(super) enum Reply {
    /// Answers.
    Say { status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    /// Hangs up without an answer.
    HangUp,
}

/// A success.
pub(super) fn ok(body: impl ToString) -> Reply {
    say(200, body)
}

pub(super) fn say(status: u16, body: impl ToString) -> Reply {
    Reply::Say { status, headers: Vec::new(), body: body.to_string().into_bytes() }
}

/// A success of an XML protocol; `etag` is sent as a header.
pub(super) fn tagged(etag: &str, body: impl ToString) -> Reply {
    let headers = vec![("etag", etag.to_owned())];
    Reply::Say { status: 200, headers, body: body.to_string().into_bytes() }
}

/// A success of the CBOR protocol.
pub(super) fn cbor(body: Vec<u8>) -> Reply {
    let headers =
        [("smithy-protocol", "rpc-v2-cbor".to_owned()), ("content-type", "application/cbor".to_owned())];
    Reply::Say { status: 200, headers: headers.into(), body }
}

/// A refusal of the JSON protocol.
pub(super) fn refuse(code: &str, message: &str) -> Reply {
    say(400, serde_json::json!({"__type": code, "message": message}))
}

/// A refusal of the XML protocols.
pub(super) fn refuse_xml(status: u16, code: &str) -> Reply {
    let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error>");
    say(status, format!("<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>"))
}

type Answer = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

pub(super) struct Server {
    pub(super) url: String,
    pub(super) counts: Counts,
    region: AwsRegion,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::allowing(Allowed::default(), answer).await
    }

    pub(super) async fn allowing(
        allowed: Allowed,
        answer: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (answer, requests): (Arc<Answer>, _) = (Arc::new(Box::new(answer)), Arc::default());
        tokio::spawn(serve(listener, answer, Arc::clone(&requests)));
        let (region, counts) = region(&url, Rates::share(1.0), allowed);
        Self { url, counts, region, requests }
    }

    /// The ports, as they see this server.
    pub(super) fn cloud(&self) -> &AwsRegion {
        &self.region
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(super) fn operations(&self) -> Vec<String> {
        self.requests().iter().map(Request::operation).collect()
    }
}

/// Ports that send everything to `url`.
pub(super) fn region(url: &str, rates: Rates, allowed: Allowed) -> (AwsRegion, Counts) {
    let endpoint = Endpoint {
        url: url.to_owned(),
        access_key_id: "AKIATEST".to_owned(),
        secret_access_key: "secret".to_owned().into(),
    };
    let aws = Aws::at(endpoint, Arc::new(SystemClock), rates, allowed);
    (aws.region(ACCOUNT, REGION, None), aws.counts())
}

async fn serve(listener: TcpListener, answer: Arc<Answer>, requests: Arc<Mutex<Vec<Request>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(converse(stream, Arc::clone(&answer), Arc::clone(&requests)));
    }
}

async fn converse(mut stream: TcpStream, answer: Arc<Answer>, requests: Arc<Mutex<Vec<Request>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = next(&mut stream, &mut buffer).await {
        let reply = answer(&request);
        let is_head = request.method == "HEAD";
        requests.lock().unwrap().push(request);
        let Reply::Say { status, headers, body } = reply else { return };
        let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        let mut answer = text.into_bytes();
        if !is_head {
            answer.extend(body);
        }
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

async fn next(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break buffer.drain(..end + 4).collect::<Vec<u8>>();
        }
        read(stream, buffer).await?;
    };
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < length {
        read(stream, buffer).await?;
    }
    let body = String::from_utf8_lossy(&buffer.drain(..length).collect::<Vec<u8>>()).into_owned();
    Some(Request { method, path, headers, body })
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let mut chunk = [0; 4096];
    match stream.read(&mut chunk).await {
        Ok(0) | Err(_) => None,
        Ok(length) => {
            buffer.extend(&chunk[..length]);
            Some(())
        }
    }
}
