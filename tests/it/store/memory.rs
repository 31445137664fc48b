//! The store in memory.

use tidegate::model::{EnvironmentName, StoreId};
use tidegate::store::{MemoryStore, Store};

use super::contract::{Bench, contract};

impl Bench for MemoryStore {
    fn new() -> Self {
        MemoryStore::new(StoreId::new("a-store"))
    }

    fn open(&self) -> Box<dyn Store> {
        Box::new(self.clone())
    }

    fn break_lease(&self, environment: &EnvironmentName) {
        MemoryStore::break_lease(self, environment);
    }
}

contract!(MemoryStore);
