//! The emulators, started once a test binary and gone with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

/// Seconds that pass in the emulators in a real one: minutes of a release become seconds, and the shortest
/// deadline of two minutes still leaves a busy machine six seconds.
const SPEED: u32 = 20;

/// Names the emulators that a process finds: those that its parent has started.
pub const INHERITED: &str = "TIDEGATE_TEST_STACK";

/// Where everything answers.
#[derive(Deserialize, Serialize)]
pub struct Addresses {
    /// The region that the emulators are in.
    pub region: String,
    /// All services at one address.
    pub aws: String,
    /// The same, with faults that a test has asked for…
    pub faulty: String,
    /// …here.
    pub faults: String,
    /// What users of the balancers ask.
    pub ministack: String,
    /// Where tests say how containers end.
    pub engine: String,
    /// The proxy through which checks and registries are asked…
    pub internet: String,
    /// …and the file with the certificate of whoever vouches for them.
    pub authority: String,
    /// When the emulators' time was the wall's: Unix milliseconds.
    pub since_milliseconds: i64,
    /// Seconds that have passed there since in a real one.
    pub speed: u32,
    /// Another world, in which policies hold.
    pub guarded: Guarded,
}

/// A world in which a key may do what its policies allow.
#[derive(Deserialize, Serialize)]
pub struct Guarded {
    /// All services at one address.
    pub aws: String,
    /// Where tests say how containers end there.
    pub engine: String,
    /// Where tests make users.
    pub policies: String,
}

struct Stack {
    addresses: Addresses,
    /// Its standard input ends with this process, and it with that.
    _python: Option<Child>,
}

/// The running stack. A machine on which it cannot be started fails the tests; it does not skip them.
pub fn addresses() -> &'static Addresses {
    static STACK: OnceLock<Stack> = OnceLock::new();
    &STACK.get_or_init(|| inherited().unwrap_or_else(|| start(SPEED, &[]))).addresses
}

/// Another one, without faults and policies, for a single test that asks so much that others would wait for it.
pub fn of_its_own() -> &'static Addresses {
    &Box::leak(Box::new(start(SPEED, &["plain"]))).addresses
}

/// The same, but its time is the wall's: for the real binary, which knows no other.
pub fn at_real_time() -> &'static Addresses {
    &Box::leak(Box::new(start(1, &["plain"]))).addresses
}

fn inherited() -> Option<Stack> {
    let told = std::env::var(INHERITED).ok()?;
    Some(Stack { addresses: serde_json::from_str(&told).unwrap(), _python: None })
}

#[expect(clippy::disallowed_methods, reason = "the emulators are programs")]
fn start(speed: u32, options: &[&str]) -> Stack {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack/stack.py");
    let mut python = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg(speed.to_string())
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the emulators");
    let mut line = String::new();
    BufReader::new(python.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let addresses = serde_json::from_str(&line).expect("the emulators did not start; their words are above");
    Stack { addresses, _python: Some(python) }
}
