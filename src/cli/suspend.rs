//! `suspend` and `resume`: whether tidegate acts on an environment, or only observes and reports.

use super::error::{CliError, Exit};
use super::input::{self, Until};
use super::{declared, operator_request, override_, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::report::time_format;
use crate::store::{LocalStore, SUSPENSION, Store as _, Suspension, Withdrawal};

/// Stop acting on an environment; tidegate only observes and reports it
///
/// A release in progress stays at its step, and the gate stays open or stays closed. tidegate still watches a running
/// migration until it ends. Status, plan and history show who suspended the environment and why, and the daemon logs it
/// once a day.
#[derive(Debug, clap::Args)]
pub(super) struct SuspendArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why you do this; kept in the journal, shown in status and plan
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: String,
    /// When the suspension ends: 22:00 in the environment's time zone, or RFC 3339 such as 2026-11-24T22:00:00+01:00
    /// [default: until `tidegate resume`]
    #[arg(long, value_name = "TIME", value_parser = input::until, conflicts_with = "length")]
    until: Option<Until>,
    /// How long the suspension holds from now, such as 2h or 90m
    #[arg(long = "for", value_name = "DURATION", value_parser = input::duration)]
    length: Option<std::time::Duration>,
}

/// Act on a suspended environment again
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why you do this; kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: Option<String>,
}

pub(super) fn suspend(args: &SuspendArgs, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "suspend")?;
    let (now, zone, name) = (context::present(settings)?, time_format::zone_of(spec), &spec.name);
    let until = input::end(args.until.as_ref(), args.length, now, zone)?;
    let store = LocalStore::open(settings.store()?)?;
    let before = override_::active(&store, spec, now)?.suspension;
    let who = context::person();
    let (reason, taken_back) = (args.reason.clone(), None);
    let set = Suspension { reason, who, since: now, until, taken_back };
    let value = serde_json::to_value(&set).expect("text and instants always become JSON");
    store.put_record(name, SUSPENSION, Some(&value))?;
    let end = until.map_or_else(
        || format!("until `tidegate resume {name}`"),
        |until| format!("until {}", time_format::local(until, zone)),
    );
    let mut text =
        format!("{name}: suspended {end}; tidegate observes and reports it, and changes nothing\n");
    if let Some(before) = before {
        text.push_str(&format!("this replaces the suspension that {} set: {}\n", before.who, before.reason));
    }
    operator_request::wake_daemon(settings, name, &set.who)?;
    ui::print(&text)?;
    Ok(Exit::Done)
}

pub(super) fn resume(args: &ResumeArgs, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "resume")?;
    let (now, name) = (context::present(settings)?, &spec.name);
    let store = LocalStore::open(settings.store()?)?;
    let before = store.get_record(name, SUSPENSION)?;
    let Some(set) = override_::active(&store, spec, now)?.suspension else {
        return Err(CliError::failure(format!("`{name}` is not suspended, so there is nothing to resume"))
            .hint(format!("see what tidegate would do, and what blocks it: tidegate plan {name}")));
    };
    let who = context::person();
    let reason = args.reason.clone().unwrap_or_else(|| "no longer needed".to_owned());
    let ended = Suspension { taken_back: Some(Withdrawal { who: who.clone(), reason }), ..set };
    let value = serde_json::to_value(&ended).expect("text and instants always become JSON");
    if !store.swap_record(name, SUSPENSION, before.as_ref(), Some(&value))? {
        return Err(operator_request::changed_meanwhile(name, "suspension"));
    }
    let text = format!("{name}: resumed; {} had suspended it: {}\n", ended.who, ended.reason);
    ui::print(&(text + &operator_request::wake_daemon(settings, name, &who)?))?;
    Ok(Exit::Done)
}
