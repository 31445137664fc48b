//! The two streams: data goes to standard output, talk to standard error. Nothing depends on colour.

use std::io::{ErrorKind, Write};

use super::error::CliError;

/// Writes data. A reader that has gone away (`| head`) has seen enough: no failure.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failure("cannot write to standard output").because(&error))
        }
        _ => Ok(()),
    }
}

/// Writes JSON as data, for people and programs alike.
pub(super) fn print_json(value: &serde_json::Value) -> Result<(), CliError> {
    print(&format!("{value:#}\n"))
}

/// Says something. What nobody can hear is lost.
pub(super) fn say(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
