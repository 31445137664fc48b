//! `schedule`: when an environment changes its state, as a table or as JSON. No cloud; a store is asked for
//! overrides if there is one, and never made.

use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::json;

use super::error::{CliError, Exit};
use super::input::{self, Output};
use super::{declared, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::Instant;
use crate::reconcile::{ActiveOverrides, ReconcileError, Sizes};
use crate::report::schedule::{self as report, Prices, ScheduleView};
use crate::report::time_format;
use crate::schedule::{self, Change};
use crate::spec::EnvironmentSpec;
use crate::store::LocalStore;

/// Ten years: more days than anybody plans for, few enough to be answered at once.
const DAYS_MAX: u32 = 3_660;

/// Show when an environment changes its state by schedule, calendar and override
///
/// As a picture of its days, a list of changes, and what the sleep is worth: an estimate from list prices and the
/// sizes that were seen last.
///
/// The JSON is an array of changes: [{"at", "state", "because"}]. Touches no cloud and makes no store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// From then on, as RFC 3339 [default: now]
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    from: Option<Instant>,
    /// For so many times 24 hours
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=i64::from(DAYS_MAX)))]
    days: u32,
    /// Count the database as one of this class, such as db.t4g.small
    #[arg(long, value_name = "CLASS")]
    database_class: Option<String>,
    /// Prices instead of the built-in table (src/report/schedule/prices.toml)
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let from = args.from.unwrap_or_else(|| SystemClock.now());
    let to = from
        .checked_add_signed(TimeDelta::days(args.days.into()))
        .ok_or_else(|| CliError::usage("`--from` and `--days` lead beyond the calendar"))?;
    let loaded = context::declare(settings, None, from)?;
    let spec = declared::environment(&loaded, &args.environment, "show the schedule of")?;
    let standing = standing(settings, spec, from);
    let over = standing.runtime_override();
    let says = context::says(spec, over.as_ref());
    let zone = time_format::zone_of(spec);
    match args.output {
        Output::Json => {
            let changes = schedule::changes(from, to, &says);
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
            let override_since = standing.override_.as_ref().map(|set| set.since);
            let view =
                ScheduleView { spec, says, override_since, from, to, now, zone, sizes, prices: &prices };
            ui::print(&report::text(&view))?;
        }
    }
    Ok(Exit::Done)
}

/// What people have set, where there is a store to ask. A schedule can be shown without one.
fn standing(settings: &Settings, spec: &EnvironmentSpec, at: Instant) -> ActiveOverrides {
    let Ok(root) = settings.store() else { return ActiveOverrides::default() };
    let seen = LocalStore::open_existing(root).map_err(ReconcileError::from);
    seen.and_then(|store| ActiveOverrides::at(at, &store, spec)).unwrap_or_else(|error| {
        ui::say(&format!("warning: overrides set at run time are left out: {error}\n"));
        ActiveOverrides::default()
    })
}

/// How large everything is, as far as somebody has said or seen.
fn sizes(args: &Args, settings: &Settings, spec: &EnvironmentSpec) -> Sizes {
    let seen = settings.store().ok().and_then(|root| LocalStore::open_existing(root).ok());
    let seen = seen.and_then(|store| Sizes::last_seen(&store, &spec.name).ok()).unwrap_or_default();
    Sizes { database_class: args.database_class.clone().or(seen.database_class), ..seen }
}

fn prices(args: &Args) -> Result<Prices, CliError> {
    let Some(path) = &args.prices else { return Ok(Prices::built_in()) };
    let failed = || CliError::failure(format!("cannot use the prices in {}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed().because(&error))?;
    Prices::read(&text).map_err(|error| {
        failed()
            .because(&error)
            .hint("write a table like src/report/schedule/prices.toml in tidegate's repository")
    })
}
