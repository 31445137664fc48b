//! The emulators, started once a test binary and gone with it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde::Deserialize;

/// Where everything answers.
#[derive(Deserialize)]
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
    /// When the emulators' time was the wall's: Unix milliseconds.
    pub since_milliseconds: i64,
    /// Seconds that have passed there since in a real one.
    pub speed: u32,
    /// Another world, in which policies hold.
    pub guarded: Guarded,
}

/// A world in which a key may do what its policies allow.
#[derive(Deserialize)]
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
    _python: Child,
}

/// The running stack. A machine on which it cannot be started fails the tests; it does not skip them.
pub fn addresses() -> &'static Addresses {
    static STACK: OnceLock<Stack> = OnceLock::new();
    &STACK.get_or_init(start).addresses
}

#[expect(clippy::disallowed_methods, reason = "the emulators are programs")]
fn start() -> Stack {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack/stack.py");
    let mut python = Command::new("python3")
        .arg(script)
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the emulators");
    let mut line = String::new();
    BufReader::new(python.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let addresses = serde_json::from_str(&line).expect("the emulators did not start; their words are above");
    Stack { addresses, _python: python }
}
