//! A store in memory: tests, the demo, the simulator. Clones share it, as processes share a directory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

use super::error::StoreError;
use super::journal::line::{self, Log, Mark, RawLine};
use super::journal::{Checkpoint, LedgerCache};
use super::lease::{Lease, LeaseGuard, LeaseHolder};
use super::name::checked;
use super::port::{RUNS_KEPT_MAX, Store, StoredRun};
use crate::model::{EnvironmentName, Instant, RunId, StoreId};

/// Lines between two checkpoints: few, so that simulations pass through many.
const CHECKPOINT_EVERY: u64 = 16;

/// A store that ends with its last clone and lease.
pub struct MemoryStore {
    id: StoreId,
    rooms: Rooms,
    ledgers: LedgerCache,
}

impl Clone for MemoryStore {
    /// The same place, opened once more.
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), rooms: Arc::clone(&self.rooms), ledgers: LedgerCache::default() }
    }
}

type Rooms = Arc<Mutex<BTreeMap<EnvironmentName, Room>>>;

/// What belongs to one environment.
#[derive(Default)]
struct Room {
    fencing: u64,
    holder: Option<LeaseHolder>,
    /// The text of each line, and where it ends.
    lines: Vec<(String, Mark)>,
    /// The text of each checkpoint, oldest first.
    checkpoints: Vec<String>,
    records: BTreeMap<String, Value>,
    runs: BTreeMap<RunId, Value>,
}

impl MemoryStore {
    /// An empty store with this identity. A random one would make simulations differ.
    pub fn new(id: StoreId) -> Self {
        Self { id, rooms: Rooms::default(), ledgers: LedgerCache::default() }
    }

    /// Takes the lease away from its holder, as the end of its time would in a store on a network. The holder
    /// finds out at its next write.
    pub fn break_lease(&self, environment: &EnvironmentName) {
        if let Some(room) = self.lock().get_mut(environment.as_str()) {
            room.holder = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<EnvironmentName, Room>> {
        locked(&self.rooms)
    }

    /// Reads something of an environment, without leaving a trace of one that is not there.
    fn read<T: Default>(
        &self,
        environment: &EnvironmentName,
        look: impl FnOnce(&Room) -> T,
    ) -> Result<T, StoreError> {
        checked("an environment", environment.as_str())?;
        Ok(self.lock().get(environment.as_str()).map(look).unwrap_or_default())
    }

    fn write<T>(
        &self,
        environment: &EnvironmentName,
        change: impl FnOnce(&mut Room) -> T,
    ) -> Result<T, StoreError> {
        checked("an environment", environment.as_str())?;
        Ok(change(self.lock().entry(environment.clone()).or_default()))
    }
}

fn locked(rooms: &Rooms) -> MutexGuard<'_, BTreeMap<EnvironmentName, Room>> {
    rooms.lock().expect("no code panics while it holds the rooms")
}

struct MemoryGuard {
    environment: EnvironmentName,
    fencing: u64,
    rooms: Rooms,
}

impl LeaseGuard for MemoryGuard {
    fn verify(&self) -> Result<(), StoreError> {
        let rooms = locked(&self.rooms);
        let holder = rooms.get(self.environment.as_str()).and_then(|room| room.holder.as_ref());
        still_held(&self.environment, self.fencing, holder)
    }
}

fn still_held(
    environment: &EnvironmentName,
    fencing: u64,
    holder: Option<&LeaseHolder>,
) -> Result<(), StoreError> {
    let why = match holder {
        Some(holder) if holder.fencing == fencing => return Ok(()),
        Some(holder) => format!("the newest lease is {}, of {}", holder.fencing, holder.holder),
        None => "it was taken away".to_owned(),
    };
    Err(StoreError::LeaseLost { environment: environment.clone(), fencing, why })
}

impl Drop for MemoryGuard {
    fn drop(&mut self) {
        // Never panics, not even after another thread did: this runs while stacks unwind.
        let Ok(mut rooms) = self.rooms.lock() else { return };
        if let Some(room) = rooms.get_mut(self.environment.as_str())
            && room.holder.as_ref().is_some_and(|holder| holder.fencing == self.fencing)
        {
            room.holder = None;
        }
    }
}

impl Store for MemoryStore {
    fn id(&self) -> StoreId {
        self.id.clone()
    }

    fn acquire(
        &self,
        environment: &EnvironmentName,
        holder: &str,
        at: Instant,
    ) -> Result<Option<Lease>, StoreError> {
        let fencing = self.write(environment, |room| {
            if room.holder.is_some() {
                return None;
            }
            room.fencing += 1;
            let (fencing, pid) = (room.fencing, std::process::id());
            room.holder = Some(LeaseHolder { fencing, holder: holder.to_owned(), pid, since: at });
            Some(fencing)
        })?;
        Ok(fencing.map(|fencing| {
            let (environment, rooms) = (environment.clone(), Arc::clone(&self.rooms));
            let guard = MemoryGuard { environment: environment.clone(), fencing, rooms };
            Lease::new(environment, fencing, Box::new(guard))
        }))
    }

