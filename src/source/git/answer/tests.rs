//! Each answer is given by a real server on this machine, so that the words are those that libgit2 really uses.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use crate::source::fixture::Repo;
use crate::source::{
    Credentials, GitSource, LocalFault, LocalRepoSource, RemoteFault, RemoteUrl, Source, SourceError,
    TIMEOUT_DEFAULT,
};

/// A server that gives every request the same bytes, until it is asked for `/END`.
struct Server {
    address: String,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answer = answer.replace("HERE", &address);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let Some(Ok(first)) = lines.next() else { continue };
                if first.contains("/END") {
                    return;
                }
                while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                // A client may hang up before it has read everything.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { address, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(&self.address) {
            let _ = stream.write_all(b"GET /END HTTP/1.1\r\n\r\n");
        }
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn poll(url: &str) -> SourceError {
    let url = RemoteUrl::new(url);
    let mut source =
        GitSource::new(url, None, "environments", None, Credentials::default(), TIMEOUT_DEFAULT).unwrap();
    source.poll().unwrap_err()
}

fn fault(error: &SourceError) -> RemoteFault {
    match error {
        SourceError::Remote { fault, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

const SMART: &str = "Content-Type: application/x-git-upload-pack-advertisement\r\n";

#[test]
fn every_answer_of_an_http_host_is_named() {
    use RemoteFault::*;
    let packet = |text: &str| format!("{:04x}{text}", text.len() + 4);
    let service = packet("# service=git-upload-pack\n") + "0000";
    let cases: Vec<(String, RemoteFault)> = vec![
        (answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""), CredentialsMissing),
        (answer("401 Unauthorized", "WWW-Authenticate: Bearer\r\n", ""), CredentialsMissing),
        (answer("403 Forbidden", "Content-Type: text/html\r\n", "<html>sign in"), Forbidden),
        (answer("451 Unavailable For Legal Reasons", "", ""), Forbidden),
        (answer("404 Not Found", "", ""), NotFound),
        (answer("410 Gone", "", ""), NotFound),
        (answer("407 Proxy", "Proxy-Authenticate: Basic realm=\"x\"\r\n", ""), ProxyRefused),
        (answer("407 Proxy", "", ""), ProxyRefused),
        (answer("429 Too Many Requests", "", ""), TooManyRequests),
        (answer("500 Internal Server Error", "", ""), HostFailing),
        (answer("502 Bad Gateway", "Content-Type: text/html\r\n", "<html>"), HostFailing),
        (answer("503 Service Unavailable", "", ""), HostFailing),
        (answer("400 Bad Request", "", ""), NotGit),
        (answer("302 Found", "Location: http://HERE/login\r\n", ""), Redirected),
        (answer("302 Found", "", ""), Redirected),
        (answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", "<html>sign in"), WebPage),
        (answer("200 OK", "Content-Type: text/html\r\n", "<html>"), WebPage),
        (answer("200 OK", "Content-Type: text/plain\r\n", "0123 refs/heads/main"), PlainFiles),
        (answer("200 OK", "Content-Type: application/json\r\n", "{}"), NotGit),
        (answer("200 OK", "", "hello"), NotGit),
        (answer("200 OK", SMART, "hello world"), NotGit),
        (answer("200 OK", SMART, &(service.clone() + &packet("ERR Repository not found"))), NotFound),
        (answer("200 OK", SMART, &(service.clone() + &packet("ERR access denied"))), Forbidden),
        (answer("200 OK", SMART, &(service.clone() + &packet("ERR rate limit exceeded"))), TooManyRequests),
        (
            answer(
                "200 OK",
                SMART,
                &(service
                    + &packet(&format!("{} HEAD\0object-format=sha256 agent=git/2\n", "a".repeat(64)))
                    + "0000"),
            ),
            ObjectFormat,
        ),
        (answer("200 OK", SMART, ""), ConnectionLost),
        ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n".to_owned(), ConnectionLost),
        ("SSH-2.0-OpenSSH_9.2p1\r\n".to_owned(), NotGit),
    ];
    let mut wrong = Vec::new();
    for (given, expected) in cases {
        let server = Server::answering(&given);
        let error = poll(&format!("http://{}/team/deploy.git", server.address));
        if fault(&error) != expected {
            wrong.push(format!("{expected:?}: {error}\n{given}"));
        }
        assert!(error.to_string().contains(expected.meaning()) || !wrong.is_empty(), "{error}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn a_host_that_is_away_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(fault(&poll(&format!("http://127.0.0.1:{port}/x"))), RemoteFault::NotConnected);
    for (url, expected) in [
        ("http://no-such-host.invalid/x", RemoteFault::NameNotFound),
        ("svn://127.0.0.1/x", RemoteFault::UnknownScheme),
    ] {
        let error = poll(url);
        assert_eq!(fault(&error), expected, "{error:?}");
    }
}

#[cfg(feature = "remotes")]
#[test]
fn a_port_without_tls_and_a_port_without_ssh_are_named() {
    // An HTTP server answers the first bytes of TLS, which end with no line, before it has read a request.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").unwrap();
            // Read once, so that closing does not reset the answer away.
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
        }
    });
    assert_eq!(fault(&poll(&format!("https://{address}/x"))), RemoteFault::NotTls);
    let error = poll(&format!("ssh://git@{address}/x"));
    assert!(matches!(fault(&error), RemoteFault::NotGit | RemoteFault::ConnectionLost), "{error}");
    thread.join().unwrap();
}

#[test]
fn only_an_answer_of_the_network_sends_anyone_to_look_at_the_network() {
    for fault in RemoteFault::ALL {
        let speaks_of_it = fault.hint().contains("network") || fault.hint().contains("firewall");
        let is_of_it = matches!(fault, RemoteFault::NotConnected | RemoteFault::ConnectionLost);
        assert_eq!(speaks_of_it, is_of_it, "{fault:?}");
        assert_eq!(fault.may_pass(), fault.hint().contains("the next poll retries"), "{fault:?}");
    }
}

fn configured(lines: &str) -> SourceError {
    let repo = Repo::new();
    repo.commit("main", &[("environments/dev.yaml", "one")]);
    let config = repo.path().join(".git/config");
    std::fs::write(&config, lines).unwrap();
    open_local(repo.path())
}

fn open_local(path: &Path) -> SourceError {
    LocalRepoSource::new(path.to_owned(), None, "environments").unwrap().poll().unwrap_err()
}

#[test]
fn every_format_of_a_local_repository_that_cannot_be_read_is_named() {
    for lines in [
        "[core]\n repositoryformatversion = 1\n[extensions]\n objectformat = sha256\n",
        "[core]\n repositoryformatversion = 1\n[extensions]\n refstorage = reftable\n",
        "[core]\n repositoryformatversion = 1\n[extensions]\n compatobjectformat = sha256\n",
        "[core]\n repositoryformatversion = 2\n",
    ] {
        match configured(lines) {
            SourceError::Git { fault: LocalFault::Format, .. } => {}
            other => panic!("{lines}: {other} ({other:?})"),
        }
    }
    match configured("[core\n") {
        SourceError::Git { fault: LocalFault::Configuration, .. } => {}
        other => panic!("{other} ({other:?})"),
    }
}

#[test]
fn objects_that_a_partial_clone_left_out_are_named() {
    let repo = Repo::new();
    repo.commit("main", &[("environments/dev.yaml", "one")]);
    let blob = repo.git.blob(b"one").unwrap().to_string();
    std::fs::remove_file(repo.path().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    match open_local(repo.path()) {
        SourceError::Git { fault: LocalFault::ObjectMissing, .. } => {}
        other => panic!("{other} ({other:?})"),
    }
}
