//! Runs for a terminal of 100 columns.

use anstyle::{AnsiColor, Style};
use chrono::TimeDelta;

use super::status::RunStatus;
use crate::reconcile::{ActionReport, Closure, LockedOut, Run, RunOutcome, StepReport};
use crate::report::page::Page;
use crate::report::{HistoryView, RunView, labels, obstacles, time_format};
use crate::store::journal::{OperatorCommand, OperatorRequest};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// How a run ended and what blocks or waits: the text after `apply`.
pub fn summary(view: &RunView) -> String {
    let run = view.run;
    let mut text = format!("{BOLD}{}{BOLD:#}  {}\n", run.environment, verdict(view));
    text.push_str(&lines(view.page, &facts(view)));
    text.push_str(&obstacles_of(view));
    if view.status() == RunStatus::Ended(RunOutcome::Window) {
        let command = format!("tidegate apply {} --now --reason \"…\"", run.environment);
        text.push_str(&obstacles::next(view.page, "begin now", &command));
    }
    view.page.fit(&text)
}

/// The runs of an environment, newest first.
pub fn history(view: &HistoryView) -> String {
    let HistoryView { environment, page, .. } = view;
    let counted = match view.runs.len() {
        0 => return format!("{BOLD}{environment}{BOLD:#}  no runs yet\n"),
        1 => "1 run".to_owned(),
        count => format!("{count} runs, newest first"),
    };
    let mut text = format!("{BOLD}{environment}{BOLD:#}  {counted}\n");
    for view in &view.runs {
        let run = view.run;
        let at = time_format::local(run.started_at, view.zone);
        text.push_str(&format!("\n{BOLD}{at}{BOLD:#}  {}\n", verdict(view)));
        let mut facts = facts(view);
        let who = format!("{}, at {}", run.holder, run.revision.short());
        facts.push(vec!["who".to_owned(), who]);
        text.push_str(&lines(view.page, &facts));
        text.push_str(&steps(view));
        text.push_str(&obstacles_of(view));
    }
    page.fit(&text)
}

/// How the run ended, in one line.
fn verdict(view: &RunView) -> String {
    let ended = view.status();
    let (style, words) = match ended {
        RunStatus::Ended(RunOutcome::Converged) if view.run.steps.is_empty() => {
            return format!("{GREEN}as declared{GREEN:#}: nothing to do");
        }
        RunStatus::Ended(RunOutcome::Observed) => {
            return format!("{YELLOW}observed only{YELLOW:#}: nothing was changed");
        }
        RunStatus::Ended(RunOutcome::Unmanaged) => {
            (YELLOW, "not managed: removed from the repository; its resources keep running")
        }
        RunStatus::Ended(RunOutcome::Converged) => (GREEN, "converged"),
        RunStatus::Ended(RunOutcome::Window) => (YELLOW, "waits for its window"),
        RunStatus::Ended(RunOutcome::Blocked) => (RED, "blocked"),
        RunStatus::Ended(RunOutcome::Held) => (RED, "held"),
        RunStatus::Ended(RunOutcome::GivenUp) => (RED, "given up"),
        RunStatus::Ended(RunOutcome::Failed) => (RED, "failed"),
        RunStatus::Ended(RunOutcome::TimedOut) => (RED, "timed out"),
        RunStatus::Ended(RunOutcome::Stopped) => (YELLOW, "stopped"),
        RunStatus::Running => (YELLOW, "running"),
        RunStatus::Interrupted => (RED, "interrupted"),
    };
    let mut text = format!("{style}{words}{style:#}");
    let (steps, actions) = size(view.run);
    if steps > 0 {
        let length = time_format::length(view.last_seen_at() - view.run.started_at);
        let preposition = if ended == RunStatus::Ended(RunOutcome::Converged) { "in" } else { "after" };
        text.push_str(&format!(
            " {preposition} {length}: {}, {}",
            labels::counted(steps, "step"),
            labels::counted(actions, "action")
        ));
    }
    match ended {
        RunStatus::Ended(RunOutcome::Held) => text.push_str("; an operator must decide"),
        RunStatus::Interrupted => text.push_str("; its process died, and the next run continues from there"),
        _ => {}
    }
    text
}

fn size(run: &Run) -> (usize, usize) {
    (run.steps.len(), run.steps.iter().map(|step| step.actions.len()).sum())
}

/// Rows about the run: why it ended so, its release, its users, its requests.
fn facts(view: &RunView) -> Vec<Vec<String>> {
    let run = view.run;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    if let Some(message) = &run.message {
        row("why", message.clone());
    }
    if let Some(release) = &run.release {
        let back = if release.given_up { " (given up)" } else { "" };
        row("release", format!("{} -> {}{back}", release.from, release.to));
    }
    if let Some(closure) = view.closure() {
        row("users", users(view, &closure));
    }
    for request in &run.requests {
        row("request", request_in_words(request, view));
    }
    for note in &run.notes {
        row("note", note.clone());
    }
    rows
}

