//! A plain request to loopback: for what the emulators are told, and for asking them what users would see.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// An answer.
pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// Sends one request and reads the answer to its end. `base` = `http://127.0.0.1:PORT`.
pub fn request(base: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let address = base.strip_prefix("http://").expect("loopback");
    let mut stream = TcpStream::connect(address).unwrap();
    let mut lines = vec![format!("{method} {path} HTTP/1.1"), "Connection: close".to_owned()];
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        lines.push(format!("Host: {address}"));
    }
    lines.push("Content-Type: application/json".to_owned());
    lines.push(format!("Content-Length: {}", body.len()));
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    write!(stream, "{}\r\n\r\n{body}", lines.join("\r\n")).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Reply { status, body: body.to_owned() }
}

/// Tells an emulator something; it has to like it.
pub fn tell(base: &str, path: &str, value: &Value) {
    let reply = request(base, "POST", path, &[], &value.to_string());
    assert!(reply.status < 300, "{path}: {} {}", reply.status, reply.body);
}
