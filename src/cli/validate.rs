//! `validate`: all problems of the declarations, each with its place.

use super::error::{CliError, Exit};
use super::input::Output;
use super::{declared as environments, ui};
use crate::clock::{Clock, SystemClock};
use crate::config::Settings;
use crate::context;
use crate::spec;

/// Check the declarations and show every problem with its place and a hint
///
/// Exits with 1 if there are errors; warnings alone exit with 0. Does not use AWS, and creates no store.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The format: text for people, json for programs
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    output: Output,
}

pub(super) fn run(args: &Args, settings: &Settings) -> Result<Exit, CliError> {
    let declared = context::declare(settings, None, SystemClock.now())?;
    let declarations = &declared.declarations;
    for link in &declared.tree.links {
        ui::say(&format!("warning: tidegate does not follow the symbolic link {link}\n"));
    }
    match args.output {
        Output::Json => ui::print_json(&spec::to_json(&declarations.diagnostics))?,
        Output::Text if declarations.diagnostics.is_empty() && !declarations.environments.is_empty() => {
            let names: Vec<_> = declarations.environments.keys().map(|name| name.as_str()).collect();
            let noun = if names.len() == 1 { "environment" } else { "environments" };
            ui::print(&format!("{} {noun}, no problems: {}\n", names.len(), names.join(", ")))?;
        }
        Output::Text => {
            ui::print_as_it_is(&environments::rendered(&declarations.diagnostics, &declared.tree.files))?
        }
    }
    // A folder without declarations is the wrong folder; "no problems" there would let every check pass.
    if declarations.environments.is_empty() && declarations.broken.is_empty() {
        return Err(environments::none(&declared));
    }
    Ok(if declarations.has_errors() { Exit::Failure } else { Exit::Done })
}
