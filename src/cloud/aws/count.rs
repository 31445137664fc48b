//! Counts of the requests that were sent, by operation: the cost of a pass is measured, not estimated.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Requests by operation (`ecs:DescribeServices`), attempts of the SDK included. Clones share the numbers.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Counts {
    /// Every operation that was sent at least once.
    pub fn by_operation(&self) -> BTreeMap<&'static str, u64> {
        self.numbers().clone()
    }

    /// The sum of all operations.
    pub fn total(&self) -> u64 {
        self.numbers().values().sum()
    }

    /// Sets all counts to zero.
    pub fn reset(&self) {
        self.numbers().clear();
    }

    pub(super) fn add(&self, operation: &'static str, requests: u32) {
        if requests > 0 {
            *self.numbers().entry(operation).or_default() += u64::from(requests);
        }
    }

    fn numbers(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.0.lock().expect("nothing panics while it counts")
    }
}
