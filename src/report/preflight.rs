//! The preflight checks, topic by topic: for a terminal, for a pull request, for programs.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::json::{self, WireBlocked};
use super::markdown::cell;
use super::page::Page;
use crate::plan::{Blocked, Topic};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// The result of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Everything is ready for a release.
    Passed,
    /// Something could not be checked; a release may still begin.
    Unverified,
    /// A release would be blocked.
    Failed,
}

impl Outcome {
    fn of(topic: &Topic) -> Self {
        match (topic.problems.is_empty(), topic.unverified.is_empty()) {
            (false, _) => Outcome::Failed,
            (true, false) => Outcome::Unverified,
            (true, true) => Outcome::Passed,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Unverified => "unverified",
            Outcome::Failed => "failed",
        }
    }

    fn style(self) -> Style {
        match self {
            Outcome::Passed => GREEN,
            Outcome::Unverified => YELLOW,
            Outcome::Failed => RED,
        }
    }
}

/// Whether a release would be blocked.
pub fn has_failed(topics: &[Topic]) -> bool {
    topics.iter().any(|topic| Outcome::of(topic) == Outcome::Failed)
}

/// For a terminal.
pub(super) fn text(page: &Page, topics: &[Topic]) -> String {
    let mut out = format!(
        "\n{BOLD}preflight{BOLD:#}: checks everything that a release needs, even if no release is due\n"
    );
    for topic in topics {
        let outcome = Outcome::of(topic);
        let style = outcome.style();
        out.push_str(&format!(
            "  {style}{:<10}{style:#}  {:<9}  {}\n",
            outcome.as_str(),
            topic.name,
            topic.about
        ));
        for Blocked { message, hints, .. } in &topic.problems {
            message.lines().for_each(|line| out.push_str(&page.paragraph("              ", line)));
            hints.iter().for_each(|hint| out.push_str(&page.paragraph("              hint: ", hint)));
        }
        topic.unverified.iter().for_each(|what| out.push_str(&page.paragraph("              ", what)));
    }
    out
}

/// For a pull request.
pub(super) fn markdown(topics: &[Topic]) -> String {
    let mut out = "\n#### Preflight\n\n| | Topic | |\n|---|---|---|\n".to_owned();
    for topic in topics {
        let problems = topic.problems.iter().flat_map(|problem| {
            std::iter::once(problem.message.clone())
                .chain(problem.hints.iter().map(|hint| format!("hint: {hint}")))
        });
        let findings: Vec<String> = problems.chain(topic.unverified.iter().cloned()).collect();
        let findings = if findings.is_empty() { topic.about.to_owned() } else { findings.join("; ") };
        let outcome = Outcome::of(topic);
        out.push_str(&format!("| {} | {} | {} |\n", outcome.as_str(), topic.name, cell(&findings)));
    }
    out
}

#[derive(Serialize)]
pub(super) struct WireTopic<'a> {
    topic: &'static str,
    outcome: Outcome,
    problems: Vec<WireBlocked<'a>>,
    unverified: &'a [String],
}

/// For programs.
pub(super) fn wire(topics: &[Topic]) -> Vec<WireTopic<'_>> {
    fn of(topic: &Topic) -> WireTopic<'_> {
        WireTopic {
            topic: topic.name,
            outcome: Outcome::of(topic),
            problems: json::blocked(&topic.problems),
            unverified: &topic.unverified,
        }
    }
    topics.iter().map(of).collect()
}
