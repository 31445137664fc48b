//! What blocks an environment and what it waits for, as text: the same words in a plan, a status and a run.

use anstyle::{AnsiColor, Style};

use super::json::word;
use super::table::paragraph;
use super::time_format;
use crate::model::Instant;
use crate::plan::{BlockedReason, WaitingReason};
use crate::schedule::Tz;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// A reason that needs a person, with hints.
pub(super) fn blocked(reason: BlockedReason, message: &str, hints: &[String]) -> String {
    let mut text = format!("{RED}blocked:{RED:#} {BOLD}{}{BOLD:#}\n", word(&reason));
    text.push_str(&paragraph("  ", message));
    hints.iter().for_each(|way| text.push_str(&hint(way)));
    text
}

/// One way out.
pub(super) fn hint(way: &str) -> String {
    colored(&paragraph("  hint: ", way), "hint:", CYAN)
}

/// A wait that ends by itself.
pub(super) fn waiting(reason: WaitingReason, message: &str, until: Option<Instant>, zone: Tz) -> String {
    // Some messages already contain the instant.
    let until = until.map(|at| time_format::local(at, zone)).filter(|at| !message.contains(at));
    let until = until.map(|at| format!(" (until {at})")).unwrap_or_default();
    // The lines below the first one are hints.
    let message = match message.split_once('\n') {
        Some((what, way_out)) => format!("{what}{until}\n{way_out}"),
        None => format!("{message}{until}"),
    };
    let text = paragraph("  ", &message);
    format!("{YELLOW}waiting:{YELLOW:#} {BOLD}{}{BOLD:#}\n{text}", word(&reason))
}

/// A command that a person may want to run next.
pub(super) fn next(what: &str, command: &str) -> String {
    // Not wrapped, so that a person can copy the command.
    format!("  {CYAN}{what}:{CYAN:#} {command}\n")
}

/// The text with its first `word` in a colour. Wrapping counts characters, so colours are added after it.
fn colored(text: &str, word: &str, style: Style) -> String {
    text.replacen(word, &format!("{style}{word}{style:#}"), 1)
}
