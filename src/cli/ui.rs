//! The two streams: data goes to standard output; messages, warnings and progress go to standard error. No meaning
//! depends on colour.

use std::io::{ErrorKind, Write};

use super::error::CliError;

/// Writes data. A reader that has closed the pipe (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failure("cannot write to standard output").because(&error))
        }
        _ => Ok(()),
    }
}

/// Writes JSON as data, indented.
pub(super) fn print_json(value: &serde_json::Value) -> Result<(), CliError> {
    print(&format!("{value:#}\n"))
}

/// Writes a message to standard error. An error of that stream is ignored: there is no other place to report it.
pub(super) fn say(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