    fn lease_holder(&self, environment: &EnvironmentName) -> Result<Option<LeaseHolder>, StoreError> {
        self.read(environment, |room| room.holder.clone())
    }

    fn read_log(&self, environment: &EnvironmentName) -> Result<Log, StoreError> {
        let mut log = Log::default();
        self.follow(environment, &Mark::default(), &mut |line| log.lines.push(line.line()))?;
        Ok(log)
    }

    fn follow(
        &self,
        environment: &EnvironmentName,
        after: &Mark,
        each: &mut dyn FnMut(RawLine<'_>),
    ) -> Result<bool, StoreError> {
        checked("an environment", environment.as_str())?;
        match self.lock().get(environment.as_str()) {
            Some(room) => room.follow(after, each),
            None => Ok(*after == Mark::default()),
        }
    }

    fn append(&self, lease: &Lease, at: Instant, event: &Value) -> Result<Mark, StoreError> {
        let (environment, fencing) = (lease.environment(), lease.fencing());
        self.write(environment, |room| {
            still_held(environment, fencing, room.holder.as_ref())?;
            let (text, end) = line::encode(&room.end(), fencing, at, event);
            room.lines.push((text, end.clone()));
            Ok(end)
        })?
    }

    fn checkpoint_every(&self) -> u64 {
        CHECKPOINT_EVERY
    }

    fn checkpoints(&self, environment: &EnvironmentName) -> Result<Vec<Checkpoint>, StoreError> {
        self.read(environment, |room| {
            room.checkpoints.iter().rev().filter_map(|text| Checkpoint::decode(text.as_bytes())).collect()
        })
    }

    fn keep_checkpoint(&self, lease: &Lease, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let (environment, fencing) = (lease.environment(), lease.fencing());
        self.write(environment, |room| {
            still_held(environment, fencing, room.holder.as_ref())?;
            room.checkpoints.push(checkpoint.encode());
            let too_many = room.checkpoints.len().saturating_sub(2);
            room.checkpoints.drain(..too_many);
            Ok(())
        })?
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
        checked("a record", kind)?;
        self.write(environment, |room| room.put(kind, value))
    }

    fn swap_record(
        &self,
        environment: &EnvironmentName,
        kind: &str,
        expected: Option<&Value>,
        value: Option<&Value>,
    ) -> Result<bool, StoreError> {
        checked("a record", kind)?;
        self.write(environment, |room| {
            let is_expected = room.records.get(kind) == expected;
            if is_expected {
                room.put(kind, value);
            }
            is_expected
        })
    }

    fn get_record(&self, environment: &EnvironmentName, kind: &str) -> Result<Option<Value>, StoreError> {
        checked("a record", kind)?;
        self.read(environment, |room| room.records.get(kind).cloned())
    }

    fn list_records(&self, environment: &EnvironmentName) -> Result<BTreeMap<String, Value>, StoreError> {
        self.read(environment, |room| room.records.clone())
    }

    fn save_run(&self, environment: &EnvironmentName, run: &RunId, value: &Value) -> Result<(), StoreError> {
        checked("a run", run.as_str())?;
        self.write(environment, |room| {
            room.runs.insert(run.clone(), value.clone());
            while room.runs.len() > RUNS_KEPT_MAX {
                room.runs.pop_first();
            }
        })
    }

    fn list_runs(&self, environment: &EnvironmentName, limit: usize) -> Result<Vec<StoredRun>, StoreError> {
        self.read(environment, |room| {
            let newest = room.runs.iter().rev().take(limit);
            newest.map(|(id, value)| StoredRun { id: id.clone(), value: value.clone() }).collect()
        })
    }

    fn environments(&self) -> Result<Vec<EnvironmentName>, StoreError> {
        Ok(self.lock().keys().cloned().collect())
    }
}

impl Room {
    /// The end of the journal.
    fn end(&self) -> Mark {
        self.lines.last().map(|(_, end)| end.clone()).unwrap_or_default()
    }

    fn follow(&self, after: &Mark, each: &mut dyn FnMut(RawLine<'_>)) -> Result<bool, StoreError> {
        let begin = usize::try_from(after.sequence).unwrap_or(usize::MAX);
        let there = begin.checked_sub(1).map(|last| self.lines.get(last).map(|(_, end)| end.clone()));
        if there.map_or_else(Mark::default, Option::unwrap_or_default) != *after {
            return Ok(false);
        }
        let mut before = after.clone();
        for (text, end) in &self.lines[begin..] {
            each(line::decode("journal", &before, text.trim_end().as_bytes())?);
            before = end.clone();
        }
        Ok(true)
    }

    fn put(&mut self, kind: &str, value: Option<&Value>) {
        match value {
            Some(value) => self.records.insert(kind.to_owned(), value.clone()),
            None => self.records.remove(kind),
        };
    }
}
