//! `schedule`: when an environment changes its state, as a table or as JSON. No cloud; a store is asked for
//! overrides if there is one, and never made.

use chrono::TimeDelta;
use serde_json::json;

use super::error::{CliError, Exit};
use super::input::{self, Output};
use super::{declared, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::model::Instant;
use crate::reconcile::{ReconcileError, Standing};
use crate::report::moment;
use crate::schedule::{self, Change};
use crate::spec::EnvironmentSpec;
use crate::store::LocalStore;

/// Ten years: more days than anybody plans for, few enough to be answered at once.
const DAYS_MAX: u32 = 3_660;

/// Show when an environment changes its state by schedule, calendar and override
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
    let over = standing(settings, spec, from).runtime_override();
    let says = context::says(spec, over.as_ref());
    let changes = schedule::changes(from, to, &says);
    let zone = moment::zone_of(spec);
    match args.output {
        Output::Json => {
            let changes: Vec<_> = changes
                .iter()
                .map(|Change { at, state, because }| {
                    json!({"at": moment::rfc3339(*at, zone), "state": state, "because": because})
                })
                .collect();
            ui::print_json(&changes.into())?;
        }
        Output::Text => {
            let now = schedule::state_at(from, &says);
            let because = moment::because(now.because);
            let mut text =
                format!("{}  {} {because}   at {}\n", spec.name, now.state, moment::local(from, zone));
            for Change { at, state, because } in &changes {
                let (at, because) = (moment::local(*at, zone), moment::because(*because));
                text.push_str(&format!("  {at}   {:<10}  {because}\n", state.as_str()));
            }
            if changes.is_empty() {
                text.push_str(&format!("  no change until {}\n", moment::local(to, zone)));
            }
            ui::print(&text)?;
        }
    }
    Ok(Exit::Done)
}

/// What people have set, where there is a store to ask. A schedule can be shown without one.
fn standing(settings: &Settings, spec: &EnvironmentSpec, at: Instant) -> Standing {
    let Ok(root) = settings.store() else { return Standing::default() };
    let seen = LocalStore::open_existing(root).map_err(ReconcileError::from);
    seen.and_then(|store| Standing::at(at, &store, spec)).unwrap_or_else(|error| {
        ui::say(&format!("warning: overrides set at run time are left out: {error}\n"));
        Standing::default()
    })
}
