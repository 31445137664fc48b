//! `history`: what tidegate did, run by run. Reads the store, not AWS.

use super::error::{CliError, Exit};
use super::input::Output;
use super::{declared, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::EnvironmentName;
use crate::reconcile::{self, ReconcileError, Run};
use crate::report::{HistoryView, RunView, run as report, time_format};
use crate::schedule::Tz;
use crate::store::journal::read_events_since;
use crate::store::{LocalStore, RUNS_KEPT_MAX, Store as _};

/// Show what tidegate did: runs with their steps, times and outcomes
///
/// The newest run comes first. tidegate does not keep runs that had nothing to do. The JSON is {"schema", "environment",
/// "runs": […]}.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Show at most this many runs
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    limit: u16,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let store = LocalStore::open_existing(settings.store()?)?;
    let name = EnvironmentName::new(args.environment.clone());
    // An environment that was removed from the repository still has a history.
    let zone = if store.environments()?.contains(&name) {
        zone_if_declared(settings, &args.environment)
    } else {
        let declared = context::declare(settings, None, SystemClock.now())?;
        time_format::zone_of(declared::environment(&declared, &args.environment, "show the history of")?)
    };
    let now = SystemClock.now();
    let limit = usize::from(args.limit).min(RUNS_KEPT_MAX);
    let mut runs = Vec::new();
    for stored in store.list_runs(&name, limit)? {
        let run: Run = serde_json::from_value(stored.value).map_err(|error| {
            CliError::failure(format!("cannot read the run {}", stored.id))
                .because(&error)
                .hint("use the version of tidegate that wrote this run")
        })?;
        runs.push(run);
    }
    // The years before the oldest run that is shown are not read.
    let since = runs.last().map_or(now, |run| run.started_at);
    let events = read_events_since(&store, &name, since)
        .map_err(|error| CliError::from(ReconcileError::from(error)))?;
    let closures = reconcile::closures(&events);
    let lease = store.lease_holder(&name)?;
    let views = runs.iter().map(|run| RunView {
        run,
        closures: &closures,
        is_running: lease.as_ref().is_some_and(|lease| run.is_under(lease.fencing)),
        now: now.max(events.last().map_or(now, |(at, _)| *at)),
        zone,
        page: ui::page(),
    });
    let view = HistoryView { environment: &name, runs: views.collect(), page: ui::page() };
    match args.output {
        Output::Text => ui::print(&report::history_text(&view))?,
        Output::Json => ui::print_json(&report::history_json(&view))?,
    }
    Ok(Exit::Done)
}

/// The zone that times are shown in: UTC where the environment is no longer declared.
fn zone_if_declared(settings: &Settings, name: &str) -> Tz {
    let declared = context::declare(settings, None, SystemClock.now()).ok();
    let spec = declared.as_ref().and_then(|declared| declared.environments().get(name));
    spec.map_or(Tz::UTC, time_format::zone_of)
}
