//! A plan for a terminal of 100 columns: the actions in order, each with its reason; what blocks them; what is waited
//! for.

use anstyle::{AnsiColor, Style};

use crate::model::{Mode, State};
use crate::plan::{Action, ActionKind, Plan, Step, WaitingReason};
use crate::reconcile::Later;
use crate::report::json::word;
use crate::report::labels::{self, Sign, counted};
use crate::report::page::visible;
use crate::report::{PlanView, obstacles, overrides, preflight, time_format};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// The widths of a row's columns before the reason: noun, resource, change.
const COLUMNS: [usize; 3] = [9, 21, 26];
/// ` 12  ~ ` before a row.
const ROW_INDENT: usize = 7;

/// `plan --output text`
pub fn text(view: &PlanView) -> String {
    let mut text = header(view);
    text.push_str(&state(view));
    if !view.plan.actions.is_empty() {
        text.push('\n');
        text.push_str(&steps(view));
    }
    text.push_str(&findings(view));
    text.push_str(&view.preflight.map(|topics| preflight::text(view.page, topics)).unwrap_or_default());
    text.push_str(&closing(view));
    // Single lines, such as the state, are not paragraphs yet.
    view.page.fit(&text)
}

fn header(view: &PlanView) -> String {
    let PlanView { environment, plan, before, .. } = view;
    let revision = match before {
        Some(before) if **before != plan.revision => {
            format!("{} -> {}", before.short(), plan.revision.short())
        }
        _ => plan.revision.short().to_owned(),
    };
    let blocked = if plan.blocked.is_empty() {
        "none".to_owned()
    } else {
        let reasons: Vec<String> = plan.blocked.iter().map(|blocked| word(&blocked.reason)).collect();
        format!("{RED}{}{RED:#}", reasons.join(", "))
    };
    let start = format!("{BOLD}{environment}{BOLD:#}  {revision}   blocked: {blocked}");
    let later = view.later.map(|later| format!(", then {}", downtime(&later.plan)));
    let end = format!("expected downtime: {}{}", downtime(plan), later.unwrap_or_default());
    let width = visible(&start) + 3 + visible(&end);
    if width <= view.page.width() { format!("{start}   {end}\n") } else { format!("{start}\n{end}\n") }
}

/// `none`, `~6 min`, `open-ended`, or until the state changes.
pub(super) fn downtime(plan: &Plan) -> String {
    match plan.expected_downtime_seconds {
        Some(0) => "none".to_owned(),
        // Estimates from earlier runs are not more exact than a minute.
        Some(seconds @ 0..90) => format!("~{seconds} s"),
        Some(seconds) => {
            let minutes = i64::try_from(seconds.div_ceil(60)).unwrap_or(i64::MAX / 60);
            format!("~{}", time_format::length(chrono::TimeDelta::minutes(minutes)))
        }
        None if plan.is_held() || plan.state.effective == State::Running => "open-ended".to_owned(),
        None => format!("as long as the state is {}", plan.state.effective),
    }
}

fn state(view: &PlanView) -> String {
    let state = &view.plan.state;
    let mut line = format!("state: {} {}", state.effective, time_format::because(state.because));
    if state.declared != state.effective {
        line.push_str(&format!(" (declared: {})", state.declared));
    }
    if let Some(until) = state.until {
        line.push_str(&format!(" until {}", time_format::local(until, view.zone)));
    }
    if let Some(words) = overrides::override_in_words(view.overrides, view.git_override, view.now) {
        line.push_str(&format!("; {words}"));
    }
    if let Some(words) = overrides::suspension_in_words(view.overrides, view.zone) {
        let suspended =
            view.page.paragraph("suspended ", &format!("{words}; tidegate carries out none of this"));
        return format!("{line}\n{suspended}");
    }
    if view.plan.mode == Mode::Observe {
        line.push_str("; mode: observe, so tidegate carries out none of this");
    }
    format!("{line}\n")
}

/// Numbered steps: a row for each action, and below it the lines that change inside a task definition.
fn steps(view: &PlanView) -> String {
    let actions = &view.plan.actions;
    let rows: Vec<Vec<String>> = actions
        .iter()
        .map(|action| {
            vec![
                labels::noun(&action.kind).to_owned(),
                labels::resource(action),
                labels::change(action),
                action.reason.clone(),
            ]
        })
        .collect();
    let mut text = String::new();
    let (mut number, mut last): (usize, Option<Step>) = (0, None);
    for (action, lines) in actions.iter().zip(view.page.columns(&rows, &COLUMNS, ROW_INDENT)) {
        let is_new = last != Some(action.step);
        number += usize::from(is_new);
        last = Some(action.step);
        let label = if is_new { format!("{number:>3}") } else { "   ".to_owned() };
        let sign = Sign::of(action);
        let style = style_of(sign);
        for (index, line) in lines.iter().enumerate() {
            let lead = if index == 0 {
                format!("{DIM}{label}{DIM:#}  {style}{}{style:#} ", sign.glyph())
            } else {
                " ".repeat(ROW_INDENT)
            };
            text.push_str(format!("{lead}{line}").trim_end());
            text.push('\n');
        }
        for line in details(view, action) {
            text.push_str(&format!("{DIM}           {line}{DIM:#}\n"));
        }
    }
    text
}

