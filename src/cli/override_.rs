//! `override`: sets, ends or shows another state for a limited time.

use super::error::{CliError, Exit};
use super::input::{self, Output, Until};
use super::{declared, operator_request, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context::{self, DeclaredTree};
use crate::model::{Instant, State};
use crate::reconcile::{ActiveOverrides, ReconcileError};
use crate::report::{OverrideView, overrides as report, time_format};
use crate::spec::EnvironmentSpec;
use crate::store::{LocalStore, OVERRIDE, RuntimeOverride, Store as _, Withdrawal};

/// Set another state for a limited time, or show which override holds
///
/// The override holds at once and ends by itself. It is stronger than the declared state, the schedule and an override
/// in git. A commit that changes `state:` to `stopped` or `db-only` ends it early. The daemon logs a notice 15 minutes
/// before the end. Without STATE, this shows the override that holds.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("end").args(["until", "length"])))]
#[command(
    override_usage = "tidegate override <ENV> <STATE> <--until <TIME>|--for <DURATION>> --reason <TEXT>\n       \
                      tidegate override <ENV> --clear [--reason <TEXT>]\n       \
                      tidegate override [ENV] [--output <FORMAT>]"
)]
pub(super) struct Args {
    /// The environment [default when showing: all]
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// The new state: running, restricted, db-only or stopped
    #[arg(value_name = "STATE", value_parser = input::state, requires = "end", requires = "reason")]
    state: Option<State>,
    /// When the override ends: 22:00 in the environment's time zone, or RFC 3339 such as 2026-11-24T22:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = input::until, requires = "state")]
    until: Option<Until>,
    /// How long the override holds from now, such as 2h or 90m
    #[arg(long = "for", value_name = "DURATION", value_parser = input::duration, requires = "state")]
    length: Option<std::time::Duration>,
    /// Why you do this; kept in the journal, shown in status and plan
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: Option<String>,
    /// End the override now
    #[arg(long, conflicts_with_all = ["state", "end"], requires = "environment")]
    clear: bool,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let now = context::present(settings)?;
    match (args.environment.as_deref(), args.state) {
        (Some(name), Some(state)) => {
            let spec = declared::environment(&declared, name, "override")?;
            let end = input::end(args.until.as_ref(), args.length, now, time_format::zone_of(spec))?;
            let reason = args.reason.clone().unwrap_or_default();
            set(
                args,
                settings,
                spec,
                RuntimeOverride {
                    state,
                    until: end
                        .ok_or_else(|| CliError::usage("an override needs an end: `--until` or `--for`"))?,
                    reason,
                    who: context::person(),
                    since: now,
                    declared: spec.state,
                    is_met: false,
                    taken_back: None,
                },
            )
        }
        (Some(name), None) if args.clear => {
            let spec = declared::environment(&declared, name, "override")?;
            clear(args, settings, spec, now)
        }
        (name, _) => show(args, settings, &declared, name, now),
    }
}

fn set(
    args: &Args,
    settings: &Settings,
    spec: &EnvironmentSpec,
    set: RuntimeOverride,
) -> Result<Exit, CliError> {
    let store = LocalStore::open(settings.store()?)?;
    let before = active(&store, spec, set.since)?.override_;
    let value = serde_json::to_value(&set).expect("text, instants and words always become JSON");
    store.put_record(&spec.name, OVERRIDE, Some(&value))?;
    let zone = time_format::zone_of(spec);
    let length = time_format::length(set.until - set.since);
    let mut text =
        format!("{}: {} until {}, for {length}\n", spec.name, set.state, time_format::local(set.until, zone));
    if let Some(before) = before {
        text.push_str(&format!(
            "this replaces the override `{}` that {} set: {}\n",
            before.state, before.who, before.reason
        ));
    }
    text.push_str(&operator_request::wake_daemon(settings, &spec.name, &set.who)?);
    print(args, settings, spec, set.since, &text)
}

fn clear(args: &Args, settings: &Settings, spec: &EnvironmentSpec, now: Instant) -> Result<Exit, CliError> {
    let name = &spec.name;
    let store = LocalStore::open(settings.store()?)?;
    let before = store.get_record(name, OVERRIDE)?;
    let Some(set) = active(&store, spec, now)?.override_ else {
        let nothing =
            CliError::failure(format!("no run-time override of `{name}` is set, so there is nothing to end"));
        return Err(match spec.override_.as_ref().filter(|set| now < set.until) {
            Some(_) => nothing.hint("the override that holds is in git: delete `override:` there"),
            None => nothing.hint(format!("see which state holds, and why: tidegate status {name}")),
        });
    };
    let reason = args.reason.clone().unwrap_or_else(|| "no longer needed".to_owned());
    let who = context::person();
    let ended = RuntimeOverride { taken_back: Some(Withdrawal { who: who.clone(), reason }), ..set };
    let value = serde_json::to_value(&ended).expect("text, instants and words always become JSON");
    if !store.swap_record(name, OVERRIDE, before.as_ref(), Some(&value))? {
        return Err(operator_request::changed_meanwhile(name, "override"));
    }
    let text = format!("{name}: the override `{}` that {} set has ended\n", ended.state, ended.who);
    let text = text + &operator_request::wake_daemon(settings, name, &who)?;
    print(args, settings, spec, now, &text)
}

/// Prints the text, or the override that holds now as JSON.
fn print(
    args: &Args,
    settings: &Settings,
    spec: &EnvironmentSpec,
    now: Instant,
    text: &str,
) -> Result<Exit, CliError> {
    match args.output {
        Output::Text => ui::print(text)?,
        Output::Json => ui::print_json(&report::override_json(&view(settings, spec, now)?))?,
    }
    Ok(Exit::Done)
}

fn show(
    args: &Args,
    settings: &Settings,
    declared: &DeclaredTree,
    name: Option<&str>,
    now: Instant,
) -> Result<Exit, CliError> {
    let specs = declared::environments(declared, name, "show overrides of")?;
    let views: Result<Vec<_>, CliError> = specs.into_values().map(|spec| view(settings, spec, now)).collect();
    let views = views?;
    match (args.output, name) {
        (Output::Json, Some(_)) => {
            views.first().map_or(Ok(()), |view| ui::print_json(&report::override_json(view)))?;
        }
        (Output::Json, None) => ui::print_json(&views.iter().map(report::override_json).collect())?,
        (Output::Text, _) => {
            ui::print(&views.iter().map(report::override_text).collect::<String>())?;
        }
    }
    Ok(Exit::Done)
}

fn view<'a>(
    settings: &Settings,
    spec: &'a EnvironmentSpec,
    now: Instant,
) -> Result<OverrideView<'a>, CliError> {
    let store = LocalStore::open_existing(settings.store()?)?;
    let overrides = active(&store, spec, now)?;
    Ok(OverrideView { spec, overrides, now, zone: time_format::zone_of(spec), page: ui::page() })
}

/// The override and the suspension that hold at `now`.
pub(super) fn active(
    store: &LocalStore,
    spec: &EnvironmentSpec,
    now: Instant,
) -> Result<ActiveOverrides, CliError> {
    ActiveOverrides::at(now, store, spec).map_err(|error: ReconcileError| error.into())
}
