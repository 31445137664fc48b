//! `status`: how environments are, now.

use super::error::{CliError, Exit};
use super::input::Output;
use super::{preview, ui};
use crate::config::Settings;
use crate::report::status;

/// Show how environments are: state, gate, versions, services, database
///
/// The JSON is one object for a named environment, an array of them without a name.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The environment [default: all]
    #[arg(value_name = "ENV")]
    environment: Option<String>,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let name = args.environment.as_deref();
    let looked = preview::several(settings, name, "show")?;
    let views: Vec<_> =
        looked.iter().map(|looked| preview::status_view(&looked.spec, &looked.seen)).collect();
    match (args.output, name) {
        (Output::Json, Some(_)) => {
            views.first().map_or(Ok(()), |view| ui::print_json(&status::json(view)))?;
        }
        (Output::Json, None) => ui::print_json(&views.iter().map(status::json).collect())?,
        (Output::Text, _) => ui::print(&views.iter().map(status::text).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(Exit::Done)
}
