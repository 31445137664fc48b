//! Signals while AWS accepts connections and never answers: the process ends by itself, and soon.
//!
//! Without that, each request would take its own timeouts, and the retries of each take minutes. The bound is generous
//! for a busy machine, and far below those minutes.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::rig::program_on_aws;

const SOON: Duration = Duration::from_secs(60);

/// A server that accepts, and keeps every connection open in silence.
struct Silence {
    address: String,
    connections: Receiver<TcpStream>,
}

impl Silence {
    fn new() -> Self {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", server.local_addr().unwrap());
        let (connected, connections) = channel();
        std::thread::spawn(move || {
            server.incoming().map_while(Result::ok).try_for_each(|stream| connected.send(stream))
        });
        Self { address, connections }
    }
}

fn start(home: &Path, aws: &Silence, verb: &[&str]) -> Child {
    std::fs::create_dir_all(home.join("environments")).unwrap();
    std::fs::write(home.join("environments/shop.yaml"), include_str!("../../cases/plan/shop.yaml")).unwrap();
    let mut command = program_on_aws(home, verb);
    command.arg("--dir").arg(home).arg("--store").arg(home.join("store"));
    for (name, value) in [
        ("AWS_ENDPOINT_URL", aws.address.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_REGION", "eu-central-1"),
    ] {
        command.env(name, value);
    }
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "signals are sent by a shell: there is no safe call for it")]
fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Waits until it ends by itself; what it said.
fn end(mut child: Child) -> (ExitStatus, String) {
    let (tell, told) = channel();
    let mut stderr = child.stderr.take().unwrap();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        tell.send(text).unwrap();
    });
    let Ok(text) = told.recv_timeout(SOON) else {
        child.kill().unwrap();
        panic!("it did not end: {}", told.recv().unwrap());
    };
    (child.wait().unwrap(), text)
}

#[test]
fn the_daemon_ends_in_order_although_aws_never_answers() {
    let (home, aws) = (tempfile::tempdir().unwrap(), Silence::new());
    let daemon = start(home.path(), &aws, &["run"]);
    let _held = aws.connections.recv_timeout(SOON).unwrap();
    signal(&daemon, "TERM");
    let (status, told) = end(daemon);
    assert_eq!(status.code(), Some(0), "{told}");
    assert!(told.trim_end().ends_with("stopped; every lock is released"), "{told}");
}

#[test]
fn apply_ends_after_one_two_or_three_signals_although_aws_never_answers() {
    for (signals, code) in [(1, Some(1)), (2, Some(1)), (3, None)] {
        let (home, aws) = (tempfile::tempdir().unwrap(), Silence::new());
        let apply = start(home.path(), &aws, &["apply", "shop"]);
        let _held = aws.connections.recv_timeout(SOON).unwrap();
        // A signal that arrives while another one waits to be handled is one with it: each is handled before the next.
        let handled = || while is_pending(&apply) {};
        for _ in 0..signals {
            signal(&apply, "INT");
            handled();
        }
        let (status, told) = end(apply);
        // The third one may find that the second one has already ended it.
        assert!(
            status.code() == code || (code.is_none() && status.code() == Some(1)),
            "{signals}: {status}, {told}"
        );
    }
}

/// Whether a SIGINT waits to be handled, as the kernel says.
fn is_pending(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let pending = status.lines().filter_map(|line| line.strip_prefix("ShdPnd:"));
    pending.filter_map(|mask| u64::from_str_radix(mask.trim(), 16).ok()).any(|mask| mask & 0b10 != 0)
}
