//! How large an environment's tasks are, kept for those who may not ask the cloud: what sleep is worth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::ReconcileError;
use crate::cloud::Document;
use crate::model::{EnvironmentName, ServiceName};
use crate::observe::Snapshot;
use crate::store::Store;

/// The kind of the record that holds them.
const SIZES: &str = "sizes";

/// How large the tasks of an environment are, and its database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sizes {
    /// By service.
    pub services: BTreeMap<ServiceName, TaskSize>,
    /// `db.t4g.small`, if it is known.
    #[serde(default)]
    pub database_class: Option<String>,
}

/// One task.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSize {
    /// vCPUs.
    pub vcpu: f64,
    /// GB of memory.
    pub memory_gb: f64,
}

impl Sizes {
    /// The sizes observed last. A record of another shape counts as none: sizes serve only an estimate of cost.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_seen(store: &dyn Store, environment: &EnvironmentName) -> Result<Self, ReconcileError> {
        let value = store.get_record(environment, SIZES)?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default())
    }

    fn of(snapshot: &Snapshot) -> Self {
        let services = snapshot.services.iter().filter_map(|(name, seen)| {
            let size = task_size(&seen.present()?.definition.document)?;
            Some((name.clone(), size))
        });
        Self { services: services.collect(), database_class: None }
    }
}

/// Saves the observed sizes if they changed.
pub(super) fn keep(
    store: &dyn Store,
    environment: &EnvironmentName,
    snapshot: &Snapshot,
) -> Result<(), ReconcileError> {
    let sizes = Sizes::of(snapshot);
    if Sizes::last_seen(store, environment)? != sizes {
        let value = serde_json::to_value(&sizes).expect("numbers and names always become JSON");
        store.put_record(environment, SIZES, Some(&value))?;
    }
    Ok(())
}

/// `cpu` in units of 1/1024 vCPU and `memory` in MiB, as texts: what Fargate is paid by.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size>
fn task_size(document: &Document) -> Option<TaskSize> {
    let number = |key: &str| document.expose().get(key)?.as_str()?.parse::<f64>().ok();
    Some(TaskSize { vcpu: number("cpu")? / 1024.0, memory_gb: number("memory")? / 1024.0 })
}
