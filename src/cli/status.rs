//! `status`: the state of environments now.

use super::error::{CliError, Exit};
use super::input::Output;
use super::{preview, ui};
use crate::config::Settings;
use crate::report::status;

/// Show how environments are now: state, gate, versions, services, database
///
/// Reads the declarations and AWS, and changes nothing. The JSON is one object if you name an environment, and an
/// array of objects if you do not.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment [default: all]
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let name = args.environment.as_deref();
    let previews = preview::several(settings, name, "show")?;
    let views: Vec<_> = previews.iter().map(preview::status_view).collect();
    match (args.output, name) {
        (Output::Json, Some(_)) => {
            views.first().map_or(Ok(()), |view| ui::print_json(&status::json(view)))?;
        }
        (Output::Json, None) => ui::print_json(&views.iter().map(status::json).collect())?,
        (Output::Text, _) => ui::print(&views.iter().map(status::text).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(Exit::Done)
}
