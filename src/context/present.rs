//! The present, for those who only need to know what time it is there.

use super::ContextError;
use crate::clock::{Clock, SystemClock};
use crate::config::{Cloud, Settings};
use crate::model::Instant;
use crate::sim::WorldFolder;

/// The present of the world that the settings name: a simulated one may be ahead. Writes nothing.
///
/// # Errors
/// When the simulated world cannot be read.
pub fn present(settings: &Settings) -> Result<Instant, ContextError> {
    let now = SystemClock.now();
    if settings.cloud == Cloud::Aws {
        return Ok(now);
    }
    let world = WorldFolder::new(settings.store()?.join("sim"));
    // Whatever chance would decide in a new world, its time would be the present.
    Ok(world.look(&[], 0, now).map_err(ContextError::World)?.now().max(now))
}
