//! The world on disk, for `--cloud sim`: one JSON file, and beside it a log of what changed since.
//!
//! ```text
//! world.json     the whole world, replaced in one step
//! world.log      a line that names that file by its checksum, then one line for each effect: the pieces that changed
//! ```
//!
//! A process that is killed at any moment leaves a world that can be loaded: a last line without its end does not
//! count, as nothing was told about its effect, and a log beside another `world.json` than the one that it names is
//! left out. When the log has grown beyond the world itself, the world is written whole again.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::build::Age;
use super::cloud::SimCloud;
use super::world::{Piece, World};
use crate::files;
use crate::model::Instant;
use crate::spec::EnvironmentSpec;

const FILE: &str = "world.json";
const LOG: &str = "world.log";

/// A log shorter than this is not worth writing a world for.
const LOG_MIN: u64 = 4 * 1024 * 1024;

/// The folder of a saved world.
#[derive(Clone, Debug)]
pub struct WorldFolder(PathBuf);

/// The first line of a log.
#[derive(Serialize, Deserialize)]
struct LogHead {
    /// The checksum of the `world.json` that the log continues.
    continues: String,
}

/// The log of a world that this process changes.
#[derive(Debug)]
struct WorldLog {
    file: File,
    bytes: u64,
    /// The length of `world.json`.
    base: u64,
}

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
            Ok(text) => self.continued(&text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => World::new(seed, now),
            Err(error) => return Err(error),
        };
        world.declare(specs, &Age::OneBehind);
        Ok(world)
    }

    /// The world of this text, with the changes in the log.
    fn continued(&self, text: &[u8]) -> io::Result<World> {
        let mut world: World = serde_json::from_slice(text).map_err(|error| self.unreadable(&error))?;
        let log = match fs::read(self.0.join(LOG)) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(world),
            Err(error) => return Err(error),
        };
        let complete = log.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut lines = log[..complete].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let head = lines.next().and_then(|line| serde_json::from_slice::<LogHead>(line).ok());
        if head.is_none_or(|head| head.continues != sum_of(text)) {
            return Ok(world);
        }
        for line in lines {
            let pieces: Vec<Piece> = serde_json::from_slice(line).map_err(|error| self.unreadable(&error))?;
            for piece in pieces {
                world.carry_out(piece).map_err(|error| self.unreadable(&error))?;
            }
        }
        Ok(world)
    }

    /// Saves after each effect what changed in the world, from now on.
    pub fn keep(&self, cloud: &SimCloud) -> io::Result<()> {
        let (folder, log) = (self.clone(), Mutex::new(None));
        cloud.on_effect(Box::new(move |world| folder.add(&mut locked(&log), world)));
        // The world as it is now becomes the file that the log continues.
        cloud.with(|_| ());
        Ok(())
    }

    /// Adds what changed to the log, or writes the world whole if it is time.
    fn add(&self, log: &mut Option<WorldLog>, world: &mut World) -> io::Result<()> {
        let Some(open) = log.as_mut().filter(|log| log.bytes < LOG_MIN.max(log.base)) else {
            *log = None;
            *log = Some(self.begin(world)?);
            return Ok(());
        };
        let pieces = world.changes();
        if pieces.is_empty() {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&pieces)?;
        line.push(b'\n');
        let added = open.file.write_all(&line).and_then(|()| open.file.sync_data());
        open.bytes += line.len() as u64;
        if added.is_err() {
            // Half a line may be there: only a new file is sure to be whole.
            *log = None;
        }
        added
    }

    /// Writes the world whole and begins a log behind it.
    fn begin(&self, world: &mut World) -> io::Result<WorldLog> {
        let text = serde_json::to_vec(world)?;
        self.replace(&text)?;
        let path = self.0.join(LOG);
        let mut file =
            File::options().create(true).write(true).truncate(true).mode(files::PRIVATE).open(path)?;
        let mut head = serde_json::to_vec(&LogHead { continues: sum_of(&text) })?;
        head.push(b'\n');
        file.write_all(&head)?;
        file.sync_all()?;
        world.watch();
        Ok(WorldLog { file, bytes: head.len() as u64, base: text.len() as u64 })
    }

    /// Replaces the whole world.
    pub fn save(&self, world: &World) -> io::Result<()> {
        self.replace(&serde_json::to_vec(world)?)
    }

    fn replace(&self, text: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        files::write_atomically(&self.file(), text, files::PRIVATE)?;
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

fn locked(log: &Mutex<Option<WorldLog>>) -> MutexGuard<'_, Option<WorldLog>> {
    log.lock().expect("nothing panics while it holds the log")
}

fn sum_of(text: &[u8]) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests;
