//! Which of the passes that are due begin now: so many side by side, and the one that has waited longest first.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::model::EnvironmentName;

/// The most passes at once. Each holds a lease, an observation in memory and connections; beyond this number they would
/// only wait for AWS's rates together.
pub(super) const PASSES_MAX: usize = 32;

/// The environments whose pass is due and has not begun.
#[derive(Debug, Default)]
pub(super) struct PassQueue {
    /// A smaller number came earlier.
    tickets: BTreeMap<EnvironmentName, u64>,
    next: u64,
}

impl PassQueue {
    /// Takes everything that is due now, and returns what may begin if so many passes are running.
    pub(super) fn admit(&mut self, due: &BTreeSet<&EnvironmentName>, running: usize) -> Vec<EnvironmentName> {
        self.tickets.retain(|name, _| due.contains(name));
        let mut new: Vec<&EnvironmentName> =
            due.iter().copied().filter(|name| !self.tickets.contains_key(*name)).collect();
        // What becomes due together stands in an order of chance: by name, the same would always wait.
        new.sort_by_key(|name| (spread(name), *name));
        for name in new {
            self.tickets.insert(name.clone(), self.next);
            self.next += 1;
        }
        let mut waiting: Vec<(u64, &EnvironmentName)> =
            self.tickets.iter().map(|(name, ticket)| (*ticket, name)).collect();
        waiting.sort();
        let free = PASSES_MAX.saturating_sub(running);
        let admitted: Vec<_> = waiting.into_iter().take(free).map(|(_, name)| name.clone()).collect();
        admitted.iter().for_each(|name| {
            self.tickets.remove(name);
        });
        admitted
    }
}

/// A number drawn from the name: always the same for one environment, and different from its neighbours'.
pub(super) fn spread(name: &EnvironmentName) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.as_str().hash(&mut hasher);
    hasher.finish()
}
