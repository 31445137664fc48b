//! The world on disk, for `--cloud sim`: one JSON file, replaced as a whole, so that a process killed at any
//! moment leaves a world that can be loaded.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::build::Age;
use super::cloud::SimCloud;
use super::world::World;
use crate::files;
use crate::model::Instant;
use crate::spec::EnvironmentSpec;

const FILE: &str = "world.json";

/// The folder of a saved world.
#[derive(Clone, Debug)]
pub struct WorldFolder(PathBuf);

impl WorldFolder {
    /// The folder at `path`; it is made when the world is first saved.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Whether a world was saved here.
    pub fn exists(&self) -> bool {
        self.file().exists()
    }

    /// The saved world, or a new one at `now`. Environments that the world does not know yet are added, one release
    /// behind. The world's time continues: start a [`super::SimClock`] at [`World::now`].
    pub fn open(&self, specs: &[EnvironmentSpec], seed: u64, now: Instant) -> io::Result<World> {
        let world = self.look(specs, seed, now)?;
        self.save(&world)?;
        Ok(world)
    }

    /// The same without writing anything: for commands that only read.
    pub fn look(&self, specs: &[EnvironmentSpec], seed: u64, now: Instant) -> io::Result<World> {
        let mut world = match fs::read(self.file()) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| self.unreadable(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => World::new(seed, now),
            Err(error) => return Err(error),
        };
        world.declare(specs, &Age::OneBehind);
        Ok(world)
    }

    /// Saves the world after each effect, from now on.
    pub fn keep(&self, cloud: &SimCloud) {
        let folder = self.clone();
        cloud.on_effect(Box::new(move |world| folder.save(world)));
    }

    /// Replaces the file.
    pub fn save(&self, world: &World) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        files::write_atomically(&self.file(), &serde_json::to_vec(world)?, files::PRIVATE)?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    fn unreadable(&self, error: &serde_json::Error) -> io::Error {
        let file = self.file();
        let advice = "it was written by another version; delete it to begin with a new world";
        io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error} ({advice})", Path::display(&file)))
    }
}

#[cfg(test)]
mod tests;
