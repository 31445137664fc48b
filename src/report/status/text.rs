//! A status for a terminal of 100 columns.

use std::collections::BTreeSet;

use anstyle::{AnsiColor, Style};

use super::gate::GateStatus;
use super::wire::{WireService, gather};
use crate::model::Mode;
use crate::plan::WaitingReason;
use crate::report::page::Page;
use crate::report::{StatusView, labels, obstacles, overrides, time_format};

const BOLD: Style = Style::new().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// The status of one environment.
pub fn text(view: &StatusView) -> String {
    let status = gather(view);
    let mut text =
        format!("{BOLD}{}{BOLD:#}  {}   {}\n", status.environment, status.revision.short(), verdict(view));
    let state = &view.plan.state;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    let until =
        state.until.map(|at| format!(" until {}", time_format::local(at, view.zone))).unwrap_or_default();
    let mode = if status.mode == Mode::Observe { "; observed only" } else { "" };
    row("state", format!("{} {}{until}{mode}", state.effective, time_format::because(state.because)));
    if let Some(words) = overrides::override_in_words(view.overrides, view.spec.override_.as_ref(), view.now)
    {
        row("override", words);
    }
    if let Some(words) = overrides::suspension_in_words(view.overrides, view.zone) {
        row("suspended", words);
    }
    if let Some(gate) = status.gate {
        let users = match gate {
            GateStatus::Open => "users get through",
            GateStatus::Closed => "users see the maintenance page",
            GateStatus::Partly => "some users see the maintenance page",
            GateStatus::Unreadable => {
                "cannot tell what users see (the load balancer or CloudFront could not be read)"
            }
        };
        row("gate", format!("{}: {users}", gate.as_str()));
    }
    if let Some(database) = &status.database {
        let schema = match (status.schema_version, status.schema_known) {
            (Some(version), true) => format!(", schema {version}"),
            (Some(version), false) => format!(", schema unknown (recorded before the migration: {version})"),
            (None, _) => String::new(),
        };
        let restart =
            view.snapshot.database.as_ref().and_then(|seen| seen.present()?.database.automatic_restart_at);
        let restart = restart
            .map(|at| format!("; AWS starts it automatically on {}", time_format::local(at, view.zone)))
            .unwrap_or_default();
        row("database", format!("{} {}{schema}{restart}", database.identifier, database.status));
    }
    let versions: Vec<String> = status
        .declared_versions
        .iter()
        .map(|(key, declared)| match status.versions.get(*key) {
            Some(running) if running != declared => format!("{key} {running} (declared {declared})"),
            Some(running) => format!("{key} {running}"),
            None if declared.is_empty() => format!("{key} not deployed"),
            None => format!("{key} {declared} (declared; running version unknown)"),
        })
        .collect();
    if !versions.is_empty() {
        row("versions", versions.join(", "));
    }
    if !status.other_tasks.is_empty() {
        let named = status.other_tasks.iter().map(|task| match task.follows_migration {
            true => format!("{} (runs code of the migrated version)", task.family),
            false => task.family.to_owned(),
        });
        row("other tasks", named.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", "));
    }
    if let Some(change) = view.next_change {
        let at = time_format::local(change.at, view.zone);
        let length = time_format::length(change.at - view.now);
        row(
            "next",
            format!("{} {} on {at}, in {length}", change.state, time_format::because(change.because)),
        );
    }
    if let Some(failed) =
        status.conditions.iter().find(|condition| condition.kind == "Failed" && condition.status)
    {
        row("failed", failed.message.clone());
    }
    if let Some(defect) = view.defect {
        let at = time_format::local(defect.at, view.zone);
        row("defect", format!("tidegate itself failed at {at}, and rests: {}", defect.message));
    }
    if let Some(lease) = view.holder {
        row("locked by", format!("{} since {}", lease.holder, time_format::local(lease.since, view.zone)));
    }
    lines(view.page, &mut text, &rows, &[12]);
    text.push('\n');
    lines(view.page, &mut text, &status.services.iter().map(service).collect::<Vec<_>>(), &[20, 12, 24]);
    text.push_str(&reports(&status.services));
    let failed = status.conditions.iter().filter(|condition| condition.kind == "Failed" && condition.status);
    let ways: Vec<String> =
        failed.flat_map(|failed| &failed.hints).map(|way| obstacles::hint(view.page, way)).collect();
    if !ways.is_empty() {
        text.push('\n');
        text.push_str(&ways.concat());
    }
    text.push_str(&findings(view));
    // Single lines, such as the heading, are not paragraphs yet.
    view.page.fit(&text)
}

