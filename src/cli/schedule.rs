//! `schedule`: when an environment changes its state, as a picture or as JSON. Does not use AWS. Reads overrides from
//! the store if there is one, and never creates a store.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::json;

use super::error::{CliError, Exit};
use super::input::{self, Output};
use super::{declared, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::files;
use crate::model::Instant;
use crate::reconcile::{ActiveOverrides, ReconcileError, Sizes};
use crate::report::schedule::{self as report, Prices};
use crate::report::{ScheduleView, time_format};
use crate::schedule::{self, Change};
use crate::spec::{self, EnvironmentSpec};
use crate::store::LocalStore;

/// Ten years: longer than any plan, and short enough for an answer at once.
const DAYS_MAX: u32 = 3_660;

/// Show when an environment changes its state by schedule, calendar and override
///
/// Prints a picture of the days, a list of the changes, and an estimate of what the sleep saves. The estimate uses list
/// prices and the sizes that tidegate has seen last.
///
/// The JSON is an array of changes: [{"at", "state", "because"}]. Does not use AWS, and creates no store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Begin at this instant, such as 2026-11-24T04:00:00+01:00 (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    from: Option<Instant>,
    /// Show this many days of 24 hours [default: 7; with --holidays: 366]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: Option<u32>,
    /// List the holidays that were read from the calendars, with file and line, and nothing else
    ///
    /// As JSON: [{"first", "last", "title", "file", "line"}].
    #[arg(long)]
    holidays: bool,
    /// Estimate with this class of database instance, such as db.t4g.small
    #[arg(long, value_name = "CLASS")]
    database_class: Option<String>,
    /// Read prices from this TOML file instead of the built-in list (src/report/schedule/prices.toml)
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let from = args.from.unwrap_or_else(|| SystemClock.now());
    let days = args.days.unwrap_or(if args.holidays { 366 } else { 7 });
    let to = from.checked_add_signed(TimeDelta::days(days.into())).ok_or_else(|| {
        CliError::usage("`--from` and `--days` end after the last date that tidegate can represent")
    })?;
    let loaded = context::declare(settings, None, from)?;
    let spec = declared::environment(&loaded, &args.environment, "show the schedule of")?;
    let zone = time_format::zone_of(spec);
    let holidays = spec::holidays(&loaded.tree.files, &settings.path, &spec.name);
    let holidays = report::shown_holidays(&holidays, from, to, zone);
    if args.holidays {
        match args.output {
            Output::Json => ui::print_json(&report::holidays_json(&holidays))?,
            Output::Text if holidays.is_empty() => {
                let to = time_format::local(to, zone);
                ui::print(&format!("no calendar of `{}` has a holiday until {to}\n", spec.name))?;
            }
            Output::Text => ui::print(&report::holidays(&holidays))?,
        }
        return Ok(Exit::Done);
    }
    let overrides = overrides(settings, spec, from);
    let runtime_override = overrides.runtime_override();
    let inputs = context::says(spec, runtime_override.as_ref());
    match args.output {
        Output::Json => {
            let changes = schedule::changes(from, to, &inputs);
            let changes: Vec<_> = changes
                .iter()
                .map(|Change { at, state, because }| {
                    json!({"at": time_format::rfc3339(*at, zone), "state": state, "because": because})
                })
                .collect();
            ui::print_json(&changes.into())?;
        }
        Output::Text => {
            let prices = prices(args)?;
            let sizes = sizes(args, settings, spec);
            let now = context::present(settings).unwrap_or_else(|_| SystemClock.now());
            let override_since = overrides.override_.as_ref().map(|set| set.since);
            let view = ScheduleView {
                spec,
                inputs,
                override_since,
                from,
                to,
                now,
                zone,
                page: ui::page(),
                sizes,
                prices: &prices,
            };
            ui::print_as_it_is(&report::text(&view))?;
            if !holidays.is_empty() {
                ui::print(&format!("\nholidays\n{}", report::holidays(&holidays)))?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The override and suspension in the store, if there is a store. A schedule can be shown without one.
fn overrides(settings: &Settings, spec: &EnvironmentSpec, at: Instant) -> ActiveOverrides {
    let Ok(root) = settings.store() else { return ActiveOverrides::default() };
    let store = LocalStore::open_existing(root).map_err(ReconcileError::from);
    store.and_then(|store| ActiveOverrides::at(at, &store, spec)).unwrap_or_else(|error| {
        ui::say(&format!("warning: the schedule does not include run-time overrides: {error}\n"));
        ActiveOverrides::default()
    })
}

/// The sizes of tasks and database: from the flag, else as tidegate has seen them last.
fn sizes(args: &Args, settings: &Settings, spec: &EnvironmentSpec) -> Sizes {
    let seen = settings.store().ok().and_then(|root| LocalStore::open_existing(root).ok());
    let seen = seen.and_then(|store| Sizes::last_seen(&store, &spec.name).ok()).unwrap_or_default();
    Sizes { database_class: args.database_class.clone().or(seen.database_class), ..seen }
}

/// The largest table of prices that is read: the built-in one has some kilobytes.
const PRICES_BYTES_MAX: u64 = 1024 * 1024;

fn prices(args: &Args) -> Result<Prices, CliError> {
    let Some(path) = &args.prices else { return Ok(Prices::built_in()) };
    let failed = || CliError::failure(format!("cannot read the prices in {}", path.display()));
    let text = files::read_text_bounded(path, PRICES_BYTES_MAX).map_err(|error| failed().because(&error))?;
    Prices::read(&text).map_err(|error| {
        failed()
            .because(&error)
            .hint("write a file like src/report/schedule/prices.toml in tidegate's repository")
    })
}
