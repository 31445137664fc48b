//! `plan`: the actions that `apply` would carry out, in order, each with its reason; and what blocks them.

use clap::ValueEnum;

use super::error::{CliError, Exit};
use super::preview::{self, PreviewOptions};
use super::{input, ui};
use crate::config::Settings;
use crate::model::Instant;
use crate::report::{plan as report, preflight};

/// Show what tidegate would do, in which order and why, without changing anything
///
/// Reads the declarations and AWS. Writes nothing, and creates no store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Plan for this instant instead of now, such as 2026-11-24T04:00:00+01:00 (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    at: Option<Instant>,
    /// The format: text for people, json for programs, markdown for a pull request
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Also check everything that a release needs, even if no release is due; exit with 1 if a check fails
    #[arg(long)]
    preflight: bool,
    /// Exit with 3 if the plan contains actions, and with 1 if it contains none because AWS could not be read
    #[arg(long)]
    exit_code: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let options = PreviewOptions { at: args.at, preflight: args.preflight };
    let preview = preview::one(settings, &args.environment, "plan", options)?;
    let view = preview::plan_view(&preview);
    match args.output {
        Format::Text => ui::print(&report::text(&view))?,
        Format::Json => ui::print_json(&report::json(&view))?,
        Format::Markdown => ui::print_as_it_is(&ui::page().addressed(&report::markdown(&view)))?,
    }
    if view.preflight.is_some_and(preflight::has_failed) {
        return Ok(Exit::Failure);
    }
    Ok(match (args.exit_code, view.plan.actions.is_empty()) {
        (true, false) => Exit::Pending,
        (true, true) if view.plan.is_blind() => Exit::Failure,
        _ => Exit::Done,
    })
}