/// What AWS says about the services that are not up.
fn reports(services: &[WireService<'_>]) -> String {
    let of_service = |service: &WireService<'_>| {
        let lines = service.reports.iter().map(|words| format!("    | {words}\n"));
        let head =
            (!service.reports.is_empty()).then(|| format!("\n  {} is not up; AWS says:\n", service.name));
        head.into_iter().chain(lines).collect::<String>()
    };
    services.iter().map(of_service).collect()
}

fn lines(page: &Page, text: &mut String, rows: &[Vec<String>], limits: &[usize]) {
    for line in page.columns(rows, limits, 2).into_iter().flatten() {
        text.push_str(&format!("  {}\n", line.trim_end()));
    }
}

fn verdict(view: &StatusView) -> String {
    let plan = view.plan;
    if plan.is_held() {
        format!("{RED}held{RED:#}: an operator must decide")
    } else if !plan.blocked.is_empty() {
        format!("{RED}blocked{RED:#}")
    } else if !plan.actions.is_empty() {
        format!(
            "{YELLOW}{} pending{YELLOW:#}; to see them: tidegate plan {}",
            labels::counted(plan.actions.len(), "action"),
            view.spec.name
        )
    } else if plan.waiting.iter().any(|waiting| waiting.reason == WaitingReason::Person) {
        format!("{RED}waiting for a person{RED:#}")
    } else if !plan.waiting.is_empty() {
        format!("{YELLOW}waiting{YELLOW:#}")
    } else {
        format!("{GREEN}as declared{GREEN:#}")
    }
}

/// A row: name, tasks, task definition, image tags.
fn service(service: &WireService<'_>) -> Vec<String> {
    let tasks = match (service.running, service.desired) {
        _ if service.deleted.is_some() => format!("deleted ({})", service.deleted.unwrap_or_default()),
        (Some(running), Some(desired)) if running == desired && desired > 0 => format!("{running} up"),
        (Some(0), Some(0)) => "down".to_owned(),
        (Some(running), Some(desired)) => format!("{running} of {desired} up"),
        _ if service.readable => "missing".to_owned(),
        _ => "unreadable".to_owned(),
    };
    let images: Vec<String> = service
        .images
        .values()
        .map(|image| {
            let written = image.split('@').next().unwrap_or(image);
            written.rsplit('/').next().unwrap_or(written).to_owned()
        })
        .collect();
    vec![service.name.to_owned(), tasks, service.definition.clone().unwrap_or_default(), images.join(", ")]
}

fn findings(view: &StatusView) -> String {
    let mut text = String::new();
    for blocked in &view.plan.blocked {
        text.push('\n');
        text.push_str(&obstacles::blocked(view.page, blocked.reason, &blocked.message, &blocked.hints));
    }
    for waiting in &view.plan.waiting {
        text.push('\n');
        text.push_str(&obstacles::waiting(
            view.page,
            waiting.reason,
            &waiting.message,
            waiting.until,
            view.zone,
        ));
    }
    if !view.plan.drift.is_empty() {
        text.push_str(&format!("\n{YELLOW}drift{YELLOW:#}: fields that changed in AWS without a commit\n"));
    }
    for drift in &view.plan.drift {
        let line =
            format!("{} {}: {}, expected {}", drift.resource, drift.field, drift.observed, drift.expected);
        text.push_str(&view.page.paragraph("  ", &line));
    }
    text
}
