//! What blocks an environment and what it waits for, as text: the same words in a plan, a status and a run.

use anstyle::{AnsiColor, Style};

use super::json::word;
use super::page::{Page, visible};
use super::time_format;
use crate::model::Instant;
use crate::plan::{BlockedReason, WaitingReason};
use crate::schedule::Tz;

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// A reason that needs a person, with hints.
pub(super) fn blocked(page: &Page, reason: BlockedReason, message: &str, hints: &[String]) -> String {
    let mut text = format!("{RED}blocked:{RED:#} {BOLD}{}{BOLD:#}\n", word(&reason));
    text.push_str(&page.paragraph("  ", message));
    hints.iter().for_each(|way| text.push_str(&hint(page, way)));
    text
}

/// One way out.
pub(super) fn hint(page: &Page, way: &str) -> String {
    colored(&hinted(page, way), "hint:", CYAN)
}

/// A hint. A command in it that would be wrapped gets its own line, so that a person can copy it.
fn hinted(page: &Page, hint: &str) -> String {
    const LEAD: &str = "  hint: ";
    let hint = page.addressed(hint);
    let fits = LEAD.len() + visible(&hint) <= page.width();
    match hint.split_once(": tidegate ").filter(|_| !fits) {
        Some((what, command)) => {
            let what = page.paragraph(LEAD, &format!("{what}:"));
            format!("{what}{}tidegate {command}\n", " ".repeat(LEAD.len()))
        }
        None => page.paragraph(LEAD, &hint),
    }
}

/// A wait that ends by itself.
pub(super) fn waiting(
    page: &Page,
    reason: WaitingReason,
    message: &str,
    until: Option<Instant>,
    zone: Tz,
) -> String {
    // Some messages already contain the instant.
    let until = until.map(|at| time_format::local(at, zone)).filter(|at| !message.contains(at));
    let until = until.map(|at| format!(" (until {at})")).unwrap_or_default();
    // The lines below the first one are hints.
    let message = match message.split_once('\n') {
        Some((what, way_out)) => format!("{what}{until}\n{way_out}"),
        None => format!("{message}{until}"),
    };
    let text = page.paragraph("  ", &message);
    format!("{YELLOW}waiting:{YELLOW:#} {BOLD}{}{BOLD:#}\n{text}", word(&reason))
}

/// A command that a person may want to run next.
pub(super) fn next(page: &Page, what: &str, command: &str) -> String {
    page.fit(&format!("  {CYAN}{what}:{CYAN:#} {command}\n"))
}

/// The text with its first `word` in a colour. Wrapping counts characters, so colours are added after it.
fn colored(text: &str, word: &str, style: Style) -> String {
    text.replacen(word, &format!("{style}{word}{style:#}"), 1)
}
