//! One account, region and role, as the parts of this adapter see it: clients, calls, and what need not be
//! asked twice.
//!
//! What is remembered is either immutable (a revision), or the address of something that is asked anew each
//! time (which ARN a balancer's name stands for), or forgotten with every write to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use super::call::Calls;
use super::clients::Clients;
use super::cloudfront::CodeCache;
use super::registry::Registries;
use super::secrets::Allowed;
use crate::cloud::TaskDefinition;
use crate::model::{ClusterName, Instant, ServiceName};

/// What every part asks with.
pub(super) struct Session {
    pub(super) clients: Clients,
    pub(super) calls: Calls,
    pub(super) registries: Arc<Registries>,
    pub(super) allowed: Arc<Allowed>,
    pub(super) known: Known,
}

/// Answers that are kept.
#[derive(Default)]
pub(super) struct Known {
    /// Whose credentials these are, and when that was asked.
    pub(super) account: Remembered<(), (Instant, String)>,
    /// Revisions by ARN.
    pub(super) definitions: Remembered<String, TaskDefinition>,
    /// Target groups of a service, with what they stand in for in a blue/green deployment.
    pub(super) target_groups: Remembered<(ClusterName, ServiceName), BTreeSet<TargetGroups>>,
    /// ARNs of clusters.
    pub(super) clusters: Remembered<ClusterName, String>,
    /// ARNs of databases.
    pub(super) databases: Remembered<String, String>,
    /// ARNs of listeners, by balancer and port.
    pub(super) listeners: Remembered<(String, u16), String>,
    /// Balancers in front of target groups, as CloudWatch names them.
    pub(super) balancers: Remembered<String, String>,
    /// Code of functions.
    pub(super) functions: Remembered<String, CodeCache>,
    /// Regions of buckets.
    pub(super) buckets: Remembered<String, String>,
}

/// A target group that a service registers with, and the one that takes its place in a blue/green deployment.
pub(super) type TargetGroups = (String, Option<String>);

/// More entries than any account has; a bound, so that a daemon of many months does not grow.
const ENTRIES_MAX: usize = 4096;

/// Answers by question.
pub(super) struct Remembered<K, V>(Mutex<BTreeMap<K, V>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord, V: Clone> Remembered<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
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
        K: std::borrow::Borrow<Q>,
    {
        self.entries().remove(key);
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<K, V>> {
        self.0.lock().expect("nothing panics while it looks something up")
    }
}
