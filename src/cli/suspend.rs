//! `suspend` and `resume`: an environment that is observed and reported, never written to.

use super::error::{CliError, Exit};
use super::input::{self, Until};
use super::{declared, override_, request, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::report::time_format;
use crate::store::{LocalStore, SUSPENSION, Store as _, Suspension, Withdrawal};

/// Stop acting on an environment: it is observed and reported, never written to
///
/// A release in the middle stays where it is, the gate as it is; a migration that runs is watched to its end. Who
/// and why is shown everywhere, and announced every day.
#[derive(Debug, clap::Args)]
pub(super) struct SuspendArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why: kept in the journal, shown to those who meet it
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: String,
    /// Its end: 22:00 in the environment's time zone, or RFC 3339 [default: until `tidegate resume`]
    #[arg(long, value_name = "TIME", value_parser = input::until, conflicts_with = "length")]
    until: Option<Until>,
    /// Its end, as a length of time from now
    #[arg(long = "for", value_name = "DURATION", value_parser = input::duration)]
    length: Option<std::time::Duration>,
}

/// Act on a suspended environment again
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason)]
    reason: Option<String>,
}

pub(super) fn suspend(args: &SuspendArgs, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "suspend")?;
    let (now, zone, name) = (context::present(settings)?, time_format::zone_of(spec), &spec.name);
    let until = input::end(args.until.as_ref(), args.length, now, zone)?;
    let store = LocalStore::open(settings.store()?)?;
    let before = override_::standing(&store, spec, now)?.suspension;
    let who = context::person();
    let (reason, taken_back) = (args.reason.clone(), None);
    let set = Suspension { reason, who, since: now, until, taken_back };
    let value = serde_json::to_value(&set).expect("text and instants always become JSON");
    store.put_record(name, SUSPENSION, Some(&value))?;
    let end = until.map_or_else(
        || format!("until `tidegate resume {name}`"),
        |until| format!("until {}", time_format::local(until, zone)),
    );
    let mut text = format!("{name}: suspended {end}; it is observed and reported, never written to\n");
    if let Some(before) = before {
        text.push_str(&format!("it was suspended before by {}: {}\n", before.who, before.reason));
    }
    request::taken_up_by(settings, name, &set.who)?;
    ui::print(&text)?;
    Ok(Exit::Done)
}

pub(super) fn resume(args: &ResumeArgs, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "resume")?;
    let (now, name) = (context::present(settings)?, &spec.name);
    let store = LocalStore::open(settings.store()?)?;
    let Some(set) = override_::standing(&store, spec, now)?.suspension else {
        return Err(CliError::failure(format!("`{name}` is not suspended: there is nothing to resume"))
            .hint(format!("`tidegate plan {name}` shows what it would do, and what stands in the way")));
    };
    let who = context::person();
    let reason = args.reason.clone().unwrap_or_else(|| "not needed any more".to_owned());
    let ended = Suspension { taken_back: Some(Withdrawal { who: who.clone(), reason }), ..set };
    let value = serde_json::to_value(&ended).expect("text and instants always become JSON");
    store.put_record(name, SUSPENSION, Some(&value))?;
    let text = format!("{name}: resumed; it was suspended by {}: {}\n", ended.who, ended.reason);
    ui::print(&(text + &request::taken_up_by(settings, name, &who)?))?;
    Ok(Exit::Done)
}
