//! Answers that need not be asked for twice: one list of everything that this adapter keeps, and why it may.
//!
//! Each entry is either immutable (a revision of a definition), or the address of something that is itself read
//! anew each time (the ARN behind a balancer's name), or forgotten with every write to it (a function's code).

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use crate::clock::Monotonic;
use crate::cloud::{Function, TaskDefinition};
use crate::model::{ClusterName, ServiceName};

/// The caches of one account, region and role.
#[derive(Default)]
pub(super) struct Caches {
    /// The account of the credentials, and when that was asked.
    pub(super) account: Cache<(), (Monotonic, String)>,
    /// Revisions by ARN; AWS never changes one.
    pub(super) definitions: Cache<String, TaskDefinition>,
    /// Target groups of a service, as it was last described.
    pub(super) target_groups: Cache<(ClusterName, ServiceName), BTreeSet<TargetGroups>>,
    /// ARNs of clusters.
    pub(super) clusters: Cache<ClusterName, String>,
    /// ARNs of databases, by `db:NAME` or `cluster:NAME`.
    pub(super) databases: Cache<String, String>,
    /// ARNs of listeners, by balancer and port.
    pub(super) listeners: Cache<(String, u16), String>,
    /// ARNs of the balancers in front of target groups, by the group's ARN.
    pub(super) balancers: Cache<String, String>,
    /// Functions by name, each with the ETag that its LIVE stage had.
    pub(super) functions: Cache<String, (String, Function)>,
    /// Regions of buckets.
    pub(super) buckets: Cache<String, String>,
}

/// A target group that a service registers with, and the one that takes its place in a blue/green deployment.
pub(super) type TargetGroups = (String, Option<String>);

/// More entries than any account has; a bound, so that a daemon that runs for months does not grow.
const ENTRIES_MAX: usize = 4096;

/// Answers by question.
pub(super) struct Cache<K, V>(Mutex<BTreeMap<K, V>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord, V: Clone> Cache<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries().get(key).cloned()
    }

    pub(super) fn put(&self, key: K, value: V) {
        let mut entries = self.entries();
        if entries.len() >= ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, value);
    }

    pub(super) fn forget<Q: Ord + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.entries().remove(key);
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<K, V>> {
        self.0.lock().expect("nothing panics while it looks something up")
    }
}
