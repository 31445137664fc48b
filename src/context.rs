//! The composition root: builds source, declarations, store, clock and cloud from the settings.
//!
//! The only room that knows every adapter. Verbs and the daemon get their ports from here.

mod access;
mod account;
#[cfg(feature = "aws")]
mod aws;
#[cfg(not(feature = "aws"))]
#[path = "context/no_aws.rs"]
mod aws;
mod backend;
mod declared;
mod error;
mod location;
mod person;
mod present;
mod world_saving;

pub use access::Access;
pub use account::AccountContext;
pub use backend::Backend;
pub use declared::{DeclaredTree, declare, place, says};
pub use error::ContextError;
pub use location::ClusterLocation;
pub use person::{machine, person};
pub use present::present;

use crate::config::{Cloud, Settings};

/// Refuses settings that need a feature which this build lacks, before anything is written.
///
/// # Errors
/// When the cloud is AWS and this build has no adapter for it.
pub fn check_features(settings: &Settings) -> Result<(), ContextError> {
    match settings.cloud {
        Cloud::Aws if !cfg!(feature = "aws") => Err(ContextError::NoAws),
        Cloud::Aws | Cloud::Sim => Ok(()),
    }
}
