//! The current time of a cloud, for verbs that need nothing else of it.

use super::ContextError;
use crate::clock::{Clock, SystemClock};
use crate::config::{Cloud, Settings};
use crate::model::Instant;
use crate::sim::WorldFolder;

/// The current time of the cloud that the settings name: a simulated one may be ahead. Writes nothing.
///
/// # Errors
/// When the simulated world cannot be read.
pub fn present(settings: &Settings) -> Result<Instant, ContextError> {
    let now = SystemClock.now();
    if settings.cloud == Cloud::Aws {
        return Ok(now);
    }
    let world = WorldFolder::new(settings.store()?.join("sim"));
    // The seed does not matter: a new world would have the current time in any case.
    Ok(world.look(&[], 0, now).map_err(ContextError::World)?.now().max(now))
}
