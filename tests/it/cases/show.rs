//! Plans, runs and worlds in few lines, for people who read cases.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::cloud::{Rollback, Suspended, TaskStatus, tag};
use tidegate::gate;
use tidegate::model::{Gate, Mode};
use tidegate::plan::{Action, ActionKind, Blocked, Plan};
use tidegate::reconcile::Run;
use tidegate::sim::{Region, Schema, SimRule, SimService, World};
use tidegate::spec::EnvironmentSpec;

/// A stable word in kebab case, as JSON has it.
fn word(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

pub fn plan(plan: &Plan) -> Vec<String> {
    let state = &plan.state;
    let mut head = format!("to {} ({}", state.effective, word(state.because));
    if let Some(until) = state.until {
        head.push_str(&format!(" until {}", until.format("%Y-%m-%d %H:%M UTC")));
    }
    head.push(')');
    if state.declared != state.effective {
        head.push_str(&format!(", declared {}", state.declared));
    }
    if plan.mode == Mode::Observe {
        head.push_str(", mode observe");
    }
    head.push_str(&match plan.expected_downtime_seconds {
        Some(0) => ", no downtime".to_owned(),
        Some(seconds) => {
            let length = humantime::format_duration(std::time::Duration::from_secs(seconds));
            format!(", downtime {length}")
        }
        None => ", closed until an operator opens it".to_owned(),
    });
    let mut lines = vec![head];
    let (mut number, mut last) = (0, None);
    for action in &plan.actions {
        let is_new = last != Some(action.step);
        (number, last) = (number + usize::from(is_new), Some(action.step));
        let label = if is_new { format!("{number:>2}") } else { "  ".to_owned() };
        lines.push(format!("{label} {}", row(action)));
    }
    lines.extend(plan.blocked.iter().flat_map(blocked));
    for waiting in &plan.waiting {
        let until = waiting.until.map(|at| format!(" (until {})", at.format("%Y-%m-%d %H:%M UTC")));
        lines.push(format!(
            "waiting {}: {}{}",
            word(waiting.reason),
            waiting.message.replace('\n', "; "),
            until.unwrap_or_default()
        ));
    }
    for drift in &plan.drift {
        let (resource, field) = (&drift.resource, &drift.field);
        lines.push(format!("drift {resource} {field}: {}, expected {}", drift.observed, drift.expected));
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    if lines.len() == 1 {
        lines.push("nothing to do".to_owned());
    }
    lines
}

fn row(action: &Action) -> String {
    let change = match (action.before.as_str(), action.after.as_str()) {
        ("", "") => String::new(),
        ("", after) => format!(" → {after}"),
        (before, "") => format!(" {before} →"),
        (before, after) => format!(" {before} → {after}"),
    };
    let mut row = format!("{:<16} {}{change} ({})", action.kind.as_str(), action.resource, action.reason);
    let more = more(&action.kind);
    if !more.is_empty() {
        row.push_str(&format!(" [{}]", more.join(", ")));
    }
    row
}

/// What an action does beyond its words.
fn more(kind: &ActionKind) -> Vec<String> {
    let gate = |rules: usize, function: bool| {
        let mut parts = vec![format!("{rules} rule{}", if rules == 1 { "" } else { "s" })];
        parts.extend(function.then(|| "function".to_owned()));
        parts
    };
    match kind {
        ActionKind::CloseGate { rules, function, .. } | ActionKind::OpenGate { rules, function, .. } => {
            gate(rules.len(), *function)
        }
        ActionKind::StopService { scaling: Some(_), .. } => vec!["scaling suspended".to_owned()],
        ActionKind::StartService(start) => {
            let mut parts = Vec::new();
            if let Some(target) = &start.scaling {
                let flags = if target.suspended == Suspended::NONE { "" } else { ", partly suspended" };
                parts.push(format!("scaling {}..{}{flags}", target.min, target.max));
            }
            parts.extend(start.rollback_off.map(|_| "rollbacks off".to_owned()));
            parts
        }
        _ => Vec::new(),
    }
}

fn blocked(blocked: &Blocked) -> Vec<String> {
    let mut text = format!("blocked {}: {}", word(blocked.reason), blocked.message);
    for hint in &blocked.hints {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    // Further lines of a message hang below the first.
    std::iter::once(first).chain(lines.map(|line| format!("  {}", line.trim_start_matches("  ")))).collect()
}

/// The outcome, the steps, and what stood in the way.
pub fn run(run: &Run, last: Option<&Plan>) -> Vec<String> {
    let mut head = run.outcome.map_or("running".to_owned(), |outcome| outcome.as_str().to_owned());
    if let Some(message) = &run.message {
        head.push_str(&format!(": {message}"));
    }
    let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
    for request in &run.requests {
        lines.push(format!("applied: {}", serde_json::to_value(request).unwrap()["wish"].as_str().unwrap()));
    }
    let mut steps: Vec<(String, usize)> = Vec::new();
    for step in &run.steps {
        let said = match step.outcome.as_str() {
            "done" => step.step.clone(),
            other => format!("{} ({other})", step.step),
        };
        match steps.last_mut().filter(|(last, _)| *last == said) {
            Some((_, times)) => *times += 1,
            None => steps.push((said, 1)),
        }
    }
    let steps: Vec<String> = steps
        .into_iter()
        .map(|(step, times)| if times == 1 { step } else { format!("{step} ×{times}") })
        .collect();
    if !steps.is_empty() {
        lines.push(format!("steps: {}", steps.join(", ")));
    }
    let mut told = BTreeSet::new();
    for action in run.steps.iter().flat_map(|step| &step.actions) {
        if let Some(message) = &action.message
            && told.insert(message)
        {
            let mut text = message.lines();
            lines.push(format!("{} {}: {}", action.kind, action.outcome, text.next().unwrap_or_default()));
            lines.extend(text.map(|line| format!("  {line}")));
        }
    }
    if let Some(plan) = last {
        lines.extend(plan.blocked.iter().flat_map(blocked));
        lines.extend(plan.waiting.iter().map(|waiting| {
            format!("waiting {}: {}", word(waiting.reason), waiting.message.replace('\n', "; "))
        }));
    }
    lines
}

/// What the world looks like, in its own truth.
pub fn world(world: &World, spec: &EnvironmentSpec) -> Vec<String> {
    let region = world.regions.iter().find(|region| region.account == spec.account).expect("built");
    let mut lines = vec![format!("world: {}", gate_of(region, spec))];
    lines.extend(database(world, region, spec).map(|line| format!("       {line}")));
    let services: Vec<String> =
        spec.services.keys().map(|name| service(region, spec, name.as_str())).collect();
    lines.push(format!("       {}", services.join(", ")));
    let sites: Vec<String> = spec
        .sites
        .iter()
        .map(|(name, site)| {
            let marker = world.buckets.get(&site.bucket).and_then(|bucket| bucket.marker_of(&site.prefix));
            let live = marker.and_then(|(marker, _)| marker.live.as_ref());
            format!("{name} {}", live.map_or("not ours yet".to_owned(), |live| live.version.to_string()))
        })
        .collect();
    if !sites.is_empty() {
        lines.push(format!("       site {}", sites.join(", ")));
    }
    lines
}

fn gate_of(region: &Region, spec: &EnvironmentSpec) -> String {
    let Some(maintenance) = &spec.maintenance else { return "no gate declared".to_owned() };
    let header = &maintenance.bypass.header;
    let rules: Vec<&SimRule> = region.listeners.iter().flat_map(|listener| &listener.rules).collect();
    let names = |closed: bool| -> Vec<String> {
        rules
            .iter()
            .filter(|rule| rule.asks_for(header) == closed)
            .map(|rule| leads_to(region, rule))
            .collect()
    };
    let (closed, open) = (names(true), names(false));
    let mut text = match (closed.is_empty(), open.is_empty()) {
        (true, _) => "gate open".to_owned(),
        (false, true) => "gate closed".to_owned(),
        (false, false) => format!("gate closed, but open to {}", open.join(", ")),
    };
    for (name, function) in &region.functions {
        let says = match function.live.as_deref().and_then(gate::recognise) {
            Some(Gate::Open) => "open",
            Some(Gate::Closed) => "closed",
            None => "somebody else's",
        };
        text.push_str(&format!(", function {name} {says}"));
    }
    text
}

fn leads_to(region: &Region, rule: &SimRule) -> String {
    let groups = rule.target_groups();
    let behind = |service: &&SimService| service.target_groups.iter().any(|group| groups.contains(group));
    region.services.values().find(behind).map_or("a redirect".to_owned(), |service| service.name.to_string())
}

fn database(world: &World, region: &Region, spec: &EnvironmentSpec) -> Option<String> {
    let database = &region.databases[spec.database.as_ref()?.target.identifier()];
    let mut text = format!("database {}", database.shown.status);
    let real = match &database.schema {
        Schema::Unversioned => String::new(),
        Schema::At(version) => version.to_string(),
        Schema::Between(from, to) => format!("half-way from {from} to {to}"),
    };
    if !real.is_empty() {
        text.push_str(&format!(", schema {real}"));
        match database.shown.tags.get(tag::SCHEMA) {
            Some(tagged) if *tagged == real => {}
            Some(tagged) => text.push_str(&format!(", tagged {tagged}")),
            None => text.push_str(", not tagged"),
        }
    }
    if let Some(mark) = database.shown.tags.get(tag::MIGRATING) {
        text.push_str(&format!(", marked {mark}"));
    }
    let live = region
        .tasks
        .values()
        .filter(|task| task.service.is_none() && task.shown.status != TaskStatus::Stopped);
    match live.count() {
        0 => {}
        count => text.push_str(&format!(", migration tasks {count}")),
    }
    let done = world.effects.iter().filter(|effect| effect.environment == spec.name);
    let done: Vec<String> = done.map(|effect| effect.to.to_string()).collect();
    if !done.is_empty() {
        text.push_str(&format!(", migrated to {}", done.join(", ")));
    }
    if !database.snapshots.is_empty() {
        text.push_str(&format!(", snapshots {}", database.snapshots.len()));
    }
    Some(text)
}

fn service(region: &Region, spec: &EnvironmentSpec, name: &str) -> String {
    let key = format!("{}/{name}", spec.cluster);
    let Some(service) = region.services.get(&key) else { return format!("{name} does not exist") };
    let mine = region.tasks.values().filter(|task| task.service.as_ref() == Some(&key));
    let (stopping, live): (Vec<_>, Vec<_>) =
        mine.filter(|task| task.shown.status != TaskStatus::Stopped).partition(|task| task.stopping);
    let healthy =
        live.iter().filter(|task| task.shown.status == TaskStatus::Running && task.shown.healthy).count();
    let count = if healthy == live.len() && healthy == service.desired as usize {
        healthy.to_string()
    } else {
        format!("{healthy} of {}", service.desired)
    };
    let managed = &spec.services[name].images;
    let runs: BTreeMap<String, usize> = live.iter().fold(BTreeMap::new(), |mut counts, task| {
        let images = task.contents.iter().filter(|(container, _)| managed.contains_key(*container));
        for (_, image) in images {
            *counts.entry(image.tag().unwrap_or_default().to_owned()).or_default() += 1;
        }
        counts
    });
    let mut text = format!("{name} {count}");
    if service.desired == 0 && !stopping.is_empty() {
        text.push_str(&format!(", {} still stopping", stopping.len()));
    }
    if !runs.is_empty() {
        text.push_str(&format!(" {}", runs.keys().cloned().collect::<Vec<_>>().join("+")));
    }
    let mut odd = Vec::new();
    if let Some(target) = region.targets.get(&key).map(|target| &target.shown) {
        let declared = spec.services[name].autoscaling.map(|range| (range.min, range.max));
        if declared != Some((target.min, target.max)) || target.suspended != Suspended::NONE {
            let flags = if target.suspended == Suspended::NONE { "" } else { " suspended" };
            odd.push(format!("scaling {}..{}{flags}", target.min, target.max));
        }
    }
    if service.rollback == Rollback::OFF {
        odd.push("rollbacks off".to_owned());
    }
    if !odd.is_empty() {
        text.push_str(&format!(" ({})", odd.join(", ")));
    }
    text
}