/// What users saw during the run.
fn users(view: &RunView, closure: &Closure) -> String {
    let since = time_format::local(closure.since, view.zone);
    let state = closure.on_purpose.map(|purpose| purpose.state);
    match (view.locked_out(closure), closure.until, state) {
        (LockedOut::For(length), Some(until), Some(state)) if length.is_zero() => {
            let until = time_format::local(until, view.zone);
            format!("saw the maintenance page from {since} until {until}, because the state was {state}")
        }
        (LockedOut::For(length), _, Some(state)) => format!(
            "saw the maintenance page for {}, not counting the time in which the state was {state}",
            time_format::length(length)
        ),
        (LockedOut::For(length), _, None) => {
            format!("saw the maintenance page for {}", time_format::length(length))
        }
        (LockedOut::Still, _, Some(state)) => {
            format!("see the maintenance page since {since}, because the state is {state}")
        }
        (LockedOut::Still, _, None) => format!("see the maintenance page since {since}"),
    }
}

fn lines(page: &Page, rows: &[Vec<String>]) -> String {
    let lines = page.columns(rows, &[7], 2).into_iter().flatten();
    lines.map(|line| format!("  {}\n", line.trim_end())).collect()
}

fn request_in_words(OperatorRequest { who, reason, command }: &OperatorRequest, view: &RunView) -> String {
    let what = match command {
        OperatorCommand::Retry => "retry".to_owned(),
        OperatorCommand::Abort { version } => format!("abort the release of {version}"),
        OperatorCommand::StopMigration { attempt } => {
            format!("stop the task of the migration, attempt {attempt}")
        }
        OperatorCommand::RecordSchema { version } => format!("record schema version {version}"),
        OperatorCommand::IgnoreWindow => "begin the release outside of its window".to_owned(),
        OperatorCommand::TakeOver => "take the cluster over".to_owned(),
        OperatorCommand::Override { state, until } => {
            format!("override: {state} until {}", time_format::local(*until, view.zone))
        }
        OperatorCommand::ClearOverride => "end the override".to_owned(),
        OperatorCommand::Suspend { until: Some(until) } => {
            format!("suspend until {}", time_format::local(*until, view.zone))
        }
        OperatorCommand::Suspend { until: None } => "suspend".to_owned(),
        OperatorCommand::Resume => "resume".to_owned(),
    };
    format!("{what}, requested by {who}: {reason}")
}

/// A line for each step, with the failures below it.
fn steps(view: &RunView) -> String {
    let row = |step: &StepReport| {
        let at = step.started_at.with_timezone(&view.zone).format("%H:%M:%S").to_string();
        let took = time_format::length(TimeDelta::from_std(step.duration()).unwrap_or_default());
        let what: Vec<String> = step.actions.iter().map(what).collect();
        vec![at, labels::title_of(&step.step).to_owned(), took, what.join(", ")]
    };
    let rows: Vec<Vec<String>> = view.run.steps.iter().map(row).collect();
    let mut text = String::new();
    for (step, lines) in view.run.steps.iter().zip(view.page.columns(&rows, &[8, 30, 12], 4)) {
        for line in lines {
            text.push_str(&format!("    {}\n", line.trim_end()));
        }
        for action in step.actions.iter().filter(|action| action.corrects.is_some()) {
            let lines =
                view.page.paragraph("              ", &format!("{}: {}", action.resource, action.reason));
            text.push_str(&format!("{DIM}{}{DIM:#}\n", lines.trim_end()));
        }
        for action in &step.actions {
            let Some(message) = &action.message else { continue };
            let style = if action.outcome == "failed" { RED } else { YELLOW };
            let lines = view.page.paragraph("              ", &format!("{}: {message}", action.resource));
            text.push_str(&format!("{style}{}{style:#}\n", lines.trim_end()));
        }
    }
    if text.is_empty() { text } else { format!("{DIM}  steps{DIM:#}\n{text}") }
}

/// The resource of an action; with versions where the action is about versions.
fn what(action: &ActionReport) -> String {
    let ActionReport { kind, resource, before, after, .. } = action;
    match kind.as_str() {
        "migrate" | "record-schema" | "begin-release" => format!("{resource} {before} -> {after}"),
        // Without the count of tasks.
        "roll-service" => format!("{resource} {}", after.split(',').next().unwrap_or(after)),
        "switch-site" => format!("{resource} {after}"),
        _ => resource.clone(),
    }
}

fn obstacles_of(view: &RunView) -> String {
    let mut text = String::new();
    if matches!(view.status(), RunStatus::Ended(RunOutcome::Failed | RunOutcome::TimedOut)) {
        let ways = view.run.ways_out().iter().map(|way| obstacles::hint(view.page, way));
        ways.for_each(|way| text.push_str(&way));
    }
    for blocked in &view.run.blocked {
        text.push('\n');
        text.push_str(&obstacles::blocked(view.page, blocked.reason, &blocked.message, &blocked.hints));
    }
    for waiting in &view.run.waiting {
        text.push('\n');
        text.push_str(&obstacles::waiting(
            view.page,
            waiting.reason,
            &waiting.message,
            waiting.until,
            view.zone,
        ));
    }
    text
}
