//! `schema`: the shape of an environment file, for editors.

use super::error::{CliError, Exit};
use super::ui;
use crate::spec;

/// Print the JSON Schema of environment files
///
/// Editors use it through the first line of each file: # yaml-language-server: $schema=schema.json
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let Args {} = args;
    ui::print_json(&spec::schema())?;
    Ok(Exit::Done)
}
