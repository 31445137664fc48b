//! A store in a directory: the default, nothing to install.
//!
//! ```text
//! store.json                         format and identity
//! environments/production/
//!     lock                           held for moments: makes each change of what is below one step
//!     lease.lock                     held as long as the lease: an operating-system lock, free as soon as
//!                                    the process is gone
//!     lease.json                     the newest lease: fencing number, who, since when
//!     journal.jsonl                  one line an event
//!     checkpoint-a.json, -b.json     what the journal added up to at two of its lines
//!     records/override.json          one file a record
//!     runs/….json                    one file a run
//! ```
//!
//! The clones of the source, the daemon's files and the simulator's world may stand beside these; they are not
//! read here.
//! Operating-system locks hold between the processes of one machine: several machines do not share a
//! directory, not even over a network file system.

mod append_log;
mod checkpoints;
mod files;
mod lease;
mod values;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use append_log::Behind;

use super::error::StoreError;
use super::journal::line::{Log, Mark, RawLine};
use super::journal::{Checkpoint, LedgerCache};
use super::lease::{Lease, LeaseHolder};
use super::name::checked;
use super::port::{Store, StoredRun, no_store};
use crate::model::{EnvironmentName, Instant, RunId, StoreId};

/// Lines between two checkpoints: about a megabyte, which is read in some milliseconds.
const CHECKPOINT_EVERY: u64 = 1_000;

const FORMAT: &str = "tidegate-store/v1";

/// A store in a directory.
pub struct LocalStore {
    root: PathBuf,
    id: StoreId,
    access: Access,
    /// Where each journal ends, so that an append need not read it from the beginning. Locked during each
    /// append: steps that run side by side may write to one journal.
    ends: Mutex<HashMap<EnvironmentName, Mark>>,
    ledgers: LedgerCache,
    /// The file that made this folder a store, as it was opened. It is never written again.
    origin: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadWrite,
    ReadOnly,
}

/// `store.json`
#[derive(Serialize, Deserialize)]
struct Identity {
    schema: String,
    id: StoreId,
}

