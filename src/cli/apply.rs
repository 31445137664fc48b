//! `apply`: changes one environment until it is as declared, then returns.

use std::time::Duration;

use super::error::{CliError, Exit};
use super::input::{self, Output};
use super::lock_wait::LockWait;
use super::progress::ProgressLines;
use super::{declared, operator_request, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context::{self, Access, Backend, ContextError};
use crate::daemon::mailbox::{self, DaemonProcess};
use crate::model::EnvironmentName;
use crate::plan::{BlockedReason, Plan, WaitingReason};
use crate::reconcile::{self, DeclaredEnvironment, ReconcileError, RunOutcome};
use crate::report::{RunView, run as report, time_format};
use crate::schedule::Tz;
use crate::signals;
use crate::spec::EnvironmentSpec;
use crate::store::journal::{OperatorCommand, OperatorRequest, read_events_since};
use crate::store::{LeaseHolder, LocalStore, Store as _};

/// Change an environment until it is as declared, then return
///
/// Returns when only a person, a schedule or a window can make further progress. Waits while another tidegate process
/// has locked the environment. Ctrl-C ends it after the current step, within ten
/// seconds; a second Ctrl-C ends it sooner. If it is interrupted or killed at any moment, the next `apply` resumes there.
///
/// Exit code 0: the environment is as declared, or will be when it wakes. 3: the release only waits for its window.
/// 1: the environment is blocked or held, or the run has failed or reached its timeout.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("exception").args(["ignore_window", "take_over"])))]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Stop after this time, including the wait for another process [default: no timeout]
    #[arg(long, value_name = "DURATION", value_parser = input::duration)]
    timeout: Option<Duration>,
    /// Begin the waiting release now, outside of its `windows`; needs `--reason`
    #[arg(long = "now", visible_alias = "ignore-window", requires = "reason")]
    ignore_window: bool,
    /// Take the cluster over from another store, after its tidegate was stopped; needs `--reason`
    #[arg(long, requires = "reason")]
    take_over: bool,
    /// Why you do this; kept in the journal
    #[arg(long, value_name = "TEXT", value_parser = input::reason, requires = "exception")]
    reason: Option<String>,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let interrupt = signals::listen(signals::ONE_SHOT, |_| {})
        .map_err(|error| CliError::internal("cannot listen to signals").because(&error))?;
    let mut wait = LockWait::begin(&interrupt, args.timeout);
    let declared = context::declare(settings, None, SystemClock.now())?;
    let spec = declared::environment(&declared, &args.environment, "apply")?.clone();
    let specs: Vec<EnvironmentSpec> = declared.environments().values().cloned().collect();
    let wanted = declared.wanted(&spec);
    if let Some(reason) = &args.reason {
        let command = if args.take_over { OperatorCommand::TakeOver } else { OperatorCommand::IgnoreWindow };
        ask_for(command, reason, settings, &specs, &wanted)?;
    }
    interrupt.begin_work();
    loop {
        match converge(args, settings, &specs, &wanted, &wait)? {
            Attempt::Ended(outcome) => return Ok(exit(outcome)),
            Attempt::Locked { holder } => wait.wait(&wanted.spec.name, &holder)?,
        }
    }
}

/// One attempt to act.
enum Attempt {
    Ended(Option<RunOutcome>),
    /// Another process has the lock; nothing was changed.
    Locked {
        /// That process, in words.
        holder: String,
    },
}

