//! `apply`: brings an environment to where it is declared, once.

use std::time::Duration;

use chrono::TimeDelta;

use super::error::{CliError, Exit};
use super::input::{self, Output};
use super::interrupt::Interrupt;
use super::one_pass::Turn;
use super::watch::Watch;
use super::{declared, request, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context::{self, Access, Backend, ContextError};
use crate::daemon::mailbox::{self, Running};
use crate::plan::{BlockedReason, Plan, WaitingReason};
use crate::reconcile::{self, DeclaredEnvironment, ReconcileError, RunOutcome};
use crate::report::run::{self as report, RunView};
use crate::report::time_format;
use crate::schedule::Tz;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{OperatorCommand, OperatorRequest, read_events};
use crate::store::{LeaseHolder, LocalStore, Store as _};

/// Bring an environment to where it is declared, once
///
/// Ends as soon as nothing more can happen without a person or the clock. Waits while another tidegate works
/// on the environment. Killed at any moment, it goes on where it stood when it is started again; Ctrl-C ends it
/// after the step in hand.
///
/// Exits with 0 when the environment is as declared, or will be when it wakes; with 3 when only a window is
/// awaited; with 1 when it is blocked, held, failed or out of time.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("exception").args(["ignore_window", "take_over"])))]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// End after this long, the wait for others included [default: never]
    #[arg(long, value_name = "DURATION", value_parser = input::duration)]
    timeout: Option<Duration>,
    /// Let the waiting release begin now, whatever `windows` say; needs `--reason`
    #[arg(long = "now", visible_alias = "ignore-window", requires = "reason")]
    ignore_window: bool,
    /// Take the cluster over from another store, whose tidegate acts there no more; needs `--reason`
    #[arg(long, requires = "reason")]
    take_over: bool,
    /// Why: kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason, requires = "exception")]
    reason: Option<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let interrupt = Interrupt::listen()
        .map_err(|error| CliError::internal("cannot listen to signals").because(&error))?;
    let mut turn = Turn::begin(&interrupt, args.timeout);
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "apply")?.clone();
    let specs: Vec<EnvironmentSpec> = declared.environments().values().cloned().collect();
    let wanted = DeclaredEnvironment { spec, revision: declared.tree.revision };
    if let Some(reason) = &args.reason {
        let command = if args.take_over { OperatorCommand::TakeOver } else { OperatorCommand::IgnoreWindow };
        ask_for(command, reason, settings, &specs, &wanted)?;
    }
    loop {
        match converge(args, settings, &specs, &wanted, &turn)? {
            Attempt::Ended(outcome) => return Ok(exit(outcome)),
            Attempt::Taken(by) => turn.wait(&wanted.spec.name, &by)?,
        }
    }
}

/// One attempt to act.
enum Attempt {
    Ended(Option<RunOutcome>),
    /// Somebody else acts; nothing has happened.
    Taken(String),
}

fn converge(
    args: &Args,
    settings: &Settings,
    specs: &[EnvironmentSpec],
    wanted: &DeclaredEnvironment,
    turn: &Turn<'_>,
) -> Result<Attempt, CliError> {
    let name = &wanted.spec.name;
    let zone = time_format::zone_of(&wanted.spec);
    let backend = match Backend::open(settings, specs, Access::Change { wait_max: Duration::ZERO }, None) {
        Err(ContextError::WorldBusy { .. }) => {
            let root = settings.store()?;
            let lease = LocalStore::open_existing(root)?.lease_holder(name)?;
            return Ok(Attempt::Taken(whoever(lease, zone, mailbox::running(root).ok().flatten())));
        }
        opened => opened?,
    };
    let deadline =
        turn.left().and_then(|left| backend.now().checked_add_signed(TimeDelta::from_std(left).ok()?));
    let watch = Watch::on_stderr(backend.clock(), zone);
    let holder = format!("apply by {}", context::person());
    let run = match backend.converge(wanted, &holder, deadline, &watch, &|| turn.haste()) {
        Err(ReconcileError::Busy { holder, .. }) => return Ok(Attempt::Taken(whoever(holder, zone, None))),
        ended => ended.map_err(|error| CliError::from(error).about(format!("cannot apply `{name}`")))?,
    };
    let events =
        read_events(&*backend.store(), name).map_err(|error| CliError::from(ReconcileError::from(error)))?;
    let closures = reconcile::closures(&events);
    let view = RunView { run: &run, closures: &closures, is_under_way: false, now: backend.now(), zone };
    match args.output {
        Output::Text => ui::print(&report::summary(&view))?,
        Output::Json => ui::print_json(&report::json(&view))?,
    }
    backend.finish()?;
    Ok(Attempt::Ended(run.outcome))
}

/// Who acts instead of us, for people.
fn whoever(lease: Option<LeaseHolder>, zone: Tz, daemon: Option<Running>) -> String {
    match (lease, daemon) {
        (Some(lease), _) => format!("{} since {}", lease.holder, time_format::local(lease.since, zone)),
        (None, Some(daemon)) => format!("the daemon (process {} on {})", daemon.pid, daemon.place),
        (None, None) => "another tidegate".to_owned(),
    }
}

fn exit(outcome: Option<RunOutcome>) -> Exit {
    match outcome {
        Some(RunOutcome::Converged | RunOutcome::Observed) => Exit::Done,
        Some(RunOutcome::Window) => Exit::Pending,
        Some(
            RunOutcome::Blocked
            | RunOutcome::Held
            | RunOutcome::Failed
            | RunOutcome::TimedOut
            | RunOutcome::Stopped
            | RunOutcome::Unmanaged,
        )
        | None => Exit::Failure,
    }
}

/// Leaves a request for the run that follows, if there is anything to make an exception from: one that nobody
/// needs today would be taken for granted another day.
fn ask_for(
    command: OperatorCommand,
    reason: &str,
    settings: &Settings,
    specs: &[EnvironmentSpec],
    wanted: &DeclaredEnvironment,
) -> Result<(), CliError> {
    let name = &wanted.spec.name;
    let seen = Backend::open(settings, specs, Access::Look, None)?
        .preview(wanted)
        .map_err(|error| CliError::from(error).about(format!("cannot apply `{name}`")))?;
    if is_needed(&command, &seen.plan) {
        let request = OperatorRequest { who: context::person(), reason: reason.to_owned(), command };
        return request::leave(settings, &wanted.spec, &request);
    }
    let told = match command {
        OperatorCommand::TakeOver => "no other store owns its cluster: there is nothing to take over",
        _ => "no release waits for a window: there is nothing to ignore",
    };
    ui::say(&format!("note: `{name}`: {told}\n"));
    Ok(())
}

fn is_needed(command: &OperatorCommand, plan: &Plan) -> bool {
    match command {
        OperatorCommand::TakeOver => {
            plan.blocked.iter().any(|one| one.reason == BlockedReason::OwnedByAnother)
        }
        OperatorCommand::IgnoreWindow => plan.waiting.iter().any(|one| one.reason == WaitingReason::Window),
        _ => false,
    }
}
