//! `schema`: the JSON Schema of an environment file, for editors.

use super::error::{CliError, Exit};
use super::ui;
use crate::spec;

/// Print the JSON Schema of environment files
///
/// Save it as schema.json beside the files. An editor finds it through the first line of each file:
/// # yaml-language-server: $schema=schema.json
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let Args {} = args;
    ui::print_json(&spec::schema())?;
    Ok(Exit::Done)
}