fn converge(
    args: &Args,
    settings: &Settings,
    specs: &[EnvironmentSpec],
    wanted: &DeclaredEnvironment,
    wait: &LockWait<'_>,
) -> Result<Attempt, CliError> {
    let name = &wanted.spec.name;
    let zone = time_format::zone_of(&wanted.spec);
    let backend = match Backend::open(settings, specs, Access::Change { wait_max: Duration::ZERO }, None) {
        Err(ContextError::WorldBusy { .. }) => {
            let root = settings.store()?;
            let lease = LocalStore::open_existing(root)?.lease_holder(name)?;
            // A daemon keeps a simulated world as long as it runs, so waiting for it would not end.
            if let Some(daemon) = mailbox::running(root).ok().flatten() {
                return Err(world_of_the_daemon(name, &daemon));
            }
            return Ok(Attempt::Locked { holder: holder_in_words(lease, zone) });
        }
        opened => opened?,
    };
    let deadline = wait.left().map(|left| backend.monotonic() + left);
    let progress = ProgressLines::on_stderr(backend.clock(), zone);
    let holder = format!("apply by {}", context::person());
    let run = match backend.converge(wanted, &holder, deadline, &progress, &|| wait.shutdown()) {
        Err(ReconcileError::Busy { holder, .. }) => {
            return Ok(Attempt::Locked { holder: holder_in_words(holder, zone) });
        }
        ended => ended.map_err(|error| CliError::from(error).about(format!("cannot apply `{name}`")))?,
    };
    let events = read_events_since(&*backend.store(), name, run.started_at)
        .map_err(|error| CliError::from(ReconcileError::from(error)))?;
    let closures = reconcile::closures(&events);
    let view = RunView {
        run: &run,
        closures: &closures,
        is_running: false,
        now: backend.now(),
        zone,
        page: ui::page(),
    };
    match args.output {
        Output::Text => ui::print(&report::summary(&view))?,
        Output::Json => ui::print_json(&report::json(&view))?,
    }
    backend.finish()?;
    Ok(Attempt::Ended(run.outcome))
}

/// The process that has the lock, for people.
fn holder_in_words(lease: Option<LeaseHolder>, zone: Tz) -> String {
    match lease {
        Some(lease) => format!("{} since {}", lease.holder, time_format::local(lease.since, zone)),
        None => "another tidegate process".to_owned(),
    }
}

fn world_of_the_daemon(name: &EnvironmentName, daemon: &DaemonProcess) -> CliError {
    let DaemonProcess { pid, place, .. } = daemon;
    CliError::failure(format!(
        "cannot apply `{name}`: the daemon (process {pid} on {place}) uses the simulated world"
    ))
    .because_of("a simulated world has one process at a time, and a daemon keeps it as long as it runs")
    .hint("the daemon applies every environment by itself; to let it look now: tidegate poke")
    .hint(format!("or stop the daemon, then: tidegate apply {name}"))
}

fn exit(outcome: Option<RunOutcome>) -> Exit {
    match outcome {
        Some(RunOutcome::Converged | RunOutcome::Observed) => Exit::Done,
        Some(RunOutcome::Window) => Exit::Pending,
        Some(
            RunOutcome::Blocked
            | RunOutcome::Held
            | RunOutcome::GivenUp
            | RunOutcome::Failed
            | RunOutcome::TimedOut
            | RunOutcome::Stopped
            | RunOutcome::Unmanaged,
        )
        | None => Exit::Failure,
    }
}

/// Leaves a request for the run that follows, if the plan needs the exception. An exception that is not needed today
/// must not stay in the store and count on another day.
fn ask_for(
    command: OperatorCommand,
    reason: &str,
    settings: &Settings,
    specs: &[EnvironmentSpec],
    wanted: &DeclaredEnvironment,
) -> Result<(), CliError> {
    let name = &wanted.spec.name;
    let preview = Backend::open(settings, specs, Access::Look, None)?
        .preview(wanted)
        .map_err(|error| CliError::from(error).about(format!("cannot apply `{name}`")))?;
    if is_needed(&command, &preview.plan) {
        let request = OperatorRequest { who: context::person(), reason: reason.to_owned(), command };
        return operator_request::leave_in_store(settings, &wanted.spec, &request).map(|_| ());
    }
    let note = match command {
        OperatorCommand::TakeOver => "no other store owns its cluster, so `--take-over` has no effect",
        _ => "no release waits for a window, so `--now` has no effect",
    };
    ui::say(&format!("note: `{name}`: {note}\n"));
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
