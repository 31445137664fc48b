//! Writes the declaration of a cluster that nobody has declared yet, from what runs there.
//!
//! [`survey`] reads, [`declare`] decides and writes the text: pure, so that the same survey gives the same file.
//! What it writes is valid and plans to nothing; what would not, because only a person can decide it, stands there
//! as a comment and is said as a finding.
//!
//! Architecture Invariant: environment variables, secrets and commands never get into a [`Survey`]. They are
//! compared while a definition is read, and dropped with it; so nothing after that can print them.

mod database;
mod error;
mod gate;
mod image;
mod mention;
mod migration;
mod name;
mod scaling;
mod services;
mod survey;
mod text;
mod versions;
mod yaml;

pub use error::ImportError;
pub use name::{environment_name, is_environment_name};
pub use survey::{FamilyFound, Newest, Place, ServiceFound, Survey, survey};

use crate::model::EnvironmentName;
use crate::spec::SecretSource;

/// What a person has said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOptions {
    /// What the environment is called.
    pub name: EnvironmentName,
    /// The database's identifier; `instance:…` or `cluster:…` where both kinds have it.
    pub database: Option<String>,
    /// Beginnings of image references that are released from here, besides those that look like it.
    pub own_images: Vec<String>,
    /// The maintenance page.
    pub page: Option<url::Url>,
    /// The bypass header's name.
    pub bypass_header: Option<String>,
    /// Where the bypass secret is kept. With it, the gate is declared; without it, it is only proposed.
    pub secret: Option<SecretSource>,
}

impl ImportOptions {
    /// Only a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: EnvironmentName::new(name),
            database: None,
            own_images: Vec::new(),
            page: None,
            bypass_header: None,
            secret: None,
        }
    }
}

/// A declaration, and what whoever asked for it should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The file's text.
    pub text: String,
    /// What was guessed, what was left out and why; whole sentences.
    pub findings: Vec<String>,
}

/// Decides what is declared, and writes it.
///
/// # Errors
/// When something that a person named does not exist.
pub fn declare(survey: &Survey, wishes: &ImportOptions) -> Result<Imported, ImportError> {
    let database = database::choose(survey, wishes.database.as_deref())?;
    let state = services::state(survey, &database);
    let (versions, services) = services::judge(survey, wishes, state);
    let database = database.in_state(state);
    let gate = gate::propose(survey, wishes, state)?;
    let migration = migration::propose(survey, &versions, &services);
    Ok(text::write(&text::Draft { survey, wishes, state, versions, services, database, gate, migration }))
}