impl LocalStore {
    /// Opens the store in this directory, making both if they are not there.
    ///
    /// # Errors
    /// When the directory cannot be used, or holds a store of another format.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        files::make_folder(&root)?;
        let _lock = files::lock(&root.join("store.lock"))?;
        let id = match read_identity(&root)? {
            Some(id) => id,
            None => {
                let id = StoreId::new(Uuid::new_v4().to_string());
                let identity = Identity { schema: FORMAT.to_owned(), id: id.clone() };
                files::write_json(&root.join("store.json"), &identity)?;
                id
            }
        };
        let origin = files::identity(&root.join("store.json"))?;
        Ok(Self {
            root,
            id,
            origin,
            access: Access::ReadWrite,
            ends: Mutex::default(),
            ledgers: LedgerCache::default(),
        })
    }

    /// Opens it for reading only. Makes nothing: a store that is not there reads as empty.
    ///
    /// # Errors
    /// When it cannot be read, or is of another format.
    pub fn open_existing(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let root = root.into();
        let id = read_identity(&root)?.unwrap_or_else(no_store);
        Ok(Self {
            root,
            id,
            origin: None,
            access: Access::ReadOnly,
            ends: Mutex::default(),
            ledgers: LedgerCache::default(),
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of an environment, which may not exist.
    fn folder(&self, environment: &EnvironmentName) -> Result<PathBuf, StoreError> {
        Ok(self.root.join("environments").join(checked("an environment", environment.as_str())?))
    }

    /// The same for writing: it exists afterwards.
    fn folder_to_write(&self, environment: &EnvironmentName) -> Result<PathBuf, StoreError> {
        if self.access == Access::ReadOnly {
            return Err(StoreError::ReadOnly { path: self.root.clone() });
        }
        // In a folder that was removed or replaced, an empty journal would say that nothing was ever begun.
        if files::identity(&self.root.join("store.json"))? != self.origin {
            return Err(StoreError::Gone { path: self.root.clone() });
        }
        let folder = self.folder(environment)?;
        files::make_folder(&folder)?;
        Ok(folder)
    }
}

fn read_identity(root: &Path) -> Result<Option<StoreId>, StoreError> {
    let path = root.join("store.json");
    let Some(Identity { schema, id }) = files::read_json(&path)? else { return Ok(None) };
    if schema == FORMAT {
        Ok(Some(id))
    } else {
        Err(StoreError::Format { path: root.to_owned(), found: schema, known: FORMAT })
    }
}

impl Store for LocalStore {
    fn id(&self) -> StoreId {
        self.id.clone()
    }

    fn acquire(
        &self,
        environment: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError> {
        lease::acquire(&self.folder_to_write(environment)?, environment, holder, at)
    }

    fn lease_holder(&self, environment: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError> {
        lease::holder(&self.folder(environment)?)
    }

    fn read_log(&self, environment: &EnvironmentName) -> Result<Log, StoreError> {
        let path = self.folder(environment)?.join(append_log::FILE);
        let mut log = Log::default();
        let mut after = Mark::default();
        // Perhaps another process is just writing the unfinished line: read it once more.
        for _ in 0..2 {
            let behind = append_log::follow(&path, &after, &mut |line| log.lines.push(line.line()))?;
            let Behind::Lines { end, unfinished } = behind else { break };
            (after, log.unfinished) = (end, unfinished);
            if log.unfinished.is_none() {
                break;
            }
        }
        Ok(log)
    }

    fn follow(
        &self,
        environment: &EnvironmentName,
        after: &Mark,
        each: &mut dyn FnMut(RawLine<'_>),
    ) -> Result<bool, StoreError> {
        let path = self.folder(environment)?.join(append_log::FILE);
        Ok(append_log::follow(&path, after, each)? != Behind::Elsewhere)
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        let folder = self.folder_to_write(lease.environment())?;
        lease.verify()?;
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let known = ends.remove(lease.environment());
        let end = append_log::append(&folder.join(append_log::FILE), lease.fencing(), at, event, known)?;
        ends.insert(lease.environment().clone(), end.clone());
        Ok(end)
    }

    fn checkpoint_every(&self) -> u64 {
        CHECKPOINT_EVERY
    }

    fn checkpoints(&self, environment: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError> {
        checkpoints::list(&self.folder(environment)?)
    }

    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let folder = self.folder_to_write(lease.environment())?;
        lease.verify()?;
        checkpoints::keep(&folder, checkpoint)
    }

    fn ledgers(&self) -> &LedgerCache {
        &self.ledgers
    }

    fn put_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        value: Option<&Value>,
    ) -> Result<(), StoreError> {
        let folder = self.folder_to_write(environment)?;
        let _lock = files::lock(&folder.join("lock"))?;
        values::put(&folder, kind, value)
    }

    fn swap_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        let folder = self.folder_to_write(environment)?;
        let _lock = files::lock(&folder.join("lock"))?;
        let is_expected = values::get(&folder, kind)?.as_ref() == expected;
        if is_expected {
            values::put(&folder, kind, value)?;
        }
        Ok(is_expected)
    }

    fn get_record(&self, environment: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError> {
        values::get(&self.folder(environment)?, kind)
    }

    fn list_records(&self, environment: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError> {
        values::list(&self.folder(environment)?)
    }

    fn save_run(&self, environment: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError> {
        let folder = self.folder_to_write(environment)?;
        let _lock = files::lock(&folder.join("lock"))?;
        values::save_run(&folder, run, value)
    }

    fn list_runs(&self, environment: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
        values::runs(&self.folder(environment)?, limit)
    }

    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        let names = files::names(&self.root.join("environments"))?;
        let is_name = |name: &String| checked("an environment", name).is_ok();
        Ok(names.into_iter().filter(is_name).map(EnvironmentName::new).collect())
    }
}