/// The lines below a row: too long for a column, and too important to leave out.
fn details(view: &PlanView, action: &Action) -> Vec<String> {
    match &action.kind {
        ActionKind::StartService(start) => view.diffs.get(&start.service).cloned().unwrap_or_default(),
        ActionKind::Check { checks } => checks.iter().map(|check| check.url.to_string()).collect(),
        _ => Vec::new(),
    }
}

fn style_of(sign: Sign) -> Style {
    match sign {
        Sign::Made => GREEN,
        Sign::Changed => YELLOW,
        Sign::Removed => RED,
        Sign::NoChange => CYAN,
    }
}

/// What blocks, what is waited for, drift, and notes.
fn findings(view: &PlanView) -> String {
    let plan = view.plan;
    let mut text = String::new();
    for blocked in &plan.blocked {
        text.push('\n');
        text.push_str(&obstacles::blocked(view.page, blocked.reason, &blocked.message, &blocked.hints));
    }
    for waiting in &plan.waiting {
        text.push('\n');
        text.push_str(&obstacles::waiting(
            view.page,
            waiting.reason,
            &waiting.message,
            waiting.until,
            view.zone,
        ));
        let later = view.later.filter(|later| waiting.until == Some(later.at));
        if let Some(later) = later {
            text.push_str(&then(view, later, waiting.reason));
        }
    }
    if !plan.drift.is_empty() {
        text.push_str(&format!("\n{YELLOW}drift{YELLOW:#}: fields that changed in AWS without a commit\n"));
    }
    for drift in &plan.drift {
        let line =
            format!("{} {}: {}, expected {}", drift.resource, drift.field, drift.observed, drift.expected);
        text.push_str(&view.page.paragraph("  ", &line));
    }
    if !plan.notes.is_empty() {
        text.push_str("\nnotes\n");
    }
    for note in &plan.notes {
        text.push_str(&view.page.paragraph("  ", note));
    }
    text
}

/// The plan for the end of the wait, in short, with the commands that show it and that begin it now.
fn then(view: &PlanView, later: &Later, reason: WaitingReason) -> String {
    let environment = view.environment;
    let mut text = view
        .page
        .paragraph("  then: ", &format!("{}, expected downtime {}", sum(&later.plan), downtime(&later.plan)));
    for blocked in &later.plan.blocked {
        text.push_str(&view.page.paragraph("        blocked: ", &blocked.message));
    }
    let at = time_format::rfc3339(later.at, view.zone);
    text.push_str(&obstacles::next(
        view.page,
        "see that plan",
        &format!("tidegate plan {environment} --at {at}"),
    ));
    if reason == WaitingReason::Window && view.plan.mode == Mode::Enforce {
        let command = format!("tidegate apply {environment} --now --reason \"…\"");
        text.push_str(&obstacles::next(view.page, "begin now", &command));
    }
    text
}

/// `9 actions in 6 steps`
fn sum(plan: &Plan) -> String {
    let mut steps: Vec<Step> = plan.actions.iter().map(|action| action.step).collect();
    steps.dedup();
    format!("{} in {}", counted(plan.actions.len(), "action"), counted(steps.len(), "step"))
}

/// The size of the plan, when users are locked out, the next command, and the meaning of the signs.
fn closing(view: &PlanView) -> String {
    let plan = view.plan;
    let environment = view.environment;
    if plan.actions.is_empty() {
        return match (plan.blocked.is_empty(), plan.waiting.is_empty()) {
            (true, true) => format!("\nnothing to do: `{environment}` is as declared\n"),
            (true, false) => {
                "\nnothing to do now; tidegate continues by itself when the wait is over\n".to_owned()
            }
            (false, _) => "\ntidegate does nothing here until this is resolved\n".to_owned(),
        };
    }
    let sum = sum(plan);
    let mut text = format!("\n{sum}; the actions of one step run at the same time\n");
    match locked_out(plan) {
        (Some(from), Some(to)) => {
            text.push_str(&format!("users see the maintenance page from step {from} to step {to}\n"));
        }
        (Some(from), None) => {
            text.push_str(&format!("users see the maintenance page from step {from} on\n"));
        }
        (None, Some(to)) => text.push_str(&format!("users see the maintenance page until step {to}\n")),
        (None, None) => {}
    }
    text.push_str(&match plan.mode {
        Mode::Enforce => format!("nothing has been changed; to carry out this plan: tidegate apply {environment}\n"),
        Mode::Observe if view.overrides.suspension.is_some() => {
            format!("suspended: tidegate carries out none of this; to end the suspension: tidegate resume {environment}\n")
        }
        Mode::Observe => "`mode: observe`: tidegate carries out none of this\n".to_owned(),
    });
    text.push_str(&format!(
        "{DIM}+ create   ~ change   - remove   = wait or check, changes nothing{DIM:#}\n"
    ));
    text
}

/// The numbers of the steps that close and that open the gate.
fn locked_out(plan: &Plan) -> (Option<usize>, Option<usize>) {
    let mut steps: Vec<Step> = plan.actions.iter().map(|action| action.step).collect();
    steps.dedup();
    let number = |step: Step| steps.iter().position(|other| *other == step).map(|index| index + 1);
    (number(Step::CloseGate), number(Step::OpenGate))
}
