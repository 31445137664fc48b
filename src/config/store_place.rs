//! The directory of the store, and its default.

use std::path::PathBuf;

use super::error::ConfigError;
use super::layers::Layers;

/// The setting, else systemd's state directory, else the XDG state directory, else none.
pub(super) fn resolve(layers: &Layers<'_>) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(given) = layers.get("store") {
        return match given.text.contains("://") {
            true => Err(given.is_not("a directory".to_owned())),
            false => Ok(Some(layers.base(&given).join(&given.text))),
        };
    }
    // systemd separates several by colons; ours is the first.
    // https://www.freedesktop.org/software/systemd/man/systemd.exec.html#RuntimeDirectory=
    let systemd = layers.variable("STATE_DIRECTORY").and_then(|all| all.split(':').next().map(PathBuf::from));
    // "All paths set in these environment variables must be absolute", others are to be ignored.
    // https://specifications.freedesktop.org/basedir-spec/latest/
    let xdg = layers.variable("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = layers.variable("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    Ok(systemd.or_else(|| xdg.or(home).map(|state| state.join("tidegate"))))
}
