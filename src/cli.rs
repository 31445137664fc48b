//! The command line: parses the arguments, calls one verb, and turns its result into an exit code.
//!
//! Each verb has one file (`suspend` and `resume` share one). Verbs print; the rooms below them do not. The arguments
//! here are raw text that became types; `config` and `context` decide what they mean together.

mod abort;
mod apply;
mod completions;
mod declared;
mod demo;
mod error;
mod history;
mod import;
mod input;
mod lock_wait;
mod operator_request;
mod override_;
mod plan;
mod poke;
mod preview;
mod progress;
mod record_schema;
mod retry;
mod run;
mod schedule;
mod schema;
mod status;
mod suspend;
mod ui;
mod validate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use error::{CliError, Exit};

use crate::clock::SystemClock;
use crate::config::{self, Cloud, Flags, Settings};

/// GitOps for platforms on AWS ECS that close for migrations and sleep at night
///
/// Environments are YAML files in a git repository. tidegate compares them with what runs in AWS. `plan` shows what it
/// would do, `apply` does it once, and `run` is a daemon that keeps doing it.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, max_term_width = 100, propagate_version = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "See it work, without an AWS account and without a network: tidegate demo")]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Validate(validate::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Run(run::Args),
    Status(status::Args),
    History(history::Args),
    Schedule(schedule::Args),
    Override(override_::Args),
    Suspend(suspend::SuspendArgs),
    Resume(suspend::ResumeArgs),
    Retry(retry::Args),
    Abort(abort::Args),
    RecordSchema(record_schema::Args),
    Poke(poke::Args),
    Import(Box<import::Args>),
    Demo(demo::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// The definition of the whole command line, for shell completions and for tests.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the program; `main` does nothing else.
pub fn main() -> ExitCode {
    explain_panics();
    catch_unwind(AssertUnwindSafe(parse_and_run)).unwrap_or(Exit::Internal).into()
}

fn parse_and_run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version arrive here too; clap knows which stream and which code.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let ended = begin().and_then(|()| dispatch(&cli));
    ended.unwrap_or_else(|error| {
        ui::say(&error.render());
        error.exit()
    })
}

fn dispatch(cli: &Cli) -> Result<Exit, CliError> {
    match &cli.verb {
        Verb::Run(args) => run::run(args, &settings(cli)?),
        Verb::Validate(args) => validate::run(args, &settings(cli)?),
        Verb::Plan(args) => plan::run(args, &settings(cli)?),
        Verb::Apply(args) => apply::run(args, &settings(cli)?),
        Verb::History(args) => history::run(args, &settings(cli)?),
        Verb::Status(args) => status::run(args, &settings(cli)?),
        Verb::Override(args) => override_::run(args, &settings(cli)?),
        Verb::Suspend(args) => suspend::suspend(args, &settings(cli)?),
        Verb::Resume(args) => suspend::resume(args, &settings(cli)?),
        Verb::Retry(args) => retry::run(args, &settings(cli)?),
        Verb::Abort(args) => abort::run(args, &settings(cli)?),
        Verb::RecordSchema(args) => record_schema::run(args, &settings(cli)?),
        Verb::Poke(args) => poke::run(args, &settings(cli)?),
        Verb::Schedule(args) => schedule::run(args, &settings(cli)?),
        Verb::Import(args) => import::run(args, &settings(cli)?),
        Verb::Demo(args) => demo::run(args),
        Verb::Schema(args) => schema::run(args),
        Verb::Completions(args) => completions::run(args, &mut command()),
    }
}

/// The present of a simulated cloud, as RFC 3339; otherwise, the machine's. It is how the tests print the same on
/// every day.
const NOW: &str = "TIDEGATE_SIM_NOW";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Sets the clock, if a simulated cloud has a present of its own.
fn begin() -> Result<(), CliError> {
    if let Some(text) = variable(NOW) {
        let at = input::instant(&text).map_err(|error| CliError::usage(format!("`{NOW}`: {error}")))?;
        SystemClock::begin_at(at);
    }
    Ok(())
}

fn settings(cli: &Cli) -> Result<Settings, CliError> {
    ui::address(&cli.flags);
    let settings = config::load(&cli.flags, |name| std::env::var(name).ok())?;
    if settings.cloud == Cloud::Aws && variable(NOW).is_some() {
        return Err(CliError::usage(format!("`{NOW}` is set, and the cloud is AWS"))
            .because_of("only a simulated cloud can have another time than the present")
            .hint(format!("unset {NOW}, or add `--cloud sim`")));
    }
    Ok(settings)
}

/// Makes a panic read as what it is: a bug in the program, not a mistake in the declarations.
fn explain_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let message = panic.payload_as_str().unwrap_or("no message");
        let error = CliError::internal(format!("tidegate has a bug{place}"))
            .because_of(message)
            .hint("the next run finds an interrupted one and resumes it")
            .hint("please report this bug, with your command and the lines above");
        ui::say(&error.render());
    }));
}
