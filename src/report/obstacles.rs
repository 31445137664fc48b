//! What blocks an environment and what it waits for, as text: the same words in a plan, a status and a run.

use anstyle::{AnsiColor, Style};

use super::json::word;
use super::table::{WIDTH, paragraph};
use super::time_format;
use crate::model::Instant;
use crate::plan::{BlockedReason, WaitingReason};
use crate::schedule::Tz;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Something that needs a person, with the ways out.
pub(super) fn blocked(reason: BlockedReason, message: &str, hints: &[String]) -> String {
    let mut text = format!("{RED}blocked:{RED:#} {BOLD}{}{BOLD:#}\n", word(&reason));
    text.push_str(&paragraph("  ", message));
    for hint in hints {
        text.push_str(&colored(&hinted(hint), "hint:", CYAN));
    }
    text
}

/// A way out. A command in it that would be wrapped gets a line of its own: it is there to be copied.
fn hinted(hint: &str) -> String {
    const LEAD: &str = "  hint: ";
    let fits = LEAD.len() + hint.chars().count() <= WIDTH;
    match hint.split_once(": tidegate ").filter(|_| !fits) {
        Some((what, command)) => {
            format!("{}{}tidegate {command}\n", paragraph(LEAD, &format!("{what}:")), " ".repeat(LEAD.len()))
        }
        None => paragraph(LEAD, hint),
    }
}

/// Something that comes by itself.
pub(super) fn waiting(reason: WaitingReason, message: &str, until: Option<Instant>, zone: Tz) -> String {
    // Some messages name the instant themselves.
    let until = until.map(|at| time_format::local(at, zone)).filter(|at| !message.contains(at));
    let until = until.map(|at| format!(" (until {at})")).unwrap_or_default();
    // What stands below the first line is a way out.
    let message = match message.split_once('\n') {
        Some((what, way_out)) => format!("{what}{until}\n{way_out}"),
        None => format!("{message}{until}"),
    };
    let text = paragraph("  ", &message);
    format!("{YELLOW}waiting:{YELLOW:#} {BOLD}{}{BOLD:#}\n{text}", word(&reason))
}

/// A command that a person may want next.
pub(super) fn next(what: &str, command: &str) -> String {
    // A command is not wrapped: it is there to be copied.
    format!("  {CYAN}{what}:{CYAN:#} {command}\n")
}

/// The first `word` of a text in a colour. Colours come after wrapping, which counts characters.
fn colored(text: &str, word: &str, style: Style) -> String {
    text.replacen(word, &format!("{style}{word}{style:#}"), 1)
}
