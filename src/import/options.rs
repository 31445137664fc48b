//! The options of an import.

use crate::model::EnvironmentName;
use crate::spec::SecretSource;

/// The decisions that `import` leaves to the person who runs it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOptions {
    /// The name of the environment.
    pub name: EnvironmentName,
    /// The database's identifier; `instance:…` or `cluster:…` where an instance and a cluster have the same one.
    pub database: Option<String>,
    /// Repositories whose images are released from here, in addition to those that their names show.
    pub own_images: Vec<String>,
    /// The maintenance page; `None`: the one that the listener redirects to.
    pub page: Option<url::Url>,
    /// The name of the bypass header; `None`: the default.
    pub bypass_header: Option<String>,
    /// Where the bypass secret is kept. With it the gate is declared, without it the gate is only proposed.
    pub secret: Option<SecretSource>,
}

impl ImportOptions {
    /// A name, and everything else decided by `import`.
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
