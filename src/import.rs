//! Writes the declaration of a cluster that is not declared yet, from the resources that run there.
//!
//! [`survey`] reads. [`declare`] decides and writes the text; it is pure, so the same survey gives the same file. The
//! declaration is valid, and its plan has no actions. Everything that a plan would change, or that only a person can
//! decide, is written as a comment and reported as a finding.
//!
//! Architecture Invariant: environment variables, secrets and commands never get into a [`Survey`]. They are compared
//! while a task definition is read, and dropped with it, so nothing after that can print them.

mod database;
mod draft;
mod error;
mod gate;
mod image;
mod mention;
mod migration;
mod name;
mod names;
mod options;
mod reading;
mod scaling;
mod services;
mod survey;
mod text;
mod versions;
mod yaml;

pub use error::ImportError;
pub use name::{environment_name, is_environment_name};
pub use options::ImportOptions;
pub use reading::survey;
pub use survey::{FamilyFound, Newest, ServiceFound, Survey, SurveyTarget};
pub use text::Imported;

use draft::Draft;

/// Decides what the declaration contains, and writes it.
///
/// # Errors
/// When a resource that the options name does not exist.
pub fn declare(survey: &Survey, options: &ImportOptions) -> Result<Imported, ImportError> {
    let database = database::choose(survey, options.database.as_deref())?;
    let state = services::state(survey, &database);
    let (versions, services) = services::judge(survey, options, state);
    let database = database.in_state(state);
    let gate = gate::propose(survey, options, state)?;
    let migration = migration::propose(survey, &versions, &services);
    Ok(text::write(&Draft { survey, options, state, versions, services, database, gate, migration }))
}
