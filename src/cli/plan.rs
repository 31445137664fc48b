//! `plan`: what would be done, in which order, why, and what stands in the way. Changes nothing.

use clap::ValueEnum;

use super::error::{CliError, Exit};
use super::preview::{self, Closely, Looked};
use super::{input, ui};
use crate::config::Settings;
use crate::model::Instant;
use crate::report::{json, markdown, preflight, text};

/// Show what would be done, in which order and why; changes nothing
///
/// Reads the declarations and the cloud, writes nothing anywhere, makes no store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment
    #[arg(value_name = "ENV")]
    environment: String,
    /// Plan for this instant instead of now, as RFC 3339
    #[arg(long, value_name = "TIME", value_parser = input::instant)]
    at: Option<Instant>,
    /// For people, for programs, or for a pull request
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Format,
    /// Look at everything that a release needs, too, whether or not one is due; exit with 1 if one would be refused
    #[arg(long)]
    preflight: bool,
    /// Exit with 3 when there is something to do
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
    let closely = Closely { at: args.at, preflight: args.preflight };
    let Looked { spec, seen, .. } = preview::one(settings, &args.environment, "plan", closely)?;
    let view = preview::plan_view(&spec, &seen);
    match args.output {
        Format::Text => ui::print(&text::plan(&view))?,
        Format::Json => ui::print_json(&json::plan(&view))?,
        Format::Markdown => ui::print(&markdown::plan(&view))?,
    }
    if seen.preflight.as_deref().is_some_and(preflight::has_failed) {
        return Ok(Exit::Failure);
    }
    Ok(if args.exit_code && !seen.plan.actions.is_empty() { Exit::Pending } else { Exit::Done })
}
