//! The two streams: data goes to standard output; messages, warnings and progress go to standard error. No meaning
//! depends on colour. Text for people fits the page of the call: its width, and its flags in every printed command.

use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

use terminal_size::terminal_size_of;

use super::error::CliError;
use crate::config::Flags;
use crate::report::page::Page;

/// The page of this process. It is set once, before a verb begins; threads that print read it.
static PAGE: OnceLock<Page> = OnceLock::new();
/// The widths that texts are written for: in a narrower terminal, lines break where the terminal breaks them.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=200;

/// The page that texts for people are written for.
pub(super) fn page() -> &'static Page {
    PAGE.get_or_init(|| Page::PLAIN.with_width(width()))
}

/// From here on, printed commands have the flags of this call.
pub(super) fn address(flags: &Flags) {
    // A second call in one process does not happen; if it did, the first call's page would stay.
    let _ = PAGE.set(Page::PLAIN.with_width(width()).with_flags(&flags.of_the_call()));
}

/// `COLUMNS`, else the width of the terminal, else that of a plain page.
fn width() -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    // Of standard output, else of standard error: data in a pipe leaves messages on the terminal.
    let terminal = || {
        let size = terminal_size_of(std::io::stdout()).or_else(|| terminal_size_of(std::io::stderr()))?;
        Some(usize::from(size.0.0))
    };
    let width = told.or_else(terminal).unwrap_or(Page::PLAIN.width());
    width.clamp(*WIDTHS.start(), *WIDTHS.end())
}

/// Writes text for people to standard output. A reader that has closed the pipe (`| head`) is no failure.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    print_as_it_is(&page().fit(text))
}

/// Writes a text that programs read too, or whose lines must stay as they are.
pub(super) fn print_as_it_is(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::failure("cannot write to standard output").because(&error))
        }
        _ => Ok(()),
    }
}

/// Writes JSON as data, indented. The commands in its messages and hints are those that text shows.
pub(super) fn print_json(value: &serde_json::Value) -> Result<(), CliError> {
    print_as_it_is(&format!("{:#}\n", page().addressed_json(value)))
}

/// Writes a message to standard error. An error of that stream is ignored: there is no other place to report it.
pub(super) fn say(text: &str) {
    say_as_it_is(&page().fit(text));
}

/// Writes a message whose lines must stay as they are, such as an excerpt of a file.
pub(super) fn say_as_it_is(text: &str) {
    let mut err = anstream::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
